/*
 * test_util.c
 *		Buffers, arenas, arrays, records, hashes, suggestions, options, JSON lines, placeholders.
 */
#include "support.h"

#include "array_form.h"
#include "util/arena.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/hash.h"
#include "util/jsonl.h"
#include "util/mem.h"
#include "util/options.h"
#include "util/sql.h"
#include "util/stage_sql.h"
#include "util/suggest.h"

static void
buf_quotes_identifiers(void **state)
{
	aiodal__buf buf = AIODAL__BUF_INIT;
	const char *const names[] = {"plain", "two words", "a\"b\"", ""};

	(void) state;
	aiodal__buf_idents(&buf, names, 4);
	assert_string_equal(buf.data, "\"plain\", \"two words\", \"a\"\"b\"\"\", \"\"");
	aiodal__buf_free(&buf);
	assert_null(buf.data);
}

static void
buf_makes_arrays_that_parse_back(void **state)
{
	aiodal__buf buf = AIODAL__BUF_INIT;
	const char *const items[] = {"a", "b c", "q\"uote", "back\\slash", "co,mma", "{brace}", "", "NULL"};
	aiodal__array_form form;
	aiodal__item parsed[8];
	char out[100];
	size_t size;

	(void) state;
	aiodal__buf_array(&buf, items, 8);
	assert_true(aiodal__array_from_text(&form, buf.data, NULL, NULL, &size));
	assert_int_equal(form.n_dimensions, 1);
	assert_int_equal(form.count, 8);
	assert_true(size <= sizeof(out));
	assert_true(aiodal__array_from_text(&form, buf.data, parsed, out, &size));
	for (int i = 0; i < 8; i++)
		assert_string_equal(parsed[i].data, items[i]);
	aiodal__buf_free(&buf);
}

static void
buf_grows_and_prints(void **state)
{
	aiodal__buf buf = AIODAL__BUF_INIT;
	char *taken;

	(void) state;
	for (int i = 0; i < 10000; i++)
		aiodal__buf_printf(&buf, "%d,", i % 10);
	assert_int_equal(buf.len, 20000);
	assert_false(aiodal__buf_reserve(&buf, SIZE_MAX - 10));
	assert_true(buf.oom);
	assert_null(aiodal__buf_take(&buf));
	aiodal__buf_str(&buf, "");
	taken = aiodal__buf_take(&buf);
	assert_string_equal(taken, "");
	aiodal__free(taken);
}

/* Whether it is a list as the catalogs have them: one dimension, from 1. */
static bool
parse_list(const char *text, aiodal__array_form *form, aiodal__item items[3], char out[20])
{
	size_t size;

	if (!aiodal__array_from_text(form, text, NULL, NULL, &size) || form->n_dimensions > 1 ||
		form->lowers[0] != 1)
		return false;
	assert_true(form->count <= 3 && size <= 20);
	return aiodal__array_from_text(form, text, items, out, &size);
}

static void
arrays_parse(void **state)
{
	static const struct
	{
		const char *text;
		int result;
		int n;
	} cases[] = {
		{"{}", 0, 0},          {"{a}", 0, 1},          {"{a,NULL,\"NULL\"}", 0, 3},
		{"{null}", 0, 1},      {"{\"a\\\"b\"}", 0, 1}, {"", -2, 0},
		{"a", -2, 0},          {"{", -2, 0},           {"{a", -2, 0},
		{"{a,", -2, 0},        {"{a,}", -2, 0},        {"{\"a}", -2, 0},
		{"{{a},{b}}", -2, 0},  {"{a}x", -2, 0},        {"{a\"b\"}", -2, 0},
		{"{\"a\"b}", -2, 0},   {"[0:1]={a,b}", -2, 0}, {"{,}", -2, 0},
		{"{\"\",\"\"}", 0, 2},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		aiodal__array_form form;
		aiodal__item items[3];
		char out[20];

		assert_int_equal(parse_list(cases[i].text, &form, items, out) ? 0 : -2, cases[i].result);
		if (cases[i].result == 0)
			assert_int_equal(form.count, cases[i].n);
		if (cases[i].n == 3)
		{
			assert_null(items[1].data);
			assert_string_equal(items[2].data, "NULL");
		}
	}
}

