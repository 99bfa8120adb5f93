/*
 * schema.c
 *		Reading a snapshot: lookups and getters. Nothing here changes it but its count of references.
 */
#include "schema.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
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
	for (int i = 0; i < AIODAL__N_PARTS; i++)
		PQclear(schema->part[i]);
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
 * Getters. All alike: the value of one column in the row that the struct stands for.
 */

static const char *
text_of(const PGresult *res, int row, int column)
{
	return PQgetisnull(res, row, column) ? NULL : PQgetvalue(res, row, column);
}

static int
int_of(const PGresult *res, int row, int column)
{
	return (int) strtol(PQgetvalue(res, row, column), NULL, 10);
}

static bool
bool_of(const PGresult *res, int row, int column)
{
	return PQgetvalue(res, row, column)[0] == 't';
}

static unsigned int
oid_of(const PGresult *res, int row, int column)
{
	return (unsigned int) strtoul(PQgetvalue(res, row, column), NULL, 10);
}

/* What is not said is as usual. */
static const char *
detail_text(const aiodal__details *details, int cell)
{
	return details ? details->cell[cell] : NULL;
}

static unsigned int
detail_oid(const aiodal__details *details, int cell)
{
	return details && details->cell[cell] ? (unsigned int) strtoul(details->cell[cell], NULL, 10) : 0;
}

static int
detail_int(const aiodal__details *details, int cell, int usual)
{
	return details && details->cell[cell] ? (int) strtol(details->cell[cell], NULL, 10) : usual;
}

static bool
detail_bool(const aiodal__details *details, int cell, bool usual)
{
	return details && details->cell[cell] ? details->cell[cell][0] == 't' : usual;
}

#define GETTER(type, handle, name, part_of, expression)          \
	type aiodal_##handle##_##name(const aiodal_##handle *handle) \
	{                                                            \
		const PGresult *res = handle ? part_of : NULL;           \
		int row = handle ? handle->row : 0;                      \
                                                                 \
		return handle ? (expression) : 0;                        \
	}

#define TABLE_PART                table->schema->part[AIODAL__RELATIONS]
#define COLUMN_PART               column->table->schema->part[AIODAL__COLUMNS]
#define CONSTRAINT_PART           constraint->table->schema->part[AIODAL__CONSTRAINTS]
#define INDEX_PART                index->table->schema->part[AIODAL__INDEXES]

#define TABLE_TEXT(name, number)  GETTER(const char *, table, name, TABLE_PART, text_of(res, row, number))
#define TABLE_BOOL(name, number)  GETTER(bool, table, name, TABLE_PART, bool_of(res, row, number))
#define COLUMN_TEXT(name, number) GETTER(const char *, column, name, COLUMN_PART, text_of(res, row, number))
#define COLUMN_INT(name, number)  GETTER(int, column, name, COLUMN_PART, int_of(res, row, number))
#define CONSTRAINT_TEXT(name, number) \
	GETTER(const char *, constraint, name, CONSTRAINT_PART, text_of(res, row, number))
#define CONSTRAINT_BOOL(name, number) \
	GETTER(bool, constraint, name, CONSTRAINT_PART, bool_of(res, row, number))
#define INDEX_TEXT(name, number) GETTER(const char *, index, name, INDEX_PART, text_of(res, row, number))
#define INDEX_BOOL(name, number) GETTER(bool, index, name, INDEX_PART, bool_of(res, row, number))

#define DETAIL(type, handle, name, expression)                   \
	type aiodal_##handle##_##name(const aiodal_##handle *handle) \
	{                                                            \
		return handle ? (expression) : 0;                        \
	}
#define DETAIL_TEXT(handle, name, cell) DETAIL(const char *, handle, name, detail_text(handle->details, cell))
#define DETAIL_BOOL(handle, name, cell, usual) \
	DETAIL(bool, handle, name, detail_bool(handle->details, cell, usual))
#define DETAIL_INT(handle, name, cell, usual) \
	DETAIL(int, handle, name, detail_int(handle->details, cell, usual))

TABLE_TEXT(schema, REL_SCHEMA)
TABLE_TEXT(name, REL_NAME)
TABLE_TEXT(kind, REL_KIND)
TABLE_TEXT(persistence, REL_PERSISTENCE)
TABLE_TEXT(owner, REL_OWNER)
TABLE_TEXT(comment, REL_COMMENT)
TABLE_TEXT(definition, REL_DEFINITION)
TABLE_TEXT(partition_key, REL_PARTITION_KEY)
TABLE_TEXT(partition_bound, REL_PARTITION_BOUND)
TABLE_TEXT(extension, REL_EXTENSION)
TABLE_BOOL(visible, REL_VISIBLE)
TABLE_BOOL(insertable, REL_INSERTABLE)
TABLE_BOOL(updatable, REL_UPDATABLE)
TABLE_BOOL(row_security, REL_ROW_SECURITY)
TABLE_BOOL(deletable, REL_DELETABLE)
TABLE_BOOL(force_row_security, REL_FORCE_ROW_SECURITY)
TABLE_TEXT(parent_name, REL_PARENT)
TABLE_TEXT(access_method, REL_ACCESS_METHOD)
TABLE_TEXT(tablespace, REL_TABLESPACE)
TABLE_TEXT(replica_identity, REL_REPLICA_IDENTITY)
TABLE_TEXT(replica_identity_index, REL_REPLICA_IDENTITY_INDEX)
TABLE_TEXT(of_type, REL_OF_TYPE)
TABLE_TEXT(server, REL_SERVER)
GETTER(unsigned int, table, parent_oid, TABLE_PART, oid_of(res, row, REL_PARENT_OID))
GETTER(double, table, estimated_rows, TABLE_PART, strtod(PQgetvalue(res, row, REL_ESTIMATED_ROWS), NULL))

