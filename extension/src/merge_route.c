/*
 * merge_route.c
 *		The partition that a row belongs into.
 *
 * A unique index of a partitioned table has all columns that decide on the partition, so
 * the rows of one key are all in one partition, and an update never moves a row to another
 * one. Each partition that a row goes into gets a lane, with the columns and the index of
 * the target's translated into its own.
 *
 * A batch may leave out what decides on the partition in mode insert alone: all others need a
 * key. There the defaults are filled in before the partition is looked for.
 */
#include "compat.h"

#include "access/genam.h"
#include "catalog/partition.h"
#include "executor/execPartition.h"
#include "executor/executor.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "merge_form.h"
#include "merge_partitions.h"
#include "merge_path.h"
#include "merge_route.h"
#include "oidmap.h"

typedef struct RoutedLane
{
	ResultRelInfo *rri;
	Lane *lane;
	AttrNumber *in_target; /* by the partition's attribute number - 1; NULL: the same */
} RoutedLane;

struct Router
{
	MergeRun *run;
	MemoryContext context;
	ModifyTableState *mtstate;
	PartitionTupleRouting *routing;
	List *lanes;          /* Lane * */
	oidmap_hash *routed;  /* RoutedLane * by the partition's OID */
	RoutedLane *latest;   /* of the row that was routed last */
	List *columns;        /* of the target that rows have when they get to a lane */
	ExprState **defaults; /* filled in before, by attribute number - 1; NULL: none are */
	bool may_miss;        /* rows that have no partition are not an error */
};

/* The executor asks a plan's state for what it needs, as for COPY. */
static ModifyTableState *
MakeState(MergeRun *run)
{
	ModifyTableState *mtstate = makeNode(ModifyTableState);

	mtstate->ps.plan = NULL;
	mtstate->ps.state = run->estate;
	mtstate->operation = CMD_INSERT;
	mtstate->mt_nrels = 1;
	mtstate->resultRelInfo = run->target;
	mtstate->rootResultRelInfo = run->target;
	return mtstate;
}

/* All that can be given. */
static List *
AllColumns(TupleDesc desc)
{
	List *columns = NIL;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && att->attgenerated == '\0')
			columns = lappend_int(columns, i + 1);
	}
	return columns;
}

/*
 * The error that says so is caught without a subtransaction, which is safe while nothing but
 * PostgreSQL's own comparisons run.
 */
static bool
MayMiss(const MergeRequest *request)
{
	return (request->rejects || request->mode == MODE_UPDATE) && !MayFailToPart(request->target);
}

Router *
OpenRouter(MergeRun *run)
{
	Router *router = palloc0(sizeof(Router));
	MergeRequest *request = run->request;

	router->run = run;
	router->context = CurrentMemoryContext;
	router->mtstate = MakeState(run);
	router->routing = ExecSetupPartitionTupleRouting(run->estate, request->target);
	router->routed = oidmap_create(router->context, 64, NULL);
	router->columns = request->columns;
	if (request->mode == MODE_INSERT)
	{
		router->defaults = PrepareDefaults(request->target, request->columns, run->estate);
		router->columns = AllColumns(RelationGetDescr(request->target));
	}
	router->may_miss = MayMiss(request);
	return router;
}

/* For each column of desc its number in the other one, by name; 0: dropped. */
static AttrNumber *
ColumnsIn(TupleDesc desc, Relation other)
{
	AttrNumber *columns = palloc0(sizeof(AttrNumber) * desc->natts);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped)
			columns[i] = get_attnum(RelationGetRelid(other), NameStr(att->attname));
	}
	return columns;
}

static List *
TranslateColumns(List *attnums, const AttrNumber *columns)
{
	List *translated = NIL;
	ListCell *lc;

	foreach (lc, attnums)
		translated = lappend_int(translated, columns[lfirst_int(lc) - 1]);
	return translated;
}

/* The partition's share of an index of the target. */
static Oid
IndexInPartition(Relation partition, Oid index)
{
	ListCell *lc;

	foreach (lc, RelationGetIndexList(partition))
	{
		Oid candidate = lfirst_oid(lc);

		if (get_rel_relispartition(candidate) && list_member_oid(get_partition_ancestors(candidate), index))
			return candidate;
	}
	elog(ERROR, "index %u has no part in partition \"%s\"", index, RelationGetRelationName(partition));
}

