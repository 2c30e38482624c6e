-- What of sessions, events and bills contradicts itself. Read by `books verify` alone, as the schema's owner; a
-- statement is named for the finding it yields, a row a finding: (subject, detail). $1 the tenant, $2 this instant.

-- name: count_sessions
select count(*) from session where tenant_id = $1

-- name: session_unbilled
-- An ended session has a live bill or waits for a person; what ended just now has five minutes.
select s.session_id::text, 'ended ' || to_char(s.ended_at, 'YYYY-MM-DD HH24:MI:SS') || ' UTC, state ' || s.state
from session s
where s.tenant_id = $1 and s.ended_at is not null and s.told_at < $2::timestamptz - interval '5 minutes'
  and not exists (select from bill b where b.tenant_id = s.tenant_id and b.session_id = s.session_id)
  and not exists (select from review_item r where r.tenant_id = s.tenant_id and r.subject_id = s.session_id
                  and r.state = 'open')

-- name: session_billed_twice
-- A bill is live until a later revision names it; one session has one live bill.
select b.session_id::text, count(*) || ' live bills: ' || string_agg(b.bill_id::text, ', ' order by b.revision)
from bill b
where b.tenant_id = $1
  and not exists (select from bill n where n.tenant_id = b.tenant_id and n.session_id = b.session_id
                  and n.replaces_revision = b.revision)
group by b.session_id having count(*) > 1

-- name: bill_revision_missing
select b.session_id::text, 'revisions ' || string_agg(b.revision::text, ', ' order by b.revision)
from bill b
where b.tenant_id = $1
group by b.session_id
having min(b.revision) <> 1
   and (select count(*) from bill l where l.tenant_id = $1 and l.session_id = b.session_id
        and not exists (select from bill n where n.tenant_id = l.tenant_id and n.session_id = l.session_id
                        and n.replaces_revision = l.revision)) = 1

-- name: bill_orphaned
select b.bill_id::text, 'session ' || b.session_id || ' does not exist'
from bill b
where b.tenant_id = $1
  and not exists (select from session s where s.tenant_id = b.tenant_id and s.session_id = b.session_id)

-- name: bill_of_running_session
select b.bill_id::text, 'session ' || s.session_id || ' is ' || s.state || ' and has no end'
from bill b join session s on s.tenant_id = b.tenant_id and s.session_id = b.session_id
where b.tenant_id = $1 and s.ended_at is null

-- name: count_energy
select count(*) from bill where tenant_id = $1

-- name: bill_energy_differs
-- Energy is the register's difference, and nothing else.
select b.bill_id::text, b.energy_milliwh || ' billed, registers say '
       || (b.register_end_milliwh - b.register_start_milliwh)
from bill b
where b.tenant_id = $1 and b.energy_milliwh <> b.register_end_milliwh - b.register_start_milliwh

-- name: bill_register_unproved
-- Both registers of a bill were told by the station in an event of that session.
select b.bill_id::text, 'no event tells ' || string_agg(w.register_milliwh::text, ' and ')
from bill b
cross join lateral (values (b.register_start_milliwh), (b.register_end_milliwh)) w(register_milliwh)
where b.tenant_id = $1 and b.register_end_milliwh > b.register_start_milliwh
  and exists (select from session s where s.tenant_id = b.tenant_id and s.session_id = b.session_id)
  and not exists (
      select from session_event e
      cross join lateral jsonb_array_elements(
          coalesce(convert_from(e.body, 'UTF8')::jsonb -> 'readings', '[]')) r(reading)
      where e.tenant_id = b.tenant_id and e.session_id = b.session_id
        and (r.reading ->> 'register_milliwh')::bigint = w.register_milliwh)
group by b.bill_id

-- name: energy_billed_twice
-- Two sessions of one connector billed for the same stretch of its register at the same time, that ran side by side
-- or have a reading in common. (Stations exist whose register starts at 0 each time, and whose clocks jump.)
with live as (
    select b.tenant_id, s.connector_id, s.session_id, b.bill_id, b.started_at, b.ended_at, s.opened_at, s.told_at,
           b.register_start_milliwh low, b.register_end_milliwh high,
           max(b.ended_at) over (partition by s.connector_id order by b.started_at, b.bill_id
                                 rows between unbounded preceding and 1 preceding) earlier_until
    from bill b join session s on s.tenant_id = b.tenant_id and s.session_id = b.session_id
    where b.tenant_id = $1
      and not exists (select from bill n where n.tenant_id = b.tenant_id and n.session_id = b.session_id
                      and n.replaces_revision = b.revision))
