/*
 * test_stream.c
 *		Queries read in chunks.
 */
#include "support.h"

#include <poll.h>
#include <sys/resource.h>

static aiodal_db *db;
static aiodal_tx *tx;

static aiodal_op *
start(const char *sql, int chunk_rows)
{
	aiodal_error *err = NULL;
	aiodal_query_options options = AIODAL_QUERY_OPTIONS_INIT;
	aiodal_op *op;

	options.results = AIODAL_WIRE_BINARY;
	options.chunk_rows = chunk_rows;
	OK(aiodal_tx_query_start(&op, tx, sql, 0, NULL, &options, &err));
	return op;
}

/* The next chunk; NULL at the end. */
static aiodal_result *
next(aiodal_op *op)
{
	aiodal_error *err = NULL;

	OK(aiodal_op_wait(op, -1, &err));
	return aiodal_op_take_result(op);
}

/* As next(), from an event loop. */
static aiodal_result *
next_by_polling(aiodal_op *op)
{
	aiodal_error *err = NULL;
	aiodal_status status;

	while ((status = aiodal_op_poll(op, &err)) > 0)
	{
		struct pollfd fd = {.fd = aiodal_op_fd(op), .events = POLLIN};

		(void) poll(&fd, 1, 10000);
	}
	OK(status);
	return aiodal_op_take_result(op);
}

static void
usable(void)
{
	assert_string_equal(query(tx, "SELECT 'still here'"), "still here");
}

/* Numbers from 1 to n, in chunks as large as they are to be. */
static void
count_rows(int n, int chunk_rows, aiodal_result *(*get)(aiodal_op *) )
{
	aiodal_error *err = NULL;
	char sql[100];
	aiodal_op *op;
	aiodal_result *res;
	int rows = 0;
	int chunks = 0;

	(void) snprintf(sql, sizeof(sql), "SELECT g, nullif(g, 7) FROM generate_series(1, %d) g", n);
	op = start(sql, chunk_rows);
	while ((res = get(op)) != NULL)
	{
		chunks++;
		for (int i = 0; i < aiodal_result_rows(res); i++)
		{
			int32_t number;

			OK(aiodal_result_get_int32(&number, res, i, 0, &err));
			assert_int_equal(number, ++rows);
			assert_int_equal(aiodal_result_is_null(res, i, 1), number == 7);
		}
		aiodal_result_free(res);
	}
	assert_null(get(op));
	aiodal_op_free(op);
	assert_int_equal(rows, n);
	assert_int_equal(chunks, (n + chunk_rows - 1) / chunk_rows);
	usable();
}

static void
all_rows_come(void **state)
{
	(void) state;
	count_rows(10000, 1000, next);
	count_rows(10001, 1000, next);
	count_rows(9, 1000, next);
	count_rows(100, 1, next);
	count_rows(10001, 1000, next_by_polling);
	count_rows(100, 1, next_by_polling);
}

