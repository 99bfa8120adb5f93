/*
 * aiodal/web_auth.h
 *		Bearer tokens: JSON Web Tokens signed with RS256, as Auth0 and other OpenID providers give them out.
 *
 * A token is believed when its header asks for RS256 and nothing else, a key of the issuer verifies its
 * signature, and its claims say that it is from this issuer, for this audience, about somebody, and not
 * expired. What a token says about where its key is to be found is never followed.
 */
#ifndef AIODAL_WEB_AUTH_H
#define AIODAL_WEB_AUTH_H

#include <aiodal/web_http.h>

AIODAL_BEGIN_DECLS

/* The keys that an issuer signs with. Any number of threads may use them at once. */
typedef struct aiodal_web_keys aiodal_web_keys;

/* What a verified token says. Immutable: any thread may read it. */
typedef struct aiodal_web_claims aiodal_web_claims;

/*
 * Keys
 */

/*
 * Keys from a JWK set (RFC 7517) in memory. Those that cannot have signed an RS256 token are left out: of
 * another type, use or algorithm, without a kid, shorter than 2048 bits or longer than 8192, with an exponent
 * below 3, or with their private part told to the world. Of two with the same kid the first one counts.
 * AIODAL_EINVAL when the text is no JWK set.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_keys_parse(aiodal_web_keys **keys, const char *json,
																 size_t len, aiodal_error **err);

typedef struct aiodal_web_keys_options
{
	size_t size;
	int ttl_s;       /* how long a set counts after it was fetched; default 600 */
	int cooldown_s;  /* between two fetches for the sake of unknown kids, or after a failure; default 15 */
	int stale_s;     /* how long beyond the ttl it counts while no other can be had; default 3600, -1: not */
	int timeout_ms;  /* of one fetch; default 5000 */
	int wait_ms;     /* for a fetch in flight, by whoever has an unknown kid; default 2000 */
	size_t max_size; /* bytes of a set; default 256 KB */
	int max_waiting; /* who wait for a fetch at once, each with a thread: less than a server's workers;
						default 5 */
} aiodal_web_keys_options;

#define AIODAL_WEB_KEYS_OPTIONS_INIT                         \
	{                                                        \
		sizeof(aiodal_web_keys_options), 0, 0, 0, 0, 0, 0, 0 \
	}

/*
 * Keys that are fetched from a URL, such as "https://me.eu.auth0.com/.well-known/jwks.json", and kept up to
 * date by a thread of their own, before their time is over, so that nobody waits for it. A key that the
 * issuer takes out of the set is good for nothing after the ttl at most. A kid that is unknown has the set
 * fetched anew, once for all who wait for it and not again until the cooldown is over; who would wait beside
 * max_waiting others is told to come again (503), so that an issuer that is slow does not take all threads.
 * While the issuer does not answer, or with something that is no key set, the last set counts, for stale_s at
 * most.
 *
 * The URL is https; plain http is for the loopback interface alone. Redirects are not followed. The first
 * fetch is waited for: AIODAL_ECONN, AIODAL_ETIMEOUT or AIODAL_EINVAL when it brings no usable key.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_keys_fetch(aiodal_web_keys **keys, const char *url,
																 const aiodal_web_keys_options *options,
																 aiodal_error **err);

/* The same from where the issuer's OpenID configuration says: issuer/.well-known/openid-configuration. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_keys_discover(aiodal_web_keys **keys,
																	const char *issuer,
																	const aiodal_web_keys_options *options,
																	aiodal_error **err);

/* For those who watch. */
typedef struct aiodal_web_keys_stats
{
	size_t size;
	size_t keys;          /* usable ones; 0 as well when the set is too old to count */
	uint64_t fetches;     /* that came to an end */
	uint64_t failures;    /* among them */
	double age_s;         /* of the set; 0 for one from memory */
	char last_error[200]; /* of the last fetch, "" when it went well */
} aiodal_web_keys_stats;

/* Fills *stats, whose size the caller has set. */
AIODAL_API void aiodal_web_keys_get_stats(aiodal_web_keys *keys, aiodal_web_keys_stats *stats);

/* How many are usable. */
AIODAL_API size_t aiodal_web_keys_count(aiodal_web_keys *keys);

/* When nobody uses them any more. */
AIODAL_API void aiodal_web_keys_free(aiodal_web_keys *keys);

/*
 * Tokens
 */

typedef struct aiodal_web_token_options
{
	size_t size;
	const char *issuer;   /* what "iss" is, to the letter, e.g. "https://me.eu.auth0.com/"; required */
	const char *audience; /* what "aud" is or has among others; required */
	int leeway_s;         /* how far clocks may be apart; default 30, at most 300, -1: not at all */
	size_t max_len;       /* bytes of a token; default 16000 */
} aiodal_web_token_options;

#define AIODAL_WEB_TOKEN_OPTIONS_INIT                      \
	{                                                      \
		sizeof(aiodal_web_token_options), NULL, NULL, 0, 0 \
	}

