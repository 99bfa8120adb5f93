/*
 * repeated_key.h
 *		What is said of a key that comes again while rows are merged as they come.
 */
#ifndef AIODAL_REPEATED_KEY_H
#define AIODAL_REPEATED_KEY_H

#include "compat.h"

#include "merge.h"

/* Why a row that repeats a key is set aside; palloc'd. */
extern ErrorData *RepeatedKeyFault(const MergeRequest *request);

/*
 * Raises the error of such a row, where it is not set aside: index has the key whose values these are,
 * first_line is that of its first row, 0 when it is not known.
 */
extern void
RaiseRepeatedKey(const MergeRequest *request, Relation index, Datum *values, int64 first_line, int64 line);

#endif /* AIODAL_REPEATED_KEY_H */
