/*
 * bulk_load.c
 *		Files into tables.
 *
 * Design notes. A load is a sequence of steps inside a savepoint: make the stage, pre_copy, COPY, post_copy,
 * then merge or the target statements. The first step that fails ends it; the savepoint undoes all. Several
 * files are several COPYs into the one stage.
 */
#include "load.h"

#include <string.h>
#include <sys/stat.h>

#include "error.h"
#include "layout.h"
#include "load_jobs.h"
#include "op.h"
#include "util/buf.h"
#include "util/mem.h"
#include "util/options.h"

#define UNDO_MS 5000

/*
 * Options
 */

static aiodal_status
check_statements(const aiodal_statement *statements, size_t n, const char *what, aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;

	for (size_t i = 0; i < n && status == AIODAL_OK; i++)
	{
		if (!statements || !statements[i].sql || (statements[i].n_params > 0 && !statements[i].params))
			status =
				aiodal__fail(err, AIODAL_EINVAL, "%s must have as many statements as its count says", what);
	}
	return status;
}

static aiodal_status
check_lists(const aiodal_load_options *o, aiodal_error **err)
{
	aiodal_status status = aiodal__check_strings(o->columns, o->n_columns, "columns", err);

	if (status == AIODAL_OK)
		status = aiodal__check_strings(o->key, o->n_key, "key", err);
	if (status == AIODAL_OK)
		status = aiodal__check_strings(o->update_columns, o->n_update_columns, "update_columns", err);
	if (status == AIODAL_OK)
		status = aiodal__check_strings(o->stage_columns, o->n_stage_columns, "stage_columns", err);
	if (status == AIODAL_OK)
		status = check_statements(o->pre_copy, o->n_pre_copy, "pre_copy", err);
	if (status == AIODAL_OK)
		status = check_statements(o->post_copy, o->n_post_copy, "post_copy", err);
	if (status == AIODAL_OK)
		status = check_statements(o->target, o->n_target, "target", err);
	return status;
}

/* Which of the two ways it is, and that nothing of the other is set. */
static aiodal_status
check_way(const aiodal_load_options *o, const aiodal_layout *layout, aiodal_error **err)
{
	if (!o->table == (o->n_stage_columns == 0))
		return aiodal__fail_hint(err, AIODAL_EINVAL, NULL,
								 "table: the server merges. stage_columns: target statements do.",
								 "a load needs either a table or stage_columns");
	if (o->table && o->n_target > 0)
		return aiodal__fail_hint(err, AIODAL_EINVAL, NULL, "Give stage_columns instead of a table.",
								 "target statements need stage_columns");
	if (o->table)
		return AIODAL_OK;
	if (o->schema || o->mode || o->n_key > 0 || o->on_duplicate || o->n_update_columns > 0 ||
		o->delete_where || o->on_error || o->max_rejects || o->reject)
		return aiodal__fail(
			err, AIODAL_EINVAL,
			"schema, mode, key, on_duplicate, update_columns, delete_where, on_error, max_rejects and "
			"reject are for loads into a table, not for stage_columns");
	if (o->n_target == 0 && !o->stage)
		return aiodal__fail_hint(
			err, AIODAL_EINVAL, NULL,
			"Give target statements, or name the stage, which then stays until the end of the "
			"transaction.",
			"a load into stage_columns without target statements would leave nothing");
	if (layout->format == AIODAL_FORMAT_JSONL && (o->n_columns ? o->n_columns : o->n_stage_columns) != 1)
		return aiodal__fail_hint(err, AIODAL_EINVAL, NULL, "Say which by columns.",
								 "each line of jsonl goes into one column, but the stage has %zu",
								 o->n_stage_columns);
	return AIODAL_OK;
}

static aiodal_status
take_options(aiodal__load *l, const aiodal_load_options *given, aiodal_error **err)
{
	aiodal_load_options *o = &l->options;
	aiodal_layout first;
	aiodal_status status = aiodal__options_copy(o, sizeof(*o), given, "aiodal_load_options", err);

	if (status == AIODAL_OK)
		status = check_lists(o, err);
	if (status == AIODAL_OK)
	{
		first = o->layout;
		status = aiodal__layout_settle(&first, l->source->path, err);
	}
	if (status == AIODAL_OK)
		status = check_way(o, &first, err);
	if (status == AIODAL_OK && o->max_rejects < 0)
		status = aiodal__fail(err, AIODAL_EINVAL, "max_rejects must not be negative");
	if (status == AIODAL_OK)
		status = aiodal__jobs_check(o, err);
	l->by_hand = o->n_stage_columns > 0;
	return status;
}

/*
 * The whole
 */

static aiodal_status
enter_phase(aiodal__load *l, aiodal_phase phase, aiodal_error **err)
{
	return aiodal__progress_phase(&l->progress, phase) ? aiodal__progress_canceled(err) : AIODAL_OK;
}

