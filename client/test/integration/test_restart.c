/*
 * test_restart.c
 *		A server that is restarted under an engine at work: as by "pg_ctl restart" in its modes fast, where
 *		sessions are told the reason, and immediate, where they may not be.
 */
#include "support.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

enum
{
	POOL = 3,
	PATIENCE = 60000 /* ms */
};

static aiodal_test_server *server;

/* Of the test that runs; its state. */
typedef enum mode
{
	FAST = SIGINT,
	IMMEDIATE = SIGQUIT
} mode;

static mode modes[] = {FAST, IMMEDIATE};

static mode
mode_of(void **state)
{
	return *(const mode *) *state;
}

/* Until the process is gone, and with it its socket. */
static void
stop_server(mode how)
{
	pid_t pid = aiodal_test_server_pid(server);

	assert_int_equal(kill(pid, (int) how), 0);
	for (int i = 0; i < PATIENCE && kill(pid, 0) == 0; i++)
		(void) usleep(1000);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void
restart_server(mode how)
{
	aiodal_error *err = NULL;

	stop_server(how);
	OK(aiodal_test_server_restart(server, &err));
}

static int
set_up(void **state)
{
	aiodal_test_server_options options = AIODAL_TEST_SERVER_OPTIONS_INIT;
	aiodal_error *err = NULL;

	(void) state;
	/* what was committed is still there after a crash */
	options.settings = "synchronous_commit = on";
	OK(aiodal_test_server_start(&server, &options, &err));
	OK(aiodal_test_create_extension(aiodal_test_server_url(server), &err));
	/* for run_sql() */
	assert_int_equal(setenv("PGHOST", aiodal_test_server_socket_dir(server), 1), 0);
	assert_int_equal(setenv("PGPORT", "5432", 1), 0);
	assert_int_equal(setenv("PGUSER", "postgres", 1), 0);
	assert_int_equal(setenv("PGDATABASE", "postgres", 1), 0);
	run_sql("CREATE TABLE item (id int PRIMARY KEY, name text); SELECT aiodal.watch();"
			"CREATE TABLE slow (id int);"
			"CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); "
			"RETURN NULL; END';"
			"CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED "
			"FOR EACH ROW EXECUTE FUNCTION be_slow()");
	return 0;
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_test_server_stop(server);
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
	options.prepare_after = 1;
	options.no_reflect = true;
	OK(aiodal_db_open(&db, NULL, &options, &err));
	return db;
}

/* So many connections are open, so many of them idle, and the others used. */
static void
expect_pool(aiodal_db *db, int open, int idle)
{
	aiodal_db_stats stats = db_stats_of(db);

	assert_int_equal(stats.open, open);
	assert_int_equal(stats.idle, idle);
	assert_int_equal(stats.used, open - idle);
	assert_int_equal(stats.ending, 0);
	assert_int_equal(stats.waiting, 0);
}

/* Until the server runs one with these words; the query may not have them. */
static void
wait_for_statement(const char *words)
{
	char sql[500];

	(void) snprintf(sql, sizeof(sql),
					"DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE state = 'active' AND "
					"query LIKE '%s' AND pid <> pg_backend_pid()) LOOP PERFORM pg_sleep(0.01), "
					"pg_stat_clear_snapshot(); END LOOP; END $$",
					words);
	run_sql(sql);
}

/*
 * Idle connections
 */

static void
use_all(aiodal_db *db)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx[POOL];
	static const char *const one = "1";

	for (int i = 0; i < POOL; i++)
		tx[i] = begin_in(db);
	for (int i = 0; i < POOL; i++)
		OK(aiodal_tx_exec(NULL, tx[i], "SELECT count(*) FROM item WHERE id = $1", 1, &one, &err));
	for (int i = 0; i < POOL; i++)
	{
		OK(aiodal_tx_commit(tx[i], &err));
		aiodal_tx_free(tx[i]);
	}
}

static void
idle_connections_are_replaced(void **state)
{
	aiodal_db *db = open_db(POOL);
	aiodal_db_stats before;
	aiodal_db_stats after;

	use_all(db);
	use_all(db);
	before = db_stats_of(db);
	assert_int_equal(before.opened, POOL);
	assert_int_equal(before.statements_prepared, POOL);
	restart_server(mode_of(state));
	/* nobody knows yet */
	expect_pool(db, POOL, POOL);
	use_all(db);
	after = db_stats_of(db);
	expect_pool(db, POOL, POOL);
	assert_int_equal(after.opened, 2 * POOL);
	assert_int_equal(after.closed_broken, before.closed_broken + POOL);
	/* what was prepared went with them, and nobody took it for something that is still there */
	assert_int_equal(after.statements_prepared, 2 * POOL);
	assert_int_equal(after.statements_stale, 0);
	aiodal_db_close(db);
}

