/*
 * net.h
 *		A client that sends exactly the bytes it is told to.
 */
#ifndef AIODAL_TEST_NET_H
#define AIODAL_TEST_NET_H

#include "web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* longer than anything should take, on any machine */
#define PATIENCE_MS 60000

static inline int
try_connect(int port)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	at.sin_port = htons((uint16_t) port);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *) &at, sizeof(at)) == 0)
		return fd;
	(void) close(fd);
	return -1;
}

static inline int
dial(int port)
{
	int fd = try_connect(port);

	assert_true(fd >= 0);
	return fd;
}

/* False when the other end is gone. */
static inline bool
send_bytes(int fd, const char *data, size_t len)
{
	while (len > 0)
	{
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0)
			return false;
		data += n;
		len -= (size_t) n;
	}
	return true;
}

static inline bool
send_text(int fd, const char *text)
{
	return send_bytes(fd, text, strlen(text));
}

/* Reads once, waiting for it; 0 or -1 at the end of the connection. */
static inline ssize_t
read_some(int fd, char *buf, size_t size)
{
	struct pollfd p = {fd, POLLIN, 0};

	if (poll(&p, 1, PATIENCE_MS) != 1)
		fail_msg("nothing came and the connection stayed open");
	return recv(fd, buf, size, 0);
}

/* All until the other end closes. */
static inline size_t
read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size - 1 && (n = read_some(fd, buf + len, size - 1 - len)) > 0)
		len += (size_t) n;
	buf[len] = '\0';
	return len;
}

/* Until the text is there, or the end. */
static inline bool
read_until(int fd, char *buf, size_t size, const char *text)
{
	size_t len = 0;
	ssize_t n;

	buf[0] = '\0';
	while (!strstr(buf, text))
	{
		if (len == size - 1 || (n = read_some(fd, buf + len, size - 1 - len)) <= 0)
			return false;
		len += (size_t) n;
		buf[len] = '\0';
	}
	return true;
}

static inline void
nap(int ms)
{
	struct timespec t = {ms / 1000, (long) (ms % 1000) * 1000000};

	(void) nanosleep(&t, NULL);
}

/* Waits until the condition holds. */
#define WAIT_FOR(condition)                                 \
	do                                                      \
	{                                                       \
		int left_ = PATIENCE_MS;                            \
		while (!(condition) && left_-- > 0)                 \
			nap(1);                                         \
		if (left_ <= 0)                                     \
			fail_msg("waited in vain for: %s", #condition); \
	} while (0)

#endif /* AIODAL_TEST_NET_H */
