/*
 * sink.c
 *		Writing to files, streams, descriptors and callbacks, zipped or not.
 */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "error.h"
#include "util/buf.h"
#include "util/errand.h"
#include "util/mem.h"

#define CHUNK     ((size_t) 65536)
#define MAX_NAMES 1000

struct aiodal__gzip
{
	z_stream z;
	char out[CHUNK];
};

/*
 * The kinds
 */

static void
make_sink(aiodal__sink *sink, aiodal_write_cb write, void *payload)
{
	*sink = (aiodal__sink){.write = write, .payload = payload, .fd = -1};
}

void
aiodal__sink_callback(aiodal__sink *sink, aiodal_write_cb write, void *payload)
{
	make_sink(sink, write, payload);
	sink->callers = true;
}

/* errno says why. */
static int
write_failed(const aiodal__sink *sink, aiodal_error **err)
{
	if (sink->path)
		(void) aiodal__fail(err, AIODAL_EINVAL, "could not write file \"%s\": %m", sink->path);
	else
		(void) aiodal__fail(err, AIODAL_EINVAL, "could not write the data: %m");
	return -1;
}

static int
write_stream(void *payload, const char *data, size_t size, aiodal_error **err)
{
	aiodal__sink *sink = payload;

	return fwrite(data, 1, size, sink->stream) == size ? 0 : write_failed(sink, err);
}

