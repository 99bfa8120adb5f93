/*
 * test_value.c
 *		Typed values: the same rows fetched in text and in binary read the same.
 */
#include "support.h"

#include <inttypes.h>

static aiodal_db *db;
static aiodal_tx *tx;

static aiodal_result *
fetch(const char *sql, bool binary)
{
	aiodal_error *err = NULL;
	aiodal_query_options options = AIODAL_QUERY_OPTIONS_INIT;
	aiodal_result *res;

	options.results = binary ? AIODAL_WIRE_BINARY : AIODAL_WIRE_TEXT;
	OK(aiodal_tx_query(&res, tx, sql, 0, NULL, &options, &err));
	return res;
}

/*
 * One value read by a getter, as text of our own; of an error its text.
 */

typedef aiodal_status (*reader)(char *out, size_t size, const aiodal_result *res, int row, int column,
								aiodal_error **err);

#define READER(name, type, format, ...)                                                                     \
	static aiodal_status read_##name(char *out, size_t size, const aiodal_result *res, int row, int column, \
									 aiodal_error **err)                                                    \
	{                                                                                                       \
		type value;                                                                                         \
		aiodal_status status = aiodal_result_get_##name(&value, res, row, column, err);                     \
                                                                                                            \
		if (status == AIODAL_OK)                                                                            \
			(void) snprintf(out, size, format, __VA_ARGS__);                                                \
		return status;                                                                                      \
	}

READER(bool, bool, "%s", value ? "true" : "false")
READER(int16, int16_t, "%d", value)
READER(int32, int32_t, "%d", value)
READER(int64, int64_t, "%" PRId64, value)
READER(float, float, "%.9g", (double) value)
READER(double, double, "%.17g", value)
READER(numeric, const char *, "%s", value ? value : "(null)")
READER(text, const char *, "%s", value ? value : "(null)")
READER(date, int32_t, "%d", value)
READER(time, int64_t, "%" PRId64, value)
READER(timestamp, int64_t, "%" PRId64, value)

static void
print_hex(char *out, const void *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		(void) snprintf(out + i * 2, 3, "%02x", ((const unsigned char *) data)[i]);
}

static aiodal_status
read_uuid(char *out, size_t size, const aiodal_result *res, int row, int column, aiodal_error **err)
{
	aiodal_uuid value;
	aiodal_status status = aiodal_result_get_uuid(&value, res, row, column, err);

	assert_true(size > 32);
	if (status == AIODAL_OK)
		print_hex(out, value.bytes, sizeof(value.bytes));
	return status;
}

static aiodal_status
read_bytea(char *out, size_t size, const aiodal_result *res, int row, int column, aiodal_error **err)
{
	aiodal_bytes value;
	aiodal_status status = aiodal_result_get_bytea(&value, res, row, column, err);

	if (status != AIODAL_OK)
		return status;
	assert_true(value.length * 2 < size);
	(void) snprintf(out, size, "%s", value.data ? "" : "(null)");
	print_hex(out, value.data, value.length);
	return status;
}

static void
read_value(char *out, size_t size, reader read, const aiodal_result *res, int row, int column)
{
	aiodal_error *err = NULL;
	aiodal_status status = read(out, size, res, row, column, &err);

	if (status == AIODAL_OK)
		assert_null(err);
	else
	{
		assert_int_equal(status, AIODAL_EINVAL);
		(void) aiodal_error_describe(err, out, size);
	}
	aiodal_error_free(err);
}

/* SQL's value, in both formats, is expected. */
static void
reads(const char *sql, reader read, const char *expected)
{
	char statement[1000];

	(void) snprintf(statement, sizeof(statement), "SELECT 'before' AS a, %s AS v", sql);
	for (int binary = 0; binary < 2; binary++)
	{
		char got[1000];
		aiodal_result *res = fetch(statement, binary);

		read_value(got, sizeof(got), read, res, 0, 1);
		if (strcmp(got, expected) != 0)
			fail_msg("%s in %s is\n%s, not\n%s", sql, binary ? "binary" : "text", got, expected);
		aiodal_result_free(res);
	}
}

static void
booleans_and_integers(void **state)
{
	(void) state;
	reads("true", read_bool, "true");
	reads("false", read_bool, "false");
	reads("32767::int2", read_int16, "32767");
	reads("(-32768)::int2", read_int16, "-32768");
	reads("7::int8", read_int16, "7");
	reads("2147483647", read_int32, "2147483647");
	reads("-2147483648", read_int32, "-2147483648");
	reads("(-1)::int2", read_int32, "-1");
	reads("9223372036854775807", read_int64, "9223372036854775807");
	reads("(-9223372036854775808)::int8", read_int64, "-9223372036854775808");
	reads("4294967295::oid", read_int64, "4294967295");
	reads("4294967295::oid", read_text, "4294967295");
}

