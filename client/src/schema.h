/*
 * schema.h
 *		The inside of a snapshot, and how it comes from the server.
 */
#ifndef AIODAL_SRC_SCHEMA_H
#define AIODAL_SRC_SCHEMA_H

#include <aiodal/objects.h>
#include <aiodal/schema.h>

#include "conn.h"
#include "util/arena.h"
#include "util/hash.h"

/* The results a snapshot is made of, and their columns in the order they are asked for; see schema_load.c. */
typedef enum aiodal__part
{
	AIODAL__RELATIONS,
	AIODAL__COLUMNS,
	AIODAL__CONSTRAINTS,
	AIODAL__INDEXES,
	/* from here on the order is that of aiodal_part */
	AIODAL__SORTED,
	AIODAL__NAMESPACES,
	AIODAL__TYPES,
	AIODAL__FUNCTIONS,
	AIODAL__SEQUENCES,
	AIODAL__TRIGGERS,
	AIODAL__RULES,
	AIODAL__POLICIES,
	AIODAL__PRIVILEGES,
	AIODAL__STATISTICS,
	AIODAL__EXTENSIONS,
	AIODAL__EVENT_TRIGGERS,
	AIODAL__PUBLICATIONS,
	AIODAL__DEFAULT_PRIVILEGES,
	AIODAL__N_PARTS
} aiodal__part;

/* Those whose rows are objects (see below), and of these the ones that belong to tables. */
#define AIODAL__FIRST_OBJECTS  AIODAL__NAMESPACES
#define AIODAL__N_OBJECTS      (AIODAL__N_PARTS - AIODAL__FIRST_OBJECTS)
#define AIODAL__FIRST_OF_TABLE AIODAL__TRIGGERS
#define AIODAL__N_OF_TABLE     (AIODAL__STATISTICS - AIODAL__TRIGGERS + 1)

enum
{
	REL_OID,
	REL_SCHEMA,
	REL_NAME,
	REL_KIND,
	REL_PERSISTENCE,
	REL_OWNER,
	REL_COMMENT,
	REL_DEFINITION,
	REL_PARTITION_KEY,
	REL_PARTITION_BOUND,
	REL_EXTENSION,
	REL_ESTIMATED_ROWS,
	REL_VISIBLE,
	REL_INSERTABLE,
	REL_UPDATABLE,
	REL_ROW_SECURITY,
	REL_PARENT,
	REL_PARENT_OID,
	REL_INHERITS,
	REL_ACCESS_METHOD,
	REL_TABLESPACE,
	REL_OPTIONS,
	REL_FORCE_ROW_SECURITY,
	REL_REPLICA_IDENTITY,
	REL_REPLICA_IDENTITY_INDEX,
	REL_DELETABLE,
	REL_OF_TYPE,
	REL_SERVER,
	REL_FOREIGN_OPTIONS
};

enum
{
	COL_OID,
	COL_NAME,
	COL_POSITION,
	COL_TYPE,
	COL_TYPE_OID,
	COL_TYPE_SCHEMA,
	COL_TYPE_NAME,
	COL_TYPMOD,
	COL_DIMENSIONS,
	COL_NOT_NULL,
	COL_DEFAULT,
	COL_IDENTITY,
	COL_GENERATED,
	COL_COLLATION,
	COL_COMMENT,
	COL_TYPE_KIND,
	COL_STORAGE,
	COL_DETAILS
};

/*
 * Details are what few columns, constraints and indexes have: together in one array, which is NULL where all
 * is as usual, so that the many do not pay for the few. The first two of each may be arrays themselves.
 */
#define AIODAL__DETAIL_LISTS 2

enum
{
	COL_DETAIL_OPTIONS,
	COL_DETAIL_FOREIGN_OPTIONS,
	COL_DETAIL_COLLATION_SCHEMA,
	COL_DETAIL_ELEMENT_TYPE,
	COL_DETAIL_ELEMENT_TYPE_OID,
	COL_DETAIL_COMPRESSION,
	COL_DETAIL_STATISTICS,
	COL_DETAIL_IS_LOCAL,
	COL_DETAIL_INHERITED,
	COL_DETAIL_SEQUENCE,
	COL_DETAIL_BASE_SCHEMA,
	COL_DETAIL_BASE_TABLE,
	COL_DETAIL_BASE_COLUMN,
	COL_N_DETAILS
};

