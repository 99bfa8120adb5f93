/*
 * app.c
 *		Building an app.
 *
 * Design notes. One thread builds; the first request completes the app: each route gets the list of all
 * middleware around it, from the root inwards. "complete" is set under the lock with release order after
 * that, so whoever sees it sees the lists, and nothing is written any more.
 */
#include "app.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

static void
set_limits(aiodal_web__limits *limits, const aiodal_web_app_options *options)
{
	limits->body = options->max_body ? options->max_body : 1024 * 1024;
	limits->target = options->max_target ? options->max_target : 8000;
	limits->headers = options->max_headers ? options->max_headers : 100;
	limits->header_size = options->max_header_size ? options->max_header_size : 32000;
}

static aiodal_status
add_scope(aiodal_web_scope **scope, aiodal_web_app *app, aiodal_web_scope *parent, const char *prefix,
		  aiodal_error **err)
{
	const char *above = parent ? parent->prefix : "";
	size_t len = strlen(above) + strlen(prefix);
	aiodal_web_scope *s = aiodal_web__arena_alloc(&app->arena, sizeof(*s));
	char *whole = aiodal_web__arena_alloc(&app->arena, len + 1);

	if (!s || !whole)
		return aiodal_web__oom(err);
	memcpy(whole, above, strlen(above));
	memcpy(whole + strlen(above), prefix, strlen(prefix));
	s->app = app;
	s->parent = parent;
	s->prefix = whole;
	s->next = app->scopes;
	app->scopes = s;
	*scope = s;
	return AIODAL_OK;
}

aiodal_status
aiodal_web_app_new(aiodal_web_app **app, aiodal_db *db, const aiodal_web_app_options *options,
				   aiodal_error **err)
{
	aiodal_web_app_options given;
	aiodal_web_app *a;
	aiodal_status status;

	*app = NULL;
	status = aiodal_web__options_copy(&given, sizeof(given), options, "the app's options", err);
	if (status)
		return status;
	a = aiodal_web__calloc(1, sizeof(*a));
	if (!a)
		return aiodal_web__oom(err);
	(void) pthread_mutex_init(&a->lock, NULL);
	a->db = db;
	set_limits(&a->limits, &given);
	a->access = given.access;
	a->access_payload = given.access_payload;
	a->tree = aiodal_web__node_new(&a->arena);
	status = a->tree ? add_scope(&a->root, a, NULL, "", err) : aiodal_web__oom(err);
	if (status)
	{
		aiodal_web_app_free(a);
		return status;
	}
	a->nowhere.scope = a->root;
	*app = a;
	return AIODAL_OK;
}

static void
free_owned(aiodal_web_app *app)
{
	aiodal_web__owned *o;

	for (o = app->owned; o; o = o->next)
		o->free_thing(o->thing);
}

void
aiodal_web_app_free(aiodal_web_app *app)
{
	aiodal_web_scope *s;
	size_t i;

	if (!app)
		return;
	free_owned(app);
	for (s = app->scopes; s; s = s->next)
		aiodal_web__free(s->steps);
	for (i = 0; i < app->n_routes; i++)
		aiodal_web__free(app->routes[i]->steps);
	aiodal_web__free(app->routes);
	aiodal_web__free(app->nowhere.steps);
	aiodal_web__arena_free(&app->arena);
	(void) pthread_mutex_destroy(&app->lock);
	aiodal_web__free(app);
}

aiodal_db *
aiodal_web_app_db(const aiodal_web_app *app)
{
	return app->db;
}

/* Building and serving do not mix: what is asked for while serving would be seen by some requests only. */
aiodal_status
aiodal_web__app_check_open(const aiodal_web_app *app, aiodal_error **err)
{
	if (__atomic_load_n(&app->complete, __ATOMIC_ACQUIRE))
		return aiodal_web__fail(err, AIODAL_ESTATE,
								"the app handles requests: nothing can be added any more");
	return AIODAL_OK;
}

aiodal_status
aiodal_web_app_own(aiodal_web_app *app, void *thing, aiodal_web_free_fn free_thing, aiodal_error **err)
{
	aiodal_status status = aiodal_web__app_check_open(app, err);
	aiodal_web__owned *o = status ? NULL : aiodal_web__arena_alloc(&app->arena, sizeof(*o));

	if (!o)
	{
		free_thing(thing);
		return status ? status : aiodal_web__oom(err);
	}
	o->thing = thing;
	o->free_thing = free_thing;
	o->next = app->owned;
	app->owned = o;
	return AIODAL_OK;
}

