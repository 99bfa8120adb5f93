/*
 * copy_path.h
 *		Whether a COPY that merges can do so while it reads.
 */
#ifndef AIODAL_COPY_PATH_H
#define AIODAL_COPY_PATH_H

#include "compat.h"

#include "nodes/parsenodes.h"

#include "stage.h"

/* What a COPY FROM that merges was asked for. */
typedef struct CopyRequest
{
	const CopyStmt *stmt;
	Relation target;
	const Stage *wanted; /* its options; no stage yet */
	bool jsonl;
	const char *delete_where; /* or NULL */
} CopyRequest;

/*
 * Why its rows have to go through a stage, or NULL when they can be merged while they are read; a static
 * string. The direct path may still be open to the stage. Raises the errors of ResolveMergeKey() and
 * ReasonForSql().
 */
extern const char *ReasonForStage(const CopyRequest *request);

#endif /* AIODAL_COPY_PATH_H */
