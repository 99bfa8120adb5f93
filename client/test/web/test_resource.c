/*
 * test_resource.c
 *		Lists and details: of tables, views and queries by hand, with hostile names and hostile requests.
 */
#include "web.h"

#include "etag.h"
#include "statement.h"
#include "alloc.h"

static aiodal_db *db;

#define LIBRARY                                                                                            \
	"CREATE SCHEMA library;"                                                                               \
	"CREATE TYPE library.binding AS ENUM ('paper', 'cloth');"                                              \
	"CREATE DOMAIN library.isbn AS text CHECK (VALUE ~ '^[0-9]+$');"                                       \
	"CREATE TABLE library.author (id int PRIMARY KEY, name text NOT NULL, born date, secret text);"        \
	"CREATE TABLE library.book (id int PRIMARY KEY, author_id int NOT NULL REFERENCES library.author, "    \
	" name text NOT NULL, year smallint, price numeric(8,2), binding library.binding, isbn library.isbn,"  \
	" tags text[], extra json, removed timestamptz, version int NOT NULL DEFAULT 1);"                      \
	"INSERT INTO library.author SELECT i, 'Author ' || i, date '1900-01-01' + i, 'hidden' FROM "           \
	"generate_series(1, 5) i;"                                                                             \
	"INSERT INTO library.book (id, author_id, name, year, price, binding, isbn, tags, extra, removed)"     \
	" SELECT i, i % 5 + 1, 'Book ' || i, CASE WHEN i % 10 > 0 THEN 1900 + i % 7 END, i * 1.5, 'paper',"    \
	" i::text, ARRAY['a', 'b'], json_build_object('i', i), CASE WHEN i > 250 THEN now() END"               \
	" FROM generate_series(1, 255) i;"                                                                     \
	"CREATE TABLE library.stock (shelf text, \"row\" int, n int, PRIMARY KEY (shelf, \"row\"));"           \
	"INSERT INTO library.stock VALUES ('a/b', 1, 10), ('100%', 2, 20), ('\xC3\xA9', 3, 30);"               \
	"CREATE VIEW library.old AS SELECT id, name FROM library.book WHERE id < 10;"                          \
	"CREATE TABLE library.\"s r\"\"p\" (s int PRIMARY KEY, r int, p int, n int, \"a.lt\" int, \"lim'it\" " \
	"int,"                                                                                                 \
	" \"q\"\"x\" int);"                                                                                    \
	"INSERT INTO library.\"s r\"\"p\" VALUES (1, 2, 3, 4, 5, 6, 7), (2, 3, 4, 5, 6, 7, 8)"

