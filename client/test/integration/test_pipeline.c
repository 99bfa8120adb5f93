/*
 * test_pipeline.c
 *		Many statements in one round trip: what runs, what fails, what is skipped.
 */
#include "support.h"

#include <poll.h>
#include <pthread.h>

static aiodal_db *db;

static int
set_up(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	(void) state;
	reset_database("CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL, body bytea)");
	options.pool_size = 2;
	return aiodal_db_open(&db, NULL, &options, NULL);
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

static aiodal_tx *
begin(int timeout_ms)
{
	aiodal_error *err = NULL;
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_tx *tx;

	options.timeout_ms = timeout_ms;
	OK(aiodal_tx_begin(&tx, db, &options, &err));
	return tx;
}

static aiodal_pipeline *
pipeline(aiodal_tx *tx, const char *const *statements, size_t n)
{
	aiodal_error *err = NULL;
	aiodal_pipeline *p;

	OK(aiodal_pipeline_begin(&p, tx, &err));
	for (size_t i = 0; i < n; i++)
		OK(aiodal_pipeline_exec(p, statements[i], 0, NULL, &err));
	return p;
}

/* "dfss": done, failed, skipped, skipped */
static const char *
states(const aiodal_pipeline *p)
{
	static char text[100];
	size_t n = aiodal_pipeline_count(p);

	for (size_t i = 0; i < n; i++)
		text[i] = "pdfs"[aiodal_pipeline_state(p, i)];
	text[n] = '\0';
	return text;
}

static const char *
value_of(aiodal_pipeline *p, size_t i)
{
	static char value[100];
	aiodal_result *res = aiodal_pipeline_take_result(p, i);

	(void) snprintf(value, sizeof(value), "%s",
					res && aiodal_result_rows(res) ? aiodal_result_value(res, 0, 0) : "nothing");
	aiodal_result_free(res);
	return value;
}

static void
all_go_well(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin(0);
	aiodal_pipeline *p;
	const char *const row[] = {"1", NULL};

	(void) state;
	OK(aiodal_pipeline_begin(&p, tx, &err));
	OK(aiodal_pipeline_exec(p, "SELECT coalesce($2, 'null') || $1", 2, row, &err));
	OK(aiodal_pipeline_exec(p, "INSERT INTO item VALUES (1, 'a')", 0, NULL, &err));
	OK(aiodal_pipeline_query(p, "INSERT INTO item VALUES ($1, $2, $3) RETURNING id", 3,
							 (aiodal_value[]){aiodal_int32(2), aiodal_text("b"), aiodal_null()}, NULL, &err));
	OK(aiodal_pipeline_exec(p, "", 0, NULL, &err));
	OK(aiodal_pipeline_exec(p, "SELECT count(*) FROM item", 0, NULL, &err));
	assert_string_equal(states(p), "ppppp");
	OK(aiodal_pipeline_run(p, &err));
	assert_string_equal(states(p), "ddddd");
	assert_string_equal(value_of(p, 0), "null1");
	assert_string_equal(value_of(p, 0), "nothing");
	assert_string_equal(value_of(p, 2), "2");
	assert_string_equal(value_of(p, 4), "2");
	assert_null(aiodal_pipeline_take_result(p, 5));
	FAILS(AIODAL_ESTATE, aiodal_pipeline_exec(p, "SELECT 1", 0, NULL, &err), "run already");
	FAILS(AIODAL_ESTATE, aiodal_pipeline_run(p, &err), "run already");
	/* what it holds outlives the transaction's end */
	OK(aiodal_tx_commit(tx, &err));
	assert_string_equal(value_of(p, 3), "nothing");
	aiodal_pipeline_free(p);
	aiodal_tx_free(tx);
	run_sql("TRUNCATE item");
}

static void
the_same_again(void **state)
{
	enum
	{
		N = 3000
	};
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin(0);
	aiodal_pipeline *p;

	(void) state;
	OK(aiodal_pipeline_begin(&p, tx, &err));
	for (int i = 0; i < N; i++)
	{
		char id[16];
		char other[100];
		const char *const row[] = {id, "x"};

		(void) snprintf(id, sizeof(id), "%d", i);
		(void) snprintf(other, sizeof(other), "SELECT %d", i);
		OK(aiodal_pipeline_exec(p, "INSERT INTO item VALUES ($1, $2) RETURNING id", 2, row, &err));
		/* the same text with other types is another statement */
		OK(aiodal_pipeline_query(p, "SELECT pg_typeof($1)", 1, (aiodal_value[]){aiodal_int64(i)}, NULL,
								 &err));
		OK(aiodal_pipeline_query(p, "SELECT pg_typeof($1)", 1, (aiodal_value[]){aiodal_bool(true)}, NULL,
								 &err));
		OK(aiodal_pipeline_query(p, "SELECT pg_typeof($1)", 1, (aiodal_value[]){aiodal_bool(true)}, NULL,
								 &err));
		OK(aiodal_pipeline_exec(p, other, 0, NULL, &err));
	}
	OK(aiodal_pipeline_run(p, &err));
	for (size_t i = 0; i < N; i++)
	{
		char id[16];

		(void) snprintf(id, sizeof(id), "%zu", i);
		assert_string_equal(value_of(p, 5 * i), id);
		assert_string_equal(value_of(p, 5 * i + 1), "bigint");
		assert_string_equal(value_of(p, 5 * i + 2), "boolean");
		assert_string_equal(value_of(p, 5 * i + 3), "boolean");
		assert_string_equal(value_of(p, 5 * i + 4), id);
	}
	aiodal_pipeline_free(p);
	assert_string_equal(query(tx, "SELECT count(*) FROM item"), "3000");
	aiodal_tx_free(tx);
}

/* Both directions full: neither side may wait for the other for ever. */
static void
more_than_sockets_hold(void **state)
{
	enum
	{
		N = 300,
		SIZE = 50000
	};
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin(60000);
	char *big = malloc(SIZE + 1);
	const char *const params[] = {big};
	aiodal_pipeline *p;

	(void) state;
	memset(big, 'x', SIZE);
	big[SIZE] = '\0';
	OK(aiodal_pipeline_begin(&p, tx, &err));
	for (int i = 0; i < N; i++)
		OK(aiodal_pipeline_exec(p, "SELECT $1", 1, params, &err));
	OK(aiodal_pipeline_run(p, &err));
	for (size_t i = 0; i < N; i++)
	{
		aiodal_result *res = aiodal_pipeline_take_result(p, i);

		assert_int_equal(strlen(aiodal_result_value(res, 0, 0)), SIZE);
		aiodal_result_free(res);
	}
	aiodal_pipeline_free(p);
	aiodal_tx_free(tx);
	free(big);
}

static aiodal_status
fail_in_the_middle(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	const char *const statements[] = {"INSERT INTO item VALUES (1, 'a')", "SELECT 1/0",
									  "INSERT INTO item VALUES (2, 'b')", "SELECT 'never'"};
	aiodal_pipeline *p = pipeline(tx, statements, 4);
	aiodal_status status = aiodal_pipeline_run(p, err);

	(void) payload;
	assert_string_equal(states(p), "dfss");
	assert_null(aiodal_pipeline_take_result(p, 1));
	assert_null(aiodal_pipeline_take_result(p, 3));
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
	aiodal_pipeline_free(p);
	return status;
}

static void
one_in_the_middle_fails(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin(0);
	const char *const last[] = {"SELECT 1", "SELECT 2", "INSERT INTO item VALUES (NULL)"};
	aiodal_pipeline *p;

	(void) state;
	/* a part of the transaction fails by itself */
	EXPECT(AIODAL_ESERVER, aiodal_tx_nested(tx, fail_in_the_middle, NULL, &err));
	assert_string_equal(aiodal_error_sqlstate(err), "22012");
	expect_words(&err, "statement 2 of 4 in a pipeline", __FILE__, __LINE__);
	assert_string_equal(query(tx, "SELECT count(*) FROM item"), "0");
	p = pipeline(tx, last, 3);
	FAILS(AIODAL_ECONSTRAINT, aiodal_pipeline_run(p, &err), "statement 3 of 3 in a pipeline");
	assert_string_equal(states(p), "ddf");
	assert_string_equal(value_of(p, 1), "2");
	aiodal_pipeline_free(p);
	FAILS(AIODAL_ESTATE, aiodal_pipeline_begin(&p, tx, &err), "has failed");
	assert_null(p);
	aiodal_tx_free(tx);
}

static void
what_makes_no_sense(void **state)
{
	static const char *const copies[] = {
		"COPY item TO STDOUT", "  -- x\n/* a /* b */ c */ copy item from stdin", "COPY(SELECT 1) TO STDOUT"};
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin(0);
	aiodal_pipeline *p;
	aiodal_pipeline *other;
	aiodal_op *op;

	(void) state;
	FAILS(AIODAL_EINVAL, aiodal_pipeline_begin(NULL, tx, &err), "pipeline");
	FAILS(AIODAL_EINVAL, aiodal_pipeline_begin(&p, NULL, &err), "tx");
	OK(aiodal_pipeline_begin(&p, tx, &err));
	FAILS(AIODAL_EBUSY, aiodal_pipeline_begin(&other, tx, &err), "another operation");
	FAILS(AIODAL_EBUSY, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "another operation");
	FAILS(AIODAL_EBUSY, aiodal_tx_commit(tx, &err), "another operation");
	OK(aiodal_pipeline_exec(p, "SELECT 'copy'", 0, NULL, &err));
	for (size_t i = 0; i < 3; i++)
		FAILS(AIODAL_EINVAL, aiodal_pipeline_exec(p, copies[i], 0, NULL, &err), "aiodal_bulk_load");
	FAILS(AIODAL_EINVAL, aiodal_pipeline_exec(p, NULL, 0, NULL, &err), "sql");
	FAILS(AIODAL_EINVAL, aiodal_pipeline_exec(p, "SELECT $1", 1, NULL, &err), "params");
	FAILS(AIODAL_EINVAL, aiodal_pipeline_exec(p, "SELECT $1", 100000, (const char *[]){""}, &err),
		  "too many");
	FAILS(AIODAL_EINVAL, aiodal_pipeline_run(NULL, &err), "pipeline");
	FAILS(AIODAL_EINVAL, aiodal_pipeline_start(NULL, p, &err), "op");
	assert_int_equal(aiodal_pipeline_count(p), 1);
	OK(aiodal_pipeline_run(p, &err));
	assert_string_equal(value_of(p, 0), "copy");
	aiodal_pipeline_free(p);
	aiodal_pipeline_free(NULL);
	assert_int_equal(aiodal_pipeline_count(NULL), 0);

	/* nothing in it; and two statements in one are none */
	p = pipeline(tx, NULL, 0);
	OK(aiodal_pipeline_run(p, &err));
	aiodal_pipeline_free(p);
	p = pipeline(tx, (const char *[]){"SELECT 1; SELECT 2"}, 1);
	OK(aiodal_pipeline_start(&op, p, &err));
	FAILS(AIODAL_ESERVER, aiodal_op_wait(op, -1, &err), "multiple commands");
	assert_null(aiodal_op_take_result(op));
	aiodal_op_free(op);
	aiodal_pipeline_free(p);
	aiodal_tx_free(tx);
}

static void
without_blocking(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin(60000);
	const char *const statements[] = {"SELECT pg_sleep(0.1)", "SELECT 'b'", "SELECT 'c'"};
	aiodal_pipeline *p = pipeline(tx, statements, 3);
	aiodal_status status;
	aiodal_op *op;
	int polls = 0;

	(void) state;
	OK(aiodal_pipeline_start(&op, p, &err));
	while ((status = aiodal_op_poll(op, &err)) > 0)
	{
		struct pollfd fd = {.fd = aiodal_op_fd(op), .events = POLLIN};

		if (status == AIODAL_WANT_WRITE)
			fd.events |= POLLOUT;
		polls++;
		assert_int_not_equal(poll(&fd, 1, aiodal_op_timeout(op)), 0);
	}
	OK(status);
	assert_true(polls > 0);
	assert_string_equal(states(p), "ddd");
	assert_string_equal(value_of(p, 2), "c");
	aiodal_op_free(op);
	aiodal_pipeline_free(p);
	assert_string_equal(query(tx, "SELECT 'goes on'"), "goes on");
	aiodal_tx_free(tx);
}

/* Waits until the backend sleeps: a request that overtakes its statement hits nothing. */
static void *
cancel_when_asleep(void *op)
{
	run_sql(
		"DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND "
		"wait_event = 'PgSleep') LOOP PERFORM pg_sleep(0.01), pg_stat_clear_snapshot(); END LOOP; END $$");
	aiodal_op_cancel(op);
	return NULL;
}

static void
cancelled_and_late(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin(60000);
	const char *const statements[] = {"SELECT 1", "SELECT pg_sleep(600)", "INSERT INTO item VALUES (1, 'a')"};
	aiodal_pipeline *p = pipeline(tx, statements, 3);
	pthread_t thread;
	aiodal_op *op;

	(void) state;
	OK(aiodal_pipeline_start(&op, p, &err));
	assert_int_equal(pthread_create(&thread, NULL, cancel_when_asleep, op), 0);
	FAILS(AIODAL_ECANCELED, aiodal_op_wait(op, -1, &err), "statement 2 of 3");
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_string_equal(states(p), "dfs");
	aiodal_op_free(op);
	aiodal_pipeline_free(p);
	aiodal_tx_free(tx);

	tx = begin(200);
	p = pipeline(tx, statements, 3);
	FAILS(AIODAL_ETIMEOUT, aiodal_pipeline_run(p, &err), "deadline");
	assert_string_equal(states(p), "dfs");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
	aiodal_pipeline_free(p);
	aiodal_tx_free(tx);
}

/* Given up at any stage, the connection stays good for the next one. */
static void
given_up(void **state)
{
	const char *const statements[] = {"SELECT 1", "SELECT pg_sleep(600)"};
	aiodal_error *err = NULL;
	aiodal_db_stats before = AIODAL_DB_STATS_INIT;
	aiodal_db_stats after = AIODAL_DB_STATS_INIT;

	(void) state;
	OK(aiodal_db_get_stats(db, &before, &err));
	for (int stage = 0; stage < 4; stage++)
	{
		aiodal_tx *tx = begin(60000);
		aiodal_pipeline *p = pipeline(tx, statements, stage > 0 ? 2 : 0);
		aiodal_op *op = NULL;

		if (stage > 1)
			OK(aiodal_pipeline_start(&op, p, &err));
		if (stage > 2)
			EXPECT(AIODAL_WANT_READ, aiodal_op_wait(op, 50, &err));
		aiodal_pipeline_free(p);
		assert_int_equal(aiodal_tx_get_state(tx), stage > 0 ? AIODAL_TX_FAILED : AIODAL_TX_OPEN);
		aiodal_tx_free(tx);
	}
	OK(aiodal_db_get_stats(db, &after, &err));
	assert_int_equal(after.opened, before.opened);
}

static void
the_connection_goes(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin(60000);
	const char *const statements[] = {"INSERT INTO item VALUES (1, 'a')",
									  "SELECT pg_terminate_backend(pg_backend_pid())",
									  "INSERT INTO item VALUES (2, 'b')"};
	aiodal_pipeline *p = pipeline(tx, statements, 3);
	char *big = calloc(1, 100001);

	(void) state;
	FAILS(AIODAL_ECONN, aiodal_pipeline_run(p, &err), "statement 2 of 3");
	assert_string_equal(states(p), "dfs");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_LOST);
	aiodal_pipeline_free(p);
	aiodal_tx_free(tx);

	/* while statements are still being added */
	tx = begin(60000);
	p = pipeline(tx, statements + 1, 1);
	memset(big, 'x', 100000);
	for (int i = 0; i < 1000 && !err; i++)
		(void) !aiodal_pipeline_exec(p, "SELECT length($1)", 1, (const char *const *) &big, &err);
	if (!err)
		(void) !aiodal_pipeline_run(p, &err);
	assert_int_equal(aiodal_error_status(err), AIODAL_ECONN);
	aiodal_error_free(err);
	err = NULL;
	aiodal_pipeline_free(p);
	aiodal_tx_free(tx);
	free(big);
	tx = begin(0);
	assert_string_equal(query(tx, "SELECT count(*) FROM item"), "0");
	aiodal_tx_free(tx);
}

