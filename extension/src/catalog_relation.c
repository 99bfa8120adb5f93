/*
 * catalog_relation.c
 *		Relations and their columns.
 */
#include "catalog_impl.h"

#include "access/htup_details.h"
#include "catalog/heap.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_rewrite.h"
#include "foreign/foreign.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "deparse.h"

/* an entry of Catalog.first_in_path */
typedef struct PathEntry
{
	NameData name;
	int place;
} PathEntry;

/* -------------------------------------------------------------- classes */

static const char *
RelationKind(char relkind)
{
	switch (relkind)
	{
		case RELKIND_RELATION: return "table";
		case RELKIND_PARTITIONED_TABLE: return "partitioned table";
		case RELKIND_VIEW: return "view";
		case RELKIND_MATVIEW: return "materialized view";
		case RELKIND_FOREIGN_TABLE: return "foreign table";
		default: return NULL; /* none of our relations */
	}
}

/* for error messages: what a relation that is none of ours is */
static const char *
OtherKind(char relkind)
{
	switch (relkind)
	{
		case RELKIND_INDEX:
		case RELKIND_PARTITIONED_INDEX: return "an index";
		case RELKIND_SEQUENCE: return "a sequence";
		case RELKIND_TOASTVALUE: return "a TOAST table";
		case RELKIND_COMPOSITE_TYPE: return "a composite type";
		default: return "no table";
	}
}

static const char *
Persistence(char relpersistence)
{
	switch (relpersistence)
	{
		case RELPERSISTENCE_TEMP: return "temporary";
		case RELPERSISTENCE_UNLOGGED: return "unlogged";
		default: return "permanent";
	}
}

static const char *
ReplicaIdentity(char relreplident)
{
	switch (relreplident)
	{
		case REPLICA_IDENTITY_NOTHING: return "nothing";
		case REPLICA_IDENTITY_FULL: return "full";
		case REPLICA_IDENTITY_INDEX: return "index";
		default: return "default";
	}
}

static CatalogRelation *
MakeClass(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);
	CatalogRelation *rel = palloc0(sizeof(CatalogRelation));

	rel->oid = form->oid;
	rel->relkind = form->relkind;
	rel->kind = RelationKind(form->relkind);
	rel->name = CopyName(&form->relname);
	rel->namespace_oid = form->relnamespace;
	rel->schema = SchemaName(cat, form->relnamespace);
	rel->is_partition = form->relispartition;
	rel->natts = form->relnatts;
	rel->access_method = FindName(cat, NAMED_ACCESS_METHOD, form->relam);
	rel->tablespace = FindName(cat, NAMED_TABLESPACE, form->reltablespace);
	rel->options = ListOrEmpty(RowNameArray(tuple, desc, Anum_pg_class_reloptions));
	OidMapPut(cat->classes, rel->oid, rel);
	return rel;
}

/* The rest of what pg_class says of a table or view. */
static void
FillRelation(Catalog *cat, CatalogRelation *rel, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);
	Subject subject = {"partition bound", rel, NULL};

	rel->atts = palloc0(sizeof(CatalogColumn *) * Max(rel->natts, 1));
	rel->toast_oid = form->reltoastrelid;
	rel->persistence = Persistence(form->relpersistence);
	rel->owner = FindName(cat, NAMED_ROLE, form->relowner);
	rel->row_security = form->relrowsecurity;
	rel->force_row_security = form->relforcerowsecurity;
	rel->relreplident = form->relreplident;
	rel->replica_identity = ReplicaIdentity(form->relreplident);
	rel->estimated_rows = form->reltuples < 0 ? -1 : (int64) form->reltuples;
	rel->inherits = MakeNameList(0);
	if (!(cat->parts & CATALOG_DETAILS))
		return;
	if (OidIsValid(form->reloftype))
		rel->of_type = FindType(cat, form->reloftype, -1)->text;
	rel->partition_bound = RowExpressionText(cat, NULL, tuple, desc, Anum_pg_class_relpartbound, &subject);
}

