/*
 * pool.c
 *		A few connections for many transactions.
 *
 * Design notes. A connection is in exactly one state and move() alone changes it, under the lock; being in a
 * state means being on its list. A place is counted from before a connection is opened until after it is
 * given up, so that there are never more than size and overflow. Opening, closing and resetting talk to the
 * server and so happen outside of the lock.
 *
 * Connections are lent last used first, so that those not needed grow old and are closed. Who asks for one
 * goes to the end of a queue, and serve() alone takes from its head, handing over a connection or a place for
 * a new one: nobody overtakes. It runs whenever a connection or a place became free.
 *
 * There is no thread behind a pool: upkeep runs, once a second at most, when a connection is asked for or
 * given back, and when the application asks for it.
 *
 * A connection whose statement was cancelled without an answer is ENDING: the server may still be working for
 * it. It keeps its place until the server has ended or ENDING_MS have passed.
 */
#include "pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "error.h"
#include "op.h"
#include "util/buf.h"
#include "util/mem.h"

#define UPKEEP_MS 1000
#define RESET_MS  5000
#define ENDING_MS 60000
#define TICK_MS   100
#define MAX_TOLD  8 /* holders that one message or one round of upkeep tells of */

typedef struct aiodal__waiter
{
	struct aiodal__waiter *next;
	pthread_cond_t wake;
	const char *owner;
	aiodal__conn *conn; /* what it was given; NULL: a place */
	int64_t idle_ms;
	bool served;
} waiter;

aiodal_status
aiodal__pool_init(aiodal__pool *pool, const aiodal__conn_params *params, const aiodal__pool_limits *limits,
				  aiodal_error **err)
{
	*pool = (aiodal__pool){.limits = *limits, .params = *params};
	pool->params.prepared.counts = &pool->prepared;
	pool->params.conninfo = aiodal__strdup(params->conninfo);
	pool->params.application_name = aiodal__strdup(params->application_name);
	pool->waiters_end = &pool->waiters;
	pool->seed = (unsigned int) (aiodal__now_seconds() * 1e6) ^ (unsigned int) (uintptr_t) pool;
	pool->looked = aiodal__now();
	(void) pthread_mutex_init(&pool->lock, NULL);
	(void) pthread_condattr_init(&pool->monotonic);
	(void) pthread_condattr_setclock(&pool->monotonic, CLOCK_MONOTONIC);
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
	(void) pthread_condattr_destroy(&pool->monotonic);
	(void) pthread_mutex_destroy(&pool->lock);
}

/*
 * States; all with the lock.
 */

static void
unlink_conn(aiodal__conn_list *list, aiodal__conn *conn)
{
	*(conn->prev ? &conn->prev->next : &list->first) = conn->next;
	*(conn->next ? &conn->next->prev : &list->last) = conn->prev;
	list->n--;
}

static void
push_conn(aiodal__conn_list *list, aiodal__conn *conn)
{
	conn->prev = NULL;
	conn->next = list->first;
	*(list->first ? &list->first->prev : &list->last) = conn;
	list->first = conn;
	list->n++;
}

/* The one that changes states. A connection that is GONE has given up its place. */
static void
move(aiodal__pool *pool, aiodal__conn *conn, aiodal__conn_state state)
{
	if (conn->state != AIODAL__CONN_NEW)
		unlink_conn(&pool->list[conn->state], conn);
	conn->state = state;
	conn->since = aiodal__now();
	if (state == AIODAL__CONN_GONE)
		pool->places--;
	else
		push_conn(&pool->list[state], conn);
}

static int
max_places(const aiodal__pool *pool)
{
	return pool->limits.size + pool->limits.overflow;
}

static void
lend(aiodal__pool *pool, aiodal__conn *conn, const char *owner)
{
	move(pool, conn, AIODAL__CONN_USED);
	conn->owner = owner;
	conn->leak_told = false;
}

/* Hands what is free to those who wait, in their order. */
static void
serve(aiodal__pool *pool)
{
	while (pool->waiters && (pool->list[AIODAL__CONN_IDLE].first || pool->places < max_places(pool)))
	{
		waiter *w = pool->waiters;

		pool->waiters = w->next;
		if (!w->next)
			pool->waiters_end = &pool->waiters;
		pool->stats.waiting--;
		w->conn = pool->list[AIODAL__CONN_IDLE].first;
		if (w->conn)
		{
			w->idle_ms = aiodal__now() - w->conn->since;
			lend(pool, w->conn, w->owner);
		}
		else
			pool->places++;
		w->served = true;
		(void) pthread_cond_signal(&w->wake);
	}
}

static void
leave_queue(aiodal__pool *pool, waiter *w)
{
	waiter **at = &pool->waiters;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (!w->next)
		pool->waiters_end = at;
	pool->stats.waiting--;
}

