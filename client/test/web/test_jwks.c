/*
 * test_jwks.c
 *		Keys that are fetched: from a server that is slow, wrong, huge, redirecting, rotating, gone.
 */
#include "stub.h"
#include "token.h"

#include <time.h>

#include "clock.h"
#include "alloc.h"

static EVP_PKEY *one, *two;
static const char *set_of_one, *set_of_two, *set_of_both;

static int
make_keys(void **state)
{
	(void) state;
	one = new_key(2048);
	two = new_key(2048);
	set_of_one = strdup(text("{\"keys\":[%s]}", jwk(one, "one", "")));
	set_of_two = strdup(text("{\"keys\":[%s]}", jwk(two, "two", "")));
	set_of_both = strdup(text("{\"keys\":[%s,%s]}", jwk(one, "one", ""), jwk(two, "two", "")));
	return 0;
}

static int
free_keys(void **state)
{
	(void) state;
	free((void *) set_of_one);
	free((void *) set_of_two);
	free((void *) set_of_both);
	EVP_PKEY_free(one);
	EVP_PKEY_free(two);
	return 0;
}

/* A unit of time is so long that what really passes while a test runs does not count. */
#define UNIT_S 100

static void
go_ahead(int units)
{
	(void) __atomic_add_fetch(&aiodal_web__clock_ahead, (int64_t) units * UNIT_S * 1000, __ATOMIC_RELAXED);
}

static const char *
token_of(EVP_PKEY *key, const char *kid)
{
	long long exp = (long long) time(NULL) + 100000000;

	return token(key, text("{\"alg\":\"RS256\",\"kid\":\"%s\"}", kid),
				 text("{\"iss\":\"" ISSUER "\",\"aud\":\"" AUDIENCE "\",\"sub\":\"a\",\"exp\":%lld}", exp));
}

static aiodal_status
verify(aiodal_web_keys *keys, const char *t, aiodal_error **err)
{
	aiodal_web_token_options options = AIODAL_WEB_TOKEN_OPTIONS_INIT;
	aiodal_web_claims *claims;
	aiodal_status status;

	options.issuer = ISSUER;
	options.audience = AUDIENCE;
	status = aiodal_web_token_verify(&claims, keys, t, strlen(t), &options, err);
	aiodal_web_claims_free(claims);
	return status;
}

#define BELIEVED(keys, t) OK(verify(keys, t, &err))
#define UNKNOWN(keys, t)  FAILS(AIODAL_ENOTFOUND, verify(keys, t, &err), "unknown key")
#define NO_KEYS(keys, t)  FAILS(AIODAL_ECONN, verify(keys, t, &err), "keys cannot be had")

static aiodal_web_keys_stats
stats_of(aiodal_web_keys *keys)
{
	aiodal_web_keys_stats stats;

	stats.size = sizeof(stats);
	aiodal_web_keys_get_stats(keys, &stats);
	return stats;
}

/* ttl 100 units, cooldown 20, stale for 500 more */
#define N_THREADS 8

static aiodal_web_keys_options
options(void)
{
	aiodal_web_keys_options o = AIODAL_WEB_KEYS_OPTIONS_INIT;

	o.ttl_s = 100 * UNIT_S;
	o.cooldown_s = 20 * UNIT_S;
	o.stale_s = 500 * UNIT_S;
	o.wait_ms = PATIENCE_MS;
	o.max_waiting = N_THREADS;
	return o;
}

static aiodal_web_keys *
fetch(stub *s, aiodal_web_keys_options o)
{
	aiodal_web_keys *keys;
	aiodal_error *err = NULL;

	OK(aiodal_web_keys_fetch(&keys, s->url, &o, &err));
	return keys;
}

static aiodal_web_keys *
open_with(stub *s, const char *set)
{
	stub_open(s);
	stub_reply(s, 200, "", set);
	return fetch(s, options());
}

