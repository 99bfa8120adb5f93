/*
 * jwt.c
 *		Verifying tokens: JSON Web Signatures in their compact form (RFC 7515), the claims of RFC 7519, with
 * the care RFC 8725 asks for.
 *
 * The header is read only to learn that it asks for RS256 and which key it names, unless it is the one, to
 * the letter, that was in order before; then the signature is verified; only what a key of the issuer's has
 * signed is read any further.
 */
#include <math.h>
#include <string.h>

#include "base64.h"
#include "claims.h"
#include "clock.h"
#include "json.h"
#include "jwt.h"
#include "keys.h"
#include "mem.h"
#include "text.h"

#define DEFAULT_LEEWAY  30
#define MAX_LEEWAY      300
#define DEFAULT_MAX_LEN 16000

/* One of the three parts, still encoded. */
typedef struct part
{
	const char *text;
	size_t len;
} part;

enum
{
	HEADER,
	PAYLOAD,
	SIGNATURE,
	N_PARTS
};

static aiodal_status
refuse(aiodal_error **err, const char *why)
{
	return aiodal_web__fail(err, AIODAL_EINVAL, "%s", why);
}

/* Three parts with dots between them, none of them empty. */
static bool
split(part *parts, const char *token, size_t len)
{
	int i;

	for (i = 0; i < N_PARTS; i++)
	{
		const char *dot = memchr(token, '.', len);

		if (!dot != (i == SIGNATURE))
			return false;
		parts[i].text = token;
		parts[i].len = dot ? (size_t) (dot - token) : len;
		if (parts[i].len == 0)
			return false;
		token += parts[i].len + 1;
		len -= parts[i].len + (dot != NULL);
	}
	return true;
}

/* *text is NUL-terminated and the caller's. */
static aiodal_status
read_part(json_t **json, char **text, const part *p, const char *what, aiodal_error **err)
{
	size_t len = aiodal_web__base64_size(p->len);

	*json = NULL;
	*text = aiodal_web__malloc(len + 1);
	if (!*text)
		return aiodal_web__oom(err);
	(*text)[len] = '\0';
	if (!aiodal_web__base64_decode((unsigned char *) *text, p->text, p->len))
		return aiodal_web__fail(err, AIODAL_EINVAL, "%s is not base64url", what);
	return aiodal_web__json_object(json, *text, len, what, err);
}

/*
 * The header
 */

/* Tokens for something else say so there; those for access may say nothing. */
static bool
is_access_type(const json_t *typ)
{
	const char *s = json_string_value(typ);

	return !typ || (s && (aiodal_web__same_word(s, "JWT") || aiodal_web__same_word(s, "at+jwt") ||
						  aiodal_web__same_word(s, "application/at+jwt")));
}

static aiodal_status
check_header(const json_t *header, aiodal_error **err)
{
	const char *alg = aiodal_web__json_string(header, "alg");
	const char *kid = aiodal_web__json_string(header, "kid");

	if (!alg || strcmp(alg, "RS256") != 0)
		return refuse(err, "the token is not signed with RS256");
	if (json_object_get(header, "crit") || json_object_get(header, "b64"))
		return refuse(err, "the token asks for an extension");
	if (!is_access_type(json_object_get(header, "typ")))
		return refuse(err, "the token is of another type");
	if (!kid || !*kid)
		return refuse(err, "the token does not say which key it is signed with");
	return AIODAL_OK;
}

/*
 * The signature
 */

static aiodal_status
verify(aiodal_web__key *key, const part *parts, aiodal_error **err)
{
	const part *s = &parts[SIGNATURE];
	unsigned char signature[AIODAL_WEB__MAX_SIGNATURE];
	int verified = 0;

	if (aiodal_web__base64_size(s->len) == aiodal_web__key_size(key) &&
		aiodal_web__base64_decode(signature, s->text, s->len))
		verified = aiodal_web__key_verify(key, parts[HEADER].text, parts[HEADER].len + 1 + parts[PAYLOAD].len,
										  signature);
	if (verified < 0)
		return aiodal_web__oom(err);
	return verified ? AIODAL_OK : refuse(err, "the token's signature is wrong");
}

static aiodal_status
verify_by_header(aiodal_web_keys *keys, const part *parts, aiodal_error **err)
{
	json_t *header;
	char *text;
	aiodal_web__key *key;
	aiodal_web__keyset *set = NULL;
	aiodal_status status = read_part(&header, &text, &parts[HEADER], "the token's header", err);

	if (!status)
		status = check_header(header, err);
	if (!status)
		status = aiodal_web__keys_find(&key, &set, keys, aiodal_web__json_string(header, "kid"), err);
	if (!status)
		status = verify(key, parts, err);
	if (!status)
		aiodal_web__key_remember(key, parts[HEADER].text, parts[HEADER].len);
	aiodal_web__keyset_unref(set);
	json_decref(header);
	aiodal_web__free(text);
	return status;
}

