/*
 * stage_writer.c
 *		Stores rows in a stage and remembers where each came from.
 *
 * A stage is a heap table that its owner may have changed: indexes,
 * constraints, generated columns and triggers work as with core's COPY, whose
 * order of events (copyfrom.c, CopyFrom()) is kept. Rows are stored in batches
 * unless a BEFORE ROW trigger may look at the table.
 *
 * Pages are filled one after another (no free space map), so that the lines of
 * neighbouring rows count up and are remembered as one run.
 */
#include "compat.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/nodeModifyTable.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

#include "stage_writer.h"

/* as core's COPY */
#define BATCH_ROWS  1000
#define BATCH_BYTES 65535

typedef struct PendingRow
{
	TupleTableSlot *slot;
	int64 line;
	int64 record;
} PendingRow;

struct StageWriter
{
	Stage *stage;
	Relation rel;
	Feed *feed;
	MemoryContext context;
	EState *estate;
	ResultRelInfo *rri;
	TransitionCaptureState *capture;
	ExprState *where;
	TupleDesc desc; /* a copy: the relation's is reference-counted, which is slow for 1000 slots */
	BulkInsertState bistate;
	CommandId cid;
	int options;
	int batch; /* rows stored at once */
	PendingRow rows[BATCH_ROWS];
	int nrows;
	Size bytes;
	int64 stored;
	int64 excluded;
	int64 stored_line; /* line of the row being stored, while rows are being stored; else 0 */
	bool begun;        /* the stage knows of this input, and of these columns as given by it: */
	Bitmapset *given;
};

/* Core's conditions for COPY FREEZE. */
static void
CheckFreeze(Relation rel)
{
	InvalidateCatalogSnapshot();
	if (!ThereAreNoPriorRegisteredSnapshots() || !ThereAreNoReadyPortals())
		ereport(ERROR, (errcode(ERRCODE_INVALID_TRANSACTION_STATE),
						errmsg("cannot perform COPY FREEZE because of prior transaction activity")));
	if (rel->rd_createSubid != GetCurrentSubTransactionId() &&
		rel->rd_newRelfilenodeSubid != GetCurrentSubTransactionId())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot perform COPY FREEZE because the table was not created or truncated in the "
						"current subtransaction")));
}

StageWriter *
BeginStageWriter(ParseState *pstate, Relation rel, Stage *stage, List *where, bool freeze)
{
	StageWriter *writer = palloc0(sizeof(StageWriter));
	TriggerDesc *triggers;

	writer->stage = stage;
	writer->rel = rel;
	writer->context = CurrentMemoryContext;
	writer->cid = GetCurrentCommandId(true);
	writer->options = TABLE_INSERT_SKIP_FSM;
	if (freeze)
	{
		CheckFreeze(rel);
		writer->options |= TABLE_INSERT_FROZEN;
	}
	writer->estate = CreateExecutorState();
	InitRangeTable(writer->estate, pstate);
	writer->rri = makeNode(ResultRelInfo);
	ExecInitResultRelation(writer->estate, writer->rri, 1);
	CheckWriteTarget(writer->rri, CMD_INSERT);
	ExecOpenIndices(writer->rri, false);

	AfterTriggerBeginQuery();
	triggers = writer->rri->ri_TrigDesc;
	writer->capture = MakeTransitionCaptureState(triggers, RelationGetRelid(rel), CMD_INSERT);
	writer->where = ExecInitQual(where, NULL);
	writer->batch = BATCH_ROWS;
	if ((triggers && triggers->trig_insert_before_row) || contain_volatile_functions((Node *) where))
		writer->batch = 1;
	writer->desc = CreateTupleDescCopy(RelationGetDescr(rel));
	writer->bistate = GetBulkInsertState();
	ExecBSInsertTriggers(writer->estate, writer->rri);
	return writer;
}

static void
StageWriterErrorContext(void *arg)
{
	StageWriter *writer = arg;

	if (writer->stored_line > 0)
		errcontext("COPY %s, line " INT64_FORMAT, writer->feed->relname, writer->stored_line);
	else
		writer->feed->describe(writer->feed);
}

/* Index entries and AFTER ROW triggers of a stored row. */
static void
FinishRow(StageWriter *writer, TupleTableSlot *slot)
{
	List *recheck = NIL;

	if (writer->rri->ri_NumIndices > 0)
		recheck = InsertIndexEntries(writer->rri, slot, writer->estate);
	if (writer->rri->ri_TrigDesc)
		ExecARInsertTriggers(writer->estate, writer->rri, slot, recheck, writer->capture);
	list_free(recheck);
}

/* Stores the pending rows. */
static void
StoreRows(StageWriter *writer)
{
	TupleTableSlot *slots[BATCH_ROWS];
	MemoryContext old;

	if (writer->nrows == 0)
		return;
	for (int i = 0; i < writer->nrows; i++)
		slots[i] = writer->rows[i].slot;
	writer->stored_line = writer->rows[0].line;
	/* it may leak */
	old = MemoryContextSwitchTo(GetPerTupleMemoryContext(writer->estate));
	table_multi_insert(writer->rel, slots, writer->nrows, writer->cid, writer->options, writer->bistate);
	MemoryContextSwitchTo(old);

	for (int i = 0; i < writer->nrows; i++)
	{
		PendingRow *row = &writer->rows[i];

		writer->stored_line = row->line;
		FinishRow(writer, row->slot);
		StageNoteLine(writer->stage, &row->slot->tts_tid, row->line, row->record);
		ExecClearTuple(row->slot);
	}
	writer->stored_line = 0;
	writer->stored += writer->nrows;
	writer->nrows = 0;
	writer->bytes = 0;
	pgstat_progress_update_param(PROGRESS_COPY_TUPLES_PROCESSED, writer->stored);
}

