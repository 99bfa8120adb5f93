/*
 * test_pool.c
 *		The pool: who gets a connection, when one is closed, what is told of it.
 *
 * Linked with the static library, for its clock: hours pass in no time.
 */
#include "support.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy.h"
#include "util/clock.h"

#define HOUR_MS 3600000

static int64_t skipped; /* milliseconds that have passed on the fake clock alone */

static int64_t
fake_clock(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000 + __atomic_load_n(&skipped, __ATOMIC_RELAXED);
}

static void
pass(int64_t ms)
{
	(void) __atomic_add_fetch(&skipped, ms, __ATOMIC_RELAXED);
}

static int
set_up(void **state)
{
	(void) state;
	reset_database(BOOKS);
	aiodal__clock = fake_clock;
	return 0;
}

static aiodal_db_options
small_pool(int size)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	options.no_reflect = true;
	options.pool_size = size;
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

static aiodal_tx *
begin_as(aiodal_db *db, const char *owner)
{
	aiodal_error *err = NULL;
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_tx *tx;

	options.owner = owner;
	OK(aiodal_tx_begin(&tx, db, &options, &err));
	return tx;
}

static void
wait_for_waiters(aiodal_db *db, int n)
{
	for (int i = 0; i < 3000 && db_stats_of(db).waiting != n; i++)
		(void) usleep(10000);
	assert_int_equal(db_stats_of(db).waiting, n);
}

static int
backend_of(aiodal_tx *tx)
{
	return (int) strtol(query(tx, "SELECT pg_backend_pid()"), NULL, 10);
}

static void
overflow_is_closed(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = small_pool(1);
	aiodal_db *db;
	aiodal_tx *tx[2];
	aiodal_tx *third;

	(void) state;
	options.max_overflow = 1;
	options.acquire_timeout_ms = 1000; /* for connecting, too */
	db = open_db(&options);
	tx[0] = begin_as(db, NULL);
	tx[1] = begin_as(db, NULL);
	assert_int_equal(db_stats_of(db).open, 2);
	FAILS(AIODAL_ETIMEOUT, aiodal_tx_begin(&third, db, NULL, &err), "all 2 are in use");
	aiodal_tx_free(tx[0]);
	assert_int_equal(db_stats_of(db).open, 1);
	aiodal_tx_free(tx[1]);
	assert_int_equal(db_stats_of(db).open, 1);
	assert_int_equal(db_stats_of(db).idle, 1);
	aiodal_db_close(db);
}

typedef struct queued
{
	aiodal_db *db;
	int *turn;
	int number; /* its place in the order in which they were served */
	aiodal_status status;
} queued;

static void *
queue_up(void *payload)
{
	queued *q = payload;
	aiodal_tx *tx;

	q->status = aiodal_tx_begin(&tx, q->db, NULL, NULL);
	if (q->status == AIODAL_OK)
		q->number = __atomic_add_fetch(q->turn, 1, __ATOMIC_RELAXED);
	aiodal_tx_free(tx);
	return NULL;
}

enum
{
	WAITERS = 5
};

/* Starts threads that wait, one behind the other. */
static void
start_waiters(aiodal_db *db, pthread_t *threads, queued *q, int *turn)
{
	for (int i = 0; i < WAITERS; i++)
	{
		q[i] = (queued){db, turn, 0, AIODAL_OK};
		assert_int_equal(pthread_create(&threads[i], NULL, queue_up, &q[i]), 0);
		wait_for_waiters(db, i + 1);
	}
}

static void
who_came_first_is_served_first(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = small_pool(1);
	pthread_t threads[WAITERS];
	queued q[WAITERS];
	int turn = 0;
	aiodal_db *db;
	aiodal_tx *tx;
	aiodal_tx *refused;

	(void) state;
	options.max_waiters = WAITERS;
	db = open_db(&options);
	tx = begin_as(db, NULL);
	start_waiters(db, threads, q, &turn);
	FAILS(AIODAL_EBUSY, aiodal_tx_begin(&refused, db, NULL, &err), "5 callers wait");
	aiodal_tx_free(tx);
	for (int i = 0; i < WAITERS; i++)
	{
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(q[i].status, AIODAL_OK);
		assert_int_equal(q[i].number, i + 1);
	}
	assert_int_equal(db_stats_of(db).refused, 1);
	assert_int_equal(db_stats_of(db).waited, WAITERS);
	assert_int_equal(db_stats_of(db).opened, 1);
	aiodal_db_close(db);
}

