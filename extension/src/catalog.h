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
	const char *distribution; /* over the nodes of a Citus cluster; NULL: not known to Citus */
	const char *distribution_column;
	int colocation_id;

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

	List *triggers;   /* of CatalogTrigger, by name */
	List *rules;      /* of CatalogRule, by name */
	List *policies;   /* of CatalogPolicy, by name */
	List *privileges; /* of CatalogPrivilege, as in the ACLs; those of the owner too */
	List *statistics; /* of CatalogStatistics, by name */

	int place; /* for the use of who reads the contents */

	/* for the catalog's own use */
	char relkind;
	char relreplident;
	bool wanted;         /* one of the contents, not just referred to */
	bool query_was_read; /* of a view; then reads is known */
	List *reads;         /* OIDs of relations */
	bool is_partition;
	Oid namespace_oid;
	Oid owner_oid;
	Oid toast_oid;
	Oid server_oid;
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
	const char *base_schema; /* of a view's column: the table's column it shows */
	const char *base_relation;
	const char *base_column;
	Oid base_oid; /* what it shows at first, perhaps another view's column */
	AttrNumber base_attnum;
	bool is_gone;      /* was dropped, with its type, while it was read */
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

/* one privilege of one role on a relation or, with column_name, on a column of it */
typedef struct CatalogPrivilege
{
	CatalogRelation *relation;
	const char *column_name;
	const char *grantor;
	const char *grantee; /* NULL: PUBLIC */
	const char *privilege_type;
	bool is_grantable;
} CatalogPrivilege;

typedef struct CatalogPolicy
{
	CatalogRelation *relation;
	Oid oid;
	const char *name;
	bool permissive;
	NameList *roles;
	const char *cmd;
	const char *qual;
	const char *with_check;
	const char *comment;
} CatalogPolicy;

typedef struct CatalogTrigger
{
	CatalogRelation *relation;
	Oid oid;
	const char *name;
	const char *timing;
	NameList *events;
	const char *level;
	NameList *columns; /* of UPDATE OF; empty for any */
	const char *condition;
	const char *function_schema;
	const char *function_name;
	NameList *arguments;
	const char *enabled;
	bool is_constraint;
	bool deferrable;
	bool initially_deferred;
	const char *referenced_schema; /* FROM of a constraint trigger */
	const char *referenced_relation;
	const char *old_table;
	const char *new_table;
	bool is_inherited; /* cloned from the partitioned table's */
	const char *definition;
	const char *comment;
} CatalogTrigger;

typedef struct CatalogRule
{
	CatalogRelation *relation;
	Oid oid;
	const char *name;
	const char *event;
	bool is_instead;
	const char *enabled;
	const char *definition;
	const char *comment;
} CatalogRule;

typedef struct CatalogStatistics
{
	CatalogRelation *relation;
	Oid oid;
	const char *schema; /* its own, not the relation's */
	const char *name;
	const char *owner;
	NameList *kinds;
	NameList *columns;
	NameList *expressions;
	int target;
	const char *comment;
} CatalogStatistics;

typedef struct CatalogDomainCheck
{
	const char *name;
	const char *expression;
	bool validated;
	const char *comment;
} CatalogDomainCheck;

typedef struct CatalogType
{
	Oid oid;
	const char *schema;
	const char *name;
	const char *kind;
	NameList *labels;      /* of an enum */
	const char *base_type; /* of a domain, as the next four */
	bool not_null;
	const char *default_value;
	List *checks;        /* of CatalogDomainCheck, by name */
	List *attributes;    /* of a composite type: CatalogColumn */
	const char *subtype; /* of a range or multirange */
	const char *comment;
	const char *extension;
	const char *owner;
	Oid base_type_oid;
	const char *collation; /* of a domain or range, when not its base's */
	const char *collation_schema;
	Oid subtype_oid;
	const char *subtype_opclass; /* of a range, as the next four */
	const char *subtype_opclass_schema;
	const char *canonical_function;
	const char *subtype_diff_function;
	const char *multirange_type;
	const char *range_type; /* of a multirange */
} CatalogType;

typedef struct CatalogArgument
{
	const char *name; /* NULL where it has none */
	const char *mode; /* in, out, inout, variadic, table */
	const char *type;
	Oid type_oid;
	const char *default_value;
} CatalogArgument;

