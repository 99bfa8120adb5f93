/*
 * array.c
 *		Arrays, and typed values out of them.
 */
#include "array.h"

#include "error.h"

/* Whether a type may be one of arrays: not when it is known to be something else that looks like them. */
static bool
may_be_array(Oid type)
{
	static const Oid others[] = {22,   30, /* int2vector, oidvector */
								 1020,     /* box[], whose elements stand between semicolons */
								 4451, 4532, 4533, 4534, 4535, 4536 /* multiranges */};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
	{
		if (others[i] == type)
			return false;
	}
	return !aiodal__type_of(type);
}

/* Whether elements have to be copied out of where they are. */
static bool
is_copied(const aiodal__datum *datum, Oid element)
{
	return !datum->binary || aiodal__type_is_text(element) || !aiodal__type_of(element);
}

static bool
take_apart(const aiodal__datum *datum, aiodal__array_form *form, aiodal__item *items, char *text,
		   size_t *size)
{
	return datum->binary ? aiodal__array_from_binary(form, datum->data, datum->len, items, text, size)
						 : aiodal__array_from_text(form, datum->data, items, text, size);
}

aiodal_status
aiodal__datum_array(const aiodal_array **value, const aiodal__datum *datum, aiodal_error **err)
{
	const aiodal__type *known = aiodal__type_of_array(datum->type);
	aiodal__array_form form;
	aiodal_array *array;
	size_t text_size;
	char *text = NULL;

	if (!may_be_array(datum->type))
		return aiodal__datum_mismatch(datum, "array", err);
	*value = NULL;
	if (!datum->data)
		return AIODAL_OK;
	if (!take_apart(datum, &form, NULL, NULL, &text_size))
		return known ? aiodal__datum_garbled(datum, err) : aiodal__datum_mismatch(datum, "array", err);
	if (known)
		form.element_type = known->oid;
	array = aiodal__datum_alloc(datum, sizeof(*array) + form.count * sizeof(array->items[0]));
	if (array && is_copied(datum, form.element_type))
		text = aiodal__datum_alloc(datum, text_size);
	if (!array || (!text && is_copied(datum, form.element_type)))
		return aiodal__fail_memory(err);
	(void) take_apart(datum, &array->form, array->items, text, &text_size);
	array->form.element_type = form.element_type;
	array->owned = false;
	array->origin = *datum;
	array->origin.type = form.element_type;
	*value = array;
	return AIODAL_OK;
}

size_t
aiodal_array_count(const aiodal_array *array)
{
	return array ? array->form.count : 0;
}

int
aiodal_array_dimensions(const aiodal_array *array)
{
	return array ? array->form.n_dimensions : 0;
}

static bool
has_dimension(const aiodal_array *array, int dimension)
{
	return array && dimension >= 0 && dimension < array->form.n_dimensions;
}

int
aiodal_array_length(const aiodal_array *array, int dimension)
{
	return has_dimension(array, dimension) ? array->form.lengths[dimension] : 0;
}

int
aiodal_array_lower(const aiodal_array *array, int dimension)
{
	return has_dimension(array, dimension) ? array->form.lowers[dimension] : 0;
}

unsigned int
aiodal_array_element_type(const aiodal_array *array)
{
	return array ? array->form.element_type : 0;
}

bool
aiodal_array_is_null(const aiodal_array *array, size_t i)
{
	return i >= aiodal_array_count(array) || !array->items[i].data;
}

/* An element that is there. */
static aiodal_status
look_up(aiodal__datum *datum, const void *value, const aiodal_array *array, size_t i, aiodal_error **err)
{
	if (!value)
		return aiodal__fail(err, AIODAL_EINVAL, "value must not be NULL");
	if (i >= aiodal_array_count(array))
		return aiodal__fail(err, AIODAL_EINVAL, "there is no element %zu in an array of %zu", i,
							aiodal_array_count(array));
	*datum = array->origin;
	datum->data = array->items[i].data;
	datum->len = array->items[i].len;
	datum->element = (long) i;
	return AIODAL_OK;
}

aiodal_status
aiodal_array_get_bool(bool *value, const aiodal_array *array, size_t i, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, array, i, err);

	return status == AIODAL_OK ? aiodal__datum_bool(value, &datum, err) : status;
}

aiodal_status
aiodal_array_get_int16(int16_t *value, const aiodal_array *array, size_t i, aiodal_error **err)
{
	aiodal__datum datum;
	int64_t wide;
	aiodal_status status = look_up(&datum, value, array, i, err);

	if (status == AIODAL_OK)
		status = aiodal__datum_integer(&wide, &datum, INT16_MIN, INT16_MAX, "int16_t", err);
	if (status == AIODAL_OK)
		*value = (int16_t) wide;
	return status;
}

aiodal_status
aiodal_array_get_int32(int32_t *value, const aiodal_array *array, size_t i, aiodal_error **err)
{
	aiodal__datum datum;
	int64_t wide;
	aiodal_status status = look_up(&datum, value, array, i, err);

	if (status == AIODAL_OK)
		status = aiodal__datum_integer(&wide, &datum, INT32_MIN, INT32_MAX, "int32_t", err);
	if (status == AIODAL_OK)
		*value = (int32_t) wide;
	return status;
}

aiodal_status
aiodal_array_get_int64(int64_t *value, const aiodal_array *array, size_t i, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, array, i, err);

	return status == AIODAL_OK ? aiodal__datum_integer(value, &datum, INT64_MIN, INT64_MAX, "int64_t", err)
							   : status;
}

aiodal_status
aiodal_array_get_float(float *value, const aiodal_array *array, size_t i, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, array, i, err);

	return status == AIODAL_OK ? aiodal__datum_float(value, &datum, err) : status;
}

aiodal_status
aiodal_array_get_double(double *value, const aiodal_array *array, size_t i, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, array, i, err);

	return status == AIODAL_OK ? aiodal__datum_double(value, &datum, err) : status;
}

aiodal_status
aiodal_array_get_numeric(const char **value, const aiodal_array *array, size_t i, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, array, i, err);

	return status == AIODAL_OK ? aiodal__datum_numeric(value, &datum, err) : status;
}

aiodal_status
aiodal_array_get_text(const char **value, const aiodal_array *array, size_t i, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, array, i, err);

	return status == AIODAL_OK ? aiodal__datum_text(value, &datum, err) : status;
}

aiodal_status
aiodal_array_get_bytea(aiodal_bytes *value, const aiodal_array *array, size_t i, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, array, i, err);

	return status == AIODAL_OK ? aiodal__datum_bytea(value, &datum, err) : status;
}

aiodal_status
aiodal_array_get_uuid(aiodal_uuid *value, const aiodal_array *array, size_t i, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, array, i, err);

	return status == AIODAL_OK ? aiodal__datum_uuid(value, &datum, err) : status;
}

aiodal_status
aiodal_array_get_date(int32_t *value, const aiodal_array *array, size_t i, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, array, i, err);

	return status == AIODAL_OK ? aiodal__datum_date(value, &datum, err) : status;
}

aiodal_status
aiodal_array_get_time(int64_t *value, const aiodal_array *array, size_t i, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, array, i, err);

	return status == AIODAL_OK ? aiodal__datum_time(value, &datum, err) : status;
}

aiodal_status
aiodal_array_get_timestamp(int64_t *value, const aiodal_array *array, size_t i, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, array, i, err);

	return status == AIODAL_OK ? aiodal__datum_timestamp(value, &datum, err) : status;
}
