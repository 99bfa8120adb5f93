/*
 * load_jobs.c
 *		A load by several connections.
 *
 * Design notes. One thread reads the source, cuts it between records into parts, and keeps every connection
 * busy: a part is a COPY of its own into the stage, told where in which file it begins. While a part is being
 * collected, those under way are served between any two reads.
 *
 * Parts are handed out in the data's order. When one fails, those before it are finished: the error that is
 * told is the first in the data, as with one connection. The workers' transactions stay open until all parts
 * are there, and are none of the caller's: nothing they do needs a lock that the caller's may hold, but for
 * ACCESS SHARE on the target, and that they do not wait for beyond LOCK_TIMEOUT.
 */
#include "load_jobs.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "copy.h"
#include "error.h"
#include "op.h"
#include "pool.h"
#include "util/buf.h"
#include "util/mem.h"
#include "util/split.h"

#define MAX_JOBS     64
#define CHUNK        ((size_t) 65536)
#define MIN_PART     ((size_t) 65536)
#define MAX_PART     ((size_t) 4 << 20)
#define WAIT_MS      100
#define UNDO_MS      5000
#define LOCK_TIMEOUT "30s"

/* What one COPY gets. */
typedef struct part
{
	int number; /* 0: none */
	size_t input;
	int64_t records;    /* in it */
	char *sql;          /* that begins it */
	aiodal__buf header; /* which its own data lacks; empty where it does not */
	aiodal__buf data;
} part;

typedef enum worker_state
{
	WORKER_IDLE,
	WORKER_SENDING,
	WORKER_ENDING /* all is sent, and the server's word is waited for */
} worker_state;

typedef struct worker
{
	aiodal__conn *conn;
	worker_state state;
	part part;
	size_t sent; /* of header and data */
} worker;

struct aiodal__jobs
{
	aiodal__load *l;
	worker *workers;
	int n;
	struct pollfd *fds; /* of the workers, and of the source */
	char *join;

	aiodal__split split;
	aiodal__buf block;         /* collected since the last cut */
	aiodal__split_place start; /* of it */
	aiodal__buf header;
	bool at_end; /* of the source: the rest is the last part */
	bool cut_up; /* that is cut, too */
	part next;   /* cut, and waiting for a connection */
	int parts;
	size_t part_size;

	int64_t missing; /* records that no part stored: rows set aside */
	bool gave_up;
	int failed; /* number of the first part that did; 0: none */
	aiodal_status status;
	aiodal_error *error; /* of that */
	size_t failed_input;
};

/*
 * Opening and closing
 */

aiodal_status
aiodal__jobs_check(const aiodal_load_options *o, aiodal_error **err)
{
	if (o->jobs < 0 || o->jobs > MAX_JOBS)
		return aiodal__fail(err, AIODAL_EINVAL, "jobs must be from 0 to %d", MAX_JOBS);
	if (o->jobs < 2)
		return AIODAL_OK;
	if (!o->table || o->stage || o->n_pre_copy > 0 || o->n_post_copy > 0)
		return aiodal__fail_hint(err, AIODAL_EINVAL, NULL,
								 "Leave jobs out: the load then has one connection and a stage of its own.",
								 "jobs cannot be combined with stage_columns, stage, pre_copy and post_copy");
	return AIODAL_OK;
}

static aiodal_status
open_worker(aiodal__jobs *jobs, worker *w, const char *settings, aiodal_error **err)
{
	const aiodal__pool *pool = &jobs->l->tx->db->pool;
	int64_t deadline = aiodal__deadline(pool->limits.connect_timeout_ms);
	aiodal_status status;

	if (jobs->l->conn->deadline < deadline)
		deadline = jobs->l->conn->deadline;
	status = aiodal__conn_open(&w->conn, &pool->params, deadline, err);
	if (status != AIODAL_OK)
	{
		aiodal__error_annotate(
			err, "opening connections for the jobs, which are that many besides the transaction's", NULL);
		return status;
	}
	w->conn->deadline = jobs->l->conn->deadline;
	status = aiodal__op_command(w->conn, settings, false, NULL, err);
	if (status == AIODAL_OK)
		status = aiodal__op_command(w->conn,
									"SET synchronous_commit = off; SET lock_timeout = '" LOCK_TIMEOUT
									"'; SET default_transaction_isolation = 'read committed'; "
									"SET default_transaction_read_only = off",
									false, NULL, err);
	return status;
}

