/*
 * test_group.c
 *		Groups and their tests: every test finds what the first one found, whatever the one before did.
 */
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <aiodal/testing.h>

#define SCHEMA                                                                                               \
	"CREATE TABLE book (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL UNIQUE);"       \
	"CREATE SEQUENCE used; SELECT nextval('used'), nextval('used'); CREATE SEQUENCE \"Odd \"\"one\" START "  \
	"7;"                                                                                                     \
	"SELECT setval('\"Odd \"\"one\"', 9, false); INSERT INTO book (title) VALUES ('Solaris');"               \
	"CREATE PROCEDURE commits() LANGUAGE plpgsql AS 'BEGIN INSERT INTO book (title) VALUES (''Kongress''); " \
	"COMMIT; END';"

static aiodal_test_group *group;

static aiodal_test_group *
open_group(const aiodal_test_group_options *options)
{
	aiodal_error *err = NULL;
	aiodal_test_group *opened;

	OK(aiodal_test_group_open(&opened, options, &err));
	return opened;
}

/* On the server of the PG* environment. */
static int
set_up(void **state)
{
	aiodal_test_group_options options = AIODAL_TEST_GROUP_OPTIONS_INIT;

	(void) state;
	options.url = "application_name=kit";
	options.sql = SCHEMA;
	group = open_group(&options);
	return 0;
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_test_group_close(group);
	group = NULL;
	return 0;
}

static aiodal_test *
begin(aiodal_test_mode mode)
{
	aiodal_error *err = NULL;
	aiodal_test *test;

	OK(aiodal_test_begin(&test, group, mode, &err));
	return test;
}

static void
end(aiodal_test *test)
{
	aiodal_error *err = NULL;

	OK(aiodal_test_end(test, &err));
}

static aiodal_tx *
tx_of(aiodal_test *test)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	OK(aiodal_test_tx(&tx, test, &err));
	return tx;
}

/* In a transaction of its own, as the code under test would. */
static void
commit_sql(aiodal_test *test, const char *sql)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	OK(aiodal_tx_begin(&tx, aiodal_test_db(test), NULL, &err));
	OK(aiodal_tx_exec_script(tx, sql, &err));
	OK(aiodal_tx_commit(tx, &err));
	aiodal_tx_free(tx);
}

/* One value, on the server of the PG* environment or in that database. */
static const char *
look(const char *conninfo, const char *sql)
{
	static char value[1000];
	PGconn *pg = PQconnectdb(conninfo);
	PGresult *res = PQexec(pg, sql);

	if (PQresultStatus(res) != PGRES_TUPLES_OK && PQresultStatus(res) != PGRES_COMMAND_OK)
		fail_msg("%s", PQerrorMessage(pg));
	(void) snprintf(value, sizeof(value), "%s", PQntuples(res) > 0 ? PQgetvalue(res, 0, 0) : "");
	PQclear(res);
	PQfinish(pg);
	return value;
}

static int
databases(const char *like)
{
	char sql[200];

	(void) snprintf(sql, sizeof(sql), "SELECT count(*) FROM pg_database WHERE datname LIKE '%s'", like);
	return (int) strtol(look("", sql), NULL, 10);
}

/* As every test must find it. */
static void
expect_seed(aiodal_test *test)
{
	aiodal_tx *tx = tx_of(test);

	assert_string_equal(query(tx, "SELECT string_agg(title, ',') FROM book"), "Solaris");
	assert_string_equal(query(tx,
							  "SELECT (SELECT last_value || ' ' || is_called FROM used) || ' ' || (SELECT "
							  "last_value || ' ' || is_called FROM \"Odd \"\"one\") || ' ' || (SELECT "
							  "last_value || ' ' || is_called FROM book_id_seq)"),
						"2 true 9 false 1 true");
}

#define CHANGE                                                                                      \
	"INSERT INTO book (title) VALUES ('Fiasco'), ('Eden'); SELECT nextval('used'), nextval('\"Odd " \
	"\"\"one\"'); "                                                                                 \
	"CREATE TABLE more ()"

