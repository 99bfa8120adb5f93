/*
 * auth.c
 *		Who sends a request, and whether that is enough: middleware, and its answers as RFC 6750 has them.
 */
#include <string.h>

#include <aiodal/web_auth.h>

#include "app.h"
#include "auth.h"
#include "jwt.h"
#include "mem.h"
#include "text.h"

/* What a request's token came to; kept with the request. */
typedef struct login
{
	const aiodal_web_auth_options *by;
	aiodal_web_claims *claims; /* NULL: there was no token */
	void *user;
} login;

static const char login_key[1];

/*
 * Answers
 */

/* What is wrong; NULL is not said. */
typedef struct challenge
{
	int status;
	const char *error;
	const char *description;
	const char *scope;
} challenge;

/* name="value", without what ends a quoted string or may not be in one. */
static void
add_parameter(aiodal_web__buf *header, const char *name, const char *value)
{
	const char *p;

	if (!value)
		return;
	aiodal_web__buf_printf(header, "%s %s=\"", strcmp(header->data, "Bearer") == 0 ? "" : ",", name);
	for (p = value; *p; p++)
		aiodal_web__buf_char(header, *p == '"' || *p == '\\' ? '\'' : *p < ' ' || *p > '~' ? '?' : *p);
	aiodal_web__buf_char(header, '"');
}

static aiodal_status
answer(const aiodal_web_auth_options *by, aiodal_web_response *res, const challenge *c, aiodal_error **err)
{
	aiodal_web__buf header = AIODAL_WEB__BUF_INIT;
	aiodal_status status = aiodal_web_response_problem(res, c->status, c->description, err);

	aiodal_web__buf_str(&header, "Bearer");
	if (!header.oom)
	{
		add_parameter(&header, "realm", by->realm);
		add_parameter(&header, "error", c->error);
		add_parameter(&header, "error_description", c->error ? c->description : NULL);
		add_parameter(&header, "scope", c->scope);
	}
	if (!status && header.oom)
		status = aiodal_web__oom(err);
	if (!status)
		status = aiodal_web_response_set_header(res, "WWW-Authenticate", header.data, err);
	aiodal_web__buf_free(&header);
	return status;
}

static aiodal_status
answer_no_token(const aiodal_web_auth_options *by, aiodal_web_response *res, aiodal_error **err)
{
	challenge c = {401, NULL, "a bearer token is needed", NULL};

	return answer(by, res, &c, err);
}

static aiodal_status
answer_two_headers(const aiodal_web_auth_options *by, aiodal_web_response *res, aiodal_error **err)
{
	challenge c = {400, "invalid_request", "there is more than one Authorization header", NULL};

	return answer(by, res, &c, err);
}

/* The token was not verified: through its own fault, or that of somebody else. */
static aiodal_status
answer_not_verified(const aiodal_web_auth_options *by, aiodal_web_response *res, const aiodal_error *why,
					aiodal_error **err)
{
	challenge c = {401, "invalid_token", aiodal_error_message(why), NULL};
	aiodal_status status;

	if (aiodal_error_status(why) != AIODAL_ECONN)
		return answer(by, res, &c, err);
	status = aiodal_web_response_problem(res, 503, aiodal_error_message(why), err);
	return status ? status : aiodal_web_response_set_header(res, "Retry-After", "5", err);
}

static aiodal_status
answer_not_enough(const aiodal_web_auth_options *by, aiodal_web_response *res, const char *scopes,
				  const aiodal_error *why, aiodal_error **err)
{
	challenge c = {403, "insufficient_scope", aiodal_error_message(why), scopes};

	return answer(by, res, &c, err);
}

/*
 * Logging in
 */

/* What stands behind "Bearer"; NULL when the header is of another scheme. */
static const char *
bearer(const char *header)
{
	static const char scheme[] = "bearer";
	size_t i;

	for (i = 0; scheme[i]; i++)
		if (aiodal_web__lower(header[i]) != scheme[i])
			return NULL;
	return header[i] == ' ' ? header + i + strspn(header + i, " ") : NULL;
}

