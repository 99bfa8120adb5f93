/*
 * test_watch.c
 *		A snapshot that follows the schema by itself.
 */
#include "support.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int
set_up(void **state)
{
	(void) state;
	reset_database(BOOKS "SELECT aiodal.unwatch(); SELECT aiodal.watch()");
	return 0;
}

static int
tear_down(void **state)
{
	(void) state;
	run_sql("SELECT aiodal.unwatch()");
	return 0;
}

/* What the thread told. */
typedef struct told
{
	pthread_mutex_t lock;
	pthread_cond_t more;
	int snapshots;
	int errors;
	aiodal_status last_error;
} told;

#define TOLD_INIT                                                            \
	{                                                                        \
		PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, AIODAL_OK \
	}

static void
note(void *payload, const aiodal_schema *schema, const aiodal_error *err)
{
	told *t = payload;

	(void) pthread_mutex_lock(&t->lock);
	t->snapshots += schema != NULL;
	t->errors += err != NULL;
	if (err)
		t->last_error = aiodal_error_status(err);
	(void) pthread_cond_broadcast(&t->more);
	(void) pthread_mutex_unlock(&t->lock);
}

static aiodal_db *
open_watching(told *t)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_db *db;

	options.watch = true;
	options.application_name = "watching";
	options.schema_changed = note;
	options.schema_changed_payload = t;
	OK(aiodal_db_open(&db, NULL, &options, &err));
	return db;
}

static bool
has_table(aiodal_db *db, const char *name)
{
	aiodal_schema *schema = aiodal_db_schema(db);
	bool found = aiodal_schema_table(schema, NULL, name) != NULL;

	aiodal_schema_unref(schema);
	return found;
}

/* Until the current snapshot has the table. */
static void
wait_for_table(told *t, aiodal_db *db, const char *name)
{
	struct timespec limit;
	bool in_time = true;

	(void) clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += 60;
	(void) pthread_mutex_lock(&t->lock);
	while (!has_table(db, name) && in_time)
		in_time = pthread_cond_timedwait(&t->more, &t->lock, &limit) == 0;
	(void) pthread_mutex_unlock(&t->lock);
	assert_true(has_table(db, name));
}

/* Until the thread has begun to listen, and then looked for itself. */
static void
wait_for_listener(void)
{
	run_sql(
		"DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'watching' "
		"AND state = 'idle' AND query LIKE '%snapshot%' AND datname = current_database() AND pid IN "
		"(SELECT pid FROM pg_stat_activity WHERE application_name = 'watching' ORDER BY backend_start DESC "
		"LIMIT 1)) LOOP PERFORM pg_sleep(0.01), pg_stat_clear_snapshot(); END LOOP; END $$");
}

static void
snapshots_follow(void **state)
{
	told t = TOLD_INIT;
	aiodal_db *db = open_watching(&t);
	aiodal_schema *before = aiodal_db_schema(db);
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	(void) state;
	run_sql("CREATE TABLE shelf (id int PRIMARY KEY)");
	wait_for_table(&t, db, "shelf");
	assert_null(aiodal_schema_table(before, NULL, "shelf"));
	aiodal_schema_unref(before);
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	assert_non_null(aiodal_schema_table(aiodal_tx_schema(tx), NULL, "shelf"));
	aiodal_tx_free(tx);
	run_sql("CREATE TABLE room (id int PRIMARY KEY); CREATE TABLE house (id int)");
	wait_for_table(&t, db, "house");
	assert_int_equal(t.errors, 0);
	aiodal_db_close(db);
}

static void
what_was_changed_meanwhile_is_seen(void **state)
{
	told t = TOLD_INIT;
	aiodal_db *db = open_watching(&t);

	(void) state;
	wait_for_listener();
	/* the connection that listens, and a change that nobody hears of */
	run_sql(
		"DO $$ BEGIN PERFORM pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE application_name = "
		"'watching'; CREATE TABLE unheard (id int); END $$");
	wait_for_table(&t, db, "unheard");
	assert_true(t.errors >= 1);
	assert_int_equal(t.last_error, AIODAL_ECONN);
	aiodal_db_close(db);
}

static void
failures_are_repeated(void **state)
{
	told t = TOLD_INIT;
	aiodal_db *db;

	(void) state;
	run_sql("CREATE SCHEMA IF NOT EXISTS library");
	{
		aiodal_error *err = NULL;
		aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
		static const char *const schemas[] = {"library", "public"};

		options.watch = true;
		options.schemas = schemas;
		options.n_schemas = 2;
		options.schema_changed = note;
		options.schema_changed_payload = &t;
		OK(aiodal_db_open(&db, NULL, &options, &err));
	}
	/* reflecting a schema that is not there fails */
	run_sql("DROP SCHEMA library CASCADE");
	(void) pthread_mutex_lock(&t.lock);
	while (t.errors == 0)
		(void) pthread_cond_wait(&t.more, &t.lock);
	assert_int_equal(t.last_error, AIODAL_ENOTFOUND);
	(void) pthread_mutex_unlock(&t.lock);
	run_sql("CREATE SCHEMA library; CREATE TABLE regained (id int)");
	wait_for_table(&t, db, "regained");
	aiodal_db_close(db);
}

static void
closing_does_not_wait(void **state)
{
	told t = TOLD_INIT;
	time_t began = time(NULL);

	(void) state;
	for (int i = 0; i < 20; i++)
		aiodal_db_close(open_watching(&t));
	/* in the middle of a reflection that waits for a lock */
	{
		aiodal_db *db = open_watching(&t);
		PGconn *pg = PQconnectdb("");

		wait_for_listener();
		PQclear(PQexec(pg, "BEGIN; LOCK TABLE pg_class IN ACCESS EXCLUSIVE MODE"));
		aiodal_db_close(db);
		PQfinish(pg);
	}
	assert_true(time(NULL) - began < 120);
}

static void
the_child_of_a_fork_has_no_thread(void **state)
{
	told t = TOLD_INIT;
	aiodal_db *db = open_watching(&t);
	int status;
	pid_t child;

	(void) state;
	wait_for_listener();
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
	{
		aiodal_db_close(db);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	run_sql("CREATE TABLE after_fork (id int)");
	wait_for_table(&t, db, "after_fork");
	assert_int_equal(t.errors, 0);
	aiodal_db_close(db);
}

static void
nobody_tells(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_db *db;

	(void) state;
	options.watch = true;
	run_sql("SELECT aiodal.unwatch()");
	FAILS(AIODAL_ENOTFOUND, aiodal_db_open(&db, NULL, &options, &err), "SELECT aiodal.watch()");
	assert_null(db);
	run_sql("SELECT aiodal.watch('elsewhere')");
	options.watch_channel = "elsewhere";
	OK(aiodal_db_open(&db, NULL, &options, &err));
	run_sql("CREATE TABLE on_another_channel (id int)");
	for (int i = 0; i < 3000 && !has_table(db, "on_another_channel"); i++)
		(void) usleep(20000);
	assert_true(has_table(db, "on_another_channel"));
	aiodal_db_close(db);
	run_sql("SELECT aiodal.unwatch(); SELECT aiodal.watch()");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snapshots_follow),
		cmocka_unit_test(what_was_changed_meanwhile_is_seen),
		cmocka_unit_test(failures_are_repeated),
		cmocka_unit_test(closing_does_not_wait),
		cmocka_unit_test(the_child_of_a_fork_has_no_thread),
		cmocka_unit_test(nobody_tells),
	};

	return cmocka_run_group_tests_name("watch", tests, set_up, tear_down);
}
