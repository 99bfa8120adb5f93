/*
 * index_write.c
 *		Index entries for many rows, one index after the other.
 *
 * The executor enters each row into all indexes before it turns to the next
 * one. Here it is the other way round, and where many rows go into a btree
 * whose order is not theirs, they are sorted, so that neighbours are written
 * together.
 */
#include "compat.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "executor/executor.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/sortsupport.h"

#include "index_write.h"

/* Fewer rows than this are not worth sorting. */
#define SORT_ROWS_MIN 64

typedef struct IndexState
{
	Relation rel;
	IndexInfo *info;
	ColumnMask columns; /* that it depends on; all of them when it has expressions or a predicate */
	ExprState *predicate;
	SortSupport order; /* of each key column; NULL: rows are taken as they come */
	int norder;
} IndexState;

struct IndexWriter
{
	Relation heap;
	EState *estate;
	IndexState *states;
	int n;
	int arbiter; /* number of the arbiter's state, -1 when there is none */
};

/* An entry yet to be made. */
typedef struct Pending
{
	Datum *values;
	bool *nulls;
	IndexedRow *row;
} Pending;

typedef enum Check
{
	CHECK_UNIQUE, /* a conflict is an error */
	CHECK_CLAIM,  /* a conflict marks the row as lost */
	CHECK_UPDATE  /* a conflict is an error, and impossible where the columns are as before */
} Check;

static ColumnMask
ColumnsOf(IndexInfo *info)
{
	ColumnMask mask = 0;

	if (info->ii_Expressions != NIL || info->ii_Predicate != NIL)
		return ~UINT64CONST(0);
	for (int i = 0; i < info->ii_NumIndexAttrs; i++)
		mask |= ColumnBit(info->ii_IndexAttrNumbers[i]);
	return mask;
}

static void
PrepareOrder(IndexState *state)
{
	Relation index = state->rel;

	if (index->rd_rel->relam != BTREE_AM_OID)
		return;
	state->norder = IndexRelationGetNumberOfKeyAttributes(index);
	state->order = palloc0(sizeof(SortSupportData) * state->norder);
	for (int i = 0; i < state->norder; i++)
	{
		SortSupport ssup = &state->order[i];

		ssup->ssup_cxt = CurrentMemoryContext;
		ssup->ssup_collation = index->rd_indcollation[i];
		ssup->ssup_nulls_first = (index->rd_indoption[i] & INDOPTION_NULLS_FIRST) != 0;
		ssup->ssup_attno = i + 1;
		PrepareIndexSortSupport(index, (index->rd_indoption[i] & INDOPTION_DESC) != 0, ssup);
	}
}

IndexWriter *
IndexWriterOpen(ResultRelInfo *rri, EState *estate, Oid arbiter)
{
	IndexWriter *w = palloc0(sizeof(IndexWriter));

	w->heap = rri->ri_RelationDesc;
	w->estate = estate;
	w->arbiter = -1;
	w->states = palloc0(sizeof(IndexState) * Max(rri->ri_NumIndices, 1));
	for (int i = 0; i < rri->ri_NumIndices; i++)
	{
		IndexState *state = &w->states[w->n];

		state->rel = rri->ri_IndexRelationDescs[i];
		state->info = rri->ri_IndexRelationInfo[i];
		if (!state->info->ii_ReadyForInserts)
			continue;
		state->columns = ColumnsOf(state->info);
		state->predicate =
			state->info->ii_Predicate ? ExecPrepareQual(state->info->ii_Predicate, estate) : NULL;
		PrepareOrder(state);
		if (RelationGetRelid(state->rel) == arbiter)
			w->arbiter = w->n;
		w->n++;
	}
	if (OidIsValid(arbiter) && w->arbiter < 0)
		elog(ERROR, "arbiter index %u is not among the open indexes", arbiter);
	return w;
}

Relation
IndexWriterArbiter(IndexWriter *w)
{
	return w->states[w->arbiter].rel;
}

/* The row's entry for this index; false when a predicate keeps it out. */
static bool
FormEntry(IndexWriter *w, IndexState *state, IndexedRow *row, Pending *entry)
{
	ExprContext *econtext = GetPerTupleExprContext(w->estate);

	econtext->ecxt_scantuple = row->slot;
	if (state->predicate && !ExecQual(state->predicate, econtext))
		return false;
	entry->row = row;
	FormIndexDatum(state->info, row->slot, w->estate, entry->values, entry->nulls);
	return true;
}

static int
ComparePending(const Pending *a, const Pending *b, const IndexState *state)
{
	for (int i = 0; i < state->norder; i++)
	{
		int c = ApplySortComparator(a->values[i], a->nulls[i], b->values[i], b->nulls[i], &state->order[i]);

		if (c != 0)
			return c;
	}
	return 0;
}

static int
ComparePendingForSort(const void *a, const void *b, void *arg)
{
	int c = ComparePending(a, b, arg);

	return c ? c : (((const Pending *) a)->row < ((const Pending *) b)->row ? -1 : 1);
}

