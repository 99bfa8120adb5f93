/*
 * test_load.c
 *		Files into tables, merged by the server.
 */
#include "support.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

static aiodal_db *db;
static char directory[] = "/tmp/aiodal-load-XXXXXX";

static int
set_up(void **state)
{
	(void) state;
	reset_database(
		BOOKS "CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL, price numeric(10,2) DEFAULT 9.99,"
			  " tags text[], doc jsonb, twice int GENERATED ALWAYS AS (id * 2) STORED, CONSTRAINT cheap "
			  "CHECK (price < 1000));"
			  "CREATE SCHEMA library; CREATE TABLE library.item (id int PRIMARY KEY, name text);"
			  "CREATE TABLE \"Odd \"\"Na.me\" (\"K,ey\" int PRIMARY KEY, \"va\"\"l{}\" text);"
			  "CREATE TABLE big (id int PRIMARY KEY, body text);");
	if (!mkdtemp(directory))
		return -1;
	return aiodal_db_open(&db, NULL, NULL, NULL);
}

static int
tear_down(void **state)
{
	static const char *const names[] = {"items.csv", "items.tsv", "items.jsonl", "items.txt", "items.csv.gz",
										"bad.csv",   "empty.csv", "one.csv",     "two.jsonl", "three.txt.gz"};
	char path[200];

	(void) state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		(void) snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		(void) unlink(path);
	}
	aiodal_db_close(db);
	return rmdir(directory);
}

static aiodal_tx *
begin(void)
{
	return begin_in(db);
}

static const char *
write_file(const char *name, const char *text)
{
	static char path[200];
	FILE *f;

	(void) snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
	return path;
}

/* Nothing is left of a load: no stage, no savepoint in the way, and the transaction works. */
static void
expect_no_trace(aiodal_tx *tx)
{
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
	assert_string_equal(
		query(tx, "SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'"),
		"0");
	assert_string_equal(query(tx, "SELECT count(*) FROM item"), "0");
}

static aiodal_status
load_text(aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_load_options *options, const char *text,
		  aiodal_error **err)
{
	return aiodal_bulk_load_memory(stats, tx, options, text, strlen(text), err);
}

static aiodal_load_options
into_item(void)
{
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;

	options.table = "item";
	return options;
}

static void
every_format_by_name(void **state)
{
	static const char *const files[][2] = {
		{"items.csv", "price,id,name\n1.50,1,\"a, \"\"quoted\"\"\nname\"\n,2,b\n"},
		{"items.tsv", "name\tid\tprice\n\"a, \"\"quoted\"\"\nname\"\t1\t1.50\nb\t2\t\n"},
		{"items.jsonl", "{\"id\": 1, \"name\": \"a, \\\"quoted\\\"\\nname\", \"price\": "
						"1.5}\n\n{\"name\":\"b\",\"id\":2,\"price\":null}"},
	};
	aiodal_error *err = NULL;

	(void) state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
	{
		aiodal_tx *tx = begin();
		aiodal_load_options options = into_item();
		aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;

		OK(aiodal_bulk_load_file(&stats, tx, &options, write_file(files[i][0], files[i][1]), &err));
		assert_int_equal(stats.staged, 2);
		assert_int_equal(stats.inserted, 2);
		assert_int_equal(stats.affected, 2);
		assert_int_equal(stats.updated + stats.unchanged + stats.ignored + stats.deleted + stats.duplicates +
							 stats.rejected,
						 0);
		assert_int_equal(stats.bytes, strlen(files[i][1]));
		assert_true(strcmp(stats.path, "sql") == 0 || strcmp(stats.path, "direct") == 0);
		assert_true(stats.elapsed >= stats.elapsed_copy && stats.elapsed_copy > 0);
		assert_string_equal(
			query(tx, "SELECT string_agg(concat_ws('|', id, name, price), ';' ORDER BY id) FROM item"),
			"1|a, \"quoted\"\nname|1.50;2|b");
		aiodal_tx_free(tx);
	}
}

static void
the_text_format(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();
	const char *const columns[] = {"id", "name"};

	(void) state;
	options.columns = columns;
	options.n_columns = 2;
	OK(aiodal_bulk_load_file(NULL, tx, &options, write_file("items.txt", "1\ta\\tb\n2\tc\\nd\n"), &err));
	assert_string_equal(query(tx, "SELECT string_agg(name, ';' ORDER BY id) FROM item"), "a\tb;c\nd");
	/* the file leaves it out: the default */
	assert_string_equal(query(tx, "SELECT min(price) FROM item"), "9.99");
	aiodal_tx_free(tx);
}

