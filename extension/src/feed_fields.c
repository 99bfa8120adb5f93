/*
 * feed_fields.c
 *		The fields of a csv or text record become a row.
 *
 * Follows the second half of copyfromparse.c's NextCopyFrom(). A converter has
 * the first look at each field; what it is not sure of goes to the type's input
 * function, unless it is surely wrong and errors are no end: an error that is caught costs a subtransaction.
 */
#include "compat.h"

#include "executor/executor.h"

#include "convert.h"
#include "feed_fields.h"

typedef struct FieldColumn
{
	int index; /* attribute number - 1 */
	Oid type;
	Converter convert;
	int32 typmod;
	FmgrInfo *input;
	Oid ioparam;
	const char *name;
	bool force_null;
	bool force_not_null;
} FieldColumn;

struct FieldReader
{
	CopyFromState cstate;
	FieldColumn *columns;
	int ncolumns;
	int natts;
	bool finds_faults;
	ErrorData fault;
	StringInfoData scratch; /* a field that was not ended */
};

bool
CanReadFields(CopyFromState cstate)
{
	return !cstate->opts.binary && cstate->convert_select_flags == NULL && !HasDefaultMarker(&cstate->opts) &&
		   !SkipsBadValues(&cstate->opts);
}

FieldReader *
MakeFieldReader(CopyFromState cstate, bool finds_faults)
{
	FieldReader *reader = palloc0(sizeof(FieldReader));
	TupleDesc desc = RelationGetDescr(cstate->rel);
	ListCell *lc;

	reader->cstate = cstate;
	reader->natts = desc->natts;
	reader->finds_faults = finds_faults;
	reader->columns = palloc0(sizeof(FieldColumn) * Max(list_length(cstate->attnumlist), 1));
	initStringInfo(&reader->scratch);
	foreach (lc, cstate->attnumlist)
	{
		FieldColumn *column = &reader->columns[reader->ncolumns++];
		Form_pg_attribute att = TupleDescAttr(desc, lfirst_int(lc) - 1);

		column->index = lfirst_int(lc) - 1;
		column->type = att->atttypid;
		column->convert = ConverterOf(att->atttypid);
		column->typmod = att->atttypmod;
		column->input = &cstate->in_functions[column->index];
		column->ioparam = cstate->typioparams[column->index];
		column->name = NameStr(att->attname);
		column->force_null = cstate->opts.csv_mode && cstate->opts.force_null_flags[column->index];
		column->force_not_null = cstate->opts.csv_mode && cstate->opts.force_notnull_flags[column->index];
	}
	return reader;
}

/* The field as the input function wants it. */
static char *
EndedText(FieldReader *reader, const Field *field)
{
	if (field->ended || field->text == NULL)
		return unconstify(char *, field->text);
	resetStringInfo(&reader->scratch);
	appendBinaryStringInfo(&reader->scratch, field->text, field->len);
	return reader->scratch.data;
}

static const ErrorData *
Fault(FieldReader *reader, int sqlerrcode, char *message)
{
	reader->fault.sqlerrcode = sqlerrcode;
	reader->fault.message = message;
	return &reader->fault;
}

static const ErrorData *
InputField(FieldReader *reader, const FieldColumn *column, const Field *field, Datum *value)
{
	CopyFromState cstate = reader->cstate;
	char *text = EndedText(reader, field);
	const char *refusing = reader->finds_faults && text ? TypeRefusing(column->type, text) : NULL;

	cstate->cur_attname = column->name;
	cstate->cur_attval = text;
	if (refusing)
		return Fault(reader, ERRCODE_INVALID_TEXT_REPRESENTATION,
					 psprintf(_("invalid input syntax for type %s: \"%s\""), refusing, text));
	*value = InputFunctionCall(column->input, text, column->ioparam, column->typmod);
	cstate->cur_attname = cstate->cur_attval = NULL;
	return NULL;
}

/* What FORCE_NOT_NULL and FORCE_NULL make of the field. */
static Field
ForcedField(FieldReader *reader, const FieldColumn *column, Field field)
{
	const CopyFormatOptions *opts = &reader->cstate->opts;

	if (field.text == NULL && column->force_not_null)
		return (Field){.text = opts->null_print, .len = opts->null_print_len, .ended = true};
	if (field.text != NULL && column->force_null && field.len == opts->null_print_len &&
		memcmp(field.text, opts->null_print, field.len) == 0)
		field.text = NULL;
	return field;
}

static const ErrorData *
ReadColumn(FieldReader *reader, const FieldColumn *column, const Field *field, Datum *value, bool *isnull)
{
	Field forced;

	if (column->force_null || column->force_not_null)
	{
		forced = ForcedField(reader, column, *field);
		field = &forced;
	}
	*isnull = field->text == NULL;
	if (!*isnull && column->convert != NULL &&
		column->convert(field->text, field->len, column->typmod, value))
		return NULL;
	return InputField(reader, column, field, value);
}

/* Defaults of columns that the input leaves out. */
static void
ReadDefaults(CopyFromState cstate, ExprContext *econtext, Datum *values, bool *isnull)
{
	for (int i = 0; i < cstate->num_defaults; i++)
	{
		int index = cstate->defmap[i];

		values[index] = ExecEvalExpr(CopyDefault(cstate, i), econtext, &isnull[index]);
	}
}

/* For a record that has too many fields, or too few. */
static const ErrorData *
RefuseRecord(FieldReader *reader, char *message)
{
	if (!reader->finds_faults)
		ereport(ERROR, (errcode(ERRCODE_BAD_COPY_FILE_FORMAT), errmsg_internal("%s", message)));
	return Fault(reader, ERRCODE_BAD_COPY_FILE_FORMAT, message);
}

const ErrorData *
FieldsToRow(FieldReader *reader, const Field *fields, int nfields, ExprContext *econtext, Datum *values,
			bool *isnull)
{
	const ErrorData *fault = NULL;

	if (nfields > reader->ncolumns && reader->ncolumns > 0)
		return RefuseRecord(reader, pstrdup(_("extra data after last expected column")));
	if (reader->ncolumns < reader->natts)
	{
		memset(values, 0, sizeof(Datum) * reader->natts);
		memset(isnull, true, sizeof(bool) * reader->natts);
	}
	for (int i = 0; fault == NULL && i < reader->ncolumns; i++)
	{
		const FieldColumn *column = &reader->columns[i];

		fault = i < nfields
					? ReadColumn(reader, column, &fields[i], &values[column->index], &isnull[column->index])
					: RefuseRecord(reader, psprintf(_("missing data for column \"%s\""), column->name));
	}
	if (fault == NULL)
		ReadDefaults(reader->cstate, econtext, values, isnull);
	return fault;
}
