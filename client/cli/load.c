/*
 * load.c
 *		aiodal load: files into a table, all of it or nothing.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <aiodal/aiodal.h>

#include "commands.h"
#include "connect.h"
#include "interrupt.h"
#include "layout.h"
#include "memory.h"
#include "name.h"
#include "notify.h"
#include "progress.h"
#include "rejects.h"
#include "report.h"
#include "standard.h"
#include "terminal.h"

typedef struct LoadArgs
{
	cli_common common;
	cli_layout layout;
	const char *mode;
	const char *on_duplicate;
	const char *delete_where;
	cli_names key;
	cli_names columns;
	cli_names update_columns;
	const char *rejects;
	const char *mend;
	int64_t max_rejects;
	int64_t jobs;
	const char *notify;
	bool notify_success;
	bool allow_empty;
	bool dry_run;
	bool json;
	bool quiet;
} LoadArgs;

static LoadArgs args = {.max_rejects = -1};

static const char *const modes[] = {"insert", "ignore", "upsert", "update", "sync", NULL};
static const char *const policies[] = {"error", "first", "last", NULL};
static const char *const formats[] = {"csv", "text", "jsonl", NULL};

#define AT(field) offsetof(LoadArgs, field)

static const cli_option options[] = {
	{"mode", 'm', CLI_WORD, AT(mode), "MODE",
	 "insert   a row whose key is there already is an error\n"
	 "ignore   such a row is left out\n"
	 "upsert   such a row is updated, others inserted (default)\n"
	 "update   such a row is updated, others are left out\n"
	 "sync     upsert, then delete rows the file does not have",
	 modes},
	{"key", 'k', CLI_NAMES, AT(key), "A,B",
	 "columns that identify a row (default: the primary key,\nelse the unique constraint)", NULL},
	{"on-duplicate", 0, CLI_WORD, AT(on_duplicate), "WHICH",
	 "one key twice in the file: error (default), or keep\nthe first or the last", policies},
	{"update-columns", 0, CLI_NAMES, AT(update_columns), "A,B",
	 "change only these of rows that are there (default: all\nthat the file has)", NULL},
	{"delete-where", 0, CLI_TEXT, AT(delete_where), "COND",
	 "mode sync: delete only rows for which this SQL holds", NULL},
	{"format", 'f', CLI_WORD, AT(layout.format), "FORMAT",
	 "csv, text or jsonl (default: by the name of the file,\n"
	 ".csv .tsv .txt .jsonl .ndjson, .gz behind it or not; else csv)",
	 formats},
	{"columns", 'c', CLI_NAMES, AT(columns), "A,B",
	 "columns of the file in their order (default: those its\nheader or its objects name, else all of the "
	 "table)",
	 NULL},
	{"no-header", 0, CLI_FLAG, AT(layout.no_header), NULL, "the first line of a csv file is data, not names",
	 NULL},
	{"delimiter", 0, CLI_BYTE, AT(layout.delimiter), "C",
	 "between values (default: comma for csv, tab for text)", NULL},
	{"null", 0, CLI_TEXT, AT(layout.null), "TEXT",
	 "what stands for NULL (default: nothing, unquoted, in csv;\n\\N in text)", NULL},
	{"encoding", 0, CLI_TEXT, AT(layout.encoding), "NAME",
	 "of the file, as PostgreSQL names it (default: UTF8)", NULL},
	{"rejects", 0, CLI_TEXT, AT(rejects), "FILE",
	 "set rows aside that are malformed, have bad values or\nviolate constraints, and load the others; FILE "
	 "gets them,\nand why, as csv",
	 NULL},
	{"mend", 0, CLI_TEXT, AT(mend), "FILE",
	 "set rows aside, too; FILE gets them as they are in the file,\nunder its header: to be mended and "
	 "loaded",
	 NULL},
	{"max-rejects", 0, CLI_COUNT, AT(max_rejects), "N",
	 "set at most N rows aside; when there are more, nothing is\nloaded (default: with --rejects or --mend "
	 "any\n"
	 "number, else none)",
	 NULL},
	{"jobs", 'j', CLI_COUNT, AT(jobs), "N", "read the data by N connections, at most 64 (default: 1)", NULL},
	{"notify", 0, CLI_TEXT, AT(notify), "WHERE",
	 "tell a Slack channel when the load fails or sets rows\naside; WHERE is the environment variable that "
	 "has its\n"
	 "webhook's URL, or a file: ./webhook",
	 NULL},
	{"notify-success", 0, CLI_FLAG, AT(notify_success), NULL, "with --notify: tell it too when all went well",
	 NULL},
	{"allow-empty", 0, CLI_FLAG, AT(allow_empty), NULL, "a file without rows is not an error", NULL},
	{"dry-run", 'n', CLI_FLAG, AT(dry_run), NULL, "do all of it, say what came of it, and roll back", NULL},
	{"json", 0, CLI_FLAG, AT(json), NULL, "print the counts, or the error, as a JSON object", NULL},
	{"quiet", 'q', CLI_FLAG, AT(quiet), NULL, "no progress and no counts; errors are said all the same",
	 NULL},
	{NULL, 0, CLI_FLAG, 0, NULL, NULL, NULL},
};

static const char about[] =
	"Reads FILE (- for standard input; gzip is recognised) and merges its rows into TABLE in one\n"
	"transaction: either all is loaded or nothing. Rows that are equal to the table's are left alone.\n"
	"Several files are loaded as if they were one; each has its own header.\n"
	"TABLE is written as in SQL: book, shop.book, '\"Odd Name\"'.\n";

static const char examples[] =
	"  aiodal load books.csv book                         insert new rows, update changed ones\n"
	"  aiodal load books.csv.gz shop.book --mode ignore   only rows with new keys\n"
	"  aiodal load 2023.csv 2024.csv.gz sale              all of them or none\n"
	"  aiodal load people.jsonl person --key email        another key than the primary key\n"
	"  aiodal load today.csv stock --mode sync --delete-where \"store = 7\"\n"
	"  aiodal load huge.csv.gz sale --jobs 4              read by four connections, merged by one\n"
	"  aiodal load books.csv book --dry-run               see what would happen\n"
	"  zcat old.csv.gz | aiodal load - book --no-header --columns id,title\n"
	"  aiodal load books.csv book --rejects why.csv       load what is right, and say what is not\n"
	"  aiodal load books.csv book --mend bad.csv          and keep it: to mend, and load bad.csv\n"
	"  aiodal load books.csv book --notify SLACK_WEBHOOK  say so in a channel when it fails\n"
	"\n"
	"Exit status: 0 loaded whole, 1 error and nothing was loaded, 2 wrong usage, 3 loaded but for rows\n"
	"that were set aside, 130 interrupted.\n";

/* One load: what it works on and what came of it. */
typedef struct Load
{
	char **files; /* as given */
	size_t n_files;
	char *name;       /* of it or them, for messages */
	const char *last; /* operand: the table, as given */
	cli_table_name table;
	char *table_text;
	aiodal_layout layout;
	cli_progress progress;
	cli_rejects rejects;
	cli_mend mend;
	cli_channel *channel; /* NULL: nobody is told */
	aiodal_load_stats stats;
	bool in_doubt; /* the connection was lost while committing */
} Load;

