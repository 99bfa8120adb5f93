/*
 * test_forward.c
 *		Messages that clients send to Slack: who may, what, how many, and what they hear of it.
 */
#include "stub.h"
#include "token.h"

#include <jansson.h>

#include "clock.h"
#include "alloc.h"

#define JSON "Content-Type: application/json\n"

static EVP_PKEY *key;
static aiodal_web_keys *keys;
static stub s;
static aiodal_web_slack *slack;

static int
make_keys(void **state)
{
	const char *set;

	(void) state;
	key = new_key(2048);
	set = text("{\"keys\":[%s]}", jwk(key, "one", ""));
	return aiodal_web_keys_parse(&keys, set, strlen(set), NULL);
}

static int
free_keys(void **state)
{
	(void) state;
	aiodal_web_keys_free(keys);
	EVP_PKEY_free(key);
	return 0;
}

static int
open_slack(void **state)
{
	aiodal_web_slack_options o = AIODAL_WEB_SLACK_OPTIONS_INIT;

	(void) state;
	stub_open(&s);
	stub_reply(&s, 200, "", "ok");
	o.timeout_ms = PATIENCE_MS;
	o.backoff_ms = 1;
	o.max_queue = 5;
	o.drain_ms = -1;
	return aiodal_web_slack_open(&slack, s.url, &o, NULL);
}

static int
close_slack(void **state)
{
	(void) state;
	aiodal_web_slack_close(slack);
	stub_close(&s);
	__atomic_store_n(&aiodal_web__clock_ahead, 0, __ATOMIC_RELAXED);
	return 0;
}

/* Content-Type and the token of that user. */
static const char *
as(const char *user)
{
	return text(JSON "Authorization: Bearer %s", token(key, "{\"alg\":\"RS256\",\"kid\":\"one\"}",
													   text("{\"iss\":\"" ISSUER "\",\"aud\":\"" AUDIENCE
															"\",\"sub\":\"%s\",\"exp\":99999999999}",
															user)));
}

static aiodal_web_forward_options
options(void)
{
	aiodal_web_forward_options o = AIODAL_WEB_FORWARD_OPTIONS_INIT;

	o.slack = slack;
	o.wait_ms = PATIENCE_MS;
	o.per_minute = -1;
	return o;
}

static aiodal_web_scope *
closed_scope(aiodal_web_app *app, bool optional)
{
	aiodal_web_auth_options auth = AIODAL_WEB_AUTH_OPTIONS_INIT;
	aiodal_web_scope *closed;
	aiodal_error *err = NULL;

	auth.keys = keys;
	auth.token.issuer = ISSUER;
	auth.token.audience = AUDIENCE;
	auth.optional = optional;
	OK(aiodal_web_scope_new(&closed, aiodal_web_app_root(app), "", &err));
	OK(aiodal_web_scope_authenticate(closed, &auth, &err));
	return closed;
}

static aiodal_web_app *
new_app(aiodal_web_forward_options o)
{
	aiodal_web_app *app;
	aiodal_error *err = NULL;

	OK(aiodal_web_app_new(&app, NULL, NULL, &err));
	OK(aiodal_web_scope_add_forward(closed_scope(app, false), "/slack", &o, &err));
	return app;
}

/* The blocks of the last message; the caller's. */
static json_t *
last_blocks(void)
{
	json_t *message;
	json_t *blocks;

	(void) pthread_mutex_lock(&s.lock);
	message = json_loads(strstr(s.request, "\r\n\r\n") + 4, 0, NULL);
	(void) pthread_mutex_unlock(&s.lock);
	blocks = json_incref(json_object_get(message, "blocks"));
	json_decref(message);
	assert_true(json_is_array(blocks));
	return blocks;
}

static void
sent_is(const char *expected)
{
	json_t *blocks = last_blocks();
	json_t *other = json_loads(expected, 0, NULL);

	assert_non_null(other);
	if (!json_equal(blocks, other))
		fail_msg("sent: %s", json_dumps(blocks, 0));
	json_decref(blocks);
	json_decref(other);
}

#define FROM(user) \
	"{\"type\":\"context\",\"elements\":[{\"type\":\"plain_text\",\"text\":\"from " user "\"}]}"

