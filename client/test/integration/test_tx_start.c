/*
 * test_tx_start.c
 *		Functions in transactions, rows of tables and aliases, without blocking.
 */
#include "running.h"

#include <pthread.h>
#include <unistd.h>

static aiodal_db *db;
static pthread_t test_thread;

static int
set_up(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	(void) state;
	test_thread = pthread_self();
	reset_database("CREATE TABLE book (id int PRIMARY KEY, title text NOT NULL);"
				   "CREATE TABLE once (id int);"
				   "CREATE FUNCTION f(a text) RETURNS TABLE (x int, y text) LANGUAGE sql AS 'SELECT 1, a'");
	options.pool_size = 2;
	options.application_name = "tx_start";
	return aiodal_db_open(&db, NULL, &options, NULL);
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

static void
await_sleep(void)
{
	await_count("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tx_start' AND wait_event = "
				"'PgSleep'");
}

/* Nobody has a connection, and all that were opened are good. */
static void
expect_pool_at_rest(void)
{
	aiodal_db_stats stats = db_stats_of(db);

	assert_int_equal(stats.used, 0);
	assert_int_equal(stats.waiting, 0);
	assert_int_equal(stats.closed_broken, 0);
}

/*
 * Rows
 */

typedef struct book
{
	int32_t id;
	const char *title;
} book;

static const aiodal_field book_fields[] = {{"id", AIODAL_KIND_INT32, offsetof(book, id), sizeof(int32_t),
											AIODAL_NO_MEMBER, NULL, 0, AIODAL_FIELD_KEY, AIODAL_NO_MEMBER},
										   AIODAL_FIELD(book, title, "title", AIODAL_KIND_TEXT)};
static const aiodal_shape book_shape = AIODAL_SHAPE(book, book_fields);
static const aiodal_mapping books = {sizeof(books), "public", "book", &book_shape, AIODAL_WIRE_BINARY};

static void
rows_of_a_table(void **state)
{
	const book given[] = {{1, "one"}, {2, "two"}, {3, "three"}};
	const book other = {2, "zwei"};
	const book missing = {7, "seven"};
	const aiodal_value least = aiodal_int32(2);
	aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_in(db);
	aiodal_result *res;
	void *rows;
	aiodal_op *op;

	(void) state;
	OK(aiodal_mapping_load_start(&op, &stats, tx, &books, given, 3, NULL, &err));
	OK(polling_run(op, AIODAL_OK, &err));
	assert_int_equal(stats.inserted, 3);
	OK(aiodal_mapping_load_start(&op, NULL, tx, &books, NULL, 0, NULL, &err));
	OK(polling_run(op, AIODAL_OK, &err));
	res = (void *) &op;
	OK(aiodal_mapping_update_start(&op, &res, &rows, tx, &books, &other, &err));
	assert_null(res);
	OK(polling_run(op, AIODAL_OK, &err));
	assert_string_equal(((book *) rows)->title, "zwei");
	aiodal_result_free(res);
	OK(aiodal_mapping_select_start(&op, &res, &rows, tx, &books, "WHERE id >= $1 ORDER BY id", 1, &least,
								   &err));
	OK(polling_run(op, AIODAL_OK, &err));
	assert_int_equal(aiodal_result_rows(res), 2);
	assert_string_equal(((book *) rows)[0].title, "zwei");
	assert_string_equal(((book *) rows)[1].title, "three");
	aiodal_result_free(res);
	OK(aiodal_mapping_delete_start(&op, tx, &books, &other, &err));
	OK(polling_run(op, AIODAL_OK, &err));
	OK(aiodal_mapping_find_start(&op, &res, &rows, tx, &books, &other, &err));
	FAILS(AIODAL_ENOTFOUND, polling_run(op, AIODAL_OK, &err), "book");
	assert_null(res);
	OK(aiodal_mapping_insert_start(&op, NULL, NULL, tx, &books, &missing, &err));
	OK(polling_run(op, AIODAL_OK, &err));
	OK(aiodal_mapping_find_start(&op, &res, &rows, tx, &books, &missing, &err));
	/* done, and not asked for */
	while (!is_readable(op))
		(void) poll(NULL, 0, 1);
	aiodal_op_free(op);
	assert_null(res);
	FAILS(AIODAL_EINVAL, aiodal_mapping_find_start(NULL, &res, &rows, tx, &books, &missing, &err), "op must");
	FAILS(AIODAL_EINVAL, aiodal_mapping_load_start(&op, NULL, tx, NULL, given, 3, NULL, &err),
		  "mapping must");
	OK(aiodal_mapping_insert_start(&op, NULL, NULL, tx, &books, &missing, &err));
	FAILS(AIODAL_ECONSTRAINT, polling_run(op, AIODAL_OK, &err), "book_pkey");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
	FAILS(AIODAL_ESTATE, aiodal_mapping_delete_start(&op, tx, &books, &missing, &err), "has failed");
	assert_null(op);
	aiodal_tx_free(tx);
	expect_pool_at_rest();
}

static void
rows_that_do_not_come(void **state)
{
	aiodal_error *err = NULL;
	aiodal_result *res;

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		aiodal_tx *tx = begin_in(db);
		aiodal_op *op;

		OK(aiodal_tx_savepoint(tx, "s", &err));
		OK(aiodal_mapping_select_start(&op, &res, NULL, tx, &books, ", (SELECT pg_sleep(600)) AS nap(x)", 0,
									   NULL, &err));
		await_sleep();
		expect_running(op);
		if (i == 0)
		{
			aiodal_op_cancel(op);
			FAILS(AIODAL_ECANCELED, aiodal_op_wait(op, -1, &err), "the operation was cancelled");
		}
		aiodal_op_free(op);
		assert_null(res);
		assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
		OK(aiodal_tx_rollback_to(tx, "s", &err));
		assert_string_equal(query(tx, "SELECT 1"), "1");
		aiodal_tx_free(tx);
	}
	expect_pool_at_rest();
}

