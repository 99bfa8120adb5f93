/*
 * test_jwt.c
 *		Tokens: genuine ones are believed, and nothing else, whatever it looks like.
 */
#include "token.h"

#include <time.h>

#ifdef HAVE_CJOSE
#include <cjose/cjose.h>
#endif
#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef RUNNING_ON_VALGRIND
#define RUNNING_ON_VALGRIND 0
#endif

#include "base64.h"
#include "clock.h"
#include "json.h"
#include "mem.h"

#define HEADER "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"one\"}"

/* made once: it takes a while */
static EVP_PKEY *one, *two, *stranger;
static aiodal_web_keys *keys;

static aiodal_web_keys *
parse(const char *json)
{
	aiodal_error *err = NULL;
	aiodal_web_keys *parsed;

	OK(aiodal_web_keys_parse(&parsed, json, strlen(json), &err));
	return parsed;
}

static int
make_keys(void **state)
{
	(void) state;
	one = new_key(2048);
	two = new_key(2048);
	stranger = new_key(2048);
	keys = parse(text("{\"keys\":[%s,%s]}", jwk(one, "one", ",\"use\":\"sig\",\"alg\":\"RS256\""),
					  jwk(two, "two", "")));
	assert_int_equal(aiodal_web_keys_count(keys), 2);
	return 0;
}

static int
free_keys(void **state)
{
	(void) state;
	aiodal_web_keys_free(keys);
	EVP_PKEY_free(one);
	EVP_PKEY_free(two);
	EVP_PKEY_free(stranger);
	return 0;
}

static long long
now(void)
{
	return (long long) time(NULL);
}

/* A payload that is right, with the members that more has behind it. */
static const char *
claims_with(const char *more)
{
	return text("{\"iss\":\"" ISSUER "\",\"aud\":\"" AUDIENCE "\",\"sub\":\"auth0|7\",\"exp\":%lld%s}",
				now() + 600, more);
}

static aiodal_status
verify_by(aiodal_web_claims **claims, aiodal_web_keys *by, const char *t, int leeway, aiodal_error **err)
{
	aiodal_web_token_options options = AIODAL_WEB_TOKEN_OPTIONS_INIT;

	options.issuer = ISSUER;
	options.audience = AUDIENCE;
	options.leeway_s = leeway;
	return aiodal_web_token_verify(claims, by, t, strlen(t), &options, err);
}

static aiodal_status
verify(aiodal_web_claims **claims, const char *t, aiodal_error **err)
{
	return verify_by(claims, keys, t, 0, err);
}

static void
refused_at(const char *t, aiodal_status status, const char *words, const char *file, int line)
{
	aiodal_error *err = NULL;
	aiodal_web_claims *claims = (void *) &err;

	expect_at(status, verify(&claims, t, &err), &err, t, file, line);
	assert_null(claims);
	expect_words(&err, words, file, line);
}

#define REFUSED(t, words) refused_at(t, AIODAL_EINVAL, words, __FILE__, __LINE__)
#define UNKNOWN(t)        refused_at(t, AIODAL_ENOTFOUND, "unknown key", __FILE__, __LINE__)
#define BELIEVED(t)       believed_at(t, __FILE__, __LINE__)

static void
believed_at(const char *t, const char *file, int line)
{
	aiodal_error *err = NULL;
	aiodal_web_claims *claims;

	expect_at(AIODAL_OK, verify(&claims, t, &err), &err, t, file, line);
	assert_string_equal(aiodal_web_claims_subject(claims), "auth0|7");
	aiodal_web_claims_free(claims);
}

static void
believes_genuine_tokens(void **state)
{
	aiodal_error *err = NULL;
	aiodal_web_claims *claims;
	const char *payload = claims_with(",\"email\":\"a@b.example\",\"permissions\":[\"read\",\"write\"],"
									  "\"extra\":{\"agencies\":[1,2]},\"n\":3");

	(void) state;
	OK(verify(&claims, token(one, HEADER, payload), &err));
	assert_string_equal(aiodal_web_claims_subject(claims), "auth0|7");
	assert_true(aiodal_web_claims_expires(claims) > now() + 500);
	assert_string_equal(aiodal_web_claims_string(claims, "email"), "a@b.example");
	assert_null(aiodal_web_claims_string(claims, "n"));
	assert_null(aiodal_web_claims_string(claims, "absent"));
	assert_true(aiodal_web_claims_has(claims, "permissions", "write"));
	assert_false(aiodal_web_claims_has(claims, "permissions", "writ"));
	assert_false(aiodal_web_claims_has(claims, "email", "a@b.example"));
	assert_false(aiodal_web_claims_has(claims, "absent", "x"));
	assert_string_equal(aiodal_web_claims_text(claims), payload);
	assert_non_null(aiodal_web_claims_json(claims));
	aiodal_web_claims_free(claims);

	BELIEVED(token(two, "{\"kid\":\"two\",\"alg\":\"RS256\"}", claims_with("")));
	BELIEVED(token(one, "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"one\"}", claims_with("")));
	BELIEVED(token(one, "{\"alg\":\"RS256\",\"typ\":\"jwt\",\"kid\":\"one\"}", claims_with("")));
	/* what the token says about keys is not looked at */
	BELIEVED(token(one,
				   "{\"alg\":\"RS256\",\"kid\":\"one\",\"jku\":\"https://evil.example/\",\"x5u\":\"x\","
				   "\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"},\"x5c\":[\"MII\"]}",
				   claims_with("")));
	aiodal_web_claims_free(NULL);
}

