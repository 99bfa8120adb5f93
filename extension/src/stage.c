/*
 * stage.c
 *		aiodal.stage(): staging tables, and what the session knows of them.
 *
 * A stage is an ordinary temporary table, ON COMMIT DROP, with the columns of
 * its target and nothing else. What a table cannot say of itself (target,
 * options, columns given, lines) is kept in TopTransactionContext.
 *
 * Design notes
 *
 * Every fact carries the subtransaction it was learned in. When that one
 * commits, its parent owns the fact; when it aborts, the fact is dropped, as
 * the rows are. The list is short (a session has a handful of stages), so
 * lookups walk it.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/dbcommands.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "ident.h"
#include "merge.h"
#include "stage.h"

/* One COPY into a stage. */
typedef struct StageCopy
{
	SubTransactionId subid;
	Bitmapset *given;
	LineRun *runs;
	int nruns;
	int maxruns;
	int last_found; /* index of the run asked for last */
} StageCopy;

typedef struct StageEntry
{
	Stage stage; /* first: a Stage * handed out is the entry */
	SubTransactionId subid;
	SubTransactionId merged; /* where it was merged, or InvalidSubTransactionId */
	List *copies;            /* StageCopy * */
	int inputs;              /* COPYs begun, failed ones too: numbers are not used twice */
} StageEntry;

static List *stages = NIL; /* StageEntry *, in TopTransactionContext */
static bool callbacks_registered = false;

PG_FUNCTION_INFO_V1(stage);

static void
ForgetStages(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		stages = NIL;
}

static void
AbortStageFacts(SubTransactionId subid)
{
	ListCell *lc;
	ListCell *inner;

	foreach (lc, stages)
	{
		StageEntry *entry = lfirst(lc);

		if (entry->subid == subid)
		{
			stages = foreach_delete_current(stages, lc);
			continue;
		}
		if (entry->merged == subid)
			entry->merged = InvalidSubTransactionId;
		foreach (inner, entry->copies)
		{
			if (((StageCopy *) lfirst(inner))->subid == subid)
				entry->copies = foreach_delete_current(entry->copies, inner);
		}
	}
}

static void
PromoteStageFacts(SubTransactionId subid, SubTransactionId parent)
{
	ListCell *lc;
	ListCell *inner;

	foreach (lc, stages)
	{
		StageEntry *entry = lfirst(lc);

		if (entry->subid == subid)
			entry->subid = parent;
		if (entry->merged == subid)
			entry->merged = parent;
		foreach (inner, entry->copies)
		{
			StageCopy *copy = lfirst(inner);

			if (copy->subid == subid)
				copy->subid = parent;
		}
	}
}

static void
FollowSubtransaction(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		AbortStageFacts(subid);
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		PromoteStageFacts(subid, parent);
}

bool
HaveStages(void)
{
	return stages != NIL;
}

Stage *
FindStage(Oid relid)
{
	ListCell *lc;

	foreach (lc, stages)
	{
		StageEntry *entry = lfirst(lc);

		if (entry->stage.relid == relid)
			return &entry->stage;
	}
	return NULL;
}

int
StageNextInput(Stage *stage)
{
	return ++((StageEntry *) stage)->inputs;
}

void
StageCopyBegin(Stage *stage, Bitmapset *given)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	StageCopy *copy = palloc0(sizeof(StageCopy));
	StageEntry *entry = (StageEntry *) stage;

	copy->subid = GetCurrentSubTransactionId();
	copy->given = bms_copy(given);
	entry->copies = lappend(entry->copies, copy);
	MemoryContextSwitchTo(old);
}

void
StageCopyColumn(Stage *stage, AttrNumber attnum)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	StageCopy *copy = llast(((StageEntry *) stage)->copies);

	copy->given = bms_add_member(copy->given, attnum);
	MemoryContextSwitchTo(old);
}

