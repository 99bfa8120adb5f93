/*
 * page.c
 *		A schema as one page of HTML: a list of tables to search in, a diagram, and all about each table.
 *
 * Every text of the database goes through cli_put_html(); nothing of it ever gets into the script, which
 * reads attributes. page.css and page.js are put in by the build.
 */
#include "page.h"

#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "escape.h"

static const char style[] =
#include <page.css.inc>
	;

static const char script[] =
#include <page.js.inc>
	;

static const char *const about_policy =
	"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
	"img-src data:; base-uri 'none'; form-action 'none'";

/* <tag class="...">text</tag>; nothing when there is no text */
static void
put_element(FILE *to, const char *tag, const char *class, const char *text)
{
	if (!text || !*text)
		return;
	(void) fprintf(to, "<%s class=\"%s\">", tag, class);
	cli_put_html(to, text);
	(void) fprintf(to, "</%s>", tag);
}

static void
put_cell(FILE *to, const char *class, const char *text)
{
	(void) fprintf(to, "<td class=\"%s\">", class);
	cli_put_html(to, text);
	(void) fputs("</td>", to);
}

static void
put_names(FILE *to, const json_t *names)
{
	size_t i;
	json_t *name;

	json_array_foreach (names, i, name)
	{
		(void) fputs(i > 0 ? ", " : "", to);
		cli_put_html(to, json_string_value(name));
	}
}

/* schema.name, a link when the page tells more about it */
static void
put_relation(FILE *to, const cli_relation *relation)
{
	if (relation->json)
	{
		(void) fputs("<a href=\"#", to);
		cli_put_anchor(to, "table", relation->schema, relation->name);
		(void) fputs("\">", to);
	}
	cli_put_html(to, relation->schema);
	(void) putc('.', to);
	cli_put_html(to, relation->name);
	(void) fputs(relation->json ? "</a>" : "", to);
}

/* --- columns */

static bool
uses_column(const cli_foreign_key *key, const char *name)
{
	size_t i;
	json_t *item;

	json_array_foreach (json_object_get(key->json, "columns"), i, item)
	{
		if (strcmp(json_string_value(item), name) == 0)
			return true;
	}
	return false;
}

static void
put_keys(FILE *to, const cli_relation *relation, const cli_column *column)
{
	(void) fputs("<td>", to);
	if (column->primary)
		(void) fputs("<b class=\"key pk\">PK</b>", to);
	if (column->unique && !column->primary)
		(void) fputs("<b class=\"key\">UQ</b>", to);
	for (size_t i = 0; i < relation->n_foreign_keys; i++)
	{
		if (!uses_column(&relation->foreign_keys[i], column->name))
			continue;
		(void) fputs("<b class=\"key\">FK</b>", to);
		put_relation(to, relation->foreign_keys[i].to);
		(void) putc(' ', to);
	}
	(void) fputs("</td>", to);
}

static void
put_default(FILE *to, const json_t *column)
{
	const char *identity = cli_text_at(column, "identity");

	(void) fputs("<td class=\"default\">", to);
	if (identity)
		(void) fprintf(to, "generated %s as identity", identity);
	else if (cli_text_at(column, "generated"))
		(void) fputs("generated always as ", to);
	cli_put_html(to, cli_text_at(column, "default_value"));
	(void) fputs("</td>", to);
}

static void
put_columns(FILE *to, const cli_relation *relation)
{
	if (relation->n_columns == 0)
		return;
	(void) fputs(
		"<div class=\"wide\"><table><thead><tr><th>Column</th><th>Type</th><th>Null</th><th>Keys</th>"
		"<th>Default</th><th>Description</th></tr></thead><tbody>\n",
		to);
	for (size_t i = 0; i < relation->n_columns; i++)
	{
		const cli_column *column = &relation->columns[i];

		(void) fputs("<tr>", to);
		put_cell(to, "name", column->name);
		put_cell(to, "type", column->type);
		put_cell(to, "soft", column->not_null ? "not null" : "");
		put_keys(to, relation, column);
		put_default(to, column->json);
		put_cell(to, "text", cli_text_at(column->json, "comment"));
		(void) fputs("</tr>\n", to);
	}
	(void) fputs("</tbody></table></div>", to);
}

/* --- what stands below the columns */

