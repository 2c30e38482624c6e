-- What happens at stations, as the desk shows it; $1 is always the tenant.

-- name: tenant
select tenant_id, name, country, time_zone, currency, is_lab from tenant where tenant_id = $1;

-- name: sites
select site_id, name, time_zone from site where tenant_id = $1 order by name, site_id limit 500;

-- name: open_review_count
select count(*)::integer from review_item where tenant_id = $1 and state = 'open';

-- name: work_reviews
select 'review' as kind, r.subject_kind, r.review_item_id as subject_id, r.reason_code as reason,
       r.summary as about, r.opened_at as at, null::bigint as amount_minor, null::text as currency,
       (count(*) over ())::integer as kind_count
from review_item r
where r.tenant_id = $1 and r.state = 'open' and r.opened_at <= $2
order by r.opened_at limit 12;

-- name: work_unbilled
select 'unbilled' as kind, 'session' as subject_kind, s.session_id as subject_id, s.state as reason,
       st.name as about, s.ended_at as at, null::bigint as amount_minor, s.currency,
       (count(*) over ())::integer as kind_count
from session s
join station st on st.tenant_id = s.tenant_id and st.station_id = s.station_id
where s.tenant_id = $1 and s.ended_at is not null and s.state <> 'billed'
  and s.told_at < $2::timestamptz - interval '1 minute'
  and not exists (select from bill b where b.tenant_id = s.tenant_id and b.session_id = s.session_id)
  and not exists (select from review_item r where r.tenant_id = s.tenant_id and r.subject_id = s.session_id
                  and r.state = 'open')
order by s.ended_at limit 12;

-- name: work_holds
select 'hold' as kind, 'payment' as subject_kind, p.payment_id as subject_id,
       case when s.ended_at is not null then 'session_over'
            when p.start_deadline_at is not null then 'never_started'
            else 'expires_soon' end as reason,
       coalesce(si.name, p.gateway) as about, p.changed_at as at, p.held_minor as amount_minor, p.currency,
       (count(*) over ())::integer as kind_count
from payment p
left join session s on s.tenant_id = p.tenant_id and s.session_id = p.session_id
left join site si on si.tenant_id = s.tenant_id and si.site_id = s.site_id
where p.tenant_id = $1 and p.state in ('authorized', 'partially_authorized', 'incremented') and p.held_minor > 0
  and (s.ended_at < $2::timestamptz - interval '5 minutes'
       or p.start_deadline_at < $2::timestamptz - interval '5 minutes'
       or p.capture_before < $2::timestamptz + interval '1 day')
order by p.changed_at limit 12;

-- name: work_captures
select 'capture' as kind, 'payment' as subject_kind, o.payment_id as subject_id,
       coalesce(o.error_code, o.state) as reason, o.gateway as about, o.at, o.amount_minor, o.currency,
       (count(*) over ())::integer as kind_count
from (
    select distinct on (o.payment_id) o.payment_id, o.state, o.error_code, o.amount_minor, o.currency,
           p.gateway, coalesce(o.done_at, o.created_at) as at
    from operation o
    join payment p on p.tenant_id = o.tenant_id and p.payment_id = o.payment_id
    where o.tenant_id = $1 and o.kind = 'capture' and o.created_at <= $2
      and o.created_at > $2::timestamptz - interval '90 days'
    order by o.payment_id, o.operation_no desc
) o
where o.state in ('failed', 'unknown')
order by o.at limit 12;

-- name: work_parked
select 'parked' as kind, 'parked_message' as subject_kind, m.parked_message_id as subject_id,
       m.reason_code as reason, st.name || ', ' || m.action as about, m.received_at as at,
       null::bigint as amount_minor, null::text as currency, (count(*) over ())::integer as kind_count
from parked_message m
join station st on st.tenant_id = m.tenant_id and st.station_id = m.station_id
where m.tenant_id = $1 and m.received_at <= $2 and m.received_at > $2::timestamptz - interval '7 days'
  and not exists (select from review_item r where r.tenant_id = m.tenant_id
                  and r.subject_id in (m.parked_message_id, m.station_id) and r.opened_at >= m.received_at)
  and not exists (select from parked_match f
                  where f.tenant_id = m.tenant_id and f.parked_message_id = m.parked_message_id)