static void
a_server_that_is_away_is_an_error_until_it_is_back(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(POOL);
	aiodal_tx *tx;

	use_all(db);
	stop_server(mode_of(state));
	FAILS(AIODAL_ECONN, aiodal_tx_begin(&tx, db, NULL, &err), "No such file");
	assert_null(tx);
	/* the first of the dead ones is gone, or all */
	assert_int_equal(db_stats_of(db).used, 0);
	assert_true(db_stats_of(db).open < POOL);
	FAILS(AIODAL_ECONN, aiodal_db_ping(db, &err), "No such file");
	OK(aiodal_test_server_restart(server, &err));
	use_all(db);
	expect_pool(db, POOL, POOL);
	assert_int_equal(db_stats_of(db).opened, 2 * POOL);
	assert_int_equal(db_stats_of(db).closed_broken, POOL);
	aiodal_db_close(db);
}

/*
 * Transactions
 */

static void
an_open_transaction_is_lost(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(POOL);
	aiodal_tx *tx = begin_in(db);

	OK(aiodal_tx_exec(NULL, tx, "INSERT INTO item VALUES (1, 'lost')", 0, NULL, &err));
	restart_server(mode_of(state));
	EXPECT(AIODAL_ECONN, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err));
	aiodal_error_free(err);
	err = NULL;
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_LOST);
	FAILS(AIODAL_ECONN, aiodal_tx_savepoint(tx, "s", &err), "was lost");
	FAILS(AIODAL_ECONN, aiodal_tx_commit(tx, &err), "was lost");
	FAILS(AIODAL_ECONN, aiodal_tx_rollback(tx, &err), "was lost");
	expect_pool(db, 0, 0);
	aiodal_tx_free(tx);
	tx = begin_in(db);
	assert_string_equal(query(tx, "SELECT count(*) FROM item"), "0");
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

static void
a_running_statement_is_ended(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(POOL);
	aiodal_tx *tx = begin_in(db);
	aiodal_op *op;

	OK(aiodal_tx_exec_start(&op, tx, "SELECT pg_sleep(600)", 0, NULL, &err));
	wait_for_statement("SELECT pg_sleep(6%");
	restart_server(mode_of(state));
	EXPECT(AIODAL_ECONN, aiodal_op_wait(op, PATIENCE, &err));
	/* the words differ, and so does whether they arrive */
	if (mode_of(state) == FAST)
		assert_string_equal(aiodal_error_sqlstate(err), "57P01");
	aiodal_error_free(err);
	err = NULL;
	assert_null(aiodal_op_take_result(op));
	aiodal_op_free(op);
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_LOST);
	aiodal_tx_free(tx);
	assert_int_equal(db_stats_of(db).closed_broken, 1);
	OK(aiodal_db_ping(db, &err));
	expect_pool(db, 1, 1);
	aiodal_db_close(db);
}

typedef struct source
{
	mode how;
	int rows;
} source;

static ptrdiff_t
restart_amid_rows(void *payload, char *buf, size_t size, aiodal_error **err)
{
	source *s = payload;

	(void) err;
	if (s->rows == 1000)
		restart_server(s->how);
	s->rows++;
	return snprintf(buf, size, "%d,name\n", s->rows);
}

static void
a_load_is_undone(void **state)
{
	aiodal_load_options load = AIODAL_LOAD_OPTIONS_INIT;
	source rows = {mode_of(state), 0};
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(POOL);
	aiodal_tx *tx = begin_in(db);

	load.table = "item";
	load.layout.header = AIODAL_HEADER_NO;
	EXPECT(AIODAL_ECONN, aiodal_bulk_load(NULL, tx, &load, restart_amid_rows, &rows, &err));
	aiodal_error_free(err);
	assert_true(rows.rows > 1000);
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_LOST);
	aiodal_tx_free(tx);
	tx = begin_in(db);
	assert_string_equal(query(tx, "SELECT count(*) FROM item"), "0");
	aiodal_tx_free(tx);
	expect_pool(db, 1, 1);
	aiodal_db_close(db);
}

typedef struct attempts
{
	mode how;
	int n;
	bool restart;
} attempts;

