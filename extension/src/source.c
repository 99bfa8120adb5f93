/*
 * source.c
 *		Reading the client, a file or a program for COPY FROM.
 *
 * Follows copyfromparse.c's CopyGetData() and copyfrom.c's opening and closing
 * of files to the letter where a client can notice: messages, SQLSTATEs, Flush
 * and Sync ignored, query cancel held back inside a message.
 */
#include "compat.h"

#include <sys/stat.h>

#include "commands/progress.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "tcop/tcopprot.h"

/*
 * libpq/libpq.h declares the connection's Port, whose members need the headers
 * of OpenSSL and GSSAPI. Nothing here looks into a Port, so a build should not
 * need those either.
 */
#undef USE_OPENSSL
#undef USE_SSL
#undef ENABLE_GSS
#undef ENABLE_SSPI
#include "libpq/libpq.h"

#include "source.h"

#define READ_SIZE 65536

struct Source
{
	FILE *file;     /* NULL: the client */
	char *filename; /* or the program's command line; NULL for STDIN */
	bool is_program;
	int64 total;          /* size of the file, 0 when unknown */
	bool at_end;          /* nothing more to receive */
	uint64 received;      /* bytes received so far */
	StringInfo msg;       /* the client's current CopyData message */
	StringInfoData ahead; /* received, not yet taken: from ahead.cursor on */
};

/* Tells the client to send its data. */
static void
SendCopyInResponse(int columns, bool binary)
{
	StringInfoData buf;

	pq_beginmessage(&buf, 'G');
	pq_sendbyte(&buf, binary ? 1 : 0);
	pq_sendint16(&buf, columns);
	for (int i = 0; i < columns; i++)
		pq_sendint16(&buf, binary ? 1 : 0);
	pq_endmessage(&buf);
	pq_flush();
}

static void
OpenProgram(Source *source)
{
	source->file = OpenPipeStream(source->filename, PG_BINARY_R);
	if (source->file == NULL)
		ereport(ERROR, (errcode_for_file_access(),
						errmsg("could not execute command \"%s\": %m", source->filename)));
}

static void
OpenServerFile(Source *source)
{
	struct stat st;

	source->file = AllocateFile(source->filename, PG_BINARY_R);
	if (source->file == NULL)
	{
		int save_errno = errno;

		ereport(ERROR, (errcode_for_file_access(),
						errmsg("could not open file \"%s\" for reading: %m", source->filename),
						(save_errno == ENOENT || save_errno == EACCES)
							? errhint("COPY FROM instructs the PostgreSQL server process to read a file. "
									  "You may want a client-side facility such as psql's \\copy.")
							: 0));
	}
	if (fstat(fileno(source->file), &st))
		ereport(ERROR,
				(errcode_for_file_access(), errmsg("could not stat file \"%s\": %m", source->filename)));
	if (S_ISDIR(st.st_mode))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("\"%s\" is a directory", source->filename)));
	source->total = st.st_size;
}

Source *
OpenSource(const CopyStmt *stmt, int columns, bool binary)
{
	Source *source = palloc0(sizeof(Source));

	initStringInfo(&source->ahead);
	source->is_program = stmt->is_program;
	if (stmt->filename != NULL)
	{
		source->filename = pstrdup(stmt->filename);
		if (stmt->is_program)
			OpenProgram(source);
		else
			OpenServerFile(source);
	}
	else if (whereToSendOutput == DestRemote)
	{
		source->msg = makeStringInfo();
		SendCopyInResponse(columns, binary);
	}
	else
		source->file = stdin;
	return source;
}

/* A message of the client in source->msg; returns its type. */
static int
ReceiveMessage(Source *source)
{
	int type;
	int maxlen = PQ_SMALL_MESSAGE_LIMIT;

	HOLD_CANCEL_INTERRUPTS();
	pq_startmsgread();
	type = pq_getbyte();
	if (type == EOF)
		ereport(ERROR, (errcode(ERRCODE_CONNECTION_FAILURE),
						errmsg("unexpected EOF on client connection with an open transaction")));
	if (type == 'd')
		maxlen = PQ_LARGE_MESSAGE_LIMIT;
	else if (type != 'c' && type != 'f' && type != 'H' && type != 'S')
		ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION),
						errmsg("unexpected message type 0x%02X during COPY from stdin", type)));
	if (pq_getmessage(source->msg, maxlen))
		ereport(ERROR, (errcode(ERRCODE_CONNECTION_FAILURE),
						errmsg("unexpected EOF on client connection with an open transaction")));
	RESUME_CANCEL_INTERRUPTS();
	return type;
}

