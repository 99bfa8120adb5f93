/*
 * feed_jsonl.c
 *		Rows out of JSON lines: one object on each line, keys are columns.
 *
 * A column counts as given by the input from the first row on that has its key.
 * Later rows that lack it are filled with the default; what to do with earlier
 * ones is the consumer's business. A key that is null is NULL.
 */
#include "compat.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "feed.h"
#include "fill.h"
#include "header.h"
#include "ident.h"
#include "json_scan.h"
#include "json_value.h"
#include "translate.h"

/* as COPY does in its CONTEXT lines */
#define MAX_VALUE_SHOWN 100

typedef struct JsonlFeed
{
	Feed base;
	Relation rel;
	Oid target;
	Source *source;
	Translator translator;
	List *allowed;       /* attribute numbers of the column list, or NIL for any */
	Bitmapset *to_fill;  /* columns to fill in rows that lack them */
	JsonColumn *columns; /* by attribute number - 1 */
	bool *seen;          /* in this record, by attribute number - 1 */
	int *order;          /* attribute number of the n-th key of the record before, or 0 */
	int64 physical_line;
	bool have_record; /* a line was read */
	const char *line; /* it, as it came */
	int len;
	const char *text;   /* it, in the server's encoding, or NULL */
	const char *column; /* being converted, or NULL */
	const char *value;  /* what its type reads, or NULL before that */
	JsonMember member;  /* the one at hand */
	bool in_member;
} JsonlFeed;

static char *
Shorten(const char *text)
{
	int len = strlen(text);
	int shown = len <= MAX_VALUE_SHOWN ? len : pg_mbcliplen(text, len, MAX_VALUE_SHOWN);

	return psprintf("%.*s%s", shown, text, shown < len ? "..." : "");
}

/* The value of the column being converted, as it is written where it has no better form; NULL for null. */
static const char *
ValueText(JsonlFeed *feed)
{
	if (feed->value || feed->member.kind == JSON_KIND_NULL)
		return feed->value;
	return pnstrdup(feed->member.raw, feed->member.len);
}

static void
DescribeJsonlRecord(Feed *base)
{
	JsonlFeed *feed = (JsonlFeed *) base;
	const char *value = feed->column ? ValueText(feed) : NULL;

	if (feed->column && value)
		errcontext("COPY %s, line " INT64_FORMAT ", column %s: \"%s\"", base->relname, base->line,
				   feed->column, Shorten(value));
	else if (feed->column)
		errcontext("COPY %s, line " INT64_FORMAT ", column %s: null input", base->relname, base->line,
				   feed->column);
	else if (feed->text)
		errcontext("COPY %s, line " INT64_FORMAT ": \"%s\"", base->relname, base->line, Shorten(feed->text));
	else
		errcontext("COPY %s, line " INT64_FORMAT, base->relname, base->line);
}

/* The next line that is not blank, in the server's encoding. */
static bool
ReadRecord(JsonlFeed *feed, int *len)
{
	char *line;
	LineEnd end;

	feed->have_record = feed->in_member = false;
	feed->text = feed->column = feed->value = NULL;
	do
	{
		feed->base.line = feed->physical_line + 1;
		if (!SourceReadLine(feed->source, false, &line, len, &end))
			return false;
		feed->physical_line++;
		pgstat_progress_update_param(PROGRESS_COPY_BYTES_PROCESSED, SourceBytesTaken(feed->source));
	} while ((int) strspn(line, " \t\r") == *len);

	if (line[*len - 1] == '\r')
		line[--*len] = '\0';
	if (strcmp(line, "\\.") == 0)
	{
		/* looking further moves what the line is in */
		line = pstrdup(line);
		if (SourceEndsWithMarker(feed->source))
			return false;
	}
	feed->base.record++;
	feed->have_record = true;
	feed->line = line;
	feed->len = *len;
	feed->text = pg_any_to_server(line, *len, feed->translator.encoding);
	if (feed->text != line)
		*len = strlen(feed->text);
	return true;
}

