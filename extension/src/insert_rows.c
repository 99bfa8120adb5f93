/*
 * insert_rows.c
 *		Rows into a table and its arbiter index, where others may want the same keys.
 *
 * Design notes
 *
 * Of two writers of one key, exactly one gets its entry into the unique index (see
 * IndexWriterClaim); the row of the other has to go. Deleting it would not do:
 *
 * - A row that its own transaction deletes is still in progress to all others:
 *   two who each lost a key to a third one would find each other's row and
 *   wait for each other.
 * - Logical decoding would report an insert, which a subscriber that already has the
 *   other's row can only fail on, and a deletion, which would hit that row.
 *
 * INSERT ... ON CONFLICT escapes both by inserting speculatively, one row at a time:
 * such a row is killed, and decoding does not report it. So a single row is written here. Many
 * at once cannot be written so; of those, the lost ones are made speculative
 * when they are to go. Where the table is decoded, that is too late: the rows are
 * written in a subtransaction, which goes as a whole.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/rel.h"

#include "guard.h"
#include "insert_rows.h"

typedef struct Rows
{
	RowInserter *inserter;
	IndexedRow *rows;
	int n;
} Rows;

static void
SeeOwnRows(EState *estate)
{
	CommandCounterIncrement();
	estate->es_output_cid = GetCurrentCommandId(true);
}

static void
Claim(RowInserter *inserter, IndexedRow *rows, int n)
{
	if (inserter->has_arbiter)
		IndexWriterClaim(inserter->indexes, rows, n, inserter->current, inserter->arg);
	if (inserter->claims_all)
		IndexWriterInsert(inserter->indexes, rows, n, inserter->has_arbiter, true, inserter->current,
						  inserter->arg);
}

static void
WriteAndClaim(Rows *rows)
{
	RowInserter *inserter = rows->inserter;
	TupleTableSlot **slots = palloc(sizeof(TupleTableSlot *) * rows->n);

	for (int i = 0; i < rows->n; i++)
		slots[i] = rows->rows[i].slot;
	table_multi_insert(inserter->rel, slots, rows->n, inserter->estate->es_output_cid, 0, inserter->bulk);
	pfree(slots);
	Claim(inserter, rows->rows, rows->n);
}

static bool
AnyLost(Rows *rows)
{
	for (int i = 0; i < rows->n; i++)
	{
		if (rows->rows[i].lost)
			return true;
	}
	return false;
}

/*
 * The page is not marked as changed: while it is pinned the mark stays, and no
 * crash can leave anything of it but a row of a transaction that failed.
 */
static void
MarkSpeculative(Buffer buffer, OffsetNumber offset, uint32 token)
{
	Page page;

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	page = BufferGetPage(buffer);
	HeapTupleHeaderSetSpeculativeToken((HeapTupleHeader) PageGetItem(page, PageGetItemId(page, offset)),
									   token);
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
}

static void
KillRow(Relation rel, ItemPointer tid)
{
	TransactionId xid = GetCurrentTransactionId();
	Buffer buffer = ReadBuffer(rel, ItemPointerGetBlockNumber(tid));

	MarkSpeculative(buffer, ItemPointerGetOffsetNumber(tid), SpeculativeInsertionLockAcquire(xid));
	heap_abort_speculative(rel, tid);
	SpeculativeInsertionLockRelease(xid);
	ReleaseBuffer(buffer);
}

static void
InsertAndKillLost(Rows *rows)
{
	WriteAndClaim(rows);
	for (int i = 0; i < rows->n; i++)
	{
		if (rows->rows[i].lost)
			KillRow(rows->inserter->rel, &rows->rows[i].slot->tts_tid);
	}
}

static bool
WriteAndClaimAll(void *arg)
{
	WriteAndClaim(arg);
	return !AnyLost(arg);
}

static void
InsertAllOrNone(Rows *rows)
{
	if (!RunOrUndo(WriteAndClaimAll, rows))
	{
		for (int i = 0; i < rows->n; i++)
			rows->rows[i].lost = true;
	}
	SeeOwnRows(rows->inserter->estate);
}

static void
InsertSpeculatively(RowInserter *inserter, IndexedRow *row)
{
	TransactionId xid = GetCurrentTransactionId();
	uint32 token = SpeculativeInsertionLockAcquire(xid);

	inserter->current(inserter->arg, row->row);
	table_tuple_insert_speculative(inserter->rel, row->slot, inserter->estate->es_output_cid, 0,
								   inserter->bulk, token);
	Claim(inserter, row, 1);
	table_tuple_complete_speculative(inserter->rel, row->slot, token, !row->lost);
	SpeculativeInsertionLockRelease(xid);
}

bool
InsertAndClaim(RowInserter *inserter, IndexedRow *rows, int n)
{
	Rows all = {inserter, rows, n};
	bool decoded = RelationIsLogicallyLogged(inserter->rel);

	if (n == 1)
		InsertSpeculatively(inserter, rows);
	else if (decoded)
		InsertAllOrNone(&all);
	else
		InsertAndKillLost(&all);
	return decoded && n > 1;
}
