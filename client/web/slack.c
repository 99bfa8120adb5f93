/*
 * slack.c
 *		The queue of messages and the thread that sends them.
 *
 * Design notes. A message stays first in the queue while it is sent, so the queue's limit counts it, and only
 * the thread takes messages out. All go to one channel, so when one must wait all do: not_before says until
 * when. The lock is never held while something is sent.
 */
#include "slack.h"

#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "clock.h"
#include "fetch.h"
#include "json.h"
#include "mrkdwn.h"
#include "thread.h"

#define DEFAULT_HOSTS   "hooks.slack.com hooks.slack-gov.com"
#define MAX_BACKOFF_MS  60000
#define MAX_RETRY_S     600
#define MAX_ANSWER_SIZE ((size_t) 4096)

typedef struct message
{
	char *body;
	int attempts;           /* made */
	bool once;              /* not to be tried again */
	aiodal_web__fate *fate; /* somebody waits for it; NULL: nobody */
	struct message *next;
} message;

struct aiodal_web_slack
{
	char *webhook;
	int timeout, max_queue, max_attempts, backoff, drain;
	pthread_t thread;
	bool stop; /* atomic; set with the lock held */

	pthread_mutex_t lock;   /* of all that follows */
	pthread_cond_t changed; /* for the thread */
	pthread_cond_t settled; /* a message left the queue */
	message *first, **last;
	int n;
	int64_t not_before; /* of the next try */
	bool closing;
	uint64_t sent, retries, failed, dropped;
	uint64_t untold; /* of the dropped ones, those that the channel has not been told of */
	char last_error[200];
};

/*
 * The queue; with the lock held
 */

static void
free_message(message *m)
{
	if (!m)
		return;
	aiodal_web__free(m->body);
	aiodal_web__free(m);
}

static bool
push(aiodal_web_slack *s, message *m)
{
	if (s->n >= s->max_queue || s->closing)
		return false;
	*s->last = m;
	s->last = &m->next;
	s->n++;
	(void) pthread_cond_signal(&s->changed);
	return true;
}

/* Takes the first message out, whatever became of it. */
static void
pop(aiodal_web_slack *s)
{
	message *m = s->first;

	s->first = m->next;
	if (!s->first)
		s->last = &s->first;
	s->n--;
	if (m->fate)
		m->fate->decided = true;
	free_message(m);
	(void) pthread_cond_broadcast(&s->settled);
}

/* {"blocks":...} */
static message *
new_message(const char *blocks, size_t len)
{
	message *m = aiodal_web__calloc(1, sizeof(*m));
	aiodal_web__buf body = AIODAL_WEB__BUF_INIT;

	aiodal_web__buf_str(&body, "{\"blocks\":");
	aiodal_web__buf_add(&body, blocks, len);
	aiodal_web__buf_char(&body, '}');
	if (!m || body.oom)
	{
		aiodal_web__buf_free(&body);
		aiodal_web__free(m);
		return NULL;
	}
	m->body = body.data;
	return m;
}

/*
 * Sending; in the thread
 */

/* What one try came to. */
typedef struct attempt
{
	int status; /* 0: no answer */
	int64_t retry_after_s;
	char error[200];
} attempt;

static void
try_to_send(attempt *a, const aiodal_web_slack *s, const message *m)
{
	aiodal_web__fetch fetch;
	aiodal_error *error = NULL;

	memset(a, 0, sizeof(*a));
	memset(&fetch, 0, sizeof(fetch));
	fetch.url = s->webhook;
	fetch.post = m->body;
	fetch.timeout_ms = s->timeout;
	fetch.max_size = MAX_ANSWER_SIZE;
	fetch.stop = &s->stop;
	if (aiodal_web__fetch_run(&fetch, &error) == AIODAL_OK)
	{
		a->status = fetch.status;
		a->retry_after_s = fetch.retry_after_s;
	}
	if (error)
		(void) snprintf(a->error, sizeof(a->error), "%s", aiodal_error_message(error));
	else if (a->status / 100 != 2)
		(void) snprintf(a->error, sizeof(a->error), "Slack answered with status %d", a->status);
	aiodal_web__buf_free(&fetch.body);
	aiodal_error_free(error);
}

