/*
 * catalog_hash.c
 *		One number for all that a scope's document would show.
 *
 * Each catalog has a table of the columns that matter and a function that says
 * whether a row belongs to the scope. The rows' hashes are added up, so that
 * neither the order of the rows nor that of the scans is of any moment.
 *
 * Expressions are hashed as they are stored, without the places in the query
 * text that they came from: the same DDL given twice leaves the same hash. Their
 * text depends on the names of other objects besides. Those in the scope are
 * hashed anyway; of the others the names are, as pg_depend knows them.
 */
#include "catalog_hash.h"

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_description.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_publication_namespace.h"
#include "catalog/pg_publication_rel.h"
#include "catalog/pg_range.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_sequence.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "catalog_citus.h"
#include "catalog_impl.h"
#include "deparse.h"

/* ------------------------------------------------------------- hashing */

static inline uint64
HashBytes(uint64 hash, const void *bytes, size_t length)
{
	return hash_bytes_extended(bytes, length, hash);
}

static inline uint64
HashNumber(uint64 hash, uint64 number)
{
	return hash_combine64(hash, number * UINT64CONST(0x9E3779B97F4A7C15));
}

static uint64
HashText(uint64 hash, const char *text)
{
	return text ? HashBytes(hash, text, strlen(text)) : HashNumber(hash, 0);
}

/* The end of a list of quoted strings that begins behind its parenthesis. */
static char *
EndOfNames(char *names)
{
	bool quoted = false;

	for (; *names; names++)
	{
		if (*names == '\\' && names[1])
			names++;
		else if (*names == '"')
			quoted = !quoted;
		else if (*names == ')' && !quoted)
			break;
	}
	return names;
}

