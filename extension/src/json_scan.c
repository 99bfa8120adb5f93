/*
 * json_scan.c
 *		Scanning one JSON object.
 *
 * Errors say at which character they are, since a line may be long. Text that
 * is not JSON is 22P02, as it is for the type json; a line that is JSON but no
 * object is 22P04, a bad copy file.
 */
#include "compat.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "json_scan.h"

static void SkipValue(JsonScan *scan);

/* What is at the scanner's place, for a message: a word, or one character. */
static char *
TokenText(JsonScan *scan)
{
	const char *p = scan->p;
	const char *end = p;

	while (end < scan->end && end - p < 20 && isalnum((unsigned char) *end))
		end++;
	return pnstrdup(p, end > p ? end - p : pg_mblen(p));
}

pg_noreturn static void
ReportSyntax(JsonScan *scan, const char *expected)
{
	int at = pg_mbstrlen_with_len(scan->start, scan->p - scan->start) + 1;

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), errmsg("invalid JSON"),
			 scan->p < scan->end
				 ? errdetail("Expected %s, but found \"%s\" at character %d.", expected, TokenText(scan), at)
				 : errdetail("Expected %s, but the line ended at character %d.", expected, at),
			 scan->p < scan->end ? 0 : errhint("Each JSON object must be on one line of its own.")));
}

static inline void
SkipBlanks(JsonScan *scan)
{
	while (scan->p < scan->end &&
		   (*scan->p == ' ' || *scan->p == '\t' || *scan->p == '\r' || *scan->p == '\n'))
		scan->p++;
}

static inline bool
Accept(JsonScan *scan, char c)
{
	SkipBlanks(scan);
	if (scan->p >= scan->end || *scan->p != c)
		return false;
	scan->p++;
	return true;
}

pg_noreturn static void
ReportControlCharacter(JsonScan *scan)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), errmsg("invalid JSON"),
					errdetail("The character with value 0x%02x must be escaped in a string, at character %d.",
							  (unsigned char) *scan->p,
							  pg_mbstrlen_with_len(scan->start, scan->p - scan->start) + 1)));
}

/* From the backslash to the last character of the sequence. */
static void
SkipEscape(JsonScan *scan)
{
	scan->p++;
	if (scan->p >= scan->end || strchr("\"\\/bfnrtu", *scan->p) == NULL)
		ReportSyntax(scan, "one of \", \\, /, b, f, n, r, t, u behind a backslash");
	if (*scan->p != 'u')
		return;
	for (int i = 0; i < 4; i++)
	{
		scan->p++;
		if (scan->p >= scan->end || !isxdigit((unsigned char) *scan->p))
			ReportSyntax(scan, "four hexadecimal digits behind \\u");
	}
}

static void
SkipString(JsonScan *scan)
{
	if (!Accept(scan, '"'))
		ReportSyntax(scan, "a string");
	for (; scan->p < scan->end && *scan->p != '"'; scan->p++)
	{
		if ((unsigned char) *scan->p < ' ')
			ReportControlCharacter(scan);
		if (*scan->p == '\\')
			SkipEscape(scan);
	}
	if (scan->p >= scan->end)
		ReportSyntax(scan, "a \" to end the string");
	scan->p++;
}

static void
SkipDigits(JsonScan *scan)
{
	if (scan->p >= scan->end || !isdigit((unsigned char) *scan->p))
		ReportSyntax(scan, "a digit");
	while (scan->p < scan->end && isdigit((unsigned char) *scan->p))
		scan->p++;
}

static void
SkipNumber(JsonScan *scan)
{
	if (*scan->p == '-')
		scan->p++;
	if (scan->p < scan->end && *scan->p == '0')
		scan->p++;
	else
		SkipDigits(scan);
	if (scan->p < scan->end && *scan->p == '.')
	{
		scan->p++;
		SkipDigits(scan);
	}
	if (scan->p < scan->end && (*scan->p == 'e' || *scan->p == 'E'))
	{
		scan->p++;
		if (scan->p < scan->end && (*scan->p == '+' || *scan->p == '-'))
			scan->p++;
		SkipDigits(scan);
	}
	if (scan->p < scan->end && (isalnum((unsigned char) *scan->p) || *scan->p == '.'))
		ReportSyntax(scan, "the end of the number");
}

static void
SkipWord(JsonScan *scan, const char *word)
{
	int len = strlen(word);

	if (scan->end - scan->p < len || memcmp(scan->p, word, len) != 0 ||
		(scan->end - scan->p > len && isalnum((unsigned char) scan->p[len])))
		ReportSyntax(scan, "a JSON value");
	scan->p += len;
}

static void
SkipKey(JsonScan *scan)
{
	SkipBlanks(scan);
	SkipString(scan);
	if (!Accept(scan, ':'))
		ReportSyntax(scan, "\":\"");
}

/* Elements up to the closing bracket, the opening one being read. */
static void
SkipElements(JsonScan *scan, bool keys, char close)
{
	if (Accept(scan, close))
		return;
	do
	{
		if (keys)
			SkipKey(scan);
		SkipValue(scan);
	} while (Accept(scan, ','));
	if (!Accept(scan, close))
		ReportSyntax(scan, close == '}' ? "\",\" or \"}\"" : "\",\" or \"]\"");
}

