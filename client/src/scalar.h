/*
 * scalar.h
 *		Values that are no arrays.
 */
#ifndef AIODAL_SRC_SCALAR_H
#define AIODAL_SRC_SCALAR_H

#include <aiodal/value.h>

#include "util/buf.h"

/* Whether there are such values; false for arrays, too. */
extern bool aiodal__kind_is_scalar(aiodal_kind kind);

/* One that is not NULL, as the server would print it. */
extern void aiodal__scalar_print(aiodal__buf *buf, const aiodal_value *value);

#endif /* AIODAL_SRC_SCALAR_H */
