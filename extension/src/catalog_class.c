/*
 * catalog_class.c
 *		Relations: which of pg_class's rows are wanted, and what they say.
 */
#include "catalog_impl.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "deparse.h"

/* an entry of Catalog.first_in_path */
typedef struct PathEntry
{
	NameData name;
	int place;
} PathEntry;

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
	rel->owner_oid = form->relowner;
	rel->persistence = Persistence(form->relpersistence);
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
	rel->owner = FindName(cat, NAMED_ROLE, form->relowner);
	rel->row_security = form->relrowsecurity;
	rel->force_row_security = form->relforcerowsecurity;
	rel->relreplident = form->relreplident;
	rel->replica_identity = ReplicaIdentity(form->relreplident);
	rel->estimated_rows = form->reltuples < 0 ? -1 : (int64) form->reltuples;
	rel->inherits = MakeNameList(0);
	rel->colocation_id = NULL_INT;
	if (!(cat->parts & CATALOG_DETAILS))
		return;
	if (OidIsValid(form->reloftype))
		rel->of_type = FindType(cat, form->reloftype, -1)->text;
	rel->partition_bound = RowExpressionText(cat, NULL, tuple, desc, Anum_pg_class_relpartbound, &subject);
}

/* Is a relation wanted, when none was named? */
bool
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
			if (!(cat->parts & (CATALOG_COLUMNS | CATALOG_SEQUENCES)))
				return false;
			break;
		case RELKIND_COMPOSITE_TYPE:
			if (!(cat->parts & CATALOG_TYPES))
				return false;
			break;
		case RELKIND_TOASTVALUE:
			return (cat->parts & CATALOG_DETAILS) && !heap_attisnull(tuple, Anum_pg_class_reloptions, NULL);
		default: return false;
	}
	schema = FindSchema(cat, form->relnamespace);
	return schema != NULL && schema->wanted;
}

static HTAB *
MakeNameTable(Catalog *cat)
{
	HASHCTL control = {.keysize = NAMEDATALEN, .entrysize = sizeof(PathEntry), .hcxt = cat->context};

	return hash_create("aiodal names in path", 1024, &control, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
}

/*
 * Remembers that the path's schema number "place" has a relation of this name.
 * Whether a relation is visible is then known without a lookup per relation.
 */
void
NotePlaceInPath(Catalog *cat, Form_pg_class form)
{
	int place = 0;
	PathEntry *entry;
	bool found;
	ListCell *lc;

	if (cat->first_in_path == NULL)
		cat->first_in_path = MakeNameTable(cat);
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

bool
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
	if (cat->parts & CATALOG_PRIVILEGES)
		AddRelationPrivileges(cat, rel, tuple, desc);
	cat->contents.relations = lappend(cat->contents.relations, rel);
}

/* When relations were named, only the sequences that they own are; these come from there. */
static bool
SequenceIsWanted(Catalog *cat, const CatalogRelation *class)
{
	return class->relkind == RELKIND_SEQUENCE && (cat->parts & CATALOG_SEQUENCES) &&
		   !cat->scope.by_relation &&
		   (cat->scope.extensions || FindExtension(cat, RelationRelationId, class->oid) == NULL);
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
	{
		CatalogRelation *class = MakeClass(cat, tuple, desc);

		if (SequenceIsWanted(cat, class))
			AddSequence(cat, class);
	}
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

	if (cat->scope.by_relation)
		LoadNamedClasses(cat);
	else
		ScanCatalog(cat, RelationRelationId, VisitClass);
	list_sort(cat->contents.relations, CompareRelations);
	foreach (lc, cat->contents.relations)
	{
		CatalogRelation *rel = lfirst(lc);

		rel->extension = FindExtension(cat, RelationRelationId, rel->oid);
		rel->visible = FirstInPath(cat, rel);
		FindSchema(cat, rel->namespace_oid)->used = true;
	}
	/* about what a relation costs by index, in rows of a sequential scan */
	if (list_length(cat->contents.relations) * 20 < cat->class_count)
		cat->by_index = true;
}