static aiodal_status
restart_once(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	attempts *a = payload;
	aiodal_status status =
		aiodal_tx_exec(NULL, tx, "INSERT INTO item VALUES (1, 'by transact')", 0, NULL, err);

	a->n++;
	if (status == AIODAL_OK && a->restart)
	{
		a->restart = false;
		restart_server(a->how);
		status = aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, err);
	}
	return status;
}

static void
transact_does_not_guess(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(POOL);
	attempts a = {mode_of(state), 0, true};

	/* a lost connection is no reason to run it again: what it did besides may not stand that */
	EXPECT(AIODAL_ECONN, aiodal_db_transact(db, NULL, restart_once, &a, &err));
	aiodal_error_free(err);
	err = NULL;
	assert_int_equal(a.n, 1);
	expect_pool(db, 0, 0);
	OK(aiodal_db_transact(db, NULL, restart_once, &a, &err));
	assert_int_equal(a.n, 2);
	expect_pool(db, 1, 1);
	run_sql("DELETE FROM item");
	aiodal_db_close(db);
}

typedef struct committing
{
	aiodal_db *db;
	int attempts;
	aiodal_status status;
	char sqlstate[6];
} committing;

static aiodal_status
insert_slow(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	committing *c = payload;

	c->attempts++;
	return aiodal_tx_exec(NULL, tx, "INSERT INTO slow VALUES (1)", 0, NULL, err);
}

static void *
commit_slowly(void *payload)
{
	committing *c = payload;
	aiodal_error *err = NULL;

	c->status = aiodal_db_transact(c->db, NULL, insert_slow, c, &err);
	(void) snprintf(c->sqlstate, sizeof(c->sqlstate), "%s", aiodal_error_sqlstate(err));
	aiodal_error_free(err);
	return NULL;
}

static void
a_commit_is_in_doubt(void **state)
{
	committing c = {.db = open_db(POOL)};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, commit_slowly, &c), 0);
	wait_for_statement("COMMIT%");
	restart_server(mode_of(state));
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(c.status, AIODAL_ECONN);
	assert_string_equal(c.sqlstate, "08007");
	assert_int_equal(c.attempts, 1);
	expect_pool(c.db, 0, 0);
	assert_int_equal(db_stats_of(c.db).closed_broken, 1);
	aiodal_db_close(c.db);
}

/*
 * Those who wait
 */

typedef struct waiting
{
	aiodal_db *db;
	aiodal_status status;
	pthread_t thread;
} waiting;

static void *
wait_in_line(void *payload)
{
	waiting *w = payload;
	aiodal_tx *tx;

	w->status = aiodal_tx_begin(&tx, w->db, NULL, NULL);
	aiodal_tx_free(tx);
	return NULL;
}

static void
start_waiting(waiting *w, aiodal_db *db, int n)
{
	w->db = db;
	assert_int_equal(pthread_create(&w->thread, NULL, wait_in_line, w), 0);
	for (int i = 0; i < PATIENCE && db_stats_of(db).waiting != n; i++)
		(void) usleep(1000);
	assert_int_equal(db_stats_of(db).waiting, n);
}

static void
who_waits_gets_a_new_connection(void **state)
{
	aiodal_db *db = open_db(1);
	aiodal_tx *tx = begin_in(db);
	waiting w[2];

	start_waiting(&w[0], db, 1);
	start_waiting(&w[1], db, 2);
	restart_server(mode_of(state));
	/* they are not to be woken by that */
	assert_int_equal(db_stats_of(db).waiting, 2);
	aiodal_tx_free(tx);
	for (int i = 0; i < 2; i++)
	{
		assert_int_equal(pthread_join(w[i].thread, NULL), 0);
		assert_int_equal(w[i].status, AIODAL_OK);
	}
	expect_pool(db, 1, 1);
	assert_int_equal(db_stats_of(db).opened, 2);
	assert_int_equal(db_stats_of(db).waited, 2);
	assert_int_equal(db_stats_of(db).timeouts, 0);
	assert_int_equal(db_stats_of(db).closed_broken, 1);
	aiodal_db_close(db);
}

