/*
 * aiodal/web_slack.h
 *		Messages to a Slack channel, by an incoming webhook, that delay nobody; among them reports of errors.
 *
 * Messages wait in a bounded queue for a thread that sends them in their order. What finds the queue full is
 * dropped and counted; the channel is told of it when it can be reached again. While Slack does not answer,
 * or answers 429 or 5xx, the thread tries again, later each time and never before Retry-After.
 *
 * The webhook's URL is a secret: whoever has it writes to the channel. It is in no error and no log.
 */
#ifndef AIODAL_WEB_SLACK_H
#define AIODAL_WEB_SLACK_H

#include <aiodal/web_http.h>

AIODAL_BEGIN_DECLS

/* Any number of threads may use it at once. */
typedef struct aiodal_web_slack aiodal_web_slack;

typedef struct aiodal_web_slack_options
{
	size_t size;
	const char *hosts; /* that the webhook may be on, with a space between them; default "hooks.slack.com
						  hooks.slack-gov.com". The loopback interface always may. */
	int max_queue;     /* messages that wait, with the one being sent; default 100 */
	int timeout_ms;    /* of one try; default 10000 */
	int max_attempts;  /* tries for one message; default 5 */
	int backoff_ms;    /* before the second try; doubled each time, up to 60 s, less a random part of up to
						  half; default 1000 */
	int drain_ms;      /* in which aiodal_web_slack_close() sends what waits; default 5000, -1: not at all */
} aiodal_web_slack_options;

#define AIODAL_WEB_SLACK_OPTIONS_INIT                         \
	{                                                         \
		sizeof(aiodal_web_slack_options), NULL, 0, 0, 0, 0, 0 \
	}

/* AIODAL_EINVAL for a URL that is not https (http to the loopback interface), or on another host. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_slack_open(aiodal_web_slack **slack,
																 const char *webhook,
																 const aiodal_web_slack_options *options,
																 aiodal_error **err);

/*
 * Puts a message into the queue: blocks are a JSON array of Slack's blocks, at most 50 and 64 KB, sent as
 * they are. AIODAL_EBUSY when the queue is full: the message is dropped. AIODAL_EINVAL when it is no such
 * array.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_slack_send(aiodal_web_slack *slack, const char *blocks,
																 aiodal_error **err);

/*
 * The same for a title and a text, as they are to be read: what would be markup or call people is escaped,
 * and what is too long for Slack is cut. text may be NULL.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_slack_send_text(aiodal_web_slack *slack,
																	  const char *title, const char *text,
																	  aiodal_error **err);

/*
 * The same for an error: a title, a text as above, which may be NULL, and what the error says of itself: its
 * message, SQLSTATE, the table, column and constraint in question, and where PostgreSQL was. Its DETAIL and
 * data it quotes are left out, as is what looks like a secret in the text or the message.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_slack_send_error(aiodal_web_slack *slack,
																	   const char *title, const char *text,
																	   const aiodal_error *error,
																	   aiodal_error **err);

/* Waits until no message waits any more, whatever came of it; AIODAL_ETIMEOUT when that takes too long. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_slack_flush(aiodal_web_slack *slack, int timeout_ms,
																  aiodal_error **err);

/* For those who watch. */
typedef struct aiodal_web_slack_stats
{
	size_t size;
	size_t queued;
	uint64_t sent;
	uint64_t retries;
	uint64_t failed;      /* given up: refused, or tried too often */
	uint64_t dropped;     /* found the queue full */
	char last_error[200]; /* of the last try, "" when it went well */
} aiodal_web_slack_stats;

/* Fills *stats, whose size the caller has set. */
AIODAL_API void aiodal_web_slack_get_stats(aiodal_web_slack *slack, aiodal_web_slack_stats *stats);

/* Sends what waits, for drain_ms at most, then frees it. When nobody uses it any more. NULL is fine. */
AIODAL_API void aiodal_web_slack_close(aiodal_web_slack *slack);

/*
 * Errors of requests
 */

/*
 * Who sent a request, as it is to be read in a report; NULL: nobody knows. Borrowed until the report is made.
 */
typedef const char *(*aiodal_web_namer)(const aiodal_web_request *req, void *payload);

typedef struct aiodal_web_notify_options
{
	size_t size;
	aiodal_web_slack *slack;  /* borrowed; required */
	const char *environment;  /* where this runs, e.g. "production"; required */
	const char *environments; /* those that are reported from, with a space between them; default: all */
	const char *service;      /* its name; default none */
	const char *secrets;      /* parts of names, with a space between them, whose values are not shown, beside
								 "password", "token", "secret", "api_key" and more of that kind */
	int max_body;             /* bytes of a request's body that are shown; default 1024, -1: none */
	int quiet_s;              /* in which the same error at the same route is counted, not reported again;
								 default 60, -1: each is reported */
	aiodal_web_namer user;    /* default: the subject of the token */
	void *user_payload;
} aiodal_web_notify_options;

#define AIODAL_WEB_NOTIFY_OPTIONS_INIT                                                    \
	{                                                                                     \
		sizeof(aiodal_web_notify_options), NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL \
	}

/*
 * Reports to Slack what went wrong in this scope and those below: each error that becomes a 500 or 503, and
 * each answer of 500 and above. Nothing else changes: the error goes on its way, and nobody waits for Slack.
 *
 * A report has method, URL, route, status, message, SQLSTATE, the table, column and constraint in question,
 * user, client, X-Request-Id, environment, body, and where PostgreSQL was: the functions it was in and where
 * in its source the error arose. What it does not have are headers, PostgreSQL's DETAIL, and values that are
 * secrets by their name or their looks. Of a body that is neither JSON nor a form only the size is shown.
 *
 * Options are copied. AIODAL_EINVAL without slack or environment.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_scope_notify(aiodal_web_scope *scope,
																   const aiodal_web_notify_options *options,
																   aiodal_error **err);

/*
 * Messages of clients
 */

typedef struct aiodal_web_forward_options
{
	size_t size;
	aiodal_web_slack *slack; /* borrowed; required */
	size_t max_body;         /* bytes of a message; more is 413; default 16 KB */
	int per_minute;          /* messages of one user; more are 429; default 10, -1: any number */
	int wait_ms;             /* for what Slack answers; default 3000 */
	int max_waiting; /* requests that wait for it at once, each with a worker, never with all; default 2 */
} aiodal_web_forward_options;

#define AIODAL_WEB_FORWARD_OPTIONS_INIT                      \
	{                                                        \
		sizeof(aiodal_web_forward_options), NULL, 0, 0, 0, 0 \
	}

/*
 * Adds a route, POST pattern, that forwards a message to Slack: {"title": "...", "text": "..."}, one of them
 * at least, or {"blocks": [...]} with at most 49 blocks of the types header, section, divider and context.
 * Who sent it is said below it. Blocks may have links, but call nobody.
 *
 * The answer is 204 when Slack took the message; otherwise the status that Slack gave, with its Retry-After;
 * 202 when it was not known in time, or too many wait already: it is tried once still; 502 when Slack could
 * not be reached; 503 when the queue is full; 400, 415, 422 when it is no such message.
 *
 * The scope, or one around it, must be authenticated before, and not optionally: AIODAL_ESTATE.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status
aiodal_web_scope_add_forward(aiodal_web_scope *scope, const char *pattern,
							 const aiodal_web_forward_options *options, aiodal_error **err);

AIODAL_END_DECLS

#endif /* AIODAL_WEB_SLACK_H */
