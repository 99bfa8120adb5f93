/*
 * openapi.c
 *		The document: all routes by their paths.
 */
#include <aiodal/web_openapi.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app.h"
#include "auth.h"
#include "json.h"
#include "openapi.h"
#include "text.h"

/*
 * Names
 */

const aiodal_web_resource *
aiodal_web__route_resource(const aiodal_web_route *route, aiodal_web_action *action)
{
	static const struct
	{
		aiodal_web_tx_handler handler;
		aiodal_web_action action;
	} handlers[] = {
		{aiodal_web__resource_list, AIODAL_WEB_LIST},     {aiodal_web__resource_detail, AIODAL_WEB_DETAIL},
		{aiodal_web__resource_create, AIODAL_WEB_CREATE}, {aiodal_web__resource_replace, AIODAL_WEB_REPLACE},
		{aiodal_web__resource_update, AIODAL_WEB_UPDATE}, {aiodal_web__resource_delete, AIODAL_WEB_DELETE},
	};
	size_t i;

	for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (route->tx_handler == handlers[i].handler)
		{
			*action = handlers[i].action;
			return route->payload;
		}
	return NULL;
}

static const aiodal_web_resource *
resource_at(const aiodal_web_app *app, size_t i)
{
	aiodal_web_action action;

	return aiodal_web__route_resource(app->routes[i], &action);
}

/* Whether it is the first route of its resource. */
static bool
is_first(const aiodal_web_app *app, size_t i)
{
	const aiodal_web_resource *resource = resource_at(app, i);
	size_t k;

	for (k = 0; k < i; k++)
		if (resource_at(app, k) == resource)
			return false;
	return resource != NULL;
}

/* How many resources of this name come before it. */
static size_t
namesakes(const aiodal_web_app *app, const aiodal_web_resource *resource)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < app->n_routes; i++)
	{
		const aiodal_web_resource *other = resource_at(app, i);

		if (other == resource)
			break;
		if (other && is_first(app, i) && strcmp(other->options.name, resource->options.name) == 0)
			n++;
	}
	return n;
}

/* Letters, digits and "_.-" are all that a component's name may have. */
void
aiodal_web__openapi_name(aiodal_web__openapi *doc, aiodal_web__buf *name, const aiodal_web_resource *resource)
{
	size_t n = namesakes(doc->app, resource);
	const char *p;

	for (p = resource->options.name; *p; p++)
	{
		bool plain = (aiodal_web__lower(*p) >= 'a' && aiodal_web__lower(*p) <= 'z') ||
					 (*p >= '0' && *p <= '9') || *p == '_';

		if (plain)
			aiodal_web__buf_char(name, *p);
		else
			aiodal_web__buf_printf(name, "-%02x", (unsigned char) *p);
	}
	if (n > 0)
		aiodal_web__buf_printf(name, ".%zu", n + 1);
}

/*
 * Paths
 */

/* Of a key's column, what it has to be; anything else is text. */
static void
path_parameter(aiodal_web__openapi *doc, const aiodal_web_route *route, size_t i)
{
	aiodal_web_action action = AIODAL_WEB_LIST;
	const aiodal_web_resource *resource = aiodal_web__route_resource(route, &action);
	bool one = resource && action != AIODAL_WEB_LIST && action != AIODAL_WEB_CREATE;
	size_t first = one ? route->n_params - resource->n_key : route->n_params;

	aiodal_web__json_begin(&doc->out, '{');
	aiodal_web__json_text_member(&doc->out, "name", route->params[i]);
	aiodal_web__json_text_member(&doc->out, "in", "path");
	aiodal_web__json_raw_member(&doc->out, "required", "true");
	if (i >= first)
		aiodal_web__json_text_member(&doc->out, "description",
									 aiodal_column_comment(resource->key[i - first]->column));
	aiodal_web__json_member(&doc->out, "schema", '{');
	if (i >= first)
	{
		const aiodal_web__field *key = resource->key[i - first];

		aiodal_web__openapi_column(&doc->out, resource->schema, key->type, key->column, false);
	}
	else
		aiodal_web__json_text_member(&doc->out, "type", "string");
	aiodal_web__json_end(&doc->out, '}');
	aiodal_web__json_end(&doc->out, '}');
}

static void
path_parameters(aiodal_web__openapi *doc, const aiodal_web_route *route)
{
	size_t i;

	if (route->n_params == 0)
		return;
	aiodal_web__json_member(&doc->out, "parameters", '[');
	for (i = 0; i < route->n_params; i++)
		path_parameter(doc, route, i);
	aiodal_web__json_end(&doc->out, ']');
}

