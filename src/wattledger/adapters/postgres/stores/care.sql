-- The statements of the care store; $1 is always the tenant.

-- name: add_event
insert into station_event (tenant_id, station_event_id, station_id, family, kind, is_critical, detail, happened_at,
                           received_at)
select t.tenant_id, $2, $3, $4, $5, $6, $7, $8, $9 from tenant t where t.tenant_id = $1
on conflict (tenant_id, station_event_id) do nothing;

-- name: events
select e.station_event_id, e.station_id, s.name, e.family, e.kind, e.is_critical, e.detail, e.happened_at,
       e.received_at
from station_event e join station s on s.tenant_id = e.tenant_id and s.station_id = e.station_id
where e.tenant_id = $1 and ($2::uuid is null or e.station_id = $2) and ($3::boolean is null or e.is_critical = $3)
order by e.happened_at desc, e.station_event_id limit $4;

-- name: add_report
insert into station_report (tenant_id, station_report_id, station_id, action, request_no, is_last, body,
                            station_command_id, received_at, expires_at)
select t.tenant_id, $2, $3, $4, $5, $6, $7, $8, $9, $10 from tenant t where t.tenant_id = $1
on conflict (tenant_id, station_report_id) do nothing;

-- name: drop_reports
delete from station_report r using (
    select x.station_report_id from station_report x
    where x.tenant_id = $1 and x.station_id = $2
    order by x.received_at desc, x.station_report_id desc offset $3) q
where r.tenant_id = $1 and r.station_report_id = q.station_report_id;

-- name: reports
select station_report_id, station_id, action, request_no, is_last, body, station_command_id, received_at, expires_at
from station_report where tenant_id = $1 and station_id = $2 and expires_at > $3
order by received_at desc, station_report_id desc limit $4;

-- name: forget_reports
delete from station_report where tenant_id = $1 and expires_at <= $2;

-- name: put_variables
insert into station_variable (tenant_id, station_id, name, value, is_readonly, told_at)
select t.tenant_id, $2, q.name, q.value, q.is_readonly, $6
from unnest($3::text[], $4::text[], $5::boolean[]) q(name, value, is_readonly)
join tenant t on t.tenant_id = $1
on conflict (tenant_id, station_id, name) do update
    set value = excluded.value, is_readonly = excluded.is_readonly, told_at = excluded.told_at;

-- name: variables
select name, value, is_readonly from station_variable where tenant_id = $1 and station_id = $2 order by name;

-- name: variables_of_all
select station_id, name, value, is_readonly from station_variable
where tenant_id = $1 and name = any($2::text[]) order by station_id, name;

-- name: add_baseline
insert into configuration_baseline (tenant_id, configuration_baseline_id, name, ocpp_version, vendor, model,
                                    created_by, created_at)
select t.tenant_id, $2, $3, $4, $5, $6, $7, $8 from tenant t where t.tenant_id = $1;

-- name: add_baseline_values
insert into baseline_value (tenant_id, configuration_baseline_id, name, value)
select t.tenant_id, $2, q.name, q.value
from unnest($3::text[], $4::text[]) q(name, value) join tenant t on t.tenant_id = $1;

-- name: baselines
select b.configuration_baseline_id, b.name, b.ocpp_version, b.vendor, b.model, b.created_by, b.created_at,
       array_agg(v.name order by v.name) as names, array_agg(v.value order by v.name) as values
from configuration_baseline b
join baseline_value v on v.tenant_id = b.tenant_id and v.configuration_baseline_id = b.configuration_baseline_id
where b.tenant_id = $1 and b.retired_at is null
group by b.tenant_id, b.configuration_baseline_id order by b.created_at, b.configuration_baseline_id;

-- name: retire_baseline
update configuration_baseline set retired_at = $3
where tenant_id = $1 and configuration_baseline_id = $2 and retired_at is null;

-- name: inventory
select s.station_id, s.name, s.identity, i.name as site_name, s.ocpp_version, s.vendor, s.model, s.serial,
       s.firmware, s.is_connected, s.is_disabled, s.booted_at, v.told_at
from station s
join site i on i.tenant_id = s.tenant_id and i.site_id = s.site_id
left join lateral (
    select max(x.told_at) as told_at from station_variable x
    where x.tenant_id = s.tenant_id and x.station_id = s.station_id
) v on true
where s.tenant_id = $1 and ($2::uuid is null or s.station_id = $2)
order by s.vendor nulls last, s.model nulls last, s.firmware nulls last, i.name, s.name, s.station_id limit 5000;

-- name: add_log
insert into station_log (tenant_id, station_log_id, station_id, log_no, kind, state, station_command_id, location,
                         key_hash, file_name, byte_count, detail, asked_by, created_at, expires_at, changed_at)
select t.tenant_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16
from tenant t where t.tenant_id = $1;

-- name: log
select station_log_id, station_id, log_no, kind, state, station_command_id, location, key_hash, file_name,
       byte_count, detail, asked_by, created_at, expires_at, changed_at
from station_log where tenant_id = $1 and station_log_id = $2 for update;

-- name: log_of_command
select station_log_id, station_id, log_no, kind, state, station_command_id, location, key_hash, file_name,
       byte_count, detail, asked_by, created_at, expires_at, changed_at
from station_log where tenant_id = $1 and station_command_id = $2 for update;

-- name: last_open_log
select station_log_id, station_id, log_no, kind, state, station_command_id, location, key_hash, file_name,
       byte_count, detail, asked_by, created_at, expires_at, changed_at
from station_log
where tenant_id = $1 and station_id = $2 and ($3::integer is null or log_no = $3)
  and state in ('asked', 'uploading')
order by created_at desc limit 1 for update;

-- name: logs
select station_log_id, station_id, log_no, kind, state, station_command_id, location, key_hash, file_name,
       byte_count, detail, asked_by, created_at, expires_at, changed_at
from station_log where tenant_id = $1 and station_id = $2 order by created_at desc limit $3;

-- name: set_log
update station_log set state = $3, file_name = $4, byte_count = $5, detail = $6, changed_at = $7
where tenant_id = $1 and station_log_id = $2;

-- name: put_log_file
insert into station_log_file (tenant_id, station_log_id, content, received_at)
select t.tenant_id, $2, $3, $4 from tenant t where t.tenant_id = $1
on conflict (tenant_id, station_log_id) do nothing;

-- name: log_file
select content from station_log_file where tenant_id = $1 and station_log_id = $2;
