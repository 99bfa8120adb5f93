/*
 * template.h
 *		The database that all tests of a group begin with.
 */
#ifndef AIODAL_TESTING_TEMPLATE_H
#define AIODAL_TESTING_TEMPLATE_H

#include <aiodal/testing_group.h>

#include "database.h"

/*
 * Makes it, or finds the one made before out of the same. pg, a connection to conninfo, holds an advisory
 * lock on its name from then on. *kept: it is to stay when the group ends.
 */
extern aiodal_status
aiodal_test__make_template(char name[AIODAL_TEST__NAME_MAX], bool *kept, PGconn *pg, const char *conninfo,
						   const aiodal_test_group_options *options, aiodal_error **err);

#endif /* AIODAL_TESTING_TEMPLATE_H */
