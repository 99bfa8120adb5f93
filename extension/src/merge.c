/*
 * merge.c
 *		aiodal.merge() and aiodal.explain_merge(): what is asked, by which path,
 *		and what came of it.
 *
 * Arguments are turned into a MergeRequest, everything a user can get wrong is
 * refused before anything is written, the chosen path does the work, and the
 * counts are handed over.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_inherits.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "rewrite/rewriteHandler.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "counted.h"
#include "ident.h"
#include "merge_missing.h"
#include "merge_partitions.h"
#include "merge_path.h"
#include "merge_sql.h"
#include "merge_stage.h"
#include "reject.h"

PG_FUNCTION_INFO_V1(merge);
PG_FUNCTION_INFO_V1(explain_merge);

static const char *const reason_search = "some rows to be set aside can only be found by SQL";

/* A column of the batch that has a namesake in the target. */
typedef struct Pair
{
	AttrNumber source;
	AttrNumber target;
	bool given; /* the batch says what is in it */
} Pair;

static void
CheckSource(Relation source, Relation target)
{
	char kind = source->rd_rel->relkind;

	if (kind != RELKIND_RELATION)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s\" cannot serve as a stage", RelationGetRelationName(source)),
						errdetail_relkind_not_supported(kind),
						errhint("A stage is a plain or temporary table; aiodal.stage() makes one.")));
	if (RELATION_IS_OTHER_TEMP(source))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("\"%s\" is a temporary table of another session", RelationGetRelationName(source)),
				 errdetail("Its rows can be read there only.")));
	if (RelationGetRelid(source) == RelationGetRelid(target))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("cannot merge \"%s\" into itself", RelationGetRelationName(source))));
}

static bool
IsGenerated(Relation rel, AttrNumber attnum)
{
	return TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attgenerated != '\0';
}

/*
 * Columns are matched by name. One that the target lacks would lose its data
 * silently; only columns that were added to our stage later are the user's own.
 * So are all columns beyond "columns" of them.
 */
static List *
PairColumns(Relation source, Relation target, int columns)
{
	TupleDesc desc = RelationGetDescr(source);
	List *pairs = NIL;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		AttrNumber attnum =
			att->attisdropped ? 0 : get_attnum(RelationGetRelid(target), NameStr(att->attname));
		Pair *pair;

		if (!att->attisdropped && attnum <= 0 && att->attnum <= columns)
			ereport(
				ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of \"%s\" does not exist in \"%s\"", NameStr(att->attname),
						RelationGetRelationName(source), RelationGetRelationName(target)),
				 columns == INT_MAX
					 ? errhint("Rename or drop the column, or load into a table made by aiodal.stage().")
					 : errhint("The table was changed since aiodal.stage(); rename or drop the column.")));
		if (attnum <= 0 || IsGenerated(target, attnum))
			continue;
		pair = palloc(sizeof(Pair));
		*pair = (Pair){att->attnum, attnum, true};
		pairs = lappend(pairs, pair);
	}
	if (pairs == NIL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
						errmsg("\"%s\" and \"%s\" have no column in common", RelationGetRelationName(source),
							   RelationGetRelationName(target))));
	return pairs;
}

/*
 * Columns that may have been left out: those no COPY filled. Without a COPY
 * seen, those where NULL could only fail, while the target has a value.
 */
static List *
DoubtfulPairs(Stage *stage, Relation target, List *pairs)
{
	Bitmapset *given;
	bool copied = StageGivenColumns(stage, &given);
	List *doubtful = NIL;
	ListCell *lc;

	foreach (lc, pairs)
	{
		Pair *pair = lfirst(lc);
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(target), pair->target - 1);

		if (copied ? !bms_is_member(pair->source, given)
				   : att->attnotnull && (att->atthasdef || att->attidentity))
			doubtful = lappend(doubtful, pair);
	}
	return doubtful;
}

/*
 * Rows of source. Marks those of the doubtful columns that hold nothing but
 * NULL as not given; one that was filled by hand since counts as given, and of
 * an empty batch nothing can be told.
 */
