/*
 * stage_backfill.c
 *		Defaults for rows that were staged before a column turned up.
 *
 * This happens where a second file has more columns than the first, or a key
 * of JSON lines first appears after many rows. It costs an update of the rows
 * stored so far; where it is only the current batch, next to nothing.
 */
#include "compat.h"

#include "access/heapam.h"
#include "access/xact.h"
#include "executor/nodeModifyTable.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "stage_backfill.h"

/* Attribute numbers of the columns that have a default. */
static List *
ColumnsWithDefault(Fill *fill, Bitmapset *columns)
{
	List *attnums = NIL;
	int attnum = -1;

	while ((attnum = bms_next_member(columns, attnum)) >= 0)
	{
		if (FillExpression(fill, attnum) != NULL)
			attnums = lappend_int(attnums, attnum);
	}
	return attnums;
}

/* Copies the row into "to" with defaults for NULLs in the columns; false when there are none. */
static bool
FillNulls(TupleTableSlot *from, TupleTableSlot *to, EState *estate, Fill *fill, List *attnums)
{
	ExprContext *econtext = GetPerTupleExprContext(estate);
	MemoryContext old;
	int natts = from->tts_tupleDescriptor->natts;
	bool found = false;
	ListCell *lc;

	slot_getallattrs(from);
	ExecClearTuple(to);
	memcpy(to->tts_values, from->tts_values, natts * sizeof(Datum));
	memcpy(to->tts_isnull, from->tts_isnull, natts * sizeof(bool));
	old = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));
	foreach (lc, attnums)
	{
		int i = lfirst_int(lc) - 1;

		if (!from->tts_isnull[i])
			continue;
		to->tts_values[i] = FillColumn(fill, i + 1, econtext, &to->tts_isnull[i]);
		found = true;
	}
	MemoryContextSwitchTo(old);
	ExecStoreVirtualTuple(to);
	to->tts_tableOid = from->tts_tableOid;
	return found;
}

void
BackfillSlot(TupleTableSlot *slot, EState *estate, Fill *fill, Bitmapset *columns)
{
	List *attnums = ColumnsWithDefault(fill, columns);
	TupleTableSlot *filled;

	if (attnums == NIL)
		return;
	filled = MakeSingleTupleTableSlot(slot->tts_tupleDescriptor, &TTSOpsVirtual);
	ResetPerTupleExprContext(estate);
	if (FillNulls(slot, filled, estate, fill, attnums))
	{
		ExecMaterializeSlot(filled);
		ExecCopySlot(slot, filled);
		slot->tts_tableOid = filled->tts_tableOid;
	}
	ExecDropSingleTupleTableSlot(filled);
}

/*
 * Stores the new version of the row at tid behind all other rows, index entries and all. No update would
 * do: it puts a version where there is room, and rows that have the same key are told apart by their order.
 */
static void
StoreVersion(ResultRelInfo *rri, EState *estate, BulkInsertState bistate, ItemPointer tid,
			 TupleTableSlot *slot)
{
	Relation rel = rri->ri_RelationDesc;
	TupleConstr *constr = RelationGetDescr(rel)->constr;
	CommandId cid = GetCurrentCommandId(true);
	TM_FailureData failure;

	if (constr && constr->has_generated_stored)
		ExecComputeStoredGenerated(rri, estate, slot, CMD_INSERT);
	if (constr)
		ExecConstraints(rri, slot, estate);
	table_tuple_insert(rel, slot, cid, TABLE_INSERT_SKIP_FSM, bistate);
	if (table_tuple_delete(rel, tid, cid, InvalidSnapshot, InvalidSnapshot, true, &failure, false) != TM_Ok)
		elog(ERROR, "row of stage \"%s\" was changed meanwhile", RelationGetRelationName(rel));
	if (rri->ri_NumIndices > 0)
		list_free(InsertIndexEntries(rri, slot, estate, false));
}

void
BackfillStage(Stage *stage, ResultRelInfo *rri, EState *estate, Fill *fill, Bitmapset *columns,
			  BulkInsertState bistate)
{
	Relation rel = rri->ri_RelationDesc;
	List *attnums = ColumnsWithDefault(fill, columns);
	TupleTableSlot *slot;
	TupleTableSlot *filled;
	Snapshot snapshot;
	TableScanDesc scan;

	if (attnums == NIL)
		return;
	CommandCounterIncrement();
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	/* from the first page on, so that lines are asked for in order */
	scan = table_beginscan_strat(rel, snapshot, 0, NULL, true, false);
	slot = table_slot_create(rel, NULL);
	filled = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsVirtual);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		ResetPerTupleExprContext(estate);
		/* of a shared stage, rows of other COPYs are not ours to change */
		if (stage->part && StagePlaceOf(stage, &slot->tts_tid).line == 0)
			continue;
		/* one that lacks nothing moves as well, to stay in front of those behind it */
		(void) FillNulls(slot, filled, estate, fill, attnums);
		StoreVersion(rri, estate, bistate, &slot->tts_tid, filled);
		StageMoveLine(stage, &slot->tts_tid, &filled->tts_tid);
	}
	ExecDropSingleTupleTableSlot(filled);
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	CommandCounterIncrement();
}
