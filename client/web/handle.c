/*
 * handle.c
 *		A request on its way through an app: middleware, the handler in its transaction, and what is answered
 * when that fails.
 */
#include "app.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <aiodal/db.h>

#include "response.h"
#include "text.h"

/* Stands for the steps that are left and what is behind them. */
struct aiodal_web_next
{
	const aiodal_web_route *route; /* nowhere when there is none */
	const aiodal_web__match *match;
	size_t step;
	int refuse; /* status to answer instead of running a handler; 0: run it */
	const char *why;
};

/*
 * The innermost part: a handler
 */

/* Asks what the scope and those around it have to say. */
static aiodal_status
ask(bool *allowed, const aiodal_web_scope *scope, aiodal_web_request *req, aiodal_tx *tx, aiodal_error **err)
{
	const aiodal_web__permit *p;
	aiodal_status status = AIODAL_OK;

	*allowed = true;
	if (scope->parent)
		status = ask(allowed, scope->parent, req, tx, err);
	for (p = scope->permits; p && !status && *allowed; p = p->next)
	{
		*allowed = false;
		status = p->ask(allowed, req, tx, p->payload, err);
	}
	return status;
}

/* The handler, if it may run. */
static aiodal_status
run_permitted(const aiodal_web_route *route, aiodal_web_request *req, aiodal_web_response *res, aiodal_tx *tx,
			  aiodal_error **err)
{
	bool allowed;
	aiodal_status status = ask(&allowed, route->scope, req, tx, err);

	if (status)
		return status;
	if (!allowed)
		return aiodal_web_response_problem(res, 403, NULL, err);
	if (route->handler)
		return route->handler(req, res, route->payload, err);
	return route->tx_handler(req, res, tx, route->payload, err);
}

/* What aiodal_db_transact() gets to run */
typedef struct tx_call
{
	aiodal_web_request *req;
	aiodal_web_response *res;
	const aiodal_web_route *route;
	bool ran;
} tx_call;

static aiodal_status
run_in_tx(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	tx_call *call = payload;
	aiodal_status status;

	/* what an attempt before this one left */
	if (call->ran)
		aiodal_web_response_reset(call->res);
	call->ran = true;
	call->req->tx = tx;
	status = run_permitted(call->route, call->req, call->res, tx, err);
	call->req->tx = NULL;
	if (status == AIODAL_OK && call->res->status >= 400)
		(void) aiodal_tx_rollback(tx, NULL);
	return status;
}

static aiodal_status
run_handler(const aiodal_web_route *route, aiodal_web_request *req, aiodal_web_response *res,
			aiodal_error **err)
{
	tx_call call = {req, res, route, false};
	aiodal_status status;

	if (route->handler)
		return run_permitted(route, req, res, NULL, err);
	status = aiodal_db_transact(req->app->db, &route->options.tx, run_in_tx, &call, err);
	req->no_connection = status && !call.ran;
	return status;
}

static aiodal_status
run_route(const aiodal_web_route *route, aiodal_web_request *req, aiodal_web_response *res,
		  aiodal_error **err)
{
	aiodal_error *cause = NULL;
	aiodal_status status = run_handler(route, req, res, &cause);

	/* a handler that failed without an error of its own */
	if (status && !cause)
		(void) aiodal_error_set(&cause, status, "the handler failed", NULL, NULL);
	if (status)
		aiodal_web_response_reset(res);
	aiodal_error_free(req->answered);
	req->answered = NULL;
	if (status && !req->no_connection && route->options.on_error &&
		route->options.on_error(req, res, cause, route->options.on_error_payload))
	{
		req->answered = cause;
		return AIODAL_OK;
	}
	if (status && err)
		*err = cause;
	else
		aiodal_error_free(cause);
	return status;
}

/*
 * Where there is no route
 */

static aiodal_status
answer_methods(const aiodal_web__node *node, bool options, aiodal_web_response *res, aiodal_error **err)
{
	aiodal_web__buf methods = AIODAL_WEB__BUF_INIT;
	aiodal_status status = AIODAL_OK;

	aiodal_web__route_methods(node, &methods);
	if (methods.oom)
		status = aiodal_web__oom(err);
	else if (options)
		res->status = 204;
	else
		status = aiodal_web_response_problem(res, 405, NULL, err);
	if (!status)
		status = aiodal_web_response_set_header(res, "Allow", methods.data, err);
	aiodal_web__buf_free(&methods);
	return status;
}

static aiodal_status
answer_nowhere(const aiodal_web_next *next, aiodal_web_request *req, aiodal_web_response *res,
			   aiodal_error **err)
{
	if (next->refuse)
		return aiodal_web_response_problem(res, next->refuse, next->why, err);
	if (next->match->other)
		return answer_methods(next->match->other, strcmp(req->method, "OPTIONS") == 0, res, err);
	return aiodal_web_response_problem(res, 404, NULL, err);
}

