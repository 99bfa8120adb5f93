/*
 * thread.h
 *		Threads of the library's own.
 */
#ifndef AIODAL_UTIL_THREAD_H
#define AIODAL_UTIL_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* A number of this thread's own. pthread_self() may be that of one that has ended. */
extern uint64_t aiodal__thread_number(void);

/* One that gets none of the application's signals. False when there can be no more threads. */
extern bool aiodal__thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

#endif /* AIODAL_UTIL_THREAD_H */
