/*
 * catalog_changes.h
 *		Whether the catalogs may have changed since one last looked.
 */
#ifndef AIODAL_CATALOG_CHANGES_H
#define AIODAL_CATALOG_CHANGES_H

#include "compat.h"

/*
 * A number that grows whenever the session hears that something in the catalogs
 * was changed, by itself or by others. The same number twice: nothing that
 * raises an invalidation has happened in between. Changes of pg_description,
 * pg_depend and pg_extension raise none of their own.
 */
extern uint64 CatalogChanges(void);

#endif /* AIODAL_CATALOG_CHANGES_H */
