/*
 * feed_text.c
 *		Rows out of csv, text and binary.
 *
 * There are three steps from core's way to ours, of which the last one is taken
 * that the input allows (the setting aiodal.feed can hold it back): core makes
 * whole rows (binary; options that see to single values); core finds the fields,
 * which become values here (input that core converts from another encoding);
 * records are taken apart here. Rows, errors and what errors show are the same.
 * To that end core's state of the COPY is begun in any case, and has options,
 * columns, input functions and the record that an error is about.
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
#include "feed_records.h"
#include "fill.h"
#include "header.h"
#include "repair.h"

typedef struct TextFeed
{
	Feed base;
	CopyFromState cstate;
	Source *source;
	Repair *repair;  /* between source and parser where rows are set aside; or NULL */
	bool translated; /* it makes text of the server's encoding of another one */
	ErrorData fault; /* what it found in the record */
	FieldReader *reader;
	Records *records; /* takes records apart; NULL where core does */
	Field *fields;    /* of a record that core took apart; NULL where it makes whole rows, too */
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
LinesInside(TextFeed *feed)
{
	CopyFromState cstate = feed->cstate;
	char line_end = cstate->eol_type == EOL_CR ? '\r' : '\n';
	const char *p = cstate->line_buf.data;
	const char *end = p + cstate->line_buf.len;
	int64 n = 0;

	if (feed->records)
		return LineEndsInRecord(feed->records);
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
	/* bytes that are no characters are in the raw buffer, be that the same one or not */
	if (INPUT_BUF_BYTES(cstate) > 0 ||
		cstate->raw_buf_len > (cstate->need_transcoding ? cstate->raw_buf_index : cstate->input_buf_index))
		return true;
	return (feed->repair && RepairHolds(feed->repair)) || !SourceEndsWithMarker(feed->source);
}

/* Where the marker is on the first line, that says how lines end; core has taken one byte of that. */
static void
LearnLineEnd(CopyFromState cstate)
{
	if (cstate->eol_type != EOL_UNKNOWN)
		return;
	if (cstate->input_buf[cstate->input_buf_index - 1] == '\n')
		cstate->eol_type = EOL_NL;
	else if (INPUT_BUF_BYTES(cstate) > 0)
	{
		bool crlf = cstate->input_buf[cstate->input_buf_index] == '\n';

		cstate->eol_type = crlf ? EOL_CRNL : EOL_CR;
		cstate->input_buf_index += crlf;
	}
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
	feed->base.fault = FieldsToRow(feed->reader, &field, 1, econtext, values, isnull);
}

/* The next record's fields, as core's parser finds them. */
static bool
NextFieldsOfCore(TextFeed *feed, const Field **fields, int *n)
{
	char **texts;

	if (!NextCopyFromRawFields(feed->cstate, &texts, n))
		return false;
	if (*n > feed->max_fields)
	{
		feed->max_fields = *n * 2;
		feed->fields = repalloc_huge(feed->fields, sizeof(Field) * feed->max_fields);
	}
	for (int i = 0; i < *n; i++)
		feed->fields[i] = (Field){.text = texts[i], .len = texts[i] ? strlen(texts[i]) : 0, .ended = true};
	*fields = feed->fields;
	return true;
}

/* The next row; false where there is none, or core's parser stopped at a marker. */
static bool
MakeRow(TextFeed *feed, ExprContext *econtext, Datum *values, bool *isnull)
{
	const Field *fields;
	int n;

	if (!feed->records && !feed->fields)
		return NextCopyFrom(feed->cstate, econtext, values, isnull);
	if (!(feed->records ? NextRecord(feed->records, &fields, &n) : NextFieldsOfCore(feed, &fields, &n)))
		return false;
	feed->base.fault = FieldsToRow(feed->reader, fields, n, econtext, values, isnull);
	return true;
}

