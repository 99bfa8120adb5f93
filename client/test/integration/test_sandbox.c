/*
 * test_sandbox.c
 *		Transactions that are never committed, and that those who use them cannot tell from others.
 */
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include <aiodal/async.h>
#include <aiodal/sandbox.h>

static aiodal_db *db;

static int
set_up(void **state)
{
	(void) state;
	reset_database("CREATE TABLE book (id int PRIMARY KEY, title text NOT NULL, part_of int);"
				   "CREATE TABLE late (id int PRIMARY KEY, other int CONSTRAINT late_other REFERENCES late "
				   "DEFERRABLE INITIALLY DEFERRED);"
				   "CREATE TABLE early (id int PRIMARY KEY, other int REFERENCES early DEFERRABLE INITIALLY "
				   "IMMEDIATE);"
				   "CREATE SCHEMA library;"
				   /* the same name, and SET CONSTRAINTS refuses one of the two */
				   "CREATE TABLE library.a (id int CONSTRAINT twice UNIQUE DEFERRABLE INITIALLY DEFERRED);"
				   "CREATE TABLE library.b (id int CONSTRAINT twice CHECK (id > 0));");
	return aiodal_db_open(&db, NULL, NULL, NULL);
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

static int
sandbox(void **state)
{
	(void) state;
	return aiodal_db_sandbox_begin(db, NULL);
}

/* Nothing is left of what was done. */
static int
end(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	(void) state;
	OK(aiodal_db_sandbox_end(db, &err));
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	assert_string_equal(query(tx,
							  "SELECT (SELECT count(*) FROM book) + (SELECT count(*) FROM late) + (SELECT "
							  "count(*) FROM early)"),
						"0");
	aiodal_tx_free(tx);
	return 0;
}

static aiodal_tx *
begin(void)
{
	return begin_in(db);
}

static void
exec(aiodal_tx *tx, const char *sql)
{
	aiodal_error *err = NULL;

	OK(aiodal_tx_exec(NULL, tx, sql, 0, NULL, &err));
}

static void
commit(aiodal_tx *tx)
{
	aiodal_error *err = NULL;

	OK(aiodal_tx_commit(tx, &err));
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_COMMITTED);
	aiodal_tx_free(tx);
}

/* How many books a transaction of its own finds. */
static int
books(void)
{
	aiodal_tx *tx = begin();
	int n = (int) strtol(query(tx, "SELECT count(*) FROM book"), NULL, 10);

	aiodal_tx_free(tx);
	return n;
}

static void
commit_keeps_rollback_undoes(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();

	(void) state;
	exec(tx, "INSERT INTO book VALUES (1, 'Solaris')");
	commit(tx);
	assert_int_equal(books(), 1);
	tx = begin();
	exec(tx, "INSERT INTO book VALUES (2, 'Fiasco')");
	OK(aiodal_tx_savepoint(tx, "s", &err));
	exec(tx, "INSERT INTO book VALUES (3, 'Eden')");
	OK(aiodal_tx_rollback(tx, &err));
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_ROLLED_BACK);
	FAILS(AIODAL_ESTATE, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "rolled back already");
	aiodal_tx_free(tx);
	assert_int_equal(books(), 1);
	/* freed without a word */
	tx = begin();
	exec(tx, "DELETE FROM book");
	aiodal_tx_free(tx);
	assert_int_equal(books(), 1);
}

static void
others_see_nothing(void **state)
{
	aiodal_tx *tx = begin();
	PGconn *other = PQconnectdb("");
	PGresult *res;

	(void) state;
	exec(tx, "INSERT INTO book VALUES (1, 'Solaris')");
	commit(tx);
	res = PQexec(other, "SELECT count(*) FROM book");
	assert_string_equal(PQgetvalue(res, 0, 0), "0");
	PQclear(res);
	PQfinish(other);
}

static void
transactions_nest(void **state)
{
	aiodal_tx *outer = begin();
	aiodal_tx *inner;

	(void) state;
	exec(outer, "INSERT INTO book VALUES (1, 'Solaris')");
	inner = begin();
	assert_string_equal(query(inner, "SELECT count(*) FROM book"), "1");
	exec(inner, "INSERT INTO book VALUES (2, 'Fiasco')");
	commit(inner);
	inner = begin();
	exec(inner, "INSERT INTO book VALUES (3, 'Eden')");
	aiodal_tx_free(inner);
	assert_string_equal(query(outer, "SELECT count(*) FROM book"), "2");
	aiodal_tx_free(outer);
	assert_int_equal(books(), 0);
}

