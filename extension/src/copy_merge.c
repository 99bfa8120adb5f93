/*
 * copy_merge.c
 *		COPY FROM that merges by itself, and what the session's last COPY did.
 *
 *	COPY book FROM STDIN WITH (FORMAT csv, HEADER, merge 'upsert', key 'id')
 *
 * Rows are merged while they are read (copy_direct.c), or go into a stage made for the
 * statement, which is merged and dropped when the input has ended. Whether the statement is inside a
 * transaction block makes no difference: it is done whole or not at all.
 */
#include "compat.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/varlena.h"

#include "copy_direct.h"
#include "copy_merge.h"
#include "copy_path.h"
#include "copy_stage.h"
#include "merge.h"
#include "reject.h"
#include "share.h"

PG_FUNCTION_INFO_V1(last_copy);

/* What the session's last COPY did; lasts as long as the session. */
static struct
{
	bool known;
	MergeCounts counts;
	const char *path;   /* NULL: rows went into a stage and no further */
	const char *reason; /* why not direct, or through a stage; static, or NULL */
} last;

static bool
IsOption(const DefElem *option, const char *name)
{
	return strcmp(option->defname, name) == 0;
}

static bool
IsJsonl(const CopyStmt *stmt)
{
	ListCell *lc;

	foreach (lc, stmt->options)
	{
		if (IsOption(lfirst(lc), "format") && strcmp(defGetString(lfirst(lc)), "jsonl") == 0)
			return true;
	}
	return false;
}

/* Other words behind on_error are newer servers' own. */
static bool
SetsAside(DefElem *option)
{
	return IsOption(option, "on_error") && option->arg && strcmp(defGetString(option), "reject") == 0;
}

bool
IsCopyThatMerges(Node *statement)
{
	CopyStmt *stmt = (CopyStmt *) statement;
	ListCell *lc;

	if (!IsA(statement, CopyStmt) || !stmt->is_from || stmt->relation == NULL)
		return false;
	foreach (lc, stmt->options)
	{
		if (IsOption(lfirst(lc), "merge") || SetsAside(lfirst(lc)))
			return true;
	}
	return IsJsonl(stmt);
}

/* 'a, "B"' as a List of char * */
static List *
NamesOption(DefElem *option)
{
	List *names;
	List *copies = NIL;
	ListCell *lc;

	if (!SplitIdentifierString(pstrdup(defGetString(option)), ',', &names) || names == NIL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("invalid list of columns in COPY option \"%s\": \"%s\"", option->defname,
							   defGetString(option)),
						errhint("Write column names separated by commas, quoted as in SQL.")));
	foreach (lc, names)
		copies = lappend(copies, pstrdup(lfirst(lc)));
	return copies;
}

static int64
MaxRejectsOption(DefElem *option)
{
	int64 max = defGetInt64(option);

	if (max < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("max_rejects must not be negative")));
	return max;
}

/* Takes an option that says how to merge; false when it is COPY's own. */
static bool
TakeOption(Stage *stage, const char **delete_where, DefElem *option)
{
	if (IsOption(option, "merge"))
		stage->mode = ParseMergeMode(defGetString(option));
	else if (IsOption(option, "key"))
		stage->key = NamesOption(option);
	else if (IsOption(option, "on_duplicate"))
		stage->on_duplicate = ParseDuplicatePolicy(defGetString(option));
	else if (IsOption(option, "on_error"))
		stage->reject = ParseOnError(defGetString(option));
	else if (IsOption(option, "max_rejects"))
		stage->max_rejects = MaxRejectsOption(option);
	else if (IsOption(option, "update_columns"))
	{
		stage->update_columns = NamesOption(option);
		stage->has_update_columns = true;
	}
	else if (IsOption(option, "delete_where"))
		*delete_where = defGetString(option);
	else
		return false;
	return true;
}

static void
CheckOnce(ParseState *pstate, List *options, DefElem *option)
{
	ListCell *lc;

	foreach (lc, options)
	{
		DefElem *other = lfirst(lc);

		if (other == option)
			return;
		if (IsOption(other, option->defname))
			errorConflictingDefElem(option, pstate);
	}
}

