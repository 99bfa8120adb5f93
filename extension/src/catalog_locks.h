/*
 * catalog_locks.h
 *		Locks that PostgreSQL's code takes while it turns trees into text.
 */
#ifndef AIODAL_CATALOG_LOCKS_H
#define AIODAL_CATALOG_LOCKS_H

#include "catalog_impl.h"

#include "nodes/nodes.h"

/* OIDs of the relations that a query, a list of queries or an expression's subqueries read, each once. */
extern List *RelationsIn(Node *tree);

/*
 * RunGuarded(), with all the relations locked for reading. Whatever locks are
 * taken are given back before this returns. Fails, as RunGuarded() does, when
 * one of the relations is gone.
 */
extern bool
RunLocked(Catalog *cat, List *relations, void (*step)(void *arg), void *arg, const Subject *subject);

#endif /* AIODAL_CATALOG_LOCKS_H */
