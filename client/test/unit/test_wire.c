/*
 * test_wire.c
 *		The calendar, and scalars as PostgreSQL sends and prints them.
 */
#include "support.h"

#include <float.h>
#include <math.h>

#include "util/buf.h"
#include "util/calendar.h"
#include "util/wire.h"

static const char *
date_text(int32_t days)
{
	static char text[40];
	aiodal__buf buf = AIODAL__BUF_INIT;

	aiodal__print_date(&buf, days);
	(void) snprintf(text, sizeof(text), "%s", buf.data);
	aiodal__buf_free(&buf);
	return text;
}

static void
dates(void **state)
{
	static const struct
	{
		const char *text;
		int32_t days;
	} cases[] = {
		{"1970-01-01", 0},
		{"1969-12-31", -1},
		{"2000-01-01", 10957},
		{"2000-02-29", 11016},
		{"1900-02-28", -25509},
		{"1900-03-01", -25508},
		{"0001-01-01", -719162},
		{"0001-12-31 BC", -719163},
		{"0001-02-29 BC", -719469},
		{"4714-11-24 BC", -2440588},
		{"9999-12-31", 2932896},
		{"10000-01-01", 2932897},
		{"5874897-12-31", 2145042905},
		{"infinity", INT32_MAX},
		{"-infinity", INT32_MIN},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		int32_t days = 1;

		assert_true(aiodal__parse_date(cases[i].text, &days));
		assert_int_equal(days, cases[i].days);
		assert_string_equal(date_text(days), cases[i].text);
	}
}

/* Every day of more than 400 years around the turn of the era, and around 2000. */
static void
dates_follow_each_other(void **state)
{
	static const int32_t from[] = {-719162 - 80000, -25600};

	(void) state;
	for (size_t i = 0; i < 2; i++)
	{
		for (int32_t day = from[i]; day < from[i] + 160000; day++)
		{
			int32_t again;

			assert_true(aiodal__parse_date(date_text(day), &again));
			assert_int_equal(again, day);
		}
	}
}

static void
dates_that_are_none(void **state)
{
	static const char *const texts[] = {
		"",
		"2026-02-29",
		"1900-02-29",
		"2024-02-30",
		"2026-13-01",
		"2026-00-10",
		"2026-01-00",
		"2026-04-31",
		"2026-1-1",
		"26-01-01",
		"2026-01-01x",
		"2026-01-01 AD",
		"0000-01-01",
		"2026/01/01",
		"17.12.1997",
		"12345678-01-01",
		"-2026-01-01",
		"Infinity",
		"2026-01-01 ",
		"2026-01-01BC",
		"2026-01",
		"2026",
		"9999999-01-01",
		" BC",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		int32_t days;

		if (aiodal__parse_date(texts[i], &days))
			fail_msg("\"%s\" was taken for a date", texts[i]);
	}
}

static void
times(void **state)
{
	static const char *const none[] = {
		"",         "24:00:01", "25:00:00",  "4:05:06",          "04:05",
		"04:05:60", "04:60:00", "04:05:06.", "04:05:06.1234567", "04:05:06+02"};
	int64_t usecs;
	aiodal__buf buf = AIODAL__BUF_INIT;

	(void) state;
	assert_true(aiodal__parse_time("00:00:00", &usecs));
	assert_int_equal(usecs, 0);
	assert_true(aiodal__parse_time("24:00:00", &usecs));
	assert_int_equal(usecs, AIODAL__DAY_USECS);
	assert_true(aiodal__parse_time("04:05:06.7", &usecs));
	assert_int_equal(usecs, INT64_C(14706700000));
	aiodal__print_time(&buf, usecs);
	assert_string_equal(buf.data, "04:05:06.700000");
	aiodal__buf_free(&buf);
	assert_true(aiodal__parse_time("23:59:59.999999", &usecs));
	assert_int_equal(usecs, AIODAL__DAY_USECS - 1);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(aiodal__parse_time(none[i], &usecs));
}