static void
rolls_back(void **state)
{
	(void) state;
	for (int i = 0; i < 3; i++)
	{
		aiodal_test *test = begin(AIODAL_TEST_ROLLBACK);

		expect_seed(test);
		end(test);
		test = begin(AIODAL_TEST_ROLLBACK);
		commit_sql(test, CHANGE);
		assert_string_equal(query(tx_of(test), "SELECT count(*) FROM book"), "3");
		end(test);
	}
}

static void
clones_are_real(void **state)
{
	(void) state;
	for (int i = 0; i < 2; i++)
	{
		aiodal_test *test = begin(AIODAL_TEST_CLONE);

		expect_seed(test);
		commit_sql(test, CHANGE);
		assert_string_equal(look(aiodal_test_conninfo(test), "SELECT count(*) FROM book"), "3");
		(void) look(aiodal_test_conninfo(test), "CALL commits()");
		assert_string_equal(query(tx_of(test), "SELECT count(*) FROM book"), "4");
		end(test);
	}
	assert_int_equal(databases("aiodal\\_test\\_%"), 1);
}

/* Any number of them, beside one in rollback mode. */
static void
several_at_once(void **state)
{
	aiodal_error *err = NULL;
	aiodal_test *tests[3] = {begin(AIODAL_TEST_CLONE), begin(AIODAL_TEST_ROLLBACK), begin(AIODAL_TEST_CLONE)};
	aiodal_test *more;

	(void) state;
	for (int i = 0; i < 3; i++)
		commit_sql(tests[i], CHANGE);
	FAILS(AIODAL_ESTATE, aiodal_test_begin(&more, group, AIODAL_TEST_ROLLBACK, &err),
		  "another test in rollback mode");
	assert_null(more);
	for (int i = 0; i < 3; i++)
		end(tests[i]);
	tests[0] = begin(AIODAL_TEST_ROLLBACK);
	expect_seed(tests[0]);
	end(tests[0]);
}

