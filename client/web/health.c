/*
 * health.c
 *		Whether the service lives, and whether it should be sent requests.
 */
#include <pthread.h>

#include <aiodal/db.h>
#include <aiodal/web_server.h>

#include "app.h"
#include "clock.h"

/* What the db said last, so that whoever asks often costs no connection. */
typedef struct readiness
{
	pthread_mutex_t lock; /* also keeps the others waiting while one asks */
	int64_t asked;        /* when; 0: never */
	bool ready;
} readiness;

#define ASK_EVERY_MS 1000

static aiodal_status
health(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	(void) req;
	(void) payload;
	return aiodal_web_response_json(res, 200, "{\"status\":\"ok\"}", err);
}

static bool
db_answers(readiness *r, aiodal_db *db)
{
	bool ready;

	(void) pthread_mutex_lock(&r->lock);
	if (r->asked == 0 || aiodal_web__now() - r->asked >= ASK_EVERY_MS)
	{
		r->ready = aiodal_db_ping(db, NULL) == AIODAL_OK;
		r->asked = aiodal_web__now();
	}
	ready = r->ready;
	(void) pthread_mutex_unlock(&r->lock);
	return ready;
}

static aiodal_status
ready(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	aiodal_web_app *app = aiodal_web_request_app(req);

	if (__atomic_load_n(&app->draining, __ATOMIC_RELAXED))
		return aiodal_web_response_json(res, 503, "{\"status\":\"draining\"}", err);
	if (app->db && !db_answers(payload, app->db))
		return aiodal_web_response_json(res, 503, "{\"status\":\"no database\"}", err);
	return aiodal_web_response_json(res, 200, "{\"status\":\"ready\"}", err);
}

aiodal_status
aiodal_web_scope_add_health(aiodal_web_scope *scope, const char *pattern, aiodal_error **err)
{
	aiodal_web_route_options options = AIODAL_WEB_ROUTE_OPTIONS_INIT;

	options.name = "health";
	options.summary = "Whether the service lives";
	return aiodal_web_scope_add(scope, "GET", pattern, health, NULL, &options, err);
}

static void
free_readiness(void *payload)
{
	readiness *r = payload;

	(void) pthread_mutex_destroy(&r->lock);
	aiodal_web__free(r);
}

aiodal_status
aiodal_web_scope_add_ready(aiodal_web_scope *scope, const char *pattern, aiodal_error **err)
{
	aiodal_web_route_options options = AIODAL_WEB_ROUTE_OPTIONS_INIT;
	readiness *r = aiodal_web__calloc(1, sizeof(*r));
	aiodal_status status;

	if (!r)
		return aiodal_web__oom(err);
	(void) pthread_mutex_init(&r->lock, NULL);
	options.name = "ready";
	options.summary = "Whether the service should be sent requests";
	status = aiodal_web_app_own(scope->app, r, free_readiness, err);
	return status ? status : aiodal_web_scope_add(scope, "GET", pattern, ready, r, &options, err);
}
