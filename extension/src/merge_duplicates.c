/*
 * merge_duplicates.c
 *		One key twice in the batch.
 *
 * The batch's order is that of its rows' places (ctid): COPY and INSERT store one
 * behind the other. Rows whose key has a NULL in it repeat nothing, unless the
 * index says NULLS NOT DISTINCT.
 *
 * Rows to leave out go into a temporary table, each with the row of the same key that is
 * taken before it. When that one is set aside, this one is taken up in its place: a row that is
 * set aside is none of the batch.
 */
#include "compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
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

/*
 * The rows of keys that come more than once (tid), each with the one that is taken before it (after), and the
 * one that is taken first of all of its key (leader).
 */
static char *
RowsOfRepeatedKeys(SqlMerge *m)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "SELECT s.ctid AS tid, pg_catalog.lag(s.ctid) OVER w AS after, "
								 "pg_catalog.first_value(s.ctid) OVER w AS leader");
	AppendComparable(&buf, m);
	/* few keys come twice as a rule: only their rows are sorted */
	appendStringInfo(&buf, "%s EXISTS (SELECT FROM (SELECT ",
					 m->request->key->nulls_not_distinct ? " WHERE" : " AND");
	AppendKeyColumns(&buf, m, "s.");
	AppendComparable(&buf, m);
	appendStringInfoString(&buf, " GROUP BY ");
	AppendKeyColumns(&buf, m, "s.");
	appendStringInfo(&buf,
					 " HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1) AS t WHERE %s) "
					 "WINDOW w AS (PARTITION BY ",
					 m->match);
	AppendKeyColumns(&buf, m, "s.");
	appendStringInfo(&buf, " ORDER BY s.ctid%s)", m->request->on_duplicate == DUPLICATE_LAST ? " DESC" : "");
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
	RunUtility(psprintf("CREATE TEMPORARY TABLE %s (tid pg_catalog.tid, after pg_catalog.tid, leader "
						"pg_catalog.tid) ON COMMIT DROP",
						m->losers));
	RunCounted(
		psprintf("INSERT INTO %s SELECT d.tid, d.after, d.leader FROM (%s) AS d WHERE d.after IS NOT NULL",
				 m->losers, RowsOfRepeatedKeys(m)),
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

static int
CompareTids(const void *a, const void *b)
{
	return ItemPointerCompare(unconstify(void *, a), unconstify(void *, b));
}

ItemPointer
QueryTids(const char *sql, ArrayType *argument, int *n)
{
	Oid type = get_array_type(TIDOID);
	Datum value = PointerGetDatum(argument);
	MemoryContext context = CurrentMemoryContext;
	ItemPointer tids;

	SPI_connect();
	if (SPI_execute_with_args(sql, argument ? 1 : 0, &type, &value, NULL, false, 0) < 0)
		elog(ERROR, "unexpected result of: %s", sql);
	*n = SPI_processed;
	tids = MemoryContextAllocHuge(context, sizeof(ItemPointerData) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		bool isnull;

		tids[i] = *(ItemPointer) DatumGetPointer(
			SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
	}
	SPI_finish();
	qsort(tids, *n, sizeof(ItemPointerData), CompareTids);
	return tids;
}

static ArrayType *
TidArray(List *tids)
{
	Datum *elements = palloc(sizeof(Datum) * list_length(tids));
	ListCell *lc;

	foreach (lc, tids)
		elements[foreach_current_index (lc)] = PointerGetDatum(lfirst(lc));
	return construct_array(elements, list_length(tids), TIDOID, sizeof(ItemPointerData), false, 's');
}

bool
TakesDuplicatesInOrder(const MergeRequest *request)
{
	return request->on_duplicate != DUPLICATE_LAST && request->mode != MODE_INSERT;
}

ItemPointer
TakeUpDuplicates(SqlMerge *m, int *n, MergeCounts *counts)
{
	MergeRequest *request = m->request;
	ItemPointer tids;

	*n = 0;
	if (m->losers == NULL || request->set_aside == NIL)
		return NULL;
	tids = QueryTids(psprintf("DELETE FROM %s AS l WHERE l.after OPERATOR(pg_catalog.=) ANY ($1) "
							  "RETURNING l.tid",
							  m->losers),
					 TidArray(request->set_aside), n);
	SeeOwnChanges();
	list_free_deep(request->set_aside);
	request->set_aside = NIL;
	counts->duplicates -= *n;
	return tids;
}

/* Policy "error" where bad rows are set aside: all but the first good one of a key are bad. */
static void
SetDuplicatesAside(SqlMerge *m, MergeCounts *counts)
{
	Relation target = m->request->target;
	List *key = m->request->key->attnums;
	ErrorData error = {.sqlerrcode = ERRCODE_UNIQUE_VIOLATION};
	ItemPointer tids;
	int n;

	error.message = psprintf("key (%s) is in the batch more than once", ColumnListText(target, key));
	if (list_length(key) == 1)
		error.column_name = NameStr(TupleDescAttr(RelationGetDescr(target), linitial_int(key) - 1)->attname);
	tids = QueryTids(psprintf("SELECT l.tid FROM %s AS l", m->losers), NULL, &n);
	for (int i = 0; i < n; i++)
	{
		counts->duplicates--;
		SetRowAside(m, &tids[i], &error, counts);
	}
}

void
LeaveOutDuplicates(SqlMerge *m, MergeCounts *counts)
{
	MergeRequest *request = m->request;

	if (request->key == NULL || !MayRepeatKey(request))
		return;
	counts->duplicates = CountDuplicates(m);
	if (counts->duplicates == 0)
		return;
	if (request->on_duplicate == DUPLICATE_ERROR && request->rejects == NULL)
		ReportDuplicate(m, counts->duplicates);
	SetLosersApart(m);
	request->repeats_keys = true;
}

void
SettleDuplicates(SqlMerge *m, MergeCounts *counts)
{
	if (m->losers != NULL && m->request->on_duplicate == DUPLICATE_ERROR)
		SetDuplicatesAside(m, counts);
}

void
ForgetDuplicates(SqlMerge *m)
{
	if (m->losers != NULL)
		RunUtility(psprintf("DROP TABLE %s", m->losers));
	m->losers = NULL;
}
