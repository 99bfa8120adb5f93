/*
 * test_slack.c
 *		Messages to a Slack that is well, busy, broken, slow, gone.
 */
#include "stub.h"

#include <jansson.h>

#include "clock.h"
#include "alloc.h"

#define BLOCKS "[{\"type\":\"divider\"}]"

static aiodal_web_slack_options
options(void)
{
	aiodal_web_slack_options o = AIODAL_WEB_SLACK_OPTIONS_INIT;

	o.backoff_ms = 2;
	return o;
}

/* The webhook is the stub's, with a path that nobody else knows. */
static aiodal_web_slack *
open_to(stub *s, aiodal_web_slack_options o)
{
	aiodal_web_slack *slack;
	aiodal_error *err = NULL;
	char url[200];

	(void) snprintf(url, sizeof(url), "%s/services/SECRET", s->url);
	OK(aiodal_web_slack_open(&slack, url, &o, &err));
	return slack;
}

static aiodal_web_slack *
open_with(stub *s, int status, aiodal_web_slack_options o)
{
	stub_open(s);
	stub_reply(s, status, "", "ok");
	return open_to(s, o);
}

static aiodal_web_slack_stats
stats_of(aiodal_web_slack *slack)
{
	aiodal_web_slack_stats stats;

	stats.size = sizeof(stats);
	aiodal_web_slack_get_stats(slack, &stats);
	return stats;
}

static void
flush(aiodal_web_slack *slack)
{
	aiodal_error *err = NULL;

	OK(aiodal_web_slack_flush(slack, PATIENCE_MS, &err));
}

/* The body of the last request, read; the caller's. */
static json_t *
last_message(stub *s)
{
	json_t *message;

	(void) pthread_mutex_lock(&s->lock);
	message = json_loads(strstr(s->request, "\r\n\r\n") + 4, 0, NULL);
	(void) pthread_mutex_unlock(&s->lock);
	assert_non_null(message);
	return message;
}

static void
sends_blocks(void **state)
{
	stub s;
	aiodal_web_slack *slack = open_with(&s, 200, options());
	aiodal_error *err = NULL;

	(void) state;
	OK(aiodal_web_slack_send(slack, BLOCKS, &err));
	flush(slack);
	assert_int_equal(strncmp(s.request, "POST /services/SECRET HTTP/1.1\r\n", 32), 0);
	assert_non_null(strstr(s.request, "\r\nContent-Type: application/json; charset=utf-8\r\n"));
	assert_null(strstr(s.request, "\r\nExpect:"));
	assert_string_equal(strstr(s.request, "\r\n\r\n"), "\r\n\r\n{\"blocks\":" BLOCKS "}");
	assert_int_equal(stats_of(slack).sent, 1);
	assert_int_equal(stats_of(slack).queued, 0);
	aiodal_web_slack_close(slack);
	aiodal_web_slack_close(NULL);
	stub_close(&s);
}

