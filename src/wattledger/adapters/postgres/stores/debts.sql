-- The statements of the debts store; $1 is always the tenant.

-- name: policy
select charges_from_on, reminds_from_on, remind_after_days, iban, account_name
from collecting_policy where tenant_id = $1;

-- name: put_policy
insert into collecting_policy (tenant_id, charges_from_on, reminds_from_on, remind_after_days, iban, account_name,
                               changed_at)
select t.tenant_id, $2, $3, $4, $5, $6, $7 from tenant t where t.tenant_id = $1
on conflict (tenant_id) do update
    set charges_from_on = excluded.charges_from_on, reminds_from_on = excluded.reminds_from_on,
        remind_after_days = excluded.remind_after_days, iban = excluded.iban,
        account_name = excluded.account_name, changed_at = excluded.changed_at;

-- name: chosen_gateway
select gateway, settings from gateway_account where tenant_id = $1 and is_enabled
order by chosen_at desc nulls last, created_at, gateway limit 1;

-- name: take_step
insert into collecting_step (tenant_id, invoice_id, step, taken_by, taken_at)
select t.tenant_id, $2, $3, $4, $5 from tenant t where t.tenant_id = $1
on conflict (tenant_id, invoice_id, step) do nothing;

-- name: repeat_step
insert into collecting_step (tenant_id, invoice_id, step, taken_by, taken_at)
select t.tenant_id, $2, $3, $4, $5 from tenant t where t.tenant_id = $1
on conflict (tenant_id, invoice_id, step) do update
    set taken_by = excluded.taken_by, taken_at = excluded.taken_at;

-- name: steps
select step, taken_by, taken_at from collecting_step where tenant_id = $1 and invoice_id = $2
order by taken_at, step;

-- name: left_minor
select (i.gross_minor - (select coalesce(sum(e.amount_minor), 0) from bank_entry e
                         where e.tenant_id = i.tenant_id and e.invoice_id = i.invoice_id))::bigint
from invoice i where i.tenant_id = $1 and i.invoice_id = $2;

-- name: to_charge
select i.invoice_id, m.gateway
from invoice i
join lateral (
    select k.gateway from payment_method k
    join gateway_account g on g.tenant_id = k.tenant_id and g.gateway = k.gateway and g.is_enabled
    where k.tenant_id = i.tenant_id and k.customer_id = i.customer_id and k.is_usable
    order by k.agreed_at desc, k.method_id limit 1
) m on true
where i.tenant_id = $1 and i.kind = 'invoice' and i.state in ('finalized', 'partly_paid', 'overdue')
  and i.due_on between $2 and $3
  and not exists (select from collecting_step s where s.tenant_id = i.tenant_id and s.invoice_id = i.invoice_id
                  and s.step = 'charge')
  and not exists (select from payment p where p.tenant_id = i.tenant_id and p.invoice_id = i.invoice_id
                  and p.state not in ('voided', 'expired', 'failed', 'abandoned'))
order by i.due_on, i.invoice_id;

-- name: to_remind
select i.invoice_id
from invoice i
join customer c on c.tenant_id = i.tenant_id and c.customer_id = i.customer_id and c.email is not null
where i.tenant_id = $1 and i.kind = 'invoice' and i.state in ('finalized', 'partly_paid', 'overdue')
  and i.due_on between $2 and $3
  and not exists (select from collecting_step s where s.tenant_id = i.tenant_id and s.invoice_id = i.invoice_id
                  and s.step = 'remind')
  -- A page that waits for the customer is what the reminder leads to; anything else is on its way.
  and not exists (select from payment p where p.tenant_id = i.tenant_id and p.invoice_id = i.invoice_id
                  and p.state not in ('voided', 'expired', 'failed', 'abandoned', 'requires_action'))
order by i.due_on, i.invoice_id;

-- name: payment_of_invoice
select p.payment_id, p.link_code, p.gateway, p.state, p.state_reason, p.currency, p.asked_minor, p.captured_minor,
       p.refunded_minor, p.card_brand, p.card_last4, p.driver_locale,
       (select a.checkout_url from attempt a where a.tenant_id = p.tenant_id and a.payment_id = p.payment_id
        order by a.attempt_no desc limit 1) as checkout_url,
       p.changed_at
from payment p where p.tenant_id = $1 and p.invoice_id = $2 order by p.created_at desc, p.payment_id desc limit 1;

-- name: payment_of_rest
select p.payment_id, p.link_code, p.gateway, p.state, p.state_reason, p.currency, p.asked_minor, p.captured_minor,
       p.refunded_minor, p.card_brand, p.card_last4, p.driver_locale,
       (select a.checkout_url from attempt a where a.tenant_id = p.tenant_id and a.payment_id = p.payment_id
        order by a.attempt_no desc limit 1) as checkout_url,
       p.changed_at
from payment p where p.tenant_id = $1 and p.session_id = $2 and p.purpose = 'rest'
order by p.created_at desc, p.payment_id desc limit 1;

-- name: debt_of_payment
select p.purpose, coalesce(p.invoice_id, s.payment_id)
from payment p
left join session s on s.tenant_id = p.tenant_id and s.session_id = p.session_id
where p.tenant_id = $1 and p.payment_id = $2 and p.purpose in ('invoice', 'rest');

-- name: rest
select p.payment_id, s.session_id, p.link_code, p.driver_email, p.driver_locale, b.currency, b.gross_minor,
       (p.captured_minor - g.amount_minor + r.captured_minor)::bigint as taken_minor, r.captured_minor as rest_taken_minor,
       exists (select from review_item v where v.tenant_id = p.tenant_id and v.subject_id = p.payment_id
               and v.state = 'open' and v.reason_code = any($3)) as is_asked,
       b.ended_at, si.name as site_name, si.time_zone, c.public_id
from payment p
join session s on s.tenant_id = p.tenant_id and s.session_id = p.session_id
join site si on si.tenant_id = s.tenant_id and si.site_id = s.site_id
left join connector c on c.tenant_id = s.tenant_id and c.connector_id = s.connector_id
join lateral (
    select l.currency, l.gross_minor, l.ended_at from bill l
    where l.tenant_id = s.tenant_id and l.session_id = s.session_id order by l.revision desc limit 1
) b on true
cross join lateral (
    select coalesce(sum(q.captured_minor), 0)::bigint as captured_minor from payment q
    where q.tenant_id = s.tenant_id and q.session_id = s.session_id and q.purpose = 'rest'
) r
-- What was taken ahead of the bill and given back was not taken for it; a goodwill refund leaves nothing to pay.
cross join lateral (
    select coalesce(sum(q.amount_minor), 0)::bigint as amount_minor from refund_request q
    where q.tenant_id = p.tenant_id and q.payment_id = p.payment_id and q.reason_code = 'paid_ahead'
      and q.state = 'sent'
) g
where p.tenant_id = $1 and p.payment_id = $2 and p.purpose = 'session';

-- name: written_off_minor
select coalesce(sum(case when t.debit_code = 'expense:written_off' then t.amount_minor
                         when t.credit_code = 'expense:written_off' then -t.amount_minor end), 0)::bigint
from journal j
join transfer t on t.tenant_id = j.tenant_id and t.source_id = j.source_id and t.kind = j.kind
where j.tenant_id = $1 and j.session_id = $2;
