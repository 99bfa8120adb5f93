/*
 * merge_key.c
 *		Which columns identify a row: arbiter indexes.
 *
 * A key is the primary key, or the columns of a unique constraint or index
 * that ON CONFLICT could use: valid, immediate, without predicate and
 * expressions. Views and foreign tables have no indexes of their own, and a table some
 * partition of which is a foreign table can have none that is unique; there the user's word is taken.
 */
#include "compat.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "ident.h"
#include "merge.h"
#include "merge_partitions.h"

/* One unique index, and why it cannot be a key (NULL: it can). */
typedef struct Candidate
{
	Oid index;
	bool primary;
	List *attnums;
	bool own_collations; /* all columns are compared as elsewhere */
	const char *problem;
} Candidate;

/* The operator by which the index tells one value of its n-th column from another. */
static Oid
EqualityOfIndex(Relation index, int n)
{
	Oid type = index->rd_opcintype[n];
	Oid op = get_opfamily_member(index->rd_opfamily[n], type, type, BTEqualStrategyNumber);

	if (!OidIsValid(op))
		elog(ERROR, "no equality operator for column %d of index %u", n + 1, RelationGetRelid(index));
	return op;
}

static Form_pg_attribute
ColumnOfIndex(Relation target, Relation index, int n)
{
	return TupleDescAttr(RelationGetDescr(target), index->rd_index->indkey.values[n] - 1);
}

/* GROUP BY, PARTITION BY and record comparison use the type's own operator. */
static bool
HasOwnEquality(Relation target, Relation index)
{
	for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
	{
		Oid type = ColumnOfIndex(target, index, i)->atttypid;

		if (EqualityOfIndex(index, i) != lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr)
			return false;
	}
	return true;
}

static bool
HasOwnCollations(Relation target, Relation index)
{
	for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
	{
		if (index->rd_indcollation[i] != ColumnOfIndex(target, index, i)->attcollation)
			return false;
	}
	return true;
}

static const char *
ProblemOfIndex(Relation target, Relation index)
{
	Form_pg_index form = index->rd_index;

	if (!form->indisvalid || !form->indisready)
		return "is not valid";
	if (!form->indimmediate)
		return "is deferrable";
	if (RelationGetIndexPredicate(index) != NIL)
		return "has a WHERE clause";
	if (RelationGetIndexExpressions(index) != NIL)
		return "has an expression";
	if (index->rd_rel->relam != BTREE_AM_OID)
		return "is not a btree index";
	if (!HasOwnEquality(target, index))
		return "has an operator class whose equality is not the type's own";
	return NULL;
}

static List *
KeyAttributes(Relation index)
{
	List *attnums = NIL;

	for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
		attnums = lappend_int(attnums, index->rd_index->indkey.values[i]);
	return attnums;
}

/* The target's unique indexes, the primary key first. */
static List *
UniqueIndexes(Relation target)
{
	List *candidates = NIL;
	ListCell *lc;

	foreach (lc, RelationGetIndexList(target))
	{
		Relation index = index_open(lfirst_oid(lc), AccessShareLock);

		if (index->rd_index->indisunique && !index->rd_index->indisexclusion)
		{
			Candidate *c = palloc(sizeof(Candidate));

			c->index = RelationGetRelid(index);
			c->primary = index->rd_index->indisprimary;
			c->attnums = KeyAttributes(index);
			c->problem = ProblemOfIndex(target, index);
			c->own_collations = c->problem == NULL && HasOwnCollations(target, index);
			candidates = c->primary ? lcons(c, candidates) : lappend(candidates, c);
		}
		index_close(index, NoLock);
	}
	return candidates;
}

static bool
SameSet(List *a, List *b)
{
	return list_length(a) == list_length(b) && list_difference_int(a, b) == NIL;
}

static bool
IsForeign(Relation table)
{
	return table->rd_rel->relkind == RELKIND_FOREIGN_TABLE;
}

bool
HasNoKeys(Relation target)
{
	return target->rd_rel->relkind == RELKIND_VIEW || IsForeign(target) || AnyPartition(target, IsForeign);
}

static int
errhint_possible_keys(Relation target, List *candidates)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach (lc, candidates)
	{
		Candidate *c = lfirst(lc);

		if (c->problem == NULL)
			appendStringInfo(&buf, "%s(%s)", buf.len ? ", " : "", ColumnListText(target, c->attnums));
	}
	if (HasNoKeys(target))
		return errhint("Name the columns that identify one of its rows in \"key\".");
	if (buf.len == 0)
		return errhint("Add a primary key or a unique constraint to the table.");
	return errhint("The possible keys are %s.", buf.data);
}

