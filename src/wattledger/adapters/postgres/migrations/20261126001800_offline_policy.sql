-- migrate:up
-- Who may charge while a station has no link, a choice of its site; and what its stations were told of it.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Null leaves every station as it was set up.
alter table site add column offline_policy text
    constraint site_offline_policy_word check (offline_policy in ('anyone', 'listed', 'nobody'));

create table station_list (
    tenant_id bigint not null references tenant,
    station_id uuid not null,
    -- The policy whose settings the station was asked to take, and when.
    told_policy text,
    told_at timestamptz not null,
    -- The list the station accepted last: its version, and the tokens on it (JSON). 0 before the first.
    version_no integer not null check (version_no >= 0),
    listed bytea,
    -- The list under way, known by its command.
    sent_command_id uuid,
    sent_version_no integer,
    sent_listed bytea,
    failed_count integer not null check (failed_count >= 0),
    primary key (tenant_id, station_id),
    foreign key (tenant_id, station_id) references station
);
select guard_table('station_list', 'select, insert, update', false);

-- migrate:down
