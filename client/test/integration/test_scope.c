/*
 * test_scope.c
 *		Parts of transactions, and handles that free themselves.
 */
#include "support.h"

#include <aiodal/auto.h>

static aiodal_db *db;

static int
set_up(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	(void) state;
	reset_database(BOOKS);
	options.pool_size = 1; /* a connection that is not given back is missed */
	options.acquire_timeout_ms = 1000;
	OK(aiodal_db_open(&db, NULL, &options, &err));
	return 0;
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

static int
empty(void **state)
{
	(void) state;
	run_sql("TRUNCATE author CASCADE");
	return 0;
}

static aiodal_tx *
begin(void)
{
	return begin_in(db);
}

/* The names in the table author, in order. */
static const char *
authors(aiodal_tx *tx)
{
	return query(tx, "SELECT coalesce(string_agg(name, ' ' ORDER BY id), '') FROM author");
}

/* What a part does, and parts within it. */
typedef struct part
{
	const char *sql;
	struct part *inner;
	aiodal_status inner_expected;
	aiodal_status returns;
} part;

static aiodal_status
run_part(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	const part *p = payload;
	aiodal_status status = AIODAL_OK;

	if (p->sql)
		status = aiodal_tx_exec_script(tx, p->sql, err);
	if (status == AIODAL_OK && p->inner)
	{
		aiodal_error *inner = NULL;

		assert_int_equal(aiodal_tx_nested(tx, run_part, p->inner, &inner), p->inner_expected);
		assert_int_equal(aiodal_error_status(inner), p->inner_expected);
		aiodal_error_free(inner);
	}
	return status == AIODAL_OK ? p->returns : status;
}

static void
parts_fail_by_themselves(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	part good = {"INSERT INTO author (name) VALUES ('good')", NULL, AIODAL_OK, AIODAL_OK};
	part bad = {"INSERT INTO author (name) VALUES ('bad'); INSERT INTO author (name) VALUES (NULL)", NULL,
				AIODAL_OK, AIODAL_OK};
	part refused = {"INSERT INTO author (name) VALUES ('refused')", NULL, AIODAL_OK, AIODAL_ECALLBACK};

	(void) state;
	OK(aiodal_tx_nested(tx, run_part, &good, &err));
	FAILS(AIODAL_ECONSTRAINT, aiodal_tx_nested(tx, run_part, &bad, &err), "null value in column \"name\"");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
	FAILS(AIODAL_ECALLBACK, aiodal_tx_nested(tx, run_part, &refused, &err), "function failed with");
	assert_int_equal(aiodal_tx_nested(tx, run_part, &refused, NULL), AIODAL_ECALLBACK);
	assert_string_equal(authors(tx), "good");
	OK(aiodal_tx_commit(tx, &err));
	aiodal_tx_free(tx);
}

static void
parts_nest(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	part innermost = {"INSERT INTO author (name) VALUES ('c')", NULL, AIODAL_OK, AIODAL_OK};
	part inner = {"INSERT INTO author (name) VALUES ('b')", &innermost, AIODAL_OK, AIODAL_ENOTFOUND};
	part outer = {"INSERT INTO author (name) VALUES ('a')", &inner, AIODAL_ENOTFOUND, AIODAL_OK};

	(void) state;
	OK(aiodal_tx_nested(tx, run_part, &outer, &err));
	assert_string_equal(authors(tx), "a");
	inner.returns = outer.inner_expected = AIODAL_OK;
	OK(aiodal_tx_nested(tx, run_part, &outer, &err));
	assert_string_equal(authors(tx), "a a b c");
	outer.returns = AIODAL_ECALLBACK;
	FAILS(AIODAL_ECALLBACK, aiodal_tx_nested(tx, run_part, &outer, &err), "");
	assert_string_equal(authors(tx), "a a b c");
	aiodal_tx_free(tx);
}

/* Says it went well, whatever came of it. */
static aiodal_status
ignore_failure(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	const part *p = payload;
	aiodal_status ignored = aiodal_tx_exec_script(tx, p->sql, NULL);

	(void) err;
	(void) ignored;
	return AIODAL_OK;
}

static aiodal_status
ignoring(aiodal_tx *tx, const char *sql, aiodal_error **err)
{
	part p = {sql, NULL, AIODAL_OK, AIODAL_OK};

	return aiodal_tx_nested(tx, ignore_failure, &p, err);
}

static aiodal_status
leave_running(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	aiodal_op *op;

	(void) payload;
	return aiodal_tx_exec_start(&op, tx, "INSERT INTO author (name) SELECT 'x' FROM pg_sleep(60)", 0, NULL,
								err);
}

static aiodal_status
return_nonsense(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	(void) tx;
	(void) payload;
	(void) err;
	return AIODAL_WANT_READ;
}

static void
parts_that_break_the_rules(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();

	(void) state;
	FAILS(AIODAL_ESTATE, ignoring(tx, "SELECT 1/0", &err), "undone instead of kept");
	FAILS(AIODAL_EBUSY, aiodal_tx_nested(tx, leave_running, NULL, &err), "another operation is running");
	FAILS(AIODAL_EINVAL, aiodal_tx_nested(tx, return_nonsense, NULL, &err), "returned 1");
	FAILS(AIODAL_EINVAL, aiodal_tx_nested(tx, NULL, NULL, &err), "NULL");
	FAILS(AIODAL_EINVAL, ignoring(NULL, "SELECT 1", &err), "NULL");
	assert_string_equal(authors(tx), "");
	/* those that end the transaction */
	FAILS(AIODAL_ESTATE, ignoring(tx, "ROLLBACK", &err), "was ended by a statement");
	aiodal_tx_free(tx);
	tx = begin();
	FAILS(AIODAL_ECONN, ignoring(tx, "SELECT pg_terminate_backend(pg_backend_pid())", &err), "lost");
	aiodal_tx_free(tx);
	tx = begin();
	FAILS(AIODAL_ESERVER, ignoring(tx, "RELEASE aiodal_nested", &err), "does not exist");
	aiodal_tx_free(tx);
	/* a failed one has no parts */
	tx = begin();
	FAILS(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT 1/0", 0, NULL, &err), "division");
	FAILS(AIODAL_ESTATE, ignoring(tx, "SELECT 1", &err), "has failed");
	aiodal_tx_free(tx);
}

/* Leaves on the way, as code does. */
static aiodal_status
leave_early(bool commit, aiodal_result **kept, aiodal_error **err)
{
	AIODAL_AUTO(aiodal_tx) tx = NULL;
	AIODAL_AUTO(aiodal_schema) schema = aiodal_db_schema(db);
	AIODAL_AUTO(aiodal_op) op = NULL;
	AIODAL_AUTO(aiodal_result) rows = NULL;
	aiodal_status status = aiodal_tx_begin(&tx, db, NULL, err);

	if (status != AIODAL_OK || !schema)
		return status;
	status =
		aiodal_tx_exec(&rows, tx, "INSERT INTO author (name) VALUES ('here') RETURNING name", 0, NULL, err);
	if (status != AIODAL_OK)
		return status;
	if (!commit)
		return aiodal_tx_exec_start(&op, tx, "SELECT pg_sleep(60)", 0, NULL, err);
	if (kept)
		*kept = AIODAL_TAKE(rows);
	return aiodal_tx_commit(tx, err);
}

static void
handles_free_themselves(void **state)
{
	aiodal_error *err = NULL;
	AIODAL_AUTO(aiodal_result) kept = NULL;
	aiodal_tx *tx;

	(void) state;
	OK(leave_early(false, NULL, &err));
	OK(leave_early(true, NULL, &err));
	OK(leave_early(true, &kept, &err));
	assert_string_equal(aiodal_result_value(kept, 0, 0), "here");
	tx = begin();
	assert_string_equal(authors(tx), "here here");
	aiodal_tx_free(tx);
	{
		AIODAL_AUTO(aiodal_error) gone = NULL;
		AIODAL_AUTO(aiodal_db) nowhere = NULL;

		assert_int_equal(aiodal_db_open(&nowhere, "host=/nowhere", NULL, &gone), AIODAL_ECONN);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(parts_fail_by_themselves, empty),
		cmocka_unit_test_setup(parts_nest, empty),
		cmocka_unit_test_setup(parts_that_break_the_rules, empty),
		cmocka_unit_test_setup(handles_free_themselves, empty),
	};

	return cmocka_run_group_tests_name("scope", tests, set_up, tear_down);
}