static void
layouts(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();
	const char *const columns[] = {"name", "id", "price"};

	(void) state;
	options.layout.delimiter = ';';
	options.layout.quote = '\'';
	options.layout.escape = '\\';
	options.layout.null = "nil";
	options.layout.encoding = "LATIN1";
	OK(load_text(NULL, tx, &options, "id;name;price\n1;'a\\'b;\xe9';nil\n", &err));
	assert_string_equal(query(tx, "SELECT name || coalesce(price::text, ' none') FROM item"),
						"a'b;\xc3\xa9 none");

	options = into_item();
	options.layout.header = AIODAL_HEADER_NO;
	options.columns = columns;
	options.n_columns = 3;
	OK(load_text(NULL, tx, &options, "x,5,1\ny,6,2\n", &err));
	assert_string_equal(
		query(tx, "SELECT string_agg(name || price, ',' ORDER BY id) FROM item WHERE id >= 5"),
		"x1.00,y2.00");

	/* a byte order mark is none of the first column's name */
	options = into_item();
	OK(load_text(NULL, tx, &options, "\xef\xbb\xbfid,name\r\n7,bom\r\n", &err));
	assert_string_equal(query(tx, "SELECT name FROM item WHERE id = 7"), "bom");
	aiodal_tx_free(tx);
}

static void
names_that_need_quotes(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;
	const char *const key[] = {"K,ey"};
	const char *const columns[] = {"va\"l{}", "K,ey"};

	(void) state;
	options.schema = "public";
	options.table = "Odd \"Na.me";
	options.key = key;
	options.n_key = 1;
	options.update_columns = columns;
	options.n_update_columns = 1;
	OK(load_text(NULL, tx, &options, "\"va\"\"l{}\",\"K,ey\"\nx,1\n", &err));
	options.columns = columns;
	options.n_columns = 2;
	options.stage = "St\"age";
	OK(load_text(NULL, tx, &options, "\"va\"\"l{}\",\"K,ey\"\ny,1\n", &err));
	assert_string_equal(query(tx, "SELECT \"va\"\"l{}\" FROM \"Odd \"\"Na.me\""), "y");
	aiodal_tx_free(tx);
}

static void
the_schema_decides(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();

	(void) state;
	OK(load_text(NULL, tx, &options, "id,name\n1,public\n", &err));
	options.schema = "library";
	OK(load_text(NULL, tx, &options, "id,name\n1,library\n", &err));
	assert_string_equal(query(tx, "SELECT (SELECT name FROM public.item) || (SELECT name FROM library.item)"),
						"publiclibrary");
	aiodal_tx_free(tx);
}

static void
modes_and_counts(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();
	aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;

	(void) state;
	OK(load_text(&stats, tx, &options, "id,name\n1,a\n2,b\n3,c\n", &err));
	OK(load_text(&stats, tx, &options, "id,name\n1,a\n2,B\n4,d\n", &err));
	assert_int_equal(stats.inserted, 1);
	assert_int_equal(stats.updated, 1);
	assert_int_equal(stats.unchanged, 1);
	assert_int_equal(stats.affected, 2);
	options.mode = "ignore";
	OK(load_text(&stats, tx, &options, "id,name\n1,x\n5,e\n", &err));
	assert_int_equal(stats.inserted, 1);
	assert_int_equal(stats.ignored, 1);
	options.mode = "update";
	options.on_duplicate = "last";
	OK(load_text(&stats, tx, &options, "id,name\n1,x\n1,y\n9,z\n", &err));
	assert_int_equal(stats.updated, 1);
	assert_int_equal(stats.ignored, 1);
	assert_int_equal(stats.duplicates, 1);
	options.mode = "sync";
	options.on_duplicate = NULL;
	options.delete_where = "id > 2";
	OK(load_text(&stats, tx, &options, "id,name\n1,y\n", &err));
	assert_int_equal(stats.deleted, 3);
	assert_int_equal(stats.unchanged, 1);
	assert_string_equal(query(tx, "SELECT string_agg(id || name, ',' ORDER BY id) FROM item"), "1y,2B");
	options = into_item();
	options.mode = "insert";
	FAILS(AIODAL_ECONSTRAINT, load_text(&stats, tx, &options, "id,name\n8,new\n2,b\n", &err), "item_pkey");
	assert_string_equal(query(tx, "SELECT count(*) FROM item"), "2");
	aiodal_tx_free(tx);
}

