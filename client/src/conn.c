/*
 * conn.c
 *		One libpq connection, always driven without blocking.
 *
 * Design notes. Every command goes the same way: start, send by libpq, then advance and wait in turn until
 * its results are in, done. Blocking callers wait in aiodal__conn_wait(), others wait by themselves on the
 * socket. A command is interrupted by asking the server to cancel it and reading on: the connection stays
 * good, and the server's answer decides what happened. Only a server that does not answer within GRACE_MS
 * costs the connection.
 */
#include "conn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "util/errand.h"
#include "util/mem.h"

#define TICK_MS   100
#define GRACE_MS  2000
#define REPEAT_MS 500  /* between cancel requests: one that overtakes its statement hits nothing */
#define SETTLE_MS 1000 /* how long a command's end waits for a request that is under way */

typedef struct told
{
	const aiodal__conn *conn;
	const aiodal_error *notice;
} told;

static void
tell_notice(void *arg)
{
	const told *t = arg;

	t->conn->notice(t->conn->notice_payload, t->notice);
}

static void
receive_notice(void *arg, const PGresult *res)
{
	told t = {.conn = arg};
	aiodal_error *notice;

	if (!t.conn->notice)
		return;
	notice = aiodal__error_from_notice(res);
	t.notice = notice;
	if (notice)
		(void) aiodal__errand_call(tell_notice, &t, true);
	aiodal_error_free(notice);
}

static PGconn *
connect_start(const aiodal__conn_params *params)
{
	/* what comes before dbname is weaker than the conninfo in it, what comes behind is stronger */
	const char *keywords[] = {"client_encoding", "dbname", "fallback_application_name", NULL};
	const char *values[] = {"UTF8", params->conninfo, params->application_name, NULL};

	return PQconnectStartParams(keywords, values, 1);
}

static aiodal_status
connect_failed(const PGconn *pg, aiodal_error **err)
{
	aiodal_status status = aiodal__fail_conn(err, AIODAL_ECONN, pg);

	if (PQconnectionNeedsPassword(pg))
		aiodal__error_annotate(err, NULL, "Give the password by PGPASSWORD, ~/.pgpass or a service file.");
	else
		aiodal__error_annotate(err, NULL,
							   "Check host, port, database and user in the conninfo or the PG* environment.");
	return status;
}

static aiodal_status
open_start(aiodal__conn **out, const aiodal__conn_params *params, aiodal_error **err)
{
	aiodal__conn *conn = aiodal__calloc(1, sizeof(*conn));

	if (!conn)
		return aiodal__fail_memory(err);
	conn->op.conn = conn;
	conn->deadline = AIODAL__NEVER;
	conn->notice = params->notice;
	conn->notice_payload = params->notice_payload;
	conn->trace = params->trace;
	conn->trace_payload = params->trace_payload;
	conn->trace_params = params->trace_params;
	conn->prepared.limits = params->prepared;
	(void) pthread_mutex_init(&conn->cancel_lock, NULL);
	conn->pg = connect_start(params);
	if (!conn->pg)
	{
		aiodal__conn_close(conn);
		return aiodal__fail_memory(err);
	}
	/* before the first message, since the default receiver prints to stderr */
	(void) PQsetNoticeReceiver(conn->pg, receive_notice, conn);
	conn->connecting = AIODAL_WANT_WRITE;
	*out = conn;
	return AIODAL_OK;
}

/* Whether the socket is ready for what was wanted of it; libpq must not be asked before. */
static bool
connect_ready(const aiodal__conn *conn, int timeout_ms)
{
	struct pollfd fd = {.fd = PQsocket(conn->pg),
						.events = conn->connecting == AIODAL_WANT_READ ? POLLIN : POLLOUT};

	return poll(&fd, 1, timeout_ms) > 0;
}

static aiodal_status
connected(aiodal__conn *conn, aiodal_error **err)
{
	conn->connecting = AIODAL_OK;
	conn->cancel = aiodal__cancel_new(conn->pg);
	return conn->cancel ? AIODAL_OK : aiodal__fail_memory(err);
}

