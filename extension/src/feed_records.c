/*
 * feed_records.c
 *		Csv and text taken apart into records and fields.
 *
 * Design notes
 *
 * Bytes are read into one buffer and checked against the encoding as they come.
 * A record is scanned once, where it lies, from one byte that means something to
 * the next: sixteen bytes are looked at together. A field is a pointer into the
 * buffer; only one with quotes or escapes in it is copied, without them.
 *
 * When the buffer ends inside a record, more is read behind it and the scan
 * goes on where it was. What is in front of the record is given up then.
 *
 * Rules, messages and the order of errors are those of copyfromparse.c's
 * CopyReadLineText(), CopyReadAttributesCSV() and CopyReadAttributesText(): what
 * is wrong with the line comes first and leaves no record; what is wrong with a
 * field is told when the line is whole. Like there, no byte of a multibyte
 * character of a server encoding is taken for a sign.
 */
#include "compat.h"

/* AIODAL_PORTABLE: as on a processor without them */
#if defined(__SSE2__) && !defined(AIODAL_PORTABLE)
#define USE_VECTORS
#include <emmintrin.h>
#endif

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "feed_records.h"
#include "header.h"
#include "translate.h"

/* bytes asked for at once; few where tests look for what happens between them */
#ifndef READ_SIZE
#define READ_SIZE 65536
#endif
/* zero bytes behind the data, which a scan may look at */
#define PADDING 16

struct Records
{
	Source *source;
	Repair *translated; /* between it and this, or NULL */
	int encoding;
	int longest; /* bytes of a character of it */
	bool repairs;
	bool csv;
	char delimiter;
	char quote; /* in text the backslash, which stops a scan like a quote */
	char escape;
	const char *null;
	int null_len;
	LineEnd end; /* of lines; LINE_END_NONE until the first one */

	StringInfoData buf;
	int start;    /* of the record at hand */
	int next;     /* of the one behind it, once that is known */
	int valid;    /* up to here, all is characters of the encoding */
	bool drained; /* nothing is left in the source */
	bool done;    /* no record is left */
	int columns;

	/* the scan: offsets from start */
	int at;
	int field; /* of the field at hand */
	bool in_quote;
	bool coded; /* that field has quotes or escapes */
	int length; /* of the record, or -1 */

	Field *fields;
	int nfields;
	int max_fields;
	bool *is_coded;         /* by field */
	int ncoded;             /* fields of which that is true */
	StringInfoData decoded; /* these without quotes and escapes */
	char *damage;           /* or NULL */
	char *next_damage;      /* of the next record, found already; or NULL */
};

/* What stopped a scan. */
typedef enum ScanStop
{
	STOP_DATA,     /* the end of the data at hand */
	STOP_LINE_END, /* a carriage return or line feed that is no data */
	STOP_MARKER    /* \. */
} ScanStop;

bool
CanReadRecords(CopyFromState cstate)
{
	const char *quote = cstate->opts.quote;
	const char *escape = cstate->opts.escape;

	if (!CanReadFields(cstate) || cstate->need_transcoding)
		return false;
	return !cstate->opts.csv_mode ||
		   (strchr("\r\n\\", quote[0]) == NULL && strchr("\r\n", escape[0]) == NULL);
}

Records *
MakeRecords(Source *source, CopyFromState cstate, LineEnd end, bool repairs)
{
	Records *r = palloc0(sizeof(Records));
	const CopyFormatOptions *opts = &cstate->opts;

	r->source = source;
	r->encoding = cstate->file_encoding;
	r->longest = pg_encoding_max_length(r->encoding);
	r->repairs = repairs;
	r->csv = opts->csv_mode;
	r->delimiter = opts->delim[0];
	r->quote = r->csv ? opts->quote[0] : '\\';
	r->escape = r->csv ? opts->escape[0] : '\\';
	r->null = opts->null_print;
	r->null_len = opts->null_print_len;
	r->end = end;
	initStringInfo(&r->buf);
	initStringInfo(&r->decoded);
	r->columns = list_length(cstate->attnumlist);
	r->max_fields = r->columns + 1;
	r->fields = palloc(sizeof(Field) * r->max_fields);
	r->is_coded = palloc(sizeof(bool) * r->max_fields);
	return r;
}

