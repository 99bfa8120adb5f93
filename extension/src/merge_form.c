/*
 * merge_form.c
 *		Rows of a table made of what the batch gives, and compared with those there.
 *
 * "Differs" means that the bytes do, whatever the type's = says.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "executor/nodeModifyTable.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "merge_form.h"

struct RowForm
{
	ResultRelInfo *rri;
	EState *estate;
	Relation rel;
	TupleDesc desc;
	MemoryContext row_context;
	ExprState **defaults; /* of columns not given, by attribute number - 1; NULL entries: none */
	bool has_defaults;
	bool has_generated;
	bool *is_update;  /* by attribute number - 1 */
	bool is_complete; /* a row of the batch has a value for each column that is not generated */
	ColumnMask generated;
};

ExprState **
PrepareDefaults(Relation root, List *given, EState *estate)
{
	TupleDesc desc = RelationGetDescr(root);
	ExprState **defaults = palloc0(sizeof(ExprState *) * desc->natts);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		Expr *expr;

		if (att->attisdropped || att->attgenerated != '\0' || list_member_int(given, i + 1))
			continue;
		expr = (Expr *) build_column_default(root, i + 1);
		if (expr != NULL)
			defaults[i] = ExecPrepareExpr(expression_planner(expr), estate);
	}
	return defaults;
}

/* The root's columns that the batch gives, in its numbers. */
static List *
GivenInRoot(const FormRequest *request)
{
	List *given = NIL;
	ListCell *lc;

	if (request->in_root == NULL)
		return request->columns;
	foreach (lc, request->columns)
		given = lappend_int(given, request->in_root[lfirst_int(lc) - 1]);
	return given;
}

/* What the columns that the batch does not fill get when a row is inserted. */
static void
TakeDefaults(RowForm *form, const FormRequest *request)
{
	ExprState **defaults = PrepareDefaults(request->root, GivenInRoot(request), form->estate);

	form->defaults = palloc0(sizeof(ExprState *) * form->desc->natts);
	form->is_complete = true;
	for (int i = 0; i < form->desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(form->desc, i);

		if (att->attisdropped || att->attgenerated != '\0' || list_member_int(request->columns, i + 1))
			continue;
		form->is_complete = false;
		form->defaults[i] = defaults[request->in_root ? request->in_root[i] - 1 : i];
		form->has_defaults |= form->defaults[i] != NULL;
	}
}

RowForm *
PrepareRowForm(const FormRequest *request)
{
	RowForm *form = palloc0(sizeof(RowForm));
	TupleConstr *constr;
	ListCell *lc;

	form->rri = request->rri;
	form->estate = request->estate;
	form->rel = request->rri->ri_RelationDesc;
	form->desc = CreateTupleDescCopyConstr(RelationGetDescr(form->rel));
	form->row_context = request->row_context;
	constr = RelationGetDescr(form->rel)->constr;
	form->has_generated = constr && constr->has_generated_stored;
	for (int i = 0; i < form->desc->natts; i++)
	{
		if (TupleDescAttr(form->desc, i)->attgenerated != '\0')
			form->generated |= ColumnBit(i + 1);
	}
	form->is_update = palloc0(sizeof(bool) * form->desc->natts);
	foreach (lc, request->update_columns)
		form->is_update[lfirst_int(lc) - 1] = true;
	TakeDefaults(form, request);
	return form;
}

bool
RowFormIsWhole(const RowForm *form)
{
	return form->is_complete && !form->has_generated;
}

TupleDesc
RowFormDesc(RowForm *form)
{
	return form->desc;
}

void
LetGoRow(RowForm *form, TupleTableSlot *slot)
{
	/* a generated column's row is the slot's own */
	if (!form->has_generated)
		slot->tts_flags &= ~TTS_FLAG_SHOULDFREE;
	ExecClearTuple(slot);
}

/* A slot that owns its row is not asked to copy it when it is written. */
void
PutFormedRow(RowForm *form, TupleTableSlot *slot, HeapTuple row)
{
	if (!form->has_generated)
		slot->tts_flags &= ~TTS_FLAG_SHOULDFREE;
	ExecStoreHeapTuple(row, slot, !form->has_generated);
	slot->tts_tableOid = RelationGetRelid(form->rel);
}

