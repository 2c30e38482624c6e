-- migrate:up
-- Since when a station is being walked up: what was asked on an earlier way does not count.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table station add column wanted_at timestamptz;

-- migrate:down
