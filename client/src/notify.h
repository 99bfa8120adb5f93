/*
 * notify.h
 *		What the library itself needs of its listeners.
 */
#ifndef AIODAL_SRC_NOTIFY_H
#define AIODAL_SRC_NOTIFY_H

#include <aiodal/notify.h>

#include "conn.h"

/* The connection, between two notifications, for other statements; NULL when there is none. Borrowed. */
extern aiodal__conn *aiodal__listener_conn(aiodal_listener *listener);

#endif /* AIODAL_SRC_NOTIFY_H */
