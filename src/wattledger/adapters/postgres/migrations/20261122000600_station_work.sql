-- migrate:up
-- The station link's reads and writes, in sets that mix tenants (storage rules 5, 6, 10): every row carries its
-- tenant, every statement joins on it, every write counts its rows. The functions are the only way by which the
-- app's role writes across tenants.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- ---------------------------------------------------------------------------------------------------- reads

-- Stations by identity, a row a connector (one row without, where a station has none).
create function stations_find(p_identities text[])
returns table (identity text, tenant_id bigint, station_id uuid, site_id uuid, password_hash bytea,
               security_profile smallint, is_disabled boolean, is_booted boolean, link_epoch bigint,
               time_zone text, currency text, connector_id uuid, evse_no integer, connector_no integer,
               power_max_w integer, current_kind text, plug_type text)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select d.key, s.tenant_id, s.station_id, s.site_id, s.password_hash, s.security_profile, s.is_disabled,
           s.booted_at is not null, s.link_epoch, i.time_zone, i.currency,
           c.connector_id, c.evse_no, c.connector_no, c.power_max_w, c.current_kind, c.plug_type
    from unnest(p_identities) w(key)
    join directory d on d.kind = 'station' and d.key = w.key
    join station s on s.tenant_id = d.tenant_id and s.station_id = d.target_id
    join site i on i.tenant_id = s.tenant_id and i.site_id = s.site_id
    left join connector c on c.tenant_id = s.tenant_id and c.station_id = s.station_id;
end
$$;

-- What decides whether a token may charge at a connector, and at which price; a row per question, in order.
create function stations_start_facts(p_tenant bigint[], p_station uuid[], p_evse integer[], p_connector integer[],
                                     p_uid text[], p_now timestamptz)
returns table (ord bigint, token_id uuid, token_kind text, token_state text, expires_at timestamptz,
               contract_id uuid, contract_state text, payment_id uuid, payment_session_id uuid, customer_no text,
               spending_limit_minor bigint, spent_minor bigint, starts_max integer, recent_starts bigint,
               connector_id uuid, tariff_version_id uuid, open_session_id uuid)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select q.ord, k.token_id, k.kind, k.state, k.expires_at, k.contract_id, r.state, k.payment_id, y.session_id,
           u.customer_no, r.spending_limit_minor,
           case when r.spending_limit_minor is not null then coalesce((
               select sum(b.gross_minor) from bill b
               where b.tenant_id = k.tenant_id and b.contract_id = k.contract_id
                 and b.created_at >= date_trunc('month', p_now, t.time_zone)), 0)::bigint end,
           t.velocity_starts_max,
           case when t.velocity_starts_max is not null then (
               select count(*) from session s
               where s.tenant_id = k.tenant_id and s.token_id = k.token_id
                 and s.opened_at > p_now - make_interval(secs => t.velocity_window_s)) end,
           c.connector_id,
           coalesce(y.tariff_version_id, m.tariff_version_id, p.tariff_version_id),
           -- Not "order by opened_at limit 1": that invites a walk back through all sessions by time.
           (select (array_agg(s.session_id order by s.opened_at desc))[1] from session s
            where s.tenant_id = c.tenant_id and s.station_id = c.station_id and s.connector_id = c.connector_id
              and s.ended_at is null)
    from unnest(p_tenant, p_station, p_evse, p_connector, p_uid) with ordinality
             q(tenant_id, station_id, evse_no, connector_no, uid, ord)
    join tenant t on t.tenant_id = q.tenant_id
    left join token k on k.tenant_id = t.tenant_id and k.uid = q.uid
    left join contract r on r.tenant_id = k.tenant_id and r.contract_id = k.contract_id
    left join customer u on u.tenant_id = r.tenant_id and u.customer_id = r.customer_id
    left join plan l on l.tenant_id = r.tenant_id and l.plan_id = r.plan_id
    left join payment y on y.tenant_id = k.tenant_id and y.payment_id = k.payment_id
    left join connector c on c.tenant_id = t.tenant_id and c.station_id = q.station_id
                         and c.evse_no = q.evse_no and c.connector_no = q.connector_no
    left join lateral (
        select tp.tariff_version_id from tariff_publication tp
        where tp.tenant_id = t.tenant_id and tp.tariff_id = c.tariff_id and tp.valid_from <= p_now
        order by tp.valid_from desc limit 1) p on true
    left join lateral (
        select tp.tariff_version_id from tariff_publication tp
        join tariff_version tv on tv.tenant_id = tp.tenant_id and tv.tariff_version_id = tp.tariff_version_id
        join connector cc on cc.tenant_id = t.tenant_id and cc.connector_id = c.connector_id
        join station cs on cs.tenant_id = cc.tenant_id and cs.station_id = cc.station_id
        join site ci on ci.tenant_id = cs.tenant_id and ci.site_id = cs.site_id and ci.currency = tv.currency
        where tp.tenant_id = t.tenant_id and tp.tariff_id = l.member_tariff_id and tp.valid_from <= p_now
        order by tp.valid_from desc limit 1) m on l.member_tariff_id is not null;
