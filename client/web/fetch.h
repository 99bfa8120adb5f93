/*
 * fetch.h
 *		Asking others over HTTP, by libcurl: one request, bounded in time and size, no redirects, https unless
 * the other end is this machine.
 */
#ifndef AIODAL_WEB_FETCH_H
#define AIODAL_WEB_FETCH_H

#include <stdint.h>

#include "mem.h"

typedef struct aiodal_web__fetch
{
	const char *url;
	const char *post; /* a JSON body to POST; NULL: GET */
	int timeout_ms;
	size_t max_size;  /* of the answer's body; more is an error */
	const bool *stop; /* atomic; when it becomes true the fetch ends soon. NULL: never */
	/* the answer */
	aiodal_web__buf body;
	int status;
	int64_t retry_after_s; /* what Retry-After asks for; 0: nothing */
} aiodal_web__fetch;

/*
 * AIODAL_EINVAL, with what in the message, when the URL is none that is asked: not https (or http to the
 * loopback interface), with a user or a fragment, or on another host than those in the list with spaces
 * between them, if not NULL.
 */
extern aiodal_status
aiodal_web__fetch_check_url(const char *url, const char *hosts, const char *what, aiodal_error **err);

/*
 * Whatever is answered, with whatever status, is success. AIODAL_ECONN or AIODAL_ETIMEOUT when there was no
 * answer; AIODAL_EINVAL when it was too large. Messages do not say the URL, which may be a secret. The body
 * is the caller's to free, in any case.
 *
 * Threads: any, but one that gets no SIGPIPE (aiodal_web__thread_start()).
 */
extern aiodal_status aiodal_web__fetch_run(aiodal_web__fetch *fetch, aiodal_error **err);

#endif /* AIODAL_WEB_FETCH_H */