static void
what_the_server_refuses(void **state)
{
	static const struct
	{
		const char *text;
		aiodal_status status;
		const char *words;
	} cases[] = {
		{"id,name\n1,a\nx,b\n", AIODAL_ESERVER, "line 3, column id: \"x\""},
		{"id,name\n1,a\n2\n", AIODAL_ESERVER, "line 3"},
		{"id,name\n1,a\n2,b,c\n", AIODAL_ESERVER, "line 3"},
		{"id,nmae\n1,a\n", AIODAL_ESERVER, "nmae"},
		{"id,id,name\n1,1,a\n", AIODAL_ESERVER, "id"},
		{"id,name\n1,\"open\n", AIODAL_ESERVER, "unterminated"},
		{"id,name\n1,\xff\xfe\n", AIODAL_ESERVER, "0xff"},
		{"id,name\n1,\n", AIODAL_ECONSTRAINT, "name"},
		{"id,name,price\n1,a,5000\n", AIODAL_ECONSTRAINT, "cheap"},
		{"id,name\n1,a\n1,b\n", AIODAL_ESERVER, "1"},
		{"id,name,twice\n1,a,2\n", AIODAL_ESERVER, "twice"},
	};
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;
		aiodal_status status =
			aiodal_bulk_load_file(&stats, tx, &options, write_file("bad.csv", cases[i].text), &err);
		char text[3000];

		(void) aiodal_error_describe(err, text, sizeof(text));
		if (status >= 0 || !strstr(text, cases[i].words) || !strstr(text, "bad.csv\" into \"item\""))
			fail_msg("case %zu is %s: %s", i, aiodal_status_name(status), text);
		aiodal_error_free(err);
		err = NULL;
		expect_no_trace(tx);
	}
	aiodal_tx_free(tx);
}

static void
what_makes_no_sense(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;
	const char *const columns[] = {"record jsonb"};
	const char *const missing[] = {"id", "nothing"};
	const aiodal_statement target = {"SELECT 1", 0, NULL};

	(void) state;
	FAILS(AIODAL_EINVAL, load_text(NULL, tx, NULL, "x", &err), "either a table or stage_columns");
	options.table = "itme";
	FAILS(AIODAL_ENOTFOUND, load_text(NULL, tx, &options, "id\n1\n", &err), "Did you mean \"item\"");
	options.schema = "libary";
	options.table = "item";
	FAILS(AIODAL_ENOTFOUND, load_text(NULL, tx, &options, "id\n1\n", &err), "libary");
	options = into_item();
	options.mode = "upset";
	FAILS(AIODAL_ESERVER, load_text(NULL, tx, &options, "id,name\n1,a\n", &err), "upsert");
	options = into_item();
	options.on_error = "weep";
	FAILS(AIODAL_ESERVER, load_text(NULL, tx, &options, "id,name\n1,a\n", &err), "reject");
	options = into_item();
	options.key = missing;
	options.n_key = 2;
	FAILS(AIODAL_ESERVER, load_text(NULL, tx, &options, "id,name\n1,a\n", &err), "nothing");
	options = into_item();
	options.columns = missing;
	options.n_columns = 2;
	FAILS(AIODAL_ESERVER, load_text(NULL, tx, &options, "1,a\n", &err), "nothing");
	options.n_columns = 3;
	options.columns = NULL;
	FAILS(AIODAL_EINVAL, load_text(NULL, tx, &options, "1,a\n", &err), "columns must have");
	options = into_item();
	options.target = &target;
	options.n_target = 1;
	FAILS(AIODAL_EINVAL, load_text(NULL, tx, &options, "x", &err), "target statements need stage_columns");
	options = into_item();
	options.stage_columns = columns;
	options.n_stage_columns = 1;
	FAILS(AIODAL_EINVAL, load_text(NULL, tx, &options, "x", &err), "either a table");
	options.table = NULL;
	FAILS(AIODAL_EINVAL, load_text(NULL, tx, &options, "x", &err), "would leave nothing");
	options.target = &target;
	options.n_target = 1;
	options.mode = "upsert";
	FAILS(AIODAL_EINVAL, load_text(NULL, tx, &options, "x", &err), "not for stage_columns");
	options = into_item();
	options.max_rejects = -1;
	FAILS(AIODAL_EINVAL, load_text(NULL, tx, &options, "x", &err), "max_rejects");
	options = into_item();
	FAILS(AIODAL_EINVAL, aiodal_bulk_load(NULL, tx, &options, NULL, NULL, &err), "read must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_file(NULL, tx, &options, NULL, &err), "path must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_stream(NULL, tx, &options, NULL, &err), "stream must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_fd(NULL, tx, &options, -1, &err), "Bad file descriptor");
	FAILS(AIODAL_EINVAL, load_text(NULL, NULL, &options, "x", &err), "tx must not be NULL");
	expect_no_trace(tx);
	aiodal_tx_free(tx);
}

static void
files_that_are_none(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();

	(void) state;
	FAILS(AIODAL_ENOTFOUND, aiodal_bulk_load_file(NULL, tx, &options, "/nowhere/x.csv", &err),
		  "/nowhere/x.csv");
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_file(NULL, tx, &options, directory, &err), "is a directory");
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_file(NULL, tx, &options, write_file("empty.csv", ""), &err),
		  "empty.csv\" is empty");
	FAILS(AIODAL_EINVAL,
		  aiodal_bulk_load_file(NULL, tx, &options, write_file("empty.csv", "id,name\n"), &err),
		  "empty.csv\" has no rows");
	FAILS(AIODAL_EINVAL,
		  aiodal_bulk_load_file(NULL, tx, &options, write_file("items.csv.gz", "\x1f\x8b no more"), &err),
		  "items.csv.gz\" is not a whole gzip file");
	expect_no_trace(tx);
	options.allow_empty = true;
	OK(aiodal_bulk_load_file(NULL, tx, &options, write_file("empty.csv", "id,name\n"), &err));
	OK(load_text(NULL, tx, &options, "", &err));
	aiodal_tx_free(tx);
}

