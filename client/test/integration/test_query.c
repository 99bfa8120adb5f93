/*
 * test_query.c
 *		Statements with typed parameters.
 */
#include "support.h"

#include <float.h>
#include <math.h>

static aiodal_db *db;
static aiodal_tx *tx;

static const aiodal_uuid some_uuid = {
	{0xa0, 0xee, 0xbc, 0x99, 0x9c, 0x0b, 0x4e, 0xf8, 0xbb, 0x6d, 0x6b, 0xb9, 0xbd, 0x38, 0x0a, 0x11}};

/* What the server makes of one parameter: its type and its text. */
static void
arrives(aiodal_value value, const char *type, const char *text)
{
	aiodal_error *err = NULL;
	aiodal_result *res;
	char sql[100];

	(void) snprintf(sql, sizeof(sql), "SELECT pg_typeof(v), v::text FROM (SELECT $1%s) s(v)",
					value.type == 0 && value.kind != AIODAL_KIND_ARRAY ? "::text" : "");
	OK(aiodal_tx_query(&res, tx, sql, 1, &value, NULL, &err));
	assert_string_equal(aiodal_result_value(res, 0, 0), type);
	if (text)
		assert_string_equal(aiodal_result_value(res, 0, 1), text);
	else
		assert_true(aiodal_result_is_null(res, 0, 1));
	aiodal_result_free(res);
}

