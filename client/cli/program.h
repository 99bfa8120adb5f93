/*
 * program.h
 *		Another program as a filter.
 */
#ifndef AIODAL_CLI_PROGRAM_H
#define AIODAL_CLI_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

typedef enum cli_program_result
{
	CLI_PROGRAM_DONE,
	CLI_PROGRAM_MISSING, /* not in PATH */
	CLI_PROGRAM_FAILED   /* it has said why on stderr */
} cli_program_result;

/*
 * Runs argv[0], looked for in PATH, without a shell; input becomes its standard input. What it writes to its
 * standard output is in *output, terminated and to be freed, also when it failed; NULL when it is missing.
 */
extern cli_program_result
cli_filter(char **output, const char *const argv[], const char *input, size_t n_input);

#endif /* AIODAL_CLI_PROGRAM_H */
