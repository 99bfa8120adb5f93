/*
 * recorder.h
 *		The last statements of a db, for reports.
 */
#ifndef AIODAL_TESTING_RECORDER_H
#define AIODAL_TESTING_RECORDER_H

#include <stdio.h>

#include <aiodal/db.h>
#include <aiodal/error.h>

typedef struct aiodal_test__recorder aiodal_test__recorder;

/* Remembers n of them. NULL when out of memory. */
extern aiodal_test__recorder *aiodal_test__recorder_new(int n);
extern void aiodal_test__recorder_free(aiodal_test__recorder *recorder);

/* Puts it on a list, all of which is freed at once. */
extern void aiodal_test__recorder_push(aiodal_test__recorder **list, aiodal_test__recorder *recorder);

/* Has the db that is opened with these options tell the recorder, and whom they name already. */
extern void aiodal_test__recorder_attach(aiodal_test__recorder *recorder, aiodal_db_options *options);

/* Forgets all of them. */
extern void aiodal_test__recorder_clear(aiodal_test__recorder *recorder);

extern void aiodal_test__recorder_print(aiodal_test__recorder *recorder, FILE *out);

#endif /* AIODAL_TESTING_RECORDER_H */
