/*
 * merge_stage.c
 *		The rows of a stage, handed to the direct path.
 */
#include "compat.h"

#include "access/table.h"
#include "access/tableam.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "merge_direct.h"
#include "merge_stage.h"

/* TIDs read at a time */
#define LOSERS_FETCHED 10000

/* The TIDs that the one column of a table lists, as a set; NULL when there is no such table. */
static HTAB *
ReadLosers(const char *losers)
{
	HASHCTL ctl = {.keysize = sizeof(ItemPointerData), .entrysize = sizeof(ItemPointerData)};
	SPIParseOpenOptions options = {.read_only = true};
	HTAB *set;
	Portal portal;
	uint64 fetched;

	if (losers == NULL)
		return NULL;
	ctl.hcxt = CurrentMemoryContext;
	set = hash_create("aiodal duplicates", 1024, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	SPI_connect();
	portal = SPI_cursor_parse_open(NULL, psprintf("TABLE %s", losers), &options);
	do
	{
		SPI_cursor_fetch(portal, true, LOSERS_FETCHED);
		fetched = SPI_processed;
		for (uint64 i = 0; i < fetched; i++)
		{
			bool isnull;
			Datum tid = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);

			hash_search(set, DatumGetPointer(tid), HASH_ENTER, NULL);
		}
		SPI_freetuptable(SPI_tuptable);
	} while (fetched > 0);
	SPI_cursor_close(portal);
	SPI_finish();
	return set;
}

/* Where each column of the target is found in the source; 0: nowhere. */
static AttrNumber *
SourceColumns(MergeRequest *request)
{
	TupleDesc desc = RelationGetDescr(request->target);
	AttrNumber *from = palloc0(sizeof(AttrNumber) * desc->natts);
	ListCell *lc;

	foreach (lc, request->columns)
	{
		AttrNumber attnum = lfirst_int(lc);

		from[attnum - 1] =
			get_attnum(RelationGetRelid(request->source), NameStr(TupleDescAttr(desc, attnum - 1)->attname));
	}
	return from;
}

static void
HandOverRow(DirectMerge *m, const AttrNumber *from, TupleTableSlot *row, int64 number)
{
	TupleTableSlot *slot = DirectMergeSlot(m);

	slot_getallattrs(row);
	for (int i = 0; i < slot->tts_tupleDescriptor->natts; i++)
	{
		slot->tts_isnull[i] = from[i] == 0 || row->tts_isnull[from[i] - 1];
		slot->tts_values[i] = from[i] == 0 ? (Datum) 0 : row->tts_values[from[i] - 1];
	}
	if (DirectMergeAdd(m, &(RowPlace){.tid = row->tts_tid, .number = number}))
		DirectMergeFlush(m);
}

/* Rows left out for others of the same key that have been set aside since. */
static void
HandOverNextOfKeys(DirectMerge *m, SqlMerge *sql, const AttrNumber *from, MergeCounts *counts)
{
	TupleTableSlot *row = table_slot_create(sql->request->source, NULL);
	ItemPointer tids;
	int n;

	DirectMergeFlush(m);
	while ((tids = TakeUpDuplicates(sql, &n, counts)) != NULL && n > 0)
	{
		for (int i = 0; i < n; i++)
		{
			if (!table_tuple_fetch_row_version(sql->request->source, &tids[i], GetActiveSnapshot(), row))
				elog(ERROR, "row of \"%s\" is gone", RelationGetRelationName(sql->request->source));
			HandOverRow(m, from, row, 0);
		}
		DirectMergeFlush(m);
	}
	ExecDropSingleTupleTableSlot(row);
}

static void
HandOverRows(DirectMerge *m, SqlMerge *sql, const AttrNumber *from)
{
	Relation source = sql->request->source;
	HTAB *skip = ReadLosers(sql->losers);
	TupleTableSlot *row = table_slot_create(source, NULL);
	/* not synchronized with other scans: rows are to come in order */
	TableScanDesc scan = table_beginscan_strat(source, GetActiveSnapshot(), 0, NULL, true, false);

	for (int64 n = 1; table_scan_getnextslot(scan, ForwardScanDirection, row); n++)
	{
		CHECK_FOR_INTERRUPTS();
		if (skip == NULL || hash_search(skip, &row->tts_tid, HASH_FIND, NULL) == NULL)
			HandOverRow(m, from, row, n);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(row);
}

void
MergeStageDirectly(SqlMerge *sql, MergeCounts *counts)
{
	AttrNumber *from = SourceColumns(sql->request);
	DirectMerge *m = DirectMergeBegin(sql->request, sql->lanes_settle, counts);

	HandOverRows(m, sql, from);
	if (sql->request->repeats_keys && sql->request->rejects)
		HandOverNextOfKeys(m, sql, from, counts);
	DirectMergeEnd(m);
}
