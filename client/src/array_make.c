/*
 * array_make.c
 *		Arrays made of values, and any array as a parameter.
 */
#include "array_make.h"

#include <limits.h>
#include <string.h>

#include "array.h"
#include "error.h"
#include "scalar.h"
#include "util/wire.h"

static Oid
type_of_kind(aiodal_kind kind)
{
	static const Oid types[] = {
		[AIODAL_KIND_BOOL] = AIODAL__BOOLOID,
		[AIODAL_KIND_INT16] = AIODAL__INT2OID,
		[AIODAL_KIND_INT32] = AIODAL__INT4OID,
		[AIODAL_KIND_INT64] = AIODAL__INT8OID,
		[AIODAL_KIND_FLOAT] = AIODAL__FLOAT4OID,
		[AIODAL_KIND_DOUBLE] = AIODAL__FLOAT8OID,
		[AIODAL_KIND_NUMERIC] = AIODAL__NUMERICOID,
		[AIODAL_KIND_JSON] = AIODAL__JSONOID,
		[AIODAL_KIND_JSONB] = AIODAL__JSONBOID,
		[AIODAL_KIND_BYTEA] = AIODAL__BYTEAOID,
		[AIODAL_KIND_UUID] = AIODAL__UUIDOID,
		[AIODAL_KIND_DATE] = AIODAL__DATEOID,
		[AIODAL_KIND_TIME] = AIODAL__TIMEOID,
		[AIODAL_KIND_TIMESTAMP] = AIODAL__TIMESTAMPOID,
		[AIODAL_KIND_TIMESTAMPTZ] = AIODAL__TIMESTAMPTZOID,
	};

	return types[kind];
}

static aiodal_status
make_form(aiodal__array_form *form, aiodal_kind element, int n, const int *lengths, aiodal_error **err)
{
	memset(form, 0, sizeof(*form));
	if (!aiodal__kind_is_scalar(element))
		return aiodal__fail_hint(err, AIODAL_EINVAL, NULL, "Give an array of arrays one more dimension.",
								 "elements of kind %d cannot be in an array", (int) element);
	if (n < 0 || n > AIODAL__MAX_DIMENSIONS || (n > 0 && !lengths))
		return aiodal__fail(err, AIODAL_EINVAL, "an array has up to %d dimensions, each with a length",
							AIODAL__MAX_DIMENSIONS);
	form->n_dimensions = n;
	form->element_type = type_of_kind(element);
	form->count = n > 0;
	for (int i = 0; i < n; i++)
	{
		form->lowers[i] = 1;
		form->lengths[i] = lengths[i];
		if (lengths[i] <= 0 || __builtin_mul_overflow(form->count, (size_t) lengths[i], &form->count) ||
			form->count > INT_MAX)
			return aiodal__fail(err, AIODAL_EINVAL, "length %d of dimension %d makes no sense", lengths[i],
								i);
	}
	return AIODAL_OK;
}

/* All values as text, each with its NUL. */
static aiodal_status
print_values(aiodal__buf *buf, aiodal_kind element, const aiodal_value *values, size_t n, aiodal_error **err)
{
	for (size_t i = 0; i < n; i++)
	{
		if (values[i].is_null)
			continue;
		if (values[i].kind != element)
			return aiodal__fail(err, AIODAL_EINVAL, "element %zu is of kind %d in an array of kind %d", i,
								(int) values[i].kind, (int) element);
		aiodal__scalar_print(buf, &values[i]);
		aiodal__buf_add(buf, "", 1);
	}
	return buf->oom ? aiodal__fail_memory(err) : AIODAL_OK;
}

/* NULL when there is no memory. */
static aiodal_array *
make_array(const aiodal__array_form *form, const aiodal_value *values, const aiodal__buf *texts)
{
	aiodal__datum origin = {.type = form->element_type, .res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK)};
	aiodal_array *array = NULL;
	char *text = NULL;

	if (origin.res)
		array = aiodal__datum_alloc(&origin, sizeof(*array) + form->count * sizeof(array->items[0]));
	if (array)
		text = aiodal__datum_alloc(&origin, texts->len);
	if (!text)
	{
		PQclear(origin.res);
		return NULL;
	}
	if (texts->len > 0)
		memcpy(text, texts->data, texts->len);
	array->form = *form;
	array->owned = true;
	array->origin = origin;
	for (size_t i = 0; i < form->count; i++)
	{
		array->items[i].data = values[i].is_null ? NULL : text;
		array->items[i].len = values[i].is_null ? 0 : strlen(text);
		text += values[i].is_null ? 0 : array->items[i].len + 1;
	}
	return array;
}

