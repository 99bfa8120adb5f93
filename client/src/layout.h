/*
 * layout.h
 *		aiodal_layout as COPY's options; and the names that loads and exports share.
 */
#ifndef AIODAL_SRC_LAYOUT_H
#define AIODAL_SRC_LAYOUT_H

#include <libpq-fe.h>

#include <aiodal/bulk.h>

#include "util/buf.h"

/* Settles what is AUTO, by the name of the file if there is one, and checks the rest. */
extern aiodal_status aiodal__layout_settle(aiodal_layout *layout, const char *path, aiodal_error **err);

/* Appends "FORMAT csv, HEADER true, ..."; for jsonl, the format that stands for it. */
extern void
aiodal__layout_options(aiodal__buf *sql, PGconn *pg, const aiodal_layout *layout, const char *jsonl_format);

/* Whether the data is text in UTF-8, where a byte order mark may stand in front. */
extern bool aiodal__layout_is_utf8(const aiodal_layout *layout, PGconn *pg);

/* "schema"."table", or "table" when schema is NULL. */
extern void aiodal__qualified(aiodal__buf *sql, const char *schema, const char *table);

/* AIODAL_EINVAL when strings is NULL or has a NULL among its n. */
extern aiodal_status
aiodal__check_strings(const char *const *strings, size_t n, const char *what, aiodal_error **err);

#endif /* AIODAL_SRC_LAYOUT_H */
