/*
 * fill.c
 *		Defaults for columns that the input left out.
 *
 * Each is evaluated once for each row that needs it, as an INSERT would.
 */
#include "compat.h"

#include "access/table.h"
#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "rewrite/rewriteHandler.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "fill.h"

typedef struct FillState
{
	bool known;
	ExprState *expr; /* NULL: no default */
} FillState;

struct Fill
{
	Relation rel;
	Oid target;
	MemoryContext context;
	FillState *columns;
};

Fill *
MakeFill(Relation rel, Oid target)
{
	Fill *fill = palloc0(sizeof(Fill));

	fill->rel = rel;
	fill->target = target;
	fill->context = CurrentMemoryContext;
	fill->columns = palloc0(sizeof(FillState) * RelationGetDescr(rel)->natts);
	return fill;
}

/* The default of the target's column of that name, as a value of our column's type. */
static Node *
TargetDefault(Fill *fill, Form_pg_attribute att)
{
	Relation target = try_table_open(fill->target, AccessShareLock);
	AttrNumber attnum;
	Node *expr = NULL;

	if (target == NULL)
		return NULL;
	attnum = get_attnum(fill->target, NameStr(att->attname));
	if (attnum > 0 && get_attgenerated(fill->target, attnum) == '\0')
		expr = build_column_default(target, attnum);
	table_close(target, NoLock);
	if (expr == NULL)
		return NULL;
	return coerce_to_target_type(NULL, expr, exprType(expr), att->atttypid, att->atttypmod,
								 COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);
}

static FillState *
FillStateOf(Fill *fill, AttrNumber attnum)
{
	FillState *state = &fill->columns[attnum - 1];
	MemoryContext old;
	Node *expr;

	if (state->known)
		return state;
	old = MemoryContextSwitchTo(fill->context);
	expr = build_column_default(fill->rel, attnum);
	if (expr == NULL)
		expr = TargetDefault(fill, TupleDescAttr(RelationGetDescr(fill->rel), attnum - 1));
	if (expr != NULL)
	{
		expr = (Node *) expression_planner((Expr *) expr);
		state->expr = ExecInitExpr((Expr *) expr, NULL);
	}
	state->known = true;
	MemoryContextSwitchTo(old);
	return state;
}

ExprState *
FillExpression(Fill *fill, AttrNumber attnum)
{
	return FillStateOf(fill, attnum)->expr;
}

Datum
FillColumn(Fill *fill, AttrNumber attnum, ExprContext *econtext, bool *isnull)
{
	ExprState *expr = FillExpression(fill, attnum);

	if (expr != NULL)
		return ExecEvalExpr(expr, econtext, isnull);
	*isnull = true;
	return (Datum) 0;
}
