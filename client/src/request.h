/*
 * request.h
 *		What is to be sent to the server.
 */
#ifndef AIODAL_SRC_REQUEST_H
#define AIODAL_SRC_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include <libpq-fe.h>

/* A statement with all that it can have. */
typedef struct aiodal__request
{
	const char *sql;
	size_t n;
	const Oid *types; /* this and what follows: as for PQsendQueryParams() */
	const char *const *params;
	const int *lengths;
	const int *formats;
	int result_format;
	const char *const *shown; /* the parameters as text, for a trace that asks for them */
	bool keep;                /* prepared, when it is used often */
	int chunk_rows;           /* more than 0: see aiodal_query_options */
	bool simple;              /* by the simple protocol: sql alone counts, and can be many statements */
	bool may_copy;            /* stops where a COPY begins, which the caller then has to do and end */
} aiodal__request;

/* Sends it by the extended protocol, as the prepared statement of that name; NULL: it is parsed. */
extern bool aiodal__request_send(PGconn *pg, const aiodal__request *request, const char *name);

/* A copy of it in one piece of memory, to be freed by aiodal__free(); NULL: there is none. */
extern aiodal__request *aiodal__request_copy(const aiodal__request *request);

#endif /* AIODAL_SRC_REQUEST_H */
