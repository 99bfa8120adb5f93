/*
 * test_threads.c
 *		Many threads on few connections. Run under the thread sanitizer, too, by the suite "threads".
 */
#include "support.h"

#include <malloc.h>
#include <pthread.h>
#include <time.h>

enum
{
	THREADS = 200,
	CONNECTIONS = 10,
	ROUNDS = 12
};

static aiodal_db *db;

static int
set_up(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	(void) state;
	reset_database(
		"CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL); INSERT INTO counter SELECT i, 0 FROM "
		"generate_series(0, 9) i");
	options.pool_size = CONNECTIONS - 2;
	options.max_overflow = 2;
	options.acquire_timeout_ms = -1;
	return aiodal_db_open(&db, NULL, &options, NULL);
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

typedef struct worker
{
	pthread_t thread;
	int number;
	int counted;    /* transactions that were committed and added 1 */
	int unexpected; /* outcomes that should not have been */
} worker;

static aiodal_status
count_up(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	worker *w = payload;
	char id[4];
	const char *const params[] = {id};

	(void) snprintf(id, sizeof(id), "%d", w->number % 10);
	return aiodal_tx_exec(NULL, tx, "UPDATE counter SET n = n + 1 WHERE id = $1", 1, params, err);
}

static void
add_one(worker *w)
{
	aiodal_error *err = NULL;

	if (aiodal_db_transact(db, NULL, count_up, w, &err) == AIODAL_OK)
		w->counted++;
	else
		w->unexpected++;
	aiodal_error_free(err);
}

/* One that ends otherwise: rolled back, failed, too late, cancelled, a pipeline, or the reader of statistics.
 */
static void
do_otherwise(worker *w, int how)
{
	static const aiodal_status expected[] = {AIODAL_OK, AIODAL_ESERVER, AIODAL_ETIMEOUT, AIODAL_ECANCELED,
											 AIODAL_OK};
	static const char *const statements[] = {"UPDATE counter SET n = n + 0 WHERE id = -1", "SELECT 1/0",
											 "SELECT pg_sleep(60)", "SELECT pg_sleep(60)", "SELECT 1"};
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_db_stats stats = AIODAL_DB_STATS_INIT;
	aiodal_pipeline *p = NULL;
	aiodal_error *err = NULL;
	aiodal_op *op = NULL;
	aiodal_tx *tx;
	aiodal_status status;

	/* from its begin on, so that the wait for a connection is not counted */
	if (aiodal_tx_begin(&tx, db, &options, &err) != AIODAL_OK)
	{
		w->unexpected++;
		aiodal_error_free(err);
		return;
	}
	if (how == 4)
	{
		status = aiodal_pipeline_begin(&p, tx, &err);
		for (int i = 0; i < 5 && status == AIODAL_OK; i++)
			status = aiodal_pipeline_exec(p, statements[how], 0, NULL, &err);
		if (status == AIODAL_OK)
			status = aiodal_pipeline_run(p, &err);
		aiodal_pipeline_free(p);
	}
	else if (how < 2)
		status = aiodal_tx_exec(NULL, tx, statements[how], 0, NULL, &err);
	else
	{
		status = aiodal_tx_exec(NULL, tx, how == 2 ? "SET LOCAL statement_timeout = 20" : "SELECT 1", 0, NULL,
								&err);
		if (status == AIODAL_OK)
			status = aiodal_tx_exec_start(&op, tx, statements[how], 0, NULL, &err);
		/* a request may overtake its statement */
		while (status == AIODAL_OK && (status = aiodal_op_wait(op, 20, &err)) > 0)
		{
			if (how == 3)
				aiodal_op_cancel(op);
			status = AIODAL_OK;
		}
		aiodal_op_free(op);
	}
	/* the server's own timeout is a cancellation, too */
	if (status != expected[how] && !(how == 2 && status == AIODAL_ECANCELED))
		w->unexpected++;
	aiodal_error_free(err);
	aiodal_tx_free(tx);
	if (aiodal_db_get_stats(db, &stats, NULL) != AIODAL_OK || stats.open > CONNECTIONS ||
		stats.used > CONNECTIONS)
		w->unexpected++;
}

static void *
work(void *arg)
{
	worker *w = arg;

	for (int i = 0; i < ROUNDS; i++)
	{
		if ((w->number + i) % 3 == 0)
			do_otherwise(w, (w->number + i) / 3 % 5);
		else
			add_one(w);
	}
	return NULL;
}

static void
all_of_them_are_served(void **state)
{
	static worker workers[THREADS];
	aiodal_error *err = NULL;
	aiodal_db_stats stats = AIODAL_DB_STATS_INIT;
	int counted = 0;
	int unexpected = 0;
	char sum[16];
	aiodal_tx *tx;

	(void) state;
	for (int i = 0; i < THREADS; i++)
	{
		workers[i].number = i;
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	/* while all of them work, the schema is read anew, and leaks and holders are looked at */
	for (int i = 0; i < 5; i++)
	{
		aiodal_holder holders[CONNECTIONS];

		OK(aiodal_db_reflect(db, &err));
		assert_true(aiodal_db_holders(db, holders, CONNECTIONS) <= CONNECTIONS);
	}
	for (int i = 0; i < THREADS; i++)
	{
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
		counted += workers[i].counted;
		unexpected += workers[i].unexpected;
	}
	assert_int_equal(unexpected, 0);
	assert_true(counted > THREADS * ROUNDS / 2);
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	(void) snprintf(sum, sizeof(sum), "%d", counted);
	assert_string_equal(query(tx, "SELECT sum(n) FROM counter"), sum);
	aiodal_tx_free(tx);
	OK(aiodal_db_get_stats(db, &stats, &err));
	assert_int_equal(stats.used, 0);
	assert_int_equal(stats.waiting, 0);
	assert_true(stats.open <= CONNECTIONS - 2);
	assert_true(stats.waited > 0);
}

static void *
begin_and_end(void *arg)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	if (aiodal_tx_begin(&tx, arg, NULL, &err) == AIODAL_OK)
	{
		(void) !aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, NULL);
		aiodal_tx_free(tx);
	}
	else if (aiodal_error_status(err) == AIODAL_ESTATE)
	{
		aiodal_error_free(err);
		return arg;
	}
	aiodal_error_free(err);
	return NULL;
}

