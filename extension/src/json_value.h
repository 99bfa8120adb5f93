/*
 * json_value.h
 *		JSON values as values of columns, by json_populate_record()'s rules.
 */
#ifndef AIODAL_JSON_VALUE_H
#define AIODAL_JSON_VALUE_H

#include "compat.h"

#include "access/tupdesc.h"
#include "fmgr.h"

#include "json_scan.h"

typedef struct JsonColumn
{
	Form_pg_attribute att;
	FmgrInfo input;
	Oid ioparam;
	bool is_json;                  /* json, jsonb or a domain over one: takes any value as written */
	bool is_compound;              /* an array or composite type, or a domain over one */
	struct JsonCompound *compound; /* what converts those, made when first needed */
} JsonColumn;

/* What it takes to convert to columns of desc, by attribute number - 1; in the current memory context. */
extern JsonColumn *PrepareJsonColumns(TupleDesc desc);

/*
 * The value for the column; its by-reference parts in the current context.
 * *text is set to the text handed to the type's input function while that
 * runs, for error messages.
 */
extern Datum JsonToColumn(JsonColumn *column, const JsonMember *member, bool *isnull, const char **text);

#endif /* AIODAL_JSON_VALUE_H */