static int64
CountRows(Relation source, List *doubtful)
{
	StringInfoData buf;
	ListCell *lc;
	bool isnull;
	int64 rows;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "SELECT pg_catalog.count(*)");
	foreach (lc, doubtful)
		appendStringInfo(&buf, ", pg_catalog.count(%s)",
						 QuotedColumnName(source, ((Pair *) lfirst(lc))->source));
	appendStringInfo(&buf, " FROM ONLY %s", QualifiedRelationName(source));

	SPI_connect();
	if (SPI_execute(buf.data, true, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "unexpected result of: %s", buf.data);
	rows = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	foreach (lc, doubtful)
	{
		int column = foreach_current_index (lc) + 2;
		Datum values = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull);

		((Pair *) lfirst(lc))->given = rows == 0 || DatumGetInt64(values) > 0;
	}
	SPI_finish();
	return rows;
}

static List *
GivenTargets(List *pairs)
{
	List *attnums = NIL;
	ListCell *lc;

	foreach (lc, pairs)
	{
		Pair *pair = lfirst(lc);

		if (pair->given)
			attnums = lappend_int(attnums, pair->target);
	}
	return attnums;
}

static bool
SameTypes(Relation source, Relation target, List *pairs)
{
	ListCell *lc;

	foreach (lc, pairs)
	{
		Pair *pair = lfirst(lc);
		Form_pg_attribute from = TupleDescAttr(RelationGetDescr(source), pair->source - 1);
		Form_pg_attribute to = TupleDescAttr(RelationGetDescr(target), pair->target - 1);

		if (from->atttypid != to->atttypid || from->atttypmod != to->atttypmod ||
			from->attcollation != to->attcollation)
			return false;
	}
	return true;
}

/*
 * Copies a table of other types into one of the target's, by assignment casts
 * as an INSERT into the target would do. (An explicit cast would cut strings
 * that are too long.) Rows stay in order: a large table's scan may otherwise
 * begin in the middle, where another one is.
 */
static Relation
Restage(Relation source, Relation target, List *attnums)
{
	Oid relid = CreateStageTable(target, attnums, RelationGetRelationName(source), "restaged");
	Relation restaged = table_open(relid, RowExclusiveLock);
	int nest = NewGUCNestLevel();
	Counted counted;
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "INSERT INTO %s (", QualifiedRelationName(restaged));
	AppendColumnList(&buf, target, attnums, "");
	appendStringInfoString(&buf, ") SELECT ");
	AppendColumnList(&buf, target, attnums, "s.");
	appendStringInfo(&buf, " FROM ONLY %s AS s", QualifiedRelationName(source));
	(void) set_config_option("synchronize_seqscans", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
							 0, false);
	RunCounted(buf.data, true, &counted);
	AtEOXact_GUC(true, nest);
	return restaged;
}

/* What an update writes by default: all but the key and what cannot be written. */
static List *
DefaultUpdateColumns(MergeRequest *request)
{
	List *attnums = NIL;
	ListCell *lc;

	foreach (lc, request->columns)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(request->target), lfirst_int(lc) - 1);

		if (!list_member_int(request->key->attnums, att->attnum) &&
			att->attidentity != ATTRIBUTE_IDENTITY_ALWAYS)
			attnums = lappend_int(attnums, att->attnum);
	}
	return attnums;
}

/* The columns must be among those the batch fills. */
static void
CheckFilled(MergeRequest *request, List *attnums, const char *why)
{
	List *missing = list_difference_int(attnums, request->columns);

	if (missing == NIL)
		return;
	ereport(
		ERROR,
		(errcode(ERRCODE_UNDEFINED_COLUMN),
		 errmsg(
			 "the batch does not fill column \"%s\"",
			 NameStr(TupleDescAttr(RelationGetDescr(request->target), linitial_int(missing) - 1)->attname)),
		 errdetail("%s", why),
		 errhint("The batch fills %s.", ColumnListText(request->target, request->columns))));
}

static void
ResolveColumnOptions(MergeRequest *request, List *key, List *update_columns, bool has_update_columns)
{
	bool needs_key = request->mode != MODE_INSERT;

	request->key = ResolveMergeKey(request->target, key, needs_key || key != NIL);
	if (request->key == NULL)
		return;
	if (needs_key || key != NIL)
		CheckFilled(request, request->key->attnums, "It is part of the key.");
	else if (list_difference_int(request->key->attnums, request->columns) != NIL)
	{
		request->key = NULL; /* the key's values are yet to be generated */
		return;
	}
	request->update_columns = DefaultUpdateColumns(request);
	if (has_update_columns)
	{
		request->update_columns = ResolveColumns(request->target, update_columns, "update_columns");
		CheckFilled(request, request->update_columns, "It is named in \"update_columns\".");
	}
}

