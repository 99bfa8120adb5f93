/*
 * catalog.c
 *		The frame of reading the catalogs: the snapshot, what is read in which
 *		order, and what to do about concurrent changes.
 *
 * Design notes
 *
 * All rows are read under the statement's own snapshot. So several calls in one
 * statement agree, and so do the statements of a REPEATABLE READ transaction.
 * The text of expressions, types and views is made by PostgreSQL's deparse
 * code, which looks objects up in the newest catalogs instead. An object that
 * the snapshot still sees may be gone there, and the lookup raises an error.
 * So the load runs in a subtransaction; when it fails, it is done once more
 * with each such piece in a subtransaction of its own, and the pieces that
 * cannot be had are named in the warnings. (A parallel query allows no
 * subtransactions; there the error stands.)
 *
 * The document is read under the newest snapshot instead, and read again when
 * the catalogs were changed meanwhile, so that its texts and its rows are of one
 * time.
 * */
#include "catalog_impl.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "catalog/namespace.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "catalog_changes.h"
#include "catalog_hash.h"
#include "deparse.h"

/* for how long a load is begun anew when the catalogs were changed meanwhile */
#define PATIENCE_MS 300

/* instead of parts to be loaded: only a hash of all */
#define CATALOG_HASH 0x10000

void
CatalogWarn(Catalog *cat, const char *format, ...)
{
	MemoryContext old = MemoryContextSwitchTo(cat->context);
	StringInfoData text;

	initStringInfo(&text);
	for (;;)
	{
		va_list args;
		int needed;

		va_start(args, format);
		needed = appendStringInfoVA(&text, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&text, needed);
	}
	cat->contents.warnings = lappend(cat->contents.warnings, text.data);
	MemoryContextSwitchTo(old);
}

/* Everything empty, so that a load can begin (again). */
static void
ResetCatalog(Catalog *cat)
{
	MemoryContextReset(cat->context);
	cat->by_index = cat->scope.by_relation && list_length(cat->scope.relations) <= 100;
	cat->class_count = 0;
	cat->scratch = AllocSetContextCreate(cat->context, "aiodal scratch", ALLOCSET_DEFAULT_SIZES);
	cat->schemas = oidmap_create(cat->context, 64, NULL);
	cat->classes = oidmap_create(cat->context, 1024, NULL);
	for (int kind = 0; kind < NAMED_KINDS; kind++)
		cat->names[kind] = oidmap_create(cat->context, 16, NULL);
	cat->collations = oidmap_create(cat->context, 16, NULL);
	cat->opclasses = oidmap_create(cat->context, 64, NULL);
	cat->indexes = oidmap_create(cat->context, 1024, NULL);
	cat->types_by_oid = oidmap_create(cat->context, 64, NULL);
	cat->sequences = oidmap_create(cat->context, 64, NULL);
	cat->publications = oidmap_create(cat->context, 16, NULL);
	cat->in_scope = objectmap_create(cat->context, 256, NULL);
	cat->kept_hashes = objectmap_create(cat->context, 256, NULL);
	cat->hash = 0;
	cat->types = objectmap_create(cat->context, 64, NULL);
	cat->default_opclasses = objectmap_create(cat->context, 16, NULL);
	cat->comments = objectmap_create(cat->context, 256, NULL);
	cat->members = objectmap_create(cat->context, 256, NULL);
	initStringInfo(&cat->text);
	cat->texts = objectmap_create(cat->context, 256, NULL);
	cat->first_in_path = NULL;
	memset(&cat->contents, 0, sizeof(cat->contents));
}

static void
SetPathNames(Catalog *cat, List *path)
{
	ListCell *lc;

	cat->contents.search_path = NIL;
	foreach (lc, path)
	{
		char *name = get_namespace_name(lfirst_oid(lc));

		if (name != NULL)
			cat->contents.search_path = lappend(cat->contents.search_path, name);
	}
}

/* fetch_search_path() would make a temporary schema where the path names one and none is there. */
static void
ReadSearchPath(Catalog *cat)
{
	Oid temp_toast;
	Oid path[64];
	int count;

	GetTempNamespaceState(&cat->temp_namespace, &temp_toast);
	cat->search_path = NIL;
	if (OidIsValid(cat->temp_namespace))
	{
		cat->search_path = fetch_search_path(true);
		SetPathNames(cat, fetch_search_path(false));
		return;
	}
	count = Min(fetch_search_path_array(path, lengthof(path)), lengthof(path));
	for (int i = 0; i < count; i++)
		cat->search_path = lappend_oid(cat->search_path, path[i]);
	SetPathNames(cat, cat->search_path);
}

static bool
Exists(const CatalogRelation *rel)
{
	return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(rel->oid));
}

