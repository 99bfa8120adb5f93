/*
 * keys.h
 *		Where the keys of an issuer come from.
 */
#ifndef AIODAL_WEB_KEYS_H
#define AIODAL_WEB_KEYS_H

#include <aiodal/web_auth.h>

#include "keyset.h"

/*
 * The key of that name and the set it lives in, which the caller unrefs. AIODAL_ENOTFOUND when the issuer has
 * none; AIODAL_ECONN when its keys cannot be had.
 */
extern aiodal_status aiodal_web__keys_find(aiodal_web__key **key, aiodal_web__keyset **set,
										   aiodal_web_keys *keys, const char *kid, aiodal_error **err);

/* The key that remembers this header, and its set as above; NULL when none does, or the set does not count.
 */
extern aiodal_web__key *
aiodal_web__keys_recall(aiodal_web__keyset **set, aiodal_web_keys *keys, const char *header, size_t len);

#endif /* AIODAL_WEB_KEYS_H */
