/*
 * test_pooler.c
 *		Behind pgbouncer in transaction mode, where each transaction may run in another session.
 */
#include "support.h"

#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char directory[] = "/tmp/aiodal-pooler.XXXXXX";
static char conninfo[200];
static pid_t pooler;

static const char *
environment(const char *name, const char *otherwise)
{
	return getenv(name) ? getenv(name) : otherwise;
}

static void
write_config(const char *path)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	(void) fprintf(
		file,
		"[databases]\n* = host=%s port=%s user=%s\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\n"
		"unix_socket_dir = %s\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 2\n"
		"ignore_startup_parameters = extra_float_digits,options\nlogfile = %s/log\n",
		environment("PGHOST", "/var/run/postgresql"), environment("PGPORT", "5432"),
		environment("PGUSER", "postgres"), directory, directory);
	(void) fclose(file);
}

/* It does not run as root. */
static void
become_somebody(void)
{
	const struct passwd *user = getuid() == 0 ? getpwnam("postgres") : NULL;

	if (getuid() == 0 && !user)
		user = getpwnam("nobody");
	if (user && (chown(directory, user->pw_uid, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
				 setuid(user->pw_uid) != 0))
		_exit(126);
}

static void
run_pooler(const char *config)
{
	pooler = fork();
	if (pooler != 0)
		return;
	become_somebody();
	(void) freopen("/dev/null", "w", stderr);
	(void) execlp("pgbouncer", "pgbouncer", config, (char *) NULL);
	(void) execl("/usr/sbin/pgbouncer", "pgbouncer", config, (char *) NULL);
	_exit(127);
}

static void
await_pooler(void)
{
	const struct timespec moment = {0, 20000000};

	for (int i = 0; i < 1000; i++)
	{
		PGconn *pg = PQconnectdb(conninfo);
		bool there = PQstatus(pg) == CONNECTION_OK;

		PQfinish(pg);
		if (there)
			return;
		if (waitpid(pooler, NULL, WNOHANG) == pooler)
			fail_msg("pgbouncer has not started");
		(void) nanosleep(&moment, NULL);
	}
	fail_msg("pgbouncer does not answer");
}

static int
set_up(void **state)
{
	char config[100];

	(void) state;
	reset_database(NULL);
	assert_non_null(mkdtemp(directory));
	assert_int_equal(chmod(directory, 0755), 0);
	(void) snprintf(config, sizeof(config), "%s/pgbouncer.ini", directory);
	(void) snprintf(conninfo, sizeof(conninfo), "host=%s port=6432", directory);
	write_config(config);
	run_pooler(config);
	await_pooler();
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = {"pgbouncer.ini", "log", ".s.PGSQL.6432"};
	char path[100];

	(void) state;
	if (pooler > 0)
	{
		(void) kill(pooler, SIGINT);
		(void) waitpid(pooler, NULL, 0);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		(void) snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		(void) unlink(path);
	}
	(void) rmdir(directory);
	return 0;
}

/* What one transaction does, while which another one is in the other db. */
typedef struct work
{
	aiodal_db *inside; /* NULL: none */
	int32_t number;
} work;

static aiodal_status
add_one(aiodal_tx *tx, int32_t number, aiodal_error **err)
{
	const aiodal_value value = aiodal_int32(number);
	aiodal_result *res;
	int32_t sum = 0;
	aiodal_status status = aiodal_tx_query(&res, tx, "SELECT $1 + 1", 1, &value, NULL, err);

	if (status == AIODAL_OK)
		status = aiodal_result_get_int32(&sum, res, 0, 0, err);
	if (status == AIODAL_OK)
		assert_int_equal(sum, number + 1);
	aiodal_result_free(res);
	return status;
}

static aiodal_status
nest(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	const work *outer = payload;
	work inner = {NULL, outer->number + 7};
	aiodal_status status = add_one(tx, outer->number, err);

	if (status == AIODAL_OK && outer->inside)
		status = aiodal_db_transact(outer->inside, NULL, nest, &inner, err);
	return status == AIODAL_OK ? add_one(tx, outer->number * 2, err) : status;
}

static aiodal_db *
open_db(int statement_cache, aiodal_reset reset)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_db *db;

	options.pool_size = 1;
	options.no_reflect = true;
	options.statement_cache = statement_cache;
	options.prepare_after = 1;
	options.reset = reset;
	OK(aiodal_db_open(&db, conninfo, &options, &err));
	return db;
}

/* One transaction at a time runs in the pooler's first session, so that the second db comes into that, too;
 * two at a time in both. */
static void
run_all(int statement_cache, aiodal_reset reset, aiodal_db_stats *stats)
{
	aiodal_error *err = NULL;
	aiodal_db *first = open_db(statement_cache, reset);
	aiodal_db *second = open_db(statement_cache, reset);
	work one = {NULL, 0};

	for (one.number = 0; one.number < 200; one.number++)
	{
		one.inside = one.number % 2 ? second : NULL;
		OK(aiodal_db_transact(first, NULL, nest, &one, &err));
		one.inside = NULL;
		OK(aiodal_db_transact(second, NULL, nest, &one, &err));
	}
	*stats = (aiodal_db_stats) AIODAL_DB_STATS_INIT;
	OK(aiodal_db_get_stats(second, stats, &err));
	assert_int_equal(stats->closed_broken, 0);
	aiodal_db_close(first);
	aiodal_db_close(second);
}

static void
without_prepared_statements(void **state)
{
	aiodal_db_stats stats;

	(void) state;
	run_all(0, AIODAL_RESET_NEVER, &stats);
	assert_int_equal(stats.statements_prepared, 0);
	run_all(-1, AIODAL_RESET_AS_NEEDED, &stats);
	assert_int_equal(stats.statements_prepared, 0);
}

/* Whoever switches them on all the same gets right answers, and soon no more prepared statements, unless the
 * pooler knows of them. */
static void
with_prepared_statements(void **state)
{
	aiodal_db_stats stats;

	(void) state;
	run_all(100, AIODAL_RESET_NEVER, &stats);
	if (stats.statements_stale > 0)
	{
		assert_int_equal(stats.statements_stale, 3);
		assert_int_equal(stats.statements_prepared, 3);
	}
	else
		assert_true(stats.statement_hits > 400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_prepared_statements),
		cmocka_unit_test(with_prepared_statements),
	};

	return cmocka_run_group_tests_name("pooler", tests, set_up, tear_down);
}
