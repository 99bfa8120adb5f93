/*
 * merge_aside.c
 *		Rows of a batch that a merge sets aside: what is told of them.
 *
 * The record as it was written is gone by now; it is told as PostgreSQL writes a row.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_constraint.h"
#include "executor/tuptable.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "merge_aside.h"
#include "reject.h"

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

/* The same, without asking the catalog again for the constraint that was asked for last. */
static AttrNumber
ColumnOfConstraintAgain(MergeRequest *request, const char *name)
{
	if (strcmp(NameStr(request->asked_constraint), name) != 0)
	{
		namestrcpy(&request->asked_constraint, name);
		request->asked_column = ColumnOfConstraint(request->target, name);
	}
	return request->asked_column;
}

static AttrNumber
ColumnOfError(MergeRequest *request, const ErrorData *error)
{
	if (error->column_name)
		return Max(get_attnum(RelationGetRelid(request->target), error->column_name), 0);
	return error->constraint_name ? ColumnOfConstraintAgain(request, error->constraint_name) : 0;
}

static char *
MessageOfError(const ErrorData *error)
{
	int len;

	/* their detail shows the row */
	if (error->detail == NULL || error->sqlerrcode == ERRCODE_CHECK_VIOLATION ||
		error->sqlerrcode == ERRCODE_NOT_NULL_VIOLATION)
		return error->message;
	len = strlen(error->detail);
	if (len > 0 && error->detail[len - 1] == '.')
		len--;
	return psprintf("%s: %.*s", error->message, len, error->detail);
}

static char *
DatumText(TupleDesc desc, int column, Datum value)
{
	Oid output;
	bool varlena;

	getTypeOutputInfo(TupleDescAttr(desc, column)->atttypid, &output, &varlena);
	return OidOutputFunctionCall(output, value);
}

/* As record_out() writes a field. */
static void
AppendField(StringInfo buf, const char *text)
{
	bool quote = *text == '\0' || strpbrk(text, "\"\\(), \t\n\r\v\f") != NULL;

	if (!quote)
	{
		appendStringInfoString(buf, text);
		return;
	}
	appendStringInfoChar(buf, '"');
	for (; *text; text++)
	{
		if (*text == '"' || *text == '\\')
			appendStringInfoChar(buf, *text);
		appendStringInfoChar(buf, *text);
	}
	appendStringInfoChar(buf, '"');
}

/* The fields in this order (0-based) of a row, and the value of the one that is called column. */
static void
DescribeFields(Reject *reject, TupleDesc desc, const Datum *values, const bool *nulls, const int *order,
			   int n)
{
	StringInfoData raw;

	initStringInfo(&raw);
	appendStringInfoChar(&raw, '(');
	for (int i = 0; i < n; i++)
	{
		int column = order[i];
		char *text;

		if (i > 0)
			appendStringInfoChar(&raw, ',');
		if (nulls[column])
			continue;
		text = DatumText(desc, column, values[column]);
		AppendField(&raw, text);
		if (reject->column && strcmp(NameStr(TupleDescAttr(desc, column)->attname), reject->column) == 0)
			reject->value = text;
	}
	appendStringInfoChar(&raw, ')');
	reject->raw = raw.data;
}

/* What a stage of the target would have: all columns but generated ones, in the target's order. */
static void
DescribeGiven(Reject *reject, Relation target, const GivenRow *given)
{
	TupleDesc desc = RelationGetDescr(target);
	Datum *values = palloc(sizeof(Datum) * given->desc->natts);
	bool *nulls = palloc(sizeof(bool) * given->desc->natts);
	int *order = palloc(sizeof(int) * desc->natts);
	int n = 0;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && att->attgenerated == '\0')
			order[n++] = given->of_target ? given->of_target[i] - 1 : i;
	}
	heap_deform_tuple(given->tuple, given->desc, values, nulls);
	DescribeFields(reject, given->desc, values, nulls, order, n);
}

static void
DescribeStaged(Reject *reject, Relation source, const ItemPointerData *tid)
{
	TupleDesc desc = RelationGetDescr(source);
	TupleTableSlot *slot = table_slot_create(source, NULL);
	int *order = palloc(sizeof(int) * desc->natts);
	int n = 0;

	if (!table_tuple_fetch_row_version(source, unconstify(ItemPointerData *, tid), SnapshotAny, slot))
		elog(ERROR, "row of \"%s\" is gone", RelationGetRelationName(source));
	slot_getallattrs(slot);
	for (int i = 0; i < desc->natts; i++)
	{
		if (!TupleDescAttr(desc, i)->attisdropped)
			order[n++] = i;
	}
	DescribeFields(reject, desc, slot->tts_values, slot->tts_isnull, order, n);
	ExecDropSingleTupleTableSlot(slot);
}

/* For rows of the same key: one of them is taken up instead. */
static void
NoteSetAside(MergeRequest *request, const ItemPointerData *tid)
{
	MemoryContext old = MemoryContextSwitchTo(request->context);
	ItemPointer copy = palloc(sizeof(ItemPointerData));

	*copy = *tid;
	request->set_aside = lappend(request->set_aside, copy);
	MemoryContextSwitchTo(old);
}

static void
NamePlace(Reject *reject, Stage *stage, const ItemPointerData *tid)
{
	StagePlace place = StagePlaceOf(stage, tid);

	reject->input = place.input;
	reject->line = place.line;
	reject->record = place.record;
}

void
SetAside(MergeRequest *request, const ErrorData *error, const RowPlace *place, const GivenRow *given,
		 MergeCounts *counts)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "aiodal row set aside", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	AttrNumber attnum = ColumnOfError(request, error);
	Reject reject = {.sqlerrcode = error->sqlerrcode, .line = place->line, .record = place->number};

	reject.message = MessageOfError(error);
	if (attnum > 0)
		reject.column = NameStr(TupleDescAttr(RelationGetDescr(request->target), attnum - 1)->attname);
	if (given)
	{
		reject.input = 1; /* of a COPY without a stage, which has no others */
		DescribeGiven(&reject, request->target, given);
	}
	else
	{
		if (request->stage)
			NamePlace(&reject, request->stage, &place->tid);
		DescribeStaged(&reject, request->source, &place->tid);
	}
	if (request->repeats_keys)
		NoteSetAside(request, &place->tid);
	counts->rejected++;
	request->gave_up = request->max_rejects >= 0 && CountRejectsIn(request->rejects) >= request->max_rejects;
	RejectRowIn(request->rejects, request->max_rejects, &reject);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
