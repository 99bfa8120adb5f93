/*
 * split.c
 *		Where records end.
 *
 * A record that is \. alone is never a place to cut behind: at the end of what a COPY gets, old servers and
 * psql take it for the end of the data, anywhere else for a row.
 */
#include "util/split.h"

#include <string.h>

void
aiodal__split_start(aiodal__split *split, aiodal__split_kind kind, char quote, char escape)
{
	memset(split, 0, sizeof(*split));
	split->kind = kind;
	split->quote = quote ? quote : '"';
	split->escape = escape ? escape : split->quote;
	split->blank = true;
}

int64_t
aiodal__split_records(const aiodal__split *split)
{
	bool begun = split->length > 0 && !(split->kind == AIODAL__SPLIT_JSONL && split->blank);

	return split->records + (begun && !split->over);
}

static bool
is_marker(const aiodal__split *split)
{
	return split->head[0] == '\\' && split->head[1] == '.' &&
		   (split->length == 2 || (split->length == 3 && split->head[2] == '\r'));
}

static aiodal__split_place
here(const aiodal__split *split)
{
	return (aiodal__split_place){split->offset, split->lines, split->records};
}

/* The record has ended; its line end is behind us. */
static void
end_record(aiodal__split *split)
{
	bool marker = is_marker(split);

	split->records += !(split->kind == AIODAL__SPLIT_JSONL && split->blank);
	split->length = 0;
	split->blank = true;
	split->over = marker && split->kind == AIODAL__SPLIT_TEXT;
	if (split->records > 0 && split->first.offset == 0)
		split->first = here(split);
	if (!marker || split->over)
		split->last = here(split);
}

/* Lines of the file end so, and those so far have. */
static void
learn_eol(aiodal__split *split, char eol)
{
	split->eol = eol;
	split->lines = eol == '\r' ? split->carriage_returns : split->line_feeds;
}

static void
add_to_record(aiodal__split *split, char c)
{
	if (split->length < sizeof(split->head))
		split->head[split->length] = c;
	split->length++;
	split->blank = split->blank && (c == ' ' || c == '\t' || c == '\r');
}

/* What c, which is no line end, does to those that follow; as the server's parser. */
static void
see(aiodal__split *split, char c)
{
	bool escape = c == split->escape && split->escape != split->quote;

	if (split->kind == AIODAL__SPLIT_TEXT)
		split->escaped = c == '\\' && !split->escaped;
	if (split->kind != AIODAL__SPLIT_CSV)
		return;
	if (escape && split->quoted)
		split->escaped = !split->escaped;
	if (c == split->quote && !split->escaped)
		split->quoted = !split->quoted;
	if (!escape)
		split->escaped = false;
}

/* One byte while it is not known how lines end; JSON lines end in LF always. */
static void
scan_first(aiodal__split *split, char c)
{
	bool line_end = (c == '\n' || c == '\r') && !split->quoted && !split->escaped;

	if (split->pending_cr)
	{
		split->pending_cr = false;
		learn_eol(split, c == '\n' ? '\n' : '\r');
		split->offset += c == '\n';
		split->lines += c == '\n';
		end_record(split);
		return;
	}
	split->offset++;
	split->carriage_returns += c == '\r';
	split->line_feeds += c == '\n';
	if (line_end && c == '\n')
	{
		learn_eol(split, '\n');
		end_record(split);
		return;
	}
	split->pending_cr = line_end && split->kind != AIODAL__SPLIT_JSONL;
	if (split->pending_cr)
		return;
	see(split, c);
	add_to_record(split, c);
}

static void
scan_byte(aiodal__split *split, char c)
{
	split->offset++;
	if (c != split->eol)
	{
		add_to_record(split, c);
		see(split, c);
		return;
	}
	split->lines++;
	if (!split->quoted && !split->escaped)
		end_record(split);
	else
		add_to_record(split, c);
	split->escaped = false;
}

static size_t
bytes_before(const char *data, size_t len, char c)
{
	const char *found = memchr(data, c, len);

	return found ? (size_t) (found - data) : len;
}

/* How many bytes from here on neither end a record nor change what does. */
static size_t
plain_bytes(const aiodal__split *split, const char *data, size_t len)
{
	if (split->escaped || (split->quoted && split->escape != split->quote))
		return 0;
	if (split->quoted)
		return bytes_before(data, len, split->quote);
	len = bytes_before(data, len, split->eol);
	if (split->kind == AIODAL__SPLIT_JSONL)
		return len;
	return bytes_before(data, len, split->kind == AIODAL__SPLIT_TEXT ? '\\' : split->quote);
}

static void
take_plain(aiodal__split *split, const char *data, size_t n)
{
	size_t i = 0;

	while (i < n && (split->length < sizeof(split->head) || split->blank))
		add_to_record(split, data[i++]);
	split->length += n - i;
	split->offset += n;
	for (size_t at = 0; split->quoted && (at += bytes_before(data + at, n - at, split->eol)) < n; at++)
		split->lines++;
}

void
aiodal__split_scan(aiodal__split *split, const char *data, size_t len)
{
	const char *end = data + len;
	size_t before = split->offset;

	while (split->eol == 0 && !split->over && data < end)
	{
		scan_first(split, *data);
		data += split->offset - before;
		before = split->offset;
	}
	while (!split->over && data < end)
	{
		size_t n = plain_bytes(split, data, (size_t) (end - data));

		take_plain(split, data, n);
		data += n;
		if (data < end)
			scan_byte(split, *data++);
	}
}
