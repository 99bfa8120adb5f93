/*
 * schema_load.c
 *		Makes a snapshot out of what the extension's functions return.
 *
 * The results are kept as they came; tables, columns and the rest are small structs that know their row. What
 * refers to a table is sorted by table, so that each table's columns are one stretch of one array. Rows of
 * relations that are not in the snapshot are left out.
 */
#include "schema.h"

#include <stdlib.h>
#include <string.h>

#include <aiodal/version.h>

#include "error.h"
#include "op.h"
#include "util/array.h"
#include "util/buf.h"
#include "util/mem.h"
#include "util/records.h"

#define ARGUMENTS AIODAL__ARGUMENTS
#define TEXT      "::pg_catalog.text"

/* the other parts' are in schema_parts.c; the order of columns is that of the enums in schema.h */
static const char *const part_queries[AIODAL__FIRST_OBJECTS] = {
	[AIODAL__RELATIONS] =
		"SELECT oid, schema, name, kind, persistence, owner, comment, definition, partition_key, "
		"partition_bound, extension, estimated_rows, visible, insertable, updatable, row_security, "
		"parent, parent_oid, inherits, access_method, tablespace, options, force_row_security, "
		"replica_identity, replica_identity_index, deletable, of_type, server, foreign_options "
		"FROM aiodal.relations" ARGUMENTS,
	[AIODAL__COLUMNS] =
		"SELECT oid, name, position, type, type_oid, type_schema, type_name, typmod, dimensions, "
		"not_null, default_value, identity, generated, \"collation\", comment, type_kind, storage, "
		"CASE WHEN pg_catalog.num_nonnulls(collation_schema, element_type, compression, statistics, "
		"sequence, "
		"base_column) OPERATOR(pg_catalog.>) 0 OR NOT is_local OR inherited OPERATOR(pg_catalog.>) 0 "
		"OR options OPERATOR(pg_catalog.<>) '{}' OR foreign_options OPERATOR(pg_catalog.<>) '{}' "
		"THEN ARRAY[options" TEXT ", foreign_options" TEXT ", collation_schema, element_type, "
		"element_type_oid" TEXT ", compression, statistics" TEXT ", is_local" TEXT ", inherited" TEXT ", "
		"sequence, base_schema, base_relation, base_column] END "
		"FROM aiodal.columns" ARGUMENTS,
	[AIODAL__CONSTRAINTS] =
		"SELECT relation_oid, oid, name, kind, columns, include, referenced_schema, "
		"referenced_relation, referenced_columns, on_update, on_delete, match, \"deferrable\", "
		"initially_deferred, validated, enforced, nulls_not_distinct, expression, definition, "
		"index, comment, "
		"CASE WHEN predicate IS NOT NULL OR no_inherit OR NOT is_local OR temporal "
		"OR inherited OPERATOR(pg_catalog.>) 0 OR operators OPERATOR(pg_catalog.<>) '{}' "
		"OR on_delete_columns OPERATOR(pg_catalog.<>) '{}' "
		"THEN ARRAY[on_delete_columns" TEXT ", operators" TEXT ", no_inherit" TEXT ", is_local" TEXT ", "
		"inherited" TEXT ", temporal" TEXT ", predicate] END "
		"FROM aiodal.constraints" ARGUMENTS,
	[AIODAL__INDEXES] =
		"SELECT relation_oid, oid, name, method, is_unique, is_primary, is_valid, nulls_not_distinct, "
		"keys, include, predicate, constraint_name, comment, "
		"CASE WHEN NOT is_ready OR is_clustered OR is_exclusion OR is_replica_identity OR tablespace IS NOT "
		"NULL "
		"OR parent IS NOT NULL OR options OPERATOR(pg_catalog.<>) '{}' "
		"THEN ARRAY[options" TEXT ", NULL, is_ready" TEXT ", is_clustered" TEXT ", is_exclusion" TEXT ", "
		"is_replica_identity" TEXT ", tablespace, parent] END "
		"FROM aiodal.indexes" ARGUMENTS,
	[AIODAL__SORTED] = "SELECT oid FROM aiodal.sorted_tables" ARGUMENTS " ORDER BY position",
};

enum
{
	STEP_BEGIN,
	STEP_INFO,
	STEP_PARTS,
	MAX_STEPS = STEP_PARTS + AIODAL__N_PARTS + 1
};

/*
 * The extension
 */

