/*
 * standin/main.c
 *		Stands in for the issuer of tokens and for Slack, so that the service can be tried out without them.
 *
 * It gives a token to whoever asks, with whatever he asks for. Never let it be heard beyond this machine, and
 * never have a service that matters believe it.
 *
 *		GET  /.well-known/openid-configuration, /.well-known/jwks.json
 *		GET  /token?sub=ada&permissions=read:books+write:books&seconds=600
 *		POST /services/...         a message for a channel
 *		GET  /channel              what was read there last
 *		GET  /delay?keys=60000     answer with keys that much later, in milliseconds; slack=60000: messages
 */
#include <pthread.h>
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

typedef struct standin
{
	EVP_PKEY *key;
	const char *audience;
	char url[100]; /* with a slash at the end; known once the port is */

	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed;
	char *message; /* the last one; NULL: none so far */
	int keys_delay;
	int slack_delay;
	bool quit;
} standin;

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

/* Waits as long as was asked for, or until that is changed. */
static void
hesitate(standin *self, const int *delay)
{
	struct timespec until;
	int ms;

	(void) clock_gettime(CLOCK_REALTIME, &until);
	(void) pthread_mutex_lock(&self->lock);
	ms = *delay;
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L)
	{
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	while (ms > 0 && *delay == ms && !self->quit &&
		   pthread_cond_timedwait(&self->changed, &self->lock, &until) == 0)
		continue;
	(void) pthread_mutex_unlock(&self->lock);
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
	const standin *self = payload;

	(void) req;
	return send_json(
		res, json_pack("{s:s, s:s+}", "issuer", self->url, "jwks_uri", self->url, ".well-known/jwks.json"),
		err);
}

static aiodal_status
show_keys(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	standin *self = payload;
	char *n = key_number(self->key, OSSL_PKEY_PARAM_RSA_N);
	char *e = key_number(self->key, OSSL_PKEY_PARAM_RSA_E);
	json_t *keys = json_pack("{s:[{s:s, s:s, s:s, s:s, s:s, s:s}]}", "keys", "kty", "RSA", "use", "sig",
							 "alg", "RS256", "kid", KID, "n", n, "e", e);

	(void) req;
	free(n);
	free(e);
	hesitate(self, &self->keys_delay);
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
make_token(const standin *self, const aiodal_web_request *req)
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
 * The channel
 */

static aiodal_status
take_message(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	standin *self = payload;
	char *message = strdup(aiodal_web_request_body(req, NULL));

	hesitate(self, &self->slack_delay);
	(void) pthread_mutex_lock(&self->lock);
	free(self->message);
	self->message = message;
	(void) pthread_mutex_unlock(&self->lock);
	return aiodal_web_response_set_body(res, "text/plain", "ok", 2, err);
}

/* Every "text" in it that is a string, a line each. */
static void
write_texts(FILE *out, const json_t *value)
{
	const char *key;
	json_t *item;
	size_t i;

	if (json_is_array(value))
		json_array_foreach (value, i, item)
			write_texts(out, item);
	json_object_foreach((json_t *) value, key, item)
	{
		if (json_is_string(item) && strcmp(key, "text") == 0)
			(void) fprintf(out, "%s\n", json_string_value(item));
		else if (!json_is_string(item))
			write_texts(out, item);
	}
}

/* As people see it; "" when there is none. The caller frees it. */
static char *
read_message(standin *self)
{
	json_t *message;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	(void) pthread_mutex_lock(&self->lock);
	message = self->message ? json_loads(self->message, 0, NULL) : NULL;
	(void) pthread_mutex_unlock(&self->lock);
	write_texts(out, message);
	json_decref(message);
	(void) fclose(out);
	return text;
}

static aiodal_status
show_message(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	char *text = read_message(payload);

	(void) req;
	if (!text)
		return aiodal_error_set(err, AIODAL_ENOMEM, "out of memory", NULL, NULL);
	return aiodal_web_response_take_body(res, "text/plain; charset=utf-8", text, strlen(text), free, err);
}

static aiodal_status
set_delay(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	standin *self = payload;

	(void) err;
	(void) pthread_mutex_lock(&self->lock);
	self->keys_delay = (int) strtol(query(req, "keys", "0"), NULL, 10);
	self->slack_delay = (int) strtol(query(req, "slack", "0"), NULL, 10);
	(void) pthread_cond_broadcast(&self->changed);
	(void) pthread_mutex_unlock(&self->lock);
	aiodal_web_response_set_status(res, 204);
	return AIODAL_OK;
}

/*
 * The program
 */

static void
add_routes(aiodal_web_app *app, standin *self, aiodal_error **err)
{
	static const struct
	{
		const char *method;
		const char *pattern;
		aiodal_web_handler handler;
	} routes[] = {
		{"GET", "/.well-known/openid-configuration", show_configuration},
		{"GET", "/.well-known/jwks.json", show_keys},
		{"GET", "/token", give_token},
		{"POST", "/services/{path...}", take_message},
		{"GET", "/channel", show_message},
		{"GET", "/delay", set_delay},
	};
	size_t i;

	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		aiodal_or_exit(aiodal_web_scope_add(aiodal_web_app_root(app), routes[i].method, routes[i].pattern,
											routes[i].handler, self, NULL, err),
					   err);
}

static void
wait_for_the_end(standin *self)
{
	sigset_t signals;
	int got;

	(void) sigemptyset(&signals);
	(void) sigaddset(&signals, SIGINT);
	(void) sigaddset(&signals, SIGTERM);
	(void) sigwait(&signals, &got);
	(void) pthread_mutex_lock(&self->lock);
	self->quit = true;
	(void) pthread_cond_broadcast(&self->changed);
	(void) pthread_mutex_unlock(&self->lock);
}

static void
block_signals(void)
{
	sigset_t signals;

	(void) sigemptyset(&signals);
	(void) sigaddset(&signals, SIGINT);
	(void) sigaddset(&signals, SIGTERM);
	(void) pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

int
main(int argc, char **argv)
{
	standin self = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
	aiodal_error *err = NULL;
	aiodal_web_app *app;
	aiodal_web_server *server;

	block_signals();
	self.audience = argc > 1 ? argv[1] : "";
	self.key = EVP_RSA_gen(2048);
	if (!self.key)
		return EXIT_FAILURE;
	aiodal_or_exit(aiodal_web_app_new(&app, NULL, NULL, &err), &err);
	add_routes(app, &self, &err);
	aiodal_or_exit(aiodal_web_server_start(&server, app, NULL, &err), &err);
	(void) snprintf(self.url, sizeof(self.url), "http://127.0.0.1:%d/", aiodal_web_server_port(server));
	(void) printf("%s\n", self.url);
	(void) fflush(stdout);
	wait_for_the_end(&self);
	aiodal_web_server_stop(server, 1000);
	aiodal_web_app_free(app);
	EVP_PKEY_free(self.key);
	free(self.message);
	return EXIT_SUCCESS;
}