static void
fetches_once_before_it_is_used(void **state)
{
	stub s;
	aiodal_web_keys *keys = open_with(&s, set_of_one);
	aiodal_error *err = NULL;
	int i;

	(void) state;
	assert_int_equal(stub_hits(&s), 1);
	assert_int_equal(aiodal_web_keys_count(keys), 1);
	for (i = 0; i < 20; i++)
		BELIEVED(keys, token_of(one, "one"));
	assert_int_equal(stub_hits(&s), 1);
	assert_int_equal(strncmp(s.request, "GET / HTTP/1.1\r\n", 16), 0);
	aiodal_web_keys_free(keys);
	stub_close(&s);
}

/* An unknown kid asks once, then not until the cooldown is over. */
static void
asks_seldom_for_unknown_kids(void **state)
{
	stub s;
	aiodal_web_keys *keys = open_with(&s, set_of_one);
	aiodal_error *err = NULL;
	int i;

	(void) state;
	for (i = 0; i < 20; i++)
		UNKNOWN(keys, token_of(two, text("kid%d", i)));
	assert_int_equal(stub_hits(&s), 1);
	go_ahead(20);
	for (i = 0; i < 20; i++)
		UNKNOWN(keys, token_of(two, text("kid%d", i)));
	assert_int_equal(stub_hits(&s), 2);
	go_ahead(19);
	UNKNOWN(keys, token_of(two, "two"));
	assert_int_equal(stub_hits(&s), 2);
	go_ahead(1);
	/* by now the issuer has it */
	stub_reply(&s, 200, "", set_of_both);
	BELIEVED(keys, token_of(two, "two"));
	BELIEVED(keys, token_of(one, "one"));
	assert_int_equal(stub_hits(&s), 3);
	aiodal_web_keys_free(keys);
	stub_close(&s);
}

/* A key that the issuer took away is refused once the set's time is over. */
static void
forgets_removed_keys(void **state)
{
	stub s;
	aiodal_web_keys *keys = open_with(&s, set_of_one);
	aiodal_error *err = NULL;

	(void) state;
	stub_reply(&s, 200, "", set_of_two);
	go_ahead(70);
	BELIEVED(keys, token_of(one, "one"));
	assert_int_equal(stub_hits(&s), 1);
	/* refreshed before the time is over, by nobody who waits */
	go_ahead(10);
	BELIEVED(keys, token_of(one, "one"));
	WAIT_FOR(stats_of(keys).fetches == 2);
	UNKNOWN(keys, token_of(one, "one"));
	BELIEVED(keys, token_of(two, "two"));
	/* and when nobody looked in between, the first one who does waits for it */
	stub_reply(&s, 200, "", "{\"keys\":[]}");
	go_ahead(1000);
	UNKNOWN(keys, token_of(two, "two"));
	assert_int_equal(stub_hits(&s), 3);
	assert_int_equal(aiodal_web_keys_count(keys), 0);
	aiodal_web_keys_free(keys);
	stub_close(&s);
}

/* Keeps what it has while the answers are none; for each way of that. */
static void
keeps_keys_through(stub *s, void (*spoil)(stub *))
{
	aiodal_web_keys_options o = options();
	aiodal_web_keys *keys;
	aiodal_error *err = NULL;
	uint64_t fetches;

	stub_open(s);
	stub_reply(s, 200, "", set_of_one);
	o.timeout_ms = 300;
	o.max_size = 20000;
	keys = fetch(s, o);
	spoil(s);
	go_ahead(99);
	BELIEVED(keys, token_of(one, "one"));
	WAIT_FOR(stats_of(keys).fetches == 2);
	go_ahead(2);
	BELIEVED(keys, token_of(one, "one"));
	assert_int_equal(stats_of(keys).failures, 1);
	assert_true(stats_of(keys).last_error[0] != '\0');
	assert_int_equal(stats_of(keys).keys, 1);
	/* tries again, after the cooldown */
	go_ahead(20);
	BELIEVED(keys, token_of(one, "one"));
	WAIT_FOR(stats_of(keys).fetches == 3);
	BELIEVED(keys, token_of(one, "one"));
	UNKNOWN(keys, token_of(two, "two"));
	/* but not for ever */
	go_ahead(480);
	NO_KEYS(keys, token_of(one, "one"));
	assert_int_equal(stats_of(keys).keys, 0);
	NO_KEYS(keys, token_of(one, "one"));
	/* until the issuer is back */
	fetches = stats_of(keys).fetches;
	if (s->fd < 0)
		stub_start(s, s->port);
	stub_drip_on(s, false);
	stub_hold(s, false);
	stub_reply(s, 200, "", set_of_both);
	go_ahead(20);
	BELIEVED(keys, token_of(one, "one"));
	BELIEVED(keys, token_of(two, "two"));
	assert_int_equal(stats_of(keys).fetches, fetches + 1);
	assert_string_equal(stats_of(keys).last_error, "");
	aiodal_web_keys_free(keys);
	stub_close(s);
}