/* An issuer's tokens have the same header as a rule. */
static aiodal_status
verify_by_key(aiodal_web_keys *keys, const part *parts, aiodal_error **err)
{
	aiodal_web__keyset *set;
	aiodal_web__key *key = aiodal_web__keys_recall(&set, keys, parts[HEADER].text, parts[HEADER].len);
	aiodal_status status;

	if (!key)
		return verify_by_header(keys, parts, err);
	status = verify(key, parts, err);
	aiodal_web__keyset_unref(set);
	return status;
}

/*
 * The claims
 */

/* Seconds since 1970, maybe with a fraction. False when the claim is no such number. */
static bool
read_date(double *date, const json_t *claim)
{
	*date = json_number_value(claim);
	return json_is_number(claim) && isfinite(*date) && fabs(*date) < 1e15;
}

static aiodal_status
check_dates(aiodal_web_claims *claims, int leeway, aiodal_error **err)
{
	const json_t *nbf = json_object_get(claims->json, "nbf");
	const json_t *iat = json_object_get(claims->json, "iat");
	double now = (double) aiodal_web__date();
	double date;

	if (!read_date(&date, json_object_get(claims->json, "exp")))
		return refuse(err, "the token does not say when it expires");
	if (now >= date + leeway)
		return refuse(err, "the token has expired");
	claims->expires = (int64_t) date;
	if (nbf && (!read_date(&date, nbf) || now < date - leeway))
		return refuse(err, "the token is not valid yet");
	if (iat && (!read_date(&date, iat) || now < date - leeway))
		return refuse(err, "the token was issued in the future");
	return AIODAL_OK;
}

static bool
is_for(const json_t *aud, const char *audience)
{
	const char *s = json_string_value(aud);

	return s ? strcmp(s, audience) == 0
			 : aiodal_web__json_strings(aud) && aiodal_web__json_has(aud, audience);
}

static aiodal_status
check_claims(aiodal_web_claims *claims, const aiodal_web_token_options *options, aiodal_error **err)
{
	const char *iss = aiodal_web__json_string(claims->json, "iss");

	if (!iss || strcmp(iss, options->issuer) != 0)
		return refuse(err, "the token is from another issuer");
	if (!is_for(json_object_get(claims->json, "aud"), options->audience))
		return refuse(err, "the token is for another audience");
	claims->subject = aiodal_web__json_string(claims->json, "sub");
	if (!claims->subject || !*claims->subject)
		return refuse(err, "the token does not say whom it is about");
	return check_dates(claims, options->leeway_s, err);
}

static aiodal_status
read_claims(aiodal_web_claims **claims, const part *payload, const aiodal_web_token_options *options,
			aiodal_error **err)
{
	aiodal_web_claims *made = aiodal_web__calloc(1, sizeof(*made));
	aiodal_status status;

	if (!made)
		return aiodal_web__oom(err);
	status = read_part(&made->json, &made->text, payload, "the token's payload", err);
	if (!status)
		status = check_claims(made, options, err);
	if (status)
		aiodal_web_claims_free(made);
	else
		*claims = made;
	return status;
}

/*
 * The whole
 */

aiodal_status
aiodal_web__token_options_read(aiodal_web_token_options *ours, const aiodal_web_token_options *given,
							   aiodal_error **err)
{
	aiodal_status status = aiodal_web__options_copy(ours, sizeof(*ours), given, "the token options", err);

	if (status)
		return status;
	if (!ours->issuer || !*ours->issuer || !ours->audience || !*ours->audience)
		return refuse(err, "to verify tokens an issuer and an audience are needed");
	if (ours->leeway_s < -1 || ours->leeway_s > MAX_LEEWAY)
		return refuse(err, "the leeway must be from -1 to 300 seconds");
	if (ours->leeway_s <= 0)
		ours->leeway_s = ours->leeway_s ? 0 : DEFAULT_LEEWAY;
	if (!ours->max_len)
		ours->max_len = DEFAULT_MAX_LEN;
	return AIODAL_OK;
}

aiodal_status
aiodal_web__token_verify(aiodal_web_claims **claims, aiodal_web_keys *keys, const char *token, size_t len,
						 const aiodal_web_token_options *options, aiodal_error **err)
{
	part parts[N_PARTS];
	aiodal_status status;

	*claims = NULL;
	if (len > options->max_len)
		return refuse(err, "the token is too long");
	if (!split(parts, token, len))
		return refuse(err, "the token does not have three parts");
	status = verify_by_key(keys, parts, err);
	return status ? status : read_claims(claims, &parts[PAYLOAD], options, err);
}

aiodal_status
aiodal_web_token_verify(aiodal_web_claims **claims, aiodal_web_keys *keys, const char *token, size_t len,
						const aiodal_web_token_options *options, aiodal_error **err)
{
	aiodal_web_token_options ours;
	aiodal_status status = aiodal_web__token_options_read(&ours, options, err);

	*claims = NULL;
	return status ? status : aiodal_web__token_verify(claims, keys, token, len, &ours, err);
}
