/*
 * test_auth.c
 *		Requests with and without tokens, and what is answered.
 */
#include "stub.h"
#include "token.h"

#include <time.h>

#include <jansson.h>

#include "clock.h"
#include "alloc.h"

static EVP_PKEY *one, *stranger;
static aiodal_web_keys *keys;

static int
make_keys(void **state)
{
	const char *set;

	(void) state;
	one = new_key(2048);
	stranger = new_key(2048);
	set = text("{\"keys\":[%s]}", jwk(one, "one", ""));
	return aiodal_web_keys_parse(&keys, set, strlen(set), NULL);
}

static int
free_keys(void **state)
{
	(void) state;
	aiodal_web_keys_free(keys);
	EVP_PKEY_free(one);
	EVP_PKEY_free(stranger);
	return 0;
}

static const char *
payload_with(const char *more)
{
	return text("{\"iss\":\"" ISSUER "\",\"aud\":\"" AUDIENCE "\",\"sub\":\"auth0|7\",\"exp\":%lld%s}",
				(long long) time(NULL) + 1000000, more);
}

static const char *
signed_by(EVP_PKEY *key, const char *payload)
{
	return text("Authorization: Bearer %s", token(key, "{\"alg\":\"RS256\",\"kid\":\"one\"}", payload));
}

/* The header of a request with a good token that says more. */
static const char *
with(const char *more)
{
	return signed_by(one, payload_with(more));
}

/* Says who the user is. */
static aiodal_status
whoami(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	const aiodal_web_claims *claims = aiodal_web_request_claims(req);
	const char *user = aiodal_web_request_user(req);
	char *said = aiodal_web_request_printf(
		req, "%s %s", claims ? aiodal_web_claims_subject(claims) : "nobody", user ? user : "-");

	(void) payload;
	return said ? aiodal_web_response_set_body(res, "text/plain", said, strlen(said), err)
				: aiodal_web__oom(err);
}

static aiodal_web_auth_options
options(void)
{
	aiodal_web_auth_options o = AIODAL_WEB_AUTH_OPTIONS_INIT;

	o.keys = keys;
	o.token.issuer = ISSUER;
	o.token.audience = AUDIENCE;
	o.realm = "books";
	return o;
}

/* /open is for all, /me for those with a token. */
static aiodal_web_app *
new_app(aiodal_web_auth_options o, aiodal_web_scope **scope)
{
	aiodal_error *err = NULL;
	aiodal_web_app *app;
	aiodal_web_scope *closed;

	OK(aiodal_web_app_new(&app, NULL, NULL, &err));
	OK(aiodal_web_scope_add(aiodal_web_app_root(app), "GET", "/open", whoami, NULL, NULL, &err));
	OK(aiodal_web_scope_new(&closed, aiodal_web_app_root(app), "", &err));
	OK(aiodal_web_scope_authenticate(closed, &o, &err));
	OK(aiodal_web_scope_add(closed, "GET", "/me", whoami, NULL, NULL, &err));
	if (scope)
		*scope = closed;
	return app;
}

static void
lets_believed_tokens_in(void **state)
{
	aiodal_web_app *app = new_app(options(), NULL);
	const char *good = with("");

	(void) state;
	ANSWERS(200, app, "GET", "/open", NULL, NULL);
	SAYS("nobody -");
	ANSWERS(200, app, "GET", "/me", good, NULL);
	SAYS("auth0|7 -");
	ANSWERS(200, app, "GET", "/me", text("authorization: bEARER   %s", good + 22), NULL);
	ANSWERS(200, app, "HEAD", "/me", good, NULL);
	/* a token where none is asked for is not looked at */
	ANSWERS(200, app, "GET", "/open", "Authorization: Bearer rubbish", NULL);
	SAYS("nobody -");
	aiodal_web_app_free(app);
}

static void
asks_for_a_token(void **state)
{
	static const char *const headers[] = {NULL,
										  "Authorization: Basic dXNlcjpwYXNz",
										  "Authorization: Bearer",
										  "Authorization: Bearerx y",
										  "Authorization: ",
										  "Authorization: Digest a=b",
										  "Cookie: access_token=x",
										  "X-Authorization: Bearer x"};
	aiodal_web_app *app = new_app(options(), NULL);
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
	{
		ANSWERS(401, app, "GET", "/me", headers[i], NULL);
		HAS_HEADER("WWW-Authenticate: Bearer realm=\"books\"");
		HAS_HEADER("Content-Type: application/problem+json");
	}
	ANSWERS(401, app, "GET", text("/me?access_token=%s", with("") + 22), NULL, NULL);
	HAS_HEADER("WWW-Authenticate: Bearer realm=\"books\"");
	ANSWERS(401, app, "HEAD", "/me", NULL, NULL);
	ANSWERS(404, app, "GET", "/nowhere", NULL, NULL);
	aiodal_web_app_free(app);
}

