-- migrate:up
-- What sessions are priced by beside their tariff: dated tax rules, and the terms that were fixed with each.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- What terms say; price_terms_id follows from the content, so they can never say something else.
create table price_terms (
    tenant_id bigint not null references tenant,
    price_terms_id uuid not null,
    body bytea not null,
    created_at timestamptz not null,
    primary key (tenant_id, price_terms_id)
);
select guard_table('price_terms', 'select, insert', true);

-- By which terms a payment's driver agreed, a session began, a bill was written. Without a row: the tariff's alone.
create table priced_by (
    tenant_id bigint not null references tenant,
    subject_id uuid not null,
    subject_kind text not null check (subject_kind in ('payment', 'session', 'bill')),
    price_terms_id uuid not null,
    fixed_at timestamptz not null,
    primary key (tenant_id, subject_id),
    foreign key (tenant_id, price_terms_id) references price_terms
);
select guard_table('priced_by', 'select, insert', true);

-- The dated taxes of a site or a whole country, for everybody or for one customer; the last one published holds.
create table tax_publication (
    tenant_id bigint not null references tenant,
    tax_publication_id uuid not null,
    country text check (country ~ '^[A-Z]{2}$'),
    site_id uuid,
    customer_id uuid,
    body bytea not null,
    published_at timestamptz not null,
    published_by text not null,
    primary key (tenant_id, tax_publication_id),
    foreign key (tenant_id, site_id) references site,
    foreign key (tenant_id, customer_id) references customer,
    check ((site_id is null) <> (country is null))
);
select guard_table('tax_publication', 'select, insert', true);

-- What holds for a start: the terms its payment was agreed by, else the tax rules of the place and the customer.
-- No row for the many that have neither.
create function stations_price_terms(p_tenant bigint[], p_station uuid[], p_uid text[], p_now timestamptz)
returns table (ord bigint, agreed bytea, tax_rules bytea)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select q.ord, v.body, x.body
    from unnest(p_tenant, p_station, p_uid) with ordinality q(tenant_id, station_id, uid, ord)
    join station s on s.tenant_id = q.tenant_id and s.station_id = q.station_id
    join site i on i.tenant_id = s.tenant_id and i.site_id = s.site_id
    left join token k on k.tenant_id = q.tenant_id and k.uid = q.uid
    left join contract r on r.tenant_id = k.tenant_id and r.contract_id = k.contract_id
    left join priced_by b on b.tenant_id = k.tenant_id and b.subject_id = k.payment_id
    left join price_terms v on v.tenant_id = b.tenant_id and v.price_terms_id = b.price_terms_id
    left join lateral (
        select p.body from tax_publication p
        where p.tenant_id = i.tenant_id and k.payment_id is null
          and (p.site_id = i.site_id or p.country = i.country)
          and (p.customer_id is null or p.customer_id = r.customer_id) and p.published_at <= p_now
        order by p.customer_id is null, p.site_id is null, p.published_at desc, p.tax_publication_id desc
        limit 1) x on true
    where v.body is not null or x.body is not null;
end
$$;

create function stations_session_terms(p_tenant bigint[], p_session uuid[])
returns table (session_id uuid, body bytea)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select b.subject_id, v.body from unnest(p_tenant, p_session) q(tenant_id, session_id)
    join priced_by b on b.tenant_id = q.tenant_id and b.subject_id = q.session_id
    join price_terms v on v.tenant_id = b.tenant_id and v.price_terms_id = b.price_terms_id;
end
$$;

create function stations_keep_price_terms(p_tenant bigint[], p_terms uuid[], p_body bytea[], p_now timestamptz)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into price_terms (tenant_id, price_terms_id, body, created_at)
    select distinct t.tenant_id, q.price_terms_id, q.body, p_now
    from unnest(p_tenant, p_terms, p_body) q(tenant_id, price_terms_id, body)
    join tenant t on t.tenant_id = q.tenant_id
    on conflict (tenant_id, price_terms_id) do nothing;
end
$$;

-- What a session began by stays, however often its start is told.
create function stations_fix_price_terms(p_tenant bigint[], p_subject uuid[], p_kind text[], p_terms uuid[],
                                         p_now timestamptz)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into priced_by (tenant_id, subject_id, subject_kind, price_terms_id, fixed_at)
    select t.tenant_id, q.subject_id, q.kind, q.price_terms_id, p_now
    from unnest(p_tenant, p_subject, p_kind, p_terms) q(tenant_id, subject_id, kind, price_terms_id)
    join tenant t on t.tenant_id = q.tenant_id
    on conflict (tenant_id, subject_id) do nothing;
end
$$;

revoke execute on function stations_price_terms(bigint[], uuid[], text[], timestamptz),
    stations_session_terms(bigint[], uuid[]),
    stations_keep_price_terms(bigint[], uuid[], bytea[], timestamptz),
    stations_fix_price_terms(bigint[], uuid[], text[], uuid[], timestamptz) from public;
grant execute on function stations_price_terms(bigint[], uuid[], text[], timestamptz),
    stations_session_terms(bigint[], uuid[]),
    stations_keep_price_terms(bigint[], uuid[], bytea[], timestamptz),
    stations_fix_price_terms(bigint[], uuid[], text[], uuid[], timestamptz) to wattledger_stations;

-- migrate:down
