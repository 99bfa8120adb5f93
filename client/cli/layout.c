/*
 * layout.c
 *		From words to the library's description of a file.
 */
#include "layout.h"

#include <string.h>
#include <strings.h>

#include <libpq-fe.h>

static aiodal_format
format_of(const char *word)
{
	static const struct
	{
		const char *word;
		aiodal_format format;
	} formats[] = {
		{"csv", AIODAL_FORMAT_CSV},
		{"text", AIODAL_FORMAT_TEXT},
		{"jsonl", AIODAL_FORMAT_JSONL},
		{"binary", AIODAL_FORMAT_BINARY},
	};

	for (size_t i = 0; word && i < sizeof(formats) / sizeof(formats[0]); i++)
	{
		if (strcmp(word, formats[i].word) == 0)
			return formats[i].format;
	}
	return AIODAL_FORMAT_AUTO;
}

static bool
ends_in(const char *path, size_t len, const char *ending)
{
	size_t n = strlen(ending);

	return len > n && strncasecmp(path + len - n, ending, n) == 0;
}

aiodal_format
cli_format_of(const aiodal_layout *layout, const char *path)
{
	size_t len = strlen(path);

	if (layout->format != AIODAL_FORMAT_AUTO)
		return layout->format;
	if (ends_in(path, len, ".gz"))
		len -= 3;
	if (ends_in(path, len, ".txt"))
		return AIODAL_FORMAT_TEXT;
	if (ends_in(path, len, ".jsonl") || ends_in(path, len, ".ndjson"))
		return AIODAL_FORMAT_JSONL;
	return AIODAL_FORMAT_CSV;
}

aiodal_layout
cli_layout_of(const cli_command *command, const cli_layout *given)
{
	aiodal_layout layout = AIODAL_LAYOUT_INIT;

	if (given->encoding && pg_char_to_encoding(given->encoding) < 0)
		cli_usage_error(command, "PostgreSQL's names are UTF8, LATIN1, WIN1252, SJIS, ...",
						"unknown encoding \"%s\"", given->encoding);
	layout.format = format_of(given->format);
	layout.header = given->no_header ? AIODAL_HEADER_NO : AIODAL_HEADER_AUTO;
	layout.delimiter = given->delimiter;
	layout.null = given->null;
	layout.encoding = given->encoding;
	return layout;
}
