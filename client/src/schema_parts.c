/*
 * schema_parts.c
 *		Makes objects, which is all that is no table, column, constraint or index, out of the parts that are
 *read on demand.
 *
 * An object is a row of its part with its lists taken apart. Those that belong to a table are put together
 *table by table, so that each table's are one stretch of one array; those of relations that are not in the
 *snapshot are left out.
 */
#include "schema.h"

#include <stdlib.h>

#include "util/array.h"
#include "util/mem.h"
#include "util/records.h"

#define ARGUMENTS AIODAL__ARGUMENTS

/*
 * The order of columns is that of the enums in schema.h. Objects of tables begin with the table's schema and
 * name, those of schemas with schema, name, oid.
 */
static const char *const part_queries[AIODAL__N_PARTS] = {
	[AIODAL__NAMESPACES] = "SELECT schema, oid, owner, comment, extension FROM aiodal.schemas" ARGUMENTS,
	[AIODAL__TYPES] =
		"SELECT schema, name, oid, kind, owner, labels, base_type, base_type_oid, not_null, default_value, "
		"\"collation\", collation_schema, checks, attributes, subtype, subtype_oid, subtype_opclass, "
		"subtype_opclass_schema, canonical_function, subtype_diff_function, multirange_type, range_type, "
		"comment, extension FROM aiodal.types" ARGUMENTS,
	[AIODAL__FUNCTIONS] =
		"SELECT schema, name, oid, kind, signature, owner, arguments, returns, returns_oid, returns_set, "
		"result_columns, volatility, strict, parallel, language, security_definer, leakproof, settings, "
		"source, library, comment, extension FROM aiodal.functions" ARGUMENTS,
	[AIODAL__SEQUENCES] = "SELECT schema, name, oid, owner, persistence, data_type, start_value, min_value, "
						  "max_value, increment_by, cache_size, cycle, owned_by_schema, owned_by_relation, "
						  "owned_by_column, is_identity, comment, extension FROM aiodal.sequences" ARGUMENTS,
	[AIODAL__TRIGGERS] = "SELECT schema, relation, name, oid, timing, events, level, columns, condition, "
						 "function_schema, function_name, arguments, enabled, is_constraint, \"deferrable\", "
						 "initially_deferred, referenced_schema, referenced_relation, old_table, new_table, "
						 "is_inherited, definition, comment FROM aiodal.triggers" ARGUMENTS,
	[AIODAL__RULES] = "SELECT schema, relation, name, oid, event, is_instead, enabled, definition, comment "
					  "FROM aiodal.rules" ARGUMENTS,
	[AIODAL__POLICIES] = "SELECT schema, relation, name, oid, permissive, roles, cmd, qual, with_check, "
						 "comment FROM aiodal.policies" ARGUMENTS,
	[AIODAL__PRIVILEGES] = "SELECT schema, relation, column_name, grantor, grantee, privilege_type, "
						   "is_grantable FROM aiodal.privileges" ARGUMENTS,
	[AIODAL__STATISTICS] = "SELECT relation_schema, relation, name, oid, schema, owner, kinds, columns, "
						   "expressions, target, comment FROM aiodal.statistics" ARGUMENTS,
	[AIODAL__EXTENSIONS] =
		"SELECT name, oid, schema, owner, version, relocatable, comment FROM aiodal.extensions" ARGUMENTS,
	[AIODAL__EVENT_TRIGGERS] = "SELECT name, oid, event, owner, function_schema, function_name, enabled, "
							   "tags, comment FROM aiodal.event_triggers" ARGUMENTS,
	[AIODAL__PUBLICATIONS] = "SELECT name, oid, owner, all_tables, via_root, operations, schemas, relations, "
							 "comment FROM aiodal.publications" ARGUMENTS,
	[AIODAL__DEFAULT_PRIVILEGES] = "SELECT owner, schema, object_type, grantor, grantee, privilege_type, "
								   "is_grantable FROM aiodal.default_privileges" ARGUMENTS,
};

const char *
aiodal__objects_query(aiodal__part part)
{
	return part_queries[part];
}

/* in the order of the enums */
static const char *const check_fields[] = {"name", "expression", "validated", "comment"};
static const char *const attribute_fields[] = {
	"name", "position", "type", "type_oid", "typmod", "collation", "collation_schema", "comment"};
static const char *const argument_fields[] = {"name", "mode", "type", "type_oid", "default_value"};
static const char *const result_fields[] = {"name", "type", "type_oid"};

/* A column that is a list: an array, or JSON objects with these fields. n_fields 0 ends the lists of a part.
 */
typedef struct list_spec
{
	int column;
	const char *const *fields;
	int n_fields;
} list_spec;

#define MAX_LISTS   3
#define LISTS(part) [(part) -AIODAL__FIRST_OBJECTS]

