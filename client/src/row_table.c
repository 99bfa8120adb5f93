/*
 * row_table.c
 *		Structs that are rows of a table.
 *
 * Design notes. The statements are made from the mapping each time, with the same text each time, so that
 * they are prepared like any other. An insert has as many texts as there are sets of defaults in use.
 */
#include "row.h"

#include <string.h>

#include <aiodal/result.h>
#include <aiodal/tx.h>

#include "error.h"
#include "util/buf.h"
#include "util/mem.h"

#define FEW_PARAMS 16 /* so many cost no allocation */

typedef struct statement
{
	const aiodal_mapping *mapping;
	const void *row;
	aiodal__buf sql;
	aiodal_value *params;
	size_t n;
	aiodal_value few[FEW_PARAMS];
	aiodal_value *heap;
} statement;

aiodal_status
aiodal__mapping_check(const aiodal_mapping *mapping, aiodal_error **err)
{
	aiodal_field field;
	aiodal_status status;

	if (!mapping || mapping->size < sizeof(*mapping) || !mapping->table)
		return aiodal__fail(err, AIODAL_EINVAL, "mapping is NULL or was not initialised");
	/* a shape without a field makes no statement */
	status = aiodal__shape_take(&field, mapping->shape, 0, err);
	for (size_t i = 1; status == AIODAL_OK && i < mapping->shape->n_fields; i++)
		status = aiodal__shape_take(&field, mapping->shape, i, err);
	return status;
}

/* With room for a parameter of each field. */
static aiodal_status
start(statement *s, const aiodal_mapping *mapping, const void *row, aiodal_error **err)
{
	aiodal_status status = aiodal__mapping_check(mapping, err);

	s->sql = (aiodal__buf) AIODAL__BUF_INIT;
	s->heap = NULL;
	s->n = 0;
	if (status != AIODAL_OK)
		return status;
	if (!row)
		return aiodal__fail(err, AIODAL_EINVAL, "the struct must not be NULL");
	if (mapping->shape->n_fields > FEW_PARAMS)
	{
		s->heap = aiodal__calloc(mapping->shape->n_fields, sizeof(*s->heap));
		if (!s->heap)
			return aiodal__fail_memory(err);
	}
	s->mapping = mapping;
	s->row = row;
	s->params = s->heap ? s->heap : s->few;
	return AIODAL_OK;
}

static void
finish(statement *s)
{
	aiodal__buf_free(&s->sql);
	aiodal__free(s->heap);
}

static const aiodal_field *
field_at(const statement *s, size_t i)
{
	return aiodal__field_at(s->mapping->shape, i);
}

static size_t
n_fields(const statement *s)
{
	return s->mapping->shape->n_fields;
}

static aiodal_status
add_param(statement *s, size_t i, aiodal_error **err)
{
	aiodal_status status = aiodal_shape_value(&s->params[s->n], s->mapping->shape, i, s->row, err);

	if (status == AIODAL_OK)
		s->n++;
	return status;
}

static void
add_relation(statement *s)
{
	if (s->mapping->schema)
	{
		aiodal__buf_ident(&s->sql, s->mapping->schema);
		aiodal__buf_str(&s->sql, ".");
	}
	aiodal__buf_ident(&s->sql, s->mapping->table);
}

static void
add_columns(statement *s)
{
	for (size_t i = 0; i < n_fields(s); i++)
	{
		aiodal__buf_str(&s->sql, i > 0 ? ", " : "");
		aiodal__buf_ident(&s->sql, field_at(s, i)->column);
	}
}

static void
add_returning(statement *s, bool wanted)
{
	if (!wanted)
		return;
	aiodal__buf_str(&s->sql, " RETURNING ");
	add_columns(s);
}

static bool
is_key(const aiodal_field *field)
{
	return (field->flags & AIODAL_FIELD_KEY) != 0;
}

/* "a" = $1 for fields of the key, or for those that are written and are not */
static aiodal_status
add_equations(statement *s, bool of_key, const char *between, aiodal_error **err)
{
	size_t before = s->n;

	for (size_t i = 0; i < n_fields(s); i++)
	{
		const aiodal_field *field = field_at(s, i);
		aiodal_status status;

		if (is_key(field) != of_key || (!of_key && (field->flags & AIODAL_FIELD_READ_ONLY)))
			continue;
		aiodal__buf_str(&s->sql, s->n > before ? between : "");
		aiodal__buf_ident(&s->sql, field->column);
		status = add_param(s, i, err);
		if (status != AIODAL_OK)
			return status;
		aiodal__buf_printf(&s->sql, " = $%zu", s->n);
	}
	if (s->n > before)
		return AIODAL_OK;
	return aiodal__fail(err, AIODAL_EINVAL, "struct %s has no field %s", s->mapping->shape->name,
						of_key ? "with AIODAL_FIELD_KEY" : "that can be written besides its key");
}

static aiodal_status
add_key(statement *s, aiodal_error **err)
{
	aiodal__buf_str(&s->sql, " WHERE ");
	return add_equations(s, true, " AND ", err);
}

static aiodal_status
add_values(statement *s, aiodal_error **err)
{
	for (size_t i = 0; i < n_fields(s); i++)
	{
		aiodal_status status;

		if (!aiodal__field_is_set(field_at(s, i), s->row))
			continue;
		aiodal__buf_str(&s->sql, s->n > 0 ? ", " : " (");
		aiodal__buf_ident(&s->sql, field_at(s, i)->column);
		status = add_param(s, i, err);
		if (status != AIODAL_OK)
			return status;
	}
	if (s->n == 0)
		aiodal__buf_str(&s->sql, " DEFAULT VALUES");
	for (size_t i = 0; i < s->n; i++)
		aiodal__buf_printf(&s->sql, "%s$%zu", i > 0 ? ", " : ") VALUES (", i + 1);
	if (s->n > 0)
		aiodal__buf_str(&s->sql, ")");
	return AIODAL_OK;
}

