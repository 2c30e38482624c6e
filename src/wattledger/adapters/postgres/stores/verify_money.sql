-- What of journals, payments and holds contradicts itself; see verify_sessions.sql.

-- name: count_journals
select count(*) from journal where tenant_id = $1

-- name: journal_incomplete
-- A journal says how many transfers it has; their lines count from one.
select j.source_id || ' ' || j.kind, j.transfer_count || ' transfers said, lines '
       || coalesce(string_agg(t.line::text, ', ' order by t.line), 'none')
from journal j
left join transfer t on t.tenant_id = j.tenant_id and t.source_id = j.source_id and t.kind = j.kind
where j.tenant_id = $1
group by j.tenant_id, j.source_id, j.kind, j.transfer_count
having count(t.line) <> j.transfer_count or coalesce(min(t.line), 0) <> 1
    or coalesce(max(t.line), 0) <> j.transfer_count

-- name: journal_mixes_currencies
select t.source_id || ' ' || t.kind, string_agg(distinct t.currency, ', ')
from transfer t where t.tenant_id = $1
group by t.source_id, t.kind having count(distinct t.currency) > 1

-- name: transfer_orphaned
select t.source_id || ' ' || t.kind || ' ' || t.line, 'has no journal'
from transfer t
where t.tenant_id = $1
  and not exists (select from journal j where j.tenant_id = t.tenant_id and j.source_id = t.source_id
                  and j.kind = t.kind)

-- name: transfer_malformed
select t.source_id || ' ' || t.kind || ' ' || t.line, t.amount_minor || ' from ' || t.credit_code || ' to '
       || t.debit_code
from transfer t
where t.tenant_id = $1 and (t.amount_minor <= 0 or t.debit_code = t.credit_code)

-- name: account_missing
select t.source_id || ' ' || t.kind || ' ' || t.line, 'no account ' || w.code || ' in ' || t.currency
from transfer t cross join lateral (values (t.debit_code), (t.credit_code)) w(code)
where t.tenant_id = $1
  and not exists (select from account a where a.tenant_id = t.tenant_id and a.code = w.code
                  and a.currency = t.currency)

-- name: count_postings
select count(*) from bill where tenant_id = $1

-- name: bill_unposted
select b.bill_id::text, b.gross_minor || ' ' || b.currency || ' billed, nothing booked'
from bill b
where b.tenant_id = $1 and b.gross_minor > 0 and b.revision = 1
  and not exists (select from journal j where j.tenant_id = b.tenant_id and j.source_id = b.bill_id
                  and j.kind = 'bill')

-- name: bill_posting_differs
-- What a session's bills moved, corrections counted, is what its live bill says: owed gross, of it tax.
-- Grouped before it is joined: a look-up a bill would read every transfer for each of them.
with moved as (
    select b.session_id, min(t.currency) currency_first, max(t.currency) currency_last,
           sum(case when t.debit_code like 'receivable:%' then t.amount_minor
                    when t.credit_code like 'receivable:%' then -t.amount_minor else 0 end) gross_minor,
           sum(case when t.credit_code = 'tax:output' then t.amount_minor
                    when t.debit_code = 'tax:output' then -t.amount_minor else 0 end) tax_minor
    from bill b
    join transfer t on t.tenant_id = b.tenant_id and t.source_id = b.bill_id and t.kind in ('bill', 'correction')
    where b.tenant_id = $1
    group by b.session_id)
select l.bill_id::text, 'bill ' || l.gross_minor || ' with tax ' || l.tax_minor || ' ' || l.currency || ', booked '
       || m.gross_minor || ' with tax ' || m.tax_minor
from bill l
join moved m on m.session_id = l.session_id
where l.tenant_id = $1
  and not exists (select from bill n where n.tenant_id = l.tenant_id and n.session_id = l.session_id
                  and n.replaces_revision = l.revision)
  and (m.gross_minor <> l.gross_minor or m.tax_minor <> l.tax_minor
       or m.currency_first <> l.currency or m.currency_last <> l.currency)

-- name: posting_without_bill
select j.source_id::text, 'booked as the bill of session ' || coalesce(j.session_id::text, 'none')
from journal j
where j.tenant_id = $1 and j.kind = 'bill'
  and not exists (select from bill b where b.tenant_id = j.tenant_id and b.session_id = j.session_id
                  and b.bill_id = j.source_id)

