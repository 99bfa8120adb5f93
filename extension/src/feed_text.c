/*
 * feed_text.c
 *		Rows out of csv, text and binary, by core's own COPY parser.
 *
 * Of binary, and where options see to single values, core makes whole rows; else
 * it finds the fields, which become values here.
 *
 * Core's parser reads through a callback, so that our source stands below it.
 * That lets us take the header off first, and see what is left where core
 * believes that the data has ended.
 *
 * Lines are counted here: core counts those inside quoted fields only when
 * they end as the file's own lines do, and names the last line of a record.
 */
#include "compat.h"

#include "mb/pg_wchar.h"

#include "aiodal.h"
#include "feed.h"
#include "feed_fields.h"
#include "fill.h"
#include "header.h"
#include "repair.h"

typedef struct TextFeed
{
	Feed base;
	CopyFromState cstate;
	Source *source;
	Repair *repair; /* between source and parser where rows are set aside; or NULL */
	FieldReader *reader;
	Field *fields; /* of the record; NULL where core makes the rows */
	int max_fields;
	List *left_out; /* attribute numbers of columns filled here, not by the input */
	int64 header_lines;
	int64 next_line;
	bool by_lines; /* the format has lines */
} TextFeed;

/* The callback has no argument. */
static TextFeed *callback_feed;

Feed *
SaveCallbackFeed(void)
{
	return callback_feed ? &callback_feed->base : NULL;
}

void
RestoreCallbackFeed(Feed *feed)
{
	callback_feed = (TextFeed *) feed;
}

static int
ReadForCore(void *out, int minread, int maxread)
{
	if (callback_feed->repair)
		return RepairRead(callback_feed->repair, out, maxread);
	return SourceRead(callback_feed->source, out, minread, maxread);
}

int
FeedEncoding(const FeedRequest *request)
{
	return request->opts.file_encoding >= 0 ? request->opts.file_encoding : pg_get_client_encoding();
}

/* Lines that end inside the record just read. */
static int64
LinesInside(CopyFromState cstate)
{
	char line_end = cstate->eol_type == EOL_CR ? '\r' : '\n';
	const char *p = cstate->line_buf.data;
	const char *end = p + cstate->line_buf.len;
	int64 n = 0;

	while ((p = memchr(p, line_end, end - p)) != NULL)
	{
		n++;
		p++;
	}
	return n;
}

/*
 * Core's parser of 15 to 17 takes a csv line of \. alone for the end of the
 * data and would drop what follows. At the true end it has seen the source's.
 */
static bool
StoppedAtDataMarker(TextFeed *feed)
{
	CopyFromState cstate = feed->cstate;

	if (!feed->by_lines || !cstate->opts.csv_mode || cstate->input_reached_eof)
		return false;
	return INPUT_BUF_BYTES(cstate) > 0 || (cstate->need_transcoding && RAW_BUF_BYTES(cstate) > 0) ||
		   (feed->repair && RepairHolds(feed->repair)) || !SourceEndsWithMarker(feed->source);
}

/* The row that a csv line of \. alone is: one field, as in 18. */
static void
ReadMarkerRow(TextFeed *feed, ExprContext *econtext, Datum *values, bool *isnull)
{
	CopyFromState cstate = feed->cstate;
	Field field = {.text = "\\.", .len = 2, .ended = true};

	if (strcmp(cstate->opts.null_print, field.text) == 0)
		field.text = NULL;
	resetStringInfo(&cstate->attribute_buf);
	appendStringInfoString(&cstate->attribute_buf, "\\.");
	appendStringInfoString(&cstate->line_buf, "\\.");
	cstate->line_buf_valid = true;
	FieldsToRow(feed->reader, &field, 1, econtext, values, isnull);
}

/* The next row, out of fields as core's parser finds them. */
static bool
ReadFieldsRow(TextFeed *feed, ExprContext *econtext, Datum *values, bool *isnull)
{
	char **texts;
	int n;

	if (!NextCopyFromRawFields(feed->cstate, &texts, &n))
		return false;
	if (n > feed->max_fields)
	{
		feed->max_fields = n * 2;
		feed->fields = repalloc(feed->fields, sizeof(Field) * feed->max_fields);
	}
	for (int i = 0; i < n; i++)
		feed->fields[i] = (Field){.text = texts[i], .len = texts[i] ? strlen(texts[i]) : 0, .ended = true};
	FieldsToRow(feed->reader, feed->fields, n, econtext, values, isnull);
	return true;
}

/* What was wrong with bytes of the current record, or NULL. */
static const char *
RepairsOfRecord(TextFeed *feed)
{
	if (feed->repair == NULL)
		return NULL;
	return RepairedBefore(feed->repair, feed->next_line - feed->header_lines - 1,
						  feed->cstate->eol_type == EOL_CR);
}