static void
refuses_two_headers(void **state)
{
	aiodal_web_app *app = new_app(options(), NULL);
	const char *good = with("");

	(void) state;
	ANSWERS(400, app, "GET", "/me", text("%s\n%s", good, good), NULL);
	HAS_HEADER("WWW-Authenticate: Bearer realm=\"books\", error=\"invalid_request\", "
			   "error_description=\"there is more than one Authorization header\"");
	ANSWERS(400, app, "GET", "/me", text("%s\nauthorization: Basic eDp5", good), NULL);
	ANSWERS(400, app, "GET", "/me", text("Authorization: \n%s", good), NULL);
	aiodal_web_app_free(app);
}

#define INVALID(description) \
	"WWW-Authenticate: Bearer realm=\"books\", error=\"invalid_token\", error_description=\"" description "\""

static void
says_why_a_token_is_invalid(void **state)
{
	aiodal_web_app *app = new_app(options(), NULL);
	const char *good = with("");

	(void) state;
	ANSWERS(401, app, "GET", "/me", "Authorization: Bearer rubbish", NULL);
	HAS_HEADER(INVALID("the token does not have three parts"));
	ANSWERS(401, app, "GET", "/me", text("%s x", good), NULL);
	HAS_HEADER(INVALID("the token's signature is wrong"));
	ANSWERS(401, app, "GET", "/me", signed_by(stranger, payload_with("")), NULL);
	HAS_HEADER(INVALID("the token's signature is wrong"));
	ANSWERS(401, app, "GET", "/me",
			signed_by(one, "{\"iss\":\"" ISSUER "\",\"aud\":\"" AUDIENCE "\",\"sub\":\"a\",\"exp\":1}"),
			NULL);
	HAS_HEADER(INVALID("the token has expired"));
	SAYS("\"detail\":\"the token has expired\"");
	ANSWERS(401, app, "GET", "/me",
			signed_by(one, "{\"iss\":\"" ISSUER "\",\"aud\":\"" AUDIENCE "\",\"sub\":\"a\"}"), NULL);
	HAS_HEADER(INVALID("the token does not say when it expires"));
	ANSWERS(401, app, "GET", "/me",
			signed_by(one, "{\"iss\":\"" ISSUER "\",\"aud\":\"other\",\"sub\":\"a\",\"exp\":99999999999}"),
			NULL);
	HAS_HEADER(INVALID("the token is for another audience"));
	ANSWERS(401, app, "GET", "/me",
			text("Authorization: Bearer %s.%s.", base64("{\"alg\":\"none\",\"kid\":\"one\"}"),
				 base64(payload_with(""))),
			NULL);
	HAS_HEADER(INVALID("the token does not have three parts"));
	ANSWERS(401, app, "GET", "/me",
			text("Authorization: Bearer %s",
				 token(one, "{\"alg\":\"RS256\",\"kid\":\"\\\"\\u000a\"}", payload_with(""))),
			NULL);
	HAS_HEADER(INVALID("the token is signed with an unknown key"));
	aiodal_web_app_free(app);
}

static void
requires_what_the_options_say(void **state)
{
	aiodal_web_auth_options o = options();
	aiodal_web_app *app;

	(void) state;
	o.realm = NULL;
	o.require.org_id = "cia";
	o.require.grant_type = "client-credentials";
	o.require.email = true;
	o.require.scopes = "read write";
	app = new_app(o, NULL);
	ANSWERS(401, app, "GET", "/me", NULL, NULL);
	HAS_HEADER("WWW-Authenticate: Bearer");
	ANSWERS(403, app, "GET", "/me", with(""), NULL);
	HAS_HEADER("WWW-Authenticate: Bearer error=\"insufficient_scope\", error_description=\"the token's "
			   "'org_id' is not the one required\", scope=\"read write\"");
	ANSWERS(403, app, "GET", "/me", with(",\"org_id\":\"cia\",\"gty\":\"implicit\""), NULL);
	SAYS("\\\"gty\\\"");
	ANSWERS(403, app, "GET", "/me",
			with(",\"org_id\":\"cia\",\"gty\":\"client-credentials\",\"scope\":\"read\""), NULL);
	SAYS("lacks the scope \\\"write\\\"");
	ANSWERS(403, app, "GET", "/me",
			with(",\"org_id\":\"cia\",\"gty\":\"client-credentials\",\"scope\":\"read write\""), NULL);
	SAYS("e-mail");
	ANSWERS(
		200, app, "GET", "/me",
		with(",\"org_id\":\"cia\",\"gty\":\"client-credentials\",\"scope\":\"read write\",\"email\":\"a@b\""),
		NULL);
	aiodal_web_app_free(app);
}

