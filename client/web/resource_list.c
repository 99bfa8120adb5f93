/*
 * resource_list.c
 *		Lists: what the query string asks for, as SQL.
 */
#include <stdlib.h>
#include <string.h>

#include "resource.h"
#include "text.h"

#define MAX_PARAMETERS 100
#define MAX_ORDER      32
#define MAX_DIGITS     18 /* so that the sum of two is a bigint */

/* A list being asked for. */
typedef struct list
{
	aiodal_web_request *req;
	const aiodal_web_resource *resource;
	aiodal_web__statement where; /* its text begins with " AND"; the parameters are the whole statement's */
	long long limit;
	long long offset;
	const char *order;
	const char *wrong; /* what to tell the client; NULL: nothing so far */
} list;

/*
 * Order
 */

/* One that may be asked for. */
static const aiodal_web__field *
find_field(const aiodal_web_resource *resource, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < resource->n_fields; i++)
		if (strncmp(resource->fields[i].name, name, len) == 0 && !resource->fields[i].name[len])
			return resource->fields[i].filter ? &resource->fields[i] : NULL;
	return NULL;
}

const char *
aiodal_web__resource_order(aiodal_web__buf *sql, const aiodal_web_resource *resource, const char *order)
{
	const char *p = order ? order : resource->options.order;
	const char *comma = " ORDER BY ";
	size_t n = 0;

	while (p && *p)
	{
		bool down = *p == '-';
		size_t len = strcspn(p += down, ",");
		const aiodal_web__field *field = find_field(resource, p, len);

		if (!field)
			return "order is not a list of columns";
		if (++n > MAX_ORDER)
			return "order has too many columns";
		aiodal_web__buf_printf(sql, "%s%s%s", comma, field->sql, down ? " DESC" : "");
		comma = ", ";
		p += len + (p[len] == ',');
	}
	for (n = 0; n < resource->n_key; n++, comma = ", ")
		aiodal_web__buf_printf(sql, "%s%s", comma, resource->key[n]->sql);
	return NULL;
}

/*
 * Filters
 */

typedef enum test
{
	EQUAL,
	COMPARE,
	CONTAINS,
	IS_NULL
} test;

static const struct
{
	const char *name;
	test test;
	const char *sql;
} tests[] = {
	{"ne", COMPARE, " IS DISTINCT FROM "},
	{"lt", COMPARE, " < "},
	{"le", COMPARE, " <= "},
	{"gt", COMPARE, " > "},
	{"ge", COMPARE, " >= "},
	{"contains", CONTAINS, NULL},
	{"null", IS_NULL, NULL},
};

#define N_TESTS (sizeof(tests) / sizeof(tests[0]))

/* Whether an earlier parameter has the same name. */
static bool
seen(const aiodal_web_request *req, size_t i)
{
	const char *name = aiodal_web_request_query_at(req, i).name;
	size_t k;

	for (k = 0; k < i; k++)
		if (strcmp(aiodal_web_request_query_at(req, k).name, name) == 0)
			return true;
	return false;
}

/* All parameters of this name at once, when it is the first. */
static void
add_equal(list *l, const aiodal_web__field *field, size_t i)
{
	size_t n = aiodal_web_request_query_count(l->req);
	const char *comma = "";
	aiodal_web_header first = aiodal_web_request_query_at(l->req, i);

	if (seen(l->req, i))
		return;
	aiodal_web__buf_printf(&l->where.sql, " AND %s IN (", field->sql);
	for (; i < n; i++, comma = ", ")
	{
		aiodal_web_header q = aiodal_web_request_query_at(l->req, i);

		if (strcmp(q.name, first.name) != 0)
			continue;
		aiodal_web__buf_str(&l->where.sql, comma);
		aiodal_web__statement_param(&l->where, q.value, q.name);
	}
	aiodal_web__buf_char(&l->where.sql, ')');
}

static void
add_contains(list *l, const aiodal_web__field *field, aiodal_web_header q)
{
	aiodal_web__buf_printf(&l->where.sql,
						   " AND pg_catalog.strpos(pg_catalog.lower(%s::pg_catalog.text COLLATE "
						   "pg_catalog.\"default\"), pg_catalog.lower(",
						   field->sql);
	aiodal_web__statement_param(&l->where, q.value, q.name);
	aiodal_web__buf_str(&l->where.sql, "::pg_catalog.text COLLATE pg_catalog.\"default\")) > 0");
}

