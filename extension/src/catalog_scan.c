/*
 * catalog_scan.c
 *		Scans of the catalogs, by index or whole, and the values of their rows.
 */
#include "catalog_impl.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/formatting.h"
#include "utils/rel.h"

static void
RunScan(Catalog *cat, Oid catalogId, Oid indexId, int nkeys, ScanKey keys, RowVisitor visit)
{
	Relation catalog = table_open(catalogId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(catalog, indexId, OidIsValid(indexId), cat->snapshot, nkeys, keys);
	MemoryContext old = MemoryContextSwitchTo(cat->context);
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		visit(cat, tuple, RelationGetDescr(catalog));
	}
	MemoryContextSwitchTo(old);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

void
ScanCatalog(Catalog *cat, Oid catalogId, RowVisitor visit)
{
	RunScan(cat, catalogId, InvalidOid, 0, NULL, visit);
}

void
ScanCatalogFor(Catalog *cat, Oid catalogId, Oid indexId, AttrNumber attnum, Oid oid, RowVisitor visit)
{
	ScanKeyData key;

	ScanKeyInit(&key, attnum, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(oid));
	RunScan(cat, catalogId, indexId, 1, &key, visit);
}

void
ScanRelationRows(Catalog *cat, Oid catalogId, Oid indexId, AttrNumber attnum, RowVisitor visit)
{
	ListCell *lc;

	if (!cat->by_index)
	{
		ScanCatalog(cat, catalogId, visit);
		return;
	}
	foreach (lc, cat->contents.relations)
		ScanCatalogFor(cat, catalogId, indexId, attnum, ((CatalogRelation *) lfirst(lc))->oid, visit);
}

void
ScanCatalogForTwo(Catalog *cat, Oid catalogId, Oid indexId, AttrNumber first, Oid firstOid, AttrNumber second,
				  Oid secondOid, RowVisitor visit)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], first, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(firstOid));
	ScanKeyInit(&keys[1], second, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(secondOid));
	RunScan(cat, catalogId, indexId, 2, keys, visit);
}

void
ScanDependents(Catalog *cat, Oid classId, Oid objectId, RowVisitor visit)
{
	ScanCatalogForTwo(cat, DependRelationId, DependReferenceIndexId, Anum_pg_depend_refclassid, classId,
					  Anum_pg_depend_refobjid, objectId, visit);
}

void
ScanDependencies(Catalog *cat, Oid classId, Oid objectId, RowVisitor visit)
{
	ScanCatalogForTwo(cat, DependRelationId, DependDependerIndexId, Anum_pg_depend_classid, classId,
					  Anum_pg_depend_objid, objectId, visit);
}

NameList *
ListOrEmpty(NameList *list)
{
	return list ? list : MakeNameList(0);
}

NameList *
MakeNameList(int count)
{
	static NameList empty = {0, NULL};
	NameList *list;

	if (count == 0)
		return &empty;
	list = palloc(sizeof(NameList));
	list->count = count;
	list->names = palloc0(sizeof(char *) * count);
	return list;
}

const char *
CopyName(const NameData *name)
{
	return pstrdup(NameStr(*name));
}

void
AddName(NameList *list, const char *name)
{
	if (list->names == NULL)
		list->names = palloc(sizeof(char *) * 4);
	else if (list->count >= 4 && (list->count & (list->count - 1)) == 0)
		list->names = repalloc(list->names, sizeof(char *) * list->count * 2);
	list->names[list->count++] = name;
}

static int
CompareNames(const void *a, const void *b)
{
	const char *left = *(const char *const *) a;
	const char *right = *(const char *const *) b;

	return strcmp(left ? left : "", right ? right : "");
}

void
SortNames(NameList *list)
{
	if (list->count > 1)
		qsort(list->names, list->count, sizeof(char *), CompareNames);
}

char *
UpperCase(const char *text)
{
	return asc_toupper(text, strlen(text));
}

char *
QuoteText(const char *text)
{
	char *quoted = palloc(2 * strlen(text) + 3);
	char *to = quoted;

	*to++ = '\'';
	for (; *text; text++)
	{
		if (*text == '\'')
			*to++ = '\'';
		*to++ = *text;
	}
	*to++ = '\'';
	*to = '\0';
	return quoted;
}

const char *
QualifiedUnlessSystem(const char *schema, const char *name)
{
	if (strcmp(schema, "pg_catalog") == 0)
		return quote_identifier(name);
	return quote_qualified_identifier(schema, name);
}

const char *
RowName(HeapTuple tuple, TupleDesc desc, AttrNumber attnum)
{
	bool isnull;
	Datum value = heap_getattr(tuple, attnum, desc, &isnull);

	return isnull ? NULL : CopyName(DatumGetName(value));
}

ArrayType *
RowArray(HeapTuple tuple, TupleDesc desc, AttrNumber attnum)
{
	bool isnull;
	Datum value = heap_getattr(tuple, attnum, desc, &isnull);

	return isnull ? NULL : DatumGetArrayTypeP(value);
}

/* The vectors of one row stay valid as long as the tuple (or, once detoasted, the catalog). */
const Oid *
RowOidVector(HeapTuple tuple, TupleDesc desc, AttrNumber attnum)
{
	bool isnull;
	Datum value = heap_getattr(tuple, attnum, desc, &isnull);

	return isnull ? NULL : ((oidvector *) PG_DETOAST_DATUM(value))->values;
}

const int16 *
RowInt2Vector(HeapTuple tuple, TupleDesc desc, AttrNumber attnum)
{
	bool isnull;
	Datum value = heap_getattr(tuple, attnum, desc, &isnull);

	return isnull ? NULL : ((int2vector *) PG_DETOAST_DATUM(value))->values;
}

char *
RowText(HeapTuple tuple, TupleDesc desc, AttrNumber attnum)
{
	bool isnull;
	Datum value = heap_getattr(tuple, attnum, desc, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

NameList *
RowNameArray(HeapTuple tuple, TupleDesc desc, AttrNumber attnum)
{
	ArrayType *array = RowArray(tuple, desc, attnum);
	bool names;
	Datum *elements;
	bool *nulls;
	NameList *list;
	int count;

	if (array == NULL)
		return NULL;
	names = ARR_ELEMTYPE(array) == NAMEOID;
	deconstruct_array(array, ARR_ELEMTYPE(array), names ? NAMEDATALEN : -1, false,
					  names ? TYPALIGN_CHAR : TYPALIGN_INT, &elements, &nulls, &count);
	list = MakeNameList(count);
	for (int i = 0; i < count; i++)
	{
		if (!nulls[i])
			list->names[i] =
				names ? pstrdup(NameStr(*DatumGetName(elements[i]))) : TextDatumGetCString(elements[i]);
	}
	return list;
}