static void
CheckMayUpdate(MergeRun *run, ResultRelInfo *rri)
{
	if (ModeUpdates(run->request->mode))
		CheckWriteTarget(rri, CMD_UPDATE);
}

static RoutedLane *
OpenPartition(Router *router, ResultRelInfo *rri)
{
	MemoryContext context = AllocSetContextCreate(router->context, "aiodal partition", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	MergeRequest *request = router->run->request;
	Relation rel = rri->ri_RelationDesc;
	RoutedLane *routed = palloc0(sizeof(RoutedLane));
	AttrNumber *of_target = ColumnsIn(RelationGetDescr(request->target), rel);
	LaneTable table = {.rri = rri, .of_target = of_target};

	CheckPartition(request, rel);
	CheckMayUpdate(router->run, rri);
	routed->rri = rri;
	routed->in_target = ColumnsIn(RelationGetDescr(rel), request->target);
	table.in_target = routed->in_target;
	table.columns = TranslateColumns(router->columns, of_target);
	table.update_columns = TranslateColumns(request->update_columns, of_target);
	if (request->key)
	{
		table.key = TranslateColumns(request->key->attnums, of_target);
		table.index = IndexInPartition(rel, request->key->index);
	}
	routed->lane = OpenLane(router->run, &table);
	MemoryContextSwitchTo(router->context);
	router->lanes = lappend(router->lanes, routed->lane);
	OidMapPut(router->routed, RelationGetRelid(rel), routed);
	MemoryContextSwitchTo(old);
	return routed;
}

static void
FillDefaults(Router *router, TupleTableSlot *slot)
{
	ExprContext *econtext = GetPerTupleExprContext(router->run->estate);

	for (int i = 0; i < slot->tts_tupleDescriptor->natts; i++)
	{
		if (router->defaults[i] != NULL)
			slot->tts_values[i] =
				ExecEvalExprSwitchContext(router->defaults[i], econtext, &slot->tts_isnull[i]);
	}
}

static ResultRelInfo *
FindPartition(Router *router, TupleTableSlot *slot)
{
	return ExecFindPartition(router->mtstate, router->run->target, router->routing, slot,
							 router->run->estate);
}

/* NULL and *fault when there is none. What an error's context says of the row is said of none that is raised.
 */
static ResultRelInfo *
FindPartitionIfAny(Router *router, TupleTableSlot *slot, ErrorData **fault)
{
	MergeRequest *request = router->run->request;
	MemoryContext context = CurrentMemoryContext;
	bool row_named = request->row_named;
	ResultRelInfo *volatile rri = NULL;

	PG_TRY();
	{
		rri = FindPartition(router, slot);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(GetPerTupleMemoryContext(router->run->estate));
		*fault = CopyErrorData();
		if ((*fault)->sqlerrcode != ERRCODE_CHECK_VIOLATION)
			PG_RE_THROW();
		FlushErrorState();
		request->row_named = row_named;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	return rri;
}

Lane *
RouteRow(Router *router, TupleTableSlot *slot, ErrorData **fault)
{
	ResultRelInfo *rri;

	if (router->defaults)
		FillDefaults(router, slot);
	rri = router->may_miss ? FindPartitionIfAny(router, slot, fault) : FindPartition(router, slot);
	if (rri == NULL)
		return NULL;
	if (router->latest == NULL || router->latest->rri != rri)
		router->latest = OidMapGet(router->routed, RelationGetRelid(rri->ri_RelationDesc));
	if (router->latest == NULL)
		router->latest = OpenPartition(router, rri);
	return router->latest->lane;
}

void
ConvertRow(Router *router, TupleTableSlot *from, TupleTableSlot *to)
{
	const AttrNumber *in_target = router->latest->in_target;

	for (int i = 0; i < to->tts_tupleDescriptor->natts; i++)
	{
		to->tts_isnull[i] = in_target[i] == 0 || from->tts_isnull[in_target[i] - 1];
		to->tts_values[i] = in_target[i] == 0 ? (Datum) 0 : from->tts_values[in_target[i] - 1];
	}
}

List *
RouterLanes(Router *router)
{
	return router->lanes;
}

bool
RouterHasLane(void *router, Oid partition)
{
	return OidMapGet(((Router *) router)->routed, partition) != NULL;
}

void
CloseRouter(Router *router)
{
	ListCell *lc;

	foreach (lc, router->lanes)
		CloseLane(lfirst(lc));
	ExecCleanupTupleRouting(router->mtstate, router->routing);
}