static void
free_login(void *payload)
{
	login *l = payload;

	if (l->user && l->by->free_user)
		l->by->free_user(l->user);
	aiodal_web_claims_free(l->claims);
}

/* Has the request keep a login without claims. */
static aiodal_status
open_login(login **l, const aiodal_web_auth_options *by, aiodal_web_request *req, aiodal_error **err)
{
	*l = aiodal_web__arena_alloc(&req->arena, sizeof(**l));
	if (!*l)
		return aiodal_web__oom(err);
	(*l)->by = by;
	return aiodal_web_request_set(req, login_key, *l, free_login, err);
}

/* Sees whether the token says all there must be; answers when not. */
static aiodal_status
check_login(bool *enough, login *l, aiodal_web_response *res, aiodal_error **err)
{
	const aiodal_web_auth_options *by = l->by;
	aiodal_error *why = NULL;
	aiodal_status status = aiodal_web_claims_require(l->claims, &by->require, &why);

	if (!status && by->parse_user)
		status = by->parse_user(&l->user, l->claims, by->parse_payload, &why);
	*enough = !status;
	if (status != AIODAL_ENOTFOUND && status != AIODAL_EINVAL)
		return aiodal_web__pass_on(why, status, err);
	status = answer_not_enough(by, res, by->require.scopes, why, err);
	aiodal_error_free(why);
	return status;
}

static aiodal_status
log_in(bool *enough, login *l, const char *token, aiodal_web_response *res, aiodal_error **err)
{
	aiodal_error *why = NULL;
	aiodal_status status =
		aiodal_web__token_verify(&l->claims, l->by->keys, token, strlen(token), &l->by->token, &why);

	*enough = false;
	if (!status)
		return check_login(enough, l, res, err);
	if (status != AIODAL_EINVAL && status != AIODAL_ENOTFOUND && status != AIODAL_ECONN)
		return aiodal_web__pass_on(why, status, err);
	status = answer_not_verified(l->by, res, why, err);
	aiodal_error_free(why);
	return status;
}

static aiodal_status
authenticate(aiodal_web_request *req, aiodal_web_response *res, const aiodal_web_next *next, void *payload,
			 aiodal_error **err)
{
	const aiodal_web_auth_options *by = payload;
	const char *header = aiodal_web_request_header(req, "Authorization");
	const char *token = header ? bearer(header) : NULL;
	bool enough = true;
	login *l;
	aiodal_status status;

	if (aiodal_web_request_header_count(req, "Authorization") > 1)
		return answer_two_headers(by, res, err);
	if (!token && (header || !by->optional))
		return answer_no_token(by, res, err);
	status = open_login(&l, by, req, err);
	if (!status && token)
		status = log_in(&enough, l, token, res, err);
	return status || !enough ? status : aiodal_web_next_run(next, req, res, err);
}

/*
 * Requiring more
 */

static aiodal_status
require(aiodal_web_request *req, aiodal_web_response *res, const aiodal_web_next *next, void *payload,
		aiodal_error **err)
{
	const aiodal_web_requirements *what = payload;
	const login *l = aiodal_web_request_get(req, login_key);
	aiodal_error *why = NULL;
	aiodal_status status;

	if (!l)
		return aiodal_web__fail(err, AIODAL_ESTATE,
								"a scope requires something of tokens, but none is asked for");
	if (!l->claims)
		return answer_no_token(l->by, res, err);
	status = aiodal_web_claims_require(l->claims, what, &why);
	if (status)
		status = answer_not_enough(l->by, res, what->scopes, why, err);
	else
		status = aiodal_web_next_run(next, req, res, err);
	aiodal_error_free(why);
	return status;
}

/*
 * Building
 */

/* Replaces a string by a copy; NULL stays. False when out of memory. */
static bool
keep(aiodal_web_app *app, const char **s)
{
	if (*s)
		*s = aiodal_web__arena_copy(&app->arena, *s, strlen(*s));
	return *s != NULL;
}

static bool
keep_if(aiodal_web_app *app, const char **s)
{
	return !*s || keep(app, s);
}