static void
refuses_other_algorithms(void **state)
{
	static const char *const algorithms[] = {
		"\"none\"",   "\"None\"",    "\"NONE\"",  "\"nOnE\"",   "\"none \"",    "\"\"",      "null",
		"[]",         "[\"RS256\"]", "{}",        "256",        "true",         "\"HS256\"", "\"HS384\"",
		"\"HS512\"",  "\"RS384\"",   "\"RS512\"", "\"PS256\"",  "\"ES256\"",    "\"EdDSA\"", "\"rs256\"",
		"\"RS256 \"", "\"RS2561\"",  "\"RS25\"",  "\" RS256\"", "\"RSA-OAEP\"", "\"dir\""};
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
	{
		const char *header = base64(text("{\"alg\":%s,\"kid\":\"one\"}", algorithms[i]));
		const char *payload = base64(claims_with(""));

		REFUSED(sign_parts(one, header, payload), "not signed with RS256");
		REFUSED(text("%s.%s.AAAA", header, payload), "not signed with RS256");
		REFUSED(text("%s.%s.", header, payload), "three parts");
		REFUSED(text("%s.%s", header, payload), "three parts");
	}
	REFUSED(token(one, "{\"kid\":\"one\"}", claims_with("")), "not signed with RS256");
	/* escapes are the same string, so this one is genuine */
	BELIEVED(token(one, "{\"alg\":\"RS\\u003256\",\"kid\":\"one\"}", claims_with("")));
}

/* The public key, which everybody knows, as the secret of an HMAC: as PEM, DER and the modulus. */
static void
refuses_hmac_with_the_public_key(void **state)
{
	static const char *const headers[] = {"{\"alg\":\"HS256\",\"kid\":\"one\"}", HEADER};
	BIO *pem = BIO_new(BIO_s_mem());
	unsigned char *der = NULL;
	int der_len = i2d_PUBKEY(one, &der);
	char *secrets[2];
	long lens[2];
	size_t i;
	size_t j;

	(void) state;
	assert_int_equal(PEM_write_bio_PUBKEY(pem, one), 1);
	lens[0] = BIO_get_mem_data(pem, &secrets[0]);
	secrets[1] = (char *) der;
	lens[1] = der_len;
	for (i = 0; i < 2; i++)
		for (j = 0; j < 2; j++)
		{
			const char *both = text("%s.%s", base64(headers[i]), base64(claims_with("")));
			unsigned char mac[32];
			unsigned len = sizeof(mac);

			assert_non_null(HMAC(EVP_sha256(), secrets[j], (int) lens[j], (const unsigned char *) both,
								 strlen(both), mac, &len));
			REFUSED(text("%s.%s", both, base64_bytes(mac, len)),
					i == 0 ? "not signed with RS256" : "signature is wrong");
		}
	OPENSSL_free(der);
	BIO_free(pem);
}

static void
refuses_wrong_signatures(void **state)
{
	const char *header = base64(HEADER);
	const char *payload = base64(claims_with(""));
	const char *good = sign_parts(one, header, payload);
	const char *both = text("%s.%s", header, payload);
	const char *signature = strrchr(good, '.') + 1;
	unsigned char zeros[256] = {0};
	unsigned char ones[256];

	(void) state;
	BELIEVED(good);
	REFUSED(sign_parts(stranger, header, payload), "signature is wrong");
	REFUSED(sign_parts(two, header, payload), "signature is wrong");
	UNKNOWN(token(stranger, "{\"alg\":\"RS256\",\"kid\":\"three\"}", claims_with("")));
	/* another digest, another padding */
	REFUSED(text("%s.%s", both, sign_with(one, EVP_sha512(), RSA_PKCS1_PADDING, both)), "signature is wrong");
	REFUSED(text("%s.%s", both, sign_with(one, EVP_sha1(), RSA_PKCS1_PADDING, both)), "signature is wrong");
	REFUSED(text("%s.%s", both, sign_with(one, EVP_sha256(), RSA_PKCS1_PSS_PADDING, both)),
			"signature is wrong");
	/* another payload or header under the same signature */
	REFUSED(text("%s.%s.%s", header, base64(claims_with(",\"admin\":true")), signature),
			"signature is wrong");
	REFUSED(text("%s.%s.%s", base64("{\"kid\":\"one\",\"alg\":\"RS256\"}"), payload, signature),
			"signature is wrong");
	/* numbers that mean trouble in other implementations */
	memset(ones, 0xff, sizeof(ones));
	REFUSED(text("%s.%s", both, base64_bytes(zeros, 256)), "signature is wrong");
	REFUSED(text("%s.%s", both, base64_bytes(ones, 256)), "signature is wrong");
	zeros[255] = 1;
	REFUSED(text("%s.%s", both, base64_bytes(zeros, 256)), "signature is wrong");
	REFUSED(text("%s.%s", both, base64_bytes(zeros, 255)), "signature is wrong");
	REFUSED(text("%s.AA%s", both, signature), "signature is wrong");
	REFUSED(text("%sAA", good), "signature is wrong");
	REFUSED(text("%.*s", (int) strlen(good) - 4, good), "signature is wrong");
}

