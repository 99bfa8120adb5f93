/*
 * test_prepared.c
 *		Statements that are used again and again are prepared, and what is out of date is prepared anew.
 *
 * Linked with the static library, to count its allocations.
 */
#include "support.h"

#include <aiodal/pq.h>

#include "util/mem.h"

static aiodal_db_options
options_of(int size, int after)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	options.pool_size = 1;
	options.no_reflect = true;
	options.statement_cache = size;
	options.prepare_after = after;
	return options;
}

static aiodal_db *
open_db(const aiodal_db_options *options)
{
	aiodal_error *err = NULL;
	aiodal_db *db;

	OK(aiodal_db_open(&db, NULL, options, &err));
	return db;
}

static void
commit(aiodal_tx *tx)
{
	aiodal_error *err = NULL;

	OK(aiodal_tx_commit(tx, &err));
	aiodal_tx_free(tx);
}

/* hits, prepared, evicted, stale */
static void
expect_stats(aiodal_db *db, int hits, int prepared, int evicted, int stale)
{
	aiodal_db_stats stats = db_stats_of(db);

	assert_int_equal(stats.statement_hits, hits);
	assert_int_equal(stats.statements_prepared, prepared);
	assert_int_equal(stats.statements_evicted, evicted);
	assert_int_equal(stats.statements_stale, stale);
}

/* What the server has by the protocol. The question itself is always new, and counts when it is prepared. */
static int
on_server(aiodal_tx *tx)
{
	static int n;
	char sql[200];

	(void) snprintf(sql, sizeof(sql),
					"SELECT count(*) /* %d */ FROM pg_prepared_statements WHERE NOT from_sql", n++);
	return (int) strtol(query(tx, sql), NULL, 10);
}

static int64_t
add_up(aiodal_tx *tx, const char *sql, int32_t a, int64_t b)
{
	aiodal_error *err = NULL;
	const aiodal_value values[] = {aiodal_int32(a), aiodal_int64(b)};
	aiodal_result *res;
	int64_t sum;

	OK(aiodal_tx_query(&res, tx, sql, 2, values, NULL, &err));
	OK(aiodal_result_get_int64(&sum, res, 0, 0, &err));
	aiodal_result_free(res);
	return sum;
}

static int
set_up(void **state)
{
	(void) state;
	reset_database(NULL);
	return 0;
}

static int
each_set_up(void **state)
{
	(void) state;
	run_sql("DROP TABLE IF EXISTS item; CREATE TABLE item (id int PRIMARY KEY, name text);"
			"INSERT INTO item VALUES (1, 'one'), (2, 'two')");
	return 0;
}

static void
prepared_when_used_often(void **state)
{
	aiodal_db_options options = options_of(0, 0);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_in(db);

	(void) state;
	for (int i = 1; i <= 4; i++)
		assert_int_equal(add_up(tx, "SELECT $1 + $2", i, 10), i + 10);
	expect_stats(db, 0, 0, 0, 0);
	assert_int_equal(on_server(tx), 0);
	assert_int_equal(add_up(tx, "SELECT $1 + $2", 5, 10), 15);
	expect_stats(db, 0, 1, 0, 0);
	assert_int_equal(on_server(tx), 1);
	for (int i = 6; i <= 20; i++)
		assert_int_equal(add_up(tx, "SELECT $1 + $2", i, 10), i + 10);
	expect_stats(db, 15, 1, 0, 0);
	commit(tx);
	/* it stays with the connection */
	tx = begin_in(db);
	assert_int_equal(add_up(tx, "SELECT $1 + $2", 1, 1), 2);
	expect_stats(db, 16, 1, 0, 0);
	commit(tx);
	aiodal_db_close(db);
}

