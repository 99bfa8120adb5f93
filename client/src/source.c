/*
 * source.c
 *		Reading from files, streams, descriptors, memory and callbacks, zipped or not.
 *
 * Design notes. All kinds are one: a read function that fills one chunk. Whether it is zipped is told by the
 * first two bytes, which no text in an encoding of PostgreSQL and no binary COPY begins with. So are kinds of
 * files that cannot be read.
 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "error.h"
#include "file_kind.h"
#include "util/errand.h"
#include "util/mem.h"

#define CHUNK      ((size_t) 65536)
#define BOM        "\xef\xbb\xbf"
#define BOM_LENGTH 3

struct aiodal__gunzip
{
	z_stream z;
	bool between; /* a member has ended, and another may begin */
};

const char *
aiodal__source_name(const aiodal__source *source, char *buf, size_t size)
{
	if (!source->path)
		return "the data";
	(void) snprintf(buf, size, "file \"%s\"", source->path);
	return buf;
}

/*
 * The kinds
 */

static void
make_source(aiodal__source *source, aiodal_read_cb read, void *payload)
{
	*source = (aiodal__source){.read = read, .payload = payload, .total = -1, .fd = -1};
}

void
aiodal__source_callback(aiodal__source *source, aiodal_read_cb read, void *payload)
{
	make_source(source, read, payload);
	source->callers = true;
}

static ptrdiff_t
read_memory(void *payload, char *buf, size_t size, aiodal_error **err)
{
	aiodal__source *source = payload;
	size_t n = source->memory_size < size ? source->memory_size : size;

	(void) err;
	if (n > 0)
		memcpy(buf, source->memory, n);
	source->memory += n;
	source->memory_size -= n;
	return (ptrdiff_t) n;
}

void
aiodal__source_memory(aiodal__source *source, const void *data, size_t size)
{
	make_source(source, read_memory, source);
	source->memory = data ? data : "";
	source->memory_size = data ? size : 0;
	source->total = (int64_t) source->memory_size;
}

/* errno says why. */
static ptrdiff_t
read_failed(const aiodal__source *source, aiodal_error **err)
{
	int error = errno;
	char name[PATH_MAX + 8];

	(void) aiodal__source_name(source, name, sizeof(name));
	errno = error;
	(void) aiodal__fail(err, AIODAL_EINVAL, "could not read %s: %m", source->path ? name : "the data");
	return -1;
}

static ptrdiff_t
read_stream(void *payload, char *buf, size_t size, aiodal_error **err)
{
	aiodal__source *source = payload;
	size_t n = fread(buf, 1, size, source->stream);

	return n == 0 && ferror(source->stream) ? read_failed(source, err) : (ptrdiff_t) n;
}

