/*
 * stage_backfill.h
 *		Defaults for rows that were staged before a column turned up.
 */
#ifndef AIODAL_STAGE_BACKFILL_H
#define AIODAL_STAGE_BACKFILL_H

#include "compat.h"

#include "access/heapam.h"
#include "nodes/execnodes.h"

#include "fill.h"
#include "stage.h"

/*
 * Puts the default into these columns of all rows of the stage that hold NULL
 * there. The rows were stored before any input gave the columns, so their NULL
 * is nobody's. The rows move behind all that there are, in their order, and lines go with them: what
 * bistate stores next is behind them. Works as a command of its own: what the transaction stores after
 * it has a later command ID.
 */
extern void BackfillStage(Stage *stage, ResultRelInfo *rri, EState *estate, Fill *fill, Bitmapset *columns,
						  BulkInsertState bistate);

/* The same for a row that is not stored yet. */
extern void BackfillSlot(TupleTableSlot *slot, EState *estate, Fill *fill, Bitmapset *columns);

#endif /* AIODAL_STAGE_BACKFILL_H */
