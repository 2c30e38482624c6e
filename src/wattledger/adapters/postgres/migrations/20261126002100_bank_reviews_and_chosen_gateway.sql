-- migrate:up
-- A credit that fits no invoice is a question for a person; and of several gateways one takes new payments.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Every row that the narrower rule took, the wider one takes.
-- squawk-ignore ban-drop-constraint
alter table review_item drop constraint review_item_subject_kind_check;
alter table review_item add constraint review_item_subject_kind_check check (subject_kind in
    ('session', 'payment', 'station', 'parked_message', 'webhook_event', 'invoice', 'bank_entry')) not valid;

-- The account chosen last takes new payments; what others hold is still captured, released and refunded there.
alter table gateway_account add column chosen_at timestamptz;

-- migrate:down
