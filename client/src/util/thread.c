/*
 * thread.c
 *		Threads of the library's own.
 */
#include "util/thread.h"

#include <signal.h>

uint64_t
aiodal__thread_number(void)
{
	static uint64_t last;
	static __thread uint64_t number;

	if (number == 0)
		number = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
	return number;
}

bool
aiodal__thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	sigset_t all;
	sigset_t before;
	bool started;

	(void) sigfillset(&all);
	(void) pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(thread, NULL, run, arg) == 0;
	(void) pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}