/* Twice as long for each try, and not all at the same time. */
static int64_t
backoff(const aiodal_web_slack *s, int attempts)
{
	int64_t ms = s->backoff;
	unsigned char noise = 0;

	while (--attempts > 0 && ms < MAX_BACKOFF_MS)
		ms *= 2;
	if (ms > MAX_BACKOFF_MS)
		ms = MAX_BACKOFF_MS;
	(void) RAND_bytes(&noise, 1);
	return ms - ms / 2 * noise / 255;
}

static int64_t
pause_after(const aiodal_web_slack *s, const message *m, const attempt *a)
{
	int64_t asked = (a->retry_after_s < MAX_RETRY_S ? a->retry_after_s : MAX_RETRY_S) * 1000;
	int64_t ours = backoff(s, m->attempts);

	return asked > ours ? asked : ours;
}

/* Tells the channel what it has not seen; not itself told of when there is no room or memory for it. */
static void
tell_of_dropped(aiodal_web_slack *s)
{
	aiodal_web__buf blocks = AIODAL_WEB__BUF_INIT;
	char title[100];
	message *m = NULL;

	(void) snprintf(title, sizeof(title), "%llu messages were dropped: the queue was full",
					(unsigned long long) s->untold);
	aiodal_web__buf_char(&blocks, '[');
	aiodal_web__block_header(&blocks, title);
	aiodal_web__buf_char(&blocks, ']');
	if (!blocks.oom)
		m = new_message(blocks.data, blocks.len);
	aiodal_web__buf_free(&blocks);
	if (m && push(s, m))
		s->untold = 0;
	else
		free_message(m);
}

/* With the lock held. */
static void
settle(aiodal_web_slack *s, const attempt *a)
{
	message *m = s->first;
	bool transient = a->status == 0 || a->status == 429 || a->status >= 500;

	m->attempts++;
	memcpy(s->last_error, a->error, sizeof(s->last_error));
	if (m->fate)
	{
		m->fate->status = a->status;
		m->fate->retry_after_s = a->retry_after_s;
	}
	s->not_before = transient ? aiodal_web__now() + pause_after(s, m, a) : 0;
	if (transient && !m->once && m->attempts < s->max_attempts)
	{
		s->retries++;
		return;
	}
	if (a->status / 100 == 2)
		s->sent++;
	else
		s->failed++;
	pop(s);
	if (s->untold > 0 && a->status / 100 == 2)
		tell_of_dropped(s);
}

static void
send_first(aiodal_web_slack *s)
{
	const message *m = s->first;
	attempt a;

	(void) pthread_mutex_unlock(&s->lock);
	try_to_send(&a, s, m);
	(void) pthread_mutex_lock(&s->lock);
	if (!s->stop)
		settle(s, &a);
}

static void *
run(void *payload)
{
	aiodal_web_slack *s = payload;

	(void) pthread_mutex_lock(&s->lock);
	while (!s->stop)
	{
		int64_t wait = s->not_before - aiodal_web__now();

		if (!s->first)
			(void) pthread_cond_wait(&s->changed, &s->lock);
		else if (wait > 0)
			(void) aiodal_web__cond_wait(&s->changed, &s->lock, wait);
		else
			send_first(s);
	}
	(void) pthread_mutex_unlock(&s->lock);
	return NULL;
}

/*
 * Handing messages over
 */

static aiodal_status
hand_over(aiodal_web_slack *s, message *m, aiodal_error **err)
{
	bool taken;

	if (!m)
		return aiodal_web__oom(err);
	(void) pthread_mutex_lock(&s->lock);
	taken = push(s, m);
	if (!taken)
	{
		s->dropped++;
		s->untold++;
	}
	(void) pthread_mutex_unlock(&s->lock);
	if (taken)
		return AIODAL_OK;
	free_message(m);
	return aiodal_web__fail(err, AIODAL_EBUSY, "the queue of messages to Slack is full");
}

