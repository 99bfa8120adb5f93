/*
 * forward.c
 *		The route that forwards messages of clients to Slack.
 */
#include <string.h>

#include <aiodal/web_auth.h>

#include "app.h"
#include "auth.h"
#include "json.h"
#include "meter.h"
#include "mrkdwn.h"
#include "slack.h"

#define MAX_BLOCKS (AIODAL_WEB__SLACK_MAX_BLOCKS - 1)

typedef struct forwarder
{
	aiodal_web_forward_options options;
	const aiodal_web_app *app;
	aiodal_web__meter *meter; /* NULL: users may send as much as they like */
	int waiting;              /* atomic */
} forwarder;

/*
 * Answers
 */

static aiodal_status
answer_later(aiodal_web_response *res, int status, const char *detail, int64_t retry_after_s,
			 aiodal_error **err)
{
	aiodal_status done = aiodal_web_response_problem(res, status, detail, err);
	char seconds[30];

	if (done || retry_after_s <= 0)
		return done;
	(void) snprintf(seconds, sizeof(seconds), "%lld", (long long) retry_after_s);
	return aiodal_web_response_set_header(res, "Retry-After", seconds, err);
}

/* What became of the message, as the client is told. */
static aiodal_status
answer_fate(const aiodal_web__fate *fate, aiodal_web_response *res, aiodal_error **err)
{
	char detail[60];

	if (!fate->decided || fate->status / 100 == 2)
	{
		aiodal_web_response_set_status(res, fate->decided ? 204 : 202);
		return AIODAL_OK;
	}
	if (fate->status < 400)
		return aiodal_web_response_problem(res, 502, "Slack could not be reached", err);
	(void) snprintf(detail, sizeof(detail), "Slack answered with status %d", fate->status);
	return answer_later(res, fate->status, detail, fate->retry_after_s, err);
}

/*
 * Messages
 */

static bool
is_one_of(const char *word, const char *const *words)
{
	while (word && *words)
		if (strcmp(word, *words++) == 0)
			return true;
	return false;
}

/* "<!here>", "<@U1>", "<#C1>" become text. NULL when out of memory. */
static json_t *
without_calls(const char *text)
{
	aiodal_web__buf out = AIODAL_WEB__BUF_INIT;
	json_t *value;

	aiodal_web__buf_str(&out, "");
	for (; *text; text++)
		if (text[0] == '<' && text[1] != '\0' && strchr("!@#", text[1]))
			aiodal_web__buf_str(&out, "&lt;");
		else
			aiodal_web__buf_char(&out, *text);
	value = out.oom ? NULL : json_stringn(out.data, out.len);
	aiodal_web__buf_free(&out);
	return value;
}

/* Makes a text object harmless. False when out of memory. */
static bool
tame(json_t *object)
{
	const char *text = aiodal_web__json_string(object, "text");

	return !text || (json_object_set_new(object, "text", without_calls(text)) == 0 &&
					 json_object_set_new(object, "verbatim", json_true()) == 0);
}

/* What is inside a block is of these types too. *oom is only ever set. */
static bool
is_harmless(json_t *value, bool *oom)
{
	static const char *const types[] = {"header",     "section", "divider", "context",
										"plain_text", "mrkdwn",  NULL};
	json_t *type = json_object_get(value, "type");
	const char *name;
	json_t *inner;
	size_t i;

	if (type && !is_one_of(json_string_value(type), types))
		return false;
	json_array_foreach (value, i, inner)
	{
		if (!is_harmless(inner, oom))
			return false;
	}
	json_object_foreach(value, name, inner)
	{
		if (!is_harmless(inner, oom))
			return false;
	}
	if (type && strcmp(json_string_value(type), "mrkdwn") == 0 && !tame(value))
		*oom = true;
	return true;
}