static aiodal_status
check_version(const char *version, const char *database, aiodal_error **err)
{
	char *dot;
	long major = strtol(version, &dot, 10);
	long minor = *dot == '.' ? strtol(dot + 1, NULL, 10) : 0;
	bool too_old;
	bool too_new;

	/* before 1.0 every minor version may change the contract */
	too_old = major < AIODAL_VERSION_MAJOR || (major == AIODAL_VERSION_MAJOR && minor < AIODAL_VERSION_MINOR);
	too_new = major > AIODAL_VERSION_MAJOR || (major == 0 && minor > AIODAL_VERSION_MINOR);
	if (too_old)
		return aiodal__fail_hint(
			err, AIODAL_ESTATE, "This is libaiodal " AIODAL_VERSION ".",
			"Install the newer extension on the server, run ALTER EXTENSION aiodal UPDATE; and "
			"connect again.",
			"extension aiodal %s in database \"%s\" is too old", version, database);
	if (too_new)
		return aiodal__fail_hint(err, AIODAL_ESTATE, "This is libaiodal " AIODAL_VERSION ".",
								 "Install the libaiodal that belongs to the extension.",
								 "extension aiodal %s in database \"%s\" is too new", version, database);
	return AIODAL_OK;
}

/* The question about the extension failed: says why. */
static aiodal_status
extension_missing(const aiodal__conn *conn, const PGresult *res, aiodal_error **err)
{
	const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	/* undefined schema, undefined function */
	if (sqlstate && (strcmp(sqlstate, "3F000") == 0 || strcmp(sqlstate, "42883") == 0))
		return aiodal__fail_state(err, AIODAL_ENOTFOUND, sqlstate, NULL,
								  "Run CREATE EXTENSION aiodal; there.",
								  "extension aiodal is not installed in database \"%s\"", PQdb(conn->pg));
	return aiodal__conn_fail(conn, aiodal__conn_status(conn, res), res, err);
}

void
aiodal__server_info_free(aiodal__server_info *info)
{
	aiodal__free(info->database);
	aiodal__free(info->extension_version);
	aiodal__free(info->server_version_text);
}

static aiodal_status
take_info(aiodal__server_info *info, const aiodal__conn *conn, const PGresult *res, aiodal_error **err)
{
	const char *text = PQparameterStatus(conn->pg, "server_version");

	if (!info)
		return AIODAL_OK;
	info->database = aiodal__strdup(PQgetvalue(res, 0, 2));
	info->extension_version = aiodal__strdup(PQgetvalue(res, 0, 0));
	info->server_version_text = aiodal__strdup(text ? text : "");
	info->server_version = PQserverVersion(conn->pg);
	return info->database && info->extension_version && info->server_version_text ? AIODAL_OK
																				  : aiodal__fail_memory(err);
}

/* The extension's version is that of its SQL; the loaded library's may differ until the next connection. */
static aiodal_status
check_info(const PGresult *res, aiodal_error **err)
{
	aiodal_status status = check_version(PQgetvalue(res, 0, 0), PQgetvalue(res, 0, 2), err);

	return status == AIODAL_OK ? check_version(PQgetvalue(res, 0, 1), PQgetvalue(res, 0, 2), err) : status;
}

/*
 * From rows to structs
 */

static const char *
value(const PGresult *res, int row, int column)
{
	return PQgetisnull(res, row, column) ? NULL : PQgetvalue(res, row, column);
}

/* A row that belongs to a table, with what orders it within that table. */
typedef struct row_ref
{
	int table;
	int rank;
	const char *name;
	int row;
} row_ref;

