/*
 * mrkdwn.h
 *		Text in Slack's messages: escaped, and no longer than Slack takes.
 */
#ifndef AIODAL_WEB_MRKDWN_H
#define AIODAL_WEB_MRKDWN_H

#include "mem.h"

/* What the text objects of blocks may have. */
#define AIODAL_WEB__SLACK_TEXT  3000
#define AIODAL_WEB__SLACK_TITLE 150

/* A text being written, of which only so much is kept. */
typedef struct aiodal_web__clip
{
	aiodal_web__buf text;
	size_t left; /* in characters as Slack counts them, without what says that something is missing */
	bool cut;
} aiodal_web__clip;

extern void aiodal_web__clip_begin(aiodal_web__clip *clip, size_t max);

/*
 * Adds text that is to be read as it is: "&", "<" and ">" are escaped, so that it links to nothing and calls
 * nobody; three backquotes do not end a block of code; what is not UTF-8 becomes U+FFFD.
 */
extern void aiodal_web__clip_add(aiodal_web__clip *clip, const char *s, size_t len);

/* Says that something is missing, if so. The text is then complete. */
extern void aiodal_web__clip_end(aiodal_web__clip *clip);

/*
 * Blocks. They are added to an array that begins with "[" and is closed by the caller.
 */

/* A title: {"type":"header",...} */
extern void aiodal_web__block_header(aiodal_web__buf *blocks, const char *title);

/* Small print: {"type":"context",...}; n texts, of which those that are NULL or "" are left out. */
extern void aiodal_web__block_context(aiodal_web__buf *blocks, const char *const *texts, size_t n);

/* Text as it is to be read: {"type":"section",...} */
extern void aiodal_web__block_text(aiodal_web__buf *blocks, const char *text);

/* A block of code: {"type":"section",...} */
extern void aiodal_web__block_code(aiodal_web__buf *blocks, const char *text, size_t len);

#endif /* AIODAL_WEB_MRKDWN_H */
