/*
 * buf.c
 *		Strings that grow.
 */
#include "util/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "util/mem.h"

bool
aiodal__buf_reserve(aiodal__buf *buf, size_t len)
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
	data = aiodal__realloc(buf->data, cap);
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
aiodal__buf_add(aiodal__buf *buf, const char *data, size_t len)
{
	if (!aiodal__buf_reserve(buf, len))
		return;
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void
aiodal__buf_str(aiodal__buf *buf, const char *s)
{
	aiodal__buf_add(buf, s, strlen(s));
}

void
aiodal__buf_printf(aiodal__buf *buf, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0 || !aiodal__buf_reserve(buf, (size_t) len))
	{
		buf->oom = true;
		return;
	}
	va_start(args, fmt);
	(void) vsnprintf(buf->data + buf->len, (size_t) len + 1, fmt, args);
	va_end(args);
	buf->len += (size_t) len;
}

void
aiodal__buf_ident(aiodal__buf *buf, const char *name)
{
	const char *quote;

	aiodal__buf_add(buf, "\"", 1);
	while ((quote = strchr(name, '"')) != NULL)
	{
		aiodal__buf_add(buf, name, (size_t) (quote - name));
		aiodal__buf_add(buf, "\"\"", 2);
		name = quote + 1;
	}
	aiodal__buf_str(buf, name);
	aiodal__buf_add(buf, "\"", 1);
}

void
aiodal__buf_idents(aiodal__buf *buf, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		if (i > 0)
			aiodal__buf_add(buf, ", ", 2);
		aiodal__buf_ident(buf, names[i]);
	}
}

void
aiodal__buf_array_item(aiodal__buf *buf, const char *item)
{
	size_t plain;

	aiodal__buf_add(buf, "\"", 1);
	for (; *(item += plain = strcspn(item, "\"\\")) != '\0'; item++)
	{
		aiodal__buf_add(buf, item - plain, plain);
		aiodal__buf_add(buf, "\\", 1);
		aiodal__buf_add(buf, item, 1);
	}
	aiodal__buf_add(buf, item - plain, plain);
	aiodal__buf_add(buf, "\"", 1);
}

void
aiodal__buf_array(aiodal__buf *buf, const char *const *items, size_t n)
{
	aiodal__buf_add(buf, "{", 1);
	for (size_t i = 0; i < n; i++)
	{
		if (i > 0)
			aiodal__buf_add(buf, ",", 1);
		aiodal__buf_array_item(buf, items[i]);
	}
	aiodal__buf_add(buf, "}", 1);
}

char *
aiodal__buf_take(aiodal__buf *buf)
{
	char *data = NULL;

	if (aiodal__buf_reserve(buf, 0))
	{
		data = buf->data;
		data[buf->len] = '\0';
		buf->data = NULL;
	}
	aiodal__buf_free(buf);
	return data;
}

void
aiodal__buf_free(aiodal__buf *buf)
{
	aiodal__free(buf->data);
	*buf = (aiodal__buf) AIODAL__BUF_INIT;
}
