/*
 * datum_type.c
 *		The types that the library can read in binary.
 */
#include "datum.h"

#include <string.h>

static const aiodal__type types[] = {
	{AIODAL__BOOLOID, 1000, "boolean", "bool"},
	{AIODAL__BYTEAOID, 1001, "bytea", "bytea"},
	{AIODAL__CHAROID, 1002, "\"char\"", "text"},
	{AIODAL__NAMEOID, 1003, "name", "text"},
	{AIODAL__INT8OID, 1016, "bigint", "int64"},
	{AIODAL__INT2OID, 1005, "smallint", "int16"},
	{AIODAL__INT4OID, 1007, "integer", "int32"},
	{AIODAL__TEXTOID, 1009, "text", "text"},
	{AIODAL__OIDOID, 1028, "oid", "int64"},
	{AIODAL__JSONOID, 199, "json", "text"},
	{AIODAL__XMLOID, 143, "xml", "text"},
	{AIODAL__FLOAT4OID, 1021, "real", "float"},
	{AIODAL__FLOAT8OID, 1022, "double precision", "double"},
	{AIODAL__UNKNOWNOID, 0, "unknown", "text"},
	{AIODAL__BPCHAROID, 1014, "character", "text"},
	{AIODAL__VARCHAROID, 1015, "character varying", "text"},
	{AIODAL__DATEOID, 1182, "date", "date"},
	{AIODAL__TIMEOID, 1183, "time", "time"},
	{AIODAL__TIMESTAMPOID, 1115, "timestamp", "timestamp"},
	{AIODAL__TIMESTAMPTZOID, 1185, "timestamptz", "timestamp"},
	{AIODAL__NUMERICOID, 1231, "numeric", "numeric"},
	{AIODAL__UUIDOID, 2951, "uuid", "uuid"},
	{AIODAL__JSONBOID, 3807, "jsonb", "text"},
};

const aiodal__type *
aiodal__type_of(Oid oid)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
	{
		if (types[i].oid == oid)
			return &types[i];
	}
	return NULL;
}

const aiodal__type *
aiodal__type_of_array(Oid array)
{
	for (size_t i = 0; array != 0 && i < sizeof(types) / sizeof(types[0]); i++)
	{
		if (types[i].array == array)
			return &types[i];
	}
	return NULL;
}

bool
aiodal__type_is_text(Oid oid)
{
	const aiodal__type *type = aiodal__type_of(oid);

	return type && strcmp(type->getter, "text") == 0;
}

/* Size of a binary value whose type has one size; 0: any. */
static size_t
fixed_size(Oid type)
{
	switch (type)
	{
		case AIODAL__BOOLOID:
		case AIODAL__CHAROID: return 1;
		case AIODAL__INT2OID: return 2;
		case AIODAL__INT4OID:
		case AIODAL__OIDOID:
		case AIODAL__FLOAT4OID:
		case AIODAL__DATEOID: return 4;
		case AIODAL__INT8OID:
		case AIODAL__FLOAT8OID:
		case AIODAL__TIMEOID:
		case AIODAL__TIMESTAMPOID:
		case AIODAL__TIMESTAMPTZOID: return 8;
		case AIODAL__UUIDOID: return 16;
		default: return 0;
	}
}

/* Whether it is as long as its type wants. */
bool
aiodal__datum_is_whole(const aiodal__datum *datum)
{
	size_t size = datum->binary ? fixed_size(datum->type) : 0;

	return size == 0 || datum->len == size;
}