static void
floating_point(void **state)
{
	(void) state;
	reads("0.1::float4", read_float, "0.100000001");
	reads("'3.4028235e38'::float4", read_float, "3.40282347e+38");
	reads("'1e-45'::float4", read_float, "1.40129846e-45");
	reads("'-Infinity'::float4", read_float, "-inf");
	reads("'NaN'::float4", read_float, "nan");
	reads("'-0'::float4", read_float, "-0");
	reads("0.1::float8", read_double, "0.10000000000000001");
	reads("'1.7976931348623157e308'::float8", read_double, "1.7976931348623157e+308");
	reads("'5e-324'::float8", read_double, "4.9406564584124654e-324");
	reads("'Infinity'::float8", read_double, "inf");
	reads("'NaN'::float8", read_double, "nan");
	/* exactly what the narrow one is */
	reads("0.1::float4", read_double, "0.10000000149011612");
	reads("-2147483648", read_double, "-2147483648");
	reads("(-7)::int2", read_double, "-7");
}

static void
numerics(void **state)
{
	(void) state;
	reads("0::numeric", read_numeric, "0");
	reads("0.000::numeric", read_numeric, "0.000");
	reads("-1.50", read_numeric, "-1.50");
	reads("1e-20::numeric", read_numeric, "0.00000000000000000001");
	reads("1e30::numeric", read_numeric, "1000000000000000000000000000000");
	reads("12345678901234567890.12345678901234567890", read_numeric,
		  "12345678901234567890.12345678901234567890");
	reads("'NaN'::numeric", read_numeric, "NaN");
	reads("'Infinity'::numeric", read_numeric, "Infinity");
	reads("'-Infinity'::numeric", read_numeric, "-Infinity");
	reads("42", read_numeric, "42");
	reads("NULL::numeric", read_numeric, "(null)");
	reads("length(repeat('9', 131072)::numeric::text)", read_int32, "131072");
}

