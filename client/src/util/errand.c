/*
 * errand.c
 *		Blocking functions run for somebody who must not block.
 *
 * Design notes. Two sides share an errand: the caller's, which is any thread that polls, one at a time, and
 * the thread that runs the function. The caller hears by a descriptor that there is something to do. A
 * callback is posted, and the thread sleeps until the caller has run it, or until the errand is cancelled
 * before the caller got round to that: then it is withdrawn.
 *
 * A function that hangs where nothing can interrupt it (a name is looked up) must not keep the caller: it may
 * leave, and the thread then cleans up behind itself. left and ended are under one lock, so that it is always
 * clear who is the last.
 */
#include "util/errand.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/process.h"
#include "util/thread.h"

/* That this thread runs. */
static __thread aiodal__errand *mine;

static bool
is_cancelled(const aiodal__errand *errand)
{
	return __atomic_load_n(&errand->cancelled, __ATOMIC_ACQUIRE);
}

/* In the child of a fork: the last that was given up. What a thread was amid cannot be freed; it is kept
 * where who looks for leaks finds it. */
static void *given_up;

/* Under the lock: the caller has something to do. */
static void
wake_caller(const aiodal__errand *errand)
{
	const uint64_t one = 1;

	(void) !write(errand->fd, &one, sizeof(one));
}

static void
release(aiodal__errand *errand)
{
	(void) close(errand->fd);
	(void) pthread_cond_destroy(&errand->changed);
	(void) pthread_mutex_destroy(&errand->lock);
}

static void *
run(void *arg)
{
	aiodal__errand *errand = arg;
	bool left;

	mine = errand;
	errand->run(errand->arg);
	(void) pthread_mutex_lock(&errand->lock);
	left = errand->left;
	errand->ended = true;
	wake_caller(errand);
	(void) pthread_cond_broadcast(&errand->changed);
	(void) pthread_mutex_unlock(&errand->lock);
	if (left)
	{
		(void) pthread_detach(pthread_self());
		release(errand);
		errand->drop(errand->arg);
	}
	return NULL;
}

bool
aiodal__errand_start(aiodal__errand *errand)
{
	pthread_condattr_t monotonic;

	errand->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (errand->fd < 0)
		return false;
	errand->pid = aiodal__process();
	errand->starter = aiodal__thread_number();
	(void) pthread_mutex_init(&errand->lock, NULL);
	(void) pthread_condattr_init(&monotonic);
	(void) pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void) pthread_cond_init(&errand->changed, &monotonic);
	(void) pthread_condattr_destroy(&monotonic);
	if (aiodal__thread_start(&errand->thread, run, errand))
		return true;
	release(errand);
	return false;
}

/*
 * The caller's side
 */

/* Under the lock: the callback that is posted is not to be run any more. */
static bool
is_withdrawn(const aiodal__errand *errand)
{
	return !errand->calling && (errand->silent || (!errand->late && is_cancelled(errand)));
}

/* Under the lock, which is given up for as long as the callback runs. */
static void
run_call(aiodal__errand *errand)
{
	errand->calling = true;
	(void) pthread_mutex_unlock(&errand->lock);
	errand->call(errand->call_arg);
	(void) pthread_mutex_lock(&errand->lock);
	errand->calling = false;
	errand->call = NULL;
	(void) pthread_cond_broadcast(&errand->changed);
}

bool
aiodal__errand_step(aiodal__errand *errand)
{
	uint64_t ignored;
	bool ended;

	(void) pthread_mutex_lock(&errand->lock);
	if (!errand->ended)
		(void) !read(errand->fd, &ignored, sizeof(ignored));
	if (errand->call && !errand->calling && !is_withdrawn(errand))
		run_call(errand);
	ended = errand->ended;
	(void) pthread_mutex_unlock(&errand->lock);
	return ended;
}

void
aiodal__errand_wait(const aiodal__errand *errand, int64_t limit)
{
	struct pollfd fd = {.fd = errand->fd, .events = POLLIN};

	(void) poll(&fd, 1, aiodal__until(limit));
}

void
aiodal__errand_cancel(aiodal__errand *errand)
{
	(void) pthread_mutex_lock(&errand->lock);
	__atomic_store_n(&errand->cancelled, true, __ATOMIC_RELEASE);
	(void) pthread_cond_broadcast(&errand->changed);
	(void) pthread_mutex_unlock(&errand->lock);
}

/* Under the lock. */
static void
await_end(aiodal__errand *errand, int64_t limit)
{
	while (!errand->ended)
	{
		int ms = aiodal__until(limit);
		struct timespec until = aiodal__timespec_in(ms);

		if (ms == 0)
			return;
		if (ms < 0)
			(void) pthread_cond_wait(&errand->changed, &errand->lock);
		else
			(void) pthread_cond_timedwait(&errand->changed, &errand->lock, &until);
	}
}

void
aiodal__errand_end(aiodal__errand *errand, int64_t limit)
{
	pthread_t thread = errand->thread;
	bool ended;

	if (errand->pid != aiodal__process())
	{
		(void) close(errand->fd);
		errand->before = given_up;
		given_up = errand->arg;
		return;
	}
	(void) pthread_mutex_lock(&errand->lock);
	__atomic_store_n(&errand->cancelled, true, __ATOMIC_RELEASE);
	errand->silent = true;
	(void) pthread_cond_broadcast(&errand->changed);
	await_end(errand, limit);
	ended = errand->ended;
	errand->left = !ended;
	(void) pthread_mutex_unlock(&errand->lock);
	if (!ended)
		return;
	(void) pthread_join(thread, NULL);
	release(errand);
	errand->drop(errand->arg);
}

/*
 * The thread's side
 */

bool
aiodal__in_errand(void)
{
	return mine != NULL;
}

uint64_t
aiodal__errand_starter(void)
{
	return mine ? mine->starter : aiodal__thread_number();
}

bool
aiodal__errand_is_mine(const aiodal__errand *errand)
{
	return mine == errand;
}

bool
aiodal__errand_cancelled(void)
{
	return mine && is_cancelled(mine);
}

int64_t
aiodal__errand_tick(int64_t limit)
{
	int64_t tick = mine ? aiodal__deadline(AIODAL__ERRAND_TICK_MS) : AIODAL__NEVER;

	return tick < limit ? tick : limit;
}

bool
aiodal__errand_call(void (*call)(void *arg), void *arg, bool late)
{
	aiodal__errand *errand = mine;
	bool done;

	if (!errand || errand->direct)
	{
		call(arg);
		return true;
	}
	(void) pthread_mutex_lock(&errand->lock);
	errand->call = call;
	errand->call_arg = arg;
	errand->late = late;
	wake_caller(errand);
	while (errand->call && !is_withdrawn(errand))
		(void) pthread_cond_wait(&errand->changed, &errand->lock);
	done = !errand->call;
	errand->call = NULL;
	(void) pthread_mutex_unlock(&errand->lock);
	return done;
}
