/*
 * compare.h
 *		The difference between two outlines of schemas, and how people read it.
 */
#ifndef AIODAL_CLI_COMPARE_H
#define AIODAL_CLI_COMPARE_H

#include <jansson.h>

/*
 * What differs, as an array of
 *		{"change": "added" | "removed" | "changed", "kind", "schema", "name", "identity",
 *		 "properties": [{"name", "a", "b"}], "parts": [{"change", "kind", "name", "a", "b", "properties"}]}
 * in the order of the outlines; empty when they are the same. "a" and "b" of a part are its texts, null where
 * it is not. What is added or removed as a whole has no properties and parts. A new reference.
 */
extern json_t *cli_compare(const json_t *a, const json_t *b);

/* Writes such an array to stdout, a paragraph for each object. */
extern void cli_print_differences(const json_t *differences);

#endif /* AIODAL_CLI_COMPARE_H */
