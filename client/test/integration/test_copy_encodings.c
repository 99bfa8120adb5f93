/*
 * test_copy_encodings.c
 *		COPY that sets rows aside, of characters that the database's encoding
 *		lacks and bytes that are no characters, whatever encodings the two sides
 *		have and wherever the messages are cut.
 *
 * What is right with a row and what is wrong with it is asked by loading that
 * row alone, by PostgreSQL's own COPY where that knows the format. The rows that
 * went in then have to be those of a file with all of them, and the others
 * its rejects, each with that code and message.
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

/* enough rows between bad ones that these are in other buffers than each other */
#define ROUNDS        3
#define FILLERS       300
#define SAMPLES_MAX   16
#define VERDICT_SIZE  200
#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define DATABASE(enc) "aiodal_encoding_" enc

typedef struct sample
{
	const char *text;
	size_t len;
} sample;

#define SAMPLE(text)           \
	{                          \
		text, sizeof(text) - 1 \
	}

/* The first is between all the others. */
static const sample utf8[] = {
	SAMPLE("gr\xc3\xb6\xc3\x9f"
		   "er als ein Wort allein"),
	SAMPLE("plain"),
	SAMPLE("100 \xe2\x82\xac"),
	SAMPLE("\xe6\xbc\xa2\xe5\xad\x97"),
	SAMPLE("\xf0\x9f\x98\x80 smiles"),
	SAMPLE("a byte \xe9 alone"),
	SAMPLE("cut short \xe6\xbc"),
	SAMPLE("both \xe2\x82\xac and \xff"),
	SAMPLE("both \xff and \xe2\x82\xac"),
	SAMPLE("surrogate \xed\xa0\x80"),
	SAMPLE("nul \0 byte"),
	SAMPLE("\xc5\x81\xc3\xb3"
		   "d\xc5\xba"),
	SAMPLE("?"),
};
static const sample latin1[] = {
	SAMPLE("gr\xf6\xdf"
		   "er als ein Wort allein"),
	SAMPLE("plain"),
	SAMPLE("\xa4\xff\x80"),
	SAMPLE("nul \0 byte"),
};
static const sample sjis[] = {
	SAMPLE("\x83\x5c\x95\x5c\x83\x7c\x88\xea \x83\x5cn"),
	SAMPLE("plain"),
	SAMPLE("\x83\x7c\x83\x7c"),
	SAMPLE("\xb1\xb2 half"),
	SAMPLE("no second byte \x81\x20"),
	SAMPLE("no first byte \xfd"),
	SAMPLE("cut short \x83"),
	SAMPLE("none there \x81\xad"),
	SAMPLE("of users \xf0\x40\x95\x5c"),
	SAMPLE("nul \0 byte"),
};

typedef struct client
{
	const char *encoding;
	const sample *samples;
	size_t n;
} client;

static const client clients[] = {
	{"UTF8", utf8, COUNT(utf8)}, {"LATIN1", latin1, COUNT(latin1)}, {"SJIS", sjis, COUNT(sjis)}};
static const char *const databases[] = {"utf8", "latin1", "euc_jp", "sql_ascii"};

typedef struct format
{
	const char *name;
	const char *options;
	const char *before; /* a row's number */
	const char *between;
	const char *behind;
	bool core; /* knows it */
} format;

/* Delimiters that are the second byte of a character in SJIS. */
static const format formats[] = {{"csv", "FORMAT csv, DELIMITER '|'", "", "|", "\n", true},
								 {"csv, quoted", "FORMAT csv", "", ",\"", "\"\r\n", true},
								 {"text", "FORMAT text, DELIMITER '|'", "", "|", "\n", true},
								 {"jsonl", "FORMAT jsonl", "{\"id\": ", ", \"t\": \"", "\"}\n", false}};

/* --- a connection */

static PGresult *
execute(PGconn *conn, const char *sql)
{
	PGresult *res = PQexec(conn, sql);
	ExecStatusType status = PQresultStatus(res);

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(conn));
	return res;
}

static void
run(PGconn *conn, const char *sql)
{
	PQclear(execute(conn, sql));
}

static void
assert_value(PGconn *conn, const char *sql, const char *expected, const char *what)
{
	PGresult *res = execute(conn, sql);

	if (strcmp(PQgetvalue(res, 0, 0), expected) != 0)
		fail_msg("%s: %s\n%s\ninstead of\n%s", what, sql, PQgetvalue(res, 0, 0), expected);
	PQclear(res);
}

