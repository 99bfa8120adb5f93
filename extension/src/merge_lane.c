/*
 * merge_lane.c
 *		The rows of a direct merge that go into one table.
 *
 * Design notes
 *
 * A batch is merged in steps:
 *
 *	1. its keys are sorted and looked up in the arbiter index (arbiter.c); a row that is
 *	   there is compared, and settled or to be updated; one that is not is to be inserted
 *	2. rows to be written are completed and checked, in the order of the file: constraints
 *	   of the table first, then parents
 *	3. updates are written, then their index entries, index by index, which keeps each
 *	   index's pages at hand
 *	4. inserts are written by one multi-insert, then their index entries
 *
 * Concurrency, under READ COMMITTED (other levels go by SQL). A row found by the probe is
 * committed and nobody holds it. When somebody changes it before our update gets there,
 * table_tuple_update waits and reports it, and steps 1 and 2 are done again for this row.
 * Rows to insert go into the heap first and into the arbiter index next; nbtree checks for a
 * conflict and inserts under one lock on the leaf, so of two writers of one key exactly one
 * sees the other. We ask not to be thrown out (UNIQUE_CHECK_PARTIAL): the row that lost is
 * taken back (insert_rows.c) before any other index, trigger or constraint has seen it, and
 * its key is looked up like any other. Keys are waited for in index order, with none behind held, so
 * merges of the same keys take turns.
 *
 * An updated row whose key in some index did not change needs no uniqueness check there:
 * the version we replaced was the one live row with that key. Those whose unique keys do
 * change ("movers") are written one by one behind the others, so that each meets the keys
 * as they are then, as the rows of an UPDATE do.
 *
 * Where bad rows are set aside, step 2 finds most of them without an error. It runs in a
 * subtransaction, for expressions may raise errors of their own; nothing is written in it.
 * Other unique keys are claimed as the arbiter's is: a row that lost is taken back and judged
 * by itself. A mover is judged before it is written; as others may come in between, movers are
 * written in a subtransaction that is begun anew when one of them fails. Rows whose fate hangs on which of
 * them is taken first, those of one key and rivals for another unique one (rivals.c), wait until all
 * others of the batch are written, and then are taken one by one in the order of the file.
 *
 * Memory: one context for the lane, and two reset after each batch: rows are made in one of them, side
 * by side, and never freed alone, so that keys may point into them; the other is for what comes and goes.
 * What a batch takes is bounded, whatever the file: BATCH_BYTES_MAX counts all that is kept for a row.
 */
#include "compat.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/index.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "ahead.h"
#include "arbiter.h"
#include "guard.h"
#include "ident.h"
#include "index_write.h"
#include "insert_rows.h"
#include "merge_aside.h"
#include "merge_form.h"
#include "merge_lane.h"
#include "merge_missing.h"
#include "merge_sql.h"
#include "parents.h"
#include "repeated_key.h"
#include "rivals.h"
#include "row_check.h"
#include "seen_rows.h"

/* Rows in a batch: of files in key order, and at most; and its memory at most, in bytes. */
#define BATCH_ROWS_ORDERED 1000
#define BATCH_ROWS_MAX     262144
#define BATCH_ROWS_SCATTER 65536 /* of files in key order, where the keys of another index are not */
#define BATCH_BYTES_MAX    (64 * 1024 * 1024)

/* That the allocator of slots keeps in front of each, at most. */
#define CHUNK_HEADER_BYTES 24

/* Of a slot, and of a row, that are asked for ahead: most are no larger. */
#define ROW_BYTES_AHEAD 192

/* Attempts to write rows whose unique keys others keep taking. */
#define MAX_ATTEMPTS 10

typedef enum Fate
{
	FATE_INSERT, /* no row has its key */
	FATE_UPDATE, /* the row at tid is to become it */
	FATE_WAIT,   /* what becomes of rows in front of it decides */
	FATE_SETTLED /* nothing is to be done, or was */
} Fate;

typedef struct BatchRow
{
	TupleTableSlot *slot; /* as it is to be written */
	HeapTuple given;      /* as the batch gave it */
	HeapTuple filled;     /* the same with its defaults, once it got them; else NULL */
	RowPlace place;
	Fate fate;
	ItemPointerData tid;    /* fate update */
	ItemPointerData origin; /* the row that the merge's snapshot sees, when that was looked up */
	bool was_updated;       /* fate update: the version there is no first one, or an attempt was made on it */
	ColumnMask changed;     /* fate update */
	ErrorData *fault;       /* why it is to be set aside, or NULL */
	int first;              /* fate wait: number of the first row of its key */
	bool has_next;          /* there are more rows of its key, which wait */
} BatchRow;

struct Lane
{
	MergeRun *run;
	LaneTable table;
	Relation rel;
	MemoryContext context;
	MemoryContext batch_context;
	MemoryContext row_context;  /* of the batch's rows */
	MemoryContext slot_context; /* of the slots and the array of rows */
	RowForm *form;
	RowCheck *check;
	IndexWriter *indexes;
	Parents *parents;      /* NULL: no foreign key is checked here */
	Arbiter *arbiter;      /* NULL in mode insert, unless keys may come twice */
	SeenRows *seen;        /* NULL: no key comes twice, and nothing is deleted */
	Rivals *rivals;        /* NULL: no row is set aside, or the arbiter is the only unique index */
	TupleTableSlot *rival; /* for rows of the table, when there may be rivals */
	SeenRows *spared;      /* in mode sync: what rows set aside were to update; NULL: those are among seen */
	TupleTableSlot *old_row; /* empty but for AFTER UPDATE triggers; NULL: there are none */
	BulkInsertState bulk;
	bool is_routed; /* a row that is inserted belongs into this partition */

