/*
 * rows.h
 *		How the catalog's structs look from outside: one table of fields per kind
 *		of row, from which both the set-returning functions and the JSON document
 *		are written. So a column and the document's key of the same name cannot
 *		disagree.
 */
#ifndef AIODAL_ROWS_H
#define AIODAL_ROWS_H

#include "compat.h"

#include "funcapi.h"
#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

typedef struct RowShape RowShape;

/* Tables, views and so on: CatalogRelation etc. of catalog.h. */
extern const RowShape schema_shape;
extern const RowShape relation_shape;
extern const RowShape relation_name_shape; /* a CatalogRelation's schema and name alone */
extern const RowShape sorted_table_shape;  /* SortedTable of order.h */
extern const RowShape cycle_shape;         /* its cycle alone */
extern const RowShape column_shape;
extern const RowShape constraint_shape;
extern const RowShape unique_shape; /* what unique_constraints() shows of a CatalogConstraint */
extern const RowShape index_shape;
extern const RowShape trigger_shape;
extern const RowShape rule_shape;
extern const RowShape policy_shape;
extern const RowShape privilege_shape;
extern const RowShape statistics_shape;
extern const RowShape type_shape;
extern const RowShape function_shape;
extern const RowShape sequence_shape;
extern const RowShape extension_shape;
extern const RowShape event_trigger_shape;
extern const RowShape default_privilege_shape;
extern const RowShape publication_shape;

/* Appends one row to the result of a function in materialize mode. */
extern void PutRow(ReturnSetInfo *rsinfo, const RowShape *shape, const void *row);

/* Appends the row as a JSON object, with the keys that the document has. */
extern void AppendRowJson(StringInfo json, const RowShape *shape, const void *row);

/* Appends "[...]" of the rows in the list. */
extern void AppendRowsJson(StringInfo json, const RowShape *shape, List *rows);

/* Appends text as a JSON string, or null when it is NULL. */
extern void AppendJsonString(StringInfo json, const char *text);

/*
 * The packed form of a row, which aiodal.snapshot() returns: its fields back to
 * back. A scalar is its length + 1 as a varint (7 bits a byte, the lowest first,
 * the eighth says that more follow), 0 for NULL, then its text, in the client's
 * encoding, and a NUL byte. A list is its count + 1, 0 for NULL, then its scalars
 * or records. What of_relation says of a row's relation is left out.
 */
extern void AppendRowPacked(StringInfo out, const RowShape *shape, const void *row);
extern void AppendScalarPacked(StringInfo out, const char *text); /* NULL for NULL */

/* The names of a packed row's fields: char *, "list*" and "records(field,field)" of the lists. */
extern List *PackedFields(const RowShape *shape);

#endif /* AIODAL_ROWS_H */
