/*
 * ident.h
 *		Names as SQL text: quoted identifiers, schema-qualified relations.
 */
#ifndef AIODAL_IDENT_H
#define AIODAL_IDENT_H

#include "compat.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "utils/relcache.h"

/* schema.relation, each part quoted where it has to be; palloc'd */
extern char *QualifiedRelationName(Relation rel);

/* schema.collation, each part quoted where it has to be; palloc'd */
extern char *QualifiedCollationName(Oid collation);

/* column name, quoted where it has to be; valid as long as rel is open */
extern const char *QuotedColumnName(Relation rel, AttrNumber attnum);

/*
 * "a, b, c": the quoted names of the columns in attnums (a List of ints),
 * each behind prefix ("" or "t.").
 */
extern void AppendColumnList(StringInfo buf, Relation rel, List *attnums, const char *prefix);

/* the same, palloc'd, for messages */
extern char *ColumnListText(Relation rel, List *attnums);

#endif /* AIODAL_IDENT_H */
