/*
 * merge_sql.c
 *		The plain SQL path: UPDATE what exists and differs, INSERT what is missing.
 *
 * Design notes
 *
 * A batch is merged by two statements under one snapshot:
 *
 *	UPDATE target t SET ... FROM stage s WHERE <same key> AND <some column differs>
 *	INSERT INTO target SELECT ... FROM stage s WHERE NOT EXISTS (<same key>)
 *		ON CONFLICT (key) DO UPDATE SET ... WHERE <some column differs>
 *
 * Why not ON CONFLICT alone: it runs defaults, BEFORE INSERT triggers and NOT
 * NULL checks for rows that will only be updated. Why not MERGE: it does not
 * guard against concurrent inserts, and PostgreSQL 15 cannot tell what it did.
 *
 * One snapshot makes the statements agree on which rows exist. A row that
 * another transaction inserted since then meets ON CONFLICT. A row that was to
 * be updated and is gone by then shows as an UPDATE that wrote fewer rows than
 * it was given; then the pair runs again under a new snapshot. Neither can happen under
 * REPEATABLE READ, where PostgreSQL raises a serialization failure itself.
 *
 * "Differs" is the record operator *<>: the stored bytes differ. It works for
 * types without equality (json, point), sees changes that = hides (1.0 and
 * 1.00, case of citext), and takes NULL for a value.
 *
 * Everything generated is schema-qualified, operators too, so the caller's
 * search_path applies to nothing but delete_where. Rights, row security,
 * rules and triggers are the executor's business and hold as in hand-written
 * SQL.
 *
 * The merge runs in a subtransaction. When a row is at fault (a constraint, a
 * value), it is rolled back and the batch is halved until the row is found:
 * slow, but only on failure, and the user learns the line.
 */
#include "compat.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_operator.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "counted.h"
#include "ident.h"
#include "merge.h"

/* attempts to update a row that others keep moving away */
#define MAX_PASSES 10

/* Part of the batch: rows stored between two places, both included. */
typedef struct Range
{
	BlockNumber first_block, last_block;
	OffsetNumber first_offset, last_offset; /* meaningful when it is one block */
} Range;

typedef struct SqlMerge
{
	MergeRequest *request;
	const char *target;  /* qualified; with ONLY for a plain table, whose children are tables of their own */
	const char *source;  /* qualified */
	const char *losers;  /* qualified: table of the TIDs (column "tid") of duplicates left out, or NULL */
	const char *match;   /* s and t have the same key */
	const char *differs; /* s and t differ in an update column; NULL: there is none */
	bool has_arbiter;    /* ON CONFLICT can be used */
	bool has_row_triggers; /* BEFORE or INSTEAD OF: rows can be changed or held back */
	const Range *range;    /* NULL: the whole batch */
} SqlMerge;

/* OPERATOR(schema.name) */
static void
AppendOperator(StringInfo buf, Oid op)
{
	HeapTuple tup = SearchSysCache1(OPEROID, ObjectIdGetDatum(op));
	Form_pg_operator form;

	if (!HeapTupleIsValid(tup))
		elog(ERROR, "cache lookup failed for operator %u", op);
	form = (Form_pg_operator) GETSTRUCT(tup);
	appendStringInfo(buf, " OPERATOR(%s.%s) ", quote_identifier(get_namespace_name(form->oprnamespace)),
					 NameStr(form->oprname));
	ReleaseSysCache(tup);
}

/* ROW(p.a, p.b)::record */
static void
AppendRecord(StringInfo buf, Relation target, List *attnums, const char *prefix)
{
	appendStringInfoString(buf, "ROW(");
	AppendColumnList(buf, target, attnums, prefix);
	appendStringInfoString(buf, ")::pg_catalog.record");
}

/*
 * Equality per column, by the arbiter index's own operators. Where NULL equals
 * NULL, records are compared: = of records does just that, and can be
 * merge-joined.
 */
