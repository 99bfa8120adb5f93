/*
 * notify.c
 *		Listening to channels on a connection that is made again when it is lost.
 *
 * Design notes. aiodal_listener_poll() moves a listener through its states and never blocks; waiting is
 * polling in turn with the socket, as everywhere. A silent connection is no sign of a living server, hence
 * the ping.
 *
 * Being lost is told once, as an error, and being back once, as a notification without channel, behind the
 * LISTEN: whoever looks at the state of things when told so misses nothing.
 */
#include "notify.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine.h"
#include "dial.h"
#include "error.h"
#include "op.h"
#include "util/buf.h"
#include "util/mem.h"
#include "util/process.h"

#define FIRST_PAUSE_MS 500
#define MAX_PAUSE_MS   30000

typedef enum listener_state
{
	LOST,        /* no connection; until limit, no attempt to make one */
	CONNECTING,  /* until limit */
	SUBSCRIBING, /* LISTEN runs; until limit */
	LISTENING,   /* at limit, a ping is due */
	PINGING      /* the server has to answer until limit */
} listener_state;

struct aiodal_listener
{
	aiodal_db *db;
	listener_state state;
	aiodal__dial *dial; /* by which it connects */
	aiodal__conn *conn;
	int64_t limit;
	int pause_ms; /* before the next attempt to connect */
	unsigned int seed;
	bool renewed; /* is to be told */
	char *listen; /* the statement */
	int wake[2];  /* a pipe */
	PGnotify *last;
	aiodal_notification told;
};

static char *
make_listen(const char *const *channels, size_t n)
{
	aiodal__buf sql = AIODAL__BUF_INIT;

	for (size_t i = 0; i < n; i++)
	{
		aiodal__buf_str(&sql, "LISTEN ");
		aiodal__buf_ident(&sql, channels[i]);
		aiodal__buf_str(&sql, ";");
	}
	return aiodal__buf_take(&sql);
}

static aiodal_status
check_channels(const char *const *channels, size_t n, aiodal_error **err)
{
	if (n == 0)
		return aiodal__fail(err, AIODAL_EINVAL, "there must be a channel to listen to");
	for (size_t i = 0; i < n; i++)
	{
		if (!channels || !channels[i])
			return aiodal__fail(err, AIODAL_EINVAL, "channels must have n names");
	}
	return AIODAL_OK;
}

aiodal_status
aiodal_listen_start(aiodal_listener **out, aiodal_db *db, const char *const *channels, size_t n,
					aiodal_error **err)
{
	aiodal_listener *listener;
	aiodal_status status = aiodal__db_check(db, err);

	if (!out)
		return aiodal__fail(err, AIODAL_EINVAL, "listener must not be NULL");
	*out = NULL;
	if (status == AIODAL_OK)
		status = check_channels(channels, n, err);
	if (status != AIODAL_OK)
		return status;
	listener = aiodal__calloc(1, sizeof(*listener));
	if (!listener)
		return aiodal__fail_memory(err);
	(void) __atomic_add_fetch(&db->refs, 1, __ATOMIC_RELAXED);
	listener->db = db;
	listener->seed = (unsigned int) (uintptr_t) listener;
	listener->wake[0] = listener->wake[1] = -1;
	listener->listen = make_listen(channels, n);
	if (!listener->listen)
		status = aiodal__fail_memory(err);
	else if (pipe2(listener->wake, O_CLOEXEC | O_NONBLOCK) != 0)
		status = aiodal__fail(err, AIODAL_ENOMEM, "could not make a pipe: too many files are open");
	if (status == AIODAL_OK)
		*out = listener;
	else
		aiodal_listener_free(listener);
	return status;
}

aiodal_status
aiodal_listen(aiodal_listener **out, aiodal_db *db, const char *const *channels, size_t n, aiodal_error **err)
{
	const aiodal_notification *first;
	aiodal_status status = aiodal_listen_start(out, db, channels, n, err);

	if (status != AIODAL_OK)
		return status;
	status = aiodal_listener_wait(*out, &first, -1, err);
	if (status < 0)
	{
		aiodal_listener_free(*out);
		*out = NULL;
	}
	return status;
}

