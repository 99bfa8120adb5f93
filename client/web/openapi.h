/*
 * openapi.h
 *		A document being written.
 */
#ifndef AIODAL_WEB_OPENAPI_INTERNAL_H
#define AIODAL_WEB_OPENAPI_INTERNAL_H

#include "json_out.h"
#include "resource.h"

typedef struct aiodal_web__openapi
{
	aiodal_web__json_out out;
	const aiodal_web_app *app;
} aiodal_web__openapi;

/* The resource a route belongs to, and what it does with it; NULL when it is of another kind. */
extern const aiodal_web_resource *
aiodal_web__route_resource(const aiodal_web_route *route, aiodal_web_action *action);

/* Appends the name of a resource's schemas in the document, which no other resource has. */
extern void aiodal_web__openapi_name(aiodal_web__openapi *doc, aiodal_web__buf *name,
									 const aiodal_web_resource *resource);

/* Members of an operation: parameters, body, answers; token: one is asked for. */
extern void aiodal_web__openapi_operation(aiodal_web__openapi *doc, const aiodal_web_resource *resource,
										  aiodal_web_action action, bool token);

/* Members of components/schemas. */
extern void aiodal_web__openapi_schemas(aiodal_web__openapi *doc, const aiodal_web_resource *resource);

/*
 * The JSON Schema of a column's type, as members of an object that was begun. column, which may be NULL, may
 * be an array of a type the snapshot knows nothing of; nullable: null as well.
 */
extern void aiodal_web__openapi_column(aiodal_web__json_out *out, const aiodal_schema *schema,
									   unsigned int type, const aiodal_column *column, bool nullable);

#endif /* AIODAL_WEB_OPENAPI_INTERNAL_H */