static void
types_and_formats(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = options_of(10, 1);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_in(db);
	aiodal_query_options binary = AIODAL_QUERY_OPTIONS_INIT;
	aiodal_value value = aiodal_int32(7);
	const char *text = "8";
	aiodal_result *res;
	int32_t number;

	(void) state;
	binary.results = AIODAL_WIRE_BINARY;
	for (int i = 0; i < 3; i++)
	{
		OK(aiodal_tx_query(&res, tx, "SELECT $1", 1, &value, i == 1 ? &binary : NULL, &err));
		assert_int_equal(aiodal_result_type(res, 0), 23);
		OK(aiodal_result_get_int32(&number, res, 0, 0, &err));
		assert_int_equal(number, 7);
		aiodal_result_free(res);
	}
	expect_stats(db, 2, 1, 0, 0);
	/* the same text is another statement with parameters of other types */
	value = aiodal_int64(7);
	OK(aiodal_tx_query(&res, tx, "SELECT $1", 1, &value, NULL, &err));
	assert_int_equal(aiodal_result_type(res, 0), 20);
	aiodal_result_free(res);
	OK(aiodal_tx_exec(&res, tx, "SELECT $1", 1, &text, &err));
	assert_int_equal(aiodal_result_type(res, 0), 25);
	assert_string_equal(aiodal_result_value(res, 0, 0), "8");
	aiodal_result_free(res);
	value = aiodal_text("9");
	OK(aiodal_tx_query(&res, tx, "SELECT $1", 1, &value, NULL, &err));
	assert_string_equal(aiodal_result_value(res, 0, 0), "9");
	aiodal_result_free(res);
	expect_stats(db, 3, 3, 0, 0);
	commit(tx);
	aiodal_db_close(db);
}

