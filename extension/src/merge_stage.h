/*
 * merge_stage.h
 *		The rows of a stage, handed to the direct path.
 */
#ifndef AIODAL_MERGE_STAGE_H
#define AIODAL_MERGE_STAGE_H

#include "compat.h"

#include "merge_sql.h"

/*
 * Merges the request's source as it is under the active snapshot, but for duplicates that
 * are left out. A MergeStep.
 */
extern void MergeStageDirectly(SqlMerge *sql, MergeCounts *counts);

#endif /* AIODAL_MERGE_STAGE_H */
