/*
 * row.c
 *		Rows of results into structs.
 */
#include "row.h"

#include <string.h>

#include "datum.h"
#include "error.h"
#include "util/buf.h"
#include "util/mem.h"

typedef struct bound_field
{
	aiodal_field field;
	int column;
	aiodal__datum datum; /* what all values of the column have in common */
} bound_field;

struct aiodal_rows
{
	const PGresult *res;
	const aiodal_shape *shape;
	size_t n;
	bound_field fields[];
};

/*
 * Binding
 */

static aiodal_status
no_column(const aiodal_shape *shape, const char *name, const PGresult *res, aiodal_error **err)
{
	aiodal__buf hint = AIODAL__BUF_INIT;
	aiodal_status status;

	aiodal__buf_str(&hint, PQnfields(res) > 0 ? "It has " : "It has no columns");
	for (int i = 0; i < PQnfields(res); i++)
	{
		aiodal__buf_str(&hint, i > 0 ? ", " : "");
		aiodal__buf_ident(&hint, PQfname(res, i));
	}
	aiodal__buf_str(&hint, ".");
	status = hint.oom ? aiodal__fail_memory(err)
					  : aiodal__fail_state(err, AIODAL_EINVAL, "42703", NULL, hint.data,
										   "the result has no column \"%s\", which struct %s wants", name,
										   shape->name);
	aiodal__buf_free(&hint);
	return status;
}

static aiodal_status
find_column(int *column, const aiodal_shape *shape, const char *name, const PGresult *res, aiodal_error **err)
{
	*column = -1;
	for (int i = 0; i < PQnfields(res); i++)
	{
		if (strcmp(PQfname(res, i), name) != 0)
			continue;
		if (*column >= 0)
			return aiodal__fail_state(err, AIODAL_EINVAL, "42702", NULL, "Name columns apart with AS.",
									  "the result has more than one column \"%s\", which struct %s wants",
									  name, shape->name);
		*column = i;
	}
	return *column >= 0 ? AIODAL_OK : no_column(shape, name, res, err);
}

static aiodal_status
bind_field(bound_field *bound, const aiodal_shape *shape, size_t i, const PGresult *res, aiodal_error **err)
{
	aiodal_status status = aiodal__shape_take(&bound->field, shape, i, err);

	if (status == AIODAL_OK)
		status = find_column(&bound->column, shape, bound->field.column, res, err);
	if (status != AIODAL_OK)
		return status;
	bound->datum.type = PQftype(res, bound->column);
	bound->datum.binary = PQfformat(res, bound->column) == 1;
	/* libpq's signatures want pointers to non-const, and keep what is allocated beside the rows */
	bound->datum.res = (PGresult *) res;
	bound->datum.column = PQfname(res, bound->column);
	bound->datum.element = -1;
	return aiodal__field_check_type(shape, &bound->field, bound->datum.type, NULL, bound->datum.binary,
									"the result", err);
}

aiodal_status
aiodal_rows_bind(aiodal_rows **out, const aiodal_result *result, const aiodal_shape *shape,
				 aiodal_error **err)
{
	const PGresult *res = (const PGresult *) result;
	aiodal_rows *rows;
	aiodal_status status = AIODAL_OK;

	if (!out)
		return aiodal__fail(err, AIODAL_EINVAL, "rows must not be NULL");
	*out = NULL;
	if (!res || !shape)
		return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL", res ? "shape" : "the result");
	rows = aiodal__calloc(1, sizeof(*rows) + shape->n_fields * sizeof(rows->fields[0]));
	if (!rows)
		return aiodal__fail_memory(err);
	rows->res = res;
	rows->shape = shape;
	rows->n = shape->n_fields;
	for (size_t i = 0; status == AIODAL_OK && i < rows->n; i++)
		status = bind_field(&rows->fields[i], shape, i, res, err);
	if (status == AIODAL_OK)
		*out = rows;
	else
		aiodal_rows_free(rows);
	return status;
}

void
aiodal_rows_free(aiodal_rows *rows)
{
	aiodal__free(rows);
}

