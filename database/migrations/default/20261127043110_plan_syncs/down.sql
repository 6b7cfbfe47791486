set local lock_timeout = '5s';

delete from ops.requested_windows where run_id is not null or outcome = 'pushed';
delete from ops.requested_windows w using ops.requested_windows other
where other.user_id = w.user_id and other.platform = w.platform and other.data_type = w.data_type
  and other.window_start = w.window_start and other.window_end = w.window_end and other.account < w.account;
drop index ops.requested_windows_of_run;
alter table ops.requested_windows
  drop constraint requested_windows_pkey,
  drop column account,
  drop column granted_scopes,
  drop column run_id;
alter table ops.requested_windows rename to backfill_requests;
alter table ops.backfill_requests
  add constraint backfill_requests_pkey primary key (user_id, platform, data_type, window_start, window_end);
alter table ops.backfill_requests rename constraint requested_windows_check to backfill_requests_check;
alter table ops.backfill_requests rename constraint requested_windows_platform_fkey to backfill_requests_platform_fkey;
alter table ops.backfill_requests rename constraint requested_windows_user_id_fkey to backfill_requests_user_id_fkey;
comment on table ops.backfill_requests is 'Windows of history that a platform was asked to send: none is asked for twice while the connection lasts.';
comment on column ops.backfill_requests.platform is 'Who was asked.';
comment on column ops.backfill_requests.data_type is 'The kind of data.';
comment on column ops.backfill_requests.outcome is 'accepted, asked_before, too_old or not_permitted; null until it is answered.';
alter table public.sync_runs drop column asked_by, drop column results;
drop table ops.sync_plans;
drop table public.connection_strategy_changes;
alter table public.connections drop column polling_since, drop column strategy_reason, drop column synced_through;
update public.sync_run_statuses set description = 'Stopped because the connection ended.' where id = 'cancelled';
update public.sync_strategies set description = 'The platform sends webhooks.' where id = 'push';
update public.sync_strategies set description = 'The service polls.' where id = 'pull';
update public.sync_strategies set description = 'Webhooks, and polling while they are silent.' where id = 'hybrid';
alter table public.platforms drop column strategy;
