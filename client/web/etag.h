/*
 * etag.h
 *		Entity tags of RFC 9110.
 */
#ifndef AIODAL_WEB_ETAG_H
#define AIODAL_WEB_ETAG_H

#include <stddef.h>

#include <aiodal/web_http.h>

/* Room for a tag with its quotes. */
typedef char aiodal_web__etag[67];

/* A strong tag: of a version when it is not NULL, else a hash of the body. False when it cannot be hashed. */
extern bool aiodal_web__etag_make(aiodal_web__etag etag, const char *version, const char *body, size_t len);

typedef enum aiodal_web__match_result
{
	AIODAL_WEB__MATCH_ABSENT, /* there is no such header */
	AIODAL_WEB__MATCH_BAD,    /* it is no list of entity tags */
	AIODAL_WEB__MATCH_NONE,   /* none of them is this one */
	AIODAL_WEB__MATCH_FOUND   /* one is, or it is "*" */
} aiodal_web__match_result;

/*
 * Compares the header, If-Match or If-None-Match, all lines of it, with a tag that exists. weak: tags that
 * are weak can match, as If-None-Match has it.
 */
extern aiodal_web__match_result
aiodal_web__etag_match(const aiodal_web_request *req, const char *header, const char *etag, bool weak);

/* One line of it. */
extern aiodal_web__match_result aiodal_web__etag_match_line(const char *line, const char *etag, bool weak);

#endif /* AIODAL_WEB_ETAG_H */
