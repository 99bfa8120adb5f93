/*
 * merge_duplicates.c
 *		One key twice in the batch.
 *
 * The batch's order is that of its rows' places (ctid): COPY and INSERT store one
 * behind the other. Rows whose key has a NULL in it repeat nothing, unless the
 * index says NULLS NOT DISTINCT.
 */
#include "compat.h"

#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "counted.h"
#include "ident.h"
#include "merge_sql.h"

/* What the batch's rows that can repeat one another have in common. */
static void
AppendComparable(StringInfo buf, SqlMerge *m)
{
	appendStringInfo(buf, " FROM %s AS s", m->source);
	if (m->request->key->nulls_not_distinct)
		return;
	appendStringInfoString(buf, " WHERE ");
	AppendKeyNotNull(buf, m, "s.");
}

/* Numbers the rows of one key in the order of the batch, the one to keep first. */
static char *
NumberedRows(SqlMerge *m)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "SELECT s.ctid AS tid, pg_catalog.row_number() OVER (PARTITION BY ");
	AppendKeyColumns(&buf, m, "s.");
	appendStringInfo(&buf, " ORDER BY s.ctid%s) AS n",
					 m->request->on_duplicate == DUPLICATE_LAST ? " DESC" : "");
	AppendComparable(&buf, m);
	/* few keys come twice as a rule: only their rows are sorted */
	appendStringInfo(&buf, "%s EXISTS (SELECT FROM (SELECT ",
					 m->request->key->nulls_not_distinct ? " WHERE" : " AND");
	AppendKeyColumns(&buf, m, "s.");
	AppendComparable(&buf, m);
	appendStringInfoString(&buf, " GROUP BY ");
	AppendKeyColumns(&buf, m, "s.");
	appendStringInfo(&buf, " HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1) AS t WHERE %s)", m->match);
	return buf.data;
}

/* Rows that repeat the key of another one. */
static int64
CountDuplicates(SqlMerge *m)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf,
						   "SELECT COALESCE(pg_catalog.sum(d.n OPERATOR(pg_catalog.-) 1), 0)::pg_catalog.int8"
						   " FROM (SELECT pg_catalog.count(*) AS n");
	AppendComparable(&buf, m);
	appendStringInfoString(&buf, " GROUP BY ");
	AppendKeyColumns(&buf, m, "s.");
	appendStringInfoString(&buf, " HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1) AS d");
	return QueryInt64(buf.data, true);
}

/* Puts the duplicates to leave out into a temporary table. */
static void
SetLosersApart(SqlMerge *m)
{
	char *name = FreeTemporaryName(RelationGetRelationName(m->request->source), "duplicates");
	Counted losers;

	m->losers = psprintf("pg_temp.%s", quote_identifier(name));
	RunUtility(psprintf("CREATE TEMPORARY TABLE %s (tid pg_catalog.tid) ON COMMIT DROP", m->losers));
	RunCounted(psprintf("INSERT INTO %s SELECT d.tid FROM (%s) AS d WHERE d.n OPERATOR(pg_catalog.>) 1",
						m->losers, NumberedRows(m)),
			   true, &losers);
	SeeOwnChanges();
}

/* The keys that are repeated: their columns k0, k1, ..., and the places of their rows. */
static char *
RepeatedKeys(SqlMerge *m)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "(SELECT pg_catalog.array_agg(s.ctid ORDER BY s.ctid) AS tids");
	for (int i = 0; i < list_length(m->request->key->attnums); i++)
	{
		appendStringInfoString(&buf, ", ");
		AppendKeyColumn(&buf, m, i, "s.");
		appendStringInfo(&buf, " AS k%d", i);
	}
	AppendComparable(&buf, m);
	appendStringInfoString(&buf, " GROUP BY ");
	AppendKeyColumns(&buf, m, "s.");
	appendStringInfoString(&buf, " HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1)");
	return buf.data;
}

