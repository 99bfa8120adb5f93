/*
 * fuzz_jwks.c
 *		Key sets: whatever an issuer's server sends, a stranger's token is not believed by it.
 */
#include "fuzz.h"
#include "web/token.h"

static char *strangers;

void
fuzz_begin(void)
{
	EVP_PKEY *one = new_key(2048);
	EVP_PKEY *two = new_key(3072);
	EVP_PKEY *stranger = new_key(2048);

	strangers =
		strdup(token(stranger, "{\"alg\":\"RS256\",\"kid\":\"one\"}",
					 "{\"iss\":\"" ISSUER "\",\"aud\":\"" AUDIENCE "\",\"sub\":\"a\",\"exp\":99999999999}"));
	fuzz_seed_text(text("{\"keys\":[%s,%s]}", jwk(one, "one", ",\"use\":\"sig\",\"alg\":\"RS256\""),
						jwk(two, "two", ",\"x5c\":[\"MII\"],\"x5t\":\"abc\"")));
	fuzz_seed_text(text("{\"keys\":[%s]}", jwk(one, "one", "")));
	fuzz_seed_text("{\"keys\":[{\"kty\":\"EC\",\"kid\":\"one\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"},"
				   "{\"kty\":\"oct\",\"kid\":\"one\",\"k\":\"AAAA\"}]}");
	fuzz_seed_text("{\"keys\":[]}");
	fuzz_word("\"keys\":[");
	fuzz_word("{\"kty\":\"RSA\",\"kid\":\"one\",");
	fuzz_word("\"n\":\"");
	fuzz_word("\"e\":\"AQAB\"");
	fuzz_word("\"e\":\"AQ\"");
	fuzz_word("\"e\":\"\"");
	fuzz_word("null");
	fuzz_word("AAAA");
	fuzz_word("\"use\":\"enc\"");
	fuzz_word("\"d\":\"AA\"");
	EVP_PKEY_free(one);
	EVP_PKEY_free(two);
	EVP_PKEY_free(stranger);
}

static void
try_stranger(aiodal_web_keys *keys)
{
	aiodal_web_token_options options = AIODAL_WEB_TOKEN_OPTIONS_INIT;
	aiodal_web_claims *claims = NULL;
	aiodal_error *err = NULL;

	options.issuer = ISSUER;
	options.audience = AUDIENCE;
	if (aiodal_web_token_verify(&claims, keys, strangers, strlen(strangers), &options, &err) == AIODAL_OK)
		fuzz_fail("a stranger's token is believed");
	aiodal_error_free(err);
}

void
fuzz_one(const char *data, size_t len)
{
	aiodal_web_keys *keys = NULL;
	aiodal_error *err = NULL;
	aiodal_status status = aiodal_web_keys_parse(&keys, data, len, &err);

	if (status && status != AIODAL_EINVAL)
		fuzz_fail("status %d", status);
	if (!status)
		try_stranger(keys);
	aiodal_error_free(err);
	aiodal_web_keys_free(keys);
}

void
fuzz_end(void)
{
	free(strangers);
}