typedef struct CatalogFunction
{
	Oid oid;
	const char *schema;
	const char *name;
	const char *kind;
	List *arguments; /* of CatalogArgument */
	const char *returns;
	bool returns_set;
	List *result_columns; /* of CatalogArgument; NIL unless a row comes out */
	const char *volatility;
	bool strict;
	const char *parallel;
	const char *language;
	bool security_definer;
	const char *comment;
	const char *extension;
	const char *owner;
	const char *signature;
	Oid returns_oid;
	bool leakproof;
	NameList *settings;
	const char *source;
	const char *library;
	float4 cost;
	float4 estimated_rows; /* -1: it returns no set */
} CatalogFunction;

typedef struct CatalogSequence
{
	Oid oid;
	const char *schema;
	const char *name;
	const char *owner;
	const char *data_type;
	int64 start_value;
	int64 min_value;
	int64 max_value;
	int64 increment_by;
	bool cycle;
	int64 cache_size;
	const char *owned_by_schema;
	const char *owned_by_relation;
	const char *owned_by_column;
	bool is_identity;
	const char *persistence;
	const char *comment;
	const char *extension;
} CatalogSequence;

typedef struct CatalogExtension
{
	Oid oid;
	const char *name;
	const char *schema;
	const char *owner;
	const char *version;
	bool relocatable;
	const char *comment;
} CatalogExtension;

typedef struct CatalogEventTrigger
{
	Oid oid;
	const char *name;
	const char *event;
	const char *owner;
	const char *function_schema;
	const char *function_name;
	const char *enabled;
	NameList *tags; /* empty for any */
	const char *comment;
} CatalogEventTrigger;

typedef struct CatalogDefaultPrivilege
{
	const char *owner;  /* of the objects to be made */
	const char *schema; /* NULL: any */
	const char *object_type;
	const char *grantor;
	const char *grantee; /* NULL: PUBLIC */
	const char *privilege_type;
	bool is_grantable;
} CatalogDefaultPrivilege;

typedef struct CatalogPublication
{
	Oid oid;
	const char *name;
	const char *owner;
	bool all_tables;
	NameList *operations;
	bool via_root;
	NameList *schemas;
	NameList *relations; /* quoted and qualified */
	const char *comment;
} CatalogPublication;

/* all that was loaded */
typedef struct CatalogContents
{
	List *schemas;   /* of CatalogSchema, by name */
	List *relations; /* of CatalogRelation, by schema and name */
	List *types;     /* of CatalogType, by schema and name */
	List *functions; /* of CatalogFunction, by schema, name and argument types */
	List *sequences; /* of CatalogSequence, by schema and name */
	List *extensions;
	List *event_triggers;
	List *default_privileges;
	List *publications;
	List *search_path; /* of names (char *), the caller's, without what is implied */
	List *warnings;    /* of char * */
} CatalogContents;

/* what LoadCatalog() is to read beside schemas and relations */
#define CATALOG_SCHEMAS     0      /* always */
#define CATALOG_DETAILS     0x0001 /* of relations: partitioning, inheritance, definition, options */
#define CATALOG_COLUMNS     0x0002
#define CATALOG_CONSTRAINTS 0x0004
#define CATALOG_INDEXES     0x0008

#define CATALOG_TRIGGERS    0x0010 /* and rules */
#define CATALOG_POLICIES    0x0020
#define CATALOG_PRIVILEGES  0x0040
#define CATALOG_STATISTICS  0x0080
#define CATALOG_TYPES       0x0100
#define CATALOG_FUNCTIONS   0x0200
#define CATALOG_SEQUENCES   0x0400
#define CATALOG_DATABASE    0x0800 /* extensions, event triggers, default privileges, publications */

#define CATALOG_OF_RELATION 0x00FF
#define CATALOG_EVERYTHING  0xFFFF

typedef struct Catalog Catalog;

/*
 * Reads the parts asked for. An unknown schema and a relation that is an index,
 * a sequence or the like are errors; a relation of the scope that does not
 * exist (any more) is left out and named in the warnings.
 */
extern Catalog *LoadCatalog(const Scope *scope, int parts);

/*
 * The same, but of this moment instead of the statement's (unless the
 * transaction has one snapshot for all), and once more when the catalogs were
 * changed while they were read.
 */
extern Catalog *LoadNewestCatalog(const Scope *scope, int parts);

extern void FreeCatalog(Catalog *catalog);

/* Valid until the catalog is freed. */
extern const CatalogContents *Contents(const Catalog *catalog);

#endif /* AIODAL_CATALOG_H */
