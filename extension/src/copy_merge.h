/*
 * copy_merge.h
 *		COPY FROM that merges by itself, and what the session's last COPY did.
 */
#ifndef AIODAL_COPY_MERGE_H
#define AIODAL_COPY_MERGE_H

#include "compat.h"

#include "nodes/parsenodes.h"
#include "parser/parse_node.h"

#include "merge.h"
#include "stage.h"

/* A COPY FROM with a merge option, with FORMAT jsonl, or with on_error 'reject'. */
extern bool IsCopyThatMerges(Node *statement);

/*
 * Stages what the statement reads and merges it into its target, as the current user;
 * returns the number of rows read. Without a merge option rows are inserted.
 */
extern int64 CopyAndMerge(ParseState *pstate, CopyStmt *stmt);

/*
 * Copies into stmt's relation and merges as a stage that is "wanted" would be, whose target is set;
 * delete_where as in MergeRequest. Adds to counts and returns why it went by SQL (static), or NULL.
 */
extern const char *
CopyAs(ParseState *pstate, CopyStmt *stmt, Stage *wanted, const char *delete_where, MergeCounts *counts);

/* COPY into a stage; returns the number of rows stored. */
extern int64 CopyAndRemember(ParseState *pstate, CopyStmt *stmt, Stage *stage);

/* What aiodal.last_copy() and aiodal.rejects() tell of the session's last COPY is gone. */
extern void ForgetLastCopy(void);

#endif /* AIODAL_COPY_MERGE_H */
