/*
 * json_out.c
 *		Writing JSON.
 */
#include "json_out.h"

#include <string.h>

static void
separate(aiodal_web__json_out *out, bool comma)
{
	if (out->comma)
		aiodal_web__buf_char(&out->buf, ',');
	out->comma = comma;
}

void
aiodal_web__json_begin(aiodal_web__json_out *out, char bracket)
{
	separate(out, false);
	aiodal_web__buf_char(&out->buf, bracket);
}

void
aiodal_web__json_end(aiodal_web__json_out *out, char bracket)
{
	aiodal_web__buf_char(&out->buf, bracket);
	out->comma = true;
}

void
aiodal_web__json_key(aiodal_web__json_out *out, const char *key)
{
	separate(out, false);
	aiodal_web__buf_json(&out->buf, key, strlen(key));
	aiodal_web__buf_char(&out->buf, ':');
}

void
aiodal_web__json_raw(aiodal_web__json_out *out, const char *json)
{
	separate(out, true);
	aiodal_web__buf_str(&out->buf, json);
}

void
aiodal_web__json_text(aiodal_web__json_out *out, const char *text)
{
	separate(out, true);
	aiodal_web__buf_json(&out->buf, text, strlen(text));
}

void
aiodal_web__json_text_member(aiodal_web__json_out *out, const char *key, const char *text)
{
	if (!text)
		return;
	aiodal_web__json_key(out, key);
	aiodal_web__json_text(out, text);
}

void
aiodal_web__json_raw_member(aiodal_web__json_out *out, const char *key, const char *json)
{
	if (!json)
		return;
	aiodal_web__json_key(out, key);
	aiodal_web__json_raw(out, json);
}

void
aiodal_web__json_member(aiodal_web__json_out *out, const char *key, char bracket)
{
	aiodal_web__json_key(out, key);
	aiodal_web__json_begin(out, bracket);
}