static void
refuses_malformed_tokens(void **state)
{
	const char *good = token(one, HEADER, claims_with(""));
	char *big = calloc(1, 40001);

	(void) state;
	REFUSED("", "three parts");
	REFUSED(".", "three parts");
	REFUSED("..", "three parts");
	REFUSED("...", "three parts");
	REFUSED("a.b", "three parts");
	REFUSED("a.b.c.d.e", "three parts");
	REFUSED(text("%s.", good), "three parts");
	REFUSED(text(".%s", good), "three parts");
	REFUSED(text("%s.%s", good, good), "three parts");
	REFUSED(text(" %s", good), "base64url");
	REFUSED(text("%s ", good), "signature is wrong");
	REFUSED(text("%s\n", good), "signature is wrong");
	REFUSED(text("\"%s\"", good), "base64url");
	REFUSED("a.b.c", "base64url");
	REFUSED(token(one, "", claims_with("")), "three parts");
	REFUSED(token(one, "[]", claims_with("")), "header is not a well-formed JSON object");
	REFUSED(token(one, "\"RS256\"", claims_with("")), "header is not");
	REFUSED(token(one, HEADER "x", claims_with("")), "header is not");
	REFUSED(token(one, HEADER HEADER, claims_with("")), "header is not");
	REFUSED(token(one, "{\"alg\":\"RS256\",\"kid\":\"one\"", claims_with("")), "header is not");
	REFUSED(token(one, "{\"alg\":\"RS256\",\"kid\":\"one\",\"x\":\"\xff\"}", claims_with("")),
			"header is not");
	REFUSED(token(one, HEADER, "{}x"), "payload is not");
	REFUSED(token(one, HEADER, "[1]"), "payload is not");
	REFUSED(token(one, HEADER, "null"), "payload is not");
	REFUSED(token(one, HEADER, claims_with(",\"x\":\"\xc0\xaf\"")), "payload is not");
	REFUSED(token(one, HEADER, claims_with(",\"x\":\"\\u0000\"")), "payload is not");
	REFUSED(token(one, HEADER, claims_with(",\"x\":NaN")), "payload is not");
	memset(big, 'a', 40000);
	REFUSED(big, "too long");
	memset(big, '.', 40000);
	REFUSED(big, "too long");
	free(big);
}

/* Nesting must not take the stack away. */
static void
refuses_deep_json(void **state)
{
	char deep[8000];

	(void) state;
	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	REFUSED(token(one, text("{\"alg\":%s", deep), claims_with("")), "header is not");
	REFUSED(token(one, HEADER, text("{\"iss\":%s", deep)), "payload is not");
}

static void
refuses_repeated_names(void **state)
{
	(void) state;
	REFUSED(token(one, "{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"one\"}", claims_with("")),
			"header is not");
	REFUSED(token(one, "{\"alg\":\"RS256\",\"alg\":\"RS256\",\"kid\":\"one\"}", claims_with("")),
			"header is not");
	REFUSED(token(one, "{\"alg\":\"RS256\",\"al\\u0067\":\"none\",\"kid\":\"one\"}", claims_with("")),
			"header is not");
	REFUSED(token(one, "{\"alg\":\"RS256\",\"kid\":\"two\",\"kid\":\"one\"}", claims_with("")),
			"header is not");
	REFUSED(token(one, HEADER, claims_with(",\"sub\":\"admin\"")), "payload is not");
	REFUSED(token(one, HEADER, claims_with(",\"exp\":99999999999")), "payload is not");
	REFUSED(token(one, HEADER, claims_with(",\"extra\":{\"a\":1,\"a\":2}")), "payload is not");
}

static void
refuses_headers_it_does_not_understand(void **state)
{
	static const char *const more[] = {"\"crit\":[\"exp\"]", "\"crit\":[]",
									   "\"crit\":null",      "\"crit\":[\"b64\"],\"b64\":false",
									   "\"b64\":false",      "\"b64\":true"};
	static const char *const types[] = {"\"JOSE\"", "\"logout+jwt\"", "\"\"",     "null",
										"1",        "[\"JWT\"]",      "\"JWT \"", "\"dpop+jwt\""};
	static const char *const kids[] = {"",           ",\"kid\":\"\"",      ",\"kid\":null",
									   ",\"kid\":1", ",\"kid\":[\"one\"]", ",\"kid\":{\"$ne\":\"\"}"};
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		REFUSED(token(one, text("{\"alg\":\"RS256\",\"kid\":\"one\",%s}", more[i]), claims_with("")),
				"asks for an extension");
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		REFUSED(token(one, text("{\"alg\":\"RS256\",\"kid\":\"one\",\"typ\":%s}", types[i]), claims_with("")),
				"of another type");
	for (i = 0; i < sizeof(kids) / sizeof(kids[0]); i++)
		REFUSED(token(one, text("{\"alg\":\"RS256\"%s}", kids[i]), claims_with("")), "which key");
	UNKNOWN(token(one, "{\"alg\":\"RS256\",\"kid\":\"ONE\"}", claims_with("")));
	UNKNOWN(token(one, "{\"alg\":\"RS256\",\"kid\":\"one \"}", claims_with("")));
	UNKNOWN(token(one, "{\"alg\":\"RS256\",\"kid\":\"../../dev/null\"}", claims_with("")));
	UNKNOWN(token(one, "{\"alg\":\"RS256\",\"kid\":\"' OR 1=1 --\"}", claims_with("")));
}

/* Another way of writing the same bytes must not be another token. */
static void
refuses_odd_base64(void **state)
{
	const char *payload = base64(claims_with(",\"xy\":1"));
	const char *headers[3];
	size_t i;

	(void) state;
	/* 43, 44 and 45 bytes: with 2, 4 and 0 bits behind the end */
	headers[0] = base64("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"one\"} ");
	headers[1] = base64("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"one\"}  ");
	headers[2] = base64("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"one\"}   ");
	for (i = 0; i < 3; i++)
	{
		char *bent = scratch();
		size_t len = strlen(headers[i]);

		BELIEVED(sign_parts(one, headers[i], payload));
		REFUSED(sign_parts(one, text("%s=", headers[i]), payload), "base64url");
		REFUSED(sign_parts(one, text("%s==", headers[i]), payload), "base64url");
		REFUSED(sign_parts(one, text("%s\n", headers[i]), payload), "base64url");
		REFUSED(sign_parts(one, text("%.5s\r\n%s", headers[i], headers[i] + 5), payload), "base64url");
		REFUSED(sign_parts(one, text("%.5s+%s", headers[i], headers[i] + 6), payload), "base64url");
		REFUSED(sign_parts(one, text("%.5s/%s", headers[i], headers[i] + 6), payload), "base64url");
		REFUSED(sign_parts(one, text("%.5s%%41%s", headers[i], headers[i] + 6), payload), "base64url");
		if (len % 4 == 0)
			continue;
		memcpy(bent, headers[i], len + 1);
		bent[len - 1]++;
		REFUSED(sign_parts(one, bent, payload), "base64url");
	}
	REFUSED(sign_parts(one, headers[0], text("%s=", payload)), "payload is not base64url");
	REFUSED(text("%s=", sign_parts(one, headers[0], payload)), "signature is wrong");
}

