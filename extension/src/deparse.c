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
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "nodes/makefuncs.h"
#include "nodes/plannodes.h"
#include "nodes/parsenodes.h"
#include "nodes/primnodes.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "catalog_locks.h"

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
FillType(Catalog *cat, TypeInfo *info, Oid oid, int32 typmod)
{
	HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(oid));
	Form_pg_type form;

	if (!HeapTupleIsValid(tuple))
	{
		NoteVanished(cat, "type", oid);
		return;
	}
	form = (Form_pg_type) GETSTRUCT(tuple);
	info->text = TypeText(form, oid, typmod);
	info->schema = SchemaName(cat, form->typnamespace);
	info->name = CopyName(&form->typname);
	info->kind = TypeKind(form);
	info->collation = form->typcollation;
	if (IsTrueArrayType(form))
		info->element = form->typelem;
	ReleaseSysCache(tuple);
	if (OidIsValid(info->element))
		info->element_text = FindType(cat, info->element, typmod)->text;
}

const TypeInfo *
FindType(Catalog *cat, Oid oid, int32 typmod)
{
	bool found;
	TypeInfo *info = ObjectMapGet(cat->types, oid, typmod, 0, &found);
	MemoryContext old;

	if (found)
		return info;
	old = MemoryContextSwitchTo(cat->context);
	info = palloc0(sizeof(TypeInfo));
	FillType(cat, info, oid, typmod);
	ObjectMapPut(cat->types, oid, typmod, 0, info);
	MemoryContextSwitchTo(old);
	return info;
}

/* ---------------------------------------------------------- expressions */

/*
 * A range table entry with the names of the columns that the expression uses,
 * but not the relation. The others are as good as dropped: giving each a name
 * takes the deparser a time that grows with the square of their number.
 */
static RangeTblEntry *
MakeColumnsEntry(CatalogRelation *rel, Bitmapset *used)
{
	RangeTblEntry *entry = makeNode(RangeTblEntry);
	List *names = NIL;
	int member = -1;

	while ((member = bms_next_member(used, member)) >= 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;
		const char *name = ColumnName(rel, attnum);

		while (list_length(names) < attnum - 1)
			names = lappend(names, makeString(pstrdup("")));
		if (attnum > 0)
			names = lappend(names, makeString(unconstify(char *, name ? name : "")));
	}
	entry->rtekind = RTE_NAMEDTUPLESTORE;
	entry->eref = makeAlias(rel->name, names);
	return entry;
}

/* Attribute numbers as pull_varattnos() gives them. */
static Bitmapset *
ColumnsUsed(Node *expression, Index varno)
{
	Bitmapset *used = NULL;

	pull_varattnos(expression, varno, &used);
	return used;
}

/* tableoid is the one system column that can be in a constraint. */
static bool
UsesSystemColumn(Bitmapset *used)
{
	int first = bms_next_member(used, -1);

	return first >= 0 && first + FirstLowInvalidHeapAttributeNumber < 0;
}

/* Writes a 0 in place of the number at from. Answers the end of the number; *to moves on. */
static char *
WriteZero(char **to, char *from)
{
	*(*to)++ = '0';
	return from + strspn(from, "-0123456789");
}

char *
ForgetLocations(char *tree)
{
	static const char location[] = "location ";
	static const char length[] = " :stmt_len ";
	char *from = tree;
	char *to = tree;
	char *found;

	while ((found = strstr(from, location)) != NULL)
	{
		size_t kept = found + strlen(location) - from;

		memmove(to, from, kept);
		to += kept;
		from = WriteZero(&to, from + kept);
		if (strncmp(from, length, strlen(length)) == 0)
		{
			memmove(to, from, strlen(length));
			to += strlen(length);
			from = WriteZero(&to, from + strlen(length));
		}
	}
	memmove(to, from, strlen(from) + 1);
	return tree;
}

/* For deparse_expression(); NIL when no column is used. */
static List *
ExpressionContext(CatalogRelation *rel, Node *expression)
{
	Bitmapset *used = rel ? ColumnsUsed(expression, 1) : NULL;
	PlannedStmt *statement;

	if (used == NULL)
		return NIL;
	if (UsesSystemColumn(used))
		return deparse_context_for(rel->name, rel->oid);
	statement = makeNode(PlannedStmt);
	statement->rtable = list_make1(MakeColumnsEntry(rel, used));
	return deparse_context_for_plan_tree(statement, list_make1(pstrdup(rel->name)));
}

typedef struct TextStep
{
	Catalog *cat;
	CatalogRelation *rel;
	HeapTuple tuple; /* where the tree is stored, in column attnum, unless it is given */
	TupleDesc desc;
	AttrNumber attnum;
	Node *tree;
	const void *object; /* what else the step has to know */
	const char *text;
} TextStep;

