/*
 * fuzz_redact.c
 *		What a report of an error says: whatever a request has, Slack gets a block it takes, and a secret that
 *		is called so is not in it.
 */
#include "fuzz.h"
#include "web/web.h"

#include <jansson.h>

#include "mem.h"
#include "mrkdwn.h"
#include "redact.h"
#include "text.h"

#define SECRET "hunter2hunter2"

void
fuzz_begin(void)
{
	fuzz_seed_text("{\"a\": [1, \"b\", {\"note\": \"x\"}], \"token\": {\"x\": null}, \"\\u00e4\": 1e9}");
	fuzz_seed_text("a=b&c=%20d&api_key=x&&=&e");
	fuzz_seed_text("Bearer abc.def password='x y' https://a:b@c/ eyJhbGciOiJSUzI1NiJ9.e30.x <!here> ```");
	fuzz_word("Bearer ");
	fuzz_word("password=");
	fuzz_word("\"secret\":");
	fuzz_word("eyJhbGciOiJSUzI1NiJ9");
	fuzz_word("://");
	fuzz_word("@");
	fuzz_word("\\u0000");
	fuzz_word("\xF0\x9F\x98\x80");
	fuzz_word("&amp;");
	fuzz_word("```");
}

/* The block is JSON, its text UTF-8 and no longer than Slack takes. */
static void
check_block(const char *s, size_t len)
{
	aiodal_web__buf blocks = AIODAL_WEB__BUF_INIT;
	json_t *block;
	const char *shown;

	aiodal_web__block_code(&blocks, s, len);
	block = json_loadb(blocks.data, blocks.len, 0, NULL);
	shown = json_string_value(json_object_get(json_object_get(block, "text"), "text"));
	if (!shown || !aiodal_web__is_utf8(shown, strlen(shown)))
		fuzz_fail("no block: %s", blocks.data);
	if (strlen(shown) > (size_t) 4 * AIODAL_WEB__SLACK_TEXT)
		fuzz_fail("the text has %zu bytes", strlen(shown));
	if (strpbrk(shown + 3, "<>"))
		fuzz_fail("markup is left: %s", shown);
	json_decref(block);
	aiodal_web__buf_free(&blocks);
}

static void
check_body(const char *type, const char *body, size_t len, bool has_secret)
{
	aiodal_web__buf out = AIODAL_WEB__BUF_INIT;

	aiodal_web__redact_body(&out, type, body, len, 1000000, NULL);
	if (has_secret && out.data && strstr(out.data, SECRET))
		fuzz_fail("the secret is told: %s", out.data);
	check_block(out.len ? out.data : "", out.len);
	aiodal_web__buf_free(&out);
}

/* The input beside a member, and a field, that is a secret. */
static void
check_secrets(const char *data, size_t len)
{
	aiodal_web__buf body = AIODAL_WEB__BUF_INIT;

	aiodal_web__buf_str(&body, "{\"password\":\"" SECRET "\",\"x\":");
	aiodal_web__buf_add(&body, data, len);
	aiodal_web__buf_char(&body, '}');
	check_body("application/json", body.data, body.len, true);
	aiodal_web__buf_free(&body);
	aiodal_web__buf_str(&body, "password=" SECRET "&");
	aiodal_web__buf_add(&body, data, len);
	check_body("application/x-www-form-urlencoded", body.data, body.len, true);
	aiodal_web__buf_free(&body);
}

void
fuzz_one(const char *data, size_t len)
{
	aiodal_web__buf out = AIODAL_WEB__BUF_INIT;

	check_body("application/json", data, len, false);
	check_body("application/x-www-form-urlencoded", data, len, false);
	check_body("text/plain", data, len, false);
	check_secrets(data, len);
	aiodal_web__redact_text(&out, data, len, "more names");
	check_block(out.len ? out.data : "", out.len);
	aiodal_web__buf_free(&out);
}

void
fuzz_end(void)
{
}
