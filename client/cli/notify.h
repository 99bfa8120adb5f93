/*
 * notify.h
 *		Telling a Slack channel what came of a job that nobody watches.
 */
#ifndef AIODAL_CLI_NOTIFY_H
#define AIODAL_CLI_NOTIFY_H

#include <aiodal/api.h>

#include "options.h"

/* NULL stands for nobody who is to be told. */
typedef struct cli_channel cli_channel;

/*
 * where: the environment variable, or with a "/" in it the file, that has the webhook's URL. It is a secret
 * that is in no message. Exits with CLI_EXIT_USAGE when there is none, or it cannot be a webhook's. NULL for
 * NULL.
 */
extern cli_channel *cli_channel_open(const cli_command *command, const char *where);

/*
 * Sends what happened and waits until Slack has it, for some seconds at most; that it could not be sent is a
 * warning on stderr. facts are lines; error may be NULL.
 */
extern void
cli_channel_tell(cli_channel *channel, const char *title, const char *facts, const aiodal_error *error);

extern void cli_channel_close(cli_channel *channel);

#endif /* AIODAL_CLI_NOTIFY_H */