-- name: count_payments
select count(*) from payment where tenant_id = $1

-- name: captured_twice
-- A hold is captured once, a payment without a hold too.
select o.payment_id::text, count(*) || ' captures'
from operation o
where o.tenant_id = $1 and o.kind = 'capture' and o.state = 'succeeded'
group by o.payment_id, case when o.operation_no = 1 then 0 else o.attempt_no end having count(*) > 1

-- name: operation_unposted
-- Money that moved at a gateway is booked: captures, their fees, refunds.
select o.operation_id::text, w.kind || ' of payment ' || o.payment_id || ' is not booked'
from operation o
cross join lateral (values (o.kind), (case when o.kind = 'capture' and o.fee_minor > 0 then 'fee' end)) w(kind)
where o.tenant_id = $1 and o.kind in ('capture', 'refund') and o.state = 'succeeded' and w.kind is not null
  and not exists (select from journal j where j.tenant_id = o.tenant_id and j.source_id = o.operation_id
                  and j.kind = w.kind)

-- name: operation_posting_differs
select o.operation_id::text, j.kind || ' of ' || w.amount_minor || ' booked as ' || sum(t.amount_minor)
from operation o
join journal j on j.tenant_id = o.tenant_id and j.source_id = o.operation_id and j.kind in ('fee', 'refund')
join transfer t on t.tenant_id = j.tenant_id and t.source_id = j.source_id and t.kind = j.kind
cross join lateral (select case j.kind when 'fee' then o.fee_minor else o.amount_minor end amount_minor) w
where o.tenant_id = $1
group by o.operation_id, j.kind, w.amount_minor having sum(t.amount_minor) is distinct from w.amount_minor

-- name: posting_without_operation
select j.source_id::text, j.kind || ' booked, no operation of that kind succeeded'
from journal j
where j.tenant_id = $1 and j.kind in ('capture', 'refund', 'fee')
  and not exists (select from operation o where o.tenant_id = j.tenant_id and o.operation_id = j.source_id
                  and o.state = 'succeeded' and o.kind = case j.kind when 'fee' then 'capture' else j.kind end)

-- name: payment_posting_differs
-- captured = posted; a refund that the bank returned was booked back under the same operation. A capture or
-- refund that is not booked at all is operation_unposted.
select p.payment_id::text, 'captured ' || p.captured_minor || ', refunded ' || p.refunded_minor || '; booked '
       || m.captured_minor || ' and ' || m.refunded_minor
from payment p
cross join lateral (
    select coalesce(sum(t.amount_minor) filter (where j.kind = 'capture'), 0) captured_minor,
           coalesce(sum(case j.kind when 'refund' then t.amount_minor when 'correction' then -t.amount_minor end), 0)
               refunded_minor
    from operation o
    join journal j on j.tenant_id = o.tenant_id and j.source_id = o.operation_id
         and j.kind in ('capture', 'refund', 'correction')
    join transfer t on t.tenant_id = j.tenant_id and t.source_id = j.source_id and t.kind = j.kind
    where o.tenant_id = p.tenant_id and o.payment_id = p.payment_id) m
where p.tenant_id = $1 and (p.captured_minor <> m.captured_minor or p.refunded_minor <> m.refunded_minor)
  and not exists (select from operation o where o.tenant_id = p.tenant_id and o.payment_id = p.payment_id
                  and o.kind in ('capture', 'refund') and o.state = 'succeeded'
                  and not exists (select from journal j where j.tenant_id = o.tenant_id
                                  and j.source_id = o.operation_id and j.kind = o.kind))

-- name: capture_exceeds_hold
select p.payment_id::text, 'held ' || p.held_minor || ', captured ' || p.captured_minor
from payment p where p.tenant_id = $1 and p.captured_minor > p.held_minor

-- name: refund_exceeds_capture
select p.payment_id::text, 'captured ' || p.captured_minor || ', refunded ' || p.refunded_minor
from payment p where p.tenant_id = $1 and p.refunded_minor > p.captured_minor

-- name: bill_not_collected
-- Once captured, a session's bill is what was captured, less what was taken ahead and given back, what its driver
-- paid by a link later, and what was written off and not paid by such a link after all.
select b.bill_id::text, 'bill ' || b.gross_minor || ', captured ' || p.captured_minor || ', given back '
       || r.amount_minor || ', rest paid ' || l.captured_minor || ', written off ' || w.amount_minor - c.amount_minor
       || ' ' || p.currency
