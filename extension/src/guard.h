/*
 * guard.h
 *		Work whose failure is not the end.
 */
#ifndef AIODAL_GUARD_H
#define AIODAL_GUARD_H

#include "compat.h"

/*
 * Runs run(arg) in a subtransaction. Returns NULL when it is done, else the error, in the caller's memory
 * context, with all that was done undone. A report of progress that is under way goes on. What run
 * changes in memory is the caller's to put right.
 */
extern ErrorData *RunInSubtransaction(void (*run)(void *), void *arg);

/*
 * Runs run(arg) in a subtransaction, and undoes what it did when it returns false. An error
 * is thrown on. Pins and the like belong to the caller's resource owner.
 */
extern bool RunOrUndo(bool (*run)(void *), void *arg);

#endif /* AIODAL_GUARD_H */
