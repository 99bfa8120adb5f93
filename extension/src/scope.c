/*
 * scope.c
 *		The arguments schemas, relations and include, checked and typed.
 */
#include "scope.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* The elements of a one-dimensional array argument without NULLs. */
static Datum *
ArrayElements(Datum argument, Oid type, int16 length, bool by_value, char align, const char *name, int *count)
{
	ArrayType *array = DatumGetArrayTypeP(argument);
	Datum *elements;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("argument \"%s\" must be one-dimensional", name)));
	if (array_contains_nulls(array))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"%s\" must not contain NULL", name)));
	deconstruct_array(array, type, length, by_value, align, &elements, NULL, count);
	return elements;
}

static void
ReadSchemas(Scope *scope, Datum argument)
{
	int count;
	Datum *elements = ArrayElements(argument, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, "schemas", &count);

	scope->all_schemas = false;
	for (int i = 0; i < count; i++)
		scope->schemas = lappend(scope->schemas, pstrdup(NameStr(*DatumGetName(elements[i]))));
}

static void
ReadRelations(Scope *scope, Datum argument)
{
	int count;
	Datum *elements =
		ArrayElements(argument, REGCLASSOID, sizeof(Oid), true, TYPALIGN_INT, "relations", &count);

	scope->by_relation = true;
	for (int i = 0; i < count; i++)
		scope->relations = lappend_oid(scope->relations, DatumGetObjectId(elements[i]));
	list_sort(scope->relations, list_oid_cmp);
	list_deduplicate_oid(scope->relations);
}

List *
ReadWords(Datum argument, const char *name)
{
	int count;
	Datum *elements = ArrayElements(argument, TEXTOID, -1, false, TYPALIGN_INT, name, &count);
	List *words = NIL;

	for (int i = 0; i < count; i++)
		words = lappend(words, TextDatumGetCString(elements[i]));
	return words;
}

static void
ReadInclude(Scope *scope, Datum argument)
{
	struct
	{
		const char *word;
		bool *flag;
	} words[] = {{"partitions", &scope->partitions},
				 {"extensions", &scope->extensions},
				 {"temporary", &scope->temporary},
				 {"system", &scope->system}};
	ListCell *lc;

	foreach (lc, ReadWords(argument, "include"))
	{
		const char *word = lfirst(lc);
		int w = 0;

		while (w < lengthof(words) && strcmp(word, words[w].word) != 0)
			w++;
		if (w == lengthof(words))
			ereport(
				ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized value in argument \"include\": \"%s\"", word),
				 errhint("Valid values are \"partitions\", \"extensions\", \"temporary\" and \"system\".")));
		*words[w].flag = true;
	}
}

void
ScopeOfEverything(Scope *scope)
{
	memset(scope, 0, sizeof(*scope));
	scope->all_schemas = true;
}

void
ReadScope(Scope *scope, FunctionCallInfo fcinfo)
{
	ScopeOfEverything(scope);
	if (!PG_ARGISNULL(0))
		ReadSchemas(scope, PG_GETARG_DATUM(0));
	if (!PG_ARGISNULL(1))
		ReadRelations(scope, PG_GETARG_DATUM(1));
	if (!PG_ARGISNULL(2))
		ReadInclude(scope, PG_GETARG_DATUM(2));
}

void
ReadScopeOfSchemas(Scope *scope, FunctionCallInfo fcinfo, int first)
{
	ScopeOfEverything(scope);
	if (!PG_ARGISNULL(first))
		ReadSchemas(scope, PG_GETARG_DATUM(first));
	if (!PG_ARGISNULL(first + 1))
		ReadInclude(scope, PG_GETARG_DATUM(first + 1));
}

void
ScopeOfRelation(Scope *scope, Oid relid)
{
	ScopeOfEverything(scope);
	scope->by_relation = true;
	scope->relations = list_make1_oid(relid);
}

static int
CompareNames(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

char *
ScopeText(const Scope *scope)
{
	StringInfoData text;
	List *schemas = list_copy(scope->schemas);
	ListCell *lc;

	initStringInfo(&text);
	appendStringInfo(&text, "%d%d%d%d%d", scope->all_schemas, scope->partitions, scope->extensions,
					 scope->temporary, scope->system);
	list_sort(schemas, CompareNames);
	foreach (lc, schemas)
		appendStringInfo(&text, ",%s", quote_identifier(lfirst(lc)));
	return text.data;
}