static void
aliases(void **state)
{
	static const char *const args[] = {"a"};
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_in(db);
	aiodal_call call = AIODAL_CALL_INIT;
	const aiodal_alias *alias;
	char name[] = "mine";
	aiodal_op *op;

	(void) state;
	call.function = "f";
	call.args = args;
	call.n_args = 1;
	OK(aiodal_tx_set_alias(tx, "mine", &call, &err));
	OK(aiodal_tx_get_alias_start(&op, &alias, tx, name, &err));
	memset(name, 'x', sizeof(name) - 1);
	assert_null(alias);
	OK(polling_run(op, AIODAL_OK, &err));
	assert_int_equal(aiodal_alias_column_count(alias), 2);
	assert_string_equal(aiodal_alias_column_name(alias, 1), "y");
	OK(aiodal_tx_get_alias_start(&op, &alias, tx, "other", &err));
	FAILS(AIODAL_ENOTFOUND, polling_run(op, AIODAL_OK, &err), "mine");
	FAILS(AIODAL_EINVAL, aiodal_tx_get_alias_start(&op, NULL, tx, "mine", &err), "alias must");
	FAILS(AIODAL_EINVAL, aiodal_tx_get_alias_start(&op, &alias, tx, NULL, &err), "name must");
	FAILS(AIODAL_EINVAL, aiodal_tx_get_alias_start(NULL, &alias, tx, "mine", &err), "op must");
	aiodal_tx_free(tx);
}

/*
 * Functions
 */

typedef struct work
{
	const char *sql;
	bool repeat;   /* until it fails */
	bool retry;    /* the first time */
	bool end;      /* commit in it */
	bool by_start; /* an operation of its own, with callbacks */
	int runs;      /* atomic */
	int reads;
	pthread_t thread;
} work;

static ptrdiff_t
read_one(void *payload, char *buf, size_t size, aiodal_error **err)
{
	static const char data[] = "id\n1\n";
	work *w = payload;

	(void) err;
	assert_true(size > sizeof(data));
	assert_true(pthread_equal(pthread_self(), w->thread));
	memcpy(buf, data, sizeof(data) - 1);
	return w->reads++ == 0 ? (ptrdiff_t) sizeof(data) - 1 : 0;
}

static aiodal_status
load_in(aiodal_tx *tx, work *w, aiodal_error **err)
{
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;
	aiodal_op *op;
	aiodal_status status;

	options.table = "once";
	options.mode = "insert";
	if (!w->by_start)
		return aiodal_bulk_load(NULL, tx, &options, read_one, w, err);
	status = aiodal_bulk_load_start(&op, NULL, tx, &options, read_one, w, err);
	return polling_run(op, status, err);
}