static PGconn *
connect_to(const char *database)
{
	char conninfo[100];
	PGconn *conn;

	(void) snprintf(conninfo, sizeof(conninfo), "dbname=" DATABASE("%s"), database);
	conn = PQconnectdb(conninfo);
	if (PQstatus(conn) != CONNECTION_OK)
		fail_msg("%s", PQerrorMessage(conn));
	run(conn, "SET client_min_messages = warning");
	return conn;
}

/* The result of a COPY of data, sent in messages of "piece" bytes. */
static PGresult *
copy(PGconn *conn, const char *sql, const char *data, size_t len, size_t piece)
{
	PGresult *res = PQexec(conn, sql);

	if (PQresultStatus(res) != PGRES_COPY_IN)
		return res;
	PQclear(res);
	for (size_t at = 0; at < len; at += piece)
		assert_int_equal(PQputCopyData(conn, data + at, (int) (len - at < piece ? len - at : piece)), 1);
	assert_int_equal(PQputCopyEnd(conn, NULL), 1);
	res = PQgetResult(conn);
	assert_null(PQgetResult(conn));
	return res;
}

/* "" or "sqlstate|message" */
static void
verdict_of(const PGresult *res, char *verdict)
{
	if (PQresultStatus(res) == PGRES_COMMAND_OK)
		*verdict = '\0';
	else
		(void) snprintf(verdict, VERDICT_SIZE, "%s|%s", PQresultErrorField(res, PG_DIAG_SQLSTATE),
						PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY));
}

/* --- a file */

typedef struct text
{
	char *data;
	size_t len;
	FILE *file;
} text;

static void
open_text(text *out)
{
	out->file = open_memstream(&out->data, &out->len);
	assert_non_null(out->file);
}

static void
close_text(text *out)
{
	assert_int_equal(fclose(out->file), 0);
}

static void
put_row(text *out, const format *form, int id, const sample *of)
{
	(void) fprintf(out->file, "%s%d%s", form->before, id, form->between);
	assert_int_equal(fwrite(of->text, 1, of->len, out->file), of->len);
	(void) fputs(form->behind, out->file);
}

/* What has to come of a file: its bytes, its rejects as text, and the rows that go in (in table oracle). */
typedef struct expectation
{
	char verdicts[SAMPLES_MAX][VERDICT_SIZE];
	text file;
	text rejects;
	int rows;
	int rejected;
} expectation;

/* The table's name in the statement stands for %s. */
static void
copy_sql(char *sql, size_t size, const char *table, const format *form, const char *options)
{
	(void) snprintf(sql, size, "COPY %s FROM STDIN WITH (%s%s%s)", table, form->options, *options ? ", " : "",
					options);
}

/* Each sample by itself. */
static void
judge(PGconn *conn, const client *from, const format *form, expectation *expected)
{
	char sql[200];

	copy_sql(sql, sizeof(sql), "oracle", form, form->core ? "" : "merge 'upsert'");
	for (size_t i = 0; i < from->n; i++)
	{
		text row;
		PGresult *res;

		open_text(&row);
		put_row(&row, form, 0, &from->samples[i]);
		close_text(&row);
		res = copy(conn, sql, row.data, row.len, row.len);
		verdict_of(res, expected->verdicts[i]);
		PQclear(res);
		free(row.data);
		run(conn, "TRUNCATE oracle");
	}
}

/* One row of the file; the rows that are right go in, one by one, too. */
static void
expect_row(const client *from, const format *form, size_t which, expectation *expected, text *right)
{
	int id = ++expected->rows;

	put_row(&expected->file, form, id, &from->samples[which]);
	if (expected->verdicts[which][0])
		(void) fprintf(expected->rejects.file, "%s%d|%d|%s", expected->rejected++ ? "\n" : "", id, id,
					   expected->verdicts[which]);
	else
		put_row(right, form, id, &from->samples[which]);
}

