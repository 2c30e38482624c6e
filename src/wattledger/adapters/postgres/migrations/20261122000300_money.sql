-- migrate:up
-- Bills, books, payments.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- The priced result of one session. Never changed: a correction is the next revision, and names the one it
-- replaces, so the revisions of a session are one chain and its last link is the live bill.
create table bill (
    tenant_id bigint not null,
    session_id uuid not null,
    revision integer not null check (revision >= 1),
    replaces_revision integer check (replaces_revision = revision - 1),
    bill_id uuid not null,
    site_id uuid not null,
    contract_id uuid,
    payment_id uuid,
    tariff_version_id uuid not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    net_minor bigint not null check (net_minor >= 0),
    tax_minor bigint not null check (tax_minor >= 0),
    gross_minor bigint not null check (gross_minor = net_minor + tax_minor),
    energy_milliwh bigint not null check (energy_milliwh >= 0),
    register_start_milliwh bigint not null check (register_start_milliwh >= 0),
    register_end_milliwh bigint not null check (register_end_milliwh >= register_start_milliwh),
    started_at timestamptz not null,
    ended_at timestamptz not null check (ended_at >= started_at),
    -- The day in the site's own zone on which the session ended: what reports group by.
    billed_on date not null,
    rated bytea not null,
    created_at timestamptz not null,
    primary key (tenant_id, session_id, revision),
    unique (tenant_id, session_id, replaces_revision),
    foreign key (tenant_id, session_id, replaces_revision) references bill (tenant_id, session_id, revision),
    check ((revision = 1) = (replaces_revision is null))
) partition by range (session_id);
create table bill_other partition of bill default;
select ensure_months('bill', now() - interval '1 month', 6);
create index bill_by_day on bill (tenant_id, billed_on, site_id);
create index bill_by_contract on bill (tenant_id, contract_id, created_at) where contract_id is not null;
select guard_table('bill', 'select, insert', true);

-- An account is one place where money is owed or held, in one currency.
create table account (
    tenant_id bigint not null references tenant,
    code text not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    kind text not null check (kind in ('asset', 'liability', 'revenue', 'expense', 'tax')),
    customer_id uuid,
    created_at timestamptz not null,
    primary key (tenant_id, code, currency)
);
select guard_table('account', 'select, insert', true);

-- A journal is a set of transfers with one cause. The cause is its name, so it cannot be posted twice.
create table journal (
    tenant_id bigint not null,
    source_id uuid not null,
    kind text not null check (kind in
        ('bill', 'correction', 'capture', 'fee', 'refund', 'plan_fee', 'write_off', 'settlement')),
    session_id uuid,
    payment_id uuid,
    transfer_count integer not null check (transfer_count > 0),
    happened_at timestamptz not null,
    posted_at timestamptz not null,
    primary key (tenant_id, source_id, kind)
) partition by range (source_id);
create table journal_other partition of journal default;
select ensure_months('journal', now() - interval '1 month', 6);
create index journal_by_time on journal (tenant_id, posted_at);
create index journal_by_session on journal (tenant_id, session_id) where session_id is not null;
create index journal_by_payment on journal (tenant_id, payment_id) where payment_id is not null;
select guard_table('journal', 'select, insert', true);

-- One movement from a debit to a credit account. Both sides are one row: it cannot be out of balance.
create table transfer (
    tenant_id bigint not null,
    source_id uuid not null,
    kind text not null,
    line integer not null check (line >= 1),
    debit_code text not null,
    credit_code text not null check (credit_code <> debit_code),
    currency text not null,
    amount_minor bigint not null check (amount_minor > 0),
    primary key (tenant_id, source_id, kind, line),
    foreign key (tenant_id, source_id, kind) references journal,
    foreign key (tenant_id, debit_code, currency) references account,
    foreign key (tenant_id, credit_code, currency) references account
) partition by range (source_id);
create table transfer_other partition of transfer default;
select ensure_months('transfer', now() - interval '1 month', 6);
create index transfer_by_debit on transfer (tenant_id, debit_code, currency);
create index transfer_by_credit on transfer (tenant_id, credit_code, currency);
select guard_table('transfer', 'select, insert', true);

-- The hash chain: each seal covers every journal posted in [sealed_from, sealed_until).
create table seal (
    tenant_id bigint not null references tenant,
    seal_no bigint not null check (seal_no >= 1),
    sealed_from timestamptz,
    sealed_until timestamptz not null,
    journal_count integer not null check (journal_count > 0),
    previous_hash bytea not null,
    hash bytea not null,
    created_at timestamptz not null,
    primary key (tenant_id, seal_no)
);
select guard_table('seal', 'select, insert', true);

-- How a tenant reaches a gateway. Secrets are sealed by the application (AES-GCM, bound to tenant and field).
create table gateway_account (
    tenant_id bigint not null references tenant,
    gateway text not null,
    is_enabled boolean not null,
    endpoint_key text not null,
    settings bytea not null,
    secrets bytea not null,
    created_at timestamptz not null,
    primary key (tenant_id, gateway)
);
select guard_table('gateway_account', 'select, insert, update', false);

