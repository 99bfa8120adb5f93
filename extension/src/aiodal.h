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

typedef enum FeedSetting
{
	FEED_STEP_AUTO,
	FEED_STEP_CORE,
	FEED_STEP_FIELDS,
	FEED_STEP_RECORDS
} FeedSetting;

/* the setting aiodal.path, a MergePathSetting */
extern int aiodal_path;

/* the setting aiodal.feed, a FeedSetting */
extern int aiodal_feed;

#endif /* AIODAL_H */
