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
#include "catalog/pg_type.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
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
RunPlan(PlannedStmt *plan, const char *sql, int eflags, Counted *counted)
{
	QueryDesc *desc = CreateQueryDesc(plan, sql, GetActiveSnapshot(), InvalidSnapshot, None_Receiver, NULL,
									  NULL, INSTRUMENT_ROWS);

	ExecutorStart(desc, eflags);
	CompatExecutorRun(desc);
	ExecutorFinish(desc);
	if (plan->canSetTag)
		ReadCounters(desc, counted);
	ExecutorEnd(desc);
	FreeQueryDesc(desc);
}

void
SeeOwnChanges(void)
{
	CommandCounterIncrement();
	UpdateActiveSnapshotCommandId();
}

/* Keeps the planner from nested loops, unless they may be used, until EndPlanning; an error ends it too. */
static int
BeginPlanning(bool nestloop)
{
	int level = NewGUCNestLevel();

	if (!nestloop)
		(void) set_config_option("enable_nestloop", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
								 0, false);
	return level;
}

static void
EndPlanning(int level)
{
	AtEOXact_GUC(true, level);
}

/* More than one plan where the target has rules; the later ones see what the earlier did. */
static void
RunStatement(const char *sql, bool nestloop, int eflags, Counted *counted)
{
	int level = BeginPlanning(nestloop);
	RawStmt *raw = linitial_node(RawStmt, pg_parse_query(sql));
	List *queries = pg_analyze_and_rewrite_fixedparams(raw, sql, NULL, 0, NULL);
	List *plans = pg_plan_queries(queries, sql, CURSOR_OPT_PARALLEL_OK, NULL);
	ListCell *lc;

	EndPlanning(level);
	foreach (lc, plans)
	{
		PlannedStmt *plan = lfirst_node(PlannedStmt, lc);

		if (foreach_current_index (lc) > 0)
			SeeOwnChanges();
		if (plan->utilityStmt != NULL) /* a rule's NOTIFY */
			ProcessUtility(plan, sql, false, PROCESS_UTILITY_QUERY, NULL, NULL, None_Receiver, NULL);
		else
			RunPlan(plan, sql, eflags, counted);
	}
	CommandCounterIncrement();
}

static void
Run(const char *sql, bool nestloop, int eflags, Counted *counted)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "aiodal statement", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	ErrorContextCallback callback = {.callback = StatementErrorContext, .arg = unconstify(char *, sql)};

	memset(counted, 0, sizeof(*counted));
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	RunStatement(sql, nestloop, eflags, counted);
	error_context_stack = callback.previous;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

void
RunCounted(const char *sql, bool nestloop, Counted *counted)
{
	Run(sql, nestloop, 0, counted);
}

void
RunCountedQueuing(const char *sql, bool nestloop, Counted *counted)
{
	Run(sql, nestloop, EXEC_FLAG_SKIP_TRIGGERS, counted);
}

Datum
QueryDatum(const char *sql, ArrayType *tids, bool *isnull)
{
	Oid type = get_array_type(TIDOID);
	Datum argument = PointerGetDatum(tids);
	Datum value;
	Form_pg_attribute att;

	SPI_connect();
	if (SPI_execute_with_args(sql, tids ? 1 : 0, &type, &argument, NULL, true, 0) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "unexpected result of: %s", sql);
	att = TupleDescAttr(SPI_tuptable->tupdesc, 0);
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, isnull);
	if (!*isnull)
		value = SPI_datumTransfer(value, att->attbyval, att->attlen);
	SPI_finish();
	return value;
}

int64
QueryInt64(const char *sql, bool nestloop)
{
	int level = BeginPlanning(nestloop);
	bool isnull;
	Datum value = QueryDatum(sql, NULL, &isnull);

	EndPlanning(level);
	if (isnull)
		elog(ERROR, "unexpected null from: %s", sql);
	return DatumGetInt64(value);
}
