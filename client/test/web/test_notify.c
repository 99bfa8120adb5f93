/*
 * test_notify.c
 *		Errors of requests, reported to Slack: what is said, what is not, and that nothing else changes.
 */
#include "stub.h"
#include "token.h"

#include <jansson.h>

#include "clock.h"
#include "alloc.h"
#include "redact.h"

static aiodal_db *db;

static int
set_up(void **state)
{
	(void) state;
	reset_database(
		"CREATE TABLE account (id int PRIMARY KEY, email text CONSTRAINT email_once UNIQUE,"
		" age int CONSTRAINT grown_up CHECK (age > 17));"
		"INSERT INTO account VALUES (1, 'ann@secret.example', 40);"
		"CREATE FUNCTION inner_one() RETURNS int LANGUAGE plpgsql AS $$"
		" BEGIN RAISE EXCEPTION 'deep down' USING DETAIL = 'SECRET detail', ERRCODE = 'P0042'; END $$;"
		"CREATE FUNCTION by_statement() RETURNS int LANGUAGE plpgsql AS $$"
		" BEGIN EXECUTE 'SELECT length(''SECRET''), 1 / 0'; RETURN 1; END $$;"
		"CREATE FUNCTION outer_one() RETURNS int LANGUAGE plpgsql AS $$"
		" BEGIN RETURN inner_one(); END $$;");
	return aiodal_db_open(&db, NULL, NULL, NULL);
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

/*
 * An app that fails
 */

static char broke[] = "it broke";
static char leaky[] = "GET https://me:hunter2@x.example/?api_key=hunter2 with Bearer hunter2 and "
					  "password='hunter 2' failed";

typedef struct statement
{
	const char *path, *sql;
} statement;

static statement statements[] = {
	{"/fine", "SELECT 1"},
	{"/deep", "SELECT outer_one()"},
	{"/twice", "INSERT INTO account VALUES (2, 'ann@secret.example', 40)"},
	{"/young", "INSERT INTO account VALUES (3, 'SECRET@x.example', 3)"},
	{"/statement", "SELECT by_statement()"},
	{"/datum", "SELECT 'SECRET'::text::int"},
};

static aiodal_status
run_statement(aiodal_web_request *req, aiodal_web_response *res, aiodal_tx *tx, void *payload,
			  aiodal_error **err)
{
	const statement *s = payload;

	(void) req;
	aiodal_web_response_set_status(res, 204);
	return aiodal_tx_exec(NULL, tx, s->sql, 0, NULL, err);
}

/* Reads the body, then fails with the message in its payload. */
static aiodal_status
fail_with(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	(void) res;
	(void) aiodal_web_request_body(req, NULL);
	return aiodal_error_set(err, AIODAL_ESTATE, payload, "SECRET detail", "SECRET hint");
}

static aiodal_status
answer_with(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	(void) req;
	return aiodal_web_response_problem(res, *(const int *) payload, NULL, err);
}

static bool
map_to_503(aiodal_web_request *req, aiodal_web_response *res, const aiodal_error *error, void *payload)
{
	(void) req;
	(void) error;
	(void) payload;
	return aiodal_web_response_problem(res, 503, "later", NULL) == AIODAL_OK;
}

static aiodal_web_slack *
open_slack(stub *s, int max_queue)
{
	aiodal_web_slack_options o = AIODAL_WEB_SLACK_OPTIONS_INIT;
	aiodal_web_slack *slack;
	aiodal_error *err = NULL;

	stub_open(s);
	stub_reply(s, 200, "", "ok");
	o.max_queue = max_queue;
	o.timeout_ms = PATIENCE_MS;
	o.backoff_ms = 1;
	OK(aiodal_web_slack_open(&slack, s->url, &o, &err));
	return slack;
}

static aiodal_web_notify_options
options(aiodal_web_slack *slack)
{
	aiodal_web_notify_options o = AIODAL_WEB_NOTIFY_OPTIONS_INIT;

	o.slack = slack;
	o.environment = "production";
	o.service = "books";
	o.quiet_s = -1;
	return o;
}

static aiodal_web_app *
new_app(const aiodal_web_notify_options *o)
{
	static int s404 = 404, s500 = 500;
	aiodal_web_route_options mapped = AIODAL_WEB_ROUTE_OPTIONS_INIT;
	aiodal_web_scope *root;
	aiodal_web_app *app;
	aiodal_error *err = NULL;
	size_t i;

	mapped.on_error = map_to_503;
	OK(aiodal_web_app_new(&app, db, NULL, &err));
	root = aiodal_web_app_root(app);
	if (o)
		OK(aiodal_web_scope_notify(root, o, &err));
	OK(aiodal_web_scope_add(root, "GET", "/404", answer_with, &s404, NULL, &err));
	OK(aiodal_web_scope_add(root, "GET", "/500", answer_with, &s500, NULL, &err));
	OK(aiodal_web_scope_add(root, "GET", "/mapped", fail_with, broke, &mapped, &err));
	OK(aiodal_web_scope_add(root, "POST", "/fail", fail_with, broke, NULL, &err));
	OK(aiodal_web_scope_add(root, "GET", "/reset/{reset_token}/{id}", fail_with, broke, NULL, &err));
	OK(aiodal_web_scope_add(root, "GET", "/leaky", fail_with, leaky, NULL, &err));
	for (i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		OK(aiodal_web_scope_add_tx(root, "GET", statements[i].path, run_statement, &statements[i], NULL,
								   &err));
	return app;
}

/*
 * What was reported
 */

static char report[20000];

/* Waits for the report of the last request, and keeps its texts, a line each. */
static void
read_report(stub *s, aiodal_web_slack *slack)
{
	aiodal_error *err = NULL;
	json_t *message;
	const json_t *blocks;
	size_t i;

	OK(aiodal_web_slack_flush(slack, PATIENCE_MS, &err));
	(void) pthread_mutex_lock(&s->lock);
	message = json_loads(strstr(s->request, "\r\n\r\n") + 4, 0, NULL);
	(void) pthread_mutex_unlock(&s->lock);
	blocks = json_object_get(message, "blocks");
	assert_true(json_array_size(blocks) > 0);
	report[0] = '\0';
	for (i = 0; i < json_array_size(blocks); i++)
	{
		const json_t *text = json_object_get(json_array_get(blocks, i), "text");
		const char *value = json_string_value(json_object_get(text, "text"));

		assert_non_null(value);
		assert_true(strlen(report) + strlen(value) + 2 < sizeof(report));
		memcpy(report + strlen(report), value, strlen(value) + 1);
		memcpy(report + strlen(report), "\n", 2);
	}
	json_decref(message);
}

#define REPORTED(words)                                                 \
	do                                                                  \
	{                                                                   \
		if (!strstr(report, words))                                     \
			fail_msg("no \"%s\" in this report:\n%s", (words), report); \
	} while (0)

#define NOT_REPORTED(words)                                             \
	do                                                                  \
	{                                                                   \
		if (strstr(report, words))                                      \
			fail_msg("\"%s\" is in this report:\n%s", (words), report); \
	} while (0)

static void
says_what_happened_where_to_whom(void **state)
{
	stub s;
	aiodal_web_slack *slack = open_slack(&s, 0);
	aiodal_web_notify_options o = options(slack);
	aiodal_web_app *app = new_app(&o);

	(void) state;
	ANSWERS(500, app, "POST", "/fail?x=1&y=%20a", "Content-Type: application/json\nX-Request-Id: id-7",
			"{\"title\": \"On <Tests>\"}");
	read_report(&s, slack);
	assert_int_equal(strncmp(report, "books: 500 in production: POST /fail\n", 37), 0);
	REPORTED("POST /fail?x=1&amp;y=%20a\nerror: it broke\nstatus: AIODAL_ESTATE\n");
	REPORTED("request id: id-7\nenvironment: production");
	REPORTED("{\"title\": \"On &lt;Tests&gt;\"}");
	NOT_REPORTED("user:");
	NOT_REPORTED("SECRET");
	aiodal_web_app_free(app);
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

static void
says_what_the_server_said_without_data(void **state)
{
	stub s;
	aiodal_web_slack *slack = open_slack(&s, 0);
	aiodal_web_notify_options o = options(slack);
	aiodal_web_app *app = new_app(&o);

	(void) state;
	ANSWERS(500, app, "GET", "/twice", NULL, NULL);
	read_report(&s, slack);
	REPORTED("sqlstate: 23505\nstatus: AIODAL_ECONSTRAINT\nschema: public\ntable: account\n"
			 "constraint: email_once\n");
	NOT_REPORTED("secret.example");
	ANSWERS(500, app, "GET", "/young", NULL, NULL);
	read_report(&s, slack);
	REPORTED("sqlstate: 23514");
	REPORTED("constraint: grown_up");
	NOT_REPORTED("SECRET");
	ANSWERS(500, app, "GET", "/datum", NULL, NULL);
	read_report(&s, slack);
	REPORTED("error: invalid input syntax for type integer\nsqlstate: 22P02");
	NOT_REPORTED("SECRET");
	aiodal_web_app_free(app);
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

static void
traces_back_through_functions(void **state)
{
	stub s;
	aiodal_web_slack *slack = open_slack(&s, 0);
	aiodal_web_notify_options o = options(slack);
	aiodal_web_app *app = new_app(&o);

	(void) state;
	ANSWERS(500, app, "GET", "/deep", NULL, NULL);
	read_report(&s, slack);
	REPORTED("error: deep down\nsqlstate: P0042");
	REPORTED(
		"PL/pgSQL function inner_one() line 1 at RAISE\nPL/pgSQL function outer_one() line 1 at RETURN\n");
	REPORTED("exec_stmt_raise, pl_exec.c:");
	NOT_REPORTED("SECRET");
	/* a statement in the context may have data in it */
	ANSWERS(500, app, "GET", "/statement", NULL, NULL);
	read_report(&s, slack);
	REPORTED("error: division by zero\nsqlstate: 22012");
	REPORTED("PL/pgSQL function by_statement() line 1 at EXECUTE\n");
	NOT_REPORTED("SECRET");
	aiodal_web_app_free(app);
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

/* The client and the handlers see the same with reports and without. */
static void
changes_no_response(void **state)
{
	static const char *const paths[] = {"/fine", "/404", "/500", "/mapped", "/twice", "/nowhere", "/deep"};
	stub s;
	aiodal_web_slack *slack = open_slack(&s, 0);
	aiodal_web_notify_options o = options(slack);
	aiodal_web_app *with = new_app(&o);
	aiodal_web_app *without = new_app(NULL);
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
	{
		int status = answer(without, "GET", paths[i], "X-Request-Id: one", NULL);
		char *body = strdup(last_body);
		char *headers = strdup(last_headers);

		ANSWERS(status, with, "GET", paths[i], "X-Request-Id: one", NULL);
		assert_string_equal(last_body, body);
		assert_string_equal(last_headers, headers);
		SAYS_NOT("SECRET");
		free(body);
		free(headers);
	}
	/* 404s are the client's business */
	assert_int_equal(aiodal_web_slack_flush(slack, PATIENCE_MS, NULL), 0);
	assert_int_equal(stub_hits(&s), 4);
	aiodal_web_app_free(with);
	aiodal_web_app_free(without);
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

static void
reports_what_mappers_and_handlers_answer(void **state)
{
	stub s;
	aiodal_web_slack *slack = open_slack(&s, 0);
	aiodal_web_notify_options o = options(slack);
	aiodal_web_app *app = new_app(&o);

	(void) state;
	ANSWERS(503, app, "GET", "/mapped", NULL, NULL);
	SAYS("later");
	read_report(&s, slack);
	REPORTED("503 in production: GET /mapped");
	REPORTED("error: it broke");
	ANSWERS(500, app, "GET", "/500", NULL, NULL);
	read_report(&s, slack);
	REPORTED("500 in production: GET /500");
	NOT_REPORTED("error:");
	aiodal_web_app_free(app);
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

/* No connection to be had is 503, and told of too. */
static void
reports_that_the_pool_is_empty(void **state)
{
	aiodal_db_options small = AIODAL_DB_OPTIONS_INIT;
	aiodal_db *usual = db;
	aiodal_error *err = NULL;
	stub s;
	aiodal_web_slack *slack = open_slack(&s, 0);
	aiodal_web_notify_options o = options(slack);
	aiodal_web_app *app;
	aiodal_tx *held;

	(void) state;
	small.pool_size = 1;
	small.acquire_timeout_ms = 200;
	OK(aiodal_db_open(&db, NULL, &small, &err));
	app = new_app(&o);
	OK(aiodal_tx_begin(&held, db, NULL, &err));
	ANSWERS(503, app, "GET", "/fine", NULL, NULL);
	HAS_HEADER("Retry-After: 1");
	read_report(&s, slack);
	REPORTED("503 in production: GET /fine");
	REPORTED("error: ");
	aiodal_tx_free(held);
	aiodal_web_app_free(app);
	aiodal_db_close(db);
	db = usual;
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

/* Nobody waits for a Slack that is slow, and what is too much is dropped. */
static void
waits_for_nothing(void **state)
{
	stub s;
	aiodal_web_slack *slack = open_slack(&s, 2);
	aiodal_web_notify_options o = options(slack);
	aiodal_web_app *app = new_app(&o);
	aiodal_web_slack_stats stats = {.size = sizeof(stats)};
	int i;

	(void) state;
	stub_hold(&s, true);
	for (i = 0; i < 5; i++)
		ANSWERS(500, app, "GET", "/deep", NULL, NULL);
	aiodal_web_slack_get_stats(slack, &stats);
	assert_int_equal(stats.queued, 2);
	assert_int_equal(stats.dropped, 3);
	assert_int_equal(stats.sent, 0);
	stub_hold(&s, false);
	stub_leave(&s);
	for (i = 0; i < 5; i++)
		ANSWERS(500, app, "GET", "/deep", NULL, NULL);
	aiodal_web_app_free(app);
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

static void
reports_from_the_environments_it_is_told_to(void **state)
{
	static const struct
	{
		const char *environment, *environments;
		int reports;
	} cases[] = {{"production", NULL, 1},
				 {"production", "production", 1},
				 {"production", " staging  production ", 1},
				 {"test", "staging production", 0},
				 {"prod", "staging production", 0},
				 {"production", "prod", 0},
				 {"production", "", 0},
				 {"staging", "staging production", 1}};
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		stub s;
		aiodal_web_slack *slack = open_slack(&s, 0);
		aiodal_web_notify_options o = options(slack);
		aiodal_web_app *app;

		o.environment = cases[i].environment;
		o.environments = cases[i].environments;
		app = new_app(&o);
		ANSWERS(500, app, "GET", "/deep", NULL, NULL);
		assert_int_equal(aiodal_web_slack_flush(slack, PATIENCE_MS, NULL), 0);
		if (stub_hits(&s) != cases[i].reports)
			fail_msg("%s of %s: %d", o.environment, o.environments, stub_hits(&s));
		aiodal_web_app_free(app);
		aiodal_web_slack_close(slack);
		stub_close(&s);
	}
}

static void
says_no_more_than_it_must(void **state)
{
	stub s;
	aiodal_web_slack *slack = open_slack(&s, 0);
	aiodal_web_notify_options o = options(slack);
	aiodal_web_app *app;

	(void) state;
	o.secrets = "card iban";
	app = new_app(&o);
	ANSWERS(500, app, "POST", "/fail?access_token=hunter2&a=b&Api-Key=hunter2&pass%77ord=hunter2",
			"Authorization: Bearer hunter2\nCookie: sid=hunter2\nContent-Type: application/json",
			"{\"password\": \"hunter2\", \"a\": [{\"newPassword\": {\"x\": \"hunter2\"}}], \"IBAN\": 77, "
			"\"card_no\": \"hunter2\", \"note\": \"Bearer hunter2\", \"b\": 5}");
	read_report(&s, slack);
	REPORTED("POST /fail?access_token=[redacted]&amp;a=b&amp;Api-Key=[redacted]&amp;pass%77ord=[redacted]");
	REPORTED("\"a\": [{\"newPassword\": \"[redacted]\"}]");
	REPORTED("\"b\": 5");
	NOT_REPORTED("hunter2");
	NOT_REPORTED("77,");
	ANSWERS(500, app, "POST", "/fail", "Content-Type: application/x-www-form-urlencoded",
			"user=ann&password=hunter2&x%5Btoken%5D=hunter2&%ff=hunter2&=&note=1%201");
	read_report(&s, slack);
	REPORTED(
		"user=ann&amp;password=[redacted]&amp;x%5Btoken%5D=[redacted]&amp;=[redacted]&amp;=&amp;note=1%201");
	NOT_REPORTED("hunter2");
	ANSWERS(500, app, "GET", "/reset/hunter2/12", NULL, NULL);
	read_report(&s, slack);
	REPORTED("GET /reset/[redacted]/12");
	NOT_REPORTED("hunter2");
	ANSWERS(500, app, "GET", "/leaky", NULL, NULL);
	read_report(&s, slack);
	REPORTED("GET https://[redacted]@x.example/?api_key=[redacted] with Bearer [redacted] and "
			 "password=[redacted] failed");
	NOT_REPORTED("hunter");
	aiodal_web_app_free(app);
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

/* Bodies that cannot be read are not shown; of those that can 1 KB. */
static void
shows_bodies_that_it_understands(void **state)
{
	static const char *const unreadable[][2] = {
		{"Content-Type: application/json", "{\"password\": \"hunter2\""},
		{"Content-Type: text/plain", "my password is hunter2"},
		{"Content-Type: multipart/form-data; boundary=x", "--x\r\n\r\nhunter2\r\n--x--"},
		{NULL, "hunter2"},
	};
	stub s;
	aiodal_web_slack *slack = open_slack(&s, 0);
	aiodal_web_notify_options o = options(slack);
	aiodal_web_app *app = new_app(&o);
	char *big = calloc(1, 100001);
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(unreadable) / sizeof(unreadable[0]); i++)
	{
		ANSWERS(500, app, "POST", "/fail", unreadable[i][0], unreadable[i][1]);
		read_report(&s, slack);
		NOT_REPORTED("hunter2");
		REPORTED(text("[%zu bytes of ", strlen(unreadable[i][1])));
	}
	REPORTED("of unknown type]");
	memset(big, 'x', 100000);
	memcpy(big, "{\"a\": \"\xc3\xa4", 9);
	memcpy(big + 50000, "\"}", 3);
	ANSWERS(500, app, "POST", "/fail", "Content-Type: application/vnd.api+json; charset=utf-8", big);
	read_report(&s, slack);
	REPORTED("{\"a\": \"\xc3\xa4xxxx");
	REPORTED("xxx...");
	assert_true(strlen(strstr(report, "xxxx")) < 1100);
	memset(big + 50000, 'x', 50000);
	memcpy(big + 99998, "\"}", 3);
	ANSWERS(500, app, "POST", "/fail", "Content-Type: application/json", big);
	read_report(&s, slack);
	REPORTED("[100000 bytes of application/json]");
	free(big);
	aiodal_web_app_free(app);
	o.max_body = -1;
	app = new_app(&o);
	ANSWERS(500, app, "POST", "/fail", "Content-Type: application/json", "{\"a\":1}");
	read_report(&s, slack);
	NOT_REPORTED("\"a\"");
	aiodal_web_app_free(app);
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

static void
knows_secrets_by_name(void **state)
{
	static const char *const secret[] = {"password",    "PASSWORD_CONFIRMATION",
										 "user.passwd", "token",
										 "csrf-token",  "client_secret",
										 "apiKey",      "api-key",
										 "API KEY",     "authorization",
										 "jwt",         "session_id",
										 "pin",         "code",
										 "Key",         "X-Amz-Signature",
										 "card-number"};
	static const char *const open[] = {"",        "title",     "shipping", "keyboard", "author",
									   "barcode", "passenger", "opinion",  "encoding", "monkey"};
	char longer[1000];
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		if (!aiodal_web__is_secret_name(secret[i], strlen(secret[i]), NULL))
			fail_msg("\"%s\" is told", secret[i]);
	for (i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		if (aiodal_web__is_secret_name(open[i], strlen(open[i]), "iban"))
			fail_msg("\"%s\" is a secret", open[i]);
	memset(longer, 'a', sizeof(longer));
	assert_true(aiodal_web__is_secret_name(longer, sizeof(longer), NULL));
	assert_true(aiodal_web__is_secret_name("my_IBAN", 7, " x-y i-ban"));
}

/* In the middle of a character nothing is cut. */
static void
cuts_at_the_end_of_characters(void **state)
{
	static const char form[] = "a=\xC3\xA4\xE2\x82\xAC";
	size_t max;

	(void) state;
	for (max = 2; max < sizeof(form) - 1; max++)
	{
		aiodal_web__buf out = AIODAL_WEB__BUF_INIT;
		size_t whole = max < 4 ? 2 : 4;

		aiodal_web__redact_body(&out, "application/x-www-form-urlencoded", form, sizeof(form) - 1, max, NULL);
		assert_int_equal(out.len, whole + 3);
		assert_memory_equal(out.data, form, whole);
		assert_string_equal(out.data + whole, "...");
		aiodal_web__buf_free(&out);
	}
}

static void
knows_secrets_by_looks(void **state)
{
	static const char *const texts[][2] = {
		{"nothing here", "nothing here"},
		{"", ""},
		{"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln!", "[redacted]!"},
		{"(eyJhbGciOiJSUzI1NiJ9)", "([redacted])"},
		{"eyJ is short", "eyJ is short"},
		{"xeyJhbGciOiJSUzI1NiJ9", "xeyJhbGciOiJSUzI1NiJ9"},
		{"BASIC dXNlcjpwYXNz, x", "BASIC [redacted], x"},
		{"bearer ", "bearer "},
		{"host=a password=b user=c", "host=a password=[redacted] user=c"},
		{"password='b c", "password=[redacted]"},
		{"password=", "password="},
		{"postgresql://u:p@h/d", "postgresql://[redacted]@h/d"},
		{"http://h/d@x", "http://h/d@x"},
		{"://", "://"},
		{"a=b=token=c", "a=b=token=[redacted]"},
	};
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		aiodal_web__buf out = AIODAL_WEB__BUF_INIT;

		aiodal_web__redact_text(&out, texts[i][0], strlen(texts[i][0]), NULL);
		assert_string_equal(out.len ? out.data : "", texts[i][1]);
		aiodal_web__buf_free(&out);
	}
}

/* The same error over and over is counted; another one, and another route, is news. */
static void
does_not_repeat_itself(void **state)
{
	stub s;
	aiodal_web_slack *slack = open_slack(&s, 0);
	aiodal_web_notify_options o = options(slack);
	aiodal_web_app *app;
	int i;

	(void) state;
	o.quiet_s = 0;
	app = new_app(&o);
	for (i = 0; i < 10; i++)
	{
		ANSWERS(500, app, "GET", "/deep", NULL, NULL);
		ANSWERS(500, app, "GET", "/datum", NULL, NULL);
		ANSWERS(500, app, "GET", text("/reset/x/%d", i), NULL, NULL);
	}
	read_report(&s, slack);
	assert_int_equal(stub_hits(&s), 3);
	NOT_REPORTED("more of this kind");
	__atomic_store_n(&aiodal_web__clock_ahead, 59 * 1000, __ATOMIC_RELAXED);
	ANSWERS(500, app, "GET", "/deep", NULL, NULL);
	__atomic_store_n(&aiodal_web__clock_ahead, 61 * 1000 + PATIENCE_MS, __ATOMIC_RELAXED);
	ANSWERS(500, app, "GET", "/deep", NULL, NULL);
	read_report(&s, slack);
	assert_int_equal(stub_hits(&s), 4);
	REPORTED("10 more of this kind were not reported");
	__atomic_store_n(&aiodal_web__clock_ahead, 0, __ATOMIC_RELAXED);
	aiodal_web_app_free(app);
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

/*
 * Users
 */

static const char *
name_by_header(const aiodal_web_request *req, void *payload)
{
	(void) payload;
	return aiodal_web_request_header(req, "X-User");
}

static void
says_who_the_user_is(void **state)
{
	EVP_PKEY *key = new_key(2048);
	const char *set = text("{\"keys\":[%s]}", jwk(key, "one", ""));
	aiodal_web_auth_options auth = AIODAL_WEB_AUTH_OPTIONS_INIT;
	stub s;
	aiodal_web_slack *slack = open_slack(&s, 0);
	aiodal_web_notify_options o = options(slack);
	aiodal_web_app *app = new_app(&o);
	aiodal_web_scope *closed;
	aiodal_error *err = NULL;
	const char *good;

	(void) state;
	OK(aiodal_web_keys_parse(&auth.keys, set, strlen(set), &err));
	auth.token.issuer = ISSUER;
	auth.token.audience = AUDIENCE;
	OK(aiodal_web_scope_new(&closed, aiodal_web_app_root(app), "/me", &err));
	OK(aiodal_web_scope_authenticate(closed, &auth, &err));
	OK(aiodal_web_scope_add(closed, "GET", "/fail", fail_with, broke, NULL, &err));
	good = token(key, "{\"alg\":\"RS256\",\"kid\":\"one\"}",
				 "{\"iss\":\"" ISSUER "\",\"aud\":\"" AUDIENCE "\",\"sub\":\"auth0|7\",\"exp\":99999999999}");
	ANSWERS(500, app, "GET", "/me/fail", text("Authorization: Bearer %s", good), NULL);
	read_report(&s, slack);
	REPORTED("user: auth0|7\n");
	NOT_REPORTED(good);
	aiodal_web_app_free(app);

	o.user = name_by_header;
	app = new_app(&o);
	ANSWERS(500, app, "GET", "/deep", "X-User: <!channel>", NULL);
	read_report(&s, slack);
	REPORTED("user: &lt;!channel&gt;\n");
	ANSWERS(500, app, "GET", "/deep", NULL, NULL);
	read_report(&s, slack);
	NOT_REPORTED("user:");
	aiodal_web_app_free(app);
	aiodal_web_keys_free(auth.keys);
	aiodal_web_slack_close(slack);
	stub_close(&s);
	EVP_PKEY_free(key);
}

static void
refuses_options_without_sense(void **state)
{
	stub s;
	aiodal_web_slack *slack = open_slack(&s, 0);
	aiodal_web_notify_options o = options(slack);
	aiodal_web_app *app = new_app(NULL);
	aiodal_web_scope *root = aiodal_web_app_root(app);
	aiodal_error *err = NULL;

	(void) state;
	o.environment = "";
	FAILS(AIODAL_EINVAL, aiodal_web_scope_notify(root, &o, &err), "environment");
	o = options(NULL);
	FAILS(AIODAL_EINVAL, aiodal_web_scope_notify(root, &o, &err), "slack");
	FAILS(AIODAL_EINVAL, aiodal_web_scope_notify(root, NULL, &err), "slack");
	o = options(slack);
	o.max_body = -2;
	FAILS(AIODAL_EINVAL, aiodal_web_scope_notify(root, &o, &err), "negative");
	o = options(slack);
	ANSWERS(204, app, "GET", "/fine", NULL, NULL);
	FAILS(AIODAL_ESTATE, aiodal_web_scope_notify(root, &o, &err), "handles requests");
	aiodal_web_app_free(app);
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

/*
 * Out of memory
 */

/* The response comes with a report or without. */
static void
survives_failing_malloc(void **state)
{
	stub s;
	aiodal_web_slack *slack = open_slack(&s, 100000);
	aiodal_web_notify_options o = options(slack);
	aiodal_web_app *app = new_app(&o);
	aiodal_status status = AIODAL_ENOMEM;
	int before = 0;
	long n;

	(void) state;
	for (n = 0; n < 2000 && (status || stub_hits(&s) == before); n++)
	{
		aiodal_web_response *res = NULL;

		assert_int_equal(aiodal_web_slack_flush(slack, PATIENCE_MS, NULL), 0);
		before = stub_hits(&s);
		allow_allocations(n);
		status = aiodal_web_app_try(&res, app, "POST", "/fail?token=x", "Content-Type: application/json",
									"{\"a\":\"b\"}", NULL);
		allow_all_allocations();
		if (status)
			assert_int_equal(status, AIODAL_ENOMEM);
		else
			assert_int_equal(aiodal_web_response_status(res), 500);
		aiodal_web_response_free(res);
		assert_int_equal(aiodal_web_slack_flush(slack, PATIENCE_MS, NULL), 0);
	}
	assert_int_equal(status, AIODAL_OK);
	assert_true(n > 20 && n < 2000);
	aiodal_web_app_free(app);
	aiodal_web_slack_close(slack);
	stub_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_happened_where_to_whom),
		cmocka_unit_test(says_what_the_server_said_without_data),
		cmocka_unit_test(traces_back_through_functions),
		cmocka_unit_test(changes_no_response),
		cmocka_unit_test(reports_what_mappers_and_handlers_answer),
		cmocka_unit_test(reports_that_the_pool_is_empty),
		cmocka_unit_test(waits_for_nothing),
		cmocka_unit_test(reports_from_the_environments_it_is_told_to),
		cmocka_unit_test(says_no_more_than_it_must),
		cmocka_unit_test(shows_bodies_that_it_understands),
		cmocka_unit_test(cuts_at_the_end_of_characters),
		cmocka_unit_test(knows_secrets_by_name),
		cmocka_unit_test(knows_secrets_by_looks),
		cmocka_unit_test(does_not_repeat_itself),
		cmocka_unit_test(says_who_the_user_is),
		cmocka_unit_test(refuses_options_without_sense),
		cmocka_unit_test(survives_failing_malloc),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
