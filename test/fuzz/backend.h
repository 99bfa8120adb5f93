/*
 * backend.h
 *		As much of the server as feeds need, so that they run without one.
 */
#ifndef AIODAL_FUZZ_BACKEND_H
#define AIODAL_FUZZ_BACKEND_H

#include "compat.h"

/* The encoding of the imagined database. */
extern int backend_encoding;

/* Runs it; false after an error, of which *error is then "SQLSTATE message", until the next call. */
extern bool BackendTry(void (*run)(void *), void *arg, const char **error);

/* Frees all that was palloc'd. */
extern void BackendReset(void);

#endif /* AIODAL_FUZZ_BACKEND_H */
