/*
 * seen_rows.h
 *		Which rows of the target a merge has met or made, and where from.
 */
#ifndef AIODAL_SEEN_ROWS_H
#define AIODAL_SEEN_ROWS_H

#include "compat.h"

#include "storage/itemptr.h"

typedef struct SeenRows SeenRows;

/* An empty set, in the current memory context. */
extern SeenRows *MakeSeenRows(void);

/* Whether the row at tid is in the set; then *line is where it came from, 0 when that is not known any more.
 */
extern bool HasSeenRow(SeenRows *seen, ItemPointer tid, int64 *line);

extern void AddSeenRow(SeenRows *seen, ItemPointer tid, int64 line);

#endif /* AIODAL_SEEN_ROWS_H */
