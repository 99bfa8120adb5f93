/*
 * base64.c
 *		Reading base64url, strictly.
 */
#include "base64.h"

#include <stdint.h>

static int
digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool
aiodal_web__base64_decode(unsigned char *out, const char *in, size_t len)
{
	uint32_t bits = 0;
	int n = 0;
	size_t i;

	if (len % 4 == 1)
		return false;
	for (i = 0; i < len; i++)
	{
		int d = digit(in[i]);

		if (d < 0)
			return false;
		bits = (bits << 6 | (uint32_t) d) & 0xffff;
		n += 6;
		if (n >= 8)
		{
			n -= 8;
			*out++ = (unsigned char) (bits >> n);
		}
	}
	return (bits & ((1U << n) - 1)) == 0;
}
