/*
 * merge.h
 *		What a merge is asked to do, and what it did.
 */
#ifndef AIODAL_MERGE_H
#define AIODAL_MERGE_H

#include "compat.h"

#include "fmgr.h"
#include "nodes/pg_list.h"
#include "utils/rel.h"

#include "options.h"
#include "reject.h"
#include "stage.h"

/* The columns by which a row of the batch finds its row of the target. */
typedef struct MergeKey
{
	List *attnums;    /* of the target, in the index's order */
	List *equality;   /* Oid of the equality operator for each */
	List *collations; /* Oid for each, InvalidOid where the type has none */
	Oid index;        /* arbiter index, or InvalidOid where the target has none (views, foreign tables) */
	bool nulls_not_distinct; /* NULL equals NULL */
} MergeKey;

typedef struct MergeRequest
{
	Relation target;
	Relation source; /* a heap table whose columns have the target's names and types; NULL: rows come from
						elsewhere */
	const char *source_name; /* as the user knows it; NULL: its own */
	Stage *stage;            /* what is known of source, or NULL when aiodal.stage() did not make it */
	MergeMode mode;
	DuplicatePolicy on_duplicate;
	MergeKey *key;             /* NULL: mode insert on a table without one */
	List *columns;             /* target attribute numbers the batch fills */
	List *update_columns;      /* those of them that an update writes */
	const char *delete_where;  /* SQL condition on the target, or NULL */
	bool row_named;            /* set when an error's context says the row */
	RejectLog *rejects;        /* where bad rows are set aside; NULL: their errors are the merge's */
	int64 max_rejects;         /* -1: no limit */
	bool gave_up;              /* set when an error says that there were more */
	bool repeats_keys;         /* rows wait for those of the same key in front of them to be set aside */
	List *set_aside;           /* ItemPointer of rows set aside while that is so, since some were taken up */
	MemoryContext context;     /* of set_aside */
	NameData asked_constraint; /* whose column was looked up last */
	AttrNumber asked_column;
} MergeRequest;

/* What errors call the batch. */
static inline const char *
BatchName(const MergeRequest *request)
{
	return request->source_name ? request->source_name : RelationGetRelationName(request->source);
}

typedef struct MergeCounts
{
	int64 staged; /* rows of the batch; the sum of all below but deleted */
	int64 inserted;
	int64 updated;
	int64 unchanged;  /* equal to the target's row, which was left alone */
	int64 ignored;    /* conflict (mode ignore), no such row (mode update), or held back by a trigger */
	int64 deleted;    /* rows of the target (mode sync) */
	int64 duplicates; /* left out for a row of the same key */
	int64 rejected;   /* set aside */
} MergeCounts;

/*
 * The key that names (char *; NIL: the default) stand for. An error that lists
 * the possible keys when none fits; NULL instead when none was named and
 * required is false. Allocated in the current context.
 */
extern MergeKey *ResolveMergeKey(Relation target, List *names, bool required);

/* Whether no index can say what identifies a row: views, and tables that are foreign or have a partition that
 * is. */
extern bool HasNoKeys(Relation target);

/*
 * Fills key and update_columns of a request whose target, mode and columns are
 * known, from the options of a stage; errors name what does not fit.
 */
extern void ResolveMergeColumns(MergeRequest *request, const Stage *options);

/*
 * Merges a stage that was made with a mode, by that; delete_where as in
 * MergeRequest. Adds to counts and returns why it went by SQL (static), or NULL when it went direct.
 */
extern const char *MergeStage(Stage *stage, const char *delete_where, MergeCounts *counts);

static inline const char *
MergePathName(const char *reason_for_sql)
{
	return reason_for_sql ? "sql" : "direct";
}

/* A row of aiodal.merge_result, the calling function's result type; path and reason may be NULL. */
extern Datum
MergeCountsToDatum(FunctionCallInfo fcinfo, const MergeCounts *counts, const char *path, const char *reason);

#endif /* AIODAL_MERGE_H */
