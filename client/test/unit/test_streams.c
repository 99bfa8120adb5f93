/*
 * test_streams.c
 *		Sources and sinks: files, streams, memory and callbacks, zipped or not, whole or broken.
 */
#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "file_kind.h"
#include "layout.h"
#include "sink.h"
#include "source.h"
#include "util/mem.h"

static char directory[] = "/tmp/aiodal-streams-XXXXXX";

static const char *
in_directory(const char *name)
{
	static char path[2][400];
	static int turn;

	turn = 1 - turn;
	(void) snprintf(path[turn], sizeof(path[turn]), "%s/%s", directory, name);
	return path[turn];
}

static int
make_directory(void **state)
{
	(void) state;
	return mkdtemp(directory) ? 0 : -1;
}

/* Calls visit, if any, for each file in the directory; returns how many there are. */
static int
each_file(int (*visit)(const char *path))
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	int n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
	{
		if (entry->d_name[0] == '.')
			continue;
		n++;
		if (visit)
			assert_int_equal(visit(in_directory(entry->d_name)), 0);
	}
	(void) closedir(dir);
	return n;
}

static int
remove_directory(void **state)
{
	(void) state;
	(void) each_file(unlink);
	return rmdir(directory);
}

static void
write_file(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

/* All that a source gives, in reads of the size; frees the source. */
static aiodal_status
read_all(aiodal__source *source, aiodal_compression compression, size_t size, aiodal__buf *out,
		 aiodal_error **err)
{
	char *piece = malloc(size);
	bool empty;
	size_t len = 0;
	aiodal_status status = aiodal__source_start(source, compression, true, &empty, err);

	do
	{
		if (status == AIODAL_OK)
			status = aiodal__source_read(source, piece, size, &len, err);
		if (status == AIODAL_OK)
			aiodal__buf_add(out, piece, len);
	} while (status == AIODAL_OK && len > 0);
	aiodal__source_close(source);
	free(piece);
	return status;
}

/* data, as gzip writes it */
static size_t
zip(const char *data, size_t size, char *out, size_t room)
{
	z_stream z = {0};
	size_t len;

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *) data;
	z.avail_in = (uInt) size;
	z.next_out = (Bytef *) out;
	z.avail_out = (uInt) room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	len = room - z.avail_out;
	(void) deflateEnd(&z);
	return len;
}

static void
check_memory(const char *data, size_t size, const char *expected, size_t expected_size)
{
	static const size_t sizes[] = {1, 3, 7, 65536, 100000};
	aiodal_error *err = NULL;

	for (size_t i = 0; i < 5; i++)
	{
		aiodal__source source;
		aiodal__buf out = AIODAL__BUF_INIT;

		aiodal__source_memory(&source, data, size);
		OK(read_all(&source, AIODAL_COMPRESSION_AUTO, sizes[i], &out, &err));
		assert_int_equal(out.len, expected_size);
		if (expected_size > 0)
			assert_memory_equal(out.data, expected, expected_size);
		assert_int_equal(source.given, expected_size);
		assert_int_equal(source.taken, size);
		aiodal__buf_free(&out);
	}
}

static void
plain_data_passes(void **state)
{
	enum
	{
		SIZE = 200001
	};
	char *big = malloc(SIZE);

	(void) state;
	for (int i = 0; i < SIZE; i++)
		big[i] = (char) (i * 7);
	check_memory("", 0, "", 0);
	check_memory("a", 1, "a", 1);
	check_memory("\x1f", 1, "\x1f", 1);
	check_memory(big, SIZE, big, SIZE);
	free(big);
}

static void
byte_order_marks_are_dropped(void **state)
{
	(void) state;
	/* in reads of one byte it passes, but no caller reads so little */
	for (size_t size = 3; size < 10; size++)
	{
		aiodal__source source;
		aiodal__buf out = AIODAL__BUF_INIT;
		aiodal_error *err = NULL;

		aiodal__source_memory(&source,
							  "\xef\xbb\xbf"
							  "a,b\xef\xbb\xbf",
							  9);
		OK(read_all(&source, AIODAL_COMPRESSION_AUTO, size, &out, &err));
		assert_string_equal(out.data, "a,b\xef\xbb\xbf");
		aiodal__buf_free(&out);
	}
}

