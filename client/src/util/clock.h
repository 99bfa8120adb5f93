/*
 * clock.h
 *		Monotonic time, and deadlines as points on it.
 */
#ifndef AIODAL_UTIL_CLOCK_H
#define AIODAL_UTIL_CLOCK_H

#include <stdint.h>
#include <time.h>

#define AIODAL__NEVER INT64_MAX

/* For tests: when set, what aiodal__now() answers. Never set in the library. */
extern int64_t (*aiodal__clock)(void);

/* Milliseconds since some point in the past. */
extern int64_t aiodal__now(void);
extern double aiodal__now_seconds(void);

/* The point timeout_ms from now; negative: AIODAL__NEVER. */
extern int64_t aiodal__deadline(int timeout_ms);

/* Milliseconds from now until the deadline as poll() wants them: -1 for never, 0 when it has passed. */
extern int aiodal__until(int64_t deadline);

/* The point ms from now for pthread_cond_timedwait() by CLOCK_MONOTONIC. */
extern struct timespec aiodal__timespec_in(int ms);

#endif /* AIODAL_UTIL_CLOCK_H */