static void
one_waits_for_those_begun_in_it(void **state)
{
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_tx *outer = begin();
	aiodal_tx *inner;
	aiodal_op *op;

	(void) state;
	options.owner = "the inner one";
	OK(aiodal_tx_begin(&inner, db, &options, &err));
	FAILS(AIODAL_EBUSY, aiodal_tx_exec(NULL, outer, "SELECT 1", 0, NULL, &err), "the inner one");
	FAILS(AIODAL_EBUSY, aiodal_tx_exec_start(&op, outer, "SELECT 1", 0, NULL, &err), "begun later");
	FAILS(AIODAL_EBUSY, aiodal_tx_commit(outer, &err), "begun later");
	FAILS(AIODAL_EBUSY, aiodal_tx_rollback(outer, &err), "begun later");
	FAILS(AIODAL_EBUSY, aiodal_tx_savepoint(outer, "s", &err), "begun later");
	assert_int_equal(aiodal_tx_get_state(outer), AIODAL_TX_OPEN);
	exec(inner, "INSERT INTO book VALUES (1, 'Solaris')");
	/* to free it is to end both */
	aiodal_tx_free(outer);
	assert_int_equal(aiodal_tx_get_state(inner), AIODAL_TX_ROLLED_BACK);
	FAILS(AIODAL_ESTATE, aiodal_tx_commit(inner, &err), "rolled back already");
	aiodal_tx_free(inner);
	assert_int_equal(books(), 0);
}

static void
deferred_constraints_are_checked_at_each_commit(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		tx = begin();
		exec(tx, "INSERT INTO late VALUES (1, 99)"); /* not now */
		FAILS(AIODAL_ECONSTRAINT, aiodal_tx_commit(tx, &err), "late_other");
		assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_ROLLED_BACK);
		aiodal_tx_free(tx);
		tx = begin();
		exec(tx, "INSERT INTO late VALUES (2, 3), (3, 2) ON CONFLICT DO NOTHING");
		commit(tx);
	}
	/* what is checked at once by nature still is */
	tx = begin();
	FAILS(AIODAL_ECONSTRAINT, aiodal_tx_exec(NULL, tx, "INSERT INTO early VALUES (1, 2)", 0, NULL, &err),
		  "early_other_fkey");
	aiodal_tx_free(tx);
	tx = begin();
	exec(tx, "SET CONSTRAINTS ALL DEFERRED");
	exec(tx, "INSERT INTO early VALUES (1, 2)");
	FAILS(AIODAL_ECONSTRAINT, aiodal_tx_commit(tx, &err), "early_other_fkey");
	aiodal_tx_free(tx);
	tx = begin();
	assert_string_equal(query(tx, "SELECT count(*) FROM late"), "2");
	aiodal_tx_free(tx);
}

static void
constraints_that_cannot_be_deferred_by_name(void **state)
{
	aiodal_tx *tx = begin();

	(void) state;
	exec(tx, "INSERT INTO library.a VALUES (1)");
	commit(tx);
	tx = begin();
	exec(tx, "INSERT INTO library.b VALUES (1)");
	commit(tx);
	tx = begin();
	assert_string_equal(
		query(tx, "SELECT (SELECT count(*) FROM library.a) + (SELECT count(*) FROM library.b)"), "2");
	aiodal_tx_free(tx);
}

static void
deferred_triggers_write_before_the_commit(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();

	(void) state;
	OK(aiodal_tx_exec_script(
		tx,
		"CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO "
		"book VALUES (NEW.id + 100, 'noted'); RETURN NULL; END $$;"
		"CREATE CONSTRAINT TRIGGER note AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED "
		"FOR EACH ROW EXECUTE FUNCTION note()",
		&err));
	commit(tx);
	for (int i = 1; i <= 2; i++)
	{
		char sql[100];

		(void) snprintf(sql, sizeof(sql), "INSERT INTO late VALUES (%d)", i);
		tx = begin();
		exec(tx, sql);
		assert_string_equal(query(tx, "SELECT count(*) FROM book"), i == 1 ? "0" : "1");
		commit(tx);
		assert_int_equal(books(), i);
	}
}

