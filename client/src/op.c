/*
 * op.c
 *		A command from its start to its result, for callers that block and for those that do not.
 *
 * Design notes. There is one operation per connection and it lives in it. The blocking calls are start and
 * finish over the same step() that aiodal_op_poll() runs. step() reads results until the command is over and
 * keeps the one that matters: the first that failed, else the last. Errors are made from that result whenever
 * one is asked for.
 *
 * There are operations of another kind, which are more than one command (tx_turn.c). Their handle is the
 * same, so the public functions ask for the kind first.
 *
 * A transaction's BEGIN may be left to its first command. A statement takes it along in a pipeline; what
 * cannot be in one is copied, and sent by step() when BEGIN has been answered.
 *
 * Rows that are wanted in chunks come from libpq one by one and are gathered. With a whole chunk step() stops
 * until that was taken, and reads nothing meanwhile: the server waits for whoever reads slowly.
 */
#include "op.h"

#include <stdio.h>
#include <string.h>

#include "error.h"
#include "result.h"
#include "trace.h"
#include "util/mem.h"
#include "util/sql.h"

#define MAX_PARAMS  65535     /* the protocol counts them in 16 bits */
#define CHUNK_BYTES (1 << 20) /* of rows handed over at once, however many are wanted */

/* The rows that are to come are nobody's any more. */
static void
discard_rows(struct aiodal_op *op)
{
	PQclear(op->chunk);
	op->chunk = NULL;
	op->chunk_rows = 0;
	op->chunk_ready = false;
}

static aiodal_status
begin(aiodal__conn *conn, bool may_copy, aiodal_error **err)
{
	aiodal_status status;

	if (conn->op.state != AIODAL__OP_FREE)
		return aiodal__fail_hint(err, AIODAL_EBUSY, NULL, "Finish and free it first.",
								 "another operation is running on this transaction");
	status = aiodal__conn_start(conn, err);
	if (status != AIODAL_OK)
		return status;
	conn->op.state = AIODAL__OP_RUNNING;
	conn->op.may_copy = may_copy;
	conn->op.status = AIODAL_OK;
	conn->op.first = conn->fresh;
	conn->fresh = false;
	return AIODAL_OK;
}

/* sent: what libpq's send function returned */
static aiodal_status
sent(aiodal__conn *conn, int sent, aiodal_error **err)
{
	if (sent)
		return AIODAL_OK;
	aiodal__conn_done(conn);
	aiodal__op_release(conn);
	return aiodal__fail_conn(err, PQstatus(conn->pg) == CONNECTION_BAD ? AIODAL_ECONN : AIODAL_EINVAL,
							 conn->pg);
}

/* In a pipeline: deallocates what it was, and prepares it. */
static bool
send_preparation(aiodal__conn *conn, const aiodal__statement *s)
{
	char deallocate[64];
	bool good = true;

	conn->op.anew = true;
	if (s->old[0])
	{
		(void) snprintf(deallocate, sizeof(deallocate), "DEALLOCATE %s", s->old);
		good = PQsendQueryParams(conn->pg, deallocate, 0, NULL, NULL, NULL, NULL, 0);
		conn->op.before++;
	}
	conn->op.before++;
	return good && PQsendPrepare(conn->pg, s->name, s->sql, (int) s->n, s->types);
}

/* Who traces hears of a BEGIN that goes along as it is sent: should it fail, nothing behind it runs, and the
 * first statement's error is its. */
static void
trace_begin_along(aiodal__conn *conn)
{
	if (conn->begin != AIODAL__BEGIN_LATE)
		return;
	aiodal__trace_begin(conn, conn->begin_sql, 0, NULL);
	aiodal__trace_end(conn, AIODAL_OK, NULL);
}

/* BEGIN goes ahead of a pipeline, if it has not been sent. */
static bool
send_begin_along(aiodal__conn *conn)
{
	if (conn->begin != AIODAL__BEGIN_LATE)
		return true;
	conn->op.begins = true;
	return PQsendQueryParams(conn->pg, conn->begin_sql, 0, NULL, NULL, NULL, NULL, 0);
}

