/*
 * merge_missed.c
 *		Mode update: rows whose key is missing, where keys may come again.
 *
 * Rows that were met or written are known by their TIDs (seen_rows.c); one whose key nothing
 * has leaves no trace. Such rows are collected, and sorted by key when all have come: neighbours
 * tell which of them repeat another. Sorting takes work_mem, and files beyond it. Where bad rows
 * are set aside, each is kept whole, for what is to be told of it, unless a table has it.
 */
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/sortsupport.h"
#include "utils/tuplesort.h"

#include "merge_missed.h"
#include "repeated_key.h"

/* Columns behind those of the key. */
typedef enum MissedColumn
{
	COLUMN_NUMBER, /* where the row came from, */
	COLUMN_LINE,
	COLUMN_FIRST_LINE, /* and the first one of its key; sorted by number only */
	COLUMN_GIVEN, /* a tuple of the target, or the TID in the source; null unless bad rows are set aside */
	MISSED_COLUMNS
} MissedColumn;

struct MissedRows
{
	MergeRequest *request;
	MemoryContext context;
	int nkeys;
	Oid *less; /* an operator for each key column, and its collation */
	Oid *collations;
	TupleDesc desc;
	TupleTableSlot *slot;    /* the next one to be sorted */
	Tuplesortstate *by_key;  /* NULL: there are no rows yet */
	Tuplesortstate *repeats; /* rows that repeat a key, by number; NULL: none */
};

static int
ColumnAt(const MissedRows *missed, MissedColumn column)
{
	return missed->nkeys + column;
}

static TupleDesc
DescribeMissedRows(const MissedRows *missed)
{
	TupleDesc desc = CreateTemplateTupleDesc(missed->nkeys + MISSED_COLUMNS);
	ListCell *lc;

	foreach (lc, missed->request->key->attnums)
		TupleDescCopyEntry(desc, foreach_current_index (lc) + 1, RelationGetDescr(missed->request->target),
						   lfirst_int(lc));
	for (int i = 0; i < MISSED_COLUMNS; i++)
		TupleDescInitEntry(desc, ColumnAt(missed, i) + 1, "", i == COLUMN_GIVEN ? BYTEAOID : INT8OID, -1, 0);
	return desc;
}

/* The order of the index that the key is of, but for its directions. */
static void
FindOrder(MissedRows *missed)
{
	Relation index = index_open(missed->request->key->index, AccessShareLock);

	missed->less = palloc(sizeof(Oid) * missed->nkeys);
	missed->collations = palloc(sizeof(Oid) * missed->nkeys);
	for (int i = 0; i < missed->nkeys; i++)
	{
		Oid type = index->rd_opcintype[i];

		missed->less[i] = get_opfamily_member(index->rd_opfamily[i], type, type, BTLessStrategyNumber);
		missed->collations[i] = index->rd_indcollation[i];
		if (!OidIsValid(missed->less[i]))
			elog(ERROR, "no order of column %d of index \"%s\"", i + 1, RelationGetRelationName(index));
	}
	index_close(index, NoLock);
}

MissedRows *
MakeMissedRows(MergeRequest *request)
{
	MissedRows *missed = palloc0(sizeof(MissedRows));

	missed->request = request;
	missed->context = CurrentMemoryContext;
	missed->nkeys = list_length(request->key->attnums);
	FindOrder(missed);
	missed->desc = DescribeMissedRows(missed);
	missed->slot = MakeSingleTupleTableSlot(missed->desc, &TTSOpsVirtual);
	return missed;
}

/* By key if with_key, then by number. */
static Tuplesortstate *
BeginSort(MissedRows *missed, bool with_key)
{
	AttrNumber columns[INDEX_MAX_KEYS + 1];
	Oid less[INDEX_MAX_KEYS + 1];
	Oid collations[INDEX_MAX_KEYS + 1];
	bool nulls_first[INDEX_MAX_KEYS + 1] = {false};
	int n = 0;

	for (; with_key && n < missed->nkeys; n++)
	{
		columns[n] = n + 1;
		less[n] = missed->less[n];
		collations[n] = missed->collations[n];
	}
	columns[n] = ColumnAt(missed, COLUMN_NUMBER) + 1;
	less[n] = Int8LessOperator;
	collations[n++] = InvalidOid;
	return tuplesort_begin_heap(missed->desc, n, columns, less, collations, nulls_first, work_mem, NULL,
								TUPLESORT_NONE);
}

