/*
 * test_copy_toxic.c
 *		Malformed and odd files, each staged and merged, and merged by one COPY, by
 *		every feed and both paths: what is accepted, and where the first mistake is
 *		said to be.
 *
 * The files and what a loader should say of them: test/data/toxic/manifest.json.
 * Loading here stops at the first error, so of each only that is expected.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdbool.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

typedef struct ToxicCase
{
	const char *file;
	int accepted;         /* rows in the target afterwards, when there is no error */
	const char *sqlstate; /* of the error, or NULL */
	int line;             /* in the error's context or message; 0: not checked */
	const char *words;    /* that the error has, or NULL */
	const char *setup;    /* rows in the target before, or NULL */
} ToxicCase;

static const ToxicCase cases[] = {
	{"ok_basic.csv", 5, NULL, 0, NULL, NULL},
	{"ok_no_trailing_newline.csv", 2, NULL, 0, NULL, NULL},
	{"ok_all_nulls.csv", 1, NULL, 0, NULL, NULL},
	{"ok_unicode.csv", 2, NULL, 0, NULL, NULL},
	{"unterminated_quote.csv", 0, "22P04", 4, "unterminated CSV quoted field", NULL},
	{"too_few_columns.csv", 0, "22P04", 4, "missing data for column \"note\"", NULL},
	{"too_many_columns.csv", 0, "22P04", 4, "extra data", NULL},
	{"blank_line_middle.csv", 0, "22P04", 3, "column \"code\"", NULL},
	{"semicolon.csv", 0, "22P04", 1, "DELIMITER ';'", NULL},
	{"latin1_byte.csv", 0, "22021", 4, NULL, NULL},
	{"nul_byte.csv", 0, "22021", 4, NULL, NULL},
	{"utf8_bom.csv", 2, NULL, 0, NULL, NULL},
	{"crlf.csv", 2, NULL, 0, NULL, NULL},
	{"mixed_lf_then_crlf.csv", 0, "22P04", 3, "carriage return", NULL},
	{"embedded_newlines.csv", 4, NULL, 0, NULL, NULL},
	{"embedded_newlines_then_error.csv", 0, "22P02", 7, "column qty", NULL},
	{"backslash_dot_line.csv", 0, NULL, 3, "\\.", NULL},
	{"bad_bool.csv", 0, "22P02", 4, "column active", NULL},
	{"bad_date.csv", 0, "22008", 4, "column born", NULL},
	{"bad_json.csv", 0, "22P02", 4, "column meta", NULL},
	{"bad_uuid.csv", 0, "22P02", 4, "column uuid", NULL},
	{"json_nul.csv", 0, "22P05", 4, "column meta", NULL},
	{"varchar_too_long.csv", 0, "22001", 4, "column name", NULL},
	{"cast_truncation_trap.csv", 0, "22001", 2, "column code", NULL},
	{"smallint_overflow.csv", 0, "22003", 4, "column qty", NULL},
	{"numeric_overflow.csv", 0, "22003", 4, "column price", NULL},
	{"all_rows_bad.csv", 0, "22P02", 2, "column qty", NULL},
	{"null_markers.csv", 0, "22P02", 4, "column qty", NULL},
	{"header_reordered.csv", 2, NULL, 0, NULL, NULL},
	{"header_missing_required.csv", 0, "23502", 0, "\"name\"", NULL},
	{"header_extra_column.csv", 0, "42703", 1, "\"bogus\"", NULL},
	{"header_duplicate_column.csv", 0, "42701", 1, "\"name\"", NULL},
	{"header_injection.csv", 0, "42703", 1, "DROP TABLE", NULL},
	{"header_repeated_mid.csv", 0, "22P02", 3, "column id", NULL},
	{"header_only.csv", 0, NULL, 0, NULL, NULL},
	{"empty.csv", 0, "22P04", 0, "no header line", NULL},
	{"not_null_violation.csv", 0, "23502", 4, "\"name\"", NULL},
	{"dup_pk_in_batch.csv", 0, NULL, 5, "3", NULL},
	{"dup_secondary_unique.csv", 0, "23505", 3, "item_code_name_key", NULL},
	{"fk_orphan.csv", 0, "23503", 0, "item_code_fkey", NULL},
	{"check_violation.csv", 0, "23514", 3, "item_qty_check", NULL},
	{"upsert_mix.csv", 4, NULL, 0, NULL,
	 "INSERT INTO tox.item SELECT i, (ARRAY['CC','AA','BB','CC'])[i+1]::char(2), 'old '||i FROM "
	 "generate_series(1,3) "
	 "i"},
	{"field_64k.csv", 4, NULL, 0, NULL, NULL},
	{"ok.csv.gz", 0, "22P04", 0, "compressed with gzip", NULL},
	{"truncated.csv.gz", 0, "22P04", 0, "compressed with gzip", NULL},
	{"ok.jsonl", 3, NULL, 0, NULL, NULL},
	{"blank_lines.jsonl", 2, NULL, 0, NULL, NULL},
	{"bad_line.jsonl", 0, "22P02", 3, NULL, NULL},
	{"nested.jsonl", 6, NULL, 0, NULL, NULL},
	{"unicode_escapes.jsonl", 3, NULL, 0, NULL, NULL},
	{"u0000_text.jsonl", 0, "22P05", 3, "column name", NULL},
	{"missing_keys.jsonl", 0, "23502", 3, "\"name\"", NULL},
	{"extra_keys.jsonl", 0, "42703", 1, "\"bogus\"", NULL},
	{"copy_metachars.jsonl", 4, NULL, 0, NULL, NULL},
	{"bom.jsonl", 2, NULL, 0, NULL, NULL},
	{"empty.jsonl", 0, NULL, 0, NULL, NULL},
	{"dup_pk.jsonl", 0, NULL, 3, "1", NULL},
	{"fk_and_check.jsonl", 0, NULL, 0, "item_", NULL},
};

