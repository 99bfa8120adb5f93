/*
 * row_check.c
 *		Whether structs and columns fit together.
 *
 * Design notes. What fits is decided by types alone, never by the values that happen to be there: a member
 * of int32_t does not take a bigint, although many of its values would fit.
 */
#include "row.h"

#include <string.h>

#include "datum.h"
#include "error.h"
#include "schema.h"
#include "util/buf.h"
#include "util/suggest.h"

#define MAX_TYPES 10

typedef struct kind_info
{
	const char *c_type;
	size_t size;
	Oid types[MAX_TYPES]; /* that fit in any format; 0: no more */
} kind_info;

static const kind_info kinds[] = {
	[AIODAL_KIND_OTHER] = {"const char *", sizeof(const char *), {0}},
	[AIODAL_KIND_BOOL] = {"bool", sizeof(bool), {AIODAL__BOOLOID}},
	[AIODAL_KIND_INT16] = {"int16_t", 2, {AIODAL__INT2OID}},
	[AIODAL_KIND_INT32] = {"int32_t", 4, {AIODAL__INT2OID, AIODAL__INT4OID}},
	[AIODAL_KIND_INT64] = {"int64_t", 8, {AIODAL__INT2OID, AIODAL__INT4OID, AIODAL__INT8OID, AIODAL__OIDOID}},
	[AIODAL_KIND_FLOAT] = {"float", sizeof(float), {AIODAL__FLOAT4OID}},
	[AIODAL_KIND_DOUBLE] = {"double",
							sizeof(double),
							{AIODAL__INT2OID, AIODAL__INT4OID, AIODAL__FLOAT4OID, AIODAL__FLOAT8OID}},
	[AIODAL_KIND_NUMERIC] = {"const char * with a number",
							 sizeof(const char *),
							 {AIODAL__NUMERICOID, AIODAL__INT2OID, AIODAL__INT4OID, AIODAL__INT8OID}},
	[AIODAL_KIND_TEXT] = {"const char * with text",
						  sizeof(const char *),
						  {AIODAL__TEXTOID, AIODAL__VARCHAROID, AIODAL__BPCHAROID, AIODAL__CHAROID,
						   AIODAL__NAMEOID, AIODAL__XMLOID, AIODAL__JSONOID, AIODAL__JSONBOID,
						   AIODAL__UNKNOWNOID}},
	[AIODAL_KIND_JSON] = {"const char * with JSON",
						  sizeof(const char *),
						  {AIODAL__JSONOID, AIODAL__JSONBOID}},
	[AIODAL_KIND_JSONB] = {"const char * with JSON",
						   sizeof(const char *),
						   {AIODAL__JSONOID, AIODAL__JSONBOID}},
	[AIODAL_KIND_BYTEA] = {"aiodal_bytes", sizeof(aiodal_bytes), {AIODAL__BYTEAOID}},
	[AIODAL_KIND_UUID] = {"aiodal_uuid", sizeof(aiodal_uuid), {AIODAL__UUIDOID}},
	[AIODAL_KIND_DATE] = {"int32_t with a date", 4, {AIODAL__DATEOID}},
	[AIODAL_KIND_TIME] = {"int64_t with a time", 8, {AIODAL__TIMEOID}},
	[AIODAL_KIND_TIMESTAMP] = {"int64_t with a timestamp", 8, {AIODAL__TIMESTAMPOID}},
	[AIODAL_KIND_TIMESTAMPTZ] = {"int64_t with a timestamptz", 8, {AIODAL__TIMESTAMPTZOID}},
	[AIODAL_KIND_ARRAY] = {"const aiodal_array *", sizeof(const aiodal_array *), {0}},
};

bool
aiodal__kind_is_pointer(aiodal_kind kind)
{
	switch (kind)
	{
		case AIODAL_KIND_OTHER:
		case AIODAL_KIND_NUMERIC:
		case AIODAL_KIND_TEXT:
		case AIODAL_KIND_JSON:
		case AIODAL_KIND_JSONB:
		case AIODAL_KIND_BYTEA:
		case AIODAL_KIND_ARRAY: return true;
		default: return false;
	}
}

/*
 * The shape
 */

static bool
is_inside(const aiodal_shape *shape, size_t offset, size_t size)
{
	return size <= shape->struct_size && offset <= shape->struct_size - size;
}