static void
who_waits_is_told_that_it_is_away(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(1);
	aiodal_tx *tx = begin_in(db);
	waiting w[2];

	start_waiting(&w[0], db, 1);
	start_waiting(&w[1], db, 2);
	stop_server(mode_of(state));
	aiodal_tx_free(tx);
	/* one after the other, each by an attempt of its own, and not after acquire_timeout_ms */
	for (int i = 0; i < 2; i++)
	{
		assert_int_equal(pthread_join(w[i].thread, NULL), 0);
		assert_int_equal(w[i].status, AIODAL_ECONN);
	}
	expect_pool(db, 0, 0);
	OK(aiodal_test_server_restart(server, &err));
	OK(aiodal_db_ping(db, &err));
	expect_pool(db, 1, 1);
	aiodal_db_close(db);
}

/*
 * Those who listen
 */

/* Errors until it is back. */
static void
hear_of_return(aiodal_listener *listener)
{
	const aiodal_notification *n;
	aiodal_error *err = NULL;
	aiodal_status status;
	int lost = 0;

	while ((status = aiodal_listener_wait(listener, &n, PATIENCE, &err)) == AIODAL_ECONN)
	{
		aiodal_error_free(err);
		err = NULL;
		lost++;
	}
	OK(status);
	assert_null(n->channel);
	assert_true(lost > 0);
}

static void
listeners_come_back(void **state)
{
	static const char *const channel = "news";
	const aiodal_notification *n;
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(POOL);
	aiodal_listener *listener;

	OK(aiodal_listen(&listener, db, &channel, 1, &err));
	restart_server(mode_of(state));
	hear_of_return(listener);
	run_sql("NOTIFY news, 'after'");
	OK(aiodal_listener_wait(listener, &n, PATIENCE, &err));
	assert_string_equal(n->channel, "news");
	assert_string_equal(n->payload, "after");
	aiodal_listener_free(listener);
	/* its connection was none of the pool's */
	assert_int_equal(db_stats_of(db).opened, 1);
	aiodal_db_close(db);
}

typedef struct told
{
	int lost; /* atomic, both */
	int other_errors;
} told;

static void
note(void *payload, const aiodal_schema *schema, const aiodal_error *err)
{
	told *t = payload;

	(void) schema;
	if (err)
		(void) __atomic_add_fetch(aiodal_error_status(err) == AIODAL_ECONN ? &t->lost : &t->other_errors, 1,
								  __ATOMIC_SEQ_CST);
}

/* Until the current snapshot has the table. */
static void
wait_for_table(aiodal_db *db, const char *name)
{
	bool found = false;

	for (int i = 0; i < PATIENCE && !found; i++)
	{
		aiodal_schema *schema = aiodal_db_schema(db);

		found = aiodal_schema_table(schema, NULL, name) != NULL;
		aiodal_schema_unref(schema);
		(void) usleep(1000);
	}
	assert_true(found);
}

static void
snapshots_follow_again(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_error *err = NULL;
	told t = {0, 0};
	aiodal_db *db;

	options.watch = true;
	options.schema_changed = note;
	options.schema_changed_payload = &t;
	OK(aiodal_db_open(&db, NULL, &options, &err));
	/* it listens */
	run_sql("CREATE TABLE before_it (id int)");
	wait_for_table(db, "before_it");
	restart_server(mode_of(state));
	/* heard of or not: it may not be back yet, and looks when it is */
	run_sql("CREATE TABLE behind_it (id int)");
	wait_for_table(db, "behind_it");
	assert_true(__atomic_load_n(&t.lost, __ATOMIC_SEQ_CST) > 0);
	assert_int_equal(__atomic_load_n(&t.other_errors, __ATOMIC_SEQ_CST), 0);
	aiodal_db_close(db);
	run_sql("DROP TABLE before_it, behind_it");
}

#define FAST_ONE(test)                               \
	{                                                \
#test " (fast)", test, NULL, NULL, &modes[0] \
	}
#define IMMEDIATE_ONE(test)                               \
	{                                                     \
#test " (immediate)", test, NULL, NULL, &modes[1] \
	}
#define BOTH(test) FAST_ONE(test), IMMEDIATE_ONE(test)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(idle_connections_are_replaced),
		BOTH(a_server_that_is_away_is_an_error_until_it_is_back),
		BOTH(an_open_transaction_is_lost),
		BOTH(a_running_statement_is_ended),
		BOTH(a_load_is_undone),
		BOTH(transact_does_not_guess),
		BOTH(a_commit_is_in_doubt),
		BOTH(who_waits_gets_a_new_connection),
		BOTH(who_waits_is_told_that_it_is_away),
		BOTH(listeners_come_back),
		BOTH(snapshots_follow_again),
	};

	return cmocka_run_group_tests_name("restart", tests, set_up, tear_down);
}
