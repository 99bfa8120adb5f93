/*
 * test_copy_protocol.c
 *		COPY into a stage as seen on the wire: messages cut anywhere, failures
 *		of the client, both query protocols, cancel, disconnect, progress.
 *
 * Plain libpq: what is tested is the server's half.
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
#include <unistd.h>
#include <sys/socket.h>

#include <libpq-fe.h>

static PGconn *
connect_here(void)
{
	PGconn *conn = PQconnectdb("sslmode=disable gssencmode=disable");

	if (PQstatus(conn) != CONNECTION_OK)
		fail_msg("%s", PQerrorMessage(conn));
	return conn;
}

/* The one value of a query, to be freed, or NULL when it gave no row; anything else fails. */
static char *
query(PGconn *conn, const char *sql)
{
	PGresult *res = PQexec(conn, sql);
	ExecStatusType status = PQresultStatus(res);
	char *value = NULL;

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(conn));
	if (PQntuples(res) > 0)
		value = strdup(PQgetvalue(res, 0, 0));
	PQclear(res);
	return value;
}

static void
run(PGconn *conn, const char *sql)
{
	free(query(conn, sql));
}

static void
assert_value(PGconn *conn, const char *sql, const char *expected)
{
	char *value = query(conn, sql);

	assert_non_null(value);
	assert_string_equal(value, expected);
	free(value);
}

static int
set_up_group(void **state)
{
	PGconn *conn = connect_here();

	(void) state;
	run(conn, "SET client_min_messages = warning");
	run(conn, "CREATE EXTENSION IF NOT EXISTS aiodal");
	run(conn, "DROP SCHEMA IF EXISTS copy_protocol CASCADE");
	run(conn, "CREATE SCHEMA copy_protocol");
	run(conn, "CREATE TABLE copy_protocol.book (id int PRIMARY KEY, title text, price numeric DEFAULT 1.5)");
	PQfinish(conn);
	return 0;
}

static int
tear_down_group(void **state)
{
	PGconn *conn = connect_here();

	(void) state;
	run(conn, "SET client_min_messages = warning");
	run(conn, "DROP SCHEMA copy_protocol CASCADE");
	PQfinish(conn);
	return 0;
}

/* A connection in a transaction that has a stage. */
static int
set_up(void **state)
{
	PGconn *conn = connect_here();

	run(conn, "BEGIN");
	run(conn, "SELECT aiodal.stage('copy_protocol.book')");
	run(conn, "SAVEPOINT s");
	*state = conn;
	return 0;
}

static int
tear_down(void **state)
{
	PQfinish(*state);
	return 0;
}

/* Starts the COPY, by the simple or the extended protocol. */
static void
start_copy(PGconn *conn, const char *sql, bool extended)
{
	PGresult *res = extended ? PQexecParams(conn, sql, 0, NULL, NULL, NULL, NULL, 0) : PQexec(conn, sql);

	if (PQresultStatus(res) != PGRES_COPY_IN)
		fail_msg("%s: %s", sql, PQerrorMessage(conn));
	PQclear(res);
}

static void
put(PGconn *conn, const char *data, size_t len)
{
	assert_int_equal(PQputCopyData(conn, data, (int) len), 1);
}

/* Data cut into messages of "piece" bytes. */
static void
put_pieces(PGconn *conn, const char *data, size_t piece)
{
	size_t len = strlen(data);

	for (size_t at = 0; at < len; at += piece)
		put(conn, data + at, len - at < piece ? len - at : piece);
}

/* Ends the COPY, checks that nothing follows its result, and returns that. */
static PGresult *
end_copy(PGconn *conn, const char *failure)
{
	PGresult *res;

	assert_int_equal(PQputCopyEnd(conn, failure), 1);
	res = PQgetResult(conn);
	assert_null(PQgetResult(conn));
	return res;
}

static void
assert_copied(PGresult *res, const char *rows)
{
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		fail_msg("%s", PQresultErrorMessage(res));
	assert_string_equal(PQcmdTuples(res), rows);
	PQclear(res);
}

/* The result is this error; the transaction goes on after it, with nothing staged. */
static void
assert_failed(PGconn *conn, PGresult *res, const char *sqlstate, const char *words)
{
	assert_int_equal(PQresultStatus(res), PGRES_FATAL_ERROR);
	assert_string_equal(PQresultErrorField(res, PG_DIAG_SQLSTATE), sqlstate);
	if (strstr(PQresultErrorMessage(res), words) == NULL)
		fail_msg("\"%s\" not in: %s", words, PQresultErrorMessage(res));
	PQclear(res);
	assert_int_equal(PQtransactionStatus(conn), PQTRANS_INERROR);
	run(conn, "ROLLBACK TO s");
	assert_value(conn, "SELECT count(*) FROM book_stage", "0");
}

