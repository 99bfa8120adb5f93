/*
 * alloc.h
 *		Allocations of libaiodal_web that fail, in whatever thread.
 */
#ifndef AIODAL_TEST_ALLOC_H
#define AIODAL_TEST_ALLOC_H

#include "mem.h"

static long allocations_left;

static inline int
fail_now(void)
{
	return __atomic_sub_fetch(&allocations_left, 1, __ATOMIC_RELAXED) < 0;
}

/* From now on that many succeed and all others fail. */
static inline void
allow_allocations(long n)
{
	allocations_left = n;
	__atomic_store_n(&aiodal_web__alloc_fails, fail_now, __ATOMIC_RELAXED);
}

static inline void
allow_all_allocations(void)
{
	__atomic_store_n(&aiodal_web__alloc_fails, NULL, __ATOMIC_RELAXED);
}

#endif /* AIODAL_TEST_ALLOC_H */
