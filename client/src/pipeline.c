/*
 * pipeline.c
 *		Many statements in one round trip.
 *
 * Design notes. A pipeline is an operation that takes several results: it occupies the connection's operation
 * from its begin on, and step() in op.c hands each result to take(). Everything that waits, cancels and keeps
 * deadlines is the operation's. There is one sync, behind the last statement: the server skips all that
 * stands between a failure and that.
 *
 * PQsendQueryParams() parses into the unnamed statement, which stays until something else is parsed: the same
 * statement once more is executed as that.
 */
#include <aiodal/pipeline.h>

#include <stdio.h>
#include <string.h>

#include "error.h"
#include "op.h"
#include "param.h"
#include "result.h"
#include "trace.h"
#include "tx.h"
#include "util/mem.h"
#include "util/options.h"
#include "util/sql.h"

#define MAX_PARAMS 65535

typedef struct step
{
	aiodal_step_state state;
	PGresult *result;
	struct aiodal__traced *traced;
} step;

struct aiodal_pipeline
{
	aiodal__conn *conn;
	step *steps;
	size_t n;
	size_t size;
	size_t at;       /* whose result comes next */
	bool started;    /* the sync was sent */
	double since;    /* when the last result came, for the trace */
	bool over;       /* conn is not ours any more */
	char *sql;       /* what the unnamed statement is; NULL: not known */
	size_t n_params; /* of it */
	Oid *types;      /* of those; NULL: the server's choice */
	char place[80];  /* of the one that failed */
};

/*
 * Results
 */

/* Its time is that since the result before. */
static void
trace(aiodal_pipeline *p, step *s, const PGresult *res)
{
	if (!s->traced)
		return;
	aiodal__trace_resume(p->conn, s->traced, p->since);
	s->traced = NULL;
	aiodal__trace_end(p->conn, aiodal__conn_status(p->conn, res), res);
	p->since = aiodal__now_seconds();
}

/* An aiodal__take_result_fn: the next result, or NULL at the end of a statement's. */
static void
take(struct aiodal_op *op, PGresult *res)
{
	aiodal_pipeline *p = op->pipeline;
	step *s = p->at < p->n ? &p->steps[p->at] : NULL;

	if (!res)
	{
		p->at++;
		return;
	}
	if (s && PQresultStatus(res) == PGRES_PIPELINE_ABORTED)
	{
		s->state = AIODAL_STEP_SKIPPED;
		PQclear(res);
		return;
	}
	/* lost while only the end was missing */
	if (!s)
	{
		if (!op->result)
			op->result = res;
		else
			PQclear(res);
		return;
	}
	trace(p, s, res);
	if (aiodal__op_failed(res))
	{
		s->state = AIODAL_STEP_FAILED;
		(void) snprintf(p->place, sizeof(p->place), "statement %zu of %zu in a pipeline", p->at + 1, p->n);
		op->place = p->place;
		PQclear(op->result);
		op->result = res;
		return;
	}
	s->state = AIODAL_STEP_DONE;
	aiodal__op_notice_tag(op, res);
	PQclear(s->result);
	s->result = res;
}

/*
 * Adding
 */

static aiodal_status
check(const aiodal_pipeline *p, const char *sql, size_t n, const void *params, aiodal_error **err)
{
	if (!p || !sql || (n > 0 && !params))
		return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL",
							!p     ? "pipeline"
							: !sql ? "sql"
								   : "params");
	if (p->started || p->over)
		return aiodal__fail(err, AIODAL_ESTATE, "the pipeline was run already");
	if (n > MAX_PARAMS)
		return aiodal__fail(err, AIODAL_EINVAL, "%zu parameters are too many: a statement can have %d", n,
							MAX_PARAMS);
	return AIODAL_OK;
}

