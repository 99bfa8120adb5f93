/*
 * name.h
 *		Names as SQL writes them: foo and FOO are one, "Foo" is another.
 */
#ifndef AIODAL_CLI_NAME_H
#define AIODAL_CLI_NAME_H

#include <stdbool.h>

#include "options.h"

/* A table as named on the command line; schema NULL: found by search_path. Both are to be freed. */
typedef struct cli_table_name
{
	char *schema;
	char *name;
} cli_table_name;

/* False when the text is not name or schema.name; then *problem says why. */
extern bool cli_parse_table_name(cli_table_name *table, const char *text, const char **problem);
extern void cli_free_table_name(cli_table_name *table);

/* Appends the names of a list such as: a, "B c", d. False as above. */
extern bool cli_parse_names(cli_names *names, const char *text, const char **problem);
extern void cli_append_name(cli_names *names, char *name);
extern void cli_free_names(cli_names *names);

/* As the library takes them: C does not add the two consts by itself. */
static inline const char *const *
cli_const_names(const cli_names *names)
{
	return (const char *const *) names->at;
}

/* The name as it must be written in SQL, quoted where that is needed; to be freed. */
extern char *cli_quote_name(const char *name);
extern char *cli_quote_table_name(const char *schema, const char *name);

/* A name[] or text[] as SQL writes it; to be freed. NULL when there are no names. */
extern char *cli_array_text(const cli_names *names);

#endif /* AIODAL_CLI_NAME_H */
