/*
 * describe_impl.h
 *		What describe*.c share. Nobody else includes this.
 */
#ifndef AIODAL_CLI_DESCRIBE_IMPL_H
#define AIODAL_CLI_DESCRIBE_IMPL_H

#include "describe.h"

/* A line with the heading of a section, and one line of it; the text is freed. */
extern void cli_print_heading(const char *heading);
extern void cli_print_item(char *text);

/* "Label: text" on a line of its own; nothing when there is no text. */
extern void cli_print_fact(const char *label, const char *text);

/* "a, b", quoted where SQL needs it; to be freed */
extern char *cli_name_list(const json_t *names);

/* What extras say of a relation; NULL for nothing. */
extern const json_t *cli_describe_extra(const json_t *extras, const json_t *relation, const char *key);

/* describe_members.c: who refers to it, policies, triggers, rules and what else belongs to a relation. */
extern void cli_describe_members(const json_t *relation, const json_t *extras);

#endif /* AIODAL_CLI_DESCRIBE_IMPL_H */