static bool
BeginsWith(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* Is it the entry of a relation, or of a join that has no name? */
static bool
NobodyLooksAt(const char *colnames, const char *end)
{
	static const char unnamed[] = ":aliasname unnamed_join ";

	return BeginsWith(end, ")} :rtekind 0 ") ||
		   (BeginsWith(end, ")} :rtekind 2 ") && BeginsWith(colnames - strlen(unnamed), unnamed));
}

/*
 * Takes the names of columns out of range table entries where they are those of
 * the time when the query was parsed, and nobody looks at them.
 */
static char *
ForgetColumnNames(char *tree)
{
	static const char before[] = ":colnames (";
	char *from = tree;
	char *to = tree;
	char *found;

	while ((found = strstr(from, before)) != NULL)
	{
		char *names = found + strlen(before);
		char *end = EndOfNames(names);
		char *kept = NobodyLooksAt(found, end) ? names : end;

		memmove(to, from, kept - from);
		to += kept - from;
		from = end;
	}
	memmove(to, from, strlen(from) + 1);
	return tree;
}

/* The entries of an ACL count in any order. */
static uint64
HashAcl(Catalog *cat, const Acl *acl)
{
	uint64 sum = 0;

	for (int i = 0; i < ACL_NUM(acl); i++)
	{
		const AclItem *item = &ACL_DAT(acl)[i];
		uint64 hash = HashText(1, FindName(cat, NAMED_ROLE, item->ai_grantee));

		sum += HashNumber(HashText(hash, FindName(cat, NAMED_ROLE, item->ai_grantor)), item->ai_privs);
	}
	return sum;
}

/* So do the roles of a policy. */
static uint64
HashRoles(Catalog *cat, const ArrayType *roles)
{
	uint64 sum = 0;

	for (int i = 0; i < ArrayGetNItems(ARR_NDIM(roles), ARR_DIMS(roles)); i++)
		sum += HashText(1, FindName(cat, NAMED_ROLE, ((Oid *) ARR_DATA_PTR(roles))[i]));
	return sum;
}

/* A column's options without the server's own entry among them. */
static uint64
HashColumnOptions(uint64 hash, HeapTuple tuple, TupleDesc desc)
{
	NameList *options = UserOptions(tuple, desc);

	for (int i = 0; i < options->count; i++)
		hash = HashText(hash, options->names[i]);
	return hash;
}

/* what of a column's value matters */
typedef enum HashedAs
{
	AS_IT_IS,
	AS_TREE,
	AS_ROLE, /* its name, as of the next */
	AS_ACCESS_METHOD,
	AS_TABLESPACE,
	AS_LANGUAGE,
	AS_SERVER,
	AS_ROLES,
	AS_ACL,
	AS_COLUMN_OPTIONS
} HashedAs;

typedef struct HashedColumn
{
	AttrNumber attnum;
	HashedAs as;
} HashedColumn;

static uint64
HashPlain(uint64 hash, Datum value, Form_pg_attribute att)
{
	struct varlena *bytes;

	if (att->attbyval)
		return HashNumber(hash, value);
	if (att->attlen == NAMEDATALEN && att->atttypid == NAMEOID)
		return HashText(hash, NameStr(*DatumGetName(value)));
	if (att->attlen > 0)
		return HashBytes(hash, DatumGetPointer(value), att->attlen);
	bytes = PG_DETOAST_DATUM_PACKED(value);
	return HashBytes(hash, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
}

static uint64
HashColumn(Catalog *cat, uint64 hash, const HashedColumn *column, HeapTuple tuple, TupleDesc desc)
{
	bool isnull;
	Datum value = heap_getattr(tuple, column->attnum, desc, &isnull);

	if (isnull)
		return HashNumber(hash, 0);
	switch (column->as)
	{
		case AS_IT_IS: return HashPlain(hash, value, TupleDescAttr(desc, column->attnum - 1));
		case AS_TREE: return HashText(hash, ForgetColumnNames(ForgetLocations(TextDatumGetCString(value))));
		case AS_ROLE: return HashText(hash, FindName(cat, NAMED_ROLE, DatumGetObjectId(value)));
		case AS_ACCESS_METHOD:
			return HashText(hash, FindName(cat, NAMED_ACCESS_METHOD, DatumGetObjectId(value)));
		case AS_TABLESPACE: return HashText(hash, FindName(cat, NAMED_TABLESPACE, DatumGetObjectId(value)));
		case AS_LANGUAGE: return HashText(hash, FindName(cat, NAMED_LANGUAGE, DatumGetObjectId(value)));
		case AS_SERVER: return HashText(hash, FindName(cat, NAMED_SERVER, DatumGetObjectId(value)));
		case AS_ROLES: return HashNumber(hash, HashRoles(cat, DatumGetArrayTypeP(value)));
		case AS_ACL: return HashNumber(hash, HashAcl(cat, DatumGetAclP(value)));
		case AS_COLUMN_OPTIONS: return HashColumnOptions(hash, tuple, desc);
	}
	return hash;
}

static uint64
HashRow(Catalog *cat, const HashedColumn *columns, int count, HeapTuple tuple, TupleDesc desc)
{
	MemoryContext old = MemoryContextSwitchTo(cat->scratch);
	uint64 hash = HashNumber(1, desc->tdtypeid);

	for (int i = 0; i < count; i++)
		hash = HashColumn(cat, hash, &columns[i], tuple, desc);
	MemoryContextSwitchTo(old);
	MemoryContextReset(cat->scratch);
	return hash;
}

#define ROW_HASH(columns) HashRow(cat, columns, lengthof(columns), tuple, desc)

/* ------------------------------------------------------ what is in scope */

/*
 * In Catalog.in_scope, by class and OID, is an object's identity: a number that
 * stands for it in the hashes of its comment and of what it depends on.
 */
static void
PutInScope(Catalog *cat, Oid classId, Oid oid, uint64 identity)
{
	ObjectMapPut(cat->in_scope, classId, oid, 0, (void *) (uintptr_t) identity);
}

static bool
IsInScope(Catalog *cat, Oid classId, Oid oid)
{
	bool found;

	(void) ObjectMapGet(cat->in_scope, classId, oid, 0, &found);
	return found;
}

/* The same for an object whose OID is in the document. */
static void
AddObject(Catalog *cat, Oid classId, Oid oid, uint64 hash)
{
	PutInScope(cat, classId, oid, HashNumber(classId, oid));
	cat->hash += hash;
}

/* What is in the scope only when something else turns out to be. */
static void
KeepForLater(Catalog *cat, Oid classId, Oid oid, uint64 hash)
{
	ObjectMapPut(cat->kept_hashes, classId, oid, 0, (void *) (uintptr_t) hash);
}

static uint64
KeptHash(Catalog *cat, Oid classId, Oid oid)
{
	bool found;

	return (uintptr_t) ObjectMapGet(cat->kept_hashes, classId, oid, 0, &found);
}

static bool
SchemaWanted(Catalog *cat, Oid oid)
{
	CatalogSchema *schema = FindSchema(cat, oid);

	return schema != NULL && schema->wanted;
}

/* Neither in another schema nor an extension's. */
static bool
IsWanted(Catalog *cat, Oid classId, Oid oid, Oid namespace)
{
	return SchemaWanted(cat, namespace) &&
		   (cat->scope.extensions || FindExtension(cat, classId, oid) == NULL);
}

/* -------------------------------------------------- relations and indexes */

static const HashedColumn relation_columns[] = {
	{Anum_pg_class_oid, AS_IT_IS},
	{Anum_pg_class_relname, AS_IT_IS},
	{Anum_pg_class_relnamespace, AS_IT_IS},
	{Anum_pg_class_reloftype, AS_IT_IS},
	{Anum_pg_class_relowner, AS_ROLE},
	{Anum_pg_class_relam, AS_ACCESS_METHOD},
	{Anum_pg_class_reltablespace, AS_TABLESPACE},
	{Anum_pg_class_relpersistence, AS_IT_IS},
	{Anum_pg_class_relkind, AS_IT_IS},
	{Anum_pg_class_relrowsecurity, AS_IT_IS},
	{Anum_pg_class_relforcerowsecurity, AS_IT_IS},
	{Anum_pg_class_relreplident, AS_IT_IS},
	{Anum_pg_class_relispartition, AS_IT_IS},
	{Anum_pg_class_reloptions, AS_IT_IS},
	{Anum_pg_class_relpartbound, AS_TREE},
};

static const HashedColumn other_class_columns[] = {
	{Anum_pg_class_oid, AS_IT_IS},
	{Anum_pg_class_relname, AS_IT_IS},
	{Anum_pg_class_relnamespace, AS_IT_IS},
	{Anum_pg_class_relowner, AS_ROLE},
	{Anum_pg_class_relam, AS_ACCESS_METHOD},
	{Anum_pg_class_reltablespace, AS_TABLESPACE},
	{Anum_pg_class_relpersistence, AS_IT_IS},
	{Anum_pg_class_relkind, AS_IT_IS},
	{Anum_pg_class_reloptions, AS_IT_IS},
};

static const HashedColumn toast_columns[] = {{Anum_pg_class_reloptions, AS_IT_IS}};

static void
HashRelation(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);
	CatalogRelation *rel = palloc0(sizeof(CatalogRelation));
	ArrayType *acl = RowArray(tuple, desc, Anum_pg_class_relacl);
	uint64 hash = ROW_HASH(relation_columns);

	hash = HashNumber(hash, HashAcl(cat, acl ? acl : acldefault(OBJECT_TABLE, form->relowner)));
	AddObject(cat, RelationRelationId, form->oid, hash);
	rel->oid = form->oid;
	rel->name = CopyName(&form->relname);
	rel->namespace_oid = form->relnamespace;
	rel->toast_oid = form->reltoastrelid;
	cat->contents.relations = lappend(cat->contents.relations, rel);
}

static void
HashClass(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

	NotePlaceInPath(cat, form);
	switch (form->relkind)
	{
		case RELKIND_INDEX:
		case RELKIND_PARTITIONED_INDEX:
			if (SchemaWanted(cat, form->relnamespace))
				KeepForLater(cat, RelationRelationId, form->oid, ROW_HASH(other_class_columns));
			break;
		case RELKIND_SEQUENCE:
			if (IsWanted(cat, RelationRelationId, form->oid, form->relnamespace))
				AddObject(cat, RelationRelationId, form->oid, ROW_HASH(other_class_columns));
			break;
		case RELKIND_COMPOSITE_TYPE: KeepForLater(cat, TypeRelationId, form->oid, 1); break;
		case RELKIND_TOASTVALUE:
			if (!heap_attisnull(tuple, Anum_pg_class_reloptions, NULL))
				KeepForLater(cat, RelationRelationId, form->oid, ROW_HASH(toast_columns));
			break;
		default:
			if (RelationIsWanted(cat, form))
				HashRelation(cat, tuple, desc);
	}
}

/* What is known of relations when all have been seen. */
static void
HashPathAndToast(Catalog *cat)
{
	ListCell *lc;

	foreach (lc, cat->contents.relations)
	{
		CatalogRelation *rel = lfirst(lc);
		uint64 hash = HashNumber(rel->oid, FirstInPath(cat, rel));

		cat->hash += HashNumber(hash, KeptHash(cat, RelationRelationId, rel->toast_oid));
	}
}

static const HashedColumn index_columns[] = {
	{Anum_pg_index_indrelid, AS_IT_IS},
	{Anum_pg_index_indnatts, AS_IT_IS},
	{Anum_pg_index_indnkeyatts, AS_IT_IS},
	{Anum_pg_index_indisunique, AS_IT_IS},
	{Anum_pg_index_indnullsnotdistinct, AS_IT_IS},
	{Anum_pg_index_indisprimary, AS_IT_IS},
	{Anum_pg_index_indisexclusion, AS_IT_IS},
	{Anum_pg_index_indisclustered, AS_IT_IS},
	{Anum_pg_index_indisvalid, AS_IT_IS},
	{Anum_pg_index_indisready, AS_IT_IS},
	{Anum_pg_index_indisreplident, AS_IT_IS},
	{Anum_pg_index_indkey, AS_IT_IS},
	{Anum_pg_index_indcollation, AS_IT_IS},
	{Anum_pg_index_indclass, AS_IT_IS},
	{Anum_pg_index_indoption, AS_IT_IS},
	{Anum_pg_index_indexprs, AS_TREE},
	{Anum_pg_index_indpred, AS_TREE},
};

static void
HashIndex(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
	uint64 hash;

	if (!form->indislive || !IsInScope(cat, RelationRelationId, form->indrelid))
		return;
	hash = HashNumber(ROW_HASH(index_columns), KeptHash(cat, RelationRelationId, form->indexrelid));
	AddObject(cat, RelationRelationId, form->indexrelid, hash);
}

static const HashedColumn attribute_columns[] = {
	{Anum_pg_attribute_attrelid, AS_IT_IS},      {Anum_pg_attribute_attname, AS_IT_IS},
	{Anum_pg_attribute_attnum, AS_IT_IS},        {Anum_pg_attribute_atttypid, AS_IT_IS},
	{Anum_pg_attribute_atttypmod, AS_IT_IS},     {Anum_pg_attribute_attndims, AS_IT_IS},
	{Anum_pg_attribute_attnotnull, AS_IT_IS},    {Anum_pg_attribute_attidentity, AS_IT_IS},
	{Anum_pg_attribute_attgenerated, AS_IT_IS},  {Anum_pg_attribute_attcollation, AS_IT_IS},
	{Anum_pg_attribute_attstorage, AS_IT_IS},    {Anum_pg_attribute_attcompression, AS_IT_IS},
	{Anum_pg_attribute_attstattarget, AS_IT_IS}, {Anum_pg_attribute_attislocal, AS_IT_IS},
	{Anum_pg_attribute_attinhcount, AS_IT_IS},   {Anum_pg_attribute_attoptions, AS_COLUMN_OPTIONS},
	{Anum_pg_attribute_attfdwoptions, AS_IT_IS}, {Anum_pg_attribute_attacl, AS_ACL},
};

static const HashedColumn index_attribute_columns[] = {
	{Anum_pg_attribute_attrelid, AS_IT_IS},
	{Anum_pg_attribute_attnum, AS_IT_IS},
	{Anum_pg_attribute_attoptions, AS_COLUMN_OPTIONS},
};

static void
HashAttribute(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_attribute form = (Form_pg_attribute) GETSTRUCT(tuple);

	if (form->attnum <= 0 || form->attisdropped || !IsInScope(cat, RelationRelationId, form->attrelid))
		return;
	if (KeptHash(cat, RelationRelationId, form->attrelid) == 0)
		cat->hash += ROW_HASH(attribute_columns);
	else if (!heap_attisnull(tuple, Anum_pg_attribute_attoptions, desc))
		cat->hash += ROW_HASH(index_attribute_columns);
}

static const HashedColumn default_columns[] = {
	{Anum_pg_attrdef_adrelid, AS_IT_IS}, {Anum_pg_attrdef_adnum, AS_IT_IS}, {Anum_pg_attrdef_adbin, AS_TREE}};

/* SET DEFAULT makes a new row with a new OID, even for the same default. */
static void
HashDefault(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_attrdef form = (Form_pg_attrdef) GETSTRUCT(tuple);

	if (!IsInScope(cat, RelationRelationId, form->adrelid))
		return;
	PutInScope(cat, AttrDefaultRelationId, form->oid, HashNumber(form->adrelid, form->adnum));
	cat->hash += ROW_HASH(default_columns);
}

static const HashedColumn constraint_columns[] = {
	{Anum_pg_constraint_oid, AS_IT_IS},
	{Anum_pg_constraint_conname, AS_IT_IS},
	{Anum_pg_constraint_contype, AS_IT_IS},
	{Anum_pg_constraint_condeferrable, AS_IT_IS},
	{Anum_pg_constraint_condeferred, AS_IT_IS},
	{Anum_pg_constraint_convalidated, AS_IT_IS},
	{Anum_pg_constraint_conrelid, AS_IT_IS},
	{Anum_pg_constraint_contypid, AS_IT_IS},
	{Anum_pg_constraint_conindid, AS_IT_IS},
	{Anum_pg_constraint_confrelid, AS_IT_IS},
	{Anum_pg_constraint_confupdtype, AS_IT_IS},
	{Anum_pg_constraint_confdeltype, AS_IT_IS},
	{Anum_pg_constraint_confmatchtype, AS_IT_IS},
	{Anum_pg_constraint_conislocal, AS_IT_IS},
	{Anum_pg_constraint_coninhcount, AS_IT_IS},
	{Anum_pg_constraint_connoinherit, AS_IT_IS},
	{Anum_pg_constraint_conkey, AS_IT_IS},
	{Anum_pg_constraint_confkey, AS_IT_IS},
	{Anum_pg_constraint_confdelsetcols, AS_IT_IS},
	{Anum_pg_constraint_conexclop, AS_IT_IS},
	{Anum_pg_constraint_conbin, AS_TREE},
};

static void
HashConstraint(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
	uint64 hash;

	if (OidIsValid(form->conrelid) ? !IsInScope(cat, RelationRelationId, form->conrelid)
								   : !IsInScope(cat, TypeRelationId, form->contypid))
		return;
	if (form->contype == CONSTRAINT_TRIGGER || IsHiddenForeignKey(form))
		return;
	hash = HashNumber(ROW_HASH(constraint_columns), ConstraintIsEnforced(form));
	AddObject(cat, ConstraintRelationId, form->oid, HashNumber(hash, ConstraintIsTemporal(form)));
}

static const HashedColumn inherits_columns[] = {{Anum_pg_inherits_inhrelid, AS_IT_IS},
												{Anum_pg_inherits_inhparent, AS_IT_IS},
												{Anum_pg_inherits_inhseqno, AS_IT_IS}};

static void
HashInherits(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	if (IsInScope(cat, RelationRelationId, ((Form_pg_inherits) GETSTRUCT(tuple))->inhrelid))
		cat->hash += ROW_HASH(inherits_columns);
}

static void
HashDistribution(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Distribution distribution;

	ReadDistribution(tuple, desc, &distribution);
	if (IsInScope(cat, RelationRelationId, distribution.relation))
		cat->hash += HashNumber(
			HashNumber(HashNumber(distribution.relation, distribution.colocation), distribution.column),
			((uint64) distribution.method << 8) + distribution.model);
}

/* but not which partition is the default one */
static const HashedColumn partitioned_columns[] = {
	{Anum_pg_partitioned_table_partrelid, AS_IT_IS},     {Anum_pg_partitioned_table_partstrat, AS_IT_IS},
	{Anum_pg_partitioned_table_partattrs, AS_IT_IS},     {Anum_pg_partitioned_table_partclass, AS_IT_IS},
	{Anum_pg_partitioned_table_partcollation, AS_IT_IS}, {Anum_pg_partitioned_table_partexprs, AS_TREE}};

static void
HashPartitionedTable(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	if (IsInScope(cat, RelationRelationId, ((Form_pg_partitioned_table) GETSTRUCT(tuple))->partrelid))
		cat->hash += ROW_HASH(partitioned_columns);
}

static const HashedColumn foreign_table_columns[] = {{Anum_pg_foreign_table_ftrelid, AS_IT_IS},
													 {Anum_pg_foreign_table_ftserver, AS_SERVER},
													 {Anum_pg_foreign_table_ftoptions, AS_IT_IS}};

/* Whether it can be written is the wrapper's to say, from its server's options too. */
static void
HashForeignTable(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_foreign_table form = (Form_pg_foreign_table) GETSTRUCT(tuple);

	if (IsInScope(cat, RelationRelationId, form->ftrelid))
		cat->hash += HashNumber(ROW_HASH(foreign_table_columns),
								ForeignTableEvents(cat, form->ftrelid, form->ftserver));
}

static const HashedColumn rule_columns[] = {
	{Anum_pg_rewrite_rulename, AS_IT_IS},   {Anum_pg_rewrite_ev_class, AS_IT_IS},
	{Anum_pg_rewrite_ev_type, AS_IT_IS},    {Anum_pg_rewrite_ev_enabled, AS_IT_IS},
	{Anum_pg_rewrite_is_instead, AS_IT_IS}, {Anum_pg_rewrite_ev_qual, AS_TREE},
	{Anum_pg_rewrite_ev_action, AS_TREE},
};

/* The OID of a view's rule is not in the document, and neither is a comment on it. */
static void
HashRule(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_rewrite form = (Form_pg_rewrite) GETSTRUCT(tuple);

	if (!IsInScope(cat, RelationRelationId, form->ev_class))
		return;
	if (form->ev_type == '1')
	{
		PutInScope(cat, RewriteRelationId, form->oid, HashNumber(form->ev_class, '1'));
		cat->hash += ROW_HASH(rule_columns);
	}
	else
		AddObject(cat, RewriteRelationId, form->oid, HashNumber(ROW_HASH(rule_columns), form->oid));
}

static const HashedColumn trigger_columns[] = {
	{Anum_pg_trigger_oid, AS_IT_IS},
	{Anum_pg_trigger_tgrelid, AS_IT_IS},
	{Anum_pg_trigger_tgname, AS_IT_IS},
	{Anum_pg_trigger_tgfoid, AS_IT_IS},
	{Anum_pg_trigger_tgtype, AS_IT_IS},
	{Anum_pg_trigger_tgenabled, AS_IT_IS},
	{Anum_pg_trigger_tgconstrrelid, AS_IT_IS},
	{Anum_pg_trigger_tgconstraint, AS_IT_IS},
	{Anum_pg_trigger_tgparentid, AS_IT_IS},
	{Anum_pg_trigger_tgdeferrable, AS_IT_IS},
	{Anum_pg_trigger_tginitdeferred, AS_IT_IS},
	{Anum_pg_trigger_tgattr, AS_IT_IS},
	{Anum_pg_trigger_tgargs, AS_IT_IS},
	{Anum_pg_trigger_tgqual, AS_TREE},
	{Anum_pg_trigger_tgoldtable, AS_IT_IS},
	{Anum_pg_trigger_tgnewtable, AS_IT_IS},
};

static void
HashTrigger(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);

	if (!form->tgisinternal && IsInScope(cat, RelationRelationId, form->tgrelid))
		AddObject(cat, TriggerRelationId, form->oid, ROW_HASH(trigger_columns));
}

