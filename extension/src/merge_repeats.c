/*
 * merge_repeats.c
 *		Whether a key can be in the batch more than once.
 *
 * Grouping the batch by SQL costs as much as merging it, and nearly always for
 * nothing. Here the rows are read once: most batches come in key order, which
 * neighbours tell. When one does not, the keys' hashes are sorted, which a few
 * bytes a row suffice for, and spill to disk when there are many. Two keys
 * of one hash may still differ; SQL has the last word then.
 */
#include "compat.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/sortsupport.h"
#include "utils/tuplesort.h"
#include "utils/typcache.h"

#include "merge_sql.h"

/* rows between two resets of the memory that hash functions use */
#define RESET_ROWS 1000

typedef struct KeyReader
{
	Relation source;
	int n;                  /* key columns */
	AttrNumber *attnums;    /* in the source */
	SortSupportData *order; /* comparator is NULL when the type has no order */
	FmgrInfo **hash;        /* NULL when the type has no hash function */
	Oid *collations;
	bool nulls_not_distinct;
} KeyReader;

typedef enum Answer
{
	REPEATS_NO,
	REPEATS_MAYBE,
	OUT_OF_ORDER
} Answer;

static void
OpenKeyReader(KeyReader *r, MergeRequest *request)
{
	MergeKey *key = request->key;

	r->source = request->source;
	r->n = list_length(key->attnums);
	r->attnums = palloc(sizeof(AttrNumber) * r->n);
	r->order = palloc0(sizeof(SortSupportData) * r->n);
	r->hash = palloc0(sizeof(FmgrInfo *) * r->n);
	r->collations = palloc(sizeof(Oid) * r->n);
	r->nulls_not_distinct = key->nulls_not_distinct;
	for (int i = 0; i < r->n; i++)
	{
		Form_pg_attribute att =
			TupleDescAttr(RelationGetDescr(request->target), list_nth_int(key->attnums, i) - 1);
		TypeCacheEntry *type =
			lookup_type_cache(att->atttypid, TYPECACHE_LT_OPR | TYPECACHE_HASH_EXTENDED_PROC_FINFO);

		r->attnums[i] = get_attnum(RelationGetRelid(r->source), NameStr(att->attname));
		r->collations[i] = list_nth_oid(key->collations, i);
		if (OidIsValid(type->hash_extended_proc))
			r->hash[i] = &type->hash_extended_proc_finfo;
		r->order[i].ssup_cxt = CurrentMemoryContext;
		r->order[i].ssup_collation = r->collations[i];
		if (OidIsValid(type->lt_opr))
			PrepareSortSupportFromOrderingOp(type->lt_opr, &r->order[i]);
	}
}

/* Fetches the key's columns into the slot; false when it has a NULL and so repeats nothing. */
static bool
ReadKey(KeyReader *r, TupleTableSlot *slot)
{
	bool comparable = true;

	for (int i = 0; i < r->n; i++)
	{
		slot_getsomeattrs(slot, r->attnums[i]);
		comparable &= r->nulls_not_distinct || !slot->tts_isnull[r->attnums[i] - 1];
	}
	return comparable;
}

static int
CompareKeys(KeyReader *r, TupleTableSlot *x, TupleTableSlot *y)
{
	for (int i = 0; i < r->n; i++)
	{
		int n = r->attnums[i] - 1;
		int c = ApplySortComparator(x->tts_values[n], x->tts_isnull[n], y->tts_values[n], y->tts_isnull[n],
									&r->order[i]);

		if (c != 0)
			return c;
	}
	return 0;
}

static uint64
HashKey(KeyReader *r, TupleTableSlot *slot)
{
	uint64 hash = 0;

	for (int i = 0; i < r->n; i++)
	{
		int n = r->attnums[i] - 1;
		uint64 of_column =
			slot->tts_isnull[n]
				? 0
				: DatumGetUInt64(FunctionCall2Coll(r->hash[i], r->collations[i], slot->tts_values[n], 0));

		hash = hash_combine64(hash, of_column);
	}
	return hash;
}

