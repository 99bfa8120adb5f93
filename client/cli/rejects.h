/*
 * rejects.h
 *		Rows that a load sets aside: the first few are shown, all go into a file.
 */
#ifndef AIODAL_CLI_REJECTS_H
#define AIODAL_CLI_REJECTS_H

#include <stdbool.h>

#include <aiodal/bulk.h>

#include "mend.h"
#include "new_file.h"

typedef struct cli_rejects
{
	const char *input; /* what is loaded, for messages; borrowed */
	const char *path;  /* of the CSV file; NULL: none; borrowed */
	bool several;      /* files: of each row is said which it is in */
	bool quiet;
	cli_mend *mend; /* is told where they are; NULL: nobody is; borrowed */
	cli_new_file file;
	int64_t n;
} cli_rejects;

/* Makes the file beside path under another name. Before the load: who cannot write should know at once. */
extern aiodal_status cli_rejects_open(cli_rejects *rejects, aiodal_error **err);

/* An aiodal_reject_cb; payload is the cli_rejects. */
extern int cli_rejects_take(void *payload, const aiodal_reject *reject);

/* The rows that a load of files had set aside before it failed, all of it undone; tx is still open. */
extern void cli_rejects_fetch(cli_rejects *rejects, aiodal_tx *tx, char *const *files, size_t n_files);

/* Gives the file its name; before the commit, so that no row is lost without a trace. */
extern aiodal_status cli_rejects_publish(cli_rejects *rejects, aiodal_error **err);

/* Removes what was not published; harmless at any time. */
extern void cli_rejects_close(cli_rejects *rejects);

#endif /* AIODAL_CLI_REJECTS_H */