/* --max-rejects 0 is the same as not to set any row aside. */
static bool
sets_aside(void)
{
	return args.max_rejects > 0 || ((args.rejects || args.mend) && args.max_rejects != 0);
}

static aiodal_load_options
load_options(Load *load)
{
	aiodal_load_options o = AIODAL_LOAD_OPTIONS_INIT;

	o.schema = load->table.schema;
	o.table = load->table.name;
	o.columns = cli_const_names(&args.columns);
	o.n_columns = args.columns.n;
	o.layout = load->layout;
	o.mode = args.mode;
	o.key = cli_const_names(&args.key);
	o.n_key = args.key.n;
	o.on_duplicate = args.on_duplicate;
	o.update_columns = cli_const_names(&args.update_columns);
	o.n_update_columns = args.update_columns.n;
	o.delete_where = args.delete_where;
	if (sets_aside())
	{
		o.on_error = "reject";
		o.max_rejects = args.max_rejects > 0 ? args.max_rejects : 0;
		o.reject = cli_rejects_take;
		o.reject_payload = &load->rejects;
	}
	o.allow_empty = args.allow_empty;
	o.jobs = args.jobs < INT_MAX ? (int) args.jobs : INT_MAX;
	o.progress = cli_progress_show;
	o.progress_payload = &load->progress;
	return o;
}