static aiodal_status
open_step(aiodal__conn *conn, aiodal_error **err)
{
	if (PQstatus(conn->pg) == CONNECTION_BAD)
		return connect_failed(conn->pg, err);
	while (connect_ready(conn, 0))
	{
		switch (PQconnectPoll(conn->pg))
		{
			case PGRES_POLLING_OK: return connected(conn, err);
			case PGRES_POLLING_FAILED: return connect_failed(conn->pg, err);
			case PGRES_POLLING_READING: conn->connecting = AIODAL_WANT_READ; break;
			default: conn->connecting = AIODAL_WANT_WRITE; break;
		}
	}
	return conn->connecting;
}

static aiodal_status
open_late(const aiodal__conn *conn, aiodal_error **err)
{
	return aiodal__fail_hint(
		err, AIODAL_ETIMEOUT, NULL, "Check that the server can be reached, or raise connect_timeout_ms.",
		"the server \"%s\" did not answer in time", PQhost(conn->pg) ? PQhost(conn->pg) : "");
}

aiodal_status
aiodal__conn_open(aiodal__conn **out, const aiodal__conn_params *params, int64_t deadline, aiodal_error **err)
{
	aiodal__conn *conn = NULL;
	aiodal_status status = open_start(&conn, params, err);

	if (status != AIODAL_OK)
		return status;
	*out = conn;
	while ((status = open_step(conn, err)) > 0)
	{
		if (aiodal__errand_cancelled())
		{
			status = aiodal__fail_canceled(err, NULL);
			break;
		}
		if (!connect_ready(conn, aiodal__until(aiodal__errand_tick(deadline))) &&
			aiodal__until(deadline) == 0)
		{
			status = open_late(conn, err);
			break;
		}
	}
	if (status != AIODAL_OK)
	{
		aiodal__conn_close(conn);
		*out = NULL;
	}
	return status;
}

void
aiodal__conn_close(aiodal__conn *conn)
{
	if (!conn)
		return;
	PQclear(conn->op.result);
	PQclear(conn->op.chunk);
	aiodal__free(conn->op.waiting);
	aiodal__free(conn->traced);
	aiodal__prepared_free(&conn->prepared);
	aiodal__cancel_free(conn->cancel);
	PQfinish(conn->pg);
	(void) pthread_mutex_destroy(&conn->cancel_lock);
	aiodal__free(conn);
}

void
aiodal__conn_abandon(aiodal__conn *conn)
{
	/* PQfinish() says goodbye on the socket, which is the parent's: let it talk to nobody */
	int fd = PQsocket(conn->pg);
	int nowhere = fd >= 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;

	if (nowhere >= 0)
	{
		(void) dup2(nowhere, fd);
		(void) close(nowhere);
	}
	aiodal__cancel_abandon(conn->cancel);
	conn->cancel = NULL;
	aiodal__conn_close(conn);
}

bool
aiodal__conn_alive(aiodal__conn *conn, bool look)
{
	struct pollfd fd = {.fd = PQsocket(conn->pg), .events = POLLIN};

	if (conn->broken || PQstatus(conn->pg) != CONNECTION_OK)
		return false;
	/* what waits may be a notice; behind a server's last words is the end of file */
	while (look && poll(&fd, 1, 0) > 0)
	{
		if (!PQconsumeInput(conn->pg))
			return false;
		(void) PQisBusy(conn->pg);
	}
	return PQtransactionStatus(conn->pg) == PQTRANS_IDLE;
}

/* Nothing will ever run on it again that a late request could hit. */
static void
ask_again(aiodal__conn *conn)
{
	if (aiodal__now() < conn->again)
		return;
	conn->again = aiodal__now() + REPEAT_MS;
	aiodal__cancel_start(conn->cancel);
}