select a.bill_id::text, 'the same energy is on bill ' || b.bill_id
from live b
join live a on a.tenant_id = b.tenant_id and a.connector_id = b.connector_id and a.session_id <> b.session_id
           and (a.started_at, a.bill_id) < (b.started_at, b.bill_id)
where b.earlier_until > b.started_at and a.ended_at > b.started_at
  and greatest(a.low, b.low) < least(a.high, b.high)
  and (greatest(a.opened_at, b.opened_at) < least(a.told_at, b.told_at) or exists (
      select r.reading ->> 'at', r.reading ->> 'register_milliwh'
      from session_event e
      cross join lateral jsonb_array_elements(
          coalesce(convert_from(e.body, 'UTF8')::jsonb -> 'readings', '[]')) r(reading)
      where e.tenant_id = a.tenant_id and e.session_id = a.session_id and r.reading ? 'register_milliwh'
      intersect
      select r.reading ->> 'at', r.reading ->> 'register_milliwh'
      from session_event e
      cross join lateral jsonb_array_elements(
          coalesce(convert_from(e.body, 'UTF8')::jsonb -> 'readings', '[]')) r(reading)
      where e.tenant_id = b.tenant_id and e.session_id = b.session_id))

-- name: count_replay
select count(*) from session_event where tenant_id = $1

-- name: event_count_differs
-- A session counts the facts it was folded from: neither lost nor told twice.
select s.session_id::text, s.event_count || ' counted, ' || count(e.event_key) || ' stored'
from session s left join session_event e on e.tenant_id = s.tenant_id and e.session_id = s.session_id
where s.tenant_id = $1
group by s.tenant_id, s.session_id, s.event_count having count(e.event_key) <> s.event_count

-- name: event_orphaned
select e.session_id::text, count(*) || ' events of a session that does not exist'
from session_event e
where e.tenant_id = $1
  and not exists (select from session s where s.tenant_id = e.tenant_id and s.session_id = e.session_id)
group by e.session_id

-- name: session_end_differs
-- The end of a session is the station's own word in its (first) event of that kind.
select s.session_id::text, 'ended ' || coalesce(to_char(s.ended_at, 'YYYY-MM-DD HH24:MI:SS'), 'never')
       || ', told ' || coalesce(to_char(min(e.station_at), 'YYYY-MM-DD HH24:MI:SS'), 'never')
from session s
left join session_event e on e.tenant_id = s.tenant_id and e.session_id = s.session_id and e.kind = 3
where s.tenant_id = $1
group by s.tenant_id, s.session_id, s.ended_at
having (s.ended_at is null) <> (count(e.event_key) = 0)
    or (s.ended_at is not null and not s.ended_at = any(array_agg(e.station_at)))

-- name: start_counted_twice
-- One start of one connector, told under two names, makes one session. Where only ends were told there is no start
-- to count: a station that lost its memory may tell several in one second.
select s.session_id::text, 'the same start made session ' || o.session_id
from session s
join session o on o.tenant_id = s.tenant_id and o.connector_id = s.connector_id and o.started_at = s.started_at
     and o.session_id > s.session_id and o.token_uid is not distinct from s.token_uid
     and o.register_start_milliwh is not distinct from s.register_start_milliwh
where s.tenant_id = $1
  and 2 = (select count(distinct e.session_id) from session_event e
           where e.tenant_id = s.tenant_id and e.session_id in (s.session_id, o.session_id) and e.kind = 1)

-- name: count_work
select (select count(*) from operation where tenant_id = $1) + (select count(*) from job where tenant_id = $1)
     + (select count(*) from webhook_event where tenant_id = $1)

-- name: work_stuck
-- Due work is done within minutes; what waits longer waits for nothing.
select w.subject, w.kind || ' due since ' || to_char(w.due_at, 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
from (
    select operation_id::text subject, kind, due_at from operation where tenant_id = $1
    union all select subject_id::text, kind, due_at from job where tenant_id = $1
    union all select event_ref, 'webhook ' || kind, due_at from webhook_event where tenant_id = $1
) w
where w.due_at < $2::timestamptz - interval '15 minutes'
