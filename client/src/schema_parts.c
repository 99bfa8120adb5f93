/*
 * schema_parts.c
 *		Makes objects, which is all that is no table, column, constraint or index, out of the parts that are
 *		read on demand. Those that belong to a table come table by table, so each table's are one stretch of
 *		one array.
 */
#include "schema.h"

#include <stdlib.h>

/* The field "relation" is the first of those that have it. */
aiodal_table *
aiodal__table_of_row(aiodal_schema *schema, aiodal__part part, aiodal__packed_row row)
{
	const char *number = aiodal__packed_text(&schema->shape[part], row, OBJECT_PLACE);
	long place = number ? strtol(number, NULL, 10) : -1;

	return place >= 0 && place < schema->n_tables ? &schema->tables[place] : NULL;
}

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

		aiodal__index_put(
			&objects->by_name,
			aiodal__object_hash_name(aiodal__packed_text(object->shape, object->row, OBJECT_SCHEMA),
									 aiodal__packed_text(object->shape, object->row, OBJECT_NAME)),
			i);
		aiodal__index_put(&objects->by_oid, aiodal__hash_int(AIODAL__HASH_START, aiodal__object_oid(object)),
						  i);
	}
	return true;
}

bool
aiodal__objects_begin(aiodal_schema *schema, aiodal__part part, int n)
{
	aiodal__objects *objects = &schema->objects[part - AIODAL__FIRST_OBJECTS];

	objects->item = objects->room = aiodal__arena_alloc(&schema->arena, (size_t) n, sizeof(aiodal__object));
	return objects->item != NULL;
}

/* Tells the table where its objects are. */
static bool
give_to_table(aiodal_schema *schema, aiodal__part part, aiodal__object *object, int i)
{
	aiodal_table *table = aiodal__table_of_row(schema, part, object->row);
	aiodal__span *span;

	if (!table)
		return false;
	span = &table->spans[part - AIODAL__FIRST_OF_TABLE];
	if (span->n++ == 0)
		span->first = i;
	object->table = table;
	return true;
}

bool
aiodal__objects_add(aiodal_schema *schema, aiodal__part part, aiodal__packed_row row)
{
	aiodal__objects *objects = &schema->objects[part - AIODAL__FIRST_OBJECTS];
	aiodal__object *object = &objects->room[objects->n];

	object->shape = &schema->shape[part];
	object->row = row;
	if (is_of_table(part) && !give_to_table(schema, part, object, objects->n))
		return false;
	if (is_of_namespace(part) && (!aiodal__packed_text(object->shape, row, OBJECT_SCHEMA) ||
								  !aiodal__packed_text(object->shape, row, OBJECT_NAME) ||
								  !aiodal__packed_text(object->shape, row, OBJECT_OID)))
		return false;
	objects->n++;
	return true;
}

bool
aiodal__objects_end(aiodal_schema *schema, aiodal__part part)
{
	return !is_of_namespace(part) || index_objects(schema, &schema->objects[part - AIODAL__FIRST_OBJECTS]);
}