aiodal_status
aiodal_array_make(aiodal_array **array, aiodal_kind element, int n_dimensions, const int *lengths,
				  const aiodal_value *values, aiodal_error **err)
{
	aiodal__array_form form;
	aiodal__buf texts = AIODAL__BUF_INIT;
	aiodal_status status;

	if (!array)
		return aiodal__fail(err, AIODAL_EINVAL, "array must not be NULL");
	*array = NULL;
	status = make_form(&form, element, n_dimensions, lengths, err);
	if (status != AIODAL_OK)
		return status;
	if (form.count > 0 && !values)
		return aiodal__fail(err, AIODAL_EINVAL, "values must not be NULL");
	status = print_values(&texts, element, values, form.count, err);
	if (status == AIODAL_OK)
	{
		*array = make_array(&form, values, &texts);
		if (!*array)
			status = aiodal__fail_memory(err);
	}
	aiodal__buf_free(&texts);
	return status;
}

void
aiodal_array_free(aiodal_array *array)
{
	if (array && array->owned)
		PQclear(array->origin.res);
}

/*
 * As a parameter: in the form it has
 */

Oid
aiodal__array_type(const aiodal_array *array)
{
	const aiodal__type *element = aiodal__type_of(array->form.element_type);

	return element ? element->array : 0;
}

bool
aiodal__array_is_binary(const aiodal_array *array)
{
	return array->origin.binary;
}

static void
put_binary(aiodal__buf *buf, const aiodal_array *array)
{
	const aiodal__array_form *form = &array->form;
	bool nulls = false;

	for (size_t i = 0; i < form->count; i++)
		nulls = nulls || !array->items[i].data;
	aiodal__wire_put(buf, form->n_dimensions, 4);
	aiodal__wire_put(buf, nulls, 4);
	aiodal__wire_put(buf, form->element_type, 4);
	for (int i = 0; i < form->n_dimensions; i++)
	{
		aiodal__wire_put(buf, form->lengths[i], 4);
		aiodal__wire_put(buf, form->lowers[i], 4);
	}
	for (size_t i = 0; i < form->count; i++)
	{
		aiodal__wire_put(buf, array->items[i].data ? (int64_t) array->items[i].len : -1, 4);
		aiodal__buf_add(buf, array->items[i].data, array->items[i].len);
	}
}

/* The number kinds of binary arrays' elements; what is left is text. */
static aiodal_status
number_of(aiodal_value *value, const aiodal_array *array, size_t i)
{
	int64_t number;
	double real;
	float single;
	bool flag;
	aiodal_status status;

	switch (array->form.element_type)
	{
		case AIODAL__BOOLOID:
			status = aiodal_array_get_bool(&flag, array, i, NULL);
			*value = aiodal_bool(status == AIODAL_OK && flag);
			return status;
		case AIODAL__FLOAT4OID:
			status = aiodal_array_get_float(&single, array, i, NULL);
			*value = aiodal_float(status == AIODAL_OK ? single : 0);
			return status;
		case AIODAL__FLOAT8OID:
			status = aiodal_array_get_double(&real, array, i, NULL);
			*value = aiodal_double(status == AIODAL_OK ? real : 0);
			return status;
		default:
			status = aiodal_array_get_int64(&number, array, i, NULL);
			*value = aiodal_int64(status == AIODAL_OK ? number : 0);
			return status;
	}
}

static aiodal_status
moment_of(aiodal_value *value, const aiodal_array *array, size_t i)
{
	int64_t usecs = 0;
	int32_t days = 0;
	aiodal_status status;

	switch (array->form.element_type)
	{
		case AIODAL__DATEOID:
			status = aiodal_array_get_date(&days, array, i, NULL);
			*value = aiodal_date(days);
			return status;
		case AIODAL__TIMEOID:
			status = aiodal_array_get_time(&usecs, array, i, NULL);
			*value = aiodal_time(usecs);
			return status;
		default:
			status = aiodal_array_get_timestamp(&usecs, array, i, NULL);
			*value = array->form.element_type == AIODAL__TIMESTAMPOID ? aiodal_timestamp(usecs)
																	  : aiodal_timestamptz(usecs);
			return status;
	}
}

