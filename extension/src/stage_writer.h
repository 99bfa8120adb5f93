/*
 * stage_writer.h
 *		Stores rows in a stage and remembers where each came from.
 */
#ifndef AIODAL_STAGE_WRITER_H
#define AIODAL_STAGE_WRITER_H

#include "compat.h"

#include "feed.h"
#include "stage.h"

typedef struct StageWriter StageWriter;

/*
 * Opens rel, the only entry of pstate's range table, for writing. where is
 * COPY's WHERE as a planned list of quals, or NIL.
 */
extern StageWriter *
BeginStageWriter(ParseState *pstate, Relation rel, Stage *stage, List *where, bool freeze);

/*
 * Moves all of the feed's rows into the stage and returns how many were
 * stored. Errors carry the feed's context.
 */
extern int64 StageWriterRun(StageWriter *writer, Feed *feed);

/* Fires what waits for the statement's end, and closes. */
extern void EndStageWriter(StageWriter *writer);

#endif /* AIODAL_STAGE_WRITER_H */
