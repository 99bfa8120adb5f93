/*
 * records.h
 *		An array of flat JSON objects, as the extension's functions return them, as a table of strings.
 */
#ifndef AIODAL_UTIL_RECORDS_H
#define AIODAL_UTIL_RECORDS_H

#include "util/arena.h"

/*
 * Splits an array of objects into strings in the arena: *cells has n_keys for each of *n objects, the value
 * of keys[k] in object i at i * n_keys + k. A string is unescaped, any other value as it is written; NULL for
 * null and where the key is missing. Other keys are passed over. text NULL is an empty array. 0; -1 when out
 * of memory; -2 when text is not such an array.
 */
extern int aiodal__records_parse(aiodal__arena *arena, const char *text, const char *const *keys, int n_keys,
								 const char *const **cells, int *n);

#endif /* AIODAL_UTIL_RECORDS_H */
