/*
 * datum.c
 *		Values as the server sent them, read as C types.
 *
 * Design notes. Each reading first looks at the type, so that a wrong getter fails on the first row and not
 * on the first that is not NULL. Text is read as the server prints it, never as a user might write it.
 */
#include "datum.h"

#include <stdio.h>
#include <string.h>

#include "error.h"
#include "util/calendar.h"
#include "util/mem.h"
#include "util/wire.h"

void *
aiodal__datum_alloc(const aiodal__datum *datum, size_t size)
{
	if (aiodal__alloc_fails && aiodal__alloc_fails())
		return NULL;
	return PQresultAlloc(datum->res, size);
}

/* After the type was found right. */
static aiodal_status
check(const aiodal__datum *datum, aiodal_error **err)
{
	if (!datum->data)
		return aiodal__datum_is_null(datum, err);
	return aiodal__datum_is_whole(datum) ? AIODAL_OK : aiodal__datum_garbled(datum, err);
}

/*
 * Readings
 */

aiodal_status
aiodal__datum_bool(bool *value, const aiodal__datum *datum, aiodal_error **err)
{
	aiodal_status status;

	if (datum->type != AIODAL__BOOLOID)
		return aiodal__datum_mismatch(datum, "bool", err);
	status = check(datum, err);
	if (status == AIODAL_OK)
		*value = *datum->data == (datum->binary ? 1 : 't');
	return status;
}

static bool
is_integer(Oid type)
{
	return type == AIODAL__INT2OID || type == AIODAL__INT4OID || type == AIODAL__INT8OID ||
		   type == AIODAL__OIDOID;
}

static aiodal_status
read_integer(int64_t *value, const aiodal__datum *datum, aiodal_error **err)
{
	aiodal_status status = check(datum, err);

	if (status != AIODAL_OK)
		return status;
	if (!datum->binary)
		return aiodal__parse_integer(datum->data, value) ? AIODAL_OK : aiodal__datum_garbled(datum, err);
	*value = aiodal__wire_get(datum->data, datum->len);
	if (datum->type == AIODAL__OIDOID)
		*value &= 0xFFFFFFFF;
	return AIODAL_OK;
}

aiodal_status
aiodal__datum_integer(int64_t *value, const aiodal__datum *datum, int64_t min, int64_t max, const char *what,
					  aiodal_error **err)
{
	int64_t wide;
	aiodal_status status;

	if (!is_integer(datum->type))
		return aiodal__datum_mismatch(datum, what, err);
	status = read_integer(&wide, datum, err);
	if (status != AIODAL_OK)
		return status;
	if (wide < min || wide > max)
		return aiodal__datum_too_large(datum, what, err);
	*value = wide;
	return AIODAL_OK;
}

static aiodal_status
read_float(float *value, const aiodal__datum *datum, aiodal_error **err)
{
	aiodal_status status = check(datum, err);

	if (status != AIODAL_OK)
		return status;
	if (!datum->binary)
		return aiodal__parse_float(datum->data, value) ? AIODAL_OK : aiodal__datum_garbled(datum, err);
	*value = aiodal__wire_get_float(datum->data);
	return AIODAL_OK;
}

aiodal_status
aiodal__datum_float(float *value, const aiodal__datum *datum, aiodal_error **err)
{
	return datum->type == AIODAL__FLOAT4OID ? read_float(value, datum, err)
											: aiodal__datum_mismatch(datum, "float", err);
}

static aiodal_status
read_double(double *value, const aiodal__datum *datum, aiodal_error **err)
{
	aiodal_status status = check(datum, err);

	if (status != AIODAL_OK)
		return status;
	if (!datum->binary)
		return aiodal__parse_double(datum->data, value) ? AIODAL_OK : aiodal__datum_garbled(datum, err);
	*value = aiodal__wire_get_double(datum->data);
	return AIODAL_OK;
}

