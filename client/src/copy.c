/*
 * copy.c
 *		The COPY protocol over a connection that is never blocked on.
 *
 * Design notes. libpq's buffer would take whatever is put into it without ever saying stop, so each piece is
 * flushed to the socket before the next is read: memory stays flat, and progress means bytes sent.
 *
 * libpq tells of an error during COPY FROM STDIN only when the data has ended. A server that has given up on
 * line 1 would be sent the whole file, hence aiodal__copy_server_has_spoken().
 */
#include "copy.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "error.h"
#include "op.h"
#include "trace.h"

/* The command is running again after aiodal__op_command() stopped at the COPY. */
static void
resume(aiodal__conn *conn)
{
	(void) pthread_mutex_lock(&conn->cancel_lock);
	conn->running = true;
	(void) pthread_mutex_unlock(&conn->cancel_lock);
}

static aiodal_status
begin(aiodal__conn *conn, const char *sql, ExecStatusType wanted, aiodal_error **err)
{
	PGresult *res = NULL;
	aiodal_status status = aiodal__op_command(conn, sql, true, &res, err);

	if (status == AIODAL_OK && PQresultStatus(res) != wanted)
	{
		/* cannot happen with statements of our own; in any other state the connection is of no use */
		conn->broken = true;
		status = aiodal__fail(err, AIODAL_ESTATE, "the server did not begin to copy");
	}
	PQclear(res);
	if (status == AIODAL_OK)
		resume(conn);
	return status;
}

/* Reads results until the command is over; keeps the first that failed, else the first. */
aiodal_status
aiodal__copy_finish(aiodal__conn *conn, int64_t *rows, aiodal_error **err)
{
	PGresult *decisive = NULL;
	PGresult *res = NULL;
	aiodal_status status;

	while ((status = aiodal__conn_next_result(conn, &res)) == AIODAL_OK && res)
	{
		ExecStatusType kind = PQresultStatus(res);

		if (!decisive || (kind == PGRES_FATAL_ERROR && PQresultStatus(decisive) != PGRES_FATAL_ERROR))
		{
			PQclear(decisive);
			decisive = res;
		}
		else
			PQclear(res);
		/* still copying after its end: the connection was lost, and libpq goes on to say so */
		if (kind == PGRES_COPY_IN || kind == PGRES_COPY_OUT)
			conn->broken = true;
		if (conn->broken)
			break;
	}
	aiodal__conn_done(conn);
	if (status == AIODAL_OK)
		status = aiodal__conn_status(conn, decisive);
	if (conn->broken && !conn->interrupt)
		status = aiodal__fail_conn(err, AIODAL_ECONN, conn->pg);
	else if (status != AIODAL_OK)
		status = aiodal__conn_fail(conn, status, decisive, err);
	else if (rows)
		*rows = strtoll(PQcmdTuples(decisive), NULL, 10);
	aiodal__trace_end(conn, status, decisive);
	PQclear(decisive);
	return status;
}

/*
 * In
 */

aiodal_status
aiodal__copy_begin(aiodal__conn *conn, const char *sql, aiodal_error **err)
{
	return begin(conn, sql, PGRES_COPY_IN, err);
}

bool
aiodal__copy_server_has_spoken(const aiodal__conn *conn)
{
	char type;
	ssize_t n;

	if (conn->interrupt)
		return true;
	if (PQsslInUse(conn->pg) || PQgssEncInUse(conn->pg))
		return false;
	n = recv(PQsocket(conn->pg), &type, 1, MSG_PEEK | MSG_DONTWAIT);
	return n == 0 || (n == 1 && type == 'E');
}

/* Waits until all is sent; *stop when sending more is no use. */
static aiodal_status
flush(aiodal__conn *conn, bool *stop)
{
	int unsent;

	while (!*stop && (unsent = PQflush(conn->pg)) != 0)
	{
		aiodal_status status;

		*stop = unsent < 0;
		if (*stop)
			break;
		status = aiodal__conn_wait(conn, AIODAL_WANT_WRITE, AIODAL__NEVER);
		if (status < 0)
			return status;
		*stop = aiodal__copy_server_has_spoken(conn) || !PQconsumeInput(conn->pg);
	}
	return AIODAL_OK;
}

