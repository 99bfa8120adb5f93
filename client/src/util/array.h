/*
 * array.h
 *		PostgreSQL's text form of one-dimensional arrays: {a,"b c",NULL}
 */
#ifndef AIODAL_UTIL_ARRAY_H
#define AIODAL_UTIL_ARRAY_H

#include "util/arena.h"

/*
 * Splits an array into strings in the arena; *items has *n of them, NULL for NULL elements. text NULL is an
 * empty array. 0; -1 when out of memory; -2 when text is not such an array.
 */
extern int aiodal__array_parse(aiodal__arena *arena, const char *text, const char *const **items, int *n);

#endif /* AIODAL_UTIL_ARRAY_H */
