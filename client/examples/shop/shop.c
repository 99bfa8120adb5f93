/*
 * shop.c
 *		Rows as structs: what aiodal codegen has written for the tables of schema.sql, in use.
 *
 *		psql -f schema.sql
 *		aiodal codegen -t customer -t purchase -o tables
 *		cc -o shop shop.c tables.c $(pkg-config --cflags --libs aiodal)
 */
#include <stdio.h>
#include <string.h>

#include <aiodal/or_exit.h>

#include "tables.h"

/* A customer with two purchases. */
static aiodal_status
order(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	int32_t *id = payload;
	customer_row customer;
	customer_list inserted;
	purchase_row purchase;
	aiodal_status status;

	memset(&customer, 0, sizeof(customer));
	customer.name = "Ursula";
	status = customer_insert(&inserted, tx, &customer, err);
	if (status != AIODAL_OK)
		return status;
	*id = inserted.rows->id; /* the database's choice */
	customer_list_free(&inserted);

	memset(&purchase, 0, sizeof(purchase));
	purchase.customer = *id;
	purchase.number = 1;
	purchase.total = "17.99";
	status = purchase_insert(NULL, tx, &purchase, err); /* status: the column's default */
	if (status != AIODAL_OK)
		return status;
	purchase.number = 2;
	purchase.total = "8.50";
	purchase.status = STATUS_PAID;
	purchase.status_set = true;
	return purchase_insert(NULL, tx, &purchase, err);
}

/* Marks one as sent. */
static aiodal_status
ship(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	const int32_t *id = payload;
	purchase_list list;
	aiodal_status status = purchase_find(&list, tx, *id, 2, err);

	if (status == AIODAL_OK)
	{
		list.rows->status = STATUS_SENT;
		status = purchase_update(NULL, tx, list.rows, err);
	}
	purchase_list_free(&list);
	return status;
}

static aiodal_status
show(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	const int32_t *id = payload;
	const aiodal_value customer = aiodal_int32(*id);
	purchase_list list;
	aiodal_status status =
		purchase_select(&list, tx, "WHERE customer = $1 ORDER BY number", 1, &customer, err);

	for (size_t i = 0; i < list.n; i++)
		printf("%d: %s, %s\n", (int) list.rows[i].number, list.rows[i].total,
			   status_enum_name(list.rows[i].status));
	purchase_list_free(&list);
	return status;
}

static aiodal_status
forget(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	const int32_t *id = payload;

	return customer_delete(tx, *id, err);
}

int
main(void)
{
	aiodal_error *err = NULL;
	aiodal_schema *schema;
	aiodal_db *db;
	int32_t id = 0;

	aiodal_or_exit(aiodal_db_open(&db, "", NULL, &err), &err);
	/* has the schema changed since the code was written? */
	schema = aiodal_db_schema(db);
	aiodal_or_exit(customer_check(schema, &err), &err);
	aiodal_or_exit(purchase_check(schema, &err), &err);
	aiodal_schema_unref(schema);

	aiodal_or_exit(aiodal_db_transact(db, NULL, order, &id, &err), &err);
	aiodal_or_exit(aiodal_db_transact(db, NULL, ship, &id, &err), &err);
	aiodal_or_exit(aiodal_db_transact(db, NULL, show, &id, &err), &err);
	aiodal_or_exit(aiodal_db_transact(db, NULL, forget, &id, &err), &err);
	if (aiodal_db_transact(db, NULL, ship, &id, &err) == AIODAL_ENOTFOUND)
		printf("no more: %s\n", aiodal_error_message(err));
	aiodal_error_free(err);
	aiodal_db_close(db);
	return 0;
}
