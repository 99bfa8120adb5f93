/*
 * stage_writer.c
 *		Stores rows in a stage and remembers where each came from.
 *
 * A stage is a heap table that its owner may have changed: indexes,
 * constraints, generated columns and triggers work as with core's COPY, whose
 * order of events (copyfrom.c, CopyFrom()) is kept. Rows are read, checked and
 * stored in batches, one row a batch when a BEFORE ROW trigger or a volatile
 * WHERE may look at the table.
 *
 * Where the stage sets bad rows aside, a batch is read in a subtransaction. In
 * that values are converted and nothing is written, so what an error undoes is
 * nothing but the error: rows read before it stay in their slots, and reading
 * goes on behind it in a new subtransaction.
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

#include "guard.h"
#include "reject.h"
#include "share.h"
#include "stage_backfill.h"
#include "stage_writer.h"

/* as core's COPY */
#define BATCH_ROWS  1000
#define BATCH_BYTES 65535

typedef struct BatchRow
{
	TupleTableSlot *slot; /* in the writer's context; its descriptor is not reference-counted */
	int input;
	int64 line;
	int64 record;
	Bitmapset *given; /* columns that the input had given by then; shared by rows */
} BatchRow;

struct StageWriter
{
	Stage *stage;
	int input; /* number of what is read among the stage's inputs */
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
	BatchRow rows[BATCH_ROWS];
	int nrows;
	Size bytes;
	bool more; /* input has not ended */
	int64 stored;
	int64 excluded;
	int64 current_line; /* of the row being checked or stored; 0 while rows are being read */
	bool begun;         /* the stage knows of this input */
	bool has_rows;      /* rows were stored, by this or by earlier input */
	Bitmapset *given;   /* columns that this and earlier input gave to stored rows */
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

	if (writer->current_line > 0)
		errcontext("COPY %s, line " INT64_FORMAT, writer->feed->relname, writer->current_line);
	else
		writer->feed->describe(writer->feed);
}

/* Index entries and AFTER ROW triggers of a stored row. */
static void
FinishRow(StageWriter *writer, TupleTableSlot *slot)
{
	List *recheck = NIL;

	if (writer->rri->ri_NumIndices > 0)
		recheck = InsertIndexEntries(writer->rri, slot, writer->estate, false);
	if (writer->rri->ri_TrigDesc)
		ExecARInsertTriggers(writer->estate, writer->rri, slot, recheck, writer->capture);
	list_free(recheck);
}