/* True when they are blocks, which are added without the brackets around them. */
static bool
add_blocks(aiodal_web__buf *out, json_t *blocks)
{
	char *dump;
	size_t i;

	if (json_array_size(blocks) == 0 || json_array_size(blocks) > MAX_BLOCKS)
		return false;
	for (i = 0; i < json_array_size(blocks); i++)
		if (!aiodal_web__json_string(json_array_get(blocks, i), "type"))
			return false;
	if (!is_harmless(blocks, &out->oom))
		return false;
	dump = json_dumps(blocks, JSON_COMPACT);
	if (dump)
		aiodal_web__buf_add(out, dump + 1, strlen(dump) - 2);
	else
		out->oom = true;
	free(dump);
	return true;
}

/* A member that is a string or not there. */
static bool
read_string(const char **s, const json_t *message, const char *name)
{
	const json_t *value = json_object_get(message, name);

	*s = json_string_value(value);
	return !value || *s;
}

static bool
add_message(aiodal_web__buf *out, const json_t *message)
{
	json_t *blocks = json_object_get(message, "blocks");
	const char *title;
	const char *text;

	if (!read_string(&title, message, "title") || !read_string(&text, message, "text") ||
		(blocks != NULL) == (title || text))
		return false;
	if (blocks)
		return add_blocks(out, blocks);
	if (title)
		aiodal_web__block_header(out, title);
	if (text)
		aiodal_web__block_text(out, text);
	return true;
}

static void
add_sender(aiodal_web__buf *out, aiodal_web_request *req)
{
	const char *from =
		aiodal_web_request_printf(req, "from %s", aiodal_web_claims_subject(aiodal_web_request_claims(req)));

	if (from)
		aiodal_web__block_context(out, &from, 1);
	else
		out->oom = true;
}

/*
 * The route
 */

/* Whether one more than before may wait; a worker is left for others in any case. */
static bool
may_wait(const forwarder *f, int waiting)
{
	int workers = __atomic_load_n(&f->app->workers, __ATOMIC_RELAXED);

	return waiting <= f->options.max_waiting && (workers == 0 || waiting < workers);
}

/* Waits for the fate, unless others do already. */
static aiodal_status
send_blocks(forwarder *f, const aiodal_web__buf *blocks, aiodal_web_response *res, aiodal_error **err)
{
	bool room = may_wait(f, __atomic_add_fetch(&f->waiting, 1, __ATOMIC_RELAXED));
	aiodal_web__fate fate;
	aiodal_error *why = NULL;
	aiodal_status status = aiodal_web__slack_try(&fate, f->options.slack, blocks->data, blocks->len,
												 room ? f->options.wait_ms : 0, &why);

	(void) __atomic_sub_fetch(&f->waiting, 1, __ATOMIC_RELAXED);
	if (status == AIODAL_EBUSY)
		status = answer_later(res, 503, "too many messages wait", 30, err);
	else if (status)
		return aiodal_web__pass_on(why, status, err);
	else
		status = answer_fate(&fate, res, err);
	aiodal_error_free(why);
	return status;
}

static aiodal_status
forward_message(forwarder *f, aiodal_web_request *req, aiodal_web_response *res, const json_t *message,
				aiodal_error **err)
{
	aiodal_web__buf blocks = AIODAL_WEB__BUF_INIT;
	aiodal_status status;
	bool good;

	aiodal_web__buf_char(&blocks, '[');
	good = add_message(&blocks, message);
	add_sender(&blocks, req);
	aiodal_web__buf_char(&blocks, ']');
	if (!good)
		status = aiodal_web_response_problem(
			res, 422,
			"a message has a title, a text or both; or 1 to 49 blocks: header, section, divider, context",
			err);
	else if (blocks.oom)
		status = aiodal_web__oom(err);
	else
		status = send_blocks(f, &blocks, res, err);
	aiodal_web__buf_free(&blocks);
	return status;
}

