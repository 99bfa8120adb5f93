/*
 * repair.c
 *		Text in which bad characters are made harmless, and remembered.
 *
 * A question mark is a character of one byte in every encoding, and no
 * conversion makes or loses a line end, so lines, fields and quotes stay where
 * they are. Text to be translated is so in a buffer of its own, since it may
 * grow on the way.
 */
#include "compat.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "repair.h"

/* bytes translated at once, as many as core's COPY does; few where tests look for what happens between them
 */
#ifndef TRANSLATE_SIZE
#define TRANSLATE_SIZE 16384
#endif

/* The first bad character of a line. */
typedef struct Damage
{
	int64 newlines; /* before it */
	int64 returns;
	BadCharacter bad;
} Damage;

struct Repair
{
	Source *source;
	Translator translator;
	MemoryContext context;
	char held[MAX_MULTIBYTE_CHAR_LEN]; /* the beginning of a character, to be seen with its rest */
	int nheld;
	int64 newlines; /* made so far */
	int64 returns;

	/* not told yet: from first_damage on */
	Damage *damages;
	int first_damage;
	int ndamages;
	int max_damages;

	/* only where text is translated */
	char *from; /* read, not translated */
	int nfrom;
	char *made; /* translated, to be handed out from made_at on */
	int nmade;
	int made_at;
	bool drained; /* nothing is left in the source */
};

Repair *
MakeRepair(Source *source, const Translator *translator)
{
	Repair *repair = palloc0(sizeof(Repair));

	repair->source = source;
	repair->translator = *translator;
	repair->context = CurrentMemoryContext;
	if (OidIsValid(translator->conversion))
	{
		repair->from = palloc(TRANSLATE_SIZE);
		repair->made = palloc(TRANSLATE_SIZE * MAX_CONVERSION_GROWTH + 1);
	}
	return repair;
}

static void
CountLines(Repair *repair, const char *text, int len)
{
	for (int i = 0; i < len; i++)
	{
		repair->newlines += text[i] == '\n';
		repair->returns += text[i] == '\r';
	}
}

/* Makes room for one more. */
static void
MoreDamages(Repair *repair)
{
	repair->ndamages -= repair->first_damage;
	if (repair->first_damage > 0)
		memmove(repair->damages, repair->damages + repair->first_damage, sizeof(Damage) * repair->ndamages);
	repair->first_damage = 0;
	if (repair->ndamages * 2 < repair->max_damages)
		return;
	repair->max_damages = Max(repair->max_damages * 2, 16);
	if (repair->damages == NULL)
		repair->damages = MemoryContextAlloc(repair->context, sizeof(Damage) * repair->max_damages);
	else
		repair->damages = repalloc_huge(repair->damages, sizeof(Damage) * repair->max_damages);
}

/* The character at "at" is bad; returns how many bytes one question mark stands for. */
static int
RememberDamage(Repair *repair, const char *at, int left)
{
	const Damage *last = repair->ndamages > 0 ? &repair->damages[repair->ndamages - 1] : NULL;
	Damage damage = {.newlines = repair->newlines, .returns = repair->returns};
	int len = ReadBadCharacter(&repair->translator, at, left, &damage.bad);

	/* of a line, the first one is told */
	if (last && last->newlines == damage.newlines && last->returns == damage.returns)
		return len;
	if (repair->ndamages == repair->max_damages)
		MoreDamages(repair);
	repair->damages[repair->ndamages++] = damage;
	return len;
}

/*
 * Makes text valid, from its start on; returns how much of it can be handed
 * out. The rest, the beginning of a character, is held back unless at_end.
 */
static int
MakeValid(Repair *repair, char *text, int len, bool at_end)
{
	int encoding = repair->translator.encoding;
	int done = 0;

	for (;;)
	{
		int valid = pg_encoding_verifymbstr(encoding, text + done, len - done);

		CountLines(repair, text + done, valid);
		done += valid;
		if (done == len)
			return done;
		if (!at_end && len - done < MAX_MULTIBYTE_CHAR_LEN &&
			pg_encoding_mblen(encoding, text + done) > len - done)
		{
			repair->nheld = len - done;
			memcpy(repair->held, text + done, repair->nheld);
			return done;
		}
		(void) RememberDamage(repair, text + done, len - done);
		text[done++] = '?';
	}
}

static int
ReadAsItIs(Repair *repair, char *out, int maxread)
{
	int done = 0;
	int got;

	do
	{
		int len = repair->nheld;

		memcpy(out, repair->held, len);
		repair->nheld = 0;
		got = SourceRead(repair->source, out + len, 1, maxread - len);
		done = MakeValid(repair, out, len + got, got == 0);
	} while (done == 0 && got > 0);
	return done;
}

/*
 * Translates what was read, from its start on. The rest, which may be the
 * beginning of a character, is kept unless it is all there will be.
 */
static void
TranslateRead(Repair *repair)
{
	int done = 0;

	repair->nmade = repair->made_at = 0;
	for (;;)
	{
		int made;
		int left;

		done += Translate(&repair->translator, repair->from + done, repair->nfrom - done,
						  repair->made + repair->nmade, &made);
		CountLines(repair, repair->made + repair->nmade, made);
		repair->nmade += made;
		left = repair->nfrom - done;
		if (left == 0 || (left < MAX_CONVERSION_INPUT_LENGTH && !repair->drained))
			break;
		done += RememberDamage(repair, repair->from + done, left);
		repair->made[repair->nmade++] = '?';
	}
	repair->nfrom -= done;
	memmove(repair->from, repair->from + done, repair->nfrom);
}

static int
ReadTranslated(Repair *repair, char *out, int maxread)
{
	int len;

	while (repair->made_at == repair->nmade && !repair->drained)
	{
		int got = SourceRead(repair->source, repair->from + repair->nfrom, 1, TRANSLATE_SIZE - repair->nfrom);

		repair->nfrom += got;
		repair->drained = got == 0;
		TranslateRead(repair);
	}
	len = Min(repair->nmade - repair->made_at, maxread);
	memcpy(out, repair->made + repair->made_at, len);
	repair->made_at += len;
	return len;
}

int
RepairRead(Repair *repair, char *out, int maxread)
{
	return repair->made ? ReadTranslated(repair, out, maxread) : ReadAsItIs(repair, out, maxread);
}

bool
RepairHolds(const Repair *repair)
{
	return repair->nheld > 0 || repair->nfrom > 0 || repair->made_at < repair->nmade;
}

const char *
RepairedBefore(Repair *repair, int64 before, bool cr, int *sqlerrcode)
{
	const char *message = NULL;

	while (repair->first_damage < repair->ndamages)
	{
		const Damage *damage = &repair->damages[repair->first_damage];

		if ((cr ? damage->returns : damage->newlines) >= before)
			break;
		if (message == NULL)
		{
			message = BadCharacterMessage(&repair->translator, &damage->bad);
			*sqlerrcode = damage->bad.sqlerrcode;
		}
		repair->first_damage++;
	}
	return message;
}
