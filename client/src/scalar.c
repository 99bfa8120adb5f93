/*
 * scalar.c
 *		Values that are no arrays.
 */
#include "scalar.h"

#include "util/calendar.h"
#include "util/wire.h"

bool
aiodal__kind_is_scalar(aiodal_kind kind)
{
	return (int) kind >= AIODAL_KIND_OTHER && kind < AIODAL_KIND_ARRAY;
}

void
aiodal__scalar_print(aiodal__buf *buf, const aiodal_value *value)
{
	char uuid[37];

	switch (value->kind)
	{
		case AIODAL_KIND_BOOL: aiodal__buf_str(buf, value->as.boolean ? "t" : "f"); break;
		case AIODAL_KIND_INT16:
		case AIODAL_KIND_INT32:
		case AIODAL_KIND_INT64: aiodal__buf_printf(buf, "%lld", (long long) value->as.integer); break;
		case AIODAL_KIND_FLOAT: aiodal__print_float(buf, (float) value->as.number); break;
		case AIODAL_KIND_DOUBLE: aiodal__print_double(buf, value->as.number); break;
		case AIODAL_KIND_BYTEA: aiodal__print_bytea(buf, value->as.bytes.data, value->as.bytes.length); break;
		case AIODAL_KIND_UUID:
			aiodal__print_uuid(uuid, value->as.uuid.bytes);
			aiodal__buf_str(buf, uuid);
			break;
		case AIODAL_KIND_DATE: aiodal__print_date(buf, (int32_t) value->as.integer); break;
		case AIODAL_KIND_TIME: aiodal__print_time(buf, value->as.integer); break;
		case AIODAL_KIND_TIMESTAMP: aiodal__print_timestamp(buf, value->as.integer, false); break;
		case AIODAL_KIND_TIMESTAMPTZ: aiodal__print_timestamp(buf, value->as.integer, true); break;
		default: aiodal__buf_str(buf, value->as.text); break;
	}
}
