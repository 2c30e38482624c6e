-- The statements of the store of price terms; $1 is always the tenant.

-- name: tax_rules
select p.body
from connector c
join station s on s.tenant_id = c.tenant_id and s.station_id = c.station_id
join site i on i.tenant_id = s.tenant_id and i.site_id = s.site_id
join tax_publication p on p.tenant_id = i.tenant_id and (p.site_id = i.site_id or p.country = i.country)
where c.tenant_id = $1 and (c.connector_id = $2 or c.station_id = $2) and (p.customer_id is null or p.customer_id = $3)
  and p.published_at <= $4
order by p.customer_id is null, p.site_id is null, p.published_at desc, p.tax_publication_id desc
limit 1;

-- name: publish_taxes
insert into tax_publication (tenant_id, tax_publication_id, country, site_id, customer_id, body, published_at,
                             published_by)
values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: tax_publications
select p.published_at, p.published_by, p.country, i.name, u.customer_no, p.body
from tax_publication p
left join site i on i.tenant_id = p.tenant_id and i.site_id = p.site_id
left join customer u on u.tenant_id = p.tenant_id and u.customer_id = p.customer_id
where p.tenant_id = $1
order by p.published_at desc, p.tax_publication_id desc;

-- name: add_series
insert into price_series (tenant_id, price_series_id, name, market, currency, created_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (tenant_id, name) do nothing;

-- name: series
select price_series_id, name, market, currency from price_series where tenant_id = $1 and name = $2;

-- name: all_series
select s.price_series_id, s.name, s.market, s.currency, min(p.starts_at), max(p.ends_at)
from price_series s
left join price_point p on p.tenant_id = s.tenant_id and p.price_series_id = s.price_series_id
where s.tenant_id = $1
group by s.tenant_id, s.price_series_id, s.name, s.market, s.currency
order by s.name;

-- name: add_points
insert into price_point (tenant_id, price_series_id, starts_at, price_import_id, ends_at, price, told_at)
select t.tenant_id, $2, u.starts_at, $3, u.ends_at, u.price, $7
from unnest($4::timestamptz[], $5::timestamptz[], $6::numeric[]) u(starts_at, ends_at, price)
join tenant t on t.tenant_id = $1;

-- name: points
select starts_at, ends_at, price
from price_point
where tenant_id = $1 and price_series_id = $2 and starts_at < $4 and starts_at >= $3::timestamptz - interval '1 day'
  and ends_at > $3 and ($5::timestamptz is null or told_at <= $5)
order by told_at, price_import_id, starts_at;

-- name: waiting_for_prices
select subject_id from review_item
where tenant_id = $1 and state = 'open' and subject_kind = 'session' and reason_code = $2;

-- name: lock_customer
select u.customer_id from contract r
join customer u on u.tenant_id = r.tenant_id and u.customer_id = r.customer_id
where r.tenant_id = $1 and r.contract_id = $2
for no key update of u;

-- name: month_usage
-- A bill is never older than its session: created_at bounds the look into the index.
select coalesce(sum(b.energy_milliwh), 0)::bigint,
       coalesce(sum((convert_from(b.rated, 'UTF8')::json ->> 'charging_time_us')::bigint), 0)::bigint,
       coalesce(sum((convert_from(b.rated, 'UTF8')::json ->> 'idle_time_us')::bigint), 0)::bigint
from contract r
join contract o on o.tenant_id = r.tenant_id and o.customer_id = r.customer_id
join bill b on b.tenant_id = o.tenant_id and b.contract_id = o.contract_id
where r.tenant_id = $1 and r.contract_id = $2 and b.created_at >= $3 and b.started_at >= $3 and b.started_at < $4
  and b.session_id <> $5
  and not exists (select from bill n where n.tenant_id = b.tenant_id and n.session_id = b.session_id
                  and n.replaces_revision = b.revision);

-- name: adjustments
select x.body from (
    select distinct on (p.name) p.name, p.body from adjustment_publication p
    where p.tenant_id = $1 and p.valid_from <= $2 and p.customer_id is null and p.plan_id is null
    order by p.name, p.valid_from desc, p.adjustment_publication_id desc) x
where x.body is not null
order by x.name;

-- name: publish_adjustment
insert into adjustment_publication (tenant_id, adjustment_publication_id, name, customer_id, plan_id, body, valid_from,
                                    published_at, published_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: adjustment_publications
select p.name, u.customer_no, l.name, p.valid_from, p.published_by, p.body
from adjustment_publication p
left join customer u on u.tenant_id = p.tenant_id and u.customer_id = p.customer_id
left join plan l on l.tenant_id = p.tenant_id and l.plan_id = p.plan_id
where p.tenant_id = $1
order by p.valid_from desc, p.adjustment_publication_id desc;

-- name: plan_id
select plan_id from plan where tenant_id = $1 and name = $2 order by created_at limit 1;

-- name: fixed
select v.body
from priced_by b
join price_terms v on v.tenant_id = b.tenant_id and v.price_terms_id = b.price_terms_id
where b.tenant_id = $1 and b.subject_id = $2;

-- name: keep
insert into price_terms (tenant_id, price_terms_id, body, created_at)
select t.tenant_id, $2, $3, $4 from tenant t where t.tenant_id = $1
on conflict (tenant_id, price_terms_id) do nothing;

-- name: fix
insert into priced_by (tenant_id, subject_id, subject_kind, price_terms_id, fixed_at)
values ($1, $2, $3, $4, $5);
