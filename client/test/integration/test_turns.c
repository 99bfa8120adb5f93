/*
 * test_turns.c
 *		Transactions that begin and end without blocking.
 */
#include "polling.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy.h"

enum
{
	PATIENCE = 60000 /* ms */
};

static int
set_up(void **state)
{
	(void) state;
	reset_database("CREATE TABLE item (id int PRIMARY KEY, name text);"
				   "CREATE TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);"
				   "CREATE TABLE slow (id int);"
				   "CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM "
				   "pg_sleep(600); RETURN NULL; END';"
				   "CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED "
				   "FOR EACH ROW EXECUTE FUNCTION be_slow()");
	return 0;
}

static aiodal_db *
open_db(int size)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_db *db;

	options.pool_size = size;
	options.acquire_timeout_ms = PATIENCE;
	options.application_name = "turns";
	OK(aiodal_db_open(&db, NULL, &options, &err));
	return db;
}

static aiodal_tx *
begin(aiodal_db *db)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	OK(polling_begin(&tx, db, NULL, &err));
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
	return tx;
}

static void
exec(aiodal_tx *tx, const char *sql)
{
	aiodal_error *err = NULL;

	OK(aiodal_tx_exec(NULL, tx, sql, 0, NULL, &err));
}

static bool
is_readable(const aiodal_op *op)
{
	struct pollfd fd = {.fd = aiodal_op_fd(op), .events = POLLIN};

	assert_true(fd.fd >= 0);
	return poll(&fd, 1, 0) == 1;
}

/* Starts one that finds no connection free. */
static aiodal_op *
begin_waiting(aiodal_tx **tx, aiodal_db *db)
{
	aiodal_error *err = NULL;
	aiodal_op *op;

	OK(aiodal_tx_begin_start(&op, tx, db, NULL, &err));
	EXPECT(AIODAL_WANT_READ, aiodal_op_poll(op, &err));
	assert_false(is_readable(op));
	return op;
}

static void
expect_pool(aiodal_db *db, int open, int used)
{
	aiodal_db_stats stats = db_stats_of(db);

	assert_int_equal(stats.open, open);
	assert_int_equal(stats.used, used);
	assert_int_equal(stats.waiting, 0);
}

/*
 * What goes well
 */

static void
a_whole_transaction(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(2);
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_op *op;
	aiodal_tx *tx;

	(void) state;
	options.isolation = AIODAL_SERIALIZABLE;
	OK(polling_begin(&tx, db, &options, &err));
	assert_string_equal(query(tx, "SHOW transaction_isolation"), "serializable");
	assert_non_null(aiodal_schema_table(aiodal_tx_schema(tx), NULL, "item"));
	OK(aiodal_tx_exec_script_start(&op, tx, "INSERT INTO item VALUES (1); SELECT 2", &err));
	OK(polling_run(op, AIODAL_OK, &err));
	OK(aiodal_tx_savepoint_start(&op, tx, "a \"b\"", &err));
	OK(polling_run(op, AIODAL_OK, &err));
	exec(tx, "INSERT INTO item VALUES (2)");
	OK(aiodal_tx_rollback_to_start(&op, tx, "a \"b\"", &err));
	OK(polling_run(op, AIODAL_OK, &err));
	OK(aiodal_tx_release_start(&op, tx, "a \"b\"", &err));
	OK(polling_run(op, AIODAL_OK, &err));
	assert_string_equal(query(tx, "SELECT string_agg(id::text, ',') FROM item"), "1");
	OK(polling_commit(tx, &err));
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_COMMITTED);
	aiodal_tx_free(tx);
	tx = begin(db);
	assert_string_equal(query(tx, "SELECT count(*) FROM item"), "1");
	exec(tx, "DELETE FROM item");
	OK(polling_rollback(tx, &err));
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_ROLLED_BACK);
	aiodal_tx_free(tx);
	tx = begin(db);
	assert_string_equal(query(tx, "DELETE FROM item RETURNING id"), "1");
	OK(polling_commit(tx, &err));
	aiodal_tx_free(tx);
	expect_pool(db, 1, 0);
	aiodal_db_close(db);
}