/* Claims: replaces one that is right with what is given. */
static const char *
claims_of(const char *iss, const char *aud, const char *sub, const char *exp, const char *more)
{
	return token(one, HEADER, text("{%s%s%s%s\"x\":1%s}", iss, aud, sub, exp, more));
}

#define ISS "\"iss\":\"" ISSUER "\","
#define AUD "\"aud\":\"" AUDIENCE "\","
#define SUB "\"sub\":\"auth0|7\","
#define EXP text("\"exp\":%lld,", now() + 600)

static void
checks_issuer_audience_and_subject(void **state)
{
	(void) state;
	BELIEVED(claims_of(ISS, AUD, SUB, EXP, ""));
	REFUSED(claims_of("", AUD, SUB, EXP, ""), "another issuer");
	REFUSED(claims_of("\"iss\":null,", AUD, SUB, EXP, ""), "another issuer");
	REFUSED(claims_of("\"iss\":[\"" ISSUER "\"],", AUD, SUB, EXP, ""), "another issuer");
	REFUSED(claims_of("\"iss\":\"https://issuer.example\",", AUD, SUB, EXP, ""), "another issuer");
	REFUSED(claims_of("\"iss\":\"" ISSUER "x\",", AUD, SUB, EXP, ""), "another issuer");
	REFUSED(claims_of("\"iss\":\"https://ISSUER.example/\",", AUD, SUB, EXP, ""), "another issuer");

	BELIEVED(claims_of(ISS, "\"aud\":[\"" AUDIENCE "\"],", SUB, EXP, ""));
	BELIEVED(claims_of(ISS, "\"aud\":[\"other\",\"" AUDIENCE "\"],", SUB, EXP, ""));
	REFUSED(claims_of(ISS, "", SUB, EXP, ""), "another audience");
	REFUSED(claims_of(ISS, "\"aud\":null,", SUB, EXP, ""), "another audience");
	REFUSED(claims_of(ISS, "\"aud\":[],", SUB, EXP, ""), "another audience");
	REFUSED(claims_of(ISS, "\"aud\":[\"other\"],", SUB, EXP, ""), "another audience");
	REFUSED(claims_of(ISS, "\"aud\":[\"" AUDIENCE "\",1],", SUB, EXP, ""), "another audience");
	REFUSED(claims_of(ISS, "\"aud\":[[\"" AUDIENCE "\"]],", SUB, EXP, ""), "another audience");
	REFUSED(claims_of(ISS, "\"aud\":{\"" AUDIENCE "\":1},", SUB, EXP, ""), "another audience");
	REFUSED(claims_of(ISS, "\"aud\":\"" AUDIENCE "/x\",", SUB, EXP, ""), "another audience");
	REFUSED(claims_of(ISS, "\"aud\":\"" AUDIENCE " other\",", SUB, EXP, ""), "another audience");

	REFUSED(claims_of(ISS, AUD, "", EXP, ""), "whom it is about");
	REFUSED(claims_of(ISS, AUD, "\"sub\":\"\",", EXP, ""), "whom it is about");
	REFUSED(claims_of(ISS, AUD, "\"sub\":7,", EXP, ""), "whom it is about");
	REFUSED(claims_of(ISS, AUD, "\"sub\":null,", EXP, ""), "whom it is about");
}

static void
checks_dates(void **state)
{
	static const char *const no_dates[] = {
		"",
		"\"exp\":null,",
		"\"exp\":true,",
		"\"exp\":\"99999999999\",",
		"\"exp\":[99999999999],",
		"\"exp\":{},",
		"\"exp\":1e300,",
		"\"exp\":99999999999999999,",
	};
	long long t = now();
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(no_dates) / sizeof(no_dates[0]); i++)
		REFUSED(claims_of(ISS, AUD, SUB, no_dates[i], ""), "when it expires");
	REFUSED(claims_of(ISS, AUD, SUB, "\"exp\":1e999,", ""), "payload is not");
	REFUSED(claims_of(ISS, AUD, SUB, text("\"exp\":%lld,", t - 31), ""), "has expired");
	REFUSED(claims_of(ISS, AUD, SUB, "\"exp\":0,", ""), "has expired");
	REFUSED(claims_of(ISS, AUD, SUB, "\"exp\":-99999999999,", ""), "has expired");
	BELIEVED(claims_of(ISS, AUD, SUB, text("\"exp\":%lld,", t - 10), ""));
	BELIEVED(claims_of(ISS, AUD, SUB, text("\"exp\":%lld.5,", t + 10), ""));
	BELIEVED(claims_of(ISS, AUD, SUB, "\"exp\":9e10,", ""));

	BELIEVED(claims_of(ISS, AUD, SUB, EXP, text(",\"nbf\":%lld,\"iat\":%lld", t, t)));
	BELIEVED(claims_of(ISS, AUD, SUB, EXP, text(",\"nbf\":%lld,\"iat\":%lld", t + 20, t + 20)));
	REFUSED(claims_of(ISS, AUD, SUB, EXP, text(",\"nbf\":%lld", t + 1000)), "not valid yet");
	REFUSED(claims_of(ISS, AUD, SUB, EXP, ",\"nbf\":\"0\""), "not valid yet");
	REFUSED(claims_of(ISS, AUD, SUB, EXP, text(",\"iat\":%lld", t + 1000)), "in the future");
	REFUSED(claims_of(ISS, AUD, SUB, EXP, ",\"iat\":null"), "in the future");
}

