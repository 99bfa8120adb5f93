/*
 * keeper.h
 *		A process that ends the server and removes its directory when ours has ended, however it has.
 */
#ifndef AIODAL_TESTING_KEEPER_H
#define AIODAL_TESTING_KEEPER_H

#include "spawn.h"

typedef struct aiodal_test__keeper
{
	pid_t pid;
	int fd; /* to talk to it; -1: there is none */
} aiodal_test__keeper;

#define AIODAL_TEST__KEEPER_INIT \
	{                            \
		0, -1                    \
	}

/* Starts it. From now on dir goes when we do, unless it is told to keep it. -1 with errno. */
extern int
aiodal_test__keeper_start(aiodal_test__keeper *keeper, const char *dir, const aiodal_test__command *server);

/* Has it start the server. *pid is the server's. -1: it could not. */
extern int aiodal_test__keeper_launch(const aiodal_test__keeper *keeper, pid_t *pid);

/* Has it end the server as a crash would, and waits for that. -1: it could not. */
extern int aiodal_test__keeper_crash(const aiodal_test__keeper *keeper);

/* Waits that long at most: 1 when the server has ended by itself or the keeper has. */
extern int aiodal_test__keeper_ended(const aiodal_test__keeper *keeper, int timeout_ms);

extern void aiodal_test__keeper_keep(const aiodal_test__keeper *keeper);

/* Ends the server, and the keeper; returns when all is gone. */
extern void aiodal_test__keeper_stop(aiodal_test__keeper *keeper);

#endif /* AIODAL_TESTING_KEEPER_H */
