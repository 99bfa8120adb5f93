/*
 * parents.c
 *		Foreign keys checked parent by parent instead of row by row.
 *
 * PostgreSQL checks a foreign key by a query for each row. Rows of a file have
 * few parents as a rule, so each parent is looked up and locked once, and
 * remembered. The query is that of RI_FKey_check(): by the owner of the
 * parents' table, with the constraint's own operators, FOR KEY SHARE.
 *
 * The check is made when the row is written, not at the end of the statement.
 * That is the same for all but rows whose parents come later: in the batch, so keys to the
 * table itself, or within one partitioned table, are left to PostgreSQL; by what another trigger
 * does, so all keys are where there is one that may do something; or later still, so deferrable
 * keys are.
 *
 * Values are told apart by their bytes: equal ones of different bytes are
 * looked up twice, no more.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/partition.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "ident.h"
#include "parents.h"

/* parents remembered of one key, and bytes of them; beyond, all are forgotten and looked up anew */
#define KNOWN_MAX       1000000
#define KNOWN_BYTES_MAX (64 * 1024 * 1024)

typedef struct KnownParent
{
	const char *bytes; /* the hash's key */
	uint32 hash;
	char status;
	bool missing;
} KnownParent;

#define SH_PREFIX       known
#define SH_ELEMENT_TYPE KnownParent
#define SH_KEY_TYPE     const char *
#define SH_KEY          bytes
#define SH_SCOPE        static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a)   (a)->hash
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) (key) + sizeof(int), *(const int *) (key))
#define SH_EQUAL(tb, a, b)                       \
	(*(const int *) (a) == *(const int *) (b) && \
	 memcmp((a) + sizeof(int), (b) + sizeof(int), *(const int *) (a)) == 0)
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct ParentKey
{
	Oid constraint;
	Oid table; /* the parents' */
	int n;
	AttrNumber columns[INDEX_MAX_KEYS]; /* of the rows */
	AttrNumber parent_columns[INDEX_MAX_KEYS];
	Oid operators[INDEX_MAX_KEYS]; /* parent = row */
	ColumnMask mask;
	SPIPlanPtr plan;       /* made when first needed */
	MemoryContext context; /* of what is known */
	known_hash *known;
	Size bytes;
} ParentKey;

struct Parents
{
	Relation rel;
	MemoryContext context;
	List *keys; /* ParentKey * */
};

/* A trigger that checks a foreign key of the table, as things are now. */
static bool
ChecksParent(const Trigger *trigger)
{
	bool fires = trigger->tgenabled == TRIGGER_FIRES_ALWAYS ||
				 (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA
					  ? trigger->tgenabled == TRIGGER_FIRES_ON_REPLICA
					  : trigger->tgenabled == TRIGGER_FIRES_ON_ORIGIN);

	return fires && !trigger->tgdeferrable &&
		   (trigger->tgfoid == F_RI_FKEY_CHECK_INS || trigger->tgfoid == F_RI_FKEY_CHECK_UPD);
}

/* Whether a trigger that fires behind a row written may change something, parents among it. */
static bool
MayChange(const Trigger *trigger)
{
	return TRIGGER_FOR_ROW(trigger->tgtype) && TRIGGER_FOR_AFTER(trigger->tgtype) &&
		   (TRIGGER_FOR_INSERT(trigger->tgtype) || TRIGGER_FOR_UPDATE(trigger->tgtype)) &&
		   trigger->tgfoid != F_RI_FKEY_CHECK_INS && trigger->tgfoid != F_RI_FKEY_CHECK_UPD &&
		   trigger->tgfoid != F_RI_FKEY_NOACTION_UPD && trigger->tgfoid != F_RI_FKEY_RESTRICT_UPD;
}

static ParentKey *
FindKey(Parents *parents, Oid constraint)
{
	ListCell *lc;

	foreach (lc, parents->keys)
	{
		if (((ParentKey *) lfirst(lc))->constraint == constraint)
			return lfirst(lc);
	}
	return NULL;
}

/* The table itself, or what it is a partition of at the top. */
static Oid
TopOf(Oid table)
{
	return get_rel_relispartition(table) ? llast_oid(get_partition_ancestors(table)) : table;
}

/* Whether parents may come in the batch: the target may be any table above this one. */
static bool
RefersToItself(Form_pg_constraint form)
{
	return TopOf(form->confrelid) == TopOf(form->conrelid);
}