/* Closed while threads wait for a connection: those that have none are told, the others end in peace. */
static void
closed_meanwhile(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_error *err = NULL;
	pthread_t threads[20];
	aiodal_db_stats stats = AIODAL_DB_STATS_INIT;
	int refused = 0;
	aiodal_db *other;
	aiodal_tx *tx;

	(void) state;
	options.no_reflect = true;
	options.pool_size = 1;
	options.acquire_timeout_ms = -1;
	OK(aiodal_db_open(&other, NULL, &options, &err));
	OK(aiodal_tx_begin(&tx, other, NULL, &err));
	for (int i = 0; i < 20; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, begin_and_end, other), 0);
	do
		OK(aiodal_db_get_stats(other, &stats, &err));
	while (stats.waiting < 20);
	aiodal_db_close(other);
	for (int i = 0; i < 20; i++)
	{
		void *told;

		assert_int_equal(pthread_join(threads[i], &told), 0);
		refused += told != NULL;
	}
	assert_int_equal(refused, 20);
	assert_string_equal(query(tx, "SELECT 'goes on'"), "goes on");
	aiodal_tx_free(tx);
}

static double
now(void)
{
	struct timespec t;

	(void) clock_gettime(CLOCK_MONOTONIC, &t);
	return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

/* 100,000 of them, or as many as there is time for. */
static void
transactions_leave_nothing(void **state)
{
	double until = now() + 20;
	size_t before = 0;
	size_t after;
	int n;

	(void) state;
	for (n = 0; n < 100000 && now() < until; n++)
	{
		worker w = {.number = n};

		if (n % 10 == 9)
			do_otherwise(&w, n / 10 % 2 ? 1 : 4);
		else
			add_one(&w);
		assert_int_equal(w.unexpected, 0);
		/* when caches are full */
		if (n == 500)
			before = mallinfo2().uordblks;
	}
	after = mallinfo2().uordblks;
	assert_true(n > 500);
	if (after > before + 65536)
		print_error("%d transactions: %zu bytes, after %zu\n", n, after, before);
	assert_true(after <= before + 65536);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_them_are_served),
		cmocka_unit_test(closed_meanwhile),
		cmocka_unit_test(transactions_leave_nothing),
	};

	return cmocka_run_group_tests_name("threads", tests, set_up, tear_down);
}