/* A statement and what has to come before it, in one round trip. */
static bool
send_together(aiodal__conn *conn, const aiodal__statement *s, const aiodal__request *request)
{
	bool good = PQenterPipelineMode(conn->pg);

	conn->op.pipelined = good;
	good = good && send_begin_along(conn) && (!s || s->ready || send_preparation(conn, s)) &&
		   aiodal__request_send(conn->pg, request, s ? s->name : NULL) && PQpipelineSync(conn->pg);
	/* a part of it may be on its way */
	if (!good)
		conn->broken = true;
	return good;
}

static bool
send_request(aiodal__conn *conn, const aiodal__request *request)
{
	aiodal__statement *s = NULL;

	if (request->simple)
		return PQsendQuery(conn->pg, request->sql);
	/* what gives rows in chunks is in no hurry, and in a pipeline it is not that simple */
	if (request->keep && request->chunk_rows == 0)
		s = aiodal__prepared_find(&conn->prepared, request->sql, request->n, request->types);
	conn->op.statement = s;
	if ((s && !s->ready) || conn->begin == AIODAL__BEGIN_LATE)
		return send_together(conn, s, request);
	if (!aiodal__request_send(conn->pg, request, s ? s->name : NULL))
		return false;
	conn->op.streaming = request->chunk_rows > 0 && PQsetSingleRowMode(conn->pg) == 1;
	conn->op.chunk_rows = request->chunk_rows;
	return true;
}

/* Whether it can be in a pipeline, and hence go with BEGIN. */
static bool
goes_along(const aiodal__request *request)
{
	return !request->simple && request->chunk_rows == 0 && !aiodal__sql_is_copy(request->sql);
}

static aiodal_status
send_begin(aiodal__conn *conn, aiodal_error **err)
{
	conn->op.begins = true;
	aiodal__trace_begin(conn, conn->begin_sql, 0, NULL);
	return sent(conn, PQsendQuery(conn->pg, conn->begin_sql), err);
}

/* BEGIN alone, and the request when that has been answered. */
static aiodal_status
send_after_begin(aiodal__conn *conn, const aiodal__request *request, aiodal_error **err)
{
	conn->op.waiting = aiodal__request_copy(request);
	if (conn->op.waiting)
		return send_begin(conn, err);
	aiodal__conn_done(conn);
	aiodal__op_release(conn);
	return aiodal__fail_memory(err);
}

aiodal_status
aiodal__op_send(aiodal__conn *conn, const aiodal__request *request, aiodal_error **err)
{
	aiodal_status status;

	if (request->n > MAX_PARAMS)
		return aiodal__fail(err, AIODAL_EINVAL, "%zu parameters are too many: a statement can have %d",
							request->n, MAX_PARAMS);
	status = begin(conn, request->may_copy, err);
	if (status != AIODAL_OK)
		return status;
	if (conn->begin == AIODAL__BEGIN_LATE && !goes_along(request))
		return send_after_begin(conn, request, err);
	trace_begin_along(conn);
	aiodal__trace_begin(conn, request->sql, request->n, request->shown);
	return sent(conn, send_request(conn, request), err);
}

aiodal_status
aiodal__op_settle(aiodal__conn *conn, aiodal_error **err)
{
	aiodal_status status;

	if (conn->begin != AIODAL__BEGIN_LATE)
		return AIODAL_OK;
	status = begin(conn, false, err);
	if (status == AIODAL_OK)
		status = send_begin(conn, err);
	return status == AIODAL_OK ? aiodal__op_take(conn, NULL, err) : status;
}

aiodal_status
aiodal__op_begin_pipeline(aiodal__conn *conn, aiodal__take_result_fn take, struct aiodal_pipeline *pipeline,
						  bool *over, aiodal_error **err)
{
	aiodal_status status = begin(conn, false, err);

	if (status != AIODAL_OK)
		return status;
	if (!PQenterPipelineMode(conn->pg))
		return sent(conn, false, err);
	conn->op.pipelined = true;
	trace_begin_along(conn);
	if (!send_begin_along(conn))
	{
		conn->broken = true;
		return sent(conn, false, err);
	}
	conn->op.take = take;
	conn->op.pipeline = pipeline;
	conn->op.over = over;
	return AIODAL_OK;
}