static void
stop_connecting(aiodal_listener *listener)
{
	if (listener->dial)
		aiodal__dial_give_up(listener->dial);
	listener->dial = NULL;
}

void
aiodal_listener_free(aiodal_listener *listener)
{
	if (!listener)
		return;
	PQfreemem(listener->last);
	stop_connecting(listener);
	if (listener->conn && listener->db->pid != aiodal__process())
		aiodal__conn_abandon(listener->conn);
	else
		aiodal__conn_close(listener->conn);
	for (int i = 0; i < 2; i++)
	{
		if (listener->wake[i] >= 0)
			(void) close(listener->wake[i]);
	}
	aiodal__free(listener->listen);
	aiodal__db_unref(listener->db);
	aiodal__free(listener);
}

aiodal__conn *
aiodal__listener_conn(aiodal_listener *listener)
{
	return listener->state == LISTENING ? listener->conn : NULL;
}

/*
 * States
 */

static void
enter(aiodal_listener *listener, listener_state state, int64_t limit)
{
	listener->state = state;
	listener->limit = limit;
}

static int64_t
answer_limit(const aiodal_listener *listener)
{
	return aiodal__deadline(listener->db->pool.limits.connect_timeout_ms);
}

/* Servers that come back are not asked by all at once. */
static void
lose(aiodal_listener *listener)
{
	int pause = listener->pause_ms;

	stop_connecting(listener);
	aiodal__conn_close(listener->conn);
	listener->conn = NULL;
	enter(listener, LOST, aiodal__now() + (pause > 0 ? pause / 2 + rand_r(&listener->seed) % pause : 0));
	listener->pause_ms = pause > 0 ? pause * 2 : FIRST_PAUSE_MS;
	if (listener->pause_ms > MAX_PAUSE_MS)
		listener->pause_ms = MAX_PAUSE_MS;
}

static void
listen_on(aiodal_listener *listener)
{
	int64_t ping_after = listener->db->ping_after;

	enter(listener, LISTENING, ping_after == AIODAL__NEVER ? AIODAL__NEVER : aiodal__now() + ping_after);
}

static aiodal_status
start_connecting(aiodal_listener *listener, aiodal_error **err)
{
	if (aiodal__until(listener->limit) != 0)
		return AIODAL_WANT_READ;
	enter(listener, CONNECTING, answer_limit(listener));
	return aiodal__dial_start(&listener->dial, &listener->db->pool.params, listener->limit, err);
}

static aiodal_status
start_command(aiodal_listener *listener, const char *sql, listener_state state, aiodal_error **err)
{
	enter(listener, state, answer_limit(listener));
	return aiodal__op_start_command(listener->conn, sql, false, err);
}

static aiodal_status
connect_on(aiodal_listener *listener, aiodal_error **err)
{
	aiodal_status status = aiodal__dial_step(listener->dial, &listener->conn, err);

	if (status > 0)
		return status;
	listener->dial = NULL;
	return status == AIODAL_OK ? start_command(listener, listener->listen, SUBSCRIBING, err) : status;
}

/* LISTEN or the ping. */
static aiodal_status
command_on(aiodal_listener *listener, aiodal_error **err)
{
	aiodal_status status = aiodal_op_poll(&listener->conn->op, err);

	if (status > 0 && aiodal__until(listener->limit) == 0)
		return aiodal__fail(err, AIODAL_ECONN, "the connection to the server does not answer any more");
	if (status != AIODAL_OK)
		return status;
	aiodal__op_release(listener->conn);
	if (listener->state == SUBSCRIBING)
	{
		listener->renewed = true;
		listener->pause_ms = 0;
	}
	listen_on(listener);
	return AIODAL_OK;
}