/* Names of routes need not differ, those of operations must. */
static void
operation_id(aiodal_web__openapi *doc, size_t i)
{
	const char *name = aiodal_web_route_name(doc->app->routes[i]);
	aiodal_web__buf id = AIODAL_WEB__BUF_INIT;
	size_t same = 0;
	size_t k;

	if (!name[0])
		return;
	for (k = 0; k < i; k++)
		same += strcmp(aiodal_web_route_name(doc->app->routes[k]), name) == 0;
	aiodal_web__buf_str(&id, name);
	if (same > 0)
		aiodal_web__buf_printf(&id, ".%zu", same + 1);
	if (id.oom)
		doc->out.buf.oom = true;
	else
		aiodal_web__json_text_member(&doc->out, "operationId", id.data);
	aiodal_web__buf_free(&id);
}

/* Members that the service says itself; it has checked that it is an object. */
static void
own_members(aiodal_web__openapi *doc, const json_t *own)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *) own, key, value)
	{
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

		if (text)
			aiodal_web__json_raw_member(&doc->out, key, text);
		else
			doc->out.buf.oom = true;
		free(text);
	}
}

/* Whether the middleware asks for a token. */
static void
security(aiodal_web__openapi *doc, const aiodal_web_route *route, const json_t *own)
{
	aiodal_web__token_need need = aiodal_web__route_token(route);

	if (need == AIODAL_WEB__NO_TOKEN || json_object_get(own, "security"))
		return;
	aiodal_web__json_raw_member(&doc->out, "security",
								need == AIODAL_WEB__TOKEN_REQUIRED ? "[{\"bearer\":[]}]"
																   : "[{},{\"bearer\":[]}]");
}

static void
operation_members(aiodal_web__openapi *doc, size_t i, const json_t *own)
{
	const aiodal_web_route *route = doc->app->routes[i];
	aiodal_web_action action;
	const aiodal_web_resource *resource = aiodal_web__route_resource(route, &action);
	const char *summary = aiodal_web_route_summary(route);

	if (!json_object_get(own, "operationId"))
		operation_id(doc, i);
	if (summary[0] && !json_object_get(own, "summary"))
		aiodal_web__json_text_member(&doc->out, "summary", summary);
	security(doc, route, own);
	own_members(doc, own);
	if (resource)
	{
		aiodal_web__json_member(&doc->out, "tags", '[');
		aiodal_web__json_text(&doc->out, resource->options.name);
		aiodal_web__json_end(&doc->out, ']');
		aiodal_web__openapi_operation(doc, resource, action,
									  aiodal_web__route_token(route) != AIODAL_WEB__NO_TOKEN);
	}
	else if (!json_object_get(own, "responses"))
		aiodal_web__json_raw_member(&doc->out, "responses", "{\"default\":{\"description\":\"An answer\"}}");
}

static void
operation(aiodal_web__openapi *doc, size_t i)
{
	const aiodal_web_route *route = doc->app->routes[i];
	const char *text = route->options.openapi[0] ? route->options.openapi : "{}";
	json_t *own = NULL;
	char method[40];
	size_t k;

	for (k = 0; route->method[k] && k < sizeof(method) - 1; k++)
		method[k] = aiodal_web__lower(route->method[k]);
	method[k] = '\0';
	if (aiodal_web__json_object(&own, text, strlen(text), "openapi", NULL))
		doc->out.buf.oom = true;
	aiodal_web__json_member(&doc->out, method, '{');
	operation_members(doc, i, own);
	aiodal_web__json_end(&doc->out, '}');
	json_decref(own);
}

/* {name...} is {name} in OpenAPI. */
static void
path_key(aiodal_web__openapi *doc, const char *pattern)
{
	aiodal_web__buf path = AIODAL_WEB__BUF_INIT;
	const char *dots = strstr(pattern, "...}");

	aiodal_web__buf_add(&path, pattern, dots ? (size_t) (dots - pattern) : strlen(pattern));
	if (dots)
		aiodal_web__buf_char(&path, '}');
	if (path.oom)
		doc->out.buf.oom = true;
	else
		aiodal_web__json_member(&doc->out, path.data, '{');
	aiodal_web__buf_free(&path);
}

/* Only these methods have a place in OpenAPI. */
static bool
is_told(const aiodal_web_route *route)
{
	static const char *const methods[] = {"GET",     "PUT",  "POST",  "DELETE",
										  "OPTIONS", "HEAD", "PATCH", "TRACE"};
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(route->method, methods[i]) == 0)
			return true;
	return false;
}

static bool
same_path(const aiodal_web_app *app, size_t i, size_t k)
{
	return is_told(app->routes[k]) && strcmp(app->routes[i]->pattern, app->routes[k]->pattern) == 0;
}