static bool
is_bool_or_none(const aiodal_shape *shape, size_t offset)
{
	return offset == AIODAL_NO_MEMBER || is_inside(shape, offset, sizeof(bool));
}

static aiodal_status
check_enum(const aiodal_shape *shape, const aiodal_field *field, aiodal_error **err)
{
	if (!field->labels || field->kind != AIODAL_KIND_OTHER)
		return aiodal__fail(err, AIODAL_EINVAL,
							"the field for column \"%s\" of struct %s has labels in vain: use "
							"AIODAL_FIELD_ENUM()",
							field->column, shape->name);
	if (field->size == 1 || field->size == 2 || field->size == 4)
		return AIODAL_OK;
	return aiodal__fail(err, AIODAL_EINVAL, "the member for column \"%s\" of struct %s is no enum",
						field->column, shape->name);
}

static aiodal_status
check_field(const aiodal_shape *shape, const aiodal_field *field, aiodal_error **err)
{
	if (!field->column)
		return aiodal__fail(err, AIODAL_EINVAL, "a field of struct %s has no column", shape->name);
	if ((int) field->kind < 0 || field->kind > AIODAL_KIND_ARRAY)
		return aiodal__fail(err, AIODAL_EINVAL,
							"the field for column \"%s\" of struct %s is of kind %d, which does not exist",
							field->column, shape->name, (int) field->kind);
	if (!is_inside(shape, field->offset, field->size) || !is_bool_or_none(shape, field->null_offset) ||
		!is_bool_or_none(shape, field->set_offset))
		return aiodal__fail(err, AIODAL_EINVAL, "the field for column \"%s\" is not inside of struct %s",
							field->column, shape->name);
	if (field->n_labels > 0)
		return check_enum(shape, field, err);
	if (field->size == kinds[field->kind].size)
		return AIODAL_OK;
	return aiodal__fail(err, AIODAL_EINVAL,
						"the member for column \"%s\" of struct %s has %zu bytes, where its kind is %s",
						field->column, shape->name, field->size, kinds[field->kind].c_type);
}

static aiodal_status
check_header(const aiodal_shape *shape, aiodal_error **err)
{
	if (shape && shape->size >= sizeof(*shape) && shape->field_size >= sizeof(aiodal_field) && shape->name &&
		shape->fields)
		return AIODAL_OK;
	return aiodal__fail_hint(err, AIODAL_EINVAL, NULL, "Make it with AIODAL_SHAPE().",
							 "shape is NULL or was not initialised");
}

aiodal_status
aiodal__shape_take(aiodal_field *field, const aiodal_shape *shape, size_t i, aiodal_error **err)
{
	aiodal_status status = check_header(shape, err);

	if (status != AIODAL_OK)
		return status;
	if (i >= shape->n_fields)
		return aiodal__fail(err, AIODAL_EINVAL, "there is no field %zu in struct %s of %zu", i, shape->name,
							shape->n_fields);
	memcpy(field, (const char *) shape->fields + i * shape->field_size, sizeof(*field));
	return check_field(shape, field, err);
}

/*
 * Types
 */

static bool
is_known(Oid type)
{
	return aiodal__type_of(type) || aiodal__type_of_array(type);
}

static bool
takes(const aiodal_field *field, Oid type, bool binary)
{
	const kind_info *kind = &kinds[field->kind];

	/* types that the library does not know, such as enums, have a text form at least */
	if (field->n_labels > 0)
		return !is_known(type) || aiodal__type_is_text(type);
	if (field->kind == AIODAL_KIND_OTHER)
		return !binary || aiodal__type_is_text(type);
	if (field->kind == AIODAL_KIND_ARRAY)
		return aiodal__type_of_array(type) || (!binary && !is_known(type));
	if (field->kind == AIODAL_KIND_TEXT && !binary && !is_known(type))
		return true;
	for (int i = 0; i < MAX_TYPES && kind->types[i] != 0; i++)
	{
		if (kind->types[i] == type)
			return true;
	}
	return false;
}

/* All types that would do. */
static void
print_wanted(aiodal__buf *buf, const aiodal_field *field)
{
	const kind_info *kind = &kinds[field->kind];

	if (field->n_labels > 0)
		aiodal__buf_str(buf, "an enum type");
	else if (field->kind == AIODAL_KIND_OTHER)
		aiodal__buf_str(buf, "any type, in the text format of results");
	else if (field->kind == AIODAL_KIND_ARRAY)
		aiodal__buf_str(buf, "an array; of types that have no getter, in the text format of results");
	for (int i = 0; field->n_labels == 0 && i < MAX_TYPES && kind->types[i] != 0; i++)
		aiodal__buf_printf(buf, "%s%s", i > 0 ? ", " : "", aiodal__type_of(kind->types[i])->name);
}