static aiodal_status
load_books(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	static const char csv[] = "id,title\n1,Solaris\n2,Fiasco\n";
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;

	(void) payload;
	options.table = "book";
	return aiodal_bulk_load_memory(NULL, tx, &options, csv, sizeof(csv) - 1, err);
}

static void
commits_drop_temporary_tables(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		OK(aiodal_db_transact(db, NULL, load_books, NULL, &err));
		tx = begin();
		exec(tx, "CREATE TEMP TABLE scratch (x int) ON COMMIT DROP");
		assert_string_equal(query(tx, "SELECT aiodal.stage('book')"), "book_stage");
		exec(tx, "INSERT INTO book_stage VALUES (3, 'Eden')");
		commit(tx);
	}
	assert_int_equal(books(), 2);
	tx = begin();
	exec(tx, "CREATE TEMP TABLE scratch (x int) ON COMMIT DROP");
	aiodal_tx_free(tx);
}

static void
read_only_is_the_transactions_own(void **state)
{
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	(void) state;
	options.read_only = true;
	OK(aiodal_tx_begin(&tx, db, &options, &err));
	assert_string_equal(query(tx, "SELECT count(*) FROM book"), "0");
	FAILS(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "INSERT INTO book VALUES (1, 'x')", 0, NULL, &err),
		  "read-only transaction");
	aiodal_tx_free(tx);
	OK(aiodal_tx_begin(&tx, db, &options, &err));
	commit(tx);
	tx = begin();
	exec(tx, "INSERT INTO book VALUES (1, 'Solaris')");
	commit(tx);
	/* as by a server: a level that there is not */
	options.isolation = (aiodal_isolation) 9;
	FAILS(AIODAL_EINVAL, aiodal_tx_begin(&tx, db, &options, &err), "isolation level 9");
}

