/*
 * share_part.c
 *		What a part of a shared stage tells the session that merges, and how that reads it.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "reject.h"
#include "share.h"

static Datum
GivenArray(Stage *stage)
{
	Bitmapset *given;
	Datum *elements;
	int n = 0;
	int attnum = -1;

	StageGivenColumns(stage, &given);
	elements = palloc(sizeof(Datum) * Max(bms_num_members(given), 1));
	while ((attnum = bms_next_member(given, attnum)) >= 0)
		elements[n++] = Int16GetDatum((int16) attnum);
	return PointerGetDatum(construct_array(elements, n, INT2OID, sizeof(int16), true, TYPALIGN_SHORT));
}

static Datum
RunsBytea(Stage *stage)
{
	LineRun *runs;
	int n = StageRuns(stage, &runs);
	Size size = VARHDRSZ + sizeof(LineRun) * (Size) n;
	bytea *bytes;

	if (!AllocSizeIsValid(size))
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("part of a shared stage is too large"), errhint("Load it in more parts.")));
	bytes = palloc0(size);
	SET_VARSIZE(bytes, size);
	if (n > 0)
		memcpy(VARDATA(bytes), runs, sizeof(LineRun) * n);
	return PointerGetDatum(bytes);
}

static void
RunInsert(const char *sql, int n, Oid *types, Datum *values)
{
	SPI_connect();
	if (SPI_execute_with_args(sql, n, types, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "unexpected result of: %s", sql);
	SPI_finish();
}

/* Those that the session had set aside before the part are in front of its own. */
static void
SavePartRejects(Relation rel, const SharePart *part)
{
	Oid types[] = {INT4OID, OIDOID, INT8OID};
	Datum values[] = {Int32GetDatum(part->number), ObjectIdGetDatum(RelationGetRelid(rel)),
					  Int64GetDatum(part->rejects)};

	RunInsert(psprintf("INSERT INTO %s SELECT $1, r.line, r.record, r.column_name, r.value, r.sqlstate, "
					   "r.message, r.raw FROM aiodal.rejects($2) AS r OFFSET $3",
					   SharedTableName(rel, SHARE_REJECTS)),
			  3, types, values);
}

bool
PartIsHopeless(const Stage *stage)
{
	const SharePart *part = stage->part;

	return part && part->max_rejects >= 0 &&
		   CountCopyRejects(stage->relid) - part->rejects > part->max_rejects;
}

void
SavePart(Stage *stage, int64 stored)
{
	SharePart *part = stage->part;
	int64 rejected = CountCopyRejects(stage->relid) - part->rejects;
	Relation rel;
	Oid types[] = {INT4OID, INT4OID, INT2ARRAYOID, BYTEAOID, INT8OID, INT8OID};
	Datum values[6];

	if (part->saved)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("part %d of the stage is loaded already", part->number),
						errhint("Call aiodal.join_stage() before each COPY.")));
	rel = table_open(stage->relid, NoLock);
	values[0] = Int32GetDatum(part->number);
	values[1] = Int32GetDatum(part->input);
	values[2] = GivenArray(stage);
	values[3] = RunsBytea(stage);
	values[4] = Int64GetDatum(stored);
	values[5] = Int64GetDatum(rejected);
	RunInsert(psprintf("INSERT INTO %s (part, input, given, runs, stored, rejected) VALUES ($1, $2, $3, $4, "
					   "$5, $6)",
					   SharedTableName(rel, SHARE_PARTS)),
			  6, types, values);
	if (rejected > 0)
		SavePartRejects(rel, part);
	part->saved = true;
	table_close(rel, NoLock);
}

/*
 * Reading
 */

static Datum
Column(int row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

static int64
NumberColumn(int row, int column)
{
	bool isnull;
	Datum value = Column(row, column, &isnull);
	Oid type = SPI_gettypeid(SPI_tuptable->tupdesc, column);

	if (isnull)
		return 0;
	return type == INT8OID ? DatumGetInt64(value) : DatumGetInt32(value);
}

/* The columns of a part, no others than the stage has. */
static Bitmapset *
GivenColumn(int row, int column, Relation stage)
{
	Bitmapset *given = NULL;
	bool isnull;
	Datum value = Column(row, column, &isnull);
	Datum *elements;
	bool *nulls;
	int n = 0;

	if (!isnull)
		deconstruct_array(DatumGetArrayTypeP(value), INT2OID, sizeof(int16), true, TYPALIGN_SHORT, &elements,
						  &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		int attnum = DatumGetInt16(elements[i]);

		if (!nulls[i] && attnum > 0 && attnum <= RelationGetDescr(stage)->natts)
			given = bms_add_member(given, attnum);
	}
	return given;
}

static void
RunSelect(const char *sql, const ShareLoaded *part)
{
	Oid type = INT4OID;
	Datum value = part ? Int32GetDatum(part->number) : (Datum) 0;

	if (SPI_execute_with_args(sql, part ? 1 : 0, &type, &value, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of: %s", sql);
}

static void
CheckComplete(const ShareParts *parts, int64 expected)
{
	for (int i = 0; i < parts->n; i++)
	{
		if (parts->parts[i].number != i + 1)
			ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
							errmsg("part %d of stage \"%s\" is missing", i + 1,
								   RelationGetRelationName(parts->stage)),
							errhint("Parts are numbered from 1 on; the session of each has to commit.")));
	}
	if (expected > 0 && parts->n != expected)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("stage \"%s\" has %d parts of " INT64_FORMAT,
							   RelationGetRelationName(parts->stage), parts->n, expected),
						errhint("The session of each part has to commit.")));
}

