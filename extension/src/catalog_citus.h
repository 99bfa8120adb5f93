/*
 * catalog_citus.h
 *		Rows of Citus's pg_dist_partition, as its versions from 11 on have them.
 */
#ifndef AIODAL_CATALOG_CITUS_H
#define AIODAL_CATALOG_CITUS_H

#include "catalog_impl.h"

typedef struct Distribution
{
	Oid relation;
	char method;       /* h, r and a by values of the column; n: none */
	char model;        /* t: a copy on each node */
	AttrNumber column; /* InvalidAttrNumber for none */
	int colocation;    /* 0 for none */
} Distribution;

extern void ReadDistribution(HeapTuple tuple, TupleDesc desc, Distribution *distribution);

/* Visits all of pg_dist_partition, where there is one. */
extern void ScanDistributions(Catalog *cat, RowVisitor visit);

#endif /* AIODAL_CATALOG_CITUS_H */