static void
forwards_text(void **state)
{
	aiodal_web_app *app = new_app(options());

	(void) state;
	ANSWERS(204, app, "POST", "/slack", as("auth0|7"), "{\"title\": \"Hi\", \"text\": \"<!here> & *x*\"}");
	assert_string_equal(last_body, "");
	sent_is("[{\"type\":\"header\",\"text\":{\"type\":\"plain_text\",\"text\":\"Hi\"}},"
			"{\"type\":\"section\",\"text\":{\"type\":\"plain_text\",\"text\":\"&lt;!here&gt; &amp; "
			"*x*\"}}," FROM("auth0|7") "]");
	ANSWERS(204, app, "POST", "/slack", as("<@U1>"), "{\"text\": \"\"}");
	sent_is(
		"[{\"type\":\"section\",\"text\":{\"type\":\"plain_text\",\"text\":\" \"}}," FROM("&lt;@U1&gt;") "]");
	aiodal_web_app_free(app);
}

/* Blocks may have links, but call nobody, at any depth. */
static void
forwards_blocks_that_call_nobody(void **state)
{
	aiodal_web_app *app = new_app(options());

	(void) state;
	ANSWERS(
		204, app, "POST", "/slack", as("a"),
		"{\"blocks\": [{\"type\": \"divider\"}, {\"type\": \"section\", \"fields\": [{\"type\": \"mrkdwn\", "
		"\"verbatim\": false, \"text\": \"<!channel> <@U1> <#C1> <https://x.example|y> <\"}]}]}");
	sent_is(
		"[{\"type\":\"divider\"},{\"type\":\"section\",\"fields\":[{\"type\":\"mrkdwn\",\"verbatim\":true,"
		"\"text\":\"&lt;!channel> &lt;@U1> &lt;#C1> <https://x.example|y> <\"}]}," FROM("a") "]");
	aiodal_web_app_free(app);
}

static void
refuses_what_is_no_message(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{\"title\": 1}",
		"{\"text\": null}",
		"{\"text\": [\"x\"]}",
		"{\"text\": \"x\", \"blocks\": [{\"type\": \"divider\"}]}",
		"{\"blocks\": []}",
		"{\"blocks\": {\"type\": \"divider\"}}",
		"{\"blocks\": [1]}",
		"{\"blocks\": [{}]}",
		"{\"blocks\": [{\"type\": \"image\", \"image_url\": \"https://x.example/\"}]}",
		"{\"blocks\": [{\"type\": \"actions\"}]}",
		"{\"blocks\": [{\"type\": \"section\", \"accessory\": {\"type\": \"button\"}}]}",
		"{\"blocks\": [{\"type\": \"section\", \"accessory\": {\"type\": 1}}]}",
		"{\"blocks\": [{\"type\": \"rich_text\", \"elements\": []}]}",
	};
	aiodal_web_app *app = new_app(options());
	char many[50 * 30] = "{\"blocks\":[";
	char *big = calloc(1, 20000);
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		ANSWERS(422, app, "POST", "/slack", as("a"), bad[i]);
		HAS_HEADER("Content-Type: application/problem+json");
	}
	for (i = 0; i < 50; i++)
		memcpy(many + strlen(many), "{\"type\":\"divider\"},", 20);
	memcpy(many + strlen(many) - 1, "]}", 3);
	ANSWERS(422, app, "POST", "/slack", as("a"), many);
	ANSWERS(400, app, "POST", "/slack", as("a"), "{\"text\": \"x\", \"text\": \"y\"}");
	ANSWERS(400, app, "POST", "/slack", as("a"), "[]");
	ANSWERS(400, app, "POST", "/slack", as("a"), NULL);
	ANSWERS(415, app, "POST", "/slack", strchr(as("a"), '\n') + 1, "{\"text\": \"x\"}");
	memset(big, ' ', 16 * 1024 + 1);
	ANSWERS(413, app, "POST", "/slack", as("a"), big);
	ANSWERS(405, app, "GET", "/slack", as("a"), NULL);
	assert_int_equal(stub_hits(&s), 0);
	free(big);
	aiodal_web_app_free(app);
}

