/*
 * order.h
 *		Tables in the order of their foreign keys.
 */
#ifndef AIODAL_ORDER_H
#define AIODAL_ORDER_H

#include "catalog.h"

typedef struct SortedTable
{
	CatalogRelation *relation;
	int position; /* from 1 */
	int cycle;    /* from 1, or NULL_INT */
} SortedTable;

/*
 * The tables and partitioned tables among the relations, as a List of
 * SortedTable: a table comes after all that its foreign keys refer to, except
 * within a cycle, whose tables stand together and share a number. A table that
 * refers to itself is no cycle. Ties are broken by schema and name, so that
 * equal schemas give equal orders. Needs CATALOG_CONSTRAINTS.
 */
extern List *SortTables(List *relations);

#endif /* AIODAL_ORDER_H */
