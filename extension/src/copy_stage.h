/*
 * copy_stage.h
 *		COPY FROM into a stage.
 */
#ifndef AIODAL_COPY_STAGE_H
#define AIODAL_COPY_STAGE_H

#include "compat.h"

#include "nodes/parsenodes.h"
#include "parser/parse_node.h"

#include "stage.h"

/*
 * Runs the statement, whatever relation it names, with stage as its target, as the
 * current user; returns the number of rows stored. Errors call the target relname.
 */
extern int64 CopyIntoStage(ParseState *pstate, const CopyStmt *stmt, Stage *stage, const char *relname);

#endif /* AIODAL_COPY_STAGE_H */
