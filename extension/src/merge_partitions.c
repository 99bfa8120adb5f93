/*
 * merge_partitions.c
 *		What holds for a table or for one of its partitions.
 */
#include "compat.h"

#include "access/table.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_inherits.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"

#include "merge_partitions.h"

bool
VisitPartitions(Relation target, bool (*visit)(Relation, void *), void *arg)
{
	Oid relid = RelationGetRelid(target);
	bool stopped = false;
	ListCell *lc;

	if (target->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return false;
	foreach (lc, find_all_inheritors(relid, AccessShareLock, NULL))
	{
		Relation partition;

		if (stopped)
			break;
		if (lfirst_oid(lc) == relid)
			continue;
		partition = table_open(lfirst_oid(lc), NoLock);
		stopped = visit(partition, arg);
		table_close(partition, NoLock);
	}
	return stopped;
}

typedef struct Property
{
	bool (*holds)(Relation);
} Property;

static bool
HasProperty(Relation partition, void *property)
{
	return ((Property *) property)->holds(partition);
}

bool
AnyPartition(Relation target, bool (*holds)(Relation))
{
	return VisitPartitions(target, HasProperty, &(Property){holds});
}

static bool
PartsByExpression(Relation table)
{
	return table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE && RelationGetPartitionKey(table)->partexprs;
}

bool
MayFailToPart(Relation target)
{
	return PartsByExpression(target) || AnyPartition(target, PartsByExpression);
}

/* By bytes: what such a collation takes for equal, every other one does. */
static bool
AllDeterministic(const MergeKey *key)
{
	ListCell *lc;

	foreach (lc, key->collations)
	{
		if (OidIsValid(lfirst_oid(lc)) && !get_collation_isdeterministic(lfirst_oid(lc)))
			return false;
	}
	return true;
}

/* Whether a partitioned table, the target or one below it, parts by the collations of the key. */
static bool
PartsByCollations(Relation table, Relation target, const MergeKey *key)
{
	PartitionKey by = RelationGetPartitionKey(table);
	ListCell *column;
	ListCell *collation;

	forboth (column, key->attnums, collation, key->collations)
	{
		const char *name = NameStr(TupleDescAttr(RelationGetDescr(target), lfirst_int(column) - 1)->attname);
		AttrNumber attnum = get_attnum(RelationGetRelid(table), name);

		for (int i = 0; i < by->partnatts; i++)
		{
			if (by->partattrs[i] == attnum && by->partcollation[i] != lfirst_oid(collation))
				return false;
		}
	}
	return true;
}

bool
KeepsKeysTogether(Relation target, const MergeKey *key)
{
	bool together = true;
	ListCell *lc;

	if (target->rd_rel->relkind != RELKIND_PARTITIONED_TABLE || AllDeterministic(key))
		return true;
	foreach (lc, find_all_inheritors(RelationGetRelid(target), AccessShareLock, NULL))
	{
		Relation table = table_open(lfirst_oid(lc), NoLock);

		if (table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
			together = together && PartsByCollations(table, target, key);
		table_close(table, NoLock);
	}
	return together;
}
