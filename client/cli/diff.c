/*
 * diff.c
 *		aiodal diff: what differs between two schemas, each of a database or a saved document.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <aiodal/aiodal.h>

#include "commands.h"
#include "compare.h"
#include "connect.h"
#include "document.h"
#include "memory.h"
#include "name.h"
#include "outline.h"
#include "report.h"
#include "terminal.h"

enum
{
	EXIT_SAME = 0,
	EXIT_DIFFERENT = 1,
	EXIT_TROUBLE = 2 /* as of diff(1): an error must not look like a difference */
};

typedef struct DiffArgs
{
	cli_common common;
	cli_names schemas;
	cli_names include;
	cli_names ignore;
	const char *format;
} DiffArgs;

static DiffArgs args;

static const char *const formats[] = {"text", "json", NULL};

#define AT(field) offsetof(DiffArgs, field)

static const cli_option options[] = {
	{"schema", 'n', CLI_NAMES, AT(schemas), "SCHEMA", "only this one; may be given more than once", NULL},
	{"ignore", 'i', CLI_NAMES, AT(ignore), "WHAT",
	 "privileges, owner, comment: what is to make no difference;\nseparated by commas", NULL},
	{"include", 0, CLI_STRINGS, AT(include), "WHAT",
	 "of databases also partitions, extensions (what belongs to\nthem), temporary or system relations", NULL},
	{"format", 'f', CLI_WORD, AT(format), "FORMAT", "text (default) or json", formats},
	{NULL, 0, CLI_FLAG, 0, NULL, NULL, NULL},
};

static const char about[] =
	"A and B are databases (name, conninfo or URI, as for -d) or files with documents that\n"
	"\"aiodal reflect --format json\" wrote; what is a file is taken as one. What has another name is\n"
	"another thing: something renamed is removed and added. Exit status: 0 the same, 1 different,\n"
	"2 trouble.\n";

static const char examples[] =
	"  aiodal diff shop_old shop                 two databases of one server\n"
	"  aiodal diff schema.json shop              what has changed since it was saved\n"
	"  aiodal diff postgresql://db1/shop postgresql://db2/shop --ignore owner,privileges\n"
	"  aiodal diff a.json b.json --format json | jq -r '.objects[].identity'\n";

