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
 * One snapshot makes the statements agree on which rows exist; the INSERT does
 * not even see what the UPDATE wrote, as if both were parts of one statement.
 * A row that another transaction inserted since then meets ON CONFLICT. A row
 * that was to be updated and is gone by then shows as an UPDATE that wrote
 * fewer rows than it was given; then the pair runs again under a new snapshot.
 * Neither can happen under REPEATABLE READ, where PostgreSQL raises a
 * serialization failure itself. Where ON CONFLICT cannot be used (views, foreign
 * tables, rules), the caller has locked others out.
 *
 * "Differs" is the record operator *<>: the stored bytes differ. It works for
 * types without equality (json, point), sees changes that = hides (1.0 and
 * 1.00, case of citext), and takes NULL for a value.
 *
 * Everything generated is schema-qualified, operators too, so the caller's
 * search_path applies to nothing but delete_where. Rights, row security,
 * rules and triggers are the executor's business and hold as in hand-written
 * SQL. One thing is checked beyond that: a row that a policy shows but
 * does not let be updated would be passed over by UPDATE without a word.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "counted.h"
#include "ident.h"
#include "merge_partitions.h"
#include "merge_path.h"
#include "merge_sql.h"
#include "parents.h"

/* attempts to update a row that others keep moving away */
#define MAX_PASSES 10

/* rows that may be looked up one by one in a target of unknown size or none */
#define LOOKUPS_BLIND_MAX 1000

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

void
AppendKeyColumn(StringInfo buf, SqlMerge *m, int n, const char *prefix)
{
	MergeKey *key = m->request->key;
	Relation target = m->request->target;
	AttrNumber attnum = list_nth_int(key->attnums, n);
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(target), attnum - 1);
	Oid base = getBaseType(att->atttypid);
	Oid collation = list_nth_oid(key->collations, n);

	appendStringInfo(buf, "%s%s", prefix, QuotedColumnName(target, attnum));
	/* polymorphic operators (of enums) do not accept domains */
	if (base != att->atttypid)
		appendStringInfo(
			buf, "::%s",
			format_type_extended(base, -1, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY));
	if (collation != att->attcollation)
		appendStringInfo(buf, " COLLATE %s", QualifiedCollationName(collation));
}

void
AppendKeyColumns(StringInfo buf, SqlMerge *m, const char *prefix)
{
	for (int i = 0; i < list_length(m->request->key->attnums); i++)
	{
		appendStringInfoString(buf, i ? ", " : "");
		AppendKeyColumn(buf, m, i, prefix);
	}
}

/* By IS DISTINCT FROM, as IS NOT NULL does not hold for a composite value with a NULL in it. */
void
AppendKeyNotNull(StringInfo buf, SqlMerge *m, const char *prefix)
{
	ListCell *lc;

	foreach (lc, m->request->key->attnums)
		appendStringInfo(buf, "%s%s%s IS DISTINCT FROM NULL", foreach_current_index (lc) ? " AND " : "",
						 prefix, QuotedColumnName(m->request->target, lfirst_int(lc)));
}

static bool
BatchHasNullKey(SqlMerge *m)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "SELECT pg_catalog.count(*) FROM (SELECT FROM %s AS s WHERE NOT (", m->source);
	AppendKeyNotNull(&buf, m, "s.");
	appendStringInfoString(&buf, ") LIMIT 1) AS n");
	return QueryInt64(buf.data, false) > 0;
}

/*
 * Equality per column, by the arbiter index's own operators. Where NULL equals
 * NULL, records are compared: = of records does just that, and can be
 * merge-joined. But no index helps with it, so not where there is no NULL.
 */