static void
CheckRepairs(TextFeed *feed)
{
	const char *message = RepairsOfRecord(feed);

	if (message)
		ereport(ERROR, (errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE), errmsg_internal("%s", message)));
}

/* One row of core's parser, be it one that ON_ERROR skips; false at the end. */
static bool
ReadRow(TextFeed *feed, ExprContext *econtext, Datum *values, bool *isnull)
{
	CopyFromState cstate = feed->cstate;
	bool found;

	feed->base.record++;
	feed->base.line = feed->by_lines ? feed->next_line : feed->base.record;
	found = feed->fields ? ReadFieldsRow(feed, econtext, values, isnull)
						 : NextCopyFrom(cstate, econtext, values, isnull);
	if (!found)
	{
		if (!StoppedAtDataMarker(feed))
			return false;
		ReadMarkerRow(feed, econtext, values, isnull);
	}
	if (feed->by_lines)
		feed->next_line = feed->base.line + 1 + LinesInside(cstate);
	CheckRepairs(feed);
	return true;
}

static bool
NextTextRow(Feed *base, ExprContext *econtext, Datum *values, bool *isnull)
{
	TextFeed *feed = (TextFeed *) base;
	ListCell *lc;

	do
	{
		if (!ReadRow(feed, econtext, values, isnull))
			return false;
	} while (CopySkipsRow(feed->cstate));

	foreach (lc, feed->left_out)
	{
		int attnum = lfirst_int(lc);

		values[attnum - 1] = FillColumn(feed->base.fill, attnum, econtext, &isnull[attnum - 1]);
	}
	return true;
}

/*
 * The column that the record is too short for, or NULL. Fields are counted in
 * core's buffer, where each but the first follows a NUL; that of a record whose
 * splitting failed is empty, though the record is not.
 */
static const char *
FirstMissingColumn(CopyFromState cstate)
{
	const char *buf = cstate->attribute_buf.data;
	int fields = 1;

	if (cstate->attribute_buf.len == 0 && cstate->line_buf.len > 0)
		return NULL;
	for (int i = 0; i < cstate->attribute_buf.len; i++)
		fields += buf[i] == '\0';
	if (fields >= list_length(cstate->attnumlist))
		return NULL;
	return NameStr(
		TupleDescAttr(RelationGetDescr(cstate->rel), list_nth_int(cstate->attnumlist, fields) - 1)->attname);
}

/* Core's parser can go on once it has the whole record. */
static bool
SkipTextRecord(Feed *base, Reject *reject)
{
	TextFeed *feed = (TextFeed *) base;
	CopyFromState cstate = feed->cstate;
	const char *repairs;

	if (!feed->by_lines || !cstate->line_buf_valid)
		return false;
	reject->line = base->line;
	reject->record = base->record;
	reject->column = cstate->cur_attname ? cstate->cur_attname : FirstMissingColumn(cstate);
	reject->value = cstate->cur_attval;
	reject->raw = cstate->line_buf.data;
	feed->next_line = base->line + 1 + LinesInside(cstate);
	if ((repairs = RepairsOfRecord(feed)) != NULL)
	{
		reject->sqlerrcode = ERRCODE_CHARACTER_NOT_IN_REPERTOIRE;
		reject->message = repairs;
	}
	cstate->cur_attname = cstate->cur_attval = NULL;
	return true;
}

/* Core's words, with the line that the record begins on. */
static void
DescribeTextRecord(Feed *base)
{
	CopyFromState cstate = ((TextFeed *) base)->cstate;
	uint64 last_line = cstate->cur_lineno;

	cstate->cur_lineno = base->line;
	CopyFromErrorCallback(cstate);
	cstate->cur_lineno = last_line;
}

static void
EndTextFeed(Feed *base)
{
	TextFeed *feed = (TextFeed *) base;

	ReportSkippedRows(feed->cstate);
	EndCopyFrom(feed->cstate);
}

/* The statement's column list, or the one its header makes; *lines is what the header took. */
static List *
ReadColumnList(FeedRequest *request, Header *header)
{
	CopyFormatOptions *opts = &request->opts;
	List *attlist = request->attlist;

	if (!opts->header_line)
		return attlist;
	if (!ReadHeader(request->source, opts, FeedEncoding(request), RelationGetRelationName(request->rel),
					header))
	{
		if (attlist == NIL)
			ereport(ERROR, (errcode(ERRCODE_BAD_COPY_FILE_FORMAT), errmsg("the data has no header line"),
							errdetail("It is empty."),
							errhint("HEADER needs a first line with the names of the columns.")));
		return attlist;
	}
	if (attlist == NIL)
		return MatchHeader(header, request->rel, request->target, request->names_required, opts->delim[0]);
	if (opts->header_line == COPY_HEADER_MATCH)
		CheckHeader(header, request->rel,
					CopyGetAttnums(RelationGetDescr(request->rel), request->rel, attlist));
	return attlist;
}