/* Is a relation wanted, when none was named? */
static bool
RelationIsWanted(Catalog *cat, Form_pg_class form)
{
	CatalogSchema *schema;

	if (RelationKind(form->relkind) == NULL || (form->relispartition && !cat->scope.partitions))
		return false;
	schema = FindSchema(cat, form->relnamespace);
	if (schema == NULL || !schema->wanted)
		return false;
	return cat->scope.extensions || FindExtension(cat, RelationRelationId, form->oid) == NULL;
}

/* Indexes, sequences and such are kept when something will ask for them. */
static bool
ClassIsUseful(Catalog *cat, HeapTuple tuple)
{
	Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);
	CatalogSchema *schema;

	switch (form->relkind)
	{
		case RELKIND_INDEX:
		case RELKIND_PARTITIONED_INDEX:
			if (!(cat->parts & (CATALOG_INDEXES | CATALOG_CONSTRAINTS)))
				return false;
			break;
		case RELKIND_SEQUENCE:
			if (!(cat->parts & CATALOG_COLUMNS))
				return false;
			break;
		case RELKIND_TOASTVALUE:
			return (cat->parts & CATALOG_DETAILS) && !heap_attisnull(tuple, Anum_pg_class_reloptions, NULL);
		default: return false;
	}
	schema = FindSchema(cat, form->relnamespace);
	return schema != NULL && schema->wanted;
}

/*
 * Remembers that the path's schema number "place" has a relation of this name.
 * Whether a relation is visible is then known without a lookup per relation.
 */
static void
NotePlaceInPath(Catalog *cat, Form_pg_class form)
{
	int place = 0;
	PathEntry *entry;
	bool found;
	ListCell *lc;

	foreach (lc, cat->search_path)
	{
		if (lfirst_oid(lc) == form->relnamespace)
			break;
		place++;
	}
	if (place == list_length(cat->search_path))
		return;
	entry = hash_search(cat->first_in_path, &form->relname, HASH_ENTER, &found);
	if (!found || place < entry->place)
		entry->place = place;
}

static bool
FirstInPath(Catalog *cat, CatalogRelation *rel)
{
	NameData name;
	PathEntry *entry;
	ListCell *lc;

	if (cat->first_in_path != NULL)
	{
		namestrcpy(&name, rel->name);
		entry = hash_search(cat->first_in_path, &name, HASH_FIND, NULL);
		return entry != NULL && list_nth_oid(cat->search_path, entry->place) == rel->namespace_oid;
	}
	foreach (lc, cat->search_path)
	{
		if (lfirst_oid(lc) == rel->namespace_oid)
			return true;
		if (OidIsValid(get_relname_relid(rel->name, lfirst_oid(lc))))
			return false;
	}
	return false;
}

static void
AddRelation(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	CatalogRelation *rel = MakeClass(cat, tuple, desc);

	if (rel->kind == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is %s", rel->name, OtherKind(rel->relkind)),
				 errdetail(
					 "Only tables, views, materialized views and foreign tables are reflected as relations."),
				 errhint("Pass the table it belongs to.")));
	rel->wanted = true;
	FillRelation(cat, rel, tuple, desc);
	cat->relation_list = lappend(cat->relation_list, rel);
}

/* of a scan of all of pg_class */
static void
VisitClass(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

	cat->class_count++;
	NotePlaceInPath(cat, form);
	if (cat->scope.by_relation ? list_member_oid(cat->scope.relations, form->oid)
							   : RelationIsWanted(cat, form))
		AddRelation(cat, tuple, desc);
	else if (ClassIsUseful(cat, tuple))
		MakeClass(cat, tuple, desc);
}

/* of any relation that something refers to */
static void
VisitOtherClass(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	MakeClass(cat, tuple, desc);
}

static void
VisitOtherAttribute(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_attribute form = (Form_pg_attribute) GETSTRUCT(tuple);
	CatalogRelation *rel = OidMapGet(cat->classes, form->attrelid);
	CatalogColumn *column;

	if (rel == NULL || form->attnum <= 0 || form->attnum > rel->natts || form->attisdropped)
		return;
	column = palloc0(sizeof(CatalogColumn));
	column->relation = rel;
	column->position = form->attnum;
	column->name = CopyName(&form->attname);
	rel->atts[form->attnum - 1] = column;
}