from payment p
join bill b on b.tenant_id = p.tenant_id and b.session_id = p.session_id
cross join lateral (
    select coalesce(sum(t.amount_minor), 0) amount_minor
    from journal j
    join transfer t on t.tenant_id = j.tenant_id and t.source_id = j.source_id and t.kind = j.kind
    where j.tenant_id = p.tenant_id and j.payment_id = p.payment_id and j.kind = 'write_off') w
cross join lateral (
    select coalesce(sum(q.captured_minor), 0) captured_minor
    from payment q
    where q.tenant_id = p.tenant_id and q.session_id = p.session_id and q.purpose = 'rest') l
cross join lateral (
    select coalesce(sum(t.amount_minor), 0) amount_minor
    from payment q
    join journal j on j.tenant_id = q.tenant_id and j.payment_id = q.payment_id and j.kind = 'correction'
    join transfer t on t.tenant_id = j.tenant_id and t.source_id = j.source_id and t.kind = j.kind
    where q.tenant_id = p.tenant_id and q.session_id = p.session_id and q.purpose = 'rest'
      and t.credit_code = 'expense:written_off') c
cross join lateral (
    select coalesce(sum(q.amount_minor), 0) amount_minor
    from refund_request q
    where q.tenant_id = p.tenant_id and q.payment_id = p.payment_id and q.reason_code = 'paid_ahead'
      and q.state = 'sent') r
where p.tenant_id = $1 and p.purpose = 'session' and p.captured_minor > 0
  and p.changed_at < $2::timestamptz - interval '5 minutes'
  and b.gross_minor <> p.captured_minor - r.amount_minor + l.captured_minor + w.amount_minor - c.amount_minor
  and not exists (select from bill n where n.tenant_id = b.tenant_id and n.session_id = b.session_id
                  and n.replaces_revision is not null)
  and not exists (select from review_item r where r.tenant_id = p.tenant_id and r.subject_id = p.payment_id
                  and r.state = 'open')

-- name: count_wallets
select count(*) from wallet where tenant_id = $1

-- name: wallet_differs
-- A wallet's balance is the sum of its movements, and what the books say the tenant owes.
select w.customer_id || ' ' || w.currency, 'holds ' || w.balance_minor || ', moved ' || m.amount_minor || ', booked '
       || b.amount_minor
from wallet w
cross join lateral (
    select coalesce(sum(v.amount_minor), 0) amount_minor from wallet_movement v
    where v.tenant_id = w.tenant_id and v.customer_id = w.customer_id and v.currency = w.currency) m
cross join lateral (
    select coalesce(sum(case when t.credit_code = a.code then t.amount_minor else -t.amount_minor end), 0) amount_minor
    from account a
    join transfer t on t.tenant_id = a.tenant_id and t.currency = a.currency and a.code in (t.credit_code, t.debit_code)
    where a.tenant_id = w.tenant_id and a.customer_id = w.customer_id and a.currency = w.currency
      and a.code like 'liability:wallet:%') b
where w.tenant_id = $1 and (w.balance_minor <> m.amount_minor or w.balance_minor <> b.amount_minor)

-- name: count_holds
select count(*) from payment where tenant_id = $1 and held_minor > 0