/* The n-th slot of the batch, empty; it outlives the batch. */
static TupleTableSlot *
BatchSlot(StageWriter *writer, int n)
{
	BatchRow *row = &writer->rows[n];
	MemoryContext old;

	if (row->slot == NULL)
	{
		old = MemoryContextSwitchTo(writer->context);
		row->slot = MakeSingleTupleTableSlot(writer->desc, table_slot_callbacks(writer->rel));
		MemoryContextSwitchTo(old);
	}
	return ExecClearTuple(row->slot);
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

/* The columns that the feed's input has given; the set of the row before where that is the same. */
static Bitmapset *
GivenByNow(StageWriter *writer)
{
	Bitmapset *before = writer->nrows > 0 ? writer->rows[writer->nrows - 1].given : writer->given;
	MemoryContext old;
	Bitmapset *given;

	if (before != NULL && bms_is_subset(writer->feed->given, before))
		return before;
	old = MemoryContextSwitchTo(writer->context);
	given = bms_union(before, writer->feed->given);
	MemoryContextSwitchTo(old);
	return given;
}

/* The feed's next row becomes the batch's last; false at the end of the input. */
static bool
ReadRow(StageWriter *writer)
{
	BatchRow *row = &writer->rows[writer->nrows];
	TupleTableSlot *slot = BatchSlot(writer, writer->nrows);
	Feed *feed = writer->feed;
	MemoryContext old;
	bool found;

	CHECK_FOR_INTERRUPTS();
	ResetPerTupleExprContext(writer->estate);
	old = MemoryContextSwitchTo(GetPerTupleMemoryContext(writer->estate));
	found = feed->next(feed, GetPerTupleExprContext(writer->estate), slot->tts_values, slot->tts_isnull);
	MemoryContextSwitchTo(old);
	if (!found || feed->fault)
		return found;
	ExecStoreVirtualTuple(slot);
	ExecMaterializeSlot(slot);
	slot->tts_tableOid = RelationGetRelid(writer->rel);
	row->input = feed->input;
	row->line = feed->line;
	row->record = feed->record;
	row->given = GivenByNow(writer);
	writer->bytes += SlotBytes(slot);
	writer->nrows++;
	return true;
}

/* Reads until the batch is full, a record is at fault, or the input ends; arg is the writer. */
static void
FillBatch(void *arg)
{
	StageWriter *writer = arg;

	while (writer->more && writer->nrows < writer->batch && writer->bytes < BATCH_BYTES)
	{
		writer->more = ReadRow(writer);
		if (writer->feed->fault)
			break;
	}
}

static void
RejectRecord(StageWriter *writer, const ErrorData *error)
{
	Reject reject = {.input = writer->feed->input ? writer->feed->input : writer->input};

	SkipBadRecord(writer->feed, error, &reject);
	RejectRow(writer->stage->relid, writer->stage->max_rejects, &reject);
}

/*
 * Reads on in a subtransaction. False when that ended in an error or a fault, which has
 * been dealt with.
 */
static bool
FillBatchGuarded(StageWriter *writer)
{
	ErrorData *error = RunInSubtransaction(FillBatch, writer);

	if (error == NULL && writer->feed->fault == NULL)
		return true;
	RejectRecord(writer, error ? error : writer->feed->fault);
	if (error)
		FreeErrorData(error);
	return false;
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

/* Computes generated columns and checks constraints. */
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

/* Moves rows that are not wanted behind the others, and leaves them out of the batch. */
static void
CheckBatch(StageWriter *writer)
{
	int kept = 0;

	for (int i = 0; i < writer->nrows; i++)
	{
		BatchRow row = writer->rows[i];

		writer->current_line = row.line;
		ResetPerTupleExprContext(writer->estate);
		if (!WantsRow(writer, row.slot))
			continue;
		CheckRow(writer, row.slot);
		ExecMaterializeSlot(row.slot);
		writer->rows[i] = writer->rows[kept];
		writer->rows[kept++] = row;
	}
	writer->nrows = kept;
}

/* Stores the batch. */
static void
StoreBatch(StageWriter *writer)
{
	TupleTableSlot *slots[BATCH_ROWS];
	MemoryContext old;

	if (writer->nrows == 0)
		return;
	for (int i = 0; i < writer->nrows; i++)
		slots[i] = writer->rows[i].slot;
	writer->current_line = writer->rows[0].line;
	/* it may leak */
	old = MemoryContextSwitchTo(GetPerTupleMemoryContext(writer->estate));
	table_multi_insert(writer->rel, slots, writer->nrows, writer->cid, writer->options, writer->bistate);
	MemoryContextSwitchTo(old);

	for (int i = 0; i < writer->nrows; i++)
	{
		BatchRow *row = &writer->rows[i];

		writer->current_line = row->line;
		FinishRow(writer, row->slot);
		if (row->input > 0)
			StageSetInput(writer->stage, row->input);
		StageNoteLine(writer->stage, &row->slot->tts_tid, row->line, row->record);
	}
	writer->stored += writer->nrows;
	pgstat_progress_update_param(PROGRESS_COPY_TUPLES_PROCESSED, writer->stored);
}

static void
ClearBatch(StageWriter *writer)
{
	for (int i = 0; i < BATCH_ROWS && writer->rows[i].slot != NULL; i++)
		ExecClearTuple(writer->rows[i].slot);
	writer->nrows = 0;
	writer->bytes = 0;
	writer->current_line = 0;
}

/* Tells the stage which columns its rows were given, up to this batch. */
static void
TellGivenColumns(StageWriter *writer, Bitmapset *given)
{
	int attnum = -1;

	if (!writer->begun)
	{
		StageCopyBegin(writer->stage, given);
		writer->begun = true;
		return;
	}
	while ((attnum = bms_next_member(given, attnum)) >= 0)
	{
		if (!bms_is_member(attnum, writer->given))
			StageCopyColumn(writer->stage, attnum);
	}
}

/* Columns that turned up with this batch: rows before, stored or in the batch, get their default. */
static void
NoteGivenColumns(StageWriter *writer)
{
	Bitmapset *given;
	Bitmapset *fresh;

	if (writer->nrows == 0)
		return;
	given = writer->rows[writer->nrows - 1].given;
	fresh = bms_difference(given, writer->given);
	TellGivenColumns(writer, given);
	if (!bms_is_empty(fresh) && writer->has_rows)
	{
		writer->current_line = writer->rows[0].line;
		BackfillStage(writer->stage, writer->rri, writer->estate, writer->feed->fill, fresh, writer->bistate);
		writer->cid = GetCurrentCommandId(true);
	}
	for (int i = 0; i < writer->nrows && writer->rows[i].given != given; i++)
	{
		Bitmapset *lacking = bms_difference(given, writer->rows[i].given);

		writer->current_line = writer->rows[i].line;
		BackfillSlot(writer->rows[i].slot, writer->estate, writer->feed->fill, lacking);
		bms_free(lacking);
	}
	bms_free(fresh);
	writer->given = given;
	writer->has_rows = true;
}

/* One batch from the feed into the stage; false after the last one. */
static bool
MoveBatch(StageWriter *writer)
{
	if (!writer->stage->reject)
		FillBatch(writer);
	else
	{
		while (writer->more && !FillBatchGuarded(writer))
			writer->more = !PartIsHopeless(writer->stage);
	}
	NoteGivenColumns(writer);
	CheckBatch(writer);
	StoreBatch(writer);
	ClearBatch(writer);
	return writer->more;
}

int64
StageWriterRun(StageWriter *writer, Feed *feed)
{
	ErrorContextCallback callback = {
		.callback = StageWriterErrorContext, .arg = writer, .previous = error_context_stack};

	writer->feed = feed;
	writer->more = true;
	writer->input = StageNextInput(writer->stage);
	writer->has_rows = StageGivenColumns(writer->stage, &writer->given);
	BeginRejects(writer->stage->relid, true);
	error_context_stack = &callback;
	while (MoveBatch(writer))
		continue;
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
