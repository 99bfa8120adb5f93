/*
 * export.h
 *		An export, whoever runs it.
 */
#ifndef AIODAL_SRC_EXPORT_H
#define AIODAL_SRC_EXPORT_H

#include "sink.h"
#include "tx.h"

/* Frees the sink, too. */
extern aiodal_status
aiodal__export_run(aiodal_export_stats *stats, aiodal_tx *tx, const aiodal_export_options *given,
				   aiodal__sink *sink, aiodal_error **err);

/* The sink is a file, made in here. */
extern aiodal_status
aiodal__export_file(aiodal_export_stats *stats, aiodal_tx *tx, const aiodal_export_options *options,
					const char *path, aiodal_error **err);

#endif /* AIODAL_SRC_EXPORT_H */