static const HashedColumn policy_columns[] = {
	{Anum_pg_policy_oid, AS_IT_IS},           {Anum_pg_policy_polrelid, AS_IT_IS},
	{Anum_pg_policy_polname, AS_IT_IS},       {Anum_pg_policy_polcmd, AS_IT_IS},
	{Anum_pg_policy_polpermissive, AS_IT_IS}, {Anum_pg_policy_polroles, AS_ROLES},
	{Anum_pg_policy_polqual, AS_TREE},        {Anum_pg_policy_polwithcheck, AS_TREE},
};

static void
HashPolicy(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_policy form = (Form_pg_policy) GETSTRUCT(tuple);

	if (IsInScope(cat, RelationRelationId, form->polrelid))
		AddObject(cat, PolicyRelationId, form->oid, ROW_HASH(policy_columns));
}

static const HashedColumn statistics_columns[] = {
	{Anum_pg_statistic_ext_oid, AS_IT_IS},     {Anum_pg_statistic_ext_stxrelid, AS_IT_IS},
	{Anum_pg_statistic_ext_stxname, AS_IT_IS}, {Anum_pg_statistic_ext_stxnamespace, AS_IT_IS},
	{Anum_pg_statistic_ext_stxowner, AS_ROLE}, {Anum_pg_statistic_ext_stxstattarget, AS_IT_IS},
	{Anum_pg_statistic_ext_stxkeys, AS_IT_IS}, {Anum_pg_statistic_ext_stxkind, AS_IT_IS},
	{Anum_pg_statistic_ext_stxexprs, AS_TREE},
};

