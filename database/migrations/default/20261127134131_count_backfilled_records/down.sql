comment on column ops.sync_plans.heard_at is 'When webhooks came, at most one an hour, the last twenty-four: the person''s rhythm.';
comment on column public.raw_fitness_data.received_at is 'When the platform''s answer arrived.';
comment on column public.sync_runs.results is 'For each data type: outcome (running, complete, requested, partial, not_available), records, and the reason where it is not complete. Where the platform sends them by itself records is null, for nobody can tell them from new ones, and requested is how many periods it was asked for.';
comment on column ops.requested_windows.outcome is 'read (a list), pushed, accepted, asked_before, too_old or not_permitted.';
drop index if exists ops.requested_windows_asked_by_run;
update ops.requested_windows set outcome = 'accepted' where outcome in ('arrived', 'nothing_came');
alter table ops.requested_windows drop column asked_by_run, drop column records;
alter table ops.delivered_items drop column record, drop column recorded_at;