static void
zipped_data_is_unzipped(void **state)
{
	enum
	{
		SIZE = 300000
	};
	char *data = malloc(SIZE);
	char *zipped = malloc(2 * SIZE + 1000);
	size_t one;
	size_t two;

	(void) state;
	for (int i = 0; i < SIZE; i++)
		data[i] = (char) (rand() % 50);
	one = zip(data, 100000, zipped, SIZE);
	check_memory(zipped, one, data, 100000);
	/* another member behind it, as "cat a.gz b.gz" makes it, and padding */
	two = one + zip(data + 100000, SIZE - 100000, zipped + one, SIZE);
	check_memory(zipped, two, data, SIZE);
	memset(zipped + two, 0, 1000);
	check_memory(zipped, two + 1000, data, SIZE);
	one = zip("", 0, zipped, SIZE);
	check_memory(zipped, one, "", 0);
	free(data);
	free(zipped);
}

static void
broken_zips_are_told(void **state)
{
	char zipped[2000];
	char data[1000];
	aiodal_error *err = NULL;
	size_t len;

	(void) state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char) rand();
	len = zip(data, sizeof(data), zipped, sizeof(zipped));
	for (size_t cut = 2; cut < len; cut++)
	{
		aiodal__source source;
		aiodal__buf out = AIODAL__BUF_INIT;

		aiodal__source_memory(&source, zipped, cut);
		FAILS(AIODAL_EINVAL, read_all(&source, AIODAL_COMPRESSION_AUTO, 512, &out, &err), "ends too early");
		aiodal__buf_free(&out);
	}
	for (size_t at = 2; at < len; at += 13)
	{
		aiodal__source source;
		aiodal__buf out = AIODAL__BUF_INIT;
		aiodal_status status;

		zipped[at] ^= 0x55;
		aiodal__source_memory(&source, zipped, len);
		status = read_all(&source, AIODAL_COMPRESSION_AUTO, 512, &out, &err);
		/* some bytes of the header are nobody's concern */
		assert_true(status == AIODAL_EINVAL || at < 10);
		aiodal_error_free(err);
		err = NULL;
		aiodal__buf_free(&out);
		zipped[at] ^= 0x55;
	}
}

static ptrdiff_t
read_byte(void *payload, char *buf, size_t size, aiodal_error **err)
{
	const char **at = payload;

	(void) err;
	assert_true(size > 0);
	*buf = *(*at)++;
	return 1;
}

