/*
 * web.h
 *		What the tests of libaiodal_web share.
 */
#ifndef AIODAL_TEST_WEB_H
#define AIODAL_TEST_WEB_H

#include "support.h"

#include <stdio.h>

#include <aiodal/web.h>

/* Sends a request and frees the response: its status, and what it said in the static buffers below. */
static char last_body[100000];
static char last_headers[4000];

static inline void
remember(const aiodal_web_response *res)
{
	size_t len;
	size_t at = 0;
	size_t i;
	const char *body = aiodal_web_response_body(res, &len);

	assert_true(len < sizeof(last_body));
	memcpy(last_body, body, len);
	last_body[len] = '\0';
	last_headers[0] = '\0';
	for (i = 0; i < aiodal_web_response_header_count(res); i++)
	{
		aiodal_web_header h = aiodal_web_response_header_at(res, i);

		at += (size_t) snprintf(last_headers + at, sizeof(last_headers) - at, "%s: %s\n", h.name, h.value);
		assert_true(at < sizeof(last_headers));
	}
}

static inline int
answer(aiodal_web_app *app, const char *method, const char *target, const char *headers, const char *body)
{
	aiodal_error *err = NULL;
	aiodal_web_response *res;
	int status;

	OK(aiodal_web_app_try(&res, app, method, target, headers, body, &err));
	status = aiodal_web_response_status(res);
	remember(res);
	aiodal_web_response_free(res);
	return status;
}

#define ANSWERS(expected, app, method, target, headers, body)                                  \
	do                                                                                         \
	{                                                                                          \
		int status_ = answer(app, method, target, headers, body);                              \
		if (status_ != (expected))                                                             \
			fail_msg("%s %s: %d, not %d\n%s", method, target, status_, (expected), last_body); \
	} while (0)

#define SAYS(words)                                                    \
	do                                                                 \
	{                                                                  \
		if (!strstr(last_body, words))                                 \
			fail_msg("no \"%s\" in this body:\n%s", words, last_body); \
	} while (0)

#define SAYS_NOT(words)                                                \
	do                                                                 \
	{                                                                  \
		if (strstr(last_body, words))                                  \
			fail_msg("\"%s\" is in this body:\n%s", words, last_body); \
	} while (0)

/* "Name: value" is among the headers */
#define HAS_HEADER(line)                                                     \
	do                                                                       \
	{                                                                        \
		if (!strstr(last_headers, line "\n"))                                \
			fail_msg("no \"%s\" in these headers:\n%s", line, last_headers); \
	} while (0)

#endif /* AIODAL_TEST_WEB_H */
