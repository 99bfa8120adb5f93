/*
 * fuzz_etag.c
 *		If-Match and If-None-Match: what is found stands there, to the letter.
 */
#include "fuzz.h"
#include "web/web.h"

#include "etag.h"

#define TAG "\"abc\""

void
fuzz_begin(void)
{
	fuzz_seed_text(TAG);
	fuzz_seed_text("*");
	fuzz_seed_text("W/" TAG);
	fuzz_seed_text("\"x\", " TAG " ,\"\",W/\"y\"");
	fuzz_seed_text(",, \"a,b\" ,\t" TAG ",");
	fuzz_word(TAG);
	fuzz_word("W/");
	fuzz_word("w/");
	fuzz_word("*");
	fuzz_word("\"");
	fuzz_word(", ");
	fuzz_word("abc");
}

static bool
is_star(const char *line)
{
	line += strspn(line, " \t,");
	return *line == '*' && line[1 + strspn(line + 1, " \t,")] == '\0';
}

void
fuzz_one(const char *data, size_t len)
{
	aiodal_web__match_result strong = aiodal_web__etag_match_line(data, TAG, false);
	aiodal_web__match_result weak = aiodal_web__etag_match_line(data, TAG, true);

	(void) len;
	if ((strong == AIODAL_WEB__MATCH_FOUND || weak == AIODAL_WEB__MATCH_FOUND) && !strstr(data, TAG) &&
		!is_star(data))
		fuzz_fail("found what is not there: %s", data);
	if (strong == AIODAL_WEB__MATCH_FOUND && weak != AIODAL_WEB__MATCH_FOUND)
		fuzz_fail("found strongly, but not weakly: %s", data);
	if ((strong == AIODAL_WEB__MATCH_BAD) != (weak == AIODAL_WEB__MATCH_BAD))
		fuzz_fail("malformed for one alone: %s", data);
}

void
fuzz_end(void)
{
}
