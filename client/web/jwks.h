/*
 * jwks.h
 *		A key set that is fetched, and fetched again.
 */
#ifndef AIODAL_WEB_JWKS_H
#define AIODAL_WEB_JWKS_H

#include <aiodal/web_auth.h>

#include "keyset.h"

typedef struct aiodal_web__jwks aiodal_web__jwks;

/* From a url, or, when that is NULL, from where the issuer's configuration says. Waits for the first set. */
extern aiodal_status aiodal_web__jwks_open(aiodal_web__jwks **jwks, const char *url, const char *issuer,
										   const aiodal_web_keys_options *options, aiodal_error **err);
extern void aiodal_web__jwks_close(aiodal_web__jwks *jwks); /* NULL is fine */

/* As aiodal_web__keys_find(). */
extern aiodal_status aiodal_web__jwks_find(aiodal_web__key **key, aiodal_web__keyset **set,
										   aiodal_web__jwks *jwks, const char *kid, aiodal_error **err);

/* As aiodal_web__keys_recall(). */
extern aiodal_web__key *
aiodal_web__jwks_recall(aiodal_web__keyset **set, aiodal_web__jwks *jwks, const char *header, size_t len);

extern void aiodal_web__jwks_stats(aiodal_web__jwks *jwks, aiodal_web_keys_stats *stats);

#endif /* AIODAL_WEB_JWKS_H */