static void
put_foreign_keys(FILE *to, const cli_relation *relation)
{
	if (relation->n_foreign_keys > 0)
		(void) fputs("<h4>Foreign keys</h4><ul class=\"facts\">", to);
	for (size_t i = 0; i < relation->n_foreign_keys; i++)
	{
		const cli_foreign_key *key = &relation->foreign_keys[i];

		(void) fputs("<li>", to);
		cli_put_html(to, key->name);
		(void) fputs(": (", to);
		put_names(to, json_object_get(key->json, "columns"));
		(void) fputs(") → ", to);
		put_relation(to, key->to);
		(void) fputs(" (", to);
		put_names(to, json_object_get(key->json, "referenced_columns"));
		(void) fprintf(to, ") <span class=\"soft\">on update %s, on delete %s</span></li>",
					   cli_text_at(key->json, "on_update"), cli_text_at(key->json, "on_delete"));
	}
	(void) fputs(relation->n_foreign_keys > 0 ? "</ul>\n" : "", to);
}

static void
put_referenced_by(FILE *to, const cli_relation *relation)
{
	if (relation->n_referenced_by > 0)
		(void) fputs("<h4>Referenced by</h4><ul class=\"facts\">", to);
	for (size_t i = 0; i < relation->n_referenced_by; i++)
	{
		const cli_foreign_key *key = relation->referenced_by[i];

		(void) fputs("<li>", to);
		put_relation(to, key->from);
		(void) fputs(" (", to);
		put_names(to, json_object_get(key->json, "columns"));
		(void) fputs(")</li>", to);
	}
	(void) fputs(relation->n_referenced_by > 0 ? "</ul>\n" : "", to);
}

/* "name: definition" */
static void
put_item(FILE *to, const json_t *item, const char *definition)
{
	(void) fputs("<li>", to);
	cli_put_html(to, cli_text_at(item, "name"));
	(void) fputs(" <code>", to);
	cli_put_html(to, definition);
	(void) fputs("</code> ", to);
	put_element(to, "span", "soft", cli_text_at(item, "comment"));
	(void) fputs("</li>", to);
}

static void
put_definitions(FILE *to, const cli_relation *relation, const char *key, const char *heading)
{
	const json_t *list = json_object_get(relation->json, key);
	size_t i;
	json_t *item;

	if (json_array_size(list) == 0)
		return;
	(void) fprintf(to, "<h4>%s</h4><ul class=\"facts\">", heading);
	json_array_foreach (list, i, item)
		put_item(to, item, cli_text_at(item, "definition"));
	(void) fputs("</ul>\n", to);
}

static void
put_indexes(FILE *to, const cli_relation *relation)
{
	const json_t *list = json_object_get(relation->json, "indexes");
	size_t i;
	json_t *index;

	if (json_array_size(list) == 0)
		return;
	(void) fputs("<h4>Indexes</h4><ul class=\"facts\">", to);
	json_array_foreach (list, i, index)
	{
		char *text = cli_index_text(index);

		put_item(to, index, text);
		free(text);
	}
	(void) fputs("</ul>\n", to);
}

static void
put_policies(FILE *to, const cli_relation *relation)
{
	const json_t *list = json_object_get(relation->json, "policies");
	size_t i;
	json_t *policy;

	if (!cli_true_at(relation->json, "row_security") && json_array_size(list) == 0)
		return;
	(void) fprintf(to, "<h4>Row security%s</h4><ul class=\"facts\">",
				   cli_true_at(relation->json, "row_security") ? "" : " (disabled)");
	json_array_foreach (list, i, policy)
		put_item(to, policy, cli_text_at(policy, "qual"));
	(void) fputs("</ul>\n", to);
}

static void
put_definition(FILE *to, const char *definition)
{
	if (!definition)
		return;
	(void) fputs("<h4>Definition</h4><pre>", to);
	cli_put_html(to, definition);
	(void) fputs("</pre>", to);
}

static void
put_partitioning(FILE *to, const cli_relation *relation)
{
	const char *key = cli_text_at(relation->json, "partition_key");

	if (!key)
		return;
	(void) fputs("<h4>Partitioned by</h4><code>", to);
	cli_put_html(to, key);
	(void) fputs("</code>", to);
	if (relation->partitions > 0)
		(void) fprintf(to, " <span class=\"soft\">%zu partitions</span>", relation->partitions);
}

