/*
 * feed_share.c
 *		Rows that other sessions have put into a shared stage, in the files' order.
 *
 * A part's rows are read page by page and copied, so that no pin is held between
 * calls (rows may be asked for in subtransactions). A row that a part has set aside is told again where it
 * stood among the others, as the error that it was: what is done with it is the consumer's to say.
 */
#include "compat.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "commands/progress.h"
#include "executor/tuptable.h"
#include "mb/pg_wchar.h"
#include "utils/backend_progress.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "feed.h"
#include "share.h"

typedef struct ShareFeed
{
	Feed base;
	ShareParts *parts;
	Relation rel;
	Snapshot snapshot;
	AttrNumber *from; /* the stage's column for each of rel's; 0: none */
	bool *fills;      /* by attribute number of rel - 1: rows of this part lack it, others have it */
	Datum *values;    /* of the stage's row */
	bool *isnull;

	MemoryContext part_context; /* of what belongs to the part */
	int part;                   /* index of the next one */
	const ShareLoaded *loaded;
	int64 seen; /* rows of it */
	LineRun *runs;
	int nruns;
	int run; /* index of the next one */
	ShareReject *rejects;
	int nrejects;
	int reject; /* index of the next one */
	bool rejecting;

	MemoryContext run_context; /* of the rows */
	const LineRun *current;
	HeapTuple rows[MaxHeapTuplesPerPage];
	int nrows;
	int row; /* index of the next one */
} ShareFeed;

/* As core cuts what it shows. */
static char *
Shorten(const char *text)
{
	int len = strlen(text);

	return len <= 100 ? pstrdup(text) : psprintf("%.*s...", pg_mbcliplen(text, len, 100), text);
}

/* In the words that the part's own error would have had. */
static void
DescribeShareRow(Feed *base)
{
	ShareFeed *feed = (ShareFeed *) base;
	const ShareReject *reject = feed->rejecting ? &feed->rejects[feed->reject - 1] : NULL;

	if (reject && reject->column && reject->value)
		errcontext("COPY %s, line " INT64_FORMAT ", column %s: \"%s\"", base->relname, base->line,
				   reject->column, Shorten(reject->value));
	else if (reject && reject->raw)
		errcontext("COPY %s, line " INT64_FORMAT ": \"%s\"", base->relname, base->line, Shorten(reject->raw));
	else if (base->line > 0)
		errcontext("COPY %s, line " INT64_FORMAT, base->relname, base->line);
}

/* Columns that other parts gave are null here only for lack of a value: they get the default. */
static void
ChooseFills(ShareFeed *feed)
{
	for (int i = 0; i < RelationGetDescr(feed->rel)->natts; i++)
		feed->fills[i] = feed->from[i] > 0 && !bms_is_member(feed->from[i], feed->loaded->given) &&
						 bms_is_member(i + 1, feed->base.given) && FillExpression(feed->base.fill, i + 1);
}

/* Goes on to the next part that has rows or rejects; false behind the last one. */
static bool
NextPart(ShareFeed *feed)
{
	MemoryContext old;

	if (feed->loaded != NULL && feed->seen != feed->loaded->stored)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("stage \"%s\" was changed since it was loaded",
							   RelationGetRelationName(feed->parts->stage)),
						errdetail("Part %d has " INT64_FORMAT " rows of " INT64_FORMAT ".",
								  feed->loaded->number, feed->seen, feed->loaded->stored)));
	if (feed->part >= feed->parts->n)
		return false;
	MemoryContextReset(feed->part_context);
	old = MemoryContextSwitchTo(feed->part_context);
	feed->loaded = &feed->parts->parts[feed->part++];
	feed->seen = 0;
	feed->run = feed->reject = feed->nrejects = 0;
	feed->nruns = ReadPartRuns(feed->parts, feed->loaded, &feed->runs);
	if (feed->loaded->rejected > 0)
		feed->nrejects = ReadPartRejects(feed->parts, feed->loaded, &feed->rejects);
	MemoryContextSwitchTo(old);
	ChooseFills(feed);
	return true;
}

/* The runs from the next one on whose rows follow one another on its page; returns how many there are. */
static int
RunsOfPage(const ShareFeed *feed)
{
	const LineRun *run = &feed->runs[feed->run];
	int n = 1;

	while (feed->run + n < feed->nruns &&
		   ItemPointerGetBlockNumber(&run[n].first) == ItemPointerGetBlockNumber(&run->first) &&
		   ItemPointerGetOffsetNumber(&run[n].first) ==
			   ItemPointerGetOffsetNumber(&run[n - 1].first) + run[n - 1].count)
		n++;
	return n;
}