static char *
MatchText(SqlMerge *m)
{
	MergeKey *key = m->request->key;
	StringInfoData buf;

	initStringInfo(&buf);
	if (key->nulls_not_distinct && BatchHasNullKey(m))
	{
		appendStringInfoString(&buf, "ROW(");
		AppendKeyColumns(&buf, m, "s.");
		appendStringInfoString(&buf, ")::pg_catalog.record OPERATOR(pg_catalog.=) ROW(");
		AppendKeyColumns(&buf, m, "t.");
		appendStringInfoString(&buf, ")::pg_catalog.record");
		return buf.data;
	}
	for (int i = 0; i < list_length(key->attnums); i++)
	{
		appendStringInfoString(&buf, i ? " AND " : "");
		AppendKeyColumn(&buf, m, i, "s.");
		AppendOperator(&buf, list_nth_oid(key->equality, i));
		AppendKeyColumn(&buf, m, i, "t.");
	}
	return buf.data;
}

/*
 * The same where the target has been written to already. Under the one
 * snapshot, a row that another transaction has just given another key stands beside
 * the row of the batch that was inserted in its stead; a planner that goes by the
 * unique index would let a row of the batch match but one of the two. It does not
 * see through COALESCE.
 */
static char *
MatchAfterWrites(SqlMerge *m)
{
	MergeKey *key = m->request->key;
	StringInfoData buf;

	if (key->nulls_not_distinct && BatchHasNullKey(m))
		return MatchText(m);
	initStringInfo(&buf);
	for (int i = 0; i < list_length(key->attnums); i++)
	{
		appendStringInfoString(&buf, i ? " AND " : "");
		AppendKeyColumn(&buf, m, i, "s.");
		AppendOperator(&buf, list_nth_oid(key->equality, i));
		appendStringInfoString(&buf, "COALESCE(");
		AppendKeyColumn(&buf, m, i, "t.");
		appendStringInfoString(&buf, ", ");
		AppendKeyColumn(&buf, m, i, "t.");
		appendStringInfoChar(&buf, ')');
	}
	return buf.data;
}

