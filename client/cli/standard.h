/*
 * standard.h
 *		Standard input, output and error that were closed by whoever started the program.
 */
#ifndef AIODAL_CLI_STANDARD_H
#define AIODAL_CLI_STANDARD_H

#include <stdbool.h>

/* Keeps what is opened later, a connection among it, from becoming one of the three. To be called first. */
extern void cli_hold_standard(void);

/* Whether standard input was closed when the program was started. */
extern bool cli_stdin_was_closed(void);

#endif /* AIODAL_CLI_STANDARD_H */
