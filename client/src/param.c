/*
 * param.c
 *		Typed values on their way to the server.
 *
 * Design notes. What is shorter in binary goes in binary: numbers, dates, times, bytea, uuid. What is text
 * already goes as it is. A statement with few parameters, none an array, needs no memory of its own for them.
 */
#include "param.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "array_make.h"
#include "error.h"
#include "scalar.h"
#include "util/calendar.h"
#include "util/mem.h"
#include "util/wire.h"

/* Makes room in arrays that are parallel. */
static bool
make_room(aiodal__params *params, size_t n)
{
	size_t each = sizeof(char[16]) + sizeof(*params->values) + sizeof(*params->types) + 2 * sizeof(int);
	char *at;

	memset(params, 0, offsetof(aiodal__params, few));
	params->n = n;
	if (n <= AIODAL__FEW_PARAMS)
	{
		params->types = params->few.types;
		params->values = params->few.values;
		params->lengths = params->few.lengths;
		params->formats = params->few.formats;
		params->scratch = params->few.scratch;
		return true;
	}
	at = params->heap = aiodal__calloc(n, each);
	if (!at)
		return false;
	params->scratch = (char(*)[16]) at;
	params->values = (const char **) (at += n * sizeof(char[16]));
	params->types = (Oid *) (at += n * sizeof(*params->values));
	params->lengths = (int *) (at += n * sizeof(*params->types));
	params->formats = (int *) (at + n * sizeof(*params->lengths));
	return true;
}

static void
put_in_binary(aiodal__params *params, size_t i, const char *data, size_t len)
{
	params->values[i] = data;
	params->lengths[i] = (int) len;
	params->formats[i] = 1;
}

/* From Unix's epoch to 2000. Infinities stay; false when out of range. */
static bool
shift(int64_t *value, int64_t min, int64_t max, int64_t by)
{
	if (*value == min || *value == max)
		return true;
	if (*value < min || *value > max || *value <= min + by)
		return false;
	*value -= by;
	return true;
}

/* A number into scratch. False when no value of its type is like that. */
static bool
put_number(aiodal__params *params, size_t i, const aiodal_value *value)
{
	/* has room enough, hence does not grow */
	aiodal__buf out = {params->scratch[i], 0, sizeof(params->scratch[i]), false};
	int64_t number = value->as.integer;
	bool fits = true;

	switch (value->kind)
	{
		case AIODAL_KIND_BOOL: aiodal__wire_put(&out, value->as.boolean, 1); break;
		case AIODAL_KIND_INT16: aiodal__wire_put(&out, number, 2); break;
		case AIODAL_KIND_INT32: aiodal__wire_put(&out, number, 4); break;
		case AIODAL_KIND_FLOAT: aiodal__wire_put_float(&out, (float) value->as.number); break;
		case AIODAL_KIND_DOUBLE: aiodal__wire_put_double(&out, value->as.number); break;
		case AIODAL_KIND_DATE:
			fits = shift(&number, INT32_MIN, INT32_MAX, AIODAL__EPOCH_DAYS);
			aiodal__wire_put(&out, number, 4);
			break;
		case AIODAL_KIND_TIMESTAMP:
		case AIODAL_KIND_TIMESTAMPTZ:
			fits = shift(&number, INT64_MIN, INT64_MAX, AIODAL__EPOCH_USECS);
			aiodal__wire_put(&out, number, 8);
			break;
		default: aiodal__wire_put(&out, number, 8); break;
	}
	put_in_binary(params, i, out.data, out.len);
	return fits;
}

/* It follows the arrays before it; where they are is known when all are there. */
static void
put_array(aiodal__params *params, size_t i, const aiodal_array *array)
{
	size_t before = params->arrays.len;

	if (params->types[i] == 0)
		params->types[i] = aiodal__array_type(array);
	aiodal__array_put(&params->arrays, array);
	put_in_binary(params, i, "", params->arrays.len - before);
	params->formats[i] = aiodal__array_is_binary(array);
	aiodal__buf_add(&params->arrays, "", 1);
}

