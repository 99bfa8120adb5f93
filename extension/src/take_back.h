/*
 * take_back.h
 *		Taking back a row that was just inserted.
 */
#ifndef AIODAL_TAKE_BACK_H
#define AIODAL_TAKE_BACK_H

#include "compat.h"

#include "storage/itemptr.h"
#include "utils/relcache.h"

/*
 * Deletes a row that an earlier command of this (sub)transaction inserted, for everybody
 * and at once: whoever finds its entry in an index need not wait for the end of this transaction.
 */
extern void TakeBackRow(Relation rel, ItemPointer tid);

#endif /* AIODAL_TAKE_BACK_H */
