/*
 * merge_form.h
 *		Rows of a table made of what the batch gives, and compared with those there.
 */
#ifndef AIODAL_MERGE_FORM_H
#define AIODAL_MERGE_FORM_H

#include "compat.h"

#include "access/htup.h"
#include "nodes/execnodes.h"

#include "index_write.h"

typedef struct RowForm RowForm;

/* What of a table the batch fills. Attribute numbers are the table's. */
typedef struct FormRequest
{
	ResultRelInfo *rri;
	EState *estate;
	List *columns;             /* that the batch gives */
	List *update_columns;      /* of these, what an update writes */
	Relation root;             /* whose defaults count: the table, or what it is a partition of */
	const AttrNumber *in_root; /* by attribute number - 1: the root's; NULL: the same */
	MemoryContext row_context; /* where rows are made; the caller resets it when no row of it is in use */
} FormRequest;

/*
 * By attribute number - 1 of root, what a new row gets in columns that are not given; NULL: nothing, or a
 * generated column. In the current memory context, for as long as the estate.
 */
extern ExprState **PrepareDefaults(Relation root, List *given, EState *estate);

/* In the current memory context, for as long as the estate. */
extern RowForm *PrepareRowForm(const FormRequest *request);

/* Whether rows can be stored as the batch gives them: all columns are given. */
extern bool RowFormIsWhole(const RowForm *form);

/* For slots of rows: a copy, for thousands of slots on a counted one would burden the resource owner. */
extern TupleDesc RowFormDesc(RowForm *form);

/*
 * Puts a row made of these values into the slot, and returns it, in the batch's memory. A row that was in the
 * slot stays there: keys may point into it.
 */
extern HeapTuple FormRow(RowForm *form, TupleTableSlot *slot, Datum *values, bool *nulls);

/* Puts a row that was made so into the slot again. */
extern void PutFormedRow(RowForm *form, TupleTableSlot *slot, HeapTuple row);

/* Empties the slot; the row stays in the batch's memory. */
extern void LetGoRow(RowForm *form, TupleTableSlot *slot);

/*
 * Gives a row that is to be inserted its defaults and generated columns. May raise what they do. *filled is
 * the row with its defaults when it got them before, else NULL, and set then, if there are any: what a
 * sequence or a clock gave it stays, as in an INSERT that finds its key taken.
 */
extern void CompleteNewRow(RowForm *form, TupleTableSlot *slot, HeapTuple *filled);

/* The same for a row that replaces another one. */
extern void CompleteUpdatedRow(RowForm *form, TupleTableSlot *slot);

/*
 * Makes the batch's row in slot what existing becomes by the update. Returns which columns that changes;
 * none: the slot is as it was.
 */
extern ColumnMask OverlayRow(RowForm *form, TupleTableSlot *existing, TupleTableSlot *slot);

#endif /* AIODAL_MERGE_FORM_H */
