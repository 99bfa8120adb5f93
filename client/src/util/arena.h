/*
 * arena.h
 *		Many small pieces of memory that are freed together.
 */
#ifndef AIODAL_UTIL_ARENA_H
#define AIODAL_UTIL_ARENA_H

#include <stddef.h>

typedef struct aiodal__arena
{
	struct aiodal__arena_block *blocks; /* the one being filled first */
} aiodal__arena;

#define AIODAL__ARENA_INIT \
	{                      \
		NULL               \
	}

/* Zeroed, aligned for any type; NULL when out of memory or when n * size overflows. */
extern void *aiodal__arena_alloc(aiodal__arena *arena, size_t n, size_t size);
extern void aiodal__arena_free(aiodal__arena *arena);

#endif /* AIODAL_UTIL_ARENA_H */