static void
SortEntries(IndexState *state, Pending *entries, int n, Check check)
{
	if (state->order == NULL || (n < SORT_ROWS_MIN && check != CHECK_CLAIM))
		return;
	for (int i = 1; i < n; i++)
	{
		if (ComparePending(&entries[i - 1], &entries[i], state) > 0)
		{
			qsort_arg(entries, n, sizeof(Pending), ComparePendingForSort, state);
			return;
		}
	}
}

/* The version that was replaced had the same entry. */
static bool
IsAsBefore(IndexState *state, const IndexedRow *row, Check check)
{
	return check == CHECK_UPDATE && (row->changed & state->columns) == 0;
}

static void
EnterOne(IndexWriter *w, IndexState *state, Pending *entry, Check check)
{
	bool as_before = IsAsBefore(state, entry->row, check);
	IndexUniqueCheck unique = UNIQUE_CHECK_NO;

	if (state->rel->rd_index->indisunique && !as_before)
		unique = check == CHECK_CLAIM ? UNIQUE_CHECK_PARTIAL : UNIQUE_CHECK_YES;
	if (!index_insert(state->rel, entry->values, entry->nulls, &entry->row->slot->tts_tid, w->heap, unique,
					  as_before, state->info) &&
		unique == UNIQUE_CHECK_PARTIAL)
		entry->row->lost = true;
}

static bool
WantsEntry(IndexState *state, const IndexedRow *row, Check check)
{
	if (check != CHECK_UPDATE || row->indexes == INDEXES_ALL)
		return true;
	return row->indexes == INDEXES_SUMMARIZING && IsSummarizing(state->info);
}

/* From the first row that is lost on. */
static void
LoseThose(Pending *entries, int n)
{
	for (int i = 0; i < n; i++)
		entries[i].row->lost = true;
}

static void
EnterThose(IndexWriter *w, IndexState *state, Pending *entries, int n, Check check, bool as_before,
		   IndexWriterRow current, void *arg)
{
	for (int i = 0; i < n; i++)
	{
		if (IsAsBefore(state, entries[i].row, check) != as_before)
			continue;
		current(arg, entries[i].row->row);
		EnterOne(w, state, &entries[i], check);
		if (entries[i].row->lost)
		{
			LoseThose(entries + i, n - i);
			return;
		}
		/* entries of expressions live in that context until the last one is made */
		if (state->info->ii_Expressions == NIL && (i & 63) == 63)
			ResetPerTupleExprContext(w->estate);
	}
}

/*
 * All rows into one index: first those whose entry is as before. They are not
 * checked, for nobody else had that key; but one of the others may have it now,
 * and is to find them.
 */
static void
EnterAll(IndexWriter *w, IndexState *state, IndexedRow *rows, int n, Check check, IndexWriterRow current,
		 void *arg)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "aiodal index", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	int columns = state->info->ii_NumIndexAttrs;
	Pending *entries = MemoryContextAllocHuge(context, sizeof(Pending) * n);
	Datum *values = MemoryContextAllocHuge(context, sizeof(Datum) * columns * n);
	bool *nulls = MemoryContextAllocHuge(context, sizeof(bool) * columns * n);
	int pending = 0;

	for (int i = 0; i < n; i++)
	{
		if (!WantsEntry(state, &rows[i], check))
			continue;
		current(arg, rows[i].row);
		entries[pending] =
			(Pending){.values = values + (Size) columns * i, .nulls = nulls + (Size) columns * i};
		if (FormEntry(w, state, &rows[i], &entries[pending]))
			pending++;
	}
	SortEntries(state, entries, pending, check);
	MemoryContextSwitchTo(GetPerTupleMemoryContext(w->estate));
	EnterThose(w, state, entries, pending, check, true, current, arg);
	EnterThose(w, state, entries, pending, check, false, current, arg);
	ResetPerTupleExprContext(w->estate);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

void
IndexWriterClaim(IndexWriter *w, IndexedRow *rows, int n, IndexWriterRow current, void *arg)
{
	if (n > 0)
		EnterAll(w, &w->states[w->arbiter], rows, n, CHECK_CLAIM, current, arg);
}

void
IndexWriterInsert(IndexWriter *w, IndexedRow *rows, int n, bool but_arbiter, IndexWriterRow current,
				  void *arg)
{
	for (int i = 0; n > 0 && i < w->n; i++)
	{
		if (!but_arbiter || i != w->arbiter)
			EnterAll(w, &w->states[i], rows, n, CHECK_UNIQUE, current, arg);
	}
}

void
IndexWriterUpdate(IndexWriter *w, IndexedRow *rows, int n, IndexWriterRow current, void *arg)
{
	for (int i = 0; n > 0 && i < w->n; i++)
		EnterAll(w, &w->states[i], rows, n, CHECK_UPDATE, current, arg);
}
