/*
 * catalog_function.c
 *		Functions, procedures, aggregates and window functions.
 *
 * They belong to schemas, not to relations: when relations were named, there
 * are none.
 */
#include "catalog_impl.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "deparse.h"

/* the arguments of one row, by position */
typedef struct StoredArguments
{
	int count;
	const Oid *types;
	const char *modes; /* NULL: all are "in" */
	NameList *names;   /* NULL: none has one */
	List *defaults;    /* trees, of the last of the input arguments */
} StoredArguments;

static const char *
FunctionKind(char prokind)
{
	switch (prokind)
	{
		case PROKIND_PROCEDURE: return "procedure";
		case PROKIND_AGGREGATE: return "aggregate";
		case PROKIND_WINDOW: return "window";
		default: return "function";
	}
}

static const char *
Volatility(char provolatile)
{
	switch (provolatile)
	{
		case PROVOLATILE_IMMUTABLE: return "immutable";
		case PROVOLATILE_STABLE: return "stable";
		default: return "volatile";
	}
}

static const char *
Parallel(char proparallel)
{
	switch (proparallel)
	{
		case PROPARALLEL_SAFE: return "safe";
		case PROPARALLEL_RESTRICTED: return "restricted";
		default: return "unsafe";
	}
}

static const char *
ArgumentMode(char mode)
{
	switch (mode)
	{
		case PROARGMODE_OUT: return "out";
		case PROARGMODE_INOUT: return "inout";
		case PROARGMODE_VARIADIC: return "variadic";
		case PROARGMODE_TABLE: return "table";
		default: return "in";
	}
}

static void
ReadArguments(StoredArguments *stored, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);
	ArrayType *types = RowArray(tuple, desc, Anum_pg_proc_proallargtypes);
	ArrayType *modes = RowArray(tuple, desc, Anum_pg_proc_proargmodes);
	char *defaults = RowText(tuple, desc, Anum_pg_proc_proargdefaults);

	stored->count = form->pronargs;
	stored->types = form->proargtypes.values;
	if (types != NULL)
	{
		stored->count = ArrayGetNItems(ARR_NDIM(types), ARR_DIMS(types));
		stored->types = (Oid *) ARR_DATA_PTR(types);
	}
	stored->modes = modes ? ARR_DATA_PTR(modes) : NULL;
	stored->names = RowNameArray(tuple, desc, Anum_pg_proc_proargnames);
	stored->defaults = defaults ? stringToNode(defaults) : NIL;
}

static char
ModeOf(const StoredArguments *stored, int position)
{
	return stored->modes ? stored->modes[position] : PROARGMODE_IN;
}

static bool
IsInput(char mode)
{
	return mode == PROARGMODE_IN || mode == PROARGMODE_INOUT || mode == PROARGMODE_VARIADIC;
}

static bool
IsOutput(char mode)
{
	return mode == PROARGMODE_OUT || mode == PROARGMODE_INOUT || mode == PROARGMODE_TABLE;
}

static CatalogArgument *
MakeArgument(Catalog *cat, const char *name, char mode, Oid type)
{
	CatalogArgument *argument = palloc0(sizeof(CatalogArgument));

	argument->name = name && *name ? name : NULL;
	argument->mode = ArgumentMode(mode);
	argument->type = FindType(cat, type, -1)->text;
	argument->type_oid = type;
	return argument;
}

/* Fills the function's arguments, and as result columns those that come out. */
static void
SetArguments(Catalog *cat, CatalogFunction *function, const StoredArguments *stored)
{
	Subject subject = {"argument default of function", NULL, function->name};
	int inputs = 0;
	int input = 0;

	for (int i = 0; i < stored->count; i++)
		inputs += IsInput(ModeOf(stored, i));
	for (int i = 0; i < stored->count; i++)
	{
		char mode = ModeOf(stored, i);
		CatalogArgument *argument =
			MakeArgument(cat, stored->names ? stored->names->names[i] : NULL, mode, stored->types[i]);

		if (IsInput(mode))
		{
			int from_end = inputs - input++;
			int place = list_length(stored->defaults) - from_end;

			if (place >= 0)
				argument->default_value =
					ExpressionText(cat, NULL, list_nth(stored->defaults, place), &subject);
		}
		function->arguments = lappend(function->arguments, argument);
		if (IsOutput(mode))
			function->result_columns = lappend(function->result_columns, argument);
	}
}

