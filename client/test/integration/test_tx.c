/*
 * test_tx.c
 *		Transactions, statements, savepoints, the pool beneath, and statements that do not block.
 */
#include "support.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

static aiodal_db *db;

static int
set_up(void **state)
{
	(void) state;
	reset_database(
		BOOKS
		"CREATE TABLE counter (id int PRIMARY KEY, n int); INSERT INTO counter VALUES (1, 0), (2, 0);"
		"CREATE TABLE late (id int PRIMARY KEY, other int REFERENCES late DEFERRABLE INITIALLY DEFERRED);");
	return aiodal_db_open(&db, NULL, NULL, NULL);
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

static aiodal_tx *
begin(void)
{
	return begin_in(db);
}

static int
backend_of(aiodal_tx *tx)
{
	return (int) strtol(query(tx, "SELECT pg_backend_pid()"), NULL, 10);
}

static void
kill_backend(int pid)
{
	char sql[100];

	(void) snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d, 5000)", pid);
	run_sql(sql);
}

static void
parameters_and_values(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_result *res;
	const char *const params[] = {"41", NULL, "Robert'); DROP TABLE book;--"};

	(void) state;
	OK(aiodal_tx_exec(&res, tx, "SELECT $1::int + 1 AS n, $2::text AS nothing, $3::text AS \"Who\"", 3,
					  params, &err));
	assert_int_equal(aiodal_result_rows(res), 1);
	assert_string_equal(aiodal_result_value(res, 0, 0), "42");
	assert_null(aiodal_result_value(res, 0, 1));
	assert_string_equal(aiodal_result_value(res, 0, aiodal_result_column(res, "Who")), params[2]);
	assert_int_equal(aiodal_result_type(res, 0), 23);
	assert_int_equal(aiodal_result_affected(res), 1);
	aiodal_result_free(res);
	OK(aiodal_tx_exec(&res, tx, "INSERT INTO author (name) SELECT 'a' FROM generate_series(1, 7)", 0, NULL,
					  &err));
	assert_int_equal(aiodal_result_affected(res), 7);
	assert_string_equal(aiodal_result_tag(res), "INSERT 0 7");
	assert_int_equal(aiodal_result_columns(res), 0);
	aiodal_result_free(res);
	OK(aiodal_tx_exec(NULL, tx, "", 0, NULL, &err));
	OK(aiodal_tx_exec_script(tx, "SELECT 1; CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1); ", &err));
	assert_string_equal(query(tx, "SELECT count(*) FROM t"), "1");
	aiodal_tx_free(tx);
}

static void
values_of_10_megabytes(void **state)
{
	enum
	{
		SIZE = 10 * 1024 * 1024
	};
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_result *res;
	char *big = malloc(SIZE + 1);
	const char *const params[] = {big};

	(void) state;
	memset(big, 'x', SIZE);
	big[SIZE] = '\0';
	OK(aiodal_tx_exec(&res, tx, "SELECT $1::text || 'y'", 1, params, &err));
	assert_int_equal(aiodal_result_length(res, 0, 0), SIZE + 1);
	assert_memory_equal(aiodal_result_value(res, 0, 0), big, SIZE);
	aiodal_result_free(res);
	aiodal_tx_free(tx);
	free(big);
}

