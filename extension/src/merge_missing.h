/*
 * merge_missing.h
 *		Mode sync: rows of the target that the batch lacks.
 */
#ifndef AIODAL_MERGE_MISSING_H
#define AIODAL_MERGE_MISSING_H

#include "compat.h"

#include "merge_lane.h"
#include "seen_rows.h"

/* Whether the rows that a mode sync lacks can be deleted without SQL. */
extern bool DeletesDirectly(const MergeRequest *request);

/* Whether the batch has the key of a row, for rows that others have changed; NULL: it has none of the
 * table's. */
typedef bool (*HasKeyOf)(void *arg, TupleTableSlot *row);

/* Whether the row at tid is in one of the sets (NULL: it is empty). */
extern bool IsSeenOrSpared(SeenRows *seen, SeenRows *spared, ItemPointer tid);

/*
 * Deletes from the table of rri the rows that the active snapshot sees and that are in none of the sets, and
 * counts them. The snapshot is the one under which the merge began, advanced by now: rows that came to be
 * meanwhile stay.
 */
extern void DeleteUnseen(MergeRun *run, ResultRelInfo *rri, SeenRows *seen, SeenRows *spared,
						 HasKeyOf has_key, void *arg);

/* The same in all partitions of the target but those for which opened says so: no row has been there. */
extern void DeleteInOtherPartitions(MergeRun *run, bool (*opened)(void *arg, Oid partition), void *arg);

#endif /* AIODAL_MERGE_MISSING_H */