void
ReadRecordsThrough(Records *r, Repair *translated)
{
	r->translated = translated;
}

/* --- bytes */

/* The first of four bytes at or after p, or end. PADDING bytes can be read at end. */
#ifdef USE_VECTORS
static inline const char *
FindByte(const char *p, const char *end, char a, char b, char c, char d)
{
	const __m128i va = _mm_set1_epi8(a);
	const __m128i vb = _mm_set1_epi8(b);
	const __m128i vc = _mm_set1_epi8(c);
	const __m128i vd = _mm_set1_epi8(d);

	for (; p < end; p += 16)
	{
		__m128i v = _mm_loadu_si128((const __m128i *) p);
		__m128i ab = _mm_or_si128(_mm_cmpeq_epi8(v, va), _mm_cmpeq_epi8(v, vb));
		__m128i cd = _mm_or_si128(_mm_cmpeq_epi8(v, vc), _mm_cmpeq_epi8(v, vd));
		unsigned found = _mm_movemask_epi8(_mm_or_si128(ab, cd));

		if (found)
		{
			p += __builtin_ctz(found);
			return p < end ? p : end;
		}
	}
	return end;
}
#else
/* Not zero where one of word's bytes is zero. */
static inline uint64
HasZero(uint64 word)
{
	return (word - UINT64CONST(0x0101010101010101)) & ~word & UINT64CONST(0x8080808080808080);
}

static inline const char *
FindByte(const char *p, const char *end, char a, char b, char c, char d)
{
	const uint64 every = UINT64CONST(0x0101010101010101);
	const uint64 wa = every * (unsigned char) a;
	const uint64 wb = every * (unsigned char) b;
	const uint64 wc = every * (unsigned char) c;
	const uint64 wd = every * (unsigned char) d;

	for (; p < end; p += sizeof(uint64))
	{
		uint64 word;

		memcpy(&word, p, sizeof(word));
		if (HasZero(word ^ wa) | HasZero(word ^ wb) | HasZero(word ^ wc) | HasZero(word ^ wd))
			break;
	}
	while (p < end && *p != a && *p != b && *p != c && *p != d)
		p++;
	return p < end ? p : end;
}
#endif

/* Whether what is at hand is all there will be. */
static inline bool
AllRead(const Records *r)
{
	return r->drained && r->valid == r->buf.len;
}

/* Gives up what is in front of the record and makes room behind it. */
static void
MakeRoom(Records *r)
{
	StringInfo buf = &r->buf;
	char *before = buf->data + r->start;

	if (r->start > 0)
	{
		buf->len -= r->start;
		r->valid -= r->start;
		memmove(buf->data, before, buf->len);
		r->start = 0;
	}
	enlargeStringInfo(buf, Max(Min(READ_SIZE, (int) (MaxAllocSize - 1) - buf->len - PADDING), 1) + PADDING);
	for (int i = 0; i < r->nfields; i++)
	{
		if (r->fields[i].text != NULL)
			r->fields[i].text = buf->data + (r->fields[i].text - before);
	}
}

static int
Read(Records *r, char *out, int maxread)
{
	return r->translated ? RepairRead(r->translated, out, maxread) : SourceRead(r->source, out, 1, maxread);
}

static void
Load(Records *r)
{
	StringInfo buf = &r->buf;
	int got;

	MakeRoom(r);
	got = Read(r, buf->data + buf->len, buf->maxlen - buf->len - PADDING);
	buf->len += got;
	memset(buf->data + buf->len, 0, PADDING);
	r->drained = got == 0;
	pgstat_progress_update_param(PROGRESS_COPY_BYTES_PROCESSED, SourceBytesTaken(r->source));
}

static void
Verify(Records *r)
{
	r->valid += pg_encoding_verifymbstr(r->encoding, r->buf.data + r->valid, r->buf.len - r->valid);
}