/* Copies the rows of the next runs, of which some may have gone. */
static void
CopyRows(ShareFeed *feed, const LineRun *first, const LineRun *end)
{
	ItemPointerData last = end->first;
	TupleTableSlot *slot = table_slot_create(feed->parts->stage, NULL);
	TableScanDesc scan;

	ItemPointerSetOffsetNumber(&last, ItemPointerGetOffsetNumber(&end->first) + end->count - 1);
	scan = table_beginscan_tidrange(feed->parts->stage, feed->snapshot,
									unconstify(ItemPointerData *, &first->first), &last);
	while (feed->nrows < MaxHeapTuplesPerPage &&
		   table_scan_getnextslot_tidrange(scan, ForwardScanDirection, slot))
		feed->rows[feed->nrows++] = ExecCopySlotHeapTuple(slot);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
}

/* Goes on to the runs of the next page; false when there are none. */
static bool
NextRun(ShareFeed *feed)
{
	MemoryContext old;
	int n;

	if (feed->run >= feed->nruns)
		return false;
	MemoryContextReset(feed->run_context);
	old = MemoryContextSwitchTo(feed->run_context);
	feed->nrows = feed->row = 0;
	n = RunsOfPage(feed);
	feed->current = &feed->runs[feed->run];
	CopyRows(feed, feed->current, feed->current + n - 1);
	feed->run += n;
	MemoryContextSwitchTo(old);
	feed->seen += feed->nrows;
	return true;
}

/* Makes sure that there is a row or a reject at hand; false at the end. */
static bool
LookAhead(ShareFeed *feed)
{
	for (;;)
	{
		while (feed->row >= feed->nrows)
		{
			if (!NextRun(feed))
				break;
		}
		if (feed->row < feed->nrows || feed->reject < feed->nrejects)
			return true;
		if (!NextPart(feed))
			return false;
	}
}

/* Which row of its run, made the current one, the row at hand is. */
static int
RowOfRun(ShareFeed *feed)
{
	OffsetNumber at = ItemPointerGetOffsetNumber(&feed->rows[feed->row]->t_self);

	while (ItemPointerGetOffsetNumber(&feed->current->first) + feed->current->count <= at)
		feed->current++;
	return at - ItemPointerGetOffsetNumber(&feed->current->first);
}

static void
SetPlace(ShareFeed *feed, int64 line, int64 record)
{
	feed->base.input = feed->loaded->input;
	feed->base.line = line;
	feed->base.record = record;
}

/* What is stored elsewhere belongs to the stage, which will be gone. */
static Datum
OwnValue(Form_pg_attribute att, Datum value)
{
	if (att->attlen == -1 && VARATT_IS_EXTERNAL(DatumGetPointer(value)))
		return PointerGetDatum(detoast_external_attr((struct varlena *) DatumGetPointer(value)));
	return value;
}

/* The row at hand as one of the consumer's relation. */
static void
TakeRow(ShareFeed *feed, ExprContext *econtext, Datum *values, bool *isnull)
{
	TupleDesc desc = RelationGetDescr(feed->rel);

	heap_deform_tuple(feed->rows[feed->row++], RelationGetDescr(feed->parts->stage), feed->values,
					  feed->isnull);
	for (int i = 0; i < desc->natts; i++)
	{
		int from = feed->from[i] - 1;

		isnull[i] = from < 0 || feed->isnull[from];
		values[i] = isnull[i] ? (Datum) 0 : OwnValue(TupleDescAttr(desc, i), feed->values[from]);
		if (feed->fills[i] && isnull[i])
			values[i] = FillColumn(feed->base.fill, i + 1, econtext, &isnull[i]);
	}
}

static bool
NextShareRow(Feed *base, ExprContext *econtext, Datum *values, bool *isnull)
{
	ShareFeed *feed = (ShareFeed *) base;
	const ShareReject *reject;
	int ahead;

	feed->rejecting = false;
	if (!LookAhead(feed))
		return false;
	reject = feed->reject < feed->nrejects ? &feed->rejects[feed->reject] : NULL;
	ahead = feed->row < feed->nrows ? RowOfRun(feed) : 0;
	if (reject && (feed->row >= feed->nrows || reject->record < feed->current->record + ahead))
	{
		feed->reject++;
		feed->rejecting = true;
		SetPlace(feed, reject->line, reject->record);
		ereport(ERROR, (errcode(MAKE_SQLSTATE(reject->sqlstate[0], reject->sqlstate[1], reject->sqlstate[2],
											  reject->sqlstate[3], reject->sqlstate[4])),
						errmsg_internal("%s", reject->message)));
	}
	SetPlace(feed, feed->current->line + ahead, feed->current->record + ahead);
	TakeRow(feed, econtext, values, isnull);
	return true;
}

