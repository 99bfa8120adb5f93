/*
 * json_scan.h
 *		One JSON object, member by member, without building a tree.
 *
 * The scanner checks that the text is JSON (RFC 8259), which core's functions
 * do as well, but it leaves values as they are written: numbers keep their
 * digits, nested values their text. The text is in the server's encoding and
 * already known to be valid in it.
 */
#ifndef AIODAL_JSON_SCAN_H
#define AIODAL_JSON_SCAN_H

#include "compat.h"

typedef enum JsonKind
{
	JSON_KIND_NULL,
	JSON_KIND_BOOLEAN,
	JSON_KIND_NUMBER,
	JSON_KIND_STRING,
	JSON_KIND_ARRAY,
	JSON_KIND_OBJECT
} JsonKind;

typedef struct JsonScan
{
	const char *start;
	const char *p;
	const char *end;
	int members; /* seen so far */
} JsonScan;

typedef struct JsonMember
{
	char *key; /* unescaped, palloc'd */
	JsonKind kind;
	const char *raw; /* the value as written, quotes included; points into the text */
	int len;
} JsonMember;

/* Starts on an object; anything else there is an error. text is NUL-terminated at text + len. */
extern void JsonScanBegin(JsonScan *scan, const char *text, int len);

/* The next member, or false after the last one, when nothing but blanks may follow. */
extern bool JsonScanMember(JsonScan *scan, JsonMember *member);

/* The characters that a string value (or key) as written stands for; palloc'd. */
extern char *JsonUnescape(const char *raw, int len);

#endif /* AIODAL_JSON_SCAN_H */
