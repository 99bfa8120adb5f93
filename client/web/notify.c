/*
 * notify.c
 *		Middleware that reports errors to Slack.
 */
#include "notify.h"

#include <string.h>

#include "app.h"
#include "response.h"
#include "slack.h"

/* Errors of the same kind at the same place have the same key. */
static uint64_t
key_of(const aiodal_web__incident *in)
{
	const aiodal_web_route *route = aiodal_web_request_route(in->req);
	const char *sqlstate = aiodal_error_sqlstate(in->error);
	uint64_t key = aiodal_web__meter_key(0, aiodal_web_request_method(in->req));

	key = aiodal_web__meter_key(key, route ? aiodal_web_route_pattern(route) : "");
	key = aiodal_web__meter_key(key, sqlstate ? sqlstate : "");
	return key * 1000003 + (uint64_t) in->status * 1009 - (uint64_t) aiodal_error_status(in->error);
}

/* Whether it is to be reported; counts it. */
static bool
is_news(const aiodal_web__notifier *by, aiodal_web__incident *in)
{
	aiodal_web__reading reading;

	if (!by->meter)
		return true;
	reading = aiodal_web__meter_count(by->meter, key_of(in));
	in->before = reading.before > 0 ? reading.before - 1 : 0;
	return reading.n == 1;
}

/* What cannot be reported for want of memory or room in the queue is not: the request comes first. */
static void
report(const aiodal_web__notifier *by, aiodal_web__incident *in)
{
	aiodal_web__buf blocks = AIODAL_WEB__BUF_INIT;

	if (!is_news(by, in))
		return;
	aiodal_web__report(&blocks, by, in);
	if (!blocks.oom)
		(void) aiodal_web__slack_push(by->options.slack, blocks.data, blocks.len, NULL);
	aiodal_web__buf_free(&blocks);
}

static aiodal_status
notify(aiodal_web_request *req, aiodal_web_response *res, const aiodal_web_next *next, void *payload,
	   aiodal_error **err)
{
	aiodal_web__incident in = {req, 0, NULL, 0};
	aiodal_error *error = NULL;
	aiodal_status status = aiodal_web_next_run(next, req, res, &error);

	in.status = !status ? res->status : req->no_connection ? 503 : 500;
	in.error = status ? error : req->answered;
	if (in.status >= 500)
		report(payload, &in);
	return aiodal_web__pass_on(error, status, err);
}

/*
 * Building
 */

static bool
has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	while (*(words += strspn(words, " ")))
	{
		size_t n = strcspn(words, " ");

		if (n == len && memcmp(words, word, n) == 0)
			return true;
		words += n;
	}
	return false;
}

/* False when out of memory. */
static bool
keep(aiodal_web_app *app, const char **s)
{
	if (*s)
		*s = aiodal_web__arena_copy(&app->arena, *s, strlen(*s));
	return *s != NULL;
}

static aiodal_status
copy_options(aiodal_web_notify_options *ours, aiodal_web_app *app, const aiodal_web_notify_options *given,
			 aiodal_error **err)
{
	aiodal_status status =
		aiodal_web__options_copy(ours, sizeof(*ours), given, "the options for reports", err);

	if (status)
		return status;
	if (!ours->slack || !ours->environment || !*ours->environment)
		return aiodal_web__fail(err, AIODAL_EINVAL, "to report errors slack and environment are needed");
	if (ours->max_body < -1 || ours->quiet_s < -1)
		return aiodal_web__fail(err, AIODAL_EINVAL, "a number in the options for reports is negative");
	ours->max_body = ours->max_body ? ours->max_body : 1024;
	ours->quiet_s = ours->quiet_s ? ours->quiet_s : 60;
	if (!keep(app, &ours->environment) || (ours->service && !keep(app, &ours->service)) ||
		(ours->secrets && !keep(app, &ours->secrets)))
		return aiodal_web__oom(err);
	return AIODAL_OK;
}

static aiodal_status
open_meter(aiodal_web__notifier *by, aiodal_web_app *app, aiodal_error **err)
{
	if (by->options.quiet_s < 0)
		return AIODAL_OK;
	by->meter = aiodal_web__meter_new((int64_t) by->options.quiet_s * 1000);
	return by->meter ? aiodal_web_app_own(app, by->meter, aiodal_web__meter_free, err) : aiodal_web__oom(err);
}

aiodal_status
aiodal_web_scope_notify(aiodal_web_scope *scope, const aiodal_web_notify_options *options, aiodal_error **err)
{
	aiodal_status status = aiodal_web__app_check_open(scope->app, err);
	aiodal_web__notifier *by;

	if (status)
		return status;
	by = aiodal_web__arena_alloc(&scope->app->arena, sizeof(*by));
	if (!by)
		return aiodal_web__oom(err);
	status = copy_options(&by->options, scope->app, options, err);
	if (status || (by->options.environments && !has_word(by->options.environments, by->options.environment)))
		return status;
	status = open_meter(by, scope->app, err);
	return status ? status : aiodal_web_scope_use(scope, notify, by, err);
}