static void
put_section(FILE *to, const cli_relation *relation)
{
	(void) fputs("<section class=\"object\" id=\"", to);
	cli_put_anchor(to, "table", relation->schema, relation->name);
	(void) fputs("\"><h3><a href=\"#", to);
	cli_put_anchor(to, "table", relation->schema, relation->name);
	(void) fputs("\"><span class=\"schema\">", to);
	cli_put_html(to, relation->schema);
	(void) fputs(".</span>", to);
	cli_put_html(to, relation->name);
	(void) fprintf(to, "</a> <span class=\"kind\">%s</span></h3>\n", relation->kind);
	put_element(to, "p", "comment", cli_text_at(relation->json, "comment"));
	put_columns(to, relation);
	put_foreign_keys(to, relation);
	put_referenced_by(to, relation);
	put_definitions(to, relation, "check_constraints", "Checks");
	put_definitions(to, relation, "exclusion_constraints", "Exclusion constraints");
	put_indexes(to, relation);
	put_definitions(to, relation, "triggers", "Triggers");
	put_definitions(to, relation, "rules", "Rules");
	put_policies(to, relation);
	put_partitioning(to, relation);
	put_definition(to, cli_text_at(relation->json, "definition"));
	(void) fputs("</section>\n", to);
}

/* --- types and functions */

static void
put_attributes(FILE *to, const json_t *attributes)
{
	size_t i;
	json_t *attribute;

	json_array_foreach (attributes, i, attribute)
	{
		(void) fputs(i > 0 ? ", " : "", to);
		cli_put_html(to, cli_text_at(attribute, "name"));
		(void) putc(' ', to);
		cli_put_html(to, cli_text_at(attribute, "type"));
	}
}

static void
put_type(FILE *to, const json_t *type)
{
	size_t i;
	json_t *check;

	(void) fputs("<tr><td class=\"name\">", to);
	cli_put_html(to, cli_text_at(type, "schema"));
	(void) putc('.', to);
	cli_put_html(to, cli_text_at(type, "name"));
	(void) fprintf(to, "</td><td class=\"soft\">%s</td><td class=\"type\">", cli_text_at(type, "kind"));
	put_names(to, json_object_get(type, "labels"));
	cli_put_html(to, cli_text_at(type, "base_type"));
	cli_put_html(to, cli_text_at(type, "subtype"));
	put_attributes(to, json_object_get(type, "attributes"));
	json_array_foreach (json_object_get(type, "checks"), i, check)
	{
		(void) fputs(" check ", to);
		cli_put_html(to, cli_text_at(check, "expression"));
	}
	(void) fputs("</td>", to);
	put_cell(to, "text", cli_text_at(type, "comment"));
	(void) fputs("</tr>\n", to);
}

static void
put_function(FILE *to, const json_t *function)
{
	(void) fputs("<tr>", to);
	put_cell(to, "name", cli_text_at(function, "signature"));
	put_cell(to, "soft", cli_text_at(function, "kind"));
	(void) fputs("<td class=\"type\">", to);
	if (cli_true_at(function, "returns_set"))
		(void) fputs("setof ", to);
	cli_put_html(to, cli_text_at(function, "returns"));
	(void) fputs("</td>", to);
	put_cell(to, "soft", cli_text_at(function, "language"));
	put_cell(to, "soft", cli_text_at(function, "volatility"));
	put_cell(to, "text", cli_text_at(function, "comment"));
	(void) fputs("</tr>\n", to);
}

/* head: the cells of the heading as HTML */
static void
put_objects(FILE *to, const json_t *list, const char *heading, const char *head,
			void (*put)(FILE *, const json_t *))
{
	size_t i;
	json_t *item;

	if (json_array_size(list) == 0)
		return;
	(void) fprintf(to,
				   "<h2 class=\"part\" id=\"%s\">%s</h2><section class=\"object\"><div class=\"wide\"><table>"
				   "<thead><tr>%s</tr></thead><tbody>\n",
				   heading, heading, head);
	json_array_foreach (list, i, item)
		put(to, item);
	(void) fputs("</tbody></table></div></section>\n", to);
}

/* --- the page */

