/*
 * request.c
 *		Reading requests: nothing in them is trusted before it was looked at here.
 */
#include "request.h"

#include <string.h>

#include <openssl/rand.h>

#include "route.h"
#include "text.h"

/*
 * The request line
 */

/* Visible ASCII, nothing else, as RFC 9112 has it. */
static bool
is_target(const char *target)
{
	const char *p;

	for (p = target; *p; p++)
		if (*p <= 0x20 || *p >= 0x7f || *p == '#')
			return false;
	return target[0] == '/';
}

static int
split_path(aiodal_web_request *req, const char **why)
{
	size_t len = strlen(req->path);
	char *decoded = aiodal_web__arena_alloc(&req->arena, len + AIODAL_WEB__MAX_SEGMENTS);
	const char **segments =
		aiodal_web__arena_alloc(&req->arena, AIODAL_WEB__MAX_SEGMENTS * sizeof(*segments));
	const char *p = req->path;

	if (!decoded || !segments)
		return -1;
	while (*p == '/')
	{
		size_t n = strcspn(++p, "/");

		*why = "the path has too many parts";
		if (req->n_segments == AIODAL_WEB__MAX_SEGMENTS)
			return 414;
		*why = "the path is not percent-encoded UTF-8";
		if (!aiodal_web__percent_decode(decoded, p, n, false))
			return 400;
		segments[req->n_segments++] = decoded;
		decoded += strlen(decoded) + 1;
		p += n;
	}
	req->segments = segments;
	return 0;
}

static char *
decode(aiodal_web_request *req, const char *s, size_t len, bool *oom)
{
	char *out = aiodal_web__arena_alloc(&req->arena, len + 1);

	*oom = !out;
	return out && aiodal_web__percent_decode(out, s, len, true) ? out : NULL;
}

static int
split_query(aiodal_web_request *req, const char **why)
{
	const char *p = req->query_string;
	size_t room = 1;
	bool oom = false;

	for (; *p; p++)
		room += *p == '&';
	req->query = aiodal_web__arena_alloc(&req->arena, room * sizeof(*req->query));
	if (!req->query)
		return -1;
	*why = "the query is not percent-encoded UTF-8";
	for (p = req->query_string; *p; p += *p == '&')
	{
		size_t len = strcspn(p, "&");
		size_t name = 0;
		aiodal_web_header *pair = &req->query[req->n_query];

		while (name < len && p[name] != '=')
			name++;
		if (len > 0)
		{
			size_t value = name < len ? name + 1 : len;

			if (!(pair->name = decode(req, p, name, &oom)) ||
				!(pair->value = decode(req, p + value, len - value, &oom)))
				return oom ? -1 : 400;
			req->n_query++;
		}
		p += len;
	}
	return 0;
}

static int
read_target(aiodal_web_request *req, const aiodal_web_call *call, const aiodal_web__limits *limits,
			const char **why)
{
	size_t len = strlen(call->target);
	size_t path = strcspn(call->target, "?");
	char *copy;
	int status;

	*why = "the path and query are too long";
	if (len > limits->target)
		return 414;
	*why = "the request's target is not a path";
	if (!is_target(call->target))
		return 400;
	copy = aiodal_web__arena_copy(&req->arena, call->target, len);
	if (!copy)
		return -1;
	req->path = copy;
	req->query_string = copy + path + (copy[path] == '?');
	copy[path] = '\0';
	status = split_path(req, why);
	return status ? status : split_query(req, why);
}

/*
 * Headers and what is in them
 */

