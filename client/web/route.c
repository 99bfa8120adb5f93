/*
 * route.c
 *		From a method and a path to a route.
 *
 * The tree has a level for each segment of the patterns. A node's children are literals, at most one for
 * {name} and at most one for {name...}, whatever the names are: those belong to the route.
 */
#include "route.h"

#include <string.h>

#include "text.h"

struct aiodal_web__node
{
	const char *literal;
	aiodal_web__node *literals; /* first child */
	aiodal_web__node *sibling;
	aiodal_web__node *any;
	aiodal_web__node *rest;
	const aiodal_web_route **routes;
	size_t n_routes;
};

typedef enum kind
{
	LITERAL,
	ANY,
	REST,
	INVALID
} kind;

aiodal_web__node *
aiodal_web__node_new(aiodal_web__arena *arena)
{
	return aiodal_web__arena_alloc(arena, sizeof(aiodal_web__node));
}

/*
 * Patterns
 */

static bool
is_name(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!(aiodal_web__lower(s[i]) >= 'a' && aiodal_web__lower(s[i]) <= 'z') && s[i] != '_' &&
			!(i > 0 && s[i] >= '0' && s[i] <= '9'))
			return false;
	return len > 0;
}

/* Which kind of segment this is; *name and *len are the literal or the parameter's name. */
static kind
read_segment(const char *s, size_t n, const char **name, size_t *len)
{
	kind k = ANY;

	*name = s;
	*len = n;
	if (!memchr(s, '{', n) && !memchr(s, '}', n))
		return LITERAL;
	if (n < 3 || s[0] != '{' || s[n - 1] != '}')
		return INVALID;
	*name = s + 1;
	*len = n - 2;
	if (*len > 3 && memcmp(*name + *len - 3, "...", 3) == 0)
	{
		*len -= 3;
		k = REST;
	}
	return is_name(*name, *len) ? k : INVALID;
}

static aiodal_web__node *
literal_child(const aiodal_web__node *node, const char *name, size_t len)
{
	aiodal_web__node *child = node->literals;

	while (child && (strncmp(child->literal, name, len) != 0 || child->literal[len]))
		child = child->sibling;
	return child;
}

static aiodal_web__node *
descend(aiodal_web__node *node, aiodal_web__arena *arena, kind k, const char *name, size_t len)
{
	aiodal_web__node **place = k == ANY ? &node->any : &node->rest;
	aiodal_web__node *child = k == LITERAL ? literal_child(node, name, len) : *place;

	if (child || !(child = aiodal_web__node_new(arena)))
		return child;
	if (k != LITERAL)
		return *place = child;
	if (!(child->literal = aiodal_web__arena_copy(arena, name, len)))
		return NULL;
	child->sibling = node->literals;
	return node->literals = child;
}

static aiodal_status
add_param(aiodal_web_route *route, const char **params, aiodal_web__arena *arena, const char *name,
		  size_t len, aiodal_error **err)
{
	size_t i;

	for (i = 0; i < route->n_params; i++)
		if (strncmp(params[i], name, len) == 0 && !params[i][len])
			return aiodal_web__fail(err, AIODAL_EINVAL, "pattern \"%s\" has parameter \"%s\" twice",
									route->pattern, params[i]);
	params[route->n_params] = aiodal_web__arena_copy(arena, name, len);
	return params[route->n_params++] ? AIODAL_OK : aiodal_web__oom(err);
}

static aiodal_status
put(aiodal_web__node *node, aiodal_web__arena *arena, const aiodal_web_route *route, aiodal_error **err)
{
	const aiodal_web_route **routes;
	size_t i;

	for (i = 0; i < node->n_routes; i++)
		if (strcmp(node->routes[i]->method, route->method) == 0)
			return aiodal_web__fail(err, AIODAL_EINVAL, "%s %s is there already, as %s", route->method,
									route->pattern, node->routes[i]->pattern);
	routes = aiodal_web__arena_alloc(arena, (node->n_routes + 1) * sizeof(*routes));
	if (!routes)
		return aiodal_web__oom(err);
	if (node->n_routes > 0)
		memcpy(routes, node->routes, node->n_routes * sizeof(*routes));
	routes[node->n_routes++] = route;
	node->routes = routes;
	return AIODAL_OK;
}