/* A run that the next stored row at tid extends, or NULL. */
static LineRun *
RunToExtend(StageCopy *copy, ItemPointer tid, StagePlace place)
{
	LineRun *run = copy->nruns > 0 ? &copy->runs[copy->nruns - 1] : NULL;

	if (run != NULL && ItemPointerGetBlockNumber(&run->first) == ItemPointerGetBlockNumber(tid) &&
		ItemPointerGetOffsetNumber(&run->first) + run->count == ItemPointerGetOffsetNumber(tid) &&
		run->input == place.input && run->line + run->count == place.line &&
		run->record + run->count == place.record)
		return run;
	return NULL;
}

static void
NotePlace(Stage *stage, ItemPointer tid, StagePlace place)
{
	StageCopy *copy = llast(((StageEntry *) stage)->copies);
	LineRun *run = RunToExtend(copy, tid, place);

	if (run != NULL)
	{
		run->count++;
		return;
	}
	if (copy->nruns == copy->maxruns)
	{
		copy->maxruns = copy->maxruns ? copy->maxruns * 2 : 64;
		copy->runs = copy->runs ? repalloc_huge(copy->runs, copy->maxruns * sizeof(LineRun))
								: MemoryContextAlloc(TopTransactionContext, copy->maxruns * sizeof(LineRun));
	}
	run = &copy->runs[copy->nruns++];
	run->first = *tid;
	run->count = 1;
	run->input = place.input;
	run->line = place.line;
	run->record = place.record;
}

void
StageNoteLine(Stage *stage, ItemPointer tid, int64 line, int64 record)
{
	NotePlace(stage, tid, (StagePlace){((StageEntry *) stage)->inputs, line, record});
}

void
StageSetInput(Stage *stage, int input)
{
	((StageEntry *) stage)->inputs = input;
}

int
StageRuns(Stage *stage, LineRun **runs)
{
	List *copies = ((StageEntry *) stage)->copies;
	StageCopy *copy = copies ? llast(copies) : NULL;

	*runs = copy ? copy->runs : NULL;
	return copy ? copy->nruns : 0;
}

static bool
RunHas(const LineRun *run, const ItemPointerData *tid)
{
	int ahead = ItemPointerGetOffsetNumber(tid) - ItemPointerGetOffsetNumber(&run->first);

	return ItemPointerGetBlockNumber(tid) == ItemPointerGetBlockNumber(&run->first) && ahead >= 0 &&
		   ahead < run->count;
}

/* The run with the row at tid, or NULL. Rows are mostly asked for in the order they are stored in. */
static LineRun *
FindRun(StageCopy *copy, const ItemPointerData *tid)
{
	for (int i = copy->last_found; i < copy->nruns; i++)
	{
		if (RunHas(&copy->runs[i], tid))
			return &copy->runs[copy->last_found = i];
	}
	for (int i = 0; i < Min(copy->last_found, copy->nruns); i++)
	{
		if (RunHas(&copy->runs[i], tid))
			return &copy->runs[copy->last_found = i];
	}
	return NULL;
}

StagePlace
StagePlaceOf(Stage *stage, const ItemPointerData *tid)
{
	ListCell *lc;

	foreach (lc, ((StageEntry *) stage)->copies)
	{
		LineRun *run = FindRun(lfirst(lc), tid);
		int ahead;

		if (run == NULL)
			continue;
		ahead = ItemPointerGetOffsetNumber(tid) - ItemPointerGetOffsetNumber(&run->first);
		return (StagePlace){run->input, run->line + ahead, run->record + ahead};
	}
	return (StagePlace){0};
}

char *
StagePlaceText(Stage *stage, const ItemPointerData *tid)
{
	StagePlace place = StagePlaceOf(stage, tid);

	if (place.line == 0)
		return NULL;
	if (((StageEntry *) stage)->inputs <= 1 && !stage->several_inputs)
		return psprintf("line " INT64_FORMAT, place.line);
	return psprintf("line " INT64_FORMAT " of input %d", place.line, place.input);
}

