/*
 * test_objects.c
 *		What is no table: types, functions, sequences, triggers and the like, read from schemas that are hard
 * to read, and compared with what the catalogs say by themselves.
 */
#include "support.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define ODD_DATABASE "aiodal_objects"

static aiodal_db *db;
static aiodal_schema *schema;
static PGconn *pg;

static const char *const directories[] = {"../test/data", "test/data"};

static void
run_file(const char *name)
{
	char path[1000];
	int status;
	pid_t child;

	for (size_t i = 0; i < 2; i++)
	{
		(void) snprintf(path, sizeof(path), "%s/%s", directories[i], name);
		if (access(path, R_OK) == 0)
			break;
	}
	child = fork();
	if (child == 0)
	{
		(void) execlp("psql", "psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-d", ODD_DATABASE,
					  "-f", path, (char *) NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (status != 0)
		fail_msg("%s failed", path);
}

static int
set_up(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	static const char *const include[] = {"partitions"};

	(void) state;
	run_sql("DROP DATABASE IF EXISTS " ODD_DATABASE);
	run_sql("CREATE DATABASE " ODD_DATABASE " TEMPLATE template0 ENCODING 'UTF8'");
	run_file("exotica_basics.sql");
	run_file("reflect_hard.sql");
	run_file("reflect_objects.sql");
	pg = PQconnectdb("dbname=" ODD_DATABASE " options='-c search_path='");
	PQclear(PQexec(pg, "CREATE EXTENSION aiodal"));
	options.parts = AIODAL_PARTS_ALL;
	options.include = include;
	options.n_include = 1;
	OK(aiodal_db_open(&db, "dbname=" ODD_DATABASE, &options, &err));
	schema = aiodal_db_schema(db);
	return 0;
}

static int
tear_down(void **state)
{
	(void) state;
	PQfinish(pg);
	aiodal_schema_unref(schema);
	aiodal_db_close(db);
	run_sql("DROP DATABASE " ODD_DATABASE);
	run_sql("DROP ROLE IF EXISTS \"obj role \"\"x\"\"\", obj_role, exo_owner, exo_reader, exo_nobody, \"Exo "
			"Mixed \"\"Role\"\"\", exo_a, exo_b");
	return 0;
}

/*
 * Lines made of getters, and the same made by a query.
 */

typedef struct lines
{
	FILE *file;
	char *text;
	size_t size;
	int n;
} lines;

static void
lines_open(lines *out)
{
	out->n = 0;
	out->file = open_memstream(&out->text, &out->size);
	assert_non_null(out->file);
}

static void
put(lines *out, const char *text)
{
	(void) fprintf(out->file, "%s|", text ? text : "-");
}

static void
put_int(lines *out, int64_t value)
{
	(void) fprintf(out->file, "%lld|", (long long) value);
}

static void
put_bool(lines *out, bool value)
{
	put(out, value ? "t" : "f");
}

static void
put_end(lines *out)
{
	(void) fputc('\n', out->file);
	out->n++;
}

/* Closes out and compares it, line by line in any order, with the rows of a query; there are at_least so
 * many. */
static void
same_lines(lines *out, int at_least, const char *sql)
{
	PGresult *res = PQexec(pg, sql);
	size_t length = 0;

	(void) fclose(out->file);
	if (PQresultStatus(res) != PGRES_TUPLES_OK)
		fail_msg("%s", PQresultErrorMessage(res));
	for (int row = 0; row < PQntuples(res); row++)
	{
		const char *line = PQgetvalue(res, row, 0);

		length += strlen(line) + 1;
		if (!strstr(out->text, line))
			fail_msg("no line\n%s\nin\n%s", line, out->text);
	}
	if (PQntuples(res) != out->n || length != out->size)
		fail_msg("the query has %d rows, %zu bytes, these are %d, %zu:\n%s", PQntuples(res), length, out->n,
				 out->size, out->text);
	assert_true(out->n >= at_least);
	PQclear(res);
	free(out->text);
}

/* What the queries look at: what neither the system nor an extension owns. */
#define OURS(catalog, oid, namespace_oid)                                                                   \
	" (SELECT nspname FROM pg_namespace WHERE oid = " namespace_oid ") !~ '^(pg_|information_schema$)' "    \
	" AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '" catalog "'::regclass AND e.objid = " oid \
	" AND e.deptype = 'e') "
#define LINE(columns) "SELECT concat_ws('|', " columns ", '') "
#define OR_DASH(x)    "coalesce(" x "::text, '-')"

static void
types_have_their_labels(void **state)
{
	lines out;

	(void) state;
	lines_open(&out);
	for (int i = 0; i < aiodal_schema_type_count(schema); i++)
	{
		const aiodal_type *type = aiodal_schema_type_at(schema, i);

		if (strcmp(aiodal_type_kind(type), "enum") != 0)
			continue;
		put(&out, aiodal_type_schema(type));
		put(&out, aiodal_type_name(type));
		put_int(&out, aiodal_type_oid(type));
		for (int l = 0; l < aiodal_type_label_count(type); l++)
			put(&out, aiodal_type_label_at(type, l));
		put_end(&out);
		assert_null(aiodal_type_label_at(type, aiodal_type_label_count(type)));
		assert_null(aiodal_type_label_at(type, -1));
		assert_int_equal(aiodal_type_attribute_count(type), 0);
	}
	same_lines(
		&out, 4,
		LINE("typnamespace::regnamespace::name::text, typname, t.oid, (SELECT string_agg(enumlabel, '|' "
			 "ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid "
			 "= t.oid)") "FROM pg_type t WHERE typtype = 'e' AND" OURS("pg_type", "t.oid", "typnamespace"));
}

static void
domains_have_their_checks(void **state)
{
	lines out;

	(void) state;
	lines_open(&out);
	for (int i = 0; i < aiodal_schema_type_count(schema); i++)
	{
		const aiodal_type *type = aiodal_schema_type_at(schema, i);

		for (int c = 0; c < aiodal_type_check_count(type); c++)
		{
			put_int(&out, aiodal_type_oid(type));
			put(&out, aiodal_type_base_type(type));
			put_int(&out, aiodal_type_base_type_oid(type));
			put_bool(&out, aiodal_type_not_null(type));
			put(&out, aiodal_type_default(type));
			put(&out, aiodal_type_check_name(type, c));
			put(&out, aiodal_type_check_expression(type, c));
			put_bool(&out, aiodal_type_check_validated(type, c));
			put(&out, aiodal_type_check_comment(type, c));
			put_end(&out);
		}
		assert_null(aiodal_type_check_name(type, aiodal_type_check_count(type)));
		assert_false(aiodal_type_check_validated(type, -1));
	}
	same_lines(&out, 8,
			   LINE("t.oid, format_type(typbasetype, typtypmod), typbasetype, typnotnull"
					", " OR_DASH(
						"typdefault") ", "
									  "conname, pg_get_expr(conbin, 0), convalidated"
									  ", " OR_DASH(
										  "obj_description(c.oid, 'pg_constraint')")) "FROM pg_type t JOIN "
																					  "pg_constraint c "
																					  "ON contypid = t.oid "
																					  "WHERE contype = "
																					  "'c' AND" OURS(
																						  "pg_type", "t.oid",
																						  "typnamespace"));
}

static void
composite_types_have_their_attributes(void **state)
{
	lines out;

	(void) state;
	lines_open(&out);
	for (int i = 0; i < aiodal_schema_type_count(schema); i++)
	{
		const aiodal_type *type = aiodal_schema_type_at(schema, i);

		for (int a = 0; a < aiodal_type_attribute_count(type); a++)
		{
			put_int(&out, aiodal_type_oid(type));
			put(&out, aiodal_type_attribute_name(type, a));
			put_int(&out, aiodal_type_attribute_position(type, a));
			put(&out, aiodal_type_attribute_type(type, a));
			put_int(&out, aiodal_type_attribute_type_oid(type, a));
			put_int(&out, aiodal_type_attribute_typmod(type, a));
			put(&out, aiodal_type_attribute_comment(type, a));
			put_end(&out);
		}
		assert_int_equal(aiodal_type_attribute_type_oid(type, aiodal_type_attribute_count(type)), 0);
	}
	same_lines(&out, 4,
			   LINE("c.reltype, attname, attnum, format_type(atttypid, atttypmod), atttypid, atttypmod"
					", " OR_DASH(
						"col_description(c.oid, attnum)")) "FROM pg_class c JOIN pg_attribute ON attrelid = "
														   "c.oid WHERE relkind = 'c' AND attnum > 0 AND NOT "
														   "attisdropped AND" OURS(
															   "pg_class", "c.oid",
															   "relnamespace") " AND" OURS("pg_type",
																						   "c.reltype",
																						   "relnamespace"));
}

static void
ranges_name_their_parts(void **state)
{
	const aiodal_type *range = aiodal_schema_type(schema, "obj", "textrange");

	(void) state;
	assert_string_equal(aiodal_type_kind(range), "range");
	assert_string_equal(aiodal_type_subtype(range), "text");
	assert_int_equal(aiodal_type_subtype_oid(range), 25);
	assert_string_equal(aiodal_type_subtype_opclass(range), "text_pattern_ops");
	assert_string_equal(aiodal_type_subtype_opclass_schema(range), "pg_catalog");
	assert_string_equal(aiodal_type_collation(range), "C");
	assert_non_null(strstr(aiodal_type_subtype_diff_function(range), "text_diff"));
	assert_non_null(strstr(aiodal_type_multirange_type(range), "texts"));
	assert_null(aiodal_type_canonical_function(range));
	range = aiodal_schema_type(schema, "obj", "texts");
	assert_string_equal(aiodal_type_kind(range), "multirange");
	assert_non_null(strstr(aiodal_type_range_type(range), "textrange"));
	assert_ptr_equal(range, aiodal_schema_type_by_oid(schema, aiodal_type_oid(range)));
	assert_null(aiodal_schema_type_by_oid(schema, 1));
	assert_null(aiodal_schema_type(schema, "obj", "none"));
	assert_null(aiodal_schema_type(schema, NULL, "texts"));
	assert_null(aiodal_schema_type(schema, "obj", NULL));
}

static void
functions_have_their_arguments(void **state)
{
	lines out;

	(void) state;
	lines_open(&out);
	for (int i = 0; i < aiodal_schema_function_count(schema); i++)
	{
		const aiodal_function *function = aiodal_schema_function_at(schema, i);

		put(&out, aiodal_function_schema(function));
		put(&out, aiodal_function_name(function));
		put_int(&out, aiodal_function_oid(function));
		put(&out, aiodal_function_kind(function));
		put(&out, aiodal_function_volatility(function));
		put(&out, aiodal_function_parallel(function));
		put_bool(&out, aiodal_function_strict(function));
		put_bool(&out, aiodal_function_security_definer(function));
		put_bool(&out, aiodal_function_leakproof(function));
		put_bool(&out, aiodal_function_returns_set(function));
		put_int(&out, (int64_t) aiodal_function_cost(function));
		put_int(&out, (int64_t) aiodal_function_estimated_rows(function));
		put(&out, aiodal_function_language(function));
		put(&out, aiodal_function_comment(function));
		for (int s = 0; s < aiodal_function_setting_count(function); s++)
			put(&out, aiodal_function_setting_at(function, s));
		for (int a = 0; a < aiodal_function_argument_count(function); a++)
		{
			put(&out, aiodal_function_argument_name(function, a));
			put(&out, aiodal_function_argument_mode(function, a));
			put(&out, aiodal_function_argument_type(function, a));
			put_int(&out, aiodal_function_argument_type_oid(function, a));
		}
		put_end(&out);
		assert_ptr_equal(aiodal_schema_function_by_oid(schema, aiodal_function_oid(function)), function);
		assert_null(aiodal_function_argument_type(function, aiodal_function_argument_count(function)));
	}
	same_lines(
		&out, 12,
		LINE("pronamespace::regnamespace::name::text, proname, p.oid, CASE prokind WHEN 'f' THEN 'function' "
			 "WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE "
			 "'window' END, CASE provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE "
			 "'volatile' END, CASE proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' "
			 "END, proisstrict, prosecdef, proleakproof, proretset, procost::bigint, CASE WHEN proretset "
			 "THEN prorows::bigint ELSE -1 END, (SELECT lanname FROM pg_language WHERE "
			 "oid = prolang)"
			 ", " OR_DASH(
				 "obj_description(p.oid, 'pg_proc')") ", "
													  "array_to_string(proconfig, '|'), (SELECT "
													  "string_agg(concat_ws('|', "
													  "coalesce(nullif(proargnames[i], ''), '-'), CASE "
													  "proargmodes[i] WHEN 'o' THEN 'out' WHEN 'b' THEN "
													  "'inout' WHEN 'v' THEN 'variadic' WHEN 't' THEN "
													  "'table' ELSE 'in' END, format_type(t, NULL), t), '|' "
													  "ORDER BY i) FROM "
													  "unnest(coalesce(proallargtypes, proargtypes::oid[])) "
													  "WITH ORDINALITY u(t, n), LATERAL (SELECT "
													  "n::int + CASE WHEN proallargtypes IS NULL THEN 0 ELSE "
													  "0 END AS i) x)") "FROM pg_proc p "
																		"WHERE" OURS("pg_proc", "p.oid",
																					 "pronamespac"
																					 "e"));
}

static void
functions_tell_what_comes_out(void **state)
{
	const aiodal_function *function = aiodal_schema_function(schema, "obj", "setof_pair", 0);

	(void) state;
	assert_true(aiodal_function_returns_set(function));
	assert_string_equal(aiodal_function_returns(function), "obj.pair");
	assert_int_equal(aiodal_function_returns_oid(function),
					 aiodal_type_oid(aiodal_schema_type(schema, "obj", "pair")));
	assert_int_equal(aiodal_function_result_column_count(function), 3);
	assert_string_equal(aiodal_function_result_column_name(function, 0), "b \"c");
	assert_string_equal(aiodal_function_result_column_type(function, 0), "obj.derived[]");
	assert_string_equal(aiodal_function_result_column_type(function, 1), "text");
	assert_int_equal(aiodal_function_result_column_type_oid(function, 1), 25);
	assert_null(aiodal_function_result_column_name(function, 3));
	function = aiodal_schema_function(schema, "obj", "body", 0);
	assert_string_equal(aiodal_function_argument_default(function, 0), "1");
	assert_string_equal(aiodal_function_signature(function), "obj.body(integer,text)");
	assert_int_equal(aiodal_function_result_column_count(function), 0);
	assert_null(aiodal_schema_function(schema, "obj", "body", 1));
	assert_null(aiodal_schema_function(schema, "obj", "body", -1));
	assert_null(aiodal_schema_function(schema, "obj", "nobody", 0));
	function = aiodal_schema_function(schema, "obj", "c_function", 0);
	assert_string_equal(aiodal_function_source(function), "int4pl");
	assert_null(aiodal_function_returns(aiodal_schema_function(schema, "obj", "proc", 0)));
}

static void
sequences_have_their_bounds(void **state)
{
	const aiodal_sequence *owned = aiodal_schema_sequence(schema, "obj", "owned");
	lines out;

	(void) state;
	lines_open(&out);
	for (int i = 0; i < aiodal_schema_sequence_count(schema); i++)
	{
		const aiodal_sequence *sequence = aiodal_schema_sequence_at(schema, i);

		put_int(&out, aiodal_sequence_oid(sequence));
		put(&out, aiodal_sequence_type(sequence));
		put_int(&out, aiodal_sequence_start(sequence));
		put_int(&out, aiodal_sequence_min(sequence));
		put_int(&out, aiodal_sequence_max(sequence));
		put_int(&out, aiodal_sequence_increment(sequence));
		put_int(&out, aiodal_sequence_cache(sequence));
		put_bool(&out, aiodal_sequence_cycle(sequence));
		put_end(&out);
	}
	same_lines(
		&out, 5,
		LINE(
			"seqrelid, format_type(seqtypid, NULL), seqstart, seqmin, seqmax, seqincrement, "
			"seqcache, seqcycle") "FROM pg_sequence JOIN pg_class c ON c.oid = seqrelid WHERE" OURS("pg_"
																									"class",
																									"c.oid",
																									"relnames"
																									"pace"));
	assert_string_equal(aiodal_sequence_owned_by_schema(owned), "obj");
	assert_string_equal(aiodal_sequence_owned_by_table(owned), "owning");
	assert_string_equal(aiodal_sequence_owned_by_column(owned), "a");
	assert_false(aiodal_sequence_is_identity(owned));
	assert_string_equal(aiodal_sequence_comment(owned), "owned by a");
	assert_null(aiodal_sequence_owned_by_table(aiodal_schema_sequence(schema, "obj", "big Seq")));
}

static void
triggers_and_rules_are_with_their_table(void **state)
{
	const aiodal_table *table = aiodal_schema_table(schema, "obj", "fired");
	const aiodal_trigger *trigger = aiodal_table_trigger(table, "all_rows");
	const aiodal_rule *rule = aiodal_table_rule(table, "many");
	lines out;

	(void) state;
	lines_open(&out);
	for (int t = 0; t < aiodal_schema_table_count(schema); t++)
	{
		const aiodal_table *of = aiodal_schema_table_at(schema, t);

		for (int i = 0; i < aiodal_table_trigger_count(of); i++)
		{
			put_int(&out, aiodal_table_oid(aiodal_trigger_table(aiodal_table_trigger_at(of, i))));
			put(&out, aiodal_trigger_name(aiodal_table_trigger_at(of, i)));
			put_int(&out, aiodal_trigger_oid(aiodal_table_trigger_at(of, i)));
			put_end(&out);
		}
		assert_null(aiodal_table_trigger_at(of, aiodal_table_trigger_count(of)));
	}
	same_lines(
		&out, 6,
		LINE("tgrelid, tgname, t.oid") "FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE NOT "
									   "tgisinternal AND" OURS("pg_class", "c.oid", "relnamespace"));
	assert_string_equal(aiodal_trigger_timing(trigger), "before");
	assert_string_equal(aiodal_trigger_level(trigger), "row");
	assert_int_equal(aiodal_trigger_event_count(trigger), 3);
	assert_int_equal(aiodal_trigger_column_count(trigger), 2);
	assert_int_equal(aiodal_trigger_argument_count(trigger), 3);
	assert_string_equal(aiodal_trigger_argument_at(trigger, 0), "it's");
	assert_string_equal(aiodal_trigger_argument_at(trigger, 1), "");
	assert_string_equal(aiodal_trigger_argument_at(trigger, 2), "a\\b");
	assert_string_equal(aiodal_trigger_enabled(trigger), "disabled");
	assert_string_equal(aiodal_trigger_function_name(trigger), "trg");
	assert_string_equal(aiodal_trigger_comment(trigger), "for all");
	trigger = aiodal_table_trigger(table, "checked");
	assert_true(aiodal_trigger_is_constraint(trigger));
	assert_true(aiodal_trigger_initially_deferred(trigger));
	assert_string_equal(aiodal_trigger_referenced_name(trigger), "other");
	assert_string_equal(aiodal_trigger_new_table(aiodal_table_trigger(table, "transitions")), "new Rows");
	assert_null(aiodal_table_trigger(table, "nothing"));
	assert_null(aiodal_table_trigger(table, NULL));
	assert_string_equal(aiodal_rule_event(rule), "insert");
	assert_false(aiodal_rule_is_instead(rule));
	assert_string_equal(aiodal_rule_comment(rule), "several");
	assert_ptr_equal(aiodal_rule_table(rule), table);
	assert_non_null(strstr(aiodal_rule_definition(rule), "INSERT"));
}

static void
policies_name_their_roles(void **state)
{
	const aiodal_table *table = aiodal_schema_table(schema, "obj", "fired");
	const aiodal_policy *policy = aiodal_table_policy(table, "p 1");

	(void) state;
	assert_int_equal(aiodal_table_policy_count(table), 2);
	assert_string_equal(aiodal_policy_command(policy), "DELETE");
	assert_true(aiodal_policy_permissive(policy));
	assert_int_equal(aiodal_policy_role_count(policy), 3);
	assert_non_null(aiodal_policy_using(policy));
	assert_null(aiodal_policy_with_check(policy));
	policy = aiodal_table_policy(table, "p2");
	assert_false(aiodal_policy_permissive(policy));
	assert_int_equal(aiodal_policy_role_count(policy), 1);
	assert_string_equal(aiodal_policy_role_at(policy, 0), "public");
	assert_string_equal(aiodal_policy_comment(policy), "second");
	assert_ptr_equal(aiodal_policy_table(policy), table);
}

static void
privileges_are_those_of_the_catalogs(void **state)
{
	lines out;

	(void) state;
	lines_open(&out);
	for (int t = 0; t < aiodal_schema_table_count(schema); t++)
	{
		const aiodal_table *table = aiodal_schema_table_at(schema, t);

		if (strncmp(aiodal_table_schema(table), "obj", 3) != 0)
			continue;
		for (int i = 0; i < aiodal_table_privilege_count(table); i++)
		{
			const aiodal_privilege *privilege = aiodal_table_privilege_at(table, i);

			assert_ptr_equal(aiodal_privilege_table(privilege), table);
			put_int(&out, aiodal_table_oid(table));
			put(&out, aiodal_privilege_column(privilege));
			put(&out, aiodal_privilege_grantor(privilege));
			put(&out, aiodal_privilege_grantee(privilege));
			put(&out, aiodal_privilege_type(privilege));
			put_bool(&out, aiodal_privilege_is_grantable(privilege));
			put_end(&out);
		}
	}
#define ROLE_NAME(x) "(SELECT rolname FROM pg_roles WHERE oid = " x ")"
	same_lines(&out, 20,
			   "WITH c AS (SELECT * FROM pg_class WHERE relkind IN ('r', 'v', 'm', 'p', 'f') "
			   "AND relnamespace::regnamespace::text ~ '^\"?obj') "
			   "SELECT concat_ws('|', oid, attname, " ROLE_NAME("grantor") ", " OR_DASH(ROLE_NAME(
				   "grantee")) ", privilege_type, is_grantable, '') FROM ("
							   "SELECT c.oid, '-' AS attname, a.* FROM c, aclexplode(coalesce(relacl, "
							   "acldefault('r', relowner))) a "
							   "UNION ALL SELECT c.oid, attname, a.* FROM c JOIN pg_attribute ON attrelid "
							   "= c.oid, aclexplode(attacl) a) x");
}

static void
what_belongs_to_the_database(void **state)
{
	const aiodal_extension *extension = aiodal_schema_extension(schema, "aiodal");
	const aiodal_event_trigger *trigger = aiodal_schema_event_trigger(schema, "on ddl");
	const aiodal_publication *publication = aiodal_schema_publication(schema, "pub 1");
	const aiodal_statistics *statistics =
		aiodal_table_statistics(aiodal_schema_table(schema, "obj", "fired"), "stat 1");

	(void) state;
	assert_string_equal(aiodal_extension_version(extension), AIODAL_VERSION);
	assert_string_equal(aiodal_extension_schema(aiodal_schema_extension(schema, "citext")), "ext");
	assert_false(aiodal_extension_relocatable(extension));
	assert_true(aiodal_schema_extension_count(schema) > 5);
	assert_string_equal(aiodal_event_trigger_event(trigger), "ddl_command_end");
	assert_int_equal(aiodal_event_trigger_tag_count(trigger), 2);
	assert_string_equal(aiodal_event_trigger_enabled(aiodal_schema_event_trigger(schema, "on_drop")),
						"disabled");
	assert_int_equal(aiodal_publication_table_count(publication), 2);
	assert_string_equal(aiodal_publication_table_at(publication, 0), "obj.fired");
	assert_int_equal(aiodal_publication_operation_count(publication), 2);
	assert_int_equal(aiodal_publication_schema_count(aiodal_schema_publication(schema, "pub2")), 2);
	assert_true(aiodal_publication_via_root(aiodal_schema_publication(schema, "pub2")));
	assert_int_equal(aiodal_statistics_kind_count(statistics), 3 + 1);
	assert_int_equal(aiodal_statistics_column_count(statistics), 2);
	assert_int_equal(aiodal_statistics_expression_count(statistics), 1);
	assert_int_equal(aiodal_statistics_target(statistics), 50);
	assert_string_equal(aiodal_statistics_comment(statistics), "correlated");
	assert_int_equal(aiodal_schema_default_privilege_count(schema) >= 3, 1);
	assert_null(aiodal_schema_default_privilege_at(schema, -1));
	assert_string_equal(aiodal_namespace_name(aiodal_schema_namespace(schema, "obj \"2\"")), "obj \"2\"");
	assert_true(aiodal_namespace_oid(aiodal_schema_namespace(schema, "public")) > 0);
	assert_null(aiodal_schema_namespace(schema, "pg_catalog"));
}

static void
columns_have_their_details(void **state)
{
	lines out;

	(void) state;
	lines_open(&out);
	for (int t = 0; t < aiodal_schema_table_count(schema); t++)
	{
		const aiodal_table *table = aiodal_schema_table_at(schema, t);

		for (int i = 0; i < aiodal_table_column_count(table); i++)
		{
			const aiodal_column *column = aiodal_table_column_at(table, i);

			put_int(&out, aiodal_table_oid(table));
			put_int(&out, aiodal_column_position(column));
			put(&out, aiodal_column_storage(column));
			put(&out, aiodal_column_compression(column));
			put_int(&out, aiodal_column_statistics(column));
			put_bool(&out, aiodal_column_is_local(column));
			put_int(&out, aiodal_column_inherited(column));
			put_int(&out, aiodal_column_element_type_oid(column));
			put_bool(&out, strcmp(aiodal_column_type_kind(column), "array") == 0);
			for (int o = 0; o < aiodal_column_option_count(column); o++)
				put(&out, aiodal_column_option_at(column, o));
			for (int o = 0; o < aiodal_column_foreign_option_count(column); o++)
				put(&out, aiodal_column_foreign_option_at(column, o));
			put_end(&out);
		}
	}
	same_lines(
		&out, 1700,
		LINE(
			"c.oid, attnum, CASE attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN "
			"'main' "
			"ELSE 'extended' END, CASE attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' ELSE '-' END, "
			"coalesce(attstattarget, -1), attislocal, attinhcount, CASE WHEN typsubscript = "
			"'array_subscript_handler'::regproc THEN typelem ELSE 0 END, typsubscript = "
			"'array_subscript_handler'::regproc, (SELECT string_agg(x, '|') FROM unnest(attoptions) x WHERE "
			"x !~ '^pg_attver='), "
			"array_to_string(attfdwoptions, '|')") "FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid "
												   "JOIN pg_type y ON y.oid = atttypid "
												   "WHERE relkind IN ('r', 'v', 'm', 'p', 'f') AND attnum > "
												   "0 AND NOT attisdropped AND" OURS("pg_class", "c.oid",
																					 "relnamespace"));
}

static void
view_columns_name_their_base(void **state)
{
	const aiodal_table *view = aiodal_schema_table(schema, "obj", "v2");
	const aiodal_table *fired = aiodal_schema_table(schema, "obj", "fired");
	const aiodal_column *x = aiodal_table_column(view, "x");

	(void) state;
	assert_string_equal(aiodal_column_base_schema(x), "obj");
	assert_string_equal(aiodal_column_base_table(x), "fired");
	assert_string_equal(aiodal_column_base_column(x), "id");
	assert_ptr_equal(aiodal_column_base(x), aiodal_table_column(fired, "id"));
	assert_null(aiodal_column_base(aiodal_table_column(view, "n")));
	assert_null(aiodal_column_base_table(aiodal_table_column(view, "n")));
	assert_null(aiodal_column_base(aiodal_table_column(fired, "id")));
	assert_string_equal(
		aiodal_column_sequence(aiodal_table_column(aiodal_schema_table(schema, "obj", "owning"), "b c")),
		"obj.\"owning_b c_seq\"");
}

static void
run_there(const char *sql)
{
	PGresult *res = PQexec(pg, sql);

	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		fail_msg("%s", PQresultErrorMessage(res));
	PQclear(res);
}

/* Citus is not here: what it would have in this table of its own is. */
static void
distributions_are_told(void **state)
{
	aiodal_db *other;
	aiodal_error *err = NULL;
	aiodal_schema *seen;
	const aiodal_table *table;

	(void) state;
	run_there(
		"SET allow_system_table_mods = on; CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass, "
		"partmethod \"char\", partkey text, colocationid int, repmodel \"char\"); "
		"INSERT INTO pg_catalog.pg_dist_partition VALUES ('obj.other', 'h', '{VAR :varno 1 :varattno 2 }', "
		"7, 's')");
	OK(aiodal_db_open(&other, "dbname=" ODD_DATABASE, NULL, &err));
	run_there("SET allow_system_table_mods = on; DROP TABLE pg_catalog.pg_dist_partition");
	seen = aiodal_db_schema(other);
	table = aiodal_schema_table(seen, "obj", "other");
	assert_string_equal(aiodal_table_distribution(table), "distributed");
	assert_string_equal(aiodal_table_distribution_column(table), "fired");
	assert_int_equal(aiodal_table_colocation_id(table), 7);
	table = aiodal_schema_table(seen, "obj", "fired");
	assert_null(aiodal_table_distribution(table));
	assert_null(aiodal_table_distribution_column(table));
	assert_int_equal(aiodal_table_colocation_id(table), 0);
	aiodal_schema_unref(seen);
	aiodal_db_close(other);
}

static void
parents_are_named(void **state)
{
	const aiodal_table *part = aiodal_schema_table(schema, "hard_partitions", "part_2024_eu");
	const aiodal_table *child = aiodal_schema_table(schema, "hard", "child");
	const aiodal_table *settings = aiodal_schema_table(schema, "hard", "settings");

	(void) state;
	assert_ptr_equal(aiodal_table_parent(part), aiodal_schema_table(schema, "hard", "part_2024"));
	assert_string_equal(aiodal_table_parent_name(part), "hard.part_2024");
	assert_ptr_equal(aiodal_table_parent(aiodal_table_parent(part)),
					 aiodal_schema_table(schema, "hard", "part"));
	assert_null(aiodal_table_parent(child));
	assert_int_equal(aiodal_table_parent_oid(child), 0);
	assert_int_equal(aiodal_table_inherits_count(child), 2);
	assert_string_equal(aiodal_table_inherits_at(child, 0), "hard.father");
	assert_string_equal(aiodal_table_inherits_at(child, 1), "hard.mother");
	assert_int_equal(aiodal_table_inherits_count(part), 0);
	assert_string_equal(aiodal_table_access_method(settings), "heap");
	assert_null(aiodal_table_tablespace(settings));
	assert_true(aiodal_table_option_count(settings) > 0);
	assert_string_equal(aiodal_table_replica_identity(settings), "full");
	assert_null(aiodal_table_replica_identity_index(settings));
	assert_true(aiodal_index_is_clustered(aiodal_table_index(settings, "settings_b")));
	assert_true(aiodal_table_force_row_security(aiodal_schema_table(schema, "obj", "fired")));
	assert_true(aiodal_table_deletable(settings));
	assert_false(aiodal_table_deletable(aiodal_schema_table(schema, "hard", "v_union")));
}

static void
constraints_have_their_details(void **state)
{
	const aiodal_constraint *excluded =
		aiodal_table_constraint_at(aiodal_schema_table(schema, "hard", "excluded"), 0);
	lines out;

	(void) state;
	lines_open(&out);
	for (int t = 0; t < aiodal_schema_table_count(schema); t++)
	{
		const aiodal_table *table = aiodal_schema_table_at(schema, t);

		for (int i = 0; i < aiodal_table_constraint_count(table); i++)
		{
			const aiodal_constraint *constraint = aiodal_table_constraint_at(table, i);

			if (strcmp(aiodal_constraint_kind(constraint), "not null") == 0)
				continue;
			put_int(&out, aiodal_constraint_oid(constraint));
			put_int(&out, aiodal_table_oid(table));
			put(&out, aiodal_constraint_name(constraint));
			put_bool(&out, aiodal_constraint_no_inherit(constraint));
			put_bool(&out, aiodal_constraint_is_local(constraint));
			put_int(&out, aiodal_constraint_inherited(constraint));
			for (int c = 0; c < aiodal_constraint_on_delete_column_count(constraint); c++)
				put(&out, aiodal_constraint_on_delete_column_at(constraint, c));
			put_end(&out);
		}
	}
	same_lines(
		&out, 50,
		LINE("o.oid, c.oid, conname, connoinherit AND contype = 'c', conislocal, coninhcount, "
			 "(SELECT string_agg(attname, '|' ORDER BY n) FROM unnest(confdelsetcols) WITH ORDINALITY u(k, "
			 "n) JOIN "
			 "pg_attribute ON attrelid = conrelid AND attnum = k)") "FROM pg_constraint o JOIN pg_class c ON "
																	"c.oid = conrelid WHERE contype IN ('p', "
																	"'u', 'f', 'c', 'x') "
																	"AND (contype <> 'f' OR confrelid = 0 OR "
																	"NOT EXISTS (SELECT FROM pg_constraint p "
																	"WHERE p.oid = o.conparentid AND "
																	"p.conrelid = "
																	"o.conrelid)) AND" OURS(
																		"pg_class", "c.oid", "relnamespace"));
	assert_int_equal(aiodal_constraint_operator_count(excluded), aiodal_constraint_column_count(excluded));
	assert_string_equal(aiodal_constraint_kind(excluded), "exclusion");
}

static void
indexes_have_their_keys(void **state)
{
	const aiodal_index *index = aiodal_table_index(
		aiodal_schema_table(schema, "hard",
							"sixty_three_bytes_long_name_that_uses_up_all_the_room_there_is_"),
		"index \" .");
	const aiodal_table *vector = aiodal_schema_table(schema, "hard", "vector");
	lines out;

	(void) state;
	assert_int_equal(aiodal_index_key_count(index), 3);
	assert_string_equal(aiodal_index_key_column(index, 0), "a.b");
	assert_null(aiodal_index_key_column(index, 1));
	assert_non_null(strstr(aiodal_index_key_expression(index, 1), "lower"));
	assert_string_equal(aiodal_index_key_column(index, 2), "😀");
	assert_true(aiodal_index_key_descending(index, 2));
	assert_null(aiodal_index_key_column(index, 3));
	assert_false(aiodal_index_key_descending(index, -1));
	index = aiodal_table_index(vector, "vector_words");
	assert_string_equal(aiodal_index_key_opclass(index, 0), "tsvector_ops");
	assert_int_equal(aiodal_index_key_opclass_option_count(index, 0), 1);
	assert_string_equal(aiodal_index_key_opclass_option_at(index, 0, 0), "siglen=100");
	assert_null(aiodal_index_key_opclass_option_at(index, 0, 1));
	lines_open(&out);
	for (int t = 0; t < aiodal_schema_table_count(schema); t++)
	{
		const aiodal_table *table = aiodal_schema_table_at(schema, t);

		for (int i = 0; i < aiodal_table_index_count(table); i++)
		{
			index = aiodal_table_index_at(table, i);
			put_int(&out, aiodal_index_oid(index));
			put_bool(&out, aiodal_index_is_ready(index));
			put_bool(&out, aiodal_index_is_clustered(index));
			put_bool(&out, aiodal_index_is_exclusion(index));
			put_bool(&out, aiodal_index_is_replica_identity(index));
			put_int(&out, aiodal_index_key_count(index));
			put_bool(&out, aiodal_index_parent(index) != NULL);
			for (int k = 0; k < aiodal_index_key_count(index); k++)
				put(&out, aiodal_index_key_column(index, k));
			put_end(&out);
		}
	}
	same_lines(&out, 30,
			   LINE("i.indexrelid, indisready, indisclustered, indisexclusion, indisreplident, indnkeyatts, "
					"x.relispartition, "
					"(SELECT string_agg(coalesce(attname, '-'), '|' ORDER BY n) FROM unnest(indkey::int[]) "
					"WITH ORDINALITY u(k, n) "
					"LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = k AND k <> 0 WHERE n <= "
					"indnkeyatts)") "FROM pg_index i JOIN pg_class c ON c.oid = indrelid JOIN pg_class x ON "
									"x.oid = indexrelid WHERE c.relkind IN ('r', "
									"'p', 'm') AND" OURS("pg_class", "c.oid", "c.relnamespace"));
}

/* What was not asked for is not there, and says so. */
static void
parts_are_read_on_demand(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_db *other;
	aiodal_schema *of;
	const aiodal_table *table;

	(void) state;
	OK(aiodal_db_open(&other, "dbname=" ODD_DATABASE, NULL, &err));
	of = aiodal_db_schema(other);
	assert_int_equal(aiodal_schema_parts(of), AIODAL_PARTS_DEFAULT);
	assert_true(aiodal_schema_type_count(of) > 0);
	assert_int_equal(aiodal_schema_function_count(of), 0);
	aiodal_schema_unref(of);
	aiodal_db_close(other);
	options.parts = AIODAL_PART_FUNCTIONS;
	OK(aiodal_db_open(&other, "dbname=" ODD_DATABASE, &options, &err));
	of = aiodal_db_schema(other);
	assert_int_equal(aiodal_schema_parts(of), AIODAL_PART_FUNCTIONS | AIODAL_PART_TABLES);
	assert_true(aiodal_schema_function_count(of) > 0);
	assert_int_equal(aiodal_schema_sorted_count(of), 0);
	assert_int_equal(aiodal_schema_type_count(of), 0);
	assert_null(aiodal_schema_type(of, "obj", "pair"));
	assert_null(aiodal_schema_type_by_oid(of, 25));
	assert_null(aiodal_schema_extension(of, "aiodal"));
	table = aiodal_schema_table(of, "obj", "fired");
	assert_int_equal(aiodal_table_trigger_count(table), 0);
	assert_null(aiodal_table_trigger(table, "all_rows"));
	assert_null(aiodal_table_privilege_at(table, 0));
	aiodal_schema_unref(of);
	aiodal_db_close(other);
	options.parts = ~0u;
	FAILS(AIODAL_EINVAL, aiodal_db_open(&other, NULL, &options, &err), "AIODAL_PARTS_ALL");
}

static void
getters_take_null(void **state)
{
	(void) state;
	assert_int_equal(aiodal_schema_parts(NULL), 0);
	assert_int_equal(aiodal_schema_type_count(NULL), 0);
	assert_null(aiodal_schema_type_at(NULL, 0));
	assert_null(aiodal_schema_type_by_oid(NULL, 1));
	assert_null(aiodal_schema_function(NULL, "a", "b", 0));
	assert_null(aiodal_schema_extension(NULL, "a"));
	assert_null(aiodal_table_policy(NULL, "a"));
	assert_null(aiodal_type_name(NULL));
	assert_int_equal(aiodal_type_label_count(NULL), 0);
	assert_null(aiodal_type_label_at(NULL, 0));
	assert_false(aiodal_type_check_validated(NULL, 0));
	assert_int_equal(aiodal_sequence_max(NULL), 0);
	assert_int_equal(aiodal_statistics_target(NULL), 0);
	assert_null(aiodal_trigger_table(NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_have_their_labels),
		cmocka_unit_test(domains_have_their_checks),
		cmocka_unit_test(composite_types_have_their_attributes),
		cmocka_unit_test(ranges_name_their_parts),
		cmocka_unit_test(functions_have_their_arguments),
		cmocka_unit_test(functions_tell_what_comes_out),
		cmocka_unit_test(sequences_have_their_bounds),
		cmocka_unit_test(triggers_and_rules_are_with_their_table),
		cmocka_unit_test(policies_name_their_roles),
		cmocka_unit_test(privileges_are_those_of_the_catalogs),
		cmocka_unit_test(what_belongs_to_the_database),
		cmocka_unit_test(columns_have_their_details),
		cmocka_unit_test(view_columns_name_their_base),
		cmocka_unit_test(distributions_are_told),
		cmocka_unit_test(parents_are_named),
		cmocka_unit_test(constraints_have_their_details),
		cmocka_unit_test(indexes_have_their_keys),
		cmocka_unit_test(parts_are_read_on_demand),
		cmocka_unit_test(getters_take_null),
	};

	return cmocka_run_group_tests_name("objects", tests, set_up, tear_down);
}
