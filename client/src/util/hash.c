/*
 * hash.c
 *		Open addressing, at most half full.
 */
#include "util/hash.h"

#define FNV_PRIME 16777619u

bool
aiodal__index_init(aiodal__index *index, aiodal__arena *arena, uint32_t n)
{
	uint32_t size = 8;

	while (size / 2 < n && size < UINT32_C(1) << 31)
		size *= 2;
	index->slots = aiodal__arena_alloc(arena, size, sizeof(uint32_t));
	index->mask = size - 1;
	return index->slots != NULL;
}

void
aiodal__index_put(aiodal__index *index, uint32_t hash, uint32_t i)
{
	uint32_t slot = hash & index->mask;

	while (index->slots[slot] != 0)
		slot = (slot + 1) & index->mask;
	index->slots[slot] = i + 1;
}

int64_t
aiodal__index_get(const aiodal__index *index, uint32_t hash, aiodal__index_match match, const void *elements,
				  const void *key)
{
	for (uint32_t slot = hash & index->mask; index->slots[slot] != 0; slot = (slot + 1) & index->mask)
	{
		if (match(elements, index->slots[slot] - 1, key))
			return index->slots[slot] - 1;
	}
	return -1;
}

uint32_t
aiodal__hash_string(uint32_t hash, const char *s)
{
	for (; *s; s++)
		hash = (hash ^ (unsigned char) *s) * FNV_PRIME;
	/* a byte no name has, so that ("a", "bc") and ("ab", "c") differ */
	return (hash ^ 0xff) * FNV_PRIME;
}

uint32_t
aiodal__hash_int(uint32_t hash, uint32_t value)
{
	for (int i = 0; i < 4; i++, value >>= 8)
		hash = (hash ^ (value & 0xff)) * FNV_PRIME;
	return hash;
}
