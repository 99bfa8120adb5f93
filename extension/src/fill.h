/*
 * fill.h
 *		What stands in a staged row for columns its input left out.
 *
 * A row may lack a column that other rows of the same stage have. NULL would
 * later be taken for the input's own there, so the default is put in while the
 * row is staged: the stage's, should somebody have given it one, else the
 * target's. Columns that no row has stay NULL: the merge sees to them.
 */
#ifndef AIODAL_FILL_H
#define AIODAL_FILL_H

#include "compat.h"

#include "nodes/execnodes.h"
#include "utils/relcache.h"

typedef struct Fill Fill;

/* Defaults for the columns of rel, prepared when first asked for; in the current memory context. */
extern Fill *MakeFill(Relation rel, Oid target);

/* The column's default, or NULL when there is none: an expression to evaluate in any econtext. */
extern ExprState *FillExpression(Fill *fill, AttrNumber attnum);

/* The column's default in *isnull and the result; leaves by-reference values in the current context. */
extern Datum FillColumn(Fill *fill, AttrNumber attnum, ExprContext *econtext, bool *isnull);

#endif /* AIODAL_FILL_H */