/* What is found out byte by byte is what is found out at once; no prefix is taken for the whole. */
static void
other_kinds_are_told(void **state)
{
	static const struct
	{
		const char *data;
		size_t size; /* as far as it takes to be sure */
		const char *words;
	} cases[] = {
		{"\3757zXZ\0\0", 6, "the data is compressed by xz"},
		{"\x28\xb5\x2f\xfd\x24", 4, "compressed by zstd"},
		{"BZh11AY&SY\1", 10, "compressed by bzip2"},
		{"BZh9\x17\x72\x45\x38\x50\x90\1", 10, "compressed by bzip2"},
		{"\x04\x22\x4d\x18\x64", 4, "compressed by lz4"},
		{"PK\3\4\5", 4, "zip archive"},
		{"7z\xbc\xaf\x27\x1c\1", 6, "7z archive"},
		{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\1", 8, "Microsoft Office"},
		{"PAR1\x15\4", 5, "Parquet"},
		{"\xff\xfe\1", 2, "UTF-16"},
		{"\xfe\xff\1", 2, "UTF-16"},
	};
	static const char *const texts[] = {"BZh9,a\n", "BZh01AY&SY", "BZh", "PAR1,b\n", "PAR1", "PK,7z\n"};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		aiodal__buf out = AIODAL__BUF_INIT;
		aiodal__source source;
		aiodal_error *err = NULL;
		const char *at;
		bool undecided;

		for (size_t n = 0; n <= cases[i].size; n++)
		{
			assert_int_equal(aiodal__file_kind_of(cases[i].data, n, &undecided) != NULL, n == cases[i].size);
			assert_int_equal(undecided, n < cases[i].size);
		}
		aiodal__source_memory(&source, cases[i].data, cases[i].size + 1);
		FAILS(AIODAL_EINVAL, read_all(&source, AIODAL_COMPRESSION_AUTO, 10, &out, &err), cases[i].words);
		at = cases[i].data;
		aiodal__source_callback(&source, read_byte, &at);
		FAILS(AIODAL_EINVAL, read_all(&source, AIODAL_COMPRESSION_AUTO, 10, &out, &err), cases[i].words);
		assert_true(at <= cases[i].data + (cases[i].size > 3 ? cases[i].size : 3));
		aiodal__buf_free(&out);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_memory(texts[i], strlen(texts[i]), texts[i], strlen(texts[i]));
}

static void
files_that_are_none(void **state)
{
	aiodal__source source;
	aiodal_error *err = NULL;
	aiodal__buf out = AIODAL__BUF_INIT;

	(void) state;
	FAILS(AIODAL_ENOTFOUND, aiodal__source_file(&source, in_directory("missing.csv"), &err),
		  "missing.csv\" does not");
	aiodal__source_close(&source);
	FAILS(AIODAL_EINVAL, aiodal__source_file(&source, directory, &err), "is a directory");
	aiodal__source_close(&source);
	write_file(in_directory("plain.gz"), "no gzip", 7);
	OK(aiodal__source_file(&source, in_directory("plain.gz"), &err));
	FAILS(AIODAL_EINVAL, read_all(&source, AIODAL_COMPRESSION_GZIP, 10, &out, &err),
		  "plain.gz\" is not a whole gzip");
	aiodal__source_fd(&source, -1);
	FAILS(AIODAL_EINVAL, read_all(&source, AIODAL_COMPRESSION_AUTO, 10, &out, &err),
		  "could not read the data: Bad file");
	aiodal__buf_free(&out);
}

static void
streams_go_on_where_they_are(void **state)
{
	aiodal__source source;
	aiodal_error *err = NULL;
	aiodal__buf out = AIODAL__BUF_INIT;
	FILE *f;

	(void) state;
	write_file(in_directory("f"), "abcdefgh", 8);
	f = fopen(in_directory("f"), "rb");
	assert_int_equal(fgetc(f), 'a');
	aiodal__source_stream(&source, f);
	OK(read_all(&source, AIODAL_COMPRESSION_AUTO, 3, &out, &err));
	assert_string_equal(out.data, "bcdefgh");
	assert_int_equal(fclose(f), 0);
	aiodal__buf_free(&out);
}

static ptrdiff_t
failing_read(void *payload, char *buf, size_t size, aiodal_error **err)
{
	int *left = payload;

	assert_true(size > 0);
	if (--*left >= 0)
	{
		*buf = 'x';
		return 1;
	}
	switch (*left)
	{
		case -1: return -1;
		case -11: (void) aiodal_error_set(err, AIODAL_ETIMEOUT, "too slow", NULL, NULL); return -1;
		case -21: return (ptrdiff_t) size + 1;
		default: return 0;
	}
}

static void
callbacks_that_fail(void **state)
{
	static const struct
	{
		int left;
		aiodal_status status;
		const char *words;
	} cases[] = {
		{0, AIODAL_ECALLBACK, "callback that reads"},
		{5, AIODAL_ECALLBACK, "callback that reads"},
		{-10, AIODAL_ETIMEOUT, "too slow"},
		{-20, AIODAL_ECALLBACK, "more than it was asked for"},
	};
	aiodal_error *err = NULL;

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		int left = cases[i].left;
		aiodal__source source;
		aiodal__buf out = AIODAL__BUF_INIT;

		aiodal__source_callback(&source, failing_read, &left);
		FAILS(cases[i].status, read_all(&source, AIODAL_COMPRESSION_AUTO, 4, &out, &err), cases[i].words);
		aiodal__buf_free(&out);
	}
}