static int
set_up(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	(void) state;
	reset_database(LIBRARY);
	options.pool_size = 2;
	options.acquire_timeout_ms = 50;
	return aiodal_db_open(&db, NULL, &options, NULL);
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

static aiodal_web_app *
new_app(void)
{
	aiodal_web_app *app;
	aiodal_error *err = NULL;

	OK(aiodal_web_app_new(&app, db, NULL, &err));
	return app;
}

static void
add(aiodal_web_app *app, const char *prefix, const aiodal_web_resource_options *options)
{
	aiodal_web_scope *scope;
	aiodal_error *err = NULL;

	OK(aiodal_web_scope_new(&scope, aiodal_web_app_root(app), prefix, &err));
	OK(aiodal_web_scope_add_resource(scope, options, &err));
}

/* Most tests ask this one. */
static aiodal_web_app *
book_app(const char *prefix)
{
	aiodal_web_resource_options options = AIODAL_WEB_RESOURCE_OPTIONS_INIT;
	aiodal_web_app *app = new_app();

	options.schema = "library";
	options.table = "book";
	options.path = "/books";
	options.deleted = "removed";
	options.version = "version";
	add(app, prefix, &options);
	return app;
}

#define LISTS(app, target) ANSWERS(200, app, "GET", target, NULL, NULL)

static int
count(const char *words)
{
	const char *p = last_body;
	int n = 0;

	while ((p = strstr(p, words)))
	{
		n++;
		p += strlen(words);
	}
	return n;
}

static void
pages_through_lists(void **state)
{
	static const char *const prefixes[] = {"", "/v1", "/api/v2"};
	size_t i;

	(void) state;
	for (i = 0; i < 3; i++)
	{
		aiodal_web_app *app = book_app(prefixes[i]);
		char url[200];
		int pages = 0;
		int rows = 0;

		(void) snprintf(url, sizeof(url), "%s/books?limit=60", prefixes[i]);
		for (;;)
		{
			const char *next;

			LISTS(app, url);
			HAS_HEADER("Content-Type: application/json");
			SAYS("\"total_count\": 250");
			pages++;
			rows += count("\"author_id\"");
			next = strstr(last_body, "\"next_url\": ") + strlen("\"next_url\": ");
			if (strncmp(next, "null", 4) == 0)
				break;
			assert_memory_equal(next + 1, url, strlen(prefixes[i]) + strlen("/books?limit=60"));
			(void) snprintf(url, sizeof(url), "%.*s", (int) strcspn(next + 1, "\""), next + 1);
		}
		assert_int_equal(pages, 5);
		assert_int_equal(rows, 250);
		aiodal_web_app_free(app);
	}
}

static void
keeps_the_query_in_next_url(void **state)
{
	aiodal_web_app *app = book_app("");

	(void) state;
	LISTS(app, "/books?author_id=1&limit=10&name.contains=bo%6Fk&offset=010");
	SAYS("\"next_url\": \"/books?author_id=1&name.contains=bo%6Fk&limit=10&offset=20\"");
	SAYS("\"total_count\": 50");
	LISTS(app, "/books?%6Cimit=1&&o%66fset=248&order=-id&");
	SAYS("\"next_url\": \"/books?order=-id&limit=1&offset=249\"");
	LISTS(app, "/books?limit=1&offset=249");
	SAYS("\"next_url\": null");
	/* a proxy or an attacker says another host */
	ANSWERS(200, app, "GET", "/books?limit=1", "Host: evil.example\nX-Forwarded-Host: evil.example", NULL);
	SAYS("\"next_url\": \"/books?limit=1&offset=1\"");
	ANSWERS(404, app, "GET", "//evil.example/books", NULL, NULL);
	LISTS(app, "/books?name.ne=\"<\\>^`{|}'&limit=1");
	SAYS("\"next_url\": \"/books?name.ne=%22%3C%5C%3E%5E%60%7B%7C%7D'&limit=1&offset=1\"");
	LISTS(app, "/books?name.ne=%22%3C%5C%3E%5E%60%7B%7C%7D'&limit=1&offset=1");
	LISTS(app, "/books?name=%22%5C&limit=0");
	SAYS("\"total_count\": 0");
	SAYS("\"results\": []");
	aiodal_web_app_free(app);
}

/* What some take for a host: nobody is led there. */
static void
leads_nowhere_else(void **state)
{
	aiodal_web_app *app = book_app("/{tenant}");

	(void) state;
	LISTS(app, "/\\evil.example/books?limit=1");
	SAYS("\"next_url\": \"/%5Cevil.example/books?limit=1&offset=1\"");
	LISTS(app, "/%2Fevil.example/books?limit=1");
	SAYS("\"next_url\": \"/%2Fevil.example/books?limit=1&offset=1\"");
	ANSWERS(404, app, "GET", "//evil.example/books", NULL, NULL);
	ANSWERS(404, app, "GET", "//books?limit=1", NULL, NULL);
	aiodal_web_app_free(app);
}

static void
counts_past_the_end(void **state)
{
	aiodal_web_app *app = book_app("");

	(void) state;
	LISTS(app, "/books?offset=250");
	SAYS("{\"total_count\": 250, \"next_url\": null, \"results\": []}");
	LISTS(app, "/books?offset=999999999999999999&limit=1000");
	SAYS("{\"total_count\": 250, \"next_url\": null, \"results\": []}");
	LISTS(app, "/books?limit=0");
	SAYS("{\"total_count\": 250, \"next_url\": null, \"results\": []}");
	LISTS(app, "/books?limit=1000");
	assert_int_equal(count("\"author_id\""), 250);
	LISTS(app, "/books");
	assert_int_equal(count("\"author_id\""), 100);
	SAYS("\"next_url\": \"/books?limit=100&offset=100\"");
	aiodal_web_app_free(app);
}

static void
refuses_bad_queries(void **state)
{
	static const char *const bad[] = {
		"limit=1001",
		"limit=-1",
		"limit=",
		"limit=1e2",
		"limit=%2B1",
		"limit=0x10",
		"limit=10&limit=10",
		"offset=-1",
		"offset=1000000000000000000",
		"offset=99999999999999999999999",
		"offset=a",
		"order=nothing",
		"order=name;drop",
		"order=name%20desc",
		"order=name&order=id",
		"order=,name",
		"order=extra",
		"order=--name",
		"nothing=1",
		"name.like=x",
		"name.=x",
		".lt=1",
		"extra=1",
		"extra.contains=1",
		"year.null=maybe",
		"removed%22=1",
		"id=1%3BDROP",
		"id=1&id=x",
		"id.lt=x",
		"year=99999",
		"year.ge=1.5",
		"binding=leather",
		"tags=a",
		"removed.lt=yesterdayish",
		"price.gt=",
	};
	aiodal_web_app *app = book_app("");
	char target[200];
	char long_one[2000] = "/books?id=1";
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		(void) snprintf(target, sizeof(target), "/books?%s", bad[i]);
		ANSWERS(400, app, "GET", target, NULL, NULL);
		HAS_HEADER("Content-Type: application/problem+json");
		SAYS("\"detail\":");
		SAYS_NOT("invalid");
		SAYS_NOT("library.");
	}
	ANSWERS(400, app, "GET", "/books?id=1&year.ge=x", NULL, NULL);
	SAYS("the value of year.ge is not one of its column's type");
	ANSWERS(400, app, "GET", "/books?limit=1001", NULL, NULL);
	SAYS("limit is not a number from 0 to 1000");
	for (i = 0; i < 100; i++)
		(void) snprintf(long_one + strlen(long_one), 20, "&id=%zu", i);
	ANSWERS(400, app, "GET", long_one, NULL, NULL);
	SAYS("too many parameters");
	aiodal_web_app_free(app);
}

