/*
 * merge_direct.c
 *		The direct path: rows merged into a heap table without SQL.
 *
 * Design notes
 *
 * Rows are collected into batches. A batch is sorted by key, its keys are
 * looked up in the arbiter index (arbiter.c), rows that are there are compared and
 * updated where they differ, the rest is inserted by one multi-insert. Then
 * the index entries are made, index by index, which keeps each index's pages
 * at hand.
 *
 * Concurrency, under READ COMMITTED (other levels go by SQL). A row found by the
 * probe is committed and nobody holds it. When somebody changes it before our
 * update gets there, table_tuple_update waits and reports it, and the key is
 * looked up again. Rows to insert go into the heap first and into the arbiter index
 * next; nbtree checks for a conflict and inserts under one lock on the leaf, so of two
 * writers of one key exactly one sees the other. We ask not to be thrown out
 * (UNIQUE_CHECK_PARTIAL): the row that lost is taken back (insert_rows.c) before any other index,
 * trigger or constraint has seen it, and its key is looked up like any other. Keys are waited
 * for in index order, with none behind held, so merges of the same keys take turns.
 *
 * An updated row whose key in some index did not change needs no uniqueness
 * check there: the version we replaced was the one live row with that key.
 *
 * Rights are checked once, for all columns the mode reads or writes, before
 * anything is touched; CHECK, NOT NULL and the partition constraint by
 * ExecConstraints; generated columns are computed by the executor; AFTER ROW
 * triggers are queued as COPY queues them and fire at the end, but for foreign keys that can be
 * checked at once (parents.c).
 *
 * Memory: one context for the whole merge, one reset after each batch. Tuples are
 * made in the latter and never freed alone, so that keys may point into them.
 */
#include "compat.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/index.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/nodeModifyTable.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "arbiter.h"
#include "index_write.h"
#include "insert_rows.h"
#include "merge_direct.h"
#include "parents.h"
#include "seen_rows.h"

/* Rows in a batch: of files in key order, and at most; and its size at most, in bytes. */
#define BATCH_ROWS_ORDERED 1000
#define BATCH_ROWS_MAX     131072
#define BATCH_BYTES_MAX    (32 * 1024 * 1024)

typedef struct BatchRow
{
	TupleTableSlot *slot;
	RowPlace place;
	bool is_missing; /* in the target */
} BatchRow;

struct DirectMerge
{
	MergeRequest *request;
	MergeCounts *counts;
	Relation target;
	TupleDesc desc; /* a copy: thousands of slots on a counted one would burden the resource owner */
	MemoryContext context;
	MemoryContext batch_context;
	EState *estate;
	ResultRelInfo *rri;
	IndexWriter *indexes;
	Parents *parents; /* NULL: no foreign key is checked here */
	Arbiter *arbiter; /* NULL in mode insert */
	SeenRows *seen;   /* NULL: no key comes twice */
	BulkInsertState bulk;

	BatchRow *rows; /* of the batch */
	int nrows;
	int nslots;   /* rows that have a slot */
	int capacity; /* rows that make a batch full now */
	Size bytes;
	BatchKey *keys;
	IndexedRow *updates; /* updated rows that want index entries */
	int nupdates;
	IndexedRow *inserts;
	int ninserts;

	ExprState **defaults; /* of columns not given, by attribute number - 1; NULL entries: none */
	bool has_defaults;
	bool has_generated;
	bool *is_update;  /* by attribute number - 1 */
	bool is_complete; /* a row of the batch has a value for each column that is not generated */

	const BatchRow *current; /* the row an error would be about */
};

static void
MergeErrorContext(void *arg)
{
	DirectMerge *m = arg;
	const char *into = RelationGetRelationName(m->target);
	const char *from;
	int64 line;

	if (m->request->source == NULL)
	{
		if (m->current != NULL)
			errcontext("COPY %s, line " INT64_FORMAT, into, m->current->place.line);
		return;
	}
	from = BatchName(m->request);
	if (m->current == NULL)
	{
		errcontext("merge of \"%s\" into \"%s\"", from, into);
		return;
	}
	m->request->row_named = true;
	line = m->current->place.line;
	if (line == 0 && m->request->stage)
		line = StageLineOf(m->request->stage, &m->current->place.tid);
	errcontext("merge of \"%s\" into \"%s\", %s " INT64_FORMAT, from, into, line ? "line" : "row",
			   line ? line : m->current->place.number);
}

