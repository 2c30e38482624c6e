-- The statements of the driver store; $1 is always the tenant.

-- name: connector
select c.connector_id, c.public_id, c.evse_no, c.connector_no, c.plug_type, c.current_kind, c.power_max_w,
       c.status, c.error_code, s.station_id, s.name, s.is_connected, s.is_disabled, s.link_changed_at,
       l.name, l.address_lines, l.time_zone, l.currency, t.name, t.help_phone, t.is_lab,
       p.tariff_version_id, p.body,
       (select count(*) from session x
        where x.tenant_id = c.tenant_id and x.station_id = c.station_id and x.connector_id = c.connector_id
          and x.ended_at is null and x.state in ('starting', 'active', 'suspended'))::integer,
       w.gateway, w.settings, h.session_count, h.energy_p75_milliwh, h.energy_p95_milliwh, y.units_min, y.units_max
from connector c
join station s on s.tenant_id = c.tenant_id and s.station_id = c.station_id
join site l on l.tenant_id = s.tenant_id and l.site_id = s.site_id
join tenant t on t.tenant_id = c.tenant_id
left join connector_habit h on h.tenant_id = c.tenant_id and h.connector_id = c.connector_id
left join hold_policy y on y.tenant_id = l.tenant_id and y.currency = l.currency
left join lateral (
    select q.tariff_version_id, v.body
    from tariff_publication q
    join tariff_version v on v.tenant_id = q.tenant_id and v.tariff_version_id = q.tariff_version_id
    where q.tenant_id = c.tenant_id and q.tariff_id = c.tariff_id and q.valid_from <= $3
    order by q.valid_from desc limit 1
) p on true
left join lateral (
    select g.gateway, g.settings
    from gateway_account g
    where g.tenant_id = c.tenant_id and g.is_enabled
    order by g.chosen_at desc nulls last, g.created_at, g.gateway limit 1
) w on true
where c.tenant_id = $1 and c.connector_id = $2;

-- name: visit
select p.payment_id, p.link_code, p.state, p.state_reason, p.currency, p.asked_minor, p.held_minor,
       p.captured_minor, p.refunded_minor, p.connector_id, p.tariff_version_id, p.card_brand, p.card_last4,
       p.driver_email, p.start_deadline_at, p.created_at, p.changed_at,
       (select a.checkout_url from attempt a
        where a.tenant_id = p.tenant_id and a.payment_id = p.payment_id order by a.attempt_no desc limit 1),
       p.capture_before,
       (select max(o.done_at) from operation o
        where o.tenant_id = p.tenant_id and o.payment_id = p.payment_id and o.attempt_no > 1 and o.operation_no = 1
          and o.kind = 'authorize' and o.state = 'succeeded'),
       (select o.state from operation o
        where o.tenant_id = p.tenant_id and o.payment_id = p.payment_id and o.attempt_no > 1 and o.operation_no = 1
          and o.kind = 'authorize' order by o.attempt_no desc limit 1)
from payment p
where p.tenant_id = $1 and p.payment_id = $2 and p.purpose = 'session' and p.connector_id is not null;

-- name: end_of
select s.end_reason, i.series, i.number, i.issued_at
from session s
left join invoice i on i.tenant_id = s.tenant_id and i.kind = 'receipt' and i.subject_id = s.payment_id
where s.tenant_id = $1 and s.payment_id = $2
order by s.opened_at limit 1;

-- name: receipt
select series, number, pdf
from invoice where tenant_id = $1 and kind = 'receipt' and subject_id = $2;

-- name: receipts_like
select p.payment_id
from payment p
join session s on s.tenant_id = p.tenant_id and s.session_id = p.session_id
where p.tenant_id = $1 and p.card_last4 = $2 and p.captured_minor = $3
  and p.created_at >= ($4::date - 3)::timestamptz and p.created_at < ($4::date + 3)::timestamptz
  and $4::date in ((s.started_at at time zone s.time_zone)::date, (s.ended_at at time zone s.time_zone)::date)
  and exists (select from invoice i where i.tenant_id = p.tenant_id and i.kind = 'receipt' and i.subject_id = p.payment_id)
order by p.payment_id limit 2;

-- name: count_try
insert into lookup_try (tenant_id, key, window_at, try_count)
select t.tenant_id, $2, $3, 1 from tenant t where t.tenant_id = $1
on conflict (tenant_id, key, window_at) do update set try_count = lookup_try.try_count + 1
returning try_count;

-- name: forget_tries
delete from lookup_try where tenant_id = $1 and window_at < $2;