aiodal_status
aiodal__op_start(aiodal__conn *conn, const char *sql, size_t n, const char *const *params, aiodal_error **err)
{
	const aiodal__request request = {.sql = sql, .n = n, .params = params, .shown = params};

	if (!sql || (n > 0 && !params))
		return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL", sql ? "params" : "sql");
	return aiodal__op_send(conn, &request, err);
}

bool
aiodal__op_failed(const PGresult *res)
{
	return PQresultStatus(res) == PGRES_FATAL_ERROR || PQresultStatus(res) == PGRES_BAD_RESPONSE;
}

static bool
is_copy(ExecStatusType kind)
{
	return kind == PGRES_COPY_IN || kind == PGRES_COPY_OUT;
}

static aiodal_status
done(struct aiodal_op *op)
{
	aiodal__conn_done(op->conn);
	op->state = AIODAL__OP_DONE;
	if (op->status == AIODAL_OK &&
		(op->result || !op->take || op->conn->broken || PQstatus(op->conn->pg) == CONNECTION_BAD))
		op->status = aiodal__conn_status(op->conn, op->result);
	if (op->statement && op->status != AIODAL_OK)
		op->stale = aiodal__prepared_failed(&op->conn->prepared, op->statement, op->anew, op->result);
	if (op->stale && op->status == AIODAL_ESERVER)
		op->status = AIODAL_ERETRY;
	if (op->status == AIODAL_OK && op->chunk)
		op->chunk_ready = true;
	/* a COPY has only begun */
	if (op->status != AIODAL_OK || !op->may_copy || !is_copy(PQresultStatus(op->result)))
		aiodal__trace_end(op->conn, op->status, op->result);
	return op->status;
}

/* Why a part of it could not be sent. */
static aiodal_status
unsent(const struct aiodal_op *op)
{
	return PQstatus(op->conn->pg) == CONNECTION_BAD ? AIODAL_ECONN : AIODAL_ENOMEM;
}

aiodal_status
aiodal__op_give_up(struct aiodal_op *op)
{
	op->status = unsent(op);
	op->conn->broken = true;
	return done(op);
}

/* Whether a statement with this tag may leave something behind in the session. */
static bool
changes_session(const char *tag)
{
	static const char *const tags[] = {"SET",  "LISTEN",       "PREPARE",    "DECLARE CURSOR",
									   "LOAD", "CREATE TABLE", "SELECT INTO"};

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
	{
		if (strncmp(tag, tags[i], strlen(tags[i])) == 0)
			return true;
	}
	return false;
}

/* Whether prepared statements, ours perhaps among them, are gone after one with this tag. */
static bool
deallocates(const char *tag)
{
	return strncmp(tag, "DEALLOCATE", strlen("DEALLOCATE")) == 0 || strcmp(tag, "DISCARD ALL") == 0;
}

void
aiodal__op_notice_tag(struct aiodal_op *op, PGresult *res)
{
	if (changes_session(PQcmdStatus(res)))
		op->conn->changed = true;
	if (strcmp(PQcmdStatus(res), "SET CONSTRAINTS") == 0)
		op->conn->constraints_set = true;
	if (strcmp(PQcmdStatus(res), "DECLARE CURSOR") == 0)
		op->conn->cursor_declared = true;
	if (deallocates(PQcmdStatus(res)))
		aiodal__prepared_forget(&op->conn->prepared);
}

/* Keeps res if it matters more than what is there. */
static void
keep(struct aiodal_op *op, PGresult *res)
{
	aiodal__op_notice_tag(op, res);
	if (op->result && aiodal__op_failed(op->result))
	{
		PQclear(res);
		return;
	}
	PQclear(op->result);
	op->result = res;
}

