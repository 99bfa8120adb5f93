/*
 * aiodal/async.h
 *		Transactions, and one statement at a time, without blocking.
 *
 *		aiodal_op *op;
 *		st = aiodal_tx_exec_start(&op, tx, sql, 0, NULL, &err);
 *		while (st == 0 && (st = aiodal_op_poll(op, &err)) > 0)
 *			wait until aiodal_op_fd(op) is readable (or writable too, for AIODAL_WANT_WRITE), but not longer
 *			than aiodal_op_timeout(op); then st = 0;
 *		if (st == 0)
 *			res = aiodal_op_take_result(op);
 *		aiodal_op_free(op);
 *
 * In an event loop: aiodal/adapters/{poll,libuv,libevent}.h.
 *
 * A query too large for the memory is read in chunks (chunk_rows of aiodal_query_options), blocking or not:
 * AIODAL_OK says that the next one can be taken, and NULL that there are no more. A query without rows gives
 * one result, of none.
 *
 *		st = aiodal_tx_query_start(&op, tx, sql, 0, NULL, &options, &err);
 *		while (st == 0 && (st = aiodal_op_wait(op, -1, &err)) == 0 &&
 *			   (res = aiodal_op_take_result(op)) != NULL)
 *			use it, then aiodal_result_free(res);
 *		aiodal_op_free(op);
 *
 * What the server has sent is not taken back when the query fails later. Until the operation is freed the
 * transaction runs nothing else.
 *
 * A transaction begins and ends so, too, which may take more than one step each: waiting for a connection of
 * the pool, making a new one, BEGIN; COMMIT, DISCARD ALL. A whole one in turn:
 *
 *		aiodal_tx_begin_start(&op, &tx, db, NULL, &err)			... until done; aiodal_op_free(op);
 *		aiodal_tx_exec_start(&op, tx, sql, 0, NULL, &err)		... until done; aiodal_op_free(op);
 *		aiodal_tx_commit_start(&op, tx, &err)					... until done; aiodal_op_free(op);
 *		aiodal_tx_free(tx);
 *
 * aiodal_tx_free() of a transaction that is still open waits for a rollback: where that is to block nobody,
 * aiodal_tx_rollback_start() comes first. In a sandbox (aiodal/sandbox.h), where all that is done shares one
 * connection, the calls that start to begin and to end a transaction block.
 *
 * Each blocking call is the same start with aiodal_op_wait(). A transaction runs one operation at a time:
 * starting another before the first is freed is AIODAL_EBUSY. Free the operation before its transaction.
 */
#ifndef AIODAL_ASYNC_H
#define AIODAL_ASYNC_H

#include <aiodal/bulk.h>
#include <aiodal/db.h>
#include <aiodal/row.h>
#include <aiodal/sandbox.h>
#include <aiodal/tx.h>

AIODAL_BEGIN_DECLS

/*
 * Operations in a thread. These run the blocking function in a thread of the library's, which ends with them:
 * nothing that function waits for, the lookup of a name among it, blocks who polls. Callbacks, notices and
 * traces run in aiodal_op_poll() and aiodal_op_wait(), and so never while nobody calls these; they may call
 * aiodal_op_cancel(), and nothing else, on their operation. Once it is cancelled, or being freed, only
 * notices and traces come; once it is freed, nothing does.
 */