static void
bad_calls(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_tx *none = (aiodal_tx *) &err;
	aiodal_result *res = (aiodal_result *) &err;
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;

	(void) state;
	FAILS(AIODAL_EINVAL, aiodal_tx_exec(&res, tx, NULL, 0, NULL, &err), "sql must not be NULL");
	assert_null(res);
	FAILS(AIODAL_EINVAL, aiodal_tx_exec(NULL, tx, "SELECT 1", 1, NULL, &err), "params must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_tx_exec(NULL, tx, "SELECT 1", 70000, (const char *const *) &err, &err),
		  "65535");
	FAILS(AIODAL_EINVAL, aiodal_tx_exec(NULL, NULL, "SELECT 1", 0, NULL, &err), "tx must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_tx_savepoint(tx, NULL, &err), "NULL");
	options.isolation = (aiodal_isolation) 8;
	FAILS(AIODAL_EINVAL, aiodal_tx_begin(&none, db, &options, &err), "isolation level 8");
	assert_null(none);
	FAILS(AIODAL_EINVAL, aiodal_tx_begin(&none, NULL, NULL, &err), "db must not be NULL");
	/* none of it cost the transaction */
	assert_string_equal(query(tx, "SELECT 1"), "1");
	/* one statement, as with bound parameters nothing else can be */
	FAILS(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT 1; SELECT 2", 0, NULL, &err), "multiple commands");
	aiodal_tx_free(tx);
	aiodal_tx_free(NULL);
}

static void
copy_is_refused(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();

	(void) state;
	FAILS(AIODAL_EINVAL,
		  aiodal_tx_exec(NULL, tx, "COPY (SELECT generate_series(1, 100000)) TO STDOUT", 0, NULL, &err),
		  "aiodal_bulk_load()");
	assert_string_equal(query(tx, "SELECT 1"), "1");
	FAILS(AIODAL_EINVAL, aiodal_tx_exec(NULL, tx, "COPY author FROM STDIN", 0, NULL, &err),
		  "aiodal_bulk_load()");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
	OK(aiodal_tx_rollback(tx, &err));
	aiodal_tx_free(tx);
}

static void
errors_have_every_field(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();

	(void) state;
	OK(aiodal_tx_exec(NULL, tx, "INSERT INTO author VALUES (500, 'x')", 0, NULL, &err));
	EXPECT(AIODAL_ECONSTRAINT,
		   aiodal_tx_exec(NULL, tx, "INSERT INTO author VALUES (500, 'x')", 0, NULL, &err));
	assert_string_equal(aiodal_error_sqlstate(err), "23505");
	assert_string_equal(aiodal_error_field(err, PG_DIAG_SCHEMA_NAME), "public");
	assert_string_equal(aiodal_error_field(err, PG_DIAG_TABLE_NAME), "author");
	assert_string_equal(aiodal_error_field(err, PG_DIAG_CONSTRAINT_NAME), "author_pkey");
	assert_string_equal(aiodal_error_detail(err), "Key (id)=(500) already exists.");
	assert_non_null(aiodal_error_field(err, PG_DIAG_SOURCE_FILE));
	aiodal_error_free(err);
	err = NULL;
	aiodal_tx_free(tx);
	tx = begin();
	EXPECT(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT * FROM no_such_table", 0, NULL, &err));
	assert_string_equal(aiodal_error_field(err, PG_DIAG_STATEMENT_POSITION), "15");
	assert_string_equal(aiodal_error_sqlstate(err), "42P01");
	aiodal_error_free(err);
	aiodal_tx_free(tx);
}

static void
commit_keeps_rollback_undoes(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();

	(void) state;
	OK(aiodal_tx_exec(NULL, tx, "INSERT INTO author (name) VALUES ('kept')", 0, NULL, &err));
	OK(aiodal_tx_commit(tx, &err));
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_COMMITTED);
	FAILS(AIODAL_ESTATE, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "committed already");
	FAILS(AIODAL_ESTATE, aiodal_tx_commit(tx, &err), "committed already");
	FAILS(AIODAL_ESTATE, aiodal_tx_rollback(tx, &err), "committed already");
	assert_null(aiodal_tx_pgconn(tx));
	aiodal_tx_free(tx);

	tx = begin();
	OK(aiodal_tx_exec(NULL, tx, "INSERT INTO author (name) VALUES ('rolled back')", 0, NULL, &err));
	OK(aiodal_tx_rollback(tx, &err));
	FAILS(AIODAL_ESTATE, aiodal_tx_savepoint(tx, "s", &err), "rolled back already");
	aiodal_tx_free(tx);

	tx = begin();
	OK(aiodal_tx_exec(NULL, tx, "INSERT INTO author (name) VALUES ('freed')", 0, NULL, &err));
	aiodal_tx_free(tx);

	tx = begin();
	assert_string_equal(
		query(tx, "SELECT string_agg(name, ',') FROM author WHERE name IN ('kept', 'rolled back', 'freed')"),
		"kept");
	aiodal_tx_free(tx);
}

static void
a_failed_transaction_says_so(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();

	(void) state;
	OK(aiodal_tx_exec(NULL, tx, "INSERT INTO author (name) VALUES ('doomed')", 0, NULL, &err));
	FAILS(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT 1/0", 0, NULL, &err), "division by zero");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
	FAILS(AIODAL_ESTATE, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "the transaction has failed");
	FAILS(AIODAL_ESTATE, aiodal_tx_savepoint(tx, "s", &err), "Roll back");
	/* PostgreSQL would call this a success */
	FAILS(AIODAL_ESTATE, aiodal_tx_commit(tx, &err), "rolled back instead of committed");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_ROLLED_BACK);
	aiodal_tx_free(tx);
	tx = begin();
	assert_string_equal(query(tx, "SELECT count(*) FROM author WHERE name = 'doomed'"), "0");
	aiodal_tx_free(tx);
}

static void
a_missing_parameter_is_no_lost_connection(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();

	(void) state;
	OK(aiodal_tx_savepoint(tx, "before", &err));
	FAILS(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT $1::int", 0, NULL, &err), "requires 1");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
	OK(aiodal_tx_rollback_to(tx, "before", &err));
	assert_string_equal(query(tx, "SELECT 1"), "1");
	aiodal_tx_free(tx);
}

static void
savepoints_nest(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();

	(void) state;
	OK(aiodal_tx_exec_script(tx, "CREATE TEMP TABLE s (n int) ON COMMIT DROP", &err));
	OK(aiodal_tx_savepoint(tx, "outer \"one\"", &err));
	OK(aiodal_tx_exec(NULL, tx, "INSERT INTO s VALUES (1)", 0, NULL, &err));
	OK(aiodal_tx_savepoint(tx, "inner", &err));
	OK(aiodal_tx_exec(NULL, tx, "INSERT INTO s VALUES (2)", 0, NULL, &err));
	FAILS(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT 1/0", 0, NULL, &err), "zero");
	FAILS(AIODAL_ESTATE, aiodal_tx_release(tx, "inner", &err), "failed");
	OK(aiodal_tx_rollback_to(tx, "inner", &err));
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
	assert_string_equal(query(tx, "SELECT string_agg(n::text, ',') FROM s"), "1");
	OK(aiodal_tx_release(tx, "outer \"one\"", &err));
	FAILS(AIODAL_ESERVER, aiodal_tx_rollback_to(tx, "inner", &err), "savepoint \"inner\" does not exist");
	aiodal_tx_free(tx);
}

static void
options_reach_the_server(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_tx *tx;

	(void) state;
	options.isolation = AIODAL_SERIALIZABLE;
	options.read_only = true;
	options.deferrable = true;
	OK(aiodal_tx_begin(&tx, db, &options, &err));
	assert_string_equal(query(tx, "SHOW transaction_isolation"), "serializable");
	assert_string_equal(query(tx, "SHOW transaction_read_only"), "on");
	assert_string_equal(query(tx, "SHOW transaction_deferrable"), "on");
	FAILS(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "DELETE FROM author", 0, NULL, &err),
		  "read-only transaction");
	aiodal_tx_free(tx);
	/* and are not left behind */
	tx = begin();
	assert_string_equal(query(tx, "SHOW transaction_isolation"), "read committed");
	assert_string_equal(query(tx, "SHOW transaction_read_only"), "off");
	aiodal_tx_free(tx);
}

static void
a_commit_that_fails(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();

	(void) state;
	OK(aiodal_tx_exec(NULL, tx, "INSERT INTO late VALUES (1, 99)", 0, NULL, &err));
	FAILS(AIODAL_ECONSTRAINT, aiodal_tx_commit(tx, &err), "late_other_fkey");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_ROLLED_BACK);
	aiodal_tx_free(tx);
}

static void
ended_by_sql(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();

	(void) state;
	OK(aiodal_tx_exec(NULL, tx, "COMMIT", 0, NULL, &err));
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_ENDED);
	FAILS(AIODAL_ESTATE, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "ended by a statement");
	aiodal_tx_free(tx);
	tx = begin();
	assert_string_equal(query(tx, "SELECT 1"), "1");
	aiodal_tx_free(tx);
}

static void
the_raw_connection(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	PGconn *pg = aiodal_tx_pgconn(tx);
	PGresult *res;

	(void) state;
	assert_int_equal(PQtransactionStatus(pg), PQTRANS_INTRANS);
	assert_false(PQisnonblocking(pg));
	res = PQexec(pg, "CREATE TEMP TABLE widgytemp (thing varchar, n numeric) ON COMMIT DROP");
	assert_int_equal(PQresultStatus(res), PGRES_COMMAND_OK);
	PQclear(res);
	res = PQexec(pg, "COPY widgytemp FROM STDIN WITH (FORMAT csv, HEADER)");
	assert_int_equal(PQresultStatus(res), PGRES_COPY_IN);
	PQclear(res);
	/* in the middle of it, nothing else goes */
	FAILS(AIODAL_EBUSY, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "another operation");
	FAILS(AIODAL_EBUSY, aiodal_tx_commit(tx, &err), "another operation");
	assert_int_equal(PQputCopyData(pg, "thing,n\na,1\nb,2.5\n", 18), 1);
	assert_int_equal(PQputCopyEnd(pg, NULL), 1);
	while ((res = PQgetResult(pg)) != NULL)
		PQclear(res);
	/* in the transaction that is open, so that it sees both */
	assert_string_equal(query(tx, "SELECT sum(n) FROM widgytemp"), "3.5");
	aiodal_tx_free(tx);
}

static void
a_raw_connection_left_in_a_copy(void **state)
{
	aiodal_tx *tx = begin();
	int backend = backend_of(tx);
	PGresult *res = PQexec(aiodal_tx_pgconn(tx), "COPY author (name) FROM STDIN");

	(void) state;
	PQclear(res);
	aiodal_tx_free(tx);
	/* that connection is of no use, and nobody gets it */
	tx = begin();
	assert_int_not_equal(backend_of(tx), backend);
	aiodal_tx_free(tx);
}

/*
 * The pool
 */

static void
connections_are_used_again(void **state)
{
	aiodal_tx *tx = begin();
	int backend = backend_of(tx);
	aiodal_tx *second = begin();

	(void) state;
	assert_int_not_equal(backend_of(second), backend);
	aiodal_tx_free(tx);
	tx = begin();
	assert_int_equal(backend_of(tx), backend);
	aiodal_tx_free(tx);
	aiodal_tx_free(second);
}

static void
dead_connections_are_replaced(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	int backend = backend_of(tx);

	(void) state;
	aiodal_tx_free(tx);
	kill_backend(backend);
	tx = begin();
	assert_int_not_equal(backend_of(tx), backend);
	kill_backend(backend_of(tx));
	FAILS(AIODAL_ECONN, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "terminating connection");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_LOST);
	FAILS(AIODAL_ECONN, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "lost");
	FAILS(AIODAL_ECONN, aiodal_tx_commit(tx, &err), "lost");
	FAILS(AIODAL_ECONN, aiodal_tx_rollback(tx, &err), "lost");
	aiodal_tx_free(tx);
	OK(aiodal_db_ping(db, &err));
}