order by m.received_at desc limit 12;

-- name: work_webhooks
select 'webhook' as kind, 'webhook_event' as subject_kind, w.webhook_event_id as subject_id,
       coalesce(w.note, 'parked') as reason, w.gateway || ', ' || w.kind as about, w.received_at as at,
       null::bigint as amount_minor, null::text as currency, (count(*) over ())::integer as kind_count
from webhook_event w
where w.tenant_id = $1 and w.state = 'parked' and w.received_at <= $2
  and w.received_at > $2::timestamptz - interval '7 days'
  and not exists (select from review_item r where r.tenant_id = w.tenant_id and r.subject_id = w.webhook_event_id)
order by w.received_at desc limit 12;

-- name: figures
select s.charging_count, s.power_w, st.connected_count, st.station_count, c.failed_start_count, c.start_count,
       r.open_review_count
from (select count(*)::integer as charging_count, coalesce(sum(power_w), 0)::bigint as power_w
      from session where tenant_id = $1 and ended_at is null) s,
     (select (count(*) filter (where is_connected))::integer as connected_count, count(*)::integer as station_count
      from station where tenant_id = $1 and not is_disabled) st,
     (select (count(*) filter (where state in ('rejected', 'failed', 'timed_out')))::integer as failed_start_count,
             count(*)::integer as start_count
      from station_command where tenant_id = $1 and kind = 'start_session' and created_at >= $2) c,
     (select count(*)::integer as open_review_count
      from review_item where tenant_id = $1 and state = 'open') r;

-- name: money_of
select b.currency, count(*)::integer as session_count, sum(b.gross_minor)::bigint as gross_minor,
       sum(b.energy_milliwh)::bigint as energy_milliwh
from bill b
where b.tenant_id = $1 and b.billed_on = $2
  and not exists (select from bill n where n.tenant_id = b.tenant_id and n.session_id = b.session_id
                  and n.replaces_revision = b.revision)
group by b.currency order by b.currency;

-- name: sessions
select s.session_id, s.session_ref, s.state, s.review_reason, s.activity, s.opened_at, s.started_at, s.ended_at,
       s.told_at, s.time_zone, s.currency, s.energy_milliwh, s.power_w, s.soc_percent, s.station_id,
       st.name as station_name, s.site_id, si.name as site_name, c.public_id, s.token_uid, s.payment_id,
       p.state as payment_state, p.card_brand, p.card_last4, s.contract_id, k.customer_id,
       cu.name as customer_name, b.gross_minor, s.version
from session s
join station st on st.tenant_id = s.tenant_id and st.station_id = s.station_id
join site si on si.tenant_id = s.tenant_id and si.site_id = s.site_id
left join connector c on c.tenant_id = s.tenant_id and c.connector_id = s.connector_id
left join contract k on k.tenant_id = s.tenant_id and k.contract_id = s.contract_id
left join customer cu on cu.tenant_id = k.tenant_id and cu.customer_id = k.customer_id
left join payment p on p.tenant_id = s.tenant_id and p.payment_id = s.payment_id
left join lateral (
    select b.gross_minor from bill b where b.tenant_id = s.tenant_id and b.session_id = s.session_id
    order by b.revision desc limit 1
) b on true
where s.tenant_id = $1
  and ($2::text[] is null or s.state = any($2))
  and ($3::uuid is null or s.site_id = $3)
  and ($4::uuid is null or s.station_id = $4)
  and ($5::uuid is null or k.customer_id = $5)
  and ($6::timestamptz is null or s.opened_at >= $6)
  and ($7::timestamptz is null or s.opened_at < $7)
  and ($8::text is null or s.session_ref ilike $8 or s.token_uid ilike $8 or st.identity ilike $8
       or st.name ilike $8 or c.public_id ilike $8 or cu.name ilike $8 or s.session_id::text ilike $8)
order by /*order*/ s.opened_at desc, s.session_id
limit $9 offset $10;

