/*
 * conn.h
 *		One connection: opening it, waiting for it, interrupting what runs on it.
 */
#ifndef AIODAL_SRC_CONN_H
#define AIODAL_SRC_CONN_H

#include <pthread.h>

#include <libpq-fe.h>

#include <aiodal/db.h>

#include "cancel.h"
#include "prepared.h"
#include "util/clock.h"

typedef struct aiodal__conn aiodal__conn;

struct aiodal__traced;

/* Runs about ten times a second while a command is waited for; non-zero: cancel it. */
typedef int (*aiodal__tick_fn)(void *payload);

/* Takes a result of a pipeline, or NULL where those of a statement end. */
typedef void (*aiodal__take_result_fn)(struct aiodal_op *op, PGresult *res);

typedef enum aiodal__op_state
{
	AIODAL__OP_FREE,     /* nobody's */
	AIODAL__OP_RUNNING,  /* the server works, or its results are being read */
	AIODAL__OP_DRAINING, /* rows of a COPY nobody asked for are being thrown away */
	AIODAL__OP_DONE      /* status and result are final */
} aiodal__op_state;

/* What is done with an operation that is no command of a connection's: see op.c. */
struct aiodal__op_kind
{
	aiodal_status (*step)(struct aiodal_op *op); /* sets state and status when it is done */
	void (*wait)(struct aiodal_op *op, int64_t limit);
	int (*fd)(const struct aiodal_op *op);
	int64_t (*next_check)(const struct aiodal_op *op);
	aiodal_status (*report)(const struct aiodal_op *op, aiodal_error **err); /* of one that failed */
	void (*cancel)(struct aiodal_op *op);
	void (*free)(struct aiodal_op *op);
};

/* The command a connection runs; see op.c. Public code knows a pointer to it as the handle. */
struct aiodal_op
{
	aiodal__op_state state;
	const struct aiodal__op_kind *kind; /* NULL: a command */
	aiodal__conn *conn;
	bool may_copy;        /* a COPY is what the caller wants: stop when it begins */
	aiodal_status status; /* when done */
	PGresult *result;     /* the last one, or the first that failed */

	bool begins;                     /* the result of BEGIN comes first of all */
	struct aiodal__request *waiting; /* a copy of what is sent when that is there; or NULL */
	aiodal__statement *statement;    /* that it executes; NULL: one that is not kept prepared */
	int before;                      /* results of deallocating and preparing that come before its own */
	bool anew;                       /* there were some */
	bool pipelined;                  /* several are on their way */
	bool stale;                      /* failed since what was prepared is out of date */
	bool first;                      /* of its transaction */

	aiodal__take_result_fn take;      /* of several statements: takes each result, see op.h; else NULL */
	struct aiodal_pipeline *pipeline; /* whose they are */
	bool *over;                       /* set when it is released */
	const char *place;                /* which of them failed */

	int chunk_rows;   /* hand rows over when there are so many; 0: all at once, or none any more */
	bool streaming;   /* chunk_rows was asked for */
	bool chunk_ready; /* chunk is to be taken before there will be more */
	bool chunk_taken; /* one was */
	PGresult *chunk;
};

typedef enum aiodal__conn_state
{
	AIODAL__CONN_NEW,    /* not the pool's yet */
	AIODAL__CONN_IDLE,   /* free to be lent */
	AIODAL__CONN_USED,   /* lent to a transaction */
	AIODAL__CONN_ENDING, /* given back while the server may still be running its statement */
	AIODAL__CONN_GONE,   /* counted out, to be closed */
	AIODAL__CONN_N_STATES
} aiodal__conn_state;

/* What has become of the BEGIN of the transaction that a connection was lent for. */
typedef enum aiodal__begin
{
	AIODAL__BEGIN_DONE, /* or there is none */
	AIODAL__BEGIN_LATE, /* it goes with the first command */
	AIODAL__BEGIN_FAILED
} aiodal__begin;

struct aiodal__conn
{
	PGconn *pg;
	struct aiodal_op op;
	aiodal_status connecting; /* what the socket is waited for until it is open */

	int64_t deadline; /* for whatever runs; AIODAL__NEVER */
	aiodal__tick_fn tick;
	void *tick_payload;
	aiodal_status interrupt; /* why the command is being cancelled; 0 when it is not */
	int64_t again;           /* when to ask again */
	int64_t grace;           /* when to give up waiting for the server's answer to that */
	bool broken;             /* in an unknown state: only to be closed */
	bool unconfirmed;        /* broken, as the server has not answered a cancel request */
	bool changed;            /* a statement may have changed the session */
	bool constraints_set;    /* by SET CONSTRAINTS, which lasts until the end of a transaction */
	bool cursor_declared;    /* as most cursors do */
	aiodal__begin begin;
	const char *begin_sql; /* in restart */
	bool fresh;            /* its transaction has only begun, and would do so again */
	char restart[160];     /* by these statements */
	bool exposed;          /* a cancel request that is still under way may hit whatever runs next */

