/*
 * tx_start.c
 *		Functions that run in transactions, aliases and sandboxes, as operations.
 *
 * Design notes. A function of the user's blocks, since that is what it is written like: all of it runs in the
 * thread, and so do the callbacks that come up in it.
 */
#include <aiodal/async.h>

#include "background.h"
#include "error.h"
#include "tx.h"
#include "util/mem.h"

/*
 * Functions
 */

typedef struct calling
{
	aiodal__background background;
	aiodal_db *db; /* with a reference; NULL: it runs in tx */
	aiodal_tx *tx;
	aiodal_tx_options options;
	aiodal_tx_fn fn;
	void *payload;
} calling;

static aiodal_status
run_calling(aiodal__background *b, aiodal_error **err)
{
	const calling *c = (calling *) b;

	return c->db ? aiodal_db_transact(c->db, &c->options, c->fn, c->payload, err)
				 : aiodal_tx_nested(c->tx, c->fn, c->payload, err);
}

static void
drop_calling(aiodal__background *b)
{
	calling *c = (calling *) b;

	if (c->db)
		aiodal__db_unref(c->db);
}

static const struct aiodal__background_kind calling_kind = {
	.run = run_calling, .drop = drop_calling, .direct = true};

static aiodal_status
new_calling(calling **c, aiodal_tx_fn fn, void *payload, aiodal_error **err)
{
	if (!fn)
		return aiodal__fail(err, AIODAL_EINVAL, "fn must not be NULL");
	*c = aiodal__background_new(sizeof(**c), &calling_kind, err);
	if (!*c)
		return AIODAL_ENOMEM;
	(*c)->fn = fn;
	(*c)->payload = payload;
	return AIODAL_OK;
}

aiodal_status
aiodal_db_transact_start(aiodal_op **op, aiodal_db *db, const aiodal_tx_options *given, aiodal_tx_fn fn,
						 void *payload, aiodal_error **err)
{
	aiodal_tx_options options;
	calling *c = NULL;
	aiodal_status status = aiodal__background_check(op, err);

	if (status == AIODAL_OK)
		status = aiodal__tx_check_options(&options, db, given, err);
	if (status == AIODAL_OK)
		status = new_calling(&c, fn, payload, err);
	if (status != AIODAL_OK)
		return status;
	(void) __atomic_add_fetch(&db->refs, 1, __ATOMIC_RELAXED);
	c->db = db;
	c->options = options;
	c->options.size = sizeof(options);
	return aiodal__background_start(op, &c->background, err);
}

aiodal_status
aiodal_tx_nested_start(aiodal_op **op, aiodal_tx *tx, aiodal_tx_fn fn, void *payload, aiodal_error **err)
{
	calling *c = NULL;
	aiodal_status status = aiodal__background_check(op, err);

	if (status == AIODAL_OK)
		status = aiodal__tx_check(tx, err);
	if (status == AIODAL_OK)
		status = new_calling(&c, fn, payload, err);
	if (status != AIODAL_OK)
		return status;
	c->background.place = &tx->background;
	c->tx = tx;
	return aiodal__background_start(op, &c->background, err);
}

/*
 * Aliases
 */

typedef struct resolving
{
	aiodal__background background;
	aiodal_tx *tx;
	char *name;
	const aiodal_alias *alias;
	const aiodal_alias **out;
} resolving;

static aiodal_status
run_resolving(aiodal__background *b, aiodal_error **err)
{
	resolving *r = (resolving *) b;
	aiodal__tick_fn before = aiodal__background_enter(r->tx->conn);
	aiodal_status status = aiodal_tx_get_alias(&r->alias, r->tx, r->name, err);

	r->tx->conn->tick = before;
	return status;
}

static void
deliver_alias(aiodal__background *b)
{
	const resolving *r = (resolving *) b;

	*r->out = r->alias;
}

static void
drop_resolving(aiodal__background *b)
{
	aiodal__free(((resolving *) b)->name);
}

static const struct aiodal__background_kind resolving_kind = {
	.run = run_resolving, .deliver = deliver_alias, .drop = drop_resolving};

aiodal_status
aiodal_tx_get_alias_start(aiodal_op **op, const aiodal_alias **alias, aiodal_tx *tx, const char *name,
						  aiodal_error **err)
{
	resolving *r;
	aiodal_status status = aiodal__background_check(op, err);

	if (status == AIODAL_OK)
		status = aiodal__tx_check(tx, err);
	if (status != AIODAL_OK)
		return status;
	if (!alias || !name)
		return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL", alias ? "name" : "alias");
	r = aiodal__background_new(sizeof(*r), &resolving_kind, err);
	if (!r)
		return AIODAL_ENOMEM;
	*alias = NULL;
	r->out = alias;
	r->background.place = &tx->background;
	r->tx = tx;
	r->name = aiodal__strdup(name);
	if (r->name)
		return aiodal__background_start(op, &r->background, err);
	aiodal__background_drop(&r->background);
	return aiodal__fail_memory(err);
}