static void
HashStatistics(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_statistic_ext form = (Form_pg_statistic_ext) GETSTRUCT(tuple);

	if (IsInScope(cat, RelationRelationId, form->stxrelid))
		AddObject(cat, StatisticExtRelationId, form->oid, ROW_HASH(statistics_columns));
}

/* ------------------------------------- types, functions, sequences, others */

static const HashedColumn type_columns[] = {
	{Anum_pg_type_oid, AS_IT_IS},          {Anum_pg_type_typname, AS_IT_IS},
	{Anum_pg_type_typnamespace, AS_IT_IS}, {Anum_pg_type_typowner, AS_ROLE},
	{Anum_pg_type_typtype, AS_IT_IS},      {Anum_pg_type_typnotnull, AS_IT_IS},
	{Anum_pg_type_typbasetype, AS_IT_IS},  {Anum_pg_type_typtypmod, AS_IT_IS},
	{Anum_pg_type_typcollation, AS_IT_IS}, {Anum_pg_type_typdefaultbin, AS_TREE},
};

static void
HashType(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_type form = (Form_pg_type) GETSTRUCT(tuple);

	/* of base and pseudo types, and of relations' row types, the document knows nothing */
	if (form->typtype == TYPTYPE_BASE || form->typtype == TYPTYPE_PSEUDO ||
		(OidIsValid(form->typrelid) && KeptHash(cat, TypeRelationId, form->typrelid) == 0) ||
		!IsWanted(cat, TypeRelationId, form->oid, form->typnamespace))
		return;
	AddObject(cat, TypeRelationId, form->oid, ROW_HASH(type_columns));
	if (OidIsValid(form->typrelid))
		PutInScope(cat, RelationRelationId, form->typrelid, HashNumber(TypeRelationId, form->typrelid));
}

