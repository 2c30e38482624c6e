-- The statements of the limits store; $1 is always the tenant.

-- name: limits
select l.subject_id, row_to_json(l)::text as body from charging_limit l
where l.tenant_id = $1 and l.subject_id = any($2::uuid[]);

-- name: put
insert into charging_limit (tenant_id, subject_id, subject_kind, site_ids, weekdays, minute_from, minute_to,
                            session_milliwh_max, day_milliwh_max, month_milliwh_max, session_minor_max,
                            day_minor_max, month_minor_max, sessions_at_once_max, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
on conflict (tenant_id, subject_id) do update set
    site_ids = excluded.site_ids, weekdays = excluded.weekdays, minute_from = excluded.minute_from,
    minute_to = excluded.minute_to, session_milliwh_max = excluded.session_milliwh_max,
    day_milliwh_max = excluded.day_milliwh_max, month_milliwh_max = excluded.month_milliwh_max,
    session_minor_max = excluded.session_minor_max, day_minor_max = excluded.day_minor_max,
    month_minor_max = excluded.month_minor_max, sessions_at_once_max = excluded.sessions_at_once_max,
    changed_at = excluded.changed_at;

-- name: remove
delete from charging_limit where tenant_id = $1 and subject_id = $2;

-- name: limited_running
select s.session_id, s.energy_milliwh, row_to_json(l)::text as body, row_to_json(u)::text as used
from session s
join charging_limit l on l.tenant_id = s.tenant_id and l.subject_id in (s.token_id, s.contract_id)
join site i on i.tenant_id = s.tenant_id and i.site_id = s.site_id
cross join lateral (
    select coalesce(sum(x.energy_milliwh) filter (where x.opened_at >= date_trunc('day', $2::timestamptz, i.time_zone)), 0)
               as day_milliwh,
           coalesce(sum(x.energy_milliwh), 0) as month_milliwh,
           coalesce(sum(b.gross_minor) filter (where x.opened_at >= date_trunc('day', $2::timestamptz, i.time_zone)), 0)
               as day_minor,
           coalesce(sum(b.gross_minor), 0) as month_minor
    from session x
    left join lateral (
        select y.gross_minor from bill y where y.tenant_id = x.tenant_id and y.session_id = x.session_id
        order by y.revision desc limit 1) b on true
    where x.tenant_id = s.tenant_id and x.opened_at >= date_trunc('month', $2::timestamptz, i.time_zone)
      and (x.token_id = l.subject_id or x.contract_id = l.subject_id)) u
where s.tenant_id = $1 and s.ended_at is null and s.state in ('starting', 'active', 'suspended')
  and num_nonnulls(l.session_milliwh_max, l.day_milliwh_max, l.month_milliwh_max, l.session_minor_max,
                   l.day_minor_max, l.month_minor_max) > 0;

-- name: running_of_token
select session_id from session
where tenant_id = $1 and token_id = $2 and ended_at is null and state in ('starting', 'active', 'suspended');

-- name: offline_policy
select offline_policy from site where tenant_id = $1 and site_id = $2;

-- name: set_offline_policy
update site set offline_policy = $3 where tenant_id = $1 and site_id = $2;

-- name: listed_stations
select s.station_id, s.site_id, s.ocpp_version, s.booted_at, i.offline_policy, l.told_policy, l.told_at,
       coalesce(l.version_no, 0) as version_no, l.listed, l.sent_command_id, l.sent_version_no, l.sent_listed,
       coalesce(l.failed_count, 0) as failed_count, c.state as sent_state
from station s
join site i on i.tenant_id = s.tenant_id and i.site_id = s.site_id
left join station_list l on l.tenant_id = s.tenant_id and l.station_id = s.station_id
left join station_command c on c.tenant_id = l.tenant_id and c.station_command_id = l.sent_command_id
where s.tenant_id = $1 and s.is_connected and s.booted_at is not null and s.ocpp_version is not null
  and not s.is_disabled and i.offline_policy is not null
order by s.station_id;

-- name: put_list
insert into station_list (tenant_id, station_id, told_policy, told_at, version_no, listed, sent_command_id,
                          sent_version_no, sent_listed, failed_count)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (tenant_id, station_id) do update set
    told_policy = excluded.told_policy, told_at = excluded.told_at, version_no = excluded.version_no,
    listed = excluded.listed, sent_command_id = excluded.sent_command_id,
    sent_version_no = excluded.sent_version_no, sent_listed = excluded.sent_listed,
    failed_count = excluded.failed_count;

-- name: tokens_for
-- A card that is limited in time or amount is left off: a list cannot say so, and offline nobody counts.
select k.uid, k.group_uid
from token k
join contract r on r.tenant_id = k.tenant_id and r.contract_id = k.contract_id and r.state = 'active'
where k.tenant_id = $1 and k.kind in ('rfid', 'app') and k.state = 'active'
  and (k.expires_at is null or k.expires_at > $3)
  and not exists (
      select from charging_limit l
      where l.tenant_id = k.tenant_id and l.subject_id in (k.token_id, k.contract_id)
        and (not $2 = any(l.site_ids) or num_nonnulls(l.weekdays, l.minute_from, l.day_milliwh_max,
             l.month_milliwh_max, l.day_minor_max, l.month_minor_max) > 0))
order by k.uid
limit 2000;

-- name: board_stations
-- A station that was asked, and did not answer or was not linked long enough to, is asked again.
select s.station_id, s.ocpp_version, s.time_zone, s.version_ids
from (
    select st.station_id, st.ocpp_version, i.time_zone, st.booted_at,
           array_agg(distinct p.tariff_version_id order by p.tariff_version_id) as version_ids
    from station st
    join site i on i.tenant_id = st.tenant_id and i.site_id = st.site_id
    join connector c on c.tenant_id = st.tenant_id and c.station_id = st.station_id
    cross join lateral (
        select x.tariff_version_id from tariff_publication x
        where x.tenant_id = c.tenant_id and x.tariff_id = c.tariff_id and x.valid_from <= $2
        order by x.valid_from desc limit 1) p
    where st.tenant_id = $1 and st.is_connected and st.booted_at is not null and st.ocpp_version is not null
      and not st.is_disabled
    group by st.station_id, st.ocpp_version, i.time_zone, st.booted_at) s
left join station_board b on b.tenant_id = $1 and b.station_id = s.station_id
left join station_command k on k.tenant_id = $1 and k.station_command_id = b.station_command_id
where b.station_id is null or b.tariff_version_ids <> s.version_ids or b.asked_at < s.booted_at
   or (k.state = 'timed_out' and b.asked_at < $2::timestamptz - interval '1 hour')
order by s.station_id
limit 200;

-- name: put_board
insert into station_board (tenant_id, station_id, tariff_version_ids, station_command_id, asked_at)
values ($1, $2, $3, $4, $5)
on conflict (tenant_id, station_id) do update set
    tariff_version_ids = excluded.tariff_version_ids, station_command_id = excluded.station_command_id,
    asked_at = excluded.asked_at;
