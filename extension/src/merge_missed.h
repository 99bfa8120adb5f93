/*
 * merge_missed.h
 *		Mode update: rows whose key is missing, where keys may come again.
 */
#ifndef AIODAL_MERGE_MISSED_H
#define AIODAL_MERGE_MISSED_H

#include "compat.h"

#include "merge.h"
#include "merge_aside.h"
#include "merge_direct.h"

typedef struct MissedRows MissedRows;

/* In the current memory context, until SettleMissedRows. */
extern MissedRows *MakeMissedRows(MergeRequest *request);

/*
 * Remembers a row that counts as ignored, since nothing has its key, which has no NULL in it; values in the
 * key's order. given is only looked at where bad rows are set aside. Not in a subtransaction, which would own
 * files.
 */
extern void
AddMissedRow(MissedRows *missed, const Datum *values, const RowPlace *place, const GivenRow *given);

/*
 * Those whose key came before among them count as duplicates instead, or are set aside, or are an error, in
 * the order of the input.
 */
extern void SettleMissedRows(MissedRows *missed, MergeCounts *counts);

#endif /* AIODAL_MERGE_MISSED_H */