	BatchRow *rows; /* of the batch */
	int nrows;
	int nslots;    /* rows that have a slot */
	int allocated; /* rows that there is room for */
	int capacity;  /* rows that make a batch full now */
	int ordered;   /* the same, of a batch in key order */
	Size bytes;
	Size row_bytes;         /* that a row takes besides itself */
	bool in_subtransaction; /* the batch's rows were inserted in one */

	/* while a batch is merged */
	BatchKey *keys;
	int nkeys;
	int places_asked;    /* keys whose entry in rows was asked for, */
	int rows_asked;      /* and whose row was (ahead.h) */
	IndexedRow *written; /* rows that want index entries: updated ones, or inserted ones, never both */
	int nwritten;
};

static bool
Inserts(Lane *lane)
{
	return lane->run->request->mode != MODE_UPDATE;
}

static bool
Updates(Lane *lane)
{
	return ModeUpdates(lane->run->request->mode);
}

/* A row whose key is there is looked up; in mode insert it is at fault. */
static bool
ClaimsKeys(Lane *lane)
{
	return lane->run->request->mode != MODE_INSERT;
}

static bool
SetsAside(Lane *lane)
{
	return lane->run->request->rejects != NULL;
}

static void
SetCurrent(void *arg, int row)
{
	Lane *lane = arg;

	lane->run->current = row >= 0 ? &lane->rows[row].place : NULL;
}

static void
MakeCurrent(Lane *lane, const BatchRow *row)
{
	lane->run->current = &row->place;
}

/*
 * What triggers are told of the old row is held in a slot, which is made here: movers may be written
 * in a subtransaction, and what is made there belongs to it.
 */
static void
PrepareTriggers(Lane *lane)
{
	TriggerDesc *triggers = lane->rel->trigdesc;

	if (triggers && triggers->trig_update_after_row)
		lane->old_row = ExecGetTriggerOldSlot(lane->run->estate, lane->table.rri);
}

static void
PrepareToSetAside(Lane *lane)
{
	if (SetsAside(lane))
		lane->rivals =
			PrepareRivals(lane->table.rri, lane->run->estate, lane->table.index, lane->table.columns);
	if (lane->rivals)
		lane->rival = table_slot_create(lane->rel, NULL);
}

/* What a row of the table takes, about: as many bytes as its share of the pages. */
static Size
BytesOfStoredRow(Relation rel)
{
	BlockNumber pages;
	double rows;
	double visible;

	table_relation_estimate_size(rel, NULL, &pages, &rows, &visible);
	return rows >= 1 ? Min((double) pages * BLCKSZ / rows, MaxHeapTupleSize) : 0;
}

/*
 * What is kept for a row of a batch besides the row itself: its place in arrays, a slot, and the row once
 * more when it is to be completed.
 */
static Size
BytesBesidesRow(Lane *lane)
{
	Size of_values = (sizeof(Datum) + sizeof(bool)) * RowFormDesc(lane->form)->natts;
	Size bytes = sizeof(BatchRow) + sizeof(BatchKey) + sizeof(IndexedRow) + HEAPTUPLESIZE;

	bytes += sizeof(Datum) * list_length(lane->table.key);
	bytes += MAXALIGN(sizeof(HeapTupleTableSlot) + of_values) + CHUNK_HEADER_BYTES;
	return bytes + (RowFormIsWhole(lane->form) ? 0 : BytesOfStoredRow(lane->rel));
}

Lane *
OpenLane(MergeRun *run, const LaneTable *table)
{
	Lane *lane = palloc0(sizeof(Lane));
	FormRequest form = {.rri = table->rri,
						.estate = run->estate,
						.columns = table->columns,
						.update_columns = table->update_columns,
						.root = run->request->target,
						.in_root = table->in_target};

	lane->run = run;
	lane->table = *table;
	lane->rel = table->rri->ri_RelationDesc;
	lane->context = CurrentMemoryContext;
	lane->batch_context = AllocSetContextCreate(lane->context, "aiodal batch", ALLOCSET_DEFAULT_SIZES);
	lane->row_context = GenerationContextCreate(lane->context, "aiodal rows", ALLOCSET_DEFAULT_SIZES);
	lane->slot_context = GenerationContextCreate(lane->context, "aiodal slots", ALLOCSET_DEFAULT_SIZES);
	lane->is_routed = table->rri != run->target;
	form.row_context = lane->row_context;
	lane->form = PrepareRowForm(&form);
	lane->row_bytes = BytesBesidesRow(lane);
	lane->check = PrepareRowCheck(table->rri, run->estate);
	lane->parents = TakeOverParents(table->rri);
	lane->indexes = IndexWriterOpen(table->rri, run->estate, table->index);
	if (ClaimsKeys(lane) || (run->keys_repeat && OidIsValid(table->index)))
		lane->arbiter = ArbiterOpen(lane->rel, IndexWriterArbiter(lane->indexes),
									run->keys_repeat ? GetActiveSnapshot() : NULL, lane->context);
	if (lane->arbiter && (run->keys_repeat || run->deletes_unseen))
		lane->seen = MakeSeenRows();
	if (run->keys_repeat && run->deletes_unseen && SetsAside(lane))
		lane->spared = MakeSeenRows();
	PrepareTriggers(lane);
	PrepareToSetAside(lane);
	lane->bulk = GetBulkInsertState();
	lane->capacity = lane->ordered = BATCH_ROWS_ORDERED;
	return lane;
}

void
CloseLane(Lane *lane)
{
	if (lane->arbiter)
		ArbiterClose(lane->arbiter);
	if (lane->rival)
		ExecDropSingleTupleTableSlot(lane->rival);
	FreeBulkInsertState(lane->bulk);
	table_finish_bulk_insert(lane->rel, 0);
	for (int i = 0; i < lane->nslots; i++)
		ExecDropSingleTupleTableSlot(lane->rows[i].slot);
}