static char *
MatchText(Relation target, MergeKey *key)
{
	StringInfoData buf;

	initStringInfo(&buf);
	if (key->nulls_not_distinct)
	{
		AppendRecord(&buf, target, key->attnums, "s.");
		appendStringInfoString(&buf, " OPERATOR(pg_catalog.=) ");
		AppendRecord(&buf, target, key->attnums, "t.");
		return buf.data;
	}
	for (int i = 0; i < list_length(key->attnums); i++)
	{
		const char *column = QuotedColumnName(target, list_nth_int(key->attnums, i));

		appendStringInfo(&buf, "%ss.%s", i ? " AND " : "", column);
		AppendOperator(&buf, list_nth_oid(key->equality, i));
		appendStringInfo(&buf, "t.%s", column);
	}
	return buf.data;
}

static void
AppendDiffers(StringInfo buf, MergeRequest *request, const char *with)
{
	AppendRecord(buf, request->target, request->update_columns, "t.");
	appendStringInfoString(buf, " OPERATOR(pg_catalog.*<>) ");
	AppendRecord(buf, request->target, request->update_columns, with);
}

/* a = s.a, b = s.b */
static void
AppendAssignments(StringInfo buf, MergeRequest *request, const char *from)
{
	ListCell *lc;

	foreach (lc, request->update_columns)
	{
		const char *column = QuotedColumnName(request->target, lfirst_int(lc));

		appendStringInfo(buf, "%s%s = %s%s", foreach_current_index (lc) ? ", " : "", column, from, column);
	}
}

static void
AppendKeyNotNull(StringInfo buf, MergeRequest *request, const char *prefix)
{
	ListCell *lc;

	foreach (lc, request->key->attnums)
		appendStringInfo(buf, "%s%s%s IS NOT NULL", foreach_current_index (lc) ? " AND " : "", prefix,
						 QuotedColumnName(request->target, lfirst_int(lc)));
}

static void
AppendRange(StringInfo buf, const Range *range)
{
	appendStringInfo(buf,
					 "x.ctid OPERATOR(pg_catalog.>=) '(%u,%u)'::pg_catalog.tid AND "
					 "x.ctid OPERATOR(pg_catalog.<=) '(%u,%u)'::pg_catalog.tid",
					 range->first_block, range->first_offset, range->last_block, range->last_offset);
}

/* The batch as "s": without duplicates left out, and within the range. */
static void
AppendSource(StringInfo buf, SqlMerge *m)
{
	const char *and = "";

	if (m->losers == NULL && m->range == NULL)
	{
		appendStringInfo(buf, "%s AS s", m->source);
		return;
	}
	appendStringInfo(buf, "(SELECT * FROM %s AS x WHERE ", m->source);
	if (m->range != NULL)
	{
		AppendRange(buf, m->range);
		and = " AND ";
	}
	if (m->losers != NULL)
		appendStringInfo(buf, "%sNOT EXISTS (SELECT FROM %s AS l WHERE l.tid OPERATOR(pg_catalog.=) x.ctid)",
						 and, m->losers);
	appendStringInfoString(buf, ") AS s");
}

static char *
UpdateStatement(SqlMerge *m)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "UPDATE %s AS t SET ", m->target);
	AppendAssignments(&buf, m->request, "s.");
	appendStringInfoString(&buf, " FROM ");
	AppendSource(&buf, m);
	appendStringInfo(&buf, " WHERE %s AND %s", m->match, m->differs);
	return buf.data;
}

static bool
FillsIdentityAlways(MergeRequest *request)
{
	ListCell *lc;

	foreach (lc, request->columns)
	{
		if (TupleDescAttr(RelationGetDescr(request->target), lfirst_int(lc) - 1)->attidentity ==
			ATTRIBUTE_IDENTITY_ALWAYS)
			return true;
	}
	return false;
}

static void
AppendOnConflict(StringInfo buf, SqlMerge *m)
{
	MergeRequest *request = m->request;

	appendStringInfoString(buf, " ON CONFLICT (");
	AppendColumnList(buf, request->target, request->key->attnums, "");
	if (request->mode == MODE_IGNORE || m->differs == NULL)
	{
		appendStringInfoString(buf, ") DO NOTHING");
		return;
	}
	appendStringInfoString(buf, ") DO UPDATE SET ");
	AppendAssignments(buf, request, "excluded.");
	appendStringInfoString(buf, " WHERE ");
	AppendDiffers(buf, request, "excluded.");
}

/* The rows of s that the target lacks; all of them in mode insert. */
static void
AppendFresh(StringInfo buf, SqlMerge *m)
{
	appendStringInfoString(buf, " FROM ");
	AppendSource(buf, m);
	if (m->request->mode != MODE_INSERT)
		appendStringInfo(buf, " WHERE NOT EXISTS (SELECT FROM %s AS t WHERE %s)", m->target, m->match);
}

