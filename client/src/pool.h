/*
 * pool.h
 *		Connections kept open and lent out.
 */
#ifndef AIODAL_SRC_POOL_H
#define AIODAL_SRC_POOL_H

#include "conn.h"

typedef struct aiodal__pool
{
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a connection or a place for one became free, or the pool was closed */
	aiodal__conn *idle;     /* last used first */
	int open;               /* connections that exist or are being opened */
	int max;
	bool closed;
	aiodal__conn_params params; /* its conninfo and application_name are the pool's own copies */
	int connect_timeout_ms;
} aiodal__pool;

/* Copies params; no connection is opened yet. */
extern aiodal_status aiodal__pool_init(aiodal__pool *pool, const aiodal__conn_params *params, int max,
									   int connect_timeout_ms, aiodal_error **err);

/*
 * Lends a connection, *reused when it was used before. Waits for one until the deadline; then
 * AIODAL_ETIMEOUT.
 */
extern aiodal_status aiodal__pool_acquire(aiodal__pool *pool, int64_t deadline, aiodal__conn **conn,
										  bool *reused, aiodal_error **err);

/* Takes it back; one that is broken or not outside of a transaction is closed. */
extern void aiodal__pool_release(aiodal__pool *pool, aiodal__conn *conn);

/* Closes the idle ones; those lent out are closed on return. From now on acquire is AIODAL_ESTATE. */
extern void aiodal__pool_close(aiodal__pool *pool, bool abandon);

/* After close, when nothing is lent out any more. */
extern void aiodal__pool_destroy(aiodal__pool *pool);

#endif /* AIODAL_SRC_POOL_H */
