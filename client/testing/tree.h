/*
 * tree.h
 *		Directories and what is in them.
 */
#ifndef AIODAL_TESTING_TREE_H
#define AIODAL_TESTING_TREE_H

#include "spawn.h"

/* These return 0, or -1 with errno. */

/* Makes a directory and those it is in, as far as they are missing. */
extern int aiodal_test__make_path(const char *path, mode_t mode);

/* A copy of the directory from, called to, which must not be there; all in it becomes the user's. */
extern int aiodal_test__copy_tree(const char *from, const char *to, const aiodal_test__user *user);

/* A copy of a file; an old one of that name is replaced. */
extern int aiodal_test__copy_file(const char *from, const char *to);

/* Removes it and what is in it; not being there is no error. */
extern int aiodal_test__remove_tree(const char *path);

#endif /* AIODAL_TESTING_TREE_H */
