/*
 * progress.c
 *		How far a load or an export is.
 *
 * A bar appears after a moment, so that short runs leave the screen alone, is redrawn in place in the width
 * the terminal has at that time, and goes away at the end. Where there is no terminal (a cron job's mail, a
 * log), long runs say a line now and then.
 */
#include "progress.h"

#include <stdio.h>
#include <string.h>

#include "interrupt.h"
#include "terminal.h"

#define FIRST_BAR_AFTER  0.3 /* seconds */
#define FIRST_LINE_AFTER 5.0
#define LINE_EVERY       10.0
#define RATE_OVER        2.0 /* seconds a rate is averaged over */

/* Without its directory. */
static const char *
file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

void
cli_progress_start(cli_progress *progress, const char *name, const char *unit, bool quiet)
{
	*progress =
		(cli_progress){.name = file_name(name), .unit = unit, .quiet = quiet, .bar = cli_is_terminal(stderr)};
}

const char *
cli_format_bytes(char buf[24], double bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	int unit = 0;

	for (; bytes >= 999.5 && unit < 6; unit++)
		bytes /= 1000;
	(void) snprintf(buf, 24, unit == 0 || bytes >= 99.95 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
	return buf;
}

const char *
cli_format_seconds(char buf[24], double seconds)
{
	unsigned s = seconds < 0 ? 0 : seconds > 359999 ? 359999 : (unsigned) (seconds + 0.5);

	if (s >= 3600)
		(void) snprintf(buf, 24, "%u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
	else
		(void) snprintf(buf, 24, "%u:%02u", s / 60, s % 60);
	return buf;
}

const char *
cli_format_elapsed(char buf[24], double seconds)
{
	if (seconds < 0.9995)
		(void) snprintf(buf, 24, "%.0f ms", seconds * 1000);
	else if (seconds < 60)
		(void) snprintf(buf, 24, "%.2f s", seconds);
	else
		(void) cli_format_seconds(buf, seconds);
	return buf;
}

/* Follows the rate of the last seconds: a mean over all of it would not notice that a pipe stalls. */
static void
update_rate(cli_progress *progress, const aiodal_progress *now)
{
	double span = now->elapsed - progress->rate_at;
	double rate;

	if (span < 0.1)
		return;
	rate = (double) (now->source_bytes - progress->rate_bytes) / span;
	if (progress->rate_at == 0)
		progress->rate = rate;
	else
		progress->rate += (rate - progress->rate) * (span > RATE_OVER ? 1 : span / RATE_OVER);
	progress->rate_at = now->elapsed;
	progress->rate_bytes = now->source_bytes;
}

static double
fraction(const aiodal_progress *now)
{
	double done;

	if (now->source_total <= 0)
		return -1;
	done = (double) now->source_bytes / (double) now->source_total;
	return done > 1 ? 1 : done;
}

/* " 62%  7.6 of 12.3 MB  14.2 MB/s  46812 rows  0:03 left" */
static void
describe_copy(const cli_progress *progress, const aiodal_progress *now, char *text, size_t size)
{
	char done[24];
	char total[24];
	char rate[24];
	char rest[24];
	double part = fraction(now);
	size_t used;

	(void) cli_format_bytes(done, (double) now->source_bytes);
	(void) cli_format_bytes(rate, progress->rate);
	(void) cli_format_bytes(total, (double) now->source_total);
	if (part >= 0)
		(void) snprintf(text, size, "%3d%%  %s of %s  %s/s  %lld %s", (int) (part * 100), done, total, rate,
						(long long) now->rows, progress->unit);
	else
		(void) snprintf(text, size, "%s  %s/s  %lld %s", done, rate, (long long) now->rows, progress->unit);
	used = strlen(text);
	if (part >= 0 && progress->rate > 0)
		(void) snprintf(
			text + used, size - used, "  %s left",
			cli_format_seconds(rest, (double) (now->source_total - now->source_bytes) / progress->rate));
	else
		(void) snprintf(text + used, size - used, "  %s", cli_format_seconds(rest, now->elapsed));
}

static void
describe_merge(const cli_progress *progress, const aiodal_progress *now, char *text, size_t size)
{
	char time[24];

	(void) snprintf(text, size, "merging  %s",
					cli_format_seconds(time, now->elapsed - progress->merge_began));
}

static void
describe(const cli_progress *progress, const aiodal_progress *now, char *text, size_t size)
{
	if (now->phase == AIODAL_PHASE_MERGE)
		describe_merge(progress, now, text, size);
	else
		describe_copy(progress, now, text, size);
}

/* Fills a bar of so many columns; with block characters a column shows eighths. */
static void
make_bar(char *bar, int columns, double part)
{
	static const char *const eighths[] = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	int filled = (int) (part * columns * 8);

	*bar = '\0';
	for (int i = 0; i < columns; i++, filled -= 8)
	{
		if (cli_is_utf8())
			bar = stpcpy(bar, filled >= 8 ? "█" : eighths[filled > 0 ? filled : 0]);
		else
			bar = stpcpy(bar, filled >= 8 ? "=" : filled > 0 ? ">" : " ");
	}
}

/* How many of at most limit bytes end where a character ends. */
static int
whole_characters(const char *text, int limit)
{
	int n = (int) strlen(text);

	if (n <= limit)
		return n;
	for (n = limit; n > 0 && ((unsigned char) text[n] & 0xc0) == 0x80;)
		n--;
	return n;
}

/* What is left of the line goes to a bar, if that is enough for one. */
static void
draw_bar_itself(double part, int room)
{
	enum
	{
		LEAST = 6,
		MOST = 30
	};
	char bar[MOST * 4 + 1];

	if (part < 0 || room < LEAST)
		return;
	make_bar(bar, room > MOST ? MOST : room, part);
	(void) fprintf(stderr, cli_is_utf8() ? "%s%s%s " : "[%s%s%s] ", cli_style(stderr, CLI_STYLE_FAINT), bar,
				   cli_style(stderr, CLI_STYLE_NONE));
}

static void
draw(cli_progress *progress, const aiodal_progress *now)
{
	char text[160];
	/* the last column stays free: some terminals wrap when it is written */
	int width = cli_terminal_width(stderr) - 1;
	int name = whole_characters(progress->name, width / 4);
	int room = width - name - 2;

	describe(progress, now, text, sizeof(text));
	(void) fprintf(stderr, "\r%.*s  ", name, progress->name);
	if (now->phase == AIODAL_PHASE_COPY)
		draw_bar_itself(fraction(now), room - (int) strlen(text) - 4);
	(void) fprintf(stderr, "%.*s\033[K", room > 0 ? room : 0, text);
	(void) fflush(stderr);
	progress->drawn = true;
	progress->shown = now->elapsed;
}

static void
print_line(cli_progress *progress, const aiodal_progress *now)
{
	char text[160];

	describe(progress, now, text, sizeof(text));
	(void) fprintf(stderr, "aiodal: %s: %s\n", progress->name, text + strspn(text, " "));
	progress->shown = now->elapsed;
}

static bool
line_is_due(const cli_progress *progress, const aiodal_progress *now)
{
	if (progress->shown == 0)
		return now->elapsed >= FIRST_LINE_AFTER;
	return now->elapsed - progress->shown >= LINE_EVERY;
}

int
cli_progress_show(void *payload, const aiodal_progress *now)
{
	cli_progress *progress = payload;

	progress->rows = now->rows;
	update_rate(progress, now);
	progress->path = now->n_paths > 1 ? now->path : NULL;
	if (progress->path)
		progress->name = file_name(progress->path);
	if (now->phase == AIODAL_PHASE_MERGE && progress->merge_began == 0)
		progress->merge_began = now->elapsed;
	if (progress->quiet || now->phase == AIODAL_PHASE_DONE)
		cli_progress_clear(progress);
	else if (progress->bar && now->elapsed >= FIRST_BAR_AFTER)
		draw(progress, now);
	else if (!progress->bar && line_is_due(progress, now))
		print_line(progress, now);
	return cli_interrupted();
}

void
cli_progress_clear(cli_progress *progress)
{
	if (!progress->drawn)
		return;
	(void) fputs("\r\033[K", stderr);
	(void) fflush(stderr);
	progress->drawn = false;
}
