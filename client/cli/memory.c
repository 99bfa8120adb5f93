/*
 * memory.c
 *		Allocation that ends the program when there is none: what it had open, the server rolls back.
 */
#include "memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
checked(void *memory)
{
	if (!memory)
	{
		(void) fputs("aiodal: error: out of memory\n", stderr);
		exit(EXIT_FAILURE);
	}
	return memory;
}

void *
cli_realloc(void *old, size_t n, size_t size)
{
	return checked(n > SIZE_MAX / size ? NULL : realloc(old, n * size));
}

char *
cli_strdup(const char *text)
{
	return checked(strdup(text));
}

char *
cli_strndup(const char *text, size_t n)
{
	return checked(strndup(text, n));
}

char *
cli_printf(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	return checked(text);
}
