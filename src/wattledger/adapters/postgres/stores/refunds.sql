-- The statements of the refunds store; $1 is always the tenant.

-- name: alone_units_max
select alone_units_max from refund_policy where tenant_id = $1;

-- name: set_alone_units_max
insert into refund_policy (tenant_id, alone_units_max)
select t.tenant_id, $2 from tenant t where t.tenant_id = $1
on conflict (tenant_id) do update set alone_units_max = excluded.alone_units_max;

-- name: add
insert into refund_request (tenant_id, refund_id, payment_id, amount_minor, currency, destination, customer_id,
                            reason_code, note, needs_second, state, asked_by, asked_at, decided_by, decided_at,
                            operation_id)
select t.tenant_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16
from tenant t where t.tenant_id = $1;

-- name: add_part
insert into refund_part (tenant_id, refund_id, operation_id)
select t.tenant_id, $2, $3 from tenant t where t.tenant_id = $1;

-- name: get
select r.refund_id, r.payment_id, r.amount_minor, r.currency, r.destination, r.customer_id, r.reason_code, r.note,
       r.needs_second, r.state, r.asked_by, r.asked_at, r.decided_by, r.decided_at, r.operation_id,
       r.credit_note_id, o.state as operation_state, o.error_code
from refund_request r
left join lateral (
    select case when count(*) = 1 then min(o.state)
                when bool_or(o.state in ('pending', 'calling', 'unknown', 'requires_action')) then 'pending'
                when bool_and(o.state = 'succeeded') then 'succeeded'
                else 'failed' end as state,
           max(o.error_code) as error_code
    from operation o
    where o.tenant_id = r.tenant_id
      and o.operation_id in (
          select r.operation_id
          union all
          select p.operation_id from refund_part p where p.tenant_id = r.tenant_id and p.refund_id = r.refund_id)
    having count(*) > 0
) o on true
where r.tenant_id = $1 and r.refund_id = $2;

-- name: lock
select refund_id from refund_request where tenant_id = $1 and refund_id = $2 for update;

-- name: decide
update refund_request set state = $3, decided_by = $4, decided_at = $5, operation_id = $6
where tenant_id = $1 and refund_id = $2 and state = 'waiting';

-- name: of_payment
select r.refund_id, r.payment_id, r.amount_minor, r.currency, r.destination, r.customer_id, r.reason_code, r.note,
       r.needs_second, r.state, r.asked_by, r.asked_at, r.decided_by, r.decided_at, r.operation_id,
       r.credit_note_id, o.state as operation_state, o.error_code
from refund_request r
left join lateral (
    select case when count(*) = 1 then min(o.state)
                when bool_or(o.state in ('pending', 'calling', 'unknown', 'requires_action')) then 'pending'
                when bool_and(o.state = 'succeeded') then 'succeeded'
                else 'failed' end as state,
           max(o.error_code) as error_code
    from operation o
    where o.tenant_id = r.tenant_id
      and o.operation_id in (
          select r.operation_id
          union all
          select p.operation_id from refund_part p where p.tenant_id = r.tenant_id and p.refund_id = r.refund_id)
    having count(*) > 0
) o on true
where r.tenant_id = $1 and r.payment_id = $2
order by r.asked_at, r.refund_id;

-- name: latest
select r.refund_id, r.payment_id, r.amount_minor, r.currency, r.destination, r.customer_id, r.reason_code, r.note,
       r.needs_second, r.state, r.asked_by, r.asked_at, r.decided_by, r.decided_at, r.operation_id,
       r.credit_note_id, o.state as operation_state, o.error_code
from refund_request r
left join lateral (
    select case when count(*) = 1 then min(o.state)
                when bool_or(o.state in ('pending', 'calling', 'unknown', 'requires_action')) then 'pending'
                when bool_and(o.state = 'succeeded') then 'succeeded'
                else 'failed' end as state,
           max(o.error_code) as error_code
    from operation o
    where o.tenant_id = r.tenant_id
      and o.operation_id in (
          select r.operation_id
          union all
          select p.operation_id from refund_part p where p.tenant_id = r.tenant_id and p.refund_id = r.refund_id)
    having count(*) > 0
) o on true
where r.tenant_id = $1
order by r.state = 'waiting' desc, r.asked_at desc, r.refund_id limit $2;

-- name: link_credit_note
update refund_request set credit_note_id = $3 where tenant_id = $1 and refund_id = $2;

-- name: wallet
select customer_id, currency, balance_minor, limit_minor, opened_at
from wallet where tenant_id = $1 and customer_id = $2 and currency = $3;

-- name: lock_wallet
select customer_id from wallet where tenant_id = $1 and customer_id = $2 and currency = $3 for update;

-- name: wallets
select customer_id, currency, balance_minor, limit_minor, opened_at
from wallet where tenant_id = $1 and customer_id = $2 order by currency;

-- name: open_wallet
insert into wallet (tenant_id, customer_id, currency, balance_minor, limit_minor, opened_at)
select t.tenant_id, $2, $3, $4, $5, $6 from tenant t where t.tenant_id = $1
on conflict (tenant_id, customer_id, currency) do nothing;

-- name: add_movement
insert into wallet_movement (tenant_id, movement_id, customer_id, currency, amount_minor, cause, cause_id, moved_at)
select t.tenant_id, $2, $3, $4, $5, $6, $7, $8 from tenant t where t.tenant_id = $1
on conflict (tenant_id, cause, cause_id) do nothing;

-- name: move_wallet
update wallet set balance_minor = balance_minor + $4
where tenant_id = $1 and customer_id = $2 and currency = $3 and balance_minor + $4 >= -limit_minor;

-- name: movements
select movement_id, customer_id, currency, amount_minor, cause, cause_id, moved_at
from wallet_movement where tenant_id = $1 and customer_id = $2
order by moved_at desc, movement_id desc limit 200;

-- name: is_being_paid
select exists (
    select from payment
    where tenant_id = $1 and invoice_id = $2
      and state not in ('voided', 'expired', 'failed', 'abandoned'));
