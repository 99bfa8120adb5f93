/*
 * share_merge.c
 *		aiodal.merge_shared(): what sessions have loaded into a shared stage, merged by one.
 *
 * Goes the way of a COPY with a merge option, but for where the rows come from: the same modes, policies,
 * counts, rejects and errors.
 */
#include "compat.h"

#include "access/table.h"
#include "access/xact.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "parser/parse_node.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "copy_merge.h"
#include "ident.h"
#include "merge.h"
#include "share.h"

PG_FUNCTION_INFO_V1(merge_shared);

/* The statement that would have loaded it all, from one client. */
static CopyStmt *
StandIn(Oid target)
{
	CopyStmt *stmt = makeNode(CopyStmt);

	if (get_rel_name(target) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE), errmsg("target with OID %u does not exist", target)));
	stmt->relation = makeRangeVar(get_namespace_name(get_rel_namespace(target)), get_rel_name(target), -1);
	stmt->is_from = true;
	return stmt;
}

/* Rows of other transactions have to be seen, as they are now. */
static void
CheckIsolation(void)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("a shared stage cannot be merged at this isolation level"),
						errdetail("The transaction may not see what other sessions have put into it."),
						errhint("Use READ COMMITTED.")));
}

/* Unless somebody reads it: then the next clean-up does. */
static void
DropIfFree(Relation stage)
{
	Oid relid = RelationGetRelid(stage);
	char *name = QualifiedRelationName(stage);

	table_close(stage, NoLock);
	if (ConditionalLockRelationOid(relid, AccessExclusiveLock))
		RunUtility(psprintf("DROP TABLE %s", name));
}

/*
 * aiodal.merge_shared(stage regclass, target regclass, parts bigint, mode text, key name[],
 *					   on_duplicate text, on_error text, max_rejects bigint, update_columns name[],
 *					   delete_where text) returns aiodal.merge_result
 *
 * Waits for sessions that still write to the stage.
 */
Datum
merge_shared(PG_FUNCTION_ARGS)
{
	Stage wanted = {0};
	MergeCounts counts = {0};
	CopyStmt *stmt;
	Relation stage;
	const char *reason;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("%s must not be null", PG_ARGISNULL(0) ? "stage" : "target")));
	CheckIsolation();
	ReadStageOptions(fcinfo, &wanted);
	wanted.has_mode = true;
	stage = OpenShared(PG_GETARG_OID(0), ShareRowExclusiveLock);
	wanted.parts = ReadParts(stage, PG_ARGISNULL(2) ? 0 : PG_GETARG_INT64(2));
	stmt = StandIn(PG_GETARG_OID(1));
	wanted.parts->name = makeObjectName(stmt->relation->relname, NULL, "stage");
	wanted.several_inputs = wanted.parts->several_inputs;
	reason = CopyAs(make_parsestate(NULL), stmt, &wanted, TextArgument(fcinfo, 9), &counts);
	DropIfFree(stage);
	return MergeCountsToDatum(fcinfo, &counts, MergePathName(reason), reason);
}