static void
killed_before_the_commit(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();

	(void) state;
	OK(aiodal_tx_exec(NULL, tx, "INSERT INTO author (name) VALUES ('in doubt')", 0, NULL, &err));
	kill_backend(backend_of(tx));
	/* the COMMIT is on its way when the end is noticed: nobody can know */
	EXPECT(AIODAL_ECONN, aiodal_tx_commit(tx, &err));
	assert_string_equal(aiodal_error_sqlstate(err), "08007");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_IN_DOUBT);
	aiodal_error_free(err);
	aiodal_tx_free(tx);
}

static void
a_full_pool(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *small;
	aiodal_tx *tx;
	aiodal_tx *second;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	(void) state;
	options.pool_size = 1;
	options.acquire_timeout_ms = 50;
	options.no_reflect = true;
	OK(aiodal_db_open(&small, NULL, &options, &err));
	OK(aiodal_tx_begin(&tx, small, NULL, &err));
	FAILS(AIODAL_ETIMEOUT, aiodal_tx_begin(&second, small, NULL, &err), "all 1 are in use");
	aiodal_tx_free(tx);
	OK(aiodal_tx_begin(&second, small, NULL, &err));
	/* closed while in use: the transaction, which keeps it in memory, goes on, and nobody else gets in */
	aiodal_db_close(small);
	assert_string_equal(query(second, "SELECT 1"), "1");
	FAILS(AIODAL_ESTATE, aiodal_tx_begin(&tx, small, NULL, &err), "closed");
	OK(aiodal_tx_commit(second, &err));
	aiodal_tx_free(second);
}