static void
GrowRows(Lane *lane)
{
	Size size;

	lane->allocated = lane->allocated ? Min(lane->allocated * 2, BATCH_ROWS_MAX) : 1024;
	size = sizeof(BatchRow) * lane->allocated;
	lane->rows = lane->rows ? repalloc_huge(lane->rows, size) : MemoryContextAlloc(lane->slot_context, size);
}

TupleTableSlot *
LaneSlot(Lane *lane)
{
	if (lane->nrows == lane->nslots)
	{
		MemoryContext old = MemoryContextSwitchTo(lane->slot_context);

		if (lane->nslots == lane->allocated)
			GrowRows(lane);
		lane->rows[lane->nslots++].slot = MakeSingleTupleTableSlot(RowFormDesc(lane->form), &TTSOpsHeapTuple);
		MemoryContextSwitchTo(old);
	}
	return lane->rows[lane->nrows].slot;
}

/* Takes the key's columns of a row; values has room for them. */
static void
FillKey(Lane *lane, int row, BatchKey *key, Datum *values)
{
	ListCell *lc;
	int n = 0;

	key->row = row;
	key->has_null = false;
	key->found = false;
	key->dead = false;
	key->values = values;
	foreach (lc, lane->table.key)
	{
		bool isnull;

		values[n++] = slot_getattr(lane->rows[row].slot, lfirst_int(lc), &isnull);
		key->has_null |= isnull;
	}
	key->first = values[0];
}

static BatchKey *
FillKeys(Lane *lane)
{
	int n = list_length(lane->table.key);
	BatchKey *keys = MemoryContextAllocHuge(lane->batch_context, sizeof(BatchKey) * lane->nrows);
	Datum *values = MemoryContextAllocHuge(lane->batch_context, sizeof(Datum) * lane->nrows * n);

	for (int i = 0; i < lane->nrows; i++)
		FillKey(lane, i, &keys[i], values + (Size) i * n);
	return keys;
}

/*
 * A full batch that is out of order goes on to collect rows: the more of them are
 * sorted together, the fewer steps it takes to find them in the index.
 */
static bool
GrowBatch(Lane *lane)
{
	if (lane->arbiter == NULL || lane->capacity == BATCH_ROWS_MAX || lane->bytes >= BATCH_BYTES_MAX)
		return false;
	if (ArbiterIsSorted(lane->arbiter, FillKeys(lane), lane->nrows))
		return false;
	lane->capacity = BATCH_ROWS_MAX;
	return true;
}

bool
LaneAdd(Lane *lane, const RowPlace *place)
{
	BatchRow *row = &lane->rows[lane->nrows++];
	TupleTableSlot *slot = row->slot;
	Size bytes;

	row->given = FormRow(lane->form, slot, slot->tts_values, slot->tts_isnull);
	row->filled = NULL;
	row->place = *place;
	row->fate = FATE_INSERT;
	row->fault = NULL;
	ItemPointerSetInvalid(&row->origin);
	row->has_next = false;
	bytes = row->given->t_len + lane->row_bytes;
	lane->bytes += bytes;
	lane->run->rows++;
	lane->run->bytes += bytes;
	return (lane->nrows >= lane->capacity || lane->bytes >= BATCH_BYTES_MAX) && !GrowBatch(lane);
}

/* --- in key order */

static void
BeginAsking(Lane *lane)
{
	lane->places_asked = lane->rows_asked = 0;
}

/* Key i is at work: asks for the rows of those behind it. */
static void
AskAhead(Lane *lane, int i)
{
	int places = Min(i + AHEAD_OF_PLACE, lane->nkeys);
	int rows = Min(i + AHEAD_OF_ROW, lane->nkeys);

	for (; lane->places_asked < places; lane->places_asked++)
		AskForMemory(&lane->rows[lane->keys[lane->places_asked].row], sizeof(BatchRow));
	for (; lane->rows_asked < rows; lane->rows_asked++)
	{
		BatchRow *row = &lane->rows[lane->keys[lane->rows_asked].row];

		AskForMemory(row->slot, ROW_BYTES_AHEAD);
		AskForMemory(row->given, ROW_BYTES_AHEAD);
	}
}

/* --- 1. looking rows up */

/* Remembers the row that a row of the batch has become or met. */
static void
NoteSeen(Lane *lane, const BatchRow *row, ItemPointer tid)
{
	if (lane->seen)
		AddSeenRow(lane->seen, tid, row->place.line);
}

/* A key of the batch comes again: an error, a row set aside, or one left out. */
static void
MeetRepeatedKey(Lane *lane, const BatchKey *key, int64 first_line)
{
	BatchRow *row = &lane->rows[key->row];

	row->fate = FATE_SETTLED;
	if (lane->run->request->on_duplicate == DUPLICATE_FIRST)
		lane->run->counts->duplicates++;
	else if (SetsAside(lane))
		row->fault = RepeatedKeyFault(lane->run->request);
	else
	{
		lane->run->current = NULL;
		RaiseRepeatedKey(lane->run->request, IndexWriterArbiter(lane->indexes), key->values, first_line,
						 row->place.line);
	}
}

typedef enum KeyState
{
	KEY_NEW,      /* nothing has it */
	KEY_THERE,    /* a row has it, which the batch has not met yet */
	KEY_REPEATED, /* the batch has met it */
	KEY_TOO_LATE  /* a row has it that came behind the merge's begin, which mode update does not find */
} KeyState;

/*
 * What a key is to the merge, whose row there is now (NULL: none). Others may have changed, deleted or made
 * the row since a row of this key was met, so that what is there now does not tell that it was; the snapshot
 * under which the merge began does: it sees the same row of a key each time.
 */