/* Time goes on while a token stays the same. */
static void
expires_tokens(void **state)
{
	const char *t = token(one, HEADER, claims_with(""));
	aiodal_web_claims *claims;
	aiodal_error *err = NULL;

	(void) state;
	aiodal_web__clock_ahead = 590 * 1000;
	BELIEVED(t);
	aiodal_web__clock_ahead = 620 * 1000;
	BELIEVED(t);
	FAILS(AIODAL_EINVAL, verify_by(&claims, keys, t, -1, &err), "has expired");
	OK(verify_by(&claims, keys, t, 300, &err));
	aiodal_web_claims_free(claims);
	aiodal_web__clock_ahead = 631 * 1000;
	REFUSED(t, "has expired");
	aiodal_web__clock_ahead = 0;
}

static void
refuses_senseless_options(void **state)
{
	aiodal_web_token_options options = AIODAL_WEB_TOKEN_OPTIONS_INIT;
	aiodal_web_claims *claims;
	const char *t = token(one, HEADER, claims_with(""));
	aiodal_error *err = NULL;

	(void) state;
	FAILS(AIODAL_EINVAL, aiodal_web_token_verify(&claims, keys, t, strlen(t), NULL, &err), "an issuer and");
	FAILS(AIODAL_EINVAL, aiodal_web_token_verify(&claims, keys, t, strlen(t), &options, &err),
		  "an issuer and");
	options.issuer = ISSUER;
	options.audience = "";
	FAILS(AIODAL_EINVAL, aiodal_web_token_verify(&claims, keys, t, strlen(t), &options, &err),
		  "an issuer and");
	options.audience = AUDIENCE;
	options.leeway_s = 301;
	FAILS(AIODAL_EINVAL, aiodal_web_token_verify(&claims, keys, t, strlen(t), &options, &err), "leeway");
	options.leeway_s = -2;
	FAILS(AIODAL_EINVAL, aiodal_web_token_verify(&claims, keys, t, strlen(t), &options, &err), "leeway");
	options.leeway_s = 0;
	options.max_len = strlen(t) - 1;
	FAILS(AIODAL_EINVAL, aiodal_web_token_verify(&claims, keys, t, strlen(t), &options, &err), "too long");
}

/*
 * Key sets
 */

/* How many usable keys there are in a set with one JWK. */
static size_t
usable(const char *one_jwk)
{
	aiodal_web_keys *parsed = parse(text("{\"keys\":[%s]}", one_jwk));
	size_t n = aiodal_web_keys_count(parsed);

	aiodal_web_keys_free(parsed);
	return n;
}

static void
leaves_unusable_keys_out(void **state)
{
	static const char *const unusable[] = {
		",\"use\":\"enc\"",        ",\"use\":null",      ",\"alg\":\"RS512\"",      ",\"alg\":\"HS256\"",
		",\"alg\":null",           ",\"use\":[\"sig\"]", ",\"key_ops\":[\"sign\"]", ",\"key_ops\":[]",
		",\"key_ops\":\"verify\"", ",\"d\":\"AQAB\"",
	};
	const char *n = key_number(one, OSSL_PKEY_PARAM_RSA_N);
	static const char *const exponents[] = {"AQ", "Ag", "AA", "", "AQAB=", "A", "AAAAAAAAAAAAAAAB"};
	EVP_PKEY *weak = new_key(1024);
	EVP_PKEY *almost = new_key(2040);
	size_t i;

	(void) state;
	assert_int_equal(usable(jwk(one, "one", "")), 1);
	assert_int_equal(usable(jwk(one, "one", ",\"use\":\"sig\",\"key_ops\":[\"verify\"],\"x5t\":\"x\"")), 1);
	assert_int_equal(usable(jwk(one, "", "")), 0);
	assert_int_equal(usable(jwk(weak, "one", "")), 0);
	assert_int_equal(usable(jwk(almost, "one", "")), 0);
	for (i = 0; i < sizeof(unusable) / sizeof(unusable[0]); i++)
		if (usable(jwk(one, "one", unusable[i])))
			fail_msg("usable with %s", unusable[i]);
	for (i = 0; i < sizeof(exponents) / sizeof(exponents[0]); i++)
		if (usable(text("{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"%s\",\"e\":\"%s\"}", n, exponents[i])))
			fail_msg("usable with the exponent %s", exponents[i]);
	assert_int_equal(usable(text("{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"%s\",\"e\":\"Aw\"}", n)), 1);
	assert_int_equal(usable(text("{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}", n)), 0);
	assert_int_equal(usable(text("{\"kty\":\"rsa\",\"kid\":\"a\",\"n\":\"%s\",\"e\":\"AQAB\"}", n)), 0);
	assert_int_equal(usable(text("{\"kty\":\"RSA\",\"kid\":1,\"n\":\"%s\",\"e\":\"AQAB\"}", n)), 0);
	assert_int_equal(usable("{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":1,\"e\":\"AQAB\"}"), 0);
	assert_int_equal(usable("{\"kty\":\"RSA\",\"kid\":\"a\",\"e\":\"AQAB\"}"), 0);
	assert_int_equal(usable("{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AAAA\",\"alg\":\"HS256\"}"), 0);
	assert_int_equal(usable("{\"kty\":\"EC\",\"kid\":\"a\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}"), 0);
	assert_int_equal(usable("1"), 0);
	assert_int_equal(usable("null"), 0);
	EVP_PKEY_free(weak);
	EVP_PKEY_free(almost);
}

/* A modulus of that many bytes, which is nobody's key. */
static size_t
usable_with_bytes(size_t bytes)
{
	unsigned char n[3000];

	memset(n, 0xab, sizeof(n));
	return usable(
		text("{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"%s\",\"e\":\"AQAB\"}", base64_bytes(n, bytes)));
}

