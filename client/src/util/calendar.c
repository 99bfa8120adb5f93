/*
 * calendar.c
 *		Days to dates and back, by counting years from March, so that the leap day comes last.
 */
#include "util/calendar.h"

#include <string.h>

#define DAYS_PER_ERA 146097 /* of 400 years */
#define EPOCH_SHIFT  719468 /* days from 0000-03-01 to 1970-01-01 */

#define SECOND       INT64_C(1000000)
#define MINUTE       (60 * SECOND)
#define HOUR         (60 * MINUTE)

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t
days_from_date(int64_t year, int month, int day)
{
	int64_t era;
	int64_t year_of_era;
	int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

	year -= month <= 2;
	era = floor_div(year, 400);
	year_of_era = year - era * 400;
	return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
		   EPOCH_SHIFT;
}

static void
date_from_days(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t era = floor_div(days + EPOCH_SHIFT, DAYS_PER_ERA);
	int64_t doe = days + EPOCH_SHIFT - era * DAYS_PER_ERA;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day = (int) (doy - (153 * mp + 2) / 5 + 1);
	*month = (int) (mp < 10 ? mp + 3 : mp - 9);
	*year = yoe + era * 400 + (*month <= 2);
}

static int
days_of_month(int64_t year, int month)
{
	return (int) (days_from_date(year + (month == 12), month % 12 + 1, 1) - days_from_date(year, month, 1));
}

/*
 * Parsing: each function takes what is its own off the front
 */

/* Between min and max digits. */
static bool
number(const char **text, int min, int max, int64_t *value)
{
	int n = 0;

	*value = 0;
	for (; n < max && **text >= '0' && **text <= '9'; n++)
		*value = *value * 10 + *(*text)++ - '0';
	return n >= min;
}

static bool
two_digits(const char **text, int max, int *value)
{
	int64_t number_read;
	bool ok = number(text, 2, 2, &number_read);

	*value = (int) number_read;
	return ok && number_read <= max;
}

