/*
 * export.c
 *		aiodal export: the rows of a table or a query into a file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <aiodal/aiodal.h>

#include "commands.h"
#include "connect.h"
#include "interrupt.h"
#include "layout.h"
#include "memory.h"
#include "name.h"
#include "progress.h"
#include "report.h"
#include "terminal.h"

typedef struct ExportArgs
{
	cli_common common;
	cli_layout layout;
	const char *output;
	bool quiet;
} ExportArgs;

static ExportArgs args;

static const char *const formats[] = {"csv", "jsonl", "text", "binary", NULL};

#define AT(field) offsetof(ExportArgs, field)

static const cli_option options[] = {
	{"output", 'o', CLI_TEXT, AT(output), "FILE",
	 "write to FILE instead of standard output; .gz is\n"
	 "compressed. FILE appears when it is complete",
	 NULL},
	{"format", 'f', CLI_WORD, AT(layout.format), "FORMAT",
	 "csv, jsonl, text or binary (default: by the name of the\nfile; else csv)", formats},
	{"no-header", 0, CLI_FLAG, AT(layout.no_header), NULL, "csv without a line of names", NULL},
	{"delimiter", 0, CLI_BYTE, AT(layout.delimiter), "C",
	 "between values (default: comma for csv, tab for text)", NULL},
	{"null", 0, CLI_TEXT, AT(layout.null), "TEXT",
	 "what stands for NULL (default: nothing in csv; \\N in text)", NULL},
	{"encoding", 0, CLI_TEXT, AT(layout.encoding), "NAME",
	 "of the file, as PostgreSQL names it (default: UTF8)", NULL},
	{"quiet", 'q', CLI_FLAG, AT(quiet), NULL, "no progress and no counts", NULL},
	{NULL, 0, CLI_FLAG, 0, NULL, NULL, NULL},
};

static const char about[] =
	"The argument is a table (or view) when it is a name as SQL writes it: book, shop.book,\n"
	"'\"Odd Name\"'. Anything else is a query: SELECT, VALUES, TABLE, or DELETE ... RETURNING, which is\n"
	"committed when the rows are written.\n";

static const char examples[] =
	"  aiodal export book > books.csv\n"
	"  aiodal export shop.book -o books.jsonl.gz\n"
	"  aiodal export \"SELECT id, title FROM book WHERE price > 9\" --delimiter ';'\n"
	"  aiodal export book --format jsonl | jq .title\n";

/* One export: what it reads and what came of it. */
typedef struct Export
{
	char *query;
	cli_table_name table;
	cli_names columns;
	aiodal_layout layout;
	cli_progress progress;
	aiodal_export_stats stats;
} Export;

/* Not generated columns, which cannot be loaded; as COPY does it. */
static aiodal_status
find_columns(Export *export, aiodal_tx *tx, aiodal_error **err)
{
	static const char sql[] =
		"SELECT name FROM aiodal.columns(NULL, ARRAY[$1::pg_catalog.regclass]) WHERE generated IS NULL";
	char *table = cli_quote_table_name(export->table.schema, export->table.name);
	aiodal_result *res = NULL;
	aiodal_status status = aiodal_tx_exec(&res, tx, sql, 1, (const char *const[]){table}, err);

	for (int row = 0; row < aiodal_result_rows(res); row++)
		cli_append_name(&export->columns, cli_strdup(aiodal_result_value(res, row, 0)));
	aiodal_result_free(res);
	free(table);
	return status;
}

static aiodal_status
copy_out(Export *export, aiodal_tx *tx, aiodal_error **err)
{
	aiodal_export_options o = AIODAL_EXPORT_OPTIONS_INIT;

	o.query = export->query;
	o.schema = export->table.schema;
	o.table = export->table.name;
	o.columns = cli_const_names(&export->columns);
	o.n_columns = export->columns.n;
	o.layout = export->layout;
	o.progress = cli_progress_show;
	o.progress_payload = &export->progress;
	if (args.output)
		return aiodal_bulk_export_file(&export->stats, tx, &o, args.output, err);
	return aiodal_bulk_export_fd(&export->stats, tx, &o, STDOUT_FILENO, err);
}

