/*
 * aiodal/pq.h
 *		The way down to libpq.
 */
#ifndef AIODAL_PQ_H
#define AIODAL_PQ_H

#include <libpq-fe.h>

#include <aiodal/api.h>

AIODAL_BEGIN_DECLS

/*
 * The transaction's own connection, inside its open transaction, in blocking mode. Borrowed: valid until the
 * transaction ends or is freed; never PQfinish() it. Whatever is started on it (a COPY, a query) must be
 * finished before the next aiodal call on tx. Ending the transaction through it ends the aiodal_tx too. NULL
 * when the transaction has ended, or cannot be begun: see aiodal_tx_begin(), for whose BEGIN it may block a
 * round trip.
 */
AIODAL_API PGconn *aiodal_tx_pgconn(aiodal_tx *tx);

/* The libpq result inside, borrowed: never PQclear() it. NULL for NULL. */
AIODAL_API const PGresult *aiodal_result_pgresult(const aiodal_result *res);

AIODAL_END_DECLS

#endif /* AIODAL_PQ_H */