static aiodal_status
put(aiodal__params *params, size_t i, const aiodal_value *value, aiodal_error **err)
{
	params->types[i] = value->type;
	params->values[i] = NULL;
	params->lengths[i] = 0;
	params->formats[i] = 0;
	if (!aiodal__kind_is_scalar(value->kind) && value->kind != AIODAL_KIND_ARRAY)
		return aiodal__fail_hint(err, AIODAL_EINVAL, NULL, "Make it with aiodal_int32() and the like.",
								 "parameter $%zu is of kind %d, which does not exist", i + 1,
								 (int) value->kind);
	if (value->is_null)
		return AIODAL_OK;
	switch (value->kind)
	{
		case AIODAL_KIND_OTHER:
		case AIODAL_KIND_TEXT:
		case AIODAL_KIND_NUMERIC:
		case AIODAL_KIND_JSON:
		case AIODAL_KIND_JSONB: params->values[i] = value->as.text; return AIODAL_OK;
		case AIODAL_KIND_ARRAY: put_array(params, i, value->as.array); return AIODAL_OK;
		case AIODAL_KIND_UUID:
			put_in_binary(params, i, (const char *) value->as.uuid.bytes, 16);
			return AIODAL_OK;
		case AIODAL_KIND_BYTEA:
			if (value->as.bytes.length > INT_MAX)
				return aiodal__fail(err, AIODAL_EINVAL, "parameter $%zu is too long", i + 1);
			put_in_binary(params, i, value->as.bytes.data, value->as.bytes.length);
			return AIODAL_OK;
		default: break;
	}
	if (!put_number(params, i, value))
		return aiodal__fail(err, AIODAL_EINVAL, "parameter $%zu is out of range for a %s", i + 1,
							value->kind == AIODAL_KIND_DATE ? "date" : "timestamp");
	return AIODAL_OK;
}

aiodal_status
aiodal__params_make(aiodal__params *params, size_t n, const aiodal_value *values, aiodal_error **err)
{
	size_t at = 0;

	if (!make_room(params, n))
		return aiodal__fail_memory(err);
	for (size_t i = 0; i < n; i++)
	{
		aiodal_status status = put(params, i, &values[i], err);

		if (status != AIODAL_OK)
			return status;
	}
	if (params->arrays.oom)
		return aiodal__fail_memory(err);
	for (size_t i = 0; i < n; i++)
	{
		if (values[i].kind != AIODAL_KIND_ARRAY || values[i].is_null)
			continue;
		params->values[i] = params->arrays.data + at;
		at += (size_t) params->lengths[i] + 1;
	}
	return at <= INT_MAX ? AIODAL_OK : aiodal__fail(err, AIODAL_EINVAL, "the arrays are too long");
}

void
aiodal__params_free(aiodal__params *params)
{
	aiodal__buf_free(&params->arrays);
	aiodal__free(params->heap);
	aiodal__free(params->shown);
}

void
aiodal__value_print(aiodal__buf *buf, const aiodal_value *value)
{
	if (value->kind == AIODAL_KIND_ARRAY)
		aiodal__array_print(buf, value->as.array);
	else
		aiodal__scalar_print(buf, value);
}

/* One piece of memory, aiodal__free(). NULL when there is none. */
static const char **
shown_as_text(size_t n, const aiodal_value *values)
{
	aiodal__buf buf = AIODAL__BUF_INIT;
	const char **shown;
	char *text;

	/* pointers first, and put in when nothing moves any more */
	if (n == 0 || !aiodal__buf_reserve(&buf, n * sizeof(*shown)))
		return NULL;
	buf.len = n * sizeof(*shown);
	for (size_t i = 0; i < n; i++)
	{
		if (!values[i].is_null)
			aiodal__value_print(&buf, &values[i]);
		aiodal__buf_add(&buf, "", 1);
	}
	shown = (const char **) (void *) aiodal__buf_take(&buf);
	text = (char *) (shown + n);
	for (size_t i = 0; shown && i < n; i++)
	{
		shown[i] = values[i].is_null ? NULL : text;
		text += strlen(text) + 1;
	}
	return shown;
}

aiodal__request
aiodal__params_request(aiodal__params *params, const aiodal__conn *conn, const char *sql,
					   const aiodal_value *values, const aiodal_query_options *options)
{
	if (conn->trace && conn->trace_params)
		params->shown = shown_as_text(params->n, values);
	return (aiodal__request){.sql = sql,
							 .n = params->n,
							 .types = params->types,
							 .params = params->values,
							 .lengths = params->lengths,
							 .formats = params->formats,
							 .result_format = options->results == AIODAL_WIRE_BINARY,
							 .shown = params->shown};
}