static const char csv[] = "price,id,\"title\"\r\n2.5,1,\"a\r\nb\"\r\n,2,\"\xc3\xa9\xe2\x82\xac\"\r\n3,3,\r\n";
static const char jsonl[] =
	"{\"id\": 1, \"title\": \"a\\r\\nb\", \"price\": 2.5}\n\n"
	"{\"title\":\"\xc3\xa9\xe2\x82\xac\",\"id\":2,\"price\":null}\r\n{\"id\":3,\"price\":3}";

#define COPY_CSV   "COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER)"
#define COPY_JSONL "COPY book_stage FROM STDIN WITH (FORMAT jsonl)"
#define CONTENTS                                                                                     \
	"SELECT string_agg(concat_ws('|', id, coalesce(encode(convert_to(title, 'utf8'), 'hex'), '-'), " \
	"coalesce(price::text, '-')), ' ' ORDER BY id) FROM book_stage"
#define EXPECTED "1|610d0a62|2.5 2|c3a9e282ac|- 3|-|3"

static void
messages_are_cut_anywhere(void **state)
{
	PGconn *conn = *state;
	static const size_t pieces[] = {1, 2, 3, 5, 7, 16, 1000};

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
	{
		for (int extended = 0; extended < 2; extended++)
		{
			start_copy(conn, COPY_CSV, extended);
			put_pieces(conn, csv, pieces[i]);
			assert_copied(end_copy(conn, NULL), "3");
			assert_value(conn, CONTENTS, EXPECTED);
			run(conn, "TRUNCATE book_stage");

			start_copy(conn, COPY_JSONL, extended);
			put_pieces(conn, jsonl, pieces[i]);
			assert_copied(end_copy(conn, NULL), "3");
			assert_value(conn, CONTENTS, EXPECTED);
			run(conn, "TRUNCATE book_stage");
		}
	}
}

static void
empty_messages_are_nothing(void **state)
{
	PGconn *conn = *state;

	start_copy(conn, COPY_CSV, false);
	put(conn, "", 0);
	put_pieces(conn, "id\n1", 1);
	put(conn, "", 0);
	put(conn, "\n", 1);
	put(conn, "", 0);
	assert_copied(end_copy(conn, NULL), "1");
}

static void
no_data_at_all(void **state)
{
	PGconn *conn = *state;

	start_copy(conn, COPY_CSV, true);
	assert_failed(conn, end_copy(conn, NULL), "22P04", "the data has no header line");
	start_copy(conn, COPY_JSONL, true);
	assert_copied(end_copy(conn, NULL), "0");
	start_copy(conn, "COPY book_stage FROM STDIN", false);
	assert_copied(end_copy(conn, NULL), "0");
}

/* A line of \. ends a client's data only where nothing follows it. */
static void
end_marker(void **state)
{
	PGconn *conn = *state;

	start_copy(conn, COPY_CSV, false);
	put_pieces(conn, "id,title\n1,a\n\\.\n", 1);
	/* from 18 on, neither psql nor the server knows it in csv */
	if (PQserverVersion(conn) < 180000)
		assert_copied(end_copy(conn, NULL), "1");
	else
		assert_failed(conn, end_copy(conn, NULL), "22P02", "line 3, column id: \"\\.\"");
	start_copy(conn, COPY_JSONL, false);
	put_pieces(conn, "{\"id\":2}\n\\.\n", 1);
	assert_copied(end_copy(conn, NULL), "1");
	run(conn, "TRUNCATE book_stage");

	for (size_t piece = 1; piece < 20; piece++)
	{
		start_copy(conn, COPY_CSV, false);
		put_pieces(conn, "title,id\na,1\n\\.\nb,2\n", piece);
		assert_failed(conn, end_copy(conn, NULL), "22P04", "line 3: \"\\.\"");
		start_copy(conn, COPY_JSONL, false);
		put_pieces(conn, "{\"id\":1}\n\\.\n{\"id\":2}\n", piece);
		assert_failed(conn, end_copy(conn, NULL), "22P02", "line 2: \"\\.\"");
	}
	/* text after the marker is ignored, as core does, but the client may still fail */
	start_copy(conn, "COPY book_stage (id) FROM STDIN", false);
	put_pieces(conn, "1\n\\.\n2\nthree\n", 3);
	assert_copied(end_copy(conn, NULL), "1");
	run(conn, "TRUNCATE book_stage");
	start_copy(conn, "COPY book_stage (id) FROM STDIN", false);
	put_pieces(conn, "1\n\\.\n2\nthree\n", 3);
	assert_failed(conn, end_copy(conn, "second thoughts"), "57014",
				  "COPY from stdin failed: second thoughts");
}

