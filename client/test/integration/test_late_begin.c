/*
 * test_late_begin.c
 *		BEGIN goes with a transaction's first command, whatever that is.
 */
#include "polling.h"

#include <unistd.h>

#include <aiodal/pq.h>

static aiodal_db *db;
static char told[1000];

/* Statements as they are sent, each with a bar behind. */
static void
note(void *payload, const aiodal_trace *trace)
{
	(void) payload;
	(void) snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s|", trace->statement);
}

static int
set_up_group(void **state)
{
	(void) state;
	reset_database("CREATE TABLE item (id int PRIMARY KEY, name text)");
	return 0;
}

/* A transaction that goes well; then nothing has been told. */
static void
use_connection(void)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_in(db);

	OK(aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err));
	OK(aiodal_tx_commit(tx, &err));
	aiodal_tx_free(tx);
	told[0] = '\0';
}

static int
set_up(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_error *err = NULL;

	(void) state;
	run_sql("TRUNCATE item");
	options.pool_size = 1;
	options.application_name = "late";
	options.trace = note;
	OK(aiodal_db_open(&db, NULL, &options, &err));
	/* the connection has just been heard of */
	use_connection();
	return 0;
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

/* One that is not what a server begins by default. */
static aiodal_tx *
begin_strict(void)
{
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	options.isolation = AIODAL_SERIALIZABLE;
	OK(aiodal_tx_begin(&tx, db, &options, &err));
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
	assert_string_equal(told, "");
	return tx;
}

/* It is the one that was asked for, since its first command. Ends it. */
static void
expect_strict(aiodal_tx *tx)
{
	aiodal_error *err = NULL;
	aiodal_result *res;

	assert_int_equal(strncmp(told, "BEGIN ISOLATION LEVEL SERIALIZABLE|", 35), 0);
	assert_null(strstr(told + 1, "BEGIN"));
	OK(aiodal_tx_exec(&res, tx, "SHOW transaction_isolation", 0, NULL, &err));
	assert_string_equal(aiodal_result_value(res, 0, 0), "serializable");
	aiodal_result_free(res);
	OK(aiodal_tx_commit(tx, &err));
	aiodal_tx_free(tx);
	assert_int_equal(db_stats_of(db).opened, 1);
}

static void
with_a_statement(void **state)
{
	aiodal_error *err = NULL;
	aiodal_result *res;

	(void) state;
	/* the third is prepared, and the fourth is not any more */
	for (int i = 0; i < 4; i++)
	{
		aiodal_tx *tx = begin_strict();

		OK(aiodal_tx_exec(&res, tx, "SELECT count(*) FROM item", 0, NULL, &err));
		assert_string_equal(aiodal_result_value(res, 0, 0), "0");
		aiodal_result_free(res);
		assert_string_equal(told, "BEGIN ISOLATION LEVEL SERIALIZABLE|SELECT count(*) FROM item|");
		expect_strict(tx);
		told[0] = '\0';
	}
}

static void
with_a_query(void **state)
{
	aiodal_value id = aiodal_int32(7);
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_strict();
	aiodal_result *res;

	(void) state;
	OK(aiodal_tx_query(&res, tx, "SELECT $1 + 1", 1, &id, NULL, &err));
	assert_string_equal(aiodal_result_value(res, 0, 0), "8");
	aiodal_result_free(res);
	expect_strict(tx);
}

/* It has to wait until BEGIN is answered, and all that it is made of may be gone by then. */
static void
with_rows_in_chunks(void **state)
{
	aiodal_query_options options = AIODAL_QUERY_OPTIONS_INIT;
	char *sql = strdup("SELECT i, $1, $2::text, $3 FROM generate_series(1, 25) i");
	char *text = strdup("long enough");
	aiodal_value values[3] = {aiodal_text(text), aiodal_null(), aiodal_int64(1LL << 40)};
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_strict();
	aiodal_result *res;
	aiodal_op *op;
	int rows = 0;

	(void) state;
	options.chunk_rows = 10;
	OK(aiodal_tx_query_start(&op, tx, sql, 3, values, &options, &err));
	memset(values, 0xff, sizeof(values));
	memset(text, 'x', strlen(text));
	free(text);
	memset(sql, 'x', strlen(sql));
	free(sql);
	for (;;)
	{
		OK(aiodal_op_wait(op, -1, &err));
		res = aiodal_op_take_result(op);
		if (!res)
			break;
		assert_string_equal(aiodal_result_value(res, 0, 1), "long enough");
		assert_true(aiodal_result_is_null(res, 0, 2));
		assert_string_equal(aiodal_result_value(res, 0, 3), "1099511627776");
		assert_true(aiodal_result_rows(res) <= 10);
		rows += aiodal_result_rows(res);
		aiodal_result_free(res);
	}
	assert_int_equal(rows, 25);
	aiodal_op_free(op);
	expect_strict(tx);
}

static void
with_a_script(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_strict();
	aiodal_op *op;

	(void) state;
	OK(aiodal_tx_exec_script(tx, "INSERT INTO item VALUES (1); INSERT INTO item VALUES (2)", &err));
	expect_strict(tx);
	told[0] = '\0';

	tx = begin_strict();
	OK(aiodal_tx_exec_script_start(&op, tx, "DELETE FROM item; SELECT 1", &err));
	OK(polling_run(op, AIODAL_OK, &err));
	expect_strict(tx);
	told[0] = '\0';

	/* where in the text it fails is where it fails in the caller's */
	tx = begin_strict();
	EXPECT(AIODAL_ESERVER, aiodal_tx_exec_script(tx, "SELECT 1; SELECT nothing", &err));
	assert_string_equal(aiodal_error_field(err, PG_DIAG_STATEMENT_POSITION), "18");
	aiodal_error_free(err);
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
	aiodal_tx_free(tx);
}

static void
with_a_savepoint(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_strict();

	(void) state;
	OK(aiodal_tx_savepoint(tx, "here", &err));
	EXPECT(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT 1/0", 0, NULL, &err));
	aiodal_error_free(err);
	err = NULL;
	OK(aiodal_tx_rollback_to(tx, "here", &err));
	expect_strict(tx);
}

static void
with_a_pipeline(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_strict();
	aiodal_pipeline *p;
	aiodal_result *res;

	(void) state;
	OK(aiodal_pipeline_begin(&p, tx, &err));
	for (int i = 0; i < 3; i++)
		OK(aiodal_pipeline_exec(p, "SELECT 11", 0, NULL, &err));
	OK(aiodal_pipeline_run(p, &err));
	assert_int_equal(aiodal_pipeline_count(p), 3);
	for (size_t i = 0; i < 3; i++)
	{
		res = aiodal_pipeline_take_result(p, i);
		assert_string_equal(aiodal_result_value(res, 0, 0), "11");
		aiodal_result_free(res);
	}
	aiodal_pipeline_free(p);
	expect_strict(tx);
	told[0] = '\0';

	/* one without statements begins, too */
	tx = begin_strict();
	OK(aiodal_pipeline_begin(&p, tx, &err));
	OK(aiodal_pipeline_run(p, &err));
	aiodal_pipeline_free(p);
	expect_strict(tx);
	told[0] = '\0';

	tx = begin_strict();
	OK(aiodal_pipeline_begin(&p, tx, &err));
	OK(aiodal_pipeline_exec(p, "SELECT 1/0", 0, NULL, &err));
	FAILS(AIODAL_ESERVER, aiodal_pipeline_run(p, &err), "statement 1 of 1");
	aiodal_pipeline_free(p);
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
	aiodal_tx_free(tx);
}

static int
collect(void *payload, const char *data, size_t size, aiodal_error **err)
{
	(void) data;
	(void) err;
	*(size_t *) payload += size;
	return 0;
}

static void
with_a_load_or_an_export(void **state)
{
	aiodal_load_options load = AIODAL_LOAD_OPTIONS_INIT;
	aiodal_export_options export = AIODAL_EXPORT_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_strict();
	size_t size = 0;

	(void) state;
	load.table = "item";
	OK(aiodal_bulk_load_memory(NULL, tx, &load, "id,name\n1,a\n2,b\n", 16, &err));
	expect_strict(tx);
	told[0] = '\0';

	tx = begin_strict();
	export.table = "item";
	OK(aiodal_bulk_export(NULL, tx, &export, collect, &size, &err));
	assert_true(size > 0);
	expect_strict(tx);
}

/* A COPY in a pipeline would cost the connection. */
static void
with_a_copy_where_none_can_be(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_strict();

	(void) state;
	FAILS(AIODAL_EINVAL, aiodal_tx_exec(NULL, tx, "/* all */ copy item FROM STDIN", 0, NULL, &err),
		  "cannot run as a plain statement");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
	OK(aiodal_tx_rollback(tx, &err));
	aiodal_tx_free(tx);
	assert_int_equal(db_stats_of(db).opened, 1);
}

static void
with_the_raw_connection(void **state)
{
	aiodal_tx *tx = begin_strict();
	PGconn *pg = aiodal_tx_pgconn(tx);

	(void) state;
	assert_int_equal(PQtransactionStatus(pg), PQTRANS_INTRANS);
	expect_strict(tx);
}

static aiodal_status
do_nothing(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	(void) tx;
	(void) payload;
	(void) err;
	return AIODAL_OK;
}

/* Nothing is sent for it. */
static void
with_nothing(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_strict();
	aiodal_op *op;

	(void) state;
	OK(aiodal_tx_commit(tx, &err));
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_COMMITTED);
	aiodal_tx_free(tx);

	tx = begin_strict();
	OK(aiodal_tx_rollback_start(&op, tx, &err));
	OK(polling_run(op, AIODAL_OK, &err));
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_ROLLED_BACK);
	aiodal_tx_free(tx);

	aiodal_tx_free(begin_strict());
	OK(aiodal_db_transact(db, NULL, do_nothing, NULL, &err));
	assert_string_equal(told, "");

	/* the next one on the connection is its own */
	tx = begin_strict();
	OK(aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err));
	expect_strict(tx);
}

