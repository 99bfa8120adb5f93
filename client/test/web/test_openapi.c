/*
 * test_openapi.c
 *		The document that a service has of itself, and the page for it.
 */
#include "web.h"

#include <jansson.h>

#include <sys/wait.h>
#include <unistd.h>

#include "auth.h"
#include "alloc.h"

static aiodal_db *db;

#define LIBRARY                                                                                            \
	"CREATE SCHEMA library;"                                                                               \
	"CREATE TYPE library.binding AS ENUM ('paper', 'cl\"oth');"                                            \
	"CREATE TYPE library.size AS (w int, h numeric);"                                                      \
	"CREATE DOMAIN library.isbn AS varchar(13) CHECK (VALUE ~ '^[0-9]+$');"                                \
	"CREATE TABLE library.book (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL,"      \
	" year smallint, price numeric(6,2), code varchar(5), binding library.binding, isbn library.isbn,"     \
	" size library.size, tags text[], kinds library.binding[], extra jsonb, on_loan boolean NOT NULL "     \
	"DEFAULT"                                                                                              \
	" false, since timestamptz, day date, uid uuid, version int NOT NULL DEFAULT 1, removed timestamptz);" \
	"COMMENT ON TABLE library.book IS 'What is \"read\"';"                                                 \
	"COMMENT ON COLUMN library.book.year IS 'of printing';"                                                \
	"CREATE TABLE library.\"od\"\"d/{x}\" (\"key/{}\" int, \"b c\" text, note text, PRIMARY KEY "          \
	"(\"key/{}\", \"b "                                                                                    \
	"c\"));"

static int
open_db(void **state)
{
	(void) state;
	reset_database(LIBRARY);
	return aiodal_db_open(&db, NULL, NULL, NULL);
}

