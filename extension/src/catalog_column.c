/*
 * catalog_column.c
 *		Columns, their defaults and the sequences they own.
 */
#include "catalog_impl.h"

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/heap.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "deparse.h"

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
#define SERVERS_OPTION "pg_attver="

static bool
IsServersOption(const char *option)
{
	return strncmp(option, SERVERS_OPTION, strlen(SERVERS_OPTION)) == 0;
}

/*
 * Is it all there is? Each column has it, so it is looked at as it is stored, be
 * that aligned or not: an array of one text.
 */
static bool
IsServersOptionAlone(Datum options)
{
	struct
	{
		int32 dimensions;
		int32 offset;
		Oid type;
		int32 count;
		int32 lower;
		int32 text_header;
	} head;
	struct varlena *stored = PG_DETOAST_DATUM_PACKED(options);

	if (VARSIZE_ANY_EXHDR(stored) < sizeof(head) + strlen(SERVERS_OPTION))
		return false;
	memcpy(&head, VARDATA_ANY(stored), sizeof(head));
	return head.dimensions == 1 && head.offset == 0 && head.count == 1 &&
		   memcmp(VARDATA_ANY(stored) + sizeof(head), SERVERS_OPTION, strlen(SERVERS_OPTION)) == 0;
}

NameList *
UserOptions(HeapTuple tuple, TupleDesc desc)
{
	bool isnull;
	Datum stored = heap_getattr(tuple, Anum_pg_attribute_attoptions, desc, &isnull);
	NameList *options;
	int kept = 0;

	if (isnull || IsServersOptionAlone(stored))
		return ListOrEmpty(NULL);
	options = RowNameArray(tuple, desc, Anum_pg_attribute_attoptions);
	for (int i = 0; i < options->count; i++)
	{
		if (!IsServersOption(options->names[i]))
			options->names[kept++] = options->names[i];
	}
	options->count = kept;
	return options;
}