static void
requires_more_further_in(void **state)
{
	aiodal_web_requirements r = AIODAL_WEB_REQUIREMENTS_INIT;
	aiodal_web_scope *closed;
	aiodal_web_scope *admin;
	aiodal_web_scope *lost;
	aiodal_web_app *app = new_app(options(), &closed);
	char scopes[] = "admin";
	aiodal_error *err = NULL;

	(void) state;
	OK(aiodal_web_scope_new(&admin, closed, "/admin", &err));
	r.scopes = scopes;
	OK(aiodal_web_scope_require(admin, &r, &err));
	OK(aiodal_web_scope_add(admin, "GET", "/a", whoami, NULL, NULL, &err));
	r.scopes = NULL;
	r.permissions = "x";
	OK(aiodal_web_scope_require(admin, &r, &err));
	OK(aiodal_web_scope_new(&lost, aiodal_web_app_root(app), "/lost", &err));
	OK(aiodal_web_scope_require(lost, &r, &err));
	OK(aiodal_web_scope_add(lost, "GET", "/a", whoami, NULL, NULL, &err));
	memset(scopes, 'x', 5);

	ANSWERS(200, app, "GET", "/me", with(""), NULL);
	ANSWERS(401, app, "GET", "/admin/a", NULL, NULL);
	ANSWERS(403, app, "GET", "/admin/a", with(",\"scope\":\"xxxxx\""), NULL);
	HAS_HEADER("WWW-Authenticate: Bearer realm=\"books\", error=\"insufficient_scope\", "
			   "error_description=\"the token lacks the scope 'admin'\", scope=\"admin\"");
	ANSWERS(403, app, "GET", "/admin/a", with(",\"scope\":\"admin\""), NULL);
	HAS_HEADER("WWW-Authenticate: Bearer realm=\"books\", error=\"insufficient_scope\", "
			   "error_description=\"the token lacks the permission 'x'\"");
	ANSWERS(200, app, "GET", "/admin/a", with(",\"scope\":\"admin\",\"permissions\":[\"x\"]"), NULL);
	/* without authentication around it, it lets nobody in */
	ANSWERS(500, app, "GET", "/lost/a", with(",\"permissions\":[\"x\"]"), NULL);
	FAILS(AIODAL_ESTATE, aiodal_web_scope_require(lost, &r, &err), "");
	aiodal_web_app_free(app);
}

static void
may_do_without_a_token(void **state)
{
	aiodal_web_auth_options o = options();
	aiodal_web_requirements r = AIODAL_WEB_REQUIREMENTS_INIT;
	aiodal_web_scope *closed;
	aiodal_web_scope *admin;
	aiodal_web_app *app;
	aiodal_error *err = NULL;

	(void) state;
	o.optional = true;
	app = new_app(o, &closed);
	OK(aiodal_web_scope_new(&admin, closed, "/admin", &err));
	OK(aiodal_web_scope_require(admin, &r, &err));
	OK(aiodal_web_scope_add(admin, "GET", "/a", whoami, NULL, NULL, &err));
	ANSWERS(200, app, "GET", "/me", NULL, NULL);
	SAYS("nobody");
	ANSWERS(200, app, "GET", "/me", with(""), NULL);
	SAYS("auth0|7");
	ANSWERS(401, app, "GET", "/me", "Authorization: Bearer x.y.z", NULL);
	ANSWERS(401, app, "GET", "/me", "Authorization: Basic eDp5", NULL);
	ANSWERS(401, app, "GET", "/admin/a", NULL, NULL);
	ANSWERS(200, app, "GET", "/admin/a", with(""), NULL);
	aiodal_web_app_free(app);
}

/*
 * A user of the application's own: with the agencies of the claim "extra"
 */

