-- The statements of the credentials store; $1 is always the tenant.

-- name: keys
select station_id, identity, security_profile, wanted_profile, wanted_at, ocpp_version, is_connected,
       next_password_hash is not null as has_next_password, password_changed_at
from station where tenant_id = $1 and station_id = $2;

-- name: walking
select station_id, identity, security_profile, wanted_profile, wanted_at, ocpp_version, is_connected,
       next_password_hash is not null as has_next_password, password_changed_at
from station where tenant_id = $1 and wanted_profile > security_profile and is_connected
order by identity;

-- name: set_next_password
update station set next_password_hash = $3 where tenant_id = $1 and station_id = $2;

-- name: set_profile
update station set security_profile = $3, wanted_profile = $4, wanted_at = $5
where tenant_id = $1 and station_id = $2;

-- name: authority
select certificate_authority_id, certificate_pem, key_sealed, expires_at
from certificate_authority where tenant_id = $1 and state = 'active';

-- name: add_authority
insert into certificate_authority (tenant_id, certificate_authority_id, certificate_pem, key_sealed, state,
                                   expires_at, created_at)
values ($1, $2, $3, $4, 'active', $5, $6);

-- name: lock_request
select r.certificate_request_id, r.station_id, s.identity, r.csr_pem, r.state
from certificate_request r
join station s on s.tenant_id = r.tenant_id and s.station_id = r.station_id
where r.tenant_id = $1 and r.certificate_request_id = $2
for update of r;

-- name: decide_request
update certificate_request set state = $3, reason = $4, decided_at = $5
where tenant_id = $1 and certificate_request_id = $2 and state = 'open';

-- name: add_certificate
insert into station_certificate (tenant_id, station_certificate_id, station_id, fingerprint, serial_no,
                                 certificate_pem, state, valid_from, expires_at, issued_at)
values ($1, $2, $3, $4, $5, $6, 'issued', $7, $8, $9);

-- name: certificates
select c.station_certificate_id, c.station_id, s.identity, c.fingerprint, c.serial_no, c.certificate_pem, c.state,
       c.valid_from, c.expires_at, c.issued_at
from station_certificate c
join station s on s.tenant_id = c.tenant_id and s.station_id = c.station_id
where c.tenant_id = $1 and c.station_id = $2
order by c.issued_at desc, c.station_certificate_id desc;

-- name: live_certificates
select l.station_certificate_id, l.station_id, s.identity, l.fingerprint, l.serial_no, l.certificate_pem, l.state,
       l.valid_from, l.expires_at, l.issued_at
from (
    select distinct on (c.station_id) c.* from station_certificate c
    where c.tenant_id = $1 and c.state in ('issued', 'active')
    order by c.station_id, c.expires_at desc
) l
join station s on s.tenant_id = l.tenant_id and s.station_id = l.station_id
where s.tenant_id = $1 and l.expires_at < $2 and not s.is_disabled
order by l.expires_at;

-- name: revoke
update station_certificate set state = 'revoked', revoked_by = $3, revoked_at = $4
where tenant_id = $1 and station_certificate_id = $2 and state <> 'revoked';

-- name: asked_steps
select asked_by, state, created_at, answered_at from station_command
where tenant_id = $1 and station_id = $2 and starts_with(asked_by, $3)
order by created_at, station_command_id;
