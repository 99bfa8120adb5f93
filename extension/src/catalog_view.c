/*
 * catalog_view.c
 *		Views: their queries as text, which table's column each of their columns
 *		shows, and what can be written through them.
 *
 * A view's column shows another's when it is nothing but a reference to it,
 * through joins, subqueries, WITH queries and other views alike. What a set
 * operation or an expression makes is nobody's column.
 */
#include "catalog_impl.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_rewrite.h"
#include "nodes/parsenodes.h"
#include "foreign/foreign.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"

#include "deparse.h"
#include "catalog_locks.h"

/* a query and those around it */
typedef struct QueryLevel
{
	Query *query;
	struct QueryLevel *outer;
} QueryLevel;

typedef struct BaseColumn
{
	Oid relid;
	AttrNumber attnum;
} BaseColumn;

static bool FindBase(QueryLevel *level, Node *expression, BaseColumn *base);

/* Column attnum of a subquery that is read at the level. */
static bool
FindBaseInSubquery(QueryLevel *level, Query *query, AttrNumber attnum, BaseColumn *base)
{
	QueryLevel inner = {query, level};
	TargetEntry *target = get_tle_by_resno(query->targetList, attnum);

	if (target == NULL || query->setOperations != NULL)
		return false;
	return FindBase(&inner, (Node *) target->expr, base);
}

static bool
FindBaseInWith(QueryLevel *level, RangeTblEntry *entry, AttrNumber attnum, BaseColumn *base)
{
	ListCell *lc;

	for (Index up = 0; up < entry->ctelevelsup && level != NULL; up++)
		level = level->outer;
	if (level == NULL)
		return false;
	foreach (lc, level->query->cteList)
	{
		CommonTableExpr *with = lfirst(lc);

		if (strcmp(with->ctename, entry->ctename) == 0)
			return !with->cterecursive && IsA(with->ctequery, Query) &&
				   ((Query *) with->ctequery)->commandType == CMD_SELECT &&
				   FindBaseInSubquery(level, (Query *) with->ctequery, attnum, base);
	}
	return false;
}

static bool
FindBase(QueryLevel *level, Node *expression, BaseColumn *base)
{
	Var *var = (Var *) expression;
	RangeTblEntry *entry;

	if (!IsA(expression, Var) || var->varattno <= 0)
		return false;
	for (Index up = 0; up < var->varlevelsup && level != NULL; up++)
		level = level->outer;
	if (level == NULL)
		return false;
	entry = rt_fetch(var->varno, level->query->rtable);
	switch (entry->rtekind)
	{
		case RTE_RELATION:
			base->relid = entry->relid;
			base->attnum = var->varattno;
			return true;
		case RTE_SUBQUERY: return FindBaseInSubquery(level, entry->subquery, var->varattno, base);
		case RTE_JOIN: return FindBase(level, list_nth(entry->joinaliasvars, var->varattno - 1), base);
		case RTE_CTE: return FindBaseInWith(level, entry, var->varattno, base);
		default:
			expression = GroupingExpression(entry, var->varattno);
			return expression != NULL && FindBase(level, expression, base);
	}
}

static void
SetBaseColumns(CatalogRelation *rel, Query *query)
{
	QueryLevel level = {query, NULL};
	BaseColumn base;
	ListCell *lc;

	if (query->setOperations != NULL)
		return;
	foreach (lc, query->targetList)
	{
		TargetEntry *target = lfirst(lc);

		if (target->resjunk || ColumnName(rel, target->resno) == NULL ||
			!FindBase(&level, (Node *) target->expr, &base))
			continue;
		rel->atts[target->resno - 1]->base_oid = base.relid;
		rel->atts[target->resno - 1]->base_attnum = base.attnum;
	}
}

/*
 * The stored query carries the column names of CREATE VIEW; a later RENAME
 * COLUMN changed only pg_attribute.
 */
static void
RenameTargets(CatalogRelation *rel, Query *query)
{
	ListCell *lc;

	foreach (lc, query->targetList)
	{
		TargetEntry *target = lfirst(lc);

		if (!target->resjunk && ColumnName(rel, target->resno) != NULL)
			target->resname = unconstify(char *, ColumnName(rel, target->resno));
	}
}

typedef struct ViewStep
{
	Query *query;
	char *text;
} ViewStep;

static void
ViewTextStep(void *arg)
{
	ViewStep *step = arg;

	step->text = psprintf("%s;", pg_get_querydef(step->query, false));
}

static void
SetDefinition(Catalog *cat, CatalogRelation *rel, Query *query)
{
	ViewStep step = {query, NULL};
	Subject subject = {"definition", rel, NULL};

	RenameTargets(rel, query);
	if (RunLocked(cat, RelationsIn((Node *) query), ViewTextStep, &step, &subject))
		rel->definition = MemoryContextStrdup(cat->context, step.text);
}

static bool
IsView(const CatalogRelation *rel)
{
	return rel != NULL && (rel->relkind == RELKIND_VIEW || rel->relkind == RELKIND_MATVIEW);
}