/* A COPY where none is wanted: makes the server end it, or goes on to throw away what it sends. */
static void
refuse_copy(struct aiodal_op *op, ExecStatusType kind)
{
	op->status = AIODAL_EINVAL;
	if (kind == PGRES_COPY_IN)
		(void) PQputCopyEnd(op->conn->pg, "this call does not copy");
	else
		op->state = AIODAL__OP_DRAINING;
}

static aiodal_status
drain(struct aiodal_op *op)
{
	char *row;
	int len;

	(void) PQconsumeInput(op->conn->pg);
	while ((len = PQgetCopyData(op->conn->pg, &row, 1)) > 0)
		PQfreemem(row);
	if (len == 0)
		return AIODAL_WANT_READ;
	op->state = AIODAL__OP_RUNNING;
	return AIODAL_OK;
}

/* The result of deallocating or preparing. */
static void
take_preparation(struct aiodal_op *op, PGresult *res)
{
	if (aiodal__op_failed(res) || PQresultStatus(res) == PGRES_PIPELINE_ABORTED)
	{
		keep(op, res);
		return;
	}
	if (op->before > 1)
		op->statement->old[0] = '\0';
	else
		aiodal__prepared_done(&op->conn->prepared, op->statement);
	PQclear(res);
}

/* The result of BEGIN, or the NULL behind it; true: nothing will follow. */
static bool
take_begin(struct aiodal_op *op, PGresult *res)
{
	if (!res)
	{
		op->begins = false;
		return !op->pipelined || PQstatus(op->conn->pg) == CONNECTION_BAD;
	}
	op->conn->begin = aiodal__op_failed(res) ? AIODAL__BEGIN_FAILED : AIODAL__BEGIN_DONE;
	if (op->pipelined && !aiodal__op_failed(res))
		PQclear(res);
	else
		keep(op, res);
	return false;
}

/* BEGIN alone is over: sends what waited for it. False: it is not to be sent, and this is the end. */
static bool
send_waiting(struct aiodal_op *op)
{
	aiodal__conn *conn = op->conn;
	aiodal__request *request = op->waiting;
	bool good;

	if (!request || conn->begin != AIODAL__BEGIN_DONE)
		return false;
	aiodal__trace_end(conn, AIODAL_OK, op->result);
	if (!aiodal__conn_goes_on(conn))
	{
		op->status = conn->interrupt;
		return false;
	}
	PQclear(op->result);
	op->result = NULL;
	op->waiting = NULL;
	aiodal__trace_begin(conn, request->sql, request->n, request->shown);
	good = send_request(conn, request);
	if (!good)
		op->status = unsent(op);
	aiodal__free(request);
	return good;
}

/* Puts the row that res is into the chunk. */
static bool
add_row(struct aiodal_op *op, const PGresult *res)
{
	int row;

	if (!op->chunk)
		op->chunk = PQcopyResult(res, PG_COPYRES_ATTRS);
	if (!op->chunk)
		return false;
	row = PQntuples(op->chunk);
	for (int i = 0; i < PQnfields(res); i++)
	{
		bool is_null = PQgetisnull(res, 0, i);

		if (!PQsetvalue(op->chunk, row, i, is_null ? NULL : PQgetvalue(res, 0, i),
						is_null ? -1 : PQgetlength(res, 0, i)))
			return false;
	}
	return true;
}

static void
take_row(struct aiodal_op *op, PGresult *res)
{
	if (!add_row(op, res))
	{
		op->status = AIODAL_ENOMEM;
		discard_rows(op);
		aiodal__conn_cancel(op->conn);
	}
	else if (PQntuples(op->chunk) >= op->chunk_rows || PQresultMemorySize(op->chunk) >= CHUNK_BYTES)
		op->chunk_ready = true;
	PQclear(res);
}

/* One result of a command; true: there are no more. */
static bool
take_result(struct aiodal_op *op, PGresult *res)
{
	if (PQresultStatus(res) == PGRES_PIPELINE_SYNC)
	{
		PQclear(res);
		if (!PQexitPipelineMode(op->conn->pg))
			op->conn->broken = true;
		return true;
	}
	if (op->begins)
		return take_begin(op, res);
	if (op->take)
		op->take(op, res);
	/* in a pipeline each statement ends so */
	if (!res)
		return !op->pipelined || PQstatus(op->conn->pg) == CONNECTION_BAD;
	if (op->take)
		return false;
	if (op->chunk_rows > 0 && PQresultStatus(res) == PGRES_SINGLE_TUPLE)
		take_row(op, res);
	else if (op->before == 0)
		keep(op, res);
	else
	{
		take_preparation(op, res);
		op->before--;
	}
	return false;
}

