/*
 * files.c
 *		Files of SQL: one, or those in a directory.
 */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base.h"

#define FILE_MAX ((size_t) INT_MAX) /* what one message to the server can hold */

static bool
ends_with(const char *name, const char *end)
{
	size_t n = strlen(name);

	return n > strlen(end) && strcmp(name + n - strlen(end), end) == 0;
}

static int
is_migration(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && ends_with(entry->d_name, ".sql") &&
		   !ends_with(entry->d_name, ".down.sql");
}

static aiodal_status
one_file(const char *path, aiodal_test__file_fn fn, void *payload, aiodal_error **err)
{
	char *sql = aiodal_test__read_tail(path, FILE_MAX);
	aiodal_status status;

	if (!sql)
		return aiodal_test__fail(err, errno == ENOENT ? AIODAL_ENOTFOUND : AIODAL_ESTATE,
								 "could not read %s: %m", path);
	status = fn(payload, path, sql, err);
	free(sql);
	return status;
}

static aiodal_status
directory(const char *path, aiodal_test__file_fn fn, void *payload, aiodal_error **err)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, is_migration, versionsort);
	aiodal_status status = AIODAL_OK;

	if (n < 0)
		return aiodal_test__fail(err, AIODAL_ENOTFOUND, "could not read %s: %m", path);
	if (n == 0)
		status = aiodal_test__fail(err, AIODAL_EINVAL, "there is no *.sql in %s", path);
	for (int i = 0; i < n; i++)
	{
		char *file = status == AIODAL_OK ? aiodal_test__printf("%s/%s", path, entries[i]->d_name) : NULL;

		if (file)
			status = one_file(file, fn, payload, err);
		else if (status == AIODAL_OK)
			status = aiodal_test__oom(err);
		free(file);
		free(entries[i]);
	}
	free(entries);
	return status;
}

aiodal_status
aiodal_test__each_file(const char *path, aiodal_test__file_fn fn, void *payload, aiodal_error **err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return aiodal_test__fail(err, AIODAL_ENOTFOUND, "could not read %s: %m", path);
	return S_ISDIR(st.st_mode) ? directory(path, fn, payload, err) : one_file(path, fn, payload, err);
}
