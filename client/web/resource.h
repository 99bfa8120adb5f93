/*
 * resource.h
 *		What is inside a resource, and what its handlers share.
 *
 * Design notes. A resource is built once and never changes, so its handlers need no lock. All of its SQL
 * reads "source AS r", where the source is the table or the query in brackets; $1 to $n_values are taken by
 * the resource's own values in every statement, and what a request brings comes after them. Columns are
 * always written r."name", conditions by hand stand where r is all there is.
 */
#ifndef AIODAL_WEB_RESOURCE_INTERNAL_H
#define AIODAL_WEB_RESOURCE_INTERNAL_H

#include <aiodal/objects.h>
#include <aiodal/result.h>
#include <aiodal/schema.h>
#include <aiodal/web_resource.h>

#include "etag.h"
#include "mem.h"
#include "statement.h"

/* What JSON has in a column's place. */
typedef enum aiodal_web__kind
{
	AIODAL_WEB__ANYTHING,
	AIODAL_WEB__STRING,
	AIODAL_WEB__INTEGER,
	AIODAL_WEB__NUMBER,
	AIODAL_WEB__BOOLEAN,
	AIODAL_WEB__ARRAY,
	AIODAL_WEB__OBJECT
} aiodal_web__kind;

/* A column of the table that a client may set. */
typedef struct aiodal_web__input
{
	const char *name;
	const char *sql; /* "name" */
	const aiodal_column *column;
	aiodal_web__kind kind;
	bool is_key; /* set by create alone */
} aiodal_web__input;

/* A column of the source. */
typedef struct aiodal_web__field
{
	const char *name;
	const char *sql;             /* r."name" */
	const aiodal_column *column; /* of the table; NULL when the query computes it */
	unsigned int type;           /* below domains */
	aiodal_web__kind kind;
	bool shown;
	bool filter;
} aiodal_web__field;

struct aiodal_web_resource
{
	aiodal_web__arena arena; /* all that has no owner named */
	aiodal_web_app *app;
	aiodal_web_resource_options options; /* strings and lists are the arena's */
	aiodal_schema *schema;               /* referenced; NULL: none */
	const aiodal_table *table;           /* NULL: there is a query alone */
	const char *source;                  /* for FROM, with its alias */
	aiodal_web__field *fields;
	size_t n_fields;
	const aiodal_web__field **key;
	size_t n_key;
	const aiodal_web__field *version; /* NULL: none, as below */
	const aiodal_web__field *deleted;
	bool deleted_is_boolean;
	const char *columns; /* r."a", r."b": what is sent */
	const char *needed;  /* that, version and deleted */
	aiodal_web__input *inputs;
	size_t n_inputs;
	const char *scope_prefix;
	const char *item_pattern; /* with that */
};

/* Of a type by its OID, below domains; column may be NULL. */
extern aiodal_web__kind
aiodal_web__kind_of(const aiodal_schema *schema, unsigned int type, const aiodal_column *column);

/* The type below domains. */
extern unsigned int aiodal_web__base_type(const aiodal_schema *schema, unsigned int type);

/* Has the server look at all of its statements, as far as they are known. */
extern aiodal_status
aiodal_web__resource_try(const aiodal_web_resource *resource, aiodal_tx *tx, aiodal_error **err);

/* NULL when there is none. */
extern const aiodal_web__field *
aiodal_web__resource_field(const aiodal_web_resource *resource, const char *name);

/* Finds what clients may set. */
extern aiodal_status aiodal_web__resource_read_inputs(aiodal_web_resource *resource, aiodal_error **err);

/* Finds the source's columns; tx is for describing a query. */
extern aiodal_status
aiodal_web__resource_read_source(aiodal_web_resource *resource, aiodal_tx *tx, aiodal_error **err);

/* Text of the arena; NULL when out of memory. The buffer is freed. */
extern const char *aiodal_web__resource_keep(aiodal_web_resource *resource, aiodal_web__buf *text);

/*
 * Handlers; the payload is the resource.
 */
extern aiodal_status aiodal_web__resource_list(aiodal_web_request *req, aiodal_web_response *res,
											   aiodal_tx *tx, void *payload, aiodal_error **err);
extern aiodal_status aiodal_web__resource_detail(aiodal_web_request *req, aiodal_web_response *res,
												 aiodal_tx *tx, void *payload, aiodal_error **err);
extern aiodal_status aiodal_web__resource_create(aiodal_web_request *req, aiodal_web_response *res,
												 aiodal_tx *tx, void *payload, aiodal_error **err);
extern aiodal_status aiodal_web__resource_replace(aiodal_web_request *req, aiodal_web_response *res,
												  aiodal_tx *tx, void *payload, aiodal_error **err);
extern aiodal_status aiodal_web__resource_update(aiodal_web_request *req, aiodal_web_response *res,
												 aiodal_tx *tx, void *payload, aiodal_error **err);