/* One expression and nothing else, so that it cannot end the statement it is put in. */
static void
CheckCondition(const char *condition)
{
	ErrorContextCallback callback = {.callback = StatementErrorContext, .arg = unconstify(char *, condition)};
	SelectStmt *select;

	callback.previous = error_context_stack;
	error_context_stack = &callback;
	select =
		castNode(SelectStmt, linitial_node(RawStmt, raw_parser(condition, RAW_PARSE_PLPGSQL_EXPR))->stmt);
	error_context_stack = callback.previous;

	if (list_length(select->targetList) != 1 || linitial_node(ResTarget, select->targetList)->name != NULL ||
		select->fromClause || select->whereClause || select->groupClause || select->havingClause ||
		select->windowClause || select->sortClause || select->limitOffset || select->limitCount ||
		select->lockingClause || select->distinctClause || select->op != SETOP_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR), errmsg("delete_where must be one condition"),
				 errhint("Write what would stand in parentheses behind WHERE; columns are the target's.")));
}

static void
CheckDeleteWhere(MergeRequest *request)
{
	if (request->delete_where == NULL)
		return;
	if (request->mode != MODE_SYNC)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("delete_where needs mode \"sync\""),
						errdetail("The mode is \"%s\".", MergeModeName(request->mode))));
	CheckCondition(request->delete_where);
}

/* Arguments of aiodal.merge() that a stage made for a mode already has. */
static void
CheckNotGivenTwice(FunctionCallInfo fcinfo, Stage *stage, MergeMode mode, DuplicatePolicy on_duplicate)
{
	if ((mode == MODE_UPSERT || mode == stage->mode) && PG_ARGISNULL(3) &&
		(on_duplicate == DUPLICATE_ERROR || on_duplicate == stage->on_duplicate) && PG_ARGISNULL(5))
		return;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("\"%s\" was made for mode \"%s\"", get_rel_name(stage->relid),
						   MergeModeName(stage->mode)),
					errdetail("How it is merged was said to aiodal.stage().")));
}

static char *
TextNotNull(FunctionCallInfo fcinfo, int n, const char *name)
{
	char *text = TextArgument(fcinfo, n);

	if (text == NULL)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name)));
	return text;
}

static Oid
TargetArgument(FunctionCallInfo fcinfo, MergeRequest *request)
{
	if (PG_ARGISNULL(1) && request->stage == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("\"%s\" is not a stage of this transaction",
							   RelationGetRelationName(request->source)),
						errhint("Make it with aiodal.stage(), or name the target.")));
	return PG_ARGISNULL(1) ? request->stage->target : PG_GETARG_OID(1);
}

/* The tables that a write to a view may end up in, be it by a trigger. */
static void
LockBaseTables(Relation view)
{
	ListCell *lc;

	foreach (lc, get_view_query(view)->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);
		Relation rel;

		if (rte->rtekind != RTE_RELATION || rte->relid == RelationGetRelid(view))
			continue;
		rel = table_open(rte->relid, AccessShareLock);
		if (rte->relkind == RELKIND_VIEW)
			LockBaseTables(rel);
		else
			LockRelationOid(rte->relid, ShareRowExclusiveLock);
		table_close(rel, NoLock);
	}
}

/*
 * Where ON CONFLICT cannot be used, nothing but a lock keeps others from inserting
 * the same key. It is taken before any weaker one on writes, or two merges
 * would wait for each other. Partitions are locked, too: others may write to them directly.
 */
static void
LockTarget(Relation target, MergeMode mode)
{
	char kind = target->rd_rel->relkind;
	bool exclusive = mode != MODE_INSERT && mode != MODE_UPDATE && (target->rd_rules || HasNoKeys(target));

	if (kind == RELKIND_VIEW && exclusive)
		LockBaseTables(target);
	else
		LockRelationOid(RelationGetRelid(target), exclusive ? ShareRowExclusiveLock : RowExclusiveLock);
	if (kind == RELKIND_PARTITIONED_TABLE && exclusive)
		find_all_inheritors(RelationGetRelid(target), ShareRowExclusiveLock, NULL);
}

/* How to merge: mode, key, on_duplicate, update_columns, delete_where. */
typedef struct MergeWords
{
	List *key;
	List *update_columns;
	bool has_update_columns;
} MergeWords;

