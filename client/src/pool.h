/*
 * pool.h
 *		Connections kept open and lent out.
 */
#ifndef AIODAL_SRC_POOL_H
#define AIODAL_SRC_POOL_H

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
	int64_t looked; /* when upkeep looked last */
	unsigned int seed;
	aiodal_db_stats stats;
	aiodal__prepared_counts prepared; /* without the lock */
	aiodal__pool_limits limits;
	aiodal__conn_params params; /* its conninfo and application_name are the pool's own copies */
} aiodal__pool;

/* Copies both; no connection is opened yet. */
extern aiodal_status aiodal__pool_init(aiodal__pool *pool, const aiodal__conn_params *params,
									   const aiodal__pool_limits *limits, aiodal_error **err);

/*
 * Lends a connection to owner (a label that outlives the loan, or NULL); *idle_ms is how long it had been
 * idle, -1 when it is new. Waits for one until the deadline, then AIODAL_ETIMEOUT; AIODAL_EBUSY when too many
 * wait already.
 */
extern aiodal_status aiodal__pool_acquire(aiodal__pool *pool, int64_t deadline, const char *owner,
										  aiodal__conn **conn, int64_t *idle_ms, aiodal_error **err);

/*
 * Takes it back, and resets its session when a statement may have changed that. One that is broken, too old,
 * not outside of a transaction or not needed any more is closed. One whose statement the server may still be
 * running, although it was asked to cancel it, keeps its place until the server has ended.
 */
extern void aiodal__pool_release(aiodal__pool *pool, aiodal__conn *conn);

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
