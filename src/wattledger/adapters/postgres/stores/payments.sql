-- The statements of the payments store; $1 is always the tenant.

-- name: add_payment
insert into payment (tenant_id, payment_id, purpose, gateway, currency, asked_minor, held_minor, captured_minor,
                     refunded_minor, state, state_reason, connector_id, session_id, invoice_id,
                     tariff_version_id, link_code, driver_email, driver_locale, version, created_at, changed_at)
select t.tenant_id, $2, $3, $4, $5, $6, 0, 0, 0, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1, $16, $16
from tenant t where t.tenant_id = $1;

-- name: add_link
insert into directory (kind, key, tenant_id, target_id)
select 'link', $2, t.tenant_id, $3 from tenant t where t.tenant_id = $1;

-- name: add_attempt
insert into attempt (tenant_id, payment_id, attempt_no, gateway, gateway_ref, checkout_url, facts, created_at)
select t.tenant_id, $2, $3, $4, $5, $6, $7, $8 from tenant t where t.tenant_id = $1;

-- name: add_operation
insert into operation (tenant_id, operation_id, payment_id, attempt_no, operation_no, kind, amount_minor, currency,
                       idempotency_key, request, state, gateway_ref, outcome, error_code, fee_minor, due_at,
                       lease_until, try_count, created_at, done_at)
select t.tenant_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20
from tenant t where t.tenant_id = $1;

-- name: payment
select payment_id, purpose, gateway, currency, asked_minor, held_minor, captured_minor, refunded_minor, state,
       state_reason, connector_id, token_id, session_id, invoice_id, tariff_version_id, link_code, card_brand,
       card_last4, card_fingerprint, driver_email, driver_locale, capture_before, start_deadline_at, version,
       created_at, changed_at
from payment where tenant_id = $1 and payment_id = $2;

-- name: lock_payment
select payment_id from payment where tenant_id = $1 and payment_id = $2 for update;

-- name: attempts
select payment_id, attempt_no, gateway, gateway_ref, checkout_url, facts, created_at
from attempt where tenant_id = $1 and payment_id = $2 order by attempt_no;

-- name: operations
select operation_id, payment_id, attempt_no, operation_no, kind, amount_minor, currency, idempotency_key, request,
       state, gateway_ref, outcome, error_code, fee_minor, due_at, lease_until, try_count, created_at, done_at
from operation where tenant_id = $1 and payment_id = $2 order by attempt_no, operation_no;

-- name: save_payment
update payment set held_minor = $4, captured_minor = $5, refunded_minor = $6, state = $7, state_reason = $8,
    token_id = $9, session_id = $10, card_brand = $11, card_last4 = $12, card_fingerprint = $13,
    capture_before = $14, start_deadline_at = $15, changed_at = $16, version = version + 1
where tenant_id = $1 and payment_id = $2 and version = $3;

-- name: save_attempt
update attempt set gateway_ref = $4, checkout_url = $5, facts = $6
where tenant_id = $1 and payment_id = $2 and attempt_no = $3;

-- name: save_operation
update operation set state = $3, gateway_ref = $4, outcome = $5, error_code = $6, fee_minor = $7, due_at = $8,
    lease_until = $9, try_count = $10, done_at = $11
where tenant_id = $1 and operation_id = $2;

-- name: find_by_ref
select payment_id from attempt where tenant_id = $1 and gateway = $2 and gateway_ref = $3
union
select o.payment_id from operation o
join payment p on p.tenant_id = o.tenant_id and p.payment_id = o.payment_id
where o.tenant_id = $1 and p.gateway = $2 and o.gateway_ref = $3
limit 1;

-- name: claim_operation
-- Materialized: one row is chosen once. As a subquery it may be run again for each row that it is joined with, and
-- then claims others too, which nobody works on until their lease ends.
with due as materialized (
    select d.operation_id from operation d
    join payment p on p.tenant_id = d.tenant_id and p.payment_id = d.payment_id
    where d.tenant_id = $1 and d.due_at <= $2 and (d.lease_until is null or d.lease_until <= $2)
      and not exists (
          select from operation other
          where other.tenant_id = d.tenant_id and other.payment_id = d.payment_id
            and other.operation_id <> d.operation_id and other.lease_until > $2)
    order by d.due_at limit 1
    for update of d, p skip locked
)
update operation o set lease_until = $3, try_count = o.try_count + 1,
    state = case o.state when 'pending' then 'calling' else o.state end
from due
where o.tenant_id = $1 and o.operation_id = due.operation_id
returning o.operation_id, o.payment_id, o.attempt_no, o.operation_no, o.kind, o.amount_minor, o.currency,
    o.idempotency_key, o.request, o.state, o.gateway_ref, o.outcome, o.error_code, o.fee_minor, o.due_at,
    o.lease_until, o.try_count, o.created_at, o.done_at;

-- name: hurry
update operation set due_at = $3
where tenant_id = $1 and payment_id = $2 and operation_no = 1
  and state in ('requires_action', 'unknown') and due_at > $3;

-- name: card_uses
select count(*) from payment
where tenant_id = $1 and card_fingerprint = $2 and created_at >= $3 and payment_id <> $4 and held_minor > 0;

-- name: stalled
select p.payment_id, c.state as command_state, c.answer as command_answer, p.start_deadline_at <= $2 as is_overdue
from payment p
left join lateral (
    select state, answer from station_command c
    where c.tenant_id = p.tenant_id and c.payment_id = p.payment_id and c.kind = 'start_session'
    order by c.created_at desc limit 1
) c on true
where p.tenant_id = $1 and p.start_deadline_at is not null and p.session_id is null
  and p.state in ('authorized', 'partially_authorized', 'incremented')
  and (p.start_deadline_at <= $2 or c.state in ('rejected', 'failed', 'timed_out'));