/*
 * Upkeep
 */

static bool
too_old(const aiodal__conn *conn, int64_t now)
{
	return now >= conn->expires;
}

/* Moves what is due from a list to the chain *gone, to be closed without the lock. */
static void
collect(aiodal__pool *pool, aiodal__conn_state state, int64_t now, aiodal__conn **gone)
{
	aiodal__conn *next;

	for (aiodal__conn *conn = pool->list[state].first; conn; conn = next)
	{
		bool idle_for_long = now - conn->since >= pool->limits.idle_timeout;

		next = conn->next;
		if (state == AIODAL__CONN_ENDING ? !aiodal__conn_ended(conn) && now - conn->since < ENDING_MS
										 : !idle_for_long && !too_old(conn, now))
			continue;
		if (state == AIODAL__CONN_IDLE)
			*(too_old(conn, now) ? &pool->stats.closed_old : &pool->stats.closed_idle) += 1;
		move(pool, conn, AIODAL__CONN_GONE);
		conn->next = *gone;
		*gone = conn;
	}
}

static void
fill_holder(aiodal_holder *holder, const aiodal__conn *conn, int64_t now)
{
	holder->owner = conn->owner;
	holder->held_ms = now - conn->since;
	holder->backend_pid = PQbackendPID(conn->pg);
}

/* Those held for too long and not told of yet; how many. */
static int
find_leaks(aiodal__pool *pool, int64_t now, aiodal_holder *leaks)
{
	int n = 0;

	for (aiodal__conn *conn = pool->list[AIODAL__CONN_USED].last; conn && n < MAX_TOLD; conn = conn->prev)
	{
		if (conn->leak_told || now - conn->since < pool->limits.leak_after)
			continue;
		conn->leak_told = true;
		pool->stats.leaks++;
		fill_holder(&leaks[n++], conn, now);
	}
	return n;
}

static void
close_all(aiodal__conn *gone)
{
	while (gone)
	{
		aiodal__conn *next = gone->next;

		aiodal__conn_close(gone);
		gone = next;
	}
}

/* force: even if it was done a moment ago */
static void
upkeep(aiodal__pool *pool, bool force)
{
	aiodal_holder leaks[MAX_TOLD];
	aiodal__conn *gone = NULL;
	int64_t now = aiodal__now();
	int n = 0;

	(void) pthread_mutex_lock(&pool->lock);
	if (pool->list[AIODAL__CONN_ENDING].n > 0)
		collect(pool, AIODAL__CONN_ENDING, now, &gone);
	if (force || now - pool->looked >= UPKEEP_MS)
	{
		pool->looked = now;
		collect(pool, AIODAL__CONN_IDLE, now, &gone);
		n = find_leaks(pool, now, leaks);
	}
	serve(pool);
	(void) pthread_mutex_unlock(&pool->lock);
	close_all(gone);
	for (int i = 0; i < n && pool->limits.leak; i++)
		pool->limits.leak(pool->limits.leak_payload, &leaks[i]);
}

void
aiodal__pool_upkeep(aiodal__pool *pool)
{
	upkeep(pool, true);
}

/*
 * Lending
 */

/* Until served or closed; false when the deadline has passed. With the lock, which it gives up meanwhile. */
static bool
wait_in_queue(aiodal__pool *pool, waiter *w, int64_t deadline)
{
	while (!w->served && !pool->closed)
	{
		bool ticks = pool->list[AIODAL__CONN_ENDING].n > 0;
		int ms = aiodal__until(deadline);
		struct timespec until;

		if (ms == 0)
			return false;
		if (ms < 0 && !ticks)
		{
			(void) pthread_cond_wait(&w->wake, &pool->lock);
			continue;
		}
		if (ticks && (ms < 0 || ms > TICK_MS))
			ms = TICK_MS;
		until = aiodal__timespec_in(ms);
		(void) pthread_cond_timedwait(&w->wake, &pool->lock, &until);
		if (!ticks)
			continue;
		/* nobody else may come by to see that the server has ended one */
		(void) pthread_mutex_unlock(&pool->lock);
		upkeep(pool, false);
		(void) pthread_mutex_lock(&pool->lock);
	}
	return true;
}

/* Who has them, those with the longest first. */
static aiodal_status
fail_timeout(const aiodal_holder *holders, int n, int max, aiodal_error **err)
{
	aiodal__buf detail = AIODAL__BUF_INIT;
	aiodal_status status;

	for (int i = 0; i < n; i++)
		aiodal__buf_printf(&detail, "%s%s for %.1f s (server process %d)", i ? ", " : "Held by ",
						   holders[i].owner ? holders[i].owner : "a caller without label",
						   (double) holders[i].held_ms / 1000, holders[i].backend_pid);
	status = aiodal__fail_hint(err, AIODAL_ETIMEOUT, detail.oom ? NULL : detail.data,
							   "End or free transactions sooner, or raise pool_size or acquire_timeout_ms.",
							   "no connection became free in time: all %d are in use", max);
	aiodal__buf_free(&detail);
	return status;
}