void
StageMoveLine(Stage *stage, const ItemPointerData *from, ItemPointer to)
{
	StagePlace place = StagePlaceOf(stage, from);

	if (place.line > 0)
		NotePlace(stage, to, place);
}

bool
StageGivenColumns(Stage *stage, Bitmapset **given)
{
	List *copies = ((StageEntry *) stage)->copies;
	ListCell *lc;

	*given = NULL;
	foreach (lc, copies)
		*given = bms_add_members(*given, ((StageCopy *) lfirst(lc))->given);
	return copies != NIL;
}

void
StageMerged(Stage *stage)
{
	((StageEntry *) stage)->merged = GetCurrentSubTransactionId();
}

/* Copies the options into memory that lives as long as the transaction. */
static void
RegisterStage(const Stage *stage)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	StageEntry *entry = palloc0(sizeof(StageEntry));
	ListCell *lc;

	if (!callbacks_registered)
	{
		RegisterXactCallback(ForgetStages, NULL);
		RegisterSubXactCallback(FollowSubtransaction, NULL);
		callbacks_registered = true;
	}
	entry->stage = *stage;
	entry->stage.key = entry->stage.update_columns = NIL;
	foreach (lc, stage->key)
		entry->stage.key = lappend(entry->stage.key, pstrdup(lfirst(lc)));
	foreach (lc, stage->update_columns)
		entry->stage.update_columns = lappend(entry->stage.update_columns, pstrdup(lfirst(lc)));
	entry->subid = GetCurrentSubTransactionId();
	entry->merged = InvalidSubTransactionId;
	stages = lappend(stages, entry);
	MemoryContextSwitchTo(old);
}

Stage *
KnowStage(const Stage *stage)
{
	Stage *known = FindStage(stage->relid);

	if (known != NULL)
		stages = list_delete_ptr(stages, known);
	RegisterStage(stage);
	return FindStage(stage->relid);
}

static bool
IsEmpty(Relation rel)
{
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);
	bool empty = !table_scan_getnextslot(scan, ForwardScanDirection, slot);

	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	return empty;
}

/* An old stage that nobody misses: merged or empty, and no open cursor reads it. */
static bool
IsSpentStage(Oid relid)
{
	StageEntry *entry = (StageEntry *) FindStage(relid);
	Relation rel;
	bool spent;

	if (entry == NULL)
		return false;
	rel = table_open(relid, AccessShareLock);
	spent = rel->rd_refcnt == 1 && (entry->merged != InvalidSubTransactionId || IsEmpty(rel));
	table_close(rel, NoLock);
	return spent;
}

Relation
OpenTable(Oid relid, LOCKMODE lockmode, const char *what)
{
	Relation rel = try_table_open(relid, lockmode);

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE), errmsg("%s with OID %u does not exist", what, relid),
				 errdetail("A stage is dropped at the end of its transaction.")));
	return rel;
}

void
RunUtility(const char *sql)
{
	SPI_connect();
	if (SPI_execute(sql, false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "unexpected result of: %s", sql);
	SPI_finish();
}

/*
 * Drops a table of the temporary schema. False when that cannot be: another
 * role made it, a view or cursor uses it. Then it is the user's from now on.
 */
static bool
TryDrop(const char *name)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool dropped = true;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		RunUtility(psprintf("DROP TABLE pg_temp.%s", quote_identifier(name)));
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		int code = geterrcode();

		if (code != ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST && code != ERRCODE_OBJECT_IN_USE &&
			code != ERRCODE_INSUFFICIENT_PRIVILEGE)
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		dropped = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return dropped;
}

