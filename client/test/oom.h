/*
 * oom.h
 *		A library that runs out of memory at one allocation after the other.
 *
 * For programs linked with the static library, since the switch is none of its exported symbols.
 */
#ifndef AIODAL_TEST_OOM_H
#define AIODAL_TEST_OOM_H

#include "support.h"

#include "util/mem.h"

static int left; /* atomic: allocations until one fails; negative: none does */

static inline int
fail_when_none_is_left(void)
{
	return __atomic_fetch_sub(&left, 1, __ATOMIC_RELAXED) == 0;
}

typedef aiodal_status (*scenario)(aiodal_error **err);

/* Runs it with the first allocation failing, then the second, until it succeeds. db, if not NULL, has to
 * stand it. */
static inline void
sweep(aiodal_db *db, scenario run, int at_least)
{
	int n;

	for (n = 0;; n++)
	{
		aiodal_error *err = NULL;
		aiodal_status status;

		/* it stays: a thread that was left behind, to look up a host's name, may still ask it */
		if (!aiodal__alloc_fails)
			aiodal__alloc_fails = fail_when_none_is_left;
		__atomic_store_n(&left, n, __ATOMIC_RELAXED);
		status = run(&err);
		if (__atomic_exchange_n(&left, -1, __ATOMIC_RELAXED) >= 0)
		{
			OK(status);
			break;
		}
		/* what was only for a message or a look ahead may be done without */
		if (status == AIODAL_OK)
			continue;
		assert_int_equal(status, AIODAL_ENOMEM);
		assert_string_equal(aiodal_error_message(err), "out of memory");
		aiodal_error_free(err);
		err = NULL;
		if (db)
			OK(aiodal_db_ping(db, &err));
	}
	assert_true(n >= at_least);
}

#endif /* AIODAL_TEST_OOM_H */