static int
write_fd(void *payload, const char *data, size_t size, aiodal_error **err)
{
	aiodal__sink *sink = payload;

	while (size > 0)
	{
		ssize_t n = write(sink->fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return write_failed(sink, err);
		data += n;
		size -= (size_t) n;
	}
	return 0;
}

void
aiodal__sink_stream(aiodal__sink *sink, FILE *stream)
{
	make_sink(sink, write_stream, sink);
	sink->stream = stream;
}

void
aiodal__sink_fd(aiodal__sink *sink, int fd)
{
	make_sink(sink, write_fd, sink);
	sink->fd = fd;
}

/* A name nobody has, in the same directory, since only there a rename is atomic. */
static aiodal_status
open_temporary(aiodal__sink *sink, aiodal_error **err)
{
	for (int i = 0; i < MAX_NAMES; i++)
	{
		aiodal__buf name = AIODAL__BUF_INIT;

		aiodal__buf_printf(&name, "%s.%ld-%d", sink->final ? sink->final : sink->path, (long) getpid(), i);
		sink->temporary = aiodal__buf_take(&name);
		if (!sink->temporary)
			return aiodal__fail_memory(err);
		sink->fd = open(sink->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (sink->fd >= 0)
			return AIODAL_OK;
		aiodal__free(sink->temporary);
		sink->temporary = NULL;
		if (errno != EEXIST)
			break;
	}
	return aiodal__fail(err, errno == ENOENT || errno == ENOTDIR ? AIODAL_ENOTFOUND : AIODAL_EINVAL,
						"could not create file \"%s\": %m", sink->path);
}

aiodal_status
aiodal__sink_file(aiodal__sink *sink, const char *path, aiodal_error **err)
{
	struct stat st;
	bool exists = stat(path, &st) == 0;
	aiodal_status status;

	aiodal__sink_fd(sink, -1);
	sink->path = path;
	if (exists && S_ISDIR(st.st_mode))
		return aiodal__fail_hint(err, AIODAL_EINVAL, NULL, "Name a file in it.", "\"%s\" is a directory",
								 path);
	if (exists && !S_ISREG(st.st_mode))
	{
		/* /dev/stdout, a pipe: nothing that could be replaced */
		sink->fd = open(path, O_WRONLY | O_CLOEXEC);
		return sink->fd >= 0 ? AIODAL_OK
							 : aiodal__fail(err, AIODAL_EINVAL, "could not open file \"%s\": %m", path);
	}
	if (exists)
		sink->final = realpath(path, NULL); /* what a symbolic link points to, so that it stays one */
	status = open_temporary(sink, err);
	if (status == AIODAL_OK && exists)
		(void) fchmod(sink->fd, st.st_mode & 0777);
	return status;
}

/*
 * Writing
 */

/* A write of a caller's. */
typedef struct writing
{
	const aiodal__sink *sink;
	const char *data;
	size_t len;
	int failed;
	aiodal_error **err;
} writing;

static void
write_now(void *arg)
{
	writing *w = arg;

	w->failed = w->sink->write(w->sink->payload, w->data, w->len, w->err);
}

static int
call_write(const aiodal__sink *sink, const char *data, size_t len, aiodal_error **err)
{
	writing w = {sink, data, len, -1, err};

	if (!sink->callers)
		write_now(&w);
	else if (!aiodal__errand_call(write_now, &w, false))
		(void) aiodal__fail_canceled(err, NULL);
	return w.failed;
}

static aiodal_status
write_out(aiodal__sink *sink, const char *data, size_t len, aiodal_error **err)
{
	aiodal_error *own = NULL;
	aiodal_status status = AIODAL_OK;

	if (len == 0)
		return AIODAL_OK;
	if (call_write(sink, data, len, &own) != 0)
	{
		if (!own)
			return aiodal__fail(err, AIODAL_ECALLBACK, "the callback that writes the data failed");
		status = aiodal_error_status(own) < 0 ? aiodal_error_status(own) : AIODAL_ECALLBACK;
		(void) aiodal__error_restatus(&own, status);
	}
	if (status != AIODAL_OK && err)
		*err = own;
	else
		aiodal_error_free(own);
	sink->given += (int64_t) len;
	return status;
}

/* Sends the chunk through deflate; Z_FINISH: and all that it holds back. */
static aiodal_status
deflate_chunk(aiodal__sink *sink, int how, aiodal_error **err)
{
	z_stream *z = &sink->gzip->z;
	aiodal_status status = AIODAL_OK;
	int result;

	z->next_in = (Bytef *) sink->chunk;
	z->avail_in = (uInt) sink->len;
	do
	{
		z->next_out = (Bytef *) sink->gzip->out;
		z->avail_out = CHUNK;
		result = deflate(z, how);
		status = write_out(sink, sink->gzip->out, CHUNK - z->avail_out, err);
	} while (status == AIODAL_OK && z->avail_out == 0 && result != Z_STREAM_END);
	return status;
}

static aiodal_status
write_chunk(aiodal__sink *sink, bool last, aiodal_error **err)
{
	aiodal_status status = sink->gzip ? deflate_chunk(sink, last ? Z_FINISH : Z_NO_FLUSH, err)
									  : write_out(sink, sink->chunk, sink->len, err);

	sink->len = 0;
	return status;
}

static voidpf
gzip_alloc(voidpf opaque, uInt n, uInt size)
{
	(void) opaque;
	return aiodal__calloc(n, size);
}

static void
gzip_free(voidpf opaque, voidpf p)
{
	(void) opaque;
	aiodal__free(p);
}

static bool
named_gz(const char *path)
{
	size_t len = path ? strlen(path) : 0;

	return len > 3 && strcmp(path + len - 3, ".gz") == 0;
}

aiodal_status
aiodal__sink_start(aiodal__sink *sink, aiodal_compression compression, aiodal_error **err)
{
	sink->chunk = aiodal__malloc(CHUNK);
	if (!sink->chunk)
		return aiodal__fail_memory(err);
	if (compression == AIODAL_COMPRESSION_NONE ||
		(compression == AIODAL_COMPRESSION_AUTO && !named_gz(sink->path)))
		return AIODAL_OK;
	sink->gzip = aiodal__calloc(1, sizeof(*sink->gzip));
	if (!sink->gzip)
		return aiodal__fail_memory(err);
	sink->gzip->z.zalloc = gzip_alloc;
	sink->gzip->z.zfree = gzip_free;
	/* 15 + 16: the largest window, with gzip's header; 8: the default memory */
	if (deflateInit2(&sink->gzip->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
		Z_OK)
	{
		aiodal__free(sink->gzip);
		sink->gzip = NULL;
		return aiodal__fail_memory(err);
	}
	return AIODAL_OK;
}

aiodal_status
aiodal__sink_write(aiodal__sink *sink, const char *data, size_t len, aiodal_error **err)
{
	sink->taken += (int64_t) len;
	while (len > 0)
	{
		size_t piece = CHUNK - sink->len < len ? CHUNK - sink->len : len;

		memcpy(sink->chunk + sink->len, data, piece);
		sink->len += piece;
		data += piece;
		len -= piece;
		if (sink->len == CHUNK)
		{
			aiodal_status status = write_chunk(sink, false, err);

			if (status != AIODAL_OK)
				return status;
		}
	}
	return AIODAL_OK;
}

static aiodal_status
finish_file(aiodal__sink *sink, aiodal_error **err)
{
	bool synced = !sink->temporary || fsync(sink->fd) == 0;
	bool closed = close(sink->fd) == 0;

	sink->fd = -1;
	if (!synced || !closed ||
		(sink->temporary && rename(sink->temporary, sink->final ? sink->final : sink->path) != 0))
	{
		(void) write_failed(sink, err);
		return AIODAL_EINVAL;
	}
	aiodal__free(sink->temporary);
	sink->temporary = NULL;
	return AIODAL_OK;
}

aiodal_status
aiodal__sink_finish(aiodal__sink *sink, aiodal_error **err)
{
	aiodal_status status = write_chunk(sink, true, err);

	if (status != AIODAL_OK)
		return status;
	if (sink->stream && fflush(sink->stream) != 0)
	{
		(void) write_failed(sink, err);
		return AIODAL_EINVAL;
	}
	return sink->path ? finish_file(sink, err) : AIODAL_OK;
}

void
aiodal__sink_close(aiodal__sink *sink)
{
	if (sink->path && sink->fd >= 0)
		(void) close(sink->fd);
	if (sink->temporary)
		(void) unlink(sink->temporary);
	if (sink->gzip)
		(void) deflateEnd(&sink->gzip->z);
	aiodal__free(sink->gzip);
	free(sink->final);
	aiodal__free(sink->temporary);
	aiodal__free(sink->chunk);
}
