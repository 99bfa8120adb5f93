/*
 * compat.h
 *		Differences between PostgreSQL 15, 16, 17 and 18.
 *
 * The only file that mentions PG_VERSION_NUM. Each entry names what changed
 * and in which release, and gives the newer name or meaning to the rest of
 * the extension.
 */
#ifndef AIODAL_COMPAT_H
#define AIODAL_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 190000
#error "aiodal supports PostgreSQL 15, 16, 17 and 18"
#endif

/* 18 records the module's name and version for pg_get_loaded_modules(). */
#if PG_VERSION_NUM >= 180000
#define AIODAL_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "aiodal", .version = AIODAL_VERSION)
#else
#define AIODAL_MODULE_MAGIC PG_MODULE_MAGIC
#endif

#include "executor/executor.h"

/* 18 dropped ExecutorRun's execute_once. Runs the whole plan. */
static inline void
CompatExecutorRun(QueryDesc *desc)
{
#if PG_VERSION_NUM >= 180000
	ExecutorRun(desc, ForwardScanDirection, 0);
#else
	ExecutorRun(desc, ForwardScanDirection, 0, true);
#endif
}

/*
 * 17 made pg_attribute.attstattarget nullable; before, -1 stands for none. The
 * answer for none is "missing".
 */
#include "access/htup_details.h"
#include "catalog/pg_attribute.h"

static inline int
AttributeStatisticsTarget(HeapTuple tuple, TupleDesc desc, int missing)
{
#if PG_VERSION_NUM >= 170000
	bool isnull;
	Datum value = heap_getattr(tuple, Anum_pg_attribute_attstattarget, desc, &isnull);

	return isnull ? missing : DatumGetInt16(value);
#else
	int target = ((Form_pg_attribute) GETSTRUCT(tuple))->attstattarget;

	return target < 0 ? missing : target;
#endif
}

/* Rights on objects of all kinds became one function in 16. */
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "utils/acl.h"

static inline bool
MayCreateTemporaryTables(void)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(DatabaseRelationId, MyDatabaseId, GetUserId(), ACL_CREATE_TEMP) == ACLCHECK_OK;
#else
	return pg_database_aclcheck(MyDatabaseId, GetUserId(), ACL_CREATE_TEMP) == ACLCHECK_OK;
#endif
}

#include "catalog/pg_namespace.h"

static inline bool
MayInSchema(Oid schema, AclMode right)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(NamespaceRelationId, schema, GetUserId(), right) == ACLCHECK_OK;
#else
	return pg_namespace_aclcheck(schema, GetUserId(), right) == ACLCHECK_OK;
#endif
}

/* the same of pg_statistic_ext.stxstattarget */
#include "catalog/pg_statistic_ext.h"

static inline int
StatisticsTarget(HeapTuple tuple, TupleDesc desc, int missing)
{
#if PG_VERSION_NUM >= 170000
	bool isnull;
	Datum value = heap_getattr(tuple, Anum_pg_statistic_ext_stxstattarget, desc, &isnull);

	return isnull ? missing : DatumGetInt16(value);
#else
	int target = ((Form_pg_statistic_ext) GETSTRUCT(tuple))->stxstattarget;

	return target < 0 ? missing : target;
#endif
}

/* 18 has an entry of its own for what a query is grouped by. */
#include "nodes/parsenodes.h"

static inline Node *
GroupingExpression(RangeTblEntry *entry, AttrNumber attnum)
{
#if PG_VERSION_NUM >= 180000
	return entry->rtekind == RTE_GROUP ? list_nth(entry->groupexprs, attnum - 1) : NULL;
#else
	return NULL;
#endif
}

/* 18 has NOT ENFORCED and temporal constraints. */
#include "catalog/pg_constraint.h"

static inline bool
ConstraintIsEnforced(Form_pg_constraint form)
{
#if PG_VERSION_NUM >= 180000
	return form->conenforced;
#else
	return true;
#endif
}

static inline bool
ConstraintIsTemporal(Form_pg_constraint form)
{
#if PG_VERSION_NUM >= 180000
	return form->conperiod;
#else
	return false;
#endif
}

/* The same of a table's CHECK constraints; and 18 has columns that are generated when they are read. */
#include "access/tupdesc.h"

static inline bool
CheckIsEnforced(const ConstrCheck *check)
{
#if PG_VERSION_NUM >= 180000
	return check->ccenforced;
#else
	return true;
#endif
}

static inline bool
HasVirtualColumns(const TupleConstr *constr)
{
#if PG_VERSION_NUM >= 180000
	return constr != NULL && constr->has_generated_virtual;
#else
	return false;
#endif
}

/* 15's declarations of the tree walkers are no prototypes. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include "nodes/nodeFuncs.h"
#pragma GCC diagnostic pop

/* 18 says that a function does not return in front of its declaration. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

/* Where 18 asks whether the order is reversed, earlier releases ask for the strategy it begins with. */
#include "access/stratnum.h"
#include "utils/sortsupport.h"