static void
texts(void **state)
{
	(void) state;
	reads("'Grüße'::text", read_text, "Grüße");
	reads("''::varchar", read_text, "");
	reads("NULL::text", read_text, "(null)");
	reads("'a'::char(3)", read_text, "a  ");
	reads("'x'::\"char\"", read_text, "x");
	reads("''::\"char\"", read_text, "");
	reads("'some_name'::name", read_text, "some_name");
	reads("'unknown'", read_text, "unknown");
	reads("'<a/>'::xml", read_text, "<a/>");
	reads("'{\"b\": 1,  \"a\": 2}'::json", read_text, "{\"b\": 1,  \"a\": 2}");
	reads("'{\"b\": 1,  \"a\": 2}'::jsonb", read_text, "{\"a\": 2, \"b\": 1}");
	reads("true", read_text, "t");
	reads("-5::int2", read_text, "-5");
	reads("1.50", read_text, "1.50");
	reads("'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid", read_text, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
}

static void
bytes(void **state)
{
	(void) state;
	for (int escape = 0; escape < 2; escape++)
	{
		if (escape)
			PQclear(PQexec(aiodal_tx_pgconn(tx), "SET LOCAL bytea_output = escape"));
		reads("'\\x00ff5c27'::bytea", read_bytea, "00ff5c27");
		reads("''::bytea", read_bytea, "");
		reads("NULL::bytea", read_bytea, "(null)");
	}
	PQclear(PQexec(aiodal_tx_pgconn(tx), "SET LOCAL bytea_output = hex"));
	reads("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", read_uuid, "a0eebc999c0b4ef8bb6d6bb9bd380a11");
}

static void
ten_megabytes(void **state)
{
	aiodal_error *err = NULL;
	static const char *const outputs[] = {"hex", "escape", NULL};
	enum
	{
		SIZE = 10 * 1024 * 1024
	};
	unsigned char *expected = malloc(SIZE);

	(void) state;
	assert_non_null(expected);
	for (size_t i = 0; i < SIZE; i++)
		expected[i] = "\x00\xff\x10\x5c"[i % 4];
	for (int i = 0; i < 3; i++)
	{
		aiodal_result *res;
		aiodal_bytes value;
		char set[100];

		(void) snprintf(set, sizeof(set), "SET LOCAL bytea_output = %s", outputs[i] ? outputs[i] : "hex");
		PQclear(PQexec(aiodal_tx_pgconn(tx), set));
		res = fetch("SELECT decode(repeat('00ff105c', 2621440), 'hex')", !outputs[i]);
		OK(aiodal_result_get_bytea(&value, res, 0, 0, &err));
		assert_int_equal(value.length, SIZE);
		assert_int_equal(memcmp(value.data, expected, SIZE), 0);
		aiodal_result_free(res);
	}
	free(expected);
}

static void
dates_and_times(void **state)
{
	(void) state;
	reads("date '1970-01-01'", read_date, "0");
	reads("date '4714-11-24 BC'", read_date, "-2440588");
	reads("date '5874897-12-31'", read_date, "2145042905");
	reads("date 'infinity'", read_date, "2147483647");
	reads("date '-infinity'", read_date, "-2147483648");
	reads("time '00:00'", read_time, "0");
	reads("time '24:00'", read_time, "86400000000");
	reads("time '04:05:06.7'", read_time, "14706700000");
	reads("timestamp '1970-01-01 00:00:00.000001'", read_timestamp, "1");
	reads("timestamp '4714-11-24 00:00:00 BC'", read_timestamp, "-210866803200000000");
	reads("timestamp '294247-01-10 04:00:54.775806'", read_timestamp, "9223372036854775806");
	reads("timestamp 'infinity'", read_timestamp, "9223372036854775807");
	reads("timestamp '-infinity'", read_timestamp, "-9223372036854775808");
	reads("timestamptz 'infinity'", read_timestamp, "9223372036854775807");
}

static void
times_in_any_zone(void **state)
{
	static const char *const zones[] = {"UTC", "Asia/Kolkata", "America/St_Johns", "Africa/Monrovia"};

	(void) state;
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
	{
		char set[100];

		(void) snprintf(set, sizeof(set), "SET LOCAL timezone = '%s'", zones[i]);
		PQclear(PQexec(aiodal_tx_pgconn(tx), set));
		reads("timestamptz '2026-11-25 06:37:28.5+01'", read_timestamp, "1795585048500000");
		/* when Monrovia was 44 minutes and 30 seconds behind */
		reads("timestamptz '1970-01-01 00:00:00+00'", read_timestamp, "0");
		reads("timestamptz '0044-03-15 12:00:00+00 BC'", read_timestamp, "-63517780800000000");
	}
	PQclear(PQexec(aiodal_tx_pgconn(tx), "SET LOCAL timezone = 'UTC'"));
}

/* All rows of a query whose second column is what the getter should give, or NULL: only the same in both. */
static void
all_read_the_same(const char *sql, reader read, int at_least)
{
	aiodal_result *text = fetch(sql, false);
	aiodal_result *binary = fetch(sql, true);

	assert_true(aiodal_result_rows(text) >= at_least);
	assert_int_equal(aiodal_result_rows(text), aiodal_result_rows(binary));
	for (int row = 0; row < aiodal_result_rows(text); row++)
	{
		char a[2000];
		char b[2000];

		read_value(a, sizeof(a), read, text, row, 0);
		read_value(b, sizeof(b), read, binary, row, 0);
		if (strcmp(a, b) != 0 ||
			(aiodal_result_columns(text) > 1 && strcmp(a, aiodal_result_value(text, row, 1)) != 0))
			fail_msg("row %d, %s, is %s and %s", row, aiodal_result_value(text, row, 0), a, b);
	}
	aiodal_result_free(text);
	aiodal_result_free(binary);
}

static void
many_of_each(void **state)
{
	(void) state;
	all_read_the_same("SELECT d, d - date '1970-01-01' FROM (SELECT date '4714-11-24 BC' + i * 42949 FROM "
					  "generate_series(0, 49999) i) s(d)",
					  read_date, 50000);
	all_read_the_same(
		"SELECT t, (extract(epoch FROM t) * 1000000)::bigint FROM (SELECT timestamp '4714-11-24 BC' + "
		"i * interval '9347 days 03:04:05.678901' FROM generate_series(0, 9999) i) s(t)",
		read_timestamp, 10000);
	all_read_the_same("SELECT (hashint8extended(i, 0) / 1e19::float8 * 10::float8 ^ (i % 600 - 300))::float8 "
					  "FROM generate_series(1, "
					  "5000) i",
					  read_double, 5000);
	all_read_the_same("SELECT (hashint8extended(i, 0) / 1e19::float8 * 10::float8 ^ (i % 70 - 35))::float4 "
					  "FROM generate_series(1, "
					  "5000) i",
					  read_double, 5000);
	all_read_the_same(
		"SELECT n, n::text FROM (SELECT round((hashint8extended(i, 0) / 1e19) * 10::numeric ^ (i % 120 - "
		"60), i % 97) FROM generate_series(1, 5000) i) s(n)",
		read_numeric, 5000);
	all_read_the_same("SELECT decode(md5(i::text), 'hex') FROM generate_series(1, 1000) i", read_bytea, 1000);
	all_read_the_same("SELECT md5(i::text)::uuid, md5(i::text) FROM generate_series(1, 1000) i", read_uuid,
					  1000);
}

static void
domains_read_as_what_they_are_made_of(void **state)
{
	(void) state;
	reads("5::positive", read_int32, "5");
	reads("'a'::word", read_text, "a");
}

#define REFUSED(sql, read, words) refused(sql, read, words, __LINE__)

/* In both formats, with all of these lines in the error. */
static void
refused(const char *sql, reader read, const char *expected, int line)
{
	char statement[1000];

	(void) snprintf(statement, sizeof(statement), "SELECT 1 AS a, %s AS \"The value\"", sql);
	for (int binary = 0; binary < 2; binary++)
	{
		char got[2000];
		aiodal_result *res = fetch(statement, binary);

		read_value(got, sizeof(got), read, res, 0, 1);
		if (strcmp(got, expected) != 0)
			fail_msg("line %d: %s in %s is\n%s\nnot\n%s", line, sql, binary ? "binary" : "text", got,
					 expected);
		aiodal_result_free(res);
	}
}

#define WHERE(type) "ERROR:  column \"The value\" (" type ") of row 0 "

static void
what_does_not_fit(void **state)
{
	(void) state;
	REFUSED("32768", read_int16,
			WHERE("integer") "does not fit into int16_t\nDETAIL:  The value is \"32768\".");
	REFUSED("-32769", read_int16,
			WHERE("integer") "does not fit into int16_t\nDETAIL:  The value is \"-32769\".");
	REFUSED("2147483648", read_int32,
			WHERE("bigint") "does not fit into int32_t\nDETAIL:  The value is \"2147483648\".");
	REFUSED("4294967295::oid", read_int32,
			WHERE("oid") "does not fit into int32_t\nDETAIL:  The value is \"4294967295\".");
}

static void
what_is_too_late(void **state)
{
	aiodal_error *err = NULL;
	int64_t value;

	(void) state;
	for (int binary = 0; binary < 2; binary++)
	{
		aiodal_result *res = fetch("SELECT timestamp '294276-12-31 23:59:59', timestamptz '294247-01-10 "
								   "04:00:54.775807+00'",
								   binary);

		FAILS(AIODAL_EINVAL, aiodal_result_get_timestamp(&value, res, 0, 0, &err),
			  "does not fit into a number of microseconds");
		FAILS(AIODAL_EINVAL, aiodal_result_get_timestamp(&value, res, 0, 1, &err),
			  "does not fit into a number of microseconds");
		aiodal_result_free(res);
	}
}

static void
what_is_of_another_type(void **state)
{
	(void) state;
	REFUSED("'12'::text", read_int32,
			WHERE("text") "cannot be read as int32_t\nDETAIL:  The value is \"12\".\nHINT:  Use "
						  "aiodal_result_get_text().");
	REFUSED("1.5::float8", read_numeric,
			WHERE("double precision") "cannot be read as numeric\nDETAIL:  The value is \"1.5\".\nHINT:  Use "
									  "aiodal_result_get_double().");
	REFUSED("1.5", read_double,
			WHERE("numeric") "cannot be read as double\nDETAIL:  The value is \"1.5\".\nHINT:  Use "
							 "aiodal_result_get_numeric().");
	REFUSED("9::bigint", read_double,
			WHERE("bigint") "cannot be read as double\nDETAIL:  The value is \"9\".\nHINT:  Use "
							"aiodal_result_get_int64().");
	REFUSED("date '2026-11-25'", read_timestamp,
			WHERE("date") "cannot be read as timestamp\nDETAIL:  The value is \"2026-11-25\".\nHINT:  Use "
						  "aiodal_result_get_date().");
	REFUSED("true", read_uuid,
			WHERE("boolean") "cannot be read as uuid\nDETAIL:  The value is \"t\".\nHINT:  Use "
							 "aiodal_result_get_bool().");
	REFUSED("'\\xff'::bytea", read_bool,
			WHERE("bytea") "cannot be read as bool\nDETAIL:  The value is \"\\xff\".\nHINT:  Use "
						   "aiodal_result_get_bytea().");
	/* the type counts, not the value */
	REFUSED("NULL::text", read_date,
			WHERE("text") "cannot be read as date\nHINT:  Use aiodal_result_get_text().");
}

static void
types_without_a_getter(void **state)
{
	aiodal_error *err = NULL;
	aiodal_result *res = fetch("SELECT point(1, 2) AS p", false);
	const char *text;
	int32_t number;

	(void) state;
	OK(aiodal_result_get_text(&text, res, 0, 0, &err));
	assert_string_equal(text, "(1,2)");
	FAILS(AIODAL_EINVAL, aiodal_result_get_int32(&number, res, 0, 0, &err), "(the type with OID 600)");
	aiodal_result_free(res);
	res = fetch("SELECT point(1, 2) AS p", true);
	FAILS(AIODAL_EINVAL, aiodal_result_get_text(&text, res, 0, 0, &err), "Fetch it in the text format");
	aiodal_result_free(res);
}

static void
nulls(void **state)
{
	static const struct
	{
		const char *type;
		reader read;
	} cases[] = {
		{"boolean", read_bool},   {"smallint", read_int16},      {"integer", read_int32},
		{"bigint", read_int64},   {"real", read_float},          {"double precision", read_double},
		{"integer", read_double}, {"uuid", read_uuid},           {"date", read_date},
		{"time", read_time},      {"timestamp", read_timestamp}, {"timestamptz", read_timestamp},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char sql[100];
		char expected[300];

		(void) snprintf(sql, sizeof(sql), "NULL::%s", cases[i].type);
		(void) snprintf(expected, sizeof(expected),
						"ERROR:  column \"The value\" (%s) of row 0 is NULL\nHINT:  Ask "
						"aiodal_result_is_null() first.",
						cases[i].type);
		REFUSED(sql, cases[i].read, expected);
	}
}

static void
places_that_are_not_there(void **state)
{
	aiodal_error *err = NULL;
	aiodal_result *res = fetch("SELECT 1", false);
	int32_t value = 7;

	(void) state;
	FAILS(AIODAL_EINVAL, aiodal_result_get_int32(&value, res, 1, 0, &err),
		  "there is no row 1 in a result of 1");
	FAILS(AIODAL_EINVAL, aiodal_result_get_int32(&value, res, -1, 0, &err), "there is no row -1");
	FAILS(AIODAL_EINVAL, aiodal_result_get_int32(&value, res, 0, 1, &err), "there is no column 1");
	FAILS(AIODAL_EINVAL, aiodal_result_get_int32(&value, NULL, 0, 0, &err),
		  "there is no row 0 in a result of 0");
	FAILS(AIODAL_EINVAL, aiodal_result_get_int32(NULL, res, 0, 0, &err), "value must not be NULL");
	assert_int_equal(value, 7);
	aiodal_result_free(res);
}

static void
dates_of_another_style(void **state)
{
	aiodal_error *err = NULL;
	aiodal_result *res;
	int32_t days;
	int64_t usecs;

	(void) state;
	PQclear(PQexec(aiodal_tx_pgconn(tx), "SET LOCAL datestyle = 'German'"));
	res = fetch("SELECT date '2026-11-25', timestamp '2026-11-25 10:00'", false);
	FAILS(AIODAL_EINVAL, aiodal_result_get_date(&days, res, 0, 0, &err), "DateStyle to ISO");
	FAILS(AIODAL_EINVAL, aiodal_result_get_timestamp(&usecs, res, 0, 1, &err), "The value is \"25.11.2026");
	aiodal_result_free(res);
	PQclear(PQexec(aiodal_tx_pgconn(tx), "SET LOCAL datestyle = 'ISO'"));
}

static void
long_values_are_cut(void **state)
{
	aiodal_error *err = NULL;
	aiodal_result *res = fetch("SELECT repeat('x', 99) || repeat('ü', 1000)", false);
	bool value;

	(void) state;
	assert_int_equal(aiodal_result_get_bool(&value, res, 0, 0, &err), AIODAL_EINVAL);
	/* in front of the character that it would have gone through */
	assert_int_equal(strlen(aiodal_error_detail(err)), strlen("The value is \"") + 99 + strlen("...\"."));
	aiodal_error_free(err);
	aiodal_result_free(res);
}

/*
 * Arrays
 */

typedef aiodal_status (*element_reader)(char *out, size_t size, const aiodal_array *array, size_t i,
										aiodal_error **err);

#define ELEMENT_READER(name, type, format, ...)                                                      \
	static aiodal_status element_##name(char *out, size_t size, const aiodal_array *array, size_t i, \
										aiodal_error **err)                                          \
	{                                                                                                \
		type value;                                                                                  \
		aiodal_status status = aiodal_array_get_##name(&value, array, i, err);                       \
                                                                                                     \
		if (status == AIODAL_OK)                                                                     \
			(void) snprintf(out, size, format, __VA_ARGS__);                                         \
		return status;                                                                               \
	}

