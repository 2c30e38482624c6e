-- migrate:up
-- How a tenant collects what is owed, each step taken once an invoice; and the unpaid rest of a billed session.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table collecting_policy (
    tenant_id bigint not null references tenant,
    -- Invoices that fall due from that day on are charged to a kept method on their due date; null: none are.
    charges_from_on date,
    -- Those that fall due from that day on are reminded of once, so many days later; null: none are.
    reminds_from_on date,
    remind_after_days integer not null check (remind_after_days between 1 and 90),
    -- Where customers may transfer what they owe; null: no transfer is offered.
    iban text check (iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$'),
    account_name text,
    changed_at timestamptz not null,
    primary key (tenant_id)
);
select guard_table('collecting_policy', 'select, insert, update', false);

-- A step is taken in the transaction that makes it happen: once an invoice, whatever crashes. A person may send
-- a link again; then taken_at is the last time.
create table collecting_step (
    tenant_id bigint not null references tenant,
    invoice_id uuid not null,
    step text not null check (step in ('charge', 'remind', 'confirm', 'link')),
    taken_by text not null,
    taken_at timestamptz not null,
    primary key (tenant_id, invoice_id, step),
    foreign key (tenant_id, invoice_id) references invoice
);
select guard_table('collecting_step', 'select, insert, update', false);

-- Every row that the narrower rule took, the wider one takes.
-- squawk-ignore ban-drop-constraint
alter table payment drop constraint payment_purpose_check;
alter table payment add constraint payment_purpose_check check (purpose in ('session', 'invoice', 'rest')) not valid;
-- Few payments are of these kinds: the index is made in a moment.
-- squawk-ignore require-concurrent-index-creation
create index payment_by_invoice on payment (tenant_id, invoice_id, created_at) where invoice_id is not null;
-- squawk-ignore require-concurrent-index-creation
create index payment_of_rest on payment (tenant_id, session_id, created_at) where purpose = 'rest';

-- migrate:down