CatalogRelation *
FindClass(Catalog *cat, Oid oid)
{
	CatalogRelation *rel = OidMapGet(cat->classes, oid);

	if (rel != NULL || !OidIsValid(oid))
		return rel;
	ScanCatalogFor(cat, RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, oid, VisitOtherClass);
	rel = OidMapGet(cat->classes, oid);
	if (rel != NULL && rel->kind != NULL)
	{
		rel->atts = palloc0(sizeof(CatalogColumn *) * Max(rel->natts, 1));
		ScanCatalogFor(cat, AttributeRelationId, AttributeRelidNumIndexId, Anum_pg_attribute_attrelid, oid,
					   VisitOtherAttribute);
	}
	return rel;
}

CatalogRelation *
FindWanted(Catalog *cat, Oid oid)
{
	CatalogRelation *rel = OidMapGet(cat->classes, oid);

	return rel != NULL && rel->wanted ? rel : NULL;
}

const char *
QualifiedClassName(Catalog *cat, Oid oid)
{
	CatalogRelation *rel = FindClass(cat, oid);

	return rel ? quote_qualified_identifier(rel->schema, rel->name) : NULL;
}

static int
CompareRelations(const ListCell *a, const ListCell *b)
{
	const CatalogRelation *left = lfirst(a);
	const CatalogRelation *right = lfirst(b);
	int order = strcmp(left->schema, right->schema);

	return order ? order : strcmp(left->name, right->name);
}