aiodal_status
aiodal_web__slack_push(aiodal_web_slack *slack, const char *blocks, size_t len, aiodal_error **err)
{
	return hand_over(slack, new_message(blocks, len), err);
}

static bool
are_blocks(const json_t *array)
{
	size_t i;

	for (i = 0; i < json_array_size(array); i++)
		if (!aiodal_web__json_string(json_array_get(array, i), "type"))
			return false;
	return i > 0 && i <= AIODAL_WEB__SLACK_MAX_BLOCKS;
}

aiodal_status
aiodal_web_slack_send(aiodal_web_slack *slack, const char *blocks, aiodal_error **err)
{
	size_t len = strlen(blocks);
	json_t *array = len <= AIODAL_WEB__SLACK_MAX_SIZE ? json_loadb(blocks, len, 0, NULL) : NULL;
	bool good = are_blocks(array);

	json_decref(array);
	if (!good)
		return aiodal_web__fail(err, AIODAL_EINVAL,
								"a message is a JSON array of 1 to 50 blocks, 64 KB at most");
	return aiodal_web__slack_push(slack, blocks, len, err);
}

aiodal_status
aiodal_web_slack_send_text(aiodal_web_slack *slack, const char *title, const char *text, aiodal_error **err)
{
	aiodal_web__buf blocks = AIODAL_WEB__BUF_INIT;
	message *m;

	aiodal_web__buf_char(&blocks, '[');
	aiodal_web__block_header(&blocks, title);
	if (text && *text)
		aiodal_web__block_code(&blocks, text, strlen(text));
	aiodal_web__buf_char(&blocks, ']');
	m = blocks.oom ? NULL : new_message(blocks.data, blocks.len);
	aiodal_web__buf_free(&blocks);
	return hand_over(slack, m, err);
}

/* Waits for the fate of a message that is in the queue; lets go of it when the time is up. */
static void
await(aiodal_web_slack *s, message *m, aiodal_web__fate *fate, int wait_ms)
{
	int64_t until = aiodal_web__now() + wait_ms;
	int64_t left;

	while (!fate->decided && (left = until - aiodal_web__now()) > 0)
		(void) aiodal_web__cond_wait(&s->settled, &s->lock, left);
	if (!fate->decided)
		m->fate = NULL;
}

aiodal_status
aiodal_web__slack_try(aiodal_web__fate *fate, aiodal_web_slack *slack, const char *blocks, size_t len,
					  int wait_ms, aiodal_error **err)
{
	message *m = new_message(blocks, len);
	aiodal_status status;

	memset(fate, 0, sizeof(*fate));
	if (m)
	{
		m->once = true;
		m->fate = fate;
	}
	status = hand_over(slack, m, err);
	if (status)
		return status;
	(void) pthread_mutex_lock(&slack->lock);
	await(slack, m, fate, wait_ms);
	(void) pthread_mutex_unlock(&slack->lock);
	return AIODAL_OK;
}

/* False when the time was up before the queue was empty; with the lock held. */
static bool
wait_until_empty(aiodal_web_slack *s, int timeout_ms)
{
	int64_t until = aiodal_web__now() + timeout_ms;
	int64_t left;

	while (s->first && (left = until - aiodal_web__now()) > 0)
		(void) aiodal_web__cond_wait(&s->settled, &s->lock, left);
	return !s->first;
}

aiodal_status
aiodal_web_slack_flush(aiodal_web_slack *slack, int timeout_ms, aiodal_error **err)
{
	bool empty;

	(void) pthread_mutex_lock(&slack->lock);
	empty = wait_until_empty(slack, timeout_ms);
	(void) pthread_mutex_unlock(&slack->lock);
	if (empty)
		return AIODAL_OK;
	return aiodal_web__fail(err, AIODAL_ETIMEOUT, "messages to Slack still wait after %d ms", timeout_ms);
}

