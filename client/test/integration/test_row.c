/*
 * test_row.c
 *		Rows into structs, and structs into parameters.
 */
#include "support.h"

typedef enum mood
{
	GOOD,
	BAD,
	SO_SO
} mood;

static const char *const moods[] = {"good", "bad", "so so"};

typedef struct every
{
	bool flag;
	int16_t small;
	int32_t number;
	int64_t large;
	float real;
	double precise;
	const char *exact;
	const char *text;
	const char *json;
	const char *jsonb;
	aiodal_bytes bytes;
	aiodal_uuid uuid;
	int32_t day;
	int64_t at;
	int64_t local;
	int64_t moment;
	const aiodal_array *list;
	mood mood;
} every;

static const aiodal_field every_fields[] = {
	AIODAL_FIELD(every, flag, "flag", AIODAL_KIND_BOOL),
	AIODAL_FIELD(every, small, "small", AIODAL_KIND_INT16),
	AIODAL_FIELD(every, number, "number", AIODAL_KIND_INT32),
	AIODAL_FIELD(every, large, "large", AIODAL_KIND_INT64),
	AIODAL_FIELD(every, real, "real", AIODAL_KIND_FLOAT),
	AIODAL_FIELD(every, precise, "precise", AIODAL_KIND_DOUBLE),
	AIODAL_FIELD(every, exact, "exact", AIODAL_KIND_NUMERIC),
	AIODAL_FIELD(every, text, "text", AIODAL_KIND_TEXT),
	AIODAL_FIELD(every, json, "json", AIODAL_KIND_JSON),
	AIODAL_FIELD(every, jsonb, "jsonb", AIODAL_KIND_JSONB),
	AIODAL_FIELD(every, bytes, "bytes", AIODAL_KIND_BYTEA),
	AIODAL_FIELD(every, uuid, "uuid", AIODAL_KIND_UUID),
	AIODAL_FIELD(every, day, "day", AIODAL_KIND_DATE),
	AIODAL_FIELD(every, at, "at", AIODAL_KIND_TIME),
	AIODAL_FIELD(every, local, "local", AIODAL_KIND_TIMESTAMP),
	AIODAL_FIELD(every, moment, "moment", AIODAL_KIND_TIMESTAMPTZ),
	AIODAL_FIELD(every, list, "list", AIODAL_KIND_ARRAY),
	AIODAL_FIELD_ENUM(every, mood, "mood", moods),
};
static const aiodal_shape every_shape = AIODAL_SHAPE(every, every_fields);

#define EVERY_COLUMNS                                                                                     \
	"flag bool NOT NULL, small smallint NOT NULL, number int NOT NULL, large bigint NOT NULL, real real " \
	"NOT NULL, precise double precision NOT NULL, exact numeric(20,4), text varchar, json json, jsonb "   \
	"jsonb, bytes bytea, uuid uuid NOT NULL, day date NOT NULL, at time NOT NULL, local timestamp NOT "   \
	"NULL, moment timestamptz NOT NULL, list int[], mood mood NOT NULL"

/* The smallest with everything in it. */
typedef struct item
{
	int32_t id;
	const char *name;
	int32_t amount;
	bool amount_null;
	mood mood;
	bool mood_null;
} item;

static const aiodal_field item_fields[] = {
	AIODAL_FIELD(item, id, "id", AIODAL_KIND_INT32),
	AIODAL_FIELD(item, name, "name", AIODAL_KIND_TEXT),
	AIODAL_FIELD_OR_NULL(item, amount, amount_null, "amount", AIODAL_KIND_INT32),
	AIODAL_FIELD_ENUM_OR_NULL(item, mood, mood_null, "mood", moods),
};
static const aiodal_shape item_shape = AIODAL_SHAPE(item, item_fields);

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