static HTAB *
MakeNameTable(Catalog *cat)
{
	HASHCTL control = {.keysize = NAMEDATALEN, .entrysize = sizeof(PathEntry), .hcxt = cat->context};

	return hash_create("aiodal names in path", 1024, &control, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
}

static void
VisitNamedClass(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	AddRelation(cat, tuple, desc);
}

/* Relations that were named. */
static void
LoadNamedClasses(Catalog *cat)
{
	ListCell *lc;

	if (cat->by_index)
		foreach (lc, cat->scope.relations)
			ScanCatalogFor(cat, RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, lfirst_oid(lc),
						   VisitNamedClass);
	else
		ScanCatalog(cat, RelationRelationId, VisitClass);
	foreach (lc, cat->scope.relations)
	{
		if (OidMapGet(cat->classes, lfirst_oid(lc)) == NULL)
			CatalogWarn(cat, "relation with OID %u does not exist", lfirst_oid(lc));
	}
}

void
LoadClasses(Catalog *cat)
{
	ListCell *lc;

	if (!cat->by_index)
		cat->first_in_path = MakeNameTable(cat);
	if (cat->scope.by_relation)
		LoadNamedClasses(cat);
	else
		ScanCatalog(cat, RelationRelationId, VisitClass);
	list_sort(cat->relation_list, CompareRelations);
	foreach (lc, cat->relation_list)
	{
		CatalogRelation *rel = lfirst(lc);

		rel->extension = FindExtension(cat, RelationRelationId, rel->oid);
		rel->visible = FirstInPath(cat, rel);
		FindSchema(cat, rel->namespace_oid)->used = true;
	}
	/* about what a relation costs by index, in rows of a sequential scan */
	if (list_length(cat->relation_list) * 20 < cat->class_count)
		cat->by_index = true;
}

/* -------------------------------------------------------------- columns */

static const char *
Identity(char attidentity)
{
	switch (attidentity)
	{
		case ATTRIBUTE_IDENTITY_ALWAYS: return "always";
		case ATTRIBUTE_IDENTITY_BY_DEFAULT: return "by default";
		default: return NULL;
	}
}

static const char *
Generated(char attgenerated)
{
	switch (attgenerated)
	{
		case 's': return "stored";
		case 'v': return "virtual"; /* from 18 on */
		default: return NULL;
	}
}

static const char *
Storage(char attstorage)
{
	switch (attstorage)
	{
		case TYPSTORAGE_PLAIN: return "plain";
		case TYPSTORAGE_EXTERNAL: return "external";
		case TYPSTORAGE_EXTENDED: return "extended";
		case TYPSTORAGE_MAIN: return "main";
		default: return NULL;
	}
}

static const char *
Compression(char attcompression)
{
	switch (attcompression)
	{
		case 'p': return "pglz";
		case 'l': return "lz4";
		default: return NULL;
	}
}

static void
SetColumnType(Catalog *cat, CatalogColumn *column, Form_pg_attribute form)
{
	const TypeInfo *type = FindType(cat, form->atttypid, form->atttypmod);

	column->type = type->text;
	column->type_schema = type->schema;
	column->type_name = type->name;
	column->type_kind = type->kind;
	column->element_type = type->element_text;
	column->element_type_oid = type->element;
	column->typmod = form->atttypmod;
	column->dimensions = form->attndims;
	if (OidIsValid(form->attcollation) && form->attcollation != type->collation)
	{
		const QualifiedName *collation = FindCollation(cat, form->attcollation);

		column->collation = collation ? collation->name : NULL;
		column->collation_schema = collation ? collation->schema : NULL;
	}
}

/*
 * The minor releases of late 2026 (15.20 and its like) keep an entry of their
 * own among a column's options, which differs between equal tables. No user
 * has set it; pg_dump leaves it out too.
 */
static NameList *
WithoutBookkeeping(NameList *options)
{
	int kept = 0;

	for (int i = 0; options && i < options->count; i++)
	{
		if (strncmp(options->names[i], "pg_attver=", 10) != 0)
			options->names[kept++] = options->names[i];
	}
	if (options)
		options->count = kept;
	return ListOrEmpty(options);
}

static void
FillColumn(Catalog *cat, CatalogColumn *column, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_attribute form = (Form_pg_attribute) GETSTRUCT(tuple);

	SetColumnType(cat, column, form);
	column->not_null = form->attnotnull;
	column->identity = Identity(form->attidentity);
	column->generated = Generated(form->attgenerated);
	column->comment = FindComment(cat, RelationRelationId, form->attrelid, form->attnum);
	column->storage = Storage(form->attstorage);
	column->compression = Compression(form->attcompression);
	column->statistics = AttributeStatisticsTarget(tuple, desc, NULL_INT);
	column->is_local = form->attislocal;
	column->inherited = form->attinhcount;
	column->options = WithoutBookkeeping(RowNameArray(tuple, desc, Anum_pg_attribute_attoptions));
	column->foreign_options = ListOrEmpty(RowNameArray(tuple, desc, Anum_pg_attribute_attfdwoptions));
}

/* An attribute of an index has what its operator class is parameterized with. */
static void
NoteOpclassOptions(CatalogRelation *index, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_attribute form = (Form_pg_attribute) GETSTRUCT(tuple);
	NameList *options = RowNameArray(tuple, desc, Anum_pg_attribute_attoptions);

	if (options == NULL || form->attnum > index->natts)
		return;
	if (index->opclass_options == NULL)
		index->opclass_options = palloc0(sizeof(NameList *) * index->natts);
	index->opclass_options[form->attnum - 1] = options;
}

static void
VisitAttribute(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_attribute form = (Form_pg_attribute) GETSTRUCT(tuple);
	CatalogRelation *rel;
	CatalogColumn *column;

	if (form->attnum <= 0 || form->attisdropped)
		return;
	rel = OidMapGet(cat->classes, form->attrelid);
	if (rel != NULL && (rel->relkind == RELKIND_INDEX || rel->relkind == RELKIND_PARTITIONED_INDEX))
		NoteOpclassOptions(rel, tuple, desc);
	if (rel == NULL || !rel->wanted || form->attnum > rel->natts)
		return;
	column = palloc0(sizeof(CatalogColumn));
	column->relation = rel;
	column->position = form->attnum;
	column->name = CopyName(&form->attname);
	column->type_oid = form->atttypid;
	column->collation_oid = form->attcollation;
	if (cat->parts & CATALOG_COLUMNS)
		FillColumn(cat, column, tuple, desc);
	rel->atts[form->attnum - 1] = column;
}

static void
VisitDefault(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_attrdef form = (Form_pg_attrdef) GETSTRUCT(tuple);
	CatalogRelation *rel = FindWanted(cat, form->adrelid);
	Subject subject = {"default", rel, NULL};
	CatalogColumn *column;

	if (rel == NULL || form->adnum > rel->natts)
		return;
	column = rel->atts[form->adnum - 1];
	if (column == NULL)
		return;
	subject.name = column->name;
	column->default_value =
		RowExpressionText(cat, column->generated ? rel : NULL, tuple, desc, Anum_pg_attrdef_adbin, &subject);
}

/* A sequence that belongs to a column: identity (internal) or OWNED BY (auto). */
static void
VisitSequenceOwner(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
	CatalogRelation *rel;
	CatalogRelation *sequence;

	if (form->classid != RelationRelationId || form->refclassid != RelationRelationId ||
		form->refobjsubid <= 0 || form->objsubid != 0 ||
		(form->deptype != DEPENDENCY_AUTO && form->deptype != DEPENDENCY_INTERNAL))
		return;
	rel = FindWanted(cat, form->refobjid);
	if (rel == NULL || ColumnName(rel, form->refobjsubid) == NULL)
		return;
	sequence = FindClass(cat, form->objid);
	if (sequence != NULL && sequence->relkind == RELKIND_SEQUENCE)
		rel->atts[form->refobjsubid - 1]->sequence =
			quote_qualified_identifier(sequence->schema, sequence->name);
}

/* What depends on the relations wanted. */
static void
LoadSequenceOwners(Catalog *cat)
{
	ListCell *lc;

	if (!cat->by_index)
	{
		ScanCatalog(cat, DependRelationId, VisitSequenceOwner);
		return;
	}
	foreach (lc, cat->relation_list)
		ScanDependents(cat, RelationRelationId, ((CatalogRelation *) lfirst(lc))->oid, VisitSequenceOwner);
}

NameList *
FindOpclassOptions(Catalog *cat, CatalogRelation *index, int key)
{
	if (cat->by_index && key == 1)
		ScanCatalogFor(cat, AttributeRelationId, AttributeRelidNumIndexId, Anum_pg_attribute_attrelid,
					   index->oid, VisitAttribute);
	return index->opclass_options ? index->opclass_options[key - 1] : NULL;
}

void
LoadColumns(Catalog *cat)
{
	ListCell *lc;

	ScanRelationRows(cat, AttributeRelationId, AttributeRelidNumIndexId, Anum_pg_attribute_attrelid,
					 VisitAttribute);
	if (!(cat->parts & CATALOG_COLUMNS))
		return;
	ScanRelationRows(cat, AttrDefaultRelationId, AttrDefaultIndexId, Anum_pg_attrdef_adrelid, VisitDefault);
	LoadSequenceOwners(cat);
	foreach (lc, cat->relation_list)
	{
		CatalogRelation *rel = lfirst(lc);

		for (int i = 0; i < rel->natts; i++)
			if (rel->atts[i] != NULL)
				rel->columns = lappend(rel->columns, rel->atts[i]);
	}
}

const char *
ColumnName(CatalogRelation *rel, AttrNumber attnum)
{
	if (attnum > 0 && attnum <= rel->natts && rel->atts != NULL && rel->atts[attnum - 1] != NULL)
		return rel->atts[attnum - 1]->name;
	if (attnum < 0)
		return pstrdup(NameStr(SystemAttributeDefinition(attnum)->attname));
	return NULL;
}

NameList *
ColumnNames(CatalogRelation *rel, const int16 *keys, int count)
{
	NameList *list = MakeNameList(count);

	for (int i = 0; i < count; i++)
		list->names[i] = ColumnName(rel, keys[i]);
	return list;
}

/* -------------------------------------------------------------- details */

static void
VisitInherits(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_inherits form = (Form_pg_inherits) GETSTRUCT(tuple);
	CatalogRelation *rel = OidMapGet(cat->classes, form->inhrelid);

	if (rel == NULL)
		return;
	/* by a sequential scan, parents come in any order */
	while (list_length(rel->parents) < form->inhseqno)
		rel->parents = lappend_oid(rel->parents, InvalidOid);
	lfirst_oid(list_nth_cell(rel->parents, form->inhseqno - 1)) = form->inhparent;
}

Oid
FindParent(Catalog *cat, CatalogRelation *rel)
{
	if (!rel->is_partition)
		return InvalidOid;
	if (rel->parents == NIL)
		ScanCatalogFor(cat, InheritsRelationId, InheritsRelidSeqnoIndexId, Anum_pg_inherits_inhrelid,
					   rel->oid, VisitInherits);
	return rel->parents ? linitial_oid(rel->parents) : InvalidOid;
}

static void
SetParents(Catalog *cat, CatalogRelation *rel)
{
	NameList *names;
	ListCell *lc;

	if (rel->parents == NIL)
		return;
	if (rel->is_partition)
	{
		rel->parent_oid = linitial_oid(rel->parents);
		rel->parent = QualifiedClassName(cat, rel->parent_oid);
		return;
	}
	names = MakeNameList(list_length(rel->parents));
	names->count = 0;
	foreach (lc, rel->parents)
	{
		const char *name = QualifiedClassName(cat, lfirst_oid(lc));

		if (name != NULL)
			names->names[names->count++] = name;
	}
	rel->inherits = names;
}

static const char *
PartitionStrategyWord(char partstrat)
{
	switch (partstrat)
	{
		case 'h': return "HASH";
		case 'l': return "LIST";
		default: return "RANGE";
	}
}

/* As pg_get_partkeydef() writes it, with names qualified. */
static void
VisitPartitionedTable(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_partitioned_table form = (Form_pg_partitioned_table) GETSTRUCT(tuple);
	CatalogRelation *rel = FindWanted(cat, form->partrelid);
	StoredKey key = {0};
	StringInfoData text;
	ListCell *lc;
	const char *separator = "";

	if (rel == NULL)
		return;
	key.rel = rel;
	key.count = form->partnatts;
	key.attnums = form->partattrs.values;
	key.classes = RowOidVector(tuple, desc, Anum_pg_partitioned_table_partclass);
	key.collations = RowOidVector(tuple, desc, Anum_pg_partitioned_table_partcollation);
	key.expressions = RowText(tuple, desc, Anum_pg_partitioned_table_partexprs);
	key.subject = (Subject){"partition key", rel, NULL};
	initStringInfo(&text);
	appendStringInfo(&text, "%s (", PartitionStrategyWord(form->partstrat));
	foreach (lc, MakeKeys(cat, &key))
	{
		appendStringInfoString(&text, separator);
		AppendKey(&text, lfirst(lc));
		separator = ", ";
	}
	appendStringInfoChar(&text, ')');
	rel->partition_key = text.data;
}

static void
VisitForeignTable(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_foreign_table form = (Form_pg_foreign_table) GETSTRUCT(tuple);
	CatalogRelation *rel = FindWanted(cat, form->ftrelid);

	if (rel == NULL)
		return;
	rel->server = FindName(cat, NAMED_SERVER, form->ftserver);
	rel->foreign_options = ListOrEmpty(RowNameArray(tuple, desc, Anum_pg_foreign_table_ftoptions));
}

static void
VisitRewrite(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_rewrite form = (Form_pg_rewrite) GETSTRUCT(tuple);
	CatalogRelation *rel;

	if (form->ev_type != '1' || !form->is_instead)
		return;
	rel = FindWanted(cat, form->ev_class);
	if (rel != NULL && (rel->relkind == RELKIND_VIEW || rel->relkind == RELKIND_MATVIEW))
		rel->definition = ViewText(cat, rel, tuple, desc);
}

static void
VisitReplicaIdentity(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
	CatalogRelation *rel = FindWanted(cat, form->indrelid);
	CatalogRelation *index;

	if (!form->indisreplident || rel == NULL || rel->relreplident != REPLICA_IDENTITY_INDEX)
		return;
	index = FindClass(cat, form->indexrelid);
	if (index != NULL)
		rel->replica_identity_index = index->name;
}

typedef struct EventsStep
{
	Catalog *cat;
	CatalogRelation *rel;
	int events;
} EventsStep;

static void
UpdatableEventsStep(void *arg)
{
	EventsStep *step = arg;

	step->events = relation_is_updatable(step->rel->oid, NIL, true, NULL);
}

/* A foreign-data wrapper without a handler cannot even be asked. */
static bool
CanBeAsked(CatalogRelation *rel)
{
	ForeignServer *server;

	if (rel->relkind != RELKIND_FOREIGN_TABLE)
		return true;
	if (rel->server == NULL)
		return false;
	server = GetForeignServerByName(rel->server, true);
	return server != NULL && OidIsValid(GetForeignDataWrapper(server->fdwid)->fdwhandler);
}

static void
SetUpdatable(Catalog *cat, CatalogRelation *rel)
{
	EventsStep step = {.cat = cat, .rel = rel};
	Subject subject = {"updatability", rel, NULL};

	if (rel->relkind == RELKIND_RELATION || rel->relkind == RELKIND_PARTITIONED_TABLE)
		step.events = ~0;
	else if (rel->relkind != RELKIND_MATVIEW && CanBeAsked(rel))
	{
		MemoryContext old = MemoryContextSwitchTo(cat->scratch);

		(void) RunGuarded(cat, UpdatableEventsStep, &step, &subject);
		MemoryContextSwitchTo(old);
		MemoryContextReset(cat->scratch);
	}
	rel->insertable = (step.events & (1 << CMD_INSERT)) != 0;
	rel->updatable = (step.events & (1 << CMD_UPDATE)) != 0;
	rel->deletable = (step.events & (1 << CMD_DELETE)) != 0;
}

/* In whole scans, TOAST tables without options were not kept. */
static void
AddToastOptions(Catalog *cat, CatalogRelation *rel)
{
	CatalogRelation *toast =
		cat->by_index ? FindClass(cat, rel->toast_oid) : OidMapGet(cat->classes, rel->toast_oid);
	NameList *all;

	if (toast == NULL || toast->options->count == 0)
		return;
	all = MakeNameList(rel->options->count + toast->options->count);
	for (int i = 0; i < all->count; i++)
		all->names[i] = i < rel->options->count
							? rel->options->names[i]
							: psprintf("toast.%s", toast->options->names[i - rel->options->count]);
	rel->options = all;
}

void
LoadDetails(Catalog *cat)
{
	ListCell *lc;

	ScanRelationRows(cat, InheritsRelationId, InheritsRelidSeqnoIndexId, Anum_pg_inherits_inhrelid,
					 VisitInherits);
	ScanRelationRows(cat, PartitionedRelationId, PartitionedRelidIndexId, Anum_pg_partitioned_table_partrelid,
					 VisitPartitionedTable);
	ScanRelationRows(cat, ForeignTableRelationId, ForeignTableRelidIndexId, Anum_pg_foreign_table_ftrelid,
					 VisitForeignTable);
	ScanRelationRows(cat, RewriteRelationId, RewriteRelRulenameIndexId, Anum_pg_rewrite_ev_class,
					 VisitRewrite);
	ScanRelationRows(cat, IndexRelationId, IndexIndrelidIndexId, Anum_pg_index_indrelid,
					 VisitReplicaIdentity);
	foreach (lc, cat->relation_list)
	{
		CatalogRelation *rel = lfirst(lc);

		rel->comment = FindComment(cat, RelationRelationId, rel->oid, 0);
		SetParents(cat, rel);
		AddToastOptions(cat, rel);
		SetUpdatable(cat, rel);
	}
}
