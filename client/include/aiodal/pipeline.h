/*
 * aiodal/pipeline.h
 *		Many statements in one round trip.
 *
 *		aiodal_pipeline *p;
 *		st = aiodal_pipeline_begin(&p, tx, &err);
 *		for (each row) st = aiodal_pipeline_exec(p, "INSERT INTO book VALUES ($1, $2)", 2, row, &err);
 *		st = aiodal_pipeline_run(p, &err);
 *		aiodal_pipeline_free(p);
 *
 * Statements go to the server while more are added, and nobody waits for an answer until all are there. They
 * run in their order, in the transaction they were begun in. The first that fails ends it: the error is that
 * statement's and says which it was, those behind it are not run, and the transaction has failed, as by any
 * statement; aiodal_tx_nested() around it keeps what was before. A statement that is the same as the one
 * before it is not parsed again.
 *
 * From begin to the end of run nothing else can run on the transaction (AIODAL_EBUSY). A pipeline is for the
 * thread of its transaction; only cancelling may come from others. Free it before its transaction.
 */
#ifndef AIODAL_PIPELINE_H
#define AIODAL_PIPELINE_H

#include <aiodal/api.h>
#include <aiodal/value.h>

AIODAL_BEGIN_DECLS

typedef enum aiodal_step_state
{
	AIODAL_STEP_PENDING, /* no answer yet */
	AIODAL_STEP_DONE,
	AIODAL_STEP_FAILED, /* one at most */
	AIODAL_STEP_SKIPPED /* behind it: not run, or undone by the server when the connection was lost */
} aiodal_step_state;

/* *pipeline is owned by the caller: aiodal_pipeline_free(). */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_pipeline_begin(aiodal_pipeline **pipeline, aiodal_tx *tx,
																 aiodal_error **err);

/*
 * Adds a statement; arguments as those of aiodal_tx_exec() and aiodal_tx_query(), copied. Never waits: what
 * the socket does not take is kept in memory. AIODAL_EINVAL adds nothing and leaves the pipeline as it was
 * (COPY is refused so); after any other failure it can only be freed.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_pipeline_exec(aiodal_pipeline *pipeline, const char *sql,
																size_t n, const char *const *params,
																aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_pipeline_query(aiodal_pipeline *pipeline, const char *sql,
																 size_t n, const aiodal_value *params,
																 const aiodal_query_options *options,
																 aiodal_error **err);

/* Waits until all of them have run, or one has failed. Once; nothing can be added then. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_pipeline_run(aiodal_pipeline *pipeline, aiodal_error **err);

/*
 * The same without waiting: *op is over when all of them are, with the status and error of run; see
 * aiodal/async.h. Its result is always NULL. aiodal_op_free() before aiodal_pipeline_free().
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_pipeline_start(aiodal_op **op, aiodal_pipeline *pipeline,
																 aiodal_error **err);

/* How many were added. They are numbered from 0. */
AIODAL_API size_t aiodal_pipeline_count(const aiodal_pipeline *pipeline);

/* PENDING for numbers that are none. */
AIODAL_API aiodal_step_state aiodal_pipeline_state(const aiodal_pipeline *pipeline, size_t i);

/* The result of one that is DONE, once; the caller owns it (aiodal_result_free). Else NULL. */
AIODAL_API aiodal_result *aiodal_pipeline_take_result(aiodal_pipeline *pipeline, size_t i);

/* Of one that was not run, or still runs: cancels what runs and waits for that, as aiodal_op_free(). NULL is
 * ignored. */
AIODAL_API void aiodal_pipeline_free(aiodal_pipeline *pipeline);

AIODAL_END_DECLS

#endif /* AIODAL_PIPELINE_H */