static aiodal_status
copy_and_merge(Load *load, aiodal_tx *tx, aiodal_error **err)
{
	aiodal_load_options o = load_options(load);

	if (strcmp(load->files[0], "-") == 0)
		return aiodal_bulk_load_fd(&load->stats, tx, &o, STDIN_FILENO, err);
	return aiodal_bulk_load_files(&load->stats, tx, &o, (const char *const *) load->files, load->n_files,
								  err);
}

/* Constraints that wait for the commit are part of what a dry run has to try. */
static aiodal_status
try_out(aiodal_tx *tx, aiodal_error **err)
{
	aiodal_status status = aiodal_tx_exec(NULL, tx, "SET CONSTRAINTS ALL IMMEDIATE", 0, NULL, err);

	return status < 0 ? status : aiodal_tx_rollback(tx, err);
}

/* Of a load that has failed: that one of them cannot be written does not matter any more. */
static void
keep_rejects(Load *load, aiodal_tx *tx)
{
	cli_rejects_fetch(&load->rejects, tx, load->files, load->n_files);
	if (load->rejects.n > 0)
		(void) cli_rejects_publish(&load->rejects, NULL);
}

static aiodal_status
publish(Load *load, aiodal_error **err)
{
	aiodal_status status = cli_rejects_publish(&load->rejects, err);

	if (status == AIODAL_OK && load->rejects.mend)
		status = cli_mend_publish(load->rejects.mend, err);
	return status;
}

static aiodal_status
load_files(Load *load, aiodal_db *db, aiodal_error **err)
{
	aiodal_tx *tx;
	aiodal_status status = aiodal_tx_begin(&tx, db, NULL, err);

	if (status < 0)
		return status;
	status = cli_rejects_open(&load->rejects, err);
	if (status == AIODAL_OK && load->rejects.mend)
		status = cli_mend_open(load->rejects.mend, err);
	if (status == AIODAL_OK)
		status = copy_and_merge(load, tx, err);
	if (status == AIODAL_OK)
		status = publish(load, err);
	else if (sets_aside() && aiodal_tx_get_state(tx) == AIODAL_TX_OPEN)
		keep_rejects(load, tx);
	if (status == AIODAL_OK)
		status = args.dry_run ? try_out(tx, err) : aiodal_tx_commit(tx, err);
	load->in_doubt = aiodal_tx_get_state(tx) == AIODAL_TX_IN_DOUBT;
	aiodal_tx_free(tx);
	return status;
}

static json_t *
stats_json(const Load *load)
{
	const aiodal_load_stats *s = &load->stats;
	json_t *json = json_object();
	json_t *files = json_array();

	for (size_t i = 0; i < load->n_files; i++)
		json_array_append_new(files, cli_json_text(load->files[i]));
	json_object_set_new(json, "file", cli_json_text(load->n_files == 1 ? load->files[0] : NULL));
	if (load->n_files > 1)
		json_object_set(json, "files", files);
	json_decref(files);
	json_object_set_new(json, "table", cli_json_text(load->table_text));
	json_object_set_new(json, "mode", cli_json_text(args.mode));
	json_object_set_new(json, "dry_run", json_boolean(args.dry_run));
	json_object_set_new(json, "staged", json_integer(s->staged));
	json_object_set_new(json, "inserted", json_integer(s->inserted));
	json_object_set_new(json, "updated", json_integer(s->updated));
	json_object_set_new(json, "unchanged", json_integer(s->unchanged));
	json_object_set_new(json, "ignored", json_integer(s->ignored));
	json_object_set_new(json, "deleted", json_integer(s->deleted));
	json_object_set_new(json, "duplicates", json_integer(s->duplicates));
	json_object_set_new(json, "rejected", json_integer(s->rejected));
	json_object_set_new(json, "rejects", cli_json_text(args.rejects));
	json_object_set_new(json, "bytes", json_integer(s->bytes));
	json_object_set_new(json, "seconds", json_real(s->elapsed));
	json_object_set_new(json, "path", cli_json_text(s->path));
	json_object_set_new(json, "reason", cli_json_text(*s->reason ? s->reason : NULL));
	return json;
}

static double
rows_per_second(const aiodal_load_stats *s)
{
	return s->elapsed > 0 ? (double) s->staged / s->elapsed : 0;
}

static void
print_count(const char *what, int64_t n)
{
	if (n > 0)
		(void) printf(", %lld %s", (long long) n, what);
}

