/*
 * aiodal/web_http.h
 *		Requests, responses, routes and middleware, without a network.
 *
 * An app is a tree of scopes. A scope has a path prefix, middleware, and routes: a method, a pattern and a
 * handler. Whoever has a request (the server of web_server.h, or a test) hands it to aiodal_web_app_handle()
 * and gets the response.
 *
 *		request -> middleware of the root scope -> ... of the route's scope -> handler (in a transaction)
 *
 * A handler fills the response and returns AIODAL_OK, or fails with an error as everything in aiodal does. An
 * error passes through the middleware on its way out, which can look at it, pass it on or answer in its
 * place; what nobody answered becomes a plain 500 that says nothing about the cause, or 503 when there was no
 * connection to be had.
 *
 * Threads: an app is built by one thread. From the first aiodal_web_app_handle() on it does not change any
 * more (adding to it is AIODAL_ESTATE) and any number of threads may handle requests. A request and its
 * response belong to the thread that handles them.
 *
 * Memory: whatever a getter returns lives as long as the request or response it came from. Payloads are the
 * caller's and must outlive the app, unless aiodal_web_app_own() gives them to it.
 */
#ifndef AIODAL_WEB_HTTP_H
#define AIODAL_WEB_HTTP_H

#include <aiodal/api.h>
#include <aiodal/tx.h>

AIODAL_BEGIN_DECLS

typedef struct aiodal_web_app aiodal_web_app;
typedef struct aiodal_web_scope aiodal_web_scope;
typedef struct aiodal_web_route aiodal_web_route;
typedef struct aiodal_web_request aiodal_web_request;
typedef struct aiodal_web_response aiodal_web_response;
typedef struct aiodal_web_next aiodal_web_next;

typedef void (*aiodal_web_free_fn)(void *);

typedef struct aiodal_web_header
{
	const char *name;
	const char *value;
} aiodal_web_header;

/*
 * Requests
 */

/* As sent; upper case as a rule. */
AIODAL_API const char *aiodal_web_request_method(const aiodal_web_request *req);

/* The path as sent, still percent-encoded, without the query. Begins with "/". */
AIODAL_API const char *aiodal_web_request_path(const aiodal_web_request *req);

/* What stands behind the "?", as sent; "" when there is none. */
AIODAL_API const char *aiodal_web_request_query_string(const aiodal_web_request *req);

/* What stood in the place of {name} in the route's pattern, decoded; NULL when the pattern has none. */
AIODAL_API const char *aiodal_web_request_param(const aiodal_web_request *req, const char *name);

/* The first parameter of that name in the query, decoded, "" when it has no value; NULL when there is none.
 */
AIODAL_API const char *aiodal_web_request_query(const aiodal_web_request *req, const char *name);

/* All of them, in their order. An index out of range gives {NULL, NULL}. */
AIODAL_API size_t aiodal_web_request_query_count(const aiodal_web_request *req);
AIODAL_API aiodal_web_header aiodal_web_request_query_at(const aiodal_web_request *req, size_t i);

/* The first header of that name, in any case; NULL when there is none. */
AIODAL_API const char *aiodal_web_request_header(const aiodal_web_request *req, const char *name);

/* How many there are: of that name; of all names when name is NULL. */
AIODAL_API size_t aiodal_web_request_header_count(const aiodal_web_request *req, const char *name);
AIODAL_API aiodal_web_header aiodal_web_request_header_at(const aiodal_web_request *req, size_t i);

/* The body, NUL-terminated behind *len bytes; "" when there is none. len may be NULL. */
AIODAL_API const char *aiodal_web_request_body(const aiodal_web_request *req, size_t *len);

/* The media type in lower case without parameters, e.g. "application/json"; "" when none is said. */
AIODAL_API const char *aiodal_web_request_content_type(const aiodal_web_request *req);

/* Address of the client (or of the proxy before the service), "" when unknown. */
AIODAL_API const char *aiodal_web_request_remote(const aiodal_web_request *req);

/*
 * X-Request-Id: the client's, when it has 1 to 64 letters, digits or any of "-_.", else a random one. Sent
 * back with every response.
 */
AIODAL_API const char *aiodal_web_request_id(const aiodal_web_request *req);

