-- The statements of the staff store; $1 is always the tenant.

-- name: count_try
-- Counted before the password is checked, so that many tries at once cannot outrun the lock.
update staff set
    failed_count = case when locked_until is null then failed_count else 0 end + 1,
    locked_until = case
        when case when locked_until is null then failed_count else 0 end + 1 >= $4 then $5::timestamptz
    end
where tenant_id = $1 and staff_id = $2 and (locked_until is null or locked_until <= $3)
returning staff_id, email, name, role, password_hash, failed_count, locked_until;

-- name: forget_tries
update staff set failed_count = 0, locked_until = null where tenant_id = $1 and staff_id = $2;

-- name: insert_login
insert into staff_login (tenant_id, secret_hash, staff_id, created_at, seen_at, expires_at)
values ($1, $2, $3, $4, $4, $5);

-- name: login
select s.staff_id, s.email, s.name, s.role, l.created_at, l.seen_at, l.expires_at
from staff_login l join staff s on s.tenant_id = l.tenant_id and s.staff_id = l.staff_id
where l.tenant_id = $1 and l.secret_hash = $2 and l.expires_at > $3 and l.seen_at > $4;

-- name: touch_login
update staff_login set seen_at = $3 where tenant_id = $1 and secret_hash = $2 and seen_at < $3;

-- name: delete_login
delete from staff_login where tenant_id = $1 and secret_hash = $2;

-- name: delete_stale_logins
delete from staff_login where tenant_id = $1 and staff_id = $2 and (expires_at <= $3 or seen_at <= $4);

-- name: insert_audit
insert into audit_event (tenant_id, audit_event_id, at, actor, action, subject_kind, subject_id, detail)
values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: audits_of
select audit_event_id, at, actor, action, subject_kind, subject_id, detail
from audit_event where tenant_id = $1 and subject_id = $2 order by at, audit_event_id limit 200;
