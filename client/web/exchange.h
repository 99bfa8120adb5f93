/*
 * exchange.h
 *		A request on a connection and its response: what the server's threads hand to each other.
 */
#ifndef AIODAL_WEB_EXCHANGE_H
#define AIODAL_WEB_EXCHANGE_H

#include <aiodal/web_server.h>

#include <microhttpd.h>

#include "deadline.h"
#include "mem.h"

typedef enum aiodal_web__stage
{
	AIODAL_WEB__BEGUN,    /* the request line is here */
	AIODAL_WEB__READING,  /* the headers are */
	AIODAL_WEB__HANDLING, /* all is here; the workers' */
	AIODAL_WEB__ANSWERED  /* there is a response; NULL when there was no memory for one */
} aiodal_web__stage;

typedef struct aiodal_web__exchange
{
	struct MHD_Connection *connection;
	aiodal_web__link *link; /* the connection's deadline */
	aiodal_web__stage stage;
	char *target;
	const char *method;         /* libmicrohttpd's, as are the headers' strings */
	aiodal_web_header *headers; /* malloc'd */
	size_t n_headers;
	aiodal_web__buf body;
	size_t max_body;
	size_t dropped;   /* bytes of the body beyond max_body */
	int refuse;       /* a status to answer without asking the app; 0: none */
	bool close_after; /* what follows on the connection cannot be trusted to be a request */
	bool counted;     /* among the server's active ones */
	char remote[64];
	aiodal_web_response *response;
	struct aiodal_web__exchange *next; /* in the queue */
} aiodal_web__exchange;

/* Begins one from the request line's target. NULL when out of memory. */
extern aiodal_web__exchange *aiodal_web__exchange_new(const char *target, struct MHD_Connection *connection);

/*
 * Reads the headers and decides whether the body is worth reading: false: answer at once. app_limit: bytes
 * that the app takes for this route.
 */
extern bool aiodal_web__exchange_headers(aiodal_web__exchange *x, const char *method, aiodal_web_app *app);

/* Takes a piece of the body; false when the connection should be closed without a word. */
extern bool aiodal_web__exchange_body(aiodal_web__exchange *x, const char *data, size_t len);

/* Has the app make the response. */
extern void aiodal_web__exchange_handle(aiodal_web__exchange *x, aiodal_web_app *app);

/* Makes a response of its own. */
extern void aiodal_web__exchange_refuse(aiodal_web__exchange *x, int status);

/* Gives the response to libmicrohttpd. close: with this one the connection ends. */
extern enum MHD_Result aiodal_web__exchange_send(aiodal_web__exchange *x, bool close);

extern void aiodal_web__exchange_free(aiodal_web__exchange *x);

#endif /* AIODAL_WEB_EXCHANGE_H */