aiodal_status
aiodal__datum_double(double *value, const aiodal__datum *datum, aiodal_error **err)
{
	float narrow;
	int64_t whole;
	aiodal_status status;

	switch (datum->type)
	{
		case AIODAL__FLOAT8OID: return read_double(value, datum, err);
		case AIODAL__FLOAT4OID:
			status = read_float(&narrow, datum, err);
			if (status == AIODAL_OK)
				*value = (double) narrow;
			return status;
		case AIODAL__INT2OID:
		case AIODAL__INT4OID:
			status = read_integer(&whole, datum, err);
			if (status == AIODAL_OK)
				*value = (double) whole;
			return status;
		default: return aiodal__datum_mismatch(datum, "double", err);
	}
}

static aiodal_status
numeric_text(const char **value, const aiodal__datum *datum, aiodal_error **err)
{
	size_t room = aiodal__wire_numeric(datum->data, datum->len, NULL);
	char *text;

	if (room == 0)
		return aiodal__datum_garbled(datum, err);
	text = aiodal__datum_alloc(datum, room);
	if (!text)
		return aiodal__fail_memory(err);
	(void) aiodal__wire_numeric(datum->data, datum->len, text);
	*value = text;
	return AIODAL_OK;
}

static aiodal_status
integer_text(const char **value, const aiodal__datum *datum, aiodal_error **err)
{
	int64_t number;
	aiodal_status status = read_integer(&number, datum, err);
	char *text;

	if (status != AIODAL_OK)
		return status;
	text = aiodal__datum_alloc(datum, 24);
	if (!text)
		return aiodal__fail_memory(err);
	(void) snprintf(text, 24, "%lld", (long long) number);
	*value = text;
	return AIODAL_OK;
}

static aiodal_status
uuid_text(const char **value, const aiodal__datum *datum, aiodal_error **err)
{
	char *text = aiodal__datum_alloc(datum, 37);

	if (!text)
		return aiodal__fail_memory(err);
	aiodal__print_uuid(text, (const unsigned char *) datum->data);
	*value = text;
	return AIODAL_OK;
}

/* NULL stays NULL. true: there is nothing more to read, status says why. */
static bool
is_over(aiodal_status *status, const char **value, const aiodal__datum *datum, aiodal_error **err)
{
	*status = AIODAL_OK;
	if (!datum->data)
		*value = NULL;
	else if (!aiodal__datum_is_whole(datum))
		*status = aiodal__datum_garbled(datum, err);
	else if (!datum->binary)
		*value = datum->data;
	else
		return false;
	return true;
}

aiodal_status
aiodal__datum_numeric(const char **value, const aiodal__datum *datum, aiodal_error **err)
{
	aiodal_status status;

	if (datum->type != AIODAL__NUMERICOID && (!is_integer(datum->type) || datum->type == AIODAL__OIDOID))
		return aiodal__datum_mismatch(datum, "numeric", err);
	if (is_over(&status, value, datum, err))
		return status;
	return datum->type == AIODAL__NUMERICOID ? numeric_text(value, datum, err)
											 : integer_text(value, datum, err);
}

/* Behind a byte with the version of the format. */
static aiodal_status
jsonb_text(const char **value, const aiodal__datum *datum, aiodal_error **err)
{
	if (datum->len < 1 || *datum->data != 1)
		return aiodal__datum_garbled(datum, err);
	*value = datum->data + 1;
	return AIODAL_OK;
}

aiodal_status
aiodal__datum_text(const char **value, const aiodal__datum *datum, aiodal_error **err)
{
	aiodal_status status;

	if (is_over(&status, value, datum, err))
		return status;
	switch (datum->type)
	{
		case AIODAL__BOOLOID: *value = *datum->data ? "t" : "f"; return AIODAL_OK;
		case AIODAL__INT2OID:
		case AIODAL__INT4OID:
		case AIODAL__INT8OID:
		case AIODAL__OIDOID: return integer_text(value, datum, err);
		case AIODAL__NUMERICOID: return numeric_text(value, datum, err);
		case AIODAL__UUIDOID: return uuid_text(value, datum, err);
		case AIODAL__JSONBOID: return jsonb_text(value, datum, err);
		default: break;
	}
	if (!aiodal__type_is_text(datum->type))
		return aiodal__datum_mismatch(datum, "text", err);
	*value = datum->data;
	return AIODAL_OK;
}