static aiodal_status
do_work(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	work *w = payload;
	aiodal_status status;

	w->thread = pthread_self();
	(void) __atomic_add_fetch(&w->runs, 1, __ATOMIC_RELEASE);
	do
		status = aiodal_tx_exec(NULL, tx, w->sql, 0, NULL, err);
	while (w->repeat && status == AIODAL_OK);
	if (status == AIODAL_OK && w->retry && w->runs == 1)
		return aiodal_error_set(err, AIODAL_ERETRY, "once more", NULL, NULL);
	if (status == AIODAL_OK)
	{
		w->reads = 0;
		status = load_in(tx, w, err);
	}
	return status == AIODAL_OK && w->end ? aiodal_tx_commit(tx, err) : status;
}

static void
expect_once(const char *expected)
{
	aiodal_tx *tx = begin_in(db);

	assert_string_equal(query(tx, "SELECT count(*) FROM once"), expected);
	aiodal_tx_free(tx);
	run_sql("TRUNCATE once");
	expect_pool_at_rest();
}

static void
a_function_with_a_transaction(void **state)
{
	aiodal_error *err = NULL;
	aiodal_op *op;

	(void) state;
	for (int i = 0; i < 4; i++)
	{
		work w = {.sql = "SELECT 1", .retry = i == 1, .end = i == 2, .by_start = i == 3};

		OK(aiodal_db_transact_start(&op, db, NULL, do_work, &w, &err));
		OK(polling_run(op, AIODAL_OK, &err));
		assert_false(pthread_equal(w.thread, test_thread));
		assert_int_equal(w.runs, i == 1 ? 2 : 1);
		expect_once("1");
	}
	FAILS(AIODAL_EINVAL, aiodal_db_transact_start(&op, db, NULL, NULL, NULL, &err), "fn must");
	FAILS(AIODAL_EINVAL, aiodal_db_transact_start(&op, NULL, NULL, do_work, NULL, &err), "db must");
	FAILS(AIODAL_EINVAL, aiodal_db_transact_start(NULL, db, NULL, do_work, NULL, &err), "op must");
}

static void
a_function_that_fails(void **state)
{
	work w = {.sql = "SELECT 1 / 0"};
	aiodal_error *err = NULL;
	aiodal_op *op;

	(void) state;
	OK(aiodal_db_transact_start(&op, db, NULL, do_work, &w, &err));
	FAILS(AIODAL_ESERVER, aiodal_op_wait(op, -1, &err), "division by zero");
	FAILS(AIODAL_ESERVER, aiodal_op_poll(op, &err), "division by zero");
	aiodal_op_free(op);
	expect_once("0");
}

static void
a_function_that_is_broken_off(void **state)
{
	static const char *const sqls[] = {"SELECT pg_sleep(600)", "SELECT 1"};
	aiodal_error *err = NULL;

	(void) state;
	for (int i = 0; i < 4; i++)
	{
		work w = {.sql = sqls[i / 2], .repeat = true};
		aiodal_op *op;

		OK(aiodal_db_transact_start(&op, db, NULL, do_work, &w, &err));
		if (i < 2)
			await_sleep();
		/* one that is cancelled in its BEGIN costs the connection */
		while (__atomic_load_n(&w.runs, __ATOMIC_ACQUIRE) == 0)
			(void) poll(NULL, 0, 1);
		expect_running(op);
		if (i % 2 == 0)
		{
			aiodal_op_cancel(op);
			FAILS(AIODAL_ECANCELED, aiodal_op_wait(op, -1, &err), "the operation was cancelled");
		}
		aiodal_op_free(op);
		expect_once("0");
	}
}

static void
waiting_for_a_connection(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *holders[2] = {begin_in(db), begin_in(db)};
	work w = {.sql = "SELECT 1"};

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		aiodal_op *op;

		OK(aiodal_db_transact_start(&op, db, NULL, do_work, &w, &err));
		expect_running(op);
		if (i == 0)
		{
			aiodal_op_cancel(op);
			FAILS(AIODAL_ECANCELED, aiodal_op_wait(op, -1, &err), "the operation was cancelled");
		}
		aiodal_op_free(op);
	}
	assert_int_equal(w.runs, 0);
	aiodal_tx_free(holders[0]);
	aiodal_tx_free(holders[1]);
	expect_once("0");
}

