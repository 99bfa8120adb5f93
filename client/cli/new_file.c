/*
 * new_file.c
 *		A file that has its name only when all of it is there.
 */
#include "new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"

static aiodal_status
fail(const cli_new_file *file, const char *action, aiodal_error **err)
{
	char *message =
		cli_printf("could not %s file \"%s\" for %s: %s", action, file->path, file->what, strerror(errno));
	aiodal_status status = aiodal_error_set(err, AIODAL_EINVAL, message, NULL, NULL);

	free(message);
	return status;
}

static aiodal_status
fail_directory(const cli_new_file *file, aiodal_error **err)
{
	char *message = cli_printf("\"%s\", for %s, is a directory", file->path, file->what);
	aiodal_status status = aiodal_error_set(err, AIODAL_EINVAL, message, NULL, "Name a file in it.");

	free(message);
	return status;
}

/* mkstemp lets nobody else read it; a file that is asked for by name is as the user's files are. */
static mode_t
mode_of_new(void)
{
	mode_t mask = umask(0);

	(void) umask(mask);
	return 0666 & ~mask;
}

static int
open_unfinished(cli_new_file *file, mode_t mode)
{
	int fd;

	file->unfinished = cli_printf("%s.XXXXXX", file->target);
	fd = mkstemp(file->unfinished);
	if (fd >= 0)
	{
		(void) fchmod(fd, mode);
		return fd;
	}
	free(file->unfinished);
	file->unfinished = NULL;
	return fd;
}

aiodal_status
cli_new_file_open(cli_new_file *file, aiodal_error **err)
{
	struct stat st;
	bool exists = stat(file->path, &st) == 0;
	int fd;

	if (exists && S_ISDIR(st.st_mode))
		return fail_directory(file, err);
	if (exists)
		file->target = realpath(file->path, NULL);
	if (!file->target)
		file->target = cli_printf("%s", file->path);
	if (exists && !S_ISREG(st.st_mode))
		fd = open(file->path, O_WRONLY | O_CLOEXEC);
	else
		fd = open_unfinished(file, exists ? st.st_mode & 0777 : mode_of_new());
	if (fd < 0)
		return fail(file, exists ? "open" : "create", err);
	file->stream = fdopen(fd, "w");
	return file->stream ? AIODAL_OK : fail(file, "write", err);
}

aiodal_status
cli_new_file_publish(cli_new_file *file, aiodal_error **err)
{
	bool written = !ferror(file->stream) && fflush(file->stream) == 0 &&
				   (!file->unfinished || fsync(fileno(file->stream)) == 0);

	if (!written)
		return fail(file, "write", err);
	if (file->unfinished && rename(file->unfinished, file->target) != 0)
		return fail(file, "rename", err);
	free(file->unfinished);
	file->unfinished = NULL;
	return AIODAL_OK;
}

void
cli_new_file_close(cli_new_file *file)
{
	if (file->stream)
		(void) fclose(file->stream);
	if (file->unfinished)
		(void) unlink(file->unfinished);
	free(file->unfinished);
	free(file->target);
	file->stream = NULL;
	file->unfinished = NULL;
	file->target = NULL;
}
