/*
 * copy_direct.h
 *		COPY FROM that merges while it reads.
 */
#ifndef AIODAL_COPY_DIRECT_H
#define AIODAL_COPY_DIRECT_H

#include "compat.h"

#include "nodes/parsenodes.h"
#include "parser/parse_node.h"

#include "merge.h"
#include "stage.h"

/*
 * Whether rows can be merged into target while they are read; wanted has the
 * options. Where not, the direct path may still be open to a stage.
 */
extern bool CanCopyDirectly(Relation target, const Stage *wanted, bool jsonl);

/* Runs the statement so, as the current user; adds to counts. */
extern void CopyDirectly(ParseState *pstate, const CopyStmt *stmt, Relation target, const Stage *wanted,
						 MergeCounts *counts);

#endif /* AIODAL_COPY_DIRECT_H */
