/*
 * test_backend.c
 *		What servers say that no healthy PostgreSQL would, or seldom does: each conversation is written here.
 */
#include "replay.h"

static replay script;

/* What the backend answers to the next turn of the client's. */
static bytes *
next_turn(void)
{
	return &script.turns[script.n++];
}

static void
add_int(bytes *to, uint32_t n, int width)
{
	for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
	{
		char byte = (char) (n >> shift);

		bytes_add(to, &byte, 1);
	}
}

static void
ready(bytes *turn, char state)
{
	bytes_message(turn, 'Z', &state, 1);
}

static void
tag(bytes *turn, const char *text)
{
	bytes_message(turn, 'C', text, strlen(text) + 1);
}

/* A RowDescription of n texts. */
static void
describe(bytes *turn, int n)
{
	bytes body = {NULL, 0};

	add_int(&body, (uint32_t) n, 2);
	for (int i = 0; i < n; i++)
	{
		bytes_add(&body, "column", 7);
		add_int(&body, 0, 4);
		add_int(&body, 0, 2);
		add_int(&body, 25, 4);
		add_int(&body, 0xffff, 2);
		add_int(&body, 0xffffffff, 4);
		add_int(&body, 0, 2);
	}
	bytes_message(turn, 'T', body.data, body.n);
	free(body.data);
}

static void
row(bytes *turn, int n, const char *const *values)
{
	bytes body = {NULL, 0};

	add_int(&body, (uint32_t) n, 2);
	for (int i = 0; i < n; i++)
	{
		add_int(&body, (uint32_t) strlen(values[i]), 4);
		bytes_add(&body, values[i], strlen(values[i]));
	}
	bytes_message(turn, 'D', body.data, body.n);
	free(body.data);
}

static void
error(bytes *turn, const char *severity, const char *sqlstate)
{
	bytes body = {NULL, 0};

	for (const char *field = "SVCM"; *field; field++)
	{
		const char *text = *field == 'C' ? sqlstate : *field == 'M' ? "it says so" : severity;

		bytes_add(&body, field, 1);
		bytes_add(&body, text, strlen(text) + 1);
	}
	bytes_add(&body, "", 1);
	bytes_message(turn, 'E', body.data, body.n);
	free(body.data);
}

/* What was asked for fails. */
static void
refuses(const char *sqlstate, char state)
{
	bytes *turn = next_turn();

	error(turn, "ERROR", sqlstate);
	ready(turn, state);
}

/* Parsed and bound, as for every statement with parameters. */
static void
bound(bytes *turn)
{
	bytes_message(turn, '1', "", 0);
	bytes_message(turn, '2', "", 0);
}

static bytes *
bound_turn(void)
{
	bytes *turn = next_turn();

	bound(turn);
	return turn;
}

static void
greeting(void)
{
	bytes *turn = next_turn();

	bytes_message(turn, 'R', "\0\0\0\0", 4);
	bytes_message(turn, 'S', "server_version\00015.4", 20);
	bytes_message(turn, 'S', "client_encoding\0UTF8", 21);
	bytes_message(turn, 'S', "standard_conforming_strings\0on", 31);
	bytes_message(turn, 'K', "\0\0\0\1\0\0\0\2", 8);
	ready(turn, 'I');
}

/* The answer to what a db asks when it is opened. */
static void
about(const char *extension, const char *loaded)
{
	const char *const values[] = {extension, loaded, "base"};
	bytes *turn = bound_turn();

	describe(turn, 3);
	row(turn, 3, values);
	tag(turn, "SELECT 1");
	ready(turn, 'I');
}

static void
says(const char *command, char state)
{
	bytes *turn = next_turn();

	tag(turn, command);
	ready(turn, state);
}

static bool
as_written(void *payload, int turn, const bytes *original, bytes *out)
{
	(void) payload;
	(void) turn;
	bytes_add(out, original->data, original->n);
	return true;
}

static aiodal_status
open_db(aiodal_db **db, aiodal_error **err)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	char conninfo[200];

	script.change = as_written;
	replay_start(&script);
	(void) snprintf(conninfo, sizeof(conninfo),
					"host=%s port=1 user=u dbname=base gssencmode=disable sslmode=disable", script.directory);
	options.no_reflect = true;
	options.pool_size = 1;
	options.connect_timeout_ms = 20000;
	options.acquire_timeout_ms = 20000;
	return aiodal_db_open(db, conninfo, &options, err);
}

