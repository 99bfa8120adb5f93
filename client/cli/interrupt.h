/*
 * interrupt.h
 *		^C and its kin while something runs that can be undone properly.
 */
#ifndef AIODAL_CLI_INTERRUPT_H
#define AIODAL_CLI_INTERRUPT_H

/* From now on the first SIGINT, SIGTERM or SIGHUP is only noted; the second ends the program as ever. */
extern void cli_catch_interrupts(void);

/* Number of the signal that was noted; 0: none. */
extern int cli_interrupted(void);

#endif /* AIODAL_CLI_INTERRUPT_H */
