/*
 * catalog.h
 *		The database's schema as typed rows.
 *
 * LoadCatalog() reads all that a scope asks for under one snapshot and returns
 * it as C structs. Whole schemas are read by one sequential scan of each
 * catalog; a few relations by index scans, so that one relation costs the same
 * in any database.
 *
 * No privilege is checked. All text is independent of search_path: names of
 * other objects are schema-qualified unless they are in pg_catalog. Everything
 * lives in the catalog's own memory context, until FreeCatalog().
 *
 * A pointer is NULL, an OID InvalidOid and a List NIL where there is no value;
 * NULL_INT stands for a missing integer.
 */
#ifndef AIODAL_CATALOG_H
#define AIODAL_CATALOG_H

#include "compat.h"

#include "nodes/pg_list.h"

#include "scope.h"

#define NULL_INT PG_INT32_MIN

/* a list of names, each of which may be NULL */
typedef struct NameList
{
	int count;
	const char **names;
} NameList;

typedef struct CatalogSchema
{
	Oid oid;
	const char *name;
	const char *owner;
	const char *comment;
	const char *extension;
	bool wanted; /* what it holds is, by the scope */
	bool named;  /* in the argument schemas */
	bool used;   /* by one of the relations */
} CatalogSchema;

typedef struct CatalogRelation
{
	Oid oid;
	const char *schema;
	const char *name;
	const char *kind;
	const char *persistence;
	const char *owner;
	const char *comment;
	const char *parent; /* quoted and qualified, as inherits and of_type */
	const char *partition_key;
	const char *partition_bound;
	NameList *inherits;
	const char *definition;
	const char *access_method;
	const char *tablespace;
	NameList *options;
	bool row_security;
	bool force_row_security;
	const char *replica_identity;
	const char *extension;
	bool visible;
	int64 estimated_rows; /* -1: unknown */
	bool insertable;
	bool updatable;
	bool deletable;
	const char *of_type;
	const char *server;
	NameList *foreign_options;
	const char *replica_identity_index;
	Oid parent_oid;

	List *columns;     /* of CatalogColumn, in order of position */
	List *constraints; /* of CatalogConstraint, by name */
	List *indexes;     /* of CatalogIndex, by name */

	/* the constraints once more, by kind */
	struct CatalogConstraint *primary_key;
	List *unique_constraints;
	List *foreign_keys;
	List *check_constraints;
	List *exclusion_constraints;
	List *not_null_constraints;

	/* for the catalog's own use */
	char relkind;
	char relreplident;
	bool wanted; /* one of CatalogRelations(), not just referred to */
	bool is_partition;
	Oid namespace_oid;
	Oid toast_oid;
	int natts;                   /* pg_class.relnatts */
	struct CatalogColumn **atts; /* by attnum - 1; NULL where dropped */
	List *parents;               /* OIDs, in order */
	NameList **opclass_options;  /* of an index, by key; NULL where there are none */
} CatalogRelation;

/* Rows that belong to a relation begin with a pointer to it. */

typedef struct CatalogColumn
{
	CatalogRelation *relation;
	int position;
	const char *name;
	const char *type;
	Oid type_oid;
	const char *type_schema;
	const char *type_name;
	int typmod;
	int dimensions;
	bool not_null;
	const char *default_value;
	const char *identity;
	const char *generated;
	const char *collation;
	const char *collation_schema;
	const char *comment;
	const char *type_kind;
	const char *element_type;
	Oid element_type_oid;
	const char *storage;
	const char *compression;
	int statistics;
	bool is_local;
	int inherited;
	NameList *options;
	NameList *foreign_options;
	const char *sequence;
	Oid collation_oid; /* as stored, also when it is the type's own */
} CatalogColumn;

typedef struct CatalogConstraint
{
	CatalogRelation *relation;
	Oid oid;
	const char *name;
	const char *kind;
	NameList *columns;
	NameList *include;
	const char *referenced_schema;
	const char *referenced_relation;
	NameList *referenced_columns;
	const char *on_update;
	const char *on_delete;
	NameList *on_delete_columns;
	const char *match;
	bool deferrable;
	bool initially_deferred;
	bool validated;
	bool enforced;
	bool no_inherit;
	bool nulls_not_distinct;
	const char *expression;
	const char *definition;
	const char *index;
	const char *comment;
	Oid referenced_oid;
	Oid index_oid;
	bool is_local;
	int inherited;
	bool temporal;
	NameList *operators;
	const char *predicate;
	bool is_primary;
	char contype;
} CatalogConstraint;

typedef struct CatalogIndexKey
{
	const char *column; /* NULL for an expression */
	const char *expression;
	const char *collation; /* NULL when it is the key's own */
	const char *collation_schema;
	const char *opclass;
	const char *opclass_schema;
	NameList *opclass_options;
	bool default_opclass;
	bool descending;
	bool nulls_first;
	bool looks_like_function; /* the expression needs no parentheses */
} CatalogIndexKey;

typedef struct CatalogIndex
{
	CatalogRelation *relation;
	Oid oid;
	const char *name;
	const char *method;
	bool is_unique;
	bool is_primary;
	bool is_valid;
	bool is_ready;
	bool is_clustered;
	bool nulls_not_distinct;
	List *keys; /* of CatalogIndexKey */
	NameList *include;
	const char *predicate;
	NameList *options;
	const char *tablespace;
	const char *constraint_name;
	const char *comment;
	bool is_exclusion;
	bool is_replica_identity;
	const char *parent;
} CatalogIndex;

/* what LoadCatalog() is to read beside schemas and relations */
#define CATALOG_SCHEMAS     0      /* always */
#define CATALOG_DETAILS     0x0001 /* of relations: partitioning, inheritance, definition, options */
#define CATALOG_COLUMNS     0x0002
#define CATALOG_CONSTRAINTS 0x0004
#define CATALOG_INDEXES     0x0008

#define CATALOG_OF_RELATION (CATALOG_DETAILS | CATALOG_COLUMNS | CATALOG_CONSTRAINTS | CATALOG_INDEXES)
#define CATALOG_EVERYTHING  0xFFFF

typedef struct Catalog Catalog;

/*
 * Reads the parts asked for. An unknown schema and a relation that is an index,
 * a sequence or the like are errors; a relation of the scope that does not
 * exist (any more) is left out and named in the warnings.
 */
extern Catalog *LoadCatalog(const Scope *scope, int parts);
extern void FreeCatalog(Catalog *catalog);

extern List *CatalogSchemas(Catalog *catalog);   /* of CatalogSchema, by name */
extern List *CatalogRelations(Catalog *catalog); /* of CatalogRelation, by schema and name */
extern List *CatalogWarnings(Catalog *catalog);  /* of char * */
extern List *
CatalogSearchPath(Catalog *catalog); /* names of schemas (char *), the caller's, without implied ones */

#endif /* AIODAL_CATALOG_H */
