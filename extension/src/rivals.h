/*
 * rivals.h
 *		Rows of a batch that want one key of a unique index, or one that another of them has now.
 */
#ifndef AIODAL_RIVALS_H
#define AIODAL_RIVALS_H

#include "compat.h"

#include "nodes/execnodes.h"

typedef struct Rivals Rivals;

/* Tells the caller's number of a row that has a rival; more than once, maybe. */
typedef void (*RivalFound)(void *arg, int row);

/*
 * Looks at the unique indexes of rri, which are open, but the arbiter (InvalidOid: at all of them). NULL when
 * there are none. given: attribute numbers of the columns that the batch fills. In the current memory
 * context.
 */
extern Rivals *PrepareRivals(ResultRelInfo *rri, EState *estate, Oid arbiter, List *given);

/* Some key cannot be told: all rows are to be taken for rivals. */
extern bool RivalsAreUnknown(const Rivals *rivals);

/* Keys are made of nothing but what the batch gives: rows that are not completed have them. */
extern bool RivalsTakeGivenRows(const Rivals *rivals);

/* Forgets the rows of the batch before; what is kept of the next one is in the current memory context. */
extern void BeginRivals(Rivals *rivals);

/*
 * Notes the keys of the row in slot. found is called for it and each row noted before that has a key of
 * it, unless that is its own number. Different keys may be taken for one, in rare cases.
 */
extern void NoteRival(Rivals *rivals, TupleTableSlot *slot, int row, RivalFound found, void *arg);

#endif /* AIODAL_RIVALS_H */
