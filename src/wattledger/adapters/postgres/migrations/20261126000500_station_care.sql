-- migrate:up
-- Caring for stations: what they tell of themselves, how they are configured and shall be, their logs, and the
-- campaigns that bring new firmware to them wave by wave.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Security events, and alarms of what a station watches; told twice, an event has the same id.
create table station_event (
    tenant_id bigint not null references tenant,
    station_event_id uuid not null,
    station_id uuid not null,
    family text not null check (family in ('security', 'alarm')),
    kind text not null,
    is_critical boolean not null,
    detail text,
    happened_at timestamptz not null,
    received_at timestamptz not null,
    primary key (tenant_id, station_event_id),
    foreign key (tenant_id, station_id) references station
);
create index station_event_of_station on station_event (tenant_id, station_id, happened_at);
create index station_event_newest on station_event (tenant_id, happened_at);
select guard_table('station_event', 'select, insert', true);

-- A station's configuration as last told; value is null where the station keeps it to itself.
create table station_variable (
    tenant_id bigint not null references tenant,
    station_id uuid not null,
    name text not null,
    value text,
    is_readonly boolean not null,
    told_at timestamptz not null,
    primary key (tenant_id, station_id, name),
    foreign key (tenant_id, station_id) references station
);
select guard_table('station_variable', 'select, insert, update', false);

-- How stations of a version (and, where given, a maker and a model) shall be configured.
create table configuration_baseline (
    tenant_id bigint not null references tenant,
    configuration_baseline_id uuid not null,
    name text not null,
    ocpp_version text not null,
    vendor text,
    model text,
    created_by text not null,
    created_at timestamptz not null,
    retired_at timestamptz,
    primary key (tenant_id, configuration_baseline_id)
);
select guard_table('configuration_baseline', 'select, insert, update', false);

create table baseline_value (
    tenant_id bigint not null references tenant,
    configuration_baseline_id uuid not null,
    name text not null,
    value text not null,
    primary key (tenant_id, configuration_baseline_id, name),
    foreign key (tenant_id, configuration_baseline_id) references configuration_baseline
);
select guard_table('baseline_value', 'select, insert', true);

-- A firmware of a maker: where stations fetch it, and with what its maker signed it.
create table firmware_release (
    tenant_id bigint not null references tenant,
    firmware_release_id uuid not null,
    vendor text not null,
    model text not null,
    version text not null,
    location text not null,
    signing_certificate text,
    signature text,
    created_by text not null,
    created_at timestamptz not null,
    primary key (tenant_id, firmware_release_id),
    check ((signing_certificate is null) = (signature is null))
);
select guard_table('firmware_release', 'select, insert', true);

create table firmware_campaign (
    tenant_id bigint not null references tenant,
    firmware_campaign_id uuid not null,
    firmware_release_id uuid not null,
    name text not null,
    state text not null check (state in ('running', 'paused', 'stopped', 'done')),
    -- Why it is paused, or was stopped; null while it runs.
    reason text,
    failure_percent_max integer not null check (failure_percent_max between 0 and 100),
    soak_s integer not null check (soak_s >= 0),
    silence_s integer not null check (silence_s > 0),
    wave_count integer not null check (wave_count > 0),
    wave_no integer not null check (wave_no > 0),
    -- Failures before this instant were looked at by a person, who let the campaign go on.
    counted_from timestamptz not null,
    created_by text not null,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    version integer not null,
    primary key (tenant_id, firmware_campaign_id),
    foreign key (tenant_id, firmware_release_id) references firmware_release
);
select guard_table('firmware_campaign', 'select, insert, update', false);

create table campaign_station (
    tenant_id bigint not null references tenant,
    firmware_campaign_id uuid not null,
    station_id uuid not null,
    wave_no integer not null check (wave_no > 0),
    state text not null check (state in
        ('waiting', 'asked', 'downloading', 'downloaded', 'installing', 'installed', 'proven', 'failed', 'skipped')),
    -- Whether the station is still to be changed by this campaign: at most one campaign has it.
    is_open boolean not null,
    update_no integer not null,
    station_command_id uuid,
    try_count integer not null,
    firmware_before text,
    detail text,
    asked_at timestamptz,
    changed_at timestamptz not null,
    primary key (tenant_id, firmware_campaign_id, station_id),
    foreign key (tenant_id, firmware_campaign_id) references firmware_campaign,
    foreign key (tenant_id, station_id) references station
);
create unique index campaign_station_one_at_a_time on campaign_station (tenant_id, station_id) where is_open;
create index campaign_station_command on campaign_station (tenant_id, station_command_id);
select guard_table('campaign_station', 'select, insert, update', false);

-- A log that a station was asked for; key_hash is of the secret in the address it sends to, null where that
-- address is not ours.
create table station_log (
    tenant_id bigint not null references tenant,
    station_log_id uuid not null,
    station_id uuid not null,
    log_no integer not null,
    kind text not null check (kind in ('diagnostics', 'security')),
    state text not null check (state in ('asked', 'uploading', 'told', 'received', 'failed')),
    station_command_id uuid not null,
    location text not null,
    key_hash bytea,
    file_name text,
    byte_count integer,
    detail text,
    asked_by text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    changed_at timestamptz not null,
    primary key (tenant_id, station_log_id),
    foreign key (tenant_id, station_id) references station
);
create index station_log_of_station on station_log (tenant_id, station_id, created_at);
create index station_log_command on station_log (tenant_id, station_command_id);
select guard_table('station_log', 'select, insert, update', false);

create table station_log_file (
    tenant_id bigint not null references tenant,
    station_log_id uuid not null,
    content bytea not null,
    received_at timestamptz not null,
    primary key (tenant_id, station_log_id),
    foreign key (tenant_id, station_log_id) references station_log
);
select guard_table('station_log_file', 'select, insert', false);

-- migrate:down
