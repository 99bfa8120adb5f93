/*
 * remembered.c
 *		What a session remembers of the schema, and whether it still holds.
 *
 * A hash is remembered with all that it depends on: how often the catalogs were
 * heard to change, what changes without being heard of, and the search_path.
 * While these stay the same, so does the hash.
 */
#include "remembered.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "common/hashfn.h"
#include "utils/memutils.h"

#include "catalog_changes.h"
#include "catalog_hash.h"

/* how many hashes a session remembers */
#define REMEMBERED 8

typedef struct Remembered
{
	char *key; /* NULL: not in use */
	SchemaState state;
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

bool
CanRemember(void)
{
	return !IsolationUsesXactSnapshot() && !IsInParallelMode();
}

SchemaState
CurrentSchemaState(void)
{
	SchemaState state;

	state.changes = CatalogChanges();
	state.unheard = HashUnheard();
	state.path = HashPath();
	return state;
}

static bool
SameState(const SchemaState *a, const SchemaState *b)
{
	return a->changes == b->changes && a->unheard == b->unheard && a->path == b->path;
}

static Remembered *
Find(const char *key)
{
	for (int i = 0; i < REMEMBERED; i++)
	{
		if (remembered[i].key && strcmp(remembered[i].key, key) == 0)
			return &remembered[i];
	}
	return NULL;
}

bool
Recall(const char *key, const SchemaState *state, uint64 *hash)
{
	const Remembered *entry = Find(key);

	if (entry == NULL || !SameState(&entry->state, state))
		return false;
	*hash = entry->hash;
	return true;
}

void
Remember(const char *key, const SchemaState *state, uint64 hash)
{
	Remembered *entry = Find(key);

	if (entry == NULL)
	{
		char *copy = MemoryContextStrdup(TopMemoryContext, key);

		entry = &remembered[oldest];
		oldest = (oldest + 1) % REMEMBERED;
		if (entry->key)
			pfree(entry->key);
		entry->key = copy;
	}
	entry->state = *state;
	entry->hash = hash;
}