/* The row in the slot, into a sort that is begun with the first one. */
static void
PutRow(MissedRows *missed, Tuplesortstate **sort)
{
	MemoryContext old = MemoryContextSwitchTo(missed->context);

	if (*sort == NULL)
		*sort = BeginSort(missed, sort == &missed->by_key);
	ExecStoreVirtualTuple(missed->slot);
	tuplesort_puttupleslot(*sort, missed->slot);
	MemoryContextSwitchTo(old);
}

static Datum
PackBytes(const void *bytes, Size len)
{
	bytea *packed = palloc(VARHDRSZ + len);

	SET_VARSIZE(packed, VARHDRSZ + len);
	memcpy(VARDATA(packed), bytes, len);
	return PointerGetDatum(packed);
}

static Datum
PackTuple(HeapTuple tuple)
{
	return PackBytes(tuple->t_data, tuple->t_len);
}

/* What is stored must not share the bytes, which are not aligned. */
static HeapTuple
UnpackTuple(Datum value)
{
	bytea *packed = DatumGetByteaPP(value);
	Size len = VARSIZE_ANY_EXHDR(packed);
	HeapTuple tuple = palloc0(HEAPTUPLESIZE + len);

	tuple->t_len = len;
	tuple->t_data = (HeapTupleHeader) ((char *) tuple + HEAPTUPLESIZE);
	memcpy(tuple->t_data, VARDATA_ANY(packed), len);
	return tuple;
}

/* As a tuple of the target. */
static HeapTuple
TupleOfTarget(const MissedRows *missed, const GivenRow *given)
{
	TupleDesc desc = RelationGetDescr(missed->request->target);
	int n = given->desc->natts;
	Datum *values;
	bool *nulls;
	Datum *in_target;
	bool *null_in_target;

	if (given->of_target == NULL)
		return given->tuple;
	values = palloc(sizeof(Datum) * n);
	nulls = palloc(sizeof(bool) * n);
	in_target = palloc0(sizeof(Datum) * desc->natts);
	null_in_target = palloc(sizeof(bool) * desc->natts);
	heap_deform_tuple(given->tuple, given->desc, values, nulls);
	for (int i = 0; i < desc->natts; i++)
	{
		int column = given->of_target[i] - 1;

		null_in_target[i] = column < 0 || nulls[column];
		if (!null_in_target[i])
			in_target[i] = values[column];
	}
	return heap_form_tuple(desc, in_target, null_in_target);
}

void
AddMissedRow(MissedRows *missed, const Datum *values, const RowPlace *place, const GivenRow *given)
{
	TupleTableSlot *slot = ExecClearTuple(missed->slot);
	Datum *columns = slot->tts_values + missed->nkeys;

	memset(slot->tts_isnull, 0, sizeof(bool) * missed->desc->natts);
	for (int i = 0; i < missed->nkeys; i++)
		slot->tts_values[i] = values[i];
	columns[COLUMN_NUMBER] = Int64GetDatum(place->number);
	columns[COLUMN_LINE] = Int64GetDatum(place->line);
	columns[COLUMN_FIRST_LINE] = Int64GetDatum(0);
	slot->tts_isnull[ColumnAt(missed, COLUMN_GIVEN)] = missed->request->rejects == NULL;
	columns[COLUMN_GIVEN] = (Datum) 0;
	if (missed->request->rejects)
		columns[COLUMN_GIVEN] = missed->request->source ? PackBytes(&place->tid, sizeof(place->tid))
														: PackTuple(TupleOfTarget(missed, given));
	PutRow(missed, &missed->by_key);
}

static SortSupport
PrepareComparison(const MissedRows *missed)
{
	SortSupport order = palloc0(sizeof(SortSupportData) * missed->nkeys);

	for (int i = 0; i < missed->nkeys; i++)
	{
		order[i].ssup_cxt = CurrentMemoryContext;
		order[i].ssup_collation = missed->collations[i];
		PrepareSortSupportFromOrderingOp(missed->less[i], &order[i]);
	}
	return order;
}

static bool
HaveSameKey(const MissedRows *missed, SortSupport order, TupleTableSlot *a, TupleTableSlot *b)
{
	slot_getallattrs(a);
	slot_getallattrs(b);
	for (int i = 0; i < missed->nkeys; i++)
	{
		if (ApplySortComparator(a->tts_values[i], false, b->tts_values[i], false, &order[i]) != 0)
			return false;
	}
	return true;
}

