/*
 * layout.c
 *		What data looks like.
 */
#include "layout.h"

#include <string.h>
#include <strings.h>

#include "error.h"

static const struct
{
	const char *ending;
	aiodal_format format;
	char delimiter;
} endings[] = {
	{".csv", AIODAL_FORMAT_CSV, 0},       {".tsv", AIODAL_FORMAT_CSV, '\t'},
	{".txt", AIODAL_FORMAT_TEXT, 0},      {".jsonl", AIODAL_FORMAT_JSONL, 0},
	{".ndjson", AIODAL_FORMAT_JSONL, 0},  {".bin", AIODAL_FORMAT_BINARY, 0},
	{".pgcopy", AIODAL_FORMAT_BINARY, 0},
};

/* Whether the first len bytes of path end in ending. */
static bool
ends_in(const char *path, size_t len, const char *ending)
{
	size_t n = strlen(ending);

	return len > n && strncasecmp(path + len - n, ending, n) == 0;
}

static void
settle_by_name(aiodal_layout *layout, const char *path)
{
	size_t len = strlen(path);

	if (ends_in(path, len, ".gz"))
		len -= 3;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
	{
		if (!ends_in(path, len, endings[i].ending))
			continue;
		layout->format = endings[i].format;
		if (!layout->delimiter)
			layout->delimiter = endings[i].delimiter;
	}
}

aiodal_status
aiodal__layout_settle(aiodal_layout *layout, const char *path, aiodal_error **err)
{
	bool csv;
	bool text;

	if ((int) layout->format < 0 || layout->format > AIODAL_FORMAT_BINARY || (int) layout->header < 0 ||
		layout->header > AIODAL_HEADER_MATCH || (int) layout->compression < 0 ||
		layout->compression > AIODAL_COMPRESSION_GZIP)
		return aiodal__fail(err, AIODAL_EINVAL,
							"format, header or compression has a value that is none of its enum");
	if (layout->format == AIODAL_FORMAT_AUTO && path)
		settle_by_name(layout, path);
	if (layout->format == AIODAL_FORMAT_AUTO)
		layout->format = AIODAL_FORMAT_CSV;
	csv = layout->format == AIODAL_FORMAT_CSV;
	text = layout->format == AIODAL_FORMAT_TEXT;
	if (layout->header == AIODAL_HEADER_AUTO)
		layout->header = csv ? AIODAL_HEADER_YES : AIODAL_HEADER_NO;
	if (!csv && !text && (layout->header != AIODAL_HEADER_NO || layout->delimiter || layout->null))
		return aiodal__fail(err, AIODAL_EINVAL,
							"header, delimiter and null are for the formats csv and text");
	if (!csv && (layout->quote || layout->escape))
		return aiodal__fail(err, AIODAL_EINVAL, "quote and escape are for the format csv");
	return AIODAL_OK;
}

/* , NAME 'text' */
static void
add_option(aiodal__buf *sql, PGconn *pg, const char *name, const char *text, size_t len)
{
	char *quoted = PQescapeLiteral(pg, text, len);

	if (quoted)
		aiodal__buf_printf(sql, ", %s %s", name, quoted);
	else
		sql->oom = true;
	PQfreemem(quoted);
}

void
aiodal__layout_options(aiodal__buf *sql, PGconn *pg, const aiodal_layout *layout, const char *jsonl_format)
{
	static const char *const formats[] = {"", "csv", "text", "", "binary"};

	aiodal__buf_printf(sql, "FORMAT %s",
					   layout->format == AIODAL_FORMAT_JSONL ? jsonl_format : formats[layout->format]);
	if (layout->header == AIODAL_HEADER_YES)
		aiodal__buf_str(sql, ", HEADER true");
	if (layout->header == AIODAL_HEADER_MATCH)
		aiodal__buf_str(sql, ", HEADER match");
	if (layout->delimiter)
		add_option(sql, pg, "DELIMITER", &layout->delimiter, 1);
	if (layout->quote)
		add_option(sql, pg, "QUOTE", &layout->quote, 1);
	if (layout->escape)
		add_option(sql, pg, "ESCAPE", &layout->escape, 1);
	if (layout->null)
		add_option(sql, pg, "NULL", layout->null, strlen(layout->null));
	if (layout->encoding && layout->format != AIODAL_FORMAT_BINARY)
		add_option(sql, pg, "ENCODING", layout->encoding, strlen(layout->encoding));
}

bool
aiodal__layout_is_utf8(const aiodal_layout *layout, PGconn *pg)
{
	const char *encoding = layout->encoding ? layout->encoding : PQparameterStatus(pg, "client_encoding");

	return layout->format != AIODAL_FORMAT_BINARY && encoding &&
		   (strcasecmp(encoding, "UTF8") == 0 || strcasecmp(encoding, "UTF-8") == 0);
}

void
aiodal__qualified(aiodal__buf *sql, const char *schema, const char *table)
{
	if (schema)
	{
		aiodal__buf_ident(sql, schema);
		aiodal__buf_str(sql, ".");
	}
	aiodal__buf_ident(sql, table);
}

aiodal_status
aiodal__check_strings(const char *const *strings, size_t n, const char *what, aiodal_error **err)
{
	for (size_t i = 0; i < n; i++)
	{
		if (!strings || !strings[i])
			return aiodal__fail(err, AIODAL_EINVAL, "%s must have as many strings as its count says", what);
	}
	return AIODAL_OK;
}