-- name: clear_start_deadlines
update payment set start_deadline_at = null, version = version + 1
where tenant_id = $1 and start_deadline_at is not null and session_id is not null;

-- name: charging
select p.payment_id, p.session_id
from payment p
join session s on s.tenant_id = p.tenant_id and s.session_id = p.session_id
where p.tenant_id = $1 and p.state in ('authorized', 'partially_authorized', 'incremented') and s.ended_at is null;

-- name: renewed
select p.payment_id, p.session_id
from payment p
where p.tenant_id = $1 and p.state in ('authorized', 'partially_authorized', 'incremented')
  and p.session_id is not null
  and exists (select from attempt a where a.tenant_id = p.tenant_id and a.payment_id = p.payment_id and a.attempt_no > 1);

-- name: hold_policies
select currency, units_min, units_max from hold_policy where tenant_id = $1 order by currency;

-- name: set_hold_policy
insert into hold_policy (tenant_id, currency, units_min, units_max, changed_at)
select t.tenant_id, $2, $3, $4, $5 from tenant t where t.tenant_id = $1
on conflict (tenant_id, currency) do update set units_min = excluded.units_min, units_max = excluded.units_max,
    changed_at = excluded.changed_at;

-- name: unset_hold_policy
delete from hold_policy where tenant_id = $1 and currency = $2;

-- name: unsettled
select p.payment_id
from payment p
join session s on s.tenant_id = p.tenant_id and s.session_id = p.session_id
where p.tenant_id = $1 and p.state in ('authorized', 'partially_authorized', 'incremented')
  and s.state = 'billed' and s.told_at < $2
  and not exists (
      select from operation o
      where o.tenant_id = p.tenant_id and o.payment_id = p.payment_id and o.kind in ('capture', 'void')
        and o.state in ('pending', 'calling', 'unknown'))
  and not exists (
      select from job j
      where j.tenant_id = p.tenant_id and j.kind = 'settle_payment' and j.subject_id = p.payment_id
        and j.due_at is not null);

-- name: expiring
select payment_id from payment
where tenant_id = $1 and capture_before < $2
  and state in ('authorized', 'partially_authorized', 'incremented');

-- name: quiet
select payment_id from payment
where tenant_id = $1
  and ((changed_at < $2 and state in ('requires_action', 'authorized', 'partially_authorized', 'incremented',
                                      'capture_pending', 'refund_pending', 'unknown'))
       or (changed_at < $3 and created_at >= $4
           and state in ('captured', 'partially_captured', 'partially_refunded', 'disputed_open')))
order by changed_at limit $5;

-- name: learn_habits
insert into connector_habit (tenant_id, connector_id, session_count, energy_p75_milliwh, energy_p95_milliwh,
                             learned_on)
select t.tenant_id, u.connector_id, u.session_count, u.energy[1], u.energy[2], $3
from (
    select s.connector_id, count(*)::integer as session_count,
           percentile_disc(array[0.75, 0.95]) within group (order by b.energy_milliwh) as energy
    from bill b
    join session s on s.tenant_id = b.tenant_id and s.session_id = b.session_id
    where b.tenant_id = $1 and b.billed_on >= $2 and b.revision = 1 and b.energy_milliwh > 0
      and s.connector_id is not null
      and not exists (
          select from connector_habit h
          where h.tenant_id = s.tenant_id and h.connector_id = s.connector_id and h.learned_on >= $3)
    group by s.connector_id having count(*) >= $4
) u
join tenant t on t.tenant_id = $1
on conflict (tenant_id, connector_id) do update set session_count = excluded.session_count,
    energy_p75_milliwh = excluded.energy_p75_milliwh, energy_p95_milliwh = excluded.energy_p95_milliwh,
    learned_on = excluded.learned_on;

-- name: stop_asked
select exists (
    select from station_command
    where tenant_id = $1 and session_id = $2 and kind = 'stop_session' and created_at > $3);

-- name: add_webhook_event
insert into webhook_event (tenant_id, gateway, event_ref, webhook_event_id, object_ref, kind, raw, state, note,
                           received_at, due_at, try_count)
select t.tenant_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0 from tenant t where t.tenant_id = $1
on conflict (tenant_id, gateway, event_ref) do nothing;

-- name: claim_webhook_event
with due as materialized (
    select gateway, event_ref from webhook_event
    where tenant_id = $1 and due_at <= $2 and (lease_until is null or lease_until <= $2)
    order by due_at limit 1
    for update skip locked
)
update webhook_event w set lease_until = $3, try_count = w.try_count + 1
from due
where w.tenant_id = $1 and w.gateway = due.gateway and w.event_ref = due.event_ref
returning w.webhook_event_id, w.gateway, w.event_ref, w.object_ref, w.kind, w.raw, w.state, w.note,
    w.received_at, w.due_at, w.try_count;

-- name: set_webhook_event
update webhook_event set state = $4, note = $5, due_at = $6, lease_until = null
where tenant_id = $1 and gateway = $2 and event_ref = $3;

-- name: webhook_events
select webhook_event_id, gateway, event_ref, object_ref, kind, raw, state, note, received_at, due_at, try_count
from webhook_event
where tenant_id = $1 and object_ref = any($2::text[])
order by received_at;