static void
ReadWords(FunctionCallInfo fcinfo, MergeRequest *request, MergeWords *words)
{
	Stage *stage = request->stage;

	words->key = NamesArgument(fcinfo, 3, "key", false);
	words->has_update_columns = !PG_ARGISNULL(5);
	words->update_columns = NamesArgument(fcinfo, 5, "update_columns", true);
	request->mode = ParseMergeMode(TextNotNull(fcinfo, 2, "mode"));
	request->on_duplicate = ParseDuplicatePolicy(TextNotNull(fcinfo, 4, "on_duplicate"));
	if (stage != NULL && stage->has_mode)
	{
		CheckNotGivenTwice(fcinfo, stage, request->mode, request->on_duplicate);
		request->mode = stage->mode;
		request->on_duplicate = stage->on_duplicate;
		words->key = stage->key;
		words->has_update_columns = stage->has_update_columns;
		words->update_columns = stage->update_columns;
	}
	request->delete_where = TextArgument(fcinfo, 6);
	CheckDeleteWhere(request);
}

/*
 * Pairs the columns, counts the rows into counts->staged, and sees to it that
 * request->source has the target's types.
 */
static void
ReadBatch(MergeRequest *request, const MergeWords *words, MergeCounts *counts)
{
	Stage *stage = request->stage;
	bool is_stage = stage != NULL && stage->target == RelationGetRelid(request->target);
	List *pairs = PairColumns(request->source, request->target, is_stage ? stage->columns : INT_MAX);

	counts->staged =
		CountRows(request->source, is_stage ? DoubtfulPairs(stage, request->target, pairs) : NIL);
	request->columns = GivenTargets(pairs);
	ResolveColumnOptions(request, words->key, words->update_columns, words->has_update_columns);
	if (!SameTypes(request->source, request->target, pairs))
	{
		Relation original = request->source;

		request->source = Restage(original, request->target, request->columns);
		request->stage = NULL;
		table_close(original, NoLock);
	}
}

static void
SetText(const char *text, Datum *value, bool *isnull)
{
	*isnull = text == NULL;
	*value = text ? CStringGetTextDatum(text) : (Datum) 0;
}

static void
MergeDirectly(SqlMerge *m, MergeCounts *counts)
{
	bool sync = m->request->mode == MODE_SYNC;

	if (sync)
		SqlMergeDeleteNullKeys(m, counts);
	MergeStageDirectly(m, counts);
	if (sync && !DeletesDirectly(m->request))
		SqlMergeDeleteMissing(m, counts);
}

/* Foreign keys and others that look at rows when all are written. */
static bool
HasRowTriggersAfter(Relation target)
{
	TriggerDesc *t = target->trigdesc;

	return t && (t->trig_insert_after_row || t->trig_update_after_row);
}

/*
 * The direct path finds what is wrong with a row before it is written; what triggers raise at
 * the end, as for keys to the table itself, tells no row. Returns why it went by SQL in the end, or NULL.
 */
static const char *
SetAsideOrSearch(SqlMerge *m, MergeCounts *counts)
{
	if (SqlMergeTryAllRows(m, MergeDirectly, counts))
		return NULL;
	RefuseSql(m->request, reason_search);
	SqlMergeRows(m, counts);
	return reason_search;
}

/* Returns why it went by SQL in the end, or NULL. */
static const char *
RunMerge(MergeRequest *request, const char *reason_for_sql, MergeCounts *counts)
{
	SqlMerge sql;

	SqlMergeBegin(&sql, request, counts);
	if (reason_for_sql)
		SqlMergeRows(&sql, counts);
	else if (request->rejects)
		reason_for_sql = SetAsideOrSearch(&sql, counts);
	else if (HasRowTriggersAfter(request->target) || AnyPartition(request->target, HasRowTriggersAfter))
		SqlMergeGuard(&sql, MergeDirectly, counts);
	else
		MergeDirectly(&sql, counts);
	SqlMergeEnd(&sql, counts);
	return reason_for_sql;
}

/* Rows of the batch that never came into the stage, since COPY set them aside. */
static void
CountStageRejects(const Stage *stage, MergeCounts *counts)
{
	int64 rejected = stage ? CountCopyRejects(stage->relid) : 0;

	counts->staged += rejected;
	counts->rejected += rejected;
}

