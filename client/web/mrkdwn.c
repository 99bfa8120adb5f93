/*
 * mrkdwn.c
 *		Slack's text and blocks.
 */
#include "mrkdwn.h"

#include <string.h>

#include "text.h"

#define ELLIPSIS "\xE2\x80\xA6"

void
aiodal_web__clip_begin(aiodal_web__clip *clip, size_t max)
{
	memset(clip, 0, sizeof(*clip));
	clip->left = max - 1;
}

/* What stands for the character in a message. */
static const char *
escape(const char *s, size_t n)
{
	if (n == 0)
		return "\xEF\xBF\xBD";
	if (n > 1)
		return NULL;
	switch (*s)
	{
		case '&': return "&amp;";
		case '<': return "&lt;";
		case '>': return "&gt;";
		case '`': return "'";
		case '\n':
		case '\t': return NULL;
		default: return (unsigned char) *s < 0x20 || *s == 0x7f ? " " : NULL;
	}
}

/* Characters beyond the basic plane count twice, as in UTF-16. */
static size_t
count(const char *s, size_t n)
{
	size_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += ((unsigned char) s[i] & 0xC0) != 0x80;
	return sum + (n == 4 && (unsigned char) s[0] >= 0xF0);
}

void
aiodal_web__clip_add(aiodal_web__clip *clip, const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && !clip->cut)
	{
		size_t n = aiodal_web__utf8_char(s + i, len - i);
		const char *other = escape(s + i, n);
		const char *written = other ? other : s + i;
		size_t bytes = other ? strlen(other) : n;
		size_t counted = count(written, bytes);

		if (counted > clip->left)
			clip->cut = true;
		else
		{
			aiodal_web__buf_add(&clip->text, written, bytes);
			clip->left -= counted;
		}
		i += n ? n : 1;
	}
}

void
aiodal_web__clip_end(aiodal_web__clip *clip)
{
	if (clip->cut)
		aiodal_web__buf_str(&clip->text, ELLIPSIS);
	/* so that there is a text at all */
	aiodal_web__buf_add(&clip->text, "", 0);
}

/*
 * Blocks
 */

static void
add_comma(aiodal_web__buf *blocks)
{
	if (blocks->len > 0 && blocks->data[blocks->len - 1] != '[')
		aiodal_web__buf_char(blocks, ',');
}

/* {"type":type,"text":before text after}; text is ready to be sent */
static void
add_text(aiodal_web__buf *blocks, const char *type, const char *fence, const aiodal_web__clip *clip)
{
	aiodal_web__buf whole = AIODAL_WEB__BUF_INIT;

	aiodal_web__buf_str(&whole, fence);
	aiodal_web__buf_add(&whole, clip->text.data, clip->text.len);
	aiodal_web__buf_str(&whole, fence);
	if (whole.oom || clip->text.oom)
		blocks->oom = true;
	else
	{
		aiodal_web__buf_printf(blocks, "{\"type\":\"%s\",\"text\":", type);
		aiodal_web__buf_json(blocks, whole.data, whole.len);
		/* or Slack would look for names and links by itself */
		aiodal_web__buf_str(blocks, strcmp(type, "mrkdwn") == 0 ? ",\"verbatim\":true}" : "}");
	}
	aiodal_web__buf_free(&whole);
}

static void
add_clipped(aiodal_web__buf *blocks, const char *type, const char *fence, const char *text, size_t len,
			size_t max)
{
	aiodal_web__clip clip;

	aiodal_web__clip_begin(&clip, max - 2 * strlen(fence));
	aiodal_web__clip_add(&clip, text, len);
	aiodal_web__clip_end(&clip);
	add_text(blocks, type, fence, &clip);
	aiodal_web__buf_free(&clip.text);
}

void
aiodal_web__block_header(aiodal_web__buf *blocks, const char *title)
{
	add_comma(blocks);
	aiodal_web__buf_str(blocks, "{\"type\":\"header\",\"text\":");
	/* an empty one would be refused */
	add_clipped(blocks, "plain_text", "", *title ? title : " ", *title ? strlen(title) : 1,
				AIODAL_WEB__SLACK_TITLE);
	aiodal_web__buf_char(blocks, '}');
}

void
aiodal_web__block_context(aiodal_web__buf *blocks, const char *const *texts, size_t n)
{
	size_t i;

	add_comma(blocks);
	aiodal_web__buf_str(blocks, "{\"type\":\"context\",\"elements\":[");
	for (i = 0; i < n; i++)
	{
		if (!texts[i] || !*texts[i])
			continue;
		add_comma(blocks);
		add_clipped(blocks, "plain_text", "", texts[i], strlen(texts[i]), AIODAL_WEB__SLACK_TITLE);
	}
	aiodal_web__buf_str(blocks, "]}");
}

void
aiodal_web__block_text(aiodal_web__buf *blocks, const char *text)
{
	add_comma(blocks);
	aiodal_web__buf_str(blocks, "{\"type\":\"section\",\"text\":");
	add_clipped(blocks, "plain_text", "", *text ? text : " ", *text ? strlen(text) : 1,
				AIODAL_WEB__SLACK_TEXT);
	aiodal_web__buf_char(blocks, '}');
}

void
aiodal_web__block_code(aiodal_web__buf *blocks, const char *text, size_t len)
{
	add_comma(blocks);
	aiodal_web__buf_str(blocks, "{\"type\":\"section\",\"text\":");
	add_clipped(blocks, "mrkdwn", "```", text, len, AIODAL_WEB__SLACK_TEXT);
	aiodal_web__buf_char(blocks, '}');
}
