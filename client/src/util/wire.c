/*
 * wire.c
 *		Numbers, uuid and bytea between bytes, text and C.
 */
#include "util/wire.h"

#include <errno.h>
#include <float.h>
#include <limits.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t
aiodal__wire_get(const char *data, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | (unsigned char) data[i];
	/* the sign to the top, and back down with it */
	return (int64_t) (value << (64 - 8 * size)) >> (64 - 8 * size);
}

void
aiodal__wire_put(aiodal__buf *buf, int64_t value, size_t size)
{
	char bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char) ((uint64_t) value >> 8 * (size - 1 - i));
	aiodal__buf_add(buf, bytes, size);
}

float
aiodal__wire_get_float(const char *data)
{
	uint32_t bits = (uint32_t) aiodal__wire_get(data, 4);
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

double
aiodal__wire_get_double(const char *data)
{
	uint64_t bits = (uint64_t) aiodal__wire_get(data, 8);
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

void
aiodal__wire_put_float(aiodal__buf *buf, float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	aiodal__wire_put(buf, bits, 4);
}

void
aiodal__wire_put_double(aiodal__buf *buf, double value)
{
	int64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	aiodal__wire_put(buf, bits, 8);
}

/*
 * Numeric: digits to base 10000, of which the first is worth 10000^weight; scale is how many decimal places
 * are shown.
 */

enum
{
	NUMERIC_HEADER = 8,
	NUMERIC_NEGATIVE = 0x4000,
	NUMERIC_NAN = 0xC000,
	NUMERIC_INFINITY = 0xD000,
	NUMERIC_MINUS_INFINITY = 0xF000
};

typedef struct numeric
{
	const char *digits;
	int n_digits;
	int weight;
	int scale;
} numeric;

static int
numeric_digit(const numeric *n, int i)
{
	return i >= 0 && i < n->n_digits ? (int) aiodal__wire_get(n->digits + (ptrdiff_t) i * 2, 2) : 0;
}

static char *
print_numeric(const numeric *n, char *out)
{
	if (n->weight < 0)
		*out++ = '0';
	for (int i = 0; i <= n->weight; i++)
		out += snprintf(out, 5, i == 0 ? "%d" : "%04d", numeric_digit(n, i));
	if (n->scale > 0)
		*out++ = '.';
	for (int place = 0; place < n->scale; place += 4)
	{
		char four[8];
		int left = n->scale - place;

		(void) snprintf(four, sizeof(four), "%04d", numeric_digit(n, n->weight + 1 + place / 4));
		memcpy(out, four, (size_t) (left < 4 ? left : 4));
		out += left < 4 ? left : 4;
	}
	*out = '\0';
	return out;
}

static bool
digits_are_sane(const numeric *n)
{
	for (int i = 0; i < n->n_digits; i++)
	{
		if (numeric_digit(n, i) < 0 || numeric_digit(n, i) > 9999)
			return false;
	}
	return true;
}

static const char *
special_numeric(int sign)
{
	switch (sign)
	{
		case NUMERIC_NAN: return "NaN";
		case NUMERIC_INFINITY: return "Infinity";
		case NUMERIC_MINUS_INFINITY: return "-Infinity";
		default: return NULL;
	}
}

size_t
aiodal__wire_numeric(const char *data, size_t size, char *out)
{
	numeric n = {.digits = data + NUMERIC_HEADER};
	const char *special;
	int sign;
	char *to = out;

	if (size < NUMERIC_HEADER)
		return 0;
	n.n_digits = (int) aiodal__wire_get(data, 2);
	n.weight = (int) aiodal__wire_get(data + 2, 2);
	sign = (int) aiodal__wire_get(data + 4, 2) & 0xFFFF;
	n.scale = (int) aiodal__wire_get(data + 6, 2);
	if (n.n_digits < 0 || n.scale < 0 || size != NUMERIC_HEADER + (size_t) n.n_digits * 2 ||
		!digits_are_sane(&n))
		return 0;
	if (!out)
		return 16 + (size_t) (n.weight > 0 ? n.weight * 4 : 0) + (size_t) n.scale + 8;
	special = special_numeric(sign);
	if (special)
		return (size_t) (stpcpy(out, special) - out);
	if (sign == NUMERIC_NEGATIVE)
		*to++ = '-';
	return (size_t) (print_numeric(&n, to) - out);
}

/*
 * Decimal text. strtod() and printf() write the locale's point.
 */

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

/* Of glibc and musl this is a constant: it cannot fail. */
static void
make_c_locale(void)
{
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t) 0);
}

static locale_t
get_c_locale(void)
{
	(void) pthread_once(&c_locale_once, make_c_locale);
	return c_locale;
}

bool
aiodal__parse_integer(const char *text, int64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0';
}