static void
what_is_never_prepared(void **state)
{
	static const char *const utilities[] = {"SHOW work_mem", "EXPLAIN SELECT 1",
											"/* SELECT */ -- SELECT\n SET LOCAL work_mem = '1MB'",
											"-- SELECT", ""};
	static const char *const planned[] = {" (VALUES (1))", "/* a /* b */ c */ -- d\n\tselect 1",
										  "WITH a AS (SELECT 1) TABLE a", "Delete FROM item WHERE false"};
	aiodal_error *err = NULL;
	aiodal_db_options options = options_of(10, 1);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_in(db);
	char *sql = calloc(1, 70001);

	(void) state;
	for (size_t i = 0; i < sizeof(utilities) / sizeof(utilities[0]); i++)
		OK(aiodal_tx_exec(NULL, tx, utilities[i], 0, NULL, &err));
	memset(sql, ' ', 70000);
	memcpy(sql, "SELECT 1", 8);
	OK(aiodal_tx_exec(NULL, tx, sql, 0, NULL, &err));
	expect_stats(db, 0, 0, 0, 0);
	for (size_t i = 0; i < sizeof(planned) / sizeof(planned[0]); i++)
		OK(aiodal_tx_exec(NULL, tx, planned[i], 0, NULL, &err));
	expect_stats(db, 0, sizeof(planned) / sizeof(planned[0]), 0, 0);
	FAILS(AIODAL_EINVAL, aiodal_tx_exec(NULL, tx, "COPY item TO STDOUT", 0, NULL, &err), "aiodal_bulk");
	free(sql);
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

static void
switched_off(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = options_of(-1, 1);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_in(db);

	(void) state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(add_up(tx, "SELECT $1 + $2", i, 1), i + 1);
	commit(tx);
	expect_stats(db, 0, 0, 0, 0);
	aiodal_db_close(db);

	options = options_of(0, 1);
	options.reset = AIODAL_RESET_NEVER;
	db = open_db(&options);
	tx = begin_in(db);
	for (int i = 0; i < 3; i++)
		assert_int_equal(add_up(tx, "SELECT $1 + $2", i, 1), i + 1);
	expect_stats(db, 0, 0, 0, 0);
	commit(tx);
	aiodal_db_close(db);

	options.statement_cache = 5;
	db = open_db(&options);
	tx = begin_in(db);
	assert_int_equal(add_up(tx, "SELECT $1 + $2", 1, 1), 2);
	expect_stats(db, 0, 1, 0, 0);
	commit(tx);
	aiodal_db_close(db);

	options.statement_cache = 100001;
	FAILS(AIODAL_EINVAL, aiodal_db_open(&db, NULL, &options, &err), "statement_cache");
	options = options_of(1, -1);
	FAILS(AIODAL_EINVAL, aiodal_db_open(&db, NULL, &options, &err), "prepare_after");
}

static void
the_least_recently_used_make_room(void **state)
{
	aiodal_db_options options = options_of(3, 1);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_in(db);
	char sql[100];

	(void) state;
	for (int i = 0; i < 100; i++)
	{
		(void) snprintf(sql, sizeof(sql), "SELECT $1 + $2 + %d", i);
		assert_int_equal(add_up(tx, sql, 1, 1), i + 2);
		assert_int_equal(add_up(tx, "SELECT $1 + $2", 1, 1), 2);
	}
	/* the one used all the time was prepared once */
	expect_stats(db, 99, 101, 98, 0);
	assert_int_equal(on_server(tx), 3);
	commit(tx);
	aiodal_db_close(db);
}

static void
preparing_fails(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = options_of(1, 1);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_in(db);

	(void) state;
	assert_int_equal(add_up(tx, "SELECT $1 + $2", 1, 1), 2);
	OK(aiodal_tx_savepoint(tx, "s", &err));
	for (int i = 0; i < 3; i++)
	{
		/* it takes the only place, is deallocated for, and is never there itself */
		FAILS(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT nonsense", 0, NULL, &err), "nonsense");
		assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
		OK(aiodal_tx_rollback_to(tx, "s", &err));
		FAILS(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT 1 / (1 - length('x'))", 0, NULL, &err),
			  "division by zero");
		OK(aiodal_tx_rollback_to(tx, "s", &err));
	}
	assert_int_equal(add_up(tx, "SELECT $1 + $2", 1, 1), 2);
	assert_int_equal(db_stats_of(db).statements_stale, 0);
	commit(tx);
	aiodal_db_close(db);
}

/* The connection's own table changes between two uses of a statement. */
static void
use_and_change(aiodal_db *db, aiodal_tx *tx, const char *change)
{
	aiodal_error *err = NULL;

	OK(aiodal_tx_exec(NULL, tx, "SELECT * FROM item ORDER BY id", 0, NULL, &err));
	commit(tx);
	run_sql(change);
	assert_int_equal(db_stats_of(db).statements_stale, 0);
}

static void
a_table_has_changed(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = options_of(0, 1);
	aiodal_tx_options serializable = AIODAL_TX_OPTIONS_INIT;
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_in(db);
	aiodal_result *res;

	(void) state;
	use_and_change(db, tx, "ALTER TABLE item ADD extra int");
	/* as the first statement: nobody notices, and the transaction is as it was wanted */
	serializable.isolation = AIODAL_SERIALIZABLE;
	serializable.read_only = true;
	OK(aiodal_tx_begin(&tx, db, &serializable, &err));
	OK(aiodal_tx_exec(&res, tx, "SELECT * FROM item ORDER BY id", 0, NULL, &err));
	assert_int_equal(aiodal_result_columns(res), 3);
	aiodal_result_free(res);
	expect_stats(db, 1, 2, 0, 1);
	assert_string_equal(query(tx, "SHOW transaction_isolation"), "serializable");
	assert_string_equal(query(tx, "SHOW transaction_read_only"), "on");
	assert_int_equal(on_server(tx), 2);
	commit(tx);
	aiodal_db_close(db);
}

static void
a_table_has_changed_under_a_transaction(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = options_of(0, 1);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_in(db);

	(void) state;
	use_and_change(db, tx, "ALTER TABLE item ADD extra int");
	tx = begin_in(db);
	OK(aiodal_tx_savepoint(tx, "s", &err));
	FAILS(AIODAL_ERETRY, aiodal_tx_exec(NULL, tx, "SELECT * FROM item ORDER BY id", 0, NULL, &err),
		  "Run the transaction again");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
	OK(aiodal_tx_rollback_to(tx, "s", &err));
	OK(aiodal_tx_exec(NULL, tx, "SELECT * FROM item ORDER BY id", 0, NULL, &err));
	expect_stats(db, 1, 2, 0, 1);
	commit(tx);
	aiodal_db_close(db);
}

static aiodal_status
insert_and_read(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	int *runs = payload;
	aiodal_status status;

	++*runs;
	status = aiodal_tx_exec(NULL, tx, "INSERT INTO item (id) VALUES (7)", 0, NULL, err);
	if (status == AIODAL_OK)
		status = aiodal_tx_exec(NULL, tx, "SELECT * FROM item ORDER BY id", 0, NULL, err);
	return status;
}

/* A sandbox's transactions are savepoints; begun again they are those. */
static void
a_table_has_changed_in_a_sandbox(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = options_of(0, 1);
	aiodal_tx_options read_only = AIODAL_TX_OPTIONS_INIT;
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx;
	aiodal_result *res;

	(void) state;
	OK(aiodal_db_sandbox_begin(db, &err));
	tx = begin_in(db);
	OK(aiodal_tx_exec(NULL, tx, "SELECT * FROM item ORDER BY id", 0, NULL, &err));
	OK(aiodal_tx_exec(NULL, tx, "ALTER TABLE item ADD extra int", 0, NULL, &err));
	commit(tx);
	read_only.read_only = true;
	OK(aiodal_tx_begin(&tx, db, &read_only, &err));
	OK(aiodal_tx_exec(&res, tx, "SELECT * FROM item ORDER BY id", 0, NULL, &err));
	assert_int_equal(aiodal_result_columns(res), 3);
	aiodal_result_free(res);
	assert_string_equal(query(tx, "SHOW transaction_read_only"), "on");
	commit(tx);
	OK(aiodal_db_sandbox_end(db, &err));
	assert_int_equal(db_stats_of(db).statements_stale, 1);
	aiodal_db_close(db);
}

static void
transact_runs_it_again(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = options_of(0, 1);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_in(db);
	int runs = 0;

	(void) state;
	use_and_change(db, tx, "ALTER TABLE item ADD extra int");
	OK(aiodal_db_transact(db, NULL, insert_and_read, &runs, &err));
	assert_int_equal(runs, 2);
	tx = begin_in(db);
	assert_string_equal(query(tx, "SELECT count(*) FROM item"), "3");
	commit(tx);
	aiodal_db_close(db);
}

/* What the parameter was taken for does not fit any more; without a cache nothing would have gone wrong. */
static void
a_column_has_another_type(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = options_of(0, 1);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_in(db);
	const char *key = "2";
	aiodal_result *res;

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		OK(aiodal_tx_exec(&res, tx, "SELECT name FROM item WHERE id = $1", 1, &key, &err));
		assert_string_equal(aiodal_result_value(res, 0, 0), "two");
		aiodal_result_free(res);
		commit(tx);
		if (i == 0)
			run_sql("ALTER TABLE item ALTER id TYPE text");
		tx = begin_in(db);
	}
	expect_stats(db, 1, 2, 0, 1);
	commit(tx);
	run_sql("ALTER TABLE item ALTER id TYPE int USING id::int");
	tx = begin_in(db);
	OK(aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err));
	FAILS(AIODAL_ERETRY, aiodal_tx_exec(NULL, tx, "SELECT name FROM item WHERE id = $1", 1, &key, &err),
		  "operator does not exist");
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

/* A value that does not fit is the caller's error, whatever the cache does. */
static void
bad_values_are_no_reason_to_retry(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = options_of(0, 1);
	aiodal_db *db = open_db(&options);
	const char *keys[] = {"1", "x"};

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		aiodal_tx *tx = begin_in(db);

		OK(aiodal_tx_exec(NULL, tx, "SELECT name FROM item WHERE id = $1", 1, &keys[0], &err));
		FAILS(AIODAL_ESERVER,
			  aiodal_tx_exec(NULL, tx, "SELECT name FROM item WHERE id = $1", 1, &keys[1], &err),
			  "invalid input syntax");
		aiodal_tx_free(tx);
	}
	assert_int_equal(db_stats_of(db).statements_stale, 0);
	aiodal_db_close(db);
}

