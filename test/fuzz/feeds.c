/*
 * feeds.c
 *		What hostile bytes do to the code that takes input apart.
 *
 * The first bytes of the input say what the rest is given to:
 *	records	csv or text; by the code for processors with vectors and by the one
 *			for all others, whole and in pieces: records, errors and what errors
 *			show have to be the same
 *	values	each fast converter, and a jsonb is walked through
 *	members	JSON lines
 *
 * For libFuzzer, or by feeds_drive.c for the driver that the client has, too.
 */
#include "backend.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/jsonb.h"

#include "convert.h"
#include "feed_records.h"
#include "json_scan.h"

/* feed_records.c, compiled once more without vectors */
extern bool PortableCanReadRecords(CopyFromState cstate);
extern Records *PortableMakeRecords(Source *source, CopyFromState cstate, LineEnd end, bool repairs);
extern bool PortableNextRecord(Records *records, const Field **fields, int *nfields);
extern const char *PortableRecordText(const Records *records, int *len);
extern int PortableRecordFields(const Records *records);
extern int64 PortableLineEndsInRecord(const Records *records);
extern const char *PortableRecordDamage(const Records *records);

typedef struct Reader
{
	bool (*can_read)(CopyFromState);
	Records *(*make)(Source *, CopyFromState, LineEnd, bool);
	bool (*next)(Records *, const Field **, int *);
	const char *(*text)(const Records *, int *);
	int (*fields)(const Records *);
	int64 (*line_ends)(const Records *);
	const char *(*damage)(const Records *);
} Reader;

static const Reader vector = {CanReadRecords, MakeRecords,      NextRecord,  RecordText,
							  RecordFields,   LineEndsInRecord, RecordDamage};
static const Reader portable = {PortableCanReadRecords, PortableMakeRecords,  PortableNextRecord,
								PortableRecordText,     PortableRecordFields, PortableLineEndsInRecord,
								PortableRecordDamage};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- the input */

struct Source
{
	const char *data;
	int len;
	int at;
	int piece; /* bytes handed out at once; 0: as many as asked for */
};

int
SourceRead(Source *source, char *out, int minread, int maxread)
{
	int n = Min(source->len - source->at, maxread);

	if (source->piece > 0)
		n = Min(n, Max(source->piece, minread));
	memcpy(out, source->data + source->at, n);
	source->at += n;
	return n;
}

uint64
SourceBytesTaken(const Source *source)
{
	return source->at;
}

bool
SourceEndsWithMarker(Source *source)
{
	return source->at == source->len;
}

bool
CanReadFields(CopyFromState cstate)
{
	return true;
}

/* --- records */

typedef struct RecordsRun
{
	const Reader *reader;
	Source source;
	CopyFromStateData cstate;
	LineEnd end;
	bool repairs;
	Records *records;
	bool at_end;
	StringInfo seen; /* all that a user of the reader can see */
} RecordsRun;

static void
BeginRecords(void *arg)
{
	RecordsRun *run = arg;

	if (!run->reader->can_read(&run->cstate))
		return;
	run->records = run->reader->make(&run->source, &run->cstate, run->end, run->repairs);
}

static void
NoteRecord(RecordsRun *run)
{
	int len;
	const char *text = run->reader->text(run->records, &len);
	const char *damage = run->reader->damage(run->records);

	appendStringInfo(run->seen, " %d fields, %d line ends, %s: ", run->reader->fields(run->records),
					 (int) run->reader->line_ends(run->records), damage ? damage : "sound");
	if (text)
		appendBinaryStringInfo(run->seen, text, len);
	appendStringInfoChar(run->seen, '\n');
}

static void
ReadRecord(void *arg)
{
	RecordsRun *run = arg;
	const Field *fields;
	int n;

	run->at_end = !run->reader->next(run->records, &fields, &n);
	for (int i = 0; i < n && !run->at_end; i++)
	{
		appendStringInfo(run->seen, "[%d:", fields[i].text ? fields[i].len : -1);
		if (fields[i].text)
			appendBinaryStringInfo(run->seen, fields[i].text, fields[i].len);
		if (fields[i].ended && fields[i].text && fields[i].text[fields[i].len] != '\0')
			abort();
		appendStringInfoChar(run->seen, ']');
	}
}

/* After an error reading goes on where a record was found, as it does where rows are set aside. */
static void
ReadRecords(RecordsRun *run)
{
	const char *error;

	run->seen = makeStringInfo();
	if (!BackendTry(BeginRecords, run, &error))
		abort();
	while (run->records && !run->at_end)
	{
		int len;

		if (!BackendTry(ReadRecord, run, &error))
		{
			appendStringInfo(run->seen, "%s", error);
			if (!run->repairs || run->reader->text(run->records, &len) == NULL)
				break;
		}
		NoteRecord(run);
	}
}