static void
streams_descriptors_zips(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();
	aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;
	char path[200];
	gzFile gz;
	FILE *f;
	int fd;
	int ends[2];

	(void) state;
	f = fopen(write_file("items.csv", "id,name\n1,stream\n"), "rb");
	OK(aiodal_bulk_load_stream(NULL, tx, &options, f, &err));
	assert_int_equal(fclose(f), 0);
	fd = open(write_file("items.csv", "id,name\n2,fd\n"), O_RDONLY);
	OK(aiodal_bulk_load_fd(NULL, tx, &options, fd, &err));
	assert_int_equal(close(fd), 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "id,name\n3,pipe\n", 15), 15);
	assert_int_equal(close(ends[1]), 0);
	OK(aiodal_bulk_load_fd(NULL, tx, &options, ends[0], &err));
	assert_int_equal(close(ends[0]), 0);
	(void) snprintf(path, sizeof(path), "%s", write_file("items.csv.gz", ""));
	gz = gzopen(path, "wb");
	assert_int_equal(gzputs(gz, "id,name\n4,gz\n"), 13);
	assert_int_equal(gzclose(gz), Z_OK);
	OK(aiodal_bulk_load_file(&stats, tx, &options, path, &err));
	assert_int_equal(stats.bytes, 13);
	assert_string_equal(query(tx, "SELECT string_agg(name, ',' ORDER BY id) FROM item"), "stream,fd,pipe,gz");
	aiodal_tx_free(tx);
}

static ptrdiff_t
read_then_fail(void *payload, char *buf, size_t size, aiodal_error **err)
{
	int *calls = payload;

	if ((*calls)++ == 0)
		return snprintf(buf, size, "id,name\n1,a\n");
	if (*calls == 2)
		return snprintf(buf, size, "2,b\n");
	(void) aiodal_error_set(err, AIODAL_ECALLBACK, "the moon is full", "detail", NULL);
	return -1;
}

static void
callbacks_that_fail(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();
	int calls = 0;

	(void) state;
	FAILS(AIODAL_ECALLBACK, aiodal_bulk_load(NULL, tx, &options, read_then_fail, &calls, &err),
		  "the moon is full");
	expect_no_trace(tx);
	aiodal_tx_free(tx);
}

/* The rows of the table big, each of 10 MB but the first. */
typedef struct big_rows
{
	int rows;
	int row;
	size_t left;
} big_rows;

static ptrdiff_t
read_big(void *payload, char *buf, size_t size, aiodal_error **err)
{
	big_rows *b = payload;
	size_t n;

	(void) err;
	if (b->left > 0)
	{
		n = b->left < size ? b->left : size;
		memset(buf, 'x', n);
		b->left -= n;
		return (ptrdiff_t) n;
	}
	if (b->row == b->rows)
		return 0;
	b->left = 10 * 1024 * 1024;
	b->row++;
	return snprintf(buf, size, "%s%d,", b->row == 1 ? "id,body\n" : "\n", b->row);
}

