/*
 * aiodal/bulk.h
 *		Files into tables, and tables into files.
 *
 * A load streams its source through COPY into a temporary stage and merges that into the target, all in the
 * transaction it is given and inside a savepoint: when anything fails, what it did is undone, no stage is
 * left, and the transaction goes on as if the load had not been tried. Nothing is visible to others before
 * the commit.
 */
#ifndef AIODAL_BULK_H
#define AIODAL_BULK_H

#include <stdio.h>

#include <aiodal/api.h>

AIODAL_BEGIN_DECLS

typedef enum aiodal_format
{
	AIODAL_FORMAT_AUTO = 0, /* by the name of the file: .csv, .tsv, .txt, .jsonl, .ndjson, .bin, before .gz;
							   without a name csv */
	AIODAL_FORMAT_CSV,
	AIODAL_FORMAT_TEXT,  /* PostgreSQL's own: tabs, \N, backslashes */
	AIODAL_FORMAT_JSONL, /* a JSON object a line */
	AIODAL_FORMAT_BINARY /* PostgreSQL's own, passed through */
} aiodal_format;

typedef enum aiodal_header
{
	AIODAL_HEADER_AUTO = 0, /* csv: yes; text: no */
	AIODAL_HEADER_NO,
	AIODAL_HEADER_YES,  /* names columns in any order when loading into a table; skipped when loading into
						   stage_columns */
	AIODAL_HEADER_MATCH /* must name the columns in their order */
} aiodal_header;

typedef enum aiodal_compression
{
	AIODAL_COMPRESSION_AUTO = 0, /* reading: by the first bytes of any source; writing: by the name, .gz */
	AIODAL_COMPRESSION_NONE,
	AIODAL_COMPRESSION_GZIP
} aiodal_compression;

/* How the data looks; for both directions. */
typedef struct aiodal_layout
{
	aiodal_format format;
	aiodal_header header;
	aiodal_compression compression;
	char delimiter;       /* default: comma for csv (tab for .tsv), tab for text */
	char quote;           /* csv; default " */
	char escape;          /* csv; default the quote */
	const char *null;     /* what stands for NULL; default: nothing unquoted for csv, \N for text */
	const char *encoding; /* of the data; default the connection's (UTF8) */
} aiodal_layout;

#define AIODAL_LAYOUT_INIT                                                                   \
	{                                                                                        \
		AIODAL_FORMAT_AUTO, AIODAL_HEADER_AUTO, AIODAL_COMPRESSION_AUTO, 0, 0, 0, NULL, NULL \
	}

typedef enum aiodal_phase
{
	AIODAL_PHASE_COPY,  /* bytes are on their way */
	AIODAL_PHASE_MERGE, /* the server merges what it has */
	AIODAL_PHASE_DONE
} aiodal_phase;

typedef struct aiodal_progress
{
	size_t size;
	aiodal_phase phase;
	int64_t rows;  /* export: rows. load: lines read, the header too; quoted line ends count as lines */
	int64_t bytes; /* of data, uncompressed */
	int64_t source_bytes; /* read of the source, or written to the file, as it is (compressed) */
	int64_t source_total; /* size of the source; -1 when unknown (a pipe, a callback) */
	double elapsed;       /* seconds since the start */
	const char *path;     /* load: the file that is read; NULL when none is */
	size_t n_paths;       /* load: how many files there are */
} aiodal_progress;

/*
 * Called about ten times a second while data moves and while the server merges, at each change of phase,
 * at the beginning of each file and once at the end. Anything but 0 cancels: the load or export is undone and
 * ends with AIODAL_ECANCELED. Must not use the transaction.
 */
typedef int (*aiodal_progress_cb)(void *payload, const aiodal_progress *progress);

/*
 * Where the data of a load comes from: puts at most size bytes into buf and returns how many; 0 at the end;
 * negative when it failed, with the reason in *err if it has one (aiodal_error_set; err is never NULL). Must
 * not use the transaction.
 */
typedef ptrdiff_t (*aiodal_read_cb)(void *payload, char *buf, size_t size, aiodal_error **err);

/* Where the data of an export goes: returns 0, or anything else when it failed, with the reason in *err if it
 * has one. */
typedef int (*aiodal_write_cb)(void *payload, const char *data, size_t size, aiodal_error **err);

/* A row set aside by on_error "reject"; what is not known is NULL or 0. Borrowed during the call. */
typedef struct aiodal_reject
{
	size_t size;
	int64_t line;   /* first physical line of the record, from 1 */
	int64_t record; /* number of the record, from 1 */
	const char *column_name;
	const char *value; /* cut at 100 bytes */
	const char *sqlstate;
	const char *message;
	const char *raw;  /* the record as it was read; what the merge set aside: its row, as a composite value */
	const char *path; /* of the file that it is in; NULL when the source is none */
} aiodal_reject;

