/*
 * aiodal.h
 *		Settings shared by the extension's files.
 */
#ifndef AIODAL_H
#define AIODAL_H

typedef enum MergePathSetting
{
	MERGE_PATH_AUTO,
	MERGE_PATH_DIRECT,
	MERGE_PATH_SQL
} MergePathSetting;

/* the setting aiodal.path, a MergePathSetting */
extern int aiodal_path;

#endif /* AIODAL_H */
