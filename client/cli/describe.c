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

#include "describe_members.h"
#include "document.h"
#include "grid.h"
#include "memory.h"
#include "name.h"
#include "section.h"
#include "terminal.h"

/* The planner's figure, "" when it has none; into buf. */
static const char *
estimated_rows(char buf[32], const json_t *extras, const json_t *relation)
{
	const json_t *rows = cli_describe_extra(extras, relation, "rows");

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
	const char *persistence = cli_text_at(relation, "persistence");
	const char *kind = cli_text_at(relation, "kind");

	if (persistence && strcmp(persistence, "permanent") != 0)
		return cli_printf("%s %s", persistence, kind);
	return cli_strdup(kind);
}

static void
add_overview_row(cli_grid *grid, const json_t *relation, const json_t *extras)
{
	char rows[32];
	char columns[24];
	char *schema = cli_quote_name(cli_text_at(relation, "schema"));
	char *name = cli_quote_name(cli_text_at(relation, "name"));
	char *kind = kind_text(relation);
	char *key = cli_name_list(json_object_get(json_object_get(relation, "primary_key"), "columns"));

	(void) snprintf(columns, sizeof(columns), "%zu", json_array_size(json_object_get(relation, "columns")));
	cli_grid_add(grid,
				 (const char *const[]){schema, name, kind, columns, estimated_rows(rows, extras, relation),
									   key, cli_text_at(relation, "comment")});
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
	cli_print_text(stdout, cli_text_at(document, "database"));
	(void) printf("%s: %zu relations, PostgreSQL %s\n\n", cli_style(stdout, CLI_STYLE_NONE),
				  json_array_size(relations), cli_text_at(document, "server_version"));
	json_array_foreach (relations, i, relation)
		add_overview_row(grid, relation, extras);
	cli_grid_print(grid, 2);
}

/* What stands in the "default" column: identity and generated columns have no plain default. */
static char *
default_text(const json_t *column)
{
	const char *identity = cli_text_at(column, "identity");
	const char *generated = cli_text_at(column, "generated");
	const char *expression = cli_text_at(column, "default_value");

	if (identity)
		return cli_printf("generated %s as identity", identity);
	if (generated)
		return cli_printf("generated always as %s %s", expression, generated);
	return expression ? cli_strdup(expression) : NULL;
}

/* How a column is stored when that is not how values of its type usually are; NULL when it is. */
static const char *
unusual_storage(const json_t *column)
{
	static const char *const extended[] = {"text", "varchar", "bpchar", "bytea",
										   "json", "jsonb",   "xml",    NULL};
	const char *storage = cli_text_at(column, "storage");
	const char *type = cli_text_at(column, "type_name");
	const char *kind = cli_text_at(column, "type_kind");
	bool usually_extended = kind && strcmp(kind, "array") == 0;

	for (int i = 0; type && extended[i]; i++)
		usually_extended = usually_extended || strcmp(type, extended[i]) == 0;
	if (!storage || strcmp(storage, "external") == 0)
		return storage;
	return usually_extended && strcmp(storage, "extended") != 0 ? storage : NULL;
}

static void
add_column_row(cli_grid *grid, const json_t *column)
{
	char target[24] = "";
	const json_t *statistics = json_object_get(column, "statistics");
	char *name = cli_quote_name(cli_text_at(column, "name"));
	char *initial = default_text(column);

	if (json_is_integer(statistics))
		(void) snprintf(target, sizeof(target), "%lld", (long long) json_integer_value(statistics));
	cli_grid_add(grid,
				 (const char *const[]){name, cli_text_at(column, "type"), cli_text_at(column, "collation"),
									   cli_true_at(column, "not_null") ? "not null" : NULL, initial,
									   unusual_storage(column), cli_text_at(column, "compression"), target,
									   cli_text_at(column, "comment")});
	free(name);
	free(initial);
}