/* Attribute numbers as the executor's permission checks want them. */
static Bitmapset *
ColumnSet(List *attnums)
{
	Bitmapset *set = NULL;
	ListCell *lc;

	foreach (lc, attnums)
		set = bms_add_member(set, lfirst_int(lc) - FirstLowInvalidHeapAttributeNumber);
	return set;
}

static bool
Inserts(MergeMode mode)
{
	return mode != MODE_UPDATE;
}

static bool
Updates(MergeMode mode)
{
	return mode == MODE_UPSERT || mode == MODE_UPDATE || mode == MODE_SYNC;
}

/* The same rights as the statements of the SQL path need. */
static void
OpenRangeTable(DirectMerge *m)
{
	MergeRequest *request = m->request;
	ParseState *pstate = make_parsestate(NULL);
	ParseNamespaceItem *item =
		addRangeTableEntryForRelation(pstate, m->target, RowExclusiveLock, NULL, false, false);

	NSITEM_PERMISSIONS(item)->requiredPerms = 0;
	if (Inserts(request->mode))
	{
		NSITEM_PERMISSIONS(item)->requiredPerms |= ACL_INSERT;
		NSITEM_PERMISSIONS(item)->insertedCols = ColumnSet(request->columns);
	}
	if (Updates(request->mode) && request->update_columns)
	{
		NSITEM_PERMISSIONS(item)->requiredPerms |= ACL_UPDATE;
		NSITEM_PERMISSIONS(item)->updatedCols = ColumnSet(request->update_columns);
	}
	if (request->mode == MODE_SYNC)
		NSITEM_PERMISSIONS(item)->requiredPerms |= ACL_DELETE;
	if (request->mode != MODE_INSERT)
	{
		NSITEM_PERMISSIONS(item)->requiredPerms |= ACL_SELECT;
		NSITEM_PERMISSIONS(item)->selectedCols =
			ColumnSet(Updates(request->mode) ? list_union_int(request->key->attnums, request->update_columns)
											 : request->key->attnums);
	}
	CHECK_PERMISSIONS(pstate);
	InitRangeTable(m->estate, pstate);
}

static void
OpenTarget(DirectMerge *m)
{
	m->estate = CreateExecutorState();
	OpenRangeTable(m);
	m->rri = makeNode(ResultRelInfo);
	ExecInitResultRelation(m->estate, m->rri, 1);
	if (Inserts(m->request->mode))
		CheckWriteTarget(m->rri, CMD_INSERT);
	if (Updates(m->request->mode))
		CheckWriteTarget(m->rri, CMD_UPDATE);
	m->parents = TakeOverParents(m->rri);
	ExecOpenIndices(m->rri, false);
	m->indexes = IndexWriterOpen(m->rri, m->estate, m->request->key ? m->request->key->index : InvalidOid);
}

/* What the columns that the batch does not fill get when a row is inserted. */
static void
PrepareDefaults(DirectMerge *m)
{
	m->defaults = palloc0(sizeof(ExprState *) * m->desc->natts);
	m->is_complete = true;
	for (int i = 0; i < m->desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(m->desc, i);
		Expr *expr;

		if (att->attisdropped || att->attgenerated != '\0' || list_member_int(m->request->columns, i + 1))
			continue;
		m->is_complete = false;
		expr = (Expr *) build_column_default(m->target, i + 1);
		if (expr == NULL)
			continue;
		m->defaults[i] = ExecPrepareExpr(expression_planner(expr), m->estate);
		m->has_defaults = true;
	}
}

static void
PrepareColumns(DirectMerge *m)
{
	TupleConstr *constr = RelationGetDescr(m->target)->constr;
	ListCell *lc;

	m->has_generated = constr && constr->has_generated_stored;
	m->is_update = palloc0(sizeof(bool) * m->desc->natts);
	foreach (lc, m->request->update_columns)
		m->is_update[lfirst_int(lc) - 1] = true;
	PrepareDefaults(m);
}