static void
add_null(list *l, const aiodal_web__field *field, aiodal_web_header q)
{
	bool is_null = strcmp(q.value, "true") == 0;

	if (!is_null && strcmp(q.value, "false") != 0)
		l->wrong = aiodal_web_request_printf(l->req, "%s is neither true nor false", q.name);
	aiodal_web__buf_printf(&l->where.sql, " AND %s IS %sNULL", field->sql, is_null ? "" : "NOT ");
}

static void
add_test(list *l, const char *dot, size_t i)
{
	aiodal_web_header q = aiodal_web_request_query_at(l->req, i);
	const aiodal_web__field *field = find_field(l->resource, q.name, (size_t) (dot - q.name));
	size_t t = 0;

	while (t < N_TESTS && strcmp(tests[t].name, dot + 1) != 0)
		t++;
	if (!field || t == N_TESTS)
	{
		l->wrong = aiodal_web_request_printf(l->req, "there is no parameter \"%s\"", q.name);
		return;
	}
	if (tests[t].test == CONTAINS)
		add_contains(l, field, q);
	else if (tests[t].test == IS_NULL)
		add_null(l, field, q);
	else
	{
		aiodal_web__buf_printf(&l->where.sql, " AND %s%s", field->sql, tests[t].sql);
		aiodal_web__statement_param(&l->where, q.value, q.name);
	}
}

/* A column's name may have a point in it. */
static void
add_filter(list *l, size_t i)
{
	const char *name = aiodal_web_request_query_at(l->req, i).name;
	const aiodal_web__field *field = find_field(l->resource, name, strlen(name));
	const char *dot = strrchr(name, '.');

	if (field)
		add_equal(l, field, i);
	else
		add_test(l, dot ? dot : name + strlen(name), i);
}

/*
 * The query string
 */

static bool
is_control(const char *name)
{
	return strcmp(name, "limit") == 0 || strcmp(name, "offset") == 0 || strcmp(name, "order") == 0;
}

/* Decimal digits, leading zeros too; -1 when it is anything else. */
static long long
read_number(const char *text)
{
	size_t len;

	while (text[0] == '0' && text[1])
		text++;
	len = strlen(text);
	if (len == 0 || len > MAX_DIGITS || strspn(text, "0123456789") != len)
		return -1;
	return strtoll(text, NULL, 10);
}

static void
read_control(list *l, size_t i)
{
	aiodal_web_header q = aiodal_web_request_query_at(l->req, i);

	if (seen(l->req, i))
		l->wrong = aiodal_web_request_printf(l->req, "%s is given twice", q.name);
	else if (strcmp(q.name, "order") == 0)
		l->order = q.value;
	else if (strcmp(q.name, "offset") == 0)
		l->offset = read_number(q.value);
	else
		l->limit = read_number(q.value);
	if (l->offset < 0)
		l->wrong = "offset is not a number of rows";
	if (l->limit < 0 || l->limit > l->resource->options.max_limit)
		l->wrong = aiodal_web_request_printf(l->req, "limit is not a number from 0 to %d",
											 l->resource->options.max_limit);
}

static void
read_query(list *l)
{
	size_t n = aiodal_web_request_query_count(l->req);
	size_t i;

	l->limit = l->resource->options.default_limit;
	if (n > MAX_PARAMETERS)
		l->wrong = "there are too many parameters";
	for (i = 0; i < n && !l->wrong; i++)
		if (is_control(aiodal_web_request_query_at(l->req, i).name))
			read_control(l, i);
		else
			add_filter(l, i);
}

/*
 * next_url
 */

/* Whether the parameter that begins here, as sent, says which page this is. */
static bool
is_page(const char *p, size_t len)
{
	char name[20];

	len = strcspn(p, "=") < len ? strcspn(p, "=") : len;
	/* decoded it is not longer, and six characters take eighteen at most */
	if (len >= sizeof(name) || !aiodal_web__percent_decode(name, p, len, true))
		return false;
	return strcmp(name, "limit") == 0 || strcmp(name, "offset") == 0;
}

