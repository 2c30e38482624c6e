-- migrate:up
-- What must be read before, or across, tenants: owned by the schema's owner, so row-level security does not
-- bind inside; each returns no more than ids.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create function all_tenants() returns table (tenant_id bigint) language plpgsql stable security definer
set search_path = public, pg_temp as $$
begin
    return query select t.tenant_id from tenant t order by t.tenant_id;
end
$$;

create function due_tenants(p_table text, p_now timestamptz, p_limit integer)
returns table (tenant_id bigint) language plpgsql stable security definer
set search_path = public, pg_temp as $$
begin
    return query execute format(
        'select distinct d.tenant_id from (select tenant_id from %I where %s order by %s limit $2) d',
        p_table,
        case p_table when 'station_command' then 'state in (''queued'', ''sent'') and deadline_at <= $1'
                     else 'due_at <= $1 and (lease_until is null or lease_until <= $1)' end,
        case p_table when 'station_command' then 'deadline_at' else 'due_at' end)
    using p_now, p_limit;
end
$$;

-- migrate:down