static void
PrepareBatch(DirectMerge *m)
{
	m->rows = MemoryContextAllocHuge(m->context, sizeof(BatchRow) * BATCH_ROWS_MAX);
	m->keys = MemoryContextAllocHuge(m->context, sizeof(BatchKey) * BATCH_ROWS_MAX);
	m->updates = MemoryContextAllocHuge(m->context, sizeof(IndexedRow) * BATCH_ROWS_MAX);
	m->inserts = MemoryContextAllocHuge(m->context, sizeof(IndexedRow) * BATCH_ROWS_MAX);
	m->capacity = BATCH_ROWS_ORDERED;
}

DirectMerge *
DirectMergeBegin(MergeRequest *request, bool keys_repeat, MergeCounts *counts)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "aiodal merge", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	DirectMerge *m = palloc0(sizeof(DirectMerge));

	if (!request->target->rd_islocaltemp)
		PreventCommandIfReadOnly("aiodal.merge()");
	m->request = request;
	m->counts = counts;
	m->target = request->target;
	m->desc = CreateTupleDescCopyConstr(RelationGetDescr(m->target));
	m->context = context;
	m->batch_context = AllocSetContextCreate(context, "aiodal batch", ALLOCSET_DEFAULT_SIZES);
	OpenTarget(m);
	PrepareColumns(m);
	PrepareBatch(m);
	if (request->mode != MODE_INSERT)
		m->arbiter = ArbiterOpen(m->target, IndexWriterArbiter(m->indexes), context);
	if (m->arbiter && keys_repeat)
		m->seen = MakeSeenRows();
	m->bulk = GetBulkInsertState();
	AfterTriggerBeginQuery();
	MemoryContextSwitchTo(old);
	return m;
}

TupleTableSlot *
DirectMergeSlot(DirectMerge *m)
{
	if (m->nrows == m->nslots)
	{
		MemoryContext old = MemoryContextSwitchTo(m->context);

		m->rows[m->nslots++].slot = MakeSingleTupleTableSlot(m->desc, &TTSOpsHeapTuple);
		MemoryContextSwitchTo(old);
	}
	return m->rows[m->nrows].slot;
}

/*
 * Puts a row made of these values into the slot, in the batch's memory. A slot that owns its
 * tuple is not asked to copy it when it is written; but the one it had is
 * not freed, for keys point into it. Returns the row's size.
 */
static Size
StoreRow(DirectMerge *m, TupleTableSlot *slot, Datum *values, bool *nulls)
{
	MemoryContext old = MemoryContextSwitchTo(m->batch_context);
	HeapTuple tuple = heap_form_tuple(m->desc, values, nulls);

	slot->tts_flags &= ~TTS_FLAG_SHOULDFREE;
	ExecStoreHeapTuple(tuple, slot, !m->has_generated);
	MemoryContextSwitchTo(old);
	return tuple->t_len;
}

static void
ComputeGenerated(DirectMerge *m, TupleTableSlot *slot)
{
	if (m->has_generated)
		ExecComputeStoredGenerated(m->rri, m->estate, slot, CMD_INSERT);
}

static void
CheckRow(DirectMerge *m, TupleTableSlot *slot)
{
	if (m->target->rd_att->constr)
		ExecConstraints(m->rri, slot, m->estate);
	if (m->target->rd_rel->relispartition)
		ExecPartitionCheck(m->rri, slot, m->estate, true);
}

/* Gives a row that is to be inserted its defaults and generated columns, and checks it. */
static void
CompleteRow(DirectMerge *m, TupleTableSlot *slot)
{
	ExprContext *econtext = GetPerTupleExprContext(m->estate);

	slot->tts_tableOid = RelationGetRelid(m->target);
	if (m->has_defaults)
	{
		Datum *values = palloc(sizeof(Datum) * m->desc->natts);
		bool *nulls = palloc(sizeof(bool) * m->desc->natts);

		slot_getallattrs(slot);
		memcpy(values, slot->tts_values, sizeof(Datum) * m->desc->natts);
		memcpy(nulls, slot->tts_isnull, sizeof(bool) * m->desc->natts);
		for (int i = 0; i < m->desc->natts; i++)
		{
			if (m->defaults[i] != NULL)
				values[i] = ExecEvalExprSwitchContext(m->defaults[i], econtext, &nulls[i]);
		}
		StoreRow(m, slot, values, nulls);
		slot->tts_tableOid = RelationGetRelid(m->target);
	}
	ComputeGenerated(m, slot);
	CheckRow(m, slot);
	ResetExprContext(econtext);
}

