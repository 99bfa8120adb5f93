/*
 * aiodal/web_resource.h
 *		Tables as resources: list, detail, create, replace, update and delete, without a handler of one's own.
 *
 * A resource is derived from a table or view as it was reflected, or reads a query written by hand. Its JSON
 * is built by PostgreSQL and passed through.
 *
 *		GET path          {"total_count": 250, "next_url": "/books?limit=100&offset=100", "results": [{...}]}
 *		GET path/{key}    {...}, with an ETag; 404 when there is none, 410 when it was deleted softly
 *
 * A list understands these parameters; anything else, and a value that makes no sense, is 400:
 *
 *		limit, offset     how many rows (0 to max_limit) behind how many
 *		order             columns, "-" before one for descending: order=year,-name
 *		COLUMN            rows with this value; given more than once: with one of these
 *		COLUMN.ne .lt .le .gt .ge    compared with the value; NULL is other than any value
 *		COLUMN.contains   as text, in upper or lower case
 *		COLUMN.null       true or false
 *
 * total_count is that of all rows the filters let through, also past the end. next_url, null on the last
 * page, is a path with the request's own parameters; it never has a scheme or a host. Rows are ordered by the
 * key after what was asked for, so that pages neither overlap nor leave rows out.
 *
 * The other actions have to be asked for:
 *
 *		POST path           201 with the row, its Location and ETag
 *		PUT path/{key}      200 with the row; columns that the body leaves out get their defaults
 *		PATCH path/{key}    200 with the row; columns that the body leaves out stay as they are
 *		DELETE path/{key}   204
 *
 * Bodies are JSON objects of columns. A column that is unknown or not for the client to set is 422; only PUT
 * ignores those that are sent but not taken, so that what was read can be sent back.
 *
 * What exists is changed under optimistic locking: If-Match has to name the ETag of the row as it is now, or
 * "*". Without it the answer is 428; when the row has changed, also in the very moment, 412. A row that is
 * not visible after it was written is 403, and not written.
 *
 * What the server says of an error is never sent. A constraint that is violated is 409 (unique, exclusion,
 * foreign key) or 422 (not null, check), a value not of its column's type 422, with the columns it is about:
 *
 *		{"type": "about:blank", "title": "Conflict", "status": 409, "detail": "...",
 *		 "errors": [{"column": "catalog", "message": "..."}]}
 *
 * A privilege that is missing is 403. Where no connection is to be had, or the server is about to stop, it is
 * 503 with Retry-After.
 */
#ifndef AIODAL_WEB_RESOURCE_H
#define AIODAL_WEB_RESOURCE_H

#include <aiodal/web_http.h>

AIODAL_BEGIN_DECLS

typedef struct aiodal_web_resource aiodal_web_resource;

/* What can be done with a resource, to be ored. */
typedef enum aiodal_web_action
{
	AIODAL_WEB_LIST = 1 << 0,
	AIODAL_WEB_DETAIL = 1 << 1,
	AIODAL_WEB_CREATE = 1 << 2,
	AIODAL_WEB_REPLACE = 1 << 3,
	AIODAL_WEB_UPDATE = 1 << 4,
	AIODAL_WEB_DELETE = 1 << 5
} aiodal_web_action;

#define AIODAL_WEB_READ ((unsigned int) (AIODAL_WEB_LIST | AIODAL_WEB_DETAIL))
#define AIODAL_WEB_ALL  ((1u << 6) - 1)

/* What a client is told when a constraint is violated; without, something general. */
typedef struct aiodal_web_message
{
	const char *constraint;
	const char *text;
	int status; /* 0: as the header says */
} aiodal_web_message;

/*
 * Whether this request may do this at all, asked before anything else is done, in the transaction. To refuse,
 * it answers with a status of 400 or more; to let go on, it leaves the response alone.
 */
typedef aiodal_status (*aiodal_web_allow_fn)(aiodal_web_request *req, aiodal_web_response *res,
											 aiodal_web_action action, void *payload, aiodal_error **err);

