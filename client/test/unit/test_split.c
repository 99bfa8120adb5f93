/*
 * test_split.c
 *		Where records end: line ends in quotes and behind backslashes, of all kinds, whatever pieces the data
 *		comes in.
 */
#include "support.h"

#include "util/split.h"

/* Each | in data is a place to cut; X, where there is none. */
static void
check(aiodal__split_kind kind, char escape, const char *marked)
{
	char data[200];
	aiodal__split_place expected[40] = {{0, 0, 0}};
	size_t len = 0;
	int n = 0;
	aiodal__split whole;

	for (const char *p = marked; *p; p++)
	{
		if (*p == '|')
			expected[n++].offset = len;
		else
			data[len++] = *p;
	}
	for (size_t piece = 1; piece <= len; piece++)
	{
		int found = 0;
		size_t last = 0;

		aiodal__split_start(&whole, kind, 0, escape);
		for (size_t at = 0; at < len && !whole.over; at += piece)
		{
			aiodal__split_scan(&whole, data + at, at + piece < len ? piece : len - at);
			if (piece > 1)
				continue;
			if (whole.last.offset != last)
			{
				assert_true(found < n);
				assert_int_equal(whole.last.offset, expected[found].offset);
				expected[found++] = whole.last;
			}
			last = whole.last.offset;
		}
		if (piece == 1)
			assert_int_equal(found, n);
		assert_int_equal(whole.last.offset, n > 0 ? expected[n - 1].offset : 0);
		assert_int_equal(whole.last.lines, n > 0 ? expected[n - 1].lines : 0);
		assert_int_equal(whole.last.records, n > 0 ? expected[n - 1].records : 0);
	}
}

static void
csv_is_cut_outside_of_quotes(void **state)
{
	(void) state;
	check(AIODAL__SPLIT_CSV, 0, "a,b\n|1,2\n|3,4\n|");
	check(AIODAL__SPLIT_CSV, 0, "a,\"b\n\"\n|\"1\n\n\",2\n|\n|3,4");
	check(AIODAL__SPLIT_CSV, 0, "\"a\"\"\n\"\"\"\n|a\"b\nc\"d\n|");
	check(AIODAL__SPLIT_CSV, '\\', "\"a\\\"\nb\"\n|\"\\\\\"\n|\\\"\n\"\n|");
	check(AIODAL__SPLIT_CSV, 0, "");
	check(AIODAL__SPLIT_CSV, 0, "no end");
}

static void
lines_end_as_the_first_one_does(void **state)
{
	(void) state;
	check(AIODAL__SPLIT_CSV, 0, "a,b\r\n|1,\"2\r\n3\"\r\n|4\r\n|");
	/* that a CR ends a line by itself is known when the next byte is */
	check(AIODAL__SPLIT_TEXT, 0, "a\tb\n|1\t2\r\n|");
	{
		aiodal__split split;

		aiodal__split_start(&split, AIODAL__SPLIT_CSV, 0, 0);
		aiodal__split_scan(&split, "a,b\r1,\"\r\n\"\r", 11);
		assert_int_equal(split.last.offset, 11);
		assert_int_equal(split.last.lines, 3);
		assert_int_equal(split.last.records, 2);
		assert_int_equal(split.first.offset, 4);
		assert_int_equal(split.first.lines, 1);
	}
}

static void
text_is_cut_outside_of_escapes(void **state)
{
	aiodal__split split;

	(void) state;
	check(AIODAL__SPLIT_TEXT, 0, "a\\\nb\n|c\\\\\n|\"\n|");
	aiodal__split_start(&split, AIODAL__SPLIT_TEXT, 0, 0);
	aiodal__split_scan(&split, "a\n\\.\nb\n", 7);
	assert_true(split.over);
	assert_int_equal(split.last.offset, 5);
}

static void
the_marker_is_not_left_at_an_end(void **state)
{
	(void) state;
	check(AIODAL__SPLIT_CSV, 0, "a\n|\\.\nb\n|\\.\n\\.\nc\n|\\.x\n|");
	check(AIODAL__SPLIT_CSV, 0, "a\r\n|\\.\r\nb\r\n|");
	check(AIODAL__SPLIT_JSONL, 0, "{}\n|\\.\n{}\n|");
}

static void
blank_lines_are_no_records_of_jsonl(void **state)
{
	aiodal__split split;

	(void) state;
	check(AIODAL__SPLIT_JSONL, 0, "{\"a\":1}\n|\n|  \r\n|{\"b\": \"\\n\\\"\"}\r\n|");
	aiodal__split_start(&split, AIODAL__SPLIT_JSONL, 0, 0);
	aiodal__split_scan(&split, "{}\n \n{}\n{", 9);
	assert_int_equal(split.last.records, 2);
	assert_int_equal(split.last.lines, 3);
	assert_int_equal(aiodal__split_records(&split), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_is_cut_outside_of_quotes),
		cmocka_unit_test(lines_end_as_the_first_one_does),
		cmocka_unit_test(text_is_cut_outside_of_escapes),
		cmocka_unit_test(the_marker_is_not_left_at_an_end),
		cmocka_unit_test(blank_lines_are_no_records_of_jsonl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
