-- migrate:up
-- Who owns what. Every row below a tenant carries tenant_id first in every key (docs/reference/storage.md).
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- The role that the running programs act as. It owns nothing, so row-level security binds it.
do $$
begin
    if not exists (select from pg_roles where rolname = 'wattledger_app') then
        create role wattledger_app nologin;
    end if;
    execute format('grant wattledger_app to %I', current_user);
end
$$;
grant usage on schema public to wattledger_app;

create function app_tenant() returns bigint language plpgsql stable as $$
begin
    return nullif(current_setting('app.tenant', true), '')::bigint;
end
$$;

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are never changed or removed', tg_table_name using errcode = 'WL010';
end
$$;

create function refuse_truncation(p_table regclass) returns void language plpgsql as $$
begin
    execute format('create trigger never_truncated before truncate on %s '
                   'for each statement execute function refuse_change()', p_table);
end
$$;

-- Puts the guards of a tenant's table in place: row-level security, the app's grants, append-only triggers.
create function guard_table(p_table regclass, p_grants text, p_is_append_only boolean) returns void
language plpgsql as $$
declare
    v_part regclass;
begin
    execute format('alter table %s enable row level security', p_table);
    execute format('create policy tenant_only on %s using (tenant_id = app_tenant()) '
                   'with check (tenant_id = app_tenant())', p_table);
    execute format('grant %s on %s to wattledger_app', p_grants, p_table);
    if p_is_append_only then
        execute format('create trigger append_only before update or delete on %s '
                       'for each row execute function refuse_change()', p_table);
        -- Partitions inherit triggers on rows, but not this one.
        for v_part in select relid from pg_partition_tree(p_table) loop
            perform refuse_truncation(v_part);
        end loop;
        if not exists (select from pg_partition_tree(p_table)) then
            perform refuse_truncation(p_table);
        end if;
    end if;
end
$$;