/* A file whose bad rows staging can set aside: how many rows are staged, and the first reject. */
typedef struct RejectCase
{
	const char *file;
	const char *staged;
	const char *rejects;
	const char *line;
	const char *record;
	const char *column; /* "" for none */
	const char *sqlstate;
} RejectCase;

static const RejectCase reject_cases[] = {
	{"unterminated_quote.csv", "2", "1", "4", "3", "", "22P04"},
	{"too_few_columns.csv", "3", "1", "4", "3", "note", "22P04"},
	{"too_many_columns.csv", "3", "1", "4", "3", "", "22P04"},
	{"blank_line_middle.csv", "2", "1", "3", "2", "code", "22P04"},
	{"embedded_newlines_then_error.csv", "3", "1", "7", "3", "qty", "22P02"},
	{"latin1_byte.csv", "3", "1", "4", "3", "", "22021"},
	{"nul_byte.csv", "3", "1", "4", "3", "", "22021"},
	{"header_repeated_mid.csv", "2", "1", "3", "2", "id", "22P02"},
	{"null_markers.csv", "3", "2", "4", "3", "qty", "22P02"},
	{"varchar_too_long.csv", "3", "1", "4", "3", "name", "22001"},
	{"cast_truncation_trap.csv", "0", "1", "2", "1", "code", "22001"},
	{"smallint_overflow.csv", "3", "1", "4", "3", "qty", "22003"},
	{"numeric_overflow.csv", "3", "1", "4", "3", "price", "22003"},
	{"bad_date.csv", "3", "1", "4", "3", "born", "22008"},
	{"bad_bool.csv", "3", "1", "4", "3", "active", "22P02"},
	{"bad_json.csv", "3", "1", "4", "3", "meta", "22P02"},
	{"json_nul.csv", "3", "1", "4", "3", "meta", "22P05"},
	{"bad_uuid.csv", "3", "1", "4", "3", "uuid", "22P02"},
	{"all_rows_bad.csv", "0", "5", "2", "1", "qty", "22P02"},
	{"bad_line.jsonl", "3", "1", "3", "3", "", "22P02"},
	{"u0000_text.jsonl", "3", "1", "3", "3", "name", "22P05"},
	{"extra_keys.jsonl", "1", "1", "1", "1", "bogus", "42703"},
	{"ok_basic.csv", "5", "0", "", "", "", ""},
	{"ok.jsonl", "3", "0", "", "", "", ""},
};

/* Where the files are; the tests run in the client's directory. */
static const char *const directories[] = {"../test/data/toxic", "test/data/toxic"};

static PGconn *conn;