static void
bounds_the_size_of_keys(void **state)
{
	(void) state;
	assert_int_equal(usable_with_bytes(255), 0);
	assert_int_equal(usable_with_bytes(256), 1);
	assert_int_equal(usable_with_bytes(1024), 1);
	assert_int_equal(usable_with_bytes(1025), 0);
	assert_int_equal(usable_with_bytes(1026), 0);
	assert_int_equal(usable_with_bytes(3000), 0);
}

static void
refuses_what_is_no_key_set(void **state)
{
	static const char *const bad[] = {"",
									  "x",
									  "[]",
									  "{}",
									  "null",
									  "{\"keys\":{}}",
									  "{\"keys\":null}",
									  "{\"keys\":[]",
									  "{\"keys\":[]}x",
									  "{\"keys\":[],\"keys\":[]}",
									  "{\"keys\":[{\"kty\":\"RSA\",\"kty\":\"oct\"}]}",
									  "<html>502</html>"};
	aiodal_web_keys *parsed;
	aiodal_error *err = NULL;
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		FAILS(AIODAL_EINVAL, aiodal_web_keys_parse(&parsed, bad[i], strlen(bad[i]), &err), "the key set");
	parsed = parse("{\"keys\":[]}");
	assert_int_equal(aiodal_web_keys_count(parsed), 0);
	aiodal_web_keys_free(parsed);
	aiodal_web_keys_free(NULL);
}

/* Of two keys with one name the first counts, whatever the second is. */
static void
takes_the_first_of_a_name(void **state)
{
	aiodal_web_keys *both = parse(text("{\"keys\":[%s,%s,%s]}", jwk(two, "one", ",\"use\":\"enc\""),
									   jwk(one, "one", ""), jwk(stranger, "one", "")));
	aiodal_web_claims *claims;
	aiodal_error *err = NULL;

	(void) state;
	assert_int_equal(aiodal_web_keys_count(both), 1);
	OK(verify_by(&claims, both, token(one, HEADER, claims_with("")), 0, &err));
	aiodal_web_claims_free(claims);
	FAILS(AIODAL_EINVAL, verify_by(&claims, both, token(stranger, HEADER, claims_with("")), 0, &err),
		  "signature is wrong");
	aiodal_web_keys_free(both);
}

/*
 * Requirements
 */

static aiodal_status
require(const char *more, const aiodal_web_requirements *r, aiodal_error **err)
{
	aiodal_web_claims *claims;
	aiodal_status status = verify(&claims, token(one, HEADER, claims_with(more)), err);

	assert_int_equal(status, AIODAL_OK);
	status = aiodal_web_claims_require(claims, r, err);
	aiodal_web_claims_free(claims);
	return status;
}

#define LACKS(words) FAILS(AIODAL_ENOTFOUND, require(lacks[i], &r, &err), words)

static void
requires_an_organisation_and_a_grant(void **state)
{
	static const char *const lacks[] = {"",
										",\"org_id\":\"fbi\"",
										",\"org_id\":[\"cia\"]",
										",\"org_id\":null",
										",\"org_id\":\"CIA\"",
										",\"org_id\":\"\"",
										",\"org_name\":\"cia\""};
	aiodal_web_requirements r = AIODAL_WEB_REQUIREMENTS_INIT;
	aiodal_error *err = NULL;
	size_t i;

	(void) state;
	OK(require("", NULL, &err));
	OK(require("", &r, &err));
	r.org_id = "cia";
	for (i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++)
		LACKS("\"org_id\"");
	OK(require(",\"org_id\":\"cia\"", &r, &err));
	r.grant_type = "client-credentials";
	FAILS(AIODAL_ENOTFOUND, require(",\"org_id\":\"cia\"", &r, &err), "\"gty\"");
	FAILS(AIODAL_ENOTFOUND, require(",\"org_id\":\"cia\",\"gty\":\"password\"", &r, &err), "\"gty\"");
	OK(require(",\"org_id\":\"cia\",\"gty\":\"client-credentials\"", &r, &err));
}

static void
requires_scopes_and_permissions(void **state)
{
	static const char *const lacks[] = {"",
										",\"scope\":\"\"",
										",\"scope\":\"read:a\"",
										",\"scope\":\"read:a write:bb\"",
										",\"scope\":\"read:a xwrite:b\"",
										",\"scope\":\"read:a,write:b\"",
										",\"scope\":\"read:a\\twrite:b\"",
										",\"scope\":[\"read:a\",\"write:b\"]",
										",\"scope\":{\"attack\":\"Attack!\"}",
										",\"permissions\":[\"read:a\",\"write:b\"]"};
	aiodal_web_requirements r = AIODAL_WEB_REQUIREMENTS_INIT;
	aiodal_error *err = NULL;
	size_t i;

	(void) state;
	r.scopes = "read:a write:b";
	for (i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++)
		LACKS("lacks the scope");
	OK(require(",\"scope\":\"write:b x read:a\"", &r, &err));
	OK(require(",\"scope\":\"  write:b  read:a \"", &r, &err));
	r.scopes = " ";
	OK(require("", &r, &err));
	r.scopes = NULL;
	r.permissions = "crude other";
	FAILS(AIODAL_ENOTFOUND, require(",\"permissions\":[\"crude\"]", &r, &err), "the permission \"other\"");
	FAILS(AIODAL_ENOTFOUND, require(",\"permissions\":\"crude other\"", &r, &err),
		  "the permission \"crude\"");
	FAILS(AIODAL_ENOTFOUND, require(",\"permissions\":[1,[\"crude\"],null]", &r, &err), "\"crude\"");
	OK(require(",\"permissions\":[1,\"other\",\"crude\"]", &r, &err));
}

