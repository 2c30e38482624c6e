-- The statements of the invoices store; $1 is always the tenant.

-- name: paid
select payment_id, session_id, gateway, state, currency, held_minor, captured_minor, card_brand, card_last4,
       driver_email, link_code
from payment where tenant_id = $1 and payment_id = $2;

-- name: bill_of_session
select b.bill_id, b.session_id, b.revision, b.rated, b.started_at, b.ended_at, b.energy_milliwh,
       b.register_start_milliwh, b.register_end_milliwh, si.name as site_name, si.address_lines, si.time_zone,
       c.public_id
from bill b
join session s on s.tenant_id = b.tenant_id and s.session_id = b.session_id
join site si on si.tenant_id = b.tenant_id and si.site_id = b.site_id
left join connector c on c.tenant_id = s.tenant_id and c.connector_id = s.connector_id
where b.tenant_id = $1 and b.session_id = $2
order by b.revision desc limit 1;

-- name: bills_to_invoice
select b.bill_id, b.session_id, b.revision, b.rated, b.started_at, b.ended_at, b.energy_milliwh,
       b.register_start_milliwh, b.register_end_milliwh, si.name as site_name, si.address_lines, si.time_zone,
       c.public_id
from bill b
join session s on s.tenant_id = b.tenant_id and s.session_id = b.session_id
join site si on si.tenant_id = b.tenant_id and si.site_id = b.site_id
left join connector c on c.tenant_id = s.tenant_id and c.connector_id = s.connector_id
where b.tenant_id = $1 and b.contract_id = $2 and b.payment_id is null and b.ended_at < $3
  and not exists (
      select from bill later
      where later.tenant_id = b.tenant_id and later.session_id = b.session_id
        and later.replaces_revision = b.revision)
  and not exists (
      select from bill any_revision
      join invoice_part p on p.tenant_id = any_revision.tenant_id and p.part_id = any_revision.bill_id
      join invoice i on i.tenant_id = p.tenant_id and i.invoice_id = p.invoice_id
      where any_revision.tenant_id = b.tenant_id and any_revision.session_id = b.session_id
        and (i.state <> 'voided' or any_revision.bill_id = b.bill_id))
order by b.ended_at, b.session_id;

-- name: replaced_count
select count(*) from bill b
join bill later on later.tenant_id = b.tenant_id and later.session_id = b.session_id
                and later.replaces_revision = b.revision
where b.tenant_id = $1 and b.bill_id = any($2::uuid[]) and b.session_id = any($3::uuid[]);

-- name: contracts_without_invoice
select c.contract_id from contract c
where c.tenant_id = $1 and c.started_on < $3
  and not exists (
      select from invoice i
      where i.tenant_id = c.tenant_id and i.kind = 'invoice' and i.subject_id = c.contract_id
        and i.period_on = $2)
order by c.created_at, c.contract_id;

-- name: begin_series
insert into number_series (tenant_id, series, next_number) values ($1, $2, 1)
on conflict (tenant_id, series) do nothing;

-- name: next_number
select next_number from number_series where tenant_id = $1 and series = $2;

-- name: take_number
update number_series set next_number = number_series.next_number + 1
where tenant_id = $1 and series = $2 and next_number = $3;

-- name: add
insert into invoice (tenant_id, invoice_id, kind, series, number, subject_id, period_on, customer_id, session_id,
                     currency, net_minor, tax_minor, gross_minor, issued_at, issued_on, due_on, body, pdf,
                     pdf_sha256, state)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20);

-- name: add_parts
insert into invoice_part (tenant_id, part_id, invoice_id)
select t.tenant_id, u.part_id, $3
from unnest($2::uuid[]) u(part_id)
join tenant t on t.tenant_id = $1
on conflict (tenant_id, part_id) do nothing;

-- name: find
select invoice_id, kind, series, number, subject_id, currency, gross_minor, due_on, state from invoice
where tenant_id = $1 and kind = $2 and subject_id = $3 and period_on is not distinct from $4;

-- name: document
select invoice_id, kind, series, number, subject_id, period_on, customer_id, session_id, currency, net_minor,
       tax_minor, gross_minor, issued_at, issued_on, due_on, body, pdf, pdf_sha256, state
from invoice where tenant_id = $1 and invoice_id = $2;

-- name: document_of
select i.invoice_id from invoice_part p
join invoice i on i.tenant_id = p.tenant_id and i.invoice_id = p.invoice_id and i.state <> 'voided'
where p.tenant_id = $1 and p.part_id = $2;

-- name: part_transfers
-- What the parts of a document moved in all. A bill's later revision booked the difference to the one before, in
-- either direction, so the revisions up to the one on the document are taken together.
select x.debit_code, x.credit_code, x.currency, sum(x.amount_minor)::bigint as amount_minor
from (
    select case when t.credit_code like 'receivable:%' then t.credit_code else t.debit_code end as debit_code,
           case when t.credit_code like 'receivable:%' then t.debit_code else t.credit_code end as credit_code,
           t.currency,
           case when t.credit_code like 'receivable:%' then -t.amount_minor else t.amount_minor end as amount_minor
    from invoice_part p
    join invoice i on i.tenant_id = p.tenant_id and i.invoice_id = p.invoice_id
    left join bill b on b.tenant_id = p.tenant_id and b.bill_id = p.part_id
                    and (b.session_id = i.session_id or b.contract_id = i.subject_id)
    left join bill e on e.tenant_id = b.tenant_id and e.session_id = b.session_id and e.revision <= b.revision
    join transfer t on t.tenant_id = p.tenant_id and t.source_id = coalesce(e.bill_id, p.part_id)
                   and t.kind in ('bill', 'correction', 'plan_fee')
    where p.tenant_id = $1 and p.invoice_id = $2) x
group by x.debit_code, x.credit_code, x.currency
having sum(x.amount_minor) > 0
order by x.debit_code, x.credit_code;

-- name: open_invoices_due
select invoice_id, kind, series, number, subject_id, currency, gross_minor, due_on, state from invoice
where tenant_id = $1 and kind = 'invoice' and state in ('finalized', 'partly_paid') and due_on < $2
order by due_on, invoice_id;

-- name: set_state
update invoice set state = $4 where tenant_id = $1 and invoice_id = $2 and state = $3;
