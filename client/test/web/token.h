/*
 * token.h
 *		An issuer for the tests: keys, key sets and tokens, genuine and forged.
 */
#ifndef AIODAL_TEST_TOKEN_H
#define AIODAL_TEST_TOKEN_H

#include "web.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define ISSUER       "https://issuer.example/"
#define AUDIENCE     "https://api.example/books"

#define SCRATCH_SIZE 24000

/* Static storage, so that a test reads well; each in turn, good until it comes round again. */
static inline char *
scratch(void)
{
	static char buffers[256][SCRATCH_SIZE];
	static unsigned n;

	return buffers[n++ % 256];
}

static inline const char *
text(const char *fmt, ...)
{
	char *out = scratch();
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(out, SCRATCH_SIZE, fmt, args);
	va_end(args);
	assert_true(len >= 0 && len < SCRATCH_SIZE);
	return out;
}

static inline const char *
base64_bytes(const void *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *in = data;
	char *out = scratch();
	size_t n = 0;
	size_t i;

	assert_true(len * 4 / 3 + 4 < SCRATCH_SIZE);
	for (i = 0; i < len; i += 3)
	{
		size_t left = len - i;
		unsigned long bits = (unsigned long) in[i] << 16 | (left > 1 ? (unsigned long) in[i + 1] << 8 : 0) |
							 (left > 2 ? in[i + 2] : 0);
		size_t j;

		for (j = 0; j < (left > 2 ? 4 : left + 1); j++)
			out[n++] = digits[bits >> (18 - 6 * j) & 63];
	}
	out[n] = '\0';
	return out;
}

static inline const char *
base64(const char *s)
{
	return base64_bytes(s, strlen(s));
}

static inline EVP_PKEY *
new_key(unsigned bits)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);

	assert_non_null(key);
	return key;
}

static inline const char *
key_number(EVP_PKEY *key, const char *param)
{
	BIGNUM *n = NULL;
	unsigned char bytes[2048];
	int len;

	assert_int_equal(EVP_PKEY_get_bn_param(key, param, &n), 1);
	len = BN_bn2bin(n, bytes);
	BN_free(n);
	return base64_bytes(bytes, (size_t) len);
}

/* A JWK with the members that more has, e.g. ",\"use\":\"sig\"". */
static inline const char *
jwk(EVP_PKEY *key, const char *kid, const char *more)
{
	return text("{\"kty\":\"RSA\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"%s\"%s}", kid,
				key_number(key, OSSL_PKEY_PARAM_RSA_N), key_number(key, OSSL_PKEY_PARAM_RSA_E), more);
}

static inline const char *
sign_with(EVP_PKEY *key, const EVP_MD *md, int padding, const char *signed_part)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *options;
	unsigned char signature[2048];
	size_t len = sizeof(signature);

	assert_int_equal(EVP_DigestSignInit(context, &options, md, NULL, key), 1);
	assert_true(EVP_PKEY_CTX_set_rsa_padding(options, padding) > 0);
	assert_int_equal(
		EVP_DigestSign(context, signature, &len, (const unsigned char *) signed_part, strlen(signed_part)),
		1);
	EVP_MD_CTX_free(context);
	return base64_bytes(signature, len);
}

/* header and payload are encoded already */
static inline const char *
sign_parts(EVP_PKEY *key, const char *header, const char *payload)
{
	const char *both = text("%s.%s", header, payload);

	return text("%s.%s", both, sign_with(key, EVP_sha256(), RSA_PKCS1_PADDING, both));
}

static inline const char *
token(EVP_PKEY *key, const char *header, const char *payload)
{
	return sign_parts(key, base64(header), base64(payload));
}

#endif /* AIODAL_TEST_TOKEN_H */