/* Whether the user may send one more; answers if not. */
static bool
is_within_limit(const forwarder *f, const aiodal_web_request *req, aiodal_web_response *res,
				aiodal_status *status, aiodal_error **err)
{
	aiodal_web__reading reading;

	*status = AIODAL_OK;
	if (!f->meter)
		return true;
	reading = aiodal_web__meter_count(
		f->meter, aiodal_web__meter_key(0, aiodal_web_claims_subject(aiodal_web_request_claims(req))));
	if (reading.n <= (uint64_t) f->options.per_minute)
		return true;
	*status = answer_later(res, 429, "too many messages from this user", reading.left_ms / 1000 + 1, err);
	return false;
}

static aiodal_status
forward(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	forwarder *f = payload;
	size_t len;
	const char *body = aiodal_web_request_body(req, &len);
	json_t *message;
	aiodal_status status;

	if (!is_within_limit(f, req, res, &status, err))
		return status;
	if (strcmp(aiodal_web_request_content_type(req), "application/json") != 0)
		return aiodal_web_response_problem(res, 415, "a message is application/json", err);
	status = aiodal_web__json_object(&message, body, len, "the message", NULL);
	if (status == AIODAL_EINVAL)
		return aiodal_web_response_problem(res, 400, "the message is not a well-formed JSON object", err);
	if (status)
		return aiodal_web__oom(err);
	status = forward_message(f, req, res, message, err);
	json_decref(message);
	return status;
}

/*
 * Building
 */

static aiodal_status
copy_options(aiodal_web_forward_options *ours, const aiodal_web_forward_options *given, aiodal_error **err)
{
	aiodal_status status =
		aiodal_web__options_copy(ours, sizeof(*ours), given, "the options for forwarding", err);

	if (!status && !ours->slack)
		status = aiodal_web__fail(err, AIODAL_EINVAL, "to forward messages slack is needed");
	if (!status && (ours->per_minute < -1 || ours->wait_ms < 0 || ours->max_waiting < 0))
		status = aiodal_web__fail(err, AIODAL_EINVAL, "a number in the options for forwarding is negative");
	if (status)
		return status;
	ours->max_body = ours->max_body ? ours->max_body : (size_t) 16 * 1024;
	ours->per_minute = ours->per_minute ? ours->per_minute : 10;
	ours->wait_ms = ours->wait_ms ? ours->wait_ms : 3000;
	ours->max_waiting = ours->max_waiting ? ours->max_waiting : 2;
	return AIODAL_OK;
}

static aiodal_status
open_meter(forwarder *f, aiodal_web_app *app, aiodal_error **err)
{
	if (f->options.per_minute < 0)
		return AIODAL_OK;
	f->meter = aiodal_web__meter_new(60000);
	return f->meter ? aiodal_web_app_own(app, f->meter, aiodal_web__meter_free, err) : aiodal_web__oom(err);
}

aiodal_status
aiodal_web_scope_add_forward(aiodal_web_scope *scope, const char *pattern,
							 const aiodal_web_forward_options *options, aiodal_error **err)
{
	aiodal_web_route_options route = AIODAL_WEB_ROUTE_OPTIONS_INIT;
	aiodal_status status = aiodal_web__app_check_open(scope->app, err);
	forwarder *f;

	if (status)
		return status;
	if (aiodal_web__scope_token(scope) != AIODAL_WEB__TOKEN_REQUIRED)
		return aiodal_web__fail(
			err, AIODAL_ESTATE,
			"messages are forwarded for users who are known: authenticate the scope before");
	f = aiodal_web__arena_alloc(&scope->app->arena, sizeof(*f));
	if (!f)
		return aiodal_web__oom(err);
	f->app = scope->app;
	status = copy_options(&f->options, options, err);
	if (!status)
		status = open_meter(f, scope->app, err);
	route.name = "slack_forward";
	route.summary = "Send a message to Slack";
	route.max_body = f->options.max_body;
	return status ? status : aiodal_web_scope_add(scope, "POST", pattern, forward, f, &route, err);
}