static JsonKind
KindOf(JsonScan *scan)
{
	SkipBlanks(scan);
	switch (scan->p < scan->end ? *scan->p : '\0')
	{
		case '{': return JSON_KIND_OBJECT;
		case '[': return JSON_KIND_ARRAY;
		case '"': return JSON_KIND_STRING;
		case 't':
		case 'f': return JSON_KIND_BOOLEAN;
		case 'n': return JSON_KIND_NULL;
		case '-':
		case '0':
		case '1':
		case '2':
		case '3':
		case '4':
		case '5':
		case '6':
		case '7':
		case '8':
		case '9': return JSON_KIND_NUMBER;
	}
	ReportSyntax(scan, "a JSON value");
}

static void
SkipValue(JsonScan *scan)
{
	check_stack_depth();
	switch (KindOf(scan))
	{
		case JSON_KIND_OBJECT:
			scan->p++;
			SkipElements(scan, true, '}');
			break;
		case JSON_KIND_ARRAY:
			scan->p++;
			SkipElements(scan, false, ']');
			break;
		case JSON_KIND_STRING: SkipString(scan); break;
		case JSON_KIND_NUMBER: SkipNumber(scan); break;
		case JSON_KIND_BOOLEAN: SkipWord(scan, *scan->p == 't' ? "true" : "false"); break;
		case JSON_KIND_NULL: SkipWord(scan, "null"); break;
	}
}

void
JsonScanBegin(JsonScan *scan, const char *text, int len)
{
	scan->start = scan->p = text;
	scan->end = text + len;
	scan->members = 0;
	if (KindOf(scan) != JSON_KIND_OBJECT)
	{
		SkipValue(scan);
		ereport(ERROR, (errcode(ERRCODE_BAD_COPY_FILE_FORMAT), errmsg("line is not a JSON object"),
						errhint("FORMAT jsonl expects one JSON object on each line.")));
	}
	scan->p++;
}

bool
JsonScanMember(JsonScan *scan, JsonMember *member)
{
	const char *key;

	if (Accept(scan, '}'))
	{
		SkipBlanks(scan);
		if (scan->p < scan->end)
			ReportSyntax(scan, "the end of the line");
		return false;
	}
	if (scan->members++ > 0 && !Accept(scan, ','))
		ReportSyntax(scan, "\",\" or \"}\"");
	SkipBlanks(scan);
	key = scan->p;
	SkipString(scan);
	member->key = JsonUnescape(key, scan->p - key);
	if (!Accept(scan, ':'))
		ReportSyntax(scan, "\":\"");
	member->kind = KindOf(scan);
	member->raw = scan->p;
	SkipValue(scan);
	member->len = scan->p - member->raw;
	return true;
}

static pg_wchar
HexQuad(const char *p)
{
	pg_wchar value = 0;

	for (int i = 0; i < 4; i++)
	{
		char c = pg_ascii_tolower((unsigned char) p[i]);

		value = value * 16 + (isdigit((unsigned char) c) ? c - '0' : c - 'a' + 10);
	}
	return value;
}

pg_noreturn static void
ReportEscape(const char *detail)
{
	ereport(ERROR, (errcode(ERRCODE_UNTRANSLATABLE_CHARACTER), errmsg("unsupported Unicode escape sequence"),
					errdetail("%s", detail)));
}

/*
 * The character of the \uXXXX (or pair of them) whose first digit is at p, in
 * the server's encoding, behind buf's end; returns what follows.
 */
static const char *
UnescapeUnicode(StringInfo buf, const char *p, const char *end)
{
	pg_wchar code = HexQuad(p);
	unsigned char character[MAX_UNICODE_EQUIVALENT_STRING + 1];

	p += 4;
	if (is_utf16_surrogate_first(code))
	{
		pg_wchar second = end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? HexQuad(p + 2) : 0;

		if (!is_utf16_surrogate_second(second))
			ReportEscape("A Unicode high surrogate must be followed by a low surrogate.");
		code = surrogate_pair_to_codepoint(code, second);
		p += 6;
	}
	else if (is_utf16_surrogate_second(code))
		ReportEscape("A Unicode low surrogate must follow a high surrogate.");
	if (code == 0)
		ReportEscape("\\u0000 cannot be stored in a column of text.");
	pg_unicode_to_server(code, character);
	appendStringInfoString(buf, (char *) character);
	return p;
}

char *
JsonUnescape(const char *raw, int len)
{
	static const char letters[] = "bfnrt";
	static const char meanings[] = "\b\f\n\r\t";
	const char *p = raw + 1;
	const char *end = raw + len - 1;
	StringInfoData buf;

	if (memchr(p, '\\', end - p) == NULL)
		return pnstrdup(p, end - p);
	initStringInfo(&buf);
	while (p < end)
	{
		const char *letter;

		if (*p != '\\')
		{
			appendStringInfoCharMacro(&buf, *p);
			p++;
			continue;
		}
		p++;
		letter = strchr(letters, *p);
		if (*p == 'u')
			p = UnescapeUnicode(&buf, p + 1, end);
		else
		{
			appendStringInfoChar(&buf, letter ? meanings[letter - letters] : *p);
			p++;
		}
	}
	return buf.data;
}
