/*
 * section.c
 *		The lines of which a relation's description is made.
 */
#include "section.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "name.h"
#include "terminal.h"

/* Lines after the first, of a view or rule, stand under it. */
void
cli_print_item(char *text)
{
	char *line = text;
	char *next;

	for (; line; line = next)
	{
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		(void) printf(line == text ? "    " : "      ");
		cli_print_text(stdout, line);
		(void) putchar('\n');
	}
	free(text);
}

void
cli_print_heading(const char *heading)
{
	(void) printf("  %s:\n", heading);
}

void
cli_print_fact(const char *label, const char *text)
{
	if (!text || !*text)
		return;
	(void) printf("  %s: ", label);
	cli_print_text(stdout, text);
	(void) putchar('\n');
}

char *
cli_name_list(const json_t *names)
{
	char *list = cli_strdup("");
	size_t i;
	json_t *name;

	json_array_foreach (names, i, name)
	{
		char *quoted = cli_quote_name(json_is_string(name) ? json_string_value(name) : "(expression)");
		char *longer = cli_printf("%s%s%s", list, i > 0 ? ", " : "", quoted);

		free(list);
		free(quoted);
		list = longer;
	}
	return list;
}

const json_t *
cli_describe_extra(const json_t *extras, const json_t *relation, const char *key)
{
	char oid[24];

	(void) snprintf(oid, sizeof(oid), "%lld",
					(long long) json_integer_value(json_object_get(relation, "oid")));
	return json_object_get(json_object_get(extras, oid), key);
}
