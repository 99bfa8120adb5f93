/*
 * array.c
 *		Parses what array_out() writes; the delimiter is the comma.
 */
#include "util/array.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* An upper bound: commas inside quotes count too. */
static size_t
count_items(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == ',';
	return n;
}

/*
 * Copies one item to out, NUL-terminated, and returns the comma or brace behind it; NULL when there is none.
 */
static const char *
copy_item(const char *in, char **out, bool *quoted)
{
	char *to = *out;

	*quoted = *in == '"';
	if (*quoted)
	{
		for (in++; *in && *in != '"'; in++)
		{
			if (*in == '\\' && in[1])
				in++;
			*to++ = *in;
		}
		if (*in++ != '"')
			return NULL;
	}
	else
	{
		while (*in && *in != ',' && *in != '}')
		{
			if (*in == '"' || *in == '{')
				return NULL;
			if (*in == '\\' && in[1])
				in++;
			*to++ = *in++;
		}
	}
	*to++ = '\0';
	*out = to;
	return *in == ',' || *in == '}' ? in : NULL;
}

int
aiodal__array_parse(aiodal__arena *arena, const char *text, const char *const **items, int *n)
{
	const char **array;
	char *out;

	*items = NULL;
	*n = 0;
	if (!text || strcmp(text, "{}") == 0)
		return 0;
	if (*text != '{')
		return -2;
	array = aiodal__arena_alloc(arena, count_items(text), sizeof(char *));
	out = aiodal__arena_alloc(arena, strlen(text) + 1, 1);
	if (!array || !out)
		return -1;
	do
	{
		char *item = out;
		bool quoted;

		text = copy_item(text + 1, &out, &quoted);
		if (!text || (!quoted && *item == '\0'))
			return -2;
		array[(*n)++] = !quoted && strcasecmp(item, "NULL") == 0 ? NULL : item;
	} while (*text == ',');
	*items = array;
	return text[1] == '\0' ? 0 : -2;
}
