/*
 * test_array.c
 *		Array literals and arrays on the wire: what is none, and every cut and every changed byte of one that
 * is.
 */
#include "support.h"

#include "array_form.h"
#include "util/buf.h"
#include "util/wire.h"

static bool
parse_text(const char *text, aiodal__array_form *form)
{
	aiodal__item items[50];
	char out[200];
	size_t size;
	bool ok = aiodal__array_from_text(form, text, NULL, NULL, &size);

	if (!ok)
		return false;
	assert_true(form->count <= 50 && size <= sizeof(out));
	assert_true(aiodal__array_from_text(form, text, items, out, &size));
	for (size_t i = 0; i < form->count; i++)
	{
		if (items[i].data)
			assert_int_equal(strlen(items[i].data), items[i].len);
	}
	return true;
}

static void
texts_that_are_none(void **state)
{
	static const char *const texts[] = {
		"",
		"1",
		"{",
		"}",
		"{1",
		"{1,",
		"{1,}",
		"{,1}",
		"{1}x",
		"{1}}",
		"{{1},2}",
		"{1,{2}}",
		"{{1},{2,3}}",
		"{{}}",
		"{{1},{}}",
		"{\"a}",
		"{\"a\\",
		"{\"a\"b}",
		"{a\"b\"}",
		"{a\\b}",
		"[1:2]{1,2}",
		"[1:2]={1}",
		"[2:1]={1}",
		"[1:1][1:1]={1}",
		"[1:1]={{1}}",
		"[x:1]={1}",
		"[1:]={1}",
		"[:1]={1}",
		"[1]={1}",
		"[1:1={1}",
		"=",
		"[1:9999999999]={1}",
		"[-9999999999:1]={1}",
		"{{{{{{{1}}}}}}}",
		"[1:1][1:1][1:1][1:1][1:1][1:1][1:1]={1}",
	};
	aiodal__array_form form;

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		if (parse_text(texts[i], &form))
			fail_msg("\"%s\" was taken for an array", texts[i]);
	}
}

static void
texts_cut_anywhere(void **state)
{
	static const char whole[] = "[0:1][5:7]={{\"a\\\"b\",NULL,c},{\"\",\"{}\",\"\\\\\"}}";
	aiodal__array_form form;
	char cut[sizeof(whole)];

	(void) state;
	assert_true(parse_text(whole, &form));
	assert_int_equal(form.count, 6);
	for (size_t len = 0; len < sizeof(whole) - 1; len++)
	{
		memcpy(cut, whole, len);
		cut[len] = '\0';
		assert_false(parse_text(cut, &form));
	}
}

/* {{7,NULL},{8,9}} of int4 */
static void
make_binary(aiodal__buf *buf)
{
	static const int32_t words[] = {2, 1, 23, 2, 1, 2, 1, 4, 7, -1, 4, 8, 4, 9};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		aiodal__wire_put(buf, words[i], 4);
}

static bool
parse_binary(const char *data, size_t len, aiodal__array_form *form)
{
	/* on the heap and no longer than that, so that reading over the end is noticed */
	char *copy = malloc(len ? len : 1);
	aiodal__item *items;
	char *out;
	size_t size;
	bool ok;

	assert_non_null(copy);
	memcpy(copy, data, len);
	ok = aiodal__array_from_binary(form, copy, len, NULL, NULL, &size);
	if (ok)
	{
		items = calloc(form->count + 1, sizeof(*items));
		out = malloc(size ? size : 1);
		assert_true(aiodal__array_from_binary(form, copy, len, items, out, &size));
		free(items);
		free(out);
	}
	free(copy);
	return ok;
}

static void
binary_cut_anywhere(void **state)
{
	aiodal__buf buf = AIODAL__BUF_INIT;
	aiodal__array_form form;

	(void) state;
	make_binary(&buf);
	assert_true(parse_binary(buf.data, buf.len, &form));
	assert_int_equal(form.n_dimensions, 2);
	assert_int_equal(form.count, 4);
	assert_int_equal(form.element_type, 23);
	for (size_t len = 0; len < buf.len; len++)
		assert_false(parse_binary(buf.data, len, &form));
	aiodal__buf_add(&buf, "", 1);
	assert_false(parse_binary(buf.data, buf.len, &form));
	aiodal__buf_free(&buf);
}

static void
binary_with_any_byte_changed(void **state)
{
	aiodal__buf buf = AIODAL__BUF_INIT;
	aiodal__array_form form;
	int taken = 0;

	(void) state;
	make_binary(&buf);
	for (size_t at = 0; at < buf.len; at++)
	{
		char was = buf.data[at];

		for (int byte = 0; byte < 256; byte++)
		{
			buf.data[at] = (char) byte;
			taken += parse_binary(buf.data, buf.len, &form);
		}
		buf.data[at] = was;
	}
	/* the flags, the type, the lower bounds and the values may be anything: 4 * (1 + 1 + 2 + 3) bytes of 56
	 */
	assert_true(taken >= 28 * 256 + 28);
	assert_true(taken < 56 * 256 / 2 + 28 * 2);
	aiodal__buf_free(&buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_that_are_none),
		cmocka_unit_test(texts_cut_anywhere),
		cmocka_unit_test(binary_cut_anywhere),
		cmocka_unit_test(binary_with_any_byte_changed),
	};

	return cmocka_run_group_tests_name("array", tests, NULL, NULL);
}
