/*
 * bulk_export.c
 *		Tables and queries into files.
 */
#include <stdlib.h>
#include <string.h>

#include <aiodal/bulk.h>

#include "copy.h"
#include "error.h"
#include "export.h"
#include "layout.h"
#include "op.h"
#include "progress.h"
#include "sink.h"
#include "tx.h"
#include "util/jsonl.h"
#include "util/mem.h"
#include "util/options.h"

#define UNDO_MS 5000

typedef struct export
{
	aiodal_export_options options;
	aiodal_tx *tx;
	aiodal__conn *conn;
	aiodal__sink *sink;
	aiodal__progress progress;
	int64_t rows;
}
export;

static aiodal_status
take_options(export *e, const aiodal_export_options *given, aiodal_error **err)
{
	aiodal_export_options *o = &e->options;
	aiodal_status status = aiodal__options_copy(o, sizeof(*o), given, "aiodal_export_options", err);

	if (status == AIODAL_OK)
		status = aiodal__check_strings(o->columns, o->n_columns, "columns", err);
	if (status == AIODAL_OK)
		status = aiodal__layout_settle(&o->layout, e->sink->path, err);
	if (status != AIODAL_OK)
		return status;
	if (!o->table == !o->query)
		return aiodal__fail(err, AIODAL_EINVAL, "an export needs either a table or a query");
	if (o->query && (o->schema || o->n_columns > 0))
		return aiodal__fail(err, AIODAL_EINVAL,
							"schema and columns are for exports of a table, not of a query");
	if (o->layout.header == AIODAL_HEADER_MATCH)
		return aiodal__fail(err, AIODAL_EINVAL, "header \"match\" is for loads");
	return AIODAL_OK;
}

/*
 * Columns of the table: those asked for, else all but generated ones, as COPY does it, so that what was
 * exported can be loaded. A table that is not in the snapshot has all.
 */
static void
add_columns(const export *e, aiodal__buf *sql)
{
	const aiodal_table *table = aiodal_schema_table(e->tx->schema, e->options.schema, e->options.table);
	bool any = false;

	if (e->options.n_columns > 0)
	{
		aiodal__buf_idents(sql, e->options.columns, e->options.n_columns);
		return;
	}
	for (int i = 0; i < aiodal_table_column_count(table); i++)
	{
		const aiodal_column *column = aiodal_table_column_at(table, i);

		if (aiodal_column_generated(column))
			continue;
		if (any)
			aiodal__buf_str(sql, ", ");
		aiodal__buf_ident(sql, aiodal_column_name(column));
		any = true;
	}
	if (!any)
		aiodal__buf_str(sql, "*");
}

/* What stands in front of the query. */
static const char *
copy_prefix(const export *e)
{
	/* the alias is one that no column has, or row_to_json would mean the column */
	return e->options.layout.format == AIODAL_FORMAT_JSONL
			   ? "COPY (SELECT pg_catalog.row_to_json(\"aiodal row\") FROM ("
			   : "COPY (";
}

static void
copy_statement(const export *e, aiodal__buf *sql)
{
	const aiodal_export_options *o = &e->options;
	bool jsonl = o->layout.format == AIODAL_FORMAT_JSONL;

	aiodal__buf_str(sql, copy_prefix(e));
	if (o->query)
		aiodal__buf_printf(sql, "%s\n", o->query); /* it may end in a comment */
	else
	{
		aiodal__buf_str(sql, "SELECT ");
		add_columns(e, sql);
		aiodal__buf_str(sql, " FROM ");
		aiodal__qualified(sql, o->schema, o->table);
	}
	aiodal__buf_str(sql, jsonl ? ") \"aiodal row\") TO STDOUT WITH (" : ") TO STDOUT WITH (");
	aiodal__layout_options(sql, e->conn->pg, &o->layout, "text");
	aiodal__buf_str(sql, ")");
}

static aiodal_status
take(void *payload, const char *data, size_t len, aiodal_error **err)
{
	export *e = payload;
	aiodal_status status;

	/* libpq's row buffer is ours until it is freed */
	if (e->options.layout.format == AIODAL_FORMAT_JSONL)
		len = aiodal__jsonl_from_row((char *) data, len);
	status = aiodal__sink_write(e->sink, data, len, err);
	if (status != AIODAL_OK)
		return status;
	e->progress.now.rows++;
	e->progress.now.bytes = e->sink->taken;
	e->progress.now.source_bytes = e->sink->given;
	return aiodal__progress_tick(&e->progress) ? aiodal__progress_canceled(err) : AIODAL_OK;
}

static aiodal_status
copy(export *e, aiodal_error **err)
{
	aiodal__buf sql = AIODAL__BUF_INIT;
	aiodal_status status = AIODAL_OK;

	copy_statement(e, &sql);
	if (sql.oom)
		status = aiodal__fail_memory(err);
	else if (aiodal__progress_phase(&e->progress, AIODAL_PHASE_COPY))
		status = aiodal__progress_canceled(err);
	else
		status = aiodal__copy_out(e->conn, sql.data, take, e, &e->rows, err);
	aiodal__buf_free(&sql);
	if (status == AIODAL_OK && aiodal__progress_phase(&e->progress, AIODAL_PHASE_DONE))
		status = aiodal__progress_canceled(err);
	return status == AIODAL_OK ? aiodal__sink_finish(e->sink, err) : status;
}