static void
fields_of_10_megabytes(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;
	big_rows b = {3, 0, 0};

	(void) state;
	options.table = "big";
	OK(aiodal_bulk_load(NULL, tx, &options, read_big, &b, &err));
	assert_string_equal(query(tx, "SELECT sum(length(body)) FROM big"), "31457280");
	aiodal_tx_free(tx);
}

/* id and body, without end; counts the bytes it gave */
static ptrdiff_t
read_for_ever(void *payload, char *buf, size_t size, aiodal_error **err)
{
	int64_t *given = payload;
	size_t n;

	(void) err;
	if (*given == 0)
		n = (size_t) snprintf(buf, size, "id,body\nx,wrong\n");
	else
	{
		for (n = 0; n + 4 <= size; n += 4)
			memcpy(buf + n, "1,a\n", 4);
	}
	*given += (int64_t) n;
	return *given > INT64_C(2000000000) ? 0 : (ptrdiff_t) n;
}

/* The error in the first line ends the load, rather than two gigabytes later. */
static void
an_early_error_ends_it_early(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;
	int64_t given = 0;

	(void) state;
	options.table = "big";
	FAILS(AIODAL_ESERVER, aiodal_bulk_load(NULL, tx, &options, read_for_ever, &given, &err),
		  "line 2, column id");
	assert_true(given >= 1 && given <= 500000000);
	expect_no_trace(tx);
	aiodal_tx_free(tx);
}

typedef struct seen
{
	int calls;
	int stop_at;
	bool phases[3];
	aiodal_progress last;
} seen;

static int
see(void *payload, const aiodal_progress *progress)
{
	seen *s = payload;

	assert_true(progress->size == sizeof(*progress));
	assert_true(progress->rows >= s->last.rows && progress->bytes >= s->last.bytes);
	assert_true(progress->phase >= s->last.phase && progress->elapsed >= s->last.elapsed);
	s->phases[progress->phase] = true;
	s->last = *progress;
	return ++s->calls == s->stop_at;
}

static void
progress_is_told(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();
	seen s = {.stop_at = -1};

	(void) state;
	options.progress = see;
	options.progress_payload = &s;
	OK(aiodal_bulk_load_file(NULL, tx, &options, write_file("items.csv", "id,name\n1,a\n2,b\n"), &err));
	assert_true(s.phases[AIODAL_PHASE_COPY] && s.phases[AIODAL_PHASE_MERGE] && s.phases[AIODAL_PHASE_DONE]);
	assert_int_equal(s.last.rows, 3);
	assert_int_equal(s.last.bytes, 16);
	assert_int_equal(s.last.source_bytes, 16);
	assert_int_equal(s.last.source_total, 16);
	aiodal_tx_free(tx);
}

static void
progress_cancels_anywhere(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();
	int stopped = 0;

	(void) state;
	options.progress = see;
	for (int stop_at = 1; stop_at < 20; stop_at++)
	{
		seen s = {.stop_at = stop_at};
		aiodal_status status;

		options.progress_payload = &s;
		status = load_text(NULL, tx, &options, "id,name\n1,a\n2,b\n", &err);
		if (status == AIODAL_OK)
			break;
		FAILS(AIODAL_ECANCELED, status, "progress callback");
		expect_no_trace(tx);
		stopped++;
	}
	assert_true(stopped >= 3);
	aiodal_tx_free(tx);
}

static int
stop_while_merging(void *payload, const aiodal_progress *progress)
{
	(void) payload;
	return progress->phase == AIODAL_PHASE_MERGE && progress->elapsed > 0.3;
}

/* Nothing comes from the server, and yet the callback is asked, and can end it. */
static void
progress_cancels_a_long_statement(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();
	const aiodal_statement sleep = {"SELECT pg_sleep(30)", 0, NULL};

	(void) state;
	options.post_copy = &sleep;
	options.n_post_copy = 1;
	options.progress = stop_while_merging;
	FAILS(AIODAL_ECANCELED, load_text(NULL, tx, &options, "id,name\n1,a\n", &err), "progress callback");
	expect_no_trace(tx);
	aiodal_tx_free(tx);
}