static KeyState
StateOfKey(Lane *lane, const BatchKey *key, TupleTableSlot *existing, int64 *first_line)
{
	ItemPointer origin = &lane->rows[key->row].origin;
	KeyState state = existing ? KEY_THERE : KEY_NEW;

	if (existing && HasSeenRow(lane->seen, &existing->tts_tid, first_line))
		return KEY_REPEATED;
	if (!ClaimsKeys(lane))
		return state;
	if (existing ? table_tuple_satisfies_snapshot(lane->rel, existing, GetActiveSnapshot()) : !key->dead)
		return state;
	if (!ArbiterFindAsOf(lane->arbiter, key, origin))
		return existing && !Inserts(lane) ? KEY_TOO_LATE : state;
	return HasSeenRow(lane->seen, origin, first_line) ? KEY_REPEATED : state;
}

/* Remembers the row of the target that a row of the batch was about. */
static void
NoteMet(Lane *lane, BatchRow *row, ItemPointer tid)
{
	NoteSeen(lane, row, tid);
	if (lane->seen && ItemPointerIsValid(&row->origin))
		NoteSeen(lane, row, &row->origin);
}

/* Mode update: nothing is there that the row could update. What was there at first is met for all that. */
static void
PassOverRow(Lane *lane, const BatchKey *key)
{
	GivenRow given = {.desc = RowFormDesc(lane->form), .of_target = lane->table.of_target};
	BatchRow *row = &lane->rows[key->row];

	row->fate = FATE_SETTLED;
	lane->run->counts->ignored++;
	given.tuple = row->given;
	if (lane->run->missed == NULL || key->has_null)
		return;
	if (ItemPointerIsValid(&row->origin))
		NoteSeen(lane, row, &row->origin);
	else
		AddMissedRow(lane->run->missed, key->values, &row->place, &given);
}

/* The row is not there. */
static void
MissRow(Lane *lane, const BatchKey *key)
{
	BatchRow *row = &lane->rows[key->row];
	int64 first_line;

	MakeCurrent(lane, row);
	if (lane->run->keys_repeat && StateOfKey(lane, key, NULL, &first_line) == KEY_REPEATED)
		MeetRepeatedKey(lane, key, first_line);
	else if (!Inserts(lane))
		PassOverRow(lane, key);
}

static bool
WasUpdated(TupleTableSlot *existing)
{
	HeapTuple tuple = ExecFetchSlotHeapTuple(existing, false, NULL);

	return (tuple->t_data->t_infomask & HEAP_UPDATED) != 0 ||
		   TransactionIdIsValid(HeapTupleHeaderGetRawXmax(tuple->t_data));
}

/* The row is there, and the batch has not met it yet. */
static void
CompareRow(Lane *lane, BatchRow *row, TupleTableSlot *existing)
{
	if (Updates(lane) && (row->changed = OverlayRow(lane->form, existing, row->slot)) != 0)
	{
		row->fate = FATE_UPDATE;
		row->was_updated = WasUpdated(existing);
		return;
	}
	row->fate = FATE_SETTLED;
	(*(Updates(lane) ? &lane->run->counts->unchanged : &lane->run->counts->ignored))++;
	NoteMet(lane, row, &row->tid);
}

/* ArbiterFound: the row is there. In mode insert, that is found to be wrong when others of it have been. */
static void
MeetRow(void *arg, BatchKey *key, TupleTableSlot *existing)
{
	Lane *lane = arg;
	BatchRow *row = &lane->rows[key->row];
	MemoryContext old = MemoryContextSwitchTo(lane->batch_context);
	KeyState state = KEY_THERE;
	int64 first_line;

	MakeCurrent(lane, row);
	row->tid = existing->tts_tid;
	if (lane->run->keys_repeat)
		state = StateOfKey(lane, key, existing, &first_line);
	if (state == KEY_REPEATED)
		MeetRepeatedKey(lane, key, first_line);
	else if (state == KEY_TOO_LATE)
		PassOverRow(lane, key);
	else if (ClaimsKeys(lane))
		CompareRow(lane, row, existing);
	MemoryContextSwitchTo(old);
}

static void
WaitForFirst(Lane *lane, int row, int first)
{
	lane->rows[row].fate = FATE_WAIT;
	lane->rows[row].first = first;
	lane->rows[first].has_next = true;
}

/* Keys that come twice in the batch itself: leaves the first of each in lane->keys, which is sorted. */
static void
DropRepeatedKeys(Lane *lane)
{
	int n = 0;

	for (int i = 0; i < lane->nkeys; i++)
	{
		BatchKey *key = &lane->keys[i];

		if (n == 0 || key->has_null || !ArbiterSameKey(lane->arbiter, &lane->keys[n - 1], key))
			lane->keys[n++] = *key;
		else if (SetsAside(lane))
			WaitForFirst(lane, key->row, lane->keys[n - 1].row);
		else
			MeetRepeatedKey(lane, key, lane->rows[lane->keys[n - 1].row].place.line);
	}
	lane->nkeys = n;
}

/* ArbiterFound: the same for one of the batch's keys. */
static void
MeetBatchRow(void *arg, BatchKey *key, TupleTableSlot *existing)
{
	Lane *lane = arg;

	AskAhead(lane, key - lane->keys);
	MeetRow(lane, key, existing);
}

static void
ProbeBatch(Lane *lane)
{
	lane->keys = FillKeys(lane);
	lane->nkeys = lane->nrows;
	ArbiterSort(lane->arbiter, lane->keys, lane->nkeys);
	if (lane->run->keys_repeat)
		DropRepeatedKeys(lane);
	BeginAsking(lane);
	ArbiterProbe(lane->arbiter, lane->keys, lane->nkeys, MeetBatchRow, lane);
	for (int i = 0; i < lane->nkeys; i++)
	{
		if (!lane->keys[i].found)
			MissRow(lane, &lane->keys[i]);
	}
}

/* --- 2. completing and checking */

static bool
IsToBeWritten(const BatchRow *row)
{
	return (row->fate == FATE_INSERT || row->fate == FATE_UPDATE) && row->fault == NULL;
}