static void
put_entry(FILE *to, const cli_relation *relation)
{
	static const struct
	{
		const char *kind;
		const char *shown;
	} shorter[] = {
		{"view", "view"},
		{"materialized view", "mat. view"},
		{"foreign table", "foreign"},
		{"partitioned table", "partitioned"},
	};

	(void) fputs("<li data-search=\"", to);
	cli_put_html(to, relation->schema);
	(void) putc('.', to);
	cli_put_html(to, relation->name);
	for (size_t i = 0; i < relation->n_columns; i++)
	{
		(void) putc('\n', to);
		cli_put_html(to, relation->columns[i].name);
	}
	(void) fputs("\"><a href=\"#", to);
	cli_put_anchor(to, "table", relation->schema, relation->name);
	(void) fputs("\"><span>", to);
	cli_put_html(to, relation->name);
	(void) fputs("</span>", to);
	for (size_t i = 0; i < sizeof(shorter) / sizeof(shorter[0]); i++)
	{
		if (strcmp(shorter[i].kind, relation->kind) == 0)
			put_element(to, "small", "kind-name", shorter[i].shown);
	}
	(void) fputs("</a></li>\n", to);
}

/* The relations of the document come schema by schema. */
static void
put_list(FILE *to, const cli_document *document)
{
	const char *schema = NULL;

	for (size_t i = 0; i < document->n_described; i++)
	{
		const cli_relation *relation = &document->relations[i];

		if (!schema || strcmp(schema, relation->schema) != 0)
		{
			(void) fputs(schema ? "</ul></div>\n" : "", to);
			schema = relation->schema;
			(void) fputs("<div class=\"group\"><h2>", to);
			cli_put_html(to, schema);
			(void) fputs("</h2><ul>\n", to);
		}
		put_entry(to, relation);
	}
	(void) fputs(schema ? "</ul></div>\n" : "", to);
}

static void
put_diagram(FILE *to, const char *svg, const char *why)
{
	/* before it are an XML declaration and a document type, which are for a file of its own */
	const char *start = svg ? strstr(svg, "<svg") : NULL;

	(void) fputs("<div id=\"overview\"><h2 class=\"part\">Diagram", to);
	if (!start)
		(void) fprintf(to, "</h2><p class=\"soft\">%s</p></div>\n", why);
	else
		(void) fprintf(to,
					   " <button id=\"size\" type=\"button\">Actual size</button></h2>\n<div id=\"diagram\" "
					   "class=\"fit\">%s</div></div>\n",
					   start);
}

static void
put_head(FILE *to, const char *database)
{
	(void) fprintf(to,
				   "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
				   "<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n"
				   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
				   "<link rel=\"icon\" href=\"data:,\">\n<title>",
				   about_policy);
	cli_put_html(to, database);
	(void) fprintf(to, ": schema</title>\n<style>\n%s</style>\n</head>\n<body>\n", style);
}

static void
put_navigation(FILE *to, const cli_document *document, const char *database)
{
	(void) fputs("<nav>\n<div class=\"top\">", to);
	put_element(to, "strong", "database", database);
	(void) fputs(
		"<input id=\"search\" type=\"search\" placeholder=\"Tables and columns\" autocomplete=\"off\""
		" spellcheck=\"false\" aria-label=\"Search tables and columns\"><div id=\"count\"></div></div>\n"
		"<div id=\"list\">\n",
		to);
	put_list(to, document);
	(void) fputs("</div>\n</nav>\n", to);
}

void
cli_put_page(FILE *to, const cli_document *document, const char *svg, const char *why)
{
	const char *database = cli_text_at(document->json, "database");

	put_head(to, database);
	put_navigation(to, document, database);
	(void) fputs("<main>\n<h1>", to);
	cli_put_html(to, database);
	(void) fputs("</h1>\n<p class=\"soft\">PostgreSQL ", to);
	cli_put_html(to, cli_text_at(document->json, "server_version"));
	(void) fputs("</p>\n", to);
	put_diagram(to, svg, why);
	(void) fputs("<h2 class=\"part\">Tables and views</h2>\n", to);
	for (size_t i = 0; i < document->n_described; i++)
		put_section(to, &document->relations[i]);
	put_objects(to, json_object_get(document->json, "types"), "Types",
				"<th>Name</th><th>Kind</th><th>Definition</th><th>Description</th>", put_type);
	put_objects(to, json_object_get(document->json, "functions"), "Functions",
				"<th>Signature</th><th>Kind</th><th>Returns</th><th>Language</th><th>Volatility</th>"
				"<th>Description</th>",
				put_function);
	(void) fprintf(to, "</main>\n<script>\n%s</script>\n</body>\n</html>\n", script);
}