ELEMENT_READER(bool, bool, "%s", value ? "true" : "false")
ELEMENT_READER(int16, int16_t, "%d", value)
ELEMENT_READER(int32, int32_t, "%d", value)
ELEMENT_READER(int64, int64_t, "%" PRId64, value)
ELEMENT_READER(float, float, "%.9g", (double) value)
ELEMENT_READER(double, double, "%.17g", value)
ELEMENT_READER(numeric, const char *, "%s", value)
ELEMENT_READER(text, const char *, "%s", value)
ELEMENT_READER(bytea, aiodal_bytes, "%zu:%02x", value.length, *(const unsigned char *) value.data)
ELEMENT_READER(uuid, aiodal_uuid, "%02x..%02x", value.bytes[0], value.bytes[15])
ELEMENT_READER(date, int32_t, "%d", value)
ELEMENT_READER(time, int64_t, "%" PRId64, value)
ELEMENT_READER(timestamp, int64_t, "%" PRId64, value)

static element_reader read_element;

/* "[lower:length] elements" */
static aiodal_status
read_array(char *out, size_t size, const aiodal_result *res, int row, int column, aiodal_error **err)
{
	const aiodal_array *array;
	aiodal_status status = aiodal_result_get_array(&array, res, row, column, err);
	size_t len = 0;

	if (status != AIODAL_OK)
		return status;
	out[0] = '\0';
	if (!array)
		(void) snprintf(out, size, "(null)");
	for (int i = 0; i < aiodal_array_dimensions(array); i++)
		len += (size_t) snprintf(out + len, size - len, "[%d:%d]", aiodal_array_lower(array, i),
								 aiodal_array_length(array, i));
	for (size_t i = 0; i < aiodal_array_count(array); i++)
	{
		char element[200] = "NULL";

		if (!aiodal_array_is_null(array, i))
			status = read_element(element, sizeof(element), array, i, err);
		if (status != AIODAL_OK)
			return status;
		len += (size_t) snprintf(out + len, size - len, " %s", element);
		assert_true(len < size);
	}
	return AIODAL_OK;
}

