/*
 * schema_objects.c
 *		Reading the parts of a snapshot that are no tables: lookups and getters.
 *
 * The public types are all one inside, an aiodal__object; each is a type of its own so that the compiler
 * tells a trigger from a type.
 */
#include "schema.h"

#include <stdlib.h>
#include <string.h>

#include "schema_value.h"

unsigned int
aiodal_schema_parts(const aiodal_schema *schema)
{
	return schema ? schema->parts : 0;
}

/*
 * Lookups
 */

typedef struct name_key
{
	const char *namespace_name;
	const char *name;
} name_key;

static const char *
text_of(const aiodal__object *object, int column)
{
	return aiodal__packed_text(object->shape, object->row, column);
}

uint32_t
aiodal__object_hash_name(const char *namespace_name, const char *name)
{
	return aiodal__hash_string(aiodal__hash_string(AIODAL__HASH_START, namespace_name), name);
}

unsigned int
aiodal__object_oid(const aiodal__object *object)
{
	return (unsigned int) strtoul(text_of(object, OBJECT_OID), NULL, 10);
}

static bool
object_has_name(const void *elements, uint32_t i, const void *key)
{
	const aiodal__object *object = (const aiodal__object *) elements + i;
	const name_key *wanted = key;

	return strcmp(text_of(object, OBJECT_NAME), wanted->name) == 0 &&
		   strcmp(text_of(object, OBJECT_SCHEMA), wanted->namespace_name) == 0;
}

static bool
object_has_oid(const void *elements, uint32_t i, const void *key)
{
	return aiodal__object_oid((const aiodal__object *) elements + i) == *(const unsigned int *) key;
}

static const aiodal__objects *
objects_of(const aiodal_schema *schema, aiodal__part part)
{
	return &schema->objects[part - AIODAL__FIRST_OBJECTS];
}

/* Number nth of those that share a name: they stand together. */
static const aiodal__object *
find_by_name(const aiodal_schema *schema, aiodal__part part, const char *namespace_name, const char *name,
			 int nth)
{
	name_key key = {namespace_name, name};
	const aiodal__objects *objects;
	int64_t i;

	if (!schema || !namespace_name || !name || nth < 0 || !objects_of(schema, part)->item)
		return NULL;
	objects = objects_of(schema, part);
	i = aiodal__index_get(&objects->by_name, aiodal__object_hash_name(namespace_name, name), object_has_name,
						  objects->item, &key);
	if (i < 0 || nth >= objects->n - i || !object_has_name(objects->item, (uint32_t) (i + nth), &key))
		return NULL;
	return &objects->item[i + nth];
}

static const aiodal__object *
find_by_oid(const aiodal_schema *schema, aiodal__part part, unsigned int oid)
{
	const aiodal__objects *objects;
	int64_t i;

	if (!schema || !objects_of(schema, part)->item)
		return NULL;
	objects = objects_of(schema, part);
	i = aiodal__index_get(&objects->by_oid, aiodal__hash_int(AIODAL__HASH_START, oid), object_has_oid,
						  objects->item, &oid);
	return i < 0 ? NULL : &objects->item[i];
}

/* Among few: those of a table, or of the database. */
static const aiodal__object *
find_among(const aiodal__object *objects, int n, int column, const char *name)
{
	for (int i = 0; name && i < n; i++)
	{
		const char *candidate = text_of(&objects[i], column);

		if (candidate && strcmp(candidate, name) == 0)
			return &objects[i];
	}
	return NULL;
}

/* NULL when the part was not read. */
static const aiodal__object *
of_table(const aiodal_table *table, aiodal__part part)
{
	const aiodal__object *item = objects_of(table->schema, part)->item;

	return item ? &item[table->spans[part - AIODAL__FIRST_OF_TABLE].first] : NULL;
}

static int
of_table_count(const aiodal_table *table, aiodal__part part)
{
	return table->spans[part - AIODAL__FIRST_OF_TABLE].n;
}

/*
 * Values
 */

#define GETTER(type, handle, name, expression)                          \
	type aiodal_##handle##_##name(const aiodal_##handle *handle)        \
	{                                                                   \
		const aiodal__object *object = (const aiodal__object *) handle; \
                                                                        \
		return object ? (expression) : 0;                               \
	}