static void
fail_with_500(stub *s)
{
	stub_reply(s, 500, "", set_of_two);
}

static void
redirect(stub *s)
{
	stub_reply(s, 302, text("Location: %s/elsewhere\r\n", s->url), set_of_two);
}

static void
answer_html(stub *s)
{
	stub_reply(s, 200, "", "<html><title>Down for maintenance</title></html>");
}

static void
answer_other_json(stub *s)
{
	stub_reply(s, 200, "", "{\"error\":\"try later\"}");
}

static void
answer_twice_the_same_name(stub *s)
{
	stub_reply(s, 200, "", text("{\"keys\":[],%s", set_of_two + 1));
}

static void
answer_nothing(stub *s)
{
	stub_reply(s, 200, "", "");
}

static void
grow_huge(stub *s)
{
	char *huge = malloc(50001);

	memset(huge, ' ', 50000);
	huge[50000] = '\0';
	memcpy(huge, set_of_two, strlen(set_of_two));
	stub_reply(s, 200, "", huge);
	free(huge);
}

static void
be_silent(stub *s)
{
	stub_hold(s, true);
}

static void
drip(stub *s)
{
	stub_drip_on(s, true);
}

static void
speak_no_http(stub *s)
{
	(void) pthread_mutex_lock(&s->lock);
	memcpy(s->reply, "\x16\x03\x01garbage", 10);
	s->reply_len = 10;
	(void) pthread_mutex_unlock(&s->lock);
}

static void
cut_short(stub *s)
{
	stub_reply(s, 200, "", set_of_two);
	(void) pthread_mutex_lock(&s->lock);
	s->reply_len -= 10;
	(void) pthread_mutex_unlock(&s->lock);
}

#define KEEPS_KEYS_THROUGH(what)                   \
	static void keeps_through_##what(void **state) \
	{                                              \
		static stub s;                             \
		(void) state;                              \
		keeps_keys_through(&s, what);              \
	}

KEEPS_KEYS_THROUGH(fail_with_500)
KEEPS_KEYS_THROUGH(redirect)
KEEPS_KEYS_THROUGH(answer_html)
KEEPS_KEYS_THROUGH(answer_other_json)
KEEPS_KEYS_THROUGH(answer_twice_the_same_name)
KEEPS_KEYS_THROUGH(answer_nothing)
KEEPS_KEYS_THROUGH(grow_huge)
KEEPS_KEYS_THROUGH(be_silent)
KEEPS_KEYS_THROUGH(drip)
KEEPS_KEYS_THROUGH(speak_no_http)
KEEPS_KEYS_THROUGH(cut_short)
KEEPS_KEYS_THROUGH(stub_leave)

