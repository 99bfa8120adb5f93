/*
 * codegen.c
 *		aiodal codegen: C structs and functions for tables.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <aiodal/aiodal.h>

#include "c_name.h"
#include "codegen.h"
#include "commands.h"
#include "connect.h"
#include "memory.h"
#include "name.h"
#include "report.h"

typedef struct CodegenArgs
{
	cli_common common;
	cli_names schemas;
	cli_names tables;
	const char *output;
	const char *prefix;
} CodegenArgs;

static CodegenArgs args;

#define AT(field) offsetof(CodegenArgs, field)

static const cli_option options[] = {
	{"schema", 'n', CLI_NAMES, AT(schemas), "SCHEMA",
	 "all tables and views of this one; may be given more\nthan once (default: of all that are not the "
	 "system's)",
	 NULL},
	{"table", 't', CLI_STRINGS, AT(tables), "REL",
	 "this table or view, with its schema or by the search\npath; more than once", NULL},
	{"output", 'o', CLI_TEXT, AT(output), "BASE", "write BASE.h and BASE.c (default: tables)", NULL},
	{"prefix", 0, CLI_TEXT, AT(prefix), "TEXT", "in front of all names", NULL},
	{NULL, 0, CLI_FLAG, 0, NULL, NULL, NULL},
};

static const char about[] =
	"For a table book: struct book_row, its description for the library, and functions: book_select,\n"
	"book_find (by the primary key, or else a unique one), book_insert, book_update, book_delete,\n"
	"book_load (many at once, as aiodal load does); book_check compares with the schema that the\n"
	"program finds. Enums become enums. With tables of several schemas names start with the schema's.\n"
	"The files are C11 and C++11; link with libaiodal. Files that would not change are not written.\n";

static const char examples[] = "  aiodal codegen -t book -t author -o books\n"
							   "  aiodal codegen -n shop -o shop --prefix db_\n"
							   "  cc -c books.c $(pkg-config --cflags aiodal)\n";

typedef struct Tables
{
	const aiodal_table **at;
	size_t n;
} Tables;

/* Once. Tables without columns have no rows to speak of. */
static void
add_table(Tables *tables, const aiodal_table *table)
{
	for (size_t i = 0; i < tables->n; i++)
	{
		if (tables->at[i] == table)
			return;
	}
	if (aiodal_table_column_count(table) == 0)
	{
		(void) fprintf(stderr, "aiodal: warning: %s has no columns and is left out\n",
					   aiodal_table_qualified(table));
		return;
	}
	tables->at = cli_realloc(tables->at, tables->n + 1, sizeof(const aiodal_table *));
	tables->at[tables->n++] = table;
}

static void
add_schema(Tables *tables, const aiodal_schema *schema, const char *name)
{
	for (int i = 0; i < aiodal_schema_table_count(schema); i++)
	{
		const aiodal_table *table = aiodal_schema_table_at(schema, i);

		if (!name || strcmp(aiodal_table_schema(table), name) == 0)
			add_table(tables, table);
	}
}

static aiodal_status
add_named(Tables *tables, const aiodal_schema *schema, const cli_table_name *name, aiodal_error **err)
{
	const aiodal_table *table;
	aiodal_status status = aiodal_schema_find_table(&table, schema, name->schema, name->name, err);

	if (status == AIODAL_OK)
		add_table(tables, table);
	return status;
}

static aiodal_status
choose_tables(Tables *tables, const aiodal_schema *schema, const cli_table_name *names, aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;

	for (size_t i = 0; i < args.schemas.n; i++)
		add_schema(tables, schema, args.schemas.at[i]);
	if (args.schemas.n + args.tables.n == 0)
		add_schema(tables, schema, NULL);
	for (size_t i = 0; i < args.tables.n && status == AIODAL_OK; i++)
		status = add_named(tables, schema, &names[i], err);
	if (status == AIODAL_OK && tables->n == 0)
		return aiodal_error_set(err, AIODAL_ENOTFOUND, "there are no tables to write about", NULL, NULL);
	return status;
}

/*
 * Files
 */

/* Whether the file is there and has this in it. */
static bool
has_content(const char *path, const char *text, size_t n)
{
	FILE *file = fopen(path, "rb");
	char *found = cli_realloc(NULL, n + 1, 1);
	bool same = file && fread(found, 1, n + 1, file) == n && memcmp(found, text, n) == 0;

	free(found);
	if (file)
		(void) fclose(file);
	return same;
}

static aiodal_status
fail_to_write(const char *path, aiodal_error **err)
{
	char *message = cli_printf("could not write %s: %s", path, strerror(errno));
	aiodal_status status = aiodal_error_set(err, AIODAL_EINVAL, message, NULL, NULL);

	free(message);
	return status;
}

