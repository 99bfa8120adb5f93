/*
 * test_alias.c
 *		Names for calls of table-valued functions.
 */
#include "support.h"

#include <aiodal/testing_cmocka.h>

static aiodal_db *db;

static int
use_db(void **state)
{
	db = aiodal_test_db((aiodal_test *) *state);
	return 0;
}

static aiodal_tx *
begin(void)
{
	return begin_in(db);
}

static aiodal_call
call_of(const char *function, size_t n, const char *const *args)
{
	aiodal_call call = AIODAL_CALL_INIT;

	call.function = function;
	call.n_args = n;
	call.args = args;
	return call;
}

/* How many rows the alias has, in a statement made of its text. */
static const char *
count_of(aiodal_tx *tx, const aiodal_alias *alias)
{
	char sql[500];

	(void) snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", aiodal_alias_sql(alias));
	return query(tx, sql);
}

static void
the_transactions_own_goes_first(void **state)
{
	static const char *const borges[] = {"Borges"};
	static const char *const lem[] = {"O'Lem\\", "1"};
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	const aiodal_alias *alias;
	const aiodal_alias *again;
	aiodal_call call = call_of("books_by", 1, borges);

	(void) state;
	OK(aiodal_db_set_alias(db, "books", &call, &err));
	OK(aiodal_tx_get_alias(&alias, tx, "books", &err));
	assert_string_equal(aiodal_alias_sql(alias), "\"books_by\"('Borges')");
	assert_int_equal(aiodal_alias_column_count(alias), 2);
	assert_string_equal(aiodal_alias_column_name(alias, 0), "title");
	assert_string_equal(aiodal_alias_column_name(alias, 1), "N o");
	assert_int_equal(aiodal_alias_column_type(alias, 1), 23);
	assert_null(aiodal_alias_column_name(alias, 2));
	assert_null(aiodal_alias_column_name(alias, -1));
	assert_string_equal(count_of(tx, alias), "3");
	OK(aiodal_tx_get_alias(&again, tx, "books", &err));
	assert_ptr_equal(again, alias);

	call = call_of("books_by", 2, lem);
	call.schema = "public";
	OK(aiodal_tx_set_alias(tx, "books", &call, &err));
	OK(aiodal_tx_get_alias(&again, tx, "books", &err));
	assert_string_equal(count_of(tx, again), "2");
	assert_string_equal(query(tx, "SELECT 1"), "1");
	/* what was borrowed before lives on */
	assert_string_equal(aiodal_alias_sql(alias), "\"books_by\"('Borges')");
	/* without its own, the db's again */
	OK(aiodal_tx_set_alias(tx, "books", NULL, &err));
	OK(aiodal_tx_get_alias(&again, tx, "books", &err));
	assert_string_equal(count_of(tx, again), "3");
	aiodal_tx_free(tx);

	/* it was the transaction's alone */
	tx = begin();
	OK(aiodal_tx_get_alias(&alias, tx, "books", &err));
	assert_string_equal(count_of(tx, alias), "3");
	OK(aiodal_db_set_alias(db, "books", NULL, &err));
	aiodal_tx_free(tx);
}

static void
odd_names_and_values(void **state)
{
	static const char *const array[] = {"{a,\"b'c\\\\\",NULL}"};
	static const char *const nothing[] = {NULL};
	static const char *const number[] = {"7"};
	static const char *const types[] = {"text"};
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	const aiodal_alias *alias;
	aiodal_call call = call_of("f(x)", 1, array);

	(void) state;
	call.schema = "Odd \"Schema";
	OK(aiodal_tx_set_alias(tx, "an alias's \"name\"", &call, &err));
	OK(aiodal_tx_get_alias(&alias, tx, "an alias's \"name\"", &err));
	assert_string_equal(count_of(tx, alias), "3");
	call = call_of("books_by", 1, nothing);
	OK(aiodal_tx_set_alias(tx, "null", &call, &err));
	OK(aiodal_tx_get_alias(&alias, tx, "null", &err));
	assert_string_equal(aiodal_alias_sql(alias), "\"books_by\"(NULL)");
	/* of two functions with one name, the type says which */
	call = call_of("twice", 1, number);
	call.types = types;
	OK(aiodal_tx_set_alias(tx, "twice", &call, &err));
	OK(aiodal_tx_get_alias(&alias, tx, "twice", &err));
	assert_string_equal(aiodal_alias_column_name(alias, 0), "t");
	aiodal_tx_free(tx);
}