static void
path_item(aiodal_web__openapi *doc, size_t i)
{
	const aiodal_web_app *app = doc->app;
	size_t k;

	for (k = 0; k < i; k++)
		if (same_path(app, i, k))
			return;
	path_key(doc, app->routes[i]->pattern);
	path_parameters(doc, app->routes[i]);
	for (k = i; k < app->n_routes; k++)
		if (same_path(app, i, k))
			operation(doc, k);
	aiodal_web__json_end(&doc->out, '}');
}

static void
paths(aiodal_web__openapi *doc)
{
	size_t i;

	aiodal_web__json_member(&doc->out, "paths", '{');
	for (i = 0; i < doc->app->n_routes; i++)
		if (is_told(doc->app->routes[i]))
			path_item(doc, i);
	aiodal_web__json_end(&doc->out, '}');
}

/*
 * Components
 */

static const char problem_schema[] =
	"{\"type\":\"object\",\"description\":\"An error, as RFC 9457 has it\","
	"\"required\":[\"type\",\"title\",\"status\"],\"properties\":{"
	"\"type\":{\"type\":\"string\",\"format\":\"uri-reference\"},\"title\":{\"type\":\"string\"},"
	"\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},"
	"\"errors\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"column\",\"message\"],"
	"\"properties\":{\"column\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"}}}}}}";

static const char parameters[] =
	"{\"if-match\":{\"name\":\"If-Match\",\"in\":\"header\",\"required\":true,"
	"\"description\":\"The ETag of the row as it is known, or \\\"*\\\"\",\"schema\":{\"type\":\"string\"}},"
	"\"if-match-optional\":{\"name\":\"If-Match\",\"in\":\"header\","
	"\"description\":\"The ETag of the row as it is known, or \\\"*\\\"\",\"schema\":{\"type\":\"string\"}},"
	"\"if-none-match\":{\"name\":\"If-None-Match\",\"in\":\"header\","
	"\"description\":\"ETags that are known already\",\"schema\":{\"type\":\"string\"}}}";

static const char headers[] =
	"{\"etag\":{\"description\":\"The version of the row\",\"schema\":{\"type\":\"string\"}},"
	"\"location\":{\"description\":\"The path of the row\","
	"\"schema\":{\"type\":\"string\",\"format\":\"uri-reference\"}},"
	"\"retry-after\":{\"description\":\"In how many seconds to try "
	"again\",\"schema\":{\"type\":\"integer\"}}}";

static const struct
{
	const char *status;
	const char *description;
} answers[] = {
	{"400", "The request makes no sense"},
	{"401", "There is no token, or it is not believed"},
	{"403", "A privilege is missing"},
	{"404", "There is no such row"},
	{"409", "It conflicts with other rows"},
	{"410", "It was deleted"},
	{"412", "The row has changed, it has another ETag"},
	{"415", "The body is of another type"},
	{"422", "A value cannot be stored"},
	{"428", "If-Match is missing"},
	{"503", "Not now"},
};

static void
responses(aiodal_web__openapi *doc)
{
	size_t i;

	aiodal_web__json_member(&doc->out, "responses", '{');
	aiodal_web__json_raw_member(&doc->out, "304",
								"{\"description\":\"The client has this version already\"}");
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
	{
		aiodal_web__json_member(&doc->out, answers[i].status, '{');
		aiodal_web__json_text_member(&doc->out, "description", answers[i].description);
		if (strcmp(answers[i].status, "503") == 0)
			aiodal_web__json_raw_member(&doc->out, "headers",
										"{\"Retry-After\":{\"$ref\":\"#/components/headers/retry-after\"}}");
		aiodal_web__json_raw_member(&doc->out, "content",
									"{\"application/problem+json\":{\"schema\":{\"$ref\":"
									"\"#/components/schemas/.problem\"}}}");
		aiodal_web__json_end(&doc->out, '}');
	}
	aiodal_web__json_end(&doc->out, '}');
}

static void
schemas(aiodal_web__openapi *doc)
{
	size_t i;

	aiodal_web__json_member(&doc->out, "schemas", '{');
	aiodal_web__json_raw_member(&doc->out, ".problem", problem_schema);
	for (i = 0; i < doc->app->n_routes; i++)
		if (is_first(doc->app, i))
			aiodal_web__openapi_schemas(doc, resource_at(doc->app, i));
	aiodal_web__json_end(&doc->out, '}');
}

static void
components(aiodal_web__openapi *doc)
{
	aiodal_web__json_member(&doc->out, "components", '{');
	schemas(doc);
	responses(doc);
	aiodal_web__json_raw_member(&doc->out, "parameters", parameters);
	aiodal_web__json_raw_member(&doc->out, "headers", headers);
	aiodal_web__json_raw_member(
		&doc->out, "securitySchemes",
		"{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"bearerFormat\":\"JWT\"}}");
	aiodal_web__json_end(&doc->out, '}');
}

