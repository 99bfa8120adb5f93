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
#include "util/packed.h"

/* What a snapshot is made of, in the order of aiodal.snapshot(); the fields below: see schema_fields.c. */
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
	AIODAL__WARNINGS, /* always there */
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
	REL_FOREIGN_OPTIONS,
	REL_DISTRIBUTION,
	REL_DISTRIBUTION_COLUMN,
	REL_COLOCATION_ID
};

enum
{
	COL_PLACE,
	COL_POSITION,
	COL_NAME,
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
	COL_OPTIONS,
	COL_FOREIGN_OPTIONS,
	COL_COLLATION_SCHEMA,
	COL_ELEMENT_TYPE,
	COL_ELEMENT_TYPE_OID,
	COL_COMPRESSION,
	COL_STATISTICS,
	COL_IS_LOCAL,
	COL_INHERITED,
	COL_SEQUENCE,
	COL_BASE_SCHEMA,
	COL_BASE_TABLE,
	COL_BASE_COLUMN
};

enum
{
	CON_PLACE,
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
	CON_REFERENCED_OID,
	CON_INDEX_OID,
	CON_ON_DELETE_COLUMNS,
	CON_OPERATORS,
	CON_NO_INHERIT,
	CON_IS_LOCAL,
	CON_INHERITED,
	CON_TEMPORAL,
	CON_PREDICATE
};

enum
{
	IDX_PLACE,
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
	IDX_OPTIONS,
	IDX_IS_READY,
	IDX_IS_CLUSTERED,
	IDX_IS_EXCLUSION,
	IDX_IS_REPLICA_IDENTITY,
	IDX_TABLESPACE,
	IDX_PARENT
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
	KEY_NULLS_FIRST
};

enum
{
	SORTED_PLACE,
	SORTED_CYCLE
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
	FUN_COST,
	FUN_ESTIMATED_ROWS,
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
	TRG_PLACE,
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
	RUL_PLACE,
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
	POL_PLACE,
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
	PRV_PLACE,
	PRV_COLUMN_NAME,
	PRV_GRANTOR,
	PRV_GRANTEE,
	PRV_PRIVILEGE_TYPE,
	PRV_IS_GRANTABLE
};

enum
{
	STA_PLACE,
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
	CHK_COMMENT
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
	ATT_COMMENT
};

enum
{
	ARG_NAME,
	ARG_MODE,
	ARG_TYPE,
	ARG_TYPE_OID,
	ARG_DEFAULT_VALUE
};

enum
{
	RES_NAME,
	RES_TYPE,
	RES_TYPE_OID
};

/* Objects of schemas begin with schema, name and oid, those of tables with the table's place. */
enum
{
	OBJECT_SCHEMA,
	OBJECT_NAME,
	OBJECT_OID,
	OBJECT_PLACE = OBJECT_SCHEMA
};

/* A stretch of an array. */
typedef struct aiodal__span
{
	int first;
	int n;
} aiodal__span;

/* What is no table, column, constraint or index: a row, and the table it belongs to, if any. */
typedef struct aiodal__object
{
	const aiodal__packed_shape *shape;
	aiodal__packed_row row;
	const aiodal_table *table;
} aiodal__object;

/* All of a part, in the server's order or, of tables, table by table. */
typedef struct aiodal__objects
{
	const aiodal__object *item; /* NULL: the part was not read */
	aiodal__object *room;       /* the same, while being filled */
	int n;
	aiodal__index by_name; /* schema and name; of schemas' objects alone */
	aiodal__index by_oid;
} aiodal__objects;

struct aiodal_table
{
	const aiodal_schema *schema;
	aiodal__packed_row row;
	unsigned int oid;
	const char *qualified;
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
	aiodal__packed_row row;
};

struct aiodal_constraint
{
	const aiodal_table *table;
	aiodal__packed_row row;
	const aiodal_table *referenced;
};

struct aiodal_index
{
	const aiodal_table *table;
	aiodal__packed_row row;
};

/* A table in the order of foreign keys, with the number of the cycle it is in, 0 for none. */
typedef struct aiodal__sorted
{
	const aiodal_table *table;
	int cycle;
} aiodal__sorted;

struct aiodal_schema
{
	int refs;           /* atomic */
	unsigned int parts; /* AIODAL_PART_*: what was read */
	PGresult *res;      /* where all rows are */
	const char *fingerprint;
	aiodal__packed_shape shape[AIODAL__N_PARTS];
	aiodal__arena arena; /* everything below */
	aiodal_table *tables;
	int n_tables;
	aiodal__sorted *sorted;
	int n_sorted;
	aiodal_column *columns; /* these are of all tables, one table after the other */
	aiodal_constraint *constraints;
	aiodal_index *indexes;
	aiodal__index by_oid;
	aiodal__index by_name;
	aiodal__index by_bare_name; /* of the visible ones */
	aiodal__index columns_by_name;
	aiodal__objects objects[AIODAL__N_OBJECTS];
};

/* The fields wanted of a part, as aiodal__packed_shape_init() takes them, and its name. */
extern const char *aiodal__part_name(aiodal__part part);
extern const char *aiodal__part_fields(aiodal__part part);

extern uint32_t aiodal__object_hash_name(const char *namespace_name, const char *name);
extern unsigned int aiodal__object_oid(const aiodal__object *object);

/* Room for n objects of a part, then each of them, then what finds them; tables are made before. */
extern bool aiodal__objects_begin(aiodal_schema *schema, aiodal__part part, int n);
extern bool aiodal__objects_add(aiodal_schema *schema, aiodal__part part, aiodal__packed_row row);
extern bool aiodal__objects_end(aiodal_schema *schema, aiodal__part part);

/* The table a row of a part says it belongs to, NULL when there is none of that number. */
extern aiodal_table *aiodal__table_of_row(aiodal_schema *schema, aiodal__part part, aiodal__packed_row row);

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
 * Checks the extension and reads the schema, in one round trip.
 *
 * schemas and include are the arguments of the SQL functions in the text form of arrays, or NULL. parts is of
 * AIODAL_PART_*, without anything unknown; tables are always read. info may be NULL. schema may be NULL: then
 * the extension is only checked. *schema comes with one reference; it is NULL when it would be as known,
 * which may be NULL, and was made with the same arguments.
 *
 * The fingerprint is a hash of the very rows it comes with, so a snapshot never has that of another state.
 */
extern aiodal_status aiodal__schema_load(aiodal_schema **schema, aiodal__server_info *info,
										 aiodal__conn *conn, const char *schemas, const char *include,
										 unsigned int parts, const aiodal_schema *known, aiodal_error **err);

/* Lookups while the snapshot is being made, and after. */
extern bool aiodal__schema_index_tables(aiodal_schema *schema);
extern bool aiodal__schema_index_columns(aiodal_schema *schema);

/* "Did you mean" for a table that is not in the snapshot, or NULL; aiodal__free() it. schema may be NULL. */
extern char *
aiodal__schema_suggest_table(const aiodal_schema *schema, const char *namespace_name, const char *name);

#endif /* AIODAL_SRC_SCHEMA_H */