static int64
PlaceColumn(const MissedRows *missed, TupleTableSlot *row, MissedColumn column)
{
	slot_getallattrs(row);
	return DatumGetInt64(row->tts_values[ColumnAt(missed, column)]);
}

static void
PutRepeat(MissedRows *missed, TupleTableSlot *row, TupleTableSlot *first)
{
	TupleTableSlot *slot = ExecClearTuple(missed->slot);

	slot_getallattrs(row);
	memcpy(slot->tts_values, row->tts_values, sizeof(Datum) * missed->desc->natts);
	memcpy(slot->tts_isnull, row->tts_isnull, sizeof(bool) * missed->desc->natts);
	slot->tts_values[ColumnAt(missed, COLUMN_FIRST_LINE)] =
		Int64GetDatum(PlaceColumn(missed, first, COLUMN_LINE));
	PutRow(missed, &missed->repeats);
}

/* Counts the rows that repeat a key; those that are more than a number go into missed->repeats. */
static void
FindRepeats(MissedRows *missed, MergeCounts *counts)
{
	SortSupport order = PrepareComparison(missed);
	TupleTableSlot *first = MakeSingleTupleTableSlot(missed->desc, &TTSOpsMinimalTuple);
	TupleTableSlot *row = MakeSingleTupleTableSlot(missed->desc, &TTSOpsMinimalTuple);

	tuplesort_performsort(missed->by_key);
	while (tuplesort_gettupleslot(missed->by_key, true, true, row, NULL))
	{
		CHECK_FOR_INTERRUPTS();
		if (TTS_EMPTY(first) || !HaveSameKey(missed, order, first, row))
		{
			TupleTableSlot *swap = first;

			first = row;
			row = swap;
			continue;
		}
		counts->ignored--;
		if (missed->request->on_duplicate == DUPLICATE_FIRST)
			counts->duplicates++;
		else
			PutRepeat(missed, row, first);
	}
	ExecDropSingleTupleTableSlot(first);
	ExecDropSingleTupleTableSlot(row);
}

static void
RaiseRepeat(MissedRows *missed, TupleTableSlot *row)
{
	Relation index = index_open(missed->request->key->index, AccessShareLock);

	RaiseRepeatedKey(missed->request, index, row->tts_values, PlaceColumn(missed, row, COLUMN_FIRST_LINE),
					 PlaceColumn(missed, row, COLUMN_LINE));
}

static void
SetRepeatAside(MissedRows *missed, TupleTableSlot *row, MergeCounts *counts)
{
	RowPlace place = {.line = PlaceColumn(missed, row, COLUMN_LINE),
					  .number = PlaceColumn(missed, row, COLUMN_NUMBER)};
	GivenRow given = {.desc = RelationGetDescr(missed->request->target)};
	Datum packed = row->tts_values[ColumnAt(missed, COLUMN_GIVEN)];

	if (missed->request->source)
	{
		memcpy(&place.tid, VARDATA_ANY(DatumGetPointer(packed)), sizeof(place.tid));
		SetAside(missed->request, RepeatedKeyFault(missed->request), &place, NULL, counts);
		return;
	}
	given.tuple = UnpackTuple(packed);
	SetAside(missed->request, RepeatedKeyFault(missed->request), &place, &given, counts);
	heap_freetuple(given.tuple);
}

static void
SettleRepeats(MissedRows *missed, MergeCounts *counts)
{
	TupleTableSlot *row = MakeSingleTupleTableSlot(missed->desc, &TTSOpsMinimalTuple);

	tuplesort_performsort(missed->repeats);
	while (tuplesort_gettupleslot(missed->repeats, true, false, row, NULL))
	{
		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(row);
		if (missed->request->rejects == NULL)
			RaiseRepeat(missed, row);
		SetRepeatAside(missed, row, counts);
	}
	ExecDropSingleTupleTableSlot(row);
	tuplesort_end(missed->repeats);
}

void
SettleMissedRows(MissedRows *missed, MergeCounts *counts)
{
	if (missed->by_key != NULL)
	{
		FindRepeats(missed, counts);
		tuplesort_end(missed->by_key);
	}
	if (missed->repeats != NULL)
		SettleRepeats(missed, counts);
	ExecDropSingleTupleTableSlot(missed->slot);
}
