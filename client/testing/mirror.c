/*
 * mirror.c
 *		A second installation beside the first, which stays as it is.
 *
 * postgres finds its libraries and shared files by its own place, links resolved. So it is copied, and the
 * directories it then looks into are made of links: to the installation's files, and to those of destdir
 * where that has one of the same name.
 */
#include "install.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "tree.h"

/* to/name -> from/name, in place of what may be there */
static int
link_one(const char *from, const char *to, const char *name)
{
	char *target = aiodal_test__printf("%s/%s", from, name);
	char *path = aiodal_test__printf("%s/%s", to, name);
	int result = -1;

	if (target && path)
		result = symlink(target, path);
	if (result != 0 && path && errno == EEXIST && unlink(path) == 0)
		result = symlink(target, path);
	free(target);
	free(path);
	return result;
}

/* Links to all that is in from, but for one name. A directory that is not there is empty. */
static int
link_all(const char *from, const char *to, const char *but)
{
	DIR *dir = opendir(from);
	struct dirent *entry;
	int result = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -1;
	while (result == 0 && (entry = readdir(dir)))
	{
		const char *name = entry->d_name;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, but) != 0)
			result = link_one(from, to, name);
	}
	(void) closedir(dir);
	return result;
}

/* dir/place: links to what is in place, then to what is in destdir/place. */
static int
mirror_one(const char *destdir, const char *dir, const char *place, const char *below, const char *but)
{
	char *from = aiodal_test__printf("%s%s", place, below);
	char *over = aiodal_test__printf("%s%s%s", destdir, place, below);
	char *to = aiodal_test__printf("%s%s%s", dir, place, below);
	int result = -1;

	if (from && over && to && aiodal_test__make_path(to, 0755) == 0 && link_all(from, to, but) == 0)
		result = link_all(over, to, but);
	free(from);
	free(over);
	free(to);
	return result;
}

static int
copy_postgres(const aiodal_test__install *install, const char *dir)
{
	char *from = aiodal_test__printf("%s/postgres", install->bindir);
	char *bindir = aiodal_test__printf("%s%s", dir, install->bindir);
	int result = -1;

	if (from && bindir && aiodal_test__make_path(bindir, 0755) == 0)
		result = aiodal_test__copy_file(from, install->postgres);
	free(from);
	free(bindir);
	return result;
}

aiodal_status
aiodal_test__make_mirror(const aiodal_test__install *install, const char *destdir, const char *dir,
						 aiodal_error **err)
{
	if (access(destdir, R_OK | X_OK) != 0)
		return aiodal_test__fail(err, AIODAL_ENOTFOUND, "could not read the mirror %s: %m", destdir);
	if (mirror_one(destdir, dir, install->libdir, "", "bitcode") == 0 &&
		mirror_one(destdir, dir, install->sharedir, "", "extension") == 0 &&
		mirror_one(destdir, dir, install->sharedir, "/extension", "") == 0 &&
		copy_postgres(install, dir) == 0)
		return AIODAL_OK;
	return aiodal_test__fail(err, AIODAL_ESTATE, "could not mirror the installation of %s in %s: %m",
							 install->version, dir);
}