static void
filters_by_columns(void **state)
{
	static const struct
	{
		const char *query;
		int total;
	} cases[] = {
		{"id=7", 1},
		{"id=7&id=8&id=8", 2},
		{"id=7&year=1900", 1},
		{"id=7&year=1901", 0},
		{"author_id.ne=1", 200},
		{"year.ne=1900", 218},
		{"id.lt=10", 9},
		{"id.le=10", 10},
		{"id.gt=10&id.lt=20", 9},
		{"id.ge=10&id.ge=20", 231},
		{"year.null=true", 25},
		{"year.null=false", 225},
		{"name=Book%201", 1},
		{"name=book%201", 0},
		{"name.contains=BOOK+24", 11},
		{"name.contains=%25", 0},
		{"price.le=3.00", 2},
		{"binding=paper", 250},
		{"binding=cloth", 0},
		{"isbn=12", 1},
		{"tags={a,b}", 250},
		{"name=%27%3B+DROP+TABLE+library.book%3B--", 0},
		{"id=001", 1},
	};
	aiodal_web_app *app = book_app("");
	char target[200];
	char total[50];
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		(void) snprintf(target, sizeof(target), "/books?limit=1&%s", cases[i].query);
		(void) snprintf(total, sizeof(total), "\"total_count\": %d,", cases[i].total);
		LISTS(app, target);
		SAYS(total);
	}
	aiodal_web_app_free(app);
}

static void
orders_lists(void **state)
{
	aiodal_web_app *app = book_app("");

	(void) state;
	LISTS(app, "/books?limit=2&order=-id");
	SAYS("\"results\": [{\"id\":250,");
	LISTS(app, "/books?limit=2&order=year,-id&year.null=false");
	SAYS("\"results\": [{\"id\":245,");
	/* the key decides where nothing else does */
	LISTS(app, "/books?limit=1&order=binding");
	SAYS("\"results\": [{\"id\":1,");
	LISTS(app, "/books?limit=1&order=");
	SAYS("\"results\": [{\"id\":1,");
	aiodal_web_app_free(app);
}

static void
shows_details(void **state)
{
	aiodal_web_app *app = book_app("");

	(void) state;
	ANSWERS(200, app, "GET", "/books/7", NULL, NULL);
	HAS_HEADER("Content-Type: application/json");
	HAS_HEADER("ETag: \"1\"");
	SAYS("{\"id\":7,\"author_id\":3,\"name\":\"Book 7\",\"year\":1900,\"price\":10.50,\"binding\":\"paper\","
		 "\"isbn\":\"7\",\"tags\":[\"a\",\"b\"],\"extra\":{\"i\" : 7},\"removed\":null,\"version\":1}");
	ANSWERS(200, app, "HEAD", "/books/7", NULL, NULL);
	HAS_HEADER("ETag: \"1\"");
	ANSWERS(404, app, "GET", "/books/1000", NULL, NULL);
	ANSWERS(404, app, "GET", "/books/x", NULL, NULL);
	ANSWERS(404, app, "GET", "/books/7%20OR%201=1", NULL, NULL);
	ANSWERS(404, app, "GET", "/books/99999999999999999999", NULL, NULL);
	ANSWERS(410, app, "GET", "/books/255", NULL, NULL);
	HAS_HEADER("Content-Type: application/problem+json");
	ANSWERS(405, app, "DELETE", "/books/7", NULL, NULL);
	aiodal_web_app_free(app);
}

