/*
 * dictionary.c
 *		A schema as a data dictionary in GitHub-flavoured Markdown.
 *
 * Every text of the database goes through cli_put_markdown(), but for definitions, which stand in fenced
 * blocks. Anchors are of our own: those made from headings differ between programs.
 */
#include "dictionary.h"

#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "escape.h"

static void
put_names(FILE *to, const json_t *names)
{
	size_t i;
	json_t *name;

	json_array_foreach (names, i, name)
	{
		(void) fputs(i > 0 ? ", " : "", to);
		cli_put_markdown(to, json_string_value(name));
	}
}

static void
put_code(FILE *to, const char *text)
{
	if (!text || !*text)
		return;
	(void) fputs("<code>", to);
	cli_put_markdown(to, text);
	(void) fputs("</code>", to);
}

/* schema.name, a link when the document tells more about it */
static void
put_relation(FILE *to, const cli_relation *relation)
{
	(void) fputs(relation->json ? "[" : "", to);
	cli_put_markdown(to, relation->schema);
	(void) putc('.', to);
	cli_put_markdown(to, relation->name);
	if (!relation->json)
		return;
	(void) fputs("](#", to);
	cli_put_anchor(to, "table", relation->schema, relation->name);
	(void) putc(')', to);
}

/* --- columns */

static void
put_marks(FILE *to, const cli_column *column)
{
	const bool unique = column->unique && !column->primary;

	if (column->primary)
		(void) fputs("PK", to);
	if (unique)
		(void) fputs("unique", to);
	if (column->foreign)
		(void) fprintf(to, "%sFK", column->primary || unique ? ", " : "");
}

static void
put_default(FILE *to, const json_t *column)
{
	const char *identity = cli_text_at(column, "identity");

	if (identity)
		(void) fprintf(to, "generated %s as identity", identity);
	else if (cli_text_at(column, "generated"))
		(void) fputs("generated always as ", to);
	put_code(to, cli_text_at(column, "default_value"));
}

static void
put_columns(FILE *to, const cli_relation *relation)
{
	if (relation->n_columns == 0)
		return;
	(void) fputs(
		"\n| Column | Type | Null | Key | Default | Description |\n| --- | --- | --- | --- | --- | --- |\n",
		to);
	for (size_t i = 0; i < relation->n_columns; i++)
	{
		const cli_column *column = &relation->columns[i];

		(void) fputs("| ", to);
		cli_put_markdown(to, column->name);
		(void) fputs(" | ", to);
		put_code(to, column->type);
		(void) fprintf(to, " | %s | ", column->not_null ? "not null" : "");
		put_marks(to, column);
		(void) fputs(" | ", to);
		put_default(to, column->json);
		(void) fputs(" | ", to);
		cli_put_markdown(to, cli_text_at(column->json, "comment"));
		(void) fputs(" |\n", to);
	}
}

/* --- lists below the columns */

static void
put_heading(FILE *to, const char *heading)
{
	(void) fprintf(to, "\n**%s**\n\n", heading);
}

/* "- name: definition. Comment" */
static void
put_item(FILE *to, const json_t *item, const char *definition)
{
	const char *comment = cli_text_at(item, "comment");

	(void) fputs("- ", to);
	cli_put_markdown(to, cli_text_at(item, "name"));
	(void) fputs(": ", to);
	put_code(to, definition);
	(void) fputs(comment ? " – " : "", to);
	cli_put_markdown(to, comment);
	(void) putc('\n', to);
}

static void
put_definitions(FILE *to, const json_t *list, const char *heading)
{
	size_t i;
	json_t *item;

	if (json_array_size(list) > 0)
		put_heading(to, heading);
	json_array_foreach (list, i, item)
		put_item(to, item, cli_text_at(item, "definition"));
}

static void
put_keys(FILE *to, const cli_relation *relation)
{
	const json_t *primary = json_object_get(relation->json, "primary_key");
	const json_t *unique = json_object_get(relation->json, "unique_constraints");
	size_t i;
	json_t *key;

	if (json_is_object(primary) || json_array_size(unique) > 0)
		put_heading(to, "Keys");
	if (json_is_object(primary))
		put_item(to, primary, cli_text_at(primary, "definition"));
	json_array_foreach (unique, i, key)
		put_item(to, key, cli_text_at(key, "definition"));
}