static void
client_fails(void **state)
{
	PGconn *conn = *state;
	static const char *const data[] = {"", "id,ti", "id,title\n1", "id,title\n1,a\n2,\"b"};

	for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++)
	{
		for (int extended = 0; extended < 2; extended++)
		{
			start_copy(conn, COPY_CSV, extended);
			put_pieces(conn, data[i], 1000);
			assert_failed(conn, end_copy(conn, "disk \xc3\xa9"), "57014",
						  "COPY from stdin failed: disk \xc3\xa9");
			start_copy(conn, COPY_JSONL, extended);
			put_pieces(conn, "{\"id\":1}\n", 1000);
			assert_failed(conn, end_copy(conn, "gone"), "57014", "COPY from stdin failed: gone");
		}
	}
}

/* The server reports the error at once and skips what the client still sends. */
static void
error_amid_much_data(void **state)
{
	PGconn *conn = *state;
	static char filler[65536];

	memset(filler, 'x', sizeof(filler));
	for (int extended = 0; extended < 2; extended++)
	{
		start_copy(conn, COPY_CSV, extended);
		put_pieces(conn, "id,title\n1,a\nb,c\n", 1000);
		for (int i = 0; i < 100; i++)
			put(conn, filler, sizeof(filler));
		assert_failed(conn, end_copy(conn, NULL), "22P02", "line 3, column id: \"b\"");

		start_copy(conn, COPY_CSV, extended);
		put_pieces(conn, "id,tit\n1,a\n", 1000);
		for (int i = 0; i < 100; i++)
			put(conn, filler, sizeof(filler));
		assert_failed(conn, end_copy(conn, NULL), "42703", "Perhaps you meant the column \"title\"");

		start_copy(conn, COPY_JSONL, extended);
		put_pieces(conn, "{\"id\":1}\n{\"id\":}\n", 1000);
		for (int i = 0; i < 100; i++)
			put(conn, filler, sizeof(filler));
		assert_failed(conn, end_copy(conn, NULL), "22P02", "found \"}\" at character 7");
	}
}

/* An error before the server asks for data: there is no COPY to end. */
static void
refused_before_data(void **state)
{
	PGconn *conn = *state;
	PGresult *res = PQexec(conn, "COPY book_stage FROM STDIN WITH (FORMAT jsonl, HEADER)");

	assert_failed(conn, res, "42601", "cannot be used with FORMAT jsonl");
	res = PQexec(conn, "COPY book_stage (nope) FROM STDIN WITH (FORMAT csv)");
	assert_failed(conn, res, "42703", "\"nope\"");
}

/* Sends bytes past libpq, which has nothing of its own waiting. */
static void
send_raw(PGconn *conn, const char *bytes, size_t len)
{
	while (PQflush(conn) == 1)
		continue;
	assert_int_equal(send(PQsocket(conn), bytes, len, 0), (ssize_t) len);
}

static void
flush_and_sync_are_ignored(void **state)
{
	PGconn *conn = *state;

	start_copy(conn, COPY_CSV, false);
	send_raw(conn, "H\0\0\0\4", 5);
	put(conn, "id,ti", 5);
	send_raw(conn, "S\0\0\0\4H\0\0\0\4", 10);
	put(conn, "tle\n1,a\n", 8);
	send_raw(conn, "S\0\0\0\4", 5);
	assert_copied(end_copy(conn, NULL), "1");
	run(conn, "TRUNCATE book_stage");
	assert_value(conn, "SELECT 1", "1");
}

/* What is no message of COPY ends the session, as in core; the server goes on. */
static void
unexpected_messages(void **state)
{
	static const char *const messages[] = {"Q\0\0\0\x0dSELECT 1\0", "d\0\0\0\2xxxxxxxxx",
										   "?\0\0\0\4xxxxxxxxx", "f\0\xff\xff\xff xxxxxxxx"};
	char *others;

	(void) state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
	{
		PGconn *conn = connect_here();
		PGresult *res;

		run(conn, "BEGIN");
		run(conn, "SELECT aiodal.stage('copy_protocol.book')");
		start_copy(conn, COPY_CSV, false);
		put(conn, "id\n1\n", 5);
		send_raw(conn, messages[i], 14);
		PQputCopyEnd(conn, NULL);
		while ((res = PQgetResult(conn)) != NULL)
		{
			assert_int_equal(PQresultStatus(res), PGRES_FATAL_ERROR);
			PQclear(res);
			if (PQstatus(conn) == CONNECTION_BAD)
				break;
		}
		assert_int_equal(PQstatus(conn), CONNECTION_BAD);
		PQfinish(conn);
	}
	others = query(*state, "SELECT count(*) FROM copy_protocol.book");
	assert_string_equal(others, "0");
	free(others);
}