static bool
SameDatum(TupleDesc desc, int column, TupleTableSlot *a, TupleTableSlot *b)
{
	Form_pg_attribute att = TupleDescAttr(desc, column);

	if (a->tts_isnull[column] || b->tts_isnull[column])
		return a->tts_isnull[column] && b->tts_isnull[column];
	return datum_image_eq(a->tts_values[column], b->tts_values[column], att->attbyval, att->attlen);
}

/*
 * Which update columns differ, as a ColumnMask; both slots are fully deformed.
 * *whole tells that the new row can be stored as it is: it has all columns, and
 * those that are not to be updated are the same.
 */
static ColumnMask
ChangedColumns(DirectMerge *m, TupleTableSlot *existing, TupleTableSlot *slot, bool *whole)
{
	ColumnMask changed = 0;

	*whole = m->is_complete && !m->has_generated;
	for (int i = 0; i < m->desc->natts; i++)
	{
		if (!m->is_update[i] && !*whole)
			continue;
		if (TupleDescAttr(m->desc, i)->attisdropped || SameDatum(m->desc, i, existing, slot))
			continue;
		if (m->is_update[i])
			changed |= ColumnBit(i + 1);
		else
			*whole = false;
	}
	return changed;
}

/* Replaces the batch's row by the existing one with the update columns written over. */
static void
OverlayRow(DirectMerge *m, TupleTableSlot *existing, TupleTableSlot *slot)
{
	Datum *values = palloc(sizeof(Datum) * m->desc->natts);
	bool *nulls = palloc(sizeof(bool) * m->desc->natts);

	for (int i = 0; i < m->desc->natts; i++)
	{
		TupleTableSlot *from = m->is_update[i] ? slot : existing;

		values[i] = from->tts_values[i];
		nulls[i] = from->tts_isnull[i] || TupleDescAttr(m->desc, i)->attisdropped;
	}
	StoreRow(m, slot, values, nulls);
}

/* The columns as they are taken by each index, once generated columns are recomputed. */
static ColumnMask
AddGenerated(DirectMerge *m, ColumnMask changed)
{
	if (m->has_generated)
	{
		for (int i = 0; i < m->desc->natts; i++)
		{
			if (TupleDescAttr(m->desc, i)->attgenerated != '\0')
				changed |= ColumnBit(i + 1);
		}
	}
	return changed;
}

/* Writes the new version; false when somebody else changed the row first. */
static bool
WriteUpdate(DirectMerge *m, ItemPointer tid, TupleTableSlot *slot, ColumnMask changed)
{
	TM_FailureData failure;
	IndexesToUpdate indexes;
	TM_Result result = UpdateTuple(m->target, tid, slot, m->estate->es_output_cid, &failure, &indexes);

	if (result == TM_Updated || result == TM_Deleted)
		return false;
	if (result != TM_Ok)
		ereport(ERROR, (errcode(ERRCODE_CARDINALITY_VIOLATION),
						errmsg("row of \"%s\" was already modified by this merge",
							   RelationGetRelationName(m->target))));
	m->updates[m->nupdates++] = (IndexedRow){
		.slot = slot, .old_tid = *tid, .changed = changed, .indexes = indexes, .row = m->current - m->rows};
	m->counts->updated++;
	return true;
}

/* Remembers the row that a row of the batch has become or met. */
static void
NoteSeen(DirectMerge *m, const BatchRow *row, ItemPointer tid)
{
	if (m->seen)
		AddSeenRow(m->seen, tid, row->place.line);
}

