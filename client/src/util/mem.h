/*
 * mem.h
 *		The one way to memory, so that tests can make every allocation fail in turn.
 */
#ifndef AIODAL_UTIL_MEM_H
#define AIODAL_UTIL_MEM_H

#include <stddef.h>

/* For tests: when set and answering non-zero, the allocation that asks fails. Never set in the library. */
extern int (*aiodal__alloc_fails)(void);

/* As their namesakes; calloc checks the product. All return NULL when out of memory. */
extern void *aiodal__malloc(size_t size);
extern void *aiodal__calloc(size_t n, size_t size);
extern void *aiodal__realloc(void *old, size_t size);
extern void aiodal__free(void *p);

/* NULL for NULL too. */
extern char *aiodal__strdup(const char *s);

#endif /* AIODAL_UTIL_MEM_H */