/* A function without output arguments still returns columns when it returns a composite type or a set. */
static void
SetResultColumns(Catalog *cat, CatalogFunction *function)
{
	Oid relid;
	ListCell *lc;

	if (function->result_columns != NIL || !OidIsValid(function->returns_oid))
		return;
	relid = get_typ_typrelid(function->returns_oid);
	if (OidIsValid(relid))
	{
		foreach (lc, LoadAttributes(cat, relid))
		{
			CatalogColumn *column = lfirst(lc);
			CatalogArgument *result = MakeArgument(cat, column->name, PROARGMODE_TABLE, column->type_oid);

			result->type = column->type;
			function->result_columns = lappend(function->result_columns, result);
		}
	}
	else if (function->returns_set && get_typtype(function->returns_oid) != TYPTYPE_PSEUDO)
		function->result_columns =
			list_make1(MakeArgument(cat, function->name, PROARGMODE_TABLE, function->returns_oid));
}

/* As regprocedure shows it, always qualified. */
static const char *
Signature(Catalog *cat, const CatalogFunction *function, Form_pg_proc form)
{
	StringInfo text = &cat->text;

	resetStringInfo(text);
	appendStringInfo(text, "%s(", quote_qualified_identifier(function->schema, function->name));
	for (int i = 0; i < form->pronargs; i++)
	{
		const char *type = FindType(cat, form->proargtypes.values[i], -1)->text;

		appendStringInfo(text, "%s%s", i > 0 ? "," : "", type ? type : "???");
	}
	appendStringInfoChar(text, ')');
	return pnstrdup(text->data, text->len);
}

static void
SetSource(Catalog *cat, CatalogFunction *function, HeapTuple tuple, TupleDesc desc)
{
	function->library = RowText(tuple, desc, Anum_pg_proc_probin);
	function->source = heap_attisnull(tuple, Anum_pg_proc_prosqlbody, desc)
						   ? RowText(tuple, desc, Anum_pg_proc_prosrc)
						   : FunctionBodyText(cat, function, tuple, desc);
}

static CatalogFunction *
MakeFunction(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);
	CatalogFunction *function = palloc0(sizeof(CatalogFunction));

	function->oid = form->oid;
	function->schema = SchemaName(cat, form->pronamespace);
	function->name = CopyName(&form->proname);
	function->kind = FunctionKind(form->prokind);
	if (form->prokind != PROKIND_PROCEDURE)
	{
		function->returns_oid = form->prorettype;
		function->returns = FindType(cat, form->prorettype, -1)->text;
	}
	function->returns_set = form->proretset;
	function->volatility = Volatility(form->provolatile);
	function->strict = form->proisstrict;
	function->parallel = Parallel(form->proparallel);
	function->language = FindName(cat, NAMED_LANGUAGE, form->prolang);
	function->security_definer = form->prosecdef;
	function->leakproof = form->proleakproof;
	function->cost = form->procost;
	function->estimated_rows = form->proretset ? form->prorows : -1;
	function->owner = FindName(cat, NAMED_ROLE, form->proowner);
	function->extension = FindExtension(cat, ProcedureRelationId, form->oid);
	function->comment = FindComment(cat, ProcedureRelationId, form->oid, 0);
	function->settings = ListOrEmpty(RowNameArray(tuple, desc, Anum_pg_proc_proconfig));
	function->signature = Signature(cat, function, form);
	return function;
}

static void
VisitFunction(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);
	CatalogSchema *schema = FindSchema(cat, form->pronamespace);
	CatalogFunction *function;
	StoredArguments stored;

	if (schema == NULL || !schema->wanted)
		return;
	if (!cat->scope.extensions && FindExtension(cat, ProcedureRelationId, form->oid) != NULL)
		return;
	function = MakeFunction(cat, tuple, desc);
	ReadArguments(&stored, tuple, desc);
	SetArguments(cat, function, &stored);
	SetResultColumns(cat, function);
	SetSource(cat, function, tuple, desc);
	cat->contents.functions = lappend(cat->contents.functions, function);
}

static int
CompareFunctions(const ListCell *a, const ListCell *b)
{
	const CatalogFunction *left = lfirst(a);
	const CatalogFunction *right = lfirst(b);
	int order = strcmp(left->schema, right->schema);

	if (order == 0)
		order = strcmp(left->name, right->name);
	return order ? order : strcmp(left->signature, right->signature);
}

void
LoadFunctions(Catalog *cat)
{
	if (cat->scope.by_relation)
		return;
	ScanCatalog(cat, ProcedureRelationId, VisitFunction);
	list_sort(cat->contents.functions, CompareFunctions);
}
