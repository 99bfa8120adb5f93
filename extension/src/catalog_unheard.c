/*
 * catalog_unheard.c
 *		Rows whose changes raise no invalidation: comments, extensions and their
 *		members.
 *
 * They have to be read each time that somebody asks whether anything changed.
 * Extensions are few. Of pg_description, with its thousands of comments on
 * built-in objects, only the pages' write positions are read, as long as the
 * visibility map knows a page as visible to all: nothing can change there
 * without moving the position. (It is read first: were the page changed in
 * between, the map would say so.) Of other pages the tuples are told apart by
 * their place and the transaction that made them.
 */
#include "catalog_hash.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/visibilitymap.h"
#include "catalog/dependency.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_description.h"
#include "catalog/pg_extension.h"
#include "common/hashfn.h"
#include "storage/bufmgr.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

static inline uint64
Mix(uint64 hash, uint64 number)
{
	return hash_combine64(hash, number * UINT64CONST(0x9E3779B97F4A7C15));
}

static uint64
HashTuplesOfPage(uint64 hash, Relation rel, Buffer buffer, Snapshot snapshot)
{
	Page page = BufferGetPage(buffer);
	HeapTupleData tuple;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	tuple.t_tableOid = RelationGetRelid(rel);
	for (OffsetNumber offset = FirstOffsetNumber; offset <= PageGetMaxOffsetNumber(page); offset++)
	{
		ItemId item = PageGetItemId(page, offset);

		if (!ItemIdIsNormal(item))
			continue;
		tuple.t_data = (HeapTupleHeader) PageGetItem(page, item);
		tuple.t_len = ItemIdGetLength(item);
		ItemPointerSet(&tuple.t_self, BufferGetBlockNumber(buffer), offset);
		if (HeapTupleSatisfiesVisibility(&tuple, snapshot, buffer))
			hash = Mix(Mix(hash, offset), HeapTupleHeaderGetRawXmin(tuple.t_data));
	}
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	return hash;
}

static uint64
HashPages(Oid relid, Snapshot snapshot)
{
	Relation rel = table_open(relid, AccessShareLock);
	BlockNumber count = RelationGetNumberOfBlocks(rel);
	Buffer map = InvalidBuffer;
	uint64 hash = 1;

	for (BlockNumber block = 0; block < count; block++)
	{
		Buffer buffer = ReadBuffer(rel, block);
		XLogRecPtr position = BufferGetLSNAtomic(buffer);

		hash = Mix(hash, block);
		if (VM_ALL_VISIBLE(rel, block, &map))
			hash = Mix(hash, position);
		else
			hash = HashTuplesOfPage(hash, rel, buffer, snapshot);
		ReleaseBuffer(buffer);
	}
	if (BufferIsValid(map))
		ReleaseBuffer(map);
	table_close(rel, AccessShareLock);
	return hash;
}

/* The members of one extension, in any order. */
static uint64
HashMembers(Relation depend, Oid extension, Snapshot snapshot)
{
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple tuple;
	uint64 sum = 0;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(ExtensionRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(extension));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, snapshot, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->deptype == DEPENDENCY_EXTENSION)
			sum += Mix(Mix(extension, form->classid), form->objid);
	}
	systable_endscan(scan);
	return sum;
}

static uint64
HashExtensions(Snapshot snapshot)
{
	Relation rel = table_open(ExtensionRelationId, AccessShareLock);
	Relation depend = table_open(DependRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, snapshot, 0, NULL);
	HeapTuple tuple;
	uint64 sum = 0;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		sum += hash_bytes_extended((const unsigned char *) tuple->t_data + tuple->t_data->t_hoff,
								   tuple->t_len - tuple->t_data->t_hoff, 1);
		sum += HashMembers(depend, ((Form_pg_extension) GETSTRUCT(tuple))->oid, snapshot);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	table_close(rel, AccessShareLock);
	return sum;
}

uint64
HashUnheard(void)
{
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	uint64 hash = HashPages(DescriptionRelationId, snapshot) + HashExtensions(snapshot);

	UnregisterSnapshot(snapshot);
	return hash;
}
