/*
 * copy_direct.c
 *		COPY FROM that merges while it reads.
 *
 * No stage: a row goes from the feed into the batch of the direct path, and a
 * batch is merged while the client sends the next rows. What has to see the whole
 * input first goes through a stage (copy_path.c).
 *
 * Where bad rows are set aside, rows are read in a subtransaction, as into a stage
 * (stage_writer.c): nothing is written in it, so rows read before an error stay. Those of a
 * partitioned target are kept until it has ended: they may open their partition.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "commands/progress.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "copy_direct.h"
#include "copy_from.h"
#include "guard.h"
#include "merge_direct.h"
#include "reject.h"

/* Rows, and bytes of them, that are read before they are handed on, where that has to wait. */
#define KEPT_ROWS_MAX  1000
#define KEPT_BYTES_MAX (1024 * 1024)

typedef struct KeptRow
{
	HeapTuple tuple;
	RowPlace place;
} KeptRow;

typedef struct DirectCopy
{
	const Stage *wanted;
	MergeRequest *merge;
	MergeCounts *counts;
	Feed *feed;
	EState *estate;
	ExprState *where;
	int64 excluded;
	DirectMerge *direct;
	bool more; /* input has not ended */
	bool full; /* rows wait to be merged, or handed on */

	/* only where rows are read in a subtransaction and may open their partition, which is not to be its own
	 */
	MemoryContext kept_context; /* else NULL */
	KeptRow *kept;
	int nkept;
	Size kept_bytes;
} DirectCopy;

static void
CopyErrorContext(void *arg)
{
	DirectCopy *copy = arg;

	copy->feed->describe(copy->feed);
}

/* The next row into the slot, or false at the end; rows that WHERE leaves out are passed over. */
static bool
ReadRow(DirectCopy *copy, TupleTableSlot *slot)
{
	ExprContext *econtext = GetPerTupleExprContext(copy->estate);
	ErrorContextCallback callback = {
		.callback = CopyErrorContext, .arg = copy, .previous = error_context_stack};
	bool found;

	error_context_stack = &callback;
	for (;;)
	{
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		ResetPerTupleExprContext(copy->estate);
		ExecClearTuple(slot);
		old = MemoryContextSwitchTo(GetPerTupleMemoryContext(copy->estate));
		found = copy->feed->next(copy->feed, econtext, slot->tts_values, slot->tts_isnull);
		MemoryContextSwitchTo(old);
		if (!found || copy->feed->fault || copy->where == NULL)
			break;
		ExecStoreVirtualTuple(slot);
		econtext->ecxt_scantuple = slot;
		if (ExecQual(copy->where, econtext))
			break;
		pgstat_progress_update_param(PROGRESS_COPY_TUPLES_EXCLUDED, ++copy->excluded);
	}
	error_context_stack = callback.previous;
	return found;
}

static void
Progress(const DirectCopy *copy)
{
	pgstat_progress_update_param(PROGRESS_COPY_TUPLES_PROCESSED, copy->counts->staged);
}

