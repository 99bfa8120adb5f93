/*
 * new_file.h
 *		A file that has its name only when all of it is there.
 */
#ifndef AIODAL_CLI_NEW_FILE_H
#define AIODAL_CLI_NEW_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include <aiodal/error.h>

typedef struct cli_new_file
{
	const char *path; /* borrowed */
	const char *what; /* is in it, for messages; borrowed */
	char *target;     /* the file's name when all is written: path, behind symbolic links */
	char
		*unfinished; /* and until then; NULL where path is no file that could be replaced: a device, a pipe */
	FILE *stream;    /* NULL: not open */
} cli_new_file;

/* Makes the file beside path under another name, or opens the device or pipe. Errors: EINVAL. */
extern aiodal_status cli_new_file_open(cli_new_file *file, aiodal_error **err);

/* Gives the file its name, in place of one that is there; it stays open. */
extern aiodal_status cli_new_file_publish(cli_new_file *file, aiodal_error **err);

/* Removes what was not published; harmless at any time. */
extern void cli_new_file_close(cli_new_file *file);

#endif /* AIODAL_CLI_NEW_FILE_H */
