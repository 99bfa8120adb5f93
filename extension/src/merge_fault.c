/*
 * merge_fault.c
 *		Which row of a batch is at fault.
 *
 * PostgreSQL says what is wrong with a row, not where it came from. So a merge
 * runs in a subtransaction, and when an error may be a row's fault, the batch
 * is merged anew in halves until the row is found that fails by itself with the
 * same error. The halves before it stay merged meanwhile: a row may be at
 * fault for one that came earlier. All of this only serves the message: the
 * merge fails in any case, and everything done is undone with it.
 *
 * A row that fails by itself in another way (its parent comes later in the batch)
 * is passed over. When no row is found, as when a statement trigger
 * objects to the batch as a whole, the batch's error is reported without a row.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "counted.h"
#include "guard.h"
#include "merge_sql.h"

/* Rows that fail in another way than the batch, before the search is given up. */
#define MAX_PASSED_OVER 200

/* A search for the row that is at fault. */
typedef struct Search
{
	const ErrorData *batch; /* how the batch failed */
	ErrorData *row;         /* how the row failed that is at fault, or NULL */
	ItemPointerData place;  /* where it is */
	int passed_over;
} Search;

bool
IsFaultOfRow(int sqlerrcode)
{
	int class = ERRCODE_TO_CATEGORY(sqlerrcode);

	return class == ERRCODE_DATA_EXCEPTION || class == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION ||
		   class == ERRCODE_WITH_CHECK_OPTION_VIOLATION || sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE ||
		   sqlerrcode == ERRCODE_RAISE_EXCEPTION;
}

typedef struct StepCall
{
	MergeStep step;
	SqlMerge *merge;
	MergeCounts *counts;
	Snapshot snapshot;
} StepCall;

static void
RunStep(void *arg)
{
	StepCall *call = arg;

	PushCopiedSnapshot(call->snapshot);
	SeeOwnChanges();
	call->step(call->merge, call->counts);
	PopActiveSnapshot();
}

ErrorData *
Attempt(MergeStep step, SqlMerge *m, MergeCounts *counts)
{
	StepCall call = {.step = step, .merge = m, .counts = counts, .snapshot = GetActiveSnapshot()};
	MergeCounts before = *counts;
	ErrorData *error = RunInSubtransaction(RunStep, &call);

	if (error == NULL)
		return NULL;
	*counts = before;
	if (!IsFaultOfRow(error->sqlerrcode) || m->request->gave_up)
		ReThrowError(error);
	return error;
}

ErrorData *
AttemptRange(SqlMerge *m, MergeStep step, const Range *range, MergeCounts *counts)
{
	ErrorData *error;

	m->range = range;
	error = Attempt(step, m, counts);
	m->range = NULL;
	return error;
}

static Range
WholeRange(Relation source)
{
	BlockNumber blocks = RelationGetNumberOfBlocks(source);

	return (Range){0, blocks ? blocks - 1 : 0, FirstOffsetNumber, MaxHeapTuplesPerPage};
}

Range
RangeOfRow(const ItemPointerData *tid)
{
	BlockNumber block = ItemPointerGetBlockNumber(tid);
	OffsetNumber offset = ItemPointerGetOffsetNumber(tid);

	return (Range){block, block, offset, offset};
}

static bool
IsOnePlace(const Range *range)
{
	return range->first_block == range->last_block && range->first_offset == range->last_offset;
}

/* The halves of a range of more than one place. */
static void
HalveRange(const Range *range, Range *left, Range *right)
{
	*left = *right = *range;
	if (range->first_block < range->last_block)
	{
		left->last_block = range->first_block + (range->last_block - range->first_block) / 2;
		right->first_block = left->last_block + 1;
		left->last_offset = MaxHeapTuplesPerPage;
		right->first_offset = FirstOffsetNumber;
		return;
	}
	left->last_offset = range->first_offset + (range->last_offset - range->first_offset) / 2;
	right->first_offset = left->last_offset + 1;
}