COLUMN_TEXT(name, COL_NAME)
COLUMN_INT(position, COL_POSITION)
COLUMN_TEXT(type, COL_TYPE)
COLUMN_TEXT(type_schema, COL_TYPE_SCHEMA)
COLUMN_TEXT(type_name, COL_TYPE_NAME)
COLUMN_INT(typmod, COL_TYPMOD)
COLUMN_INT(dimensions, COL_DIMENSIONS)
COLUMN_TEXT(default, COL_DEFAULT)
COLUMN_TEXT(identity, COL_IDENTITY)
COLUMN_TEXT(generated, COL_GENERATED)
COLUMN_TEXT(collation, COL_COLLATION)
COLUMN_TEXT(comment, COL_COMMENT)
GETTER(bool, column, not_null, COLUMN_PART, bool_of(res, row, COL_NOT_NULL))
GETTER(unsigned int, column, type_oid, COLUMN_PART, oid_of(res, row, COL_TYPE_OID))
COLUMN_TEXT(type_kind, COL_TYPE_KIND)
COLUMN_TEXT(storage, COL_STORAGE)
DETAIL_TEXT(column, collation_schema, COL_DETAIL_COLLATION_SCHEMA)
DETAIL_TEXT(column, element_type, COL_DETAIL_ELEMENT_TYPE)
DETAIL(unsigned int, column, element_type_oid, detail_oid(column->details, COL_DETAIL_ELEMENT_TYPE_OID))
DETAIL_TEXT(column, compression, COL_DETAIL_COMPRESSION)
DETAIL_INT(column, statistics, COL_DETAIL_STATISTICS, -1)
DETAIL_BOOL(column, is_local, COL_DETAIL_IS_LOCAL, true)
DETAIL_INT(column, inherited, COL_DETAIL_INHERITED, 0)
DETAIL_TEXT(column, sequence, COL_DETAIL_SEQUENCE)
DETAIL_TEXT(column, base_schema, COL_DETAIL_BASE_SCHEMA)
DETAIL_TEXT(column, base_table, COL_DETAIL_BASE_TABLE)
DETAIL_TEXT(column, base_column, COL_DETAIL_BASE_COLUMN)

CONSTRAINT_TEXT(name, CON_NAME)
CONSTRAINT_TEXT(kind, CON_KIND)
CONSTRAINT_TEXT(referenced_schema, CON_REFERENCED_SCHEMA)
CONSTRAINT_TEXT(referenced_name, CON_REFERENCED_RELATION)
CONSTRAINT_TEXT(on_update, CON_ON_UPDATE)
CONSTRAINT_TEXT(on_delete, CON_ON_DELETE)
CONSTRAINT_TEXT(match, CON_MATCH)
CONSTRAINT_BOOL(deferrable, CON_DEFERRABLE)
CONSTRAINT_BOOL(initially_deferred, CON_INITIALLY_DEFERRED)
CONSTRAINT_BOOL(validated, CON_VALIDATED)
CONSTRAINT_BOOL(enforced, CON_ENFORCED)
CONSTRAINT_BOOL(nulls_not_distinct, CON_NULLS_NOT_DISTINCT)
CONSTRAINT_TEXT(expression, CON_EXPRESSION)
CONSTRAINT_TEXT(definition, CON_DEFINITION)
CONSTRAINT_TEXT(index, CON_INDEX)
CONSTRAINT_TEXT(comment, CON_COMMENT)
GETTER(unsigned int, constraint, oid, CONSTRAINT_PART, oid_of(res, row, CON_OID))
DETAIL_BOOL(constraint, no_inherit, CON_DETAIL_NO_INHERIT, false)
DETAIL_BOOL(constraint, is_local, CON_DETAIL_IS_LOCAL, true)
DETAIL_INT(constraint, inherited, CON_DETAIL_INHERITED, 0)
DETAIL_BOOL(constraint, temporal, CON_DETAIL_TEMPORAL, false)
DETAIL_TEXT(constraint, predicate, CON_DETAIL_PREDICATE)