static char *
InsertStatement(SqlMerge *m)
{
	MergeRequest *request = m->request;
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "INSERT INTO %s AS t (", QualifiedRelationName(request->target));
	AppendColumnList(&buf, request->target, request->columns, "");
	appendStringInfo(&buf, ")%s SELECT ", FillsIdentityAlways(request) ? " OVERRIDING SYSTEM VALUE" : "");
	AppendColumnList(&buf, request->target, request->columns, "s.");
	AppendFresh(&buf, m);
	if (request->mode != MODE_INSERT && m->has_arbiter)
		AppendOnConflict(&buf, m);
	return buf.data;
}

/* Rules replace or add statements, whose counters say nothing of ours. */
static void
RunWrite(SqlMerge *m, const char *sql, const char *count, Counted *counted)
{
	int64 proposed = m->request->target->rd_rules ? QueryInt64(count) : -1;

	RunCounted(sql, counted);
	if (proposed >= 0)
		counted->proposed = proposed;
}

static void
RunUpdate(SqlMerge *m, Counted *counted)
{
	StringInfoData count;

	memset(counted, 0, sizeof(*counted));
	if (m->differs == NULL)
		return;
	initStringInfo(&count);
	appendStringInfoString(&count, "SELECT pg_catalog.count(*) FROM ");
	AppendSource(&count, m);
	appendStringInfo(&count, " JOIN %s AS t ON %s WHERE %s", m->target, m->match, m->differs);
	RunWrite(m, UpdateStatement(m), count.data, counted);
}

static void
RunInsert(SqlMerge *m, Counted *counted)
{
	StringInfoData count;

	initStringInfo(&count);
	appendStringInfoString(&count, "SELECT pg_catalog.count(*)");
	AppendFresh(&count, m);
	RunWrite(m, InsertStatement(m), count.data, counted);
}

/* Rows of s; those of them with a row in the target when matched. */
static int64
CountSource(SqlMerge *m, bool matched)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "SELECT pg_catalog.count(*) FROM ");
	AppendSource(&buf, m);
	if (matched)
		appendStringInfo(&buf, " WHERE EXISTS (SELECT FROM %s AS t WHERE %s)", m->target, m->match);
	return QueryInt64(buf.data);
}

static void
NewSnapshot(void)
{
	PopActiveSnapshot();
	PushCopiedSnapshot(GetTransactionSnapshot());
}

static void
ReportKeyNotUnique(SqlMerge *m)
{
	Relation target = m->request->target;

	ereport(ERROR, (errcode(ERRCODE_CARDINALITY_VIOLATION),
					errmsg("(%s) is not unique in \"%s\"", ColumnListText(target, m->request->key->attnums),
						   RelationGetRelationName(target)),
					errdetail("A row of the batch matches more than one row."),
					errhint("Name columns in \"key\" that identify one row.")));
}

/*
 * Modes insert and ignore: one statement. What met a conflict (only in mode
 * ignore) or was held back by a trigger counts as ignored.
 */
static void
InsertOnly(SqlMerge *m, int64 rows, MergeCounts *counts)
{
	Counted insert;

	RunInsert(m, &insert);
	counts->inserted += insert.processed;
	counts->ignored += rows - insert.processed;
}

static void
UpdateOnly(SqlMerge *m, int64 rows, MergeCounts *counts)
{
	int64 matched = CountSource(m, true);
	Counted update;

	RunUpdate(m, &update);
	if (update.proposed > matched)
		ReportKeyNotUnique(m);
	counts->updated += update.processed;
	counts->unchanged += matched - update.proposed;
	counts->ignored += rows - matched + update.proposed - update.processed;
}

/* What one pass of Upsert left for another. */
static bool
LostRows(SqlMerge *m, const Counted *update)
{
	return update->processed < update->proposed && !m->has_row_triggers && !IsolationUsesXactSnapshot();
}

/*
 * Modes upsert and sync. Of the batch's rows, insert.proposed were missing and
 * update.proposed were there and differed; the rest is unchanged.
 */