Datum
MergeCountsToDatum(FunctionCallInfo fcinfo, const MergeCounts *counts, const char *path, const char *reason)
{
	TupleDesc desc;
	Datum values[10];
	bool nulls[10] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int64GetDatum(counts->staged);
	values[1] = Int64GetDatum(counts->inserted);
	values[2] = Int64GetDatum(counts->updated);
	values[3] = Int64GetDatum(counts->unchanged);
	values[4] = Int64GetDatum(counts->ignored);
	values[5] = Int64GetDatum(counts->deleted);
	values[6] = Int64GetDatum(counts->duplicates);
	values[7] = Int64GetDatum(counts->rejected);
	SetText(path, &values[8], &nulls[8]);
	SetText(reason, &values[9], &nulls[9]);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

static void
CloseBatch(MergeRequest *request, Oid given)
{
	char *restaged = NULL;

	if (RelationGetRelid(request->source) != given)
		restaged = QualifiedRelationName(request->source);
	table_close(request->source, NoLock);
	if (restaged != NULL)
		RunUtility(psprintf("DROP TABLE %s", restaged));
}

/*
 * Merges the batch and closes both relations; returns the reason for SQL.
 *
 * Everything is counted and written under one snapshot, taken when the target is
 * locked, so that the counts add up even when others write to a plain table that
 * serves as the stage.
 */
static const char *
MergeAndClose(MergeRequest *request, const MergeWords *words, MergeCounts *counts)
{
	Oid given = RelationGetRelid(request->source);
	Stage *stage = request->stage;
	const char *reason;

	LockTarget(request->target, request->mode);
	PushCopiedSnapshot(GetTransactionSnapshot());
	ReadBatch(request, words, counts);
	reason = ReasonForSql(request);
	if (request->stage != NULL && request->stage->reject)
	{
		request->rejects = BeginRejects(request->stage->relid, false);
		request->max_rejects = request->stage->max_rejects;
	}
	request->context = CurrentMemoryContext;
	reason = RunMerge(request, reason, counts);
	CountStageRejects(request->stage, counts);
	PopActiveSnapshot();

	if (stage != NULL)
		StageMerged(stage);
	CloseBatch(request, given);
	table_close(request->target, NoLock);
	return reason;
}

void
ResolveMergeColumns(MergeRequest *request, const Stage *options)
{
	ResolveColumnOptions(request, options->key, options->update_columns, options->has_update_columns);
}

const char *
MergeStage(Stage *stage, const char *delete_where, MergeCounts *counts)
{
	MergeRequest request = {.stage = stage,
							.mode = stage->mode,
							.on_duplicate = stage->on_duplicate,
							.delete_where = delete_where};
	MergeWords words = {.key = stage->key,
						.update_columns = stage->update_columns,
						.has_update_columns = stage->has_update_columns};

	CheckDeleteWhere(&request);
	request.source = OpenTable(stage->relid, AccessShareLock, "stage");
	request.target = OpenTable(stage->target, AccessShareLock, "target");
	return MergeAndClose(&request, &words, counts);
}

/*
 * aiodal.merge(stage regclass, target regclass, mode text, key name[],
 *				on_duplicate text, update_columns name[], delete_where text)
 *	returns aiodal.merge_result
 */
Datum
merge(PG_FUNCTION_ARGS)
{
	MergeRequest request = {0};
	MergeWords words;
	MergeCounts counts = {0};
	const char *reason;

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("stage must not be null")));
	request.stage = FindStage(PG_GETARG_OID(0));
	request.source = OpenTable(PG_GETARG_OID(0), AccessShareLock, "stage");
	request.source_name = pstrdup(RelationGetRelationName(request.source));
	request.target = OpenTable(TargetArgument(fcinfo, &request), AccessShareLock, "target");
	CheckSource(request.source, request.target);
	ReadWords(fcinfo, &request, &words);
	reason = MergeAndClose(&request, &words, &counts);
	return MergeCountsToDatum(fcinfo, &counts, MergePathName(reason), reason);
}

/*
 * aiodal.explain_merge(target regclass, mode text, key name[],
 *						OUT path text, OUT reason text)
 */
Datum
explain_merge(PG_FUNCTION_ARGS)
{
	List *key = NamesArgument(fcinfo, 2, "key", false);
	MergeRequest request = {.mode = ParseMergeMode(TextNotNull(fcinfo, 1, "mode"))};
	const char *reason;
	TupleDesc desc;
	Datum values[2];
	bool nulls[2];

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("target must not be null")));
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	request.target = OpenTable(PG_GETARG_OID(0), AccessShareLock, "target");
	request.key = ResolveMergeKey(request.target, key, request.mode != MODE_INSERT || key != NIL);
	reason = ReasonForSql(&request);
	SetText(MergePathName(reason), &values[0], &nulls[0]);
	SetText(reason, &values[1], &nulls[1]);
	table_close(request.target, NoLock);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