/* Whether the scan stands on a carriage return, and looks for a line feed behind it. */
static inline bool
LooksBehindReturn(const Records *r)
{
	return r->start + r->at < r->valid && r->buf.data[r->start + r->at] == '\r';
}

/*
 * The byte at r->valid is no character. All like it up to the next line end
 * become question marks: those belong to one record, whatever that line end is.
 */
static void
RepairLine(Records *r)
{
	const char *bad = r->buf.data + r->valid;
	int left = r->buf.len - r->valid;
	int line_end = FindByte(bad + 1, bad + left, '\r', '\n', '\r', '\n') - r->buf.data;
	char **damage = LooksBehindReturn(r) ? &r->next_damage : &r->damage;

	if (*damage == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(r));

		*damage = InvalidBytesMessage(r->encoding, bad, left);
		MemoryContextSwitchTo(old);
	}
	do
	{
		r->buf.data[r->valid] = '?';
		Verify(r);
		left = r->buf.len - r->valid;
	} while (r->valid < line_end && (r->drained || left >= r->longest));
}

/* More characters behind r->valid, or the end of all. */
static void
ReadMore(Records *r)
{
	int before = r->valid - r->start;

	for (;;)
	{
		int left;

		Verify(r);
		if (r->valid - r->start > before)
			return;
		left = r->buf.len - r->valid;
		if (left >= r->longest || (r->drained && left > 0))
		{
			if (!r->repairs)
				report_invalid_encoding(r->encoding, r->buf.data + r->valid, left);
			RepairLine(r);
			return;
		}
		if (r->drained)
			return;
		Load(r);
	}
}

/* --- the scan */

static void
MoreFields(Records *r)
{
	r->max_fields *= 2;
	r->fields = repalloc_huge(r->fields, sizeof(Field) * r->max_fields);
	r->is_coded = repalloc_huge(r->is_coded, sizeof(bool) * r->max_fields);
}

/* The field at hand ends before "end"; coded is whether there are quotes or escapes in it. */
static inline void
AddField(Records *r, const char *text, int len, bool coded)
{
	Field *field;

	if (r->nfields >= r->max_fields)
		MoreFields(r);
	r->is_coded[r->nfields] = coded;
	r->ncoded += coded;
	field = &r->fields[r->nfields++];
	field->len = len;
	field->ended = false;
	field->text = text;
	/* in text, what is between delimiters is compared as it is written */
	if (len == r->null_len && !(coded && r->csv) && memcmp(text, r->null, len) == 0)
	{
		field->text = NULL;
		r->ncoded -= coded;
		r->is_coded[r->nfields - 1] = false;
	}
}

/* Out of quotes: behind the quote that ends them. False when that is not there; *p is where to go on. */
static bool
LeaveQuotes(const Records *r, const char **p, const char *end)
{
	for (;;)
	{
		*p = FindByte(*p, end, r->quote, r->escape, r->quote, r->escape);
		if (*p == end)
			return false;
		if (**p == r->escape && r->escape != r->quote)
		{
			if (*p + 1 == end && !AllRead(r))
				return false;
			*p += *p + 1 < end && ((*p)[1] == r->escape || (*p)[1] == r->quote) ? 2 : 1;
			continue;
		}
		(*p)++;
		return true;
	}
}

/*
 * Goes on in the record until its end or that of the data, and adds the fields
 * that are whole. A quote doubled inside quotes leaves them and comes right back.
 */
static ScanStop
ScanCsv(Records *r)
{
	const char *base = r->buf.data + r->start;
	const char *end = r->buf.data + r->valid;
	const char *p = base + r->at;
	const char *field = base + r->field;
	const char delimiter = r->delimiter;
	const char quote = r->quote;
	ScanStop stop = STOP_DATA;

	for (;;)
	{
		if (r->in_quote && !LeaveQuotes(r, &p, end))
			break;
		r->in_quote = false;
		p = FindByte(p, end, delimiter, quote, '\n', '\r');
		if (p == end)
			break;
		if (*p == delimiter)
		{
			AddField(r, field, p - field, r->coded);
			r->coded = false;
			field = ++p;
		}
		else if (*p == quote)
		{
			r->in_quote = r->coded = true;
			p++;
		}
		else
		{
			stop = STOP_LINE_END;
			break;
		}
	}
	r->at = p - base;
	r->field = field - base;
	return stop;
}

