-- migrate:up
-- What the display of a station was last asked to show of its prices while nobody charges.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table station_board (
    tenant_id bigint not null references tenant,
    station_id uuid not null,
    -- The tariff versions whose prices were asked for, in order.
    tariff_version_ids uuid[] not null,
    station_command_id uuid not null,
    asked_at timestamptz not null,
    primary key (tenant_id, station_id),
    foreign key (tenant_id, station_id) references station
);
select guard_table('station_board', 'select, insert, update', false);

-- migrate:down
