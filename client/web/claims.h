/*
 * claims.h
 *		What is inside claims.
 */
#ifndef AIODAL_WEB_CLAIMS_H
#define AIODAL_WEB_CLAIMS_H

#include <aiodal/web_auth.h>

#include "json.h"

struct aiodal_web_claims
{
	json_t *json; /* an object */
	char *text;
	const char *subject;
	int64_t expires;
};

#endif /* AIODAL_WEB_CLAIMS_H */
