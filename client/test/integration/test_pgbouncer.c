/*
 * test_pgbouncer.c
 *		Behind PgBouncer in transaction mode, where the next transaction may be another session's.
 */
#include "support.h"

#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum
{
	SESSIONS = 2, /* of the server's, for all */
	THREADS = 12,
	ROUNDS = 20
};

static char directory[] = "/tmp/aiodal-bouncer-XXXXXX";
static char conninfo[300];
static pid_t bouncer;

static const char *
find_program(void)
{
	static const char *const paths[] = {"/usr/sbin/pgbouncer", "/usr/bin/pgbouncer",
										"/usr/local/bin/pgbouncer"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
	{
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	}
	return NULL;
}

static void
write_config(const char *path)
{
	PGconn *pg = PQconnectdb("");
	FILE *f = fopen(path, "w");

	assert_int_equal(PQstatus(pg), CONNECTION_OK);
	assert_non_null(f);
	(void) fprintf(
		f,
		"[databases]\n* = host=%s port=%s user=%s\n[pgbouncer]\nlisten_port = 1\nunix_socket_dir = %s\n"
		"auth_type = any\npool_mode = transaction\ndefault_pool_size = %d\nmax_client_conn = 100\n"
		"ignore_startup_parameters = extra_float_digits\n%s",
		PQhost(pg), PQport(pg), PQuser(pg), directory, SESSIONS, getuid() == 0 ? "user = nobody\n" : "");
	(void) fclose(f);
	(void) snprintf(conninfo, sizeof(conninfo), "host=%s port=1 dbname=%s user=%s", directory, PQdb(pg),
					PQuser(pg));
	PQfinish(pg);
}

static bool
answers(void)
{
	PGconn *pg = PQconnectdb(conninfo);
	bool good = PQstatus(pg) == CONNECTION_OK;

	PQfinish(pg);
	return good;
}

static int
set_up(void **state)
{
	const char *program = find_program();
	char config[100];
	const struct passwd *nobody = getpwnam("nobody");

	(void) state;
	if (!program)
		return 0;
	reset_database("CREATE TABLE item (id int PRIMARY KEY, n int NOT NULL); INSERT INTO item VALUES (0, 0)");
	assert_non_null(mkdtemp(directory));
	(void) chmod(directory, 0777);
	if (getuid() == 0 && nobody)
		(void) !chown(directory, nobody->pw_uid, nobody->pw_gid);
	(void) snprintf(config, sizeof(config), "%s/ini", directory);
	write_config(config);
	bouncer = fork();
	if (bouncer == 0)
	{
		(void) execl(program, program, "-q", config, (char *) NULL);
		_exit(127);
	}
	for (int i = 0; i < 600 && !answers(); i++)
	{
		assert_int_equal(waitpid(bouncer, NULL, WNOHANG), 0);
		(void) usleep(50000);
	}
	return answers() ? 0 : -1;
}

static int
tear_down(void **state)
{
	static const char *const names[] = {"ini", ".s.PGSQL.1"};
	char path[100];

	(void) state;
	if (bouncer <= 0)
		return 0;
	(void) kill(bouncer, SIGTERM);
	(void) waitpid(bouncer, NULL, 0);
	for (size_t i = 0; i < 2; i++)
	{
		(void) snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		(void) unlink(path);
	}
	return rmdir(directory);
}

static aiodal_db *
open_db(aiodal_reset reset)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_db *db;

	options.reset = reset;
	options.pool_size = THREADS;
	options.acquire_timeout_ms = -1;
	options.prepare_after = 2;
	OK(aiodal_db_open(&db, conninfo, &options, &err));
	return db;
}