/* What is known counts while the issuer takes his time to say what is new, but not for ever. */
static void
keeps_keys_until_the_answer(void **state)
{
	aiodal_web_keys_options o = options();
	aiodal_web_keys *keys;
	aiodal_error *err = NULL;
	stub s;

	(void) state;
	stub_open(&s);
	stub_reply(&s, 200, "", set_of_one);
	o.timeout_ms = PATIENCE_MS;
	o.wait_ms = 50;
	keys = fetch(&s, o);
	stub_reply(&s, 200, "", set_of_two);
	stub_hold(&s, true);
	go_ahead(80);
	BELIEVED(keys, token_of(one, "one"));
	WAIT_FOR(stub_hits(&s) == 2);
	go_ahead(30);
	BELIEVED(keys, token_of(one, "one"));
	go_ahead(500);
	NO_KEYS(keys, token_of(one, "one"));
	stub_hold(&s, false);
	/* what the second brings is as old as its request, so that a third follows by itself */
	WAIT_FOR(stats_of(keys).fetches == 3);
	UNKNOWN(keys, token_of(one, "one"));
	aiodal_web_keys_free(keys);
	stub_close(&s);
}

/* A redirect is not even looked at. */
static void
follows_no_redirect(void **state)
{
	stub from;
	stub to;
	aiodal_web_keys *keys;
	aiodal_error *err = NULL;

	(void) state;
	stub_open(&from);
	stub_open(&to);
	stub_reply(&to, 200, "", set_of_one);
	stub_reply(&from, 301, text("Location: %s/\r\n", to.url), "");
	FAILS(AIODAL_ECONN, aiodal_web_keys_fetch(&keys, from.url, NULL, &err), "status is 301");
	assert_null(keys);
	assert_int_equal(stub_hits(&from), 1);
	assert_int_equal(stub_hits(&to), 0);
	stub_close(&from);
	stub_close(&to);
}

/* A service does not start without keys. */
static void
needs_keys_to_begin_with(void **state)
{
	aiodal_web_keys_options o = options();
	aiodal_web_keys *keys;
	aiodal_error *err = NULL;
	stub s;

	(void) state;
	stub_open(&s);
	FAILS(AIODAL_ECONN, aiodal_web_keys_fetch(&keys, s.url, &o, &err), "status is 404");
	stub_reply(&s, 200, "", "{\"keys\":[]}");
	FAILS(AIODAL_EINVAL, aiodal_web_keys_fetch(&keys, s.url, &o, &err), "no key that can be used");
	stub_reply(&s, 200, "", "[]");
	FAILS(AIODAL_EINVAL, aiodal_web_keys_fetch(&keys, s.url, &o, &err), "JSON object");
	o.timeout_ms = 100;
	stub_hold(&s, true);
	FAILS(AIODAL_ETIMEOUT, aiodal_web_keys_fetch(&keys, s.url, &o, &err), "in 100 ms");
	stub_leave(&s);
	FAILS(AIODAL_ECONN, aiodal_web_keys_fetch(&keys, s.url, &o, &err), "no answer");
	o.ttl_s = -1;
	FAILS(AIODAL_EINVAL, aiodal_web_keys_fetch(&keys, s.url, &o, &err), "negative");
	stub_close(&s);
}

static void
asks_only_https(void **state)
{
	static const char *const bad[] = {"",
									  "x",
									  "keys.json",
									  "http://issuer.example/jwks.json",
									  "http://127.0.0.1.evil.example/",
									  "http://127.evil.example/",
									  "http://localhost.evil.example/",
									  "http://10.0.0.1/",
									  "http://[::2]/",
									  "file:///etc/passwd",
									  "ftp://127.0.0.1/",
									  "gopher://127.0.0.1/",
									  "https://user:secret@issuer.example/",
									  "https://user@issuer.example/",
									  "https://issuer.example/#x",
									  "http://127.0.0.1@evil.example/"};
	aiodal_web_keys *keys;
	aiodal_error *err = NULL;
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		EXPECT(AIODAL_EINVAL, aiodal_web_keys_fetch(&keys, bad[i], NULL, &err));
		aiodal_error_free(err);
		err = NULL;
		EXPECT(AIODAL_EINVAL, aiodal_web_keys_discover(&keys, bad[i], NULL, &err));
		aiodal_error_free(err);
		err = NULL;
	}
	EXPECT(AIODAL_EINVAL, aiodal_web_keys_fetch(&keys, NULL, NULL, &err));
	aiodal_error_free(err);
}