/*
 * Turns. The clock stands still, so that they last as long as it pleases.
 */

static int64_t
stopped_clock(void)
{
	return HOUR_MS + __atomic_load_n(&skipped, __ATOMIC_RELAXED);
}

static int
stop_clock(void **state)
{
	(void) state;
	aiodal__clock = stopped_clock;
	return 0;
}

static int
start_clock(void **state)
{
	(void) state;
	aiodal__clock = fake_clock;
	return 0;
}

/* Begins two transactions, one right behind the other, each of which ends when it is told to. */
typedef struct returning
{
	aiodal_db *db;
	int begun; /* atomic */
	sem_t end;
	pthread_t thread;
} returning;

static void *
come_back(void *payload)
{
	returning *r = payload;

	for (int i = 0; i < 2; i++)
	{
		aiodal_tx *tx;

		if (aiodal_tx_begin(&tx, r->db, NULL, NULL) != AIODAL_OK)
			return payload;
		(void) __atomic_add_fetch(&r->begun, 1, __ATOMIC_SEQ_CST);
		while (sem_wait(&r->end) != 0)
			;
		aiodal_tx_free(tx);
	}
	return NULL;
}

static void
wait_until_begun(const returning *r, int n)
{
	for (int i = 0; i < 3000 && __atomic_load_n(&r->begun, __ATOMIC_SEQ_CST) != n; i++)
		(void) usleep(10000);
	assert_int_equal(__atomic_load_n(&r->begun, __ATOMIC_SEQ_CST), n);
}

static void
who_runs_has_a_turn(void **state)
{
	aiodal_db_options options = small_pool(1);
	int turn = 0;
	aiodal_tx *tx;
	returning a;
	queued b;
	pthread_t thread;
	void *failed;

	(void) state;
	options.acquire_timeout_ms = -1;
	a = (returning){.db = open_db(&options)};
	b = (queued){a.db, &turn, 0, AIODAL_OK};
	assert_int_equal(sem_init(&a.end, 0, 0), 0);
	tx = begin_as(a.db, NULL);
	assert_int_equal(pthread_create(&a.thread, NULL, come_back, &a), 0);
	wait_for_waiters(a.db, 1);
	/* handed over at once: nobody had a turn before */
	aiodal_tx_free(tx);
	wait_until_begun(&a, 1);
	assert_int_equal(pthread_create(&thread, NULL, queue_up, &b), 0);
	wait_for_waiters(a.db, 1);
	/* gives it back and asks again, and is faster than who waits, however long that takes */
	(void) sem_post(&a.end);
	wait_until_begun(&a, 2);
	assert_int_equal(db_stats_of(a.db).waiting, 1);
	/* until its turn is over */
	pass(10);
	(void) sem_post(&a.end);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(b.status, AIODAL_OK);
	assert_int_equal(pthread_join(a.thread, &failed), 0);
	assert_null(failed);
	assert_int_equal(db_stats_of(a.db).opened, 1);
	assert_int_equal(db_stats_of(a.db).waited, 2);
	aiodal_db_close(a.db);
	(void) sem_destroy(&a.end);
}

static void
two_in_line(aiodal_db *db, queued *q, pthread_t *threads, int *turn)
{
	aiodal_tx *tx = begin_as(db, NULL);

	for (int i = 0; i < 2; i++)
	{
		q[i] = (queued){db, turn, 0, AIODAL_OK};
		assert_int_equal(pthread_create(&threads[i], NULL, queue_up, &q[i]), 0);
		wait_for_waiters(db, i + 1);
	}
	aiodal_tx_free(tx);
	assert_int_equal(pthread_join(threads[0], NULL), 0);
}

static void
what_nobody_asks_for_is_handed_on(void **state)
{
	aiodal_db_options options = small_pool(1);
	aiodal_db *db;
	queued q[2];
	pthread_t threads[2];
	int turn = 0;

	(void) state;
	options.acquire_timeout_ms = -1;
	db = open_db(&options);
	/* the first has its turn, and has gone */
	two_in_line(db, q, threads, &turn);
	assert_int_equal(db_stats_of(db).idle, 1);
	assert_int_equal(db_stats_of(db).waiting, 1);
	/* the second is looking */
	pass(2);
	assert_int_equal(pthread_join(threads[1], NULL), 0);
	/* which was a lesson: now it is handed on at once */
	two_in_line(db, q, threads, &turn);
	assert_int_equal(pthread_join(threads[1], NULL), 0);
	assert_int_equal(turn, 4);
	/* for a while */
	pass(100);
	two_in_line(db, q, threads, &turn);
	assert_int_equal(db_stats_of(db).waiting, 1);
	pass(2);
	assert_int_equal(pthread_join(threads[1], NULL), 0);
	/* the longer the more often */
	pass(100);
	two_in_line(db, q, threads, &turn);
	assert_int_equal(pthread_join(threads[1], NULL), 0);
	assert_int_equal(db_stats_of(db).opened, 1);
	assert_int_equal(db_stats_of(db).waited, 8);
	aiodal_db_close(db);
}

