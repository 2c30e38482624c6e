-- migrate:up
-- What sessions at a connector used lately: holds are no larger than they need be.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table connector_habit (
    tenant_id bigint not null references tenant,
    connector_id uuid not null,
    session_count integer not null check (session_count > 0),
    energy_p75_milliwh bigint not null check (energy_p75_milliwh > 0),
    energy_p95_milliwh bigint not null check (energy_p95_milliwh >= energy_p75_milliwh),
    learned_on date not null,
    primary key (tenant_id, connector_id),
    foreign key (tenant_id, connector_id) references connector
);
select guard_table('connector_habit', 'select, insert, update', false);

-- migrate:down
