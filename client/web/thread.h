/*
 * thread.h
 *		Threads of the library's own.
 */
#ifndef AIODAL_WEB_THREAD_H
#define AIODAL_WEB_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/*
 * Starts one that no signal is delivered to: those of the process are for the program's threads, and a
 * connection that breaks must not end the process. False when there can be no more threads.
 */
extern bool aiodal_web__thread_start(pthread_t *thread, void *(*run)(void *), void *payload);

#endif /* AIODAL_WEB_THREAD_H */
