/*
 * copy_from.h
 *		COPY FROM in our own hands: rights, options, source and feed.
 */
#ifndef AIODAL_COPY_FROM_H
#define AIODAL_COPY_FROM_H

#include "compat.h"

#include "nodes/parsenodes.h"

#include "feed.h"

/*
 * Takes all rows of the feed, those for which where (planned quals, or NIL) does
 * not hold left out; returns how many were taken.
 */
typedef int64 (*CopyConsumer)(FeedRequest *request, Feed *feed, List *where, void *arg);

/*
 * Runs the statement with request->rel, open and locked, as the relation it
 * copies into, whatever it names, as the current user. The caller fills pstate, rel,
 * relname, target, given, sets_aside and names_required.
 */
extern int64 RunCopyFrom(FeedRequest *request, const CopyStmt *stmt, CopyConsumer consume, void *arg);

#endif /* AIODAL_COPY_FROM_H */