static void
make_expectation(PGconn *conn, const client *from, const format *form, expectation *expected)
{
	text right;
	char sql[200];
	PGresult *res;

	memset(expected, 0, sizeof(*expected));
	judge(conn, from, form, expected);
	open_text(&expected->file);
	open_text(&expected->rejects);
	open_text(&right);
	for (int round = 0; round < ROUNDS; round++)
	{
		for (size_t which = 0; which < from->n; which++)
		{
			expect_row(from, form, which, expected, &right);
			for (int i = 0; i < (round > 0 ? FILLERS : 0); i++)
				expect_row(from, form, 0, expected, &right);
		}
	}
	close_text(&expected->file);
	close_text(&expected->rejects);
	close_text(&right);
	copy_sql(sql, sizeof(sql), "oracle", form, form->core ? "" : "merge 'upsert'");
	res = copy(conn, sql, right.data, right.len, right.len + 1);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		fail_msg("%s: %s: %s", from->encoding, form->name, PQresultErrorMessage(res));
	PQclear(res);
	free(right.data);
}

static void
free_expectation(expectation *expected)
{
	free(expected->file.data);
	free(expected->rejects.data);
}

/* --- ways to load it */

typedef struct way
{
	const char *name;
	const char *before;
	const char *table;
	const char *options;
	const char *counts; /* a query of staged and rejected */
} way;

#define LAST_COPY "SELECT concat_ws(' ', staged, rejected) FROM aiodal.last_copy()"
#define MERGE     "SELECT concat_ws(' ', staged, rejected) FROM aiodal.merge('book_stage')"

static const way ways[] = {
	{"merge", NULL, "book", "merge 'upsert', on_error 'reject'", LAST_COPY},
	{"merge by SQL", "SET LOCAL aiodal.path = 'sql'", "book", "merge 'upsert', on_error 'reject'", LAST_COPY},
	{"insert", NULL, "book", "on_error 'reject'", LAST_COPY},
	{"stage, streaming", "SELECT aiodal.stage('book', mode => 'upsert', on_error => 'reject')", "book_stage",
	 "", MERGE},
	{"stage", "SELECT aiodal.stage('book', on_error => 'reject')", "book_stage", "", MERGE},
};

#define REJECTS                                                                                           \
	"SELECT coalesce(string_agg(concat_ws('|', line, record, sqlstate, message), E'\\n' ORDER BY line), " \
	"'') "                                                                                                \
	"FROM aiodal.rejects()"
#define DIFFERENCE \
	"SELECT count(*) FROM oracle FULL JOIN book USING (id) WHERE oracle.t IS DISTINCT FROM book.t"

static void
load(PGconn *conn, const format *form, const way *by, const expectation *expected, size_t piece,
	 const char *what)
{
	char sql[200];
	char counts[40];
	PGresult *res;

	run(conn, "BEGIN");
	if (by->before)
		run(conn, by->before);
	copy_sql(sql, sizeof(sql), by->table, form, by->options);
	res = copy(conn, sql, expected->file.data, expected->file.len, piece);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", what, PQresultErrorMessage(res));
	PQclear(res);
	(void) snprintf(counts, sizeof(counts), "%d %d", expected->rows, expected->rejected);
	assert_value(conn, by->counts, counts, what);
	assert_value(conn, REJECTS, expected->rejects.data, what);
	assert_value(conn, DIFFERENCE, "0", what);
	run(conn, "ROLLBACK");
}

static void
load_by_all_ways(PGconn *conn, const format *form, const expectation *expected, const char *what)
{
	static const size_t pieces[] = {1, 3, 7, 1000, 65536, 1000000};
	static const char *const steps[] = {"core", "fields", "records"};
	char words[200];

	for (size_t step = 0; step < COUNT(steps); step++)
	{
		char set[60];

		(void) snprintf(set, sizeof(set), "SET aiodal.feed = '%s'", steps[step]);
		run(conn, set);
		for (size_t i = 0; i < COUNT(pieces); i++)
		{
			(void) snprintf(words, sizeof(words), "%s, step %s, messages of %zu", what, steps[step],
							pieces[i]);
			load(conn, form, &ways[0], expected, pieces[i], words);
		}
	}
	for (size_t i = 1; i < COUNT(ways); i++)
	{
		(void) snprintf(words, sizeof(words), "%s, %s", what, ways[i].name);
		load(conn, form, &ways[i], expected, 1000, words);
	}
}

