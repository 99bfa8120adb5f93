/*
 * row_start.c
 *		Rows of tables, from and into structs, as operations.
 */
#include <aiodal/async.h>
#include <aiodal/result.h>

#include "background.h"
#include "error.h"
#include "tx.h"

typedef struct mapping_op mapping_op;

struct mapping_op
{
	aiodal__background background;
	aiodal_status (*run)(mapping_op *m, aiodal_result **res, void **rows, aiodal_error **err);
	aiodal_tx *tx;
	const aiodal_mapping *mapping;
	const void *row; /* or key */
	const char *tail;
	size_t n;
	const aiodal_value *params;

	aiodal_result *res;
	void *rows;
	aiodal_result **res_out; /* or NULL */
	void **rows_out;         /* or NULL */
};

static aiodal_status
run_select(mapping_op *m, aiodal_result **res, void **rows, aiodal_error **err)
{
	return aiodal_mapping_select(res, rows, m->tx, m->mapping, m->tail, m->n, m->params, err);
}

static aiodal_status
run_find(mapping_op *m, aiodal_result **res, void **rows, aiodal_error **err)
{
	return aiodal_mapping_find(res, rows, m->tx, m->mapping, m->row, err);
}

static aiodal_status
run_insert(mapping_op *m, aiodal_result **res, void **rows, aiodal_error **err)
{
	return aiodal_mapping_insert(res, rows, m->tx, m->mapping, m->row, err);
}

static aiodal_status
run_update(mapping_op *m, aiodal_result **res, void **rows, aiodal_error **err)
{
	return aiodal_mapping_update(res, rows, m->tx, m->mapping, m->row, err);
}

static aiodal_status
run_delete(mapping_op *m, aiodal_result **res, void **rows, aiodal_error **err)
{
	(void) res;
	(void) rows;
	return aiodal_mapping_delete(m->tx, m->mapping, m->row, err);
}

static aiodal_status
run(aiodal__background *b, aiodal_error **err)
{
	mapping_op *m = (mapping_op *) b;
	aiodal__tick_fn before = aiodal__background_enter(m->tx->conn);
	aiodal_status status = m->run(m, m->res_out ? &m->res : NULL, m->rows_out ? &m->rows : NULL, err);

	m->tx->conn->tick = before;
	return status;
}

static void
deliver(aiodal__background *b)
{
	mapping_op *m = (mapping_op *) b;

	if (m->res_out)
		*m->res_out = m->res;
	if (m->rows_out)
		*m->rows_out = m->rows;
	m->res = NULL;
}

static void
drop(aiodal__background *b)
{
	aiodal_result_free(((mapping_op *) b)->res);
}

static const struct aiodal__background_kind mapping_kind = {.run = run, .deliver = deliver, .drop = drop};

/* what says all that is to be done. */
static aiodal_status
start(aiodal_op **op, const mapping_op *what, aiodal_error **err)
{
	mapping_op *m;
	aiodal_status status;

	if (what->res_out)
		*what->res_out = NULL;
	if (what->rows_out)
		*what->rows_out = NULL;
	status = aiodal__background_check(op, err);
	if (status == AIODAL_OK)
		status = aiodal__tx_check(what->tx, err);
	if (status != AIODAL_OK)
		return status;
	m = aiodal__background_new(sizeof(*m), &mapping_kind, err);
	if (!m)
		return AIODAL_ENOMEM;
	*m = *what;
	m->background.does = &mapping_kind;
	m->background.place = &what->tx->background;
	return aiodal__background_start(op, &m->background, err);
}

aiodal_status
aiodal_mapping_select_start(aiodal_op **op, aiodal_result **res, void **rows, aiodal_tx *tx,
							const aiodal_mapping *mapping, const char *tail, size_t n,
							const aiodal_value *params, aiodal_error **err)
{
	const mapping_op what = {.run = run_select,
							 .tx = tx,
							 .mapping = mapping,
							 .tail = tail,
							 .n = n,
							 .params = params,
							 .res_out = res,
							 .rows_out = rows};

	return start(op, &what, err);
}

aiodal_status
aiodal_mapping_find_start(aiodal_op **op, aiodal_result **res, void **rows, aiodal_tx *tx,
						  const aiodal_mapping *mapping, const void *key, aiodal_error **err)
{
	const mapping_op what = {
		.run = run_find, .tx = tx, .mapping = mapping, .row = key, .res_out = res, .rows_out = rows};

	return start(op, &what, err);
}

aiodal_status
aiodal_mapping_insert_start(aiodal_op **op, aiodal_result **res, void **rows, aiodal_tx *tx,
							const aiodal_mapping *mapping, const void *row, aiodal_error **err)
{
	const mapping_op what = {
		.run = run_insert, .tx = tx, .mapping = mapping, .row = row, .res_out = res, .rows_out = rows};

	return start(op, &what, err);
}

aiodal_status
aiodal_mapping_update_start(aiodal_op **op, aiodal_result **res, void **rows, aiodal_tx *tx,
							const aiodal_mapping *mapping, const void *row, aiodal_error **err)
{
	const mapping_op what = {
		.run = run_update, .tx = tx, .mapping = mapping, .row = row, .res_out = res, .rows_out = rows};

	return start(op, &what, err);
}

aiodal_status
aiodal_mapping_delete_start(aiodal_op **op, aiodal_tx *tx, const aiodal_mapping *mapping, const void *key,
							aiodal_error **err)
{
	const mapping_op what = {.run = run_delete, .tx = tx, .mapping = mapping, .row = key};

	return start(op, &what, err);
}
