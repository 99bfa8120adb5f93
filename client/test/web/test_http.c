/*
 * test_http.c
 *		Requests, responses, routes and middleware: all that needs no server.
 */
#include "web.h"

#include <pthread.h>

#include "mem.h"
#include "text.h"

/* Says what it was called with: the route's pattern and the parameters named in the payload. */
static aiodal_status
echo(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	const char *name = payload;
	const char *value = name ? aiodal_web_request_param(req, name) : NULL;
	char *text = aiodal_web_request_printf(req, "%s %s %s=%s", aiodal_web_request_method(req),
										   aiodal_web_route_pattern(aiodal_web_request_route(req)),
										   name ? name : "", value ? value : "(none)");

	return aiodal_web_response_set_body(res, "text/plain", text, strlen(text), err);
}

static aiodal_web_app *
new_app(const aiodal_web_app_options *options)
{
	aiodal_error *err = NULL;
	aiodal_web_app *app;

	OK(aiodal_web_app_new(&app, NULL, options, &err));
	return app;
}

static void
add(aiodal_web_app *app, const char *method, const char *pattern, aiodal_web_handler handler,
	const char *param)
{
	aiodal_error *err = NULL;

	OK(aiodal_web_scope_add(aiodal_web_app_root(app), method, pattern, handler, (void *) param, NULL, &err));
}

static void
finds_routes(void **state)
{
	aiodal_web_app *app = new_app(NULL);

	(void) state;
	add(app, "GET", "/", echo, NULL);
	add(app, "GET", "/books", echo, NULL);
	add(app, "POST", "/books", echo, NULL);
	add(app, "GET", "/books/{id}", echo, "id");
	add(app, "DELETE", "/books/{key}", echo, "key");
	add(app, "GET", "/books/new", echo, NULL);
	add(app, "GET", "/books/{id}/pages/{page}", echo, "page");
	add(app, "GET", "/books/new/covers", echo, NULL);
	add(app, "GET", "/files/{path...}", echo, "path");
	add(app, "GET", "/files/a/{x}/c", echo, "x");

	ANSWERS(200, app, "GET", "/", NULL, NULL);
	ANSWERS(200, app, "GET", "/books?x=1", NULL, NULL);
	SAYS("GET /books =");
	ANSWERS(200, app, "POST", "/books", NULL, NULL);
	ANSWERS(200, app, "GET", "/books/42", NULL, NULL);
	SAYS("/books/{id} id=42");
	ANSWERS(200, app, "DELETE", "/books/42", NULL, NULL);
	SAYS("/books/{key} key=42");
	ANSWERS(200, app, "GET", "/books/new", NULL, NULL);
	SAYS("/books/new =");
	/* a literal that leads nowhere does not hide the parameter beside it */
	ANSWERS(200, app, "DELETE", "/books/new", NULL, NULL);
	SAYS("key=new");
	ANSWERS(200, app, "GET", "/books/new/pages/3", NULL, NULL);
	SAYS("/books/{id}/pages/{page} page=3");
	ANSWERS(200, app, "GET", "/files/a/b/c", NULL, NULL);
	SAYS("x=b");
	ANSWERS(200, app, "GET", "/files/a/b/d", NULL, NULL);
	SAYS("path=a/b/d");
	ANSWERS(404, app, "GET", "/files", NULL, NULL);
	ANSWERS(404, app, "GET", "/books/", NULL, NULL);
	ANSWERS(404, app, "GET", "/books/1/pages", NULL, NULL);
	ANSWERS(404, app, "GET", "//books", NULL, NULL);
	ANSWERS(404, app, "GET", "/BOOKS", NULL, NULL);
	SAYS("\"title\":\"Not Found\",\"status\":404");
	HAS_HEADER("Content-Type: application/problem+json");
	aiodal_web_app_free(app);
}