enum
{
	THREADS = 16,
	ROUNDS = 25
};

static void *
count_up(void *payload)
{
	aiodal_db *shared = payload;

	for (int i = 0; i < ROUNDS; i++)
	{
		aiodal_tx *tx;
		aiodal_schema *schema = aiodal_db_schema(shared);

		aiodal_schema_unref(schema);
		if (aiodal_tx_begin(&tx, shared, NULL, NULL) != AIODAL_OK ||
			aiodal_tx_exec(NULL, tx, "UPDATE counter SET n = n + 1 WHERE id = 1", 0, NULL, NULL) !=
				AIODAL_OK ||
			aiodal_tx_commit(tx, NULL) != AIODAL_OK)
			return payload;
		aiodal_tx_free(tx);
		if (i % 10 == 0 && aiodal_db_reflect(shared, NULL) != AIODAL_OK)
			return payload;
	}
	return NULL;
}

static void
many_threads_few_connections(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *shared;
	aiodal_tx *tx;
	pthread_t threads[THREADS];
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	(void) state;
	options.pool_size = 4;
	OK(aiodal_db_open(&shared, NULL, &options, &err));
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_up, shared), 0);
	for (int i = 0; i < THREADS; i++)
	{
		void *failed;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	OK(aiodal_tx_begin(&tx, shared, NULL, &err));
	assert_int_equal(strtol(query(tx, "SELECT n FROM counter WHERE id = 1"), NULL, 10), THREADS * ROUNDS);
	aiodal_tx_free(tx);
	aiodal_db_close(shared);
}

