/*
 * index_write.c
 *		Index entries for many rows, one index after the other.
 *
 * The executor enters each row into all indexes before it turns to the next
 * one. Here it is the other way round, and where many rows go into a btree
 * whose order is not theirs, they are sorted, so that neighbours are written
 * together.
 *
 * Sorting compares what stands for the first column in a few bytes, as PostgreSQL's sorts do. Where
 * a collation has no such thing, the first bytes of a text do: their order is not quite the index's, but
 * brings neighbours together all the same.
 */
#include "compat.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "port/pg_bswap.h"
#include "storage/bufmgr.h"
#include "utils/sortsupport.h"

#include "ahead.h"
#include "index_write.h"

/* Fewer rows than this are not worth sorting. */
#define SORT_ROWS_MIN 64

/* An index of fewer pages stays in the processor's caches, whatever the order. */
#define SCATTER_PAGES_MIN 128

/* Of a slot that is asked for ahead. */
#define SLOT_BYTES_AHEAD 192

typedef struct IndexState
{
	Relation rel;
	IndexInfo *info;
	ColumnMask columns; /* that it depends on; all of them when it has expressions or a predicate */
	ColumnMask keys;    /* of these, those that are its key */
	ExprState *predicate;
	SortSupport order; /* of each key column; NULL: rows are taken as they come */
	int norder;
	bool by_bytes;       /* the first column's abbreviated order is one of bytes, not the index's */
	bool first_by_value; /* its first column is, no pointer */
} IndexState;

struct IndexWriter
{
	Relation heap;
	ResultRelInfo *rri;
	EState *estate;
	IndexState *states;
	int n;
	int arbiter;    /* number of the arbiter's state, -1 when there is none */
	bool scattered; /* see IndexWriterWasScattered */
};

/* An entry yet to be made. */
typedef struct Pending
{
	Datum *values;
	bool *nulls;
	IndexedRow *row;
	Datum first; /* the first value, or what stands for it where the index abbreviates */
} Pending;

typedef enum Check
{
	CHECK_UNIQUE, /* a conflict is an error */
	CHECK_CLAIM,  /* a conflict marks the row as lost, and those behind it */
	CHECK_TRY,    /* a conflict marks the row as lost */
	CHECK_UPDATE  /* a conflict is an error, and impossible where the key is as before */
} Check;

/* The first n of the index's columns. */
static ColumnMask
ColumnsOf(IndexInfo *info, int n)
{
	ColumnMask mask = 0;

	if (info->ii_Expressions != NIL || info->ii_Predicate != NIL)
		return ~UINT64CONST(0);
	for (int i = 0; i < n; i++)
		mask |= ColumnBit(info->ii_IndexAttrNumbers[i]);
	return mask;
}

/* The first bytes of a text, as a number whose order is theirs. */
static Datum
FirstBytes(Datum value, SortSupport ssup)
{
	const struct varlena *text = (const struct varlena *) DatumGetPointer(value);
	Datum bytes = 0;

	if (VARATT_IS_EXTERNAL(text) || VARATT_IS_COMPRESSED(text))
		return 0;
	memcpy(&bytes, VARDATA_ANY(text), Min(VARSIZE_ANY_EXHDR(text), sizeof(Datum)));
	return DatumBigEndianToNative(bytes);
}

static void
AbbreviateText(IndexState *state)
{
	SortSupport ssup = &state->order[0];

	if (ssup->abbrev_converter || state->rel->rd_opcintype[0] != TEXTOID ||
		state->rel->rd_opfamily[0] != TEXT_BTREE_FAM_OID)
		return;
	ssup->abbrev_converter = FirstBytes;
	ssup->abbrev_full_comparator = ssup->comparator;
	ssup->comparator = ssup_datum_unsigned_cmp;
	state->by_bytes = true;
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
		ssup->abbreviate = i == 0;
		PrepareIndexSortSupport(index, (index->rd_indoption[i] & INDOPTION_DESC) != 0, ssup);
	}
	AbbreviateText(state);
}

