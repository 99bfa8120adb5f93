/*
 * new_file.c
 *		A file that has its name only when all of it is there.
 */
#include "new_file.h"

#include <errno.h>
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

aiodal_status
cli_new_file_open(cli_new_file *file, aiodal_error **err)
{
	mode_t mask;
	int fd;

	file->unfinished = cli_printf("%s.XXXXXX", file->path);
	fd = mkstemp(file->unfinished);
	if (fd < 0)
	{
		free(file->unfinished);
		file->unfinished = NULL;
		return fail(file, "create", err);
	}
	/* mkstemp lets nobody else read it; a file that is asked for by name is as the user's files are */
	mask = umask(0);
	(void) umask(mask);
	(void) fchmod(fd, 0666 & ~mask);
	file->stream = fdopen(fd, "w");
	return file->stream ? AIODAL_OK : fail(file, "write", err);
}

aiodal_status
cli_new_file_publish(cli_new_file *file, aiodal_error **err)
{
	bool written = !ferror(file->stream) && fflush(file->stream) == 0 && fsync(fileno(file->stream)) == 0;

	if (!written)
		return fail(file, "write", err);
	if (rename(file->unfinished, file->path) != 0)
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
	file->stream = NULL;
	file->unfinished = NULL;
}
