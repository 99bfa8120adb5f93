/*
 * keyset.c
 *		Reading keys, choosing those that may be used, verifying with them.
 *
 * Design notes. To set a verification up costs OpenSSL a good part of what the verification itself does: it
 * looks the algorithms up by name, under locks. So each key keeps contexts that are set up, for as many
 * threads as verify with it at once as a rule: one is taken out of its place and put back by an atomic
 * exchange. Who finds none makes a copy. A set keeps the digest.
 */
#include "keyset.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "base64.h"
#include "json.h"
#include "mem.h"

#define MIN_BITS 2048
#define MAX_BITS (8 * AIODAL_WEB__MAX_SIGNATURE)
#define N_IDLE   8

struct aiodal_web__key
{
	const aiodal_web__keyset *set;
	char *kid;
	EVP_PKEY_CTX *context;      /* set up for RS256; never used but to be copied */
	EVP_PKEY_CTX *idle[N_IDLE]; /* copies that nobody uses; atomic */
	char *header;               /* remembered; NULL: none so far; atomic, set once */
	size_t size;
};

struct aiodal_web__keyset
{
	unsigned refs; /* atomic */
	EVP_MD *sha256;
	aiodal_web__key *keys;
	size_t n_keys;
};

/*
 * One key. Here 1 stands for done, 0 for a key that cannot be used, -1 for out of memory.
 */

/* Absent, or that string. */
static bool
absent_or(const json_t *jwk, const char *name, const char *value)
{
	const json_t *member = json_object_get(jwk, name);
	const char *s = json_string_value(member);

	return !member || (s && strcmp(s, value) == 0);
}

static bool
may_verify(const json_t *jwk)
{
	const char *kty = aiodal_web__json_string(jwk, "kty");
	const char *kid = aiodal_web__json_string(jwk, "kid");
	const json_t *ops = json_object_get(jwk, "key_ops");

	return kty && strcmp(kty, "RSA") == 0 && kid && *kid && absent_or(jwk, "use", "sig") &&
		   absent_or(jwk, "alg", "RS256") && (!ops || aiodal_web__json_has(ops, "verify")) &&
		   !json_object_get(jwk, "d");
}

static int
read_number(BIGNUM **number, const json_t *jwk, const char *name)
{
	const json_t *member = json_object_get(jwk, name);
	unsigned char bytes[AIODAL_WEB__MAX_SIGNATURE + 1];
	size_t len = json_string_length(member);

	if (len == 0 || aiodal_web__base64_size(len) > sizeof(bytes) ||
		!aiodal_web__base64_decode(bytes, json_string_value(member), len))
		return 0;
	*number = BN_bin2bn(bytes, (int) aiodal_web__base64_size(len), NULL);
	return *number ? 1 : -1;
}

/* An exponent of 1 would make every message its own signature. */
static bool
are_sound(const BIGNUM *n, const BIGNUM *e)
{
	return BN_num_bits(n) >= MIN_BITS && BN_num_bits(n) <= MAX_BITS && BN_is_odd(n) && BN_is_odd(e) &&
		   !BN_is_one(e) && BN_num_bits(e) <= 64;
}

static int
make_pkey(EVP_PKEY **pkey, const BIGNUM *n, const BIGNUM *e)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params = NULL;
	int done = -1;

	if (build && context && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
		OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) &&
		(params = OSSL_PARAM_BLD_to_param(build)) && EVP_PKEY_fromdata_init(context) > 0)
		done = EVP_PKEY_fromdata(context, pkey, EVP_PKEY_PUBLIC_KEY, params) > 0;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(context);
	return done;
}

static int
read_pkey(EVP_PKEY **pkey, const json_t *jwk)
{
	BIGNUM *n = NULL;
	BIGNUM *e = NULL;
	int done = read_number(&n, jwk, "n");

	if (done == 1)
		done = read_number(&e, jwk, "e");
	if (done == 1)
		done = are_sound(n, e) ? make_pkey(pkey, n, e) : 0;
	BN_free(n);
	BN_free(e);
	return done;
}

static bool
set_up(aiodal_web__key *key, EVP_PKEY *pkey)
{
	key->size = (size_t) EVP_PKEY_get_size(pkey);
	key->context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	return key->context && EVP_PKEY_verify_init(key->context) > 0 &&
		   EVP_PKEY_CTX_set_rsa_padding(key->context, RSA_PKCS1_PADDING) > 0 &&
		   EVP_PKEY_CTX_set_signature_md(key->context, key->set->sha256) > 0;
}

static int
read_key(aiodal_web__key *key, const json_t *jwk)
{
	EVP_PKEY *pkey = NULL;
	int done;

	if (!may_verify(jwk) || aiodal_web__keyset_find(key->set, aiodal_web__json_string(jwk, "kid")))
		return 0;
	done = read_pkey(&pkey, jwk);
	if (done == 1)
	{
		key->kid = aiodal_web__strdup(aiodal_web__json_string(jwk, "kid"));
		done = key->kid && set_up(key, pkey) ? 1 : -1;
	}
	EVP_PKEY_free(pkey);
	return done;
}

static void
free_key(aiodal_web__key *key)
{
	size_t i;

	for (i = 0; i < N_IDLE; i++)
		EVP_PKEY_CTX_free(key->idle[i]);
	EVP_PKEY_CTX_free(key->context);
	aiodal_web__free(key->header);
	aiodal_web__free(key->kid);
}