static void
a_failed_transaction_fails_alone(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_tx *inner;

	(void) state;
	exec(tx, "INSERT INTO book VALUES (1, 'Solaris')");
	commit(tx);
	tx = begin();
	FAILS(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT nonsense", 0, NULL, &err), "nonsense");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
	FAILS(AIODAL_ESTATE, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "has failed");
	FAILS(AIODAL_ESTATE, aiodal_tx_begin(&inner, db, NULL, &err), "would be a part of has failed");
	FAILS(AIODAL_ESTATE, aiodal_tx_commit(tx, &err), "rolled back instead of committed");
	aiodal_tx_free(tx);
	tx = begin();
	FAILS(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT nonsense", 0, NULL, &err), "nonsense");
	aiodal_tx_free(tx);
	assert_int_equal(books(), 1);
}

static int attempts;

static aiodal_status
retry_once(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	aiodal_status status = aiodal_tx_exec(NULL, tx, "INSERT INTO book VALUES (1, 'Solaris')", 0, NULL, err);

	(void) payload;
	return status == AIODAL_OK && ++attempts == 1
			   ? aiodal_tx_exec(NULL, tx, "DO $$ BEGIN RAISE SQLSTATE '40001'; END $$", 0, NULL, err)
			   : status;
}

static aiodal_status
refuse(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	aiodal_status status = aiodal_tx_exec(NULL, tx, "DELETE FROM book", 0, NULL, err);

	(void) payload;
	return status == AIODAL_OK ? aiodal_error_set(err, AIODAL_ECALLBACK, "no", NULL, NULL) : status;
}

static void
transact_retries(void **state)
{
	aiodal_error *err = NULL;

	(void) state;
	attempts = 0;
	OK(aiodal_db_transact(db, NULL, retry_once, NULL, &err));
	assert_int_equal(attempts, 2);
	assert_int_equal(books(), 1);
	FAILS(AIODAL_ECALLBACK, aiodal_db_transact(db, NULL, refuse, NULL, &err), "no");
	assert_int_equal(books(), 1);
}

static void
deadlines_are_the_transactions_own(void **state)
{
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_tx *outer = begin();
	aiodal_tx *tx;

	(void) state;
	options.timeout_ms = 50;
	OK(aiodal_tx_begin(&tx, db, &options, &err));
	FAILS(AIODAL_ETIMEOUT, aiodal_tx_exec(NULL, tx, "SELECT pg_sleep(60)", 0, NULL, &err), "");
	aiodal_tx_free(tx);
	assert_string_equal(query(outer, "SELECT 1"), "1");
	aiodal_tx_free(outer);
}

static void
operations_are_polled_and_cancelled(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_tx *inner;
	aiodal_status status;
	aiodal_op *op;

	(void) state;
	OK(aiodal_tx_exec_start(&op, tx, "SELECT pg_sleep(60)", 0, NULL, &err));
	FAILS(AIODAL_EBUSY, aiodal_tx_begin(&inner, db, NULL, &err), "");
	/* a request that overtakes its statement hits nothing */
	do
	{
		aiodal_op_cancel(op);
		status = aiodal_op_wait(op, 100, &err);
	} while (status > 0);
	FAILS(AIODAL_ECANCELED, status, "");
	aiodal_op_free(op);
	OK(aiodal_tx_rollback(tx, &err));
	aiodal_tx_free(tx);
	tx = begin();
	OK(aiodal_tx_exec_start(&op, tx, "SELECT pg_sleep(60)", 0, NULL, &err));
	aiodal_tx_free(tx);
	assert_int_equal(books(), 0);
}

static void *
insert_in_turn(void *payload)
{
	for (int i = 0; i < 20; i++)
	{
		aiodal_error *err = NULL;
		aiodal_tx *tx;
		char sql[100];

		(void) snprintf(sql, sizeof(sql), "INSERT INTO book VALUES (%d, 'x')", *(int *) payload * 100 + i);
		if (aiodal_tx_begin(&tx, db, NULL, &err) != AIODAL_OK ||
			aiodal_tx_exec(NULL, tx, sql, 0, NULL, &err) != AIODAL_OK ||
			aiodal_tx_commit(tx, &err) != AIODAL_OK)
			return err;
		aiodal_tx_free(tx);
	}
	return NULL;
}

static void
threads_take_turns(void **state)
{
	aiodal_tx *outer = begin(); /* of the thread that began the sandbox: all may nest in it */
	pthread_t threads[4];
	int numbers[4];

	(void) state;
	for (int i = 0; i < 4; i++)
	{
		numbers[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, insert_in_turn, &numbers[i]), 0);
	}
	for (int i = 0; i < 4; i++)
	{
		void *err;

		assert_int_equal(pthread_join(threads[i], &err), 0);
		if (err)
			fail_msg("%s", aiodal_error_message(err));
	}
	assert_string_equal(query(outer, "SELECT count(*) FROM book"), "80");
	aiodal_tx_free(outer);
}

typedef struct Visitor
{
	aiodal_db *db;
	aiodal_status status;
	aiodal_tx *tx;
} Visitor;

static void *
visit(void *payload)
{
	Visitor *visitor = payload;

	visitor->status = aiodal_tx_begin(&visitor->tx, visitor->db, NULL, NULL);
	return NULL;
}

static aiodal_status
begin_elsewhere(aiodal_db *where, aiodal_tx **tx)
{
	Visitor visitor = {where, AIODAL_OK, NULL};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, visit, &visitor), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	*tx = visitor.tx;
	return visitor.status;
}

static void
threads_do_not_wait_for_ever(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_db *hasty;
	aiodal_tx *first;
	aiodal_tx *second;

	(void) state;
	options.acquire_timeout_ms = 30;
	OK(aiodal_db_open(&hasty, NULL, &options, &err));
	OK(aiodal_db_sandbox_begin(hasty, &err));
	assert_int_equal(begin_elsewhere(hasty, &first), AIODAL_OK);
	assert_int_equal(begin_elsewhere(hasty, &second), AIODAL_ETIMEOUT);
	FAILS(AIODAL_ETIMEOUT, aiodal_tx_begin(&second, hasty, NULL, &err), "share one connection");
	FAILS(AIODAL_ESTATE, aiodal_db_sandbox_end(hasty, &err), "1 transaction was still open");
	aiodal_tx_free(first);
	aiodal_db_close(hasty);
}

/*
 * The whole; these begin and end it themselves
 */