static bool
SkipShareRow(Feed *base, Reject *to)
{
	ShareFeed *feed = (ShareFeed *) base;
	const ShareReject *reject = &feed->rejects[feed->reject - 1];

	if (!feed->rejecting)
		return false;
	to->line = reject->line;
	to->record = reject->record;
	to->column = reject->column;
	to->value = reject->value;
	to->raw = reject->raw;
	return true;
}

static void
EndShareFeed(Feed *base)
{
	UnregisterSnapshot(((ShareFeed *) base)->snapshot);
	pgstat_progress_end_command();
}

/* Pairs columns by name. They had the same type when the stage was made. */
static void
PairWithStage(ShareFeed *feed)
{
	TupleDesc desc = RelationGetDescr(feed->rel);
	TupleDesc stage = RelationGetDescr(feed->parts->stage);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		AttrNumber attnum = att->attisdropped || att->attgenerated
								? 0
								: get_attnum(RelationGetRelid(feed->parts->stage), NameStr(att->attname));

		if (attnum <= 0)
			continue;
		if (TupleDescAttr(stage, attnum - 1)->atttypid != att->atttypid ||
			TupleDescAttr(stage, attnum - 1)->atttypmod != att->atttypmod)
			ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
							errmsg("column \"%s\" has another type than in stage \"%s\"",
								   NameStr(att->attname), RelationGetRelationName(feed->parts->stage)),
							errdetail("The table was changed since the stage was made.")));
		feed->from[i] = attnum;
		if (bms_is_member(attnum, feed->parts->given))
			feed->base.given = bms_add_member(feed->base.given, i + 1);
	}
}

/* Every column that was given must still be there. */
static void
CheckColumnsLeft(ShareFeed *feed)
{
	if (bms_num_members(feed->base.given) < bms_num_members(feed->parts->given))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
						errmsg("the table lacks columns of stage \"%s\"",
							   RelationGetRelationName(feed->parts->stage)),
						errdetail("It was changed since the stage was made.")));
}

static void
StartProgress(FeedRequest *request)
{
	const int params[] = {PROGRESS_COPY_COMMAND, PROGRESS_COPY_TYPE};
	int64 values[] = {PROGRESS_COPY_COMMAND_FROM, PROGRESS_COPY_TYPE_CALLBACK};

	pgstat_progress_start_command(PROGRESS_COMMAND_COPY, RelationGetRelid(request->rel));
	pgstat_progress_update_multi_param(lengthof(params), params, values);
}

Feed *
BeginShareFeed(FeedRequest *request)
{
	ShareFeed *feed = palloc0(sizeof(ShareFeed));
	int natts = RelationGetDescr(request->rel)->natts;
	int stage_natts = RelationGetDescr(request->parts->stage)->natts;

	feed->base.next = NextShareRow;
	feed->base.describe = DescribeShareRow;
	feed->base.skip = SkipShareRow;
	feed->base.end = EndShareFeed;
	feed->base.relname = request->relname;
	feed->base.fill = MakeFill(request->rel, request->target);
	feed->parts = request->parts;
	feed->rel = request->rel;
	feed->from = palloc0(sizeof(AttrNumber) * natts);
	feed->fills = palloc0(sizeof(bool) * natts);
	feed->values = palloc(sizeof(Datum) * stage_natts);
	feed->isnull = palloc(sizeof(bool) * stage_natts);
	feed->part_context =
		AllocSetContextCreate(CurrentMemoryContext, "aiodal part of a stage", ALLOCSET_DEFAULT_SIZES);
	feed->run_context =
		AllocSetContextCreate(CurrentMemoryContext, "aiodal rows of a part", ALLOCSET_DEFAULT_SIZES);
	PairWithStage(feed);
	CheckColumnsLeft(feed);
	/* of now, when nobody writes to the stage any more; the statement's may be older */
	feed->snapshot = RegisterSnapshot(GetLatestSnapshot());
	StartProgress(request);
	return &feed->base;
}
