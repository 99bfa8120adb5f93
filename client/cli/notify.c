/*
 * notify.c
 *		Telling a Slack channel what came of a job, by libaiodal_web where that was built.
 */
#include "notify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "memory.h"
#include "report.h"

#ifdef HAVE_AIODAL_WEB

#include <aiodal/error.h>
#include <aiodal/web_slack.h>

/* for a job that is done anyway, and whose next step may wait for it */
#define TRY_MS      5000
#define ATTEMPTS    4
#define BACKOFF_MS  500
#define PATIENCE_MS 20000

struct cli_channel
{
	aiodal_web_slack *slack;
};

/* The first line of a file that nobody else may read. To be freed. */
static char *
read_secret(const cli_command *command, const char *path)
{
	FILE *file = fopen(path, "r");
	struct stat is;
	char *line = NULL;
	size_t size = 0;

	if (!file || fstat(fileno(file), &is) != 0)
		cli_usage_error(command, NULL, "could not read the webhook's URL from \"%s\": %s", path,
						strerror(errno));
	if (S_ISREG(is.st_mode) && (is.st_mode & (S_IRWXG | S_IRWXO)))
		cli_usage_error(command, "The URL is a secret: chmod 600 the file.",
						"others may read the webhook's URL in \"%s\"", path);
	if (getline(&line, &size, file) > 0)
		line[strcspn(line, "\r\n")] = '\0';
	(void) fclose(file);
	return line;
}

static char *
find_secret(const cli_command *command, const char *where)
{
	const char *value;
	char *secret;

	if (strstr(where, "://"))
		cli_usage_error(
			command,
			"It is a secret, and arguments are seen by everybody on this machine. Name the environment "
			"variable, or the file, that has it.",
			"--notify does not take the webhook's URL itself");
	if (strchr(where, '/'))
		secret = read_secret(command, where);
	else
		secret = (value = getenv(where)) ? cli_strdup(value) : NULL;
	if (!secret || !*secret)
		cli_usage_error(command,
						"Put the URL of the Slack webhook there. A file is named with a \"/\": ./webhook",
						"--notify: there is nothing in \"%s\"", where);
	return secret;
}

cli_channel *
cli_channel_open(const cli_command *command, const char *where)
{
	aiodal_web_slack_options options = AIODAL_WEB_SLACK_OPTIONS_INIT;
	cli_channel *channel;
	aiodal_error *err = NULL;
	char *secret;

	if (!where)
		return NULL;
	secret = find_secret(command, where);
	channel = cli_realloc(NULL, 1, sizeof(*channel));
	options.timeout_ms = TRY_MS;
	options.max_attempts = ATTEMPTS;
	options.backoff_ms = BACKOFF_MS;
	options.drain_ms = -1;
	if (aiodal_web_slack_open(&channel->slack, secret, &options, &err) < 0)
		cli_usage_error(command, NULL, "--notify: %s", aiodal_error_message(err));
	explicit_bzero(secret, strlen(secret));
	free(secret);
	return channel;
}

static void
warn(const char *why)
{
	(void) fprintf(stderr, "aiodal: warning: Slack was not told: %s\n", why);
}

void
cli_channel_tell(cli_channel *channel, const char *title, const char *facts, const aiodal_error *error)
{
	aiodal_web_slack_stats stats = {.size = sizeof(stats)};
	aiodal_error *err = NULL;

	if (!channel)
		return;
	if (aiodal_web_slack_send_error(channel->slack, title, facts, error, &err) < 0)
	{
		warn(aiodal_error_message(err));
		aiodal_error_free(err);
		return;
	}
	if (aiodal_web_slack_flush(channel->slack, PATIENCE_MS, &err) < 0)
		aiodal_error_free(err);
	aiodal_web_slack_get_stats(channel->slack, &stats);
	if (stats.sent == 0)
		warn(*stats.last_error ? stats.last_error : "there was no answer in time");
}

void
cli_channel_close(cli_channel *channel)
{
	if (channel)
		aiodal_web_slack_close(channel->slack);
	free(channel);
}

#else

cli_channel *
cli_channel_open(const cli_command *command, const char *where)
{
	if (where)
		cli_usage_error(command, NULL, "--notify: this aiodal was built without libaiodal_web");
	return NULL;
}

void
cli_channel_tell(cli_channel *channel, const char *title, const char *facts, const aiodal_error *error)
{
	(void) channel;
	(void) title;
	(void) facts;
	(void) error;
}

void
cli_channel_close(cli_channel *channel)
{
	(void) channel;
}

#endif
