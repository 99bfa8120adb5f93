/*
 * copy_hook.c
 *		COPY FROM taken over where the target is a stage, or where it says how to
 *		merge.
 *
 * DISCARD ALL, by which poolers hand a session on, makes it forget its last COPY,
 * whose rejects are the data of whoever had it.
 *
 * Every other statement goes on to the next hook, untouched: a relation that
 * does not exist, or a format of somebody else's, is not ours to complain of.
 */
#include "compat.h"

#include "catalog/namespace.h"
#include "tcop/utility.h"

#include "copy_hook.h"
#include "copy_merge.h"
#include "stage.h"

static ProcessUtility_hook_type next_hook = NULL;

/* The stage that the statement copies into, or NULL. */
static Stage *
TargetStage(Node *statement)
{
	CopyStmt *stmt = (CopyStmt *) statement;
	Oid relid;

	if (!IsA(statement, CopyStmt) || !stmt->is_from || stmt->relation == NULL || !HaveStages())
		return NULL;
	/* no lock: stages are temporary, or shared ones that this transaction has locked */
	relid = RangeVarGetRelid(stmt->relation, NoLock, true);
	return OidIsValid(relid) ? FindStage(relid) : NULL;
}

static bool
IsDiscardAll(Node *statement)
{
	return IsA(statement, DiscardStmt) && ((DiscardStmt *) statement)->target == DISCARD_ALL;
}

static void
CopyHook(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree, ProcessUtilityContext context,
		 ParamListInfo params, QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc)
{
	ProcessUtility_hook_type next = next_hook ? next_hook : standard_ProcessUtility;
	Stage *stage = TargetStage(pstmt->utilityStmt);
	CopyStmt *stmt = (CopyStmt *) pstmt->utilityStmt;
	ParseState *pstate;
	int64 rows;

	if (stage == NULL && !IsCopyThatMerges(pstmt->utilityStmt))
	{
		next(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
		if (IsDiscardAll(pstmt->utilityStmt))
			ForgetLastCopy();
		return;
	}
	pstate = make_parsestate(NULL);
	pstate->p_sourcetext = queryString;
	pstate->p_queryEnv = queryEnv;
	if (readOnlyTree)
		stmt = copyObject(stmt);
	rows = stage ? CopyAndRemember(pstate, stmt, stage) : CopyAndMerge(pstate, stmt);
	if (qc)
		SetQueryCompletion(qc, CMDTAG_COPY, rows);
	free_parsestate(pstate);
}

void
InstallCopyHook(void)
{
	next_hook = ProcessUtility_hook;
	ProcessUtility_hook = CopyHook;
}
