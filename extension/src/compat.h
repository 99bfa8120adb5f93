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

#endif /* AIODAL_COMPAT_H */
