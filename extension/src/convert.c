/*
 * convert.c
 *		Text into values of common types.
 */
#include "compat.h"

#include <ctype.h>
#include <float.h>

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "convert.h"
#include "convert_json.h"

/* digits that always fit into an int64 */
#define MAX_DIGITS 18

static inline bool
IsDigit(char c)
{
	return (unsigned char) (c - '0') <= 9;
}

/* Whether text begins with n digits. */
static inline bool
AreDigits(const char *text, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (!IsDigit(text[i]))
			return false;
	}
	return true;
}

/* The number that n digits stand for. */
static inline int
DigitsValue(const char *text, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++)
		value = value * 10 + (text[i] - '0');
	return value;
}

static inline bool
ReadInteger(const char *text, int len, int64 *value)
{
	bool negative = len > 0 && text[0] == '-';
	int64 sum = 0;

	if (negative || (len > 0 && text[0] == '+'))
	{
		text++;
		len--;
	}
	if (len < 1 || len > MAX_DIGITS)
		return false;
	for (int i = 0; i < len; i++)
	{
		if (!IsDigit(text[i]))
			return false;
		sum = sum * 10 + (text[i] - '0');
	}
	*value = negative ? -sum : sum;
	return true;
}

static bool
ConvertInt2(const char *text, int len, int32 typmod, Datum *value)
{
	int64 number;

	if (!ReadInteger(text, len, &number) || number != (int16) number)
		return false;
	*value = Int16GetDatum((int16) number);
	return true;
}

static bool
ConvertInt4(const char *text, int len, int32 typmod, Datum *value)
{
	int64 number;

	if (!ReadInteger(text, len, &number) || number != (int32) number)
		return false;
	*value = Int32GetDatum((int32) number);
	return true;
}

static bool
ConvertInt8(const char *text, int len, int32 typmod, Datum *value)
{
	int64 number;

	if (!ReadInteger(text, len, &number))
		return false;
	*value = Int64GetDatum(number);
	return true;
}

static bool
ConvertBool(const char *text, int len, int32 typmod, Datum *value)
{
	if (len == 1 && (*text == 't' || *text == 'f'))
		*value = BoolGetDatum(*text == 't');
	else if (len == 1 && (*text == '1' || *text == '0'))
		*value = BoolGetDatum(*text == '1');
	else if (len == 4 && memcmp(text, "true", 4) == 0)
		*value = BoolGetDatum(true);
	else if (len == 5 && memcmp(text, "false", 5) == 0)
		*value = BoolGetDatum(false);
	else
		return false;
	return true;
}

static bool
ConvertText(const char *text, int len, int32 typmod, Datum *value)
{
	*value = PointerGetDatum(cstring_to_text_with_len(text, len));
	return true;
}

/* A text that has no more bytes than its type allows characters. */
static bool
ConvertVarchar(const char *text, int len, int32 typmod, Datum *value)
{
	if (typmod >= (int32) VARHDRSZ && len > typmod - (int32) VARHDRSZ)
		return false;
	return ConvertText(text, len, typmod, value);
}

/* An unscaled decimal: the number without its point, and the digits behind that. */
typedef struct Decimal
{
	int64 number; /* never negative */
	bool negative;
	int digits;
	int scale;
} Decimal;

/* Digits with at most one point among or around them, and a sign before. */
static inline bool
ReadDecimal(const char *text, int len, Decimal *decimal)
{
	bool point = false;

	*decimal = (Decimal){.negative = len > 0 && text[0] == '-'};
	if (decimal->negative || (len > 0 && text[0] == '+'))
	{
		text++;
		len--;
	}
	if (len > MAX_DIGITS)
		return false;
	for (int i = 0; i < len; i++)
	{
		if (IsDigit(text[i]))
		{
			decimal->number = decimal->number * 10 + (text[i] - '0');
			decimal->digits++;
			decimal->scale += point;
		}
		else if (text[i] == '.' && !point)
			point = true;
		else
			return false;
	}
	return decimal->digits > 0;
}

/* Brings the decimal to the scale of numeric(precision, scale); false where that rounds or overflows. */
static inline bool
ApplyTypmod(Decimal *decimal, int32 typmod)
{
	int precision = ((typmod - VARHDRSZ) >> 16) & 0xffff;
	int scale = (typmod - VARHDRSZ) & 0x7ff;
	int64 limit = 1;

	if (typmod < (int32) VARHDRSZ)
		return true;
	/* the upper half of the scale's range is negative */
	if (precision > MAX_DIGITS - 1 || scale > precision || decimal->scale > scale)
		return false;
	for (; decimal->scale < scale; decimal->scale++)
	{
		if (++decimal->digits > MAX_DIGITS)
			return false;
		decimal->number *= 10;
	}
	for (int i = 0; i < precision; i++)
		limit *= 10;
	return decimal->number < limit;
}

