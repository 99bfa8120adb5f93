/*
 * pool.c
 *		A few connections for many transactions.
 *
 * Design notes. A connection is in exactly one state and move() alone changes it, under the lock; being idle
 * means being on the idle list. "open" counts every connection from before it is opened until after it is
 * given up, so that there are never more than max. Opening and closing talk to the server and so happen
 * outside of the lock: a place is counted first, then filled. Whoever frees a connection or a place wakes one
 * waiter.
 */
#include "pool.h"

#include <errno.h>
#include <time.h>

#include "error.h"
#include "util/mem.h"

aiodal_status
aiodal__pool_init(aiodal__pool *pool, const aiodal__conn_params *params, int max, int connect_timeout_ms,
				  aiodal_error **err)
{
	pthread_condattr_t attr;

	*pool = (aiodal__pool){.max = max, .connect_timeout_ms = connect_timeout_ms, .params = *params};
	pool->params.conninfo = aiodal__strdup(params->conninfo);
	pool->params.application_name = aiodal__strdup(params->application_name);
	(void) pthread_mutex_init(&pool->lock, NULL);
	(void) pthread_condattr_init(&attr);
	(void) pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void) pthread_cond_init(&pool->changed, &attr);
	(void) pthread_condattr_destroy(&attr);
	if (!pool->params.conninfo || !pool->params.application_name)
	{
		aiodal__pool_destroy(pool);
		return aiodal__fail_memory(err);
	}
	return AIODAL_OK;
}

void
aiodal__pool_destroy(aiodal__pool *pool)
{
	aiodal__free((char *) pool->params.conninfo);
	aiodal__free((char *) pool->params.application_name);
	(void) pthread_cond_destroy(&pool->changed);
	(void) pthread_mutex_destroy(&pool->lock);
}

/* The one that changes states; with the lock. */
static void
move(aiodal__pool *pool, aiodal__conn *conn, aiodal__conn_state state)
{
	if (conn->state == AIODAL__CONN_IDLE)
		pool->idle = conn->next; /* only ever the first leaves the list */
	conn->next = NULL;
	conn->state = state;
	if (state == AIODAL__CONN_IDLE)
	{
		conn->next = pool->idle;
		pool->idle = conn;
	}
	if (state == AIODAL__CONN_GONE)
		pool->open--;
	if (state != AIODAL__CONN_USED)
		(void) pthread_cond_signal(&pool->changed);
}

/* Until something changes; false when the deadline has passed. With the lock. */
static bool
wait_for_change(aiodal__pool *pool, int64_t deadline)
{
	struct timespec until = {.tv_sec = deadline / 1000, .tv_nsec = deadline % 1000 * 1000000};

	if (deadline == AIODAL__NEVER)
		return pthread_cond_wait(&pool->changed, &pool->lock) == 0;
	return pthread_cond_timedwait(&pool->changed, &pool->lock, &until) != ETIMEDOUT;
}

/* An idle connection, or NULL with a place counted for a new one. */
static aiodal_status
take_place(aiodal__pool *pool, int64_t deadline, aiodal__conn **conn, aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;
	bool in_time = true;

	(void) pthread_mutex_lock(&pool->lock);
	while (!pool->closed && !pool->idle && pool->open >= pool->max && in_time)
		in_time = wait_for_change(pool, deadline);
	*conn = pool->idle;
	if (pool->closed)
		status = aiodal__fail(err, AIODAL_ESTATE, "the db was closed");
	else if (*conn)
		move(pool, *conn, AIODAL__CONN_USED);
	else if (pool->open < pool->max)
		pool->open++;
	else
		status =
			aiodal__fail_hint(err, AIODAL_ETIMEOUT, NULL,
							  "End or free transactions sooner, or raise pool_size or acquire_timeout_ms.",
							  "no connection became free in time: all %d are in use", pool->max);
	(void) pthread_mutex_unlock(&pool->lock);
	return status;
}

static void
give_up_place(aiodal__pool *pool)
{
	(void) pthread_mutex_lock(&pool->lock);
	pool->open--;
	(void) pthread_cond_signal(&pool->changed);
	(void) pthread_mutex_unlock(&pool->lock);
}

static aiodal_status
fill_place(aiodal__pool *pool, int64_t deadline, aiodal__conn **conn, aiodal_error **err)
{
	int64_t connect_deadline = aiodal__deadline(pool->connect_timeout_ms);
	aiodal_status status;

	status = aiodal__conn_open(conn, &pool->params, deadline < connect_deadline ? deadline : connect_deadline,
							   err);
	if (status == AIODAL_OK)
		(*conn)->state = AIODAL__CONN_USED;
	else
		give_up_place(pool);
	return status;
}

static void
discard(aiodal__pool *pool, aiodal__conn *conn)
{
	(void) pthread_mutex_lock(&pool->lock);
	move(pool, conn, AIODAL__CONN_GONE);
	(void) pthread_mutex_unlock(&pool->lock);
	aiodal__conn_close(conn);
}

aiodal_status
aiodal__pool_acquire(aiodal__pool *pool, int64_t deadline, aiodal__conn **conn, bool *reused,
					 aiodal_error **err)
{
	aiodal_status status;

	while ((status = take_place(pool, deadline, conn, err)) == AIODAL_OK && *conn)
	{
		*reused = true;
		if (aiodal__conn_alive(*conn))
			return AIODAL_OK;
		discard(pool, *conn);
	}
	*reused = false;
	return status == AIODAL_OK ? fill_place(pool, deadline, conn, err) : status;
}

void
aiodal__pool_release(aiodal__pool *pool, aiodal__conn *conn)
{
	bool good = !conn->broken && conn->op.state == AIODAL__OP_FREE && PQstatus(conn->pg) == CONNECTION_OK &&
				PQtransactionStatus(conn->pg) == PQTRANS_IDLE;
	bool keep;

	conn->deadline = AIODAL__NEVER;
	conn->tick = NULL;
	(void) pthread_mutex_lock(&pool->lock);
	keep = good && !pool->closed;
	move(pool, conn, keep ? AIODAL__CONN_IDLE : AIODAL__CONN_GONE);
	(void) pthread_mutex_unlock(&pool->lock);
	if (!keep)
		aiodal__conn_close(conn);
}

void
aiodal__pool_close(aiodal__pool *pool, bool abandon)
{
	aiodal__conn *idle;

	/* after a fork the lock may be held by a thread that does not exist here; then nobody else does either */
	if (!abandon)
		(void) pthread_mutex_lock(&pool->lock);
	pool->closed = true;
	idle = pool->idle;
	pool->idle = NULL;
	for (aiodal__conn *conn = idle; conn; conn = conn->next)
	{
		conn->state = AIODAL__CONN_GONE;
		pool->open--;
	}
	if (!abandon)
	{
		(void) pthread_cond_broadcast(&pool->changed);
		(void) pthread_mutex_unlock(&pool->lock);
	}
	while (idle)
	{
		aiodal__conn *next = idle->next;

		if (abandon)
			aiodal__conn_abandon(idle);
		else
			aiodal__conn_close(idle);
		idle = next;
	}
}
