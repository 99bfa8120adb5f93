/*
 * clock.c
 *		Time.
 */
#include "clock.h"

#include <errno.h>
#include <time.h>

int64_t aiodal_web__clock_ahead;

static int64_t
ahead(void)
{
	return __atomic_load_n(&aiodal_web__clock_ahead, __ATOMIC_RELAXED);
}

static int64_t
milliseconds(clockid_t clock)
{
	struct timespec now;

	(void) clock_gettime(clock, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
aiodal_web__now(void)
{
	return milliseconds(CLOCK_MONOTONIC) + ahead();
}

int64_t
aiodal_web__date(void)
{
	return (milliseconds(CLOCK_REALTIME) + ahead()) / 1000;
}

void
aiodal_web__cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attributes;

	(void) pthread_condattr_init(&attributes);
	(void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void) pthread_cond_init(cond, &attributes);
	(void) pthread_condattr_destroy(&attributes);
}

int
aiodal_web__cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t ms)
{
	int64_t until = milliseconds(CLOCK_MONOTONIC) + (ms > 0 ? ms : 0);
	struct timespec at = {(time_t) (until / 1000), (long) (until % 1000) * 1000000};

	return pthread_cond_timedwait(cond, lock, &at) != ETIMEDOUT;
}