/* The foreign keys to a relation went with it. */
static void
LeaveOutDroppedKeys(CatalogRelation *rel)
{
	ListCell *lc;

	foreach (lc, rel->foreign_keys)
	{
		CatalogConstraint *con = lfirst(lc);

		if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(con->referenced_oid)))
			continue;
		rel->foreign_keys = foreach_delete_current(rel->foreign_keys, lc);
		rel->constraints = list_delete_ptr(rel->constraints, con);
	}
}

/*
 * Of a relation that has been dropped, some text or other could not be made:
 * better none of it than half of it.
 */
static void
LeaveOutDropped(Catalog *cat)
{
	ListCell *lc;

	foreach (lc, cat->contents.relations)
	{
		CatalogRelation *rel = lfirst(lc);

		if (Exists(rel))
		{
			LeaveOutDroppedKeys(rel);
			continue;
		}
		CatalogWarn(cat, "%s was dropped while it was read",
					quote_qualified_identifier(rel->schema, rel->name));
		cat->contents.relations = foreach_delete_current(cat->contents.relations, lc);
	}
}

static void
LoadOfRelations(Catalog *cat)
{
	if (cat->parts & CATALOG_OF_RELATION)
		LoadColumns(cat);
	if (cat->parts & (CATALOG_INDEXES | CATALOG_CONSTRAINTS))
	{
		LoadIndexes(cat);
		LoadConstraints(cat);
	}
	if (cat->parts & CATALOG_DETAILS)
	{
		LoadDetails(cat);
		LoadDistributions(cat);
	}
	if (cat->parts & (CATALOG_DETAILS | CATALOG_COLUMNS))
		LoadViews(cat);
	if (cat->parts & CATALOG_TRIGGERS)
		LoadTriggers(cat);
	if (cat->parts & CATALOG_POLICIES)
		LoadPolicies(cat);
	if (cat->parts & CATALOG_STATISTICS)
		LoadStatistics(cat);
}

static void
LoadOfSchemas(Catalog *cat)
{
	if (cat->parts & CATALOG_SEQUENCES)
		LoadSequences(cat);
	else if (cat->parts & CATALOG_COLUMNS)
		LoadSequenceOwners(cat);
	if (cat->parts & CATALOG_TYPES)
		LoadTypes(cat);
	if (cat->parts & CATALOG_FUNCTIONS)
		LoadFunctions(cat);
}

/* What is in no schema is left out when relations were named. */
static void
LoadOfDatabase(Catalog *cat)
{
	if (!(cat->parts & CATALOG_DATABASE) || cat->scope.by_relation)
		return;
	LoadExtensions(cat);
	LoadEventTriggers(cat);
	LoadDefaultPrivileges(cat);
	LoadPublications(cat);
}

static void
LoadAll(Catalog *cat)
{
	if (cat->parts == CATALOG_HASH)
	{
		HashAll(cat);
		return;
	}
	LoadSchemas(cat);
	LoadExtensionMembers(cat);
	if (cat->parts != CATALOG_SCHEMAS || cat->scope.by_relation)
		LoadClasses(cat);
	LoadComments(cat);
	LoadOfRelations(cat);
	LoadOfSchemas(cat);
	LoadOfDatabase(cat);
	if (cat->careful)
		LeaveOutDropped(cat);
	KeepSchemasWanted(cat);
}

/*
 * Under these settings, text made from the same catalogs is the same for
 * everybody, and names come out qualified. Answers the level to go back from.
 */
static int
SetOwnSettings(void)
{
	static const char *const settings[][2] = {{"search_path", "pg_catalog, pg_temp"},
											  {"standard_conforming_strings", "on"},
											  {"quote_all_identifiers", "off"},
											  {"DateStyle", "ISO, MDY"},
											  {"IntervalStyle", "postgres"},
											  {"TimeZone", "UTC"},
											  {"extra_float_digits", "1"},
											  {"bytea_output", "hex"}};
	int level = NewGUCNestLevel();

	for (int i = 0; i < lengthof(settings); i++)
	{
		const char *name = settings[i][0];
		const char *value = settings[i][1];

		/* setting one is slower than looking, and mostly they are so already */
		if (strcmp(GetConfigOption(name, false, false), value) != 0)
			(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
									 false);
	}
	return level;
}

/*
 * LoadAll() with settings under which text comes out the same for everybody.
 */
static void
LoadInOwnSurroundings(Catalog *cat)
{
	MemoryContext old;
	int guc_level;

	ResetCatalog(cat);
	old = MemoryContextSwitchTo(cat->context);
	ReadSearchPath(cat);
	guc_level = SetOwnSettings();
	LoadAll(cat);
	AtEOXact_GUC(false, guc_level);
	MemoryContextSwitchTo(old);
}