static long
peak_memory(void)
{
	struct rusage usage;

	(void) getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* In kilobytes. The sanitizer keeps some 256 megabytes of what is freed. */
#ifdef __SANITIZE_ADDRESS__
#define MAX_GROWTH 400000
#else
#define MAX_GROWTH 50000
#endif

/* 500 megabytes, with little more than a chunk in memory. */
static void
memory_stays_flat(void **state)
{
	aiodal_op *op;
	aiodal_result *res;
	long before;
	int rows = 0;

	(void) state;
	usable();
	before = peak_memory();
	op = start("SELECT repeat('x', 1000) FROM generate_series(1, 500000)", 1000000);
	while ((res = next(op)) != NULL)
	{
		assert_true(aiodal_result_rows(res) <= 2000);
		rows += aiodal_result_rows(res);
		aiodal_result_free(res);
	}
	aiodal_op_free(op);
	assert_int_equal(rows, 500000);
	assert_true(peak_memory() - before < MAX_GROWTH);
}

static void
no_rows_and_no_query(void **state)
{
	aiodal_op *op = start("SELECT 1 AS a WHERE false", 10);
	aiodal_result *res = next(op);

	(void) state;
	assert_int_equal(aiodal_result_rows(res), 0);
	assert_string_equal(aiodal_result_name(res, 0), "a");
	aiodal_result_free(res);
	assert_null(next(op));
	aiodal_op_free(op);

	op = start("CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1", 10);
	res = next(op);
	assert_string_equal(aiodal_result_tag(res), "SELECT 1");
	aiodal_result_free(res);
	assert_null(next(op));
	aiodal_op_free(op);

	op = start("INSERT INTO t VALUES (2), (3), (4) RETURNING *", 2);
	res = next(op);
	assert_int_equal(aiodal_result_rows(res), 2);
	aiodal_result_free(res);
	res = next(op);
	assert_int_equal(aiodal_result_rows(res), 1);
	aiodal_result_free(res);
	assert_null(next(op));
	aiodal_op_free(op);
	assert_string_equal(query(tx, "SELECT count(*) FROM t"), "4");
}

static void
fails_half_way(void **state)
{
	aiodal_error *err = NULL;
	aiodal_op *op = start("SELECT 1 / (5000 - g) FROM generate_series(1, 10000) g", 1000);
	int rows = 0;
	aiodal_status status;

	(void) state;
	while ((status = aiodal_op_wait(op, -1, &err)) == AIODAL_OK)
	{
		aiodal_result *res = aiodal_op_take_result(op);

		rows += aiodal_result_rows(res);
		aiodal_result_free(res);
	}
	FAILS(AIODAL_ESERVER, status, "division by zero");
	assert_int_equal(rows, 4000);
	FAILS(AIODAL_ESERVER, aiodal_op_poll(op, &err), "division by zero");
	assert_null(aiodal_op_take_result(op));
	aiodal_op_free(op);
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
}

/* Whoever has seen enough goes, wherever it is. */
static void
freed_half_way(void **state)
{
	static const int chunks[] = {0, 1, 3};

	(void) state;
	for (size_t c = 0; c < sizeof(chunks) / sizeof(chunks[0]); c++)
	{
		aiodal_op *op;
		aiodal_error *err = NULL;

		OK(aiodal_tx_savepoint(tx, "s", &err));
		op = start("SELECT repeat('x', 100), generate_series(1, 1000000000)", 100);
		for (int i = 0; i < chunks[c]; i++)
			aiodal_result_free(next(op));
		if (c == 1)
			OK(aiodal_op_wait(op, -1, &err));
		aiodal_op_free(op);
		OK(aiodal_tx_rollback_to(tx, "s", &err));
		usable();
	}
}

/* All of it has arrived and was not taken. */
static void
freed_at_the_end(void **state)
{
	aiodal_op *op = start("SELECT g FROM generate_series(1, 30) g", 10);
	aiodal_error *err = NULL;

	(void) state;
	OK(aiodal_op_wait(op, -1, &err));
	aiodal_op_free(op);
	if (aiodal_tx_get_state(tx) == AIODAL_TX_FAILED)
		return;
	usable();
}

static void
one_thing_at_a_time(void **state)
{
	aiodal_error *err = NULL;
	aiodal_query_options options = AIODAL_QUERY_OPTIONS_INIT;
	aiodal_op *op = start("SELECT g FROM generate_series(1, 30) g", 10);
	aiodal_result *res;

	(void) state;
	aiodal_result_free(next(op));
	FAILS(AIODAL_EBUSY, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "another operation is running");
	while ((res = next(op)) != NULL)
		aiodal_result_free(res);
	aiodal_op_free(op);
	usable();
	options.chunk_rows = 10;
	FAILS(AIODAL_EINVAL, aiodal_tx_query(&res, tx, "SELECT 1", 0, NULL, &options, &err),
		  "aiodal_tx_query_start()");
	options.chunk_rows = -1;
	FAILS(AIODAL_EINVAL, aiodal_tx_query_start(&op, tx, "SELECT 1", 0, NULL, &options, &err),
		  "chunk_rows must not be negative");
	usable();
}

/* Also while rows never stop coming. */
static void
deadlines_hold(void **state)
{
	aiodal_tx_options short_one = AIODAL_TX_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_op *op;
	aiodal_status status;

	(void) state;
	aiodal_tx_free(tx);
	short_one.timeout_ms = 200;
	OK(aiodal_tx_begin(&tx, db, &short_one, &err));
	op = start("SELECT generate_series(1, 1000000000) AS g", 100);
	while ((status = aiodal_op_wait(op, -1, &err)) == AIODAL_OK)
		aiodal_result_free(aiodal_op_take_result(op));
	FAILS(AIODAL_ETIMEOUT, status, "deadline has passed");
	aiodal_op_free(op);
	aiodal_tx_free(tx);
	OK(aiodal_tx_begin(&tx, db, &short_one, &err));
	op = start("SELECT generate_series(1, 1000000000) AS g", 100);
	while ((status = aiodal_op_poll(op, &err)) >= 0)
		aiodal_result_free(aiodal_op_take_result(op));
	FAILS(AIODAL_ETIMEOUT, status, "deadline has passed");
	aiodal_op_free(op);
}

static void
cancelled_half_way(void **state)
{
	aiodal_error *err = NULL;
	aiodal_op *op = start("SELECT generate_series(1, 1000000000) AS g", 100);
	aiodal_status status;

	(void) state;
	aiodal_result_free(next(op));
	aiodal_op_cancel(op);
	while ((status = aiodal_op_wait(op, -1, &err)) == AIODAL_OK)
		aiodal_result_free(aiodal_op_take_result(op));
	FAILS(AIODAL_ECANCELED, status, "canceling statement");
	aiodal_op_free(op);
}

static void
killed_half_way(void **state)
{
	aiodal_error *err = NULL;
	char kill[1100];
	aiodal_op *op;
	aiodal_status status;

	(void) state;
	(void) snprintf(kill, sizeof(kill), "SELECT pg_terminate_backend(%s)",
					query(tx, "SELECT pg_backend_pid()"));
	op = start("SELECT generate_series(1, 1000000000) AS g", 100);
	aiodal_result_free(next(op));
	run_sql(kill);
	while ((status = aiodal_op_wait(op, -1, &err)) == AIODAL_OK)
		aiodal_result_free(aiodal_op_take_result(op));
	EXPECT(AIODAL_ECONN, status);
	aiodal_error_free(err);
	aiodal_op_free(op);
}

static int
set_up(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	(void) state;
	reset_database(NULL);
	options.no_reflect = true;
	return aiodal_db_open(&db, NULL, &options, NULL);
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

static int
each_set_up(void **state)
{
	(void) state;
	return aiodal_tx_begin(&tx, db, NULL, NULL);
}

static int
each_tear_down(void **state)
{
	(void) state;
	aiodal_tx_free(tx);
	tx = NULL;
	return 0;
}

int
main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, each_set_up, each_tear_down)
	const struct CMUnitTest tests[] = {
		EACH(all_rows_come),      EACH(memory_stays_flat), EACH(no_rows_and_no_query), EACH(fails_half_way),
		EACH(freed_half_way),     EACH(freed_at_the_end),  EACH(one_thing_at_a_time),  EACH(deadlines_hold),
		EACH(cancelled_half_way), EACH(killed_half_way),
	};

	return cmocka_run_group_tests_name("stream", tests, set_up, tear_down);
}
