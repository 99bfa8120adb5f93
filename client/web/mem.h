/*
 * mem.h
 *		Memory: the one way to it, arenas that live as long as a request, strings that grow.
 */
#ifndef AIODAL_WEB_MEM_H
#define AIODAL_WEB_MEM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <aiodal/error.h>

/*
 * For tests: when set and answering non-zero, the allocation that asks fails. Atomic; never set in the
 * library.
 */
extern int (*aiodal_web__alloc_fails)(void);

/* As their namesakes; all return NULL when out of memory. */
extern void *aiodal_web__malloc(size_t size);
extern void *aiodal_web__calloc(size_t n, size_t size);
extern void *aiodal_web__realloc(void *old, size_t size);
extern void aiodal_web__free(void *p);
extern char *aiodal_web__strdup(const char *s);                /* NULL for NULL */
extern char *aiodal_web__memdup(const void *data, size_t len); /* with a NUL behind */

/* Makes room for one more element of that size in an array of n; false when out of memory. */
extern bool aiodal_web__grow(void *array, size_t n, size_t size);

/* Overwrites what must not stay in memory, then frees. NULL is fine. */
extern void aiodal_web__free_secret(void *p, size_t len);

typedef struct aiodal_web__arena
{
	struct aiodal_web__block *blocks; /* the one being filled first */
} aiodal_web__arena;

/* Zeroed, aligned for any type; NULL when out of memory. */
extern void *aiodal_web__arena_alloc(aiodal_web__arena *arena, size_t size);
extern char *aiodal_web__arena_copy(aiodal_web__arena *arena, const char *data, size_t len);
extern char *aiodal_web__arena_vprintf(aiodal_web__arena *arena, const char *fmt, va_list args);
extern void aiodal_web__arena_free(aiodal_web__arena *arena);

/* A string that grows. Running out of memory is remembered: ask once, at the end. */
typedef struct aiodal_web__buf
{
	char *data; /* NUL-terminated; NULL until something is appended */
	size_t len;
	size_t cap;
	bool oom;
} aiodal_web__buf;

#define AIODAL_WEB__BUF_INIT \
	{                        \
		NULL, 0, 0, false    \
	}

extern bool aiodal_web__buf_reserve(aiodal_web__buf *buf, size_t len);
extern void aiodal_web__buf_add(aiodal_web__buf *buf, const void *data, size_t len);
extern void aiodal_web__buf_str(aiodal_web__buf *buf, const char *s);
extern void aiodal_web__buf_char(aiodal_web__buf *buf, char c);
extern void aiodal_web__buf_printf(aiodal_web__buf *buf, const char *fmt, ...) AIODAL_PRINTF(2, 3);

/* A JSON string with its quotes. What is not UTF-8 becomes U+FFFD. */
extern void aiodal_web__buf_json(aiodal_web__buf *buf, const char *s, size_t len);
extern void aiodal_web__buf_free(aiodal_web__buf *buf);

/* Errors with formatted text; return status. */
extern aiodal_status
aiodal_web__fail(aiodal_error **err, aiodal_status status, const char *fmt, ...) AIODAL_PRINTF(3, 4);
extern aiodal_status aiodal_web__oom(aiodal_error **err);

/* Hands over an error, or frees it when nobody wants it; returns status. */
extern aiodal_status aiodal_web__pass_on(aiodal_error *error, aiodal_status status, aiodal_error **err);

/* As options structs work: copies given, of the caller's size, over ours. */
extern aiodal_status
aiodal_web__options_copy(void *ours, size_t size, const void *given, const char *what, aiodal_error **err);

#endif /* AIODAL_WEB_MEM_H */