static void
then_all_is_as_before(void **state)
{
	aiodal_db_stats stats = AIODAL_DB_STATS_INIT;
	aiodal_error *err = NULL;
	aiodal_tx *real = begin();
	aiodal_tx *tx;

	(void) state;
	OK(aiodal_db_sandbox_begin(db, &err));
	FAILS(AIODAL_ESTATE, aiodal_db_sandbox_begin(db, &err), "in a sandbox already");
	/* one that was open is as it was */
	exec(real, "INSERT INTO book VALUES (1, 'Solaris')");
	OK(aiodal_tx_commit(real, &err));
	aiodal_tx_free(real);
	tx = begin();
	exec(tx, "SET search_path = library");
	exec(tx, "DELETE FROM public.book");
	commit(tx);
	assert_string_equal(query(tx = begin(), "SHOW search_path"), "library");
	aiodal_tx_free(tx);
	OK(aiodal_db_sandbox_end(db, &err));
	FAILS(AIODAL_ESTATE, aiodal_db_sandbox_end(db, &err), "in no sandbox");
	tx = begin();
	assert_string_equal(query(tx, "SELECT count(*) FROM book"), "1");
	exec(tx, "DELETE FROM book");
	commit(tx);
	assert_int_equal(books(), 0);
	OK(aiodal_db_get_stats(db, &stats, &err));
	assert_int_equal(stats.used, 0);
	FAILS(AIODAL_EINVAL, aiodal_db_sandbox_begin(NULL, &err), "NULL");
	FAILS(AIODAL_EINVAL, aiodal_db_sandbox_end(NULL, &err), "NULL");
}

static void
what_was_left_open_is_told(void **state)
{
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_tx *first;
	aiodal_tx *second;
	aiodal_op *op;

	(void) state;
	OK(aiodal_db_sandbox_begin(db, &err));
	options.owner = "who forgot it";
	OK(aiodal_tx_begin(&first, db, &options, &err));
	second = begin();
	exec(second, "INSERT INTO book VALUES (1, 'Solaris')");
	OK(aiodal_tx_exec_start(&op, second, "SELECT pg_sleep(60)", 0, NULL, &err));
	FAILS(AIODAL_ESTATE, aiodal_db_sandbox_end(db, &err), "2 transactions were still open");
	assert_int_equal(aiodal_tx_get_state(first), AIODAL_TX_ROLLED_BACK);
	FAILS(AIODAL_ESTATE, aiodal_tx_exec(NULL, second, "SELECT 1", 0, NULL, &err), "rolled back already");
	aiodal_tx_free(first);
	aiodal_tx_free(second);
	assert_int_equal(books(), 0);
	OK(aiodal_db_sandbox_begin(db, &err));
	OK(aiodal_tx_begin(&first, db, &options, &err));
	FAILS(AIODAL_ESTATE, aiodal_db_sandbox_end(db, &err), "who forgot it");
	aiodal_tx_free(first);
}

static void
statements_that_end_it_are_told(void **state)
{
	static const char *const statements[] = {"COMMIT", "ROLLBACK", "COMMIT; BEGIN",
											 "COMMIT; BEGIN; SELECT x"};
	aiodal_error *err = NULL;
	aiodal_tx *tx;
	aiodal_tx *other;

	(void) state;
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
	{
		OK(aiodal_db_sandbox_begin(db, &err));
		tx = begin();
		if (aiodal_tx_exec_script(tx, statements[i], NULL) == AIODAL_OK)
			assert_int_not_equal(i, 3);
		assert_int_not_equal(aiodal_tx_commit(tx, NULL), AIODAL_OK);
		aiodal_tx_free(tx);
		if (i < 2)
			FAILS(AIODAL_ESTATE, aiodal_tx_begin(&other, db, NULL, &err), "ended by a statement");
		FAILS(AIODAL_ESTATE, aiodal_db_sandbox_end(db, &err), "may have been committed");
		assert_int_equal(books(), 0);
	}
}