HeapTuple
FormRow(RowForm *form, TupleTableSlot *slot, Datum *values, bool *nulls)
{
	MemoryContext old = MemoryContextSwitchTo(form->row_context);
	HeapTuple row = heap_form_tuple(form->desc, values, nulls);

	PutFormedRow(form, slot, row);
	MemoryContextSwitchTo(old);
	return row;
}

static HeapTuple
FillDefaults(RowForm *form, TupleTableSlot *slot)
{
	ExprContext *econtext = GetPerTupleExprContext(form->estate);
	HeapTuple filled;
	int natts = form->desc->natts;
	Datum *values = palloc(sizeof(Datum) * natts);
	bool *nulls = palloc(sizeof(bool) * natts);

	slot_getallattrs(slot);
	memcpy(values, slot->tts_values, sizeof(Datum) * natts);
	memcpy(nulls, slot->tts_isnull, sizeof(bool) * natts);
	for (int i = 0; i < natts; i++)
	{
		if (form->defaults[i] != NULL)
			values[i] = ExecEvalExprSwitchContext(form->defaults[i], econtext, &nulls[i]);
	}
	filled = FormRow(form, slot, values, nulls);
	pfree(values);
	pfree(nulls);
	return filled;
}

void
CompleteUpdatedRow(RowForm *form, TupleTableSlot *slot)
{
	if (form->has_generated)
		ExecComputeStoredGenerated(form->rri, form->estate, slot, CMD_INSERT);
}

void
CompleteNewRow(RowForm *form, TupleTableSlot *slot, HeapTuple *filled)
{
	if (*filled != NULL)
		PutFormedRow(form, slot, *filled);
	else if (form->has_defaults)
		*filled = FillDefaults(form, slot);
	if (form->has_generated)
		ExecComputeStoredGenerated(form->rri, form->estate, slot, CMD_INSERT);
}

static bool
SameDatum(TupleDesc desc, int column, TupleTableSlot *a, TupleTableSlot *b)
{
	Form_pg_attribute att = TupleDescAttr(desc, column);

	if (a->tts_isnull[column] || b->tts_isnull[column])
		return a->tts_isnull[column] && b->tts_isnull[column];
	return datum_image_eq(a->tts_values[column], b->tts_values[column], att->attbyval, att->attlen);
}

/* Whether a value is stored out of line, where the new row can leave it. */
static bool
IsOutOfLine(TupleDesc desc, int column, TupleTableSlot *row)
{
	return TupleDescAttr(desc, column)->attlen == -1 && !row->tts_isnull[column] &&
		   VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(row->tts_values[column]));
}

/*
 * Which update columns differ; both slots are fully deformed. *whole tells that the
 * new row can be stored as it is: it has all columns, those that are not to be updated are the same,
 * and nothing would be stored out of line again that is there.
 */
static ColumnMask
ChangedColumns(RowForm *form, TupleTableSlot *existing, TupleTableSlot *slot, bool *whole)
{
	ColumnMask changed = 0;

	*whole = RowFormIsWhole(form);
	for (int i = 0; i < form->desc->natts; i++)
	{
		if (!form->is_update[i] && !*whole)
			continue;
		if (TupleDescAttr(form->desc, i)->attisdropped)
			continue;
		if (SameDatum(form->desc, i, existing, slot))
			*whole = *whole && !IsOutOfLine(form->desc, i, existing);
		else if (form->is_update[i])
			changed |= ColumnBit(i + 1);
		else
			*whole = false;
	}
	return changed;
}

ColumnMask
OverlayRow(RowForm *form, TupleTableSlot *existing, TupleTableSlot *slot)
{
	ColumnMask changed;
	Datum *values;
	bool *nulls;
	bool whole;

	slot_getallattrs(existing);
	slot_getallattrs(slot);
	changed = ChangedColumns(form, existing, slot, &whole);
	if (changed == 0)
		return 0;
	if (whole)
		return changed;
	values = palloc(sizeof(Datum) * form->desc->natts);
	nulls = palloc(sizeof(bool) * form->desc->natts);
	for (int i = 0; i < form->desc->natts; i++)
	{
		TupleTableSlot *from = form->is_update[i] && (changed & ColumnBit(i + 1)) != 0 ? slot : existing;

		values[i] = from->tts_values[i];
		nulls[i] = from->tts_isnull[i] || TupleDescAttr(form->desc, i)->attisdropped;
	}
	FormRow(form, slot, values, nulls);
	pfree(values);
	pfree(nulls);
	return changed | form->generated;
}
