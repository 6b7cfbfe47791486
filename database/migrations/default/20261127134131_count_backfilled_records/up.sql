set local lock_timeout = '5s';

alter table ops.delivered_items
  add column record text,
  add column recorded_at timestamptz;
comment on column ops.delivered_items.record is 'Which record it is, by the platform''s own id or its start: sent again in another form it is the same. Null where nothing is asked for by window.';
comment on column ops.delivered_items.recorded_at is 'The time that the platform files it under; null where that is not known without holding it whole.';

alter table ops.requested_windows
  add column asked_by_run uuid,
  add column records integer;
comment on column ops.requested_windows.outcome is 'read (a list), pushed, accepted (asked for, it comes by itself), arrived, nothing_came, asked_before, too_old or not_permitted.';
comment on column ops.requested_windows.asked_by_run is 'The run that asked for a backfill; null for lists.';
comment on column ops.requested_windows.records is 'How many records of a backfill are here; null before it was looked at, and for lists.';

comment on column public.sync_runs.results is 'For each data type: outcome (running, complete, requested, partial, not_available), records, and the reason where it is not complete. Where the platform sends them by itself, requested is how many periods it was asked for, and records counts what came of them, until a day after the last was asked for.';

comment on column public.raw_fitness_data.received_at is 'When the platform''s answer, or its delivery with the payload in it, arrived; of two versions of a record the later one is right.';
comment on column ops.sync_plans.heard_at is 'When webhooks came, at most one in half a day, the last twenty-four: the person''s rhythm.';
