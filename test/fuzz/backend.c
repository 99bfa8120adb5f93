/*
 * backend.c
 *		As much of the server as feeds need, so that they run without one.
 *
 * Every palloc() is a malloc() of just that size, for a sanitizer to see what is
 * read or written outside of it; an error jumps to the innermost BackendTry().
 * String buffers and encodings are the server's own, out of its libraries for
 * programs.
 */
#include "backend.h"

#include <setjmp.h>

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

int backend_encoding = PG_UTF8;

MemoryContext CurrentMemoryContext = NULL;
ErrorContextCallback *error_context_stack = NULL;
const int day_tab[2][13] = {{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0},
							{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0}};

/* --- memory: a list of what is to be freed */

/* Right in front of the data, as 15 has it, stands its context: none. */
typedef struct Chunk
{
	struct Chunk *next;
	struct Chunk *previous;
	MemoryContext context;
	char data[FLEXIBLE_ARRAY_MEMBER];
} Chunk;

static Chunk chunks = {.next = &chunks, .previous = &chunks};

static void *
Enlist(Chunk *chunk)
{
	if (chunk == NULL)
		abort();
	chunk->context = NULL;
	chunk->next = chunks.next;
	chunk->previous = &chunks;
	chunk->next->previous = chunks.next = chunk;
	return chunk->data;
}

static Chunk *
Delist(void *data)
{
	Chunk *chunk = (Chunk *) ((char *) data - offsetof(Chunk, data));

	chunk->next->previous = chunk->previous;
	chunk->previous->next = chunk->next;
	return chunk;
}

void *
palloc(Size size)
{
	return Enlist(malloc(offsetof(Chunk, data) + size));
}

void *
palloc0(Size size)
{
	return memset(palloc(size), 0, size);
}

void *
repalloc(void *data, Size size)
{
	return Enlist(realloc(Delist(data), offsetof(Chunk, data) + size));
}

void *
repalloc_huge(void *data, Size size)
{
	return repalloc(data, size);
}

void *
MemoryContextAlloc(MemoryContext context, Size size)
{
	return palloc(size);
}

void
pfree(void *data)
{
	free(Delist(data));
}

void
BackendReset(void)
{
	while (chunks.next != &chunks)
		pfree(chunks.next->data);
}

/* From 16 on a function, before an inline one: by another name here, which is only for the linker. */
extern void *ContextOfChunk(void *data) __asm__("GetMemoryChunkContext");

void *
ContextOfChunk(void *data)
{
	return NULL;
}

char *
pnstrdup(const char *text, Size len)
{
	char *copy = palloc(strnlen(text, len) + 1);

	memcpy(copy, text, strnlen(text, len));
	copy[strnlen(text, len)] = '\0';
	return copy;
}

char *
pstrdup(const char *text)
{
	return pnstrdup(text, strlen(text));
}

/* --- errors */

static jmp_buf *innermost;
static char said[1000];
static int code;

bool
BackendTry(void (*run)(void *), void *arg, const char **error)
{
	static char text[1100];
	jmp_buf here;
	jmp_buf *volatile outer = innermost;

	if (setjmp(here) != 0)
	{
		innermost = outer;
		error_context_stack = NULL;
		snprintf(text, sizeof(text), "%s %s", unpack_sql_state(code), said);
		*error = text;
		return false;
	}
	innermost = &here;
	run(arg);
	innermost = outer;
	return true;
}

char *
unpack_sql_state(int sql_state)
{
	static char text[6];

	for (int i = 0; i < 5; i++)
	{
		text[i] = PGUNSIXBIT(sql_state);
		sql_state >>= 6;
	}
	return text;
}

bool
errstart(int elevel, const char *domain)
{
	code = 0;
	said[0] = '\0';
	return elevel >= ERROR;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	if (innermost == NULL)
		abort();
	longjmp(*innermost, 1);
}

int
errcode(int sqlerrcode)
{
	code = sqlerrcode;
	return 0;
}

static void
Say(const char *format, va_list args)
{
	size_t len = strlen(said);

	vsnprintf(said + len, sizeof(said) - len, format, args);
}

#define SAY(name)                  \
	int name(const char *fmt, ...) \
	{                              \
		va_list args;              \
                                   \
		va_start(args, fmt);       \
		Say(fmt, args);            \
		va_end(args);              \
		return 0;                  \
	}

SAY(errmsg)
SAY(errmsg_internal)
SAY(errdetail)
SAY(errhint)

void
pgstat_progress_update_param(int index, int64 val)
{
}

void
check_stack_depth(void)
{
}

/* --- encodings */

int
GetDatabaseEncoding(void)
{
	return backend_encoding;
}

/* Input is in the encoding of the database: nothing is to be converted. */
Datum
OidFunctionCall6Coll(Oid function, Oid collation, Datum a, Datum b, Datum c, Datum d, Datum e, Datum f)
{
	abort();
}

int
pg_database_encoding_max_length(void)
{
	return pg_encoding_max_length(backend_encoding);
}

int
pg_mblen(const char *text)
{
	return pg_encoding_mblen(backend_encoding, text);
}

int
pg_mbstrlen_with_len(const char *text, int limit)
{
	int n = 0;

	while (limit > 0 && *text)
	{
		int len = pg_mblen(text);

		text += len;
		limit -= len;
		n++;
	}
	return n;
}

void
report_invalid_encoding(int encoding, const char *text, int len)
{
	ereport(ERROR, (errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
					errmsg("invalid byte sequence 0x%02x", (unsigned char) *text)));
}

bool
pg_verifymbstr(const char *text, int len, bool no_error)
{
	int valid = pg_encoding_verifymbstr(backend_encoding, text, len);

	if (valid != len && !no_error)
		report_invalid_encoding(backend_encoding, text + valid, len - valid);
	return valid == len;
}

void
pg_unicode_to_server(pg_wchar c, unsigned char *text)
{
	unicode_to_utf8(c, text);
	text[pg_utf_mblen(text)] = '\0';
}

/* --- values */

text *
cstring_to_text_with_len(const char *data, int len)
{
	text *value = palloc(VARHDRSZ + len);

	SET_VARSIZE(value, VARHDRSZ + len);
	memcpy(VARDATA(value), data, len);
	return value;
}

/* of the length that a numeric of as many digits may have */
Numeric
int64_to_numeric(int64 number)
{
	Size size = VARHDRSZ + 4 + number % 8 * (number > 0);
	Numeric value = palloc0(size);

	SET_VARSIZE(value, size);
	return value;
}

Numeric
int64_div_fast_to_numeric(int64 number, int scale)
{
	return int64_to_numeric(number + scale);
}

int
date2j(int year, int month, int day)
{
	return (year * 12 + month) * 31 + day;
}

void
pg_qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))
{
#undef qsort
	qsort(base, n, size, compare);
}