/* Behind the table's name, "" when there is none. */
static const char *
place_of(const PGresult *res)
{
	const char *context = PQresultErrorField(res, PG_DIAG_CONTEXT);
	const char *place = context ? strstr(context, ", line ") : NULL;

	return place ? place : "";
}

/* Without rejects, all is as by COPY alone. */
static void
stop_as_core_does(PGconn *conn, const format *form, const expectation *expected, const char *what)
{
	char sql[200];
	char verdict[VERDICT_SIZE];
	char by_core[VERDICT_SIZE];
	PGresult *core;
	PGresult *res;

	run(conn, "CREATE TEMP TABLE core (LIKE oracle)");
	copy_sql(sql, sizeof(sql), "core", form, "");
	core = copy(conn, sql, expected->file.data, expected->file.len, 1000000);
	verdict_of(core, by_core);
	copy_sql(sql, sizeof(sql), "book", form, "merge 'upsert'");
	res = copy(conn, sql, expected->file.data, expected->file.len, 1000000);
	verdict_of(res, verdict);
	if (strcmp(verdict, by_core) != 0 || strcmp(place_of(res), place_of(core)) != 0)
		fail_msg("%s: %s%s, but by core %s%s", what, verdict, place_of(res), by_core, place_of(core));
	assert_true(expected->rejected > 0 ? *verdict != '\0' : *verdict == '\0');
	PQclear(res);
	PQclear(core);
	run(conn, "DROP TABLE core");
	run(conn, "TRUNCATE book");
}

/* --- tests */

static int
set_up_group(void **state)
{
	PGconn *admin = PQconnectdb("");
	char sql[200];

	(void) state;
	for (size_t i = 0; i < COUNT(databases); i++)
	{
		PGconn *conn;

		(void) snprintf(sql, sizeof(sql),
						"CREATE DATABASE " DATABASE("%s") " TEMPLATE template0 ENCODING '%s' LC_COLLATE 'C' "
														  "LC_CTYPE 'C'",
						databases[i], databases[i]);
		run(admin, sql);
		conn = connect_to(databases[i]);
		run(conn, "CREATE EXTENSION aiodal");
		run(conn, "CREATE TABLE book (id int PRIMARY KEY, t text)");
		run(conn, "CREATE TABLE oracle (id int PRIMARY KEY, t text)");
		PQfinish(conn);
	}
	PQfinish(admin);
	return 0;
}

static int
tear_down_group(void **state)
{
	PGconn *admin = PQconnectdb("");
	char sql[200];

	(void) state;
	for (size_t i = 0; i < COUNT(databases); i++)
	{
		(void) snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS " DATABASE("%s") " WITH (FORCE)",
						databases[i]);
		PQclear(PQexec(admin, sql));
	}
	PQfinish(admin);
	return 0;
}

static void
every_pair(void (*check)(PGconn *, const char *, const client *))
{
	for (size_t d = 0; d < COUNT(databases); d++)
	{
		for (size_t c = 0; c < COUNT(clients); c++)
		{
			PGconn *conn = connect_to(databases[d]);

			run(conn, "SELECT aiodal.version()");
			/* not every pair of encodings has a conversion */
			if (PQsetClientEncoding(conn, clients[c].encoding) == 0)
				check(conn, databases[d], &clients[c]);
			PQfinish(conn);
		}
	}
}

static void
check_rows(PGconn *conn, const char *database, const client *from)
{
	for (size_t f = 0; f < COUNT(formats); f++)
	{
		expectation expected;
		char what[100];

		/* not converted, a character's second byte is a backslash there, in front of the line's end */
		if (strcmp(formats[f].name, "text") == 0 && strcmp(database, "sql_ascii") == 0 &&
			from->samples == sjis)
			continue;

		(void) snprintf(what, sizeof(what), "%s from %s into %s", formats[f].name, from->encoding, database);
		make_expectation(conn, from, &formats[f], &expected);
		load_by_all_ways(conn, &formats[f], &expected, what);
		if (formats[f].core)
			stop_as_core_does(conn, &formats[f], &expected, what);
		run(conn, "TRUNCATE oracle");
		free_expectation(&expected);
	}
}

static void
bad_rows_alone_are_set_aside(void **state)
{
	(void) state;
	every_pair(check_rows);
}

