/*
 * rivals.c
 *		Rows of a batch that want one key of a unique index, or one that another of them has now.
 *
 * Who is taken first decides what becomes of such rows, of all others it does not. Keys are told apart by
 * their hashes alone: two keys of one hash only cost that their rows are taken one by one.
 */
#include "compat.h"

#include "access/stratnum.h"
#include "catalog/index.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "rivals.h"

typedef struct NotedKey
{
	uint64 hash;
	int row;
	char status;
} NotedKey;

#define SH_PREFIX            noted
#define SH_ELEMENT_TYPE      NotedKey
#define SH_KEY_TYPE          uint64
#define SH_KEY               hash
#define SH_SCOPE             static inline
#define SH_HASH_KEY(tb, key) ((uint32) (key))
#define SH_EQUAL(tb, a, b)   ((a) == (b))
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Room for keys that a batch begins with. */
#define NOTED_KEYS 1024

typedef struct UniqueIndex
{
	IndexInfo *info;
	ExprState *predicate;
	FmgrInfo *hash[INDEX_MAX_KEYS];
	Oid collations[INDEX_MAX_KEYS];
} UniqueIndex;

struct Rivals
{
	EState *estate;
	UniqueIndex *indexes;
	int n;
	bool unknown;
	bool takes_given;
	noted_hash *noted;
};

/* The hash function that goes with what the index takes for equal in a column (0-based); NULL: there is none.
 */
static FmgrInfo *
HashOfColumn(Relation index, int column)
{
	Oid type_oid = getBaseType(TupleDescAttr(RelationGetDescr(index), column)->atttypid);
	TypeCacheEntry *type = lookup_type_cache(type_oid, TYPECACHE_EQ_OPR | TYPECACHE_HASH_EXTENDED_PROC_FINFO);
	Oid input = index->rd_opcintype[column];

	if (!OidIsValid(type->hash_extended_proc) ||
		get_opfamily_member(index->rd_opfamily[column], input, input, BTEqualStrategyNumber) != type->eq_opr)
		return NULL;
	return &type->hash_extended_proc_finfo;
}

static bool
IsMadeOf(const IndexInfo *info, List *given)
{
	if (info->ii_Expressions != NIL || info->ii_Predicate != NIL)
		return false;
	for (int i = 0; i < info->ii_NumIndexKeyAttrs; i++)
	{
		if (!list_member_int(given, info->ii_IndexAttrNumbers[i]))
			return false;
	}
	return true;
}

static void
AddIndex(Rivals *rivals, Relation index, IndexInfo *info)
{
	UniqueIndex *unique = &rivals->indexes[rivals->n++];

	unique->info = info;
	unique->predicate = info->ii_Predicate ? ExecPrepareQual(info->ii_Predicate, rivals->estate) : NULL;
	for (int i = 0; i < info->ii_NumIndexKeyAttrs; i++)
	{
		unique->hash[i] = HashOfColumn(index, i);
		unique->collations[i] = index->rd_indcollation[i];
		rivals->unknown |= unique->hash[i] == NULL;
	}
}

Rivals *
PrepareRivals(ResultRelInfo *rri, EState *estate, Oid arbiter, List *given)
{
	Rivals *rivals = palloc0(sizeof(Rivals));

	rivals->estate = estate;
	rivals->takes_given = true;
	rivals->indexes = palloc0(sizeof(UniqueIndex) * Max(rri->ri_NumIndices, 1));
	for (int i = 0; i < rri->ri_NumIndices; i++)
	{
		Relation index = rri->ri_IndexRelationDescs[i];
		IndexInfo *info = rri->ri_IndexRelationInfo[i];

		if (!index->rd_index->indisunique || !info->ii_ReadyForInserts || RelationGetRelid(index) == arbiter)
			continue;
		AddIndex(rivals, index, info);
		rivals->takes_given &= IsMadeOf(info, given);
	}
	return rivals->n > 0 ? rivals : NULL;
}

bool
RivalsAreUnknown(const Rivals *rivals)
{
	return rivals->unknown;
}

bool
RivalsTakeGivenRows(const Rivals *rivals)
{
	return rivals->takes_given;
}

void
BeginRivals(Rivals *rivals)
{
	rivals->noted = noted_create(CurrentMemoryContext, NOTED_KEYS, NULL);
}

/* False when the row has no key in this index that another one could have. */
static bool
HashKey(Rivals *rivals, int n, TupleTableSlot *slot, uint64 *hash)
{
	UniqueIndex *unique = &rivals->indexes[n];
	Datum values[INDEX_MAX_KEYS];
	bool nulls[INDEX_MAX_KEYS];

	if (unique->predicate && !ExecQual(unique->predicate, GetPerTupleExprContext(rivals->estate)))
		return false;
	FormIndexDatum(unique->info, slot, rivals->estate, values, nulls);
	*hash = hash_combine64(0, n + 1);
	for (int i = 0; i < unique->info->ii_NumIndexKeyAttrs; i++)
	{
		Datum of_column = 0;

		if (nulls[i] && !unique->info->ii_NullsNotDistinct)
			return false;
		if (!nulls[i])
			of_column = FunctionCall2Coll(unique->hash[i], unique->collations[i], values[i], 0);
		*hash = hash_combine64(*hash, DatumGetUInt64(of_column));
	}
	return true;
}

static void
NoteKey(Rivals *rivals, uint64 hash, int row, RivalFound found, void *arg)
{
	bool known;
	NotedKey *key = noted_insert(rivals->noted, hash, &known);

	if (!known)
		key->row = row;
	else if (key->row != row)
	{
		found(arg, key->row);
		found(arg, row);
	}
}

void
NoteRival(Rivals *rivals, TupleTableSlot *slot, int row, RivalFound found, void *arg)
{
	ExprContext *econtext = GetPerTupleExprContext(rivals->estate);
	MemoryContext old = MemoryContextSwitchTo(GetPerTupleMemoryContext(rivals->estate));

	econtext->ecxt_scantuple = slot;
	for (int i = 0; i < rivals->n; i++)
	{
		uint64 hash;

		if (HashKey(rivals, i, slot, &hash))
			NoteKey(rivals, hash, row, found, arg);
	}
	MemoryContextSwitchTo(old);
	ResetExprContext(econtext);
}
