/*
 * mem.c
 *		Memory and what is built on it.
 */
#include "mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

int (*aiodal_web__alloc_fails)(void);

static bool
fails(void)
{
	int (*says)(void) = __atomic_load_n(&aiodal_web__alloc_fails, __ATOMIC_RELAXED);

	return says && says();
}

void *
aiodal_web__malloc(size_t size)
{
	return fails() ? NULL : malloc(size ? size : 1);
}

void *
aiodal_web__calloc(size_t n, size_t size)
{
	return fails() ? NULL : calloc(n ? n : 1, size ? size : 1);
}

void *
aiodal_web__realloc(void *old, size_t size)
{
	return fails() ? NULL : realloc(old, size ? size : 1);
}

void
aiodal_web__free(void *p)
{
	free(p);
}

char *
aiodal_web__memdup(const void *data, size_t len)
{
	char *copy = len < SIZE_MAX ? aiodal_web__malloc(len + 1) : NULL;

	if (!copy)
		return NULL;
	if (len > 0)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

char *
aiodal_web__strdup(const char *s)
{
	return s ? aiodal_web__memdup(s, strlen(s)) : NULL;
}

/* Arrays grow at powers of two, so that their capacity need not be kept. */
bool
aiodal_web__grow(void *array, size_t n, size_t size)
{
	void **p = array;
	void *bigger;

	if (n & (n - 1))
		return true;
	if (n > SIZE_MAX / 2 / size)
		return false;
	bigger = aiodal_web__realloc(*p, (n ? 2 * n : 1) * size);
	if (!bigger)
		return false;
	*p = bigger;
	return true;
}

void
aiodal_web__free_secret(void *p, size_t len)
{
	if (p)
		explicit_bzero(p, len);
	aiodal_web__free(p);
}

/*
 * Arenas
 */

#define BLOCK_SIZE ((size_t) 4000)

/* as strict as any type there is */
typedef union aligned
{
	long long integer;
	long double number;
	void *pointer;
	void (*function)(void);
} aligned;

typedef struct aiodal_web__block
{
	struct aiodal_web__block *next;
	size_t used;
	size_t size;
	aligned data[];
} block;

static block *
new_block(aiodal_web__arena *arena, size_t size)
{
	block *b;

	if (size < BLOCK_SIZE)
		size = BLOCK_SIZE;
	if (size > SIZE_MAX - sizeof(block))
		return NULL;
	b = aiodal_web__malloc(sizeof(block) + size);
	if (!b)
		return NULL;
	b->next = arena->blocks;
	b->used = 0;
	b->size = size;
	arena->blocks = b;
	return b;
}

void *
aiodal_web__arena_alloc(aiodal_web__arena *arena, size_t size)
{
	block *b = arena->blocks;
	char *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + sizeof(aligned) - 1) / sizeof(aligned) * sizeof(aligned);
	if (!b || b->size - b->used < size)
		b = new_block(arena, size);
	if (!b)
		return NULL;
	p = (char *) b->data + b->used;
	b->used += size;
	memset(p, 0, size);
	return p;
}

char *
aiodal_web__arena_copy(aiodal_web__arena *arena, const char *data, size_t len)
{
	char *copy = len < SIZE_MAX ? aiodal_web__arena_alloc(arena, len + 1) : NULL;

	if (copy && len > 0)
		memcpy(copy, data, len);
	return copy;
}

char *
aiodal_web__arena_vprintf(aiodal_web__arena *arena, const char *fmt, va_list args)
{
	va_list again;
	char *text;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, args);
	text = len < 0 ? NULL : aiodal_web__arena_alloc(arena, (size_t) len + 1);
	if (text)
		(void) vsnprintf(text, (size_t) len + 1, fmt, again);
	va_end(again);
	return text;
}

void
aiodal_web__arena_free(aiodal_web__arena *arena)
{
	block *b;

	while ((b = arena->blocks))
	{
		arena->blocks = b->next;
		aiodal_web__free(b);
	}
}

/*
 * Strings
 */