-- The smallest UUID version 7 of an instant: months of append-only tables are ranges of time-ordered ids,
-- so that a key stays unique over all months (a month column in the key would not keep it so).
create function uuid7_floor(p_at timestamptz) returns uuid language plpgsql immutable as $$
begin
    return (lpad(to_hex((extract(epoch from p_at) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid;
end
$$;

-- Partitions of p_table for p_months months from the one that holds p_from; those that exist are left alone.
create function ensure_months(p_table regclass, p_from timestamptz, p_months integer) returns integer
language plpgsql as $$
declare
    v_start timestamptz := date_trunc('month', p_from, 'UTC');
    v_end timestamptz;
    v_name text;
    v_made integer := 0;
begin
    for i in 1 .. p_months loop
        v_end := (v_start at time zone 'UTC' + interval '1 month') at time zone 'UTC';
        v_name := p_table::text || '_' || to_char(v_start at time zone 'UTC', 'YYYY_MM');
        if to_regclass(v_name) is null then
            execute format('create table %I partition of %s for values from (%L) to (%L)',
                           v_name, p_table, uuid7_floor(v_start), uuid7_floor(v_end));
            if exists (select from pg_trigger where tgrelid = p_table and tgname = 'never_truncated') then
                perform refuse_truncation(v_name::regclass);
            end if;
            v_made := v_made + 1;
        end if;
        v_start := v_end;
    end loop;
    return v_made;
end
$$;

create table organisation (
    organisation_id uuid primary key,
    name text not null
);
grant select, insert on organisation to wattledger_app;

create table tenant (
    tenant_id bigint primary key,
    organisation_id uuid not null references organisation,
    slug text not null,
    name text not null,
    legal_name text not null,
    address_lines text[] not null,
    country text not null check (country ~ '^[A-Z]{2}$'),
    time_zone text not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    vat_id text,
    help_phone text,
    is_lab boolean not null,
    -- The velocity rule: at most this many starts of one token within the window; null switches it off.
    velocity_starts_max integer check (velocity_starts_max > 0),
    velocity_window_s integer not null check (velocity_window_s > 0),
    -- Everything posted before this instant is sealed by the hash chain.
    sealed_until timestamptz,
    created_at timestamptz not null
);
select guard_table('tenant', 'select, insert, update', false);

-- Finds the tenant of what arrives before a tenant is known: a station's identity, a connector's public id,
-- a staff e-mail, a webhook path, a payment's link.
create table directory (
    kind text not null check (kind in ('station', 'connector', 'staff', 'webhook', 'link', 'slug')),
    key text not null,
    tenant_id bigint not null, -- no foreign key: this table is everywhere, a tenant's rows are in one place
    target_id uuid not null,
    primary key (kind, key)
);
alter table directory enable row level security;
create policy readable on directory for select using (true);
create policy own_rows on directory for insert with check (tenant_id = app_tenant());
grant select, insert on directory to wattledger_app;

create table site (
    tenant_id bigint not null references tenant,
    site_id uuid not null,
    name text not null,
    address_lines text[] not null,
    country text not null check (country ~ '^[A-Z]{2}$'),
    time_zone text not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    latitude numeric(9, 6),
    longitude numeric(9, 6),
    created_at timestamptz not null,
    primary key (tenant_id, site_id)
);
select guard_table('site', 'select, insert, update', false);

create table tariff (
    tenant_id bigint not null references tenant,
    tariff_id uuid not null,
    name text not null,
    created_at timestamptz not null,
    primary key (tenant_id, tariff_id)
);
select guard_table('tariff', 'select, insert, update', false);

-- What a tariff says; tariff_version_id follows from the content, so it can never say something else.
create table tariff_version (
    tenant_id bigint not null references tenant,
    tariff_version_id uuid not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    body bytea not null,
    created_at timestamptz not null,
    primary key (tenant_id, tariff_version_id)
);
select guard_table('tariff_version', 'select, insert', true);

-- Which version of a tariff holds from when.
create table tariff_publication (
    tenant_id bigint not null references tenant,
    tariff_id uuid not null,
    valid_from timestamptz not null,
    tariff_version_id uuid not null,
    published_at timestamptz not null,
    primary key (tenant_id, tariff_id, valid_from),
    foreign key (tenant_id, tariff_id) references tariff,
    foreign key (tenant_id, tariff_version_id) references tariff_version
);
select guard_table('tariff_publication', 'select, insert', true);

create table station (
    tenant_id bigint not null references tenant,
    station_id uuid not null,
    site_id uuid not null,
    identity text not null check (identity ~ '^[A-Za-z0-9*\-_=:+|@.]{1,48}$'),
    name text not null,
    password_hash bytea not null,
    security_profile smallint not null check (security_profile between 1 and 3),
    is_disabled boolean not null,
    ocpp_version text,
    vendor text,
    model text,
    serial text,
    firmware text,
    booted_at timestamptz,
    -- One live link an identity: whoever raised the epoch last owns it.
    link_epoch bigint not null,
    link_node text,
    is_connected boolean not null,
    link_changed_at timestamptz,
    created_at timestamptz not null,
    primary key (tenant_id, station_id),
    unique (tenant_id, identity),
    foreign key (tenant_id, site_id) references site
);
select guard_table('station', 'select, insert, update', false);

create table connector (
    tenant_id bigint not null references tenant,
    connector_id uuid not null,
    station_id uuid not null,
    evse_no integer not null check (evse_no > 0),
    connector_no integer not null check (connector_no > 0),
    public_id text not null,
    plug_type text not null,
    current_kind text not null check (current_kind in ('AC', 'DC')),
    power_max_w integer not null check (power_max_w > 0),
    tariff_id uuid not null,
    status text not null,
    status_detail text,
    error_code text,
    status_at timestamptz,
    created_at timestamptz not null,
    primary key (tenant_id, connector_id),
    unique (tenant_id, station_id, evse_no, connector_no),
    unique (tenant_id, public_id),
    foreign key (tenant_id, station_id) references station,
    foreign key (tenant_id, tariff_id) references tariff
);
select guard_table('connector', 'select, insert, update', false);

create table customer (
    tenant_id bigint not null references tenant,
    customer_id uuid not null,
    customer_no text not null,
    kind text not null check (kind in ('driver', 'company')),
    name text not null,
    email text,
    address_lines text[] not null,
    country text not null check (country ~ '^[A-Z]{2}$'),
    vat_id text,
    created_at timestamptz not null,
    primary key (tenant_id, customer_id),
    unique (tenant_id, customer_no)
);
select guard_table('customer', 'select, insert, update', false);

create table plan (
    tenant_id bigint not null references tenant,
    plan_id uuid not null,
    name text not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    -- Gross, per calendar month, with the tax inside.
    monthly_fee_minor bigint not null check (monthly_fee_minor >= 0),
    tax_rate_bp integer not null check (tax_rate_bp between 0 and 10000),
    member_tariff_id uuid,
    created_at timestamptz not null,
    primary key (tenant_id, plan_id),
    foreign key (tenant_id, member_tariff_id) references tariff
);
select guard_table('plan', 'select, insert, update', false);

create table contract (
    tenant_id bigint not null references tenant,
    contract_id uuid not null,
    customer_id uuid not null,
    plan_id uuid,
    state text not null check (state in ('active', 'ended')),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    -- What may be charged in a calendar month (the tenant's zone); null is no limit.
    spending_limit_minor bigint check (spending_limit_minor >= 0),
    started_on date not null,
    ended_on date,
    created_at timestamptz not null,
    primary key (tenant_id, contract_id),
    foreign key (tenant_id, customer_id) references customer,
    foreign key (tenant_id, plan_id) references plan
);
select guard_table('contract', 'select, insert, update', false);

-- An RFID card or app token belongs to a contract, an ad hoc token to one payment.
create table token (
    tenant_id bigint not null references tenant,
    token_id uuid not null,
    uid text not null check (uid = upper(uid) and length(uid) between 1 and 36),
    kind text not null check (kind in ('rfid', 'app', 'ad_hoc')),
    state text not null check (state in ('active', 'blocked')),
    contract_id uuid,
    payment_id uuid,
    expires_at timestamptz,
    created_at timestamptz not null,
    primary key (tenant_id, token_id),
    unique (tenant_id, uid),
    foreign key (tenant_id, contract_id) references contract,
    check ((kind = 'ad_hoc') = (payment_id is not null)),
    check ((kind = 'ad_hoc') = (contract_id is null))
);
select guard_table('token', 'select, insert, update', false);

-- migrate:down
