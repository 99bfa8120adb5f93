/*
 * memory.h
 *		Allocation that ends the program when there is none.
 */
#ifndef AIODAL_CLI_MEMORY_H
#define AIODAL_CLI_MEMORY_H

#include <stddef.h>

extern void *cli_realloc(void *old, size_t n, size_t size); /* room for n things of that size */
extern char *cli_strdup(const char *text);
extern char *cli_strndup(const char *text, size_t n);
extern char *cli_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* to be freed */

#endif /* AIODAL_CLI_MEMORY_H */
