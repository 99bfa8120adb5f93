/*
 * proxy.h
 *		Something between client and server that can be made to fail: it carries one connection over TCP, and
 *		lets nobody else in, as a firewall does that swallows packets.
 */
#ifndef AIODAL_TEST_PROXY_H
#define AIODAL_TEST_PROXY_H

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support.h"

enum
{
	PROXY_CROWD = 8 /* who wait to be let in, so that nobody else even gets an answer */
};

typedef struct proxy
{
	int listener;
	int port;
	int crowd[PROXY_CROWD];
	int client; /* the two ends that it joins */
	int server;
	int stop[2]; /* a pipe: closing its end stops the thread */
	pthread_t thread;
} proxy;

/* The server of the PG* environment. */
static inline int
proxy_dial(void)
{
	PGconn *pg = PQconnectdb("");
	char port[16];
	char path[108];
	int fd;

	assert_int_equal(PQstatus(pg), CONNECTION_OK);
	(void) snprintf(port, sizeof(port), "%s", PQport(pg));
	(void) snprintf(path, sizeof(path), "%s", PQhost(pg));
	PQfinish(pg);
	if (path[0] == '/')
	{
		struct sockaddr_un to = {.sun_family = AF_UNIX};

		(void) snprintf(to.sun_path, sizeof(to.sun_path), "%.80s/.s.PGSQL.%.10s", path, port);
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(fd, (struct sockaddr *) &to, sizeof(to)), 0);
	}
	else
	{
		struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t) strtol(port, NULL, 10))};

		to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(fd, (struct sockaddr *) &to, sizeof(to)), 0);
	}
	return fd;
}

/* False when one side is done. */
static inline bool
proxy_carry(int from, int to)
{
	char data[8192];
	ssize_t n = recv(from, data, sizeof(data), 0);

	return n > 0 && send(to, data, (size_t) n, MSG_NOSIGNAL) == n;
}

static inline void *
proxy_run(void *arg)
{
	proxy *p = arg;
	struct pollfd fds[3] = {{p->listener, POLLIN, 0}, {p->stop[0], POLLIN, 0}, {-1, POLLIN, 0}};

	while (poll(fds, 3, -1) > 0 && !fds[1].revents)
	{
		if (p->client < 0)
		{
			p->client = accept(p->listener, NULL, NULL);
			fds[0].fd = p->client;
			fds[2].fd = p->server;
			continue;
		}
		if ((fds[0].revents && !proxy_carry(p->client, p->server)) ||
			(fds[2].revents && !proxy_carry(p->server, p->client)))
			break;
	}
	return NULL;
}

static inline void
proxy_start(proxy *p)
{
	struct sockaddr_in here = {.sin_family = AF_INET};
	socklen_t len = sizeof(here);

	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(p->listener, (struct sockaddr *) &here, sizeof(here)), 0);
	assert_int_equal(listen(p->listener, 0), 0);
	assert_int_equal(getsockname(p->listener, (struct sockaddr *) &here, &len), 0);
	p->port = ntohs(here.sin_port);
	for (int i = 0; i < PROXY_CROWD; i++)
		p->crowd[i] = -1;
	p->client = -1;
	p->server = proxy_dial();
	assert_int_equal(pipe(p->stop), 0);
	assert_int_equal(pthread_create(&p->thread, NULL, proxy_run, p), 0);
}

/* From now on who connects gets no answer. After the one connection was made. */
static inline void
proxy_close_door(proxy *p)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t) p->port)};

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < PROXY_CROWD; i++)
	{
		p->crowd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void) connect(p->crowd[i], (struct sockaddr *) &to, sizeof(to));
	}
}

/* Ends the connection, too. */
static inline void
proxy_stop(proxy *p)
{
	(void) close(p->stop[1]);
	(void) pthread_join(p->thread, NULL);
	(void) close(p->stop[0]);
	(void) close(p->listener);
	for (int i = 0; i < PROXY_CROWD; i++)
		(void) close(p->crowd[i]);
	(void) close(p->client);
	(void) close(p->server);
}

#endif /* AIODAL_TEST_PROXY_H */