/* Not synchronized with other scans: rows are to come in order. */
static TableScanDesc
BeginScan(KeyReader *r)
{
	return table_beginscan_strat(r->source, GetActiveSnapshot(), 0, NULL, true, false);
}

static Answer
AskNeighbours(KeyReader *r)
{
	TupleTableSlot *row = table_slot_create(r->source, NULL);
	TupleTableSlot *before = table_slot_create(r->source, NULL);
	TableScanDesc scan = BeginScan(r);
	Answer answer = REPEATS_NO;
	bool first = true;

	while (answer == REPEATS_NO && table_scan_getnextslot(scan, ForwardScanDirection, row))
	{
		TupleTableSlot *swap = before;
		int c;

		CHECK_FOR_INTERRUPTS();
		if (!ReadKey(r, row))
			continue;
		c = first ? -1 : CompareKeys(r, before, row);
		if (c >= 0)
			answer = c == 0 ? REPEATS_MAYBE : OUT_OF_ORDER;
		before = row;
		row = swap;
		first = false;
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(row);
	ExecDropSingleTupleTableSlot(before);
	return answer;
}

static void
PutHashes(KeyReader *r, Tuplesortstate *sort)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "aiodal keys", ALLOCSET_DEFAULT_SIZES);
	TupleTableSlot *row = table_slot_create(r->source, NULL);
	TableScanDesc scan = BeginScan(r);

	for (int64 n = 1; table_scan_getnextslot(scan, ForwardScanDirection, row); n++)
	{
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		if (!ReadKey(r, row))
			continue;
		old = MemoryContextSwitchTo(context);
		tuplesort_putdatum(sort, UInt64GetDatum(HashKey(r, row)), false);
		MemoryContextSwitchTo(old);
		if (n % RESET_ROWS == 0)
			MemoryContextReset(context);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(row);
	MemoryContextDelete(context);
}

static Answer
AskHashes(KeyReader *r)
{
	Tuplesortstate *sort =
		tuplesort_begin_datum(INT8OID, Int8LessOperator, InvalidOid, false, work_mem, NULL, TUPLESORT_NONE);
	Answer answer = REPEATS_NO;
	Datum hash;
	Datum before = (Datum) 0;
	bool isnull;

	PutHashes(r, sort);
	tuplesort_performsort(sort);
	for (bool first = true; answer == REPEATS_NO && NextSortedDatum(sort, &hash, &isnull); first = false)
	{
		if (!first && hash == before)
			answer = REPEATS_MAYBE;
		before = hash;
	}
	tuplesort_end(sort);
	return answer;
}

static bool
HasOrder(KeyReader *r)
{
	for (int i = 0; i < r->n; i++)
	{
		if (r->order[i].comparator == NULL)
			return false;
	}
	return true;
}

static bool
HasHashes(KeyReader *r)
{
	for (int i = 0; i < r->n; i++)
	{
		if (r->hash[i] == NULL)
			return false;
	}
	return true;
}

/* SQL knows what the user may read of somebody else's table. */
static bool
MayReadAll(Relation source)
{
	Oid relid = RelationGetRelid(source);

	return pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK &&
		   check_enable_rls(relid, InvalidOid, true) != RLS_ENABLED;
}

bool
MayRepeatKey(MergeRequest *request)
{
	MemoryContext context;
	MemoryContext old;
	KeyReader reader;
	Answer answer = OUT_OF_ORDER;

	if (!MayReadAll(request->source))
		return true;
	context = AllocSetContextCreate(CurrentMemoryContext, "aiodal repeats", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	OpenKeyReader(&reader, request);
	if (HasOrder(&reader))
		answer = AskNeighbours(&reader);
	if (answer == OUT_OF_ORDER)
		answer = HasHashes(&reader) ? AskHashes(&reader) : REPEATS_MAYBE;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return answer == REPEATS_MAYBE;
}
