-- The statements of the collecting store; $1 is always the tenant.

-- name: keep_method
insert into payment_method (tenant_id, method_id, customer_id, gateway, kind, method_ref, payer_ref, mandate_ref,
                            card_brand, card_last4, card_funding, payment_id, is_usable, agreed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict (tenant_id, gateway, method_ref) do update
    set is_usable = true, payment_id = excluded.payment_id, agreed_at = excluded.agreed_at
    -- Only a later page is a new consent (ids rise with time): what a gateway tells again of an old one is none.
    where excluded.payment_id > payment_method.payment_id;

-- name: methods
select method_id, customer_id, gateway, kind, method_ref, payer_ref, mandate_ref, card_brand, card_last4,
       card_funding, payment_id, is_usable, agreed_at
from payment_method where tenant_id = $1 and customer_id = $2 and is_usable
order by agreed_at desc, method_id;

-- name: drop_method
update payment_method set is_usable = false where tenant_id = $1 and method_id = $2;

-- name: add_bank_entry
insert into bank_entry (tenant_id, entry_id, account_ref, booked_on, currency, amount_minor, entry_ref, remittance,
                        payer, state, match_rule, invoice_id, imported_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
on conflict (tenant_id, entry_id) do nothing;

-- name: bank_entry
select entry_id, account_ref, booked_on, currency, amount_minor, entry_ref, remittance, payer, state, match_rule,
       invoice_id, imported_at
from bank_entry where tenant_id = $1 and entry_id = $2 for update;

-- name: match_bank_entry
update bank_entry set state = 'matched', invoice_id = $3, match_rule = $4
where tenant_id = $1 and entry_id = $2 and state = 'parked';

-- name: set_aside_bank_entry
update bank_entry set state = $3 where tenant_id = $1 and entry_id = $2 and state = 'parked';

-- name: add_bank_import
insert into bank_import (tenant_id, import_id, file_name, file_sha256, matched_count, parked_count, known_count,
                         imported_by, imported_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: owed_invoices
select i.invoice_id, i.series, i.number, i.currency, i.gross_minor,
       (select coalesce(sum(e.amount_minor), 0) from bank_entry e
        where e.tenant_id = i.tenant_id and e.invoice_id = i.invoice_id)::bigint as paid_minor,
       i.due_on, i.state, c.customer_no, c.name as customer_name
from invoice i
join customer c on c.tenant_id = i.tenant_id and c.customer_id = i.customer_id
where i.tenant_id = $1 and i.kind = 'invoice' and i.state in ('finalized', 'partly_paid', 'overdue')
  and i.due_on is not null
order by i.due_on, i.invoice_id
for update of i;

-- name: payment_of_invoice
select payment_id from payment where tenant_id = $1 and invoice_id = $2 order by created_at desc limit 1;
