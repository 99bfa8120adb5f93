/*
 * catalog_citus.c
 *		What Citus keeps of a relation, where its extension is there: how its rows
 *		are distributed over nodes.
 *
 * Its tables are read as they are in this database. The views that it offers,
 * citus_tables for one, ask the nodes, which a reflection must not.
 */
#include "catalog_impl.h"

#include "access/htup_details.h"
#include "catalog/pg_namespace.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog_citus.h"

static AttrNumber
AttributeNamed(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
	{
		if (namestrcmp(&TupleDescAttr(desc, i)->attname, name) == 0)
			return i + 1;
	}
	return InvalidAttrNumber;
}

/* The value of the column of that name; 0 where it is NULL or there is none. */
static Datum
ValueNamed(HeapTuple tuple, TupleDesc desc, const char *name)
{
	AttrNumber attnum = AttributeNamed(desc, name);
	bool isnull = true;
	Datum value = 0;

	if (attnum != InvalidAttrNumber)
		value = heap_getattr(tuple, attnum, desc, &isnull);
	return isnull ? (Datum) 0 : value;
}

/* partkey is the text of a Var. */
static AttrNumber
ColumnOfVar(Datum partkey)
{
	static const char before[] = ":varattno ";
	const char *found = partkey ? strstr(TextDatumGetCString(partkey), before) : NULL;

	return found ? (AttrNumber) strtol(found + strlen(before), NULL, 10) : InvalidAttrNumber;
}

void
ReadDistribution(HeapTuple tuple, TupleDesc desc, Distribution *distribution)
{
	distribution->relation = DatumGetObjectId(ValueNamed(tuple, desc, "logicalrelid"));
	distribution->method = DatumGetChar(ValueNamed(tuple, desc, "partmethod"));
	distribution->model = DatumGetChar(ValueNamed(tuple, desc, "repmodel"));
	distribution->column = ColumnOfVar(ValueNamed(tuple, desc, "partkey"));
	distribution->colocation = DatumGetInt32(ValueNamed(tuple, desc, "colocationid"));
}

static Oid
CitusTable(const char *name)
{
	return get_relname_relid(name, PG_CATALOG_NAMESPACE);
}

void
ScanDistributions(Catalog *cat, RowVisitor visit)
{
	Oid table = CitusTable("pg_dist_partition");

	if (OidIsValid(table))
		ScanCatalog(cat, table, visit);
}

/* In Citus's own words, as its view citus_tables says them, but for the tables that are in one place. */
static const char *
DistributionKind(const Distribution *distribution)
{
	if (distribution->method != 'n')
		return "distributed";
	if (distribution->model == 't')
		return "reference";
	return distribution->colocation == 0 ? "local" : "single shard";
}

static void
VisitDistribution(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Distribution distribution;
	CatalogRelation *rel;

	ReadDistribution(tuple, desc, &distribution);
	rel = FindWanted(cat, distribution.relation);
	if (rel == NULL)
		return;
	rel->distribution = DistributionKind(&distribution);
	rel->distribution_column = ColumnName(rel, distribution.column);
	if (distribution.colocation != 0)
		rel->colocation_id = distribution.colocation;
}

/* Tables of one shard in a schema that is distributed as a whole. */
static void
VisitDistributedSchema(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Oid schema = DatumGetObjectId(ValueNamed(tuple, desc, "schemaid"));
	ListCell *lc;

	foreach (lc, cat->contents.relations)
	{
		CatalogRelation *rel = lfirst(lc);

		if (rel->namespace_oid == schema && rel->distribution &&
			strcmp(rel->distribution, "single shard") == 0)
			rel->distribution = "schema";
	}
}

/* Of a few relations, by the index that Citus has. */
static void
ScanDistributionsOfRelations(Catalog *cat, Oid table, Oid index)
{
	ListCell *lc;

	foreach (lc, cat->contents.relations)
		ScanCatalogFor(cat, table, index, 1, ((CatalogRelation *) lfirst(lc))->oid, VisitDistribution);
}

void
LoadDistributions(Catalog *cat)
{
	Oid table = CitusTable("pg_dist_partition");
	Oid index = CitusTable("pg_dist_partition_logical_relid_index");
	Oid schemas = CitusTable("pg_dist_schema");

	if (!OidIsValid(table))
		return;
	if (cat->by_index && OidIsValid(index))
		ScanDistributionsOfRelations(cat, table, index);
	else
		ScanCatalog(cat, table, VisitDistribution);
	if (OidIsValid(schemas))
		ScanCatalog(cat, schemas, VisitDistributedSchema);
}