/* Goes through the queue; with the lock. */
static aiodal_status
queue(aiodal__pool *pool, waiter *w, int64_t deadline, aiodal_error **err)
{
	int64_t began;
	bool in_time;

	*pool->waiters_end = w;
	pool->waiters_end = &w->next;
	pool->stats.waiting++;
	serve(pool);
	if (w->served)
		return AIODAL_OK;
	if (pool->limits.max_waiters > 0 && pool->stats.waiting > pool->limits.max_waiters)
	{
		leave_queue(pool, w);
		pool->stats.refused++;
		return aiodal__fail_hint(err, AIODAL_EBUSY, NULL, "Try again later, or raise max_waiters.",
								 "no connection is free, and %d callers wait for one already",
								 pool->limits.max_waiters);
	}
	began = aiodal__now();
	in_time = wait_in_queue(pool, w, deadline);
	pool->stats.waited++;
	pool->stats.wait_ms += aiodal__now() - began;
	if (w->served)
		return AIODAL_OK;
	leave_queue(pool, w);
	if (!in_time)
	{
		pool->stats.timeouts++;
		return AIODAL_ETIMEOUT;
	}
	return aiodal__fail(err, AIODAL_ESTATE, "the db was closed");
}

/* An idle connection, or NULL with a place counted for a new one. */
static aiodal_status
take(aiodal__pool *pool, int64_t deadline, waiter *w, aiodal_error **err)
{
	aiodal_holder holders[MAX_TOLD];
	aiodal_status status;

	(void) pthread_cond_init(&w->wake, &pool->monotonic);
	(void) pthread_mutex_lock(&pool->lock);
	if (pool->closed)
		status = aiodal__fail(err, AIODAL_ESTATE, "the db was closed");
	else
		status = queue(pool, w, deadline, err);
	(void) pthread_mutex_unlock(&pool->lock);
	(void) pthread_cond_destroy(&w->wake);
	if (status == AIODAL_ETIMEOUT)
	{
		int n = aiodal__pool_holders(pool, holders, MAX_TOLD);

		(void) fail_timeout(holders, n < MAX_TOLD ? n : MAX_TOLD, max_places(pool), err);
	}
	return status;
}

static void
give_up_place(aiodal__pool *pool)
{
	(void) pthread_mutex_lock(&pool->lock);
	pool->places--;
	serve(pool);
	(void) pthread_mutex_unlock(&pool->lock);
}

/* A lifetime up to a tenth shorter than the limit, so that connections opened together do not end together.
 * With the lock. */
static int64_t
expiry(aiodal__pool *pool)
{
	int64_t life = pool->limits.max_lifetime;

	if (life == AIODAL__NEVER)
		return AIODAL__NEVER;
	return aiodal__now() + life - life / 10 * (rand_r(&pool->seed) % 1000) / 1000;
}

static aiodal_status
fill_place(aiodal__pool *pool, int64_t deadline, const char *owner, aiodal__conn **conn, aiodal_error **err)
{
	int64_t connect_deadline = aiodal__deadline(pool->limits.connect_timeout_ms);
	aiodal_status status;

	status = aiodal__conn_open(conn, &pool->params, deadline < connect_deadline ? deadline : connect_deadline,
							   err);
	if (status != AIODAL_OK)
	{
		give_up_place(pool);
		return status;
	}
	(void) pthread_mutex_lock(&pool->lock);
	lend(pool, *conn, owner);
	(*conn)->expires = expiry(pool);
	pool->stats.opened++;
	(void) pthread_mutex_unlock(&pool->lock);
	return AIODAL_OK;
}

/* Closes it and keeps its place, for another one. */
static void
vacate(aiodal__pool *pool, aiodal__conn *conn)
{
	(void) pthread_mutex_lock(&pool->lock);
	*(too_old(conn, aiodal__now()) ? &pool->stats.closed_old : &pool->stats.closed_broken) += 1;
	move(pool, conn, AIODAL__CONN_GONE);
	pool->places++;
	(void) pthread_mutex_unlock(&pool->lock);
	aiodal__conn_close(conn);
}

aiodal_status
aiodal__pool_acquire(aiodal__pool *pool, int64_t deadline, const char *owner, aiodal__conn **conn,
					 int64_t *idle_ms, aiodal_error **err)
{
	waiter w = {.owner = owner};
	aiodal_status status;

	upkeep(pool, false);
	status = take(pool, deadline, &w, err);
	if (status != AIODAL_OK)
		return status;
	*idle_ms = w.idle_ms;
	if (w.conn && !too_old(w.conn, aiodal__now()) && aiodal__conn_alive(w.conn))
	{
		*conn = w.conn;
		return AIODAL_OK;
	}
	if (w.conn)
		vacate(pool, w.conn);
	*idle_ms = -1;
	return fill_place(pool, deadline, owner, conn, err);
}