/* Behind the last turn it hangs up. */
static int
forget(void **state)
{
	(void) state;
	replay_stop(&script);
	for (int i = 0; i < script.n; i++)
		free(script.turns[i].data);
	script = (replay){0};
	return 0;
}

/* Open, with a transaction begun. */
static aiodal_tx *
begin_scripted(aiodal_db **db)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	OK(open_db(db, &err));
	OK(aiodal_tx_begin(&tx, *db, NULL, &err));
	return tx;
}

static void
until_begun(void)
{
	greeting();
	about(AIODAL_VERSION, AIODAL_VERSION);
}

/* The answer to BEGIN, and the start of that to the statement it goes with. */
static bytes *
begun_turn(void)
{
	bytes *turn = bound_turn();

	tag(turn, "BEGIN");
	bound(turn);
	return turn;
}

/* A transaction's first statement goes well. */
static void
first_statement(void)
{
	bytes *turn = begun_turn();

	tag(turn, "SELECT 0");
	ready(turn, 'T');
}

/*
 * Opening
 */

static void
expect_no_db(aiodal_status expected, const char *words)
{
	aiodal_error *err = NULL;
	aiodal_db *db;

	FAILS(expected, open_db(&db, &err), words);
	assert_null(db);
}

static void
extensions_that_do_not_fit(void **state)
{
	static const struct
	{
		const char *extension;
		const char *loaded;
		const char *words;
	} cases[] = {{"0.0.9", AIODAL_VERSION, "too old"}, {AIODAL_VERSION, "0.0.9", "too old"},
				 {"99.0", AIODAL_VERSION, "too new"},  {AIODAL_VERSION, "99.0", "too new"},
				 {"", AIODAL_VERSION, "too old"},      {"nonsense", AIODAL_VERSION, "too old"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		greeting();
		about(cases[i].extension, cases[i].loaded);
		expect_no_db(AIODAL_ESTATE, cases[i].words);
		(void) forget(state);
	}
	greeting();
	refuses("3F000", 'I');
	expect_no_db(AIODAL_ENOTFOUND, "not installed");
}

static void
no_row_about_the_extension(void **state)
{
	bytes *turn;

	(void) state;
	greeting();
	turn = bound_turn();
	describe(turn, 3);
	tag(turn, "SELECT 0");
	ready(turn, 'I');
	expect_no_db(AIODAL_ENOTFOUND, "not installed");
}

/*
 * Statements
 */

static void
rows_that_are_not_as_described(void **state)
{
	const char *const values[] = {"1", "2"};
	aiodal_error *err = NULL;
	aiodal_result *res;
	aiodal_db *db;
	aiodal_tx *tx;
	bytes *turn;

	(void) state;
	until_begun();
	turn = begun_turn();
	describe(turn, 1);
	row(turn, 2, values);
	tag(turn, "SELECT 1");
	ready(turn, 'T');
	tx = begin_scripted(&db);
	assert_true(aiodal_tx_exec(&res, tx, "SELECT 1", 0, NULL, &err) < 0);
	assert_null(res);
	assert_true(strlen(aiodal_error_message(err)) > 10);
	aiodal_error_free(err);
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

/* What a server says of an error may be next to nothing. */
static void
errors_without_fields(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_tx *tx;
	bytes *turn;

	(void) state;
	until_begun();
	turn = begun_turn();
	bytes_message(turn, 'E', "", 1);
	ready(turn, 'E');
	says("ROLLBACK", 'I');
	tx = begin_scripted(&db);
	EXPECT(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err));
	assert_true(strlen(aiodal_error_message(err)) > 0);
	assert_null(aiodal_error_sqlstate(err));
	aiodal_error_free(err);
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
	err = NULL;
	OK(aiodal_tx_rollback(tx, &err));
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

/* A COPY that nobody asked for is refused, and the transaction goes on as the server says. */
static void
a_copy_out_of_nowhere(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_tx *tx;
	bytes *turn;

	(void) state;
	until_begun();
	first_statement();
	turn = bound_turn();
	bytes_message(turn, 'G', "\0\0\0", 3);
	/* CopyFail, and the Sync behind it */
	refuses("57014", 'E');
	says("ROLLBACK", 'I');
	tx = begin_scripted(&db);
	OK(aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err));
	FAILS(AIODAL_EINVAL, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "COPY");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

/* Where BEGIN went along, there is no way back from it. */
static void
a_copy_behind_begin(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_tx *tx;

	(void) state;
	until_begun();
	bytes_message(begun_turn(), 'G', "\0\0\0", 3);
	tx = begin_scripted(&db);
	FAILS(AIODAL_EINVAL, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "COPY");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_LOST);
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

/* The statement that it went with was not run, and neither is anything else. */
static void
a_begin_that_fails(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_tx *tx;

	(void) state;
	until_begun();
	refuses("0A000", 'I');
	tx = begin_scripted(&db);
	FAILS(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "it says so");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
	FAILS(AIODAL_ESTATE, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "has failed");
	FAILS(AIODAL_ESTATE, aiodal_tx_commit(tx, &err), "rolled back instead");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_ROLLED_BACK);
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

/* It fails before a script, which cannot go with it and is not sent. */
static void
a_begin_that_fails_alone(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_tx *tx;

	(void) state;
	until_begun();
	refuses("0A000", 'I');
	tx = begin_scripted(&db);
	FAILS(AIODAL_ESERVER, aiodal_tx_exec_script(tx, "SELECT 1; SELECT 2", &err), "it says so");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_FAILED);
	OK(aiodal_tx_rollback(tx, &err));
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

/* The end of all answers comes before the statement's. */
static void
an_answer_too_few(void **state)
{
	aiodal_error *err = NULL;
	aiodal_result *res;
	aiodal_db *db;
	aiodal_tx *tx;
	bytes *turn;

	(void) state;
	until_begun();
	turn = bound_turn();
	tag(turn, "BEGIN");
	ready(turn, 'T');
	tx = begin_scripted(&db);
	FAILS(AIODAL_ECONN, aiodal_tx_exec(&res, tx, "SELECT 1", 0, NULL, &err), "as the protocol has it");
	assert_null(res);
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_LOST);
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

/*
 * Ends of transactions
 */

/* The server's word for it counts, not that the statement went well. */
static void
a_commit_that_was_a_rollback(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_tx *tx;

	(void) state;
	until_begun();
	first_statement();
	says("ROLLBACK", 'I');
	tx = begin_scripted(&db);
	OK(aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err));
	assert_true(aiodal_tx_commit(tx, &err) < 0);
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_ROLLED_BACK);
	aiodal_error_free(err);
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

static aiodal_status
count(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	++*(int *) payload;
	return aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, err);
}

