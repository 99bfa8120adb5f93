/*
 * take_back.c
 *		Taking back a row that was just inserted.
 *
 * A row that its own transaction deletes in the ordinary way is still in
 * progress to all others: two writers who each lost a key to a third one would
 * find each other's row and wait for each other. INSERT ... ON CONFLICT escapes
 * that by inserting speculatively, one row at a time: such a row is killed, not
 * deleted. Here the row is made speculative when it is to go.
 */
#include "compat.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/rel.h"

#include "take_back.h"

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

void
TakeBackRow(Relation rel, ItemPointer tid)
{
	TransactionId xid = GetCurrentTransactionId();
	Buffer buffer;

	/* subscribers were told of an ordinary row, so they are to hear that it is gone */
	if (RelationIsLogicallyLogged(rel))
		simple_heap_delete(rel, tid);
	buffer = ReadBuffer(rel, ItemPointerGetBlockNumber(tid));
	MarkSpeculative(buffer, ItemPointerGetOffsetNumber(tid), SpeculativeInsertionLockAcquire(xid));
	heap_abort_speculative(rel, tid);
	SpeculativeInsertionLockRelease(xid);
	ReleaseBuffer(buffer);
}
