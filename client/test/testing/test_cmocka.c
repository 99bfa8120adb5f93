/*
 * test_cmocka.c
 *		The fixtures for cmocka: what a program of tests that use them prints, some of which fail.
 *
 * The program is this one, run with the name of a group of the tests below.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <aiodal/aiodal.h>
#include <aiodal/testing.h>
#include <aiodal/testing_cmocka.h>

#define INSERT "INSERT INTO book VALUES (1, 'Solaris')"

static const char *program;

/*
 * The tests that are run
 */

/* In a transaction of the code under test. */
static aiodal_status
commit(void **state, const char *sql)
{
	aiodal_tx *tx;
	aiodal_status status;

	assert_int_equal(aiodal_tx_begin(&tx, aiodal_test_db(*state), NULL, NULL), AIODAL_OK);
	status = aiodal_tx_exec(NULL, tx, sql, 0, NULL, NULL);
	if (status == AIODAL_OK)
		status = aiodal_tx_commit(tx, NULL);
	aiodal_tx_free(tx);
	return status;
}

static void
passes(void **state)
{
	assert_int_equal(commit(state, INSERT), AIODAL_OK);
	assert_int_equal(commit(state, INSERT), AIODAL_ECONSTRAINT);
}

static void
fails(void **state)
{
	assert_int_equal(commit(state, INSERT), AIODAL_OK);
	assert_int_equal(commit(state, INSERT), AIODAL_OK);
}

static void
crashes(void **state)
{
	assert_int_equal(commit(state, INSERT), AIODAL_OK);
	(void) raise(SIGSEGV);
}

static void
is_skipped(void **state)
{
	assert_int_equal(commit(state, INSERT), AIODAL_OK);
	skip();
}

static aiodal_tx *forgotten;

static void
forgets(void **state)
{
	assert_int_equal(aiodal_tx_begin(&forgotten, aiodal_test_db(*state), NULL, NULL), AIODAL_OK);
}

/* On every side of a test that needs it. */
static int
remembers(void **state)
{
	(void) state;
	aiodal_tx_free(forgotten);
	forgotten = NULL;
	return 0;
}

static int
adds_a_book(void **state)
{
	return commit(state, INSERT) == AIODAL_OK ? 0 : -1;
}

static int
cannot_be_set_up(void **state)
{
	(void) commit(state, INSERT);
	return -1;
}

static int
jumps_out(void **state)
{
	(void) commit(state, INSERT);
	fail_msg("jumped out");
	return 0;
}

static void
has_a_book(void **state)
{
	assert_int_equal(commit(state, INSERT), AIODAL_ECONSTRAINT);
}

static int
knows_the_group(void **state)
{
	print_message("# server: %s\n", aiodal_test_group_url(*state));
	return 0;
}

static int
run_group(const aiodal_test_group_options *options)
{
	const struct CMUnitTest tests[] = {
		aiodal_unit_test(passes),
		aiodal_unit_test(fails),
		aiodal_unit_test(passes),
		aiodal_unit_test_clone(fails),
		aiodal_unit_test(crashes),
		aiodal_unit_test(is_skipped),
		aiodal_unit_test(forgets),
		aiodal_unit_test_setup_teardown(has_a_book, AIODAL_TEST_ROLLBACK, adds_a_book, remembers),
		aiodal_unit_test_setup_teardown(passes, AIODAL_TEST_ROLLBACK, cannot_be_set_up, NULL),
		aiodal_unit_test_setup_teardown(passes, AIODAL_TEST_ROLLBACK, jumps_out, NULL),
		aiodal_unit_test_setup_teardown(passes, AIODAL_TEST_CLONE, NULL, jumps_out),
		aiodal_unit_test(passes),
	};

	return aiodal_run_group_tests_setup_teardown(tests, options, knows_the_group, NULL);
}