static void
array_reads(const char *sql, element_reader element, const char *expected)
{
	read_element = element;
	reads(sql, read_array, expected);
}

static void
arrays_of_each_type(void **state)
{
	(void) state;
	array_reads("'{t,f,NULL}'::bool[]", element_bool, "[1:3] true false NULL");
	array_reads("'{-32768,32767}'::int2[]", element_int16, "[1:2] -32768 32767");
	array_reads("'{-2147483648,NULL}'::int4[]", element_int32, "[1:2] -2147483648 NULL");
	array_reads("'{9223372036854775807}'::int8[]", element_int64, "[1:1] 9223372036854775807");
	array_reads("'{4294967295}'::oid[]", element_int64, "[1:1] 4294967295");
	array_reads("'{0.1,NaN}'::float4[]", element_float, "[1:2] 0.100000001 nan");
	array_reads("'{0.1,-Infinity}'::float8[]", element_double, "[1:2] 0.10000000000000001 -inf");
	array_reads("'{1.50,NaN,-0.001}'::numeric[]", element_numeric, "[1:3] 1.50 NaN -0.001");
	array_reads("'{7}'::int4[]", element_numeric, "[1:1] 7");
	array_reads("ARRAY['\\x00ff'::bytea, '\\x7f']", element_bytea, "[1:2] 2:00 1:7f");
	array_reads("'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'::uuid[]", element_uuid, "[1:1] a0..11");
	array_reads("'{1970-01-02,infinity}'::date[]", element_date, "[1:2] 1 2147483647");
	array_reads("'{24:00}'::time[]", element_time, "[1:1] 86400000000");
	array_reads("'{1970-01-01 00:00:01}'::timestamp[]", element_timestamp, "[1:1] 1000000");
	array_reads("'{1970-01-01 01:00:01+01}'::timestamptz[]", element_timestamp, "[1:1] 1000000");
	array_reads("ARRAY['{\"a\": [1, 2]}'::jsonb]", element_text, "[1:1] {\"a\": [1, 2]}");
	array_reads("'{a,b}'::varchar(3)[]", element_text, "[1:2] a b");
	array_reads("'{a,b}'::name[]", element_text, "[1:2] a b");
}

