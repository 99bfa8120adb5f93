/*
 * seconds.h
 *		What a clock says, in seconds.
 */
#ifndef AIODAL_BENCH_SECONDS_H
#define AIODAL_BENCH_SECONDS_H

#include <time.h>

static inline double
Seconds(clockid_t clock)
{
	struct timespec t;

	(void) clock_gettime(clock, &t);
	return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static inline double
Now(void)
{
	return Seconds(CLOCK_MONOTONIC);
}

#endif /* AIODAL_BENCH_SECONDS_H */
