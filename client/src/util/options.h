/*
 * options.h
 *		Option structs that grow from version to version.
 */
#ifndef AIODAL_UTIL_OPTIONS_H
#define AIODAL_UTIL_OPTIONS_H

#include <stddef.h>

#include <aiodal/api.h>

/*
 * Copies the caller's struct over ours, whose own size is "size" and which may be newer or older. given NULL:
 * all defaults (zero). AIODAL_EINVAL when it was not initialised, or comes from newer headers and uses what
 * we do not know.
 */
extern aiodal_status
aiodal__options_copy(void *ours, size_t size, const void *given, const char *what, aiodal_error **err);

/*
 * The other way round: ours, which begins with its size as all such structs do, goes to the caller's, as much
 * of it as that has room for. The caller's size stays; theirs may be NULL.
 */
extern void aiodal__options_give(void *theirs, const void *ours, size_t size);

#endif /* AIODAL_UTIL_OPTIONS_H */
