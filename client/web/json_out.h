/*
 * json_out.h
 *		Writing JSON: the commas are put where they belong. Running out of memory is remembered by the buffer.
 */
#ifndef AIODAL_WEB_JSON_OUT_H
#define AIODAL_WEB_JSON_OUT_H

#include "mem.h"

typedef struct aiodal_web__json_out
{
	aiodal_web__buf buf;
	bool comma; /* before what comes next */
} aiodal_web__json_out;

/* '{' or '[' */
extern void aiodal_web__json_begin(aiodal_web__json_out *out, char bracket);
extern void aiodal_web__json_end(aiodal_web__json_out *out, char bracket);

/* The name of the member whose value comes next. */
extern void aiodal_web__json_key(aiodal_web__json_out *out, const char *key);

/* JSON as it is. */
extern void aiodal_web__json_raw(aiodal_web__json_out *out, const char *json);
extern void aiodal_web__json_text(aiodal_web__json_out *out, const char *text);

/* Members of an object; none where the text is NULL. */
extern void aiodal_web__json_text_member(aiodal_web__json_out *out, const char *key, const char *text);
extern void aiodal_web__json_raw_member(aiodal_web__json_out *out, const char *key, const char *json);

/* "key": { and "key": [ */
extern void aiodal_web__json_member(aiodal_web__json_out *out, const char *key, char bracket);

#endif /* AIODAL_WEB_JSON_OUT_H */