/*
 * Deadlines and transactions that run again
 */

static void
deadlines_cancel(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_tx *tx;
	int backend;

	(void) state;
	options.timeout_ms = 150;
	OK(aiodal_tx_begin(&tx, db, &options, &err));
	backend = backend_of(tx);
	FAILS(AIODAL_ETIMEOUT, aiodal_tx_exec(NULL, tx, "SELECT pg_sleep(20)", 0, NULL, &err),
		  "deadline has passed");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
	OK(aiodal_tx_rollback(tx, &err));
	aiodal_tx_free(tx);
	/* the connection has survived */
	tx = begin();
	assert_int_equal(backend_of(tx), backend);
	aiodal_tx_free(tx);

	OK(aiodal_tx_begin(&tx, db, &options, &err));
	(void) usleep(200000);
	FAILS(AIODAL_ETIMEOUT, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "was not sent");
	FAILS(AIODAL_ETIMEOUT, aiodal_tx_commit(tx, &err), "deadline");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
	OK(aiodal_tx_rollback(tx, &err));
	aiodal_tx_free(tx);
}

typedef struct runs
{
	int n;
	int fail_until;
	aiodal_status status;
} runs;

static aiodal_status
fail_some_times(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	runs *r = payload;
	aiodal_status status =
		aiodal_tx_exec(NULL, tx, "UPDATE counter SET n = n + 1 WHERE id = 2", 0, NULL, err);

	if (status == AIODAL_OK && ++r->n <= r->fail_until)
		status = aiodal_tx_exec(NULL, tx, "DO $$ BEGIN RAISE 'again' USING ERRCODE = '40001'; END $$", 0,
								NULL, err);
	return status == AIODAL_OK ? r->status : status;
}

