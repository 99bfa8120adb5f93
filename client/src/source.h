/*
 * source.h
 *		Where the bytes of a load come from: opened, unzipped, without a byte order mark.
 */
#ifndef AIODAL_SRC_SOURCE_H
#define AIODAL_SRC_SOURCE_H

#include <aiodal/bulk.h>

/* Waits until fd can be read. Anything but AIODAL_OK: do not read, fail with *err. */
typedef aiodal_status (*aiodal__wait_fn)(void *payload, int fd, aiodal_error **err);

typedef struct aiodal__source
{
	aiodal_read_cb read;
	void *payload;
	bool callers;     /* it is to be called where the caller is */
	const char *path; /* borrowed; NULL when it is no file */
	int64_t total;    /* bytes there are; -1 when unknown */
	int64_t taken;    /* bytes read of it, as they are */
	int64_t given;    /* bytes handed out, unzipped */

	int fd; /* what the read functions of this file need */
	bool owns_fd;
	aiodal__wait_fn wait; /* before each read of a descriptor that may keep us waiting; may be NULL */
	void *wait_payload;
	FILE *stream;
	const char *memory;
	size_t memory_size;

	char *chunk; /* read and not handed out or unzipped yet */
	size_t chunk_start;
	size_t chunk_end;
	bool at_end;
	bool skip_bom;                 /* until the first bytes are handed out */
	struct aiodal__gunzip *gunzip; /* NULL when not zipped */
} aiodal__source;

/* Each makes a source that aiodal__source_close() frees, failed or not. A callback's "read" is
 * aiodal_bulk_load()'s. */
extern void aiodal__source_callback(aiodal__source *source, aiodal_read_cb read, void *payload);
extern void aiodal__source_memory(aiodal__source *source, const void *data, size_t size);
extern void aiodal__source_stream(aiodal__source *source, FILE *stream);
extern void aiodal__source_fd(aiodal__source *source, int fd);
extern aiodal_status aiodal__source_file(aiodal__source *source, const char *path, aiodal_error **err);
extern void aiodal__source_close(aiodal__source *source);

/*
 * Reads the first bytes: finds out whether it is zipped and drops a byte order mark when skip_bom. To be
 * called once, before the first read. An empty source is not an error here: *empty.
 */
extern aiodal_status aiodal__source_start(aiodal__source *source, aiodal_compression compression,
										  bool skip_bom, bool *empty, aiodal_error **err);

/* At most size bytes into buf, *len of them; 0 at the end. */
extern aiodal_status
aiodal__source_read(aiodal__source *source, char *buf, size_t size, size_t *len, aiodal_error **err);

/* 'file "x"', or "the data"; borrowed until the next call on this source */
extern const char *aiodal__source_name(const aiodal__source *source, char *buf, size_t size);

#endif /* AIODAL_SRC_SOURCE_H */
