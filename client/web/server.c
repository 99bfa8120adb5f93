/*
 * server.c
 *		An app on a socket.
 *
 * Design notes. libmicrohttpd's one thread accepts, reads and writes. When a request is here whole, its
 * connection is suspended and the exchange goes into a queue, from which a worker takes it, has the app
 * answer and resumes the connection; libmicrohttpd's thread then sends the response. So a handler that takes
 * long holds up a worker, but no connection's bytes. An exchange belongs to one thread at a time: it changes
 * hands through the queue's lock and through MHD_resume_connection(), which has a lock of its own.
 *
 * Stopping: the socket is closed, then the exchanges that have begun are waited for. What libmicrohttpd
 * cannot stand is to be stopped while a connection is suspended, so the workers come to rest before.
 */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "clock.h"
#include "exchange.h"
#include "listen.h"

struct aiodal_web_server
{
	aiodal_web_app *app;
	struct MHD_Daemon *daemon;
	int fd; /* listened on; -1 once it is closed */
	int port;
	int request_timeout;
	int response_timeout;
	aiodal_web__deadlines deadlines;

	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t queued;
	pthread_cond_t rested; /* active or busy went down to 0 */
	aiodal_web__exchange *first, **last;
	int waiting, max_waiting; /* in the queue */
	int active;               /* exchanges from their headers to their end */
	int busy;                 /* exchanges in the queue or with a worker */
	bool stopping;            /* connections are closed after the response */
	bool abandon;             /* nothing is handled any more, 503 */
	bool quit;                /* workers end */
	pthread_t *workers;
	int n_workers;
};

/*
 * The queue
 */

static bool
push(aiodal_web_server *s, aiodal_web__exchange *x)
{
	bool taken;

	(void) pthread_mutex_lock(&s->lock);
	taken = !s->abandon && s->waiting < s->max_waiting;
	if (taken)
	{
		/* before a worker can resume it */
		MHD_suspend_connection(x->connection);
		x->stage = AIODAL_WEB__HANDLING;
		x->next = NULL;
		*s->last = x;
		s->last = &x->next;
		s->waiting++;
		s->busy++;
		(void) pthread_cond_signal(&s->queued);
	}
	(void) pthread_mutex_unlock(&s->lock);
	return taken;
}

/* NULL: it is time to end */
static aiodal_web__exchange *
pop(aiodal_web_server *s, bool *abandon)
{
	aiodal_web__exchange *x;

	(void) pthread_mutex_lock(&s->lock);
	while (!s->first && !s->quit)
		(void) pthread_cond_wait(&s->queued, &s->lock);
	x = s->first;
	if (x)
	{
		s->first = x->next;
		if (!s->first)
			s->last = &s->first;
		s->waiting--;
	}
	*abandon = s->abandon;
	(void) pthread_mutex_unlock(&s->lock);
	return x;
}

static void
give_back(aiodal_web_server *s, aiodal_web__exchange *x)
{
	MHD_resume_connection(x->connection);
	(void) pthread_mutex_lock(&s->lock);
	if (--s->busy == 0)
		(void) pthread_cond_broadcast(&s->rested);
	(void) pthread_mutex_unlock(&s->lock);
}

static void *
work(void *server)
{
	aiodal_web_server *s = server;
	aiodal_web__exchange *x;
	bool abandon;

	while ((x = pop(s, &abandon)))
	{
		if (abandon)
			aiodal_web__exchange_refuse(x, 503);
		else
			aiodal_web__exchange_handle(x, s->app);
		give_back(s, x);
	}
	return NULL;
}

/*
 * What libmicrohttpd calls, all in its one thread
 */

static void
on_connection(void *server, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	aiodal_web_server *s = server;
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED)
	{
		aiodal_web__link_free(&s->deadlines, *context);
		*context = NULL;
		return;
	}
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info)
		*context =
			aiodal_web__link_new(&s->deadlines, info->connect_fd, aiodal_web__now() + s->request_timeout);
}

static void *
on_target(void *server, const char *target, struct MHD_Connection *connection)
{
	(void) server;
	return aiodal_web__exchange_new(target, connection);
}

/* The target is wanted as it was sent. */
static size_t
keep_escapes(void *server, struct MHD_Connection *connection, char *text)
{
	(void) server;
	(void) connection;
	return strlen(text);
}

