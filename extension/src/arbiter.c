/*
 * arbiter.c
 *		Finding the rows of a table by the keys of a batch.
 *
 * Design notes
 *
 * The keys come sorted, so the index can be walked from the least of them
 * upwards, comparing index tuples, and the heap is visited for equal keys only:
 * a file in key order against a table costs one pass over the part of the index it
 * covers, and a batch behind the last key costs one descent. Where the keys
 * lie far apart in the index, the walk would read what is in between; when
 * it has taken more steps than looking up each key would cost, lookups take
 * over, for this batch and the next few.
 *
 * Rows are judged by SnapshotDirty, as a unique index does: what is committed
 * now counts, whenever this statement began, and a row in another transaction's
 * hands is waited for.
 *
 * nbtree allocates scan state in CurrentMemoryContext when it needs it, so all
 * scanning is done in the arbiter's own context.
 */
#include "compat.h"

#include "access/nbtree.h"
#include "access/relscan.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/sortsupport.h"

#include "arbiter.h"

/* The walk may take this many steps, and this many for each key it has passed. */
#define WALK_STEPS_FREE    600
#define WALK_STEPS_PER_KEY 16

/* Fewer keys than this are looked up in less time than a walk takes that does not pay. */
#define WALK_KEYS_MIN 16

/* Batches looked up key by key after a walk that did not pay. */
#define WALK_REST 16

typedef enum Verdict
{
	ROW_DEAD,  /* nothing there that counts */
	ROW_LIVE,  /* in arbiter->existing */
	ROW_WAITED /* another transaction had it and is done: look again */
} Verdict;

struct Arbiter
{
	MemoryContext context;
	Relation heap;
	Relation index;
	int nkeys;
	SortSupport order; /* one per key column */
	SnapshotData dirty;
	IndexScanDesc walk;   /* one scan key */
	IndexScanDesc lookup; /* a scan key per key column */
	ScanKeyData onwards;  /* >= of the first column, or <= when it is descending; lacks the value */
	ScanKey equal;        /* = of the key columns; lack the values */
	TupleTableSlot *existing;
	IndexScanDesc as_of; /* NULL: no snapshot was given */
	TupleTableSlot *existing_as_of;
	bool walks;    /* the scan stands somewhere */
	bool looks_up; /* the other one does */
	int walk_rest; /* batches yet to be looked up key by key */
};

/* A scan key of a column, but for the value. */
static void
PrepareScanKey(Relation index, int column, StrategyNumber strategy, ScanKey key)
{
	Oid type = index->rd_opcintype[column];
	Oid op = get_opfamily_member(index->rd_opfamily[column], type, type, strategy);

	if (!OidIsValid(op))
		elog(ERROR, "no operator %d for column %d of index \"%s\"", strategy, column + 1,
			 RelationGetRelationName(index));
	ScanKeyEntryInitialize(key, 0, column + 1, strategy, InvalidOid, index->rd_indcollation[column],
						   get_opcode(op), (Datum) 0);
}

static void
PrepareOrder(Arbiter *a)
{
	a->order = palloc0(sizeof(SortSupportData) * a->nkeys);
	a->equal = palloc0(sizeof(ScanKeyData) * a->nkeys);
	for (int i = 0; i < a->nkeys; i++)
	{
		bool descending = (a->index->rd_indoption[i] & INDOPTION_DESC) != 0;
		SortSupport ssup = &a->order[i];

		ssup->ssup_cxt = a->context;
		ssup->ssup_collation = a->index->rd_indcollation[i];
		ssup->ssup_nulls_first = (a->index->rd_indoption[i] & INDOPTION_NULLS_FIRST) != 0;
		ssup->ssup_attno = i + 1;
		PrepareIndexSortSupport(a->index, descending, ssup);
		PrepareScanKey(a->index, i, BTEqualStrategyNumber, &a->equal[i]);
		if (i == 0)
			PrepareScanKey(a->index, 0, descending ? BTLessEqualStrategyNumber : BTGreaterEqualStrategyNumber,
						   &a->onwards);
	}
}

Arbiter *
ArbiterOpen(Relation heap, Relation index, Snapshot as_of, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Arbiter *a = palloc0(sizeof(Arbiter));

	a->context = context;
	a->heap = heap;
	a->index = index;
	a->nkeys = IndexRelationGetNumberOfKeyAttributes(index);
	PrepareOrder(a);
	InitDirtySnapshot(a->dirty);
	a->walk = BeginIndexScan(heap, index, &a->dirty, 1);
	a->walk->xs_want_itup = true;
	a->lookup = BeginIndexScan(heap, index, &a->dirty, a->nkeys);
	a->existing = table_slot_create(heap, NULL);
	if (as_of)
	{
		a->as_of = BeginIndexScan(heap, index, as_of, a->nkeys);
		a->existing_as_of = table_slot_create(heap, NULL);
	}
	MemoryContextSwitchTo(old);
	return a;
}