static int users;

static aiodal_status
parse_user(void **user, const aiodal_web_claims *claims, void *payload, aiodal_error **err)
{
	const json_t *extra = json_object_get((const json_t *) aiodal_web_claims_json(claims), "extra");
	const json_t *agencies = json_object_get(extra, "agencies");

	assert_string_equal(payload, "payload");
	if (aiodal_web_claims_string(claims, "broken"))
		return aiodal_error_set(err, AIODAL_ECALLBACK, "the user table is gone", NULL, NULL);
	if (!json_is_array(agencies))
		return aiodal_error_set(err, AIODAL_EINVAL, "the token says no agencies", NULL, NULL);
	*user = malloc(30);
	(void) snprintf(*user, 30, "%zu agencies", json_array_size(agencies));
	users++;
	return AIODAL_OK;
}

static void
free_user(void *user)
{
	users--;
	free(user);
}

static void
makes_users_of_ones_own(void **state)
{
	aiodal_web_auth_options o = options();
	char payload[] = "payload";
	aiodal_web_app *app;

	(void) state;
	o.parse_user = parse_user;
	o.parse_payload = payload;
	o.free_user = free_user;
	app = new_app(o, NULL);
	ANSWERS(200, app, "GET", "/me", with(",\"extra\":{\"agencies\":[1,2]}"), NULL);
	SAYS("auth0|7 2 agencies");
	assert_int_equal(users, 0);
	ANSWERS(403, app, "GET", "/me", with(",\"extra\":1"), NULL);
	SAYS("the token says no agencies");
	ANSWERS(403, app, "GET", "/me", with(""), NULL);
	HAS_HEADER("WWW-Authenticate: Bearer realm=\"books\", error=\"insufficient_scope\", "
			   "error_description=\"the token says no agencies\"");
	ANSWERS(500, app, "GET", "/me", with(",\"broken\":\"yes\""), NULL);
	SAYS_NOT("user table");
	assert_int_equal(users, 0);
	aiodal_web_app_free(app);
}

/* Nobody can say whether the token is good: that is not the client's fault. */
static void
says_when_the_keys_are_gone(void **state)
{
	aiodal_web_auth_options o = options();
	aiodal_web_keys_options ko = AIODAL_WEB_KEYS_OPTIONS_INIT;
	aiodal_web_keys *fetched;
	aiodal_web_app *app;
	aiodal_error *err = NULL;
	stub s;

	(void) state;
	stub_open(&s);
	stub_reply(&s, 200, "", text("{\"keys\":[%s]}", jwk(one, "one", "")));
	ko.wait_ms = PATIENCE_MS;
	OK(aiodal_web_keys_fetch(&fetched, s.url, &ko, &err));
	o.keys = fetched;
	app = new_app(o, NULL);
	ANSWERS(200, app, "GET", "/me", with(""), NULL);
	stub_leave(&s);
	aiodal_web__clock_ahead = 5000 * 1000;
	ANSWERS(503, app, "GET", "/me", with(""), NULL);
	HAS_HEADER("Retry-After: 5");
	SAYS("keys cannot be had");
	aiodal_web__clock_ahead = 0;
	aiodal_web_app_free(app);
	aiodal_web_keys_free(fetched);
	stub_close(&s);
}

/*
 * Permission
 */

static char asked[100];

/* Allows as the query says, and notes that it was asked. */
static aiodal_status
permit(bool *allowed, aiodal_web_request *req, aiodal_tx *tx, void *payload, aiodal_error **err)
{
	const char *name = payload;
	const char *says = aiodal_web_request_query(req, name);
	size_t len = strlen(asked);

	assert_null(tx);
	assert_false(*allowed);
	(void) snprintf(asked + len, sizeof(asked) - len, "%s ", name);
	if (says && strcmp(says, "fail") == 0)
		return aiodal_error_set(err, AIODAL_ECALLBACK, "cannot tell", NULL, NULL);
	*allowed = says && strcmp(says, "yes") == 0;
	return AIODAL_OK;
}