/*
 * Opens a db, as aiodal_db_open(). conninfo and options need not outlive the call. *db is NULL until the
 * operation is done with AIODAL_OK, and then the caller's; db itself must stay until that, or until the
 * operation is freed.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_db_open_start(aiodal_op **op, aiodal_db **db,
																const char *conninfo,
																const aiodal_db_options *options,
																aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_db_reflect_start(aiodal_op **op, aiodal_db *db,
																   aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_db_ping_start(aiodal_op **op, aiodal_db *db,
																aiodal_error **err);

/* A sandbox, as those without _start. It is that of the thread that starts it. Freed before it is done, it
 * may have begun, or ended, or go on ending. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_db_sandbox_begin_start(aiodal_op **op, aiodal_db *db,
																		 aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_db_sandbox_end_start(aiodal_op **op, aiodal_db *db,
																	   aiodal_error **err);

/*
 * Loads and exports, as the functions without _start. options and strings are copied; data, streams and
 * descriptors must stay until the operation is freed, and so must stats, which may be NULL and is written
 * when the operation is done with AIODAL_OK. What reads and writes files, streams and descriptors is the
 * thread: a stream that blocks keeps it, and whoever frees the operation, waiting.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_bulk_load_start(aiodal_op **op, aiodal_load_stats *stats,
																  aiodal_tx *tx,
																  const aiodal_load_options *options,
																  aiodal_read_cb read, void *payload,
																  aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_bulk_load_file_start(aiodal_op **op,
																	   aiodal_load_stats *stats,
																	   aiodal_tx *tx,
																	   const aiodal_load_options *options,
																	   const char *path, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_bulk_load_files_start(
	aiodal_op **op, aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_load_options *options,
	const char *const *paths, size_t n, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_bulk_load_stream_start(aiodal_op **op,
																		 aiodal_load_stats *stats,
																		 aiodal_tx *tx,
																		 const aiodal_load_options *options,
																		 FILE *stream, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_bulk_load_fd_start(aiodal_op **op, aiodal_load_stats *stats,
																	 aiodal_tx *tx,
																	 const aiodal_load_options *options,
																	 int fd, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_bulk_load_memory_start(
	aiodal_op **op, aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_load_options *options,
	const void *data, size_t size, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_bulk_export_start(aiodal_op **op,
																	aiodal_export_stats *stats, aiodal_tx *tx,
																	const aiodal_export_options *options,
																	aiodal_write_cb write, void *payload,
																	aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status
aiodal_bulk_export_file_start(aiodal_op **op, aiodal_export_stats *stats, aiodal_tx *tx,
							  const aiodal_export_options *options, const char *path, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status
aiodal_bulk_export_stream_start(aiodal_op **op, aiodal_export_stats *stats, aiodal_tx *tx,
								const aiodal_export_options *options, FILE *stream, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_bulk_export_fd_start(aiodal_op **op,
																	   aiodal_export_stats *stats,
																	   aiodal_tx *tx,
																	   const aiodal_export_options *options,
																	   int fd, aiodal_error **err);

/*
 * Rows of tables, as the functions of aiodal/row.h without _start. What the pointers lead to, rows, keys,
 * parameters and the mapping, must stay until the operation is freed; but options are copied. *res and *rows
 * are NULL until the operation is done with AIODAL_OK.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_mapping_select_start(
	aiodal_op **op, aiodal_result **res, void **rows, aiodal_tx *tx, const aiodal_mapping *mapping,
	const char *tail, size_t n, const aiodal_value *params, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_mapping_find_start(aiodal_op **op, aiodal_result **res,
																	 void **rows, aiodal_tx *tx,
																	 const aiodal_mapping *mapping,
																	 const void *key, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_mapping_insert_start(aiodal_op **op, aiodal_result **res,
																	   void **rows, aiodal_tx *tx,
																	   const aiodal_mapping *mapping,
																	   const void *row, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_mapping_update_start(aiodal_op **op, aiodal_result **res,
																	   void **rows, aiodal_tx *tx,
																	   const aiodal_mapping *mapping,
																	   const void *row, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_mapping_delete_start(aiodal_op **op, aiodal_tx *tx,
																	   const aiodal_mapping *mapping,
																	   const void *key, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_mapping_load_start(
	aiodal_op **op, aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_mapping *mapping, const void *rows,
	size_t n, const aiodal_load_options *options, aiodal_error **err);

/* As aiodal_tx_get_alias(); *alias is NULL until the operation is done with AIODAL_OK. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_get_alias_start(aiodal_op **op,
																	 const aiodal_alias **alias,
																	 aiodal_tx *tx, const char *name,
																	 aiodal_error **err);

/*
 * As aiodal_db_transact() and aiodal_tx_nested(): fn is written as for those, with calls that block, and runs
 * in the thread, as do all callbacks, notices and traces meanwhile. That thread gets none of the program's
 * signals. Cancelled, the statement that runs and each that follows is AIODAL_ECANCELED, and there is no
 * other attempt. Whoever frees the operation before it is done waits until fn returns.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_db_transact_start(aiodal_op **op, aiodal_db *db,
																	const aiodal_tx_options *options,
																	aiodal_tx_fn fn, void *payload,
																	aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_nested_start(aiodal_op **op, aiodal_tx *tx,
																  aiodal_tx_fn fn, void *payload,
																  aiodal_error **err);

/*
 * Begins a transaction, as aiodal_tx_begin(). Until the operation is done with AIODAL_OK, and when it is done
 * with anything else, *tx is AIODAL_TX_NOT_BEGUN and good for nothing but aiodal_tx_free(). Waiting for a
 * free connection keeps its place in the queue among those who block. Cancelled, it leaves the queue, or
 * gives the connection back. *op and *tx are the caller's, unless the start fails: then both are NULL.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_begin_start(aiodal_op **op, aiodal_tx **tx,
																 aiodal_db *db,
																 const aiodal_tx_options *options,
																 aiodal_error **err);

/*
 * Ends a transaction, as aiodal_tx_commit() and aiodal_tx_rollback(): with the operation done, the
 * transaction's state is final, whatever the status, and its connection has gone back to the pool. A commit
 * can be cancelled while deferred constraints are checked: then it is rolled back. Freed before it is done,
 * it may end as AIODAL_TX_IN_DOUBT.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_commit_start(aiodal_op **op, aiodal_tx *tx,
																  aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_rollback_start(aiodal_op **op, aiodal_tx *tx,
																	aiodal_error **err);

/* As the functions without _start. name and sql need not outlive the call; the result is the last
 * statement's. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_savepoint_start(aiodal_op **op, aiodal_tx *tx,
																	 const char *name, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_release_start(aiodal_op **op, aiodal_tx *tx,
																   const char *name, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_rollback_to_start(aiodal_op **op, aiodal_tx *tx,
																	   const char *name, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_exec_script_start(aiodal_op **op, aiodal_tx *tx,
																	   const char *sql, aiodal_error **err);

/*
 * Sends a statement; arguments as those of aiodal_tx_exec(). They are copied: they need not outlive the call.
 * *op is owned by the caller: aiodal_op_free().
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_exec_start(aiodal_op **op, aiodal_tx *tx,
																const char *sql, size_t n,
																const char *const *params,
																aiodal_error **err);

/* The socket to watch; -1 when the connection is lost. It may change while the operation runs: ask each time.
 */
