/*
 * test_kit_oom.c
 *		The test kit in a process that runs out of memory: each allocation fails in turn. Whatever fails says
 *		so, nothing leaks, and no database is left behind.
 *
 * The linker puts the functions below in place of malloc and the like, in the kit and in libaiodal.
 */
#include "support.h"

#include <unistd.h>

#include <aiodal/testing.h>

extern void *__real_malloc(size_t size);
extern void *__real_calloc(size_t n, size_t size);
extern void *__real_realloc(void *old, size_t size);
extern void *__wrap_malloc(size_t size);
extern void *__wrap_calloc(size_t n, size_t size);
extern void *__wrap_realloc(void *old, size_t size);

static long left = -1; /* allocations until one fails; negative: none does */
static bool did_fail;

static bool
fails_now(void)
{
	if (left < 0 || left-- > 0)
		return false;
	did_fail = true;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails_now() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return fails_now() ? NULL : __real_realloc(old, size);
}

/* A connection of the server's own that is refused memory is lost. */
static bool
is_shortage(aiodal_status status, const aiodal_error *err)
{
	return status == AIODAL_ENOMEM || (status < 0 && strstr(aiodal_error_message(err), "out of memory"));
}

/* A group and a test of each kind, as far as they come. */
static aiodal_status
use_kit(const aiodal_test_group_options *options, aiodal_error **err)
{
	aiodal_test_group *group = NULL;
	aiodal_status status = aiodal_test_group_open(&group, options, err);

	for (int mode = AIODAL_TEST_ROLLBACK; mode <= AIODAL_TEST_CLONE && status == AIODAL_OK; mode++)
	{
		aiodal_test *test = NULL;
		aiodal_tx *tx = NULL;

		status = aiodal_test_begin(&test, group, (aiodal_test_mode) mode, err);
		if (status == AIODAL_OK)
			status = aiodal_test_tx(&tx, test, err);
		if (status == AIODAL_OK)
			status = aiodal_tx_exec(NULL, tx, "INSERT INTO book VALUES (DEFAULT)", 0, NULL, err);
		free(aiodal_test_report(test));
		if (status == AIODAL_OK)
			status = aiodal_test_end(test, err);
		else
			(void) aiodal_test_end(test, NULL);
	}
	aiodal_test_group_close(group);
	return status;
}

static int
databases(void)
{
	PGconn *pg = PQconnectdb("");
	PGresult *res = PQexec(pg, "SELECT count(*) FROM pg_database WHERE datname LIKE 'aiodal\\_test\\_%'");
	int n = (int) strtol(PQgetvalue(res, 0, 0), NULL, 10);

	PQclear(res);
	PQfinish(pg);
	return n;
}

static void
every_allocation_fails_once(void **state)
{
	aiodal_test_group_options options = AIODAL_TEST_GROUP_OPTIONS_INIT;
	aiodal_status status;
	long n;

	(void) state;
	options.url = "application_name=kit";
	options.sql = "CREATE TABLE book (id serial PRIMARY KEY)";
	assert_int_equal(use_kit(&options, NULL), AIODAL_OK);
	for (n = 0; n == 0 || did_fail; n++)
	{
		aiodal_error *err = NULL;

		did_fail = false;
		left = n;
		status = use_kit(&options, &err);
		left = -1;
		/* some can be done without: what a report says, what is dropped in the end */
		if (status != AIODAL_OK && !is_shortage(status, err))
			fail_msg("allocation %ld: %s: %s", n, aiodal_status_name(status), aiodal_error_message(err));
		aiodal_error_free(err);
	}
	print_message("# %ld allocations\n", n - 1);
	/* the last one to be dropped may have had no memory for it; the next group sees to that */
	assert_int_equal(use_kit(&options, NULL), AIODAL_OK);
	assert_int_equal(databases(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
