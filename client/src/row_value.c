/*
 * row_value.c
 *		Members of structs into parameters.
 */
#include "row.h"

#include "error.h"

static size_t
load_enum(const void *member, size_t size)
{
	switch (size)
	{
		case 1: return *(const uint8_t *) member;
		case 2: return *(const uint16_t *) member;
		default: return *(const uint32_t *) member;
	}
}

static aiodal_status
enum_value(aiodal_value *value, const aiodal_field *field, const void *member, const aiodal_shape *shape,
		   aiodal_error **err)
{
	size_t number = load_enum(member, field->size);

	if (number >= field->n_labels)
		return aiodal__fail(err, AIODAL_EINVAL,
							"the member for column \"%s\" of struct %s is %zu, and its enum has %zu labels",
							field->column, shape->name, number, field->n_labels);
	*value = aiodal_other(field->labels[number]);
	return AIODAL_OK;
}

static aiodal_value
plain_value(aiodal_kind kind, const void *member)
{
	const aiodal_bytes *bytes = member;

	switch (kind)
	{
		case AIODAL_KIND_BOOL: return aiodal_bool(*(const bool *) member);
		case AIODAL_KIND_INT16: return aiodal_int16(*(const int16_t *) member);
		case AIODAL_KIND_INT32: return aiodal_int32(*(const int32_t *) member);
		case AIODAL_KIND_INT64: return aiodal_int64(*(const int64_t *) member);
		case AIODAL_KIND_FLOAT: return aiodal_float(*(const float *) member);
		case AIODAL_KIND_DOUBLE: return aiodal_double(*(const double *) member);
		case AIODAL_KIND_NUMERIC: return aiodal_numeric(*(const char *const *) member);
		case AIODAL_KIND_TEXT: return aiodal_text(*(const char *const *) member);
		case AIODAL_KIND_JSON: return aiodal_json(*(const char *const *) member);
		case AIODAL_KIND_JSONB: return aiodal_jsonb(*(const char *const *) member);
		case AIODAL_KIND_BYTEA: return aiodal_bytea(bytes->data, bytes->length);
		case AIODAL_KIND_UUID: return aiodal_uuid_value(*(const aiodal_uuid *) member);
		case AIODAL_KIND_DATE: return aiodal_date(*(const int32_t *) member);
		case AIODAL_KIND_TIME: return aiodal_time(*(const int64_t *) member);
		case AIODAL_KIND_TIMESTAMP: return aiodal_timestamp(*(const int64_t *) member);
		case AIODAL_KIND_TIMESTAMPTZ: return aiodal_timestamptz(*(const int64_t *) member);
		case AIODAL_KIND_ARRAY: return aiodal_array_value(*(const aiodal_array *const *) member);
		default: return aiodal_other(*(const char *const *) member);
	}
}

aiodal_status
aiodal_shape_value(aiodal_value *value, const aiodal_shape *shape, size_t i, const void *from,
				   aiodal_error **err)
{
	aiodal_field field;
	bool is_null;
	aiodal_status status = aiodal__shape_take(&field, shape, i, err);

	if (status != AIODAL_OK)
		return status;
	if (!value || !from)
		return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL", value ? "from" : "value");
	is_null =
		field.null_offset != AIODAL_NO_MEMBER && *(const bool *) ((const char *) from + field.null_offset);
	if (field.n_labels > 0 && is_null)
		*value = aiodal_null();
	else if (field.n_labels > 0)
		return enum_value(value, &field, (const char *) from + field.offset, shape, err);
	else
		*value = plain_value(field.kind, (const char *) from + field.offset);
	value->is_null |= is_null;
	return AIODAL_OK;
}