/* Completes a row and checks it; raises what is wrong with it, but for what can be set aside without. */
static void
JudgeRow(Lane *lane, BatchRow *row)
{
	bool partition = !lane->is_routed || row->fate == FATE_UPDATE;

	MakeCurrent(lane, row);
	if (row->fate == FATE_INSERT)
		CompleteNewRow(lane->form, row->slot, &row->filled);
	else
		CompleteUpdatedRow(lane->form, row->slot);
	if (SetsAside(lane))
		row->fault = FaultOfRow(lane->check, row->slot, partition);
	else
		CheckRow(lane->check, row->slot, partition);
	ResetPerTupleExprContext(lane->run->estate);
}

/* Rows of the batch yet to be judged, from next on to before end. */
typedef struct Judging
{
	Lane *lane;
	int next;
	int end;
} Judging;

static void
JudgeNext(void *arg)
{
	Judging *judging = arg;

	for (; judging->next < judging->end; judging->next++)
	{
		BatchRow *row = &judging->lane->rows[judging->next];

		if (IsToBeWritten(row))
			JudgeRow(judging->lane, row);
	}
}

static void
JudgeRows(Lane *lane, int from, int to)
{
	Judging judging = {.lane = lane, .next = from, .end = to};
	ErrorData *error;

	if (!SetsAside(lane))
	{
		JudgeNext(&judging);
		return;
	}
	while ((error = RunInSubtransaction(JudgeNext, &judging)) != NULL)
	{
		ResetPerTupleExprContext(lane->run->estate);
		if (!IsFaultOfRow(error->sqlerrcode))
			ReThrowError(error);
		lane->rows[judging.next++].fault = error;
	}
}

/* RivalFound: the row waits, or the first of its key does with those behind it. */
static void
HoldBack(void *arg, int n)
{
	Lane *lane = arg;
	int first = lane->rows[n].fate == FATE_WAIT ? lane->rows[n].first : n;

	if (IsToBeWritten(&lane->rows[first]))
		lane->rows[first].fate = FATE_WAIT;
	lane->rows[first].first = first;
}

/* The keys that a row of the table has now, and may give up. */
static void
NoteReplaced(Lane *lane, BatchRow *row)
{
	if (!table_tuple_fetch_row_version(lane->rel, &row->tid, SnapshotAny, lane->rival))
		return;
	NoteRival(lane->rivals, lane->rival, row - lane->rows, HoldBack, lane);
	ExecClearTuple(lane->rival);
}

static void
NoteKeys(Lane *lane, BatchRow *row)
{
	bool moves = row->fate == FATE_UPDATE && (row->has_next || IndexWriterMoves(lane->indexes, row->changed));

	if (row->fault != NULL || row->fate == FATE_SETTLED || (row->fate == FATE_UPDATE && !moves))
		return;
	MakeCurrent(lane, row);
	NoteRival(lane->rivals, row->slot, row - lane->rows, HoldBack, lane);
	if (moves)
		NoteReplaced(lane, row);
}

static bool
AnyWaits(Lane *lane)
{
	for (int i = 0; i < lane->nrows; i++)
	{
		if (lane->rows[i].fate == FATE_WAIT)
			return true;
	}
	return false;
}

/*
 * Has those rows wait whose fate hangs on which of them is taken first. A row of the table is of no
 * account while no row of the batch makes it give up a key: who wants that is at fault, sooner or later.
 */
static void
HoldRivalsBack(Lane *lane)
{
	bool all;

	if (lane->rivals == NULL || lane->nrows == 1)
		return;
	all = RivalsAreUnknown(lane->rivals) || (!RivalsTakeGivenRows(lane->rivals) && AnyWaits(lane));
	BeginRivals(lane->rivals);
	for (int i = 0; i < lane->nrows; i++)
	{
		if (all)
			HoldBack(lane, i);
		else
			NoteKeys(lane, &lane->rows[i]);
	}
}

/* A key that another row has is found first, as PostgreSQL looks for parents when the row is in its indexes.
 */
static ErrorData *
FaultOfKeys(Lane *lane, BatchRow *row, ColumnMask changed)
{
	bool is_new = row->fate == FATE_INSERT;
	ErrorData *orphan = FaultOfParents(lane->parents, row->slot, changed);
	ErrorData *duplicate = NULL;

	if (orphan != NULL)
		duplicate = IndexWriterFault(lane->indexes, row->slot, is_new ? NULL : &row->tid, changed,
									 is_new && ClaimsKeys(lane));
	return duplicate ? duplicate : orphan;
}

/* Parents stay locked, so this is not done in a subtransaction. */
static void
CheckParentsOf(Lane *lane, int from, int to)
{
	for (int i = from; lane->parents && i < to; i++)
	{
		BatchRow *row = &lane->rows[i];
		ColumnMask changed = row->fate == FATE_UPDATE ? row->changed : ~UINT64CONST(0);

		if (!IsToBeWritten(row))
			continue;
		MakeCurrent(lane, row);
		if (SetsAside(lane))
			row->fault = FaultOfKeys(lane, row, changed);
		else
			CheckParents(lane->parents, row->slot, changed);
	}
}

static void
CheckRows(Lane *lane, int from, int to)
{
	JudgeRows(lane, from, to);
	CheckParentsOf(lane, from, to);
}

/*
 * Somebody else changed the row that this one was to replace, or inserted one with its key:
 * it is looked up, completed and checked again.
 */
static void
LookAgain(Lane *lane, BatchRow *row)
{
	int n = row - lane->rows;
	BatchKey key;

	MakeCurrent(lane, row);
	PutFormedRow(lane->form, row->slot, row->given);
	row->fate = FATE_INSERT;
	ItemPointerSetInvalid(&row->origin);
	if (lane->arbiter)
	{
		FillKey(lane, n, &key,
				MemoryContextAlloc(lane->batch_context, sizeof(Datum) * list_length(lane->table.key)));
		ArbiterProbeOne(lane->arbiter, &key, MeetRow, lane);
		if (!key.found)
			MissRow(lane, &key);
	}
	if (IsToBeWritten(row))
		CheckRows(lane, n, n + 1);
}