static void
Upsert(SqlMerge *m, int64 rows, MergeCounts *counts)
{
	int64 left = rows;

	for (int pass = 1;; pass++)
	{
		Counted update;
		Counted insert;
		int64 written_over;
		int64 met_equal;

		RunUpdate(m, &update);
		RunInsert(m, &insert);
		if (pass == 1 && update.proposed + insert.proposed > rows)
			ReportKeyNotUnique(m);

		/* of the rows that met a conflict, those that differed were updated */
		met_equal = m->differs ? insert.equal : insert.conflicts;
		written_over = Min(insert.conflicts - met_equal, insert.processed);
		counts->updated += update.processed + written_over;
		counts->inserted += insert.processed - written_over;
		left -= update.processed + insert.processed;
		if (pass < MAX_PASSES && LostRows(m, &update))
		{
			NewSnapshot();
			continue;
		}
		if (m->has_row_triggers)
		{
			int64 held =
				(update.proposed - update.processed) + (insert.proposed - insert.processed - met_equal);

			counts->ignored += held;
			left -= held;
		}
		counts->unchanged += left;
		return;
	}
}

/* A target's row may have a key that matches nothing, for a NULL in it. */
static bool
KeyCanBeNull(MergeRequest *request)
{
	ListCell *lc;

	if (request->key->nulls_not_distinct)
		return false;
	foreach (lc, request->key->attnums)
	{
		if (!TupleDescAttr(RelationGetDescr(request->target), lfirst_int(lc) - 1)->attnotnull)
			return true;
	}
	return false;
}

/* Deletes the target's rows that no row of the batch matches. */
static void
DeleteMissing(SqlMerge *m, MergeCounts *counts)
{
	StringInfoData buf;
	Counted deleted;

	initStringInfo(&buf);
	appendStringInfo(&buf, "DELETE FROM %s AS t WHERE NOT EXISTS (SELECT FROM %s AS s WHERE %s)", m->target,
					 m->source, m->match);
	if (KeyCanBeNull(m->request))
	{
		appendStringInfoString(&buf, " AND ");
		AppendKeyNotNull(&buf, m->request, "t.");
	}
	/* a line end, for a condition that ends in a comment */
	if (m->request->delete_where)
		appendStringInfo(&buf, " AND (%s\n)", m->request->delete_where);
	RunCounted(buf.data, &deleted);
	counts->deleted += deleted.processed;
}

/*
 * A key with a NULL in it matches nothing, so such rows of the target are never
 * in the batch; they go first, or the batch's own would go with them.
 */
static void
DeleteNullKeys(SqlMerge *m, MergeCounts *counts)
{
	StringInfoData buf;
	Counted deleted;

	if (!KeyCanBeNull(m->request))
		return;
	initStringInfo(&buf);
	appendStringInfo(&buf, "DELETE FROM %s AS t WHERE NOT (", m->target);
	AppendKeyNotNull(&buf, m->request, "t.");
	appendStringInfoChar(&buf, ')');
	if (m->request->delete_where)
		appendStringInfo(&buf, " AND (%s\n)", m->request->delete_where);
	RunCounted(buf.data, &deleted);
	counts->deleted += deleted.processed;
}

static void
MergeRows(SqlMerge *m, int64 rows, MergeCounts *counts)
{
	switch (m->request->mode)
	{
		case MODE_INSERT:
		case MODE_IGNORE: InsertOnly(m, rows, counts); break;
		case MODE_UPDATE: UpdateOnly(m, rows, counts); break;
		case MODE_UPSERT:
		case MODE_SYNC: Upsert(m, rows, counts); break;
	}
}

/* The whole batch. */
static void
MergeBatch(SqlMerge *m, MergeCounts *counts)
{
	bool sync = m->request->mode == MODE_SYNC;

	if (sync)
		DeleteNullKeys(m, counts);
	MergeRows(m, counts->staged - counts->duplicates, counts);
	if (sync)
		DeleteMissing(m, counts);
}

/* Errors that another row would not have caused: bad values, constraints, what triggers raise. */
static bool
IsRowError(int sqlerrcode)
{
	int class = ERRCODE_TO_CATEGORY(sqlerrcode);

	return class == ERRCODE_DATA_EXCEPTION || class == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION ||
		   class == ERRCODE_WITH_CHECK_OPTION_VIOLATION || sqlerrcode == ERRCODE_RAISE_EXCEPTION;
}