void
aiodal_web_slack_get_stats(aiodal_web_slack *slack, aiodal_web_slack_stats *stats)
{
	aiodal_web_slack_stats all;

	memset(&all, 0, sizeof(all));
	all.size = stats->size < sizeof(all) ? stats->size : sizeof(all);
	(void) pthread_mutex_lock(&slack->lock);
	all.queued = (size_t) slack->n;
	all.sent = slack->sent;
	all.retries = slack->retries;
	all.failed = slack->failed;
	all.dropped = slack->dropped;
	memcpy(all.last_error, slack->last_error, sizeof(all.last_error));
	(void) pthread_mutex_unlock(&slack->lock);
	memcpy(stats, &all, all.size);
}

/*
 * Opening and closing
 */

static aiodal_status
prepare(aiodal_web_slack *s, const char *webhook, const aiodal_web_slack_options *given, aiodal_error **err)
{
	aiodal_web_slack_options o;
	aiodal_status status = aiodal_web__options_copy(&o, sizeof(o), given, "the options for Slack", err);

	if (!status &&
		(o.max_queue < 0 || o.timeout_ms < 0 || o.max_attempts < 0 || o.backoff_ms < 0 || o.drain_ms < -1))
		status = aiodal_web__fail(err, AIODAL_EINVAL, "a number in the options for Slack is negative");
	if (!status)
		status = aiodal_web__fetch_check_url(webhook, o.hosts ? o.hosts : DEFAULT_HOSTS, "the webhook", err);
	if (status)
		return status;
	s->max_queue = o.max_queue ? o.max_queue : 100;
	s->timeout = o.timeout_ms ? o.timeout_ms : 10000;
	s->max_attempts = o.max_attempts ? o.max_attempts : 5;
	s->backoff = o.backoff_ms ? o.backoff_ms : 1000;
	s->drain = o.drain_ms ? o.drain_ms : 5000;
	s->last = &s->first;
	s->webhook = aiodal_web__strdup(webhook);
	return s->webhook ? AIODAL_OK : aiodal_web__oom(err);
}

static void
free_slack(aiodal_web_slack *s)
{
	if (s->webhook)
		aiodal_web__free_secret(s->webhook, strlen(s->webhook));
	aiodal_web__free(s);
}

static aiodal_status
start(aiodal_web_slack *s, aiodal_error **err)
{
	(void) pthread_mutex_init(&s->lock, NULL);
	aiodal_web__cond_init(&s->changed);
	aiodal_web__cond_init(&s->settled);
	if (aiodal_web__thread_start(&s->thread, run, s))
		return AIODAL_OK;
	(void) pthread_cond_destroy(&s->changed);
	(void) pthread_cond_destroy(&s->settled);
	(void) pthread_mutex_destroy(&s->lock);
	return aiodal_web__fail(err, AIODAL_ENOMEM, "could not start a thread");
}

aiodal_status
aiodal_web_slack_open(aiodal_web_slack **slack, const char *webhook, const aiodal_web_slack_options *options,
					  aiodal_error **err)
{
	aiodal_web_slack *s = aiodal_web__calloc(1, sizeof(*s));
	aiodal_status status;

	*slack = NULL;
	if (!s)
		return aiodal_web__oom(err);
	status = prepare(s, webhook, options, err);
	if (!status)
		status = start(s, err);
	if (status)
		free_slack(s);
	else
		*slack = s;
	return status;
}

void
aiodal_web_slack_close(aiodal_web_slack *s)
{
	if (!s)
		return;
	(void) pthread_mutex_lock(&s->lock);
	s->closing = true;
	(void) wait_until_empty(s, s->drain);
	__atomic_store_n(&s->stop, true, __ATOMIC_RELEASE);
	(void) pthread_cond_signal(&s->changed);
	(void) pthread_mutex_unlock(&s->lock);
	(void) pthread_join(s->thread, NULL);
	while (s->first)
		pop(s);
	(void) pthread_cond_destroy(&s->changed);
	(void) pthread_cond_destroy(&s->settled);
	(void) pthread_mutex_destroy(&s->lock);
	free_slack(s);
}