aiodal_status
aiodal__jobs_open(aiodal__load *l, const char *settings, aiodal_error **err)
{
	aiodal__jobs *jobs = aiodal__calloc(1, sizeof(*jobs));
	aiodal_status status = AIODAL_OK;

	if (!jobs)
		return aiodal__fail_memory(err);
	l->jobs = jobs;
	jobs->l = l;
	jobs->n = l->options.jobs;
	jobs->workers = aiodal__calloc((size_t) jobs->n, sizeof(*jobs->workers));
	jobs->fds = aiodal__calloc((size_t) jobs->n + 1, sizeof(*jobs->fds));
	if (!jobs->workers || !jobs->fds)
		return aiodal__fail_memory(err);
	for (int i = 0; i < jobs->n && status == AIODAL_OK; i++)
		status = open_worker(jobs, &jobs->workers[i], settings, err);
	return status;
}

aiodal__conn *
aiodal__jobs_conn(aiodal__jobs *jobs)
{
	return jobs->workers[0].conn;
}

static void
clear_part(part *p)
{
	aiodal__free(p->sql);
	aiodal__buf_free(&p->header);
	aiodal__buf_free(&p->data);
	memset(p, 0, sizeof(*p));
}

void
aiodal__jobs_close(aiodal__jobs *jobs)
{
	if (!jobs)
		return;
	for (int i = 0; jobs->workers && i < jobs->n; i++)
	{
		aiodal__conn_close(jobs->workers[i].conn);
		clear_part(&jobs->workers[i].part);
	}
	clear_part(&jobs->next);
	aiodal__buf_free(&jobs->block);
	aiodal__buf_free(&jobs->header);
	aiodal_error_free(jobs->error);
	aiodal__free(jobs->join);
	aiodal__free(jobs->fds);
	aiodal__free(jobs->workers);
	aiodal__free(jobs);
}

aiodal_status
aiodal__jobs_begin(aiodal__load *l, const char *join, aiodal_error **err)
{
	aiodal__jobs *jobs = l->jobs;
	aiodal_status status = AIODAL_OK;

	jobs->join = aiodal__strdup(join);
	if (!jobs->join)
		return aiodal__fail_memory(err);
	jobs->part_size = MAX_PART / 4;
	if (l->total >= 0)
		jobs->part_size = (size_t) l->total / ((size_t) jobs->n * 4) + 1;
	if (jobs->part_size > MAX_PART)
		jobs->part_size = MAX_PART;
	if (jobs->part_size < MIN_PART)
		jobs->part_size = MIN_PART;
	for (int i = 0; i < jobs->n && status == AIODAL_OK; i++)
		status = aiodal__op_command(jobs->workers[i].conn, "BEGIN", false, NULL, err);
	return status;
}

int
aiodal__jobs_parts(const aiodal__jobs *jobs)
{
	return jobs->parts;
}

bool
aiodal__jobs_gave_up(const aiodal__jobs *jobs)
{
	return jobs->gave_up;
}

/*
 * Connections at work
 */

/* A part has failed. Of several, the first in the data counts. Takes the error. */
static void
note_failure(aiodal__jobs *jobs, const part *p, aiodal_status status, aiodal_error *error)
{
	if (jobs->failed > 0 && jobs->failed < p->number)
	{
		aiodal_error_free(error);
		return;
	}
	aiodal_error_free(jobs->error);
	jobs->failed = p->number;
	jobs->failed_input = p->input;
	jobs->status = status;
	jobs->error = error;
}

/* The server's word on the part. */
static void
end_part(aiodal__jobs *jobs, worker *w)
{
	int64_t rows = 0;
	aiodal_error *error = NULL;
	aiodal_status status = aiodal__copy_finish(w->conn, &rows, &error);

	if (status != AIODAL_OK)
		note_failure(jobs, &w->part, status, error);
	else
	{
		jobs->l->stats.staged += rows;
		jobs->missing += w->part.records - rows;
		jobs->gave_up |= jobs->l->options.max_rejects > 0 && jobs->missing > jobs->l->options.max_rejects;
	}
	clear_part(&w->part);
	w->state = WORKER_IDLE;
}

