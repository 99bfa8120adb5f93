/*
 * merge_direct.h
 *		The direct path: rows merged into a heap table, or the partitions of a table, without SQL.
 */
#ifndef AIODAL_MERGE_DIRECT_H
#define AIODAL_MERGE_DIRECT_H

#include "compat.h"

#include "executor/tuptable.h"

#include "merge.h"

typedef struct DirectMerge DirectMerge;

/* Where a row of the batch came from, for errors: its line if that is known, else its number. */
typedef struct RowPlace
{
	int64 line;          /* 0: ask the stage for that of tid */
	ItemPointerData tid; /* in the stage */
	int64 number;        /* from 1 */
} RowPlace;

/*
 * Opens the target for a direct merge, checks the current user's rights to all that
 * the mode does, and counts into counts (inserted, updated, unchanged,
 * ignored, rejected where request->rejects says so, and duplicates if keys_repeat). Keys may come twice only
 * if keys_repeat, with the policies error and first; which of them do is then told by the active snapshot,
 * and mode update finds no row that is newer. request->source may be NULL.
 */
extern DirectMerge *DirectMergeBegin(MergeRequest *request, bool keys_repeat, MergeCounts *counts);

/*
 * A slot for the next row, of the target's row type: fill tts_values and
 * tts_isnull (null for columns that the request does not give), then call
 * DirectMergeAdd, which copies them. Returns whether so many rows wait that DirectMergeFlush is to be
 * called before the next one. Neither writes anything; into a plain table, both may run in a subtransaction
 * that fails later.
 */
extern TupleTableSlot *DirectMergeSlot(DirectMerge *m);
extern bool DirectMergeAdd(DirectMerge *m, const RowPlace *place);

/* Merges rows that wait. */
extern void DirectMergeFlush(DirectMerge *m);

/*
 * Merges what is left, fires triggers, deletes what mode sync lacks (but see DeletesDirectly) and closes the
 * target. The active snapshot is then not shared, and is the one under which the merge began.
 */
extern void DirectMergeEnd(DirectMerge *m);

#endif /* AIODAL_MERGE_DIRECT_H */