/*
 * Runs step in a subtransaction under a snapshot of its own. Returns NULL when
 * it is done, else the error (in the caller's memory context), with all it did
 * undone and counts as they were. Errors that are no row's fault are thrown on.
 */
static ErrorData *
Attempt(void (*step)(SqlMerge *, MergeCounts *), SqlMerge *m, MergeCounts *counts)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	MergeCounts before = *counts;
	ErrorData *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		PushCopiedSnapshot(GetTransactionSnapshot());
		step(m, counts);
		PopActiveSnapshot();
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;

	if (error == NULL)
		return NULL;
	*counts = before;
	if (!IsRowError(error->sqlerrcode))
		ReThrowError(error);
	return error;
}

static void
MergeRange(SqlMerge *m, MergeCounts *counts)
{
	MergeRows(m, CountSource(m, false), counts);
}

static Range
PlaceOf(ItemPointer tid)
{
	BlockNumber block = ItemPointerGetBlockNumber(tid);
	OffsetNumber offset = ItemPointerGetOffsetNumber(tid);

	return (Range){block, block, offset, offset};
}

static Range
WholeRange(Relation source)
{
	BlockNumber blocks = RelationGetNumberOfBlocks(source);

	return (Range){0, blocks ? blocks - 1 : 0, FirstOffsetNumber, MaxHeapTuplesPerPage};
}

static bool
IsOnePlace(const Range *range)
{
	return range->first_block == range->last_block && range->first_offset == range->last_offset;
}

/* The halves of a range of more than one place. */
static void
Halve(const Range *range, Range *left, Range *right)
{
	*left = *right = *range;
	if (range->first_block < range->last_block)
	{
		left->last_block = range->first_block + (range->last_block - range->first_block) / 2;
		right->first_block = left->last_block + 1;
		left->last_offset = MaxHeapTuplesPerPage;
		right->first_offset = FirstOffsetNumber;
		return;
	}
	left->last_offset = range->first_offset + (range->last_offset - range->first_offset) / 2;
	right->first_offset = left->last_offset + 1;
}

/* "line 4", or "row 3" where lines are not known */
static char *
PlaceText(SqlMerge *m, const Range *place)
{
	ItemPointerData tid;
	int64 line;

	ItemPointerSet(&tid, place->first_block, place->first_offset);
	line = m->request->stage ? StageLineOf(m->request->stage, &tid) : 0;
	if (line > 0)
		return psprintf("line " INT64_FORMAT, line);
	line = QueryInt64(
		psprintf("SELECT pg_catalog.count(*) FROM %s AS s WHERE s.ctid OPERATOR(pg_catalog.<=) '(%u,%u)'",
				 m->source, place->first_block, place->first_offset));
	return psprintf("row " INT64_FORMAT, line);
}

/* One row fails by itself: its error, with the line in the context. */
static void
RaiseAtRow(SqlMerge *m, const Range *place, ErrorData *error)
{
	error->context = psprintf("%s%smerge of \"%s\" into \"%s\", %s", error->context ? error->context : "",
							  error->context ? "\n" : "", RelationGetRelationName(m->request->source),
							  RelationGetRelationName(m->request->target), PlaceText(m, place));
	ReThrowError(error);
}

/*
 * Merges a range in as few parts as it takes to come upon each bad row alone.
 * A range that is known to fail is not tried as a whole. Returns whether
 * all went well.
 */
static bool
MergeInParts(SqlMerge *m, Range range, bool known_bad, MergeCounts *counts)
{
	ErrorData *error = NULL;
	Range left;
	Range right;
	bool clean;

	CHECK_FOR_INTERRUPTS();
	if (!known_bad || IsOnePlace(&range))
	{
		m->range = &range;
		error = Attempt(MergeRange, m, counts);
		if (error == NULL)
			return true;
	}
	if (IsOnePlace(&range))
	{
		RaiseAtRow(m, &range, error);
		return false;
	}
	if (error != NULL)
		FreeErrorData(error);
	Halve(&range, &left, &right);
	clean = MergeInParts(m, left, false, counts);
	return MergeInParts(m, right, clean, counts) && clean;
}

/*
 * The batch failed as a whole because of some row. When it turns out that no
 * row fails by itself (rows had to come in order, another transaction is out of
 * the way), it is merged by then.
 */