/* The options that three bytes stand for. */
static void
ChooseOptions(RecordsRun *run, const uint8_t *choice, List *columns)
{
	static const char delimiters[] = ",\t;|a";
	static const char quotes[] = "\"'$,";
	static const char *const nulls[] = {"", "\\N", "nil", "\\."};
	static const int encodings[] = {PG_UTF8,      PG_UTF8,   PG_LATIN1,        PG_EUC_JP,
									PG_SQL_ASCII, PG_EUC_TW, PG_MULE_INTERNAL, PG_WIN1252};
	static char one[3][2];
	CopyFormatOptions *opts = &run->cstate.opts;

	backend_encoding = run->cstate.file_encoding = encodings[choice[0] & 7];
	opts->csv_mode = (choice[0] & 8) != 0;
	run->repairs = (choice[0] & 16) != 0;
	run->end = choice[0] >> 5 & 3;
	one[0][0] = delimiters[choice[1] % 5];
	one[1][0] = quotes[choice[1] / 5 % 4];
	one[2][0] = choice[1] & 128 ? '\\' : one[1][0];
	opts->delim = one[0];
	opts->quote = one[1];
	opts->escape = one[2];
	opts->null_print = unconstify(char *, nulls[choice[2] & 3]);
	opts->null_print_len = strlen(opts->null_print);
	columns->length = choice[2] >> 2 & 3;
	run->cstate.attnumlist = columns;
}

static void
CompareReaders(const uint8_t *choice, const char *data, int len)
{
	const int pieces[] = {0, 1, 7 + choice[3]};
	List columns = {.type = T_IntList};
	StringInfo first = NULL;

	for (int i = 0; i < 2 * lengthof(pieces); i++)
	{
		RecordsRun run = {.reader = i % 2 ? &portable : &vector,
						  .source = {.data = data, .len = len, .piece = pieces[i / 2]}};

		ChooseOptions(&run, choice, &columns);
		ReadRecords(&run);
		if (first == NULL)
			first = run.seen;
		else if (first->len != run.seen->len || memcmp(first->data, run.seen->data, first->len) != 0)
		{
			fprintf(stderr, "%s, in pieces of %d:\n%s\nnot:\n%s\n", i % 2 ? "portable" : "vectors",
					pieces[i / 2], run.seen->data, first->data);
			abort();
		}
	}
}

/* --- values */

/* so that nothing that is read is left out */
static volatile char walked;

/* Visits every entry and byte of a container, which is len bytes long. */
static void
WalkJsonb(const JsonbContainer *container, int len)
{
	int n = JsonContainerSize(container) * (JsonContainerIsObject(container) ? 2 : 1);
	const char *base = (const char *) (container->children + n);
	int data = len - (int) (base - (const char *) container);
	int at = 0;

	if (data < 0)
		abort();
	for (int i = 0; i < n; i++)
	{
		int start = at;
		char sum = 0;

		JBE_ADVANCE_OFFSET(at, container->children[i]);
		if (at < start || at > data)
			abort();
		for (int k = start; k < at; k++)
			sum ^= base[k];
		walked = sum;
		if (JBE_ISCONTAINER(container->children[i]))
			WalkJsonb((const JsonbContainer *) INTALIGN(base + start),
					  at - (int) ((const char *) INTALIGN(base + start) - base));
	}
	if (at != data)
		abort();
}

static void
ConvertValue(uint8_t choice, const char *data, int len)
{
	static const Oid types[] = {JSONBOID, JSONOID,    INT2OID,   INT4OID,      INT8OID,
								BOOLOID,  NUMERICOID, DATEOID,   TIMESTAMPOID, TIMESTAMPTZOID,
								UUIDOID,  TEXTOID,    VARCHAROID};
	static const int32 typmods[] = {-1, VARHDRSZ + 3, ((10 << 16) | 2) + VARHDRSZ, 6};
	Oid type = types[choice % lengthof(types)];
	Datum value;

	if (!ConverterOf(type)(data, len, typmods[choice / lengthof(types) % lengthof(typmods)], &value))
		return;
	if (type == JSONBOID)
		WalkJsonb((const JsonbContainer *) VARDATA(DatumGetPointer(value)),
				  VARSIZE(DatumGetPointer(value)) - VARHDRSZ);
}

/* --- members */

typedef struct Line
{
	const char *data;
	int len;
} Line;

static void
ReadMembers(void *arg)
{
	const Line *line = arg;
	JsonScan scan;
	JsonMember member;

	JsonScanBegin(&scan, line->data, line->len);
	while (JsonScanMember(&scan, &member))
	{
		if (member.raw < line->data || member.len < 1 || member.raw + member.len > line->data + line->len)
			abort();
		if (member.kind == JSON_KIND_STRING)
			JsonUnescape(member.raw, member.len);
	}
}

/* JSON lines are valid in the encoding and end with a NUL. */
static void
ScanLine(char *copy, int len)
{
	const char *error;

	backend_encoding = PG_UTF8;
	if (pg_encoding_verifymbstr(PG_UTF8, copy, len) == len)
		BackendTry(ReadMembers, &(Line){.data = copy, .len = len}, &error);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy;
	int len = (int) size - 5;

	if (len < 0 || len > 1000000)
		return 0;
	/* of its own, so that it ends where it ends */
	copy = malloc(len + 1);
	memcpy(copy, data + 5, len);
	copy[len] = '\0';
	switch (data[0] % 5)
	{
		case 0:
		case 1: CompareReaders(data + 1, copy, len); break;
		case 2: ScanLine(copy, len); break;
		case 3:
		case 4:
			copy = realloc(copy, Max(len, 1));
			if (memchr(copy, '\0', len) == NULL)
				ConvertValue(data[0] % 5 == 3 ? 0 : data[1], copy, len);
			break;
	}
	free(copy);
	BackendReset();
	return 0;
}