static void
print_stats(const Load *load)
{
	char took[24];
	const aiodal_load_stats *s = &load->stats;

	(void) printf("%s %s into %s: %lld staged, %lld inserted, %lld updated, %lld unchanged",
				  args.dry_run ? "would load" : "loaded", load->name, load->table_text, (long long) s->staged,
				  (long long) s->inserted, (long long) s->updated, (long long) s->unchanged);
	print_count("ignored", s->ignored);
	print_count("deleted", s->deleted);
	print_count("duplicates left out", s->duplicates);
	print_count("rejected", s->rejected);
	(void) printf(" (%s, %.0f rows/s)\n", cli_format_elapsed(took, s->elapsed), rows_per_second(s));
	if (s->rejected > 0 && args.rejects)
		(void) printf("The rejected rows are in %s.\n", args.rejects);
	if (s->rejected > 0 && args.mend)
		(void) printf("To be mended and loaded, they are in %s.\n", args.mend);
	if (args.dry_run)
		(void) printf("This was a dry run: all of it was rolled back, nothing has changed.\n");
}

static int
report_success(const Load *load)
{
	if (args.json)
		cli_print_json(stats_json(load));
	else if (!args.quiet)
		print_stats(load);
	return load->stats.rejected > 0 ? CLI_EXIT_REJECTS : CLI_EXIT_OK;
}

/* The one of several that the error is about. */
static const char *
failed_file(const Load *load, const aiodal_error *err)
{
	long long input = cli_error_input(err);

	if (load->n_files == 1)
		return load->name;
	if (input > 0 && (size_t) input <= load->n_files)
		return load->files[input - 1];
	return load->progress.path;
}

static int
report_failure(const Load *load, const aiodal_error *err)
{
	int signal = cli_interrupted();

	cli_print_error(failed_file(load, err), err);
	if (load->in_doubt)
		(void) fprintf(stderr, "It is not known whether %s was loaded: compare the table with the file.\n",
					   load->name);
	else
		(void) fprintf(stderr, "Nothing was loaded.\n");
	if (load->rejects.n > 0 && load->rejects.path)
		(void) fprintf(stderr, "The rejected rows are in %s.\n", load->rejects.path);
	if (args.json)
		cli_print_json(json_pack("{s:o}", "error", cli_error_json(err)));
	return signal ? CLI_EXIT_SIGNAL + signal : CLI_EXIT_ERROR;
}

/*
 * Telling a channel
 */

static const char *
outcome(const Load *load, const aiodal_error *err)
{
	if (!err)
		return load->stats.rejected > 0 ? "loaded, but for rows that were set aside" : "loaded";
	return load->in_doubt ? "not known: compare the table with the file" : "nothing was loaded";
}

/* To be freed. */
static char *
counts_text(const Load *load, const aiodal_error *err)
{
	const aiodal_load_stats *s = &load->stats;

	if (err)
		return cli_printf("%lld lines read, %lld rejected", (long long) load->progress.rows,
						  (long long) load->rejects.n);
	return cli_printf("%lld staged, %lld inserted, %lld updated, %lld unchanged, %lld ignored, %lld deleted, "
					  "%lld duplicates left out, %lld rejected",
					  (long long) s->staged, (long long) s->inserted, (long long) s->updated,
					  (long long) s->unchanged, (long long) s->ignored, (long long) s->deleted,
					  (long long) s->duplicates, (long long) s->rejected);
}

/* Lines; errors that have no SQLSTATE may quote the connection string, so their text is the one that is
 * shown. */
static char *
facts_text(const Load *load, const aiodal_error *err)
{
	long long line = err ? cli_error_line(err) : 0;
	char *counts = counts_text(load, err);
	char *reason = err && !aiodal_error_sqlstate(err) ? cli_error_text(err) : NULL;
	char host[256] = "";
	char place[40] = "";
	const char *file = err ? failed_file(load, err) : NULL;
	char *facts;

	(void) gethostname(host, sizeof(host) - 1);
	if (line > 0)
		(void) snprintf(place, sizeof(place), "\nline: %lld", line);
	facts = cli_printf("file: %s%s\ntable: %s\nmode: %s%s\nhost: %s\ncounts: %s\noutcome: %s%s%s",
					   file ? file : load->name, place, load->table_text, args.mode,
					   args.dry_run ? ", dry run" : "", host, counts, outcome(load, err),
					   reason ? "\nerror: " : "", reason ? reason : "");
	free(counts);
	free(reason);
	return facts;
}

