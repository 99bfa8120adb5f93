/*
 * report.c
 *		What a report of an error says, and what it keeps to itself.
 */
#include <string.h>

#include <aiodal/web_auth.h>
#include <libpq-fe.h>

#include "mrkdwn.h"
#include "notify.h"
#include "redact.h"
#include "slack.h"

/* A block of lines being written. */
typedef struct lines
{
	aiodal_web__buf text;
	const char *secrets;
} lines;

/* "label: value", redacted; nothing when there is no value. */
static void
add_line(lines *l, const char *label, const char *value)
{
	if (!value || !*value)
		return;
	if (l->text.len > 0)
		aiodal_web__buf_char(&l->text, '\n');
	aiodal_web__buf_printf(&l->text, "%s: ", label);
	aiodal_web__redact_text(&l->text, value, strlen(value), l->secrets);
}

static void
end_lines(aiodal_web__buf *blocks, lines *l)
{
	if (l->text.oom)
		blocks->oom = true;
	else if (l->text.len > 0)
		aiodal_web__block_code(blocks, l->text.data, l->text.len);
	aiodal_web__buf_free(&l->text);
}

/*
 * The request
 */

/* The path, without values of parameters of the route that are secrets. */
static void
add_path(aiodal_web__buf *url, const aiodal_web_request *req, const char *secrets)
{
	const aiodal_web_route *route = aiodal_web_request_route(req);
	const char *pattern = route ? aiodal_web_route_pattern(route) : "";
	const char *path = aiodal_web_request_path(req);

	while (*path)
	{
		size_t n = strcspn(path + 1, "/") + 1;
		size_t m = *pattern ? strcspn(pattern + 1, "/") + 1 : 0;

		if (m > 2 && pattern[1] == '{' && aiodal_web__is_secret_name(pattern + 2, m - 3, secrets))
			aiodal_web__buf_str(url, "/[redacted]");
		else
			aiodal_web__redact_text(url, path, n, secrets);
		path += n;
		pattern += m;
	}
}

static void
add_url(lines *l, const aiodal_web_request *req)
{
	const char *query = aiodal_web_request_query_string(req);

	aiodal_web__buf_printf(&l->text, "%s ", aiodal_web_request_method(req));
	add_path(&l->text, req, l->secrets);
	if (*query)
		aiodal_web__buf_char(&l->text, '?');
	aiodal_web__redact_pairs(&l->text, query, strlen(query), l->secrets);
}

static const char *
user_of(const aiodal_web__notifier *by, const aiodal_web_request *req)
{
	const aiodal_web_claims *claims;

	if (by->options.user)
		return by->options.user(req, by->options.user_payload);
	claims = aiodal_web_request_claims(req);
	return claims ? aiodal_web_claims_subject(claims) : NULL;
}

/*
 * The error
 */

/* Data exceptions quote the datum at the end: 'invalid input syntax for type integer: "..."'. */
static size_t
length_of_message(const aiodal_error *error, const char *message)
{
	const char *sqlstate = aiodal_error_sqlstate(error);
	const char *datum = sqlstate && strncmp(sqlstate, "22", 2) == 0 ? strstr(message, ": \"") : NULL;

	return datum ? (size_t) (datum - message) : strlen(message);
}

static void
add_error(lines *l, const aiodal_error *error)
{
	const char *message = aiodal_error_message(error);

	if (!error)
		return;
	aiodal_web__buf_str(&l->text, l->text.len > 0 ? "\nerror: " : "error: ");
	aiodal_web__redact_text(&l->text, message, length_of_message(error, message), l->secrets);
	add_line(l, "sqlstate", aiodal_error_sqlstate(error));
	add_line(l, "status", aiodal_status_name(aiodal_error_status(error)));
	add_line(l, "schema", aiodal_error_field(error, PG_DIAG_SCHEMA_NAME));
	add_line(l, "table", aiodal_error_field(error, PG_DIAG_TABLE_NAME));
	add_line(l, "column", aiodal_error_field(error, PG_DIAG_COLUMN_NAME));
	add_line(l, "constraint", aiodal_error_field(error, PG_DIAG_CONSTRAINT_NAME));
}

/*
 * Lines of a context that say where the server was. Others quote statements and data: of those that begin
 * with COPY the beginning is kept, the rest goes; of another language than English they all go.
 */
static size_t
span_harmless(const char *line, size_t len)
{
	static const char *const beginnings[] = {"PL/", "SQL function "};
	const char *datum;
	size_t i;

	for (i = 0; i < 2; i++)
		if (strncmp(line, beginnings[i], strlen(beginnings[i])) == 0)
			return len;
	if (strncmp(line, "COPY ", 5) != 0)
		return 0;
	datum = memmem(line, len, ": ", 2);
	return datum ? (size_t) (datum - line) : len;
}

