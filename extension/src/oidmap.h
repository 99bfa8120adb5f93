/*
 * oidmap.h
 *		A hash from OID to pointer, small enough to be looked up once per
 *		catalog row.
 */
#ifndef AIODAL_OIDMAP_H
#define AIODAL_OIDMAP_H

#include "compat.h"

#include "common/hashfn.h"

typedef struct OidMapEntry
{
	Oid oid;
	char status; /* simplehash's own */
	void *value;
} OidMapEntry;

#define SH_PREFIX            oidmap
#define SH_ELEMENT_TYPE      OidMapEntry
#define SH_KEY_TYPE          Oid
#define SH_KEY               oid
#define SH_HASH_KEY(tb, key) murmurhash32(key)
#define SH_EQUAL(tb, a, b)   ((a) == (b))
#define SH_SCOPE             static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* the value stored for oid, or NULL */
static inline void *
OidMapGet(oidmap_hash *map, Oid oid)
{
	OidMapEntry *entry = oidmap_lookup(map, oid);

	return entry ? entry->value : NULL;
}

/* stores value for oid, in place of an older one */
static inline void
OidMapPut(oidmap_hash *map, Oid oid, void *value)
{
	bool found;

	oidmap_insert(map, oid, &found)->value = value;
}

#endif /* AIODAL_OIDMAP_H */
