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

/* Runs the statement so, as the current user; adds to counts. Only where copy_path.c knows no reason against
 * it.
 */
extern void CopyDirectly(ParseState *pstate, const CopyStmt *stmt, Relation target, const Stage *wanted,
						 MergeCounts *counts);

#endif /* AIODAL_COPY_DIRECT_H */
