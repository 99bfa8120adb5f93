/*
 * copy_direct.c
 *		COPY FROM that merges while it reads.
 *
 * No stage: a row goes from the feed into the batch of the direct path, and a
 * batch is merged while the client sends the next rows. What has to see the whole
 * input first goes through a stage: the policy "last", mode update, rows to be
 * set aside, and JSON lines, whose columns are known at the end.
 */
#include "compat.h"

#include "access/table.h"
#include "commands/progress.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "rewrite/rewriteHandler.h"
#include "optimizer/optimizer.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "copy_direct.h"
#include "copy_from.h"
#include "merge_direct.h"
#include "merge_missing.h"
#include "merge_path.h"
#include "merge_sql.h"

typedef struct DirectCopy
{
	const Stage *wanted;
	MergeRequest *merge;
	MergeCounts *counts;
	Feed *feed;
	EState *estate;
	ExprState *where;
	int64 excluded;
} DirectCopy;

/* Which columns the input fills is not known yet; any volatile default might be needed. */
static bool
MayNeedVolatileDefault(Relation target)
{
	TupleDesc desc = RelationGetDescr(target);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		Node *expr;

		if (att->attisdropped || att->attgenerated != '\0')
			continue;
		expr = build_column_default(target, i + 1);
		if (expr && contain_volatile_functions_not_nextval(expr))
			return true;
	}
	return false;
}

bool
CanCopyDirectly(Relation target, const Stage *wanted, bool jsonl)
{
	MergeRequest request = {.target = target, .mode = wanted->mode};

	if (jsonl || wanted->reject || wanted->on_duplicate == DUPLICATE_LAST || wanted->mode == MODE_UPDATE)
		return false;
	request.key = ResolveMergeKey(target, wanted->key, wanted->mode != MODE_INSERT || wanted->key != NIL);
	if (wanted->mode == MODE_INSERT && request.key != NULL)
		return false;
	if (wanted->mode == MODE_SYNC && (!DeletesDirectly(&request) || KeyCanBeNull(&request)))
		return false;
	return ReasonForSql(&request) == NULL && !MayNeedVolatileDefault(target);
}

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
		if (!found || copy->where == NULL)
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
MoveRows(DirectCopy *copy, DirectMerge *m)
{
	for (;;)
	{
		TupleTableSlot *slot = DirectMergeSlot(m);

		if (!ReadRow(copy, slot))
			return;
		if (DirectMergeAdd(m, &(RowPlace){.line = copy->feed->line, .number = copy->feed->record}))
			DirectMergeFlush(m);
		copy->counts->staged++;
		if (copy->counts->staged % 1000 == 0)
			pgstat_progress_update_param(PROGRESS_COPY_TUPLES_PROCESSED, copy->counts->staged);
	}
}

/* CopyConsumer; arg is a DirectCopy */
static int64
MergeFeed(FeedRequest *request, Feed *feed, List *where, void *arg)
{
	DirectCopy *copy = arg;
	DirectMerge *m;
	int attnum = -1;

	copy->feed = feed;
	while ((attnum = bms_next_member(feed->given, attnum)) >= 0)
		copy->merge->columns = lappend_int(copy->merge->columns, attnum);
	ResolveMergeColumns(copy->merge, copy->wanted);
	copy->estate = CreateExecutorState();
	copy->where = ExecInitQual(where, NULL);
	PushCopiedSnapshot(GetTransactionSnapshot());
	m = DirectMergeBegin(copy->merge, true, copy->counts);
	MoveRows(copy, m);
	DirectMergeEnd(m);
	PopActiveSnapshot();
	FreeExecutorState(copy->estate);
	pgstat_progress_update_param(PROGRESS_COPY_TUPLES_PROCESSED, copy->counts->staged);
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
						   .names_required = true,
						   .no_defaults = true,
						   .parts = wanted->parts};

	RunCopyFrom(&request, stmt, MergeFeed, &copy);
}