/* Returns when it is gone, and what it said last has arrived. */
static void
wait_for_end(const char *pid)
{
	char sql[300];

	(void) snprintf(
		sql, sizeof(sql),
		"DO $$BEGIN FOR i IN 1..6000 LOOP PERFORM pg_stat_clear_snapshot(); EXIT WHEN NOT EXISTS (SELECT "
		"FROM pg_stat_activity WHERE pid = %.20s); PERFORM pg_sleep(0.01); END LOOP; END$$",
		pid);
	run_sql(sql);
}

static void
fill(aiodal_pipeline *p, int n, size_t length, aiodal_error **err)
{
	char *text = calloc(1, length + 1);

	memset(text, 'x', length);
	for (int i = 0; i < n && !*err; i++)
		(void) !aiodal_pipeline_exec(p, "SELECT length($1)", 1, (const char *const *) &text, err);
	free(text);
}

/* Its end is sent for, and waited for, before the rest is added, which is sent at once or kept for later. */
static void
the_connection_has_gone(void **state)
{
	static const size_t lengths[] = {1, 100000};

	(void) state;
	for (int before = 0; before < 4; before++)
		for (int n = 0; n < 8; n++)
		{
			aiodal_error *err = NULL;
			aiodal_tx *tx = begin(60000);
			char *pid = strdup(query(tx, "SELECT pg_backend_pid()"));
			aiodal_pipeline *p;

			OK(aiodal_pipeline_begin(&p, tx, &err));
			OK(aiodal_pipeline_exec(p, "SELECT pg_terminate_backend(pg_backend_pid())", 0, NULL, &err));
			fill(p, 1 + before, 100000, &err);
			wait_for_end(pid);
			fill(p, n, lengths[n % 2], &err);
			if (!err)
				(void) !aiodal_pipeline_run(p, &err);
			assert_int_equal(aiodal_error_status(err), AIODAL_ECONN);
			aiodal_error_free(err);
			aiodal_pipeline_free(p);
			aiodal_tx_free(tx);
			free(pid);
		}
}

