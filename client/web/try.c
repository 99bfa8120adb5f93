/*
 * try.c
 *		Requests written by hand, for tests.
 */
#include <string.h>

#include <aiodal/web_http.h>

#include "mem.h"

#define MAX_HEADERS 200

/* Cuts "Name: value" lines into pairs; the text is changed. -1: a line is none. */
static int
split_headers(char *text, aiodal_web_header *headers)
{
	int n = 0;
	char *line = text;

	while (line && *line)
	{
		char *end = strchr(line, '\n');
		char *value;

		if (end)
			*end = '\0';
		value = strchr(line, ':');
		if (!value || n == MAX_HEADERS)
			return -1;
		*value++ = '\0';
		headers[n].name = line;
		headers[n++].value = value + strspn(value, " \t");
		line = end ? end + 1 : NULL;
	}
	return n;
}

aiodal_status
aiodal_web_app_try(aiodal_web_response **res, aiodal_web_app *app, const char *method, const char *target,
				   const char *headers, const char *body, aiodal_error **err)
{
	aiodal_web_call call = AIODAL_WEB_CALL_INIT;
	aiodal_web_header pairs[MAX_HEADERS];
	char *text = aiodal_web__strdup(headers ? headers : "");
	aiodal_status status;
	int n;

	*res = NULL;
	if (!text)
		return aiodal_web__oom(err);
	n = split_headers(text, pairs);
	call.method = method;
	call.target = target;
	call.headers = pairs;
	call.n_headers = (size_t) (n < 0 ? 0 : n);
	call.body = body ? body : "";
	call.body_len = body ? strlen(body) : 0;
	if (n < 0)
		status = aiodal_web__fail(err, AIODAL_EINVAL, "headers are lines of \"Name: value\"");
	else
		status = aiodal_web_app_handle(res, app, &call, err);
	aiodal_web__free(text);
	return status;
}