/* A key of the batch comes again: an error, or a row left out. */
static void
MeetRepeatedKey(DirectMerge *m, const BatchKey *key, int64 first_line)
{
	bool nulls[INDEX_MAX_KEYS] = {false};
	char *description;

	if (m->request->on_duplicate == DUPLICATE_FIRST)
	{
		m->counts->duplicates++;
		return;
	}
	m->current = NULL;
	description = BuildIndexValueDescription(IndexWriterArbiter(m->indexes), key->values, nulls);
	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 description ? errmsg("key %s is in the batch more than once", description)
						 : errmsg("a key is in the batch more than once"),
			 first_line ? errdetail("It is on line " INT64_FORMAT " and on line " INT64_FORMAT ".",
									first_line, m->rows[key->row].place.line)
						: errdetail("It is on line " INT64_FORMAT ", and was on an earlier line.",
									m->rows[key->row].place.line),
			 errhint("Merge with on_duplicate 'first' or 'last' to keep one of them."), errtable(m->target)));
}

/* ArbiterFound: the row is there. */
static bool
MeetRow(void *arg, BatchKey *key, TupleTableSlot *existing)
{
	DirectMerge *m = arg;
	BatchRow *row = &m->rows[key->row];
	TupleTableSlot *slot = row->slot;
	ItemPointerData tid = existing->tts_tid;
	HeapTuple from_batch = ((HeapTupleTableSlot *) slot)->tuple;
	ColumnMask changed;
	MemoryContext old;
	int64 first_line;
	bool whole;
	bool done;

	m->current = row;
	if (m->seen && HasSeenRow(m->seen, &tid, &first_line))
	{
		MeetRepeatedKey(m, key, first_line);
		return true;
	}
	if (!Updates(m->request->mode))
	{
		m->counts->ignored++;
		NoteSeen(m, row, &tid);
		return true;
	}
	slot_getallattrs(existing);
	slot_getallattrs(slot);
	changed = ChangedColumns(m, existing, slot, &whole);
	if (changed == 0)
	{
		m->counts->unchanged++;
		NoteSeen(m, row, &tid);
		return true;
	}
	old = MemoryContextSwitchTo(m->batch_context);
	if (!whole)
		OverlayRow(m, existing, slot);
	ExecClearTuple(existing);
	slot->tts_tableOid = RelationGetRelid(m->target);
	ComputeGenerated(m, slot);
	CheckRow(m, slot);
	ResetPerTupleExprContext(m->estate);
	done = WriteUpdate(m, &tid, slot, AddGenerated(m, changed));
	if (done)
		NoteSeen(m, row, &slot->tts_tid);
	else if (!whole) /* the row may be inserted after all, with nothing of the one that is gone */
		ExecStoreHeapTuple(from_batch, slot, !m->has_generated);
	MemoryContextSwitchTo(old);
	return done;
}

static void
SetCurrent(void *arg, int row)
{
	DirectMerge *m = arg;

	m->current = row >= 0 ? &m->rows[row] : NULL;
}

/* Index entries and triggers of the rows updated so far. */
static void
FinishUpdates(DirectMerge *m)
{
	IndexWriterUpdate(m->indexes, m->updates, m->nupdates, SetCurrent, m);
	for (int i = 0; i < m->nupdates; i++)
	{
		IndexedRow *row = &m->updates[i];

		SetCurrent(m, row->row);
		if (m->parents)
			CheckParents(m->parents, row->slot, row->changed);
		ExecARUpdateTriggers(m->estate, m->rri, NULL, NULL, &row->old_tid, NULL, row->slot, NIL, NULL, false);
	}
	m->nupdates = 0;
}

static void
FillKey(DirectMerge *m, int row, BatchKey *key)
{
	List *attnums = m->request->key->attnums;

	key->row = row;
	key->has_null = false;
	key->values = palloc(sizeof(Datum) * list_length(attnums));
	for (int i = 0; i < list_length(attnums); i++)
	{
		bool isnull;

		key->values[i] = slot_getattr(m->rows[row].slot, list_nth_int(attnums, i), &isnull);
		key->has_null |= isnull;
	}
}

static void InsertRows(DirectMerge *m);

static void
SeeOwnRows(DirectMerge *m)
{
	CommandCounterIncrement();
	m->estate->es_output_cid = GetCurrentCommandId(true);
}