/* --- 3. updates */

static bool
IsMover(Lane *lane, const BatchRow *row)
{
	return IndexWriterMoves(lane->indexes, row->changed);
}

/* Writes the new version; false when somebody else changed the row first. */
static bool
WriteUpdate(Lane *lane, BatchRow *row)
{
	TM_FailureData failure;
	IndexesToUpdate indexes;
	TM_Result result;

	MakeCurrent(lane, row);
	result =
		UpdateTuple(lane->rel, &row->tid, row->slot, lane->run->estate->es_output_cid, &failure, &indexes);
	if (result == TM_Updated || result == TM_Deleted)
		return false;
	if (result != TM_Ok)
		ereport(ERROR, (errcode(ERRCODE_CARDINALITY_VIOLATION),
						errmsg("row of \"%s\" was already modified by this merge",
							   RelationGetRelationName(lane->rel))));
	lane->written[lane->nwritten++] = (IndexedRow){.slot = row->slot,
												   .old_tid = row->tid,
												   .changed = row->changed,
												   .was_updated = row->was_updated,
												   .indexes = indexes,
												   .row = row - lane->rows};
	return true;
}

/* Index entries and triggers of the rows updated so far. */
static void
FinishUpdates(Lane *lane)
{
	IndexWriterUpdate(lane->indexes, lane->written, lane->nwritten, SetCurrent, lane);
	for (int i = 0; i < lane->nwritten; i++)
	{
		IndexedRow *row = &lane->written[i];

		SetCurrent(lane, row->row);
		ExecARUpdateTriggers(lane->run->estate, lane->table.rri, NULL, NULL, &row->old_tid, NULL, row->slot,
							 NIL, NULL, false);
		if (lane->old_row)
			ExecClearTuple(lane->old_row);
	}
	lane->nwritten = 0;
}

static void
SettleUpdated(Lane *lane, BatchRow *row)
{
	row->fate = FATE_SETTLED;
	lane->run->counts->updated++;
	NoteMet(lane, row, &row->slot->tts_tid);
	if (lane->run->deletes_unseen)
		NoteSeen(lane, row, &row->tid);
}

/* Writes a row that is to be updated and is no mover, and leaves its index entries to FinishUpdates. */
static void
UpdateInPlace(Lane *lane, BatchRow *row)
{
	while (row->fate == FATE_UPDATE && row->fault == NULL && !IsMover(lane, row))
	{
		if (WriteUpdate(lane, row))
		{
			SettleUpdated(lane, row);
			return;
		}
		LookAgain(lane, row);
	}
}

/* A row that is written, but not settled yet. */
typedef struct Moved
{
	BatchRow *row;
	struct Moved *next;
} Moved;

typedef struct Moving
{
	Lane *lane;
	BatchRow *alone; /* NULL: all of the batch's */
	Moved *moved;    /* by this attempt */
} Moving;

/*
 * Whether a mover is at fault, its unique keys being another row's. It is looked up again before it is
 * found guilty: somebody may have changed the very row that it is to replace, which may have those keys now.
 */
static bool
MayNotMove(Lane *lane, BatchRow *row)
{
	ErrorData *fault;
	ItemPointerData judged;

	while ((fault = IndexWriterFault(lane->indexes, row->slot, &row->tid, row->changed, false)) != NULL)
	{
		judged = row->tid;
		LookAgain(lane, row);
		if (row->fate != FATE_UPDATE || row->fault != NULL)
			return true;
		if (ItemPointerEquals(&row->tid, &judged))
		{
			row->fault = fault;
			return true;
		}
	}
	return false;
}

/* Writes a mover with its index entries. */
static void
MoveRow(Moving *moving, BatchRow *row)
{
	Lane *lane = moving->lane;
	Moved *moved;

	while (row->fate == FATE_UPDATE && row->fault == NULL)
	{
		MakeCurrent(lane, row);
		if (SetsAside(lane) && MayNotMove(lane, row))
			return;
		if (WriteUpdate(lane, row))
		{
			FinishUpdates(lane);
			moved = MemoryContextAlloc(lane->batch_context, sizeof(Moved));
			*moved = (Moved){.row = row, .next = moving->moved};
			moving->moved = moved;
			return;
		}
		LookAgain(lane, row);
	}
}

static int
CountMoving(const Moving *moving)
{
	return moving->alone ? 1 : moving->lane->nkeys;
}

static BatchRow *
NthMoving(const Moving *moving, int n)
{
	return moving->alone ? moving->alone : &moving->lane->rows[moving->lane->keys[n].row];
}

static void
MoveRows(void *arg)
{
	Moving *moving = arg;

	for (int i = 0; i < CountMoving(moving); i++)
	{
		BatchRow *row = NthMoving(moving, i);

		if (row->fate == FATE_UPDATE && row->fault == NULL)
			MoveRow(moving, row);
	}
}

/* What an attempt that failed has decided does not hold; rows may have been met anew, and those stay so. */
static void
ForgetMoves(Moving *moving)
{
	Lane *lane = moving->lane;

	moving->moved = NULL;
	lane->nwritten = 0;
	if (lane->parents)
		ForgetParents(lane->parents);
	for (int i = 0; i < CountMoving(moving); i++)
	{
		BatchRow *row = NthMoving(moving, i);

		if (row->fate == FATE_UPDATE && row->fault && row->fault->sqlerrcode == ERRCODE_UNIQUE_VIOLATION)
			row->fault = NULL;
	}
}

static void
MoveRowsGuarded(Moving *moving)
{
	for (int attempt = 1;; attempt++)
	{
		ErrorData *error = RunInSubtransaction(MoveRows, moving);

		if (error == NULL)
			return;
		if (error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION || attempt == MAX_ATTEMPTS)
			ReThrowError(error);
		ForgetMoves(moving);
		CHECK_FOR_INTERRUPTS();
	}
}