static bool
is_file(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

/* --- where a document comes from; NULL when it does not, and then it has been said why */

static json_t *
read_document(const char *path)
{
	json_error_t problem;
	json_t *document = json_load_file(path, 0, &problem);

	if (!document)
	{
		cli_complain(problem.text, NULL, "could not read the document \"%s\" at line %d", path, problem.line);
		return NULL;
	}
	if (json_integer_value(json_object_get(document, "aiodal")) == 1)
		return document;
	cli_complain(NULL, "aiodal reflect --format json > FILE writes one.",
				 "\"%s\" is not a document of aiodal.reflect()", path);
	json_decref(document);
	return NULL;
}

static aiodal_status
fetch_document(json_t **document, aiodal_tx *tx, aiodal_error **err)
{
	char *schemas = cli_array_text(&args.schemas);
	char *include = cli_array_text(&args.include);
	aiodal_result *res;
	aiodal_status status = aiodal_tx_exec(&res, tx,
										  "SELECT aiodal.reflect(schemas => $1::pg_catalog.name[],"
										  " include => $2::pg_catalog.text[])",
										  2, (const char *const[]){schemas, include}, err);

	free(schemas);
	free(include);
	if (status < 0)
		return status;
	*document = json_loads(aiodal_result_value(res, 0, 0), 0, NULL);
	aiodal_result_free(res);
	return *document ? AIODAL_OK
					 : aiodal_error_set(err, AIODAL_ESTATE, "could not read the document of aiodal.reflect()",
										NULL, NULL);
}

static json_t *
reflect_database(const char *conninfo)
{
	aiodal_tx_options tx_options = AIODAL_TX_OPTIONS_INIT;
	cli_common common = args.common;
	aiodal_error *err = NULL;
	aiodal_db *db = NULL;
	aiodal_tx *tx = NULL;
	json_t *document = NULL;
	aiodal_status status;

	common.conninfo = conninfo;
	tx_options.isolation = AIODAL_REPEATABLE_READ;
	tx_options.read_only = true;
	status = cli_connect(&db, &common, &err);
	if (status == AIODAL_OK)
		status = aiodal_tx_begin(&tx, db, &tx_options, &err);
	if (status == AIODAL_OK)
		status = fetch_document(&document, tx, &err);
	if (status < 0)
		cli_print_error(conninfo, err);
	aiodal_error_free(err);
	aiodal_tx_free(tx);
	aiodal_db_close(db);
	return document;
}

static json_t *
open_document(const char *from)
{
	return is_file(from) ? read_document(from) : reflect_database(from);
}

/* --- what is said */

static void
print_side(char sign, const char *from, const json_t *document)
{
	const char *database = cli_text_at(document, "database");
	const char *version = cli_text_at(document, "server_version");

	(void) printf("%s%c%c%c ", cli_style(stdout, sign == '+' ? CLI_STYLE_ADDED : CLI_STYLE_REMOVED), sign,
				  sign, sign);
	cli_print_text(stdout, is_file(from) ? from : database);
	(void) printf(" (PostgreSQL ");
	cli_print_text(stdout, version);
	(void) printf(")%s\n", cli_style(stdout, CLI_STYLE_NONE));
}

static void
print_text(char **from, json_t *const documents[2], const json_t *differences)
{
	if (json_array_size(differences) == 0)
	{
		(void) puts("no differences");
		return;
	}
	print_side('-', from[0], documents[0]);
	print_side('+', from[1], documents[1]);
	cli_print_differences(differences);
}

static json_t *
side_json(const char *from, const json_t *document)
{
	return json_pack("{s:o, s:O?, s:O?}", "file", is_file(from) ? cli_json_text(from) : json_null(),
					 "database", json_object_get(document, "database"), "server_version",
					 json_object_get(document, "server_version"));
}

static void
print_json(char **from, json_t *const documents[2], json_t *differences)
{
	json_t *ignored = json_array();

	for (size_t i = 0; i < args.ignore.n; i++)
		json_array_append_new(ignored, cli_json_text(args.ignore.at[i]));
	cli_print_json(json_pack("{s:b, s:o, s:o, s:o, s:O}", "same", json_array_size(differences) == 0, "a",
							 side_json(from[0], documents[0]), "b", side_json(from[1], documents[1]),
							 "ignored", ignored, "objects", differences));
}

static bool
knows_not_null_names(const json_t *document)
{
	const char *version = cli_text_at(document, "server_version");

	return version && strtol(version, NULL, 10) >= 18;
}

static int
compare(char **from, json_t *const documents[2], cli_outline_options *outline_options)
{
	json_t *outlines[2];
	json_t *differences;
	int status;

	outline_options->not_null_names =
		knows_not_null_names(documents[0]) && knows_not_null_names(documents[1]);
	for (int i = 0; i < 2; i++)
		outlines[i] = cli_outline(documents[i], outline_options);
	differences = cli_compare(outlines[0], outlines[1]);
	if (args.format && strcmp(args.format, "json") == 0)
		print_json(from, documents, differences);
	else
		print_text(from, documents, differences);
	status = json_array_size(differences) == 0 ? EXIT_SAME : EXIT_DIFFERENT;
	json_decref(outlines[0]);
	json_decref(outlines[1]);
	json_decref(differences);
	return status;
}

static void
read_ignored(const cli_command *command, cli_outline_options *outline_options)
{
	static const char *const words[] = {"privileges", "owner", "comment", NULL};
	bool *const flags[] = {&outline_options->no_privileges, &outline_options->no_owner,
						   &outline_options->no_comment};

	for (size_t i = 0; i < args.ignore.n; i++)
	{
		size_t w = 0;

		while (words[w] && strcmp(words[w], args.ignore.at[i]) != 0)
			w++;
		if (!words[w])
			cli_usage_error(command, "Valid values are privileges, owner, comment.", "unknown ignore \"%s\"",
							args.ignore.at[i]);
		*flags[w] = true;
	}
}

static int
run(const cli_command *command, char **operands)
{
	cli_outline_options outline_options = {.schemas = args.schemas};
	json_t *documents[2] = {NULL, NULL};
	int status = EXIT_TROUBLE;

	if (args.common.conninfo)
		cli_usage_error(command, "The databases are the two arguments: aiodal diff A B",
						"-d has no meaning for diff");
	read_ignored(command, &outline_options);
	documents[0] = open_document(operands[0]);
	if (documents[0])
		documents[1] = open_document(operands[1]);
	if (documents[1])
		status = compare(operands, documents, &outline_options);
	json_decref(documents[0]);
	json_decref(documents[1]);
	return status;
}

const cli_command cli_diff_command = {
	.name = "diff",
	.summary = "show what differs between the schemas of two databases or documents",
	.operands = "A B",
	.about = about,
	.options = options,
	.examples = examples,
	.args = &args,
	.min_operands = 2,
	.max_operands = 2,
	.run = run,
};