static void
requires_an_email(void **state)
{
	aiodal_web_requirements r = AIODAL_WEB_REQUIREMENTS_INIT;
	aiodal_error *err = NULL;

	(void) state;
	r.email = true;
	FAILS(AIODAL_ENOTFOUND, require("", &r, &err), "e-mail");
	FAILS(AIODAL_ENOTFOUND, require(",\"email\":\"\"", &r, &err), "e-mail");
	FAILS(AIODAL_ENOTFOUND, require(",\"email\":true", &r, &err), "e-mail");
	OK(require(",\"email\":\"blah@yada.example\"", &r, &err));
	r.email_claim = "https://api.example/email";
	FAILS(AIODAL_ENOTFOUND, require(",\"email\":\"blah@yada.example\"", &r, &err), "e-mail");
	OK(require(",\"https://api.example/email\":\"blah@yada.example\"", &r, &err));
}

/*
 * Mutations
 */

static unsigned long long seed = 88172645463325252ULL;

static size_t
pick(size_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (size_t) (seed % n);
}

static char
random_char(void)
{
	static const char likely[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n";

	return pick(20) ? likely[pick(sizeof(likely) - 1)] : (char) (pick(255) + 1);
}

/* One change; t has room for twice its length. */
static void
mutate(char *t, char *const *genuine, size_t n_genuine)
{
	size_t len = strlen(t);
	size_t at = len ? pick(len) : 0;
	const char *other = genuine[pick(n_genuine)];
	size_t cut;

	switch (len ? pick(7) : 0)
	{
		case 0: /* put one in */
			memmove(t + at + 1, t + at, len - at + 1);
			t[at] = random_char();
			break;
		case 1: /* take some out */
			cut = 1 + pick(pick(4) ? 3 : len - at);
			cut = cut > len - at ? len - at : cut;
			memmove(t + at, t + at + cut, len - at - cut + 1);
			break;
		case 2:
			t[at] = (char) (t[at] ^ (1 << pick(7)));
			if (t[at] == '\0')
				t[at] = 'A';
			break;
		case 3: t[pick(len)] = t[at]; break;
		case 4: /* the end of another one */
			cut = pick(strlen(other));
			memmove(t + at, other + cut, strlen(other + cut) + 1);
			break;
		case 5: /* the last characters, where the unused bits are */
			t[len - 1 - pick(len < 3 ? len : 3)] = random_char();
			break;
		default: t[at] = random_char();
	}
}

static void
copy_of(char *t, const char *genuine)
{
	memcpy(t, genuine, strlen(genuine) + 1);
}

static bool
is_one_of(const char *t, char *const *genuine, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(t, genuine[i]) == 0)
			return true;
	return false;
}

/* Verifies the signature with another implementation: 1 good, 0 bad, -1 there is none here. */
static int
oracle(const char *t, size_t len)
{
#ifdef HAVE_CJOSE
	static cjose_jwk_t *jwks[2];
	cjose_err problem;
	cjose_jws_t *jws = cjose_jws_import(t, len, &problem);
	int good = 0;
	int i;

	if (!jwks[0])
	{
		const char *a = jwk(one, "one", "");
		const char *b = jwk(two, "two", "");

		jwks[0] = cjose_jwk_import(a, strlen(a), &problem);
		jwks[1] = cjose_jwk_import(b, strlen(b), &problem);
		assert_true(jwks[0] && jwks[1]);
	}
	for (i = 0; jws && !good && i < 2; i++)
		good = cjose_jws_verify(jws, jwks[i], &problem);
	cjose_jws_release(jws);
	if (len == 0)
	{
		cjose_jwk_release(jwks[0]);
		cjose_jwk_release(jwks[1]);
		jwks[0] = NULL;
	}
	return good;
#else
	(void) t;
	(void) len;
	return -1;
#endif
}

static size_t
make_genuine(char **genuine)
{
	static const char *const more[] = {"", ",\"scope\":\"read\"", ",\"scope\":\"admin\"", ",\"pad\":1"};
	size_t n = 0;
	size_t i;

	for (i = 0; i < 4; i++)
	{
		genuine[n++] = strdup(token(one, HEADER, claims_with(more[i])));
		genuine[n++] = strdup(token(two, "{\"alg\":\"RS256\",\"kid\":\"two\"}", claims_with(more[i])));
	}
	for (i = 0; i < n; i++)
	{
		BELIEVED(genuine[i]);
		assert_int_not_equal(oracle(genuine[i], strlen(genuine[i])), 0);
	}
	return n;
}

/* A header that was in order before is not read again, but what it belongs to is verified all the same. */
static void
remembers_headers(void **state)
{
	const char *good = token(one, HEADER, claims_with(""));
	const char *header = text("%.*s", (int) strcspn(good, "."), good);
	const char *rest = good + strlen(header);

	(void) state;
	BELIEVED(good);
	BELIEVED(good);
	REFUSED(sign_parts(two, header, base64(claims_with(""))), "signature is wrong");
	REFUSED(text("%s%s", header, text("%.*sAAAA", (int) strlen(rest) - 4, rest)), "signature is wrong");
	REFUSED(text("%.*s%s", (int) strlen(header) - 1, header, rest), "header");
	REFUSED(text("%sA%s", header, rest), "header");
	BELIEVED(good);
}

/* A changed token is never believed: only those that were signed are, to the letter. */
static void
refuses_mutated_tokens(void **state)
{
	long left = RUNNING_ON_VALGRIND ? 2000 : 100000;
	char *genuine[8];
	size_t n = make_genuine(genuine);
	char t[20000];
	long believed = 0;
	size_t i;

	(void) state;
	while (left-- > 0)
	{
		aiodal_error *err = NULL;
		aiodal_web_claims *claims;
		size_t changes = 1 + pick(3);

		copy_of(t, genuine[pick(n)]);
		while (changes-- > 0)
			mutate(t, genuine, n);
		if (verify(&claims, t, &err) == AIODAL_OK)
		{
			aiodal_web_claims_free(claims);
			believed++;
			if (!is_one_of(t, genuine, n))
				fail_msg("believed: %s", t);
		}
		else
		{
			aiodal_error_free(err);
			if (is_one_of(t, genuine, n))
				fail_msg("refused: %s", t);
		}
	}
	/* changes that cancel out or change nothing happen now and then */
	assert_true(believed < 20000);
	for (i = 0; i < n; i++)
		free(genuine[i]);
	(void) oracle("", 0);
}

