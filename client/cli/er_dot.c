/*
 * er_dot.c
 *		An entity-relationship diagram in Graphviz's language.
 *
 * A table is a node whose label is an HTML-like table: a heading, then a row for each column, with a port at
 * each side (lN, rN) for edges to end at. Edges run from the right of the referring column to the left of the
 * one referred to; their ends are crow's feet. Schemas are clusters, partitions are part of their table.
 */
#include "er_dot.h"

#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "memory.h"

static const char preamble[] =
	"digraph schema {\n"
	"\tgraph [rankdir=LR, nodesep=0.35, ranksep=1.1, pad=0.3, fontname=\"Helvetica,Arial,sans-serif\","
	" fontsize=13, charset=\"UTF-8\"];\n"
	"\tnode [shape=plain, fontname=\"Helvetica,Arial,sans-serif\", fontsize=11];\n"
	"\tedge [dir=both, color=\"#5b6b80\", arrowsize=0.9, penwidth=1.1];\n";

static bool
is_view(const cli_relation *relation)
{
	return strcmp(relation->kind, "view") == 0 || strcmp(relation->kind, "materialized view") == 0;
}

static bool
is_drawn(const cli_relation *relation, const cli_er_options *options)
{
	return !relation->folded_into && (options->views || !is_view(relation));
}

bool
cli_er_has_tables(const cli_document *document, const cli_er_options *options)
{
	for (size_t i = 0; i < document->n; i++)
	{
		if (is_drawn(&document->relations[i], options))
			return true;
	}
	return false;
}

static const char *
heading_colour(const cli_relation *relation)
{
	if (!relation->json)
		return CLI_ER_OUTSIDE;
	if (strcmp(relation->kind, "partitioned table") == 0)
		return CLI_ER_PARTITIONED;
	if (strcmp(relation->kind, "foreign table") == 0)
		return CLI_ER_FOREIGN;
	return is_view(relation) ? CLI_ER_VIEW : CLI_ER_TABLE;
}

/* --- nodes */

static void
put_heading(FILE *to, const cli_relation *relation)
{
	(void) fprintf(to, "<tr><td colspan=\"3\" port=\"h\" align=\"left\" bgcolor=\"%s\"><b>",
				   heading_colour(relation));
	cli_put_label(to, relation->name);
	(void) fputs("</b>", to);
	if (strcmp(relation->kind, "table") != 0)
		(void) fprintf(to, "  <font point-size=\"9\">%s</font>", relation->kind);
	if (relation->partitions > 0)
		(void) fprintf(to, "  <font point-size=\"9\">%zu partition%s</font>", relation->partitions,
					   relation->partitions == 1 ? "" : "s");
	(void) fputs("</td></tr>", to);
}

static void
put_marks(FILE *to, const cli_column *column)
{
	static const char *const words[] = {"PK", "FK", "UQ"};
	const bool marks[] = {column->primary, column->foreign, column->unique && !column->primary};
	const char *separator = "";

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
	{
		if (!marks[i])
			continue;
		(void) fprintf(to, "%s%s", separator, words[i]);
		separator = " ";
	}
	if (!*separator)
		(void) putc(' ', to);
}

static void
put_column(FILE *to, const cli_column *column, size_t place)
{
	(void) fprintf(to, "\n\t\t<tr><td port=\"l%zu\" align=\"left\"><font point-size=\"9\">", place);
	put_marks(to, column);
	(void) fputs("</font></td><td align=\"left\">", to);
	cli_put_label(to, column->name);
	(void) fprintf(to, "</td><td port=\"r%zu\" align=\"left\">", place);
	cli_put_label(to, column->type);
	(void) fprintf(to, "%s</td></tr>", column->not_null ? " <font point-size=\"9\">not null</font>" : "");
}

static void
put_full_name(FILE *to, const cli_relation *relation)
{
	cli_put_dot_string(to, relation->schema);
	(void) putc('.', to);
	cli_put_dot_string(to, relation->name);
}

static void
put_node(FILE *to, const cli_relation *relation, const cli_er_options *options)
{
	(void) fprintf(to, "\tt%zu [tooltip=\"", relation->number);
	put_full_name(to, relation);
	if (options->links && relation->json)
	{
		(void) fputs("\", URL=\"#", to);
		cli_put_anchor(to, "table", relation->schema, relation->name);
	}
	(void) fputs("\", label=<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\" cellpadding=\"4\""
				 " bgcolor=\"white\" color=\"#8a97a8\">",
				 to);
	put_heading(to, relation);
	for (size_t i = 0; i < relation->n_columns; i++)
		put_column(to, &relation->columns[i], i);
	(void) fputs("</table>>];\n", to);
}

/* --- clusters */

static bool
refers_to_others(const cli_relation *relation)
{
	return relation->n_foreign_keys > 0 || relation->n_referenced_by > 0;
}

static size_t
row_length(size_t n)
{
	size_t length = 1;

	while (length * length < n)
		length++;
	return length;
}

