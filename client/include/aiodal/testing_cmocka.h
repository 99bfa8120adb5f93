/*
 * aiodal/testing_cmocka.h
 *		The test kit as fixtures of cmocka.
 *
 *		static void
 *		books_are_added(void **state)
 *		{
 *			aiodal_test *test = *state;
 *			...
 *		}
 *
 *		int
 *		main(void)
 *		{
 *			const struct CMUnitTest tests[] = {
 *				aiodal_unit_test(books_are_added),
 *				aiodal_unit_test_clone(listeners_hear_of_it),
 *			};
 *			const char *const migrations[] = {"db/migrations", NULL};
 *			aiodal_test_group_options options = AIODAL_TEST_GROUP_OPTIONS_INIT;
 *
 *			options.migrations = migrations;
 *			return aiodal_run_group_tests(tests, &options);
 *		}
 *
 * Behind a test that fails, crashes or does not come to its end, its report is printed to stderr, in lines
 * that begin with "# ". A test that leaves transactions open fails.
 *
 * Header-only, so that the library does not need cmocka: link with -lcmocka. The macros are C, not C++. One
 * group at a time, from one source file.
 */
#ifndef AIODAL_TESTING_CMOCKA_H
#define AIODAL_TESTING_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aiodal/error.h>
#include <aiodal/testing_group.h>

/* whose header knows nothing of C++ */
AIODAL_BEGIN_DECLS
#include <cmocka.h>
AIODAL_END_DECLS

/* A test in rollback mode, and one that has a clone: *state is its aiodal_test. */
#define aiodal_unit_test(f)       aiodal_unit_test_setup_teardown(f, AIODAL_TEST_ROLLBACK, NULL, NULL)
#define aiodal_unit_test_clone(f) aiodal_unit_test_setup_teardown(f, AIODAL_TEST_CLONE, NULL, NULL)

/* With functions of one's own that run first and last; their *state is the aiodal_test too. */
#define aiodal_unit_test_setup_teardown(f, mode, setup, teardown)           \
	{                                                                       \
#f, aiodal_cmocka_run_test, aiodal_cmocka_begin, aiodal_cmocka_end, \
			(void *) &(struct aiodal_cmocka_case)                           \
		{                                                                   \
			f, mode, setup, teardown                                        \
		}                                                                   \
	}

/* As cmocka_run_group_tests(): how many failed. options may be NULL. */
#define aiodal_run_group_tests(tests, options) \
	aiodal_run_group_tests_setup_teardown(tests, options, NULL, NULL)

/* With functions of one's own that run once: *state is the aiodal_test_group. */
#define aiodal_run_group_tests_setup_teardown(tests, options, setup, teardown)                      \
	(aiodal_cmocka_prepare(options, setup, teardown),                                               \
	 _cmocka_run_group_tests(#tests, tests, sizeof(tests) / sizeof((tests)[0]), aiodal_cmocka_open, \
							 aiodal_cmocka_close))

/* cmocka's, and nobody is told more of a test that is skipped. */
#undef skip
#define skip() (aiodal_cmocka_note_skipped(), _skip(__FILE__, __LINE__))

/*
 * What the macros are made of
 */

struct aiodal_cmocka_case
{
	CMUnitTestFunction run;
	aiodal_test_mode mode;
	CMFixtureFunction setup;
	CMFixtureFunction teardown;
};

struct aiodal_cmocka_state
{
	const aiodal_test_group_options *options;
	CMFixtureFunction setup;
	CMFixtureFunction teardown;
	aiodal_test_group *group;
	const struct aiodal_cmocka_case *current;
	aiodal_test *test;
	bool over; /* the test came to its end, or was skipped */
};

static struct aiodal_cmocka_state aiodal_cmocka;

static inline void
aiodal_cmocka_prepare(const aiodal_test_group_options *options, CMFixtureFunction setup,
					  CMFixtureFunction teardown)
{
	memset(&aiodal_cmocka, 0, sizeof(aiodal_cmocka));
	aiodal_cmocka.options = options;
	aiodal_cmocka.setup = setup;
	aiodal_cmocka.teardown = teardown;
}

static inline void
aiodal_cmocka_note_skipped(void)
{
	aiodal_cmocka.over = true;
}

static inline void
aiodal_cmocka_print(const char *text)
{
	while (text && *text)
	{
		int len = (int) strcspn(text, "\n");

		(void) fprintf(stderr, "# %.*s\n", len, text);
		text += len + (text[len] == '\n');
	}
}

/* Prints and frees it; what cmocka takes for a failure. */
static inline int
aiodal_cmocka_complain(aiodal_error *err)
{
	char text[4000];

	(void) aiodal_error_describe(err, text, sizeof(text));
	aiodal_cmocka_print(text);
	aiodal_error_free(err);
	return -1;
}

static inline int
aiodal_cmocka_open(void **state)
{
	aiodal_error *err = NULL;
	void *group;

	(void) state;
	if (aiodal_test_group_open(&aiodal_cmocka.group, aiodal_cmocka.options, &err) != AIODAL_OK)
		return aiodal_cmocka_complain(err);
	group = aiodal_cmocka.group;
	return aiodal_cmocka.setup ? aiodal_cmocka.setup(&group) : 0;
}

static inline int
aiodal_cmocka_close(void **state)
{
	void *group = aiodal_cmocka.group;
	int status = group && aiodal_cmocka.teardown ? aiodal_cmocka.teardown(&group) : 0;

	(void) state;
	aiodal_test_group_close(aiodal_cmocka.group);
	aiodal_cmocka.group = NULL;
	return status;
}

/* Of the test that is running. */
static inline int
aiodal_cmocka_end_test(void)
{
	aiodal_error *err = NULL;
	aiodal_status status;
	char *report;

	if (!aiodal_cmocka.over)
	{
		aiodal_test_set_failed(aiodal_cmocka.test);
		report = aiodal_test_report(aiodal_cmocka.test);
		aiodal_cmocka_print(report);
		free(report);
	}
	status = aiodal_test_end(aiodal_cmocka.test, &err);
	aiodal_cmocka.test = NULL;
	if (status != AIODAL_OK && aiodal_cmocka.over)
		return aiodal_cmocka_complain(err);
	/* it had no chance to end them */
	aiodal_error_free(err);
	return 0;
}

static inline int
aiodal_cmocka_begin(void **state)
{
	aiodal_error *err = NULL;
	int status = 0;

	/* one whose setup or teardown jumped out */
	if (aiodal_cmocka.test)
		(void) aiodal_cmocka_end_test();
	aiodal_cmocka.current = (const struct aiodal_cmocka_case *) *state;
	aiodal_cmocka.over = false;
	if (aiodal_test_begin(&aiodal_cmocka.test, aiodal_cmocka.group, aiodal_cmocka.current->mode, &err) !=
		AIODAL_OK)
		return aiodal_cmocka_complain(err);
	*state = aiodal_cmocka.test;
	if (aiodal_cmocka.current->setup)
		status = aiodal_cmocka.current->setup(state);
	/* cmocka does not call the teardown then */
	if (status != 0)
		(void) aiodal_cmocka_end_test();
	return status;
}

static inline void
aiodal_cmocka_run_test(void **state)
{
	aiodal_cmocka.current->run(state);
	aiodal_cmocka.over = true;
}

static inline int
aiodal_cmocka_end(void **state)
{
	int status = aiodal_cmocka.current->teardown ? aiodal_cmocka.current->teardown(state) : 0;
	int ended = aiodal_cmocka_end_test();

	return status != 0 ? status : ended;
}

#endif /* AIODAL_TESTING_CMOCKA_H */