static void
start_part(aiodal__jobs *jobs, worker *w)
{
	aiodal_error *error = NULL;
	aiodal_status status;

	w->part = jobs->next;
	memset(&jobs->next, 0, sizeof(jobs->next));
	w->sent = 0;
	status = aiodal__copy_begin(w->conn, w->part.sql, &error);
	if (status == AIODAL_OK)
	{
		w->state = WORKER_SENDING;
		return;
	}
	note_failure(jobs, &w->part, status, error);
	clear_part(&w->part);
}

/* What is to be sent next, at most CHUNK bytes; 0 at the end. */
static size_t
next_bytes(const worker *w, const char **data)
{
	const aiodal__buf *buf = w->sent < w->part.header.len ? &w->part.header : &w->part.data;
	size_t at = buf == &w->part.header ? w->sent : w->sent - w->part.header.len;
	size_t left = buf->len - at;

	*data = left > 0 ? buf->data + at : NULL;
	return left < CHUNK ? left : CHUNK;
}

/* Puts no more than the socket takes; all is put when the state changes. */
static void
send_part(worker *w)
{
	PGconn *pg = w->conn->pg;
	int unsent;

	while ((unsent = PQflush(pg)) == 0 && w->state == WORKER_SENDING)
	{
		const char *data;
		size_t n = next_bytes(w, &data);
		int put = n > 0 ? PQputCopyData(pg, data, (int) n) : PQputCopyEnd(pg, NULL);

		if (put == 0)
			return;
		w->sent += n;
		if (n == 0 || put < 0)
			w->state = WORKER_ENDING;
	}
	/* the server is gone, as its results will say */
	if (unsent < 0)
		w->state = WORKER_ENDING;
}

/* What the server says while it is sent to can be but an error, or a notice. */
static void
read_early(worker *w)
{
	if (aiodal__copy_server_has_spoken(w->conn))
	{
		(void) PQputCopyEnd(w->conn->pg, "stopped, as the server had reported an error");
		w->state = WORKER_ENDING;
	}
	else if (!PQconsumeInput(w->conn->pg))
		w->state = WORKER_ENDING;
}

static void
serve(aiodal__jobs *jobs, worker *w, short ready)
{
	if (w->state == WORKER_SENDING && (ready & (POLLIN | POLLERR | POLLHUP)))
		read_early(w);
	if (w->state == WORKER_SENDING)
		send_part(w);
	if (w->state == WORKER_ENDING && aiodal__conn_advance(w->conn) == AIODAL_OK)
		end_part(jobs, w);
}

static bool
is_busy(const aiodal__jobs *jobs)
{
	for (int i = 0; i < jobs->n; i++)
	{
		if (jobs->workers[i].state != WORKER_IDLE)
			return true;
	}
	return false;
}

/* Serves all connections that are ready, waiting for one, or for fd, so long; *readable: whether fd is. */
static aiodal_status
serve_all(aiodal__jobs *jobs, int fd, int timeout_ms, bool *readable, aiodal_error **err)
{
	aiodal__load *l = jobs->l;

	for (int i = 0; i < jobs->n; i++)
	{
		worker *w = &jobs->workers[i];

		jobs->fds[i] =
			(struct pollfd){.fd = w->state == WORKER_IDLE ? -1 : PQsocket(w->conn->pg), .events = POLLIN};
		if (w->state == WORKER_SENDING || (w->state == WORKER_ENDING && PQflush(w->conn->pg) == 1))
			jobs->fds[i].events |= POLLOUT;
	}
	jobs->fds[jobs->n] = (struct pollfd){.fd = fd, .events = POLLIN};
	if (poll(jobs->fds, (nfds_t) jobs->n + 1, timeout_ms) < 0 && errno != EINTR)
		return aiodal__fail(err, AIODAL_EINVAL, "could not wait for the data: %m");
	for (int i = 0; i < jobs->n; i++)
	{
		if (jobs->fds[i].fd >= 0 && jobs->fds[i].revents)
			serve(jobs, &jobs->workers[i], jobs->fds[i].revents);
	}
	if (readable)
		*readable = jobs->fds[jobs->n].revents != 0;
	if (aiodal__progress_tick(&l->progress))
		return aiodal__progress_canceled(err);
	if (aiodal__until(l->conn->deadline) == 0)
		return aiodal__fail_state(err, AIODAL_ETIMEOUT, "57014", "The load was not done in time.", NULL,
								  "the transaction's deadline has passed");
	return AIODAL_OK;
}