/*
 * Reading
 */

static aiodal_status
read_integer(void *member, const aiodal__datum *datum, aiodal_kind kind, aiodal_error **err)
{
	static const int64_t min[] = {INT16_MIN, INT32_MIN, INT64_MIN};
	static const int64_t max[] = {INT16_MAX, INT32_MAX, INT64_MAX};
	static const char *const what[] = {"int16_t", "int32_t", "int64_t"};
	int width = (int) kind - AIODAL_KIND_INT16;
	int64_t wide;
	aiodal_status status = aiodal__datum_integer(&wide, datum, min[width], max[width], what[width], err);

	if (status != AIODAL_OK)
		return status;
	switch (kind)
	{
		case AIODAL_KIND_INT16: *(int16_t *) member = (int16_t) wide; break;
		case AIODAL_KIND_INT32: *(int32_t *) member = (int32_t) wide; break;
		default: *(int64_t *) member = wide; break;
	}
	return AIODAL_OK;
}

/* The text form, which is the binary one of text types too. */
static aiodal_status
read_text(const char **member, const aiodal__datum *datum, aiodal_error **err)
{
	if (datum->binary || aiodal__type_of(datum->type))
		return aiodal__datum_text(member, datum, err);
	*member = datum->data;
	return AIODAL_OK;
}

static void
store_enum(void *member, size_t size, size_t number)
{
	switch (size)
	{
		case 1: *(uint8_t *) member = (uint8_t) number; break;
		case 2: *(uint16_t *) member = (uint16_t) number; break;
		default: *(uint32_t *) member = (uint32_t) number; break;
	}
}

/* Enums are their label in both formats. */
static aiodal_status
read_enum(void *member, const bound_field *bound, const aiodal__datum *datum, const char *name,
		  aiodal_error **err)
{
	const aiodal_field *field = &bound->field;

	for (size_t i = 0; i < field->n_labels; i++)
	{
		if (strlen(field->labels[i]) == datum->len && memcmp(field->labels[i], datum->data, datum->len) == 0)
		{
			store_enum(member, field->size, i);
			return AIODAL_OK;
		}
	}
	return aiodal__fail_hint(err, AIODAL_EINVAL, NULL,
							 "The type has got a label since: add it to the program's enum.",
							 "column \"%s\" of row %d is \"%.*s\", which is none of the %zu labels that "
							 "struct %s knows",
							 field->column, datum->row, (int) datum->len, datum->data, field->n_labels, name);
}

static aiodal_status
read_value(void *member, const bound_field *bound, const aiodal__datum *datum, const char *name,
		   aiodal_error **err)
{
	if (bound->field.n_labels > 0)
		return read_enum(member, bound, datum, name, err);
	switch (bound->field.kind)
	{
		case AIODAL_KIND_BOOL: return aiodal__datum_bool(member, datum, err);
		case AIODAL_KIND_INT16:
		case AIODAL_KIND_INT32:
		case AIODAL_KIND_INT64: return read_integer(member, datum, bound->field.kind, err);
		case AIODAL_KIND_FLOAT: return aiodal__datum_float(member, datum, err);
		case AIODAL_KIND_DOUBLE: return aiodal__datum_double(member, datum, err);
		case AIODAL_KIND_NUMERIC: return aiodal__datum_numeric(member, datum, err);
		case AIODAL_KIND_BYTEA: return aiodal__datum_bytea(member, datum, err);
		case AIODAL_KIND_UUID: return aiodal__datum_uuid(member, datum, err);
		case AIODAL_KIND_DATE: return aiodal__datum_date(member, datum, err);
		case AIODAL_KIND_TIME: return aiodal__datum_time(member, datum, err);
		case AIODAL_KIND_TIMESTAMP:
		case AIODAL_KIND_TIMESTAMPTZ: return aiodal__datum_timestamp(member, datum, err);
		case AIODAL_KIND_ARRAY: return aiodal__datum_array(member, datum, err);
		default: return read_text(member, datum, err);
	}
}

