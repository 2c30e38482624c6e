-- The statements of the firmware store; $1 is always the tenant.

-- name: add_release
insert into firmware_release (tenant_id, firmware_release_id, vendor, model, version, location, signing_certificate,
                              signature, created_by, created_at)
select t.tenant_id, $2, $3, $4, $5, $6, $7, $8, $9, $10 from tenant t where t.tenant_id = $1;

-- name: releases
select firmware_release_id, vendor, model, version, location, signing_certificate, signature, created_by, created_at
from firmware_release where tenant_id = $1 order by created_at desc limit 500;

-- name: release
select firmware_release_id, vendor, model, version, location, signing_certificate, signature, created_by, created_at
from firmware_release where tenant_id = $1 and firmware_release_id = $2;

-- name: candidates
select s.station_id, s.vendor, s.model, s.firmware, s.ocpp_version, s.is_connected,
       exists (select from campaign_station m
               where m.tenant_id = s.tenant_id and m.station_id = s.station_id and m.is_open) as is_taken
from station s where s.tenant_id = $1 and not s.is_disabled order by s.station_id;

-- name: add_campaign
insert into firmware_campaign (tenant_id, firmware_campaign_id, firmware_release_id, name, state, reason,
                               failure_percent_max, soak_s, silence_s, wave_count, wave_no, counted_from,
                               created_by, created_at, changed_at, version)
select t.tenant_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16
from tenant t where t.tenant_id = $1;

-- name: add_members
insert into campaign_station (tenant_id, firmware_campaign_id, station_id, wave_no, state, is_open, update_no,
                              try_count, firmware_before, changed_at)
select t.tenant_id, $2, q.station_id, q.wave_no, 'waiting', true, q.update_no, 0, q.firmware_before, $7
from unnest($3::uuid[], $4::integer[], $5::integer[], $6::text[]) q(station_id, wave_no, update_no, firmware_before)
join tenant t on t.tenant_id = $1;

-- name: campaigns
select c.firmware_campaign_id, c.name, r.vendor, r.model, r.version as firmware, c.state, c.reason, c.wave_no,
       c.wave_count, m.station_count, m.proven_count, m.failed_count, m.skipped_count, m.under_way_count,
       c.created_by, c.created_at, c.changed_at
from firmware_campaign c
join firmware_release r on r.tenant_id = c.tenant_id and r.firmware_release_id = c.firmware_release_id
cross join lateral (
    select count(*)::integer as station_count,
           (count(*) filter (where x.state = 'proven'))::integer as proven_count,
           (count(*) filter (where x.state = 'failed'))::integer as failed_count,
           (count(*) filter (where x.state = 'skipped'))::integer as skipped_count,
           (count(*) filter (where x.state not in ('waiting', 'proven', 'failed', 'skipped')))::integer
               as under_way_count
    from campaign_station x
    where x.tenant_id = c.tenant_id and x.firmware_campaign_id = c.firmware_campaign_id
) m
where c.tenant_id = $1 order by c.created_at desc limit 100;

-- name: campaign
select firmware_campaign_id, firmware_release_id, name, state, reason, failure_percent_max, soak_s, silence_s,
       wave_count, wave_no, counted_from, created_by, created_at, changed_at, version
from firmware_campaign where tenant_id = $1 and firmware_campaign_id = $2;

-- name: campaign_for_update
select firmware_campaign_id, firmware_release_id, name, state, reason, failure_percent_max, soak_s, silence_s,
       wave_count, wave_no, counted_from, created_by, created_at, changed_at, version
from firmware_campaign where tenant_id = $1 and firmware_campaign_id = $2 for update;

-- name: set_campaign
update firmware_campaign set state = $3, reason = $4, wave_no = $5, counted_from = $6, changed_at = $7,
                             version = version + 1
where tenant_id = $1 and firmware_campaign_id = $2 and version = $8;

-- name: members
select m.station_id, s.name, s.identity, m.wave_no, m.state, m.update_no, m.station_command_id, m.try_count,
       m.firmware_before, m.detail, m.asked_at, m.changed_at, s.firmware, s.ocpp_version, s.is_connected,
       s.is_disabled, x.is_charging, c.is_faulted
from campaign_station m
join station s on s.tenant_id = m.tenant_id and s.station_id = m.station_id
cross join lateral (
    select exists (select from session n
                   where n.tenant_id = m.tenant_id and n.station_id = m.station_id and n.ended_at is null
                     and n.state <> 'under_review') as is_charging
) x
cross join lateral (
    select exists (select from connector k
                   where k.tenant_id = m.tenant_id and k.station_id = m.station_id
                     and lower(k.status) = 'faulted' and k.status_at > m.changed_at) as is_faulted
) c
where m.tenant_id = $1 and m.firmware_campaign_id = $2 order by m.wave_no, s.name, m.station_id;

-- name: member_of_command
select firmware_campaign_id, station_id, state, update_no, try_count
from campaign_station where tenant_id = $1 and station_command_id = $2 for update;

-- name: open_member
select m.firmware_campaign_id, m.station_id, m.state, m.update_no, m.try_count
from campaign_station m
where m.tenant_id = $1 and m.station_id = $2
  and case when $3::integer is null then m.is_open else m.update_no = $3 end
order by m.is_open desc, m.changed_at desc limit 1 for update;

-- name: set_member
update campaign_station set state = $4, is_open = $5, detail = $6, changed_at = $7
where tenant_id = $1 and firmware_campaign_id = $2 and station_id = $3;

-- name: ask_member
update campaign_station set state = 'asked', station_command_id = $4, try_count = try_count + 1, asked_at = $5,
                            changed_at = $5, detail = null
where tenant_id = $1 and firmware_campaign_id = $2 and station_id = $3;

-- name: close_members
update campaign_station set state = case when state = 'waiting' then 'skipped' else state end, is_open = false,
                            detail = case when state = 'waiting' then $3 else detail end,
                            changed_at = case when state = 'waiting' then $4 else changed_at end
where tenant_id = $1 and firmware_campaign_id = $2 and is_open;
