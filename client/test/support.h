/*
 * support.h
 *		What the tests share: assertions that show the error, and a database in a known state.
 */
#ifndef AIODAL_TEST_SUPPORT_H
#define AIODAL_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aiodal/aiodal.h>
#include <aiodal/testing.h>

/* whose header knows nothing of C++ */
AIODAL_BEGIN_DECLS
#include <cmocka.h>
AIODAL_END_DECLS

/* Every call under test: shows the error when it is not the status expected, and frees it. */
static inline void
expect_at(aiodal_status expected, aiodal_status status, aiodal_error **err, const char *call,
		  const char *file, int line)
{
	char text[2000];

	if (status != expected)
	{
		(void) aiodal_error_describe(*err, text, sizeof(text));
		print_error("%s is %s, not %s\n%s\n", call, aiodal_status_name(status), aiodal_status_name(expected),
					text);
		_fail(file, line);
	}
	if (status == AIODAL_OK && *err)
	{
		print_error("%s succeeded and made an error\n", call);
		_fail(file, line);
	}
}

#define EXPECT(expected, call) expect_at(expected, call, &err, #call, __FILE__, __LINE__)
#define OK(call)               EXPECT(AIODAL_OK, call)

/* It fails so, and its error's text has these words. */
#define FAILS(expected, call, words)                   \
	do                                                 \
	{                                                  \
		EXPECT(expected, call);                        \
		expect_words(&err, words, __FILE__, __LINE__); \
	} while (0)

static inline void
expect_words(aiodal_error **err, const char *words, const char *file, int line)
{
	char text[4000];

	(void) aiodal_error_describe(*err, text, sizeof(text));
	aiodal_error_free(*err);
	*err = NULL;
	if (strstr(text, words))
		return;
	print_error("no \"%s\" in this error:\n%s\n", words, text);
	_fail(file, line);
}

/* With the options that are default. */
static inline aiodal_tx *
begin_in(aiodal_db *db)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	return tx;
}

static inline aiodal_db_stats
db_stats_of(aiodal_db *db)
{
	aiodal_error *err = NULL;
	aiodal_db_stats stats = AIODAL_DB_STATS_INIT;

	OK(aiodal_db_get_stats(db, &stats, &err));
	return stats;
}

/* One value of one row, as text; "(null)" for NULL. Static storage, good until the next call. */
static inline const char *
query(aiodal_tx *tx, const char *sql)
{
	static char value[1000];
	aiodal_error *err = NULL;
	aiodal_result *res;

	OK(aiodal_tx_exec(&res, tx, sql, 0, NULL, &err));
	assert_int_equal(aiodal_result_rows(res), 1);
	(void) snprintf(value, sizeof(value), "%s",
					aiodal_result_is_null(res, 0, 0) ? "(null)" : aiodal_result_value(res, 0, 0));
	aiodal_result_free(res);
	return value;
}

/* A statement in a connection of its own, outside of everything. */
static inline void
run_sql(const char *sql)
{
	PGconn *pg = PQconnectdb("");
	PGresult *res;

	if (PQstatus(pg) != CONNECTION_OK)
		fail_msg("%s", PQerrorMessage(pg));
	res = PQexec(pg, "SET client_min_messages = warning");
	PQclear(res);
	res = PQexec(pg, sql);
	if (PQresultStatus(res) != PGRES_COMMAND_OK && PQresultStatus(res) != PGRES_TUPLES_OK)
		fail_msg("%s", PQerrorMessage(pg));
	PQclear(res);
	PQfinish(pg);
}

/* Of a group on the server of the PG* environment, of which nothing stays; sql is run in the template, and is
 * to live as long as the options. */
static inline aiodal_test_group_options
group_options(const char *sql)
{
	aiodal_test_group_options options = AIODAL_TEST_GROUP_OPTIONS_INIT;

	options.url = "application_name=tests";
	options.sql = sql;
	options.fresh = true;
	return options;
}

static aiodal_test_group *database_group;

static inline void
remove_database(void)
{
	aiodal_test_group_close(database_group);
	database_group = NULL;
}

/* For programs whose tests look at databases from all sides: one for all that follows, PGDATABASE, with the
 * extension, what sql makes, and nothing else. It goes with the program. */
static inline void
reset_database(const char *sql)
{
	char text[10000];
	int len = snprintf(text, sizeof(text), "CREATE EXTENSION aiodal; %s", sql ? sql : "");
	aiodal_test_group_options options = group_options(text);
	aiodal_error *err = NULL;
	aiodal_test *test;

	assert_true(len > 0 && (size_t) len < sizeof(text));
	remove_database();
	OK(aiodal_test_group_open(&database_group, &options, &err));
	OK(aiodal_test_begin(&test, database_group, AIODAL_TEST_CLONE, &err));
	assert_int_equal(setenv("PGDATABASE", aiodal_db_name(aiodal_test_db(test)), 1), 0);
	assert_int_equal(atexit(remove_database), 0);
}

#define BOOKS                                                                                               \
	"CREATE TABLE author (id serial PRIMARY KEY, name varchar NOT NULL);"                                   \
	"CREATE TABLE book (id serial PRIMARY KEY, author_id int NOT NULL REFERENCES author, name varchar NOT " \
	"NULL,"                                                                                                 \
	" catalog varchar CONSTRAINT book_catalog_key UNIQUE, extra jsonb NOT NULL DEFAULT '{}');"

#endif /* AIODAL_TEST_SUPPORT_H */
