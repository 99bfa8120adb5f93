/*
 * merge_path.c
 *		The choice between the direct path and plain SQL.
 *
 * One table of conditions, each with its reason: the path is direct when none of
 * them holds. What merge_direct.c cannot keep of PostgreSQL's behaviour has to be
 * listed here.
 */
#include "compat.h"

#include "access/genam.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/pg_am.h"
#include "catalog/pg_namespace.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "aiodal.h"
#include "known_calls.h"
#include "merge_partitions.h"
#include "merge_path.h"

/* Of a table that rows go into: the target, or one of its partitions. */
typedef struct TableCondition
{
	bool (*holds)(Relation table);
	const char *reason;
	const char *reason_of_partition;
} TableCondition;

/* Of the request. */
typedef struct Condition
{
	bool (*holds)(MergeRequest *request);
	const char *reason;
} Condition;

static bool
IsNoTable(Relation table)
{
	return table->rd_rel->relkind != RELKIND_RELATION && table->rd_rel->relkind != RELKIND_PARTITIONED_TABLE;
}

static bool
IsNotHeap(Relation table)
{
	return table->rd_rel->relkind == RELKIND_RELATION && table->rd_rel->relam != HEAP_TABLE_AM_OID;
}

static bool
IsCatalog(MergeRequest *request)
{
	return IsCatalogRelation(request->target);
}

/* A Citus table looks like an empty heap; rows put there would be lost. */
static bool
IsDistributed(MergeRequest *request)
{
	bool found;

	if (!OidIsValid(get_relname_relid("pg_dist_partition", PG_CATALOG_NAMESPACE)))
		return false;
	SPI_connect();
	SPI_execute(psprintf("SELECT FROM pg_catalog.pg_dist_partition "
						 "WHERE logicalrelid OPERATOR(pg_catalog.=) %u::pg_catalog.oid::pg_catalog.regclass",
						 RelationGetRelid(request->target)),
				true, 1);
	found = SPI_processed > 0;
	SPI_finish();
	return found;
}

static bool
HasRules(MergeRequest *request)
{
	return request->target->rd_rules != NULL;
}

static bool
HasRowSecurity(MergeRequest *request)
{
	return check_enable_rls(RelationGetRelid(request->target), InvalidOid, true) == RLS_ENABLED;
}

static bool
HasRowTriggersBefore(Relation table)
{
	TriggerDesc *t = table->trigdesc;

	return t && (t->trig_insert_before_row || t->trig_update_before_row || t->trig_delete_before_row);
}

bool
HasStatementTriggers(Relation target)
{
	TriggerDesc *t = target->trigdesc;

	return t && (t->trig_insert_before_statement || t->trig_insert_after_statement ||
				 t->trig_update_before_statement || t->trig_update_after_statement ||
				 t->trig_insert_new_table || t->trig_update_old_table || t->trig_update_new_table);
}

static bool
FiresForStatements(MergeRequest *request)
{
	return HasStatementTriggers(request->target);
}

static bool
SeesOneSnapshot(MergeRequest *request)
{
	return IsolationUsesXactSnapshot();
}

static bool
NullsAreKeys(MergeRequest *request)
{
	return request->key && request->key->nulls_not_distinct;
}

static bool
HasDeferredIndexes(Relation table)
{
	ListCell *lc;

	foreach (lc, RelationGetIndexList(table))
	{
		Relation index = index_open(lfirst_oid(lc), AccessShareLock);
		bool deferred = index->rd_index->indisexclusion ||
						(index->rd_index->indisunique && !index->rd_index->indimmediate);

		index_close(index, NoLock);
		if (deferred)
			return true;
	}
	return false;
}

/* Whether the test holds for the default of a column that is not among the given ones. */
static bool
HasDefault(Relation target, List *given, bool (*test)(Node *expr))
{
	TupleDesc desc = RelationGetDescr(target);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		Node *expr;

		if (att->attisdropped || att->attgenerated != '\0' || list_member_int(given, i + 1))
			continue;
		expr = build_column_default(target, i + 1);
		if (expr && test(expr))
			return true;
	}
	return false;
}

static bool
IsAny(Node *expr)
{
	return true;
}

bool
HasDefaults(Relation target)
{
	return HasDefault(target, NIL, IsAny);
}