/* The steps, inside the savepoint. */
static aiodal_status
run_steps(aiodal__load *l, aiodal_error **err)
{
	const aiodal_load_options *o = &l->options;
	aiodal_status status = aiodal__load_make_stage(l, err);

	if (status == AIODAL_OK)
		status = aiodal__load_run_statements(l, o->pre_copy, o->n_pre_copy, "pre_copy", err);
	if (status == AIODAL_OK)
		status = aiodal__load_copy(l, err);
	l->progress.now.path = NULL;
	if (status == AIODAL_OK)
		status = enter_phase(l, AIODAL_PHASE_MERGE, err);
	if (status == AIODAL_OK)
		status = aiodal__load_run_statements(l, o->post_copy, o->n_post_copy, "post_copy", err);
	if (status == AIODAL_OK)
		status = l->by_hand ? aiodal__load_run_statements(l, o->target, o->n_target, "target", err)
							: aiodal__load_merge(l, err);
	if (status == AIODAL_OK)
		status = aiodal__load_check_not_empty(l, l->stats.staged + l->stats.rejected == 0, err);
	if (status == AIODAL_OK)
		status = aiodal__load_report_rejects(l, err);
	if (status == AIODAL_OK)
		status = enter_phase(l, AIODAL_PHASE_DONE, err);
	return status;
}

/* Leaves no stage behind, but one that the caller gave a name for later use. */
static aiodal_status
release(aiodal__load *l, aiodal_error **err)
{
	aiodal__buf sql = AIODAL__BUF_INIT;
	aiodal_status status;

	if (!l->jobs && (!l->by_hand || !l->options.stage))
		aiodal__buf_printf(&sql, "DROP TABLE %s; ", l->stage);
	aiodal__buf_str(&sql, "RELEASE SAVEPOINT aiodal_load");
	status = sql.oom ? aiodal__fail_memory(err) : aiodal__op_command(l->conn, sql.data, false, NULL, err);
	aiodal__buf_free(&sql);
	return status;
}

/* Even when the transaction's deadline has passed. */
static void
undo(aiodal__load *l)
{
	int64_t deadline = l->conn->deadline;

	l->conn->tick = NULL;
	l->conn->deadline = aiodal__deadline(UNDO_MS);
	(void) aiodal__op_command(l->conn, "ROLLBACK TO SAVEPOINT aiodal_load; RELEASE SAVEPOINT aiodal_load",
							  false, NULL, NULL);
	l->conn->deadline = deadline;
	if (l->jobs)
		aiodal__jobs_undo(l, l->stage);
}

/* Whether text says "of input N". */
static bool
names_input(const char *text, size_t n)
{
	char words[40];
	int len = snprintf(words, sizeof(words), " of input %zu", n);

	while (text && (text = strstr(text, words)) != NULL)
	{
		text += len;
		if (*text < '0' || *text > '9')
			return true;
	}
	return false;
}

/* The server knows inputs by their numbers; who reads the error knows files. */
static void
name_inputs(const aiodal__load *l, aiodal__buf *context, const aiodal_error *err)
{
	for (size_t i = 0; i < l->n_paths; i++)
	{
		if (names_input(aiodal_error_message(err), i + 1) || names_input(aiodal_error_detail(err), i + 1) ||
			names_input(aiodal_error_field(err, PG_DIAG_CONTEXT), i + 1))
			aiodal__buf_printf(context, "input %zu is file \"%s\"\n", i + 1, l->paths[i]);
	}
}

/* Which file into what, for the context of an error. */
static void
add_context(const aiodal__load *l, aiodal_error **err)
{
	aiodal__buf context = AIODAL__BUF_INIT;
	char name[512];

	if (l->n_paths > 1)
		name_inputs(l, &context, *err);
	if (l->n_paths > 1 && l->progress.now.phase != AIODAL_PHASE_COPY)
		aiodal__buf_printf(&context, "loading %zu files into ", l->n_paths);
	else
		aiodal__buf_printf(&context, "loading %s into ", aiodal__source_name(l->source, name, sizeof(name)));
	if (l->by_hand)
		aiodal__buf_printf(&context, "stage %s", l->stage ? l->stage : "");
	else
		aiodal__qualified(&context, l->options.schema, l->options.table);
	if (!context.oom)
		aiodal__error_annotate(err, context.data, NULL);
	aiodal__buf_free(&context);
}

static aiodal_status
run(aiodal__load *l, aiodal_error **err)
{
	aiodal_status status = aiodal__op_command(l->conn, "SAVEPOINT aiodal_load", false, NULL, err);
	aiodal__tick_fn before = l->conn->tick;

	if (status != AIODAL_OK)
		return status;
	if (aiodal__progress_has_ticks(&l->progress))
	{
		l->conn->tick = aiodal__progress_tick;
		l->conn->tick_payload = &l->progress;
	}
	status = run_steps(l, err);
	if (status == AIODAL_OK)
		status = release(l, err);
	if (status != AIODAL_OK)
	{
		undo(l);
		add_context(l, err);
	}
	l->conn->tick = before;
	return status;
}

static aiodal_status
prepare(aiodal__load *l, const aiodal_load_options *given, aiodal_error **err)
{
	aiodal_status status = aiodal__tx_check(l->tx, err);

	if (status == AIODAL_OK)
		status = take_options(l, given, err);
	if (status != AIODAL_OK)
		return status;
	l->conn = l->tx->conn;
	aiodal__progress_start(&l->progress, l->options.progress, l->options.progress_payload);
	l->progress.now.source_total = l->total;
	l->progress.now.n_paths = l->n_paths;
	return aiodal__load_start_source(l, err);
}

