-- What of fiscal documents contradicts itself; see verify_sessions.sql.

-- name: count_documents
select count(*) from invoice where tenant_id = $1

-- name: number_missing
-- The numbers of a series count from one without a gap.
select n.series || ' ' || g.number, 'not issued, though ' || n.series || ' reaches ' || n.last
from (select i.series, max(i.number) last from invoice i where i.tenant_id = $1 group by i.series) n
cross join lateral generate_series(1, n.last) g(number)
where not exists (select from invoice i where i.tenant_id = $1 and i.series = n.series and i.number = g.number)

-- name: number_counter_differs
select c.series, 'next is ' || c.next_number || ', last issued is ' || coalesce(max(i.number), 0)
from number_series c left join invoice i on i.tenant_id = c.tenant_id and i.series = c.series
where c.tenant_id = $1
group by c.series, c.next_number having c.next_number <> coalesce(max(i.number), 0) + 1

-- name: document_total_differs
-- A receipt or an invoice is the sum of the bills and fees it is made of.
select i.invoice_id::text, i.series || ' ' || i.number || ': ' || i.gross_minor || ' printed, parts come to '
       || m.gross_minor
from invoice i
cross join lateral (
    select coalesce(sum(b.gross_minor), 0) + coalesce(sum(f.gross_minor), 0) gross_minor,
           coalesce(sum(b.tax_minor), 0) + coalesce(sum(f.tax_minor), 0) tax_minor
    from invoice_part p
    left join lateral (
        select b.gross_minor, b.tax_minor from bill b where b.tenant_id = p.tenant_id and b.bill_id = p.part_id) b on true
    left join lateral (
        select sum(t.amount_minor) gross_minor,
               coalesce(sum(t.amount_minor) filter (where t.credit_code = 'tax:output'), 0) tax_minor
        from transfer t where t.tenant_id = p.tenant_id and t.source_id = p.part_id and t.kind = 'plan_fee') f on true
    where p.tenant_id = i.tenant_id and p.invoice_id = i.invoice_id) m
where i.tenant_id = $1 and i.kind <> 'credit_note'
  and (i.gross_minor <> m.gross_minor or i.tax_minor <> m.tax_minor)
  and not exists (
      select from invoice_part p
      where p.tenant_id = i.tenant_id and p.invoice_id = i.invoice_id
        and not exists (select from bill b where b.tenant_id = p.tenant_id and b.bill_id = p.part_id)
        and not exists (select from journal j where j.tenant_id = p.tenant_id and j.source_id = p.part_id
                        and j.kind = 'plan_fee'))

-- name: part_orphaned
select p.part_id::text, 'on document ' || p.invoice_id || ', neither a bill nor a plan fee'
from invoice_part p
where p.tenant_id = $1
  and not exists (select from bill b where b.tenant_id = p.tenant_id and b.bill_id = p.part_id)
  and not exists (select from journal j where j.tenant_id = p.tenant_id and j.source_id = p.part_id
                  and j.kind = 'plan_fee')

-- name: credit_note_differs
select c.invoice_id::text, c.series || ' ' || c.number || ': ' || c.gross_minor || ', credits '
       || coalesce(i.gross_minor::text, 'nothing')
from invoice c left join invoice i on i.tenant_id = c.tenant_id and i.invoice_id = c.subject_id
where c.tenant_id = $1 and c.kind = 'credit_note'
  and (-c.gross_minor, -c.tax_minor) is distinct from (i.gross_minor, i.tax_minor)
  and not exists (
      select from refund_request r
      where r.tenant_id = c.tenant_id and r.refund_id = c.subject_id and r.state = 'sent'
        and coalesce(r.credit_note_id, c.invoice_id) = c.invoice_id and r.amount_minor = -c.gross_minor)
  -- What the station told after an invoice lowers the one bill that the credit note is named after.
  and not exists (
      select from bill b
      where b.tenant_id = c.tenant_id and b.session_id = c.session_id and b.bill_id = c.subject_id
        and -c.gross_minor between 1 and b.gross_minor)
