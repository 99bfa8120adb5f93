/*
 * catalog_locks.c
 *		Locks that PostgreSQL's code takes while it turns trees into text.
 *
 * The deparser locks the relations of a query one after the other. Were we to
 * wait for the second while holding the first, a DROP ... CASCADE that takes
 * them the other way around would make a deadlock of it. So all are locked
 * beforehand, and none is waited for while another is held. And they are held
 * no longer than the piece of text takes, so that reflecting never holds up
 * later DDL, even within one long transaction.
 */
#include "catalog_locks.h"

#include "nodes/parsenodes.h"
#include "storage/lmgr.h"
#include "utils/resowner.h"
#include "utils/syscache.h"

static bool
CollectRelations(Node *node, void *context)
{
	List **relations = context;

	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		/* from 16 on, a view that was expanded is a subquery that keeps the view's OID */
		if (OidIsValid(((RangeTblEntry *) node)->relid))
			*relations = list_append_unique_oid(*relations, ((RangeTblEntry *) node)->relid);
		return false;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, CollectRelations, context, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, CollectRelations, context);
}

List *
RelationsIn(Node *tree)
{
	List *relations = NIL;

	(void) CollectRelations(tree, &relations);
	return relations;
}

/* Locks all but the one it would have to wait for; InvalidOid when it has them all. */
static Oid
TryToLock(List *relations)
{
	ListCell *lc;

	foreach (lc, relations)
	{
		if (!ConditionalLockRelationOid(lfirst_oid(lc), AccessShareLock))
			return lfirst_oid(lc);
	}
	return InvalidOid;
}

static void
UnlockUpTo(List *relations, Oid end)
{
	ListCell *lc;

	foreach (lc, relations)
	{
		if (lfirst_oid(lc) == end)
			break;
		UnlockRelationOid(lfirst_oid(lc), AccessShareLock);
	}
}

static void
LockAll(List *relations)
{
	ListCell *lc;
	Oid busy;

	while (OidIsValid(busy = TryToLock(relations)))
	{
		UnlockUpTo(relations, busy);
		LockRelationOid(busy, AccessShareLock);
		UnlockRelationOid(busy, AccessShareLock);
	}
	foreach (lc, relations)
	{
		if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(lfirst_oid(lc))))
			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
							errmsg("relation with OID %u was dropped", lfirst_oid(lc))));
	}
}

typedef struct LockedStep
{
	List *relations;
	void (*step)(void *arg);
	void *arg;
} LockedStep;

/* The resource owner knows all locks that are taken, those of the deparser too. */
static void
RunWithLocks(void *arg)
{
	LockedStep *locked = arg;
	ResourceOwner outer = CurrentResourceOwner;
	ResourceOwner owner = ResourceOwnerCreate(outer, "aiodal locks");

	CurrentResourceOwner = owner;
	LockAll(locked->relations);
	locked->step(locked->arg);
	ResourceOwnerRelease(owner, RESOURCE_RELEASE_BEFORE_LOCKS, true, false);
	ResourceOwnerRelease(owner, RESOURCE_RELEASE_LOCKS, false, false);
	ResourceOwnerRelease(owner, RESOURCE_RELEASE_AFTER_LOCKS, true, false);
	CurrentResourceOwner = outer;
	ResourceOwnerDelete(owner);
}

bool
RunLocked(Catalog *cat, List *relations, void (*step)(void *arg), void *arg, const Subject *subject)
{
	LockedStep locked = {relations, step, arg};

	return RunGuarded(cat, RunWithLocks, &locked, subject);
}
