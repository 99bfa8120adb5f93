/*
 * clock.c
 *		Time that is not set back.
 */
#include "util/clock.h"

#include <limits.h>

int64_t (*aiodal__clock)(void);

int64_t
aiodal__now(void)
{
	struct timespec now;

	if (aiodal__clock)
		return aiodal__clock();
	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

double
aiodal__now_seconds(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

int64_t
aiodal__deadline(int timeout_ms)
{
	return timeout_ms < 0 ? AIODAL__NEVER : aiodal__now() + timeout_ms;
}

int
aiodal__until(int64_t deadline)
{
	int64_t left;

	if (deadline == AIODAL__NEVER)
		return -1;
	left = deadline - aiodal__now();
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int) left;
}

struct timespec
aiodal__timespec_in(int ms)
{
	struct timespec at;

	(void) clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += (long) (ms % 1000) * 1000000;
	at.tv_sec += at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	return at;
}