static void
first_statement_fails(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_strict();

	(void) state;
	FAILS(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT 1/0", 0, NULL, &err), "division by zero");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
	FAILS(AIODAL_ESTATE, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "has failed");
	FAILS(AIODAL_ESTATE, aiodal_tx_commit(tx, &err), "rolled back instead");
	aiodal_tx_free(tx);
	assert_int_equal(db_stats_of(db).opened, 1);
}

/* It is cancelled wherever it is: BEGIN may be on its way, or the script. */
static void
cancelled_at_once(void **state)
{
	aiodal_error *err = NULL;

	(void) state;
	for (int i = 0; i < 20; i++)
	{
		aiodal_tx *tx = begin_strict();
		aiodal_op *op;

		OK(aiodal_tx_exec_script_start(&op, tx, "SELECT pg_sleep(600)", &err));
		aiodal_op_cancel(op);
		/* a request that overtakes what it is for hits nothing */
		while (aiodal_op_wait(op, 100, &err) > 0)
			aiodal_op_cancel(op);
		assert_int_equal(aiodal_op_poll(op, NULL), AIODAL_ECANCELED);
		aiodal_error_free(err);
		err = NULL;
		aiodal_op_free(op);
		assert_true(aiodal_tx_get_state(tx) <= AIODAL_TX_FAILED);
		OK(aiodal_tx_rollback(tx, &err));
		aiodal_tx_free(tx);
		told[0] = '\0';
	}
}

static void
late_for_its_deadline(void **state)
{
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	(void) state;
	options.timeout_ms = 50;
	OK(aiodal_tx_begin(&tx, db, &options, &err));
	FAILS(AIODAL_ETIMEOUT, aiodal_tx_exec_script(tx, "SELECT pg_sleep(600)", &err), "deadline has passed");
	aiodal_tx_free(tx);
}

static void
end_all(void)
{
	run_sql("SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE application_name = 'late'");
}

static void
lost_before_it_began(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_strict();

	(void) state;
	end_all();
	EXPECT(AIODAL_ECONN, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err));
	aiodal_error_free(err);
	err = NULL;
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_LOST);
	aiodal_tx_free(tx);
	told[0] = '\0';

	/* nothing was done in it, so that nothing is in doubt */
	use_connection();
	tx = begin_strict();
	end_all();
	FAILS(AIODAL_ECONN, aiodal_tx_commit(tx, &err), "connection to the server was lost");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_LOST);
	aiodal_tx_free(tx);

	/* and whoever comes next gets another one */
	use_connection();
	end_all();
	use_connection();
}

/* A connection of which nothing was heard for a second is asked. */
static void
not_after_a_pause(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	(void) state;
	(void) usleep(1100000);
	tx = begin_in(db);
	assert_string_equal(told, "BEGIN|");
	OK(aiodal_tx_commit(tx, &err));
	assert_string_equal(told, "BEGIN|COMMIT|");
	aiodal_tx_free(tx);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(with_a_statement),         TEST(with_a_query),
		TEST(with_rows_in_chunks),      TEST(with_a_script),
		TEST(with_a_savepoint),         TEST(with_a_pipeline),
		TEST(with_a_load_or_an_export), TEST(with_a_copy_where_none_can_be),
		TEST(with_the_raw_connection),  TEST(with_nothing),
		TEST(first_statement_fails),    TEST(cancelled_at_once),
		TEST(late_for_its_deadline),    TEST(lost_before_it_began),
		TEST(not_after_a_pause),
	};

	return cmocka_run_group_tests_name("late_begin", tests, set_up_group, NULL);
}