/* Anything but 0 undoes the load with AIODAL_ECALLBACK. Must not use the transaction. */
typedef int (*aiodal_reject_cb)(void *payload, const aiodal_reject *reject);

/*
 * A statement written by hand, with parameters as in aiodal_tx_exec(). {stage}, outside of quotes and
 * comments, stands for the qualified name of the stage.
 */
typedef struct aiodal_statement
{
	const char *sql;
	size_t n_params;
	const char *const *params;
} aiodal_statement;

/*
 * What to load where. Two ways:
 *
 * 1. table (and schema) alone: the stage is made like the table, and the server merges by mode, key and the
 * rest. post_copy statements may change the stage before that.
 * 2. stage_columns and target statements: the stage has just these columns, COPY fills it (jsonl: each line
 * goes whole into the one column that there is, jsonb as a rule), and the target statements, in their order,
 * do what is to be done with it. mode and its companions do not apply.
 *
 * Words such as mode are checked by the server, whose error lists the valid ones.
 */
typedef struct aiodal_load_options
{
	size_t size;
	const char *schema; /* of the table; NULL: by search_path */
	const char *table;
	const char *const
		*columns; /* the columns the data has, in its order; default: those of the header, or all */
	size_t n_columns;
	aiodal_layout layout;

	const char *mode;       /* "insert", "ignore", "upsert" (default), "update", "sync" */
	const char *const *key; /* columns; default: the primary key, else a unique one */
	size_t n_key;
	const char *on_duplicate;          /* one key twice in the data: "error" (default), "first", "last" */
	const char *const *update_columns; /* write these alone on update; default: all that the data has */
	size_t n_update_columns;
	const char *
		delete_where; /* mode sync: delete only where this SQL condition holds. Raw SQL: never from outside */
	const char *on_error;    /* "stop" (default), "reject" */
	int64_t max_rejects;     /* fail when there are more; 0: no limit */
	aiodal_reject_cb reject; /* gets each rejected row, after the merge */
	void *reject_payload;
	bool allow_empty; /* data without a row is AIODAL_EINVAL, so that a truncated file is noticed (and sync
						 does not empty the table); true: it is not */

	const char *const *stage_columns; /* each "name type postfix", e.g. "record jsonb not null". Raw SQL:
										 never from outside */
	size_t n_stage_columns;
	const char *stage; /* name for the stage; default: the table's with "_stage", or "aiodal_stage" */
	const aiodal_statement *pre_copy; /* run when the stage is made, before data comes */
	size_t n_pre_copy;
	const aiodal_statement *post_copy; /* run when the data is there: CREATE INDEX ON {stage} ... */
	size_t n_post_copy;
	const aiodal_statement *target; /* run last: INSERT INTO ... SELECT ... FROM {stage} */
	size_t n_target;

	aiodal_progress_cb progress;
	void *progress_payload;

	int jobs; /* so many connections, at most 64, read the data into one stage, which the transaction then
				 merges; 0 or 1: the transaction's own does all. See below */
} aiodal_load_options;

#define AIODAL_LOAD_OPTIONS_INIT                                                                            \
	{                                                                                                       \
		sizeof(aiodal_load_options), NULL, NULL, NULL, 0, AIODAL_LAYOUT_INIT, NULL, NULL, 0, NULL, NULL, 0, \
			NULL, NULL, 0, NULL, NULL, false, NULL, 0, NULL, NULL, 0, NULL, 0, NULL, 0, NULL, NULL, 0       \
	}

/*
 * With jobs, counts, rows, rejects, duplicates and errors are those of one connection. The connections are
 * opened for the load, besides the pool's, and with the transaction's role and settings of values. Others see
 * no row before the commit, but the stage, which nobody else can read, is an unlogged table in schema
 * aiodal_stage: the role needs USAGE and CREATE there. It is dropped at the end; one that was left behind, by
 * a process that was killed or a COMMIT that failed, is dropped by the next load with jobs, or by
 * aiodal.drop_shared_stages().
 *
 * The connections do not see what the transaction has not committed: a table that it has made, or locked in
 * ACCESS EXCLUSIVE mode, is EINVAL. READ COMMITTED only. Not with stage_columns, stage, pre_copy, post_copy,
 * nor the format binary. They wait no longer than 30 seconds for a lock that others have on the table.
 */

/* What came of a load. The counts are aiodal.merge()'s; with target statements see affected. */
typedef struct aiodal_load_stats
{
	size_t size;
	int64_t staged; /* rows read into the stage */
	int64_t inserted;
	int64_t updated;
	int64_t unchanged;  /* equal to the target's row: left alone */
	int64_t ignored;    /* mode ignore: the key was there. mode update: it was not */
	int64_t deleted;    /* mode sync */
	int64_t duplicates; /* left out by on_duplicate first or last */
	int64_t rejected;
	int64_t affected; /* rows inserted, updated and deleted, by merge or by all target statements together */
	int64_t bytes;    /* of data, uncompressed */
	double elapsed;   /* seconds: all of it, */
	double elapsed_copy;  /* from the first byte to the end of COPY, */
	double elapsed_merge; /* and from there to the end */
	char path[16];        /* "direct" or "sql"; "" with target statements */
	char reason[240];     /* why not direct; cut if longer */
} aiodal_load_stats;