static void
arrays_of_any_shape(void **state)
{
	(void) state;
	array_reads("'{}'::int4[]", element_int32, "");
	array_reads("NULL::int4[]", element_int32, "(null)");
	array_reads("'{{1,2,3},{4,NULL,6}}'::int4[]", element_int32, "[1:2][1:3] 1 2 3 4 NULL 6");
	array_reads("'[0:1]={a,b}'::text[]", element_text, "[0:2] a b");
	array_reads("'[-3:-2][5:5]={{a},{b}}'::text[]", element_text, "[-3:2][5:1] a b");
	array_reads("'{{{{{{1},{2}}}}}}'::int4[]", element_int32, "[1:1][1:1][1:1][1:1][1:2][1:1] 1 2");
	array_reads("ARRAY[NULL, NULL]::text[]", element_text, "[1:2] NULL NULL");
	array_reads("ARRAY['', 'NULL', 'null', '{', '}', ',', '\"', '\\', ' a ', E'\\n', 'ü']", element_text,
				"[1:11]  NULL null { } , \" \\  a  \n ü");
	array_reads("ARRAY[NULL, '[1:2]={x}']", element_text, "[1:2] NULL [1:2]={x}");
}

static void
arrays_of_many(void **state)
{
	aiodal_error *err = NULL;

	(void) state;
	for (int binary = 0; binary < 2; binary++)
	{
		aiodal_result *res =
			fetch("SELECT array_agg(CASE WHEN i % 7 > 0 THEN i END ORDER BY i), array_agg(repeat('\"', "
				  "i % 10) ORDER BY i) FROM generate_series(0, 99999) i",
				  binary);
		const aiodal_array *numbers;
		const aiodal_array *texts;

		OK(aiodal_result_get_array(&numbers, res, 0, 0, &err));
		OK(aiodal_result_get_array(&texts, res, 0, 1, &err));
		assert_int_equal(aiodal_array_count(numbers), 100000);
		for (size_t i = 0; i < 100000; i++)
		{
			int32_t number;
			const char *text;

			assert_int_equal(aiodal_array_is_null(numbers, i), i % 7 == 0);
			if (i % 7 > 0)
			{
				OK(aiodal_array_get_int32(&number, numbers, i, &err));
				assert_int_equal(number, i);
			}
			OK(aiodal_array_get_text(&text, texts, i, &err));
			assert_int_equal(strlen(text), i % 10);
		}
		aiodal_result_free(res);
	}
}

