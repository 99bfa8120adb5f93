/*
 * jwt.h
 *		Verifying tokens by options that were looked at before.
 */
#ifndef AIODAL_WEB_JWT_H
#define AIODAL_WEB_JWT_H

#include <aiodal/web_auth.h>

/* Copies options and fills in what is default; strings stay the caller's. AIODAL_EINVAL when they make no
 * sense. */
extern aiodal_status
aiodal_web__token_options_read(aiodal_web_token_options *ours, const aiodal_web_token_options *given,
							   aiodal_error **err);

/* aiodal_web_token_verify() with such options: AIODAL_EINVAL is the token's fault alone. */
extern aiodal_status
aiodal_web__token_verify(aiodal_web_claims **claims, aiodal_web_keys *keys, const char *token, size_t len,
						 const aiodal_web_token_options *options, aiodal_error **err);

#endif /* AIODAL_WEB_JWT_H */
