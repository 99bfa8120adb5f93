/*
 * jsonl.c
 *		Escaping and its undoing.
 *
 * COPY's text format gives meaning to backslashes, tabs and line ends alone. In JSON a raw control character
 * can only be white space between tokens, so that what is not kept of it does not matter.
 */
#include "util/jsonl.h"

/* One character of a line that has begun. */
static char *
put(char *out, char c)
{
	switch (c)
	{
		case '\\': *out++ = '\\'; break;
		case '\t':
			*out++ = '\\';
			c = 't';
			break;
		case '\r':
			*out++ = '\\';
			c = 'r';
			break;
		default: break;
	}
	*out++ = c;
	return out;
}

size_t
aiodal__jsonl_to_rows(aiodal__jsonl *state, const char *in, size_t len, char *out)
{
	char *to = out;

	for (size_t i = 0; i < len; i++)
	{
		char c = in[i];
		bool space = c == ' ' || c == '\t' || c == '\r';

		if (c == '\n')
		{
			if (state->in_line)
				*to++ = '\n';
			*state = (aiodal__jsonl){false, false};
			continue;
		}
		if (!state->in_line && space)
			continue;
		if (state->pending_cr)
			to = put(to, '\r');
		state->in_line = true;
		state->pending_cr = c == '\r';
		if (c != '\r')
			to = put(to, c);
	}
	return (size_t) (to - out);
}

size_t
aiodal__jsonl_from_row(char *row, size_t len)
{
	size_t to = 0;

	for (size_t i = 0; i < len; i++)
	{
		char c = row[i];

		if (c == '\\' && i + 1 < len)
		{
			c = row[++i];
			/* \n, \r, \t and their like: white space that JSON has between its tokens */
			if (c != '\\')
				c = ' ';
		}
		row[to++] = c;
	}
	return to;
}
