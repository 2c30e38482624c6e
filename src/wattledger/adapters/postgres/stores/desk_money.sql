-- Payments, books, documents, customers, tariffs and reports, as the desk shows them; $1 is always the tenant.

-- name: payments
select p.payment_id, p.purpose, p.gateway, p.currency, p.asked_minor, p.held_minor, p.captured_minor,
       p.refunded_minor, p.state, p.state_reason, p.session_id, p.invoice_id, si.name as site_name, c.public_id,
       p.card_brand, p.card_last4, p.capture_before, p.created_at, p.changed_at
from payment p
left join connector c on c.tenant_id = p.tenant_id and c.connector_id = p.connector_id
left join station st on st.tenant_id = c.tenant_id and st.station_id = c.station_id
left join site si on si.tenant_id = st.tenant_id and si.site_id = st.site_id
where p.tenant_id = $1
  and ($2::uuid is null or p.payment_id = $2)
  and ($3::text[] is null or p.state = any($3))
  and ($4::uuid is null or st.site_id = $4)
  and ($5::timestamptz is null or p.created_at >= $5)
  and ($6::timestamptz is null or p.created_at < $6)
  and ($7::text is null or p.payment_id::text ilike $7 or p.card_last4 ilike $7 or p.card_brand ilike $7
       or p.gateway ilike $7 or c.public_id ilike $7)
order by /*order*/ p.created_at desc, p.payment_id
limit $8 offset $9;

-- name: payment_count
select count(*)::integer from (
    select 1
    from payment p
    left join connector c on c.tenant_id = p.tenant_id and c.connector_id = p.connector_id
    left join station st on st.tenant_id = c.tenant_id and st.station_id = c.station_id
    where p.tenant_id = $1
      and ($2::text[] is null or p.state = any($2))
      and ($3::uuid is null or st.site_id = $3)
      and ($4::timestamptz is null or p.created_at >= $4)
      and ($5::timestamptz is null or p.created_at < $5)
      and ($6::text is null or p.payment_id::text ilike $6 or p.card_last4 ilike $6 or p.card_brand ilike $6
           or p.gateway ilike $6 or c.public_id ilike $6)
    limit 10001
) n;

-- name: attempts
select attempt_no, gateway, gateway_ref, created_at
from attempt where tenant_id = $1 and payment_id = $2 order by attempt_no;

-- name: operations
select operation_id, attempt_no, operation_no, kind, amount_minor, currency, idempotency_key, state, gateway_ref,
       error_code, fee_minor, try_count, created_at, done_at
from operation where tenant_id = $1 and payment_id = $2 order by attempt_no, operation_no;

-- name: webhooks
select w.webhook_event_id, w.event_ref, w.kind, w.state, w.note, w.raw, w.received_at
from webhook_event w
where w.tenant_id = $1 and w.object_ref in (
    select a.gateway_ref from attempt a
    where a.tenant_id = w.tenant_id and a.payment_id = $2 and a.gateway = w.gateway
    union
    -- Most gateways name us by the reference that we gave them.
    select a.payment_id || ':' || a.attempt_no from attempt a
    where a.tenant_id = w.tenant_id and a.payment_id = $2 and a.gateway = w.gateway
    union
    select o.gateway_ref from operation o join attempt a using (tenant_id, payment_id, attempt_no)
    where o.tenant_id = w.tenant_id and o.payment_id = $2 and a.gateway = w.gateway
)
order by w.received_at limit 100;

-- name: webhook
select webhook_event_id, event_ref, kind, state, note, raw, received_at
from webhook_event where tenant_id = $1 and webhook_event_id = $2;

-- name: transfers
select t.source_id, t.kind, t.line, t.debit_code, t.credit_code, t.currency, t.amount_minor, j.posted_at,
       coalesce(j.posted_at < n.sealed_until, false) as sealed
from journal j
join transfer t on t.tenant_id = j.tenant_id and t.source_id = j.source_id and t.kind = j.kind
join tenant n on n.tenant_id = j.tenant_id
where j.tenant_id = $1 and (j.session_id = $2 or j.payment_id = $3)
order by j.posted_at, t.source_id, t.kind, t.line limit 500;

-- name: invoices
select i.invoice_id, i.kind, i.series, i.number, i.customer_id, cu.name as customer_name, i.session_id,
       i.currency, i.net_minor, i.tax_minor, i.gross_minor, i.issued_at, i.due_on, i.state
from invoice i
left join customer cu on cu.tenant_id = i.tenant_id and cu.customer_id = i.customer_id
where i.tenant_id = $1
  and ($2::text[] is null or i.kind = any($2))
  and ($3::uuid is null or i.customer_id = $3)
  and ($4::timestamptz is null or i.issued_at >= $4)
  and ($5::timestamptz is null or i.issued_at < $5)
  and ($6::text is null or i.series || '-' || lpad(i.number::text, 6, '0') ilike $6 or cu.name ilike $6)
order by /*order*/ i.issued_at desc, i.invoice_id
limit $7 offset $8;

-- name: invoice_count
select count(*)::integer from (
    select 1
    from invoice i
    left join customer cu on cu.tenant_id = i.tenant_id and cu.customer_id = i.customer_id
    where i.tenant_id = $1
      and ($2::text[] is null or i.kind = any($2))
      and ($3::uuid is null or i.customer_id = $3)
      and ($4::timestamptz is null or i.issued_at >= $4)
      and ($5::timestamptz is null or i.issued_at < $5)
      and ($6::text is null or i.series || '-' || lpad(i.number::text, 6, '0') ilike $6 or cu.name ilike $6)
    limit 10001
) n;

