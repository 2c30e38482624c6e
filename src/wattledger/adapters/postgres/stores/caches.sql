-- The statements of the caches store; $1 is always the tenant.

-- name: stale
select s.station_id, s.booted_at, q.station_command_id, q.asked_at, coalesce(q.failed_count, 0) as failed_count,
       m.state, m.sent_at
from station s
left join cache_clearing q on q.tenant_id = s.tenant_id and q.station_id = s.station_id
left join station_command m on m.tenant_id = q.tenant_id and m.station_command_id = q.station_command_id
where s.tenant_id = $1 and s.is_connected and s.booted_at is not null and not s.is_disabled
  and s.station_id in (
      select c.station_id from cached_token c
      join (select k.token_id from token k where k.tenant_id = $1 and k.state <> 'active' and k.kind <> 'ad_hoc'
            union all
            select k.token_id from token k
            where k.tenant_id = $1 and k.expires_at <= $2 and k.kind <> 'ad_hoc'
            union all
            select k.token_id from contract r
            join token k on k.tenant_id = r.tenant_id and k.contract_id = r.contract_id
            where r.tenant_id = $1 and r.state <> 'active') x on x.token_id = c.token_id
      where c.tenant_id = $1)
order by s.station_id;

-- name: put_clearing
insert into cache_clearing (tenant_id, station_id, station_command_id, asked_at, failed_count)
values ($1, $2, $3, $4, $5)
on conflict (tenant_id, station_id) do update set
    station_command_id = excluded.station_command_id, asked_at = excluded.asked_at,
    failed_count = excluded.failed_count;

-- name: forget
-- Locked in the order in which the station link notes them.
delete from cached_token c using (
    select x.token_id from cached_token x
    where x.tenant_id = $1 and x.station_id = $2 and x.noted_at < $3
    order by x.token_id for update) q
where c.tenant_id = $1 and c.station_id = $2 and c.token_id = q.token_id;
