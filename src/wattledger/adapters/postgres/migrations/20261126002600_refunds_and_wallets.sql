-- migrate:up
-- What people asked to give back, who agreed, and where it went; and customers' wallets.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- What the tenant owes a customer in advance. Its row is locked by whoever moves it.
create table wallet (
    tenant_id bigint not null references tenant,
    customer_id uuid not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    balance_minor bigint not null,
    -- How far below zero it may go.
    limit_minor bigint not null check (limit_minor >= 0),
    opened_at timestamptz not null,
    primary key (tenant_id, customer_id, currency),
    foreign key (tenant_id, customer_id) references customer,
    check (balance_minor >= -limit_minor)
);
select guard_table('wallet', 'select, insert, update', false);

-- One movement a cause, however often it is asked for.
create table wallet_movement (
    tenant_id bigint not null references tenant,
    movement_id uuid not null,
    customer_id uuid not null,
    currency text not null,
    amount_minor bigint not null check (amount_minor <> 0),
    cause text not null check (cause in ('refund', 'invoice')),
    cause_id uuid not null,
    moved_at timestamptz not null,
    primary key (tenant_id, movement_id),
    unique (tenant_id, cause, cause_id),
    foreign key (tenant_id, customer_id, currency) references wallet
);
create index wallet_movement_by_wallet on wallet_movement (tenant_id, customer_id, currency, moved_at);
select guard_table('wallet_movement', 'select, insert', true);

-- Above the tenant's limit a second person decides: the same one cannot, whatever the program says.
create table refund_request (
    tenant_id bigint not null references tenant,
    refund_id uuid not null,
    payment_id uuid not null,
    amount_minor bigint not null check (amount_minor > 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    destination text not null check (destination in ('method', 'wallet')),
    customer_id uuid,
    reason_code text not null,
    note text not null,
    needs_second boolean not null,
    state text not null check (state in ('waiting', 'sent', 'declined')),
    asked_by text not null,
    asked_at timestamptz not null,
    decided_by text,
    decided_at timestamptz,
    operation_id uuid,
    credit_note_id uuid,
    primary key (tenant_id, refund_id),
    foreign key (tenant_id, payment_id) references payment,
    foreign key (tenant_id, operation_id) references operation,
    foreign key (tenant_id, credit_note_id) references invoice,
    foreign key (tenant_id, customer_id) references customer,
    check ((state = 'waiting') = (decided_at is null)),
    check ((destination = 'wallet') = (customer_id is not null)),
    check (destination = 'method' or operation_id is null),
    check (not needs_second or state <> 'sent' or decided_by <> asked_by)
);
create index refund_request_by_payment on refund_request (tenant_id, payment_id);
create index refund_request_by_time on refund_request (tenant_id, asked_at);
select guard_table('refund_request', 'select, insert, update', false);

-- Above which sum, in whole units of the currency, nobody gives money back alone.
create table refund_policy (
    tenant_id bigint not null references tenant,
    alone_units_max integer not null check (alone_units_max >= 0),
    primary key (tenant_id)
);
select guard_table('refund_policy', 'select, insert, update', false);

-- migrate:down
