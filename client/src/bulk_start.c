/*
 * bulk_start.c
 *		Loads and exports as operations.
 *
 * Design notes. Options and strings are copied, as those of a statement are, into an arena that lives as long
 * as the operation. They are checked by the thread only: a copy takes NULLs for what they are. Files are
 * opened by the thread, too, since that may take its time.
 */
#include <aiodal/async.h>

#include <string.h>

#include "error.h"
#include "export.h"
#include "load.h"
#include "util/arena.h"
#include "util/options.h"

/*
 * Copies
 */

typedef struct keeper
{
	aiodal__arena arena;
	bool oom;
} keeper;

static void *
keep_bytes(keeper *k, const void *from, size_t n, size_t size)
{
	void *copy = from ? aiodal__arena_alloc(&k->arena, n, size) : NULL;

	if (copy)
		memcpy(copy, from, n * size);
	else if (from && n > 0)
		k->oom = true;
	return copy;
}

static void
keep_string(keeper *k, const char **s)
{
	*s = *s ? keep_bytes(k, *s, strlen(*s) + 1, 1) : NULL;
}

static void
keep_strings(keeper *k, const char *const **strings, size_t n)
{
	const char **copy = keep_bytes(k, *strings, n, sizeof(**strings));

	for (size_t i = 0; copy && i < n; i++)
		keep_string(k, &copy[i]);
	*strings = copy;
}

static void
keep_statements(keeper *k, const aiodal_statement **statements, size_t n)
{
	aiodal_statement *copy = keep_bytes(k, *statements, n, sizeof(**statements));

	for (size_t i = 0; copy && i < n; i++)
	{
		keep_string(k, &copy[i].sql);
		keep_strings(k, &copy[i].params, copy[i].n_params);
	}
	*statements = copy;
}

static void
keep_layout(keeper *k, aiodal_layout *layout)
{
	keep_string(k, &layout->null);
	keep_string(k, &layout->encoding);
}

static void
keep_load_options(keeper *k, aiodal_load_options *o)
{
	keep_string(k, &o->schema);
	keep_string(k, &o->table);
	keep_strings(k, &o->columns, o->n_columns);
	keep_layout(k, &o->layout);
	keep_string(k, &o->mode);
	keep_strings(k, &o->key, o->n_key);
	keep_string(k, &o->on_duplicate);
	keep_strings(k, &o->update_columns, o->n_update_columns);
	keep_string(k, &o->delete_where);
	keep_string(k, &o->on_error);
	keep_strings(k, &o->stage_columns, o->n_stage_columns);
	keep_string(k, &o->stage);
	keep_statements(k, &o->pre_copy, o->n_pre_copy);
	keep_statements(k, &o->post_copy, o->n_post_copy);
	keep_statements(k, &o->target, o->n_target);
}

static void
keep_export_options(keeper *k, aiodal_export_options *o)
{
	keep_string(k, &o->query);
	keep_string(k, &o->schema);
	keep_string(k, &o->table);
	keep_strings(k, &o->columns, o->n_columns);
	keep_layout(k, &o->layout);
}

/* The transaction can be used, and there is a place for the operation. */
static aiodal_status
check(aiodal_op **op, const aiodal_tx *tx, aiodal_error **err)
{
	aiodal_status status = aiodal__background_check(op, err);

	return status == AIODAL_OK ? aiodal__tx_check(tx, err) : status;
}

static aiodal_status
missing(aiodal_op **op, const char *what, aiodal_error **err)
{
	if (op)
		*op = NULL;
	return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL", what);
}

/*
 * Loads
 */

typedef struct loading
{
	aiodal__background background;
	keeper kept;
	aiodal_load_options options;
	aiodal__load load;
	aiodal__source source;
	aiodal_load_stats stats;
	aiodal_load_stats *out; /* or NULL */

	const aiodal_mapping *mapping; /* of rows; NULL: it is no array that is loaded */
	const void *rows;
	size_t n;
	bool has_options;
} loading;

static aiodal_status
run_loading(aiodal__background *b, aiodal_error **err)
{
	loading *g = (loading *) b;

	if (g->mapping)
		return aiodal_mapping_load(&g->stats, g->load.tx, g->mapping, g->rows, g->n,
								   g->has_options ? &g->options : NULL, err);
	return aiodal__load_run(&g->load, &g->options, &g->stats, err);
}

static void
deliver_load_stats(aiodal__background *b)
{
	const loading *g = (loading *) b;

	aiodal__options_give(g->out, &g->stats, sizeof(g->stats));
}

static void
drop_loading(aiodal__background *b)
{
	aiodal__arena_free(&((loading *) b)->kept.arena);
}

