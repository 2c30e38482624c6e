-- The statements of the waits store; $1 is always the tenant.

-- name: watched
-- $2: what was told since then is not quiet. A session whose wait was decided comes back once something is told.
select s.session_id, s.station_id, s.session_ref, s.ocpp_version, c.evse_no, c.connector_no,
       s.ended_at is not null as is_ended, s.review_reason, s.told_at, st.is_connected, st.link_changed_at,
       case when c.status = 'available' then c.status_at end as vacated_at,
       k.kind, k.state, k.answer, k.answered_at,
       w.reason, w.since, w.ask_at, w.ask_count, w.decide_at, w.decided_at
from session s
join station st on st.tenant_id = s.tenant_id and st.station_id = s.station_id
left join connector c on c.tenant_id = s.tenant_id and c.connector_id = s.connector_id
left join session_wait w on w.tenant_id = s.tenant_id and w.session_id = s.session_id
left join lateral (
    select x.kind, x.state, x.answer, x.answered_at from station_command x
    where x.tenant_id = s.tenant_id and x.session_id = s.session_id and x.answered_at is not null
      and x.kind = any($3::text[])
    order by x.created_at desc limit 1
) k on true
where s.tenant_id = $1 and (s.ended_at is null or s.state = 'ended')
  and (w.decided_at is null or w.decided_at < s.told_at)
  and (w.session_id is not null or s.ended_at is not null or s.told_at < $2 or not st.is_connected
       or s.review_reason = 'superseded' or (c.status = 'available' and c.status_at >= s.told_at))
order by s.told_at
limit 10000;

-- name: put
insert into session_wait (tenant_id, session_id, reason, since, ask_at, ask_count, decide_at, decided_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (tenant_id, session_id) do update set
    reason = excluded.reason, since = excluded.since, ask_at = excluded.ask_at, ask_count = excluded.ask_count,
    decide_at = excluded.decide_at, decided_at = excluded.decided_at;

-- name: remove
delete from session_wait where tenant_id = $1 and session_id = $2;

-- name: wait_of
select reason, since, ask_at, ask_count, decide_at, decided_at
from session_wait where tenant_id = $1 and session_id = $2;
