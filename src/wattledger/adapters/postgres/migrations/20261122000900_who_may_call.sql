-- migrate:up
-- Functions that see across tenants are closed to everybody, then opened to the one role that needs each.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

do $$
begin
    if not exists (select from pg_roles where rolname = 'wattledger_stations') then
        create role wattledger_stations nologin;
    end if;
    execute format('grant wattledger_stations to %I', current_user);
end
$$;
grant usage on schema public to wattledger_stations;

-- Months are made ahead of need by the worker; old ones stay.
create function keep_months_ahead(p_now timestamptz) returns integer language plpgsql security definer
set search_path = public, pg_temp as $$
declare
    v_table regclass;
    v_made integer := 0;
begin
    foreach v_table in array array['session_event', 'bill', 'journal', 'transfer']::regclass[] loop
        v_made := v_made + ensure_months(v_table, p_now, 4);
    end loop;
    return v_made;
end
$$;

revoke execute on all functions in schema public from public;
grant execute on function app_tenant(), all_tenants(), due_tenants(text, timestamptz, integer),
    keep_months_ahead(timestamptz), uuid7_floor(timestamptz) to wattledger_app;
do $$
declare
    v_function regprocedure;
begin
    for v_function in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
                      where n.nspname = 'public' and p.proname like 'stations\_%' loop
        execute format('grant execute on function %s to wattledger_stations', v_function);
    end loop;
end
$$;

-- migrate:down