static void
timestamps(void **state)
{
	static const struct
	{
		const char *text;
		bool with_zone;
		aiodal__parsed parsed;
		int64_t usecs;
	} cases[] = {
		{"1970-01-01 00:00:00", false, AIODAL__PARSED, 0},
		{"1969-12-31 23:59:59.999999", false, AIODAL__PARSED, -1},
		{"1970-01-01 05:30:00+05:30", true, AIODAL__PARSED, 0},
		{"1969-12-31 20:30:00-03:30", true, AIODAL__PARSED, 0},
		{"1970-01-01 00:53:28+00:53:28", true, AIODAL__PARSED, 0},
		{"1970-01-01 00:00:00-00:00:01", true, AIODAL__PARSED, 1000000},
		{"4714-11-24 00:00:00 BC", false, AIODAL__PARSED, INT64_C(-210866803200000000)},
		{"4714-11-24 00:00:00+00 BC", true, AIODAL__PARSED, INT64_C(-210866803200000000)},
		{"294247-01-10 04:00:54.775806", false, AIODAL__PARSED, INT64_MAX - 1},
		{"294247-01-10 04:00:54.775807", false, AIODAL__OUT_OF_RANGE, 0},
		{"294276-12-31 23:59:59.999999", false, AIODAL__OUT_OF_RANGE, 0},
		{"infinity", true, AIODAL__PARSED, INT64_MAX},
		{"-infinity", false, AIODAL__PARSED, INT64_MIN},
		{"1970-01-01 00:00:00+00", false, AIODAL__GARBLED, 0},
		{"1970-01-01 00:00:00", true, AIODAL__GARBLED, 0},
		{"1970-01-01T00:00:00", false, AIODAL__GARBLED, 0},
		{"1970-01-01 00:00:00 UTC", true, AIODAL__GARBLED, 0},
		{"1970-01-01 00:00:00+5", true, AIODAL__GARBLED, 0},
		{"1970-01-01 00:00:00+05:3", true, AIODAL__GARBLED, 0},
		{"Thu Jan 01 00:00:00 1970", false, AIODAL__GARBLED, 0},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		int64_t usecs = 0;

		assert_int_equal(aiodal__parse_timestamp(cases[i].text, cases[i].with_zone, &usecs), cases[i].parsed);
		if (cases[i].parsed == AIODAL__PARSED)
			assert_int_equal(usecs, cases[i].usecs);
	}
}

static void
timestamps_print_and_parse_back(void **state)
{
	static const int64_t cases[] = {0,
									-1,
									1,
									INT64_MAX - 1,
									INT64_C(-210866803200000000),
									INT64_MAX,
									INT64_MIN,
									INT64_C(-62135596800000001)};

	(void) state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++)
	{
		aiodal__buf buf = AIODAL__BUF_INIT;
		int64_t again = 0;

		aiodal__print_timestamp(&buf, cases[i / 2], i % 2);
		assert_int_equal(aiodal__parse_timestamp(buf.data, i % 2, &again), AIODAL__PARSED);
		assert_int_equal(again, cases[i / 2]);
		aiodal__buf_free(&buf);
	}
}

static void
integers_on_the_wire(void **state)
{
	static const int64_t cases[] = {0,     1,      -1,        127,       -128,      255,
									32767, -32768, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		aiodal__buf buf = AIODAL__BUF_INIT;

		aiodal__wire_put(&buf, cases[i], 8);
		aiodal__wire_put(&buf, cases[i], 4);
		aiodal__wire_put(&buf, cases[i], 2);
		assert_int_equal(buf.len, 14);
		assert_int_equal(aiodal__wire_get(buf.data, 8), cases[i]);
		assert_int_equal(aiodal__wire_get(buf.data + 8, 4), (int32_t) cases[i]);
		assert_int_equal(aiodal__wire_get(buf.data + 12, 2), (int16_t) cases[i]);
		aiodal__buf_free(&buf);
	}
	assert_int_equal(aiodal__wire_get("\x01\x02\x03", 3), 0x010203);
}