bool
aiodal_web__buf_reserve(aiodal_web__buf *buf, size_t len)
{
	size_t cap = buf->cap ? buf->cap : 64;
	char *data;

	if (buf->oom || len > SIZE_MAX / 2 - buf->len - 1)
	{
		buf->oom = true;
		return false;
	}
	if (buf->len + len + 1 <= buf->cap)
		return true;
	while (cap < buf->len + len + 1)
		cap *= 2;
	data = aiodal_web__realloc(buf->data, cap);
	if (!data)
	{
		buf->oom = true;
		return false;
	}
	buf->data = data;
	buf->cap = cap;
	return true;
}

void
aiodal_web__buf_add(aiodal_web__buf *buf, const void *data, size_t len)
{
	if (!aiodal_web__buf_reserve(buf, len))
		return;
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void
aiodal_web__buf_str(aiodal_web__buf *buf, const char *s)
{
	aiodal_web__buf_add(buf, s, strlen(s));
}

void
aiodal_web__buf_char(aiodal_web__buf *buf, char c)
{
	aiodal_web__buf_add(buf, &c, 1);
}

void
aiodal_web__buf_printf(aiodal_web__buf *buf, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0 || !aiodal_web__buf_reserve(buf, (size_t) len))
	{
		buf->oom = true;
		return;
	}
	va_start(args, fmt);
	(void) vsnprintf(buf->data + buf->len, (size_t) len + 1, fmt, args);
	va_end(args);
	buf->len += (size_t) len;
}

static void
json_char(aiodal_web__buf *buf, unsigned char c)
{
	if (c == '"' || c == '\\')
	{
		aiodal_web__buf_char(buf, '\\');
		aiodal_web__buf_char(buf, (char) c);
	}
	else if (c == '\n')
		aiodal_web__buf_str(buf, "\\n");
	else if (c < 0x20 || c == 0x7f)
		aiodal_web__buf_printf(buf, "\\u%04x", c);
	else
		aiodal_web__buf_char(buf, (char) c);
}

void
aiodal_web__buf_json(aiodal_web__buf *buf, const char *s, size_t len)
{
	size_t i = 0;

	aiodal_web__buf_char(buf, '"');
	while (i < len)
	{
		size_t n = aiodal_web__utf8_char(s + i, len - i);

		if (n == 1)
			json_char(buf, (unsigned char) s[i]);
		else if (n > 1)
			aiodal_web__buf_add(buf, s + i, n);
		else
			aiodal_web__buf_str(buf, "\xEF\xBF\xBD");
		i += n ? n : 1;
	}
	aiodal_web__buf_char(buf, '"');
}

void
aiodal_web__buf_free(aiodal_web__buf *buf)
{
	aiodal_web__free(buf->data);
	memset(buf, 0, sizeof(*buf));
}

/*
 * Errors and options
 */

aiodal_status
aiodal_web__fail(aiodal_error **err, aiodal_status status, const char *fmt, ...)
{
	char text[500];
	va_list args;

	va_start(args, fmt);
	(void) vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return aiodal_error_set(err, status, text, NULL, NULL);
}

aiodal_status
aiodal_web__oom(aiodal_error **err)
{
	return aiodal_error_set(err, AIODAL_ENOMEM, "out of memory", NULL, NULL);
}

aiodal_status
aiodal_web__pass_on(aiodal_error *error, aiodal_status status, aiodal_error **err)
{
	if (err)
		*err = error;
	else
		aiodal_error_free(error);
	return status;
}

aiodal_status
aiodal_web__options_copy(void *ours, size_t size, const void *given, const char *what, aiodal_error **err)
{
	size_t theirs;
	size_t i;

	memset(ours, 0, size);
	*(size_t *) ours = size;
	if (!given)
		return AIODAL_OK;
	theirs = *(const size_t *) given;
	if (theirs < sizeof(size_t))
		return aiodal_web__fail(err, AIODAL_EINVAL, "%s were not initialised", what);
	for (i = size; i < theirs; i++)
		if (((const char *) given)[i])
			return aiodal_web__fail(err, AIODAL_EINVAL, "%s come from newer headers than this library's",
									what);
	memcpy(ours, given, theirs < size ? theirs : size);
	*(size_t *) ours = size;
	return AIODAL_OK;
}
