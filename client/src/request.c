/*
 * request.c
 *		Sending a statement, and keeping one that has to wait before it is sent.
 */
#include "request.h"

#include <string.h>

#include "util/mem.h"

bool
aiodal__request_send(PGconn *pg, const aiodal__request *r, const char *name)
{
	if (name)
		return PQsendQueryPrepared(pg, name, (int) r->n, r->params, r->lengths, r->formats, r->result_format);
	return PQsendQueryParams(pg, r->sql, (int) r->n, r->types, r->params, r->lengths, r->formats,
							 r->result_format);
}

/* Memory that is cut into pieces from its start on; without any, what the pieces take is added up. */
typedef struct cutting
{
	char *memory; /* NULL: there is none yet */
	size_t used;
} cutting;

/* A piece, aligned for anything; a copy of what size bytes at data are. NULL: there is no data, or no memory.
 */
static void *
cut(cutting *c, const void *data, size_t size)
{
	char *piece = c->memory ? c->memory + c->used : NULL;

	if (!data)
		return NULL;
	c->used += (size + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
	if (piece && size > 0)
		memcpy(piece, data, size);
	return piece;
}

/* lengths: of those that are binary; formats NULL: all end with a zero byte */
static const char *const *
cut_params(cutting *c, const char *const *params, const int *lengths, const int *formats, size_t n)
{
	const char **copies = cut(c, params, n * sizeof(*params));

	for (size_t i = 0; params && i < n; i++)
	{
		const char *copy = NULL;

		if (params[i])
			copy =
				cut(c, params[i], formats && formats[i] == 1 ? (size_t) lengths[i] : strlen(params[i]) + 1);
		if (copies)
			copies[i] = copy;
	}
	return copies;
}

static void
cut_all(cutting *c, aiodal__request *out, const aiodal__request *r)
{
	aiodal__request copy = *r;

	(void) cut(c, r, sizeof(*r));
	copy.sql = cut(c, r->sql, strlen(r->sql) + 1);
	copy.types = cut(c, r->types, r->n * sizeof(*r->types));
	copy.lengths = cut(c, r->lengths, r->n * sizeof(*r->lengths));
	copy.formats = cut(c, r->formats, r->n * sizeof(*r->formats));
	copy.params = cut_params(c, r->params, r->lengths, r->formats, r->n);
	copy.shown = r->shown == r->params ? copy.params : cut_params(c, r->shown, NULL, NULL, r->n);
	if (out)
		*out = copy;
}

aiodal__request *
aiodal__request_copy(const aiodal__request *request)
{
	cutting c = {NULL, 0};
	aiodal__request *copy;

	cut_all(&c, NULL, request);
	copy = aiodal__malloc(c.used);
	if (!copy)
		return NULL;
	c = (cutting){(char *) copy, 0};
	cut_all(&c, copy, request);
	return copy;
}