INDEX_TEXT(name, IDX_NAME)
INDEX_TEXT(method, IDX_METHOD)
INDEX_BOOL(is_unique, IDX_IS_UNIQUE)
INDEX_BOOL(is_primary, IDX_IS_PRIMARY)
INDEX_BOOL(is_valid, IDX_IS_VALID)
INDEX_BOOL(nulls_not_distinct, IDX_NULLS_NOT_DISTINCT)
INDEX_TEXT(keys, IDX_KEYS)
INDEX_TEXT(predicate, IDX_PREDICATE)
INDEX_TEXT(constraint, IDX_CONSTRAINT)
INDEX_TEXT(comment, IDX_COMMENT)
GETTER(unsigned int, index, oid, INDEX_PART, oid_of(res, row, IDX_OID))
DETAIL_BOOL(index, is_ready, IDX_DETAIL_IS_READY, true)
DETAIL_BOOL(index, is_clustered, IDX_DETAIL_IS_CLUSTERED, false)
DETAIL_BOOL(index, is_exclusion, IDX_DETAIL_IS_EXCLUSION, false)
DETAIL_BOOL(index, is_replica_identity, IDX_DETAIL_IS_REPLICA_IDENTITY, false)
DETAIL_TEXT(index, tablespace, IDX_DETAIL_TABLESPACE)
DETAIL_TEXT(index, parent, IDX_DETAIL_PARENT)

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

#define DETAIL_LIST(handle, name, number)                                                   \
	LIST(const char *, handle, name, handle->details ? handle->details->list[number].n : 0, \
		 handle->details->list[number].item[i])

#define KEY_TEXT(name, field)                                             \
	const char *aiodal_index_key_##name(const aiodal_index *index, int i) \
	{                                                                     \
		return key_cell(index, i, field);                                 \
	}
#define KEY_BOOL(name, field)                                      \
	bool aiodal_index_key_##name(const aiodal_index *index, int i) \
	{                                                              \
		const char *cell = key_cell(index, i, field);              \
                                                                   \
		return cell && cell[0] == 't';                             \
	}

static const char *
key_cell(const aiodal_index *index, int i, int field)
{
	if (!index || i < 0 || i >= index->keys.n)
		return NULL;
	return index->keys.item[(ptrdiff_t) i * KEY_N_FIELDS + field];
}

LIST(const aiodal_table *, schema, table, schema->n_tables, &schema->tables[i])
LIST(const aiodal_table *, schema, sorted, schema->n_sorted, schema->sorted[i])
LIST(const aiodal_column *, table, column, table->n_columns, &table->columns[i])
LIST(const aiodal_constraint *, table, constraint, table->n_constraints, &table->constraints[i])
LIST(const aiodal_constraint *, table, unique, table->n_unique, &table->constraints[i])
LIST(const aiodal_constraint *, table, foreign_key, table->n_foreign,
	 &table->constraints[table->n_unique + i])
LIST(const aiodal_index *, table, index, table->n_indexes, &table->indexes[i])
LIST(const char *, constraint, column, constraint->columns.n, constraint->columns.item[i])
LIST(const char *, constraint, include, constraint->include.n, constraint->include.item[i])
LIST(const char *, constraint, referenced_column, constraint->referenced_columns.n,
	 constraint->referenced_columns.item[i])
LIST(const char *, index, include, index->include.n, index->include.item[i])
LIST(const char *, table, inherits, table->inherits.n, table->inherits.item[i])
LIST(const char *, table, option, table->options.n, table->options.item[i])
LIST(const char *, table, foreign_option, table->foreign_options.n, table->foreign_options.item[i])
DETAIL_LIST(column, option, COL_DETAIL_OPTIONS)
DETAIL_LIST(column, foreign_option, COL_DETAIL_FOREIGN_OPTIONS)
DETAIL_LIST(constraint, on_delete_column, CON_DETAIL_ON_DELETE_COLUMNS)
DETAIL_LIST(constraint, operator, CON_DETAIL_OPERATORS)
DETAIL_LIST(index, option, IDX_DETAIL_OPTIONS)
LIST_COUNT(index, key, index->keys.n)
KEY_TEXT(column, KEY_COLUMN)
KEY_TEXT(expression, KEY_EXPRESSION)
KEY_TEXT(collation, KEY_COLLATION)
KEY_TEXT(collation_schema, KEY_COLLATION_SCHEMA)
KEY_TEXT(opclass, KEY_OPCLASS)
KEY_TEXT(opclass_schema, KEY_OPCLASS_SCHEMA)
KEY_TEXT(opclass_options, KEY_OPCLASS_OPTIONS)
KEY_BOOL(default_opclass, KEY_DEFAULT_OPCLASS)
KEY_BOOL(descending, KEY_DESCENDING)
KEY_BOOL(nulls_first, KEY_NULLS_FIRST)

const aiodal_constraint *
aiodal_table_primary_key(const aiodal_table *table)
{
	const aiodal_constraint *first = aiodal_table_unique_at(table, 0);

	return first && strcmp(aiodal_constraint_kind(first), "primary key") == 0 ? first : NULL;
}