static void
answers_methods(void **state)
{
	aiodal_web_app *app = new_app(NULL);

	(void) state;
	add(app, "GET", "/a", echo, NULL);
	add(app, "PUT", "/a", echo, NULL);
	ANSWERS(405, app, "DELETE", "/a", NULL, NULL);
	HAS_HEADER("Allow: GET, HEAD, PUT, OPTIONS");
	ANSWERS(204, app, "OPTIONS", "/a", NULL, NULL);
	HAS_HEADER("Allow: GET, HEAD, PUT, OPTIONS");
	ANSWERS(200, app, "HEAD", "/a", NULL, NULL);
	assert_string_equal(last_body, "");
	HAS_HEADER("Content-Type: text/plain");
	ANSWERS(405, app, "get", "/a", NULL, NULL);
	ANSWERS(404, app, "OPTIONS", "/b", NULL, NULL);
	aiodal_web_app_free(app);
}

static void
decodes_paths(void **state)
{
	aiodal_web_app *app = new_app(NULL);

	(void) state;
	add(app, "GET", "/b/{id}", echo, "id");
	add(app, "GET", "/caf\xC3\xA9", echo, NULL);
	ANSWERS(200, app, "GET", "/b/a%20b+c", NULL, NULL);
	SAYS("id=a b+c");
	ANSWERS(200, app, "GET", "/b/a%2Fb", NULL, NULL);
	SAYS("id=a/b");
	ANSWERS(200, app, "GET", "/%62/%e2%82%ac", NULL, NULL);
	SAYS("id=\xE2\x82\xAC");
	ANSWERS(200, app, "GET", "/caf%C3%A9", NULL, NULL);
	ANSWERS(400, app, "GET", "/b/%00", NULL, NULL);
	ANSWERS(400, app, "GET", "/b/a%", NULL, NULL);
	ANSWERS(400, app, "GET", "/b/%4", NULL, NULL);
	ANSWERS(400, app, "GET", "/b/%zz", NULL, NULL);
	ANSWERS(400, app, "GET", "/b/%ff", NULL, NULL);
	ANSWERS(400, app, "GET", "/b/%c0%af", NULL, NULL);
	ANSWERS(400, app, "GET", "/b/%ed%a0%80", NULL, NULL);
	ANSWERS(400, app, "GET", "b/1", NULL, NULL);
	ANSWERS(400, app, "GET", "", NULL, NULL);
	ANSWERS(400, app, "GET", "/b/1#x", NULL, NULL);
	ANSWERS(400, app, "GET", "/b/1 2", NULL, NULL);
	ANSWERS(400, app, "GET", "/b/1\r\nX: y", NULL, NULL);
	ANSWERS(400, app, "GE T", "/b/1", NULL, NULL);
	ANSWERS(400, app, "", "/b/1", NULL, NULL);
	ANSWERS(400, app, "GET", "http://other/b/1", NULL, NULL);
	ANSWERS(400, app, "OPTIONS", "*", NULL, NULL);
	aiodal_web_app_free(app);
}

static aiodal_status
list_query(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	char *text = aiodal_web_request_printf(req, "%s", "");
	const char *a = aiodal_web_request_query(req, "a");
	size_t i;

	(void) payload;
	for (i = 0; i < aiodal_web_request_query_count(req); i++)
	{
		aiodal_web_header q = aiodal_web_request_query_at(req, i);

		text = aiodal_web_request_printf(req, "%s[%s=%s]", text, q.name, q.value);
	}
	assert_null(aiodal_web_request_query_at(req, i).name);
	text = aiodal_web_request_printf(req, "%s a:%s raw:%s", text, a ? a : "(none)",
									 aiodal_web_request_query_string(req));
	return aiodal_web_response_set_body(res, "text/plain", text, strlen(text), err);
}

static void
decodes_queries(void **state)
{
	aiodal_web_app *app = new_app(NULL);

	(void) state;
	add(app, "GET", "/q", list_query, NULL);
	ANSWERS(200, app, "GET", "/q?a=1&a=2&b=x%26y+z&&c&=d&e==", NULL, NULL);
	SAYS("[a=1][a=2][b=x&y z][c=][=d][e==] a:1 raw:a=1&a=2&b=x%26y+z&&c&=d&e==");
	ANSWERS(200, app, "GET", "/q?", NULL, NULL);
	assert_string_equal(last_body, " a:(none) raw:");
	ANSWERS(200, app, "GET", "/q?x?a=/?", NULL, NULL);
	SAYS("[x?a=/?]");
	ANSWERS(400, app, "GET", "/q?a=%00", NULL, NULL);
	ANSWERS(400, app, "GET", "/q?a%", NULL, NULL);
	ANSWERS(400, app, "GET", "/q?%fe=1", NULL, NULL);
	aiodal_web_app_free(app);
}

