/*
 * snapshot.h
 *		Reading a db's schema and putting it in place.
 */
#ifndef AIODAL_SRC_SNAPSHOT_H
#define AIODAL_SRC_SNAPSHOT_H

#include "engine.h"

/* On a connection of the pool: checks the extension and the contract, and no more. */
extern aiodal_status aiodal__snapshot_check(aiodal_db *db, aiodal__server_info *info, aiodal_error **err);

/* On a connection of the pool: reads the schema, unless it is as known, and puts it in the old one's place.
 * info is NULL but for the first time. */
extern aiodal_status aiodal__snapshot_renew(aiodal_db *db, aiodal__server_info *info, aiodal_error **err);

/* The same on a connection of the caller's; *changed says whether it was another one. */
extern aiodal_status
aiodal__snapshot_renew_on(aiodal_db *db, aiodal__conn *conn, bool *changed, aiodal_error **err);

#endif /* AIODAL_SRC_SNAPSHOT_H */
