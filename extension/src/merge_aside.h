/*
 * merge_aside.h
 *		Rows of a batch that a merge sets aside: what is told of them.
 */
#ifndef AIODAL_MERGE_ASIDE_H
#define AIODAL_MERGE_ASIDE_H

#include "compat.h"

#include "access/htup.h"

#include "merge.h"
#include "merge_direct.h"

/* A row of the batch as it was given, where it is at hand: no stage has it. */
typedef struct GivenRow
{
	HeapTuple tuple;
	TupleDesc desc;
	const AttrNumber *of_target; /* the target's columns in desc, by attribute number - 1; NULL: the same */
} GivenRow;

/*
 * Sets the row at place aside for this error (of which code, message, detail, column and constraint count);
 * given is NULL when request->source has the row. Counts it as rejected; more than request->max_rejects are
 * an error.
 */
extern void SetAside(MergeRequest *request, const ErrorData *error, const RowPlace *place,
					 const GivenRow *given, MergeCounts *counts);

#endif /* AIODAL_MERGE_ASIDE_H */