/* The route that was found; NULL when there is none for this path and method. */
AIODAL_API const aiodal_web_route *aiodal_web_request_route(const aiodal_web_request *req);
AIODAL_API aiodal_web_app *aiodal_web_request_app(const aiodal_web_request *req);

/* The transaction the handler runs in, NULL outside of it. */
AIODAL_API aiodal_tx *aiodal_web_request_tx(const aiodal_web_request *req);

/* Zeroed memory, and formatted text, that live as long as the request. NULL when out of memory. */
AIODAL_API void *aiodal_web_request_alloc(aiodal_web_request *req, size_t size);
AIODAL_API char *aiodal_web_request_printf(aiodal_web_request *req, const char *fmt, ...) AIODAL_PRINTF(2, 3);

/*
 * Values that middleware leaves for those that come after it. The key is an address, of a static variable as
 * a rule. Setting replaces; free_value, if not NULL, is called when the value is replaced or the request
 * ends, and also when setting it fails.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_request_set(aiodal_web_request *req, const void *key,
																  void *value, aiodal_web_free_fn free_value,
																  aiodal_error **err);
AIODAL_API void *aiodal_web_request_get(const aiodal_web_request *req, const void *key);

/*
 * Responses
 */

/* 200 until it is set. */
AIODAL_API int aiodal_web_response_status(const aiodal_web_response *res);
AIODAL_API void aiodal_web_response_set_status(aiodal_web_response *res, int status);

/*
 * Sets the one header of that name, or adds another one. A NULL value removes it. AIODAL_EINVAL when the name
 * is no token of RFC 9110 or the value holds CR, LF, NUL or another control character than tab, so that
 * nothing from outside can begin a header of its own.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_response_set_header(aiodal_web_response *res,
																		  const char *name, const char *value,
																		  aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_response_add_header(aiodal_web_response *res,
																		  const char *name, const char *value,
																		  aiodal_error **err);
AIODAL_API const char *aiodal_web_response_header(const aiodal_web_response *res, const char *name);
AIODAL_API size_t aiodal_web_response_header_count(const aiodal_web_response *res);
AIODAL_API aiodal_web_header aiodal_web_response_header_at(const aiodal_web_response *res, size_t i);

/*
 * The body and its Content-Type (NULL: left as it is). set copies. take hands malloc'd or other memory over:
 * free_data, if not NULL, is called once it was sent, and when taking it fails. result hands a result over
 * and sends one of its values without copying it, e.g. JSON that PostgreSQL built; an SQL NULL is an empty
 * body.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_response_set_body(aiodal_web_response *res,
																		const char *type, const void *data,
																		size_t len, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_response_take_body(aiodal_web_response *res,
																		 const char *type, void *data,
																		 size_t len,
																		 aiodal_web_free_fn free_data,
																		 aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_response_result_body(aiodal_web_response *res,
																		   const char *type,
																		   aiodal_result *result, int row,
																		   int column, aiodal_error **err);

/* Status, application/json and a NUL-terminated body, which is copied. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_response_json(aiodal_web_response *res, int status,
																	const char *json, aiodal_error **err);

/*
 * An error as RFC 9457 has it: application/problem+json with title, status and, when not NULL, detail. What
 * headers and body there were is dropped. detail is shown to the client.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_response_problem(aiodal_web_response *res, int status,
																	   const char *detail,
																	   aiodal_error **err);

/* NUL-terminated behind *len bytes; "" when there is none, and for HEAD. len may be NULL. */
AIODAL_API const char *aiodal_web_response_body(const aiodal_web_response *res, size_t *len);

/* As new: 200, no headers, no body. */
AIODAL_API void aiodal_web_response_reset(aiodal_web_response *res);
AIODAL_API void aiodal_web_response_free(aiodal_web_response *res);

/* "Not Found" for 404 and so on; "" for numbers that have none. */
AIODAL_API const char *aiodal_web_reason(int status);

/*
 * Handlers and middleware
 */

typedef aiodal_status (*aiodal_web_handler)(aiodal_web_request *req, aiodal_web_response *res, void *payload,
											aiodal_error **err);