static void
deadlines_hold(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;
	aiodal_tx_options tx_options = AIODAL_TX_OPTIONS_INIT;
	aiodal_load_options options = into_item();
	const aiodal_statement sleep = {"SELECT pg_sleep(30)", 0, NULL};

	(void) state;
	tx_options.timeout_ms = 300;
	OK(aiodal_tx_begin(&tx, db, &tx_options, &err));
	options.pre_copy = &sleep;
	options.n_pre_copy = 1;
	FAILS(AIODAL_ETIMEOUT, load_text(NULL, tx, &options, "id,name\n1,a\n", &err), "deadline");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
	OK(aiodal_tx_rollback(tx, &err));
	aiodal_tx_free(tx);
}

static void
a_silent_pipe_is_not_waited_for_for_ever(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;
	aiodal_tx_options tx_options = AIODAL_TX_OPTIONS_INIT;
	aiodal_load_options options = into_item();
	int ends[2];

	(void) state;
	assert_int_equal(pipe(ends), 0);
	/* silent from the start, and in the middle */
	for (int i = 0; i < 2; i++)
	{
		tx_options.timeout_ms = 300;
		OK(aiodal_tx_begin(&tx, db, &tx_options, &err));
		if (i == 1)
			assert_int_equal(write(ends[1], "id,name\n1,a\n", 12), 12);
		FAILS(AIODAL_ETIMEOUT, aiodal_bulk_load_fd(NULL, tx, &options, ends[0], &err),
			  "did not come in time");
		assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
		aiodal_tx_free(tx);
	}
	assert_int_equal(close(ends[0]) + close(ends[1]), 0);
}

/* Three files of three formats, the last one zipped; paths are static. */
static const char *const *
three_files(const char *one, const char *two, const char *three)
{
	static char paths[3][200];
	static const char *list[3] = {paths[0], paths[1], paths[2]};
	gzFile zip;

	(void) snprintf(paths[0], sizeof(paths[0]), "%s", write_file("one.csv", one));
	(void) snprintf(paths[1], sizeof(paths[1]), "%s", write_file("two.jsonl", two));
	(void) snprintf(paths[2], sizeof(paths[2]), "%s/three.txt.gz", directory);
	zip = gzopen(paths[2], "wb");
	assert_int_equal(gzputs(zip, three), strlen(three));
	assert_int_equal(gzclose(zip), Z_OK);
	return list;
}

typedef struct seen_files
{
	char names[200];
	int64_t total;
	int64_t last;
	bool backwards;
} seen_files;

static int
see_files(void *payload, const aiodal_progress *progress)
{
	seen_files *seen = payload;
	const char *name = progress->path ? strrchr(progress->path, '/') + 1 : "-";
	size_t len = strlen(seen->names);

	assert_int_equal(progress->n_paths, 3);
	seen->backwards = seen->backwards || progress->source_bytes < seen->last;
	seen->last = progress->source_bytes;
	seen->total = progress->source_total;
	if (len < strlen(name) || strcmp(seen->names + len - strlen(name), name) != 0)
		(void) snprintf(seen->names + len, sizeof(seen->names) - len, " %s", name);
	return 0;
}

static void
files_together(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();
	aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;
	seen_files seen = {"", 0, 0, false};
	const char *const *paths = three_files("price,id,name\n1.50,1,a\n", "{\"id\": 2, \"name\": \"b\"}\n",
										   "3\tc\t\\N\t\\N\t\\N\n4\td\t\\N\t\\N\t\\N\n");

	(void) state;
	options.progress = see_files;
	options.progress_payload = &seen;
	OK(aiodal_bulk_load_files(&stats, tx, &options, paths, 3, &err));
	assert_int_equal(stats.staged, 4);
	assert_int_equal(stats.inserted, 4);
	assert_string_equal(
		query(tx, "SELECT string_agg(concat_ws('|', id, name, price), ';' ORDER BY id) FROM item"),
		"1|a|1.50;2|b|9.99;3|c;4|d");
	assert_string_equal(seen.names, " one.csv two.jsonl three.txt.gz -");
	assert_false(seen.backwards);
	assert_int_equal(seen.last, seen.total);
	assert_true(stats.bytes > 70);
	aiodal_tx_free(tx);
}