static void
who_asks_takes_what_was_left(void **state)
{
	aiodal_db_options options = small_pool(1);
	aiodal_error *err = NULL;
	aiodal_db *db;
	queued q[2];
	pthread_t threads[2];
	pthread_t last;
	queued behind;
	int turn = 0;

	(void) state;
	options.acquire_timeout_ms = 1000;
	db = open_db(&options);
	two_in_line(db, q, threads, &turn);
	pass(1);
	behind = (queued){db, &turn, 0, AIODAL_OK};
	/* a connection is idle, and its turn lasts: who asks now gets it */
	assert_int_equal(pthread_create(&last, NULL, queue_up, &behind), 0);
	assert_int_equal(pthread_join(last, NULL), 0);
	assert_int_equal(behind.status, AIODAL_OK);
	assert_int_equal(db_stats_of(db).waiting, 1);
	pass(2);
	assert_int_equal(pthread_join(threads[1], NULL), 0);
	assert_int_equal(q[1].status, AIODAL_OK);
	OK(aiodal_db_ping(db, &err));
	aiodal_db_close(db);
}

static void
closing_wakes_who_waits(void **state)
{
	aiodal_db_options options = small_pool(1);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_as(db, NULL);
	pthread_t threads[WAITERS];
	queued q[WAITERS];
	int turn = 0;

	(void) state;
	start_waiters(db, threads, q, &turn);
	aiodal_db_close(db);
	for (int i = 0; i < WAITERS; i++)
	{
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(q[i].status, AIODAL_ESTATE);
	}
	assert_string_equal(query(tx, "SELECT 1"), "1");
	aiodal_tx_free(tx);
}

static void
a_day_passes(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = small_pool(3);
	aiodal_tx *tx[3];
	aiodal_db *db;
	int last;

	(void) state;
	options.max_lifetime_ms = -1;
	db = open_db(&options);
	for (int i = 0; i < 3; i++)
		tx[i] = begin_as(db, NULL);
	last = backend_of(tx[2]);
	for (int i = 0; i < 3; i++)
		aiodal_tx_free(tx[i]);
	/* the one used goes on living, the others are idle for too long */
	for (int minute = 0; minute < 24 * 60; minute += 5)
	{
		pass(5 * 60000);
		tx[0] = begin_as(db, NULL);
		assert_int_equal(backend_of(tx[0]), last);
		aiodal_tx_free(tx[0]);
	}
	assert_int_equal(db_stats_of(db).open, 1);
	assert_int_equal(db_stats_of(db).closed_idle, 2);
	pass(24 * HOUR_MS);
	OK(aiodal_db_maintain(db, &err));
	assert_int_equal(db_stats_of(db).open, 0);
	assert_int_equal(db_stats_of(db).closed_idle, 3);
	OK(aiodal_db_ping(db, &err));
	aiodal_db_close(db);
}

static void
connections_grow_old(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = small_pool(2);
	aiodal_db *db;
	aiodal_tx *tx;
	int backend;

	(void) state;
	options.idle_timeout_ms = -1;
	db = open_db(&options);
	tx = begin_as(db, NULL);
	backend = backend_of(tx);
	aiodal_tx_free(tx);
	/* a tenth of jitter at most */
	pass(HOUR_MS - HOUR_MS / 10 - 60000);
	tx = begin_as(db, NULL);
	assert_int_equal(backend_of(tx), backend);
	aiodal_tx_free(tx);
	pass(HOUR_MS / 10 + 60000);
	tx = begin_as(db, NULL);
	assert_int_not_equal(backend_of(tx), backend);
	/* while it is lent, too: it is closed when it comes back */
	pass(2 * HOUR_MS);
	assert_string_equal(query(tx, "SELECT 1"), "1");
	aiodal_tx_free(tx);
	assert_int_equal(db_stats_of(db).open, 0);
	assert_int_equal(db_stats_of(db).closed_old, 2);
	OK(aiodal_db_ping(db, &err));
	aiodal_db_close(db);
}