#define AIODAL_LOAD_STATS_INIT                                                         \
	{                                                                                  \
		sizeof(aiodal_load_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0.0, "", "" \
	}

/*
 * Loads from a callback, a file, a stdio stream, a descriptor, memory. Streams and descriptors are read to
 * their end from where they are, and stay open. All sources may be gzip'ed. stats may be NULL. options must
 * name a table or stage_columns.
 *
 * Errors: ENOTFOUND (no such table in the database; no such file), EINVAL (options that contradict each
 * other, a directory, an empty or broken file), ECALLBACK (a callback failed: its own error if it set one,
 * whose status then is what is returned), ECANCELED (by progress), ESERVER and ECONSTRAINT (the server's
 * word, with line, column and value in PG_DIAG_CONTEXT or detail), ETIMEOUT, ECONN (the server is gone;
 * nothing was loaded), ENOMEM, ESTATE, EBUSY.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_bulk_load(aiodal_load_stats *stats, aiodal_tx *tx,
															const aiodal_load_options *options,
															aiodal_read_cb read, void *payload,
															aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_bulk_load_file(aiodal_load_stats *stats, aiodal_tx *tx,
																 const aiodal_load_options *options,
																 const char *path, aiodal_error **err);

/*
 * Loads n files as if they were one: a stage, a merge, all or nothing. Each has its own header, compression
 * and, when that is AUTO, format. The server's errors call a file by its number, "line 3 of input 2"; the
 * context names it.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_bulk_load_files(aiodal_load_stats *stats, aiodal_tx *tx,
																  const aiodal_load_options *options,
																  const char *const *paths, size_t n,
																  aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_bulk_load_stream(aiodal_load_stats *stats, aiodal_tx *tx,
																   const aiodal_load_options *options,
																   FILE *stream, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_bulk_load_fd(aiodal_load_stats *stats, aiodal_tx *tx,
															   const aiodal_load_options *options, int fd,
															   aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_bulk_load_memory(aiodal_load_stats *stats, aiodal_tx *tx,
																   const aiodal_load_options *options,
																   const void *data, size_t size,
																   aiodal_error **err);

typedef struct aiodal_export_options
{
	size_t size;
	const char *query;  /* either a SELECT, VALUES or anything RETURNING rows, without semicolon. Raw SQL:
						   never from outside */
	const char *schema; /* or a table, view, ...; NULL: by search_path */
	const char *table;
	const char *const *columns; /* of the table; default: all */
	size_t n_columns;
	aiodal_layout layout;
	aiodal_progress_cb progress;
	void *progress_payload;
} aiodal_export_options;

#define AIODAL_EXPORT_OPTIONS_INIT                                                               \
	{                                                                                            \
		sizeof(aiodal_export_options), NULL, NULL, NULL, NULL, 0, AIODAL_LAYOUT_INIT, NULL, NULL \
	}

typedef struct aiodal_export_stats
{
	size_t size;
	int64_t rows;
	int64_t bytes;  /* of data, uncompressed */
	double elapsed; /* seconds */
} aiodal_export_stats;

#define AIODAL_EXPORT_STATS_INIT               \
	{                                          \
		sizeof(aiodal_export_stats), 0, 0, 0.0 \
	}

/*
 * Exports by COPY TO STDOUT to a callback, a file, a stdio stream or a descriptor (which both stay open; the
 * stream is flushed). A file is written under another name beside it and renamed when it is complete and on
 * disk: a failed export leaves what was there before. stats may be NULL. An export that fails leaves the
 * transaction usable, unless the connection is lost. PG_DIAG_STATEMENT_POSITION of an error counts in
 * options->query.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_bulk_export(aiodal_export_stats *stats, aiodal_tx *tx,
															  const aiodal_export_options *options,
															  aiodal_write_cb write, void *payload,
															  aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_bulk_export_file(aiodal_export_stats *stats, aiodal_tx *tx,
																   const aiodal_export_options *options,
																   const char *path, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_bulk_export_stream(aiodal_export_stats *stats,
																	 aiodal_tx *tx,
																	 const aiodal_export_options *options,
																	 FILE *stream, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_bulk_export_fd(aiodal_export_stats *stats, aiodal_tx *tx,
																 const aiodal_export_options *options, int fd,
																 aiodal_error **err);

AIODAL_END_DECLS

#endif /* AIODAL_BULK_H */