/* Stops the part and waits for the server to have stopped; what comes of it does not matter. */
static void
stop_worker(worker *w, int64_t deadline)
{
	aiodal_error *ignored = NULL;

	if (w->state == WORKER_IDLE)
		return;
	w->conn->deadline = deadline;
	if (w->state == WORKER_SENDING)
	{
		while (PQputCopyEnd(w->conn->pg, "the load has failed") == 0)
		{
			if (aiodal__conn_wait(w->conn, AIODAL_WANT_WRITE, AIODAL__NEVER) < 0)
				break;
		}
	}
	if (aiodal__copy_finish(w->conn, NULL, &ignored) != AIODAL_OK)
		aiodal_error_free(ignored);
	clear_part(&w->part);
	w->state = WORKER_IDLE;
}

static worker *
idle_worker(aiodal__jobs *jobs)
{
	for (int i = 0; i < jobs->n; i++)
	{
		if (jobs->workers[i].state == WORKER_IDLE)
			return &jobs->workers[i];
	}
	return NULL;
}

/* One has failed: parts behind it are stopped, those before it finished. Then the first error is told. */
static aiodal_status
fail_by_part(aiodal__jobs *jobs, aiodal_error **err)
{
	aiodal__load *l = jobs->l;
	aiodal_status status = AIODAL_OK;

	while (status == AIODAL_OK)
	{
		for (int i = 0; i < jobs->n; i++)
		{
			if (jobs->workers[i].part.number > jobs->failed)
				stop_worker(&jobs->workers[i], aiodal__deadline(UNDO_MS));
		}
		if (!is_busy(jobs))
			break;
		status = serve_all(jobs, -1, WAIT_MS, NULL, err);
	}
	if (status != AIODAL_OK)
		return status;
	if (l->n_paths > 0)
	{
		/* not the one that is being read */
		l->source->path = l->paths[jobs->failed_input - 1];
		l->progress.now.path = l->source->path;
		(void) aiodal__progress_phase(&l->progress, AIODAL_PHASE_COPY);
	}
	aiodal__error_move(err, &jobs->error);
	return jobs->status;
}

/*
 * Parts
 */

/* Whether the file's first record names columns. */
static bool
has_header(const aiodal__load *l)
{
	return l->layout.header != AIODAL_HEADER_NO;
}

/* The next part, but for its data, which begins at jobs->start. */
static aiodal_status
describe_part(aiodal__jobs *jobs, aiodal__split_place end, aiodal_error **err)
{
	aiodal__load *l = jobs->l;
	part *p = &jobs->next;
	bool later = jobs->start.offset > 0 && has_header(l);
	aiodal__buf sql = AIODAL__BUF_INIT;

	aiodal__buf_printf(&sql, "%s, part => %d, input => %zu, lines => %lld, records => %lld); ", jobs->join,
					   jobs->parts + 1, l->at + 1,
					   (long long) (jobs->start.lines - (later ? jobs->split.first.lines : 0)),
					   (long long) (jobs->start.records - later));
	aiodal__load_copy_statement(l, &sql);
	if (later)
		aiodal__buf_add(&p->header, jobs->header.data, jobs->header.len);
	p->sql = aiodal__buf_take(&sql);
	if (!p->sql || p->header.oom)
	{
		clear_part(p);
		return aiodal__fail_memory(err);
	}
	p->number = ++jobs->parts;
	p->input = l->at + 1;
	p->records = end.records - jobs->start.records - (!later && has_header(l));
	return AIODAL_OK;
}

/* The first record, if it is a header, goes in front of every part. */
static aiodal_status
keep_header(aiodal__jobs *jobs, aiodal_error **err)
{
	if (!has_header(jobs->l) || jobs->header.len > 0 || jobs->split.first.offset == 0)
		return AIODAL_OK;
	aiodal__buf_add(&jobs->header, jobs->block.data, jobs->split.first.offset);
	return jobs->header.oom ? aiodal__fail_memory(err) : AIODAL_OK;
}

