/*
 * resource_write.c
 *		Create, replace, update and delete.
 *
 * Design notes. Optimistic locking is a row lock at the last moment: the row is locked, read as it is then,
 * its tag compared with what the client knows, and written in the same transaction. Who comes second waits
 * for the lock, reads what the first has written, and its tag matches no more. Whether a row may be written
 * is asked of visible twice: of the row before, and of the row after.
 */
#include <string.h>

#include "app.h"
#include "request.h"
#include "resource.h"
#include "route.h"
#include "text.h"

/* What one request writes. */
typedef struct write
{
	aiodal_web_request *req;
	aiodal_web_response *res;
	aiodal_tx *tx;
	const aiodal_web_resource *resource;
	aiodal_web_action action;
	const bool *given;
} write;

/* The response says why the request is not served. */
static bool
refused(const write *w)
{
	return aiodal_web_response_status(w->res) >= 400;
}

/*
 * Preconditions
 */

/* Before the database is asked for anything. */
static aiodal_status
check_header(write *w, aiodal_error **err)
{
	switch (aiodal_web__etag_match(w->req, "If-Match", "", false))
	{
		case AIODAL_WEB__MATCH_BAD:
			return aiodal_web_response_problem(w->res, 400,
											   "If-Match is neither \"*\" nor a list of quoted tags", err);
		case AIODAL_WEB__MATCH_ABSENT:
			if (w->resource->options.unconditional)
				return AIODAL_OK;
			return aiodal_web_response_problem(w->res, 428, "If-Match with the ETag of the row is required",
											   err);
		default: return AIODAL_OK;
	}
}

/* Locks the row and compares it with what the client knows. */
static aiodal_status
check_row(write *w, const char *const *key, aiodal_error **err)
{
	aiodal_result *rows;
	aiodal_web__etag etag;
	int refuse;
	aiodal_status status = aiodal_web__resource_find(&rows, w->req, w->tx, w->resource, key, true, err);

	if (status)
		return status;
	refuse = aiodal_web__resource_missing(rows);
	if (!refuse && !aiodal_web__resource_etag(etag, rows))
		status = aiodal_web__oom(err);
	else if (!refuse && aiodal_web__etag_match(w->req, "If-Match", etag, false) == AIODAL_WEB__MATCH_NONE)
		refuse = 412;
	if (refuse)
		status = aiodal_web_response_problem(w->res, refuse, NULL, err);
	aiodal_result_free(rows);
	return status;
}

/*
 * The statement
 */

static const char *
by_hand(const write *w)
{
	switch (w->action)
	{
		case AIODAL_WEB_CREATE: return w->resource->options.create;
		case AIODAL_WEB_REPLACE: return w->resource->options.replace;
		case AIODAL_WEB_UPDATE: return w->resource->options.update;
		default: return w->resource->options.remove;
	}
}

static void
derive(const write *w, aiodal_web__buf *sql)
{
	if (w->action == AIODAL_WEB_CREATE)
		aiodal_web__resource_insert(sql, w->resource, w->given);
	else if (w->action == AIODAL_WEB_DELETE)
		aiodal_web__resource_remove(sql, w->resource);
	else
		aiodal_web__resource_set(sql, w->resource, w->given, w->action == AIODAL_WEB_REPLACE);
}

static aiodal_status
add_values(const write *w, aiodal_web__statement *s, aiodal_error **err)
{
	size_t n = w->resource->options.n_values;
	const char **values = aiodal_web_request_alloc(w->req, (n + 1) * sizeof(*values));
	aiodal_status status;
	size_t i;

	if (!values)
		return aiodal_web__oom(err);
	if (n == 0)
		return AIODAL_OK;
	status = w->resource->options.values(w->req, values, w->resource->options.payload, err);
	for (i = 0; i < n && !status; i++)
		aiodal_web__statement_value(s, values[i], NULL);
	return status;
}

/* Parameters that no text refers to have no type. */
static void
drop_unused(aiodal_web__statement *s)
{
	size_t highest = s->sql.data ? aiodal_web__sql_parameters(s->sql.data) : 0;

	if (s->n > highest)
		s->n = highest;
}

static aiodal_status
exec(write *w, aiodal_result **rows, const char *const *key, aiodal_error **err)
{
	aiodal_web__statement s = AIODAL_WEB__STATEMENT_INIT;
	const char *sql = by_hand(w);
	aiodal_status status = AIODAL_OK;
	size_t i;

	if (sql)
		aiodal_web__buf_str(&s.sql, sql);
	else
		derive(w, &s.sql);
	if (w->action != AIODAL_WEB_DELETE)
		aiodal_web__statement_value(&s, aiodal_web_request_body(w->req, NULL), NULL);
	for (i = 0; key && i < w->resource->n_key; i++)
		aiodal_web__statement_value(&s, key[i], NULL);
	if (sql)
		status = add_values(w, &s, err);
	drop_unused(&s);
	if (!status)
		status = aiodal_web__statement_exec(rows, w->tx, &s, err);
	aiodal_web__statement_free(&s);
	return status;
}

/* One that wrote nothing was kept from it: by a rule, a policy or a condition of its own. */
static aiodal_status
write_row(write *w, aiodal_result **rows, const char *const *key, aiodal_error **err)
{
	aiodal_status status = exec(w, rows, key, err);

	if (!status && aiodal_result_affected(*rows) == 0)
		return aiodal_web_response_problem(w->res, 403, NULL, err);
	return status;
}

/*
 * The answer
 */

/* Sends the row as it is now. */
static aiodal_status
send_written(write *w, const char *const *key, aiodal_error **err)
{
	aiodal_result *rows;
	aiodal_status status = aiodal_web__resource_find(&rows, w->req, w->tx, w->resource, key, false, err);

	if (status)
		return status;
	if (aiodal_result_rows(rows) == 1)
		return aiodal_web__resource_send(w->res, rows, err);
	aiodal_result_free(rows);
	return aiodal_web_response_problem(w->res, 403, NULL, err);
}

