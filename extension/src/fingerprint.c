/*
 * fingerprint.c
 *		Whether the document would be another one.
 */
#include "fingerprint.h"

#include "utils/builtins.h"

#include "catalog_hash.h"
#include "remembered.h"

static uint64
FingerprintHash(const Scope *scope)
{
	char *key = psprintf("fingerprint %s", ScopeText(scope));
	SchemaState state;
	uint64 hash;

	if (!CanRemember())
		return HashCatalog(scope);
	state = CurrentSchemaState();
	if (Recall(key, &state, &hash))
		return hash;
	hash = HashCatalog(scope);
	Remember(key, &state, hash);
	return hash;
}

char *
HashAsText(uint64 hash)
{
	return psprintf("%08x%08x", (uint32) (hash >> 32), (uint32) hash);
}

char *
Fingerprint(const Scope *scope)
{
	return HashAsText(FingerprintHash(scope));
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