static void
deallocated_in_sight(void **state)
{
	static const char *const ways[] = {"DEALLOCATE ALL", "DEALLOCATE PREPARE ALL"};
	aiodal_error *err = NULL;
	aiodal_db_options options = options_of(0, 1);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_in(db);

	(void) state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
	{
		assert_int_equal(add_up(tx, "SELECT $1 + $2", 1, 1), 2);
		OK(aiodal_tx_exec_script(tx, ways[i], &err));
		assert_int_equal(add_up(tx, "SELECT $1 + $2", 1, 1), 2);
	}
	PQclear(PQexec(aiodal_tx_pgconn(tx), "DEALLOCATE ALL"));
	assert_int_equal(add_up(tx, "SELECT $1 + $2", 1, 1), 2);
	/* the raw connection was asked for, so this one is reset */
	commit(tx);
	tx = begin_in(db);
	assert_int_equal(add_up(tx, "SELECT $1 + $2", 1, 1), 2);
	assert_int_equal(on_server(tx), 2);
	assert_int_equal(db_stats_of(db).statements_stale, 0);
	commit(tx);
	aiodal_db_close(db);
}

static void
deallocated_out_of_sight(void **state)
{
	const char *hidden = "DO $$BEGIN EXECUTE 'DEALLOCATE ALL'; END$$";
	aiodal_error *err = NULL;
	aiodal_db_options options = options_of(1, 1);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_in(db);

	(void) state;
	assert_int_equal(add_up(tx, "SELECT $1 + $2", 1, 1), 2);
	OK(aiodal_tx_exec_script(tx, hidden, &err));
	commit(tx);
	/* the first time: as the first statement */
	tx = begin_in(db);
	assert_int_equal(add_up(tx, "SELECT $1 + $2", 1, 1), 2);
	expect_stats(db, 1, 2, 0, 1);
	/* the second time: while room is made for another one */
	OK(aiodal_tx_exec_script(tx, hidden, &err));
	FAILS(AIODAL_ERETRY, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "does not exist");
	aiodal_tx_free(tx);
	tx = begin_in(db);
	assert_int_equal(add_up(tx, "SELECT $1 + $2", 1, 1), 2);
	/* the third time: no more of this */
	OK(aiodal_tx_exec_script(tx, hidden, &err));
	commit(tx);
	tx = begin_in(db);
	for (int i = 0; i < 3; i++)
		assert_int_equal(add_up(tx, "SELECT $1 + $2", 1, 1), 2);
	assert_int_equal(db_stats_of(db).statements_stale, 3);
	assert_int_equal(db_stats_of(db).statements_prepared, 3);
	commit(tx);
	aiodal_db_close(db);
}