IndexWriter *
IndexWriterOpen(ResultRelInfo *rri, EState *estate, Oid arbiter)
{
	IndexWriter *w = palloc0(sizeof(IndexWriter));

	w->heap = rri->ri_RelationDesc;
	w->rri = rri;
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
		state->columns = ColumnsOf(state->info, state->info->ii_NumIndexAttrs);
		state->keys = ColumnsOf(state->info, state->info->ii_NumIndexKeyAttrs);
		state->predicate =
			state->info->ii_Predicate ? ExecPrepareQual(state->info->ii_Predicate, estate) : NULL;
		state->first_by_value = TupleDescAttr(RelationGetDescr(state->rel), 0)->attbyval;
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

/* In the order of the index. */
static int
CompareInFull(const Pending *a, const Pending *b, const IndexState *state)
{
	for (int i = 0; i < state->norder; i++)
	{
		SortSupport ssup = &state->order[i];
		int c =
			ssup->abbrev_converter
				? ApplySortAbbrevFullComparator(a->values[i], a->nulls[i], b->values[i], b->nulls[i], ssup)
				: ApplySortComparator(a->values[i], a->nulls[i], b->values[i], b->nulls[i], ssup);

		if (c != 0)
			return c;
	}
	return 0;
}

static int
ComparePending(const Pending *a, const Pending *b, const IndexState *state)
{
	int c = ApplySortComparator(a->first, a->nulls[0], b->first, b->nulls[0], &state->order[0]);

	return c ? c : CompareInFull(a, b, state);
}

static int
ByRow(const Pending *a, const Pending *b)
{
	return a->row < b->row ? -1 : 1;
}

static int
CompareInFullThenByRow(const Pending *a, const Pending *b, IndexState *state)
{
	int c = CompareInFull(a, b, state);

	return c ? c : ByRow(a, b);
}

static int
ComparePendingThenByRow(const Pending *a, const Pending *b, IndexState *state)
{
	int c = ComparePending(a, b, state);

	return c ? c : ByRow(a, b);
}

#define ST_SORT         SortPending
#define ST_ELEMENT_TYPE Pending
#define ST_COMPARE_RUNTIME_POINTER
#define ST_COMPARATOR_TYPE_NAME PendingOrder
#define ST_COMPARE_ARG_TYPE     IndexState
#define ST_SCOPE                static
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

static void
Abbreviate(IndexState *state, Pending *entries, int n)
{
	SortSupport ssup = &state->order[0];

	for (int i = 0; i < n; i++)
	{
		bool whole = ssup->abbrev_converter == NULL || entries[i].nulls[0];

		if (i + AHEAD_OF_ROW < n && !state->first_by_value)
			AskForMemory(DatumGetPointer(entries[i + AHEAD_OF_ROW].values[0]), CACHE_LINE);
		entries[i].first = whole ? entries[i].values[0] : ssup->abbrev_converter(entries[i].values[0], ssup);
	}
}

static bool
AreInOrder(IndexState *state, const Pending *entries, int n, PendingOrder compare)
{
	for (int i = 1; i < n; i++)
	{
		if (compare(&entries[i - 1], &entries[i], state) > 0)
			return false;
	}
	return true;
}

/* Keys that are claimed are waited for, always in the order of the index. */
static void
SortEntries(IndexWriter *w, IndexState *state, Pending *entries, int n, Check check)
{
	bool in_full = check == CHECK_CLAIM && state->by_bytes;
	PendingOrder compare = in_full ? CompareInFullThenByRow : ComparePendingThenByRow;

	if (state->order == NULL || (n < SORT_ROWS_MIN && check != CHECK_CLAIM))
		return;
	Abbreviate(state, entries, n);
	if (AreInOrder(state, entries, n, compare))
		return;
	SortPending(entries, n, compare, state);
	if (check != CHECK_CLAIM && RelationGetNumberOfBlocks(state->rel) > Max(SCATTER_PAGES_MIN, n / 4))
		w->scattered = true;
}

/* The version that was replaced has the same key. */
static bool
HasKeyAsBefore(IndexState *state, const IndexedRow *row, Check check)
{
	return check == CHECK_UPDATE && (row->changed & state->keys) == 0;
}

/*
 * Whether the index is told that the entry is but another version's, for which it looks for dead versions
 * before it splits a page. The version replaced by this very transaction is no such thing, and where it is a
 * row's first one there is no other: that search, in the heap, would be in vain.
 */
static bool
IsAnotherVersion(IndexState *state, const IndexedRow *row, Check check)
{
	return check == CHECK_UPDATE && row->was_updated && (row->changed & state->columns) == 0;
}

static void
EnterOne(IndexWriter *w, IndexState *state, Pending *entry, Check check)
{
	bool as_before = IsAnotherVersion(state, entry->row, check);
	IndexUniqueCheck unique = UNIQUE_CHECK_NO;

	if (state->rel->rd_index->indisunique && !HasKeyAsBefore(state, entry->row, check))
		unique = check == CHECK_CLAIM || check == CHECK_TRY ? UNIQUE_CHECK_PARTIAL : UNIQUE_CHECK_YES;
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

/* Entry i of n is at work: asks for what those behind it are made of. */
static pg_attribute_always_inline void
AskForEntries(IndexState *state, const Pending *entries, int i, int n)
{
	const Pending *entry = &entries[i + AHEAD_OF_ROW];

	if (i + AHEAD_OF_PLACE < n)
	{
		AskForMemory(entries[i + AHEAD_OF_PLACE].row, sizeof(IndexedRow));
		AskForMemory(entries[i + AHEAD_OF_PLACE].values, sizeof(Datum));
	}
	if (i + AHEAD_OF_ROW < n)
	{
		AskForMemory(&entry->row->slot->tts_tid, sizeof(ItemPointerData));
		if (!state->first_by_value)
			AskForMemory(DatumGetPointer(entry->values[0]), CACHE_LINE);
	}
}

static void
EnterThose(IndexWriter *w, IndexState *state, Pending *entries, int n, Check check, bool as_before,
		   IndexWriterRow current, void *arg)
{
	for (int i = 0; i < n; i++)
	{
		AskForEntries(state, entries, i, n);
		if (HasKeyAsBefore(state, entries[i].row, check) != as_before)
			continue;
		current(arg, entries[i].row->row);
		EnterOne(w, state, &entries[i], check);
		if (entries[i].row->lost && check == CHECK_CLAIM)
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
 * All rows into one index: first those whose key is as before. They are not
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
	int as_before = 0;

	for (int i = 0; i < n; i++)
	{
		if (i + AHEAD_OF_ROW < n)
			AskForMemory(rows[i + AHEAD_OF_ROW].slot, SLOT_BYTES_AHEAD);
		if (rows[i].lost || !WantsEntry(state, &rows[i], check))
			continue;
		current(arg, rows[i].row);
		entries[pending] =
			(Pending){.values = values + (Size) columns * i, .nulls = nulls + (Size) columns * i};
		if (!FormEntry(w, state, &rows[i], &entries[pending]))
			continue;
		pending++;
		as_before += HasKeyAsBefore(state, &rows[i], check);
	}
	SortEntries(w, state, entries, pending, check);
	MemoryContextSwitchTo(GetPerTupleMemoryContext(w->estate));
	if (as_before > 0)
		EnterThose(w, state, entries, pending, check, true, current, arg);
	if (as_before < pending)
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
IndexWriterInsert(IndexWriter *w, IndexedRow *rows, int n, bool but_arbiter, bool claim,
				  IndexWriterRow current, void *arg)
{
	for (int i = 0; n > 0 && i < w->n; i++)
	{
		if (!but_arbiter || i != w->arbiter)
			EnterAll(w, &w->states[i], rows, n, claim ? CHECK_TRY : CHECK_UNIQUE, current, arg);
	}
}

void
IndexWriterUpdate(IndexWriter *w, IndexedRow *rows, int n, IndexWriterRow current, void *arg)
{
	for (int i = 0; n > 0 && i < w->n; i++)
		EnterAll(w, &w->states[i], rows, n, CHECK_UPDATE, current, arg);
}

bool
IndexWriterWasScattered(IndexWriter *w)
{
	bool scattered = w->scattered;

	w->scattered = false;
	return scattered;
}

bool
IndexWriterMoves(IndexWriter *w, ColumnMask changed)
{
	for (int i = 0; i < w->n; i++)
	{
		if (w->states[i].rel->rd_index->indisunique && (w->states[i].keys & changed) != 0)
			return true;
	}
	return false;
}

/* As PostgreSQL says it: the key is shown to those who may see it. */
static ErrorData *
DuplicateFault(IndexWriter *w, IndexState *state, TupleTableSlot *slot)
{
	ErrorData *fault = palloc0(sizeof(ErrorData));
	Datum values[INDEX_MAX_KEYS];
	bool nulls[INDEX_MAX_KEYS];
	char *key;

	GetPerTupleExprContext(w->estate)->ecxt_scantuple = slot;
	FormIndexDatum(state->info, slot, w->estate, values, nulls);
	key = BuildIndexValueDescription(state->rel, values, nulls);
	fault->sqlerrcode = ERRCODE_UNIQUE_VIOLATION;
	fault->constraint_name = pstrdup(RelationGetRelationName(state->rel));
	fault->message =
		psprintf(_("duplicate key value violates unique constraint \"%s\""), fault->constraint_name);
	if (key)
		fault->detail = psprintf(_("Key %s already exists."), key);
	return fault;
}

static bool
WouldBreak(IndexWriter *w, IndexState *state, TupleTableSlot *slot, const ItemPointerData *own)
{
	ItemPointerData in_the_way;

	if (state->info->ii_UniqueProcs == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(w->estate->es_query_cxt);

		BuildSpeculativeIndexInfo(state->rel, state->info);
		MemoryContextSwitchTo(old);
	}
	return BreaksUniqueIndex(w->rri, slot, w->estate, RelationGetRelid(state->rel), &in_the_way) &&
		   !(own && ItemPointerEquals(unconstify(ItemPointerData *, own), &in_the_way));
}

ErrorData *
IndexWriterFault(IndexWriter *w, TupleTableSlot *slot, const ItemPointerData *own, ColumnMask changed,
				 bool but_arbiter)
{
	ErrorData *fault = NULL;

	for (int i = 0; i < w->n && fault == NULL; i++)
	{
		IndexState *state = &w->states[i];

		if ((but_arbiter && i == w->arbiter) || !state->rel->rd_index->indisunique ||
			(state->keys & changed) == 0)
			continue;
		if (WouldBreak(w, state, slot, own))
			fault = DuplicateFault(w, state, slot);
	}
	return fault;
}