/* Gives up the scan's place; keys are as many as the scan was begun with, as servers that check assertions
 * ask. */
static void
Rewind(IndexScanDesc scan)
{
	index_rescan(scan, NULL, scan->numberOfKeys, NULL, 0);
}

void
ArbiterRest(Arbiter *a)
{
	ExecClearTuple(a->existing);
	if (a->walks)
		Rewind(a->walk);
	if (a->looks_up)
		Rewind(a->lookup);
	a->walks = a->looks_up = false;
}

void
ArbiterClose(Arbiter *a)
{
	index_endscan(a->walk);
	index_endscan(a->lookup);
	ExecDropSingleTupleTableSlot(a->existing);
	if (a->as_of)
	{
		index_endscan(a->as_of);
		ExecDropSingleTupleTableSlot(a->existing_as_of);
	}
}

/* Most keys differ in their first value, which is at hand. */
static inline int
CompareValues(Arbiter *a, const BatchKey *x, const BatchKey *y)
{
	int c = ApplySortComparator(x->first, false, y->first, false, &a->order[0]);

	for (int i = 1; c == 0 && i < a->nkeys; i++)
		c = ApplySortComparator(x->values[i], false, y->values[i], false, &a->order[i]);
	return c;
}

/* Keys with a NULL go last: they are not looked up. */
static inline int
CompareKeys(const BatchKey *x, const BatchKey *y, Arbiter *a)
{
	int c = x->has_null || y->has_null ? (int) x->has_null - (int) y->has_null : CompareValues(a, x, y);

	return c ? c : (x->row < y->row ? -1 : 1);
}

#define ST_SORT             SortKeys
#define ST_ELEMENT_TYPE     BatchKey
#define ST_COMPARE(x, y, a) CompareKeys(x, y, a)
#define ST_COMPARE_ARG_TYPE Arbiter
#define ST_SCOPE            static
#define ST_DEFINE
#include "lib/sort_template.h"

bool
ArbiterIsSorted(Arbiter *a, const BatchKey *keys, int n)
{
	for (int i = 1; i < n; i++)
	{
		if (CompareKeys(&keys[i - 1], &keys[i], a) > 0)
			return false;
	}
	return true;
}

bool
ArbiterSort(Arbiter *a, BatchKey *keys, int n)
{
	if (ArbiterIsSorted(a, keys, n))
		return true;
	SortKeys(keys, n, a);
	return false;
}

bool
ArbiterSameKey(Arbiter *a, const BatchKey *x, const BatchKey *y)
{
	return CompareValues(a, x, y) == 0;
}

/*
 * No page stays pinned by a scan that was begun. The next scan may come in a subtransaction, which
 * cannot let go what was pinned before, and has to let go what it pins.
 */
static void
GiveUpPlace(Arbiter *a, IndexScanDesc scan)
{
	ExecClearTuple(a->existing);
	Rewind(scan);
}

/*
 * Fetches the row the scan stands on. Before it waits for whoever holds the
 * row, the scan's place is given up: no page may stay pinned meanwhile.
 */
static Verdict
FetchRow(Arbiter *a, IndexScanDesc scan)
{
	TransactionId owner;
	ItemPointerData tid;

	if (!index_fetch_heap(scan, a->existing))
		return ROW_DEAD;
	owner = TransactionIdIsValid(a->dirty.xmin) ? a->dirty.xmin : a->dirty.xmax;
	if (!TransactionIdIsValid(owner))
		return ROW_LIVE;
	tid = a->existing->tts_tid;
	GiveUpPlace(a, scan);
	if (a->dirty.speculativeToken)
		SpeculativeInsertionWait(a->dirty.xmin, a->dirty.speculativeToken);
	else
		XactLockTableWait(owner, a->heap, &tid, XLTW_InsertIndex);
	return ROW_WAITED;
}

/* Whether some transaction may still see the row behind the entry that the scan stands on, which was found
 * dead. */
static bool
IsInSomeSnapshot(IndexScanDesc scan)
{
	return !scan->kill_prior_tuple;
}

/* Positions a scan on entries with the key's values. */
static void
StartScan(Arbiter *a, IndexScanDesc scan, const BatchKey *key)
{
	for (int i = 0; i < a->nkeys; i++)
		a->equal[i].sk_argument = key->values[i];
	index_rescan(scan, a->equal, a->nkeys, NULL, 0);
}

static void
StartLookup(Arbiter *a, const BatchKey *key)
{
	StartScan(a, a->lookup, key);
	a->looks_up = true;
}