/*
 * Scopes
 */

aiodal_web_scope *
aiodal_web_app_root(aiodal_web_app *app)
{
	return app->root;
}

aiodal_web_app *
aiodal_web_scope_app(const aiodal_web_scope *scope)
{
	return scope->app;
}

aiodal_status
aiodal_web_scope_new(aiodal_web_scope **scope, aiodal_web_scope *parent, const char *prefix,
					 aiodal_error **err)
{
	aiodal_status status;

	*scope = NULL;
	status = aiodal_web__app_check_open(parent->app, err);
	if (status)
		return status;
	if (prefix[0] && (prefix[0] != '/' || prefix[strlen(prefix) - 1] == '/'))
		return aiodal_web__fail(err, AIODAL_EINVAL,
								"prefix \"%s\" does not begin with \"/\", or ends with one", prefix);
	return add_scope(scope, parent->app, parent, prefix, err);
}

aiodal_status
aiodal_web_scope_permit(aiodal_web_scope *scope, aiodal_web_permission permission, void *payload,
						aiodal_error **err)
{
	aiodal_status status = aiodal_web__app_check_open(scope->app, err);
	aiodal_web__permit **last = &scope->permits;
	aiodal_web__permit *permit;

	if (status)
		return status;
	permit = aiodal_web__arena_alloc(&scope->app->arena, sizeof(*permit));
	if (!permit)
		return aiodal_web__oom(err);
	permit->ask = permission;
	permit->payload = payload;
	while (*last)
		last = &(*last)->next;
	*last = permit;
	return AIODAL_OK;
}

aiodal_status
aiodal_web_scope_use(aiodal_web_scope *scope, aiodal_web_middleware middleware, void *payload,
					 aiodal_error **err)
{
	aiodal_status status = aiodal_web__app_check_open(scope->app, err);

	if (status)
		return status;
	if (!aiodal_web__grow(&scope->steps, scope->n_steps, sizeof(*scope->steps)))
		return aiodal_web__oom(err);
	scope->steps[scope->n_steps].run = middleware;
	scope->steps[scope->n_steps].payload = payload;
	scope->n_steps++;
	return AIODAL_OK;
}

/*
 * Routes
 */

static const char *
copy_text(aiodal_web_app *app, const char *text)
{
	return text ? aiodal_web__arena_copy(&app->arena, text, strlen(text)) : "";
}

