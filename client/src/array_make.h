/*
 * array_make.h
 *		Any array as a parameter.
 */
#ifndef AIODAL_SRC_ARRAY_MAKE_H
#define AIODAL_SRC_ARRAY_MAKE_H

#include <libpq-fe.h>

#include <aiodal/value.h>

#include "util/buf.h"

/* What arrays look like as parameters: their type (0: the server decides), text or binary. */
extern Oid aiodal__array_type(const aiodal_array *array);
extern bool aiodal__array_is_binary(const aiodal_array *array);
extern void aiodal__array_put(aiodal__buf *buf, const aiodal_array *array);

/* As text in any case. */
extern void aiodal__array_print(aiodal__buf *buf, const aiodal_array *array);

#endif /* AIODAL_SRC_ARRAY_MAKE_H */
