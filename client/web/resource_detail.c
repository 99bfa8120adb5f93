/*
 * resource_detail.c
 *		One row by its key.
 */
#include <string.h>

#include "request.h"
#include "resource.h"
#include "route.h"

const char **
aiodal_web__resource_path_key(aiodal_web_request *req, const aiodal_web_resource *resource)
{
	const char **key = aiodal_web_request_alloc(req, (resource->n_key + 1) * sizeof(*key));
	/* it stands last in the path */
	size_t first = req->route->n_params - resource->n_key;
	size_t i;

	for (i = 0; key && i < resource->n_key; i++)
		key[i] = req->params[first + i];
	return key;
}

/* What cannot be a key of this type is a key of no row. */
static aiodal_status
exec_by_key(aiodal_result **rows, aiodal_tx *tx, aiodal_web__statement *s,
			const aiodal_web_resource *resource, const char *const *key, aiodal_error **err)
{
	aiodal_error *cause = NULL;
	aiodal_status status;
	size_t i;

	for (i = 0; i < resource->n_key; i++)
		aiodal_web__statement_value(s, key[i], "");
	status = aiodal_web__statement_exec(rows, tx, s, &cause);
	if (!status)
		return AIODAL_OK;
	if (aiodal_web__statement_blame(s, cause))
	{
		aiodal_error_free(cause);
		return AIODAL_OK;
	}
	if (err)
		*err = cause;
	else
		aiodal_error_free(cause);
	return status;
}

static aiodal_status
lock_row(aiodal_result **rows, aiodal_tx *tx, const aiodal_web_resource *resource, const char *const *key,
		 aiodal_error **err)
{
	aiodal_web__statement s = AIODAL_WEB__STATEMENT_INIT;
	aiodal_status status;

	aiodal_web__resource_lock(&s.sql, resource);
	status = exec_by_key(rows, tx, &s, resource, key, err);
	aiodal_web__statement_free(&s);
	return status;
}

static aiodal_status
read_row(aiodal_result **rows, aiodal_web_request *req, aiodal_tx *tx, const aiodal_web_resource *resource,
		 const char *const *key, const char *locking, aiodal_error **err)
{
	aiodal_web__statement s = AIODAL_WEB__STATEMENT_INIT;
	aiodal_status status = aiodal_web__resource_values(&s, req, resource, err);

	aiodal_web__resource_select_one(&s.sql, resource);
	aiodal_web__buf_str(&s.sql, locking);
	if (!status)
		status = exec_by_key(rows, tx, &s, resource, key, err);
	aiodal_web__statement_free(&s);
	return status;
}

/* A query may be one whose rows cannot be locked: its table's are, before it is read. */
aiodal_status
aiodal_web__resource_find(aiodal_result **rows, aiodal_web_request *req, aiodal_tx *tx,
						  const aiodal_web_resource *resource, const char *const *key, bool lock,
						  aiodal_error **err)
{
	const char *locking = "";
	aiodal_status status;

	*rows = NULL;
	if (!key)
		return aiodal_web__oom(err);
	if (lock && !resource->options.query)
		locking = " FOR NO KEY UPDATE OF r";
	else if (lock)
	{
		status = lock_row(rows, tx, resource, key, err);
		if (status || aiodal_result_rows(*rows) == 0)
			return status;
		aiodal_result_free(*rows);
		*rows = NULL;
	}
	return read_row(rows, req, tx, resource, key, locking, err);
}

int
aiodal_web__resource_missing(const aiodal_result *rows)
{
	if (aiodal_result_rows(rows) == 0)
		return 404;
	return strcmp(aiodal_result_value(rows, 0, AIODAL_WEB__ROW_DELETED), "t") == 0 ? 410 : 0;
}

bool
aiodal_web__resource_etag(aiodal_web__etag etag, const aiodal_result *rows)
{
	return aiodal_web__etag_make(etag, aiodal_result_value(rows, 0, AIODAL_WEB__ROW_VERSION),
								 aiodal_result_value(rows, 0, AIODAL_WEB__ROW_BODY),
								 aiodal_result_length(rows, 0, AIODAL_WEB__ROW_BODY));
}

aiodal_status
aiodal_web__resource_send(aiodal_web_response *res, aiodal_result *rows, aiodal_error **err)
{
	aiodal_web__etag etag;
	aiodal_status status = aiodal_web__resource_etag(etag, rows)
							   ? aiodal_web_response_set_header(res, "ETag", etag, err)
							   : aiodal_web__oom(err);

	if (!status)
		return aiodal_web_response_result_body(res, "application/json", rows, 0, AIODAL_WEB__ROW_BODY, err);
	aiodal_result_free(rows);
	return status;
}

/* The client has this version already. */
static aiodal_status
send_known(aiodal_web_response *res, aiodal_result *rows, const char *etag, aiodal_error **err)
{
	aiodal_result_free(rows);
	aiodal_web_response_set_status(res, 304);
	return aiodal_web_response_set_header(res, "ETag", etag, err);
}

aiodal_status
aiodal_web__resource_detail(aiodal_web_request *req, aiodal_web_response *res, aiodal_tx *tx, void *payload,
							aiodal_error **err)
{
	aiodal_result *rows = NULL;
	aiodal_web__etag etag;
	int refuse;
	aiodal_status status = aiodal_web__resource_allow(req, res, payload, AIODAL_WEB_DETAIL, err);

	if (status || aiodal_web_response_status(res) >= 400)
		return status;
	status = aiodal_web__resource_find(&rows, req, tx, payload, aiodal_web__resource_path_key(req, payload),
									   false, err);
	if (status)
		return status;
	refuse = aiodal_web__resource_missing(rows);
	if (!refuse && aiodal_web__resource_etag(etag, rows) &&
		aiodal_web__etag_match(req, "If-None-Match", etag, true) == AIODAL_WEB__MATCH_FOUND)
		return send_known(res, rows, etag, err);
	if (!refuse)
		return aiodal_web__resource_send(res, rows, err);
	aiodal_result_free(rows);
	return aiodal_web_response_problem(res, refuse, NULL, err);
}
