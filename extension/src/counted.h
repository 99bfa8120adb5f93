/*
 * counted.h
 *		Running a statement and learning what became of each row.
 */
#ifndef AIODAL_COUNTED_H
#define AIODAL_COUNTED_H

#include "compat.h"

/* Of an INSERT, UPDATE or DELETE. */
typedef struct Counted
{
	int64 processed; /* rows written, as in the command tag */
	int64 proposed;  /* rows that reached the write */
	int64 conflicts; /* of these, rows that met a conflict (ON CONFLICT) */
	int64 equal;     /* of these, rows that DO UPDATE's WHERE held back */
} Counted;

/*
 * Runs one statement as the current user under the active snapshot, which is
 * advanced to see what the transaction did before. The active snapshot must
 * not be shared (PushCopiedSnapshot). Errors show the statement.
 */
extern void RunCounted(const char *sql, Counted *counted);

/* The same for a query of one row of one bigint, not null. */
extern int64 QueryInt64(const char *sql);

/*
 * Error context callback, its argument the text of a statement: positions in
 * errors refer to that text, not to what the client sent.
 */
extern void StatementErrorContext(void *arg);

#endif /* AIODAL_COUNTED_H */