static aiodal_status
write_all(aiodal__sink *sink, aiodal_compression compression, const char *data, size_t size,
		  aiodal_error **err)
{
	aiodal_status status = aiodal__sink_start(sink, compression, err);

	for (size_t at = 0; status == AIODAL_OK && at < size; at += 999)
		status = aiodal__sink_write(sink, data + at, size - at < 999 ? size - at : 999, err);
	if (status == AIODAL_OK)
		status = aiodal__sink_finish(sink, err);
	aiodal__sink_close(sink);
	return status;
}

static void
sinks_write_what_sources_read(void **state)
{
	enum
	{
		SIZE = 200000
	};
	static const char *const names[] = {"out.csv", "out.csv.gz"};
	char *data = malloc(SIZE);
	aiodal_error *err = NULL;

	(void) state;
	for (int i = 0; i < SIZE; i++)
		data[i] = (char) ('a' + rand() % 20);
	for (int i = 0; i < 2; i++)
	{
		aiodal__source source;
		aiodal__sink sink;
		aiodal__buf out = AIODAL__BUF_INIT;
		unsigned char magic[2] = {0};
		FILE *f;

		OK(aiodal__sink_file(&sink, in_directory(names[i]), &err));
		OK(write_all(&sink, AIODAL_COMPRESSION_AUTO, data, SIZE, &err));
		f = fopen(in_directory(names[i]), "rb");
		assert_int_equal(fread(magic, 1, 2, f), 2);
		(void) fclose(f);
		assert_int_equal(magic[0] == 0x1f && magic[1] == 0x8b, i);
		OK(aiodal__source_file(&source, in_directory(names[i]), &err));
		OK(read_all(&source, AIODAL_COMPRESSION_AUTO, 1000, &out, &err));
		assert_int_equal(out.len, SIZE);
		assert_memory_equal(out.data, data, SIZE);
		aiodal__buf_free(&out);
	}
	free(data);
}

static void
unfinished_files_leave_the_old(void **state)
{
	const char *path = in_directory("kept");
	aiodal__sink sink;
	aiodal_error *err = NULL;
	struct stat st;
	int before;

	(void) state;
	write_file(path, "old", 3);
	assert_int_equal(chmod(path, 0600), 0);
	before = each_file(NULL);
	OK(aiodal__sink_file(&sink, path, &err));
	OK(aiodal__sink_start(&sink, AIODAL_COMPRESSION_AUTO, &err));
	OK(aiodal__sink_write(&sink, "new and longer", 14, &err));
	assert_int_equal(each_file(NULL), before + 1);
	aiodal__sink_close(&sink);
	assert_int_equal(each_file(NULL), before);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 3);

	/* finished: replaced, with its permissions */
	OK(aiodal__sink_file(&sink, path, &err));
	OK(write_all(&sink, AIODAL_COMPRESSION_AUTO, "new and longer", 14, &err));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 14);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(each_file(NULL), before);
}

static void
symbolic_links_stay(void **state)
{
	char target[200];
	const char *link = in_directory("link");
	aiodal__sink sink;
	aiodal_error *err = NULL;
	struct stat st;

	(void) state;
	(void) snprintf(target, sizeof(target), "%s/target", directory);
	write_file(target, "old", 3);
	assert_int_equal(symlink(target, link), 0);
	OK(aiodal__sink_file(&sink, link, &err));
	OK(write_all(&sink, AIODAL_COMPRESSION_AUTO, "longer", 6, &err));
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(target, &st), 0);
	assert_int_equal(st.st_size, 6);
}

static int
failing_write(void *payload, const char *data, size_t size, aiodal_error **err)
{
	(void) data;
	(void) size;
	if (payload)
		(void) aiodal_error_set(err, AIODAL_EBUSY, "no more", NULL, NULL);
	return 1;
}