/* ROW(p.a, p.b)::record: the cast keeps the parser from comparing column by column */
static void
AppendRecord(StringInfo buf, Relation target, List *attnums, const char *prefix)
{
	appendStringInfoString(buf, "ROW(");
	AppendColumnList(buf, target, attnums, prefix);
	appendStringInfoString(buf, ")::pg_catalog.record");
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
AppendRange(StringInfo buf, const Range *range)
{
	appendStringInfo(buf,
					 "x.ctid OPERATOR(pg_catalog.>=) '(%u,%u)'::pg_catalog.tid AND "
					 "x.ctid OPERATOR(pg_catalog.<=) '(%u,%u)'::pg_catalog.tid",
					 range->first_block, range->first_offset, range->last_block, range->last_offset);
}

static void
AppendLeftOut(StringInfo buf, const char *and, const char *tids)
{
	appendStringInfo(buf, "%sNOT EXISTS (SELECT FROM %s AS l WHERE l.tid OPERATOR(pg_catalog.=) x.ctid)", and,
					 tids);
}

/* The batch as "s", with its ctid: without duplicates left out and rivals, and within the range. */
static void
AppendSource(StringInfo buf, SqlMerge *m)
{
	const char *and = "";

	if (m->losers == NULL && m->rivals == NULL && m->range == NULL)
	{
		appendStringInfo(buf, "%s AS s", m->source);
		return;
	}
	appendStringInfo(buf, "(SELECT x.ctid, x.* FROM %s AS x WHERE ", m->source);
	if (m->range != NULL)
	{
		AppendRange(buf, m->range);
		and = " AND ";
	}
	if (m->losers != NULL)
	{
		AppendLeftOut(buf, and, m->losers);
		and = " AND ";
	}
	if (m->rivals != NULL && !m->takes_rivals)
		AppendLeftOut(buf, and, m->rivals);
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

/* Of a view, only the tables below know. */
static bool
MayFillIdentityAlways(MergeRequest *request)
{
	ListCell *lc;

	foreach (lc, request->columns)
	{
		if (TupleDescAttr(RelationGetDescr(request->target), lfirst_int(lc) - 1)->attidentity ==
			ATTRIBUTE_IDENTITY_ALWAYS)
			return true;
	}
	return request->target->rd_rel->relkind == RELKIND_VIEW;
}

/* Names the arbiter's collations: the same columns may be unique in several ways. */
static void
AppendArbiter(StringInfo buf, MergeRequest *request)
{
	ListCell *lc;

	foreach (lc, request->key->attnums)
	{
		Oid collation = list_nth_oid(request->key->collations, foreach_current_index (lc));

		appendStringInfo(buf, "%s%s", foreach_current_index (lc) ? ", " : "",
						 QuotedColumnName(request->target, lfirst_int(lc)));
		if (OidIsValid(collation))
			appendStringInfo(buf, " COLLATE %s", QualifiedCollationName(collation));
	}
}

static void
AppendOnConflict(StringInfo buf, SqlMerge *m)
{
	MergeRequest *request = m->request;

	appendStringInfoString(buf, " ON CONFLICT (");
	AppendArbiter(buf, request);
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

/* The same where they were set apart. */
static void
AppendSetApart(StringInfo buf, SqlMerge *m, const char *fresh)
{
	appendStringInfo(
		buf, " FROM %s AS s WHERE EXISTS (SELECT FROM %s AS f WHERE f.tid OPERATOR(pg_catalog.=) s.ctid)",
		m->source, fresh);
}

/* fresh: table of the TIDs of the rows to be inserted, or NULL */
static char *
InsertStatement(SqlMerge *m, const char *fresh)
{
	MergeRequest *request = m->request;
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "INSERT INTO %s AS t (", QualifiedRelationName(request->target));
	AppendColumnList(&buf, request->target, request->columns, "");
	appendStringInfo(&buf, ")%s SELECT ", MayFillIdentityAlways(request) ? " OVERRIDING SYSTEM VALUE" : "");
	AppendColumnList(&buf, request->target, request->columns, "s.");
	if (fresh)
		AppendSetApart(&buf, m, fresh);
	else
		AppendFresh(&buf, m);
	/* numbers of a sequence are given in the order of the batch, as on the direct path */
	if (request->columns && DefaultsFollowOrder(request->target, request->columns))
		appendStringInfoString(&buf, " ORDER BY s.ctid");
	if (request->mode != MODE_INSERT && m->has_arbiter)
		AppendOnConflict(&buf, m);
	return buf.data;
}

static void
RunWrite(SqlMerge *m, const char *sql, Counted *counted)
{
	if (m->queues_triggers)
		RunCountedQueuing(sql, m->nestloop, counted);
	else
		RunCounted(sql, m->nestloop, counted);
}

static void
ReportHiddenRows(SqlMerge *m, int64 rows)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("row-level security keeps the merge from updating \"%s\"",
					RelationGetRelationName(m->request->target)),
			 errdetail_plural(INT64_FORMAT " row that the batch changes can be seen, but not updated.",
							  INT64_FORMAT " rows that the batch changes can be seen, but not updated.", rows,
							  rows),
			 errhint("Leave such rows out of the batch, or merge as a role that may update them.")));
}

/*
 * The rows to be updated are counted beforehand where the executor's counters do
 * not tell: rules replace or add statements, policies take rows away.
 */
static void
RunUpdate(SqlMerge *m, Counted *counted)
{
	int64 proposed = -1;
	StringInfoData count;

	memset(counted, 0, sizeof(*counted));
	if (m->differs == NULL)
		return;
	initStringInfo(&count);
	appendStringInfoString(&count, "SELECT pg_catalog.count(*) FROM ");
	AppendSource(&count, m);
	appendStringInfo(&count, " JOIN %s AS t ON %s WHERE %s", m->target, m->match, m->differs);
	if (m->has_rules || m->hides_rows)
		proposed = QueryInt64(count.data, m->nestloop);
	RunWrite(m, UpdateStatement(m), counted);
	if (m->hides_rows && proposed > counted->proposed)
		ReportHiddenRows(m, proposed - counted->proposed);
	if (m->has_rules)
		counted->proposed = proposed;
}