-- name: hold_overdue
-- A hold is taken or given back before the gateway lets it lapse.
select p.payment_id::text, p.held_minor || ' ' || p.currency || ' held, to be captured before '
       || to_char(p.capture_before, 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
from payment p
where p.tenant_id = $1 and p.capture_before < $2::timestamptz
  and p.state in ('authorized', 'partially_authorized', 'incremented', 'capture_pending', 'unknown')

-- name: hold_left_behind
-- A hold whose session ended is taken or given back within half an hour, unless a person must decide.
select p.payment_id::text, p.held_minor || ' ' || p.currency || ' still held; session ' || s.session_id || ' ended '
       || to_char(s.ended_at, 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
from payment p
join session s on s.tenant_id = p.tenant_id and s.session_id = p.session_id
where p.tenant_id = $1 and s.ended_at is not null and s.told_at < $2::timestamptz - interval '30 minutes'
  and p.state in ('authorized', 'partially_authorized', 'incremented', 'capture_pending', 'unknown')
  and (p.capture_before is null or p.capture_before >= $2::timestamptz)
  and not exists (select from review_item r where r.tenant_id = p.tenant_id and r.state = 'open'
                  and r.subject_id in (p.payment_id, s.session_id))

-- name: hold_without_start
-- A hold whose session never started is given back once its deadline has passed.
select p.payment_id::text, p.held_minor || ' ' || p.currency || ' held; start was due '
       || to_char(p.start_deadline_at, 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
from payment p
where p.tenant_id = $1 and p.session_id is null and p.start_deadline_at < $2::timestamptz - interval '10 minutes'
  and p.state in ('authorized', 'partially_authorized', 'incremented')
  and (p.capture_before is null or p.capture_before >= $2::timestamptz)

-- name: hold_doubled
-- Of two holds of one payment one is let go at once: released, or captured for what was due.
select p.payment_id::text, 'attempt ' || a.attempt_no || ' holds money beside attempt ' || n.attempt_no || ' since '
       || to_char(n.done_at, 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
from payment p
join attempt a on a.tenant_id = p.tenant_id and a.payment_id = p.payment_id
join operation n on n.tenant_id = p.tenant_id and n.payment_id = p.payment_id and n.attempt_no > a.attempt_no
     and n.operation_no = 1 and n.kind = 'authorize' and n.state = 'succeeded'
where p.tenant_id = $1 and n.done_at < $2::timestamptz - interval '30 minutes'
  and not exists (select from operation o where o.tenant_id = a.tenant_id and o.payment_id = a.payment_id
                  and o.attempt_no = a.attempt_no and o.kind in ('capture', 'void') and o.state = 'succeeded')
  and exists (select from operation o where o.tenant_id = a.tenant_id and o.payment_id = a.payment_id
              and o.attempt_no = a.attempt_no and o.kind = 'authorize' and o.state = 'succeeded')
  and not exists (select from operation o where o.tenant_id = n.tenant_id and o.payment_id = n.payment_id
                  and o.attempt_no = n.attempt_no and o.kind in ('capture', 'void') and o.state = 'succeeded')
  and not coalesce((convert_from(a.facts, 'UTF8')::jsonb ->> 'is_expired')::boolean, false)
  and not exists (select from review_item r where r.tenant_id = p.tenant_id and r.subject_id = p.payment_id
                  and r.state = 'open')

-- name: count_tariffs
select count(*) from tariff_version where tenant_id = $1

-- name: count_terms
select count(*) from price_terms where tenant_id = $1

-- name: month_counted_twice
-- Of what a customer used in a month, each bill with tiers by the month counts a part of its own: from what was
-- billed before it on. (What later revisions added to a bill, bills in between did not count.)
with counted as (
    select b.tenant_id, r.customer_id, b.session_id, (array_agg(b.bill_id order by b.revision))[1] bill_id,
           date_trunc('month', min(b.started_at), min(s.time_zone)) as month_at,
           min(m.used) as low, min(m.used) + min(b.energy_milliwh) as high
    from bill b
    join session s on s.tenant_id = b.tenant_id and s.session_id = b.session_id
    join contract r on r.tenant_id = b.tenant_id and r.contract_id = b.contract_id
    join priced_by p on p.tenant_id = b.tenant_id and p.subject_id = b.bill_id
    join price_terms v on v.tenant_id = p.tenant_id and v.price_terms_id = p.price_terms_id
    cross join lateral (
        select (convert_from(v.body, 'UTF8')::jsonb -> 'month' ->> 'energy_milliwh')::bigint used) m
    where b.tenant_id = $1 and m.used is not null
    group by b.tenant_id, r.customer_id, b.session_id)
select a.bill_id::text, 'bill ' || b.bill_id || ' counts the same part of the month'
from counted a
join counted b on b.tenant_id = a.tenant_id and b.customer_id = a.customer_id and b.month_at = a.month_at
              and a.session_id < b.session_id
where greatest(a.low, b.low) < least(a.high, b.high)

-- name: bill_terms_missing
-- What a session began by is among what its bills are priced by.
select b.bill_id::text, 'its session began by terms ' || s.price_terms_id || ', the bill has none'
from bill b join priced_by s on s.tenant_id = b.tenant_id and s.subject_id = b.session_id
where b.tenant_id = $1
  and not exists (select from priced_by p where p.tenant_id = b.tenant_id and p.subject_id = b.bill_id)