/*
 * Taking back
 */

static bool
is_good(const aiodal__conn *conn)
{
	return !conn->broken && !conn->exposed && conn->op.state == AIODAL__OP_FREE &&
		   PQstatus(conn->pg) == CONNECTION_OK && PQtransactionStatus(conn->pg) == PQTRANS_IDLE;
}

/* Whether the session is as it was when new. */
static bool
reset(const aiodal__pool *pool, aiodal__conn *conn)
{
	if (pool->limits.reset == AIODAL_RESET_NEVER ||
		(pool->limits.reset == AIODAL_RESET_AS_NEEDED && !conn->changed))
		return true;
	conn->deadline = aiodal__deadline(RESET_MS);
	conn->changed = false;
	return aiodal__op_command(conn, "DISCARD ALL", false, NULL, NULL) == AIODAL_OK;
}

/* What becomes of one that is given back; with the lock. */
static aiodal__conn_state
state_after(aiodal__pool *pool, aiodal__conn *conn, bool good)
{
	if (conn->unconfirmed && PQstatus(conn->pg) == CONNECTION_OK)
		return AIODAL__CONN_ENDING;
	if (!good)
		pool->stats.closed_broken++;
	else if (too_old(conn, aiodal__now()))
		pool->stats.closed_old++;
	else if (pool->places > pool->limits.size && !pool->waiters)
		pool->stats.closed_idle++;
	else if (!pool->closed)
		return AIODAL__CONN_IDLE;
	return AIODAL__CONN_GONE;
}

void
aiodal__pool_release(aiodal__pool *pool, aiodal__conn *conn)
{
	bool good = is_good(conn) && reset(pool, conn) && is_good(conn);
	aiodal__conn_state state;

	conn->deadline = AIODAL__NEVER;
	conn->tick = NULL;
	(void) pthread_mutex_lock(&pool->lock);
	state = state_after(pool, conn, good);
	/* when it is closed with the pool, nobody is left to wait for it */
	if (pool->closed)
		state = AIODAL__CONN_GONE;
	move(pool, conn, state);
	serve(pool);
	(void) pthread_mutex_unlock(&pool->lock);
	if (state == AIODAL__CONN_GONE)
		aiodal__conn_close(conn);
}

/*
 * The whole of it
 */

static int64_t
read_counter(const int64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void
aiodal__pool_stats(aiodal__pool *pool, aiodal_db_stats *stats)
{
	(void) pthread_mutex_lock(&pool->lock);
	*stats = pool->stats;
	stats->open = pool->places;
	stats->idle = pool->list[AIODAL__CONN_IDLE].n;
	stats->used = pool->list[AIODAL__CONN_USED].n;
	stats->ending = pool->list[AIODAL__CONN_ENDING].n;
	(void) pthread_mutex_unlock(&pool->lock);
	stats->statement_hits = read_counter(&pool->prepared.hits);
	stats->statements_prepared = read_counter(&pool->prepared.prepared);
	stats->statements_evicted = read_counter(&pool->prepared.evicted);
	stats->statements_stale = read_counter(&pool->prepared.stale);
}

int
aiodal__pool_holders(aiodal__pool *pool, aiodal_holder *holders, int n)
{
	int64_t now = aiodal__now();
	int found = 0;

	(void) pthread_mutex_lock(&pool->lock);
	for (aiodal__conn *conn = pool->list[AIODAL__CONN_USED].last; conn; conn = conn->prev)
	{
		if (found < n)
			fill_holder(&holders[found], conn, now);
		found++;
	}
	(void) pthread_mutex_unlock(&pool->lock);
	return found;
}

void
aiodal__pool_close(aiodal__pool *pool, bool abandon)
{
	/* after a fork the lock may be held by a thread that does not exist here; then nobody else does either */
	if (!abandon)
		(void) pthread_mutex_lock(&pool->lock);
	pool->closed = true;
	for (waiter *w = pool->waiters; w && !abandon; w = w->next)
		(void) pthread_cond_signal(&w->wake);
	for (int state = 0; state < AIODAL__CONN_N_STATES; state++)
	{
		aiodal__conn *conn;

		if (state == AIODAL__CONN_USED)
			continue;
		while ((conn = pool->list[state].first) != NULL)
		{
			move(pool, conn, AIODAL__CONN_GONE);
			if (abandon)
				aiodal__conn_abandon(conn);
			else
				aiodal__conn_close(conn);
		}
	}
	if (!abandon)
		(void) pthread_mutex_unlock(&pool->lock);
}
