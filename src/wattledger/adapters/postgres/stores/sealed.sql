-- The statements of the sealed store; $1 is always the tenant.

-- name: gateway_accounts
select gateway as key, secrets as sealed from gateway_account where tenant_id = $1 order by gateway for update;

-- name: authorities
select certificate_authority_id::text as key, key_sealed as sealed
from certificate_authority where tenant_id = $1 order by certificate_authority_id for update;

-- name: replace_gateway_account
update gateway_account set secrets = $3 where tenant_id = $1 and gateway = $2;

-- name: replace_authority
update certificate_authority set key_sealed = $3 where tenant_id = $1 and certificate_authority_id = $2::text::uuid;
