/*
 * catalog_type.c
 *		Enums, domains, composite types, ranges and multiranges.
 *
 * When relations were named, the types that their columns use, and the types
 * these use in turn; else those of the schemas.
 */
#include "catalog_impl.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_range.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "deparse.h"

/* The type whose details are being read by a visitor. */
typedef struct EnumLabel
{
	float4 order;
	const char *label;
} EnumLabel;

static const char *
KindOfType(Form_pg_type form)
{
	switch (form->typtype)
	{
		case TYPTYPE_ENUM: return "enum";
		case TYPTYPE_DOMAIN: return "domain";
		case TYPTYPE_COMPOSITE: return "composite";
		case TYPTYPE_RANGE: return "range";
		case TYPTYPE_MULTIRANGE: return "multirange";
		default: return NULL;
	}
}

/* ---------------------------------------------------------------- enums */

static void
VisitEnumLabel(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_enum form = (Form_pg_enum) GETSTRUCT(tuple);
	EnumLabel *label = palloc(sizeof(EnumLabel));

	label->order = form->enumsortorder;
	label->label = CopyName(&form->enumlabel);
	cat->visited = lappend(cat->visited, label);
}

static int
CompareLabels(const ListCell *a, const ListCell *b)
{
	float4 left = ((EnumLabel *) lfirst(a))->order;
	float4 right = ((EnumLabel *) lfirst(b))->order;

	return left < right ? -1 : left > right;
}

static void
FillEnum(Catalog *cat, CatalogType *type)
{
	int i = 0;
	ListCell *lc;

	cat->visited = NIL;
	ScanCatalogFor(cat, EnumRelationId, EnumTypIdSortOrderIndexId, Anum_pg_enum_enumtypid, type->oid,
				   VisitEnumLabel);
	list_sort(cat->visited, CompareLabels);
	type->labels = MakeNameList(list_length(cat->visited));
	foreach (lc, cat->visited)
		type->labels->names[i++] = ((EnumLabel *) lfirst(lc))->label;
}

/* -------------------------------------------------------------- domains */

static void
VisitDomainConstraint(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
	CatalogDomainCheck *check;
	Subject subject = {"domain constraint", NULL, NULL};

	if (form->contype != CONSTRAINT_CHECK)
		return;
	check = palloc0(sizeof(CatalogDomainCheck));
	check->name = subject.name = CopyName(&form->conname);
	check->validated = form->convalidated;
	check->expression = RowExpressionText(cat, NULL, tuple, desc, Anum_pg_constraint_conbin, &subject);
	check->comment = FindComment(cat, ConstraintRelationId, form->oid, 0);
	if (check->expression == NULL)
		return;
	cat->visited = lappend(cat->visited, check);
}

static int
CompareChecks(const ListCell *a, const ListCell *b)
{
	return strcmp(((CatalogDomainCheck *) lfirst(a))->name, ((CatalogDomainCheck *) lfirst(b))->name);
}

static void
SetTypeCollation(Catalog *cat, CatalogType *type, Oid collation, Oid own)
{
	const QualifiedName *name;

	if (!OidIsValid(collation) || collation == own)
		return;
	name = FindCollation(cat, collation);
	type->collation = name ? name->name : NULL;
	type->collation_schema = name ? name->schema : NULL;
}

static void
FillDomain(Catalog *cat, CatalogType *type, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_type form = (Form_pg_type) GETSTRUCT(tuple);
	const TypeInfo *base = FindType(cat, form->typbasetype, form->typtypmod);
	Subject subject = {"default of domain", NULL, type->name};

	type->base_type = base->text;
	type->base_type_oid = form->typbasetype;
	type->not_null = form->typnotnull;
	type->default_value = RowExpressionText(cat, NULL, tuple, desc, Anum_pg_type_typdefaultbin, &subject);
	SetTypeCollation(cat, type, form->typcollation, base->collation);
	cat->visited = NIL;
	ScanCatalogFor(cat, ConstraintRelationId, ConstraintTypidIndexId, Anum_pg_constraint_contypid, type->oid,
				   VisitDomainConstraint);
	list_sort(cat->visited, CompareChecks);
	type->checks = cat->visited;
}

/* -------------------------------------------------------- ranges, others */

static const char *
FunctionText(Catalog *cat, Oid oid)
{
	char *name;

	if (!OidIsValid(oid))
		return NULL;
	name = get_func_name(oid);
	return name ? QualifiedUnlessSystem(SchemaName(cat, get_func_namespace(oid)), name) : NULL;
}