static bool
ConvertNumeric(const char *text, int len, int32 typmod, Datum *value)
{
	Decimal decimal;
	int64 number;

	if (!ReadDecimal(text, len, &decimal) || !ApplyTypmod(&decimal, typmod))
		return false;
	number = decimal.negative ? -decimal.number : decimal.number;
	*value = NumericGetDatum(decimal.scale > 0 ? int64_div_fast_to_numeric(number, decimal.scale)
											   : int64_to_numeric(number));
	return true;
}

/*
 * A number of few digits is a floating-point number itself, and so is the power of ten that it is to be
 * divided by; their quotient, which is rounded once, is the nearest one to the decimal, as the input
 * function's is. That is so where the precision of a type is that of its arithmetic.
 */
#if FLT_EVAL_METHOD == 0

/* All numbers up to these are exact. */
#define FLOAT8_EXACT (INT64CONST(1) << DBL_MANT_DIG)
#define FLOAT4_EXACT (INT64CONST(1) << FLT_MANT_DIG)

/* The last power of ten that a float4 has; a float8 has all that are needed. */
#define FLOAT4_POWERS 10

static const double power_of_ten[MAX_DIGITS + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
													1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};

static bool
ConvertFloat8(const char *text, int len, int32 typmod, Datum *value)
{
	Decimal decimal;
	double number;

	if (!ReadDecimal(text, len, &decimal) || decimal.number > FLOAT8_EXACT)
		return false;
	number = (double) decimal.number / power_of_ten[decimal.scale];
	*value = Float8GetDatum(decimal.negative ? -number : number);
	return true;
}

static bool
ConvertFloat4(const char *text, int len, int32 typmod, Datum *value)
{
	Decimal decimal;
	float number;

	if (!ReadDecimal(text, len, &decimal) || decimal.number > FLOAT4_EXACT || decimal.scale > FLOAT4_POWERS)
		return false;
	number = (float) decimal.number / (float) power_of_ten[decimal.scale];
	*value = Float4GetDatum(decimal.negative ? -number : number);
	return true;
}

#else

#define ConvertFloat8 NULL
#define ConvertFloat4 NULL

#endif

/* YYYY-MM-DD: days since PostgreSQL's epoch. Years of four digits are read alike in every DateStyle. */
static inline bool
ReadDate(const char *text, int32 *days)
{
	int year, month, day;

	if (!AreDigits(text, 4) || text[4] != '-' || !AreDigits(text + 5, 2) || text[7] != '-' ||
		!AreDigits(text + 8, 2))
		return false;
	year = DigitsValue(text, 4);
	month = DigitsValue(text + 5, 2);
	day = DigitsValue(text + 8, 2);
	if (year < 1 || month < 1 || month > MONTHS_PER_YEAR || day < 1 || day > day_tab[isleap(year)][month - 1])
		return false;
	*days = date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
	return true;
}

static bool
ConvertDate(const char *text, int len, int32 typmod, Datum *value)
{
	int32 days;

	if (len != 10 || !ReadDate(text, &days))
		return false;
	*value = DateADTGetDatum(days);
	return true;
}

/* .d to .dddddd at text: microseconds; returns the length, 0 when there is none, -1 when not sure. */
static inline int
ReadFraction(const char *text, int len, int max_digits, int *microseconds)
{
	int digits = 0;

	*microseconds = 0;
	if (len == 0 || text[0] != '.')
		return 0;
	while (digits + 1 < len && IsDigit(text[digits + 1]))
		digits++;
	if (digits == 0 || digits > max_digits)
		return -1;
	*microseconds = DigitsValue(text + 1, digits);
	for (int i = digits; i < 6; i++)
		*microseconds *= 10;
	return digits + 1;
}

/*
 * YYYY-MM-DD HH:MM:SS[.ssssss], with a space or T between: microseconds since
 * PostgreSQL's epoch. Returns how long it is, or 0 when not sure.
 */
