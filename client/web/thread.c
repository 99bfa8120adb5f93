/*
 * thread.c
 *		Threads without signals.
 */
#include "thread.h"

#include <signal.h>

bool
aiodal_web__thread_start(pthread_t *thread, void *(*run)(void *), void *payload)
{
	sigset_t all;
	sigset_t before;
	bool started;

	(void) sigfillset(&all);
	(void) pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(thread, NULL, run, payload) == 0;
	(void) pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}
