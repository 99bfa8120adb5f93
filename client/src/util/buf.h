/*
 * buf.h
 *		A string that grows. Running out of memory is remembered, so that callers build freely and ask once,
 * at the end.
 */
#ifndef AIODAL_UTIL_BUF_H
#define AIODAL_UTIL_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include <aiodal/api.h>

typedef struct aiodal__buf
{
	char *data; /* NUL-terminated; NULL until something is appended */
	size_t len;
	size_t cap;
	bool oom; /* something is missing: data must not be used */
} aiodal__buf;

#define AIODAL__BUF_INIT  \
	{                     \
		NULL, 0, 0, false \
	}

extern void aiodal__buf_add(aiodal__buf *buf, const char *data, size_t len);
extern void aiodal__buf_str(aiodal__buf *buf, const char *s);
extern void aiodal__buf_printf(aiodal__buf *buf, const char *fmt, ...) AIODAL_PRINTF(2, 3);

/* "name" with inner quotes doubled. Safe in every encoding PostgreSQL has: none has the quote as a second
 * byte. */
extern void aiodal__buf_ident(aiodal__buf *buf, const char *name);

/* "a", "b", "c" */
extern void aiodal__buf_idents(aiodal__buf *buf, const char *const *names, size_t n);

/* "item" with inner quotes and backslashes escaped, as in the text form of an array. */
extern void aiodal__buf_array_item(aiodal__buf *buf, const char *item);

/* An array in its text form: {"a","b"} */
extern void aiodal__buf_array(aiodal__buf *buf, const char *const *items, size_t n);

/* Makes room for len more bytes behind the data; false when out of memory. */
extern bool aiodal__buf_reserve(aiodal__buf *buf, size_t len);

/* Hands the string over (aiodal__free); NULL when out of memory. The buffer is empty afterwards. */
extern char *aiodal__buf_take(aiodal__buf *buf);
extern void aiodal__buf_free(aiodal__buf *buf);

#endif /* AIODAL_UTIL_BUF_H */
