/*
 * aiodal/web_server.h
 *		An app on a socket: HTTP/1.1 by libmicrohttpd.
 *
 * One thread moves bytes, with epoll; worker threads run the app, as many as the db's pool has connections,
 * so that none waits for one. Each request is read whole, up to the limits of the app and of the route,
 * before it is handled. TLS is left to a proxy in front, which is where untrusted networks should end: the
 * server listens on the loopback interface unless told otherwise.
 *
 * The server touches no signal handlers. A main() as a rule blocks SIGTERM and SIGINT before it starts the
 * server, waits for one with sigwait(), and stops the server.
 */
#ifndef AIODAL_WEB_SERVER_H
#define AIODAL_WEB_SERVER_H

#include <aiodal/web_http.h>

AIODAL_BEGIN_DECLS

typedef struct aiodal_web_server aiodal_web_server;

typedef struct aiodal_web_server_options
{
	size_t size;
	const char *address;     /* numeric, IPv4 or IPv6; default "127.0.0.1" */
	int port;                /* default 0: one that is free, see aiodal_web_server_port() */
	int workers;             /* default 10, as the pool_size of a db; the two should be equal */
	int max_waiting;         /* requests waiting for a worker; more are 503; default 100 for each worker */
	int max_connections;     /* more wait in the system's backlog; default 1000 */
	int request_timeout_ms;  /* in which a request must have come in whole, counted from the connection's
								beginning or the end of the request before; default 30000 */
	int response_timeout_ms; /* in which the client must have taken the response; default 60000 */
} aiodal_web_server_options;

#define AIODAL_WEB_SERVER_OPTIONS_INIT                            \
	{                                                             \
		sizeof(aiodal_web_server_options), NULL, 0, 0, 0, 0, 0, 0 \
	}

/*
 * Listens, and serves the app from now on. The app is borrowed until the server was stopped. AIODAL_ECONN
 * when the address cannot be listened on.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_server_start(aiodal_web_server **server,
																   aiodal_web_app *app,
																   const aiodal_web_server_options *options,
																   aiodal_error **err);

AIODAL_API int aiodal_web_server_port(const aiodal_web_server *server);

/*
 * Makes aiodal_web_scope_add_ready() answer 503 while everything else goes on, so that whoever sends requests
 * here sends them elsewhere before the server stops.
 */
AIODAL_API void aiodal_web_server_drain(aiodal_web_server *server);

/*
 * Stops and frees the server: accepts nothing more, lets the requests that came in be handled and answered,
 * and closes. A handler that runs is waited for however long it takes: give transactions a timeout_ms. What
 * still waits for a worker after timeout_ms is answered 503; what is not sent a second later is cut off.
 */
AIODAL_API void aiodal_web_server_stop(aiodal_web_server *server, int timeout_ms);

/*
 * Routes for those who watch the service. Health is 200 as long as requests are handled at all. Ready is 200
 * when the db answers too and the server is not draining, else 503; it asks the db once a second at most.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_scope_add_health(aiodal_web_scope *scope,
																	   const char *pattern,
																	   aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_scope_add_ready(aiodal_web_scope *scope,
																	  const char *pattern,
																	  aiodal_error **err);

AIODAL_END_DECLS

#endif /* AIODAL_WEB_SERVER_H */
