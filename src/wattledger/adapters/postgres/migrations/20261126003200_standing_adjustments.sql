-- migrate:up
-- Member prices, discounts and free quantities that a customer, a plan's customers or everybody has.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Of one name and one whose, what was said last holds from valid_from on; without a body it has ended.
create table adjustment_publication (
    tenant_id bigint not null references tenant,
    adjustment_publication_id uuid not null,
    name text not null check (length(name) between 1 and 60),
    customer_id uuid,
    plan_id uuid,
    body bytea,
    valid_from timestamptz not null,
    published_at timestamptz not null,
    published_by text not null,
    primary key (tenant_id, adjustment_publication_id),
    foreign key (tenant_id, customer_id) references customer,
    foreign key (tenant_id, plan_id) references plan,
    check (customer_id is null or plan_id is null)
);
select guard_table('adjustment_publication', 'select, insert', true);

-- What a card's customer has at a start, everybody's first. No row for payments, whose terms were agreed before.
create function stations_adjustments(p_tenant bigint[], p_uid text[], p_now timestamptz)
returns table (ord bigint, bodies bytea[])
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select q.ord, array_agg(x.body order by x.plan_id is not null, x.customer_id is not null, x.name)
    from unnest(p_tenant, p_uid) with ordinality q(tenant_id, uid, ord)
    left join token k on k.tenant_id = q.tenant_id and k.uid = q.uid
    left join contract r on r.tenant_id = k.tenant_id and r.contract_id = k.contract_id
    cross join lateral (
        select distinct on (p.customer_id, p.plan_id, p.name) p.customer_id, p.plan_id, p.name, p.body
        from adjustment_publication p
        where p.tenant_id = q.tenant_id and p.valid_from <= p_now
          and (p.customer_id is null or p.customer_id = r.customer_id)
          and (p.plan_id is null or p.plan_id = r.plan_id)
        order by p.customer_id, p.plan_id, p.name, p.valid_from desc, p.adjustment_publication_id desc) x
    where k.payment_id is null and x.body is not null
    group by q.ord;
end
$$;

revoke execute on function stations_adjustments(bigint[], text[], timestamptz) from public;
grant execute on function stations_adjustments(bigint[], text[], timestamptz) to wattledger_stations;

-- migrate:down
