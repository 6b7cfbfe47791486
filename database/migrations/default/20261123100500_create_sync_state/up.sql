set local lock_timeout = '5s';

create table public.sync_run_kinds (id text primary key, description text not null);
comment on table public.sync_run_kinds is 'What a sync run is for.';
comment on column public.sync_run_kinds.id is 'The kind.';
comment on column public.sync_run_kinds.description is 'What it means.';
insert into public.sync_run_kinds (id, description) values
  ('history', 'Everything the platform has, newest first.'),
  ('incremental', 'What is new since the last sync.'),
  ('enrichment', 'Details and recorded series of activities already known.');

create table public.sync_run_statuses (id text primary key, description text not null);
comment on table public.sync_run_statuses is 'The states a sync run can be in.';
comment on column public.sync_run_statuses.id is 'The state.';
comment on column public.sync_run_statuses.description is 'What it means.';
insert into public.sync_run_statuses (id, description) values
  ('running', 'Going on, or waiting for the platform''s request limit.'),
  ('complete', 'All that was asked for is here.'),
  ('failed', 'Stopped; error_code says why.'),
  ('cancelled', 'Stopped because the connection ended.');

create table public.sync_runs (
  user_id uuid not null references public.app_users (user_id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  platform text not null references public.platforms (id),
  kind text not null references public.sync_run_kinds (id),
  status text not null default 'running' references public.sync_run_statuses (id),
  since timestamptz not null,
  until timestamptz not null,
  reached timestamptz not null,
  next_cursor jsonb,
  progress numeric not null default 0 check (progress between 0 and 1),
  pages_fetched integer not null default 0,
  records_fetched integer not null default 0,
  waiting_until timestamptz,
  error_code text,
  started_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  finished_at timestamptz,
  primary key (user_id, id),
  check ((status = 'running') = (finished_at is null))
);
create index sync_runs_by_start on public.sync_runs (user_id, started_at desc);
create unique index sync_runs_one_running on public.sync_runs (user_id, platform, kind) where status = 'running';
comment on table public.sync_runs is 'Progress of every import: what was asked for, how far it is, how it ended.';
comment on column public.sync_runs.user_id is 'Whose data is fetched.';
comment on column public.sync_runs.id is 'Id of the run.';
comment on column public.sync_runs.platform is 'The platform it is fetched from.';
comment on column public.sync_runs.kind is 'What the run is for.';
comment on column public.sync_runs.status is 'The state it is in.';
comment on column public.sync_runs.since is 'Start of the period asked for.';
comment on column public.sync_runs.until is 'End of the period asked for.';
comment on column public.sync_runs.reached is 'How far back the run has come; it works from until to since.';
comment on column public.sync_runs.next_cursor is 'Where the next request continues; not exposed to people.';
comment on column public.sync_runs.progress is 'Share of the work done, from 0 to 1.';
comment on column public.sync_runs.pages_fetched is 'Requests answered so far.';
comment on column public.sync_runs.records_fetched is 'Records received so far, before merging.';
comment on column public.sync_runs.waiting_until is 'When the platform''s request limit lets it go on; null while it is not waiting.';
comment on column public.sync_runs.error_code is 'Why it failed; null unless it did.';
comment on column public.sync_runs.started_at is 'When it was asked for.';
comment on column public.sync_runs.updated_at is 'When it last made progress.';
comment on column public.sync_runs.finished_at is 'When it ended; null while it runs.';

create table ops.request_budgets (
  platform text not null references public.platforms (id),
  window_name text not null,
  window_seconds integer not null check (window_seconds > 0),
  quota integer not null check (quota >= 0),
  used integer not null default 0 check (used >= 0),
  resets_at timestamptz not null,
  primary key (platform, window_name)
);
comment on table ops.request_budgets is 'The platform''s request limits and what is used of them, shared by all processes and learnt from response headers.';

create table ops.workers (
  pool_id text primary key,
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now()
);
comment on table ops.workers is 'Heartbeats of the job processes: the jobs of one that fell silent are released.';

grant select on public.sync_run_kinds, public.sync_run_statuses to tributary_service, tributary_hasura;
grant select, insert, update, delete on public.sync_runs, ops.request_budgets, ops.workers to tributary_service;
grant select on public.sync_runs to tributary_hasura;
