/*
 * repair.c
 *		Text in which invalid bytes are made harmless, and remembered.
 *
 * A question mark is a character of one byte in every client encoding, so
 * nothing moves: lines, fields and quotes stay where they are.
 */
#include "compat.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "repair.h"

/* bytes of an invalid sequence that are shown, as core does */
#define MAX_SHOWN 4

typedef struct Damage
{
	int64 newlines; /* before it */
	int64 returns;
	int nbytes;
	char bytes[MAX_SHOWN];
} Damage;

struct Repair
{
	Source *source;
	int encoding;
	MemoryContext context;
	char held[MAX_MULTIBYTE_CHAR_LEN]; /* the beginning of a character, to be seen with its rest */
	int nheld;
	int64 newlines; /* handed out so far */
	int64 returns;
	List *damages; /* Damage *, not told yet */
};

char *
InvalidBytesMessage(int encoding, const char *at, int left)
{
	int shown = Min(Min(pg_encoding_mblen(encoding, at), left), MAX_SHOWN);
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < shown; i++)
		appendStringInfo(&buf, "%s0x%02x", i > 0 ? " " : "", (unsigned char) at[i]);
	return psprintf(_("invalid byte sequence for encoding \"%s\": %s"), pg_encoding_to_char(encoding),
					buf.data);
}

Repair *
MakeRepair(Source *source, int encoding)
{
	Repair *repair = palloc0(sizeof(Repair));

	repair->source = source;
	repair->encoding = encoding;
	repair->context = CurrentMemoryContext;
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

static void
RememberDamage(Repair *repair, const char *at, int left)
{
	MemoryContext old = MemoryContextSwitchTo(repair->context);
	Damage *damage = palloc(sizeof(Damage));

	damage->newlines = repair->newlines;
	damage->returns = repair->returns;
	damage->nbytes = Min(left, MAX_SHOWN);
	memcpy(damage->bytes, at, damage->nbytes);
	repair->damages = lappend(repair->damages, damage);
	MemoryContextSwitchTo(old);
}

/*
 * Makes text valid, from its start on; returns how much of it can be handed
 * out. The rest, the beginning of a character, is held back unless at_end.
 */
static int
MakeValid(Repair *repair, char *text, int len, bool at_end)
{
	int done = 0;

	for (;;)
	{
		int valid = pg_encoding_verifymbstr(repair->encoding, text + done, len - done);

		CountLines(repair, text + done, valid);
		done += valid;
		if (done == len)
			return done;
		if (!at_end && len - done < MAX_MULTIBYTE_CHAR_LEN &&
			pg_encoding_mblen(repair->encoding, text + done) > len - done)
		{
			repair->nheld = len - done;
			memcpy(repair->held, text + done, repair->nheld);
			return done;
		}
		RememberDamage(repair, text + done, len - done);
		text[done++] = '?';
	}
}

int
RepairRead(Repair *repair, char *out, int maxread)
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

bool
RepairHolds(const Repair *repair)
{
	return repair->nheld > 0;
}

const char *
RepairedBefore(Repair *repair, int64 before, bool cr)
{
	const char *message = NULL;

	while (repair->damages != NIL)
	{
		Damage *damage = linitial(repair->damages);

		if ((cr ? damage->returns : damage->newlines) >= before)
			break;
		if (message == NULL)
			message = InvalidBytesMessage(repair->encoding, damage->bytes, damage->nbytes);
		repair->damages = list_delete_first(repair->damages);
		pfree(damage);
	}
	return message;
}
