/*
 * exchange.c
 *		Requests out of libmicrohttpd and responses into it.
 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "listen.h"
#include "response.h"
#include "text.h"

/* What is read of a body that is too large before the answer. Most clients send all of it before they read
 * the answer, and would find the connection reset instead. */
#define MAX_DROPPED ((size_t) 16 * 1024 * 1024)

aiodal_web__exchange *
aiodal_web__exchange_new(const char *target, struct MHD_Connection *connection)
{
	aiodal_web__exchange *x = aiodal_web__calloc(1, sizeof(*x));
	const union MHD_ConnectionInfo *link;

	if (!x)
		return NULL;
	link = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	x->connection = connection;
	x->link = link ? link->socket_context : NULL;
	x->target = aiodal_web__strdup(target);
	if (x->target)
		return x;
	aiodal_web__free(x);
	return NULL;
}

void
aiodal_web__exchange_free(aiodal_web__exchange *x)
{
	if (!x)
		return;
	aiodal_web_response_free(x->response);
	aiodal_web__buf_free(&x->body);
	aiodal_web__free(x->headers);
	aiodal_web__free(x->target);
	aiodal_web__free(x);
}

/*
 * Headers
 */

typedef struct reading
{
	aiodal_web__exchange *x;
	int lengths;   /* how many Content-Length */
	int encodings; /* Transfer-Encoding */
	bool expects;
	bool malformed;
	bool oom;
	unsigned long long length;
} reading;

/* Headers that say how long the body is: where two readers could disagree, a request could be smuggled in. */
static void
note_framing(reading *r, const char *name, const char *value)
{
	char *end;

	if (aiodal_web__same_word(name, "Content-Length"))
	{
		r->lengths++;
		r->length = strtoull(value, &end, 10);
		r->malformed = r->malformed || end == value || *end || value[0] < '0' || value[0] > '9';
	}
	else if (aiodal_web__same_word(name, "Transfer-Encoding"))
	{
		r->encodings++;
		r->malformed = r->malformed || !aiodal_web__same_word(value, "chunked");
	}
	else if (aiodal_web__same_word(name, "Expect"))
		r->expects = true;
}

static enum MHD_Result
read_header(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value,
			size_t value_len)
{
	reading *r = cls;
	aiodal_web__exchange *x = r->x;

	(void) kind;
	if (!value)
		value = "";
	if (!aiodal_web__grow(&x->headers, x->n_headers, sizeof(*x->headers)))
	{
		r->oom = true;
		return MHD_NO;
	}
	/* a NUL inside */
	if (strlen(name) != name_len || strlen(value) != value_len)
		r->malformed = true;
	x->headers[x->n_headers].name = name;
	x->headers[x->n_headers++].value = value;
	note_framing(r, name, value);
	return MHD_YES;
}

static void
read_remote(aiodal_web__exchange *x)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	aiodal_web__address_text(x->remote, sizeof(x->remote), info ? info->client_addr : NULL);
}

bool
aiodal_web__exchange_headers(aiodal_web__exchange *x, const char *method, aiodal_web_app *app)
{
	reading r = {.x = x};

	x->stage = AIODAL_WEB__READING;
	x->method = method;
	read_remote(x);
	(void) MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, read_header, &r);
	if (r.lengths > 1 || r.encodings > 1 || (r.lengths && r.encodings))
		r.malformed = true;
	if (r.oom || r.malformed)
	{
		x->refuse = r.oom ? 503 : 400;
		x->close_after = true;
		return false;
	}
	x->max_body = aiodal_web__app_max_body(app, method, x->target);
	if (r.length <= x->max_body)
		return true;
	x->refuse = 413;
	x->close_after = true;
	return !r.expects && r.length - x->max_body <= MAX_DROPPED;
}

bool
aiodal_web__exchange_body(aiodal_web__exchange *x, const char *data, size_t len)
{
	if (x->refuse || len > x->max_body - x->body.len)
	{
		x->refuse = x->refuse ? x->refuse : 413;
		x->close_after = true;
		aiodal_web__buf_free(&x->body);
		x->dropped += len;
		return x->dropped <= MAX_DROPPED;
	}
	aiodal_web__buf_add(&x->body, data, len);
	return !x->body.oom;
}

/*
 * Responses
 */

void
aiodal_web__exchange_handle(aiodal_web__exchange *x, aiodal_web_app *app)
{
	aiodal_web_call call = AIODAL_WEB_CALL_INIT;

	call.method = x->method;
	call.target = x->target;
	call.headers = x->headers;
	call.n_headers = x->n_headers;
	call.body = x->body.data;
	call.body_len = x->body.len;
	call.remote = x->remote;
	if (aiodal_web_app_handle(&x->response, app, &call, NULL))
		x->response = NULL;
	x->stage = AIODAL_WEB__ANSWERED;
}

void
aiodal_web__exchange_refuse(aiodal_web__exchange *x, int status)
{
	x->response = aiodal_web__response_new();
	if (x->response &&
		(aiodal_web_response_problem(x->response, status, NULL, NULL) ||
		 (status == 503 && aiodal_web_response_set_header(x->response, "Retry-After", "1", NULL))))
	{
		aiodal_web_response_free(x->response);
		x->response = NULL;
	}
	x->stage = AIODAL_WEB__ANSWERED;
}

static void
free_response(void *response)
{
	aiodal_web_response_free(response);
}

/* What says how the response is framed is libmicrohttpd's alone. */
static bool
is_framing(const char *name)
{
	return aiodal_web__same_word(name, "Content-Length") ||
		   aiodal_web__same_word(name, "Transfer-Encoding") || aiodal_web__same_word(name, "Connection");
}

static void
add_headers(struct MHD_Response *to, const aiodal_web_response *from, bool close)
{
	size_t i;

	for (i = 0; i < from->n_headers; i++)
		if (!is_framing(from->headers[i].name))
			(void) MHD_add_response_header(to, from->headers[i].name, from->headers[i].value);
	if (close)
		(void) MHD_add_response_header(to, "Connection", "close");
}

enum MHD_Result
aiodal_web__exchange_send(aiodal_web__exchange *x, bool close)
{
	aiodal_web_response *res = x->response;
	bool bare = res && (res->status == 204 || res->status == 304);
	struct MHD_Response *response;
	enum MHD_Result result;

	x->response = NULL;
	if (!res)
		return MHD_NO;
	response = MHD_create_response_from_buffer_with_free_callback_cls(bare ? 0 : res->body_len,
																	  (void *) res->body, free_response, res);
	if (!response)
	{
		aiodal_web_response_free(res);
		return MHD_NO;
	}
	add_headers(response, res, close || x->close_after);
	result = MHD_queue_response(x->connection, (unsigned int) res->status, response);
	MHD_destroy_response(response);
	return result;
}
