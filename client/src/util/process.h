/*
 * process.h
 *		Which process this is.
 */
#ifndef AIODAL_UTIL_PROCESS_H
#define AIODAL_UTIL_PROCESS_H

#include <sys/types.h>

/* As getpid(), for those who ask all the time: a system call only the first time in each process. */
extern pid_t aiodal__process(void);

#endif /* AIODAL_UTIL_PROCESS_H */
