/*
 * sink.h
 *		Where the bytes of an export go: zipped if wanted, and into a file only when complete.
 */
#ifndef AIODAL_SRC_SINK_H
#define AIODAL_SRC_SINK_H

#include <aiodal/bulk.h>

typedef struct aiodal__sink
{
	aiodal_write_cb write;
	void *payload;
	bool callers;  /* it is to be called where the caller is */
	int64_t taken; /* bytes handed in */
	int64_t given; /* bytes written, zipped */

	int fd; /* what the write functions of sink.c need */
	FILE *stream;
	const char *path; /* of the file; borrowed */
	char *final;      /* what it really is called, by realpath(); NULL: path */
	char *temporary;  /* what it is called until it is complete */

	char *chunk; /* handed in and not written yet */
	size_t len;
	struct aiodal__gzip *gzip; /* NULL when not zipped */
} aiodal__sink;

/* Each makes a sink that aiodal__sink_close() frees, failed or not. */
extern void aiodal__sink_callback(aiodal__sink *sink, aiodal_write_cb write, void *payload);
extern void aiodal__sink_stream(aiodal__sink *sink, FILE *stream);
extern void aiodal__sink_fd(aiodal__sink *sink, int fd);
extern aiodal_status aiodal__sink_file(aiodal__sink *sink, const char *path, aiodal_error **err);

/* Before the first write. */
extern aiodal_status
aiodal__sink_start(aiodal__sink *sink, aiodal_compression compression, aiodal_error **err);
extern aiodal_status aiodal__sink_write(aiodal__sink *sink, const char *data, size_t len, aiodal_error **err);

/* All is handed in: writes the rest, and gives a file its name. */
extern aiodal_status aiodal__sink_finish(aiodal__sink *sink, aiodal_error **err);

/* Removes a file that was not finished. */
extern void aiodal__sink_close(aiodal__sink *sink);

#endif /* AIODAL_SRC_SINK_H */