static void
add_backtrace(lines *l, const aiodal_error *error)
{
	const char *line = aiodal_error_field(error, PG_DIAG_CONTEXT);
	const char *file = aiodal_error_field(error, PG_DIAG_SOURCE_FILE);

	while (line && *line)
	{
		size_t len = strcspn(line, "\n");
		size_t n = span_harmless(line, len);

		if (n > 0)
		{
			aiodal_web__redact_text(&l->text, line, n, l->secrets);
			aiodal_web__buf_char(&l->text, '\n');
		}
		line += len + (line[len] == '\n');
	}
	if (file)
		aiodal_web__buf_printf(&l->text, "%s, %s:%s", aiodal_error_field(error, PG_DIAG_SOURCE_FUNCTION),
							   file, aiodal_error_field(error, PG_DIAG_SOURCE_LINE));
}

/*
 * All of it
 */

/* "books: 500 in production: GET /v1/books/{id}" */
static void
add_title(aiodal_web__buf *blocks, const aiodal_web__notifier *by, const aiodal_web__incident *in)
{
	const aiodal_web_route *route = aiodal_web_request_route(in->req);
	aiodal_web__buf title = AIODAL_WEB__BUF_INIT;

	if (by->options.service)
		aiodal_web__buf_printf(&title, "%s: ", by->options.service);
	aiodal_web__buf_printf(&title, "%d in %s: %s %s", in->status, by->options.environment,
						   aiodal_web_request_method(in->req),
						   route ? aiodal_web_route_pattern(route) : "(no route)");
	if (title.oom)
		blocks->oom = true;
	else
		aiodal_web__block_header(blocks, title.data);
	aiodal_web__buf_free(&title);
}

static void
add_facts(aiodal_web__buf *blocks, const aiodal_web__notifier *by, const aiodal_web__incident *in)
{
	lines l = {AIODAL_WEB__BUF_INIT, by->options.secrets};

	add_url(&l, in->req);
	add_error(&l, in->error);
	add_line(&l, "user", user_of(by, in->req));
	add_line(&l, "client", aiodal_web_request_remote(in->req));
	add_line(&l, "request id", aiodal_web_request_id(in->req));
	add_line(&l, "environment", by->options.environment);
	if (in->before > 0)
		aiodal_web__buf_printf(&l.text, "\n%llu more of this kind were not reported",
							   (unsigned long long) in->before);
	end_lines(blocks, &l);
}

static void
add_body(aiodal_web__buf *blocks, const aiodal_web__notifier *by, const aiodal_web_request *req)
{
	lines l = {AIODAL_WEB__BUF_INIT, by->options.secrets};
	size_t len;
	const char *body = aiodal_web_request_body(req, &len);

	if (len == 0 || by->options.max_body < 0)
		return;
	aiodal_web__redact_body(&l.text, aiodal_web_request_content_type(req), body, len,
							(size_t) by->options.max_body, l.secrets);
	end_lines(blocks, &l);
}

void
aiodal_web__report(aiodal_web__buf *blocks, const aiodal_web__notifier *by, const aiodal_web__incident *in)
{
	lines backtrace = {AIODAL_WEB__BUF_INIT, by->options.secrets};

	aiodal_web__buf_char(blocks, '[');
	add_title(blocks, by, in);
	add_facts(blocks, by, in);
	add_body(blocks, by, in->req);
	add_backtrace(&backtrace, in->error);
	end_lines(blocks, &backtrace);
	aiodal_web__buf_char(blocks, ']');
}

aiodal_status
aiodal_web_slack_send_error(aiodal_web_slack *slack, const char *title, const char *text,
							const aiodal_error *error, aiodal_error **err)
{
	aiodal_web__buf blocks = AIODAL_WEB__BUF_INIT;
	lines facts = {AIODAL_WEB__BUF_INIT, NULL};
	lines backtrace = {AIODAL_WEB__BUF_INIT, NULL};
	aiodal_status status;

	aiodal_web__buf_char(&blocks, '[');
	aiodal_web__block_header(&blocks, title);
	if (text)
		aiodal_web__redact_text(&facts.text, text, strlen(text), NULL);
	add_error(&facts, error);
	end_lines(&blocks, &facts);
	add_backtrace(&backtrace, error);
	end_lines(&blocks, &backtrace);
	aiodal_web__buf_char(&blocks, ']');
	status = blocks.oom ? aiodal_web__oom(err) : aiodal_web__slack_push(slack, blocks.data, blocks.len, err);
	aiodal_web__buf_free(&blocks);
	return status;
}