/* One lookup; false when it has to be done again. */
static bool
LookUpOnce(Arbiter *a, BatchKey *key, ArbiterFound callback, void *arg)
{
	StartLookup(a, key);
	key->found = false;
	while (index_getnext_tid(a->lookup, ForwardScanDirection) != NULL)
	{
		Verdict verdict = FetchRow(a, a->lookup);

		if (verdict == ROW_WAITED)
			return false;
		if (verdict == ROW_LIVE)
		{
			key->found = true;
			callback(arg, key, a->existing);
			return true;
		}
		key->dead |= IsInSomeSnapshot(a->lookup);
	}
	return true;
}

static void
LookUp(Arbiter *a, BatchKey *key, ArbiterFound callback, void *arg)
{
	while (!LookUpOnce(a, key, callback, arg))
		CHECK_FOR_INTERRUPTS();
}

void
ArbiterProbeOne(Arbiter *a, BatchKey *key, ArbiterFound callback, void *arg)
{
	MemoryContext old = MemoryContextSwitchTo(a->context);

	key->found = false;
	if (!key->has_null)
	{
		LookUp(a, key, callback, arg);
		GiveUpPlace(a, a->lookup);
	}
	MemoryContextSwitchTo(old);
}

bool
ArbiterFindAsOf(Arbiter *a, const BatchKey *key, ItemPointer tid)
{
	MemoryContext old = MemoryContextSwitchTo(a->context);
	bool found;

	found = !key->has_null;
	if (found)
	{
		StartScan(a, a->as_of, key);
		found = index_getnext_slot(a->as_of, ForwardScanDirection, a->existing_as_of);
	}
	if (found)
		*tid = a->existing_as_of->tts_tid;
	ExecClearTuple(a->existing_as_of);
	Rewind(a->as_of);
	MemoryContextSwitchTo(old);
	return found;
}

/* Positions the scan on the first entry that is not before the key's first column. */
static void
StartWalk(Arbiter *a, const BatchKey *key)
{
	a->onwards.sk_argument = key->values[0];
	index_rescan(a->walk, &a->onwards, 1, NULL, 0);
	a->walks = true;
}

/* Compares a key with the index entry the scan stands on; an entry with a NULL is told by *skip. */
static int
CompareWithEntry(Arbiter *a, const BatchKey *key, bool *skip)
{
	TupleDesc desc = RelationGetDescr(a->index);

	*skip = false;
	for (int i = 0; i < a->nkeys; i++)
	{
		bool isnull;
		Datum value = index_getattr(a->walk->xs_itup, i + 1, desc, &isnull);
		int c = ApplySortComparator(i == 0 ? key->first : key->values[i], false, value, isnull, &a->order[i]);

		if (isnull)
			*skip = true;
		if (c != 0)
			return c;
	}
	return 0;
}

/*
 * Walks the index along the keys. Returns how many of them are settled; the
 * rest is to be looked up one by one (the walk did not pay, or a wait lost the
 * scan's place).
 */
static int
Walk(Arbiter *a, BatchKey *keys, int n, ArbiterFound callback, void *arg)
{
	int64 steps = 0;
	int i = 0;

	StartWalk(a, &keys[0]);
	while (i < n && index_getnext_tid(a->walk, ForwardScanDirection) != NULL)
	{
		bool skip = false;
		int c = 1;

		while (i < n && (c = CompareWithEntry(a, &keys[i], &skip)) < 0)
			keys[i++].found = false;
		if (i < n && c == 0 && !skip)
		{
			Verdict verdict = FetchRow(a, a->walk);

			if (verdict == ROW_WAITED)
				return i;
			if (verdict == ROW_DEAD)
				keys[i].dead |= IsInSomeSnapshot(a->walk);
			else
			{
				keys[i].found = true;
				callback(arg, &keys[i++], a->existing);
			}
		}
		if (++steps > WALK_STEPS_FREE + WALK_STEPS_PER_KEY * (int64) i)
		{
			a->walk_rest = WALK_REST;
			return i;
		}
	}
	for (; i < n; i++) /* behind the last entry of the index */
		keys[i].found = false;
	return n;
}

void
ArbiterProbe(Arbiter *a, BatchKey *keys, int n, ArbiterFound callback, void *arg)
{
	MemoryContext old = MemoryContextSwitchTo(a->context);
	int done = 0;

	while (n > 0 && keys[n - 1].has_null)
		keys[--n].found = false;
	if (n >= WALK_KEYS_MIN && a->walk_rest == 0)
	{
		done = Walk(a, keys, n, callback, arg);
		GiveUpPlace(a, a->walk);
	}
	else if (a->walk_rest > 0)
		a->walk_rest--;
	if (done < n)
	{
		for (; done < n; done++)
			LookUp(a, &keys[done], callback, arg);
		GiveUpPlace(a, a->lookup);
	}
	MemoryContextSwitchTo(old);
}