/* Columns that earlier input gave and this lacks. */
static List *
ColumnsToFill(FeedRequest *request, List *attnums, Fill *fill)
{
	TupleDesc desc = RelationGetDescr(request->rel);
	List *left_out = NIL;
	int attnum = -1;

	while ((attnum = bms_next_member(request->given, attnum)) >= 0)
	{
		Form_pg_attribute att = TupleDescAttr(desc, attnum - 1);

		/* core sees to defaults of the relation itself */
		if (att->attisdropped || att->attgenerated || att->atthasdef || list_member_int(attnums, attnum))
			continue;
		if (FillExpression(fill, attnum) != NULL)
			left_out = lappend_int(left_out, attnum);
	}
	return left_out;
}

/* Columns that the input fills, or a default that somebody gave the relation itself. */
static Bitmapset *
ColumnsGiven(const FeedRequest *request, List *attnums)
{
	TupleDesc desc = RelationGetDescr(request->rel);
	Bitmapset *given = NULL;

	for (int attnum = 1; attnum <= desc->natts; attnum++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, attnum - 1);

		if (list_member_int(attnums, attnum) ||
			(att->atthasdef && !att->attgenerated && !request->no_defaults))
			given = bms_add_member(given, attnum);
	}
	return given;
}

static void
UseMarkerDefaults(CopyFromState cstate, Fill *fill)
{
	ListCell *lc;

	if (!HasDefaultMarker(&cstate->opts))
		return;
	foreach (lc, cstate->attnumlist)
		SetMarkerDefault(cstate, lfirst_int(lc), FillExpression(fill, lfirst_int(lc)));
}

static void
ContinueAfterHeader(CopyFromState cstate, const Header *header, Source *source)
{
	static const EolType line_ends[] = {EOL_UNKNOWN, EOL_NL, EOL_CR, EOL_CRNL};

	cstate->eol_type = line_ends[header->end];
	cstate->cur_lineno = header->lines;
	cstate->bytes_processed = SourceBytesTaken(source);
	pgstat_progress_update_param(PROGRESS_COPY_TYPE, SourceProgressType(source));
	pgstat_progress_update_param(PROGRESS_COPY_BYTES_TOTAL, SourceBytesTotal(source));
}

/* Who makes the rows. */
static void
ChooseStep(TextFeed *feed)
{
	if (!feed->by_lines)
		return;
	feed->reader = MakeFieldReader(feed->cstate);
	if (aiodal_feed == FEED_STEP_CORE || !CanReadFields(feed->cstate))
		return;
	feed->max_fields = Max(list_length(feed->cstate->attnumlist), 1);
	feed->fields = palloc(sizeof(Field) * feed->max_fields);
}

Feed *
BeginTextFeed(FeedRequest *request)
{
	TextFeed *feed = palloc0(sizeof(TextFeed));
	Header header = {0};
	List *attlist;

	feed->base.next = NextTextRow;
	feed->base.describe = DescribeTextRecord;
	feed->base.skip = SkipTextRecord;
	feed->base.end = EndTextFeed;
	feed->base.relname = request->relname;
	feed->source = request->source;
	feed->by_lines = request->format == FEED_TEXT;
	feed->base.fill = MakeFill(request->rel, request->target);

	if (feed->by_lines)
		SourceCheckStart(request->source, FeedEncoding(request));
	attlist = ReadColumnList(request, &header);
	feed->header_lines = header.lines;
	feed->next_line = header.lines + 1;
	if (feed->by_lines && request->sets_aside)
		feed->repair = MakeRepair(request->source, FeedEncoding(request));

	callback_feed = feed;
	feed->cstate = BeginCopyFrom(request->pstate, request->rel, NULL, NULL, false, ReadForCore, attlist,
								 request->options);
	feed->cstate->cur_relname = request->relname;
	if (request->no_defaults)
		feed->cstate->num_defaults = 0;
	ContinueAfterHeader(feed->cstate, &header, feed->source);
	UseMarkerDefaults(feed->cstate, feed->base.fill);
	ChooseStep(feed);
	feed->left_out = ColumnsToFill(request, feed->cstate->attnumlist, feed->base.fill);
	feed->base.given = ColumnsGiven(request, feed->cstate->attnumlist);
	return &feed->base;
}
