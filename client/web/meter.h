/*
 * meter.h
 *		How often something happened lately: so that what happens all the time is not told of all the time.
 */
#ifndef AIODAL_WEB_METER_H
#define AIODAL_WEB_METER_H

#include <stdint.h>

#include "mem.h"

/* Any number of threads may use it at once. Its size is fixed: of too many keys the oldest are forgotten. */
typedef struct aiodal_web__meter aiodal_web__meter;

typedef struct aiodal_web__reading
{
	uint64_t n;      /* in this window, with the one just counted */
	uint64_t before; /* in the window before */
	int64_t left_ms; /* until this window is over */
} aiodal_web__reading;

/* NULL when out of memory. */
extern aiodal_web__meter *aiodal_web__meter_new(int64_t window_ms);

/* Counts one more. A key's window begins with the first of them. */
extern aiodal_web__reading aiodal_web__meter_count(aiodal_web__meter *meter, uint64_t key);

/* void *, as it is freed with an app. NULL is fine. */
extern void aiodal_web__meter_free(void *meter);

/* A key out of texts, each added to what there was; begin with 0. */
extern uint64_t aiodal_web__meter_key(uint64_t key, const char *text);

#endif /* AIODAL_WEB_METER_H */
