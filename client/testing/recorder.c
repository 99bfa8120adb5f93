/*
 * recorder.c
 *		The last statements of a db.
 *
 * Design notes. A ring of fixed size: telling it of a statement allocates nothing and cannot fail. The lock
 * is for dbs that several threads use.
 */
#include "recorder.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENT_MAX 500
#define ERROR_MAX     700

typedef struct Entry
{
	char statement[STATEMENT_MAX];
	char error[ERROR_MAX]; /* "": it went well */
	char sqlstate[6];
	double seconds;
	int64_t rows;
} Entry;

struct aiodal_test__recorder
{
	aiodal_test__recorder *below; /* on a list */
	pthread_mutex_t lock;
	aiodal_trace_cb listener; /* the user's own; or NULL */
	void *listener_payload;
	size_t n_seen;
	size_t n_entries;
	Entry entries[];
};

aiodal_test__recorder *
aiodal_test__recorder_new(int n)
{
	aiodal_test__recorder *recorder;

	recorder = calloc(1, sizeof(*recorder) + (size_t) n * sizeof(Entry));
	if (!recorder)
		return NULL;
	(void) pthread_mutex_init(&recorder->lock, NULL);
	recorder->n_entries = (size_t) n;
	return recorder;
}

void
aiodal_test__recorder_free(aiodal_test__recorder *recorder)
{
	while (recorder)
	{
		aiodal_test__recorder *below = recorder->below;

		(void) pthread_mutex_destroy(&recorder->lock);
		free(recorder);
		recorder = below;
	}
}

void
aiodal_test__recorder_push(aiodal_test__recorder **list, aiodal_test__recorder *recorder)
{
	recorder->below = *list;
	*list = recorder;
}

/* On one line, and cut with three dots where it is too long, between two characters. */
static void
copy_cut(char *to, size_t size, const char *from)
{
	size_t len = 0;

	while (*from == ' ' || *from == '\n' || *from == '\t')
		from++;
	for (; from[len] && len < size - 1; len++)
		to[len] = (char) (from[len] == '\n' || from[len] == '\t' || from[len] == '\r' ? ' ' : from[len]);
	if (from[len])
	{
		for (len = size - 4; len > 0 && ((unsigned char) from[len] & 0xC0) == 0x80;)
			len--;
		memcpy(to + len, "...", 3);
		len += 3;
	}
	to[len] = '\0';
}

static bool
begins_with(const char *text, const char *begin)
{
	return strncmp(text, begin, strlen(begin)) == 0;
}

/* What a sandbox sends, by what it stands for; NULL: nothing that was asked for. */
static const char *
meaning(const aiodal_trace *trace)
{
	const char *sql = trace->statement;

	if (begins_with(sql, "SAVEPOINT aiodal_sandbox_"))
		return "BEGIN";
	if (begins_with(sql, "RELEASE SAVEPOINT aiodal_sandbox_"))
		return "COMMIT";
	if (begins_with(sql, "ROLLBACK TO SAVEPOINT aiodal_sandbox"))
		return "ROLLBACK";
	if (begins_with(sql, "BEGIN; SAVEPOINT aiodal_sandbox") ||
		(!trace->error && begins_with(sql, "CALL aiodal.run_on_commit()")))
		return NULL;
	return sql;
}

static void
record(Entry *entry, const char *statement, const aiodal_trace *trace)
{
	const char *sqlstate = aiodal_error_sqlstate(trace->error);

	copy_cut(entry->statement, sizeof(entry->statement), statement);
	entry->seconds = trace->seconds;
	entry->rows = trace->rows;
	entry->error[0] = '\0';
	if (trace->error)
		(void) aiodal_error_describe(trace->error, entry->error, sizeof(entry->error));
	(void) snprintf(entry->sqlstate, sizeof(entry->sqlstate), "%s", sqlstate ? sqlstate : "");
}

static void
hear(void *payload, const aiodal_trace *trace)
{
	aiodal_test__recorder *recorder = payload;
	const char *statement = meaning(trace);

	if (statement && recorder->n_entries > 0)
	{
		(void) pthread_mutex_lock(&recorder->lock);
		record(&recorder->entries[recorder->n_seen++ % recorder->n_entries], statement, trace);
		(void) pthread_mutex_unlock(&recorder->lock);
	}
	if (recorder->listener)
		recorder->listener(recorder->listener_payload, trace);
}

void
aiodal_test__recorder_attach(aiodal_test__recorder *recorder, aiodal_db_options *options)
{
	recorder->listener = options->trace;
	recorder->listener_payload = options->trace_payload;
	options->trace = hear;
	options->trace_payload = recorder;
}

void
aiodal_test__recorder_clear(aiodal_test__recorder *recorder)
{
	(void) pthread_mutex_lock(&recorder->lock);
	recorder->n_seen = 0;
	(void) pthread_mutex_unlock(&recorder->lock);
}

/* The lines of text, each with so many blanks before it. */
static void
print_indented(FILE *out, const char *text, int indent)
{
	while (*text)
	{
		int len = (int) strcspn(text, "\n");

		(void) fprintf(out, "%*s%.*s\n", indent, "", len, text);
		text += len + (text[len] == '\n');
	}
}

static void
print_entry(FILE *out, const Entry *entry)
{
	(void) fprintf(out, "%9.2f ms  %s\n", entry->seconds * 1000, entry->statement);
	if (!entry->error[0])
	{
		(void) fprintf(out, "%14s%lld row%s\n", "", (long long) entry->rows, entry->rows == 1 ? "" : "s");
		return;
	}
	print_indented(out, entry->error, 14);
	if (entry->sqlstate[0])
		(void) fprintf(out, "%14sSQLSTATE: %s\n", "", entry->sqlstate);
}

void
aiodal_test__recorder_print(aiodal_test__recorder *recorder, FILE *out)
{
	size_t first;

	if (recorder->n_entries == 0)
		return;
	(void) pthread_mutex_lock(&recorder->lock);
	first = recorder->n_seen > recorder->n_entries ? recorder->n_seen - recorder->n_entries : 0;
	if (recorder->n_seen == 0)
		(void) fputs("no statement ran\n", out);
	else if (first > 0)
		(void) fprintf(out, "the last %zu of %zu statements:\n", recorder->n_entries, recorder->n_seen);
	else
		(void) fprintf(out, "statements:\n");
	for (size_t i = first; i < recorder->n_seen; i++)
		print_entry(out, &recorder->entries[i % recorder->n_entries]);
	(void) pthread_mutex_unlock(&recorder->lock);
}