static int
compare_refs(const void *a, const void *b)
{
	const row_ref *x = a;
	const row_ref *y = b;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int
constraint_rank(const char *kind)
{
	static const char *const ranks[] = {"primary key", "unique", "foreign key", "check", "exclusion"};
	int rank = 0;

	while (rank < 5 && strcmp(kind, ranks[rank]) != 0)
		rank++;
	return rank;
}

/* Every part begins with the oid of the relation. */
static const aiodal_table *
table_of_row(const aiodal_schema *schema, aiodal__part part, int row)
{
	const char *oid = PQgetvalue(schema->part[part], row, 0);

	return aiodal_schema_table_by_oid(schema, (unsigned int) strtoul(oid, NULL, 10));
}

static row_ref
make_ref(const PGresult *res, aiodal__part part, int table, int row)
{
	row_ref ref = {.table = table, .row = row, .name = ""};

	if (part == AIODAL__COLUMNS)
		ref.rank = (int) strtol(PQgetvalue(res, row, COL_POSITION), NULL, 10);
	else
		ref.name = PQgetvalue(res, row, CON_NAME);
	if (part == AIODAL__CONSTRAINTS)
		ref.rank = constraint_rank(PQgetvalue(res, row, CON_KIND));
	return ref;
}

/* The rows of a part that belong to tables of the snapshot, table by table; NULL when out of memory. */
static row_ref *
sort_rows(const aiodal_schema *schema, aiodal__part part, int *n)
{
	const PGresult *res = schema->part[part];
	row_ref *refs = aiodal__calloc((size_t) PQntuples(res), sizeof(*refs));

	*n = 0;
	for (int row = 0; refs && row < PQntuples(res); row++)
	{
		const aiodal_table *table = table_of_row(schema, part, row);

		if (table)
			refs[(*n)++] = make_ref(res, part, (int) (table - schema->tables), row);
	}
	if (refs)
		qsort(refs, (size_t) *n, sizeof(*refs), compare_refs);
	return refs;
}

/* Arrays of names; out of memory is false. The server's own output always parses. */
static bool
parse_names(aiodal_schema *schema, aiodal__part part, int row, int column, aiodal__names *names)
{
	return aiodal__array_parse(&schema->arena, value(schema->part[part], row, column), &names->item,
							   &names->n) != -1;
}

static bool
parse_details(aiodal_schema *schema, aiodal__part part, int row, int column, int n_details,
			  const aiodal__details **out)
{
	const char *text = value(schema->part[part], row, column);
	aiodal__details *details;
	int n;

	if (!text)
		return true;
	details = aiodal__arena_alloc(&schema->arena, 1, sizeof(*details));
	if (!details || aiodal__array_parse(&schema->arena, text, &details->cell, &n) == -1)
		return false;
	for (int i = 0; i < AIODAL__DETAIL_LISTS && i < n; i++)
	{
		aiodal__names *list = &details->list[i];

		if (aiodal__array_parse(&schema->arena, details->cell[i], &list->item, &list->n) == -1)
			return false;
	}
	if (n == n_details)
		*out = details;
	return true;
}

static char *
qualified_name(aiodal_schema *schema, const char *namespace_name, const char *name)
{
	aiodal__buf buf = AIODAL__BUF_INIT;
	char *copy = NULL;

	aiodal__buf_ident(&buf, namespace_name);
	aiodal__buf_str(&buf, ".");
	aiodal__buf_ident(&buf, name);
	if (!buf.oom)
		copy = aiodal__arena_alloc(&schema->arena, buf.len + 1, 1);
	if (copy)
		memcpy(copy, buf.data, buf.len + 1);
	aiodal__buf_free(&buf);
	return copy;
}

static int
compare_tables(const void *a, const void *b)
{
	const aiodal_table *x = a;
	const aiodal_table *y = b;
	int order = strcmp(aiodal_table_schema(x), aiodal_table_schema(y));

	return order ? order : strcmp(aiodal_table_name(x), aiodal_table_name(y));
}

static bool
make_tables(aiodal_schema *schema)
{
	const PGresult *res = schema->part[AIODAL__RELATIONS];

	schema->n_tables = PQntuples(res);
	schema->tables = aiodal__arena_alloc(&schema->arena, (size_t) schema->n_tables, sizeof(aiodal_table));
	for (int row = 0; schema->tables && row < schema->n_tables; row++)
	{
		aiodal_table *table = &schema->tables[row];

		table->schema = schema;
		table->row = row;
		table->oid = (unsigned int) strtoul(PQgetvalue(res, row, REL_OID), NULL, 10);
		table->qualified =
			qualified_name(schema, PQgetvalue(res, row, REL_SCHEMA), PQgetvalue(res, row, REL_NAME));
		if (!table->qualified ||
			!parse_names(schema, AIODAL__RELATIONS, row, REL_INHERITS, &table->inherits) ||
			!parse_names(schema, AIODAL__RELATIONS, row, REL_OPTIONS, &table->options) ||
			!parse_names(schema, AIODAL__RELATIONS, row, REL_FOREIGN_OPTIONS, &table->foreign_options))
			return false;
	}
	if (!schema->tables)
		return false;
	qsort(schema->tables, (size_t) schema->n_tables, sizeof(aiodal_table), compare_tables);
	return aiodal__schema_index_tables(schema);
}

static bool
make_columns(aiodal_schema *schema)
{
	int n;
	row_ref *refs = sort_rows(schema, AIODAL__COLUMNS, &n);
	aiodal_column *columns = refs ? aiodal__arena_alloc(&schema->arena, (size_t) n, sizeof(*columns)) : NULL;
	bool ok = columns != NULL;

	for (int i = 0; ok && i < n; i++)
	{
		aiodal_table *table = &schema->tables[refs[i].table];

		columns[i].table = table;
		columns[i].row = refs[i].row;
		if (table->n_columns++ == 0)
			table->columns = &columns[i];
		ok = parse_details(schema, AIODAL__COLUMNS, refs[i].row, COL_DETAILS, COL_N_DETAILS,
						   &columns[i].details);
	}
	aiodal__free(refs);
	schema->columns = columns;
	return ok && aiodal__schema_index_columns(schema);
}

static bool
fill_constraint(aiodal_schema *schema, aiodal_constraint *con, int row)
{
	const PGresult *res = schema->part[AIODAL__CONSTRAINTS];
	const char *referenced = value(res, row, CON_REFERENCED_RELATION);

	con->row = row;
	if (referenced)
		con->referenced = aiodal_schema_table(schema, value(res, row, CON_REFERENCED_SCHEMA), referenced);
	return parse_names(schema, AIODAL__CONSTRAINTS, row, CON_COLUMNS, &con->columns) &&
		   parse_names(schema, AIODAL__CONSTRAINTS, row, CON_INCLUDE, &con->include) &&
		   parse_names(schema, AIODAL__CONSTRAINTS, row, CON_REFERENCED_COLUMNS, &con->referenced_columns) &&
		   parse_details(schema, AIODAL__CONSTRAINTS, row, CON_DETAILS, CON_N_DETAILS, &con->details);
}

static bool
make_constraints(aiodal_schema *schema)
{
	int n;
	row_ref *refs = sort_rows(schema, AIODAL__CONSTRAINTS, &n);
	aiodal_constraint *cons = refs ? aiodal__arena_alloc(&schema->arena, (size_t) n, sizeof(*cons)) : NULL;
	bool ok = cons != NULL;

	for (int i = 0; ok && i < n; i++)
	{
		aiodal_table *table = &schema->tables[refs[i].table];

		cons[i].table = table;
		if (table->n_constraints++ == 0)
			table->constraints = &cons[i];
		table->n_unique += refs[i].rank <= constraint_rank("unique");
		table->n_foreign += refs[i].rank == constraint_rank("foreign key");
		ok = fill_constraint(schema, &cons[i], refs[i].row);
	}
	aiodal__free(refs);
	return ok;
}

static bool
fill_index(aiodal_schema *schema, aiodal_index *index, int row)
{
	/* in the order of the enum */
	static const char *const fields[] = {
		"column",         "expression",      "collation",       "collation_schema", "opclass",
		"opclass_schema", "opclass_options", "default_opclass", "descending",       "nulls_first"};

	index->row = row;
	return aiodal__records_parse(&schema->arena, value(schema->part[AIODAL__INDEXES], row, IDX_KEYS), fields,
								 KEY_N_FIELDS, &index->keys.item, &index->keys.n) != -1 &&
		   parse_names(schema, AIODAL__INDEXES, row, IDX_INCLUDE, &index->include) &&
		   parse_details(schema, AIODAL__INDEXES, row, IDX_DETAILS, IDX_N_DETAILS, &index->details);
}

static bool
make_indexes(aiodal_schema *schema)
{
	int n;
	row_ref *refs = sort_rows(schema, AIODAL__INDEXES, &n);
	aiodal_index *indexes = refs ? aiodal__arena_alloc(&schema->arena, (size_t) n, sizeof(*indexes)) : NULL;
	bool ok = indexes != NULL;

	for (int i = 0; ok && i < n; i++)
	{
		aiodal_table *table = &schema->tables[refs[i].table];

		indexes[i].table = table;
		if (table->n_indexes++ == 0)
			table->indexes = &indexes[i];
		ok = fill_index(schema, &indexes[i], refs[i].row);
	}
	aiodal__free(refs);
	return ok;
}

static bool
make_sorted(aiodal_schema *schema)
{
	const PGresult *res = schema->part[AIODAL__SORTED];

	if (!res)
		return true;
	schema->sorted = aiodal__arena_alloc(&schema->arena, (size_t) PQntuples(res), sizeof(*schema->sorted));
	for (int row = 0; schema->sorted && row < PQntuples(res); row++)
	{
		const aiodal_table *table =
			aiodal_schema_table_by_oid(schema, (unsigned int) strtoul(PQgetvalue(res, row, 0), NULL, 10));

		if (table)
			schema->sorted[schema->n_sorted++] = table;
	}
	return schema->sorted != NULL;
}

static bool
is_wanted(aiodal__part part, unsigned int parts)
{
	return part < AIODAL__SORTED || (parts & (AIODAL_PART_ORDER << (part - AIODAL__SORTED)));
}

static bool
make_objects(aiodal_schema *schema)
{
	for (int part = AIODAL__FIRST_OBJECTS; part < AIODAL__N_PARTS; part++)
	{
		if (schema->part[part] && !aiodal__objects_make(schema, (aiodal__part) part))
			return false;
	}
	return true;
}

/* Takes the results, which are those of the parts wanted. */
static aiodal_status
make_schema(aiodal_schema **out, PGresult **results, unsigned int parts, aiodal_error **err)
{
	aiodal_schema *schema = aiodal__calloc(1, sizeof(*schema));

	if (!schema)
		return aiodal__fail_memory(err);
	schema->refs = 1;
	schema->parts = parts | AIODAL_PART_TABLES;
	for (int part = 0; part < AIODAL__N_PARTS; part++)
	{
		if (!is_wanted((aiodal__part) part, parts))
			continue;
		schema->part[part] = *results;
		*results++ = NULL;
	}
	if (!make_tables(schema) || !make_columns(schema) || !make_constraints(schema) || !make_indexes(schema) ||
		!make_sorted(schema) || !make_objects(schema))
	{
		aiodal_schema_unref(schema);
		return aiodal__fail_memory(err);
	}
	*out = schema;
	return AIODAL_OK;
}

/* The answers are there: what they mean. *read_err is the pipeline's error, if any. */
static aiodal_status
digest(aiodal_schema **schema, aiodal__server_info *info, const aiodal__conn *conn, PGresult **results,
	   unsigned int parts, aiodal_status status, aiodal_error **read_err, aiodal_error **err)
{
	const PGresult *about = results[STEP_INFO];

	if (about && PQresultStatus(about) == PGRES_FATAL_ERROR)
		return extension_missing(conn, about, err);
	if (about && PQresultStatus(about) == PGRES_TUPLES_OK)
	{
		aiodal_status version = check_info(about, err);

		if (version != AIODAL_OK)
			return version;
	}
	if (status != AIODAL_OK)
	{
		const char *sqlstate = aiodal_error_sqlstate(*read_err);

		/* a schema that does not exist was asked for */
		if (sqlstate && strcmp(sqlstate, "3F000") == 0)
			status = aiodal__error_restatus(read_err, AIODAL_ENOTFOUND);
		if (err)
		{
			*err = *read_err;
			*read_err = NULL;
		}
		return status;
	}
	status = take_info(info, conn, about, err);
	return status == AIODAL_OK && schema ? make_schema(schema, results + STEP_PARTS, parts, err) : status;
}

static const char *
query_of(aiodal__part part)
{
	return part < AIODAL__FIRST_OBJECTS ? part_queries[part] : aiodal__objects_query(part);
}

aiodal_status
aiodal__schema_load(aiodal_schema **schema, aiodal__server_info *info, aiodal__conn *conn,
					const char *schemas, const char *include, unsigned int parts, aiodal_error **err)
{
	const char *params[] = {schemas, include};
	aiodal__step steps[MAX_STEPS] = {
		[STEP_BEGIN] = {AIODAL__STEP_EXEC, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", 0, NULL},
		[STEP_INFO] = {AIODAL__STEP_EXEC,
					   "SELECT e.extversion, aiodal.version(), pg_catalog.current_database() "
					   "FROM pg_catalog.pg_extension e WHERE e.extname OPERATOR(pg_catalog.=) 'aiodal'",
					   0, NULL},
	};
	PGresult *results[MAX_STEPS];
	aiodal_error *read_err = NULL;
	aiodal_status status;
	int n = STEP_PARTS;

	for (int part = 0; schema && part < AIODAL__N_PARTS; part++)
	{
		if (is_wanted((aiodal__part) part, parts))
			steps[n++] = (aiodal__step){AIODAL__STEP_EXEC, query_of((aiodal__part) part), 2, params};
	}
	steps[n++] = (aiodal__step){AIODAL__STEP_EXEC, "COMMIT", 0, NULL};
	status = aiodal__op_pipeline(conn, steps, n, results, &read_err);
	status = digest(schema, info, conn, results, parts, status, &read_err, err);
	if (PQtransactionStatus(conn->pg) != PQTRANS_IDLE && !conn->broken)
		(void) aiodal__op_command(conn, "ROLLBACK", false, NULL, NULL);
	for (int i = 0; i < n; i++)
		PQclear(results[i]);
	aiodal_error_free(read_err);
	return status;
}
