/*
 * records.c
 *		Reads arrays of flat JSON objects. Goes over the text twice: first to know how much there is, so that
 *		what is kept takes no more room than it needs, then to copy.
 *
 * It is no JSON parser: it takes what the server's writer of such objects makes, and refuses or passes over
 * the rest, but never reads past the end.
 */
#include "util/records.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct records_reader
{
	const char *in;
	const char *const *keys;
	int n_keys;
	const char **cells; /* NULL: only counting */
	char *out;
	int n;       /* objects read */
	size_t size; /* bytes of the values, with their NULs */
} records_reader;

static void
skip_space(records_reader *reader)
{
	reader->in += strspn(reader->in, " \t\r\n");
}

/* Passes over one character, and blanks around it. */
static bool
accept(records_reader *reader, char c)
{
	skip_space(reader);
	if (*reader->in != c)
		return false;
	reader->in++;
	skip_space(reader);
	return true;
}

/* Behind the string that begins here; NULL when it does not end. */
static const char *
string_end(const char *in)
{
	for (in++; *in && *in != '"'; in++)
	{
		if (*in == '\\' && in[1])
			in++;
	}
	return *in ? in + 1 : NULL;
}

/* Behind the value that begins here, whatever is nested in it; NULL when there is none. */
static const char *
value_end(const char *in)
{
	const char *start = in;
	int depth = 0;

	while (*in && (depth > 0 || !strchr(",}] \t\r\n", *in)))
	{
		if (*in == '"')
		{
			in = string_end(in);
			if (!in)
				return NULL;
			continue;
		}
		depth += *in == '{' || *in == '[';
		depth -= *in == '}' || *in == ']';
		in++;
	}
	return depth == 0 && in > start ? in : NULL;
}

/* The number that four hexadecimal digits write; -1 when they are not. */
static int
hex4(const char *in)
{
	int code = 0;

	for (int i = 0; i < 4; i++)
	{
		const char *digits = "0123456789abcdef";
		const char *digit = in[i] ? strchr(digits, in[i] | (in[i] >= 'A' && in[i] <= 'F' ? 0x20 : 0)) : NULL;

		if (!digit)
			return -1;
		code = code * 16 + (int) (digit - digits);
	}
	return code;
}

/* The server writes control characters so and no others; what is beyond them is kept as UTF-8 all the same.
 */
static char *
put_code(char *out, int code)
{
	if (code < 0x80)
		*out++ = (char) code;
	else if (code < 0x800)
	{
		*out++ = (char) (0xc0 | (code >> 6));
		*out++ = (char) (0x80 | (code & 0x3f));
	}
	else
	{
		*out++ = (char) (0xe0 | (code >> 12));
		*out++ = (char) (0x80 | ((code >> 6) & 0x3f));
		*out++ = (char) (0x80 | (code & 0x3f));
	}
	return out;
}

/* Copies the inside of a string, which takes no more room than it had. */
static char *
unescape(char *out, const char *in, const char *end)
{
	static const char escapes[] = "b\bf\fn\nr\rt\t";

	while (in < end)
	{
		const char *escape;
		int code;

		if (*in != '\\')
		{
			*out++ = *in++;
			continue;
		}
		in++;
		escape = strchr("bfnrt", *in) ? strchr(escapes, *in) : NULL;
		code = *in == 'u' && end - in > 4 ? hex4(in + 1) : -1;
		if (code >= 0)
			out = put_code(out, code);
		else
			*out++ = escape ? escape[1] : *in;
		in += code >= 0 ? 5 : 1;
	}
	return out;
}

/* Number of the key that the string at reader->in is, n_keys for any other. */
static int
find_key(const records_reader *reader, size_t len)
{
	int k = 0;

	while (k < reader->n_keys &&
		   (strlen(reader->keys[k]) != len || memcmp(reader->keys[k], reader->in + 1, len) != 0))
		k++;
	return k;
}

/* Counts or copies the value between reader->in and end into cell number k of the current object. */
static void
take_value(records_reader *reader, int k, const char *end)
{
	const char *in = reader->in;
	bool quoted = *in == '"';

	if (k == reader->n_keys || (end - in == 4 && memcmp(in, "null", 4) == 0))
		return;
	reader->size += (size_t) (end - in) + 1;
	if (!reader->cells)
		return;
	reader->cells[(size_t) reader->n * (size_t) reader->n_keys + (size_t) k] = reader->out;
	if (quoted)
		reader->out = unescape(reader->out, in + 1, end - 1);
	else
	{
		memcpy(reader->out, in, (size_t) (end - in));
		reader->out += end - in;
	}
	*reader->out++ = '\0';
}

static bool
read_pair(records_reader *reader)
{
	const char *end = *reader->in == '"' ? string_end(reader->in) : NULL;
	int k;

	if (!end)
		return false;
	k = find_key(reader, (size_t) (end - reader->in) - 2);
	reader->in = end;
	if (!accept(reader, ':'))
		return false;
	end = value_end(reader->in);
	if (!end)
		return false;
	take_value(reader, k, end);
	reader->in = end;
	return true;
}

static bool
read_object(records_reader *reader)
{
	if (!accept(reader, '{'))
		return false;
	if (!accept(reader, '}'))
	{
		do
		{
			if (!read_pair(reader))
				return false;
		} while (accept(reader, ','));
		if (!accept(reader, '}'))
			return false;
	}
	reader->n++;
	return true;
}

static bool
read_array(records_reader *reader)
{
	if (!accept(reader, '['))
		return false;
	if (!accept(reader, ']'))
	{
		do
		{
			if (!read_object(reader))
				return false;
		} while (accept(reader, ','));
		if (!accept(reader, ']'))
			return false;
	}
	return *reader->in == '\0';
}

int
aiodal__records_parse(aiodal__arena *arena, const char *text, const char *const *keys, int n_keys,
					  const char *const **cells, int *n)
{
	records_reader reader = {.in = text, .keys = keys, .n_keys = n_keys};
	size_t n_cells;

	*cells = NULL;
	*n = 0;
	if (!text)
		return 0;
	if (!read_array(&reader))
		return -2;
	if (reader.n == 0)
		return 0;
	/* in one piece: there are many of these, and they are small */
	n_cells = (size_t) reader.n * (size_t) n_keys;
	reader.cells = aiodal__arena_alloc(arena, n_cells * sizeof(char *) + reader.size, 1);
	if (!reader.cells)
		return -1;
	reader.out = (char *) (reader.cells + n_cells);
	reader.in = text;
	*n = reader.n;
	reader.n = 0;
	(void) read_array(&reader);
	*cells = reader.cells;
	return 0;
}
