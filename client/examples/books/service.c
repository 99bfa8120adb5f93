/*
 * service.c
 *		The app: its scopes from the outside in, and the resources.
 *
 *		/health /ready /openapi.json /docs      for anybody
 *		/v1/...                                 with a token
 *		/v1/books/{isbn}                        changed by its owner alone
 */
#include <stdio.h>
#include <string.h>

#include "books.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Permissions
 */

/* Everybody reads, editors write. */
static aiodal_status
allow(aiodal_web_request *req, aiodal_web_response *res, aiodal_web_action action, void *payload,
	  aiodal_error **err)
{
	(void) payload;
	if (((unsigned int) action & AIODAL_WEB_READ) || books_user_of(req)->editor)
		return AIODAL_OK;
	return aiodal_web_response_problem(res, 403, "this takes the permission write:books", err);
}

static bool
is_reading(const aiodal_web_request *req)
{
	const char *method = aiodal_web_request_method(req);

	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* A book is its owner's. Whether there is one is the resource's to say. */
static aiodal_status
is_owner(bool *allowed, aiodal_web_request *req, aiodal_tx *tx, void *payload, aiodal_error **err)
{
	const char *params[] = {aiodal_web_request_param(req, "isbn"), books_user_of(req)->name};
	aiodal_result *strangers;
	aiodal_status status;

	(void) payload;
	*allowed = true;
	if (!params[0] || is_reading(req))
		return AIODAL_OK;
	status =
		aiodal_tx_exec(&strangers, tx, "SELECT FROM book WHERE isbn = $1 AND owner <> $2", 2, params, err);
	if (!status)
		*allowed = aiodal_result_rows(strangers) == 0;
	aiodal_result_free(strangers);
	return status;
}

/*
 * Resources
 */

static aiodal_status
add_authors(aiodal_web_scope *scope, aiodal_error **err)
{
	static const aiodal_web_message messages[] = {
		{"author_name_key", "there is an author of this name", 0},
		{"author_name_check", "an author needs a name", 0},
		{"book_author_id_fkey", "there are books by this author", 0},
	};
	aiodal_web_resource_options options = AIODAL_WEB_RESOURCE_OPTIONS_INIT;

	options.table = "author";
	options.path = "/authors";
	options.actions = AIODAL_WEB_ALL;
	options.allow = allow;
	options.messages = messages;
	options.n_messages = N_OF(messages);
	return aiodal_web_scope_add_resource(scope, &options, err);
}

/* $1 of what is below. */
static aiodal_status
user_name(aiodal_web_request *req, const char **values, void *payload, aiodal_error **err)
{
	(void) payload;
	(void) err;
	values[0] = books_user_of(req)->name;
	return AIODAL_OK;
}

/*
 * Read by hand, for the author's name; created by hand, for the owner; the rest is derived from the table.
 * There is no column for a version: it would not change with the author's name. So the ETag is made of what
 * is sent.
 */
static aiodal_status
add_books(aiodal_web_scope *scope, aiodal_error **err)
{
	static const char *const shown[] = {"isbn", "title", "author_id", "author",
										"year", "price", "published", "owner"};
	static const char *const writable[] = {"isbn", "title", "author_id", "year", "price", "published"};
	static const aiodal_web_message messages[] = {
		{"book_pkey", "this ISBN is in the catalogue, or was", 0},
		{"book_isbn_check", "isbn is 978 or 979, a hyphen and ten digits", 0},
		{"book_price_check", "price must be above zero", 0},
		{"book_author_id_fkey", "there is no such author", 422},
	};
	aiodal_web_resource_options options = AIODAL_WEB_RESOURCE_OPTIONS_INIT;

	options.table = "book";
	options.path = "/books";
	options.actions = AIODAL_WEB_ALL;
	options.query = "SELECT b.isbn, b.title, b.author_id, a.name AS author, b.year, b.price, b.published, "
					"b.owner, b.removed FROM book b JOIN author a ON a.id = b.author_id";
	options.columns = shown;
	options.n_columns = N_OF(shown);
	options.order = "title";
	options.deleted = "removed";
	options.visible = "r.published OR r.owner = $1";
	options.n_values = 1;
	options.values = user_name;
	options.allow = allow;
	options.writable = writable;
	options.n_writable = N_OF(writable);
	options.create = "INSERT INTO book (isbn, title, author_id, year, price, published, owner) "
					 "SELECT v.isbn, v.title, v.author_id, v.year, v.price, coalesce(v.published, true), $2 "
					 "FROM jsonb_to_record($1) AS v (isbn text, title text, author_id int, year smallint, "
					 "price numeric(8,2), published boolean) RETURNING isbn";
	options.messages = messages;
	options.n_messages = N_OF(messages);
	return aiodal_web_scope_add_resource(scope, &options, err);
}

/* One row per author with what the user may see, as JSON that PostgreSQL built. */
static aiodal_status
show_prices(aiodal_web_request *req, aiodal_web_response *res, aiodal_tx *tx, void *payload,
			aiodal_error **err)
{
	const char *user = books_user_of(req)->name;
	aiodal_result *rows;
	aiodal_status status;

	(void) payload;
	status = aiodal_tx_exec(
		&rows, tx,
		"SELECT coalesce(json_agg(s ORDER BY s.author), '[]') FROM (SELECT a.name AS author, "
		"count(*) AS books, sum(b.price) AS price FROM book b JOIN author a ON a.id = b.author_id "
		"WHERE b.removed IS NULL AND (b.published OR b.owner = $1) GROUP BY a.name) s",
		1, &user, err);
	if (status)
		return status;
	return aiodal_web_response_result_body(res, "application/json", rows, 0, 0, err);
}

static aiodal_status
add_prices(aiodal_web_scope *scope, aiodal_error **err)
{
	aiodal_web_route_options options = AIODAL_WEB_ROUTE_OPTIONS_INIT;

	options.name = "prices";
	options.summary = "How many books there are by each author, and what they cost";
	options.openapi = "{\"tags\": [\"book\"], \"responses\": {\"200\": {\"description\": \"A row per "
					  "author\"}}}";
	options.tx.read_only = true;
	return aiodal_web_scope_add_tx(scope, "GET", "/prices", show_prices, NULL, &options, err);
}

/*
 * Scopes
 */

/* What goes wrong is told to a channel, after the client has its 500. */
static aiodal_status
report_errors(aiodal_web_scope *root, const books_settings *settings, aiodal_error **err)
{
	aiodal_web_notify_options options = AIODAL_WEB_NOTIFY_OPTIONS_INIT;

	if (!settings->slack)
		return AIODAL_OK;
	options.slack = settings->slack;
	options.service = "books";
	options.environment = settings->environment;
	return aiodal_web_scope_notify(root, &options, err);
}

static aiodal_status
add_public(aiodal_web_scope *root, aiodal_error **err)
{
	aiodal_web_openapi_options about = AIODAL_WEB_OPENAPI_OPTIONS_INIT;
	aiodal_status status = aiodal_web_scope_add_health(root, "/health", err);

	about.title = "Books";
	about.version = "1";
	about.description = "A library's catalogue: authors and their books.";
	if (!status)
		status = aiodal_web_scope_add_ready(root, "/ready", err);
	if (!status)
		status = aiodal_web_scope_add_openapi(root, "/openapi.json", &about, err);
	if (!status)
		status = aiodal_web_scope_add_docs(root, "/docs", "openapi.json", err);
	return status;
}

static aiodal_status
authenticate(aiodal_web_scope *scope, const books_settings *settings, aiodal_error **err)
{
	aiodal_web_auth_options options = AIODAL_WEB_AUTH_OPTIONS_INIT;

	options.keys = settings->keys;
	options.token.issuer = settings->issuer;
	options.token.audience = settings->audience;
	options.require.permissions = "read:books";
	options.realm = "books";
	options.parse_user = books_user_parse;
	options.free_user = books_user_free;
	return aiodal_web_scope_authenticate(scope, &options, err);
}

/* A message of a user's to the same channel. */
static aiodal_status
add_feedback(aiodal_web_scope *scope, const books_settings *settings, aiodal_error **err)
{
	aiodal_web_forward_options options = AIODAL_WEB_FORWARD_OPTIONS_INIT;

	if (!settings->slack)
		return AIODAL_OK;
	options.slack = settings->slack;
	return aiodal_web_scope_add_forward(scope, "/feedback", &options, err);
}

static aiodal_status
add_private(aiodal_web_scope *root, const books_settings *settings, aiodal_error **err)
{
	aiodal_web_scope *v1;
	aiodal_web_scope *owned;
	aiodal_status status = aiodal_web_scope_new(&v1, root, "/v1", err);

	if (!status)
		status = authenticate(v1, settings, err);
	if (!status)
		status = add_authors(v1, err);
	if (!status)
		status = add_prices(v1, err);
	if (!status)
		status = add_feedback(v1, settings, err);
	if (!status)
		status = aiodal_web_scope_new(&owned, v1, "", err);
	if (!status)
		status = aiodal_web_scope_permit(owned, is_owner, NULL, err);
	if (!status)
		status = add_books(owned, err);
	return status;
}

/*
 * The app
 */

/* The query is left out: it may say more of users than a log should. */
static void
log_access(void *payload, const aiodal_web_access *access)
{
	const aiodal_web_request *req = access->request;
	char error[1000] = "";

	(void) payload;
	if (access->error)
		(void) aiodal_error_describe(access->error, error, sizeof(error));
	(void) fprintf(stderr, "%s %s %s %d %.1f ms%s%s\n", aiodal_web_request_id(req),
				   aiodal_web_request_method(req), aiodal_web_request_path(req),
				   aiodal_web_response_status(access->response), access->seconds * 1000, *error ? "\n" : "",
				   error);
}

aiodal_status
books_app_new(aiodal_web_app **app, const books_settings *settings, aiodal_error **err)
{
	aiodal_web_app_options options = AIODAL_WEB_APP_OPTIONS_INIT;
	aiodal_status status;

	if (settings->log)
		options.access = log_access;
	status = aiodal_web_app_new(app, settings->db, &options, err);
	if (status)
		return status;
	status = report_errors(aiodal_web_app_root(*app), settings, err);
	if (!status)
		status = add_public(aiodal_web_app_root(*app), err);
	if (!status)
		status = add_private(aiodal_web_app_root(*app), settings, err);
	if (status)
	{
		aiodal_web_app_free(*app);
		*app = NULL;
	}
	return status;
}