static void
nothing_blocks_in_a_full_pool(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(1);
	aiodal_tx *holder = begin(db);
	aiodal_tx *tx[2];
	aiodal_op *op[2];

	(void) state;
	for (int i = 0; i < 2; i++)
		op[i] = begin_waiting(&tx[i], db);
	assert_int_equal(aiodal_tx_get_state(tx[0]), AIODAL_TX_NOT_BEGUN);
	FAILS(AIODAL_ESTATE, aiodal_tx_exec(NULL, tx[0], "SELECT 1", 0, NULL, &err), "has not begun");
	FAILS(AIODAL_ESTATE, aiodal_tx_commit(tx[0], &err), "has not begun");
	FAILS(AIODAL_ESTATE, aiodal_tx_rollback(tx[0], &err), "has not begun");
	assert_int_equal(db_stats_of(db).waiting, 2);
	aiodal_tx_free(holder);
	/* in their order, and told by the descriptor */
	assert_true(is_readable(op[0]));
	assert_false(is_readable(op[1]));
	for (int i = 0; i < 2; i++)
	{
		OK(polling_run(op[i], AIODAL_OK, &err));
		assert_string_equal(query(tx[i], "SELECT 1"), "1");
		OK(polling_commit(tx[i], &err));
		aiodal_tx_free(tx[i]);
	}
	assert_int_equal(db_stats_of(db).waited, 2);
	expect_pool(db, 1, 0);
	aiodal_db_close(db);
}

static void
sessions_are_reset(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(1);
	aiodal_tx *tx = begin(db);
	aiodal_op *op;

	(void) state;
	exec(tx, "SET statement_timeout = 12345");
	OK(aiodal_tx_commit_start(&op, tx, &err));
	OK(polling_run(op, AIODAL_OK, &err));
	expect_pool(db, 1, 0);
	aiodal_tx_free(tx);
	tx = begin(db);
	assert_string_equal(query(tx, "SHOW statement_timeout"), "0");
	exec(tx, "SET statement_timeout = 12345");
	OK(polling_rollback(tx, &err));
	aiodal_tx_free(tx);
	tx = begin(db);
	assert_string_equal(query(tx, "SHOW statement_timeout"), "0");
	aiodal_tx_free(tx);
	assert_int_equal(db_stats_of(db).opened, 1);
	aiodal_db_close(db);
}

static void
dead_connections_are_replaced(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(3);
	aiodal_tx *tx[3];

	(void) state;
	for (int i = 0; i < 3; i++)
		tx[i] = begin(db);
	for (int i = 0; i < 3; i++)
		aiodal_tx_free(tx[i]);
	run_sql("SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE application_name = 'turns'");
	for (int i = 0; i < 3; i++)
		tx[i] = begin(db);
	for (int i = 0; i < 3; i++)
	{
		assert_string_equal(query(tx[i], "SELECT 1"), "1");
		OK(polling_commit(tx[i], &err));
		aiodal_tx_free(tx[i]);
	}
	assert_int_equal(db_stats_of(db).closed_broken, 3);
	assert_int_equal(db_stats_of(db).opened, 6);
	expect_pool(db, 3, 0);
	aiodal_db_close(db);
}

/*
 * What does not
 */