static void
forwards_for_those_who_are_known(void **state)
{
	aiodal_web_forward_options o = options();
	aiodal_web_app *app = new_app(o);
	aiodal_web_scope *open;
	aiodal_error *err = NULL;

	(void) state;
	ANSWERS(401, app, "POST", "/slack", JSON, "{\"text\": \"x\"}");
	HAS_HEADER("WWW-Authenticate: Bearer");
	ANSWERS(401, app, "POST", "/slack", JSON "Authorization: Bearer x", "{\"text\": \"x\"}");
	assert_int_equal(stub_hits(&s), 0);
	aiodal_web_app_free(app);

	OK(aiodal_web_app_new(&app, NULL, NULL, &err));
	FAILS(AIODAL_ESTATE, aiodal_web_scope_add_forward(aiodal_web_app_root(app), "/slack", &o, &err),
		  "authenticate the scope");
	FAILS(AIODAL_ESTATE, aiodal_web_scope_add_forward(closed_scope(app, true), "/slack", &o, &err),
		  "authenticate the scope");
	open = closed_scope(app, false);
	FAILS(AIODAL_EINVAL, aiodal_web_scope_add_forward(open, "/slack", NULL, &err), "slack is needed");
	o.wait_ms = -1;
	FAILS(AIODAL_EINVAL, aiodal_web_scope_add_forward(open, "/slack", &o, &err), "negative");
	o = options();
	OK(aiodal_web_scope_new(&open, open, "/below", &err));
	OK(aiodal_web_scope_add_forward(open, "/slack", &o, &err));
	ANSWERS(204, app, "POST", "/below/slack", as("a"), "{\"text\": \"x\"}");
	aiodal_web_app_free(app);

	/* what is optional further out is required here */
	OK(aiodal_web_app_new(&app, NULL, NULL, &err));
	OK(aiodal_web_scope_new(&open, closed_scope(app, true), "", &err));
	OK(aiodal_web_scope_require(open, NULL, &err));
	OK(aiodal_web_scope_add_forward(open, "/slack", &o, &err));
	ANSWERS(401, app, "POST", "/slack", JSON, "{\"text\": \"x\"}");
	ANSWERS(204, app, "POST", "/slack", as("a"), "{\"text\": \"x\"}");
	FAILS(AIODAL_ESTATE, aiodal_web_scope_add_forward(open, "/other", &o, &err), "handles requests");
	aiodal_web_app_free(app);
}

/* What Slack answers is passed through; a message is tried once, as its sender is there to try again. */
static void
passes_on_what_slack_says(void **state)
{
	static const int statuses[][2] = {{200, 204}, {201, 204}, {302, 502}, {400, 400},
									  {403, 403}, {404, 404}, {500, 500}, {503, 503}};
	aiodal_web_app *app = new_app(options());
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
	{
		stub_reply(&s, statuses[i][0], "Location: http://127.0.0.1:1/\r\n", "secret words of Slack");
		ANSWERS(statuses[i][1], app, "POST", "/slack", as("a"), "{\"text\": \"x\"}");
		SAYS_NOT("secret");
		assert_int_equal(stub_hits(&s), i + 1);
	}
	stub_reply(&s, 429, "Retry-After: 77\r\n", "");
	ANSWERS(429, app, "POST", "/slack", as("a"), "{\"text\": \"x\"}");
	HAS_HEADER("Retry-After: 77");
	SAYS("Slack answered with status 429");
	aiodal_web_app_free(app);
}

static void
says_when_slack_is_gone(void **state)
{
	aiodal_web_app *app = new_app(options());

	(void) state;
	stub_leave(&s);
	ANSWERS(502, app, "POST", "/slack", as("a"), "{\"text\": \"x\"}");
	SAYS("could not be reached");
	aiodal_web_app_free(app);
}

/* A Slack that is slow is waited for no longer than said; the message is sent once it can be. */
static void
does_not_wait_for_ever(void **state)
{
	aiodal_web_forward_options o = options();
	aiodal_web_app *app;
	int i;

	(void) state;
	o.wait_ms = 20;
	app = new_app(o);
	stub_hold(&s, true);
	for (i = 0; i < 5; i++)
		ANSWERS(202, app, "POST", "/slack", as("a"), "{\"text\": \"x\"}");
	ANSWERS(503, app, "POST", "/slack", as("a"), "{\"text\": \"x\"}");
	HAS_HEADER("Retry-After: 30");
	stub_hold(&s, false);
	assert_int_equal(aiodal_web_slack_flush(slack, PATIENCE_MS, NULL), 0);
	/* and one that tells of the dropped one */
	assert_int_equal(stub_hits(&s), 6);
	aiodal_web_app_free(app);
}

static const char *headers_of_a;

static void *
send_one(void *app)
{
	aiodal_web_response *res;
	int status;

	if (aiodal_web_app_try(&res, app, "POST", "/slack", headers_of_a, "{\"text\": \"x\"}", NULL))
		return NULL;
	status = aiodal_web_response_status(res);
	aiodal_web_response_free(res);
	return status == 204 ? app : NULL;
}

/* Few wait, whatever time there is: others need the workers. */
static void
lets_few_wait(void **state)
{
	aiodal_web_forward_options o = options();
	aiodal_web_app *app;
	pthread_t waiter;
	void *waited;

	(void) state;
	o.max_waiting = 1;
	app = new_app(o);
	headers_of_a = as("a");
	stub_hold(&s, true);
	assert_int_equal(pthread_create(&waiter, NULL, send_one, app), 0);
	WAIT_FOR(stub_hits(&s) == 1);
	ANSWERS(202, app, "POST", "/slack", as("a"), "{\"text\": \"x\"}");
	stub_hold(&s, false);
	(void) pthread_join(waiter, &waited);
	assert_ptr_equal(waited, app);
	assert_int_equal(aiodal_web_slack_flush(slack, PATIENCE_MS, NULL), 0);
	assert_int_equal(stub_hits(&s), 2);
	aiodal_web_app_free(app);
}

