/*
 * row_check.c
 *		Constraints of a table's rows, judged before anything is written.
 *
 * ExecConstraints() raises what it finds, and an error that is to be caught costs
 * a subtransaction. Here the same checks are made in the same order without.
 */
#include "compat.h"

#include "executor/executor.h"
#include "utils/rel.h"

#include "row_check.h"

struct RowCheck
{
	ResultRelInfo *rri;
	EState *estate;
	Relation rel;
	int nchecks;
	ExprState **checks; /* NULL: not enforced */
	bool by_core;       /* only PostgreSQL knows the values of some columns */
};

RowCheck *
PrepareRowCheck(ResultRelInfo *rri, EState *estate)
{
	TupleConstr *constr = RelationGetDescr(rri->ri_RelationDesc)->constr;
	RowCheck *check = palloc0(sizeof(RowCheck));

	check->rri = rri;
	check->estate = estate;
	check->rel = rri->ri_RelationDesc;
	check->by_core = HasVirtualColumns(constr);
	check->nchecks = constr && !check->by_core ? constr->num_check : 0;
	check->checks = palloc0(sizeof(ExprState *) * Max(check->nchecks, 1));
	for (int i = 0; i < check->nchecks; i++)
	{
		if (CheckIsEnforced(&constr->check[i]))
			check->checks[i] = ExecPrepareExpr(stringToNode(constr->check[i].ccbin), estate);
	}
	return check;
}

void
CheckRow(RowCheck *check, TupleTableSlot *slot, bool partition)
{
	if (RelationGetDescr(check->rel)->constr)
		ExecConstraints(check->rri, slot, check->estate);
	if (partition && check->rel->rd_rel->relispartition)
		ExecPartitionCheck(check->rri, slot, check->estate, true);
}

static ErrorData *
MakeFault(int sqlerrcode, char *message)
{
	ErrorData *fault = palloc0(sizeof(ErrorData));

	fault->sqlerrcode = sqlerrcode;
	fault->message = message;
	return fault;
}

/* The messages are PostgreSQL's own, and so in its catalog of translations. */
static ErrorData *
FaultOfNull(RowCheck *check, TupleTableSlot *slot)
{
	TupleDesc desc = RelationGetDescr(check->rel);
	ErrorData *fault;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attnotnull || !slot_attisnull(slot, i + 1))
			continue;
		fault = MakeFault(ERRCODE_NOT_NULL_VIOLATION,
						  psprintf(_("null value in column \"%s\" of relation \"%s\" violates not-null "
									 "constraint"),
								   NameStr(att->attname), RelationGetRelationName(check->rel)));
		fault->column_name = pstrdup(NameStr(att->attname));
		return fault;
	}
	return NULL;
}

static ErrorData *
FaultOfChecks(RowCheck *check, TupleTableSlot *slot)
{
	ExprContext *econtext = GetPerTupleExprContext(check->estate);
	const char *name;
	ErrorData *fault;

	econtext->ecxt_scantuple = slot;
	for (int i = 0; i < check->nchecks; i++)
	{
		if (check->checks[i] == NULL || ExecCheck(check->checks[i], econtext))
			continue;
		name = RelationGetDescr(check->rel)->constr->check[i].ccname;
		fault = MakeFault(ERRCODE_CHECK_VIOLATION,
						  psprintf(_("new row for relation \"%s\" violates check constraint \"%s\""),
								   RelationGetRelationName(check->rel), name));
		fault->constraint_name = pstrdup(name);
		return fault;
	}
	return NULL;
}

ErrorData *
FaultOfRow(RowCheck *check, TupleTableSlot *slot, bool partition)
{
	TupleConstr *constr = RelationGetDescr(check->rel)->constr;
	ErrorData *fault = NULL;

	if (check->by_core)
		ExecConstraints(check->rri, slot, check->estate);
	else if (constr && constr->has_not_null)
		fault = FaultOfNull(check, slot);
	if (fault == NULL && check->nchecks > 0)
		fault = FaultOfChecks(check, slot);
	if (fault == NULL && partition && check->rel->rd_rel->relispartition &&
		!ExecPartitionCheck(check->rri, slot, check->estate, false))
		fault = MakeFault(ERRCODE_CHECK_VIOLATION,
						  psprintf(_("new row for relation \"%s\" violates partition constraint"),
								   RelationGetRelationName(check->rel)));
	return fault;
}
