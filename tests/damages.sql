-- What somebody with the owner's password and every guard switched off may do to tests/sound_books.py, each under the
-- one code by which the checker must tell. $names are ids of that module, $now its instant, $tenant its tenant.

-- name: session_unbilled
update review_item set state = 'resolved', resolved_at = '$now';

-- name: session_billed_twice
insert into bill select tenant_id, session_id, 3, 2, '$stranger', site_id, contract_id, payment_id,
    tariff_version_id, currency, net_minor, tax_minor, gross_minor, energy_milliwh, register_start_milliwh,
    register_end_milliwh, started_at, ended_at, billed_on, rated, created_at from bill where bill_id =
    '$contract_bill';

-- name: bill_revision_missing
update bill set revision = 2, replaces_revision = 1 where bill_id = '$paid_bill';

-- name: bill_energy_differs
update bill set energy_milliwh = 1 where bill_id = '$paid_bill';

-- name: bill_register_unproved
update bill set register_start_milliwh = 1000001, register_end_milliwh = 11000001 where bill_id =
    '$paid_bill';

-- name: event_count_differs
update session set event_count = 3 where session_id = '$paid_session';

-- name: event_orphaned
insert into session_event select tenant_id, '$stranger', event_key, kind, station_at, received_at,
    register_milliwh, body from session_event where session_id = '$paid_session';

-- name: session_end_differs
update session set ended_at = ended_at + interval '1 minute' where session_id = '$paid_session';

-- name: tariff_changed
update tariff_version set body = body || ' '::bytea;

-- name: price_terms_changed
update price_terms set body = body || ' '::bytea;

-- name: bill_terms_missing
delete from priced_by where subject_kind = 'bill';

-- name: journal_incomplete
delete from transfer where kind = 'fee';

-- name: journal_mixes_currencies
insert into account select tenant_id, code, 'USD', kind, customer_id, created_at from account;
update transfer set currency = 'USD' where kind = 'plan_fee' and line = 2;

-- name: transfer_orphaned
insert into transfer values ($tenant, '$stranger', 'settlement', 1, 'asset:bank', 'clearing:sandbox', 'EUR',
    5);

-- name: transfer_malformed
alter table transfer drop constraint transfer_amount_minor_check;
update transfer set amount_minor = -367 where kind = 'settlement';

-- name: account_missing
delete from account where code = 'expense:gateway_fees';

-- name: wallet_differs
update wallet set balance_minor = 100;

-- name: bill_unposted
delete from transfer where source_id = '$contract_bill';
delete from journal where source_id = '$contract_bill';

-- name: bill_posting_differs
update transfer set amount_minor = amount_minor + 1 where source_id = '$contract_bill' and line = 1;

-- name: posting_without_bill
insert into journal values ($tenant, '$stranger', 'bill', '$paid_session', null, 1, '$now', '$now');
insert into transfer values ($tenant, '$stranger', 'bill', 1, 'receivable:drivers', 'revenue:energy', 'EUR',
    5);

-- name: captured_twice
drop index operation_one_capture_a_hold;
insert into operation select tenant_id, '$second_capture', payment_id, attempt_no, 9, kind, 200, currency,
    'other key', request, state, gateway_ref, outcome, error_code, null, due_at, lease_until, try_count,
    created_at, done_at from operation where kind = 'capture';
insert into journal values ($tenant, '$second_capture', 'capture', '$paid_session', '$payment', 1, '$now',
    '$now');
update transfer set amount_minor = 300 where kind = 'capture';
insert into transfer values ($tenant, '$second_capture', 'capture', 1, 'clearing:sandbox',
    'receivable:drivers', 'EUR', 200);

-- name: operation_unposted
delete from transfer where kind = 'refund';
delete from journal where kind = 'refund';

-- name: operation_posting_differs
update transfer set amount_minor = 34 where kind = 'fee';

-- name: posting_without_operation
update operation set state = 'failed' where kind = 'refund';

-- name: payment_posting_differs
update payment set refunded_minor = 99 where payment_id = '$payment';

-- name: capture_exceeds_hold
update payment set held_minor = 499 where payment_id = '$payment';

-- name: refund_exceeds_capture
alter table payment drop constraint payment_check;
update payment set refunded_minor = 600 where payment_id = '$payment';
update operation set amount_minor = 600 where kind = 'refund';
update transfer set amount_minor = 600 where kind = 'refund';

-- name: bill_not_collected
insert into journal values ($tenant, '$paid_bill', 'write_off', '$paid_session', '$payment', 1, '$now',
    '$now');
