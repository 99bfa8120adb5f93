/*
 * rows_json.c
 *		Rows as JSON objects.
 */
#include "rows_impl.h"

#include "common/shortest_dec.h"
#include "utils/builtins.h"

/*
 * Room for this many bytes is kept free in the buffer while a row is written,
 * so that keys, numbers and punctuation go in unchecked. Only what has no limit
 * asks for more, with Reserve().
 */
#define SPARE 256

static inline void
Reserve(StringInfo json, size_t needed)
{
	if (json->maxlen - json->len <= needed + SPARE)
		enlargeStringInfo(json, needed + SPARE);
}

static inline void
PutBytes(StringInfo json, const char *bytes, int length)
{
	memcpy(json->data + json->len, bytes, length);
	json->len += length;
}

static inline void
PutChar(StringInfo json, char c)
{
	json->data[json->len++] = c;
}

static inline void
PutKey(StringInfo json, const Field *field)
{
	StaticAssertStmt(KEY_SIZE <= SPARE, "a key fits what is spare");
	memcpy(json->data + json->len, field->key, KEY_SIZE);
	json->len += field->key_length;
}

static inline void
PutNull(StringInfo json)
{
	PutBytes(json, "null", 4);
}

static inline void
PutNumber(StringInfo json, int64 number)
{
	json->len += pg_lltoa(number, json->data + json->len);
}

/* What follows the backslash in a JSON string; 'u' for those that have no short form. */
static const char escapes[256] = {
	['"'] = '"', ['\\'] = '\\', [1] = 'u',  [2] = 'u',  [3] = 'u',  [4] = 'u',  [5] = 'u',
	[6] = 'u',   [7] = 'u',     [8] = 'b',  [9] = 't',  [10] = 'n', [11] = 'u', [12] = 'f',
	[13] = 'r',  [14] = 'u',    [15] = 'u', [16] = 'u', [17] = 'u', [18] = 'u', [19] = 'u',
	[20] = 'u',  [21] = 'u',    [22] = 'u', [23] = 'u', [24] = 'u', [25] = 'u', [26] = 'u',
	[27] = 'u',  [28] = 'u',    [29] = 'u', [30] = 'u', [31] = 'u'};

/* Is any of eight bytes less than 0x20, a quotation mark or a backslash? (Those above 0x7f are none.) */
static inline bool
NeedsEscape(uint64 bytes)
{
	const uint64 ones = UINT64CONST(0x0101010101010101);
	uint64 quote = bytes ^ (ones * '"');
	uint64 backslash = bytes ^ (ones * '\\');

	return (((bytes - ones * 0x20) & ~bytes) | ((quote - ones) & ~quote) |
			((backslash - ones) & ~backslash)) &
		   (ones * 0x80);
}

/* How many bytes at the beginning of text can be copied as they are, by eights. */
static inline size_t
CopyPlain(char *to, const char *text, size_t length)
{
	size_t done = 0;

	for (; done + 8 <= length; done += 8)
	{
		uint64 bytes;

		memcpy(&bytes, text + done, 8);
		if (NeedsEscape(bytes))
			break;
		memcpy(to + done, &bytes, 8);
	}
	return done;
}

static char *
PutEscaped(char *to, unsigned char c)
{
	static const char hex_digits[] = "0123456789abcdef";

	*to++ = '\\';
	*to++ = escapes[c];
	if (escapes[c] == 'u')
	{
		*to++ = '0';
		*to++ = '0';
		*to++ = hex_digits[c >> 4];
		*to++ = hex_digits[c & 15];
	}
	return to;
}

