/*
 * known_calls.h
 *		Which volatile functions an expression calls.
 */
#ifndef AIODAL_KNOWN_CALLS_H
#define AIODAL_KNOWN_CALLS_H

#include "compat.h"

#include "nodes/primnodes.h"

/*
 * Whether the expression calls a volatile function that may look at tables or write them, for all that is
 * known of it. Those of PostgreSQL and its uuid-ossp and pgcrypto that draw numbers of sequences, read the
 * clock or make random values do not: it makes no difference to them which rows are written by then.
 */
extern bool CallsUnknownVolatile(Node *expr);

#endif /* AIODAL_KNOWN_CALLS_H */