/* Makes sure that source->msg has bytes left; false at CopyDone. */
static bool
NextCopyData(Source *source)
{
	while (!source->at_end && source->msg->cursor >= source->msg->len)
	{
		switch (ReceiveMessage(source))
		{
			case 'c': source->at_end = true; break;
			case 'f':
				ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED),
								errmsg("COPY from stdin failed: %s", pq_getmsgstring(source->msg))));
				break;
			case 'H':
			case 'S':
				/* libpq may send these without noticing that the command was COPY */
				source->msg->cursor = source->msg->len;
				break;
		}
	}
	return !source->at_end;
}

static int
ReadClient(Source *source, char *out, int minread, int maxread)
{
	int got = 0;

	while (maxread > 0 && got < minread && NextCopyData(source))
	{
		int avail = Min(source->msg->len - source->msg->cursor, maxread);

		pq_copymsgbytes(source->msg, out + got, avail);
		got += avail;
		maxread -= avail;
	}
	return got;
}

static int
ReadFile(Source *source, char *out, int maxread)
{
	int got = fread(out, 1, maxread, source->file);

	if (ferror(source->file))
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not read from COPY file: %m")));
	if (got == 0)
		source->at_end = true;
	return got;
}

/* Bytes from outside, past what was read ahead. */
static int
Receive(Source *source, char *out, int minread, int maxread)
{
	int got = 0;

	CHECK_FOR_INTERRUPTS();
	if (source->at_end)
		return 0;
	got = source->file ? ReadFile(source, out, maxread) : ReadClient(source, out, minread, maxread);
	source->received += got;
	return got;
}

int
SourceRead(Source *source, char *out, int minread, int maxread)
{
	StringInfo ahead = &source->ahead;
	int got = Min(ahead->len - ahead->cursor, maxread);

	if (got > 0)
	{
		memcpy(out, ahead->data + ahead->cursor, got);
		ahead->cursor += got;
	}
	if (got < minread)
		got += Receive(source, out + got, minread - got, maxread - got);
	return got;
}

/* Reads more ahead; false when nothing is left. */
static bool
ReadAhead(Source *source)
{
	StringInfo ahead = &source->ahead;
	int got;

	if (ahead->cursor > 0)
	{
		ahead->len -= ahead->cursor;
		memmove(ahead->data, ahead->data + ahead->cursor, ahead->len + 1);
		ahead->cursor = 0;
	}
	enlargeStringInfo(ahead, READ_SIZE);
	got = Receive(source, ahead->data + ahead->len, 1, ahead->maxlen - ahead->len - 1);
	ahead->len += got;
	ahead->data[ahead->len] = '\0';
	return got > 0;
}

/* Offset of the first line end at or after offset "from" in what was read ahead, or -1. */
static int
FindLineEnd(StringInfo ahead, int from, bool cr_ends)
{
	char *start = ahead->data + from;
	char *lf = memchr(start, '\n', ahead->len - from);
	char *cr = cr_ends ? memchr(start, '\r', (lf ? lf - ahead->data : ahead->len) - from) : NULL;

	if (cr)
		return cr - ahead->data;
	return lf ? lf - ahead->data : -1;
}

/* Takes len bytes of a line and its end of endlen bytes from what was read ahead. */
static char *
TakeLine(Source *source, int len, int endlen)
{
	char *line = source->ahead.data + source->ahead.cursor;

	source->ahead.cursor += len + endlen;
	line[len] = '\0';
	return line;
}

bool
SourceReadLine(Source *source, bool cr_ends, char **line, int *len, LineEnd *end)
{
	StringInfo ahead = &source->ahead;
	int scanned = 0; /* bytes of the line known to have no line end */
	int at;

	while ((at = FindLineEnd(ahead, ahead->cursor + scanned, cr_ends)) < 0)
	{
		scanned = ahead->len - ahead->cursor;
		if (!ReadAhead(source))
			break;
	}
	if (at < 0)
	{
		*len = ahead->len - ahead->cursor;
		*end = LINE_END_NONE;
		*line = TakeLine(source, *len, 0);
		return *len > 0;
	}
	*len = at - ahead->cursor;
	if (ahead->data[at] == '\n')
		*end = LINE_END_LF;
	else
	{
		/* reading ahead may move the line, not its length */
		bool more = at + 1 < ahead->len || ReadAhead(source);

		*end = more && ahead->data[ahead->cursor + *len + 1] == '\n' ? LINE_END_CRLF : LINE_END_CR;
	}
	*line = TakeLine(source, *len, *end == LINE_END_CRLF ? 2 : 1);
	return true;
}

