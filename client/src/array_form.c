/*
 * array_form.c
 *		Array literals, and arrays on the wire.
 */
#include "array_form.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/wire.h"

/*
 * Text: {1,NULL,"a b"}, {{1,2},{3,4}}, and in front the bounds when they are not 1: [0:1]={1,2}
 */

typedef struct parser
{
	const char *at;
	aiodal__array_form *form;
	aiodal__item *items; /* NULL: count alone */
	char *out;
	size_t used; /* bytes of out */
	int leaves;  /* which level has elements; -1: not known yet */
} parser;

static void
put(parser *p, char c)
{
	if (p->items)
		p->out[p->used] = c;
	p->used++;
}

/* The inside of a quoted element. */
static bool
quoted(parser *p)
{
	for (p->at++; *p->at != '"'; p->at++)
	{
		if (*p->at == '\\')
			p->at++;
		if (*p->at == '\0')
			return false;
		put(p, *p->at);
	}
	p->at++;
	return true;
}

static bool
element(parser *p)
{
	size_t start = p->used;
	bool null = false;

	if (*p->at == '"')
	{
		if (!quoted(p))
			return false;
	}
	else
	{
		size_t len = strcspn(p->at, ",{}\"\\");

		if (len == 0)
			return false;
		null = len == 4 && strncasecmp(p->at, "NULL", 4) == 0;
		for (size_t i = 0; i < len && !null; i++)
			put(p, p->at[i]);
		p->at += len;
	}
	if (!null)
		put(p, '\0');
	if (p->items)
	{
		p->items[p->form->count].data = null ? NULL : p->out + start;
		p->items[p->form->count].len = null ? 0 : p->used - start - 1;
	}
	p->form->count++;
	return true;
}

/* All sisters have the same length. */
static bool
closed(parser *p, int level, int length)
{
	int *known = &p->form->lengths[level];

	if (*known >= 0 && *known != length)
		return false;
	*known = length;
	p->at++;
	return true;
}

/* What stands in braces, which hold either elements or more braces. */
static bool
braces(parser *p, int level)
{
	int length = 0;

	if (level == AIODAL__MAX_DIMENSIONS || *p->at != '{' || (p->leaves >= 0 && level > p->leaves))
		return false;
	do
	{
		p->at++;
		if (*p->at == '{')
		{
			if (!braces(p, level + 1))
				return false;
		}
		else
		{
			if (p->leaves < 0)
				p->leaves = level;
			if (p->leaves != level || !element(p))
				return false;
		}
		length++;
	} while (*p->at == ',');
	return *p->at == '}' && closed(p, level, length);
}

/* [lower:upper] for each dimension, and = behind them. */
static bool
bounds(parser *p, int *n, int lengths[AIODAL__MAX_DIMENSIONS])
{
	for (*n = 0; *p->at == '['; (*n)++)
	{
		char *end;
		long lower = strtol(p->at + 1, &end, 10);
		long upper;

		if (*n == AIODAL__MAX_DIMENSIONS || end == p->at + 1 || *end != ':' || lower < INT_MIN ||
			lower > INT_MAX)
			return false;
		p->at = end + 1;
		upper = strtol(p->at, &end, 10);
		if (end == p->at || *end != ']' || upper < lower || upper > INT_MAX || upper - lower >= INT_MAX)
			return false;
		p->at = end + 1;
		p->form->lowers[*n] = (int) lower;
		lengths[*n] = (int) (upper - lower + 1);
	}
	return *n == 0 || *p->at++ == '=';
}

bool
aiodal__array_from_text(aiodal__array_form *form, const char *text, aiodal__item *items, char *out,
						size_t *out_size)
{
	parser p = {.at = text, .form = form, .items = items, .out = out, .leaves = -1};
	int lengths[AIODAL__MAX_DIMENSIONS];
	int n_bounds;

	memset(form, 0, sizeof(*form));
	for (int i = 0; i < AIODAL__MAX_DIMENSIONS; i++)
	{
		form->lengths[i] = -1;
		form->lowers[i] = 1;
	}
	*out_size = 0;
	if (strcmp(text, "{}") == 0)
		return true;
	if (!bounds(&p, &n_bounds, lengths) || !braces(&p, 0) || *p.at != '\0')
		return false;
	form->n_dimensions = p.leaves + 1;
	*out_size = p.used;
	return n_bounds == 0 || (n_bounds == form->n_dimensions &&
							 memcmp(lengths, form->lengths, (size_t) n_bounds * sizeof(lengths[0])) == 0);
}

/*
 * Binary: number of dimensions, whether there are NULLs, the elements' type; length and lower bound of each
 * dimension; length (-1: NULL) and bytes of each element
 */

enum
{
	HEADER = 12,
	DIMENSION = 8,
	LENGTH = 4
};

static bool
header(aiodal__array_form *form, const char *data, size_t len)
{
	int64_t n = len >= HEADER ? aiodal__wire_get(data, 4) : -1;

	memset(form, 0, sizeof(*form));
	if (n < 0 || n > AIODAL__MAX_DIMENSIONS || len < HEADER + (size_t) n * DIMENSION)
		return false;
	form->n_dimensions = (int) n;
	form->element_type = (unsigned int) aiodal__wire_get(data + 8, 4);
	form->count = n > 0;
	for (int i = 0; i < n; i++)
	{
		form->lengths[i] = (int) aiodal__wire_get(data + HEADER + (size_t) i * DIMENSION, 4);
		form->lowers[i] = (int) aiodal__wire_get(data + HEADER + (size_t) i * DIMENSION + 4, 4);
		if (form->lengths[i] <= 0 ||
			__builtin_mul_overflow(form->count, (size_t) form->lengths[i], &form->count))
			return false;
	}
	return form->count <= len / LENGTH;
}

bool
aiodal__array_from_binary(aiodal__array_form *form, const char *data, size_t len, aiodal__item *items,
						  char *out, size_t *out_size)
{
	const char *at;
	const char *end = data + len;

	*out_size = 0;
	if (!header(form, data, len))
		return false;
	at = data + HEADER + (size_t) form->n_dimensions * DIMENSION;
	for (size_t i = 0; i < form->count; i++)
	{
		int64_t size = end - at >= LENGTH ? aiodal__wire_get(at, LENGTH) : -2;

		if (size < -1 || size > end - at - LENGTH)
			return false;
		at += LENGTH;
		if (items)
		{
			items[i].data = size < 0 ? NULL : at;
			items[i].len = size < 0 ? 0 : (size_t) size;
		}
		if (size < 0)
			continue;
		if (items && out)
		{
			items[i].data = memcpy(out + *out_size, at, (size_t) size);
			out[*out_size + (size_t) size] = '\0';
		}
		*out_size += (size_t) size + 1;
		at += size;
	}
	return at == end;
}