static void
each_kind_arrives(void **state)
{
	(void) state;
	arrives(aiodal_bool(true), "boolean", "true");
	arrives(aiodal_bool(false), "boolean", "false");
	arrives(aiodal_int16(INT16_MIN), "smallint", "-32768");
	arrives(aiodal_int32(INT32_MIN), "integer", "-2147483648");
	arrives(aiodal_int32(INT32_MAX), "integer", "2147483647");
	arrives(aiodal_int64(INT64_MIN), "bigint", "-9223372036854775808");
	arrives(aiodal_float(0.1F), "real", "0.1");
	arrives(aiodal_float(-FLT_MAX), "real", "-3.4028235e+38");
	arrives(aiodal_double(0.1), "double precision", "0.1");
	arrives(aiodal_double(5e-324), "double precision", "5e-324");
	arrives(aiodal_double(NAN), "double precision", "NaN");
	arrives(aiodal_double(-INFINITY), "double precision", "-Infinity");
	arrives(aiodal_numeric("-12345678901234567890.0100"), "numeric", "-12345678901234567890.0100");
	arrives(aiodal_numeric("NaN"), "numeric", "NaN");
	arrives(aiodal_text("Grüße, 'x' \\ \"y\""), "text", "Grüße, 'x' \\ \"y\"");
	arrives(aiodal_text(""), "text", "");
	arrives(aiodal_json("{\"b\": 1,  \"a\": 2}"), "json", "{\"b\": 1,  \"a\": 2}");
	arrives(aiodal_jsonb("{\"b\": 1,  \"a\": 2}"), "jsonb", "{\"a\": 2, \"b\": 1}");
	arrives(aiodal_bytea("\0\xff'\\", 4), "bytea", "\\x00ff275c");
	arrives(aiodal_bytea("", 0), "bytea", "\\x");
	arrives(aiodal_uuid_value(some_uuid), "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
}

static void
dates_and_times_arrive(void **state)
{
	(void) state;
	arrives(aiodal_date(0), "date", "1970-01-01");
	arrives(aiodal_date(-2440588), "date", "4714-11-24 BC");
	arrives(aiodal_date(2145042905), "date", "5874897-12-31");
	arrives(aiodal_date(AIODAL_DATE_INFINITY), "date", "infinity");
	arrives(aiodal_date(AIODAL_DATE_MINUS_INFINITY), "date", "-infinity");
	arrives(aiodal_time(INT64_C(86400000000)), "time without time zone", "24:00:00");
	arrives(aiodal_time(1), "time without time zone", "00:00:00.000001");
	arrives(aiodal_timestamp(-1), "timestamp without time zone", "1969-12-31 23:59:59.999999");
	arrives(aiodal_timestamp(INT64_C(-210866803200000000)), "timestamp without time zone",
			"4714-11-24 00:00:00 BC");
	arrives(aiodal_timestamp(INT64_MAX - 1), "timestamp without time zone", "294247-01-10 04:00:54.775806");
	arrives(aiodal_timestamptz(0), "timestamp with time zone", "1970-01-01 00:00:00+00");
	arrives(aiodal_timestamptz(AIODAL_TIME_INFINITY), "timestamp with time zone", "infinity");
	arrives(aiodal_timestamptz(AIODAL_TIME_MINUS_INFINITY), "timestamp with time zone", "-infinity");
}

static void
nulls_keep_their_type(void **state)
{
	aiodal_value date = aiodal_date(7);

	(void) state;
	date.is_null = true;
	arrives(date, "date", NULL);
	arrives(aiodal_null(), "text", NULL);
	arrives(aiodal_text(NULL), "text", NULL);
	arrives(aiodal_numeric(NULL), "numeric", NULL);
	arrives(aiodal_bytea(NULL, 3), "bytea", NULL);
	arrives(aiodal_jsonb(NULL), "jsonb", NULL);
}

static void
what_is_out_of_range(void **state)
{
	aiodal_error *err = NULL;
	aiodal_value value = aiodal_date(INT32_MIN + 1);

	(void) state;
	FAILS(AIODAL_EINVAL, aiodal_tx_query(NULL, tx, "SELECT $1", 1, &value, NULL, &err),
		  "parameter $1 is out of range for a date");
	value = aiodal_timestamp(INT64_MIN + 1);
	FAILS(AIODAL_EINVAL, aiodal_tx_query(NULL, tx, "SELECT $1", 1, &value, NULL, &err),
		  "parameter $1 is out of range for a timestamp");
	/* nothing was sent */
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
	OK(aiodal_tx_savepoint(tx, "s", &err));
	value = aiodal_date(-2440589);
	FAILS(AIODAL_ESERVER, aiodal_tx_query(NULL, tx, "SELECT $1", 1, &value, NULL, &err), "out of range");
	OK(aiodal_tx_rollback_to(tx, "s", &err));
	value = aiodal_time(-1);
	FAILS(AIODAL_ESERVER, aiodal_tx_query(NULL, tx, "SELECT $1", 1, &value, NULL, &err), "out of range");
	OK(aiodal_tx_rollback_to(tx, "s", &err));
}

static void
into_columns_of_other_types(void **state)
{
	aiodal_error *err = NULL;
	const aiodal_value values[] = {aiodal_int32(7),      aiodal_text("so so"),  aiodal_int64(70000),
								   aiodal_text("1 day"), aiodal_other("[1,5)"), aiodal_double(1.5),
								   aiodal_text("12"),    aiodal_json("[1]")};

	(void) state;
	OK(aiodal_tx_query(NULL, tx, "INSERT INTO various VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", 8, values,
					   NULL, &err));
	assert_string_equal(query(tx, "SELECT various::text FROM various"),
						"(7,\"so so\",70000,\"1 day\",\"[1,5)\",1.5,12,[1])");
	OK(aiodal_tx_savepoint(tx, "s", &err));
	/* smallint */
	FAILS(AIODAL_ESERVER,
		  aiodal_tx_query(NULL, tx, "INSERT INTO various (a) VALUES ($1)", 1, &values[2], NULL, &err),
		  "smallint out of range");
	OK(aiodal_tx_rollback_to(tx, "s", &err));
}

/* SELECT $1::int + $2::int + ... would be too deep a nest; an array is flat. */
static void
more_than_a_few(void **state)
{
	enum
	{
		SIZE = 65536 * 8
	};
	static const size_t counts[] = {1, 16, 17, 1000, 65535};
	aiodal_error *err = NULL;
	aiodal_value *values = malloc(65536 * sizeof(*values));
	char *sql = malloc(SIZE);

	(void) state;
	for (size_t i = 0; i < 65536; i++)
		values[i] = aiodal_int32((int32_t) i + 1);
	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++)
	{
		size_t len = (size_t) snprintf(sql, SIZE, "SELECT sum(v) FROM unnest(ARRAY[");
		int64_t n = (int64_t) counts[c];
		int64_t sum;
		aiodal_result *res;

		for (size_t i = 0; i < counts[c]; i++)
			len += (size_t) snprintf(sql + len, SIZE - len, "%s$%zu", i > 0 ? "," : "", i + 1);
		(void) snprintf(sql + len, SIZE - len, "]) v");
		OK(aiodal_tx_query(&res, tx, sql, counts[c], values, NULL, &err));
		OK(aiodal_result_get_int64(&sum, res, 0, 0, &err));
		assert_int_equal(sum, n * (n + 1) / 2);
		aiodal_result_free(res);
	}
	FAILS(AIODAL_EINVAL, aiodal_tx_query(NULL, tx, "SELECT 1", 65536, values, NULL, &err),
		  "65536 parameters are too many");
	free(values);
	free(sql);
}

