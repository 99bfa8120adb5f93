/*
 * trace.c
 *		One hook for everything that is sent to the server.
 *
 * Design notes. The caller's statement and parameters need not outlive the call that sends them, so they are
 * copied into one piece of memory that the connection keeps until the statement is over. This costs nothing
 * where nobody asked for it.
 */
#include "trace.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "util/clock.h"
#include "util/errand.h"
#include "util/mem.h"

struct aiodal__traced
{
	double began;
	size_t n_params;
	const char *sql;           /* into the text behind params */
	const char *const *params; /* NULL when they are not asked for */
	const char *param[];
};

void
aiodal__trace_begin(aiodal__conn *conn, const char *sql, size_t n, const char *const *params)
{
	size_t shown = conn->trace_params && params ? n : 0;
	size_t size = strlen(sql) + 1;
	struct aiodal__traced *traced;
	char *text;

	if (!conn->trace)
		return;
	aiodal__free(conn->traced);
	for (size_t i = 0; i < shown; i++)
		size += params[i] ? strlen(params[i]) + 1 : 0;
	traced = aiodal__malloc(sizeof(*traced) + shown * sizeof(traced->param[0]) + size);
	conn->traced = traced;
	if (!traced)
		return;
	text = (char *) &traced->param[shown];
	traced->n_params = n;
	traced->params = shown > 0 ? traced->param : NULL;
	traced->sql = text;
	text = stpcpy(text, sql) + 1;
	for (size_t i = 0; i < shown; i++)
	{
		traced->param[i] = params[i] ? text : NULL;
		if (params[i])
			text = stpcpy(text, params[i]) + 1;
	}
	traced->began = aiodal__now_seconds();
}

typedef struct told
{
	const aiodal__conn *conn;
	const aiodal_trace *trace;
} told;

static void
tell(void *arg)
{
	const told *t = arg;

	t->conn->trace(t->conn->trace_payload, t->trace);
}

void
aiodal__trace_end(aiodal__conn *conn, aiodal_status status, const PGresult *res)
{
	struct aiodal__traced *traced = conn->traced;
	aiodal_trace trace = {.size = sizeof(trace)};
	aiodal_error *error = NULL;

	if (!traced)
		return;
	conn->traced = NULL;
	if (status == AIODAL_EINVAL)
		(void) aiodal__fail(&error, status, "COPY cannot run as a plain statement");
	else if (status != AIODAL_OK)
		(void) aiodal__conn_fail(conn, status, res, &error);
	trace.statement = traced->sql;
	trace.n_params = traced->n_params;
	trace.params = traced->params;
	trace.seconds = aiodal__now_seconds() - traced->began;
	/* libpq's signature wants a pointer to non-const, and does not write through it */
	trace.rows = status == AIODAL_OK && res ? strtoll(PQcmdTuples((PGresult *) res), NULL, 10) : 0;
	trace.error = error;
	trace.owner = conn->owner;
	trace.backend_pid = PQbackendPID(conn->pg);
	(void) aiodal__errand_call(tell, &(told){conn, &trace}, true);
	aiodal_error_free(error);
	aiodal__free(traced);
}

struct aiodal__traced *
aiodal__trace_suspend(aiodal__conn *conn)
{
	struct aiodal__traced *traced = conn->traced;

	conn->traced = NULL;
	return traced;
}

void
aiodal__trace_resume(aiodal__conn *conn, struct aiodal__traced *traced, double began)
{
	aiodal__free(conn->traced);
	conn->traced = traced;
	if (traced)
		traced->began = began;
}
