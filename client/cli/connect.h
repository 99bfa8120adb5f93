/*
 * connect.h
 *		From -d to an open database.
 */
#ifndef AIODAL_CLI_CONNECT_H
#define AIODAL_CLI_CONNECT_H

#include <aiodal/api.h>

#include "options.h"

/*
 * Opens the database, without reading its schema, asking for a password when the server wants one, none was
 * given and there is a terminal to ask at. *err as by aiodal_db_open().
 */
extern aiodal_status cli_connect(aiodal_db **db, const cli_common *args, aiodal_error **err);

/*
 * The error for a relation that is not there, naming the nearest ones that are; schema may be NULL. Returns
 * its status.
 */
extern aiodal_status
cli_no_such_relation(aiodal_db *db, const char *schema, const char *name, aiodal_error **err);

/* Puts that error in place of *err when *err says that the relation does not exist and not which ones do. */
extern void cli_name_near_relations(aiodal_db *db, const char *schema, const char *name, aiodal_error **err);

#endif /* AIODAL_CLI_CONNECT_H */