/* What services do: typed statements, a part that fails, a pipeline, a load through a stage. */
static aiodal_status
do_all(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	aiodal_load_options load = AIODAL_LOAD_OPTIONS_INIT;
	const int *number = payload;
	const aiodal_value values[] = {aiodal_int32(*number), aiodal_int32(1)};
	aiodal_pipeline *p = NULL;
	char csv[60];
	aiodal_status status = aiodal_tx_exec(NULL, tx, "SET LOCAL lock_timeout = '10s'", 0, NULL, err);

	load.table = "item";
	(void) snprintf(csv, sizeof(csv), "id,n\n%d,0\n", *number);
	if (status == AIODAL_OK)
		status = aiodal_bulk_load_memory(NULL, tx, &load, csv, strlen(csv), err);
	for (int i = 0; i < 3 && status == AIODAL_OK; i++)
		status = aiodal_tx_query(NULL, tx, "UPDATE item SET n = n + $2 WHERE id = $1", 2, values, NULL, err);
	if (status == AIODAL_OK)
		status = aiodal_pipeline_begin(&p, tx, err);
	for (int i = 0; i < 2 && status == AIODAL_OK; i++)
		status = aiodal_pipeline_query(p, "UPDATE item SET n = n + $2 WHERE id = $1", 2, values, NULL, err);
	if (status == AIODAL_OK)
		status = aiodal_pipeline_run(p, err);
	aiodal_pipeline_free(p);
	return status;
}

typedef struct client
{
	pthread_t thread;
	aiodal_db *db;
	int number;
	int failed;
	char message[200];
} client;

static void *
serve(void *arg)
{
	client *c = arg;
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;

	options.max_attempts = 50;
	for (int i = 0; i < ROUNDS; i++)
	{
		aiodal_error *err = NULL;

		if (aiodal_db_transact(c->db, &options, do_all, &c->number, &err) != AIODAL_OK)
		{
			c->failed++;
			(void) snprintf(c->message, sizeof(c->message), "%s", aiodal_error_message(err));
		}
		aiodal_error_free(err);
	}
	return NULL;
}

static void
serve_many(aiodal_reset reset)
{
	aiodal_error *err = NULL;
	aiodal_db *db = open_db(reset);
	aiodal_db_stats stats = AIODAL_DB_STATS_INIT;
	client clients[THREADS];
	aiodal_tx *tx;

	memset(clients, 0, sizeof(clients));
	for (int i = 0; i < THREADS; i++)
	{
		clients[i].db = db;
		clients[i].number = i + 1;
		assert_int_equal(pthread_create(&clients[i].thread, NULL, serve, &clients[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
	{
		assert_int_equal(pthread_join(clients[i].thread, NULL), 0);
		assert_string_equal(clients[i].message, "");
		assert_int_equal(clients[i].failed, 0);
	}
	OK(aiodal_db_get_stats(db, &stats, &err));
	if (reset == AIODAL_RESET_NEVER)
		assert_int_equal(stats.statements_prepared, 0);
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	/* each load sets it to 0, and then 5 are added */
	assert_string_equal(query(tx, "SELECT count(*) || ' ' || min(n) || ' ' || max(n) FROM item WHERE id > 0"),
						"12 5 5");
	aiodal_tx_free(tx);
	aiodal_db_close(db);
	run_sql("DELETE FROM item WHERE id > 0");
}

static void
as_documented(void **state)
{
	(void) state;
	if (!bouncer)
		skip();
	serve_many(AIODAL_RESET_NEVER);
}

/* Statements found to be gone make a transaction run again, and after a while none is prepared any more. */
static void
with_nothing_said(void **state)
{
	(void) state;
	if (!bouncer)
		skip();
	serve_many(AIODAL_RESET_AS_NEEDED);
}

/* Cancel requests go through it, and a deadline leaves the session to others. */
static void
deadlines_and_schemas(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_schema *schema;
	aiodal_db *db;
	aiodal_tx *tx;

	(void) state;
	if (!bouncer)
		skip();
	db = open_db(AIODAL_RESET_NEVER);
	options.timeout_ms = 200;
	OK(aiodal_tx_begin(&tx, db, &options, &err));
	FAILS(AIODAL_ETIMEOUT, aiodal_tx_exec(NULL, tx, "SELECT pg_sleep(60)", 0, NULL, &err), "deadline");
	aiodal_tx_free(tx);
	OK(aiodal_db_reflect(db, &err));
	schema = aiodal_db_schema(db);
	assert_non_null(aiodal_schema_table(schema, NULL, "item"));
	aiodal_schema_unref(schema);
	aiodal_db_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_documented),
		cmocka_unit_test(with_nothing_said),
		cmocka_unit_test(deadlines_and_schemas),
	};

	return cmocka_run_group_tests_name("pgbouncer", tests, set_up, tear_down);
}
