/*
 * fetch.c
 *		Requests to others.
 */
#include "fetch.h"

#include <pthread.h>
#include <string.h>

#include <curl/curl.h>

#include "text.h"

/*
 * URLs
 */

static bool
is_loopback(const char *host)
{
	return aiodal_web__same_word(host, "localhost") || strcmp(host, "[::1]") == 0 ||
		   (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host));
}

/* "" when the URL has no such part; false when it does not fit. */
static bool
read_part(char *out, size_t size, CURLU *u, CURLUPart which)
{
	char *part = NULL;
	size_t len = 0;

	if (curl_url_get(u, which, &part, 0) == CURLUE_OUT_OF_MEMORY)
		return false;
	len = part ? strlen(part) : 0;
	if (len < size)
		memcpy(out, part ? part : "", len + 1);
	curl_free(part);
	return len < size;
}

static bool
is_absent(CURLU *u, CURLUPart which)
{
	char part[2];

	return read_part(part, sizeof(part), u, which) && part[0] == '\0';
}

static bool
is_word(const char *word, size_t len, const char *host)
{
	size_t i;

	for (i = 0; i < len && host[i]; i++)
		if (aiodal_web__lower(word[i]) != aiodal_web__lower(host[i]))
			return false;
	return i == len && !host[i];
}

/* NULL stands for all hosts, and the loopback interface is always one of them. */
static bool
is_allowed(const char *host, const char *hosts)
{
	const char *word = hosts;

	if (!hosts || is_loopback(host))
		return true;
	while (*(word += strspn(word, " ")))
	{
		size_t n = strcspn(word, " ");

		if (is_word(word, n, host))
			return true;
		word += n;
	}
	return false;
}

static aiodal_status
check_parts(CURLU *u, const char *hosts, const char *what, aiodal_error **err)
{
	char scheme[10];
	char has[256];

	if (!read_part(scheme, sizeof(scheme), u, CURLUPART_SCHEME) ||
		!read_part(has, sizeof(has), u, CURLUPART_HOST) || !is_absent(u, CURLUPART_USER) ||
		!is_absent(u, CURLUPART_PASSWORD) || !is_absent(u, CURLUPART_FRAGMENT))
		return aiodal_web__fail(err, AIODAL_EINVAL, "%s must have a host, and no user or fragment", what);
	if (strcmp(scheme, "https") != 0 && !(strcmp(scheme, "http") == 0 && is_loopback(has)))
		return aiodal_web__fail(err, AIODAL_EINVAL, "%s must begin with https://", what);
	if (!is_allowed(has, hosts))
		return aiodal_web__fail(err, AIODAL_EINVAL, "%s must be on one of these hosts: %s", what, hosts);
	return AIODAL_OK;
}

aiodal_status
aiodal_web__fetch_check_url(const char *url, const char *hosts, const char *what, aiodal_error **err)
{
	CURLU *u = curl_url();
	aiodal_status status;

	if (!u)
		return aiodal_web__oom(err);
	if (url && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK)
		status = check_parts(u, hosts, what, err);
	else
		status = aiodal_web__fail(err, AIODAL_EINVAL, "%s is not a URL", what);
	curl_url_cleanup(u);
	return status;
}

/*
 * The request
 */

static size_t
take(char *data, size_t size, size_t n, void *payload)
{
	aiodal_web__fetch *fetch = payload;

	(void) size;
	if (n > fetch->max_size - fetch->body.len)
		return 0;
	aiodal_web__buf_add(&fetch->body, data, n);
	return fetch->body.oom ? 0 : n;
}

static int
look_at_stop(void *payload, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const aiodal_web__fetch *fetch = payload;

	(void) a;
	(void) b;
	(void) c;
	(void) d;
	return fetch->stop && __atomic_load_n(fetch->stop, __ATOMIC_ACQUIRE);
}

/* Everything that could lead the request elsewhere, or keep it, is off. */
static bool
set_manners(CURL *curl, aiodal_web__fetch *fetch)
{
	bool plain = strncmp(fetch->url, "http:", 5) == 0;

	return curl_easy_setopt(curl, CURLOPT_URL, fetch->url) == CURLE_OK &&
		   curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https") == CURLE_OK &&
		   (!plain || curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK) &&
		   curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
		   curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		   curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
		   curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long) fetch->timeout_ms) == CURLE_OK &&
		   curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
		   curl_easy_setopt(curl, CURLOPT_USERAGENT, "aiodal") == CURLE_OK;
}

static bool
set_content(CURL *curl, aiodal_web__fetch *fetch, struct curl_slist *headers)
{
	return curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
		   curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
		   curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetch) == CURLE_OK &&
		   curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_at_stop) == CURLE_OK &&
		   curl_easy_setopt(curl, CURLOPT_XFERINFODATA, fetch) == CURLE_OK &&
		   curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
		   (!fetch->post || curl_easy_setopt(curl, CURLOPT_POSTFIELDS, fetch->post) == CURLE_OK);
}

/* "Expect: 100-continue" would only cost a round trip. */
static struct curl_slist *
make_headers(const aiodal_web__fetch *fetch)
{
	struct curl_slist *first = curl_slist_append(NULL, "Accept: application/json");
	struct curl_slist *all = first;

	if (all && fetch->post)
		all = curl_slist_append(all, "Content-Type: application/json; charset=utf-8");
	if (all && fetch->post)
		all = curl_slist_append(all, "Expect:");
	if (!all)
		curl_slist_free_all(first);
	return all;
}

static aiodal_status
tell(const aiodal_web__fetch *fetch, CURLcode code, aiodal_error **err)
{
	if (code == CURLE_OK)
		return AIODAL_OK;
	if (code == CURLE_OUT_OF_MEMORY || fetch->body.oom)
		return aiodal_web__oom(err);
	if (code == CURLE_WRITE_ERROR)
		return aiodal_web__fail(err, AIODAL_EINVAL, "the answer has more than %zu bytes", fetch->max_size);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return aiodal_web__fail(err, AIODAL_ETIMEOUT, "there was no answer in %d ms", fetch->timeout_ms);
	return aiodal_web__fail(err, AIODAL_ECONN, "there was no answer: %s", curl_easy_strerror(code));
}

static void
read_answer(CURL *curl, aiodal_web__fetch *fetch)
{
	long status = 0;
	curl_off_t retry_after = 0;

	(void) curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	(void) curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
	fetch->status = (int) status;
	fetch->retry_after_s = retry_after;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
start_curl(void)
{
	(void) curl_global_init(CURL_GLOBAL_DEFAULT);
}

aiodal_status
aiodal_web__fetch_run(aiodal_web__fetch *fetch, aiodal_error **err)
{
	struct curl_slist *headers;
	CURLcode code = CURLE_OUT_OF_MEMORY;
	CURL *curl;

	(void) pthread_once(&once, start_curl);
	curl = curl_easy_init();
	headers = make_headers(fetch);
	memset(&fetch->body, 0, sizeof(fetch->body));
	if (curl && headers && set_manners(curl, fetch) && set_content(curl, fetch, headers))
		code = curl_easy_perform(curl);
	if (code == CURLE_OK)
		read_answer(curl, fetch);
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	return tell(fetch, code, err);
}
