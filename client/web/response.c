/*
 * response.c
 *		Responses: a status, headers, and a body that may live in somebody else's memory.
 */
#include "response.h"

#include <string.h>

#include <aiodal/error.h>
#include <aiodal/result.h>

#include "mem.h"
#include "text.h"

aiodal_web_response *
aiodal_web__response_new(void)
{
	aiodal_web_response *res = aiodal_web__calloc(1, sizeof(*res));

	if (res)
		aiodal_web_response_reset(res);
	return res;
}

static void
drop_body(aiodal_web_response *res)
{
	if (res->free_owner)
		res->free_owner(res->owner);
	res->owner = NULL;
	res->free_owner = NULL;
	res->body = "";
	res->body_len = 0;
}

static void
free_header(aiodal_web_header *header)
{
	aiodal_web__free((char *) header->name);
	aiodal_web__free((char *) header->value);
}

void
aiodal_web_response_reset(aiodal_web_response *res)
{
	size_t i;

	for (i = 0; i < res->n_headers; i++)
		free_header(&res->headers[i]);
	aiodal_web__free(res->headers);
	res->headers = NULL;
	res->n_headers = 0;
	drop_body(res);
	res->status = 200;
}

void
aiodal_web_response_free(aiodal_web_response *res)
{
	if (!res)
		return;
	aiodal_web_response_reset(res);
	aiodal_web__free(res);
}

int
aiodal_web_response_status(const aiodal_web_response *res)
{
	return res->status;
}

void
aiodal_web_response_set_status(aiodal_web_response *res, int status)
{
	res->status = status;
}

/*
 * Headers
 */

static void
remove_header(aiodal_web_response *res, const char *name)
{
	size_t kept = 0;
	size_t i;

	for (i = 0; i < res->n_headers; i++)
		if (aiodal_web__same_word(res->headers[i].name, name))
			free_header(&res->headers[i]);
		else
			res->headers[kept++] = res->headers[i];
	/* one place that is free is one that need not be made */
	res->n_headers = kept;
}

static aiodal_status
check_header(const char *name, const char *value, aiodal_error **err)
{
	if (!name || !aiodal_web__is_token(name))
		return aiodal_web__fail(err, AIODAL_EINVAL, "the name of a header is not a token");
	if (value && !aiodal_web__is_header_value(value))
		return aiodal_web__fail(err, AIODAL_EINVAL, "the value of header \"%s\" holds a control character",
								name);
	return AIODAL_OK;
}

static aiodal_status
append_header(aiodal_web_response *res, const char *name, const char *value, aiodal_error **err)
{
	aiodal_web_header header;

	header.name = aiodal_web__strdup(name);
	header.value = aiodal_web__strdup(value);
	if (!header.name || !header.value ||
		!aiodal_web__grow(&res->headers, res->n_headers, sizeof(*res->headers)))
	{
		free_header(&header);
		return aiodal_web__oom(err);
	}
	res->headers[res->n_headers++] = header;
	return AIODAL_OK;
}

aiodal_status
aiodal_web_response_add_header(aiodal_web_response *res, const char *name, const char *value,
							   aiodal_error **err)
{
	aiodal_status status = check_header(name, value, err);

	if (status || !value)
		return status;
	return append_header(res, name, value, err);
}

aiodal_status
aiodal_web_response_set_header(aiodal_web_response *res, const char *name, const char *value,
							   aiodal_error **err)
{
	aiodal_status status = check_header(name, value, err);
	char *copy = NULL;

	if (status)
		return status;
	/* value may be the very one that is removed */
	if (value && !(copy = aiodal_web__strdup(value)))
		return aiodal_web__oom(err);
	remove_header(res, name);
	status = copy ? append_header(res, name, copy, err) : AIODAL_OK;
	aiodal_web__free(copy);
	return status;
}

const char *
aiodal_web_response_header(const aiodal_web_response *res, const char *name)
{
	size_t i;

	for (i = 0; i < res->n_headers; i++)
		if (aiodal_web__same_word(res->headers[i].name, name))
			return res->headers[i].value;
	return NULL;
}

size_t
aiodal_web_response_header_count(const aiodal_web_response *res)
{
	return res->n_headers;
}

aiodal_web_header
aiodal_web_response_header_at(const aiodal_web_response *res, size_t i)
{
	aiodal_web_header none = {NULL, NULL};

	return i < res->n_headers ? res->headers[i] : none;
}

