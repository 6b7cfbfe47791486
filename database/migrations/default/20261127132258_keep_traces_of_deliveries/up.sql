set local lock_timeout = '5s';

alter table ops.webhook_deliveries
  add column trace text,
  -- Looked up for each delivery, a tenth of what storing it costs; the service takes none of a platform that it does not know.
  drop constraint webhook_deliveries_platform_fkey;
comment on column ops.webhook_deliveries.trace is 'JSON: the chain of work it arrived in, for the job that is made of it; null outside of one.';
