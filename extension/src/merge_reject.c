/*
 * merge_reject.c
 *		Rows that the merge sets aside: constraints, foreign keys, other unique keys.
 *
 * The batch is merged in halves, and halves of halves, until each bad row is
 * alone and all others are in. A row whose parent comes later in the batch
 * fails alone and not as a part of the whole, so where that can be, rows without a parent are
 * tried again at the end, until none of them gets in any more. A row left out for one of
 * the same key is merged when that one was set aside.
 *
 * Rows whose fate hangs on which of them is taken first (merge_rivals.c) are taken one by one behind the
 * others, in the order of the batch.
 *
 * Deferred constraints are not checked here: they fail at the commit, as ever.
 */
#include "compat.h"

#include "miscadmin.h"

#include "merge_aside.h"
#include "merge_sql.h"
#include "parents.h"

typedef struct SettingAside
{
	SqlMerge *merge;
	MergeStep step; /* merges merge->range */
	MergeCounts *counts;
	bool parents_may_come;
	List *orphans; /* ItemPointer of rows that lack a parent, maybe only so far */
} SettingAside;

void
SetRowAside(SqlMerge *m, const ItemPointerData *tid, const ErrorData *error, MergeCounts *counts)
{
	SetAside(m->request, error, &(RowPlace){.tid = *tid}, NULL, counts);
}

/* BadRow */
static bool
JudgeRow(void *arg, const ItemPointerData *tid, ErrorData *error)
{
	SettingAside *a = arg;

	if (error->sqlerrcode == ERRCODE_FOREIGN_KEY_VIOLATION && a->parents_may_come)
	{
		ItemPointer orphan = palloc(sizeof(ItemPointerData));

		*orphan = *tid;
		a->orphans = lappend(a->orphans, orphan);
	}
	else
		SetRowAside(a->merge, tid, error, a->counts);
	FreeErrorData(error);
	return true;
}

/* One more try for each row that lacks a parent; false when none got in. last: those that fail are set aside.
 */
static bool
AdoptOrphans(SettingAside *a, bool last)
{
	List *still = NIL;
	bool progress = false;
	ListCell *lc;

	foreach (lc, a->orphans)
	{
		ItemPointer tid = lfirst(lc);
		Range range = RangeOfRow(tid);
		ErrorData *error = AttemptRange(a->merge, a->step, &range, a->counts);

		CHECK_FOR_INTERRUPTS();
		if (error == NULL)
			progress = true;
		else if (last || error->sqlerrcode != ERRCODE_FOREIGN_KEY_VIOLATION)
			SetRowAside(a->merge, tid, error, a->counts);
		else
			still = lappend(still, tid);
	}
	a->orphans = still;
	return progress;
}

/* Merges rows that were left out for rows that have been set aside; false when there are none. */
static bool
MergeNextOfKeys(SettingAside *a)
{
	int n;
	ItemPointer tids = TakeUpDuplicates(a->merge, &n, a->counts);

	for (int i = 0; i < n; i++)
	{
		Range range = RangeOfRow(&tids[i]);
		ErrorData *error = AttemptRange(a->merge, a->step, &range, a->counts);

		CHECK_FOR_INTERRUPTS();
		if (error != NULL)
			JudgeRow(a, &tids[i], error);
	}
	return n > 0;
}

/* Rows in the order of the batch. */
typedef struct Queue
{
	ItemPointer tids;
	int n;
	int next;
} Queue;

/* Into its place among those to come. */
static void
Enqueue(Queue *queue, const ItemPointerData *tid)
{
	int i = queue->n;

	queue->tids = repalloc_huge(queue->tids, sizeof(ItemPointerData) * (queue->n + 1));
	while (i > queue->next && ItemPointerCompare(&queue->tids[i - 1], unconstify(ItemPointerData *, tid)) > 0)
		i--;
	memmove(&queue->tids[i + 1], &queue->tids[i], sizeof(ItemPointerData) * (queue->n - i));
	queue->tids[i] = *tid;
	queue->n++;
}

static void
EnqueueNextOfKeys(SettingAside *a, Queue *queue)
{
	int n;
	ItemPointer tids = TakeUpDuplicates(a->merge, &n, a->counts);

	for (int i = 0; i < n; i++)
		Enqueue(queue, &tids[i]);
}

static void
MergeRivals(SettingAside *a)
{
	bool in_order = TakesDuplicatesInOrder(a->merge->request);
	Queue queue = {0};

	while (in_order && MergeNextOfKeys(a))
		CHECK_FOR_INTERRUPTS();
	queue.tids = FirstRivals(a->merge, &queue.n);
	while (queue.next < queue.n)
	{
		ItemPointerData tid = queue.tids[queue.next++];
		Range range = RangeOfRow(&tid);
		ErrorData *error = AttemptRange(a->merge, a->step, &range, a->counts);

		CHECK_FOR_INTERRUPTS();
		if (error != NULL)
			JudgeRow(a, &tid, error);
		if (error != NULL && in_order)
			EnqueueNextOfKeys(a, &queue);
	}
}

void
MergeSettingAside(SqlMerge *m, MergeStep step, MergeCounts *counts)
{
	SettingAside a = {
		.merge = m, .step = step, .counts = counts, .parents_may_come = ParentsMayCome(m->request->target)};

	MergeInParts(m, step, counts, JudgeRow, &a);
	m->takes_rivals = true;
	if (m->rivals != NULL)
		MergeRivals(&a);
	do
	{
		while ((a.orphans != NIL && AdoptOrphans(&a, false)) || MergeNextOfKeys(&a))
			CHECK_FOR_INTERRUPTS();
		if (a.orphans != NIL)
			AdoptOrphans(&a, true);
	} while (MergeNextOfKeys(&a));
}