/*
 * The index that the named columns belong to; an error when it is unfit or
 * missing. Of several, one that compares as queries do unless told otherwise.
 */
static Candidate *
CandidateByColumns(Relation target, List *candidates, List *attnums)
{
	Candidate *fit = NULL;
	Candidate *unfit = NULL;
	ListCell *lc;

	foreach (lc, candidates)
	{
		Candidate *c = lfirst(lc);

		if (!SameSet(c->attnums, attnums))
			continue;
		if (c->problem != NULL)
			unfit = c;
		else if (fit == NULL || (c->own_collations && !fit->own_collations))
			fit = c;
	}
	if (fit != NULL)
		return fit;
	ereport(ERROR, (errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
					errmsg("(%s) is not a key of \"%s\"", ColumnListText(target, attnums),
						   RelationGetRelationName(target)),
					unfit ? errdetail("Unique index \"%s\" %s.", get_rel_name(unfit->index), unfit->problem)
						  : errdetail("No unique constraint or index has exactly these columns."),
					errhint_possible_keys(target, candidates)));
}

/* The primary key, or the only other key there is; NULL when there is no such one. */
static Candidate *
DefaultCandidate(List *candidates)
{
	Candidate *only = NULL;
	ListCell *lc;

	foreach (lc, candidates)
	{
		Candidate *c = lfirst(lc);

		if (c->problem != NULL)
			continue;
		if (c->primary)
			return c;
		if (only != NULL)
			return NULL;
		only = c;
	}
	return only;
}

static const char *
KindWithoutKeys(Relation target)
{
	switch (target->rd_rel->relkind)
	{
		case RELKIND_VIEW: return "view";
		case RELKIND_FOREIGN_TABLE: return "foreign table";
		default: return "partitioned table with a foreign partition";
	}
}

static void
ReportNoDefaultKey(Relation target, List *candidates)
{
	Candidate *first = candidates ? linitial(candidates) : NULL;

	ereport(
		ERROR,
		(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
		 errmsg("\"%s\" has no key to merge by", RelationGetRelationName(target)),
		 first && first->primary && first->problem
			 ? errdetail("Its primary key \"%s\" %s.", get_rel_name(first->index), first->problem)
		 : HasNoKeys(target) ? errdetail("It is a %s, which has no keys of its own.", KindWithoutKeys(target))
		 : first
			 ? errdetail("It has no primary key, and no other unique key stands alone; name one in \"key\".")
			 : errdetail("It has neither a primary key nor a unique constraint."),
		 errhint_possible_keys(target, candidates)));
}

static MergeKey *
KeyOfIndex(Oid indexid)
{
	MergeKey *key = palloc0(sizeof(MergeKey));
	Relation index = index_open(indexid, AccessShareLock);

	key->index = indexid;
	key->attnums = KeyAttributes(index);
	key->nulls_not_distinct = index->rd_index->indnullsnotdistinct;
	for (int i = 0; i < list_length(key->attnums); i++)
	{
		key->equality = lappend_oid(key->equality, EqualityOfIndex(index, i));
		key->collations = lappend_oid(key->collations, index->rd_indcollation[i]);
	}
	index_close(index, NoLock);
	return key;
}

/* For targets that have no keys: the user says what identifies a row. */
static MergeKey *
ClaimedKey(Relation target, List *attnums)
{
	MergeKey *key = palloc0(sizeof(MergeKey));
	ListCell *lc;

	key->attnums = attnums;
	foreach (lc, attnums)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(target), lfirst_int(lc) - 1);
		Oid op = lookup_type_cache(att->atttypid, TYPECACHE_EQ_OPR)->eq_opr;

		if (!OidIsValid(op))
			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
							errmsg("column \"%s\" cannot be part of a key", NameStr(att->attname)),
							errdetail("Its type has no equality operator.")));
		key->equality = lappend_oid(key->equality, op);
		key->collations = lappend_oid(key->collations, att->attcollation);
	}
	return key;
}

MergeKey *
ResolveMergeKey(Relation target, List *names, bool required)
{
	List *attnums = ResolveColumns(target, names, "key");
	List *candidates = UniqueIndexes(target);
	Candidate *chosen;

	if (names == NIL)
		chosen = DefaultCandidate(candidates);
	else if (HasNoKeys(target))
		return ClaimedKey(target, attnums);
	else
		chosen = CandidateByColumns(target, candidates, attnums);

	if (chosen == NULL && required)
		ReportNoDefaultKey(target, candidates);
	return chosen ? KeyOfIndex(chosen->index) : NULL;
}
