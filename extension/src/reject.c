/*
 * reject.c
 *		Rows set aside, and aiodal.rejects().
 *
 * Design notes
 *
 * A log belongs to a stage. It lives in a memory context of its own under
 * TopMemoryContext and keeps its rows in a tuplestore that spills to a file
 * and is tied to no transaction: the log of the session's last COPY outlives
 * its transaction, all others end with theirs.
 *
 * A load remembers the subtransaction it belongs to, as stage.c's facts do, so
 * that what a rolled back savepoint had set aside is no longer counted. Its
 * rows stay in the store and are passed over.
 */
#include "compat.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/tuplestore.h"

#include "feed.h"
#include "reject.h"
#include "stage.h"

/* bytes of a value that are kept */
#define MAX_VALUE 100

typedef struct RejectLoad
{
	SubTransactionId subid;
	bool undone;
	bool discarded; /* not even shown */
	bool copy;      /* else a merge */
	int64 count;
} RejectLoad;

struct RejectLog
{
	Oid stage;
	Oid role; /* who loads; others, of the same session, see nothing */
	MemoryContext context;
	MemoryContext row_context; /* of the row that is stored */
	TupleDesc desc;            /* load number, then the columns of aiodal.rejects() */
	Tuplestorestate *store;
	RejectLoad *loads;
	int nloads;
	int last_copy; /* index of the last COPY among the loads */
};

static List *logs = NIL; /* RejectLog *, of this transaction's stages */
static RejectLog *last =
	NULL; /* the log with the session's last COPY; in the list, or of an earlier transaction */
static bool callbacks_registered = false;

PG_FUNCTION_INFO_V1(rejects);

static void
FreeLog(RejectLog *log)
{
	tuplestore_end(log->store);
	MemoryContextDelete(log->context);
}

static void
ForgetLogs(XactEvent event, void *arg)
{
	ListCell *lc;

	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	foreach (lc, logs)
	{
		RejectLog *log = lfirst(lc);

		/* another table may get the stage's OID */
		log->stage = InvalidOid;
		if (log != last)
			FreeLog(log);
	}
	list_free(logs);
	logs = NIL;
}

static void
FollowSubtransaction(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	ListCell *lc;

	if (event != SUBXACT_EVENT_ABORT_SUB && event != SUBXACT_EVENT_COMMIT_SUB)
		return;
	foreach (lc, logs)
	{
		RejectLog *log = lfirst(lc);

		for (int i = 0; i < log->nloads; i++)
		{
			if (log->loads[i].subid != subid)
				continue;
			if (event == SUBXACT_EVENT_ABORT_SUB)
				log->loads[i].undone = true;
			else
				log->loads[i].subid = parent;
		}
	}
}

static TupleDesc
MakeLogDesc(void)
{
	TupleDesc desc = CreateTemplateTupleDesc(9);

	TupleDescInitEntry(desc, 1, "load", INT4OID, -1, 0);
	TupleDescInitEntry(desc, 2, "line", INT8OID, -1, 0);
	TupleDescInitEntry(desc, 3, "record", INT8OID, -1, 0);
	TupleDescInitEntry(desc, 4, "column_name", TEXTOID, -1, 0);
	TupleDescInitEntry(desc, 5, "value", TEXTOID, -1, 0);
	TupleDescInitEntry(desc, 6, "sqlstate", TEXTOID, -1, 0);
	TupleDescInitEntry(desc, 7, "message", TEXTOID, -1, 0);
	TupleDescInitEntry(desc, 8, "raw", TEXTOID, -1, 0);
	TupleDescInitEntry(desc, 9, "input", INT4OID, -1, 0);
	return desc;
}

static RejectLog *
MakeLog(Oid stage)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "aiodal rejects", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	ResourceOwner owner = CurrentResourceOwner;
	RejectLog *log = palloc0(sizeof(RejectLog));

	if (!callbacks_registered)
	{
		RegisterXactCallback(ForgetLogs, NULL);
		RegisterSubXactCallback(FollowSubtransaction, NULL);
		callbacks_registered = true;
	}
	log->stage = stage;
	log->role = GetUserId();
	log->context = context;
	log->row_context = AllocSetContextCreate(context, "aiodal reject", ALLOCSET_SMALL_SIZES);
	log->desc = MakeLogDesc();
	/* it belongs to no transaction, so neither to one's resource owner */
	CurrentResourceOwner = NULL;
	log->store = tuplestore_begin_heap(true, true, work_mem);
	CurrentResourceOwner = owner;
	MemoryContextSwitchTo(TopMemoryContext);
	logs = lappend(logs, log);
	MemoryContextSwitchTo(old);
	return log;
}