static void
note_statement(void *payload, const aiodal_trace *trace)
{
	char *text = payload;
	size_t len = strlen(text);

	(void) snprintf(text + len, 1000 - len, "%s|%s|%s;", trace->statement,
					trace->params && trace->params[0] ? trace->params[0] : "",
					trace->error ? aiodal_error_sqlstate(trace->error) : "");
}

static void
each_is_traced(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	char text[1000] = "";
	aiodal_db *traced;
	aiodal_tx *tx;
	aiodal_pipeline *p;

	(void) state;
	options.no_reflect = true;
	options.trace = note_statement;
	options.trace_payload = text;
	options.trace_params = true;
	OK(aiodal_db_open(&traced, NULL, &options, &err));
	OK(aiodal_tx_begin(&tx, traced, NULL, &err));
	OK(aiodal_pipeline_begin(&p, tx, &err));
	OK(aiodal_pipeline_exec(p, "SELECT $1::int", 1, (const char *[]){"7"}, &err));
	OK(aiodal_pipeline_exec(p, "SELECT $1::int", 1, (const char *[]){"x"}, &err));
	OK(aiodal_pipeline_exec(p, "SELECT 3", 0, NULL, &err));
	text[0] = '\0';
	FAILS(AIODAL_ESERVER, aiodal_pipeline_run(p, &err), "statement 2");
	assert_string_equal(text, "SELECT $1::int|7|;SELECT $1::int|x|22P02;");
	aiodal_pipeline_free(p);
	aiodal_tx_free(tx);
	aiodal_db_close(traced);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_go_well),
		cmocka_unit_test(the_same_again),
		cmocka_unit_test(more_than_sockets_hold),
		cmocka_unit_test(one_in_the_middle_fails),
		cmocka_unit_test(what_makes_no_sense),
		cmocka_unit_test(without_blocking),
		cmocka_unit_test(cancelled_and_late),
		cmocka_unit_test(given_up),
		cmocka_unit_test(the_connection_goes),
		cmocka_unit_test(the_connection_has_gone),
		cmocka_unit_test(each_is_traced),
	};

	return cmocka_run_group_tests_name("pipeline", tests, set_up, tear_down);
}
