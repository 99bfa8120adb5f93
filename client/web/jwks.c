/*
 * jwks.c
 *		The key set of an issuer, fetched over HTTP and kept.
 *
 * Design notes. One thread fetches, never more than one set at a time, with the lock open. Whoever looks for
 * a key finds it in the set there is; only who finds none waits, for the fetch in flight or for one it asks
 * for, at most wait_ms, and only beside few others: strangers' tokens have unknown kids, too.
 *
 *		fetched       age 0
 *		refreshed     at 3/4 of the ttl, so that the next set is there when this one's time is over
 *		ttl           the set counts no more, unless the last fetch failed, or the next one, which was begun
 *		              in time, has not come to an end
 *		ttl + stale   the set counts no more
 *
 * After a failure the next try is after the cooldown. An answer with an empty set is an answer: the issuer
 * has no keys.
 */
#include "jwks.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "fetch.h"
#include "json.h"
#include "mem.h"
#include "thread.h"

#define NEVER INT64_MIN

struct aiodal_web__jwks
{
	char *issuer;                       /* NULL: the URL was given */
	int64_t ttl, cooldown, stale, wait; /* ms */
	int timeout;
	int max_waiting;
	size_t max_size;
	pthread_t thread;
	bool stop; /* atomic; set with the lock held */

	char *url; /* the thread's; NULL: not discovered yet */

	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t asked; /* the thread has something to do */
	pthread_cond_t done;  /* a fetch came to an end */
	aiodal_web__keyset *set;
	int64_t fetched; /* when the set's fetch began */
	int64_t tried;   /* when the last fetch ended */
	bool failed;     /* the last fetch did */
	bool wanted;     /* somebody waits for a fetch that has not begun */
	bool flying;
	int waiting;   /* how many do */
	int64_t began; /* when the fetch in flight did */
	uint64_t fetches, failures;
	aiodal_status last_status;
	char last_error[200];
};

/*
 * What counts and what is due; with the lock held
 */

static bool
counts(const aiodal_web__jwks *j)
{
	int64_t age = aiodal_web__now() - j->fetched;
	bool overdue = j->failed || (j->flying && j->began < j->fetched + j->ttl);

	return j->set && age < j->ttl + (overdue ? j->stale : 0);
}

static int64_t
due_at(const aiodal_web__jwks *j)
{
	if (j->fetches == 0)
		return NEVER;
	return j->failed || !j->set ? j->tried + j->cooldown : j->fetched + j->ttl / 4 * 3;
}

static bool
is_due(const aiodal_web__jwks *j)
{
	return aiodal_web__now() >= due_at(j);
}

static bool
has_cooled_down(const aiodal_web__jwks *j)
{
	return aiodal_web__now() >= j->tried + j->cooldown;
}

/*
 * Fetching; in the thread, without the lock
 */

static aiodal_status
get(aiodal_web__fetch *fetch, const aiodal_web__jwks *j, const char *url, aiodal_error **err)
{
	aiodal_status status;

	memset(fetch, 0, sizeof(*fetch));
	fetch->url = url;
	fetch->timeout_ms = j->timeout;
	fetch->max_size = j->max_size;
	fetch->stop = &j->stop;
	status = aiodal_web__fetch_run(fetch, err);
	if (!status && fetch->status != 200)
		status = aiodal_web__fail(err, AIODAL_ECONN, "the answer's status is %d", fetch->status);
	return status;
}

/* The issuer in the document is the one asked for, or somebody else answers in its name. */
static aiodal_status
read_configuration(aiodal_web__jwks *j, const aiodal_web__buf *body, aiodal_error **err)
{
	json_t *object;
	const char *issuer;
	const char *url;
	aiodal_status status = aiodal_web__json_object(&object, body->data ? body->data : "", body->len,
												   "the OpenID configuration", err);

	if (status)
		return status;
	issuer = aiodal_web__json_string(object, "issuer");
	url = aiodal_web__json_string(object, "jwks_uri");
	if (!issuer || strcmp(issuer, j->issuer) != 0)
		status =
			aiodal_web__fail(err, AIODAL_EINVAL, "the OpenID configuration is not that of %s", j->issuer);
	else
		status = aiodal_web__fetch_check_url(url, NULL, "the jwks_uri of the OpenID configuration", err);
	if (!status && !(j->url = aiodal_web__strdup(url)))
		status = aiodal_web__oom(err);
	json_decref(object);
	return status;
}

static aiodal_status
discover(aiodal_web__jwks *j, aiodal_error **err)
{
	aiodal_web__buf url = AIODAL_WEB__BUF_INIT;
	aiodal_web__fetch fetch;
	size_t len = strlen(j->issuer);
	aiodal_status status;

	aiodal_web__buf_add(&url, j->issuer, len - (j->issuer[len - 1] == '/'));
	aiodal_web__buf_str(&url, "/.well-known/openid-configuration");
	if (url.oom)
		status = aiodal_web__oom(err);
	else
	{
		status = get(&fetch, j, url.data, err);
		if (!status)
			status = read_configuration(j, &fetch.body, err);
		aiodal_web__buf_free(&fetch.body);
	}
	aiodal_web__buf_free(&url);
	return status;
}

