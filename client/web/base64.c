/*
 * base64.c
 *		Reading base64url, strictly.
 */
#include "base64.h"

#include <stdint.h>

/* What a character stands for; 64 and more: nothing. */
static const uint8_t digits[256] = {
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 62, 64, 64, 52, 53, 54, 55,
	56, 57, 58, 59, 60, 61, 64, 64, 64, 64, 64, 64, 64, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
	13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 64, 64, 64, 64, 63, 64, 26, 27, 28, 29, 30, 31, 32,
	33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
};

/* Four characters are three bytes. */
static bool
decode_group(unsigned char *out, const unsigned char *in)
{
	uint32_t a = digits[in[0]];
	uint32_t b = digits[in[1]];
	uint32_t c = digits[in[2]];
	uint32_t d = digits[in[3]];
	uint32_t bits = a << 18 | b << 12 | c << 6 | d;

	out[0] = (unsigned char) (bits >> 16);
	out[1] = (unsigned char) (bits >> 8);
	out[2] = (unsigned char) bits;
	return (a | b | c | d) < 64;
}

/* Two or three characters at the end are one or two bytes, with bits left over that must be zero. */
static bool
decode_rest(unsigned char *out, const unsigned char *in, size_t len)
{
	uint32_t a = digits[in[0]];
	uint32_t b = digits[in[1]];
	uint32_t c = len == 3 ? digits[in[2]] : 0;
	uint32_t bits = a << 18 | b << 12 | c << 6;

	out[0] = (unsigned char) (bits >> 16);
	if (len == 3)
		out[1] = (unsigned char) (bits >> 8);
	return (a | b | c) < 64 && (bits & (len == 3 ? 0xff : 0xffff)) == 0;
}

bool
aiodal_web__base64_decode(unsigned char *out, const char *in, size_t len)
{
	const unsigned char *p = (const unsigned char *) in;

	if (len % 4 == 1)
		return false;
	for (; len >= 4; len -= 4, p += 4, out += 3)
		if (!decode_group(out, p))
			return false;
	return len == 0 || decode_rest(out, p, len);
}
