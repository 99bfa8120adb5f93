/*
 * parents.h
 *		Foreign keys checked parent by parent instead of row by row.
 */
#ifndef AIODAL_PARENTS_H
#define AIODAL_PARENTS_H

#include "compat.h"

#include "nodes/execnodes.h"

#include "index_write.h"

typedef struct Parents Parents;

/*
 * Takes over the foreign keys of rri that can be checked at once (not
 * deferrable, MATCH SIMPLE, not to the table itself): their triggers are left
 * out of rri->ri_TrigDesc. NULL when there are none. In the current context.
 */
extern Parents *TakeOverParents(ResultRelInfo *rri);

/*
 * Whether nothing about a row is left to be checked behind its being written: all foreign keys can be taken
 * over, and no other trigger fires. changes: rows that are there may be updated, but not in these columns
 * (attribute numbers).
 */
extern bool LeavesNothingToCheck(Relation rel, bool changes, List *unchanged);

/* Whether a foreign key's parents may be rows of the table itself, or of its partitioned table. */
extern bool RefersToOwnRows(Relation rel);

/* Whether a row that lacks a parent may get it by another row of the batch, or by what a trigger does. */
extern bool ParentsMayCome(Relation rel);

/*
 * Checks the keys that have a column among the changed ones: the parents are there and
 * locked FOR KEY SHARE, or the error is that of the foreign key's own trigger.
 */
extern void CheckParents(Parents *parents, TupleTableSlot *row, ColumnMask changed);

/* The same, but that error is returned: code, message, detail and constraint, palloc'd; NULL when there is
 * none. */
extern ErrorData *FaultOfParents(Parents *parents, TupleTableSlot *row, ColumnMask changed);

/* Parents that were looked up so far are looked up again: a subtransaction that locked some has failed. */
extern void ForgetParents(Parents *parents);

#endif /* AIODAL_PARENTS_H */