-- name: session_count
select count(*)::integer from (
    select 1
    from session s
    join station st on st.tenant_id = s.tenant_id and st.station_id = s.station_id
    left join connector c on c.tenant_id = s.tenant_id and c.connector_id = s.connector_id
    left join contract k on k.tenant_id = s.tenant_id and k.contract_id = s.contract_id
    left join customer cu on cu.tenant_id = k.tenant_id and cu.customer_id = k.customer_id
    where s.tenant_id = $1
      and ($2::text[] is null or s.state = any($2))
      and ($3::uuid is null or s.site_id = $3)
      and ($4::uuid is null or s.station_id = $4)
      and ($5::uuid is null or k.customer_id = $5)
      and ($6::timestamptz is null or s.opened_at >= $6)
      and ($7::timestamptz is null or s.opened_at < $7)
      and ($8::text is null or s.session_ref ilike $8 or s.token_uid ilike $8 or st.identity ilike $8
           or st.name ilike $8 or c.public_id ilike $8 or cu.name ilike $8 or s.session_id::text ilike $8)
    limit 10001
) n;

-- name: session
select s.session_id, s.session_ref, s.state, s.review_reason, s.activity, s.opened_at, s.started_at, s.ended_at,
       s.told_at, s.time_zone, s.currency, s.energy_milliwh, s.power_w, s.soc_percent, s.station_id,
       st.name as station_name, s.site_id, si.name as site_name, c.public_id, s.token_uid, s.payment_id,
       p.state as payment_state, p.card_brand, p.card_last4, s.contract_id, k.customer_id,
       cu.name as customer_name, b.gross_minor, s.version,
       s.ocpp_version, st.identity as station_identity, s.end_reason, s.register_start_milliwh,
       s.register_last_milliwh, s.event_count, s.tariff_version_id, t.name as tariff_name, c.plug_type,
       c.power_max_w
from session s
join station st on st.tenant_id = s.tenant_id and st.station_id = s.station_id
join site si on si.tenant_id = s.tenant_id and si.site_id = s.site_id
left join connector c on c.tenant_id = s.tenant_id and c.connector_id = s.connector_id
left join contract k on k.tenant_id = s.tenant_id and k.contract_id = s.contract_id
left join customer cu on cu.tenant_id = k.tenant_id and cu.customer_id = k.customer_id
left join payment p on p.tenant_id = s.tenant_id and p.payment_id = s.payment_id
left join lateral (
    select t.name from tariff_publication u join tariff t on t.tenant_id = u.tenant_id and t.tariff_id = u.tariff_id
    where u.tenant_id = s.tenant_id and u.tariff_version_id = s.tariff_version_id
    order by u.valid_from desc limit 1
) t on true
left join lateral (
    select b.gross_minor from bill b where b.tenant_id = s.tenant_id and b.session_id = s.session_id
    order by b.revision desc limit 1
) b on true
where s.tenant_id = $1 and s.session_id = $2;

-- name: events
select kind, station_at, received_at, register_milliwh, body, raw
from session_event where tenant_id = $1 and session_id = $2
order by station_at, received_at, event_key limit 1000;

-- name: bills
select b.bill_id, b.revision, b.currency, b.net_minor, b.tax_minor, b.gross_minor, b.energy_milliwh,
       b.register_start_milliwh, b.register_end_milliwh, b.started_at, b.ended_at, b.rated, b.created_at,
       i.invoice_id, i.series || '-' || lpad(i.number::text, 6, '0') as document
from bill b
left join invoice_part ip on ip.tenant_id = b.tenant_id and ip.part_id = b.bill_id
left join invoice i on i.tenant_id = ip.tenant_id and i.invoice_id = ip.invoice_id
where b.tenant_id = $1 and b.session_id = $2 order by b.revision;

-- name: commands
select station_command_id, kind, state, answer, asked_by, session_id, payment_id, created_at, sent_at, answered_at
from station_command
where tenant_id = $1 and ($2::uuid is null or station_id = $2)
  and (($3::uuid is null and $4::uuid is null) or session_id = $3 or payment_id = $4)
order by created_at desc limit 30;

-- name: connectors
select c.connector_id, c.station_id, st.name as station_name, st.identity, si.name as site_name, si.time_zone,
       st.is_connected, st.link_changed_at, c.evse_no, c.connector_no, c.public_id, c.plug_type, c.current_kind,
       c.power_max_w, c.tariff_id, t.name as tariff_name, c.status, c.error_code, c.status_at, s.session_id,
       s.state as session_state, s.started_at as session_started_at, s.activity as session_activity,
       s.energy_milliwh as session_energy_milliwh, s.power_w as session_power_w,
       s.soc_percent as session_soc_percent