static void
tell_channel(const Load *load, const aiodal_error *err)
{
	char *title;
	char *facts;

	if (!load->channel || (!err && load->stats.rejected == 0 && !args.notify_success))
		return;
	title = cli_printf("aiodal load: %s into %s: %s", load->name, load->table_text,
					   err                        ? "failed"
					   : load->stats.rejected > 0 ? "rows were set aside"
												  : "done");
	facts = facts_text(load, err);
	cli_channel_tell(load->channel, title, facts, err && aiodal_error_sqlstate(err) ? err : NULL);
	free(title);
	free(facts);
}

/* What the library cannot know: that it was a person who cancelled. */
static void
say_interrupted(aiodal_error **err)
{
	if (!cli_interrupted() || aiodal_error_status(*err) != AIODAL_ECANCELED)
		return;
	aiodal_error_free(*err);
	*err = NULL;
	(void) aiodal_error_set(err, AIODAL_ECANCELED, "the load was interrupted", NULL, NULL);
}

/* An array, or objects over several lines: taken for csv its error would help nobody. */
static void
refuse_json_document(const cli_command *command, const char *file)
{
	static const char *const endings[] = {".json", ".json.gz"};
	size_t n = strlen(file);

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]) && !args.layout.format; i++)
	{
		size_t ending = strlen(endings[i]);

		if (n > ending && strcmp(file + n - ending, endings[i]) == 0)
			cli_usage_error(command,
							"If it has an object a line, say --format jsonl. If it is an array: jq -c '.[]' "
							"FILE | aiodal "
							"load - TABLE --format jsonl",
							"a JSON document cannot be loaded: \"%s\"", file);
	}
}

static bool
is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* Whether an operand names a table or view of the database. */
static bool
is_table(aiodal_db *db, const char *operand)
{
	cli_table_name table;
	aiodal_schema *snapshot;
	const char *problem;
	bool found = false;

	if (!cli_parse_table_name(&table, operand, &problem))
		return false;
	if (aiodal_db_reflect(db, NULL) == AIODAL_OK)
	{
		snapshot = aiodal_db_schema(db);
		found = aiodal_schema_table(snapshot, table.schema, table.name) != NULL;
		aiodal_schema_unref(snapshot);
	}
	cli_free_table_name(&table);
	return found;
}

/* The line to write instead; to be freed. */
static char *
in_order(const Load *load)
{
	if (load->n_files > 1)
		return cli_strdup("The table comes last: aiodal load FILE... TABLE");
	return cli_printf("The table comes last: aiodal load %s %s", load->last, load->files[0]);
}

/*
 * Of a file or a table that does not exist: maybe they stand in the wrong order, or the table was left out
 * behind several files.
 */
static void
say_order(const Load *load, aiodal_db *db, aiodal_error **err)
{
	const char *sqlstate = aiodal_error_sqlstate(*err);
	bool no_file = aiodal_error_status(*err) == AIODAL_ENOTFOUND && !is_file(load->files[0]);
	bool no_table = !no_file && (aiodal_error_status(*err) == AIODAL_ENOTFOUND ||
								 (sqlstate && strcmp(sqlstate, "42P01") == 0));
	aiodal_error *better = NULL;
	char *hint;

	if (!db || strcmp(load->files[0], "-") == 0)
		return;
	if (no_file && (is_file(load->last) || (is_table(db, load->files[0]) && !is_table(db, load->last))))
		hint = in_order(load);
	else if (no_table && load->table.schema && is_file(load->last))
		hint = cli_printf("\"%s\" is a file. The table comes last: aiodal load FILE... TABLE", load->last);
	else
		return;
	(void) aiodal_error_set(&better, aiodal_error_status(*err), aiodal_error_message(*err), NULL, hint);
	aiodal_error_free(*err);
	*err = better;
	free(hint);
}

/* Before anything is asked of the server. */
static aiodal_status
check_stdin(const Load *load, aiodal_error **err)
{
	if (strcmp(load->files[0], "-") != 0 || !cli_stdin_was_closed())
		return AIODAL_OK;
	return aiodal_error_set(err, AIODAL_EINVAL, "standard input is closed", NULL,
							"Give it a file or a pipe: aiodal load - TABLE <FILE");
}