static bool
HasMovers(const Moving *moving)
{
	for (int i = 0; i < CountMoving(moving); i++)
	{
		BatchRow *row = NthMoving(moving, i);

		if (row->fate == FATE_UPDATE && row->fault == NULL)
			return true;
	}
	return false;
}

/* Writes the movers of the batch, or the one that alone is. */
static void
WriteMovers(Lane *lane, BatchRow *alone)
{
	Moving moving = {.lane = lane, .alone = alone};

	if (!HasMovers(&moving))
		return;
	if (SetsAside(lane))
		MoveRowsGuarded(&moving);
	else
		MoveRows(&moving);
	for (Moved *moved = moving.moved; moved != NULL; moved = moved->next)
		SettleUpdated(lane, moved->row);
}

static void
WriteUpdates(Lane *lane)
{
	BeginAsking(lane);
	for (int i = 0; i < lane->nkeys; i++)
	{
		AskAhead(lane, i);
		UpdateInPlace(lane, &lane->rows[lane->keys[i].row]);
	}
	FinishUpdates(lane);
	WriteMovers(lane, NULL);
}

/* --- 4. inserts */

static void
SeeOwnRows(Lane *lane)
{
	CommandCounterIncrement();
	lane->run->estate->es_output_cid = GetCurrentCommandId(true);
}

static void InsertRows(Lane *lane);

/* One row alone, whatever is to become of it. */
static void
WriteAlone(Lane *lane, BatchRow *row)
{
	UpdateInPlace(lane, row);
	FinishUpdates(lane);
	WriteMovers(lane, row);
	if (row->fate != FATE_INSERT || row->fault != NULL)
		return;
	if (SetsAside(lane))
	{
		row->fault = IndexWriterFault(lane->indexes, row->slot, NULL, ~UINT64CONST(0), ClaimsKeys(lane));
		if (row->fault != NULL)
			return;
	}
	lane->written[0] = (IndexedRow){.slot = row->slot, .row = row - lane->rows};
	lane->nwritten = 1;
	InsertRows(lane);
}

/* Parts lane->written: rows that have their entries stay, the numbers of the others are returned. */
static List *
PartLostRows(Lane *lane)
{
	List *lost = NIL;
	int n = 0;

	for (int i = 0; i < lane->nwritten; i++)
	{
		if (lane->written[i].lost)
			lost = lappend_int(lost, lane->written[i].row);
		else
			lane->written[n++] = lane->written[i];
	}
	lane->nwritten = n;
	return lost;
}

/*
 * A row that lost a key is looked up again: it meets the other's row, or (that was rolled
 * back or deleted) is inserted again, or is at fault.
 */
static void
YieldRow(Lane *lane, BatchRow *row)
{
	LookAgain(lane, row);
	WriteAlone(lane, row);
}

/* The numbers of rows, in the order of the arbiter index, in which its keys are to be waited for. */
static List *
InKeyOrder(Lane *lane, List *numbers)
{
	int n = list_length(numbers);
	BatchKey *keys = palloc(sizeof(BatchKey) * n);
	Datum *values = palloc(sizeof(Datum) * n * list_length(lane->table.key));
	List *ordered = NIL;

	for (int i = 0; i < n; i++)
		FillKey(lane, list_nth_int(numbers, i), &keys[i], values + i * list_length(lane->table.key));
	ArbiterSort(lane->arbiter, keys, n);
	for (int i = 0; i < n; i++)
		ordered = lappend_int(ordered, keys[i].row);
	return ordered;
}

static void
YieldRows(Lane *lane, List *lost)
{
	ListCell *lc;

	SeeOwnRows(lane);
	if (lane->arbiter)
		lost = InKeyOrder(lane, lost);
	foreach (lc, lost)
		YieldRow(lane, &lane->rows[lfirst_int(lc)]);
}

static void
SettleInserted(Lane *lane)
{
	for (int i = 0; i < lane->nwritten; i++)
	{
		BatchRow *row = &lane->rows[lane->written[i].row];

		MakeCurrent(lane, row);
		row->fate = FATE_SETTLED;
		lane->run->counts->inserted++;
		NoteSeen(lane, row, &row->slot->tts_tid);
		ExecARInsertTriggers(lane->run->estate, lane->table.rri, row->slot, NIL, NULL);
	}
	lane->nwritten = 0;
}

static void
InsertUnclaimed(Lane *lane)
{
	TupleTableSlot **slots = palloc(sizeof(TupleTableSlot *) * lane->nwritten);

	for (int i = 0; i < lane->nwritten; i++)
		slots[i] = lane->written[i].slot;
	table_multi_insert(lane->rel, slots, lane->nwritten, lane->run->estate->es_output_cid, 0, lane->bulk);
	pfree(slots);
}

/*
 * Writes lane->written: heap, arbiter index, the other indexes, triggers. Rows that lost a key,
 * to another transaction between our probe and our entry, or to any other row where bad ones
 * are set aside, are looked up again, one by one.
 */
static void
InsertRows(Lane *lane)
{
	RowInserter inserter = {.rel = lane->rel,
							.estate = lane->run->estate,
							.indexes = lane->indexes,
							.has_arbiter = ClaimsKeys(lane),
							.claims_all = SetsAside(lane),
							.bulk = lane->bulk,
							.current = SetCurrent,
							.arg = lane};
	List *lost;

	if (ClaimsKeys(lane) || SetsAside(lane))
		lane->in_subtransaction |= InsertAndClaim(&inserter, lane->written, lane->nwritten);
	else
		InsertUnclaimed(lane);
	lost = PartLostRows(lane);
	if (!SetsAside(lane))
		IndexWriterInsert(lane->indexes, lane->written, lane->nwritten, ClaimsKeys(lane), false, SetCurrent,
						  lane);
	SettleInserted(lane);
	if (lost != NIL)
		YieldRows(lane, lost);
}