static inline int
ReadDateTime(const char *text, int len, int32 typmod, Timestamp *time)
{
	int32 days;
	int hour, minute, second, microseconds, fraction;

	if (len < 19 || !ReadDate(text, &days) || (text[10] != ' ' && text[10] != 'T') ||
		!AreDigits(text + 11, 2) || text[13] != ':' || !AreDigits(text + 14, 2) || text[16] != ':' ||
		!AreDigits(text + 17, 2))
		return 0;
	hour = DigitsValue(text + 11, 2);
	minute = DigitsValue(text + 14, 2);
	second = DigitsValue(text + 17, 2);
	if (hour > 23 || minute > 59 || second > 59)
		return 0;
	fraction = ReadFraction(text + 19, len - 19, typmod >= 0 ? Min(typmod, MAX_TIMESTAMP_PRECISION) : 6,
							&microseconds);
	if (fraction < 0)
		return 0;
	*time = days * USECS_PER_DAY +
			((hour * MINS_PER_HOUR + minute) * SECS_PER_MINUTE + second) * USECS_PER_SEC + microseconds;
	return 19 + fraction;
}

static bool
ConvertTimestamp(const char *text, int len, int32 typmod, Datum *value)
{
	Timestamp time;
	int read = ReadDateTime(text, len, typmod, &time);

	if (read == 0 || read < len)
		return false;
	*value = TimestampGetDatum(time);
	return true;
}

/* Z, +HH or +HH:MM: seconds east of Greenwich; anything else depends on settings, or is odd. */
static inline bool
ReadZone(const char *text, int len, int *seconds)
{
	int minutes;

	*seconds = 0;
	if (len == 1 && text[0] == 'Z')
		return true;
	if ((len != 3 && len != 6) || (text[0] != '+' && text[0] != '-') || !AreDigits(text + 1, 2))
		return false;
	minutes = DigitsValue(text + 1, 2) * MINS_PER_HOUR;
	if (len == 6)
	{
		if (text[3] != ':' || !AreDigits(text + 4, 2) || DigitsValue(text + 4, 2) > 59)
			return false;
		minutes += DigitsValue(text + 4, 2);
	}
	if (minutes > MAX_TZDISP_HOUR * MINS_PER_HOUR)
		return false;
	*seconds = (text[0] == '-' ? -minutes : minutes) * SECS_PER_MINUTE;
	return true;
}

static bool
ConvertTimestampTz(const char *text, int len, int32 typmod, Datum *value)
{
	Timestamp time;
	int zone;
	int read = ReadDateTime(text, len, typmod, &time);

	if (read == 0 || !ReadZone(text + read, len - read, &zone))
		return false;
	*value = TimestampTzGetDatum(time - zone * USECS_PER_SEC);
	return true;
}

static inline int
HexDigit(char c)
{
	if (IsDigit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 8-4-4-4-12 digits */
static bool
ConvertUuid(const char *text, int len, int32 typmod, Datum *value)
{
	pg_uuid_t *uuid;
	int bytes = 0;
	unsigned char data[UUID_LEN];

	if (len != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
		return false;
	for (int i = 0; i < len; i += 2)
	{
		int high, low;

		i += text[i] == '-';
		high = HexDigit(text[i]);
		low = HexDigit(text[i + 1]);
		if (high < 0 || low < 0)
			return false;
		data[bytes++] = high << 4 | low;
	}
	uuid = palloc(sizeof(pg_uuid_t));
	memcpy(uuid->data, data, UUID_LEN);
	*value = UUIDPGetDatum(uuid);
	return true;
}

Converter
ConverterOf(Oid type)
{
	switch (type)
	{
		case INT2OID: return ConvertInt2;
		case INT4OID: return ConvertInt4;
		case INT8OID: return ConvertInt8;
		case BOOLOID: return ConvertBool;
		case TEXTOID: return ConvertText;
		case VARCHAROID: return ConvertVarchar;
		case NUMERICOID: return ConvertNumeric;
		case FLOAT4OID: return ConvertFloat4;
		case FLOAT8OID: return ConvertFloat8;
		case DATEOID: return ConvertDate;
		case TIMESTAMPOID: return ConvertTimestamp;
		case TIMESTAMPTZOID: return ConvertTimestampTz;
		case UUIDOID: return ConvertUuid;
		case JSONOID: return ConvertJson;
		case JSONBOID: return ConvertJsonb;
		default: return NULL;
	}
}

/* Whether a number may begin with this; spaces are for the input function. */
static bool
MayBeginNumber(char c)
{
	return IsDigit(c) || c == '+' || c == '-' || c == '.' || isspace((unsigned char) c);
}

static bool
IsWordOfNumeric(const char *text)
{
	return pg_strncasecmp(text, "nan", 3) == 0 || pg_strncasecmp(text, "inf", 3) == 0;
}

const char *
TypeRefusing(Oid type, const char *text)
{
	if (MayBeginNumber(*text))
		return NULL;
	switch (type)
	{
		case INT2OID: return "smallint";
		case INT4OID: return "integer";
		case INT8OID: return "bigint";
		case NUMERICOID: return IsWordOfNumeric(text) ? NULL : "numeric";
		default: return NULL;
	}
}
