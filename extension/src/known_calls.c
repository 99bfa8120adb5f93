/*
 * known_calls.c
 *		Which volatile functions an expression calls.
 *
 * PostgreSQL takes each volatile function for one that may read what was just written, and one is not told
 * from the other by its volatility. Functions are known by what they run, not by their names: an extension
 * may have been created in any schema, and anybody may make a function of any name.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "known_calls.h"

typedef struct KnownCall
{
	const char *library; /* NULL: PostgreSQL itself */
	const char *symbol;
} KnownCall;

/* of 15 to 18 */
static const KnownCall known_calls[] = {
	{NULL, "nextval_oid"},
	{NULL, "currval_oid"},
	{NULL, "lastval"},
	{NULL, "gen_random_uuid"},
	{NULL, "uuidv4"},
	{NULL, "uuidv7"},
	{NULL, "uuidv7_interval"},
	{NULL, "clock_timestamp"},
	{NULL, "timeofday"},
	{NULL, "drandom"},
	{NULL, "drandom_normal"},
	{NULL, "int4random"},
	{NULL, "int8random"},
	{NULL, "numeric_random"},
	{"$libdir/pgcrypto", "pg_random_bytes"},
	{"$libdir/pgcrypto", "pg_random_uuid"},
	{"$libdir/uuid-ossp", "uuid_generate_v1"},
	{"$libdir/uuid-ossp", "uuid_generate_v1mc"},
	{"$libdir/uuid-ossp", "uuid_generate_v4"},
};

static bool
IsKnown(const char *library, const char *symbol)
{
	for (int i = 0; i < lengthof(known_calls); i++)
	{
		const KnownCall *known = &known_calls[i];

		if (strcmp(known->symbol, symbol) == 0 && (library == NULL) == (known->library == NULL) &&
			(library == NULL || strcmp(known->library, library) == 0))
			return true;
	}
	return false;
}

/* A column of the function's pg_proc row; empty when it is null. */
static char *
TextOf(HeapTuple proc, AttrNumber attnum)
{
	bool isnull;
	Datum value = SysCacheGetAttr(PROCOID, proc, attnum, &isnull);

	return isnull ? pstrdup("") : TextDatumGetCString(value);
}

/* check_function_callback */
static bool
IsUnknownVolatile(Oid function, void *context)
{
	HeapTuple proc;
	Form_pg_proc form;
	bool known;

	if (func_volatile(function) != PROVOLATILE_VOLATILE)
		return false;
	proc = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(proc))
		elog(ERROR, "cache lookup failed for function %u", function);
	form = (Form_pg_proc) GETSTRUCT(proc);
	if (form->prolang == INTERNALlanguageId)
		known = IsKnown(NULL, TextOf(proc, Anum_pg_proc_prosrc));
	else
		known = form->prolang == ClanguageId &&
				IsKnown(TextOf(proc, Anum_pg_proc_probin), TextOf(proc, Anum_pg_proc_prosrc));
	ReleaseSysCache(proc);
	return !known;
}

static bool
FindUnknownVolatile(Node *node, void *context)
{
	if (node == NULL)
		return false;
	/* how a default of a column is written down, a query is none */
	return check_functions_in_node(node, IsUnknownVolatile, context) || IsA(node, Query) ||
		   expression_tree_walker(node, FindUnknownVolatile, context);
}

bool
CallsUnknownVolatile(Node *expr)
{
	return FindUnknownVolatile(expr, NULL);
}