/* A subnormal number is ERANGE too: what counts is whether all of the text was read. */
bool
aiodal__parse_double(const char *text, double *value)
{
	char *end;

	*value = strtod_l(text, &end, get_c_locale());
	return end != text && *end == '\0';
}

bool
aiodal__parse_float(const char *text, float *value)
{
	char *end;

	*value = strtof_l(text, &end, get_c_locale());
	return end != text && *end == '\0';
}

/* "Infinity" and "NaN" as PostgreSQL writes them */
static bool
print_special(aiodal__buf *buf, double value)
{
	if (value != value)
		aiodal__buf_str(buf, "NaN");
	else if (value > DBL_MAX || value < -DBL_MAX)
		aiodal__buf_str(buf, value < 0 ? "-Infinity" : "Infinity");
	else
		return false;
	return true;
}

static void
print_digits(char text[40], double value, int digits)
{
	/* of what %g writes, only the point depends on the locale, and it may have more than one byte */
	locale_t old = uselocale(get_c_locale());

	(void) snprintf(text, 40, "%.*g", digits, value);
	(void) uselocale(old);
}

void
aiodal__print_double(aiodal__buf *buf, double value)
{
	char text[40];
	double again = 0;

	if (print_special(buf, value))
		return;
	for (int digits = DBL_DIG; digits <= 17; digits++)
	{
		print_digits(text, value, digits);
		if (aiodal__parse_double(text, &again) && again == value)
			break;
	}
	aiodal__buf_str(buf, text);
}

void
aiodal__print_float(aiodal__buf *buf, float value)
{
	char text[40];
	float again = 0;

	if (print_special(buf, (double) value))
		return;
	for (int digits = FLT_DIG; digits <= 9; digits++)
	{
		print_digits(text, (double) value, digits);
		if (aiodal__parse_float(text, &again) && again == value)
			break;
	}
	aiodal__buf_str(buf, text);
}

/*
 * Hexadecimal
 */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool
hex_byte(const char *text, unsigned char *byte)
{
	int high = hex_digit(text[0]);
	int low = high < 0 ? -1 : hex_digit(text[1]);

	*byte = (unsigned char) (high << 4 | low);
	return low >= 0;
}

bool
aiodal__parse_uuid(const char *text, unsigned char bytes[16])
{
	for (int i = 0; i < 16; i++)
	{
		if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
			return false;
		if (!hex_byte(text, &bytes[i]))
			return false;
		text += 2;
	}
	return *text == '\0';
}

void
aiodal__print_uuid(char out[37], const unsigned char bytes[16])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

/* \nnn */
static bool
octal_byte(const char *text, const char *end, int *byte)
{
	if (end - text < 4 || text[1] > '3')
		return false;
	for (int i = 1; i <= 3; i++)
	{
		if (text[i] < '0' || text[i] > '7')
			return false;
		*byte = *byte * 8 + text[i] - '0';
	}
	return true;
}

/* Backslashes doubled, other bytes that cannot be printed as \nnn. */
static bool
parse_escaped(const char *text, size_t len, unsigned char *out, size_t *size)
{
	const char *end = text + len;

	*size = 0;
	while (text < end)
	{
		int byte = 0;

		if (*text != '\\')
			byte = (unsigned char) *text++;
		else if (end - text >= 2 && text[1] == '\\')
		{
			byte = '\\';
			text += 2;
		}
		else
		{
			if (!octal_byte(text, end, &byte))
				return false;
			text += 4;
		}
		out[(*size)++] = (unsigned char) byte;
	}
	return true;
}

static bool
is_hex(const char *text, size_t len)
{
	return len >= 2 && text[0] == '\\' && text[1] == 'x';
}

size_t
aiodal__bytea_room(const char *text, size_t len)
{
	return is_hex(text, len) ? len / 2 : len;
}

bool
aiodal__parse_bytea(const char *text, size_t len, unsigned char *out, size_t *size)
{
	if (!is_hex(text, len))
		return parse_escaped(text, len, out, size);
	if (len % 2 != 0)
		return false;
	*size = (len - 2) / 2;
	for (size_t i = 0; i < *size; i++)
	{
		if (!hex_byte(text + 2 + i * 2, &out[i]))
			return false;
	}
	return true;
}

void
aiodal__print_bytea(aiodal__buf *buf, const void *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = data;

	if (size > (SIZE_MAX - 3) / 2 || !aiodal__buf_reserve(buf, size * 2 + 3))
	{
		buf->oom = true;
		return;
	}
	aiodal__buf_str(buf, "\\x");
	for (size_t i = 0; i < size; i++)
	{
		buf->data[buf->len++] = digits[bytes[i] >> 4];
		buf->data[buf->len++] = digits[bytes[i] & 15];
	}
	buf->data[buf->len] = '\0';
}
