/*
 * translate.c
 *		Text of a client's encoding becomes text of the server's, as far as it goes.
 *
 * A conversion does not say what stopped it. It is what its own error would be
 * about: bytes that are no character, or else a character without an equivalent.
 */
#include "compat.h"

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"

#include "utils/memutils.h"

#include "translate.h"

Translator
FindTranslator(int encoding)
{
	Translator translator = {.encoding = encoding};
	int to = GetDatabaseEncoding();

	if (encoding == to || to == PG_SQL_ASCII)
		return translator;
	if (encoding == PG_SQL_ASCII)
	{
		translator.encoding = to;
		return translator;
	}
	translator.conversion = FindDefaultConversionProc(encoding, to);
	if (!OidIsValid(translator.conversion))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
						errmsg("default conversion function for encoding \"%s\" to \"%s\" does not exist",
							   pg_encoding_to_char(encoding), pg_encoding_to_char(to))));
	return translator;
}

int
ReadBadCharacter(const Translator *translator, const char *text, int left, BadCharacter *bad)
{
	bool whole = *text != '\0' && pg_encoding_verifymbchar(translator->encoding, text, left) > 0;
	int len = Min(pg_encoding_mblen(translator->encoding, text), left);

	bad->sqlerrcode = whole ? ERRCODE_UNTRANSLATABLE_CHARACTER : ERRCODE_CHARACTER_NOT_IN_REPERTOIRE;
	bad->nbytes = Min(len, BAD_BYTES_MAX);
	memcpy(bad->bytes, text, bad->nbytes);
	return whole ? len : 1;
}

/* "0xe2 0x82 0xac" */
static char *
BytesText(const char *bytes, int n)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < n; i++)
		appendStringInfo(&buf, "%s0x%02x", i > 0 ? " " : "", (unsigned char) bytes[i]);
	return buf.data;
}

char *
InvalidBytesMessage(int encoding, const char *at, int left)
{
	int shown = Min(Min(pg_encoding_mblen(encoding, at), left), BAD_BYTES_MAX);

	return psprintf(_("invalid byte sequence for encoding \"%s\": %s"), pg_encoding_to_char(encoding),
					BytesText(at, shown));
}

char *
BadCharacterMessage(const Translator *translator, const BadCharacter *bad)
{
	if (bad->sqlerrcode != ERRCODE_UNTRANSLATABLE_CHARACTER)
		return InvalidBytesMessage(translator->encoding, bad->bytes, bad->nbytes);
	return psprintf(
		_("character with byte sequence %s in encoding \"%s\" has no equivalent in encoding \"%s\""),
		BytesText(bad->bytes, bad->nbytes), pg_encoding_to_char(translator->encoding),
		pg_encoding_to_char(GetDatabaseEncoding()));
}

int
Translate(const Translator *translator, const char *text, int len, char *out, int *made)
{
	Datum taken = OidFunctionCall6(translator->conversion, Int32GetDatum(translator->encoding),
								   Int32GetDatum(GetDatabaseEncoding()), CStringGetDatum(text),
								   CStringGetDatum(out), Int32GetDatum(len), BoolGetDatum(true));

	*made = strlen(out);
	return DatumGetInt32(taken);
}

/* The text as it is, but for question marks; it is copied when it needs one. */
static char *
RepairText(const Translator *translator, char *text, int len, BadCharacter *bad)
{
	char *repaired = text;
	BadCharacter other;

	for (int done = 0;; done++)
	{
		done += pg_encoding_verifymbstr(translator->encoding, repaired + done, len - done);
		if (done == len)
			return repaired;
		if (repaired == text)
			repaired = pnstrdup(text, len);
		(void) ReadBadCharacter(translator, text + done, len - done, bad->sqlerrcode ? &other : bad);
		repaired[done] = '?';
	}
}

/* What is not needed of a text that had room for the worst case. */
static char *
GiveBack(char *text, Size len)
{
	if (len >= MaxAllocSize)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("out of memory"),
						errdetail("String of %zu bytes is too long for encoding conversion.", len)));
	return repalloc(text, len + 1);
}

char *
TranslateText(const Translator *translator, char *text, int *len, BadCharacter *bad)
{
	BadCharacter other;
	char *out;
	Size done = 0;
	int at = 0;

	bad->sqlerrcode = 0;
	if (!OidIsValid(translator->conversion))
		return RepairText(translator, text, *len, bad);
	out = MemoryContextAllocHuge(CurrentMemoryContext, (Size) *len * MAX_CONVERSION_GROWTH + 1);
	for (;;)
	{
		int made;

		at += Translate(translator, text + at, *len - at, out + done, &made);
		done += made;
		if (at == *len)
			break;
		at += ReadBadCharacter(translator, text + at, *len - at, bad->sqlerrcode ? &other : bad);
		out[done++] = '?';
	}
	out = GiveBack(out, done);
	*len = done;
	return out;
}
