/*
 * fuzz_token.c
 *		Tokens: what was signed is believed, to the letter, and nothing else; whatever stands in the header
 *		Authorization, the answer is one of those that RFC 6750 has.
 *
 * The keys are made anew each time, so a token that another run left behind is a stranger's.
 */
#include "fuzz.h"
#include "web/token.h"

static EVP_PKEY *key;
static aiodal_web_keys *keys;
static aiodal_web_app *app;
static char *genuine[3];

static aiodal_status
answer_204(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	(void) req;
	(void) payload;
	(void) err;
	aiodal_web_response_set_status(res, 204);
	return AIODAL_OK;
}

static void
make_app(void)
{
	aiodal_web_auth_options options = AIODAL_WEB_AUTH_OPTIONS_INIT;
	aiodal_web_scope *root;
	aiodal_error *err = NULL;

	options.keys = keys;
	options.token.issuer = ISSUER;
	options.token.audience = AUDIENCE;
	OK(aiodal_web_app_new(&app, NULL, NULL, &err));
	root = aiodal_web_app_root(app);
	OK(aiodal_web_scope_authenticate(root, &options, &err));
	OK(aiodal_web_scope_add(root, "GET", "/", answer_204, NULL, NULL, &err));
}

void
fuzz_begin(void)
{
	static const char *const payloads[] = {
		"{\"iss\":\"" ISSUER "\",\"aud\":\"" AUDIENCE "\",\"sub\":\"a\",\"exp\":99999999999}",
		"{\"iss\":\"" ISSUER "\",\"aud\":[\"x\",\"" AUDIENCE
		"\"],\"sub\":\"a\",\"exp\":99999999999,\"n\":[{}]}",
		"{\"sub\":\"b\",\"exp\":99999999999.5,\"iss\":\"" ISSUER "\",\"aud\":\"" AUDIENCE "\",\"nbf\":1}"};
	const char *set;
	aiodal_error *err = NULL;
	size_t i;

	key = new_key(2048);
	set = text("{\"keys\":[%s]}", jwk(key, "one", ""));
	OK(aiodal_web_keys_parse(&keys, set, strlen(set), &err));
	make_app();
	for (i = 0; i < 3; i++)
	{
		genuine[i] = strdup(token(key, "{\"alg\":\"RS256\",\"kid\":\"one\"}", payloads[i]));
		fuzz_seed_text(genuine[i]);
	}
	fuzz_seed_text(token(key, "{\"alg\":\"none\",\"kid\":\"one\"}", payloads[0]));
	fuzz_seed_text(text("%s.%s.", base64("{\"alg\":\"none\"}"), base64(payloads[0])));
	fuzz_seed_text("..");
	fuzz_word("Bearer ");
	fuzz_word("..");
	fuzz_word(text("%.*s", (int) strcspn(genuine[0], ".") + 1, genuine[0]));
	fuzz_word(text("%s", strrchr(genuine[0], '.')));
}

static bool
is_genuine(const char *data, size_t len)
{
	size_t i;

	for (i = 0; i < 3; i++)
		if (len == strlen(genuine[i]) && memcmp(data, genuine[i], len) == 0)
			return true;
	return false;
}

static void
try_token(const char *data, size_t len)
{
	aiodal_web_token_options options = AIODAL_WEB_TOKEN_OPTIONS_INIT;
	aiodal_web_claims *claims = NULL;
	aiodal_error *err = NULL;
	aiodal_status status;

	options.issuer = ISSUER;
	options.audience = AUDIENCE;
	status = aiodal_web_token_verify(&claims, keys, data, len, &options, &err);
	if ((status == AIODAL_OK) != is_genuine(data, len))
		fuzz_fail("believed wrongly: %d", status);
	if (status && status != AIODAL_EINVAL && status != AIODAL_ENOTFOUND)
		fuzz_fail("status %d", status);
	if (!status && strlen(aiodal_web_claims_subject(claims)) != 1)
		fuzz_fail("another subject");
	aiodal_web_claims_free(claims);
	aiodal_error_free(err);
}

static void
try_request(const char *data)
{
	char *value = malloc(strlen(data) + 8);
	aiodal_web_header header = {"Authorization", value};
	aiodal_web_call call = AIODAL_WEB_CALL_INIT;
	aiodal_web_response *res;
	aiodal_error *err = NULL;
	int status;

	memcpy(value, "Bearer ", 7);
	memcpy(value + 7, data, strlen(data) + 1);
	call.method = "GET";
	call.target = "/";
	call.headers = &header;
	call.n_headers = 1;
	OK(aiodal_web_app_handle(&res, app, &call, &err));
	status = aiodal_web_response_status(res);
	if (status != 204 && status != 400 && status != 401 && status != 431)
		fuzz_fail("answered with %d", status);
	/* spaces around it are not part of a token */
	if (status == 204 && !is_genuine(data + strspn(data, " "), strlen(data + strspn(data, " "))))
		fuzz_fail("let in wrongly");
	if (status == 401 && !aiodal_web_response_header(res, "WWW-Authenticate"))
		fuzz_fail("401 without a challenge");
	aiodal_web_response_free(res);
	free(value);
}

void
fuzz_one(const char *data, size_t len)
{
	try_token(data, len);
	try_request(data);
}

void
fuzz_end(void)
{
	size_t i;

	for (i = 0; i < 3; i++)
		free(genuine[i]);
	aiodal_web_app_free(app);
	aiodal_web_keys_free(keys);
	EVP_PKEY_free(key);
}
