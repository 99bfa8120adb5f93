/*
 * stub.h
 *		A server that answers what the test says, when it says so.
 */
#ifndef AIODAL_TEST_STUB_H
#define AIODAL_TEST_STUB_H

#include "net.h"

#include <pthread.h>

typedef struct stub
{
	int fd; /* listened on; -1: gone */
	int port;
	pthread_t thread;
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed;
	char *reply; /* to the next request: head and body */
	size_t reply_len;
	bool hold; /* do not answer for now */
	bool drip; /* a byte at a time, for ever */
	bool quit;
	int hits;     /* requests that came in whole */
	int answered; /* replies that were sent */
	char request[20000];
	char url[100];
} stub;

static inline void
stub_reply(stub *s, int status, const char *headers, const char *body)
{
	size_t size = strlen(body) + strlen(headers) + 200;
	char *reply = malloc(size);
	int len = snprintf(reply, size, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n%s",
					   status, strlen(body), headers, body);

	(void) pthread_mutex_lock(&s->lock);
	free(s->reply);
	s->reply = reply;
	s->reply_len = (size_t) len;
	(void) pthread_mutex_unlock(&s->lock);
}

static inline void
stub_hold(stub *s, bool hold)
{
	(void) pthread_mutex_lock(&s->lock);
	s->hold = hold;
	(void) pthread_cond_broadcast(&s->changed);
	(void) pthread_mutex_unlock(&s->lock);
}

static inline void
stub_drip_on(stub *s, bool drip)
{
	(void) pthread_mutex_lock(&s->lock);
	s->drip = drip;
	(void) pthread_mutex_unlock(&s->lock);
}

static inline int
stub_hits(stub *s)
{
	int hits;

	(void) pthread_mutex_lock(&s->lock);
	hits = s->hits;
	(void) pthread_mutex_unlock(&s->lock);
	return hits;
}

/* The body of a request is as long as its head says. */
static inline bool
stub_has_all(const char *request, size_t len)
{
	const char *body = strstr(request, "\r\n\r\n");
	const char *said = body ? strcasestr(request, "\r\nContent-Length:") : NULL;

	if (!body || !said || said > body)
		return body != NULL;
	return len - (size_t) (body + 4 - request) >= strtoul(said + 17, NULL, 10);
}

static inline bool
stub_read(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	buf[0] = '\0';
	while (!stub_has_all(buf, len))
	{
		if (len == size - 1 || (n = recv(fd, buf + len, size - 1 - len, 0)) <= 0)
			return false;
		len += (size_t) n;
		buf[len] = '\0';
	}
	return true;
}

/* Bytes come in time for every silence limit, but the whole never comes. */
static inline void
stub_drip(stub *s, int fd)
{
	bool quit = false;

	(void) send_text(fd, "HTTP/1.1 200 X\r\nContent-Length: 1000000\r\n\r\n");
	while (!quit && send_text(fd, " "))
	{
		nap(5);
		(void) pthread_mutex_lock(&s->lock);
		quit = s->quit || !s->drip;
		(void) pthread_mutex_unlock(&s->lock);
	}
}

static inline void
stub_serve(stub *s, int fd)
{
	static char request[20000];
	char *reply;
	size_t len;
	bool drip;

	if (!stub_read(fd, request, sizeof(request)))
		return;
	(void) pthread_mutex_lock(&s->lock);
	memcpy(s->request, request, sizeof(request));
	s->hits++;
	(void) pthread_cond_broadcast(&s->changed);
	while (s->hold && !s->quit)
		(void) pthread_cond_wait(&s->changed, &s->lock);
	len = s->reply_len;
	reply = malloc(len + 1);
	memcpy(reply, s->reply, len);
	drip = s->drip;
	(void) pthread_mutex_unlock(&s->lock);
	if (drip)
		stub_drip(s, fd);
	else
		(void) send_bytes(fd, reply, len);
	free(reply);
	(void) pthread_mutex_lock(&s->lock);
	s->answered++;
	(void) pthread_mutex_unlock(&s->lock);
}

static inline void *
stub_run(void *payload)
{
	stub *s = payload;
	int fd;

	/* shutdown() of the listening socket ends this */
	while ((fd = accept(s->fd, NULL, NULL)) >= 0)
	{
		stub_serve(s, fd);
		(void) shutdown(fd, SHUT_WR);
		(void) close(fd);
	}
	return NULL;
}

static inline void
stub_start(stub *s, int port)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof(at);
	int yes = 1;

	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	at.sin_port = htons((uint16_t) port);
	(void) setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	assert_int_equal(bind(s->fd, (struct sockaddr *) &at, sizeof(at)), 0);
	assert_int_equal(listen(s->fd, 100), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *) &at, &len), 0);
	s->port = ntohs(at.sin_port);
	s->quit = false;
	assert_int_equal(pthread_create(&s->thread, NULL, stub_run, s), 0);
}

static inline void
stub_open(stub *s)
{
	memset(s, 0, sizeof(*s));
	(void) pthread_mutex_init(&s->lock, NULL);
	(void) pthread_cond_init(&s->changed, NULL);
	stub_reply(s, 404, "", "");
	stub_start(s, 0);
	(void) snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d", s->port);
}

/* From now on connections are refused; the port stays its own to come back to. */
static inline void
stub_leave(stub *s)
{
	if (s->fd < 0)
		return;
	(void) pthread_mutex_lock(&s->lock);
	s->quit = true;
	(void) pthread_cond_broadcast(&s->changed);
	(void) pthread_mutex_unlock(&s->lock);
	(void) shutdown(s->fd, SHUT_RDWR);
	(void) pthread_join(s->thread, NULL);
	(void) close(s->fd);
	s->fd = -1;
}

static inline void
stub_close(stub *s)
{
	stub_leave(s);
	free(s->reply);
	(void) pthread_cond_destroy(&s->changed);
	(void) pthread_mutex_destroy(&s->lock);
}

#endif /* AIODAL_TEST_STUB_H */