static void
waiting_has_a_limit(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_tx *holder;
	aiodal_op *op;
	aiodal_op *second;
	aiodal_db *db;
	aiodal_tx *tx;
	aiodal_tx *none;
	int timeout;

	(void) state;
	options.pool_size = 1;
	options.acquire_timeout_ms = 50;
	options.max_waiters = 1;
	options.no_reflect = true;
	OK(aiodal_db_open(&db, NULL, &options, &err));
	holder = begin(db);
	op = begin_waiting(&tx, db);
	FAILS(AIODAL_EBUSY, aiodal_tx_begin_start(&second, &none, db, NULL, &err), "1 callers wait");
	assert_null(second);
	assert_null(none);
	timeout = aiodal_op_timeout(op);
	assert_true(timeout >= 0 && timeout <= 50);
	/* asked again it gives the same again */
	FAILS(AIODAL_ETIMEOUT, aiodal_op_wait(op, PATIENCE, &err), "Held by a caller without label");
	FAILS(AIODAL_ETIMEOUT, aiodal_op_poll(op, &err), "no connection became free in time");
	FAILS(AIODAL_ETIMEOUT, aiodal_op_wait(op, 0, &err), "no connection became free in time");
	assert_int_equal(aiodal_op_timeout(op), 0);
	assert_null(aiodal_op_take_result(op));
	aiodal_op_free(op);
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_NOT_BEGUN);
	aiodal_tx_free(tx);
	assert_int_equal(db_stats_of(db).timeouts, 1);
	assert_int_equal(db_stats_of(db).refused, 1);
	aiodal_tx_free(holder);
	expect_pool(db, 1, 0);
	aiodal_db_close(db);
}

static void
closing_ends_the_wait(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(1);
	aiodal_tx *holder = begin(db);
	aiodal_tx *tx;
	aiodal_op *op = begin_waiting(&tx, db);

	(void) state;
	aiodal_db_close(db);
	assert_true(is_readable(op));
	FAILS(AIODAL_ESTATE, aiodal_op_poll(op, &err), "closed");
	aiodal_op_free(op);
	aiodal_tx_free(tx);
	OK(polling_commit(holder, &err));
	aiodal_tx_free(holder);
}

static void
commits_that_fail(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(1);
	aiodal_tx *tx = begin(db);
	aiodal_op *op;

	(void) state;
	exec(tx, "INSERT INTO late VALUES (1), (1)");
	OK(aiodal_tx_commit_start(&op, tx, &err));
	FAILS(AIODAL_ECONSTRAINT, aiodal_op_wait(op, -1, &err), "late_id_key");
	FAILS(AIODAL_ECONSTRAINT, aiodal_op_poll(op, &err), "late_id_key");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_ROLLED_BACK);
	aiodal_op_free(op);
	aiodal_tx_free(tx);

	tx = begin(db);
	EXPECT(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT 1 / 0", 0, NULL, &err));
	aiodal_error_free(err);
	err = NULL;
	OK(aiodal_tx_commit_start(&op, tx, &err));
	FAILS(AIODAL_ESTATE, polling_run(op, AIODAL_OK, &err), "rolled back instead");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_ROLLED_BACK);
	FAILS(AIODAL_ESTATE, aiodal_tx_commit_start(&op, tx, &err), "rolled back already");
	assert_null(op);
	aiodal_tx_free(tx);
	expect_pool(db, 1, 0);
	assert_int_equal(db_stats_of(db).opened, 1);
	aiodal_db_close(db);
}

static void
lost_amid_a_commit(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(1);
	aiodal_tx *tx = begin(db);
	aiodal_op *op;

	(void) state;
	exec(tx, "INSERT INTO slow VALUES (1)");
	OK(aiodal_tx_commit_start(&op, tx, &err));
	run_sql("SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE application_name = 'turns'");
	EXPECT(AIODAL_ECONN, aiodal_op_wait(op, PATIENCE, &err));
	assert_string_equal(aiodal_error_sqlstate(err), "08007");
	aiodal_error_free(err);
	err = NULL;
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_IN_DOUBT);
	aiodal_op_free(op);
	aiodal_tx_free(tx);
	expect_pool(db, 0, 0);

	tx = begin(db);
	exec(tx, "SELECT 1");
	run_sql("SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE application_name = 'turns'");
	OK(aiodal_tx_rollback_start(&op, tx, &err));
	EXPECT(AIODAL_ECONN, polling_run(op, AIODAL_OK, &err));
	aiodal_error_free(err);
	err = NULL;
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_LOST);
	FAILS(AIODAL_ECONN, aiodal_tx_rollback_start(&op, tx, &err), "was lost");
	assert_null(op);
	aiodal_tx_free(tx);
	expect_pool(db, 0, 0);
	aiodal_db_close(db);
}

