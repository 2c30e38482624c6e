-- migrate:up
-- What stations report when asked (messages shown, charging profiles, monitors, customer data), and what they tell
-- besides: kept as they said it, a bounded number for a bounded time.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- station_command_id is what it answers, where we know; nothing of a row ever changes, it only goes.
create table station_report (
    tenant_id bigint not null references tenant,
    station_report_id uuid not null,
    station_id uuid not null,
    action text not null,
    request_no bigint,
    is_last boolean not null,
    body text not null,
    station_command_id uuid,
    received_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (tenant_id, station_report_id),
    foreign key (tenant_id, station_id) references station
);
create index station_report_of_station on station_report (tenant_id, station_id, received_at);
create index station_report_expiring on station_report (tenant_id, expires_at);
select guard_table('station_report', 'select, insert, delete', false);

-- migrate:down
