/*
 * response.h
 *		What is inside a response.
 */
#ifndef AIODAL_WEB_RESPONSE_H
#define AIODAL_WEB_RESPONSE_H

#include <aiodal/web_http.h>

struct aiodal_web_response
{
	int status;
	aiodal_web_header *headers; /* names and values are its own */
	size_t n_headers;
	const char *body; /* never NULL */
	size_t body_len;
	void *owner; /* of the body's memory; free_owner(owner) */
	aiodal_web_free_fn free_owner;
	bool head; /* the body is measured, not sent */
};

extern aiodal_web_response *aiodal_web__response_new(void);

/* As aiodal_web_response_problem(); members is more JSON, ", ..." or "". */
extern aiodal_status aiodal_web__problem(aiodal_web_response *res, int status, const char *detail,
										 const char *members, aiodal_error **err);

#endif /* AIODAL_WEB_RESPONSE_H */