aiodal_status
aiodal_web__route_insert(aiodal_web__node *root, aiodal_web__arena *arena, aiodal_web_route *route,
						 aiodal_error **err)
{
	const char **params = aiodal_web__arena_alloc(arena, 64 * sizeof(*params));
	const char *p = route->pattern;
	aiodal_web__node *node = root;
	aiodal_status status;
	size_t depth = 0;
	kind k = LITERAL;

	if (!params)
		return aiodal_web__oom(err);
	while (*p == '/')
	{
		size_t n = strcspn(++p, "/");
		const char *name;
		size_t len;

		if (k == REST || ++depth > 64 || (k = read_segment(p, n, &name, &len)) == INVALID)
			break;
		if (k != LITERAL && (status = add_param(route, params, arena, name, len, err)))
			return status;
		if (!(node = descend(node, arena, k, name, len)))
			return aiodal_web__oom(err);
		p += n;
	}
	if (*p || depth == 0)
		return aiodal_web__fail(err, AIODAL_EINVAL, "\"%s\" is not a pattern of paths", route->pattern);
	route->params = params;
	return put(node, arena, route, err);
}

/*
 * Paths
 */

typedef struct search
{
	aiodal_web__match *match;
	aiodal_web__arena *arena;
	const char *method;
	const char *const *segments;
	size_t n;
	bool oom;
} search;

static const aiodal_web_route *
with_method(const aiodal_web__node *node, const char *method)
{
	size_t i;

	for (i = 0; i < node->n_routes; i++)
		if (strcmp(node->routes[i]->method, method) == 0)
			return node->routes[i];
	return strcmp(method, "HEAD") == 0 ? with_method(node, "GET") : NULL;
}

static bool
arrive(search *s, const aiodal_web__node *node)
{
	s->match->route = with_method(node, s->method);
	if (!s->match->route && node->n_routes > 0 && !s->match->other)
		s->match->other = node;
	return s->match->route != NULL;
}

static const char *
joined(search *s, size_t from)
{
	aiodal_web__buf path = AIODAL_WEB__BUF_INIT;
	char *copy;
	size_t i;

	for (i = from; i < s->n; i++)
	{
		if (i > from)
			aiodal_web__buf_char(&path, '/');
		aiodal_web__buf_str(&path, s->segments[i]);
	}
	copy = path.oom ? NULL : aiodal_web__arena_copy(s->arena, path.data, path.len);
	aiodal_web__buf_free(&path);
	s->oom = s->oom || !copy;
	return copy ? copy : "";
}

static bool
walk(search *s, const aiodal_web__node *node, size_t i)
{
	const aiodal_web__node *child;

	if (i == s->n)
		return arrive(s, node);
	child = literal_child(node, s->segments[i], strlen(s->segments[i]));
	if (child && walk(s, child, i + 1))
		return true;
	if (node->any && s->segments[i][0])
	{
		s->match->params[s->match->n_params++] = s->segments[i];
		if (walk(s, node->any, i + 1))
			return true;
		s->match->n_params--;
	}
	if (!node->rest || !arrive(s, node->rest))
		return false;
	s->match->params[s->match->n_params++] = joined(s, i);
	return true;
}

bool
aiodal_web__route_find(aiodal_web__match *match, const aiodal_web__node *root, aiodal_web__arena *arena,
					   const char *method, const char *const *segments, size_t n_segments)
{
	search s = {match, arena, method, segments, n_segments, false};

	match->route = NULL;
	match->other = NULL;
	match->n_params = 0;
	(void) walk(&s, root, 0);
	return !s.oom;
}

void
aiodal_web__route_methods(const aiodal_web__node *node, aiodal_web__buf *out)
{
	bool options = false;
	size_t i;

	for (i = 0; i < node->n_routes; i++)
	{
		const char *method = node->routes[i]->method;

		aiodal_web__buf_printf(out, "%s%s", i ? ", " : "", method);
		if (strcmp(method, "GET") == 0 && (with_method(node, "HEAD") == node->routes[i]))
			aiodal_web__buf_str(out, ", HEAD");
		options = options || strcmp(method, "OPTIONS") == 0;
	}
	if (!options)
		aiodal_web__buf_str(out, ", OPTIONS");
}