/*
 * A rule's actions run the statement's query again, behind the INSERT, when what
 * was missing is missing no more. So the rows to be inserted are set apart.
 */
static void
RunInsertWithRules(SqlMerge *m, Counted *counted)
{
	const char *fresh =
		psprintf("pg_temp.%s",
				 quote_identifier(FreeTemporaryName(RelationGetRelationName(m->request->source), "fresh")));
	StringInfoData buf;
	Counted set_apart;

	initStringInfo(&buf);
	appendStringInfo(&buf, "INSERT INTO %s SELECT s.ctid", fresh);
	AppendFresh(&buf, m);
	RunUtility(psprintf("CREATE TEMPORARY TABLE %s (tid pg_catalog.tid) ON COMMIT DROP", fresh));
	RunCounted(buf.data, m->nestloop, &set_apart);
	SeeOwnChanges();
	RunCounted(InsertStatement(m, fresh), m->nestloop, counted);
	counted->proposed = set_apart.processed;
	RunUtility(psprintf("DROP TABLE %s", fresh));
}

static void
RunInsert(SqlMerge *m, Counted *counted)
{
	if (m->has_rules)
		RunInsertWithRules(m, counted);
	else
		RunWrite(m, InsertStatement(m, NULL), counted);
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
	return QueryInt64(buf.data, m->nestloop);
}

/* The user's word that these columns are a key, where no index says so. */
static void
CheckClaimedKey(SqlMerge *m)
{
	MergeKey *key = m->request->key;
	Relation target = m->request->target;
	StringInfoData buf;

	if (key == NULL || OidIsValid(key->index))
		return;
	initStringInfo(&buf);
	appendStringInfoString(&buf, "SELECT pg_catalog.count(*) FROM ");
	AppendSource(&buf, m);
	appendStringInfo(&buf, " JOIN %s AS t ON %s", m->target, m->match);
	if (QueryInt64(buf.data, m->nestloop) == CountSource(m, true))
		return;
	ereport(ERROR, (errcode(ERRCODE_CARDINALITY_VIOLATION),
					errmsg("(%s) is not unique in \"%s\"", ColumnListText(target, key->attnums),
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
	counts->updated += update.processed;
	counts->unchanged += matched - update.proposed;
	counts->ignored += rows - matched + update.proposed - update.processed;
}

/* The rows of the batch that the target has otherwise, as tid[]; NULL if there are none. */
static ArrayType *
DifferingRows(SqlMerge *m)
{
	StringInfoData buf;
	Datum tids;
	bool isnull;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "SELECT pg_catalog.array_agg(s.ctid) FROM ");
	AppendSource(&buf, m);
	appendStringInfo(&buf, " JOIN %s AS t ON %s WHERE %s", m->target, m->match, m->differs);
	tids = QueryDatum(buf.data, NULL, &isnull);
	return isnull ? NULL : DatumGetArrayTypeP(tids);
}

static int64
CountMissing(SqlMerge *m, ArrayType *tids)
{
	StringInfoData buf;
	bool isnull;

	if (tids == NULL)
		return 0;
	initStringInfo(&buf);
	appendStringInfo(&buf,
					 "SELECT pg_catalog.count(*) FROM %s AS s WHERE s.ctid OPERATOR(pg_catalog.=) ANY ($1) "
					 "AND NOT EXISTS (SELECT FROM %s AS t WHERE %s)",
					 m->source, m->target, m->match);
	return DatumGetInt64(QueryDatum(buf.data, tids, &isnull));
}

/*
 * Whether rows that were there to be updated were gone when UPDATE came to
 * them, so that neither statement wrote them. Then the active snapshot is a new
 * one. Where a trigger can have held rows back, the counters do not tell.
 */
static bool
LostRows(SqlMerge *m, const Counted *update)
{
	ArrayType *differing = NULL;

	if (update->processed >= update->proposed || !m->has_arbiter || IsolationUsesXactSnapshot())
		return false;
	if (m->has_row_triggers)
		differing = DifferingRows(m);
	PopActiveSnapshot();
	PushCopiedSnapshot(GetTransactionSnapshot());
	return !m->has_row_triggers || CountMissing(m, differing) > 0;
}

static void
ReportMovingTarget(SqlMerge *m)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("could not merge into \"%s\" due to concurrent changes",
					RelationGetRelationName(m->request->target)),
			 errdetail("Other transactions changed or deleted the same rows %d times meanwhile.", MAX_PASSES),
			 errhint("Retry the transaction.")));
}

