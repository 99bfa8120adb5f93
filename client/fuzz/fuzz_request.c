/*
 * fuzz_request.c
 *		Requests: the first line of an input is path and query, those behind it are headers up to an empty
 * one, the rest is the body. What comes out is decoded UTF-8, and no header of a response has a line end in
 * it.
 */
#include "fuzz.h"
#include "web/web.h"

#include "text.h"

static aiodal_web_app *app;

static void
check_text(const char *s)
{
	if (!aiodal_web__is_utf8(s, strlen(s)))
		fuzz_fail("not UTF-8: %s", s);
}

/* Looks at all there is. */
static aiodal_status
look(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	const char *param = aiodal_web_request_param(req, "x");
	size_t len;
	size_t i;

	(void) payload;
	if (param)
		check_text(param);
	for (i = 0; i < aiodal_web_request_query_count(req); i++)
	{
		aiodal_web_header pair = aiodal_web_request_query_at(req, i);

		check_text(pair.name);
		check_text(pair.value);
		if (!aiodal_web_request_query(req, pair.name))
			fuzz_fail("the parameter \"%s\" is lost", pair.name);
	}
	if (aiodal_web_request_body(req, &len)[len] != '\0')
		fuzz_fail("no NUL behind the body");
	(void) aiodal_web_request_content_type(req);
	return aiodal_web_response_set_header(res, "X-Said", param ? param : "", err);
}

void
fuzz_begin(void)
{
	static const char *const patterns[] = {"/", "/a/{x}", "/b/{x}/c", "/f/{x...}"};
	aiodal_web_scope *root;
	aiodal_error *err = NULL;
	size_t i;

	OK(aiodal_web_app_new(&app, NULL, NULL, &err));
	root = aiodal_web_app_root(app);
	for (i = 0; i < 4; i++)
		OK(aiodal_web_scope_add(root, "POST", patterns[i], look, NULL, NULL, &err));
	fuzz_seed_text("/?a=1&b=%20x&c&d=&=e&a=2");
	fuzz_seed_text(
		"/a/x%2Fy?q=%C3%A4+b\nX-Request-Id: abc-1\nContent-Type: application/json; charset=utf-8\n\n{}");
	fuzz_seed_text("/b/%E2%82%AC/c\nHost: h\nContent-Type: text/plain\n\nbody");
	fuzz_seed_text("/f/a/../b//c/%2e%2e/d?limit=1000&offset=010");
	fuzz_word("%00");
	fuzz_word("%0d%0a");
	fuzz_word("%C3");
	fuzz_word("%ED%A0%80");
	fuzz_word("%");
	fuzz_word("&&");
	fuzz_word("/../");
	fuzz_word("//");
	fuzz_word("\nX-Request-Id: ");
	fuzz_word("\nContent-Type: ");
	fuzz_word("\n\n");
	fuzz_word("/a/");
	fuzz_word("/f/");
}

static void
check_response(const aiodal_web_response *res)
{
	int status = aiodal_web_response_status(res);
	size_t i;

	/* a path may be decoded to what is no header's value: the handler's failure */
	if (status != 200 && status != 400 && status != 404 && status != 405 && status != 414 && status != 431 &&
		status != 500)
		fuzz_fail("answered with %d", status);
	for (i = 0; i < aiodal_web_response_header_count(res); i++)
		if (strpbrk(aiodal_web_response_header_at(res, i).value, "\r\n"))
			fuzz_fail("a line end in a header");
}

void
fuzz_one(const char *data, size_t len)
{
	char *target = strdup(data);
	size_t first = strcspn(target, "\n");
	char *headers = first < strlen(target) ? target + first + 1 : NULL;
	char *body = headers ? strstr(headers, "\n\n") : NULL;
	aiodal_web_response *res = NULL;
	aiodal_error *err = NULL;
	aiodal_status status;

	(void) len;
	target[first] = '\0';
	if (body)
	{
		*body = '\0';
		body += 2;
	}
	status = aiodal_web_app_try(&res, app, "POST", target, headers, body, &err);
	if (status && status != AIODAL_EINVAL)
		fuzz_fail("status %d", status);
	if (!status)
		check_response(res);
	aiodal_error_free(err);
	aiodal_web_response_free(res);
	free(target);
}

void
fuzz_end(void)
{
	aiodal_web_app_free(app);
}