/* The row without its entry in the arbiter index is looked up, and met or inserted alone. */
static void
YieldRow(DirectMerge *m, BatchKey *key)
{
	SetCurrent(m, key->row);
	ArbiterProbeOne(m->arbiter, key, MeetRow, m);
	if (key->found)
	{
		FinishUpdates(m);
		return;
	}
	m->inserts[0] = (IndexedRow){.slot = m->rows[key->row].slot, .row = key->row};
	m->ninserts = 1;
	InsertRows(m);
}

static void
YieldRows(DirectMerge *m, List *lost)
{
	int n = list_length(lost);
	BatchKey *keys = palloc(sizeof(BatchKey) * n);

	for (int i = 0; i < n; i++)
		FillKey(m, list_nth_int(lost, i), &keys[i]);
	ArbiterSort(m->arbiter, keys, n);
	SeeOwnRows(m);
	for (int i = 0; i < n; i++)
		YieldRow(m, &keys[i]);
	pfree(keys);
}

/* Parts m->inserts: those that have their entry in the arbiter index stay, the others are returned. */
static List *
PartLostRows(DirectMerge *m)
{
	List *lost = NIL;
	int n = 0;

	for (int i = 0; i < m->ninserts; i++)
	{
		if (m->inserts[i].lost)
			lost = lappend_int(lost, m->inserts[i].row);
		else
			m->inserts[n++] = m->inserts[i];
	}
	m->ninserts = n;
	return lost;
}

static void
FinishInserts(DirectMerge *m)
{
	IndexWriterInsert(m->indexes, m->inserts, m->ninserts, m->arbiter != NULL, SetCurrent, m);
	for (int i = 0; i < m->ninserts; i++)
	{
		SetCurrent(m, m->inserts[i].row);
		NoteSeen(m, m->current, &m->inserts[i].slot->tts_tid);
		if (m->parents)
			CheckParents(m->parents, m->inserts[i].slot, ~UINT64CONST(0));
		ExecARInsertTriggers(m->estate, m->rri, m->inserts[i].slot, NIL, NULL);
	}
	m->ninserts = 0;
}

static void
InsertUnclaimed(DirectMerge *m)
{
	TupleTableSlot **slots = palloc(sizeof(TupleTableSlot *) * m->ninserts);

	for (int i = 0; i < m->ninserts; i++)
		slots[i] = m->inserts[i].slot;
	table_multi_insert(m->target, slots, m->ninserts, m->estate->es_output_cid, 0, m->bulk);
	pfree(slots);
}

/*
 * Writes m->inserts: heap, arbiter index, the other indexes, triggers. Where another transaction
 * inserted a key between our probe and our entry, the rows concerned are looked up again, one by one.
 */
static void
InsertRows(DirectMerge *m)
{
	RowInserter inserter = {m->target, m->estate, m->indexes, m->bulk, SetCurrent, m};
	List *lost;

	if (m->arbiter)
		InsertAndClaim(&inserter, m->inserts, m->ninserts);
	else
		InsertUnclaimed(m);
	lost = PartLostRows(m);
	m->counts->inserted += m->ninserts;
	FinishInserts(m);
	if (lost != NIL)
		YieldRows(m, lost);
}

static void
FillKeys(DirectMerge *m)
{
	for (int i = 0; i < m->nrows; i++)
		FillKey(m, i, &m->keys[i]);
}

/*
 * A full batch that is out of order goes on to collect rows: the more of them are
 * sorted together, the fewer steps it takes to find them in the index.
 */
static bool
GrowBatch(DirectMerge *m)
{
	MemoryContext old;
	bool sorted;

	if (m->arbiter == NULL || m->capacity == BATCH_ROWS_MAX || m->bytes >= BATCH_BYTES_MAX)
		return false;
	old = MemoryContextSwitchTo(m->batch_context);
	FillKeys(m);
	sorted = ArbiterIsSorted(m->arbiter, m->keys, m->nrows);
	MemoryContextSwitchTo(old);
	if (!sorted)
		m->capacity = BATCH_ROWS_MAX;
	return !sorted;
}

