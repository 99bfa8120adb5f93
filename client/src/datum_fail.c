/*
 * datum_fail.c
 *		Why a value cannot be read: which one it is, of what type, and what it looks like.
 */
#include "datum.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "util/calendar.h"
#include "util/wire.h"

#define SHOWN_BYTES 100 /* of a value in an error */

static void
print_type(aiodal__buf *buf, Oid type)
{
	const aiodal__type *known = aiodal__type_of(type);
	const aiodal__type *element = aiodal__type_of_array(type);

	if (known)
		aiodal__buf_str(buf, known->name);
	else if (element)
		aiodal__buf_printf(buf, "%s[]", element->name);
	else if (type == 0)
		aiodal__buf_str(buf, "of a type that is not known");
	else
		aiodal__buf_printf(buf, "the type with OID %u", type);
}

/* As much of text as is shown; characters of UTF-8 stay whole. */
static void
print_cut(aiodal__buf *buf, const char *text, size_t len)
{
	size_t shown = len;

	if (len > SHOWN_BYTES)
	{
		shown = SHOWN_BYTES;
		while (shown > 0 && ((unsigned char) text[shown] & 0xC0) == 0x80)
			shown--;
	}
	aiodal__buf_str(buf, "\"");
	aiodal__buf_add(buf, text, shown);
	aiodal__buf_str(buf, shown < len ? "...\"" : "\"");
}

static void
print_numeric(aiodal__buf *buf, const aiodal__datum *datum)
{
	size_t room = aiodal__wire_numeric(datum->data, datum->len, NULL);

	if (room == 0)
		aiodal__print_bytea(buf, datum->data, datum->len < SHOWN_BYTES ? datum->len : SHOWN_BYTES);
	else if (aiodal__buf_reserve(buf, room))
		buf->len += aiodal__wire_numeric(datum->data, datum->len, buf->data + buf->len);
}

static void
print_date(aiodal__buf *buf, int64_t since_2000)
{
	if (since_2000 != INT32_MIN && since_2000 != INT32_MAX)
		since_2000 += AIODAL__EPOCH_DAYS;
	aiodal__print_date(buf, since_2000 > INT32_MAX ? INT32_MAX : (int32_t) since_2000);
}

static void
print_timestamp(aiodal__buf *buf, int64_t since_2000, bool with_zone)
{
	int64_t usecs;

	if (since_2000 == INT64_MIN || since_2000 == INT64_MAX)
		usecs = since_2000;
	else if (__builtin_add_overflow(since_2000, AIODAL__EPOCH_USECS, &usecs))
	{
		aiodal__buf_printf(buf, "%lld microseconds after 2000-01-01", (long long) since_2000);
		return;
	}
	aiodal__print_timestamp(buf, usecs, with_zone);
}

static void
print_binary(aiodal__buf *buf, const aiodal__datum *datum)
{
	switch (aiodal__datum_is_whole(datum) ? datum->type : 0)
	{
		case AIODAL__BOOLOID: aiodal__buf_str(buf, *datum->data ? "t" : "f"); break;
		case AIODAL__INT2OID:
		case AIODAL__INT4OID:
		case AIODAL__INT8OID:
			aiodal__buf_printf(buf, "%lld", (long long) aiodal__wire_get(datum->data, datum->len));
			break;
		case AIODAL__OIDOID:
			aiodal__buf_printf(buf, "%u", (unsigned int) aiodal__wire_get(datum->data, 4));
			break;
		case AIODAL__FLOAT4OID: aiodal__print_float(buf, aiodal__wire_get_float(datum->data)); break;
		case AIODAL__FLOAT8OID: aiodal__print_double(buf, aiodal__wire_get_double(datum->data)); break;
		case AIODAL__NUMERICOID: print_numeric(buf, datum); break;
		case AIODAL__DATEOID: print_date(buf, aiodal__wire_get(datum->data, 4)); break;
		case AIODAL__TIMEOID: aiodal__print_time(buf, aiodal__wire_get(datum->data, 8)); break;
		case AIODAL__TIMESTAMPOID:
		case AIODAL__TIMESTAMPTZOID:
			print_timestamp(buf, aiodal__wire_get(datum->data, 8), datum->type == AIODAL__TIMESTAMPTZOID);
			break;
		default: aiodal__print_bytea(buf, datum->data, datum->len < SHOWN_BYTES ? datum->len : SHOWN_BYTES);
	}
}

