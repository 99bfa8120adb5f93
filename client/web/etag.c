/*
 * etag.c
 *		Making and comparing entity tags.
 */
#include "etag.h"

#include <string.h>

#include <openssl/evp.h>

#include "text.h"

#define HASH_BYTES  16 /* of the 32 there are */
#define MAX_VERSION 64

static bool
is_etag_char(char c)
{
	unsigned char u = (unsigned char) c;

	return u == 0x21 || (u >= 0x23 && u != 0x7f);
}

static bool
hash(aiodal_web__etag etag, const char *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[EVP_MAX_MD_SIZE];
	size_t i;

	if (!EVP_Digest(data, len, sum, NULL, EVP_sha256(), NULL))
		return false;
	etag[0] = '"';
	for (i = 0; i < HASH_BYTES; i++)
	{
		etag[1 + 2 * i] = digits[sum[i] >> 4];
		etag[2 + 2 * i] = digits[sum[i] & 15];
	}
	memcpy(etag + 1 + 2 * HASH_BYTES, "\"", 2);
	return true;
}

bool
aiodal_web__etag_make(aiodal_web__etag etag, const char *version, const char *body, size_t len)
{
	size_t i;

	if (!version)
		return hash(etag, body, len);
	len = strlen(version);
	for (i = 0; i < len; i++)
		if (!is_etag_char(version[i]))
			return hash(etag, version, len);
	if (len > MAX_VERSION)
		return hash(etag, version, len);
	etag[0] = '"';
	memcpy(etag + 1, version, len);
	memcpy(etag + 1 + len, "\"", 2);
	return true;
}

static const char *
skip_space(const char *p)
{
	return p + strspn(p, " \t");
}

/* Reads [W/]"..." at p; its end, or NULL when it is none. */
static const char *
read_tag(const char *p, bool *weak, const char **tag)
{
	*weak = p[0] == 'W' && p[1] == '/';
	if (*weak)
		p += 2;
	*tag = p;
	if (*p++ != '"')
		return NULL;
	while (is_etag_char(*p))
		p++;
	return *p == '"' ? p + 1 : NULL;
}

/* Empty members of a list are allowed, an empty list is not. */
aiodal_web__match_result
aiodal_web__etag_match_line(const char *line, const char *etag, bool weak)
{
	aiodal_web__match_result result = AIODAL_WEB__MATCH_BAD;
	const char *p = skip_space(line);

	if (*p == '*' && !*skip_space(p + 1))
		return AIODAL_WEB__MATCH_FOUND;
	while (*p)
	{
		bool is_weak;
		const char *tag;
		const char *end;

		if (*p == ',')
		{
			p = skip_space(p + 1);
			continue;
		}
		end = read_tag(p, &is_weak, &tag);
		p = end ? skip_space(end) : p;
		if (!end || (*p && *p != ','))
			return AIODAL_WEB__MATCH_BAD;
		if (result == AIODAL_WEB__MATCH_BAD)
			result = AIODAL_WEB__MATCH_NONE;
		if ((weak || !is_weak) && strlen(etag) == (size_t) (end - tag) &&
			memcmp(tag, etag, strlen(etag)) == 0)
			result = AIODAL_WEB__MATCH_FOUND;
	}
	return result;
}

aiodal_web__match_result
aiodal_web__etag_match(const aiodal_web_request *req, const char *header, const char *etag, bool weak)
{
	aiodal_web__match_result result = AIODAL_WEB__MATCH_ABSENT;
	size_t n = aiodal_web_request_header_count(req, NULL);
	size_t i;

	for (i = 0; i < n && result != AIODAL_WEB__MATCH_BAD; i++)
	{
		aiodal_web_header h = aiodal_web_request_header_at(req, i);
		aiodal_web__match_result line;

		if (!aiodal_web__same_word(h.name, header))
			continue;
		line = aiodal_web__etag_match_line(h.value, etag, weak);
		if (line == AIODAL_WEB__MATCH_BAD || line > result)
			result = line;
	}
	return result;
}