static void
ten_megabytes_there_and_back(void **state)
{
	enum
	{
		SIZE = 10 * 1024 * 1024
	};
	aiodal_error *err = NULL;
	unsigned char *data = malloc(SIZE);
	aiodal_value value = aiodal_bytea(data, SIZE);

	(void) state;
	for (size_t i = 0; i < SIZE; i++)
		data[i] = (unsigned char) (i * 7 + i / 256);
	for (int binary = 0; binary < 2; binary++)
	{
		aiodal_query_options options = AIODAL_QUERY_OPTIONS_INIT;
		aiodal_result *res;
		aiodal_bytes back;

		options.results = binary ? AIODAL_WIRE_BINARY : AIODAL_WIRE_TEXT;
		OK(aiodal_tx_query(&res, tx, "SELECT $1", 1, &value, &options, &err));
		OK(aiodal_result_get_bytea(&back, res, 0, 0, &err));
		assert_int_equal(back.length, SIZE);
		assert_int_equal(memcmp(back.data, data, SIZE), 0);
		aiodal_result_free(res);
	}
	free(data);
}

static void
bad_calls(void **state)
{
	aiodal_error *err = NULL;
	aiodal_value value = aiodal_int32(1);
	aiodal_query_options options = AIODAL_QUERY_OPTIONS_INIT;
	aiodal_result *res = (aiodal_result *) &value;
	aiodal_op *op;

	(void) state;
	FAILS(AIODAL_EINVAL, aiodal_tx_query(&res, tx, NULL, 0, NULL, NULL, &err), "sql must not be NULL");
	assert_null(res);
	FAILS(AIODAL_EINVAL, aiodal_tx_query(NULL, tx, "SELECT $1", 1, NULL, NULL, &err),
		  "params must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_tx_query(NULL, NULL, "SELECT 1", 0, NULL, NULL, &err), "tx must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_tx_query_start(NULL, tx, "SELECT 1", 0, NULL, NULL, &err),
		  "op must not be NULL");
	options.results = (aiodal_wire) 7;
	FAILS(AIODAL_EINVAL, aiodal_tx_query(NULL, tx, "SELECT 1", 0, NULL, &options, &err), "unknown results 7");
	options.size = 0;
	FAILS(AIODAL_EINVAL, aiodal_tx_query(NULL, tx, "SELECT 1", 0, NULL, &options, &err), "_INIT");
	value.kind = (aiodal_kind) 99;
	FAILS(AIODAL_EINVAL, aiodal_tx_query(NULL, tx, "SELECT $1", 1, &value, NULL, &err),
		  "parameter $1 is of kind 99");
	FAILS(AIODAL_EINVAL, aiodal_tx_query_start(&op, tx, "SELECT $1", 1, &value, NULL, &err), "of kind 99");
	assert_null(op);
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
}

static void
binary_results_that_a_type_has_not(void **state)
{
	aiodal_error *err = NULL;
	aiodal_query_options options = AIODAL_QUERY_OPTIONS_INIT;

	(void) state;
	options.results = AIODAL_WIRE_BINARY;
	OK(aiodal_tx_savepoint(tx, "s", &err));
	FAILS(AIODAL_ESERVER, aiodal_tx_query(NULL, tx, "SELECT acldefault('r', 10)", 0, NULL, &options, &err),
		  "no binary output function");
	OK(aiodal_tx_rollback_to(tx, "s", &err));
}

