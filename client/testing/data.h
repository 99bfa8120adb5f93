/*
 * data.h
 *		Data directories, ready to start.
 */
#ifndef AIODAL_TESTING_DATA_H
#define AIODAL_TESTING_DATA_H

#include "install.h"
#include "spawn.h"

/*
 * Makes the data directory dir/data: a copy of the one kept in cache (NULL: there is none) for this
 * installation; the first time, and when the cache cannot be written, by initdb. Its settings are to be
 * appended to. Waits no longer than until deadline for another process that is filling the cache.
 */
extern aiodal_status
aiodal_test__make_data(const char *dir, const aiodal_test__install *install, const char *cache,
					   const aiodal_test__user *user, int64_t deadline, aiodal_error **err);

#endif /* AIODAL_TESTING_DATA_H */