static void
transactions_of_the_test(void **state)
{
	aiodal_error *err = NULL;
	aiodal_test *test = begin(AIODAL_TEST_ROLLBACK);
	aiodal_tx *tx = tx_of(test);

	(void) state;
	assert_ptr_equal(tx_of(test), tx);
	OK(aiodal_tx_exec(NULL, tx, "INSERT INTO book (title) VALUES ('Eden')", 0, NULL, &err));
	OK(aiodal_tx_commit(tx, &err));
	assert_string_equal(query(tx_of(test), "SELECT count(*) FROM book"), "2");
	/* what fails in one of the code under test leaves it alone */
	OK(aiodal_tx_begin(&tx, aiodal_test_db(test), NULL, &err));
	EXPECT(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT nonsense", 0, NULL, &err));
	aiodal_error_free(err);
	err = NULL;
	aiodal_tx_free(tx);
	assert_string_equal(query(tx_of(test), "SELECT count(*) FROM book"), "2");
	end(test);
}

static void
the_schema_is_read_once(void **state)
{
	aiodal_test *test = begin(AIODAL_TEST_ROLLBACK);
	aiodal_schema *first = aiodal_db_schema(aiodal_test_db(test));
	aiodal_schema *second;

	(void) state;
	assert_non_null(aiodal_schema_table(first, NULL, "book"));
	end(test);
	test = begin(AIODAL_TEST_ROLLBACK);
	second = aiodal_db_schema(aiodal_test_db(test));
	assert_ptr_equal(first, second);
	end(test);
	aiodal_schema_unref(first);
	aiodal_schema_unref(second);
}

static void
open_transactions_are_told_of(void **state)
{
	aiodal_error *err = NULL;

	(void) state;
	for (int mode = AIODAL_TEST_ROLLBACK; mode <= AIODAL_TEST_CLONE; mode++)
	{
		aiodal_test *test = begin(mode);
		aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
		aiodal_tx *tx;

		options.owner = "forgetful.c:1";
		OK(aiodal_tx_begin(&tx, aiodal_test_db(test), &options, &err));
		OK(aiodal_tx_exec_script(tx, CHANGE, &err));
		FAILS(AIODAL_ESTATE, aiodal_test_end(test, &err), "forgetful.c:1");
		aiodal_tx_free(tx);
		test = begin(AIODAL_TEST_ROLLBACK);
		expect_seed(test);
		end(test);
	}
}

/* What ended the sandbox has changed the database for good: the next test gets another. */
static void
what_was_committed_is_thrown_away(void **state)
{
	aiodal_error *err = NULL;
	aiodal_test *test = begin(AIODAL_TEST_ROLLBACK);

	(void) state;
	OK(aiodal_tx_exec_script(tx_of(test), CHANGE "; COMMIT", &err));
	FAILS(AIODAL_ESTATE, aiodal_test_end(test, &err), "ended by a statement");
	test = begin(AIODAL_TEST_ROLLBACK);
	expect_seed(test);
	end(test);
	assert_int_equal(databases("aiodal\\_test\\_%"), 1);
}

/* Those of a test, and, of a group between two of them, all. */
static void
backends_that_are_killed(void **state)
{
	aiodal_error *err = NULL;
	aiodal_test *test = begin(AIODAL_TEST_ROLLBACK);
	aiodal_tx *tx;

	(void) state;
	commit_sql(test, CHANGE);
	tx = tx_of(test);
	(void) look("", "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE datname LIKE "
					"'aiodal\\_test\\_%'");
	EXPECT(AIODAL_ECONN, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err));
	aiodal_error_free(err);
	(void) aiodal_test_end(test, NULL);
	for (int mode = AIODAL_TEST_ROLLBACK; mode <= AIODAL_TEST_CLONE; mode++)
	{
		test = begin(mode);
		expect_seed(test);
		end(test);
		(void) look("", "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE "
						"application_name = 'kit'");
	}
	test = begin(AIODAL_TEST_CLONE);
	end(test);
	assert_int_equal(databases("aiodal\\_test\\_%"), 1);
}

/*
 * Templates
 */

static int seeded;

static aiodal_status
seed(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	seeded++;
	return aiodal_tx_exec(NULL, tx, payload, 0, NULL, err);
}

static void
templates_are_used_again(void **state)
{
	aiodal_test_group_options options = AIODAL_TEST_GROUP_OPTIONS_INIT;
	int before = databases("aiodal\\_template\\_%");

	(void) state;
	options.url = "application_name=kit";
	options.sql = "CREATE TABLE seeded (a int)";
	options.seed = seed;
	options.seed_payload = (void *) "INSERT INTO seeded VALUES (1)";
	options.seed_version = "1";
	seeded = 0;
	for (int i = 0; i < 2; i++)
		aiodal_test_group_close(open_group(&options));
	assert_int_equal(seeded, 1);
	options.seed_version = "2";
	aiodal_test_group_close(open_group(&options));
	assert_int_equal(seeded, 2);
	assert_int_equal(databases("aiodal\\_template\\_%"), before + 2);
	/* nobody can say what is in it */
	options.seed_version = NULL;
	aiodal_test_group_close(open_group(&options));
	assert_int_equal(seeded, 3);
	options.seed_version = "2";
	options.fresh = true;
	aiodal_test_group_close(open_group(&options));
	assert_int_equal(seeded, 4);
	assert_int_equal(databases("aiodal\\_template\\_%"), before + 2);
	assert_string_equal(look("", "SELECT bool_or(datallowconn) FROM pg_database WHERE datname LIKE "
								 "'aiodal\\_template\\_%'"),
						"f");
}

