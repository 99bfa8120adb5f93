/*
 * outline.h
 *		A reflection document as what can differ between two schemas.
 */
#ifndef AIODAL_CLI_OUTLINE_H
#define AIODAL_CLI_OUTLINE_H

#include <stdbool.h>

#include <jansson.h>

#include "options.h"

typedef struct cli_outline_options
{
	bool no_privileges;
	bool no_owner;
	bool no_comment;
	bool not_null_names; /* both servers know NOT NULL constraints by name */
	cli_names schemas;   /* just these; none: all */
} cli_outline_options;

/*
 * An object with a member for each table, type, function ..., under a key that is the same in every database:
 *		{"kind", "schema", "name", "identity", "properties": {...}, "parts": {key: part}}
 * and a part, such as a column, is
 *		{"kind", "name", "text", "properties": {...}}
 * identity and text are as people write them. OIDs, places and what follows from other properties are left
 * out. A new reference.
 */
extern json_t *cli_outline(const json_t *document, const cli_outline_options *options);

#endif /* AIODAL_CLI_OUTLINE_H */
