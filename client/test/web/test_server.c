/*
 * test_server.c
 *		The server on a socket: well-behaved clients, hostile ones, slow ones, and its end.
 */
#include "net.h"

#include <pthread.h>
#include <semaphore.h>

static aiodal_web_app *app;
static aiodal_web_server *server;
static int port;
static char reply[2000000];

static int handled; /* how often a handler ran */
static sem_t entered, may_leave;

static aiodal_status
echo(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	size_t len;
	const char *body = aiodal_web_request_body(req, &len);
	char *text = aiodal_web_request_printf(req, "[%s %s?%s %zu %s from %s]", aiodal_web_request_method(req),
										   aiodal_web_request_path(req), aiodal_web_request_query_string(req),
										   len, body, aiodal_web_request_remote(req));

	(void) payload;
	(void) __atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
	return aiodal_web_response_set_body(res, "text/plain", text, strlen(text), err);
}

static aiodal_status
block(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	(void) sem_post(&entered);
	while (sem_wait(&may_leave))
		;
	return echo(req, res, payload, err);
}

static aiodal_status
nothing(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	(void) req;
	(void) payload;
	aiodal_web_response_set_status(res, 204);
	/* neither may reach the client */
	return aiodal_web_response_set_header(res, "Content-Length", "5", err)
			   ? AIODAL_EINVAL
			   : aiodal_web_response_set_header(res, "Transfer-Encoding", "gzip", err);
}

static aiodal_status
huge(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	size_t len = 64 * 1024 * 1024;
	char *body = malloc(len + 1);

	(void) req;
	(void) payload;
	assert_non_null(body);
	memset(body, 'x', len);
	body[len] = '\0';
	return aiodal_web_response_take_body(res, "text/plain", body, len, free, err);
}

/* for clients that leave a request unfinished */
static const aiodal_web_server_options impatient = {
	sizeof(aiodal_web_server_options), NULL, 0, 0, 0, 0, 1000, 0};

static void
start(const aiodal_web_server_options *options)
{
	aiodal_web_app_options limits = AIODAL_WEB_APP_OPTIONS_INIT;
	aiodal_web_route_options large = AIODAL_WEB_ROUTE_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_web_scope *root;

	limits.max_body = 1000;
	large.max_body = 100000;
	OK(aiodal_web_app_new(&app, NULL, &limits, &err));
	root = aiodal_web_app_root(app);
	OK(aiodal_web_scope_add(root, "GET", "/a", echo, NULL, NULL, &err));
	OK(aiodal_web_scope_add(root, "POST", "/a", echo, NULL, NULL, &err));
	OK(aiodal_web_scope_add(root, "POST", "/large", echo, NULL, &large, &err));
	OK(aiodal_web_scope_add(root, "GET", "/p/{x}", echo, NULL, NULL, &err));
	OK(aiodal_web_scope_add(root, "GET", "/block", block, NULL, NULL, &err));
	OK(aiodal_web_scope_add(root, "GET", "/nothing", nothing, NULL, NULL, &err));
	OK(aiodal_web_scope_add(root, "GET", "/huge", huge, NULL, NULL, &err));
	OK(aiodal_web_scope_add_health(root, "/health", &err));
	OK(aiodal_web_scope_add_ready(root, "/ready", &err));
	OK(aiodal_web_server_start(&server, app, options, &err));
	port = aiodal_web_server_port(server);
	assert_true(port > 0);
	(void) sem_init(&entered, 0, 0);
	(void) sem_init(&may_leave, 0, 0);
	handled = 0;
}

static void
stop_server(void)
{
	aiodal_web_server_stop(server, PATIENCE_MS);
	aiodal_web_app_free(app);
	(void) sem_destroy(&entered);
	(void) sem_destroy(&may_leave);
}

/* Sends it all and reads until the server closes; into reply. */
static const char *
exchange(const char *data, size_t len)
{
	int fd = dial(port);

	(void) send_bytes(fd, data, len);
	(void) read_all(fd, reply, sizeof(reply));
	(void) close(fd);
	return reply;
}

