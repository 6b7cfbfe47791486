set local lock_timeout = '5s';

alter table public.reconciliation_findings add column data_type text;
comment on column public.reconciliation_findings.data_type is 'The platform''s list that has the record, or had; null in earlier reports.';
comment on column public.reconciliation_findings.source_id is 'The platform''s id of the record; where it is the numbers of a day, list and day.';
comment on column ops.sync_plans.poll_digest is 'SHA-256 of each page of the last poll, one behind the other: the same again is not stored.';
comment on column public.sync_runs.records_fetched is 'Records received so far, before merging; 0 where the platform sends them by itself.';
comment on column public.sync_runs.results is 'For each data type: outcome (running, complete, requested, partial, not_available), records, and the reason where it is not complete. Where the platform sends them by itself records is null, for nobody can tell them from new ones, and requested is how many periods it was asked for.';