bool
aiodal__conn_ended(aiodal__conn *conn)
{
	if (!PQconsumeInput(conn->pg))
		return true;
	while (!PQisBusy(conn->pg))
	{
		PGresult *res = PQgetResult(conn->pg);
		ExecStatusType kind = PQresultStatus(res);

		PQclear(res);
		/* each statement of a pipeline ends so, and all of it with the sync */
		if (!res && PQpipelineStatus(conn->pg) != PQ_PIPELINE_OFF)
			continue;
		/* in a COPY the server waits for us, or stops when it cannot send */
		if (!res || kind == PGRES_COPY_IN || kind == PGRES_COPY_OUT || kind == PGRES_PIPELINE_SYNC)
			return true;
	}
	ask_again(conn);
	return false;
}

aiodal_status
aiodal__conn_start(aiodal__conn *conn, aiodal_error **err)
{
	if (conn->broken || PQstatus(conn->pg) != CONNECTION_OK)
		return aiodal__fail_state(err, AIODAL_ECONN, "08003", NULL, NULL,
								  "the connection to the server was lost");
	if (conn->running || PQtransactionStatus(conn->pg) == PQTRANS_ACTIVE)
		return aiodal__fail_hint(err, AIODAL_EBUSY, NULL, "Finish or free it first.",
								 "another operation is running on this transaction");
	if (conn->tick && aiodal__errand_cancelled())
		return aiodal__fail_canceled(err, "The statement was not sent.");
	if (aiodal__until(conn->deadline) == 0)
		return aiodal__fail_state(err, AIODAL_ETIMEOUT, "57014", "The statement was not sent.", NULL,
								  "the transaction's deadline has passed");
	if (!PQisnonblocking(conn->pg) && PQsetnonblocking(conn->pg, 1) != 0)
		return aiodal__fail_conn(err, AIODAL_ECONN, conn->pg);
	(void) pthread_mutex_lock(&conn->cancel_lock);
	conn->running = true;
	conn->asked = false;
	(void) pthread_mutex_unlock(&conn->cancel_lock);
	conn->interrupt = AIODAL_OK;
	return AIODAL_OK;
}

void
aiodal__conn_done(aiodal__conn *conn)
{
	(void) pthread_mutex_lock(&conn->cancel_lock);
	conn->running = false;
	(void) pthread_mutex_unlock(&conn->cancel_lock);
	if (!conn->broken && !aiodal__cancel_settle(conn->cancel, SETTLE_MS))
		conn->exposed = true;
}

aiodal_status
aiodal__conn_advance(aiodal__conn *conn)
{
	int unsent = PQflush(conn->pg);

	/* what has been read already may hold all there is to know */
	if (!PQisBusy(conn->pg))
		return AIODAL_OK;
	/* a failed write may hide the server's last words: read on, PQgetResult() has them */
	if (!PQconsumeInput(conn->pg) || !PQisBusy(conn->pg))
		return AIODAL_OK;
	return unsent == 1 ? AIODAL_WANT_WRITE : AIODAL_WANT_READ;
}

void
aiodal__conn_cancel(aiodal__conn *conn)
{
	(void) pthread_mutex_lock(&conn->cancel_lock);
	if (conn->running)
	{
		aiodal__cancel_start(conn->cancel);
		conn->asked = true;
	}
	(void) pthread_mutex_unlock(&conn->cancel_lock);
}

bool
aiodal__conn_goes_on(aiodal__conn *conn)
{
	(void) pthread_mutex_lock(&conn->cancel_lock);
	if (conn->asked && !conn->interrupt)
		conn->interrupt = AIODAL_ECANCELED;
	(void) pthread_mutex_unlock(&conn->cancel_lock);
	return !conn->interrupt;
}

static void
interrupt(aiodal__conn *conn, aiodal_status why)
{
	conn->interrupt = why;
	conn->again = aiodal__now() + REPEAT_MS;
	conn->grace = aiodal__now() + GRACE_MS;
	aiodal__conn_cancel(conn);
}

int64_t
aiodal__conn_next_check(const aiodal__conn *conn)
{
	if (!conn->interrupt)
		return conn->deadline;
	return conn->again < conn->grace ? conn->again : conn->grace;
}

