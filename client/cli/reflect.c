/*
 * reflect.c
 *		aiodal reflect: the schema as a JSON document, or as people read it.
 *
 * Both come from the one document of aiodal.reflect(). What that leaves out because it changes all the time
 * or belongs to other relations (row estimates, who references a table) is asked for separately, in the same
 * snapshot.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aiodal/aiodal.h>

#include "commands.h"
#include "connect.h"
#include "describe.h"
#include "memory.h"
#include "name.h"
#include "render.h"
#include "report.h"

typedef struct ReflectArgs
{
	cli_common common;
	cli_names schemas;
	cli_names tables;
	cli_names include;
	const char *format;
} ReflectArgs;

static ReflectArgs args;

static const char *const formats[] = {"table", "json", "markdown", "html", "dot", "svg", NULL};

#define AT(field) offsetof(ReflectArgs, field)

static const cli_option options[] = {
	{"schema", 'n', CLI_NAMES, AT(schemas), "SCHEMA",
	 "only this one; may be given more than once (default: all\nthat are not the system's)", NULL},
	{"table", 't', CLI_STRINGS, AT(tables), "REL",
	 "only this table or view, with its schema or by the\nsearch path (or in the schemas of -n); more than "
	 "once",
	 NULL},
	{"include", 0, CLI_STRINGS, AT(include), "WHAT",
	 "also partitions, extensions (what belongs to them),\ntemporary or system relations", NULL},
	{"format", 'f', CLI_WORD, AT(format), "FORMAT",
	 "table (default); json, the document of aiodal.reflect();\nmarkdown, a data dictionary; html, a page to "
	 "search in;\n"
	 "svg, a diagram drawn by Graphviz, or dot, what it is\ndrawn from",
	 formats},
	{NULL, 0, CLI_FLAG, 0, NULL, NULL, NULL},
};

static const char examples[] =
	"  aiodal reflect                            everything: a list, then each relation\n"
	"  aiodal reflect -n shop -n billing         two schemas\n"
	"  aiodal reflect -t shop.book               one table\n"
	"  aiodal reflect --format json > schema.json\n"
	"  aiodal reflect -f json -t book | jq -r '.relations[].columns[].name'\n"
	"  aiodal reflect -n shop --format svg > shop.svg\n"
	"  aiodal reflect --format html > schema.html\n";

/* Adds the OID of the relation, if there is one; false when not. */
static aiodal_status
look_up(bool *found, cli_names *oids, aiodal_tx *tx, const char *schema, const char *name, aiodal_error **err)
{
	char *quoted = cli_quote_table_name(schema, name);
	const char *param = quoted;
	aiodal_result *res;
	aiodal_status status = aiodal_tx_exec(
		&res, tx, "SELECT pg_catalog.to_regclass($1)::pg_catalog.oid::pg_catalog.text", 1, &param, err);

	free(quoted);
	if (status < 0)
		return status;
	if (aiodal_result_value(res, 0, 0))
	{
		cli_append_name(oids, cli_strdup(aiodal_result_value(res, 0, 0)));
		*found = true;
	}
	aiodal_result_free(res);
	return AIODAL_OK;
}

static aiodal_status
look_up_in_schemas(bool *found, cli_names *oids, aiodal_tx *tx, const cli_table_name *table,
				   aiodal_error **err)
{
	if (table->schema || args.schemas.n == 0)
		return look_up(found, oids, tx, table->schema, table->name, err);
	for (size_t i = 0; i < args.schemas.n; i++)
	{
		aiodal_status status = look_up(found, oids, tx, args.schemas.at[i], table->name, err);

		if (status < 0)
			return status;
	}
	return AIODAL_OK;
}

/* The relations of -t as OIDs. */
static aiodal_status
find_relations(cli_names *oids, aiodal_tx *tx, const cli_table_name *tables, aiodal_error **err)
{
	for (size_t i = 0; i < args.tables.n; i++)
	{
		const char *schema = tables[i].schema;
		bool found = false;
		aiodal_status status = look_up_in_schemas(&found, oids, tx, &tables[i], err);

		if (status < 0)
			return status;
		if (!schema && args.schemas.n == 1)
			schema = args.schemas.at[0];
		if (!found)
			return cli_no_such_relation(aiodal_tx_db(tx), schema, tables[i].name, err);
	}
	return AIODAL_OK;
}

static aiodal_status
fetch_document(aiodal_result **res, aiodal_tx *tx, const cli_names *oids, aiodal_error **err)
{
	char *schemas = oids->n > 0 ? NULL : cli_array_text(&args.schemas);
	char *relations = cli_array_text(oids);
	char *include = cli_array_text(&args.include);
	aiodal_status status =
		aiodal_tx_exec(res, tx,
					   "SELECT aiodal.reflect($1::pg_catalog.name[],"
					   " $2::pg_catalog.oid[]::pg_catalog.regclass[], $3::pg_catalog.text[])",
					   3, (const char *const[]){schemas, relations, include}, err);

	free(schemas);
	free(relations);
	free(include);
	return status;
}