/* The column of that name that a file may fill, or InvalidAttrNumber. */
static AttrNumber
FindColumn(JsonlFeed *feed, const char *key)
{
	TupleDesc desc = RelationGetDescr(feed->rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && !att->attgenerated && strcmp(NameStr(att->attname), key) == 0)
			return att->attnum;
	}
	return InvalidAttrNumber;
}

/* The columns a record may name, for a message. */
static char *
AllowedText(JsonlFeed *feed)
{
	return ColumnListText(feed->rel, feed->allowed
										 ? feed->allowed
										 : CopyGetAttnums(RelationGetDescr(feed->rel), feed->rel, NIL));
}

/* Why the key is no column; does not return. */
pg_noreturn static void
ReportUnknownKey(JsonlFeed *feed, const char *key)
{
	const char *nearest = NearestColumn(feed->rel, key);

	if (IsGeneratedColumn(RelationGetRelid(feed->rel), key) || IsGeneratedColumn(feed->target, key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_REFERENCE), errmsg("key \"%s\" is a generated column", key),
				 errdetail("Generated columns cannot be used in COPY.")));
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
					errmsg("key \"%s\" is no column of \"%s\"", Shorten(key), feed->base.relname),
					errdetail("The columns are: %s.", AllowedText(feed)),
					nearest ? errhint("Perhaps you meant the column \"%s\".", nearest) : 0));
}

static AttrNumber
ResolveKey(JsonlFeed *feed, const char *key)
{
	AttrNumber attnum = FindColumn(feed, key);

	if (attnum == InvalidAttrNumber)
		ReportUnknownKey(feed, key);
	if (feed->allowed && !list_member_int(feed->allowed, attnum))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
						errmsg("key \"%s\" is not in the column list of COPY", key),
						errdetail("The column list is: %s.", AllowedText(feed))));
	return attnum;
}

/* The column of the record's n-th key; records mostly have the same keys in the same order. */
static AttrNumber
ColumnOfKey(JsonlFeed *feed, int n, const char *key)
{
	TupleDesc desc = RelationGetDescr(feed->rel);
	AttrNumber attnum = n < desc->natts ? feed->order[n] : 0;

	if (attnum == 0 || strcmp(NameStr(TupleDescAttr(desc, attnum - 1)->attname), key) != 0)
	{
		attnum = ResolveKey(feed, key);
		if (n < desc->natts)
			feed->order[n] = attnum;
	}
	if (feed->seen[attnum - 1])
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_COLUMN), errmsg("key \"%s\" appears more than once", key)));
	feed->seen[attnum - 1] = true;
	return attnum;
}

/* Columns that this record is the first one to have become columns that the input gives. */
static void
AddGivenColumns(JsonlFeed *feed, int natts)
{
	MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(feed));

	for (int attnum = 1; attnum <= natts; attnum++)
	{
		if (!feed->seen[attnum - 1] || bms_is_member(attnum, feed->base.given))
			continue;
		feed->base.given = bms_add_member(feed->base.given, attnum);
		feed->to_fill = bms_add_member(feed->to_fill, attnum);
	}
	MemoryContextSwitchTo(old);
}

/* The record's values; returns whether it has columns that no record before it had. */
static bool
ReadMembers(JsonlFeed *feed, JsonScan *scan, Datum *values, bool *isnull)
{
	bool fresh = false;

	while (JsonScanMember(scan, &feed->member))
	{
		AttrNumber attnum;

		feed->in_member = true;
		attnum = ColumnOfKey(feed, scan->members - 1, feed->member.key);
		fresh = fresh || !bms_is_member(attnum, feed->base.given);
		feed->column = feed->member.key;
		values[attnum - 1] =
			JsonToColumn(&feed->columns[attnum - 1], &feed->member, &isnull[attnum - 1], &feed->value);
		feed->column = NULL;
		feed->in_member = false;
	}
	return fresh;
}