static void
integers_in_text(void **state)
{
	static const char *const none[] = {"", "x", "1x", "1.5", "9223372036854775808", "-9223372036854775809"};
	int64_t value;

	(void) state;
	assert_true(aiodal__parse_integer("-9223372036854775808", &value));
	assert_int_equal(value, INT64_MIN);
	assert_true(aiodal__parse_integer("9223372036854775807", &value));
	assert_int_equal(value, INT64_MAX);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(aiodal__parse_integer(none[i], &value));
}

static bool
same_bits(double a, double b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static void
doubles(void **state)
{
	static const struct
	{
		double value;
		const char *text;
	} cases[] = {
		{0, "0"},
		{-0.0, "-0"},
		{0.1, "0.1"},
		{1.0 / 3, "0.3333333333333333"},
		{1e300, "1e+300"},
		{5e-324, "4.94065645841247e-324"},
		{DBL_MAX, "1.7976931348623157e+308"},
		{DBL_MIN, "2.2250738585072014e-308"},
		{123456789, "123456789"},
		{INFINITY, "Infinity"},
		{-INFINITY, "-Infinity"},
	};
	double again;

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		aiodal__buf buf = AIODAL__BUF_INIT;

		aiodal__print_double(&buf, cases[i].value);
		assert_string_equal(buf.data, cases[i].text);
		assert_true(aiodal__parse_double(buf.data, &again));
		assert_true(same_bits(again, cases[i].value));
		buf.len = 0;
		aiodal__wire_put_double(&buf, cases[i].value);
		assert_int_equal(buf.len, 8);
		assert_true(same_bits(aiodal__wire_get_double(buf.data), cases[i].value));
		aiodal__buf_free(&buf);
	}
	assert_true(aiodal__parse_double("NaN", &again));
	assert_true(isnan(again));
	assert_false(aiodal__parse_double("1,5", &again));
	assert_false(aiodal__parse_double("", &again));
}

static void
floats(void **state)
{
	static const float cases[] = {0, 0.1F, 1.0F / 3, FLT_MAX, FLT_MIN, 1e-45F, 16777216, -2.5F};
	float again;

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		aiodal__buf buf = AIODAL__BUF_INIT;

		aiodal__print_float(&buf, cases[i]);
		assert_true(aiodal__parse_float(buf.data, &again));
		assert_true(same_bits(again, cases[i]));
		buf.len = 0;
		aiodal__wire_put_float(&buf, cases[i]);
		assert_int_equal(buf.len, 4);
		assert_true(same_bits(aiodal__wire_get_float(buf.data), cases[i]));
		aiodal__buf_free(&buf);
	}
}

/* Words of 16 bits, as they come. */
static size_t
numeric(char *out, const int16_t *words, size_t n, char *text)
{
	aiodal__buf buf = AIODAL__BUF_INIT;
	size_t room;
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		aiodal__wire_put(&buf, words[i], 2);
	memcpy(out, buf.data, buf.len);
	room = aiodal__wire_numeric(out, buf.len, NULL);
	text[0] = '\0';
	if (room > 0)
		len = aiodal__wire_numeric(out, buf.len, text);
	assert_true(room == 0 || len < room);
	assert_int_equal(strlen(text), len);
	aiodal__buf_free(&buf);
	return len;
}

