/*
 * arbiter.h
 *		Finding the rows of a table by the keys of a batch, through one unique
 *		btree index.
 */
#ifndef AIODAL_ARBITER_H
#define AIODAL_ARBITER_H

#include "compat.h"

#include "access/genam.h"
#include "executor/tuptable.h"
#include "nodes/pg_list.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

typedef struct Arbiter Arbiter;

/* A row of the batch, as the arbiter sees it. */
typedef struct BatchKey
{
	Datum *values; /* one per key column, none NULL unless has_null */
	Datum first;   /* of these, here at hand */
	bool has_null; /* matches nothing */
	bool found;    /* set by ArbiterProbe */
	bool dead;     /* the same: of rows that count no more, some snapshot may see one */
	int row;       /* number of the row in the batch */
} BatchKey;

/*
 * Called for each key that a live row has, existing holding that row. No other
 * transaction is changing the row at that moment, but nothing is locked. It writes nothing.
 */
typedef void (*ArbiterFound)(void *arg, BatchKey *key, TupleTableSlot *existing);

/*
 * Opens index, which must be a btree index whose key columns are attnums of
 * heap in that order. All memory is in context, which must live until
 * ArbiterClose; so must both relations, and as_of, the snapshot of ArbiterFindAsOf (NULL: it is not called).
 */
extern Arbiter *ArbiterOpen(Relation heap, Relation index, Snapshot as_of, MemoryContext context);
/* Lets go of the pages it stands on. */
extern void ArbiterRest(Arbiter *a);
extern void ArbiterClose(Arbiter *arbiter);

/* Whether the keys are in index order, rows of one key by row number. */
extern bool ArbiterIsSorted(Arbiter *arbiter, const BatchKey *keys, int n);

/* Sorts the keys in index order, rows of one key by row number. Returns whether they were in order. */
extern bool ArbiterSort(Arbiter *arbiter, BatchKey *keys, int n);

/* Two keys are equal (neither has a NULL). */
extern bool ArbiterSameKey(Arbiter *arbiter, const BatchKey *a, const BatchKey *b);

/*
 * Looks up sorted keys; sets found of each and calls back for those that are.
 * Waits for transactions that have inserted, updated or deleted such a row
 * and are not done.
 */
extern void ArbiterProbe(Arbiter *arbiter, BatchKey *keys, int n, ArbiterFound callback, void *arg);

/* The same for one key. */
extern void ArbiterProbeOne(Arbiter *arbiter, BatchKey *key, ArbiterFound callback, void *arg);

/* Whether the snapshot sees a row that has the key, and where; may be called back while others are probed. */
extern bool ArbiterFindAsOf(Arbiter *arbiter, const BatchKey *key, ItemPointer tid);

#endif /* AIODAL_ARBITER_H */
