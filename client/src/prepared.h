/*
 * prepared.h
 *		Which statements the server has prepared for a connection, and under which names.
 */
#ifndef AIODAL_SRC_PREPARED_H
#define AIODAL_SRC_PREPARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

/* Shared by the connections of a pool; each is only added to, atomically. */
typedef struct aiodal__prepared_counts
{
	int64_t hits; /* executions that found their statement prepared */
	int64_t prepared;
	int64_t evicted; /* to make room */
	int64_t stale;   /* prepared no longer, or not to be used any more */
} aiodal__prepared_counts;

typedef struct aiodal__prepared_limits
{
	int size;  /* statements kept; 0: none */
	int after; /* uses before one is prepared */
	aiodal__prepared_counts *counts;
} aiodal__prepared_limits;

typedef struct aiodal__statement
{
	uint64_t hash;
	Oid *types; /* with what follows in one piece of memory; NULL: the place is free */
	char *sql;
	size_t n;
	uint64_t used; /* when last, counted in uses of the cache */
	bool ready;    /* the server has it: execute name */
	char old[40];  /* while it is being prepared: what to deallocate before; "": nothing, or done */
	char name[40]; /* the server may have one of this name; "" for none */
	uint32_t next; /* in its bucket, plus 1 */
} aiodal__statement;

/* One connection's; all zero but limits is a good start. */
typedef struct aiodal__prepared
{
	aiodal__prepared_limits limits;
	struct aiodal__seen *seen; /* this and the next two: made when first needed */
	aiodal__statement *statements;
	uint32_t *buckets; /* number of the first plus 1 */
	uint32_t mask;
	uint64_t uses;
	uint64_t id;     /* random, in all names */
	uint32_t serial; /* of the last name */
	int lost;        /* how often the server had none of what it should have had */
} aiodal__prepared;

/*
 * The statement that sql with types[n] (NULL: all 0) is to be executed as: ready, or to be prepared under its
 * name first, old being deallocated before. NULL: send it as it is.
 */
extern aiodal__statement *
aiodal__prepared_find(aiodal__prepared *cache, const char *sql, size_t n, const Oid *types);

/* It was prepared. */
extern void aiodal__prepared_done(aiodal__prepared *cache, aiodal__statement *statement);

/*
 * It failed with res, anew: it, or preparing it, in the request that was to prepare it. True: because of what
 * had been prepared before something changed, and it would perhaps have gone well otherwise; it will be
 * prepared anew when it is used next.
 */
extern bool aiodal__prepared_failed(aiodal__prepared *cache, aiodal__statement *statement, bool anew,
									const PGresult *res);

/* The server has none of them any more, or perhaps not. */
extern void aiodal__prepared_forget(aiodal__prepared *cache);

extern void aiodal__prepared_free(aiodal__prepared *cache);

#endif /* AIODAL_SRC_PREPARED_H */