static int
read_headers(aiodal_web_request *req, const aiodal_web_call *call, const aiodal_web__limits *limits,
			 const char **why)
{
	size_t bytes = 0;
	size_t i;

	*why = "too many headers";
	if (call->n_headers > limits->headers)
		return 431;
	for (i = 0; i < call->n_headers; i++)
	{
		const aiodal_web_header *header = &call->headers[i];

		*why = "a header is malformed";
		if (!header->name || !header->value || !aiodal_web__is_token(header->name) ||
			!aiodal_web__is_header_value(header->value))
			return 400;
		bytes += strlen(header->name) + strlen(header->value);
	}
	*why = "the headers are too long";
	if (bytes > limits->header_size)
		return 431;
	req->headers = call->headers;
	req->n_headers = call->n_headers;
	return 0;
}

static bool
is_id(const char *s)
{
	const char *p;

	for (p = s; *p; p++)
		if (!aiodal_web__is_token((char[2]){*p, '\0'}) || strchr("!#$%&'*+^`|~", *p))
			return false;
	return p > s && p - s <= 64;
}

static void
random_id(char *id)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[16] = {0};
	size_t i;

	/* without randomness ids are all the same, which is no reason to refuse service */
	(void) RAND_bytes(bytes, sizeof(bytes));
	for (i = 0; i < sizeof(bytes); i++)
	{
		id[2 * i] = digits[bytes[i] >> 4];
		id[2 * i + 1] = digits[bytes[i] & 15];
	}
	id[2 * sizeof(bytes)] = '\0';
}

static void
choose_id(aiodal_web_request *req)
{
	const char *given = aiodal_web_request_header(req, "X-Request-Id");

	if (given && is_id(given))
		memcpy(req->id, given, strlen(given) + 1);
	else
		random_id(req->id);
}

static bool
read_content_type(aiodal_web_request *req)
{
	const char *type = aiodal_web_request_header(req, "Content-Type");
	char *copy = type ? aiodal_web__arena_copy(&req->arena, type, strcspn(type, "; \t")) : NULL;
	char *p;

	if (type && !copy)
		return false;
	for (p = copy; p && *p; p++)
		*p = aiodal_web__lower(*p);
	req->content_type = copy ? copy : "";
	return true;
}

static bool
read_body(aiodal_web_request *req, const aiodal_web_call *call)
{
	/* the transport's buffer need not end in a NUL */
	req->body = call->body_len ? aiodal_web__arena_copy(&req->arena, call->body, call->body_len) : "";
	req->body_len = call->body_len;
	return req->body != NULL;
}

int
aiodal_web__request_read(aiodal_web_request *req, const aiodal_web_call *call,
						 const aiodal_web__limits *limits, const char **why)
{
	int status;

	/* what middleware and hooks may ask for is there whatever comes of the rest */
	req->method = "";
	req->path = "/";
	req->query_string = "";
	req->body = "";
	req->content_type = "";
	req->remote = aiodal_web__arena_copy(&req->arena, call->remote ? call->remote : "",
										 call->remote ? strlen(call->remote) : 0);
	if (!req->remote)
	{
		req->remote = "";
		return -1;
	}
	status = read_headers(req, call, limits, why);
	choose_id(req);
	if (status)
		return status;
	*why = "the method is malformed";
	if (!aiodal_web__is_token(call->method) || strlen(call->method) > 32)
		return 400;
	req->method = aiodal_web__arena_copy(&req->arena, call->method, strlen(call->method));
	if (!req->method)
	{
		req->method = "";
		return -1;
	}
	status = read_target(req, call, limits, why);
	if (status)
		return status;
	return read_content_type(req) && read_body(req, call) ? 0 : -1;
}

void
aiodal_web__request_done(aiodal_web_request *req)
{
	aiodal_web__value *v;

	for (v = req->values; v; v = v->next)
		if (v->free_value)
			v->free_value(v->value);
	aiodal_web__arena_free(&req->arena);
}

/*
 * Getters
 */

const char *
aiodal_web_request_method(const aiodal_web_request *req)
{
	return req->method;
}

const char *
aiodal_web_request_path(const aiodal_web_request *req)
{
	return req->path;
}

const char *
aiodal_web_request_query_string(const aiodal_web_request *req)
{
	return req->query_string;
}