static void
numerics(void **state)
{
	static const struct
	{
		const char *text; /* "": garbled */
		size_t n;
		int16_t words[8];
	} cases[] = {
		{"0", 4, {0, 0, 0, 0}},
		{"0.00", 4, {0, 0, 0, 2}},
		{"1.5", 6, {2, 0, 0, 1, 1, 5000}},
		{"-1", 5, {1, 0, 0x4000, 0, 1}},
		{"0.0001", 5, {1, -1, 0, 4, 1}},
		{"0.0000000001", 5, {1, -3, 0, 10, 100}},
		{"12345678.90", 7, {3, 1, 0, 2, 1234, 5678, 9000}},
		{"100000000", 5, {1, 2, 0, 0, 1}},
		{"0", 4, {0, -1, 0, 0}},
		{"NaN", 4, {0, 0, (int16_t) 0xC000, 0}},
		{"Infinity", 4, {0, 0, (int16_t) 0xD000, 0x1000}},
		{"-Infinity", 4, {0, 0, (int16_t) 0xF000, 0x3000}},
		{"", 3, {0, 0, 0}},
		{"", 4, {1, 0, 0, 0}},
		{"", 5, {1, 0, 0, 0, 10000}},
		{"", 5, {1, 0, 0, 0, -1}},
		{"", 4, {-1, 0, 0, 0}},
		{"", 4, {0, 0, 0, -1}},
	};
	char data[100];
	char text[100];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		(void) numeric(data, cases[i].words, cases[i].n, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void
uuids(void **state)
{
	static const char *const none[] = {
		"", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111",
		"a0eebc999c0b-4ef8-bb6d-6bb9bd380a11-", "g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"};
	unsigned char bytes[16];
	char text[37];

	(void) state;
	assert_true(aiodal__parse_uuid("A0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", bytes));
	assert_int_equal(bytes[0], 0xA0);
	assert_int_equal(bytes[15], 0x11);
	aiodal__print_uuid(text, bytes);
	assert_string_equal(text, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(aiodal__parse_uuid(none[i], bytes));
}

static void
byteas(void **state)
{
	static const struct
	{
		const char *text;
		int size; /* -1: garbled */
		const char *bytes;
	} cases[] = {
		{"", 0, ""},       {"\\x", 0, ""},        {"\\x00fF10", 3, "\x00\xff\x10"},
		{"abc", 3, "abc"}, {"a\\\\b", 3, "a\\b"}, {"\\000\\377x", 3, "\x00\xffx"},
		{"\\x0", -1, ""},  {"\\xzz", -1, ""},     {"\\", -1, ""},
		{"\\37", -1, ""},  {"\\400", -1, ""},     {"\\08a", -1, ""},
	};
	unsigned char bytes[20];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		size_t len = strlen(cases[i].text);
		size_t size = 0;

		assert_true(aiodal__bytea_room(cases[i].text, len) <= sizeof(bytes));
		assert_int_equal(aiodal__parse_bytea(cases[i].text, len, bytes, &size), cases[i].size >= 0);
		if (cases[i].size >= 0)
		{
			assert_int_equal(size, cases[i].size);
			assert_memory_equal(bytes, cases[i].bytes, size);
		}
	}
}

static void
byteas_print_and_parse_back(void **state)
{
	aiodal__buf buf = AIODAL__BUF_INIT;
	unsigned char all[256];
	unsigned char again[300];
	size_t size;

	(void) state;
	for (int i = 0; i < 256; i++)
		all[i] = (unsigned char) i;
	aiodal__print_bytea(&buf, all, sizeof(all));
	assert_int_equal(strlen(buf.data), buf.len);
	assert_true(aiodal__parse_bytea(buf.data, buf.len, again, &size));
	assert_int_equal(size, sizeof(all));
	assert_memory_equal(all, again, size);
	aiodal__buf_free(&buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates),
		cmocka_unit_test(dates_follow_each_other),
		cmocka_unit_test(dates_that_are_none),
		cmocka_unit_test(times),
		cmocka_unit_test(timestamps),
		cmocka_unit_test(timestamps_print_and_parse_back),
		cmocka_unit_test(integers_on_the_wire),
		cmocka_unit_test(integers_in_text),
		cmocka_unit_test(doubles),
		cmocka_unit_test(floats),
		cmocka_unit_test(numerics),
		cmocka_unit_test(uuids),
		cmocka_unit_test(byteas),
		cmocka_unit_test(byteas_print_and_parse_back),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