/* As sent, but for what RFC 3986 has no place for: some take "\\" for "/", and so what follows for a host. */
static void
add_url(aiodal_web__buf *url, const char *text, size_t len)
{
	static const char others[] = "-._~!$&'()*+,;=:@/?%";
	size_t i;

	for (i = 0; i < len; i++)
	{
		char c = aiodal_web__lower(text[i]);

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr(others, c)))
			aiodal_web__buf_char(url, text[i]);
		else
			aiodal_web__buf_printf(url, "%%%02X", (unsigned char) text[i]);
	}
}

/* The request's own URL without its page: what is missing is the offset. */
static char *
next_url(list *l)
{
	aiodal_web__buf url = AIODAL_WEB__BUF_INIT;
	const char *p = aiodal_web_request_query_string(l->req);
	char *copy;

	add_url(&url, aiodal_web_request_path(l->req), strlen(aiodal_web_request_path(l->req)));
	aiodal_web__buf_char(&url, '?');
	for (; *p; p += *p == '&')
	{
		size_t len = strcspn(p, "&");

		if (len > 0 && !is_page(p, len))
		{
			add_url(&url, p, len);
			aiodal_web__buf_char(&url, '&');
		}
		p += len;
	}
	aiodal_web__buf_printf(&url, "limit=%lld&offset=", l->limit);
	copy = url.oom ? NULL : aiodal_web_request_printf(l->req, "%s", url.data);
	aiodal_web__buf_free(&url);
	return copy;
}

/*
 * The answer
 */

static aiodal_status
select_list(aiodal_result **rows, list *l, aiodal_tx *tx, aiodal_error **err)
{
	aiodal_web__statement *s = &l->where;
	aiodal_web__buf order = AIODAL_WEB__BUF_INIT;
	aiodal_web__buf where = s->sql;
	const char *url = next_url(l);
	size_t n = s->n;

	l->wrong = aiodal_web__resource_order(&order, l->resource, l->order);
	memset(&s->sql, 0, sizeof(s->sql));
	s->sql.oom = where.oom || order.oom || !url;
	aiodal_web__statement_value(s, aiodal_web_request_printf(l->req, "%lld", l->limit), NULL);
	aiodal_web__statement_value(s, aiodal_web_request_printf(l->req, "%lld", l->offset), NULL);
	aiodal_web__statement_value(s, url, NULL);
	aiodal_web__resource_select_list(&s->sql, l->resource, where.data ? where.data : "",
									 order.data ? order.data : "", n + 1, n + 2, n + 3);
	aiodal_web__buf_free(&where);
	aiodal_web__buf_free(&order);
	return l->wrong ? AIODAL_OK : aiodal_web__statement_exec(rows, tx, s, err);
}

/* A value that the server could not read, told by its parameter. */
static bool
is_bad_value(list *l, const aiodal_error *error)
{
	const char *label = aiodal_web__statement_blame(&l->where, error);

	if (label)
		l->wrong =
			aiodal_web_request_printf(l->req, "the value of %s is not one of its column's type", label);
	return label != NULL;
}

static aiodal_status
answer_list(list *l, aiodal_web_response *res, aiodal_tx *tx, aiodal_error **err)
{
	aiodal_error *cause = NULL;
	aiodal_result *rows = NULL;
	aiodal_status status = AIODAL_OK;

	read_query(l);
	if (!l->wrong)
		status = select_list(&rows, l, tx, &cause);
	if (status && is_bad_value(l, cause))
	{
		aiodal_error_free(cause);
		return aiodal_web_response_problem(res, 400, l->wrong, err);
	}
	if (status && err)
		*err = cause;
	else
		aiodal_error_free(cause);
	if (status)
		return status;
	if (l->wrong)
		return aiodal_web_response_problem(res, 400, l->wrong, err);
	return aiodal_web_response_result_body(res, "application/json", rows, 0, 0, err);
}

aiodal_status
aiodal_web__resource_list(aiodal_web_request *req, aiodal_web_response *res, aiodal_tx *tx, void *payload,
						  aiodal_error **err)
{
	list l = {.req = req, .resource = payload};
	aiodal_status status = aiodal_web__resource_allow(req, res, payload, AIODAL_WEB_LIST, err);

	if (!status && aiodal_web_response_status(res) < 400)
	{
		status = aiodal_web__resource_values(&l.where, req, payload, err);
		if (!status)
			status = answer_list(&l, res, tx, err);
	}
	aiodal_web__statement_free(&l.where);
	return status;
}