/* In the order of the file, which the heap then keeps. */
static void
WriteInserts(Lane *lane)
{
	for (int i = 0; i < lane->nrows; i++)
	{
		if (lane->rows[i].fate == FATE_INSERT && lane->rows[i].fault == NULL)
			lane->written[lane->nwritten++] = (IndexedRow){.slot = lane->rows[i].slot, .row = i};
	}
	if (lane->nwritten > 0)
		InsertRows(lane);
}

/* --- the batch */

/* Of a key the first row is merged that is not set aside, and of rivals those that find their keys free. */
static void
SettleWaiting(Lane *lane)
{
	if (!AnyWaits(lane))
		return;
	SeeOwnRows(lane);
	for (int i = 0; i < lane->nrows; i++)
	{
		if (lane->rows[i].fate == FATE_WAIT)
			YieldRow(lane, &lane->rows[i]);
	}
}

/* Mode sync keeps what a row set aside was to update, though the next row of its key has not been met before.
 */
static void
SpareRow(Lane *lane, BatchRow *row)
{
	if (lane->spared)
		AddSeenRow(lane->spared, &row->tid, row->place.line);
	else
		NoteSeen(lane, row, &row->tid);
}

/* Rows at fault. */
static void
SetRowsAside(Lane *lane)
{
	GivenRow given = {.desc = RowFormDesc(lane->form), .of_target = lane->table.of_target};

	for (int i = 0; i < lane->nrows; i++)
	{
		BatchRow *row = &lane->rows[i];

		if (row->fault == NULL)
			continue;
		lane->run->current = NULL;
		given.tuple = row->given;
		SetAside(lane->run->request, row->fault, &row->place, lane->run->request->source ? NULL : &given,
				 lane->run->counts);
		if (row->fate == FATE_UPDATE && lane->run->deletes_unseen)
			SpareRow(lane, row);
	}
}

/*
 * Inserts into a table that is decoded take a subtransaction a batch. Others have
 * to look up ours one by one when there are more than a few dozen, so batches grow then. And they
 * do where keys of other indexes are all over: the more of them are sorted together, the more share a page.
 */
static void
SizeNextBatch(Lane *lane)
{
	bool scattered = IndexWriterWasScattered(lane->indexes);

	if (lane->in_subtransaction)
		lane->ordered = Min(lane->ordered * 2, BATCH_ROWS_MAX);
	else if (scattered)
		lane->ordered = Max(lane->ordered, Min(lane->ordered * 2, BATCH_ROWS_SCATTER));
	lane->in_subtransaction = false;
	lane->capacity = lane->ordered;
}

/* One of many lanes does not keep the room of a large batch, nor a page. */
static void
LetGoRoom(Lane *lane)
{
	ReleaseBulkInsertStatePin(lane->bulk);
	if (lane->arbiter)
		ArbiterRest(lane->arbiter);
	if (lane->nslots <= BATCH_ROWS_ORDERED)
		return;
	for (int i = 0; i < lane->nslots; i++)
		ExecDropSingleTupleTableSlot(lane->rows[i].slot);
	MemoryContextReset(lane->slot_context);
	lane->rows = NULL;
	lane->nslots = 0;
	lane->allocated = 0;
}

static void
ClearBatch(Lane *lane)
{
	for (int i = 0; i < lane->nrows; i++)
		LetGoRow(lane->form, lane->rows[i].slot);
	lane->run->rows -= lane->nrows;
	lane->run->bytes -= lane->bytes;
	lane->nrows = 0;
	lane->bytes = 0;
	lane->keys = NULL;
	lane->nkeys = 0;
	lane->run->current = NULL;
	MemoryContextReset(lane->batch_context);
	MemoryContextReset(lane->row_context);
	if (lane->is_routed)
		LetGoRoom(lane);
}

/* ArbiterFound: arg tells whether the batch has met or made the row. */
static void
NoteWhetherSeen(void *arg, BatchKey *key, TupleTableSlot *existing)
{
	Lane *lane = arg;

	key->found = IsSeenOrSpared(lane->seen, lane->spared, &existing->tts_tid);
}

/* HasKeyOf: who has the key of this row now, if anybody, is the batch's. */
static bool
LaneHasKeyOf(void *arg, TupleTableSlot *row)
{
	Lane *lane = arg;
	Datum values[INDEX_MAX_KEYS];
	BatchKey key = {.values = values};
	ListCell *lc;

	foreach (lc, lane->table.key)
	{
		bool isnull;

		values[foreach_current_index (lc)] = slot_getattr(row, lfirst_int(lc), &isnull);
		key.has_null |= isnull;
	}
	ArbiterProbeOne(lane->arbiter, &key, NoteWhetherSeen, lane);
	return key.found;
}

void
LaneDeleteUnseen(Lane *lane)
{
	DeleteUnseen(lane->run, lane->table.rri, lane->seen, lane->spared, LaneHasKeyOf, lane);
}

void
MergeLane(Lane *lane)
{
	MemoryContext old;

	if (lane->nrows == 0)
		return;
	old = MemoryContextSwitchTo(lane->batch_context);
	SeeOwnRows(lane);
	lane->written = MemoryContextAllocHuge(lane->batch_context, sizeof(IndexedRow) * lane->nrows);
	if (lane->arbiter)
		ProbeBatch(lane);
	JudgeRows(lane, 0, lane->nrows);
	HoldRivalsBack(lane);
	CheckParentsOf(lane, 0, lane->nrows);
	if (lane->arbiter)
		WriteUpdates(lane);
	WriteInserts(lane);
	if (SetsAside(lane))
	{
		SettleWaiting(lane);
		SetRowsAside(lane);
	}
	MemoryContextSwitchTo(old);
	ClearBatch(lane);
	SizeNextBatch(lane);
}