/* Sets values[0..n_values - 1], NULL at first, which must live as long as the request. */
typedef aiodal_status (*aiodal_web_values_fn)(aiodal_web_request *req, const char **values, void *payload,
											  aiodal_error **err);

typedef struct aiodal_web_resource_options
{
	size_t size;

	/* Where rows come from: a table or view by name, or a SELECT by hand, or both: the query is read then. */
	const char *schema; /* of the table; NULL: found by search_path */
	const char *table;
	const char *query; /* its columns need names that differ */

	/* Where they go to. */
	const char *path;      /* of the list; default "/" and the table's name */
	const char *item_path; /* of one; default path, "/", and a parameter for each column of the key; its last
							  parameters are the key */
	const char *name;      /* in names of routes (NAME_list, NAME_detail, ...); default the table's */
	unsigned int actions;  /* of aiodal_web_action; default those that read, as far as there is a key */

	/* Columns; each list of names has a default. */
	const char *const *columns; /* sent; default all */
	size_t n_columns;
	const char *const *key; /* default the table's primary key */
	size_t n_key;
	const char *const *filters; /* that a list may be filtered and ordered by, sent or not; default all that
								   are sent and can be compared */
	size_t n_filters;
	const char *order;   /* unless the request says another; as the parameter; default by the key */
	const char *version; /* a column that changes whenever what is sent does, a query's other tables and all,
							for the ETag; default: a hash of what is sent */
	const char *deleted; /* a column that is true, or not NULL where it is no boolean, in rows that were
							deleted: they are in no list, and 410 by themselves */
	int default_limit;   /* default 100 */
	int max_limit;       /* default 1000 */

	/*
	 * Rows that a request may see: an SQL condition on the columns. It, and the query, may use $1 to
	 * $n_values (all of them must be used by one of the two), which values sets for each request. Rows that
	 * it hides are 404.
	 */
	const char *visible;
	size_t n_values;
	aiodal_web_values_fn values;
	aiodal_web_allow_fn allow;
	void *payload; /* of both */

	aiodal_tx_options tx; /* reading is read_only in any case */

	/*
	 * Writing. It needs a table, whose rows are locked, also where the query and statements by hand are.
	 */
	const char *const *writable; /* columns that clients set; default those of the table that are sent, but
									for generated ones, version, deleted, and a key that has a default. The
									key is set by create alone */
	size_t n_writable;
	bool unconditional; /* true: If-Match need not be there */
	size_t max_body;    /* bytes; default the app's */
	const aiodal_web_message *messages;
	size_t n_messages;
	aiodal_web_error_mapper on_error; /* asked first; gets payload */

	/*
	 * Statements by hand, in place of those derived. Their parameters, of which all up to the highest that
	 * is used must be used: the body as JSON (not delete), the columns of the key (not create), the
	 * resource's own values. create returns the columns of the key; update is for PATCH, replace for PUT.
	 * One that writes no row is 403.
	 */
	const char *create;
	const char *replace;
	const char *update;
	const char *remove;
} aiodal_web_resource_options;

#define AIODAL_WEB_RESOURCE_OPTIONS_INIT                                                                     \
	{                                                                                                        \
		sizeof(aiodal_web_resource_options), NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, 0, NULL, 0, NULL,  \
			0, NULL, NULL, NULL, 0, 0, NULL, 0, NULL, NULL, NULL, AIODAL_TX_OPTIONS_INIT, NULL, 0, false, 0, \
			NULL, 0, NULL, NULL, NULL, NULL, NULL                                                            \
	}

/*
 * Adds the routes of a resource. It is the app's. Its statements are tried out here, so that a mistake in SQL
 * shows at the start. The table is taken from the db's current snapshot, and stays as it was there:
 * columns that are added later are not sent before the next start.
 *
 * AIODAL_ENOTFOUND for a table or column that is not there, AIODAL_EINVAL for options that do not fit
 * together, AIODAL_ESTATE when the db has not been reflected, and what the server says of the statements.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_scope_add_resource(
	aiodal_web_scope *scope, const aiodal_web_resource_options *options, aiodal_error **err);

AIODAL_END_DECLS

#endif /* AIODAL_WEB_RESOURCE_H */