static void
sessions_are_reset(void **state)
{
	aiodal_db_options options = small_pool(1);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_as(db, NULL);
	int backend = backend_of(tx);
	aiodal_error *err = NULL;

	(void) state;
	OK(aiodal_tx_exec_script(
		tx,
		"SET work_mem = '1234kB'; LISTEN here; PREPARE p AS SELECT 1; CREATE TEMP TABLE left_over (a int)",
		&err));
	OK(aiodal_tx_commit(tx, &err));
	aiodal_tx_free(tx);
	tx = begin_as(db, NULL);
	assert_int_equal(backend_of(tx), backend);
	assert_string_not_equal(query(tx, "SHOW work_mem"), "1234kB");
	assert_string_equal(query(tx, "SELECT count(*) FROM pg_listening_channels()"), "0");
	assert_string_equal(query(tx, "SELECT count(*) FROM pg_prepared_statements"), "0");
	assert_string_equal(query(tx, "SELECT to_regclass('pg_temp.left_over') IS NULL"), "t");
	aiodal_tx_free(tx);
	aiodal_db_close(db);
	/* unless it is not wanted */
	options.reset = AIODAL_RESET_NEVER;
	db = open_db(&options);
	tx = begin_as(db, NULL);
	OK(aiodal_tx_exec(NULL, tx, "SET work_mem = '1234kB'", 0, NULL, &err));
	OK(aiodal_tx_commit(tx, &err));
	aiodal_tx_free(tx);
	tx = begin_as(db, NULL);
	assert_string_equal(query(tx, "SHOW work_mem"), "1234kB");
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

static void
count_leak(void *payload, const aiodal_holder *holder)
{
	assert_string_equal(holder->owner, "forgetful");
	assert_true(holder->held_ms >= HOUR_MS);
	++*(int *) payload;
}

static void
leaks_are_told(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = small_pool(2);
	aiodal_holder holders[2];
	aiodal_tx *tx[2];
	aiodal_tx *third;
	aiodal_db *db;
	int told = 0;

	(void) state;
	options.acquire_timeout_ms = 1000; /* for connecting, too */
	options.leak_after_ms = HOUR_MS;
	options.leak = count_leak;
	options.leak_payload = &told;
	db = open_db(&options);
	tx[0] = begin_as(db, "forgetful");
	pass(HOUR_MS);
	tx[1] = begin_as(db, "busy");
	assert_int_equal(aiodal_db_holders(db, holders, 2), 2);
	assert_string_equal(holders[0].owner, "forgetful");
	assert_int_equal(holders[0].backend_pid, backend_of(tx[0]));
	assert_string_equal(holders[1].owner, "busy");
	OK(aiodal_db_maintain(db, &err));
	OK(aiodal_db_maintain(db, &err));
	assert_int_equal(told, 1);
	assert_int_equal(db_stats_of(db).leaks, 1);
	FAILS(AIODAL_ETIMEOUT, aiodal_tx_begin(&third, db, NULL, &err), "Held by forgetful for 36");
	aiodal_tx_free(tx[0]);
	aiodal_tx_free(tx[1]);
	assert_int_equal(aiodal_db_holders(db, NULL, 0), 0);
	aiodal_db_close(db);
}

static void
owners_are_lines_of_code(void **state)
{
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;

	(void) state;
	assert_non_null(strstr(options.owner, "test_pool.c:"));
}

/* A server that does not answer: stopped here, as only a local one can be. */
static bool
stop_backend(int backend)
{
	return kill(backend, SIGSTOP) == 0;
}

static void
who_was_idle_for_long_must_answer(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = small_pool(1);
	aiodal_db *db;
	aiodal_tx *tx;
	int backend;

	(void) state;
	options.connect_timeout_ms = 1000;
	db = open_db(&options);
	for (int i = 0; i < 2; i++)
	{
		tx = begin_as(db, NULL);
		backend = backend_of(tx);
		aiodal_tx_free(tx);
		pass(31000);
		if (!stop_backend(backend))
		{
			aiodal_db_close(db);
			skip();
		}
		/* transactions and reflection get another one */
		if (i == 0)
		{
			tx = begin_as(db, NULL);
			assert_int_not_equal(backend_of(tx), backend);
			aiodal_tx_free(tx);
		}
		else
			OK(aiodal_db_reflect(db, &err));
		assert_int_equal(db_stats_of(db).open, 1);
		assert_int_equal(db_stats_of(db).closed_broken, i + 1);
		assert_int_equal(kill(backend, SIGCONT), 0);
	}
	aiodal_db_close(db);
}

/* Catches the first n cancel requests. */
static void
sleep_through(char *sql, size_t size, int n)
{
	(void) snprintf(sql, size,
					"DO $$ BEGIN FOR i IN 1..%d LOOP BEGIN PERFORM pg_sleep(60);"
					" EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; PERFORM pg_sleep(60); END $$",
					n);
}

/* A cancel request before that may hit nothing. */
static void
wait_for_sleep(int backend)
{
	char sql[300];

	(void) snprintf(sql, sizeof(sql),
					"DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %d AND "
					"wait_event = 'PgSleep') LOOP PERFORM pg_sleep(0.01), pg_stat_clear_snapshot(); "
					"END LOOP; END $$",
					backend);
	run_sql(sql);
}

/* What the deadline does to a statement that catches so many requests. */
static void
sleep_until_deadline(aiodal_db *db, int catches, const char *words)
{
	aiodal_error *err = NULL;
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_tx *tx;
	aiodal_op *op;
	char sql[200];
	int backend;

	options.timeout_ms = HOUR_MS / 10;
	OK(aiodal_tx_begin(&tx, db, &options, &err));
	backend = backend_of(tx);
	sleep_through(sql, sizeof(sql), catches);
	OK(aiodal_tx_exec_start(&op, tx, sql, 0, NULL, &err));
	wait_for_sleep(backend);
	pass(HOUR_MS / 10);
	FAILS(AIODAL_ETIMEOUT, aiodal_op_wait(op, -1, &err), words);
	aiodal_op_free(op);
	aiodal_tx_free(tx);
}

static void
cancel_is_asked_for_again(void **state)
{
	aiodal_db_options options = small_pool(1);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx;

	(void) state;
	sleep_until_deadline(db, 1, "The statement was cancelled");
	assert_int_equal(db_stats_of(db).idle, 1);
	/* after the connection was given up, too, until its place is free */
	sleep_until_deadline(db, 16, "the connection was dropped");
	assert_int_equal(db_stats_of(db).ending, 1);
	tx = begin_as(db, NULL);
	assert_int_equal(db_stats_of(db).ending, 0);
	assert_string_equal(
		query(tx, "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DO%'"), "0");
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

/* A pool of one connection, behind which nobody else gets through to the server. */
static aiodal_db *
open_behind(proxy *p)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = small_pool(1);
	char conninfo[100];
	aiodal_db *db;

	proxy_start(p);
	(void) snprintf(conninfo, sizeof(conninfo), "host=127.0.0.1 port=%d sslmode=disable gssencmode=disable",
					p->port);
	OK(aiodal_db_open(&db, conninfo, &options, &err));
	proxy_close_door(p);
	return db;
}

static void
a_deadline_holds_where_cancel_requests_vanish(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_db *db;
	aiodal_tx *tx;
	int64_t began;
	proxy p;

	(void) state;
	db = open_behind(&p);
	options.timeout_ms = 50;
	OK(aiodal_tx_begin(&tx, db, &options, &err));
	began = aiodal__now();
	FAILS(AIODAL_ETIMEOUT, aiodal_tx_exec(NULL, tx, "SELECT pg_sleep(60)", 0, NULL, &err), "dropped");
	/* no matter of speed: libpq's own request waits for minutes */
	assert_true(aiodal__now() - began < 30000);
	aiodal_tx_free(tx);
	aiodal_db_close(db);
	proxy_stop(&p);
}

/* It may hit whatever comes next, which must not be a stranger's. */
static void
a_late_cancel_request_hits_nobody_else(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_tx *tx;
	aiodal_op *op;
	proxy p;

	(void) state;
	db = open_behind(&p);
	tx = begin_as(db, NULL);
	OK(aiodal_tx_exec_start(&op, tx, "SELECT pg_sleep(0.05)", 0, NULL, &err));
	aiodal_op_cancel(op);
	OK(aiodal_op_wait(op, -1, &err));
	aiodal_op_free(op);
	assert_string_equal(query(tx, "SELECT 1"), "1");
	aiodal_tx_free(tx);
	assert_int_equal(db_stats_of(db).open, 0);
	aiodal_db_close(db);
	proxy_stop(&p);
}

/* A server that does not answer a cancel request. */
static void
a_place_counts_until_the_server_has_ended(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = small_pool(1);
	aiodal_db *db;
	aiodal_tx *tx;
	aiodal_op *op;
	int backend;

	(void) state;
	options.acquire_timeout_ms = 1000;
	db = open_db(&options);
	tx = begin_as(db, NULL);
	backend = backend_of(tx);
	OK(aiodal_tx_exec_start(&op, tx, "SELECT pg_sleep(60)", 0, NULL, &err));
	wait_for_sleep(backend);
	if (!stop_backend(backend))
	{
		aiodal_op_cancel(op);
		aiodal_op_free(op);
		aiodal_tx_free(tx);
		aiodal_db_close(db);
		skip();
	}
	aiodal_op_free(op);
	aiodal_tx_free(tx);
	assert_int_equal(db_stats_of(db).ending, 1);
	assert_int_equal(db_stats_of(db).open, 1);
	FAILS(AIODAL_ETIMEOUT, aiodal_tx_begin(&tx, db, NULL, &err), "no connection became free");
	assert_int_equal(kill(backend, SIGCONT), 0);
	for (int i = 0; i < 3000 && db_stats_of(db).ending > 0; i++)
	{
		OK(aiodal_db_maintain(db, &err));
		(void) usleep(10000);
	}
	assert_int_equal(db_stats_of(db).open, 0);
	OK(aiodal_db_ping(db, &err));
	aiodal_db_close(db);
}

/* The child may use nothing of it, and takes nothing from the parent by cleaning up. */
static void
a_fork_leaves_the_parent_alone(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = small_pool(2);
	aiodal_db *db = open_db(&options);
	aiodal_tx *tx = begin_as(db, NULL);
	int backend = backend_of(tx);
	int status;
	pid_t child;

	(void) state;
	OK(aiodal_db_ping(db, &err));
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
	{
		aiodal_tx *mine;
		bool good = aiodal_tx_begin(&mine, db, NULL, NULL) == AIODAL_ESTATE &&
					aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, NULL) == AIODAL_ESTATE &&
					aiodal_db_maintain(db, NULL) == AIODAL_ESTATE && aiodal_db_holders(db, NULL, 0) == 0;

		aiodal_tx_free(tx);
		aiodal_db_close(db);
		_exit(good ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(backend_of(tx), backend);
	OK(aiodal_tx_commit(tx, &err));
	aiodal_tx_free(tx);
	assert_int_equal(db_stats_of(db).idle, 2);
	OK(aiodal_db_ping(db, &err));
	assert_int_equal(db_stats_of(db).closed_broken, 0);
	aiodal_db_close(db);
}

static void
bad_options(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = small_pool(1);
	aiodal_db_stats stats = {0};
	aiodal_db *db;

	(void) state;
	options.max_overflow = -1;
	FAILS(AIODAL_EINVAL, aiodal_db_open(&db, NULL, &options, &err), "max_overflow");
	options = small_pool(1);
	options.reset = (aiodal_reset) 7;
	FAILS(AIODAL_EINVAL, aiodal_db_open(&db, NULL, &options, &err), "unknown reset 7");
	options = small_pool(1);
	db = open_db(&options);
	FAILS(AIODAL_EINVAL, aiodal_db_get_stats(db, &stats, &err), "not initialised");
	FAILS(AIODAL_EINVAL, aiodal_db_get_stats(db, NULL, &err), "NULL");
	aiodal_db_close(db);
}

#define STOPPED(test) cmocka_unit_test_setup_teardown(test, stop_clock, start_clock)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overflow_is_closed),
		cmocka_unit_test(who_came_first_is_served_first),
		STOPPED(who_runs_has_a_turn),
		STOPPED(what_nobody_asks_for_is_handed_on),
		STOPPED(who_asks_takes_what_was_left),
		cmocka_unit_test(closing_wakes_who_waits),
		cmocka_unit_test(a_day_passes),
		cmocka_unit_test(connections_grow_old),
		cmocka_unit_test(sessions_are_reset),
		cmocka_unit_test(leaks_are_told),
		cmocka_unit_test(owners_are_lines_of_code),
		cmocka_unit_test(who_was_idle_for_long_must_answer),
		cmocka_unit_test(cancel_is_asked_for_again),
		cmocka_unit_test(a_deadline_holds_where_cancel_requests_vanish),
		cmocka_unit_test(a_late_cancel_request_hits_nobody_else),
		cmocka_unit_test(a_place_counts_until_the_server_has_ended),
		cmocka_unit_test(a_fork_leaves_the_parent_alone),
		cmocka_unit_test(bad_options),
	};

	return cmocka_run_group_tests_name("pool", tests, set_up, NULL);
}