static aiodal_status
show_request(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	size_t len;
	const char *body = aiodal_web_request_body(req, &len);
	const char *accept = aiodal_web_request_header(req, "ACCEPT");
	char *text = aiodal_web_request_printf(
		req, "accept:%s n:%zu type:%s body:%s len:%zu remote:%s", accept ? accept : "(none)",
		aiodal_web_request_header_count(req, "accept"), aiodal_web_request_content_type(req), body, len,
		aiodal_web_request_remote(req));

	(void) payload;
	return aiodal_web_response_set_body(res, "text/plain", text, strlen(text), err);
}

static void
reads_headers_and_bodies(void **state)
{
	aiodal_web_app *app = new_app(NULL);

	(void) state;
	add(app, "POST", "/r", show_request, NULL);
	ANSWERS(200, app, "POST", "/r", "Accept: a\naccept: b\nContent-Type: Application/JSON; charset=utf-8",
			"{}");
	SAYS("accept:a n:2 type:application/json body:{} len:2 remote:");
	ANSWERS(200, app, "POST", "/r", NULL, NULL);
	SAYS("accept:(none) n:0 type: body: len:0");
	ANSWERS(400, app, "POST", "/r", "Bad Name: x", NULL);
	ANSWERS(400, app, "POST", "/r", "X: a\rb", NULL);
	ANSWERS(400, app, "POST", "/r", "X: a\x01", NULL);
	ANSWERS(200, app, "POST", "/r", "Accept: \xE2\x82\xAC", NULL);
	aiodal_web_app_free(app);
}

static void
keeps_limits(void **state)
{
	aiodal_web_app_options options = AIODAL_WEB_APP_OPTIONS_INIT;
	aiodal_web_route_options route = AIODAL_WEB_ROUTE_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_web_app *app;

	(void) state;
	options.max_body = 10;
	options.max_target = 20;
	options.max_headers = 3;
	options.max_header_size = 30;
	app = new_app(&options);
	add(app, "POST", "/r", show_request, NULL);
	route.max_body = 20;
	OK(aiodal_web_scope_add(aiodal_web_app_root(app), "POST", "/big", show_request, NULL, &route, &err));
	ANSWERS(200, app, "POST", "/r", NULL, "0123456789");
	ANSWERS(413, app, "POST", "/r", NULL, "0123456789a");
	SAYS("too large");
	ANSWERS(200, app, "POST", "/big", NULL, "01234567890123456789");
	ANSWERS(413, app, "POST", "/big", NULL, "012345678901234567890");
	ANSWERS(200, app, "POST", "/r?34567890123456789", NULL, NULL);
	ANSWERS(414, app, "POST", "/r?345678901234567890", NULL, NULL);
	ANSWERS(200, app, "POST", "/r", "a:b\nc:d\ne:f", NULL);
	ANSWERS(431, app, "POST", "/r", "a:b\nc:d\ne:f\ng:h", NULL);
	ANSWERS(431, app, "POST", "/r", "a: 0123456789012345678901234567890", NULL);
	ANSWERS(414, app, "GET", "/////////////////////////////////////////////////////////////////////", NULL,
			NULL);
	aiodal_web_app_free(app);
}