/*
 * Running them
 */

/* Fills *res and *rows, as far as they are wanted; *n: how many rows were returned or written. */
static aiodal_status
run(const statement *s, size_t n, const aiodal_value *params, aiodal_tx *tx, aiodal_result **res, void **rows,
	int64_t *written, aiodal_error **err)
{
	aiodal_query_options options = AIODAL_QUERY_OPTIONS_INIT;
	aiodal_result *own = NULL;
	aiodal_status status;

	if (s->sql.oom)
		return aiodal__fail_memory(err);
	options.results = s->mapping->wire;
	status = aiodal_tx_query(&own, tx, s->sql.data, n, params, &options, err);
	if (status == AIODAL_OK && written)
		*written = aiodal_result_affected(own);
	if (status == AIODAL_OK && res && rows)
		status = aiodal_rows_make(rows, own, s->mapping->shape, err);
	if (status == AIODAL_OK && res)
		*res = own;
	else
		aiodal_result_free(own);
	return status;
}

static aiodal_status
run_on_one(const statement *s, aiodal_tx *tx, aiodal_result **res, void **rows, aiodal_error **err)
{
	int64_t n = 0;
	aiodal_status status = run(s, s->n, s->params, tx, res, rows, &n, err);

	if (status != AIODAL_OK || n > 0)
		return status;
	if (res)
		aiodal_result_free(*res);
	if (res)
		*res = NULL;
	return aiodal__fail(err, AIODAL_ENOTFOUND, "there is no row with this key in \"%s\"", s->mapping->table);
}

static void
clear(aiodal_result **res, void **rows)
{
	if (res)
		*res = NULL;
	if (rows)
		*rows = NULL;
}

aiodal_status
aiodal_mapping_select(aiodal_result **res, void **rows, aiodal_tx *tx, const aiodal_mapping *mapping,
					  const char *tail, size_t n, const aiodal_value *params, aiodal_error **err)
{
	statement s;
	aiodal_status status = start(&s, mapping, "", err);

	clear(res, rows);
	if (status == AIODAL_OK)
	{
		aiodal__buf_str(&s.sql, "SELECT ");
		add_columns(&s);
		aiodal__buf_str(&s.sql, " FROM ");
		add_relation(&s);
		aiodal__buf_str(&s.sql, tail ? " " : "");
		aiodal__buf_str(&s.sql, tail ? tail : "");
		status = run(&s, n, params, tx, res, rows, NULL, err);
	}
	finish(&s);
	return status;
}

aiodal_status
aiodal_mapping_find(aiodal_result **res, void **rows, aiodal_tx *tx, const aiodal_mapping *mapping,
					const void *key, aiodal_error **err)
{
	statement s;
	aiodal_status status = start(&s, mapping, key, err);

	clear(res, rows);
	if (status == AIODAL_OK)
	{
		aiodal__buf_str(&s.sql, "SELECT ");
		add_columns(&s);
		aiodal__buf_str(&s.sql, " FROM ");
		add_relation(&s);
		status = add_key(&s, err);
	}
	if (status == AIODAL_OK)
		status = run_on_one(&s, tx, res, rows, err);
	finish(&s);
	return status;
}

aiodal_status
aiodal_mapping_insert(aiodal_result **res, void **rows, aiodal_tx *tx, const aiodal_mapping *mapping,
					  const void *row, aiodal_error **err)
{
	statement s;
	aiodal_status status = start(&s, mapping, row, err);

	clear(res, rows);
	if (status == AIODAL_OK)
	{
		aiodal__buf_str(&s.sql, "INSERT INTO ");
		add_relation(&s);
		status = add_values(&s, err);
	}
	if (status == AIODAL_OK)
	{
		add_returning(&s, res != NULL);
		status = run(&s, s.n, s.params, tx, res, rows, NULL, err);
	}
	finish(&s);
	return status;
}

aiodal_status
aiodal_mapping_update(aiodal_result **res, void **rows, aiodal_tx *tx, const aiodal_mapping *mapping,
					  const void *row, aiodal_error **err)
{
	statement s;
	aiodal_status status = start(&s, mapping, row, err);

	clear(res, rows);
	if (status == AIODAL_OK)
	{
		aiodal__buf_str(&s.sql, "UPDATE ");
		add_relation(&s);
		aiodal__buf_str(&s.sql, " SET ");
		status = add_equations(&s, false, ", ", err);
	}
	if (status == AIODAL_OK)
		status = add_key(&s, err);
	if (status == AIODAL_OK)
	{
		add_returning(&s, res != NULL);
		status = run_on_one(&s, tx, res, rows, err);
	}
	finish(&s);
	return status;
}

aiodal_status
aiodal_mapping_delete(aiodal_tx *tx, const aiodal_mapping *mapping, const void *key, aiodal_error **err)
{
	statement s;
	aiodal_status status = start(&s, mapping, key, err);

	if (status == AIODAL_OK)
	{
		aiodal__buf_str(&s.sql, "DELETE FROM ");
		add_relation(&s);
		status = add_key(&s, err);
	}
	if (status == AIODAL_OK)
		status = run_on_one(&s, tx, NULL, NULL, err);
	finish(&s);
	return status;
}
