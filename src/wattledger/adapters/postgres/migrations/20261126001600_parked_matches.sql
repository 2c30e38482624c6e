-- migrate:up
-- Which session a parked end was found to belong to.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table parked_match (
    tenant_id bigint not null references tenant,
    parked_message_id uuid not null,
    session_id uuid not null,
    primary key (tenant_id, parked_message_id),
    foreign key (tenant_id, parked_message_id) references parked_message
);
select guard_table('parked_match', 'select, insert', true);

-- migrate:down