aiodal_status
aiodal__conn_check_time(aiodal__conn *conn, int64_t limit)
{
	int64_t now = aiodal__now();

	if (conn->interrupt)
	{
		conn->broken = now >= conn->grace;
		conn->unconfirmed = conn->broken;
		if (conn->broken)
			return conn->interrupt;
		if (now >= conn->again)
		{
			conn->again = now + REPEAT_MS;
			aiodal__conn_cancel(conn);
		}
		return AIODAL_OK;
	}
	if (now >= conn->deadline)
		interrupt(conn, AIODAL_ETIMEOUT);
	else if (conn->tick && conn->tick(conn->tick_payload) != 0)
		interrupt(conn, AIODAL_ECANCELED);
	else if (now >= limit)
		return AIODAL_WANT_READ;
	return AIODAL_OK;
}

aiodal_status
aiodal__conn_wait(aiodal__conn *conn, aiodal_status want, int64_t limit)
{
	struct pollfd fd = {.fd = PQsocket(conn->pg), .events = POLLIN};
	int64_t until = aiodal__conn_next_check(conn);
	int ready;

	if (want == AIODAL_WANT_WRITE)
		fd.events |= POLLOUT;
	if (limit < until)
		until = limit;
	if (conn->tick && until - TICK_MS > aiodal__now())
		until = aiodal__now() + TICK_MS;
	ready = poll(&fd, 1, aiodal__until(until));
	/* data that never stops coming must not hide that time is up */
	if ((ready > 0 || (ready < 0 && errno == EINTR)) && aiodal__until(conn->deadline) != 0)
		return AIODAL_OK;
	return aiodal__conn_check_time(conn, ready > 0 ? AIODAL__NEVER : limit);
}

aiodal_status
aiodal__conn_next_result(aiodal__conn *conn, PGresult **res)
{
	aiodal_status status;

	*res = NULL;
	while ((status = aiodal__conn_advance(conn)) > 0)
	{
		status = aiodal__conn_wait(conn, status, AIODAL__NEVER);
		if (status < 0)
			return status;
	}
	*res = PQgetResult(conn->pg);
	return AIODAL_OK;
}

aiodal_status
aiodal__conn_status(const aiodal__conn *conn, const PGresult *res)
{
	aiodal_status status;

	if (conn->broken && conn->interrupt)
		return conn->interrupt;
	if (conn->broken && !res)
		return AIODAL_ECONN;
	switch (PQresultStatus(res))
	{
		case PGRES_COMMAND_OK:
		case PGRES_TUPLES_OK:
		case PGRES_EMPTY_QUERY:
		case PGRES_COPY_IN:
		case PGRES_COPY_OUT:
		case PGRES_PIPELINE_SYNC: return AIODAL_OK;
		default: break;
	}
	status = aiodal__result_status(res, conn->pg);
	/* the interruption did it, unless something else came first */
	return status == AIODAL_ECANCELED && conn->interrupt ? conn->interrupt : status;
}

aiodal_status
aiodal__conn_fail(const aiodal__conn *conn, aiodal_status status, const PGresult *res, aiodal_error **err)
{
	const char *detail = conn->broken
							 ? "The server did not answer the cancel request; the connection was dropped."
							 : "The statement was cancelled.";

	if (conn->interrupt && status == AIODAL_ETIMEOUT && status == conn->interrupt)
		return aiodal__fail_state(err, status, "57014", detail, NULL,
								  "the transaction's deadline has passed");
	if (conn->interrupt && status == conn->interrupt)
		return aiodal__fail_canceled(err, detail);
	if (conn->broken && !res && PQstatus(conn->pg) == CONNECTION_OK)
		return aiodal__fail_state(err, status, "08P01", "The connection was dropped.", NULL,
								  "the server did not answer as the protocol has it");
	(void) aiodal__fail_result(err, res, conn->pg);
	return aiodal__error_restatus(err, status);
}