/* What was wrong with characters of the current record, or NULL, and the code of that. */
static const char *
DamageOfRecord(TextFeed *feed, int *sqlerrcode)
{
	bool cr = feed->records ? RecordsEndInReturns(feed->records) : feed->cstate->eol_type == EOL_CR;

	*sqlerrcode = ERRCODE_CHARACTER_NOT_IN_REPERTOIRE;
	if (feed->records && !feed->translated)
		return RecordDamage(feed->records);
	if (feed->repair == NULL)
		return NULL;
	return RepairedBefore(feed->repair, feed->next_line - feed->header_lines - 1, cr, sqlerrcode);
}

/* A record with a question mark for a bad character is a bad one, though there is a row of it. */
static void
CheckDamage(TextFeed *feed)
{
	const char *message = DamageOfRecord(feed, &feed->fault.sqlerrcode);

	if (message == NULL)
		return;
	feed->fault.message = unconstify(char *, message);
	feed->base.fault = &feed->fault;
}

/* One row of core's parser, be it one that ON_ERROR skips; false at the end. */
static bool
ReadRow(TextFeed *feed, ExprContext *econtext, Datum *values, bool *isnull)
{
	feed->base.record++;
	feed->base.fault = NULL;
	feed->base.line = feed->by_lines ? feed->next_line : feed->base.record;
	if (!MakeRow(feed, econtext, values, isnull))
	{
		if (feed->records || !StoppedAtDataMarker(feed))
			return false;
		LearnLineEnd(feed->cstate);
		ReadMarkerRow(feed, econtext, values, isnull);
	}
	if (feed->by_lines)
		feed->next_line = feed->base.line + 1 + LinesInside(feed);
	if (feed->base.fault == NULL) /* else skip() sees to them */
		CheckDamage(feed);
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

	foreach (lc, feed->base.fault ? NIL : feed->left_out)
	{
		int attnum = lfirst_int(lc);

		values[attnum - 1] = FillColumn(feed->base.fill, attnum, econtext, &isnull[attnum - 1]);
	}
	return true;
}

/* Fields of the record, split or not, that core took apart: in its buffer, each but the first follows a NUL.
 */
static int
FieldsOfCore(CopyFromState cstate)
{
	int fields = 1;

	for (int i = 0; i < cstate->attribute_buf.len; i++)
		fields += cstate->attribute_buf.data[i] == '\0';
	return fields;
}

/* The column that the record is too short for, or NULL when the error has another reason. */
static const char *
FirstMissingColumn(TextFeed *feed, const char *message)
{
	CopyFromState cstate = feed->cstate;
	int fields = feed->records ? RecordFields(feed->records) : FieldsOfCore(cstate);
	const char *column;

	if (fields >= list_length(cstate->attnumlist))
		return NULL;
	column = NameStr(
		TupleDescAttr(RelationGetDescr(cstate->rel), list_nth_int(cstate->attnumlist, fields) - 1)->attname);
	return strcmp(message, psprintf(_("missing data for column \"%s\""), column)) == 0 ? column : NULL;
}

/* Where core's errors look for the record at hand. */
static void
ShowRecord(TextFeed *feed)
{
	CopyFromState cstate = feed->cstate;
	const char *text;
	int len;

	if (!feed->records)
		return;
	text = RecordText(feed->records, &len);
	cstate->line_buf_valid = text != NULL;
	resetStringInfo(&cstate->line_buf);
	if (text)
		appendBinaryStringInfo(&cstate->line_buf, text, len);
}

/* Core's parser can go on once it has the whole record. */
static bool
SkipTextRecord(Feed *base, Reject *reject)
{
	TextFeed *feed = (TextFeed *) base;
	CopyFromState cstate = feed->cstate;
	const char *damage;
	int sqlerrcode;

	ShowRecord(feed);
	if (!feed->by_lines || !cstate->line_buf_valid)
		return false;
	reject->line = base->line;
	reject->record = base->record;
	reject->column = cstate->cur_attname ? cstate->cur_attname : FirstMissingColumn(feed, reject->message);
	reject->value = cstate->cur_attval;
	reject->raw = cstate->line_buf.data;
	feed->next_line = base->line + 1 + LinesInside(feed);
	if (base->fault != &feed->fault && (damage = DamageOfRecord(feed, &sqlerrcode)) != NULL)
	{
		reject->sqlerrcode = sqlerrcode;
		reject->message = damage;
	}
	cstate->cur_attname = cstate->cur_attval = NULL;
	return true;
}