void
AppendJsonString(StringInfo json, const char *text)
{
	size_t length;
	size_t plain;
	char *to;

	if (text == NULL)
	{
		Reserve(json, 4);
		PutNull(json);
		return;
	}
	length = strlen(text);
	/* each byte may become six */
	Reserve(json, 6 * length + 2);
	to = json->data + json->len;
	*to++ = '"';
	plain = CopyPlain(to, text, length);
	to += plain;
	for (const char *from = text + plain; *from; from++)
	{
		unsigned char c = *from;

		if (likely(escapes[c] == 0))
			*to++ = c;
		else
			to = PutEscaped(to, c);
	}
	*to++ = '"';
	json->len = to - json->data;
}

static void
AppendNames(StringInfo json, const NameList *list)
{
	if (list == NULL)
	{
		PutNull(json);
		return;
	}
	PutChar(json, '[');
	for (int i = 0; i < list->count; i++)
	{
		if (i > 0)
			PutChar(json, ',');
		AppendJsonString(json, list->names[i]);
	}
	PutChar(json, ']');
}

static void AppendObject(StringInfo json, const RowShape *shape, const void *row, int where);

static void
AppendObjects(StringInfo json, const RowShape *shape, List *rows, int where)
{
	ListCell *lc;

	Reserve(json, 2);
	PutChar(json, '[');
	foreach (lc, rows)
	{
		if (lc != list_head(rows))
			PutChar(json, ',');
		AppendObject(json, shape, lfirst(lc), where);
	}
	PutChar(json, ']');
}

void
AppendFieldJson(StringInfo json, const Field *field, const void *row)
{
	switch (field->type)
	{
		case FIELD_OID:
			if (OidIsValid(VALUE(Oid)))
				PutNumber(json, VALUE(Oid));
			else
				PutNull(json);
			break;
		case FIELD_NAME:
		case FIELD_TEXT: AppendJsonString(json, VALUE(char *)); return;
		case FIELD_BOOL:
			if (VALUE(bool))
				PutBytes(json, "true", 4);
			else
				PutBytes(json, "false", 5);
			break;
		case FIELD_INT:
			if (VALUE(int) == NULL_INT)
				PutNull(json);
			else
				PutNumber(json, VALUE(int));
			break;
		case FIELD_COUNT:
			if (VALUE(int64) < 0)
				PutNull(json);
			else
				PutNumber(json, VALUE(int64));
			break;
		case FIELD_BIGINT: PutNumber(json, VALUE(int64)); break;
		case FIELD_REAL:
			if (VALUE(float4) < 0)
				PutNull(json);
			else
				json->len += float_to_shortest_decimal_bufn(VALUE(float4), json->data + json->len);
			break;
		case FIELD_NAMES:
		case FIELD_TEXTS: AppendNames(json, VALUE(NameList *)); break;
		case FIELD_ROW:
			if (VALUE(void *) == NULL)
				PutNull(json);
			else
				AppendObject(json, field->shape, VALUE(void *), field->shape_where);
			break;
		case FIELD_ROWS_IF_ANY:
			if (VALUE(List *) == NIL)
			{
				PutNull(json);
				break;
			}
			/* FALLTHROUGH */
		case FIELD_ROWS: AppendObjects(json, field->shape, VALUE(List *), field->shape_where); break;
	}
	Reserve(json, 0);
}

static void
AppendObject(StringInfo json, const RowShape *shape, const void *row, int where)
{
	char separator = '{';

	Reserve(json, 0);
	for (int i = 0; i < shape->count; i++)
	{
		const Field *field = &shape->fields[i];

		if (!(field->where & where))
			continue;
		PutChar(json, separator);
		PutKey(json, field);
		AppendFieldJson(json, field, row);
		separator = ',';
	}
	PutChar(json, '}');
	json->data[json->len] = '\0';
}

void
AppendRowJson(StringInfo json, const RowShape *shape, const void *row)
{
	AppendObject(json, shape, row, IN_DOCUMENT);
}

void
AppendRowsJson(StringInfo json, const RowShape *shape, List *rows)
{
	AppendObjects(json, shape, rows, IN_DOCUMENT);
	json->data[json->len] = '\0';
}
