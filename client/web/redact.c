/*
 * redact.c
 *		Secrets by name and by looks.
 */
#include "redact.h"

#include <string.h>

#include <jansson.h>

#include "text.h"

#define REDACTED  "[redacted]"
#define MAX_NAME  ((size_t) 200)
#define MAX_JSON  ((size_t) 64 * 1024)
#define MIN_TOKEN ((size_t) 16)

/*
 * Names
 */

/* anywhere in a name */
static const char *const parts[] = {"password",   "passwd",     "pwd",           "passphrase", "passcode",
									"secret",     "token",      "authorization", "apikey",     "accesskey",
									"privatekey", "credential", "cookie",        "session",    "jwt",
									"bearer",     "signature",  "cardnumber",    "creditcard"};
/* the whole name */
static const char *const wholes[] = {"pass", "auth", "key", "code", "pin", "otp",
									 "sig",  "sid",  "cvv", "cvc",  "ssn"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* In lower case without what stands between words, cut at MAX_NAME; returns the length. */
static size_t
plain_name(char *out, const char *name, size_t len)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < len && n < MAX_NAME; i++)
		if (!strchr("_-. ", name[i]) || name[i] == '\0')
			out[n++] = aiodal_web__lower(name[i]);
	out[n] = '\0';
	return n;
}

static bool
is_among_more(const char *name, const char *more)
{
	char word[MAX_NAME + 1];

	while (more && *(more += strspn(more, " ")))
	{
		size_t n = strcspn(more, " ");

		if (plain_name(word, more, n) > 0 && strstr(name, word))
			return true;
		more += n;
	}
	return false;
}

bool
aiodal_web__is_secret_name(const char *name, size_t len, const char *more)
{
	char plain[MAX_NAME + 1];
	size_t i;

	/* a name as long as that is no name */
	if (plain_name(plain, name, len) == MAX_NAME)
		return true;
	for (i = 0; i < COUNT(parts); i++)
		if (strstr(plain, parts[i]))
			return true;
	for (i = 0; i < COUNT(wholes); i++)
		if (strcmp(plain, wholes[i]) == 0)
			return true;
	return is_among_more(plain, more);
}

/*
 * Text
 */

static bool
is_alnum(char c)
{
	char l = aiodal_web__lower(c);

	return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9');
}

/* What names and tokens are made of. */
static size_t
span(const char *s, size_t len, const char *others)
{
	size_t n = 0;

	while (n < len && s[n] != '\0' && (is_alnum(s[n]) || strchr(others, s[n])))
		n++;
	return n;
}

static bool
begins_with(const char *s, size_t len, const char *word)
{
	size_t i;

	for (i = 0; word[i]; i++)
		if (i == len || aiodal_web__lower(s[i]) != word[i])
			return false;
	return true;
}

/* How much of s is the value of name=value: to the end of its quotes, or of the word. */
static size_t
span_value(const char *s, size_t len)
{
	size_t n = 0;
	char quote;

	if (len == 0)
		return 0;
	quote = s[0] == '\'' || s[0] == '"' ? s[0] : '\0';
	if (!quote)
	{
		while (n < len && s[n] != '\0' && !strchr(" \t\r\n&;,'\"<>)]}", s[n]))
			n++;
		return n;
	}
	for (n = 1; n < len && s[n] != quote; n++)
		;
	return n < len ? n + 1 : n;
}

/* Where the password of "://user:password@" ends, seen from behind "://"; 0 when there is none. */
static size_t
span_userinfo(const char *s, size_t len)
{
	size_t n;

	for (n = 0; n < len && s[n] != '\0' && !strchr(" \t\r\n/\"'<>", s[n]); n++)
		if (s[n] == '@')
			return n;
	return 0;
}

/*
 * A secret that begins where a word does: adds what stands for it and returns how much of s that was, 0 when
 * there is none.
 */
static size_t
redact_word(aiodal_web__buf *out, const char *s, size_t len, const char *more)
{
	size_t scheme = begins_with(s, len, "bearer ") ? 7 : begins_with(s, len, "basic ") ? 6 : 0;
	size_t name = span(s, len, "_-.");
	size_t value;

	if (scheme && (value = span(s + scheme, len - scheme, "-._~+/=")) > 0)
	{
		aiodal_web__buf_add(out, s, scheme);
		aiodal_web__buf_str(out, REDACTED);
		return scheme + value;
	}
	if (name >= MIN_TOKEN && memcmp(s, "eyJ", 3) == 0)
	{
		aiodal_web__buf_str(out, REDACTED);
		return name;
	}
	if (name < len && s[name] == '=' && aiodal_web__is_secret_name(s, name, more))
	{
		value = span_value(s + name + 1, len - name - 1);
		aiodal_web__buf_add(out, s, name + 1);
		if (value > 0)
			aiodal_web__buf_str(out, REDACTED);
		return name + 1 + value;
	}
	if (name > 0)
		aiodal_web__buf_add(out, s, name);
	return name;
}

