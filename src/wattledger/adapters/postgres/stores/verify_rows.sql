-- Raw rows that the checker computes again itself; see verify_sessions.sql.

-- name: tenants
-- cross-tenant: whose books to check
select tenant_id from tenant order by tenant_id

-- name: bills
select b.bill_id, b.currency, b.net_minor, b.tax_minor, b.gross_minor, b.register_start_milliwh,
       b.register_end_milliwh, b.started_at, b.rated, v.body, x.body
from bill b
left join tariff_version v on v.tenant_id = b.tenant_id and v.tariff_version_id = b.tariff_version_id
left join priced_by p on p.tenant_id = b.tenant_id and p.subject_id = b.bill_id
left join price_terms x on x.tenant_id = p.tenant_id and x.price_terms_id = p.price_terms_id
where b.tenant_id = $1

-- name: tariff_versions
select tariff_version_id, body from tariff_version where tenant_id = $1

-- name: price_terms
select price_terms_id, body from price_terms where tenant_id = $1

-- name: documents
select invoice_id, kind, series, number, currency, net_minor, tax_minor, gross_minor, body, pdf, pdf_sha256
from invoice where tenant_id = $1

-- name: journals
select j.source_id, j.kind, j.session_id, j.payment_id, j.transfer_count, j.happened_at, j.posted_at, l.*
from journal j
cross join lateral (
    select array_agg(t.line order by t.line) lines, array_agg(t.debit_code order by t.line) debits,
           array_agg(t.credit_code order by t.line) credits, array_agg(t.currency order by t.line) currencies,
           array_agg(t.amount_minor order by t.line) amounts
    from transfer t where t.tenant_id = j.tenant_id and t.source_id = j.source_id and t.kind = j.kind) l
where j.tenant_id = $1
order by j.posted_at, j.source_id, j.kind collate "C"

-- name: seals
select seal_no, sealed_from, sealed_until, journal_count, previous_hash, hash
from seal where tenant_id = $1 order by seal_no

-- name: sealed_until
select sealed_until from tenant where tenant_id = $1

-- name: attempts
-- What our books say of each attempt that reached a gateway; a hold is what the gateway last told of it, if nothing
-- was taken and it was not given back. ``is_settled``: nothing is under way, for two minutes.
select a.payment_id, a.attempt_no, a.gateway, a.gateway_ref,
       coalesce(case when first.gateway_ref <> a.gateway_ref then first.gateway_ref end, '') movement_ref,
       p.currency, m.captured_minor, m.refunded_minor,
       case when m.captured_minor = 0 and not h.is_over then h.authorized_minor else 0 end held_minor,
       m.fee_minor, coalesce(first.kind = 'capture', false) is_sale,
       p.changed_at < $2::timestamptz - interval '2 minutes'
       and not exists (select from operation o where o.tenant_id = a.tenant_id and o.payment_id = a.payment_id
                       and o.attempt_no = a.attempt_no and o.state in ('pending', 'calling', 'unknown')) is_settled,
       a.created_at
from attempt a
join payment p on p.tenant_id = a.tenant_id and p.payment_id = a.payment_id
left join operation first on first.tenant_id = a.tenant_id and first.payment_id = a.payment_id
     and first.attempt_no = a.attempt_no and first.operation_no = 1
cross join lateral (
    select coalesce((f.facts ->> 'authorized_minor')::bigint, 0) authorized_minor,
           coalesce((f.facts ->> 'is_released')::boolean or (f.facts ->> 'is_expired')::boolean
                    or (f.facts ->> 'has_failed')::boolean, false) is_over
    from (select convert_from(coalesce(a.facts, '{}'), 'UTF8')::jsonb facts) f) h
cross join lateral (
    select coalesce(sum(t.amount_minor) filter (where t.kind = 'capture'), 0)::bigint captured_minor,
           coalesce(sum(case t.kind when 'refund' then t.amount_minor when 'correction' then -t.amount_minor end),
                    0)::bigint refunded_minor,
           (sum(t.amount_minor) filter (where t.kind = 'fee'))::bigint fee_minor
    from operation o
    join transfer t on t.tenant_id = o.tenant_id and t.source_id = o.operation_id
         and t.kind in ('capture', 'refund', 'correction', 'fee')
    where o.tenant_id = a.tenant_id and o.payment_id = a.payment_id and o.attempt_no = a.attempt_no) m
where a.tenant_id = $1 and a.gateway_ref is not null
order by a.payment_id, a.attempt_no

-- name: messages
select raw from webhook_event where tenant_id = $1 and gateway = $2 and received_at >= $3
order by webhook_event_id

-- name: gateway_accounts
select gateway, settings, secrets from gateway_account where tenant_id = $1 and is_enabled order by gateway