/*
 * Modes upsert and sync. Of the batch's rows, insert.proposed were missing and
 * update.proposed were there and differed; the rest is unchanged.
 */
static void
Upsert(SqlMerge *m, int64 rows, MergeCounts *counts)
{
	int64 left = rows;

	/* what comes behind is to see what it would have seen without further passes */
	PushCopiedSnapshot(GetActiveSnapshot());
	for (int pass = 1;; pass++)
	{
		Counted update;
		Counted insert;
		int64 met_equal;
		int64 written_over;
		int64 held;

		RunUpdate(m, &update);
		RunInsert(m, &insert);

		/* of the rows that met a conflict, those that differed were updated */
		met_equal = m->differs ? insert.equal : insert.conflicts;
		written_over = Min(insert.conflicts - met_equal, insert.processed);
		counts->updated += update.processed + written_over;
		counts->inserted += insert.processed - written_over;
		left -= update.processed + insert.processed;
		if (LostRows(m, &update))
		{
			if (pass == MAX_PASSES)
				ReportMovingTarget(m);
			continue;
		}
		held = m->has_row_triggers
				   ? (update.proposed - update.processed) + (insert.proposed - insert.processed - met_equal)
				   : 0;
		counts->ignored += held;
		counts->unchanged += left - held;
		break;
	}
	PopActiveSnapshot();
}

/* Rows that are updated may have parents that are inserted: foreign keys are checked behind both statements.
 */
static void
UpsertThenCheck(SqlMerge *m, int64 rows, MergeCounts *counts)
{
	EState *estate = CreateExecutorState();

	AfterTriggerBeginQuery();
	m->queues_triggers = true;
	Upsert(m, rows, counts);
	m->queues_triggers = false;
	AfterTriggerEndQuery(estate);
	ExecCloseResultRelations(estate);
	ExecResetTupleTable(estate->es_tupleTable, false);
	FreeExecutorState(estate);
}

bool
KeyCanBeNull(const MergeRequest *request)
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
					 m->source, MatchAfterWrites(m));
	if (KeyCanBeNull(m->request))
	{
		appendStringInfoString(&buf, " AND ");
		AppendKeyNotNull(&buf, m, "t.");
	}
	/* a line end, for a condition that ends in a comment */
	if (m->request->delete_where)
		appendStringInfo(&buf, " AND (%s\n)", m->request->delete_where);
	SeeOwnChanges();
	RunCounted(buf.data, m->nestloop, &deleted);
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
	AppendKeyNotNull(&buf, m, "t.");
	appendStringInfoChar(&buf, ')');
	if (m->request->delete_where)
		appendStringInfo(&buf, " AND (%s\n)", m->request->delete_where);
	SeeOwnChanges();
	RunCounted(buf.data, m->nestloop, &deleted);
	counts->deleted += deleted.processed;
}

/*
 * Whether rows of the batch may be looked up one by one. The planner goes by the
 * target's size before the statement: into an empty table, a nested loop looks free, and
 * would then read again for each row all that were inserted before. Lookups cannot
 * pay where the batch has more rows than the target has pages.
 */
static bool
LookupsMayPay(SqlMerge *m, int64 rows)
{
	return rows < (m->pages ? m->pages : LOOKUPS_BLIND_MAX);
}