static void
print_type(aiodal__buf *buf, Oid type, const char *name)
{
	const aiodal__type *element = aiodal__type_of_array(type);

	if (name)
		aiodal__buf_str(buf, name);
	else if (aiodal__type_of(type))
		aiodal__buf_str(buf, aiodal__type_of(type)->name);
	else if (element)
		aiodal__buf_printf(buf, "%s[]", element->name);
	else
		aiodal__buf_printf(buf, "the type with OID %u", type);
}

aiodal_status
aiodal__field_check_type(const aiodal_shape *shape, const aiodal_field *field, Oid type,
						 const char *type_name, bool binary, const char *where, aiodal_error **err)
{
	aiodal__buf found = AIODAL__BUF_INIT;
	aiodal__buf detail = AIODAL__BUF_INIT;
	aiodal_status status;

	if (takes(field, type, binary))
		return AIODAL_OK;
	print_type(&found, type, type_name);
	aiodal__buf_printf(&detail, "The member is %s, which takes ",
					   field->n_labels > 0 ? "an enum" : kinds[field->kind].c_type);
	print_wanted(&detail, field);
	aiodal__buf_str(&detail, ".");
	if (found.oom || detail.oom)
		status = aiodal__fail_memory(err);
	else
		status =
			aiodal__fail_state(err, AIODAL_EINVAL, "42804", detail.data, NULL,
							   "column \"%s\" of %s is %s%s, which does not fit into struct %s",
							   field->column, where, found.data, binary ? " in binary" : "", shape->name);
	aiodal__buf_free(&found);
	aiodal__buf_free(&detail);
	return status;
}

/*
 * Tables
 */

/* What a domain is made of, through others. */
static Oid
base_of(const aiodal_schema *schema, Oid oid)
{
	const aiodal_type *type;

	while ((type = aiodal_schema_type_by_oid(schema, oid)) != NULL && aiodal_type_base_type_oid(type) != 0)
		oid = aiodal_type_base_type_oid(type);
	return oid;
}

static bool
has_null(const aiodal_table *table)
{
	const char *kind = aiodal_table_kind(table);

	return strcmp(kind, "table") == 0 || strcmp(kind, "partitioned table") == 0;
}

static aiodal_status
check_column(const aiodal_shape *shape, const aiodal_field *field, const aiodal_table *table,
			 const char *where, aiodal_error **err)
{
	const aiodal_column *column;
	aiodal_status status = aiodal_table_find_column(&column, table, field->column, err);

	if (status != AIODAL_OK)
		return aiodal__error_restatus(err, status == AIODAL_ENOTFOUND ? AIODAL_EINVAL : status);
	status = aiodal__field_check_type(shape, field, base_of(table->schema, aiodal_column_type_oid(column)),
									  aiodal_column_type(column), false, where, err);
	if (status != AIODAL_OK)
		return status;
	if (aiodal_column_not_null(column) || field->null_offset != AIODAL_NO_MEMBER || !has_null(table) ||
		(aiodal__kind_is_pointer(field->kind) && field->n_labels == 0))
		return AIODAL_OK;
	return aiodal__fail_state(err, AIODAL_EINVAL, "42804", NULL, "Use AIODAL_FIELD_OR_NULL().",
							  "column \"%s\" of %s may be NULL, for which struct %s has no member",
							  field->column, where, shape->name);
}

aiodal_status
aiodal_shape_check(const aiodal_shape *shape, const aiodal_table *table, aiodal_error **err)
{
	aiodal_status status = check_header(shape, err);

	if (status == AIODAL_OK && !table)
		return aiodal__fail(err, AIODAL_EINVAL, "table must not be NULL");
	for (size_t i = 0; status == AIODAL_OK && i < shape->n_fields; i++)
	{
		aiodal_field field;

		status = aiodal__shape_take(&field, shape, i, err);
		if (status == AIODAL_OK)
			status = check_column(shape, &field, table, aiodal_table_qualified(table), err);
	}
	return status;
}
