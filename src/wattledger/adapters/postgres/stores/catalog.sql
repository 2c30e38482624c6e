-- The statements of the catalog store; $1 is always the tenant.

-- name: add_organisation
insert into organisation (organisation_id, name) values ($1, $2) on conflict do nothing;

-- name: add_tenant
insert into tenant (tenant_id, organisation_id, slug, name, legal_name, address_lines, country, time_zone,
                    currency, vat_id, help_phone, is_lab, velocity_starts_max, velocity_window_s, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);

-- name: tenant
select tenant_id, slug, name, legal_name, address_lines, country, time_zone, currency, vat_id, help_phone,
       is_lab, velocity_starts_max, velocity_window_s
from tenant where tenant_id = $1;

-- name: add_directory
insert into directory (kind, key, tenant_id, target_id)
select u.kind, u.key, t.tenant_id, u.target_id
from unnest($2::text[], $3::text[], $4::uuid[]) u(kind, key, target_id)
join tenant t on t.tenant_id = $1
on conflict (kind, key) do nothing;

-- name: add_accounts
insert into account (tenant_id, code, currency, kind, customer_id, created_at)
select t.tenant_id, u.code, u.currency, u.kind, $5, $6
from unnest($2::text[], $3::text[], $4::text[]) u(code, currency, kind)
join tenant t on t.tenant_id = $1
on conflict (tenant_id, code, currency) do nothing;

-- name: add_site
insert into site (tenant_id, site_id, name, address_lines, country, time_zone, currency, latitude, longitude,
                  created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: sites
select site_id, name, address_lines, country, time_zone, currency, latitude, longitude
from site where tenant_id = $1 order by created_at, site_id;

-- name: add_stations
insert into station (tenant_id, station_id, site_id, identity, name, password_hash, security_profile,
                     is_disabled, link_epoch, is_connected, created_at)
select t.tenant_id, u.station_id, u.site_id, u.identity, u.name, u.password_hash, u.security_profile,
       u.is_disabled, 0, false, $9
from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::smallint[], $8::boolean[])
     u(station_id, site_id, identity, name, password_hash, security_profile, is_disabled)
join tenant t on t.tenant_id = $1;

-- name: station
select station_id, site_id, identity, name, password_hash, security_profile, is_disabled
from station where tenant_id = $1 and station_id = $2;

-- name: station_ids
select identity, station_id from station where tenant_id = $1 and identity = any($2::text[]);

-- name: set_station_passwords
update station s set password_hash = u.password_hash
from unnest($2::uuid[], $3::bytea[]) u(station_id, password_hash)
where s.tenant_id = $1 and s.station_id = u.station_id;

-- name: add_connectors
insert into connector (tenant_id, connector_id, station_id, evse_no, connector_no, public_id, plug_type,
                       current_kind, power_max_w, tariff_id, status, created_at)
select t.tenant_id, u.connector_id, u.station_id, u.evse_no, u.connector_no, u.public_id, u.plug_type,
       u.current_kind, u.power_max_w, u.tariff_id, 'unavailable', $11
from unnest($2::uuid[], $3::uuid[], $4::integer[], $5::integer[], $6::text[], $7::text[], $8::text[],
            $9::integer[], $10::uuid[])
     u(connector_id, station_id, evse_no, connector_no, public_id, plug_type, current_kind, power_max_w, tariff_id)
join tenant t on t.tenant_id = $1;

-- name: connector_id
select connector_id from connector where tenant_id = $1 and public_id = $2;

-- name: add_tariff
insert into tariff (tenant_id, tariff_id, name, created_at) values ($1, $2, $3, $4);

-- name: tariff_id
select tariff_id from tariff where tenant_id = $1 and name = $2 order by created_at, tariff_id limit 1;

-- name: add_tariff_version
insert into tariff_version (tenant_id, tariff_version_id, currency, body, created_at)
values ($1, $2, $3, $4, $5) on conflict (tenant_id, tariff_version_id) do nothing;

-- name: publish
insert into tariff_publication (tenant_id, tariff_id, valid_from, tariff_version_id, published_at)
values ($1, $2, $3, $4, $5) on conflict (tenant_id, tariff_id, valid_from) do nothing;

-- name: tariff_version_id_at
select tariff_version_id from tariff_publication
where tenant_id = $1 and tariff_id = $2 and valid_from <= $3
order by valid_from desc limit 1;

-- name: tariff_version
select body from tariff_version where tenant_id = $1 and tariff_version_id = $2;

-- name: add_plan
insert into plan (tenant_id, plan_id, name, currency, monthly_fee_minor, tax_rate_bp, member_tariff_id, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: plan
select plan_id, name, currency, monthly_fee_minor, tax_rate_bp, member_tariff_id
from plan where tenant_id = $1 and plan_id = $2;

-- name: add_customer
insert into customer (tenant_id, customer_id, customer_no, kind, name, email, address_lines, country, vat_id,
                      created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: customer
select customer_id, customer_no, kind, name, email, address_lines, country, vat_id
from customer where tenant_id = $1 and customer_id = $2;

-- name: customer_id
select customer_id from customer where tenant_id = $1 and customer_no = $2;

-- name: add_contract
insert into contract (tenant_id, contract_id, customer_id, plan_id, state, currency, spending_limit_minor,
                      started_on, ended_on, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: contract
select contract_id, customer_id, plan_id, currency, spending_limit_minor, started_on, ended_on, state
from contract where tenant_id = $1 and contract_id = $2;

-- name: contract_ids
select contract_id from contract
where tenant_id = $1 and ($2::uuid is null or customer_id = $2) order by created_at, contract_id;

-- name: add_tokens
insert into token (tenant_id, token_id, uid, kind, state, contract_id, payment_id, expires_at, created_at)
select t.tenant_id, u.token_id, u.uid, u.kind, u.state, u.contract_id, u.payment_id, u.expires_at, $9
from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::timestamptz[])
     u(token_id, uid, kind, state, contract_id, payment_id, expires_at)
join tenant t on t.tenant_id = $1;

-- name: token_uids
select uid from token where tenant_id = $1 and uid = any($2::text[]);

-- name: put_gateway_account
insert into gateway_account (tenant_id, gateway, is_enabled, endpoint_key, settings, secrets, created_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (tenant_id, gateway) do update
set is_enabled = excluded.is_enabled, settings = excluded.settings, secrets = excluded.secrets;

-- name: gateway_account
select gateway, endpoint_key, settings, secrets, is_enabled, chosen_at
from gateway_account where tenant_id = $1 and gateway = $2;

-- name: gateway_accounts
select gateway, endpoint_key, settings, secrets, is_enabled, chosen_at
from gateway_account where tenant_id = $1
order by chosen_at desc nulls last, created_at, gateway;

-- name: choose_gateway
update gateway_account set chosen_at = $3 where tenant_id = $1 and gateway = $2 and is_enabled;

-- name: switch_gateway
update gateway_account set is_enabled = $3 where tenant_id = $1 and gateway = $2;

-- name: add_staff
insert into staff (tenant_id, staff_id, email, name, role, password_hash, failed_count, created_at)
values ($1, $2, $3, $4, $5, $6, 0, $7);