static void
refuses_bad_routes(void **state)
{
	static const char *const bad[] = {"",       "a",         "/{",       "/{}",    "/{a",
									  "/a}",    "/x{a}",     "/{a}b",    "/{1}",   "/{a b}",
									  "/{...}", "/{a...}/b", "/{a}/{a}", "/{a}{b}"};
	aiodal_web_app *app = new_app(NULL);
	aiodal_web_scope *root = aiodal_web_app_root(app);
	aiodal_web_scope *scope;
	aiodal_error *err = NULL;
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		FAILS(AIODAL_EINVAL, aiodal_web_scope_add(root, "GET", bad[i], echo, NULL, NULL, &err), "pattern");
	FAILS(AIODAL_EINVAL, aiodal_web_scope_add(root, "get", "/a", echo, NULL, NULL, &err), "method");
	FAILS(AIODAL_EINVAL, aiodal_web_scope_add(root, "A B", "/a", echo, NULL, NULL, &err), "method");
	add(app, "GET", "/a/{x}", echo, "x");
	FAILS(AIODAL_EINVAL, aiodal_web_scope_add(root, "GET", "/a/{y}", echo, NULL, NULL, &err),
		  "there already, as /a/{x}");
	FAILS(AIODAL_EINVAL, aiodal_web_scope_new(&scope, root, "v1", &err), "prefix");
	FAILS(AIODAL_EINVAL, aiodal_web_scope_new(&scope, root, "/v1/", &err), "prefix");
	FAILS(AIODAL_ESTATE, aiodal_web_scope_add_tx(root, "GET", "/t", NULL, NULL, NULL, &err), "no db");
	ANSWERS(200, app, "GET", "/a/1", NULL, NULL);
	FAILS(AIODAL_ESTATE, aiodal_web_scope_add(root, "GET", "/late", echo, NULL, NULL, &err), "any more");
	FAILS(AIODAL_ESTATE, aiodal_web_scope_new(&scope, root, "/v1", &err), "any more");
	FAILS(AIODAL_ESTATE, aiodal_web_scope_use(root, NULL, NULL, &err), "any more");
	assert_int_equal(aiodal_web_app_route_count(app), 1);
	assert_string_equal(aiodal_web_route_pattern(aiodal_web_app_route_at(app, 0)), "/a/{x}");
	assert_null(aiodal_web_app_route_at(app, 1));
	aiodal_web_app_free(app);
}

/*
 * Middleware
 */

static char trace[200];

static aiodal_status
note(aiodal_web_request *req, aiodal_web_response *res, const aiodal_web_next *next, void *payload,
	 aiodal_error **err)
{
	size_t at = strlen(trace);
	aiodal_status status;

	(void) snprintf(trace + at, sizeof(trace) - at, "<%s ", (const char *) payload);
	status = aiodal_web_next_run(next, req, res, err);
	at = strlen(trace);
	(void) snprintf(trace + at, sizeof(trace) - at, "%s%d> ", (const char *) payload,
					status ? (int) status : aiodal_web_response_status(res));
	return status;
}

static aiodal_status
refuse(aiodal_web_request *req, aiodal_web_response *res, const aiodal_web_next *next, void *payload,
	   aiodal_error **err)
{
	(void) req;
	(void) next;
	(void) payload;
	return aiodal_web_response_problem(res, 403, "not you", err);
}

static aiodal_status
go_wrong(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **out)
{
	aiodal_error *err = NULL;
	(void) req;
	(void) payload;
	(void) out;
	OK(aiodal_web_response_set_header(res, "X-Left", "over", &err));
	return aiodal_error_set(out, AIODAL_ESERVER, "the secret cause", NULL, NULL);
}

static aiodal_status
fail_silently(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	(void) req;
	(void) res;
	(void) payload;
	(void) err;
	return AIODAL_EINVAL;
}

