/*
 * resource_kind.c
 *		What JSON has in the place of a PostgreSQL type.
 */
#include <string.h>

#include "resource.h"

static const struct
{
	unsigned int type;
	aiodal_web__kind kind;
} kinds[] = {
	{16, AIODAL_WEB__BOOLEAN},    {20, AIODAL_WEB__INTEGER}, /* bigint */
	{21, AIODAL_WEB__INTEGER},                               /* smallint */
	{23, AIODAL_WEB__INTEGER},    {26, AIODAL_WEB__STRING},  /* oid */
	{700, AIODAL_WEB__NUMBER},    {701, AIODAL_WEB__NUMBER}, {1700, AIODAL_WEB__NUMBER},
	{114, AIODAL_WEB__ANYTHING},                             /* json, jsonb */
	{3802, AIODAL_WEB__ANYTHING}, {1000, AIODAL_WEB__ARRAY}, /* of boolean and so on, where a query has them
															  */
	{1005, AIODAL_WEB__ARRAY},    {1007, AIODAL_WEB__ARRAY}, {1016, AIODAL_WEB__ARRAY},
	{1021, AIODAL_WEB__ARRAY},    {1022, AIODAL_WEB__ARRAY}, {1231, AIODAL_WEB__ARRAY},
	{1009, AIODAL_WEB__ARRAY},    {1015, AIODAL_WEB__ARRAY}, {1182, AIODAL_WEB__ARRAY},
	{1115, AIODAL_WEB__ARRAY},    {1185, AIODAL_WEB__ARRAY}, {2951, AIODAL_WEB__ARRAY},
	{199, AIODAL_WEB__ARRAY},     {3807, AIODAL_WEB__ARRAY},
};

/* Built-in types have OIDs below this one. */
#define FIRST_OWN_OID 10000

unsigned int
aiodal_web__base_type(const aiodal_schema *schema, unsigned int type)
{
	const aiodal_type *own;

	while ((own = aiodal_schema_type_by_oid(schema, type)) && strcmp(aiodal_type_kind(own), "domain") == 0)
		type = aiodal_type_base_type_oid(own);
	return type;
}

static aiodal_web__kind
kind_by_name(const char *kind)
{
	if (strcmp(kind, "composite") == 0)
		return AIODAL_WEB__OBJECT;
	if (strcmp(kind, "array") == 0)
		return AIODAL_WEB__ARRAY;
	return strcmp(kind, "domain") == 0 ? AIODAL_WEB__ANYTHING : AIODAL_WEB__STRING;
}

aiodal_web__kind
aiodal_web__kind_of(const aiodal_schema *schema, unsigned int type, const aiodal_column *column)
{
	const aiodal_type *own = aiodal_schema_type_by_oid(schema, type);
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].type == type)
			return kinds[i].kind;
	if (own)
		return kind_by_name(aiodal_type_kind(own));
	if (column && aiodal_column_type_kind(column))
		return kind_by_name(aiodal_column_type_kind(column));
	return type < FIRST_OWN_OID ? AIODAL_WEB__STRING : AIODAL_WEB__ANYTHING;
}