static aiodal_status
export_rows(Export *export, aiodal_db *db, aiodal_error **err)
{
	aiodal_tx *tx;
	aiodal_status status = aiodal_tx_begin(&tx, db, NULL, err);

	if (status < 0)
		return status;
	if (export->table.name)
		status = find_columns(export, tx, err);
	if (status == AIODAL_OK)
		status = copy_out(export, tx, err);
	if (status == AIODAL_OK)
		status = aiodal_tx_commit(tx, err);
	aiodal_tx_free(tx);
	return status;
}

/* A statement for COPY has no semicolon behind it. */
static char *
without_semicolon(const char *query)
{
	size_t n = strlen(query);

	while (n > 0 && strchr("; \t\r\n", query[n - 1]))
		n--;
	return cli_strndup(query, n);
}

static void
prepare(const cli_command *command, Export *export, const char *operand)
{
	const char *problem;

	export->layout = cli_layout_of(command, &args.layout);
	if (cli_parse_table_name(&export->table, operand, &problem))
		return;
	if (!strpbrk(operand, " \t\r\n("))
		cli_usage_error(command,
						"Write it as in SQL, with the double quotes inside single ones: '\"Odd Name\"'",
						"\"%s\" is neither a query nor a table name: %s", operand, problem);
	export->query = without_semicolon(operand);
	if (!*export->query)
		cli_usage_error(command, NULL, "the query is empty");
}

static void
check_output(const cli_command *command)
{
	bool binary = args.layout.format && strcmp(args.layout.format, "binary") == 0;

	if (args.output && strcmp(args.output, "-") == 0)
		args.output = NULL;
	if (binary && !args.output && cli_is_terminal(stdout))
		cli_usage_error(command, "Name a file with -o, or send the output through a pipe.",
						"binary data is not written to a terminal");
}

static int
report(const Export *export, aiodal_error *err)
{
	char bytes[24];
	char took[24];
	int signal = cli_interrupted();

	if (!err)
	{
		if (!args.quiet)
			(void) fprintf(stderr, "aiodal: %lld row%s, %s%s%s in %s\n", (long long) export->stats.rows,
						   export->stats.rows == 1 ? "" : "s",
						   cli_format_bytes(bytes, (double) export->stats.bytes), args.output ? " to " : "",
						   args.output ? args.output : "", cli_format_elapsed(took, export->stats.elapsed));
		return CLI_EXIT_OK;
	}
	if (signal && aiodal_error_status(err) == AIODAL_ECANCELED)
		cli_complain(NULL, NULL, "the export was interrupted");
	else
		cli_print_statement_error(export->query, err);
	aiodal_error_free(err);
	return signal ? CLI_EXIT_SIGNAL + signal : CLI_EXIT_ERROR;
}

static int
run(const cli_command *command, char **operands)
{
	Export export = {.stats = AIODAL_EXPORT_STATS_INIT};
	aiodal_error *err = NULL;
	aiodal_db *db = NULL;
	int exit_status;

	check_output(command);
	prepare(command, &export, operands[0]);
	if (cli_connect(&db, &args.common, &err) == AIODAL_OK)
	{
		cli_catch_interrupts();
		/* what is written to a terminal would mix with a bar */
		cli_progress_start(&export.progress, args.output ? args.output : "standard output", "rows",
						   args.quiet || (!args.output && cli_is_terminal(stdout)));
		if (export_rows(&export, db, &err) < 0)
			cli_name_near_relations(db, export.table.schema, export.table.name, &err);
		cli_progress_clear(&export.progress);
	}
	exit_status = report(&export, err);
	aiodal_db_close(db);
	cli_free_table_name(&export.table);
	cli_free_names(&export.columns);
	free(export.query);
	return exit_status;
}

const cli_command cli_export_command = {
	.name = "export",
	.summary = "write the rows of a table or a query to a file",
	.operands = "TABLE|QUERY",
	.about = about,
	.options = options,
	.examples = examples,
	.args = &args,
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
