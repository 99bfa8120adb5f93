/*
 * progress.h
 *		How far a load or an export is: a bar on a terminal, now and then a line elsewhere.
 */
#ifndef AIODAL_CLI_PROGRESS_H
#define AIODAL_CLI_PROGRESS_H

#include <stdbool.h>

#include <aiodal/bulk.h>

typedef struct cli_progress
{
	const char *name; /* of the file, without its directory; borrowed */
	const char *unit; /* what is counted: "lines", "rows"; borrowed */
	const char *path; /* of the file that is read, when there are several; borrowed */
	bool quiet;
	bool bar;           /* stderr is a terminal */
	bool drawn;         /* a bar is on the screen */
	int64_t rows;       /* when it was told last */
	double shown;       /* when something was shown last, in seconds since the start */
	double merge_began; /* 0: not yet */
	double rate;        /* of source bytes a second, lately */
	double rate_at;
	int64_t rate_bytes;
} cli_progress;

extern void cli_progress_start(cli_progress *progress, const char *name, const char *unit, bool quiet);

/* An aiodal_progress_cb; payload is the cli_progress. Cancels when the program was interrupted. */
extern int cli_progress_show(void *payload, const aiodal_progress *now);

/* Takes the bar off the screen, so that something else can be written. */
extern void cli_progress_clear(cli_progress *progress);

/* "12.3 MB"; "0:07", "1:02:03" for what goes on; "35 ms", "1.25 s" for what is done */
extern const char *cli_format_bytes(char buf[24], double bytes);
extern const char *cli_format_seconds(char buf[24], double seconds);

extern const char *cli_format_elapsed(char buf[24], double seconds);

#endif /* AIODAL_CLI_PROGRESS_H */