static inline void
PrepareIndexSortSupport(Relation index, bool reverse, SortSupport ssup)
{
#if PG_VERSION_NUM >= 180000
	PrepareSortSupportFromIndexRel(index, reverse, ssup);
#else
	PrepareSortSupportFromIndexRel(index, reverse ? BTGreaterStrategyNumber : BTLessStrategyNumber, ssup);
#endif
}

/*
 * COPY FROM
 */
#include "commands/copyfrom_internal.h"
#include "commands/progress.h"
#include "parser/parse_relation.h"
#include "utils/backend_progress.h"
#include "utils/rel.h"

/* Permissions asked of a relation moved out of its range table entry in 16. */
#if PG_VERSION_NUM >= 160000
#define NSITEM_PERMISSIONS(nsitem) ((nsitem)->p_perminfo)
#define CHECK_PERMISSIONS(pstate)  ExecCheckPermissions((pstate)->p_rtable, (pstate)->p_rteperminfos, true)
#else
#define NSITEM_PERMISSIONS(nsitem) ((nsitem)->p_rte)
#define CHECK_PERMISSIONS(pstate)  ExecCheckRTPerms((pstate)->p_rtable, true)
#endif

/* The range table's list of permissions came in 16, the set of relations left by pruning in 18. */
static inline void
InitRangeTable(EState *estate, ParseState *pstate)
{
#if PG_VERSION_NUM >= 180000
	ExecInitRangeTable(estate, pstate->p_rtable, pstate->p_rteperminfos,
					   bms_make_singleton(list_length(pstate->p_rtable)));
#elif PG_VERSION_NUM >= 160000
	ExecInitRangeTable(estate, pstate->p_rtable, pstate->p_rteperminfos);
#else
	ExecInitRangeTable(estate, pstate->p_rtable);
#endif
}

/* MERGE's actions became an argument in 17, what to do on conflict in 18. */
static inline void
CheckWriteTarget(ResultRelInfo *rri, CmdType operation)
{
#if PG_VERSION_NUM >= 180000
	CheckValidResultRel(rri, operation, ONCONFLICT_NONE, NIL);
#elif PG_VERSION_NUM >= 170000
	CheckValidResultRel(rri, operation, NIL);
#else
	CheckValidResultRel(rri, operation);
#endif
}

/* Summarizing indexes can be updated alone since 16; there only then is "summarizing" true. */
static inline List *
InsertIndexEntries(ResultRelInfo *rri, TupleTableSlot *slot, EState *estate, bool summarizing)
{
#if PG_VERSION_NUM >= 160000
	return ExecInsertIndexTuples(rri, slot, estate, false, false, NULL, NIL, summarizing);
#else
	return ExecInsertIndexTuples(rri, slot, estate, false, false, NULL, NIL);
#endif
}

/* Relation files are known by locators, not nodes, since 16. */
#if PG_VERSION_NUM >= 160000
#define rd_newRelfilenodeSubid rd_newRelfilelocatorSubid
#endif

/* COPY's DEFAULT option came in 16: the expression a marker in column attnum stands for. */
static inline void
SetMarkerDefault(CopyFromState cstate, AttrNumber attnum, ExprState *expr)
{
#if PG_VERSION_NUM >= 160000
	if (cstate->defexprs[attnum - 1] == NULL)
		cstate->defexprs[attnum - 1] = expr;
#endif
}

static inline bool
HasDefaultMarker(const CopyFormatOptions *opts)
{
#if PG_VERSION_NUM >= 160000
	return opts->default_print != NULL;
#else
	return false;
#endif
}

/* 16 finds the default of a column by its number; before, they were counted like those that have one. */
static inline ExprState *
CopyDefault(CopyFromState cstate, int n)
{
#if PG_VERSION_NUM >= 160000
	return cstate->defexprs[cstate->defmap[n]];
#else
	return cstate->defexprs[n];
#endif
}

/* The line \. ends the data of csv up to 17 only; since 18 it must be alone on its line, and says so. */
#if PG_VERSION_NUM >= 180000
#define COPY_CSV_HAS_MARKER      false
#define COPY_MARKER_STANDS_ALONE true
#define COPY_MARKER_CORRUPT      "end-of-copy marker is not alone on its line"
#else
#define COPY_CSV_HAS_MARKER      true
#define COPY_MARKER_STANDS_ALONE false
#define COPY_MARKER_CORRUPT      "end-of-copy marker corrupt"
#endif

/*
 * COPY's ON_ERROR came in 17, REJECT_LIMIT in 18. Whether the row just read is
 * to be skipped; to be asked after each NextCopyFrom().
 */