static int
close_db(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

static aiodal_status
nothing(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	(void) req;
	(void) res;
	(void) payload;
	(void) err;
	return AIODAL_OK;
}

static void
add_route(aiodal_web_app *app, const char *method, const char *pattern, const char *name, const char *openapi)
{
	aiodal_web_route_options options = AIODAL_WEB_ROUTE_OPTIONS_INIT;
	aiodal_error *err = NULL;

	options.name = name;
	options.openapi = openapi;
	OK(aiodal_web_scope_add(aiodal_web_app_root(app), method, pattern, nothing, NULL, &options, &err));
}

static void
add_resource(aiodal_web_scope *scope, const char *table, const char *path, const char *deleted)
{
	aiodal_web_resource_options options = AIODAL_WEB_RESOURCE_OPTIONS_INIT;
	aiodal_error *err = NULL;

	options.schema = "library";
	options.table = table;
	options.path = path;
	options.deleted = deleted;
	options.version = deleted ? "version" : NULL;
	options.actions = AIODAL_WEB_ALL;
	OK(aiodal_web_scope_add_resource(scope, &options, &err));
}

/* Of everything something. */
static aiodal_web_app *
make_app(void)
{
	aiodal_web_openapi_options options = AIODAL_WEB_OPENAPI_OPTIONS_INIT;
	aiodal_web_app *app;
	aiodal_web_scope *scope;
	aiodal_error *err = NULL;

	OK(aiodal_web_app_new(&app, db, NULL, &err));
	add_resource(aiodal_web_app_root(app), "book", NULL, "removed");
	OK(aiodal_web_scope_new(&scope, aiodal_web_app_root(app), "/of/{tenant}", &err));
	add_resource(scope, "book", "/books", NULL);
	add_resource(scope, "od\"d/{x}", "/odd", NULL);
	add_route(app, "GET", "/files/{path...}", "", NULL);
	add_route(app, "GET", "/twice", "same", NULL);
	add_route(app, "POST", "/twice", "same",
			  "{\"summary\": \"Own \\u00e9\", \"responses\": {\"204\": {\"description\": \"done\"}}, "
			  "\"x-more\": [1.5, null]}");
	add_route(app, "PURGE", "/cache", "purge", NULL);
	options.title = "Books \"&\" <more>";
	options.version = "2";
	options.description = "All of them";
	OK(aiodal_web_scope_add_openapi(aiodal_web_app_root(app), "/openapi.json", &options, &err));
	OK(aiodal_web_scope_add_docs(aiodal_web_app_root(app), "/docs", "openapi.json?\"'<&>", &err));
	return app;
}

static json_t *
document(aiodal_web_app *app)
{
	aiodal_web_openapi_options options = AIODAL_WEB_OPENAPI_OPTIONS_INIT;
	aiodal_error *err = NULL;
	json_error_t error;
	char *text;
	json_t *json;

	OK(aiodal_web_app_openapi(&text, app, &options, &err));
	json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		fail_msg("line %d, column %d: %s\n%s", error.line, error.column, error.text, text);
	free(text);
	return json;
}

/* What a path such as "paths|/book|get" leads to. */
static json_t *
at(json_t *json, const char *path)
{
	while (*path)
	{
		char key[200];
		size_t len = strcspn(path, "|");

		(void) snprintf(key, sizeof(key), "%.*s", (int) len, path);
		json = json_is_array(json) ? json_array_get(json, (size_t) strtol(key, NULL, 10))
								   : json_object_get(json, key);
		if (!json)
			fail_msg("nothing at %s", path);
		path += len + (path[len] == '|');
	}
	return json;
}

/* It is this JSON. */
static void
is_json(json_t *json, const char *path, const char *expected)
{
	char *text = json_dumps(at(json, path), JSON_ENCODE_ANY | JSON_COMPACT);

	if (strcmp(text, expected) != 0)
		fail_msg("%s is %s, not %s", path, text, expected);
	free(text);
}

static void
describes_columns(void **state)
{
	aiodal_web_app *app = make_app();
	json_t *doc = document(app);

	(void) state;
	is_json(doc, "openapi", "\"3.1.0\"");
	is_json(doc, "components|schemas|book|description", "\"What is \\\"read\\\"\"");
#define ROW "components|schemas|book|properties|"
	is_json(doc, ROW "id", "{\"type\":\"integer\",\"format\":\"int32\",\"readOnly\":true}");
	is_json(doc, ROW "name", "{\"type\":\"string\"}");
	is_json(doc, ROW "year",
			"{\"type\":[\"integer\",\"null\"],\"format\":\"int32\",\"description\":\"of printing\"}");
	is_json(doc, ROW "price", "{\"type\":[\"number\",\"null\"]}");
	is_json(doc, ROW "code", "{\"type\":[\"string\",\"null\"],\"maxLength\":5}");
	is_json(doc, ROW "binding", "{\"type\":[\"string\",\"null\"],\"enum\":[\"paper\",\"cl\\\"oth\",null]}");
	is_json(doc, ROW "isbn", "{\"type\":[\"string\",\"null\"]}");
	is_json(doc, ROW "size",
			"{\"type\":[\"object\",\"null\"],\"properties\":{\"w\":{\"type\":[\"integer\",\"null\"],"
			"\"format\":\"int32\"},"
			"\"h\":{\"type\":[\"number\",\"null\"]}}}");
	is_json(doc, ROW "tags|items|anyOf|0", "{\"type\":[\"string\",\"null\"]}");
	is_json(doc, ROW "kinds|items|anyOf|0|enum", "[\"paper\",\"cl\\\"oth\",null]");
	is_json(doc, ROW "extra", "{}");
	is_json(doc, ROW "on_loan", "{\"type\":\"boolean\"}");
	is_json(doc, ROW "since", "{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}");
	is_json(doc, ROW "day|format", "\"date\"");
	is_json(doc, ROW "uid|format", "\"uuid\"");
	is_json(doc, ROW "version|readOnly", "true");
	is_json(doc, "components|schemas|book.create|required", "[\"name\"]");
	is_json(doc, "components|schemas|book.update|properties|name", "{\"type\":\"string\"}");
	assert_null(json_object_get(at(doc, "components|schemas|book.update"), "required"));
	assert_null(json_object_get(at(doc, "components|schemas|book.create|properties"), "version"));
	json_decref(doc);
	aiodal_web_app_free(app);
}

static void
describes_operations(void **state)
{
	aiodal_web_app *app = make_app();
	json_t *doc = document(app);
	char *parameters;

	(void) state;
	is_json(doc, "paths|/book|get|operationId", "\"book_list\"");
	is_json(doc, "paths|/of/{tenant}/books|get|operationId", "\"book_list.2\"");
	is_json(doc, "paths|/book/{id}|parameters",
			"[{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"integer\",\"format\":"
			"\"int32\"}}]");
	is_json(doc, "paths|/of/{tenant}/books/{id}|parameters|0|schema", "{\"type\":\"string\"}");
	is_json(doc, "paths|/of/{tenant}/books/{id}|parameters|1|schema|type", "\"integer\"");
	is_json(doc, "paths|/of/{tenant}/odd/{key1}/{key2}|parameters|2|schema", "{\"type\":\"string\"}");
	is_json(doc, "paths|/files/{path}|get|responses", "{\"default\":{\"description\":\"An answer\"}}");
	is_json(doc, "paths|/twice|get|operationId", "\"same\"");
	is_json(doc, "paths|/twice|post",
			"{\"operationId\":\"same.2\",\"summary\":\"Own "
			"\xC3\xA9\",\"responses\":{\"204\":{\"description\":\"done\"}},"
			"\"x-more\":[1.5,null]}");
	assert_null(json_object_get(at(doc, "paths"), "/cache"));
	is_json(doc, "paths|/book/{id}|patch|requestBody|content|application/json|schema",
			"{\"$ref\":\"#/components/schemas/book.update\"}");
	is_json(doc, "paths|/of/{tenant}/books|get|responses|200|content|application/json|schema",
			"{\"$ref\":\"#/components/schemas/book.2.list\"}");
	is_json(doc, "paths|/book/{id}|get|responses|410", "{\"$ref\":\"#/components/responses/410\"}");
	assert_null(json_object_get(at(doc, "paths|/of/{tenant}/books/{id}|get|responses"), "410"));
	parameters = json_dumps(at(doc, "paths|/book|get|parameters"), JSON_COMPACT);
	assert_non_null(strstr(parameters, "\"name\":\"year.ge\""));
	assert_non_null(strstr(parameters, "\"maximum\":1000,\"default\":100"));
	free(parameters);
	json_decref(doc);
	aiodal_web_app_free(app);
}

/*
 * What holds of every document
 */

static void
check_reference(json_t *doc, const char *text)
{
	char path[300];
	char *p;

	assert_memory_equal(text, "#/", 2);
	(void) snprintf(path, sizeof(path), "%s", text + 2);
	for (p = path; *p; p++)
		if (*p == '/')
			*p = '|';
	(void) at(doc, path);
}

static void
check_references(json_t *doc, json_t *part)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_array(part))
		json_array_foreach (part, i, value)
			check_references(doc, value);
	json_object_foreach(part, key, value)
	{
		if (strcmp(key, "$ref") == 0)
			check_reference(doc, json_string_value(value));
		check_references(doc, value);
	}
}

