/*
 * merge_direct.c
 *		The direct path: rows merged into a heap table, or the partitions of a table, without SQL.
 *
 * Rows come one by one and wait in lanes (merge_lane.c), one for each table they go
 * into. What concerns the target as a whole is here: rights, the executor's state, the
 * places errors tell, triggers that fire at the end.
 *
 * Rights are checked once, for all columns the mode reads or writes, before anything is
 * touched; CHECK, NOT NULL and the partition constraint for each row that is written;
 * generated columns are computed by the executor; AFTER ROW triggers are queued as COPY
 * queues them and fire at the end, but for foreign keys that can be checked at once
 * (parents.c).
 */
#include "compat.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "counted.h"
#include "merge_aside.h"
#include "merge_direct.h"
#include "merge_lane.h"
#include "merge_missing.h"
#include "merge_route.h"

/* Rows, and bytes of them, that may wait in all lanes of a partitioned target. */
#define WAITING_ROWS_MAX  262144
#define WAITING_BYTES_MAX (128 * 1024 * 1024)

struct DirectMerge
{
	MergeRequest *request;
	MemoryContext context;
	MergeRun run;
	Lane *lane;           /* of a plain table; else NULL */
	Router *router;       /* of a partitioned table; else NULL */
	TupleTableSlot *slot; /* with a router: the next row, as one of the target */
	Lane *full;           /* to be merged at the next flush; NULL: all */
};