	/* Another thread's cancel request must hit the command it was meant for: no request is made when none
	 * runs, and a command is over when no request is under way any more. */
	pthread_mutex_t cancel_lock; /* over running and the start of requests */
	aiodal__cancel *cancel;
	bool running;
	bool asked; /* it was asked to cancel what runs */

	aiodal_notice_cb notice;
	void *notice_payload;

	aiodal_trace_cb trace; /* see trace.h */
	void *trace_payload;
	bool trace_params;
	struct aiodal__traced *traced; /* the statement that runs, if there is a hook */

	aiodal__prepared prepared;

	/* the pool's, under its lock */
	aiodal__conn_state state;
	aiodal__conn *prev;
	aiodal__conn *next;
	int64_t since;     /* when it came into its state */
	int64_t expires;   /* when it is too old */
	int64_t turn_ends; /* until then it is not handed over, see pool.c */
	const char *owner; /* while it is lent: by whom */
	bool leak_told;
};

typedef struct aiodal__conn_params
{
	const char *conninfo;
	const char *application_name;
	aiodal_notice_cb notice;
	void *notice_payload;
	aiodal_trace_cb trace;
	void *trace_payload;
	bool trace_params;
	aiodal__prepared_limits prepared;
} aiodal__conn_params;

extern aiodal_status aiodal__conn_open(aiodal__conn **conn, const aiodal__conn_params *params,
									   int64_t deadline, aiodal_error **err);
extern void aiodal__conn_close(aiodal__conn *conn);

/* In the child of a fork: frees, and sends nothing on the parent's connection. */
extern void aiodal__conn_abandon(aiodal__conn *conn);

/* Whether a connection that was idle is still good; never blocks. look: at what the server may have said. */
extern bool aiodal__conn_alive(aiodal__conn *conn, bool look);

/* Whether the server has ended what was cancelled, reading on without blocking; it is asked again while it
 * has not. The connection is then only to be closed. */
extern bool aiodal__conn_ended(aiodal__conn *conn);

/* Before a command is sent: non-blocking, in time, not busy, not in an errand that was cancelled (but where
 * tick is NULL: there nothing may be interrupted). Then aiodal__conn_done() when it is over. */
extern aiodal_status aiodal__conn_start(aiodal__conn *conn, aiodal_error **err);
extern void aiodal__conn_done(aiodal__conn *conn);

/*
 * Moves bytes both ways without blocking. AIODAL_OK: PQgetResult() will not block (or the connection is lost,
 * which it then reports); else what to wait for.
 */
extern aiodal_status aiodal__conn_advance(aiodal__conn *conn);

/*
 * Blocks until the socket is ready for what advance() wants, or it is time to do something: cancels the
 * command when the deadline has passed or the tick says so. AIODAL_OK: advance again. AIODAL_WANT_READ: limit
 * has passed. Negative: the connection was given up.
 */
extern aiodal_status aiodal__conn_wait(aiodal__conn *conn, aiodal_status want, int64_t limit);

/* The interruptions of wait(), for those who wait by themselves: as its answer. */
extern aiodal_status aiodal__conn_check_time(aiodal__conn *conn, int64_t limit);

/* Blocks until the command's next result; *res is NULL at its end. Fails only when the connection was given
 * up. */
extern aiodal_status aiodal__conn_next_result(aiodal__conn *conn, PGresult **res);

/* Asks the server to cancel what runs, if something does; from any thread, without waiting. */
extern void aiodal__conn_cancel(aiodal__conn *conn);

/* Whether a command that has not been sent yet is to be so: not when what ran before it was to be cancelled,
 * which counts for the command then. */
extern bool aiodal__conn_goes_on(aiodal__conn *conn);

/* When whoever waits has to look at the time again; AIODAL__NEVER. */
extern int64_t aiodal__conn_next_check(const aiodal__conn *conn);

/*
 * The status of a command whose decisive result is res (NULL: none, the connection was given up), with the
 * interruption taken into account; and the error that goes with it.
 */
extern aiodal_status aiodal__conn_status(const aiodal__conn *conn, const PGresult *res);
extern aiodal_status
aiodal__conn_fail(const aiodal__conn *conn, aiodal_status status, const PGresult *res, aiodal_error **err);

#endif /* AIODAL_SRC_CONN_H */