static void
one_at_a_time(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(1);
	aiodal_op *begun;
	aiodal_op *op;
	aiodal_op *none;
	aiodal_tx *tx;

	(void) state;
	FAILS(AIODAL_EINVAL, aiodal_tx_begin_start(NULL, &tx, db, NULL, &err), "op must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_tx_begin_start(&op, NULL, db, NULL, &err), "tx must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_tx_begin_start(&op, &tx, NULL, NULL, &err), "db must not be NULL");
	assert_null(op);
	assert_null(tx);
	OK(aiodal_tx_begin_start(&begun, &tx, db, NULL, &err));
	OK(aiodal_op_wait(begun, -1, &err));
	/* its handle is not free */
	FAILS(AIODAL_EBUSY, aiodal_tx_commit_start(&op, tx, &err), "free it first");
	FAILS(AIODAL_EBUSY, aiodal_tx_rollback(tx, &err), "free it first");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
	aiodal_op_free(begun);
	FAILS(AIODAL_EINVAL, aiodal_tx_commit_start(NULL, tx, &err), "op must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_tx_rollback_start(NULL, tx, &err), "op must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_tx_commit_start(&op, NULL, &err), "tx must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_tx_savepoint_start(&op, tx, NULL, &err), "must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_tx_exec_script_start(&op, tx, NULL, &err), "sql must not be NULL");
	OK(aiodal_tx_exec_start(&op, tx, "SELECT 1", 0, NULL, &err));
	FAILS(AIODAL_EBUSY, aiodal_tx_commit_start(&none, tx, &err), "another operation is running");
	FAILS(AIODAL_EBUSY, aiodal_tx_rollback_start(&none, tx, &err), "another operation is running");
	OK(polling_run(op, AIODAL_OK, &err));
	OK(aiodal_tx_commit_start(&op, tx, &err));
	FAILS(AIODAL_EBUSY, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "another operation is running");
	OK(polling_run(op, AIODAL_OK, &err));
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

static void
a_deadline_holds(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(1);
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_tx *holder;
	aiodal_tx *tx;
	aiodal_op *op;

	(void) state;
	options.timeout_ms = 50;
	OK(polling_begin(&tx, db, &options, &err));
	exec(tx, "INSERT INTO slow VALUES (1)");
	OK(aiodal_tx_commit_start(&op, tx, &err));
	FAILS(AIODAL_ETIMEOUT, polling_run(op, AIODAL_OK, &err), "deadline");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_ROLLED_BACK);
	aiodal_tx_free(tx);
	/* in the queue, too */
	holder = begin(db);
	OK(aiodal_tx_begin_start(&op, &tx, db, &options, &err));
	FAILS(AIODAL_ETIMEOUT, polling_run(op, AIODAL_OK, &err), "no connection became free");
	aiodal_tx_free(tx);
	aiodal_tx_free(holder);
	aiodal_db_close(db);
}

/*
 * Breaking off
 */

typedef struct canceller
{
	aiodal_db *db;
	aiodal_op *op;
	const char *when; /* the server runs this */
} canceller;

static void *
cancel_from_elsewhere(void *payload)
{
	canceller *c = payload;

	if (c->when)
		run_sql(c->when);
	aiodal_op_cancel(c->op);
	return NULL;
}

/* Waits for op while another thread cancels it. */
static void
expect_cancelled(aiodal_op *op, const char *when)
{
	canceller c = {NULL, op, when};
	aiodal_error *err = NULL;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, cancel_from_elsewhere, &c), 0);
	EXPECT(AIODAL_ECANCELED, aiodal_op_wait(op, PATIENCE, &err));
	aiodal_error_free(err);
	assert_int_equal(pthread_join(thread, NULL), 0);
	aiodal_op_free(op);
}

