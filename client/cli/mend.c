/*
 * mend.c
 *		Records that a load set aside, as they are in its files.
 *
 * What the server says of a row that it could read but not merge is the row's values, and no longer how they
 * were written. So the inputs are read again. Where records end, and what a line is, follows the server: the
 * first line end says how lines end; between quotes, and behind a backslash in text, a line end is data.
 */
#include "mend.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <zlib.h>

#include <aiodal/error.h>

#include "memory.h"

struct cli_mend_line
{
	size_t input;
	int64_t line;
};

/* An input, from its start on, record by record. */
typedef struct Scan
{
	const char *path;
	gzFile from;
	aiodal_format format;
	char eol;     /* the byte that ends a line */
	bool crlf;    /* there is a CR in front of it */
	int64_t line; /* number of the next one */
	bool quoted;
	bool escaped;
} Scan;

typedef struct Record
{
	char *text; /* without its line end; to be freed */
	size_t len;
	size_t room;
} Record;

static aiodal_status
fail(aiodal_error **err, char *message, const char *detail, const char *hint)
{
	aiodal_status status = aiodal_error_set(err, AIODAL_EINVAL, message, detail, hint);

	free(message);
	return status;
}

/* What c does to line ends that follow. */
static void
see(Scan *scan, int c)
{
	if (scan->format == AIODAL_FORMAT_CSV && c == '"')
		scan->quoted = !scan->quoted;
	scan->escaped = scan->format == AIODAL_FORMAT_TEXT && c == '\\' && !scan->escaped;
}

/* Finds out how lines end. */
static void
learn_eol(Scan *scan)
{
	int c = 0;

	scan->eol = '\n';
	while (scan->format != AIODAL_FORMAT_JSONL && (c = gzgetc(scan->from)) >= 0)
	{
		if ((c == '\n' || c == '\r') && !scan->quoted && !scan->escaped)
			break;
		see(scan, c);
	}
	if (c == '\r')
	{
		scan->crlf = gzgetc(scan->from) == '\n';
		scan->eol = scan->crlf ? '\n' : '\r';
	}
	scan->quoted = scan->escaped = false;
}

static aiodal_status
start_scan(Scan *scan, const cli_mend *mend, size_t input, aiodal_error **err)
{
	*scan = (Scan){.path = mend->inputs[input], .format = mend->format, .line = 1};
	scan->from = gzopen(scan->path, "rb");
	if (!scan->from)
		return fail(err, cli_printf("could not open file \"%s\" once more", scan->path), NULL, NULL);
	(void) gzbuffer(scan->from, 128 * 1024);
	learn_eol(scan);
	if (gzrewind(scan->from) != 0)
	{
		(void) gzclose(scan->from);
		return fail(err, cli_printf("could not read file \"%s\" once more", scan->path), NULL, NULL);
	}
	return AIODAL_OK;
}

static void
append(Record *record, char c)
{
	if (record->len == record->room)
	{
		record->room = record->room ? 2 * record->room : 1024;
		record->text = cli_realloc(record->text, record->room, 1);
	}
	record->text[record->len++] = c;
}

/* Reads the next record, into "record" unless that is NULL. Whether there was one. */
static bool
read_record(Scan *scan, Record *record)
{
	bool any = false;
	int c;

	if (record)
		record->len = 0;
	while ((c = gzgetc(scan->from)) >= 0)
	{
		bool line_end = c == scan->eol;

		any = true;
		scan->line += line_end;
		if (line_end && !scan->quoted && !scan->escaped)
		{
			if (record && scan->crlf && record->len > 0 && record->text[record->len - 1] == '\r')
				record->len--;
			break;
		}
		see(scan, c);
		if (record)
			append(record, (char) c);
	}
	return any;
}

static void
write_record(cli_mend *mend, const Record *record)
{
	(void) fwrite(record->text, 1, record->len, mend->file.stream);
	(void) fputs(mend->eol, mend->file.stream);
}

static aiodal_status
read_header(Record *header, cli_mend *mend, size_t input, aiodal_error **err)
{
	Scan scan;
	aiodal_status status = start_scan(&scan, mend, input, err);

	if (status != AIODAL_OK)
		return status;
	if (input == 0)
		mend->eol = scan.crlf ? "\r\n" : scan.eol == '\r' ? "\r" : "\n";
	(void) read_record(&scan, header);
	(void) gzclose(scan.from);
	return AIODAL_OK;
}