static void
the_backend_is_killed(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;
	aiodal_tx *other;
	char sql[100];

	(void) state;
	OK(aiodal_db_sandbox_begin(db, &err));
	tx = begin();
	exec(tx, "INSERT INTO book VALUES (1, 'Solaris')");
	(void) snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%ld, 5000)",
					strtol(query(tx, "SELECT pg_backend_pid()"), NULL, 10));
	run_sql(sql);
	FAILS(AIODAL_ECONN, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_LOST);
	FAILS(AIODAL_ECONN, aiodal_tx_begin(&other, db, NULL, &err), "lost");
	aiodal_tx_free(tx);
	OK(aiodal_db_sandbox_end(db, &err));
	assert_int_equal(books(), 0);
}

typedef struct traced
{
	int n;
	char last[100];
} traced;

static void
note(void *payload, const aiodal_trace *trace)
{
	traced *t = payload;

	t->n++;
	(void) snprintf(t->last, sizeof(t->last), "%s", trace->statement);
}

static aiodal_db *
open_traced(traced *t)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_db *own;

	options.application_name = "traced";
	options.pool_size = 1;
	options.trace = note;
	options.trace_payload = t;
	OK(aiodal_db_open(&own, NULL, &options, &err));
	return own;
}

/* It was sent with the sandbox' own, and is told of when it begins. */
static void
the_first_begins_without_a_round_trip(void **state)
{
	aiodal_tx_options read_only = AIODAL_TX_OPTIONS_INIT;
	aiodal_error *err = NULL;
	traced t = {0, ""};
	aiodal_db *own = open_traced(&t);
	aiodal_tx *tx;

	(void) state;
	for (int i = 1; i <= 3; i++)
	{
		char savepoint[100];
		int before;

		OK(aiodal_db_sandbox_begin(own, &err));
		before = t.n;
		OK(aiodal_tx_begin(&tx, own, NULL, &err));
		(void) snprintf(savepoint, sizeof(savepoint), "SAVEPOINT aiodal_sandbox_%d", i * 2 - 1);
		assert_string_equal(t.last, savepoint);
		assert_int_equal(t.n, before + 1);
		/* what the server was sent last */
		run_sql("DO $$ BEGIN ASSERT (SELECT query LIKE 'BEGIN; SAVEPOINT aiodal_sandbox; SAVEPOINT %' FROM "
				"pg_stat_activity WHERE application_name = 'traced'); END $$");
		exec(tx, "INSERT INTO book VALUES (1, 'Solaris')");
		OK(aiodal_tx_rollback(tx, &err));
		aiodal_tx_free(tx);
		/* the others as ever */
		OK(aiodal_tx_begin(&tx, own, NULL, &err));
		run_sql("DO $$ BEGIN ASSERT (SELECT query LIKE 'SAVEPOINT aiodal_sandbox%' FROM pg_stat_activity "
				"WHERE application_name = 'traced'); END $$");
		assert_string_equal(query(tx, "SELECT count(*) FROM book"), "0");
		aiodal_tx_free(tx);
		OK(aiodal_db_sandbox_end(own, &err));
	}
	read_only.read_only = true;
	OK(aiodal_db_sandbox_begin(own, &err));
	OK(aiodal_tx_begin(&tx, own, &read_only, &err));
	assert_string_equal(query(tx, "SHOW transaction_read_only"), "on");
	aiodal_tx_free(tx);
	OK(aiodal_tx_begin(&tx, own, NULL, &err));
	exec(tx, "INSERT INTO book VALUES (1, 'Solaris')");
	aiodal_tx_free(tx);
	OK(aiodal_db_sandbox_end(own, &err));
	aiodal_db_close(own);
}

static void
killed_before_the_first(void **state)
{
	aiodal_error *err = NULL;
	traced t = {0, ""};
	aiodal_db *own = open_traced(&t);
	aiodal_tx *tx;

	(void) state;
	OK(aiodal_db_sandbox_begin(own, &err));
	run_sql(
		"SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE application_name = 'traced'");
	OK(aiodal_tx_begin(&tx, own, NULL, &err));
	EXPECT(AIODAL_ECONN, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err));
	aiodal_error_free(err);
	err = NULL;
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_LOST);
	aiodal_tx_free(tx);
	OK(aiodal_db_sandbox_end(own, &err));
	OK(aiodal_db_ping(own, &err));
	aiodal_db_close(own);
}

