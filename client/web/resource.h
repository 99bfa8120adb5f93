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

#include "mem.h"
#include "statement.h"

/* A column of the source. */
typedef struct aiodal_web__field
{
	const char *name;
	const char *sql;             /* r."name" */
	const aiodal_column *column; /* of the table; NULL when the query computes it */
	unsigned int type;
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
	const char *columns;  /* r."a", r."b": what is sent */
	const char *needed;   /* that, version and deleted */
	const char *order_by; /* by the key, "" without one */
};

/* NULL when there is none. */
extern const aiodal_web__field *
aiodal_web__resource_field(const aiodal_web_resource *resource, const char *name);

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

/* Reads the row the path means; no row also when the path has what cannot be a key. */
extern aiodal_status aiodal_web__resource_find(aiodal_result **rows, aiodal_web_request *req, aiodal_tx *tx,
											   const aiodal_web_resource *resource, aiodal_error **err);

/* Answers for an error of the server; false: it is not one that a client should hear of. */
extern bool aiodal_web__resource_on_error(aiodal_web_request *req, aiodal_web_response *res,
										  const aiodal_error *error, void *payload);

#endif /* AIODAL_WEB_RESOURCE_INTERNAL_H */
