set local lock_timeout = '5s';

comment on column public.sync_runs.results is 'For each data type: outcome (running, complete, partial, not_available), records, and the reason where it is not complete.';
comment on column public.sync_runs.records_fetched is 'Records received so far, before merging.';
comment on column ops.sync_plans.poll_digest is 'SHA-256 of what the last poll found: the same again is not stored.';
comment on column public.reconciliation_findings.source_id is 'The platform''s id of the record.';
alter table public.reconciliation_findings drop column data_type;