/* Whole or not at all; a file that would stay the same keeps its time, for make. */
static aiodal_status
write_file(const char *path, const char *text, size_t n, aiodal_error **err)
{
	char *draft = cli_printf("%s.%d.new", path, (int) getpid());
	aiodal_status status = AIODAL_OK;
	FILE *file;

	if (!has_content(path, text, n))
	{
		file = fopen(draft, "wb");
		if (!file || fwrite(text, 1, n, file) != n)
			status = fail_to_write(path, err);
		if (file && fclose(file) != 0 && status == AIODAL_OK)
			status = fail_to_write(path, err);
		if (status == AIODAL_OK && rename(draft, path) != 0)
			status = fail_to_write(path, err);
		if (status != AIODAL_OK)
			(void) unlink(draft);
	}
	free(draft);
	return status;
}

typedef void (*writer)(FILE *to, const gen_model *model, const char *base);

static aiodal_status
write_model(const char *ending, const gen_model *model, writer write, aiodal_error **err)
{
	const char *slash = strrchr(args.output, '/');
	char *path = cli_printf("%s%s", args.output, ending);
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);
	aiodal_status status;

	if (to)
		write(to, model, slash ? slash + 1 : args.output);
	status = to && fclose(to) == 0 ? write_file(path, text, n, err) : fail_to_write(path, err);
	free(text);
	free(path);
	return status;
}

static aiodal_status
generate(const aiodal_schema *schema, const cli_table_name *names, aiodal_error **err)
{
	Tables tables = {NULL, 0};
	gen_model model;
	aiodal_status status = choose_tables(&tables, schema, names, err);

	if (status == AIODAL_OK)
	{
		cli_make_model(&model, tables.at, tables.n, schema, args.prefix);
		status = write_model(".h", &model, cli_write_header, err);
		if (status == AIODAL_OK)
			status = write_model(".c", &model, cli_write_source, err);
		cli_free_model(&model);
	}
	free(tables.at);
	return status;
}

static aiodal_status
connect_and_generate(aiodal_db **db, const cli_table_name *names, aiodal_error **err)
{
	aiodal_schema *schema;
	aiodal_status status = cli_connect(db, &args.common, err);

	if (status == AIODAL_OK)
		status = aiodal_db_reflect(*db, err);
	if (status != AIODAL_OK)
		return status;
	schema = aiodal_db_schema(*db);
	status = generate(schema, names, err);
	aiodal_schema_unref(schema);
	return status;
}

static void
check_args(const cli_command *command)
{
	const char *slash;

	args.output = args.output ? args.output : "tables";
	args.prefix = args.prefix ? args.prefix : "";
	slash = strrchr(args.output, '/');
	if (!(slash ? slash[1] : args.output[0]))
		cli_usage_error(command, NULL, "\"%s\" is no name for files", args.output);
	if (*args.prefix)
	{
		char *name = cli_c_name(args.prefix, "", 0);
		size_t n = strlen(name);

		/* an underscore at its end is wanted, as a rule */
		if (strncmp(name, args.prefix, n) != 0 || strcmp(args.prefix + n, args.prefix[n] ? "_" : "") != 0)
			cli_usage_error(command, "It is made of letters, digits and single underscores, a letter first.",
							"\"%s\" cannot stand before names in C", args.prefix);
		free(name);
	}
}

static cli_table_name *
read_table_names(const cli_command *command)
{
	cli_table_name *names = cli_realloc(NULL, args.tables.n + 1, sizeof(*names));
	const char *problem;

	for (size_t i = 0; i < args.tables.n; i++)
	{
		if (!cli_parse_table_name(&names[i], args.tables.at[i], &problem))
			cli_usage_error(command,
							"Write it as in SQL, with the double quotes inside single ones: '\"Odd Name\"'",
							"invalid name \"%s\": %s", args.tables.at[i], problem);
	}
	return names;
}

static int
run(const cli_command *command, char **operands)
{
	cli_table_name *names = read_table_names(command);
	aiodal_error *err = NULL;
	aiodal_db *db = NULL;
	aiodal_status status;

	(void) operands;
	check_args(command);
	status = connect_and_generate(&db, names, &err);
	if (status < 0)
		cli_print_error(NULL, err);
	aiodal_error_free(err);
	aiodal_db_close(db);
	for (size_t i = 0; i < args.tables.n; i++)
		cli_free_table_name(&names[i]);
	free(names);
	return status < 0 ? CLI_EXIT_ERROR : CLI_EXIT_OK;
}

const cli_command cli_codegen_command = {
	.name = "codegen",
	.summary = "write C structs and functions for tables",
	.operands = "",
	.about = about,
	.options = options,
	.examples = examples,
	.args = &args,
	.run = run,
};
