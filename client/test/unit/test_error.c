/*
 * test_error.c
 *		Errors and results, without a server: libpq makes both by itself.
 */
#include "support.h"

#include "error.h"
#include "result.h"
#include "util/mem.h"

static int
always(void)
{
	return 1;
}

static void
fields_are_kept(void **state)
{
	aiodal_error *err = NULL;

	(void) state;
	assert_int_equal(
		aiodal__fail_state(&err, AIODAL_ENOTFOUND, "42P01", "the detail", "the hint", "no %s", "table"),
		AIODAL_ENOTFOUND);
	assert_int_equal(aiodal_error_status(err), AIODAL_ENOTFOUND);
	assert_string_equal(aiodal_error_message(err), "no table");
	assert_string_equal(aiodal_error_sqlstate(err), "42P01");
	assert_string_equal(aiodal_error_detail(err), "the detail");
	assert_string_equal(aiodal_error_hint(err), "the hint");
	assert_string_equal(aiodal_error_field(err, PG_DIAG_MESSAGE_PRIMARY), "no table");
	assert_null(aiodal_error_field(err, PG_DIAG_CONSTRAINT_NAME));
	assert_null(aiodal_error_field(err, 12345));
	aiodal_error_free(err);
}

static void
null_is_no_error(void **state)
{
	char text[4] = "xxx";

	(void) state;
	assert_int_equal(aiodal_error_status(NULL), AIODAL_OK);
	assert_string_equal(aiodal_error_message(NULL), "");
	assert_null(aiodal_error_sqlstate(NULL));
	assert_null(aiodal_error_detail(NULL));
	assert_null(aiodal_error_hint(NULL));
	assert_null(aiodal_error_field(NULL, PG_DIAG_SQLSTATE));
	assert_int_equal(aiodal_error_describe(NULL, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	aiodal_error_free(NULL);
	assert_int_equal(aiodal__fail(NULL, AIODAL_EINVAL, "nobody asks"), AIODAL_EINVAL);
}

static void
description_has_all_lines(void **state)
{
	aiodal_error *err = NULL;
	char text[200];
	char small[10];
	size_t len;

	(void) state;
	(void) aiodal__fail_hint(&err, AIODAL_EINVAL, "d", "h", "m");
	aiodal__error_annotate(&err, "one", "not taken");
	aiodal__error_annotate(&err, "two", NULL);
	len = aiodal_error_describe(err, text, sizeof(text));
	assert_string_equal(text, "ERROR:  m\nDETAIL:  d\nHINT:  h\nCONTEXT:  one\ntwo");
	assert_int_equal(len, strlen(text));
	assert_int_equal(aiodal_error_describe(err, small, sizeof(small)), len);
	assert_string_equal(small, "ERROR:  m");
	assert_int_equal(aiodal_error_describe(err, NULL, 0), len);
	aiodal_error_free(err);
}

static void
long_messages_are_whole(void **state)
{
	aiodal_error *err = NULL;
	char name[3000];

	(void) state;
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	(void) aiodal__fail(&err, AIODAL_EINVAL, "table %s", name);
	assert_int_equal(strlen(aiodal_error_message(err)), 6 + sizeof(name) - 1);
	aiodal_error_free(err);
}

static void
no_memory_for_the_error(void **state)
{
	aiodal_error *err = NULL;

	(void) state;
	aiodal__alloc_fails = always;
	assert_int_equal(aiodal__fail(&err, AIODAL_EINVAL, "lost"), AIODAL_EINVAL);
	aiodal__alloc_fails = NULL;
	assert_string_equal(aiodal_error_message(err), "out of memory");
	assert_int_equal(aiodal_error_status(err), AIODAL_ENOMEM);
	/* static: neither changed nor freed */
	(void) aiodal__error_restatus(&err, AIODAL_EBUSY);
	aiodal__error_annotate(&err, "context", "hint");
	assert_int_equal(aiodal_error_status(err), AIODAL_ENOMEM);
	aiodal_error_free(err);
	aiodal_error_free(err);
}

static void
callbacks_make_errors(void **state)
{
	aiodal_error *err = NULL;

	(void) state;
	assert_int_equal(aiodal_error_set(&err, AIODAL_ECALLBACK, "mine", NULL, "do this"), AIODAL_ECALLBACK);
	assert_string_equal(aiodal_error_message(err), "mine");
	assert_string_equal(aiodal_error_hint(err), "do this");
	aiodal_error_free(err);
	assert_int_equal(aiodal_error_set(NULL, AIODAL_ECALLBACK, NULL, NULL, NULL), AIODAL_ECALLBACK);
	err = NULL;
	(void) aiodal_error_set(&err, AIODAL_ECALLBACK, NULL, NULL, NULL);
	assert_string_equal(aiodal_error_message(err), "");
	aiodal_error_free(err);
}

static void
every_status_has_its_name(void **state)
{
	(void) state;
	for (int status = AIODAL_ECALLBACK; status <= AIODAL_WANT_WRITE; status++)
		assert_memory_equal(aiodal_status_name((aiodal_status) status), "AIODAL_", 7);
	assert_string_equal(aiodal_status_name((aiodal_status) -99), "unknown status");
}

static void
versions_agree(void **state)
{
	(void) state;
	assert_string_equal(aiodal_version(), AIODAL_VERSION);
	assert_int_equal(aiodal_version_num(), AIODAL_VERSION_NUM);
}

/* A result of two columns and two rows, as a SELECT would give it. */
static aiodal_result *
make_result(void)
{
	PGresult *res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	char first[] = "first";
	char upper[] = "Upper Case";
	char value[] = "some\0thing";
	PGresAttDesc columns[] = {{.name = first, .typid = 23}, {.name = upper, .typid = 25}};

	assert_int_equal(PQsetResultAttrs(res, 2, columns), 1);
	assert_int_equal(PQsetvalue(res, 0, 0, value, 10), 1);
	assert_int_equal(PQsetvalue(res, 0, 1, NULL, -1), 1);
	assert_int_equal(PQsetvalue(res, 1, 0, value, 0), 1);
	assert_int_equal(PQsetvalue(res, 1, 1, value, 4), 1);
	return aiodal__result_wrap(res);
}

static void
results_are_read(void **state)
{
	aiodal_result *res = make_result();

	(void) state;
	assert_int_equal(aiodal_result_rows(res), 2);
	assert_int_equal(aiodal_result_columns(res), 2);
	assert_string_equal(aiodal_result_name(res, 1), "Upper Case");
	assert_int_equal(aiodal_result_column(res, "Upper Case"), 1);
	assert_int_equal(aiodal_result_column(res, "upper case"), -1);
	assert_int_equal(aiodal_result_type(res, 0), 23);
	assert_int_equal(aiodal_result_length(res, 0, 0), 10);
	assert_memory_equal(aiodal_result_value(res, 0, 0), "some\0thing", 10);
	assert_true(aiodal_result_is_null(res, 0, 1));
	assert_null(aiodal_result_value(res, 0, 1));
	assert_string_equal(aiodal_result_value(res, 1, 0), "");
	assert_false(aiodal_result_is_null(res, 1, 0));
	assert_ptr_equal(aiodal_result_pgresult(res), res);
	aiodal_result_free(res);
}

static void
results_have_edges(void **state)
{
	aiodal_result *res = make_result();
	static const int places[][2] = {{-1, 0}, {2, 0}, {0, -1}, {0, 2}};

	(void) state;
	for (int i = 0; i < 4; i++)
	{
		assert_null(aiodal_result_value(res, places[i][0], places[i][1]));
		assert_true(aiodal_result_is_null(res, places[i][0], places[i][1]));
		assert_int_equal(aiodal_result_length(res, places[i][0], places[i][1]), 0);
	}
	assert_null(aiodal_result_name(res, 2));
	assert_null(aiodal_result_name(res, -1));
	assert_int_equal(aiodal_result_type(res, 2), 0);
	assert_int_equal(aiodal_result_column(res, NULL), -1);
	aiodal_result_free(res);

	assert_int_equal(aiodal_result_rows(NULL), 0);
	assert_int_equal(aiodal_result_columns(NULL), 0);
	assert_null(aiodal_result_value(NULL, 0, 0));
	assert_int_equal(aiodal_result_affected(NULL), 0);
	assert_string_equal(aiodal_result_tag(NULL), "");
	aiodal_result_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_kept),           cmocka_unit_test(null_is_no_error),
		cmocka_unit_test(description_has_all_lines), cmocka_unit_test(long_messages_are_whole),
		cmocka_unit_test(no_memory_for_the_error),   cmocka_unit_test(callbacks_make_errors),
		cmocka_unit_test(every_status_has_its_name), cmocka_unit_test(versions_agree),
		cmocka_unit_test(results_are_read),          cmocka_unit_test(results_have_edges),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