void
aiodal_web__redact_text(aiodal_web__buf *out, const char *s, size_t len, const char *more)
{
	size_t i = 0;

	while (i < len)
	{
		size_t n = redact_word(out, s + i, len - i, more);

		if (n == 0 && begins_with(s + i, len - i, "://") && (n = span_userinfo(s + i + 3, len - i - 3)) > 0)
		{
			aiodal_web__buf_str(out, "://" REDACTED);
			n += 3;
		}
		if (n == 0)
			aiodal_web__buf_char(out, s[i++]);
		i += n;
	}
}

/*
 * Pairs
 */

static void
redact_pair(aiodal_web__buf *out, const char *s, size_t len, const char *more)
{
	const char *equals = memchr(s, '=', len);
	size_t name = equals ? (size_t) (equals - s) : len;
	char decoded[MAX_NAME + 1];
	bool readable = name <= MAX_NAME && aiodal_web__percent_decode(decoded, s, name, true);

	if (!readable || aiodal_web__is_secret_name(decoded, strlen(decoded), more))
	{
		aiodal_web__buf_add(out, readable ? s : "", readable ? name : 0);
		aiodal_web__buf_str(out, "=" REDACTED);
		return;
	}
	aiodal_web__redact_text(out, s, name, more);
	aiodal_web__buf_add(out, s + name, equals ? 1 : 0);
	if (equals)
		aiodal_web__redact_text(out, equals + 1, len - name - 1, more);
}

void
aiodal_web__redact_pairs(aiodal_web__buf *out, const char *s, size_t len, const char *more)
{
	size_t i = 0;

	while (i < len)
	{
		const char *end = memchr(s + i, '&', len - i);
		size_t n = end ? (size_t) (end - s) - i : len - i;

		redact_pair(out, s + i, n, more);
		i += n;
		if (end)
		{
			aiodal_web__buf_char(out, '&');
			i++;
		}
	}
}

/*
 * Bodies
 */

/* False when out of memory. */
static bool
redact_json(json_t *value, const char *more)
{
	const char *name;
	json_t *member;
	size_t i;
	bool done = true;

	json_array_foreach (value, i, member)
		done = done && redact_json(member, more);
	json_object_foreach(value, name, member)
	{
		if (!aiodal_web__is_secret_name(name, strlen(name), more))
			done = done && redact_json(member, more);
		else if (json_object_set_new(value, name, json_string(REDACTED)) != 0)
			return false;
	}
	return done;
}

/* False when it is no JSON. */
static bool
add_json(aiodal_web__buf *out, const char *body, size_t len, const char *more)
{
	json_t *value = json_loadb(body, len, JSON_DECODE_ANY, NULL);
	char *dump = value && redact_json(value, more) ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

	if (dump)
		aiodal_web__redact_text(out, dump, strlen(dump), more);
	free(dump);
	json_decref(value);
	return dump != NULL;
}

static bool
is_json(const char *type)
{
	size_t len = strlen(type);

	return strcmp(type, "application/json") == 0 || (len > 5 && strcmp(type + len - 5, "+json") == 0);
}

/* Cuts at the end of a character. */
static void
cut(aiodal_web__buf *text, size_t max)
{
	if (text->oom || text->len <= max)
		return;
	while (max > 0 && ((unsigned char) text->data[max] & 0xC0) == 0x80)
		max--;
	text->len = max;
	text->data[max] = '\0';
	aiodal_web__buf_str(text, "...");
}

void
aiodal_web__redact_body(aiodal_web__buf *out, const char *type, const char *body, size_t len, size_t max,
						const char *more)
{
	aiodal_web__buf text = AIODAL_WEB__BUF_INIT;
	bool shown = false;

	if (is_json(type) && len <= MAX_JSON)
		shown = add_json(&text, body, len, more);
	else if (strcmp(type, "application/x-www-form-urlencoded") == 0)
	{
		/* what lies beyond would be cut off anyway, and a pair is redacted from its beginning on */
		aiodal_web__redact_pairs(&text, body, len < MAX_JSON ? len : MAX_JSON, more);
		shown = true;
	}
	if (!shown)
		aiodal_web__buf_printf(&text, "[%zu bytes of %s]", len, *type ? type : "unknown type");
	cut(&text, max);
	if (text.oom)
		out->oom = true;
	else
		aiodal_web__buf_add(out, text.data, text.len);
	aiodal_web__buf_free(&text);
}