static aiodal_status
copy_requirements(aiodal_web_requirements *ours, aiodal_web_app *app, const aiodal_web_requirements *given,
				  aiodal_error **err)
{
	aiodal_status status = aiodal_web__options_copy(ours, sizeof(*ours), given, "the requirements", err);

	if (!status &&
		!(keep_if(app, &ours->org_id) && keep_if(app, &ours->grant_type) && keep_if(app, &ours->scopes) &&
		  keep_if(app, &ours->permissions) && keep_if(app, &ours->email_claim)))
		status = aiodal_web__oom(err);
	return status;
}

static aiodal_status
copy_options(aiodal_web_auth_options *ours, aiodal_web_app *app, const aiodal_web_auth_options *given,
			 aiodal_error **err)
{
	aiodal_status status =
		aiodal_web__options_copy(ours, sizeof(*ours), given, "the options for tokens", err);

	if (!status && !ours->keys)
		status = aiodal_web__fail(err, AIODAL_EINVAL, "to verify tokens keys are needed");
	if (!status && ours->realm && !aiodal_web__is_header_value(ours->realm))
		status = aiodal_web__fail(err, AIODAL_EINVAL, "the realm has a control character");
	if (!status)
		status = aiodal_web__token_options_read(&ours->token, given->token.size ? &given->token : NULL, err);
	if (!status)
		status = copy_requirements(&ours->require, app, given->require.size ? &given->require : NULL, err);
	if (!status &&
		!(keep(app, &ours->token.issuer) && keep(app, &ours->token.audience) && keep_if(app, &ours->realm)))
		status = aiodal_web__oom(err);
	return status;
}

aiodal_status
aiodal_web_scope_authenticate(aiodal_web_scope *scope, const aiodal_web_auth_options *options,
							  aiodal_error **err)
{
	aiodal_status status = aiodal_web__app_check_open(scope->app, err);
	aiodal_web_auth_options *by;

	if (status)
		return status;
	by = aiodal_web__arena_alloc(&scope->app->arena, sizeof(*by));
	if (!by)
		return aiodal_web__oom(err);
	status = copy_options(by, scope->app, options, err);
	return status ? status : aiodal_web_scope_use(scope, authenticate, by, err);
}

aiodal_status
aiodal_web_scope_require(aiodal_web_scope *scope, const aiodal_web_requirements *what, aiodal_error **err)
{
	aiodal_status status = aiodal_web__app_check_open(scope->app, err);
	aiodal_web_requirements *ours;

	if (status)
		return status;
	ours = aiodal_web__arena_alloc(&scope->app->arena, sizeof(*ours));
	if (!ours)
		return aiodal_web__oom(err);
	status = copy_requirements(ours, scope->app, what, err);
	return status ? status : aiodal_web_scope_use(scope, require, ours, err);
}

/* The most that is asked: by the steps, or before. */
static aiodal_web__token_need
most(aiodal_web__token_need need, const aiodal_web__step *steps, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
	{
		const aiodal_web_auth_options *by = steps[i].payload;

		if (steps[i].run == require || (steps[i].run == authenticate && !by->optional))
			return AIODAL_WEB__TOKEN_REQUIRED;
		if (steps[i].run == authenticate && need == AIODAL_WEB__NO_TOKEN)
			need = AIODAL_WEB__TOKEN_OPTIONAL;
	}
	return need;
}

aiodal_web__token_need
aiodal_web__route_token(const aiodal_web_route *route)
{
	return most(AIODAL_WEB__NO_TOKEN, route->steps, route->n_steps);
}

aiodal_web__token_need
aiodal_web__scope_token(const aiodal_web_scope *scope)
{
	aiodal_web__token_need need = AIODAL_WEB__NO_TOKEN;

	for (; scope; scope = scope->parent)
		need = most(need, scope->steps, scope->n_steps);
	return need;
}

const aiodal_web_claims *
aiodal_web_request_claims(const aiodal_web_request *req)
{
	const login *l = aiodal_web_request_get(req, login_key);

	return l ? l->claims : NULL;
}

void *
aiodal_web_request_user(const aiodal_web_request *req)
{
	const login *l = aiodal_web_request_get(req, login_key);

	return l ? l->user : NULL;
}
