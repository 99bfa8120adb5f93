/*
 * mem.c
 *		malloc and its kin behind a switch.
 */
#include "util/mem.h"

#include <stdlib.h>
#include <string.h>

int (*aiodal__alloc_fails)(void);

void *
aiodal__malloc(size_t size)
{
	if (aiodal__alloc_fails && aiodal__alloc_fails())
		return NULL;
	return malloc(size ? size : 1);
}

void *
aiodal__calloc(size_t n, size_t size)
{
	if (aiodal__alloc_fails && aiodal__alloc_fails())
		return NULL;
	return calloc(n ? n : 1, size ? size : 1);
}

void *
aiodal__realloc(void *old, size_t size)
{
	if (aiodal__alloc_fails && aiodal__alloc_fails())
		return NULL;
	return realloc(old, size ? size : 1);
}

void
aiodal__free(void *p)
{
	free(p);
}

char *
aiodal__strdup(const char *s)
{
	size_t size;
	char *copy;

	if (!s)
		return NULL;
	size = strlen(s) + 1;
	copy = aiodal__malloc(size);
	return copy ? memcpy(copy, s, size) : NULL;
}