static void
put_foreign_keys(FILE *to, const cli_relation *relation)
{
	if (relation->n_foreign_keys > 0)
		put_heading(to, "Foreign keys");
	for (size_t i = 0; i < relation->n_foreign_keys; i++)
	{
		const cli_foreign_key *key = &relation->foreign_keys[i];

		(void) fputs("- ", to);
		cli_put_markdown(to, key->name);
		(void) fputs(": (", to);
		put_names(to, json_object_get(key->json, "columns"));
		(void) fputs(") → ", to);
		put_relation(to, key->to);
		(void) fputs(" (", to);
		put_names(to, json_object_get(key->json, "referenced_columns"));
		(void) fprintf(to, "), on update %s, on delete %s\n", cli_text_at(key->json, "on_update"),
					   cli_text_at(key->json, "on_delete"));
	}
}

static void
put_referenced_by(FILE *to, const cli_relation *relation)
{
	if (relation->n_referenced_by > 0)
		put_heading(to, "Referenced by");
	for (size_t i = 0; i < relation->n_referenced_by; i++)
	{
		const cli_foreign_key *key = relation->referenced_by[i];

		(void) fputs("- ", to);
		put_relation(to, key->from);
		(void) fputs(" (", to);
		put_names(to, json_object_get(key->json, "columns"));
		(void) fputs(")\n", to);
	}
}

static void
put_indexes(FILE *to, const cli_relation *relation)
{
	const json_t *list = json_object_get(relation->json, "indexes");
	size_t i;
	json_t *index;

	if (json_array_size(list) > 0)
		put_heading(to, "Indexes");
	json_array_foreach (list, i, index)
	{
		char *text = cli_index_text(index);

		put_item(to, index, text);
		free(text);
	}
}

/* A fence is longer than any in the text. */
static void
put_definition(FILE *to, const char *definition)
{
	size_t fence = 3;

	if (!definition)
		return;
	for (const char *c = definition; *c; c++)
	{
		size_t run = strspn(c, "`");

		fence = run >= fence ? run + 1 : fence;
		c += run > 0 ? run - 1 : 0;
	}
	put_heading(to, "Definition");
	for (size_t i = 0; i < fence; i++)
		(void) putc('`', to);
	(void) fprintf(to, "sql\n%s\n", definition);
	for (size_t i = 0; i < fence; i++)
		(void) putc('`', to);
	(void) putc('\n', to);
}

static void
put_partitioning(FILE *to, const cli_relation *relation)
{
	const char *key = cli_text_at(relation->json, "partition_key");

	if (!key)
		return;
	(void) fputs("\nPartitioned by ", to);
	put_code(to, key);
	if (relation->partitions > 0)
		(void) fprintf(to, ", %zu partition%s", relation->partitions, relation->partitions == 1 ? "" : "s");
	(void) fputs(".\n", to);
}

static void
put_title(FILE *to, const cli_relation *relation)
{
	const char *comment = cli_text_at(relation->json, "comment");

	(void) fputs("\n<a id=\"", to);
	cli_put_anchor(to, "table", relation->schema, relation->name);
	(void) fputs("\"></a>\n\n### ", to);
	cli_put_markdown(to, relation->schema);
	(void) putc('.', to);
	cli_put_markdown(to, relation->name);
	(void) fprintf(to, "\n\n%c%s.%s", relation->kind[0] - 'a' + 'A', relation->kind + 1, comment ? " " : "");
	cli_put_markdown(to, comment);
	(void) putc('\n', to);
}

static void
put_section(FILE *to, const cli_relation *relation)
{
	const json_t *json = relation->json;

	put_title(to, relation);
	put_columns(to, relation);
	put_partitioning(to, relation);
	put_keys(to, relation);
	put_foreign_keys(to, relation);
	put_referenced_by(to, relation);
	put_definitions(to, json_object_get(json, "check_constraints"), "Checks");
	put_definitions(to, json_object_get(json, "exclusion_constraints"), "Exclusion constraints");
	put_indexes(to, relation);
	put_definitions(to, json_object_get(json, "triggers"), "Triggers");
	put_definitions(to, json_object_get(json, "rules"), "Rules");
	put_definition(to, cli_text_at(json, "definition"));
}

/* --- types and functions */