static inline bool
CopySkipsRow(CopyFromState cstate)
{
#if PG_VERSION_NUM >= 170000
	if (cstate->opts.on_error != COPY_ON_ERROR_IGNORE || !cstate->escontext->error_occurred)
		return false;
	cstate->escontext->error_occurred = false;
	pgstat_progress_update_param(PROGRESS_COPY_TUPLES_SKIPPED, cstate->num_errors);
#if PG_VERSION_NUM >= 180000
	if (cstate->opts.reject_limit > 0 && cstate->num_errors > cstate->opts.reject_limit)
		ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						errmsg("skipped more than REJECT_LIMIT (%lld) rows due to data type incompatibility",
							   (long long) cstate->opts.reject_limit)));
#endif
	return true;
#else
	return false;
#endif
}

static inline bool
SkipsBadValues(const CopyFormatOptions *opts)
{
#if PG_VERSION_NUM >= 170000
	return opts->on_error == COPY_ON_ERROR_IGNORE;
#else
	return false;
#endif
}

/* At the end of the input, says how many rows ON_ERROR skipped. */
static inline void
ReportSkippedRows(CopyFromState cstate)
{
#if PG_VERSION_NUM >= 170000
	if (cstate->opts.on_error != COPY_ON_ERROR_STOP && cstate->num_errors > 0 &&
		cstate->opts.log_verbosity >= COPY_LOG_VERBOSITY_DEFAULT)
		ereport(NOTICE, errmsg_plural("%llu row was skipped due to data type incompatibility",
									  "%llu rows were skipped due to data type incompatibility",
									  cstate->num_errors, (unsigned long long) cstate->num_errors));
#endif
}

#include "utils/tuplesort.h"

/* 16 lets the caller do without a copy. Types passed by value only. */
static inline bool
NextSortedDatum(Tuplesortstate *sort, Datum *value, bool *isnull)
{
#if PG_VERSION_NUM >= 160000
	return tuplesort_getdatum(sort, true, false, value, isnull, NULL);
#else
	return tuplesort_getdatum(sort, true, value, isnull, NULL);
#endif
}

/*
 * Direct writes
 */
#include "access/genam.h"
#include "access/tableam.h"

/* 18 added an argument for instrumentation. */
static inline IndexScanDesc
BeginIndexScan(Relation heap, Relation index, Snapshot snapshot, int nkeys)
{
#if PG_VERSION_NUM >= 180000
	return index_beginscan(heap, index, snapshot, NULL, nkeys, 0);
#else
	return index_beginscan(heap, index, snapshot, nkeys, 0);
#endif
}

/* Which indexes want an entry for an updated row. */
typedef enum IndexesToUpdate
{
	INDEXES_NONE,
	INDEXES_SUMMARIZING, /* 16 and later: BRIN, whose entries are of pages */
	INDEXES_ALL
} IndexesToUpdate;

/* 16 turned the last argument of table_tuple_update into an enum. Waits for a concurrent writer. */
static inline TM_Result
UpdateTuple(Relation rel, ItemPointer tid, TupleTableSlot *slot, CommandId cid, TM_FailureData *failure,
			IndexesToUpdate *indexes)
{
	LockTupleMode lockmode;
	TM_Result result;
#if PG_VERSION_NUM >= 160000
	TU_UpdateIndexes update;

	result = table_tuple_update(rel, tid, slot, cid, InvalidSnapshot, InvalidSnapshot, true, failure,
								&lockmode, &update);
	*indexes = update == TU_None ? INDEXES_NONE : update == TU_All ? INDEXES_ALL : INDEXES_SUMMARIZING;
#else
	bool update;

	result = table_tuple_update(rel, tid, slot, cid, InvalidSnapshot, InvalidSnapshot, true, failure,
								&lockmode, &update);
	*indexes = update ? INDEXES_ALL : INDEXES_NONE;
#endif
	return result;
}

/* 16 tells summarizing indexes, which do not stand in the way of HOT updates. */
static inline bool
IsSummarizing(const IndexInfo *info)
{
#if PG_VERSION_NUM >= 160000
	return info->ii_Summarizing;
#else
	return false;
#endif
}

/*
 * Whether a row would break the unique index, in the eyes of a writer: rows in other transactions' hands are
 * waited for. When it would, the row in the way is told. 18 added an argument for the row's own place.
 */
static inline bool
BreaksUniqueIndex(ResultRelInfo *rri, TupleTableSlot *slot, EState *estate, Oid index, ItemPointer in_the_way)
{
	List *arbiters = list_make1_oid(index);
	bool fine;
#if PG_VERSION_NUM >= 180000
	ItemPointerData nowhere;

	ItemPointerSetInvalid(&nowhere);
	fine = ExecCheckIndexConstraints(rri, slot, estate, in_the_way, &nowhere, arbiters);
#else
	fine = ExecCheckIndexConstraints(rri, slot, estate, in_the_way, arbiters);
#endif
	list_free(arbiters);
	return !fine;
}

#endif /* AIODAL_COMPAT_H */