static bool
is_method(const char *method)
{
	const char *p;

	for (p = method; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			return false;
	return aiodal_web__is_token(method) && p - method <= 32;
}

static aiodal_status
check_openapi(const char *openapi, aiodal_error **err)
{
	json_t *object = NULL;
	aiodal_status status = AIODAL_OK;

	if (openapi)
		status = aiodal_web__json_object(&object, openapi, strlen(openapi), "the route's openapi", err);
	json_decref(object);
	return status;
}

static aiodal_status
make_route(aiodal_web_route **route, aiodal_web_scope *scope, const char *method, const char *pattern,
		   const aiodal_web_route_options *options, aiodal_error **err)
{
	aiodal_web_app *app = scope->app;
	aiodal_web_route *r = aiodal_web__arena_alloc(&app->arena, sizeof(*r));
	char *whole = aiodal_web__arena_alloc(&app->arena, strlen(scope->prefix) + strlen(pattern) + 1);
	aiodal_status status;

	if (!r || !whole)
		return aiodal_web__oom(err);
	if (!is_method(method) || pattern[0] != '/')
		return aiodal_web__fail(err, AIODAL_EINVAL, "\"%s %s\" is not a method and a pattern", method,
								pattern);
	status = aiodal_web__options_copy(&r->options, sizeof(r->options), options, "the route's options", err);
	if (status)
		return status;
	memcpy(whole, scope->prefix, strlen(scope->prefix));
	memcpy(whole + strlen(scope->prefix), pattern, strlen(pattern));
	status = check_openapi(r->options.openapi, err);
	if (status)
		return status;
	r->pattern = whole;
	r->method = copy_text(app, method);
	r->options.name = copy_text(app, r->options.name);
	r->options.summary = copy_text(app, r->options.summary);
	r->options.openapi = copy_text(app, r->options.openapi);
	if (r->options.tx.size == 0)
		r->options.tx.size = sizeof(r->options.tx);
	r->scope = scope;
	if (!r->method || !r->options.name || !r->options.summary || !r->options.openapi)
		return aiodal_web__oom(err);
	*route = r;
	return AIODAL_OK;
}

static aiodal_status
add_route(aiodal_web_scope *scope, const char *method, const char *pattern, aiodal_web_handler handler,
		  aiodal_web_tx_handler tx_handler, void *payload, const aiodal_web_route_options *options,
		  aiodal_error **err)
{
	aiodal_web_app *app = scope->app;
	aiodal_web_route *route = NULL;
	aiodal_status status = aiodal_web__app_check_open(app, err);

	if (!status)
		status = make_route(&route, scope, method, pattern, options, err);
	if (status)
		return status;
	route->handler = handler;
	route->tx_handler = tx_handler;
	route->payload = payload;
	if (!aiodal_web__grow(&app->routes, app->n_routes, sizeof(aiodal_web_route *)))
		return aiodal_web__oom(err);
	status = aiodal_web__route_insert(app->tree, &app->arena, route, err);
	if (status)
		return status;
	app->routes[app->n_routes++] = route;
	app->own_limits = app->own_limits || route->options.max_body > 0;
	return AIODAL_OK;
}

aiodal_status
aiodal_web_scope_add(aiodal_web_scope *scope, const char *method, const char *pattern,
					 aiodal_web_handler handler, void *payload, const aiodal_web_route_options *options,
					 aiodal_error **err)
{
	return add_route(scope, method, pattern, handler, NULL, payload, options, err);
}

aiodal_status
aiodal_web_scope_add_tx(aiodal_web_scope *scope, const char *method, const char *pattern,
						aiodal_web_tx_handler handler, void *payload, const aiodal_web_route_options *options,
						aiodal_error **err)
{
	if (!scope->app->db)
		return aiodal_web__fail(err, AIODAL_ESTATE, "the app has no db to begin a transaction on");
	return add_route(scope, method, pattern, NULL, handler, payload, options, err);
}

/*
 * Completing
 */

static bool
list_steps(aiodal_web_route *route)
{
	const aiodal_web_scope *s;
	size_t n = 0;

	for (s = route->scope; s; s = s->parent)
		n += s->n_steps;
	aiodal_web__free(route->steps);
	route->steps = aiodal_web__calloc(n, sizeof(*route->steps));
	if (!route->steps)
		return false;
	route->n_steps = n;
	for (s = route->scope; s; s = s->parent)
	{
		n -= s->n_steps;
		if (s->n_steps > 0)
			memcpy(route->steps + n, s->steps, s->n_steps * sizeof(*s->steps));
	}
	return true;
}

static bool
list_all_steps(aiodal_web_app *app)
{
	size_t i;

	for (i = 0; i < app->n_routes; i++)
		if (!list_steps(app->routes[i]))
			return false;
	return list_steps(&app->nowhere);
}

aiodal_status
aiodal_web__app_complete(aiodal_web_app *app, aiodal_error **err)
{
	bool done = __atomic_load_n(&app->complete, __ATOMIC_ACQUIRE);

	if (done)
		return AIODAL_OK;
	(void) pthread_mutex_lock(&app->lock);
	done = app->complete || list_all_steps(app);
	__atomic_store_n(&app->complete, done, __ATOMIC_RELEASE);
	(void) pthread_mutex_unlock(&app->lock);
	return done ? AIODAL_OK : aiodal_web__oom(err);
}

/*
 * What there is
 */

size_t
aiodal_web_app_route_count(const aiodal_web_app *app)
{
	return app->n_routes;
}

const aiodal_web_route *
aiodal_web_app_route_at(const aiodal_web_app *app, size_t i)
{
	return i < app->n_routes ? app->routes[i] : NULL;
}

const char *
aiodal_web_route_method(const aiodal_web_route *route)
{
	return route->method;
}

const char *
aiodal_web_route_pattern(const aiodal_web_route *route)
{
	return route->pattern;
}

const char *
aiodal_web_route_name(const aiodal_web_route *route)
{
	return route->options.name;
}

const char *
aiodal_web_route_summary(const aiodal_web_route *route)
{
	return route->options.summary;
}

void *
aiodal_web_route_payload(const aiodal_web_route *route)
{
	return route->payload;
}