enum
{
	CON_RELATION_OID,
	CON_OID,
	CON_NAME,
	CON_KIND,
	CON_COLUMNS,
	CON_INCLUDE,
	CON_REFERENCED_SCHEMA,
	CON_REFERENCED_RELATION,
	CON_REFERENCED_COLUMNS,
	CON_ON_UPDATE,
	CON_ON_DELETE,
	CON_MATCH,
	CON_DEFERRABLE,
	CON_INITIALLY_DEFERRED,
	CON_VALIDATED,
	CON_ENFORCED,
	CON_NULLS_NOT_DISTINCT,
	CON_EXPRESSION,
	CON_DEFINITION,
	CON_INDEX,
	CON_COMMENT,
	CON_DETAILS
};

enum
{
	CON_DETAIL_ON_DELETE_COLUMNS,
	CON_DETAIL_OPERATORS,
	CON_DETAIL_NO_INHERIT,
	CON_DETAIL_IS_LOCAL,
	CON_DETAIL_INHERITED,
	CON_DETAIL_TEMPORAL,
	CON_DETAIL_PREDICATE,
	CON_N_DETAILS
};

enum
{
	IDX_RELATION_OID,
	IDX_OID,
	IDX_NAME,
	IDX_METHOD,
	IDX_IS_UNIQUE,
	IDX_IS_PRIMARY,
	IDX_IS_VALID,
	IDX_NULLS_NOT_DISTINCT,
	IDX_KEYS,
	IDX_INCLUDE,
	IDX_PREDICATE,
	IDX_CONSTRAINT,
	IDX_COMMENT,
	IDX_DETAILS
};

enum
{
	IDX_DETAIL_OPTIONS,
	IDX_DETAIL_NO_LIST,
	IDX_DETAIL_IS_READY,
	IDX_DETAIL_IS_CLUSTERED,
	IDX_DETAIL_IS_EXCLUSION,
	IDX_DETAIL_IS_REPLICA_IDENTITY,
	IDX_DETAIL_TABLESPACE,
	IDX_DETAIL_PARENT,
	IDX_N_DETAILS
};

enum
{
	KEY_COLUMN,
	KEY_EXPRESSION,
	KEY_COLLATION,
	KEY_COLLATION_SCHEMA,
	KEY_OPCLASS,
	KEY_OPCLASS_SCHEMA,
	KEY_OPCLASS_OPTIONS,
	KEY_DEFAULT_OPCLASS,
	KEY_DESCENDING,
	KEY_NULLS_FIRST,
	KEY_N_FIELDS
};

enum
{
	NSP_SCHEMA,
	NSP_OID,
	NSP_OWNER,
	NSP_COMMENT,
	NSP_EXTENSION
};

enum
{
	TYP_SCHEMA,
	TYP_NAME,
	TYP_OID,
	TYP_KIND,
	TYP_OWNER,
	TYP_LABELS,
	TYP_BASE_TYPE,
	TYP_BASE_TYPE_OID,
	TYP_NOT_NULL,
	TYP_DEFAULT_VALUE,
	TYP_COLLATION,
	TYP_COLLATION_SCHEMA,
	TYP_CHECKS,
	TYP_ATTRIBUTES,
	TYP_SUBTYPE,
	TYP_SUBTYPE_OID,
	TYP_SUBTYPE_OPCLASS,
	TYP_SUBTYPE_OPCLASS_SCHEMA,
	TYP_CANONICAL_FUNCTION,
	TYP_SUBTYPE_DIFF_FUNCTION,
	TYP_MULTIRANGE_TYPE,
	TYP_RANGE_TYPE,
	TYP_COMMENT,
	TYP_EXTENSION
};

enum
{
	FUN_SCHEMA,
	FUN_NAME,
	FUN_OID,
	FUN_KIND,
	FUN_SIGNATURE,
	FUN_OWNER,
	FUN_ARGUMENTS,
	FUN_RETURNS,
	FUN_RETURNS_OID,
	FUN_RETURNS_SET,
	FUN_RESULT_COLUMNS,
	FUN_VOLATILITY,
	FUN_STRICT,
	FUN_PARALLEL,
	FUN_LANGUAGE,
	FUN_SECURITY_DEFINER,
	FUN_LEAKPROOF,
	FUN_SETTINGS,
	FUN_SOURCE,
	FUN_LIBRARY,
	FUN_COMMENT,
	FUN_EXTENSION
};

enum
{
	SEQ_SCHEMA,
	SEQ_NAME,
	SEQ_OID,
	SEQ_OWNER,
	SEQ_PERSISTENCE,
	SEQ_DATA_TYPE,
	SEQ_START_VALUE,
	SEQ_MIN_VALUE,
	SEQ_MAX_VALUE,
	SEQ_INCREMENT_BY,
	SEQ_CACHE_SIZE,
	SEQ_CYCLE,
	SEQ_OWNED_BY_SCHEMA,
	SEQ_OWNED_BY_RELATION,
	SEQ_OWNED_BY_COLUMN,
	SEQ_IS_IDENTITY,
	SEQ_COMMENT,
	SEQ_EXTENSION
};

