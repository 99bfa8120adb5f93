/*
 * resource_detail.c
 *		One row by its key.
 */
#include <string.h>

#include "etag.h"
#include "request.h"
#include "resource.h"
#include "route.h"

/* The key stands last in the path. */
static void
add_key(aiodal_web__statement *s, const aiodal_web_request *req, const aiodal_web_resource *resource)
{
	size_t first = req->route->n_params - resource->n_key;
	size_t i;

	for (i = 0; i < resource->n_key; i++)
		aiodal_web__statement_value(s, req->params[first + i], "");
}

aiodal_status
aiodal_web__resource_find(aiodal_result **rows, aiodal_web_request *req, aiodal_tx *tx,
						  const aiodal_web_resource *resource, aiodal_error **err)
{
	aiodal_web__statement s = AIODAL_WEB__STATEMENT_INIT;
	aiodal_error *cause = NULL;
	aiodal_status status = aiodal_web__resource_values(&s, req, resource, err);

	*rows = NULL;
	if (status)
		goto out;
	add_key(&s, req, resource);
	aiodal_web__resource_select_one(&s.sql, resource);
	status = aiodal_web__statement_exec(rows, tx, &s, &cause);
	if (status && aiodal_web__statement_blame(&s, cause))
	{
		status = AIODAL_OK;
		aiodal_error_free(cause);
	}
	else if (status && err)
		*err = cause;
	else
		aiodal_error_free(cause);
out:
	aiodal_web__statement_free(&s);
	return status;
}

/* Sets the ETag; *known says whether the client has this version already. */
static aiodal_status
tag(aiodal_web_request *req, aiodal_web_response *res, const aiodal_result *rows, bool *known,
	aiodal_error **err)
{
	aiodal_web__etag etag;

	if (!aiodal_web__etag_make(etag, aiodal_result_value(rows, 0, AIODAL_WEB__ROW_VERSION),
							   aiodal_result_value(rows, 0, AIODAL_WEB__ROW_BODY),
							   aiodal_result_length(rows, 0, AIODAL_WEB__ROW_BODY)))
		return aiodal_web__oom(err);
	*known = aiodal_web__etag_match(req, "If-None-Match", etag, true) == AIODAL_WEB__MATCH_FOUND;
	return aiodal_web_response_set_header(res, "ETag", etag, err);
}

static aiodal_status
send_row(aiodal_web_request *req, aiodal_web_response *res, aiodal_result *rows, aiodal_error **err)
{
	bool known = false;
	aiodal_status status = tag(req, res, rows, &known, err);

	if (status || known)
	{
		aiodal_result_free(rows);
		aiodal_web_response_set_status(res, 304);
		return status;
	}
	return aiodal_web_response_result_body(res, "application/json", rows, 0, AIODAL_WEB__ROW_BODY, err);
}

aiodal_status
aiodal_web__resource_detail(aiodal_web_request *req, aiodal_web_response *res, aiodal_tx *tx, void *payload,
							aiodal_error **err)
{
	aiodal_result *rows = NULL;
	int refuse = 0;
	aiodal_status status = aiodal_web__resource_allow(req, res, payload, AIODAL_WEB_DETAIL, err);

	if (status || aiodal_web_response_status(res) >= 400)
		return status;
	status = aiodal_web__resource_find(&rows, req, tx, payload, err);
	if (status)
		return status;
	if (aiodal_result_rows(rows) == 0)
		refuse = 404;
	else if (strcmp(aiodal_result_value(rows, 0, AIODAL_WEB__ROW_DELETED), "t") == 0)
		refuse = 410;
	if (!refuse)
		return send_row(req, res, rows, err);
	aiodal_result_free(rows);
	return aiodal_web_response_problem(res, refuse, NULL, err);
}