#define TEXT(handle, name, column)   GETTER(const char *, handle, name, text_of(object, column))
#define BOOL(handle, name, column)   GETTER(bool, handle, name, to_bool(text_of(object, column)))
#define OID(handle, name, column)    GETTER(unsigned int, handle, name, to_oid(text_of(object, column)))
#define INT(handle, name, column)    GETTER(int, handle, name, to_int(text_of(object, column), 0))
#define DOUBLE(handle, name, column) GETTER(double, handle, name, to_double(text_of(object, column)))
#define INT64(handle, name, column)  GETTER(int64_t, handle, name, to_int64(text_of(object, column)))

/* An element of a list, or a field of a record in one. */
#define ELEMENT(type, handle, name, expression)                         \
	type aiodal_##handle##_##name(const aiodal_##handle *handle, int i) \
	{                                                                   \
		const aiodal__object *object = (const aiodal__object *) handle; \
                                                                        \
		return object ? (expression) : 0;                               \
	}

#define LIST_COUNT(handle, name, list) \
	GETTER(int, handle, name##_count, aiodal__packed_count(object->shape, object->row, list))
#define LIST(handle, name, list)   \
	LIST_COUNT(handle, name, list) \
	ELEMENT(const char *, handle, name##_at, aiodal__packed_item(object->shape, object->row, list, i))
#define CELL(list, field)                    aiodal__packed_cell(object->shape, object->row, list, i, field)
#define TEXT_CELL(handle, name, list, field) ELEMENT(const char *, handle, name, CELL(list, field))
#define BOOL_CELL(handle, name, list, field) ELEMENT(bool, handle, name, to_bool(CELL(list, field)))
#define OID_CELL(handle, name, list, field)  ELEMENT(unsigned int, handle, name, to_oid(CELL(list, field)))
#define INT_CELL(handle, name, list, field)  ELEMENT(int, handle, name, to_int(CELL(list, field), 0))

/* How many an owner has, and the one at a place. */
#define OBJECTS(owner, handle, first, count)                                                    \
	int aiodal_##owner##_##handle##_count(const aiodal_##owner *owner)                          \
	{                                                                                           \
		return owner ? (count) : 0;                                                             \
	}                                                                                           \
	const aiodal_##handle *aiodal_##owner##_##handle##_at(const aiodal_##owner *owner, int i)   \
	{                                                                                           \
		return owner && i >= 0 && i < (count) ? (const aiodal_##handle *) ((first) + i) : NULL; \
	}

#define SCHEMA_OBJECTS(handle, part) \
	OBJECTS(schema, handle, objects_of(schema, part)->item, objects_of(schema, part)->n)

#define DATABASE_OBJECTS(handle, part)                                                             \
	SCHEMA_OBJECTS(handle, part)                                                                   \
	const aiodal_##handle *aiodal_schema_##handle(const aiodal_schema *schema, const char *name)   \
	{                                                                                              \
		return schema ? (const aiodal_##handle *) find_among(objects_of(schema, part)->item,       \
															 objects_of(schema, part)->n, 0, name) \
					  : NULL;                                                                      \
	}

#define NAMESPACE_OBJECTS(handle, part)                                                                   \
	SCHEMA_OBJECTS(handle, part)                                                                          \
	const aiodal_##handle *aiodal_schema_##handle##_by_oid(const aiodal_schema *schema, unsigned int oid) \
	{                                                                                                     \
		return (const aiodal_##handle *) find_by_oid(schema, part, oid);                                  \
	}

#define TABLE_OBJECTS(handle, part)                                            \
	OBJECTS(table, handle, of_table(table, part), of_table_count(table, part)) \
	const aiodal_table *aiodal_##handle##_table(const aiodal_##handle *handle) \
	{                                                                          \
		return handle ? ((const aiodal__object *) handle)->table : NULL;       \
	}

#define TABLE_OBJECTS_BY_NAME(handle, part)                                                       \
	const aiodal_##handle *aiodal_table_##handle(const aiodal_table *table, const char *name)     \
	{                                                                                             \
		return table ? (const aiodal_##handle *) find_among(of_table(table, part),                \
															of_table_count(table, part), 1, name) \
					 : NULL;                                                                      \
	}

const aiodal_type *
aiodal_schema_type(const aiodal_schema *schema, const char *namespace_name, const char *name)
{
	return (const aiodal_type *) find_by_name(schema, AIODAL__TYPES, namespace_name, name, 0);
}

const aiodal_function *
aiodal_schema_function(const aiodal_schema *schema, const char *namespace_name, const char *name, int nth)
{
	return (const aiodal_function *) find_by_name(schema, AIODAL__FUNCTIONS, namespace_name, name, nth);
}

const aiodal_sequence *
aiodal_schema_sequence(const aiodal_schema *schema, const char *namespace_name, const char *name)
{
	return (const aiodal_sequence *) find_by_name(schema, AIODAL__SEQUENCES, namespace_name, name, 0);
}

DATABASE_OBJECTS(namespace, AIODAL__NAMESPACES)
TEXT(namespace, name, NSP_SCHEMA)
OID(namespace, oid, NSP_OID)
TEXT(namespace, owner, NSP_OWNER)
TEXT(namespace, comment, NSP_COMMENT)
TEXT(namespace, extension, NSP_EXTENSION)

NAMESPACE_OBJECTS(type, AIODAL__TYPES)
TEXT(type, schema, TYP_SCHEMA)
TEXT(type, name, TYP_NAME)
OID(type, oid, TYP_OID)
TEXT(type, kind, TYP_KIND)
TEXT(type, owner, TYP_OWNER)
LIST(type, label, TYP_LABELS)
TEXT(type, base_type, TYP_BASE_TYPE)
OID(type, base_type_oid, TYP_BASE_TYPE_OID)
BOOL(type, not_null, TYP_NOT_NULL)
TEXT(type, default, TYP_DEFAULT_VALUE)
TEXT(type, collation, TYP_COLLATION)
TEXT(type, collation_schema, TYP_COLLATION_SCHEMA)
LIST_COUNT(type, check, TYP_CHECKS)
TEXT_CELL(type, check_name, TYP_CHECKS, CHK_NAME)
TEXT_CELL(type, check_expression, TYP_CHECKS, CHK_EXPRESSION)
BOOL_CELL(type, check_validated, TYP_CHECKS, CHK_VALIDATED)
TEXT_CELL(type, check_comment, TYP_CHECKS, CHK_COMMENT)
LIST_COUNT(type, attribute, TYP_ATTRIBUTES)
TEXT_CELL(type, attribute_name, TYP_ATTRIBUTES, ATT_NAME)
INT_CELL(type, attribute_position, TYP_ATTRIBUTES, ATT_POSITION)
TEXT_CELL(type, attribute_type, TYP_ATTRIBUTES, ATT_TYPE)
OID_CELL(type, attribute_type_oid, TYP_ATTRIBUTES, ATT_TYPE_OID)
INT_CELL(type, attribute_typmod, TYP_ATTRIBUTES, ATT_TYPMOD)
TEXT_CELL(type, attribute_collation, TYP_ATTRIBUTES, ATT_COLLATION)
TEXT_CELL(type, attribute_collation_schema, TYP_ATTRIBUTES, ATT_COLLATION_SCHEMA)
TEXT_CELL(type, attribute_comment, TYP_ATTRIBUTES, ATT_COMMENT)
TEXT(type, subtype, TYP_SUBTYPE)
OID(type, subtype_oid, TYP_SUBTYPE_OID)
TEXT(type, subtype_opclass, TYP_SUBTYPE_OPCLASS)
TEXT(type, subtype_opclass_schema, TYP_SUBTYPE_OPCLASS_SCHEMA)
TEXT(type, canonical_function, TYP_CANONICAL_FUNCTION)
TEXT(type, subtype_diff_function, TYP_SUBTYPE_DIFF_FUNCTION)
TEXT(type, multirange_type, TYP_MULTIRANGE_TYPE)
TEXT(type, range_type, TYP_RANGE_TYPE)
TEXT(type, comment, TYP_COMMENT)
TEXT(type, extension, TYP_EXTENSION)

NAMESPACE_OBJECTS(function, AIODAL__FUNCTIONS)
TEXT(function, schema, FUN_SCHEMA)
TEXT(function, name, FUN_NAME)
OID(function, oid, FUN_OID)
TEXT(function, kind, FUN_KIND)
TEXT(function, signature, FUN_SIGNATURE)
TEXT(function, owner, FUN_OWNER)
LIST_COUNT(function, argument, FUN_ARGUMENTS)
TEXT_CELL(function, argument_name, FUN_ARGUMENTS, ARG_NAME)
TEXT_CELL(function, argument_mode, FUN_ARGUMENTS, ARG_MODE)
TEXT_CELL(function, argument_type, FUN_ARGUMENTS, ARG_TYPE)
OID_CELL(function, argument_type_oid, FUN_ARGUMENTS, ARG_TYPE_OID)
TEXT_CELL(function, argument_default, FUN_ARGUMENTS, ARG_DEFAULT_VALUE)
TEXT(function, returns, FUN_RETURNS)
OID(function, returns_oid, FUN_RETURNS_OID)
BOOL(function, returns_set, FUN_RETURNS_SET)
LIST_COUNT(function, result_column, FUN_RESULT_COLUMNS)
TEXT_CELL(function, result_column_name, FUN_RESULT_COLUMNS, RES_NAME)
TEXT_CELL(function, result_column_type, FUN_RESULT_COLUMNS, RES_TYPE)
OID_CELL(function, result_column_type_oid, FUN_RESULT_COLUMNS, RES_TYPE_OID)
TEXT(function, volatility, FUN_VOLATILITY)
BOOL(function, strict, FUN_STRICT)
TEXT(function, parallel, FUN_PARALLEL)
TEXT(function, language, FUN_LANGUAGE)
BOOL(function, security_definer, FUN_SECURITY_DEFINER)
BOOL(function, leakproof, FUN_LEAKPROOF)
LIST(function, setting, FUN_SETTINGS)
TEXT(function, source, FUN_SOURCE)
TEXT(function, library, FUN_LIBRARY)
DOUBLE(function, cost, FUN_COST)
DOUBLE(function, estimated_rows, FUN_ESTIMATED_ROWS)
TEXT(function, comment, FUN_COMMENT)
TEXT(function, extension, FUN_EXTENSION)

NAMESPACE_OBJECTS(sequence, AIODAL__SEQUENCES)
TEXT(sequence, schema, SEQ_SCHEMA)
TEXT(sequence, name, SEQ_NAME)
OID(sequence, oid, SEQ_OID)
TEXT(sequence, owner, SEQ_OWNER)
TEXT(sequence, persistence, SEQ_PERSISTENCE)
TEXT(sequence, type, SEQ_DATA_TYPE)
INT64(sequence, start, SEQ_START_VALUE)
INT64(sequence, min, SEQ_MIN_VALUE)
INT64(sequence, max, SEQ_MAX_VALUE)
INT64(sequence, increment, SEQ_INCREMENT_BY)
INT64(sequence, cache, SEQ_CACHE_SIZE)
BOOL(sequence, cycle, SEQ_CYCLE)
TEXT(sequence, owned_by_schema, SEQ_OWNED_BY_SCHEMA)
TEXT(sequence, owned_by_table, SEQ_OWNED_BY_RELATION)
TEXT(sequence, owned_by_column, SEQ_OWNED_BY_COLUMN)
BOOL(sequence, is_identity, SEQ_IS_IDENTITY)
TEXT(sequence, comment, SEQ_COMMENT)
TEXT(sequence, extension, SEQ_EXTENSION)

TABLE_OBJECTS_BY_NAME(trigger, AIODAL__TRIGGERS)
TABLE_OBJECTS(trigger, AIODAL__TRIGGERS)
TEXT(trigger, name, TRG_NAME)
OID(trigger, oid, TRG_OID)
TEXT(trigger, timing, TRG_TIMING)
LIST(trigger, event, TRG_EVENTS)
TEXT(trigger, level, TRG_LEVEL)
LIST(trigger, column, TRG_COLUMNS)
TEXT(trigger, condition, TRG_CONDITION)
TEXT(trigger, function_schema, TRG_FUNCTION_SCHEMA)
TEXT(trigger, function_name, TRG_FUNCTION_NAME)
LIST(trigger, argument, TRG_ARGUMENTS)
TEXT(trigger, enabled, TRG_ENABLED)
BOOL(trigger, is_constraint, TRG_IS_CONSTRAINT)
BOOL(trigger, deferrable, TRG_DEFERRABLE)
BOOL(trigger, initially_deferred, TRG_INITIALLY_DEFERRED)
TEXT(trigger, referenced_schema, TRG_REFERENCED_SCHEMA)
TEXT(trigger, referenced_name, TRG_REFERENCED_RELATION)
TEXT(trigger, old_table, TRG_OLD_TABLE)
TEXT(trigger, new_table, TRG_NEW_TABLE)
BOOL(trigger, is_inherited, TRG_IS_INHERITED)
TEXT(trigger, definition, TRG_DEFINITION)
TEXT(trigger, comment, TRG_COMMENT)

TABLE_OBJECTS_BY_NAME(rule, AIODAL__RULES)
TABLE_OBJECTS(rule, AIODAL__RULES)
TEXT(rule, name, RUL_NAME)
OID(rule, oid, RUL_OID)
TEXT(rule, event, RUL_EVENT)
BOOL(rule, is_instead, RUL_IS_INSTEAD)
TEXT(rule, enabled, RUL_ENABLED)
TEXT(rule, definition, RUL_DEFINITION)
TEXT(rule, comment, RUL_COMMENT)

TABLE_OBJECTS_BY_NAME(policy, AIODAL__POLICIES)
TABLE_OBJECTS(policy, AIODAL__POLICIES)
TEXT(policy, name, POL_NAME)
OID(policy, oid, POL_OID)
BOOL(policy, permissive, POL_PERMISSIVE)
LIST(policy, role, POL_ROLES)
TEXT(policy, command, POL_CMD)
TEXT(policy, using, POL_QUAL)
TEXT(policy, with_check, POL_WITH_CHECK)
TEXT(policy, comment, POL_COMMENT)

TABLE_OBJECTS(privilege, AIODAL__PRIVILEGES)
TEXT(privilege, column, PRV_COLUMN_NAME)
TEXT(privilege, grantor, PRV_GRANTOR)
TEXT(privilege, grantee, PRV_GRANTEE)
TEXT(privilege, type, PRV_PRIVILEGE_TYPE)
BOOL(privilege, is_grantable, PRV_IS_GRANTABLE)

TABLE_OBJECTS_BY_NAME(statistics, AIODAL__STATISTICS)
TABLE_OBJECTS(statistics, AIODAL__STATISTICS)
TEXT(statistics, name, STA_NAME)
OID(statistics, oid, STA_OID)
TEXT(statistics, schema, STA_SCHEMA)
TEXT(statistics, owner, STA_OWNER)
LIST(statistics, kind, STA_KINDS)
LIST(statistics, column, STA_COLUMNS)
LIST(statistics, expression, STA_EXPRESSIONS)
GETTER(int, statistics, target, to_int(text_of(object, STA_TARGET), -1))
TEXT(statistics, comment, STA_COMMENT)

DATABASE_OBJECTS(extension, AIODAL__EXTENSIONS)
TEXT(extension, name, EXT_NAME)
OID(extension, oid, EXT_OID)
TEXT(extension, schema, EXT_SCHEMA)
TEXT(extension, owner, EXT_OWNER)
TEXT(extension, version, EXT_VERSION)
BOOL(extension, relocatable, EXT_RELOCATABLE)
TEXT(extension, comment, EXT_COMMENT)

DATABASE_OBJECTS(event_trigger, AIODAL__EVENT_TRIGGERS)
TEXT(event_trigger, name, EVT_NAME)
OID(event_trigger, oid, EVT_OID)
TEXT(event_trigger, event, EVT_EVENT)
TEXT(event_trigger, owner, EVT_OWNER)
TEXT(event_trigger, function_schema, EVT_FUNCTION_SCHEMA)
TEXT(event_trigger, function_name, EVT_FUNCTION_NAME)
TEXT(event_trigger, enabled, EVT_ENABLED)
LIST(event_trigger, tag, EVT_TAGS)
TEXT(event_trigger, comment, EVT_COMMENT)

DATABASE_OBJECTS(publication, AIODAL__PUBLICATIONS)
TEXT(publication, name, PUB_NAME)
OID(publication, oid, PUB_OID)
TEXT(publication, owner, PUB_OWNER)
BOOL(publication, all_tables, PUB_ALL_TABLES)
BOOL(publication, via_root, PUB_VIA_ROOT)
LIST(publication, operation, PUB_OPERATIONS)
LIST(publication, schema, PUB_SCHEMAS)
LIST(publication, table, PUB_RELATIONS)
TEXT(publication, comment, PUB_COMMENT)

SCHEMA_OBJECTS(default_privilege, AIODAL__DEFAULT_PRIVILEGES)
TEXT(default_privilege, owner, DEF_OWNER)
TEXT(default_privilege, schema, DEF_SCHEMA)
TEXT(default_privilege, object_type, DEF_OBJECT_TYPE)
TEXT(default_privilege, grantor, DEF_GRANTOR)
TEXT(default_privilege, grantee, DEF_GRANTEE)
TEXT(default_privilege, type, DEF_PRIVILEGE_TYPE)
BOOL(default_privilege, is_grantable, DEF_IS_GRANTABLE)

int
aiodal_schema_warning_count(const aiodal_schema *schema)
{
	return schema ? objects_of(schema, AIODAL__WARNINGS)->n : 0;
}

const char *
aiodal_schema_warning_at(const aiodal_schema *schema, int i)
{
	return i >= 0 && i < aiodal_schema_warning_count(schema)
			   ? text_of(&objects_of(schema, AIODAL__WARNINGS)->item[i], 0)
			   : NULL;
}
