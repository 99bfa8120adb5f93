/*
 * test_trace.c
 *		The hook that is told of each statement.
 */
#include "support.h"

typedef struct told
{
	char statement[200];
	char params[100]; /* "?" when there are some that are not shown */
	char sqlstate[6];
	long rows;
	double seconds;
} told;

static told last;
static char all[4000];

static void
append(char *text, size_t size, const char *more)
{
	size_t len = strlen(text);

	(void) snprintf(text + len, size - len, "%s", more);
}

static void
note(void *payload, const aiodal_trace *trace)
{
	told *t = payload;

	(void) snprintf(t->statement, sizeof(t->statement), "%s", trace->statement);
	append(all, sizeof(all), t->statement);
	append(all, sizeof(all), "|");
	t->params[0] = '\0';
	for (size_t i = 0; i < trace->n_params; i++)
	{
		const char *param = trace->params ? trace->params[i] : "?";

		append(t->params, sizeof(t->params), param ? param : "NULL");
	}
	(void) snprintf(t->sqlstate, sizeof(t->sqlstate), "%s",
					trace->error ? aiodal_error_sqlstate(trace->error) : "");
	t->rows = (long) trace->rows;
	t->seconds = trace->seconds;
}

static aiodal_db *
open_traced(bool params)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_db *db;

	options.no_reflect = true;
	options.trace = note;
	options.trace_payload = &last;
	options.trace_params = params;
	OK(aiodal_db_open(&db, NULL, &options, &err));
	return db;
}

static void
statements_rows_and_errors(void **state)
{
	static const char *const params[] = {"secret", NULL};
	aiodal_error *err = NULL;
	aiodal_db *db = open_traced(false);
	aiodal_tx *tx;

	(void) state;
	all[0] = '\0';
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	OK(aiodal_tx_exec(NULL, tx, "SELECT $1::text, $2::text FROM generate_series(1, 3), pg_sleep(0.02)", 2,
					  params, &err));
	assert_int_equal(last.rows, 3);
	assert_true(last.seconds >= 0.02);
	assert_string_equal(last.params, "??");
	assert_string_equal(last.sqlstate, "");
	FAILS(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT 1/0", 0, NULL, &err), "division");
	assert_string_equal(last.statement, "SELECT 1/0");
	assert_string_equal(last.sqlstate, "22012");
	assert_int_equal(last.rows, 0);
	aiodal_tx_free(tx);
	assert_string_equal(all, "BEGIN|SELECT $1::text, $2::text FROM generate_series(1, 3), "
							 "pg_sleep(0.02)|SELECT 1/0|ROLLBACK|");
	aiodal_db_close(db);
}

static void
parameters_when_asked_for(void **state)
{
	static const char *const params[] = {"secret", NULL};
	aiodal_error *err = NULL;
	aiodal_db *db = open_traced(true);
	aiodal_tx *tx;
	aiodal_op *op;
	char *sql = strdup("SELECT $1::text, $2::text");

	(void) state;
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	/* told when it is over, although the caller's text is gone */
	OK(aiodal_tx_exec_start(&op, tx, sql, 2, params, &err));
	free(sql);
	OK(aiodal_op_wait(op, -1, &err));
	assert_string_equal(last.statement, "SELECT $1::text, $2::text");
	assert_string_equal(last.params, "secretNULL");
	aiodal_op_free(op);
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

static void
loads_with_their_rows(void **state)
{
	aiodal_error *err = NULL;
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;
	aiodal_db *db = open_traced(false);
	aiodal_tx *tx;

	(void) state;
	options.table = "author";
	all[0] = '\0';
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	OK(aiodal_bulk_load_memory(NULL, tx, &options, "id,name\n1,a\n2,b\n", 16, &err));
	assert_non_null(strstr(all, "|COPY "));
	assert_null(strstr(strstr(all, "|COPY ") + 1, "|COPY "));
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

static int
set_up(void **state)
{
	(void) state;
	reset_database(BOOKS);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_rows_and_errors),
		cmocka_unit_test(parameters_when_asked_for),
		cmocka_unit_test(loads_with_their_rows),
	};

	return cmocka_run_group_tests_name("trace", tests, set_up, NULL);
}
