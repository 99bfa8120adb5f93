/*
 * keys.c
 *		The keys of an issuer, given once.
 */
#include "keys.h"

#include "mem.h"

struct aiodal_web_keys
{
	aiodal_web__keyset *set;
};

aiodal_status
aiodal_web_keys_parse(aiodal_web_keys **keys, const char *json, size_t len, aiodal_error **err)
{
	aiodal_web_keys *made = aiodal_web__calloc(1, sizeof(*made));
	aiodal_status status;

	*keys = NULL;
	if (!made)
		return aiodal_web__oom(err);
	status = aiodal_web__keyset_parse(&made->set, json, len, err);
	if (status)
		aiodal_web__free(made);
	else
		*keys = made;
	return status;
}

size_t
aiodal_web_keys_count(aiodal_web_keys *keys)
{
	return aiodal_web__keyset_count(keys->set);
}

void
aiodal_web_keys_free(aiodal_web_keys *keys)
{
	if (!keys)
		return;
	aiodal_web__keyset_unref(keys->set);
	aiodal_web__free(keys);
}

aiodal_status
aiodal_web__keys_find(const aiodal_web__key **key, aiodal_web__keyset **set, aiodal_web_keys *keys,
					  const char *kid, aiodal_error **err)
{
	*key = aiodal_web__keyset_find(keys->set, kid);
	if (!*key)
		return aiodal_web__fail(err, AIODAL_ENOTFOUND, "the token is signed with an unknown key");
	*set = aiodal_web__keyset_ref(keys->set);
	return AIODAL_OK;
}
