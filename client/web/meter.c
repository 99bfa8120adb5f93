/*
 * meter.c
 *		Counters in a table of fixed size: a key has the slots of one row to be in, and takes the one that
 * began longest ago when it is in none.
 */
#include "meter.h"

#include <pthread.h>
#include <string.h>

#include "clock.h"

#define N_ROWS 64
#define N_WAYS 4

typedef struct slot
{
	uint64_t key;
	uint64_t n, before;
	int64_t since; /* 0: free */
} slot;

struct aiodal_web__meter
{
	int64_t window;
	pthread_mutex_t lock; /* of the slots */
	slot slots[N_ROWS][N_WAYS];
};

aiodal_web__meter *
aiodal_web__meter_new(int64_t window_ms)
{
	aiodal_web__meter *m = aiodal_web__calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->window = window_ms;
	(void) pthread_mutex_init(&m->lock, NULL);
	return m;
}

void
aiodal_web__meter_free(void *meter)
{
	aiodal_web__meter *m = meter;

	if (!m)
		return;
	(void) pthread_mutex_destroy(&m->lock);
	aiodal_web__free(m);
}

static slot *
find(aiodal_web__meter *m, uint64_t key)
{
	slot *row = m->slots[key % N_ROWS];
	slot *oldest = row;
	int i;

	for (i = 0; i < N_WAYS; i++)
	{
		if (row[i].since && row[i].key == key)
			return &row[i];
		if (row[i].since < oldest->since)
			oldest = &row[i];
	}
	memset(oldest, 0, sizeof(*oldest));
	oldest->key = key;
	return oldest;
}

aiodal_web__reading
aiodal_web__meter_count(aiodal_web__meter *m, uint64_t key)
{
	aiodal_web__reading reading;
	int64_t now = aiodal_web__now();
	slot *s;

	(void) pthread_mutex_lock(&m->lock);
	s = find(m, key);
	if (!s->since || now - s->since >= m->window)
	{
		s->before = s->n;
		s->n = 0;
		s->since = now;
	}
	reading.n = ++s->n;
	reading.before = s->before;
	reading.left_ms = s->since + m->window - now;
	(void) pthread_mutex_unlock(&m->lock);
	return reading;
}

/* FNV-1a; the NUL keeps texts apart */
uint64_t
aiodal_web__meter_key(uint64_t key, const char *text)
{
	uint64_t h = key ? key : UINT64_C(14695981039346656037);

	do
		h = (h ^ (unsigned char) *text) * UINT64_C(1099511628211);
	while (*text++);
	return h;
}