/* Fills parts from the rows that were queried, in the memory context at hand before SPI's. */
static void
TakeParts(ShareParts *parts, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);

	parts->n = (int) SPI_processed;
	parts->parts = palloc0(sizeof(ShareLoaded) * Max(parts->n, 1));
	for (int i = 0; i < parts->n; i++)
	{
		ShareLoaded *part = &parts->parts[i];

		part->number = (int32) NumberColumn(i, 1);
		part->input = (int) NumberColumn(i, 2);
		part->given = GivenColumn(i, 3, parts->stage);
		part->stored = NumberColumn(i, 4);
		part->rejected = NumberColumn(i, 5);
		parts->several_inputs |= part->input > 1;
		parts->given = bms_add_members(parts->given, part->given);
	}
	if (parts->given == NULL)
		parts->given = bms_add_range(NULL, 1, RelationGetDescr(parts->stage)->natts);
	MemoryContextSwitchTo(old);
}

ShareParts *
ReadParts(Relation stage, int64 expected)
{
	ShareParts *parts = palloc0(sizeof(ShareParts));
	MemoryContext context = CurrentMemoryContext;

	parts->stage = stage;
	SPI_connect();
	RunSelect(psprintf("SELECT part, input, given, stored, rejected FROM %s ORDER BY part",
					   SharedTableName(stage, SHARE_PARTS)),
			  NULL);
	TakeParts(parts, context);
	SPI_finish();
	CheckComplete(parts, expected);
	return parts;
}

static int
CompareRuns(const void *a, const void *b)
{
	const LineRun *x = a;
	const LineRun *y = b;

	return x->record < y->record ? -1 : x->record > y->record;
}

/*
 * Rows that were stored anew when a column turned up late are in another run, between rows of their old one:
 * then each row is a run.
 */
static int
PartRuns(LineRun **runs, int n)
{
	LineRun *single;
	int64 rows = 0;
	bool apart = true;

	for (int i = 0; i < n; i++)
	{
		rows += (*runs)[i].count;
		apart &= i == 0 || (*runs)[i - 1].record + (*runs)[i - 1].count <= (*runs)[i].record;
	}
	if (apart)
		return n;
	single = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(LineRun) * rows);
	rows = 0;
	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j < (*runs)[i].count; j++)
		{
			LineRun *run = &single[rows++];

			*run = (*runs)[i];
			run->count = 1;
			run->line += j;
			run->record += j;
			ItemPointerSetOffsetNumber(&run->first, ItemPointerGetOffsetNumber(&run->first) + j);
		}
	}
	qsort(single, rows, sizeof(LineRun), CompareRuns);
	*runs = single;
	return (int) rows;
}

int
ReadPartRuns(const ShareParts *parts, const ShareLoaded *part, LineRun **runs)
{
	MemoryContext context = CurrentMemoryContext;
	int n = 0;

	SPI_connect();
	RunSelect(psprintf("SELECT runs FROM %s WHERE part OPERATOR(pg_catalog.=) $1",
					   SharedTableName(parts->stage, SHARE_PARTS)),
			  part);
	if (SPI_processed == 1)
	{
		bool isnull;
		bytea *bytes = DatumGetByteaPP(Column(0, 1, &isnull));
		Size size = isnull ? 0 : VARSIZE_ANY_EXHDR(bytes);

		n = (int) (size / sizeof(LineRun));
		*runs = MemoryContextAlloc(context, Max(size, 1));
		memcpy(*runs, VARDATA_ANY(bytes), sizeof(LineRun) * n);
	}
	SPI_finish();
	qsort(*runs, n, sizeof(LineRun), CompareRuns);
	return PartRuns(runs, n);
}

static char *
TextColumn(int row, int column, MemoryContext context)
{
	char *text = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);

	return text ? MemoryContextStrdup(context, text) : NULL;
}

int
ReadPartRejects(const ShareParts *parts, const ShareLoaded *part, ShareReject **rejects)
{
	MemoryContext context = CurrentMemoryContext;
	int n;

	SPI_connect();
	RunSelect(psprintf("SELECT line, record, column_name, value, sqlstate, message, raw FROM %s WHERE part "
					   "OPERATOR(pg_catalog.=) $1 ORDER BY record",
					   SharedTableName(parts->stage, SHARE_REJECTS)),
			  part);
	n = (int) SPI_processed;
	*rejects = MemoryContextAllocHuge(context, sizeof(ShareReject) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		(*rejects)[i] = (ShareReject){.line = NumberColumn(i, 1),
									  .record = NumberColumn(i, 2),
									  .column = TextColumn(i, 3, context),
									  .value = TextColumn(i, 4, context),
									  .sqlstate = TextColumn(i, 5, context),
									  .message = TextColumn(i, 6, context),
									  .raw = TextColumn(i, 7, context)};
	}
	SPI_finish();
	return n;
}
