/*
 * ahead.h
 *		Memory asked for before it is used.
 *
 * Rows of a large batch that are taken in the order of their keys are all over the memory, and
 * the batch is larger than the processor's caches. So loops over them ask for the rows to come
 * while one is at work: first for what leads to a row, later for the row.
 */
#ifndef AIODAL_AHEAD_H
#define AIODAL_AHEAD_H

#include "compat.h"

/* How many rows ahead. */
#define AHEAD_OF_ROW   8
#define AHEAD_OF_PLACE 16

#define CACHE_LINE     64

/*
 * Of any memory: nothing is read, so what is behind its end does no harm. GCC takes a function that does
 * nothing but this for one without effect, and drops calls of it that are not inlined.
 */
static pg_attribute_always_inline void
AskForMemory(const void *memory, Size bytes)
{
#if defined(__GNUC__)
	for (Size i = 0; i < bytes; i += CACHE_LINE)
		__builtin_prefetch((const char *) memory + i);
#endif
}

#endif /* AIODAL_AHEAD_H */