static ptrdiff_t
read_fd(void *payload, char *buf, size_t size, aiodal_error **err)
{
	aiodal__source *source = payload;
	ssize_t n;

	do
	{
		if (source->wait && source->fd >= 0 && source->total < 0 &&
			source->wait(source->wait_payload, source->fd, err) != AIODAL_OK)
			return -1;
		n = read(source->fd, buf, size);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	return n < 0 ? read_failed(source, err) : n;
}

/* What is left of a regular file, -1 for anything else. */
static int64_t
bytes_left(int fd)
{
	struct stat st;
	off_t at;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return -1;
	at = lseek(fd, 0, SEEK_CUR);
	return at >= 0 && at <= st.st_size ? st.st_size - at : -1;
}

void
aiodal__source_stream(aiodal__source *source, FILE *stream)
{
	make_source(source, read_stream, source);
	source->stream = stream;
	source->total = bytes_left(fileno(stream));
}

void
aiodal__source_fd(aiodal__source *source, int fd)
{
	make_source(source, read_fd, source);
	source->fd = fd;
	source->total = bytes_left(fd);
}

aiodal_status
aiodal__source_file(aiodal__source *source, const char *path, aiodal_error **err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	aiodal__source_fd(source, fd);
	source->path = path;
	source->owns_fd = true;
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return aiodal__fail_hint(err, AIODAL_ENOTFOUND, NULL,
								 "Check the path; a relative one starts at the working directory.",
								 "file \"%s\" does not exist", path);
	if (fd < 0)
		return aiodal__fail(err, AIODAL_EINVAL, "could not open file \"%s\": %m", path);
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return aiodal__fail_hint(err, AIODAL_EINVAL, NULL, "Name a file in it.", "\"%s\" is a directory",
								 path);
	return AIODAL_OK;
}

void
aiodal__source_close(aiodal__source *source)
{
	if (source->owns_fd && source->fd >= 0)
		(void) close(source->fd);
	if (source->gunzip)
		(void) inflateEnd(&source->gunzip->z);
	aiodal__free(source->gunzip);
	aiodal__free(source->chunk);
}

/*
 * Chunks
 */

/* A callback that failed without saying why. */
static aiodal_status
callback_failed(aiodal_error *own, aiodal_error **err)
{
	aiodal_status status = aiodal_error_status(own);

	if (!own)
		return aiodal__fail(err, AIODAL_ECALLBACK, "the callback that reads the data failed");
	aiodal__error_move(err, &own);
	return status < 0 ? status : aiodal__error_restatus(err, AIODAL_ECALLBACK);
}

/* A read of a caller's. */
typedef struct reading
{
	const aiodal__source *source;
	char *buf;
	size_t room;
	ptrdiff_t n;
	aiodal_error **err;
} reading;

static void
read_now(void *arg)
{
	reading *r = arg;

	r->n = r->source->read(r->source->payload, r->buf, r->room, r->err);
}

static ptrdiff_t
call_read(const aiodal__source *source, char *buf, size_t room, aiodal_error **err)
{
	reading r = {source, buf, room, -1, err};

	if (!source->callers)
		read_now(&r);
	else if (!aiodal__errand_call(read_now, &r, false))
		(void) aiodal__fail_canceled(err, NULL);
	return r.n;
}

/* Puts more behind what is in the chunk. */
static aiodal_status
fill(aiodal__source *source, aiodal_error **err)
{
	aiodal_error *own = NULL;
	size_t room;
	ptrdiff_t n;

	if (source->chunk_start == source->chunk_end)
		source->chunk_start = source->chunk_end = 0;
	room = CHUNK - source->chunk_end;
	n = call_read(source, source->chunk + source->chunk_end, room, &own);
	if (n < 0)
		return callback_failed(own, err);
	aiodal_error_free(own);
	if ((size_t) n > room)
		return aiodal__fail(err, AIODAL_ECALLBACK,
							"the callback that reads the data returned more than it was asked for");
	source->at_end = n == 0;
	source->chunk_end += (size_t) n;
	source->taken += n;
	return AIODAL_OK;
}

static size_t
in_chunk(const aiodal__source *source)
{
	return source->chunk_end - source->chunk_start;
}

static aiodal_status
copy_chunk(aiodal__source *source, char *buf, size_t size, size_t *len, aiodal_error **err)
{
	if (in_chunk(source) == 0 && !source->at_end)
	{
		aiodal_status status = fill(source, err);

		if (status != AIODAL_OK)
			return status;
	}
	*len = in_chunk(source) < size ? in_chunk(source) : size;
	memcpy(buf, source->chunk + source->chunk_start, *len);
	source->chunk_start += *len;
	return AIODAL_OK;
}

/*
 * gzip
 */

static voidpf
gunzip_alloc(voidpf opaque, uInt n, uInt size)
{
	(void) opaque;
	return aiodal__calloc(n, size);
}

static void
gunzip_free(voidpf opaque, voidpf p)
{
	(void) opaque;
	aiodal__free(p);
}

static aiodal_status
gunzip_start(aiodal__source *source, aiodal_error **err)
{
	struct aiodal__gunzip *gunzip = aiodal__calloc(1, sizeof(*gunzip));

	if (!gunzip)
		return aiodal__fail_memory(err);
	gunzip->z.zalloc = gunzip_alloc;
	gunzip->z.zfree = gunzip_free;
	if (inflateInit2(&gunzip->z, 15 + 16) != Z_OK) /* 16: gzip's header and checksum */
	{
		aiodal__free(gunzip);
		return aiodal__fail_memory(err);
	}
	source->gunzip = gunzip;
	return AIODAL_OK;
}

static aiodal_status
gunzip_failed(const aiodal__source *source, const char *why, aiodal_error **err)
{
	char name[PATH_MAX + 8];

	return aiodal__fail_hint(err, AIODAL_EINVAL, why,
							 "Compress it anew, or copy it again from where it came.",
							 "%s is not a whole gzip file", aiodal__source_name(source, name, sizeof(name)));
}

/* Whether all that is left is the zeros some programs pad files with. */
static bool
only_padding(const aiodal__source *source)
{
	for (size_t i = source->chunk_start; i < source->chunk_end; i++)
	{
		if (source->chunk[i] != 0)
			return false;
	}
	return true;
}

/* One call of inflate over what is in the chunk. */
static aiodal_status
inflate_chunk(aiodal__source *source, char *buf, size_t size, size_t *len, aiodal_error **err)
{
	struct aiodal__gunzip *gunzip = source->gunzip;
	z_stream *z = &gunzip->z;
	int result;

	if (gunzip->between)
	{
		if (only_padding(source))
		{
			source->chunk_start = source->chunk_end;
			return AIODAL_OK;
		}
		(void) inflateReset(z);
		gunzip->between = false;
	}
	z->next_in = (Bytef *) source->chunk + source->chunk_start;
	z->avail_in = (uInt) in_chunk(source);
	z->next_out = (Bytef *) buf;
	z->avail_out = (uInt) size;
	result = inflate(z, Z_NO_FLUSH);
	source->chunk_start = source->chunk_end - z->avail_in;
	*len = size - z->avail_out;
	gunzip->between = result == Z_STREAM_END;
	if (result == Z_MEM_ERROR)
		return aiodal__fail_memory(err);
	if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
		return gunzip_failed(source, z->msg ? z->msg : "The data is damaged.", err);
	return AIODAL_OK;
}

static aiodal_status
gunzip_read(aiodal__source *source, char *buf, size_t size, size_t *len, aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;

	*len = 0;
	while (status == AIODAL_OK && *len == 0)
	{
		if (in_chunk(source) == 0 && !source->at_end)
			status = fill(source, err);
		if (status != AIODAL_OK)
			break;
		/* what inflate holds back is to be had after the end of the input, too */
		status = inflate_chunk(source, buf, size, len, err);
		if (status == AIODAL_OK && *len == 0 && source->at_end && in_chunk(source) == 0)
		{
			if (!source->gunzip->between)
				status = gunzip_failed(source, "It ends too early.", err);
			break;
		}
	}
	return status;
}

static aiodal_status
wrong_kind(const aiodal__source *source, const aiodal__file_kind *kind, aiodal_error **err)
{
	char name[PATH_MAX + 8];

	return aiodal__fail_hint(err, AIODAL_EINVAL, NULL, kind->hint, "%s %s",
							 aiodal__source_name(source, name, sizeof(name)), kind->is);
}

aiodal_status
aiodal__source_start(aiodal__source *source, aiodal_compression compression, bool skip_bom, bool *empty,
					 aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;
	const aiodal__file_kind *kind = NULL;
	bool undecided = false;
	bool zipped;

	source->chunk = aiodal__malloc(CHUNK);
	if (!source->chunk)
		return aiodal__fail_memory(err);
	while (status == AIODAL_OK && (in_chunk(source) < BOM_LENGTH || undecided) && !source->at_end)
	{
		status = fill(source, err);
		kind = aiodal__file_kind_of(source->chunk, in_chunk(source), &undecided);
	}
	if (status != AIODAL_OK)
		return status;
	*empty = in_chunk(source) == 0;
	zipped = in_chunk(source) >= 2 && memcmp(source->chunk, "\x1f\x8b", 2) == 0;
	if (compression == AIODAL_COMPRESSION_GZIP && !zipped && !*empty)
		return gunzip_failed(source, "It does not begin as one.", err);
	if (kind)
		return wrong_kind(source, kind, err);
	source->skip_bom = skip_bom;
	return zipped && compression != AIODAL_COMPRESSION_NONE ? gunzip_start(source, err) : AIODAL_OK;
}

static aiodal_status
read_some(aiodal__source *source, char *buf, size_t size, size_t *len, aiodal_error **err)
{
	return source->gunzip ? gunzip_read(source, buf, size, len, err)
						  : copy_chunk(source, buf, size, len, err);
}

aiodal_status
aiodal__source_read(aiodal__source *source, char *buf, size_t size, size_t *len, aiodal_error **err)
{
	aiodal_status status = read_some(source, buf, size, len, err);

	if (status == AIODAL_OK && source->skip_bom && *len >= BOM_LENGTH && memcmp(buf, BOM, BOM_LENGTH) == 0)
	{
		*len -= BOM_LENGTH;
		memmove(buf, buf + BOM_LENGTH, *len);
		if (*len == 0)
			status = read_some(source, buf, size, len, err);
	}
	source->skip_bom = false;
	if (status == AIODAL_OK)
		source->given += (int64_t) *len;
	return status;
}
