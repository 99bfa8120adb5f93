/*
 * base.c
 *		Text, errors and files.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

char *
aiodal_test__printf(const char *fmt, ...)
{
	char *text;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	return len < 0 ? NULL : text;
}

const char *
aiodal_test__env(const char *name)
{
	const char *value = secure_getenv(name);

	return value && *value ? value : NULL;
}

static aiodal_status
fail(aiodal_error **err, aiodal_status status, const char *detail, const char *hint, const char *fmt,
	 va_list args)
{
	char *text;

	if (!err)
		return status;
	if (vasprintf(&text, fmt, args) < 0)
		return aiodal_test__oom(err);
	status = aiodal_error_set(err, status, text, detail, hint);
	free(text);
	return status;
}

aiodal_status
aiodal_test__fail(aiodal_error **err, aiodal_status status, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	status = fail(err, status, NULL, NULL, fmt, args);
	va_end(args);
	return status;
}

aiodal_status
aiodal_test__fail_hint(aiodal_error **err, aiodal_status status, const char *detail, const char *hint,
					   const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	status = fail(err, status, detail, hint, fmt, args);
	va_end(args);
	return status;
}

aiodal_status
aiodal_test__oom(aiodal_error **err)
{
	return aiodal_error_set(err, AIODAL_ENOMEM, "out of memory", NULL, NULL);
}

aiodal_status
aiodal_test__options_copy(void *ours, size_t size, const void *given, const char *what, aiodal_error **err)
{
	size_t given_size;

	if (!given)
		return AIODAL_OK;
	memcpy(&given_size, given, sizeof(given_size));
	if (given_size < sizeof(given_size))
		return aiodal_test__fail_hint(err, AIODAL_EINVAL, NULL, "Its _INIT macro does that.",
									  "%s was not initialised", what);
	for (size_t i = size; i < given_size; i++)
	{
		if (((const char *) given)[i])
			return aiodal_test__fail(
				err, AIODAL_EINVAL, "%s has members that this version of libaiodal_test does not know", what);
	}
	memcpy(ours, given, given_size < size ? given_size : size);
	return AIODAL_OK;
}

/* What is in the file from the current offset on, at most limit bytes, with a NUL behind. */
static char *
read_text(int fd, size_t limit)
{
	char *text = malloc(limit + 1);
	size_t len = 0;
	ssize_t n = 1;

	while (text && len < limit && n != 0)
	{
		n = read(fd, text + len, limit - len);
		if (n < 0 && errno != EINTR)
		{
			free(text);
			return NULL;
		}
		len += n > 0 ? (size_t) n : 0;
	}
	if (text)
		text[len] = '\0';
	return text;
}

char *
aiodal_test__read_tail(const char *path, size_t limit)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	off_t size;

	if (fd < 0)
		return NULL;
	size = lseek(fd, 0, SEEK_END);
	if (size >= 0)
	{
		off_t from = (size_t) size > limit ? size - (off_t) limit : 0;

		if (lseek(fd, from, SEEK_SET) >= 0)
			text = read_text(fd, (size_t) (size - from));
	}
	(void) close(fd);
	return text;
}

bool
aiodal_test__append(const char *path, const char *text)
{
	FILE *file = fopen(path, "ae");
	bool written;

	if (!file)
		return false;
	written = fputs(text, file) >= 0;
	return fclose(file) == 0 && written;
}

int64_t
aiodal_test__now_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