/* Somebody else's missing statement is none of ours. */
static void
other_peoples_statements(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = options_of(0, 1);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_in(db);

	(void) state;
	run_sql("CREATE OR REPLACE FUNCTION run_it(statement text) RETURNS int LANGUAGE plpgsql AS "
			"$$BEGIN EXECUTE statement; RETURN 1; END$$");
	OK(aiodal_tx_exec(NULL, tx, "SELECT run_it('SELECT 1')", 0, NULL, &err));
	OK(aiodal_tx_savepoint(tx, "s", &err));
	for (int i = 0; i < 2; i++)
	{
		FAILS(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT run_it('EXECUTE foo')", 0, NULL, &err),
			  "\"foo\" does not exist");
		OK(aiodal_tx_rollback_to(tx, "s", &err));
		FAILS(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT run_it('SELECT nothing()')", 0, NULL, &err),
			  "nothing() does not exist");
		OK(aiodal_tx_rollback_to(tx, "s", &err));
	}
	assert_int_equal(db_stats_of(db).statements_stale, 0);
	commit(tx);
	aiodal_db_close(db);
}

static aiodal_result *
poll_to_end(aiodal_op *op)
{
	aiodal_error *err = NULL;
	aiodal_result *res;
	aiodal_status status;

	while ((status = aiodal_op_poll(op, &err)) > 0)
		status = aiodal_op_wait(op, 1, &err);
	OK(status);
	res = aiodal_op_take_result(op);
	aiodal_op_free(op);
	return res;
}

