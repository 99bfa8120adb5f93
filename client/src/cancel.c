/*
 * cancel.c
 *		Cancel requests.
 *
 * Design notes. A request travels on a connection of its own, and libpq blocks until the server has taken it:
 * where packets are swallowed, for minutes. No deadline would hold with that, and an event loop must not wait
 * at all, so a thread waits instead. Its owner joins it when it is done, and leaves it behind with what it
 * needs when it is not.
 */
#include "cancel.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "util/clock.h"
#include "util/mem.h"
#include "util/thread.h"

struct aiodal__cancel
{
	PGcancel *pg;
	bool started; /* the thread is still to be joined */
	pthread_t thread;

	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t ended;
	bool under_way;
	bool left_behind; /* the thread frees it */
};

aiodal__cancel *
aiodal__cancel_new(PGconn *pg)
{
	aiodal__cancel *cancel = aiodal__calloc(1, sizeof(*cancel));
	pthread_condattr_t monotonic;

	if (!cancel)
		return NULL;
	cancel->pg = PQgetCancel(pg);
	if (!cancel->pg)
	{
		aiodal__free(cancel);
		return NULL;
	}
	(void) pthread_mutex_init(&cancel->lock, NULL);
	(void) pthread_condattr_init(&monotonic);
	(void) pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void) pthread_cond_init(&cancel->ended, &monotonic);
	(void) pthread_condattr_destroy(&monotonic);
	return cancel;
}

static void
destroy(aiodal__cancel *cancel)
{
	PQfreeCancel(cancel->pg);
	(void) pthread_cond_destroy(&cancel->ended);
	(void) pthread_mutex_destroy(&cancel->lock);
	aiodal__free(cancel);
}

static void *
send_request(void *arg)
{
	aiodal__cancel *cancel = arg;
	char ignored[256];
	bool left_behind;

	(void) PQcancel(cancel->pg, ignored, sizeof(ignored));
	(void) pthread_mutex_lock(&cancel->lock);
	cancel->under_way = false;
	left_behind = cancel->left_behind;
	(void) pthread_cond_signal(&cancel->ended);
	(void) pthread_mutex_unlock(&cancel->lock);
	if (left_behind)
	{
		(void) pthread_detach(pthread_self());
		destroy(cancel);
	}
	return NULL;
}

void
aiodal__cancel_start(aiodal__cancel *cancel)
{
	if (!aiodal__cancel_settle(cancel, 0))
		return;
	cancel->under_way = true;
	cancel->started = aiodal__thread_start(&cancel->thread, send_request, cancel);
	if (!cancel->started)
		cancel->under_way = false;
}

bool
aiodal__cancel_settle(aiodal__cancel *cancel, int timeout_ms)
{
	struct timespec until;
	bool done;

	if (!cancel->started)
		return true;
	until = aiodal__timespec_in(timeout_ms);
	(void) pthread_mutex_lock(&cancel->lock);
	while (cancel->under_way && pthread_cond_timedwait(&cancel->ended, &cancel->lock, &until) != ETIMEDOUT)
		;
	done = !cancel->under_way;
	(void) pthread_mutex_unlock(&cancel->lock);
	if (!done)
		return false;
	(void) pthread_join(cancel->thread, NULL);
	cancel->started = false;
	return true;
}

void
aiodal__cancel_free(aiodal__cancel *cancel)
{
	bool left_behind;

	if (!cancel)
		return;
	(void) pthread_mutex_lock(&cancel->lock);
	left_behind = cancel->under_way;
	cancel->left_behind = left_behind;
	(void) pthread_mutex_unlock(&cancel->lock);
	if (left_behind)
		return;
	(void) aiodal__cancel_settle(cancel, 0);
	destroy(cancel);
}

void
aiodal__cancel_abandon(aiodal__cancel *cancel)
{
	if (!cancel)
		return;
	/* the thread is not here, its lock may be held for ever */
	PQfreeCancel(cancel->pg);
	aiodal__free(cancel);
}
