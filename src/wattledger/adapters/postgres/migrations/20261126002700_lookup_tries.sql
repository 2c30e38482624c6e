-- migrate:up
-- How often guests looked for a receipt within an hour: by keyed digests, forgotten after a day.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table lookup_try (
    tenant_id bigint not null references tenant,
    key bytea not null,
    window_at timestamptz not null,
    try_count integer not null check (try_count > 0),
    primary key (tenant_id, key, window_at)
);
create index lookup_try_by_time on lookup_try (tenant_id, window_at);
select guard_table('lookup_try', 'select, insert, update, delete', false);

-- migrate:down
