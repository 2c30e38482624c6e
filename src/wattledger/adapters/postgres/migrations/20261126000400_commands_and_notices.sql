-- migrate:up
-- Anything may be asked of a station, not only to start and to stop; and what stations say of themselves
-- (firmware, logs, security events, configuration) is kept before it is answered, and taken up by a job.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- The kinds are those of core/stations/commands; the database knows what a word looks like.
-- squawk-ignore ban-drop-constraint
alter table station_command drop constraint station_command_kind_check;
-- Not validated: every row there is passed the narrower check that goes.
alter table station_command add constraint station_command_kind_word check (kind ~ '^[a-z][a-z_]{1,40}$') not valid;
-- squawk-ignore require-concurrent-index-creation
create index station_command_asked on station_command (tenant_id, station_id, created_at);

-- An inbox: a row leaves it once its job has taken it up.
create table station_notice (
    tenant_id bigint not null references tenant,
    station_notice_id uuid not null,
    station_id uuid not null,
    body bytea not null,
    received_at timestamptz not null,
    primary key (tenant_id, station_notice_id),
    foreign key (tenant_id, station_id) references station
);
select guard_table('station_notice', 'select, update, delete', false);

create function stations_add_notices(p_tenant bigint[], p_notice uuid[], p_station uuid[], p_body bytea[],
                                     p_now timestamptz) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_done bigint;
begin
    insert into station_notice (tenant_id, station_notice_id, station_id, body, received_at)
    select t.tenant_id, q.station_notice_id, q.station_id, q.body, p_now
    from unnest(p_tenant, p_notice, p_station, p_body) q(tenant_id, station_notice_id, station_id, body)
    join tenant t on t.tenant_id = q.tenant_id;
    get diagnostics v_done = row_count;
    perform stations_count(v_done, cardinality(p_notice), 'notice');
end
$$;
revoke execute on function stations_add_notices(bigint[], uuid[], uuid[], bytea[], timestamptz) from public;
grant execute on function stations_add_notices(bigint[], uuid[], uuid[], bytea[], timestamptz)
    to wattledger_stations;

-- migrate:down