/* Kinds of files that hold no rows as they are; no text begins with these bytes. */
static void
RefuseKind(const char *start, int len)
{
	static const struct
	{
		const char *magic;
		int len;
		const char *what;
		const char *program; /* that writes what is in it; NULL: none does */
	} kinds[] = {
		{"\x1F\x8B", 2, "compressed with gzip", "gzip -dc"},
		{"\xFD\x37\x7A\x58\x5A", 5, "compressed with xz", "xz -dc"},
		{"\x28\xB5\x2F\xFD", 4, "compressed with zstd", "zstd -dc"},
		{"BZh9\x31\x41\x59\x26\x53\x59", 10, "compressed with bzip2", "bzip2 -dc"},
		{"\x04\x22\x4D\x18", 4, "compressed with lz4", "lz4 -dc"},
		{"PK\x03\x04", 4, "a zip archive, as spreadsheets are, too", "unzip -p"},
		{"PAR1\x15", 5, "a Parquet file", NULL},
	};

	for (int i = 0; i < lengthof(kinds); i++)
	{
		const char *program = kinds[i].program;

		if (len >= kinds[i].len && memcmp(start, kinds[i].magic, kinds[i].len) == 0)
			ereport(
				ERROR,
				(errcode(ERRCODE_BAD_COPY_FILE_FORMAT), errmsg("the data is %s", kinds[i].what),
				 program
					 ? errhint("Uncompress it on the way, for example with COPY ... FROM PROGRAM '%s ...'.",
							   program)
					 : errhint("Write it as CSV or as JSON lines first.")));
	}
}

void
SourceCheckStart(Source *source, int encoding)
{
	StringInfo ahead = &source->ahead;
	const char *start;
	int len;

	while (ahead->len - ahead->cursor < 3 && ReadAhead(source))
		;
	start = ahead->data + ahead->cursor;
	len = ahead->len - ahead->cursor;
	if (encoding != PG_UTF8)
		return;
	if (len >= 3 && memcmp(start, "\xEF\xBB\xBF", 3) == 0)
		ahead->cursor += 3;
	else if (len >= 2 && (memcmp(start, "\xFF\xFE", 2) == 0 || memcmp(start, "\xFE\xFF", 2) == 0))
		ereport(ERROR, (errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE), errmsg("the data is encoded in UTF-16"),
						errdetail("It begins with the byte order mark of UTF-16."),
						errhint("Convert it to UTF-8 first, for example with iconv.")));
	else
		RefuseKind(start, len);
}

bool
SourceEndsWithMarker(Source *source)
{
	if (source->filename != NULL)
		return false;
	return source->ahead.cursor == source->ahead.len && !ReadAhead(source);
}

uint64
SourceBytesTaken(const Source *source)
{
	return source->received - (source->ahead.len - source->ahead.cursor);
}

int
SourceProgressType(const Source *source)
{
	if (source->filename == NULL)
		return PROGRESS_COPY_TYPE_PIPE;
	return source->is_program ? PROGRESS_COPY_TYPE_PROGRAM : PROGRESS_COPY_TYPE_FILE;
}

int64
SourceBytesTotal(const Source *source)
{
	return source->total;
}

static void
CloseProgram(Source *source)
{
	int rc = ClosePipeStream(source->file);

	if (rc == -1)
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not close pipe to external command: %m")));
	if (rc == 0)
		return;
	/* a program whose output was not read to its end may well die of that */
	if (!source->at_end && wait_result_is_signal(rc, SIGPIPE))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION), errmsg("program \"%s\" failed", source->filename),
			 errdetail_internal("%s", wait_result_to_str(rc))));
}

void
CloseSource(Source *source)
{
	if (source->msg != NULL)
	{
		/* text after an end-of-data marker: ignored, as core does, up to CopyDone */
		while (NextCopyData(source))
			source->msg->cursor = source->msg->len;
	}
	else if (source->is_program)
		CloseProgram(source);
	else if (source->filename != NULL && FreeFile(source->file))
		ereport(ERROR,
				(errcode_for_file_access(), errmsg("could not close file \"%s\": %m", source->filename)));
}