static bool
is_declared(json_t *item, const char *name, size_t len)
{
	json_t *parameter;
	size_t i;

	json_array_foreach (json_object_get(item, "parameters"), i, parameter)
	{
		const char *other = json_string_value(json_object_get(parameter, "name"));

		if (strncmp(other, name, len) == 0 && !other[len])
			return true;
	}
	return false;
}

static void
check_path(const char *path, json_t *item)
{
	const char *brace = path;
	size_t n = 0;

	while ((brace = strchr(brace, '{')))
	{
		size_t len = strcspn(++brace, "}");

		if (!is_declared(item, brace, len))
			fail_msg("%s does not declare %.*s", path, (int) len, brace);
		n++;
	}
	assert_int_equal(json_array_size(json_object_get(item, "parameters")), n);
}

static void
check_operations(json_t *item, json_t *ids)
{
	const char *method;
	json_t *operation;

	json_object_foreach(item, method, operation)
	{
		json_t *id = json_object_get(operation, "operationId");

		if (strcmp(method, "parameters") == 0)
			continue;
		assert_true(json_object_size(json_object_get(operation, "responses")) > 0);
		if (id)
		{
			assert_null(json_object_get(ids, json_string_value(id)));
			(void) json_object_set(ids, json_string_value(id), id);
		}
	}
}