/* of a range, by its own row; of a multirange, by its range's */
static void
VisitRange(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_range form = (Form_pg_range) GETSTRUCT(tuple);
	CatalogType *type = OidMapGet(cat->types_by_oid, form->rngtypid);
	CatalogType *multirange = OidMapGet(cat->types_by_oid, form->rngmultitypid);
	const TypeInfo *subtype = FindType(cat, form->rngsubtype, -1);
	const OpclassInfo *opclass = FindOpclass(cat, form->rngsubopc);

	if (multirange != NULL)
	{
		multirange->subtype = subtype->text;
		multirange->subtype_oid = form->rngsubtype;
		multirange->range_type = FindType(cat, form->rngtypid, -1)->text;
	}
	if (type == NULL)
		return;
	type->subtype = subtype->text;
	type->subtype_oid = form->rngsubtype;
	type->subtype_opclass = opclass ? opclass->name.name : NULL;
	type->subtype_opclass_schema = opclass ? opclass->name.schema : NULL;
	SetTypeCollation(cat, type, form->rngcollation, subtype->collation);
	type->canonical_function = FunctionText(cat, form->rngcanonical);
	type->subtype_diff_function = FunctionText(cat, form->rngsubdiff);
	type->multirange_type = FindType(cat, form->rngmultitypid, -1)->text;
}

static void
FillType(Catalog *cat, CatalogType *type, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_type form = (Form_pg_type) GETSTRUCT(tuple);

	switch (form->typtype)
	{
		case TYPTYPE_ENUM: FillEnum(cat, type); break;
		case TYPTYPE_DOMAIN: FillDomain(cat, type, tuple, desc); break;
		case TYPTYPE_COMPOSITE: type->attributes = LoadAttributes(cat, form->typrelid); break;
		case TYPTYPE_RANGE:
			ScanCatalogFor(cat, RangeRelationId, RangeTypidIndexId, Anum_pg_range_rngtypid, type->oid,
						   VisitRange);
			break;
		default:
			ScanCatalogFor(cat, RangeRelationId, RangeMultirangeTypidIndexId, Anum_pg_range_rngmultitypid,
						   type->oid, VisitRange);
	}
}

/* ---------------------------------------------------------------- types */

/* A table's row type is no type of its own. */
static bool
IsRowTypeOfRelation(Catalog *cat, Form_pg_type form)
{
	CatalogRelation *class;

	if (form->typtype != TYPTYPE_COMPOSITE)
		return false;
	/* all composite types are among the classes when these were scanned whole */
	class = cat->by_index ? FindClass(cat, form->typrelid) : OidMapGet(cat->classes, form->typrelid);
	return class == NULL || class->relkind != RELKIND_COMPOSITE_TYPE;
}

static void
AddType(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_type form = (Form_pg_type) GETSTRUCT(tuple);
	CatalogType *type = palloc0(sizeof(CatalogType));

	type->oid = form->oid;
	type->schema = SchemaName(cat, form->typnamespace);
	type->name = CopyName(&form->typname);
	type->kind = KindOfType(form);
	type->owner = FindName(cat, NAMED_ROLE, form->typowner);
	type->extension = FindExtension(cat, TypeRelationId, form->oid);
	type->comment = FindComment(cat, TypeRelationId, form->oid, 0);
	OidMapPut(cat->types_by_oid, type->oid, type);
	cat->contents.types = lappend(cat->contents.types, type);
	FillType(cat, type, tuple, desc);
}

static void
VisitType(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_type form = (Form_pg_type) GETSTRUCT(tuple);
	CatalogSchema *schema;

	if (KindOfType(form) == NULL || IsRowTypeOfRelation(cat, form))
		return;
	schema = FindSchema(cat, form->typnamespace);
	if (schema == NULL || !schema->wanted)
		return;
	if (cat->scope.extensions || FindExtension(cat, TypeRelationId, form->oid) == NULL)
		AddType(cat, tuple, desc);
}

static void
VisitUsedType(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_type form = (Form_pg_type) GETSTRUCT(tuple);

	if (KindOfType(form) != NULL && form->typnamespace != PG_CATALOG_NAMESPACE &&
		!IsRowTypeOfRelation(cat, form))
		AddType(cat, tuple, desc);
}

/* Adds a type that something uses, and what it uses itself. */
static void
UseType(Catalog *cat, Oid oid)
{
	CatalogType *type;
	const TypeInfo *info;
	ListCell *lc;

	if (!OidIsValid(oid) || OidMapGet(cat->types_by_oid, oid) != NULL)
		return;
	info = FindType(cat, oid, -1);
	UseType(cat, info->element);
	ScanCatalogFor(cat, TypeRelationId, TypeOidIndexId, Anum_pg_type_oid, oid, VisitUsedType);
	type = OidMapGet(cat->types_by_oid, oid);
	if (type == NULL)
		return;
	UseType(cat, type->base_type_oid);
	UseType(cat, type->subtype_oid);
	foreach (lc, type->attributes)
		UseType(cat, ((CatalogColumn *) lfirst(lc))->type_oid);
}

static int
CompareTypes(const ListCell *a, const ListCell *b)
{
	const CatalogType *left = lfirst(a);
	const CatalogType *right = lfirst(b);
	int order = strcmp(left->schema, right->schema);

	return order ? order : strcmp(left->name, right->name);
}

void
LoadTypes(Catalog *cat)
{
	ListCell *lc;
	ListCell *c;

	if (!cat->scope.by_relation)
		ScanCatalog(cat, TypeRelationId, VisitType);
	else
		foreach (lc, cat->contents.relations)
			foreach (c, ((CatalogRelation *) lfirst(lc))->columns)
				UseType(cat, ((CatalogColumn *) lfirst(c))->type_oid);
	list_sort(cat->contents.types, CompareTypes);
}
