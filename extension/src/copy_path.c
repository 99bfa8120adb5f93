/*
 * copy_path.c
 *		The choice between merging rows while COPY reads them and a stage.
 *
 * One table of conditions, each with its reason, as for the direct path (merge_path.c): rows are
 * merged at once when none of them holds. What has to see the whole input first has to be listed here.
 */
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "copy_path.h"
#include "merge.h"
#include "merge_missing.h"
#include "merge_partitions.h"
#include "merge_path.h"
#include "merge_sql.h"
#include "parents.h"

typedef struct StageCondition
{
	bool (*holds)(const CopyRequest *request, const MergeRequest *merge);
	const char *reason;
} StageCondition;

static bool
IsJsonl(const CopyRequest *request, const MergeRequest *merge)
{
	return request->jsonl;
}

static bool
IsOneOfSeveral(const CopyRequest *request, const MergeRequest *merge)
{
	return request->wanted->several_inputs;
}

/* Who is told of too many of them is to be told where, in a stage's words. */
static bool
SetsAsideFromParts(const CopyRequest *request, const MergeRequest *merge)
{
	return request->wanted->parts != NULL && request->wanted->reject;
}

static bool
DeletesByCondition(const CopyRequest *request, const MergeRequest *merge)
{
	return request->delete_where != NULL;
}

static bool
KeepsLast(const CopyRequest *request, const MergeRequest *merge)
{
	return merge->on_duplicate == DUPLICATE_LAST;
}

static bool
DeletesBySql(const CopyRequest *request, const MergeRequest *merge)
{
	return merge->mode == MODE_SYNC && (!DeletesDirectly(merge) || KeyCanBeNull(merge));
}

static bool
HasOption(const CopyStmt *stmt, const char *name)
{
	ListCell *lc;

	foreach (lc, stmt->options)
	{
		if (strcmp(((DefElem *) lfirst(lc))->defname, name) == 0)
			return true;
	}
	return false;
}

/*
 * The columns of which it is known before the input is read that it gives a value: those of the column list,
 * or all where neither that nor a header names them. A marker for the default may stand in any field.
 */
static List *
ColumnsSurelyGiven(const CopyRequest *request)
{
	List *given = NIL;
	ListCell *lc;

	if (HasOption(request->stmt, "default"))
		return NIL;
	foreach (lc, request->stmt->attlist)
		given = lappend_int(given, get_attnum(RelationGetRelid(request->target), strVal(lfirst(lc))));
	if (request->stmt->attlist == NIL && !HasOption(request->stmt, "header"))
	{
		for (int i = 0; i < RelationGetDescr(request->target)->natts; i++)
			given = lappend_int(given, i + 1);
	}
	return given;
}

static bool
MayNeedVolatileDefault(const CopyRequest *request, const MergeRequest *merge)
{
	return HasVolatileDefault(request->target, ColumnsSurelyGiven(request));
}

/* --- where bad rows are set aside: all that can be wrong with one has to be found before it is written */

/* The partition is looked for outside of subtransactions: nothing but comparisons may run. */
static bool
SetsAsideByExpression(const CopyRequest *request, const MergeRequest *merge)
{
	return request->wanted->reject && MayFailToPart(request->target);
}

/* They are filled in before the partition is looked for, and are not to be told with the row. */
static bool
SetsAsideByDefaults(const CopyRequest *request, const MergeRequest *merge)
{
	return request->wanted->reject && merge->mode == MODE_INSERT &&
		   request->target->rd_rel->relkind == RELKIND_PARTITIONED_TABLE && HasDefaults(request->target);
}

/* Its errors are no row's fault, whereas rows are read in a subtransaction, condition and all. */
static bool
SetsAsideWithWhere(const CopyRequest *request, const MergeRequest *merge)
{
	return request->wanted->reject && request->stmt->whereClause != NULL;
}

/* What is asked of a table that rows go into. */
typedef struct TriggerQuestion
{
	Relation target;
	bool updates;
	List *unchanged; /* columns of the target */
} TriggerQuestion;

static bool
IsCheckedByTriggers(Relation table, void *arg)
{
	const TriggerQuestion *question = arg;
	List *unchanged = NIL;
	ListCell *lc;

	foreach (lc, question->unchanged)
	{
		const char *name = get_attname(RelationGetRelid(question->target), lfirst_int(lc), false);

		unchanged = lappend_int(unchanged, get_attnum(RelationGetRelid(table), name));
	}
	return !LeavesNothingToCheck(table, question->updates, unchanged);
}

static bool
SetsAsideBeforeTriggers(const CopyRequest *request, const MergeRequest *merge)
{
	TriggerQuestion question = {.target = request->target};

	question.updates = ModeUpdates(merge->mode);
	question.unchanged = merge->key && !request->wanted->has_update_columns ? merge->key->attnums : NIL;
	return request->wanted->reject && (IsCheckedByTriggers(request->target, &question) ||
									   VisitPartitions(request->target, IsCheckedByTriggers, &question));
}

/* Entries are made of columns alone, and put in by code that takes any value. */
static bool
CanFail(Relation index)
{
	Oid am = index->rd_rel->relam;

	return !heap_attisnull(index->rd_indextuple, Anum_pg_index_indexprs, NULL) ||
		   !heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL) ||
		   (am != BTREE_AM_OID && am != HASH_AM_OID && am != BRIN_AM_OID);
}

static bool
HasIndexThatCanFail(Relation table)
{
	bool fails = false;
	ListCell *lc;

	foreach (lc, RelationGetIndexList(table))
	{
		Relation index = index_open(lfirst_oid(lc), AccessShareLock);

		fails |= CanFail(index);
		index_close(index, NoLock);
	}
	return fails;
}

static bool
SetsAsideBeforeIndexes(const CopyRequest *request, const MergeRequest *merge)
{
	return request->wanted->reject &&
		   (HasIndexThatCanFail(request->target) || AnyPartition(request->target, HasIndexThatCanFail));
}

static const StageCondition conditions[] = {
	{IsJsonl, "which columns JSON lines fill is known at their end"},
	{IsOneOfSeveral, "errors tell which of several inputs a row is from"},
	{DeletesByCondition, "delete_where is looked at when all rows are there"},
	{KeepsLast, "which row of a key is the last one is known at the end"},
	{DeletesBySql, "mode sync deletes by SQL"},
	{MayNeedVolatileDefault, "a column has a volatile default"},
	{SetsAsideByExpression,
	 "an expression, which may fail where rows are to be set aside, decides on the partition"},
	{SetsAsideByDefaults, "defaults may decide on the partition of rows to be set aside"},
	{SetsAsideWithWhere, "WHERE may fail where rows are to be set aside"},
	{SetsAsideBeforeTriggers, "rows to be set aside may be found by triggers behind them"},
	{SetsAsideFromParts, "rows of a shared stage may have to be set aside"},
	{SetsAsideBeforeIndexes, "rows to be set aside may be found by an index"},
};

const char *
ReasonForStage(const CopyRequest *request)
{
	const Stage *wanted = request->wanted;
	MergeRequest merge = {
		.target = request->target, .mode = wanted->mode, .on_duplicate = wanted->on_duplicate};
	const char *reason;

	merge.key = ResolveMergeKey(merge.target, wanted->key, merge.mode != MODE_INSERT || wanted->key != NIL);
	reason = ReasonForSql(&merge);
	for (int i = 0; reason == NULL && i < lengthof(conditions); i++)
	{
		if (conditions[i].holds(request, &merge))
			reason = conditions[i].reason;
	}
	return reason;
}