/* What we believe, another implementation believes too. */
static void
agrees_with_cjose(void **state)
{
	char *genuine[8];
	size_t n = make_genuine(genuine);
	char t[20000];
	long left = RUNNING_ON_VALGRIND ? 200 : 5000;
	long ours = 0;
	size_t i;

	(void) state;
	if (oracle(genuine[0], strlen(genuine[0])) < 0)
		skip();
	while (left-- > 0)
	{
		aiodal_error *err = NULL;
		aiodal_web_claims *claims = NULL;

		copy_of(t, genuine[pick(n)]);
		if (pick(8))
			mutate(t, genuine, n);
		(void) verify(&claims, t, &err);
		if (claims && !oracle(t, strlen(t)))
			fail_msg("believed by us alone: %s", t);
		ours += claims != NULL;
		aiodal_web_claims_free(claims);
		aiodal_error_free(err);
	}
	assert_true(ours > 10);
	for (i = 0; i < n; i++)
		free(genuine[i]);
	(void) oracle("", 0);
}

/*
 * Out of memory
 */

static long allocations_left;

static int
fail_now(void)
{
	return allocations_left-- <= 0;
}

static void *
failing_malloc(size_t size)
{
	return fail_now() ? NULL : malloc(size);
}

/* Each allocation in turn fails; nothing is believed by that, nothing leaks. */
static void
survives_failing_malloc(void **state)
{
	const char *set = text("{\"keys\":[%s,%s]}", jwk(one, "one", ""), jwk(two, "two", ""));
	const char *t = token(one, HEADER, claims_with(",\"scope\":\"a b\",\"permissions\":[\"c\"]"));
	aiodal_web_claims *claims = NULL;
	aiodal_status status = AIODAL_ENOMEM;
	long n;

	(void) state;
	json_set_alloc_funcs(failing_malloc, free);
	__atomic_store_n(&aiodal_web__alloc_fails, fail_now, __ATOMIC_RELAXED);
	for (n = 0; status && n < 2000; n++)
	{
		aiodal_error *err = NULL;
		aiodal_web_keys *parsed;

		allocations_left = n;
		status = aiodal_web_keys_parse(&parsed, set, strlen(set), &err);
		if (!status)
		{
			status = verify_by(&claims, parsed, t, 0, &err);
			aiodal_web_keys_free(parsed);
		}
		/* jansson does not always say why it refuses a text */
		if (status && status != AIODAL_ENOMEM && !strstr(aiodal_error_message(err), "JSON object"))
			fail_msg("%s at allocation %ld", aiodal_error_message(err), n);
		aiodal_error_free(err);
	}
	__atomic_store_n(&aiodal_web__alloc_fails, NULL, __ATOMIC_RELAXED);
	json_set_alloc_funcs(malloc, free);
	assert_int_equal(status, AIODAL_OK);
	assert_true(n > 40);
	assert_string_equal(aiodal_web_claims_subject(claims), "auth0|7");
	aiodal_web_claims_free(claims);
}

static void
reads_base64(void **state)
{
	unsigned char out[8];

	(void) state;
	assert_int_equal(aiodal_web__base64_size(0), 0);
	assert_int_equal(aiodal_web__base64_size(2), 1);
	assert_int_equal(aiodal_web__base64_size(3), 2);
	assert_int_equal(aiodal_web__base64_size(4), 3);
	assert_true(aiodal_web__base64_decode(out, "", 0));
	assert_true(aiodal_web__base64_decode(out, "-_8", 3));
	assert_memory_equal(out, "\xfb\xff", 2);
	assert_true(aiodal_web__base64_decode(out, "Zm9v", 4));
	assert_memory_equal(out, "foo", 3);
	assert_false(aiodal_web__base64_decode(out, "A", 1));
	assert_false(aiodal_web__base64_decode(out, "AAAAA", 5));
	assert_false(aiodal_web__base64_decode(out, "AB", 2));
	assert_false(aiodal_web__base64_decode(out, "AAB", 3));
	assert_false(aiodal_web__base64_decode(out, "AA\0A", 4));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_base64),
		cmocka_unit_test(believes_genuine_tokens),
		cmocka_unit_test(refuses_other_algorithms),
		cmocka_unit_test(refuses_hmac_with_the_public_key),
		cmocka_unit_test(refuses_wrong_signatures),
		cmocka_unit_test(refuses_malformed_tokens),
		cmocka_unit_test(refuses_deep_json),
		cmocka_unit_test(refuses_repeated_names),
		cmocka_unit_test(refuses_headers_it_does_not_understand),
		cmocka_unit_test(refuses_odd_base64),
		cmocka_unit_test(checks_issuer_audience_and_subject),
		cmocka_unit_test(checks_dates),
		cmocka_unit_test(expires_tokens),
		cmocka_unit_test(refuses_senseless_options),
		cmocka_unit_test(leaves_unusable_keys_out),
		cmocka_unit_test(bounds_the_size_of_keys),
		cmocka_unit_test(refuses_what_is_no_key_set),
		cmocka_unit_test(takes_the_first_of_a_name),
		cmocka_unit_test(requires_an_organisation_and_a_grant),
		cmocka_unit_test(requires_scopes_and_permissions),
		cmocka_unit_test(requires_an_email),
		cmocka_unit_test(remembers_headers),
		cmocka_unit_test(refuses_mutated_tokens),
		cmocka_unit_test(agrees_with_cjose),
		cmocka_unit_test(survives_failing_malloc),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
