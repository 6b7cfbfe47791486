set local lock_timeout = '5s';

alter table public.platforms add column strategy text not null default 'push' references public.sync_strategies (id);
comment on column public.platforms.strategy is 'How new data of its connections is noticed, by what the platform can do.';

update public.sync_strategies set description = 'The platform sends webhooks, and has no list that could be polled.' where id = 'push';
update public.sync_strategies set description = 'The service polls, for the platform sends no webhooks.' where id = 'pull';
update public.sync_strategies set description = 'Webhooks first, and polling while they are silent.' where id = 'hybrid';
update public.sync_run_statuses set description = 'Stopped by the person, or because the connection ended.' where id = 'cancelled';

alter table public.connections
  add column polling_since timestamptz,
  add column strategy_reason text,
  add column synced_through timestamptz;
comment on column public.connections.polling_since is 'Since when the service polls, for webhooks are silent or there are none; null while webhooks are relied on.';
comment on column public.connections.strategy_reason is 'Why: webhooks_arrive, heard_again, waiting_for_the_first, silent, never_heard, no_webhooks, or silent_and_not_pollable.';
comment on column public.connections.synced_through is 'Whatever had arrived at the platform by then has been asked for; null before the first complete look.';

create table public.connection_strategy_changes (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  platform text not null references public.platforms (id),
  changed_at timestamptz not null default now(),
  strategy text not null references public.sync_strategies (id),
  polling boolean not null,
  reason text not null,
  quiet_s integer,
  expected_within_s integer,
  primary key (user_id, id)
);
create index connection_strategy_changes_by_time on public.connection_strategy_changes (user_id, platform, changed_at desc);
comment on table public.connection_strategy_changes is 'Every time that a connection went over to polling or back to webhooks, and why.';
comment on column public.connection_strategy_changes.user_id is 'Whose connection it is.';
comment on column public.connection_strategy_changes.id is 'Id of the change.';
comment on column public.connection_strategy_changes.platform is 'The platform connected to.';
comment on column public.connection_strategy_changes.changed_at is 'When.';
comment on column public.connection_strategy_changes.strategy is 'The strategy from then on.';
comment on column public.connection_strategy_changes.polling is 'Whether the service polls from then on.';
comment on column public.connection_strategy_changes.reason is 'Why, as in connections.strategy_reason.';
comment on column public.connection_strategy_changes.quiet_s is 'How long nothing had been heard, in seconds; null where that did not matter.';
comment on column public.connection_strategy_changes.expected_within_s is 'Within how many seconds something was expected, by the person''s own rhythm; null where that did not matter.';

create table ops.sync_plans (
  user_id uuid not null,
  platform text not null,
  heard_at timestamptz[] not null default '{}',
  silent_after timestamptz,
  next_poll_at timestamptz,
  poll_interval_s integer not null default 0,
  poll_digest bytea,
  primary key (user_id, platform),
  foreign key (user_id, platform) references public.connections (user_id, platform) on delete cascade
);
create index sync_plans_silent on ops.sync_plans (silent_after) where silent_after is not null;
create index sync_plans_due on ops.sync_plans (platform, next_poll_at) where next_poll_at is not null;
comment on table ops.sync_plans is 'When each connection is looked at next.';
comment on column ops.sync_plans.user_id is 'Whose connection it is.';
comment on column ops.sync_plans.platform is 'The platform connected to.';
comment on column ops.sync_plans.heard_at is 'When webhooks came, at most one an hour, the last twenty-four: the person''s rhythm.';
comment on column ops.sync_plans.silent_after is 'From then on silence is strange; null while the service polls anyway.';
comment on column ops.sync_plans.next_poll_at is 'When it is polled next; null while webhooks are relied on.';
comment on column ops.sync_plans.poll_interval_s is 'How long the last wait between polls was: it grows while nothing is new.';
comment on column ops.sync_plans.poll_digest is 'SHA-256 of what the last poll found: the same again is not stored.';

alter table public.sync_runs
  add column asked_by text not null default 'connection',
  add column results jsonb not null default '[]';
comment on column public.sync_runs.asked_by is 'Who asked for it: person, operator, schedule, or connection (it came with connecting).';
comment on column public.sync_runs.results is 'For each data type: outcome (running, complete, partial, not_available), records, and the reason where it is not complete.';

alter table ops.backfill_requests rename to requested_windows;
alter table ops.requested_windows rename constraint backfill_requests_pkey to requested_windows_by_window;
alter table ops.requested_windows rename constraint backfill_requests_check to requested_windows_check;
alter table ops.requested_windows rename constraint backfill_requests_platform_fkey to requested_windows_platform_fkey;
alter table ops.requested_windows rename constraint backfill_requests_user_id_fkey to requested_windows_user_id_fkey;
alter table ops.requested_windows
  add column account text,
  add column granted_scopes text[] not null default '{}',
  add column run_id uuid;
update ops.requested_windows w set account = c.platform_user_id, granted_scopes = c.granted_scopes
from public.connections c where c.user_id = w.user_id and c.platform = w.platform;
delete from ops.requested_windows where account is null;
alter table ops.requested_windows
  alter column account set not null,
  drop constraint requested_windows_by_window,
  add constraint requested_windows_pkey primary key (user_id, platform, account, data_type, window_end, window_start);
create unique index requested_windows_of_run on ops.requested_windows (user_id, run_id, data_type) where run_id is not null;
comment on table ops.requested_windows is 'Every window of time that a platform was asked for, by list or by backfill: a reconnect asks for what is between them.';
comment on column ops.requested_windows.platform is 'Who was asked.';
comment on column ops.requested_windows.data_type is 'The kind of data; * for all: lists, and what the platform sent by itself.';
comment on column ops.requested_windows.outcome is 'read (a list), pushed, accepted, asked_before, too_old or not_permitted.';
comment on column ops.requested_windows.account is 'The account at the platform: another account''s windows say nothing.';
comment on column ops.requested_windows.granted_scopes is 'What was granted then: what was read with less says nothing of the rest.';
comment on column ops.requested_windows.run_id is 'The run that reads a list; its window grows backwards page by page. Null for backfills.';

grant select on public.connection_strategy_changes to tributary_hasura;
grant select, insert, update, delete on public.connection_strategy_changes, ops.sync_plans to tributary_service;