/*
 * Runs the step in the scratch context, as parse trees take many times the room
 * of their text, and copies the text out of it. When the tree reads relations,
 * they are locked meanwhile.
 */
static const char *
RunTextStep(TextStep *step, void (*run)(void *arg), const Subject *subject)
{
	Catalog *cat = step->cat;
	MemoryContext old = MemoryContextSwitchTo(cat->scratch);
	const char *text = NULL;
	List *relations;
	bool done;

	if (step->tree == NULL)
		step->tree = stringToNode(RowText(step->tuple, step->desc, step->attnum));
	relations = RelationsIn(step->tree);
	if (relations != NIL && step->rel != NULL)
		relations = list_append_unique_oid(relations, step->rel->oid);
	done = relations ? RunLocked(cat, relations, run, step, subject) : RunGuarded(cat, run, step, subject);
	if (done && step->text != NULL)
		text = MemoryContextStrdup(cat->context, step->text);
	MemoryContextSwitchTo(old);
	MemoryContextReset(cat->scratch);
	return text;
}

static bool
HasLines(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, CaseExpr) || IsA(node, SubLink))
		return true;
	return expression_tree_walker(node, HasLines, context);
}

/* The deparser writes CASE and subqueries on several lines, but only for pg_get_expr(). */
static const char *
TextInLines(Node *expression, CatalogRelation *rel)
{
	Datum stored = CStringGetTextDatum(nodeToString(expression));

	return TextDatumGetCString(OidFunctionCall2(F_PG_GET_EXPR_PG_NODE_TREE_OID, stored,
												ObjectIdGetDatum(rel ? rel->oid : InvalidOid)));
}

static void
ExpressionStep(void *arg)
{
	TextStep *step = arg;

	if (HasLines(step->tree, NULL))
		step->text = TextInLines(step->tree, step->rel);
	else
		step->text = deparse_expression(step->tree, ExpressionContext(step->rel, step->tree), false, false);
}

const char *
ExpressionText(Catalog *cat, CatalogRelation *rel, Node *expression, const Subject *subject)
{
	TextStep step = {.cat = cat, .rel = rel, .tree = expression};

	return RunTextStep(&step, ExpressionStep, subject);
}

/* an expression that was deparsed, by all that its text depends on */
typedef struct KnownText
{
	const char *key;
	size_t length;
	const char *text;
} KnownText;

/*
 * What the text of a stored expression depends on, beside the names of objects:
 * the tree and the names of the columns. False when it depends on more, or when
 * looking it up would cost more than it saves.
 */
static bool
MakeTextKey(StringInfo key, CatalogRelation *rel, const char *tree)
{
	if (strstr(tree, "{SUBLINK") || strstr(tree, ":varattno 0 ") || (rel != NULL && rel->natts > 100))
		return false;
	initStringInfo(key);
	appendStringInfoString(key, tree);
	for (int i = 0; rel != NULL && i < rel->natts; i++)
	{
		appendStringInfoChar(key, '\0');
		appendStringInfoString(key, ColumnName(rel, i + 1) ? ColumnName(rel, i + 1) : "");
	}
	return true;
}

/* The entry for the key, made when there was none; text is NULL until it is known. */
static KnownText *
FindText(Catalog *cat, const StringInfoData *key)
{
	uint64 hash = hash_bytes_extended((unsigned char *) key->data, key->len, 0);
	bool found;
	KnownText *known = ObjectMapGet(cat->texts, (Oid) (hash >> 32), (Oid) hash, 0, &found);

	if (found && known->length == key->len && memcmp(known->key, key->data, key->len) == 0)
		return known;
	known = MemoryContextAllocZero(cat->context, sizeof(KnownText));
	known->length = key->len;
	known->key = memcpy(MemoryContextAlloc(cat->context, key->len), key->data, key->len);
	ObjectMapPut(cat->texts, (Oid) (hash >> 32), (Oid) hash, 0, known);
	return known;
}

static const char *
RowExpressionTextAnew(Catalog *cat, CatalogRelation *rel, char *tree, const Subject *subject)
{
	TextStep step = {.cat = cat, .rel = rel};

	step.tree = stringToNode(tree);
	return RunTextStep(&step, ExpressionStep, subject);
}

/*
 * Defaults and checks are much alike in many tables, and wholly so where each
 * tenant has a schema of the same tables: each is deparsed once.
 */