/* A spent stage of that name is dropped for it; any other table or type is left alone. */
char *
FreeTemporaryName(const char *base, const char *label)
{
	for (int i = 0;; i++)
	{
		char *suffix = i == 0 ? pstrdup(label) : psprintf("%s%s%d", label, *label ? "_" : "", i);
		char *name = *suffix ? makeObjectName(base, NULL, suffix) : pstrdup(base);
		Oid temp = LookupExplicitNamespace("pg_temp", true);
		Oid relid = OidIsValid(temp) ? get_relname_relid(name, temp) : InvalidOid;

		if (OidIsValid(relid)
				? IsSpentStage(relid) && TryDrop(name)
				: !SearchSysCacheExists2(TYPENAMENSP, CStringGetDatum(name), ObjectIdGetDatum(temp)))
			return name;
	}
}

static void
CheckTarget(Relation target)
{
	char kind = target->rd_rel->relkind;

	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE && kind != RELKIND_VIEW &&
		kind != RELKIND_FOREIGN_TABLE)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("cannot load into \"%s\"", RelationGetRelationName(target)),
						errdetail_relkind_not_supported(kind),
						errhint("A target is a table, a partitioned table, a view or a foreign table.")));
}

/* Refuses now what the merge would refuse after a long load. */
static void
CheckMayWrite(Relation target)
{
	Oid relid = RelationGetRelid(target);
	AclMode modes[] = {ACL_INSERT, ACL_UPDATE};

	for (int i = 0; i < lengthof(modes); i++)
	{
		if (pg_class_aclcheck(relid, GetUserId(), modes[i]) == ACLCHECK_OK ||
			pg_attribute_aclcheck_all(relid, GetUserId(), modes[i], ACLMASK_ANY) == ACLCHECK_OK)
			return;
	}
	aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(target->rd_rel->relkind),
				   RelationGetRelationName(target));
}

/* In words of its own: PostgreSQL's differ with what the session did before. */
static void
CheckMayMakeTemporary(void)
{
	if (!MayCreateTemporaryTables())
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied to create temporary tables in database \"%s\"",
							   get_database_name(MyDatabaseId)),
						errdetail("A stage is a temporary table."),
						errhint("GRANT TEMPORARY ON DATABASE allows it.")));
}

/* The columns a file may fill: all but generated ones. */
static List *
LoadableColumns(Relation target)
{
	TupleDesc desc = RelationGetDescr(target);
	List *attnums = NIL;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && att->attgenerated == '\0')
			attnums = lappend_int(attnums, att->attnum);
	}
	return attnums;
}

static List *
ChosenColumns(Relation target, List *names)
{
	List *attnums = ResolveColumns(target, names, "columns");
	ListCell *lc;

	foreach (lc, attnums)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(target), lfirst_int(lc) - 1);

		if (att->attgenerated != '\0')
			ereport(ERROR, (errcode(ERRCODE_GENERATED_ALWAYS),
							errmsg("column \"%s\" is a generated column", NameStr(att->attname)),
							errdetail("Generated columns cannot be loaded.")));
	}
	return attnums;
}

static void
AppendColumnDefinition(StringInfo sql, Relation target, AttrNumber attnum)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(target), attnum - 1);

	appendStringInfo(sql, "%s %s", QuotedColumnName(target, attnum),
					 format_type_extended(att->atttypid, att->atttypmod,
										  FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY));
	if (OidIsValid(att->attcollation) && att->attcollation != get_typcollation(att->atttypid))
		appendStringInfo(sql, " COLLATE %s", QualifiedCollationName(att->attcollation));
}

void
AppendStageColumns(StringInfo sql, Relation target, List *attnums)
{
	ListCell *lc;

	foreach (lc, attnums)
	{
		if (foreach_current_index (lc) > 0)
			appendStringInfoString(sql, ", ");
		AppendColumnDefinition(sql, target, lfirst_int(lc));
	}
}

