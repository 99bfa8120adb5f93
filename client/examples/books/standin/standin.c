/*
 * standin.c
 *		Stands in for the issuer of tokens, so that the service can be tried out without one.
 *
 * It gives a token to whoever asks, with whatever he asks for. Never let it be heard beyond this machine, and
 * never have a service that matters believe it.
 *
 *		GET /.well-known/openid-configuration, /.well-known/jwks.json
 *		GET /token?sub=ada&permissions=read:books+write:books&seconds=600
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <aiodal/or_exit.h>
#include <aiodal/web.h>

#define KID "standin"

typedef struct issuer
{
	EVP_PKEY *key;
	const char *audience;
	char url[100]; /* with a slash at the end; known once the port is */
} issuer;

/*
 * Texts
 */

/* In base64url without padding; the caller frees it. */
static char *
encode(const void *data, size_t len)
{
	char *text = malloc(len / 3 * 4 + 5);
	char *p;

	if (!text)
		return NULL;
	(void) EVP_EncodeBlock((unsigned char *) text, data, (int) len);
	text[strcspn(text, "=")] = '\0';
	for (p = text; *p; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
	return text;
}

/* The object is freed. */
static char *
encode_json(json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);
	char *encoded = text ? encode(text, strlen(text)) : NULL;

	free(text);
	json_decref(object);
	return encoded;
}

/* The caller frees it. */
static char *
join(const char *a, const char *b)
{
	char *text = NULL;

	if (!a || !b || asprintf(&text, "%s.%s", a, b) < 0)
		return NULL;
	return text;
}

/* The object is freed. */
static aiodal_status
send_json(aiodal_web_response *res, json_t *object, aiodal_error **err)
{
	char *text = json_dumps(object, JSON_INDENT(2));
	aiodal_status status = text ? aiodal_web_response_json(res, 200, text, err)
								: aiodal_error_set(err, AIODAL_ENOMEM, "out of memory", NULL, NULL);

	free(text);
	json_decref(object);
	return status;
}

/*
 * Keys
 */

static char *
key_number(EVP_PKEY *key, const char *name)
{
	unsigned char bytes[1024];
	BIGNUM *number = NULL;
	char *text = NULL;

	if (EVP_PKEY_get_bn_param(key, name, &number) == 1 && BN_num_bytes(number) <= (int) sizeof(bytes))
		text = encode(bytes, (size_t) BN_bn2bin(number, bytes));
	BN_free(number);
	return text;
}

static aiodal_status
show_configuration(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	const issuer *self = payload;

	(void) req;
	return send_json(
		res, json_pack("{s:s, s:s+}", "issuer", self->url, "jwks_uri", self->url, ".well-known/jwks.json"),
		err);
}

static aiodal_status
show_keys(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	const issuer *self = payload;
	char *n = key_number(self->key, OSSL_PKEY_PARAM_RSA_N);
	char *e = key_number(self->key, OSSL_PKEY_PARAM_RSA_E);
	json_t *keys = json_pack("{s:[{s:s, s:s, s:s, s:s, s:s, s:s}]}", "keys", "kty", "RSA", "use", "sig",
							 "alg", "RS256", "kid", KID, "n", n, "e", e);

	(void) req;
	free(n);
	free(e);
	return send_json(res, keys, err);
}

/*
 * Tokens
 */

/* The parameter's words as an array. */
static json_t *
words(const char *text)
{
	json_t *array = json_array();

	while (*text)
	{
		size_t len = strcspn(text, " ");

		if (len > 0)
			(void) json_array_append_new(array, json_stringn(text, len));
		text += len + (text[len] == ' ');
	}
	return array;
}

static const char *
query(const aiodal_web_request *req, const char *name, const char *otherwise)
{
	const char *value = aiodal_web_request_query(req, name);

	return value ? value : otherwise;
}

static char *
sign(EVP_PKEY *key, const char *text)
{
	unsigned char signature[1024];
	size_t len = sizeof(signature);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	char *encoded = NULL;

	if (context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
		EVP_DigestSign(context, signature, &len, (const unsigned char *) text, strlen(text)) == 1)
		encoded = encode(signature, len);
	EVP_MD_CTX_free(context);
	return encoded;
}

static char *
make_token(const issuer *self, const aiodal_web_request *req)
{
	long long now = (long long) time(NULL);
	char *head = encode_json(json_pack("{s:s, s:s, s:s}", "alg", "RS256", "typ", "JWT", "kid", KID));
	char *body = encode_json(json_pack("{s:s, s:s, s:s, s:I, s:I, s:o}", "iss", self->url, "aud",
									   query(req, "aud", self->audience), "sub", query(req, "sub", "ada"),
									   "iat", (json_int_t) now, "exp",
									   (json_int_t) (now + strtoll(query(req, "seconds", "600"), NULL, 10)),
									   "permissions", words(query(req, "permissions", "read:books"))));
	char *text = join(head, body);
	char *signature = text ? sign(self->key, text) : NULL;
	char *token = join(text, signature);

	free(head);
	free(body);
	free(text);
	free(signature);
	return token;
}

/* As text, for a shell's $(curl ...). */
static aiodal_status
give_token(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	char *token = make_token(payload, req);

	if (!token)
		return aiodal_error_set(err, AIODAL_ENOMEM, "out of memory", NULL, NULL);
	return aiodal_web_response_take_body(res, "text/plain", token, strlen(token), free, err);
}

/*
 * The program
 */

static void
add_routes(aiodal_web_app *app, issuer *self, aiodal_error **err)
{
	aiodal_web_scope *root = aiodal_web_app_root(app);

	aiodal_or_exit(aiodal_web_scope_add(root, "GET", "/.well-known/openid-configuration", show_configuration,
										self, NULL, err),
				   err);
	aiodal_or_exit(aiodal_web_scope_add(root, "GET", "/.well-known/jwks.json", show_keys, self, NULL, err),
				   err);
	aiodal_or_exit(aiodal_web_scope_add(root, "GET", "/token", give_token, self, NULL, err), err);
}

int
main(int argc, char **argv)
{
	aiodal_error *err = NULL;
	aiodal_web_app *app;
	aiodal_web_server *server;
	issuer self = {NULL, argc > 1 ? argv[1] : "", ""};
	sigset_t signals;
	int got;

	(void) sigemptyset(&signals);
	(void) sigaddset(&signals, SIGINT);
	(void) sigaddset(&signals, SIGTERM);
	(void) pthread_sigmask(SIG_BLOCK, &signals, NULL);

	self.key = EVP_RSA_gen(2048);
	if (!self.key)
		return EXIT_FAILURE;
	aiodal_or_exit(aiodal_web_app_new(&app, NULL, NULL, &err), &err);
	add_routes(app, &self, &err);
	aiodal_or_exit(aiodal_web_server_start(&server, app, NULL, &err), &err);
	(void) snprintf(self.url, sizeof(self.url), "http://127.0.0.1:%d/", aiodal_web_server_port(server));
	(void) printf("%s\n", self.url);
	(void) fflush(stdout);
	(void) sigwait(&signals, &got);
	aiodal_web_server_stop(server, 1000);
	aiodal_web_app_free(app);
	EVP_PKEY_free(self.key);
	return EXIT_SUCCESS;
}
