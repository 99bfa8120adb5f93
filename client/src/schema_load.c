/*
 * schema_load.c
 *		Makes a snapshot out of what aiodal.snapshot() returns.
 *
 * The result is kept as it came; tables, columns and the rest are small structs that know where their row is
 * in it. The server sends what belongs to a table by the table's number and table by table, so that each
 * table's columns are one stretch of one array and nothing has to be looked up or sorted. Rows are checked
 * here, once, so that reading them may trust them.
 */
#include "schema.h"

#include <stdlib.h>
#include <string.h>

#include <aiodal/version.h>

#include "error.h"
#include "op.h"
#include "util/buf.h"
#include "util/mem.h"

#define ABOUT                                                               \
	"SELECT e.extversion, aiodal.version(), pg_catalog.current_database() " \
	"FROM pg_catalog.pg_extension e WHERE e.extname OPERATOR(pg_catalog.=) 'aiodal'"
#define SNAPSHOT "SELECT * FROM aiodal.snapshot($1, $2, $3, $4)"

/* columns of it, in binary form */
enum
{
	CHUNK_PART,
	CHUNK_FIELDS, /* NULL but for the first chunk of a part */
	CHUNK_ROWS,
	CHUNK_DATA
};

enum
{
	STEP_ABOUT,
	STEP_SNAPSHOT,
	MAX_STEPS
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

static aiodal_status
not_installed(const aiodal__conn *conn, const char *sqlstate, aiodal_error **err)
{
	return aiodal__fail_state(err, AIODAL_ENOTFOUND, sqlstate, NULL, "Run CREATE EXTENSION aiodal; there.",
							  "extension aiodal is not installed in database \"%s\"", PQdb(conn->pg));
}

/* The question about the extension failed: says why. */
static aiodal_status
extension_missing(const aiodal__conn *conn, const PGresult *res, aiodal_error **err)
{
	const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	/* undefined schema, undefined function */
	if (sqlstate && (strcmp(sqlstate, "3F000") == 0 || strcmp(sqlstate, "42883") == 0))
		return not_installed(conn, sqlstate, err);
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

/* The chunks of a part, which come one after the other. */
typedef struct chunks
{
	int first;
	int n;
	int n_rows;
} chunks;

/* A part's rows: room for n of them, then each of them, then what finds them. ENOMEM, or ESTATE. */
typedef struct part_maker
{
	bool (*begin)(aiodal_schema *schema, aiodal__part part, int n);
	aiodal_status (*add)(aiodal_schema *schema, aiodal__part part, aiodal__packed_row row, int i);
	bool (*end)(aiodal_schema *schema, aiodal__part part);
} part_maker;

static const char *
text(const aiodal_schema *schema, aiodal__part part, aiodal__packed_row row, int field)
{
	return aiodal__packed_text(&schema->shape[part], row, field);
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

static bool
begin_tables(aiodal_schema *schema, aiodal__part part, int n)
{
	(void) part;
	schema->tables = aiodal__arena_alloc(&schema->arena, (size_t) n, sizeof(aiodal_table));
	return schema->tables != NULL;
}

static aiodal_status
add_table(aiodal_schema *schema, aiodal__part part, aiodal__packed_row row, int i)
{
	aiodal_table *table = &schema->tables[i];
	const char *oid = text(schema, part, row, REL_OID);
	const char *of = text(schema, part, row, REL_SCHEMA);
	const char *name = text(schema, part, row, REL_NAME);

	if (!oid || !of || !name)
		return AIODAL_ESTATE;
	table->schema = schema;
	table->row = row;
	table->oid = (unsigned int) strtoul(oid, NULL, 10);
	table->qualified = qualified_name(schema, of, name);
	schema->n_tables++;
	return table->qualified ? AIODAL_OK : AIODAL_ENOMEM;
}

static bool
end_tables(aiodal_schema *schema, aiodal__part part)
{
	(void) part;
	return aiodal__schema_index_tables(schema);
}

static bool
begin_columns(aiodal_schema *schema, aiodal__part part, int n)
{
	(void) part;
	schema->columns = aiodal__arena_alloc(&schema->arena, (size_t) n, sizeof(aiodal_column));
	return schema->columns != NULL;
}

static aiodal_status
add_column(aiodal_schema *schema, aiodal__part part, aiodal__packed_row row, int i)
{
	aiodal_table *table = aiodal__table_of_row(schema, part, row);
	aiodal_column *column = &schema->columns[i];

	if (!table || !text(schema, part, row, COL_NAME))
		return AIODAL_ESTATE;
	column->table = table;
	column->row = row;
	if (table->n_columns++ == 0)
		table->columns = column;
	return AIODAL_OK;
}

static bool
end_columns(aiodal_schema *schema, aiodal__part part)
{
	(void) part;
	return aiodal__schema_index_columns(schema);
}

static bool
begin_constraints(aiodal_schema *schema, aiodal__part part, int n)
{
	(void) part;
	schema->constraints = aiodal__arena_alloc(&schema->arena, (size_t) n, sizeof(aiodal_constraint));
	return schema->constraints != NULL;
}

/* The primary key comes first, then the unique ones, then the foreign keys. */
static aiodal_status
add_constraint(aiodal_schema *schema, aiodal__part part, aiodal__packed_row row, int i)
{
	aiodal_table *table = aiodal__table_of_row(schema, part, row);
	aiodal_constraint *con = &schema->constraints[i];
	const char *kind = text(schema, part, row, CON_KIND);
	const char *referenced = text(schema, part, row, CON_REFERENCED_OID);

	if (!table || !kind || !text(schema, part, row, CON_NAME))
		return AIODAL_ESTATE;
	con->table = table;
	con->row = row;
	if (referenced)
		con->referenced = aiodal_schema_table_by_oid(schema, (unsigned int) strtoul(referenced, NULL, 10));
	if (table->n_constraints++ == 0)
		table->constraints = con;
	table->n_unique += strcmp(kind, "primary key") == 0 || strcmp(kind, "unique") == 0;
	table->n_foreign += strcmp(kind, "foreign key") == 0;
	return AIODAL_OK;
}

static bool
begin_indexes(aiodal_schema *schema, aiodal__part part, int n)
{
	(void) part;
	schema->indexes = aiodal__arena_alloc(&schema->arena, (size_t) n, sizeof(aiodal_index));
	return schema->indexes != NULL;
}

static aiodal_status
add_index(aiodal_schema *schema, aiodal__part part, aiodal__packed_row row, int i)
{
	aiodal_table *table = aiodal__table_of_row(schema, part, row);
	aiodal_index *index = &schema->indexes[i];

	if (!table || !text(schema, part, row, IDX_NAME))
		return AIODAL_ESTATE;
	index->table = table;
	index->row = row;
	if (table->n_indexes++ == 0)
		table->indexes = index;
	return AIODAL_OK;
}

static bool
begin_sorted(aiodal_schema *schema, aiodal__part part, int n)
{
	(void) part;
	schema->sorted = aiodal__arena_alloc(&schema->arena, (size_t) n, sizeof(*schema->sorted));
	return schema->sorted != NULL;
}

static aiodal_status
add_sorted(aiodal_schema *schema, aiodal__part part, aiodal__packed_row row, int i)
{
	const char *cycle = text(schema, part, row, SORTED_CYCLE);
	aiodal__sorted *sorted = &schema->sorted[i];

	sorted->table = aiodal__table_of_row(schema, part, row);
	sorted->cycle = cycle ? (int) strtol(cycle, NULL, 10) : 0;
	schema->n_sorted++;
	return sorted->table ? AIODAL_OK : AIODAL_ESTATE;
}

static aiodal_status
add_object(aiodal_schema *schema, aiodal__part part, aiodal__packed_row row, int i)
{
	(void) i;
	return aiodal__objects_add(schema, part, row) ? AIODAL_OK : AIODAL_ESTATE;
}

static const part_maker makers[] = {
	[AIODAL__RELATIONS] = {begin_tables, add_table, end_tables},
	[AIODAL__COLUMNS] = {begin_columns, add_column, end_columns},
	[AIODAL__CONSTRAINTS] = {begin_constraints, add_constraint, NULL},
	[AIODAL__INDEXES] = {begin_indexes, add_index, NULL},
	[AIODAL__SORTED] = {begin_sorted, add_sorted, NULL},
};
static const part_maker object_maker = {aiodal__objects_begin, add_object, aiodal__objects_end};

/*
 * Chunks
 */

static bool
is_chunk_of(const PGresult *res, int row, const char *part)
{
	size_t len = strlen(part);

	return (size_t) PQgetlength(res, row, CHUNK_PART) == len &&
		   memcmp(PQgetvalue(res, row, CHUNK_PART), part, len) == 0;
}

static uint32_t
rows_of_chunk(const PGresult *res, int row)
{
	const unsigned char *p = (const unsigned char *) PQgetvalue(res, row, CHUNK_ROWS);

	return PQgetlength(res, row, CHUNK_ROWS) != 4
			   ? 0
			   : (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

/* The chunks of a part that begin at or behind row; false when there are none or they claim too much. */
static bool
find_chunks(const PGresult *res, int row, const char *part, chunks *found)
{
	uint64_t n_rows = 0;
	uint64_t bytes = 0;

	while (row < PQntuples(res) && !is_chunk_of(res, row, part))
		row++;
	found->first = row;
	for (; row < PQntuples(res) && is_chunk_of(res, row, part); row++)
	{
		n_rows += rows_of_chunk(res, row);
		bytes += (uint64_t) PQgetlength(res, row, CHUNK_DATA);
	}
	found->n = row - found->first;
	found->n_rows = (int) n_rows;
	return found->n > 0 && n_rows <= bytes && n_rows < INT32_MAX;
}

static aiodal_status
add_rows(aiodal_schema *schema, aiodal__part part, const part_maker *maker, const chunks *chunks)
{
	int number = 0;

	for (int i = chunks->first; i < chunks->first + chunks->n; i++)
	{
		aiodal__packed_row row = (aiodal__packed_row) PQgetvalue(schema->res, i, CHUNK_DATA);
		aiodal__packed_row end = row + PQgetlength(schema->res, i, CHUNK_DATA);

		for (uint32_t n = rows_of_chunk(schema->res, i); n > 0; n--)
		{
			aiodal__packed_row next = aiodal__packed_check(&schema->shape[part], row, end);
			aiodal_status status = next ? maker->add(schema, part, row, number++) : AIODAL_ESTATE;

			if (status != AIODAL_OK)
				return status;
			row = next;
		}
	}
	return AIODAL_OK;
}

/* *row is where its chunks are looked for, and is moved behind them. */
static aiodal_status
make_part(aiodal_schema *schema, aiodal__part part, int *row)
{
	const part_maker *maker = part < AIODAL__FIRST_OBJECTS ? &makers[part] : &object_maker;
	aiodal_status status;
	chunks chunks;

	if (!find_chunks(schema->res, *row, aiodal__part_name(part), &chunks) ||
		!aiodal__packed_shape_init(&schema->shape[part], PQgetvalue(schema->res, chunks.first, CHUNK_FIELDS),
								   aiodal__part_fields(part)))
		return AIODAL_ESTATE;
	*row = chunks.first + chunks.n;
	if (!maker->begin(schema, part, chunks.n_rows))
		return AIODAL_ENOMEM;
	status = add_rows(schema, part, maker, &chunks);
	if (status == AIODAL_OK && maker->end && !maker->end(schema, part))
		status = AIODAL_ENOMEM;
	return status;
}

/* The last row. NULL when it is none. */
static const char *
fingerprint_of(const PGresult *res)
{
	aiodal__packed_shape shape;
	aiodal__packed_row row;
	int last = PQntuples(res) - 1;

	if (last < 0 || PQnfields(res) != 4 || !is_chunk_of(res, last, "fingerprint") ||
		!aiodal__packed_shape_init(&shape, PQgetvalue(res, last, CHUNK_FIELDS), "text"))
		return NULL;
	row = (aiodal__packed_row) PQgetvalue(res, last, CHUNK_DATA);
	return aiodal__packed_check(&shape, row, row + PQgetlength(res, last, CHUNK_DATA))
			   ? aiodal__packed_text(&shape, row, 0)
			   : NULL;
}

static bool
is_wanted(aiodal__part part, unsigned int parts)
{
	return part < AIODAL__SORTED || part == AIODAL__WARNINGS ||
		   (parts & (AIODAL_PART_ORDER << (part - AIODAL__SORTED)));
}

static aiodal_status
make_parts(aiodal_schema *schema)
{
	aiodal_status status = AIODAL_OK;
	int row = 0;

	for (int part = 0; status == AIODAL_OK && part < AIODAL__N_PARTS; part++)
	{
		if (is_wanted((aiodal__part) part, schema->parts))
			status = make_part(schema, (aiodal__part) part, &row);
	}
	return status;
}

static aiodal_status
not_understood(aiodal_error **err)
{
	return aiodal__fail_hint(err, AIODAL_ESTATE, "This is libaiodal " AIODAL_VERSION ".",
							 "Install the libaiodal and the extension of the same version.",
							 "the schema sent by extension aiodal is not of the expected form");
}

/* Takes *res, unless it says that all is as known: then *out stays NULL. */
static aiodal_status
make_schema(aiodal_schema **out, PGresult **res, unsigned int parts, const aiodal_schema *known,
			aiodal_error **err)
{
	const char *fingerprint = fingerprint_of(*res);
	aiodal_schema *schema;
	aiodal_status status;

	if (!fingerprint)
		return not_understood(err);
	if (known && PQntuples(*res) == 1 && strcmp(fingerprint, known->fingerprint) == 0)
		return AIODAL_OK;
	schema = aiodal__calloc(1, sizeof(*schema));
	if (!schema)
		return aiodal__fail_memory(err);
	schema->refs = 1;
	schema->parts = parts | AIODAL_PART_TABLES;
	schema->fingerprint = fingerprint;
	schema->res = *res;
	*res = NULL;
	status = make_parts(schema);
	if (status == AIODAL_OK)
		*out = schema;
	else
		aiodal_schema_unref(schema);
	if (status == AIODAL_ENOMEM)
		return aiodal__fail_memory(err);
	return status == AIODAL_OK ? AIODAL_OK : not_understood(err);
}

/*
 * Asking
 */

/* About the extension: whether it is there and speaks this library's version. */
static aiodal_status
digest_about(aiodal__server_info *info, const aiodal__conn *conn, const PGresult *about, aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;

	if (about && PQresultStatus(about) == PGRES_FATAL_ERROR)
		return extension_missing(conn, about, err);
	/* a schema and a function of these names may be somebody else's */
	if (about && PQresultStatus(about) == PGRES_TUPLES_OK && PQntuples(about) == 0)
		return not_installed(conn, "3F000", err);
	if (about && PQresultStatus(about) == PGRES_TUPLES_OK)
		status = check_info(about, err);
	return status == AIODAL_OK && info && about ? take_info(info, conn, about, err) : status;
}

/* What the pipeline's error means to the caller. */
static aiodal_status
restate(aiodal_status status, aiodal_error **read_err)
{
	const char *sqlstate = aiodal_error_sqlstate(*read_err);

	/* a schema that does not exist was asked for */
	return sqlstate && strcmp(sqlstate, "3F000") == 0 ? aiodal__error_restatus(read_err, AIODAL_ENOTFOUND)
													  : status;
}

/* The names of the parts as an array in text form. */
static char *
parts_array(unsigned int parts)
{
	const char *names[AIODAL__N_PARTS];
	aiodal__buf buf = AIODAL__BUF_INIT;
	size_t n = 0;

	for (int part = 0; part < AIODAL__WARNINGS; part++)
	{
		if (is_wanted((aiodal__part) part, parts))
			names[n++] = aiodal__part_name((aiodal__part) part);
	}
	aiodal__buf_array(&buf, names, n);
	return aiodal__buf_take(&buf);
}

static aiodal_status
load_all(aiodal_schema **schema, aiodal__server_info *info, aiodal__conn *conn, const char *const *params,
		 unsigned int parts, aiodal_error **err)
{
	const aiodal__step steps[MAX_STEPS] = {
		[STEP_ABOUT] = {AIODAL__STEP_EXEC, ABOUT, 0, NULL},
		[STEP_SNAPSHOT] = {AIODAL__STEP_BINARY, SNAPSHOT, 4, params},
	};
	PGresult *results[MAX_STEPS] = {NULL, NULL};
	aiodal_error *read_err = NULL;
	aiodal_status read_status;
	aiodal_status status;

	read_status = aiodal__op_pipeline(conn, steps, schema ? MAX_STEPS : 1, results, &read_err);
	status = digest_about(read_status == AIODAL_OK ? info : NULL, conn, results[STEP_ABOUT], err);
	if (status == AIODAL_OK && read_status != AIODAL_OK)
	{
		status = restate(read_status, &read_err);
		aiodal__error_move(err, &read_err);
	}
	if (status == AIODAL_OK && schema)
		status = make_schema(schema, &results[STEP_SNAPSHOT], parts, NULL, err);
	for (int i = 0; i < MAX_STEPS; i++)
		PQclear(results[i]);
	aiodal_error_free(read_err);
	return status;
}

/* As load_all(), but without asking about the extension: what the server finds wrong is no answer. */
static aiodal_status
load_changed(aiodal_schema **schema, aiodal__conn *conn, const char *const *params, unsigned int parts,
			 const aiodal_schema *known, aiodal_error **err)
{
	const aiodal__step step = {AIODAL__STEP_BINARY, SNAPSHOT, 4, params};
	PGresult *res = NULL;
	aiodal_status status = aiodal__op_pipeline(conn, &step, 1, &res, err);

	if (status == AIODAL_OK)
		status = make_schema(schema, &res, parts, known, err);
	PQclear(res);
	return status;
}

aiodal_status
aiodal__schema_load(aiodal_schema **schema, aiodal__server_info *info, aiodal__conn *conn,
					const char *schemas, const char *include, unsigned int parts, const aiodal_schema *known,
					aiodal_error **err)
{
	char *names = parts_array(parts);
	const char *params[] = {names, schemas, include, known ? known->fingerprint : NULL};
	aiodal_error *changed_err = NULL;
	aiodal_status status = AIODAL_ESERVER;

	if (schema)
		*schema = NULL;
	if (!names)
		return aiodal__fail_memory(err);
	if (schema && known && !info)
		status = load_changed(schema, conn, params, parts, known, &changed_err);
	if (status == AIODAL_ESERVER && !conn->broken)
	{
		aiodal_error_free(changed_err);
		changed_err = NULL;
		params[3] = NULL;
		status = load_all(schema, info, conn, params, parts, err);
	}
	else if (status != AIODAL_OK)
		aiodal__error_move(err, &changed_err);
	aiodal__free(names);
	return status;
}
