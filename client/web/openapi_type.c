/*
 * openapi_type.c
 *		PostgreSQL's types in JSON Schema.
 */
#include <stdio.h>
#include <string.h>

#include "openapi.h"

/* What is said of a built-in type: members besides its own "type". */
static const struct
{
	unsigned int type;
	const char *json;
	const char *format;
} plain[] = {
	{16, "boolean", NULL},    {20, "integer", "int64"}, {21, "integer", "int32"},
	{23, "integer", "int32"}, {700, "number", "float"}, {701, "number", "double"},
	{1700, "number", NULL},   {1082, "string", "date"}, {1184, "string", "date-time"},
	{2950, "string", "uuid"},
};

/* Arrays of built-in types, where a query has them: of a column the element is known. */
static const struct
{
	unsigned int array, element;
} arrays[] = {
	{1000, 16},   {1005, 21},   {1007, 23},   {1016, 20},   {1021, 700},
	{1022, 701},  {1231, 1700}, {1009, 25},   {1015, 1043}, {1182, 1082},
	{1115, 1114}, {1185, 1184}, {2951, 2950}, {199, 114},   {3807, 3802},
};

#define VARCHAR      1043
#define BPCHAR       1042
#define FIRST_OWN    10000
#define MAX_DEPTH    8 /* composite types in composite types */
#define TYPMOD_EXTRA 4 /* what a typmod of varchar has on top of the length */

static void write_type(aiodal_web__json_out *out, const aiodal_schema *schema, unsigned int type, int typmod,
					   bool nullable, int depth);

static void
type_member(aiodal_web__json_out *out, const char *json, bool nullable)
{
	if (!nullable)
	{
		aiodal_web__json_text_member(out, "type", json);
		return;
	}
	aiodal_web__json_member(out, "type", '[');
	aiodal_web__json_text(out, json);
	aiodal_web__json_text(out, "null");
	aiodal_web__json_end(out, ']');
}

static void
enum_members(aiodal_web__json_out *out, const aiodal_type *own, bool nullable)
{
	int i;

	type_member(out, "string", nullable);
	aiodal_web__json_member(out, "enum", '[');
	for (i = 0; i < aiodal_type_label_count(own); i++)
		aiodal_web__json_text(out, aiodal_type_label_at(own, i));
	if (nullable)
		aiodal_web__json_raw(out, "null");
	aiodal_web__json_end(out, ']');
}

static void
array_members(aiodal_web__json_out *out, const aiodal_schema *schema, unsigned int element, bool nullable,
			  int depth)
{
	type_member(out, "array", nullable);
	aiodal_web__json_member(out, "items", '{');
	/* an array of any number of dimensions has the same type: its items may be arrays again */
	aiodal_web__json_member(out, "anyOf", '[');
	aiodal_web__json_begin(out, '{');
	write_type(out, schema, element, -1, true, depth + 1);
	aiodal_web__json_end(out, '}');
	aiodal_web__json_begin(out, '{');
	aiodal_web__json_text_member(out, "type", "array");
	aiodal_web__json_end(out, '}');
	aiodal_web__json_end(out, ']');
	aiodal_web__json_end(out, '}');
}

static void
composite_members(aiodal_web__json_out *out, const aiodal_schema *schema, const aiodal_type *own,
				  bool nullable, int depth)
{
	int i;

	type_member(out, "object", nullable);
	aiodal_web__json_member(out, "properties", '{');
	for (i = 0; i < aiodal_type_attribute_count(own) && depth < MAX_DEPTH; i++)
	{
		aiodal_web__json_member(out, aiodal_type_attribute_name(own, i), '{');
		write_type(out, schema, aiodal_type_attribute_type_oid(own, i), aiodal_type_attribute_typmod(own, i),
				   true, depth + 1);
		aiodal_web__json_end(out, '}');
	}
	aiodal_web__json_end(out, '}');
}

/* True when it was one of these. */
static bool
own_members(aiodal_web__json_out *out, const aiodal_schema *schema, const aiodal_type *own, bool nullable,
			int depth)
{
	const char *kind = own ? aiodal_type_kind(own) : "";

	if (strcmp(kind, "enum") == 0)
		enum_members(out, own, nullable);
	else if (strcmp(kind, "composite") == 0)
		composite_members(out, schema, own, nullable, depth);
	else if (own)
		type_member(out, "string", nullable);
	return own != NULL;
}

static bool
plain_members(aiodal_web__json_out *out, unsigned int type, int typmod, bool nullable)
{
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
	{
		if (plain[i].type != type)
			continue;
		type_member(out, plain[i].json, nullable);
		aiodal_web__json_text_member(out, "format", plain[i].format);
		return true;
	}
	if (type != VARCHAR && type != BPCHAR)
		return false;
	type_member(out, "string", nullable);
	if (typmod > TYPMOD_EXTRA)
	{
		char length[20];

		(void) snprintf(length, sizeof(length), "%d", typmod - TYPMOD_EXTRA);
		aiodal_web__json_raw_member(out, "maxLength", length);
	}
	return true;
}

static void
write_type(aiodal_web__json_out *out, const aiodal_schema *schema, unsigned int type, int typmod,
		   bool nullable, int depth)
{
	unsigned int base = aiodal_web__base_type(schema, type);
	size_t i;

	if (own_members(out, schema, aiodal_schema_type_by_oid(schema, base), nullable, depth) ||
		plain_members(out, base, typmod, nullable))
		return;
	for (i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		if (arrays[i].array == base && depth < MAX_DEPTH)
		{
			array_members(out, schema, arrays[i].element, nullable, depth);
			return;
		}
	/* json and what is unknown can be anything: an empty schema */
	if (aiodal_web__kind_of(schema, base, NULL) == AIODAL_WEB__STRING)
		type_member(out, "string", nullable);
}

void
aiodal_web__openapi_column(aiodal_web__json_out *out, const aiodal_schema *schema, unsigned int type,
						   const aiodal_column *column, bool nullable)
{
	unsigned int element = column ? aiodal_column_element_type_oid(column) : 0;

	if (element)
		array_members(out, schema, element, nullable, 0);
	else
		write_type(out, schema, type, column ? aiodal_column_typmod(column) : -1, nullable, 0);
}
