/*
 * watch.c
 *		Tells listeners when the schema has changed.
 *
 * Design notes
 *
 * Two event triggers only note that a transaction has run DDL on something that
 * is not temporary. What that came to is looked at once, before the transaction
 * commits: the schema as this transaction leaves it is hashed, and the schema as
 * others see it. Only when these differ does a notification go out, which
 * PostgreSQL delivers if the commit succeeds.
 *
 * A transaction that is prepared instead of committed may not notify anybody,
 * and so does not.
 */
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/async.h"
#include "commands/event_trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "catalog_hash.h"

#define DDL_TRIGGER  "aiodal_watch_ddl"
#define DROP_TRIGGER "aiodal_watch_drop"

/* has the transaction changed what is not temporary? */
static bool ddl_was_run = false;

/* ------------------------------------------------------- at the end */

/* The channels of aiodal.watched; none when the extension is being dropped. */
static List *
ReadChannels(void)
{
	Oid relid = get_relname_relid("watched", get_namespace_oid("aiodal", true));
	List *channels = NIL;
	Relation rel;
	SysScanDesc scan;
	HeapTuple tuple;

	if (!OidIsValid(relid))
		return NIL;
	rel = table_open(relid, AccessShareLock);
	PushActiveSnapshot(GetLatestSnapshot());
	scan = systable_beginscan(rel, InvalidOid, false, GetActiveSnapshot(), 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool isnull;
		Datum channel = heap_getattr(tuple, 1, RelationGetDescr(rel), &isnull);

		channels = lappend(channels, TextDatumGetCString(channel));
	}
	systable_endscan(scan);
	PopActiveSnapshot();
	table_close(rel, AccessShareLock);
	return channels;
}

static void
NotifyListeners(void)
{
	Scope scope;
	ListCell *lc;
	uint64 hash;
	List *channels = ReadChannels();

	if (channels == NIL)
		return;
	ScopeOfEverything(&scope);
	hash = HashCatalog(&scope);
	if (hash == HashCatalogOfOthers(&scope))
		return;
	foreach (lc, channels)
		Async_Notify(lfirst(lc), psprintf("%08x%08x", (uint32) (hash >> 32), (uint32) hash));
}

/* The transaction is not to fail because nobody could be told of it. */
static void
NotifyOrWarn(void)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	PG_TRY();
	{
		NotifyListeners();
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		ereport(WARNING, (errmsg("listeners were not told of a change of the schema: %s", error->message)));
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
}

static void
TransactionEnds(XactEvent event, void *arg)
{
	bool notify = ddl_was_run && event == XACT_EVENT_PRE_COMMIT;

	ddl_was_run = false;
	if (notify)
		NotifyOrWarn();
}

/* ------------------------------------------------------ event triggers */

/* Is there anything among the objects of this command that is not temporary? */
static bool
TouchesLasting(const char *event)
{
	const char *query =
		strcmp(event, "sql_drop") == 0
			? "SELECT FROM pg_catalog.pg_event_trigger_dropped_objects() WHERE NOT is_temporary LIMIT 1"
			: "SELECT FROM pg_catalog.pg_event_trigger_ddl_commands()"
			  " WHERE schema_name IS NULL OR schema_name OPERATOR(pg_catalog.<>) 'pg_temp' LIMIT 1";
	bool lasting;

	SPI_connect();
	if (SPI_execute(query, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look at the objects of a DDL command");
	lasting = SPI_processed > 0;
	SPI_finish();
	return lasting;
}

PG_FUNCTION_INFO_V1(note_ddl);

/* aiodal.note_ddl() returns event_trigger */
Datum
note_ddl(PG_FUNCTION_ARGS)
{
	static bool listening = false;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("aiodal.note_ddl() was not called by an event trigger"),
						errhint("aiodal.watch() makes the event triggers that call it.")));
	if (!listening)
	{
		RegisterXactCallback(TransactionEnds, NULL);
		listening = true;
	}
	if (!ddl_was_run)
		ddl_was_run = TouchesLasting(((EventTriggerData *) fcinfo->context)->event);
	PG_RETURN_VOID();
}

/* ------------------------------------------------------ watch, unwatch */

static void
Run(const char *statement, int expected)
{
	if (SPI_execute(statement, false, 0) != expected)
		elog(ERROR, "could not execute: %s", statement);
}

static void
MakeTrigger(const char *name, const char *event)
{
	if (!OidIsValid(get_event_trigger_oid(name, true)))
		Run(psprintf("CREATE EVENT TRIGGER %s ON %s EXECUTE FUNCTION aiodal.note_ddl()", name, event),
			SPI_OK_UTILITY);
}

PG_FUNCTION_INFO_V1(watch);

/* aiodal.watch(channel) */
Datum
watch(PG_FUNCTION_ARGS)
{
	char *channel = text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (channel[0] == '\0' || strlen(channel) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid channel name: \"%s\"", channel),
				 errdetail("A channel's name has 1 to %d bytes.", NAMEDATALEN - 1)));
	SPI_connect();
	MakeTrigger(DDL_TRIGGER, "ddl_command_end");
	MakeTrigger(DROP_TRIGGER, "sql_drop");
	Run(psprintf("INSERT INTO aiodal.watched VALUES (%s) ON CONFLICT DO NOTHING",
				 quote_literal_cstr(channel)),
		SPI_OK_INSERT);
	SPI_finish();
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(unwatch);

/* aiodal.unwatch() */
Datum
unwatch(PG_FUNCTION_ARGS)
{
	SPI_connect();
	Run("DROP EVENT TRIGGER IF EXISTS " DDL_TRIGGER ", " DROP_TRIGGER, SPI_OK_UTILITY);
	Run("DELETE FROM aiodal.watched", SPI_OK_DELETE);
	SPI_finish();
	PG_RETURN_VOID();
}
