/*
 * insert_rows.h
 *		Rows into a table and its arbiter index, where others may want the same keys.
 */
#ifndef AIODAL_INSERT_ROWS_H
#define AIODAL_INSERT_ROWS_H

#include "compat.h"

#include "access/heapam.h"
#include "nodes/execnodes.h"

#include "index_write.h"

/* Where rows go. */
typedef struct RowInserter
{
	Relation rel;
	EState *estate; /* its es_output_cid counts, and is renewed */
	IndexWriter *indexes;
	bool has_arbiter;
	bool claims_all; /* the keys of all unique indexes, and enters rows into the others */
	BulkInsertState bulk;
	IndexWriterRow current; /* told of each row */
	void *arg;
} RowInserter;

/*
 * Inserts rows and claims their keys, as IndexWriterClaim and IndexWriterInsert do. Those marked lost have
 * left no trace, as if they had never been inserted: nobody waits for them, no subscriber hears
 * of them. They can be more than those whose key was taken. Of one row alone, only a key that is taken
 * is a reason. Returns whether it took a subtransaction.
 */
extern bool InsertAndClaim(RowInserter *inserter, IndexedRow *rows, int n);

#endif /* AIODAL_INSERT_ROWS_H */