static void
MergeBatchInParts(SqlMerge *m, MergeCounts *counts)
{
	bool sync = m->request->mode == MODE_SYNC;

	if (sync)
		DeleteNullKeys(m, counts);
	MergeInParts(m, WholeRange(m->request->source), true, counts);
	m->range = NULL;
	if (sync)
		DeleteMissing(m, counts);
}

/* Numbers the rows of one key in the order of the batch, the one to keep first. */
static char *
NumberedRows(SqlMerge *m)
{
	MergeRequest *request = m->request;
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "SELECT s.ctid AS tid, pg_catalog.row_number() OVER (PARTITION BY ");
	AppendColumnList(&buf, request->target, request->key->attnums, "s.");
	appendStringInfo(&buf, " ORDER BY s.ctid%s) AS n FROM %s AS s",
					 request->on_duplicate == DUPLICATE_LAST ? " DESC" : "", m->source);
	if (!request->key->nulls_not_distinct)
	{
		appendStringInfoString(&buf, " WHERE ");
		AppendKeyNotNull(&buf, request, "s.");
	}
	return buf.data;
}

/* Rows that repeat the key of another one. */
static int64
CountDuplicates(SqlMerge *m)
{
	MergeRequest *request = m->request;
	StringInfoData buf;

	if (request->key == NULL)
		return 0;
	initStringInfo(&buf);
	appendStringInfo(&buf,
					 "SELECT COALESCE(pg_catalog.sum(d.n OPERATOR(pg_catalog.-) 1), 0)::pg_catalog.int8 FROM "
					 "(SELECT pg_catalog.count(*) AS n FROM %s AS s",
					 m->source);
	if (!request->key->nulls_not_distinct)
	{
		appendStringInfoString(&buf, " WHERE ");
		AppendKeyNotNull(&buf, request, "s.");
	}
	appendStringInfoString(&buf, " GROUP BY ");
	AppendColumnList(&buf, request->target, request->key->attnums, "s.");
	appendStringInfoString(&buf, " HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1) AS d");
	return QueryInt64(buf.data);
}

/* Puts the duplicates to leave out into a temporary table. */
static void
SetLosersApart(SqlMerge *m)
{
	char *name = FreeTemporaryName(RelationGetRelationName(m->request->source), "duplicates");

	m->losers = psprintf("pg_temp.%s", quote_identifier(name));
	RunUtility(psprintf("CREATE TEMPORARY TABLE %s ON COMMIT DROP AS "
						"SELECT d.tid FROM (%s) AS d WHERE d.n OPERATOR(pg_catalog.>) 1",
						m->losers, NumberedRows(m)));
}

/* The key's values as PostgreSQL shows them in its own errors, and two of its rows. */
static char *
FirstDuplicate(SqlMerge *m, Range *first, Range *second)
{
	MergeRequest *request = m->request;
	MemoryContext context = CurrentMemoryContext;
	ItemPointer tids[2];
	StringInfoData buf;
	char *values;
	bool isnull;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "SELECT a.tids[1], a.tids[2], pg_catalog.concat_ws(', '");
	for (int i = 0; i < list_length(request->key->attnums); i++)
		appendStringInfo(&buf, ", COALESCE(a.k%d::pg_catalog.text, 'null')", i);
	appendStringInfoString(&buf, ") FROM (SELECT pg_catalog.array_agg(s.ctid ORDER BY s.ctid) AS tids");
	for (int i = 0; i < list_length(request->key->attnums); i++)
		appendStringInfo(&buf, ", s.%s AS k%d",
						 QuotedColumnName(request->target, list_nth_int(request->key->attnums, i)), i);
	appendStringInfo(&buf, " FROM %s AS s GROUP BY ", m->source);
	AppendColumnList(&buf, request->target, request->key->attnums, "s.");
	appendStringInfoString(&buf, " HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1");
	if (!request->key->nulls_not_distinct)
	{
		appendStringInfoString(&buf, " AND ");
		AppendKeyNotNull(&buf, request, "s.");
	}
	appendStringInfoString(&buf, ") AS a ORDER BY a.tids[2] LIMIT 1");

	SPI_connect();
	if (SPI_execute(buf.data, true, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "unexpected result of: %s", buf.data);
	for (int i = 0; i < 2; i++)
		tids[i] = (ItemPointer) DatumGetPointer(
			SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &isnull));
	*first = PlaceOf(tids[0]);
	*second = PlaceOf(tids[1]);
	values = MemoryContextStrdup(context, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3));
	SPI_finish();
	return values;
}