static void
answers_conditional_requests(void **state)
{
	aiodal_web_app *app = book_app("");

	(void) state;
	ANSWERS(304, app, "GET", "/books/7", "If-None-Match: \"1\"", NULL);
	HAS_HEADER("ETag: \"1\"");
	assert_string_equal(last_body, "");
	ANSWERS(304, app, "GET", "/books/7", "If-None-Match: \"x\", W/\"1\"", NULL);
	ANSWERS(304, app, "GET", "/books/7", "If-None-Match: *", NULL);
	ANSWERS(200, app, "GET", "/books/7", "If-None-Match: \"2\"", NULL);
	ANSWERS(200, app, "GET", "/books/7", "If-None-Match: nonsense", NULL);
	aiodal_web_app_free(app);
}

static void
compares_entity_tags(void **state)
{
	static const struct
	{
		const char *line;
		aiodal_web__match_result strong, weak;
	} cases[] = {
		{"\"a\"", AIODAL_WEB__MATCH_FOUND, AIODAL_WEB__MATCH_FOUND},
		{"W/\"a\"", AIODAL_WEB__MATCH_NONE, AIODAL_WEB__MATCH_FOUND},
		{" \"b\" ,\t\"a\" ", AIODAL_WEB__MATCH_FOUND, AIODAL_WEB__MATCH_FOUND},
		{",,\"b\",,", AIODAL_WEB__MATCH_NONE, AIODAL_WEB__MATCH_NONE},
		{"\"a,b\"", AIODAL_WEB__MATCH_NONE, AIODAL_WEB__MATCH_NONE},
		{" * ", AIODAL_WEB__MATCH_FOUND, AIODAL_WEB__MATCH_FOUND},
		{"*, \"a\"", AIODAL_WEB__MATCH_BAD, AIODAL_WEB__MATCH_BAD},
		{"\"a\", *", AIODAL_WEB__MATCH_BAD, AIODAL_WEB__MATCH_BAD},
		{"", AIODAL_WEB__MATCH_BAD, AIODAL_WEB__MATCH_BAD},
		{",", AIODAL_WEB__MATCH_BAD, AIODAL_WEB__MATCH_BAD},
		{"a", AIODAL_WEB__MATCH_BAD, AIODAL_WEB__MATCH_BAD},
		{"\"a", AIODAL_WEB__MATCH_BAD, AIODAL_WEB__MATCH_BAD},
		{"\"a\"\"a\"", AIODAL_WEB__MATCH_BAD, AIODAL_WEB__MATCH_BAD},
		{"\"a\" x", AIODAL_WEB__MATCH_BAD, AIODAL_WEB__MATCH_BAD},
		{"w/\"a\"", AIODAL_WEB__MATCH_BAD, AIODAL_WEB__MATCH_BAD},
		{"W/ \"a\"", AIODAL_WEB__MATCH_BAD, AIODAL_WEB__MATCH_BAD},
		{"\"a b\"", AIODAL_WEB__MATCH_BAD, AIODAL_WEB__MATCH_BAD},
		{"\"", AIODAL_WEB__MATCH_BAD, AIODAL_WEB__MATCH_BAD},
		{"W/", AIODAL_WEB__MATCH_BAD, AIODAL_WEB__MATCH_BAD},
	};
	aiodal_web__etag etag;
	size_t i;

	(void) state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		if (aiodal_web__etag_match_line(cases[i].line, "\"a\"", false) != cases[i].strong ||
			aiodal_web__etag_match_line(cases[i].line, "\"a\"", true) != cases[i].weak)
			fail_msg("%s", cases[i].line);
	}
	assert_true(aiodal_web__etag_make(etag, "12", "{}", 2));
	assert_string_equal(etag, "\"12\"");
	/* a space or a quote cannot stand in a tag */
	assert_true(aiodal_web__etag_make(etag, "2024-01-01 \"", "{}", 2));
	assert_int_equal(strlen(etag), 34);
	assert_true(aiodal_web__etag_make(etag, NULL, "abc", 3));
	assert_string_equal(etag, "\"ba7816bf8f01cfea414140de5dae2223\"");
	assert_true(aiodal_web__etag_make(etag, "", "{}", 2));
	assert_string_equal(etag, "\"\"");
	assert_true(aiodal_web__etag_make(
		etag, "0123456789012345678901234567890123456789012345678901234567890123", "{}", 2));
	assert_int_equal(strlen(etag), 66);
}