aiodal_status
aiodal__datum_bytea(aiodal_bytes *value, const aiodal__datum *datum, aiodal_error **err)
{
	unsigned char *bytes;

	if (datum->type != AIODAL__BYTEAOID)
		return aiodal__datum_mismatch(datum, "bytea", err);
	value->data = datum->data;
	value->length = datum->len;
	if (datum->binary || !datum->data)
		return AIODAL_OK;
	bytes = aiodal__datum_alloc(datum, aiodal__bytea_room(datum->data, datum->len));
	if (!bytes)
		return aiodal__fail_memory(err);
	value->data = bytes;
	return aiodal__parse_bytea(datum->data, datum->len, bytes, &value->length)
			   ? AIODAL_OK
			   : aiodal__datum_garbled(datum, err);
}

aiodal_status
aiodal__datum_uuid(aiodal_uuid *value, const aiodal__datum *datum, aiodal_error **err)
{
	aiodal_status status;

	if (datum->type != AIODAL__UUIDOID)
		return aiodal__datum_mismatch(datum, "uuid", err);
	status = check(datum, err);
	if (status != AIODAL_OK)
		return status;
	if (!datum->binary)
		return aiodal__parse_uuid(datum->data, value->bytes) ? AIODAL_OK : aiodal__datum_garbled(datum, err);
	memcpy(value->bytes, datum->data, sizeof(value->bytes));
	return AIODAL_OK;
}

/*
 * Dates and times: numbers in binary, counted from 2000
 */

aiodal_status
aiodal__datum_date(int32_t *value, const aiodal__datum *datum, aiodal_error **err)
{
	aiodal_status status;
	int64_t days;

	if (datum->type != AIODAL__DATEOID)
		return aiodal__datum_mismatch(datum, "date", err);
	status = check(datum, err);
	if (status != AIODAL_OK)
		return status;
	if (!datum->binary)
		return aiodal__parse_date(datum->data, value) ? AIODAL_OK : aiodal__datum_garbled(datum, err);
	days = aiodal__wire_get(datum->data, 4);
	if (days != INT32_MIN && days != INT32_MAX)
	{
		days += AIODAL__EPOCH_DAYS;
		if (days >= INT32_MAX)
			return aiodal__datum_too_large(datum, "a number of days", err);
	}
	*value = (int32_t) days;
	return AIODAL_OK;
}

aiodal_status
aiodal__datum_time(int64_t *value, const aiodal__datum *datum, aiodal_error **err)
{
	aiodal_status status;

	if (datum->type != AIODAL__TIMEOID)
		return aiodal__datum_mismatch(datum, "time", err);
	status = check(datum, err);
	if (status != AIODAL_OK)
		return status;
	if (!datum->binary)
		return aiodal__parse_time(datum->data, value) ? AIODAL_OK : aiodal__datum_garbled(datum, err);
	*value = aiodal__wire_get(datum->data, 8);
	return AIODAL_OK;
}

static aiodal_status
parse_timestamp(int64_t *value, const aiodal__datum *datum, aiodal_error **err)
{
	switch (aiodal__parse_timestamp(datum->data, datum->type == AIODAL__TIMESTAMPTZOID, value))
	{
		case AIODAL__PARSED: return AIODAL_OK;
		case AIODAL__OUT_OF_RANGE: return aiodal__datum_too_large(datum, "a number of microseconds", err);
		case AIODAL__GARBLED: break;
	}
	return aiodal__datum_garbled(datum, err);
}

aiodal_status
aiodal__datum_timestamp(int64_t *value, const aiodal__datum *datum, aiodal_error **err)
{
	aiodal_status status;
	int64_t usecs;

	if (datum->type != AIODAL__TIMESTAMPOID && datum->type != AIODAL__TIMESTAMPTZOID)
		return aiodal__datum_mismatch(datum, "timestamp", err);
	status = check(datum, err);
	if (status != AIODAL_OK)
		return status;
	if (!datum->binary)
		return parse_timestamp(value, datum, err);
	usecs = aiodal__wire_get(datum->data, 8);
	if (usecs != INT64_MIN && usecs != INT64_MAX &&
		(__builtin_add_overflow(usecs, AIODAL__EPOCH_USECS, &usecs) || usecs == INT64_MAX))
		return aiodal__datum_too_large(datum, "a number of microseconds", err);
	*value = usecs;
	return AIODAL_OK;
}
