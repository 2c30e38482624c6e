-- migrate:up
-- Market prices that tariffs follow: a series by its name, and what was told of it, corrections as further facts.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table price_series (
    tenant_id bigint not null references tenant,
    price_series_id uuid not null,
    name text not null check (length(name) between 1 and 60),
    -- The market's own name of the zone: "DE-LU", "NO2".
    market text not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz not null,
    primary key (tenant_id, price_series_id),
    unique (tenant_id, name)
);
select guard_table('price_series', 'select, insert', true);

-- A price per kWh from one instant until another; of two that say something of an instant, the later told holds.
create table price_point (
    tenant_id bigint not null references tenant,
    price_series_id uuid not null,
    starts_at timestamptz not null,
    price_import_id uuid not null,
    ends_at timestamptz not null,
    price numeric not null,
    told_at timestamptz not null,
    primary key (tenant_id, price_series_id, starts_at, price_import_id),
    foreign key (tenant_id, price_series_id) references price_series,
    -- So that whoever looks for an instant need not look further back.
    check (ends_at > starts_at and ends_at <= starts_at + interval '1 day')
);
select guard_table('price_point', 'select, insert', true);

-- migrate:down