/*
 * Discovery
 */

static void
discovers_the_keys(void **state)
{
	stub config;
	stub s;
	aiodal_web_keys *keys;
	aiodal_web_keys_options o = options();
	aiodal_error *err = NULL;

	(void) state;
	stub_open(&config);
	stub_open(&s);
	stub_reply(&s, 200, "", set_of_one);
	stub_reply(&config, 200, "",
			   text("{\"issuer\":\"%s/\",\"jwks_uri\":\"%s/keys?a=b\"}", config.url, s.url));
	OK(aiodal_web_keys_discover(&keys, text("%s/", config.url), &o, &err));
	assert_int_equal(strncmp(config.request, "GET /.well-known/openid-configuration HTTP/1.1\r\n", 48), 0);
	assert_int_equal(strncmp(s.request, "GET /keys?a=b HTTP/1.1\r\n", 24), 0);
	BELIEVED(keys, token_of(one, "one"));
	/* not asked again while that place answers ... */
	go_ahead(80);
	BELIEVED(keys, token_of(one, "one"));
	WAIT_FOR(stats_of(keys).fetches == 2);
	assert_int_equal(stub_hits(&config), 1);
	/* ... but when it does not */
	stub_reply(&s, 410, "", "");
	go_ahead(80);
	BELIEVED(keys, token_of(one, "one"));
	WAIT_FOR(stats_of(keys).fetches == 3);
	stub_reply(&s, 200, "", set_of_two);
	go_ahead(20);
	BELIEVED(keys, token_of(one, "one"));
	WAIT_FOR(stats_of(keys).fetches == 4);
	assert_int_equal(stub_hits(&config), 2);
	BELIEVED(keys, token_of(two, "two"));
	aiodal_web_keys_free(keys);
	stub_close(&config);
	stub_close(&s);
}

static void
distrusts_the_configuration(void **state)
{
	stub config;
	aiodal_web_keys *keys;
	aiodal_web_keys_options o = options();
	aiodal_error *err = NULL;

	(void) state;
	stub_open(&config);
	stub_reply(&config, 200, "",
			   text("{\"issuer\":\"https://other.example/\",\"jwks_uri\":\"%s\"}", config.url));
	FAILS(AIODAL_EINVAL, aiodal_web_keys_discover(&keys, config.url, &o, &err), "not that of");
	stub_reply(&config, 200, "", text("{\"jwks_uri\":\"%s\"}", config.url));
	FAILS(AIODAL_EINVAL, aiodal_web_keys_discover(&keys, config.url, &o, &err), "not that of");
	stub_reply(&config, 200, "", text("{\"issuer\":\"%s\"}", config.url));
	FAILS(AIODAL_EINVAL, aiodal_web_keys_discover(&keys, config.url, &o, &err), "jwks_uri");
	stub_reply(&config, 200, "", text("{\"issuer\":\"%s\",\"jwks_uri\":\"file:///etc/passwd\"}", config.url));
	FAILS(AIODAL_EINVAL, aiodal_web_keys_discover(&keys, config.url, &o, &err), "jwks_uri");
	stub_reply(&config, 200, "",
			   text("{\"issuer\":\"%s\",\"jwks_uri\":\"http://evil.example/\"}", config.url));
	FAILS(AIODAL_EINVAL, aiodal_web_keys_discover(&keys, config.url, &o, &err), "jwks_uri");
	assert_int_equal(stub_hits(&config), 5);
	stub_close(&config);
}

/*
 * Many threads
 */

typedef struct worker
{
	pthread_t thread;
	aiodal_web_keys *keys;
	const char *token;
	int rounds;    /* 0: until stop_working */
	int counts[3]; /* believed, unknown, no keys */
} worker;

static bool stop_working;