static size_t
mark_len(const Record *record)
{
	return record->len >= 3 && memcmp(record->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

static bool
same_but_for_mark(const Record *a, const Record *b)
{
	size_t skip_a = mark_len(a);
	size_t skip_b = mark_len(b);

	return a->len - skip_a == b->len - skip_b &&
		   (a->len == skip_a || memcmp(a->text + skip_a, b->text + skip_b, a->len - skip_a) == 0);
}

/* One header is that of all records. */
static aiodal_status
write_header(cli_mend *mend, aiodal_error **err)
{
	Record header = {NULL, 0, 0};
	Record other = {NULL, 0, 0};
	aiodal_status status = read_header(&header, mend, 0, err);

	for (size_t i = 1; status == AIODAL_OK && mend->header && i < mend->n_inputs; i++)
	{
		status = read_header(&other, mend, i, err);
		if (status == AIODAL_OK && !same_but_for_mark(&header, &other))
			status = fail(
				err,
				cli_printf("\"%s\" has another header line than \"%s\"", mend->inputs[i], mend->inputs[0]),
				"The records that are set aside go into one file, under one header line.",
				"Load the files one by one, or without --mend.");
	}
	if (status == AIODAL_OK && mend->header && header.len > 0)
		write_record(mend, &header);
	free(header.text);
	free(other.text);
	return status;
}

static aiodal_status
check_inputs(const cli_mend *mend, aiodal_error **err)
{
	struct stat st;

	for (size_t i = 0; i < mend->n_inputs; i++)
	{
		if (strcmp(mend->inputs[i], "-") == 0)
			return fail(err, cli_printf("standard input cannot be read twice, as --mend would"), NULL,
						"Put the data into a file first.");
		/* what is not there at all is better said by the load */
		if (stat(mend->inputs[i], &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
			return fail(err, cli_printf("\"%s\" cannot be read twice, as --mend would", mend->inputs[i]),
						NULL, "Put the data into a file first.");
	}
	return AIODAL_OK;
}

static bool
are_all_there(const cli_mend *mend)
{
	struct stat st;

	for (size_t i = 0; i < mend->n_inputs; i++)
	{
		if (stat(mend->inputs[i], &st) != 0 || !S_ISREG(st.st_mode))
			return false;
	}
	return true;
}

aiodal_status
cli_mend_open(cli_mend *mend, aiodal_error **err)
{
	aiodal_status status = check_inputs(mend, err);

	mend->eol = "\n";
	if (status == AIODAL_OK)
		status = cli_new_file_open(&mend->file, err);
	/* the load is about to fail */
	if (status == AIODAL_OK && are_all_there(mend))
		status = write_header(mend, err);
	return status;
}

void
cli_mend_add(cli_mend *mend, const char *input, int64_t line)
{
	size_t i = 0;

	while (input && i + 1 < mend->n_inputs && strcmp(mend->inputs[i], input) != 0)
		i++;
	/* doubles its room at each power of two */
	if ((mend->n_lines & (mend->n_lines - 1)) == 0)
		mend->lines = cli_realloc(mend->lines, mend->n_lines ? 2 * mend->n_lines : 1, sizeof(cli_mend_line));
	mend->lines[mend->n_lines++] = (cli_mend_line){i, line};
}

static int
by_place(const void *a, const void *b)
{
	const cli_mend_line *x = a;
	const cli_mend_line *y = b;

	if (x->input != y->input)
		return x->input < y->input ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

/* Copies the records that begin in these lines, which are in order and all of one input. */
static aiodal_status
copy_records(cli_mend *mend, const cli_mend_line *lines, size_t n, aiodal_error **err)
{
	Record record = {NULL, 0, 0};
	Scan scan;
	size_t done = 0;
	bool more = true;
	aiodal_status status = start_scan(&scan, mend, lines[0].input, err);

	if (status != AIODAL_OK)
		return status;
	while (more && done < n)
	{
		bool wanted = scan.line == lines[done].line;

		more = read_record(&scan, wanted ? &record : NULL);
		if (wanted && more)
			write_record(mend, &record);
		/* a file that was loaded twice has the line twice */
		for (int64_t line = lines[done].line; wanted && more && done < n && lines[done].line == line;)
			done++;
	}
	free(record.text);
	(void) gzclose(scan.from);
	if (done < n)
		return fail(err,
					cli_printf("could not find line %lld in \"%s\" again", (long long) lines[done].line,
							   mend->inputs[lines[0].input]),
					"The file was changed while it was loaded.", NULL);
	return AIODAL_OK;
}

aiodal_status
cli_mend_publish(cli_mend *mend, aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;

	if (mend->n_lines > 0)
		qsort(mend->lines, mend->n_lines, sizeof(cli_mend_line), by_place);
	for (size_t from = 0, to = 0; status == AIODAL_OK && from < mend->n_lines; from = to)
	{
		while (to < mend->n_lines && mend->lines[to].input == mend->lines[from].input)
			to++;
		status = copy_records(mend, mend->lines + from, to - from, err);
	}
	return status == AIODAL_OK ? cli_new_file_publish(&mend->file, err) : status;
}

void
cli_mend_close(cli_mend *mend)
{
	cli_new_file_close(&mend->file);
	free(mend->lines);
	mend->lines = NULL;
	mend->n_lines = 0;
}
