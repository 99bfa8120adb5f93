/*
 * rows_impl.h
 *		Tables of fields, which rows.c has and the files rows_*.c write rows by.
 *		Nobody else includes this.
 */
#ifndef AIODAL_ROWS_IMPL_H
#define AIODAL_ROWS_IMPL_H

#include "rows.h"

#include "catalog.h"

typedef enum FieldType
{
	FIELD_OID,        /* Oid; InvalidOid is NULL */
	FIELD_NAME,       /* const char * of type name */
	FIELD_TEXT,       /* const char * of type text */
	FIELD_BOOL,       /* bool */
	FIELD_INT,        /* int; NULL_INT is NULL */
	FIELD_COUNT,      /* int64; negative is NULL */
	FIELD_BIGINT,     /* int64 */
	FIELD_REAL,       /* float4; negative is NULL */
	FIELD_NAMES,      /* NameList * of type name[] */
	FIELD_TEXTS,      /* NameList * of type text[] */
	FIELD_ROW,        /* pointer to a struct of another shape */
	FIELD_ROWS,       /* List of such pointers; json in a tuple */
	FIELD_ROWS_IF_ANY /* the same, but an empty list is NULL */
} FieldType;

/* where a field is seen: in the function's rows, and in which of the document's objects */
#define IN_ROWS      0x01
#define IN_DOCUMENT  0x02
#define IN_KEY       0x04 /* a primary key or unique constraint of the document */
#define IN_REFERENCE 0x08 /* a foreign key */
#define IN_CHECK     0x10
#define IN_EXCLUSION 0x20
#define IN_NOT_NULL  0x40
#define IN_BOTH      (IN_ROWS | IN_DOCUMENT)
#define IN_ALL       0xFF

/* Keys are copied whole, as that is quicker than to copy what counts of them. */
#define KEY_SIZE 32

typedef struct Field
{
	char key[KEY_SIZE]; /* "name": with its quotes and colon, and nothing behind it */
	int key_length;
	FieldType type;
	bool of_relation; /* offset is into the CatalogRelation that the row begins with a pointer to */
	int where;
	size_t offset;
	const RowShape *shape; /* of FIELD_ROW and FIELD_ROWS */
	int shape_where;       /* and which of its fields */
} Field;

struct RowShape
{
	const Field *fields;
	int count;
};

/* where the row has the field */
static inline const void *
FieldAddress(const Field *field, const void *row)
{
	if (field->of_relation)
		row = *(const void *const *) row;
	return (const char *) row + field->offset;
}

#define VALUE(type) (*(type const *) FieldAddress(field, row))

/* The value as JSON, where 256 bytes are free; leaves as many free. */
extern void AppendFieldJson(StringInfo json, const Field *field, const void *row);

#endif /* AIODAL_ROWS_IMPL_H */
