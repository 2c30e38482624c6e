-- The statements of the books store; $1 is always the tenant.

-- name: post_journals
insert into journal (tenant_id, source_id, kind, session_id, payment_id, transfer_count, happened_at, posted_at)
select t.tenant_id, u.source_id, u.kind, u.session_id, u.payment_id, u.transfer_count, u.happened_at, $8
from unnest($2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::integer[], $7::timestamptz[])
    as u(source_id, kind, session_id, payment_id, transfer_count, happened_at)
join tenant t on t.tenant_id = $1
on conflict (tenant_id, source_id, kind) do nothing
returning source_id, kind;

-- name: post_transfers
insert into transfer (tenant_id, source_id, kind, line, debit_code, credit_code, currency, amount_minor)
select t.tenant_id, u.source_id, u.kind, u.line, u.debit_code, u.credit_code, u.currency, u.amount_minor
from unnest($2::uuid[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::bigint[])
    as u(source_id, kind, line, debit_code, credit_code, currency, amount_minor)
join tenant t on t.tenant_id = $1;

-- name: transfers_of_journal
select line, debit_code, credit_code, currency, amount_minor from transfer
where tenant_id = $1 and source_id = $2 and kind = $3 order by line;

-- name: transfers_of_session
select t.source_id, t.kind, t.line, t.debit_code, t.credit_code, t.currency, t.amount_minor,
       j.session_id, j.payment_id, j.happened_at, j.posted_at
from journal j
join transfer t on t.tenant_id = j.tenant_id and t.source_id = j.source_id and t.kind = j.kind
where j.tenant_id = $1 and j.session_id = $2
order by j.posted_at, t.source_id, t.kind, t.line;

-- name: transfers_of_payment
select t.source_id, t.kind, t.line, t.debit_code, t.credit_code, t.currency, t.amount_minor,
       j.session_id, j.payment_id, j.happened_at, j.posted_at
from journal j
join transfer t on t.tenant_id = j.tenant_id and t.source_id = j.source_id and t.kind = j.kind
where j.tenant_id = $1 and j.payment_id = $2
order by j.posted_at, t.source_id, t.kind, t.line;

-- name: balances
select b.code, b.currency, sum(b.amount_minor)::bigint as amount_minor
from (
    select debit_code as code, currency, amount_minor from transfer where tenant_id = $1
    union all
    select credit_code, currency, -amount_minor from transfer where tenant_id = $1
) b
where starts_with(b.code, $2)
group by b.code, b.currency
order by b.code, b.currency;