static void
run(const char *sql)
{
	PGresult *res = PQexec(conn, sql);

	if (PQresultStatus(res) != PGRES_COMMAND_OK && PQresultStatus(res) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(conn));
	PQclear(res);
}

static FILE *
open_file(const char *name)
{
	char path[300];

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
	{
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s", directories[i], name);
		if ((file = fopen(path, "rb")) != NULL)
			return file;
	}
	fail_msg("cannot find %s", name);
	return NULL;
}

static char *
read_file(const char *name)
{
	FILE *file = open_file(name);
	char *text = calloc(1, 100000);

	assert_true(fread(text, 1, 99999, file) > 0);
	fclose(file);
	return text;
}

static int
set_up_group(void **state)
{
	char *setup;

	(void) state;
	conn = PQconnectdb("");
	if (PQstatus(conn) != CONNECTION_OK)
		fail_msg("%s", PQerrorMessage(conn));
	run("SET client_min_messages = error");
	run("SET client_encoding = 'UTF8'");
	run("CREATE EXTENSION IF NOT EXISTS aiodal");
	setup = read_file("setup.sql");
	run(setup);
	free(setup);
	return 0;
}

static int
tear_down_group(void **state)
{
	(void) state;
	run("DROP SCHEMA tox CASCADE");
	PQfinish(conn);
	return 0;
}

/* Copies the file into the table, with more options or ""; the COPY's result. */
static PGresult *
copy_file(const char *name, const char *into, const char *options)
{
	const char *ending = strrchr(name, '.');
	FILE *file = open_file(name);
	char buf[4096];
	size_t len;
	PGresult *res;

	snprintf(buf, sizeof(buf), "COPY %s FROM STDIN WITH (%s%s)", into,
			 strcmp(ending, ".jsonl") == 0 ? "FORMAT jsonl" : "FORMAT csv, HEADER", options);
	res = PQexec(conn, buf);
	assert_int_equal(PQresultStatus(res), PGRES_COPY_IN);
	PQclear(res);
	while ((len = fread(buf, 1, sizeof(buf), file)) > 0)
		assert_int_equal(PQputCopyData(conn, buf, (int) len), 1);
	fclose(file);
	assert_int_equal(PQputCopyEnd(conn, NULL), 1);
	res = PQgetResult(conn);
	assert_null(PQgetResult(conn));
	return res;
}

static void
assert_error(const ToxicCase *c, const PGresult *res)
{
	char *text = PQresultVerboseErrorMessage(res, PQERRORS_VERBOSE, PQSHOW_CONTEXT_ALWAYS);
	const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	char line[40];

	assert_non_null(text);
	snprintf(line, sizeof(line), "line %d", c->line);
	if (PQresultStatus(res) != PGRES_FATAL_ERROR)
		fail_msg("%s: no error", c->file);
	if (c->sqlstate && strcmp(sqlstate, c->sqlstate) != 0)
		fail_msg("%s: SQLSTATE is not %s: %s", c->file, c->sqlstate, text);
	if (c->line && strstr(text, line) == NULL)
		fail_msg("%s: not on line %d: %s", c->file, c->line, text);
	if (c->words && strstr(text, c->words) == NULL)
		fail_msg("%s: \"%s\" is missing in: %s", c->file, c->words, text);
	PQfreemem(text);
}

static void
assert_count(const char *sql, int expected, const char *what)
{
	PGresult *res = PQexec(conn, sql);

	assert_int_equal(PQresultStatus(res), PGRES_TUPLES_OK);
	if (strtol(PQgetvalue(res, 0, 0), NULL, 10) != expected)
		fail_msg("%s: %s instead of %d", what, PQgetvalue(res, 0, 0), expected);
	PQclear(res);
}

/* Stages and merges; the result of what failed, else of the merge. */
static PGresult *
load_through_stage(const ToxicCase *c)
{
	PGresult *res;

	run("SELECT aiodal.stage('tox.item')");
	run("SAVEPOINT s");
	res = copy_file(c->file, "item_stage", "");
	if (PQresultStatus(res) == PGRES_COMMAND_OK)
	{
		PQclear(res);
		return PQexec(conn, "SELECT * FROM aiodal.merge('item_stage')");
	}
	run("ROLLBACK TO s");
	assert_count("SELECT count(*) FROM item_stage", 0, c->file);
	return res;
}