static void
sinks_that_fail(void **state)
{
	aiodal__sink sink;
	aiodal_error *err = NULL;

	(void) state;
	FAILS(AIODAL_EINVAL, aiodal__sink_file(&sink, directory, &err), "is a directory");
	aiodal__sink_close(&sink);
	FAILS(AIODAL_ENOTFOUND, aiodal__sink_file(&sink, in_directory("no/such/place"), &err),
		  "could not create file");
	aiodal__sink_close(&sink);
	OK(aiodal__sink_file(&sink, "/dev/full", &err));
	FAILS(AIODAL_EINVAL, write_all(&sink, AIODAL_COMPRESSION_NONE, "x", 1, &err), "No space left");
	aiodal__sink_callback(&sink, failing_write, NULL);
	FAILS(AIODAL_ECALLBACK, write_all(&sink, AIODAL_COMPRESSION_GZIP, "x", 1, &err), "callback that writes");
	aiodal__sink_callback(&sink, failing_write, &sink);
	FAILS(AIODAL_EBUSY, write_all(&sink, AIODAL_COMPRESSION_NONE, "x", 1, &err), "no more");
}

static void
layouts_are_settled_by_name(void **state)
{
	static const struct
	{
		const char *path;
		aiodal_format format;
		char delimiter;
	} cases[] = {
		{NULL, AIODAL_FORMAT_CSV, 0},          {"x", AIODAL_FORMAT_CSV, 0},
		{"a.csv", AIODAL_FORMAT_CSV, 0},       {"a.TSV", AIODAL_FORMAT_CSV, '\t'},
		{"a.tsv.gz", AIODAL_FORMAT_CSV, '\t'}, {"a.txt.gz", AIODAL_FORMAT_TEXT, 0},
		{"a.jsonl", AIODAL_FORMAT_JSONL, 0},   {"a.ndjson.GZ", AIODAL_FORMAT_JSONL, 0},
		{"a.bin", AIODAL_FORMAT_BINARY, 0},    {".csv", AIODAL_FORMAT_CSV, 0},
	};
	aiodal_error *err = NULL;

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		aiodal_layout layout = AIODAL_LAYOUT_INIT;

		OK(aiodal__layout_settle(&layout, cases[i].path, &err));
		assert_int_equal(layout.format, cases[i].format);
		assert_int_equal(layout.delimiter, cases[i].delimiter);
	}
}

static void
layouts_that_make_no_sense(void **state)
{
	aiodal_error *err = NULL;
	aiodal_layout cases[] = {
		{.format = (aiodal_format) 9},
		{.header = (aiodal_header) -1},
		{.compression = (aiodal_compression) 3},
		{.format = AIODAL_FORMAT_JSONL, .delimiter = ','},
		{.format = AIODAL_FORMAT_BINARY, .header = AIODAL_HEADER_YES},
		{.format = AIODAL_FORMAT_TEXT, .quote = '"'},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		FAILS(AIODAL_EINVAL, aiodal__layout_settle(&cases[i], NULL, &err), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_data_passes),
		cmocka_unit_test(byte_order_marks_are_dropped),
		cmocka_unit_test(zipped_data_is_unzipped),
		cmocka_unit_test(broken_zips_are_told),
		cmocka_unit_test(other_kinds_are_told),
		cmocka_unit_test(files_that_are_none),
		cmocka_unit_test(streams_go_on_where_they_are),
		cmocka_unit_test(callbacks_that_fail),
		cmocka_unit_test(sinks_write_what_sources_read),
		cmocka_unit_test(unfinished_files_leave_the_old),
		cmocka_unit_test(symbolic_links_stay),
		cmocka_unit_test(sinks_that_fail),
		cmocka_unit_test(layouts_are_settled_by_name),
		cmocka_unit_test(layouts_that_make_no_sense),
	};

	return cmocka_run_group_tests_name("streams", tests, make_directory, remove_directory);
}