/* What a relation's extras are made of: see describe.h. Ordered as it is shown. */
static const char extras_sql[] =
	"SELECT c.oid, 'rows', NULL AS schema, NULL AS name, NULL AS object, "
	"c.reltuples::pg_catalog.int8::pg_catalog.text"
	" FROM pg_catalog.pg_class c"
	" WHERE c.oid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[])"
	" AND c.relkind IN ('r', 'p', 'm', 'f') AND c.reltuples OPERATOR(pg_catalog.>=) 0 "
	"UNION ALL "
	"SELECT k.confrelid, 'referenced_by', n.nspname, c.relname, k.conname, "
	"pg_catalog.pg_get_constraintdef(k.oid)"
	" FROM pg_catalog.pg_constraint k"
	" JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) k.conrelid"
	" JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
	" WHERE k.contype OPERATOR(pg_catalog.=) 'f' AND k.conparentid OPERATOR(pg_catalog.=) 0"
	" AND k.confrelid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[]) "
	"UNION ALL "
	"SELECT i.inhparent, CASE WHEN c.relispartition THEN 'partitions' ELSE 'children' END, n.nspname, "
	"c.relname, NULL,"
	" pg_catalog.pg_get_expr(c.relpartbound, c.oid)"
	" FROM pg_catalog.pg_inherits i"
	" JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.inhrelid"
	" JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
	" WHERE i.inhparent OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[]) "
	"UNION ALL "
	"SELECT c.oid, 'publications', NULL, NULL, p.pubname, NULL"
	" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_publication p ON c.relkind IN ('r', 'p') AND"
	" (p.puballtables OR EXISTS (SELECT FROM pg_catalog.pg_publication_rel r"
	" WHERE r.prpubid OPERATOR(pg_catalog.=) p.oid AND r.prrelid OPERATOR(pg_catalog.=) c.oid)"
	" OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace m"
	" WHERE m.pnpubid OPERATOR(pg_catalog.=) p.oid AND m.pnnspid OPERATOR(pg_catalog.=) c.relnamespace))"
	" WHERE c.oid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[]) "
	"ORDER BY schema, name, object";

/* Object of an OID in extras, made when it is not there yet. */
static json_t *
extras_of(json_t *extras, const char *oid)
{
	json_t *object = json_object_get(extras, oid);

	if (object)
		return object;
	object = json_object();
	json_object_set_new(extras, oid, object);
	return object;
}

/* "table object text", as far as they are there; to be freed */
static char *
extra_text(const aiodal_result *res, int row)
{
	const char *schema = aiodal_result_value(res, row, 2);
	const char *object = aiodal_result_value(res, row, 4);
	const char *rest = aiodal_result_value(res, row, 5);
	char *table = schema ? cli_quote_table_name(schema, aiodal_result_value(res, row, 3)) : cli_strdup("");
	char *name = object ? cli_quote_name(object) : cli_strdup("");
	char *text =
		cli_printf("%s%s%s%s%s", table, *table && *name ? " " : "", name, rest ? " " : "", rest ? rest : "");

	free(table);
	free(name);
	return text;
}

static void
add_extra(json_t *extras, const aiodal_result *res, int row)
{
	json_t *object = extras_of(extras, aiodal_result_value(res, row, 0));
	const char *what = aiodal_result_value(res, row, 1);
	json_t *list = json_object_get(object, what);
	char *text;

	if (strcmp(what, "rows") == 0)
	{
		json_object_set_new(object, what, json_integer(strtoll(aiodal_result_value(res, row, 5), NULL, 10)));
		return;
	}
	if (!list)
	{
		list = json_array();
		json_object_set_new(object, what, list);
	}
	text = extra_text(res, row);
	json_array_append_new(list, cli_json_text(text));
	free(text);
}

/* See describe.h. */
static aiodal_status
fetch_extras(json_t **extras, aiodal_tx *tx, const char *oids, aiodal_error **err)
{
	aiodal_result *res;
	/* so that names in definitions are qualified, as they are in the document */
	aiodal_status status =
		aiodal_tx_exec(NULL, tx, "SET LOCAL search_path = pg_catalog, pg_temp", 0, NULL, err);

	if (status == AIODAL_OK)
		status = aiodal_tx_exec(&res, tx, extras_sql, 1, &oids, err);
	if (status < 0)
		return status;
	*extras = json_object();
	for (int row = 0; row < aiodal_result_rows(res); row++)
		add_extra(*extras, res, row);
	aiodal_result_free(res);
	return AIODAL_OK;
}

