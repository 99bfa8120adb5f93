/*
 * errand.h
 *		Blocking functions run for somebody who must not block: in a thread of their own, which has the
 *		caller's callbacks run where the caller is.
 */
#ifndef AIODAL_UTIL_ERRAND_H
#define AIODAL_UTIL_ERRAND_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define AIODAL__ERRAND_TICK_MS                                                  \
	100 /* how long who waits in an errand may not notice that it was cancelled \
		 */

/* All zero but for the first part. */
typedef struct aiodal__errand
{
	void (*run)(void *arg);
	void (*drop)(void *arg); /* frees all there is, this too; called once, by whichever side is the last */
	void *arg;
	bool direct; /* callbacks are run where they come up */

	pid_t pid;
	uint64_t starter; /* number of the thread that started it */
	pthread_t thread;
	int fd;         /* readable when step() has something to do */
	bool cancelled; /* atomic */
	void *before;   /* in the child of a fork: what was given up before */

	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t changed;
	void (*call)(void *arg); /* posted; NULL: none is */
	void *call_arg;
	bool late;    /* it is to be run even when the errand was cancelled */
	bool calling; /* it is being run */
	bool silent;  /* the caller runs no more of them */
	bool ended;
	bool left; /* by the caller: it is the thread's to drop */
} aiodal__errand;

/*
 * The caller's side
 */

/* False, and nothing is held or dropped, when there can be no more threads or descriptors. */
extern bool aiodal__errand_start(aiodal__errand *errand);

/* Runs the callback that is posted, if one is. True when the errand has ended: what it wrote can be read. */
extern bool aiodal__errand_step(aiodal__errand *errand);

/* Blocks until step() has something to do, until limit at most. */
extern void aiodal__errand_wait(const aiodal__errand *errand, int64_t limit);

/* From any thread. */
extern void aiodal__errand_cancel(aiodal__errand *errand);

/*
 * Cancels it, waits for its end until limit, and drops it or leaves that to its thread. No callback is run
 * any more. In the child of a fork, where there is no thread, what the errand has stays as it is.
 */
extern void aiodal__errand_end(aiodal__errand *errand, int64_t limit);

/*
 * For whoever may be in an errand, and need not know
 */

/* Whether this thread runs one; then waiting without end is to be done in ticks. */
extern bool aiodal__in_errand(void);

/* Whether it runs this one. */
extern bool aiodal__errand_is_mine(const aiodal__errand *errand);

/* Number of the thread that started it, which is this one itself where it runs none. */
extern uint64_t aiodal__errand_starter(void);

/* Whether this thread's was cancelled. An aiodal__tick_fn, too. */
extern bool aiodal__errand_cancelled(void);

/*
 * Runs a callback of the caller's: in an errand where the caller polls or waits. False when it was not run,
 * since the errand was cancelled (unless late: then it is run all the same), or nobody polls any more.
 */
extern bool aiodal__errand_call(void (*call)(void *arg), void *arg, bool late);

/* limit, or the next tick. */
extern int64_t aiodal__errand_tick(int64_t limit);

#endif /* AIODAL_UTIL_ERRAND_H */