enum
{
	TRG_SCHEMA,
	TRG_RELATION,
	TRG_NAME,
	TRG_OID,
	TRG_TIMING,
	TRG_EVENTS,
	TRG_LEVEL,
	TRG_COLUMNS,
	TRG_CONDITION,
	TRG_FUNCTION_SCHEMA,
	TRG_FUNCTION_NAME,
	TRG_ARGUMENTS,
	TRG_ENABLED,
	TRG_IS_CONSTRAINT,
	TRG_DEFERRABLE,
	TRG_INITIALLY_DEFERRED,
	TRG_REFERENCED_SCHEMA,
	TRG_REFERENCED_RELATION,
	TRG_OLD_TABLE,
	TRG_NEW_TABLE,
	TRG_IS_INHERITED,
	TRG_DEFINITION,
	TRG_COMMENT
};

enum
{
	RUL_SCHEMA,
	RUL_RELATION,
	RUL_NAME,
	RUL_OID,
	RUL_EVENT,
	RUL_IS_INSTEAD,
	RUL_ENABLED,
	RUL_DEFINITION,
	RUL_COMMENT
};

enum
{
	POL_SCHEMA,
	POL_RELATION,
	POL_NAME,
	POL_OID,
	POL_PERMISSIVE,
	POL_ROLES,
	POL_CMD,
	POL_QUAL,
	POL_WITH_CHECK,
	POL_COMMENT
};

enum
{
	PRV_SCHEMA,
	PRV_RELATION,
	PRV_COLUMN_NAME,
	PRV_GRANTOR,
	PRV_GRANTEE,
	PRV_PRIVILEGE_TYPE,
	PRV_IS_GRANTABLE
};

enum
{
	STA_RELATION_SCHEMA,
	STA_RELATION,
	STA_NAME,
	STA_OID,
	STA_SCHEMA,
	STA_OWNER,
	STA_KINDS,
	STA_COLUMNS,
	STA_EXPRESSIONS,
	STA_TARGET,
	STA_COMMENT
};

enum
{
	EXT_NAME,
	EXT_OID,
	EXT_SCHEMA,
	EXT_OWNER,
	EXT_VERSION,
	EXT_RELOCATABLE,
	EXT_COMMENT
};

enum
{
	EVT_NAME,
	EVT_OID,
	EVT_EVENT,
	EVT_OWNER,
	EVT_FUNCTION_SCHEMA,
	EVT_FUNCTION_NAME,
	EVT_ENABLED,
	EVT_TAGS,
	EVT_COMMENT
};

enum
{
	PUB_NAME,
	PUB_OID,
	PUB_OWNER,
	PUB_ALL_TABLES,
	PUB_VIA_ROOT,
	PUB_OPERATIONS,
	PUB_SCHEMAS,
	PUB_RELATIONS,
	PUB_COMMENT
};

enum
{
	DEF_OWNER,
	DEF_SCHEMA,
	DEF_OBJECT_TYPE,
	DEF_GRANTOR,
	DEF_GRANTEE,
	DEF_PRIVILEGE_TYPE,
	DEF_IS_GRANTABLE
};

enum
{
	CHK_NAME,
	CHK_EXPRESSION,
	CHK_VALIDATED,
	CHK_COMMENT,
	CHK_N_FIELDS
};

enum
{
	ATT_NAME,
	ATT_POSITION,
	ATT_TYPE,
	ATT_TYPE_OID,
	ATT_TYPMOD,
	ATT_COLLATION,
	ATT_COLLATION_SCHEMA,
	ATT_COMMENT,
	ATT_N_FIELDS
};

enum
{
	ARG_NAME,
	ARG_MODE,
	ARG_TYPE,
	ARG_TYPE_OID,
	ARG_DEFAULT_VALUE,
	ARG_N_FIELDS
};

enum
{
	RES_NAME,
	RES_TYPE,
	RES_TYPE_OID,
	RES_N_FIELDS
};

/* Objects of tables begin with the table's schema and name, those of schemas with schema, name and oid. */
enum
{
	OBJECT_SCHEMA,
	OBJECT_NAME,
	OBJECT_OID
};

typedef struct aiodal__names
{
	const char *const *item;
	int n;
} aiodal__names;