bool
HasVolatileDefault(Relation target, List *given)
{
	return HasDefault(target, given, CallsUnknownVolatile);
}

bool
DefaultsFollowOrder(Relation target, List *given)
{
	return HasDefault(target, given, contain_volatile_functions);
}

static bool
LeavesOutVolatileDefaults(MergeRequest *request)
{
	return request->columns && HasVolatileDefault(request->target, request->columns);
}

/* The direct path reads the batch without asking; only SQL knows what the user may read of it. */
static bool
MayNotReadBatch(MergeRequest *request)
{
	Oid relid = request->source ? RelationGetRelid(request->source) : InvalidOid;

	return OidIsValid(relid) && (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK ||
								 check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED);
}

static bool
BatchIsNotHeap(MergeRequest *request)
{
	return request->source && request->source->rd_rel->relam != HEAP_TABLE_AM_OID;
}

static bool
PartsEqualKeys(MergeRequest *request)
{
	return request->key && !KeepsKeysTogether(request->target, request->key);
}

static const TableCondition table_conditions[] = {
	{IsNoTable, "the target is a view or a foreign table", "a partition is a foreign table"},
	{IsNotHeap, "the target's access method is not heap", "a partition's access method is not heap"},
	{HasRowTriggersBefore, "the target has BEFORE row triggers", "a partition has BEFORE row triggers"},
	{HasDeferredIndexes, "the target has a deferrable unique or an exclusion constraint",
	 "a partition has a deferrable unique or an exclusion constraint"},
};

static const Condition conditions[] = {
	{IsCatalog, "the target is a system catalog"},
	{IsDistributed, "the target is distributed by Citus"},
	{HasRules, "the target has rules"},
	{HasRowSecurity, "row security applies to the current user"},
	{FiresForStatements, "the target has statement triggers"},
	{NullsAreKeys, "the key is NULLS NOT DISTINCT"},
	{PartsEqualKeys, "the key's collation is not that of the partition key"},
	{LeavesOutVolatileDefaults, "a column left out has a volatile default"},
	{SeesOneSnapshot, "the isolation level is above READ COMMITTED"},
	{MayNotReadBatch, "rights or row security limit what can be read of the batch"},
	{BatchIsNotHeap, "the batch's access method is not heap"},
};

void
RefuseSql(MergeRequest *request, const char *reason)
{
	if (aiodal_path == MERGE_PATH_DIRECT)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot merge into \"%s\" by the direct path",
							   RelationGetRelationName(request->target)),
						errdetail("The reason is that %s.", reason),
						errhint("Set aiodal.path to \"auto\" or \"sql\".")));
}

/* The first of the conditions that holds for a table; their number when none does. */
static int
FirstThatHolds(Relation table)
{
	int i = 0;

	while (i < lengthof(table_conditions) && !table_conditions[i].holds(table))
		i++;
	return i;
}

static bool
NoteFirstThatHolds(Relation partition, void *first)
{
	*(int *) first = Min(*(int *) first, FirstThatHolds(partition));
	return *(int *) first == 0;
}

/* The first condition in the list; the target's own reason before a partition's. */
static const char *
ReasonOfTarget(Relation target)
{
	int own = FirstThatHolds(target);
	int first = own;

	VisitPartitions(target, NoteFirstThatHolds, &first);
	if (first < own)
		return table_conditions[first].reason_of_partition;
	return own < lengthof(table_conditions) ? table_conditions[own].reason : NULL;
}

void
CheckPartition(MergeRequest *request, Relation partition)
{
	int first = FirstThatHolds(partition);

	if (first < lengthof(table_conditions))
		ereport(
			ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("could not merge into \"%s\", which has become a partition of \"%s\" meanwhile",
					RelationGetRelationName(partition), RelationGetRelationName(request->target)),
			 errdetail("The direct path ends here since %s.", table_conditions[first].reason_of_partition),
			 errhint("Try again.")));
}

const char *
ReasonForSql(MergeRequest *request)
{
	const char *reason;

	if (aiodal_path == MERGE_PATH_SQL)
		return "aiodal.path is sql";
	reason = ReasonOfTarget(request->target);
	for (int i = 0; reason == NULL && i < lengthof(conditions); i++)
	{
		if (conditions[i].holds(request))
			reason = conditions[i].reason;
	}
	if (reason != NULL)
		RefuseSql(request, reason);
	return reason;
}