static void
the_db_is_closed_first(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *own;
	aiodal_tx *tx;

	(void) state;
	OK(aiodal_db_open(&own, NULL, NULL, &err));
	OK(aiodal_db_sandbox_begin(own, &err));
	OK(aiodal_tx_begin(&tx, own, NULL, &err));
	exec(tx, "INSERT INTO book VALUES (1, 'Solaris')");
	aiodal_db_close(own);
	FAILS(AIODAL_ESTATE, aiodal_tx_commit(tx, &err), "rolled back already");
	aiodal_tx_free(tx);
	OK(aiodal_db_open(&own, NULL, NULL, &err));
	OK(aiodal_db_sandbox_begin(own, &err));
	aiodal_db_close(own);
	assert_int_equal(books(), 0);
}

#define in_a_sandbox(test) cmocka_unit_test_setup_teardown(test, sandbox, end)

/* As at the end of a real one, but for cursors WITH HOLD, which stay. */
static void
cursors_end_with_their_transaction(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		tx = begin();
		exec(tx, "CREATE TEMP TABLE read (a int) ON COMMIT DROP");
		exec(tx, "DECLARE \"My \"\"cursor\" CURSOR FOR SELECT * FROM read");
		exec(tx, "FETCH \"My \"\"cursor\"");
		if (i == 0)
			exec(tx, "declare held CURSOR WITH HOLD FOR SELECT 'still here'");
		commit(tx);
	}
	tx = begin();
	assert_string_equal(query(tx, "FETCH held"), "still here");
	EXPECT(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "FETCH \"My \"\"cursor\"", 0, NULL, &err));
	assert_string_equal(aiodal_error_sqlstate(err), "34000");
	aiodal_error_free(err);
	aiodal_tx_free(tx);
}

/* SET CONSTRAINTS lasts for one transaction. */
static void
constraints_are_as_ever_in_the_next(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();

	(void) state;
	exec(tx, "SET CONSTRAINTS ALL IMMEDIATE");
	exec(tx, "INSERT INTO late VALUES (1, 1)");
	commit(tx);
	tx = begin();
	exec(tx, "INSERT INTO late VALUES (2, 3)");
	exec(tx, "INSERT INTO late VALUES (3, 2)");
	commit(tx);
	tx = begin();
	exec(tx, "SET CONSTRAINTS ALL DEFERRED");
	exec(tx, "INSERT INTO early VALUES (2, 3)");
	exec(tx, "INSERT INTO early VALUES (3, 2)");
	commit(tx);
	tx = begin();
	EXPECT(AIODAL_ECONSTRAINT, aiodal_tx_exec(NULL, tx, "INSERT INTO early VALUES (4, 5)", 0, NULL, &err));
	aiodal_error_free(err);
	aiodal_tx_free(tx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_sandbox(commit_keeps_rollback_undoes),
		in_a_sandbox(others_see_nothing),
		in_a_sandbox(transactions_nest),
		in_a_sandbox(one_waits_for_those_begun_in_it),
		in_a_sandbox(deferred_constraints_are_checked_at_each_commit),
		in_a_sandbox(constraints_that_cannot_be_deferred_by_name),
		in_a_sandbox(deferred_triggers_write_before_the_commit),
		in_a_sandbox(commits_drop_temporary_tables),
		in_a_sandbox(read_only_is_the_transactions_own),
		in_a_sandbox(a_failed_transaction_fails_alone),
		in_a_sandbox(cursors_end_with_their_transaction),
		in_a_sandbox(constraints_are_as_ever_in_the_next),
		in_a_sandbox(transact_retries),
		in_a_sandbox(deadlines_are_the_transactions_own),
		in_a_sandbox(operations_are_polled_and_cancelled),
		in_a_sandbox(threads_take_turns),
		cmocka_unit_test(threads_do_not_wait_for_ever),
		cmocka_unit_test(then_all_is_as_before),
		cmocka_unit_test(what_was_left_open_is_told),
		cmocka_unit_test(statements_that_end_it_are_told),
		cmocka_unit_test(the_backend_is_killed),
		cmocka_unit_test(the_first_begins_without_a_round_trip),
		cmocka_unit_test(killed_before_the_first),
		cmocka_unit_test(the_db_is_closed_first),
	};

	return cmocka_run_group_tests_name("sandbox", tests, set_up, tear_down);
}