static void *
work(void *payload)
{
	worker *w = payload;
	int i;

	for (i = 0; w->rounds ? i < w->rounds : !__atomic_load_n(&stop_working, __ATOMIC_RELAXED); i++)
	{
		aiodal_status status = verify(w->keys, w->token, NULL);

		(void) __atomic_add_fetch(&w->counts[status == AIODAL_OK          ? 0
											 : status == AIODAL_ENOTFOUND ? 1
																		  : 2],
								  1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void
start_workers(worker *workers, aiodal_web_keys *keys, const char *t, int rounds)
{
	int i;

	memset(workers, 0, N_THREADS * sizeof(*workers));
	for (i = 0; i < N_THREADS; i++)
	{
		workers[i].keys = keys;
		workers[i].token = t;
		workers[i].rounds = rounds;
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
}

static int
workers_count(const worker *workers, int which)
{
	int sum = 0;
	int i;

	for (i = 0; i < N_THREADS; i++)
		sum += __atomic_load_n(&workers[i].counts[which], __ATOMIC_RELAXED);
	return sum;
}

static int
join_workers(worker *workers, int which)
{
	int i;

	for (i = 0; i < N_THREADS; i++)
		(void) pthread_join(workers[i].thread, NULL);
	return workers_count(workers, which);
}

/* All who come with a new key while the set is fetched wait for that one fetch, and are let in. */
static void
flies_alone(void **state)
{
	worker workers[N_THREADS];
	stub s;
	aiodal_web_keys *keys = open_with(&s, set_of_one);
	const char *known = token_of(one, "one");
	aiodal_error *err = NULL;
	int i;

	(void) state;
	go_ahead(20);
	stub_reply(&s, 200, "", set_of_both);
	stub_hold(&s, true);
	start_workers(workers, keys, token_of(two, "two"), 1);
	WAIT_FOR(stub_hits(&s) == 2);
	/* those with a known key do not wait meanwhile */
	for (i = 0; i < 50; i++)
		BELIEVED(keys, known);
	nap(50);
	stub_hold(&s, false);
	assert_int_equal(join_workers(workers, 0), N_THREADS);
	assert_int_equal(stub_hits(&s), 2);
	aiodal_web_keys_free(keys);
	stub_close(&s);
}

/* A server that hangs costs those with an unknown key wait_ms, and the others nothing. */
static void
waits_only_so_long(void **state)
{
	worker workers[N_THREADS];
	aiodal_web_keys_options o = options();
	stub s;
	aiodal_web_keys *keys;
	aiodal_error *err = NULL;

	(void) state;
	stub_open(&s);
	stub_reply(&s, 200, "", set_of_one);
	o.wait_ms = 100;
	o.timeout_ms = PATIENCE_MS;
	keys = fetch(&s, o);
	go_ahead(20);
	stub_hold(&s, true);
	start_workers(workers, keys, token_of(two, "two"), 2);
	BELIEVED(keys, token_of(one, "one"));
	assert_int_equal(join_workers(workers, 1), 2 * N_THREADS);
	assert_int_equal(stats_of(keys).fetches, 1);
	/* freeing does not wait for the server either */
	aiodal_web_keys_free(keys);
	stub_close(&s);
}

/* Keys change under those who use them: a token is believed or not, and nothing breaks. */
/* An issuer that is slow does not take everybody's time, whatever kids strangers send. */
static void
lets_few_wait(void **state)
{
	worker workers[N_THREADS];
	aiodal_web_keys_options o = options();
	stub s;
	aiodal_web_keys *keys;
	aiodal_error *err = NULL;

	(void) state;
	stub_open(&s);
	stub_reply(&s, 200, "", set_of_one);
	o.max_waiting = 2;
	o.timeout_ms = PATIENCE_MS;
	keys = fetch(&s, o);
	go_ahead(20);
	stub_reply(&s, 200, "", set_of_both);
	stub_hold(&s, true);
	start_workers(workers, keys, token_of(two, "two"), 1);
	WAIT_FOR(workers_count(workers, 2) == N_THREADS - 2);
	BELIEVED(keys, token_of(one, "one"));
	FAILS(AIODAL_ECONN, verify(keys, token_of(two, "two"), &err), "are being fetched");
	stub_hold(&s, false);
	assert_int_equal(join_workers(workers, 0), 2);
	BELIEVED(keys, token_of(two, "two"));
	assert_int_equal(stub_hits(&s), 2);
	aiodal_web_keys_free(keys);
	stub_close(&s);
}

static void
rotates_under_load(void **state)
{
	worker workers[N_THREADS];
	stub s;
	aiodal_web_keys *keys = open_with(&s, set_of_both);
	const char *t = token_of(one, "one");
	aiodal_error *err = NULL;
	int i;

	(void) state;
	start_workers(workers, keys, t, 0);
	for (i = 0; i < 40; i++)
	{
		uint64_t fetches = stats_of(keys).fetches;

		stub_reply(&s, i % 5 == 4 ? 500 : 200, "", i % 2 ? set_of_both : set_of_one);
		go_ahead(80);
		BELIEVED(keys, t);
		WAIT_FOR(stats_of(keys).fetches > fetches);
	}
	__atomic_store_n(&stop_working, true, __ATOMIC_RELAXED);
	assert_true(join_workers(workers, 0) > 0);
	assert_int_equal(workers_count(workers, 1) + workers_count(workers, 2), 0);
	assert_int_equal(stats_of(keys).failures, 8);
	aiodal_web_keys_free(keys);
	stub_close(&s);
}

/*
 * Out of memory
 */

static void
survives_failing_malloc(void **state)
{
	stub s;
	aiodal_status status = AIODAL_ENOMEM;
	long n;

	(void) state;
	stub_open(&s);
	stub_reply(&s, 200, "", set_of_one);
	for (n = 0; status && n < 200; n++)
	{
		aiodal_web_keys *keys;
		aiodal_error *err = NULL;

		allow_allocations(n);
		status = aiodal_web_keys_fetch(&keys, s.url, NULL, &err);
		allow_all_allocations();
		if (status && status != AIODAL_ENOMEM)
			fail_msg("%s at allocation %ld", aiodal_error_message(err), n);
		aiodal_web_keys_free(keys);
		aiodal_error_free(err);
	}
	assert_int_equal(status, AIODAL_OK);
	assert_true(n > 5);
	stub_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fetches_once_before_it_is_used),
		cmocka_unit_test(asks_seldom_for_unknown_kids),
		cmocka_unit_test(forgets_removed_keys),
		cmocka_unit_test(keeps_through_fail_with_500),
		cmocka_unit_test(keeps_through_redirect),
		cmocka_unit_test(keeps_through_answer_html),
		cmocka_unit_test(keeps_through_answer_other_json),
		cmocka_unit_test(keeps_through_answer_twice_the_same_name),
		cmocka_unit_test(keeps_through_answer_nothing),
		cmocka_unit_test(keeps_through_grow_huge),
		cmocka_unit_test(keeps_through_be_silent),
		cmocka_unit_test(keeps_through_drip),
		cmocka_unit_test(keeps_through_speak_no_http),
		cmocka_unit_test(keeps_through_cut_short),
		cmocka_unit_test(keeps_through_stub_leave),
		cmocka_unit_test(keeps_keys_until_the_answer),
		cmocka_unit_test(follows_no_redirect),
		cmocka_unit_test(needs_keys_to_begin_with),
		cmocka_unit_test(asks_only_https),
		cmocka_unit_test(discovers_the_keys),
		cmocka_unit_test(distrusts_the_configuration),
		cmocka_unit_test(flies_alone),
		cmocka_unit_test(waits_only_so_long),
		cmocka_unit_test(lets_few_wait),
		cmocka_unit_test(rotates_under_load),
		cmocka_unit_test(survives_failing_malloc),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