static void
a_commit_that_is_to_be_done_again(void **state)
{
	aiodal_error *err = NULL;
	int times = 0;
	aiodal_db *db;

	(void) state;
	until_begun();
	first_statement();
	refuses("40001", 'I');
	first_statement();
	says("COMMIT", 'I');
	OK(open_db(&db, &err));
	OK(aiodal_db_transact(db, NULL, count, &times, &err));
	assert_int_equal(times, 2);
	aiodal_db_close(db);
}

/* It is not done again: it may have happened. */
static void
a_commit_without_an_answer(void **state)
{
	aiodal_error *err = NULL;
	int times = 0;
	aiodal_db *db;

	(void) state;
	until_begun();
	first_statement();
	(void) next_turn();
	OK(open_db(&db, &err));
	EXPECT(AIODAL_ECONN, aiodal_db_transact(db, NULL, count, &times, &err));
	assert_string_equal(aiodal_error_sqlstate(err), "08007");
	aiodal_error_free(err);
	assert_int_equal(times, 1);
	aiodal_db_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(extensions_that_do_not_fit, forget),
		cmocka_unit_test_teardown(no_row_about_the_extension, forget),
		cmocka_unit_test_teardown(rows_that_are_not_as_described, forget),
		cmocka_unit_test_teardown(errors_without_fields, forget),
		cmocka_unit_test_teardown(a_copy_out_of_nowhere, forget),
		cmocka_unit_test_teardown(a_copy_behind_begin, forget),
		cmocka_unit_test_teardown(a_begin_that_fails, forget),
		cmocka_unit_test_teardown(a_begin_that_fails_alone, forget),
		cmocka_unit_test_teardown(an_answer_too_few, forget),
		cmocka_unit_test_teardown(a_commit_that_was_a_rollback, forget),
		cmocka_unit_test_teardown(a_commit_that_is_to_be_done_again, forget),
		cmocka_unit_test_teardown(a_commit_without_an_answer, forget),
	};

	return cmocka_run_group_tests_name("backend", tests, NULL, NULL);
}
