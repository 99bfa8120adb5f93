/*
 * interrupt.c
 *		^C and its kin while something runs that can be undone properly.
 */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t interrupted;

static void
note_signal(int signal)
{
	interrupted = signal;
}

void
cli_catch_interrupts(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = note_signal, .sa_flags = (int) SA_RESETHAND};
	struct sigaction before;

	(void) sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
	{
		/* nohup and the shell's background jobs ignore signals on purpose */
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			(void) sigaction(signals[i], &action, NULL);
	}
}

int
cli_interrupted(void)
{
	return interrupted;
}