static int
inner_main(const char *sql)
{
	aiodal_test_group_options options = AIODAL_TEST_GROUP_OPTIONS_INIT;

	options.url = "application_name=kit";
	options.sql = sql;
	options.statements = 3;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return run_group(&options);
}

/*
 * Running them
 */

static char output[100000];

/* What is written into the pipe until its last writer is gone. */
static void
read_output(int fd)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, output + len, sizeof(output) - 1 - len)) > 0)
		len += (size_t) n;
	output[len] = '\0';
}

/* Runs them with a database made so; their exit status. */
static int
run_inner(const char *sql)
{
	int ends[2];
	int status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0)
	{
		(void) dup2(ends[1], STDOUT_FILENO);
		(void) dup2(ends[1], STDERR_FILENO);
		(void) close(ends[0]);
		(void) close(ends[1]);
		(void) execl(program, program, "inner", sql, NULL);
		_exit(127);
	}
	(void) close(ends[1]);
	read_output(ends[0]);
	(void) close(ends[0]);
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
expect(const char *words)
{
	if (!strstr(output, words))
		fail_msg("no \"%s\" in:\n%s", words, output);
}

/* The text between two other ones. */
static char *
between(const char *from, const char *to)
{
	static char part[20000];
	const char *begin = strstr(output, from);
	const char *end = begin ? strstr(begin, to) : NULL;

	if (!end)
		fail_msg("no \"%s\" before \"%s\" in:\n%s", from, to, output);
	(void) snprintf(part, sizeof(part), "%.*s", (int) (end - begin), begin);
	return part;
}

static void
results_are_those_of_the_tests(void **state)
{
	(void) state;
	assert_int_equal(run_inner("CREATE TABLE book (id int PRIMARY KEY, title text)"), 7);
	expect("# server: application_name=kit\n");
	expect("ok 1 - passes\n");
	expect("not ok 2 - fails\n");
	expect("\nok 3 - passes\n");
	expect("not ok 4 - fails\n");
	expect("not ok 5 - crashes\n");
	/* "not ok" of cmocka 1.1.5; the words' order is another one since 2.0 */
	if (strstr(output, "ok 6 - is_skipped # SKIP\n") == NULL)
		expect("ok 6 # SKIP is_skipped\n");
	expect("not ok 7 - forgets");
	expect("\nok 8 - has_a_book\n");
	expect("not ok 9 - passes");
	expect("not ok 10 - passes");
	expect("not ok 11 - passes");
	expect("\nok 12 - passes\n");
}

static void
reports_are_of_those_that_failed(void **state)
{
	char *part;

	(void) state;
	part = between("ok 1 - passes", "not ok 2");
	assert_non_null(strstr(part, "# the last 3 of 6 statements:\n"));
	assert_non_null(strstr(part, " ms  " INSERT "\n"));
	assert_non_null(strstr(part, "DETAIL:  Key (id)=(1) already exists.\n"));
	assert_non_null(strstr(part, "SQLSTATE: 23505\n"));
	/* passed, skipped, forgot */
	assert_null(strstr(between("not ok 2", "ok 3"), "statements"));
	assert_null(strstr(between("not ok 5", "ok 6"), "statements"));
	part = between("ok 6", "not ok 7");
	assert_null(strstr(part, "statements"));
	assert_non_null(strstr(part, "# ERROR:  1 transaction was still open at the end of the sandbox\n"));
	assert_non_null(strstr(between("not ok 4", "not ok 5"), INSERT));
}

static void
groups_that_cannot_be_opened(void **state)
{
	(void) state;
	assert_int_not_equal(run_inner("CREATE TABLE book (nonsense)"), 0);
	expect("# ERROR:  sql:1: syntax error");
	assert_null(strstr(output, "\nok "));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_are_those_of_the_tests),
		cmocka_unit_test(reports_are_of_those_that_failed),
		cmocka_unit_test(groups_that_cannot_be_opened),
	};

	program = argv[0];
	if (argc == 3 && strcmp(argv[1], "inner") == 0)
		return inner_main(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