/* Parts the options: ours into the stage to be made, COPY's own stay in the statement. */
static void
ReadMergeOptions(ParseState *pstate, CopyStmt *stmt, Stage *stage, const char **delete_where)
{
	List *own = NIL;
	ListCell *lc;

	foreach (lc, stmt->options)
	{
		DefElem *option = lfirst(lc);

		if (IsOption(option, "freeze") && defGetBoolean(option))
			ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("COPY FREEZE cannot merge")));
		if (TakeOption(stage, delete_where, option))
			CheckOnce(pstate, stmt->options, option);
		else
			own = lappend(own, option);
	}
	stmt->options = own;
	if (stage->max_rejects >= 0 && !stage->reject)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("max_rejects needs on_error 'reject'")));
}

static void
Remember(const MergeCounts *counts, const char *path, const char *reason)
{
	last.known = true;
	last.counts = *counts;
	last.path = path;
	last.reason = reason;
}

/* Through a stage; returns why it went by SQL, or NULL. */
static const char *
CopyThroughStage(ParseState *pstate, CopyStmt *stmt, Stage *wanted, const char *delete_where,
				 MergeCounts *counts)
{
	Stage *stage = MakeStage(wanted);
	Oid relid = stage->relid;
	const char *reason;

	CopyIntoStage(pstate, stmt, stage, stage->parts ? stage->parts->name : stmt->relation->relname);
	CommandCounterIncrement();
	reason = MergeStage(stage, delete_where, counts);
	RunUtility(psprintf("DROP TABLE pg_temp.%s", quote_identifier(get_rel_name(relid))));
	return reason;
}

const char *
CopyAs(ParseState *pstate, CopyStmt *stmt, Stage *wanted, const char *delete_where, MergeCounts *counts)
{
	CopyRequest request = {
		.stmt = stmt, .wanted = wanted, .jsonl = IsJsonl(stmt), .delete_where = delete_where};
	const char *for_stage;
	const char *for_sql = NULL;

	last.known = false;
	request.target = table_openrv(stmt->relation, AccessShareLock);
	wanted->target = RelationGetRelid(request.target);
	for_stage = ReasonForStage(&request);
	if (for_stage == NULL)
	{
		LockRelationOid(wanted->target, RowExclusiveLock);
		CopyDirectly(pstate, stmt, request.target, wanted, counts);
	}
	else
		for_sql = CopyThroughStage(pstate, stmt, wanted, delete_where, counts);
	table_close(request.target, NoLock);
	Remember(counts, MergePathName(for_sql), for_sql ? for_sql : for_stage);
	return for_sql;
}

int64
CopyAndMerge(ParseState *pstate, CopyStmt *stmt)
{
	Stage wanted = {.has_mode = true, .mode = MODE_INSERT, .max_rejects = -1};
	MergeCounts counts = {0};
	const char *delete_where = NULL;

	last.known = false;
	ReadMergeOptions(pstate, stmt, &wanted, &delete_where);
	CopyAs(pstate, stmt, &wanted, delete_where, &counts);
	return counts.staged;
}

int64
CopyAndRemember(ParseState *pstate, CopyStmt *stmt, Stage *stage)
{
	MergeCounts counts = {0};
	int64 before = CountCopyRejects(stage->relid);
	int64 stored;

	last.known = false;
	stored = CopyIntoStage(pstate, stmt, stage, stage->part ? stage->part->name : stmt->relation->relname);
	if (stage->part)
		SavePart(stage, stored);
	counts.rejected = CountCopyRejects(stage->relid) - before;
	counts.staged = stored + counts.rejected;
	Remember(&counts, NULL, NULL);
	return stored;
}

void
ForgetLastCopy(void)
{
	last.known = false;
	ForgetLastRejects();
}

/* aiodal.last_copy() returns aiodal.merge_result; null when the session's last COPY failed or was none of
 * ours */
Datum
last_copy(PG_FUNCTION_ARGS)
{
	if (!last.known)
		PG_RETURN_NULL();
	return MergeCountsToDatum(fcinfo, &last.counts, last.path, last.reason);
}
