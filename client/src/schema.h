/*
 * schema.h
 *		The inside of a snapshot, and how it comes from the server.
 */
#ifndef AIODAL_SRC_SCHEMA_H
#define AIODAL_SRC_SCHEMA_H

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
	AIODAL__SORTED,
	AIODAL__N_PARTS
} aiodal__part;

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
	REL_ROW_SECURITY
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
	COL_COMMENT
};

enum
{
	CON_SCHEMA,
	CON_RELATION,
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
	CON_COMMENT
};

enum
{
	IDX_SCHEMA,
	IDX_RELATION,
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
	IDX_COMMENT
};

typedef struct aiodal__names
{
	const char *const *item;
	int n;
} aiodal__names;

struct aiodal_table
{
	const aiodal_schema *schema;
	int row; /* of AIODAL__RELATIONS */
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
};

struct aiodal_column
{
	const aiodal_table *table;
	int row;
};

struct aiodal_constraint
{
	const aiodal_table *table;
	int row;
	aiodal__names columns;
	aiodal__names include;
	aiodal__names referenced_columns;
	const aiodal_table *referenced;
};

struct aiodal_index
{
	const aiodal_table *table;
	int row;
	aiodal__names include;
};

struct aiodal_schema
{
	int refs; /* atomic */
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
};

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
 * schemas and include are the arguments of the SQL functions in the text form of arrays, or NULL. info may be
 * NULL. schema may be NULL: then the extension is only checked. *schema comes with one reference.
 */
extern aiodal_status
aiodal__schema_load(aiodal_schema **schema, aiodal__server_info *info, aiodal__conn *conn,
					const char *schemas, const char *include, aiodal_error **err);

/* Lookups while the snapshot is being made, and after. */
extern bool aiodal__schema_index_tables(aiodal_schema *schema);
extern bool aiodal__schema_index_columns(aiodal_schema *schema);

/* "Did you mean" for a table that is not in the snapshot, or NULL; aiodal__free() it. schema may be NULL. */
extern char *
aiodal__schema_suggest_table(const aiodal_schema *schema, const char *namespace_name, const char *name);

#endif /* AIODAL_SRC_SCHEMA_H */
