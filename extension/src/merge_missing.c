/*
 * merge_missing.c
 *		Mode sync: rows of the target that the batch lacks.
 *
 * Each row that the batch has met or made is in a set of TIDs (seen_rows.c); what
 * the snapshot under which the merge began sees besides is deleted. That snapshot
 * keeps what it sees from being cleaned up, so that no TID comes to stand for
 * another row.
 *
 * A row that somebody else changed meanwhile is followed to its newest version, as
 * by DELETE under READ COMMITTED: the batch may have met any version of it. It
 * stays when the batch has the key that it had at first, and goes on to have
 * another one.
 */
#include "compat.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "merge_missing.h"
#include "merge_path.h"

bool
DeletesDirectly(const MergeRequest *request)
{
	TriggerDesc *t = request->target->trigdesc;

	return request->delete_where == NULL &&
		   !(t &&
			 (t->trig_delete_before_statement || t->trig_delete_after_statement || t->trig_delete_old_table));
}

bool
IsSeenOrSpared(SeenRows *seen, SeenRows *spared, ItemPointer tid)
{
	int64 line;

	return (seen != NULL && HasSeenRow(seen, tid, &line)) ||
		   (spared != NULL && HasSeenRow(spared, tid, &line));
}

static void
ReportMoved(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("tuple to be deleted was already moved to another partition due to concurrent update")));
}

/* The rows of one table that may be deleted. */
typedef struct Unseen
{
	MergeRun *run;
	ResultRelInfo *rri;
	SeenRows *seen;
	SeenRows *spared;
	HasKeyOf has_key;
	void *arg;
} Unseen;

/* Deletes the newest version of a row and puts its TID into *tid; false when it stays or is gone. */
static bool
DeleteVersion(Unseen *unseen, TupleTableSlot *row, ItemPointer tid)
{
	Relation rel = unseen->rri->ri_RelationDesc;

	for (*tid = row->tts_tid; !IsSeenOrSpared(unseen->seen, unseen->spared, tid);)
	{
		TM_FailureData failure;
		TM_Result result = table_tuple_delete(rel, tid, unseen->run->estate->es_output_cid,
											  GetActiveSnapshot(), InvalidSnapshot, true, &failure, false);

		if (result != TM_Updated)
			return result == TM_Ok;
		if (ItemPointerIndicatesMovedPartitions(&failure.ctid))
			ReportMoved();
		if (unseen->has_key && unseen->has_key(unseen->arg, row))
			return false;
		*tid = failure.ctid;
		CHECK_FOR_INTERRUPTS();
	}
	return false;
}

void
DeleteUnseen(MergeRun *run, ResultRelInfo *rri, SeenRows *seen, SeenRows *spared, HasKeyOf has_key, void *arg)
{
	Unseen unseen = {.run = run, .rri = rri, .seen = seen, .spared = spared, .has_key = has_key, .arg = arg};
	TupleTableSlot *row = table_slot_create(rri->ri_RelationDesc, NULL);
	TableScanDesc scan;
	ItemPointerData tid;

	CheckWriteTarget(rri, CMD_DELETE);
	scan = table_beginscan(rri->ri_RelationDesc, GetActiveSnapshot(), 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, row))
	{
		CHECK_FOR_INTERRUPTS();
		if (!DeleteVersion(&unseen, row, &tid))
			continue;
		run->counts->deleted++;
		ExecARDeleteTriggers(run->estate, rri, &tid, NULL, NULL, false);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(row);
}

static void
EmptyPartition(MergeRun *run, Relation partition)
{
	ResultRelInfo *rri = makeNode(ResultRelInfo);

	if (partition->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		return;
	CheckPartition(run->request, partition);
	InitResultRelInfo(rri, partition, 0, run->target, 0);
	DeleteUnseen(run, rri, NULL, NULL, NULL, NULL);
}

void
DeleteInOtherPartitions(MergeRun *run, bool (*opened)(void *arg, Oid partition), void *arg)
{
	ListCell *lc;

	foreach (lc, find_all_inheritors(RelationGetRelid(run->request->target), RowExclusiveLock, NULL))
	{
		Relation partition;

		if (opened(arg, lfirst_oid(lc)))
			continue;
		partition = table_open(lfirst_oid(lc), NoLock);
		EmptyPartition(run, partition);
		table_close(partition, NoLock);
	}
}
