/*
 * param.h
 *		Typed values as parameters of a statement.
 */
#ifndef AIODAL_SRC_PARAM_H
#define AIODAL_SRC_PARAM_H

#include <libpq-fe.h>

#include <aiodal/value.h>

#include "op.h"
#include "util/buf.h"

#define AIODAL__FEW_PARAMS 16 /* so many cost no allocation */

/* As libpq wants them. Texts and bytes are borrowed from the values. */
typedef struct aiodal__params
{
	size_t n;
	Oid *types;
	const char **values;
	int *lengths;
	int *formats;
	char (*scratch)[16]; /* numbers as they are sent */
	aiodal__buf arrays;
	void *heap;
	const char **shown; /* all as text, for a trace; NULL: it asks for none */

	struct
	{
		Oid types[AIODAL__FEW_PARAMS];
		const char *values[AIODAL__FEW_PARAMS];
		int lengths[AIODAL__FEW_PARAMS];
		int formats[AIODAL__FEW_PARAMS];
		char scratch[AIODAL__FEW_PARAMS][16];
	} few;
} aiodal__params;

/* EINVAL, which names the parameter, or ENOMEM. To be freed in any case. */
extern aiodal_status
aiodal__params_make(aiodal__params *params, size_t n, const aiodal_value *values, aiodal_error **err);
extern void aiodal__params_free(aiodal__params *params);

/*
 * The request that sends a statement with these parameters, which have to be there until it is sent; sql is
 * borrowed, too. conn says whether a trace wants to see them.
 */
extern aiodal__request
aiodal__params_request(aiodal__params *params, const aiodal__conn *conn, const char *sql,
					   const aiodal_value *values, const aiodal_query_options *options);

/* A value that is not NULL as the server would print it. */
extern void aiodal__value_print(aiodal__buf *buf, const aiodal_value *value);

/* A caller's options, which may be NULL, checked. */
extern aiodal_status
aiodal__query_options(aiodal_query_options *options, const aiodal_query_options *given, aiodal_error **err);

#endif /* AIODAL_SRC_PARAM_H */
