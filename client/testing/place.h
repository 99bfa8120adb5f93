/*
 * place.h
 *		Where a test takes place.
 */
#ifndef AIODAL_TESTING_PLACE_H
#define AIODAL_TESTING_PLACE_H

#include "group.h"

/* Copies the template and opens the db. On failure nothing of it is left. */
extern aiodal_status
aiodal_test__place_open(aiodal_test__place *place, aiodal_test_group *group, aiodal_error **err);

/* Closes the db and drops the database, unless that is to be kept. */
extern void aiodal_test__place_close(aiodal_test__place *place, aiodal_test_group *group, bool keep);

#endif /* AIODAL_TESTING_PLACE_H */
