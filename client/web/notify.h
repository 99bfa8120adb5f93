/*
 * notify.h
 *		Reports of errors, as blocks for Slack.
 */
#ifndef AIODAL_WEB_NOTIFY_H
#define AIODAL_WEB_NOTIFY_H

#include <aiodal/web_slack.h>

#include "meter.h"

typedef struct aiodal_web__notifier
{
	aiodal_web_notify_options options; /* strings are the app's */
	aiodal_web__meter *meter;          /* NULL: each error is reported */
} aiodal_web__notifier;

/* What is reported. */
typedef struct aiodal_web__incident
{
	const aiodal_web_request *req;
	int status;                /* that is answered */
	const aiodal_error *error; /* NULL: a handler answered so of its own accord */
	uint64_t before;           /* how many of the same kind went unreported */
} aiodal_web__incident;

/* Adds a whole array of blocks. */
extern void aiodal_web__report(aiodal_web__buf *blocks, const aiodal_web__notifier *by,
							   const aiodal_web__incident *incident);

#endif /* AIODAL_WEB_NOTIFY_H */