static void
count_in(aiodal_web_server *s, aiodal_web__exchange *x)
{
	(void) pthread_mutex_lock(&s->lock);
	s->active++;
	(void) pthread_mutex_unlock(&s->lock);
	x->counted = true;
}

static bool
is_stopping(aiodal_web_server *s)
{
	bool stopping;

	(void) pthread_mutex_lock(&s->lock);
	stopping = s->stopping;
	(void) pthread_mutex_unlock(&s->lock);
	return stopping;
}

static enum MHD_Result
send_response(aiodal_web_server *s, aiodal_web__exchange *x)
{
	aiodal_web__link_set(x->link, aiodal_web__now() + s->response_timeout);
	return aiodal_web__exchange_send(x, is_stopping(s));
}

static enum MHD_Result
refuse(aiodal_web_server *s, aiodal_web__exchange *x, int status)
{
	aiodal_web__exchange_refuse(x, status);
	return send_response(s, x);
}

/* The request is here whole. */
static enum MHD_Result
submit(aiodal_web_server *s, aiodal_web__exchange *x)
{
	if (x->refuse)
		return refuse(s, x, x->refuse);
	aiodal_web__link_set(x->link, AIODAL_WEB__NEVER);
	return push(s, x) ? MHD_YES : refuse(s, x, 503);
}

static enum MHD_Result
on_request(void *server, struct MHD_Connection *connection, const char *url, const char *method,
		   const char *version, const char *data, size_t *len, void **context)
{
	aiodal_web_server *s = server;
	aiodal_web__exchange *x = *context;

	(void) connection;
	(void) url;
	(void) version;
	if (!x)
		return MHD_NO;
	if (x->stage == AIODAL_WEB__BEGUN)
	{
		count_in(s, x);
		return aiodal_web__exchange_headers(x, method, s->app) ? MHD_YES : refuse(s, x, x->refuse);
	}
	if (x->stage == AIODAL_WEB__ANSWERED)
		return send_response(s, x);
	if (*len == 0)
		return submit(s, x);
	if (!aiodal_web__exchange_body(x, data, *len))
		return MHD_NO;
	*len = 0;
	return MHD_YES;
}

static void
on_completed(void *server, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode code)
{
	aiodal_web_server *s = server;
	aiodal_web__exchange *x = *context;

	(void) connection;
	(void) code;
	*context = NULL;
	if (!x)
		return;
	aiodal_web__link_set(x->link, aiodal_web__now() + s->request_timeout);
	if (x->counted)
	{
		(void) pthread_mutex_lock(&s->lock);
		if (--s->active == 0)
			(void) pthread_cond_broadcast(&s->rested);
		(void) pthread_mutex_unlock(&s->lock);
	}
	aiodal_web__exchange_free(x);
}

/*
 * Starting
 */

static void
stop_workers(aiodal_web_server *s)
{
	int i;

	(void) pthread_mutex_lock(&s->lock);
	s->quit = true;
	(void) pthread_cond_broadcast(&s->queued);
	(void) pthread_mutex_unlock(&s->lock);
	for (i = 0; i < s->n_workers; i++)
		(void) pthread_join(s->workers[i], NULL);
	s->n_workers = 0;
}

static void
free_server(aiodal_web_server *s)
{
	stop_workers(s);
	if (s->fd >= 0)
		(void) close(s->fd);
	(void) pthread_cond_destroy(&s->queued);
	(void) pthread_cond_destroy(&s->rested);
	(void) pthread_mutex_destroy(&s->lock);
	aiodal_web__free(s->workers);
	aiodal_web__free(s);
}

static bool
start_workers(aiodal_web_server *s, int n)
{
	s->workers = aiodal_web__calloc((size_t) n, sizeof(*s->workers));
	while (s->workers && s->n_workers < n)
	{
		if (pthread_create(&s->workers[s->n_workers], NULL, work, s))
			return false;
		s->n_workers++;
	}
	return s->workers != NULL;
}

/* libmicrohttpd's own limit for the request line and the headers; beyond it, it answers by itself */
#define CONNECTION_MEMORY ((size_t) 128 * 1024)

