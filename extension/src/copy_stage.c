/*
 * copy_stage.c
 *		COPY FROM into a stage.
 */
#include "compat.h"

#include "access/table.h"
#include "utils/rel.h"

#include "copy_from.h"
#include "copy_stage.h"
#include "share.h"
#include "stage_writer.h"

/* CopyConsumer; arg is the stage */
static int64
WriteStage(FeedRequest *request, Feed *feed, List *where, void *arg)
{
	StageWriter *writer = BeginStageWriter(request->pstate, request->rel, arg, where, request->opts.freeze);
	int64 stored = StageWriterRun(writer, feed);

	EndStageWriter(writer);
	return stored;
}

int64
CopyIntoStage(ParseState *pstate, const CopyStmt *stmt, Stage *stage, const char *relname)
{
	FeedRequest request = {.pstate = pstate,
						   .relname = relname,
						   .target = stage->target,
						   .sets_aside = stage->reject,
						   .parts = stage->parts,
						   .names_required = stage->has_mode && stage->mode != MODE_UPDATE};
	int64 stored;

	if (stage->part)
	{
		request.stage_name = stage->part->name;
		request.lines_before = stage->part->lines;
		request.records_before = stage->part->records;
	}
	StageGivenColumns(stage, &request.given);
	request.rel = table_open(stage->relid, RowExclusiveLock);
	stored = RunCopyFrom(&request, stmt, WriteStage, stage);
	table_close(request.rel, NoLock);
	return stored;
}
