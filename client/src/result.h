/*
 * result.h
 *		From libpq's results to ours.
 */
#ifndef AIODAL_SRC_RESULT_H
#define AIODAL_SRC_RESULT_H

#include <libpq-fe.h>

#include <aiodal/result.h>

/* Takes res over. */
static inline aiodal_result *
aiodal__result_wrap(PGresult *res)
{
	return (aiodal_result *) res;
}

#endif /* AIODAL_SRC_RESULT_H */
