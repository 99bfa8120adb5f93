/*
 * describe_members.c
 *		What belongs to a relation beside its columns, indexes and constraints, under psql's headings.
 */
#include "describe_members.h"

#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "memory.h"
#include "name.h"
#include "section.h"

/* of a long list, as of partitions, this many are shown */
#define MOST_LINES 12

/* A section of what extras list, each a line as it is. */
static void
print_extras(const json_t *relation, const json_t *extras, const char *key, const char *heading)
{
	const json_t *list = cli_describe_extra(extras, relation, key);
	size_t i;
	json_t *text;

	if (json_array_size(list) > 0)
		cli_print_heading(heading);
	json_array_foreach (list, i, text)
	{
		if (i == MOST_LINES && json_array_size(list) > MOST_LINES + 1)
		{
			cli_print_item(cli_printf("... and %zu more", json_array_size(list) - i));
			break;
		}
		cli_print_item(cli_strdup(json_string_value(text)));
	}
}

/* A section of a list of the document. */
static void
print_list(const json_t *relation, const char *key, const char *heading, char *(*text)(const json_t *item))
{
	const json_t *list = json_object_get(relation, key);
	size_t i;
	json_t *item;

	if (json_array_size(list) > 0)
		cli_print_heading(heading);
	json_array_foreach (list, i, item)
		cli_print_item(text(item));
}

/* "name FOR ALL TO public USING (...) WITH CHECK (...)" */
static char *
policy_text(const json_t *policy)
{
	const char *cmd = cli_text_at(policy, "cmd");
	const char *qual = cli_text_at(policy, "qual");
	const char *check = cli_text_at(policy, "with_check");
	char *name = cli_quote_name(cli_text_at(policy, "name"));
	char *roles = cli_name_list(json_object_get(policy, "roles"));
	char *text = cli_printf("%s%s FOR %s TO %s%s%s%s%s%s%s", name,
							cli_true_at(policy, "permissive") ? "" : " AS RESTRICTIVE", cmd, roles,
							qual ? " USING (" : "", qual ? qual : "", qual ? ")" : "",
							check ? " WITH CHECK (" : "", check ? check : "", check ? ")" : "");

	free(name);
	free(roles);
	return text;
}

/* The definition of a trigger or rule, and when it fires if that is not as usual: "(disabled)" */
static char *
definition_text(const json_t *item)
{
	const char *enabled = cli_text_at(item, "enabled");
	bool usual = !enabled || strcmp(enabled, "origin") == 0;

	return cli_printf("%s%s%s%s", cli_text_at(item, "definition"), usual ? "" : " (", usual ? "" : enabled,
					  usual ? "" : ")");
}

/* Columns and expressions of extended statistics: "a, (b + 1)"; to be freed */
static char *
statistics_targets(const json_t *statistics)
{
	char *list = cli_name_list(json_object_get(statistics, "columns"));
	size_t i;
	json_t *expression;

	json_array_foreach (json_object_get(statistics, "expressions"), i, expression)
	{
		char *longer = cli_printf("%s%s%s", list, *list ? ", " : "", json_string_value(expression));

		free(list);
		list = longer;
	}
	return list;
}

/* "schema.name (ndistinct, mcv) ON a, b" */
static char *
statistics_text(const json_t *statistics)
{
	char *name = cli_quote_table_name(cli_text_at(statistics, "schema"), cli_text_at(statistics, "name"));
	char *kinds = cli_name_list(json_object_get(statistics, "kinds"));
	char *targets = statistics_targets(statistics);
	char *text = cli_printf("%s (%s) ON %s", name, kinds, targets);

	free(name);
	free(kinds);
	free(targets);
	return text;
}

/* --- privileges: a line for each role, of those that are not the owner */

static bool
same_grantee(const json_t *a, const json_t *b)
{
	const char *first = cli_text_at(a, "grantee");
	const char *second = cli_text_at(b, "grantee");

	return first && second ? strcmp(first, second) == 0 : first == second;
}

static bool
is_owners(const json_t *relation, const json_t *privilege)
{
	const char *grantee = cli_text_at(privilege, "grantee");
	const char *owner = cli_text_at(relation, "owner");

	return grantee && owner && strcmp(grantee, owner) == 0;
}

static bool
is_first_of_grantee(const json_t *list, size_t position)
{
	for (size_t i = 0; i < position; i++)
	{
		if (same_grantee(json_array_get(list, i), json_array_get(list, position)))
			return false;
	}
	return true;
}

/* "SELECT, UPDATE (price), DELETE WITH GRANT OPTION" of one grantee; to be freed */
static char *
privileges_of(const json_t *list, const json_t *example)
{
	char *all = cli_strdup("");
	size_t i;
	json_t *privilege;

	json_array_foreach (list, i, privilege)
	{
		const char *column = cli_text_at(privilege, "column_name");
		char *name = column ? cli_quote_name(column) : NULL;
		char *longer;

		if (!same_grantee(privilege, example))
		{
			free(name);
			continue;
		}
		longer = cli_printf("%s%s%s%s%s%s%s", all, *all ? ", " : "", cli_text_at(privilege, "privilege_type"),
							name ? " (" : "", name ? name : "", name ? ")" : "",
							cli_true_at(privilege, "is_grantable") ? " WITH GRANT OPTION" : "");
		free(name);
		free(all);
		all = longer;
	}
	return all;
}

static void
print_privileges(const json_t *relation)
{
	const json_t *list = json_object_get(relation, "privileges");
	bool headed = false;
	size_t i;
	json_t *privilege;

	json_array_foreach (list, i, privilege)
	{
		const char *grantee = cli_text_at(privilege, "grantee");
		char *name;
		char *all;

		if (is_owners(relation, privilege) || !is_first_of_grantee(list, i))
			continue;
		if (!headed)
			cli_print_heading("Privileges");
		headed = true;
		name = grantee ? cli_quote_name(grantee) : cli_strdup("PUBLIC");
		all = privileges_of(list, privilege);
		cli_print_item(cli_printf("%s: %s", name, all));
		free(name);
		free(all);
	}
}

void
cli_describe_members(const json_t *relation, const json_t *extras)
{
	print_extras(relation, extras, "referenced_by", "Referenced by");
	print_list(relation, "policies", "Policies", policy_text);
	print_list(relation, "statistics", "Statistics objects", statistics_text);
	print_list(relation, "triggers", "Triggers", definition_text);
	print_list(relation, "rules", "Rules", definition_text);
	print_extras(relation, extras, "publications", "Publications");
	print_extras(relation, extras, "partitions", "Partitions");
	print_extras(relation, extras, "children", "Child tables");
	print_privileges(relation);
}
