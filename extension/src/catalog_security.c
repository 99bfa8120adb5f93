/*
 * catalog_security.c
 *		Who may do what: privileges, default privileges, row-security policies.
 *
 * Privileges are read as data; none is checked.
 */
#include "catalog_impl.h"

#include "access/htup_details.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_type.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "deparse.h"

/* one privilege that one role gave another */
typedef struct Grant
{
	const char *grantor;
	const char *grantee; /* NULL: PUBLIC */
	const char *privilege_type;
	bool is_grantable;
} Grant;

/* In the order of the bits of AclMode; those after CONNECT came with 15 (SET, ALTER SYSTEM) and 17
 * (MAINTAIN). */
static const char *const privilege_names[] = {"INSERT",     "SELECT",  "UPDATE",  "DELETE",       "TRUNCATE",
											  "REFERENCES", "TRIGGER", "EXECUTE", "USAGE",        "CREATE",
											  "TEMPORARY",  "CONNECT", "SET",     "ALTER SYSTEM", "MAINTAIN"};

/* Calls note(arg, grant) for each privilege in the list. */
static void
ForEachGrant(Catalog *cat, const Acl *acl, void (*note)(Catalog *cat, const Grant *grant, void *arg),
			 void *arg)
{
	for (int i = 0; i < ACL_NUM(acl); i++)
	{
		const AclItem *item = &ACL_DAT(acl)[i];
		Grant grant;

		grant.grantor = FindName(cat, NAMED_ROLE, item->ai_grantor);
		grant.grantee = FindName(cat, NAMED_ROLE, item->ai_grantee);
		for (int bit = 0; bit < lengthof(privilege_names); bit++)
		{
			if (!(ACLITEM_GET_PRIVS(*item) & ((AclMode) 1 << bit)))
				continue;
			grant.privilege_type = privilege_names[bit];
			grant.is_grantable = (ACLITEM_GET_GOPTIONS(*item) & ((AclMode) 1 << bit)) != 0;
			note(cat, &grant, arg);
		}
	}
}

/* ----------------------------------------------------------- privileges */

typedef struct Grantable
{
	CatalogRelation *rel;
	const char *column_name;
} Grantable;

static void
NotePrivilege(Catalog *cat, const Grant *grant, void *arg)
{
	Grantable *on = arg;
	CatalogPrivilege *privilege = palloc(sizeof(CatalogPrivilege));

	privilege->relation = on->rel;
	privilege->column_name = on->column_name;
	privilege->grantor = grant->grantor;
	privilege->grantee = grant->grantee;
	privilege->privilege_type = grant->privilege_type;
	privilege->is_grantable = grant->is_grantable;
	on->rel->privileges = lappend(on->rel->privileges, privilege);
}

/* A relation without a list has what its owner has by default. */
void
AddRelationPrivileges(Catalog *cat, CatalogRelation *rel, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);
	ArrayType *acl = RowArray(tuple, desc, Anum_pg_class_relacl);
	Grantable on = {rel, NULL};

	ForEachGrant(cat, acl ? acl : acldefault(OBJECT_TABLE, form->relowner), NotePrivilege, &on);
}

void
AddColumnPrivileges(Catalog *cat, CatalogRelation *rel, HeapTuple tuple, TupleDesc desc)
{
	Grantable on = {rel, NULL};

	if (heap_attisnull(tuple, Anum_pg_attribute_attacl, desc))
		return;
	on.column_name = CopyName(&((Form_pg_attribute) GETSTRUCT(tuple))->attname);
	ForEachGrant(cat, RowArray(tuple, desc, Anum_pg_attribute_attacl), NotePrivilege, &on);
}