static void
files_fail_together(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();
	const char *const *paths = three_files(
		"id,name\n1,a\n", "{\"id\": 2, \"name\": \"b\"}\n{\"id\": \"x\"}\n", "3\tc\t\\N\t\\N\t\\N\n");
	const char *missing[] = {paths[0], "/nowhere/else.csv"};
	const char *empty[] = {paths[0], NULL};

	(void) state;
	FAILS(AIODAL_ESERVER, aiodal_bulk_load_files(NULL, tx, &options, paths, 3, &err),
		  "two.jsonl\" into \"item\"");
	expect_no_trace(tx);
	FAILS(AIODAL_ESERVER, aiodal_bulk_load_files(NULL, tx, &options, paths, 3, &err), "line 2");
	(void) three_files("id,name\n1,a\n", "{\"id\": 2, \"name\": \"b\"}\n",
					   "3\tc\t\\N\t\\N\t\\N\n1\td\t\\N\t\\N\t\\N\n");
	FAILS(AIODAL_ECONSTRAINT, aiodal_bulk_load_files(NULL, tx, &options, paths, 3, &err),
		  "line 2 of input 1 and on line 2 of input 3");
	EXPECT(AIODAL_ECONSTRAINT, aiodal_bulk_load_files(NULL, tx, &options, paths, 3, &err));
	assert_non_null(strstr(aiodal_error_field(err, PG_DIAG_CONTEXT), "input 3 is file \""));
	assert_non_null(strstr(aiodal_error_field(err, PG_DIAG_CONTEXT), "input 1 is file \""));
	assert_null(strstr(aiodal_error_field(err, PG_DIAG_CONTEXT), "input 2 is file \""));
	expect_words(&err, "loading 3 files into \"item\"", __FILE__, __LINE__);
	FAILS(AIODAL_ENOTFOUND, aiodal_bulk_load_files(NULL, tx, &options, missing, 2, &err),
		  "/nowhere/else.csv");
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_files(NULL, tx, &options, empty, 2, &err), "paths");
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_files(NULL, tx, &options, paths, 0, &err), "a file to load");
	empty[1] = write_file("empty.csv", "");
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_files(NULL, tx, &options, empty, 2, &err), "empty.csv\" is empty");
	empty[1] = write_file("empty.csv", "id,name\n");
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_files(NULL, tx, &options, empty, 2, &err),
		  "empty.csv\" has no rows");
	expect_no_trace(tx);
	options.allow_empty = true;
	OK(aiodal_bulk_load_files(NULL, tx, &options, empty, 2, &err));
	aiodal_tx_free(tx);
}

static int
note_rejects(void *payload, const aiodal_reject *reject)
{
	char *text = payload;
	size_t len = strlen(text);

	(void) snprintf(text + len, 300 - len, "%s:%d ", strrchr(reject->path, '/') + 1, (int) reject->line);
	return 0;
}

static void
rejects_of_files(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();
	aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;
	char text[300] = "";
	const char *const *paths =
		three_files("id,name\n1,a\nx,b\n", "{\"id\": 2, \"name\": \"b\"}\n\n{\"id\": \"y\"}\n",
					"3\t\\N\t\\N\t\\N\t\\N\nz\td\t\\N\t\\N\t\\N\n4\te\t2000\t\\N\t\\N\n");

	(void) state;
	options.on_error = "reject";
	options.reject = note_rejects;
	options.reject_payload = text;
	OK(aiodal_bulk_load_files(&stats, tx, &options, paths, 3, &err));
	assert_int_equal(stats.inserted, 2);
	assert_int_equal(stats.rejected, 5);
	/* bad values first, then what the table refused */
	assert_string_equal(text, "one.csv:3 two.jsonl:3 three.txt.gz:2 three.txt.gz:1 three.txt.gz:3 ");
	aiodal_tx_free(tx);
}

static void
loads_follow_each_other(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();

	(void) state;
	for (int i = 0; i < 20; i++)
		OK(load_text(NULL, tx, &options, "id,name\n1,a\n2,b\n", &err));
	FAILS(AIODAL_ESERVER, load_text(NULL, tx, &options, "id,name\nx,y\n", &err), "column id");
	OK(load_text(NULL, tx, &options, "id,name\n3,c\n", &err));
	assert_string_equal(query(tx, "SELECT count(*) FROM item"), "3");
	OK(aiodal_tx_exec_script(tx, "DELETE FROM item", &err));
	expect_no_trace(tx);
	aiodal_tx_free(tx);
}

/* A user's own temporary table of the name a stage would have is left alone. */
static void
other_temporary_tables_stay(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();

	(void) state;
	OK(aiodal_tx_exec_script(
		tx, "CREATE TEMP TABLE item_stage (mine text) ON COMMIT DROP; INSERT INTO item_stage VALUES ('kept')",
		&err));
	OK(load_text(NULL, tx, &options, "id,name\n1,a\n", &err));
	assert_string_equal(query(tx, "SELECT mine FROM item_stage"), "kept");
	aiodal_tx_free(tx);
}