/* To be freed. */
static char *
name_of_input(const cli_command *command, const Load *load)
{
	for (size_t i = 0; i < load->n_files; i++)
	{
		if (load->n_files > 1 && strcmp(load->files[i], "-") == 0)
			cli_usage_error(command, NULL, "standard input must be loaded by itself");
		refuse_json_document(command, load->files[i]);
	}
	if (load->n_files > 1)
		return cli_printf("%zu files", load->n_files);
	return cli_strdup(strcmp(load->files[0], "-") == 0 ? "standard input" : load->files[0]);
}

/* After the layout and the rejects. */
static void
prepare_mend(Load *load)
{
	aiodal_format format = cli_format_of(&load->layout, load->files[0]);

	load->mend = (cli_mend){.file = {.path = args.mend, .what = "rows to mend"},
							.inputs = load->files,
							.n_inputs = load->n_files,
							.format = format,
							.header = format == AIODAL_FORMAT_CSV && !args.layout.no_header};
	load->rejects.mend = &load->mend;
}

static void
prepare(const cli_command *command, Load *load, char **operands)
{
	const char *problem;

	while (operands[load->n_files + 1])
		load->n_files++;
	load->last = operands[load->n_files];
	load->files = operands;
	load->name = name_of_input(command, load);
	if (!cli_parse_table_name(&load->table, load->last, &problem))
		cli_usage_error(command,
						is_file(load->last)
							? "It is a file. The table comes last: aiodal load FILE... TABLE"
							: "Write it as in SQL, with the double quotes inside single ones: '\"Odd Name\"'",
						"invalid table name \"%s\": %s", load->last, problem);
	load->table_text = cli_quote_table_name(load->table.schema, load->table.name);
	load->rejects = (cli_rejects){.input = load->name,
								  .several = load->n_files > 1,
								  .path = sets_aside() ? args.rejects : NULL,
								  .quiet = args.quiet};
	load->layout = cli_layout_of(command, &args.layout);
	if (args.mend && sets_aside())
		prepare_mend(load);
	args.mode = args.mode ? args.mode : "upsert";
	if (sets_aside() && strcmp(args.mode, "sync") == 0)
		cli_usage_error(command, "Load with mode upsert, mend the rejected rows, then sync.",
						"mode sync does not go with rejects: it would delete the rows that were set aside");
	if (args.notify_success && !args.notify)
		cli_usage_error(command, NULL, "--notify-success goes with --notify");
	if (strcmp(load->files[0], "-") == 0 && cli_is_terminal(stdin) && !args.quiet)
		(void) fprintf(stderr, "aiodal: reading rows from the terminal; end with ^D\n");
}

static int
run(const cli_command *command, char **operands)
{
	Load load = {.stats = AIODAL_LOAD_STATS_INIT};
	aiodal_error *err = NULL;
	aiodal_db *db = NULL;
	aiodal_status status;
	int exit_status;

	prepare(command, &load, operands);
	load.channel = cli_channel_open(command, args.notify);
	status = check_stdin(&load, &err);
	if (status == AIODAL_OK)
		status = cli_connect(&db, &args.common, &err);
	if (status == AIODAL_OK)
	{
		cli_catch_interrupts();
		cli_progress_start(&load.progress, load.name, "lines", args.quiet);
		status = load_files(&load, db, &err);
		cli_progress_clear(&load.progress);
	}
	if (status < 0)
	{
		say_interrupted(&err);
		cli_name_near_relations(db, load.table.schema, load.table.name, &err);
		say_order(&load, db, &err);
	}
	cli_rejects_close(&load.rejects);
	cli_mend_close(&load.mend);
	exit_status = status < 0 ? report_failure(&load, err) : report_success(&load);
	/* which may take its time */
	tell_channel(&load, err);
	aiodal_error_free(err);
	aiodal_db_close(db);
	cli_channel_close(load.channel);
	cli_free_table_name(&load.table);
	free(load.table_text);
	free(load.name);
	return exit_status;
}

const cli_command cli_load_command = {
	.name = "load",
	.summary = "load files into a table: csv, text or jsonl, all of it or nothing",
	.operands = "FILE...|- TABLE",
	.about = about,
	.options = options,
	.examples = examples,
	.args = &args,
	.min_operands = 2,
	.max_operands = INT_MAX,
	.run = run,
};