/* Tables without foreign keys would all be above one another: invisible edges make rows of them. */
static void
arrange_lonely(FILE *to, const cli_document *document, const char *schema, const cli_er_options *options)
{
	size_t *lonely = cli_realloc(NULL, document->n + 1, sizeof(*lonely));
	size_t n = 0;
	size_t length;

	for (size_t i = 0; i < document->n; i++)
	{
		const cli_relation *relation = &document->relations[i];

		if (strcmp(relation->schema, schema) == 0 && is_drawn(relation, options) &&
			!refers_to_others(relation))
			lonely[n++] = i;
	}
	length = row_length(n);
	for (size_t i = 1; i < n; i++)
	{
		if (i % length != 0)
			(void) fprintf(to, "\tt%zu -> t%zu [style=invis];\n", lonely[i - 1], lonely[i]);
	}
	free(lonely);
}

static void
put_cluster(FILE *to, const cli_document *document, size_t first, const cli_er_options *options)
{
	const char *schema = document->relations[first].schema;

	(void) fprintf(to, "subgraph cluster_%zu {\n\tgraph [label=\"", first);
	cli_put_dot_string(to, schema);
	(void) fputs("\", tooltip=\"schema ", to);
	cli_put_dot_string(to, schema);
	(void) fputs("\", labeljust=l, style=\"rounded,filled\", color=\"#c3ccd6\", fillcolor=\"" CLI_ER_CLUSTER
				 "\", margin=14];\n",
				 to);
	for (size_t i = first; i < document->n; i++)
	{
		const cli_relation *relation = &document->relations[i];

		if (strcmp(relation->schema, schema) == 0 && is_drawn(relation, options))
			put_node(to, relation, options);
	}
	arrange_lonely(to, document, schema, options);
	(void) fputs("}\n", to);
}

/* Whether the schema has not had its cluster yet. */
static bool
is_first_of_schema(const cli_document *document, size_t place, const cli_er_options *options)
{
	for (size_t i = 0; i < place; i++)
	{
		if (is_drawn(&document->relations[i], options) &&
			strcmp(document->relations[i].schema, document->relations[place].schema) == 0)
			return false;
	}
	return is_drawn(&document->relations[place], options);
}

/* --- edges */

static const char *
first_name(const cli_foreign_key *key, const char *which)
{
	return json_string_value(json_array_get(json_object_get(key->json, which), 0));
}

/* The row of the column; the heading when it is not shown. */
static void
put_end(FILE *to, const cli_relation *relation, char side, const char *column)
{
	int place = cli_column_place(relation, column);

	if (place >= 0)
		(void) fprintf(to, "t%zu:%c%d:%c", relation->number, side, place, side == 'l' ? 'w' : 'e');
	else
		(void) fprintf(to, "t%zu:h:%c", relation->number, side == 'l' ? 'w' : 'e');
}

static void
put_edge(FILE *to, const cli_foreign_key *key)
{
	const cli_relation *target = key->to->folded_into ? key->to->folded_into : key->to;

	(void) putc('\t', to);
	put_end(to, key->from, 'r', first_name(key, "columns"));
	(void) fputs(" -> ", to);
	/* a circle around the whole table would be the other way */
	put_end(to, target, target == key->from ? 'r' : 'l', first_name(key, "referenced_columns"));
	(void) fprintf(to, " [arrowtail=%s, arrowhead=%s, edgetooltip=\"", key->unique ? "teeodot" : "crowodot",
				   key->optional ? "teeodot" : "teetee");
	cli_put_dot_string(to, key->name);
	(void) fputs(": ", to);
	cli_put_dot_string(to, cli_text_at(key->json, "definition"));
	(void) fputs("\"];\n", to);
}

static void
put_diagram(FILE *to, const cli_document *document, const cli_er_options *options)
{
	(void) fputs(preamble, to);
	for (size_t i = 0; i < document->n; i++)
	{
		if (is_first_of_schema(document, i, options))
			put_cluster(to, document, i, options);
	}
	for (size_t i = 0; i < document->n; i++)
	{
		const cli_relation *relation = &document->relations[i];

		for (size_t k = 0; k < relation->n_foreign_keys && is_drawn(relation, options); k++)
			put_edge(to, &relation->foreign_keys[k]);
	}
	(void) fputs("}\n", to);
}

char *
cli_er_dot(const cli_document *document, const cli_er_options *options)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (to)
	{
		put_diagram(to, document, options);
		(void) fclose(to);
	}
	return text ? text : cli_strdup("");
}

cli_program_result
cli_er_svg(char **svg, const cli_document *document, const cli_er_options *options)
{
	static const char *const argv[] = {"dot", "-q", "-Tsvg", NULL};
	char *source = cli_er_dot(document, options);
	cli_program_result result = cli_filter(svg, argv, source, strlen(source));

	free(source);
	return result;
}