/* Goes on as far as possible without blocking: 0 done well, or a chunk is ready; positive what to wait for,
 * negative failed. */
aiodal_status
aiodal__op_step(struct aiodal_op *op)
{
	aiodal_status want;
	bool nothing = false;

	while (!op->chunk_ready && (want = aiodal__conn_advance(op->conn)) == AIODAL_OK)
	{
		PGresult *res;
		ExecStatusType kind;

		if (op->state == AIODAL__OP_DRAINING)
		{
			want = drain(op);
			if (want != AIODAL_OK)
				return want;
			continue;
		}
		res = PQgetResult(op->conn->pg);
		/* in a pipeline that is not sent whole there may be nothing to come, and libpq does not look then */
		if (!res && nothing && PQstatus(op->conn->pg) != CONNECTION_BAD && PQconsumeInput(op->conn->pg))
			return AIODAL_WANT_READ;
		nothing = !res;
		kind = PQresultStatus(res);
		if (take_result(op, res))
		{
			if (send_waiting(op))
				continue;
			return done(op);
		}
		if (is_copy(kind))
		{
			/* in a pipeline there is no way back from it */
			op->conn->broken = op->conn->broken || op->pipelined;
			if (op->pipelined && !op->take)
				op->status = AIODAL_EINVAL;
			if (op->may_copy || op->pipelined)
				return done(op);
			refuse_copy(op, kind);
		}
	}
	return op->chunk_ready ? AIODAL_OK : want;
}

/* The error of an operation that is done and failed. */
static aiodal_status
report(const struct aiodal_op *op, aiodal_error **err)
{
	if (op->status == AIODAL_EINVAL)
		return aiodal__fail_hint(err, op->status, NULL, "Use aiodal_bulk_load() or aiodal_bulk_export().",
								 "COPY from or to the client cannot run as a plain statement");
	if (op->status == AIODAL_ENOMEM && op->streaming)
		return aiodal__fail_memory(err);
	(void) aiodal__conn_fail(op->conn, op->status, op->result, err);
	if (op->place)
		aiodal__error_annotate(err, op->place, NULL);
	if (op->stale)
		aiodal__error_annotate(err, NULL, "Run the transaction again: the statement will be prepared anew.");
	return op->status;
}

/* Time is up? It may be while rows never stop coming. */
static void
check_time(struct aiodal_op *op)
{
	aiodal_status status = AIODAL_OK;

	if (aiodal__until(aiodal__conn_next_check(op->conn)) == 0)
		status = aiodal__conn_check_time(op->conn, AIODAL__NEVER);
	if (status < 0)
	{
		op->status = status;
		(void) done(op);
	}
}

/* As step(), for what may have been read already, with nothing behind it to wake up for. */
static aiodal_status
look_ahead(struct aiodal_op *op)
{
	check_time(op);
	return op->state == AIODAL__OP_DONE ? op->status : aiodal__op_step(op);
}

/* Steps and waits until done or limit has passed. */
static aiodal_status
wait_until(struct aiodal_op *op, int64_t limit)
{
	aiodal_status status;

	if (op->state == AIODAL__OP_DONE)
		return op->status;
	if (op->streaming && look_ahead(op) <= 0)
		return op->chunk_ready ? AIODAL_OK : op->status;
	/* nothing can have come in the moment since it was sent, hence wait first */
	status = AIODAL_WANT_WRITE;
	if (PQflush(op->conn->pg) == 0)
		status = AIODAL_WANT_READ;
	do
	{
		status = aiodal__conn_wait(op->conn, status, limit);
		if (status < 0)
		{
			op->status = status;
			return done(op);
		}
		if (status > 0)
			return status;
		status = aiodal__op_step(op);
	} while (status > 0);
	return status;
}

