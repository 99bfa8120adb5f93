/*
 * merge_reject.c
 *		Rows that the merge sets aside: constraints, foreign keys, other unique keys.
 *
 * The batch is merged in halves, and halves of halves, until each bad row is
 * alone and all others are in. A row whose parent comes later in the batch
 * fails alone and not as a part of the whole, so rows without a parent are
 * tried again at the end, until none of them gets in any more.
 *
 * Deferred constraints are not checked here: they fail at the commit, as ever.
 */
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_constraint.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "ident.h"
#include "merge_sql.h"
#include "reject.h"

typedef struct SetAside
{
	SqlMerge *merge;
	MergeStep step; /* merges merge->range */
	MergeCounts *counts;
	List *orphans; /* ItemPointer of rows that lack a parent, maybe only so far */
} SetAside;

/*
 * The column a constraint is about, when it is one alone: attribute number, or 0.
 * The name is what the error says; constraints of leaves are named as their parent's.
 */
static AttrNumber
ColumnOfConstraint(Relation target, const char *name)
{
	Oid oid = get_relation_constraint_oid(RelationGetRelid(target), name, true);
	HeapTuple tuple;
	AttrNumber attnum = 0;
	bool isnull;
	Datum key;

	if (!OidIsValid(oid))
		return 0;
	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(oid));
	if (!HeapTupleIsValid(tuple))
		return 0;
	key = SysCacheGetAttr(CONSTROID, tuple, Anum_pg_constraint_conkey, &isnull);
	if (!isnull && ARR_DIMS(DatumGetArrayTypeP(key))[0] == 1)
		attnum = ((int16 *) ARR_DATA_PTR(DatumGetArrayTypeP(key)))[0];
	ReleaseSysCache(tuple);
	return attnum;
}

static AttrNumber
ColumnOfError(Relation target, const ErrorData *error)
{
	if (error->column_name)
		return Max(get_attnum(RelationGetRelid(target), error->column_name), 0);
	return error->constraint_name ? ColumnOfConstraint(target, error->constraint_name) : 0;
}

/* The row at tid as text, and its value of the named column (NULL: of none). */
static void
ReadRow(SqlMerge *m, const ItemPointerData *tid, const char *column, Reject *reject)
{
	MemoryContext context = CurrentMemoryContext;
	const char *value = "NULL";
	char *sql;

	if (column && get_attnum(RelationGetRelid(m->request->source), column) > 0)
		value = psprintf("s.%s", quote_identifier(column));
	sql = psprintf("SELECT s::pg_catalog.text, %s::pg_catalog.text FROM %s AS s "
				   "WHERE s.ctid OPERATOR(pg_catalog.=) '(%u,%u)'::pg_catalog.tid",
				   value, m->source, ItemPointerGetBlockNumber(tid), ItemPointerGetOffsetNumber(tid));
	SPI_connect();
	if (SPI_execute(sql, true, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "unexpected result of: %s", sql);
	for (int i = 0; i < 2; i++)
	{
		char *text = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1);

		if (text != NULL)
			*(i == 0 ? &reject->raw : &reject->value) = MemoryContextStrdup(context, text);
	}
	SPI_finish();
}

void
SetRowAside(SqlMerge *m, const ItemPointerData *tid, const ErrorData *error, MergeCounts *counts)
{
	MergeRequest *request = m->request;
	AttrNumber attnum = ColumnOfError(request->target, error);
	Reject reject = {.sqlerrcode = error->sqlerrcode, .message = error->message};

	if (attnum > 0)
		reject.column =
			pstrdup(NameStr(TupleDescAttr(RelationGetDescr(request->target), attnum - 1)->attname));
	if (error->detail && error->sqlerrcode != ERRCODE_CHECK_VIOLATION &&
		error->sqlerrcode != ERRCODE_NOT_NULL_VIOLATION)
	{
		int len = strlen(error->detail);

		if (len > 0 && error->detail[len - 1] == '.')
			len--;
		reject.message = psprintf("%s: %.*s", error->message, len, error->detail);
	}
	StagePlaceOf(request->stage, tid, &reject.line, &reject.record);
	ReadRow(m, tid, reject.column, &reject);
	RejectRow(request->stage->relid, request->stage->max_rejects, &reject);
	counts->rejected++;
}

/* BadRow */
static bool
JudgeRow(void *arg, const ItemPointerData *tid, ErrorData *error)
{
	SetAside *a = arg;

	if (error->sqlerrcode == ERRCODE_FOREIGN_KEY_VIOLATION)
	{
		ItemPointer orphan = palloc(sizeof(ItemPointerData));

		*orphan = *tid;
		a->orphans = lappend(a->orphans, orphan);
	}
	else
		SetRowAside(a->merge, tid, error, a->counts);
	FreeErrorData(error);
	return true;
}

/* One more try for each row that lacks a parent; false when none got in. last: those that fail are set aside.
 */
static bool
AdoptOrphans(SetAside *a, bool last)
{
	List *still = NIL;
	bool progress = false;
	ListCell *lc;

	foreach (lc, a->orphans)
	{
		ItemPointer tid = lfirst(lc);
		Range range = RangeOfRow(tid);
		ErrorData *error = AttemptRange(a->merge, a->step, &range, a->counts);

		CHECK_FOR_INTERRUPTS();
		if (error == NULL)
			progress = true;
		else if (last || error->sqlerrcode != ERRCODE_FOREIGN_KEY_VIOLATION)
			SetRowAside(a->merge, tid, error, a->counts);
		else
			still = lappend(still, tid);
	}
	a->orphans = still;
	return progress;
}

void
MergeSettingAside(SqlMerge *m, MergeStep step, MergeCounts *counts)
{
	SetAside a = {.merge = m, .step = step, .counts = counts};

	MergeInParts(m, step, counts, JudgeRow, &a);
	while (a.orphans != NIL && AdoptOrphans(&a, false))
		CHECK_FOR_INTERRUPTS();
	if (a.orphans != NIL)
		AdoptOrphans(&a, true);
}
