/*
 * file_kind.c
 *		What is told by the first bytes of a file that holds no rows as it is.
 *
 * Without this the server would complain of bytes or of column names that nobody wrote. What a text might
 * begin with by chance (PAR1, BZh9) is looked at as far as it takes to be sure.
 */
#include "file_kind.h"

#include <string.h>

#define MAGIC(bytes) bytes, sizeof(bytes) - 1

static const char utf16[] = "is encoded in UTF-16";
static const char from_utf16[] = "Convert it first: iconv -f UTF-16 -t UTF-8 FILE, and read what it writes.";
static const char bzip2[] = "is compressed by bzip2";
static const char from_bzip2[] = "Unpack it first: bzip2 -dc FILE, and read what it writes.";

static const aiodal__file_kind kinds[] = {
	{MAGIC("\xff\xfe"), utf16, from_utf16},
	{MAGIC("\xfe\xff"), utf16, from_utf16},
	{MAGIC("\xfd"
		   "7zXZ\0"),
	 "is compressed by xz", "Unpack it first: xz -dc FILE, and read what it writes."},
	{MAGIC("\x28\xb5\x2f\xfd"), "is compressed by zstd",
	 "Unpack it first: zstd -dc FILE, and read what it writes."},
	{MAGIC("\x04\x22\x4d\x18"), "is compressed by lz4",
	 "Unpack it first: lz4 -dc FILE, and read what it writes."},
	{MAGIC("PK\x03\x04"), "is a zip archive, as spreadsheets are, too",
	 "If it is a spreadsheet, save it as CSV. Else unpack it first: unzip -p FILE, and read what it writes."},
	{MAGIC("7z\xbc\xaf\x27\x1c"), "is a 7z archive",
	 "Unpack it first: 7z x -so FILE, and read what it writes."},
	{MAGIC("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "is a document of Microsoft Office",
	 "If it is a spreadsheet, save it as CSV."},
	{MAGIC("PAR1\x15"), "is a Parquet file", "Write it as CSV or as JSON lines first."},
};

/* BZh, the size of its blocks, and the first bytes of a block or, when there is none, of the end. */
static const aiodal__file_kind *
bzip2_kind(const char *start, size_t length, bool *undecided)
{
	static const aiodal__file_kind full = {MAGIC("1AY&SY"), bzip2, from_bzip2};
	static const aiodal__file_kind empty = {MAGIC("\x17\x72\x45\x38\x50\x90"), bzip2, from_bzip2};

	if (length < 4 || memcmp(start, "BZh", 3) != 0 || start[3] < '1' || start[3] > '9')
	{
		*undecided = *undecided || (length < 4 && memcmp(start, "BZh", length < 3 ? length : 3) == 0);
		return NULL;
	}
	start += 4;
	length -= 4;
	if (length >= full.length && memcmp(start, full.magic, full.length) == 0)
		return &full;
	if (length >= empty.length && memcmp(start, empty.magic, empty.length) == 0)
		return &empty;
	*undecided = *undecided || (length < full.length && (memcmp(start, full.magic, length) == 0 ||
														 memcmp(start, empty.magic, length) == 0));
	return NULL;
}

const aiodal__file_kind *
aiodal__file_kind_of(const char *start, size_t length, bool *undecided)
{
	*undecided = false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		const aiodal__file_kind *kind = &kinds[i];

		if (memcmp(start, kind->magic, length < kind->length ? length : kind->length) != 0)
			continue;
		if (length >= kind->length)
			return kind;
		*undecided = true;
	}
	return bzip2_kind(start, length, undecided);
}