/* Where there is no conversion, no row is at fault. */
static void
no_conversion_is_no_reject(void **state)
{
	PGconn *conn = connect_to("latin1");

	(void) state;
	run(conn, "SELECT aiodal.version()");
	for (size_t f = 0; f < COUNT(formats); f++)
	{
		char sql[200];
		char verdict[VERDICT_SIZE];
		PGresult *res;

		copy_sql(sql, sizeof(sql), "book", &formats[f], "merge 'upsert', on_error 'reject', encoding 'SJIS'");
		res = copy(conn, sql, "", 0, 1);
		verdict_of(res, verdict);
		assert_string_equal(
			verdict, "42883|default conversion function for encoding \"SJIS\" to \"LATIN1\" does not exist");
		PQclear(res);
	}
	PQfinish(conn);
}

/* A field of ten megabytes whose last character is bad, between two good rows. */
static void
large_field(void **state)
{
	static const char *const ends[] = {"\xe2\x82\xac", "\xff", "\xc3\xb6"};
	PGconn *conn = connect_to("latin1");

	(void) state;
	run(conn, "SELECT aiodal.version()");
	assert_int_equal(PQsetClientEncoding(conn, "UTF8"), 0);
	for (size_t f = 0; f < COUNT(formats); f++)
	{
		const format *form = &formats[f];

		for (size_t e = 0; e < COUNT(ends); e++)
		{
			text file;
			char sql[200];
			PGresult *res;

			open_text(&file);
			(void) fprintf(file.file, "%s1%sone%s", form->before, form->between, form->behind);
			(void) fprintf(file.file, "%s2%s", form->before, form->between);
			for (int i = 0; i < 5 * 1024 * 1024; i++)
				(void) fputs("\xc3\xb6", file.file);
			(void) fprintf(file.file, "%s%s", ends[e], form->behind);
			(void) fprintf(file.file, "%s3%sthree%s", form->before, form->between, form->behind);
			close_text(&file);
			copy_sql(sql, sizeof(sql), "book", form, "merge 'upsert', on_error 'reject'");
			run(conn, "BEGIN");
			res = copy(conn, sql, file.data, file.len, 100001);
			if (PQresultStatus(res) != PGRES_COMMAND_OK)
				fail_msg("%s", PQresultErrorMessage(res));
			PQclear(res);
			assert_value(
				conn, "SELECT string_agg(id || ':' || length(t) || right(t, 1), ' ' ORDER BY id) FROM book",
				e == 2 ? "1:3e 2:5242881\xc3\xb6 3:5e" : "1:3e 3:5e", form->name);
			assert_value(conn,
						 "SELECT coalesce(string_agg(concat_ws(' ', line, sqlstate, length(raw) > 5000000), '"
						 "'), '') FROM aiodal.rejects()",
						 e == 0   ? "2 22P05 t"
						 : e == 1 ? "2 22021 t"
								  : "",
						 form->name);
			run(conn, "ROLLBACK");
			free(file.data);
		}
	}
	PQfinish(conn);
}

/* What is shown of the record has a question mark where the character was. */
static void
record_is_shown(void **state)
{
	PGconn *conn = connect_to("latin1");

	(void) state;
	run(conn, "SELECT aiodal.version()");
	assert_int_equal(PQsetClientEncoding(conn, "UTF8"), 0);
	for (size_t f = 0; f < COUNT(formats); f++)
	{
		static const sample bad = SAMPLE("\xc3\xb6 100 \xe2\x82\xac");
		text file;
		text raw;
		char sql[200];

		open_text(&file);
		put_row(&file, &formats[f], 1, &bad);
		close_text(&file);
		open_text(&raw);
		(void) fprintf(raw.file, "%s1%s\xc3\xb6 100 ?%.*s", formats[f].before, formats[f].between,
					   (int) strcspn(formats[f].behind, "\r\n"), formats[f].behind);
		close_text(&raw);
		copy_sql(sql, sizeof(sql), "book", &formats[f], "merge 'upsert', on_error 'reject'");
		PQclear(copy(conn, sql, file.data, file.len, 5));
		assert_value(conn, "SELECT raw FROM aiodal.rejects()", raw.data, formats[f].name);
		free(file.data);
		free(raw.data);
	}
	PQfinish(conn);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_rows_alone_are_set_aside),
		cmocka_unit_test(no_conversion_is_no_reject),
		cmocka_unit_test(large_field),
		cmocka_unit_test(record_is_shown),
	};

	return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
