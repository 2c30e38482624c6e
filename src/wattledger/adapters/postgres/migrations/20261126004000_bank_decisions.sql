-- migrate:up
-- Statements that were imported, and what a person decided about credits that fit no invoice.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- returned: sent back by the tenant's bank. not_ours: no customer's money (a supplier's refund, own savings).
-- Every row that the narrower rule took, the wider one takes.
-- squawk-ignore ban-drop-constraint
alter table bank_entry drop constraint bank_entry_state_check;
alter table bank_entry add constraint bank_entry_state_check
    check (state in ('matched', 'parked', 'returned', 'not_ours')) not valid;

-- One import of a file: by whom, which, and what came of its credits.
create table bank_import (
    tenant_id bigint not null references tenant,
    import_id uuid not null,
    file_name text not null,
    file_sha256 bytea not null check (length(file_sha256) = 32),
    matched_count integer not null check (matched_count >= 0),
    parked_count integer not null check (parked_count >= 0),
    known_count integer not null check (known_count >= 0),
    imported_by text not null,
    imported_at timestamptz not null,
    primary key (tenant_id, import_id)
);
create index bank_import_by_time on bank_import (tenant_id, imported_at);
select guard_table('bank_import', 'select, insert', true);

-- migrate:down
