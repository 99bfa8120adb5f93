/*
 * merge_path.h
 *		The choice between the direct path and plain SQL.
 */
#ifndef AIODAL_MERGE_PATH_H
#define AIODAL_MERGE_PATH_H

#include "compat.h"

#include "merge.h"

/*
 * Why the request goes by plain SQL, or NULL when it goes the direct path; a
 * static string. Follows the setting aiodal.path, and raises an error where that
 * is "direct" and the direct path is impossible. columns may be NIL when they are not
 * known yet: then all count as given; source and stage may be NULL.
 */
extern const char *ReasonForSql(MergeRequest *request);

/* A partition that rows are to go into may have come since; an error where the direct path cannot go on with
 * it. */
extern void CheckPartition(MergeRequest *request, Relation partition);

/*
 * Whether something fires once for each statement that inserts or updates, or is shown all of its rows. What
 * fires when rows are deleted is of no matter: mode sync deletes by a statement of its own.
 */
extern bool HasStatementTriggers(Relation target);

/* Whether a column that is not among the given ones (attribute numbers) has a default that may look at tables
 * or write them (known_calls.h). */
extern bool HasVolatileDefault(Relation target, List *given);

/* Whether a column has a default at all. */
extern bool HasDefaults(Relation target);

/* The same of one that is volatile in any way: what new rows get depends on their order. */
extern bool DefaultsFollowOrder(Relation target, List *given);

/* Raises that error where the setting is "direct". */
extern void RefuseSql(MergeRequest *request, const char *reason);

#endif /* AIODAL_MERGE_PATH_H */
