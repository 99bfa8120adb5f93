/*
 * translate.h
 *		Text of a client's encoding becomes text of the server's, as far as it goes.
 *
 * PostgreSQL's conversions stop at a character that the server's encoding lacks,
 * and at bytes that are no character. Where bad rows are set aside, the text goes
 * on behind that, with a question mark in its place. Buffers and lines are
 * converted at once; only what stops them is looked at by itself.
 */
#ifndef AIODAL_TRANSLATE_H
#define AIODAL_TRANSLATE_H

#include "compat.h"

/* From which encoding, and how. */
typedef struct Translator
{
	int encoding;
	Oid conversion; /* InvalidOid: as it is, but for bytes that are no character of the encoding */
} Translator;

/* bytes of a character that are shown, as PostgreSQL does */
#define BAD_BYTES_MAX 4

/* What stopped a conversion. */
typedef struct BadCharacter
{
	int sqlerrcode; /* 0: nothing did */
	int nbytes;
	char bytes[BAD_BYTES_MAX];
} BadCharacter;

/* How COPY translates text of the encoding; an error when there is no conversion. */
extern Translator FindTranslator(int encoding);

/*
 * The character at text, of "left" bytes at most, which could not be translated.
 * Returns how many bytes one question mark stands for.
 */
extern int ReadBadCharacter(const Translator *translator, const char *text, int left, BadCharacter *bad);

/* PostgreSQL's words for it, in the current memory context. */
extern char *BadCharacterMessage(const Translator *translator, const BadCharacter *bad);

/* The same for bytes at "at", "left" of them at most, that are no character of the encoding. */
extern char *InvalidBytesMessage(int encoding, const char *at, int left);

/*
 * Translates len bytes of text into out, which has room for len *
 * MAX_CONVERSION_GROWTH + 1 bytes and is ended by a NUL; returns how many bytes of
 * text that were: all, or those in front of what stopped it. *made is their length in out.
 */
extern int Translate(const Translator *translator, const char *text, int len, char *out, int *made);

/*
 * The whole text, ended by a NUL and of *len bytes, with question marks for what
 * stopped it, of which *bad tells the first. It is text itself when there is nothing to change,
 * else in the current memory context.
 */
extern char *TranslateText(const Translator *translator, char *text, int *len, BadCharacter *bad);

#endif /* AIODAL_TRANSLATE_H */
