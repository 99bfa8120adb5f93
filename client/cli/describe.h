/*
 * describe.h
 *		Relations of a reflection document as people read them.
 */
#ifndef AIODAL_CLI_DESCRIBE_H
#define AIODAL_CLI_DESCRIBE_H

#include <jansson.h>

/*
 * extras: an object from OID to what the document does not say about a relation: "rows" (planner's estimate)
 * and lists of texts, "referenced_by", "partitions", "children" (those that inherit) and "publications". What
 * there is none of may be missing.
 */

/* A line for each relation. */
extern void cli_describe_overview(const json_t *document, const json_t *extras);

/* All about one, as in psql's \d+. */
extern void cli_describe_relation(const json_t *relation, const json_t *extras);

/* An index without its name: "UNIQUE, btree (a DESC) WHERE a > 0"; to be freed. */
extern char *cli_index_text(const json_t *index);

#endif /* AIODAL_CLI_DESCRIBE_H */