aiodal_status
aiodal__op_wait(aiodal__conn *conn, int64_t limit)
{
	return wait_until(&conn->op, limit);
}

aiodal_status
aiodal__op_finish(aiodal__conn *conn, aiodal_error **err)
{
	aiodal_status status = wait_until(&conn->op, AIODAL__NEVER);

	return status < 0 ? report(&conn->op, err) : status;
}

void
aiodal__op_release(aiodal__conn *conn)
{
	PQclear(conn->op.result);
	conn->op.result = NULL;
	discard_rows(&conn->op);
	conn->op.streaming = false;
	conn->op.chunk_taken = false;
	conn->op.state = AIODAL__OP_FREE;
	conn->op.statement = NULL;
	conn->op.begins = false;
	aiodal__free(conn->op.waiting);
	conn->op.waiting = NULL;
	conn->op.before = 0;
	conn->op.anew = false;
	conn->op.pipelined = false;
	conn->op.stale = false;
	if (conn->op.over)
		*conn->op.over = true;
	conn->op.take = NULL;
	conn->op.pipeline = NULL;
	conn->op.over = NULL;
	conn->op.place = NULL;
}

aiodal_status
aiodal__op_take(aiodal__conn *conn, PGresult **res, aiodal_error **err)
{
	aiodal_status status = aiodal__op_finish(conn, err);

	if (status == AIODAL_OK && res)
	{
		*res = conn->op.result;
		conn->op.result = NULL;
	}
	aiodal__op_release(conn);
	return status;
}

/* Begins the transaction again. Not by AND CHAIN: not all servers know by then what a failed one was like. */
static aiodal_status
begin_again(aiodal__conn *conn, aiodal_error **err)
{
	return aiodal__op_command(conn, conn->restart, false, NULL, err);
}

aiodal_status
aiodal__op_request(aiodal__conn *conn, const aiodal__request *request, PGresult **res, aiodal_error **err)
{
	aiodal_status status = aiodal__op_send(conn, request, err);

	if (status != AIODAL_OK)
		return status;
	(void) wait_until(&conn->op, AIODAL__NEVER);
	if (!conn->op.stale || !conn->op.first || conn->op.status != AIODAL_ERETRY)
		return aiodal__op_take(conn, res, err);
	aiodal__op_release(conn);
	status = begin_again(conn, err);
	if (status == AIODAL_OK)
		status = aiodal__op_send(conn, request, err);
	return status == AIODAL_OK ? aiodal__op_take(conn, res, err) : status;
}

aiodal_status
aiodal__op_exec(aiodal__conn *conn, const char *sql, size_t n, const char *const *params, PGresult **res,
				aiodal_error **err)
{
	aiodal_status status = aiodal__op_start(conn, sql, n, params, err);

	return status == AIODAL_OK ? aiodal__op_take(conn, res, err) : status;
}

aiodal_status
aiodal__op_start_command(aiodal__conn *conn, const char *sql, bool may_copy, aiodal_error **err)
{
	const aiodal__request request = {.sql = sql, .simple = true, .may_copy = may_copy};

	return aiodal__op_send(conn, &request, err);
}

aiodal_status
aiodal__op_command(aiodal__conn *conn, const char *sql, bool may_copy, PGresult **res, aiodal_error **err)
{
	aiodal_status status;

	if (!sql)
		return aiodal__fail(err, AIODAL_EINVAL, "sql must not be NULL");
	status = aiodal__op_start_command(conn, sql, may_copy, err);
	return status == AIODAL_OK ? aiodal__op_take(conn, res, err) : status;
}

void
aiodal__op_drop(aiodal__conn *conn)
{
	conn->broken = true;
	conn->op.status = AIODAL_ECONN;
	aiodal__conn_done(conn);
	aiodal__op_release(conn);
}

/*
 * Pipelines
 */

