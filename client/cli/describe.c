/*
 * describe.c
 *		Relations of a reflection document as people read them: a list of all, then each with its columns and
 *		below them, under headings that psql's users know, what else belongs to it.
 */
#include "describe.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"
#include "memory.h"
#include "name.h"
#include "terminal.h"

static const char *
text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool
is_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

/* "a, b", quoted where SQL needs it; to be freed */
static char *
name_list(const json_t *names)
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

static const json_t *
extra(const json_t *extras, const json_t *relation, const char *key)
{
	char oid[24];

	(void) snprintf(oid, sizeof(oid), "%lld",
					(long long) json_integer_value(json_object_get(relation, "oid")));
	return json_object_get(json_object_get(extras, oid), key);
}

/* The planner's figure, "" when it has none; into buf. */
static const char *
estimated_rows(char buf[32], const json_t *extras, const json_t *relation)
{
	const json_t *rows = extra(extras, relation, "rows");

	if (json_is_integer(rows))
		(void) snprintf(buf, 32, "%lld", (long long) json_integer_value(rows));
	else
		*buf = '\0';
	return buf;
}

/* Partitions stand under their table in the overview. */
static char *
kind_text(const json_t *relation)
{
	const char *persistence = text_of(relation, "persistence");
	const char *kind = text_of(relation, "kind");

	if (persistence && strcmp(persistence, "permanent") != 0)
		return cli_printf("%s %s", persistence, kind);
	return cli_strdup(kind);
}

static void
add_overview_row(cli_grid *grid, const json_t *relation, const json_t *extras)
{
	char rows[32];
	char columns[24];
	char *schema = cli_quote_name(text_of(relation, "schema"));
	char *name = cli_quote_name(text_of(relation, "name"));
	char *kind = kind_text(relation);
	char *key = name_list(json_object_get(json_object_get(relation, "primary_key"), "columns"));

	(void) snprintf(columns, sizeof(columns), "%zu", json_array_size(json_object_get(relation, "columns")));
	cli_grid_add(grid,
				 (const char *const[]){schema, name, kind, columns, estimated_rows(rows, extras, relation),
									   key, text_of(relation, "comment")});
	free(schema);
	free(name);
	free(kind);
	free(key);
}

void
cli_describe_overview(const json_t *document, const json_t *extras)
{
	static const cli_grid_column columns[] = {
		{"SCHEMA", false, false},     {"NAME", false, false}, {"KIND", false, false},
		{"COLUMNS", true, false},     {"~ROWS", true, false}, {"PRIMARY KEY", false, false},
		{"DESCRIPTION", false, true}, {NULL, false, false},
	};
	const json_t *relations = json_object_get(document, "relations");
	cli_grid *grid = cli_grid_new(columns);
	size_t i;
	json_t *relation;

	(void) printf("%sDatabase ", cli_style(stdout, CLI_STYLE_TITLE));
	cli_print_text(stdout, text_of(document, "database"));
	(void) printf("%s: %zu relations, PostgreSQL %s\n\n", cli_style(stdout, CLI_STYLE_NONE),
				  json_array_size(relations), text_of(document, "server_version"));
	json_array_foreach (relations, i, relation)
		add_overview_row(grid, relation, extras);
	cli_grid_print(grid, 2);
}

/* What stands in the "default" column: identity and generated columns have no plain default. */
static char *
default_text(const json_t *column)
{
	const char *identity = text_of(column, "identity");
	const char *generated = text_of(column, "generated");
	const char *expression = text_of(column, "default_value");

	if (identity)
		return cli_printf("generated %s as identity", identity);
	if (generated)
		return cli_printf("generated always as %s %s", expression, generated);
	return expression ? cli_strdup(expression) : NULL;
}

static void
add_column_row(cli_grid *grid, const json_t *column)
{
	char *name = cli_quote_name(text_of(column, "name"));
	char *initial = default_text(column);

	cli_grid_add(grid, (const char *const[]){name, text_of(column, "type"), text_of(column, "collation"),
											 is_true(column, "not_null") ? "not null" : NULL, initial,
											 text_of(column, "comment")});
	free(name);
	free(initial);
}

