/*
 * merge_rivals.c
 *		By SQL: rows of a batch that want one key of a unique index, or one that another has now.
 *
 * Who is taken first decides what becomes of them. Where bad rows are set aside they are set apart, and
 * taken one by one in the order of the batch (merge_reject.c), as the direct path does (rivals.c), and with
 * them the rows of their keys of the merge's own. To set too many rows apart only takes longer.
 *
 * Indexes on expressions or with a predicate are left out: what they say of bad rows may well be an error.
 */
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "nodes/execnodes.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "counted.h"
#include "ident.h"
#include "merge_sql.h"

typedef enum Keys
{
	KEYS_APART,  /* no row of the batch gets a key that another wants */
	KEYS_TOLD,   /* by the batch's columns */
	KEYS_UNKNOWN /* so each row may be another's rival */
} Keys;

static bool
Updates(const MergeRequest *request)
{
	return request->key && ModeUpdates(request->mode);
}

/* Rows that are inserted all get the same value in a column that is not given, and it is not NULL. */
static bool
DefaultsToOneValue(Relation target, AttrNumber attnum)
{
	Node *expr = build_column_default(target, attnum);

	return expr && !(IsA(expr, Const) && ((Const *) expr)->constisnull) && !contain_volatile_functions(expr);
}

/* Columns of rows are parted as the index does it, and the caller may read them. */
static bool
CanPartBy(Relation target, Relation index, int column)
{
	AttrNumber attnum = index->rd_index->indkey.values[column];
	Oid input = index->rd_opcintype[column];
	TypeCacheEntry *type =
		lookup_type_cache(getBaseType(TupleDescAttr(RelationGetDescr(target), attnum - 1)->atttypid),
						  TYPECACHE_EQ_OPR | TYPECACHE_LT_OPR);

	return OidIsValid(type->lt_opr) &&
		   get_opfamily_member(index->rd_opfamily[column], input, input, BTEqualStrategyNumber) ==
			   type->eq_opr &&
		   (pg_class_aclcheck(RelationGetRelid(target), GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
			pg_attribute_aclcheck(RelationGetRelid(target), attnum, GetUserId(), ACL_SELECT) == ACLCHECK_OK);
}

static Keys
KeysOfIndex(const MergeRequest *request, Relation index)
{
	Relation target = request->target;
	bool nulls_count = index->rd_index->indnullsnotdistinct;
	bool told = true;
	int given = 0;

	for (int i = 0; i < index->rd_index->indnkeyatts; i++)
	{
		AttrNumber attnum = index->rd_index->indkey.values[i];

		if (list_member_int(request->columns, attnum))
			given++;
		else if (nulls_count || TupleDescAttr(RelationGetDescr(target), attnum - 1)->attgenerated != '\0' ||
				 DefaultsToOneValue(target, attnum))
			return KEYS_UNKNOWN;
		told &= CanPartBy(target, index, i);
	}
	if (given == 0)
		return KEYS_APART;
	return told && given == index->rd_index->indnkeyatts ? KEYS_TOLD : KEYS_UNKNOWN;
}

/* A column of the index as it compares it. */
static void
AppendIndexColumn(StringInfo buf, Relation target, Relation index, int column, const char *prefix)
{
	AttrNumber attnum = index->rd_index->indkey.values[column];
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(target), attnum - 1);
	Oid base = getBaseType(att->atttypid);

	appendStringInfo(buf, ", %s%s", prefix, QuotedColumnName(target, attnum));
	/* polymorphic operators (of enums) do not accept domains */
	if (base != att->atttypid)
		appendStringInfo(
			buf, "::%s",
			format_type_extended(base, -1, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY));
	if (OidIsValid(index->rd_indcollation[column]))
		appendStringInfo(buf, " COLLATE %s", QualifiedCollationName(index->rd_indcollation[column]));
	appendStringInfo(buf, " AS k%d", column);
}

typedef enum Side
{
	AS_GIVEN,   /* what a row has that is inserted */
	AS_UPDATED, /* what one has that is updated */
	AS_REPLACED /* what it gives up */
} Side;

static void
AppendKeys(StringInfo buf, SqlMerge *m, Relation index, Side side)
{
	MergeRequest *request = m->request;

	appendStringInfoString(buf, "SELECT s.ctid AS tid");
	for (int i = 0; i < index->rd_index->indnkeyatts; i++)
	{
		bool written = list_member_int(request->update_columns, index->rd_index->indkey.values[i]);

		AppendIndexColumn(buf, request->target, index, i,
						  side == AS_GIVEN || (side == AS_UPDATED && written) ? "s." : "t.");
	}
	appendStringInfo(buf, " FROM %s AS s", m->source);
	if (side != AS_GIVEN)
		appendStringInfo(buf, " JOIN %s AS t ON %s", m->target, m->match);
}

static bool
MayMove(const MergeRequest *request, Relation index)
{
	for (int i = 0; Updates(request) && i < index->rd_index->indnkeyatts; i++)
	{
		if (list_member_int(request->update_columns, index->rd_index->indkey.values[i]))
			return true;
	}
	return false;
}