static const list_spec part_lists[AIODAL__N_OBJECTS][MAX_LISTS] = {
	LISTS(AIODAL__TYPES) = {{TYP_LABELS, NULL, 1},
							{TYP_CHECKS, check_fields, CHK_N_FIELDS},
							{TYP_ATTRIBUTES, attribute_fields, ATT_N_FIELDS}},
	LISTS(AIODAL__FUNCTIONS) = {{FUN_ARGUMENTS, argument_fields, ARG_N_FIELDS},
								{FUN_RESULT_COLUMNS, result_fields, RES_N_FIELDS},
								{FUN_SETTINGS, NULL, 1}},
	LISTS(AIODAL__TRIGGERS) = {{TRG_EVENTS, NULL, 1}, {TRG_COLUMNS, NULL, 1}, {TRG_ARGUMENTS, NULL, 1}},
	LISTS(AIODAL__POLICIES) = {{POL_ROLES, NULL, 1}},
	LISTS(AIODAL__STATISTICS) = {{STA_KINDS, NULL, 1}, {STA_COLUMNS, NULL, 1}, {STA_EXPRESSIONS, NULL, 1}},
	LISTS(AIODAL__EVENT_TRIGGERS) = {{EVT_TAGS, NULL, 1}},
	LISTS(
		AIODAL__PUBLICATIONS) = {{PUB_OPERATIONS, NULL, 1}, {PUB_SCHEMAS, NULL, 1}, {PUB_RELATIONS, NULL, 1}},
};

static bool
is_of_table(aiodal__part part)
{
	return part >= AIODAL__FIRST_OF_TABLE && part < AIODAL__FIRST_OF_TABLE + AIODAL__N_OF_TABLE;
}

static bool
is_of_namespace(aiodal__part part)
{
	return part == AIODAL__TYPES || part == AIODAL__FUNCTIONS || part == AIODAL__SEQUENCES;
}

/* Out of memory is false. The server's own output always parses. */
static bool
fill_lists(aiodal_schema *schema, aiodal__object *object, const list_spec *specs)
{
	aiodal__names *lists;
	int n = 0;

	while (n < MAX_LISTS && specs[n].n_fields > 0)
		n++;
	if (n == 0)
		return true;
	lists = aiodal__arena_alloc(&schema->arena, (size_t) n, sizeof(*lists));
	for (int i = 0; lists && i < n; i++)
	{
		const char *text = PQgetisnull(object->res, object->row, specs[i].column)
							   ? NULL
							   : PQgetvalue(object->res, object->row, specs[i].column);
		int parsed = specs[i].fields ? aiodal__records_parse(&schema->arena, text, specs[i].fields,
															 specs[i].n_fields, &lists[i].item, &lists[i].n)
									 : aiodal__array_parse(&schema->arena, text, &lists[i].item, &lists[i].n);

		if (parsed == -1)
			return false;
	}
	object->lists = lists;
	return lists != NULL;
}

static int
compare_objects(const void *a, const void *b)
{
	const aiodal__object *x = a;
	const aiodal__object *y = b;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	return x->row < y->row ? -1 : 1;
}

/* Puts those of a table together and tells the tables where they are. */
static void
give_to_tables(aiodal_schema *schema, aiodal__part part, aiodal__object *items, int n)
{
	qsort(items, (size_t) n, sizeof(*items), compare_objects);
	for (int i = 0; i < n; i++)
	{
		aiodal_table *table = &schema->tables[items[i].table - schema->tables];
		aiodal__span *span = &table->spans[part - AIODAL__FIRST_OF_TABLE];

		if (span->n++ == 0)
			span->first = i;
	}
}

static bool
index_objects(aiodal_schema *schema, aiodal__objects *objects)
{
	uint32_t n = (uint32_t) objects->n;

	if (!aiodal__index_init(&objects->by_name, &schema->arena, n) ||
		!aiodal__index_init(&objects->by_oid, &schema->arena, n))
		return false;
	for (uint32_t i = 0; i < n; i++)
	{
		const aiodal__object *object = &objects->item[i];

		aiodal__index_put(&objects->by_name,
						  aiodal__object_hash_name(PQgetvalue(object->res, object->row, OBJECT_SCHEMA),
												   PQgetvalue(object->res, object->row, OBJECT_NAME)),
						  i);
		aiodal__index_put(&objects->by_oid, aiodal__hash_int(AIODAL__HASH_START, aiodal__object_oid(object)),
						  i);
	}
	return true;
}

bool
aiodal__objects_make(aiodal_schema *schema, aiodal__part part)
{
	const PGresult *res = schema->part[part];
	aiodal__objects *objects = &schema->objects[part - AIODAL__FIRST_OBJECTS];
	aiodal__object *items = aiodal__arena_alloc(&schema->arena, (size_t) PQntuples(res), sizeof(*items));

	for (int row = 0; items && row < PQntuples(res); row++)
	{
		aiodal__object *object = &items[objects->n];

		object->res = res;
		object->row = row;
		if (is_of_table(part))
		{
			object->table = aiodal_schema_table(schema, PQgetvalue(res, row, OBJECT_SCHEMA),
												PQgetvalue(res, row, OBJECT_NAME));
			if (!object->table)
				continue;
		}
		if (!fill_lists(schema, object, part_lists[part - AIODAL__FIRST_OBJECTS]))
			return false;
		objects->n++;
	}
	if (!items)
		return false;
	if (is_of_table(part))
		give_to_tables(schema, part, items, objects->n);
	objects->item = items;
	return !is_of_namespace(part) || index_objects(schema, objects);
}
