/*
 * op.h
 *		Commands on a connection, one at a time.
 */
#ifndef AIODAL_SRC_OP_H
#define AIODAL_SRC_OP_H

#include <aiodal/async.h>

#include "conn.h"
#include "request.h"

/* Sends a statement with parameters (extended protocol: exactly one). Afterwards the operation is to be
 * released. */
extern aiodal_status aiodal__op_start(aiodal__conn *conn, const char *sql, size_t n,
									  const char *const *params, aiodal_error **err);

/* The same by the simple protocol, see aiodal__op_command(). */
extern aiodal_status
aiodal__op_start_command(aiodal__conn *conn, const char *sql, bool may_copy, aiodal_error **err);

/* The same with all that a statement can have. */
extern aiodal_status aiodal__op_send(aiodal__conn *conn, const aiodal__request *request, aiodal_error **err);

/*
 * Send and take in one. When what was prepared is out of date and nothing else has happened in the
 * transaction yet, it is begun again and the statement runs anew; otherwise that is AIODAL_ERETRY.
 */
extern aiodal_status
aiodal__op_request(aiodal__conn *conn, const aiodal__request *request, PGresult **res, aiodal_error **err);

/* Has a transaction whose BEGIN was to go with its first command begun. */
extern aiodal_status aiodal__op_settle(aiodal__conn *conn, aiodal_error **err);

/* Blocks until done or limit has passed; as step. */
extern aiodal_status aiodal__op_wait(aiodal__conn *conn, int64_t limit);

/* Blocks until done. */
extern aiodal_status aiodal__op_finish(aiodal__conn *conn, aiodal_error **err);

/* Makes the operation free again. Done ones alone. */
extern void aiodal__op_release(aiodal__conn *conn);

/* Both in one. *res, which may be NULL, is the caller's to clear. */
extern aiodal_status aiodal__op_take(aiodal__conn *conn, PGresult **res, aiodal_error **err);

/* Start, finish and release in one. *res may be NULL; otherwise the caller clears it. */
extern aiodal_status aiodal__op_exec(aiodal__conn *conn, const char *sql, size_t n, const char *const *params,
									 PGresult **res, aiodal_error **err);

/*
 * The same by the simple protocol: sql of our own making, or scripts of many statements, whose last result is
 * *res. may_copy: stops where a COPY begins, which the caller then has to do and end.
 */
extern aiodal_status
aiodal__op_command(aiodal__conn *conn, const char *sql, bool may_copy, PGresult **res, aiodal_error **err);

/* Lets go of the operation of a connection that does not answer: it is broken, and nothing is cancelled. */
extern void aiodal__op_drop(aiodal__conn *conn);

/*
 * Statements sent together, in one round trip, each in its place of results[n], which the caller clears.
 * Stops at the first that fails (unless behind a sync) and gives its error.
 */
typedef enum aiodal__step_kind
{
	AIODAL__STEP_EXEC,    /* a statement with parameters */
	AIODAL__STEP_BINARY,  /* the same, its result in binary form */
	AIODAL__STEP_COLUMNS, /* the columns a statement would return; it is not run */
	AIODAL__STEP_SYNC     /* what follows runs even if something before failed */
} aiodal__step_kind;

typedef struct aiodal__step
{
	aiodal__step_kind kind;
	const char *sql;
	int n_params;
	const char *const *params;
} aiodal__step;

extern aiodal_status aiodal__op_pipeline(aiodal__conn *conn, const aiodal__step *steps, int n,
										 PGresult **results, aiodal_error **err);

/*
 * A pipeline of somebody else's: from now on the operation runs, and hands each result, and the NULL behind a
 * statement's, to take. It ends with the one sync, which the caller sends. *over is set when it is released.
 */
extern aiodal_status
aiodal__op_begin_pipeline(aiodal__conn *conn, aiodal__take_result_fn take, struct aiodal_pipeline *pipeline,
						  bool *over, aiodal_error **err);

/* It cannot be sent whole: the connection is of no use any more, and the operation is over. */
extern aiodal_status aiodal__op_give_up(struct aiodal_op *op);

/* Goes on as far as it can without blocking. */
extern aiodal_status aiodal__op_step(struct aiodal_op *op);

extern bool aiodal__op_failed(const PGresult *res);

/* A statement has ended well: what that means for the connection. */
extern void aiodal__op_notice_tag(struct aiodal_op *op, PGresult *res);

#endif /* AIODAL_SRC_OP_H */