/* The key of a constraint, or NULL when it has to be left to its triggers. */
static ParentKey *
ReadKey(Parents *parents, Oid constraint)
{
	HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	ParentKey *key = palloc0(sizeof(ParentKey));
	Form_pg_constraint form;
	bool usable;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for constraint %u", constraint);
	form = (Form_pg_constraint) GETSTRUCT(tuple);
	usable = form->confmatchtype == FKCONSTR_MATCH_SIMPLE && !RefersToItself(form) &&
			 form->conrelid == RelationGetRelid(parents->rel) && !ConstraintIsTemporal(form);
	key->constraint = constraint;
	key->table = form->confrelid;
	DeconstructFkConstraintRow(tuple, &key->n, key->columns, key->parent_columns, key->operators, NULL, NULL,
							   NULL, NULL);
	ReleaseSysCache(tuple);
	for (int i = 0; i < key->n; i++)
		key->mask |= ColumnBit(key->columns[i]);
	return usable ? key : NULL;
}

/* A key of another table to this one, whose columns all are among those given. */
static bool
RefersTo(Oid constraint, List *columns)
{
	HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	AttrNumber own[INDEX_MAX_KEYS];
	AttrNumber referenced[INDEX_MAX_KEYS];
	Oid operators[INDEX_MAX_KEYS];
	int n;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for constraint %u", constraint);
	DeconstructFkConstraintRow(tuple, &n, own, referenced, operators, NULL, NULL, NULL, NULL);
	ReleaseSysCache(tuple);
	for (int i = 0; i < n; i++)
	{
		if (!list_member_int(columns, referenced[i]))
			return false;
	}
	return true;
}

static bool
ReadsOwnRows(Oid constraint)
{
	HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	bool own;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for constraint %u", constraint);
	own = RefersToItself((Form_pg_constraint) GETSTRUCT(tuple));
	ReleaseSysCache(tuple);
	return own;
}

bool
RefersToOwnRows(Relation rel)
{
	TriggerDesc *triggers = rel->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (RI_FKey_trigger_type(trigger->tgfoid) == RI_TRIGGER_FK && ReadsOwnRows(trigger->tgconstraint))
			return true;
	}
	return false;
}

bool
ParentsMayCome(Relation rel)
{
	TriggerDesc *triggers = rel->trigdesc;

	if (rel->rd_rel->relkind != RELKIND_RELATION || RefersToOwnRows(rel))
		return true;
	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		if (!triggers->triggers[i].tgisinternal)
			return true;
	}
	return false;
}

static bool
IsDone(Parents *parents, const Trigger *trigger, bool changes, List *unchanged)
{
	bool on_insert = TRIGGER_FOR_INSERT(trigger->tgtype);
	bool on_update = changes && TRIGGER_FOR_UPDATE(trigger->tgtype);

	if (!TRIGGER_FOR_ROW(trigger->tgtype) || !TRIGGER_FOR_AFTER(trigger->tgtype) || !(on_insert || on_update))
		return true;
	if (RI_FKey_trigger_type(trigger->tgfoid) == RI_TRIGGER_PK)
		return RefersTo(trigger->tgconstraint, unchanged);
	return ChecksParent(trigger) && ReadKey(parents, trigger->tgconstraint) != NULL;
}

bool
LeavesNothingToCheck(Relation rel, bool changes, List *unchanged)
{
	TriggerDesc *triggers = rel->trigdesc;
	Parents parents = {.rel = rel};

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		if (!IsDone(&parents, &triggers->triggers[i], changes, unchanged))
			return false;
	}
	return true;
}

/* A copy of the triggers but for those whose constraint is taken over. */
static TriggerDesc *
OtherTriggers(Parents *parents, const TriggerDesc *all)
{
	TriggerDesc *others = palloc(sizeof(TriggerDesc));

	*others = *all;
	others->triggers = palloc(sizeof(Trigger) * all->numtriggers);
	others->numtriggers = 0;
	others->trig_insert_after_row = others->trig_update_after_row = false;
	for (int i = 0; i < all->numtriggers; i++)
	{
		const Trigger *trigger = &all->triggers[i];

		if (ChecksParent(trigger) && FindKey(parents, trigger->tgconstraint))
			continue;
		others->triggers[others->numtriggers++] = *trigger;
		if (TRIGGER_FOR_ROW(trigger->tgtype) && TRIGGER_FOR_AFTER(trigger->tgtype))
		{
			others->trig_insert_after_row |= TRIGGER_FOR_INSERT(trigger->tgtype) != 0;
			others->trig_update_after_row |= TRIGGER_FOR_UPDATE(trigger->tgtype) != 0;
		}
	}
	return others;
}

