/*
 * oidmap.h
 *		Hashes from OIDs to pointers, small enough to be looked up once per
 *		catalog row: oidmap by one OID, objectmap by three numbers.
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

/* (class, object, column), (type, modifier, 0) and the like */
typedef struct ObjectKey
{
	Oid class_id;
	Oid object_id;
	int32 sub_id;
} ObjectKey;

typedef struct ObjectMapEntry
{
	ObjectKey key;
	char status; /* simplehash's own */
	void *value;
} ObjectMapEntry;

static inline uint32
HashObjectKey(ObjectKey key)
{
	return murmurhash32(key.object_id ^ murmurhash32(key.class_id + (uint32) key.sub_id * 0x9e3779b9));
}

static inline bool
ObjectKeysEqual(ObjectKey a, ObjectKey b)
{
	return a.object_id == b.object_id && a.class_id == b.class_id && a.sub_id == b.sub_id;
}

#define SH_PREFIX            objectmap
#define SH_ELEMENT_TYPE      ObjectMapEntry
#define SH_KEY_TYPE          ObjectKey
#define SH_KEY               key
#define SH_HASH_KEY(tb, key) HashObjectKey(key)
#define SH_EQUAL(tb, a, b)   ObjectKeysEqual(a, b)
#define SH_SCOPE             static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* the value stored, or NULL; *found tells apart a stored NULL */
static inline void *
ObjectMapGet(objectmap_hash *map, Oid class_id, Oid object_id, int32 sub_id, bool *found)
{
	ObjectMapEntry *entry = objectmap_lookup(map, (ObjectKey){class_id, object_id, sub_id});

	*found = entry != NULL;
	return entry ? entry->value : NULL;
}

/* stores value, in place of an older one */
static inline void
ObjectMapPut(objectmap_hash *map, Oid class_id, Oid object_id, int32 sub_id, const void *value)
{
	bool found;

	objectmap_insert(map, (ObjectKey){class_id, object_id, sub_id}, &found)->value =
		unconstify(void *, value);
}

#endif /* AIODAL_OIDMAP_H */