static void
without_blocking(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = options_of(0, 2);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_in(db);
	aiodal_op *op;

	(void) state;
	for (int32_t i = 0; i < 5; i++)
	{
		const aiodal_value value = aiodal_int32(i);
		aiodal_result *res;
		int32_t back;

		OK(aiodal_tx_query_start(&op, tx, "SELECT $1 FROM generate_series(1, 10000)", 1, &value, NULL, &err));
		res = poll_to_end(op);
		OK(aiodal_result_get_int32(&back, res, 9999, 0, &err));
		assert_int_equal(back, i);
		aiodal_result_free(res);
	}
	expect_stats(db, 3, 1, 0, 0);
	use_and_change(db, tx, "SELECT 1");
	tx = begin_in(db);
	OK(aiodal_tx_exec(NULL, tx, "SELECT * FROM item ORDER BY id", 0, NULL, &err));
	commit(tx);
	run_sql("ALTER TABLE item ADD extra int");
	tx = begin_in(db);
	OK(aiodal_tx_exec_start(&op, tx, "SELECT * FROM item ORDER BY id", 0, NULL, &err));
	FAILS(AIODAL_ERETRY, aiodal_op_wait(op, -1, &err), "cached plan must not change result type");
	FAILS(AIODAL_ERETRY, aiodal_op_poll(op, &err), "cached plan must not change result type");
	aiodal_op_free(op);
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

/* Freed or cancelled while it is being prepared: the connection is as good as before. */
static void
cancelled_while_preparing(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = options_of(0, 1);
	aiodal_tx_options short_one = AIODAL_TX_OPTIONS_INIT;
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx;
	aiodal_op *op;

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		tx = begin_in(db);
		OK(aiodal_tx_exec_start(&op, tx, "SELECT pg_sleep(60)", 0, NULL, &err));
		aiodal_op_free(op);
		aiodal_tx_free(tx);
	}
	short_one.timeout_ms = 50;
	OK(aiodal_tx_begin(&tx, db, &short_one, &err));
	FAILS(AIODAL_ETIMEOUT, aiodal_tx_exec(NULL, tx, "SELECT pg_sleep(61)", 0, NULL, &err), "deadline");
	aiodal_tx_free(tx);
	tx = begin_in(db);
	assert_int_equal(add_up(tx, "SELECT $1 + $2", 1, 1), 2);
	commit(tx);
	assert_int_equal(db_stats_of(db).closed_broken, 0);
	assert_int_equal(db_stats_of(db).statements_stale, 0);
	assert_int_equal(db_stats_of(db).opened, 1);
	aiodal_db_close(db);
}