static void
the_seed_is_there(void **state)
{
	aiodal_test_group_options options = AIODAL_TEST_GROUP_OPTIONS_INIT;
	aiodal_test_group *shared = group;
	aiodal_test *test;

	(void) state;
	options.url = "application_name=kit";
	options.sql = SCHEMA;
	options.seed = seed;
	options.seed_payload = (void *) "INSERT INTO book (title) VALUES ('Eden')";
	group = open_group(&options);
	for (int mode = AIODAL_TEST_ROLLBACK; mode <= AIODAL_TEST_CLONE; mode++)
	{
		test = begin(mode);
		assert_string_equal(query(tx_of(test), "SELECT count(*) FROM book"), "2");
		end(test);
	}
	aiodal_test_group_close(group);
	group = shared;
}

/* What fails leaves nothing. */
static void
templates_that_fail(void **state)
{
	static const char *const nowhere[] = {"/nonexistent/migrations", NULL};
	aiodal_test_group_options options = AIODAL_TEST_GROUP_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_test_group *none;
	int before = databases("aiodal\\_%");

	(void) state;
	options.url = "application_name=kit";
	options.sql = "CREATE TABLE good ();\nCREATE TABLE bad (a nonsense);";
	FAILS(AIODAL_ESERVER, aiodal_test_group_open(&none, &options, &err),
		  "sql:2: type \"nonsense\" does not exist");
	assert_null(none);
	options.sql = NULL;
	options.seed = seed;
	options.seed_payload = (void *) "SELECT nonsense";
	FAILS(AIODAL_ESERVER, aiodal_test_group_open(&none, &options, &err), "\"nonsense\" does not exist");
	options.seed = NULL;
	options.migrations = nowhere;
	FAILS(AIODAL_ENOTFOUND, aiodal_test_group_open(&none, &options, &err), "/nonexistent/migrations");
	options.migrations = NULL;
	options.base = "no such \"database";
	FAILS(AIODAL_ESERVER, aiodal_test_group_open(&none, &options, &err), "no such \"database");
	assert_int_equal(databases("aiodal\\_%"), before);
}

