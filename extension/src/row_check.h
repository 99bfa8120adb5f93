/*
 * row_check.h
 *		Constraints of a table's rows, judged before anything is written.
 */
#ifndef AIODAL_ROW_CHECK_H
#define AIODAL_ROW_CHECK_H

#include "compat.h"

#include "nodes/execnodes.h"

typedef struct RowCheck RowCheck;

/* Prepares the checks of rri's table; in the current memory context. */
extern RowCheck *PrepareRowCheck(ResultRelInfo *rri, EState *estate);

/* Raises PostgreSQL's error when the row, complete, breaks a constraint. */
extern void CheckRow(RowCheck *check, TupleTableSlot *slot, bool partition);

/*
 * The same, but that error is returned: code, message, column and constraint, palloc'd; NULL when there is
 * none. An expression may still raise one of its own. partition: the table's partition constraint is checked
 * too.
 */
extern ErrorData *FaultOfRow(RowCheck *check, TupleTableSlot *slot, bool partition);

#endif /* AIODAL_ROW_CHECK_H */