static bool
NextJsonlRow(Feed *base, ExprContext *econtext, Datum *values, bool *isnull)
{
	JsonlFeed *feed = (JsonlFeed *) base;
	int natts = RelationGetDescr(feed->rel)->natts;
	JsonScan scan;
	int len;
	int attnum = -1;

	if (!ReadRecord(feed, &len))
		return false;
	memset(values, 0, sizeof(Datum) * natts);
	memset(isnull, true, sizeof(bool) * natts);
	memset(feed->seen, false, sizeof(bool) * natts);
	JsonScanBegin(&scan, feed->text, len);
	if (ReadMembers(feed, &scan, values, isnull))
		AddGivenColumns(feed, natts);

	while ((attnum = bms_next_member(feed->to_fill, attnum)) >= 0)
	{
		if (!feed->seen[attnum - 1])
			values[attnum - 1] = FillColumn(feed->base.fill, attnum, econtext, &isnull[attnum - 1]);
	}
	return true;
}

/* The line, which could not be converted, with question marks for what stopped it. */
static char *
PrintableLine(JsonlFeed *feed)
{
	char *line = pnstrdup(feed->line, feed->len);
	int len = feed->len;
	BadCharacter bad;

	return TranslateText(&feed->translator, line, &len, &bad);
}

static bool
SkipJsonlRecord(Feed *base, Reject *reject)
{
	JsonlFeed *feed = (JsonlFeed *) base;

	if (!feed->have_record)
		return false;
	reject->line = base->line;
	reject->record = base->record;
	reject->column = feed->in_member ? feed->member.key : NULL;
	reject->value = feed->in_member ? ValueText(feed) : NULL;
	reject->raw = feed->text ? feed->text : PrintableLine(feed);
	return true;
}

static void
EndJsonlFeed(Feed *base)
{
	pgstat_progress_end_command();
}

/* The column list, or what the relation's own defaults fill. */
static void
StartGivenColumns(JsonlFeed *feed, FeedRequest *request)
{
	TupleDesc desc = RelationGetDescr(feed->rel);
	ListCell *lc;

	if (request->attlist)
		feed->allowed = CopyGetAttnums(desc, feed->rel, request->attlist);
	foreach (lc, feed->allowed)
		feed->base.given = bms_add_member(feed->base.given, lfirst_int(lc));
	for (int i = 0; i < desc->natts; i++)
	{
		if (TupleDescAttr(desc, i)->atthasdef && !TupleDescAttr(desc, i)->attgenerated)
			feed->base.given = bms_add_member(feed->base.given, i + 1);
	}
}

static void
StartProgress(FeedRequest *request)
{
	const int params[] = {PROGRESS_COPY_COMMAND, PROGRESS_COPY_TYPE, PROGRESS_COPY_BYTES_TOTAL};
	int64 values[] = {PROGRESS_COPY_COMMAND_FROM, SourceProgressType(request->source),
					  SourceBytesTotal(request->source)};

	pgstat_progress_start_command(PROGRESS_COMMAND_COPY, RelationGetRelid(request->rel));
	pgstat_progress_update_multi_param(lengthof(params), params, values);
}

Feed *
BeginJsonlFeed(FeedRequest *request)
{
	JsonlFeed *feed = palloc0(sizeof(JsonlFeed));
	TupleDesc desc = RelationGetDescr(request->rel);

	feed->base.next = NextJsonlRow;
	feed->base.describe = DescribeJsonlRecord;
	feed->base.skip = SkipJsonlRecord;
	feed->base.end = EndJsonlFeed;
	feed->base.relname = request->relname;
	feed->rel = request->rel;
	feed->target = request->target;
	feed->source = request->source;
	feed->physical_line = request->lines_before;
	feed->base.record = request->records_before;
	feed->translator = FindTranslator(FeedEncoding(request));
	feed->base.fill = MakeFill(request->rel, request->target);
	feed->columns = PrepareJsonColumns(desc);
	feed->seen = palloc0(sizeof(bool) * desc->natts);
	feed->order = palloc0(sizeof(int) * desc->natts);
	StartGivenColumns(feed, request);
	feed->to_fill = bms_union(request->given, feed->base.given);

	StartProgress(request);
	SourceCheckStart(feed->source, FeedEncoding(request));
	return &feed->base;
}