/* The key's values as PostgreSQL shows them in its own errors, and two of its rows. */
static char *
FirstDuplicate(SqlMerge *m, ItemPointer tids)
{
	MemoryContext context = CurrentMemoryContext;
	StringInfoData buf;
	char *values;
	bool isnull;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "SELECT a.tids[1], a.tids[2], pg_catalog.concat_ws(', '");
	for (int i = 0; i < list_length(m->request->key->attnums); i++)
		appendStringInfo(&buf, ", COALESCE(a.k%d::pg_catalog.text, 'null')", i);
	appendStringInfo(&buf, ") FROM %s AS a ORDER BY a.tids[2] LIMIT 1", RepeatedKeys(m));

	SPI_connect();
	if (SPI_execute(buf.data, true, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "unexpected result of: %s", buf.data);
	for (int i = 0; i < 2; i++)
		tids[i] = *(ItemPointer) DatumGetPointer(
			SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &isnull));
	values = MemoryContextStrdup(context, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3));
	SPI_finish();
	return values;
}

static void
ReportDuplicate(SqlMerge *m, int64 duplicates)
{
	MergeRequest *request = m->request;
	ItemPointerData tids[2];
	char *values = FirstDuplicate(m, tids);

	ereport(ERROR, (errcode(ERRCODE_UNIQUE_VIOLATION),
					errmsg("key (%s)=(%s) is in the batch more than once",
						   ColumnListText(request->target, request->key->attnums), values),
					errdetail_plural("It is on %s and on %s; " INT64_FORMAT " row in all repeats a key.",
									 "It is on %s and on %s; " INT64_FORMAT " rows in all repeat a key.",
									 duplicates, PlaceText(m, &tids[0]), PlaceText(m, &tids[1]), duplicates),
					errhint("Merge with on_duplicate => 'first' or 'last' to keep one of them."),
					errtable(request->target)));
}

/* Policy "error" where bad rows are set aside: all but the first of a key are bad. */
static void
SetDuplicatesAside(SqlMerge *m, MergeCounts *counts)
{
	Relation target = m->request->target;
	ErrorData error = {.sqlerrcode = ERRCODE_UNIQUE_VIOLATION};
	char *sql = psprintf("SELECT tid FROM %s ORDER BY tid", m->losers);
	SPITupleTable *rows;
	uint64 n;

	error.message =
		psprintf("key (%s) is in the batch more than once", ColumnListText(target, m->request->key->attnums));
	if (list_length(m->request->key->attnums) == 1)
		error.column_name = NameStr(
			TupleDescAttr(RelationGetDescr(target), linitial_int(m->request->key->attnums) - 1)->attname);
	SPI_connect();
	if (SPI_execute(sql, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of: %s", sql);
	rows = SPI_tuptable;
	n = SPI_processed;
	for (uint64 i = 0; i < n; i++)
	{
		bool isnull;
		Datum tid = SPI_getbinval(rows->vals[i], rows->tupdesc, 1, &isnull);

		SetRowAside(m, (ItemPointer) DatumGetPointer(tid), &error, counts);
	}
	SPI_finish();
}

void
LeaveOutDuplicates(SqlMerge *m, MergeCounts *counts)
{
	MergeRequest *request = m->request;
	bool set_aside = request->rejects != NULL;
	int64 duplicates;

	if (request->key == NULL || !MayRepeatKey(request))
		return;
	duplicates = CountDuplicates(m);
	if (duplicates == 0)
		return;
	if (request->on_duplicate == DUPLICATE_ERROR && !set_aside)
		ReportDuplicate(m, duplicates);
	SetLosersApart(m);
	if (request->on_duplicate == DUPLICATE_ERROR)
		SetDuplicatesAside(m, counts);
	else
		counts->duplicates = duplicates;
}

void
ForgetDuplicates(SqlMerge *m)
{
	if (m->losers != NULL)
		RunUtility(psprintf("DROP TABLE %s", m->losers));
}
