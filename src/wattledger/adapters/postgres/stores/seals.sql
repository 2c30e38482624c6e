-- The chain of seals.

-- name: lock_tenant
-- No key is updated, so that postings, which reference the tenant, do not wait.
select tenant_id from tenant where tenant_id = $1 for no key update skip locked

-- name: last_seal
select seal_no, sealed_from, sealed_until, journal_count, previous_hash, hash
from seal where tenant_id = $1 order by seal_no desc limit 1

-- name: journals_between
select j.source_id, j.kind, j.session_id, j.payment_id, j.happened_at, j.posted_at,
       t.debit_code, t.credit_code, t.currency, t.amount_minor
from journal j
join transfer t on t.tenant_id = j.tenant_id and t.source_id = j.source_id and t.kind = j.kind
where j.tenant_id = $1 and j.posted_at >= coalesce($2::timestamptz, '-infinity') and j.posted_at < $3
order by j.posted_at, j.source_id, j.kind, t.line

-- name: instant_of_nth
select j.posted_at from journal j
where j.tenant_id = $1 and j.posted_at >= coalesce($2::timestamptz, '-infinity') and j.posted_at < $3
order by j.posted_at offset $4 limit 1

-- name: add_seal
insert into seal (tenant_id, seal_no, sealed_from, sealed_until, journal_count, previous_hash, hash, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: mark_sealed
update tenant set sealed_until = $2 where tenant_id = $1
