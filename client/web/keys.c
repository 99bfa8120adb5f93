/*
 * keys.c
 *		The keys of an issuer: given once, or fetched.
 */
#include "keys.h"

#include <string.h>

#include "jwks.h"
#include "mem.h"

/* One of the two. */
struct aiodal_web_keys
{
	aiodal_web__keyset *set;
	aiodal_web__jwks *jwks;
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

static aiodal_status
fetch_from(aiodal_web_keys **keys, const char *url, const char *issuer,
		   const aiodal_web_keys_options *options, aiodal_error **err)
{
	aiodal_web_keys *made = aiodal_web__calloc(1, sizeof(*made));
	aiodal_status status;

	*keys = NULL;
	if (!made)
		return aiodal_web__oom(err);
	status = aiodal_web__jwks_open(&made->jwks, url, issuer, options, err);
	if (status)
		aiodal_web__free(made);
	else
		*keys = made;
	return status;
}

aiodal_status
aiodal_web_keys_fetch(aiodal_web_keys **keys, const char *url, const aiodal_web_keys_options *options,
					  aiodal_error **err)
{
	return fetch_from(keys, url ? url : "", NULL, options, err);
}

aiodal_status
aiodal_web_keys_discover(aiodal_web_keys **keys, const char *issuer, const aiodal_web_keys_options *options,
						 aiodal_error **err)
{
	return fetch_from(keys, NULL, issuer ? issuer : "", options, err);
}

void
aiodal_web_keys_get_stats(aiodal_web_keys *keys, aiodal_web_keys_stats *stats)
{
	aiodal_web_keys_stats all;

	memset(&all, 0, sizeof(all));
	if (keys->jwks)
		aiodal_web__jwks_stats(keys->jwks, &all);
	else
		all.keys = aiodal_web__keyset_count(keys->set);
	all.size = stats->size < sizeof(all) ? stats->size : sizeof(all);
	memcpy(stats, &all, all.size);
}

size_t
aiodal_web_keys_count(aiodal_web_keys *keys)
{
	aiodal_web_keys_stats stats;

	stats.size = sizeof(stats);
	aiodal_web_keys_get_stats(keys, &stats);
	return stats.keys;
}

void
aiodal_web_keys_free(aiodal_web_keys *keys)
{
	if (!keys)
		return;
	aiodal_web__keyset_unref(keys->set);
	aiodal_web__jwks_close(keys->jwks);
	aiodal_web__free(keys);
}

aiodal_status
aiodal_web__keys_find(aiodal_web__key **key, aiodal_web__keyset **set, aiodal_web_keys *keys, const char *kid,
					  aiodal_error **err)
{
	if (keys->jwks)
		return aiodal_web__jwks_find(key, set, keys->jwks, kid, err);
	*key = aiodal_web__keyset_find(keys->set, kid);
	if (!*key)
		return aiodal_web__fail(err, AIODAL_ENOTFOUND, "the token is signed with an unknown key");
	*set = aiodal_web__keyset_ref(keys->set);
	return AIODAL_OK;
}

aiodal_web__key *
aiodal_web__keys_recall(aiodal_web__keyset **set, aiodal_web_keys *keys, const char *header, size_t len)
{
	aiodal_web__key *key;

	if (keys->jwks)
		return aiodal_web__jwks_recall(set, keys->jwks, header, len);
	key = aiodal_web__keyset_recall(keys->set, header, len);
	*set = key ? aiodal_web__keyset_ref(keys->set) : NULL;
	return key;
}
