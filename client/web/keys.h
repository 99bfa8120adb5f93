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
extern aiodal_status aiodal_web__keys_find(const aiodal_web__key **key, aiodal_web__keyset **set,
										   aiodal_web_keys *keys, const char *kid, aiodal_error **err);

#endif /* AIODAL_WEB_KEYS_H */
