/*
 * prepared.c
 *		Statements that are used again and again are parsed once.
 *
 * Design notes. A statement is prepared when it has been used a few times, so that those made up on the fly
 * cost nothing on the server and do not push others out. Until then only hashes are counted, in a table of
 * fixed size where two may share a place: the worst that comes of it is that one is prepared too early. What
 * is prepared is found by comparing everything. Looking up allocates nothing.
 *
 * Names have a random part of their own for each connection. Behind a pooler that hands sessions around
 * another connection's statement of the same name would be run instead of ours, and nobody would see; as it
 * is, the server says that there is none.
 *
 * Rolling back does not undo preparing. Whether the server has a statement may be unknown after a failure:
 * then its name is kept to be deallocated before another one takes its place, unless all are thought lost.
 */
#include "prepared.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/mem.h"
#include "util/sql.h"

#define N_SEEN   256
#define MAX_SQL  65536 /* what is longer was made up on the fly */
#define MAX_LOST 3     /* then there is a pooler in between, or somebody else who deallocates */

struct aiodal__seen
{
	uint64_t hash;
	int uses;
};

static void
count(int64_t *counter)
{
	(void) __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* FNV-1a in 64 bits. 0 when sql is too long. */
static uint64_t
hash_of(const char *sql, size_t n, const Oid *types)
{
	const char *at = sql;
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *at; at++)
		hash = (hash ^ (unsigned char) *at) * UINT64_C(1099511628211);
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (types ? types[i] : 0)) * UINT64_C(1099511628211);
	hash ^= hash >> 32;
	return at - sql <= MAX_SQL ? hash | 1 : 0;
}

static bool
start(aiodal__prepared *cache)
{
	uint32_t n = 1;

	if (cache->buckets)
		return true;
	while (n < (uint32_t) cache->limits.size)
		n *= 2;
	cache->mask = n - 1;
	if (!cache->seen)
		cache->seen = aiodal__calloc(N_SEEN, sizeof(*cache->seen));
	if (!cache->statements)
		cache->statements = aiodal__calloc((size_t) cache->limits.size, sizeof(*cache->statements));
	if (cache->seen && cache->statements)
		cache->buckets = aiodal__calloc(n, sizeof(*cache->buckets));
	if (getentropy(&cache->id, sizeof(cache->id)) != 0)
		cache->id = (uint64_t) aiodal__now() ^ (uint64_t) (uintptr_t) cache ^ (uint64_t) getpid() << 32;
	return cache->buckets != NULL;
}

static bool
same_types(const Oid *kept, size_t n, const Oid *types)
{
	for (size_t i = 0; i < n; i++)
	{
		if (kept[i] != (types ? types[i] : 0))
			return false;
	}
	return true;
}

static aiodal__statement *
look_up(const aiodal__prepared *cache, uint64_t hash, const char *sql, size_t n, const Oid *types)
{
	for (uint32_t i = cache->buckets[hash & cache->mask]; i > 0; i = cache->statements[i - 1].next)
	{
		aiodal__statement *s = &cache->statements[i - 1];

		if (s->hash == hash && s->n == n && strcmp(s->sql, sql) == 0 && same_types(s->types, n, types))
			return s;
	}
	return NULL;
}

/* Whether it has been used often enough. */
static bool
is_due(aiodal__prepared *cache, uint64_t hash)
{
	struct aiodal__seen *seen = &cache->seen[hash % N_SEEN];

	if (seen->hash != hash)
		*seen = (struct aiodal__seen){.hash = hash};
	return ++seen->uses >= cache->limits.after;
}

/* Whether there is a plan to be kept; the rest is utility statements, some of which cannot be prepared. */
static bool
has_plan(const char *sql)
{
	static const char *const words[] = {"SELECT", "INSERT", "UPDATE", "DELETE",
										"MERGE",  "WITH",   "VALUES", "TABLE"};

	while (*(sql = aiodal__sql_skip(sql)) == '(')
		sql++;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (strncasecmp(sql, words[i], strlen(words[i])) == 0)
			return true;
	}
	return false;
}

static void
unlink_statement(aiodal__prepared *cache, const aiodal__statement *statement)
{
	uint32_t number = (uint32_t) (statement - cache->statements) + 1;
	uint32_t *at = &cache->buckets[statement->hash & cache->mask];

	while (*at != number)
		at = &cache->statements[*at - 1].next;
	*at = statement->next;
}

/* A free place, else that of the one that was not used for the longest. Its name stays, to be deallocated. */
static aiodal__statement *
make_place(aiodal__prepared *cache)
{
	aiodal__statement *oldest = &cache->statements[0];

	for (int i = 0; i < cache->limits.size; i++)
	{
		aiodal__statement *s = &cache->statements[i];

		if (!s->types)
			return s;
		if (s->used < oldest->used)
			oldest = s;
	}
	unlink_statement(cache, oldest);
	aiodal__free(oldest->types);
	oldest->types = NULL;
	if (oldest->ready)
		count(&cache->limits.counts->evicted);
	oldest->ready = false;
	return oldest;
}