#define COMMITS_SLOWLY                                                                                  \
	"DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE " \
	"'COMMIT%' AND wait_event = 'PgSleep') LOOP PERFORM pg_sleep(0.01), pg_stat_clear_snapshot(); END " \
	"LOOP; "                                                                                            \
	"END $$"

static void
cancelled_at_each_stage(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(1);
	aiodal_tx *holder = begin(db);
	aiodal_tx *tx;

	(void) state;
	expect_cancelled(begin_waiting(&tx, db), NULL);
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_NOT_BEGUN);
	aiodal_tx_free(tx);
	aiodal_tx_free(holder);
	tx = begin(db);
	exec(tx, "INSERT INTO slow VALUES (1)");
	{
		aiodal_op *op;

		OK(aiodal_tx_commit_start(&op, tx, &err));
		expect_cancelled(op, COMMITS_SLOWLY);
	}
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_ROLLED_BACK);
	aiodal_tx_free(tx);
	OK(aiodal_db_ping(db, &err));
	expect_pool(db, 1, 0);
	assert_int_equal(db_stats_of(db).opened, 1);
	aiodal_db_close(db);
}

/* A db of two connections: one is in use, and who would make the other gets no answer. */
static aiodal_db *
open_unanswered(proxy *p, aiodal_tx **holder)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_error *err = NULL;
	char conninfo[100];
	aiodal_db *db;

	proxy_start(p);
	(void) snprintf(conninfo, sizeof(conninfo), "host=127.0.0.1 port=%d sslmode=disable gssencmode=disable",
					p->port);
	options.pool_size = 2;
	options.no_reflect = true;
	OK(aiodal_db_open(&db, conninfo, &options, &err));
	OK(polling_begin(holder, db, NULL, &err));
	proxy_close_door(p);
	return db;
}

static void
broken_off_while_connecting(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *holder;
	proxy p;
	aiodal_db *db = open_unanswered(&p, &holder);
	aiodal_tx *tx;
	aiodal_op *op;

	(void) state;
	OK(aiodal_tx_begin_start(&op, &tx, db, NULL, &err));
	assert_true(aiodal_op_poll(op, &err) > 0);
	assert_true(aiodal_op_fd(op) >= 0);
	assert_int_equal(db_stats_of(db).open, 2);
	/* a connection that is being made cannot be told: it is looked at now and then */
	expect_cancelled(op, NULL);
	assert_int_equal(db_stats_of(db).open, 1);
	aiodal_tx_free(tx);
	OK(aiodal_tx_begin_start(&op, &tx, db, NULL, &err));
	aiodal_op_free(op);
	aiodal_tx_free(tx);
	assert_int_equal(db_stats_of(db).open, 1);
	aiodal_tx_free(holder);
	aiodal_db_close(db);
	proxy_stop(&p);
}

static void
freed_at_each_stage(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(1);
	aiodal_tx *holder = begin(db);
	aiodal_tx *tx;
	aiodal_op *op = begin_waiting(&tx, db);

	(void) state;
	/* in the queue */
	aiodal_op_free(op);
	assert_int_equal(db_stats_of(db).waiting, 0);
	aiodal_tx_free(tx);
	/* served, and not looked at yet: the next one gets it */
	op = begin_waiting(&tx, db);
	aiodal_tx_free(holder);
	assert_int_equal(db_stats_of(db).used, 1);
	aiodal_op_free(op);
	aiodal_tx_free(tx);
	expect_pool(db, 1, 0);
	/* the command is on its way; the transaction frees what was not freed */
	OK(aiodal_tx_begin_start(&op, &tx, db, NULL, &err));
	aiodal_tx_free(tx);
	assert_int_equal(db_stats_of(db).used, 0);
	/* amid a commit */
	tx = begin(db);
	exec(tx, "INSERT INTO slow VALUES (1)");
	OK(aiodal_tx_commit_start(&op, tx, &err));
	run_sql(COMMITS_SLOWLY);
	aiodal_op_free(op);
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_ROLLED_BACK);
	aiodal_tx_free(tx);
	/* amid a rollback */
	tx = begin(db);
	OK(aiodal_tx_rollback_start(&op, tx, &err));
	aiodal_op_free(op);
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_ROLLED_BACK);
	aiodal_tx_free(tx);
	/* amid a reset */
	tx = begin(db);
	exec(tx, "SET statement_timeout = 12345");
	OK(aiodal_tx_commit_start(&op, tx, &err));
	while (aiodal_tx_get_state(tx) != AIODAL_TX_COMMITTED)
	{
		aiodal_status want = aiodal_op_poll(op, &err);

		if (want == AIODAL_OK)
			break;
		assert_true(want > 0);
		if (aiodal_tx_get_state(tx) != AIODAL_TX_COMMITTED)
			polling_wait(op, want);
	}
	aiodal_op_free(op);
	aiodal_tx_free(tx);
	expect_pool(db, 1, 0);
	tx = begin(db);
	assert_string_equal(query(tx, "SHOW statement_timeout"), "0");
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