/* Keys that come twice in the batch itself: leaves the first of each in m->keys, which is sorted. */
static int
DropRepeatedKeys(DirectMerge *m)
{
	int n = 0;

	for (int i = 0; i < m->nrows; i++)
	{
		BatchKey *key = &m->keys[i];

		if (n > 0 && !key->has_null && ArbiterSameKey(m->arbiter, &m->keys[n - 1], key))
			MeetRepeatedKey(m, key, m->rows[m->keys[n - 1].row].place.line);
		else
			m->keys[n++] = *key;
	}
	return n;
}

/* Sorts and looks up the batch, and marks the rows that are not there. */
static void
ProbeBatch(DirectMerge *m)
{
	int n;

	FillKeys(m);
	ArbiterSort(m->arbiter, m->keys, m->nrows);
	n = m->seen ? DropRepeatedKeys(m) : m->nrows;
	ArbiterProbe(m->arbiter, m->keys, n, MeetRow, m);
	FinishUpdates(m);

	/* in the order of the file, which the heap then keeps */
	for (int i = 0; i < n; i++)
	{
		if (!m->keys[i].found)
			m->rows[m->keys[i].row].is_missing = true;
	}
}

static void
CollectInserts(DirectMerge *m)
{
	for (int i = 0; i < m->nrows; i++)
	{
		if (m->arbiter && !m->rows[i].is_missing)
			continue;
		if (!Inserts(m->request->mode))
		{
			m->counts->ignored++;
			continue;
		}
		SetCurrent(m, i);
		CompleteRow(m, m->rows[i].slot);
		m->inserts[m->ninserts++] = (IndexedRow){.slot = m->rows[i].slot, .row = i};
	}
}

/*
 * Inserts into a table that is decoded take a subtransaction a batch. Others have
 * to look up ours one by one when there are more than a few dozen, so batches grow there.
 */
static void
GrowNextBatch(DirectMerge *m)
{
	if (m->arbiter && RelationIsLogicallyLogged(m->target))
		m->capacity = Min(m->capacity * 2, BATCH_ROWS_MAX);
}

static void
MergeBatch(DirectMerge *m)
{
	MemoryContext old = MemoryContextSwitchTo(m->batch_context);
	ErrorContextCallback callback = {.callback = MergeErrorContext, .arg = m};

	callback.previous = error_context_stack;
	error_context_stack = &callback;
	SeeOwnRows(m);
	if (m->arbiter)
		ProbeBatch(m);
	CollectInserts(m);
	if (m->ninserts > 0)
		InsertRows(m);
	for (int i = 0; i < m->nrows; i++)
		ExecClearTuple(m->rows[i].slot);
	m->nrows = 0;
	m->bytes = 0;
	m->current = NULL;
	GrowNextBatch(m);
	error_context_stack = callback.previous;
	MemoryContextSwitchTo(old);
	MemoryContextReset(m->batch_context);
}

void
DirectMergeAdd(DirectMerge *m, const RowPlace *place)
{
	BatchRow *row = &m->rows[m->nrows++];

	m->bytes += StoreRow(m, row->slot, row->slot->tts_values, row->slot->tts_isnull);
	row->place = *place;
	row->is_missing = false;
	if ((m->nrows >= m->capacity || m->bytes >= BATCH_BYTES_MAX) && !GrowBatch(m))
		MergeBatch(m);
}

void
DirectMergeEnd(DirectMerge *m)
{
	ErrorContextCallback callback = {.callback = MergeErrorContext, .arg = m};

	if (m->nrows > 0)
		MergeBatch(m);
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	CommandCounterIncrement();
	AfterTriggerEndQuery(m->estate);
	error_context_stack = callback.previous;

	if (m->arbiter)
		ArbiterClose(m->arbiter);
	FreeBulkInsertState(m->bulk);
	table_finish_bulk_insert(m->target, 0);
	for (int i = 0; i < m->nslots; i++)
		ExecDropSingleTupleTableSlot(m->rows[i].slot);
	ExecResetTupleTable(m->estate->es_tupleTable, false);
	ExecCloseResultRelations(m->estate);
	ExecCloseRangeTableRelations(m->estate);
	FreeExecutorState(m->estate);
	MemoryContextDelete(m->context);
	CommandCounterIncrement();
}