Oid
CreateStageTable(Relation target, List *attnums, const char *base, const char *label)
{
	StringInfoData sql;
	char *name;

	CheckMayMakeTemporary();
	name = FreeTemporaryName(base, label);
	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE TEMPORARY TABLE pg_temp.%s (", quote_identifier(name));
	AppendStageColumns(&sql, target, attnums);
	appendStringInfoString(&sql, ") USING heap ON COMMIT DROP");
	RunUtility(sql.data);
	return get_relname_relid(name, LookupExplicitNamespace("pg_temp", false));
}

void
ReadStageOptions(FunctionCallInfo fcinfo, Stage *stage)
{
	char *mode = TextArgument(fcinfo, 3);
	char *on_duplicate = TextArgument(fcinfo, 5);

	stage->has_mode = mode != NULL;
	stage->mode = mode ? ParseMergeMode(mode) : MODE_UPSERT;
	stage->key = NamesArgument(fcinfo, 4, "key", false);
	stage->on_duplicate = on_duplicate ? ParseDuplicatePolicy(on_duplicate) : DUPLICATE_ERROR;
	stage->reject = !PG_ARGISNULL(6) && ParseOnError(TextArgument(fcinfo, 6));
	stage->max_rejects = PG_ARGISNULL(7) ? -1 : PG_GETARG_INT64(7);
	stage->update_columns = NamesArgument(fcinfo, 8, "update_columns", true);
	stage->has_update_columns = !PG_ARGISNULL(8);
}

static void
CheckNeedsMode(const Stage *stage)
{
	if (!stage->has_mode &&
		(stage->key || stage->has_update_columns || stage->on_duplicate != DUPLICATE_ERROR))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("key, on_duplicate and update_columns need a mode"),
				 errhint("Give the mode to aiodal.stage() too, or give all of them to aiodal.merge().")));
}

/* Key and update columns are checked now, not after the load. */
static void
CheckStageOptions(Relation target, const Stage *stage)
{
	ResolveColumns(target, stage->update_columns, "update_columns");
	if (stage->has_mode)
		ResolveMergeKey(target, stage->key, stage->mode != MODE_INSERT || stage->key != NIL);
}

List *
StageColumns(Relation target, List *names)
{
	CheckTarget(target);
	CheckMayWrite(target);
	return names ? ChosenColumns(target, names) : LoadableColumns(target);
}

static Stage *
MakeStageOf(Relation target, Stage *wanted, List *columns, const char *name)
{
	List *attnums = StageColumns(target, columns);

	CheckStageOptions(target, wanted);
	if (name == NULL)
		wanted->relid = CreateStageTable(target, attnums, RelationGetRelationName(target), "stage");
	else
		wanted->relid = CreateStageTable(target, attnums, name, "");
	wanted->columns = list_length(attnums);
	RegisterStage(wanted);
	return FindStage(wanted->relid);
}

Stage *
MakeStage(Stage *wanted)
{
	Relation target = OpenTable(wanted->target, AccessShareLock, "target");
	Stage *made = MakeStageOf(target, wanted, NIL, NULL);

	table_close(target, NoLock);
	return made;
}

/*
 * aiodal.stage(target regclass, columns name[], name name, mode text,
 *				key name[], on_duplicate text, on_error text, max_rejects bigint,
 *				update_columns name[])
 *	returns regclass
 *
 * The target is locked in ACCESS SHARE mode until the end of the transaction,
 * so that it is the same table at the merge.
 */
Datum
stage(PG_FUNCTION_ARGS)
{
	Stage wanted = {0};
	Relation target;
	List *columns = NamesArgument(fcinfo, 1, "columns", false);
	const char *name = PG_ARGISNULL(2) ? NULL : NameStr(*PG_GETARG_NAME(2));

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("target must not be null")));
	wanted.target = PG_GETARG_OID(0);
	ReadStageOptions(fcinfo, &wanted);
	CheckNeedsMode(&wanted);

	target = OpenTable(wanted.target, AccessShareLock, "target");
	MakeStageOf(target, &wanted, columns, name);
	table_close(target, NoLock);
	PG_RETURN_OID(wanted.relid);
}
