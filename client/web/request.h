/*
 * request.h
 *		What is inside a request, and how one is read.
 */
#ifndef AIODAL_WEB_REQUEST_H
#define AIODAL_WEB_REQUEST_H

#include <aiodal/web_http.h>

#include "mem.h"

typedef struct aiodal_web__value
{
	const void *key;
	void *value;
	aiodal_web_free_fn free_value;
	struct aiodal_web__value *next;
} aiodal_web__value;

struct aiodal_web_request
{
	aiodal_web__arena arena; /* all that has no owner named */
	aiodal_web_app *app;
	const char *method;
	const char *path;
	const char *query_string;
	const aiodal_web_header *headers; /* the call's */
	size_t n_headers;
	aiodal_web_header *query;
	size_t n_query;
	const char *const *segments; /* of the path, decoded */
	size_t n_segments;
	const char *body;
	size_t body_len;
	const char *content_type;
	const char *remote;
	char id[65];
	const aiodal_web_route *route;
	const char *const *params; /* values of the route's parameters, in their order */
	aiodal_tx *tx;
	bool no_connection;     /* a handler could not run for want of a transaction */
	aiodal_error *answered; /* by the route's mapper; owned by who handles the request */
	aiodal_web__value *values;
};

#define AIODAL_WEB__MAX_SEGMENTS 64

typedef struct aiodal_web__limits
{
	size_t body, target, headers, header_size;
} aiodal_web__limits;

/*
 * Fills a zeroed request from a call, all but route and params. Returns 0; the status of the response it
 * deserves (400, 413, 414, 431), with *why said; or -1 when out of memory. The body is checked later, against
 * the route's limit.
 */
extern int aiodal_web__request_read(aiodal_web_request *req, const aiodal_web_call *call,
									const aiodal_web__limits *limits, const char **why);

extern void aiodal_web__request_done(aiodal_web_request *req);

#endif /* AIODAL_WEB_REQUEST_H */
