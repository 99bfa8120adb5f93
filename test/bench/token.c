/*
 * token.c
 *		What it costs to check a bearer token, and what its signature alone costs.
 *
 *	token TIMES
 *
 * Prints two lines "name <tab> seconds of CPU time each": of checking the bare
 * signature as "openssl speed rsa2048" does, and of checking the token. The two
 * take turns in small portions, so that both meet the same machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include <aiodal/or_exit.h>
#include <aiodal/web.h>

#include "seconds.h"

#define PORTION 100

static EVP_PKEY *key;
static char token[4096];
static char key_set[4096];
static unsigned char signature[512];
static size_t signature_length = sizeof(signature);
static unsigned char digest[SHA256_DIGEST_LENGTH];

static void
Check(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "token: %s failed\n", what);
	exit(1);
}

/* In base64url, behind what is in the buffer. */
static void
Append(char *to, const void *data, size_t length)
{
	char *p = to + strlen(to);

	(void) EVP_EncodeBlock((unsigned char *) p, data, (int) length);
	p[strcspn(p, "=")] = '\0';
	for (; *p; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
}

static void
AppendNumber(char *to, const char *name)
{
	unsigned char bytes[512];
	BIGNUM *n = NULL;

	Check(EVP_PKEY_get_bn_param(key, name, &n), "reading the key");
	Append(to, bytes, (size_t) BN_bn2bin(n, bytes));
	BN_free(n);
}

static void
MakeKeySet(void)
{
	strcat(key_set, "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"k\",\"use\":\"sig\",\"alg\":\"RS256\",\"n\":\"");
	AppendNumber(key_set, OSSL_PKEY_PARAM_RSA_N);
	strcat(key_set, "\",\"e\":\"");
	AppendNumber(key_set, OSSL_PKEY_PARAM_RSA_E);
	strcat(key_set, "\"}]}");
}

/* As those of Auth0 are. */
static void
MakeToken(void)
{
	static const char head[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k\"}";
	char body[1000];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	long now = (long) time(NULL);

	(void) snprintf(body, sizeof(body),
					"{\"iss\":\"https://me.eu.auth0.com/\",\"sub\":\"auth0|65f0c1d2e3a4b5c6d7e8f901\",\"aud\":"
					"[\"https://books.example\",\"https://me.eu.auth0.com/userinfo\"],\"iat\":%ld,\"exp\":%ld,"
					"\"azp\":\"q1w2e3r4t5z6u7i8o9p0a1s2d3f4g5h6\",\"scope\":\"openid profile email\",\"org_id\":"
					"\"org_9ybsU1dN2dKfDkBi\",\"permissions\":[\"read:books\",\"write:books\"]}",
					now, now + 86400);
	Append(token, head, strlen(head));
	strcat(token, ".");
	Append(token, body, strlen(body));
	(void) SHA256((const unsigned char *) token, strlen(token), digest);
	Check(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
			  EVP_DigestSign(context, signature, &signature_length, (const unsigned char *) token, strlen(token)) == 1,
		  "signing");
	EVP_MD_CTX_free(context);
	strcat(token, ".");
	Append(token, signature, signature_length);
}

static double
CheckSignatures(EVP_PKEY_CTX *context)
{
	double begin = Seconds(CLOCK_PROCESS_CPUTIME_ID);
	int i;

	for (i = 0; i < PORTION; i++)
		Check(EVP_PKEY_verify(context, signature, signature_length, digest, sizeof(digest)) == 1, "verifying");
	return Seconds(CLOCK_PROCESS_CPUTIME_ID) - begin;
}

static double
CheckTokens(aiodal_web_keys *keys, const aiodal_web_token_options *options)
{
	double begin = Seconds(CLOCK_PROCESS_CPUTIME_ID);
	aiodal_web_claims *claims;
	aiodal_error *err = NULL;
	int i;

	for (i = 0; i < PORTION; i++)
	{
		aiodal_or_exit(aiodal_web_token_verify(&claims, keys, token, strlen(token), options, &err), &err);
		aiodal_web_claims_free(claims);
	}
	return Seconds(CLOCK_PROCESS_CPUTIME_ID) - begin;
}

int
main(int argc, char **argv)
{
	long times = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	aiodal_web_token_options options = AIODAL_WEB_TOKEN_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_web_keys *keys;
	EVP_PKEY_CTX *context;
	double bare = 0;
	double whole = 0;
	long i;

	Check(times >= PORTION, "reading how many times");
	key = EVP_RSA_gen(2048);
	Check(key != NULL, "making a key");
	MakeKeySet();
	MakeToken();
	context = EVP_PKEY_CTX_new(key, NULL);
	Check(EVP_PKEY_verify_init(context) == 1 && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
			  EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1,
		  "preparing to verify");
	options.issuer = "https://me.eu.auth0.com/";
	options.audience = "https://books.example";
	aiodal_or_exit(aiodal_web_keys_parse(&keys, key_set, strlen(key_set), &err), &err);
	for (i = 0; i < times / PORTION; i++)
	{
		bare += CheckSignatures(context);
		whole += CheckTokens(keys, &options);
	}
	printf("signature\t%.9f\n", bare / (double) (i * PORTION));
	printf("token\t%.9f\n", whole / (double) (i * PORTION));
	aiodal_web_keys_free(keys);
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(key);
	return 0;
}