static const HashedColumn enum_columns[] = {{Anum_pg_enum_enumtypid, AS_IT_IS},
											{Anum_pg_enum_enumsortorder, AS_IT_IS},
											{Anum_pg_enum_enumlabel, AS_IT_IS}};

static void
HashEnum(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	if (IsInScope(cat, TypeRelationId, ((Form_pg_enum) GETSTRUCT(tuple))->enumtypid))
		cat->hash += ROW_HASH(enum_columns);
}

static const HashedColumn range_columns[] = {
	{Anum_pg_range_rngtypid, AS_IT_IS},      {Anum_pg_range_rngsubtype, AS_IT_IS},
	{Anum_pg_range_rngmultitypid, AS_IT_IS}, {Anum_pg_range_rngcollation, AS_IT_IS},
	{Anum_pg_range_rngsubopc, AS_IT_IS},     {Anum_pg_range_rngcanonical, AS_IT_IS},
	{Anum_pg_range_rngsubdiff, AS_IT_IS},
};

static void
HashRange(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_range form = (Form_pg_range) GETSTRUCT(tuple);

	if (IsInScope(cat, TypeRelationId, form->rngtypid) || IsInScope(cat, TypeRelationId, form->rngmultitypid))
		cat->hash += ROW_HASH(range_columns);
}

