/*
 * rows_tuple.c
 *		Rows as tuples of a set-returning function.
 */
#include "rows_impl.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

static Datum
NameDatum(const char *text)
{
	NameData *name = palloc0(sizeof(NameData));

	strlcpy(NameStr(*name), text, NAMEDATALEN);
	return NameGetDatum(name);
}

static Datum
ArrayDatum(const NameList *list, bool names)
{
	Datum *elements = palloc(sizeof(Datum) * Max(list->count, 1));
	bool *nulls = palloc(sizeof(bool) * Max(list->count, 1));
	int dims[1] = {list->count};
	int lower[1] = {1};

	for (int i = 0; i < list->count; i++)
	{
		nulls[i] = list->names[i] == NULL;
		elements[i] = nulls[i] ? (Datum) 0
					  : names  ? NameDatum(list->names[i])
							   : CStringGetTextDatum(list->names[i]);
	}
	return PointerGetDatum(construct_md_array(elements, nulls, list->count > 0 ? 1 : 0, dims, lower,
											  names ? NAMEOID : TEXTOID, names ? NAMEDATALEN : -1, false,
											  names ? TYPALIGN_CHAR : TYPALIGN_INT));
}

/* The field's value; *isnull is set for NULL. */
static Datum
FieldDatum(const Field *field, const void *row, bool *isnull)
{
	StringInfoData json;

	*isnull = false;
	switch (field->type)
	{
		case FIELD_OID: *isnull = !OidIsValid(VALUE(Oid)); return ObjectIdGetDatum(VALUE(Oid));
		case FIELD_NAME:
			*isnull = VALUE(char *) == NULL;
			return *isnull ? (Datum) 0 : NameDatum(VALUE(char *));
		case FIELD_TEXT:
			*isnull = VALUE(char *) == NULL;
			return *isnull ? (Datum) 0 : CStringGetTextDatum(VALUE(char *));
		case FIELD_BOOL: return BoolGetDatum(VALUE(bool));
		case FIELD_INT: *isnull = VALUE(int) == NULL_INT; return Int32GetDatum(VALUE(int));
		case FIELD_COUNT: *isnull = VALUE(int64) < 0; return Int64GetDatum(VALUE(int64));
		case FIELD_BIGINT: return Int64GetDatum(VALUE(int64));
		case FIELD_REAL: *isnull = VALUE(float4) < 0; return Float4GetDatum(VALUE(float4));
		case FIELD_NAMES:
		case FIELD_TEXTS:
			*isnull = VALUE(NameList *) == NULL;
			return *isnull ? (Datum) 0 : ArrayDatum(VALUE(NameList *), field->type == FIELD_NAMES);
		case FIELD_ROW:
		case FIELD_ROWS:
		case FIELD_ROWS_IF_ANY:
			*isnull = field->type == FIELD_ROWS_IF_ANY && VALUE(List *) == NIL;
			if (*isnull)
				return (Datum) 0;
			initStringInfo(&json);
			AppendFieldJson(&json, field, row);
			return PointerGetDatum(cstring_to_text_with_len(json.data, json.len));
	}
	return (Datum) 0;
}

void
PutRow(ReturnSetInfo *rsinfo, const RowShape *shape, const void *row)
{
	Datum values[MaxTupleAttributeNumber];
	bool nulls[MaxTupleAttributeNumber];
	int natts = 0;

	for (int i = 0; i < shape->count; i++)
	{
		if (!(shape->fields[i].where & IN_ROWS))
			continue;
		values[natts] = FieldDatum(&shape->fields[i], row, &nulls[natts]);
		natts++;
	}
	if (natts != rsinfo->setDesc->natts)
		elog(ERROR,
			 "aiodal library has %d columns where the extension's SQL declares %d: ALTER EXTENSION aiodal "
			 "UPDATE",
			 natts, rsinfo->setDesc->natts);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}