static aiodal_status
get_null(void *into, const bound_field *bound, int row, const char *name, aiodal_error **err)
{
	const aiodal_field *field = &bound->field;

	if (field->null_offset == AIODAL_NO_MEMBER &&
		(!aiodal__kind_is_pointer(field->kind) || field->n_labels > 0))
		return aiodal__fail_hint(err, AIODAL_EINVAL, NULL, "Use AIODAL_FIELD_OR_NULL().",
								 "column \"%s\" of row %d is NULL, for which struct %s has no member",
								 field->column, row, name);
	memset((char *) into + field->offset, 0, field->size);
	return AIODAL_OK;
}

static aiodal_status
get_field(void *into, const bound_field *bound, int row, const char *name, aiodal_error **err)
{
	aiodal__datum datum = bound->datum;
	bool is_null = PQgetisnull(datum.res, row, bound->column);

	if (bound->field.null_offset != AIODAL_NO_MEMBER)
		*(bool *) ((char *) into + bound->field.null_offset) = is_null;
	if (is_null)
		return get_null(into, bound, row, name, err);
	datum.row = row;
	datum.data = PQgetvalue(datum.res, row, bound->column);
	datum.len = (size_t) PQgetlength(datum.res, row, bound->column);
	return read_value((char *) into + bound->field.offset, bound, &datum, name, err);
}

aiodal_status
aiodal_rows_get(void *into, const aiodal_rows *rows, int row, aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;

	if (!into || !rows)
		return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL", into ? "rows" : "into");
	if (row < 0 || row >= PQntuples(rows->res))
		return aiodal__fail(err, AIODAL_EINVAL, "there is no row %d in a result of %d", row,
							PQntuples(rows->res));
	for (size_t i = 0; status == AIODAL_OK && i < rows->n; i++)
		status = get_field(into, &rows->fields[i], row, rows->shape->name, err);
	return status;
}

aiodal_status
aiodal_rows_get_all(void *into, const aiodal_rows *rows, aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;

	if (!rows)
		return aiodal__fail(err, AIODAL_EINVAL, "rows must not be NULL");
	for (int i = 0; status == AIODAL_OK && i < PQntuples(rows->res); i++)
		status = aiodal_rows_get((char *) into + (size_t) i * rows->shape->struct_size, rows, i, err);
	return status;
}

static aiodal_status
make_rows(void **out, const aiodal_rows *rows, aiodal_error **err)
{
	size_t n = (size_t) PQntuples(rows->res);
	/* counted by int, of a size that a compiler took: no overflow */
	size_t size = n * rows->shape->struct_size;
	aiodal__datum of = {.res = (PGresult *) rows->res};
	void *array;
	aiodal_status status;

	if (n == 0)
		return AIODAL_OK;
	array = aiodal__datum_alloc(&of, size);
	if (!array)
		return aiodal__fail_memory(err);
	memset(array, 0, size);
	status = aiodal_rows_get_all(array, rows, err);
	if (status == AIODAL_OK)
		*out = array;
	return status;
}

aiodal_status
aiodal_rows_make(void **out, aiodal_result *res, const aiodal_shape *shape, aiodal_error **err)
{
	aiodal_rows *rows;
	aiodal_status status;

	if (!out)
		return aiodal__fail(err, AIODAL_EINVAL, "rows must not be NULL");
	*out = NULL;
	status = aiodal_rows_bind(&rows, res, shape, err);
	if (status == AIODAL_OK)
		status = make_rows(out, rows, err);
	aiodal_rows_free(rows);
	return status;
}

aiodal_status
aiodal_result_get_row(void *into, const aiodal_result *res, int row, const aiodal_shape *shape,
					  aiodal_error **err)
{
	aiodal_rows *rows;
	aiodal_status status = aiodal_rows_bind(&rows, res, shape, err); /* NULL when it fails */

	if (status == AIODAL_OK)
		status = aiodal_rows_get(into, rows, row, err);
	aiodal_rows_free(rows);
	return status;
}
