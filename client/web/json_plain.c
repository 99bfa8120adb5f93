/*
 * json_plain.c
 *		Reading JSON of the plain kind that tokens are, in a fraction of the time that jansson takes for it.
 *
 * Plain is an object of strings, integers, true, false, null, and arrays of such; strings without escapes, in
 * ASCII. Whatever else there is, or may be wrong, is left to jansson, which has the last word on every text
 *that is refused: here it is only "not sure".
 */
#include <string.h>

#include "json.h"

#define MAX_NAME   64
#define MAX_DIGITS 18

typedef struct reader
{
	const char *p;
	const char *end;
} reader;

static void
skip_space(reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
		r->p++;
}

/* Takes the character, and the space around it. */
static bool
take(reader *r, char c)
{
	skip_space(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	skip_space(r);
	return true;
}

static bool
is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

/* NULL unless a plain string is next. */
static const char *
take_string(reader *r, size_t *len)
{
	const char *start = r->p + 1;
	const char *p = start;

	if (r->p == r->end || *r->p != '"')
		return NULL;
	while (p < r->end && is_plain((unsigned char) *p))
		p++;
	if (p == r->end || *p != '"')
		return NULL;
	*len = (size_t) (p - start);
	r->p = p + 1;
	return start;
}

static json_t *
read_string(reader *r)
{
	size_t len = 0;
	const char *s = take_string(r, &len);

	return s ? json_stringn_nocheck(s, len) : NULL;
}

/* No fraction, no exponent, no sign, no zero in front, and none too large. */
static json_t *
read_integer(reader *r)
{
	const char *start = r->p;
	json_int_t n = 0;

	while (r->p < r->end && *r->p >= '0' && *r->p <= '9' && r->p - start <= MAX_DIGITS)
		n = n * 10 + (*r->p++ - '0');
	if (r->p == start || r->p - start > MAX_DIGITS || (*start == '0' && r->p - start > 1) ||
		(r->p < r->end && strchr(".eE", *r->p)))
		return NULL;
	return json_integer(n);
}

static bool
take_word(reader *r, const char *word)
{
	size_t len = strlen(word);

	if ((size_t) (r->end - r->p) < len || memcmp(r->p, word, len) != 0)
		return false;
	r->p += len;
	return true;
}

static json_t *
read_scalar(reader *r)
{
	if (r->p == r->end)
		return NULL;
	switch (*r->p)
	{
		case '"': return read_string(r);
		case 't': return take_word(r, "true") ? json_true() : NULL;
		case 'f': return take_word(r, "false") ? json_false() : NULL;
		case 'n': return take_word(r, "null") ? json_null() : NULL;
		default: return read_integer(r);
	}
}

/* Behind the bracket. */
static json_t *
read_array(reader *r)
{
	json_t *array = json_array();

	if (array && take(r, ']'))
		return array;
	while (array && json_array_append_new(array, read_scalar(r)) == 0)
		if (!take(r, ','))
		{
			if (take(r, ']'))
				return array;
			break;
		}
	json_decref(array);
	return NULL;
}

/* One member, whose name is not there yet. */
static bool
read_member(reader *r, json_t *object)
{
	char name[MAX_NAME];
	size_t len = 0;
	const char *s = take_string(r, &len);

	if (!s || len >= sizeof(name) || !take(r, ':'))
		return false;
	memcpy(name, s, len);
	name[len] = '\0';
	return !json_object_get(object, name) &&
		   json_object_set_new_nocheck(object, name, take(r, '[') ? read_array(r) : read_scalar(r)) == 0;
}

json_t *
aiodal_web__json_plain(const char *text, size_t len)
{
	reader r = {text, text + len};
	json_t *object = take(&r, '{') ? json_object() : NULL;

	while (object && read_member(&r, object))
		if (!take(&r, ','))
		{
			if (take(&r, '}') && r.p == r.end)
				return object;
			break;
		}
	json_decref(object);
	return NULL;
}