/* One of several programs makes it, the others wait. */
static void
programs_at_the_same_time(void **state)
{
	enum
	{
		N = 4
	};
	int before = databases("aiodal\\_template\\_%");
	int status;

	(void) state;
	for (int i = 0; i < N; i++)
	{
		pid_t pid = fork();

		if (pid == 0)
		{
			aiodal_test_group_options options = AIODAL_TEST_GROUP_OPTIONS_INIT;
			aiodal_test_group *ours;
			aiodal_test *test;

			options.url = "application_name=kit";
			options.sql = "CREATE TABLE together (a int); SELECT pg_sleep(0.2)";
			_exit(aiodal_test_group_open(&ours, &options, NULL) == AIODAL_OK &&
						  aiodal_test_begin(&test, ours, AIODAL_TEST_CLONE, NULL) == AIODAL_OK &&
						  aiodal_test_end(test, NULL) == AIODAL_OK
					  ? (aiodal_test_group_close(ours), 0)
					  : 1);
		}
		assert_true(pid > 0);
	}
	for (int i = 0; i < N; i++)
	{
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(databases("aiodal\\_template\\_%"), before + 1);
}

/*
 * What others leave behind
 */

static void
killed_programs_are_cleaned_up_after(void **state)
{
	aiodal_test_group_options options = AIODAL_TEST_GROUP_OPTIONS_INIT;
	int before = databases("aiodal\\_test\\_%");
	int status;
	pid_t pid = fork();

	(void) state;
	options.url = "application_name=victim";
	if (pid == 0)
	{
		aiodal_test_group *theirs;
		aiodal_test *test;

		if (aiodal_test_group_open(&theirs, &options, NULL) == AIODAL_OK &&
			aiodal_test_begin(&test, theirs, AIODAL_TEST_CLONE, NULL) == AIODAL_OK &&
			aiodal_test_begin(&test, theirs, AIODAL_TEST_ROLLBACK, NULL) == AIODAL_OK)
			(void) kill(getpid(), SIGKILL);
		_exit(1);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(databases("aiodal\\_test\\_%"), before + 2);
	/* the server may take a moment to see that they are gone */
	while (strcmp(look("", "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'victim'"), "0") !=
		   0)
		(void) usleep(10000);
	run_sql("CREATE DATABASE aiodal_template_0123456789abcdef");
	run_sql("COMMENT ON DATABASE aiodal_template_0123456789abcdef IS 'last used 2020-01-01'");
	options.url = "application_name=kit";
	aiodal_test_group_close(open_group(&options));
	assert_int_equal(databases("aiodal\\_test\\_%"), before);
	assert_int_equal(databases("aiodal\\_template\\_0123456789abcdef"), 0);
}

static void
the_child_of_a_fork_leaves_it_alone(void **state)
{
	aiodal_test *tests[2] = {begin(AIODAL_TEST_ROLLBACK), begin(AIODAL_TEST_CLONE)};
	int status;
	pid_t pid;

	(void) state;
	for (int i = 0; i < 2; i++)
		commit_sql(tests[i], CHANGE);
	pid = fork();
	if (pid == 0)
	{
		aiodal_test *none;
		bool refused = aiodal_test_begin(&none, group, AIODAL_TEST_CLONE, NULL) == AIODAL_ESTATE;

		aiodal_test_group_close(group);
		_exit(!refused);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_int_equal(status, 0);
	for (int i = 0; i < 2; i++)
	{
		assert_string_equal(query(tx_of(tests[i]), "SELECT count(*) FROM book"), "3");
		end(tests[i]);
	}
}

/*
 * Reports
 */

static void
traced(void *payload, const aiodal_trace *trace)
{
	if (strcmp(trace->statement, "SELECT nonsense") == 0)
		(*(int *) payload)++;
}

static void
reports_tell_what_happened(void **state)
{
	aiodal_test_group_options options = AIODAL_TEST_GROUP_OPTIONS_INIT;
	aiodal_db_options db_options = AIODAL_DB_OPTIONS_INIT;
	aiodal_test_group *shared = group;
	aiodal_error *err = NULL;
	aiodal_test *test;
	int n_traced = 0;
	char *report;

	(void) state;
	db_options.trace = traced;
	db_options.trace_payload = &n_traced;
	options.url = "";
	options.sql = SCHEMA;
	options.statements = 4;
	options.db = &db_options;
	group = open_group(&options);
	assert_non_null(aiodal_test_group_server(group));
	for (int mode = AIODAL_TEST_ROLLBACK; mode <= AIODAL_TEST_CLONE; mode++)
	{
		test = begin(mode);
		report = aiodal_test_report(test);
		assert_string_equal(report, "no statement ran\n");
		free(report);
		commit_sql(test, "SELECT 'of old'");
		commit_sql(test, "SELECT generate_series(1, 3)");
		EXPECT(AIODAL_ECONSTRAINT,
			   aiodal_tx_exec(NULL, tx_of(test), "INSERT INTO book (title)\n\tVALUES ('Solaris')", 0, NULL,
							  &err));
		aiodal_error_free(err);
		err = NULL;
		report = aiodal_test_report(test);
		for (const char *const *words =
				 (const char *const[]){
					 "the last 4 of ", " ms  SELECT generate_series(1, 3)\n", " 3 rows\n", " ms  COMMIT\n",
					 " ms  BEGIN", "INSERT INTO book (title)  VALUES ('Solaris')\n",
					 "DETAIL:  Key (title)=(Solaris) already exists.\n", "SQLSTATE: 23505\n",
					 "the server's log:\n", "duplicate key value", NULL};
			 *words; words++)
		{
			if (!strstr(report, *words))
				fail_msg("no \"%s\" in %s", *words, report);
		}
		assert_null(strstr(report, "of old"));
		assert_null(strstr(report, "sandbox"));
		free(report);
		end(test);
		/* of the last one nothing is left */
		test = begin(mode);
		EXPECT(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx_of(test), "SELECT nonsense", 0, NULL, &err));
		aiodal_error_free(err);
		err = NULL;
		report = aiodal_test_report(test);
		assert_non_null(strstr(report, "SELECT nonsense"));
		assert_null(strstr(report, "Solaris"));
		free(report);
		end(test);
	}
	assert_int_equal(n_traced, 2);
	aiodal_test_group_close(group);
	group = shared;
}

/* Of a failed test, when the environment says so. */
static void
clones_that_stay(void **state)
{
	aiodal_test_group_options options = AIODAL_TEST_GROUP_OPTIONS_INIT;
	aiodal_test_group *shared = group;
	char name[300];
	char *report;
	aiodal_test *test;

	(void) state;
	options.url = "application_name=kit";
	options.sql = SCHEMA;
	assert_int_equal(setenv("AIODAL_TEST_KEEP", "1", 1), 0);
	group = open_group(&options);
	assert_int_equal(unsetenv("AIODAL_TEST_KEEP"), 0);
	test = begin(AIODAL_TEST_CLONE);
	commit_sql(test, CHANGE);
	aiodal_test_set_failed(test);
	report = aiodal_test_report(test);
	(void) snprintf(name, sizeof(name), "%s", aiodal_test_conninfo(test));
	assert_non_null(strstr(report, "the database stays: "));
	assert_non_null(strstr(report, name));
	free(report);
	end(test);
	assert_string_equal(look(name, "SELECT count(*) FROM book"), "3");
	aiodal_test_group_close(group);
	group = shared;
}

/*
 * Servers
 */

static void
private_servers_go_with_the_group(void **state)
{
	aiodal_test_group_options options = AIODAL_TEST_GROUP_OPTIONS_INIT;
	aiodal_test_server_options server = AIODAL_TEST_SERVER_OPTIONS_INIT;
	aiodal_test_group *shared = group;
	aiodal_test *test;
	pid_t pid;

	(void) state;
	server.settings = "work_mem = '7MB'";
	options.url = "";
	options.server = &server;
	group = open_group(&options);
	pid = aiodal_test_server_pid(aiodal_test_group_server(group));
	test = begin(AIODAL_TEST_ROLLBACK);
	assert_string_equal(query(tx_of(test), "SHOW work_mem"), "7MB");
	assert_string_equal(query(tx_of(test), "SELECT aiodal.version() IS NOT NULL"), "t");
	/* a test that was not ended is */
	aiodal_test_group_close(group);
	assert_int_equal(kill(pid, 0), -1);
	group = shared;
}

static void
users_with_few_rights(void **state)
{
	aiodal_test_group_options options = AIODAL_TEST_GROUP_OPTIONS_INIT;
	aiodal_test_group *shared = group;
	aiodal_error *err = NULL;
	aiodal_test_group *none;

	(void) state;
	run_sql("DROP ROLE IF EXISTS kit_none");
	run_sql("CREATE ROLE kit_none LOGIN");
	run_sql("DROP ROLE IF EXISTS kit_creator");
	run_sql("CREATE ROLE kit_creator LOGIN CREATEDB");
	options.url = "user=kit_none application_name=kit";
	FAILS(AIODAL_ESERVER, aiodal_test_group_open(&none, &options, &err),
		  "permission denied to create database");
	options.url = "user=kit_creator application_name=kit";
	options.sql = SCHEMA;
	group = open_group(&options);
	for (int mode = AIODAL_TEST_ROLLBACK; mode <= AIODAL_TEST_CLONE; mode++)
	{
		aiodal_test *test = begin(mode);

		commit_sql(test, CHANGE);
		end(test);
	}
	aiodal_test_group_close(group);
	group = shared;
	run_sql("DROP ROLE kit_none");
	run_sql(look("", "SELECT format('DROP DATABASE %I', datname) FROM pg_database WHERE datdba = "
					 "'kit_creator'::regrole"));
	run_sql("DROP ROLE kit_creator");
}

static void
what_makes_no_sense(void **state)
{
	aiodal_test_group_options options = AIODAL_TEST_GROUP_OPTIONS_INIT;
	aiodal_db_options db_options = AIODAL_DB_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_test_group *none;
	aiodal_test *test;
	aiodal_tx *tx;

	(void) state;
	FAILS(AIODAL_EINVAL, aiodal_test_group_open(NULL, NULL, &err), "group");
	FAILS(AIODAL_EINVAL, aiodal_test_begin(&test, NULL, AIODAL_TEST_ROLLBACK, &err), "group");
	FAILS(AIODAL_EINVAL, aiodal_test_begin(NULL, group, AIODAL_TEST_ROLLBACK, &err), "test");
	FAILS(AIODAL_EINVAL, aiodal_test_begin(&test, group, (aiodal_test_mode) 2, &err), "mode");
	FAILS(AIODAL_EINVAL, aiodal_test_tx(&tx, NULL, &err), "test");
	options.url = "host=/nonexistent";
	FAILS(AIODAL_ECONN, aiodal_test_group_open(&none, &options, &err), "/nonexistent");
	options.url = "nonsense=1";
	FAILS(AIODAL_ECONN, aiodal_test_group_open(&none, &options, &err), "nonsense");
	options.url = "application_name=kit";
	options.db = &db_options;
	db_options.size = 0;
	FAILS(AIODAL_EINVAL, aiodal_test_group_open(&none, &options, &err),
		  "aiodal_db_options was not initialised");
	options.size = 0;
	FAILS(AIODAL_EINVAL, aiodal_test_group_open(&none, &options, &err), "not initialised");
	aiodal_test_group_close(NULL);
	aiodal_test_set_failed(NULL);
	assert_null(aiodal_test_report(NULL));
	assert_null(aiodal_test_db(NULL));
	assert_int_equal(aiodal_test_end(NULL, NULL), AIODAL_OK);
}

/* Values of every kind survive the way into another database's conninfo. */
static void
conninfos_of_any_kind(void **state)
{
	aiodal_test_group_options options = AIODAL_TEST_GROUP_OPTIONS_INIT;
	aiodal_test_group *shared = group;
	aiodal_test *test;

	(void) state;
	options.url = "dbname=postgres application_name='it\\'s \\\\ odd '";
	group = open_group(&options);
	test = begin(AIODAL_TEST_CLONE);
	assert_string_equal(look(aiodal_test_conninfo(test), "SHOW application_name"), "it's \\ odd ");
	end(test);
	aiodal_test_group_close(group);
	options.url = "postgresql:///postgres?application_name=a%20%27b";
	group = open_group(&options);
	test = begin(AIODAL_TEST_CLONE);
	assert_string_equal(look(aiodal_test_conninfo(test), "SHOW application_name"), "a 'b");
	end(test);
	aiodal_test_group_close(group);
	group = shared;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rolls_back),
		cmocka_unit_test(clones_are_real),
		cmocka_unit_test(several_at_once),
		cmocka_unit_test(transactions_of_the_test),
		cmocka_unit_test(the_schema_is_read_once),
		cmocka_unit_test(open_transactions_are_told_of),
		cmocka_unit_test(what_was_committed_is_thrown_away),
		cmocka_unit_test(backends_that_are_killed),
		cmocka_unit_test(templates_are_used_again),
		cmocka_unit_test(the_seed_is_there),
		cmocka_unit_test(templates_that_fail),
		cmocka_unit_test(programs_at_the_same_time),
		cmocka_unit_test(killed_programs_are_cleaned_up_after),
		cmocka_unit_test(the_child_of_a_fork_leaves_it_alone),
		cmocka_unit_test(reports_tell_what_happened),
		cmocka_unit_test(clones_that_stay),
		cmocka_unit_test(private_servers_go_with_the_group),
		cmocka_unit_test(users_with_few_rights),
		cmocka_unit_test(what_makes_no_sense),
		cmocka_unit_test(conninfos_of_any_kind),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
