/*
 * calendar.h
 *		Dates and times as numbers, counted from Unix's epoch, and as ISO text.
 *
 * The proleptic Gregorian calendar, as PostgreSQL has it: no leap seconds, the year before 1 is 1 BC.
 */
#ifndef AIODAL_UTIL_CALENDAR_H
#define AIODAL_UTIL_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"

/* Days and microseconds from PostgreSQL's epoch, 2000-01-01, back to Unix's. */
#define AIODAL__EPOCH_DAYS  INT32_C(10957)
#define AIODAL__DAY_USECS   INT64_C(86400000000)
#define AIODAL__EPOCH_USECS (AIODAL__EPOCH_DAYS * AIODAL__DAY_USECS)

typedef enum aiodal__parsed
{
	AIODAL__PARSED,
	AIODAL__GARBLED,
	AIODAL__OUT_OF_RANGE /* a time that 64 bits cannot hold */
} aiodal__parsed;

/* ISO forms as the server prints them. Days since 1970-01-01; microseconds since midnight and since 1970. */
extern bool aiodal__parse_date(const char *text, int32_t *days);
extern bool aiodal__parse_time(const char *text, int64_t *usecs);
extern aiodal__parsed aiodal__parse_timestamp(const char *text, bool with_zone, int64_t *usecs);
extern void aiodal__print_date(aiodal__buf *buf, int32_t days);
extern void aiodal__print_time(aiodal__buf *buf, int64_t usecs);
extern void aiodal__print_timestamp(aiodal__buf *buf, int64_t usecs, bool with_zone);

#endif /* AIODAL_UTIL_CALENDAR_H */
