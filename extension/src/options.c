/*
 * options.c
 *		Words and lists given by users, turned into typed options.
 */
#include "compat.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "ident.h"
#include "options.h"

typedef struct Word
{
	const char *name;
	int value;
} Word;

static const Word merge_modes[] = {{"insert", MODE_INSERT}, {"ignore", MODE_IGNORE}, {"upsert", MODE_UPSERT},
								   {"update", MODE_UPDATE}, {"sync", MODE_SYNC},     {NULL, 0}};

static const Word duplicate_policies[] = {
	{"error", DUPLICATE_ERROR}, {"first", DUPLICATE_FIRST}, {"last", DUPLICATE_LAST}, {NULL, 0}};

static const Word error_policies[] = {{"stop", false}, {"reject", true}, {NULL, 0}};

static char *
WordList(const Word *words)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (const Word *w = words; w->name; w++)
		appendStringInfo(&buf, "%s\"%s\"", w == words ? "" : ", ", w->name);
	return buf.data;
}

static int
ParseWord(const Word *words, const char *word, const char *option)
{
	for (const Word *w = words; w->name; w++)
	{
		if (pg_strcasecmp(word, w->name) == 0)
			return w->value;
	}
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid %s: \"%s\"", option, word),
					errhint("Valid values are %s.", WordList(words))));
}

MergeMode
ParseMergeMode(const char *word)
{
	return ParseWord(merge_modes, word, "mode");
}

DuplicatePolicy
ParseDuplicatePolicy(const char *word)
{
	return ParseWord(duplicate_policies, word, "on_duplicate");
}

bool
ParseOnError(const char *word)
{
	return ParseWord(error_policies, word, "on_error");
}

const char *
MergeModeName(MergeMode mode)
{
	return merge_modes[mode].name;
}

static List *
NameArrayToList(ArrayType *array, const char *what, bool may_be_empty)
{
	Datum *elems;
	bool *nulls;
	int n;
	List *names = NIL;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR), errmsg("%s must be a one-dimensional array", what)));
	deconstruct_array(array, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &elems, &nulls, &n);
	if (n == 0 && !may_be_empty)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must not be empty", what)));
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not contain NULL", what)));
		names = lappend(names, pstrdup(NameStr(*DatumGetName(elems[i]))));
	}
	return names;
}

char *
TextArgument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

List *
NamesArgument(FunctionCallInfo fcinfo, int n, const char *what, bool may_be_empty)
{
	return PG_ARGISNULL(n) ? NIL : NameArrayToList(PG_GETARG_ARRAYTYPE_P(n), what, may_be_empty);
}

/* "a, b, c" of the columns a user may name */
static char *
LiveColumnsText(Relation rel)
{
	List *attnums = NIL;

	for (int i = 0; i < RelationGetDescr(rel)->natts; i++)
	{
		if (!TupleDescAttr(RelationGetDescr(rel), i)->attisdropped)
			attnums = lappend_int(attnums, i + 1);
	}
	return ColumnListText(rel, attnums);
}

List *
ResolveColumns(Relation rel, List *names, const char *what)
{
	List *attnums = NIL;
	ListCell *lc;

	foreach (lc, names)
	{
		char *name = lfirst(lc);
		AttrNumber attnum = get_attnum(RelationGetRelid(rel), name);

		if (attnum <= 0)
			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
							errmsg("column \"%s\" of relation \"%s\" does not exist", name,
								   RelationGetRelationName(rel)),
							errdetail("It is named in \"%s\".", what),
							errhint("The columns are: %s.", LiveColumnsText(rel))));
		if (list_member_int(attnums, attnum))
			ereport(ERROR, (errcode(ERRCODE_DUPLICATE_COLUMN),
							errmsg("column \"%s\" is named more than once in \"%s\"", name, what)));
		attnums = lappend_int(attnums, attnum);
	}
	return attnums;
}