static const struct aiodal__background_kind loading_kind = {
	.run = run_loading, .deliver = deliver_load_stats, .drop = drop_loading};

/* One that still needs a source, or paths, and to be started. */
static aiodal_status
new_loading(loading **out, aiodal_op **op, aiodal_load_stats *stats, aiodal_tx *tx,
			const aiodal_load_options *options, aiodal_error **err)
{
	aiodal_status status = check(op, tx, err);
	loading *g;

	if (status != AIODAL_OK)
		return status;
	g = aiodal__background_new(sizeof(*g), &loading_kind, err);
	if (!g)
		return AIODAL_ENOMEM;
	g->background.place = &tx->background;
	g->load = (aiodal__load){.tx = tx, .source = &g->source};
	g->stats.size = sizeof(g->stats);
	g->out = stats;
	status = aiodal__options_copy(&g->options, sizeof(g->options), options, "aiodal_load_options", err);
	g->options.size = sizeof(g->options);
	if (status == AIODAL_OK)
		keep_load_options(&g->kept, &g->options);
	if (g->kept.oom)
		status = aiodal__fail_memory(err);
	if (status == AIODAL_OK)
		*out = g;
	else
		aiodal__background_drop(&g->background);
	return status;
}

aiodal_status
aiodal_bulk_load_start(aiodal_op **op, aiodal_load_stats *stats, aiodal_tx *tx,
					   const aiodal_load_options *options, aiodal_read_cb read, void *payload,
					   aiodal_error **err)
{
	loading *g;
	aiodal_status status = read ? new_loading(&g, op, stats, tx, options, err) : missing(op, "read", err);

	if (status != AIODAL_OK)
		return status;
	aiodal__source_callback(&g->source, read, payload);
	return aiodal__background_start(op, &g->background, err);
}

aiodal_status
aiodal_bulk_load_files_start(aiodal_op **op, aiodal_load_stats *stats, aiodal_tx *tx,
							 const aiodal_load_options *options, const char *const *paths, size_t n,
							 aiodal_error **err)
{
	loading *g;
	aiodal_status status = new_loading(&g, op, stats, tx, options, err);

	if (status != AIODAL_OK)
		return status;
	status = aiodal__load_check_paths(paths, n, err);
	g->load.paths = paths;
	g->load.n_paths = n;
	if (status == AIODAL_OK)
		keep_strings(&g->kept, &g->load.paths, n);
	if (g->kept.oom)
		status = aiodal__fail_memory(err);
	if (status == AIODAL_OK)
		return aiodal__background_start(op, &g->background, err);
	aiodal__background_drop(&g->background);
	return status;
}

aiodal_status
aiodal_bulk_load_file_start(aiodal_op **op, aiodal_load_stats *stats, aiodal_tx *tx,
							const aiodal_load_options *options, const char *path, aiodal_error **err)
{
	return path ? aiodal_bulk_load_files_start(op, stats, tx, options, &path, 1, err)
				: missing(op, "path", err);
}

aiodal_status
aiodal_bulk_load_stream_start(aiodal_op **op, aiodal_load_stats *stats, aiodal_tx *tx,
							  const aiodal_load_options *options, FILE *stream, aiodal_error **err)
{
	loading *g;
	aiodal_status status = stream ? new_loading(&g, op, stats, tx, options, err) : missing(op, "stream", err);

	if (status != AIODAL_OK)
		return status;
	aiodal__source_stream(&g->source, stream);
	return aiodal__background_start(op, &g->background, err);
}

aiodal_status
aiodal_bulk_load_fd_start(aiodal_op **op, aiodal_load_stats *stats, aiodal_tx *tx,
						  const aiodal_load_options *options, int fd, aiodal_error **err)
{
	loading *g;
	aiodal_status status = new_loading(&g, op, stats, tx, options, err);

	if (status != AIODAL_OK)
		return status;
	aiodal__source_fd(&g->source, fd);
	return aiodal__background_start(op, &g->background, err);
}

aiodal_status
aiodal_bulk_load_memory_start(aiodal_op **op, aiodal_load_stats *stats, aiodal_tx *tx,
							  const aiodal_load_options *options, const void *data, size_t size,
							  aiodal_error **err)
{
	loading *g;
	aiodal_status status = new_loading(&g, op, stats, tx, options, err);

	if (status != AIODAL_OK)
		return status;
	aiodal__source_memory(&g->source, data, size);
	return aiodal__background_start(op, &g->background, err);
}

