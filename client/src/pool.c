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
 * while none is free goes to the end of a queue, and serve() alone takes from its head, handing over a
 * connection or a place for a new one. It runs whenever one of them became free, unless a turn goes on. Who
 * waits does so on a semaphore of its own, or in an event loop on a descriptor, and once served has all it
 * needs: where many wait, a lock to be taken again on waking would make them wait for each other.
 *
 * Turns. To wake a thread for each transaction costs half as much as a short one does, while the thread that
 * has just given a connection back is running, and likely to ask for another. So who is handed a connection
 * out of the queue has it for TURN_MS: given back before, it stays idle although others wait, and who asks
 * takes it. Given back later, it goes to the head of the queue, who so waits for one turn at most. In case
 * that nobody asks, the head of the queue, and nobody else, looks every WATCH_MS for one that was left: there
 * is none while somebody waits but the head watches. Where it finds too many there are no turns for a while,
 * the longer the more often that happens. A loop, which does many things at a time in one thread, is never
 * overtaken: that would be by itself.
 *
 * There is no thread behind a pool: upkeep runs, once a second at most, when a connection is asked for or
 * given back, and when the application asks for it.
 *
 * A connection whose statement was cancelled without an answer is ENDING: the server may still be working for
 * it. It keeps its place until the server has ended or ENDING_MS have passed.
 */
#include "pool.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "op.h"
#include "util/buf.h"
#include "util/mem.h"

#define UPKEEP_MS  1000
#define RESET_MS   5000
#define ENDING_MS  60000
#define TICK_MS    100
#define TURN_MS    10 /* see above */
#define WATCH_MS   2
#define MAX_CREDIT 64 /* connections that were left and soon used; one that was not costs FORFEIT of them */
#define FORFEIT    32
#define MIN_STRICT 100   /* ms without turns after too many that were not used */
#define MAX_STRICT 10000 /* the same, when that happens again and again */
#define MAX_TOLD   8     /* holders that one message or one round of upkeep tells of */

typedef aiodal__waiter waiter;

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
	__atomic_store_n(&list->n, list->n - 1, __ATOMIC_RELAXED);
}

