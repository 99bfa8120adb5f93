/*
 * merge_stage.h
 *		The rows of a stage, handed to the direct path.
 */
#ifndef AIODAL_MERGE_STAGE_H
#define AIODAL_MERGE_STAGE_H

#include "compat.h"

#include "merge.h"

/*
 * Merges request->source as it is under the active snapshot, but for the rows
 * whose TIDs the table named losers lists (NULL: none). Adds to counts.
 */
extern void MergeStageDirectly(MergeRequest *request, const char *losers, MergeCounts *counts);

#endif /* AIODAL_MERGE_STAGE_H */