static void
runs_middleware(void **state)
{
	aiodal_web_app *app = new_app(NULL);
	aiodal_web_scope *v1, *inner, *closed;
	aiodal_error *err = NULL;

	(void) state;
	OK(aiodal_web_scope_new(&v1, aiodal_web_app_root(app), "/v1", &err));
	OK(aiodal_web_scope_new(&inner, v1, "", &err));
	OK(aiodal_web_scope_new(&closed, v1, "/closed", &err));
	OK(aiodal_web_scope_add(inner, "GET", "/in/{id}", echo, (void *) "id", NULL, &err));
	OK(aiodal_web_scope_add(v1, "GET", "/v", echo, NULL, NULL, &err));
	OK(aiodal_web_scope_add(v1, "GET", "/bad", go_wrong, NULL, NULL, &err));
	OK(aiodal_web_scope_add(closed, "GET", "/door", echo, NULL, NULL, &err));
	OK(aiodal_web_scope_use(inner, note, (void *) "c", &err));
	OK(aiodal_web_scope_use(aiodal_web_app_root(app), note, (void *) "a", &err));
	OK(aiodal_web_scope_use(v1, note, (void *) "b", &err));
	OK(aiodal_web_scope_use(inner, note, (void *) "d", &err));
	OK(aiodal_web_scope_use(closed, refuse, NULL, &err));

#define TRACES(expected, status, target)             \
	trace[0] = '\0';                                 \
	ANSWERS(status, app, "GET", target, NULL, NULL); \
	assert_string_equal(trace, expected)

	TRACES("<a <b <c <d d200> c200> b200> a200> ", 200, "/v1/in/7");
	SAYS("/v1/in/{id} id=7");
	TRACES("<a <b b200> a200> ", 200, "/v1/v");
	TRACES("<a a404> ", 404, "/v1/none");
	TRACES("<a a400> ", 400, "/%");
	TRACES("<a <b b403> a403> ", 403, "/v1/closed/door");
	SAYS("not you");
	TRACES("<a <b b-1> a-1> ", 500, "/v1/bad");
	SAYS_NOT("secret");
	assert_null(strstr(last_headers, "X-Left"));
	aiodal_web_app_free(app);
}

static char access_line[300];

static void
log_access(void *payload, const aiodal_web_access *a)
{
	const aiodal_web_route *route = aiodal_web_request_route(a->request);

	(void) payload;
	assert_true(a->seconds >= 0 && a->seconds < 60);
	(void) snprintf(access_line, sizeof(access_line), "%s %s %s %d %s %s",
					aiodal_web_request_method(a->request), aiodal_web_request_path(a->request),
					route ? aiodal_web_route_name(route) : "-", aiodal_web_response_status(a->response),
					aiodal_web_request_id(a->request), a->error ? aiodal_error_message(a->error) : "-");
}

static void
tells_access_and_ids(void **state)
{
	aiodal_web_app_options options = AIODAL_WEB_APP_OPTIONS_INIT;
	aiodal_web_route_options route = AIODAL_WEB_ROUTE_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_web_app *app;
	const char *bad;

	(void) state;
	options.access = log_access;
	app = new_app(&options);
	route.name = "failing";
	OK(aiodal_web_scope_add(aiodal_web_app_root(app), "GET", "/f", go_wrong, NULL, &route, &err));
	add(app, "GET", "/silent", fail_silently, NULL);
	ANSWERS(500, app, "GET", "/f?token=1", "X-Request-Id: aZ-09_.", NULL);
	assert_string_equal(access_line, "GET /f failing 500 aZ-09_. the secret cause");
	HAS_HEADER("X-Request-Id: aZ-09_.");
	ANSWERS(500, app, "GET", "/silent", NULL, NULL);
	assert_non_null(strstr(access_line, "the handler failed"));
	ANSWERS(404, app, "GET", "/none", "X-Request-Id: a b", NULL);
	bad = strstr(last_headers, "X-Request-Id: ");
	assert_non_null(bad);
	assert_int_equal(strspn(bad + strlen("X-Request-Id: "), "0123456789abcdef"), 32);
	assert_null(strstr(access_line, "a b"));
	aiodal_web_app_free(app);
}

/*
 * Responses
 */

static int freed;

static void
count_free(void *thing)
{
	(void) thing;
	freed++;
}