static void
arrays_of_types_not_known(void **state)
{
	aiodal_error *err = NULL;
	aiodal_result *res = fetch("SELECT '{good,NULL,\"so so\"}'::mood[]", false);
	const aiodal_array *array;
	const char *text;
	int32_t number;

	(void) state;
	OK(aiodal_result_get_array(&array, res, 0, 0, &err));
	assert_int_equal(aiodal_array_element_type(array), 0);
	assert_int_equal(aiodal_array_count(array), 3);
	OK(aiodal_array_get_text(&text, array, 2, &err));
	assert_string_equal(text, "so so");
	OK(aiodal_array_get_text(&text, array, 1, &err));
	assert_null(text);
	FAILS(AIODAL_EINVAL, aiodal_array_get_int32(&number, array, 0, &err), "element 0 of column");
	aiodal_result_free(res);
	res = fetch("SELECT '{good}'::mood[]", true);
	OK(aiodal_result_get_array(&array, res, 0, 0, &err));
	assert_int_equal(aiodal_array_count(array), 1);
	assert_true(aiodal_array_element_type(array) >= 16384);
	FAILS(AIODAL_EINVAL, aiodal_array_get_text(&text, array, 0, &err), "Fetch it in the text format");
	aiodal_result_free(res);
}

static void
what_is_no_array(void **state)
{
	static const char *const values[] = {"1",
										 "'{1}'::text",
										 "'{}'::json",
										 "point(1,2)",
										 "ROW(1,2)",
										 "'1 2'::int2vector",
										 "'{[1,3)}'::int4multirange",
										 "'{(1,1),(0,0)}'::box[]"};

	(void) state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
	{
		for (int binary = 0; binary < 2; binary++)
		{
			char sql[100];
			aiodal_error *err = NULL;
			const aiodal_array *array;
			aiodal_result *res;

			(void) snprintf(sql, sizeof(sql), "SELECT %s", values[i]);
			res = fetch(sql, binary);
			FAILS(AIODAL_EINVAL, aiodal_result_get_array(&array, res, 0, 0, &err), "cannot be read as array");
			aiodal_result_free(res);
		}
	}
}