static char *
RivalsOfIndex(SqlMerge *m, Relation index)
{
	int n = index->rd_index->indnkeyatts;
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf,
					 "INSERT INTO %s SELECT DISTINCT r.tid FROM (SELECT e.tid, pg_catalog.min(e.tid) OVER w "
					 "OPERATOR(pg_catalog.<>) pg_catalog.max(e.tid) OVER w AS rival FROM (",
					 m->rivals);
	AppendKeys(&buf, m, index, AS_GIVEN);
	if (MayMove(m->request, index))
	{
		appendStringInfoString(&buf, " UNION ALL ");
		AppendKeys(&buf, m, index, AS_UPDATED);
		appendStringInfoString(&buf, " UNION ALL ");
		AppendKeys(&buf, m, index, AS_REPLACED);
	}
	appendStringInfoString(&buf, ") AS e");
	for (int i = 0; !index->rd_index->indnullsnotdistinct && i < n; i++)
		appendStringInfo(&buf, "%se.k%d IS NOT NULL", i ? " AND " : " WHERE ", i);
	appendStringInfoString(&buf, " WINDOW w AS (PARTITION BY ");
	for (int i = 0; i < n; i++)
		appendStringInfo(&buf, "%se.k%d", i ? ", " : "", i);
	appendStringInfoString(&buf, ")) AS r WHERE r.rival");
	return buf.data;
}

static void
AddRivals(SqlMerge *m, Relation index)
{
	Counted added;

	switch (KeysOfIndex(m->request, index))
	{
		case KEYS_APART: break;
		case KEYS_TOLD: RunCounted(RivalsOfIndex(m, index), true, &added); break;
		case KEYS_UNKNOWN:
			RunCounted(psprintf("INSERT INTO %s SELECT s.ctid FROM %s AS s", m->rivals, m->source), true,
					   &added);
			break;
	}
}

/* Rows of the same key as one that is there: the leader of all, and those behind it. */
static void
AddThoseOfTheirKeys(SqlMerge *m)
{
	StringInfoData leaders;
	Counted added;

	if (m->losers == NULL)
		return;
	SeeOwnChanges();
	initStringInfo(&leaders);
	appendStringInfo(
		&leaders,
		"(SELECT l.leader FROM %s AS l JOIN %s AS r ON r.tid OPERATOR(pg_catalog.=) l.tid UNION ALL "
		"SELECT l.leader FROM %s AS l JOIN %s AS r ON r.tid OPERATOR(pg_catalog.=) l.leader)",
		m->losers, m->rivals, m->losers, m->rivals);
	RunCounted(
		psprintf("INSERT INTO %s SELECT n.leader FROM %s AS n UNION ALL SELECT l.tid FROM %s AS l WHERE "
				 "l.leader OPERATOR(pg_catalog.=) ANY %s",
				 m->rivals, leaders.data, m->losers, leaders.data),
		true, &added);
}

/* Unique indexes of columns, but the merge's own. */
static List *
OtherUniqueIndexes(const MergeRequest *request)
{
	List *others = NIL;
	ListCell *lc;

	foreach (lc, RelationGetIndexList(request->target))
	{
		Relation index = index_open(lfirst_oid(lc), AccessShareLock);

		if (index->rd_index->indisunique && index->rd_index->indimmediate && index->rd_index->indisready &&
			!(request->key && request->key->index == RelationGetRelid(index)) &&
			heap_attisnull(index->rd_indextuple, Anum_pg_index_indexprs, NULL) &&
			heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL))
			others = lappend_oid(others, RelationGetRelid(index));
		index_close(index, NoLock);
	}
	return others;
}

bool
SetRivalsApart(SqlMerge *m)
{
	List *others = OtherUniqueIndexes(m->request);
	ListCell *lc;

	if (others == NIL)
		return false;
	m->rivals =
		psprintf("pg_temp.%s",
				 quote_identifier(FreeTemporaryName(RelationGetRelationName(m->request->source), "rivals")));
	RunUtility(psprintf("CREATE TEMPORARY TABLE %s (tid pg_catalog.tid) ON COMMIT DROP", m->rivals));
	foreach (lc, others)
	{
		Relation index = index_open(lfirst_oid(lc), AccessShareLock);

		AddRivals(m, index);
		index_close(index, NoLock);
	}
	AddThoseOfTheirKeys(m);
	SeeOwnChanges();
	if (QueryInt64(psprintf("SELECT pg_catalog.count(*) FROM %s", m->rivals), true) > 0)
		return true;
	ForgetRivals(m);
	return false;
}

ItemPointer
FirstRivals(SqlMerge *m, int *n)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "SELECT DISTINCT r.tid FROM %s AS r", m->rivals);
	if (m->losers != NULL)
		appendStringInfo(&buf,
						 " WHERE NOT EXISTS (SELECT FROM %s AS l WHERE l.tid OPERATOR(pg_catalog.=) r.tid)",
						 m->losers);
	return QueryTids(buf.data, NULL, n);
}

void
ForgetRivals(SqlMerge *m)
{
	if (m->rivals != NULL)
		RunUtility(psprintf("DROP TABLE %s", m->rivals));
	m->rivals = NULL;
}
