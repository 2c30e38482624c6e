-- What crosses a tenant's border, or could; see verify_sessions.sql. Statements without $1 look at the catalogue.

-- name: count_references
select (select count(*) from session where tenant_id = $1) + (select count(*) from payment where tenant_id = $1)
     + (select count(*) from directory where tenant_id = $1)

-- name: foreign_reference
-- Ids without a foreign key name rows of the same tenant.
select r.subject, r.what || ' ' || r.target_id || ' is not this tenant''s'
from (
    select session_id::text subject, 'payment' what, payment_id target_id from session
    where tenant_id = $1 and payment_id is not null
    union all select payment_id::text, 'session', session_id from payment
    where tenant_id = $1 and session_id is not null
    union all select session_id::text, 'contract', contract_id from session
    where tenant_id = $1 and contract_id is not null
    union all select session_id::text, 'token', token_id from session
    where tenant_id = $1 and token_id is not null
    union all select bill_id::text, 'payment', payment_id from bill
    where tenant_id = $1 and payment_id is not null
    union all select source_id || ' ' || kind, 'payment', payment_id from journal
    where tenant_id = $1 and payment_id is not null
    union all select source_id || ' ' || kind, 'session', session_id from journal
    where tenant_id = $1 and session_id is not null
) r
where not case r.what
    when 'payment' then exists (select from payment x where x.tenant_id = $1 and x.payment_id = r.target_id)
    when 'session' then exists (select from session x where x.tenant_id = $1 and x.session_id = r.target_id)
    when 'contract' then exists (select from contract x where x.tenant_id = $1 and x.contract_id = r.target_id)
    else exists (select from token x where x.tenant_id = $1 and x.token_id = r.target_id) end

-- name: directory_wrong
-- What the directory finds before a tenant is known belongs to that tenant.
select d.kind || ' ' || d.key, 'its target ' || d.target_id || ' is not this tenant''s'
from directory d
where d.tenant_id = $1 and not case d.kind
    when 'station' then exists (select from station x where x.tenant_id = $1 and x.station_id = d.target_id)
    when 'connector' then exists (select from connector x where x.tenant_id = $1 and x.connector_id = d.target_id)
    when 'staff' then exists (select from staff x where x.tenant_id = $1 and x.staff_id = d.target_id)
    when 'link' then exists (select from payment x where x.tenant_id = $1 and x.payment_id = d.target_id)
    else true end

-- name: count_guards
-- cross-tenant: the catalogue
select count(*) from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition

-- name: table_unguarded
-- cross-tenant: the catalogue. Row-level security is on wherever there is a tenant.
select c.relname::text, 'row-level security is off or without a policy'
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  and (not c.relrowsecurity or not exists (select from pg_policy p where p.polrelid = c.oid))

-- name: role_too_strong
-- cross-tenant: the catalogue. The programs' role cannot step around row-level security.
select r.rolname::text, 'is a superuser, bypasses row-level security, or owns tables'
from pg_roles r
where r.rolname = 'wattledger_app'
  and (r.rolsuper or r.rolbypassrls or exists (
      select from pg_class c where c.relowner = r.oid and c.relnamespace = 'public'::regnamespace
      and c.relkind in ('r', 'p')))

-- name: books_rewritable
-- cross-tenant: the catalogue. Rows of the books are never changed or removed by the programs' role.
select c.relname || ' ' || g.privilege, 'is granted to wattledger_app'
from pg_class c cross join (values ('UPDATE'), ('DELETE'), ('TRUNCATE')) g(privilege)
where c.relnamespace = 'public'::regnamespace
  and c.relname in ('bill', 'journal', 'transfer', 'seal', 'account', 'session_event', 'tariff_version')
  and has_table_privilege('wattledger_app', c.oid, g.privilege)

-- name: guard_disabled
-- cross-tenant: the catalogue. Nor by anybody else, without a trigger saying so.
select c.relname::text, 'its append-only trigger is missing or disabled'
from pg_class c
where c.relnamespace = 'public'::regnamespace
  and c.relname in ('bill', 'journal', 'transfer', 'seal', 'account', 'session_event', 'tariff_version', 'invoice')
  and not exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgenabled in ('O', 'A')
                  and t.tgname in ('append_only', 'keep_invoice'))
