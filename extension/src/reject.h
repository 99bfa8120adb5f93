/*
 * reject.h
 *		Rows set aside instead of failing a load, and the session's memory of them.
 *
 * Every COPY into a stage, and every merge that sets rows aside, is a load of
 * its stage. Rejects of a load that was rolled back do not count any more. The
 * last COPY's stay readable until the next one, even when its transaction
 * failed: they say why.
 */
#ifndef AIODAL_REJECT_H
#define AIODAL_REJECT_H

#include "compat.h"

/* One row set aside. Strings are in the server's encoding and copied by who takes them. */
typedef struct Reject
{
	int input;          /* number of the COPY into the stage, 1-based, or 0 when unknown */
	int64 line;         /* first physical line, or 0 when unknown */
	int64 record;       /* 1-based, or 0 when unknown */
	const char *column; /* or NULL */
	const char *value;  /* of that column as it was written, or NULL */
	int sqlerrcode;
	const char *message;
	const char *raw; /* the record as it was written, or NULL */
} Reject;

typedef struct RejectLog RejectLog;

/*
 * A load of the stage begins; copy tells a COPY from a merge. A COPY without a stage says
 * InvalidOid and gets a log of its own. The log lasts as long as the transaction.
 */
extern RejectLog *BeginRejects(Oid stage, bool copy);

/* What the current load set aside does not count and is not shown: it is done anew, by BeginRejects. */
extern void DiscardRejects(RejectLog *log);

/*
 * Sets a row aside, in the stage's current load. An error when it is one more
 * than max_rejects (-1: no limit) over all of the stage's loads.
 */
extern void RejectRow(Oid stage, int64 max_rejects, const Reject *reject);

/* The same, in the current load of this log. */
extern void RejectRowIn(RejectLog *log, int64 max_rejects, const Reject *reject);

/* Rows set aside in this log so far, rolled back loads left out. */
extern int64 CountRejectsIn(const RejectLog *log);

/* The same of its COPYs alone. */
extern int64 CountCopyRejects(Oid stage);

/* The session's last COPY set nothing aside that would be shown. */
extern void ForgetLastRejects(void);

/*
 * Whether an error of this code is about the row at hand: its data, or names
 * in it. Others (no memory, cancelled, no permission) are about the load.
 */
extern bool IsRowError(int sqlerrcode);

#endif /* AIODAL_REJECT_H */
