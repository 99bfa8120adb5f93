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

/*
 * Of several that are sent before the first is over: takes what was begun off the connection (the caller's to
 * aiodal__free(); NULL: nothing), and puts it back when its result is there, having run since began.
 */
extern struct aiodal__traced *aiodal__trace_suspend(aiodal__conn *conn);
extern void aiodal__trace_resume(aiodal__conn *conn, struct aiodal__traced *traced, double began);

#endif /* AIODAL_SRC_TRACE_H */
