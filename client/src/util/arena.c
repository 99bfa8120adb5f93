/*
 * arena.c
 *		Blocks that double in size, filled from the front.
 */
#include "util/arena.h"

#include <stdint.h>
#include <string.h>

#include "util/mem.h"

#define FIRST_BLOCK 4096
#define MAX_BLOCK   ((size_t) 1 << 20)
#define ALIGNMENT   16

struct aiodal__arena_block
{
	struct aiodal__arena_block *next;
	size_t size; /* of what follows the header */
	size_t used;
	size_t pad; /* keeps what follows aligned */
};

static struct aiodal__arena_block *
add_block(aiodal__arena *arena, size_t need)
{
	struct aiodal__arena_block *block;
	size_t size = arena->blocks ? arena->blocks->size * 2 : FIRST_BLOCK;

	if (size > MAX_BLOCK)
		size = MAX_BLOCK;
	if (size < need)
		size = need;
	block = aiodal__malloc(sizeof(*block) + size);
	if (!block)
		return NULL;
	block->size = size;
	block->used = 0;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *
aiodal__arena_alloc(aiodal__arena *arena, size_t n, size_t size)
{
	struct aiodal__arena_block *block = arena->blocks;
	void *p;

	if (size != 0 && n > (SIZE_MAX / 2) / size)
		return NULL;
	size = (n * size + ALIGNMENT - 1) & ~(size_t) (ALIGNMENT - 1);
	if (!block || block->size - block->used < size)
		block = add_block(arena, size);
	if (!block)
		return NULL;
	p = (char *) (block + 1) + block->used;
	block->used += size;
	return memset(p, 0, size);
}

void
aiodal__arena_free(aiodal__arena *arena)
{
	while (arena->blocks)
	{
		struct aiodal__arena_block *next = arena->blocks->next;

		aiodal__free(arena->blocks);
		arena->blocks = next;
	}
}
