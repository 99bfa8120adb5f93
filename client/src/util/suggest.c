/*
 * suggest.c
 *		Keeps the few best by edit distance, without regard to case.
 */
#include "util/suggest.h"

#include <ctype.h>
#include <string.h>

/* identifiers have at most 63 bytes; what is longer is compared by its beginning */
#define MAX_LENGTH 64

static int
least(int a, int b, int c)
{
	a = a < b ? a : b;
	return a < c ? a : c;
}

/* Levenshtein's distance, one row of the table at a time. */
static int
edit_distance(const char *a, const char *b)
{
	int row[MAX_LENGTH + 1];
	int na = (int) strnlen(a, MAX_LENGTH);
	int nb = (int) strnlen(b, MAX_LENGTH);

	for (int j = 0; j <= nb; j++)
		row[j] = j;
	for (int i = 1; i <= na; i++)
	{
		int diagonal = row[0];

		row[0] = i;
		for (int j = 1; j <= nb; j++)
		{
			int differ = tolower((unsigned char) a[i - 1]) != tolower((unsigned char) b[j - 1]);
			int above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1, diagonal + differ);
			diagonal = above;
		}
	}
	return row[nb];
}

void
aiodal__suggest_start(aiodal__suggest *s, const char *wanted)
{
	s->wanted = wanted;
	s->n = 0;
}

void
aiodal__suggest_offer(aiodal__suggest *s, const char *prefix, const char *name)
{
	int distance = edit_distance(s->wanted, name);
	int i = s->n;

	if (i == AIODAL__SUGGESTIONS)
	{
		if (distance >= s->best[i - 1].distance)
			return;
		i--;
	}
	else
		s->n++;
	for (; i > 0 && s->best[i - 1].distance > distance; i--)
		s->best[i] = s->best[i - 1];
	s->best[i].prefix = prefix;
	s->best[i].name = name;
	s->best[i].distance = distance;
}

static void
append_names(const aiodal__suggest *s, int n, const char *last_separator, aiodal__buf *out)
{
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			aiodal__buf_str(out, i == n - 1 ? last_separator : ", ");
		aiodal__buf_str(out, "\"");
		if (s->best[i].prefix)
			aiodal__buf_printf(out, "%s.", s->best[i].prefix);
		aiodal__buf_printf(out, "%s\"", s->best[i].name);
	}
}

void
aiodal__suggest_text(const aiodal__suggest *s, const char *lead, aiodal__buf *out)
{
	int limit = 1 + (int) strlen(s->wanted) / 3;
	int n_near = 0;

	while (n_near < s->n && s->best[n_near].distance <= limit)
		n_near++;
	if (n_near > 0)
	{
		aiodal__buf_str(out, "Did you mean ");
		append_names(s, n_near, " or ", out);
		aiodal__buf_str(out, "?");
	}
	else if (s->n > 0)
	{
		aiodal__buf_printf(out, "%s ", lead);
		append_names(s, s->n, ", ", out);
		aiodal__buf_str(out, s->n == AIODAL__SUGGESTIONS ? ", ..." : ".");
	}
}
