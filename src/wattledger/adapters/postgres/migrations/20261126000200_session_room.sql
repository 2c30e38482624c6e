-- migrate:up
-- Stations of one site report at the same moment, so the sessions of a page are often moved together. With half
-- of the page free all of them find room on it, no index is touched, and the next move reuses the space.
set local lock_timeout = '5s';
set local statement_timeout = '5s';
alter table session set (fillfactor = 50);

-- migrate:down
