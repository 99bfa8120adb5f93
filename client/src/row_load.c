/*
 * row_load.c
 *		Many structs into a table at once.
 *
 * Design notes. They go as lines of COPY's text format, made as they are asked for: there is no second copy
 * of all of them. A line has the same columns as all others, hence all structs leave the same ones to their
 * defaults.
 */
#include "row.h"

#include <string.h>

#include "error.h"
#include "load.h"
#include "param.h"
#include "util/buf.h"
#include "util/mem.h"
#include "util/options.h"

typedef struct source
{
	const aiodal_shape *shape;
	const char *rows;
	size_t n;
	size_t at;            /* row that comes next */
	size_t *fields;       /* numbers of those that are loaded, */
	const char **columns; /* and their columns */
	size_t n_fields;
	aiodal__buf lines; /* made, */
	size_t taken;      /* and of these handed over */
	aiodal__buf value;
} source;

/* As in a line: what would end a value or a line is escaped. */
static void
put_escaped(aiodal__buf *line, const aiodal__buf *value)
{
	size_t from = 0;

	for (size_t i = 0; i < value->len; i++)
	{
		char c = value->data[i];
		const char *escaped = c == '\t' ? "\\t" : c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\\\";

		if (c != '\t' && c != '\n' && c != '\r' && c != '\\')
			continue;
		aiodal__buf_add(line, value->data + from, i - from);
		aiodal__buf_add(line, escaped, 2);
		from = i + 1;
	}
	aiodal__buf_add(line, value->data + from, value->len - from);
}

static aiodal_status
put_member(source *s, size_t i, const void *row, aiodal_error **err)
{
	aiodal_value value;
	aiodal_status status = aiodal_shape_value(&value, s->shape, i, row, err);

	if (status != AIODAL_OK)
		return status;
	if (value.is_null)
	{
		aiodal__buf_str(&s->lines, "\\N");
		return AIODAL_OK;
	}
	s->value.len = 0;
	aiodal__buf_str(&s->value, "");
	aiodal__value_print(&s->value, &value);
	if (s->value.oom)
		return aiodal__fail_memory(err);
	put_escaped(&s->lines, &s->value);
	return AIODAL_OK;
}

/* All structs must agree on which members are set. */
static aiodal_status
check_set(const source *s, const void *row, aiodal_error **err)
{
	for (size_t i = 0; i < s->shape->n_fields; i++)
	{
		const aiodal_field *field = aiodal__field_at(s->shape, i);
		bool first = aiodal__field_is_set(field, s->rows);

		if (aiodal__field_is_set(field, row) != first)
			return aiodal__fail_hint(err, AIODAL_EINVAL, NULL, "Load them apart.",
									 "struct %zu %s a value for column \"%s\", and the first one %s", s->at,
									 first ? "has not" : "has", field->column, first ? "has" : "has not");
	}
	return AIODAL_OK;
}

static aiodal_status
put_line(source *s, aiodal_error **err)
{
	const void *row = s->rows + s->at * s->shape->struct_size;
	aiodal_status status = check_set(s, row, err);

	for (size_t i = 0; status == AIODAL_OK && i < s->n_fields; i++)
	{
		aiodal__buf_str(&s->lines, i > 0 ? "\t" : "");
		status = put_member(s, s->fields[i], row, err);
	}
	aiodal__buf_str(&s->lines, "\n");
	if (status == AIODAL_OK && s->lines.oom)
		return aiodal__fail_memory(err);
	s->at++;
	return status;
}

/* An aiodal_read_cb. */
static ptrdiff_t
read_lines(void *payload, char *buf, size_t size, aiodal_error **err)
{
	source *s = payload;
	size_t n;

	if (s->taken == s->lines.len)
	{
		s->lines.len = s->taken = 0;
		while (s->lines.len < size && s->at < s->n)
		{
			if (put_line(s, err) != AIODAL_OK)
				return -1;
		}
	}
	n = s->lines.len - s->taken < size ? s->lines.len - s->taken : size;
	if (n > 0)
		memcpy(buf, s->lines.data + s->taken, n);
	s->taken += n;
	return (ptrdiff_t) n;
}

/* The columns that the first struct has values for; without one, all that could be. */
static aiodal_status
choose_fields(source *s, aiodal_error **err)
{
	s->fields = aiodal__calloc(s->shape->n_fields, sizeof(*s->fields));
	s->columns = aiodal__calloc(s->shape->n_fields, sizeof(*s->columns));
	if (!s->fields || !s->columns)
		return aiodal__fail_memory(err);
	for (size_t i = 0; i < s->shape->n_fields; i++)
	{
		const aiodal_field *field = aiodal__field_at(s->shape, i);

		if (s->n > 0 ? !aiodal__field_is_set(field, s->rows) : (field->flags & AIODAL_FIELD_READ_ONLY) != 0)
			continue;
		s->fields[s->n_fields] = i;
		s->columns[s->n_fields++] = field->column;
	}
	return s->n_fields > 0
			   ? AIODAL_OK
			   : aiodal__fail(err, AIODAL_EINVAL, "struct %s has nothing to load", s->shape->name);
}

static aiodal_status
load(aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_mapping *mapping, source *s,
	 const aiodal_load_options *given, aiodal_error **err)
{
	aiodal_load_options options;
	aiodal_status status = aiodal__options_copy(&options, sizeof(options), given, "aiodal_load_options", err);

	if (status == AIODAL_OK)
		status = choose_fields(s, err);
	if (status != AIODAL_OK)
		return status;
	options.size = sizeof(options);
	options.schema = mapping->schema;
	options.table = mapping->table;
	options.columns = s->columns;
	options.n_columns = s->n_fields;
	options.layout = (aiodal_layout) AIODAL_LAYOUT_INIT;
	options.layout.format = AIODAL_FORMAT_TEXT;
	options.layout.compression = AIODAL_COMPRESSION_NONE;
	options.allow_empty = options.allow_empty || !given;
	return aiodal__load_data(stats, tx, &options, read_lines, s, err);
}

aiodal_status
aiodal_mapping_load(aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_mapping *mapping, const void *rows,
					size_t n, const aiodal_load_options *options, aiodal_error **err)
{
	source s = {.rows = rows, .n = n};
	aiodal_status status = aiodal__mapping_check(mapping, err);

	if (status != AIODAL_OK)
		return status;
	if (n > 0 && !rows)
		return aiodal__fail(err, AIODAL_EINVAL, "rows must not be NULL");
	s.shape = mapping->shape;
	status = load(stats, tx, mapping, &s, options, err);
	aiodal__free(s.fields);
	aiodal__free(s.columns);
	aiodal__buf_free(&s.lines);
	aiodal__buf_free(&s.value);
	return status;
}