static void
a_function_in_a_transaction(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_in(db);
	work good = {.sql = "INSERT INTO once VALUES (2)"};
	work by_start = {.sql = "SELECT 1", .by_start = true};
	work bad = {.sql = "SELECT 1 / 0"};
	work slow = {.sql = "SELECT pg_sleep(600)"};
	aiodal_op *op;
	aiodal_op *other;

	(void) state;
	OK(aiodal_tx_nested_start(&op, tx, do_work, &good, &err));
	FAILS(AIODAL_EBUSY, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "another operation");
	FAILS(AIODAL_EBUSY, aiodal_tx_nested_start(&other, tx, do_work, &good, &err), "another operation");
	OK(polling_run(op, AIODAL_OK, &err));
	OK(aiodal_tx_nested_start(&op, tx, do_work, &by_start, &err));
	OK(polling_run(op, AIODAL_OK, &err));
	OK(aiodal_tx_nested_start(&op, tx, do_work, &bad, &err));
	FAILS(AIODAL_ESERVER, polling_run(op, AIODAL_OK, &err), "division by zero");
	for (int i = 0; i < 2; i++)
	{
		OK(aiodal_tx_nested_start(&op, tx, do_work, &slow, &err));
		await_sleep();
		if (i == 0)
		{
			aiodal_op_cancel(op);
			FAILS(AIODAL_ECANCELED, aiodal_op_wait(op, -1, &err), "the operation was cancelled");
		}
		aiodal_op_free(op);
		assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
	}
	FAILS(AIODAL_EINVAL, aiodal_tx_nested_start(&op, tx, NULL, NULL, &err), "fn must");
	FAILS(AIODAL_EINVAL, aiodal_tx_nested_start(&op, NULL, do_work, NULL, &err), "tx must");
	FAILS(AIODAL_EINVAL, aiodal_tx_nested_start(NULL, tx, do_work, NULL, &err), "op must");
	OK(aiodal_tx_commit(tx, &err));
	aiodal_tx_free(tx);
	expect_once("3");
}

/* Each waits for its turn in the sandbox; nothing of it stays. */
static void
in_a_sandbox(void **state)
{
	aiodal_error *err = NULL;
	work w[3] = {
		{.sql = "INSERT INTO once VALUES (2)"}, {.sql = "SELECT 1"}, {.sql = "SELECT pg_sleep(600)"}};
	aiodal_op *op[3];
	aiodal_tx *tx;

	(void) state;
	OK(aiodal_db_sandbox_begin_start(&op[0], db, &err));
	OK(polling_run(op[0], AIODAL_OK, &err));
	OK(aiodal_db_sandbox_begin_start(&op[0], db, &err));
	FAILS(AIODAL_ESTATE, polling_run(op[0], AIODAL_OK, &err), "in a sandbox already");
	/* this thread has begun it: others may begin theirs in its own */
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	OK(aiodal_db_transact_start(&op[0], db, NULL, do_work, &w[1], &err));
	OK(polling_run(op[0], AIODAL_OK, &err));
	assert_string_equal(query(tx, "SELECT count(*) FROM once"), "1");
	OK(aiodal_tx_rollback(tx, &err));
	aiodal_tx_free(tx);
	for (int i = 0; i < 2; i++)
		OK(aiodal_db_transact_start(&op[i], db, NULL, do_work, &w[i], &err));
	for (int i = 0; i < 2; i++)
		OK(polling_run(op[i], AIODAL_OK, &err));
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	assert_string_equal(query(tx, "SELECT count(*) FROM once"), "3");
	aiodal_tx_free(tx);
	OK(aiodal_db_transact_start(&op[2], db, NULL, do_work, &w[2], &err));
	await_sleep();
	OK(aiodal_db_transact_start(&op[0], db, NULL, do_work, &w[0], &err));
	expect_running(op[0]);
	aiodal_op_free(op[0]);
	aiodal_op_cancel(op[2]);
	FAILS(AIODAL_ECANCELED, polling_run(op[2], AIODAL_OK, &err), "the operation was cancelled");
	OK(aiodal_db_sandbox_end_start(&op[0], db, &err));
	OK(polling_run(op[0], AIODAL_OK, &err));
	OK(aiodal_db_sandbox_end_start(&op[0], db, &err));
	FAILS(AIODAL_ESTATE, polling_run(op[0], AIODAL_OK, &err), "in no sandbox");
	expect_once("0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_a_table),
		cmocka_unit_test(rows_that_do_not_come),
		cmocka_unit_test(aliases),
		cmocka_unit_test(a_function_with_a_transaction),
		cmocka_unit_test(a_function_that_fails),
		cmocka_unit_test(a_function_that_is_broken_off),
		cmocka_unit_test(waiting_for_a_connection),
		cmocka_unit_test(a_function_in_a_transaction),
		cmocka_unit_test(in_a_sandbox),
	};

	return cmocka_run_group_tests_name("tx_start", tests, set_up, tear_down);
}