static void
ReportDuplicate(SqlMerge *m, int64 duplicates)
{
	MergeRequest *request = m->request;
	Range first;
	Range second;
	char *values = FirstDuplicate(m, &first, &second);
	char *first_text = PlaceText(m, &first);

	ereport(ERROR, (errcode(ERRCODE_UNIQUE_VIOLATION),
					errmsg("key (%s)=(%s) is in the batch more than once",
						   ColumnListText(request->target, request->key->attnums), values),
					errdetail_plural("It is on %s and on %s; " INT64_FORMAT " row in all repeats a key.",
									 "It is on %s and on %s; " INT64_FORMAT " rows in all repeat a key.",
									 duplicates, first_text, PlaceText(m, &second), duplicates),
					errhint("Merge with on_duplicate => 'first' or 'last' to keep one of them."),
					errtable(request->target)));
}

/* Foreign tables below a partitioned target, and row triggers of any leaf. */
static void
InspectLeaves(SqlMerge *m)
{
	ListCell *lc;

	foreach (lc, find_all_inheritors(RelationGetRelid(m->request->target), AccessShareLock, NULL))
	{
		Relation leaf = table_open(lfirst_oid(lc), NoLock);
		TriggerDesc *triggers = leaf->trigdesc;

		if (leaf->rd_rel->relkind == RELKIND_FOREIGN_TABLE)
			m->has_arbiter = false;
		if (leaf->rd_rel->relkind == RELKIND_FOREIGN_TABLE ||
			(triggers && (triggers->trig_insert_before_row || triggers->trig_update_before_row)))
			m->has_row_triggers = true;
		table_close(leaf, NoLock);
	}
}

static void
InspectTarget(SqlMerge *m)
{
	Relation target = m->request->target;
	char kind = target->rd_rel->relkind;

	m->has_arbiter = m->request->key && OidIsValid(m->request->key->index) && target->rd_rules == NULL;
	m->has_row_triggers = kind == RELKIND_VIEW || target->rd_rules != NULL;
	if (kind != RELKIND_VIEW)
		InspectLeaves(m);
}

/* Without ON CONFLICT nothing but a lock keeps others from inserting the same key. */
static void
LockOutWriters(SqlMerge *m)
{
	Relation target = m->request->target;

	if (m->has_arbiter || m->request->mode == MODE_INSERT || m->request->mode == MODE_UPDATE)
		return;
	if (target->rd_rel->relkind == RELKIND_VIEW)
		RunUtility(psprintf("LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE", QualifiedRelationName(target)));
	else
		LockRelationOid(RelationGetRelid(target), ShareRowExclusiveLock);
}

static void
PrepareTexts(SqlMerge *m)
{
	MergeRequest *request = m->request;
	StringInfoData buf;

	m->source = QualifiedRelationName(request->source);
	m->target = psprintf("%s%s", request->target->rd_rel->relkind == RELKIND_RELATION ? "ONLY " : "",
						 QualifiedRelationName(request->target));
	if (request->key == NULL)
		return;
	m->match = MatchText(request->target, request->key);
	if (request->update_columns == NIL)
		return;
	initStringInfo(&buf);
	AppendDiffers(&buf, request, "s.");
	m->differs = buf.data;
}

void
MergeBySql(MergeRequest *request, MergeCounts *counts)
{
	SqlMerge m = {.request = request};

	PrepareTexts(&m);
	InspectTarget(&m);
	LockOutWriters(&m);
	PushCopiedSnapshot(GetTransactionSnapshot());

	counts->duplicates = CountDuplicates(&m);
	if (counts->duplicates > 0 && request->on_duplicate == DUPLICATE_ERROR)
		ReportDuplicate(&m, counts->duplicates);
	if (counts->duplicates > 0)
		SetLosersApart(&m);

	if (Attempt(MergeBatch, &m, counts) != NULL)
		MergeBatchInParts(&m, counts);

	if (m.losers != NULL)
		RunUtility(psprintf("DROP TABLE %s", m.losers));
	PopActiveSnapshot();
	CommandCounterIncrement();
}
