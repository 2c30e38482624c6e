-- The statements of the jobs store; $1 is always the tenant.

-- name: add
insert into job (tenant_id, kind, subject_id, due_at, try_count, created_at)
select t.tenant_id, $2, $3, $4, 0, $5 from tenant t where t.tenant_id = $1
on conflict (tenant_id, kind, subject_id) do update
    set due_at = excluded.due_at, try_count = 0, error = null, done_at = null;

-- name: claim
update job j set lease_until = $3, try_count = j.try_count + 1
from (
    select kind, subject_id from job
    where tenant_id = $1 and due_at <= $2 and (lease_until is null or lease_until <= $2)
    order by due_at limit $4
    for update skip locked
) due
where j.tenant_id = $1 and j.kind = due.kind and j.subject_id = due.subject_id
returning j.kind, j.subject_id, j.due_at, j.try_count;

-- name: finish
update job set due_at = null, lease_until = null, error = null, done_at = $5
where tenant_id = $1 and kind = $2 and subject_id = $3 and due_at = $4;

-- name: postpone
update job set due_at = $5, lease_until = null, error = $6
where tenant_id = $1 and kind = $2 and subject_id = $3 and due_at = $4;

-- name: release
update job set lease_until = null where tenant_id = $1 and kind = $2 and subject_id = $3;

-- name: keep_months
select keep_months_ahead($1);