static aiodal_status
element_of(aiodal_value *value, const aiodal_array *array, size_t i)
{
	aiodal_status status;

	*value = aiodal_null();
	switch (array->form.element_type)
	{
		case AIODAL__BOOLOID:
		case AIODAL__INT2OID:
		case AIODAL__INT4OID:
		case AIODAL__INT8OID:
		case AIODAL__OIDOID:
		case AIODAL__FLOAT4OID:
		case AIODAL__FLOAT8OID: return number_of(value, array, i);
		case AIODAL__DATEOID:
		case AIODAL__TIMEOID:
		case AIODAL__TIMESTAMPOID:
		case AIODAL__TIMESTAMPTZOID: return moment_of(value, array, i);
		case AIODAL__BYTEAOID:
			value->kind = AIODAL_KIND_BYTEA;
			return aiodal_array_get_bytea(&value->as.bytes, array, i, NULL);
		case AIODAL__UUIDOID:
			value->kind = AIODAL_KIND_UUID;
			return aiodal_array_get_uuid(&value->as.uuid, array, i, NULL);
		case AIODAL__NUMERICOID: status = aiodal_array_get_numeric(&value->as.text, array, i, NULL); break;
		default: status = aiodal_array_get_text(&value->as.text, array, i, NULL); break;
	}
	value->kind = AIODAL_KIND_TEXT;
	return status;
}

/* An element as text. It has come in binary and so is of a type with a getter: what fails is memory. */
static void
put_element(aiodal__buf *buf, const aiodal_array *array, size_t i)
{
	aiodal__buf text = AIODAL__BUF_INIT;
	aiodal_value value;

	if (!array->origin.binary)
	{
		aiodal__buf_array_item(buf, array->items[i].data);
		return;
	}
	if (element_of(&value, array, i) == AIODAL_OK)
		aiodal__scalar_print(&text, &value);
	else
		text.oom = true;
	if (!text.oom)
		aiodal__buf_array_item(buf, text.data ? text.data : "");
	buf->oom |= text.oom;
	aiodal__buf_free(&text);
}

/* The elements from *at on that a dimension has, in braces. */
static void
put_braces(aiodal__buf *buf, const aiodal_array *array, int dimension, size_t *at)
{
	aiodal__buf_add(buf, "{", 1);
	for (int i = 0; i < array->form.lengths[dimension]; i++)
	{
		if (i > 0)
			aiodal__buf_add(buf, ",", 1);
		if (dimension + 1 < array->form.n_dimensions)
		{
			put_braces(buf, array, dimension + 1, at);
			continue;
		}
		if (array->items[*at].data)
			put_element(buf, array, *at);
		else
			aiodal__buf_str(buf, "NULL");
		(*at)++;
	}
	aiodal__buf_add(buf, "}", 1);
}

/* [lower:upper]..=, unless all count from 1 */
static void
put_bounds(aiodal__buf *buf, const aiodal__array_form *form)
{
	bool plain = true;

	for (int i = 0; i < form->n_dimensions; i++)
		plain = plain && form->lowers[i] == 1;
	if (plain)
		return;
	for (int i = 0; i < form->n_dimensions; i++)
		aiodal__buf_printf(buf, "[%d:%lld]", form->lowers[i],
						   (long long) form->lowers[i] + form->lengths[i] - 1);
	aiodal__buf_str(buf, "=");
}

void
aiodal__array_print(aiodal__buf *buf, const aiodal_array *array)
{
	size_t at = 0;

	put_bounds(buf, &array->form);
	if (array->form.n_dimensions > 0)
		put_braces(buf, array, 0, &at);
	else
		aiodal__buf_str(buf, "{}");
}

void
aiodal__array_put(aiodal__buf *buf, const aiodal_array *array)
{
	if (array->origin.binary)
		put_binary(buf, array);
	else
		aiodal__array_print(buf, array);
}