static void
rights_are_obeyed(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();

	(void) state;
	OK(aiodal_tx_exec_script(
		tx, "CREATE ROLE aiodal_reader; GRANT SELECT ON item TO aiodal_reader; SET ROLE aiodal_reader",
		&err));
	EXPECT(AIODAL_ESERVER, load_text(NULL, tx, &options, "id,name\n1,a\n", &err));
	assert_string_equal(aiodal_error_sqlstate(err), "42501");
	aiodal_error_free(err);
	aiodal_tx_free(tx);
}

static void
in_a_failed_or_ended_transaction(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();

	(void) state;
	FAILS(AIODAL_ESERVER, aiodal_tx_exec(NULL, tx, "SELECT 1/0", 0, NULL, &err), "zero");
	FAILS(AIODAL_ESTATE, load_text(NULL, tx, &options, "id,name\n1,a\n", &err), "has failed");
	OK(aiodal_tx_rollback(tx, &err));
	FAILS(AIODAL_ESTATE, load_text(NULL, tx, &options, "id,name\n1,a\n", &err), "rolled back already");
	aiodal_tx_free(tx);
}

typedef struct killer
{
	int pid;
	int reads;
} killer;

static ptrdiff_t
kill_while_reading(void *payload, char *buf, size_t size, aiodal_error **err)
{
	killer *k = payload;
	char sql[100];

	(void) err;
	if (++k->reads == 4)
	{
		(void) snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d, 5000)", k->pid);
		run_sql(sql);
	}
	if (k->reads > 1000)
		return 0;
	return snprintf(buf, size, "%s%d,a\n", k->reads == 1 ? "id,name\n" : "", k->reads);
}

static void
the_server_goes_in_the_middle(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();
	killer k = {(int) strtol(query(tx, "SELECT pg_backend_pid()"), NULL, 10), 0};

	(void) state;
	FAILS(AIODAL_ECONN, aiodal_bulk_load(NULL, tx, &options, kill_while_reading, &k, &err),
		  "terminating connection");
	/* noticed at once, not at the end of the data */
	assert_true(k.reads >= 4 && k.reads <= 20);
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_LOST);
	FAILS(AIODAL_ECONN, aiodal_tx_commit(tx, &err), "lost");
	aiodal_tx_free(tx);
	tx = begin();
	expect_no_trace(tx);
	aiodal_tx_free(tx);
}

static void
stats_of_all_ages(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = into_item();
	aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;

	(void) state;
	stats.size = offsetof(aiodal_load_stats, updated);
	stats.updated = 77;
	OK(load_text(&stats, tx, &options, "id,name\n1,a\n", &err));
	assert_int_equal(stats.inserted, 1);
	assert_int_equal(stats.updated, 77);
	aiodal_tx_free(tx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_by_name),
		cmocka_unit_test(the_text_format),
		cmocka_unit_test(layouts),
		cmocka_unit_test(names_that_need_quotes),
		cmocka_unit_test(the_schema_decides),
		cmocka_unit_test(modes_and_counts),
		cmocka_unit_test(what_the_server_refuses),
		cmocka_unit_test(what_makes_no_sense),
		cmocka_unit_test(files_that_are_none),
		cmocka_unit_test(streams_descriptors_zips),
		cmocka_unit_test(callbacks_that_fail),
		cmocka_unit_test(fields_of_10_megabytes),
		cmocka_unit_test(an_early_error_ends_it_early),
		cmocka_unit_test(progress_is_told),
		cmocka_unit_test(progress_cancels_anywhere),
		cmocka_unit_test(progress_cancels_a_long_statement),
		cmocka_unit_test(deadlines_hold),
		cmocka_unit_test(a_silent_pipe_is_not_waited_for_for_ever),
		cmocka_unit_test(files_together),
		cmocka_unit_test(files_fail_together),
		cmocka_unit_test(rejects_of_files),
		cmocka_unit_test(loads_follow_each_other),
		cmocka_unit_test(other_temporary_tables_stay),
		cmocka_unit_test(rights_are_obeyed),
		cmocka_unit_test(in_a_failed_or_ended_transaction),
		cmocka_unit_test(the_server_goes_in_the_middle),
		cmocka_unit_test(stats_of_all_ages),
	};

	return cmocka_run_group_tests_name("load", tests, set_up, tear_down);
}