static void
reads_keys_of_many_columns(void **state)
{
	aiodal_web_resource_options options = AIODAL_WEB_RESOURCE_OPTIONS_INIT;
	aiodal_web_app *app = new_app();

	(void) state;
	options.schema = "library";
	options.table = "stock";
	add(app, "", &options);
	options.path = "/shelves";
	options.item_path = "/shelves/{which}/rows/{number}";
	add(app, "/of/{id}", &options);
	ANSWERS(200, app, "GET", "/stock/a%2Fb/1", NULL, NULL);
	SAYS("\"n\":10");
	ANSWERS(200, app, "GET", "/of/2/shelves/100%25/rows/2", NULL, NULL);
	SAYS("\"n\":20");
	ANSWERS(200, app, "GET", "/stock/%C3%A9/3", NULL, NULL);
	SAYS("\"n\":30");
	ANSWERS(404, app, "GET", "/stock/a/1", NULL, NULL);
	ANSWERS(404, app, "GET", "/stock/1/a", NULL, NULL);
	aiodal_web_app_free(app);
}

static void
stands_hostile_names(void **state)
{
	aiodal_web_resource_options options = AIODAL_WEB_RESOURCE_OPTIONS_INIT;
	aiodal_web_app *app = new_app();

	(void) state;
	options.schema = "library";
	options.table = "s r\"p";
	options.path = "/odd";
	add(app, "", &options);
	LISTS(app, "/odd");
	SAYS("[{\"s\":1,\"r\":2,\"p\":3,\"n\":4,\"a.lt\":5,\"lim'it\":6,\"q\\\"x\":7}");
	LISTS(app, "/odd?a.lt=6");
	SAYS("\"total_count\": 1,");
	LISTS(app, "/odd?a.lt.gt=5");
	SAYS("\"total_count\": 1,");
	LISTS(app, "/odd?q%22x=7&lim%27it=6&order=-q%22x");
	SAYS("\"total_count\": 1,");
	ANSWERS(200, app, "GET", "/odd/2", NULL, NULL);
	SAYS("{\"s\":2,\"r\":3,\"p\":4,\"n\":5,");
	aiodal_web_app_free(app);
}

static void
chooses_columns(void **state)
{
	static const char *const columns[] = {"id", "name"};
	static const char *const filters[] = {"born"};
	aiodal_web_resource_options options = AIODAL_WEB_RESOURCE_OPTIONS_INIT;
	aiodal_web_app *app = new_app();

	(void) state;
	options.schema = "library";
	options.table = "author";
	options.columns = columns;
	options.n_columns = 2;
	add(app, "", &options);
	options.filters = filters;
	options.n_filters = 1;
	options.order = "-born";
	options.default_limit = 1;
	options.max_limit = 2;
	add(app, "/by-birth", &options);
	LISTS(app, "/author");
	SAYS("[{\"id\":1,\"name\":\"Author 1\"}");
	SAYS_NOT("hidden");
	ANSWERS(400, app, "GET", "/author?secret=hidden", NULL, NULL);
	ANSWERS(400, app, "GET", "/author?order=secret", NULL, NULL);
	ANSWERS(200, app, "GET", "/author/1", NULL, NULL);
	assert_string_equal(last_body, "{\"id\":1,\"name\":\"Author 1\"}");
	/* no version: the tag is a hash of what is sent */
	assert_non_null(strstr(last_headers, "ETag: \""));
	LISTS(app, "/by-birth/author?born.gt=1900-01-02");
	SAYS("\"total_count\": 4, \"next_url\": \"/by-birth/author?born.gt=1900-01-02&limit=1&offset=1\", "
		 "\"results\": [{\"id\":5,");
	ANSWERS(400, app, "GET", "/by-birth/author?name=x", NULL, NULL);
	ANSWERS(400, app, "GET", "/by-birth/author?limit=3", NULL, NULL);
	aiodal_web_app_free(app);
}