const char *
RowExpressionText(Catalog *cat, CatalogRelation *rel, HeapTuple tuple, TupleDesc desc, AttrNumber attnum,
				  const Subject *subject)
{
	MemoryContext old;
	StringInfoData key;
	KnownText *known = NULL;
	const char *text;
	char *tree;

	if (heap_attisnull(tuple, attnum, desc))
		return NULL;
	old = MemoryContextSwitchTo(cat->scratch);
	tree = ForgetLocations(RowText(tuple, desc, attnum));
	if (MakeTextKey(&key, rel, tree))
		known = FindText(cat, &key);
	text = known && known->text ? known->text : RowExpressionTextAnew(cat, rel, tree, subject);
	if (known)
		known->text = text;
	MemoryContextSwitchTo(old);
	MemoryContextReset(cat->scratch);
	return text;
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

/* ------------------------------------------------ rules and functions */

/* For expressions over a changed row: 1 is the old row, 2 the new one. */
static List *
OldAndNewContext(CatalogRelation *rel, Node *condition)
{
	PlannedStmt *statement = makeNode(PlannedStmt);

	statement->rtable = list_make2(MakeColumnsEntry(rel, ColumnsUsed(condition, PRS2_OLD_VARNO)),
								   MakeColumnsEntry(rel, ColumnsUsed(condition, PRS2_NEW_VARNO)));
	return deparse_context_for_plan_tree(statement, list_make2(pstrdup("old"), pstrdup("new")));
}

static void
ConditionStep(void *arg)
{
	TextStep *step = arg;

	step->text = deparse_expression(step->tree, OldAndNewContext(step->rel, step->tree), true, false);
}

const char *
RowConditionText(Catalog *cat, CatalogRelation *rel, HeapTuple tuple, TupleDesc desc, AttrNumber attnum,
				 const Subject *subject)
{
	TextStep step = {.cat = cat, .rel = rel, .tuple = tuple, .desc = desc, .attnum = attnum};

	return heap_attisnull(tuple, attnum, desc) ? NULL : RunTextStep(&step, ConditionStep, subject);
}

/* A query that begins on a line of its own leaves no spaces at the end of the one before. */
static void
AppendQuery(StringInfo text, Query *query)
{
	char *definition = pg_get_querydef(query, false);

	while (definition[0] == '\n' && text->len > 0 && text->data[text->len - 1] == ' ')
		text->data[--text->len] = '\0';
	appendStringInfoString(text, definition);
}

/* The condition of a rule, which stores "<>" when it has none. */
static Node *
RuleCondition(const TextStep *step)
{
	char *stored = RowText(step->tuple, step->desc, Anum_pg_rewrite_ev_qual);

	return strcmp(stored, "<>") == 0 ? NULL : stringToNode(stored);
}

/* The words and line ends of pg_get_ruledef(). */
static void
RuleTextStep(void *arg)
{
	TextStep *step = arg;
	const CatalogRule *rule = step->object;
	Node *condition = RuleCondition(step);
	List *actions = castNode(List, step->tree);
	StringInfoData text;
	ListCell *lc;

	initStringInfo(&text);
	appendStringInfo(&text, "CREATE RULE %s AS\n    ON %s TO %s", quote_identifier(rule->name),
					 UpperCase(rule->event),
					 quote_qualified_identifier(rule->relation->schema, rule->relation->name));
	if (condition != NULL)
		appendStringInfo(
			&text, "\n   WHERE %s",
			deparse_expression(condition, OldAndNewContext(rule->relation, condition), true, false));
	appendStringInfo(&text, " DO %s%s", rule->is_instead ? "INSTEAD " : "",
					 list_length(actions) > 1 ? "(" : "");
	foreach (lc, actions)
	{
		AppendQuery(&text, lfirst_node(Query, lc));
		appendStringInfoString(&text, list_length(actions) > 1 ? ";\n" : ";");
	}
	if (list_length(actions) > 1)
		appendStringInfoString(&text, ");");
	step->text = text.data;
}

const char *
RuleText(Catalog *cat, const CatalogRule *rule, HeapTuple tuple, TupleDesc desc)
{
	TextStep step = {
		.cat = cat, .tuple = tuple, .desc = desc, .attnum = Anum_pg_rewrite_ev_action, .object = rule};
	Subject subject = {"rule", rule->relation, rule->name};

	return RunTextStep(&step, RuleTextStep, &subject);
}

static void
BodyTextStep(void *arg)
{
	TextStep *step = arg;
	const CatalogFunction *function = step->object;

	step->text =
		TextDatumGetCString(OidFunctionCall1(F_PG_GET_FUNCTION_SQLBODY, ObjectIdGetDatum(function->oid)));
}

const char *
FunctionBodyText(Catalog *cat, const CatalogFunction *function, HeapTuple tuple, TupleDesc desc)
{
	TextStep step = {
		.cat = cat, .tuple = tuple, .desc = desc, .attnum = Anum_pg_proc_prosqlbody, .object = function};
	Subject subject = {"body of function", NULL, function->name};

	return heap_attisnull(tuple, step.attnum, desc) ? NULL : RunTextStep(&step, BodyTextStep, &subject);
}