static const HashedColumn function_columns[] = {
	{Anum_pg_proc_oid, AS_IT_IS},
	{Anum_pg_proc_proname, AS_IT_IS},
	{Anum_pg_proc_pronamespace, AS_IT_IS},
	{Anum_pg_proc_proowner, AS_ROLE},
	{Anum_pg_proc_prolang, AS_LANGUAGE},
	{Anum_pg_proc_prokind, AS_IT_IS},
	{Anum_pg_proc_prosecdef, AS_IT_IS},
	{Anum_pg_proc_proleakproof, AS_IT_IS},
	{Anum_pg_proc_procost, AS_IT_IS},
	{Anum_pg_proc_prorows, AS_IT_IS},
	{Anum_pg_proc_proisstrict, AS_IT_IS},
	{Anum_pg_proc_proretset, AS_IT_IS},
	{Anum_pg_proc_provolatile, AS_IT_IS},
	{Anum_pg_proc_proparallel, AS_IT_IS},
	{Anum_pg_proc_prorettype, AS_IT_IS},
	{Anum_pg_proc_proargtypes, AS_IT_IS},
	{Anum_pg_proc_proallargtypes, AS_IT_IS},
	{Anum_pg_proc_proargmodes, AS_IT_IS},
	{Anum_pg_proc_proargnames, AS_IT_IS},
	{Anum_pg_proc_proargdefaults, AS_TREE},
	{Anum_pg_proc_prosrc, AS_IT_IS},
	{Anum_pg_proc_probin, AS_IT_IS},
	{Anum_pg_proc_prosqlbody, AS_TREE},
	{Anum_pg_proc_proconfig, AS_IT_IS},
};

static void
HashFunction(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);

	if (IsWanted(cat, ProcedureRelationId, form->oid, form->pronamespace))
		AddObject(cat, ProcedureRelationId, form->oid, ROW_HASH(function_columns));
}

static const HashedColumn sequence_columns[] = {
	{Anum_pg_sequence_seqrelid, AS_IT_IS}, {Anum_pg_sequence_seqtypid, AS_IT_IS},
	{Anum_pg_sequence_seqstart, AS_IT_IS}, {Anum_pg_sequence_seqincrement, AS_IT_IS},
	{Anum_pg_sequence_seqmax, AS_IT_IS},   {Anum_pg_sequence_seqmin, AS_IT_IS},
	{Anum_pg_sequence_seqcache, AS_IT_IS}, {Anum_pg_sequence_seqcycle, AS_IT_IS},
};

static void
HashSequence(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	if (IsInScope(cat, RelationRelationId, ((Form_pg_sequence) GETSTRUCT(tuple))->seqrelid))
		cat->hash += ROW_HASH(sequence_columns);
}

