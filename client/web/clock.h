/*
 * clock.h
 *		Time, with a hand for tests.
 */
#ifndef AIODAL_WEB_CLOCK_H
#define AIODAL_WEB_CLOCK_H

#include <pthread.h>
#include <stdint.h>

/* Milliseconds since some point in the past, never going back. */
extern int64_t aiodal_web__now(void);

/* Seconds since 1970, as the dates in a token. */
extern int64_t aiodal_web__date(void);

/* For tests: milliseconds that both are ahead of the truth. */
extern int64_t aiodal_web__clock_ahead;

/* A condition variable whose waits are by the monotonic clock. */
extern void aiodal_web__cond_init(pthread_cond_t *cond);

/* Waits at most that long; true unless the time is up. */
extern int aiodal_web__cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t ms);

#endif /* AIODAL_WEB_CLOCK_H */