static void
transact_commits_rolls_back_and_retries(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	runs once = {0, 0, AIODAL_OK};
	runs thrice = {0, 2, AIODAL_OK};
	runs always = {0, 100, AIODAL_OK};
	runs never = {0, 0, AIODAL_EINVAL};
	runs odd = {0, 0, AIODAL_WANT_READ};
	aiodal_tx *tx;

	(void) state;
	OK(aiodal_db_transact(db, NULL, fail_some_times, &once, &err));
	OK(aiodal_db_transact(db, NULL, fail_some_times, &thrice, &err));
	assert_int_equal(thrice.n, 3);
	options.max_attempts = 2;
	FAILS(AIODAL_ERETRY, aiodal_db_transact(db, &options, fail_some_times, &always, &err), "again");
	assert_int_equal(always.n, 2);
	FAILS(AIODAL_EINVAL, aiodal_db_transact(db, NULL, fail_some_times, &never, &err),
		  "failed with AIODAL_EINVAL");
	FAILS(AIODAL_EINVAL, aiodal_db_transact(db, NULL, fail_some_times, &odd, &err), "returned 1");
	FAILS(AIODAL_EINVAL, aiodal_db_transact(db, NULL, NULL, NULL, &err), "fn");
	tx = begin();
	assert_string_equal(query(tx, "SELECT n FROM counter WHERE id = 2"), "2");
	aiodal_tx_free(tx);
}

typedef struct locker
{
	pthread_barrier_t *both;
	const char *first;
	const char *second;
	int n;
	aiodal_status status;
} locker;

static aiodal_status
lock_two(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	locker *l = payload;
	aiodal_status status = aiodal_tx_exec(NULL, tx, l->first, 0, NULL, err);

	if (l->n++ == 0)
		(void) pthread_barrier_wait(l->both);
	return status == AIODAL_OK ? aiodal_tx_exec(NULL, tx, l->second, 0, NULL, err) : status;
}

static void *
run_locker(void *payload)
{
	locker *l = payload;

	l->status = aiodal_db_transact(db, NULL, lock_two, l, NULL);
	return NULL;
}

static void
a_real_deadlock_is_survived(void **state)
{
	const char *one = "UPDATE counter SET n = 0 WHERE id = 1";
	const char *two = "UPDATE counter SET n = 0 WHERE id = 2";
	pthread_barrier_t both;
	pthread_t threads[2];
	locker lockers[2] = {{&both, one, two, 0, AIODAL_ESTATE}, {&both, two, one, 0, AIODAL_ESTATE}};

	(void) state;
	assert_int_equal(pthread_barrier_init(&both, NULL, 2), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_locker, &lockers[i]), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(lockers[0].status, AIODAL_OK);
	assert_int_equal(lockers[1].status, AIODAL_OK);
	assert_true(lockers[0].n + lockers[1].n >= 3);
	(void) pthread_barrier_destroy(&both);
}

/*
 * Without blocking
 */

static void
operations_are_polled(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_op *op;
	aiodal_op *other;
	aiodal_result *res;
	aiodal_status status;
	int waits = 0;

	(void) state;
	OK(aiodal_tx_exec_start(&op, tx, "SELECT 42 FROM pg_sleep(0.1)", 0, NULL, &err));
	assert_null(aiodal_op_take_result(op));
	FAILS(AIODAL_EBUSY, aiodal_tx_exec_start(&other, tx, "SELECT 1", 0, NULL, &err), "another operation");
	FAILS(AIODAL_EBUSY, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "another operation");
	FAILS(AIODAL_EBUSY, aiodal_tx_commit(tx, &err), "another operation");
	while ((status = aiodal_op_poll(op, &err)) > 0)
	{
		struct pollfd fd = {.fd = aiodal_op_fd(op), .events = POLLIN};

		if (status == AIODAL_WANT_WRITE)
			fd.events |= POLLOUT;
		assert_true(poll(&fd, 1, 5000) >= 0);
		waits++;
	}
	OK(status);
	assert_true(waits >= 1);
	OK(aiodal_op_poll(op, &err));
	res = aiodal_op_take_result(op);
	assert_string_equal(aiodal_result_value(res, 0, 0), "42");
	assert_null(aiodal_op_take_result(op));
	aiodal_result_free(res);
	aiodal_op_free(op);
	assert_string_equal(query(tx, "SELECT 1"), "1");
	aiodal_tx_free(tx);
}