static void
put_full_name(FILE *to, const json_t *object)
{
	cli_put_markdown(to, cli_text_at(object, "schema"));
	(void) putc('.', to);
	cli_put_markdown(to, cli_text_at(object, "name"));
}

static void
put_attributes(FILE *to, const json_t *attributes)
{
	size_t i;
	json_t *attribute;

	json_array_foreach (attributes, i, attribute)
	{
		(void) fputs(i > 0 ? ", " : "", to);
		cli_put_markdown(to, cli_text_at(attribute, "name"));
		(void) putc(' ', to);
		put_code(to, cli_text_at(attribute, "type"));
	}
}

static void
put_type(FILE *to, const json_t *type)
{
	size_t i;
	json_t *check;

	(void) fputs("| ", to);
	put_full_name(to, type);
	(void) fprintf(to, " | %s | ", cli_text_at(type, "kind"));
	put_names(to, json_object_get(type, "labels"));
	put_code(to, cli_text_at(type, "base_type"));
	put_code(to, cli_text_at(type, "subtype"));
	put_attributes(to, json_object_get(type, "attributes"));
	json_array_foreach (json_object_get(type, "checks"), i, check)
	{
		(void) fputs(", check ", to);
		put_code(to, cli_text_at(check, "expression"));
	}
	(void) fputs(" | ", to);
	cli_put_markdown(to, cli_text_at(type, "comment"));
	(void) fputs(" |\n", to);
}

static void
put_function(FILE *to, const json_t *function)
{
	(void) fputs("| ", to);
	cli_put_markdown(to, cli_text_at(function, "signature"));
	(void) fprintf(to, " | %s | %s", cli_text_at(function, "kind"),
				   cli_true_at(function, "returns_set") ? "setof " : "");
	put_code(to, cli_text_at(function, "returns"));
	(void) fputs(" | ", to);
	cli_put_markdown(to, cli_text_at(function, "language"));
	(void) fprintf(to, " | %s | ", cli_text_at(function, "volatility"));
	cli_put_markdown(to, cli_text_at(function, "comment"));
	(void) fputs(" |\n", to);
}

/* head: the first two lines of the table */
static void
put_objects(FILE *to, const json_t *list, const char *heading, const char *head,
			void (*put)(FILE *, const json_t *))
{
	size_t i;
	json_t *item;

	if (json_array_size(list) == 0)
		return;
	(void) fprintf(to, "\n## %s\n\n%s", heading, head);
	json_array_foreach (list, i, item)
		put(to, item);
}

/* --- the whole */

/* The relations of the document come schema by schema. */
static void
put_contents(FILE *to, const cli_document *document)
{
	const char *schema = NULL;

	for (size_t i = 0; i < document->n_described; i++)
	{
		const cli_relation *relation = &document->relations[i];

		if (!schema || strcmp(schema, relation->schema) != 0)
		{
			schema = relation->schema;
			(void) fputs("- ", to);
			cli_put_markdown(to, schema);
			(void) putc('\n', to);
		}
		(void) fputs("  - ", to);
		put_relation(to, relation);
		(void) fprintf(to, "%s%s\n", strcmp(relation->kind, "table") == 0 ? "" : ", ",
					   strcmp(relation->kind, "table") == 0 ? "" : relation->kind);
	}
}

void
cli_put_dictionary(FILE *to, const cli_document *document)
{
	(void) fputs("# ", to);
	cli_put_markdown(to, cli_text_at(document->json, "database"));
	(void) fputs("\n\nPostgreSQL ", to);
	cli_put_markdown(to, cli_text_at(document->json, "server_version"));
	(void) fputs("\n\n## Contents\n\n", to);
	put_contents(to, document);
	if (document->n_described > 0)
		(void) fputs("\n## Tables and views\n", to);
	for (size_t i = 0; i < document->n_described; i++)
		put_section(to, &document->relations[i]);
	put_objects(to, json_object_get(document->json, "types"), "Types",
				"| Name | Kind | Definition | Description |\n| --- | --- | --- | --- |\n", put_type);
	put_objects(to, json_object_get(document->json, "functions"), "Functions",
				"| Signature | Kind | Returns | Language | Volatility | Description |\n"
				"| --- | --- | --- | --- | --- | --- |\n",
				put_function);
}