static void
print_value(aiodal__buf *buf, const aiodal__datum *datum)
{
	aiodal__buf own = AIODAL__BUF_INIT;

	aiodal__buf_str(buf, "The value is ");
	if (!datum->binary)
		print_cut(buf, datum->data, datum->len);
	else if (aiodal__type_is_text(datum->type))
		print_cut(buf, datum->data, strnlen(datum->data, datum->len));
	else
	{
		print_binary(&own, datum);
		print_cut(buf, own.data ? own.data : "", own.len);
		buf->oom |= own.oom;
		aiodal__buf_free(&own);
	}
	aiodal__buf_str(buf, ".");
}

static void
print_place(aiodal__buf *buf, const aiodal__datum *datum, const char *type)
{
	if (datum->element >= 0)
		aiodal__buf_printf(buf, "element %ld of ", datum->element);
	if (datum->column)
		aiodal__buf_printf(buf, "column \"%s\" (%s) of row %d", datum->column, type, datum->row);
	else
		aiodal__buf_printf(buf, "the array (%s)", type);
}

/* Which column of which row it is, then what is wrong with it. */
static aiodal_status fail(const aiodal__datum *datum, aiodal_error **err, const char *hint, const char *fmt,
						  ...) AIODAL_PRINTF(4, 5);

static aiodal_status
fail(const aiodal__datum *datum, aiodal_error **err, const char *hint, const char *fmt, ...)
{
	aiodal__buf type = AIODAL__BUF_INIT;
	aiodal__buf place = AIODAL__BUF_INIT;
	aiodal__buf detail = AIODAL__BUF_INIT;
	char what[200];
	va_list args;
	aiodal_status status;

	va_start(args, fmt);
	(void) vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	print_type(&type, datum->type);
	print_place(&place, datum, type.data);
	if (datum->data)
		print_value(&detail, datum);
	if (type.oom || place.oom || detail.oom)
		status = aiodal__fail_memory(err);
	else
		status = aiodal__fail_hint(err, AIODAL_EINVAL, detail.data, hint, "%s %s", place.data, what);
	aiodal__buf_free(&type);
	aiodal__buf_free(&place);
	aiodal__buf_free(&detail);
	return status;
}

aiodal_status
aiodal__datum_mismatch(const aiodal__datum *datum, const char *what, aiodal_error **err)
{
	const aiodal__type *known = aiodal__type_of(datum->type);
	const char *of = datum->element >= 0 ? "array" : "result";
	const char *getter = known ? known->getter : "text";
	char hint[100];

	if (aiodal__type_of_array(datum->type))
		getter = "array";
	else if (!known && datum->binary)
	{
		(void) snprintf(hint, sizeof(hint), "Fetch it in the text format and use aiodal_%s_get_text().", of);
		return fail(datum, err, hint, "cannot be read as %s", what);
	}
	(void) snprintf(hint, sizeof(hint), "Use aiodal_%s_get_%s().", of, getter);
	return fail(datum, err, hint, "cannot be read as %s", what);
}

aiodal_status
aiodal__datum_is_null(const aiodal__datum *datum, aiodal_error **err)
{
	return fail(datum, err,
				datum->element >= 0 ? "Ask aiodal_array_is_null() first."
									: "Ask aiodal_result_is_null() first.",
				"is NULL");
}

aiodal_status
aiodal__datum_garbled(const aiodal__datum *datum, aiodal_error **err)
{
	bool of_calendar =
		!datum->binary && (datum->type == AIODAL__DATEOID || datum->type == AIODAL__TIMEOID ||
						   datum->type == AIODAL__TIMESTAMPOID || datum->type == AIODAL__TIMESTAMPTZOID);

	return fail(datum, err, of_calendar ? "Set the session's DateStyle to ISO." : NULL,
				"has a value that its type does not explain");
}

aiodal_status
aiodal__datum_too_large(const aiodal__datum *datum, const char *what, aiodal_error **err)
{
	return fail(datum, err, NULL, "does not fit into %s", what);
}