Parents *
TakeOverParents(ResultRelInfo *rri)
{
	TriggerDesc *triggers = rri->ri_TrigDesc;
	Parents *parents = palloc0(sizeof(Parents));

	parents->rel = rri->ri_RelationDesc;
	parents->context = CurrentMemoryContext;
	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];
		ParentKey *key;

		if (MayChange(trigger))
			return NULL;
		if (!ChecksParent(trigger) || FindKey(parents, trigger->tgconstraint))
			continue;
		key = ReadKey(parents, trigger->tgconstraint);
		if (key != NULL)
			parents->keys = lappend(parents->keys, key);
	}
	if (parents->keys == NIL)
		return NULL;
	rri->ri_TrigDesc = OtherTriggers(parents, triggers);
	return parents;
}

/* "operand::type", where the operator wants another type than the operand's. */
static void
AppendOperand(StringInfo buf, const char *operand, Oid type, Oid wanted)
{
	appendStringInfoString(buf, operand);
	if (type != wanted && !IsPolymorphicType(wanted))
		appendStringInfo(buf, "::%s", format_type_extended(wanted, -1, FORMAT_TYPE_FORCE_QUALIFY));
}

static char *
QueryForParent(Parents *parents, ParentKey *key, Oid *types)
{
	Relation table = table_open(key->table, AccessShareLock);
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "SELECT 1 FROM %s%s AS x WHERE ",
					 table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ? "" : "ONLY ",
					 QualifiedRelationName(table));
	for (int i = 0; i < key->n; i++)
	{
		const char *column = psprintf("x.%s", QuotedColumnName(table, key->parent_columns[i]));
		Oid left;
		Oid right;

		op_input_types(key->operators[i], &left, &right);
		types[i] = TupleDescAttr(RelationGetDescr(parents->rel), key->columns[i] - 1)->atttypid;
		appendStringInfoString(&buf, i ? " AND " : "");
		AppendOperand(&buf, column, get_atttype(key->table, key->parent_columns[i]), left);
		appendStringInfo(
			&buf, " OPERATOR(%s.%s) ",
			quote_identifier(get_namespace_name(get_func_namespace(get_opcode(key->operators[i])))),
			get_opname(key->operators[i]));
		AppendOperand(&buf, psprintf("$%d", i + 1), types[i], right);
	}
	appendStringInfoString(&buf, " FOR KEY SHARE OF x");
	table_close(table, NoLock);
	return buf.data;
}

static void
FreePlan(void *plan)
{
	SPI_freeplan(plan);
}

/* The plan lasts as long as the keys, also when that is the end of a failed transaction. */
static void
PlanQuery(Parents *parents, ParentKey *key)
{
	MemoryContextCallback *callback = MemoryContextAllocZero(parents->context, sizeof(MemoryContextCallback));
	Oid types[INDEX_MAX_KEYS];
	char *query = QueryForParent(parents, key, types);

	key->plan = SPI_prepare(query, key->n, types);
	if (key->plan == NULL || SPI_keepplan(key->plan) != 0)
		elog(ERROR, "could not prepare: %s", query);
	callback->func = FreePlan;
	callback->arg = key->plan;
	MemoryContextRegisterResetCallback(parents->context, callback);
}

/* Looks the parent up and locks it, with the rights of the table's owner, as the foreign key's trigger does.
 */
static bool
LockParent(Parents *parents, ParentKey *key, Datum *values)
{
	Relation table = table_open(key->table, RowShareLock);
	Oid user;
	int context;
	bool found;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(table->rd_rel->relowner,
						   context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	SPI_connect();
	if (key->plan == NULL)
		PlanQuery(parents, key);
	if (SPI_execute_plan(key->plan, values, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look up a parent");
	found = SPI_processed > 0;
	SPI_finish();
	SetUserIdAndSecContext(user, context);
	table_close(table, NoLock);
	return found;
}

/* As PostgreSQL does, values are only shown to those who may read the columns. */
static bool
MaySeeKey(Parents *parents, ParentKey *key)
{
	Oid relid = RelationGetRelid(parents->rel);

	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK)
		return true;
	for (int i = 0; i < key->n; i++)
	{
		if (pg_attribute_aclcheck(relid, key->columns[i], GetUserId(), ACL_SELECT) != ACLCHECK_OK)
			return false;
	}
	return true;
}

static ErrorData *
NoParentFault(Parents *parents, ParentKey *key, Datum *values)
{
	Relation rel = parents->rel;
	ErrorData *fault = palloc0(sizeof(ErrorData));
	const char *table = get_rel_name(key->table);
	StringInfoData names;
	StringInfoData texts;

	initStringInfo(&names);
	initStringInfo(&texts);
	for (int i = 0; i < key->n; i++)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), key->columns[i] - 1);
		Oid output;
		bool varlena;

		getTypeOutputInfo(att->atttypid, &output, &varlena);
		appendStringInfo(&names, "%s%s", i ? ", " : "", NameStr(att->attname));
		appendStringInfo(&texts, "%s%s", i ? ", " : "", OidOutputFunctionCall(output, values[i]));
	}
	fault->sqlerrcode = ERRCODE_FOREIGN_KEY_VIOLATION;
	fault->constraint_name = get_constraint_name(key->constraint);
	fault->message = psprintf(_("insert or update on table \"%s\" violates foreign key constraint \"%s\""),
							  RelationGetRelationName(rel), fault->constraint_name);
	fault->detail = MaySeeKey(parents, key) ? psprintf(_("Key (%s)=(%s) is not present in table \"%s\"."),
													   names.data, texts.data, table)
											: psprintf(_("Key is not present in table \"%s\"."), table);
	return fault;
}

