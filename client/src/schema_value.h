/*
 * schema_value.h
 *		What the getters of a schema make of a field's text, which is NULL where the server's value is.
 */
#ifndef AIODAL_SRC_SCHEMA_VALUE_H
#define AIODAL_SRC_SCHEMA_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "util/wire.h"

static inline int
to_int(const char *text, int usual)
{
	return text ? (int) strtol(text, NULL, 10) : usual;
}

static inline int64_t
to_int64(const char *text)
{
	return text ? (int64_t) strtoll(text, NULL, 10) : 0;
}

static inline bool
to_bool(const char *text)
{
	return text && text[0] == 't';
}

static inline unsigned int
to_oid(const char *text)
{
	return text ? (unsigned int) strtoul(text, NULL, 10) : 0;
}

/* What is not known is negative. */
static inline double
to_double(const char *text)
{
	double value;

	return text && aiodal__parse_double(text, &value) ? value : -1;
}

#endif /* AIODAL_SRC_SCHEMA_VALUE_H */
