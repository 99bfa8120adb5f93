/*
 * load.h
 *		The inside of a load, shared by its parts: bulk_load.c runs the steps, load_stage.c speaks with the
 *		extension, load_copy.c sends the data, or has load_jobs.c do it; load_input.c is below both.
 */
#ifndef AIODAL_SRC_LOAD_H
#define AIODAL_SRC_LOAD_H

#include <aiodal/bulk.h>

#include "progress.h"
#include "source.h"
#include "tx.h"
#include "util/buf.h"
#include "util/jsonl.h"

typedef struct aiodal__load
{
	aiodal_load_options options; /* layout as given, each source settles its own */
	aiodal_load_stats stats;
	aiodal_tx *tx;
	aiodal__conn *conn;

	const char *const *paths; /* of files; NULL: source is all there is */
	size_t n_paths;
	size_t at;              /* the one that is read */
	aiodal__source *source; /* what is read: the caller's, or the file's */
	aiodal_layout layout;   /* of that, settled */
	int64_t total;          /* bytes of all of them; -1: unknown */
	int64_t bytes_before;   /* of the files before: handed out, */
	int64_t taken_before;   /* and read */

	aiodal__progress progress;
	bool copying;      /* COPY is running */
	bool server_spoke; /* while we waited for the source */
	bool by_hand;      /* stage_columns and target statements */
	char *stage;       /* its name, as SQL */
	char *chunk;
	char *rows;      /* of jsonl, by hand: the chunk as rows of COPY's text format */
	bool makes_rows; /* this source is such */
	aiodal__jsonl jsonl;
	struct aiodal__jobs *jobs; /* who copies instead of conn, when there are several; or NULL */
} aiodal__load;

/*
 * The whole: tx, source and, for files, paths are set, which opens each. Frees all that the load has and the
 * source.
 */
extern aiodal_status aiodal__load_run(aiodal__load *l, const aiodal_load_options *given,
									  aiodal_load_stats *stats, aiodal_error **err);

/* aiodal_bulk_load() from a read of the library's own. */
extern aiodal_status
aiodal__load_data(aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_load_options *options,
				  aiodal_read_cb read, void *payload, aiodal_error **err);
extern aiodal_status aiodal__load_check_paths(const char *const *paths, size_t n, aiodal_error **err);

/* Makes the stage, empty; l->stage is its name. */
extern aiodal_status aiodal__load_make_stage(aiodal__load *l, aiodal_error **err);

/* Runs statements that were written by hand; what says which, for errors. */
extern aiodal_status aiodal__load_run_statements(aiodal__load *l, const aiodal_statement *statements,
												 size_t n, const char *what, aiodal_error **err);

/* Merges the stage into the table, and hands rows that were set aside to the callback. */
extern aiodal_status aiodal__load_merge(aiodal__load *l, aiodal_error **err);
extern aiodal_status aiodal__load_report_rejects(aiodal__load *l, aiodal_error **err);

/* The source is open: finds out what is in it, and that there is something. */
extern aiodal_status aiodal__load_start_source(aiodal__load *l, aiodal_error **err);

/* Copies the source, and all files behind it, into the stage. */
extern aiodal_status aiodal__load_copy(aiodal__load *l, aiodal_error **err);

/* load_input.c */

/* AIODAL_EINVAL for an empty source, or file, that is not to be empty. */
extern aiodal_status aiodal__load_check_not_empty(const aiodal__load *l, bool empty, aiodal_error **err);

/* Appends the COPY of the source into the stage. */
extern void aiodal__load_copy_statement(const aiodal__load *l, aiodal__buf *sql);

/* Counts what was read of the source, for the progress. */
extern void aiodal__load_note_read(aiodal__load *l, const char *data, size_t len);

#endif /* AIODAL_SRC_LOAD_H */
