/*
 * catalog_hash.h
 *		One number for all that a scope's document would show.
 */
#ifndef AIODAL_CATALOG_HASH_H
#define AIODAL_CATALOG_HASH_H

#include "scope.h"

/*
 * Hash of what is stored of the scope's objects; it differs when, and only when,
 * LoadNewestCatalog() with CATALOG_EVERYTHING would give something else (the
 * planner's statistics left aside). Nothing is deparsed, so it takes a small
 * part of that time. The scope must not name relations.
 */
extern uint64 HashCatalog(const Scope *scope);

/* The same of what others see: without the changes of this transaction. */
extern uint64 HashCatalogOfOthers(const Scope *scope);

/*
 * Hash of the rows whose changes raise no invalidation: comments, extensions
 * and their members.
 */
extern uint64 HashUnheard(void);

#endif /* AIODAL_CATALOG_HASH_H */