static void
MergeErrorContext(void *arg)
{
	DirectMerge *m = arg;
	const RowPlace *current = m->run.current;
	const char *into = RelationGetRelationName(m->request->target);
	const char *from;
	const char *place;

	if (m->request->source == NULL)
	{
		if (current != NULL)
			errcontext("COPY %s, line " INT64_FORMAT, into, current->line);
		return;
	}
	from = BatchName(m->request);
	if (current == NULL)
	{
		errcontext("merge of \"%s\" into \"%s\"", from, into);
		return;
	}
	m->request->row_named = true;
	place = current->line == 0 && m->request->stage ? StagePlaceText(m->request->stage, &current->tid) : NULL;
	if (place)
		errcontext("merge of \"%s\" into \"%s\", %s", from, into, place);
	else
		errcontext("merge of \"%s\" into \"%s\", %s " INT64_FORMAT, from, into,
				   current->line ? "line" : "row", current->line ? current->line : current->number);
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
Inserts(const MergeRequest *request)
{
	return request->mode != MODE_UPDATE;
}

/* The same rights as the statements of the SQL path need. */
static void
OpenRangeTable(DirectMerge *m)
{
	MergeRequest *request = m->request;
	ParseState *pstate = make_parsestate(NULL);
	ParseNamespaceItem *item =
		addRangeTableEntryForRelation(pstate, m->request->target, RowExclusiveLock, NULL, false, false);

	NSITEM_PERMISSIONS(item)->requiredPerms = 0;
	if (Inserts(request))
	{
		NSITEM_PERMISSIONS(item)->requiredPerms |= ACL_INSERT;
		NSITEM_PERMISSIONS(item)->insertedCols = ColumnSet(request->columns);
	}
	if (ModeUpdates(request->mode) && request->update_columns)
	{
		NSITEM_PERMISSIONS(item)->requiredPerms |= ACL_UPDATE;
		NSITEM_PERMISSIONS(item)->updatedCols = ColumnSet(request->update_columns);
	}
	if (request->mode == MODE_SYNC)
		NSITEM_PERMISSIONS(item)->requiredPerms |= ACL_DELETE;
	if (request->mode != MODE_INSERT)
	{
		NSITEM_PERMISSIONS(item)->requiredPerms |= ACL_SELECT;
		NSITEM_PERMISSIONS(item)->selectedCols = ColumnSet(
			ModeUpdates(request->mode) ? list_union_int(request->key->attnums, request->update_columns)
									   : request->key->attnums);
	}
	CHECK_PERMISSIONS(pstate);
	InitRangeTable(m->run.estate, pstate);
}

static void
OpenTarget(DirectMerge *m)
{
	m->run.estate = CreateExecutorState();
	OpenRangeTable(m);
	m->run.target = makeNode(ResultRelInfo);
	ExecInitResultRelation(m->run.estate, m->run.target, 1);
	if (Inserts(m->request))
		CheckWriteTarget(m->run.target, CMD_INSERT);
	if (ModeUpdates(m->request->mode))
		CheckWriteTarget(m->run.target, CMD_UPDATE);
}

/* The target is one table. */
static Lane *
OpenOwnLane(DirectMerge *m)
{
	MergeRequest *request = m->request;
	LaneTable table = {.rri = m->run.target,
					   .index = request->key ? request->key->index : InvalidOid,
					   .key = request->key ? request->key->attnums : NIL,
					   .columns = request->columns,
					   .update_columns = request->update_columns};

	ExecOpenIndices(m->run.target, false);
	return OpenLane(&m->run, &table);
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
	m->context = context;
	m->run.request = request;
	m->run.counts = counts;
	m->run.keys_repeat = keys_repeat;
	m->run.deletes_unseen = request->mode == MODE_SYNC && DeletesDirectly(request);
	if (keys_repeat && request->mode == MODE_UPDATE)
		m->run.missed = MakeMissedRows(request);
	OpenTarget(m);
	AfterTriggerBeginQuery();
	if (request->target->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
	{
		m->router = OpenRouter(&m->run);
		m->slot =
			MakeSingleTupleTableSlot(CreateTupleDescCopy(RelationGetDescr(request->target)), &TTSOpsVirtual);
		m->slot->tts_tableOid = RelationGetRelid(request->target);
	}
	else
		m->lane = OpenOwnLane(m);
	MemoryContextSwitchTo(old);
	return m;
}

TupleTableSlot *
DirectMergeSlot(DirectMerge *m)
{
	return m->lane ? LaneSlot(m->lane) : ExecClearTuple(m->slot);
}

static void
RunInContext(DirectMerge *m, void (*run)(DirectMerge *, void *), void *arg)
{
	ErrorContextCallback callback = {.callback = MergeErrorContext, .arg = m};

	callback.previous = error_context_stack;
	error_context_stack = &callback;
	run(m, arg);
	error_context_stack = callback.previous;
}

/* There is nothing that the row could update. */
static void
PassOver(DirectMerge *m, const RowPlace *place, const GivenRow *given)
{
	Datum values[INDEX_MAX_KEYS];
	bool has_null = false;
	ListCell *lc;

	m->run.counts->ignored++;
	foreach (lc, m->request->key->attnums)
	{
		bool isnull;

		values[foreach_current_index (lc)] = slot_getattr(m->slot, lfirst_int(lc), &isnull);
		has_null |= isnull;
	}
	if (m->run.missed && !has_null)
		AddMissedRow(m->run.missed, values, place, given);
}

/* A row that has no partition is at fault, unless it was only to update one. */
static void
SettleRowOfNoPartition(DirectMerge *m, const RowPlace *place, const ErrorData *fault)
{
	MergeRequest *request = m->request;
	GivenRow given = {.desc = m->slot->tts_tupleDescriptor};

	if (request->source == NULL)
		given.tuple = ExecCopySlotHeapTuple(m->slot);
	if (request->mode == MODE_UPDATE)
		PassOver(m, place, &given);
	else
		SetAside(request, fault, place, request->source ? NULL : &given, m->run.counts);
}

/* Puts the row into the lane of its partition. */
static void
RouteWaitingRow(DirectMerge *m, void *arg)
{
	const RowPlace *place = arg;
	MemoryContext old = MemoryContextSwitchTo(m->context);
	ErrorData *fault = NULL;
	Lane *lane;

	m->run.current = place;
	m->full = NULL;
	ExecStoreVirtualTuple(m->slot);
	lane = RouteRow(m->router, m->slot, &fault);
	if (lane == NULL)
		SettleRowOfNoPartition(m, place, fault);
	else
	{
		ConvertRow(m->router, m->slot, LaneSlot(lane));
		m->full = LaneAdd(lane, place) ? lane : NULL;
	}
	ResetPerTupleExprContext(m->run.estate);
	m->run.current = NULL;
	MemoryContextSwitchTo(old);
}

bool
DirectMergeAdd(DirectMerge *m, const RowPlace *place)
{
	if (m->lane)
		return LaneAdd(m->lane, place);
	RunInContext(m, RouteWaitingRow, unconstify(RowPlace *, place));
	return m->full != NULL || m->run.rows >= WAITING_ROWS_MAX || m->run.bytes >= WAITING_BYTES_MAX;
}

static void
MergeWaitingRows(DirectMerge *m, void *arg)
{
	ListCell *lc;

	if (m->lane)
		MergeLane(m->lane);
	else if (m->full)
		MergeLane(m->full);
	else
	{
		foreach (lc, RouterLanes(m->router))
			MergeLane(lfirst(lc));
	}
	m->full = NULL;
}

void
DirectMergeFlush(DirectMerge *m)
{
	RunInContext(m, MergeWaitingRows, NULL);
}

static void
FireTriggers(DirectMerge *m, void *arg)
{
	CommandCounterIncrement();
	AfterTriggerEndQuery(m->run.estate);
}

static void
SettleMissed(DirectMerge *m, void *arg)
{
	SettleMissedRows(m->run.missed, m->run.counts);
}

/* What its triggers check is looked at when those of the rows written have had their say, as by statements.
 */
static void
DeleteMissing(DirectMerge *m, void *arg)
{
	ListCell *lc;

	AfterTriggerBeginQuery();
	SeeOwnChanges();
	m->run.estate->es_output_cid = GetCurrentCommandId(true);
	if (m->lane)
		LaneDeleteUnseen(m->lane);
	else
	{
		foreach (lc, RouterLanes(m->router))
			LaneDeleteUnseen(lfirst(lc));
		DeleteInOtherPartitions(&m->run, RouterHasLane, m->router);
	}
	FireTriggers(m, NULL);
}

void
DirectMergeEnd(DirectMerge *m)
{
	m->full = NULL;
	DirectMergeFlush(m);
	if (m->run.missed)
		RunInContext(m, SettleMissed, NULL);
	RunInContext(m, FireTriggers, NULL);
	if (m->run.deletes_unseen)
		RunInContext(m, DeleteMissing, NULL);
	if (m->router)
	{
		CloseRouter(m->router);
		ExecDropSingleTupleTableSlot(m->slot);
	}
	else
		CloseLane(m->lane);
	ExecResetTupleTable(m->run.estate->es_tupleTable, false);
	ExecCloseResultRelations(m->run.estate);
	ExecCloseRangeTableRelations(m->run.estate);
	FreeExecutorState(m->run.estate);
	MemoryContextDelete(m->context);
	CommandCounterIncrement();
}
