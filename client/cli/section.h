/*
 * section.h
 *		The lines of which a relation's description is made.
 */
#ifndef AIODAL_CLI_SECTION_H
#define AIODAL_CLI_SECTION_H

#include <jansson.h>

/* A line with the heading of a section, and one line of it; the text is freed. */
extern void cli_print_heading(const char *heading);
extern void cli_print_item(char *text);

/* "Label: text" on a line of its own; nothing when there is no text. */
extern void cli_print_fact(const char *label, const char *text);

/* "a, b", quoted where SQL needs it; to be freed */
extern char *cli_name_list(const json_t *names);

/* What extras (see describe.h) say of a relation; NULL for nothing. */
extern const json_t *cli_describe_extra(const json_t *extras, const json_t *relation, const char *key);

#endif /* AIODAL_CLI_SECTION_H */
