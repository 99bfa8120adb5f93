/*
 * share.h
 *		Stages that several sessions load at once.
 *
 * A shared stage is an unlogged table in schema aiodal_stage, made and committed before sessions COPY into
 * it. Each COPY is a part of the whole: it has a number, and is told where in which file it begins. What the
 * rows' table cannot say (columns given, the line each row came from, rows set aside) a part leaves in two
 * tables beside it, in the same transaction. Parts in the order of their numbers, and in each the rows
 * by their records, are the files' order again.
 */
#ifndef AIODAL_SHARE_H
#define AIODAL_SHARE_H

#include "compat.h"

#include "nodes/bitmapset.h"
#include "utils/relcache.h"

#include "stage.h"

#define SHARE_SCHEMA "aiodal_stage"

/* What the next COPY of the session into a shared stage is. */
typedef struct SharePart
{
	const char *name; /* what errors call the stage */
	int32 number;     /* from 1 */
	int input;        /* number of the file, from 1 */
	int64 lines;      /* of the file in front of it, and records */
	int64 records;
	int64 rejects;     /* that the session had set aside before */
	int64 max_rejects; /* behind one more the rest need not be read; -1: no limit */
	bool saved;
} SharePart;

/* A part, as its COPY left it. */
typedef struct ShareLoaded
{
	int32 number;
	int input;
	int64 stored;   /* rows */
	int64 rejected; /* rows set aside */
	Bitmapset *given;
} ShareLoaded;

/* All of a stage's, by their numbers. */
typedef struct ShareParts
{
	Relation stage;
	const char *name; /* what errors call it: what each part's called it */
	ShareLoaded *parts;
	int n;
	bool several_inputs;
	Bitmapset *given; /* columns of the stage that any of them gave; all, when no row was stored */
} ShareParts;

/* A row that a part has set aside. */
typedef struct ShareReject
{
	int64 line;
	int64 record;
	char *column;
	char *value;
	char *sqlstate;
	char *message;
	char *raw;
} ShareReject;

/*
 * Opens a shared stage of the current user's and locks it; an error when it is none. Its tables' names are
 * the stage's with these endings.
 */
extern Relation OpenShared(Oid relid, LOCKMODE lockmode);
extern char *SharedTableName(Relation stage, const char *ending);
#define SHARE_PARTS   "_parts"
#define SHARE_REJECTS "_rejects"

/* Whether the part has set aside so many rows that the merge will fail: it counts those of all parts. */
extern bool PartIsHopeless(const Stage *stage);

/* The COPY of the stage's part is done: what it left in memory goes into the tables. */
extern void SavePart(Stage *stage, int64 stored);

/* The parts of a stage that nobody writes to any more; an error unless there are as many as expected (0: any
 * number). */
extern ShareParts *ReadParts(Relation stage, int64 expected);

/* Runs of a part's rows, by their records; and rows it set aside. Both palloc'd. */
extern int ReadPartRuns(const ShareParts *parts, const ShareLoaded *part, LineRun **runs);
extern int ReadPartRejects(const ShareParts *parts, const ShareLoaded *part, ShareReject **rejects);

#endif /* AIODAL_SHARE_H */
