/*
 * resource_body.c
 *		What a client wants written: a JSON object of columns. It is looked at here and read by PostgreSQL.
 */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "app.h"
#include "resource.h"
#include "response.h"
#include "text.h"

/* Numbers are PostgreSQL's to read, of any size. */
#define JSON_FLAGS (JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL)

static const aiodal_web__input *
find_input(const aiodal_web_resource *resource, const char *name)
{
	size_t i;

	for (i = 0; i < resource->n_inputs; i++)
		if (strcmp(resource->inputs[i].name, name) == 0)
			return &resource->inputs[i];
	return NULL;
}

static bool
is_json_type(const char *type)
{
	size_t len = strlen(type);

	return strcmp(type, "application/json") == 0 || (len > 5 && strcmp(type + len - 5, "+json") == 0);
}

/* Numbers may come as strings, which is how those are sent that are no numbers in JSON: NaN, or more digits
 * than the client's language has. */
static const char *
wrong_kind(aiodal_web__kind kind, const json_t *value)
{
	if (json_is_null(value))
		return NULL;
	switch (kind)
	{
		case AIODAL_WEB__STRING: return json_is_string(value) ? NULL : "must be a string";
		case AIODAL_WEB__INTEGER:
		case AIODAL_WEB__NUMBER:
			return json_is_number(value) || json_is_string(value) ? NULL : "must be a number";
		case AIODAL_WEB__BOOLEAN: return json_is_boolean(value) ? NULL : "must be true or false";
		case AIODAL_WEB__ARRAY: return json_is_array(value) ? NULL : "must be an array";
		case AIODAL_WEB__OBJECT: return json_is_object(value) ? NULL : "must be an object";
		case AIODAL_WEB__ANYTHING: break;
	}
	return NULL;
}

/* A body being looked at. */
typedef struct body
{
	aiodal_web_request *req;
	const aiodal_web_resource *resource;
	aiodal_web_action action;
	bool *given;
	const char *column; /* that is wrong */
	const char *wrong;
} body;

static void
take_member(body *b, const char *name, const json_t *value)
{
	const aiodal_web__input *input = find_input(b->resource, name);
	const aiodal_web__field *field = aiodal_web__resource_field(b->resource, name);

	if (input && (!input->is_key || b->action == AIODAL_WEB_CREATE))
	{
		b->wrong = wrong_kind(input->kind, value);
		b->given[input - b->resource->inputs] = true;
	}
	else if (!field || !field->shown)
		b->wrong = "is unknown";
	else if (b->action != AIODAL_WEB_REPLACE)
		b->wrong = "cannot be set";
	if (b->wrong)
		b->column = aiodal_web_request_printf(b->req, "%s", name);
}

static void
take_members(body *b, json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		take_member(b, name, value);
		if (b->wrong)
			return;
	}
}

aiodal_status
aiodal_web__resource_problem(aiodal_web_response *res, int status, const char *detail,
							 const char *const *columns, size_t n, aiodal_error **err)
{
	aiodal_web__buf text = AIODAL_WEB__BUF_INIT;
	aiodal_status result;
	size_t i;

	for (i = 0; i < n; i++)
	{
		aiodal_web__buf_str(&text, i ? ", {\"column\": " : ", \"errors\": [{\"column\": ");
		aiodal_web__buf_json(&text, columns[i], strlen(columns[i]));
		aiodal_web__buf_str(&text, ", \"message\": ");
		aiodal_web__buf_json(&text, detail, strlen(detail));
		aiodal_web__buf_str(&text, i + 1 < n ? "}" : "}]");
	}
	result = text.oom ? aiodal_web__oom(err)
					  : aiodal_web__problem(res, status, detail, text.data ? text.data : "", err);
	aiodal_web__buf_free(&text);
	return result;
}

static aiodal_status
refuse_body(body *b, aiodal_web_response *res, aiodal_error **err)
{
	const char *detail = b->column ? aiodal_web_request_printf(b->req, "%s %s", b->column, b->wrong) : NULL;

	if (!detail)
		return aiodal_web__oom(err);
	return aiodal_web__resource_problem(res, 422, detail, &b->column, 1, err);
}