static void
push_conn(aiodal__conn_list *list, aiodal__conn *conn)
{
	conn->prev = NULL;
	conn->next = list->first;
	*(list->first ? &list->first->prev : &list->last) = conn;
	list->first = conn;
	__atomic_store_n(&list->n, list->n + 1, __ATOMIC_RELAXED);
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

/* w may be gone when its post is there. */
static void
post(waiter *w)
{
	const uint64_t one = 1;
	int fd = w->fd;

	(void) __atomic_add_fetch(&w->posted, 1, __ATOMIC_RELEASE);
	if (fd < 0)
		(void) sem_post(&w->wake);
	else
		(void) !write(fd, &one, sizeof(one));
}

/* Lets a waiter look around; with the lock. */
static void
rouse(waiter *w)
{
	w->posts++;
	post(w);
}

/* The one used last. */
static void
take_idle(aiodal__pool *pool, waiter *w)
{
	w->conn = pool->list[AIODAL__CONN_IDLE].first;
	w->idle_ms = aiodal__now() - w->conn->since;
	lend(pool, w->conn, w->owner);
}

/*
 * Hands what is free to those who wait, in their order; they are to be woken without the lock, which would
 * have to wait for whoever runs in our place as soon as he is woken.
 */
static waiter *
serve(aiodal__pool *pool)
{
	waiter *served = NULL;
	waiter **end = &served;

	while (pool->waiters && (pool->list[AIODAL__CONN_IDLE].first || pool->places < max_places(pool)))
	{
		waiter *w = pool->waiters;

		pool->waiters = w->next;
		if (!w->next)
			pool->waiters_end = &pool->waiters;
		pool->stats.waiting--;
		if (pool->list[AIODAL__CONN_IDLE].first)
		{
			take_idle(pool, w);
			w->conn->turn_ends = w->conn->since + TURN_MS;
		}
		else
			pool->places++;
		if (w->began)
		{
			pool->stats.waited++;
			pool->stats.wait_ms += aiodal__now() - w->began;
		}
		w->queued = false;
		w->next = NULL;
		*end = w;
		end = &w->next;
		w->posts++;
		__atomic_store_n(&w->served, true, __ATOMIC_RELEASE);
	}
	return served;
}

/* He is gone as soon as he has taken the post. */
static void
wake_all(waiter *served)
{
	while (served)
	{
		waiter *next = served->next;

		post(served);
		served = next;
	}
}

/* Serves, and gives up the lock. */
static void
serve_and_unlock(aiodal__pool *pool)
{
	waiter *served = serve(pool);

	(void) pthread_mutex_unlock(&pool->lock);
	wake_all(served);
}

/*
 * Turns; all with the lock.
 */

/* One that is given back: whether it stays for whoever asks next, although somebody waits. */
static bool
stays(const aiodal__pool *pool, const aiodal__conn *conn)
{
	const waiter *head = pool->waiters;

	return head && head->fd < 0 && conn->state == AIODAL__CONN_IDLE && conn->since < conn->turn_ends &&
		   conn->since >= pool->strict_until;
}

/* The head of the queue is to look after it. */
static void
leave_idle(aiodal__pool *pool)
{
	if (pool->waiters->watching)
		return;
	__atomic_store_n(&pool->waiters->watching, true, __ATOMIC_RELAXED);
	rouse(pool->waiters);
}

/* There is one to be had without waiting, by whoever asks. */
static bool
may_overtake(aiodal__pool *pool)
{
	const aiodal__conn *conn = pool->list[AIODAL__CONN_IDLE].first;

	if (!conn || (pool->waiters && aiodal__now() >= conn->turn_ends))
		return false;
	if (pool->waiters && pool->credit < MAX_CREDIT)
		pool->credit++;
	return true;
}

/* Nobody asked for one that was left: when that happens too often, turns end for a while. */
static void
charge(aiodal__pool *pool, int64_t now)
{
	if (pool->credit == MAX_CREDIT)
		pool->strict_ms = 0;
	pool->credit -= FORFEIT;
	if (pool->credit >= 0)
		return;
	pool->credit = 0;
	pool->strict_ms = pool->strict_ms ? pool->strict_ms * 2 : MIN_STRICT;
	if (pool->strict_ms > MAX_STRICT)
		pool->strict_ms = MAX_STRICT;
	pool->strict_until = now + pool->strict_ms;
}

/* What the head of the queue does every WATCH_MS, without the lock. */
static void
watch_idle(aiodal__pool *pool)
{
	int64_t now = aiodal__now();
	const aiodal__conn *conn;

	(void) pthread_mutex_lock(&pool->lock);
	conn = pool->list[AIODAL__CONN_IDLE].first;
	if (!conn || now - conn->since < WATCH_MS)
	{
		(void) pthread_mutex_unlock(&pool->lock);
		return;
	}
	charge(pool, now);
	serve_and_unlock(pool);
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
	w->queued = false;
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

/* With the lock. */
static bool
upkeep_is_due(const aiodal__pool *pool, int64_t now)
{
	return pool->list[AIODAL__CONN_ENDING].n > 0 || now - pool->looked >= UPKEEP_MS;
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
	serve_and_unlock(pool);
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

static bool
wait_for_semaphore(waiter *w, int ms)
{
	struct timespec until;
	int failed;

	do
	{
		if (ms >= 0)
			until = aiodal__timespec_in(ms);
		failed = ms < 0 ? sem_wait(&w->wake) : sem_clockwait(&w->wake, CLOCK_MONOTONIC, &until);
	} while (failed && errno == EINTR);
	w->taken += !failed;
	return !failed;
}

static bool
wait_for_descriptor(waiter *w, int ms)
{
	struct pollfd fd = {.fd = w->fd, .events = POLLIN};
	uint64_t n;

	if (poll(&fd, 1, ms) <= 0 || read(w->fd, &n, sizeof(n)) != sizeof(n))
		return false;
	w->taken += (int) n;
	return true;
}

/* False when ms (negative: no limit) have passed. */
static bool
take_post(waiter *w, int ms)
{
	return w->fd < 0 ? wait_for_semaphore(w, ms) : wait_for_descriptor(w, ms);
}

/* Whether it was served; then who did so has let go of it. */
static bool
was_served(waiter *w)
{
	if (!__atomic_load_n(&w->served, __ATOMIC_ACQUIRE))
		return false;
	while (w->taken < w->posts)
		(void) take_post(w, -1);
	/* implied by the last post, but the thread sanitizer does not know sem_clockwait() */
	(void) __atomic_load_n(&w->posted, __ATOMIC_ACQUIRE);
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

static void
join_queue(aiodal__pool *pool, waiter *w)
{
	*pool->waiters_end = w;
	pool->waiters_end = &w->next;
	pool->stats.waiting++;
	w->queued = true;
}

/* It was not served; with the lock. What it watched over is for those behind it to be served with. */
static aiodal_status
give_up_waiting(aiodal__pool *pool, waiter *w, aiodal_error **err)
{
	leave_queue(pool, w);
	pool->stats.waited++;
	pool->stats.wait_ms += aiodal__now() - w->began;
	if (pool->closed)
		return aiodal__fail(err, AIODAL_ESTATE, "the db was closed");
	pool->stats.timeouts++;
	return AIODAL_ETIMEOUT;
}

/* Finds a place in the queue to wait at; with the lock. */
static aiodal_status
settle(aiodal__pool *pool, waiter *w, bool async, aiodal_error **err)
{
	aiodal_status status = AIODAL_WANT_READ;

	if (pool->limits.max_waiters > 0 && pool->stats.waiting > pool->limits.max_waiters)
	{
		pool->stats.refused++;
		status = aiodal__fail_hint(err, AIODAL_EBUSY, NULL, "Try again later, or raise max_waiters.",
								   "no connection is free, and %d callers wait for one already",
								   pool->limits.max_waiters);
	}
	else if (async && (w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
		status = aiodal__fail(err, AIODAL_ENOMEM, "could not make a descriptor: too many files are open");
	if (status < 0)
		leave_queue(pool, w);
	else
		w->began = aiodal__now();
	return status;
}

/* With the lock, which is given up. */
static aiodal_status
join(aiodal__pool *pool, waiter *w, bool async, aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;
	waiter *served;

	if (may_overtake(pool))
	{
		take_idle(pool, w);
		(void) pthread_mutex_unlock(&pool->lock);
		return AIODAL_OK;
	}
	join_queue(pool, w);
	served = serve(pool);
	if (!w->served)
		status = settle(pool, w, async, err);
	(void) pthread_mutex_unlock(&pool->lock);
	wake_all(served);
	return status == AIODAL_OK && !was_served(w) ? AIODAL_WANT_READ : status;
}

aiodal_status
aiodal__pool_ask(aiodal__pool *pool, aiodal__waiter *w, const char *owner, bool async, aiodal_error **err)
{
	aiodal_status status;

	(void) pthread_mutex_lock(&pool->lock);
	*w = (aiodal__waiter){.owner = owner, .fd = -1};
	if (upkeep_is_due(pool, aiodal__now()))
	{
		(void) pthread_mutex_unlock(&pool->lock);
		upkeep(pool, false);
		(void) pthread_mutex_lock(&pool->lock);
	}
	if (pool->closed)
	{
		(void) pthread_mutex_unlock(&pool->lock);
		return aiodal__fail(err, AIODAL_ESTATE, "the db was closed");
	}
	(void) sem_init(&w->wake, 0, 0);
	w->asked = true;
	status = join(pool, w, async, err);
	if (status <= 0)
		aiodal__waiter_free(w);
	return status;
}

void
aiodal__waiter_free(aiodal__waiter *w)
{
	if (!w->asked)
		return;
	w->asked = false;
	(void) sem_destroy(&w->wake);
	if (w->fd >= 0)
		(void) close(w->fd);
	w->fd = -1;
}

static bool
is_closed(const aiodal__pool *pool)
{
	return __atomic_load_n(&pool->closed, __ATOMIC_RELAXED);
}

/* Nobody else may come by to see that the server has ended one. */
static bool
has_to_look(const aiodal__pool *pool)
{
	return __atomic_load_n(&pool->list[AIODAL__CONN_ENDING].n, __ATOMIC_RELAXED) > 0;
}

/* Told by whoever roused it. */
static bool
is_watching(const waiter *w)
{
	return __atomic_load_n(&w->watching, __ATOMIC_RELAXED);
}

aiodal_status
aiodal__pool_look(aiodal__pool *pool, aiodal__waiter *w, int64_t deadline, aiodal_error **err)
{
	aiodal_holder holders[MAX_TOLD];
	aiodal_status status = AIODAL_OK;
	int n;

	if (w->fd >= 0)
		(void) take_post(w, 0);
	if (!was_served(w) && has_to_look(pool))
		upkeep(pool, false);
	if (!was_served(w) && is_watching(w))
		watch_idle(pool);
	if (was_served(w))
		return AIODAL_OK;
	if (!is_closed(pool) && aiodal__until(deadline) != 0)
		return AIODAL_WANT_READ;
	(void) pthread_mutex_lock(&pool->lock);
	if (!w->served)
		status = give_up_waiting(pool, w, err);
	serve_and_unlock(pool);
	if (status != AIODAL_ETIMEOUT)
		return was_served(w) ? AIODAL_OK : status;
	n = aiodal__pool_holders(pool, holders, MAX_TOLD);
	return fail_timeout(holders, n < MAX_TOLD ? n : MAX_TOLD, max_places(pool), err);
}

void
aiodal__pool_wait(aiodal__pool *pool, aiodal__waiter *w, int64_t limit)
{
	int ms = aiodal__until(limit);

	if (has_to_look(pool) && (ms < 0 || ms > TICK_MS))
		ms = TICK_MS;
	if (is_watching(w) && (ms < 0 || ms > WATCH_MS))
		ms = WATCH_MS;
	/* closing wakes those it finds */
	if (!is_closed(pool))
		(void) take_post(w, ms);
}

int64_t
aiodal__pool_next_check(const aiodal__pool *pool, int64_t deadline)
{
	int64_t tick = has_to_look(pool) ? aiodal__deadline(TICK_MS) : AIODAL__NEVER;

	return tick < deadline ? tick : deadline;
}

void
aiodal__pool_rouse(aiodal__pool *pool, aiodal__waiter *w)
{
	(void) pthread_mutex_lock(&pool->lock);
	if (w->queued)
		rouse(w);
	(void) pthread_mutex_unlock(&pool->lock);
}

void
aiodal__pool_withdraw(aiodal__pool *pool, aiodal__waiter *w)
{
	(void) pthread_mutex_lock(&pool->lock);
	if (w->queued)
	{
		leave_queue(pool, w);
		pool->stats.waited++;
		pool->stats.wait_ms += aiodal__now() - w->began;
	}
	serve_and_unlock(pool);
	if (!was_served(w))
		return;
	if (w->conn)
		aiodal__pool_take_back(pool, w->conn);
	else
		aiodal__pool_give_up_place(pool);
}

void
aiodal__pool_give_up_place(aiodal__pool *pool)
{
	(void) pthread_mutex_lock(&pool->lock);
	pool->places--;
	serve_and_unlock(pool);
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

void
aiodal__pool_fill_place(aiodal__pool *pool, aiodal__conn *conn, const char *owner)
{
	(void) pthread_mutex_lock(&pool->lock);
	lend(pool, conn, owner);
	conn->expires = expiry(pool);
	pool->stats.opened++;
	(void) pthread_mutex_unlock(&pool->lock);
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

aiodal__conn *
aiodal__pool_inspect(aiodal__pool *pool, const aiodal__waiter *w)
{
	if (!w->conn)
		return NULL;
	if (!too_old(w->conn, aiodal__now()) && aiodal__conn_alive(w->conn, w->idle_ms > 0))
		return w->conn;
	vacate(pool, w->conn);
	return NULL;
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

bool
aiodal__pool_reset_start(const aiodal__pool *pool, aiodal__conn *conn)
{
	if (pool->limits.reset == AIODAL_RESET_NEVER ||
		(pool->limits.reset == AIODAL_RESET_AS_NEEDED && !conn->changed) || !is_good(conn))
		return false;
	conn->deadline = aiodal__deadline(RESET_MS);
	if (aiodal__op_start_command(conn, "DISCARD ALL", false, NULL) == AIODAL_OK)
		return true;
	conn->broken = true;
	return false;
}

void
aiodal__pool_reset_end(aiodal__conn *conn)
{
	if (aiodal__op_take(conn, NULL, NULL) == AIODAL_OK)
		conn->changed = false;
	else
		conn->broken = true;
}

void
aiodal__pool_release(aiodal__pool *pool, aiodal__conn *conn)
{
	if (aiodal__pool_reset_start(pool, conn))
		aiodal__pool_reset_end(conn);
	aiodal__pool_take_back(pool, conn);
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
aiodal__pool_take_back(aiodal__pool *pool, aiodal__conn *conn)
{
	bool good = is_good(conn);
	aiodal__conn_state state;

	conn->deadline = AIODAL__NEVER;
	conn->tick = NULL;
	(void) pthread_mutex_lock(&pool->lock);
	state = state_after(pool, conn, good);
	/* when it is closed with the pool, nobody is left to wait for it */
	if (pool->closed)
		state = AIODAL__CONN_GONE;
	move(pool, conn, state);
	/* who waits has to look after it now */
	if (state == AIODAL__CONN_ENDING && pool->waiters)
		rouse(pool->waiters);
	if (stays(pool, conn))
	{
		leave_idle(pool);
		(void) pthread_mutex_unlock(&pool->lock);
	}
	else
		serve_and_unlock(pool);
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
	__atomic_store_n(&pool->closed, true, __ATOMIC_RELAXED);
	for (waiter *w = pool->waiters; w && !abandon; w = w->next)
		rouse(w);
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