const char *
aiodal_web_request_param(const aiodal_web_request *req, const char *name)
{
	size_t i;

	for (i = 0; req->route && i < req->route->n_params; i++)
		if (strcmp(req->route->params[i], name) == 0)
			return req->params[i];
	return NULL;
}

const char *
aiodal_web_request_query(const aiodal_web_request *req, const char *name)
{
	size_t i;

	for (i = 0; i < req->n_query; i++)
		if (strcmp(req->query[i].name, name) == 0)
			return req->query[i].value;
	return NULL;
}

size_t
aiodal_web_request_query_count(const aiodal_web_request *req)
{
	return req->n_query;
}

static aiodal_web_header
pair_at(const aiodal_web_header *pairs, size_t n, size_t i)
{
	aiodal_web_header none = {NULL, NULL};

	return i < n ? pairs[i] : none;
}

aiodal_web_header
aiodal_web_request_query_at(const aiodal_web_request *req, size_t i)
{
	return pair_at(req->query, req->n_query, i);
}

const char *
aiodal_web_request_header(const aiodal_web_request *req, const char *name)
{
	size_t i;

	for (i = 0; i < req->n_headers; i++)
		if (aiodal_web__same_word(req->headers[i].name, name))
			return req->headers[i].value;
	return NULL;
}

size_t
aiodal_web_request_header_count(const aiodal_web_request *req, const char *name)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < req->n_headers; i++)
		n += !name || aiodal_web__same_word(req->headers[i].name, name);
	return n;
}

aiodal_web_header
aiodal_web_request_header_at(const aiodal_web_request *req, size_t i)
{
	return pair_at(req->headers, req->n_headers, i);
}

const char *
aiodal_web_request_body(const aiodal_web_request *req, size_t *len)
{
	if (len)
		*len = req->body_len;
	return req->body;
}

const char *
aiodal_web_request_content_type(const aiodal_web_request *req)
{
	return req->content_type;
}

const char *
aiodal_web_request_remote(const aiodal_web_request *req)
{
	return req->remote;
}

const char *
aiodal_web_request_id(const aiodal_web_request *req)
{
	return req->id;
}

const aiodal_web_route *
aiodal_web_request_route(const aiodal_web_request *req)
{
	return req->route;
}

aiodal_web_app *
aiodal_web_request_app(const aiodal_web_request *req)
{
	return req->app;
}

aiodal_tx *
aiodal_web_request_tx(const aiodal_web_request *req)
{
	return req->tx;
}

/*
 * What handlers and middleware keep in a request
 */

void *
aiodal_web_request_alloc(aiodal_web_request *req, size_t size)
{
	return aiodal_web__arena_alloc(&req->arena, size);
}

char *
aiodal_web_request_printf(aiodal_web_request *req, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = aiodal_web__arena_vprintf(&req->arena, fmt, args);
	va_end(args);
	return text;
}

static aiodal_web__value *
find_value(const aiodal_web_request *req, const void *key)
{
	aiodal_web__value *v = req->values;

	while (v && v->key != key)
		v = v->next;
	return v;
}

aiodal_status
aiodal_web_request_set(aiodal_web_request *req, const void *key, void *value, aiodal_web_free_fn free_value,
					   aiodal_error **err)
{
	aiodal_web__value *v = find_value(req, key);

	if (v && v->free_value && v->value != value)
		v->free_value(v->value);
	if (!v && !(v = aiodal_web__arena_alloc(&req->arena, sizeof(*v))))
	{
		if (free_value)
			free_value(value);
		return aiodal_web__oom(err);
	}
	if (!v->key)
	{
		v->key = key;
		v->next = req->values;
		req->values = v;
	}
	v->value = value;
	v->free_value = free_value;
	return AIODAL_OK;
}

void *
aiodal_web_request_get(const aiodal_web_request *req, const void *key)
{
	const aiodal_web__value *v = find_value(req, key);

	return v ? v->value : NULL;
}
