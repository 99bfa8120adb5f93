/*
 * merge_sql.h
 *		The plain SQL path, and what the direct path leaves to SQL: duplicates and
 *		deletes.
 */
#ifndef AIODAL_MERGE_SQL_H
#define AIODAL_MERGE_SQL_H

#include "compat.h"

#include "lib/stringinfo.h"
#include "storage/block.h"
#include "storage/itemptr.h"
#include "storage/off.h"
#include "utils/array.h"

#include "merge.h"

/* Part of the batch: rows stored between two places, both included. */
typedef struct Range
{
	BlockNumber first_block, last_block;
	OffsetNumber first_offset, last_offset;
} Range;

typedef struct SqlMerge
{
	MergeRequest *request;
	const char *target; /* qualified; with ONLY for a plain table, whose children are tables of their own */
	const char *source; /* qualified, with ONLY */
	const char *losers; /* qualified: table of the TIDs (column "tid") of duplicates left out, or NULL */
	const char
		*rivals; /* qualified: table of the TIDs (column "tid") of rows that are taken one by one, or NULL */
	const char *match;     /* s and t have the same key */
	const char *differs;   /* s and t differ in an update column; NULL: there is none */
	bool has_arbiter;      /* ON CONFLICT can be used */
	bool has_rules;        /* which replace or add statements */
	bool has_row_triggers; /* BEFORE or INSTEAD OF: rows can be changed or held back */
	bool refers_to_itself; /* by a foreign key */
	bool queues_triggers;  /* those behind rows wait until both statements are done */
	bool hides_rows;       /* row-level security: what can be seen may still not be updated */
	int64 pages;           /* of the target */
	bool nestloop;         /* the planner may look rows up one by one */
	bool lanes_settle;     /* duplicates are in the batch that the direct path gets */
	bool takes_rivals;     /* m->range is one row, whichever */
	const Range *range;    /* NULL: the whole batch */
	const char *place;     /* for the error context: the row under suspicion, or NULL */
} SqlMerge;

typedef void (*MergeStep)(SqlMerge *, MergeCounts *);

/* merge_sql.c */

/*
 * Begins a merge as the current user, under the active snapshot, which is not
 * shared and under which the caller counted counts->staged; the rest is added
 * to. Settles duplicates. Where the target has no arbiter index, or has
 * rules, the caller has locked out other writers.
 */
extern void SqlMergeBegin(SqlMerge *m, MergeRequest *request, MergeCounts *counts);

/* Merges all rows by plain SQL, with what the mode deletes. */
extern void SqlMergeRows(SqlMerge *m, MergeCounts *counts);

/*
 * Runs step, which merges all rows in some other way, as SqlMergeRows does it: undone when a
 * row is at fault that its error does not name (request->row_named), as a foreign
 * key's check at the end does not; then that row is looked for by plain SQL.
 */
extern void SqlMergeGuard(SqlMerge *m, MergeStep step, MergeCounts *counts);

/*
 * Runs step in the same way where bad rows are set aside. False when a row is at fault that step could
 * not set aside: then all is as it was.
 */
extern bool SqlMergeTry(SqlMerge *m, MergeStep step, MergeCounts *counts);

/* The same for a step that gets duplicates with all others, and settles them, where it can (lanes_settle). */
extern bool SqlMergeTryAllRows(SqlMerge *m, MergeStep step, MergeCounts *counts);

/* Settles what is left of duplicates. */
extern void SqlMergeEnd(SqlMerge *m, MergeCounts *counts);

/* A target's row may have a key that matches nothing, for a NULL in it. */
extern bool KeyCanBeNull(const MergeRequest *request);

/* Mode sync: deletes the target's rows that no row of the batch matches. */
extern void SqlMergeDeleteMissing(SqlMerge *m, MergeCounts *counts);

/*
 * The same for rows whose key has a NULL in it and matches nothing, so that they are
 * never in the batch; they go first, or the batch's own would go with them.
 */
extern void SqlMergeDeleteNullKeys(SqlMerge *m, MergeCounts *counts);

/*
 * Column n (0-based) of the key behind prefix ("s." or "t."), as the arbiter
 * index sees it: a domain as its base type, in the index's collation.
 */