static void
reads_views_and_queries(void **state)
{
	static const char *const key[] = {"id"};
	aiodal_web_resource_options options = AIODAL_WEB_RESOURCE_OPTIONS_INIT;
	aiodal_web_app *app = new_app();

	(void) state;
	options.schema = "library";
	options.table = "old";
	add(app, "/keyless", &options);
	options.key = key;
	options.n_key = 1;
	add(app, "", &options);
	options.table = NULL;
	options.query = "SELECT b.id, b.name, a.name AS author, count(*) OVER () AS n FROM library.book b JOIN "
					"library.author a ON a.id = b.author_id -- with a comment";
	options.path = "/joined";
	add(app, "", &options);
	LISTS(app, "/keyless/old?order=-id&limit=1");
	SAYS("\"total_count\": 9");
	ANSWERS(404, app, "GET", "/keyless/old/1", NULL, NULL);
	ANSWERS(200, app, "GET", "/old/9", NULL, NULL);
	ANSWERS(404, app, "GET", "/old/10", NULL, NULL);
	LISTS(app, "/joined?author=Author%202&order=-id&limit=1");
	SAYS("\"total_count\": 51");
	SAYS("{\"id\":251,\"name\":\"Book 251\",\"author\":\"Author 2\",\"n\":255}");
	ANSWERS(200, app, "GET", "/joined/3", NULL, NULL);
	SAYS("\"author\":\"Author 4\"");
	ANSWERS(400, app, "GET", "/joined?n=many", NULL, NULL);
	aiodal_web_app_free(app);
}

/*
 * Who may see what
 */

static aiodal_status
who(aiodal_web_request *req, const char **values, void *payload, aiodal_error **err)
{
	(void) payload;
	values[0] = aiodal_web_request_header(req, "X-User");
	values[1] = "0";
	if (values[0] && strcmp(values[0], "nobody") == 0)
		return aiodal_error_set(err, AIODAL_ECALLBACK, "no such user", NULL, NULL);
	return AIODAL_OK;
}

static aiodal_status
allow(aiodal_web_request *req, aiodal_web_response *res, aiodal_web_action action, void *payload,
	  aiodal_error **err)
{
	const char *may = aiodal_web_request_header(req, "X-May");

	(void) payload;
	assert_non_null(aiodal_web_request_tx(req));
	if (!may || strcmp(may, action == AIODAL_WEB_LIST ? "list" : "detail") != 0)
		return aiodal_web_response_problem(res, 403, "ask for it", err);
	return AIODAL_OK;
}

static void
hides_rows(void **state)
{
	aiodal_web_resource_options options = AIODAL_WEB_RESOURCE_OPTIONS_INIT;
	aiodal_web_app *app = new_app();

	(void) state;
	options.schema = "library";
	options.table = "book";
	options.visible = "author_id = $1 AND id > $2 OR false -- all of it in brackets";
	options.n_values = 2;
	options.values = who;
	add(app, "", &options);
	ANSWERS(200, app, "GET", "/book?id.le=10", "X-User: 2", NULL);
	SAYS("\"total_count\": 2,");
	ANSWERS(200, app, "GET", "/book/1", "X-User: 2", NULL);
	ANSWERS(404, app, "GET", "/book/2", "X-User: 2", NULL);
	ANSWERS(404, app, "GET", "/book/x", "X-User: 2", NULL);
	ANSWERS(200, app, "GET", "/book", NULL, NULL);
	SAYS("\"total_count\": 0,");
	ANSWERS(500, app, "GET", "/book", "X-User: nobody", NULL);
	/* a value of the service's own that makes no sense is no fault of the client */
	ANSWERS(500, app, "GET", "/book", "X-User: x", NULL);
	SAYS_NOT("detail");
	ANSWERS(500, app, "GET", "/book/1", "X-User: x", NULL);
	aiodal_web_app_free(app);
}

static void
asks_before_anything(void **state)
{
	aiodal_web_resource_options options = AIODAL_WEB_RESOURCE_OPTIONS_INIT;
	aiodal_web_app *app = new_app();

	(void) state;
	options.schema = "library";
	options.table = "book";
	options.allow = allow;
	add(app, "", &options);
	ANSWERS(403, app, "GET", "/book", NULL, NULL);
	SAYS("ask for it");
	ANSWERS(200, app, "GET", "/book", "X-May: list", NULL);
	ANSWERS(403, app, "GET", "/book/1", "X-May: list", NULL);
	ANSWERS(200, app, "GET", "/book/1", "X-May: detail", NULL);
	ANSWERS(403, app, "GET", "/book/1000", NULL, NULL);
	aiodal_web_app_free(app);
}