/* The same for text, where a backslash makes data of the byte behind it. */
static ScanStop
ScanText(Records *r)
{
	const char *base = r->buf.data + r->start;
	const char *end = r->buf.data + r->valid;
	const char *p = base + r->at;
	const char *field = base + r->field;
	const char delimiter = r->delimiter;
	ScanStop stop = STOP_DATA;

	for (;;)
	{
		p = FindByte(p, end, delimiter, '\\', '\n', '\r');
		if (p == end)
			break;
		if (*p == delimiter)
		{
			AddField(r, field, p - field, r->coded);
			r->coded = false;
			field = ++p;
		}
		else if (*p == '\\')
		{
			/* at the end of all data it stands for nothing */
			if (p + 1 == end && !AllRead(r))
				break;
			if (p + 1 < end && p[1] == '.')
			{
				stop = STOP_MARKER;
				break;
			}
			r->coded = true;
			p += p + 1 < end ? 2 : 1;
		}
		else
		{
			stop = STOP_LINE_END;
			break;
		}
	}
	r->at = p - base;
	r->field = field - base;
	return stop;
}

/* --- ends of lines and of the data */

pg_noreturn static void
ReportCarriageReturn(const Records *r)
{
	ereport(ERROR, (errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
					r->csv ? errmsg("unquoted carriage return found in data")
						   : errmsg("literal carriage return found in data"),
					r->csv ? errhint("Use quoted CSV field to represent carriage return.")
						   : errhint("Use \"\\r\" to represent carriage return.")));
}

pg_noreturn static void
ReportLineFeed(const Records *r)
{
	ereport(ERROR,
			(errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
			 r->csv ? errmsg("unquoted newline found in data") : errmsg("literal newline found in data"),
			 r->csv ? errhint("Use quoted CSV field to represent newline.")
					: errhint("Use \"\\n\" to represent newline.")));
}

/* Whether the byte n behind the scan's place is at hand; where not and it may yet come, *more is set. */
static bool
HasByte(const Records *r, int n, bool *more)
{
	if (r->start + r->at + n < r->valid)
		return true;
	*more = *more || !AllRead(r);
	return false;
}

/*
 * The length of the line end at the scan's place, which must be like the lines'
 * before; 0 when there is more to read before that can be said.
 */
static int
LineEndLength(Records *r)
{
	const char *p = r->buf.data + r->start + r->at;
	bool more = false;
	bool crlf;

	if (*p == '\n')
	{
		if (r->end == LINE_END_CR || r->end == LINE_END_CRLF)
			ReportLineFeed(r);
		r->end = LINE_END_LF;
		return 1;
	}
	if (r->end == LINE_END_LF && !r->csv)
		ReportCarriageReturn(r);
	if (r->end == LINE_END_CR && !r->csv)
		return 1;
	/* csv looks ahead even where it need not, and then meets with what is no character */
	crlf = HasByte(r, 1, &more) && p[1] == '\n';
	if (more)
		return 0;
	if (r->end == LINE_END_LF || (r->end == LINE_END_CRLF && !crlf))
		ReportCarriageReturn(r);
	if (r->end == LINE_END_NONE)
		r->end = crlf ? LINE_END_CRLF : LINE_END_CR;
	return r->end == LINE_END_CRLF ? 2 : 1;
}

pg_noreturn static void
ReportMarkerStyle(void)
{
	ereport(ERROR, (errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
					errmsg("end-of-copy marker does not match previous newline style")));
}

pg_noreturn static void
ReportMarkerCorrupt(void)
{
	ereport(ERROR, (errcode(ERRCODE_BAD_COPY_FILE_FORMAT), errmsg(COPY_MARKER_CORRUPT)));
}

