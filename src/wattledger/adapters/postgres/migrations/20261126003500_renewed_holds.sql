-- migrate:up
-- A payment may have several holds one after another, each captured once; and tenants say how much is held.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- One capture a hold, whatever happens: only a failed one makes room for another. The wider rule, one a payment,
-- goes only after the narrower ones stand. The indexes are small: one row a capture that did not fail.
-- squawk-ignore require-concurrent-index-creation
create unique index operation_one_capture_a_hold on operation (tenant_id, payment_id, attempt_no)
    where kind = 'capture' and state not in ('failed', 'cancelled');
-- One sale a payment: what is taken without a hold is taken once.
-- squawk-ignore require-concurrent-index-creation
create unique index operation_one_sale on operation (tenant_id, payment_id)
    where kind = 'capture' and operation_no = 1 and state not in ('failed', 'cancelled');
-- squawk-ignore require-concurrent-index-deletion
drop index operation_one_capture;

-- A refund of a payment that several holds paid is given back by several captures: those beside the first.
create table refund_part (
    tenant_id bigint not null references tenant,
    refund_id uuid not null,
    operation_id uuid not null,
    primary key (tenant_id, refund_id, operation_id),
    foreign key (tenant_id, refund_id) references refund_request,
    foreign key (tenant_id, operation_id) references operation
);
select guard_table('refund_part', 'select, insert', true);

-- The least and the greatest hold of a session, in whole units of the currency. A tenant without a row has the
-- usual ones (core/payments/holds).
create table hold_policy (
    tenant_id bigint not null references tenant,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    units_min integer not null check (units_min >= 1),
    units_max integer not null check (units_max >= units_min),
    changed_at timestamptz not null,
    primary key (tenant_id, currency)
);
select guard_table('hold_policy', 'select, insert, update, delete', false);

-- migrate:down