static void
says_when_it_cannot(void **state)
{
	aiodal_web_app *app = book_app("");
	aiodal_error *err = NULL;
	aiodal_tx *a, *b;

	(void) state;
	OK(aiodal_tx_begin(&a, db, NULL, &err));
	OK(aiodal_tx_begin(&b, db, NULL, &err));
	ANSWERS(503, app, "GET", "/books", NULL, NULL);
	HAS_HEADER("Retry-After: 1");
	aiodal_tx_free(a);
	aiodal_tx_free(b);
	aiodal_web_app_free(app);
}

static void
says_what_is_not_allowed(void **state)
{
	static const char *const columns[] = {"id", "name"};
	aiodal_web_resource_options options = AIODAL_WEB_RESOURCE_OPTIONS_INIT;
	aiodal_db *limited;
	aiodal_db *all = db;
	aiodal_web_app *app;
	aiodal_error *err = NULL;

	(void) state;
	run_sql(
		"DROP ROLE IF EXISTS aiodal_reader; CREATE ROLE aiodal_reader LOGIN; GRANT USAGE ON SCHEMA library "
		"TO aiodal_reader; GRANT SELECT (id, name, born) ON library.author TO aiodal_reader; GRANT SELECT ON "
		"library.stock TO aiodal_reader");
	OK(aiodal_db_open(&limited, "options='-c role=aiodal_reader'", NULL, &err));
	db = limited;
	app = new_app();
	options.schema = "library";
	options.table = "author";
	options.columns = columns;
	options.n_columns = 2;
	options.order = "born";
	options.filters = (const char *const[]){"born"};
	options.n_filters = 1;
	add(app, "", &options);
	LISTS(app, "/author");
	ANSWERS(200, app, "GET", "/author/1", NULL, NULL);
	run_sql(
		"REVOKE ALL ON library.author FROM aiodal_reader; REVOKE SELECT (id, name, born) ON library.author "
		"FROM aiodal_reader");
	ANSWERS(403, app, "GET", "/author", NULL, NULL);
	SAYS_NOT("permission denied");
	ANSWERS(403, app, "GET", "/author/1", NULL, NULL);
	aiodal_web_app_free(app);
	aiodal_db_close(limited);
	db = all;
	run_sql("DROP OWNED BY aiodal_reader; DROP ROLE aiodal_reader");
}

static void
survives_lost_connections(void **state)
{
	aiodal_web_app *app = book_app("");

	(void) state;
	LISTS(app, "/books?limit=1");
	run_sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'aiodal'");
	(void) answer(app, "GET", "/books", NULL, NULL);
	SAYS_NOT("terminat");
	LISTS(app, "/books?limit=1");
	aiodal_web_app_free(app);
}

static void
checks_options(void **state)
{
	static const char *const nothing[] = {"nothing"};
	aiodal_web_resource_options good = AIODAL_WEB_RESOURCE_OPTIONS_INIT;
	aiodal_web_resource_options o;
	aiodal_web_app *app = new_app();
	aiodal_web_app *no_db;
	aiodal_web_scope *root = aiodal_web_app_root(app);
	aiodal_error *err = NULL;

	(void) state;
	good.schema = "library";
	good.table = "book";
#define REFUSED(status, words) FAILS(status, aiodal_web_scope_add_resource(root, &o, &err), words)
	o = good;
	o.table = "bok";
	REFUSED(AIODAL_ENOTFOUND, "bok");
	o = good;
	o.table = NULL;
	REFUSED(AIODAL_EINVAL, "a table or a query");
	o.query = "SELECT 1 AS a";
	REFUSED(AIODAL_EINVAL, "needs a path");
	o.path = "/q";
	o.query = "SELECT 1 AS a, 2 AS a";
	REFUSED(AIODAL_EINVAL, "two columns \"a\"");
	o.query = "SELECT 1 AS";
	REFUSED(AIODAL_ESERVER, "syntax error");
	o.query = "SELECT 1 AS a";
	o.actions = AIODAL_WEB_DETAIL;
	REFUSED(AIODAL_EINVAL, "needs a key");
	o = good;
	o.path = "books";
	REFUSED(AIODAL_EINVAL, "does not begin");
	o = good;
	o.item_path = "/books/one";
	REFUSED(AIODAL_EINVAL, "fewer parameters");
	o = good;
	o.actions = 1 << 20;
	REFUSED(AIODAL_EINVAL, "unknown actions");
	o = good;
	o.key = nothing;
	o.n_key = 1;
	REFUSED(AIODAL_ENOTFOUND, "no column \"nothing\"");
	o = good;
	o.columns = nothing;
	o.n_columns = 1;
	REFUSED(AIODAL_ENOTFOUND, "no column \"nothing\"");
	o = good;
	o.version = "nothing";
	REFUSED(AIODAL_ENOTFOUND, "no column \"nothing\"");
	o = good;
	o.order = "nothing";
	REFUSED(AIODAL_EINVAL, "order is not");
	o = good;
	o.visible = "id = $1";
	REFUSED(AIODAL_EINVAL, "only $1 to $0");
	o.visible = NULL;
	o.n_values = 1;
	REFUSED(AIODAL_EINVAL, "n_values");
	o = good;
	o.max_limit = -1;
	REFUSED(AIODAL_EINVAL, "negative");
	OK(aiodal_web_scope_add_resource(root, &good, &err));
	FAILS(AIODAL_EINVAL, aiodal_web_scope_add_resource(root, &good, &err), "there already");
	aiodal_web_app_free(app);
	OK(aiodal_web_app_new(&no_db, NULL, NULL, &err));
	FAILS(AIODAL_ESTATE, aiodal_web_scope_add_resource(aiodal_web_app_root(no_db), &good, &err), "no db");
	aiodal_web_app_free(no_db);
}