static aiodal_status
refuse_json(aiodal_web_request *req, aiodal_web_response *res, const json_error_t *error, aiodal_error **err)
{
	const char *detail = "the body is not a JSON object";
	char text[100];

	(void) req;
	/* its words may quote the body */
	if (error->line > 0)
	{
		(void) snprintf(text, sizeof(text), "the body is not JSON at line %d, column %d", error->line,
						error->column);
		detail = text;
	}
	return aiodal_web_response_problem(res, 400, detail, err);
}

static json_t *
load(const aiodal_web_request *req, json_error_t *error)
{
	size_t len;
	const char *text = aiodal_web_request_body(req, &len);
	json_t *object = json_loadb(text, len, JSON_FLAGS, error);

	if (object && !json_is_object(object))
	{
		error->line = 0;
		json_decref(object);
		return NULL;
	}
	return object;
}

aiodal_status
aiodal_web__resource_read_body(const bool **given, aiodal_web_request *req, aiodal_web_response *res,
							   const aiodal_web_resource *resource, aiodal_web_action action,
							   aiodal_error **err)
{
	body b = {req, resource, action, NULL, NULL, NULL};
	json_error_t error;
	json_t *object;

	if (!is_json_type(aiodal_web_request_content_type(req)))
		return aiodal_web_response_problem(res, 415, "the body has to be application/json", err);
	*given = b.given = aiodal_web_request_alloc(req, resource->n_inputs + 1);
	if (!b.given)
		return aiodal_web__oom(err);
	object = load(req, &error);
	if (!object)
		return refuse_json(req, res, &error, err);
	take_members(&b, object);
	json_decref(object);
	return b.wrong ? refuse_body(&b, res, err) : AIODAL_OK;
}

/*
 * Blame
 */

/* Whether the column cannot read its value; other errors tell nothing. */
static bool
is_to_blame(aiodal_tx *tx, const aiodal_web_resource *resource, const bool *given, const char *text)
{
	aiodal_web__statement s = AIODAL_WEB__STATEMENT_INIT;
	aiodal_error *error = NULL;
	bool blame = false;

	aiodal_web__buf_str(&s.sql, "SELECT v.*");
	aiodal_web__resource_body_row(&s.sql, resource, given);
	aiodal_web__statement_value(&s, text, NULL);
	if (aiodal_web__statement_exec(NULL, tx, &s, &error))
		blame = aiodal_web__is_bad_value(error) || aiodal_web__is_sqlstate(error, "23");
	aiodal_error_free(error);
	aiodal_web__statement_free(&s);
	return blame;
}

/* An error ends the search, and the transaction. */
static const aiodal_web__input *
search(aiodal_tx *tx, aiodal_web_request *req, const aiodal_web_resource *resource, const json_t *object)
{
	bool *given = aiodal_web_request_alloc(req, resource->n_inputs + 1);
	size_t i;

	for (i = 0; given && i < resource->n_inputs; i++)
	{
		given[i] = json_object_get(object, resource->inputs[i].name) != NULL;
		if (given[i] && is_to_blame(tx, resource, given, aiodal_web_request_body(req, NULL)))
			return &resource->inputs[i];
		given[i] = false;
	}
	return NULL;
}

const aiodal_web__input *
aiodal_web__resource_blame(aiodal_web_request *req, const aiodal_web_resource *resource)
{
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	const aiodal_web__input *input = NULL;
	json_error_t error;
	json_t *object = load(req, &error);
	aiodal_tx *tx = NULL;

	options.read_only = true;
	options.timeout_ms = resource->options.tx.timeout_ms;
	if (object && aiodal_tx_begin(&tx, aiodal_web_request_app(req)->db, &options, NULL) == AIODAL_OK)
		input = search(tx, req, resource, object);
	aiodal_tx_free(tx);
	json_decref(object);
	return input;
}