static void
replies(const char *request, const char *words)
{
	if (!strstr(exchange(request, strlen(request)), words))
		fail_msg("no \"%s\" in the reply to\n%s\n%s", words, request, reply);
}

#define END "Host: x\r\nConnection: close\r\n\r\n"

static void
serves(void **state)
{
	char *body = malloc(100001);
	char head[200];

	(void) state;
	start(NULL);
	replies("GET /a?q=%20+1 HTTP/1.1\r\n" END, "[GET /a?q=%20+1 0  from 127.0.0.1]");
	assert_non_null(strstr(reply, "HTTP/1.1 200 OK"));
	assert_non_null(strstr(reply, "X-Request-Id: "));
	replies("POST /a HTTP/1.1\r\nContent-Length: 5\r\n" END "hello", "[POST /a? 5 hello");
	replies("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
			"[POST /a? 5 hello");
	replies("GET /p/a%2Fb HTTP/1.1\r\n" END, "[GET /p/a%2Fb");
	replies("HEAD /a HTTP/1.1\r\n" END, "Content-Length: 28\r\n");
	assert_null(strstr(reply, "[HEAD"));
	replies("GET /nothing HTTP/1.1\r\n" END, "HTTP/1.1 204 No Content");
	assert_null(strstr(reply, "gzip"));
	assert_null(strstr(reply, "Content-Length: 5"));
	replies("GET /none HTTP/1.1\r\n" END, "HTTP/1.1 404 Not Found");
	replies("GET /a HTTP/1.0\r\n\r\n", "[GET /a");
	replies("GET /health HTTP/1.1\r\n" END, "{\"status\":\"ok\"}");
	replies("GET /ready HTTP/1.1\r\n" END, "{\"status\":\"ready\"}");
	/* three at once, answered in order, and the connection stays open in between */
	replies("GET /p/1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /a HTTP/1.1\r\nHost: x\r\nContent-Length: "
			"3\r\n\r\nabcGET /p/2 "
			"HTTP/1.1\r\n" END,
			"[GET /p/1");
	assert_non_null(strstr(strstr(strstr(reply, "[GET /p/1"), "[POST /a? 3 abc"), "[GET /p/2"));
	/* a route with a larger limit */
	memset(body, 'y', 100000);
	body[100000] = '\0';
	(void) snprintf(head, sizeof(head), "POST /large HTTP/1.1\r\nContent-Length: 100000\r\n" END);
	{
		int fd = dial(port);

		assert_true(send_text(fd, head) && send_text(fd, body));
		(void) read_all(fd, reply, sizeof(reply));
		(void) close(fd);
	}
	assert_non_null(strstr(reply, "[POST /large? 100000 yyy"));
	free(body);
	stop_server();
}

static void *
send_many(void *result)
{
	int fd = dial(port);
	char buf[2000];
	long i;

	for (i = 0; i < 100; i++)
	{
		char request[100];
		char expected[40];

		(void) snprintf(request, sizeof(request), "GET /p/%ld HTTP/1.1\r\nHost: x\r\n\r\n", i);
		(void) snprintf(expected, sizeof(expected), "[GET /p/%ld? ", i);
		if (!send_text(fd, request) || !read_until(fd, buf, sizeof(buf), "]") || !strstr(buf, expected))
			break;
	}
	(void) close(fd);
	*(long *) result = i;
	return NULL;
}

static void
serves_many(void **state)
{
	pthread_t threads[8];
	long results[8];
	int i;

	(void) state;
	start(NULL);
	for (i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, send_many, &results[i]), 0);
	for (i = 0; i < 8; i++)
	{
		(void) pthread_join(threads[i], NULL);
		assert_int_equal(results[i], 100);
	}
	assert_int_equal(handled, 800);
	stop_server();
}

/*
 * Hostile clients
 */