static bool
IsSameText(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/*
 * The detail of most errors shows the whole row, with defaults that differ each time; that of a
 * foreign key just the value that has no parent.
 */
static bool
IsSameFault(const ErrorData *a, const ErrorData *b)
{
	return a->sqlerrcode == b->sqlerrcode && IsSameText(a->message, b->message) &&
		   (a->sqlerrcode != ERRCODE_FOREIGN_KEY_VIOLATION || IsSameText(a->detail, b->detail));
}

/* BadRow: the search ends with the row at fault, or when too many others failed. */
static bool
JudgeRow(void *arg, const ItemPointerData *tid, ErrorData *error)
{
	Search *search = arg;

	if (IsSameFault(error, search->batch))
	{
		search->row = error;
		search->place = *tid;
		return false;
	}
	FreeErrorData(error);
	return ++search->passed_over < MAX_PASSED_OVER;
}

/* A range under way: where bad rows go, and whether one of them ended it. */
typedef struct Parts
{
	SqlMerge *merge;
	MergeStep step;
	MergeCounts *counts;
	BadRow bad_row;
	void *arg;
	bool ended;
} Parts;

/* A range that is known to fail is not tried as a whole. Returns whether all of it was merged. */
static bool
MergePart(Parts *p, Range range, bool known_bad)
{
	ErrorData *error = NULL;
	ItemPointerData tid;
	Range left;
	Range right;
	bool clean;

	CHECK_FOR_INTERRUPTS();
	if (!known_bad || IsOnePlace(&range))
	{
		error = AttemptRange(p->merge, p->step, &range, p->counts);
		if (error == NULL)
			return true;
	}
	if (IsOnePlace(&range))
	{
		ItemPointerSet(&tid, range.first_block, range.first_offset);
		p->ended = !p->bad_row(p->arg, &tid, error);
		return false;
	}
	if (error != NULL)
		FreeErrorData(error);
	HalveRange(&range, &left, &right);
	clean = MergePart(p, left, false);
	return !p->ended && MergePart(p, right, clean) && clean;
}

void
MergeInParts(SqlMerge *m, MergeStep step, MergeCounts *counts, BadRow bad_row, void *arg)
{
	Parts parts = {.merge = m, .step = step, .counts = counts, .bad_row = bad_row, .arg = arg};

	MergePart(&parts, WholeRange(m->request->source), true);
}

bool
FailsWithoutRows(SqlMerge *m, MergeStep step)
{
	static const Range nothing = {InvalidBlockNumber - 1, InvalidBlockNumber - 1, 1, 1};
	MergeCounts counts = {0};

	return AttemptRange(m, step, &nothing, &counts) != NULL;
}

void
RaiseWithPlace(SqlMerge *m, MergeStep step, ErrorData *error)
{
	Search search = {.batch = error};
	MergeCounts counts = {0};
	Range row;

	if (!FailsWithoutRows(m, step))
		MergeInParts(m, step, &counts, JudgeRow, &search);
	if (search.row == NULL)
		ReThrowError(error);

	/* once more, for an error whose context says it in the right order */
	row = RangeOfRow(&search.place);
	m->place = PlaceText(m, &search.place);
	error = AttemptRange(m, step, &row, &counts);
	ReThrowError(error ? error : search.row);
}

char *
PlaceText(SqlMerge *m, ItemPointer tid)
{
	char *place = m->request->stage ? StagePlaceText(m->request->stage, tid) : NULL;
	int64 row;

	if (place)
		return place;
	row = QueryInt64(
		psprintf("SELECT pg_catalog.count(*) FROM %s AS s WHERE s.ctid OPERATOR(pg_catalog.<=) '(%u,%u)'",
				 m->source, ItemPointerGetBlockNumber(tid), ItemPointerGetOffsetNumber(tid)),
		true);
	return psprintf("row " INT64_FORMAT, row);
}
