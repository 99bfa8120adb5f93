/*
 * route.h
 *		Patterns of paths and the tree they make.
 */
#ifndef AIODAL_WEB_ROUTE_H
#define AIODAL_WEB_ROUTE_H

#include <aiodal/web_http.h>

#include "mem.h"

typedef struct aiodal_web__step
{
	aiodal_web_middleware run;
	void *payload;
} aiodal_web__step;

struct aiodal_web_route
{
	const char *method;
	const char *pattern;
	const char *const *params; /* names, in the order of the pattern */
	size_t n_params;
	aiodal_web_handler handler; /* one of the two */
	aiodal_web_tx_handler tx_handler;
	void *payload;
	aiodal_web_route_options options; /* its strings are never NULL */
	aiodal_web_scope *scope;
	aiodal_web__step *steps; /* all middleware, the outermost first; known when the app is complete */
	size_t n_steps;
};

typedef struct aiodal_web__node aiodal_web__node;

/* What a path led to. */
typedef struct aiodal_web__match
{
	const aiodal_web_route *route; /* NULL: none */
	const char *params[64];        /* values, borrowed from the path or the arena */
	size_t n_params;
	const aiodal_web__node *other; /* the path is there, with other methods than this one */
} aiodal_web__match;

/* All memory is the arena's. */
extern aiodal_web__node *aiodal_web__node_new(aiodal_web__arena *arena);

/*
 * Reads the route's pattern (setting its params) and puts it into the tree. AIODAL_EINVAL for a pattern that
 * is none and for one whose method and path are there already; the tree may then have places that lead
 * nowhere.
 */
extern aiodal_status aiodal_web__route_insert(aiodal_web__node *root, aiodal_web__arena *arena,
											  aiodal_web_route *route, aiodal_error **err);

/* False when out of memory. arena: the request's, for the value of {name...}. */
extern bool
aiodal_web__route_find(aiodal_web__match *match, const aiodal_web__node *root, aiodal_web__arena *arena,
					   const char *method, const char *const *segments, size_t n_segments);

/* "GET, HEAD, OPTIONS" */
extern void aiodal_web__route_methods(const aiodal_web__node *node, aiodal_web__buf *out);

#endif /* AIODAL_WEB_ROUTE_H */
