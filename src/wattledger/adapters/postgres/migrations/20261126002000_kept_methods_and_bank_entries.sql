-- migrate:up
-- Ways to pay that customers let a gateway keep, and what came into the tenant's bank account.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Names only, by which the gateway finds what it keeps: no number of a card or an account is stored here.
create table payment_method (
    tenant_id bigint not null references tenant,
    method_id uuid not null,
    customer_id uuid not null,
    gateway text not null,
    kind text not null,
    method_ref text not null,
    payer_ref text not null,
    mandate_ref text not null,
    card_brand text,
    card_last4 text check (card_last4 ~ '^[0-9]{4}$'),
    card_funding text,
    -- The payment on whose page the customer agreed to it.
    payment_id uuid not null,
    is_usable boolean not null,
    agreed_at timestamptz not null,
    primary key (tenant_id, method_id),
    unique (tenant_id, gateway, method_ref),
    foreign key (tenant_id, customer_id) references customer,
    foreign key (tenant_id, payment_id) references payment
);
create index payment_method_by_customer on payment_method (tenant_id, customer_id, agreed_at);
select guard_table('payment_method', 'select, insert, update', false);

-- One booked credit of an imported statement; its id follows from what the bank says, so that importing a file
-- again adds nothing. Only where it belongs is decided later.
create table bank_entry (
    tenant_id bigint not null references tenant,
    entry_id uuid not null,
    account_ref text not null,
    booked_on date not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    amount_minor bigint not null check (amount_minor > 0),
    entry_ref text not null,
    remittance text not null,
    payer text not null,
    state text not null check (state in ('matched', 'parked')),
    match_rule text,
    invoice_id uuid,
    imported_at timestamptz not null,
    primary key (tenant_id, entry_id),
    foreign key (tenant_id, invoice_id) references invoice,
    check ((state = 'matched') = (invoice_id is not null))
);
create index bank_entry_by_invoice on bank_entry (tenant_id, invoice_id) where invoice_id is not null;
create index bank_entry_by_day on bank_entry (tenant_id, booked_on);
select guard_table('bank_entry', 'select, insert, update', false);

-- migrate:down