/*
 * Bodies
 */

static aiodal_status
set_type(aiodal_web_response *res, const char *type, aiodal_error **err)
{
	return type ? aiodal_web_response_set_header(res, "Content-Type", type, err) : AIODAL_OK;
}

static aiodal_status
take(aiodal_web_response *res, const char *type, const char *body, size_t len, void *owner,
	 aiodal_web_free_fn free_owner, aiodal_error **err)
{
	aiodal_status status = set_type(res, type, err);

	if (status)
	{
		if (free_owner)
			free_owner(owner);
		return status;
	}
	drop_body(res);
	res->body = body;
	res->body_len = len;
	res->owner = owner;
	res->free_owner = free_owner;
	return AIODAL_OK;
}

aiodal_status
aiodal_web_response_set_body(aiodal_web_response *res, const char *type, const void *data, size_t len,
							 aiodal_error **err)
{
	char *copy = aiodal_web__memdup(data, len);

	if (!copy)
		return aiodal_web__oom(err);
	return take(res, type, copy, len, copy, aiodal_web__free, err);
}

aiodal_status
aiodal_web_response_take_body(aiodal_web_response *res, const char *type, void *data, size_t len,
							  aiodal_web_free_fn free_data, aiodal_error **err)
{
	return take(res, type, data ? data : "", data ? len : 0, data, free_data, err);
}

static void
free_result(void *result)
{
	aiodal_result_free(result);
}

aiodal_status
aiodal_web_response_result_body(aiodal_web_response *res, const char *type, aiodal_result *result, int row,
								int column, aiodal_error **err)
{
	const char *value = aiodal_result_value(result, row, column);

	return take(res, type, value ? value : "", value ? aiodal_result_length(result, row, column) : 0, result,
				free_result, err);
}

aiodal_status
aiodal_web_response_json(aiodal_web_response *res, int status, const char *json, aiodal_error **err)
{
	res->status = status;
	return aiodal_web_response_set_body(res, "application/json", json, strlen(json), err);
}

aiodal_status
aiodal_web__problem(aiodal_web_response *res, int status, const char *detail, const char *members,
					aiodal_error **err)
{
	aiodal_web__buf body = AIODAL_WEB__BUF_INIT;
	const char *title = aiodal_web_reason(status);

	aiodal_web__buf_str(&body, "{\"type\":\"about:blank\",\"title\":");
	aiodal_web__buf_json(&body, title, strlen(title));
	aiodal_web__buf_printf(&body, ",\"status\":%d", status);
	if (detail)
	{
		aiodal_web__buf_str(&body, ",\"detail\":");
		aiodal_web__buf_json(&body, detail, strlen(detail));
	}
	aiodal_web__buf_str(&body, members);
	aiodal_web__buf_char(&body, '}');
	aiodal_web_response_reset(res);
	res->status = status;
	if (body.oom)
	{
		aiodal_web__buf_free(&body);
		return aiodal_web__oom(err);
	}
	return take(res, "application/problem+json", body.data, body.len, body.data, aiodal_web__free, err);
}

aiodal_status
aiodal_web_response_problem(aiodal_web_response *res, int status, const char *detail, aiodal_error **err)
{
	return aiodal_web__problem(res, status, detail, "", err);
}

const char *
aiodal_web_response_body(const aiodal_web_response *res, size_t *len)
{
	if (len)
		*len = res->head ? 0 : res->body_len;
	return res->head ? "" : res->body;
}

static const struct
{
	int status;
	const char *reason;
} reasons[] = {
	{200, "OK"},
	{201, "Created"},
	{202, "Accepted"},
	{204, "No Content"},
	{206, "Partial Content"},
	{301, "Moved Permanently"},
	{302, "Found"},
	{303, "See Other"},
	{304, "Not Modified"},
	{307, "Temporary Redirect"},
	{308, "Permanent Redirect"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{402, "Payment Required"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{408, "Request Timeout"},
	{409, "Conflict"},
	{410, "Gone"},
	{411, "Length Required"},
	{412, "Precondition Failed"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{415, "Unsupported Media Type"},
	{417, "Expectation Failed"},
	{421, "Misdirected Request"},
	{422, "Unprocessable Content"},
	{423, "Locked"},
	{428, "Precondition Required"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{504, "Gateway Timeout"},
};

const char *
aiodal_web_reason(int status)
{
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "";
}