static const HashedColumn extension_columns[] = {
	{Anum_pg_extension_oid, AS_IT_IS},
	{Anum_pg_extension_extname, AS_IT_IS},
	{Anum_pg_extension_extowner, AS_ROLE},
	{Anum_pg_extension_extnamespace, AS_IT_IS},
	{Anum_pg_extension_extrelocatable, AS_IT_IS},
	{Anum_pg_extension_extversion, AS_IT_IS},
};

static void
HashExtension(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_extension form = (Form_pg_extension) GETSTRUCT(tuple);

	AddObject(cat, ExtensionRelationId, form->oid,
			  HashText(ROW_HASH(extension_columns), SchemaName(cat, form->extnamespace)));
}

static const HashedColumn event_trigger_columns[] = {
	{Anum_pg_event_trigger_oid, AS_IT_IS},      {Anum_pg_event_trigger_evtname, AS_IT_IS},
	{Anum_pg_event_trigger_evtevent, AS_IT_IS}, {Anum_pg_event_trigger_evtowner, AS_ROLE},
	{Anum_pg_event_trigger_evtfoid, AS_IT_IS},  {Anum_pg_event_trigger_evtenabled, AS_IT_IS},
	{Anum_pg_event_trigger_evttags, AS_IT_IS},
};

static void
HashEventTrigger(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_event_trigger form = (Form_pg_event_trigger) GETSTRUCT(tuple);

	if (cat->scope.extensions || FindExtension(cat, EventTriggerRelationId, form->oid) == NULL)
		AddObject(cat, EventTriggerRelationId, form->oid, ROW_HASH(event_trigger_columns));
}

static const HashedColumn default_acl_columns[] = {{Anum_pg_default_acl_defaclrole, AS_ROLE},
												   {Anum_pg_default_acl_defaclnamespace, AS_IT_IS},
												   {Anum_pg_default_acl_defaclobjtype, AS_IT_IS},
												   {Anum_pg_default_acl_defaclacl, AS_ACL}};

static void
HashDefaultAcl(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_default_acl form = (Form_pg_default_acl) GETSTRUCT(tuple);

	if (!OidIsValid(form->defaclnamespace) || SchemaWanted(cat, form->defaclnamespace))
		cat->hash += ROW_HASH(default_acl_columns);
}

static const HashedColumn publication_columns[] = {
	{Anum_pg_publication_oid, AS_IT_IS},        {Anum_pg_publication_pubname, AS_IT_IS},
	{Anum_pg_publication_pubowner, AS_ROLE},    {Anum_pg_publication_puballtables, AS_IT_IS},
	{Anum_pg_publication_pubinsert, AS_IT_IS},  {Anum_pg_publication_pubupdate, AS_IT_IS},
	{Anum_pg_publication_pubdelete, AS_IT_IS},  {Anum_pg_publication_pubtruncate, AS_IT_IS},
	{Anum_pg_publication_pubviaroot, AS_IT_IS},
};

static void
HashPublication(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	AddObject(cat, PublicationRelationId, ((Form_pg_publication) GETSTRUCT(tuple))->oid,
			  ROW_HASH(publication_columns));
}

static void
HashPublishedSchema(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_publication_namespace form = (Form_pg_publication_namespace) GETSTRUCT(tuple);

	cat->hash +=
		HashText(HashNumber(PublicationNamespaceRelationId, form->pnpubid), SchemaName(cat, form->pnnspid));
}

static void
HashPublishedRelation(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_publication_rel form = (Form_pg_publication_rel) GETSTRUCT(tuple);

	cat->hash +=
		HashText(HashNumber(PublicationRelRelationId, form->prpubid), QualifiedClassName(cat, form->prrelid));
}

/* ----------------------------------------------- comments and dependencies */

static void
HashDescription(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_description form = (Form_pg_description) GETSTRUCT(tuple);
	bool found;
	uint64 identity = (uintptr_t) ObjectMapGet(cat->in_scope, form->classoid, form->objoid, 0, &found);
	static const HashedColumn text[] = {{Anum_pg_description_description, AS_IT_IS}};

	/* the rule of a view may have a comment, but nobody shows it */
	if (found &&
		(form->classoid != RewriteRelationId || identity == HashNumber(form->classoid, form->objoid)))
		cat->hash += HashNumber(HashNumber(ROW_HASH(text), identity), form->objsubid);
}

/* where the names of objects are that texts may mention */
typedef struct NamedClass
{
	Oid class_id;
	int cache;
	AttrNumber name;
	AttrNumber namespace; /* 0: in no schema */
} NamedClass;

static const NamedClass named_classes[] = {
	{RelationRelationId, RELOID, Anum_pg_class_relname, Anum_pg_class_relnamespace},
	{ProcedureRelationId, PROCOID, Anum_pg_proc_proname, Anum_pg_proc_pronamespace},
	{TypeRelationId, TYPEOID, Anum_pg_type_typname, Anum_pg_type_typnamespace},
	{OperatorRelationId, OPEROID, Anum_pg_operator_oprname, Anum_pg_operator_oprnamespace},
	{CollationRelationId, COLLOID, Anum_pg_collation_collname, Anum_pg_collation_collnamespace},
	{OperatorClassRelationId, CLAOID, Anum_pg_opclass_opcname, Anum_pg_opclass_opcnamespace},
	{TSConfigRelationId, TSCONFIGOID, Anum_pg_ts_config_cfgname, Anum_pg_ts_config_cfgnamespace},
	{ForeignServerRelationId, FOREIGNSERVEROID, Anum_pg_foreign_server_srvname, 0},
};