static void
print_columns(const json_t *relation)
{
	static const cli_grid_column columns[] = {
		{"COLUMN", false, false},   {"TYPE", false, false},    {"COLLATION", false, false},
		{"NULLABLE", false, false}, {"DEFAULT", false, false}, {"DESCRIPTION", false, true},
		{NULL, false, false},
	};
	const json_t *list = json_object_get(relation, "columns");
	cli_grid *grid = cli_grid_new(columns);
	size_t i;
	json_t *column;

	json_array_foreach (list, i, column)
		add_column_row(grid, column);
	cli_grid_print(grid, 2);
}

/* One line of a section; the text is freed. */
static void
print_item(char *text)
{
	(void) printf("    ");
	cli_print_text(stdout, text);
	(void) putchar('\n');
	free(text);
}

static void
print_heading(const char *heading)
{
	(void) printf("  %s:\n", heading);
}

/*
 * A NOT NULL constraint that says no more than the table of columns does: the server gave it its name.
 * Servers before 18 have none that are named.
 */
static bool
is_plain_not_null(const json_t *relation, const json_t *constraint)
{
	const char *column = json_string_value(json_array_get(json_object_get(constraint, "columns"), 0));
	char *usual = cli_printf("%s_%s_not_null", text_of(relation, "name"), column ? column : "");
	bool plain = strcmp(text_of(constraint, "name"), usual) == 0 && is_true(constraint, "validated") &&
				 !is_true(constraint, "no_inherit");

	free(usual);
	return plain;
}

static void
print_constraint(const json_t *constraint)
{
	char *name = cli_quote_name(text_of(constraint, "name"));

	print_item(cli_printf("%s %s", name, text_of(constraint, "definition")));
	free(name);
}

/* The constraints of a list, each with its definition. */
static void
print_constraints(const json_t *relation, const char *key, const char *heading)
{
	const json_t *list = json_object_get(relation, key);
	bool not_null = strcmp(key, "not_null_constraints") == 0;
	bool headed = false;
	size_t i;
	json_t *constraint;

	json_array_foreach (list, i, constraint)
	{
		if (not_null && is_plain_not_null(relation, constraint))
			continue;
		if (!headed)
			print_heading(heading);
		headed = true;
		print_constraint(constraint);
	}
}

/* A column or an expression, with what is not the default about it; to be freed */
static char *
index_key_text(const json_t *key)
{
	const char *column = text_of(key, "column");
	bool descending = is_true(key, "descending");
	bool nulls_first = is_true(key, "nulls_first");
	const char *nulls = nulls_first == descending ? "" : nulls_first ? " NULLS FIRST" : " NULLS LAST";
	const char *collation = text_of(key, "collation");
	char *name = column ? cli_quote_name(column) : cli_strdup(text_of(key, "expression"));
	char *quoted = collation ? cli_quote_name(collation) : NULL;
	char *text = cli_printf("%s%s%s%s%s%s%s", name, quoted ? " COLLATE " : "", quoted ? quoted : "",
							is_true(key, "default_opclass") ? "" : " ",
							is_true(key, "default_opclass") ? "" : text_of(key, "opclass"),
							descending ? " DESC" : "", nulls);

	free(name);
	free(quoted);
	return text;
}

static char *
index_keys_text(const json_t *index)
{
	char *list = cli_strdup("");
	size_t i;
	json_t *key;

	json_array_foreach (json_object_get(index, "keys"), i, key)
	{
		char *item = index_key_text(key);
		char *longer = cli_printf("%s%s%s", list, i > 0 ? ", " : "", item);

		free(list);
		free(item);
		list = longer;
	}
	return list;
}

static const char *
index_role(const json_t *index)
{
	if (is_true(index, "is_primary"))
		return " PRIMARY KEY,";
	if (is_true(index, "is_exclusion"))
		return " EXCLUSION,";
	if (!is_true(index, "is_unique"))
		return "";
	return text_of(index, "constraint_name") ? " UNIQUE CONSTRAINT," : " UNIQUE,";
}

char *
cli_index_text(const json_t *index)
{
	const char *predicate = text_of(index, "predicate");
	char *keys = index_keys_text(index);
	char *include = name_list(json_object_get(index, "include"));
	const char *role = index_role(index);
	char *text = cli_printf(
		"%s%s%s (%s)%s%s%s%s%s%s%s%s%s", *role ? role + 1 : "", *role ? " " : "", text_of(index, "method"),
		keys, *include ? " INCLUDE (" : "", include, *include ? ")" : "",
		is_true(index, "nulls_not_distinct") ? " NULLS NOT DISTINCT" : "", predicate ? " WHERE " : "",
		predicate ? predicate : "", is_true(index, "is_clustered") ? " CLUSTER" : "",
		is_true(index, "is_valid") ? "" : " INVALID",
		is_true(index, "is_replica_identity") ? " REPLICA IDENTITY" : "");

	free(keys);
	free(include);
	return text;
}