extern void AppendKeyColumn(StringInfo buf, SqlMerge *m, int n, const char *prefix);
/* all of them, with commas */
extern void AppendKeyColumns(StringInfo buf, SqlMerge *m, const char *prefix);
/* all of them are not null */
extern void AppendKeyNotNull(StringInfo buf, SqlMerge *m, const char *prefix);

/* merge_duplicates.c */

/*
 * Counts the rows that repeat the key of another one, and sees to it that they
 * are left out; an error that names a key and its places where the policy says so and
 * rows are not set aside.
 */
extern void LeaveOutDuplicates(SqlMerge *m, MergeCounts *counts);

/*
 * Of the rows left out, those that come next in their key behind a row that was set aside since the
 * last call: *n of them, palloc'd, in order. They are left out no more, and the caller merges them.
 */
extern ItemPointer TakeUpDuplicates(SqlMerge *m, int *n, MergeCounts *counts);

/*
 * Whether rows left out may be taken up at their place in the batch, not behind all others: policy "last"
 * knows them backwards, and mode insert never knows what the batch has met.
 */
extern bool TakesDuplicatesInOrder(const MergeRequest *request);

/* Sets aside the rows that are still left out, where the policy is "error". */
extern void SettleDuplicates(SqlMerge *m, MergeCounts *counts);
extern void ForgetDuplicates(SqlMerge *m);

/* The rows that a query or DELETE ... RETURNING gives as its one column, in order; palloc'd. */
extern ItemPointer QueryTids(const char *sql, ArrayType *argument, int *n);

/* merge_rivals.c */

/*
 * Sets rows apart whose fate hangs on which of them is taken first, for a unique index other than the key's:
 * m->range leaves them out from now on, but for m->takes_rivals. False when there are none.
 */
extern bool SetRivalsApart(SqlMerge *m);

/* Those of them that are no duplicates left out, in order: *n of them, palloc'd. */
extern ItemPointer FirstRivals(SqlMerge *m, int *n);

extern void ForgetRivals(SqlMerge *m);

/* merge_repeats.c */

/*
 * False when no key is in the batch more than once, for certain. Reads the batch
 * under the active snapshot.
 */
extern bool MayRepeatKey(MergeRequest *request);

/* merge_fault.c */

/*
 * Runs step in a subtransaction under a copy of the active snapshot. Returns NULL
 * when it is done, else the error (in the caller's memory context), with all it did
 * undone and counts as they were. Errors that cannot be a row's fault are thrown on.
 */
extern ErrorData *Attempt(MergeStep step, SqlMerge *m, MergeCounts *counts);

/* Errors that another row would not have caused: bad values, constraints, policies, what triggers raise. */
extern bool IsFaultOfRow(int sqlerrcode);

/* Whether a step fails without a single row: a right that is missing, a statement trigger. */
extern bool FailsWithoutRows(SqlMerge *m, MergeStep step);

extern Range RangeOfRow(const ItemPointerData *tid);

/* Attempts a step that merges m->range with this range. */
extern ErrorData *AttemptRange(SqlMerge *m, MergeStep step, const Range *range, MergeCounts *counts);

/*
 * Gets a row that fails alone, and the error, which is its to free. Returns whether to go on.
 */
typedef bool (*BadRow)(void *arg, const ItemPointerData *tid, ErrorData *error);

/*
 * Merges the batch, which is known to fail as a whole, in as few parts as it takes to come
 * upon each bad row alone; all others are merged then. step merges m->range.
 */
extern void MergeInParts(SqlMerge *m, MergeStep step, MergeCounts *counts, BadRow bad_row, void *arg);

/* Throws the error of a batch, with the place of the row that is at fault if one is. step merges m->range. */
pg_noreturn extern void RaiseWithPlace(SqlMerge *m, MergeStep step, ErrorData *error);

/* "line 4", or "row 3" where lines are not known; palloc'd */
extern char *PlaceText(SqlMerge *m, ItemPointer tid);

/* merge_reject.c */

/*
 * Merges the batch, of which some row is bad, and sets aside each bad row; step
 * merges m->range. More than the stage allows is an error.
 */
extern void MergeSettingAside(SqlMerge *m, MergeStep step, MergeCounts *counts);

/* Sets the row at tid of the batch aside for this error; counts it as rejected. */
extern void SetRowAside(SqlMerge *m, const ItemPointerData *tid, const ErrorData *error, MergeCounts *counts);

#endif /* AIODAL_MERGE_SQL_H */