/*
 * The whole
 */

static void
document(aiodal_web__openapi *doc, const aiodal_web_openapi_options *options)
{
	aiodal_web__json_begin(&doc->out, '{');
	aiodal_web__json_text_member(&doc->out, "openapi", "3.1.0");
	aiodal_web__json_member(&doc->out, "info", '{');
	aiodal_web__json_text_member(&doc->out, "title", options->title ? options->title : "API");
	aiodal_web__json_text_member(&doc->out, "version", options->version ? options->version : "1");
	aiodal_web__json_text_member(&doc->out, "description", options->description);
	aiodal_web__json_end(&doc->out, '}');
	paths(doc);
	components(doc);
	aiodal_web__json_end(&doc->out, '}');
}

/* Of an app that is complete. */
static aiodal_status
write_document(char **json, aiodal_web_app *app, const aiodal_web_openapi_options *options,
			   aiodal_error **err)
{
	aiodal_web__openapi doc = {.app = app};

	document(&doc, options);
	if (doc.out.buf.oom)
	{
		aiodal_web__buf_free(&doc.out.buf);
		return aiodal_web__oom(err);
	}
	*json = doc.out.buf.data;
	return AIODAL_OK;
}

aiodal_status
aiodal_web_app_openapi(char **json, aiodal_web_app *app, const aiodal_web_openapi_options *options,
					   aiodal_error **err)
{
	aiodal_web_openapi_options given;
	aiodal_status status;

	*json = NULL;
	status = aiodal_web__options_copy(&given, sizeof(given), options, "the document's options", err);
	if (!status)
		status = aiodal_web__app_complete(app, err);
	return status ? status : write_document(json, app, &given, err);
}

/*
 * The route
 */

/* The document that is sent; made by whoever asks first. */
typedef struct served
{
	pthread_mutex_t lock;
	aiodal_web_openapi_options options;
	char *json;
	aiodal_web__etag etag;
} served;

static void
free_served(void *payload)
{
	served *s = payload;

	(void) pthread_mutex_destroy(&s->lock);
	aiodal_web__free(s->json);
	aiodal_web__free((char *) s->options.title);
	aiodal_web__free((char *) s->options.version);
	aiodal_web__free((char *) s->options.description);
	aiodal_web__free(s);
}

static aiodal_status
make_once(served *s, aiodal_web_app *app, aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;

	(void) pthread_mutex_lock(&s->lock);
	if (!s->json)
		status = write_document(&s->json, app, &s->options, err);
	if (!status && !aiodal_web__etag_make(s->etag, NULL, s->json, strlen(s->json)))
		status = aiodal_web__oom(err);
	(void) pthread_mutex_unlock(&s->lock);
	return status;
}

static aiodal_status
serve(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	served *s = payload;
	aiodal_status status = make_once(s, aiodal_web_request_app(req), err);

	if (!status)
		status = aiodal_web_response_set_header(res, "ETag", s->etag, err);
	if (status)
		return status;
	if (aiodal_web__etag_match(req, "If-None-Match", s->etag, true) == AIODAL_WEB__MATCH_FOUND)
	{
		aiodal_web_response_set_status(res, 304);
		return AIODAL_OK;
	}
	return aiodal_web_response_json(res, 200, s->json, err);
}

static bool
copy_options(aiodal_web_openapi_options *ours, const aiodal_web_openapi_options *given)
{
	ours->title = aiodal_web__strdup(given->title);
	ours->version = aiodal_web__strdup(given->version);
	ours->description = aiodal_web__strdup(given->description);
	return !(given->title && !ours->title) && !(given->version && !ours->version) &&
		   !(given->description && !ours->description);
}

aiodal_status
aiodal_web_scope_add_openapi(aiodal_web_scope *scope, const char *pattern,
							 const aiodal_web_openapi_options *options, aiodal_error **err)
{
	aiodal_web_route_options route = AIODAL_WEB_ROUTE_OPTIONS_INIT;
	aiodal_web_openapi_options given;
	served *s;
	aiodal_status status =
		aiodal_web__options_copy(&given, sizeof(given), options, "the document's options", err);

	if (status)
		return status;
	s = aiodal_web__calloc(1, sizeof(*s));
	if (!s)
		return aiodal_web__oom(err);
	(void) pthread_mutex_init(&s->lock, NULL);
	status = aiodal_web_app_own(scope->app, s, free_served, err);
	if (status)
		return status;
	if (!copy_options(&s->options, &given))
		return aiodal_web__oom(err);
	route.name = "openapi";
	route.summary = "This document";
	return aiodal_web_scope_add(scope, "GET", pattern, serve, s, &route, err);
}
