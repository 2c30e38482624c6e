-- migrate:up
-- Which cards a station may let in by its own memory (OCPP's authorization cache), because we accepted them there:
-- a station that remembers one which may no longer charge is asked to forget them all.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Accepted at least once since the station last forgot; noted_at is of the last time, up to half a minute old.
create table cached_token (
    tenant_id bigint not null references tenant,
    token_id uuid not null,
    station_id uuid not null,
    noted_at timestamptz not null,
    primary key (tenant_id, token_id, station_id),
    foreign key (tenant_id, token_id) references token,
    foreign key (tenant_id, station_id) references station
);
create index cached_token_of_station on cached_token (tenant_id, station_id, noted_at);
select guard_table('cached_token', 'select, insert, update, delete', false);

-- The last time a station was asked to forget; a row only where it was.
create table cache_clearing (
    tenant_id bigint not null references tenant,
    station_id uuid not null,
    station_command_id uuid not null,
    asked_at timestamptz not null,
    -- How often in a row it refused, or did not answer, before this time.
    failed_count integer not null check (failed_count >= 0),
    primary key (tenant_id, station_id),
    foreign key (tenant_id, station_id) references station
);
select guard_table('cache_clearing', 'select, insert, update', false);

-- Of the cards of a tenant only few may not charge: these are what the sweep begins with.
-- squawk-ignore require-concurrent-index-creation
create index token_not_active on token (tenant_id, token_id) where state <> 'active' and kind <> 'ad_hoc';
-- squawk-ignore require-concurrent-index-creation
create index token_expiring on token (tenant_id, expires_at) where expires_at is not null and kind <> 'ad_hoc';
-- squawk-ignore require-concurrent-index-creation
create index token_of_contract on token (tenant_id, contract_id) where contract_id is not null;

create function stations_note_tokens(p_tenant bigint[], p_token uuid[], p_station uuid[], p_now timestamptz)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into cached_token as c (tenant_id, token_id, station_id, noted_at)
    select distinct t.tenant_id, q.token_id, q.station_id, p_now
    from unnest(p_tenant, p_token, p_station) q(tenant_id, token_id, station_id)
    join tenant t on t.tenant_id = q.tenant_id
    order by t.tenant_id, q.token_id, q.station_id
    on conflict (tenant_id, token_id, station_id) do update set noted_at = greatest(c.noted_at, excluded.noted_at);
end
$$;
revoke execute on function stations_note_tokens(bigint[], uuid[], uuid[], timestamptz) from public;
grant execute on function stations_note_tokens(bigint[], uuid[], uuid[], timestamptz) to wattledger_stations;

-- migrate:down