/* A COPY from or to the client would end the pipeline in a way that the protocol has no way back from. */
static aiodal_status
refuse_copy(const char *sql, aiodal_error **err)
{
	if (!aiodal__sql_is_copy(sql))
		return AIODAL_OK;
	return aiodal__fail_hint(err, AIODAL_EINVAL, NULL, "Use aiodal_bulk_load() or aiodal_bulk_export().",
							 "COPY cannot be in a pipeline");
}

/* Room for one more. */
static bool
grow(aiodal_pipeline *p)
{
	size_t size = p->size ? p->size * 2 : 16;
	step *steps;

	if (p->n < p->size)
		return true;
	steps = aiodal__realloc(p->steps, size * sizeof(*steps));
	if (!steps)
		return false;
	p->steps = steps;
	p->size = size;
	return true;
}

static bool
is_same(const aiodal_pipeline *p, const aiodal__request *request)
{
	if (!p->sql || p->n_params != request->n || strcmp(p->sql, request->sql) != 0)
		return false;
	if (!p->types || !request->types)
		return p->types == request->types;
	return memcmp(p->types, request->types, request->n * sizeof(Oid)) == 0;
}

/* That the unnamed statement is this one; without memory for that, nobody knows what it is. */
static void
remember(aiodal_pipeline *p, const aiodal__request *request)
{
	size_t bytes = request->types ? request->n * sizeof(Oid) : 0;

	aiodal__free(p->sql);
	aiodal__free(p->types);
	p->sql = aiodal__strdup(request->sql);
	p->types = bytes > 0 ? aiodal__malloc(bytes) : NULL;
	p->n_params = request->n;
	if (p->types)
		memcpy(p->types, request->types, bytes);
	else if (bytes > 0)
	{
		aiodal__free(p->sql);
		p->sql = NULL;
	}
}

static bool
send_it(aiodal_pipeline *p, const aiodal__request *r)
{
	bool same = is_same(p, r);

	if (!same)
		remember(p, r);
	return aiodal__request_send(p->conn->pg, r, same ? "" : NULL);
}

static aiodal_status
add(aiodal_pipeline *p, const aiodal__request *request, aiodal_error **err)
{
	aiodal_status status = refuse_copy(request->sql, err);
	struct aiodal_op *op = &p->conn->op;

	if (status != AIODAL_OK)
		return status;
	/* lost while something was added before */
	if (op->state == AIODAL__OP_DONE)
		return aiodal__op_finish(p->conn, err);
	if (!grow(p))
		return aiodal__fail_memory(err);
	aiodal__trace_begin(p->conn, request->sql, request->n, request->shown);
	p->steps[p->n] = (step){AIODAL_STEP_PENDING, NULL, aiodal__trace_suspend(p->conn)};
	p->n++;
	if (!send_it(p, request))
	{
		(void) aiodal__op_give_up(op);
		return aiodal__op_finish(p->conn, err);
	}
	/* a server that cannot get rid of results takes no more statements */
	if (PQflush(p->conn->pg) != 0)
		(void) aiodal__op_step(op);
	return AIODAL_OK;
}

aiodal_status
aiodal_pipeline_exec(aiodal_pipeline *p, const char *sql, size_t n, const char *const *params,
					 aiodal_error **err)
{
	const aiodal__request request = {.sql = sql, .n = n, .params = params, .shown = params};
	aiodal_status status = check(p, sql, n, params, err);

	return status == AIODAL_OK ? add(p, &request, err) : status;
}

aiodal_status
aiodal_pipeline_query(aiodal_pipeline *p, const char *sql, size_t n, const aiodal_value *values,
					  const aiodal_query_options *given, aiodal_error **err)
{
	aiodal_query_options options;
	aiodal__params params;
	aiodal_status status = check(p, sql, n, values, err);

	if (status == AIODAL_OK)
		status = aiodal__query_options(&options, given, err);
	if (status == AIODAL_OK && options.chunk_rows > 0)
		return aiodal__fail(err, AIODAL_EINVAL, "a pipeline has no results in chunks");
	if (status != AIODAL_OK)
		return status;
	status = aiodal__params_make(&params, n, values, err);
	if (status == AIODAL_OK)
	{
		const aiodal__request request = aiodal__params_request(&params, p->conn, sql, values, &options);

		status = add(p, &request, err);
	}
	aiodal__params_free(&params);
	return status;
}