static RejectLog *
FindLog(Oid stage)
{
	ListCell *lc;

	foreach (lc, logs)
	{
		RejectLog *log = lfirst(lc);

		if (log->stage == stage)
			return log;
	}
	return NULL;
}

/* The log is that of the session's last COPY now. */
static void
MakeLast(RejectLog *log)
{
	RejectLog *old = last;

	log->last_copy = log->nloads - 1;
	last = log;
	if (old != NULL && old != log && !list_member_ptr(logs, old))
		FreeLog(old);
}

void
ForgetLastRejects(void)
{
	/* what is in the list goes with the transaction */
	if (last != NULL && !list_member_ptr(logs, last))
		FreeLog(last);
	last = NULL;
}

RejectLog *
BeginRejects(Oid stage, bool copy)
{
	RejectLog *log = OidIsValid(stage) ? FindLog(stage) : NULL;
	RejectLoad *load;

	if (log == NULL)
		log = MakeLog(stage);
	if (log->loads == NULL)
		log->loads = MemoryContextAlloc(log->context, sizeof(RejectLoad));
	else
		log->loads = repalloc(log->loads, (log->nloads + 1) * sizeof(RejectLoad));
	load = &log->loads[log->nloads++];
	load->subid = GetCurrentSubTransactionId();
	load->undone = load->discarded = false;
	load->copy = copy;
	load->count = 0;
	if (copy)
		MakeLast(log);
	return log;
}

void
DiscardRejects(RejectLog *log)
{
	log->loads[log->nloads - 1].discarded = true;
}

static int64
CountLoads(const RejectLog *log, bool copies_only)
{
	int64 count = 0;

	for (int i = 0; log != NULL && i < log->nloads; i++)
	{
		const RejectLoad *load = &log->loads[i];

		if (!load->undone && !load->discarded && (load->copy || !copies_only))
			count += load->count;
	}
	return count;
}

int64
CountRejectsIn(const RejectLog *log)
{
	return CountLoads(log, false);
}

int64
CountCopyRejects(Oid stage)
{
	return CountLoads(FindLog(stage), true);
}

bool
IsRowError(int sqlerrcode)
{
	switch (ERRCODE_TO_CATEGORY(sqlerrcode))
	{
		case ERRCODE_DATA_EXCEPTION:
		case ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION:
		case ERRCODE_PLPGSQL_ERROR: /* RAISE in a domain's check */ return true;
		case ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION: /* a value of type regclass, say */
			return sqlerrcode != ERRCODE_INSUFFICIENT_PRIVILEGE;
		default: return sqlerrcode == ERRCODE_PROGRAM_LIMIT_EXCEEDED; /* a value too long for its type */
	}
}

void
SkipBadRecord(Feed *feed, const ErrorData *error, Reject *reject)
{
	reject->sqlerrcode = error->sqlerrcode;
	reject->message = error->message;
	if (!IsRowError(error->sqlerrcode) || !feed->skip(feed, reject))
		ReThrowError(unconstify(ErrorData *, error));
}

static Datum
TextOrNull(const char *text, int len, bool *isnull)
{
	*isnull = text == NULL;
	return text ? PointerGetDatum(cstring_to_text_with_len(text, len >= 0 ? len : (int) strlen(text)))
				: (Datum) 0;
}

