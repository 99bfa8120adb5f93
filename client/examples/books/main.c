/*
 * main.c
 *		The program: settings from the environment, the server, and its end.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <aiodal/aiodal.h>

#include "books.h"

#define WORKERS 10

/* All that a running service has. */
typedef struct service
{
	aiodal_db *db;
	aiodal_web_keys *keys;
	aiodal_web_slack *slack; /* NULL: there is no webhook */
	aiodal_web_app *app;
	aiodal_web_server *server;
} service;

static const char *
setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

static aiodal_status
open_db(aiodal_db **db, aiodal_error **err)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	options.application_name = "books";
	options.pool_size = WORKERS;
	/* longer than that nobody waits for a page */
	options.acquire_timeout_ms = 3000;
	return aiodal_db_open(db, "", &options, err);
}

static int
number(const char *name)
{
	return (int) strtol(setting(name, "0"), NULL, 10);
}

static aiodal_status
open_keys(aiodal_web_keys **keys, const char *issuer, aiodal_error **err)
{
	aiodal_web_keys_options options = AIODAL_WEB_KEYS_OPTIONS_INIT;

	options.ttl_s = number("BOOKS_KEYS_TTL");
	return aiodal_web_keys_discover(keys, issuer, &options, err);
}

static aiodal_status
start_server(service *s, aiodal_error **err)
{
	aiodal_web_server_options options = AIODAL_WEB_SERVER_OPTIONS_INIT;

	options.address = setting("BOOKS_ADDRESS", "127.0.0.1");
	options.port = number("BOOKS_PORT");
	options.workers = WORKERS;
	return aiodal_web_server_start(&s->server, s->app, &options, err);
}

/* What needs something is started after it. */
static aiodal_status
start(service *s, aiodal_error **err)
{
	const char *webhook = setting("BOOKS_SLACK_WEBHOOK", NULL);
	books_settings settings = {.log = true};
	aiodal_status status;

	settings.issuer = setting("BOOKS_ISSUER", "");
	settings.audience = setting("BOOKS_AUDIENCE", "");
	settings.environment = setting("BOOKS_ENVIRONMENT", "production");
	status = open_db(&s->db, err);
	if (!status)
		status = open_keys(&s->keys, settings.issuer, err);
	if (!status && webhook)
		status = aiodal_web_slack_open(&s->slack, webhook, NULL, err);
	if (status)
		return status;
	settings.db = s->db;
	settings.keys = s->keys;
	settings.slack = s->slack;
	status = books_app_new(&s->app, &settings, err);
	return status ? status : start_server(s, err);
}

static void
stop(service *s)
{
	aiodal_web_server_stop(s->server, 10000);
	aiodal_web_app_free(s->app);
	aiodal_web_slack_close(s->slack);
	aiodal_web_keys_free(s->keys);
	aiodal_db_close(s->db);
}

static int
complain(const aiodal_error *err)
{
	char text[4000];

	(void) aiodal_error_describe(err, text, sizeof(text));
	(void) fprintf(stderr, "books: %s\n", text);
	return EXIT_FAILURE;
}

int
main(void)
{
	service s = {NULL, NULL, NULL, NULL, NULL};
	aiodal_error *err = NULL;
	sigset_t signals;
	int got;
	int status = EXIT_SUCCESS;

	/* before there are threads, so that none of them takes one */
	(void) sigemptyset(&signals);
	(void) sigaddset(&signals, SIGINT);
	(void) sigaddset(&signals, SIGTERM);
	(void) pthread_sigmask(SIG_BLOCK, &signals, NULL);

	if (start(&s, &err))
		status = complain(err);
	else
	{
		(void) printf("http://%s:%d\n", setting("BOOKS_ADDRESS", "127.0.0.1"),
					  aiodal_web_server_port(s.server));
		(void) fflush(stdout);
		(void) sigwait(&signals, &got);
	}
	aiodal_error_free(err);
	stop(&s);
	return status;
}