/* The bytes of all files together, -1 when that cannot be known. One that is missing is told of before any is
 * read. */
static aiodal_status
measure(aiodal__load *l, aiodal_error **err)
{
	for (size_t i = 0; i < l->n_paths; i++)
	{
		struct stat st;
		bool there = stat(l->paths[i], &st) == 0;

		if (!there || S_ISDIR(st.st_mode))
		{
			aiodal_status status = aiodal__source_file(l->source, l->paths[i], err);

			aiodal__source_close(l->source);
			if (status != AIODAL_OK)
				return status;
		}
		if (!there || !S_ISREG(st.st_mode))
			l->total = -1;
		else if (l->total >= 0)
			l->total += st.st_size;
	}
	return AIODAL_OK;
}

static aiodal_status
open_files(aiodal__load *l, aiodal_error **err)
{
	aiodal_status status = measure(l, err);

	*l->source = (aiodal__source){.fd = -1};
	return status == AIODAL_OK ? aiodal__source_file(l->source, l->paths[0], err) : status;
}

aiodal_status
aiodal__load_run(aiodal__load *l, const aiodal_load_options *given, aiodal_load_stats *stats,
				 aiodal_error **err)
{
	aiodal_error *own = NULL;
	aiodal_status status = AIODAL_OK;

	if (l->paths)
		status = open_files(l, &own);
	else
		l->total = l->source->total;
	if (status == AIODAL_OK)
		status = prepare(l, given, &own);
	if (status == AIODAL_OK)
		status = run(l, &own);
	l->stats.elapsed = aiodal__progress_elapsed(&l->progress);
	l->stats.elapsed_merge = l->stats.elapsed - l->stats.elapsed_copy;
	if (status == AIODAL_OK)
		aiodal__options_give(stats, &l->stats, sizeof(l->stats));
	aiodal__jobs_close(l->jobs);
	aiodal__source_close(l->source);
	aiodal__free(l->stage);
	aiodal__free(l->chunk);
	aiodal__free(l->rows);
	aiodal__error_move(err, &own);
	return status;
}

static aiodal_status
load_source(aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_load_options *given, aiodal__source *source,
			aiodal_error **err)
{
	aiodal__load l = {.tx = tx, .source = source};

	return aiodal__load_run(&l, given, stats, err);
}

aiodal_status
aiodal_bulk_load(aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_load_options *options,
				 aiodal_read_cb read, void *payload, aiodal_error **err)
{
	aiodal__source source;

	if (!read)
		return aiodal__fail(err, AIODAL_EINVAL, "read must not be NULL");
	aiodal__source_callback(&source, read, payload);
	return load_source(stats, tx, options, &source, err);
}

aiodal_status
aiodal__load_data(aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_load_options *options,
				  aiodal_read_cb read, void *payload, aiodal_error **err)
{
	aiodal__source source;

	aiodal__source_callback(&source, read, payload);
	source.callers = false;
	return load_source(stats, tx, options, &source, err);
}

aiodal_status
aiodal__load_check_paths(const char *const *paths, size_t n, aiodal_error **err)
{
	if (n == 0)
		return aiodal__fail(err, AIODAL_EINVAL, "there must be a file to load");
	return aiodal__check_strings(paths, n, "paths", err);
}

aiodal_status
aiodal_bulk_load_files(aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_load_options *options,
					   const char *const *paths, size_t n, aiodal_error **err)
{
	aiodal__source source;
	aiodal__load l = {.tx = tx, .source = &source, .paths = paths, .n_paths = n};
	aiodal_status status = aiodal__load_check_paths(paths, n, err);

	return status == AIODAL_OK ? aiodal__load_run(&l, options, stats, err) : status;
}

aiodal_status
aiodal_bulk_load_file(aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_load_options *options,
					  const char *path, aiodal_error **err)
{
	if (!path)
		return aiodal__fail(err, AIODAL_EINVAL, "path must not be NULL");
	return aiodal_bulk_load_files(stats, tx, options, &path, 1, err);
}

aiodal_status
aiodal_bulk_load_stream(aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_load_options *options,
						FILE *stream, aiodal_error **err)
{
	aiodal__source source;

	if (!stream)
		return aiodal__fail(err, AIODAL_EINVAL, "stream must not be NULL");
	aiodal__source_stream(&source, stream);
	return load_source(stats, tx, options, &source, err);
}

aiodal_status
aiodal_bulk_load_fd(aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_load_options *options, int fd,
					aiodal_error **err)
{
	aiodal__source source;

	aiodal__source_fd(&source, fd);
	return load_source(stats, tx, options, &source, err);
}

aiodal_status
aiodal_bulk_load_memory(aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_load_options *options,
						const void *data, size_t size, aiodal_error **err)
{
	aiodal__source source;

	aiodal__source_memory(&source, data, size);
	return load_source(stats, tx, options, &source, err);
}
