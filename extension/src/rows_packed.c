/*
 * rows_packed.c
 *		Rows as packed bytes, for a client that points into them.
 *
 * The bytes are a bytea, which nobody converts on the way, so texts are put
 * into them in the client's encoding, as a column of type text would be sent.
 */
#include "rows_impl.h"

#include "common/shortest_dec.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

/* the longest varint of 32 bits, and the longest integer as text with its NUL */
#define MAX_VARINT  5
#define MAX_INTEGER 21

static inline void
PutVarint(StringInfo out, uint32 value)
{
	while (value >= 0x80)
	{
		out->data[out->len++] = (char) (value | 0x80);
		value >>= 7;
	}
	out->data[out->len++] = (char) value;
}

static void
AppendCount(StringInfo out, uint32 count)
{
	enlargeStringInfo(out, MAX_VARINT);
	PutVarint(out, count);
}

static inline void
AppendBytes(StringInfo out, const char *text, size_t length)
{
	if (length > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("a text of the catalogs is too long")));
	enlargeStringInfo(out, MAX_VARINT + length + 1);
	PutVarint(out, length + 1);
	memcpy(out->data + out->len, text, length + 1);
	out->len += length + 1;
}

void
AppendScalarPacked(StringInfo out, const char *text)
{
	char *sent;

	if (text == NULL)
	{
		AppendCount(out, 0);
		return;
	}
	sent = pg_server_to_client(text, strlen(text));
	AppendBytes(out, sent, strlen(sent));
	if (sent != text)
		pfree(sent);
}

static void
AppendInteger(StringInfo out, int64 value)
{
	char text[MAX_INTEGER + 1];
	int length = pg_lltoa(value, text);

	AppendBytes(out, text, length);
}

static void
AppendList(StringInfo out, const NameList *list)
{
	AppendCount(out, list ? list->count + 1 : 0);
	for (int i = 0; list && i < list->count; i++)
		AppendScalarPacked(out, list->names[i]);
}

static void AppendRecord(StringInfo out, const RowShape *shape, const void *row, int where);

static void
AppendRecords(StringInfo out, const Field *field, List *rows)
{
	ListCell *lc;

	AppendCount(out, rows == NIL && field->type == FIELD_ROWS_IF_ANY ? 0 : list_length(rows) + 1);
	foreach (lc, rows)
		AppendRecord(out, field->shape, lfirst(lc), field->shape_where);
}

static void
AppendIntegerOrNull(StringInfo out, int64 value, bool isnull)
{
	if (isnull)
		AppendCount(out, 0);
	else
		AppendInteger(out, value);
}

static void
AppendRealOrNull(StringInfo out, float4 value)
{
	char text[FLOAT_SHORTEST_DECIMAL_LEN];

	if (value < 0)
	{
		AppendCount(out, 0);
		return;
	}
	(void) float_to_shortest_decimal_buf(value, text);
	AppendBytes(out, text, strlen(text));
}

static void
AppendFieldPacked(StringInfo out, const Field *field, const void *row)
{
	switch (field->type)
	{
		case FIELD_OID: AppendIntegerOrNull(out, VALUE(Oid), !OidIsValid(VALUE(Oid))); break;
		case FIELD_NAME:
		case FIELD_TEXT: AppendScalarPacked(out, VALUE(char *)); break;
		case FIELD_BOOL: AppendBytes(out, VALUE(bool) ? "t" : "f", 1); break;
		case FIELD_INT: AppendIntegerOrNull(out, VALUE(int), VALUE(int) == NULL_INT); break;
		case FIELD_COUNT: AppendIntegerOrNull(out, VALUE(int64), VALUE(int64) < 0); break;
		case FIELD_BIGINT: AppendInteger(out, VALUE(int64)); break;
		case FIELD_REAL: AppendRealOrNull(out, VALUE(float4)); break;
		case FIELD_NAMES:
		case FIELD_TEXTS: AppendList(out, VALUE(NameList *)); break;
		case FIELD_ROWS:
		case FIELD_ROWS_IF_ANY: AppendRecords(out, field, VALUE(List *)); break;
		case FIELD_ROW: elog(ERROR, "a record alone cannot be packed");
	}
}

static void
AppendRecord(StringInfo out, const RowShape *shape, const void *row, int where)
{
	for (int i = 0; i < shape->count; i++)
	{
		const Field *field = &shape->fields[i];

		if ((field->where & where) && !field->of_relation)
			AppendFieldPacked(out, field, row);
	}
}

void
AppendRowPacked(StringInfo out, const RowShape *shape, const void *row)
{
	AppendRecord(out, shape, row, IN_ROWS);
}

/* --------------------------------------------------------- their names */

static char *
FieldName(const Field *field)
{
	return pnstrdup(field->key + 1, field->key_length - strlen("\"\":"));
}

static List *FieldNames(const RowShape *shape, int where);

static char *
RecordsName(const Field *field)
{
	StringInfoData text;
	ListCell *lc;
	char separator = '(';

	initStringInfo(&text);
	appendStringInfoString(&text, FieldName(field));
	foreach (lc, FieldNames(field->shape, field->shape_where))
	{
		appendStringInfo(&text, "%c%s", separator, (char *) lfirst(lc));
		separator = ',';
	}
	appendStringInfoChar(&text, ')');
	return text.data;
}

static List *
FieldNames(const RowShape *shape, int where)
{
	List *names = NIL;

	for (int i = 0; i < shape->count; i++)
	{
		const Field *field = &shape->fields[i];
		char *name;

		if (!(field->where & where) || field->of_relation)
			continue;
		if (field->shape)
			name = RecordsName(field);
		else if (field->type == FIELD_NAMES || field->type == FIELD_TEXTS)
			name = psprintf("%s*", FieldName(field));
		else
			name = FieldName(field);
		names = lappend(names, name);
	}
	return names;
}

List *
PackedFields(const RowShape *shape)
{
	return FieldNames(shape, IN_ROWS);
}
