/*
 * test.c
 *		One test: its db, its transaction, what is told of it when it fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <aiodal/sandbox.h>

#include "base.h"
#include "group.h"
#include "place.h"

#define LOG_TAIL 4000

struct aiodal_test
{
	aiodal_test_group *group;
	aiodal_test *next;
	aiodal_test_mode mode;
	bool failed;
	off_t log_start;          /* how long the log was */
	aiodal_test__place clone; /* in rollback mode it is the group's */
	aiodal_test__place *place;
	aiodal_tx *tx; /* NULL: not asked for */
};

static off_t
length_of(const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0 ? st.st_size : 0;
}

/*
 * Rollback mode
 */

/* The next test gets a new one. */
static void
discard_rollback_place(aiodal_test_group *group)
{
	PQfinish(group->sequences);
	group->sequences = NULL;
	aiodal_test__place_close(&group->rollback, group, false);
}

static aiodal_status
make_rollback_place(aiodal_test_group *group, aiodal_error **err)
{
	aiodal_status status;

	if (group->rollback.db)
		return AIODAL_OK;
	status = aiodal_test__place_open(&group->rollback, group, err);
	if (status != AIODAL_OK || group->leave_sequences)
		return status;
	status = aiodal_test__note_sequences(&group->sequences, group->rollback.conninfo, err);
	if (status != AIODAL_OK)
		discard_rollback_place(group);
	return status;
}

/* Connections that were fine at the end of the last test may have been ended since: then with new ones. */
static aiodal_status
begin_rollback(aiodal_test *test, aiodal_error **err)
{
	aiodal_test_group *group = test->group;
	aiodal_status status;

	for (const aiodal_test *other = group->tests; other; other = other->next)
	{
		if (other->mode == AIODAL_TEST_ROLLBACK)
			return aiodal_test__fail_hint(err, AIODAL_ESTATE, NULL, "Those that run at once need clones.",
										  "another test in rollback mode has not ended");
	}
	if (group->sequences && !aiodal_test__sequences_restored(group->sequences))
		discard_rollback_place(group);
	status = make_rollback_place(group, err);
	test->place = &group->rollback;
	if (status != AIODAL_OK)
		return status;
	status = aiodal_db_sandbox_begin(group->rollback.db, NULL);
	if (status == AIODAL_OK)
		return status;
	if (status == AIODAL_ECONN)
	{
		discard_rollback_place(group);
		status = make_rollback_place(group, err);
		if (status != AIODAL_OK)
			return status;
	}
	return aiodal_db_sandbox_begin(group->rollback.db, err);
}

/* What is not as it was is not used again. */
static aiodal_status
end_rollback(aiodal_test *test, aiodal_error **err)
{
	aiodal_status status = aiodal_db_sandbox_end(test->place->db, err);

	if (status != AIODAL_OK ||
		(test->group->sequences && !aiodal_test__restore_sequences(test->group->sequences)))
		discard_rollback_place(test->group);
	return status;
}

/*
 * Clone mode
 */

static aiodal_status
begin_clone(aiodal_test *test, aiodal_error **err)
{
	test->place = &test->clone;
	return aiodal_test__place_open(test->place, test->group, err);
}

static aiodal_status
end_clone(aiodal_test *test, aiodal_error **err)
{
	aiodal_holder holder;
	int open = aiodal_db_holders(test->place->db, &holder, 1);
	aiodal_status status = AIODAL_OK;

	if (open > 0)
		status = aiodal_test__fail_hint(
			err, AIODAL_ESTATE, holder.owner, "Free it where it is no longer used.",
			"%d transaction%s still open at the end of the test", open, open == 1 ? " was" : "s were");
	aiodal_test__place_close(test->place, test->group, test->failed && test->group->keep_failed);
	return status;
}

/*
 * The life of a test
 */

static void
link_test(aiodal_test *test)
{
	test->next = test->group->tests;
	test->group->tests = test;
}

static void
unlink_test(aiodal_test *test)
{
	aiodal_test **at = &test->group->tests;

	while (*at != test)
		at = &(*at)->next;
	*at = test->next;
}