static bool
literal(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

/* YYYY-MM-DD; the year may have more digits, and count backwards */
static bool
date(const char **text, bool bc, int64_t *days)
{
	int64_t year;
	int month;
	int day;

	if (!number(text, 4, 7, &year) || !literal(text, '-') || !two_digits(text, 12, &month) ||
		!literal(text, '-') || !two_digits(text, 31, &day) || year < 1 || month < 1 || day < 1)
		return false;
	if (bc)
		year = 1 - year;
	*days = days_from_date(year, month, day);
	return day <= days_of_month(year, month);
}

/* HH:MM:SS, with up to six places behind a point */
static bool
time_of_day(const char **text, int64_t *usecs)
{
	int hour;
	int minute;
	int second;
	int64_t unit = SECOND / 10;

	if (!two_digits(text, 24, &hour) || !literal(text, ':') || !two_digits(text, 59, &minute) ||
		!literal(text, ':') || !two_digits(text, 59, &second))
		return false;
	*usecs = hour * HOUR + minute * MINUTE + second * SECOND;
	if (literal(text, '.'))
	{
		if (**text < '0' || **text > '9')
			return false;
		for (; **text >= '0' && **text <= '9' && unit > 0; unit /= 10)
			*usecs += (*(*text)++ - '0') * unit;
	}
	return *usecs <= AIODAL__DAY_USECS;
}

/* +HH, +HH:MM or +HH:MM:SS */
static bool
zone(const char **text, int64_t *usecs)
{
	int sign = **text == '-' ? -1 : 1;
	int hours;
	int minutes = 0;
	int seconds = 0;

	if (!literal(text, '+') && !literal(text, '-'))
		return false;
	if (!two_digits(text, 23, &hours) || (literal(text, ':') && !two_digits(text, 59, &minutes)) ||
		(literal(text, ':') && !two_digits(text, 59, &seconds)))
		return false;
	*usecs = sign * (hours * HOUR + minutes * MINUTE + seconds * SECOND);
	return true;
}

/* Whether it counts before Christ, which is said at the end. */
static bool
is_bc(const char *text)
{
	size_t len = strlen(text);

	return len > 3 && strcmp(text + len - 3, " BC") == 0;
}

static bool
at_end(const char *text, bool bc)
{
	return bc ? strcmp(text, " BC") == 0 : *text == '\0';
}

bool
aiodal__parse_date(const char *text, int32_t *days)
{
	bool bc = is_bc(text);
	int64_t wide;

	if (strcmp(text, "infinity") == 0 || strcmp(text, "-infinity") == 0)
	{
		*days = *text == '-' ? INT32_MIN : INT32_MAX;
		return true;
	}
	if (!date(&text, bc, &wide) || !at_end(text, bc) || wide <= INT32_MIN || wide >= INT32_MAX)
		return false;
	*days = (int32_t) wide;
	return true;
}

bool
aiodal__parse_time(const char *text, int64_t *usecs)
{
	return time_of_day(&text, usecs) && *text == '\0';
}

aiodal__parsed
aiodal__parse_timestamp(const char *text, bool with_zone, int64_t *usecs)
{
	bool bc = is_bc(text);
	int64_t days;
	int64_t time;
	int64_t offset = 0;

	if (strcmp(text, "infinity") == 0 || strcmp(text, "-infinity") == 0)
	{
		*usecs = *text == '-' ? INT64_MIN : INT64_MAX;
		return AIODAL__PARSED;
	}
	if (!date(&text, bc, &days) || !literal(&text, ' ') || !time_of_day(&text, &time) ||
		(with_zone && !zone(&text, &offset)) || !at_end(text, bc))
		return AIODAL__GARBLED;
	if (__builtin_mul_overflow(days, AIODAL__DAY_USECS, usecs) ||
		__builtin_add_overflow(*usecs, time - offset, usecs) || *usecs == INT64_MAX || *usecs == INT64_MIN)
		return AIODAL__OUT_OF_RANGE;
	return AIODAL__PARSED;
}

/*
 * Printing
 */

/* true when the year counts backwards, which is to be said at the end */
static bool
print_day(aiodal__buf *buf, int64_t days)
{
	int64_t year;
	int month;
	int day;

	date_from_days(days, &year, &month, &day);
	aiodal__buf_printf(buf, "%04lld-%02d-%02d", (long long) (year > 0 ? year : 1 - year), month, day);
	return year <= 0;
}

void
aiodal__print_date(aiodal__buf *buf, int32_t days)
{
	if (days == INT32_MAX || days == INT32_MIN)
		aiodal__buf_str(buf, days < 0 ? "-infinity" : "infinity");
	else if (print_day(buf, days))
		aiodal__buf_str(buf, " BC");
}

void
aiodal__print_time(aiodal__buf *buf, int64_t usecs)
{
	aiodal__buf_printf(buf, "%02lld:%02d:%02d.%06d", (long long) (usecs / HOUR), (int) (usecs / MINUTE % 60),
					   (int) (usecs / SECOND % 60), (int) (usecs % SECOND));
}

void
aiodal__print_timestamp(aiodal__buf *buf, int64_t usecs, bool with_zone)
{
	int64_t days = floor_div(usecs, AIODAL__DAY_USECS);
	bool bc;

	if (usecs == INT64_MAX || usecs == INT64_MIN)
	{
		aiodal__buf_str(buf, usecs < 0 ? "-infinity" : "infinity");
		return;
	}
	bc = print_day(buf, days);
	aiodal__buf_str(buf, " ");
	/* what is left of the day; days times its length may not fit */
	aiodal__print_time(buf, (usecs % AIODAL__DAY_USECS + AIODAL__DAY_USECS) % AIODAL__DAY_USECS);
	aiodal__buf_printf(buf, "%s%s", with_zone ? "+00" : "", bc ? " BC" : "");
}