/* A worker is left whatever the options say. */
static void
never_takes_all_workers(void **state)
{
	aiodal_web_forward_options o = options();
	aiodal_web_server_options so = AIODAL_WEB_SERVER_OPTIONS_INIT;
	aiodal_web_app *app;
	aiodal_web_server *server;
	aiodal_error *err = NULL;
	char reply[1000];
	int fds[3];
	int i;

	(void) state;
	o.max_waiting = 3;
	o.wait_ms = 2 * PATIENCE_MS;
	app = new_app(o);
	so.workers = 2;
	OK(aiodal_web_server_start(&server, app, &so, &err));
	stub_hold(&s, true);
	for (i = 0; i < 3; i++)
	{
		const char *request =
			text("POST /slack HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s\r\n"
				 "Content-Length: 13\r\n\r\n{\"text\": \"x\"}",
				 as("a") + strlen(JSON));

		fds[i] = dial(aiodal_web_server_port(server));
		assert_true(send_text(fds[i], request));
		if (i == 0)
			WAIT_FOR(stub_hits(&s) == 1);
		else if (!read_until(fds[i], reply, sizeof(reply), "\r\n\r\n") || !strstr(reply, "HTTP/1.1 202 "))
			fail_msg("%s", reply);
	}
	stub_hold(&s, false);
	if (!read_until(fds[0], reply, sizeof(reply), "\r\n\r\n") || !strstr(reply, "HTTP/1.1 204 "))
		fail_msg("%s", reply);
	for (i = 0; i < 3; i++)
		(void) close(fds[i]);
	assert_int_equal(aiodal_web_slack_flush(slack, PATIENCE_MS, NULL), 0);
	aiodal_web_server_stop(server, PATIENCE_MS);
	aiodal_web_app_free(app);
}

static void
lets_nobody_send_too_much(void **state)
{
	aiodal_web_forward_options o = options();
	aiodal_web_app *app;
	long seconds;
	int i;

	(void) state;
	o.per_minute = 0;
	app = new_app(o);
	for (i = 0; i < 10; i++)
		ANSWERS(204, app, "POST", "/slack", as("a"), "{\"text\": \"x\"}");
	ANSWERS(429, app, "POST", "/slack", as("a"), "{\"text\": \"x\"}");
	SAYS("from this user");
	seconds = strtol(strstr(last_headers, "Retry-After: ") + 13, NULL, 10);
	assert_true(seconds >= 1 && seconds <= 60);
	ANSWERS(204, app, "POST", "/slack", as("b"), "{\"text\": \"x\"}");
	__atomic_store_n(&aiodal_web__clock_ahead, 61 * 1000, __ATOMIC_RELAXED);
	ANSWERS(204, app, "POST", "/slack", as("a"), "{\"text\": \"x\"}");
	assert_int_equal(stub_hits(&s), 12);
	aiodal_web_app_free(app);
}

/*
 * Out of memory
 */

static void
survives_failing_malloc(void **state)
{
	aiodal_web_app *app = new_app(options());
	const char *headers = as("a");
	int answered = 0;
	long n;

	(void) state;
	for (n = 0; n < 2000 && answered != 204; n++)
	{
		aiodal_web_response *res = NULL;
		aiodal_status status;

		allow_allocations(n);
		status = aiodal_web_app_try(&res, app, "POST", "/slack", headers,
									"{\"blocks\":[{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\","
									"\"text\":\"<!here>\"}}]}",
									NULL);
		allow_all_allocations();
		answered = res ? aiodal_web_response_status(res) : 0;
		if (status)
			assert_int_equal(status, AIODAL_ENOMEM);
		else if (answered != 204 && answered != 500 && answered != 502)
			fail_msg("%d at allocation %ld", answered, n);
		aiodal_web_response_free(res);
	}
	assert_int_equal(answered, 204);
	assert_true(n > 10);
	aiodal_web_app_free(app);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_slack, close_slack)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(forwards_text),
		TEST(forwards_blocks_that_call_nobody),
		TEST(refuses_what_is_no_message),
		TEST(forwards_for_those_who_are_known),
		TEST(passes_on_what_slack_says),
		TEST(says_when_slack_is_gone),
		TEST(does_not_wait_for_ever),
		TEST(lets_few_wait),
		TEST(never_takes_all_workers),
		TEST(lets_nobody_send_too_much),
		TEST(survives_failing_malloc),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
