-- migrate:up
-- What stations told, and the sessions that follow from it.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table session (
    tenant_id bigint not null references tenant,
    session_id uuid not null,
    station_id uuid not null,
    connector_id uuid,
    site_id uuid not null,
    -- The station's own name of the session: OCPP 2's transactionId, 1.6's number as text.
    session_ref text not null,
    -- OCPP 1.6 only: the identity of the start message, so that a repeated start is the same session.
    start_key bytea,
    ocpp_version text not null,
    token_uid text,
    token_id uuid,
    contract_id uuid,
    payment_id uuid,
    remote_start_id bigint,
    -- Frozen at the start: later price changes do not reach a running session.
    tariff_version_id uuid,
    currency text not null,
    time_zone text not null,
    state text not null check (state in
        ('starting', 'active', 'suspended', 'ended', 'billed', 'under_review')),
    review_reason text,
    activity text,
    started_at timestamptz,
    ended_at timestamptz,
    end_reason text,
    -- By our clock: when the first fact arrived, and the last.
    opened_at timestamptz not null,
    told_at timestamptz not null,
    register_start_milliwh bigint check (register_start_milliwh >= 0),
    register_last_milliwh bigint check (register_last_milliwh >= 0),
    energy_milliwh bigint not null check (energy_milliwh >= 0),
    power_w integer,
    soc_percent smallint,
    event_count integer not null,
    version integer not null,
    primary key (tenant_id, session_id),
    unique (tenant_id, station_id, session_ref),
    unique (tenant_id, station_id, start_key),
    foreign key (tenant_id, station_id) references station,
    foreign key (tenant_id, connector_id) references connector,
    foreign key (tenant_id, tariff_version_id) references tariff_version
) with (fillfactor = 70);
create index session_open on session (tenant_id, station_id) where ended_at is null;
create index session_by_token on session (tenant_id, token_id, opened_at);
create index session_by_contract on session (tenant_id, contract_id, opened_at) where contract_id is not null;
create index session_by_payment on session (tenant_id, payment_id) where payment_id is not null;
create index session_by_time on session (tenant_id, opened_at);
select guard_table('session', 'select, insert, update', false);

-- Facts, once each. body is the protocol-neutral event (JSON); raw is the station's own message, byte for
-- byte, kept where it is evidence: the start, the end, and whatever was flawed.
create table session_event (
    tenant_id bigint not null,
    session_id uuid not null,
    event_key bytea not null,
    kind smallint not null,
    station_at timestamptz not null,
    received_at timestamptz not null,
    register_milliwh bigint,
    body bytea not null,
    raw bytea,
    primary key (tenant_id, session_id, event_key)
) partition by range (session_id);
create table session_event_other partition of session_event default;
select ensure_months('session_event', now() - interval '1 month', 6);
select guard_table('session_event', 'select, insert', true);

-- What had to be acknowledged and belongs to no session we know.
create table parked_message (
    tenant_id bigint not null references tenant,
    parked_message_id uuid not null,
    station_id uuid not null,
    action text not null,
    reason_code text not null,
    content_key bytea not null,
    raw bytea not null,
    received_at timestamptz not null,
    primary key (tenant_id, parked_message_id),
    unique (tenant_id, station_id, content_key),
    foreign key (tenant_id, station_id) references station
);
select guard_table('parked_message', 'select, insert', true);

create table review_item (
    tenant_id bigint not null references tenant,
    review_item_id uuid not null,
    reason_code text not null,
    subject_kind text not null check (subject_kind in
        ('session', 'payment', 'station', 'parked_message', 'webhook_event', 'invoice')),
    subject_id uuid not null,
    summary text not null,
    state text not null check (state in ('open', 'resolved')),
    resolution text,
    resolved_by text,
    opened_at timestamptz not null,
    resolved_at timestamptz,
    primary key (tenant_id, review_item_id),
    check ((state = 'resolved') = (resolved_at is not null))
);
create unique index review_item_once on review_item (tenant_id, subject_id, reason_code) where state = 'open';
create index review_item_open on review_item (tenant_id, opened_at) where state = 'open';
select guard_table('review_item', 'select, insert, update', false);

-- What we ask of a station; written first, sent by the process that holds the link.
create table station_command (
    tenant_id bigint not null references tenant,
    station_command_id uuid not null,
    station_id uuid not null,
    kind text not null check (kind in ('start_session', 'stop_session')),
    body bytea not null,
    payment_id uuid,
    session_id uuid,
    state text not null check (state in ('queued', 'sent', 'accepted', 'rejected', 'failed', 'timed_out')),
    answer text,
    asked_by text not null,
    created_at timestamptz not null,
    deadline_at timestamptz not null,
    sent_at timestamptz,
    answered_at timestamptz,
    primary key (tenant_id, station_command_id),
    foreign key (tenant_id, station_id) references station
);
create index station_command_waiting on station_command (tenant_id, station_id, created_at)
    where state in ('queued', 'sent');
create index station_command_due on station_command (deadline_at) where state in ('queued', 'sent');
select guard_table('station_command', 'select, insert, update', false);

-- migrate:down
