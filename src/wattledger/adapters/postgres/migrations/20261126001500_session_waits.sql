-- migrate:up
-- What a session waits for, with its absolute deadlines: written when the wait begins, so that nothing else moves
-- them. The worker's sweep is the only writer.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table session_wait (
    tenant_id bigint not null references tenant,
    session_id uuid not null,
    reason text not null check (reason in
        ('unlinked', 'silent', 'vacated', 'superseded', 'queued', 'gone', 'incomplete')),
    since timestamptz not null,
    -- When the station is asked next; null where there is nothing more to ask.
    ask_at timestamptz,
    ask_count integer not null check (ask_count >= 0),
    decide_at timestamptz not null,
    -- When a bill or a question for a person came of it; until something newer is told, nothing more will.
    decided_at timestamptz,
    primary key (tenant_id, session_id)
);
select guard_table('session_wait', 'select, insert, update, delete', false);

-- Sessions that are over and not billed are few: the sweep finds them without a walk through the billed ones.
-- One transaction a file, and writers wait for a moment.
-- squawk-ignore require-concurrent-index-creation
create index session_unbilled on session (tenant_id) where state = 'ended';

-- What may be asked is decided by the program (core/stations/commands), and its words grow.
-- squawk-ignore ban-drop-constraint
alter table station_command drop constraint if exists station_command_kind_check;
-- squawk-ignore require-concurrent-index-creation
create index station_command_by_session on station_command (tenant_id, session_id, created_at)
    where session_id is not null;

-- migrate:down
