-- migrate:up
-- What proves a station at the door: two passwords while one is being changed, certificates of the tenant's own
-- authority, the address it last proved itself from, and the security profile that it may not fall back behind.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table station
    -- Set, sent to the station, and good beside the old one until the station uses it.
    add column next_password_hash bytea,
    add column password_changed_at timestamptz,
    add column proven_source text,
    -- The profile the station is being walked up to; null where it is where it should be.
    add column wanted_profile smallint check (wanted_profile between 2 and 3);

-- A tenant's authority signs its stations' certificates. The key is sealed (AES-GCM, bound to tenant and field).
create table certificate_authority (
    tenant_id bigint not null references tenant,
    certificate_authority_id uuid not null,
    certificate_pem text not null,
    key_sealed bytea not null,
    state text not null check (state in ('active', 'retired')),
    expires_at timestamptz not null,
    created_at timestamptz not null,
    primary key (tenant_id, certificate_authority_id)
);
create unique index certificate_authority_one on certificate_authority (tenant_id) where state = 'active';
select guard_table('certificate_authority', 'select, insert, update', false);

-- issued: signed, not seen yet. active: the station has shown it. replaced: it has shown a younger one.
create table station_certificate (
    tenant_id bigint not null references tenant,
    station_certificate_id uuid not null,
    station_id uuid not null,
    fingerprint bytea not null check (length(fingerprint) = 32),
    serial_no text not null,
    certificate_pem text not null,
    state text not null check (state in ('issued', 'active', 'replaced', 'revoked')),
    valid_from timestamptz not null,
    expires_at timestamptz not null,
    issued_at timestamptz not null,
    proven_at timestamptz,
    revoked_at timestamptz,
    revoked_by text,
    primary key (tenant_id, station_certificate_id),
    unique (tenant_id, fingerprint),
    foreign key (tenant_id, station_id) references station,
    check ((state = 'revoked') = (revoked_at is not null))
);
create index station_certificate_of_station on station_certificate (tenant_id, station_id, issued_at);
select guard_table('station_certificate', 'select, insert, update', false);

create table certificate_request (
    tenant_id bigint not null references tenant,
    certificate_request_id uuid not null,
    station_id uuid not null,
    csr_pem text not null,
    state text not null check (state in ('open', 'signed', 'refused')),
    reason text,
    requested_at timestamptz not null,
    decided_at timestamptz,
    primary key (tenant_id, certificate_request_id),
    foreign key (tenant_id, station_id) references station
);
-- A station that asks again while it waits asks once.
create unique index certificate_request_once on certificate_request (tenant_id, station_id) where state = 'open';
select guard_table('certificate_request', 'select, insert, update', false);

-- ---------------------------------------------------------------------------------------------------- reads

-- What else may prove a station beside its password, and who holds its link: a row a station.
create function stations_find_proofs(p_identities text[], p_now timestamptz)
returns table (identity text, next_password_hash bytea, fingerprints bytea[], is_connected boolean, link_node text)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select d.key, s.next_password_hash,
           coalesce((select array_agg(c.fingerprint) from station_certificate c
                     where c.tenant_id = s.tenant_id and c.station_id = s.station_id
                       and c.state in ('issued', 'active') and c.expires_at > p_now), '{}'),
           s.is_connected, s.link_node
    from unnest(p_identities) w(key)
    join directory d on d.kind = 'station' and d.key = w.key
    join station s on s.tenant_id = d.tenant_id and s.station_id = d.target_id;
end
$$;

-- Every tenant's authority: whose certificates the TLS listener lets through to be looked at.
create function stations_roots() returns table (certificate_pem text)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query select a.certificate_pem from certificate_authority a order by a.created_at;
end
$$;

-- Where stations last proved themselves from: a restart must not make strangers of them.
create function stations_sources() returns table (identity text, source text)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query select s.identity, s.proven_source from station s
                 where s.tenant_id in (select t.tenant_id from tenant t) and s.proven_source is not null;
end
$$;

-- --------------------------------------------------------------------------------------------------- writes

-- What a proof changes: the profile only ever rises, the password that was used is the one that holds, the
-- certificate that was shown replaces its elders.
create function stations_prove_links(p_tenant bigint[], p_station uuid[], p_profile smallint[], p_source text[],
                                     p_is_next boolean[], p_fingerprint bytea[], p_now timestamptz) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_done bigint;
begin
    update station s set
        security_profile = greatest(s.security_profile, q.profile),
        wanted_profile = case when s.wanted_profile > q.profile then s.wanted_profile end,
        proven_source = q.source,
        password_hash = case when q.is_next then coalesce(s.next_password_hash, s.password_hash)
                             else s.password_hash end,
        password_changed_at = case when q.is_next then p_now else s.password_changed_at end,
        next_password_hash = case when q.is_next then null else s.next_password_hash end
    from unnest(p_tenant, p_station, p_profile, p_source, p_is_next)
             q(tenant_id, station_id, profile, source, is_next)
    where s.tenant_id = q.tenant_id and s.station_id = q.station_id;
    get diagnostics v_done = row_count;
    perform stations_count(v_done, cardinality(p_station), 'proof');

    update station_certificate c set
        state = case when c.fingerprint = q.fingerprint then 'active' else 'replaced' end,
        proven_at = case when c.fingerprint = q.fingerprint then coalesce(c.proven_at, p_now) else c.proven_at end
    from unnest(p_tenant, p_station, p_fingerprint) q(tenant_id, station_id, fingerprint)
    join station_certificate shown on shown.tenant_id = q.tenant_id and shown.fingerprint = q.fingerprint
    where c.tenant_id = q.tenant_id and c.station_id = q.station_id and q.fingerprint is not null
      and ((c.fingerprint = q.fingerprint and c.state = 'issued')
           or (c.state = 'active' and c.fingerprint <> q.fingerprint and c.issued_at < shown.issued_at));
end
$$;

-- A signing request waits for the worker; asked twice while it waits, it waits once.
create function stations_ask_certificates(p_tenant bigint[], p_request uuid[], p_station uuid[], p_csr text[],
                                          p_now timestamptz) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into certificate_request (tenant_id, certificate_request_id, station_id, csr_pem, state, requested_at)
    select t.tenant_id, q.request_id, q.station_id, q.csr, 'open', p_now
    from unnest(p_tenant, p_request, p_station, p_csr) q(tenant_id, request_id, station_id, csr)
    join tenant t on t.tenant_id = q.tenant_id
    on conflict (tenant_id, station_id) where state = 'open' do update set csr_pem = excluded.csr_pem;
    insert into job as j (tenant_id, kind, subject_id, due_at, try_count, created_at)
    select r.tenant_id, 'sign_certificate', r.certificate_request_id, p_now, 0, p_now
    from unnest(p_tenant, p_station) q(tenant_id, station_id)
    join certificate_request r on r.tenant_id = q.tenant_id and r.station_id = q.station_id and r.state = 'open'
    on conflict (tenant_id, kind, subject_id) do nothing;
end
$$;

revoke execute on function stations_find_proofs(text[], timestamptz), stations_roots(), stations_sources(),
    stations_prove_links(bigint[], uuid[], smallint[], text[], boolean[], bytea[], timestamptz),
    stations_ask_certificates(bigint[], uuid[], uuid[], text[], timestamptz) from public;
grant execute on function stations_find_proofs(text[], timestamptz), stations_roots(), stations_sources(),
    stations_prove_links(bigint[], uuid[], smallint[], text[], boolean[], bytea[], timestamptz),
    stations_ask_certificates(bigint[], uuid[], uuid[], text[], timestamptz) to wattledger_stations;

-- migrate:down