/*
 * A handler in a transaction of its own, begun before and ended after it: committed when the handler returned
 * AIODAL_OK and the response's status is below 400, else rolled back. After a serialization failure or
 * deadlock (AIODAL_ERETRY) it runs again with a new response, as in aiodal_db_transact(); tx.max_attempts of
 * the route's options says how often at most. It may end the transaction itself.
 */
typedef aiodal_status (*aiodal_web_tx_handler)(aiodal_web_request *req, aiodal_web_response *res,
											   aiodal_tx *tx, void *payload, aiodal_error **err);

/*
 * Runs around what is further in. It calls aiodal_web_next_run() and returns what that returned, or answers
 * by itself without calling it. It may change the response afterwards, and call next more than once.
 */
typedef aiodal_status (*aiodal_web_middleware)(aiodal_web_request *req, aiodal_web_response *res,
											   const aiodal_web_next *next, void *payload,
											   aiodal_error **err);

AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_next_run(const aiodal_web_next *next,
															   aiodal_web_request *req,
															   aiodal_web_response *res, aiodal_error **err);

/*
 * Turns an error of the handler or of the commit into a response, after the rollback: true when it did, so
 * that the error ends here; false passes it on. The response is as new when it is called. Not asked when no
 * transaction could be begun.
 */
typedef bool (*aiodal_web_error_mapper)(aiodal_web_request *req, aiodal_web_response *res,
										const aiodal_error *error, void *payload);

/*
 * The app
 */

/* How one request went, for a log or counters; all borrowed for the call. */
typedef struct aiodal_web_access
{
	size_t size;
	const aiodal_web_request *request;
	const aiodal_web_response *response; /* as it is sent */
	const aiodal_error *error;           /* behind a 500 or 503; else NULL */
	double seconds;
} aiodal_web_access;

/* Called once for each request by the thread that handled it, after the response was made. */
typedef void (*aiodal_web_access_cb)(void *payload, const aiodal_web_access *access);

typedef struct aiodal_web_app_options
{
	size_t size;
	size_t max_body;        /* bytes of a request's body; more is 413; default 1 MB */
	size_t max_target;      /* bytes of path and query; more is 414; default 8000 */
	size_t max_headers;     /* how many headers a request may have; more is 431; default 100 */
	size_t max_header_size; /* bytes of all of them; more is 431; default 32000 */
	aiodal_web_access_cb access;
	void *access_payload;
} aiodal_web_app_options;

#define AIODAL_WEB_APP_OPTIONS_INIT                            \
	{                                                          \
		sizeof(aiodal_web_app_options), 0, 0, 0, 0, NULL, NULL \
	}

/* db is borrowed and may be NULL when no handler wants a transaction. options may be NULL. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_app_new(aiodal_web_app **app, aiodal_db *db,
															  const aiodal_web_app_options *options,
															  aiodal_error **err);
AIODAL_API aiodal_db *aiodal_web_app_db(const aiodal_web_app *app);

/* Has it freed with the app, the last given first. On failure free_thing is called at once. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_app_own(aiodal_web_app *app, void *thing,
															  aiodal_web_free_fn free_thing,
															  aiodal_error **err);

/* After every aiodal_web_app_handle() has returned. Responses may outlive it. */
AIODAL_API void aiodal_web_app_free(aiodal_web_app *app);

/*
 * Scopes are the app's. The root has no prefix; its middleware runs for every request, even for one that no
 * route is found for.
 */
AIODAL_API aiodal_web_scope *aiodal_web_app_root(aiodal_web_app *app);
AIODAL_API aiodal_web_app *aiodal_web_scope_app(const aiodal_web_scope *scope);

/* The prefix, e.g. "/v1", or "" for a scope that only has middleware of its own, stands behind the parent's.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_scope_new(aiodal_web_scope **scope,
																aiodal_web_scope *parent, const char *prefix,
																aiodal_error **err);

/* Middleware for all routes of this scope and those below; what was added first is outermost. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_scope_use(aiodal_web_scope *scope,
																aiodal_web_middleware middleware,
																void *payload, aiodal_error **err);

/*
 * Says whether this request may do what it asks for, e.g. whether the user has anything to do with the object
 * that the path names. Called in the transaction of the route before its handler, again in each attempt; tx
 * is NULL for handlers without one. *allowed is false before.
 */
typedef aiodal_status (*aiodal_web_permission)(bool *allowed, aiodal_web_request *req, aiodal_tx *tx,
											   void *payload, aiodal_error **err);

