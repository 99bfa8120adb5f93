/*
 * compat.h
 *		Differences between PostgreSQL 15, 16, 17 and 18.
 *
 * The only file that mentions PG_VERSION_NUM. Each entry names what changed
 * and in which release, and gives the newer name or meaning to the rest of
 * the extension.
 */
#ifndef AIODAL_COMPAT_H
#define AIODAL_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 190000
#error "aiodal supports PostgreSQL 15, 16, 17 and 18"
#endif

/* 18 records the module's name and version for pg_get_loaded_modules(). */
#if PG_VERSION_NUM >= 180000
#define AIODAL_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "aiodal", .version = AIODAL_VERSION)
#else
#define AIODAL_MODULE_MAGIC PG_MODULE_MAGIC
#endif

#include "executor/executor.h"

/* 18 dropped ExecutorRun's execute_once. Runs the whole plan. */
static inline void
CompatExecutorRun(QueryDesc *desc)
{
#if PG_VERSION_NUM >= 180000
	ExecutorRun(desc, ForwardScanDirection, 0);
#else
	ExecutorRun(desc, ForwardScanDirection, 0, true);
#endif
}

/*
 * 17 made pg_attribute.attstattarget nullable; before, -1 stands for none. The
 * answer for none is "missing".
 */
#include "access/htup_details.h"
#include "catalog/pg_attribute.h"

static inline int
AttributeStatisticsTarget(HeapTuple tuple, TupleDesc desc, int missing)
{
#if PG_VERSION_NUM >= 170000
	bool isnull;
	Datum value = heap_getattr(tuple, Anum_pg_attribute_attstattarget, desc, &isnull);

	return isnull ? missing : DatumGetInt16(value);
#else
	int target = ((Form_pg_attribute) GETSTRUCT(tuple))->attstattarget;

	return target < 0 ? missing : target;
#endif
}

/* 18 has NOT ENFORCED and temporal constraints. */
#include "catalog/pg_constraint.h"

static inline bool
ConstraintIsEnforced(Form_pg_constraint form)
{
#if PG_VERSION_NUM >= 180000
	return form->conenforced;
#else
	return true;
#endif
}

static inline bool
ConstraintIsTemporal(Form_pg_constraint form)
{
#if PG_VERSION_NUM >= 180000
	return form->conperiod;
#else
	return false;
#endif
}

/* 15's declarations of the tree walkers are no prototypes. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include "nodes/nodeFuncs.h"
#pragma GCC diagnostic pop

#endif /* AIODAL_COMPAT_H */