static aiodal_status
fetch_set(aiodal_web__keyset **set, aiodal_web__jwks *j, aiodal_error **err)
{
	aiodal_web__fetch fetch;
	aiodal_status status = j->url ? AIODAL_OK : discover(j, err);

	if (status)
		return status;
	status = get(&fetch, j, j->url, err);
	if (!status)
		status = aiodal_web__keyset_parse(set, fetch.body.data ? fetch.body.data : "", fetch.body.len, err);
	aiodal_web__buf_free(&fetch.body);
	/* the issuer may have moved them */
	if (status && j->issuer)
	{
		aiodal_web__free(j->url);
		j->url = NULL;
	}
	return status;
}

/*
 * The thread
 */

/* Lets in what a fetch brought; with the lock held. */
static void
land(aiodal_web__jwks *j, aiodal_web__keyset *set, aiodal_status status, const aiodal_error *error)
{
	if (set)
	{
		aiodal_web__keyset_unref(j->set);
		j->set = set;
		j->fetched = j->began;
	}
	j->failed = !set;
	j->failures += !set;
	j->fetches++;
	j->tried = aiodal_web__now();
	j->last_status = status;
	(void) snprintf(j->last_error, sizeof(j->last_error), "%s", set ? "" : aiodal_error_message(error));
	(void) pthread_cond_broadcast(&j->done);
}

static void
fly(aiodal_web__jwks *j)
{
	aiodal_web__keyset *set = NULL;
	aiodal_error *error = NULL;
	aiodal_status status;

	j->flying = true;
	j->began = aiodal_web__now();
	j->wanted = false;
	(void) pthread_mutex_unlock(&j->lock);
	status = fetch_set(&set, j, &error);
	(void) pthread_mutex_lock(&j->lock);
	j->flying = false;
	land(j, set, status, error);
	aiodal_error_free(error);
}

static void *
run(void *payload)
{
	aiodal_web__jwks *j = payload;

	(void) pthread_mutex_lock(&j->lock);
	while (!j->stop)
	{
		if (j->wanted || is_due(j))
			fly(j);
		else
			(void) aiodal_web__cond_wait(&j->asked, &j->lock, due_at(j) - aiodal_web__now());
	}
	(void) pthread_mutex_unlock(&j->lock);
	return NULL;
}

/*
 * Finding
 */

static aiodal_web__key *
find(const aiodal_web__jwks *j, const char *kid)
{
	return counts(j) ? aiodal_web__keyset_find(j->set, kid) : NULL;
}

/* Waits for the fetch in flight, or for one that may be asked for now. False when too many do already. */
static bool
wait_for_fetch(aiodal_web__jwks *j)
{
	uint64_t seen = j->fetches;
	int64_t until = aiodal_web__now() + j->wait;
	int64_t left;

	if (!j->flying && !j->wanted)
	{
		if (!is_due(j) && !has_cooled_down(j))
			return true;
		j->wanted = true;
		(void) pthread_cond_signal(&j->asked);
	}
	if (j->waiting == j->max_waiting)
		return false;
	j->waiting++;
	while (j->fetches == seen && (left = until - aiodal_web__now()) > 0)
		(void) aiodal_web__cond_wait(&j->done, &j->lock, left);
	j->waiting--;
	return true;
}

aiodal_status
aiodal_web__jwks_find(aiodal_web__key **key, aiodal_web__keyset **set, aiodal_web__jwks *j, const char *kid,
					  aiodal_error **err)
{
	bool waited = true;
	bool known;

	(void) pthread_mutex_lock(&j->lock);
	*key = find(j, kid);
	if (!*key)
	{
		waited = wait_for_fetch(j);
		*key = find(j, kid);
	}
	else if (is_due(j))
		(void) pthread_cond_signal(&j->asked);
	if (*key)
		*set = aiodal_web__keyset_ref(j->set);
	known = counts(j);
	(void) pthread_mutex_unlock(&j->lock);
	if (*key)
		return AIODAL_OK;
	if (!waited)
		return aiodal_web__fail(err, AIODAL_ECONN, "the issuer's keys are being fetched");
	if (known)
		return aiodal_web__fail(err, AIODAL_ENOTFOUND, "the token is signed with an unknown key");
	return aiodal_web__fail(err, AIODAL_ECONN, "the issuer's keys cannot be had");
}

aiodal_web__key *
aiodal_web__jwks_recall(aiodal_web__keyset **set, aiodal_web__jwks *j, const char *header, size_t len)
{
	aiodal_web__key *key;

	(void) pthread_mutex_lock(&j->lock);
	key = counts(j) ? aiodal_web__keyset_recall(j->set, header, len) : NULL;
	*set = key ? aiodal_web__keyset_ref(j->set) : NULL;
	if (key && is_due(j))
		(void) pthread_cond_signal(&j->asked);
	(void) pthread_mutex_unlock(&j->lock);
	return key;
}

