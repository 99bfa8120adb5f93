/*
 * hash.h
 *		An index over an array that does not change: from a key to the number of an element.
 *
 * The index keeps numbers alone; what a key is and whether an element has it is the caller's, who hands in a
 * hash and a function that compares. Made once, then read by any number of threads.
 */
#ifndef AIODAL_UTIL_HASH_H
#define AIODAL_UTIL_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "util/arena.h"

typedef struct aiodal__index
{
	uint32_t *slots; /* number of the element plus 1; 0 is free */
	uint32_t mask;
} aiodal__index;

/* whether element number i has the key */
typedef bool (*aiodal__index_match)(const void *elements, uint32_t i, const void *key);

/* Room for n elements, in the arena; false when out of memory. */
extern bool aiodal__index_init(aiodal__index *index, aiodal__arena *arena, uint32_t n);
extern void aiodal__index_put(aiodal__index *index, uint32_t hash, uint32_t i);

/* Number of an element that has the key, -1 when there is none. */
extern int64_t aiodal__index_get(const aiodal__index *index, uint32_t hash, aiodal__index_match match,
								 const void *elements, const void *key);

/* FNV-1a, to be continued over the parts of a key: start with AIODAL__HASH_START */
#define AIODAL__HASH_START 2166136261u
extern uint32_t aiodal__hash_string(uint32_t hash, const char *s);
extern uint32_t aiodal__hash_int(uint32_t hash, uint32_t value);

#endif /* AIODAL_UTIL_HASH_H */