static void
each_kind_there_and_back(void **state)
{
	every in = {true,
				-7,
				100000,
				INT64_C(-5000000000),
				0.5F,
				0.1,
				"12.3400",
				"Grüße",
				"{\"a\":  1}",
				"{\"a\": 1}",
				{"\0\xff", 2},
				{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
				-1,
				1,
				2,
				3,
				NULL,
				SO_SO};
	const int lengths[] = {2};
	const aiodal_value numbers[] = {aiodal_int32(5), aiodal_null()};
	aiodal_error *err = NULL;
	aiodal_value values[sizeof(every_fields) / sizeof(every_fields[0])];
	aiodal_array *list;

	(void) state;
	OK(aiodal_array_make(&list, AIODAL_KIND_INT32, 1, lengths, numbers, &err));
	in.list = list;
	for (size_t i = 0; i < every_shape.n_fields; i++)
		OK(aiodal_shape_value(&values[i], &every_shape, i, &in, &err));
	OK(aiodal_tx_query(NULL, tx,
					   "INSERT INTO every VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
					   "$14, $15, $16, $17, $18)",
					   every_shape.n_fields, values, NULL, &err));
	aiodal_array_free(list);
	for (int binary = 0; binary < 2; binary++)
	{
		aiodal_result *res = fetch("SELECT 1 AS other, every.* FROM every", binary);
		int32_t first;
		every out;

		memset(&out, 0xAA, sizeof(out));
		OK(aiodal_result_get_row(&out, res, 0, &every_shape, &err));
		assert_true(out.flag);
		assert_int_equal(out.small, in.small);
		assert_int_equal(out.number, in.number);
		assert_int_equal(out.large, in.large);
		assert_true(out.real == in.real && out.precise == in.precise);
		assert_string_equal(out.exact, in.exact);
		assert_string_equal(out.text, in.text);
		assert_string_equal(out.json, in.json);
		assert_string_equal(out.jsonb, in.jsonb);
		assert_int_equal(out.bytes.length, 2);
		assert_memory_equal(out.bytes.data, in.bytes.data, 2);
		assert_memory_equal(&out.uuid, &in.uuid, sizeof(out.uuid));
		assert_int_equal(out.day, -1);
		assert_int_equal(out.at, 1);
		assert_int_equal(out.local, 2);
		assert_int_equal(out.moment, 3);
		assert_int_equal(aiodal_array_count(out.list), 2);
		OK(aiodal_array_get_int32(&first, out.list, 0, &err));
		assert_int_equal(first, 5);
		assert_true(aiodal_array_is_null(out.list, 1));
		assert_int_equal(out.mood, SO_SO);
		aiodal_result_free(res);
	}
}

static void
many_rows_and_their_nulls(void **state)
{
	aiodal_error *err = NULL;

	(void) state;
	for (int binary = 0; binary < 2; binary++)
	{
		aiodal_result *res =
			fetch("SELECT g AS id, CASE WHEN g % 3 > 0 THEN 'n' || g END AS name, nullif(g, 2) AS "
				  "amount, CASE WHEN g < 3 THEN 'bad'::mood END AS mood "
				  "FROM generate_series(1, 100) g ORDER BY g",
				  binary);
		item *items = calloc(100, sizeof(*items));
		aiodal_rows *rows;

		OK(aiodal_rows_bind(&rows, res, &item_shape, &err));
		OK(aiodal_rows_get_all(items, rows, &err));
		aiodal_rows_free(rows);
		assert_string_equal(items[99].name, "n100");
		assert_null(items[98].name);
		assert_true(items[1].amount_null);
		assert_int_equal(items[1].amount, 0);
		assert_false(items[2].amount_null);
		assert_int_equal(items[2].amount, 3);
		assert_false(items[1].mood_null);
		assert_int_equal(items[1].mood, BAD);
		assert_true(items[2].mood_null);
		free(items);
		aiodal_result_free(res);
	}
}

static void
nulls_as_parameters(void **state)
{
	const item in = {7, NULL, 9, true, BAD, true};
	aiodal_error *err = NULL;
	aiodal_value values[4];

	(void) state;
	for (size_t i = 0; i < 4; i++)
		OK(aiodal_shape_value(&values[i], &item_shape, i, &in, &err));
	OK(aiodal_tx_query(NULL, tx, "INSERT INTO item VALUES ($1, $2, $3, $4)", 4, values, NULL, &err));
	assert_string_equal(query(tx, "SELECT item::text FROM item WHERE id = 7"), "(7,,,)");
}

static void
fails_to_bind(const char *sql, bool binary, const char *words)
{
	aiodal_error *err = NULL;
	aiodal_result *res = fetch(sql, binary);
	aiodal_rows *rows = (aiodal_rows *) &err;

	FAILS(AIODAL_EINVAL, aiodal_rows_bind(&rows, res, &item_shape, &err), words);
	assert_null(rows);
	aiodal_result_free(res);
}

static void
results_that_do_not_fit(void **state)
{
	(void) state;
	fails_to_bind("SELECT 1 AS id, 'x' AS \"Name\"", false,
				  "the result has no column \"name\", which struct item wants");
	fails_to_bind("SELECT 1 AS id, 'x' AS \"Name\"", false, "It has \"id\", \"Name\".");
	fails_to_bind("SELECT 1 AS id, 2 AS id", false, "more than one column \"id\"");
	fails_to_bind("SELECT 1::bigint AS id", false,
				  "column \"id\" of the result is bigint, which does not fit into struct item");
	fails_to_bind("SELECT 1::bigint AS id", true, "The member is int32_t, which takes smallint, integer.");
	fails_to_bind("SELECT 1 AS id, ARRAY[1] AS name", false, "integer[], which does not fit");
	fails_to_bind("SELECT 1 AS id, 'x' AS name, 1 AS amount, 2 AS mood", false, "an enum");
	/* in text any type that the library does not know has a text; in binary not */
	fails_to_bind("SELECT 1 AS id, '1 day'::interval AS name, 1 AS amount", false, "no column \"mood\"");
	fails_to_bind("SELECT 1 AS id, '1 day'::interval AS name, 1 AS amount", true, "with OID 1186 in binary");
}

static void
rows_that_do_not_fit(void **state)
{
	aiodal_error *err = NULL;
	aiodal_result *res = fetch("SELECT NULL::int AS id, 'x' AS name, 1 AS amount, 'good'::mood AS mood UNION "
							   "ALL SELECT 1, 'x', 1, 'new'",
							   false);
	aiodal_rows *rows;
	item out;

	(void) state;
	OK(aiodal_rows_bind(&rows, res, &item_shape, &err));
	FAILS(AIODAL_EINVAL, aiodal_rows_get(&out, rows, 0, &err),
		  "column \"id\" of row 0 is NULL, for which struct item has no member");
	FAILS(AIODAL_EINVAL, aiodal_rows_get(&out, rows, 1, &err),
		  "column \"mood\" of row 1 is \"new\", which is none of the 3 labels");
	FAILS(AIODAL_EINVAL, aiodal_rows_get(&out, rows, 2, &err), "no row 2 in a result of 2");
	FAILS(AIODAL_EINVAL, aiodal_rows_get(&out, rows, -1, &err), "no row -1");
	FAILS(AIODAL_EINVAL, aiodal_rows_get(NULL, rows, 0, &err), "into must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_rows_get_all(&out, rows, &err), "is NULL");
	aiodal_rows_free(rows);
	FAILS(AIODAL_EINVAL, aiodal_rows_bind(&rows, NULL, &item_shape, &err), "the result must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_rows_bind(NULL, res, &item_shape, &err), "rows must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_result_get_row(&out, res, 0, NULL, &err), "shape must not be NULL");
	aiodal_rows_free(NULL);
	aiodal_result_free(res);
}

static void
tables(void **state)
{
	static const aiodal_field narrow_fields[] = {AIODAL_FIELD(item, id, "id", AIODAL_KIND_INT32),
												 AIODAL_FIELD(item, amount, "amount", AIODAL_KIND_INT32)};
	static const aiodal_shape narrow = AIODAL_SHAPE(item, narrow_fields);
	aiodal_error *err = NULL;
	const aiodal_schema *schema = aiodal_tx_schema(tx);

	(void) state;
	OK(aiodal_shape_check(&every_shape, aiodal_schema_table(schema, NULL, "every"), &err));
	OK(aiodal_shape_check(&item_shape, aiodal_schema_table(schema, NULL, "item"), &err));
	OK(aiodal_shape_check(&narrow, aiodal_schema_table(schema, NULL, "item_view"), &err));
	OK(aiodal_shape_check(&item_shape, aiodal_schema_table(schema, NULL, "of_domains"), &err));
	FAILS(AIODAL_EINVAL, aiodal_shape_check(&narrow, aiodal_schema_table(schema, NULL, "item"), &err),
		  "column \"amount\" of \"public\".\"item\" may be NULL, for which struct item has no member");
	FAILS(AIODAL_EINVAL, aiodal_shape_check(&item_shape, aiodal_schema_table(schema, NULL, "other"), &err),
		  "column \"id\" of \"public\".\"other\" is bigint");
	FAILS(AIODAL_EINVAL, aiodal_shape_check(&item_shape, aiodal_schema_table(schema, NULL, "every"), &err),
		  "column \"id\"");
	FAILS(AIODAL_EINVAL, aiodal_shape_check(&item_shape, NULL, &err), "table must not be NULL");
}

static void
bad_shapes(void **state)
{
	aiodal_error *err = NULL;
	aiodal_field field = AIODAL_FIELD(item, id, "id", AIODAL_KIND_INT64);
	aiodal_shape shape = {sizeof(shape), sizeof(field), "item", sizeof(item), &field, 1};
	aiodal_value value;
	item in = {0};

	(void) state;
	FAILS(AIODAL_EINVAL, aiodal_shape_value(&value, &shape, 0, &in, &err),
		  "has 4 bytes, where its kind is int64_t");
	field.kind = (aiodal_kind) 99;
	FAILS(AIODAL_EINVAL, aiodal_shape_value(&value, &shape, 0, &in, &err), "kind 99");
	field.kind = AIODAL_KIND_INT32;
	field.offset = sizeof(item) - 3;
	FAILS(AIODAL_EINVAL, aiodal_shape_value(&value, &shape, 0, &in, &err), "not inside of struct item");
	field.offset = SIZE_MAX - 1;
	FAILS(AIODAL_EINVAL, aiodal_shape_value(&value, &shape, 0, &in, &err), "not inside of struct item");
	field.offset = 0;
	field.null_offset = sizeof(item);
	FAILS(AIODAL_EINVAL, aiodal_shape_value(&value, &shape, 0, &in, &err), "not inside of struct item");
	field.null_offset = AIODAL_NO_MEMBER;
	field.n_labels = 3;
	FAILS(AIODAL_EINVAL, aiodal_shape_value(&value, &shape, 0, &in, &err), "labels in vain");
	field.labels = moods;
	field.kind = AIODAL_KIND_OTHER;
	in.id = 3;
	FAILS(AIODAL_EINVAL, aiodal_shape_value(&value, &shape, 0, &in, &err), "is 3, and its enum has 3 labels");
	in.id = 2;
	OK(aiodal_shape_value(&value, &shape, 0, &in, &err));
	assert_string_equal(value.as.text, "so so");
	FAILS(AIODAL_EINVAL, aiodal_shape_value(&value, &shape, 1, &in, &err), "no field 1 in struct item of 1");
	FAILS(AIODAL_EINVAL, aiodal_shape_value(NULL, &shape, 0, &in, &err), "value must not be NULL");
	shape.size = 0;
	FAILS(AIODAL_EINVAL, aiodal_shape_value(&value, &shape, 0, &in, &err), "AIODAL_SHAPE()");
}

/*
 * Tables
 */

typedef struct book
{
	int64_t id;
	bool id_set;
	const char *title;
	int32_t pages;
	bool pages_null;
	bool pages_set;
	int32_t twice;
	bool twice_null;
} book;

static const aiodal_field book_fields[] = {
	{"Id", AIODAL_KIND_INT64, offsetof(book, id), 8, AIODAL_NO_MEMBER, NULL, 0, AIODAL_FIELD_KEY,
	 offsetof(book, id_set)},
	{"title", AIODAL_KIND_TEXT, offsetof(book, title), sizeof(char *), AIODAL_NO_MEMBER, NULL, 0, 0,
	 AIODAL_NO_MEMBER},
	{"pages", AIODAL_KIND_INT32, offsetof(book, pages), 4, offsetof(book, pages_null), NULL, 0, 0,
	 offsetof(book, pages_set)},
	{"twice", AIODAL_KIND_INT32, offsetof(book, twice), 4, offsetof(book, twice_null), NULL, 0,
	 AIODAL_FIELD_READ_ONLY, AIODAL_NO_MEMBER},
};
static const aiodal_shape book_shape = AIODAL_SHAPE(book, book_fields);
static const aiodal_mapping books = {sizeof(aiodal_mapping), "public", "book", &book_shape,
									 AIODAL_WIRE_BINARY};

static void
a_row_from_insert_to_delete(void **state)
{
	aiodal_error *err = NULL;
	aiodal_result *res;
	book in = {0};
	void *rows;
	book *out;

	(void) state;
	/* all defaults */
	in.title = "Ficciones";
	in.pages = 5;
	OK(aiodal_mapping_insert(&res, &rows, tx, &books, &in, &err));
	out = rows;
	assert_int_equal(out->id, 1);
	assert_int_equal(out->pages, 100);
	assert_int_equal(out->twice, 200);
	aiodal_result_free(res);
	/* no default */
	in.id = 77;
	in.id_set = in.pages_set = in.pages_null = true;
	OK(aiodal_mapping_insert(NULL, NULL, tx, &books, &in, &err));
	OK(aiodal_mapping_find(&res, &rows, tx, &books, &in, &err));
	out = rows;
	assert_string_equal(out->title, "Ficciones");
	assert_true(out->pages_null && out->twice_null && !out->id_set);
	aiodal_result_free(res);

	in.title = NULL;
	in.pages_null = false;
	OK(aiodal_mapping_update(&res, &rows, tx, &books, &in, &err));
	out = rows;
	assert_null(out->title);
	assert_int_equal(out->twice, 10);
	aiodal_result_free(res);
	OK(aiodal_mapping_select(&res, &rows, tx, &books, "ORDER BY 1 DESC", 0, NULL, &err));
	out = rows;
	assert_int_equal(aiodal_result_rows(res), 2);
	assert_int_equal(out[0].id, 77);
	assert_int_equal(out[1].id, 1);
	aiodal_result_free(res);

	OK(aiodal_mapping_delete(tx, &books, &in, &err));
	FAILS(AIODAL_ENOTFOUND, aiodal_mapping_delete(tx, &books, &in, &err), "no row with this key in \"book\"");
	FAILS(AIODAL_ENOTFOUND, aiodal_mapping_update(&res, &rows, tx, &books, &in, &err),
		  "no row with this key");
	assert_null(res);
	FAILS(AIODAL_ENOTFOUND, aiodal_mapping_update(NULL, NULL, tx, &books, &in, &err), "no row with this key");
	FAILS(AIODAL_ENOTFOUND, aiodal_mapping_find(&res, &rows, tx, &books, &in, &err), "no row with this key");
	assert_null(rows);
	OK(aiodal_mapping_select(&res, &rows, tx, &books, "WHERE false", 0, NULL, &err));
	assert_null(rows);
	aiodal_result_free(res);
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
}

static void
many_rows_at_once(void **state)
{
	enum
	{
		N = 5000
	};
	aiodal_error *err = NULL;
	aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;
	book *rows = calloc(N, sizeof(*rows));

	(void) state;
	for (int i = 0; i < N; i++)
	{
		rows[i].id = i + 1000;
		rows[i].id_set = true;
		rows[i].title = i % 2 ? "\\. \\N \t\r\n\b \xc3\xa4" : NULL;
	}
	OK(aiodal_mapping_load(&stats, tx, &books, rows, N, NULL, &err));
	assert_int_equal(stats.inserted, N);
	assert_string_equal(query(tx, "SELECT count(*) FROM book WHERE pages = 100 AND twice = 200"), "5000");
	assert_string_equal(
		query(tx, "SELECT count(*) FROM book WHERE title = E'\\\\. \\\\N \\t\\r\\n\\b \u00e4'"), "2500");
	assert_string_equal(query(tx, "SELECT count(*) FROM book WHERE title IS NULL"), "2500");
	OK(aiodal_mapping_load(&stats, tx, &books, rows, N, NULL, &err));
	assert_int_equal(stats.unchanged, N);
	options.mode = "insert";
	FAILS(AIODAL_ECONSTRAINT, aiodal_mapping_load(&stats, tx, &books, rows, N, &options, &err), "1000");
	rows[7].pages_set = true;
	FAILS(AIODAL_EINVAL, aiodal_mapping_load(&stats, tx, &books, rows, N, NULL, &err),
		  "struct 7 has a value for column \"pages\", and the first one has not");
	/* undone alone */
	assert_string_equal(query(tx, "SELECT count(*) FROM book"), "5000");
	OK(aiodal_mapping_load(&stats, tx, &books, NULL, 0, NULL, &err));
	FAILS(AIODAL_EINVAL, aiodal_mapping_load(&stats, tx, &books, NULL, 1, NULL, &err),
		  "rows must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_mapping_load(&stats, tx, NULL, rows, 1, NULL, &err), "not initialised");
	free(rows);
}

typedef struct lists
{
	int32_t id;
	const aiodal_array *a[17];
} lists;

#define LIST(i, column)                                                               \
	{                                                                                 \
		column, AIODAL_KIND_ARRAY, offsetof(lists, a) + (i) * sizeof(aiodal_array *), \
			sizeof(aiodal_array *), AIODAL_NO_MEMBER, NULL, 0, 0, AIODAL_NO_MEMBER    \
	}

/* Arrays of every type, out of a binary result, as lines of text. */
static void
arrays_are_loaded(void **state)
{
	static const aiodal_field fields[] = {
		{"id", AIODAL_KIND_INT32, offsetof(lists, id), 4, AIODAL_NO_MEMBER, NULL, 0, AIODAL_FIELD_KEY,
		 AIODAL_NO_MEMBER},
		LIST(0, "bools"),
		LIST(1, "smalls"),
		LIST(2, "ints"),
		LIST(3, "bigs"),
		LIST(4, "reals"),
		LIST(5, "doubles"),
		LIST(6, "numerics"),
		LIST(7, "texts"),
		LIST(8, "jsons"),
		LIST(9, "jsonbs"),
		LIST(10, "byteas"),
		LIST(11, "uuids"),
		LIST(12, "dates"),
		LIST(13, "times"),
		LIST(14, "stamps"),
		LIST(15, "stamptzs"),
		LIST(16, "oids"),
	};
	static const aiodal_shape shape = AIODAL_SHAPE(lists, fields);
	static const aiodal_mapping mapping = {sizeof(mapping), "public", "lists", &shape, AIODAL_WIRE_BINARY};
	aiodal_error *err = NULL;
	aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;
	aiodal_result *res;
	void *rows;
	lists *list;

	(void) state;
	OK(aiodal_tx_exec(
		NULL, tx,
		"INSERT INTO lists VALUES (1, '{t,f,NULL}', '{-1,2}', '[3:4]={5,6}', '{{1,2},{3,NULL}}', "
		"'{0.1,NaN}', '{1e300,-Infinity}', '{1.50,NaN,-0.001}', '{\"\",NULL,\"NULL\",\"a \\\"\\\\ ,{}\"}', "
		"ARRAY['{\"a\":  [1]}']::json[], ARRAY['{\"a\": \"x\\n\"}', '3']::jsonb[], "
		"ARRAY['\\x00ff'::bytea, ''], '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', "
		"'{2020-01-01,infinity,0044-03-15 BC}', '{12:34:56.5,24:00}', '{2020-01-01 12:34:56.789,-infinity}', "
		"'{2020-01-01 12:34:56+00}', '{4000000000}')",
		0, NULL, &err));
	OK(aiodal_tx_exec(NULL, tx, "INSERT INTO lists (id, ints) VALUES (2, '{}')", 0, NULL, &err));
	OK(aiodal_mapping_select(&res, &rows, tx, &mapping, "ORDER BY id", 0, NULL, &err));
	list = rows;
	list[0].id = 11;
	list[1].id = 12;
	OK(aiodal_mapping_load(&stats, tx, &mapping, rows, 2, NULL, &err));
	aiodal_result_free(res);
	assert_int_equal(stats.inserted, 2);
	assert_string_equal(query(tx, "SELECT count(*) FROM lists a JOIN lists b ON b.id = a.id + 10 "
								  "AND substr(a::text, 4) = substr(b::text, 5)"),
						"2");
}

static void
mappings_that_do_not_fit(void **state)
{
	aiodal_mapping mapping = {sizeof(mapping), NULL, "item", &item_shape, AIODAL_WIRE_TEXT};
	aiodal_error *err = NULL;
	aiodal_result *res;
	item in = {0};

	(void) state;
	FAILS(AIODAL_EINVAL, aiodal_mapping_find(&res, NULL, tx, &mapping, &in, &err),
		  "struct item has no field with AIODAL_FIELD_KEY");
	FAILS(AIODAL_EINVAL, aiodal_mapping_insert(&res, NULL, tx, &mapping, NULL, &err),
		  "struct must not be NULL");
	in.mood = (mood) 9;
	FAILS(AIODAL_EINVAL, aiodal_mapping_insert(&res, NULL, tx, &mapping, &in, &err), "its enum has 3 labels");
	mapping.shape = NULL;
	FAILS(AIODAL_EINVAL, aiodal_mapping_insert(&res, NULL, tx, &mapping, &in, &err), "AIODAL_SHAPE()");
	mapping.size = 0;
	FAILS(AIODAL_EINVAL, aiodal_mapping_insert(&res, NULL, tx, &mapping, &in, &err), "not initialised");
	FAILS(AIODAL_EINVAL, aiodal_mapping_select(&res, NULL, tx, NULL, NULL, 0, NULL, &err), "not initialised");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
}

static int
set_up(void **state)
{
	(void) state;
	reset_database(
		"CREATE TYPE mood AS ENUM ('good', 'bad', 'so so', 'new'); CREATE TABLE every (" EVERY_COLUMNS
		"); CREATE TABLE item (id int PRIMARY KEY, name text, amount int, mood mood);"
		"CREATE VIEW item_view AS TABLE item; CREATE TABLE other (id bigint NOT NULL);"
		"CREATE DOMAIN number AS int; CREATE DOMAIN id AS number CHECK (VALUE > 0);"
		"CREATE TABLE book (\"Id\" bigserial PRIMARY KEY, title text, pages int DEFAULT 100, twice "
		"int GENERATED ALWAYS AS (pages * 2) STORED);"
		"CREATE TABLE lists (id int PRIMARY KEY, bools bool[], smalls smallint[], ints int[], bigs bigint[], "
		"reals real[], doubles double precision[], numerics numeric[], texts text[], jsons json[], jsonbs "
		"jsonb[], "
		"byteas bytea[], uuids uuid[], dates date[], times time[], stamps timestamp[], stamptzs "
		"timestamptz[], "
		"oids oid[]);"
		"CREATE TABLE of_domains (id id PRIMARY KEY, name name, amount number, mood mood)");
	return aiodal_db_open(&db, NULL, NULL, NULL);
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

static int
each_set_up(void **state)
{
	(void) state;
	return aiodal_tx_begin(&tx, db, NULL, NULL);
}

static int
each_tear_down(void **state)
{
	(void) state;
	aiodal_tx_free(tx);
	tx = NULL;
	return 0;
}

int
main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, each_set_up, each_tear_down)
	const struct CMUnitTest tests[] = {
		EACH(each_kind_there_and_back),
		EACH(many_rows_and_their_nulls),
		EACH(nulls_as_parameters),
		EACH(results_that_do_not_fit),
		EACH(rows_that_do_not_fit),
		EACH(tables),
		EACH(bad_shapes),
		EACH(a_row_from_insert_to_delete),
		EACH(many_rows_at_once),
		EACH(arrays_are_loaded),
		EACH(mappings_that_do_not_fit),
	};

	return cmocka_run_group_tests_name("row", tests, set_up, tear_down);
}