-- name: invoice_pdf
select series || '-' || lpad(number::text, 6, '0') as document, pdf
from invoice where tenant_id = $1 and invoice_id = $2;

-- name: customers
select cu.customer_id, cu.customer_no, cu.kind, cu.name, cu.email, cu.country, k.contract_count, tk.token_count,
       (coalesce(d.amount_minor, 0) - coalesce(cr.amount_minor, 0))::bigint as owed_minor,
       coalesce(k.currency, n.currency) as currency, s.last_session_at
from customer cu
join tenant n on n.tenant_id = cu.tenant_id
left join lateral (
    select count(*)::integer as contract_count, min(k.currency) as currency
    from contract k where k.tenant_id = cu.tenant_id and k.customer_id = cu.customer_id
) k on true
left join lateral (
    select count(*)::integer as token_count
    from token tk join contract k on k.tenant_id = tk.tenant_id and k.contract_id = tk.contract_id
    where k.tenant_id = cu.tenant_id and k.customer_id = cu.customer_id
) tk on true
left join lateral (
    select sum(t.amount_minor) as amount_minor from transfer t
    where t.tenant_id = cu.tenant_id and t.debit_code = 'receivable:customer:' || cu.customer_no
      and t.currency = coalesce(k.currency, n.currency)
) d on true
left join lateral (
    select sum(t.amount_minor) as amount_minor from transfer t
    where t.tenant_id = cu.tenant_id and t.credit_code = 'receivable:customer:' || cu.customer_no
      and t.currency = coalesce(k.currency, n.currency)
) cr on true
left join lateral (
    select max(s.opened_at) as last_session_at
    from contract c2 join session s on s.tenant_id = c2.tenant_id and s.contract_id = c2.contract_id
    where c2.tenant_id = cu.tenant_id and c2.customer_id = cu.customer_id
) s on true
where cu.tenant_id = $1 and ($2::uuid is null or cu.customer_id = $2)
  and ($3::text is null or cu.name ilike $3 or cu.customer_no ilike $3 or cu.email ilike $3
       or exists (select from token tk join contract k on k.tenant_id = tk.tenant_id and k.contract_id = tk.contract_id
                  where k.tenant_id = cu.tenant_id and k.customer_id = cu.customer_id and tk.uid ilike $3))
order by /*order*/ cu.customer_no, cu.customer_id
limit $4 offset $5;

-- name: contracts
select k.contract_id, k.customer_id, k.state, k.currency, pl.name as plan_name, pl.monthly_fee_minor,
       k.spending_limit_minor, k.started_on, k.ended_on, b.spent_minor, b.session_count
from contract k
left join plan pl on pl.tenant_id = k.tenant_id and pl.plan_id = k.plan_id
left join lateral (
    select coalesce(sum(b.gross_minor), 0)::bigint as spent_minor, count(*)::integer as session_count
    from bill b
    where b.tenant_id = k.tenant_id and b.contract_id = k.contract_id and b.ended_at >= $3
      and not exists (select from bill n where n.tenant_id = b.tenant_id and n.session_id = b.session_id
                      and n.replaces_revision = b.revision)
) b on true
where k.tenant_id = $1 and k.customer_id = $2 order by k.started_on desc, k.contract_id;

-- name: tokens
select tk.token_id, tk.contract_id, tk.uid, tk.kind, tk.state, tk.expires_at, tk.created_at, s.last_used_at
from token tk
join contract k on k.tenant_id = tk.tenant_id and k.contract_id = tk.contract_id
left join lateral (
    select max(s.opened_at) as last_used_at from session s
    where s.tenant_id = tk.tenant_id and s.token_id = tk.token_id
) s on true
where tk.tenant_id = $1 and k.customer_id = $2 order by tk.created_at, tk.uid limit 500;

-- name: tariffs
select t.tariff_id, t.name, u.valid_from,
       lead(u.valid_from) over (partition by t.tariff_id order by u.valid_from) as valid_until,
       u.tariff_version_id, v.body, c.connector_count
from tariff t
join tariff_publication u on u.tenant_id = t.tenant_id and u.tariff_id = t.tariff_id
join tariff_version v on v.tenant_id = u.tenant_id and v.tariff_version_id = u.tariff_version_id
left join lateral (
    select count(*)::integer as connector_count
    from connector c where c.tenant_id = t.tenant_id and c.tariff_id = t.tariff_id
) c on true
where t.tenant_id = $1
order by t.name, t.tariff_id, u.valid_from desc limit 200;

-- name: tariff_body
select body from tariff_version where tenant_id = $1 and tariff_version_id = $2;

-- name: days
select b.billed_on as day, b.site_id, si.name as site_name, b.currency, count(*)::integer as session_count,
       sum(b.energy_milliwh)::bigint as energy_milliwh, sum(b.net_minor)::bigint as net_minor,
       sum(b.tax_minor)::bigint as tax_minor, sum(b.gross_minor)::bigint as gross_minor
from bill b
join site si on si.tenant_id = b.tenant_id and si.site_id = b.site_id
where b.tenant_id = $1 and b.billed_on between $2 and $3 and ($4::uuid is null or b.site_id = $4)
  and not exists (select from bill n where n.tenant_id = b.tenant_id and n.session_id = b.session_id
                  and n.replaces_revision = b.revision)
group by b.billed_on, b.site_id, si.name, b.currency
order by b.billed_on, si.name, b.site_id, b.currency;
