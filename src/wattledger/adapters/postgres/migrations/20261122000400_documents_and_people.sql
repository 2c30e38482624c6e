-- migrate:up
-- Fiscal documents, due work, staff, the audit trail.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table number_series (
    tenant_id bigint not null references tenant,
    series text not null check (series ~ '^[A-Z]{1,4}[0-9]{4}$'),
    next_number bigint not null check (next_number >= 1),
    primary key (tenant_id, series)
);
select guard_table('number_series', 'select, insert, update', false);

-- Receipts, invoices, credit notes. Once written only its payment state moves; body is all that is printed.
create table invoice (
    tenant_id bigint not null references tenant,
    invoice_id uuid not null,
    kind text not null check (kind in ('receipt', 'invoice', 'credit_note')),
    series text not null,
    number bigint not null check (number >= 1),
    subject_id uuid not null, -- the payment of a receipt, the contract of an invoice, the invoice of a credit note
    period_on date, -- the month an invoice is for, its first day
    customer_id uuid,
    session_id uuid,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    net_minor bigint not null,
    tax_minor bigint not null,
    gross_minor bigint not null check (gross_minor = net_minor + tax_minor),
    issued_at timestamptz not null,
    issued_on date not null,
    due_on date,
    body bytea not null,
    pdf bytea not null,
    pdf_sha256 bytea not null check (length(pdf_sha256) = 32),
    state text not null check (state in
        ('finalized', 'paid', 'partly_paid', 'overdue', 'written_off', 'voided')),
    primary key (tenant_id, invoice_id),
    unique (tenant_id, series, number),
    foreign key (tenant_id, series) references number_series,
    foreign key (tenant_id, customer_id) references customer
);
create unique index invoice_once on invoice (tenant_id, kind, subject_id, period_on) nulls not distinct;
create index invoice_by_time on invoice (tenant_id, issued_at);

create function keep_invoice() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or (to_jsonb(new) - 'state') is distinct from (to_jsonb(old) - 'state') then
        raise exception 'an issued document is never changed' using errcode = 'WL010';
    end if;
    return new;
end
$$;
create trigger keep_invoice before update or delete on invoice for each row execute function keep_invoice();
create trigger never_truncated before truncate on invoice for each statement execute function refuse_change();
select guard_table('invoice', 'select, insert, update', false);

-- Which bills and plan fees a document is made of; a bill stands on one document only.
create table invoice_part (
    tenant_id bigint not null references tenant,
    part_id uuid not null, -- the bill_id, or the source_id of a plan fee's journal
    invoice_id uuid not null,
    primary key (tenant_id, part_id),
    foreign key (tenant_id, invoice_id) references invoice
);
select guard_table('invoice_part', 'select, insert', true);

-- Other work that follows from what was committed, written in the same transaction; leased by a worker.
create table job (
    tenant_id bigint not null references tenant,
    kind text not null,
    subject_id uuid not null,
    due_at timestamptz,
    lease_until timestamptz,
    try_count integer not null,
    error text,
    created_at timestamptz not null,
    done_at timestamptz,
    primary key (tenant_id, kind, subject_id)
);
create index job_due on job (due_at) where due_at is not null;
create index job_due_of_tenant on job (tenant_id, due_at) where due_at is not null;
select guard_table('job', 'select, insert, update', false);

create table staff (
    tenant_id bigint not null references tenant,
    staff_id uuid not null,
    email text not null check (email = lower(email)),
    name text not null,
    role text not null check (role in ('owner', 'staff', 'viewer')),
    password_hash text not null,
    failed_count integer not null,
    locked_until timestamptz,
    created_at timestamptz not null,
    primary key (tenant_id, staff_id),
    unique (tenant_id, email)
);
select guard_table('staff', 'select, insert, update', false);

create table staff_login (
    tenant_id bigint not null references tenant,
    secret_hash bytea not null,
    staff_id uuid not null,
    created_at timestamptz not null,
    seen_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (tenant_id, secret_hash),
    foreign key (tenant_id, staff_id) references staff
);
select guard_table('staff_login', 'select, insert, update, delete', false);

create table audit_event (
    tenant_id bigint not null references tenant,
    audit_event_id uuid not null,
    at timestamptz not null,
    actor text not null,
    action text not null,
    subject_kind text,
    subject_id uuid,
    detail text,
    primary key (tenant_id, audit_event_id)
);
select guard_table('audit_event', 'select, insert', true);

-- migrate:down