static bool
start_daemon(aiodal_web_server *s, int max_connections)
{
	s->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0,
								 NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, (MHD_socket) s->fd,
								 MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_URI_LOG_CALLBACK,
								 on_target, s, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, s,
								 MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_CONNECTION_LIMIT,
								 (unsigned int) max_connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
								 CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	return s->daemon != NULL;
}

static int
or_default(int given, int otherwise)
{
	return given > 0 ? given : otherwise;
}

static aiodal_web_server *
new_server(aiodal_web_app *app, const aiodal_web_server_options *options)
{
	aiodal_web_server *s = aiodal_web__calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	(void) pthread_mutex_init(&s->lock, NULL);
	(void) pthread_cond_init(&s->queued, NULL);
	aiodal_web__cond_init(&s->rested);
	s->app = app;
	s->fd = -1;
	s->last = &s->first;
	s->port = options->port;
	s->request_timeout = or_default(options->request_timeout_ms, 30000);
	s->response_timeout = or_default(options->response_timeout_ms, 60000);
	return s;
}

static aiodal_status
start(aiodal_web_server *s, const aiodal_web_server_options *options, aiodal_error **err)
{
	const char *address = options->address ? options->address : "127.0.0.1";
	int workers = or_default(options->workers, 10);
	aiodal_status status = aiodal_web__listen(&s->fd, address, &s->port, err);

	if (status)
		return status;
	s->max_waiting = or_default(options->max_waiting, 100 * workers);
	__atomic_store_n(&s->app->workers, workers, __ATOMIC_RELAXED);
	if (!start_workers(s, workers))
		return aiodal_web__fail(err, AIODAL_ENOMEM, "could not start %d threads", workers);
	if (!aiodal_web__deadlines_start(&s->deadlines))
		return aiodal_web__fail(err, AIODAL_ENOMEM, "could not start a thread");
	if (start_daemon(s, or_default(options->max_connections, 1000)))
		return AIODAL_OK;
	aiodal_web__deadlines_stop(&s->deadlines);
	return aiodal_web__fail(err, AIODAL_ECONN, "could not start serving HTTP on %s port %d", address,
							s->port);
}

aiodal_status
aiodal_web_server_start(aiodal_web_server **server, aiodal_web_app *app,
						const aiodal_web_server_options *options, aiodal_error **err)
{
	aiodal_web_server_options given;
	aiodal_status status;
	aiodal_web_server *s;

	*server = NULL;
	status = aiodal_web__options_copy(&given, sizeof(given), options, "the server's options", err);
	if (!status)
		status = aiodal_web__app_complete(app, err);
	if (status)
		return status;
	s = new_server(app, &given);
	if (!s)
		return aiodal_web__oom(err);
	status = start(s, &given, err);
	if (status)
		free_server(s);
	else
		*server = s;
	return status;
}

int
aiodal_web_server_port(const aiodal_web_server *server)
{
	return server->port;
}

/*
 * Stopping
 */

void
aiodal_web_server_drain(aiodal_web_server *server)
{
	__atomic_store_n(&server->app->draining, true, __ATOMIC_RELAXED);
}

/* for responses that were made just now to be sent, whatever the caller's patience */
#define LAST_WORDS_MS 1000

static void
wait_active(aiodal_web_server *s, int64_t until)
{
	while (s->active > 0 && aiodal_web__now() < until)
		(void) aiodal_web__cond_wait(&s->rested, &s->lock, until - aiodal_web__now());
}

void
aiodal_web_server_stop(aiodal_web_server *server, int timeout_ms)
{
	aiodal_web_server *s = server;
	int64_t until = aiodal_web__now() + timeout_ms;

	if (!s)
		return;
	aiodal_web_server_drain(s);
	(void) MHD_quiesce_daemon(s->daemon);
	(void) close(s->fd);
	s->fd = -1;
	(void) pthread_mutex_lock(&s->lock);
	s->stopping = true;
	wait_active(s, until);
	s->abandon = true;
	while (s->busy > 0)
		(void) pthread_cond_wait(&s->rested, &s->lock);
	wait_active(s, aiodal_web__now() + LAST_WORDS_MS);
	(void) pthread_mutex_unlock(&s->lock);
	MHD_stop_daemon(s->daemon);
	aiodal_web__deadlines_stop(&s->deadlines);
	free_server(s);
}
