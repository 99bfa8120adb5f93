/*
 * on_commit.c
 *		What COMMIT does before it is final: deferred triggers, temporary tables.
 */
#include "compat.h"

#include "commands/tablecmds.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "tcop/pquery.h"
#include "utils/portal.h"

PG_FUNCTION_INFO_V1(run_on_commit);

/* Whether the client sent this very CALL: then no query runs around it, which is when triggers may fire. */
static bool
IsWholeStatement(FunctionCallInfo fcinfo)
{
	PlannedStmt *stmt;
	CallStmt *call;

	if (!PortalIsValid(ActivePortal) || list_length(ActivePortal->stmts) != 1)
		return false;
	stmt = linitial_node(PlannedStmt, ActivePortal->stmts);
	if (!stmt->utilityStmt || !IsA(stmt->utilityStmt, CallStmt))
		return false;
	call = (CallStmt *) stmt->utilityStmt;
	return call->funcexpr->funcid == fcinfo->flinfo->fn_oid;
}

/*
 * run_on_commit()
 *
 * For a savepoint that stands for a transaction: what is done here is undone by a rollback to a savepoint set
 * before, but for the emptying of tables, as always.
 */
Datum
run_on_commit(PG_FUNCTION_ARGS)
{
	if (!IsWholeStatement(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("aiodal.run_on_commit() cannot be called from within a statement"),
						errhint("Send CALL aiodal.run_on_commit() by itself.")));
	AfterTriggerFireDeferred();
	PreCommit_on_commit_actions();
	PG_RETURN_VOID();
}