/*
 * Asks for that permission at all routes of this scope and those below; all that there are must allow it, the
 * outermost is asked first. 403 when it is not allowed.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_scope_permit(aiodal_web_scope *scope,
																   aiodal_web_permission permission,
																   void *payload, aiodal_error **err);

typedef struct aiodal_web_route_options
{
	size_t size;
	const char *name;    /* for logs and documents, e.g. "book_detail" */
	const char *summary; /* for documents */
	aiodal_tx_options tx;
	size_t max_body; /* when not the app's */
	aiodal_web_error_mapper on_error;
	void *on_error_payload;
	const char *openapi; /* JSON: members of its operation in an OpenAPI document, see web_openapi.h */
} aiodal_web_route_options;

#define AIODAL_WEB_ROUTE_OPTIONS_INIT                                                             \
	{                                                                                             \
		sizeof(aiodal_web_route_options), NULL, NULL, AIODAL_TX_OPTIONS_INIT, 0, NULL, NULL, NULL \
	}

/*
 * Adds a route. method is upper case; a GET route answers HEAD too, unless there is a HEAD route. pattern
 * begins with "/"; each of its segments is literal (compared with the decoded path), {name} for one segment
 * that is not empty, or, at the end, {name...} for all that is left (one segment at least). Literal segments
 * win over {name}, {name} over {name...}, segment by segment from the left. Strings are copied. AIODAL_EINVAL
 * for a bad pattern, for openapi that is no JSON object, or when the same method and path has a route
 * already; AIODAL_ESTATE for a transaction without a db.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_scope_add(aiodal_web_scope *scope, const char *method,
																const char *pattern,
																aiodal_web_handler handler, void *payload,
																const aiodal_web_route_options *options,
																aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_scope_add_tx(
	aiodal_web_scope *scope, const char *method, const char *pattern, aiodal_web_tx_handler handler,
	void *payload, const aiodal_web_route_options *options, aiodal_error **err);

/* All routes in the order in which they were added; NULL out of range. */
AIODAL_API size_t aiodal_web_app_route_count(const aiodal_web_app *app);
AIODAL_API const aiodal_web_route *aiodal_web_app_route_at(const aiodal_web_app *app, size_t i);
AIODAL_API const char *aiodal_web_route_method(const aiodal_web_route *route);
AIODAL_API const char *aiodal_web_route_pattern(const aiodal_web_route *route); /* with the prefixes */
AIODAL_API const char *aiodal_web_route_name(const aiodal_web_route *route);    /* "" when it has none */
AIODAL_API const char *aiodal_web_route_summary(const aiodal_web_route *route); /* "" when it has none */
AIODAL_API void *aiodal_web_route_payload(const aiodal_web_route *route);

/*
 * A request as it came in; all of it is borrowed until the response is there.
 */
typedef struct aiodal_web_call
{
	size_t size;
	const char *method;
	const char *target; /* path and query, as in the request line */
	const aiodal_web_header *headers;
	size_t n_headers;
	const void *body;
	size_t body_len;
	const char *remote;
} aiodal_web_call;

#define AIODAL_WEB_CALL_INIT                                        \
	{                                                               \
		sizeof(aiodal_web_call), NULL, NULL, NULL, 0, NULL, 0, NULL \
	}

/*
 * Handles a request. Whatever goes wrong with it, even a malformed one, is a response; the only failures are
 * AIODAL_ENOMEM and AIODAL_EINVAL for a call without method or target. *res is the caller's:
 * aiodal_web_response_free().
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_app_handle(aiodal_web_response **res,
																 aiodal_web_app *app,
																 const aiodal_web_call *call,
																 aiodal_error **err);

/*
 * The same in short, for tests: headers are lines "Name: value" with "\n" between them, or NULL; body is
 * NUL-terminated, or NULL.
 *
 *		aiodal_web_app_try(&res, app, "POST", "/books", "Content-Type: application/json", "{...}", &err)
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_app_try(aiodal_web_response **res, aiodal_web_app *app,
															  const char *method, const char *target,
															  const char *headers, const char *body,
															  aiodal_error **err);

AIODAL_END_DECLS

#endif /* AIODAL_WEB_HTTP_H */