static void
MergeRows(SqlMerge *m, int64 rows, MergeCounts *counts)
{
	m->nestloop = LookupsMayPay(m, rows);
	SeeOwnChanges();
	CheckClaimedKey(m);
	switch (m->request->mode)
	{
		case MODE_INSERT:
		case MODE_IGNORE: InsertOnly(m, rows, counts); break;
		case MODE_UPDATE: UpdateOnly(m, rows, counts); break;
		case MODE_UPSERT:
		case MODE_SYNC: (m->refers_to_itself ? UpsertThenCheck : Upsert)(m, rows, counts); break;
	}
}

/* The whole batch. */
static void
MergeBatch(SqlMerge *m, MergeCounts *counts)
{
	bool sync = m->request->mode == MODE_SYNC;

	if (sync)
		DeleteNullKeys(m, counts);
	MergeRows(m, counts->staged - counts->duplicates - counts->rejected, counts);
	if (sync)
		DeleteMissing(m, counts);
}

static void
MergeRange(SqlMerge *m, MergeCounts *counts)
{
	MergeRows(m, CountSource(m, false), counts);
}

/* Whether something may change or hold back rows on their way into this table. */
static bool
HasRowTriggers(Relation table)
{
	TriggerDesc *triggers = table->trigdesc;

	/* a foreign table's server may have any */
	return table->rd_rel->relkind == RELKIND_FOREIGN_TABLE ||
		   (triggers && (triggers->trig_insert_before_row || triggers->trig_update_before_row));
}

/* More than the one that makes it a view. */
static bool
HasRules(Relation target)
{
	RuleLock *rules = target->rd_rules;

	for (int i = 0; rules != NULL && i < rules->numLocks; i++)
	{
		if (rules->rules[i]->event != CMD_SELECT)
			return true;
	}
	return false;
}

static void
InspectTarget(SqlMerge *m)
{
	Relation target = m->request->target;
	char kind = target->rd_rel->relkind;

	m->has_rules = HasRules(target);
	m->has_arbiter = m->request->key && OidIsValid(m->request->key->index) && !m->has_rules;
	m->has_row_triggers = kind == RELKIND_VIEW || m->has_rules || HasRowTriggers(target) ||
						  AnyPartition(target, HasRowTriggers);
	/* triggers for statements fire once a query, however many statements it has, so there can be but one */
	m->refers_to_itself = !m->has_rules && !HasStatementTriggers(target) &&
						  (RefersToOwnRows(target) || AnyPartition(target, RefersToOwnRows));
	/* a view's tables may have policies */
	m->hides_rows =
		kind == RELKIND_VIEW || check_enable_rls(RelationGetRelid(target), InvalidOid, true) == RLS_ENABLED;
}

/* Pages of a table or of all its leaves; 0 when it is empty or elsewhere. */
static int64
CountPages(Relation target)
{
	int64 pages = 0;
	ListCell *lc;

	if (target->rd_rel->relkind == RELKIND_RELATION)
		return RelationGetNumberOfBlocks(target);
	foreach (lc, find_all_inheritors(RelationGetRelid(target), AccessShareLock, NULL))
	{
		Relation leaf = table_open(lfirst_oid(lc), NoLock);

		if (leaf->rd_rel->relkind == RELKIND_RELATION)
			pages += RelationGetNumberOfBlocks(leaf);
		table_close(leaf, NoLock);
	}
	return pages;
}

static void
PrepareTexts(SqlMerge *m)
{
	MergeRequest *request = m->request;
	StringInfoData buf;

	m->source = psprintf("ONLY %s", QualifiedRelationName(request->source));
	m->target = psprintf("%s%s", request->target->rd_rel->relkind == RELKIND_RELATION ? "ONLY " : "",
						 QualifiedRelationName(request->target));
	if (request->key == NULL)
		return;
	m->match = MatchText(m);
	if (request->update_columns == NIL)
		return;
	initStringInfo(&buf);
	AppendDiffers(&buf, request, "s.");
	m->differs = buf.data;
}

