/*
 * seen_rows.c
 *		Which rows of the target a merge has met or made, and where from.
 *
 * A bitmap per page of the target, in a hash: some 60 bytes a page, however many
 * rows it has. Lines are only kept for a message, so they are given up when they
 * take too much memory or need more than 32 bits.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "storage/block.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "seen_rows.h"

/* what the lines of all pages together may take */
#define LINES_BYTES_MAX (64 * 1024 * 1024)

/* lines that a page gets room for at once */
#define LINES_AT_ONCE  32

#define WORDS_PER_PAGE ((MaxHeapTuplesPerPage + 64) / 64)

typedef struct SeenPage
{
	BlockNumber block; /* the key */
	uint64 rows[WORDS_PER_PAGE];
	int nlines;
	uint32 *lines; /* nlines of them, by offset number - 1; 0: not known */
} SeenPage;

struct SeenRows
{
	MemoryContext context;
	HTAB *pages;
	Size lines_bytes;
	SeenPage *latest; /* of the last row: the next one is often its neighbour */
};

SeenRows *
MakeSeenRows(void)
{
	HASHCTL ctl = {
		.keysize = sizeof(BlockNumber), .entrysize = sizeof(SeenPage), .hcxt = CurrentMemoryContext};
	SeenRows *seen = palloc0(sizeof(SeenRows));

	seen->context = CurrentMemoryContext;
	seen->pages = hash_create("aiodal seen rows", 1024, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return seen;
}

static SeenPage *
PageOf(SeenRows *seen, ItemPointer tid, bool make)
{
	BlockNumber block = ItemPointerGetBlockNumber(tid);
	SeenPage *page;
	bool found;

	if (seen->latest != NULL && seen->latest->block == block)
		return seen->latest;
	page = hash_search(seen->pages, &block, make ? HASH_ENTER : HASH_FIND, &found);
	if (page == NULL)
		return NULL;
	if (!found)
	{
		memset(page->rows, 0, sizeof(page->rows));
		page->nlines = 0;
		page->lines = NULL;
	}
	seen->latest = page;
	return page;
}

bool
HasSeenRow(SeenRows *seen, ItemPointer tid, int64 *line)
{
	SeenPage *page = PageOf(seen, tid, false);
	int n = ItemPointerGetOffsetNumber(tid) - 1;

	if (page == NULL || (page->rows[n / 64] & (UINT64CONST(1) << (n % 64))) == 0)
		return false;
	*line = n < page->nlines ? page->lines[n] : 0;
	return true;
}

/* Makes room for the lines of n rows, at the least. */
static void
GrowLines(SeenRows *seen, SeenPage *page, int n)
{
	int nlines =
		Min(Max(page->nlines * 2, (n + LINES_AT_ONCE) / LINES_AT_ONCE * LINES_AT_ONCE), MaxHeapTuplesPerPage);

	if (page->lines == NULL)
		page->lines = MemoryContextAlloc(seen->context, sizeof(uint32) * nlines);
	else
		page->lines = repalloc(page->lines, sizeof(uint32) * nlines);
	memset(page->lines + page->nlines, 0, sizeof(uint32) * (nlines - page->nlines));
	seen->lines_bytes += sizeof(uint32) * (nlines - page->nlines);
	page->nlines = nlines;
}

void
AddSeenRow(SeenRows *seen, ItemPointer tid, int64 line)
{
	SeenPage *page = PageOf(seen, tid, true);
	int n = ItemPointerGetOffsetNumber(tid) - 1;

	page->rows[n / 64] |= UINT64CONST(1) << (n % 64);
	if (n >= page->nlines && seen->lines_bytes < LINES_BYTES_MAX)
		GrowLines(seen, page, n + 1);
	if (n < page->nlines)
		page->lines[n] = line <= PG_UINT32_MAX ? line : 0;
}