/* Inside a savepoint, since a COPY that fails or is cancelled would cost the transaction. */
static aiodal_status
run(export *e, aiodal_error **err)
{
	aiodal_status status = aiodal__op_command(e->conn, "SAVEPOINT aiodal_export", false, NULL, err);
	int64_t deadline = e->conn->deadline;
	aiodal__tick_fn before = e->conn->tick;

	if (status != AIODAL_OK)
		return status;
	if (aiodal__progress_has_ticks(&e->progress))
	{
		e->conn->tick = aiodal__progress_tick;
		e->conn->tick_payload = &e->progress;
	}
	status = copy(e, err);
	e->conn->tick = NULL;
	if (status == AIODAL_OK)
		status = aiodal__op_command(e->conn, "RELEASE SAVEPOINT aiodal_export", false, NULL, err);
	else
	{
		e->conn->deadline = aiodal__deadline(UNDO_MS);
		(void) aiodal__op_command(e->conn,
								  "ROLLBACK TO SAVEPOINT aiodal_export; RELEASE SAVEPOINT aiodal_export",
								  false, NULL, NULL);
		e->conn->deadline = deadline;
	}
	e->conn->tick = before;
	return status;
}

/* A position in the statement as one in the caller's query. */
static void
point_into_query(const export *e, aiodal_error **err)
{
	const char *position = aiodal_error_field(*err, PG_DIAG_STATEMENT_POSITION);
	long at = position ? strtol(position, NULL, 10) - (long) strlen(copy_prefix(e)) : 0;

	if (position)
		aiodal__error_set_position(err, e->options.query && at <= (long) strlen(e->options.query) ? at : 0);
}

/* No such table: not found, with the names that are. */
static aiodal_status
explain(const export *e, aiodal_status status, aiodal_error **err)
{
	const char *sqlstate;
	char *hint;

	point_into_query(e, err);
	sqlstate = aiodal_error_sqlstate(*err);
	if (!e->options.table || !sqlstate || (strcmp(sqlstate, "42P01") != 0 && strcmp(sqlstate, "3F000") != 0))
		return status;
	hint = aiodal__schema_suggest_table(e->tx->schema, e->options.schema, e->options.table);
	aiodal__error_annotate(err, NULL, hint);
	aiodal__free(hint);
	return aiodal__error_restatus(err, AIODAL_ENOTFOUND);
}

static aiodal_status
prepare(export *e, const aiodal_export_options *given, aiodal_error **err)
{
	aiodal_status status = aiodal__tx_check(e->tx, err);

	if (status == AIODAL_OK)
		status = take_options(e, given, err);
	if (status != AIODAL_OK)
		return status;
	e->conn = e->tx->conn;
	aiodal__progress_start(&e->progress, e->options.progress, e->options.progress_payload);
	return aiodal__sink_start(e->sink, e->options.layout.compression, err);
}

aiodal_status
aiodal__export_run(aiodal_export_stats *stats, aiodal_tx *tx, const aiodal_export_options *given,
				   aiodal__sink *sink, aiodal_error **err)
{
	export e = {.tx = tx, .sink = sink};
	aiodal_error *own = NULL;
	aiodal_status status = prepare(&e, given, &own);

	if (status == AIODAL_OK)
	{
		status = run(&e, &own);
		if (status == AIODAL_ESERVER)
			status = explain(&e, status, &own);
	}
	if (status == AIODAL_OK)
	{
		aiodal_export_stats mine = {sizeof(mine), e.rows, sink->taken, aiodal__progress_elapsed(&e.progress)};

		aiodal__options_give(stats, &mine, sizeof(mine));
	}
	aiodal__sink_close(sink);
	aiodal__error_move(err, &own);
	return status;
}

aiodal_status
aiodal_bulk_export(aiodal_export_stats *stats, aiodal_tx *tx, const aiodal_export_options *options,
				   aiodal_write_cb write, void *payload, aiodal_error **err)
{
	aiodal__sink sink;

	if (!write)
		return aiodal__fail(err, AIODAL_EINVAL, "write must not be NULL");
	aiodal__sink_callback(&sink, write, payload);
	return aiodal__export_run(stats, tx, options, &sink, err);
}

aiodal_status
aiodal__export_file(aiodal_export_stats *stats, aiodal_tx *tx, const aiodal_export_options *options,
					const char *path, aiodal_error **err)
{
	aiodal__sink sink;
	aiodal_status status = aiodal__sink_file(&sink, path, err);

	if (status == AIODAL_OK)
		return aiodal__export_run(stats, tx, options, &sink, err);
	aiodal__sink_close(&sink);
	return status;
}

aiodal_status
aiodal_bulk_export_file(aiodal_export_stats *stats, aiodal_tx *tx, const aiodal_export_options *options,
						const char *path, aiodal_error **err)
{
	return path ? aiodal__export_file(stats, tx, options, path, err)
				: aiodal__fail(err, AIODAL_EINVAL, "path must not be NULL");
}

aiodal_status
aiodal_bulk_export_stream(aiodal_export_stats *stats, aiodal_tx *tx, const aiodal_export_options *options,
						  FILE *stream, aiodal_error **err)
{
	aiodal__sink sink;

	if (!stream)
		return aiodal__fail(err, AIODAL_EINVAL, "stream must not be NULL");
	aiodal__sink_stream(&sink, stream);
	return aiodal__export_run(stats, tx, options, &sink, err);
}

aiodal_status
aiodal_bulk_export_fd(aiodal_export_stats *stats, aiodal_tx *tx, const aiodal_export_options *options, int fd,
					  aiodal_error **err)
{
	aiodal__sink sink;

	aiodal__sink_fd(&sink, fd);
	return aiodal__export_run(stats, tx, options, &sink, err);
}
