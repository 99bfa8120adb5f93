/*
 * counted.c
 *		Running a statement and learning what became of each row.
 *
 * SQL itself tells how many rows an INSERT ... ON CONFLICT wrote, not how many
 * were inserted, updated or left alone; RETURNING (xmax = 0) guesses, costs a
 * row each, and fails on partitioned tables. The executor knows: it counts
 * rows per plan node for EXPLAIN ANALYZE (INSTRUMENT_ROWS), and the node of a
 * write counts conflicts and rows held back by DO UPDATE's WHERE beside. So
 * statements are run here with those counters on, and the counters are read.
 */
#include "compat.h"

#include "executor/execdesc.h"
#include "executor/executor.h"
#include "executor/instrument.h"
#include "executor/spi.h"
#include "nodes/execnodes.h"
#include "parser/parser.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "counted.h"

void
StatementErrorContext(void *arg)
{
	int position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery((const char *) arg);
	}
}

static void
ReadCounters(QueryDesc *desc, Counted *counted)
{
	PlanState *top = desc->planstate;
	PlanState *rows;

	counted->processed = desc->estate->es_processed;
	if (!IsA(top, ModifyTableState))
		return;
	rows = outerPlanState(top);
	InstrEndLoop(top->instrument);
	InstrEndLoop(rows->instrument);
	counted->proposed = (int64) rows->instrument->ntuples;
	counted->conflicts = (int64) top->instrument->ntuples2;
	counted->equal = (int64) top->instrument->nfiltered1;
}

static void
RunPlan(PlannedStmt *plan, const char *sql, Counted *counted)
{
	QueryDesc *desc = CreateQueryDesc(plan, sql, GetActiveSnapshot(), InvalidSnapshot, None_Receiver, NULL,
									  NULL, INSTRUMENT_ROWS);

	ExecutorStart(desc, 0);
	CompatExecutorRun(desc);
	ExecutorFinish(desc);
	if (plan->canSetTag)
		ReadCounters(desc, counted);
	ExecutorEnd(desc);
	FreeQueryDesc(desc);
}

static void
RunStatement(const char *sql, Counted *counted)
{
	RawStmt *raw = linitial_node(RawStmt, pg_parse_query(sql));
	List *queries = pg_analyze_and_rewrite_fixedparams(raw, sql, NULL, 0, NULL);
	List *plans = pg_plan_queries(queries, sql, CURSOR_OPT_PARALLEL_OK, NULL);
	ListCell *lc;

	foreach (lc, plans)
	{
		PlannedStmt *plan = lfirst_node(PlannedStmt, lc);

		if (plan->utilityStmt != NULL) /* a rule's NOTIFY */
			continue;
		CommandCounterIncrement();
		UpdateActiveSnapshotCommandId();
		RunPlan(plan, sql, counted);
	}
	CommandCounterIncrement();
}

void
RunCounted(const char *sql, Counted *counted)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "aiodal statement", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	ErrorContextCallback callback = {.callback = StatementErrorContext, .arg = unconstify(char *, sql)};

	memset(counted, 0, sizeof(*counted));
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	CommandCounterIncrement();
	UpdateActiveSnapshotCommandId();
	RunStatement(sql, counted);
	error_context_stack = callback.previous;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

int64
QueryInt64(const char *sql)
{
	int64 value;
	bool isnull;

	CommandCounterIncrement();
	UpdateActiveSnapshotCommandId();
	SPI_connect();
	if (SPI_execute(sql, true, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "unexpected result of: %s", sql);
	value = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	if (isnull)
		elog(ERROR, "unexpected null from: %s", sql);
	SPI_finish();
	return value;
}
