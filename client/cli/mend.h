/*
 * mend.h
 *		Records that a load set aside, copied out of its files as they are there, to be mended and loaded.
 */
#ifndef AIODAL_CLI_MEND_H
#define AIODAL_CLI_MEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aiodal/bulk.h>

#include "new_file.h"

typedef struct cli_mend_line cli_mend_line;

typedef struct cli_mend
{
	cli_new_file file;
	char *const *inputs; /* borrowed */
	size_t n_inputs;
	aiodal_format format;
	bool header; /* each input begins with one, and so will the file */

	const char *eol;      /* of the first input: what the file's lines end in */
	cli_mend_line *lines; /* where the records are */
	size_t n_lines;
} cli_mend;

/* Makes the file. Errors: EINVAL, also when the inputs cannot be read twice or their headers differ. */
extern aiodal_status cli_mend_open(cli_mend *mend, aiodal_error **err);

/* The record that begins in this line (from 1) of this input is to be in the file. */
extern void cli_mend_add(cli_mend *mend, const char *input, int64_t line);

/* Copies the records, in the order of the inputs, and gives the file its name. */
extern aiodal_status cli_mend_publish(cli_mend *mend, aiodal_error **err);

/* Removes what was not published; harmless at any time. */
extern void cli_mend_close(cli_mend *mend);

#endif /* AIODAL_CLI_MEND_H */
