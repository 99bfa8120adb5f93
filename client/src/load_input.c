/*
 * load_input.c
 *		What whoever copies a source into a stage has to know, on the load's connection or on several.
 */
#include "load.h"

#include <string.h>

#include "error.h"
#include "layout.h"

static int64_t
count_lines(const char *data, size_t len)
{
	const char *end = data + len;
	int64_t n = 0;

	while ((data = memchr(data, '\n', (size_t) (end - data))) != NULL)
	{
		n++;
		data++;
	}
	return n;
}

void
aiodal__load_note_read(aiodal__load *l, const char *data, size_t len)
{
	l->progress.now.rows += count_lines(data, len);
	l->progress.now.bytes = l->bytes_before + l->source->given;
	l->progress.now.source_bytes = l->taken_before + l->source->taken;
}

aiodal_status
aiodal__load_check_not_empty(const aiodal__load *l, bool empty, aiodal_error **err)
{
	char name[512];

	if (!empty || l->options.allow_empty)
		return AIODAL_OK;
	return aiodal__fail_hint(err, AIODAL_EINVAL, "Nothing was changed.",
							 "To load no rows on purpose, set allow_empty.",
							 l->source->given == 0 ? "%s is empty" : "%s has no rows",
							 aiodal__source_name(l->source, name, sizeof(name)));
}

void
aiodal__load_copy_statement(const aiodal__load *l, aiodal__buf *sql)
{
	const aiodal_load_options *o = &l->options;

	aiodal__buf_printf(sql, "COPY %s ", l->stage);
	if (o->n_columns > 0)
	{
		aiodal__buf_str(sql, "(");
		aiodal__buf_idents(sql, o->columns, o->n_columns);
		aiodal__buf_str(sql, ") ");
	}
	aiodal__buf_str(sql, "FROM STDIN WITH (");
	aiodal__layout_options(sql, l->conn->pg, &l->layout, l->by_hand ? "text" : "jsonl");
	aiodal__buf_str(sql, ")");
}
