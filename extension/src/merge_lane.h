/*
 * merge_lane.h
 *		The rows of a direct merge that go into one table: a plain one, or one of the
 *		partitions of the target.
 */
#ifndef AIODAL_MERGE_LANE_H
#define AIODAL_MERGE_LANE_H

#include "compat.h"

#include "nodes/execnodes.h"

#include "merge.h"
#include "merge_direct.h"
#include "merge_missed.h"

typedef struct Lane Lane;

/* What the lanes of a merge have in common. */
typedef struct MergeRun
{
	MergeRequest *request;
	MergeCounts *counts;
	EState *estate;
	ResultRelInfo *target;   /* the request's */
	bool keys_repeat;        /* one key may come twice */
	bool deletes_unseen;     /* mode sync, and rows that the batch lacks are deleted here */
	MissedRows *missed;      /* mode update, if keys_repeat; else NULL */
	const RowPlace *current; /* of the row that an error would be about, or NULL */
	int64 rows;              /* waiting in all lanes */
	Size bytes;              /* of them */
} MergeRun;

/* One table of a merge, in its own attribute numbers. */
typedef struct LaneTable
{
	ResultRelInfo *rri;          /* indexes open */
	Oid index;                   /* arbiter, or InvalidOid */
	List *key;                   /* columns of it, in its order */
	List *columns;               /* that the batch gives */
	List *update_columns;        /* of these */
	const AttrNumber *in_target; /* the target's, by attribute number - 1; NULL: the same */
	const AttrNumber *of_target; /* the other way round */
} LaneTable;

/* In the current memory context, which lives until CloseLane. */
extern Lane *OpenLane(MergeRun *run, const LaneTable *table);

/* The slot of the next row; see DirectMergeSlot. */
extern TupleTableSlot *LaneSlot(Lane *lane);

/* Takes the row in it. Returns whether the lane is full and wants to be merged. */
extern bool LaneAdd(Lane *lane, const RowPlace *place);

/* Merges the rows that wait. */
extern void MergeLane(Lane *lane);

/* Deletes the rows of the table that none of the batch met or made; see DeleteUnseen. */
extern void LaneDeleteUnseen(Lane *lane);

extern void CloseLane(Lane *lane);

#endif /* AIODAL_MERGE_LANE_H */