/* May the error have come from an object that was changed or dropped meanwhile? */
static bool
IsRetryable(int sqlerrcode)
{
	if (sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED)
		return true;
	switch (ERRCODE_TO_CATEGORY(sqlerrcode))
	{
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_TRANSACTION_ROLLBACK: return false;
	}
	return sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE;
}

/*
 * Runs step(arg) in a subtransaction; false when it failed for a reason that is
 * retryable, whose message is then in *message.
 */
static bool
RunInSubtransaction(void (*step)(void *arg), void *arg, char **message)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool done = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		step(arg);
		ReleaseCurrentSubTransaction();
		done = true;
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (!IsRetryable(error->sqlerrcode))
			ReThrowError(error);
		*message = error->message;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return done;
}

static void
WarnAbout(Catalog *cat, const Subject *subject, const char *message)
{
	const char *rel =
		subject->rel ? quote_qualified_identifier(subject->rel->schema, subject->rel->name) : NULL;

	if (rel == NULL)
		CatalogWarn(cat, "%s %s could not be read: %s", subject->kind, quote_identifier(subject->name),
					message);
	else if (subject->name)
		CatalogWarn(cat, "%s %s of %s could not be read: %s", subject->kind, quote_identifier(subject->name),
					rel, message);
	else
		CatalogWarn(cat, "%s of %s could not be read: %s", subject->kind, rel, message);
}

bool
RunGuarded(Catalog *cat, void (*step)(void *arg), void *arg, const Subject *subject)
{
	char *message = NULL;

	if (!cat->careful)
	{
		step(arg);
		return true;
	}
	if (RunInSubtransaction(step, arg, &message))
		return true;
	WarnAbout(cat, subject, message);
	return false;
}

static void
LoadStep(void *arg)
{
	LoadInOwnSurroundings(arg);
}

static Catalog *
MakeCatalog(const Scope *scope, int parts)
{
	Catalog *cat = palloc0(sizeof(Catalog));

	/* blocks that are not so large that malloc would map, and fault in, each anew */
	cat->context = AllocSetContextCreate(CurrentMemoryContext, "aiodal catalog", 0, 8 * 1024, 1024 * 1024);
	cat->scope = *scope;
	cat->parts = parts;
	return cat;
}

/* Reads everything or fails at the first thing that is gone. */
static bool
TryLoad(Catalog *cat, Snapshot snapshot)
{
	char *message;
	bool done;

	cat->snapshot = RegisterSnapshot(snapshot);
	done = RunInSubtransaction(LoadStep, cat, &message);
	UnregisterSnapshot(cat->snapshot);
	return done;
}

/* Reads what there is, and warns of what is gone. */
static void
LoadCarefully(Catalog *cat, Snapshot snapshot)
{
	cat->snapshot = RegisterSnapshot(snapshot);
	cat->careful = !IsInParallelMode();
	LoadInOwnSurroundings(cat);
	UnregisterSnapshot(cat->snapshot);
}

Catalog *
LoadCatalog(const Scope *scope, int parts)
{
	Catalog *cat = MakeCatalog(scope, parts);

	if (IsInParallelMode() || !TryLoad(cat, GetActiveSnapshot()))
		LoadCarefully(cat, GetActiveSnapshot());
	return cat;
}

Catalog *
LoadNewestCatalog(const Scope *scope, int parts)
{
	Catalog *cat;
	TimestampTz start = GetCurrentTimestamp();

	/* a transaction with a snapshot of its own is to see the past throughout */
	if (IsolationUsesXactSnapshot() || IsInParallelMode())
		return LoadCatalog(scope, parts);
	cat = MakeCatalog(scope, parts);
	do
	{
		uint64 before = CatalogChanges();

		if (TryLoad(cat, GetLatestSnapshot()) && CatalogChanges() == before)
			return cat;
		CHECK_FOR_INTERRUPTS();
	} while (!TimestampDifferenceExceeds(start, GetCurrentTimestamp(), PATIENCE_MS));
	LoadCarefully(cat, GetLatestSnapshot());
	return cat;
}

uint64
HashCatalog(const Scope *scope)
{
	Catalog *cat = LoadNewestCatalog(scope, CATALOG_HASH);
	uint64 hash = cat->hash;

	FreeCatalog(cat);
	return hash;
}

uint64
HashCatalogOfOthers(const Scope *scope)
{
	Catalog *cat = MakeCatalog(scope, CATALOG_HASH);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	uint64 hash;

	/* as of a time before the transaction's first command; a registered snapshot is a copy */
	snapshot->curcid = FirstCommandId;
	LoadCarefully(cat, snapshot);
	UnregisterSnapshot(snapshot);
	hash = cat->hash;
	FreeCatalog(cat);
	return hash;
}

void
FreeCatalog(Catalog *cat)
{
	MemoryContextDelete(cat->context);
	pfree(cat);
}

const CatalogContents *
Contents(const Catalog *cat)
{
	return &cat->contents;
}