/* Core's words, with the line that the record begins on. */
static void
DescribeTextRecord(Feed *base)
{
	TextFeed *feed = (TextFeed *) base;
	CopyFromState cstate = feed->cstate;
	uint64 last_line = cstate->cur_lineno;

	ShowRecord(feed);
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
	if (!ReadHeader(request->source, opts, FeedEncoding(request),
					request->stage_name ? request->stage_name : RelationGetRelationName(request->rel),
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

/*
 * Puts the repair between source and parser. What it translates is no more to be converted by core, which
 * begins as for a file in the server's encoding.
 */
static void
RepairInput(TextFeed *feed)
{
	CopyFromState cstate = feed->cstate;
	Translator translator = {.encoding = cstate->file_encoding};

	if (cstate->need_transcoding)
	{
		translator.conversion = cstate->conversion_proc;
		cstate->need_transcoding = false;
		cstate->file_encoding = GetDatabaseEncoding();
		pfree(cstate->input_buf);
		cstate->input_buf = cstate->raw_buf;
		feed->translated = true;
	}
	feed->repair = MakeRepair(feed->source, &translator);
}

/* How far the input's way can be ours, at most as the setting says. */
static FeedSetting
FeedStep(const TextFeed *feed)
{
	if (!feed->by_lines || aiodal_feed == FEED_STEP_CORE || !CanReadFields(feed->cstate))
		return FEED_STEP_CORE;
	return aiodal_feed != FEED_STEP_FIELDS && CanReadRecords(feed->cstate) ? FEED_STEP_RECORDS
																		   : FEED_STEP_FIELDS;
}

/* Settles who takes records apart, and who makes rows of them. */
static void
ChooseStep(TextFeed *feed, LineEnd end, bool sets_aside)
{
	static const char *const names[] = {
		[FEED_STEP_CORE] = "core", [FEED_STEP_FIELDS] = "fields", [FEED_STEP_RECORDS] = "records"};
	FeedSetting step = FeedStep(feed);

	ereport(DEBUG1, (errmsg_internal("rows of \"%s\" are made by step %s", feed->base.relname, names[step])));
	if (feed->by_lines)
		feed->reader = MakeFieldReader(feed->cstate, sets_aside);
	if (step == FEED_STEP_RECORDS)
	{
		feed->records = MakeRecords(feed->source, feed->cstate, end, sets_aside);
		if (feed->translated)
			ReadRecordsThrough(feed->records, feed->repair);
	}
	else if (step == FEED_STEP_FIELDS)
	{
		feed->max_fields = Max(list_length(feed->cstate->attnumlist), 1);
		feed->fields = palloc(sizeof(Field) * feed->max_fields);
	}
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
	feed->header_lines = request->lines_before + header.lines;
	feed->next_line = feed->header_lines + 1;
	feed->base.record = request->records_before;
	callback_feed = feed;
	feed->cstate = BeginCopyFrom(request->pstate, request->rel, NULL, NULL, false, ReadForCore, attlist,
								 request->options);
	feed->cstate->cur_relname = request->relname;
	if (request->no_defaults)
		feed->cstate->num_defaults = 0;
	if (feed->by_lines && request->sets_aside)
		RepairInput(feed);
	ContinueAfterHeader(feed->cstate, &header, feed->source);
	UseMarkerDefaults(feed->cstate, feed->base.fill);
	ChooseStep(feed, header.end, request->sets_aside);
	feed->left_out = ColumnsToFill(request, feed->cstate->attnumlist, feed->base.fill);
	feed->base.given = ColumnsGiven(request, feed->cstate->attnumlist);
	return &feed->base;
}