static aiodal_status
use_response(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **out)
{
	aiodal_error *err = NULL;
	static char body[] = "lent";

	(void) req;
	(void) payload;
	(void) out;
	FAILS(AIODAL_EINVAL, aiodal_web_response_set_header(res, "X", "a\r\nSet-Cookie: b", &err), "control");
	FAILS(AIODAL_EINVAL, aiodal_web_response_add_header(res, "X", "a\nb", &err), "control");
	FAILS(AIODAL_EINVAL, aiodal_web_response_set_header(res, "X: y", "a", &err), "token");
	FAILS(AIODAL_EINVAL, aiodal_web_response_set_header(res, "", "a", &err), "token");
	OK(aiodal_web_response_set_header(res, "X-One", "1", &err));
	OK(aiodal_web_response_set_header(res, "x-one", aiodal_web_response_header(res, "X-ONE"), &err));
	OK(aiodal_web_response_add_header(res, "Vary", "a", &err));
	OK(aiodal_web_response_add_header(res, "Vary", "b", &err));
	OK(aiodal_web_response_set_header(res, "X-Gone", "1", &err));
	OK(aiodal_web_response_set_header(res, "X-Gone", NULL, &err));
	FAILS(AIODAL_EINVAL, aiodal_web_response_take_body(res, "a\nb", body, 4, count_free, &err), "control");
	assert_int_equal(freed, 1);
	OK(aiodal_web_response_take_body(res, "text/plain", body, 4, count_free, &err));
	aiodal_web_response_set_status(res, 202);
	return AIODAL_OK;
}

static void
makes_responses(void **state)
{
	aiodal_web_app *app = new_app(NULL);

	(void) state;
	add(app, "GET", "/r", use_response, NULL);
	freed = 0;
	ANSWERS(202, app, "GET", "/r", NULL, NULL);
	assert_int_equal(freed, 2);
	assert_string_equal(last_body, "lent");
	HAS_HEADER("x-one: 1");
	HAS_HEADER("Vary: a\nVary: b");
	assert_null(strstr(last_headers, "X-Gone"));
	assert_string_equal(aiodal_web_reason(412), "Precondition Failed");
	assert_string_equal(aiodal_web_reason(799), "");
	aiodal_web_app_free(app);
}

static aiodal_status
keep_values(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **out)
{
	aiodal_error *err = NULL;
	static int key, other;
	int thing, next;

	(void) res;
	(void) payload;
	(void) out;
	assert_null(aiodal_web_request_get(req, &key));
	OK(aiodal_web_request_set(req, &key, &thing, count_free, &err));
	assert_ptr_equal(aiodal_web_request_get(req, &key), &thing);
	assert_null(aiodal_web_request_get(req, &other));
	OK(aiodal_web_request_set(req, &key, &next, count_free, &err));
	assert_int_equal(freed, 1);
	assert_ptr_equal(aiodal_web_request_get(req, &key), &next);
	return AIODAL_OK;
}

static void
keeps_values(void **state)
{
	aiodal_web_app *app = new_app(NULL);
	aiodal_error *err = NULL;

	(void) state;
	freed = 0;
	add(app, "GET", "/r", keep_values, NULL);
	OK(aiodal_web_app_own(app, &freed, count_free, &err));
	ANSWERS(200, app, "GET", "/r", NULL, NULL);
	assert_int_equal(freed, 2);
	FAILS(AIODAL_ESTATE, aiodal_web_app_own(app, &freed, count_free, &err), "any more");
	assert_int_equal(freed, 3);
	aiodal_web_app_free(app);
	assert_int_equal(freed, 4);
}

static void
escapes_json(void **state)
{
	static const struct
	{
		const char *text, *json;
	} cases[] = {{"a\"b\\c", "\"a\\\"b\\\\c\""},
				 {"\n\t\x01\x7f", "\"\\n\\u0009\\u0001\\u007f\""},
				 {"\xE2\x82\xAC", "\"\xE2\x82\xAC\""},
				 {"a\xFFz\xC3", "\"a\xEF\xBF\xBDz\xEF\xBF\xBD\""}};
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		aiodal_web__buf buf = AIODAL_WEB__BUF_INIT;

		aiodal_web__buf_json(&buf, cases[i].text, strlen(cases[i].text));
		assert_string_equal(buf.data, cases[i].json);
		aiodal_web__buf_free(&buf);
	}
	assert_false(aiodal_web__is_utf8("\xF4\x90\x80\x80", 4));
	assert_false(aiodal_web__is_utf8("\xE0\x80\x80", 3));
	assert_false(aiodal_web__is_utf8("\xF0\x80\x80\x80", 4));
	assert_true(aiodal_web__is_utf8("\xF4\x8F\xBF\xBF", 4));
}

