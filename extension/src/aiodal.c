/*
 * aiodal.c
 *		Module entry: magic block, settings, version.
 */
#include "compat.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "aiodal.h"
#include "copy_hook.h"

AIODAL_MODULE_MAGIC;

int aiodal_path = MERGE_PATH_AUTO;
int aiodal_feed = FEED_STEP_AUTO;

static const struct config_enum_entry path_settings[] = {{"auto", MERGE_PATH_AUTO, false},
														 {"direct", MERGE_PATH_DIRECT, false},
														 {"sql", MERGE_PATH_SQL, false},
														 {NULL, 0, false}};

static const struct config_enum_entry feed_settings[] = {{"auto", FEED_STEP_AUTO, false},
														 {"core", FEED_STEP_CORE, false},
														 {"fields", FEED_STEP_FIELDS, false},
														 {"records", FEED_STEP_RECORDS, false},
														 {NULL, 0, false}};

void _PG_init(void);

void
_PG_init(void)
{
	DefineCustomEnumVariable("aiodal.path", "Which path a merge takes.",
							 "\"auto\" chooses, \"direct\" is an error where the direct path is impossible, "
							 "\"sql\" always uses plain SQL.",
							 &aiodal_path, MERGE_PATH_AUTO, path_settings, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("aiodal.feed", "How the rows of csv and text are made.",
							 "\"core\" leaves all to PostgreSQL's COPY, \"fields\" takes its fields and "
							 "converts them, \"records\" "
							 "takes records apart, too, \"auto\" is the fastest way. Where one cannot be "
							 "taken, the one before is. "
							 "Rows and errors are the same.",
							 &aiodal_feed, FEED_STEP_AUTO, feed_settings, PGC_USERSET, GUC_NOT_IN_SAMPLE,
							 NULL, NULL, NULL);
	MarkGUCPrefixReserved("aiodal");
	InstallCopyHook();
}

PG_FUNCTION_INFO_V1(version);

/* aiodal.version() returns text */
Datum
version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(AIODAL_VERSION));
}