static void
PrepareKeeping(DirectCopy *copy)
{
	if (copy->merge->rejects == NULL || copy->merge->target->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return;
	copy->kept_context =
		AllocSetContextCreate(CurrentMemoryContext, "aiodal kept rows", ALLOCSET_DEFAULT_SIZES);
	copy->kept = palloc(sizeof(KeptRow) * KEPT_ROWS_MAX);
}

/* Returns whether there is no room for another one. */
static bool
KeepRow(DirectCopy *copy, TupleTableSlot *slot, const RowPlace *place)
{
	MemoryContext old = MemoryContextSwitchTo(copy->kept_context);
	KeptRow *row = &copy->kept[copy->nkept++];

	row->tuple = heap_form_tuple(slot->tts_tupleDescriptor, slot->tts_values, slot->tts_isnull);
	row->place = *place;
	copy->kept_bytes += row->tuple->t_len;
	MemoryContextSwitchTo(old);
	return copy->nkept == KEPT_ROWS_MAX || copy->kept_bytes >= KEPT_BYTES_MAX;
}

static void
HandKeptRowsOn(DirectCopy *copy)
{
	for (int i = 0; i < copy->nkept; i++)
	{
		TupleTableSlot *slot = DirectMergeSlot(copy->direct);

		heap_deform_tuple(copy->kept[i].tuple, slot->tts_tupleDescriptor, slot->tts_values, slot->tts_isnull);
		if (DirectMergeAdd(copy->direct, &copy->kept[i].place))
			DirectMergeFlush(copy->direct);
	}
	copy->nkept = 0;
	copy->kept_bytes = 0;
	MemoryContextReset(copy->kept_context);
}

/* Reads until rows are to be merged, the input ends, or a record is at fault. */
static void
ReadRows(void *arg)
{
	DirectCopy *copy = arg;

	while (copy->more && !copy->full)
	{
		TupleTableSlot *slot = DirectMergeSlot(copy->direct);
		RowPlace place;

		copy->more = ReadRow(copy, slot);
		if (!copy->more || copy->feed->fault)
			return;
		place = (RowPlace){.line = copy->feed->line, .number = copy->feed->record};
		copy->full = copy->kept ? KeepRow(copy, slot, &place) : DirectMergeAdd(copy->direct, &place);
		copy->counts->staged++;
		if (copy->counts->staged % 1000 == 0)
			Progress(copy);
	}
}

static void
RejectRecord(DirectCopy *copy, const ErrorData *error)
{
	Reject reject = {.input = 1};

	SkipBadRecord(copy->feed, error, &reject);
	copy->counts->staged++;
	copy->counts->rejected++;
	RejectRowIn(copy->merge->rejects, copy->merge->max_rejects, &reject);
}

static void
ReadRowsSettingAside(DirectCopy *copy)
{
	ErrorData *error;

	while ((error = RunInSubtransaction(ReadRows, copy)) != NULL || copy->feed->fault)
	{
		RejectRecord(copy, error ? error : copy->feed->fault);
		if (error)
			FreeErrorData(error);
	}
}

static void
MoveRows(DirectCopy *copy)
{
	for (copy->more = true; copy->more; copy->full = false)
	{
		if (copy->merge->rejects)
			ReadRowsSettingAside(copy);
		else
			ReadRows(copy);
		if (copy->kept)
			HandKeptRowsOn(copy);
		else if (copy->full)
			DirectMergeFlush(copy->direct);
	}
}

static void
PrepareRejects(DirectCopy *copy)
{
	if (!copy->wanted->reject)
		return;
	copy->merge->rejects = BeginRejects(InvalidOid, true);
	copy->merge->max_rejects = copy->wanted->max_rejects;
	copy->merge->context = CurrentMemoryContext;
}

/* CopyConsumer; arg is a DirectCopy */
static int64
MergeFeed(FeedRequest *request, Feed *feed, List *where, void *arg)
{
	DirectCopy *copy = arg;
	int attnum = -1;

	copy->feed = feed;
	while ((attnum = bms_next_member(feed->given, attnum)) >= 0)
		copy->merge->columns = lappend_int(copy->merge->columns, attnum);
	ResolveMergeColumns(copy->merge, copy->wanted);
	copy->estate = CreateExecutorState();
	copy->where = ExecInitQual(where, NULL);
	PushCopiedSnapshot(GetTransactionSnapshot());
	PrepareRejects(copy);
	PrepareKeeping(copy);
	copy->direct = DirectMergeBegin(copy->merge, true, copy->counts);
	MoveRows(copy);
	DirectMergeEnd(copy->direct);
	PopActiveSnapshot();
	FreeExecutorState(copy->estate);
	Progress(copy);
	return copy->counts->staged;
}

void
CopyDirectly(ParseState *pstate, const CopyStmt *stmt, Relation target, const Stage *wanted,
			 MergeCounts *counts)
{
	MergeRequest merge = {.target = target, .mode = wanted->mode, .on_duplicate = wanted->on_duplicate};
	DirectCopy copy = {.wanted = wanted, .merge = &merge, .counts = counts};
	FeedRequest request = {.pstate = pstate,
						   .rel = target,
						   .relname = stmt->relation->relname,
						   .target = RelationGetRelid(target),
						   .sets_aside = wanted->reject,
						   .names_required = true,
						   .no_defaults = true,
						   .parts = wanted->parts};

	RunCopyFrom(&request, stmt, MergeFeed, &copy);
}