static bool
send_step(PGconn *pg, const aiodal__step *step)
{
	switch (step->kind)
	{
		case AIODAL__STEP_EXEC:
		case AIODAL__STEP_BINARY:
			return PQsendQueryParams(pg, step->sql, step->n_params, NULL, step->params, NULL, NULL,
									 step->kind == AIODAL__STEP_BINARY);
		case AIODAL__STEP_COLUMNS:
			return PQsendPrepare(pg, "", step->sql, 0, NULL) && PQsendDescribePrepared(pg, "");
		case AIODAL__STEP_SYNC: break;
	}
	return PQpipelineSync(pg);
}

/* Reads one result and, unless it is a sync's, the NULL behind it. */
static aiodal_status
read_one(aiodal__conn *conn, PGresult **res)
{
	PGresult *end = NULL;
	aiodal_status status = aiodal__conn_next_result(conn, res);

	if (status == AIODAL_OK && *res && PQresultStatus(*res) != PGRES_PIPELINE_SYNC)
		status = aiodal__conn_next_result(conn, &end);
	PQclear(end);
	return status;
}

static aiodal_status
read_step(aiodal__conn *conn, const aiodal__step *step, PGresult **res)
{
	aiodal_status status = read_one(conn, res);
	PGresult *described = NULL;

	if (step->kind != AIODAL__STEP_COLUMNS || status != AIODAL_OK)
		return status;
	/* a failed prepare is what counts, a good one is of no interest */
	status = read_one(conn, &described);
	if (aiodal__op_failed(*res))
		PQclear(described);
	else
	{
		PQclear(*res);
		*res = described;
	}
	return status;
}

/* Reads all results; remembers the first that failed. */
static aiodal_status
read_steps(aiodal__conn *conn, const aiodal__step *steps, int n, PGresult **results, const PGresult **failure)
{
	*failure = NULL;
	for (int i = 0; i < n; i++)
	{
		aiodal_status status;

		if (steps[i].sql)
			aiodal__trace_begin(conn, steps[i].sql, (size_t) steps[i].n_params, steps[i].params);
		status = read_step(conn, &steps[i], &results[i]);
		/* one behind a failure did not run */
		if (results[i] && PQresultStatus(results[i]) != PGRES_PIPELINE_ABORTED)
			aiodal__trace_end(conn, aiodal__conn_status(conn, results[i]), results[i]);
		if (status != AIODAL_OK)
			return status;
		if (!results[i])
			return AIODAL_ECONN;
		if (!*failure && aiodal__op_failed(results[i]))
			*failure = results[i];
		if (PQstatus(conn->pg) == CONNECTION_BAD)
			return AIODAL_ECONN;
	}
	return *failure ? aiodal__conn_status(conn, *failure) : AIODAL_OK;
}

aiodal_status
aiodal__op_pipeline(aiodal__conn *conn, const aiodal__step *steps, int n, PGresult **results,
					aiodal_error **err)
{
	const PGresult *failure = NULL;
	PGresult *last = NULL;
	aiodal_status status = aiodal__op_settle(conn, err);
	bool all_sent = true;

	memset(results, 0, (size_t) n * sizeof(*results));
	if (status == AIODAL_OK)
		status = begin(conn, false, err);
	if (status != AIODAL_OK)
		return status;
	all_sent = PQenterPipelineMode(conn->pg);
	for (int i = 0; i < n && all_sent; i++)
		all_sent = send_step(conn->pg, &steps[i]);
	all_sent = all_sent && PQpipelineSync(conn->pg);
	status = all_sent ? read_steps(conn, steps, n, results, &failure) : AIODAL_ECONN;
	if (PQstatus(conn->pg) == CONNECTION_OK && !conn->broken)
		(void) read_one(conn, &last);
	PQclear(last);
	if (status != AIODAL_OK)
		(void) aiodal__conn_fail(conn, status, failure, err);
	/* a connection that cannot leave pipeline mode is of no use to anybody */
	if (!PQexitPipelineMode(conn->pg))
		conn->broken = true;
	aiodal__conn_done(conn);
	aiodal__op_release(conn);
	return status;
}

/*
 * The public side
 */