/* An empty slot that outlives the batch. */
static TupleTableSlot *
NextSlot(StageWriter *writer)
{
	PendingRow *row = &writer->rows[writer->nrows];
	MemoryContext old;

	if (row->slot == NULL)
	{
		old = MemoryContextSwitchTo(writer->context);
		row->slot = MakeSingleTupleTableSlot(writer->desc, table_slot_callbacks(writer->rel));
		MemoryContextSwitchTo(old);
	}
	return ExecClearTuple(row->slot);
}

/* Whether the row passes WHERE and the BEFORE ROW triggers. */
static bool
WantsRow(StageWriter *writer, TupleTableSlot *slot)
{
	ExprContext *econtext = GetPerTupleExprContext(writer->estate);

	econtext->ecxt_scantuple = slot;
	if (!ExecQual(writer->where, econtext))
	{
		pgstat_progress_update_param(PROGRESS_COPY_TUPLES_EXCLUDED, ++writer->excluded);
		return false;
	}
	if (writer->rri->ri_TrigDesc && writer->rri->ri_TrigDesc->trig_insert_before_row)
		return ExecBRInsertTriggers(writer->estate, writer->rri, slot);
	return true;
}

static void
CheckRow(StageWriter *writer, TupleTableSlot *slot)
{
	TupleConstr *constr = RelationGetDescr(writer->rel)->constr;

	if (constr && constr->has_generated_stored)
		ExecComputeStoredGenerated(writer->rri, writer->estate, slot, CMD_INSERT);
	if (constr)
		ExecConstraints(writer->rri, slot, writer->estate);
	if (writer->rel->rd_rel->relispartition)
		ExecPartitionCheck(writer->rri, slot, writer->estate, true);
}

static Size
SlotBytes(TupleTableSlot *slot)
{
	bool copied;
	HeapTuple tuple = ExecFetchSlotHeapTuple(slot, false, &copied);
	Size bytes = tuple->t_len;

	if (copied)
		heap_freetuple(tuple);
	return bytes;
}

/* The row in the next slot becomes a pending one. */
static void
KeepRow(StageWriter *writer)
{
	PendingRow *row = &writer->rows[writer->nrows++];

	ExecMaterializeSlot(row->slot);
	row->line = writer->feed->line;
	row->record = writer->feed->record;
	writer->bytes += SlotBytes(row->slot);
	if (writer->nrows >= writer->batch || writer->bytes >= BATCH_BYTES)
		StoreRows(writer);
}

/* Tells the stage of columns that turned up in the input since the last row; of none while there are no rows.
 */
static void
NoteGivenColumns(StageWriter *writer)
{
	Feed *feed = writer->feed;
	int attnum = -1;

	if (!writer->begun)
	{
		StageCopyBegin(writer->stage, feed->given);
		writer->given = bms_copy(feed->given);
		writer->begun = true;
	}
	if (bms_num_members(feed->given) == bms_num_members(writer->given))
		return;
	while ((attnum = bms_next_member(feed->given, attnum)) >= 0)
	{
		if (!bms_is_member(attnum, writer->given))
			StageCopyColumn(writer->stage, attnum);
	}
	writer->given = bms_copy(feed->given);
}

/* Reads one row into a slot; NULL at the end of the input. */
static TupleTableSlot *
ReadRow(StageWriter *writer)
{
	TupleTableSlot *slot = NextSlot(writer);
	MemoryContext old;
	bool found;

	CHECK_FOR_INTERRUPTS();
	ResetPerTupleExprContext(writer->estate);
	old = MemoryContextSwitchTo(GetPerTupleMemoryContext(writer->estate));
	found = writer->feed->next(writer->feed, GetPerTupleExprContext(writer->estate), slot->tts_values,
							   slot->tts_isnull);
	MemoryContextSwitchTo(old);
	if (!found)
		return NULL;
	ExecStoreVirtualTuple(slot);
	slot->tts_tableOid = RelationGetRelid(writer->rel);
	return slot;
}

int64
StageWriterRun(StageWriter *writer, Feed *feed)
{
	ErrorContextCallback callback = {
		.callback = StageWriterErrorContext, .arg = writer, .previous = error_context_stack};
	TupleTableSlot *slot;

	writer->feed = feed;
	error_context_stack = &callback;
	while ((slot = ReadRow(writer)) != NULL)
	{
		NoteGivenColumns(writer);
		if (!WantsRow(writer, slot))
			continue;
		CheckRow(writer, slot);
		KeepRow(writer);
	}
	StoreRows(writer);
	error_context_stack = callback.previous;
	return writer->stored;
}

void
EndStageWriter(StageWriter *writer)
{
	FreeBulkInsertState(writer->bistate);
	for (int i = 0; i < BATCH_ROWS && writer->rows[i].slot != NULL; i++)
		ExecDropSingleTupleTableSlot(writer->rows[i].slot);
	table_finish_bulk_insert(writer->rel, writer->options);
	ExecASInsertTriggers(writer->estate, writer->rri, writer->capture);
	AfterTriggerEndQuery(writer->estate);
	ExecResetTupleTable(writer->estate->es_tupleTable, false);
	ExecCloseResultRelations(writer->estate);
	ExecCloseRangeTableRelations(writer->estate);
	FreeExecutorState(writer->estate);
}
