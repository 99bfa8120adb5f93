/*
 * thread.h
 *		Threads of the library's own.
 */
#ifndef AIODAL_UTIL_THREAD_H
#define AIODAL_UTIL_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* One that gets none of the application's signals. False when there can be no more threads. */
extern bool aiodal__thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

#endif /* AIODAL_UTIL_THREAD_H */
