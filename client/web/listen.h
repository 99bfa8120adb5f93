/*
 * listen.h
 *		Sockets to listen on.
 */
#ifndef AIODAL_WEB_LISTEN_H
#define AIODAL_WEB_LISTEN_H

#include <aiodal/error.h>

/* A listening TCP socket at a numeric address; *port is set to the one it got, where 0 was asked for. */
extern aiodal_status aiodal_web__listen(int *fd, const char *address, int *port, aiodal_error **err);

/* The address of the other end as text. */
struct sockaddr;
extern void aiodal_web__address_text(char *text, size_t size, const struct sockaddr *address);

#endif /* AIODAL_WEB_LISTEN_H */
