-- What the desk shows of collecting; $1 is always the tenant.

-- name: bank_entries
select e.entry_id, e.account_ref, e.booked_on, e.currency, e.amount_minor, e.entry_ref, e.remittance, e.payer, e.state,
       e.match_rule, e.invoice_id, i.series, i.number, c.name as customer_name, e.imported_at
from bank_entry e
left join invoice i on i.tenant_id = e.tenant_id and i.invoice_id = e.invoice_id
left join customer c on c.tenant_id = i.tenant_id and c.customer_id = i.customer_id
where e.tenant_id = $1
  and ($2::uuid is null or e.entry_id = $2)
  and ($3::text is null or e.state = $3)
  and ($4::text is null or e.payer ilike $4 or e.remittance ilike $4 or e.entry_ref ilike $4)
order by (e.state = 'parked') desc, e.booked_on desc, e.entry_id
limit $5 offset $6;

-- name: bank_entry_count
select count(*)::integer from (
    select 1 from bank_entry e
    where e.tenant_id = $1 and ($2::text is null or e.state = $2)
      and ($3::text is null or e.payer ilike $3 or e.remittance ilike $3 or e.entry_ref ilike $3)
    limit 10001
) n;

-- name: bank_imports
select import_id, file_name, file_sha256, matched_count, parked_count, known_count, imported_by, imported_at
from bank_import where tenant_id = $1
order by imported_at desc, import_id desc limit $2;

-- name: owed
select i.invoice_id, i.series, i.number, i.currency, i.gross_minor,
       (i.gross_minor - (select coalesce(sum(e.amount_minor), 0) from bank_entry e
                         where e.tenant_id = i.tenant_id and e.invoice_id = i.invoice_id))::bigint as left_minor,
       i.due_on, i.state, c.customer_id, c.customer_no, c.name as customer_name
from invoice i
join customer c on c.tenant_id = i.tenant_id and c.customer_id = i.customer_id
where i.tenant_id = $1 and i.kind = 'invoice' and i.state in ('finalized', 'partly_paid', 'overdue')
  and i.due_on is not null and ($2::text is null or i.currency = $2)
order by i.due_on, i.invoice_id limit $3;

-- name: invoice
select i.invoice_id, i.kind, i.series, i.number, i.customer_id, c.customer_no, c.name as customer_name,
       c.email as customer_email, i.session_id, i.currency, i.net_minor, i.tax_minor, i.gross_minor,
       (i.gross_minor - (select coalesce(sum(e.amount_minor), 0) from bank_entry e
                         where e.tenant_id = i.tenant_id and e.invoice_id = i.invoice_id))::bigint as left_minor,
       i.issued_at, i.due_on, i.state
from invoice i
left join customer c on c.tenant_id = i.tenant_id and c.customer_id = i.customer_id
where i.tenant_id = $1 and i.invoice_id = $2;

-- name: sales_of
select payment_id, gateway, state, state_reason, currency, asked_minor, captured_minor, refunded_minor, card_brand,
       card_last4, created_at
from payment where tenant_id = $1 and invoice_id = $2 order by created_at desc, payment_id;

-- name: credits_of
select e.entry_id, e.account_ref, e.booked_on, e.currency, e.amount_minor, e.entry_ref, e.remittance, e.payer, e.state,
       e.match_rule, e.invoice_id, null::text as series, null::bigint as number, null::text as customer_name,
       e.imported_at
from bank_entry e where e.tenant_id = $1 and e.invoice_id = $2 order by e.booked_on, e.entry_id;
