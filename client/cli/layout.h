/*
 * layout.h
 *		The options that say how a file looks, for load and export.
 */
#ifndef AIODAL_CLI_LAYOUT_H
#define AIODAL_CLI_LAYOUT_H

#include <stdbool.h>

#include <aiodal/bulk.h>

#include "options.h"

typedef struct cli_layout
{
	const char *format; /* a word of the command's; NULL: by the name of the file */
	const char *null;
	const char *encoding;
	char delimiter;
	bool no_header;
} cli_layout;

/* Exits with CLI_EXIT_USAGE when there is no such encoding. */
extern aiodal_layout cli_layout_of(const cli_command *command, const cli_layout *given);

/* The format of a file that the layout leaves to its name, as the library settles it. */
extern aiodal_format cli_format_of(const aiodal_layout *layout, const char *path);

#endif /* AIODAL_CLI_LAYOUT_H */