/* What is in front of the place becomes the next part. */
static aiodal_status
cut(aiodal__jobs *jobs, aiodal__split_place at, aiodal_error **err)
{
	aiodal__buf rest = AIODAL__BUF_INIT;
	size_t len = at.offset - jobs->start.offset;
	aiodal_status status = AIODAL_OK;

	if (jobs->block.len > len)
		aiodal__buf_add(&rest, jobs->block.data + len, jobs->block.len - len);
	status = rest.oom ? aiodal__fail_memory(err) : describe_part(jobs, at, err);
	if (status != AIODAL_OK)
	{
		aiodal__buf_free(&rest);
		return status;
	}
	jobs->next.data = jobs->block;
	jobs->next.data.len = len;
	jobs->block = rest;
	jobs->start = at;
	return AIODAL_OK;
}

static void
hand_out(aiodal__jobs *jobs)
{
	worker *w = jobs->next.number > 0 ? idle_worker(jobs) : NULL;

	if (w)
		start_part(jobs, w);
}

aiodal_status
aiodal__jobs_wait(aiodal__load *l, int fd, aiodal_error **err)
{
	aiodal__jobs *jobs = l->jobs;
	bool readable = false;
	aiodal_status status = AIODAL_OK;

	while (status == AIODAL_OK && !readable)
	{
		hand_out(jobs);
		status = serve_all(jobs, fd, WAIT_MS, &readable, err);
		if (status == AIODAL_OK && jobs->failed)
			return aiodal__fail(err, AIODAL_ESERVER, "a part has failed");
	}
	return status;
}

/* Reads the next bytes and looks at them. */
static aiodal_status
collect(aiodal__jobs *jobs, aiodal_error **err)
{
	aiodal__load *l = jobs->l;
	char *room;
	size_t len = 0;
	aiodal_status status;

	if (!aiodal__buf_reserve(&jobs->block, CHUNK))
		return aiodal__fail_memory(err);
	room = jobs->block.data + jobs->block.len;
	status = aiodal__source_read(l->source, room, CHUNK, &len, err);
	if (status != AIODAL_OK)
		return status;
	aiodal__load_note_read(l, room, len);
	aiodal__split_scan(&jobs->split, room, len);
	jobs->block.len += len;
	jobs->at_end = len == 0 || jobs->split.over;
	if (jobs->split.over)
		jobs->block.len = jobs->split.offset - jobs->start.offset;
	return keep_header(jobs, err);
}

/* The data has ended: what is left is the last part; of a file without data, the only one. */
static aiodal_status
cut_last(aiodal__jobs *jobs, aiodal_error **err)
{
	aiodal__split_place end = {jobs->split.offset, jobs->split.lines, aiodal__split_records(&jobs->split)};

	jobs->cut_up = true;
	return jobs->block.len > 0 || jobs->start.offset == 0 ? cut(jobs, end, err) : AIODAL_OK;
}

/* One step with the source: collects or cuts a part, or waits for a connection. */
static aiodal_status
step(aiodal__jobs *jobs, aiodal_error **err)
{
	bool full = jobs->block.len >= jobs->part_size && jobs->split.last.offset > jobs->start.offset;
	aiodal_status status;

	hand_out(jobs);
	if (!full && !jobs->at_end)
	{
		status = collect(jobs, err);
		return status == AIODAL_OK ? serve_all(jobs, -1, 0, NULL, err) : status;
	}
	if (jobs->next.number > 0)
		return serve_all(jobs, -1, WAIT_MS, NULL, err);
	return full ? cut(jobs, jobs->split.last, err) : cut_last(jobs, err);
}

/* Of these, a backslash may be the second byte of a character. */
static bool
hides_backslashes(const aiodal__load *l)
{
	static const char *const names[] = {"SJIS", "BIG5", "GBK", "UHC", "GB18030", "JOHAB", "SHIFT_JIS_2004"};
	const char *given =
		l->layout.encoding ? l->layout.encoding : PQparameterStatus(l->conn->pg, "client_encoding");
	int encoding = given ? pg_char_to_encoding(given) : -1;

	for (size_t i = 0; encoding >= 0 && i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (strcmp(pg_encoding_to_char(encoding), names[i]) == 0)
			return true;
	}
	return false;
}