/* The same in one statement. */
static PGresult *
load_at_once(const ToxicCase *c)
{
	run("SAVEPOINT s");
	return copy_file(c->file, "tox.item", ", merge 'upsert'");
}

static void
check_case(const ToxicCase *c, PGresult *(*load)(const ToxicCase *) )
{
	bool wants_error = c->sqlstate || c->line || c->words;
	PGresult *res;

	run("BEGIN");
	if (c->setup)
		run(c->setup);
	res = load(c);
	if (wants_error)
	{
		assert_error(c, res);
		run("ROLLBACK TO s");
	}
	else if (PQresultStatus(res) == PGRES_FATAL_ERROR)
		fail_msg("%s: %s", c->file, PQresultErrorMessage(res));
	PQclear(res);
	assert_count("SELECT count(*) FROM tox.item", c->accepted, c->file);
	run("ROLLBACK");
}

static int
clean_up(void **state)
{
	(void) state;
	run("ROLLBACK");
	return 0;
}

/* Calls it with each way to make rows and each path of a merge set, which are named on failure. */
static void
in_every_way(void (*check)(void))
{
	static const char *const feeds[] = {"core", "fields", "records"};
	static const char *const paths[] = {"direct", "sql"};
	char sql[100];

	for (size_t i = 0; i < 6; i++)
	{
		snprintf(sql, sizeof(sql), "SET aiodal.feed = %s; SET aiodal.path = %s", feeds[i / 2], paths[i % 2]);
		print_message("# %s\n", sql);
		run(sql);
		check();
	}
	run("RESET aiodal.feed; RESET aiodal.path");
}

static void
check_staged(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&cases[i], load_through_stage);
}

static void
each_file(void **state)
{
	(void) state;
	in_every_way(check_staged);
}

static void
check_merged(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&cases[i], load_at_once);
}

static void
each_file_at_once(void **state)
{
	(void) state;
	in_every_way(check_merged);
}

static void
check_reject_case(const RejectCase *c)
{
	PGresult *res;

	run("BEGIN");
	run("SELECT aiodal.stage('tox.item', on_error => 'reject')");
	res = copy_file(c->file, "item_stage", "");
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", c->file, PQresultErrorMessage(res));
	assert_string_equal(PQcmdTuples(res), c->staged);
	PQclear(res);
	res = PQexec(conn, "SELECT count(*) OVER (), line, record, coalesce(column_name, ''), sqlstate "
					   "FROM aiodal.rejects('item_stage') ORDER BY line");
	assert_int_equal(PQresultStatus(res), PGRES_TUPLES_OK);
	if (strcmp(PQntuples(res) > 0 ? PQgetvalue(res, 0, 0) : "0", c->rejects) != 0)
		fail_msg("%s: %d rejects", c->file, PQntuples(res));
	if (PQntuples(res) > 0 &&
		(strcmp(PQgetvalue(res, 0, 1), c->line) != 0 || strcmp(PQgetvalue(res, 0, 2), c->record) != 0 ||
		 strcmp(PQgetvalue(res, 0, 3), c->column) != 0 || strcmp(PQgetvalue(res, 0, 4), c->sqlstate) != 0))
		fail_msg("%s: line %s, record %s, column \"%s\", %s", c->file, PQgetvalue(res, 0, 1),
				 PQgetvalue(res, 0, 2), PQgetvalue(res, 0, 3), PQgetvalue(res, 0, 4));
	PQclear(res);
	run("ROLLBACK");
}

static void
check_set_aside(void)
{
	for (size_t i = 0; i < sizeof(reject_cases) / sizeof(reject_cases[0]); i++)
		check_reject_case(&reject_cases[i]);
}

static void
each_file_set_aside(void **state)
{
	(void) state;
	in_every_way(check_set_aside);
}

/* No file of the collection is left out. */
static void
all_files(void **state)
{
	char *manifest = read_file("manifest.json");
	const char *p = manifest;
	size_t n = 0;

	(void) state;
	while ((p = strstr(p, "\"file\":")) != NULL && n++ < 1000)
		p++;
	free(manifest);
	assert_int_equal(n, sizeof(cases) / sizeof(cases[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(each_file, clean_up),
		cmocka_unit_test_teardown(each_file_at_once, clean_up),
		cmocka_unit_test_teardown(each_file_set_aside, clean_up),
		cmocka_unit_test(all_files),
	};

	return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