/* The values' bytes, behind their number; false when one is NULL. */
static bool
KeyBytes(Parents *parents, ParentKey *key, TupleTableSlot *row, Datum *values, StringInfo bytes)
{
	int length = 0;

	appendBinaryStringInfo(bytes, (char *) &length, sizeof(int));
	for (int i = 0; i < key->n; i++)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(parents->rel), key->columns[i] - 1);
		bool isnull;

		values[i] = slot_getattr(row, key->columns[i], &isnull);
		if (isnull)
			return false;
		if (att->attlen == -1)
			values[i] = PointerGetDatum(PG_DETOAST_DATUM(values[i]));
		if (att->attbyval)
			appendBinaryStringInfo(bytes, (char *) &values[i], sizeof(Datum));
		else
			appendBinaryStringInfo(bytes, DatumGetPointer(values[i]),
								   datumGetSize(values[i], false, att->attlen));
	}
	*(int *) bytes->data = bytes->len - (int) sizeof(int);
	return true;
}

/* Forgets all when it is too much, for a file with a parent of its own for each row. */
static void
PrepareKnown(Parents *parents, ParentKey *key)
{
	if (key->known != NULL && key->known->members < KNOWN_MAX && key->bytes < KNOWN_BYTES_MAX)
		return;
	if (key->context != NULL)
		MemoryContextDelete(key->context);
	key->context = AllocSetContextCreate(parents->context, "aiodal parents", ALLOCSET_DEFAULT_SIZES);
	key->known = known_create(key->context, 1024, NULL);
	key->bytes = 0;
}

void
ForgetParents(Parents *parents)
{
	ListCell *lc;

	foreach (lc, parents->keys)
	{
		ParentKey *key = lfirst(lc);

		if (key->context != NULL)
			MemoryContextDelete(key->context);
		key->context = NULL;
		key->known = NULL;
	}
}

/* The parent of these values, looked up unless it is known. */
static KnownParent *
FindParent(Parents *parents, ParentKey *key, Datum *values, StringInfo bytes)
{
	KnownParent *parent;
	bool missing;
	bool found;

	PrepareKnown(parents, key);
	parent = known_lookup(key->known, bytes->data);
	if (parent != NULL)
		return parent;
	missing = !LockParent(parents, key, values);
	parent = known_insert(key->known, bytes->data, &found);
	parent->bytes = MemoryContextAlloc(key->context, bytes->len);
	memcpy(unconstify(char *, parent->bytes), bytes->data, bytes->len);
	parent->missing = missing;
	key->bytes += bytes->len;
	return parent;
}

static ErrorData *
FaultOfKey(Parents *parents, ParentKey *key, TupleTableSlot *row)
{
	Datum values[INDEX_MAX_KEYS];
	ErrorData *fault = NULL;
	StringInfoData bytes;

	initStringInfo(&bytes);
	if (KeyBytes(parents, key, row, values, &bytes) && FindParent(parents, key, values, &bytes)->missing)
		fault = NoParentFault(parents, key, values);
	pfree(bytes.data);
	return fault;
}

ErrorData *
FaultOfParents(Parents *parents, TupleTableSlot *row, ColumnMask changed)
{
	ErrorData *fault = NULL;
	ListCell *lc;

	foreach (lc, parents->keys)
	{
		ParentKey *key = lfirst(lc);

		if (fault == NULL && (changed & key->mask))
			fault = FaultOfKey(parents, key, row);
	}
	return fault;
}

void
CheckParents(Parents *parents, TupleTableSlot *row, ColumnMask changed)
{
	ErrorData *fault = FaultOfParents(parents, row, changed);

	if (fault != NULL)
		ereport(ERROR, (errcode(fault->sqlerrcode), errmsg_internal("%s", fault->message),
						errdetail_internal("%s", fault->detail),
						errtableconstraint(parents->rel, fault->constraint_name)));
}