static int
CompareTexts(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int
ComparePrivileges(const ListCell *a, const ListCell *b)
{
	const CatalogPrivilege *left = lfirst(a);
	const CatalogPrivilege *right = lfirst(b);
	int order = CompareTexts(left->column_name, right->column_name);

	if (order == 0)
		order = CompareTexts(left->grantee, right->grantee);
	if (order == 0)
		order = CompareTexts(left->grantor, right->grantor);
	return order ? order : CompareTexts(left->privilege_type, right->privilege_type);
}

/* The order of a list says nothing: it depends on what was granted first. */
void
SortPrivileges(CatalogRelation *rel)
{
	list_sort(rel->privileges, ComparePrivileges);
}

/* --------------------------------------------------- default privileges */

static const char *
DefaultAclObject(char defaclobjtype)
{
	switch (defaclobjtype)
	{
		case DEFACLOBJ_RELATION: return "table";
		case DEFACLOBJ_SEQUENCE: return "sequence";
		case DEFACLOBJ_FUNCTION: return "function";
		case DEFACLOBJ_TYPE: return "type";
		case DEFACLOBJ_NAMESPACE: return "schema";
		default: return "large object"; /* from 18 on */
	}
}

static void
NoteDefaultPrivilege(Catalog *cat, const Grant *grant, void *arg)
{
	CatalogDefaultPrivilege *privilege = palloc(sizeof(CatalogDefaultPrivilege));

	*privilege = *(CatalogDefaultPrivilege *) arg;
	privilege->grantor = grant->grantor;
	privilege->grantee = grant->grantee;
	privilege->privilege_type = grant->privilege_type;
	privilege->is_grantable = grant->is_grantable;
	cat->contents.default_privileges = lappend(cat->contents.default_privileges, privilege);
}

static void
VisitDefaultAcl(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_default_acl form = (Form_pg_default_acl) GETSTRUCT(tuple);
	CatalogDefaultPrivilege common = {0};

	if (OidIsValid(form->defaclnamespace))
	{
		CatalogSchema *schema = FindSchema(cat, form->defaclnamespace);

		if (schema == NULL || !schema->wanted)
			return;
		common.schema = schema->name;
	}
	common.owner = FindName(cat, NAMED_ROLE, form->defaclrole);
	common.object_type = DefaultAclObject(form->defaclobjtype);
	ForEachGrant(cat, RowArray(tuple, desc, Anum_pg_default_acl_defaclacl), NoteDefaultPrivilege, &common);
}

static int
CompareDefaultPrivileges(const ListCell *a, const ListCell *b)
{
	const CatalogDefaultPrivilege *left = lfirst(a);
	const CatalogDefaultPrivilege *right = lfirst(b);
	int order = CompareTexts(left->owner, right->owner);

	if (order == 0)
		order = CompareTexts(left->schema, right->schema);
	if (order == 0)
		order = CompareTexts(left->object_type, right->object_type);
	if (order == 0)
		order = CompareTexts(left->grantee, right->grantee);
	return order ? order : CompareTexts(left->privilege_type, right->privilege_type);
}

void
LoadDefaultPrivileges(Catalog *cat)
{
	ScanCatalog(cat, DefaultAclRelationId, VisitDefaultAcl);
	list_sort(cat->contents.default_privileges, CompareDefaultPrivileges);
}

/* ------------------------------------------------------------- policies */

static const char *
PolicyCommand(char polcmd)
{
	switch (polcmd)
	{
		case ACL_SELECT_CHR: return "SELECT";
		case ACL_INSERT_CHR: return "INSERT";
		case ACL_UPDATE_CHR: return "UPDATE";
		case ACL_DELETE_CHR: return "DELETE";
		default: return "ALL";
	}
}

static NameList *
PolicyRoles(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	ArrayType *array = RowArray(tuple, desc, Anum_pg_policy_polroles);
	NameList *roles = MakeNameList(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)));

	for (int i = 0; i < roles->count; i++)
	{
		Oid role = ((Oid *) ARR_DATA_PTR(array))[i];

		roles->names[i] = OidIsValid(role) ? FindName(cat, NAMED_ROLE, role) : "public";
	}
	SortNames(roles);
	return roles;
}

static void
VisitPolicy(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_policy form = (Form_pg_policy) GETSTRUCT(tuple);
	CatalogRelation *rel = FindWanted(cat, form->polrelid);
	CatalogPolicy *policy;
	Subject subject = {"policy", rel, NULL};

	if (rel == NULL)
		return;
	policy = palloc0(sizeof(CatalogPolicy));
	policy->relation = rel;
	policy->oid = form->oid;
	policy->name = subject.name = CopyName(&form->polname);
	policy->permissive = form->polpermissive;
	policy->cmd = PolicyCommand(form->polcmd);
	policy->roles = PolicyRoles(cat, tuple, desc);
	policy->qual = RowExpressionText(cat, rel, tuple, desc, Anum_pg_policy_polqual, &subject);
	policy->with_check = RowExpressionText(cat, rel, tuple, desc, Anum_pg_policy_polwithcheck, &subject);
	policy->comment = FindComment(cat, PolicyRelationId, policy->oid, 0);
	rel->policies = lappend(rel->policies, policy);
}

static int
ComparePolicies(const ListCell *a, const ListCell *b)
{
	return strcmp(((CatalogPolicy *) lfirst(a))->name, ((CatalogPolicy *) lfirst(b))->name);
}

void
LoadPolicies(Catalog *cat)
{
	ListCell *lc;

	ScanRelationRows(cat, PolicyRelationId, PolicyPolrelidPolnameIndexId, Anum_pg_policy_polrelid,
					 VisitPolicy);
	foreach (lc, cat->contents.relations)
		list_sort(((CatalogRelation *) lfirst(lc))->policies, ComparePolicies);
}