static void
operations_need_their_values_no_longer(void **state)
{
	aiodal_error *err = NULL;
	char *text = strdup("some text");
	aiodal_value *values = malloc(2 * sizeof(*values));
	aiodal_result *res;
	aiodal_op *op;

	(void) state;
	values[0] = aiodal_text(text);
	values[1] = aiodal_uuid_value(some_uuid);
	OK(aiodal_tx_query_start(&op, tx, "SELECT $1::text || $2::text", 2, values, NULL, &err));
	memset(text, 'x', strlen(text));
	free(text);
	free(values);
	OK(aiodal_op_wait(op, -1, &err));
	res = aiodal_op_take_result(op);
	assert_string_equal(aiodal_result_value(res, 0, 0), "some texta0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
	aiodal_result_free(res);
	aiodal_op_free(op);
}

/*
 * Arrays
 */

static void
array_arrives(aiodal_kind kind, int n_dimensions, const int *lengths, const aiodal_value *values,
			  const char *type, const char *text)
{
	aiodal_error *err = NULL;
	aiodal_array *array;

	OK(aiodal_array_make(&array, kind, n_dimensions, lengths, values, &err));
	arrives(aiodal_array_value(array), type, text);
	aiodal_array_free(array);
}

static void
arrays_of_each_kind_arrive(void **state)
{
	static const int two = 2;
	const struct
	{
		aiodal_kind kind;
		const char *type;
		const char *text;
		aiodal_value values[2];
	} cases[] = {
		{AIODAL_KIND_BOOL, "boolean[]", "{t,f}", {aiodal_bool(true), aiodal_bool(false)}},
		{AIODAL_KIND_INT16, "smallint[]", "{-1,2}", {aiodal_int16(-1), aiodal_int16(2)}},
		{AIODAL_KIND_INT32, "integer[]", "{NULL,2}", {aiodal_null(), aiodal_int32(2)}},
		{AIODAL_KIND_INT64,
		 "bigint[]",
		 "{1,-9223372036854775808}",
		 {aiodal_int64(1), aiodal_int64(INT64_MIN)}},
		{AIODAL_KIND_FLOAT, "real[]", "{0.1,NaN}", {aiodal_float(0.1F), aiodal_float(NAN)}},
		{AIODAL_KIND_DOUBLE,
		 "double precision[]",
		 "{0.3333333333333333,-Infinity}",
		 {aiodal_double(1.0 / 3), aiodal_double(-INFINITY)}},
		{AIODAL_KIND_NUMERIC, "numeric[]", "{1.50,NULL}", {aiodal_numeric("1.50"), aiodal_null()}},
		{AIODAL_KIND_BYTEA,
		 "bytea[]",
		 "{\"\\\\x00ff\",\"\\\\x\"}",
		 {aiodal_bytea("\0\xff", 2), aiodal_bytea("", 0)}},
		{AIODAL_KIND_UUID,
		 "uuid[]",
		 "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,NULL}",
		 {aiodal_uuid_value(some_uuid), aiodal_null()}},
		{AIODAL_KIND_DATE,
		 "date[]",
		 "{1970-01-02,\"4714-11-24 BC\"}",
		 {aiodal_date(1), aiodal_date(-2440588)}},
		{AIODAL_KIND_TIME,
		 "time without time zone[]",
		 "{00:00:01,24:00:00}",
		 {aiodal_time(1000000), aiodal_time(INT64_C(86400000000))}},
		{AIODAL_KIND_TIMESTAMP,
		 "timestamp without time zone[]",
		 "{\"1970-01-01 00:00:00\",infinity}",
		 {aiodal_timestamp(0), aiodal_timestamp(AIODAL_TIME_INFINITY)}},
		{AIODAL_KIND_TIMESTAMPTZ,
		 "timestamp with time zone[]",
		 "{\"1970-01-01 00:00:00+00\",NULL}",
		 {aiodal_timestamptz(0), aiodal_null()}},
		{AIODAL_KIND_JSONB,
		 "jsonb[]",
		 "{\"{\\\"a\\\": 1}\",NULL}",
		 {aiodal_jsonb("{\"a\":1}"), aiodal_null()}},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		array_arrives(cases[i].kind, 1, &two, cases[i].values, cases[i].type, cases[i].text);
}

static void
arrays_of_any_shape_arrive(void **state)
{
	static const int lengths[] = {1, 2, 3};
	aiodal_value values[6];

	(void) state;
	for (int i = 0; i < 6; i++)
		values[i] = i == 2 ? aiodal_null() : aiodal_int32(i);
	array_arrives(AIODAL_KIND_INT32, 3, lengths, values, "integer[]", "{{{0,1,NULL},{3,4,5}}}");
	array_arrives(AIODAL_KIND_INT32, 0, NULL, NULL, "integer[]", "{}");
}

static void
texts_in_arrays(void **state)
{
	static const char *const texts[] = {"", "NULL", "a\"b", "\\", "{x}", ",", " ", "ü", "line\nline"};
	enum
	{
		N = sizeof(texts) / sizeof(texts[0])
	};
	static const int length = N;
	aiodal_error *err = NULL;
	aiodal_value values[N];
	aiodal_value param;
	const aiodal_array *back;
	aiodal_array *array;
	aiodal_result *res;

	(void) state;
	for (int i = 0; i < N; i++)
		values[i] = aiodal_text(texts[i]);
	OK(aiodal_array_make(&array, AIODAL_KIND_TEXT, 1, &length, values, &err));
	param = aiodal_array_value(array);
	OK(aiodal_tx_query(&res, tx, "SELECT $1::text[]", 1, &param, NULL, &err));
	OK(aiodal_result_get_array(&back, res, 0, 0, &err));
	assert_int_equal(aiodal_array_count(back), N);
	for (size_t i = 0; i < N; i++)
	{
		const char *text;

		OK(aiodal_array_get_text(&text, back, i, &err));
		assert_string_equal(text, texts[i]);
		OK(aiodal_array_get_text(&text, array, i, &err));
		assert_string_equal(text, texts[i]);
	}
	aiodal_result_free(res);
	aiodal_array_free(array);
}

/* Out of a result and in again: bounds, NULLs and a type of the user's stay. */
static void
arrays_go_back(void **state)
{
	static const char *const arrays[] = {
		"'{{1,NULL},{3,4}}'::int4[]",      "'[0:1]={a,\"\\\"\"}'::text[]",    "'{}'::numeric[]",
		"'{good,NULL,\"so so\"}'::mood[]", "'{\"{\\\"a\\\": 1}\"}'::jsonb[]", "'{1.5,NaN}'::numeric[]",
		"'{\"\\\\x00ff\"}'::bytea[]",      "'{2026-11-25}'::date[]",          "'{[1\\,5)}'::int4range[]"};

	(void) state;
	for (size_t i = 0; i < 2 * sizeof(arrays) / sizeof(arrays[0]); i++)
	{
		aiodal_error *err = NULL;
		aiodal_query_options options = AIODAL_QUERY_OPTIONS_INIT;
		const aiodal_array *array;
		aiodal_value value;
		aiodal_result *res;
		aiodal_result *same;
		char sql[200];

		options.results = i % 2 ? AIODAL_WIRE_BINARY : AIODAL_WIRE_TEXT;
		(void) snprintf(sql, sizeof(sql), "SELECT %s", arrays[i / 2]);
		OK(aiodal_tx_query(&res, tx, sql, 0, NULL, &options, &err));
		OK(aiodal_result_get_array(&array, res, 0, 0, &err));
		value = aiodal_array_value(array);
		(void) snprintf(sql, sizeof(sql),
						"SELECT %s = $1, array_dims(%s) IS NOT DISTINCT FROM array_dims($1)", arrays[i / 2],
						arrays[i / 2]);
		OK(aiodal_tx_query(&same, tx, sql, 1, &value, NULL, &err));
		if (strcmp(aiodal_result_value(same, 0, 0), "t") != 0 ||
			strcmp(aiodal_result_value(same, 0, 1), "t") != 0)
			fail_msg("%s is another one when it has gone back", arrays[i / 2]);
		aiodal_result_free(same);
		aiodal_result_free(res);
	}
}

static void
arrays_that_cannot_be_made(void **state)
{
	static const int lengths[] = {2, 0, 2, 2, 2, 2, 2};
	static const int huge[] = {INT32_MAX, INT32_MAX, INT32_MAX};
	const aiodal_value values[] = {aiodal_int32(1), aiodal_text("x")};
	aiodal_error *err = NULL;
	aiodal_array *array = (aiodal_array *) values;
	int32_t number;

	(void) state;
	FAILS(AIODAL_EINVAL, aiodal_array_make(&array, AIODAL_KIND_INT32, 1, lengths, values, &err),
		  "element 1 is of kind 8 in an array of kind 3");
	assert_null(array);
	FAILS(AIODAL_EINVAL, aiodal_array_make(&array, AIODAL_KIND_ARRAY, 1, lengths, values, &err),
		  "one more dimension");
	FAILS(AIODAL_EINVAL, aiodal_array_make(&array, AIODAL_KIND_INT32, 2, lengths, values, &err),
		  "length 0 of dimension 1 makes no sense");
	FAILS(AIODAL_EINVAL, aiodal_array_make(&array, AIODAL_KIND_INT32, 3, huge, values, &err),
		  "makes no sense");
	FAILS(AIODAL_EINVAL, aiodal_array_make(&array, AIODAL_KIND_INT32, 7, lengths, values, &err),
		  "up to 6 dimensions");
	FAILS(AIODAL_EINVAL, aiodal_array_make(&array, AIODAL_KIND_INT32, 1, NULL, values, &err),
		  "each with a length");
	FAILS(AIODAL_EINVAL, aiodal_array_make(&array, AIODAL_KIND_INT32, 1, lengths, NULL, &err),
		  "values must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_array_make(NULL, AIODAL_KIND_INT32, 0, NULL, NULL, &err),
		  "array must not be NULL");
	aiodal_array_free(NULL);
	{
		static const int one = 1;
		const aiodal_value null = aiodal_null();

		OK(aiodal_array_make(&array, AIODAL_KIND_INT32, 1, &one, &null, &err));
		FAILS(AIODAL_EINVAL, aiodal_array_get_int32(&number, array, 0, &err),
			  "element 0 of the array (integer) is NULL");
		aiodal_array_free(array);
	}
}

/*
 * Traces
 */

static char told[500];

static void
tell(void *payload, const aiodal_trace *trace)
{
	(void) payload;
	told[0] = '\0';
	for (size_t i = 0; i < trace->n_params; i++)
		(void) snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s|",
						trace->params && trace->params[i] ? trace->params[i] : "-");
}

static void
traces_show_parameters_as_text(void **state)
{
	static const int one = 1;
	aiodal_error *err = NULL;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_value values[] = {aiodal_int32(-7), aiodal_date(0), aiodal_bytea("\xff", 1),
							 aiodal_text("a"), aiodal_null(),  aiodal_null()};
	aiodal_array *array;

	(void) state;
	OK(aiodal_array_make(&array, AIODAL_KIND_INT32, 1, &one, values, &err));
	values[5] = aiodal_array_value(array);
	options.no_reflect = true;
	options.trace = tell;
	for (int shown = 0; shown < 2; shown++)
	{
		aiodal_db *traced;
		aiodal_tx *in;

		options.trace_params = shown;
		OK(aiodal_db_open(&traced, NULL, &options, &err));
		OK(aiodal_tx_begin(&in, traced, NULL, &err));
		OK(aiodal_tx_query(NULL, in, "SELECT $1, $2, $3, $4::text, $5::text, $6", 6, values, NULL, &err));
		assert_string_equal(told, shown ? "-7|1970-01-01|\\xff|a|-|{\"-7\"}|" : "-|-|-|-|-|-|");
		aiodal_tx_free(in);
		aiodal_db_close(traced);
	}
	aiodal_array_free(array);
}

static int
set_up(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	(void) state;
	reset_database(
		"CREATE TYPE mood AS ENUM ('good', 'so so'); CREATE TABLE various (a smallint, b mood, c numeric, d "
		"interval, e int4range, f real, g bigint, h jsonb)");
	options.no_reflect = true;
	OK(aiodal_db_open(&db, NULL, &options, &err));
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	return aiodal_tx_exec(NULL, tx, "SET LOCAL timezone = 'UTC'", 0, NULL, NULL);
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
		cmocka_unit_test(each_kind_arrives),
		cmocka_unit_test(dates_and_times_arrive),
		cmocka_unit_test(nulls_keep_their_type),
		cmocka_unit_test(what_is_out_of_range),
		cmocka_unit_test(into_columns_of_other_types),
		cmocka_unit_test(more_than_a_few),
		cmocka_unit_test(ten_megabytes_there_and_back),
		cmocka_unit_test(bad_calls),
		cmocka_unit_test(binary_results_that_a_type_has_not),
		cmocka_unit_test(operations_need_their_values_no_longer),
		cmocka_unit_test(arrays_of_each_kind_arrive),
		cmocka_unit_test(arrays_of_any_shape_arrive),
		cmocka_unit_test(texts_in_arrays),
		cmocka_unit_test(arrays_go_back),
		cmocka_unit_test(arrays_that_cannot_be_made),
		cmocka_unit_test(traces_show_parameters_as_text),
	};

	return cmocka_run_group_tests_name("query", tests, set_up, tear_down);
}
