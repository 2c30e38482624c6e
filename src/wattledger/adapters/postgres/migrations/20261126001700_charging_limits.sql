-- migrate:up
-- What a card or a contract may do: where, when, how much, how many at once. A row for those that are limited.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table charging_limit (
    tenant_id bigint not null references tenant,
    -- A token or a contract.
    subject_id uuid not null,
    subject_kind text not null check (subject_kind in ('token', 'contract')),
    -- Null is anywhere, any day, any time, any amount, as many as one likes.
    site_ids uuid[],
    weekdays smallint[] check (weekdays <@ '{1,2,3,4,5,6,7}'), -- ISO: Monday is 1
    -- Minutes after midnight on the site's wall clock; an end not after its start wraps over midnight.
    minute_from smallint check (minute_from between 0 and 1439),
    minute_to smallint check (minute_to between 0 and 1439),
    session_milliwh_max bigint check (session_milliwh_max > 0),
    day_milliwh_max bigint check (day_milliwh_max > 0),
    month_milliwh_max bigint check (month_milliwh_max > 0),
    session_minor_max bigint check (session_minor_max > 0),
    day_minor_max bigint check (day_minor_max > 0),
    month_minor_max bigint check (month_minor_max > 0),
    sessions_at_once_max integer check (sessions_at_once_max > 0),
    changed_at timestamptz not null,
    primary key (tenant_id, subject_id),
    check ((minute_from is null) = (minute_to is null))
);
select guard_table('charging_limit', 'select, insert, update, delete', false);

-- Cards of one group stop each other's sessions at the station (OCPP 1.6 parentIdTag, 2.0.1 groupIdToken).
alter table token add column group_uid text
    constraint token_group_uid_form check (group_uid = upper(group_uid) and length(group_uid) between 1 and 20);

-- What a subject's sessions used since the month began at the site, and which of them run.
create function limit_usage(p_tenant bigint, p_token uuid, p_contract uuid, p_day timestamptz, p_month timestamptz)
returns table (day_milliwh bigint, month_milliwh bigint, day_minor bigint, month_minor bigint, open_session_ids uuid[])
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select coalesce(sum(s.energy_milliwh) filter (where s.opened_at >= p_day), 0)::bigint,
           coalesce(sum(s.energy_milliwh), 0)::bigint,
           coalesce(sum(b.gross_minor) filter (where s.opened_at >= p_day), 0)::bigint,
           coalesce(sum(b.gross_minor), 0)::bigint,
           coalesce(array_agg(s.session_id) filter (where s.ended_at is null and s.review_reason is null), '{}')
    from session s
    left join lateral (
        select x.gross_minor from bill x where x.tenant_id = s.tenant_id and x.session_id = s.session_id
        order by x.revision desc limit 1) b on true
    where s.tenant_id = p_tenant and s.opened_at >= p_month
      and ((p_token is not null and s.token_id = p_token) or (p_contract is not null and s.contract_id = p_contract));
end
$$;

-- The limits behind a token, as one JSON text; null for the many that have neither limit nor group.
create function stations_limit_facts(p_tenant bigint[], p_station uuid[], p_uid text[], p_now timestamptz)
returns table (ord bigint, limits text)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select q.ord, json_build_object(
        'group_uid', k.group_uid, 'site_id', i.site_id, 'time_zone', i.time_zone,
        'token', case when lt.subject_id is not null then row_to_json(lt) end,
        'token_used', case when lt.subject_id is not null then (
            select row_to_json(u) from limit_usage(k.tenant_id, k.token_id, null,
                date_trunc('day', p_now, i.time_zone), date_trunc('month', p_now, i.time_zone)) u) end,
        'contract', case when lc.subject_id is not null then row_to_json(lc) end,
        'contract_used', case when lc.subject_id is not null then (
            select row_to_json(u) from limit_usage(k.tenant_id, null, k.contract_id,
                date_trunc('day', p_now, i.time_zone), date_trunc('month', p_now, i.time_zone)) u) end)::text
    from unnest(p_tenant, p_station, p_uid) with ordinality q(tenant_id, station_id, uid, ord)
    join token k on k.tenant_id = q.tenant_id and k.uid = q.uid
    join station s on s.tenant_id = q.tenant_id and s.station_id = q.station_id
    join site i on i.tenant_id = s.tenant_id and i.site_id = s.site_id
    left join charging_limit lt on lt.tenant_id = k.tenant_id and lt.subject_id = k.token_id
    left join charging_limit lc on lc.tenant_id = k.tenant_id and lc.subject_id = k.contract_id
    where k.group_uid is not null or lt.subject_id is not null or lc.subject_id is not null;
end
$$;

revoke execute on function stations_limit_facts(bigint[], uuid[], text[], timestamptz),
    limit_usage(bigint, uuid, uuid, timestamptz, timestamptz) from public;
grant execute on function stations_limit_facts(bigint[], uuid[], text[], timestamptz) to wattledger_stations;

-- migrate:down
