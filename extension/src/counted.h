/*
 * counted.h
 *		Running a statement and learning what became of each row.
 */
#ifndef AIODAL_COUNTED_H
#define AIODAL_COUNTED_H

#include "compat.h"

#include "utils/array.h"

/* Of an INSERT, UPDATE or DELETE. */
typedef struct Counted
{
	int64 processed; /* rows written, as in the command tag */
	int64 proposed;  /* rows that reached the write */
	int64 conflicts; /* of these, rows that met a conflict (ON CONFLICT) */
	int64 equal;     /* of these, rows that DO UPDATE's WHERE held back */
} Counted;

/*
 * Lets the active snapshot see what the transaction did so far. It must not be
 * shared (PushCopiedSnapshot).
 */
extern void SeeOwnChanges(void);

/*
 * Runs one statement as the current user under the active snapshot: what the
 * transaction did since it was made or advanced is not seen. Unless nestloop, it is planned without
 * nested loops. Errors show the statement.
 */
extern void RunCounted(const char *sql, bool nestloop, Counted *counted);

/* The same, but AFTER triggers are queued, for the caller's AfterTriggerEndQuery() to fire. */
extern void RunCountedQueuing(const char *sql, bool nestloop, Counted *counted);

/*
 * The same for a query of one row of one column. $1 in it stands for the
 * tid[] tids, which may be NULL when it is not used. The result is palloc'd.
 */
extern Datum QueryDatum(const char *sql, ArrayType *tids, bool *isnull);

/* The same for a bigint that is not null. */
extern int64 QueryInt64(const char *sql, bool nestloop);

/*
 * Error context callback, its argument the text of a statement: positions in
 * errors refer to that text, not to what the client sent.
 */
extern void StatementErrorContext(void *arg);

#endif /* AIODAL_COUNTED_H */
