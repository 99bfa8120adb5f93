/*
 * load_copy.c
 *		The data of a load, source by source into the stage.
 */
#include "load.h"

#include <errno.h>
#include <poll.h>

#include "copy.h"
#include "error.h"
#include "layout.h"
#include "load_jobs.h"
#include "util/mem.h"

#define CHUNK   ((size_t) 65536)
#define WAIT_MS 100

/*
 * COPY
 */

/*
 * A source may be silent for long (a pipe whose writer works): meanwhile the progress callback goes on and
 * may cancel, and a server that is gone is noticed. An aiodal__wait_fn.
 */
static aiodal_status
wait_for_source(void *payload, int fd, aiodal_error **err)
{
	aiodal__load *l = payload;
	struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}};

	if (l->jobs)
		return aiodal__jobs_wait(l, fd, err);
	for (;;)
	{
		fds[1] = (struct pollfd){.fd = l->copying ? PQsocket(l->conn->pg) : -1, .events = POLLIN};
		if (poll(fds, 2, WAIT_MS) < 0 && errno != EINTR)
			return aiodal__fail(err, AIODAL_EINVAL, "could not wait for the data: %m");
		if (aiodal__progress_tick(&l->progress))
			return aiodal__progress_canceled(err);
		if (aiodal__until(l->conn->deadline) == 0)
			return aiodal__fail_state(err, AIODAL_ETIMEOUT, "57014", "The data did not come in time.", NULL,
									  "the transaction's deadline has passed");
		l->server_spoke = fds[1].revents && aiodal__copy_server_has_spoken(l->conn);
		if (l->server_spoke)
			return aiodal__fail(err, AIODAL_ESERVER, "the server has given up");
		if (fds[0].revents)
			return AIODAL_OK;
		/* a notice: libpq reads it */
		if (fds[1].revents && !PQconsumeInput(l->conn->pg))
			return aiodal__fail_conn(err, AIODAL_ECONN, l->conn->pg);
	}
}

/* The next bytes; AIODAL_WANT_READ when the server has something to say first. */
static aiodal_status
read_source(aiodal__load *l, size_t *len, aiodal_error **err)
{
	aiodal_error *own = NULL;
	aiodal_status status = aiodal__source_read(l->source, l->chunk, CHUNK, len, &own);

	if (status == AIODAL_OK)
		return status;
	if (err && !l->server_spoke)
		*err = own;
	else
		aiodal_error_free(own);
	return l->server_spoke ? AIODAL_WANT_READ : status;
}

static aiodal_status
feed(void *payload, const char **data, size_t *len, aiodal_error **err)
{
	aiodal__load *l = payload;
	aiodal_status status;

	do
	{
		status = read_source(l, len, err);
		if (status != AIODAL_OK || *len == 0)
			return status;
		aiodal__load_note_read(l, l->chunk, *len);
		if (aiodal__progress_tick(&l->progress))
			return aiodal__progress_canceled(err);
		*data = l->chunk;
		if (l->makes_rows)
		{
			*data = l->rows;
			*len = aiodal__jsonl_to_rows(&l->jsonl, l->chunk, *len, l->rows);
		}
	} while (*len == 0);
	return AIODAL_OK;
}

static aiodal_status
copy_source(aiodal__load *l, aiodal_error **err)
{
	aiodal__buf sql = AIODAL__BUF_INIT;
	aiodal_status status;
	int64_t rows = 0;

	aiodal__load_copy_statement(l, &sql);
	l->jsonl = (aiodal__jsonl){false, false};
	l->copying = true;
	status = sql.oom ? aiodal__fail_memory(err) : aiodal__copy_in(l->conn, sql.data, feed, l, &rows, err);
	l->copying = false;
	aiodal__buf_free(&sql);
	l->stats.staged += rows;
	l->stats.bytes = l->bytes_before + l->source->given;
	/* of rows set aside the merge knows; a file that has none among others would go unseen */
	if (status == AIODAL_OK && l->n_paths > 1 && !l->options.on_error)
		status = aiodal__load_check_not_empty(l, rows == 0, err);
	return status;
}

static aiodal_status
next_file(aiodal__load *l, aiodal_error **err)
{
	aiodal_status status;

	l->bytes_before += l->source->given;
	l->taken_before += l->source->taken;
	aiodal__source_close(l->source);
	l->at++;
	status = aiodal__source_file(l->source, l->paths[l->at], err);
	return status == AIODAL_OK ? aiodal__load_start_source(l, err) : status;
}

aiodal_status
aiodal__load_start_source(aiodal__load *l, aiodal_error **err)
{
	bool empty = false;
	bool makes_rows;
	aiodal_status status;

	l->layout = l->options.layout;
	status = aiodal__layout_settle(&l->layout, l->source->path, err);
	if (status != AIODAL_OK)
		return status;
	makes_rows = l->by_hand && l->layout.format == AIODAL_FORMAT_JSONL;
	if (!l->chunk)
		l->chunk = aiodal__malloc(CHUNK);
	if (makes_rows && !l->rows)
		l->rows = aiodal__malloc(AIODAL__JSONL_ROOM(CHUNK));
	if (!l->chunk || (makes_rows && !l->rows))
		return aiodal__fail_memory(err);
	l->makes_rows = makes_rows;
	l->progress.now.path = l->source->path;
	l->source->wait = wait_for_source;
	l->source->wait_payload = l;
	status = aiodal__source_start(l->source, l->layout.compression,
								  aiodal__layout_is_utf8(&l->layout, l->conn->pg), &empty, err);
	/* the server would miss the header of data that is not there */
	if (empty)
		l->layout.header = AIODAL_HEADER_NO;
	return status == AIODAL_OK ? aiodal__load_check_not_empty(l, empty, err) : status;
}

aiodal_status
aiodal__load_copy(aiodal__load *l, aiodal_error **err)
{
	double start = aiodal__progress_elapsed(&l->progress);
	aiodal_status status;

	for (;;)
	{
		status = aiodal__progress_phase(&l->progress, AIODAL_PHASE_COPY) ? aiodal__progress_canceled(err)
				 : l->jobs                                               ? aiodal__jobs_copy_source(l, err)
																		 : copy_source(l, err);
		if (status != AIODAL_OK || l->at + 1 >= l->n_paths || (l->jobs && aiodal__jobs_gave_up(l->jobs)))
			break;
		status = next_file(l, err);
		if (status != AIODAL_OK)
			break;
	}
	if (status == AIODAL_OK && l->jobs)
		status = aiodal__jobs_finish(l, err);
	l->stats.elapsed_copy = aiodal__progress_elapsed(&l->progress) - start;
	return status;
}