/* OIDs of all relations of a document as an array; to be freed */
static char *
relation_oids(const json_t *document)
{
	cli_names oids = {NULL, 0};
	char *array;
	size_t i;
	json_t *relation;

	json_array_foreach (json_object_get(document, "relations"), i, relation)
	{
		json_int_t oid = json_integer_value(json_object_get(relation, "oid"));

		cli_append_name(&oids, cli_printf("%lld", (long long) oid));
	}
	array = cli_array_text(&oids);
	cli_free_names(&oids);
	return array ? array : cli_strdup("{}");
}

static void
print_tables(const json_t *document, const json_t *extras)
{
	size_t i;
	json_t *item;

	if (args.tables.n == 0)
		cli_describe_overview(document, extras);
	json_array_foreach (json_object_get(document, "relations"), i, item)
		cli_describe_relation(item, extras);
	json_array_foreach (json_object_get(document, "warnings"), i, item)
		(void) fprintf(stderr, "aiodal: warning: %s\n", json_string_value(item));
}

static aiodal_status
show_tables(aiodal_tx *tx, const json_t *document, aiodal_error **err)
{
	json_t *extras = NULL;
	char *oids = relation_oids(document);
	aiodal_status status = fetch_extras(&extras, tx, oids, err);

	if (status == AIODAL_OK)
		print_tables(document, extras);
	free(oids);
	json_decref(extras);
	return status;
}

static aiodal_status
show(aiodal_tx *tx, const aiodal_result *res, aiodal_error **err)
{
	const char *text = aiodal_result_value(res, 0, 0);
	json_error_t problem;
	json_t *document;
	aiodal_status status;

	if (args.format && strcmp(args.format, "json") == 0)
	{
		(void) puts(text);
		return AIODAL_OK;
	}
	document = json_loads(text, 0, &problem);
	if (!document)
		return aiodal_error_set(err, AIODAL_ESTATE, "could not read the document of aiodal.reflect()",
								problem.text, NULL);
	if (!args.format || strcmp(args.format, "table") == 0)
		status = show_tables(tx, document, err);
	else
		status = cli_render(document, args.format, args.tables.n > 0, err);
	json_decref(document);
	return status;
}

static aiodal_status
reflect(aiodal_tx *tx, const cli_table_name *tables, aiodal_error **err)
{
	cli_names oids = {NULL, 0};
	aiodal_result *res = NULL;
	aiodal_status status = find_relations(&oids, tx, tables, err);

	if (status == AIODAL_OK)
		status = fetch_document(&res, tx, &oids, err);
	if (status == AIODAL_OK)
		status = show(tx, res, err);
	aiodal_result_free(res);
	cli_free_names(&oids);
	return status;
}

static aiodal_status
connect_and_reflect(aiodal_db **db, const cli_table_name *tables, aiodal_error **err)
{
	aiodal_tx_options tx_options = AIODAL_TX_OPTIONS_INIT;
	aiodal_tx *tx = NULL;
	aiodal_status status = cli_connect(db, &args.common, err);

	tx_options.isolation = AIODAL_REPEATABLE_READ;
	tx_options.read_only = true;
	if (status == AIODAL_OK)
		status = aiodal_tx_begin(&tx, *db, &tx_options, err);
	if (status == AIODAL_OK)
		status = reflect(tx, tables, err);
	aiodal_tx_free(tx);
	return status;
}

static cli_table_name *
read_table_names(const cli_command *command)
{
	cli_table_name *tables = cli_realloc(NULL, args.tables.n + 1, sizeof(*tables));
	const char *problem;

	for (size_t i = 0; i < args.tables.n; i++)
	{
		if (!cli_parse_table_name(&tables[i], args.tables.at[i], &problem))
			cli_usage_error(command,
							"Write it as in SQL, with the double quotes inside single ones: '\"Odd Name\"'",
							"invalid name \"%s\": %s", args.tables.at[i], problem);
	}
	return tables;
}

static int
run(const cli_command *command, char **operands)
{
	cli_table_name *tables = read_table_names(command);
	aiodal_error *err = NULL;
	aiodal_db *db = NULL;
	aiodal_status status = connect_and_reflect(&db, tables, &err);

	(void) operands;
	if (status < 0)
		cli_print_error(NULL, err);
	aiodal_error_free(err);
	aiodal_db_close(db);
	for (size_t i = 0; i < args.tables.n; i++)
		cli_free_table_name(&tables[i]);
	free(tables);
	return status < 0 ? CLI_EXIT_ERROR : CLI_EXIT_OK;
}

const cli_command cli_reflect_command = {
	.name = "reflect",
	.summary = "show the schema: tables, columns, keys, constraints, indexes",
	.operands = "",
	.options = options,
	.examples = examples,
	.args = &args,
	.run = run,
};