static void
print_columns(const json_t *relation)
{
	static const cli_grid_column columns[] = {
		{"COLUMN", false, false},      {"TYPE", false, false},      {"COLLATION", false, false},
		{"NULLABLE", false, false},    {"DEFAULT", false, false},   {"STORAGE", false, false},
		{"COMPRESSION", false, false}, {"STATISTICS", true, false}, {"DESCRIPTION", false, true},
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

/*
 * A NOT NULL constraint that says no more than the table of columns does: the server gave it its name.
 * Servers before 18 have none that are named.
 */
static bool
is_plain_not_null(const json_t *relation, const json_t *constraint)
{
	const char *column = json_string_value(json_array_get(json_object_get(constraint, "columns"), 0));
	char *usual = cli_printf("%s_%s_not_null", cli_text_at(relation, "name"), column ? column : "");
	bool plain = strcmp(cli_text_at(constraint, "name"), usual) == 0 &&
				 cli_true_at(constraint, "validated") && !cli_true_at(constraint, "no_inherit");

	free(usual);
	return plain;
}

static void
print_constraint(const json_t *constraint)
{
	char *name = cli_quote_name(cli_text_at(constraint, "name"));

	cli_print_item(cli_printf("%s %s", name, cli_text_at(constraint, "definition")));
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
			cli_print_heading(heading);
		headed = true;
		print_constraint(constraint);
	}
}

/* A column or an expression, with what is not the default about it; to be freed */
static char *
index_key_text(const json_t *key)
{
	const char *column = cli_text_at(key, "column");
	bool descending = cli_true_at(key, "descending");
	bool nulls_first = cli_true_at(key, "nulls_first");
	const char *nulls = nulls_first == descending ? "" : nulls_first ? " NULLS FIRST" : " NULLS LAST";
	const char *collation = cli_text_at(key, "collation");
	char *name = column ? cli_quote_name(column) : cli_strdup(cli_text_at(key, "expression"));
	char *quoted = collation ? cli_quote_name(collation) : NULL;
	char *text = cli_printf("%s%s%s%s%s%s%s", name, quoted ? " COLLATE " : "", quoted ? quoted : "",
							cli_true_at(key, "default_opclass") ? "" : " ",
							cli_true_at(key, "default_opclass") ? "" : cli_text_at(key, "opclass"),
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
	if (cli_true_at(index, "is_primary"))
		return " PRIMARY KEY,";
	if (cli_true_at(index, "is_exclusion"))
		return " EXCLUSION,";
	if (!cli_true_at(index, "is_unique"))
		return "";
	return cli_text_at(index, "constraint_name") ? " UNIQUE CONSTRAINT," : " UNIQUE,";
}

char *
cli_index_text(const json_t *index)
{
	const char *predicate = cli_text_at(index, "predicate");
	char *keys = index_keys_text(index);
	char *include = cli_name_list(json_object_get(index, "include"));
	const char *role = index_role(index);
	char *text = cli_printf(
		"%s%s%s (%s)%s%s%s%s%s%s%s%s%s", *role ? role + 1 : "", *role ? " " : "",
		cli_text_at(index, "method"), keys, *include ? " INCLUDE (" : "", include, *include ? ")" : "",
		cli_true_at(index, "nulls_not_distinct") ? " NULLS NOT DISTINCT" : "", predicate ? " WHERE " : "",
		predicate ? predicate : "", cli_true_at(index, "is_clustered") ? " CLUSTER" : "",
		cli_true_at(index, "is_valid") ? "" : " INVALID",
		cli_true_at(index, "is_replica_identity") ? " REPLICA IDENTITY" : "");

	free(keys);
	free(include);
	return text;
}

static void
print_index(const json_t *index)
{
	char *name = cli_quote_name(cli_text_at(index, "name"));
	char *text = cli_index_text(index);

	cli_print_item(cli_printf("%s %s", name, text));
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
		cli_print_heading("Indexes");
	for (int primary = 1; primary >= 0; primary--)
	{
		json_array_foreach (list, i, index)
		{
			if (cli_true_at(index, "is_primary") == (primary == 1))
				print_index(index);
		}
	}
}

static void
print_definition(const json_t *relation)
{
	const char *line = cli_text_at(relation, "definition");

	if (!line)
		return;
	cli_print_heading("Definition");
	for (; *line; line += strcspn(line, "\n") + (strchr(line, '\n') != NULL))
		cli_print_item(cli_strndup(line, strcspn(line, "\n")));
}

/* "distributed by tenant, colocation group 7": what Citus says */
static void
print_distribution(const json_t *relation)
{
	const char *kind = cli_text_at(relation, "distribution");
	const char *column = cli_text_at(relation, "distribution_column");
	const json_t *group = json_object_get(relation, "colocation_id");
	char *by = column ? cli_quote_name(column) : NULL;
	char *in = json_is_integer(group)
				   ? cli_printf(", colocation group %lld", (long long) json_integer_value(group))
				   : NULL;
	char *text = kind ? cli_printf("%s%s%s%s", kind, by ? " by " : "", by ? by : "", in ? in : "") : NULL;

	cli_print_fact("Citus table", text);
	free(by);
	free(in);
	free(text);
}

static void
print_facts(const json_t *relation)
{
	const json_t *inherits = json_object_get(relation, "inherits");
	const char *parent = cli_text_at(relation, "parent");
	const char *method = cli_text_at(relation, "access_method");
	const char *replica_identity = cli_text_at(relation, "replica_identity");
	const char *replica_identity_index = cli_text_at(relation, "replica_identity_index");
	size_t i;
	json_t *name;

	cli_print_fact("Partition key", cli_text_at(relation, "partition_key"));
	if (parent)
	{
		char *text = cli_printf("%s %s", parent, cli_text_at(relation, "partition_bound"));

		cli_print_fact("Partition of", text);
		free(text);
	}
	json_array_foreach (inherits, i, name)
		cli_print_fact("Inherits", json_string_value(name));
	cli_print_fact("Of type", cli_text_at(relation, "of_type"));
	print_distribution(relation);
	cli_print_fact("Server", cli_text_at(relation, "server"));
	json_array_foreach (json_object_get(relation, "foreign_options"), i, name)
		cli_print_fact("Foreign option", json_string_value(name));
	cli_print_fact("Tablespace", cli_text_at(relation, "tablespace"));
	if (method && strcmp(method, "heap") != 0)
		cli_print_fact("Access method", method);
	if (cli_true_at(relation, "row_security"))
		cli_print_fact("Row security",
					   cli_true_at(relation, "force_row_security") ? "forced, for the owner too" : "enabled");
	if (strcmp(cli_text_at(relation, "kind"), "view") != 0 && replica_identity &&
		strcmp(replica_identity, "default") != 0)
		cli_print_fact("Replica identity",
					   replica_identity_index ? replica_identity_index : replica_identity);
	json_array_foreach (json_object_get(relation, "options"), i, name)
		cli_print_fact("Option", json_string_value(name));
}

static void
print_title(const json_t *relation, const json_t *extras)
{
	char rows[32];
	char *kind = kind_text(relation);
	char *name = cli_quote_table_name(cli_text_at(relation, "schema"), cli_text_at(relation, "name"));

	*kind = (char) toupper((unsigned char) *kind);
	(void) printf("\n%s%s ", cli_style(stdout, CLI_STYLE_TITLE), kind);
	cli_print_text(stdout, name);
	(void) printf("%s, owner ", cli_style(stdout, CLI_STYLE_NONE));
	cli_print_text(stdout, cli_text_at(relation, "owner"));
	if (*estimated_rows(rows, extras, relation))
		(void) printf(", about %s rows", rows);
	(void) putchar('\n');
	if (cli_text_at(relation, "comment"))
		cli_print_fact("Description", cli_text_at(relation, "comment"));
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
	cli_describe_members(relation, extras);
	print_facts(relation);
	print_definition(relation);
}
