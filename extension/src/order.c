/*
 * order.c
 *		Dependency order by Tarjan's strongly connected components.
 *
 * Tarjan's algorithm finishes a component when all that can be reached from it
 * is finished, which is the order wanted. The stack is our own: a chain of
 * foreign keys may be longer than the C stack is deep.
 */
#include "order.h"

#include "catalog/pg_class.h"
#include "miscadmin.h"

#include "oidmap.h"

typedef struct TableNode
{
	CatalogRelation *relation;
	List *targets; /* of TableNode: what its foreign keys refer to */
	int next;      /* of targets to be followed */
	int index;     /* when it was found, from 1; 0 not yet */
	int low;       /* lowest index known to be reachable */
	bool open;     /* its component is not finished */
	struct TableNode *caller;
} TableNode;

typedef struct Sorter
{
	List *open;   /* of TableNode, the last found first */
	List *sorted; /* of SortedTable */
	int found;
	int cycles;
} Sorter;

static bool
IsTable(const CatalogRelation *rel)
{
	return rel->relkind == RELKIND_RELATION || rel->relkind == RELKIND_PARTITIONED_TABLE;
}

static List *
MakeNodes(List *relations)
{
	oidmap_hash *by_oid = oidmap_create(CurrentMemoryContext, 1024, NULL);
	List *nodes = NIL;
	ListCell *lc;
	ListCell *fk;

	foreach (lc, relations)
	{
		TableNode *node;

		if (!IsTable(lfirst(lc)))
			continue;
		node = palloc0(sizeof(TableNode));
		node->relation = lfirst(lc);
		OidMapPut(by_oid, node->relation->oid, node);
		nodes = lappend(nodes, node);
	}
	foreach (lc, nodes)
	{
		TableNode *node = lfirst(lc);

		foreach (fk, node->relation->foreign_keys)
		{
			TableNode *target = OidMapGet(by_oid, ((CatalogConstraint *) lfirst(fk))->referenced_oid);

			if (target != NULL && target != node)
				node->targets = lappend(node->targets, target);
		}
	}
	return nodes;
}

static int
CompareNodes(const ListCell *a, const ListCell *b)
{
	const CatalogRelation *left = ((TableNode *) lfirst(a))->relation;
	const CatalogRelation *right = ((TableNode *) lfirst(b))->relation;
	int order = strcmp(left->schema, right->schema);

	return order ? order : strcmp(left->name, right->name);
}

/* Takes the component whose first node is root off the stack of open nodes. */
static void
FinishComponent(Sorter *sorter, TableNode *root)
{
	List *component = NIL;
	TableNode *node;
	ListCell *lc;
	int cycle = NULL_INT;

	do
	{
		node = llast(sorter->open);
		sorter->open = list_delete_last(sorter->open);
		node->open = false;
		component = lappend(component, node);
	} while (node != root);
	if (list_length(component) > 1)
		cycle = ++sorter->cycles;
	list_sort(component, CompareNodes);
	foreach (lc, component)
	{
		SortedTable *table = palloc(sizeof(SortedTable));

		table->relation = ((TableNode *) lfirst(lc))->relation;
		table->position = list_length(sorter->sorted) + 1;
		table->cycle = cycle;
		sorter->sorted = lappend(sorter->sorted, table);
	}
}

static void
Enter(Sorter *sorter, TableNode *node, TableNode *caller)
{
	node->index = node->low = ++sorter->found;
	node->open = true;
	node->caller = caller;
	sorter->open = lappend(sorter->open, node);
}

static void
Visit(Sorter *sorter, TableNode *start)
{
	TableNode *node = start;

	Enter(sorter, start, NULL);
	while (node != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (node->next < list_length(node->targets))
		{
			TableNode *target = list_nth(node->targets, node->next++);

			if (target->index == 0)
			{
				Enter(sorter, target, node);
				node = target;
			}
			else if (target->open)
				node->low = Min(node->low, target->index);
			continue;
		}
		if (node->low == node->index)
			FinishComponent(sorter, node);
		else
			node->caller->low = Min(node->caller->low, node->low);
		node = node->caller;
	}
}

List *
SortTables(List *relations)
{
	Sorter sorter = {0};
	List *nodes = MakeNodes(relations);
	ListCell *lc;

	foreach (lc, nodes)
	{
		if (((TableNode *) lfirst(lc))->index == 0)
			Visit(&sorter, lfirst(lc));
	}
	return sorter.sorted;
}