/*
 * Out of memory
 */

/* With ever more memory to be had: never a crash, and in the end the answer. */
static void
fails_clean_without_memory(void **state)
{
	static const char *const targets[] = {
		"/books?id.lt=100&name.contains=book&order=-id,name&limit=5&year.null=false&id=7&id=8&nothing.x=1",
		"/books?limit=2&order=-id", "/books/7", "/books/x"};
	size_t t;

	(void) state;
	for (t = 0; t < 4; t++)
	{
		aiodal_web_app *app = book_app("");
		int expected = answer(app, "GET", targets[t], NULL, NULL);
		int status = 0;
		int n;

		for (n = 0; n < 500 && status != expected; n++)
		{
			aiodal_web_response *res = NULL;

			allow_allocations(n);
			status = aiodal_web_app_try(&res, app, "GET", targets[t], NULL, NULL, NULL) == AIODAL_OK
						 ? aiodal_web_response_status(res)
						 : 0;
			allow_all_allocations();
			aiodal_web_response_free(res);
			assert_true(status == 0 || status == 500 || status == expected);
		}
		assert_int_equal(status, expected);
		assert_true(n > 5);
		aiodal_web_app_free(app);
	}
}

static void
builds_clean_without_memory(void **state)
{
	aiodal_web_resource_options options = AIODAL_WEB_RESOURCE_OPTIONS_INIT;
	aiodal_status status = AIODAL_ENOMEM;
	int n;

	(void) state;
	options.schema = "library";
	options.table = "book";
	options.order = "-year";
	options.visible = "id > 0";
	for (n = 0; n < 500 && status; n++)
	{
		aiodal_web_app *app = new_app();

		allow_allocations(n);
		status = aiodal_web_scope_add_resource(aiodal_web_app_root(app), &options, NULL);
		allow_all_allocations();
		assert_true(status == AIODAL_OK || status == AIODAL_ENOMEM);
		aiodal_web_app_free(app);
	}
	assert_int_equal(status, AIODAL_OK);
	assert_true(n > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_through_lists),
		cmocka_unit_test(keeps_the_query_in_next_url),
		cmocka_unit_test(leads_nowhere_else),
		cmocka_unit_test(counts_past_the_end),
		cmocka_unit_test(refuses_bad_queries),
		cmocka_unit_test(filters_by_columns),
		cmocka_unit_test(orders_lists),
		cmocka_unit_test(shows_details),
		cmocka_unit_test(answers_conditional_requests),
		cmocka_unit_test(compares_entity_tags),
		cmocka_unit_test(reads_keys_of_many_columns),
		cmocka_unit_test(stands_hostile_names),
		cmocka_unit_test(chooses_columns),
		cmocka_unit_test(reads_views_and_queries),
		cmocka_unit_test(hides_rows),
		cmocka_unit_test(asks_before_anything),
		cmocka_unit_test(says_when_it_cannot),
		cmocka_unit_test(says_what_is_not_allowed),
		cmocka_unit_test(survives_lost_connections),
		cmocka_unit_test(checks_options),
		cmocka_unit_test(fails_clean_without_memory),
		cmocka_unit_test(builds_clean_without_memory),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
