/*
 * pool.h
 *		Connections kept open and lent out.
 */
#ifndef AIODAL_SRC_POOL_H
#define AIODAL_SRC_POOL_H

#include <semaphore.h>

#include "conn.h"

typedef struct aiodal__conn_list
{
	aiodal__conn *first;
	aiodal__conn *last;
	int n;
} aiodal__conn_list;

/* What a pool may do, in milliseconds where they are times; AIODAL__NEVER for no limit. */
typedef struct aiodal__pool_limits
{
	int size;     /* kept open when idle */
	int overflow; /* besides, while there is need for them */
	int max_waiters;
	int connect_timeout_ms;
	int64_t max_lifetime;
	int64_t idle_timeout;
	int64_t leak_after;
	aiodal_reset reset;
	aiodal_leak_cb leak;
	void *leak_payload;
} aiodal__pool_limits;

typedef struct aiodal__pool
{
	pthread_mutex_t lock;
	aiodal__conn_list list[AIODAL__CONN_N_STATES]; /* by state; those idle last used first */
	struct aiodal__waiter *waiters;                /* who has waited longest first */
	struct aiodal__waiter **waiters_end;
	int places; /* connections that exist or are being opened */
	bool closed;
	int64_t looked;       /* when upkeep looked last */
	int64_t strict_until; /* no turns before; for strict_ms then */
	int strict_ms;
	int credit; /* of turns */
	unsigned int seed;
	aiodal_db_stats stats;
	aiodal__prepared_counts prepared; /* without the lock */
	aiodal__pool_limits limits;
	aiodal__conn_params params; /* its conninfo and application_name are the pool's own copies */
} aiodal__pool;

/* Copies both; no connection is opened yet. */
extern aiodal_status aiodal__pool_init(aiodal__pool *pool, const aiodal__conn_params *params,
									   const aiodal__pool_limits *limits, aiodal_error **err);

/* Who asks for a connection. */
typedef struct aiodal__waiter
{
	struct aiodal__waiter *next;
	const char *owner;  /* a label that outlives the loan, or NULL */
	aiodal__conn *conn; /* what it was given; NULL: a place */
	int64_t idle_ms;    /* for how long it had been idle */

	/* the pool's */
	sem_t wake;
	int fd;    /* an eventfd instead; -1: none */
	int posts; /* so often was it woken; all are to be taken before it goes */
	int taken;
	int posted;    /* atomic: how many of them are on their way */
	int64_t began; /* to wait; 0: it did not */
	bool asked;
	bool queued;
	bool watching; /* atomic: it is to look for connections left idle, see pool.c */
	bool served;   /* atomic: the last to be written of what it is given */
} aiodal__waiter;

/*
 * Asks for a connection, with a w that is all zero or was freed. AIODAL_OK: w was given one, or a place for
 * one. AIODAL_WANT_READ: it has to wait for that: w->fd, when async, is readable when there is reason to
 * look; else by aiodal__pool_wait(). Negative: the pool is closed, AIODAL_EBUSY when too many wait already,
 * or out of memory. A w that waits must stay where it is until it was looked at with another answer, or was
 * withdrawn, and is then to be freed.
 */
extern aiodal_status
aiodal__pool_ask(aiodal__pool *pool, aiodal__waiter *w, const char *owner, bool async, aiodal_error **err);

/* Whether it has been served; AIODAL_ETIMEOUT when it has not by the deadline. */
extern aiodal_status
aiodal__pool_look(aiodal__pool *pool, aiodal__waiter *w, int64_t deadline, aiodal_error **err);

/* Blocks until there may be reason to look, until limit at most. */
extern void aiodal__pool_wait(aiodal__pool *pool, aiodal__waiter *w, int64_t limit);

/* When who waits has to look although he was not woken, by deadline at the latest. */
extern int64_t aiodal__pool_next_check(const aiodal__pool *pool, int64_t deadline);

/* Has w look, if it waits; from any thread. */
extern void aiodal__pool_rouse(aiodal__pool *pool, aiodal__waiter *w);

/* It waits no more, and gives back what it may have been given meanwhile. */
extern void aiodal__pool_withdraw(aiodal__pool *pool, aiodal__waiter *w);

extern void aiodal__waiter_free(aiodal__waiter *w);

/* The connection it was given; NULL when there is only a place for one, which is either filled or given up.
 */
extern aiodal__conn *aiodal__pool_inspect(aiodal__pool *pool, const aiodal__waiter *w);
extern void aiodal__pool_fill_place(aiodal__pool *pool, aiodal__conn *conn, const char *owner);
extern void aiodal__pool_give_up_place(aiodal__pool *pool);

/*
 * Takes a connection back, and resets its session when a statement may have changed that. One that is broken,
 * too old, not outside of a transaction or not needed any more is closed. One whose statement the server may
 * still be running, although it was asked to cancel it, keeps its place until the server has ended.
 */
extern void aiodal__pool_release(aiodal__pool *pool, aiodal__conn *conn);

/* The same in steps: when reset_start says so, its operation is to be finished first, and reset_end called.
 */
extern bool aiodal__pool_reset_start(const aiodal__pool *pool, aiodal__conn *conn);
extern void aiodal__pool_reset_end(aiodal__conn *conn);
extern void aiodal__pool_take_back(aiodal__pool *pool, aiodal__conn *conn);

/* Closes what has been idle for too long or is too old, and reports leaks. */
extern void aiodal__pool_upkeep(aiodal__pool *pool);

extern void aiodal__pool_stats(aiodal__pool *pool, aiodal_db_stats *stats);
extern int aiodal__pool_holders(aiodal__pool *pool, aiodal_holder *holders, int n);

/*
 * Closes the idle ones; those lent out are closed on return. Who waits gets AIODAL_ESTATE, and so does
 * acquire from now on.
 */
extern void aiodal__pool_close(aiodal__pool *pool, bool abandon);

/* After close, when nothing is lent out any more. */
extern void aiodal__pool_destroy(aiodal__pool *pool);

#endif /* AIODAL_SRC_POOL_H */
