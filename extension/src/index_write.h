/*
 * index_write.h
 *		Index entries for many rows, one index after the other.
 */
#ifndef AIODAL_INDEX_WRITE_H
#define AIODAL_INDEX_WRITE_H

#include "compat.h"

#include "nodes/execnodes.h"

typedef struct IndexWriter IndexWriter;

/* A set of columns: a bit for each of the first 63, one for all others together. */
typedef uint64 ColumnMask;

static inline ColumnMask
ColumnBit(AttrNumber attnum)
{
	return UINT64CONST(1) << Min(attnum - 1, 63);
}

/* A row that was written to the heap. */
typedef struct IndexedRow
{
	TupleTableSlot *slot;    /* with its TID */
	int row;                 /* the caller's number for it */
	bool lost;               /* inserts: did not get all its entries */
	ItemPointerData old_tid; /* updates: the version replaced */
	ColumnMask changed;      /* updates: columns that differ from it */
	IndexesToUpdate indexes; /* updates: which indexes want an entry */
	bool was_updated;        /* updates: so was the version replaced, or an attempt was made */
} IndexedRow;

/* Tells the caller, for its error context, which row is at work; -1: none. */
typedef void (*IndexWriterRow)(void *arg, int row);

/*
 * For the open indexes of rri, none of them for an exclusion constraint or
 * deferrable. arbiter is the OID of one of them, or InvalidOid. Allocated
 * in the current context.
 */
extern IndexWriter *IndexWriterOpen(ResultRelInfo *rri, EState *estate, Oid arbiter);

extern Relation IndexWriterArbiter(IndexWriter *w);

/*
 * Enters inserted rows into the arbiter index in the order of its keys, up to the
 * first whose key another row has. That one and all that would come behind it are marked
 * lost: whoever has to wait for a key is to hold none behind it, or two who want the same
 * keys could wait for each other.
 */
extern void IndexWriterClaim(IndexWriter *w, IndexedRow *rows, int n, IndexWriterRow current, void *arg);

/*
 * Enters inserted rows that are not lost into all indexes (but_arbiter: all but that one). A key that is
 * there is an error, or, when they are but claimed, marks the row as lost; it goes into no further index.
 */
extern void IndexWriterInsert(IndexWriter *w, IndexedRow *rows, int n, bool but_arbiter, bool claim,
							  IndexWriterRow current, void *arg);

/* Enters updated rows into the indexes that want them. */
extern void IndexWriterUpdate(IndexWriter *w, IndexedRow *rows, int n, IndexWriterRow current, void *arg);

/*
 * Whether, since this was last asked, rows went to pages all over a large index, so that more of
 * them at once would share pages.
 */
extern bool IndexWriterWasScattered(IndexWriter *w);

/* Whether a row in which these columns changed may have another key in some unique index. */
extern bool IndexWriterMoves(IndexWriter *w, ColumnMask changed);

/*
 * The error that a row which is to be written would get from a unique index with a column among the changed
 * ones: its code, message, detail and constraint, palloc'd; NULL when it would get none. Waits for other
 * transactions. The row at own, if that is not NULL, is the row itself.
 */
extern ErrorData *IndexWriterFault(IndexWriter *w, TupleTableSlot *slot, const ItemPointerData *own,
								   ColumnMask changed, bool but_arbiter);

#endif /* AIODAL_INDEX_WRITE_H */