static void
sql_begins_behind_comments(void **state)
{
	static const struct
	{
		const char *text;
		const char *rest;
	} cases[] = {
		{"SELECT 1", "SELECT 1"},
		{" \t\r\n\f\vCOPY", "COPY"},
		{"-- a\nCOPY", "COPY"},
		{"-- a\rCOPY", "COPY"},
		{"-- a\r\n--\nCOPY", "COPY"},
		{"/* a */COPY", "COPY"},
		{"/**/ /* /* */ COPY */ -- /*\n(COPY", "(COPY"},
		{"/*/ COPY */ b", "b"},
		{"- a", "- a"},
		{"/ *", "/ *"},
		{"", ""},
		{"  ", ""},
		{"-- a", ""},
		{"/* a", ""},
		{"/* /* a */", ""},
		{"/*", ""},
		{"/*/", ""},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(aiodal__sql_skip(cases[i].text), cases[i].rest);
}

static void
arena_aligns_and_refuses_overflow(void **state)
{
	aiodal__arena arena = AIODAL__ARENA_INIT;

	(void) state;
	for (size_t size = 0; size < 5000; size += 7)
	{
		char *p = aiodal__arena_alloc(&arena, 1, size);

		assert_int_equal((uintptr_t) p % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
	assert_null(aiodal__arena_alloc(&arena, SIZE_MAX / 2, 4));
	aiodal__arena_free(&arena);
	assert_null(arena.blocks);
}

static bool
is_string(const void *elements, uint32_t i, const void *key)
{
	return strcmp(((char *const *) elements)[i], key) == 0;
}

static void
hash_finds_all_and_nothing_else(void **state)
{
	enum
	{
		N = 5000
	};
	aiodal__arena arena = AIODAL__ARENA_INIT;
	aiodal__index index;
	char **names = aiodal__arena_alloc(&arena, N, sizeof(char *));

	(void) state;
	assert_true(aiodal__index_init(&index, &arena, N));
	for (uint32_t i = 0; i < N; i++)
	{
		names[i] = aiodal__arena_alloc(&arena, 1, 16);
		(void) snprintf(names[i], 16, "name_%u", i);
		aiodal__index_put(&index, aiodal__hash_string(AIODAL__HASH_START, names[i]), i);
	}
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(aiodal__index_get(&index, aiodal__hash_string(AIODAL__HASH_START, names[i]),
										   is_string, names, names[i]),
						 i);
	assert_int_equal(
		aiodal__index_get(&index, aiodal__hash_string(AIODAL__HASH_START, "x"), is_string, names, "x"), -1);
	/* the empty index, too */
	assert_true(aiodal__index_init(&index, &arena, 0));
	assert_int_equal(aiodal__index_get(&index, 7, is_string, names, "x"), -1);
	aiodal__arena_free(&arena);
}

static void
hash_tells_parts_apart(void **state)
{
	uint32_t start = AIODAL__HASH_START;

	(void) state;
	assert_int_not_equal(aiodal__hash_string(aiodal__hash_string(start, "a"), "bc"),
						 aiodal__hash_string(aiodal__hash_string(start, "ab"), "c"));
	assert_int_not_equal(aiodal__hash_int(start, 1), aiodal__hash_int(start, 256));
}

static void
suggestions_are_near_or_listed(void **state)
{
	aiodal__buf text = AIODAL__BUF_INIT;
	aiodal__suggest s;

	(void) state;
	aiodal__suggest_start(&s, "bok");
	aiodal__suggest_offer(&s, NULL, "author");
	aiodal__suggest_offer(&s, "library", "book");
	aiodal__suggest_offer(&s, NULL, "BOOK");
	aiodal__suggest_text(&s, "There are", &text);
	assert_string_equal(text.data, "Did you mean \"library.book\" or \"BOOK\"?");
	aiodal__buf_free(&text);

	aiodal__suggest_start(&s, "zzzzzz");
	for (int i = 0; i < 7; i++)
		aiodal__suggest_offer(&s, NULL, "abcdef");
	aiodal__suggest_text(&s, "There are", &text);
	assert_non_null(strstr(text.data, "There are \"abcdef\", "));
	assert_non_null(strstr(text.data, ", ..."));
	aiodal__buf_free(&text);

	aiodal__suggest_start(&s, "");
	aiodal__suggest_text(&s, "There are", &text);
	assert_int_equal(text.len, 0);
}

static void
suggestions_survive_long_names(void **state)
{
	aiodal__buf text = AIODAL__BUF_INIT;
	char name[500];
	aiodal__suggest s;

	(void) state;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	aiodal__suggest_start(&s, name);
	aiodal__suggest_offer(&s, NULL, name);
	aiodal__suggest_offer(&s, NULL, "");
	aiodal__suggest_text(&s, "There are", &text);
	assert_memory_equal(text.data, "Did you mean \"xxx", 17);
	aiodal__buf_free(&text);
}

typedef struct wide_options
{
	aiodal_tx_options known;
	int64_t of_the_future; /* as wide as the struct is aligned, so that there is no padding */
} wide_options;

static void
options_of_all_ages(void **state)
{
	aiodal_tx_options ours;
	aiodal_tx_options given = AIODAL_TX_OPTIONS_INIT;
	wide_options newer = {AIODAL_TX_OPTIONS_INIT, 0};
	aiodal_error *err = NULL;

	(void) state;
	given.read_only = true;
	given.timeout_ms = 7;
	OK(aiodal__options_copy(&ours, sizeof(ours), &given, "options", &err));
	assert_int_equal(ours.timeout_ms, 7);
	OK(aiodal__options_copy(&ours, sizeof(ours), NULL, "options", &err));
	assert_int_equal(ours.timeout_ms, 0);

	/* from older headers, which end before timeout_ms */
	given.size = offsetof(aiodal_tx_options, timeout_ms);
	OK(aiodal__options_copy(&ours, sizeof(ours), &given, "options", &err));
	assert_true(ours.read_only);
	assert_int_equal(ours.timeout_ms, 0);

	/* from newer ones */
	newer.known.size = sizeof(newer);
	OK(aiodal__options_copy(&ours, sizeof(ours), &newer, "options", &err));
	newer.of_the_future = 1;
	FAILS(AIODAL_EINVAL, aiodal__options_copy(&ours, sizeof(ours), &newer, "options", &err), "does not know");

	memset(&given, 0, sizeof(given));
	FAILS(AIODAL_EINVAL, aiodal__options_copy(&ours, sizeof(ours), &given, "options", &err),
		  "not initialised");
}

/* The same in pieces of every length, since chunks may end anywhere. */
static void
jsonl_is_escaped_in_any_pieces(void **state)
{
	static const char in[] = "{\"a\": \"b\\n\\\\\"}\r\n\n  \t\r\n \t{\"tab\":\t1}\r\n\\.\n\\N\n{\"cr\":\r2}";
	static const char out[] = "{\"a\": \"b\\\\n\\\\\\\\\"}\n{\"tab\":\\t1}\n\\\\.\n\\\\N\n{\"cr\":\\r2}";
	char rows[AIODAL__JSONL_ROOM(sizeof(in))];

	(void) state;
	for (size_t piece = 1; piece < sizeof(in); piece++)
	{
		aiodal__jsonl jsonl = {false, false};
		size_t len = 0;

		for (size_t at = 0; at < sizeof(in) - 1; at += piece)
		{
			size_t n = sizeof(in) - 1 - at < piece ? sizeof(in) - 1 - at : piece;

			len += aiodal__jsonl_to_rows(&jsonl, in + at, n, rows + len);
		}
		rows[len] = '\0';
		assert_string_equal(rows, out);
	}
}

static void
jsonl_comes_back(void **state)
{
	char row[] = "{\"a\": \"b\\\\n\\\\\\\\\"\\t,\\n\\r}\n";
	size_t len = aiodal__jsonl_from_row(row, strlen(row));

	(void) state;
	row[len] = '\0';
	assert_string_equal(row, "{\"a\": \"b\\n\\\\\" ,  }\n");
	/* a backslash at the very end cannot be, but must not read on */
	memcpy(row, "x\\", 3);
	assert_int_equal(aiodal__jsonl_from_row(row, 2), 2);
}

static void
stage_placeholder_outside_of_quotes(void **state)
{
	static const char *const cases[][2] = {
		{"SELECT 1", "SELECT 1"},
		{"", ""},
		{"INSERT INTO a SELECT * FROM {stage}", "INSERT INTO a SELECT * FROM S"},
		{"{stage}{stage}", "SS"},
		{"SELECT '{stage}', {stage}.x", "SELECT '{stage}', S.x"},
		{"SELECT 'it''s {stage}' || {stage}", "SELECT 'it''s {stage}' || S"},
		{"SELECT E'\\'{stage}' FROM {stage}", "SELECT E'\\'{stage}' FROM S"},
		{"SELECT e'\\\\' FROM {stage}", "SELECT e'\\\\' FROM S"},
		{"SELECT '\\' FROM {stage}", "SELECT '\\' FROM S"},
		{"SELECT nameE'{stage}'", "SELECT nameE'{stage}'"},
		{"SELECT \"{stage}\" FROM {stage}", "SELECT \"{stage}\" FROM S"},
		{"SELECT 1 -- {stage}\n FROM {stage}", "SELECT 1 -- {stage}\n FROM S"},
		{"/* {stage} /* {stage} */ {stage} */ {stage}", "/* {stage} /* {stage} */ {stage} */ S"},
		{"DO $$ {stage} $$ {stage}", "DO $$ {stage} $$ S"},
		{"DO $a$ {stage} $$ {stage} $a$ {stage}", "DO $a$ {stage} $$ {stage} $a$ S"},
		{"SELECT $1, {stage}, $2", "SELECT $1, S, $2"},
		{"SELECT a$b$c, {stage}, d$b$", "SELECT a$b$c, S, d$b$"},
		{"SELECT 'open {stage}", "SELECT 'open {stage}"},
		{"SELECT $$ open {stage}", "SELECT $$ open {stage}"},
		{"/* open {stage}", "/* open {stage}"},
		{"{stage", "{stage"},
		{"\\", "\\"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char *sql = aiodal__stage_sql(cases[i][0], "S");

		assert_string_equal(sql, cases[i][1]);
		aiodal__free(sql);
	}
}

static void
deadlines(void **state)
{
	(void) state;
	assert_int_equal(aiodal__until(AIODAL__NEVER), -1);
	assert_true(aiodal__deadline(-1) == AIODAL__NEVER);
	assert_int_equal(aiodal__until(aiodal__deadline(0)), 0);
	assert_true(aiodal__until(aiodal__deadline(1000)) >= 900 &&
				aiodal__until(aiodal__deadline(1000)) <= 1000);
	assert_int_equal(aiodal__until(AIODAL__NEVER - 1), 2147483647);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_quotes_identifiers),
		cmocka_unit_test(buf_makes_arrays_that_parse_back),
		cmocka_unit_test(buf_grows_and_prints),
		cmocka_unit_test(arrays_parse),
		cmocka_unit_test(sql_begins_behind_comments),
		cmocka_unit_test(arena_aligns_and_refuses_overflow),
		cmocka_unit_test(hash_finds_all_and_nothing_else),
		cmocka_unit_test(hash_tells_parts_apart),
		cmocka_unit_test(suggestions_are_near_or_listed),
		cmocka_unit_test(suggestions_survive_long_names),
		cmocka_unit_test(options_of_all_ages),
		cmocka_unit_test(jsonl_is_escaped_in_any_pieces),
		cmocka_unit_test(jsonl_comes_back),
		cmocka_unit_test(stage_placeholder_outside_of_quotes),
		cmocka_unit_test(deadlines),
	};

	return cmocka_run_group_tests_name("util", tests, NULL, NULL);
}