void
aiodal_web__jwks_stats(aiodal_web__jwks *j, aiodal_web_keys_stats *stats)
{
	(void) pthread_mutex_lock(&j->lock);
	stats->keys = counts(j) ? aiodal_web__keyset_count(j->set) : 0;
	stats->fetches = j->fetches;
	stats->failures = j->failures;
	stats->age_s = j->set ? (double) (aiodal_web__now() - j->fetched) / 1000 : 0;
	memcpy(stats->last_error, j->last_error, sizeof(stats->last_error));
	(void) pthread_mutex_unlock(&j->lock);
}

/*
 * Opening and closing
 */

static aiodal_status
read_options(aiodal_web__jwks *j, const aiodal_web_keys_options *given, aiodal_error **err)
{
	aiodal_web_keys_options o;
	aiodal_status status = aiodal_web__options_copy(&o, sizeof(o), given, "the options for keys", err);

	if (status)
		return status;
	if (o.ttl_s < 0 || o.cooldown_s < 0 || o.stale_s < -1 || o.timeout_ms < 0 || o.wait_ms < 0 ||
		o.max_waiting < 0)
		return aiodal_web__fail(err, AIODAL_EINVAL, "a number in the options for keys is negative");
	j->ttl = (int64_t) (o.ttl_s ? o.ttl_s : 600) * 1000;
	j->cooldown = (int64_t) (o.cooldown_s ? o.cooldown_s : 15) * 1000;
	j->stale = (int64_t) (o.stale_s ? o.stale_s < 0 ? 0 : o.stale_s : 3600) * 1000;
	j->timeout = o.timeout_ms ? o.timeout_ms : 5000;
	j->wait = o.wait_ms ? o.wait_ms : 2000;
	j->max_waiting = o.max_waiting ? o.max_waiting : 5;
	j->max_size = o.max_size ? o.max_size : 256 * 1024;
	return AIODAL_OK;
}

static aiodal_status
prepare(aiodal_web__jwks *j, const char *url, const char *issuer, const aiodal_web_keys_options *options,
		aiodal_error **err)
{
	aiodal_status status = read_options(j, options, err);

	if (!status)
		status = aiodal_web__fetch_check_url(url ? url : issuer, NULL,
											 url ? "the URL of the keys" : "the issuer", err);
	if (status)
		return status;
	j->url = aiodal_web__strdup(url);
	j->issuer = url ? NULL : aiodal_web__strdup(issuer);
	return j->url || j->issuer ? AIODAL_OK : aiodal_web__oom(err);
}

static void
free_jwks(aiodal_web__jwks *j)
{
	aiodal_web__keyset_unref(j->set);
	aiodal_web__free(j->url);
	aiodal_web__free(j->issuer);
	aiodal_web__free(j);
}

/* However long it takes: the timeout bounds it. */
static aiodal_status
wait_for_first(aiodal_web__jwks *j, aiodal_error **err)
{
	aiodal_status status;

	(void) pthread_mutex_lock(&j->lock);
	while (j->fetches == 0)
		(void) pthread_cond_wait(&j->done, &j->lock);
	status = j->last_status;
	if (status)
		(void) aiodal_web__fail(err, status, "could not fetch the issuer's keys: %s", j->last_error);
	else if (aiodal_web__keyset_count(j->set) == 0)
		status = aiodal_web__fail(err, AIODAL_EINVAL, "the issuer has no key that can be used");
	(void) pthread_mutex_unlock(&j->lock);
	return status;
}

aiodal_status
aiodal_web__jwks_open(aiodal_web__jwks **jwks, const char *url, const char *issuer,
					  const aiodal_web_keys_options *options, aiodal_error **err)
{
	aiodal_web__jwks *j = aiodal_web__calloc(1, sizeof(*j));
	aiodal_status status;

	*jwks = NULL;
	if (!j)
		return aiodal_web__oom(err);
	status = prepare(j, url, issuer, options, err);
	if (status)
	{
		free_jwks(j);
		return status;
	}
	(void) pthread_mutex_init(&j->lock, NULL);
	aiodal_web__cond_init(&j->asked);
	aiodal_web__cond_init(&j->done);
	if (!aiodal_web__thread_start(&j->thread, run, j))
	{
		j->stop = true;
		status = aiodal_web__fail(err, AIODAL_ENOMEM, "could not start a thread");
		free_jwks(j);
		return status;
	}
	status = wait_for_first(j, err);
	if (status)
		aiodal_web__jwks_close(j);
	else
		*jwks = j;
	return status;
}

void
aiodal_web__jwks_close(aiodal_web__jwks *j)
{
	if (!j)
		return;
	(void) pthread_mutex_lock(&j->lock);
	__atomic_store_n(&j->stop, true, __ATOMIC_RELEASE);
	(void) pthread_cond_signal(&j->asked);
	(void) pthread_mutex_unlock(&j->lock);
	(void) pthread_join(j->thread, NULL);
	(void) pthread_cond_destroy(&j->asked);
	(void) pthread_cond_destroy(&j->done);
	(void) pthread_mutex_destroy(&j->lock);
	free_jwks(j);
}