end
$$;

-- Sessions by the station's name, by the identity of a 1.6 start, or every open one of a station (both null).
create function stations_sessions(p_tenant bigint[], p_station uuid[], p_ref text[], p_start_key bytea[])
returns table (station_id uuid, session_id uuid, session_ref text, start_key bytea, connector_id uuid,
               token_uid text, token_id uuid, contract_id uuid, payment_id uuid, customer_no text,
               tariff_version_id uuid, currency text, state text, review_reason text, opened_at timestamptz,
               version integer, gross_minor bigint, register_start_milliwh bigint, register_end_milliwh bigint)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select s.station_id, s.session_id, s.session_ref, s.start_key, s.connector_id, s.token_uid, s.token_id,
           s.contract_id, s.payment_id, u.customer_no, s.tariff_version_id, s.currency, s.state, s.review_reason,
           s.opened_at, s.version, b.gross_minor, b.register_start_milliwh, b.register_end_milliwh
    from unnest(p_tenant, p_station, p_ref, p_start_key) q(tenant_id, station_id, ref, start_key)
    cross join lateral (
        select x.* from session x
        where x.tenant_id = q.tenant_id and x.station_id = q.station_id and x.session_ref = q.ref
        union all
        select x.* from session x
        where x.tenant_id = q.tenant_id and x.station_id = q.station_id and x.start_key = q.start_key
        union all
        select x.* from session x
        where x.tenant_id = q.tenant_id and x.station_id = q.station_id and x.ended_at is null
          and q.ref is null and q.start_key is null) s
    left join contract r on r.tenant_id = s.tenant_id and r.contract_id = s.contract_id
    left join customer u on u.tenant_id = r.tenant_id and u.customer_id = r.customer_id
    left join lateral (
        select x.gross_minor, x.register_start_milliwh, x.register_end_milliwh from bill x
        where x.tenant_id = s.tenant_id and x.session_id = s.session_id order by x.revision desc limit 1) b on true;
end
$$;

create function stations_session_events(p_tenant bigint[], p_session uuid[])
returns table (session_id uuid, body bytea)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select e.session_id, e.body from unnest(p_tenant, p_session) q(tenant_id, session_id)
    join session_event e on e.tenant_id = q.tenant_id and e.session_id = q.session_id;
end
$$;

create function stations_tariffs(p_tenant bigint[], p_version uuid[])
returns table (tariff_version_id uuid, body bytea)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select v.tariff_version_id, v.body from unnest(p_tenant, p_version) q(tenant_id, tariff_version_id)
    join tariff_version v on v.tenant_id = q.tenant_id and v.tariff_version_id = q.tariff_version_id;
end
$$;

-- --------------------------------------------------------------------------------------------------- writes

create function stations_count(p_done bigint, p_wanted integer, p_what text) returns void
language plpgsql as $$
begin
    if p_done <> p_wanted then
        raise exception '%: % of % rows', p_what, p_done, p_wanted using errcode = 'WL020';
    end if;
end
$$;

