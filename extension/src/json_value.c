/*
 * json_value.c
 *		JSON values as values of columns.
 *
 * Scalars go through the type's input function as they are written, so that
 * numbers keep every digit. Arrays and composites are left to core's
 * json_populate_record(), called on a record of that one column.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "json_value.h"

typedef struct JsonCompound
{
	FmgrInfo populate;
	TupleDesc desc;  /* one column: name and type of ours */
	Datum base;      /* a record of that type, all NULL */
	const char *key; /* the column's name as a JSON string */
} JsonCompound;

JsonColumn *
PrepareJsonColumns(TupleDesc desc)
{
	JsonColumn *columns = palloc0(sizeof(JsonColumn) * desc->natts);

	for (int i = 0; i < desc->natts; i++)
	{
		JsonColumn *column = &columns[i];
		Form_pg_attribute att = TupleDescAttr(desc, i);
		Oid base;
		Oid input;

		column->att = att;
		if (att->attisdropped)
			continue;
		base = getBaseType(att->atttypid);
		column->is_json = base == JSONOID || base == JSONBOID;
		column->is_compound = OidIsValid(get_element_type(base)) || type_is_rowtype(base);
		getTypeInputInfo(att->atttypid, &input, &column->ioparam);
		fmgr_info(input, &column->input);
	}
	return columns;
}

/*
 * json_populate_record() finds the type to make from its first argument's
 * value when that is declared as record, so one column can be had alone.
 */
static JsonCompound *
MakeCompound(JsonColumn *column, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	JsonCompound *compound = palloc0(sizeof(JsonCompound));
	Form_pg_attribute att = column->att;
	StringInfoData key;
	HeapTuple tuple;
	Datum nothing = 0;
	bool isnull = true;
	List *args = list_make3(makeNullConst(RECORDOID, -1, InvalidOid), makeNullConst(JSONOID, -1, InvalidOid),
							makeBoolConst(false, false));

	compound->desc = CreateTemplateTupleDesc(1);
	TupleDescInitEntry(compound->desc, 1, NameStr(att->attname), att->atttypid, att->atttypmod,
					   att->attndims);
	TupleDescInitEntryCollation(compound->desc, 1, att->attcollation);
	BlessTupleDesc(compound->desc);
	tuple = heap_form_tuple(compound->desc, &nothing, &isnull);
	compound->base = heap_copy_tuple_as_datum(tuple, compound->desc);

	initStringInfo(&key);
	escape_json(&key, NameStr(att->attname));
	compound->key = key.data;

	fmgr_info(F_JSON_POPULATE_RECORD, &compound->populate);
	fmgr_info_set_expr((Node *) makeFuncExpr(F_JSON_POPULATE_RECORD, RECORDOID, args, InvalidOid, InvalidOid,
											 COERCE_EXPLICIT_CALL),
					   &compound->populate);
	MemoryContextSwitchTo(old);
	return compound;
}

static Datum
PopulateCompound(JsonColumn *column, const char *value, bool *isnull)
{
	LOCAL_FCINFO(fcinfo, 3);
	JsonCompound *compound;
	StringInfoData object;
	HeapTupleData tuple;
	HeapTupleHeader record;

	if (column->compound == NULL)
		column->compound = MakeCompound(column, column->input.fn_mcxt);
	compound = column->compound;
	initStringInfo(&object);
	appendStringInfo(&object, "{%s:%s}", compound->key, value);

	InitFunctionCallInfoData(*fcinfo, &compound->populate, 3, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = compound->base;
	fcinfo->args[0].isnull = false;
	fcinfo->args[1].value = PointerGetDatum(cstring_to_text_with_len(object.data, object.len));
	fcinfo->args[1].isnull = false;
	fcinfo->args[2].value = BoolGetDatum(false);
	fcinfo->args[2].isnull = false;
	record = DatumGetHeapTupleHeader(FunctionCallInvoke(fcinfo));

	tuple.t_len = HeapTupleHeaderGetDatumLength(record);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = record;
	return heap_getattr(&tuple, 1, compound->desc, isnull);
}

/* What the type's input function is to read, or NULL for SQL's NULL. */
static char *
InputText(JsonColumn *column, const JsonMember *member)
{
	if (member->kind == JSON_KIND_NULL)
		return NULL;
	if (member->kind == JSON_KIND_STRING && !column->is_json)
		return JsonUnescape(member->raw, member->len);
	return pnstrdup(member->raw, member->len);
}

Datum
JsonToColumn(JsonColumn *column, const JsonMember *member, bool *isnull, const char **text)
{
	char *input = InputText(column, member);
	Datum value;

	*text = input;
	*isnull = input == NULL;
	if (column->is_compound && member->kind != JSON_KIND_NULL && member->kind != JSON_KIND_STRING)
		value = PopulateCompound(column, input, isnull);
	else
		value = InputFunctionCall(&column->input, input, column->ioparam, column->att->atttypmod);
	*text = NULL;
	return value;
}