/* Waits until the query, run on conn, gives 't'. */
static void
wait_until(PGconn *conn, const char *sql)
{
	for (int i = 0; i < 1000; i++)
	{
		char *value = query(conn, sql);
		bool done = strcmp(value, "t") == 0;

		free(value);
		if (done)
			return;
		usleep(10000);
	}
	fail_msg("still not true after 10 s: %s", sql);
}

static void
client_disconnects(void **state)
{
	static const char *const data[] = {"", "id,t", "id,title\n1,a\n2,b\n3"};

	for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++)
	{
		PGconn *conn = connect_here();
		char sql[200];

		snprintf(sql, sizeof(sql), "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = %d",
				 PQbackendPID(conn));
		run(conn, "BEGIN");
		run(conn, "SELECT aiodal.stage('copy_protocol.book')");
		start_copy(conn, COPY_CSV, i % 2);
		put_pieces(conn, data[i], 1000);
		send_raw(conn, "d\0\0\1\0half", 9);
		shutdown(PQsocket(conn), SHUT_RDWR);
		PQfinish(conn);
		run(*state, "COMMIT");
		wait_until(*state, sql);
		assert_value(*state,
					 "SELECT count(*) FROM pg_class WHERE relname = 'book_stage' AND relnamespace <> "
					 "pg_my_temp_schema()",
					 "0");
		run(*state, "BEGIN");
	}
}

static void
cancel_while_waiting(void **state)
{
	PGconn *conn = *state;
	PGcancel *cancel = PQgetCancel(conn);
	char message[256];

	start_copy(conn, COPY_CSV, false);
	put_pieces(conn, "id,title\n1,a\n", 1000);
	while (PQflush(conn) == 1)
		continue;
	assert_int_equal(PQcancel(cancel, message, sizeof(message)), 1);
	PQfreeCancel(cancel);
	/* the signal is on its way; as with any COPY, it is looked at between messages */
	usleep(200000);
	put_pieces(conn, "2,b\n", 1000);
	assert_failed(conn, end_copy(conn, NULL), "57014", "canceling statement due to user request");
}

static void
progress_is_fed(void **state)
{
	static const char *const copies[] = {COPY_CSV, COPY_JSONL};
	PGconn *conn = *state;
	PGconn *watcher = connect_here();

	for (int i = 0; i < 2; i++)
	{
		char sql[400];

		snprintf(
			sql, sizeof(sql),
			"SELECT count(*) = 1 FROM pg_stat_progress_copy WHERE pid = %d AND command = 'COPY FROM' AND "
			"type = "
			"'PIPE' AND relid <> 0 AND bytes_processed > 10000 AND tuples_processed BETWEEN 1000 AND 3000",
			PQbackendPID(conn));
		start_copy(conn, copies[i], false);
		if (i == 0)
			put(conn, "id\n", 3);
		for (int row = 0; row < 3000; row++)
		{
			char line[40];

			put(conn, line, snprintf(line, sizeof(line), i == 0 ? "%d\n" : "{\"id\":%d}\n", row));
		}
		while (PQflush(conn) == 1)
			continue;
		wait_until(watcher, sql);
		assert_copied(end_copy(conn, NULL), "3000");
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM pg_stat_progress_copy WHERE pid = %d",
				 PQbackendPID(conn));
		assert_value(watcher, sql, "0");
	}
	PQfinish(watcher);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(messages_are_cut_anywhere, set_up, tear_down),
		cmocka_unit_test_setup_teardown(empty_messages_are_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_data_at_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(end_marker, set_up, tear_down),
		cmocka_unit_test_setup_teardown(client_fails, set_up, tear_down),
		cmocka_unit_test_setup_teardown(error_amid_much_data, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refused_before_data, set_up, tear_down),
		cmocka_unit_test_setup_teardown(flush_and_sync_are_ignored, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unexpected_messages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(client_disconnects, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cancel_while_waiting, set_up, tear_down),
		cmocka_unit_test_setup_teardown(progress_is_fed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