-- Refuses the batch when a station's link has been taken over: what an old link tells no longer counts.
create function stations_check_links(p_tenant bigint[], p_station uuid[], p_epoch bigint[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_done bigint;
begin
    select count(*) into v_done
    from unnest(p_tenant, p_station, p_epoch) q(tenant_id, station_id, epoch)
    join station s on s.tenant_id = q.tenant_id and s.station_id = q.station_id and s.link_epoch = q.epoch;
    perform stations_count(v_done, cardinality(p_station), 'link');
end
$$;

create function stations_open_links(p_tenant bigint[], p_station uuid[], p_epoch bigint[], p_version text[],
                                    p_node text, p_now timestamptz) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_done bigint;
begin
    update station s set link_epoch = q.epoch, link_node = p_node, is_connected = true, link_changed_at = p_now,
                         ocpp_version = q.version
    from unnest(p_tenant, p_station, p_epoch, p_version) q(tenant_id, station_id, epoch, version)
    where s.tenant_id = q.tenant_id and s.station_id = q.station_id and s.link_epoch = q.epoch - 1;
    get diagnostics v_done = row_count;
    perform stations_count(v_done, cardinality(p_station), 'open link');
end
$$;

create function stations_close_links(p_tenant bigint[], p_station uuid[], p_epoch bigint[], p_now timestamptz)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
    -- No count: a link that was taken over meanwhile is no longer ours to close.
    update station s set is_connected = false, link_changed_at = p_now
    from unnest(p_tenant, p_station, p_epoch) q(tenant_id, station_id, epoch)
    where s.tenant_id = q.tenant_id and s.station_id = q.station_id and s.link_epoch = q.epoch;
end
$$;

-- A node that starts holds no links yet, whatever it held when it was killed.
create function stations_node_started(p_node text, p_now timestamptz) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update station s set is_connected = false, link_changed_at = p_now
    where s.tenant_id in (select t.tenant_id from tenant t) and s.link_node = p_node and s.is_connected;
    -- A command that was being sent may or may not have arrived; its deadline decides.
end
$$;

create function stations_boot(p_tenant bigint[], p_station uuid[], p_vendor text[], p_model text[], p_serial text[],
                              p_firmware text[], p_now timestamptz) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_done bigint;
begin
    update station s set vendor = q.vendor, model = q.model, serial = q.serial, firmware = q.firmware,
                         booted_at = p_now
    from unnest(p_tenant, p_station, p_vendor, p_model, p_serial, p_firmware)
             q(tenant_id, station_id, vendor, model, serial, firmware)
    where s.tenant_id = q.tenant_id and s.station_id = q.station_id;
    get diagnostics v_done = row_count;
    perform stations_count(v_done, cardinality(p_station), 'boot');
end
$$;

create function stations_status(p_tenant bigint[], p_connector uuid[], p_status text[], p_detail text[],
                                p_error text[], p_now timestamptz) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_done bigint;
begin
    update connector c set status = q.status, status_detail = q.detail, error_code = q.error_code, status_at = p_now
    from unnest(p_tenant, p_connector, p_status, p_detail, p_error)
             q(tenant_id, connector_id, status, detail, error_code)
    where c.tenant_id = q.tenant_id and c.connector_id = q.connector_id;
    get diagnostics v_done = row_count;
    perform stations_count(v_done, cardinality(p_connector), 'status');
end
$$;

-- Sessions as they now are, all columns: new ones, and old ones that learned where they belong.
create function stations_put_sessions(
    p_tenant bigint[], p_session uuid[], p_station uuid[], p_connector uuid[], p_site uuid[], p_ref text[],
    p_start_key bytea[], p_ocpp_version text[], p_token_uid text[], p_token uuid[], p_contract uuid[],
    p_payment uuid[], p_remote_start_id bigint[], p_tariff_version uuid[], p_currency text[], p_time_zone text[],
    p_state text[], p_review_reason text[], p_activity text[], p_started_at timestamptz[], p_ended_at timestamptz[],
    p_end_reason text[], p_opened_at timestamptz[], p_told_at timestamptz[], p_register_start bigint[],
    p_register_last bigint[], p_energy bigint[], p_power integer[], p_soc smallint[], p_event_count integer[],
    p_version integer[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_done bigint;
begin
    insert into session as s (
        tenant_id, session_id, station_id, connector_id, site_id, session_ref, start_key, ocpp_version, token_uid,
        token_id, contract_id, payment_id, remote_start_id, tariff_version_id, currency, time_zone, state,
        review_reason, activity, started_at, ended_at, end_reason, opened_at, told_at, register_start_milliwh,
        register_last_milliwh, energy_milliwh, power_w, soc_percent, event_count, version)
    select t.tenant_id, q.session_id, q.station_id, q.connector_id, q.site_id, q.ref, q.start_key, q.ocpp_version,
           q.token_uid, q.token_id, q.contract_id, q.payment_id, q.remote_start_id, q.tariff_version_id, q.currency,
           q.time_zone, q.state, q.review_reason, q.activity, q.started_at, q.ended_at, q.end_reason, q.opened_at,
           q.told_at, q.register_start, q.register_last, q.energy, q.power, q.soc, q.event_count, q.version
    from unnest(p_tenant, p_session, p_station, p_connector, p_site, p_ref, p_start_key, p_ocpp_version, p_token_uid,
                p_token, p_contract, p_payment, p_remote_start_id, p_tariff_version, p_currency, p_time_zone, p_state,
                p_review_reason, p_activity, p_started_at, p_ended_at, p_end_reason, p_opened_at, p_told_at,
                p_register_start, p_register_last, p_energy, p_power, p_soc, p_event_count, p_version)
         q(tenant_id, session_id, station_id, connector_id, site_id, ref, start_key, ocpp_version, token_uid,
           token_id, contract_id, payment_id, remote_start_id, tariff_version_id, currency, time_zone, state,
           review_reason, activity, started_at, ended_at, end_reason, opened_at, told_at, register_start,
           register_last, energy, power, soc, event_count, version)
    join tenant t on t.tenant_id = q.tenant_id
    on conflict (tenant_id, session_id) do update set
        connector_id = excluded.connector_id, start_key = excluded.start_key, token_uid = excluded.token_uid,
        token_id = excluded.token_id, contract_id = excluded.contract_id, payment_id = excluded.payment_id,
        remote_start_id = excluded.remote_start_id, tariff_version_id = excluded.tariff_version_id,
        state = excluded.state, review_reason = excluded.review_reason, activity = excluded.activity,
        started_at = excluded.started_at, ended_at = excluded.ended_at, end_reason = excluded.end_reason,
        told_at = excluded.told_at, register_start_milliwh = excluded.register_start_milliwh,
        register_last_milliwh = excluded.register_last_milliwh, energy_milliwh = excluded.energy_milliwh,
        power_w = excluded.power_w, soc_percent = excluded.soc_percent, event_count = excluded.event_count,
        version = excluded.version
    where s.version = excluded.version - 1;
    get diagnostics v_done = row_count;
    perform stations_count(v_done, cardinality(p_session), 'session');
end
$$;

-- Running sessions as they now are: what a reading moves.
create function stations_move_sessions(
    p_tenant bigint[], p_session uuid[], p_state text[], p_review_reason text[], p_activity text[],
    p_ended_at timestamptz[], p_end_reason text[], p_told_at timestamptz[], p_register_start bigint[],
    p_register_last bigint[], p_energy bigint[], p_power integer[], p_soc smallint[], p_event_count integer[],
    p_version integer[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_done bigint;
begin
    update session s set
        state = q.state, review_reason = q.review_reason, activity = q.activity, ended_at = q.ended_at,
        end_reason = q.end_reason, told_at = q.told_at, register_start_milliwh = q.register_start,
        register_last_milliwh = q.register_last, energy_milliwh = q.energy, power_w = q.power, soc_percent = q.soc,
        event_count = q.event_count, version = q.version
    from unnest(p_tenant, p_session, p_state, p_review_reason, p_activity, p_ended_at, p_end_reason, p_told_at,
                p_register_start, p_register_last, p_energy, p_power, p_soc, p_event_count, p_version)
         q(tenant_id, session_id, state, review_reason, activity, ended_at, end_reason, told_at, register_start,
           register_last, energy, power, soc, event_count, version)
    where s.tenant_id = q.tenant_id and s.session_id = q.session_id and s.version = q.version - 1;
    get diagnostics v_done = row_count;
    perform stations_count(v_done, cardinality(p_session), 'session');
end
$$;

-- A session superseded by another at its connector is not running any more, whatever it was never told.
create function stations_supersede(p_tenant bigint[], p_session uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update session s set state = 'under_review', review_reason = 'superseded', power_w = 0, version = s.version + 1
    from unnest(p_tenant, p_session) q(tenant_id, session_id)
    where s.tenant_id = q.tenant_id and s.session_id = q.session_id and s.ended_at is null
      and s.state <> 'under_review';
end
$$;

create function stations_add_events(
    p_tenant bigint[], p_session uuid[], p_key bytea[], p_kind smallint[], p_station_at timestamptz[],
    p_received_at timestamptz[], p_register bigint[], p_body bytea[], p_raw bytea[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_done bigint;
begin
    insert into session_event (tenant_id, session_id, event_key, kind, station_at, received_at, register_milliwh,
                               body, raw)
    select t.tenant_id, q.session_id, q.event_key, q.kind, q.station_at, q.received_at, q.register, q.body, q.raw
    from unnest(p_tenant, p_session, p_key, p_kind, p_station_at, p_received_at, p_register, p_body, p_raw)
             q(tenant_id, session_id, event_key, kind, station_at, received_at, register, body, raw)
    join tenant t on t.tenant_id = q.tenant_id
    on conflict do nothing;
    get diagnostics v_done = row_count;
    -- A known fact here means that our picture of the session is old: take it anew.
    perform stations_count(v_done, cardinality(p_session), 'event');
end
$$;

create function stations_add_bills(
    p_tenant bigint[], p_session uuid[], p_revision integer[], p_bill uuid[], p_site uuid[], p_contract uuid[],
    p_payment uuid[], p_tariff_version uuid[], p_currency text[], p_net bigint[], p_tax bigint[], p_gross bigint[],
    p_energy bigint[], p_register_start bigint[], p_register_end bigint[], p_started_at timestamptz[],
    p_ended_at timestamptz[], p_billed_on date[], p_rated bytea[], p_now timestamptz) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_done bigint;
begin
    insert into bill (tenant_id, session_id, revision, replaces_revision, bill_id, site_id, contract_id, payment_id,
                      tariff_version_id, currency, net_minor, tax_minor, gross_minor, energy_milliwh,
                      register_start_milliwh, register_end_milliwh, started_at, ended_at, billed_on, rated,
                      created_at)
    select t.tenant_id, q.session_id, q.revision, nullif(q.revision - 1, 0), q.bill_id, q.site_id, q.contract_id,
           q.payment_id, q.tariff_version_id, q.currency, q.net, q.tax, q.gross, q.energy, q.register_start,
           q.register_end, q.started_at, q.ended_at, q.billed_on, q.rated, p_now
    from unnest(p_tenant, p_session, p_revision, p_bill, p_site, p_contract, p_payment, p_tariff_version, p_currency,
                p_net, p_tax, p_gross, p_energy, p_register_start, p_register_end, p_started_at, p_ended_at,
                p_billed_on, p_rated)
             q(tenant_id, session_id, revision, bill_id, site_id, contract_id, payment_id, tariff_version_id,
               currency, net, tax, gross, energy, register_start, register_end, started_at, ended_at, billed_on,
               rated)
    join tenant t on t.tenant_id = q.tenant_id;
    get diagnostics v_done = row_count;
    perform stations_count(v_done, cardinality(p_session), 'bill');
end
$$;

create function stations_post(
    p_tenant bigint[], p_source uuid[], p_kind text[], p_session uuid[], p_payment uuid[], p_count integer[],
    p_happened_at timestamptz[], p_now timestamptz,
    p_line_tenant bigint[], p_line_source uuid[], p_line_kind text[], p_line_no integer[], p_debit text[],
    p_credit text[], p_currency text[], p_amount bigint[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_done bigint;
begin
    insert into journal (tenant_id, source_id, kind, session_id, payment_id, transfer_count, happened_at, posted_at)
    select t.tenant_id, q.source_id, q.kind, q.session_id, q.payment_id, q.transfer_count, q.happened_at, p_now
    from unnest(p_tenant, p_source, p_kind, p_session, p_payment, p_count, p_happened_at)
             q(tenant_id, source_id, kind, session_id, payment_id, transfer_count, happened_at)
    join tenant t on t.tenant_id = q.tenant_id;
    get diagnostics v_done = row_count;
    perform stations_count(v_done, cardinality(p_source), 'journal');
    insert into transfer (tenant_id, source_id, kind, line, debit_code, credit_code, currency, amount_minor)
    select t.tenant_id, q.source_id, q.kind, q.line, q.debit, q.credit, q.currency, q.amount
    from unnest(p_line_tenant, p_line_source, p_line_kind, p_line_no, p_debit, p_credit, p_currency, p_amount)
             q(tenant_id, source_id, kind, line, debit, credit, currency, amount)
    join tenant t on t.tenant_id = q.tenant_id;
    get diagnostics v_done = row_count;
    perform stations_count(v_done, cardinality(p_line_source), 'transfer');
end
$$;

create function stations_link_payments(p_tenant bigint[], p_payment uuid[], p_session uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_done bigint;
begin
    update payment y set session_id = q.session_id, start_deadline_at = null
    from unnest(p_tenant, p_payment, p_session) q(tenant_id, payment_id, session_id)
    where y.tenant_id = q.tenant_id and y.payment_id = q.payment_id
      and (y.session_id is null or y.session_id = q.session_id);
    get diagnostics v_done = row_count;
    perform stations_count(v_done, cardinality(p_payment), 'payment');
end
$$;

create function stations_add_jobs(p_tenant bigint[], p_kind text[], p_subject uuid[], p_due_at timestamptz[],
                                  p_now timestamptz) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into job as j (tenant_id, kind, subject_id, due_at, try_count, created_at)
    select t.tenant_id, q.kind, q.subject_id, q.due_at, 0, p_now
    from unnest(p_tenant, p_kind, p_subject, p_due_at) q(tenant_id, kind, subject_id, due_at)
    join tenant t on t.tenant_id = q.tenant_id
    on conflict (tenant_id, kind, subject_id) do update set
        due_at = coalesce(least(j.due_at, excluded.due_at), excluded.due_at), done_at = null;
end
$$;

create function stations_open_reviews(p_tenant bigint[], p_review uuid[], p_reason text[], p_subject_kind text[],
                                      p_subject uuid[], p_summary text[], p_now timestamptz) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into review_item (tenant_id, review_item_id, reason_code, subject_kind, subject_id, summary, state,
                             opened_at)
    select t.tenant_id, q.review_item_id, q.reason_code, q.subject_kind, q.subject_id, q.summary, 'open', p_now
    from unnest(p_tenant, p_review, p_reason, p_subject_kind, p_subject, p_summary)
             q(tenant_id, review_item_id, reason_code, subject_kind, subject_id, summary)
    join tenant t on t.tenant_id = q.tenant_id
    on conflict (tenant_id, subject_id, reason_code) where state = 'open' do nothing;
end
$$;

create function stations_park(p_tenant bigint[], p_parked uuid[], p_station uuid[], p_action text[],
                              p_reason text[], p_key bytea[], p_raw bytea[], p_now timestamptz) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into parked_message (tenant_id, parked_message_id, station_id, action, reason_code, content_key, raw,
                                received_at)
    select t.tenant_id, q.parked_message_id, q.station_id, q.action, q.reason_code, q.content_key, q.raw, p_now
    from unnest(p_tenant, p_parked, p_station, p_action, p_reason, p_key, p_raw)
             q(tenant_id, parked_message_id, station_id, action, reason_code, content_key, raw)
    join tenant t on t.tenant_id = q.tenant_id
    on conflict (tenant_id, station_id, content_key) do nothing;
end
$$;

-- ------------------------------------------------------------------------------------------------- commands

-- Takes the commands that wait for this node's links; each is given out once.
create function stations_take_commands(p_node text, p_now timestamptz, p_limit integer)
returns table (tenant_id bigint, station_command_id uuid, station_id uuid, kind text, body bytea)
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    return query
    update station_command c set state = 'sent', sent_at = p_now
    from (select x.tenant_id, x.station_command_id from station_command x
          join station s on s.tenant_id = x.tenant_id and s.station_id = x.station_id
          where x.state = 'queued' and x.deadline_at > p_now and s.link_node = p_node and s.is_connected
          order by x.created_at limit p_limit for update of x skip locked) w
    where c.tenant_id = w.tenant_id and c.station_command_id = w.station_command_id
    returning c.tenant_id, c.station_command_id, c.station_id, c.kind, c.body;
end
$$;

create function stations_answer_commands(p_tenant bigint[], p_command uuid[], p_state text[], p_answer text[],
                                         p_now timestamptz) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    -- No count: an answer that comes after the deadline finds the command timed out, and leaves it so.
    update station_command c set state = q.state, answer = q.answer, answered_at = p_now
    from unnest(p_tenant, p_command, p_state, p_answer) q(tenant_id, station_command_id, state, answer)
    where c.tenant_id = q.tenant_id and c.station_command_id = q.station_command_id and c.state = 'sent';
end
$$;

-- ----------------------------------------------------------------------------------------------- statistics

-- A plan made for young, unanalysed tables takes any index that leads with the tenant for as good as the right
-- one, and is kept until the first ANALYZE. Autovacuum comes within a minute; a fleet comes at once.
create function stations_refresh_statistics() returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    analyze tenant, directory, site, station, connector, token, customer, contract, plan, payment,
            tariff_publication, tariff_version, account, session, job;
end
$$;
alter table session set (autovacuum_analyze_threshold = 500, autovacuum_analyze_scale_factor = 0.05,
                         autovacuum_vacuum_scale_factor = 0.05);
alter table job set (autovacuum_analyze_threshold = 500, autovacuum_vacuum_scale_factor = 0.05);

-- migrate:down