/* Puts it into the cache, not prepared yet; NULL when out of memory, which is no reason to fail. */
static aiodal__statement *
add(aiodal__prepared *cache, uint64_t hash, const char *sql, size_t n, const Oid *types)
{
	size_t len = strlen(sql) + 1;
	Oid *kept = aiodal__malloc(n * sizeof(Oid) + len);
	uint32_t *bucket = &cache->buckets[hash & cache->mask];
	aiodal__statement *s;

	if (!kept)
		return NULL;
	s = make_place(cache);
	s->hash = hash;
	s->n = n;
	s->types = kept;
	s->sql = (char *) (kept + n);
	for (size_t i = 0; i < n; i++)
		kept[i] = types ? types[i] : 0;
	memcpy(s->sql, sql, len);
	s->next = *bucket;
	*bucket = (uint32_t) (s - cache->statements) + 1;
	return s;
}

/* A new name, never used before. */
static void
rename_statement(aiodal__prepared *cache, aiodal__statement *s)
{
	memcpy(s->old, s->name, sizeof(s->old));
	(void) snprintf(s->name, sizeof(s->name), "aiodal_%016" PRIx64 "_%" PRIx32, cache->id, ++cache->serial);
}

aiodal__statement *
aiodal__prepared_find(aiodal__prepared *cache, const char *sql, size_t n, const Oid *types)
{
	aiodal__statement *s;
	uint64_t hash;

	if (cache->limits.size <= 0 || cache->lost >= MAX_LOST || !start(cache))
		return NULL;
	hash = hash_of(sql, n, types);
	if (hash == 0)
		return NULL;
	s = look_up(cache, hash, sql, n, types);
	if (s && s->ready)
		count(&cache->limits.counts->hits);
	else
	{
		if (!s && is_due(cache, hash) && has_plan(sql))
			s = add(cache, hash, sql, n, types);
		if (s)
			rename_statement(cache, s);
	}
	if (s)
		s->used = ++cache->uses;
	return s;
}

void
aiodal__prepared_done(aiodal__prepared *cache, aiodal__statement *statement)
{
	/* forgotten meanwhile */
	if (!statement->types)
		return;
	statement->ready = true;
	statement->old[0] = '\0';
	count(&cache->limits.counts->prepared);
}

/* The server does not know one of our names. */
static bool
is_lost(const aiodal__prepared *cache, const PGresult *res, const char *sqlstate)
{
	const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	char ours[32];

	(void) snprintf(ours, sizeof(ours), "aiodal_%016" PRIx64 "_", cache->id);
	return strcmp(sqlstate, "26000") == 0 && message && strstr(message, ours);
}

/*
 * Its table has changed: the columns it returns are others now, or the types that were found for its
 * parameters when it was prepared do not fit any more. A function that it calls may fail alike, but not with
 * a position in the statement.
 */
static bool
has_changed(const PGresult *res, const char *sqlstate)
{
	static const char *const analysis[] = {"42883", "42804", "42846", "42725"};
	const char *function = PQresultErrorField(res, PG_DIAG_SOURCE_FUNCTION);

	if (strcmp(sqlstate, "0A000") == 0)
		return function && strncmp(function, "RevalidateCached", strlen("RevalidateCached")) == 0;
	for (size_t i = 0; i < sizeof(analysis) / sizeof(analysis[0]); i++)
	{
		if (strcmp(sqlstate, analysis[i]) == 0)
			return PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION) != NULL;
	}
	return false;
}

bool
aiodal__prepared_failed(aiodal__prepared *cache, aiodal__statement *statement, bool anew, const PGresult *res)
{
	const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	if (!sqlstate)
		return false;
	if (is_lost(cache, res, sqlstate))
	{
		count(&cache->limits.counts->stale);
		cache->lost++;
		aiodal__prepared_forget(cache);
		return true;
	}
	if (!statement->ready)
		memcpy(statement->name, statement->old, sizeof(statement->name));
	if (anew)
		return false;
	if (has_changed(res, sqlstate))
	{
		count(&cache->limits.counts->stale);
		statement->ready = false;
		return true;
	}
	/* a value that does not fit a parameter may fit the type that it would have now */
	if (strncmp(sqlstate, "22", 2) == 0)
		statement->ready = false;
	return false;
}

void
aiodal__prepared_forget(aiodal__prepared *cache)
{
	if (!cache->buckets)
		return;
	for (int i = 0; i < cache->limits.size; i++)
		aiodal__free(cache->statements[i].types);
	memset(cache->statements, 0, (size_t) cache->limits.size * sizeof(*cache->statements));
	memset(cache->buckets, 0, (cache->mask + 1) * sizeof(*cache->buckets));
}

void
aiodal__prepared_free(aiodal__prepared *cache)
{
	aiodal__prepared_forget(cache);
	aiodal__free(cache->buckets);
	aiodal__free(cache->statements);
	aiodal__free(cache->seen);
}