static void
killed_while_preparing(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = options_of(0, 1);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_in(db);

	(void) state;
	EXPECT(AIODAL_ECONN,
		   aiodal_tx_exec(NULL, tx, "SELECT pg_terminate_backend(pg_backend_pid())", 0, NULL, &err));
	aiodal_error_free(err);
	err = NULL;
	aiodal_tx_free(tx);
	tx = begin_in(db);
	assert_int_equal(add_up(tx, "SELECT $1 + $2", 1, 1), 2);
	assert_int_equal(on_server(tx), 2);
	commit(tx);
	aiodal_db_close(db);
}

static void
remember(void *payload, const aiodal_trace *trace)
{
	char *text = payload;

	(void) snprintf(text + strlen(text), 1000 - strlen(text), "%s%s;", trace->statement,
					trace->error ? " failed" : "");
}

static void
traced_as_usual(void **state)
{
	aiodal_error *err = NULL;
	char text[1000] = "";
	aiodal_db_options options = options_of(0, 1);
	aiodal_db *db;
	aiodal_tx *tx;

	(void) state;
	options.trace = remember;
	options.trace_payload = text;
	db = open_db(&options);
	tx = begin_in(db);
	use_and_change(db, tx, "ALTER TABLE item ADD extra int");
	text[0] = '\0';
	tx = begin_in(db);
	OK(aiodal_tx_exec(NULL, tx, "SELECT * FROM item ORDER BY id", 0, NULL, &err));
	commit(tx);
	assert_string_equal(text, "BEGIN;SELECT * FROM item ORDER BY id failed;ROLLBACK; BEGIN;"
							  "SELECT * FROM item ORDER BY id;COMMIT;");
	aiodal_db_close(db);
}

static int allocations;

static int
count_allocation(void)
{
	allocations++;
	return 0;
}

static void
the_hot_path_allocates_nothing(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = options_of(0, 1);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_in(db);

	(void) state;
	assert_int_equal(add_up(tx, "SELECT $1 + $2", 1, 1), 2);
	OK(aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err));
	allocations = 0;
	aiodal__alloc_fails = count_allocation;
	for (int i = 0; i < 100; i++)
	{
		assert_int_equal(add_up(tx, "SELECT $1 + $2", i, 1), i + 1);
		OK(aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err));
	}
	aiodal__alloc_fails = NULL;
	assert_int_equal(allocations, 0);
	assert_int_equal(db_stats_of(db).statement_hits, 200);
	commit(tx);
	aiodal_db_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(prepared_when_used_often, each_set_up),
		cmocka_unit_test_setup(types_and_formats, each_set_up),
		cmocka_unit_test_setup(what_is_never_prepared, each_set_up),
		cmocka_unit_test_setup(switched_off, each_set_up),
		cmocka_unit_test_setup(the_least_recently_used_make_room, each_set_up),
		cmocka_unit_test_setup(preparing_fails, each_set_up),
		cmocka_unit_test_setup(a_table_has_changed, each_set_up),
		cmocka_unit_test_setup(a_table_has_changed_under_a_transaction, each_set_up),
		cmocka_unit_test_setup(a_table_has_changed_in_a_sandbox, each_set_up),
		cmocka_unit_test_setup(transact_runs_it_again, each_set_up),
		cmocka_unit_test_setup(a_column_has_another_type, each_set_up),
		cmocka_unit_test_setup(bad_values_are_no_reason_to_retry, each_set_up),
		cmocka_unit_test_setup(deallocated_in_sight, each_set_up),
		cmocka_unit_test_setup(deallocated_out_of_sight, each_set_up),
		cmocka_unit_test_setup(other_peoples_statements, each_set_up),
		cmocka_unit_test_setup(without_blocking, each_set_up),
		cmocka_unit_test_setup(cancelled_while_preparing, each_set_up),
		cmocka_unit_test_setup(killed_while_preparing, each_set_up),
		cmocka_unit_test_setup(traced_as_usual, each_set_up),
		cmocka_unit_test_setup(the_hot_path_allocates_nothing, each_set_up),
	};

	return cmocka_run_group_tests_name("prepared", tests, set_up, NULL);
}