aiodal_status
aiodal_mapping_load_start(aiodal_op **op, aiodal_load_stats *stats, aiodal_tx *tx,
						  const aiodal_mapping *mapping, const void *rows, size_t n,
						  const aiodal_load_options *options, aiodal_error **err)
{
	loading *g;
	aiodal_status status =
		mapping ? new_loading(&g, op, stats, tx, options, err) : missing(op, "mapping", err);

	if (status != AIODAL_OK)
		return status;
	g->mapping = mapping;
	g->rows = rows;
	g->n = n;
	g->has_options = options != NULL;
	return aiodal__background_start(op, &g->background, err);
}

/*
 * Exports
 */

typedef struct exporting
{
	aiodal__background background;
	keeper kept;
	aiodal_export_options options;
	aiodal_tx *tx;
	aiodal__sink sink;
	const char *path; /* instead of the sink */
	aiodal_export_stats stats;
	aiodal_export_stats *out; /* or NULL */
} exporting;

static aiodal_status
run_exporting(aiodal__background *b, aiodal_error **err)
{
	exporting *g = (exporting *) b;

	return g->path ? aiodal__export_file(&g->stats, g->tx, &g->options, g->path, err)
				   : aiodal__export_run(&g->stats, g->tx, &g->options, &g->sink, err);
}

static void
deliver_export_stats(aiodal__background *b)
{
	const exporting *g = (exporting *) b;

	aiodal__options_give(g->out, &g->stats, sizeof(g->stats));
}

static void
drop_exporting(aiodal__background *b)
{
	aiodal__arena_free(&((exporting *) b)->kept.arena);
}

static const struct aiodal__background_kind exporting_kind = {
	.run = run_exporting, .deliver = deliver_export_stats, .drop = drop_exporting};

/* One that still needs a sink, or a path, and to be started. */
static aiodal_status
new_exporting(exporting **out, aiodal_op **op, aiodal_export_stats *stats, aiodal_tx *tx,
			  const aiodal_export_options *options, aiodal_error **err)
{
	aiodal_status status = check(op, tx, err);
	exporting *g;

	if (status != AIODAL_OK)
		return status;
	g = aiodal__background_new(sizeof(*g), &exporting_kind, err);
	if (!g)
		return AIODAL_ENOMEM;
	g->background.place = &tx->background;
	g->tx = tx;
	g->stats.size = sizeof(g->stats);
	g->out = stats;
	status = aiodal__options_copy(&g->options, sizeof(g->options), options, "aiodal_export_options", err);
	g->options.size = sizeof(g->options);
	if (status == AIODAL_OK)
		keep_export_options(&g->kept, &g->options);
	if (g->kept.oom)
		status = aiodal__fail_memory(err);
	if (status == AIODAL_OK)
		*out = g;
	else
		aiodal__background_drop(&g->background);
	return status;
}

aiodal_status
aiodal_bulk_export_start(aiodal_op **op, aiodal_export_stats *stats, aiodal_tx *tx,
						 const aiodal_export_options *options, aiodal_write_cb write, void *payload,
						 aiodal_error **err)
{
	exporting *g;
	aiodal_status status = write ? new_exporting(&g, op, stats, tx, options, err) : missing(op, "write", err);

	if (status != AIODAL_OK)
		return status;
	aiodal__sink_callback(&g->sink, write, payload);
	return aiodal__background_start(op, &g->background, err);
}

aiodal_status
aiodal_bulk_export_file_start(aiodal_op **op, aiodal_export_stats *stats, aiodal_tx *tx,
							  const aiodal_export_options *options, const char *path, aiodal_error **err)
{
	exporting *g;
	aiodal_status status = path ? new_exporting(&g, op, stats, tx, options, err) : missing(op, "path", err);

	if (status != AIODAL_OK)
		return status;
	g->path = path;
	keep_string(&g->kept, &g->path);
	if (g->path)
		return aiodal__background_start(op, &g->background, err);
	aiodal__background_drop(&g->background);
	return aiodal__fail_memory(err);
}

aiodal_status
aiodal_bulk_export_stream_start(aiodal_op **op, aiodal_export_stats *stats, aiodal_tx *tx,
								const aiodal_export_options *options, FILE *stream, aiodal_error **err)
{
	exporting *g;
	aiodal_status status =
		stream ? new_exporting(&g, op, stats, tx, options, err) : missing(op, "stream", err);

	if (status != AIODAL_OK)
		return status;
	aiodal__sink_stream(&g->sink, stream);
	return aiodal__background_start(op, &g->background, err);
}

aiodal_status
aiodal_bulk_export_fd_start(aiodal_op **op, aiodal_export_stats *stats, aiodal_tx *tx,
							const aiodal_export_options *options, int fd, aiodal_error **err)
{
	exporting *g;
	aiodal_status status = new_exporting(&g, op, stats, tx, options, err);

	if (status != AIODAL_OK)
		return status;
	aiodal__sink_fd(&g->sink, fd);
	return aiodal__background_start(op, &g->background, err);
}
