/*
 * feeds_drive.c
 *		feeds.c for the driver of client/fuzz, where there is no libFuzzer.
 *
 * Inputs are files as people send them; what libFuzzer has in front of one, five bytes that choose what it is
 * given to, is made of the input itself: each change chooses anew, and an input that failed fails again.
 */
#include "fuzz.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHOICE 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void
fuzz_begin(void)
{
	static const char *const words[] = {
		",",       "\"",   "\"\"", "\n",   "\r",       "\r\n",         "\\",   "\\.",
		"\n\\.\n", "\\N",  "\t",   "\xc3", "\xc3\xa4", "\xe6\x97\xa5", "\xff", "{",
		"}",       "[",    "]",    ":",    "\\u0000",  "\\ud83d",      "1e5",  "-",
		"0",       "null", "true", "\\x4", "\\07"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		fuzz_word(words[i]);
}

/* FNV-1a */
static uint64_t
hash(const char *data, size_t len)
{
	uint64_t h = 0xCBF29CE484222325u;

	while (len-- > 0)
		h = (h ^ (unsigned char) *data++) * 0x100000001B3u;
	return h ^ h >> 32;
}

void
fuzz_one(const char *data, size_t len)
{
	uint8_t *input = malloc(CHOICE + len);
	uint64_t choice = hash(data, len);

	if (!input)
		exit(2);
	memcpy(input, &choice, CHOICE);
	memcpy(input + CHOICE, data, len);
	(void) LLVMFuzzerTestOneInput(input, CHOICE + len);
	free(input);
}

void
fuzz_end(void)
{
}