static aiodal_status
put(aiodal__conn *conn, const char *data, size_t len, bool *stop)
{
	aiodal_status status = AIODAL_OK;

	while (len > 0 && !*stop && status == AIODAL_OK)
	{
		size_t piece = len < 65536 ? len : 65536;

		*stop = PQputCopyData(conn->pg, data, (int) piece) != 1;
		status = flush(conn, stop);
		/* a server that keeps up is never waited for */
		if (status == AIODAL_OK && aiodal__until(conn->deadline) == 0)
			status = aiodal__conn_check_time(conn, AIODAL__NEVER);
		*stop = *stop || aiodal__copy_server_has_spoken(conn);
		data += piece;
		len -= piece;
	}
	return status;
}

/* Says that the data has ended, or with a reason that the COPY shall fail. */
static aiodal_status
put_end(aiodal__conn *conn, const char *reason)
{
	bool stop = false;
	aiodal_status status;

	/* 0: no room now */
	while (PQputCopyEnd(conn->pg, reason) == 0)
	{
		status = aiodal__conn_wait(conn, AIODAL_WANT_WRITE, AIODAL__NEVER);
		if (status < 0)
			return status;
	}
	status = flush(conn, &stop);
	return status;
}

aiodal_status
aiodal__copy_in(aiodal__conn *conn, const char *sql, aiodal__feed_fn feed, void *payload, int64_t *rows,
				aiodal_error **err)
{
	aiodal_status status = begin(conn, sql, PGRES_COPY_IN, err);
	aiodal_status fed = AIODAL_OK;
	const char *data;
	size_t len = 1;
	bool stop = false;

	if (status != AIODAL_OK)
		return status;
	while (status == AIODAL_OK && !stop)
	{
		fed = feed(payload, &data, &len, err);
		stop = fed > 0;
		if (fed != AIODAL_OK || len == 0)
			break;
		status = put(conn, data, len, &stop);
	}
	if (status == AIODAL_OK)
		status = put_end(conn, stop  ? "stopped, as the server had reported an error"
							   : fed ? "the source failed"
									 : NULL);
	/* the source's own error goes first */
	status = aiodal__copy_finish(conn, rows, fed < 0 ? NULL : err);
	return fed < 0 ? fed : status;
}

/*
 * Out
 */

/* Rows as they come; *taken is take's status. */
static aiodal_status
receive(aiodal__conn *conn, aiodal__take_fn take, void *payload, aiodal_status *taken, aiodal_error **err)
{
	for (;;)
	{
		char *row;
		int len = PQgetCopyData(conn->pg, &row, 1);
		aiodal_status status;

		if (len < 0)
			return AIODAL_OK;
		if (len > 0)
		{
			/* once cancelled, what is still on its way is thrown away */
			if (*taken == AIODAL_OK)
			{
				*taken = take(payload, row, (size_t) len, err);
				if (*taken != AIODAL_OK)
					aiodal__conn_cancel(conn);
			}
			PQfreemem(row);
			continue;
		}
		status = aiodal__conn_wait(conn, AIODAL_WANT_READ, AIODAL__NEVER);
		if (status < 0)
			return status;
		if (!PQconsumeInput(conn->pg))
			return AIODAL_OK;
	}
}

aiodal_status
aiodal__copy_out(aiodal__conn *conn, const char *sql, aiodal__take_fn take, void *payload, int64_t *rows,
				 aiodal_error **err)
{
	aiodal_status status = begin(conn, sql, PGRES_COPY_OUT, err);
	aiodal_status taken = AIODAL_OK;

	if (status != AIODAL_OK)
		return status;
	(void) receive(conn, take, payload, &taken, err);
	status = aiodal__copy_finish(conn, rows, taken ? NULL : err);
	return taken ? taken : status;
}