-- The intent to collect one sum. State and sums are derived from the operations, in core/payments.
create table payment (
    tenant_id bigint not null references tenant,
    payment_id uuid not null,
    purpose text not null check (purpose in ('session', 'invoice')),
    gateway text not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    asked_minor bigint not null check (asked_minor > 0),
    held_minor bigint not null check (held_minor >= 0),
    captured_minor bigint not null check (captured_minor >= 0),
    refunded_minor bigint not null check (refunded_minor between 0 and captured_minor),
    state text not null,
    state_reason text,
    connector_id uuid,
    token_id uuid,
    session_id uuid,
    invoice_id uuid,
    -- The price shown when the driver agreed: what the session will be billed by.
    tariff_version_id uuid,
    link_code text not null,
    card_brand text,
    card_last4 text check (card_last4 ~ '^[0-9]{4}$'),
    card_fingerprint text,
    driver_email text,
    driver_locale text,
    capture_before timestamptz,
    start_deadline_at timestamptz,
    version integer not null,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    primary key (tenant_id, payment_id),
    foreign key (tenant_id, connector_id) references connector
);
create index payment_by_time on payment (tenant_id, created_at);
create index payment_by_card on payment (tenant_id, card_fingerprint, created_at) where card_fingerprint is not null;
create index payment_waiting on payment (start_deadline_at) where start_deadline_at is not null;
create index payment_held on payment (tenant_id, payment_id)
    where state in ('authorized', 'partially_authorized', 'incremented');
select guard_table('payment', 'select, insert, update', false);

-- One try at one gateway.
create table attempt (
    tenant_id bigint not null references tenant,
    payment_id uuid not null,
    attempt_no integer not null check (attempt_no >= 1),
    gateway text not null,
    gateway_ref text,
    checkout_url text,
    -- Everything the gateway told about it so far, merged (core/payments/facts).
    facts bytea,
    created_at timestamptz not null,
    primary key (tenant_id, payment_id, attempt_no),
    foreign key (tenant_id, payment_id) references payment
);
create unique index attempt_by_ref on attempt (tenant_id, gateway, gateway_ref) where gateway_ref is not null;
select guard_table('attempt', 'select, insert, update', false);

-- One numbered call to a gateway, written before it is made: the outbox of money.
create table operation (
    tenant_id bigint not null references tenant,
    operation_id uuid not null,
    payment_id uuid not null,
    attempt_no integer not null,
    operation_no integer not null check (operation_no >= 1),
    kind text not null check (kind in ('authorize', 'increment', 'capture', 'void', 'refund')),
    amount_minor bigint not null check (amount_minor >= 0),
    currency text not null,
    idempotency_key text not null,
    request bytea,
    state text not null check (state in
        ('pending', 'calling', 'requires_action', 'succeeded', 'failed', 'unknown', 'cancelled')),
    gateway_ref text,
    outcome bytea,
    error_code text,
    fee_minor bigint check (fee_minor >= 0),
    due_at timestamptz,
    lease_until timestamptz,
    try_count integer not null,
    created_at timestamptz not null,
    done_at timestamptz,
    primary key (tenant_id, operation_id),
    unique (tenant_id, payment_id, attempt_no, operation_no),
    unique (tenant_id, idempotency_key),
    foreign key (tenant_id, payment_id, attempt_no) references attempt
);
-- One capture a payment, whatever happens: only a failed one makes room for another.
create unique index operation_one_capture on operation (tenant_id, payment_id)
    where kind = 'capture' and state not in ('failed', 'cancelled');
create index operation_by_ref on operation (tenant_id, gateway_ref) where gateway_ref is not null;
create index operation_due on operation (due_at) where due_at is not null;
create index operation_due_of_tenant on operation (tenant_id, due_at) where due_at is not null;
select guard_table('operation', 'select, insert, update', false);

-- What gateways told us, each once: answered 2xx when stored, worked on later, a hint to fetch.
create table webhook_event (
    tenant_id bigint not null references tenant,
    gateway text not null,
    event_ref text not null,
    webhook_event_id uuid not null,
    object_ref text,
    kind text not null,
    raw bytea not null,
    state text not null check (state in ('received', 'processed', 'parked')),
    note text,
    received_at timestamptz not null,
    due_at timestamptz,
    lease_until timestamptz,
    try_count integer not null,
    primary key (tenant_id, gateway, event_ref)
);
create index webhook_event_by_object on webhook_event (tenant_id, object_ref) where object_ref is not null;
create index webhook_event_due on webhook_event (due_at) where due_at is not null;
create index webhook_event_due_of_tenant on webhook_event (tenant_id, due_at) where due_at is not null;
select guard_table('webhook_event', 'select, insert, update', false);

-- migrate:down
