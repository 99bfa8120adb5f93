/*
 * load_jobs.h
 *		A load by several connections: each copies parts of the data into one stage that they share.
 */
#ifndef AIODAL_SRC_LOAD_JOBS_H
#define AIODAL_SRC_LOAD_JOBS_H

#include "load.h"

typedef struct aiodal__jobs aiodal__jobs;

/* Whether the options ask for it; AIODAL_EINVAL for what it cannot be combined with. */
extern aiodal_status aiodal__jobs_check(const aiodal_load_options *o, aiodal_error **err);

/* Opens the connections, besides the pool's, with this SQL run on each. l->jobs is to be closed in any case.
 */
extern aiodal_status aiodal__jobs_open(aiodal__load *l, const char *settings, aiodal_error **err);

/* The connection that the stage is made with, while no part is on its way. */
extern aiodal__conn *aiodal__jobs_conn(aiodal__jobs *jobs);

/* The stage (as SQL) is there, and this is how a part is begun, up to the part's number: all have BEGUN. */
extern aiodal_status aiodal__jobs_begin(aiodal__load *l, const char *join, aiodal_error **err);

/* Sends l->source in parts; when it returns, all of it was handed out. l->wait for a source is this one's. */
extern aiodal_status aiodal__jobs_copy_source(aiodal__load *l, aiodal_error **err);
extern aiodal_status aiodal__jobs_wait(aiodal__load *l, int fd, aiodal_error **err);

/* Waits for all parts, and commits them. */
extern aiodal_status aiodal__jobs_finish(aiodal__load *l, aiodal_error **err);

/* How many parts there were; whether more rows were set aside than may be, so that the rest was not read. */
extern int aiodal__jobs_parts(const aiodal__jobs *jobs);
extern bool aiodal__jobs_gave_up(const aiodal__jobs *jobs);

/* Undoes what is under way and drops the stage (NULL: there is none), which nobody may be using. */
extern void aiodal__jobs_undo(aiodal__load *l, const char *stage);
extern void aiodal__jobs_close(aiodal__jobs *jobs);

#endif /* AIODAL_SRC_LOAD_JOBS_H */
