/*
 * http_load.c
 *		Sends one request over and over on several connections, and says how that went.
 *
 *	http_load PORT PATH HEADERS_FILE CONNECTIONS REQUESTS [STATUS]
 *
 * To 127.0.0.1; the file has header lines, e.g. one with a token. Prints one
 * line, its fields divided by tabs: requests, wall seconds, milliseconds that
 * half of the answers took at most, that 99 of 100 took at most, and the bytes
 * of one answer's body. Fails with the first answer that is not of that status,
 * by default 200.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "seconds.h"

#define MAX_CONNECTIONS 1000
#define BUFFER_BYTES    (256 * 1024)

typedef struct Connection
{
	int fd;
	double sent;   /* when the request went out */
	size_t got;    /* bytes of the answer */
	size_t length; /* of the whole answer; 0: not known so far */
	char *head;    /* the answer's beginning */
} Connection;

#define HEAD_BYTES 4096

static Connection connections[MAX_CONNECTIONS];
static char status_line[32]; /* how an answer has to begin */
static char request[16384];
static size_t request_length;
static char buffer[BUFFER_BYTES];
static double *latencies;
static size_t wanted, started, done, body_length;

static void __attribute__((noreturn, format(printf, 1, 2))) Fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "http_load: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(1);
}

static void
MakeRequest(const char *path, const char *headers_file)
{
	FILE *file = fopen(headers_file, "r");
	char line[8192];
	size_t n;

	if (!file)
		Fail("cannot read %s", headers_file);
	n = (size_t) snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n", path);
	while (fgets(line, sizeof(line), file) && n < sizeof(request))
	{
		line[strcspn(line, "\r\n")] = '\0';
		n += (size_t) snprintf(request + n, sizeof(request) - n, "%s\r\n", line);
	}
	fclose(file);
	if (n + 3 > sizeof(request))
		Fail("the headers are too long");
	memcpy(request + n, "\r\n", 3);
	request_length = n + 2;
}

static int
Dial(int port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short) port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *) &at, sizeof(at)) != 0)
		Fail("cannot connect to port %d: %s", port, strerror(errno));
	return fd;
}

static void
Send(Connection *c)
{
	size_t sent = 0;

	if (started == wanted)
		return;
	started++;
	c->got = c->length = 0;
	c->sent = Now();
	while (sent < request_length)
	{
		ssize_t n = send(c->fd, request + sent, request_length - sent, MSG_NOSIGNAL);

		if (n <= 0)
			Fail("the connection was closed: %s", strerror(errno));
		sent += (size_t) n;
	}
}

/* Finds out how long the answer is once its head is there. */
static void
ReadHead(Connection *c)
{
	char *end = strstr(c->head, "\r\n\r\n");
	char *said;

	if (!end)
		return;
	if (strncmp(c->head, status_line, strlen(status_line)) != 0)
		Fail("the answer is \"%.*s\"", (int) strcspn(c->head, "\r\n"), c->head);
	said = strcasestr(c->head, "\r\nContent-Length:");
	if (!said || said > end)
		Fail("the answer does not say its length");
	body_length = strtoul(said + 17, NULL, 10);
	c->length = (size_t) (end - c->head) + 4 + body_length;
}

static void
Receive(Connection *c)
{
	ssize_t n = recv(c->fd, buffer, sizeof(buffer), 0);

	if (n <= 0)
		Fail("the connection was closed: %s", strerror(errno));
	if (c->got < HEAD_BYTES)
	{
		size_t take = HEAD_BYTES - c->got < (size_t) n ? HEAD_BYTES - c->got : (size_t) n;

		memcpy(c->head + c->got, buffer, take);
		c->head[c->got + take] = '\0';
	}
	c->got += (size_t) n;
	if (!c->length)
		ReadHead(c);
	if (!c->length || c->got < c->length)
		return;
	latencies[done++] = Now() - c->sent;
	Send(c);
}

static int
Compare(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	int poll = epoll_create1(0);
	int n = argc == 6 || argc == 7 ? (int) strtol(argv[4], NULL, 10) : 0;
	double begin;
	int i;

	if (n < 1 || n > MAX_CONNECTIONS)
		Fail("usage: http_load PORT PATH HEADERS_FILE CONNECTIONS REQUESTS [STATUS]");
	(void) snprintf(status_line, sizeof(status_line), "HTTP/1.1 %s ", argc == 7 ? argv[6] : "200");
	wanted = strtoul(argv[5], NULL, 10);
	latencies = malloc((wanted + 1) * sizeof(*latencies));
	MakeRequest(argv[2], argv[3]);
	for (i = 0; i < n; i++)
	{
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};

		connections[i].fd = Dial((int) strtol(argv[1], NULL, 10));
		connections[i].head = malloc(HEAD_BYTES + 1);
		if (!latencies || !connections[i].head ||
			epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].fd, &event) != 0)
			Fail("cannot begin");
	}
	begin = Now();
	for (i = 0; i < n; i++)
		Send(&connections[i]);
	while (done < wanted)
	{
		struct epoll_event events[64];
		int got = epoll_wait(poll, events, 64, 60000);

		if (got <= 0)
			Fail("no answer within a minute");
		for (i = 0; i < got; i++)
			Receive(events[i].data.ptr);
	}
	begin = Now() - begin;
	qsort(latencies, done, sizeof(*latencies), Compare);
	printf("%zu\t%.6f\t%.4f\t%.4f\t%zu\n", done, begin, latencies[done / 2] * 1000,
		   latencies[done * 99 / 100] * 1000, body_length);
	return 0;
}
