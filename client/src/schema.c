/*
 * schema.c
 *		Reading a snapshot: lookups and getters. Nothing here changes it but its count of references.
 */
#include "schema.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "schema_value.h"
#include "util/mem.h"
#include "util/suggest.h"

/* the server's code for it, so that callers need not care who found out */
#define UNDEFINED_TABLE "42P01"

aiodal_schema *
aiodal_schema_ref(aiodal_schema *schema)
{
	if (schema)
		(void) __atomic_add_fetch(&schema->refs, 1, __ATOMIC_RELAXED);
	return schema;
}

void
aiodal_schema_unref(aiodal_schema *schema)
{
	if (!schema || __atomic_sub_fetch(&schema->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	PQclear(schema->res);
	aiodal__arena_free(&schema->arena);
	aiodal__free(schema);
}

/*
 * Lookups
 */

typedef struct name_key
{
	const void *owner; /* a schema's name, or a table */
	const char *name;
} name_key;

static bool
table_has_oid(const void *elements, uint32_t i, const void *key)
{
	return ((const aiodal_table *) elements)[i].oid == *(const unsigned int *) key;
}

static bool
table_has_bare_name(const void *elements, uint32_t i, const void *key)
{
	return strcmp(aiodal_table_name((const aiodal_table *) elements + i), key) == 0;
}

static bool
table_has_name(const void *elements, uint32_t i, const void *key)
{
	const aiodal_table *table = (const aiodal_table *) elements + i;
	const name_key *wanted = key;

	return strcmp(aiodal_table_name(table), wanted->name) == 0 &&
		   strcmp(aiodal_table_schema(table), wanted->owner) == 0;
}

static bool
column_has_name(const void *elements, uint32_t i, const void *key)
{
	const aiodal_column *column = (const aiodal_column *) elements + i;
	const name_key *wanted = key;

	return column->table == wanted->owner && strcmp(aiodal_column_name(column), wanted->name) == 0;
}

static uint32_t
hash_name(const char *namespace_name, const char *name)
{
	uint32_t hash = AIODAL__HASH_START;

	if (namespace_name)
		hash = aiodal__hash_string(hash, namespace_name);
	return aiodal__hash_string(hash, name);
}

static uint32_t
hash_column(const aiodal_table *table, const char *name)
{
	return aiodal__hash_string(aiodal__hash_int(AIODAL__HASH_START, table->oid), name);
}

bool
aiodal__schema_index_tables(aiodal_schema *schema)
{
	uint32_t n = (uint32_t) schema->n_tables;

	if (!aiodal__index_init(&schema->by_oid, &schema->arena, n) ||
		!aiodal__index_init(&schema->by_name, &schema->arena, n) ||
		!aiodal__index_init(&schema->by_bare_name, &schema->arena, n))
		return false;
	for (uint32_t i = 0; i < n; i++)
	{
		const aiodal_table *table = &schema->tables[i];
		const char *name = aiodal_table_name(table);

		aiodal__index_put(&schema->by_oid, aiodal__hash_int(AIODAL__HASH_START, table->oid), i);
		aiodal__index_put(&schema->by_name, hash_name(aiodal_table_schema(table), name), i);
		if (aiodal_table_visible(table))
			aiodal__index_put(&schema->by_bare_name, hash_name(NULL, name), i);
	}
	return true;
}

bool
aiodal__schema_index_columns(aiodal_schema *schema)
{
	uint32_t n = 0;

	for (int t = 0; t < schema->n_tables; t++)
		n += (uint32_t) schema->tables[t].n_columns;
	if (!aiodal__index_init(&schema->columns_by_name, &schema->arena, n))
		return false;
	for (uint32_t i = 0; i < n; i++)
	{
		const aiodal_column *column = &schema->columns[i];

		aiodal__index_put(&schema->columns_by_name, hash_column(column->table, aiodal_column_name(column)),
						  i);
	}
	return true;
}

const aiodal_table *
aiodal_schema_table(const aiodal_schema *schema, const char *namespace_name, const char *name)
{
	name_key key = {namespace_name, name};
	int64_t i;

	if (!schema || !name)
		return NULL;
	if (namespace_name)
		i = aiodal__index_get(&schema->by_name, hash_name(namespace_name, name), table_has_name,
							  schema->tables, &key);
	else
		i = aiodal__index_get(&schema->by_bare_name, hash_name(NULL, name), table_has_bare_name,
							  schema->tables, name);
	return i < 0 ? NULL : &schema->tables[i];
}

const aiodal_table *
aiodal_schema_table_by_oid(const aiodal_schema *schema, unsigned int oid)
{
	int64_t i;

	if (!schema)
		return NULL;
	i = aiodal__index_get(&schema->by_oid, aiodal__hash_int(AIODAL__HASH_START, oid), table_has_oid,
						  schema->tables, &oid);
	return i < 0 ? NULL : &schema->tables[i];
}

const aiodal_column *
aiodal_table_column(const aiodal_table *table, const char *name)
{
	name_key key = {table, name};
	int64_t i;

	if (!table || !name)
		return NULL;
	i = aiodal__index_get(&table->schema->columns_by_name, hash_column(table, name), column_has_name,
						  table->schema->columns, &key);
	return i < 0 ? NULL : &table->schema->columns[i];
}

/* Tables have few of these. */
const aiodal_constraint *
aiodal_table_constraint(const aiodal_table *table, const char *name)
{
	for (int i = 0; table && name && i < table->n_constraints; i++)
	{
		if (strcmp(aiodal_constraint_name(&table->constraints[i]), name) == 0)
			return &table->constraints[i];
	}
	return NULL;
}

const aiodal_index *
aiodal_table_index(const aiodal_table *table, const char *name)
{
	for (int i = 0; table && name && i < table->n_indexes; i++)
	{
		if (strcmp(aiodal_index_name(&table->indexes[i]), name) == 0)
			return &table->indexes[i];
	}
	return NULL;
}

/*
 * Lookups that explain
 */

static bool
has_namespace(const aiodal_schema *schema, const char *namespace_name)
{
	for (int i = 0; i < schema->n_tables; i++)
	{
		if (strcmp(aiodal_table_schema(&schema->tables[i]), namespace_name) == 0)
			return true;
	}
	return false;
}

char *
aiodal__schema_suggest_table(const aiodal_schema *schema, const char *namespace_name, const char *name)
{
	aiodal__suggest suggest;
	aiodal__buf text = AIODAL__BUF_INIT;
	bool within;

	if (!schema)
		return NULL;
	within = namespace_name && has_namespace(schema, namespace_name);
	aiodal__suggest_start(&suggest, name);
	/* of two as near, the one that needs no schema goes first */
	for (int i = 0; i < 2 * schema->n_tables; i++)
	{
		const aiodal_table *table = &schema->tables[i % schema->n_tables];
		const char *of = aiodal_table_schema(table);
		bool visible = aiodal_table_visible(table);

		if (visible == (i < schema->n_tables) && (!within || strcmp(of, namespace_name) == 0))
			aiodal__suggest_offer(&suggest, visible && !namespace_name ? NULL : of, aiodal_table_name(table));
	}
	aiodal__suggest_text(&suggest, "There are", &text);
	return text.len > 0 ? aiodal__buf_take(&text) : NULL;
}

aiodal_status
aiodal_schema_find_table(const aiodal_table **table, const aiodal_schema *schema, const char *namespace_name,
						 const char *name, aiodal_error **err)
{
	char *hint;

	if (!schema || !name)
		return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL", schema ? "name" : "schema");
	*table = aiodal_schema_table(schema, namespace_name, name);
	if (*table)
		return AIODAL_OK;
	hint = aiodal__schema_suggest_table(schema, namespace_name, name);
	if (namespace_name)
		(void) aiodal__fail_state(err, AIODAL_ENOTFOUND, UNDEFINED_TABLE, NULL, hint,
								  "table \"%s.%s\" does not exist", namespace_name, name);
	else
		(void) aiodal__fail_state(err, AIODAL_ENOTFOUND, UNDEFINED_TABLE,
								  "It was looked for along the search_path.", hint,
								  "table \"%s\" does not exist", name);
	aiodal__free(hint);
	return AIODAL_ENOTFOUND;
}

/* The error for a part of a table that is not there; takes the suggestions made. */
static aiodal_status
part_not_found(aiodal_error **err, const aiodal_table *table, const char *kind,
			   const aiodal__suggest *suggest)
{
	aiodal__buf hint = AIODAL__BUF_INIT;

	aiodal__suggest_text(suggest, "There are", &hint);
	(void) aiodal__fail_hint(err, AIODAL_ENOTFOUND, NULL, hint.oom ? NULL : hint.data,
							 "%s \"%s\" of table %s does not exist", kind, suggest->wanted, table->qualified);
	aiodal__buf_free(&hint);
	return AIODAL_ENOTFOUND;
}

aiodal_status
aiodal_table_find_column(const aiodal_column **column, const aiodal_table *table, const char *name,
						 aiodal_error **err)
{
	aiodal__suggest suggest;

	if (!table || !name)
		return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL", table ? "name" : "table");
	*column = aiodal_table_column(table, name);
	if (*column)
		return AIODAL_OK;
	aiodal__suggest_start(&suggest, name);
	for (int i = 0; i < table->n_columns; i++)
		aiodal__suggest_offer(&suggest, NULL, aiodal_column_name(&table->columns[i]));
	return part_not_found(err, table, "column", &suggest);
}

aiodal_status
aiodal_table_find_constraint(const aiodal_constraint **constraint, const aiodal_table *table,
							 const char *name, aiodal_error **err)
{
	aiodal__suggest suggest;

	if (!table || !name)
		return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL", table ? "name" : "table");
	*constraint = aiodal_table_constraint(table, name);
	if (*constraint)
		return AIODAL_OK;
	aiodal__suggest_start(&suggest, name);
	for (int i = 0; i < table->n_constraints; i++)
		aiodal__suggest_offer(&suggest, NULL, aiodal_constraint_name(&table->constraints[i]));
	return part_not_found(err, table, "constraint", &suggest);
}

static bool
is_in(const aiodal_table *table, const char *namespace_name)
{
	return namespace_name ? strcmp(aiodal_table_schema(table), namespace_name) == 0
						  : aiodal_table_visible(table);
}

/* Calls offer for each unique constraint in reach; returns how many have the name, the last of them in
 * *found. */
static int
search_unique(const aiodal_constraint **found, const aiodal_schema *schema, const char *namespace_name,
			  const char *name, aiodal__suggest *suggest)
{
	int n = 0;

	for (int t = 0; t < schema->n_tables; t++)
	{
		const aiodal_table *table = &schema->tables[t];

		if (!is_in(table, namespace_name))
			continue;
		for (int i = 0; i < table->n_unique; i++)
		{
			const char *candidate = aiodal_constraint_name(&table->constraints[i]);

			aiodal__suggest_offer(suggest, NULL, candidate);
			if (strcmp(candidate, name) != 0)
				continue;
			*found = &table->constraints[i];
			n++;
		}
	}
	return n;
}

aiodal_status
aiodal_schema_find_unique(const aiodal_constraint **constraint, const aiodal_schema *schema,
						  const char *namespace_name, const char *name, aiodal_error **err)
{
	const aiodal_constraint *found = NULL;
	aiodal__buf hint = AIODAL__BUF_INIT;
	aiodal__suggest suggest;
	int n;

	if (!schema || !name)
		return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL", schema ? "name" : "schema");
	aiodal__suggest_start(&suggest, name);
	n = search_unique(&found, schema, namespace_name, name, &suggest);
	if (n == 1)
	{
		*constraint = found;
		return AIODAL_OK;
	}
	if (n > 1)
		return aiodal__fail_hint(err, AIODAL_EINVAL, NULL, "Look it up by its table, or name the schema.",
								 "%d tables have a unique constraint \"%s\"", n, name);
	aiodal__suggest_text(&suggest, "There are", &hint);
	(void) aiodal__fail_hint(err, AIODAL_ENOTFOUND, NULL, hint.oom ? NULL : hint.data,
							 "unique constraint \"%s\" does not exist", name);
	aiodal__buf_free(&hint);
	return AIODAL_ENOTFOUND;
}

/*
 * Getters. All alike: the value of one field in the row that the struct stands for. What is NULL is usual.
 */

#define SHAPE_OF_table(table)           (&(table)->schema->shape[AIODAL__RELATIONS])
#define SHAPE_OF_column(column)         (&(column)->table->schema->shape[AIODAL__COLUMNS])
#define SHAPE_OF_constraint(constraint) (&(constraint)->table->schema->shape[AIODAL__CONSTRAINTS])
#define SHAPE_OF_index(index)           (&(index)->table->schema->shape[AIODAL__INDEXES])

#define GETTER(type, handle, name, expression)                   \
	type aiodal_##handle##_##name(const aiodal_##handle *handle) \
	{                                                            \
		return handle ? (expression) : 0;                        \
	}

#define FIELD(handle, number)            aiodal__packed_text(SHAPE_OF_##handle(handle), handle->row, number)

#define TEXT(handle, name, number)       GETTER(const char *, handle, name, FIELD(handle, number))
#define BOOL(handle, name, number)       GETTER(bool, handle, name, to_bool(FIELD(handle, number)))
#define OID(handle, name, number)        GETTER(unsigned int, handle, name, to_oid(FIELD(handle, number)))
#define INT(handle, name, number, usual) GETTER(int, handle, name, to_int(FIELD(handle, number), usual))

TEXT(table, schema, REL_SCHEMA)
TEXT(table, name, REL_NAME)
TEXT(table, kind, REL_KIND)
TEXT(table, persistence, REL_PERSISTENCE)
TEXT(table, owner, REL_OWNER)
TEXT(table, comment, REL_COMMENT)
TEXT(table, definition, REL_DEFINITION)
TEXT(table, partition_key, REL_PARTITION_KEY)
TEXT(table, partition_bound, REL_PARTITION_BOUND)
TEXT(table, extension, REL_EXTENSION)
BOOL(table, visible, REL_VISIBLE)
BOOL(table, insertable, REL_INSERTABLE)
BOOL(table, updatable, REL_UPDATABLE)
BOOL(table, row_security, REL_ROW_SECURITY)
BOOL(table, deletable, REL_DELETABLE)
BOOL(table, force_row_security, REL_FORCE_ROW_SECURITY)
TEXT(table, parent_name, REL_PARENT)
TEXT(table, access_method, REL_ACCESS_METHOD)
TEXT(table, tablespace, REL_TABLESPACE)
TEXT(table, replica_identity, REL_REPLICA_IDENTITY)
TEXT(table, replica_identity_index, REL_REPLICA_IDENTITY_INDEX)
TEXT(table, of_type, REL_OF_TYPE)
TEXT(table, server, REL_SERVER)
OID(table, parent_oid, REL_PARENT_OID)
TEXT(table, distribution, REL_DISTRIBUTION)
TEXT(table, distribution_column, REL_DISTRIBUTION_COLUMN)
INT(table, colocation_id, REL_COLOCATION_ID, 0)
GETTER(double, table, estimated_rows, to_double(FIELD(table, REL_ESTIMATED_ROWS)))

TEXT(column, name, COL_NAME)
INT(column, position, COL_POSITION, 0)
TEXT(column, type, COL_TYPE)
TEXT(column, type_schema, COL_TYPE_SCHEMA)
TEXT(column, type_name, COL_TYPE_NAME)
INT(column, typmod, COL_TYPMOD, -1)
INT(column, dimensions, COL_DIMENSIONS, 0)
TEXT(column, default, COL_DEFAULT)
TEXT(column, identity, COL_IDENTITY)
TEXT(column, generated, COL_GENERATED)
TEXT(column, collation, COL_COLLATION)
TEXT(column, comment, COL_COMMENT)
BOOL(column, not_null, COL_NOT_NULL)
OID(column, type_oid, COL_TYPE_OID)
TEXT(column, type_kind, COL_TYPE_KIND)
TEXT(column, storage, COL_STORAGE)
TEXT(column, collation_schema, COL_COLLATION_SCHEMA)
TEXT(column, element_type, COL_ELEMENT_TYPE)
OID(column, element_type_oid, COL_ELEMENT_TYPE_OID)
TEXT(column, compression, COL_COMPRESSION)
INT(column, statistics, COL_STATISTICS, -1)
BOOL(column, is_local, COL_IS_LOCAL)
INT(column, inherited, COL_INHERITED, 0)
TEXT(column, sequence, COL_SEQUENCE)
TEXT(column, base_schema, COL_BASE_SCHEMA)
TEXT(column, base_table, COL_BASE_TABLE)
TEXT(column, base_column, COL_BASE_COLUMN)

TEXT(constraint, name, CON_NAME)
TEXT(constraint, kind, CON_KIND)
TEXT(constraint, referenced_schema, CON_REFERENCED_SCHEMA)
TEXT(constraint, referenced_name, CON_REFERENCED_RELATION)
TEXT(constraint, on_update, CON_ON_UPDATE)
TEXT(constraint, on_delete, CON_ON_DELETE)
TEXT(constraint, match, CON_MATCH)
BOOL(constraint, deferrable, CON_DEFERRABLE)
BOOL(constraint, initially_deferred, CON_INITIALLY_DEFERRED)
BOOL(constraint, validated, CON_VALIDATED)
BOOL(constraint, enforced, CON_ENFORCED)
BOOL(constraint, nulls_not_distinct, CON_NULLS_NOT_DISTINCT)
TEXT(constraint, expression, CON_EXPRESSION)
TEXT(constraint, definition, CON_DEFINITION)
TEXT(constraint, index, CON_INDEX)
TEXT(constraint, comment, CON_COMMENT)
OID(constraint, oid, CON_OID)
OID(constraint, referenced_oid, CON_REFERENCED_OID)
OID(constraint, index_oid, CON_INDEX_OID)
BOOL(constraint, no_inherit, CON_NO_INHERIT)
BOOL(constraint, is_local, CON_IS_LOCAL)
INT(constraint, inherited, CON_INHERITED, 0)
BOOL(constraint, temporal, CON_TEMPORAL)
TEXT(constraint, predicate, CON_PREDICATE)

TEXT(index, name, IDX_NAME)
TEXT(index, method, IDX_METHOD)
BOOL(index, is_unique, IDX_IS_UNIQUE)
BOOL(index, is_primary, IDX_IS_PRIMARY)
BOOL(index, is_valid, IDX_IS_VALID)
BOOL(index, nulls_not_distinct, IDX_NULLS_NOT_DISTINCT)
TEXT(index, predicate, IDX_PREDICATE)
TEXT(index, constraint, IDX_CONSTRAINT)
TEXT(index, comment, IDX_COMMENT)
OID(index, oid, IDX_OID)
BOOL(index, is_ready, IDX_IS_READY)
BOOL(index, is_clustered, IDX_IS_CLUSTERED)
BOOL(index, is_exclusion, IDX_IS_EXCLUSION)
BOOL(index, is_replica_identity, IDX_IS_REPLICA_IDENTITY)
TEXT(index, tablespace, IDX_TABLESPACE)
TEXT(index, parent, IDX_PARENT)

unsigned int
aiodal_table_oid(const aiodal_table *table)
{
	return table ? table->oid : 0;
}

const char *
aiodal_table_qualified(const aiodal_table *table)
{
	return table ? table->qualified : NULL;
}

const aiodal_table *
aiodal_column_table(const aiodal_column *column)
{
	return column ? column->table : NULL;
}

const aiodal_table *
aiodal_constraint_table(const aiodal_constraint *constraint)
{
	return constraint ? constraint->table : NULL;
}

const aiodal_table *
aiodal_index_table(const aiodal_index *index)
{
	return index ? index->table : NULL;
}

const aiodal_table *
aiodal_constraint_referenced_table(const aiodal_constraint *constraint)
{
	return constraint ? constraint->referenced : NULL;
}

const aiodal_table *
aiodal_table_parent(const aiodal_table *table)
{
	return table ? aiodal_schema_table_by_oid(table->schema, aiodal_table_parent_oid(table)) : NULL;
}

const aiodal_column *
aiodal_column_base(const aiodal_column *column)
{
	const char *of = aiodal_column_base_schema(column);

	if (!of)
		return NULL;
	return aiodal_table_column(
		aiodal_schema_table(column->table->schema, of, aiodal_column_base_table(column)),
		aiodal_column_base_column(column));
}

/*
 * Lists: how many, and the one at a place.
 */

#define LIST_COUNT(handle, name, count)                                 \
	int aiodal_##handle##_##name##_count(const aiodal_##handle *handle) \
	{                                                                   \
		return handle ? (count) : 0;                                    \
	}

#define LIST(type, handle, name, count, element)                             \
	LIST_COUNT(handle, name, count)                                          \
	type aiodal_##handle##_##name##_at(const aiodal_##handle *handle, int i) \
	{                                                                        \
		return handle && i >= 0 && i < (count) ? (element) : NULL;           \
	}

/* of texts in the row */
#define TEXT_LIST(handle, name, number)                                                                \
	LIST_COUNT(handle, name, aiodal__packed_count(SHAPE_OF_##handle(handle), handle->row, number))     \
	const char *aiodal_##handle##_##name##_at(const aiodal_##handle *handle, int i)                    \
	{                                                                                                  \
		return handle ? aiodal__packed_item(SHAPE_OF_##handle(handle), handle->row, number, i) : NULL; \
	}

#define KEY_TEXT(name, field)                                             \
	const char *aiodal_index_key_##name(const aiodal_index *index, int i) \
	{                                                                     \
		return key_cell(index, i, field);                                 \
	}
#define KEY_BOOL(name, field)                                      \
	bool aiodal_index_key_##name(const aiodal_index *index, int i) \
	{                                                              \
		return to_bool(key_cell(index, i, field));                 \
	}

static const char *
key_cell(const aiodal_index *index, int i, int field)
{
	return index ? aiodal__packed_cell(SHAPE_OF_index(index), index->row, IDX_KEYS, i, field) : NULL;
}

LIST(const aiodal_table *, schema, table, schema->n_tables, &schema->tables[i])
LIST(const aiodal_table *, schema, sorted, schema->n_sorted, schema->sorted[i].table)
LIST(const aiodal_column *, table, column, table->n_columns, &table->columns[i])
LIST(const aiodal_constraint *, table, constraint, table->n_constraints, &table->constraints[i])
LIST(const aiodal_constraint *, table, unique, table->n_unique, &table->constraints[i])
LIST(const aiodal_constraint *, table, foreign_key, table->n_foreign,
	 &table->constraints[table->n_unique + i])
LIST(const aiodal_index *, table, index, table->n_indexes, &table->indexes[i])
TEXT_LIST(constraint, column, CON_COLUMNS)
TEXT_LIST(constraint, include, CON_INCLUDE)
TEXT_LIST(constraint, referenced_column, CON_REFERENCED_COLUMNS)
TEXT_LIST(constraint, on_delete_column, CON_ON_DELETE_COLUMNS)
TEXT_LIST(constraint, operator, CON_OPERATORS)
TEXT_LIST(index, include, IDX_INCLUDE)
TEXT_LIST(index, option, IDX_OPTIONS)
TEXT_LIST(table, inherits, REL_INHERITS)
TEXT_LIST(table, option, REL_OPTIONS)
TEXT_LIST(table, foreign_option, REL_FOREIGN_OPTIONS)
TEXT_LIST(column, option, COL_OPTIONS)
TEXT_LIST(column, foreign_option, COL_FOREIGN_OPTIONS)
LIST_COUNT(index, key, aiodal__packed_count(SHAPE_OF_index(index), index->row, IDX_KEYS))
KEY_TEXT(column, KEY_COLUMN)
KEY_TEXT(expression, KEY_EXPRESSION)
KEY_TEXT(collation, KEY_COLLATION)
KEY_TEXT(collation_schema, KEY_COLLATION_SCHEMA)
KEY_TEXT(opclass, KEY_OPCLASS)
KEY_TEXT(opclass_schema, KEY_OPCLASS_SCHEMA)
KEY_BOOL(default_opclass, KEY_DEFAULT_OPCLASS)
KEY_BOOL(descending, KEY_DESCENDING)
KEY_BOOL(nulls_first, KEY_NULLS_FIRST)

const aiodal_constraint *
aiodal_table_primary_key(const aiodal_table *table)
{
	const aiodal_constraint *first = aiodal_table_unique_at(table, 0);

	return first && strcmp(aiodal_constraint_kind(first), "primary key") == 0 ? first : NULL;
}

int
aiodal_index_key_opclass_option_count(const aiodal_index *index, int i)
{
	return index ? aiodal__packed_inner_count(SHAPE_OF_index(index), index->row, IDX_KEYS, i,
											  KEY_OPCLASS_OPTIONS)
				 : 0;
}

const char *
aiodal_index_key_opclass_option_at(const aiodal_index *index, int i, int n)
{
	return index ? aiodal__packed_inner_item(SHAPE_OF_index(index), index->row, IDX_KEYS, i,
											 KEY_OPCLASS_OPTIONS, n)
				 : NULL;
}

int
aiodal_schema_sorted_cycle(const aiodal_schema *schema, int i)
{
	return schema && i >= 0 && i < schema->n_sorted ? schema->sorted[i].cycle : 0;
}

const char *
aiodal_schema_fingerprint(const aiodal_schema *schema)
{
	return schema ? schema->fingerprint : NULL;
}
