/*
 * tree.c
 *		Copies and removes directories.
 *
 * File systems that can share blocks between files do so in copy_file_range().
 */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 65536

int
aiodal_test__make_path(const char *path, mode_t mode)
{
	char *copy = strdup(path);
	int result = 0;

	if (!copy)
		return -1;
	for (char *p = copy + 1; result == 0; p++)
	{
		char c = *p;

		if (c && c != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, mode) != 0 && errno != EEXIST)
			result = -1;
		*p = c;
		if (!c)
			break;
	}
	free(copy);
	return result;
}

static int
copy_by_hand(int from, int to)
{
	char block[BLOCK];
	ssize_t n;

	while ((n = read(from, block, sizeof(block))) > 0)
	{
		for (ssize_t done = 0; done < n;)
		{
			ssize_t written = write(to, block + done, (size_t) (n - done));

			if (written < 0)
				return -1;
			done += written;
		}
	}
	return (int) n;
}

static int
copy_content(int from, int to, off_t size)
{
	while (size > 0)
	{
		ssize_t n = copy_file_range(from, NULL, to, NULL, (size_t) size, 0);

		/* not between these, or the file has become shorter */
		if (n <= 0)
			return copy_by_hand(from, to);
		size -= n;
	}
	return 0;
}

static int
copy_open_file(int from, int to, const aiodal_test__user *user)
{
	struct stat st;

	if (fstat(from, &st) != 0 || fchmod(to, st.st_mode & 07777) != 0)
		return -1;
	if (user && user->name && fchown(to, user->uid, user->gid) != 0)
		return -1;
	return copy_content(from, to, st.st_size);
}

static int
copy_file_at(int from_dir, const char *from_name, int to_dir, const char *to_name,
			 const aiodal_test__user *user)
{
	int from = openat(from_dir, from_name, O_RDONLY | O_CLOEXEC);
	int to = from >= 0 ? openat(to_dir, to_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
	int result = to >= 0 ? copy_open_file(from, to, user) : -1;

	if (to >= 0 && close(to) != 0)
		result = -1;
	if (from >= 0)
		(void) close(from);
	return result;
}

int
aiodal_test__copy_file(const char *from, const char *to)
{
	if (unlink(to) != 0 && errno != ENOENT)
		return -1;
	return copy_file_at(AT_FDCWD, from, AT_FDCWD, to, NULL);
}

static int copy_entries(DIR *from, int to, const aiodal_test__user *user);

/* The directory name of one to a new one in the other; both descriptors stay the caller's. */
static int
copy_dir_at(int from_dir, const char *from_name, int to_dir, const char *to_name,
			const aiodal_test__user *user)
{
	int from_fd = openat(from_dir, from_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *from = from_fd >= 0 ? fdopendir(from_fd) : NULL;
	int to = -1;
	int result = -1;

	if (from && mkdirat(to_dir, to_name, 0700) == 0)
		to = openat(to_dir, to_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to >= 0 && (!user->name || fchown(to, user->uid, user->gid) == 0))
		result = copy_entries(from, to, user);
	if (to >= 0)
		(void) close(to);
	if (from)
		(void) closedir(from);
	else if (from_fd >= 0)
		(void) close(from_fd);
	return result;
}

static int
copy_entries(DIR *from, int to, const aiodal_test__user *user)
{
	struct dirent *entry;
	int result = 0;

	errno = 0;
	while (result == 0 && (entry = readdir(from)))
	{
		const char *name = entry->d_name;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		if (entry->d_type == DT_DIR)
			result = copy_dir_at(dirfd(from), name, to, name, user);
		else
			result = copy_file_at(dirfd(from), name, to, name, user);
		if (result == 0)
			errno = 0;
	}
	return errno ? -1 : result;
}

int
aiodal_test__copy_tree(const char *from, const char *to, const aiodal_test__user *user)
{
	return copy_dir_at(AT_FDCWD, from, AT_FDCWD, to, user);
}

static int
remove_entry(const char *path, const struct stat *st, int kind, struct FTW *place)
{
	(void) st;
	(void) kind;
	(void) place;
	return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

int
aiodal_test__remove_tree(const char *path)
{
	int result = nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);

	return result == 0 || errno == ENOENT ? 0 : -1;
}