static void
what_is_not_there(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	const aiodal_alias *alias;
	aiodal_call call = call_of("no_such_function", 0, NULL);
	aiodal_call empty = AIODAL_CALL_INIT;

	(void) state;
	FAILS(AIODAL_ENOTFOUND, aiodal_tx_get_alias(&alias, tx, "anything", &err), "No alias was set");
	OK(aiodal_tx_set_alias(tx, "mine", &call, &err));
	OK(aiodal_db_set_alias(db, "ours", &call, &err));
	FAILS(AIODAL_ENOTFOUND, aiodal_tx_get_alias(&alias, tx, "minne", &err), "Did you mean \"mine\"");
	FAILS(AIODAL_ENOTFOUND, aiodal_tx_get_alias(&alias, tx, "something else", &err), "\"mine\", \"ours\"");
	FAILS(AIODAL_ENOTFOUND, aiodal_tx_get_alias(&alias, tx, "mine", &err), "looking up alias \"mine\"");
	call.schema = "no_such_schema";
	OK(aiodal_tx_set_alias(tx, "mine", &call, &err));
	FAILS(AIODAL_ENOTFOUND, aiodal_tx_get_alias(&alias, tx, "mine", &err), "no_such_schema");
	/* the transaction has survived all of it */
	assert_string_equal(query(tx, "SELECT 1"), "1");
	FAILS(AIODAL_EINVAL, aiodal_tx_set_alias(tx, NULL, &call, &err), "needs a name");
	FAILS(AIODAL_EINVAL, aiodal_tx_set_alias(tx, "x", &empty, &err), "a function");
	call.n_args = 2;
	FAILS(AIODAL_EINVAL, aiodal_db_set_alias(db, "x", &call, &err), "n_args");
	FAILS(AIODAL_EINVAL, aiodal_tx_set_alias(NULL, "x", &call, &err), "tx must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_tx_get_alias(NULL, tx, "x", &err), "alias must not be NULL");
	OK(aiodal_tx_set_alias(tx, "never set", NULL, &err));
	assert_null(aiodal_alias_sql(NULL));
	assert_int_equal(aiodal_alias_column_count(NULL), 0);
	aiodal_tx_free(tx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		aiodal_unit_test_setup_teardown(the_transactions_own_goes_first, AIODAL_TEST_ROLLBACK, use_db, NULL),
		aiodal_unit_test_setup_teardown(odd_names_and_values, AIODAL_TEST_ROLLBACK, use_db, NULL),
		aiodal_unit_test_setup_teardown(what_is_not_there, AIODAL_TEST_ROLLBACK, use_db, NULL),
	};
	aiodal_test_group_options options = group_options(
		BOOKS "CREATE FUNCTION books_by(who text, lowest int DEFAULT 0) RETURNS TABLE (title text, \"N "
			  "o\" int) LANGUAGE sql"
			  " AS $$ SELECT who || ' wrote ' || g, g FROM generate_series(lowest, 2) g $$;"
			  "CREATE SCHEMA \"Odd \"\"Schema\"; CREATE FUNCTION \"Odd \"\"Schema\".\"f(x)\"(a text[]) "
			  "RETURNS SETOF text LANGUAGE sql"
			  " AS $$ SELECT unnest(a) $$;"
			  "CREATE FUNCTION twice(int) RETURNS TABLE (i int) LANGUAGE sql AS $$ SELECT $1 $$;"
			  "CREATE FUNCTION twice(text) RETURNS TABLE (t text) LANGUAGE sql AS $$ SELECT $1 $$;");

	return aiodal_run_group_tests(tests, &options);
}
