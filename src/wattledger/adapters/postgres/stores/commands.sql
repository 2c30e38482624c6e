-- The statements of the commands store; $1 is always the tenant.

-- name: station
select station_id, identity, name, ocpp_version, is_connected, is_disabled
from station where tenant_id = $1 and station_id = $2;

-- name: put
insert into station_command (tenant_id, station_command_id, station_id, kind, body, state, asked_by, created_at,
                             deadline_at)
select t.tenant_id, $2, $3, $4, $5, 'queued', $6, $7, $8 from tenant t where t.tenant_id = $1
on conflict (tenant_id, station_command_id) do nothing;

-- name: command
select station_command_id, station_id, kind, body, state, answer, asked_by, created_at, deadline_at, sent_at,
       answered_at
from station_command where tenant_id = $1 and station_command_id = $2;

-- name: commands
select station_command_id, station_id, kind, body, state, answer, asked_by, created_at, deadline_at, sent_at,
       answered_at
from station_command
where tenant_id = $1 and station_id = $2 and ($3::timestamptz is null or created_at < $3)
order by created_at desc limit $4;

-- name: notice
select station_notice_id, station_id, body, received_at
from station_notice where tenant_id = $1 and station_notice_id = $2 for update;

-- name: drop_notice
delete from station_notice where tenant_id = $1 and station_notice_id = $2;