static void
asks_for_permission(void **state)
{
	aiodal_web_scope *closed;
	aiodal_web_scope *inner;
	aiodal_web_app *app = new_app(options(), &closed);
	char names[3][6] = {"root", "first", "last"};
	aiodal_error *err = NULL;

	(void) state;
	OK(aiodal_web_scope_new(&inner, closed, "/inner", &err));
	OK(aiodal_web_scope_add(inner, "GET", "/{id}", whoami, NULL, NULL, &err));
	OK(aiodal_web_scope_permit(inner, permit, names[1], &err));
	OK(aiodal_web_scope_permit(inner, permit, names[2], &err));
	OK(aiodal_web_scope_permit(closed, permit, names[0], &err));

	ANSWERS(401, app, "GET", "/inner/1?root=yes&first=yes&last=yes", NULL, NULL);
	assert_string_equal(asked, "");
	ANSWERS(200, app, "GET", "/inner/1?root=yes&first=yes&last=yes", with(""), NULL);
	assert_string_equal(asked, "root first last ");
	SAYS("auth0|7");
	asked[0] = '\0';
	ANSWERS(403, app, "GET", "/inner/1?root=yes&first=no&last=yes", with(""), NULL);
	assert_string_equal(asked, "root first ");
	SAYS_NOT("auth0|7");
	asked[0] = '\0';
	ANSWERS(403, app, "GET", "/inner/1?first=yes&last=yes", with(""), NULL);
	assert_string_equal(asked, "root ");
	ANSWERS(500, app, "GET", "/inner/1?root=fail&first=yes&last=yes", with(""), NULL);
	ANSWERS(403, app, "GET", "/me", with(""), NULL);
	ANSWERS(200, app, "GET", "/open", NULL, NULL);
	FAILS(AIODAL_ESTATE, aiodal_web_scope_permit(inner, permit, NULL, &err), "");
	aiodal_web_app_free(app);
}

static void
refuses_senseless_options(void **state)
{
	aiodal_web_auth_options o = AIODAL_WEB_AUTH_OPTIONS_INIT;
	aiodal_web_app *app;
	aiodal_web_scope *root;
	aiodal_error *err = NULL;

	(void) state;
	OK(aiodal_web_app_new(&app, NULL, NULL, &err));
	root = aiodal_web_app_root(app);
	FAILS(AIODAL_EINVAL, aiodal_web_scope_authenticate(root, NULL, &err), "keys are needed");
	FAILS(AIODAL_EINVAL, aiodal_web_scope_authenticate(root, &o, &err), "keys are needed");
	o.keys = keys;
	FAILS(AIODAL_EINVAL, aiodal_web_scope_authenticate(root, &o, &err), "an issuer and an audience");
	o = options();
	o.token.leeway_s = 1000;
	FAILS(AIODAL_EINVAL, aiodal_web_scope_authenticate(root, &o, &err), "leeway");
	o = options();
	o.realm = "a\r\nSet-Cookie: x=y";
	FAILS(AIODAL_EINVAL, aiodal_web_scope_authenticate(root, &o, &err), "realm");
	aiodal_web_app_free(app);
}

/* Whatever allocation fails, nobody is let in who has no token, and nothing leaks. */
static void
survives_failing_malloc(void **state)
{
	static const int expected[] = {200, 401, 403};
	const char *headers[] = {with(",\"scope\":\"a\""), "Authorization: Bearer x", with("")};
	aiodal_web_auth_options o = options();
	aiodal_web_app *app;
	size_t i;

	(void) state;
	o.require.scopes = "a";
	app = new_app(o, NULL);
	for (i = 0; i < 3; i++)
	{
		int status = 0;
		long n;

		for (n = 0; status != expected[i]; n++)
		{
			aiodal_web_response *res;

			assert_true(n < 300);
			allow_allocations(n);
			status = aiodal_web_app_try(&res, app, "GET", "/me", headers[i], NULL, NULL) == AIODAL_OK
						 ? aiodal_web_response_status(res)
						 : 500;
			allow_all_allocations();
			assert_true(status == 500 || status == expected[i]);
			aiodal_web_response_free(res);
		}
		assert_true(n > 3);
	}
	aiodal_web_app_free(app);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lets_believed_tokens_in),       cmocka_unit_test(asks_for_a_token),
		cmocka_unit_test(refuses_two_headers),           cmocka_unit_test(says_why_a_token_is_invalid),
		cmocka_unit_test(requires_what_the_options_say), cmocka_unit_test(requires_more_further_in),
		cmocka_unit_test(may_do_without_a_token),        cmocka_unit_test(makes_users_of_ones_own),
		cmocka_unit_test(says_when_the_keys_are_gone),   cmocka_unit_test(asks_for_permission),
		cmocka_unit_test(refuses_senseless_options),     cmocka_unit_test(survives_failing_malloc),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
