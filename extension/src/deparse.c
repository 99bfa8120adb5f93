/*
 * deparse.c
 *		Types and stored expressions as SQL text, by PostgreSQL's own deparser.
 *
 * pg_get_expr() and its like open the relation whose columns an expression
 * names, and so wait behind every ALTER TABLE. Here the deparser is given a
 * range table whose entry is no relation but a list of column names, those that
 * the snapshot sees: nothing is locked, and the text agrees with the rows.
 */
#include "deparse.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/plannodes.h"
#include "nodes/primnodes.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

/* ---------------------------------------------------------------- types */

static const char *
TypeKind(Form_pg_type form)
{
	if (IsTrueArrayType(form))
		return "array";
	switch (form->typtype)
	{
		case TYPTYPE_COMPOSITE: return "composite";
		case TYPTYPE_DOMAIN: return "domain";
		case TYPTYPE_ENUM: return "enum";
		case TYPTYPE_PSEUDO: return "pseudo";
		case TYPTYPE_RANGE: return "range";
		case TYPTYPE_MULTIRANGE: return "multirange";
		default: return "base";
	}
}

/*
 * Under our search_path a temporary type would be found by its bare name, which
 * is why types outside pg_catalog are always qualified.
 */
static char *
TypeText(Form_pg_type form, Oid oid, int32 typmod)
{
	bits16 flags = FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_ALLOW_INVALID;

	if (form->typnamespace != PG_CATALOG_NAMESPACE)
		flags |= FORMAT_TYPE_FORCE_QUALIFY;
	return format_type_extended(oid, typmod, flags);
}

static void
FillType(Catalog *cat, TypeInfo *info)
{
	HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(info->key.oid));
	Form_pg_type form;

	memset((char *) info + sizeof(info->key), 0, sizeof(TypeInfo) - sizeof(info->key));
	if (!HeapTupleIsValid(tuple))
	{
		NoteVanished(cat, "type", info->key.oid);
		return;
	}
	form = (Form_pg_type) GETSTRUCT(tuple);
	info->text = TypeText(form, info->key.oid, info->key.typmod);
	info->schema = SchemaName(cat, form->typnamespace);
	info->name = pstrdup(NameStr(form->typname));
	info->kind = TypeKind(form);
	info->collation = form->typcollation;
	if (IsTrueArrayType(form))
		info->element = form->typelem;
	ReleaseSysCache(tuple);
	if (OidIsValid(info->element))
		info->element_text = FindType(cat, info->element, info->key.typmod)->text;
}

const TypeInfo *
FindType(Catalog *cat, Oid oid, int32 typmod)
{
	TypeInfo wanted = {.key = {oid, typmod}};
	TypeInfo *entry = hash_search(cat->types, &wanted.key, HASH_FIND, NULL);
	bool found;

	if (entry != NULL)
		return entry;
	/* entered only when complete: filling may fail, or enter other types */
	FillType(cat, &wanted);
	entry = hash_search(cat->types, &wanted.key, HASH_ENTER, &found);
	*entry = wanted;
	return entry;
}

/* ---------------------------------------------------------- expressions */

/* A range table entry with the relation's columns, but not the relation. */
static RangeTblEntry *
MakeColumnsEntry(CatalogRelation *rel)
{
	RangeTblEntry *entry = makeNode(RangeTblEntry);
	List *names = NIL;

	for (int i = 0; i < rel->natts; i++)
		names = lappend(names, makeString(pstrdup(rel->atts[i] ? rel->atts[i]->name : "")));
	entry->rtekind = RTE_NAMEDTUPLESTORE;
	entry->eref = makeAlias(rel->name, names);
	return entry;
}

static List *
ExpressionContext(CatalogRelation *rel)
{
	if (rel->expression_context == NIL)
	{
		PlannedStmt *statement = makeNode(PlannedStmt);

		statement->rtable = list_make1(MakeColumnsEntry(rel));
		rel->expression_context = deparse_context_for_plan_tree(statement, list_make1(pstrdup(rel->name)));
	}
	return rel->expression_context;
}

/* tableoid is the one system column that can be in a constraint. */
static bool
UsesSystemColumn(Node *expression)
{
	Bitmapset *columns = NULL;
	int first;

	pull_varattnos(expression, 1, &columns);
	first = bms_next_member(columns, -1);
	return first >= 0 && first + FirstLowInvalidHeapAttributeNumber < 0;
}

typedef struct ExpressionStep
{
	CatalogRelation *rel;
	const char *stored;
	Node *expression;
	char *text;
} ExpressionStep;

static void
DeparseStep(void *arg)
{
	ExpressionStep *step = arg;
	List *context = NIL;

	if (step->expression == NULL)
		step->expression = stringToNode(step->stored);
	if (step->rel != NULL && UsesSystemColumn(step->expression))
		context = deparse_context_for(step->rel->name, step->rel->oid);
	else if (step->rel != NULL)
		context = ExpressionContext(step->rel);
	step->text = deparse_expression(step->expression, context, false, false);
}

char *
ExpressionText(Catalog *cat, CatalogRelation *rel, Node *expression, const char *what)
{
	ExpressionStep step = {.rel = rel, .expression = expression};

	return RunGuarded(cat, DeparseStep, &step, what) ? step.text : NULL;
}

char *
StoredExpressionText(Catalog *cat, CatalogRelation *rel, const char *stored, const char *what)
{
	ExpressionStep step = {.rel = rel, .stored = stored};

	return RunGuarded(cat, DeparseStep, &step, what) ? step.text : NULL;
}

bool
LooksLikeFunction(Node *expression)
{
	switch (nodeTag(expression))
	{
		case T_FuncExpr:
			return ((FuncExpr *) expression)->funcformat == COERCE_EXPLICIT_CALL ||
				   ((FuncExpr *) expression)->funcformat == COERCE_SQL_SYNTAX;
		case T_NullIfExpr:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_SQLValueFunction:
		case T_XmlExpr: return true;
		default: return false;
	}
}

const char *
OperatorText(Oid oid)
{
	HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(oid));
	Form_pg_operator form;
	char *text;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	form = (Form_pg_operator) GETSTRUCT(tuple);
	if (form->oprnamespace == PG_CATALOG_NAMESPACE)
		text = pstrdup(NameStr(form->oprname));
	else
		text = psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name_or_temp(form->oprnamespace)),
						NameStr(form->oprname));
	ReleaseSysCache(tuple);
	return text;
}

/* ---------------------------------------------------------------- views */

/*
 * The stored query carries the column names of CREATE VIEW; a later RENAME
 * COLUMN changed only pg_attribute.
 */
static void
RenameTargets(Query *query, CatalogRelation *rel)
{
	ListCell *lc;
	int position = 0;

	foreach (lc, query->targetList)
	{
		TargetEntry *target = lfirst(lc);

		if (target->resjunk)
			continue;
		if (position < rel->natts && rel->atts[position] != NULL)
			target->resname = pstrdup(rel->atts[position]->name);
		position++;
	}
}

static void
ViewStep(void *arg)
{
	ExpressionStep *step = arg;
	List *actions = stringToNode(step->stored);
	Query *query = linitial_node(Query, actions);

	RenameTargets(query, step->rel);
	step->text = psprintf("%s;", pg_get_querydef(query, false));
}

char *
ViewText(Catalog *cat, CatalogRelation *rel, const char *stored)
{
	ExpressionStep step = {.rel = rel, .stored = stored};
	const char *what = psprintf("definition of %s", quote_qualified_identifier(rel->schema, rel->name));

	return RunGuarded(cat, ViewStep, &step, what) ? step.text : NULL;
}
