/*
 * options.h
 *		Words and lists given by users, turned into typed options, with errors
 *		that list what would have been right.
 */
#ifndef AIODAL_OPTIONS_H
#define AIODAL_OPTIONS_H

#include "compat.h"

#include "fmgr.h"
#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"
#include "utils/array.h"
#include "utils/relcache.h"

typedef enum MergeMode
{
	MODE_INSERT, /* a conflict is an error */
	MODE_IGNORE, /* a conflict keeps the old row */
	MODE_UPSERT, /* a conflict updates the old row */
	MODE_UPDATE, /* update only, nothing is inserted */
	MODE_SYNC    /* upsert, then delete what the batch lacks */
} MergeMode;

/* Whether rows that are there are updated. */
static inline bool
ModeUpdates(MergeMode mode)
{
	return mode == MODE_UPSERT || mode == MODE_UPDATE || mode == MODE_SYNC;
}

typedef enum DuplicatePolicy
{
	DUPLICATE_ERROR,
	DUPLICATE_FIRST,
	DUPLICATE_LAST
} DuplicatePolicy;

/* Each takes the user's word; an unknown one is an error that lists the valid ones. */
extern MergeMode ParseMergeMode(const char *word);
extern DuplicatePolicy ParseDuplicatePolicy(const char *word);
/* on_error: true for "reject", false for "stop" */
extern bool ParseOnError(const char *word);

extern const char *MergeModeName(MergeMode mode);

/* A function's argument n, from 0; palloc'd, NULL when it is null. */
extern char *TextArgument(FunctionCallInfo fcinfo, int n);

/*
 * A function's argument n, a name[], as a List of palloc'd C strings; NIL when it is null. NULL elements,
 * more than one dimension and an empty array (unless it may be) are errors that name the argument as
 * "what".
 */
extern List *NamesArgument(FunctionCallInfo fcinfo, int n, const char *what, bool may_be_empty);

/*
 * Attribute numbers of the named columns of rel, in the order given. Unknown,
 * dropped and doubled names are errors that list the relation's columns.
 */
extern List *ResolveColumns(Relation rel, List *names, const char *what);

#endif /* AIODAL_OPTIONS_H */