static void
operations_fail_the_same_each_time(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_op *op;

	(void) state;
	OK(aiodal_tx_exec_start(&op, tx, "SELECT 1/0", 0, NULL, &err));
	FAILS(AIODAL_ESERVER, aiodal_op_wait(op, -1, &err), "division by zero");
	FAILS(AIODAL_ESERVER, aiodal_op_poll(op, &err), "division by zero");
	assert_null(aiodal_op_take_result(op));
	aiodal_op_free(op);
	FAILS(AIODAL_ESTATE, aiodal_op_poll(NULL, &err), "never started");
	aiodal_op_free(NULL);
	aiodal_op_cancel(NULL);
	assert_int_equal(aiodal_op_fd(NULL), -1);
	aiodal_tx_free(tx);
}

static void *
cancel_soon(void *op)
{
	(void) usleep(100000);
	aiodal_op_cancel(op);
	return NULL;
}

static void
operations_are_cancelled_from_elsewhere(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_op *op;
	pthread_t thread;

	(void) state;
	OK(aiodal_tx_exec_start(&op, tx, "SELECT pg_sleep(20)", 0, NULL, &err));
	assert_int_equal(aiodal_op_wait(op, 20, &err), AIODAL_WANT_READ);
	assert_int_equal(pthread_create(&thread, NULL, cancel_soon, op), 0);
	FAILS(AIODAL_ECANCELED, aiodal_op_wait(op, 10000, &err), "canceling statement");
	assert_int_equal(pthread_join(thread, NULL), 0);
	aiodal_op_free(op);
	OK(aiodal_tx_rollback(tx, &err));
	aiodal_tx_free(tx);
}

/* A cancel that comes too late must not hit the statement that runs next. */
static void
late_cancels_hit_nothing(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();

	(void) state;
	for (int i = 0; i < 50; i++)
	{
		aiodal_op *op;

		OK(aiodal_tx_exec_start(&op, tx, "SELECT 1", 0, NULL, &err));
		OK(aiodal_op_wait(op, -1, &err));
		aiodal_op_cancel(op);
		aiodal_op_free(op);
		OK(aiodal_tx_exec(NULL, tx, "SELECT pg_sleep(0.002)", 0, NULL, &err));
	}
	aiodal_tx_free(tx);
}

static void
operations_freed_while_running(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	int backend = backend_of(tx);
	aiodal_op *op;

	(void) state;
	OK(aiodal_tx_exec_start(&op, tx, "SELECT pg_sleep(20)", 0, NULL, &err));
	aiodal_op_free(op);
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
	aiodal_tx_free(tx);
	tx = begin();
	assert_int_equal(backend_of(tx), backend);
	/* even with the transaction */
	OK(aiodal_tx_exec_start(&op, tx, "SELECT pg_sleep(20)", 0, NULL, &err));
	aiodal_tx_free(tx);
	OK(aiodal_db_ping(db, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_and_values),
		cmocka_unit_test(values_of_10_megabytes),
		cmocka_unit_test(bad_calls),
		cmocka_unit_test(copy_is_refused),
		cmocka_unit_test(errors_have_every_field),
		cmocka_unit_test(commit_keeps_rollback_undoes),
		cmocka_unit_test(a_failed_transaction_says_so),
		cmocka_unit_test(a_missing_parameter_is_no_lost_connection),
		cmocka_unit_test(savepoints_nest),
		cmocka_unit_test(options_reach_the_server),
		cmocka_unit_test(a_commit_that_fails),
		cmocka_unit_test(ended_by_sql),
		cmocka_unit_test(the_raw_connection),
		cmocka_unit_test(a_raw_connection_left_in_a_copy),
		cmocka_unit_test(connections_are_used_again),
		cmocka_unit_test(dead_connections_are_replaced),
		cmocka_unit_test(killed_before_the_commit),
		cmocka_unit_test(a_full_pool),
		cmocka_unit_test(many_threads_few_connections),
		cmocka_unit_test(deadlines_cancel),
		cmocka_unit_test(transact_commits_rolls_back_and_retries),
		cmocka_unit_test(a_real_deadlock_is_survived),
		cmocka_unit_test(operations_are_polled),
		cmocka_unit_test(operations_fail_the_same_each_time),
		cmocka_unit_test(operations_are_cancelled_from_elsewhere),
		cmocka_unit_test(late_cancels_hit_nothing),
		cmocka_unit_test(operations_freed_while_running),
	};

	return cmocka_run_group_tests_name("tx", tests, set_up, tear_down);
}