aiodal_status
aiodal_web_next_run(const aiodal_web_next *next, aiodal_web_request *req, aiodal_web_response *res,
					aiodal_error **err)
{
	aiodal_web_next further = *next;
	const aiodal_web__step *step;

	if (next->step == next->route->n_steps)
		return req->route && !next->refuse ? run_route(req->route, req, res, err)
										   : answer_nowhere(next, req, res, err);
	step = &next->route->steps[further.step++];
	return step->run(req, res, &further, step->payload, err);
}

/*
 * The outermost part
 */

/* Says nothing about the cause: that is for logs. */
static aiodal_status
answer_failure(aiodal_web_request *req, aiodal_web_response *res, aiodal_error **err)
{
	aiodal_status status = aiodal_web_response_problem(res, req->no_connection ? 503 : 500, NULL, err);

	if (!status && req->no_connection)
		status = aiodal_web_response_set_header(res, "Retry-After", "1", err);
	return status;
}

static double
seconds(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static void
tell_access(aiodal_web_app *app, const aiodal_web_request *req, const aiodal_web_response *res,
			const aiodal_error *error, double since)
{
	aiodal_web_access access = {sizeof(access), req, res, error, seconds() - since};

	/* what a mapper made a 503 of is of interest still, a client's mistake is not */
	if (!error && res->status >= 500)
		access.error = req->answered;
	if (app->access)
		app->access(app->access_payload, &access);
}

/* Finds the route and looks at what depends on it; *refuse as in aiodal_web_next. False: out of memory. */
static bool
find_route(aiodal_web_request *req, aiodal_web__match *match, int *refuse, const char **why)
{
	size_t limit;

	if (!aiodal_web__route_find(match, req->app->tree, &req->arena, req->method, req->segments,
								req->n_segments))
		return false;
	req->route = match->route;
	req->params = match->params;
	limit = match->route && match->route->options.max_body ? match->route->options.max_body
														   : req->app->limits.body;
	if (req->body_len > limit)
	{
		*refuse = 413;
		*why = "the body is too large";
	}
	return true;
}

static aiodal_status
run(aiodal_web_request *req, aiodal_web_response *res, const aiodal_web_call *call, aiodal_error **err)
{
	aiodal_web__match match = {NULL, {NULL}, 0, NULL};
	aiodal_web_next next = {&req->app->nowhere, &match, 0, 0, NULL};

	next.refuse = aiodal_web__request_read(req, call, &req->app->limits, &next.why);
	if (next.refuse < 0 || (next.refuse == 0 && !find_route(req, &match, &next.refuse, &next.why)))
		return aiodal_web__oom(err);
	res->head = strcmp(req->method, "HEAD") == 0;
	if (req->route)
		next.route = req->route;
	return aiodal_web_next_run(&next, req, res, err);
}

aiodal_status
aiodal_web_app_handle(aiodal_web_response **res, aiodal_web_app *app, const aiodal_web_call *call,
					  aiodal_error **err)
{
	aiodal_web_request req = {.app = app};
	aiodal_error *cause = NULL;
	double since = seconds();
	aiodal_status status;

	*res = NULL;
	if (!call || call->size < sizeof(*call) || !call->method || !call->target)
		return aiodal_web__fail(err, AIODAL_EINVAL, "a call needs a method and a target");
	status = aiodal_web__app_complete(app, err);
	if (status)
		return status;
	*res = aiodal_web__response_new();
	if (!*res)
		return aiodal_web__oom(err);
	status = run(&req, *res, call, &cause);
	if (!status && ((*res)->status < 200 || (*res)->status > 599))
		status = aiodal_web__fail(&cause, AIODAL_EINVAL, "a handler answered with status %d", (*res)->status);
	if (status)
		status = answer_failure(&req, *res, err);
	if (!status)
		status = aiodal_web_response_set_header(*res, "X-Request-Id", req.id, err);
	if (!status)
		tell_access(app, &req, *res, cause, since);
	else
	{
		aiodal_web_response_free(*res);
		*res = NULL;
	}
	aiodal_error_free(cause);
	aiodal_error_free(req.answered);
	aiodal_web__request_done(&req);
	return status;
}

size_t
aiodal_web__app_max_body(aiodal_web_app *app, const char *method, const char *target)
{
	aiodal_web_request req = {.app = app};
	aiodal_web_call call = AIODAL_WEB_CALL_INIT;
	aiodal_web__match match;
	const char *why;
	size_t limit = app->limits.body;

	if (!app->own_limits)
		return limit;
	call.method = method;
	call.target = target;
	if (aiodal_web__request_read(&req, &call, &app->limits, &why) == 0 &&
		aiodal_web__route_find(&match, app->tree, &req.arena, method, req.segments, req.n_segments) &&
		match.route && match.route->options.max_body)
		limit = match.route->options.max_body;
	aiodal_web__request_done(&req);
	return limit;
}
