/*
 * trace.h
 *		Telling the caller's hook of each statement when it is over.
 */
#ifndef AIODAL_SRC_TRACE_H
#define AIODAL_SRC_TRACE_H

#include "conn.h"

/*
 * A statement is being sent: remembers it, with its parameters if they are asked for, until it has ended.
 * Without a hook this does nothing, and without memory the statement goes untold.
 */
extern void aiodal__trace_begin(aiodal__conn *conn, const char *sql, size_t n, const char *const *params);

/* It is over, with res the decisive result or NULL. */
extern void aiodal__trace_end(aiodal__conn *conn, aiodal_status status, const PGresult *res);

#endif /* AIODAL_SRC_TRACE_H */