static void
in_a_sandbox(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(1);
	aiodal_tx *tx;
	aiodal_op *op;

	(void) state;
	OK(aiodal_db_sandbox_begin(db, &err));
	OK(aiodal_tx_begin_start(&op, &tx, db, NULL, &err));
	OK(aiodal_op_poll(op, &err));
	aiodal_op_free(op);
	exec(tx, "INSERT INTO item VALUES (7)");
	OK(polling_commit(tx, &err));
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_COMMITTED);
	aiodal_tx_free(tx);
	tx = begin(db);
	assert_string_equal(query(tx, "DELETE FROM item RETURNING id"), "7");
	OK(polling_rollback(tx, &err));
	aiodal_tx_free(tx);
	tx = begin(db);
	exec(tx, "INSERT INTO late VALUES (1), (1)");
	FAILS(AIODAL_ECONSTRAINT, polling_commit(tx, &err), "late_id_key");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_ROLLED_BACK);
	aiodal_tx_free(tx);
	tx = begin(db);
	assert_string_equal(query(tx, "SELECT count(*) FROM item"), "1");
	aiodal_tx_free(tx);
	OK(aiodal_db_sandbox_end(db, &err));
	aiodal_db_close(db);
}

static void
the_child_of_a_fork_frees(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(2);
	aiodal_tx *holder = begin(db);
	aiodal_tx *beginning;
	aiodal_tx *waiting;
	aiodal_op *op;
	aiodal_op *queued;
	int status;
	pid_t child;

	(void) state;
	OK(aiodal_tx_begin_start(&op, &beginning, db, NULL, &err));
	queued = begin_waiting(&waiting, db);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
	{
		aiodal_tx_free(waiting);
		aiodal_tx_free(beginning);
		aiodal_tx_free(holder);
		aiodal_db_close(db);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	OK(polling_run(op, AIODAL_OK, &err));
	assert_string_equal(query(beginning, "SELECT 1"), "1");
	OK(polling_commit(beginning, &err));
	aiodal_tx_free(beginning);
	OK(polling_run(queued, AIODAL_OK, &err));
	aiodal_tx_free(waiting);
	assert_string_equal(query(holder, "SELECT 1"), "1");
	aiodal_tx_free(holder);
	aiodal_db_close(db);
}

/*
 * All of it at once
 */

enum
{
	THREADS = 8,
	ROUNDS = 100
};

typedef struct stage
{
	pthread_mutex_t lock;
	aiodal_op *running[THREADS]; /* under the lock: those that can be cancelled */
	bool over;
	aiodal_db *db;
} stage;

typedef struct actor
{
	stage *stage;
	int number;
	int begun;
	int committed;
	int cancelled;
	aiodal_status unexpected;
} actor;

static void
show(actor *a, aiodal_op *op)
{
	(void) pthread_mutex_lock(&a->stage->lock);
	a->stage->running[a->number] = op;
	(void) pthread_mutex_unlock(&a->stage->lock);
}

/* Polls it where others can cancel it. */
static aiodal_status
run_on_stage(actor *a, aiodal_op *op, aiodal_status started)
{
	aiodal_status status = started;

	if (started != AIODAL_OK)
		return status;
	show(a, op);
	while ((status = aiodal_op_poll(op, NULL)) > 0)
	{
		struct pollfd fd = {.fd = aiodal_op_fd(op), .events = POLLIN};

		(void) poll(&fd, 1, aiodal_op_timeout(op));
	}
	show(a, NULL);
	aiodal_op_free(op);
	if (status == AIODAL_ECANCELED)
		a->cancelled++;
	else if (status != AIODAL_OK)
		a->unexpected = status;
	return status;
}

static void *
act(void *payload)
{
	actor *a = payload;

	for (int i = 0; i < ROUNDS; i++)
	{
		aiodal_status status;
		aiodal_op *op;
		aiodal_tx *tx;

		status = aiodal_tx_begin_start(&op, &tx, a->stage->db, NULL, NULL);
		if (run_on_stage(a, op, status) == AIODAL_OK)
		{
			a->begun++;
			status = aiodal_tx_commit_start(&op, tx, NULL);
			a->committed += run_on_stage(a, op, status) == AIODAL_OK;
		}
		aiodal_tx_free(tx);
	}
	return NULL;
}

static void *
cancel_at_random(void *payload)
{
	stage *s = payload;
	unsigned int seed = 1;
	bool over = false;

	while (!over)
	{
		aiodal_op *op;

		(void) pthread_mutex_lock(&s->lock);
		op = s->running[rand_r(&seed) % THREADS];
		if (op && rand_r(&seed) % 4 == 0)
			aiodal_op_cancel(op);
		over = s->over;
		(void) pthread_mutex_unlock(&s->lock);
		(void) usleep(200);
	}
	return NULL;
}

static void
cancelled_at_random(void **state)
{
	stage s = {.lock = PTHREAD_MUTEX_INITIALIZER, .db = open_db(3)};
	actor actors[THREADS];
	pthread_t threads[THREADS];
	pthread_t director;
	aiodal_error *err = NULL;
	int begun = 0;

	(void) state;
	assert_int_equal(pthread_create(&director, NULL, cancel_at_random, &s), 0);
	for (int i = 0; i < THREADS; i++)
	{
		actors[i] = (actor){.stage = &s, .number = i};
		assert_int_equal(pthread_create(&threads[i], NULL, act, &actors[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
	{
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(actors[i].unexpected, AIODAL_OK);
		begun += actors[i].begun;
	}
	(void) pthread_mutex_lock(&s.lock);
	s.over = true;
	(void) pthread_mutex_unlock(&s.lock);
	assert_int_equal(pthread_join(director, NULL), 0);
	assert_true(begun > 0);
	/* nothing is lost or held */
	assert_int_equal(db_stats_of(s.db).used, 0);
	assert_int_equal(db_stats_of(s.db).waiting, 0);
	assert_true(db_stats_of(s.db).open <= 3);
	OK(aiodal_db_ping(s.db, &err));
	aiodal_db_close(s.db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_transaction),
		cmocka_unit_test(nothing_blocks_in_a_full_pool),
		cmocka_unit_test(sessions_are_reset),
		cmocka_unit_test(dead_connections_are_replaced),
		cmocka_unit_test(waiting_has_a_limit),
		cmocka_unit_test(closing_ends_the_wait),
		cmocka_unit_test(commits_that_fail),
		cmocka_unit_test(lost_amid_a_commit),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(a_deadline_holds),
		cmocka_unit_test(cancelled_at_each_stage),
		cmocka_unit_test(freed_at_each_stage),
		cmocka_unit_test(broken_off_while_connecting),
		cmocka_unit_test(in_a_sandbox),
		cmocka_unit_test(the_child_of_a_fork_frees),
		cmocka_unit_test(cancelled_at_random),
	};

	return cmocka_run_group_tests_name("turns", tests, set_up, NULL);
}
