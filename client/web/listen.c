/*
 * listen.c
 *		Sockets to listen on.
 */
#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mem.h"

static bool
listen_on(int fd, const struct addrinfo *at)
{
	int one = 1;

	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
		   bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0;
}

static int
port_of(int fd)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);

	if (getsockname(fd, (struct sockaddr *) &at, &len))
		return 0;
	return at.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *) &at)->sin6_port)
									: ntohs(((struct sockaddr_in *) &at)->sin_port);
}

aiodal_status
aiodal_web__listen(int *fd, const char *address, int *port, aiodal_error **err)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
							 .ai_socktype = SOCK_STREAM};
	struct addrinfo *at = NULL;
	char service[20];
	char reason[100] = "";

	(void) snprintf(service, sizeof(service), "%d", *port);
	if (*port < 0 || *port > 65535 || getaddrinfo(address, service, &hints, &at))
		return aiodal_web__fail(err, AIODAL_EINVAL, "\"%s\" port %d is not a numeric address and a port",
								address, *port);
	*fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0 || !listen_on(*fd, at))
	{
		const char *why = strerror_r(errno, reason, sizeof(reason));

		freeaddrinfo(at);
		if (*fd >= 0)
			(void) close(*fd);
		return aiodal_web__fail(err, AIODAL_ECONN, "could not listen on %s port %d: %s", address, *port, why);
	}
	freeaddrinfo(at);
	*port = port_of(*fd);
	return AIODAL_OK;
}

void
aiodal_web__address_text(char *text, size_t size, const struct sockaddr *address)
{
	const void *in = NULL;

	text[0] = '\0';
	if (address && address->sa_family == AF_INET)
		in = &((const struct sockaddr_in *) (const void *) address)->sin_addr;
	else if (address && address->sa_family == AF_INET6)
		in = &((const struct sockaddr_in6 *) (const void *) address)->sin6_addr;
	if (in)
		(void) inet_ntop(address->sa_family, in, text, (socklen_t) size);
}