/* Checks the marker \. of text at the scan's place, and returns its length with the line end; 0 when there is
 * more to read for that. */
static int
TextMarkerLength(Records *r)
{
	const char *p = r->buf.data + r->start + r->at;
	bool more = false;
	int len = 2;
	char c = HasByte(r, len, &more) ? p[len] : '\0';

	if (!more && r->end == LINE_END_CRLF)
	{
		if (c == '\n')
			ReportMarkerStyle();
		if (c != '\r')
			ReportMarkerCorrupt();
		c = HasByte(r, ++len, &more) ? p[len] : '\0';
	}
	if (more)
		return 0;
	if (c != '\r' && c != '\n')
		ReportMarkerCorrupt();
	if (c != (r->end == LINE_END_NONE ? c : r->end == LINE_END_CR ? '\r' : '\n'))
		ReportMarkerStyle();
	if (COPY_MARKER_STANDS_ALONE && r->at > 0)
		ReportMarkerCorrupt();
	return len + 1;
}

/*
 * Whether a csv record, at its start, is \. alone, which core's parser of 15 to
 * 17 takes for the end of the data; *more when there is more to read for that.
 */
static bool
IsCsvMarker(const Records *r, bool *more)
{
	const char *p = r->buf.data + r->start;
	int at = 2;

	if (!HasByte(r, 0, more) || p[0] != '\\' || !HasByte(r, 1, more) || p[1] != '.')
		return false;
	if (r->end == LINE_END_CRLF)
	{
		if (!HasByte(r, 2, more) || p[2] != '\r')
			return false;
		at = 3;
	}
	if (!HasByte(r, at, more) || (p[at] != '\r' && p[at] != '\n'))
		return false;
	if (r->end != LINE_END_NONE && p[at] != (r->end == LINE_END_CR ? '\r' : '\n'))
		ReportMarkerStyle();
	return true;
}

/* --- records */

/* The record is whole: up to the scan's place, the next one begins "skip" bytes on. */
static void
FinishRecord(Records *r, int skip)
{
	AddField(r, r->buf.data + r->start + r->field, r->at - r->field, r->coded);
	r->length = r->at;
	r->next = r->start + r->at + skip;
}

/* True when the record is whole, or there is none any more; false when there is more to read. */
static bool
ScanRecord(Records *r)
{
	int skip = 0;

	switch (r->csv ? ScanCsv(r) : ScanText(r))
	{
		case STOP_LINE_END: skip = LineEndLength(r); break;
		case STOP_MARKER:
			/* as core does, ends the line alone when something is in front of it there */
			skip = TextMarkerLength(r);
			r->done = skip > 0 && r->at == 0;
			break;
		case STOP_DATA: r->done = AllRead(r); break;
	}
	if (skip > 0 || r->done)
		FinishRecord(r, skip);
	return skip > 0 || r->done;
}

static void
BeginRecord(Records *r)
{
	r->start = r->next;
	r->at = r->field = 0;
	r->in_quote = r->coded = false;
	r->nfields = r->ncoded = 0;
	r->length = -1;
	if (r->damage)
		pfree(r->damage);
	r->damage = r->next_damage;
	r->next_damage = NULL;
}

/* Takes a csv record that is \. alone. */
static bool
TakeCsvMarker(Records *r)
{
	bool more;
	bool found;
	int skip;

	for (;;)
	{
		more = false;
		found = IsCsvMarker(r, &more);
		if (found || !more)
			break;
		ReadMore(r);
	}
	if (!found)
		return false;
	r->at = 2;
	while ((skip = LineEndLength(r)) == 0)
		ReadMore(r);
	FinishRecord(r, skip);
	return true;
}

/* Whether a marker, just taken, ends the data: it is all that is left of what a client sent. */
static bool
EndsWithMarker(const Records *r)
{
	return r->next == r->buf.len && !(r->translated && RepairHolds(r->translated)) &&
		   SourceEndsWithMarker(r->source);
}

