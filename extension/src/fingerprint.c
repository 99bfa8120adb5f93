/*
 * fingerprint.c
 *		Whether the document would be another one.
 *
 * A session remembers the fingerprints it made, with all that they depend on:
 * how often the catalogs were heard to change, what changes without being heard
 * of, and the search_path. While these stay the same, so does the fingerprint.
 */
#include "fingerprint.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "catalog_changes.h"
#include "catalog_hash.h"

/* how many scopes a session remembers */
#define REMEMBERED 8

/* all that a fingerprint depends on but the scope */
typedef struct State
{
	uint64 changes;
	uint64 unheard;
	uint64 path;
} State;

typedef struct Remembered
{
	char *scope; /* NULL: not in use */
	State state;
	uint64 hash;
} Remembered;

static Remembered remembered[REMEMBERED];
static int oldest = 0;

static uint64
HashPath(void)
{
	Oid path[64];
	Oid temporary;
	Oid temporary_toast;
	int count = Min(fetch_search_path_array(path, lengthof(path)), lengthof(path));

	GetTempNamespaceState(&temporary, &temporary_toast);
	return hash_bytes_extended((unsigned char *) path, count * sizeof(Oid), temporary);
}

static State
CurrentState(void)
{
	State state;

	state.changes = CatalogChanges();
	state.unheard = HashUnheard();
	state.path = HashPath();
	return state;
}

static bool
SameState(const State *a, const State *b)
{
	return a->changes == b->changes && a->unheard == b->unheard && a->path == b->path;
}

static int
CompareNames(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* The scope as text: equal for equal scopes. */
static char *
ScopeText(const Scope *scope)
{
	StringInfoData text;
	List *schemas = list_copy(scope->schemas);
	ListCell *lc;

	initStringInfo(&text);
	appendStringInfo(&text, "%d%d%d%d%d", scope->all_schemas, scope->partitions, scope->extensions,
					 scope->temporary, scope->system);
	list_sort(schemas, CompareNames);
	foreach (lc, schemas)
		appendStringInfo(&text, ",%s", quote_identifier(lfirst(lc)));
	return text.data;
}

static Remembered *
FindRemembered(const char *scope)
{
	for (int i = 0; i < REMEMBERED; i++)
	{
		if (remembered[i].scope && strcmp(remembered[i].scope, scope) == 0)
			return &remembered[i];
	}
	return NULL;
}

static void
Remember(const char *scope, const State *state, uint64 hash)
{
	Remembered *entry = FindRemembered(scope);

	if (entry == NULL)
	{
		char *copy = MemoryContextStrdup(TopMemoryContext, scope);

		entry = &remembered[oldest];
		oldest = (oldest + 1) % REMEMBERED;
		if (entry->scope)
			pfree(entry->scope);
		entry->scope = copy;
	}
	entry->state = *state;
	entry->hash = hash;
}

/* A transaction that sees the past has no use for what others remember, nor they for what it finds. */
static uint64
FingerprintHash(const Scope *scope)
{
	char *text = ScopeText(scope);
	Remembered *entry;
	State state;
	uint64 hash;

	if (IsolationUsesXactSnapshot() || IsInParallelMode())
		return HashCatalog(scope);
	state = CurrentState();
	entry = FindRemembered(text);
	if (entry != NULL && SameState(&entry->state, &state))
		return entry->hash;
	hash = HashCatalog(scope);
	Remember(text, &state, hash);
	return hash;
}

char *
Fingerprint(const Scope *scope)
{
	uint64 hash = FingerprintHash(scope);

	return psprintf("%08x%08x", (uint32) (hash >> 32), (uint32) hash);
}

PG_FUNCTION_INFO_V1(reflect_fingerprint);

/* aiodal.fingerprint(schemas, include) returns text */
Datum
reflect_fingerprint(PG_FUNCTION_ARGS)
{
	Scope scope;

	ReadScopeOfSchemas(&scope, fcinfo, 0);
	PG_RETURN_TEXT_P(cstring_to_text(Fingerprint(&scope)));
}
