/*
 * progress.c
 *		Progress callbacks, not more often than people can read.
 */
#include "progress.h"

#include "error.h"
#include "util/clock.h"
#include "util/errand.h"

#define INTERVAL 0.1 /* seconds */

void
aiodal__progress_start(aiodal__progress *progress, aiodal_progress_cb cb, void *payload)
{
	*progress = (aiodal__progress){.cb = cb, .payload = payload, .start = aiodal__now_seconds()};
	progress->now.size = sizeof(progress->now);
	progress->now.source_total = -1;
	progress->next = progress->start;
}

double
aiodal__progress_elapsed(const aiodal__progress *progress)
{
	return aiodal__now_seconds() - progress->start;
}

typedef struct told
{
	const aiodal__progress *progress;
	int answer;
} told;

static void
tell(void *arg)
{
	told *t = arg;

	t->answer = t->progress->cb(t->progress->payload, &t->progress->now);
}

static int
call(aiodal__progress *progress)
{
	told t = {progress, -1};

	progress->now.elapsed = aiodal__progress_elapsed(progress);
	progress->next = progress->start + progress->now.elapsed + INTERVAL;
	(void) aiodal__errand_call(tell, &t, false);
	return t.answer;
}

int
aiodal__progress_tick(void *payload)
{
	aiodal__progress *progress = payload;

	if (aiodal__errand_cancelled())
		return -1;
	if (!progress->cb || aiodal__now_seconds() < progress->next)
		return 0;
	return call(progress);
}

bool
aiodal__progress_has_ticks(const aiodal__progress *progress)
{
	return progress->cb || aiodal__in_errand();
}

int
aiodal__progress_phase(aiodal__progress *progress, aiodal_phase phase)
{
	progress->now.phase = phase;
	if (aiodal__errand_cancelled())
		return -1;
	return progress->cb ? call(progress) : 0;
}

aiodal_status
aiodal__progress_canceled(aiodal_error **err)
{
	return aiodal__fail_canceled(err, NULL);
}
