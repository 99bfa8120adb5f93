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

/* Appends the rows in a context of its own, as their values are copied into the result. */
static void
PutRows(FunctionCallInfo fcinfo, const RowShape *shape, List *rows)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "aiodal row", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	ListCell *lc;

	foreach (lc, rows)
	{
		CHECK_FOR_INTERRUPTS();
		PutRow((ReturnSetInfo *) fcinfo->resultinfo, shape, lfirst(lc));
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
}

static Catalog *
LoadForArguments(FunctionCallInfo fcinfo, int parts)
{
	Scope scope;

	InitMaterializedSRF(fcinfo, 0);
	ReadScope(&scope, fcinfo);
	return LoadCatalog(&scope, parts);
}

/* The rows of one of the contents' lists. */
static Datum
ReturnRows(FunctionCallInfo fcinfo, int parts, const RowShape *shape, size_t list)
{
	Catalog *catalog = LoadForArguments(fcinfo, parts);

	PutRows(fcinfo, shape, *(List **) ((char *) Contents(catalog) + list));
	FreeCatalog(catalog);
	return (Datum) 0;
}

/* The rows of one of each relation's lists. */
static Datum
ReturnRowsOfRelations(FunctionCallInfo fcinfo, int parts, const RowShape *shape, size_t list)
{
	Catalog *catalog = LoadForArguments(fcinfo, parts);
	List *rows = NIL;
	ListCell *lc;

	foreach (lc, Contents(catalog)->relations)
		rows = list_concat(rows, *(List **) ((char *) lfirst(lc) + list));
	PutRows(fcinfo, shape, rows);
	FreeCatalog(catalog);
	return (Datum) 0;
}

/*
 * aiodal.NAME(schemas, relations, include), in terms of what is loaded, the
 * rows' shape and the list they are in.
 */
#define FUNCTION_OF_CONTENTS(name, parts, shape, list)                             \
	PG_FUNCTION_INFO_V1(reflect_##name);                                           \
	Datum reflect_##name(PG_FUNCTION_ARGS)                                         \
	{                                                                              \
		return ReturnRows(fcinfo, parts, &shape, offsetof(CatalogContents, list)); \
	}                                                                              \
	extern int no_such_variable

#define FUNCTION_OF_RELATIONS(name, parts, shape, list)                                       \
	PG_FUNCTION_INFO_V1(reflect_##name);                                                      \
	Datum reflect_##name(PG_FUNCTION_ARGS)                                                    \
	{                                                                                         \
		return ReturnRowsOfRelations(fcinfo, parts, &shape, offsetof(CatalogRelation, list)); \
	}                                                                                         \
	extern int no_such_variable

FUNCTION_OF_CONTENTS(schemas, CATALOG_SCHEMAS, schema_shape, schemas);
FUNCTION_OF_CONTENTS(relations, CATALOG_DETAILS, relation_shape, relations);
FUNCTION_OF_CONTENTS(types, CATALOG_TYPES | CATALOG_COLUMNS, type_shape, types);
FUNCTION_OF_CONTENTS(functions, CATALOG_FUNCTIONS, function_shape, functions);
FUNCTION_OF_CONTENTS(sequences, CATALOG_SEQUENCES | CATALOG_COLUMNS, sequence_shape, sequences);
FUNCTION_OF_CONTENTS(extensions, CATALOG_DATABASE, extension_shape, extensions);
FUNCTION_OF_CONTENTS(event_triggers, CATALOG_DATABASE, event_trigger_shape, event_triggers);
FUNCTION_OF_CONTENTS(default_privileges, CATALOG_DATABASE, default_privilege_shape, default_privileges);
FUNCTION_OF_CONTENTS(publications, CATALOG_DATABASE, publication_shape, publications);

FUNCTION_OF_RELATIONS(columns, CATALOG_COLUMNS, column_shape, columns);
FUNCTION_OF_RELATIONS(constraints, CATALOG_CONSTRAINTS, constraint_shape, constraints);
FUNCTION_OF_RELATIONS(indexes, CATALOG_INDEXES, index_shape, indexes);
FUNCTION_OF_RELATIONS(triggers, CATALOG_TRIGGERS, trigger_shape, triggers);
FUNCTION_OF_RELATIONS(rules, CATALOG_TRIGGERS, rule_shape, rules);
FUNCTION_OF_RELATIONS(policies, CATALOG_POLICIES, policy_shape, policies);
FUNCTION_OF_RELATIONS(privileges, CATALOG_PRIVILEGES, privilege_shape, privileges);
FUNCTION_OF_RELATIONS(statistics, CATALOG_STATISTICS, statistics_shape, statistics);

PG_FUNCTION_INFO_V1(reflect_sorted_tables);

/* aiodal.sorted_tables(schemas, relations, include) */
Datum
reflect_sorted_tables(PG_FUNCTION_ARGS)
{
	Catalog *catalog = LoadForArguments(fcinfo, CATALOG_CONSTRAINTS);

	PutRows(fcinfo, &sorted_table_shape, SortTables(Contents(catalog)->relations));
	FreeCatalog(catalog);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(reflect_unique_constraints);

/* aiodal.unique_constraints(relation): the primary key first, then by name */
Datum
reflect_unique_constraints(PG_FUNCTION_ARGS)
{
	Scope scope;
	Catalog *catalog;
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	ScopeOfRelation(&scope, PG_GETARG_OID(0));
	catalog = LoadCatalog(&scope, CATALOG_CONSTRAINTS);
	foreach (lc, Contents(catalog)->relations)
	{
		CatalogRelation *rel = lfirst(lc);

		if (rel->primary_key)
			PutRows(fcinfo, &unique_shape, list_make1(rel->primary_key));
		PutRows(fcinfo, &unique_shape, rel->unique_constraints);
	}
	FreeCatalog(catalog);
	return (Datum) 0;
}