static void
elements_that_cannot_be_read(void **state)
{
	(void) state;
	read_element = element_int16;
	REFUSED("'{1,32768}'::int4[]", read_array,
			"ERROR:  element 1 of column \"The value\" (integer) of row 0 does not fit into int16_t\n"
			"DETAIL:  The value is \"32768\".");
	read_element = element_bool;
	REFUSED("'{x}'::text[]", read_array,
			"ERROR:  element 0 of column \"The value\" (text) of row 0 cannot be read as bool\n"
			"DETAIL:  The value is \"x\".\nHINT:  Use aiodal_array_get_text().");
}

static void
elements_that_are_not_there(void **state)
{
	aiodal_error *err = NULL;
	aiodal_result *res = fetch("SELECT '{1,NULL}'::int4[], 7", false);
	const aiodal_array *array;
	int32_t number;

	(void) state;
	OK(aiodal_result_get_array(&array, res, 0, 0, &err));
	FAILS(AIODAL_EINVAL, aiodal_array_get_int32(&number, array, 2, &err),
		  "there is no element 2 in an array of 2");
	FAILS(AIODAL_EINVAL, aiodal_array_get_int32(&number, NULL, 0, &err),
		  "there is no element 0 in an array of 0");
	FAILS(AIODAL_EINVAL, aiodal_array_get_int32(NULL, array, 0, &err), "value must not be NULL");
	FAILS(
		AIODAL_EINVAL, aiodal_array_get_int32(&number, array, 1, &err),
		"element 1 of column \"int4\" (integer) of row 0 is NULL\nHINT:  Ask aiodal_array_is_null() first.");
	FAILS(AIODAL_EINVAL, aiodal_result_get_int32(&number, res, 0, 0, &err),
		  "(integer[]) of row 0 cannot be read as int32_t\nDETAIL:  The value is \"{1,NULL}\".\nHINT:  Use "
		  "aiodal_result_get_array().");
	assert_true(aiodal_array_is_null(array, 2));
	assert_true(aiodal_array_is_null(NULL, 0));
	assert_int_equal(aiodal_array_length(array, 0), 2);
	assert_int_equal(aiodal_array_length(array, 1), 0);
	assert_int_equal(aiodal_array_lower(array, -1), 0);
	assert_int_equal(aiodal_array_dimensions(NULL), 0);
	assert_int_equal(aiodal_array_element_type(array), 23);
	aiodal_result_free(res);
}

static int
set_up(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	(void) state;
	reset_database("CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE DOMAIN word AS varchar(20); "
				   "CREATE TYPE mood AS ENUM ('good', 'so so')");
	options.no_reflect = true;
	return aiodal_db_open(&db, NULL, &options, NULL) || aiodal_tx_begin(&tx, db, NULL, NULL);
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_tx_free(tx);
	aiodal_db_close(db);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(booleans_and_integers),
		cmocka_unit_test(floating_point),
		cmocka_unit_test(numerics),
		cmocka_unit_test(texts),
		cmocka_unit_test(bytes),
		cmocka_unit_test(ten_megabytes),
		cmocka_unit_test(dates_and_times),
		cmocka_unit_test(times_in_any_zone),
		cmocka_unit_test(many_of_each),
		cmocka_unit_test(domains_read_as_what_they_are_made_of),
		cmocka_unit_test(what_does_not_fit),
		cmocka_unit_test(what_is_too_late),
		cmocka_unit_test(what_is_of_another_type),
		cmocka_unit_test(types_without_a_getter),
		cmocka_unit_test(nulls),
		cmocka_unit_test(places_that_are_not_there),
		cmocka_unit_test(dates_of_another_style),
		cmocka_unit_test(long_values_are_cut),
		cmocka_unit_test(arrays_of_each_type),
		cmocka_unit_test(arrays_of_any_shape),
		cmocka_unit_test(arrays_of_many),
		cmocka_unit_test(arrays_of_types_not_known),
		cmocka_unit_test(what_is_no_array),
		cmocka_unit_test(elements_that_cannot_be_read),
		cmocka_unit_test(elements_that_are_not_there),
	};

	return cmocka_run_group_tests_name("value", tests, set_up, tear_down);
}
