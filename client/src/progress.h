/*
 * progress.h
 *		Telling the caller how far a load or an export is.
 */
#ifndef AIODAL_SRC_PROGRESS_H
#define AIODAL_SRC_PROGRESS_H

#include <aiodal/bulk.h>

typedef struct aiodal__progress
{
	aiodal_progress_cb cb; /* may be NULL */
	void *payload;
	double start;
	double next; /* when to call again */
	aiodal_progress now;
} aiodal__progress;

extern void aiodal__progress_start(aiodal__progress *progress, aiodal_progress_cb cb, void *payload);

/* Calls if it is time; non-zero: cancel, which an errand may have been, too. As an aiodal__tick_fn, too. */
extern int aiodal__progress_tick(void *progress);

/* Whether somebody may cancel, so that there is a need for ticks. */
extern bool aiodal__progress_has_ticks(const aiodal__progress *progress);

/* Calls in any case. */
extern int aiodal__progress_phase(aiodal__progress *progress, aiodal_phase phase);

/* Seconds since the start. */
extern double aiodal__progress_elapsed(const aiodal__progress *progress);

/* The error for a callback that wants to stop. */
extern aiodal_status aiodal__progress_canceled(aiodal_error **err);

#endif /* AIODAL_SRC_PROGRESS_H */