static aiodal_status
listen_further(aiodal_listener *listener, aiodal_error **err)
{
	PGconn *pg = listener->conn->pg;

	if (listener->conn->broken || !PQconsumeInput(pg) || PQstatus(pg) != CONNECTION_OK)
		return aiodal__fail_conn(err, AIODAL_ECONN, pg);
	(void) PQisBusy(pg);
	if (aiodal__until(listener->limit) == 0)
		return start_command(listener, "", PINGING, err);
	return AIODAL_WANT_READ;
}

/* A step from one state to the next: AIODAL_OK when there may be another. */
static aiodal_status
advance(aiodal_listener *listener, aiodal_error **err)
{
	switch (listener->state)
	{
		case LOST: return start_connecting(listener, err);
		case CONNECTING: return connect_on(listener, err);
		case SUBSCRIBING:
		case PINGING: return command_on(listener, err);
		case LISTENING: break;
	}
	return listen_further(listener, err);
}

/* What was received already. */
static bool
take_next(aiodal_listener *listener)
{
	PQfreemem(listener->last);
	listener->last = NULL;
	listener->told = (aiodal_notification){NULL, "", 0};
	if (listener->renewed)
	{
		listener->renewed = false;
		return true;
	}
	if (listener->state != LISTENING)
		return false;
	listener->last = PQnotifies(listener->conn->pg);
	if (!listener->last)
		return false;
	listener->told =
		(aiodal_notification){listener->last->relname, listener->last->extra, listener->last->be_pid};
	listen_on(listener);
	return true;
}

aiodal_status
aiodal_listener_poll(aiodal_listener *listener, const aiodal_notification **notification, aiodal_error **err)
{
	aiodal_status status;

	if (!listener || !notification)
		return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL",
							listener ? "notification" : "listener");
	*notification = NULL;
	status = aiodal__db_check(listener->db, err);
	while (status == AIODAL_OK)
	{
		if (take_next(listener))
		{
			*notification = &listener->told;
			return AIODAL_OK;
		}
		status = advance(listener, err);
		if (status < 0)
			lose(listener);
		else if (status > 0 && take_next(listener))
		{
			*notification = &listener->told;
			return AIODAL_OK;
		}
	}
	return status;
}

int
aiodal_listener_fd(const aiodal_listener *listener)
{
	if (listener && listener->dial)
		return aiodal__dial_fd(listener->dial);
	return listener && listener->conn ? PQsocket(listener->conn->pg) : -1;
}

int
aiodal_listener_timeout(const aiodal_listener *listener)
{
	return listener ? aiodal__until(listener->limit) : -1;
}

/* Whether it was woken meanwhile. */
static bool
wait_for(aiodal_listener *listener, aiodal_status want, int64_t deadline)
{
	struct pollfd fds[2] = {{.fd = listener->wake[0], .events = POLLIN},
							{.fd = aiodal_listener_fd(listener), .events = POLLIN}};
	char woken[16];

	if (want == AIODAL_WANT_WRITE)
		fds[1].events = POLLOUT;
	(void) poll(fds, 2, aiodal__until(listener->limit < deadline ? listener->limit : deadline));
	return (fds[0].revents & POLLIN) && read(listener->wake[0], woken, sizeof(woken)) > 0;
}

aiodal_status
aiodal_listener_wait(aiodal_listener *listener, const aiodal_notification **notification, int timeout_ms,
					 aiodal_error **err)
{
	int64_t deadline = aiodal__deadline(timeout_ms);
	aiodal_status status;

	while ((status = aiodal_listener_poll(listener, notification, err)) > 0)
	{
		if (aiodal__until(deadline) == 0 || wait_for(listener, status, deadline))
			return AIODAL_WANT_READ;
	}
	return status;
}

void
aiodal_listener_wake(aiodal_listener *listener)
{
	/* a full pipe wakes as well */
	if (listener && write(listener->wake[1], "", 1) < 0)
		return;
}
