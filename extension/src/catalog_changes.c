/*
 * catalog_changes.c
 *		Counts invalidation messages.
 */
#include "catalog_changes.h"

#include "utils/inval.h"
#include "utils/syscache.h"

static uint64 changes = 0;

static void
RelationChanged(Datum arg, Oid relid)
{
	changes++;
}

static void
RowChanged(Datum arg, int cacheid, uint32 hashvalue)
{
	changes++;
}

/* Tables, views, indexes and what belongs to them are heard of by their relation. */
static void
Listen(void)
{
	static const int caches[] = {NAMESPACEOID,
								 TYPEOID,
								 ENUMOID,
								 RANGETYPE,
								 PROCOID,
								 OPEROID,
								 COLLOID,
								 CLAOID,
								 CONSTROID,
								 SEQRELID,
								 STATEXTOID,
								 AUTHOID,
								 AMOID,
								 LANGOID,
								 TABLESPACEOID,
								 EVENTTRIGGEROID,
								 PUBLICATIONOID,
								 PUBLICATIONREL,
								 PUBLICATIONNAMESPACE,
								 DEFACLROLENSPOBJ,
								 FOREIGNSERVEROID,
								 FOREIGNDATAWRAPPEROID,
								 DATABASEOID,
								 TSCONFIGOID};

	CacheRegisterRelcacheCallback(RelationChanged, (Datum) 0);
	for (int i = 0; i < lengthof(caches); i++)
		CacheRegisterSyscacheCallback(caches[i], RowChanged, (Datum) 0);
}

uint64
CatalogChanges(void)
{
	static bool listening = false;

	if (!listening)
	{
		Listen();
		listening = true;
	}
	AcceptInvalidationMessages();
	return changes;
}