/*
 * Threads and memory
 */

static void *
many_requests(void *app)
{
	long failures = 0;
	int i;

	for (i = 0; i < 200; i++)
	{
		aiodal_error *err = NULL;
		aiodal_web_response *res = NULL;
		char target[50];

		(void) snprintf(target, sizeof(target), "/a/%d?x=%d", i, i);
		if (aiodal_web_app_try(&res, app, "GET", target, "Accept: x", NULL, &err) ||
			aiodal_web_response_status(res) != 200)
			failures++;
		aiodal_error_free(err);
		aiodal_web_response_free(res);
	}
	return (void *) failures;
}

static void
serves_threads(void **state)
{
	aiodal_web_app *app = new_app(NULL);
	pthread_t threads[4];
	int i;

	(void) state;
	add(app, "GET", "/a/{id}", echo, "id");
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, many_requests, app), 0);
	for (i = 0; i < 4; i++)
	{
		void *failures;

		assert_int_equal(pthread_join(threads[i], &failures), 0);
		assert_null(failures);
	}
	aiodal_web_app_free(app);
}

static int fail_at, allocations;

static int
fails_now(void)
{
	return ++allocations == fail_at;
}

/* Builds an app and asks it; false when that ran out of memory. */
static bool
build_and_ask(void)
{
	aiodal_error *err = NULL;
	aiodal_web_app *app = NULL;
	aiodal_web_scope *scope;
	aiodal_web_response *res = NULL;
	aiodal_status status = aiodal_web_app_new(&app, NULL, NULL, &err);
	bool whole;

	if (!status)
		status = aiodal_web_scope_new(&scope, aiodal_web_app_root(app), "/v1", &err);
	if (!status)
		status = aiodal_web_scope_use(scope, note, (void *) "x", &err);
	if (!status)
		status = aiodal_web_scope_add(scope, "POST", "/a/{id}/{rest...}", echo, (void *) "rest", NULL, &err);
	if (!status)
		status =
			aiodal_web_app_try(&res, app, "POST", "/v1/a/1/b/c?x=1&y=2", "Content-Type: a/b", "body", &err);
	assert_true(status == AIODAL_OK || status == AIODAL_ENOMEM);
	whole = status == AIODAL_OK && aiodal_web_response_status(res) == 200;
	/* a request that ran out of memory is answered all the same, when that can be done */
	assert_true(whole || status || aiodal_web_response_status(res) == 500);
	aiodal_error_free(err);
	aiodal_web_response_free(res);
	aiodal_web_app_free(app);
	return whole;
}

static void
survives_want_of_memory(void **state)
{
	bool whole = false;

	(void) state;
	__atomic_store_n(&aiodal_web__alloc_fails, fails_now, __ATOMIC_RELAXED);
	for (fail_at = 1; !whole && fail_at < 1000; fail_at++)
	{
		allocations = 0;
		trace[0] = '\0';
		whole = build_and_ask();
		assert_true(whole == (allocations < fail_at));
	}
	__atomic_store_n(&aiodal_web__alloc_fails, NULL, __ATOMIC_RELAXED);
	assert_true(whole && fail_at > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_routes),
		cmocka_unit_test(answers_methods),
		cmocka_unit_test(decodes_paths),
		cmocka_unit_test(decodes_queries),
		cmocka_unit_test(reads_headers_and_bodies),
		cmocka_unit_test(keeps_limits),
		cmocka_unit_test(refuses_bad_routes),
		cmocka_unit_test(runs_middleware),
		cmocka_unit_test(tells_access_and_ids),
		cmocka_unit_test(makes_responses),
		cmocka_unit_test(keeps_values),
		cmocka_unit_test(escapes_json),
		cmocka_unit_test(serves_threads),
		cmocka_unit_test(survives_want_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
