/*
 * test_kit.c
 *		Tests of code that uses a database, with libaiodal_test and cmocka.
 *
 *		cc -o test_kit test_kit.c $(pkg-config --cflags --libs aiodal_test aiodal) -lcmocka
 *		./test_kit                         with a private server
 *		aiodal testdb -- ./test_kit        with one that other programs of tests use as well
 *
 * The code under test begins and commits transactions of its own. Every test finds the same three books all
 * the same, with the same numbers, in whatever order they run.
 */
#include <stdio.h>

#include <aiodal/aiodal.h>
#include <aiodal/testing.h>
#include <aiodal/testing_cmocka.h>

/* In real life: options.migrations = (const char *const[]) {"db/migrations", NULL}. */
static const char schema[] =
	"CREATE TABLE book (id serial PRIMARY KEY, title text NOT NULL UNIQUE);"
	"CREATE TABLE loan (book_id int PRIMARY KEY REFERENCES book, reader text NOT NULL);"
	"INSERT INTO book (title) VALUES ('Solaris'), ('Fiasco'), ('Eden');";

/*
 * The code under test
 */

typedef struct loan_request
{
	const char *title;
	const char *reader;
} loan_request;

static aiodal_status
insert_loan(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	const loan_request *request = payload;
	const char *const params[] = {request->title, request->reader};
	aiodal_status status;

	status =
		aiodal_tx_exec(NULL, tx, "INSERT INTO loan SELECT id, $2 FROM book WHERE title = $1", 2, params, err);
	if (status == AIODAL_OK)
		status = aiodal_tx_exec(NULL, tx, "NOTIFY lent", 0, NULL, err);
	return status;
}

/* Lends a book, once: AIODAL_ECONSTRAINT when somebody has it. */
static aiodal_status
lend(aiodal_db *db, const char *title, const char *reader)
{
	loan_request request = {title, reader};

	return aiodal_db_transact(db, NULL, insert_loan, &request, NULL);
}

/*
 * The tests
 */

/* One number, in the test's own transaction. */
static long
number(aiodal_test *test, const char *sql)
{
	aiodal_result *res;
	aiodal_tx *tx;
	long n;

	assert_int_equal(aiodal_test_tx(&tx, test, NULL), AIODAL_OK);
	assert_int_equal(aiodal_tx_exec(&res, tx, sql, 0, NULL, NULL), AIODAL_OK);
	n = strtol(aiodal_result_value(res, 0, 0), NULL, 10);
	aiodal_result_free(res);
	return n;
}

static void
a_book_is_lent(void **state)
{
	aiodal_test *test = *state;

	assert_int_equal(lend(aiodal_test_db(test), "Solaris", "Ann"), AIODAL_OK);
	assert_int_equal(number(test, "SELECT count(*) FROM loan"), 1);
}

static void
a_book_is_lent_once(void **state)
{
	aiodal_test *test = *state;

	assert_int_equal(lend(aiodal_test_db(test), "Solaris", "Ann"), AIODAL_OK);
	assert_int_equal(lend(aiodal_test_db(test), "Solaris", "Bob"), AIODAL_ECONSTRAINT);
	assert_int_equal(lend(aiodal_test_db(test), "Fiasco", "Bob"), AIODAL_OK);
	assert_int_equal(number(test, "SELECT count(*) FROM loan"), 2);
}

/* What a sequence hands out is the same in every test, too. */
static void
numbers_begin_where_they_did(void **state)
{
	assert_int_equal(number(*state, "INSERT INTO book (title) VALUES ('Katar') RETURNING id"), 4);
}

static void
numbers_begin_there_again(void **state)
{
	numbers_begin_where_they_did(state);
}

/* A notification is sent by a real commit, and heard on another connection: a database of the test's own. */
static void
lending_is_heard_of(void **state)
{
	aiodal_test *test = *state;
	PGconn *listener = PQconnectdb(aiodal_test_conninfo(test));
	PGnotify *heard;

	PQclear(PQexec(listener, "LISTEN lent"));
	assert_int_equal(lend(aiodal_test_db(test), "Eden", "Cid"), AIODAL_OK);
	PQclear(PQexec(listener, "SELECT"));
	heard = PQnotifies(listener);
	assert_non_null(heard);
	PQfreemem(heard);
	PQfinish(listener);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		aiodal_unit_test(a_book_is_lent),
		aiodal_unit_test(a_book_is_lent_once),
		aiodal_unit_test(numbers_begin_where_they_did),
		aiodal_unit_test(numbers_begin_there_again),
		aiodal_unit_test_clone(lending_is_heard_of),
	};
	aiodal_test_group_options options = AIODAL_TEST_GROUP_OPTIONS_INIT;

	options.sql = schema;
	return aiodal_run_group_tests(tests, &options);
}