static void
FillColumn(Catalog *cat, CatalogColumn *column, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_attribute form = (Form_pg_attribute) GETSTRUCT(tuple);

	SetColumnType(cat, column, form);
	column->is_gone = column->type == NULL;
	column->not_null = form->attnotnull;
	column->identity = Identity(form->attidentity);
	column->generated = Generated(form->attgenerated);
	column->comment = FindComment(cat, RelationRelationId, form->attrelid, form->attnum);
	column->storage = Storage(form->attstorage);
	column->compression = Compression(form->attcompression);
	column->statistics = AttributeStatisticsTarget(tuple, desc, NULL_INT);
	column->is_local = form->attislocal;
	column->inherited = form->attinhcount;
	column->options = UserOptions(tuple, desc);
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

static CatalogColumn *
MakeColumn(CatalogRelation *rel, Form_pg_attribute form)
{
	CatalogColumn *column = palloc0(sizeof(CatalogColumn));

	column->relation = rel;
	column->position = form->attnum;
	column->name = CopyName(&form->attname);
	column->type_oid = form->atttypid;
	column->collation_oid = form->attcollation;
	rel->atts[form->attnum - 1] = column;
	return column;
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
	column = MakeColumn(rel, form);
	if (cat->parts & CATALOG_COLUMNS)
		FillColumn(cat, column, tuple, desc);
	if (cat->parts & CATALOG_PRIVILEGES)
		AddColumnPrivileges(cat, rel, tuple, desc);
}

/* of a relation or composite type that may not be wanted itself */
static void
VisitAttributeOf(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_attribute form = (Form_pg_attribute) GETSTRUCT(tuple);
	CatalogRelation *rel = OidMapGet(cat->classes, form->attrelid);

	if (form->attnum > 0 && form->attnum <= rel->natts && !form->attisdropped)
		FillColumn(cat, MakeColumn(rel, form), tuple, desc);
}

static List *
ListColumns(const CatalogRelation *rel)
{
	List *columns = NIL;

	for (int i = 0; i < rel->natts; i++)
	{
		if (rel->atts[i] != NULL && !rel->atts[i]->is_gone)
			columns = lappend(columns, rel->atts[i]);
	}
	return columns;
}

List *
LoadAttributes(Catalog *cat, Oid relid)
{
	CatalogRelation *rel = FindClass(cat, relid);

	if (rel == NULL)
		return NIL;
	if (rel->columns == NIL)
	{
		if (rel->atts == NULL)
			rel->atts = palloc0(sizeof(CatalogColumn *) * Max(rel->natts, 1));
		ScanCatalogFor(cat, AttributeRelationId, AttributeRelidNumIndexId, Anum_pg_attribute_attrelid, relid,
					   VisitAttributeOf);
		rel->columns = ListColumns(rel);
	}
	return rel->columns;
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

CatalogSequence *
AddSequence(Catalog *cat, CatalogRelation *class)
{
	CatalogSequence *sequence = palloc0(sizeof(CatalogSequence));

	sequence->oid = class->oid;
	sequence->schema = class->schema;
	sequence->name = class->name;
	sequence->owner = FindName(cat, NAMED_ROLE, class->owner_oid);
	sequence->persistence = class->persistence;
	OidMapPut(cat->sequences, sequence->oid, sequence);
	cat->contents.sequences = lappend(cat->contents.sequences, sequence);
	return sequence;
}

/* The sequence that depends on a column, among other things that do (indexes). */
static CatalogRelation *
FindSequence(Catalog *cat, Oid oid)
{
	/* an owned sequence is in its table's schema, so a whole scan has met it */
	CatalogRelation *class = cat->by_index ? FindClass(cat, oid) : OidMapGet(cat->classes, oid);

	return class != NULL && class->relkind == RELKIND_SEQUENCE ? class : NULL;
}

/* A sequence that belongs to a column: identity (internal) or OWNED BY (auto). */
static void
VisitSequenceOwner(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
	CatalogRelation *class;
	CatalogRelation *rel;
	CatalogSequence *sequence;

	if (form->classid != RelationRelationId || form->refclassid != RelationRelationId ||
		form->refobjsubid <= 0 || form->objsubid != 0 ||
		(form->deptype != DEPENDENCY_AUTO && form->deptype != DEPENDENCY_INTERNAL))
		return;
	class = FindSequence(cat, form->objid);
	rel = class ? FindClass(cat, form->refobjid) : NULL;
	if (rel == NULL || ColumnName(rel, form->refobjsubid) == NULL)
		return;
	rel->atts[form->refobjsubid - 1]->sequence = quote_qualified_identifier(class->schema, class->name);
	sequence = OidMapGet(cat->sequences, class->oid);
	if (sequence == NULL && rel->wanted && cat->scope.by_relation && (cat->parts & CATALOG_SEQUENCES))
		sequence = AddSequence(cat, class);
	if (sequence == NULL)
		return;
	sequence->owned_by_schema = rel->schema;
	sequence->owned_by_relation = rel->name;
	sequence->owned_by_column = ColumnName(rel, form->refobjsubid);
	sequence->is_identity = form->deptype == DEPENDENCY_INTERNAL;
}

void
LoadSequenceOwners(Catalog *cat)
{
	ListCell *lc;

	if (!cat->by_index)
	{
		ScanCatalog(cat, DependRelationId, VisitSequenceOwner);
		return;
	}
	foreach (lc, cat->contents.relations)
		ScanDependents(cat, RelationRelationId, ((CatalogRelation *) lfirst(lc))->oid, VisitSequenceOwner);
	foreach (lc, cat->contents.sequences)
		ScanDependencies(cat, RelationRelationId, ((CatalogSequence *) lfirst(lc))->oid, VisitSequenceOwner);
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
	foreach (lc, cat->contents.relations)
	{
		CatalogRelation *rel = lfirst(lc);

		rel->columns = ListColumns(rel);
		SortPrivileges(rel);
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
