-- The statements of the sessions store; $1 is always the tenant.

-- name: session
select session_id, station_id, connector_id, site_id, session_ref, ocpp_version, token_uid, token_id,
       contract_id, payment_id, tariff_version_id, currency, time_zone, state, review_reason, activity,
       started_at, ended_at, opened_at, told_at, energy_milliwh, power_w, soc_percent, version
from session where tenant_id = $1 and session_id = $2;

-- name: session_for_update
select session_id, station_id, connector_id, site_id, session_ref, ocpp_version, token_uid, token_id,
       contract_id, payment_id, tariff_version_id, currency, time_zone, state, review_reason, activity,
       started_at, ended_at, opened_at, told_at, energy_milliwh, power_w, soc_percent, version
from session where tenant_id = $1 and session_id = $2 for update;

-- name: session_of_payment
select session_id, station_id, connector_id, site_id, session_ref, ocpp_version, token_uid, token_id,
       contract_id, payment_id, tariff_version_id, currency, time_zone, state, review_reason, activity,
       started_at, ended_at, opened_at, told_at, energy_milliwh, power_w, soc_percent, version
from session where tenant_id = $1 and payment_id = $2 order by opened_at desc limit 1;

-- name: events
select body from session_event where tenant_id = $1 and session_id = $2;

-- name: place
select s.time_zone, c.power_max_w, c.current_kind, c.plug_type as connector_type
from session s join connector c on c.tenant_id = s.tenant_id and c.connector_id = s.connector_id
where s.tenant_id = $1 and s.session_id = $2;

-- name: customer_no_of
select u.customer_no from contract r
join customer u on u.tenant_id = r.tenant_id and u.customer_id = r.customer_id
where r.tenant_id = $1 and r.contract_id = $2;

-- name: tariff_body
select body from tariff_version where tenant_id = $1 and tariff_version_id = $2;

-- name: bill
select bill_id, session_id, revision, site_id, contract_id, payment_id, tariff_version_id, currency, net_minor,
       tax_minor, gross_minor, energy_milliwh, register_start_milliwh, register_end_milliwh, started_at,
       ended_at, billed_on, rated, created_at
from bill where tenant_id = $1 and session_id = $2 order by revision desc limit 1;

-- name: insert_bill
insert into bill (tenant_id, bill_id, session_id, revision, replaces_revision, site_id, contract_id, payment_id,
                  tariff_version_id, currency, net_minor, tax_minor, gross_minor, energy_milliwh,
                  register_start_milliwh, register_end_milliwh, started_at, ended_at, billed_on, rated, created_at)
values ($1, $2, $3, $4, nullif($4 - 1, 0), $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20);

-- name: set_session_state
update session set state = $3, review_reason = $4, version = version + 1
where tenant_id = $1 and session_id = $2 and version = $5;

-- name: open_review
insert into review_item (tenant_id, review_item_id, reason_code, subject_kind, subject_id, summary, state, opened_at)
values ($1, $2, $3, $4, $5, $6, 'open', $7)
on conflict (tenant_id, subject_id, reason_code) where state = 'open' do nothing;

-- name: connector_address
select c.connector_id, c.station_id, c.evse_no, c.connector_no, s.is_connected
from connector c join station s on s.tenant_id = c.tenant_id and s.station_id = c.station_id
where c.tenant_id = $1 and c.connector_id = $2;

-- name: insert_command
insert into station_command (tenant_id, station_command_id, station_id, kind, body, payment_id, session_id, state,
                             asked_by, created_at, deadline_at)
values ($1, $2, $3, $4, $5, $6, $7, 'queued', $8, $9, $10);

-- name: insert_ad_hoc_token
insert into token (tenant_id, token_id, uid, kind, state, payment_id, expires_at, created_at)
values ($1, $2, $3, 'ad_hoc', 'active', $4, $5, $6);

-- name: last_command_of
select station_command_id, station_id, kind, body, payment_id, session_id, state, answer, deadline_at
from station_command where tenant_id = $1 and payment_id = $2 and kind = $3 order by created_at desc limit 1;

-- name: expire_commands
update station_command set state = 'timed_out', answered_at = $2
where tenant_id = $1 and state in ('queued', 'sent') and deadline_at <= $2
returning station_command_id, station_id, kind, body, payment_id, session_id, state, answer, deadline_at;

-- name: lock_payment
select payment_id from payment where tenant_id = $1 and payment_id = $2 for update;

-- name: bill_standing
select case
    when exists (
        select from bill b join invoice_part p on p.tenant_id = b.tenant_id and p.part_id = b.bill_id
        where b.tenant_id = $1 and b.session_id = $2) then 'documented'
    when exists (
        select from operation o
        where o.tenant_id = $1 and o.payment_id = $3 and o.kind in ('capture', 'void')
          and o.state not in ('failed', 'cancelled')) then 'collected'
    when exists (
        select from review_item r
        where r.tenant_id = $1 and r.subject_id = $2 and r.state = 'resolved' and r.resolved_by <> $4) then 'decided'
    else 'open' end;

-- name: add_event
insert into session_event (tenant_id, session_id, event_key, kind, station_at, received_at, body)
values ($1, $2, $3, $4, $5, $6, $7);

-- name: count_event
update session set event_count = event_count + 1, ended_at = coalesce($3, ended_at),
                   end_reason = coalesce($4, end_reason), power_w = case when $3 is null then power_w else 0 end,
                   register_last_milliwh = coalesce($6, register_last_milliwh),
                   energy_milliwh = coalesce($7, energy_milliwh), version = version + 1
where tenant_id = $1 and session_id = $2 and version = $5;

-- name: unended
select session_id, station_id, connector_id, site_id, session_ref, ocpp_version, token_uid, token_id,
       contract_id, payment_id, tariff_version_id, currency, time_zone, state, review_reason, activity,
       started_at, ended_at, opened_at, told_at, energy_milliwh, power_w, soc_percent, version
from session
where tenant_id = $1 and station_id = $2 and ocpp_version = 'ocpp1.6' and (ended_at is null or end_reason = $3)
order by opened_at desc limit 20;

-- name: matched_session
select session_id from parked_match where tenant_id = $1 and parked_message_id = $2;

-- name: insert_match
insert into parked_match (tenant_id, parked_message_id, session_id) values ($1, $2, $3)
on conflict (tenant_id, parked_message_id) do nothing;

-- name: resolve_waiting_reviews
update review_item set state = 'resolved', resolution = $4, resolved_by = $5, resolved_at = $6
where tenant_id = $1 and subject_id = $2 and state = 'open' and reason_code = any($3::text[]);