static void
MergeErrorContext(void *arg)
{
	SqlMerge *m = arg;

	errcontext("merge of \"%s\" into \"%s\"%s%s", BatchName(m->request),
			   RelationGetRelationName(m->request->target), m->place ? ", " : "", m->place ? m->place : "");
}

static void
RunInContext(MergeStep step, SqlMerge *m, MergeCounts *counts)
{
	ErrorContextCallback callback = {error_context_stack, MergeErrorContext, m};

	error_context_stack = &callback;
	step(m, counts);
	error_context_stack = callback.previous;
}

/* The whole batch but for bad rows, which are set aside. */
static void
MergeGoodRows(SqlMerge *m, MergeCounts *counts)
{
	bool sync = m->request->mode == MODE_SYNC;

	if (sync)
		DeleteNullKeys(m, counts);
	MergeSettingAside(m, MergeRange, counts);
	if (sync)
		DeleteMissing(m, counts);
}

static void
MergeOrRaise(SqlMerge *m, MergeCounts *counts)
{
	bool sets_aside = m->request->rejects != NULL;
	bool rivals = sets_aside && !FailsWithoutRows(m, MergeRange) && SetRivalsApart(m);
	ErrorData *error = rivals ? NULL : Attempt(MergeBatch, m, counts);

	if (rivals || (error && sets_aside && !FailsWithoutRows(m, MergeRange)))
		MergeGoodRows(m, counts);
	else if (error)
		RaiseWithPlace(m, MergeRange, error);
	ForgetRivals(m);
}

void
SqlMergeGuard(SqlMerge *m, MergeStep step, MergeCounts *counts)
{
	ErrorContextCallback callback = {error_context_stack, MergeErrorContext, m};
	ErrorData *error = Attempt(step, m, counts);

	if (error == NULL)
		return;
	if (m->request->row_named)
		ReThrowError(error);
	error_context_stack = &callback;
	RaiseWithPlace(m, MergeRange, error);
}

bool
SqlMergeTry(SqlMerge *m, MergeStep step, MergeCounts *counts)
{
	MergeRequest *request = m->request;
	ErrorData *error = Attempt(step, m, counts);

	if (error == NULL)
		return true;
	FreeErrorData(error);
	request->set_aside = NIL;
	DiscardRejects(request->rejects);
	request->rejects = BeginRejects(request->stage->relid, false);
	return false;
}

bool
SqlMergeTryAllRows(SqlMerge *m, MergeStep step, MergeCounts *counts)
{
	const char *losers = m->losers;
	int64 duplicates = counts->duplicates;
	bool done;

	m->lanes_settle = losers && TakesDuplicatesInOrder(m->request);
	if (!m->lanes_settle)
		return SqlMergeTry(m, step, counts);
	m->losers = NULL;
	counts->duplicates = 0;
	m->request->repeats_keys = false;
	done = SqlMergeTry(m, step, counts);
	m->losers = losers;
	m->request->repeats_keys = true;
	if (done)
		ForgetDuplicates(m);
	else
		counts->duplicates = duplicates;
	return done;
}

void
SqlMergeBegin(SqlMerge *m, MergeRequest *request, MergeCounts *counts)
{
	memset(m, 0, sizeof(*m));
	m->request = request;
	SeeOwnChanges();
	PrepareTexts(m);
	InspectTarget(m);
	m->pages = CountPages(request->target);
	RunInContext(LeaveOutDuplicates, m, counts);
}

void
SqlMergeRows(SqlMerge *m, MergeCounts *counts)
{
	RunInContext(MergeOrRaise, m, counts);
}

void
SqlMergeDeleteNullKeys(SqlMerge *m, MergeCounts *counts)
{
	RunInContext(DeleteNullKeys, m, counts);
}

void
SqlMergeDeleteMissing(SqlMerge *m, MergeCounts *counts)
{
	RunInContext(DeleteMissing, m, counts);
}

void
SqlMergeEnd(SqlMerge *m, MergeCounts *counts)
{
	RunInContext(SettleDuplicates, m, counts);
	ForgetDuplicates(m);
}
