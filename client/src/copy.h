/*
 * copy.h
 *		COPY in both directions, without knowing what is copied.
 */
#ifndef AIODAL_SRC_COPY_H
#define AIODAL_SRC_COPY_H

#include "conn.h"

/*
 * Gives the next bytes, borrowed until the next call; *len 0 at the end. AIODAL_WANT_READ instead of
 * AIODAL_OK: stop, the server has spoken.
 */
typedef aiodal_status (*aiodal__feed_fn)(void *payload, const char **data, size_t *len, aiodal_error **err);

/* Takes bytes: whole rows. */
typedef aiodal_status (*aiodal__take_fn)(void *payload, const char *data, size_t len, aiodal_error **err);

/*
 * Runs "COPY ... FROM STDIN" and sends what feed gives. When feed fails, the COPY is made to fail and feed's
 * error is the one returned. *rows: how many the server counted.
 */
extern aiodal_status aiodal__copy_in(aiodal__conn *conn, const char *sql, aiodal__feed_fn feed, void *payload,
									 int64_t *rows, aiodal_error **err);

/*
 * The parts of that, for who sends by itself: runs sql up to where the COPY begins (statements may stand in
 * front of it); and when PQputCopyEnd() was called, or the connection is lost, waits for the server's word.
 */
extern aiodal_status aiodal__copy_begin(aiodal__conn *conn, const char *sql, aiodal_error **err);
extern aiodal_status aiodal__copy_finish(aiodal__conn *conn, int64_t *rows, aiodal_error **err);

/*
 * Whether an error, or the end, is waiting to be read while rows are sent. Encrypted connections cannot be
 * looked into: there the error comes after the data.
 */
extern bool aiodal__copy_server_has_spoken(const aiodal__conn *conn);

/* Runs "COPY ... TO STDOUT" and hands over each row. When take fails, the COPY is cancelled. */
extern aiodal_status aiodal__copy_out(aiodal__conn *conn, const char *sql, aiodal__take_fn take,
									  void *payload, int64_t *rows, aiodal_error **err);

#endif /* AIODAL_SRC_COPY_H */