/*
 * From begin to end
 */

aiodal_status
aiodal_pipeline_begin(aiodal_pipeline **out, aiodal_tx *tx, aiodal_error **err)
{
	aiodal_pipeline *p;
	aiodal_status status;

	if (!out)
		return aiodal__fail(err, AIODAL_EINVAL, "pipeline must not be NULL");
	*out = NULL;
	status = aiodal__tx_check(tx, err);
	if (status != AIODAL_OK)
		return status;
	p = aiodal__calloc(1, sizeof(*p));
	if (!p)
		return aiodal__fail_memory(err);
	p->conn = tx->conn;
	p->since = aiodal__now_seconds();
	status = aiodal__op_begin_pipeline(tx->conn, take, p, &p->over, err);
	if (status == AIODAL_OK)
		*out = p;
	else
		aiodal__free(p);
	return status;
}

/* All is added. */
static aiodal_status
finish(aiodal_pipeline *p, aiodal_error **err)
{
	if (!p)
		return aiodal__fail(err, AIODAL_EINVAL, "pipeline must not be NULL");
	if (p->started || p->over)
		return aiodal__fail(err, AIODAL_ESTATE, "the pipeline was run already");
	p->started = true;
	if (p->conn->op.state == AIODAL__OP_RUNNING && !PQpipelineSync(p->conn->pg))
		(void) aiodal__op_give_up(&p->conn->op);
	return AIODAL_OK;
}

aiodal_status
aiodal_pipeline_start(aiodal_op **op, aiodal_pipeline *p, aiodal_error **err)
{
	aiodal_status status;

	if (!op)
		return aiodal__fail(err, AIODAL_EINVAL, "op must not be NULL");
	*op = NULL;
	status = finish(p, err);
	if (status == AIODAL_OK)
		*op = &p->conn->op;
	return status;
}

aiodal_status
aiodal_pipeline_run(aiodal_pipeline *p, aiodal_error **err)
{
	aiodal_status status = finish(p, err);

	return status == AIODAL_OK ? aiodal__op_take(p->conn, NULL, err) : status;
}

size_t
aiodal_pipeline_count(const aiodal_pipeline *p)
{
	return p ? p->n : 0;
}

aiodal_step_state
aiodal_pipeline_state(const aiodal_pipeline *p, size_t i)
{
	bool runs;

	if (!p || i >= p->n)
		return AIODAL_STEP_PENDING;
	runs = !p->over && p->conn->op.state == AIODAL__OP_RUNNING;
	return p->steps[i].state == AIODAL_STEP_PENDING && !runs ? AIODAL_STEP_SKIPPED : p->steps[i].state;
}

aiodal_result *
aiodal_pipeline_take_result(aiodal_pipeline *p, size_t i)
{
	PGresult *res;

	if (!p || i >= p->n || !p->steps[i].result)
		return NULL;
	res = p->steps[i].result;
	p->steps[i].result = NULL;
	return aiodal__result_wrap(res);
}

void
aiodal_pipeline_free(aiodal_pipeline *p)
{
	if (!p)
		return;
	if (!p->over)
	{
		if (!p->started)
			(void) finish(p, NULL);
		aiodal_op_free(&p->conn->op);
	}
	for (size_t i = 0; i < p->n; i++)
	{
		PQclear(p->steps[i].result);
		aiodal__free(p->steps[i].traced);
	}
	aiodal__free(p->steps);
	aiodal__free(p->sql);
	aiodal__free(p->types);
	aiodal__free(p);
}
