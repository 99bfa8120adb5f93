/*
 * aiodal/or_exit.h
 *		For example programs and tools of one file: print the error and exit.
 *
 * Not part of the library and not included by aiodal.h. A service handles its errors.
 */
#ifndef AIODAL_OR_EXIT_H
#define AIODAL_OR_EXIT_H

#include <stdio.h>
#include <stdlib.h>

#include <aiodal/error.h>

/*
 * Does nothing when status is AIODAL_OK; otherwise writes the error to stderr and exits with status 1.
 *
 *		aiodal_or_exit(aiodal_db_open(&db, "", NULL, &err), err);
 *
 * would read err before it is set, since C does not order arguments; hence the pointer:
 *
 *		aiodal_or_exit(aiodal_db_open(&db, "", NULL, &err), &err);
 */
static inline void
aiodal_or_exit(aiodal_status status, aiodal_error *const *err)
{
	char text[4096];

	if (status == AIODAL_OK)
		return;
	if (aiodal_error_describe(*err, text, sizeof(text)) == 0)
		(void) snprintf(text, sizeof(text), "ERROR:  %s", aiodal_status_name(status));
	(void) fprintf(stderr, "%s\n", text);
	exit(EXIT_FAILURE);
}

#endif /* AIODAL_OR_EXIT_H */