/*
 * Verifies a token of len bytes. AIODAL_EINVAL when it is not to be believed, or the options make no sense;
 * AIODAL_ENOTFOUND when it was signed with a key that the issuer does not have; AIODAL_ECONN when the keys
 * cannot be had, so that nothing is known about the token. The error's message says what is wrong with the
 * token and may be shown to whoever sent it. *claims is the caller's: aiodal_web_claims_free().
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_token_verify(aiodal_web_claims **claims,
																   aiodal_web_keys *keys, const char *token,
																   size_t len,
																   const aiodal_web_token_options *options,
																   aiodal_error **err);

/* Whom the token is about: the claim "sub". */
AIODAL_API const char *aiodal_web_claims_subject(const aiodal_web_claims *claims);

/* When it expires, in seconds since 1970, without leeway. */
AIODAL_API int64_t aiodal_web_claims_expires(const aiodal_web_claims *claims);

/* A claim that is a string; NULL when there is none of that name or it is something else. */
AIODAL_API const char *aiodal_web_claims_string(const aiodal_web_claims *claims, const char *name);

/* Whether a claim is an array with that string in it. */
AIODAL_API bool aiodal_web_claims_has(const aiodal_web_claims *claims, const char *name, const char *value);

/* All claims: as JSON, e.g. to hand them to PostgreSQL as a jsonb parameter ... */
AIODAL_API const char *aiodal_web_claims_text(const aiodal_web_claims *claims);

/* ... and as an object of the library jansson, whose json_t it is. Not to be changed. */
struct json_t;
AIODAL_API const struct json_t *aiodal_web_claims_json(const aiodal_web_claims *claims);

AIODAL_API void aiodal_web_claims_free(aiodal_web_claims *claims);

/*
 * What a believed token must say to be let in. What is NULL or false is not asked for.
 */
typedef struct aiodal_web_requirements
{
	size_t size;
	const char *org_id;      /* what "org_id" is */
	const char *grant_type;  /* what "gty" is, e.g. "client-credentials" */
	const char *scopes;      /* with a space between them: all must be in "scope" */
	const char *permissions; /* with a space between them: all must be in "permissions" */
	bool email;              /* there is an address of e-mail */
	const char *email_claim; /* where; default "email" */
} aiodal_web_requirements;

#define AIODAL_WEB_REQUIREMENTS_INIT                                         \
	{                                                                        \
		sizeof(aiodal_web_requirements), NULL, NULL, NULL, NULL, false, NULL \
	}

/* AIODAL_ENOTFOUND when the token does not say that; the error's message says what is missing. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_claims_require(const aiodal_web_claims *claims,
																	 const aiodal_web_requirements *what,
																	 aiodal_error **err);

/*
 * Requests
 */

/*
 * Makes the application's own idea of a user from a token: *user, which free_user of the options frees with
 * the request. To refuse the token return AIODAL_EINVAL or AIODAL_ENOTFOUND with a message that may be shown:
 * 403. Another failure is the service's own: 500.
 */
typedef aiodal_status (*aiodal_web_user_parser)(void **user, const aiodal_web_claims *claims, void *payload,
												aiodal_error **err);

typedef struct aiodal_web_auth_options
{
	size_t size;
	aiodal_web_keys *keys; /* borrowed; required */
	aiodal_web_token_options token;
	aiodal_web_requirements require; /* of every token */
	const char *realm;               /* told to clients; default none */
	bool optional;                   /* requests without a token pass, and have no claims; default: 401 */
	aiodal_web_user_parser parse_user;
	void *parse_payload;
	aiodal_web_free_fn free_user;
} aiodal_web_auth_options;

#define AIODAL_WEB_AUTH_OPTIONS_INIT                                                                        \
	{                                                                                                       \
		sizeof(aiodal_web_auth_options), NULL, AIODAL_WEB_TOKEN_OPTIONS_INIT, AIODAL_WEB_REQUIREMENTS_INIT, \
			NULL, false, NULL, NULL, NULL                                                                   \
	}

/*
 * Has every request to this scope and those below carry a token in one header "Authorization: Bearer ...".
 * The answer is 401 with WWW-Authenticate (RFC 6750) when there is none or it is not believed, 400 when there
 * are two such headers, 403 when the token does not say what is required, 503 when the issuer's keys cannot
 * be had. Tokens in the query or a cookie are not looked at. Options are copied.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_scope_authenticate(
	aiodal_web_scope *scope, const aiodal_web_auth_options *options, aiodal_error **err);

/*
 * Requires more at this scope and those below: 403, and what is missing, when the token does not say so; 401
 * when there is none. The scope, or one around it, must be authenticated before. what is copied.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_scope_require(aiodal_web_scope *scope,
																	const aiodal_web_requirements *what,
																	aiodal_error **err);

/* The claims of the request's token, and what parse_user made of them; NULL without a token. */
AIODAL_API const aiodal_web_claims *aiodal_web_request_claims(const aiodal_web_request *req);
AIODAL_API void *aiodal_web_request_user(const aiodal_web_request *req);

AIODAL_END_DECLS

#endif /* AIODAL_WEB_AUTH_H */