static const NamedClass *
FindNamedClass(Oid classId)
{
	for (int i = 0; i < lengthof(named_classes); i++)
	{
		if (named_classes[i].class_id == classId)
			return &named_classes[i];
	}
	return NULL;
}

static uint64
HashOfName(Catalog *cat, const NamedClass *class, Oid oid)
{
	HeapTuple tuple = SearchSysCache1(class->cache, ObjectIdGetDatum(oid));
	uint64 hash = HashNumber(class->class_id, oid);
	bool isnull;

	if (!HeapTupleIsValid(tuple))
		return hash;
	hash = HashText(hash, NameStr(*DatumGetName(SysCacheGetAttr(class->cache, tuple, class->name, &isnull))));
	if (class->namespace)
	{
		Datum namespace = SysCacheGetAttr(class->cache, tuple, class->namespace, &isnull);

		hash = HashText(hash, SchemaName(cat, DatumGetObjectId(namespace)));
	}
	ReleaseSysCache(tuple);
	return hash;
}

/* The name of something outside of the scope that is used in it. */
static void
HashReference(Catalog *cat, Form_pg_depend form)
{
	const NamedClass *class = FindNamedClass(form->refclassid);
	uint64 hash;

	if (class == NULL)
		return;
	hash = HashOfName(cat, class, form->refobjid);
	if (form->refobjsubid > 0)
		hash = HashText(hash, get_attname(form->refobjid, form->refobjsubid, true));
	cat->hash += hash;
}

static bool
IsOwnership(Form_pg_depend form)
{
	return form->refobjsubid > 0 && form->classid == RelationRelationId && form->objsubid == 0 &&
		   form->refclassid == RelationRelationId &&
		   (form->deptype == DEPENDENCY_AUTO || form->deptype == DEPENDENCY_INTERNAL);
}

static void
HashDependency(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
	bool found;
	uint64 identity = (uintptr_t) ObjectMapGet(cat->in_scope, form->classid, form->objid, 0, &found);

	if (!found)
		return;
	if (form->deptype == DEPENDENCY_EXTENSION)
		cat->hash += HashText(identity, FindName(cat, NAMED_EXTENSION, form->refobjid));
	else if (!IsInScope(cat, form->refclassid, form->refobjid))
		HashReference(cat, form);
	else if (IsOwnership(form))
		cat->hash += HashNumber(HashNumber(identity, form->refobjid),
								form->refobjsubid * 256 + (unsigned char) form->deptype);
}

/* ---------------------------------------------------------- all together */

static void
HashSchemas(Catalog *cat)
{
	ListCell *lc;

	KeepSchemasWanted(cat);
	foreach (lc, cat->contents.schemas)
	{
		CatalogSchema *schema = lfirst(lc);
		uint64 hash = HashText(HashNumber(NamespaceRelationId, schema->oid), schema->name);

		AddObject(cat, NamespaceRelationId, schema->oid, HashText(hash, schema->owner));
	}
	foreach (lc, cat->contents.search_path)
		cat->hash = HashText(cat->hash, lfirst(lc));
	cat->hash = HashText(cat->hash, get_database_name(MyDatabaseId));
	cat->hash = HashText(cat->hash, GetConfigOption("server_version", false, false));
}

void
HashAll(Catalog *cat)
{
	static const struct
	{
		Oid catalog;
		RowVisitor visit;
	} scans[] = {
		/* these say what is in the scope */
		{RelationRelationId, HashClass},
		{TypeRelationId, HashType},
		{ProcedureRelationId, HashFunction},
		{IndexRelationId, HashIndex},
		{AttributeRelationId, HashAttribute},
		{AttrDefaultRelationId, HashDefault},
		{ConstraintRelationId, HashConstraint},
		{InheritsRelationId, HashInherits},
		{PartitionedRelationId, HashPartitionedTable},
		{ForeignTableRelationId, HashForeignTable},
		{RewriteRelationId, HashRule},
		{TriggerRelationId, HashTrigger},
		{PolicyRelationId, HashPolicy},
		{StatisticExtRelationId, HashStatistics},
		{EnumRelationId, HashEnum},
		{RangeRelationId, HashRange},
		{SequenceRelationId, HashSequence},
		{ExtensionRelationId, HashExtension},
		{EventTriggerRelationId, HashEventTrigger},
		{DefaultAclRelationId, HashDefaultAcl},
		{PublicationRelationId, HashPublication},
		{PublicationNamespaceRelationId, HashPublishedSchema},
		{PublicationRelRelationId, HashPublishedRelation},
		/* and these ask for it */
		{DescriptionRelationId, HashDescription},
		{DependRelationId, HashDependency},
	};

	LoadSchemas(cat);
	LoadExtensionMembers(cat);
	HashSchemas(cat);
	for (int i = 0; i < lengthof(scans); i++)
		ScanCatalog(cat, scans[i].catalog, scans[i].visit);
	ScanDistributions(cat, HashDistribution);
	HashPathAndToast(cat);
}
