/*
 * slack.h
 *		Messages that were made here, and those whose fate somebody waits for.
 */
#ifndef AIODAL_WEB_SLACK_INTERNAL_H
#define AIODAL_WEB_SLACK_INTERNAL_H

#include <aiodal/web_slack.h>

#include "mem.h"

#define AIODAL_WEB__SLACK_MAX_BLOCKS 50
#define AIODAL_WEB__SLACK_MAX_SIZE   ((size_t) 64 * 1024)

/* As aiodal_web_slack_send(), for blocks that need not be looked at. */
extern aiodal_status
aiodal_web__slack_push(aiodal_web_slack *slack, const char *blocks, size_t len, aiodal_error **err);

/* What became of a message. */
typedef struct aiodal_web__fate
{
	bool decided;
	int status; /* that Slack answered with; 0: no answer */
	int64_t retry_after_s;
} aiodal_web__fate;

/*
 * Sends blocks, which were looked at, in one try, and waits at most wait_ms for what becomes of it; when that
 * is not decided by then, the message stays in the queue. AIODAL_EBUSY as in aiodal_web_slack_send().
 */
extern aiodal_status aiodal_web__slack_try(aiodal_web__fate *fate, aiodal_web_slack *slack,
										   const char *blocks, size_t len, int wait_ms, aiodal_error **err);

#endif /* AIODAL_WEB_SLACK_INTERNAL_H */