static void
refuses_what_are_no_blocks(void **state)
{
	static const char *const bad[] = {"",
									  "x",
									  "{}",
									  "null",
									  "[]",
									  "[1]",
									  "[{}]",
									  "[{\"type\":1}]",
									  "{\"type\":\"divider\"}",
									  "[{\"type\":\"divider\"}",
									  BLOCKS "]"};
	stub s;
	aiodal_web_slack *slack = open_with(&s, 200, options());
	aiodal_error *err = NULL;
	char many[51 * 30] = "[";
	char *big = calloc(1, 70000);
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		FAILS(AIODAL_EINVAL, aiodal_web_slack_send(slack, bad[i], &err), "1 to 50 blocks");
	for (i = 0; i < 51; i++)
		memcpy(many + strlen(many), "{\"type\":\"divider\"},", 20);
	many[strlen(many) - 1] = ']';
	FAILS(AIODAL_EINVAL, aiodal_web_slack_send(slack, many, &err), "1 to 50 blocks");
	memset(big, ' ', 69999);
	memcpy(big, BLOCKS, strlen(BLOCKS));
	FAILS(AIODAL_EINVAL, aiodal_web_slack_send(slack, big, &err), "64 KB");
	free(big);
	assert_int_equal(stub_hits(&s), 0);
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

/* What calls people, links or formats comes as text; what is too long is cut. */
static void
sends_text_as_text(void **state)
{
	stub s;
	aiodal_web_slack *slack = open_with(&s, 200, options());
	aiodal_error *err = NULL;
	char *longer = calloc(1, 10001);
	const char *text;
	json_t *message;

	(void) state;
	OK(aiodal_web_slack_send_text(
		slack, "<!here> a & b", "<!channel> <@U123> <https://evil.example|x> ``` *a* \xff\x01\n\tend", &err));
	flush(slack);
	message = last_message(&s);
	text = json_string_value(json_object_get(
		json_object_get(json_array_get(json_object_get(message, "blocks"), 0), "text"), "text"));
	assert_string_equal(text, "&lt;!here&gt; a &amp; b");
	text = json_string_value(json_object_get(
		json_object_get(json_array_get(json_object_get(message, "blocks"), 1), "text"), "text"));
	assert_string_equal(text, "```&lt;!channel&gt; &lt;@U123&gt; &lt;https://evil.example|x&gt; ''' *a* "
							  "\xEF\xBF\xBD \n\tend```");
	json_decref(message);

	memset(longer, '<', 10000);
	OK(aiodal_web_slack_send_text(slack, longer, longer, &err));
	flush(slack);
	message = last_message(&s);
	text = json_string_value(json_object_get(
		json_object_get(json_array_get(json_object_get(message, "blocks"), 0), "text"), "text"));
	/* 37 times four, and no half of an entity */
	assert_int_equal(strlen(text), 37 * 4 + 3);
	assert_string_equal(text + 36 * 4, "&lt;\xE2\x80\xA6");
	text = json_string_value(json_object_get(
		json_object_get(json_array_get(json_object_get(message, "blocks"), 1), "text"), "text"));
	assert_true(strlen(text) <= 3000 + 2);
	assert_true(strlen(text) > 2980);
	assert_string_equal(text + strlen(text) - 10, "&lt;\xE2\x80\xA6```");
	json_decref(message);
	free(longer);

	OK(aiodal_web_slack_send_text(slack, "", NULL, &err));
	flush(slack);
	message = last_message(&s);
	assert_int_equal(json_array_size(json_object_get(message, "blocks")), 1);
	json_decref(message);
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

/* 429: not before the time that Slack asks for; nothing overtakes the message that waits. */
static void
waits_as_long_as_slack_asks(void **state)
{
	stub s;
	aiodal_web_slack *slack = open_with(&s, 200, options());
	aiodal_error *err = NULL;

	(void) state;
	stub_reply(&s, 429, "Retry-After: 300\r\n", "");
	OK(aiodal_web_slack_send_text(slack, "first", NULL, &err));
	WAIT_FOR(stats_of(slack).retries == 1);
	assert_string_equal(stats_of(slack).last_error, "Slack answered with status 429");
	stub_reply(&s, 200, "", "ok");
	/* the thread looks at the clock when there is something new */
	OK(aiodal_web_slack_send_text(slack, "second", NULL, &err));
	__atomic_store_n(&aiodal_web__clock_ahead, 200 * 1000, __ATOMIC_RELAXED);
	OK(aiodal_web_slack_send_text(slack, "third", NULL, &err));
	FAILS(AIODAL_ETIMEOUT, aiodal_web_slack_flush(slack, 30, &err), "still wait");
	assert_int_equal(stub_hits(&s), 1);
	assert_int_equal(stats_of(slack).queued, 3);
	__atomic_store_n(&aiodal_web__clock_ahead, 301 * 1000, __ATOMIC_RELAXED);
	OK(aiodal_web_slack_send_text(slack, "fourth", NULL, &err));
	flush(slack);
	assert_int_equal(stub_hits(&s), 5);
	assert_non_null(strstr(s.request, "fourth"));
	assert_int_equal(stats_of(slack).sent, 4);
	assert_int_equal(stats_of(slack).failed, 0);
	aiodal_web_slack_close(slack);
	stub_close(&s);
	__atomic_store_n(&aiodal_web__clock_ahead, 0, __ATOMIC_RELAXED);
}

static void
tries_again_and_gives_up(void **state)
{
	aiodal_web_slack_options o = options();
	stub s;
	aiodal_web_slack *slack;
	aiodal_error *err = NULL;

	(void) state;
	o.max_attempts = 3;
	slack = open_with(&s, 500, o);
	OK(aiodal_web_slack_send(slack, BLOCKS, &err));
	flush(slack);
	assert_int_equal(stub_hits(&s), 3);
	assert_int_equal(stats_of(slack).retries, 2);
	assert_int_equal(stats_of(slack).failed, 1);
	assert_string_equal(stats_of(slack).last_error, "Slack answered with status 500");
	/* back again while it is tried */
	OK(aiodal_web_slack_send(slack, BLOCKS, &err));
	WAIT_FOR(stub_hits(&s) >= 4);
	stub_reply(&s, 200, "", "ok");
	flush(slack);
	assert_int_equal(stats_of(slack).sent + stats_of(slack).failed, 2);
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

/* What Slack will never take is tried once, and does not hold up the others. */
static void
gives_up_what_is_refused(void **state)
{
	static const int refused[] = {302, 400, 403, 404, 410};
	stub s;
	aiodal_web_slack *slack = open_with(&s, 200, options());
	aiodal_error *err = NULL;
	size_t i;

	(void) state;
	for (i = 0; i < 5; i++)
	{
		stub_reply(&s, refused[i], "Location: http://127.0.0.1:1/\r\n", "invalid_blocks");
		OK(aiodal_web_slack_send(slack, BLOCKS, &err));
		flush(slack);
		assert_int_equal(stub_hits(&s), i + 1);
		assert_int_equal(stats_of(slack).failed, i + 1);
	}
	stub_reply(&s, 200, "", "ok");
	OK(aiodal_web_slack_send(slack, BLOCKS, &err));
	flush(slack);
	assert_int_equal(stats_of(slack).sent, 1);
	assert_int_equal(stats_of(slack).retries, 0);
	assert_string_equal(stats_of(slack).last_error, "");
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

/* A Slack that hangs delays nobody; what is too much is dropped, counted, and told of. */
static void
drops_what_is_too_much(void **state)
{
	aiodal_web_slack_options o = options();
	stub s;
	aiodal_web_slack *slack;
	aiodal_error *err = NULL;
	int i;

	(void) state;
	o.max_queue = 3;
	o.timeout_ms = PATIENCE_MS;
	slack = open_with(&s, 200, o);
	stub_hold(&s, true);
	for (i = 0; i < 3; i++)
		OK(aiodal_web_slack_send(slack, BLOCKS, &err));
	for (i = 0; i < 7; i++)
		FAILS(AIODAL_EBUSY, aiodal_web_slack_send(slack, BLOCKS, &err), "is full");
	assert_int_equal(stats_of(slack).queued, 3);
	assert_int_equal(stats_of(slack).dropped, 7);
	stub_hold(&s, false);
	flush(slack);
	assert_int_equal(stub_hits(&s), 4);
	assert_int_equal(stats_of(slack).sent, 4);
	OK(aiodal_web_slack_send(slack, BLOCKS, &err));
	flush(slack);
	assert_int_equal(stub_hits(&s), 5);
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

static void
tells_how_many_were_dropped(void **state)
{
	aiodal_web_slack_options o = options();
	stub s;
	aiodal_web_slack *slack;
	aiodal_error *err = NULL;

	(void) state;
	o.max_queue = 1;
	o.timeout_ms = PATIENCE_MS;
	slack = open_with(&s, 200, o);
	stub_hold(&s, true);
	OK(aiodal_web_slack_send(slack, BLOCKS, &err));
	FAILS(AIODAL_EBUSY, aiodal_web_slack_send(slack, BLOCKS, &err), "is full");
	FAILS(AIODAL_EBUSY, aiodal_web_slack_send_text(slack, "x", "y", &err), "is full");
	stub_hold(&s, false);
	flush(slack);
	assert_non_null(strstr(s.request, "2 messages were dropped: the queue was full"));
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

/* An answer that never comes is waited for no longer than said, then tried again. */
static void
times_out(void **state)
{
	aiodal_web_slack_options o = options();
	stub s;
	aiodal_web_slack *slack;
	aiodal_error *err = NULL;

	(void) state;
	o.timeout_ms = 50;
	o.max_attempts = 2;
	slack = open_with(&s, 200, o);
	stub_hold(&s, true);
	OK(aiodal_web_slack_send(slack, BLOCKS, &err));
	flush(slack);
	assert_int_equal(stats_of(slack).failed, 1);
	assert_int_equal(stats_of(slack).retries, 1);
	assert_string_equal(stats_of(slack).last_error, "there was no answer in 50 ms");
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

static void
survives_a_slack_that_is_gone(void **state)
{
	aiodal_web_slack_options o = options();
	stub s;
	aiodal_web_slack *slack;
	aiodal_error *err = NULL;

	(void) state;
	o.max_attempts = 1000000;
	slack = open_with(&s, 200, o);
	stub_leave(&s);
	OK(aiodal_web_slack_send(slack, BLOCKS, &err));
	OK(aiodal_web_slack_send(slack, BLOCKS, &err));
	WAIT_FOR(stats_of(slack).retries >= 2);
	assert_non_null(strstr(stats_of(slack).last_error, "no answer"));
	/* the URL is a secret */
	assert_null(strstr(stats_of(slack).last_error, "SECRET"));
	assert_int_equal(stats_of(slack).queued, 2);
	stub_start(&s, s.port);
	flush(slack);
	assert_int_equal(stats_of(slack).sent, 2);
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

/* Closing sends what waits ... */
static void
drains_at_the_end(void **state)
{
	aiodal_web_slack_options o = options();
	stub s;
	aiodal_web_slack *slack;
	aiodal_error *err = NULL;
	int i;

	(void) state;
	o.drain_ms = PATIENCE_MS;
	slack = open_with(&s, 200, o);
	for (i = 0; i < 10; i++)
		OK(aiodal_web_slack_send(slack, BLOCKS, &err));
	aiodal_web_slack_close(slack);
	assert_int_equal(stub_hits(&s), 10);
	stub_close(&s);
}

/* ... but for ever neither, whatever the thread is busy with. */
static void
does_not_drain_for_ever(void **state)
{
	aiodal_web_slack_options o = options();
	stub s;
	aiodal_web_slack *slack;
	aiodal_error *err = NULL;
	int i;

	(void) state;
	o.drain_ms = 50;
	o.timeout_ms = PATIENCE_MS;
	o.backoff_ms = PATIENCE_MS;
	for (i = 0; i < 3; i++)
	{
		slack = open_with(&s, 200, o);
		if (i == 0)
			stub_hold(&s, true);
		if (i == 1)
			stub_drip_on(&s, true);
		if (i == 2)
			stub_reply(&s, 429, "Retry-After: 500\r\n", "");
		OK(aiodal_web_slack_send(slack, BLOCKS, &err));
		OK(aiodal_web_slack_send(slack, BLOCKS, &err));
		WAIT_FOR(stub_hits(&s) == 1);
		aiodal_web_slack_close(slack);
		assert_int_equal(stub_hits(&s), 1);
		stub_close(&s);
	}
	o.drain_ms = -1;
	slack = open_with(&s, 200, o);
	stub_hold(&s, true);
	OK(aiodal_web_slack_send(slack, BLOCKS, &err));
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

static void
writes_to_no_other_host(void **state)
{
	static const char *const bad[] = {"http://hooks.slack.com/services/SECRET",
									  "https://evil.example/services/SECRET",
									  "https://hooks.slack.com.evil.example/services/SECRET",
									  "https://xhooks.slack.com/services/SECRET",
									  "https://slack.com/services/SECRET",
									  "https://hooks.slack.com@evil.example/services/SECRET",
									  "https://user:SECRET@hooks.slack.com/services/SECRET",
									  "https://hooks.slack.com/services/SECRET#SECRET",
									  "https://evil.example/?https://hooks.slack.com/services/SECRET",
									  "ftp://hooks.slack.com/services/SECRET",
									  "file:///services/SECRET",
									  "hooks.slack.com/services/SECRET",
									  "SECRET",
									  ""};
	aiodal_web_slack_options o = options();
	aiodal_web_slack *slack;
	aiodal_error *err = NULL;
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		char text[1000];

		EXPECT(AIODAL_EINVAL, aiodal_web_slack_open(&slack, bad[i], &o, &err));
		assert_null(slack);
		(void) aiodal_error_describe(err, text, sizeof(text));
		if (strstr(text, "SECRET") || strstr(text, "evil"))
			fail_msg("%s", text);
		aiodal_error_free(err);
		err = NULL;
	}
	FAILS(AIODAL_EINVAL, aiodal_web_slack_open(&slack, NULL, &o, &err), "not a URL");
	OK(aiodal_web_slack_open(&slack, "https://HOOKS.slack.com/services/SECRET", &o, &err));
	aiodal_web_slack_close(slack);
	o.hosts = "chat.example hooks.example";
	OK(aiodal_web_slack_open(&slack, "https://hooks.example/x", &o, &err));
	aiodal_web_slack_close(slack);
	FAILS(AIODAL_EINVAL, aiodal_web_slack_open(&slack, "https://hooks.slack.com/x", &o, &err),
		  "chat.example");
	o.max_queue = -1;
	FAILS(AIODAL_EINVAL, aiodal_web_slack_open(&slack, "https://hooks.example/x", &o, &err), "negative");
}

/*
 * Many threads
 */

#define N_THREADS 8
#define N_EACH    50

static void *
send_many(void *payload)
{
	aiodal_web_slack *slack = payload;
	size_t taken = 0;
	int i;

	for (i = 0; i < N_EACH; i++)
	{
		taken += aiodal_web_slack_send_text(slack, "title", "text", NULL) == AIODAL_OK;
		(void) stats_of(slack);
	}
	return (void *) taken;
}

/* Every message is sent, given up or dropped, and counted as that. */
static void
loses_count_of_nothing(void **state)
{
	aiodal_web_slack_options o = options();
	pthread_t threads[N_THREADS];
	aiodal_web_slack_stats stats;
	stub s;
	aiodal_web_slack *slack;
	size_t taken = 0;
	int i;

	(void) state;
	o.max_queue = 20;
	o.max_attempts = 2;
	o.backoff_ms = 1;
	slack = open_with(&s, 200, o);
	for (i = 0; i < N_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, send_many, slack), 0);
	for (i = 0; i < 30; i++)
	{
		stub_reply(&s, i % 3 == 0 ? 500 : i % 3 == 1 ? 400 : 200, "", "ok");
		nap(2);
	}
	stub_reply(&s, 200, "", "ok");
	for (i = 0; i < N_THREADS; i++)
	{
		void *result;

		(void) pthread_join(threads[i], &result);
		taken += (size_t) result;
	}
	flush(slack);
	stats = stats_of(slack);
	assert_int_equal(stats.dropped, N_THREADS * N_EACH - taken);
	/* and those that tell of the dropped ones */
	assert_true(stats.sent + stats.failed >= taken);
	assert_true(stats.sent + stats.failed <= taken + stats.dropped);
	assert_int_equal((int) (stats.sent + stats.failed + stats.retries), stub_hits(&s));
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

/*
 * Out of memory
 */

static void
survives_failing_malloc(void **state)
{
	aiodal_web_slack_options o = options();
	stub s;
	aiodal_status status = AIODAL_ENOMEM;
	long n;

	(void) state;
	stub_open(&s);
	stub_reply(&s, 200, "", "ok");
	for (n = 0; status && n < 200; n++)
	{
		aiodal_web_slack *slack = NULL;
		aiodal_error *err = NULL;

		allow_allocations(n);
		status = aiodal_web_slack_open(&slack, s.url, &o, &err);
		if (!status)
			status = aiodal_web_slack_send_text(slack, "a", "b", &err);
		if (!status)
			assert_int_equal(aiodal_web_slack_flush(slack, PATIENCE_MS, NULL), AIODAL_OK);
		allow_all_allocations();
		aiodal_web_slack_close(slack);
		if (status && status != AIODAL_ENOMEM)
			fail_msg("%s at allocation %ld", aiodal_error_message(err), n);
		aiodal_error_free(err);
	}
	assert_int_equal(status, AIODAL_OK);
	assert_true(n > 5);
	stub_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_blocks),
		cmocka_unit_test(refuses_what_are_no_blocks),
		cmocka_unit_test(sends_text_as_text),
		cmocka_unit_test(waits_as_long_as_slack_asks),
		cmocka_unit_test(tries_again_and_gives_up),
		cmocka_unit_test(gives_up_what_is_refused),
		cmocka_unit_test(drops_what_is_too_much),
		cmocka_unit_test(tells_how_many_were_dropped),
		cmocka_unit_test(times_out),
		cmocka_unit_test(survives_a_slack_that_is_gone),
		cmocka_unit_test(drains_at_the_end),
		cmocka_unit_test(does_not_drain_for_ever),
		cmocka_unit_test(writes_to_no_other_host),
		cmocka_unit_test(loses_count_of_nothing),
		cmocka_unit_test(survives_failing_malloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
