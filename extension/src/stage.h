/*
 * stage.h
 *		The session's staging tables and what is known of each.
 *
 * A stage is a temporary table made by aiodal.stage(). What SQL cannot hold
 * about it (its target, the options to merge with, which columns COPY filled,
 * the line each row came from) is kept here until the end of the transaction.
 * All of it follows subtransactions: what a rolled back savepoint had copied is
 * forgotten with the rows.
 */
#ifndef AIODAL_STAGE_H
#define AIODAL_STAGE_H

#include "compat.h"

#include "lib/stringinfo.h"
#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"
#include "storage/itemptr.h"
#include "storage/lockdefs.h"
#include "utils/relcache.h"

#include "options.h"

typedef struct Stage
{
	Oid relid;     /* the temporary table */
	Oid target;    /* the table it is merged into */
	int columns;   /* it was made with so many; later ones are the user's own */
	bool has_mode; /* stage(mode => ...) was given; the rest below too */
	MergeMode mode;
	List *key; /* column names (char *), or NIL */
	DuplicatePolicy on_duplicate;
	bool has_update_columns; /* update_columns was given, be it empty */
	List *update_columns;    /* column names (char *) */
	bool reject;             /* on_error => 'reject' */
	int64 max_rejects;       /* -1: no limit */

	struct SharePart *part;   /* it is shared: what the session's next COPY into it is; see share.h */
	struct ShareParts *parts; /* rows come from these of a shared stage, not from a client */
	bool several_inputs;      /* with either: there are others, so that places are to say which */
} Stage;

/* Whether the session has stages at all. */
extern bool HaveStages(void);

/* The stage with this OID, or NULL when the relation is none of ours (or gone). */
extern Stage *FindStage(Oid relid);

/* A COPY into the stage starts to read: the number of its input, 1-based, failed ones counted. */
extern int StageNextInput(Stage *stage);

/*
 * The first row of that COPY is at hand; given holds the attribute numbers (of the
 * stage, 1-based) that the file fills. Columns no COPY filled get the target's
 * default at merge.
 */
extern void StageCopyBegin(Stage *stage, Bitmapset *given);

/* The current COPY's input turns out to fill this column too. */
extern void StageCopyColumn(Stage *stage, AttrNumber attnum);

/*
 * The row stored at tid is record number "record" (1-based, header not
 * counted) and began on physical line "line" (1-based) of the current COPY's
 * file. Called for every row in storage order; costs memory only where lines
 * do not simply count up (a page begins, a field spans lines).
 */
extern void StageNoteLine(Stage *stage, ItemPointer tid, int64 line, int64 record);

/* Where a staged row came from; 0 in all when unknown (not loaded by a taken-over COPY, or changed since). */
typedef struct StagePlace
{
	int input; /* number of the COPY into the stage */
	int64 line;
	int64 record;
} StagePlace;

extern StagePlace StagePlaceOf(Stage *stage, const ItemPointerData *tid);

/* Rows stored one after another on a page, whose lines and records count up by one. */
typedef struct LineRun
{
	ItemPointerData first;
	uint16 count;
	int input; /* not always the COPY's own: rows of earlier ones may have been stored anew */
	int64 line;
	int64 record;
} LineRun;

/* Those of the last COPY into the stage; *runs is the stage's own. */
extern int StageRuns(Stage *stage, LineRun **runs);

/* Rows noted from here on are of this input; places say which when there are several. */
extern void StageSetInput(Stage *stage, int input);

/* "line 3", of several inputs "line 3 of input 2"; NULL when unknown; palloc'd. */
extern char *StagePlaceText(Stage *stage, const ItemPointerData *tid);

/* The row at "from" has a new version at "to", which the current COPY made. */
extern void StageMoveLine(Stage *stage, const ItemPointerData *from, ItemPointer to);

/*
 * Columns filled by the COPYs so far, in *given; false when no COPY was seen (then
 * all columns count as given).
 */
extern bool StageGivenColumns(Stage *stage, Bitmapset **given);

/* The stage's rows are in the target now: the next aiodal.stage() may replace it. */
extern void StageMerged(Stage *stage);

/*
 * A name that is free in the session's temporary schema: base_label, or base
 * when label is empty, with a number behind it when that is taken; palloc'd.
 */
extern char *FreeTemporaryName(const char *base, const char *label);

/*
 * Opens a table, view or the like; an error that says "what" it was to be when
 * it is gone, as a stage is after its transaction.
 */
extern Relation OpenTable(Oid relid, LOCKMODE lockmode, const char *what);

/*
 * Makes a stage with all loadable columns of wanted->target and its options,
 * and registers it; wanted->relid is set. The target stays locked.
 */
extern Stage *MakeStage(Stage *wanted);

/*
 * Arguments 3 to 8 of a function, as those of aiodal.stage(): mode (upsert, and has_mode false, when it is
 * null), key, on_duplicate, on_error, max_rejects, update_columns.
 */
extern void ReadStageOptions(FunctionCallInfo fcinfo, Stage *stage);

/* The session knows this table as a stage, by these options alone, until the end of the transaction. */
extern Stage *KnowStage(const Stage *stage);

/*
 * Attribute numbers of the columns, by default all, of target that a stage has. An error when target cannot
 * be loaded into, or not by the current user.
 */
extern List *StageColumns(Relation target, List *names);

/* "a integer, b text": the columns of a stage, as CREATE TABLE wants them. */
extern void AppendStageColumns(StringInfo sql, Relation target, List *attnums);

/* Runs one utility statement as the current user. */
extern void RunUtility(const char *sql);

/*
 * Makes a temporary table, ON COMMIT DROP, with these columns of target
 * (attribute numbers), without registering it, under a free name.
 */
extern Oid CreateStageTable(Relation target, List *attnums, const char *base, const char *label);

#endif /* AIODAL_STAGE_H */