extern aiodal_status aiodal_web__resource_delete(aiodal_web_request *req, aiodal_web_response *res,
												 aiodal_tx *tx, void *payload, aiodal_error **err);

/*
 * What they share. Each fills the response when the request cannot be served: its status is 400 or more then.
 */

/* Asks allow. */
extern aiodal_status
aiodal_web__resource_allow(aiodal_web_request *req, aiodal_web_response *res,
						   const aiodal_web_resource *resource, aiodal_web_action action, aiodal_error **err);

/* Puts the resource's values into a new statement, as $1 to $n_values. */
extern aiodal_status aiodal_web__resource_values(aiodal_web__statement *s, aiodal_web_request *req,
												 const aiodal_web_resource *resource, aiodal_error **err);

/* Appends " WHERE ..." of what may be seen at all, true when there is no condition. */
extern void aiodal_web__resource_where_visible(aiodal_web__buf *sql, const aiodal_web_resource *resource);

/* Appends " ORDER BY ..." of a list in the parameter's form; NULL: the default. What is wrong, or NULL. */
extern const char *
aiodal_web__resource_order(aiodal_web__buf *sql, const aiodal_web_resource *resource, const char *order);

/* What is SELECTed of the one row whose key is $n_values + 1 and on. */
enum
{
	AIODAL_WEB__ROW_BODY,
	AIODAL_WEB__ROW_VERSION, /* NULL: there is no such column */
	AIODAL_WEB__ROW_DELETED
};

extern void aiodal_web__resource_select_one(aiodal_web__buf *sql, const aiodal_web_resource *resource);

/* SELECTs the body of a list; the parameters are numbers of limit, offset and the beginning of next_url. */
extern void
aiodal_web__resource_select_list(aiodal_web__buf *sql, const aiodal_web_resource *resource, const char *where,
								 const char *order_by, size_t limit, size_t offset, size_t url);

/* The key as the path has it; NULL when out of memory. */
extern const char **
aiodal_web__resource_path_key(aiodal_web_request *req, const aiodal_web_resource *resource);

/*
 * Reads the row of this key, and locks it; no row also when there is no such key because of its type. Later
 * on the row is seen as it was when the lock was granted.
 */
extern aiodal_status aiodal_web__resource_find(aiodal_result **rows, aiodal_web_request *req, aiodal_tx *tx,
											   const aiodal_web_resource *resource, const char *const *key,
											   bool lock, aiodal_error **err);

/* The status that what was found deserves: 404, 410, or 0. */
extern int aiodal_web__resource_missing(const aiodal_result *rows);

/* Of the row that was found; false when it cannot be made. */
extern bool aiodal_web__resource_etag(aiodal_web__etag etag, const aiodal_result *rows);

/* Sends the row and its tag, and frees the result. */
extern aiodal_status
aiodal_web__resource_send(aiodal_web_response *res, aiodal_result *rows, aiodal_error **err);

/*
 * Statements that write. given says, for each input, whether the body has it; NULL: all of them.
 */

/* Appends " FROM ..." with the body, $1, as a row called v. */
extern void
aiodal_web__resource_body_row(aiodal_web__buf *sql, const aiodal_web_resource *resource, const bool *given);

/* The body is $1; returns the key as text. */
extern void
aiodal_web__resource_insert(aiodal_web__buf *sql, const aiodal_web_resource *resource, const bool *given);

/* The body is $1, the key what comes after it; whole: columns that are not given get their defaults. */
extern void aiodal_web__resource_set(aiodal_web__buf *sql, const aiodal_web_resource *resource,
									 const bool *given, bool whole);

/* The key is $1 and on. */
extern void aiodal_web__resource_remove(aiodal_web__buf *sql, const aiodal_web_resource *resource);

/* Locks the row whose key is $1 and on, where finding it does not. */
extern void aiodal_web__resource_lock(aiodal_web__buf *sql, const aiodal_web_resource *resource);

/*
 * Bodies
 */

/*
 * Reads the body; *given is the request's, as above. When it cannot be taken the response says so.
 */
extern aiodal_status
aiodal_web__resource_read_body(const bool **given, aiodal_web_request *req, aiodal_web_response *res,
							   const aiodal_web_resource *resource, aiodal_web_action action,
							   aiodal_error **err);

/* An RFC 9457 problem with the columns it is about. */
extern aiodal_status aiodal_web__resource_problem(aiodal_web_response *res, int status, const char *detail,
												  const char *const *columns, size_t n, aiodal_error **err);

/*
 * Looks for the column whose value in the body is none of its type, in a transaction of its own. NULL when
 * there is none, or it could not be found out.
 */
extern const aiodal_web__input *
aiodal_web__resource_blame(aiodal_web_request *req, const aiodal_web_resource *resource);

/* Answers for an error of the server; false: it is not one that a client should hear of. */
extern bool aiodal_web__resource_on_error(aiodal_web_request *req, aiodal_web_response *res,
										  const aiodal_error *error, void *payload);

#endif /* AIODAL_WEB_RESOURCE_INTERNAL_H */