static void
VisitView(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_rewrite form = (Form_pg_rewrite) GETSTRUCT(tuple);
	CatalogRelation *rel = OidMapGet(cat->classes, form->ev_class);
	MemoryContext old;
	Query *query;

	if (form->ev_type != '1' || !form->is_instead || !IsView(rel) || rel->atts == NULL)
		return;
	/* by an index scan in the midst of others, for a view that is only passed through */
	old = MemoryContextSwitchTo(cat->scratch);
	query = linitial_node(Query, (List *) stringToNode(RowText(tuple, desc, Anum_pg_rewrite_ev_action)));
	rel->query_was_read = true;
	MemoryContextSwitchTo(cat->context);
	rel->reads = RelationsIn((Node *) query);
	MemoryContextSwitchTo(cat->scratch);
	if (cat->parts & CATALOG_COLUMNS)
		SetBaseColumns(rel, query);
	if (rel->wanted && (cat->parts & CATALOG_DETAILS))
		SetDefinition(cat, rel, query);
	MemoryContextSwitchTo(old);
	MemoryContextReset(cat->scratch);
}

/* Follows references through views to the table at the end. */
static void
ResolveBase(Catalog *cat, CatalogColumn *column)
{
	CatalogRelation *base = FindClass(cat, column->base_oid);
	AttrNumber attnum = column->base_attnum;

	/* CREATE OR REPLACE can make views refer to each other in a circle */
	for (int depth = 0; IsView(base); depth++)
	{
		CatalogColumn *next;

		if (!base->query_was_read)
			ScanCatalogFor(cat, RewriteRelationId, RewriteRelRulenameIndexId, Anum_pg_rewrite_ev_class,
						   base->oid, VisitView);
		base->query_was_read = true;
		next = ColumnName(base, attnum) ? base->atts[attnum - 1] : NULL;
		if (next == NULL || !OidIsValid(next->base_oid) || depth > 100)
			return;
		attnum = next->base_attnum;
		base = FindClass(cat, next->base_oid);
	}
	if (base == NULL || ColumnName(base, attnum) == NULL)
		return;
	column->base_schema = base->schema;
	column->base_relation = base->name;
	column->base_column = ColumnName(base, attnum);
}

/* The relation and all that it reads, through views as well. */
static List *
RelationsBelow(Catalog *cat, CatalogRelation *rel)
{
	List *below = list_make1_oid(rel->oid);

	for (int i = 0; i < list_length(below); i++)
	{
		CatalogRelation *next = OidMapGet(cat->classes, list_nth_oid(below, i));

		if (next != NULL)
			below = list_concat_unique_oid(below, next->reads);
	}
	return below;
}

typedef struct EventsStep
{
	Oid relid;
	int events;
} EventsStep;

static void
UpdatableEventsStep(void *arg)
{
	EventsStep *step = arg;

	step->events = relation_is_updatable(step->relid, NIL, true, NULL);
}

/* A foreign-data wrapper without a handler cannot even be asked. */
static bool
CanBeAsked(Oid serverId)
{
	ForeignServer *server = GetForeignServerExtended(serverId, FSV_MISSING_OK);
	ForeignDataWrapper *wrapper =
		server ? GetForeignDataWrapperExtended(server->fdwid, FDW_MISSING_OK) : NULL;

	return wrapper != NULL && OidIsValid(wrapper->fdwhandler);
}

int
ForeignTableEvents(Catalog *cat, Oid relid, Oid server)
{
	EventsStep step = {relid, 0};
	Subject subject = {"updatability of foreign table", NULL, psprintf("with OID %u", relid)};
	MemoryContext old = MemoryContextSwitchTo(cat->scratch);

	if (CanBeAsked(server))
		(void) RunLocked(cat, list_make1_oid(relid), UpdatableEventsStep, &step, &subject);
	MemoryContextSwitchTo(old);
	MemoryContextReset(cat->scratch);
	return step.events;
}

static int
ViewEvents(Catalog *cat, CatalogRelation *rel)
{
	EventsStep step = {rel->oid, 0};
	Subject subject = {"updatability", rel, NULL};
	MemoryContext old = MemoryContextSwitchTo(cat->scratch);

	(void) RunLocked(cat, RelationsBelow(cat, rel), UpdatableEventsStep, &step, &subject);
	MemoryContextSwitchTo(old);
	MemoryContextReset(cat->scratch);
	return step.events;
}

static int
Events(Catalog *cat, CatalogRelation *rel)
{
	switch (rel->relkind)
	{
		case RELKIND_VIEW: return ViewEvents(cat, rel);
		case RELKIND_FOREIGN_TABLE: return ForeignTableEvents(cat, rel->oid, rel->server_oid);
		case RELKIND_MATVIEW: return 0;
		default: return ~0;
	}
}

static void
SetUpdatable(Catalog *cat, CatalogRelation *rel)
{
	int events = Events(cat, rel);

	rel->insertable = (events & (1 << CMD_INSERT)) != 0;
	rel->updatable = (events & (1 << CMD_UPDATE)) != 0;
	rel->deletable = (events & (1 << CMD_DELETE)) != 0;
}

void
LoadViews(Catalog *cat)
{
	ListCell *lc;
	ListCell *c;

	ScanRelationRows(cat, RewriteRelationId, RewriteRelRulenameIndexId, Anum_pg_rewrite_ev_class, VisitView);
	foreach (lc, cat->contents.relations)
	{
		CatalogRelation *rel = lfirst(lc);

		if (cat->parts & CATALOG_DETAILS)
			SetUpdatable(cat, rel);
		if (!IsView(rel))
			continue;
		foreach (c, rel->columns)
			if (OidIsValid(((CatalogColumn *) lfirst(c))->base_oid))
				ResolveBase(cat, lfirst(c));
	}
}
