/*
 * deparse.h
 *		Types and stored expressions as SQL text.
 *
 * Assumes the search_path that LoadCatalog() sets, so that names are qualified
 * unless they are in pg_catalog.
 */
#ifndef AIODAL_DEPARSE_H
#define AIODAL_DEPARSE_H

#include "catalog_impl.h"

#include "nodes/nodes.h"

/* What is known of a type; never NULL (a type that is gone raises an error that LoadCatalog() handles). */
extern const TypeInfo *FindType(Catalog *cat, Oid oid, int32 typmod);

/*
 * Changes a stored tree so that it does not tell from which places of a query
 * its parts came: the same expression, given twice, is the same tree. Answers
 * the text itself.
 */
extern char *ForgetLocations(char *tree);

/*
 * Text of an expression over the columns of rel (NULL: an expression without
 * columns). When it cannot be made because something it uses was dropped
 * meanwhile, the answer is NULL and a warning says so.
 */
extern const char *
ExpressionText(Catalog *cat, CatalogRelation *rel, Node *expression, const Subject *subject);

/* The same for the expression stored in a row's column; NULL also where that is. */
extern const char *RowExpressionText(Catalog *cat, CatalogRelation *rel, HeapTuple tuple, TupleDesc desc,
									 AttrNumber attnum, const Subject *subject);

/* The same for a condition over OLD and NEW. */
extern const char *RowConditionText(Catalog *cat, CatalogRelation *rel, HeapTuple tuple, TupleDesc desc,
									AttrNumber attnum, const Subject *subject);

/* CREATE RULE, from its row; NULL as above. */
extern const char *RuleText(Catalog *cat, const CatalogRule *rule, HeapTuple tuple, TupleDesc desc);

/* Body of a function in standard SQL, from its row; NULL as above, and when it has none. */
extern const char *
FunctionBodyText(Catalog *cat, const CatalogFunction *function, HeapTuple tuple, TupleDesc desc);

/* Operator as in an expression: qualified unless in pg_catalog. */
extern const char *OperatorText(Oid oid);

/* Does the expression need no parentheses where CREATE INDEX takes one? */
extern bool LooksLikeFunction(Node *expression);

#endif /* AIODAL_DEPARSE_H */