int
aiodal_op_fd(const aiodal_op *op)
{
	if (!op || op->state == AIODAL__OP_FREE)
		return -1;
	return op->kind ? op->kind->fd(op) : PQsocket(op->conn->pg);
}

int
aiodal_op_timeout(const aiodal_op *op)
{
	if (!op || op->state == AIODAL__OP_FREE)
		return -1;
	if (op->state == AIODAL__OP_DONE)
		return 0;
	return aiodal__until(op->kind ? op->kind->next_check(op) : aiodal__conn_next_check(op->conn));
}

static aiodal_status
check_started(const aiodal_op *op, aiodal_error **err)
{
	if (op && op->state != AIODAL__OP_FREE)
		return AIODAL_OK;
	return aiodal__fail(err, AIODAL_ESTATE, "the operation was freed or never started");
}

/* A command, as far as it gets. */
static aiodal_status
poll_command(aiodal_op *op)
{
	aiodal_status status = aiodal__op_step(op);

	if (op->state != AIODAL__OP_DONE)
		check_time(op);
	return op->state == AIODAL__OP_DONE ? op->status : status;
}

/* The status with its error. */
static aiodal_status
answer(const aiodal_op *op, aiodal_status status, aiodal_error **err)
{
	if (status >= 0)
		return status;
	return op->kind ? op->kind->report(op, err) : report(op, err);
}

aiodal_status
aiodal_op_poll(aiodal_op *op, aiodal_error **err)
{
	aiodal_status status = check_started(op, err);

	if (status != AIODAL_OK)
		return status;
	if (op->state == AIODAL__OP_DONE)
		status = op->status;
	else
		status = op->kind ? op->kind->step(op) : poll_command(op);
	return answer(op, status, err);
}

/* As wait_until(). */
static aiodal_status
wait_for_kind(aiodal_op *op, int64_t limit)
{
	aiodal_status status = op->status;

	while (op->state != AIODAL__OP_DONE && (status = op->kind->step(op)) > 0)
	{
		if (aiodal__until(limit) == 0)
			return AIODAL_WANT_READ;
		op->kind->wait(op, limit);
	}
	return status;
}

aiodal_status
aiodal_op_wait(aiodal_op *op, int timeout_ms, aiodal_error **err)
{
	int64_t limit = aiodal__deadline(timeout_ms);
	aiodal_status status = check_started(op, err);

	if (status != AIODAL_OK)
		return status;
	status = op->kind ? wait_for_kind(op, limit) : wait_until(op, limit);
	return answer(op, status, err);
}

aiodal_result *
aiodal_op_take_result(aiodal_op *op)
{
	PGresult *res;

	if (op && op->chunk_ready)
	{
		res = op->chunk;
		op->chunk = NULL;
		op->chunk_ready = false;
		op->chunk_taken = true;
		return aiodal__result_wrap(res);
	}
	if (!op || op->state != AIODAL__OP_DONE || op->status != AIODAL_OK || op->chunk_taken || op->kind)
		return NULL;
	res = op->result;
	op->result = NULL;
	return aiodal__result_wrap(res);
}

void
aiodal_op_cancel(aiodal_op *op)
{
	if (op && op->kind)
		op->kind->cancel(op);
	else if (op)
		aiodal__conn_cancel(op->conn);
}

/* Ends a command that runs. */
static void
break_off(aiodal_op *op)
{
	int64_t limit = aiodal__deadline(1000);
	aiodal_status status;

	discard_rows(op);
	/* a cancel request that overtakes its statement hits nothing: it is repeated */
	do
	{
		aiodal__conn_cancel(op->conn);
		status = wait_until(op, aiodal__deadline(100));
	} while (status > 0 && aiodal__now() < limit);
	if (status <= 0)
		return;
	op->conn->broken = true;
	op->conn->unconfirmed = true;
	aiodal__conn_done(op->conn);
}

void
aiodal_op_free(aiodal_op *op)
{
	if (!op || op->state == AIODAL__OP_FREE)
		return;
	if (op->kind)
	{
		op->kind->free(op);
		return;
	}
	if (op->state != AIODAL__OP_DONE)
		break_off(op);
	aiodal__op_release(op->conn);
}