static aiodal_status
start_source(aiodal__jobs *jobs, aiodal_error **err)
{
	const aiodal_layout *layout = &jobs->l->layout;
	aiodal__split_kind kind = layout->format == AIODAL_FORMAT_CSV    ? AIODAL__SPLIT_CSV
							  : layout->format == AIODAL_FORMAT_TEXT ? AIODAL__SPLIT_TEXT
																	 : AIODAL__SPLIT_JSONL;

	if (layout->format == AIODAL_FORMAT_BINARY)
		return aiodal__fail(err, AIODAL_EINVAL, "the format binary cannot be loaded by several jobs");
	if (kind == AIODAL__SPLIT_TEXT && hides_backslashes(jobs->l))
		return aiodal__fail(err, AIODAL_EINVAL,
							"the format text cannot be loaded by several jobs in this encoding");
	aiodal__split_start(&jobs->split, kind, layout->quote, layout->escape);
	memset(&jobs->start, 0, sizeof(jobs->start));
	jobs->at_end = jobs->cut_up = false;
	aiodal__buf_free(&jobs->header);
	aiodal__buf_free(&jobs->block);
	return AIODAL_OK;
}

aiodal_status
aiodal__jobs_copy_source(aiodal__load *l, aiodal_error **err)
{
	aiodal__jobs *jobs = l->jobs;
	aiodal_error *own = NULL;
	int64_t records;
	aiodal_status status = start_source(jobs, &own);

	while (status == AIODAL_OK && !jobs->failed && !jobs->gave_up && !jobs->cut_up)
		status = step(jobs, &own);
	l->stats.bytes = l->bytes_before + l->source->given;
	records = aiodal__split_records(&jobs->split) - has_header(l);
	if (status == AIODAL_OK && !jobs->failed && l->n_paths > 1 && !l->options.on_error)
		status = aiodal__load_check_not_empty(l, records <= 0, &own);
	if (jobs->failed && (status == AIODAL_OK || status == AIODAL_ESERVER))
	{
		aiodal_error_free(own);
		return fail_by_part(jobs, err);
	}
	aiodal__error_move(err, &own);
	return status;
}

aiodal_status
aiodal__jobs_finish(aiodal__load *l, aiodal_error **err)
{
	aiodal__jobs *jobs = l->jobs;
	aiodal_status status = AIODAL_OK;

	while (status == AIODAL_OK && !jobs->failed && (jobs->next.number > 0 || is_busy(jobs)))
	{
		hand_out(jobs);
		status = serve_all(jobs, -1, WAIT_MS, NULL, err);
	}
	if (status == AIODAL_OK && jobs->failed)
		return fail_by_part(jobs, err);
	for (int i = 0; i < jobs->n && status == AIODAL_OK; i++)
		status = aiodal__op_command(jobs->workers[i].conn, "COMMIT", false, NULL, err);
	return status;
}

void
aiodal__jobs_undo(aiodal__load *l, const char *stage)
{
	aiodal__jobs *jobs = l->jobs;
	aiodal__buf sql = AIODAL__BUF_INIT;
	int64_t deadline = aiodal__deadline(UNDO_MS);
	bool dropped = stage == NULL;

	aiodal__buf_printf(&sql, "SET lock_timeout = '5s'; DROP TABLE IF EXISTS %s", stage ? stage : "");
	for (int i = 0; jobs->workers && i < jobs->n; i++)
	{
		worker *w = &jobs->workers[i];

		if (!w->conn)
			continue;
		/* a server that does not answer one answers none, and there may be many */
		if (aiodal__until(deadline) == 0)
		{
			w->conn->broken = true;
			continue;
		}
		stop_worker(w, deadline);
		w->conn->deadline = deadline;
		if (PQtransactionStatus(w->conn->pg) != PQTRANS_IDLE)
			(void) aiodal__op_command(w->conn, "ROLLBACK", false, NULL, NULL);
	}
	for (int i = 0; jobs->workers && i < jobs->n && !dropped && !sql.oom; i++)
	{
		aiodal__conn *conn = jobs->workers[i].conn;

		dropped = conn && aiodal__op_command(conn, sql.data, false, NULL, NULL) == AIODAL_OK;
	}
	aiodal__buf_free(&sql);
}