static int print(char *to, size_t size, const char *fmt, ...) AIODAL_PRINTF(3, 4);

static int
print(char *to, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(to, size, fmt, args);
	va_end(args);
	assert_true(len >= 0 && (size_t) len < size);
	return len;
}

static void
limits_bodies(void **state)
{
	static char request[70000];
	char *p;
	int i;

	(void) state;
	start(NULL);
	replies("POST /a HTTP/1.1\r\nContent-Length: 1000000000\r\n" END "x", "HTTP/1.1 413 ");
	replies("POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2000\r\n" END, "HTTP/1.1 413 ");
	assert_null(strstr(reply, "100 Continue"));
	/* sent whole before the reply is read */
	p = request + print(request, sizeof(request), "POST /a HTTP/1.1\r\nContent-Length: 60000\r\n" END);
	memset(p, 'x', 60000);
	if (!strstr(exchange(request, (size_t) (p - request) + 60000), "HTTP/1.1 413 "))
		fail_msg("%s", reply);
	/* nobody says beforehand how much it will be */
	p = request + print(request, sizeof(request), "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END);
	for (i = 0; i < 300; i++)
		p += print(p, (size_t) (request + sizeof(request) - p), "5\r\nhello\r\n");
	p += print(p, (size_t) (request + sizeof(request) - p), "0\r\n\r\n");
	if (!strstr(exchange(request, (size_t) (p - request)), "HTTP/1.1 413 "))
		fail_msg("%s", reply);
	assert_int_equal(handled, 0);
	replies("GET /a HTTP/1.1\r\n" END, "[GET /a");
	stop_server();
}

static void
limits_heads(void **state)
{
	static char request[400000];
	char *p = request + print(request, sizeof(request), "GET /a HTTP/1.1\r\nHost: x\r\n");
	int i;

	(void) state;
	start(NULL);
	for (i = 0; i < 150; i++)
		p += print(p, 100, "X-%d: y\r\n", i);
	p += print(p, 100, "Connection: close\r\n\r\n");
	assert_non_null(strstr(exchange(request, (size_t) (p - request)), "HTTP/1.1 431 "));
	/* one header, beyond all limits */
	p = request + print(request, sizeof(request), "GET /a HTTP/1.1\r\nHost: x\r\nX: ");
	memset(p, 'y', 300000);
	p += 300000;
	p += print(p, 100, "\r\nConnection: close\r\n\r\n");
	(void) exchange(request, (size_t) (p - request));
	assert_null(strstr(reply, "HTTP/1.1 200"));
	/* a path of 10,000 and one of 300,000 */
	for (i = 10000; i <= 300000; i += 290000)
	{
		p = request + print(request, sizeof(request), "GET /p/");
		memset(p, 'y', (size_t) i);
		p += i;
		p += print(p, 100, " HTTP/1.1\r\n" END);
		(void) exchange(request, (size_t) (p - request));
		assert_null(strstr(reply, "HTTP/1.1 200"));
		assert_true(i > 10000 || strstr(reply, "HTTP/1.1 414 "));
	}
	assert_int_equal(handled, 0);
	replies("GET /a HTTP/1.1\r\n" END, "[GET /a");
	stop_server();
}

#define SMUGGLED "GET /p/smuggled HTTP/1.1\r\n" END

/* None of these is handled, nor anything that follows on its connection. */
static void
refuses_malformed_requests(void **state)
{
#define BYTES(text)            \
	{                          \
		text, sizeof(text) - 1 \
	}
	static const struct
	{
		const char *data;
		size_t len;
	} cases[] = {
		BYTES("POST /a HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n" END
			  "0\r\n\r\n" SMUGGLED),
		BYTES("POST /a HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 3\r\nHost: x\r\n\r\n" SMUGGLED),
		BYTES("POST /a HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 0\r\nHost: x\r\n\r\n" SMUGGLED),
		BYTES("POST /a HTTP/1.1\r\nTransfer-Encoding: gzip\r\nHost: x\r\n\r\n" SMUGGLED),
		BYTES("POST /a HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\nHost: x\r\n\r\n" SMUGGLED),
		BYTES("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nHost: "
			  "x\r\n\r\n" SMUGGLED),
		BYTES("POST /a HTTP/1.1\r\nContent-Length: -1\r\nHost: x\r\n\r\n" SMUGGLED),
		BYTES("POST /a HTTP/1.1\r\nContent-Length: +3\r\nHost: x\r\n\r\n" SMUGGLED),
		BYTES("POST /a HTTP/1.1\r\nContent-Length: 3 3\r\nHost: x\r\n\r\n" SMUGGLED),
		BYTES("POST /a HTTP/1.1\r\nContent-Length: 0x3\r\nHost: x\r\n\r\n" SMUGGLED),
		BYTES("POST /a HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\nHost: x\r\n\r\n" SMUGGLED),
		BYTES("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: "
			  "x\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n" SMUGGLED),
		BYTES("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: "
			  "x\r\n\r\n-1\r\nabc\r\n0\r\n\r\n" SMUGGLED),
		BYTES("GET /a HTTP/1.1\r\nX\0Y: ab\r\nHost: x\r\n\r\n"),
		BYTES("GET /a HTTP/1.1\r\nX: a\x01\x62\r\nHost: x\r\nConnection: close\r\n\r\n"),
		BYTES("GET /a HTTP/1.1\r\nNo colon here\r\nHost: x\r\nConnection: close\r\n\r\n"),
		BYTES("GET /a HTTP/1.1\r\nX Y: z\r\nHost: x\r\nConnection: close\r\n\r\n"),
		BYTES("GET /a HTTP/1.1\r\n: z\r\nHost: x\r\nConnection: close\r\n\r\n"),
		BYTES("GET /p/%00 HTTP/1.1\r\n" END),
		BYTES("GET /p/a%0d%0aX:%20y%ff HTTP/1.1\r\n" END),
		BYTES("GET /p/a\x01 HTTP/1.1\r\n" END),
		BYTES("GET /p/\xC3\xA9 HTTP/1.1\r\n" END),
		BYTES("GET a HTTP/1.1\r\n" END),
		BYTES("GET http://x/a HTTP/1.1\r\n" END),
		BYTES("GET /a HTTP/1.1\r\nConnection: close\r\n\r\n"),
		BYTES("GET /a HTTP/9.9\r\n" END),
		BYTES("GET /a\r\nHost: x\r\n\r\n"),
		BYTES("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
		BYTES("\0\0\0\0\r\n\r\n"),
	};
	size_t i;

	(void) state;
	start(&impatient);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		int fd = dial(port);

		(void) send_bytes(fd, cases[i].data, cases[i].len);
		(void) shutdown(fd, SHUT_WR);
		(void) read_all(fd, reply, sizeof(reply));
		(void) close(fd);
		if (handled || strstr(reply, " 200 OK"))
			fail_msg("handled %d times: case %zu\n%s\n%s", handled, i, cases[i].data, reply);
	}
	replies("GET /a HTTP/1.1\r\n" END, "[GET /a");
	assert_int_equal(handled, 1);
	stop_server();
}

/* What is cut off in the middle is not handled; a NUL in the target handles no more than what stands before.
 */
static void
survives_broken_connections(void **state)
{
	static const char whole[] = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789";
	static const char nul[] = "GET /p/a\0b HTTP/1.1\r\n" END;
	static const char nul_value[] = "POST /a HTTP/1.1\r\nContent-Length: 3\0 7\r\n" END "abcdefghij";
	size_t i;

	(void) state;
	start(&impatient);
	for (i = 1; i < sizeof(whole) - 1; i++)
	{
		int fd = dial(port);

		assert_true(send_bytes(fd, whole, i));
		(void) close(fd);
	}
	assert_int_equal(handled, 0);
	(void) exchange(nul, sizeof(nul) - 1);
	assert_null(strstr(reply, "[GET /p/a?b"));
	(void) exchange(nul_value, sizeof(nul_value) - 1);
	assert_true(!strstr(reply, " 200 OK") || strstr(reply, "[POST /a? 3 abc "));
	handled = 0;
	replies("GET /a HTTP/1.1\r\n" END, "[GET /a");
	assert_int_equal(handled, 1);
	stop_server();
}

/*
 * Slow clients
 */

static void
ends_slow_requests(void **state)
{
	static const char *const beginnings[] = {
		"", "GE", "GET /a HTTP/1.1\r\nX: ", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
		"GET /p/1 HTTP/1.1\r\nHost: x\r\n\r\n"};
	aiodal_web_server_options options = AIODAL_WEB_SERVER_OPTIONS_INIT;
	size_t i;

	(void) state;
	options.request_timeout_ms = 300;
	start(&options);
	for (i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
	{
		int fd = dial(port);
		int sent = 0;

		/* a byte now and then, so that the connection is never silent */
		if (send_text(fd, beginnings[i]))
			while (send_text(fd, "x") && ++sent < PATIENCE_MS / 20)
				nap(20);
		assert_true(sent < PATIENCE_MS / 20);
		(void) close(fd);
	}
	replies("GET /a HTTP/1.1\r\n" END, "[GET /a");
	assert_int_equal(handled, 2);
	stop_server();
}

static void
ends_slow_readers(void **state)
{
	aiodal_web_server_options options = AIODAL_WEB_SERVER_OPTIONS_INIT;
	int fd;
	size_t total = 0;
	ssize_t n;

	(void) state;
	options.response_timeout_ms = 300;
	start(&options);
	fd = dial(port);
	assert_true(send_text(fd, "GET /huge HTTP/1.1\r\n" END));
	/* takes a little, then nothing for longer than it may */
	n = read_some(fd, reply, 1000);
	assert_true(n > 0);
	nap(1500);
	do
		total += (size_t) n;
	while ((n = read_some(fd, reply, sizeof(reply))) > 0);
	assert_true(total < 64u * 1024 * 1024);
	(void) close(fd);
	replies("GET /a HTTP/1.1\r\n" END, "[GET /a");
	stop_server();
}

/*
 * Too much at once, and the end
 */

static void
says_when_it_is_busy(void **state)
{
	aiodal_web_server_options options = AIODAL_WEB_SERVER_OPTIONS_INIT;
	int running, queued;

	(void) state;
	options.workers = 1;
	options.max_waiting = 1;
	start(&options);
	running = dial(port);
	assert_true(send_text(running, "GET /block HTTP/1.1\r\n" END));
	(void) sem_wait(&entered);
	queued = dial(port);
	assert_true(send_text(queued, "GET /a HTTP/1.1\r\n" END));
	/* it may not be in the queue as yet: then this one is, and the next is refused */
	for (;;)
	{
		int fd = dial(port);
		struct pollfd p = {fd, POLLIN, 0};

		assert_true(send_text(fd, "GET /p/refused HTTP/1.1\r\n" END));
		if (poll(&p, 1, 1000) == 1)
		{
			(void) read_all(fd, reply, sizeof(reply));
			(void) close(fd);
			break;
		}
		(void) close(fd);
	}
	assert_non_null(strstr(reply, "HTTP/1.1 503 "));
	assert_non_null(strstr(reply, "Retry-After: 1"));
	(void) sem_post(&may_leave);
	(void) read_all(running, reply, sizeof(reply));
	assert_non_null(strstr(reply, "[GET /block"));
	(void) read_all(queued, reply, sizeof(reply));
	(void) close(running);
	(void) close(queued);
	stop_server();
}

static void *
stop_in_thread(void *timeout)
{
	aiodal_web_server_stop(server, *(int *) timeout);
	return NULL;
}

/* Stops while a request runs and another one waits, whose reply has the words. */
static void
stop_under_load(int timeout, const char *words)
{
	aiodal_web_server_options options = AIODAL_WEB_SERVER_OPTIONS_INIT;
	pthread_t stopper;
	int running, waiting, idle;

	options.workers = 1;
	start(&options);
	idle = dial(port);
	assert_true(send_text(idle, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"));
	assert_true(read_until(idle, reply, sizeof(reply), "]"));
	running = dial(port);
	assert_true(send_text(running, "GET /block HTTP/1.1\r\nHost: x\r\n\r\n"));
	(void) sem_wait(&entered);
	waiting = dial(port);
	assert_true(send_text(waiting, "GET /p/waiting HTTP/1.1\r\nHost: x\r\n\r\n"));
	/* in the queue: an answer to a request after it on the server's one thread shows that it was read */
	assert_true(send_text(
		idle, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n"));
	assert_true(read_until(idle, reply, sizeof(reply), " 413 "));
	(void) pthread_create(&stopper, NULL, stop_in_thread, &timeout);
	WAIT_FOR(try_connect(port) < 0);
	if (timeout == 0)
		nap(100);
	(void) sem_post(&may_leave);
	(void) read_all(running, reply, sizeof(reply));
	assert_non_null(strstr(reply, "[GET /block"));
	assert_non_null(strstr(reply, "Connection: close"));
	(void) read_all(waiting, reply, sizeof(reply));
	if (!strstr(reply, words))
		fail_msg("no \"%s\" in this reply:\n%s", words, reply);
	(void) read_all(idle, reply, sizeof(reply));
	(void) pthread_join(stopper, NULL);
	(void) close(idle);
	(void) close(running);
	(void) close(waiting);
	aiodal_web_app_free(app);
}

static void
stops_gracefully(void **state)
{
	(void) state;
	stop_under_load(PATIENCE_MS, "[GET /p/waiting");
	stop_under_load(0, "HTTP/1.1 503 ");
}

static void
drains(void **state)
{
	(void) state;
	start(NULL);
	aiodal_web_server_drain(server);
	replies("GET /ready HTTP/1.1\r\n" END, "HTTP/1.1 503 ");
	replies("GET /health HTTP/1.1\r\n" END, "HTTP/1.1 200 ");
	replies("GET /a HTTP/1.1\r\n" END, "[GET /a");
	stop_server();
}

static void
refuses_bad_addresses(void **state)
{
	aiodal_web_server_options options = AIODAL_WEB_SERVER_OPTIONS_INIT;
	aiodal_web_server *other;
	aiodal_error *err = NULL;

	(void) state;
	start(NULL);
	options.address = "localhost";
	FAILS(AIODAL_EINVAL, aiodal_web_server_start(&other, app, &options, &err), "numeric");
	options.address = "127.0.0.1";
	options.port = 70000;
	FAILS(AIODAL_EINVAL, aiodal_web_server_start(&other, app, &options, &err), "port");
	options.port = port;
	FAILS(AIODAL_ECONN, aiodal_web_server_start(&other, app, &options, &err), "in use");
	assert_null(other);
	options.address = "::1";
	options.port = 0;
	if (aiodal_web_server_start(&other, app, &options, NULL) == AIODAL_OK)
		aiodal_web_server_stop(other, PATIENCE_MS);
	aiodal_web_server_stop(NULL, 0);
	stop_server();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serves),
		cmocka_unit_test(serves_many),
		cmocka_unit_test(limits_bodies),
		cmocka_unit_test(limits_heads),
		cmocka_unit_test(refuses_malformed_requests),
		cmocka_unit_test(survives_broken_connections),
		cmocka_unit_test(ends_slow_requests),
		cmocka_unit_test(ends_slow_readers),
		cmocka_unit_test(says_when_it_is_busy),
		cmocka_unit_test(stops_gracefully),
		cmocka_unit_test(drains),
		cmocka_unit_test(refuses_bad_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