static aiodal_status
check_group(const aiodal_test_group *group, aiodal_error **err)
{
	if (!group)
		return aiodal_test__fail(err, AIODAL_EINVAL, "group must not be NULL");
	if (group->owner != getpid())
		return aiodal_test__fail(err, AIODAL_ESTATE, "the group was opened by another process");
	return AIODAL_OK;
}

aiodal_status
aiodal_test_begin(aiodal_test **out, aiodal_test_group *group, aiodal_test_mode mode, aiodal_error **err)
{
	aiodal_status status = check_group(group, err);
	aiodal_test *test;

	if (out)
		*out = NULL;
	if (status == AIODAL_OK && (!out || (mode != AIODAL_TEST_ROLLBACK && mode != AIODAL_TEST_CLONE)))
		status =
			aiodal_test__fail(err, AIODAL_EINVAL, out ? "there is no such mode" : "test must not be NULL");
	if (status != AIODAL_OK)
		return status;
	test = calloc(1, sizeof(*test));
	if (!test)
		return aiodal_test__oom(err);
	test->group = group;
	test->mode = mode;
	test->log_start = length_of(group->log);
	status = mode == AIODAL_TEST_CLONE ? begin_clone(test, err) : begin_rollback(test, err);
	if (status != AIODAL_OK)
	{
		free(test);
		return status;
	}
	aiodal_test__recorder_clear(test->place->recorder);
	link_test(test);
	*out = test;
	return AIODAL_OK;
}

aiodal_db *
aiodal_test_db(const aiodal_test *test)
{
	return test ? test->place->db : NULL;
}

const char *
aiodal_test_conninfo(const aiodal_test *test)
{
	return test ? test->place->conninfo : NULL;
}

static bool
is_over(const aiodal_tx *tx)
{
	aiodal_tx_state state = aiodal_tx_get_state(tx);

	return state != AIODAL_TX_OPEN && state != AIODAL_TX_FAILED;
}

aiodal_status
aiodal_test_tx(aiodal_tx **tx, aiodal_test *test, aiodal_error **err)
{
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_status status = AIODAL_OK;

	if (!tx || !test)
		return aiodal_test__fail(err, AIODAL_EINVAL, "%s must not be NULL", tx ? "test" : "tx");
	*tx = NULL;
	if (test->tx && is_over(test->tx))
	{
		aiodal_tx_free(test->tx);
		test->tx = NULL;
	}
	options.owner = "aiodal_test_tx()";
	if (!test->tx)
		status = aiodal_tx_begin(&test->tx, test->place->db, &options, err);
	*tx = test->tx;
	return status;
}

void
aiodal_test_set_failed(aiodal_test *test)
{
	if (test)
		test->failed = true;
}

/* The lines that came meanwhile, whole ones; only the last when they are many. */
static void
print_log(const aiodal_test *test, FILE *out)
{
	off_t len = length_of(test->group->log) - test->log_start;
	char *text =
		len > 0 ? aiodal_test__read_tail(test->group->log, len < LOG_TAIL ? (size_t) len : LOG_TAIL) : NULL;
	const char *line = text;

	if (line && len > LOG_TAIL && strchr(line, '\n'))
		line = strchr(line, '\n') + 1;
	if (line && *line)
		(void) fprintf(out, "the server's log:\n%s%s", line, line[strlen(line) - 1] == '\n' ? "" : "\n");
	free(text);
}

char *
aiodal_test_report(aiodal_test *test)
{
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!test)
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	aiodal_test__recorder_print(test->place->recorder, out);
	print_log(test, out);
	if (test->mode == AIODAL_TEST_CLONE && test->failed && test->group->keep_failed)
		(void) fprintf(out, "the database stays: %s\n", test->place->conninfo);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

aiodal_status
aiodal_test_end(aiodal_test *test, aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;

	if (!test)
		return AIODAL_OK;
	aiodal_tx_free(test->tx);
	/* in the child of a fork all of it is the parent's */
	if (test->group->owner == getpid())
		status = test->mode == AIODAL_TEST_CLONE ? end_clone(test, err) : end_rollback(test, err);
	else if (test->mode == AIODAL_TEST_CLONE)
		aiodal_test__place_close(test->place, test->group, true);
	unlink_test(test);
	free(test);
	return status;
}