AIODAL_API int aiodal_op_fd(const aiodal_op *op);

/* Milliseconds after which to poll although the descriptor is not ready, for the transaction's deadline; -1:
 * no need to. */
AIODAL_API int aiodal_op_timeout(const aiodal_op *op);

/*
 * Goes on as far as it can without blocking. AIODAL_OK: done, the result, or one of them, can be taken.
 * AIODAL_WANT_READ, AIODAL_WANT_WRITE: wait for the descriptor, then poll again. Negative: the statement
 * failed, with the same status and error as aiodal_tx_exec() would give; asked again it gives the same again.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_op_poll(aiodal_op *op, aiodal_error **err);

/*
 * Blocks until the operation is done, at most timeout_ms milliseconds (negative: no limit of its own; the
 * transaction's deadline holds anyway). When that time passes: AIODAL_WANT_READ, and the operation goes on.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_op_wait(aiodal_op *op, int timeout_ms, aiodal_error **err);

/* The result, once, or the next chunk; the caller owns it (aiodal_result_free). NULL when not done, failed,
 * or taken before. */
AIODAL_API aiodal_result *aiodal_op_take_result(aiodal_op *op);

/*
 * Asks the server to stop the statement, and does not wait: the request travels on a connection and in a
 * thread of its own. Any thread may call it, as long as the operation is not freed. Keep polling: the
 * operation then ends with AIODAL_ECANCELED, or as if nothing had happened when it was done already.
 */
AIODAL_API void aiodal_op_cancel(aiodal_op *op);

/*
 * Frees the operation. One that still runs is cancelled and waited for: a second at most, then the connection
 * is dropped. One that runs in a thread is waited for until the server has stopped and undone what it did, or
 * has not done so for some seconds; or, where it has no transaction that somebody else owns, for a second:
 * then its thread is left to end by itself.
 */
AIODAL_API void aiodal_op_free(aiodal_op *op);

AIODAL_END_DECLS

#endif /* AIODAL_ASYNC_H */