/*
 * The set
 */

static bool
read_keys(aiodal_web__keyset *set, const json_t *jwks)
{
	size_t i;

	set->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	set->keys = aiodal_web__calloc(json_array_size(jwks), sizeof(*set->keys));
	if (!set->sha256 || !set->keys)
		return false;
	for (i = 0; i < json_array_size(jwks); i++)
	{
		aiodal_web__key key = {.set = set};
		int done = read_key(&key, json_array_get(jwks, i));

		if (done == 1)
			set->keys[set->n_keys++] = key;
		else
			free_key(&key);
		if (done < 0)
			return false;
	}
	return true;
}

static aiodal_status
make_set(aiodal_web__keyset **set, const json_t *jwks, aiodal_error **err)
{
	bool done;

	*set = aiodal_web__calloc(1, sizeof(**set));
	if (!*set)
		return aiodal_web__oom(err);
	(*set)->refs = 1;
	(void) ERR_set_mark();
	done = read_keys(*set, jwks);
	(void) ERR_pop_to_mark();
	if (done)
		return AIODAL_OK;
	aiodal_web__keyset_unref(*set);
	*set = NULL;
	return aiodal_web__oom(err);
}

aiodal_status
aiodal_web__keyset_parse(aiodal_web__keyset **set, const char *json, size_t len, aiodal_error **err)
{
	json_t *object;
	const json_t *jwks;
	aiodal_status status = aiodal_web__json_object(&object, json, len, "the key set", err);

	*set = NULL;
	if (status)
		return status;
	jwks = json_object_get(object, "keys");
	if (json_is_array(jwks))
		status = make_set(set, jwks, err);
	else
		status = aiodal_web__fail(err, AIODAL_EINVAL, "the key set has no array \"keys\"");
	json_decref(object);
	return status;
}

size_t
aiodal_web__keyset_count(const aiodal_web__keyset *set)
{
	return set->n_keys;
}

aiodal_web__keyset *
aiodal_web__keyset_ref(aiodal_web__keyset *set)
{
	(void) __atomic_add_fetch(&set->refs, 1, __ATOMIC_RELAXED);
	return set;
}

void
aiodal_web__keyset_unref(aiodal_web__keyset *set)
{
	size_t i;

	if (!set || __atomic_sub_fetch(&set->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (i = 0; i < set->n_keys; i++)
		free_key(&set->keys[i]);
	aiodal_web__free(set->keys);
	EVP_MD_free(set->sha256);
	aiodal_web__free(set);
}

aiodal_web__key *
aiodal_web__keyset_find(const aiodal_web__keyset *set, const char *kid)
{
	size_t i;

	for (i = 0; i < set->n_keys; i++)
		if (strcmp(set->keys[i].kid, kid) == 0)
			return &set->keys[i];
	return NULL;
}

aiodal_web__key *
aiodal_web__keyset_recall(const aiodal_web__keyset *set, const char *header, size_t len)
{
	size_t i;

	for (i = 0; i < set->n_keys; i++)
	{
		const char *known = __atomic_load_n(&set->keys[i].header, __ATOMIC_ACQUIRE);

		if (known && strlen(known) == len && memcmp(known, header, len) == 0)
			return &set->keys[i];
	}
	return NULL;
}

/* Without memory for it, it is read again the next time. */
void
aiodal_web__key_remember(aiodal_web__key *key, const char *header, size_t len)
{
	char *none = NULL;
	char *copy;

	if (__atomic_load_n(&key->header, __ATOMIC_RELAXED) || !(copy = aiodal_web__malloc(len + 1)))
		return;
	memcpy(copy, header, len);
	copy[len] = '\0';
	if (!__atomic_compare_exchange_n(&key->header, &none, copy, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		aiodal_web__free(copy);
}

/*
 * Verifying
 */

size_t
aiodal_web__key_size(aiodal_web__key *key)
{
	return key->size;
}

static EVP_PKEY_CTX *
take_context(aiodal_web__key *key)
{
	EVP_PKEY_CTX *context = NULL;
	size_t i;

	for (i = 0; i < N_IDLE && !context; i++)
		if (__atomic_load_n(&key->idle[i], __ATOMIC_RELAXED))
			context = __atomic_exchange_n(&key->idle[i], NULL, __ATOMIC_ACQUIRE);
	return context ? context : EVP_PKEY_CTX_dup(key->context);
}

static void
put_context(aiodal_web__key *key, EVP_PKEY_CTX *context)
{
	size_t i;

	/* what stood in the place is put into the next one */
	for (i = 0; i < N_IDLE && context; i++)
		context = __atomic_exchange_n(&key->idle[i], context, __ATOMIC_ACQ_REL);
	EVP_PKEY_CTX_free(context);
}

int
aiodal_web__key_verify(aiodal_web__key *key, const void *text, size_t len, const unsigned char *signature)
{
	unsigned char digest[32];
	EVP_PKEY_CTX *context = take_context(key);
	int verified = -1;

	(void) ERR_set_mark();
	if (context && EVP_Digest(text, len, digest, NULL, key->set->sha256, NULL))
		verified = EVP_PKEY_verify(context, signature, key->size, digest, sizeof(digest)) == 1;
	(void) ERR_pop_to_mark();
	put_context(key, context);
	return verified;
}