static void
print_index(const json_t *index)
{
	char *name = cli_quote_name(text_of(index, "name"));
	char *text = cli_index_text(index);

	print_item(cli_printf("%s %s", name, text));
	free(name);
	free(text);
}

static void
print_indexes(const json_t *relation)
{
	const json_t *list = json_object_get(relation, "indexes");
	size_t i;
	json_t *index;

	if (json_array_size(list) > 0)
		print_heading("Indexes");
	for (int primary = 1; primary >= 0; primary--)
	{
		json_array_foreach (list, i, index)
		{
			if (is_true(index, "is_primary") == (primary == 1))
				print_index(index);
		}
	}
}

static void
print_referenced_by(const json_t *relation, const json_t *extras)
{
	const json_t *list = extra(extras, relation, "referenced_by");
	size_t i;
	json_t *text;

	if (json_array_size(list) > 0)
		print_heading("Referenced by");
	json_array_foreach (list, i, text)
		print_item(cli_strdup(json_string_value(text)));
}

static void
print_definition(const json_t *relation)
{
	const char *line = text_of(relation, "definition");

	if (!line)
		return;
	print_heading("Definition");
	for (; *line; line += strcspn(line, "\n") + (strchr(line, '\n') != NULL))
		print_item(cli_strndup(line, strcspn(line, "\n")));
}

/* A fact that a relation may have, on a line of its own. */
static void
print_fact(const char *label, const char *text)
{
	if (!text || !*text)
		return;
	(void) printf("  %s: ", label);
	cli_print_text(stdout, text);
	(void) putchar('\n');
}

static void
print_facts(const json_t *relation)
{
	const json_t *inherits = json_object_get(relation, "inherits");
	const char *parent = text_of(relation, "parent");
	const char *method = text_of(relation, "access_method");
	size_t i;
	json_t *name;

	print_fact("Partition key", text_of(relation, "partition_key"));
	if (parent)
	{
		char *text = cli_printf("%s %s", parent, text_of(relation, "partition_bound"));

		print_fact("Partition of", text);
		free(text);
	}
	json_array_foreach (inherits, i, name)
		print_fact("Inherits", json_string_value(name));
	print_fact("Server", text_of(relation, "server"));
	print_fact("Tablespace", text_of(relation, "tablespace"));
	if (method && strcmp(method, "heap") != 0)
		print_fact("Access method", method);
	if (is_true(relation, "row_security"))
		print_fact("Row security",
				   is_true(relation, "force_row_security") ? "forced, for the owner too" : "enabled");
	json_array_foreach (json_object_get(relation, "options"), i, name)
		print_fact("Option", json_string_value(name));
}

static void
print_title(const json_t *relation, const json_t *extras)
{
	char rows[32];
	char *kind = kind_text(relation);
	char *name = cli_quote_table_name(text_of(relation, "schema"), text_of(relation, "name"));

	*kind = (char) toupper((unsigned char) *kind);
	(void) printf("\n%s%s ", cli_style(stdout, CLI_STYLE_TITLE), kind);
	cli_print_text(stdout, name);
	(void) printf("%s, owner ", cli_style(stdout, CLI_STYLE_NONE));
	cli_print_text(stdout, text_of(relation, "owner"));
	if (*estimated_rows(rows, extras, relation))
		(void) printf(", about %s rows", rows);
	(void) putchar('\n');
	if (text_of(relation, "comment"))
		print_fact("Description", text_of(relation, "comment"));
	free(kind);
	free(name);
}

void
cli_describe_relation(const json_t *relation, const json_t *extras)
{
	print_title(relation, extras);
	print_columns(relation);
	print_indexes(relation);
	print_constraints(relation, "check_constraints", "Check constraints");
	print_constraints(relation, "exclusion_constraints", "Exclusion constraints");
	print_constraints(relation, "not_null_constraints", "Not-null constraints");
	print_constraints(relation, "foreign_keys", "Foreign keys");
	print_referenced_by(relation, extras);
	print_facts(relation);
	print_definition(relation);
}