/* Finds the next record; false when the data has ended. */
static bool
FindRecord(Records *r)
{
	BeginRecord(r);
	if (r->done)
	{
		r->length = 0;
		return false;
	}
	if (COPY_CSV_HAS_MARKER && r->csv && TakeCsvMarker(r))
	{
		if (!EndsWithMarker(r))
			return true;
		r->done = true;
		r->length = 0;
		return false;
	}
	while (!ScanRecord(r))
		ReadMore(r);
	return !r->done || r->length > 0;
}

/* --- fields */

/* Both copy a field to out, without its quotes or escapes, and return the end of that. */
static char *
DecodeCsv(const Records *r, const Field *field, char *out)
{
	const char *p = field->text;
	const char *end = p + field->len;

	for (;;)
	{
		while (p < end && *p != r->quote)
			*out++ = *p++;
		if (p == end)
			return out;
		p++;
		for (;;)
		{
			if (p == end)
				ereport(ERROR,
						(errcode(ERRCODE_BAD_COPY_FILE_FORMAT), errmsg("unterminated CSV quoted field")));
			if (*p == r->escape && p + 1 < end && (p[1] == r->escape || p[1] == r->quote))
				p++;
			else if (*p == r->quote)
				break;
			*out++ = *p++;
		}
		p++;
	}
}

static char *
DecodeText(const Records *r, const Field *field, char *out)
{
	const char *p = field->text;
	const char *end = p + field->len;
	char *start = out;
	bool verify = false;

	for (; p < end; p++)
	{
		char c = *p;

		if (c == '\\')
		{
			if (++p == end)
				break;
			verify = verify || *p == 'x' || (*p >= '0' && *p <= '7');
			c = UnescapeText(&p, end);
		}
		*out++ = c;
	}
	if (verify)
		pg_verifymbstr(start, out - start, false);
	return out;
}

static void
DecodeFields(Records *r)
{
	int nfields = r->nfields;
	char *out;

	/* where that fails, the record has no fields */
	r->nfields = 0;
	resetStringInfo(&r->decoded);
	enlargeStringInfo(&r->decoded, r->length + 1);
	out = r->decoded.data;
	for (int i = 0; i < nfields; i++)
	{
		Field *field = &r->fields[i];
		char *end;

		if (!r->is_coded[i])
			continue;
		end = r->csv ? DecodeCsv(r, field, out) : DecodeText(r, field, out);
		*end = '\0';
		*field = (Field){.text = out, .len = end - out, .ended = true};
		out = end + 1;
	}
	r->nfields = nfields;
}

/* A table without columns has rows in empty lines. */
static void
CheckNoFields(Records *r)
{
	r->nfields = 0;
	if (r->length > 0)
		ereport(ERROR,
				(errcode(ERRCODE_BAD_COPY_FILE_FORMAT), errmsg("extra data after last expected column")));
}

bool
NextRecord(Records *r, const Field **fields, int *nfields)
{
	if (!FindRecord(r))
		return false;
	if (r->columns == 0)
		CheckNoFields(r);
	else if (r->ncoded > 0)
		DecodeFields(r);
	*fields = r->fields;
	*nfields = r->nfields;
	return true;
}

const char *
RecordText(const Records *r, int *len)
{
	*len = r->length;
	return r->length < 0 ? NULL : r->buf.data + r->start;
}

int
RecordFields(const Records *r)
{
	return r->nfields;
}

int64
LineEndsInRecord(const Records *r)
{
	char line_end = r->end == LINE_END_CR ? '\r' : '\n';
	const char *p = r->buf.data + r->start;
	const char *end = p + r->length;
	int64 n = 0;

	/* only quotes and backslashes make data of them */
	if (r->ncoded == 0 || r->length < 0)
		return 0;
	while ((p = memchr(p, line_end, end - p)) != NULL)
	{
		n++;
		p++;
	}
	return n;
}

bool
RecordsEndInReturns(const Records *r)
{
	return r->end == LINE_END_CR;
}

const char *
RecordDamage(const Records *r)
{
	return r->damage;
}