static void
StoreReject(RejectLog *log, const Reject *reject)
{
	Datum values[9];
	bool nulls[9] = {false};
	const char *value = reject->value;
	MemoryContext old = MemoryContextSwitchTo(log->row_context);

	values[0] = Int32GetDatum(log->nloads - 1);
	values[1] = Int64GetDatum(reject->line);
	nulls[1] = reject->line == 0;
	values[2] = Int64GetDatum(reject->record);
	nulls[2] = reject->record == 0;
	values[3] = TextOrNull(reject->column, -1, &nulls[3]);
	values[4] = TextOrNull(value, value ? pg_mbcliplen(value, strlen(value), MAX_VALUE) : 0, &nulls[4]);
	values[5] = TextOrNull(unpack_sql_state(reject->sqlerrcode), -1, &nulls[5]);
	values[6] = TextOrNull(reject->message, -1, &nulls[6]);
	values[7] = TextOrNull(reject->raw, -1, &nulls[7]);
	values[8] = Int32GetDatum(reject->input);
	nulls[8] = reject->input == 0;
	tuplestore_putvalues(log->store, log->desc, values, nulls);
	MemoryContextSwitchTo(old);
	MemoryContextReset(log->row_context);
}

void
RejectRow(Oid stage, int64 max_rejects, const Reject *reject)
{
	RejectLog *log = FindLog(stage);

	if (log == NULL)
		elog(ERROR, "no load of stage %u has begun", stage);
	RejectRowIn(log, max_rejects, reject);
}

/* "line 3 of input 2, column x" */
static char *
RejectPlace(const RejectLog *log, const Reject *reject)
{
	StringInfoData place;
	Stage *stage = FindStage(log->stage);
	int copies = 0;

	for (int i = 0; i < log->nloads; i++)
		copies += log->loads[i].copy;
	if (stage && (stage->part || stage->parts))
		copies = stage->several_inputs ? 2 : 1;
	initStringInfo(&place);
	appendStringInfo(&place, "line " INT64_FORMAT, reject->line);
	if (copies > 1 && reject->input > 0)
		appendStringInfo(&place, " of input %d", reject->input);
	if (reject->column)
		appendStringInfo(&place, ", column %s", reject->column);
	return place.data;
}

void
RejectRowIn(RejectLog *log, int64 max_rejects, const Reject *reject)
{
	StoreReject(log, reject);
	log->loads[log->nloads - 1].count++;
	if (max_rejects >= 0 && CountRejectsIn(log) > max_rejects)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg_plural("more than " INT64_FORMAT " row was rejected",
							   "more than " INT64_FORMAT " rows were rejected", max_rejects, max_rejects),
				 errdetail("The last one, on %s: %s.", RejectPlace(log, reject), reject->message),
				 errhint("All are shown by: SELECT * FROM aiodal.rejects().")));
}

/* Rows of the loads from the first one on, into the function's result, if there are any for the caller. */
static void
ReturnRejects(ReturnSetInfo *rsinfo, RejectLog *log, int first, bool even_undone)
{
	TupleTableSlot *slot;

	if (log == NULL || !has_privs_of_role(GetUserId(), log->role))
		return;
	slot = MakeSingleTupleTableSlot(log->desc, &TTSOpsMinimalTuple);
	tuplestore_rescan(log->store);
	while (tuplestore_gettupleslot(log->store, true, false, slot))
	{
		int load;

		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(slot);
		load = DatumGetInt32(slot->tts_values[0]);
		if (load >= first && !log->loads[load].discarded && (even_undone || !log->loads[load].undone))
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, slot->tts_values + 1,
								 slot->tts_isnull + 1);
	}
	ExecDropSingleTupleTableSlot(slot);
}

/*
 * aiodal.rejects(stage regclass) returns table (line bigint, record bigint,
 *		column_name text, value text, sqlstate text, message text, raw text,
 *		input int)
 *
 * Without a stage: the last COPY's, rolled back or not, and those of merges of
 * its stage since.
 */
Datum
rejects(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
	{
		ReturnRejects(rsinfo, last, last ? last->last_copy : 0, true);
		PG_RETURN_NULL();
	}
	if (FindStage(PG_GETARG_OID(0)) == NULL)
	{
		char *name = get_rel_name(PG_GETARG_OID(0));

		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 name ? errmsg("\"%s\" is not a stage", name)
					  : errmsg("relation with OID %u does not exist", PG_GETARG_OID(0)),
				 errhint("Stages are made by aiodal.stage() and last until the end of the transaction.")));
	}
	ReturnRejects(rsinfo, FindLog(PG_GETARG_OID(0)), 0, false);
	PG_RETURN_NULL();
}