static void
keeps_to_the_rules(void **state)
{
	aiodal_web_app *app = make_app();
	json_t *doc = document(app);
	json_t *ids = json_object();
	const char *key;
	json_t *value;

	(void) state;
	check_references(doc, doc);
	json_object_foreach(at(doc, "paths"), key, value)
	{
		check_path(key, value);
		check_operations(value, ids);
	}
	json_object_foreach(at(doc, "components|schemas"), key, value) assert_int_equal(
		strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"), strlen(key));
	json_decref(ids);
	json_decref(doc);
	aiodal_web_app_free(app);
}

/*
 * What somebody else's validators say
 */

#define NO_VALIDATOR 77

/* In the child: test/openapi_valid reads one file and writes another. */
static void
run_validator(const char *what, const char *schema, int in, int out)
{
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 && dup2(out, STDERR_FILENO) >= 0)
		(void) execl("test/openapi_valid", "test/openapi_valid", what, schema, (char *) NULL);
	_exit(127);
}

/* Exit status of the validator for the document and an answer by one of its schemas, and what it printed. */
static int
ask(const char *what, const char *schema, json_t *document, const char *answer_, char *said, size_t size)
{
	FILE *in = tmpfile();
	FILE *out = tmpfile();
	pid_t pid;
	int status;

	assert_true(in && out && json_dumpf(document, in, 0) == 0 && fputs(answer_, in) >= 0);
	rewind(in);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		run_validator(what, schema, fileno(in), fileno(out));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	rewind(out);
	said[fread(said, 1, size - 1, out)] = '\0';
	(void) fclose(in);
	(void) fclose(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Skips the test when the validator is not here. */
static void
needs_validator(const char *what)
{
	char said[500];
	json_t *nothing_ = json_object();
	int status = ask(what, NULL, nothing_, "", said, sizeof(said));

	json_decref(nothing_);
	if (status != NO_VALIDATOR)
		return;
	print_message("# %s", said);
	skip();
}

/* They find no fault. */
static void
passes(const char *what, json_t *document)
{
	char said[5000];
	int status = ask(what, NULL, document, "", said, sizeof(said));

	if (status != 0)
		fail_msg("exit status %d: %s", status, said);
}

/* The last body is as this schema of the document says. */
static void
answer_is(const char *schema, json_t *document)
{
	char said[5000];
	int status = ask("answer", schema, document, last_body, said, sizeof(said));

	if (status != 0)
		fail_msg("exit status %d: %s\n%s", status, said, last_body);
}

static void
is_refused(int status, const char *said, const char *words)
{
	if (status != 1 || !strstr(said, words))
		fail_msg("exit status %d, not 1 with \"%s\": %s", status, words, said);
}

/* They name the fault when something at this path of the document has this value, or is not there. */
static void
refuses_when(const char *what, json_t *document, const char *path, const char *key, const char *value,
			 const char *words)
{
	json_t *copy = json_deep_copy(document);
	json_t *parent = at(copy, path);
	char said[5000];

	if (value)
		assert_int_equal(json_object_set_new(parent, key, json_loads(value, JSON_DECODE_ANY, NULL)), 0);
	else
		assert_int_equal(json_object_del(parent, key), 0);
	is_refused(ask(what, NULL, copy, "", said, sizeof(said)), said, words);
	json_decref(copy);
}

static void
answer_is_refused(json_t *document, const char *answer_, const char *schema, const char *words)
{
	char said[5000];

	is_refused(ask("answer", schema, document, answer_, said, sizeof(said)), said, words);
}

static void
is_valid_by_the_official_schema(void **state)
{
	aiodal_web_app *app;
	json_t *doc;

	(void) state;
	needs_validator("document");
	app = make_app();
	doc = document(app);
	passes("document", doc);
	refuses_when("document", doc, "", "info", NULL, "'info' is a required property");
	refuses_when("document", doc, "info", "titel", "1", "titel");
	refuses_when("document", doc, "paths", "books", "{}", "'books'");
	refuses_when("document", doc, "paths|/book|get|parameters|0", "in", "\"body\"", "'body'");
	refuses_when("document", doc, "paths|/files/{path}|get|responses|default", "description", NULL,
				 "description");
	refuses_when("document", doc, "paths|/book/{id}", "parameters", "[]", "id");
	json_decref(doc);
	aiodal_web_app_free(app);
}

static void
schemas_are_valid_by_the_meta_schema(void **state)
{
	aiodal_web_app *app;
	json_t *doc;

	(void) state;
	needs_validator("schemas");
	app = make_app();
	doc = document(app);
	passes("schemas", doc);
	refuses_when("schemas", doc, ROW "year", "type", "\"smallint\"", "smallint");
	refuses_when("schemas", doc, ROW "code", "maxLength", "\"5\"", "maxLength");
	refuses_when("schemas", doc, "paths|/book|get|parameters|0|schema", "enum", "1", "enum");
	json_decref(doc);
	aiodal_web_app_free(app);
}

static void
answers_are_as_described(void **state)
{
	aiodal_web_app *app;
	json_t *doc;

	(void) state;
	needs_validator("schemas");
	app = make_app();
	doc = document(app);
	ANSWERS(
		201, app, "POST", "/book", "Content-Type: application/json",
		"{\"name\": \"Solaris\", \"year\": 1961, \"price\": 9.99, \"binding\": \"paper\", \"isbn\": \"123\", "
		"\"size\": {\"w\": 1, \"h\": 2.5}, \"tags\": [\"a\", null], \"kinds\": [\"paper\"], "
		"\"extra\": {\"x\": [1]}, \"since\": \"2026-01-01T00:00:00Z\", \"day\": \"2026-01-01\", "
		"\"uid\": \"00000000-0000-0000-0000-000000000001\"}");
	answer_is("book", doc);
	ANSWERS(201, app, "POST", "/book", "Content-Type: application/json", "{\"name\": \"bare\"}");
	answer_is("book", doc);
	ANSWERS(200, app, "GET", "/book", NULL, NULL);
	answer_is("book.list", doc);
	ANSWERS(200, app, "GET", "/book?limit=1", NULL, NULL);
	answer_is("book.list", doc);
	ANSWERS(404, app, "GET", "/book/77", NULL, NULL);
	answer_is(".problem", doc);
	ANSWERS(422, app, "POST", "/book", "Content-Type: application/json", "{\"year\": 1}");
	answer_is(".problem", doc);
	answer_is_refused(doc, "{\"id\": \"one\"}", "book", "'one' is not of type 'integer'");
	answer_is_refused(doc, "{\"id\": 1}", "book", "'name' is a required property");
	json_decref(doc);
	aiodal_web_app_free(app);
}

static void
tells_who_needs_a_token(void **state)
{
	aiodal_web_app *app;
	aiodal_web_scope *scope;
	aiodal_web_requirements more = AIODAL_WEB_REQUIREMENTS_INIT;
	aiodal_error *err = NULL;
	json_t *doc;

	(void) state;
	OK(aiodal_web_app_new(&app, db, NULL, &err));
	OK(aiodal_web_scope_new(&scope, aiodal_web_app_root(app), "/v1", &err));
	more.scopes = "read:books";
	OK(aiodal_web_scope_require(scope, &more, &err));
	add_resource(scope, "book", NULL, NULL);
	add_route(app, "GET", "/open", "open", NULL);
	doc = document(app);
	is_json(doc, "paths|/v1/book|get|security", "[{\"bearer\":[]}]");
	is_json(doc, "paths|/v1/book|get|responses|401", "{\"$ref\":\"#/components/responses/401\"}");
	assert_null(json_object_get(at(doc, "paths|/open|get"), "security"));
	check_references(doc, doc);
	json_decref(doc);
	aiodal_web_app_free(app);
}

static void
serves_the_document(void **state)
{
	aiodal_web_app *app = make_app();
	char headers[200];
	char *etag;

	(void) state;
	ANSWERS(200, app, "GET", "/openapi.json", NULL, NULL);
	HAS_HEADER("Content-Type: application/json");
	SAYS("\"title\":\"Books \\\"&\\\" <more>\",\"version\":\"2\",\"description\":\"All of them\"");
	etag = strstr(last_headers, "ETag: ");
	assert_non_null(etag);
	(void) snprintf(headers, sizeof(headers), "If-None-Match: %.*s", (int) strcspn(etag + 6, "\n"), etag + 6);
	ANSWERS(304, app, "GET", "/openapi.json", headers, NULL);
	aiodal_web_app_free(app);
}

static void
serves_the_page(void **state)
{
	aiodal_web_app *app = make_app();
	aiodal_error *err = NULL;

	(void) state;
	ANSWERS(200, app, "GET", "/docs", NULL, NULL);
	HAS_HEADER("Content-Type: text/html; charset=utf-8");
	HAS_HEADER("X-Content-Type-Options: nosniff");
	assert_non_null(strstr(last_headers, "default-src 'none'; connect-src 'self'"));
	assert_non_null(strstr(last_headers, "script-src 'sha256-"));
	SAYS("data-url=\"openapi.json?&#34;&#39;&#60;&#38;&#62;\"");
	FAILS(AIODAL_ESTATE, aiodal_web_scope_add_docs(aiodal_web_app_root(app), "/more", "x", &err),
		  "nothing can be added");
	aiodal_web_app_free(app);
}

static void
checks_what_routes_say(void **state)
{
	aiodal_web_route_options options = AIODAL_WEB_ROUTE_OPTIONS_INIT;
	aiodal_web_app *app;
	aiodal_error *err = NULL;

	(void) state;
	OK(aiodal_web_app_new(&app, NULL, NULL, &err));
	options.openapi = "[]";
	FAILS(AIODAL_EINVAL,
		  aiodal_web_scope_add(aiodal_web_app_root(app), "GET", "/", nothing, NULL, &options, &err),
		  "openapi");
	options.openapi = "{\"a\":";
	FAILS(AIODAL_EINVAL,
		  aiodal_web_scope_add(aiodal_web_app_root(app), "GET", "/", nothing, NULL, &options, &err),
		  "openapi");
	FAILS(AIODAL_EINVAL, aiodal_web_scope_add_docs(aiodal_web_app_root(app), "/docs", "", &err), "url");
	aiodal_web_app_free(app);
}

static void
fails_clean_without_memory(void **state)
{
	aiodal_web_app *app = make_app();
	char *text = NULL;
	int n;

	(void) state;
	for (n = 0; n < 20000 && !text; n++)
	{
		aiodal_status status;

		allow_allocations(n);
		status = aiodal_web_app_openapi(&text, app, NULL, NULL);
		allow_all_allocations();
		assert_true(status == AIODAL_OK || status == AIODAL_ENOMEM);
		assert_true((status == AIODAL_OK) == (text != NULL));
	}
	assert_true(n > 10 && text);
	free(text);
	aiodal_web_app_free(app);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(describes_columns),
		cmocka_unit_test(describes_operations),
		cmocka_unit_test(keeps_to_the_rules),
		cmocka_unit_test(tells_who_needs_a_token),
		cmocka_unit_test(serves_the_document),
		cmocka_unit_test(serves_the_page),
		cmocka_unit_test(checks_what_routes_say),
		cmocka_unit_test(fails_clean_without_memory),
		cmocka_unit_test(is_valid_by_the_official_schema),
		cmocka_unit_test(schemas_are_valid_by_the_meta_schema),
		cmocka_unit_test(answers_are_as_described),
	};

	return cmocka_run_group_tests(tests, open_db, close_db);
}