typedef struct aiodal__details
{
	const char *const *cell;
	aiodal__names list[AIODAL__DETAIL_LISTS];
} aiodal__details;

/* A stretch of an array. */
typedef struct aiodal__span
{
	int first;
	int n;
} aiodal__span;

/*
 * What is no table, column, constraint or index: a row, the table it belongs to, if any, and its lists. A
 * list has names or, when the row has JSON objects there, so many cells for each as the enum of its fields
 * says.
 */
typedef struct aiodal__object
{
	const PGresult *res;
	const aiodal_table *table;
	const aiodal__names *lists;
	int row;
} aiodal__object;

/* All of a part, in the server's order or, of tables, table by table. */
typedef struct aiodal__objects
{
	const aiodal__object *item;
	int n;
	aiodal__index by_name; /* schema and name; of schemas' objects alone */
	aiodal__index by_oid;
} aiodal__objects;

struct aiodal_table
{
	const aiodal_schema *schema;
	int row; /* of AIODAL__RELATIONS */
	unsigned int oid;
	const char *qualified;
	aiodal__names inherits;
	aiodal__names options;
	aiodal__names foreign_options;
	const aiodal_column *columns;
	const aiodal_constraint *constraints; /* primary key, unique, foreign keys, others; each by name */
	const aiodal_index *indexes;
	int n_columns;
	int n_constraints;
	int n_unique;
	int n_foreign;
	int n_indexes;
	aiodal__span spans[AIODAL__N_OF_TABLE];
};

struct aiodal_column
{
	const aiodal_table *table;
	const aiodal__details *details; /* NULL: as usual */
	int row;
};

struct aiodal_constraint
{
	const aiodal_table *table;
	const aiodal__details *details;
	int row;
	aiodal__names columns;
	aiodal__names include;
	aiodal__names referenced_columns;
	const aiodal_table *referenced;
};

struct aiodal_index
{
	const aiodal_table *table;
	const aiodal__details *details;
	int row;
	aiodal__names keys; /* KEY_N_FIELDS cells for each */
	aiodal__names include;
};

struct aiodal_schema
{
	int refs;           /* atomic */
	unsigned int parts; /* AIODAL_PART_*: what was read */
	PGresult *part[AIODAL__N_PARTS];
	aiodal__arena arena; /* everything below */
	aiodal_table *tables;
	int n_tables;
	const aiodal_table **sorted;
	int n_sorted;
	aiodal_column *columns; /* of all tables, one table after the other */
	aiodal__index by_oid;
	aiodal__index by_name;
	aiodal__index by_bare_name; /* of the visible ones */
	aiodal__index columns_by_name;
	aiodal__objects objects[AIODAL__N_OBJECTS];
};

/* The statement that reads a part. Its parameters are the common arguments schemas and include. */
#define AIODAL__ARGUMENTS "($1::pg_catalog.name[], NULL, $2::pg_catalog.text[])"
extern const char *aiodal__objects_query(aiodal__part part);

extern uint32_t aiodal__object_hash_name(const char *namespace_name, const char *name);
extern unsigned int aiodal__object_oid(const aiodal__object *object);

/* Makes the objects of a part whose result is there; tables are made before. False when out of memory. */
extern bool aiodal__objects_make(aiodal_schema *schema, aiodal__part part);

/* The server as found when the schema was read; strings allocated by aiodal__malloc. */
typedef struct aiodal__server_info
{
	char *database;
	char *extension_version;
	char *server_version_text;
	int server_version;
} aiodal__server_info;

extern void aiodal__server_info_free(aiodal__server_info *info);

/*
 * Checks the extension and reads the schema, in one round trip and one transaction.
 *
 * schemas and include are the arguments of the SQL functions in the text form of arrays, or NULL. parts is of
 * AIODAL_PART_*, without anything unknown; tables are always read. info may be NULL. schema may be NULL: then
 * the extension is only checked. *schema comes with one reference.
 */
extern aiodal_status
aiodal__schema_load(aiodal_schema **schema, aiodal__server_info *info, aiodal__conn *conn,
					const char *schemas, const char *include, unsigned int parts, aiodal_error **err);

/* Lookups while the snapshot is being made, and after. */
extern bool aiodal__schema_index_tables(aiodal_schema *schema);
extern bool aiodal__schema_index_columns(aiodal_schema *schema);

/* "Did you mean" for a table that is not in the snapshot, or NULL; aiodal__free() it. schema may be NULL. */
extern char *
aiodal__schema_suggest_table(const aiodal_schema *schema, const char *namespace_name, const char *name);

#endif /* AIODAL_SRC_SCHEMA_H */
