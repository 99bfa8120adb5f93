/*
 * text.c
 *		Characters and their classes.
 */
#include "text.h"

#include <string.h>

static bool
continues(const char *s, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (((unsigned char) s[i] & 0xC0) != 0x80)
			return false;
	return true;
}

size_t
aiodal_web__utf8_char(const char *s, size_t len)
{
	unsigned char c = (unsigned char) s[0];
	unsigned char second = len > 1 ? (unsigned char) s[1] : 0;
	size_t n = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;

	if (n == 0 || n > len || !continues(s, n))
		return 0;
	/* overlong forms, surrogates, beyond U+10FFFF */
	if ((c == 0xE0 && second < 0xA0) || (c == 0xED && second > 0x9F) || (c == 0xF0 && second < 0x90) ||
		(c == 0xF4 && second > 0x8F))
		return 0;
	return n;
}

bool
aiodal_web__is_utf8(const char *s, size_t len)
{
	while (len > 0)
	{
		size_t n = aiodal_web__utf8_char(s, len);

		if (n == 0)
			return false;
		s += n;
		len -= n;
	}
	return true;
}

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool
aiodal_web__is_token(const char *s)
{
	const char *p;

	for (p = s; *p; p++)
		if (!is_alnum(*p) && !strchr("!#$%&'*+-.^_`|~", *p))
			return false;
	return p > s;
}

bool
aiodal_web__is_header_value(const char *s)
{
	for (; *s; s++)
		if (((unsigned char) *s < 0x20 && *s != '\t') || *s == 0x7f)
			return false;
	return true;
}

char
aiodal_web__lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

bool
aiodal_web__same_word(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (aiodal_web__lower(*a) != aiodal_web__lower(*b))
			return false;
	return *a == *b;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = aiodal_web__lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
aiodal_web__percent_decode(char *out, const char *in, size_t len, bool plus)
{
	size_t i;
	size_t n = 0;

	for (i = 0; i < len; i++)
	{
		char c = in[i];

		if (c == '%')
		{
			if (len - i < 3 || hex(in[i + 1]) < 0 || hex(in[i + 2]) < 0)
				return false;
			c = (char) (hex(in[i + 1]) * 16 + hex(in[i + 2]));
			i += 2;
		}
		else if (c == '+' && plus)
			c = ' ';
		if (c == '\0')
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return aiodal_web__is_utf8(out, n);
}