insert into transfer values ($tenant, '$paid_bill', 'write_off', 1, 'expense:written_off',
    'receivable:drivers', 'EUR', 10);

-- name: hold_overdue
update payment set capture_before = '$now'::timestamptz - interval '1 hour' where payment_id =
    '$waiting_payment';

-- name: hold_without_start
update payment set start_deadline_at = '$now'::timestamptz - interval '1 hour' where payment_id =
    '$waiting_payment';

-- name: hold_doubled
insert into attempt (tenant_id, payment_id, attempt_no, gateway, created_at)
    select $tenant, '$waiting_payment', number, 'sandbox', '$now' from generate_series(1, 2) number;
insert into operation (tenant_id, operation_id, payment_id, attempt_no, operation_no, kind, amount_minor, currency,
        idempotency_key, state, try_count, created_at, done_at)
    select $tenant, id::uuid, '$waiting_payment', number, 1, 'authorize', 4000, 'EUR', 'key ' || number, 'succeeded', 1,
        '$now'::timestamptz - interval '1 hour', '$now'::timestamptz - interval '1 hour'
    from (values (1, '$stranger'), (2, '$second_capture')) holds(number, id);

-- name: work_stuck
insert into job values ($tenant, 'settle_payment', '$payment', '$now'::timestamptz - interval '1 hour', null,
    0, null, '$now');

-- name: number_missing
update invoice set number = 2, body = convert_to(jsonb_set(convert_from(body, 'UTF8')::jsonb, '{number}',
    '2')::text, 'UTF8') where invoice_id = '$receipt';
update number_series set next_number = 3 where series = 'R2026';

-- name: number_counter_differs
update number_series set next_number = 9 where series = 'R2026';

-- name: pdf_changed
update invoice set pdf = 'another' where invoice_id = '$receipt';

-- name: document_body_differs
update invoice set body = replace(convert_from(body, 'UTF8'), '500', '501')::bytea where invoice_id =
    '$receipt';

-- name: document_total_differs
delete from invoice_part where part_id = '$plan_fee';

-- name: part_orphaned
insert into invoice_part values ($tenant, '$stranger', '$invoice');

-- name: credit_note_differs
update invoice set subject_id = '$stranger' where invoice_id = '$credit';

-- name: foreign_reference
update session set token_id = '$stranger' where session_id = '$paid_session';

-- name: directory_wrong
update directory set target_id = '$stranger' where kind = 'connector';

-- name: table_unguarded
alter table invoice disable row level security;

-- name: role_too_strong
alter table plan owner to wattledger_app;

-- name: books_rewritable
grant update on bill to wattledger_app;

-- name: guard_disabled
alter table journal disable trigger append_only;

-- name: bill_lines_differ
update bill set rated = convert_to(jsonb_set(convert_from(rated, 'UTF8')::jsonb, '{lines,0,net_minor}', '421')::text,
    'UTF8') where bill_id = '$paid_bill';

-- name: bill_price_wrong
update bill set rated = convert_to(jsonb_set(convert_from(rated, 'UTF8')::jsonb, '{lines,0,price}', '"0.49"')::text,
    'UTF8') where bill_id = '$paid_bill';

-- name: bill_tax_wrong
update bill set rated = convert_to(jsonb_set(convert_from(rated, 'UTF8')::jsonb, '{lines,0,taxes,0,rate_ppm}',
    '70000')::text, 'UTF8') where bill_id = '$paid_bill';

-- name: bill_negative
update bill set rated = convert_to(jsonb_insert(convert_from(rated, 'UTF8')::jsonb, '{lines,1}',
    '{"dimension": "flat", "billed": -1, "unit": "once", "price": "0", "net_units": 0, "tax_units": 0, "net_minor": 0,
      "tax_minor": 0, "gross_minor": 0}')::text, 'UTF8') where bill_id = '$paid_bill';

-- name: bill_rounding_wrong
update bill set rated = convert_to((convert_from(rated, 'UTF8')::jsonb || '{"units_per_major": 1, "lines": [
    {"dimension": "energy", "quantity": 10000000, "billed": 10000000, "unit": "milliwh", "price": "1", "net_units": 10,
     "tax_units": 0, "net_minor": 420, "tax_minor": 80, "gross_minor": 500}]}')::text, 'UTF8')
    where bill_id = '$paid_bill';

-- name: bill_unreadable
update bill set rated = 'gone' where bill_id = '$paid_bill';