from connector c
join station st on st.tenant_id = c.tenant_id and st.station_id = c.station_id
join site si on si.tenant_id = st.tenant_id and si.site_id = st.site_id
join tariff t on t.tenant_id = c.tenant_id and t.tariff_id = c.tariff_id
left join lateral (
    select s.* from session s
    where s.tenant_id = c.tenant_id and s.station_id = c.station_id and s.connector_id = c.connector_id
      and s.ended_at is null
    order by s.opened_at desc limit 1
) s on true
where c.tenant_id = $1 and ($2::uuid is null or c.station_id = $2)
order by (s.session_id is null), si.name, st.name, c.evse_no, c.connector_no limit $3;

-- name: stations
select st.station_id, st.identity, st.name, st.site_id, si.name as site_name, si.time_zone, st.ocpp_version,
       st.vendor, st.model, st.serial, st.firmware, st.security_profile, st.is_disabled, st.is_connected,
       st.link_changed_at, st.booted_at, c.connector_count, s.charging_count, c.faulted_count
from station st
join site si on si.tenant_id = st.tenant_id and si.site_id = st.site_id
left join lateral (
    select count(*)::integer as connector_count,
           (count(*) filter (where lower(c.status) = 'faulted'))::integer as faulted_count
    from connector c where c.tenant_id = st.tenant_id and c.station_id = st.station_id
) c on true
left join lateral (
    select count(*)::integer as charging_count from session s
    where s.tenant_id = st.tenant_id and s.station_id = st.station_id and s.ended_at is null
) s on true
where st.tenant_id = $1 and ($2::uuid is null or st.station_id = $2) and ($3::uuid is null or st.site_id = $3)
  and ($4::boolean is null or st.is_connected = $4)
  and ($5::text is null or st.identity ilike $5 or st.name ilike $5 or st.vendor ilike $5 or st.model ilike $5)
order by /*order*/ st.is_connected, si.name, st.name, st.station_id
limit $6 offset $7;

-- name: failed_starts
select coalesce(nullif(answer, ''), state) as cause, count(*)::integer as count, max(created_at) as last_at
from station_command
where tenant_id = $1 and station_id = $2 and kind = 'start_session'
  and state in ('rejected', 'failed', 'timed_out') and created_at >= $3
group by 1 order by 2 desc, 1 limit 20;

-- name: parked
select m.parked_message_id, m.station_id, st.name as station_name, m.action, m.reason_code, m.raw, m.received_at
from parked_message m join station st on st.tenant_id = m.tenant_id and st.station_id = m.station_id
where m.tenant_id = $1 and ($2::uuid is null or m.station_id = $2)
order by m.received_at desc limit $3;

-- name: parked_message
select m.parked_message_id, m.station_id, st.name as station_name, m.action, m.reason_code, m.raw, m.received_at
from parked_message m join station st on st.tenant_id = m.tenant_id and st.station_id = m.station_id
where m.tenant_id = $1 and m.parked_message_id = $2;

-- name: reviews
select review_item_id, reason_code, subject_kind, subject_id, summary, state, resolution, resolved_by, opened_at,
       resolved_at
from review_item
where tenant_id = $1 and ($2::text is null or state = $2) and ($3::uuid[] is null or subject_id = any($3))
order by (state = 'resolved'), case when state = 'open' then opened_at end, resolved_at desc limit $4;

-- name: review
select review_item_id, reason_code, subject_kind, subject_id, summary, state, resolution, resolved_by, opened_at,
       resolved_at
from review_item where tenant_id = $1 and review_item_id = $2;

-- name: review_for_update
select review_item_id, reason_code, subject_kind, subject_id, summary, state, resolution, resolved_by, opened_at,
       resolved_at
from review_item where tenant_id = $1 and review_item_id = $2 for update;

-- name: resolve_review
update review_item set state = 'resolved', resolution = $3, resolved_by = $4, resolved_at = $5
where tenant_id = $1 and review_item_id = $2 and state = 'open';

-- name: set_token_state
update token set state = $3 where tenant_id = $1 and token_id = $2 and kind <> 'ad_hoc';