static void
add_segment(aiodal_web__buf *path, const char *value)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *value; value++)
		if (strchr(plain, *value))
			aiodal_web__buf_char(path, *value);
		else
			aiodal_web__buf_printf(path, "%%%02X", (unsigned char) *value);
}

/* The item's path with the request's own parameters, and then the key. */
static aiodal_status
set_location(write *w, const char *const *key, aiodal_error **err)
{
	aiodal_web__buf path = AIODAL_WEB__BUF_INIT;
	const char *p = w->resource->item_pattern;
	size_t n = 0;
	aiodal_status status;

	while (*p)
	{
		size_t len = strcspn(p, "{");

		aiodal_web__buf_add(&path, p, len);
		p += len;
		if (!*p)
			break;
		add_segment(&path,
					n < w->req->route->n_params ? w->req->params[n] : key[n - w->req->route->n_params]);
		n++;
		p += strcspn(p, "}") + 1;
	}
	status =
		path.oom ? aiodal_web__oom(err) : aiodal_web_response_set_header(w->res, "Location", path.data, err);
	aiodal_web__buf_free(&path);
	return status;
}

/* A key that is NULL is a row that a statement by hand did not mean to show. */
static const char **
returned_key(const write *w, const aiodal_result *rows)
{
	const char **key = aiodal_web_request_alloc(w->req, (w->resource->n_key + 1) * sizeof(*key));
	size_t i;

	for (i = 0; key && i < w->resource->n_key; i++)
	{
		const char *value = aiodal_result_value(rows, 0, (int) i);

		key[i] = value ? aiodal_web_request_printf(w->req, "%s", value) : NULL;
		if (!key[i])
			return NULL;
	}
	return key;
}

static aiodal_status
answer_created(write *w, const aiodal_result *rows, aiodal_error **err)
{
	const char **key = returned_key(w, rows);
	aiodal_status status;

	if (!key)
		return aiodal_web__fail(err, AIODAL_EINVAL, "the statement that creates returned no key");
	status = send_written(w, key, err);
	if (status || refused(w))
		return status;
	aiodal_web_response_set_status(w->res, 201);
	return set_location(w, key, err);
}

/*
 * Handlers
 */

static aiodal_status
create(write *w, aiodal_error **err)
{
	aiodal_result *rows = NULL;
	aiodal_status status =
		aiodal_web__resource_read_body(&w->given, w->req, w->res, w->resource, w->action, err);

	if (!status && !refused(w))
		status = write_row(w, &rows, NULL, err);
	if (!status && !refused(w))
		status = answer_created(w, rows, err);
	aiodal_result_free(rows);
	return status;
}

static bool
changes_nothing(const write *w)
{
	size_t i;

	for (i = 0; i < w->resource->n_inputs; i++)
		if (w->given[i])
			return false;
	return w->action == AIODAL_WEB_UPDATE;
}

static aiodal_status
change(write *w, aiodal_error **err)
{
	const char **key = aiodal_web__resource_path_key(w->req, w->resource);
	aiodal_result *rows = NULL;
	aiodal_status status = check_header(w, err);

	if (!status && !refused(w))
		status = aiodal_web__resource_read_body(&w->given, w->req, w->res, w->resource, w->action, err);
	if (!status && !refused(w))
		status = check_row(w, key, err);
	if (!status && !refused(w) && !changes_nothing(w))
		status = write_row(w, &rows, key, err);
	if (!status && !refused(w))
		status = send_written(w, key, err);
	aiodal_result_free(rows);
	return status;
}

static aiodal_status delete (write *w, aiodal_error **err)
{
	const char **key = aiodal_web__resource_path_key(w->req, w->resource);
	aiodal_result *rows = NULL;
	aiodal_status status = check_header(w, err);

	if (!status && !refused(w))
		status = check_row(w, key, err);
	if (!status && !refused(w))
		status = write_row(w, &rows, key, err);
	if (!status && !refused(w))
		aiodal_web_response_set_status(w->res, 204);
	aiodal_result_free(rows);
	return status;
}

static aiodal_status
run(write *w, aiodal_status (*act)(write *, aiodal_error **), aiodal_error **err)
{
	aiodal_status status = aiodal_web__resource_allow(w->req, w->res, w->resource, w->action, err);

	return status || refused(w) ? status : act(w, err);
}

aiodal_status
aiodal_web__resource_create(aiodal_web_request *req, aiodal_web_response *res, aiodal_tx *tx, void *payload,
							aiodal_error **err)
{
	write w = {req, res, tx, payload, AIODAL_WEB_CREATE, NULL};

	return run(&w, create, err);
}

aiodal_status
aiodal_web__resource_replace(aiodal_web_request *req, aiodal_web_response *res, aiodal_tx *tx, void *payload,
							 aiodal_error **err)
{
	write w = {req, res, tx, payload, AIODAL_WEB_REPLACE, NULL};

	return run(&w, change, err);
}

aiodal_status
aiodal_web__resource_update(aiodal_web_request *req, aiodal_web_response *res, aiodal_tx *tx, void *payload,
							aiodal_error **err)
{
	write w = {req, res, tx, payload, AIODAL_WEB_UPDATE, NULL};

	return run(&w, change, err);
}

aiodal_status
aiodal_web__resource_delete(aiodal_web_request *req, aiodal_web_response *res, aiodal_tx *tx, void *payload,
							aiodal_error **err)
{
	write w = {req, res, tx, payload, AIODAL_WEB_DELETE, NULL};

	return run(&w, delete, err);
}
