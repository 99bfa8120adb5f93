/*
 * reflect.c
 *		The set-returning functions of the reflection: each loads what it needs
 *		and hands the rows over.
 */
#include "compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "catalog.h"
#include "order.h"
#include "rows.h"

/* Rows of one shape; a context of its own, as a row's values are copied into the result. */
static void
PutRows(ReturnSetInfo *rsinfo, const RowShape *shape, List *rows, MemoryContext scratch)
{
	ListCell *lc;

	foreach (lc, rows)
	{
		MemoryContext old = MemoryContextSwitchTo(scratch);

		PutRow(rsinfo, shape, lfirst(lc));
		MemoryContextSwitchTo(old);
		MemoryContextReset(scratch);
	}
}

static MemoryContext
MakeScratch(void)
{
	return AllocSetContextCreate(CurrentMemoryContext, "aiodal row", ALLOCSET_DEFAULT_SIZES);
}

/*
 * The body of a function with the common arguments that returns, for each
 * relation, the rows of the list at the given place in CatalogRelation.
 */
static Datum
ReturnRowsOfRelations(FunctionCallInfo fcinfo, int parts, const RowShape *shape, size_t list)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext scratch = MakeScratch();
	Scope scope;
	Catalog *catalog;
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	ReadScope(&scope, fcinfo);
	catalog = LoadCatalog(&scope, parts);
	foreach (lc, CatalogRelations(catalog))
	{
		CHECK_FOR_INTERRUPTS();
		PutRows(rsinfo, shape, *(List **) ((char *) lfirst(lc) + list), scratch);
	}
	FreeCatalog(catalog);
	MemoryContextDelete(scratch);
	return (Datum) 0;
}

/* The body of a function with the common arguments that returns a list of the catalog's. */
static Datum
ReturnRows(FunctionCallInfo fcinfo, int parts, const RowShape *shape, List *(*list)(Catalog *catalog))
{
	MemoryContext scratch = MakeScratch();
	Scope scope;
	Catalog *catalog;

	InitMaterializedSRF(fcinfo, 0);
	ReadScope(&scope, fcinfo);
	catalog = LoadCatalog(&scope, parts);
	PutRows((ReturnSetInfo *) fcinfo->resultinfo, shape, list(catalog), scratch);
	FreeCatalog(catalog);
	MemoryContextDelete(scratch);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(reflect_schemas);

/* aiodal.schemas(schemas, relations, include) */
Datum
reflect_schemas(PG_FUNCTION_ARGS)
{
	return ReturnRows(fcinfo, CATALOG_SCHEMAS, &schema_shape, CatalogSchemas);
}

PG_FUNCTION_INFO_V1(reflect_relations);

/* aiodal.relations(schemas, relations, include) */
Datum
reflect_relations(PG_FUNCTION_ARGS)
{
	return ReturnRows(fcinfo, CATALOG_DETAILS, &relation_shape, CatalogRelations);
}

PG_FUNCTION_INFO_V1(reflect_columns);

/* aiodal.columns(schemas, relations, include) */
Datum
reflect_columns(PG_FUNCTION_ARGS)
{
	return ReturnRowsOfRelations(fcinfo, CATALOG_COLUMNS, &column_shape, offsetof(CatalogRelation, columns));
}

PG_FUNCTION_INFO_V1(reflect_constraints);

/* aiodal.constraints(schemas, relations, include) */
Datum
reflect_constraints(PG_FUNCTION_ARGS)
{
	return ReturnRowsOfRelations(fcinfo, CATALOG_CONSTRAINTS, &constraint_shape,
								 offsetof(CatalogRelation, constraints));
}

PG_FUNCTION_INFO_V1(reflect_indexes);

/* aiodal.indexes(schemas, relations, include) */
Datum
reflect_indexes(PG_FUNCTION_ARGS)
{
	return ReturnRowsOfRelations(fcinfo, CATALOG_INDEXES, &index_shape, offsetof(CatalogRelation, indexes));
}

static List *
SortedTables(Catalog *catalog)
{
	return SortTables(CatalogRelations(catalog));
}

PG_FUNCTION_INFO_V1(reflect_sorted_tables);

/* aiodal.sorted_tables(schemas, relations, include) */
Datum
reflect_sorted_tables(PG_FUNCTION_ARGS)
{
	return ReturnRows(fcinfo, CATALOG_CONSTRAINTS, &sorted_table_shape, SortedTables);
}

PG_FUNCTION_INFO_V1(reflect_unique_constraints);

/* aiodal.unique_constraints(relation): the primary key first, then by name */
Datum
reflect_unique_constraints(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext scratch = MakeScratch();
	Scope scope;
	Catalog *catalog;
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	ScopeOfRelation(&scope, PG_GETARG_OID(0));
	catalog = LoadCatalog(&scope, CATALOG_CONSTRAINTS);
	foreach (lc, CatalogRelations(catalog))
	{
		CatalogRelation *rel = lfirst(lc);

		if (rel->primary_key)
			PutRows(rsinfo, &unique_shape, list_make1(rel->primary_key), scratch);
		PutRows(rsinfo, &unique_shape, rel->unique_constraints, scratch);
	}
	FreeCatalog(catalog);
	MemoryContextDelete(scratch);
	return (Datum) 0;
}
